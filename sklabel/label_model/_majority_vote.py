"""Majority vote with smoothed probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import ArrayLike

from sklabel.label_model._base import BaseLabelModel
from sklabel.sums._gold import clamp
from sklabel.sums._kernels import (
    count_classes,
    smoothed_shares,
    vote_shares,
)
from sklabel.utils._validation import Interval, StrOptions
from sklabel.votes._cast import CastVotes

# Share of the class prior in the smoothing: too small to overrule a vote, large
# enough to break ties towards the more frequent class.
_TILT = 1e-3


class MajorityVote(BaseLabelModel):
    """Majority vote: every labeling function counts the same.

    The baseline that each label model must beat. It learns nothing about LFs; prefer
    it when LFs are equally good or votes are too few to tell them apart. Do not use
    it when some LFs are much better than others, or when many correlated LFs vote
    for one class.

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
        without votes and for ties. 'auto': the mean vote share.
    smoothing : float, default=2.0
        Pseudo-votes spread evenly over the classes, in votes. 0 gives raw shares.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    LabelModel : Learns how good each LF is.

    Notes
    -----
    With :math:`V_c` votes for class c, n votes in all, s = `smoothing` and K classes,
    :math:`P_c = (V_c + s / K) / (n + s)`. Ties go to the class with the larger prior,
    then to the first. A row without votes for a class gets `class_prior_`; votes that
    name no class are ignored. An LF that never votes changes nothing.

    Examples
    --------
    >>> from sklabel import MajorityVote
    >>> votes = [[0, 0, 1], [1, 1, -1], [-1, -1, 0]]
    >>> MajorityVote().fit(votes).predict_proba(votes).round(2)
    array([[0.6 , 0.4 ],
           [0.25, 0.75],
           [0.67, 0.33]])
    """

    _parameter_constraints = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
        "smoothing": [Interval(Real, 0, None, closed="left")],
    }
    _needs_class_votes = True

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
        smoothing: float = 2.0,
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior
        self.smoothing = smoothing

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        n_classes = len(self.classes_)
        given = self._given_prior()
        if given is not None:
            self.class_prior_ = given
            return
        counts = count_classes(votes, self._class_of_value, n_classes)
        shares = clamp(vote_shares(counts, sample_weight), gold)
        self.class_prior_ = np.average(shares, axis=0, weights=sample_weight)

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        n_classes = len(self.classes_)
        counts = count_classes(votes, self._class_of_value, n_classes)
        even = np.full(n_classes, 1 / n_classes)
        # A vanishing mass breaks ties by the prior also when smoothing is off.
        mass = max(self.smoothing, 1e-6)
        tilted = (1 - _TILT) * even + _TILT * self.class_prior_
        proba = smoothed_shares(counts, tilted, mass)
        proba[counts.sum(axis=1) == 0] = self.class_prior_
        return proba
