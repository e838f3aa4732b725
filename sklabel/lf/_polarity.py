"""Labeling functions from the sentiment polarity of a text."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.text._columns import read_texts
from sklabel.text._polarity import polarity_scores
from sklabel.utils._validation import Interval
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._labels import check_classes, in_natural_order
from sklabel.votes._named import ABSTAIN, NamedVotes

_THRESHOLD = [Interval(Real, -1, 1, closed="both"), None]


class PolarityLFTransformer(BaseLFTransformer):
    """Three labeling functions from TextBlob's polarity of a text.

    A lexicon looks up the words of a text and returns a polarity in [-1, 1]. It needs
    no training and covers every text, but misses irony and words it does not know.
    Use it beside other labeling functions, and for English text only. Needs the extra
    ``text``.

    Parameters
    ----------
    column : str or int, default=None
        Column of X that holds the text. If None, X must have one column; the cells of
        a row of an array without column names are joined by a space.
    positive_threshold : float or None, default=0.3
        `polarity_positive` votes positive above it. None leaves this one out.
    negative_threshold : float or None, default=-0.25
        `polarity_negative` votes negative below it. None leaves this one out.
    weak_negative_threshold : float or None, default=0.3
        `polarity_negative_2` votes negative at or below it: a weak rule with high
        coverage. None leaves this one out.
    positive_class : int or str, default=1
        The class that a vote for positive is for, as the other labeling functions call
        it: 'Positive', for instance.
    negative_class : int or str, default=0
        The class that a vote for negative is for; -1, for instance.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        Both classes, sorted.
    n_features_in_ : int
        Number of columns of X; 1 if `column` names one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X that are read; only if X had string column names.

    See Also
    --------
    sklabel.text.polarity_scores : The polarity itself.
    LFTransformer : Labeling functions of one's own.
    RegexLFTransformer : Words of one's own that speak for a class.

    Notes
    -----
    A missing text (None, NaN, pd.NA) gets abstentions; an empty one has polarity 0.
    Scores are kept in a bounded cache of the process, so a grid search over the
    thresholds scores each text once.

    References
    ----------
    .. [1] S. Loria, "TextBlob: Simplified Text Processing",
       https://textblob.readthedocs.io

    Examples
    --------
    >>> from sklabel import PolarityLFTransformer
    >>> texts = ["What a wonderful day!", "It rains.", "Terrible, cold and ugly."]
    >>> PolarityLFTransformer().fit_transform(texts)
    array([[ 1, -1, -1],
           [-1, -1,  0],
           [-1,  0,  0]], dtype=int8)
    """

    _parameter_constraints = {
        "column": [str, Integral, None],
        "positive_threshold": _THRESHOLD,
        "negative_threshold": _THRESHOLD,
        "weak_negative_threshold": _THRESHOLD,
        "positive_class": [Integral, str],
        "negative_class": [Integral, str],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        column: str | int | None = None,
        *,
        positive_threshold: float | None = 0.3,
        negative_threshold: float | None = -0.25,
        weak_negative_threshold: float | None = 0.3,
        positive_class: int | str = 1,
        negative_class: int | str = 0,
        sparse_output: bool = False,
    ) -> None:
        self.column = column
        self.positive_threshold = positive_threshold
        self.negative_threshold = negative_threshold
        self.weak_negative_threshold = weak_negative_threshold
        self.positive_class = positive_class
        self.negative_class = negative_class
        self.sparse_output = sparse_output

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> PolarityLFTransformer:
        """Check the parameters and the text column; there is nothing to learn.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features) or (n_samples,)
            Texts.
        y : None
            Ignored.

        Returns
        -------
        self : PolarityLFTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If the column is missing or unclear, both classes are the same, or all
            thresholds are None.
        TypeError
            If a cell is not text.
        """
        self._validate_params()
        if self.positive_class == self.negative_class:
            raise ValueError(
                "positive_class and negative_class must differ; both are "
                f"{self.positive_class}."
            )
        if not self._rules():
            raise ValueError(
                "PolarityLFTransformer has no labeling function: all thresholds are "
                "None. Give at least one."
            )
        if isinstance(self.positive_class, str) != isinstance(self.negative_class, str):
            raise ValueError(
                "positive_class and negative_class must be two strings or two "
                f"integers; got {self.positive_class!r} and {self.negative_class!r}."
            )
        read_texts(self, X, self.column, reset=True)
        classes = check_classes([self.negative_class, self.positive_class])
        self.classes_ = in_natural_order(classes)
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes of the three labeling functions.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features) or (n_samples,)
            Texts.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            -1, or not stored, for abstain; NamedVotes for classes that are strings or
            negative.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the column of `fit` is missing.
        TypeError
            If a cell is not text.
        ImportError
            If textblob is not installed.
        """
        check_is_fitted(self)
        polarity = polarity_scores(read_texts(self, X, self.column, reset=False))
        rules = self._rules()
        sides = [self.negative_class, self.positive_class]
        order = self.classes_.tolist()
        at = [order.index(label) for label in check_classes(sides).tolist()]
        positions = dict(zip(sides, at, strict=True))
        codes = np.full((len(polarity), len(rules)), ABSTAIN, dtype=np.int8)
        # Comparisons with NaN, the polarity of a missing text, are False.
        for j, (compare, threshold, vote) in enumerate(rules.values()):
            codes[compare(polarity, threshold), j] = positions[vote]
        return self._dense_as_votes(codes, self.classes_, X)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the labeling functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the columns of `fit` if given; the names do not depend on it.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            `polarity_positive`, `polarity_negative`, `polarity_negative_2`, without
            those whose threshold is None.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        self._check_input_features(input_features)
        return np.asarray(list(self._rules()), dtype=object)

    def _rules(self) -> dict[str, tuple[np.ufunc, float, int | str]]:
        """Return comparison, threshold and vote of each labeling function."""
        rules = {
            "polarity_positive": (
                np.greater,
                self.positive_threshold,
                self.positive_class,
            ),
            "polarity_negative": (
                np.less,
                self.negative_threshold,
                self.negative_class,
            ),
            "polarity_negative_2": (
                np.less_equal,
                self.weak_negative_threshold,
                self.negative_class,
            ),
        }
        return {
            name: (compare, threshold, vote)
            for name, (compare, threshold, vote) in rules.items()
            if threshold is not None
        }
