"""Majority vote weighted by how often an LF agrees with the majority."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike

from sklabel.label_model._base import BaseLabelModel
from sklabel.sums._gold import clamp, no_gold
from sklabel.sums._kernels import smoothed_shares
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

# Pseudo-votes that pull the agreement of an LF to that of the average LF.
_PSEUDO_VOTES = 2.0
# Share of the class prior in the smoothing, as in MajorityVote: it breaks ties only.
_TILT = 1e-3
# Weighted counts that differ by less are a tie, in whatever order they were summed.
_ROUNDING = 1e-9


def class_votes_of(
    votes: CastVotes, class_of_value: np.ndarray
) -> tuple[CastVotes, np.ndarray]:
    """Keep the votes that name a class; return them and the class of each."""
    named = class_of_value[votes.value] >= 0
    if not named.all():
        votes = votes.take_votes(named)
    return votes, class_of_value[votes.value]


def weighted_counts(
    votes: CastVotes, vote_class: np.ndarray, lf_weight: np.ndarray, n_classes: int
) -> np.ndarray:
    """Sum the weights of the votes for each class, shape (n_samples, n_classes)."""
    flat = votes.rows * n_classes + vote_class
    counts = np.bincount(
        flat, lf_weight[votes.lf], minlength=votes.n_samples * n_classes
    )
    # Without any vote, bincount returns integers.
    return counts.reshape(votes.n_samples, n_classes).astype(np.float64, copy=False)


def consensus(counts: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Return the winner of each row as an indicator; a tie is shared evenly."""
    best = counts.max(axis=1, keepdims=True)
    won = (counts >= best * (1 - _ROUNDING)).astype(np.float64)
    return clamp(won / won.sum(axis=1, keepdims=True), gold)


def smoothed_agreement(
    lf: np.ndarray, agrees: np.ndarray, n_votes: np.ndarray
) -> np.ndarray:
    """Return the share of agreeing votes of each LF, pulled to that of all votes."""
    total = n_votes.sum()
    mean = agrees.sum() / total if total > 0 else 1.0
    right = np.bincount(lf, agrees, minlength=len(n_votes))
    return (right + _PSEUDO_VOTES * mean) / (n_votes + _PSEUDO_VOTES)


def mean_share(
    counts: np.ndarray, gold: np.ndarray, sample_weight: np.ndarray
) -> np.ndarray:
    """Return the mean class shares of the rows that have a vote or gold."""
    n_classes = counts.shape[1]
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    summed = sample_weight @ clamp(shares, gold)
    return summed / summed.sum() if summed.any() else np.full(n_classes, 1 / n_classes)


