"""One label model for crowd workers and heuristics."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.label_model._base import BaseSumsLabelModel
from sklabel.label_model._kernels import smoothed_shares
from sklabel.label_model._partial_fit import PartialFitMixin
from sklabel.label_model._rules import RULE_VOTES_MET, fit_rules, rule_tables
from sklabel.label_model._sums import (
    ATOM_LIKELIHOOD,
    ATOM_PROFILE,
    ATOM_START,
    ATOM_SWEEP,
    AtomSums,
    Profile,
    Statistic,
    VoteChunk,
    VoteSource,
    accuracy_of,
    class_counts,
    column_sums,
    confusion_prior,
    log_tables,
    one_hot,
    softmax,
)
from sklabel.utils._validation import Interval, StrOptions, first_few, warn
from sklabel.votes._cast import CastVotes

# Constants of the model, the same for all data. Workers: pseudo-votes on the
# diagonal of a confusion matrix, and pseudo-samples that hold the class prior near
# the vote shares.
_DIAGONAL = 4.0
_PRIOR_SAMPLES = 100.0
# Output: design effect of each further vote on a sample, and share of the smoothed
# vote share.
_TEMPERING = {"worker": 0.4, "rule": 0.15}
# A given class prior may move the scores of a class by this much, in nats.
_LARGEST_SHIFT = 1.0
_MATCH_STEPS, _MATCH_TOL = 100, 1e-4
# An LF with this many votes, all of one value, is a rule.
_RULE_VOTES = 10
# A share of rule votes this near to one half gives a warning.
BORDER = 0.05


class ClassMass(NamedTuple):
    """Expected samples of each class among those with votes and without gold."""

    mass: np.ndarray


def _class_mass(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> ClassMass:
    """Sum the posteriors of the rows with votes and without gold."""
    open_rows = (chunk.counts > 0) & (chunk.gold < 0)
    scores = chunk.indicator @ log_table + log_prior
    return ClassMass(column_sums(chunk.weight * open_rows, softmax(scores)[0]))


class _Pseudo(NamedTuple):
    """What holds the parameters of workers where votes are few.

    `votes` of shape (n_values, n_classes) for confusion matrices; `samples` of shape
    (n_classes,), which hold the class prior near the vote shares; the given `prior`.
    """

    votes: np.ndarray
    samples: np.ndarray
    prior: np.ndarray | None


CLASS_MASS = Statistic("class_mass", _class_mass, "rows")


class LabelModel(PartialFitMixin, BaseSumsLabelModel):
    r"""Label model for crowd workers, heuristics, and both side by side.

    Learns how good each labeling function (LF) is from the agreement between LFs,
    with no gold labels or with some, and returns class probabilities that are
    tempered to be believable. A *worker* is an LF whose choice between values says
    something (a person, a classifier); it gets a confusion matrix. A *rule* is an LF
    that fires for one class and otherwise abstains (a keyword); it gets a lift per
    class. Prefer :class:`MajorityVote` for a handful of LFs of known equal quality.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`. With strings
        here, integer votes are indices into it. Vote values outside of it ("can't
        tell") are evidence. If None, the labels of `y` where every row has one, else
        the labels of votes and `y` together.
    class_prior : {'auto', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`. 'auto': learned, except where rules
        cast most votes: their firing rates do not tell the prior, so it is uniform
        there (or that of the gold labels). Where the class shares are known, giving
        them is worth more than any other choice; give them only then, since the
        probabilities are shifted until they have these shares.
    lf_kind : {'auto', 'worker', 'rule'}, array-like of shape (n_lfs,) or dict, \
            default='auto'
        Kind of every LF, of each LF in order, or of LFs by name (others are 'auto').
        'auto': an LF with one single value in 10 votes or more is a rule; warns if
        such LFs cast close to half of the votes, where the model changes.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    tempering : 'auto' or float, default='auto'
        Design effect of each further vote on a sample: log scores are divided by
        ``1 + (n_votes - 1) * tempering``, since votes on one sample share errors. 0
        switches it off, which is right for independent votes. 'auto': 0.4 for the
        vote of a worker and 0.15 for that of a rule.
    mixing : float, default=0.15
        Share of the smoothed vote share in the probabilities, in [0, 1]; bounds the
        loss where the model is wrong. 0 switches it off.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes * n_classes).
    tol : float, default=1e-6
        EM stops when the expected classes of the votes of an LF move by less, on
        average over the votes. With the largest move of a posterior instead, a few
        undecided samples would keep large data going.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.
    dtype : {'float64', 'float32'}, default='float64'
        In what votes and posteriors are held during EM. 'float32' saves a third of
        the memory, and results move by some 1e-6.

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
    lf_kind_ : ndarray of shape (n_lfs,)
        'worker' or 'rule'.
    structure_ : {'workers', 'mixed', 'rules'}
        Which model was fitted, see Notes.
    lower_bound_ : float
        Log posterior per unit of sample weight at the end of EM; for 'rules', whose
        two steps are no ascent, the mean log normaliser.
    n_iter_ : int
        Number of sweeps.
    converged_ : bool
        False if EM stopped at `max_iter`.
    n_samples_seen_ : int or float
        Number of samples of all calls of `partial_fit`; their weights add up. Only
        after `partial_fit`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        LF names; only if X had string column names.

    See Also
    --------
    MajorityVote : The baseline.
    sklabel.inspection.lf_summary : Coverage, overlaps and conflicts of LFs.

    Notes
    -----
    *workers* (no rules): maximum a posteriori Dawid-Skene [1]_. With posterior T, the
    M-step is :math:`\theta_{jcv} \propto \alpha_{cv} + \sum_i T_{ic} [x_{ij} = v]`
    with 4 pseudo-votes on the diagonal and :math:`\sqrt{2/K}` off it, and
    :math:`\pi_c \propto \sum_i T_{ic} + 100\, s_c + 1` with s the mean vote share;
    the E-step is :math:`T_{ic} \propto \pi_c \prod_j \theta_{j c x_{ij}}`. It
    starts from the vote shares, so there is no seed and permuting rows, LFs or
    classes permutes the result.

    *mixed* (rules cast less than half of the votes): the same EM, where a rule vote a
    multiplies by its lift :math:`P(c | a) / \pi_c` instead, estimated on the samples
    that a worker or a gold label judges too. Given that it votes, a rule always votes
    the same, so its confusion matrix would say nothing.

    *rules* (rules cast half of the votes or more): all votes enter as lifts, shrunk
    towards a rule that fires :math:`4 (K - 1)` times more readily in its own class.
    Half of each lift is estimated with the vote itself left out. With more than two
    classes this is also used where most rule votes meet no worker.

    Probabilities are ``(1 - mixing) * softmax(score / d) + mixing * shares`` with the
    design effect d of `tempering`; in *rules*, d also counts LFs that repeat each
    other, and the prior is not divided. With a given `class_prior` the scores of each
    class are shifted, by at most one nat, until the probabilities of the fitted samples
    have these shares (samples without votes have them by definition, so the fewer are
    covered, the less those that are must have them).

    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as the
    average worker, or as an average rule, if it votes later. Ties go to the class
    with the larger prior, then to the first. With one class all rows get it.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer
       error-rates using the EM algorithm", JRSS-C 28(1), 1979, 20-28.
       doi:10.2307/2346806

    Examples
    --------
    Two reliable workers and one who answers the opposite:

    >>> import numpy as np
    >>> from sklabel import LabelModel
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, 1 - truth])
    >>> model = LabelModel().fit(votes)
    >>> model.lf_accuracy_.round(1)
    array([1. , 1. , 0.2])
    >>> model.predict([[0, -1, 1], [-1, -1, 1]])
    array([0, 0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
        "lf_kind": [StrOptions({"auto", "worker", "rule"}), "array-like", dict],
        "use_gold": ["boolean"],
        "tempering": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "mixing": [Interval(Real, 0, 1, closed="both")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "dtype": [StrOptions({"float64", "float32"})],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        lf_kind: str | ArrayLike | Mapping[str, str] = "auto",
        use_gold: bool = True,
        tempering: str | float = "auto",
        mixing: float = 0.15,
        max_iter: int = 1000,
        tol: float = 1e-6,
        verbose: int = 0,
        dtype: str = "float64",
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.lf_kind = lf_kind
        self.use_gold = use_gold
        self.tempering = tempering
        self.mixing = mixing
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.dtype = dtype

    def _fit_source(self, data: VoteSource) -> None:
        given = self._given_prior()
        profile = data.total(ATOM_PROFILE)
        n_votes = profile.n_votes.reshape(data.n_lfs, len(self.vote_values_))
        self.lf_kind_ = self._resolve_kinds(n_votes)
        self.structure_ = self._choose_structure(data, n_votes)
        self._discount = np.ones(data.n_lfs)
        if len(self.classes_) == 1 or profile.weight == 0:
            self._fit_trivial(data.n_lfs, given)
        elif self.structure_ == "rules":
            self._fit_rules(data, profile, given)
        else:
            self._fit_workers(data, profile, given)
        self._shift = np.zeros(len(self.classes_))
        if given is not None and len(self.classes_) > 1:
            self._shift = self._match_prior(data, profile.n_all)

    def _check_lfs(self) -> None:
        names = list(self._lf_names())
        if isinstance(self.lf_kind, Mapping):
            unknown = [name for name in self.lf_kind if name not in names]
            if unknown:
                raise ValueError(
                    f"lf_kind names LFs that X lacks: {first_few(unknown)}. X has "
                    f"{first_few(names)}."
                )

    def _resolve_kinds(self, n_votes: np.ndarray) -> np.ndarray:
        """Return 'worker' or 'rule' for each LF from its votes for each value."""
        one_value = (n_votes > 0).sum(axis=1) == 1
        auto = np.where(
            one_value & (n_votes.sum(axis=1) >= _RULE_VOTES), "rule", "worker"
        )
        if isinstance(self.lf_kind, str):
            return auto if self.lf_kind == "auto" else np.full_like(auto, self.lf_kind)
        if isinstance(self.lf_kind, Mapping):
            kinds = [self.lf_kind.get(name, "auto") for name in self._lf_names()]
        else:
            kinds = list(np.asarray(self.lf_kind))
            if len(kinds) != len(n_votes):
                raise ValueError(
                    f"lf_kind must name a kind for each of the {len(n_votes)} LFs; got "
                    f"{len(kinds)}. Pass a dict to name some of them only."
                )
        odd = set(kinds) - {"auto", "worker", "rule"}
        if odd:
            raise ValueError(
                "The kind of an LF must be 'auto', 'worker' or 'rule'; got "
                f"{first_few(sorted(map(str, odd)))}."
            )
        given = np.asarray(kinds, dtype=auto.dtype)
        return np.where(given == "auto", auto, given)

    def _choose_structure(self, data: VoteSource, n_votes: np.ndarray) -> str:
        """Choose between the EM of workers, the mixed EM and the model of rules."""
        is_rule = self.lf_kind_ == "rule"
        total, of_rules = n_votes.sum(), n_votes[is_rule].sum()
        if of_rules == 0:
            return "workers"
        is_auto = isinstance(self.lf_kind, str) and self.lf_kind == "auto"
        if is_auto and abs(of_rules / total - 0.5) < BORDER:
            warn(
                f"LFs that look like rules cast {of_rules / total:.0%} of the votes, "
                "near the border of 50% between two models. Say what each LF is with "
                "lf_kind={name: 'rule' or 'worker'}."
            )
        if of_rules >= total / 2:
            return "rules"
        if len(self.classes_) == 2:
            return "mixed"
        # With many classes, EM on rows that have only rules drifts away from the
        # workers: it is safe where most rule votes meet a worker's.
        votes = data.total(RULE_VOTES_MET, is_rule)
        return "rules" if votes.met < votes.total / 2 else "mixed"

    def _fit_trivial(self, n_lfs: int, given: np.ndarray | None) -> None:
        """One class, or no votes: the prior is all there is to say."""
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        self.class_prior_ = (
            np.full(n_classes, 1 / n_classes) if given is None else given
        )
        self._weights = np.zeros((n_lfs, n_values, n_classes))
        prior = self._pseudo_votes()
        self.confusion_ = np.tile((prior / prior.sum(axis=0)).T, (n_lfs, 1, 1))
        self.lf_accuracy_ = np.full(
            n_lfs, _DIAGONAL / prior.sum(axis=0).mean() if n_values else np.nan
        )
        self.lower_bound_, self.n_iter_, self.converged_ = 0.0, 1, True

    def _pseudo_votes(self) -> np.ndarray:
        """Return the pseudo-votes of confusion matrices, (n_values, n_classes)."""
        n_classes = len(self.classes_)
        return confusion_prior(
            self._class_of_value, n_classes, _DIAGONAL, np.sqrt(2 / n_classes)
        )

    # EM for workers, with lifts for the rules among them

    def _fit_workers(
        self, data: VoteSource, profile: Profile, given: np.ndarray | None
    ) -> None:
        rules = self.lf_kind_ == "rule"
        among = rules if rules.any() else None
        pseudo_votes, mean_share = self._pseudo_votes(), profile.mean_share
        pseudo = _Pseudo(pseudo_votes, _PRIOR_SAMPLES * mean_share + 1, given)
        start = data.start(ATOM_SWEEP, ATOM_START, mean_share, among)
        m_step = partial(self._m_step, pseudo, among)
        e_step = partial(self._e_step, data, among)
        result = data.run_em(self._run_em, start, m_step, e_step)
        self._keep_ending(result)
        self.class_prior_ = np.exp(result.parameters[1])
        shape = (data.n_lfs, len(self.vote_values_), len(self.classes_))
        log_weights = result.parameters[0].reshape(shape)
        self.lower_bound_ = self._lower_bound(data, profile, result.parameters, pseudo)
        counts = result.sums.counts.reshape(shape).copy()
        self._describe_workers(counts, pseudo.votes)
        if among is not None:
            counts[rules] = result.sums.judged_counts.reshape(shape)[rules]
            table = self._judged_tables(result.sums, rules)
            self._describe_rules(counts[rules], table, rules)
        never = counts.sum(axis=(1, 2)) == 0
        # A worker who comes later is the average worker.
        log_weights[never & ~rules] = log_tables(
            counts[~rules].sum(axis=0, keepdims=True), pseudo.votes
        )
        self._weights = log_weights

    def _e_step(
        self,
        data: VoteSource,
        rules: np.ndarray | None,
        parameters: tuple[np.ndarray, np.ndarray],
    ) -> AtomSums:
        """Return the expected votes under log weights and log prior."""
        return data.total(ATOM_SWEEP, *parameters, rules)

    def _m_step(
        self, pseudo: _Pseudo, rules: np.ndarray | None, sums: AtomSums
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return log weights, shape (n_atoms, n_classes), and log prior."""
        n_values, n_classes = len(self.vote_values_), len(self.classes_)
        prior = pseudo.prior
        if prior is None:
            smoothed = sums.total + pseudo.samples
            prior = smoothed / smoothed.sum()
        counts = sums.counts.reshape(-1, n_values, n_classes)
        log_weights = log_tables(counts, pseudo.votes)
        if rules is not None:
            table = self._judged_tables(sums, rules)
            log_weights[rules] = np.log(table) - np.log(prior)
        return log_weights.reshape(-1, n_classes), np.log(prior)

    def _judged_tables(self, sums: AtomSums, rules: np.ndarray) -> np.ndarray:
        """Return P(class | vote) of rules from the rows that somebody else judged.

        On the others the votes of a rule would confirm themselves.
        """
        shape = (len(rules), len(self.vote_values_), len(self.classes_))
        counts = sums.judged_counts.reshape(shape)[rules]
        total = sums.judged_total
        return rule_tables(counts, total, self._class_of_value, growth=0)[0]

    def _lower_bound(
        self,
        data: VoteSource,
        profile: Profile,
        parameters: tuple[np.ndarray, np.ndarray],
        pseudo: _Pseudo,
    ) -> float:
        """Return the log posterior of the parameters per unit of weight."""
        is_worker = self.lf_kind_ == "worker"
        likelihood = data.total(ATOM_LIKELIHOOD, *parameters).of(profile.weight)
        shape = (data.n_lfs, len(self.vote_values_), len(self.classes_))
        log_weights = parameters[0].reshape(shape)
        penalty = (pseudo.votes * log_weights[is_worker]).sum()
        if pseudo.prior is None:
            penalty += pseudo.samples @ np.log(self.class_prior_)
        return float((likelihood + penalty) / profile.weight)

    # Rules

    def _fit_rules(
        self, data: VoteSource, profile: Profile, given: np.ndarray | None
    ) -> None:
        prior = given
        if prior is None:
            # That of the gold labels, and uniform without any.
            gold_total, n_classes = profile.gold_total, len(self.classes_)
            prior = (gold_total + 1) / (gold_total.sum() + n_classes)
        fit = fit_rules(data, profile, prior, self._class_of_value)
        self.class_prior_, self._weights = prior, fit.weights
        self._discount, self.lower_bound_ = fit.discount, fit.log_likelihood
        self.n_iter_, self.converged_ = 2, True
        n_lfs, n_values, n_classes = fit.weights.shape
        self.confusion_ = np.empty((n_lfs, n_classes, n_values))
        self.lf_accuracy_ = np.empty(n_lfs)
        self._describe_rules(fit.counts, fit.table, np.ones(n_lfs, dtype=bool))

    # What is said of LFs

    def _describe_workers(self, counts: np.ndarray, pseudo: np.ndarray) -> None:
        """Set `confusion_` and `lf_accuracy_` from expected votes and pseudo-votes."""
        smoothed = counts + pseudo
        self.confusion_ = np.swapaxes(
            smoothed / smoothed.sum(axis=1, keepdims=True), 1, 2
        )
        self.lf_accuracy_ = accuracy_of(smoothed, self._class_of_value)

    def _describe_rules(
        self, counts: np.ndarray, table: np.ndarray, is_rule: np.ndarray
    ) -> None:
        """Set `confusion_`, `lf_accuracy_` of rules from votes and P(class | vote)."""
        n_votes = counts.sum(axis=2, keepdims=True)
        joint = table * (n_votes + 1e-9)
        values = joint / joint.sum(axis=1, keepdims=True)
        self.confusion_[is_rule] = np.swapaxes(values, 1, 2)
        self.lf_accuracy_[is_rule] = accuracy_of(joint, self._class_of_value)

    def _match_prior(self, data: VoteSource, n_all: float) -> np.ndarray:
        """Return what to add to log scores so that soft labels have the given shares.

        Samples without vote have the prior. The fewer samples have votes, the more
        their own class shares are kept, since coverage may depend on the class.
        """
        table, log_prior = self._flat_weights(), np.log(self.class_prior_)
        shift = np.zeros(len(self.classes_))
        now = data.total(CLASS_MASS, table, log_prior).mass
        total = now.sum()
        if total == 0:
            return shift
        covered = total / n_all
        target = covered * self.class_prior_ + (1 - covered) * now / total
        target = (total * target + _PRIOR_SAMPLES * now / total) / (
            total + _PRIOR_SAMPLES
        )
        for _ in range(_MATCH_STEPS):
            step = np.log(target * total) - np.log(now)
            shift += step
            if np.abs(step).max() < _MATCH_TOL:
                break
            now = data.total(CLASS_MASS, table, log_prior + shift).mass
        return np.clip(shift - shift.mean(), -_LARGEST_SHIFT, _LARGEST_SHIFT)

    def _flat_weights(self) -> np.ndarray:
        """Return what each atom adds to the scores, shape (n_atoms, n_classes)."""
        return self._weights.reshape(-1, len(self.classes_))

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        A = one_hot(votes, len(self.vote_values_))
        prior = np.log(self.class_prior_) + self._shift
        evidence = A @ self._flat_weights()
        effect = self._design_effect(votes, A)[:, None]
        if self.structure_ == "rules":
            # The prior is given or uniform here, so that no evidence is counted twice.
            scores = evidence / effect + prior
        else:
            scores = (evidence + prior) / effect
        proba, _ = softmax(scores)
        if self.mixing == 0:
            return proba
        n_classes = len(self.classes_)
        counts = class_counts(A, self._class_of_value, n_classes)
        even = np.full(n_classes, 1 / n_classes)
        is_fixed = self._given_prior() is not None or self.structure_ == "rules"
        shares = smoothed_shares(counts, self.class_prior_ if is_fixed else even, 2.0)
        return (1 - self.mixing) * proba + self.mixing * shares

    def _design_effect(
        self, votes: CastVotes, indicator: sparse.csr_matrix
    ) -> np.ndarray:
        """Return by how much the votes of each sample overstate what they know."""
        effect = _TEMPERING
        if not isinstance(self.tempering, str):
            effect = dict.fromkeys(_TEMPERING, float(self.tempering))
        n_votes = np.maximum(votes.counts, 1)
        if self.structure_ == "rules":
            if effect["rule"] == 0:
                return np.ones(votes.n_samples)
            in_row = sparse.csr_matrix(
                (self._discount[votes.lf], votes.lf, votes.indptr),
                shape=(votes.n_samples, votes.n_lfs),
            )
            distinct = np.where(votes.counts > 0, in_row.sum(axis=1).A1, 1)
            return (1 + effect["rule"] * (n_votes - 1)) * n_votes / distinct
        is_rule = self.lf_kind_ == "rule"
        if not is_rule.any():
            return 1 + effect["worker"] * (n_votes - 1)
        n_rule = indicator @ np.repeat(is_rule, len(self.vote_values_)).astype(float)
        n_worker = votes.counts - n_rule
        first = np.where(n_worker > 0, effect["worker"], effect["rule"])
        added = effect["worker"] * n_worker + effect["rule"] * n_rule - first
        return 1 + np.maximum(added, 0)
