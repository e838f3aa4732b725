"""A histogram of class probabilities, split by gold labels into right and wrong."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklabel.inspection._plotting import (
    BLUE,
    GREY,
    RED,
    axes_to_plot_on,
    check_matplotlib,
    plain_text,
)
from sklabel.utils._rows import check_same_rows
from sklabel.votes._gold import read_gold
from sklabel.votes._proba import read_proba


class PosteriorDisplay:
    """Histogram of class probabilities: how many samples are sure, how many open.

    With two classes it shows the probability of the second: samples on the left surely
    belong to the first class, those on the right to the second. With more classes it
    shows the probability of the most probable class. With gold labels, the bars show
    how many samples are right; wrong samples far from the middle are confident errors.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        Class probabilities; the columns of a frame are classes by their names.
    y : array-like of shape (n_samples,), default=None
        Gold labels; -1 (unless a class), NaN, None or pd.NA mean unlabelled.
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of an array. If None, the column
        names of a frame, else 0, 1, 2, ...

    Attributes
    ----------
    gold : ndarray of shape (n_samples,)
        Index of the gold label in `classes`, -1 where there is none.
    counts_ : dict of str to ndarray of shape (n_bins,)
        Number of samples per bar, for 'right', 'wrong' and 'no gold label', after
        `plot`.
    bins_ : ndarray of shape (n_bins + 1,)
        Edges of the bars.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Its figure.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : Whether the probabilities are right; its
        `from_estimator` takes a fitted label model, votes and gold labels.

    Examples
    --------
    >>> from sklabel.inspection import PosteriorDisplay
    >>> display = PosteriorDisplay([[0.9, 0.1], [0.3, 0.7]], y=[0, 0])
    >>> display.is_right().tolist()
    [True, False]
    """

    def __init__(
        self,
        proba: ArrayLike,
        y: ArrayLike | None = None,
        *,
        classes: ArrayLike | None = None,
    ) -> None:
        check_same_rows(proba=proba, y=y)
        self.proba, self.classes = read_proba(proba, classes)
        self.gold = read_gold(y, len(self.proba), self.classes).index(self.classes)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: ArrayLike | None = None,
        *,
        ax: Any = None,
        bins: int = 20,
        **kwargs: Any,
    ) -> PosteriorDisplay:
        """Plot the probabilities that a classifier gives to samples.

        Parameters
        ----------
        estimator : classifier
            Fitted label model, pipeline or classifier with `predict_proba`.
        X : {array-like, DataFrame, sparse matrix}
            What its `predict_proba` takes.
        y : array-like of shape (n_samples,), default=None
            Gold labels.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        bins : int, default=20
            Number of bars.
        **kwargs : dict
            Passed to ``Axes.bar``.

        Returns
        -------
        display : PosteriorDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If `estimator` is not fitted.
        """
        check_matplotlib("PosteriorDisplay.from_estimator")
        check_is_fitted(estimator)
        check_same_rows(X=X, y=y)
        display = cls(estimator.predict_proba(X), y, classes=estimator.classes_)
        return display.plot(ax=ax, bins=bins, **kwargs)

    @classmethod
    def from_predictions(
        cls,
        y_true: ArrayLike | None,
        y_proba: ArrayLike,
        *,
        classes: ArrayLike | None = None,
        ax: Any = None,
        bins: int = 20,
        **kwargs: Any,
    ) -> PosteriorDisplay:
        """Plot probabilities that were computed before.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or None
            Gold labels.
        y_proba : array-like or DataFrame of shape (n_samples, n_classes)
            Class probabilities; the columns of a frame are classes by their names.
        classes : array-like of shape (n_classes,), default=None
            The classes, in the order of the columns of an array. If None, the column
            names of a frame, else 0, 1, 2, ...
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        bins : int, default=20
            Number of bars.
        **kwargs : dict
            Passed to ``Axes.bar``.

        Returns
        -------
        display : PosteriorDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        check_matplotlib("PosteriorDisplay.from_predictions")
        display = cls(y_proba, y_true, classes=classes)
        return display.plot(ax=ax, bins=bins, **kwargs)

    def is_right(self) -> np.ndarray:
        """Tell for each gold sample whether its most probable class is the gold one.

        Returns
        -------
        right : ndarray of shape (n_gold,), bool
            In the order of the samples that have a gold label.
        """
        known = self.gold >= 0
        return self.proba[known].argmax(axis=1) == self.gold[known]

    def plot(
        self, *, ax: Any = None, bins: int = 20, **kwargs: Any
    ) -> PosteriorDisplay:
        """Draw the histogram.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        bins : int, default=20
            Number of bars.
        **kwargs : dict
            Passed to ``Axes.bar``.

        Returns
        -------
        display : PosteriorDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.ax_, self.figure_ = axes_to_plot_on(ax, needed_by="PosteriorDisplay.plot")
        n_classes = self.proba.shape[1]
        if n_classes == 2:
            shown, least = self.proba[:, 1], 0.0
            label = f"probability of class {plain_text(self.classes[1])}"
        else:
            shown, least = self.proba.max(axis=1), 1 / n_classes
            label = "probability of the most probable class"
        if n_classes == 1:
            least = 0.0
        self.bins_ = np.linspace(least, 1, bins + 1)
        known = self.gold >= 0
        right = np.zeros(len(shown), dtype=bool)
        right[known] = self.is_right()
        parts = {
            "right": known & right,
            "wrong": known & ~right,
            "no gold label": ~known,
        }
        self.counts_ = {
            name: np.histogram(np.clip(shown[mask], least, 1), self.bins_)[0]
            for name, mask in parts.items()
        }
        looks = {
            "right": {"color": BLUE},
            # Hatching, so that it can be told apart without colour.
            "wrong": {"color": RED, "hatch": "////", "edgecolor": "#7a3500"},
            "no gold label": {"color": GREY if known.any() else BLUE},
        }
        base = np.zeros(bins)
        for name, counts in self.counts_.items():
            if not counts.any():
                continue
            style: dict[str, Any] = {
                "width": np.diff(self.bins_) * 0.92,
                "align": "center",
                "linewidth": 0,
                "label": f"{name} ({int(counts.sum()):,})" if known.any() else None,
                **looks[name],
            }
            self.ax_.bar(
                (self.bins_[:-1] + self.bins_[1:]) / 2,
                counts,
                bottom=base,
                **{**style, **kwargs},
            )
            base = base + counts
        self.ax_.set(xlabel=label, ylabel="samples", xlim=(least, 1))
        self.ax_.yaxis.get_major_locator().set_params(integer=True)
        if known.any():
            self.ax_.legend(
                fontsize="small", frameon=False, loc="upper center", ncols=3,
                bbox_to_anchor=(0.5, -0.16),
            )  # fmt: skip
        return self
