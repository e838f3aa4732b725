"""What the label models that are fitted by EM share."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags

from sklabel.label_model._base import BaseLabelModel
from sklabel.label_model._chunks import Chunks, VoteChunk
from sklabel.label_model._em_kernels import FLOOR, EMResult, own_class_matrix
from sklabel.label_model._growing_sums import GrowingSums
from sklabel.label_model._partial_fit import StreamingLabelModel
from sklabel.utils._validation import check_class_prior, warn
from sklabel.votes._cast import CastVotes


class ChunkedLabelModel(StreamingLabelModel):
    """Base of the models that are fitted with sums over chunks of votes.

    A subclass has the parameters `use_gold`, `max_iter` and `tol` beside those of the
    base, and implements `_fit_sums(data)`.
    """

    use_gold: bool
    max_iter: int
    tol: float
    dtype: str = "float64"

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        self._fit_chunks(Chunks([self._chunk(votes, gold, sample_weight)]))

    def _chunk(
        self, votes: CastVotes, gold: np.ndarray, weight: np.ndarray
    ) -> VoteChunk:
        """Lay out encoded votes for the kernels."""
        if not self.use_gold:
            gold = np.full_like(gold, -1)
        n_classes = len(self.classes_)
        votes = self._usable(votes)
        return VoteChunk(
            votes, gold, weight, self._class_of_value, n_classes, self.dtype
        )

    def _usable(self, votes: CastVotes) -> CastVotes:
        """Return the votes as the model sees them."""
        return votes


def run_sweeps(
    model: ChunkedLabelModel,
    data: GrowingSums,
    sums: Any,
    m_step: Callable[[Any], Any],
    sweep: Callable[[Any], Any],
) -> Any:
    """Alternate both steps until the sums move by less than `model.tol`.

    Sets `n_iter_` and `converged_` of the model, and warns if it did not converge.

    Parameters
    ----------
    model : ChunkedLabelModel
        With `max_iter` and `tol`.
    data : GrowingSums
        The votes; `progress` hears of each sweep. There is one only if they are
        visited again: the next pass is the next sweep.
    sums : namedtuple
        Sums to start from, with a method `change(before)`.
    m_step : callable
        Sums to parameters.
    sweep : callable
        Parameters to sums.

    Returns
    -------
    sums : namedtuple
        The sums that gave the parameters of the last sweep.
    """
    if data.revisit:
        sums = sweep(m_step(sums))
        model.n_iter_, model.converged_ = 1, data.settled(model.tol)
        return sums
    model.converged_ = False
    for n_iter in range(1, model.max_iter + 1):
        updated = sweep(m_step(sums))
        change = updated.change(sums)
        data.progress(n_iter, change)
        model.n_iter_ = n_iter
        if change < model.tol:
            model.converged_ = True
            break
        if n_iter < model.max_iter:
            sums = updated
    else:
        warn(
            f"{type(model).__name__} stopped after max_iter={model.max_iter} with a "
            f"change of {change:.1e} > tol={model.tol:.1e}. Increase max_iter or tol.",
            ConvergenceWarning,
        )
    return sums


class PriorMixin:
    """The class prior of the EM family: given, learned, or that of the gold labels."""

    class_prior: ArrayLike | None
    classes_: np.ndarray
    _fixed_prior: np.ndarray | None
    # Pseudo-samples of each class in a learned prior.
    class_alpha: float = 1.0
    # False: a prior that is not given is that of the gold labels, else uniform.
    learn_prior: bool = True

    def _prior_without_learning(self, gold_total: np.ndarray) -> np.ndarray | None:
        """Return the prior that EM keeps; None if it learns it."""
        n_classes = len(self.classes_)
        if self.class_prior is not None:
            return check_class_prior(self.class_prior, n_classes)
        if self.learn_prior:
            return None
        return (gold_total + 1) / (gold_total.sum() + n_classes)

    def _prior_of(self, total: np.ndarray) -> np.ndarray:
        """Return the fixed prior, or that of weighted sums of posteriors."""
        if self._fixed_prior is not None:
            return self._fixed_prior
        smoothed = np.maximum(total + self.class_alpha, FLOOR)
        return smoothed / smoothed.sum()

    def _prior_penalty(self, prior: np.ndarray) -> float:
        """Return the log density of a learned class prior, up to a constant."""
        if self._fixed_prior is not None:
            return 0.0
        return float(self.class_alpha * np.log(prior).sum())


class BaseEMLabelModel(PriorMixin, BaseLabelModel):
    """Base of the EM models that keep something per sample: rows that take part.

    A subclass has the parameters `use_gold`, `max_iter` and `tol` beside those of the
    base, and implements `_fit_em(votes, known, gold, weight)`, which gets the rows
    with a vote or a gold label, and `_fit_trivial(n_lfs)`, for one class or no vote.
    """

    use_gold: bool
    max_iter: int
    tol: float

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        if not self.use_gold:
            gold = np.full_like(gold, -1)
        votes = self._usable(votes)
        # Rows that say nothing take no part.
        active = (votes.counts > 0) | (gold >= 0)
        weight = sample_weight
        is_gold = gold >= 0
        gold_total = np.bincount(
            gold[is_gold], weight[is_gold], minlength=len(self.classes_)
        )
        self._fixed_prior = self._prior_without_learning(gold_total)
        if not active.all():
            votes, gold, weight = votes.take_rows(active), gold[active], weight[active]
        if len(self.classes_) == 1 or not active.any():
            self.class_prior_ = self._prior_of(np.ones(len(self.classes_)))
            self.n_iter_, self.converged_, self.lower_bound_ = 1, True, 0.0
            self._fit_trivial(votes.n_lfs)
        else:
            known = np.flatnonzero(gold >= 0)
            self._fit_em(votes, known, gold[known], weight)

    def _usable(self, votes: CastVotes) -> CastVotes:
        """Return the votes that the model has a word for."""
        return votes

    def _fit_em(
        self, votes: CastVotes, known: np.ndarray, gold: np.ndarray, weight: np.ndarray
    ) -> None:
        raise NotImplementedError

    def _fit_trivial(self, n_lfs: int) -> None:
        raise NotImplementedError

    def _finish(self, result: EMResult) -> None:
        """Keep how EM ended, and warn if it did not converge."""
        self.n_iter_, self.converged_ = result.n_iter, result.converged
        if not result.converged:
            warn(
                f"{type(self).__name__} stopped after max_iter={self.max_iter} with a "
                f"change of {result.change:.1e} > tol={self.tol:.1e}. Increase "
                "max_iter or tol.",
                ConvergenceWarning,
            )


class CoinMixin:
    """What models share in which a vote is right or wrong, whatever the class.

    Votes that name no class are neither, and are ignored.
    """

    _needs_class_votes = True
    classes_: np.ndarray
    _class_of_value: np.ndarray

    def _usable(self, votes: CastVotes) -> CastVotes:
        named = self._class_of_value[votes.value] >= 0
        return votes if named.all() else votes.take_votes(named)

    def _own_votes(
        self, votes: CastVotes, *, by_class: bool = False
    ) -> sparse.csr_matrix:
        """Lay out votes with a column per LF, or per LF and class."""
        n_classes = len(self.classes_)
        named = self._class_of_value[votes.value]
        column, width = votes.lf, votes.n_lfs
        if by_class:
            column = column.astype(np.int64) * n_classes + named
            width *= n_classes
        return own_class_matrix(votes, named, n_classes, column, width)

    def __sklearn_tags__(self) -> Tags:
        tags: Any = super().__sklearn_tags__()  # type: ignore[misc]
        # It cannot learn that a vote for class 1 means class 2.
        tags.classifier_tags.poor_score = True
        return tags


def unit_weight(weight: np.ndarray) -> np.ndarray | None:
    """Return None where every weight is 1, which saves products."""
    return None if np.all(weight == 1) else weight
