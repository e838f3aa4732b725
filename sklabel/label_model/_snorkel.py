"""Matrix-completion moment model: LF tables from how often pairs of LFs co-vote."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from collections.abc import Callable
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.label_model._base import BaseLabelModel
from sklabel.sums._gold import clamp, gold_proba, has_gold, no_gold
from sklabel.sums._kernels import count_classes, vote_shares
from sklabel.sums._sums import accuracy_of, one_hot, softmax
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

# Where every class is equally likely, an LF is right with this probability at first.
_START_PRECISION = 0.7
# Pseudo-votes that hold the start of an LF against its votes on gold samples.
_GOLD_STRENGTH = 4.0
# Pseudo-samples that hold a learned prior near the vote shares, and its updates.
_PRIOR_SAMPLES = 100.0
_PRIOR_ROUNDS = 10
_PRIOR_TOL = 1e-3
# An LF with this many votes, all of one value, does not help to learn the prior.
_RULE_VOTES = 10
# An LF of several values is as good as constant where at most this share of the samples
# gets another vote or none; from twice the share on it is an ordinary one.
_OTHERWISE = 0.04
# Which LFs tell of the prior depends on it: rounds until both agree, at most.
_TRUST_ROUNDS = 100
# Smallest P(value | class) as a share of how often the LF votes.
_FLOOR = 0.01
_MOMENTUM = 0.9
# Where the pull makes up this share of all curvature, so much momentum only overshoots.
_PULLED = 0.25


def start_precision(class_of_value: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return P(class | vote value) of an LF before anything is known of it."""
    n_classes = len(prior)
    precision = np.tile(prior, (len(class_of_value), 1))
    named = np.flatnonzero(class_of_value >= 0)
    odds = _START_PRECISION / (1 - _START_PRECISION) * max(n_classes - 1, 1)
    precision[named, class_of_value[named]] *= odds
    return precision / np.maximum(precision.sum(axis=1, keepdims=True), 1e-300)


def seen_frequency(
    A: sparse.csr_matrix, weight: np.ndarray, frequency: np.ndarray, n_lfs: int
) -> np.ndarray:
    """Return how often atoms fire where another LF votes, if that is less often.

    An LF that fires where all others abstain is a default, not a constant.

    Parameters
    ----------
    A : csr_matrix of shape (n_samples, n_lfs * n_values)
        One-hot votes.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.
    frequency : ndarray of shape (n_lfs * n_values,)
        Weighted share of samples on which each atom fires.
    n_lfs : int
        Number of LFs.

    Returns
    -------
    seen : ndarray of shape (n_lfs, n_values)
        At most `frequency`; 0 for an LF that never votes beside another one.
    """
    counts = np.diff(A.indptr)
    beside = (A.T @ (weight * (counts > 1))).reshape(n_lfs, -1)
    alone = (A.T @ (weight * (counts == 1))).reshape(n_lfs, -1).sum(axis=1)
    others = (weight * (counts > 0)).sum() - alone
    share = beside / np.maximum(others, 1e-300)[:, None]
    return np.minimum(share, frequency.reshape(n_lfs, -1))


