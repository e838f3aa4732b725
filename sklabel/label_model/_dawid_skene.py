"""Dawid-Skene model: a confusion matrix per labeling function."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.evidence._alike import group_numbers
from sklabel.label_model._base import BaseSumsLabelModel
from sklabel.label_model._partial_fit import PartialFitMixin
from sklabel.sums._sums import (
    ATOM_LIKELIHOOD,
    ATOM_PROFILE,
    ATOM_START,
    ATOM_SWEEP,
    GOLD_VOTES,
    AtomSums,
    Profile,
    VoteSource,
    accuracy_of,
    confusion_prior,
    log_tables,
    one_hot,
    posterior_of_atoms,
    right_and_judged,
)
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes
from sklabel.votes._groups import by_lf_name, check_lf_names

# Gold-judged votes that what the tables say of an accuracy counts for.
_PSEUDO_GOLD = 20.0
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")


class BaseDawidSkene(PartialFitMixin, BaseSumsLabelModel):
    """Base of the Dawid-Skene models: groups of LFs.

    A subclass implements `_profile(data)`, `_fit_em(data, profile)` and
    `_fit_trivial()`, for one class or no vote.
    """

    table_groups: ArrayLike | None

    def _look_for_copies(self, votes: CastVotes, encoded: CastVotes) -> None:
        # Whoever names the workers knows which columns are one source.
        if self.table_groups is None:
            super()._look_for_copies(votes, encoded)

    def _usable(self, votes: CastVotes) -> CastVotes:
        """Return the votes of workers; one may have several on a sample."""
        if self.table_groups is None:
            return votes
        lf = self._numbers(votes.n_lfs)[votes.lf]
        return CastVotes(votes.indptr, lf, votes.value, votes.n_lfs)

    def _numbers(self, n_lfs: int) -> np.ndarray:
        """Return the number of the table of each LF."""
        names = self._lf_names()
        given = by_lf_name(self.table_groups, names, "table_groups")
        if isinstance(given, dict):
            check_lf_names(given, names, "table_groups")
            given = [given.get(name) for name in names]
        return group_numbers(given, n_lfs, "table_groups")

    def _fit_source(self, data: VoteSource) -> None:
        self._group = self._numbers(data.n_lfs)
        profile = self._profile(data)
        self._fixed_prior = self._prior_without_learning(profile.gold_total)
        if len(self.classes_) == 1 or profile.weight == 0:
            self.class_prior_ = self._prior_of(np.ones(len(self.classes_)))
            self.n_iter_, self.converged_, self.lower_bound_ = 1, True, 0.0
            self._fit_trivial()
        else:
            self._fit_em(data, profile)

    def _profile(self, data: VoteSource) -> Profile:
        raise NotImplementedError

    def _fit_em(self, data: VoteSource, profile: Profile) -> None:
        raise NotImplementedError

    def _fit_trivial(self) -> None:
        raise NotImplementedError


class DawidSkene(BaseDawidSkene):
    r"""Dawid-Skene model: one confusion matrix per labeling function.

    Each labeling function (LF) answers by a table P(vote value | class) of its own,
    and given the class all votes are independent. Prefer it for crowd workers who
    judge 20 samples or more each and confuse classes in their own ways. Do not use it
    on rules that vote for one class only: given that it votes, such an LF always says
    the same, and the model collapses to one class; :class:`LabelModel` handles them.
    With few judgements per worker, :class:`OneCoinDawidSkene` or
    :class:`MajorityVote` is safer. Its probabilities are far too certain where votes
    on one sample share errors, as they do in most real crowds.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`.
        Votes that know their classes are matched by label; with strings here, plain
        integers are positions in it. Vote values outside of it ("can't tell") are
        evidence. If None, the labels of `y` where every row has one, else those that
        the votes know or hold, and those of `y`.
    class_prior : {'auto', 'learned', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class. 'auto'
        and 'learned': EM learns them.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes, so that cross-validation may pass them for scoring.
    smoothing : 'auto', float or tuple (right, wrong), default='auto'
        Pseudo-votes in every confusion matrix: of each class for itself (right) and
        for each other value (wrong); one number stands for both. 'auto' is
        ``(4, sqrt(2 / n_classes))``, which assumes that workers are better than
        chance. 0 is maximum likelihood as in [1]_: exact zeros, and unusable where
        LFs vote rarely.
    prior_smoothing : float, default=1.0
        Pseudo-samples of each class in the learned prior; 0 is maximum likelihood.
    table_groups : array-like of shape (n_lfs,), default=None
        Name or number of the worker behind each LF. LFs with the same one share a
        confusion matrix, so that several columns can hold the repeated judgements of
        one worker. If None, each LF has its own. A Series goes by its index if that
        holds LF names.
    max_iter : int, default=1000
        Upper bound on EM sweeps. Each costs O(number of votes * n_classes), half of
        that for two classes.
    tol : float, default=1e-6
        EM stops when the expected classes of the votes of an LF move by less, on
        average over the votes. With the largest move of a posterior instead, a few
        undecided samples would keep large data going.
    verbose : int, default=0
        Above 0, write a line per sweep to the standard error stream.
    dtype : {'float64', 'float32'}, default='float64'
        Precision of the sweeps. 'float32' needs about half of the memory and, with
        20 classes, 0.6 of the time (0.8 with two); probabilities then are good to 4
        digits.

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
        Expected share of right votes among the LF's votes for a class, pseudo-votes
        included; NaN where there are neither. With gold labels, the share of its
        votes on gold rows that is right, where what EM expects counts for 20 votes.
    lower_bound_ : float
        Log posterior of the parameters per unit of sample weight, up to a constant;
        it never decreases from sweep to sweep.
    n_iter_ : int
        Number of sweeps.
    converged_ : bool
        False if EM stopped at `max_iter`.
    n_samples_seen_ : int or float
        Number of samples of all calls of `partial_fit`; their weights add up. Only
        after `partial_fit`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    LabelModel : Copes with rules, and tempers the probabilities.
    OneCoinDawidSkene : One number per LF instead of a table.

    Notes
    -----
    With posterior T, sample weights w and vote :math:`x_{ij}` of LF j on sample i,

    .. math::

        \theta_{jcv} &\propto \alpha_{cv} + \sum_i w_i T_{ic} [x_{ij} = v], \\
        \pi_c &\propto a + \sum_i w_i T_{ic}, \\
        T_{ic} &\propto \pi_c \prod_j \theta_{j c x_{ij}},

    which is equations 2.3 to 2.5 of [1]_ for :math:`\alpha = a = 0`. Sums of logs
    replace the product, so that no number of votes underflows. Rows with gold stay
    at their class. EM starts from the vote shares: there is no seed, and permuting
    rows, LFs or classes permutes the result.

    Where nothing was counted a probability is at least 1e-10 before normalisation.
    A row without votes gets `class_prior_`. An LF without votes in `fit` counts as
    the average worker if it votes later. Ties go to the class with the larger prior,
    then to the first. With one class all rows get it.

    With one judgement per worker the votes do not tell good workers from bad ones:
    maximum likelihood explains any labels equally well and stays near its start,
    often in a wrong class; 'auto' then gives the majority vote.

    References
    ----------
    .. [1] A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer
       error-rates using the EM algorithm", JRSS-C 28(1), 1979, 20-28.
       doi:10.2307/2346806

    Examples
    --------
    Two reliable workers and one who answers the opposite:

    >>> import numpy as np
    >>> from sklabel.label_model import DawidSkene
    >>> truth = np.tile([0, 1], 20)
    >>> votes = np.column_stack([truth, truth, 1 - truth])
    >>> model = DawidSkene().fit(votes)
    >>> model.lf_accuracy_.round(1)
    array([1. , 1. , 0.2])
    >>> model.predict([[0, -1, 1], [-1, -1, 1]])
    array([0, 0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "learned", "uniform"}), "array-like"],
        "use_gold": ["boolean"],
        "smoothing": [StrOptions({"auto"}), _NOT_NEGATIVE, "array-like"],
        "prior_smoothing": [_NOT_NEGATIVE],
        "table_groups": ["array-like", None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [_NOT_NEGATIVE],
        "verbose": ["verbose"],
        "dtype": [StrOptions({"float64", "float32"})],
    }

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        use_gold: bool = True,
        smoothing: str | float | tuple[float, float] = "auto",
        prior_smoothing: float = 1.0,
        table_groups: ArrayLike | None = None,
        max_iter: int = 1000,
        tol: float = 1e-6,
        verbose: int = 0,
        dtype: str = "float64",
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.use_gold = use_gold
        self.smoothing = smoothing
        self.prior_smoothing = prior_smoothing
        self.table_groups = table_groups
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.dtype = dtype

    def _profile(self, data: VoteSource) -> Profile:
        profile: Profile = data.total(ATOM_PROFILE)
        self._gold_votes = np.zeros((data.n_lfs, 2))
        if profile.gold_total.any() and len(self._class_of_value):
            counts = data.total(GOLD_VOTES).counts
            self._gold_votes = right_and_judged(counts, self._class_of_value)
        return profile

    def _fit_em(self, data: VoteSource, profile: Profile) -> None:
        shape = (data.n_lfs, len(self.vote_values_), len(self.classes_))
        start = data.start(ATOM_SWEEP, ATOM_START, profile.mean_share)
        e_step = partial(self._e_step, data)
        result = data.run_em(self._run_em, start, self._m_step, e_step)
        self._keep_ending(result)
        self.class_prior_ = np.exp(result.parameters[1])
        counts = result.sums.counts.reshape(shape)
        voted = profile.n_votes.reshape(shape[:2]).sum(axis=1) > 0
        self.lower_bound_ = self._lower_bound(data, profile, result.parameters, voted)
        self._describe(
            counts[self._group], self._pseudo_votes(), counts[voted].sum(axis=0)
        )

    def _e_step(
        self, data: VoteSource, parameters: tuple[np.ndarray, np.ndarray]
    ) -> AtomSums:
        """Return the expected votes under log tables and log prior."""
        return data.total(ATOM_SWEEP, *parameters)

    def _m_step(self, sums: AtomSums) -> tuple[np.ndarray, np.ndarray]:
        """Return log tables, shape (n_atoms, n_classes), and log prior."""
        n_values, n_classes = len(self.vote_values_), len(self.classes_)
        counts = sums.counts.reshape(-1, n_values, n_classes)
        table = log_tables(counts, self._pseudo_votes())
        return table.reshape(-1, n_classes), np.log(self._prior_of(sums.total))

    def _lower_bound(
        self,
        data: VoteSource,
        profile: Profile,
        parameters: tuple[np.ndarray, np.ndarray],
        voted: np.ndarray,
    ) -> float:
        """Return the log posterior of the parameters per unit of weight."""
        table = parameters[0].reshape(data.n_lfs, len(self.vote_values_), -1)
        total = data.total(ATOM_LIKELIHOOD, *parameters).of(profile.weight)
        total += (self._pseudo_votes() * table[voted]).sum()
        total += self._prior_penalty(self.class_prior_)
        return float(total / profile.weight)

    def _fit_trivial(self) -> None:
        pseudo = self._pseudo_votes()
        none = np.zeros((len(self._group), *pseudo.shape))
        self._describe(none, pseudo, none[:0].sum(axis=0))

    def _pseudo_votes(self) -> np.ndarray:
        """Return the pseudo-votes, shape (n_values, n_classes)."""
        n_classes = len(self.classes_)
        right, wrong = read_smoothing(
            self.smoothing, (4.0, float(np.sqrt(2 / n_classes)))
        )
        return confusion_prior(self._class_of_value, n_classes, right, wrong)

    def _describe(
        self, counts: np.ndarray, pseudo: np.ndarray, pooled: np.ndarray
    ) -> None:
        """Set what is known of LFs from the expected votes of each and of all."""
        # A worker who comes later is the average worker.
        never = counts.sum(axis=(1, 2)) == 0
        self._log_tables = log_tables(counts, pseudo)
        self._log_tables[never] = log_tables(pooled[None], pseudo)
        self.confusion_ = np.swapaxes(np.exp(self._log_tables), 1, 2)
        smoothed = counts + pseudo
        smoothed[never] += pooled
        accuracy = accuracy_of(smoothed, self._class_of_value)
        # Where votes share errors, the few gold labels hardly move the tables.
        right, judged = self._gold_votes[self._group].T
        blend = (_PSEUDO_GOLD * accuracy + right) / (_PSEUDO_GOLD + judged)
        self.lf_accuracy_ = np.where(judged > 0, blend, accuracy)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes, n_values = len(self.classes_), len(self.vote_values_)
        return posterior_of_atoms(
            one_hot(votes, n_values),
            self._log_tables.reshape(-1, n_classes),
            np.log(self.class_prior_),
        )


def read_smoothing(
    smoothing: Any, auto: tuple[float, float] = (0, 0)
) -> tuple[float, float]:
    """Return the pseudo-votes (right, wrong) that `smoothing` stands for."""
    if isinstance(smoothing, str):
        return auto
    if isinstance(smoothing, Real):
        return float(smoothing), float(smoothing)
    try:
        right, wrong = (float(value) for value in smoothing)
    except (TypeError, ValueError):
        right, wrong = -1.0, -1.0
    if not (0 <= right < np.inf and 0 <= wrong < np.inf):
        raise ValueError(
            "smoothing must be a number >= 0 or two of them, the pseudo-votes that are "
            f"right and wrong. Got {smoothing!r} instead."
        )
    return right, wrong