class WeightedMajorityVote(BaseLabelModel):
    r"""Majority vote in which LFs count by their agreement with the majority.

    The simplest model that learns who is good: one number per LF, no likelihood, a
    few passes over the votes. Prefer it to :class:`MajorityVote` when LFs vote often
    and differ in quality. Do not use it when LFs vote for one class each (LFs of
    different classes never agree, so the largest class wins), when the majority is
    wrong in a systematic way, or where probabilities must be calibrated.

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
        Probabilities in the order of `classes_`, or a Series or dict by class, for rows
        without votes and for ties. 'auto': the mean share of the weighted vote.
    weighting : {'above-chance', 'agreement'}, default='above-chance'
        Weight of an LF with agreement a among K classes. 'above-chance': K a - 1, and
        0 for an LF that agrees no more often than chance would [1]_. 'agreement': a
        itself [2]_, which differs little from one LF to the next.
    smoothing : float, default=2.0
        Pseudo-votes spread evenly over the classes, in votes of the average LF. 0
        gives raw weighted shares.
    use_gold : bool, default=True
        Whether gold labels in `y` supervise the fit. False: they only help to name
        the classes.
    max_iter : int, default=20
        Upper bound on passes; 1 with `weighting='agreement'` is Wawa. Each costs
        O(number of votes + n_samples * n_classes).
    tol : float, default=1e-6
        Stop when no agreement moves by more.
    verbose : int, default=0
        Above 0, write a line per pass to the standard error stream.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    lf_accuracy_ : ndarray of shape (n_lfs,)
        Agreement of each LF with the weighted majority, smoothed.
    lf_weight_ : ndarray of shape (n_lfs,)
        Weight of a vote of each LF; 1 on average over the votes of `fit`.
    n_iter_ : int
        Number of passes.
    converged_ : bool
        False if the passes ended at `max_iter`.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    MajorityVote : All LFs count the same.
    LabelModel : A confusion matrix per LF, or a lift where LFs vote for one class.

    Notes
    -----
    All weights start at 1. One pass takes the weighted majority and counts how often
    each LF agrees with it,

    .. math::

        z_i = \arg\max_c \sum_j w_j [x_{ij} = c], \qquad
        a_j = \frac{\sum_i [x_{ij} = z_i] + 2 \bar a}{n_j + 2}, \qquad
        w_j \propto \max(K a_j - 1, 0),

    where :math:`n_j` is the number of votes of LF j and :math:`\bar a` the agreement
    over all votes. A tie among t classes counts 1/t of an agreement. A gold label
    replaces :math:`z_i`; of soft gold, the expected agreement counts. Weights that
    maximise a bound on the accuracy are linear in the accuracy of the LF, which gives
    'above-chance' [1]_; if no LF is better than chance, all count the same.

    The output is :math:`P_c = (V_c + s / K) / (\sum_c V_c + s)` with the weighted
    counts V and s = `smoothing`. Ties go to the class with the larger prior, then to
    the first. A row without votes, or with votes that name no class or have no
    weight, gets `class_prior_`. An LF without votes in `fit` counts as the average
    LF.

    References
    ----------
    .. [1] H. Li and B. Yu, "Error rate bounds and iterative weighted majority voting
       for crowdsourcing", 2014. arXiv:1411.4086
    .. [2] D. Ustalov, N. Pavlichenko and B. Tseitlin, "Learning from crowds with
       Crowd-Kit", Journal of Open Source Software 9(96), 2024, 6227 (Worker Agreement
       with Aggregate, Wawa). doi:10.21105/joss.06227

    Examples
    --------
    Two workers who are right four times of five outvote three who answer at random:

    >>> import numpy as np
    >>> from sklabel.label_model import WeightedMajorityVote
    >>> rng = np.random.default_rng(0)
    >>> truth = np.arange(300)[:, None] % 2
    >>> good = np.where(rng.random((300, 2)) < 0.8, truth, 1 - truth)
    >>> noise = rng.integers(2, size=(300, 3))
    >>> model = WeightedMajorityVote().fit(np.column_stack([good, noise]))
    >>> bool(model.lf_accuracy_[:2].min() > model.lf_accuracy_[2:].max())
    True
    >>> model.predict([[0, 0, 1, 1, 1]])
    array([0])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
        "weighting": [StrOptions({"above-chance", "agreement"})],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "use_gold": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
    }
    _needs_class_votes = True

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        weighting: str = "above-chance",
        smoothing: float = 2.0,
        use_gold: bool = True,
        max_iter: int = 20,
        tol: float = 1e-6,
        verbose: int = 0,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.weighting = weighting
        self.smoothing = smoothing
        self.use_gold = use_gold
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        if not self.use_gold:
            gold = no_gold(len(gold))
        n_classes = len(self.classes_)
        votes, vote_class = class_votes_of(votes, self._class_of_value)
        rows = votes.rows
        vote_weight = sample_weight[rows]
        n_votes = np.bincount(votes.lf, vote_weight, minlength=votes.n_lfs)

        weight = np.ones(votes.n_lfs)
        agreement = np.ones(votes.n_lfs)
        self.converged_ = False
        for n_iter in range(1, self.max_iter + 1):
            self.n_iter_ = n_iter
            counts = weighted_counts(votes, vote_class, weight, n_classes)
            agrees = consensus(counts, gold)[rows, vote_class]
            updated = smoothed_agreement(votes.lf, agrees * vote_weight, n_votes)
            change = np.abs(updated - agreement).max()
            agreement = updated
            weight = self._weights(agreement, n_votes)
            if self.verbose:
                sys.stderr.write(
                    f"WeightedMajorityVote: pass {n_iter}, change {change:.1e}\n"
                )
            if change < self.tol or change == 0:
                self.converged_ = True
                break
        if not self.converged_ and self.max_iter > 1:
            # One pass is what Wawa does, and on purpose.
            self._warn_not_converged(
                change,
                "Increase max_iter or tol; a majority that keeps changing never "
                "settles.",
            )
        self.lf_accuracy_ = agreement
        self.lf_weight_ = weight
        given = self._given_prior()
        if given is not None:
            self.class_prior_ = given
            return
        counts = weighted_counts(votes, vote_class, weight, n_classes)
        self.class_prior_ = mean_share(counts, gold, sample_weight)

    def _weights(self, agreement: np.ndarray, n_votes: np.ndarray) -> np.ndarray:
        """Return weights whose mean over votes is 1."""
        if self.weighting == "agreement":
            weight = agreement.copy()
        else:
            weight = np.maximum(len(self.classes_) * agreement - 1, 0)
        total = n_votes @ weight
        # Weights that are above 0 by rounding only count as 0.
        if total <= 1e-9 * n_votes.sum():
            return np.ones_like(weight)
        return weight * (n_votes.sum() / total)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes = len(self.classes_)
        votes, vote_class = class_votes_of(votes, self._class_of_value)
        counts = weighted_counts(votes, vote_class, self.lf_weight_, n_classes)
        even = np.full(n_classes, 1 / n_classes)
        tilted = (1 - _TILT) * even + _TILT * self.class_prior_
        # A vanishing mass breaks ties by the prior also when smoothing is off.
        proba = smoothed_shares(counts, tilted, max(self.smoothing, 1e-6))
        proba[counts.sum(axis=1) == 0] = self.class_prior_
        return proba