def possible_trust(
    seen: np.ndarray, class_of_value: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """Return how far each LF can be as good as the start assumes.

    Of an LF that fires for one class nearly everywhere, the start would assume that it
    fires on more than all samples of that class.

    Parameters
    ----------
    seen : ndarray of shape (n_lfs, n_values)
        What `seen_frequency` returns.
    class_of_value : ndarray of shape (n_values,)
        Class that a value names, -1 if none.
    prior : ndarray of shape (n_classes,)
        Class prior.

    Returns
    -------
    trust : ndarray of shape (n_lfs,)
        From 1, where all of the start is possible, to 0, for an LF that always votes
        for the same class. All are 1 if no LF is left to tell more than a constant.
    """
    named = np.flatnonzero(class_of_value >= 0)
    of_value = class_of_value[named]
    p = np.maximum(prior[of_value], 1e-300)
    gain = np.maximum(start_precision(class_of_value, prior)[named, of_value] / p, 1)
    fires = np.minimum(seen[:, named], 1)
    room = 1 - fires
    # Keeps P(atom fires | its class) = fires * (1 + trust * (gain - 1)) at most 1.
    excess = fires * (gain - 1)
    short = excess > room + 1e-9
    possible = np.where(short, room / np.where(short, excess, 1), 1)
    # An ordinary LF that favours a class differs enough for its pairs to tell.
    several = (seen > 0).sum(axis=1) > 1
    nearly = np.clip(2 - room / _OTHERWISE, 0, 1)
    possible = np.where(several[:, None], 1 - nearly * (1 - possible), possible)
    trust = possible.min(axis=1, initial=1.0)
    votes = seen.any(axis=1)
    return trust if (trust[votes] > 0.5).any() else np.ones_like(trust)


def start_tables(
    frequency: np.ndarray,
    class_of_value: np.ndarray,
    prior: np.ndarray,
    gold_counts: np.ndarray,
    trust: np.ndarray | None = None,
) -> np.ndarray:
    """Return the start of mu; its classes sum to the frequency of each atom.

    Parameters
    ----------
    frequency : ndarray of shape (n_lfs * n_values,)
        Share of samples on which each atom fires.
    class_of_value : ndarray of shape (n_values,)
        Class that a value names, -1 if none.
    prior : ndarray of shape (n_classes,)
        Class prior.
    gold_counts : ndarray of shape (n_lfs * n_values, n_classes)
        Votes of each atom on gold samples of each class.
    trust : ndarray of shape (n_lfs,), default=None
        What `possible_trust` returns. None: 1 for all.

    Returns
    -------
    mu : ndarray of shape (n_lfs * n_values, n_classes)
        P(atom fires | class).
    """
    n_values = len(class_of_value)
    pseudo = np.tile(
        start_precision(class_of_value, prior), (len(frequency) // n_values, 1)
    )
    if trust is not None and (trust < 1).any():
        held = np.repeat(trust, n_values)[:, None]
        pseudo = held * pseudo + (1 - held) * prior
    smoothed = gold_counts + _GOLD_STRENGTH * pseudo
    smoothed /= smoothed.sum(axis=1, keepdims=True)
    return frequency[:, None] * smoothed / prior


def overlap_product(
    A: sparse.csr_matrix, weight: np.ndarray, frequency: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    """Return the product with O, the co-voting frequencies of different LFs.

    O is formed where it takes no more memory than the votes; else votes are
    multiplied twice, which never needs more.

    Parameters
    ----------
    A : csr_matrix of shape (n_samples, n_lfs * n_values)
        One-hot votes.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.
    frequency : ndarray of shape (n_lfs * n_values,)
        Weighted share of samples on which each atom fires.

    Returns
    -------
    overlap : callable
        Takes and returns an array of shape (n_lfs * n_values, n_classes).
    """
    share = weight / weight.sum()
    transposed = A.T.tocsr()
    # An LF casts one vote per sample: its own block of O is diagonal.
    if A.shape[1] ** 2 <= 4 * max(A.nnz, 2_500):
        pairs = (transposed @ A.multiply(share[:, None])).toarray()
        np.fill_diagonal(pairs, 0)
        return lambda Y: pairs @ Y
    own = frequency[:, None]
    transposed.data *= share[transposed.indices]

    def overlap(Y: np.ndarray) -> np.ndarray:
        product = transposed @ (A @ Y)
        product -= own * Y
        return product

    return overlap


def moment_gradient(
    mu: np.ndarray,
    overlap: Callable[[np.ndarray], np.ndarray],
    frequency: np.ndarray,
    prior: np.ndarray,
    n_values: int,
) -> tuple[np.ndarray, float]:
    """Return the gradient of the two moment conditions at mu.

    Their squared errors are the sum over pairs of different LFs of
    ``(O - mu @ diag(prior) @ mu.T) ** 2`` and the sum of
    ``(mu @ prior - frequency) ** 2``. The model's co-voting of an LF with itself is
    taken out block by block, so that nothing of the size of O is needed.

    Parameters
    ----------
    mu : ndarray of shape (n_lfs * n_values, n_classes)
        P(atom fires | class).
    overlap : callable
        What `overlap_product` returns.
    frequency : ndarray of shape (n_lfs * n_values,)
        Share of samples on which each atom fires.
    prior : ndarray of shape (n_classes,)
        Class prior.
    n_values : int
        Number of atoms of an LF.

    Returns
    -------
    gradient : ndarray of shape (n_lfs * n_values, n_classes)
        Of the sum of both.
    norm : float
        Largest eigenvalue of ``mu @ diag(prior) @ mu.T``.
    """
    n_classes = len(prior)
    joint = mu * prior
    blocks = mu.reshape(-1, n_values, n_classes)
    joint_blocks = joint.reshape(blocks.shape)
    turned = np.swapaxes(joint_blocks, 1, 2)
    # Of the model's co-voting, that of an LF with itself is taken out.
    if 4 * n_values <= n_classes:
        total = joint.T @ joint
        gradient = mu @ total
        gradient -= ((blocks @ turned) @ joint_blocks).reshape(mu.shape)
    else:
        of_others = turned @ joint_blocks
        total = of_others.sum(axis=0)
        np.subtract(total, of_others, out=of_others)
        gradient = (blocks @ of_others).reshape(mu.shape)
    gradient -= overlap(joint)
    gradient *= 4
    gradient += (2 * (mu @ prior - frequency))[:, None] * prior
    root = np.sqrt(prior)
    return gradient, float(np.linalg.eigvalsh(total / np.outer(root, root))[-1])


def fired_atoms(frequency: np.ndarray, n_values: int) -> np.ndarray:
    """Return the atoms that fire, and as few others as make up as many for each LF.

    Atoms that never fire stay at 0, so that a fit need not carry them along.

    Parameters
    ----------
    frequency : ndarray of shape (n_lfs * n_values,)
        Share of samples on which each atom fires.
    n_values : int
        Number of atoms of an LF.

    Returns
    -------
    atoms : ndarray of shape (n_lfs, n_kept)
        In ascending order.
    """
    silent = frequency.reshape(-1, n_values) == 0
    n_kept = max(int((~silent).sum(axis=1).max(initial=0)), 1)
    kept = np.argsort(silent, axis=1, kind="stable")[:, :n_kept]
    return np.sort(kept, axis=1) + np.arange(len(kept))[:, None] * n_values


def largest_eigenvalue(overlap: Callable[[np.ndarray], np.ndarray], size: int) -> float:
    """Return the largest eigenvalue of a matrix without negative entries."""
    v = np.full((size, 1), size**-0.5)
    value = 0.0
    for _ in range(30):
        v = overlap(v)
        value = float(np.linalg.norm(v))
        if value < 1e-12:
            return 0.0
        v /= value
    return value


def momentum_for(conditioning: float) -> float:
    """Return the momentum of a descent whose curvatures have at least this ratio."""
    if conditioning < _PULLED:
        return _MOMENTUM
    # The best one for a quadratic.
    root = conditioning**0.5
    return ((1 - root) / (1 + root)) ** 2


class SnorkelLabelModel(BaseLabelModel):
    r"""Snorkel's label model: LF tables from how often pairs of LFs co-vote.

    Fits P(vote, class) of every LF so that the model's co-voting frequencies of all
    pairs of LFs match those in the votes; it looks at pairs only, never at whole rows.
    Prefer it to compare with Snorkel, or for a dozen LFs that vote often and err
    independently. Do not use it for large crowds (:class:`DawidSkene` learns more from
    the same votes), nor where probabilities must be calibrated: it counts correlated
    LFs in full (:class:`LabelModel` does not).

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`.
        Votes that know their classes are matched by label; with strings here, plain
        integers are positions in it. If None, the labels of `y` where every row has
        one, else those that the votes know or hold, and those of `y`.
    class_prior : {'auto', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class.
        'uniform' is what Snorkel assumes. 'auto': learned, see Notes; except where LFs
        of a single value cast half of the votes, whose frequencies do not tell it:
        there it is uniform, or that of the gold labels.
    regularization : float, default=64.0
        Pull of each table towards its start: an LF with n votes is held by
        regularization / n.
        Where pairs of LFs rarely meet on a sample, as in a large crowd, the start
        prevails. 0 matches the moments alone, which does harm where LFs vote rarely.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes.
    max_iter : int, default=1000
        Upper bound on gradient steps for one prior; a learned prior takes up to 10
        rounds, which start where the last one ended. A step costs O(number of votes *
        n_classes), or O((n_lfs * n_values) ** 2 * n_classes) if that is less.
    tol : float, default=1e-4
        Stop when no table P(vote value | class, the LF votes) moves by more in a step;
        by a tenth of it where LFs vote so rarely that a few steps suffice.
    verbose : int, default=0
        Above 0, write a line per step to the standard error stream.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes); each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Expected share of right votes among the LF's votes for a class.
    n_iter_ : int
        Number of gradient steps, all rounds together.
    converged_ : bool
        False if the last round stopped at `max_iter`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    LabelModel : For crowds and rules; tempered probabilities.
    MajorityVote : The baseline.

    Notes
    -----
    An *atom* a is a pair (LF, vote value); :math:`\mu_{ac} = P(a \text{ fires} | c)`,
    O holds the share of samples on which two atoms fire, d its diagonal, p is the
    class prior and P the diagonal matrix of it. If LFs are independent given the
    class, :math:`O = \mu P \mu^T` for atoms of different LFs, which leaves a matrix to
    complete [1]_. The fit minimises

    .. math::

        \sum_{a, b} \left(O_{ab} - (\mu P \mu^T)_{ab}\right)^2
        + \sum_a (\mu_a p - d_a)^2
        + \alpha \sum_a \lVert \mu_a - \mu^0_a \rVert^2 / n_{j(a)},

    the first sum over atoms of different LFs, by gradient descent with momentum, and
    :math:`P(c | x) \propto p_c \prod_{a \in x} \mu_{ac}`: abstentions are not
    evidence. The last term makes the answer unique: pairs determine :math:`\mu` for
    two classes and three LFs, up to a swap, but for more classes only up to a rotation.
    The start :math:`\mu^0_{ac} = d_a q_{ac} / p_c`, :math:`q_{ac} \propto p_c` times
    :math:`(K - 1) \cdot 7 / 3` if a votes for c, trusts each LF alike: for equal
    priors, 0.7 of its votes are right. With one LF the model stays there; with two,
    what they share beyond it is spread over both. There is no seed: permuting
    samples, LFs or classes permutes the result.

    Unlike Snorkel's, the start lies on :math:`\mu p = d` and is no worse than chance
    for any prior; steps are bounded by the curvature, so that no number of LFs makes
    them diverge; and descent goes on until it converges, instead of 100 steps.

    A constant LF, which votes for class c whatever the sample is, has
    :math:`\mu_{ac} = 1` for all classes: it is no evidence. Its pairs with others
    hardly show this, since they only repeat how often the others vote, so the start
    has to: precision :math:`q` would take :math:`\mu^0_{ac} = q_{ac} / p_c`, which is
    above 1. Where an LF of one value, or nearly so, fires so often that :math:`\mu^0`
    would exceed 1, q moves towards p as far as needed, for a constant LF onto p. How
    often it fires is counted on the samples with votes of other LFs, if that is less:
    a default that votes only where others abstain stays trusted. The share s below
    counts the LF for less by the same factor, and leaves out LFs of a single value
    that fire on more samples than there seem to be of their class; what is learned of
    the prior leaves out those that count for nothing. If all LFs are constant, they
    are trusted alike.

    A learned prior starts at the mean vote share s and takes up to 10 rounds of
    :math:`p_c \propto \sum_i P(c | x_i) + 100 s_c + 1`, each with its own fit; with
    one or two LFs it stays at s.

    A gold label is used twice: its votes move :math:`\mu^0` with the weight of their
    number against 4 pseudo-votes, and the final table is the mean of the
    moments' and of the gold samples', weighted by samples without and with gold. With
    gold in every row this is naive Bayes.

    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as the
    average LF if it votes later. Ties go to the class with the larger prior, then to
    the first.

    References
    ----------
    .. [1] A. Ratner, B. Hancock, J. Dunnmon, F. Sala, S. Pandey and C. Ré, "Training
       complex models with multi-task weak supervision", AAAI 33, 2019, 4763-4771.
       doi:10.1609/aaai.v33i01.33014763

    Examples
    --------
    Three LFs of accuracy 0.9, 0.8 and 0.6 that vote independently:

    >>> from sklabel.datasets import make_lf_votes
    >>> from sklabel.label_model import SnorkelLabelModel
    >>> data = make_lf_votes(
    ...     5000, 3, coverage=1.0, accuracy=[0.9, 0.8, 0.6], random_state=0
    ... )
    >>> model = SnorkelLabelModel(class_prior=[0.5, 0.5]).fit(data.votes)
    >>> model.lf_accuracy_.round(1)
    array([0.9, 0.8, 0.6])
    >>> model.predict([[1, 0, 0]])
    array([1])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
        "regularization": [Interval(Real, 0, None, closed="left")],
        "use_gold": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        regularization: float = 64.0,
        use_gold: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        verbose: int = 0,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.regularization = regularization
        self.use_gold = use_gold
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        if not self.use_gold:
            gold = no_gold(len(gold))
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        A = one_hot(votes, n_values)
        frequency = (A.T @ sample_weight) / sample_weight.sum()
        atoms = fired_atoms(frequency, n_values)
        fired, n_kept = atoms.ravel(), atoms.shape[1]
        fired_votes = A if n_kept == n_values else A[:, fired]
        overlap = overlap_product(fired_votes, sample_weight, frequency[fired])
        on_gold = np.zeros((votes.n_samples, n_classes))
        known = np.flatnonzero(has_gold(gold))
        of_known = gold_proba(gold[known], n_classes)
        on_gold[known] = of_known * sample_weight[known, None]
        gold_counts = A.T @ on_gold

        seen = seen_frequency(A, sample_weight, frequency, votes.n_lfs)
        tells = self._tells_prior(votes, gold, sample_weight, frequency, seen)
        shares = self._shares(votes, gold, sample_weight, tells)
        pseudo = _PRIOR_SAMPLES * np.average(shares, axis=0, weights=sample_weight) + 1
        prior, learned = self._first_prior(
            frequency, on_gold, pseudo, sample_weight, tells
        )

        mu = None
        self.n_iter_ = 0
        for _ in range(_PRIOR_ROUNDS if learned else 1):
            trust = possible_trust(seen, self._class_of_value, prior)
            start = start_tables(
                frequency, self._class_of_value, prior, gold_counts, trust
            )
            if mu is None:
                mu = np.zeros_like(start)
                mu[fired] = start[fired]
            mu[fired] = self._descend(
                mu[fired],
                start[fired],
                overlap,
                frequency[fired],
                prior,
                sample_weight.sum(),
                n_kept,
            )
            self.class_prior_ = prior
            self._set_tables(mu, frequency, gold_counts, on_gold, sample_weight)
            if not learned:
                break
            posterior = clamp(self._posterior(votes, tells > 0), gold)
            judged = votes.counts > 0
            if not tells.all():
                by_others = np.bincount(
                    votes.rows, tells[votes.lf] > 0, minlength=votes.n_samples
                )
                judged = (by_others > 0) | has_gold(gold)
            prior = (sample_weight * judged) @ posterior + pseudo
            prior /= prior.sum()
            if np.abs(prior - self.class_prior_).max() <= _PRIOR_TOL:
                break
        if not self.converged_:
            self._warn_not_converged(
                self._change, "Increase max_iter, tol or regularization."
            )

    def _shares(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        sample_weight: np.ndarray,
        tells: np.ndarray,
    ) -> np.ndarray:
        """Return the vote shares of all rows, with LFs weighted by what they tell."""
        of_vote = None if (tells == 1).all() else tells[votes.lf]
        counts = count_classes(votes, self._class_of_value, len(self.classes_), of_vote)
        return clamp(vote_shares(counts, sample_weight), gold)

    def _is_rule(self, frequency: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
        """Return which LFs have many votes, all of one value."""
        n_votes = frequency.reshape(-1, len(self.vote_values_)) * sample_weight.sum()
        # Compared in votes: a sum of weights may differ from a whole number.
        single = (n_votes > 0).sum(axis=1) == 1
        return single & (n_votes.sum(axis=1) > _RULE_VOTES - 0.5)

    def _tells_prior(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        sample_weight: np.ndarray,
        frequency: np.ndarray,
        seen: np.ndarray,
    ) -> np.ndarray:
        """Return how much the votes of each LF tell about the prior, from 0 to 1.

        A constant LF tells nothing. Neither does one that fires for a single class on
        more samples than there seem to be of it.
        """
        top = self._class_of_value[seen.argmax(axis=1)]
        is_rule = self._is_rule(frequency, sample_weight) & (top >= 0)
        tells = np.ones(votes.n_lfs)
        for _ in range(_TRUST_ROUNDS):
            before = tells
            shares = self._shares(votes, gold, sample_weight, before)
            prior = np.average(shares, axis=0, weights=sample_weight)
            tells = possible_trust(seen, self._class_of_value, prior)
            too_often = is_rule & (seen.max(axis=1) > prior[top] + 1e-9)
            if not too_often.all():
                tells = np.where(too_often, 0, tells)
            if np.abs(tells - before).max() <= _PRIOR_TOL:
                break
        return tells

    def _first_prior(
        self,
        frequency: np.ndarray,
        on_gold: np.ndarray,
        pseudo: np.ndarray,
        sample_weight: np.ndarray,
        tells: np.ndarray,
    ) -> tuple[np.ndarray, bool]:
        """Return the prior to start from, and whether to go on learning it."""
        given = self._given_prior()
        if given is not None:
            return given, False
        n_votes = frequency.reshape(-1, len(self.vote_values_)) * sample_weight.sum()
        of_lf = n_votes.sum(axis=1) * tells
        is_rule = self._is_rule(frequency, sample_weight)
        total = of_lf.sum()
        if total > 0 and of_lf[is_rule].sum() >= total * (0.5 - 1e-9):
            prior = on_gold.sum(axis=0) + 1
            return prior / prior.sum(), False
        return pseudo / pseudo.sum(), bool((of_lf > 0).sum() >= 3)

    def _descend(
        self,
        mu: np.ndarray,
        start: np.ndarray,
        overlap: Callable[[np.ndarray], np.ndarray],
        frequency: np.ndarray,
        prior: np.ndarray,
        n_samples: float,
        n_values: int,
    ) -> np.ndarray:
        """Minimise the errors of the moments from mu on, pulled to the start."""
        coverage = frequency.reshape(-1, n_values).sum(axis=1)
        coverage = np.repeat(coverage, n_values)[:, None]
        votes = coverage > 0
        unit = np.where(votes, coverage, 1)
        pull = np.where(votes, self.regularization / (unit * n_samples), 0)
        observed = largest_eigenvalue(overlap, len(mu))
        weakest = 2 * pull[votes].min() if votes.any() else 0.0
        velocity, step = np.zeros_like(mu), np.empty_like(mu)
        self.converged_ = False
        for _ in range(self.max_iter):
            self.n_iter_ += 1
            gradient, modelled = moment_gradient(
                mu, overlap, frequency, prior, n_values
            )
            np.subtract(mu, start, out=step)
            step *= 2 * pull
            gradient += step
            # Bounds the second derivatives, so that a step alone never goes uphill;
            # momentum that does is dropped.
            curvature = 12 * prior.max() * max(observed, modelled) + 2 * prior @ prior
            if np.vdot(velocity, gradient) < 0:
                velocity[:] = 0
            momentum = momentum_for(weakest / (curvature + weakest))
            velocity *= momentum
            velocity += gradient
            np.divide(velocity, curvature + 2 * pull, out=step)
            mu -= step
            moved = np.maximum(step.max(axis=1), -step.min(axis=1))
            self._change = float((moved / unit[:, 0]).max())
            if self.verbose:
                sys.stderr.write(
                    f"SnorkelLabelModel: step {self.n_iter_}, change "
                    f"{self._change:.1e}\n"
                )
            # Less momentum makes shorter steps of the same gradient.
            if self._change < self.tol * ((1 - _MOMENTUM) / (1 - momentum)):
                self.converged_ = True
                break
        return mu

    def _set_tables(
        self,
        mu: np.ndarray,
        frequency: np.ndarray,
        gold_counts: np.ndarray,
        on_gold: np.ndarray,
        sample_weight: np.ndarray,
    ) -> None:
        """Set the log tables and what describes them to the user."""
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        n_gold = on_gold.sum(axis=0)
        n_others = (sample_weight.sum() - n_gold.sum()) * self.class_prior_
        mu = (gold_counts + n_others * mu) / np.maximum(n_gold + n_others, 1e-12)
        mu = mu.reshape(-1, n_values, n_classes)
        coverage = frequency.reshape(-1, n_values).sum(axis=1)
        never = coverage == 0
        if never.all():
            frequency = np.full(frequency.shape, 1 / n_values)
            start = start_tables(
                frequency, self._class_of_value, self.class_prior_, 0 * gold_counts
            )
            mu, coverage = start.reshape(mu.shape), np.ones_like(coverage)
        elif never.any():
            # A worker who comes later is the average worker.
            mu[never] = mu[~never].sum(axis=0) / coverage.sum()
            coverage = np.where(never, 1, coverage)
        mu = np.clip(mu, _FLOOR * coverage[:, None, None], None)
        self._log_tables = np.log(mu)
        values = mu / mu.sum(axis=1, keepdims=True)
        self.confusion_ = np.swapaxes(values, 1, 2)
        joint = mu * self.class_prior_
        self.lf_accuracy_ = accuracy_of(joint, self._class_of_value)

    def _posterior(
        self, votes: CastVotes, kept: np.ndarray | None = None
    ) -> np.ndarray:
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        A = one_hot(votes, n_values)
        tables = self._log_tables
        if kept is not None and not kept.all():
            tables = np.where(kept[:, None, None], tables, 0)
        scores = A @ tables.reshape(-1, n_classes)
        proba, _ = softmax(scores + np.log(self.class_prior_))
        return proba
