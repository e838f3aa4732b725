"""GLAD: one ability per labeling function, one difficulty per sample."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.special import expit

from sklabel.label_model._base import BaseRowsLabelModel
from sklabel.label_model._coin import CoinMixin
from sklabel.sums._gold import clamp, has_gold
from sklabel.sums._kernels import (
    coin_confusion,
    mean_change,
    posterior_of_support,
    right_votes,
    unit_weight,
    vote_shares,
)
from sklabel.sums._sums import log_likelihood
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

# Means of the normal priors on ability and on the log of the inverse difficulty;
# their variances are 1. The values of the paper's own program.
_ABILITY = 1.0
_LOG_EASE = 1.0

# A sample's ease at prediction: sweeps, and the step at which it stands still.
_EASE_SWEEPS = 1000
_EASE_STEP = 1e-9


class GLAD(CoinMixin, BaseRowsLabelModel):
    r"""GLAD: one ability per labeling function, one difficulty per sample.

    A vote is right with a probability that grows with the ability of the labeling
    function (LF) and falls with the difficulty of the sample; a wrong vote is each of
    the other classes alike. Prefer it where samples differ a lot in difficulty and
    each has about five votes or more. Do not use it with one or two votes per sample,
    which do not tell a hard sample from a bad LF, or where LFs confuse classes in
    their own ways (:class:`DawidSkene`).

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`.
        Votes that know their classes are matched by label; with strings here, plain
        integers are positions in it. Votes outside of it ("can't tell") are ignored. If
        None, the labels of `y` where every row has one, else those that the votes know
        or hold, and those of `y`.
    class_prior : {'auto', 'learned', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class. 'auto':
        those of the gold labels, and uniform without any. 'learned': EM learns them.
        With few classes, workers who favour one of them can pull a learned prior, and
        with it all labels, to that class; where a class is rare and workers are honest,
        learning helps.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes), as much as ten sweeps
        of :class:`DawidSkene` with two classes; 100 to 400 are common.
    tol : float, default=1e-4
        EM stops when the posterior of a sample moves by less on average.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    ability_ : ndarray of shape (n_lfs,)
        Ability of each LF; 0 is guessing between two classes, below 0 adversarial.
    difficulty_ : ndarray of shape (n_samples,)
        Difficulty of each sample of `fit` that has a weight, positive; that of a
        sample without votes is that of the prior, 0.37.
    confusion_ : ndarray of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes for a class) on a sample of average
        difficulty; each row sums to 1.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Expected share of right votes of each LF in `fit`.
    lower_bound_ : float
        Log posterior of the parameters per unit of sample weight, up to a constant;
        it never decreases from sweep to sweep.
    n_iter_ : int
        Number of sweeps.
    converged_ : bool
        False if EM stopped at `max_iter`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    OneCoinDawidSkene : The same without difficulties.
    LabelModel : Copes with rules, and tempers the probabilities.

    Notes
    -----
    The model of [1]_, for K classes. LF j has the ability :math:`\alpha_j`, sample i
    the difficulty :math:`1 / \beta_i`, and with :math:`\sigma` the logistic function

    .. math::

        P(x_{ij} = y_i) = \sigma(\alpha_j \beta_i), \qquad
        P(x_{ij} = v) = \frac{1 - \sigma(\alpha_j \beta_i)}{K - 1}
        \text{ for } v \ne y_i,

    with normal priors of mean 1 and variance 1 on :math:`\alpha_j` and on
    :math:`\log \beta_i`. The E-step is

    .. math::

        T_{ic} \propto \pi_c (K - 1)^{V_{ic}}
        \exp\Big(\beta_i \sum_{j:\, x_{ij} = c} \alpha_j\Big)

    with :math:`V_{ic}` votes for class c. Where [1]_ maximises by gradient ascent, the
    M-step here raises a quadratic lower bound of :math:`\log \sigma` [2]_: closed form
    for :math:`\alpha`, one dimension per sample for :math:`\log \beta`. There is no
    step size, and the objective cannot fall. EM starts from :math:`\alpha = 1`,
    :math:`\log \beta = 1`: there is no seed.

    At prediction abilities are fixed, and the difficulty of a sample is estimated
    from its own votes by the same criterion. So the answer for a row depends on this
    row alone, and on the rows of `fit` it is that of the converged EM.

    Rows with gold stay at it. One of soft gold has one difficulty, which fits all of
    its classes by their probabilities.

    A row without votes gets `class_prior_`. An LF without votes in `fit` has the mean
    ability if it votes later. Ties go to the class with the larger prior, then to the
    first. With one class all rows get it.

    References
    ----------
    .. [1] J. Whitehill, P. Ruvolo, T. Wu, J. Bergsma and J. Movellan, "Whose vote
       should count more: optimal integration of labels from labelers of unknown
       expertise", NIPS 22, 2009, 2035-2043.
    .. [2] T. S. Jaakkola and M. I. Jordan, "Bayesian parameter estimation via
       variational methods", Statistics and Computing 10, 2000, 25-37.
       doi:10.1023/A:1008932416310

    Examples
    --------
    The third worker guesses, and the last sample is disputed:

    >>> from sklabel.label_model import GLAD
    >>> votes = [[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 1, 0]]
    >>> model = GLAD().fit(votes)
    >>> model.ability_.round(1)
    array([1.1, 1. , 0.2])
    >>> int(model.difficulty_.argmax())
    4
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "learned", "uniform"}), "array-like"],
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
        use_gold: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        verbose: int = 0,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.use_gold = use_gold
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def _fit_em(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        weight: np.ndarray,
        active: np.ndarray,
    ) -> None:
        n_classes = len(self.classes_)
        layout = _Layout(self._own_votes(votes), n_classes)
        ability = np.full(votes.n_lfs, _ABILITY)
        log_ease = np.full(votes.n_samples, _LOG_EASE)
        shares = clamp(vote_shares(layout.counts, weight), gold)

        def m_step(posterior: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            nonlocal ability, log_ease
            ability, log_ease = _m_step(layout, posterior, weight, ability, log_ease)
            return ability, log_ease, self._prior_of(weight @ posterior)

        def e_step(parameters: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
            return clamp(_e_step(layout, *parameters), gold)

        def move(new: np.ndarray, old: np.ndarray) -> float:
            return mean_change(new, old, weight)

        start = e_step((ability, log_ease, self._prior_of(weight @ shares)))
        result = self._run_em(start, m_step, e_step, move=move)
        self._keep_ending(result)
        ability, log_ease, self.class_prior_ = result.parameters
        posterior = e_step(result.parameters)
        self.lower_bound_ = self._lower_bound(layout, gold, weight, ability, log_ease)
        n_votes = right_votes(layout.own.T, np.ones_like(posterior), weight)
        right = right_votes(layout.own.T, posterior, unit_weight(weight))
        voted = n_votes > 0
        # A worker who comes later is the average worker.
        self.ability_ = np.where(voted, ability, ability[voted].mean())
        share = right.sum() / n_votes.sum()
        self.lf_accuracy_ = np.where(voted, right / np.where(voted, n_votes, 1), share)
        self.difficulty_ = np.full(len(active), np.exp(-_LOG_EASE))
        has_votes = votes.counts > 0
        self.difficulty_[np.flatnonzero(active)[has_votes]] = np.exp(
            -log_ease[has_votes]
        )
        self._describe(np.average(log_ease, weights=weight))

    def _lower_bound(
        self,
        layout: _Layout,
        gold: np.ndarray,
        weight: np.ndarray,
        ability: np.ndarray,
        log_ease: np.ndarray,
    ) -> float:
        """Return the log posterior of the parameters per unit of weight."""
        scores = layout.support(ability, log_ease).reshape(layout.counts.shape)
        scores = scores + np.log(self.class_prior_)
        log_wrong = -np.logaddexp(0, layout.margin(ability, log_ease))
        log_wrong -= np.log(layout.counts.shape[1] - 1)
        row = np.bincount(layout.sample, log_wrong, minlength=len(weight))
        known = np.flatnonzero(has_gold(gold))
        log_norm = log_likelihood(scores, known, gold[known])
        voted = np.bincount(layout.lf, minlength=len(ability)) > 0
        penalty = -((ability[voted] - _ABILITY) ** 2).sum() / 2
        log_norm += row - (log_ease - _LOG_EASE) ** 2 / 2
        total = weight @ log_norm + penalty + self._prior_penalty(self.class_prior_)
        return float(total / weight.sum())

    def _fit_trivial(self, votes: CastVotes) -> None:
        self.difficulty_ = np.full(votes.n_samples, np.exp(-_LOG_EASE))
        self.ability_ = np.full(votes.n_lfs, _ABILITY)
        self._describe(_LOG_EASE)
        self.lf_accuracy_ = expit(self.ability_ * np.exp(_LOG_EASE))

    def _describe(self, log_ease: float) -> None:
        """Set the confusion matrices on a sample of average difficulty."""
        accuracy = expit(self.ability_ * np.exp(log_ease))
        self.confusion_ = coin_confusion(
            accuracy, self._class_of_value, len(self.classes_)
        )

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes = len(self.classes_)
        if n_classes == 1:
            return np.ones((votes.n_samples, 1))
        layout = _Layout(self._own_votes(self._usable(votes)), n_classes)
        log_prior = np.log(self.class_prior_)
        log_ease = np.full(votes.n_samples, _LOG_EASE)
        moving = np.ones(votes.n_samples, dtype=bool)
        for _ in range(_EASE_SWEEPS):
            posterior = posterior_of_support(
                layout.support(self.ability_, log_ease), log_prior
            )
            climbed = _raise_ease(layout, posterior, self.ability_, log_ease)
            # Each sample stops by itself, so that it does not depend on the others.
            step = np.where(moving, climbed - log_ease, 0)
            log_ease = log_ease + step
            moving &= np.abs(step) > _EASE_STEP
            if not moving.any():
                break
        return posterior_of_support(layout.support(self.ability_, log_ease), log_prior)


class _Layout:
    """Votes sorted by sample and class, with the index of each in flat arrays."""

    def __init__(self, own: sparse.csr_matrix, n_classes: int) -> None:
        self.own = own
        self.lf = own.indices
        per_row = np.diff(own.indptr)
        self.row = np.repeat(np.arange(own.shape[0]), per_row)
        self.sample = self.row // n_classes
        self.counts = per_row.reshape(-1, n_classes).astype(np.float64)

    def margin(self, ability: np.ndarray, log_ease: np.ndarray) -> np.ndarray:
        """Return the log odds that each vote is right, shape (n_votes,)."""
        return ability[self.lf] * np.exp(log_ease)[self.sample]

    def support(self, ability: np.ndarray, log_ease: np.ndarray) -> np.ndarray:
        """Return what the votes for each class weigh, for `posterior_of_support`."""
        n_classes = self.counts.shape[1]
        abilities = (self.own @ ability).reshape(-1, n_classes)
        weighed = abilities * np.exp(log_ease)[:, None]
        return (weighed + np.log(n_classes - 1) * self.counts).ravel()


def _e_step(
    layout: _Layout, ability: np.ndarray, log_ease: np.ndarray, prior: np.ndarray
) -> np.ndarray:
    """Return the class probabilities of every sample."""
    support = layout.support(ability, log_ease)
    return posterior_of_support(support, np.log(prior))


def _m_step(
    layout: _Layout,
    posterior: np.ndarray,
    weight: np.ndarray,
    ability: np.ndarray,
    log_ease: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Raise the expected log posterior of abilities and eases."""
    ease = np.exp(log_ease)[layout.sample]
    curvature = logistic_curvature(ability[layout.lf] * ease)
    surplus = posterior.ravel()[layout.row] - 0.5
    weighted = weight[layout.sample] * ease
    linear = np.bincount(layout.lf, weighted * surplus, minlength=len(ability))
    quadratic = np.bincount(
        layout.lf, weighted * ease * curvature, minlength=len(ability)
    )
    ability = (_ABILITY + linear) / (1 + 2 * quadratic)
    # The bound of the first half stays a bound: its contact point is unchanged.
    log_ease = _climb(layout, surplus, curvature, ability, log_ease)
    return ability, log_ease


def _raise_ease(
    layout: _Layout, posterior: np.ndarray, ability: np.ndarray, log_ease: np.ndarray
) -> np.ndarray:
    """Raise the expected log posterior of eases at fixed abilities."""
    curvature = logistic_curvature(layout.margin(ability, log_ease))
    surplus = posterior.ravel()[layout.row] - 0.5
    return _climb(layout, surplus, curvature, ability, log_ease)


def _climb(
    layout: _Layout,
    surplus: np.ndarray,
    curvature: np.ndarray,
    ability: np.ndarray,
    log_ease: np.ndarray,
) -> np.ndarray:
    of_vote, n_samples = ability[layout.lf], len(log_ease)
    linear = np.bincount(layout.sample, surplus * of_vote, minlength=n_samples)
    quadratic = np.bincount(
        layout.sample, curvature * of_vote * of_vote, minlength=n_samples
    )
    return climb_log_discrimination(log_ease, linear, quadratic, _LOG_EASE)


def logistic_curvature(x: np.ndarray) -> np.ndarray:
    """Return tanh(x / 2) / (4 x), the curvature of Jaakkola and Jordan's bound."""
    small = np.abs(x) < 1e-3
    safe = np.where(small, 1.0, x)
    return np.where(small, 0.125 - x * x / 96, np.tanh(safe / 2) / (4 * safe))


def climb_log_discrimination(
    b: np.ndarray, linear: np.ndarray, quadratic: np.ndarray, mean: float
) -> np.ndarray:
    """Raise ``linear e^b - quadratic e^(2b) - (b - mean)^2 / 2`` for every sample.

    A few safeguarded Newton steps; a sample that they would not raise stays. All
    arrays have shape (n_samples,), `quadratic` is not negative.
    """

    def bound(at: np.ndarray) -> np.ndarray:
        e = np.exp(at)
        return linear * e - quadratic * e * e - (at - mean) ** 2 / 2

    new = b.copy()
    for _ in range(4):
        e = np.exp(new)
        slope = linear * e - 2 * quadratic * e * e - (new - mean)
        curvature = 4 * quadratic * e * e + 1 - linear * e
        safe = np.where(curvature > 0.5, curvature, 4 * quadratic * e * e + 1)
        new += np.clip(slope / safe, -1, 1)
    return np.where(bound(new) >= bound(b), new, b)
