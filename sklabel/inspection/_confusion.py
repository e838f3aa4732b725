"""Confusion tables of labeling functions as small multiples."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklabel.inspection._plotting import (
    DARK,
    cell_colour,
    check_matplotlib,
    grid_of_axes,
    plain_text,
)
from sklabel.utils._validation import first_few, plain

# Tables of up to so many classes show numbers of two decimals, and larger ones in
# larger panels percent; still larger ones show colours only.
_MOST_NUMBERS, _MOST_PERCENT = 5, 12
# So many classes at most are named along an axis.
_MOST_NAMES = 25
# An LF of which each class gives one and the same vote this often has a constant table.
_CONSTANT = 0.99


class LFConfusionDisplay:
    """What labeling functions vote in each class, one panel per LF.

    Each row of a panel is a class and sums to 1 over the vote values. A good LF has
    its mass in the outlined cells, where vote and class are the same. If all rows are
    alike, the votes tell nothing about the class, whatever the accuracy. The panel of
    an LF that votes for one class only, such as a keyword rule, is constant: what such
    an LF knows is when to vote; look at its accuracy instead.

    Up to 5 classes the cells hold numbers, up to 12 percent, and beyond that colours
    alone. Classes whose names are too long for the columns are numbered, and the rows
    name the numbers.

    Parameters
    ----------
    confusion : array-like of shape (n_lfs, n_classes, n_values)
        P(vote value | class, the LF votes).
    classes : array-like of shape (n_classes,)
        The classes.
    vote_values : array-like of shape (n_values,), default=None
        The vote values. If None, the classes.
    value_classes : array-like of shape (n_values,), default=None
        Index of the class that each value votes for, -1 for none. If None, the values
        that are classes.
    lf_names : sequence of length n_lfs, default=None
        Titles of the panels. If None, positions.
    lf_accuracy : array-like of shape (n_lfs,), default=None
        Written below each name.

    Attributes
    ----------
    axes_ : ndarray of shape (n_lfs,) of matplotlib Axes
        The panels, after `plot`.
    ax_ : matplotlib Axes
        The first of them.
    figure_ : matplotlib Figure
        Their figure.
    text_ : list of ndarray of matplotlib Text
        The numbers of each panel, a column per vote value, or None where there are too
        many classes.

    See Also
    --------
    sklearn.metrics.ConfusionMatrixDisplay : Predictions against gold labels.

    Examples
    --------
    >>> from sklabel.inspection import LFConfusionDisplay
    >>> table = [[0.9, 0.1], [0.4, 0.6]]
    >>> display = LFConfusionDisplay([table], classes=["no", "yes"], lf_names=["ann"])
    >>> display.confusion.shape
    (1, 2, 2)
    """

    def __init__(
        self,
        confusion: ArrayLike,
        *,
        classes: ArrayLike,
        vote_values: ArrayLike | None = None,
        value_classes: ArrayLike | None = None,
        lf_names: Sequence[Any] | None = None,
        lf_accuracy: ArrayLike | None = None,
    ) -> None:
        self.confusion = np.asarray(confusion, dtype=np.float64)
        self.classes = np.asarray(classes)
        values = classes if vote_values is None else vote_values
        self.vote_values = np.asarray(values)
        n_lfs = len(self.confusion)
        expected = (n_lfs, len(self.classes), len(self.vote_values))
        if n_lfs == 0 or self.confusion.shape != expected:
            raise ValueError(
                "confusion has one table of classes by vote values per LF, here "
                f"(n_lfs, {expected[1]}, {expected[2]}); got {self.confusion.shape}."
            )
        if value_classes is None:
            self.value_classes = pd.Index(self.classes.astype(str)).get_indexer(
                pd.Index(self.vote_values.astype(str))
            )
        else:
            self.value_classes = np.asarray(value_classes)
        self.lf_names = list(range(n_lfs) if lf_names is None else lf_names)
        self.lf_accuracy = (
            np.full(n_lfs, np.nan)
            if lf_accuracy is None
            else np.asarray(lf_accuracy, dtype=np.float64)
        )
        for what, given in (
            ("lf_names", self.lf_names),
            ("lf_accuracy", self.lf_accuracy),
        ):
            if len(given) != n_lfs:
                raise ValueError(
                    f"{what} holds one value for each of the {n_lfs} LFs; got "
                    f"{len(given)}."
                )

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        lfs: Sequence[Any] | None = None,
        *,
        n_lfs: int = 6,
        ax: Any = None,
        n_columns: int = 3,
        **kwargs: Any,
    ) -> LFConfusionDisplay:
        """Plot the tables that a label model learned.

        Parameters
        ----------
        estimator : label model
            Fitted, with `confusion_`.
        lfs : sequence, default=None
            Names of LFs, or positions where the model knows no names. If None, the
            `n_lfs` of the lowest accuracy, the worst first, without those that vote for
            one class only, unless all do.
        n_lfs : int, default=6
            How many to choose.
        ax : matplotlib Axes or array of them, default=None
            Where to draw. One axes gives its place to the panels. If None, on a
            figure of its own.
        n_columns : int, default=3
            Panels side by side.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : LFConfusionDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        NotFittedError
            If `estimator` is not fitted.
        TypeError
            If `estimator` has no confusion tables.
        ValueError
            If an LF is unknown.
        """
        check_matplotlib("LFConfusionDisplay.from_estimator")
        check_is_fitted(estimator)
        if not (
            hasattr(estimator, "confusion_") and hasattr(estimator, "lf_accuracy_")
        ):
            raise TypeError(
                f"{type(estimator).__name__} does not learn confusion tables "
                "(confusion_ and lf_accuracy_). Fit a LabelModel or DawidSkene."
            )
        accuracy = np.asarray(estimator.lf_accuracy_, dtype=np.float64)
        names = list(getattr(estimator, "feature_names_in_", range(len(accuracy))))
        if lfs is None:
            # NaN sorts last: an LF without votes for a class.
            order = np.argsort(accuracy, kind="stable")
            constant = is_constant(np.asarray(estimator.confusion_))
            chosen = (order if constant.all() else order[~constant[order]])[:n_lfs]
        else:
            at = {plain(name): j for j, name in enumerate(names)}
            unknown = [name for name in lfs if plain(name) not in at]
            if unknown:
                raise ValueError(
                    f"The model has no LF {first_few(unknown)}. It has "
                    f"{first_few(names)}."
                )
            chosen = np.array([at[plain(name)] for name in lfs], dtype=np.intp)
        display = cls(
            np.asarray(estimator.confusion_)[chosen],
            classes=estimator.classes_,
            vote_values=estimator.vote_values_,
            value_classes=getattr(estimator, "_class_of_value", None),
            lf_names=[names[j] for j in chosen],
            lf_accuracy=accuracy[chosen],
        )
        return display.plot(ax=ax, n_columns=n_columns, **kwargs)

    def plot(
        self, *, ax: Any = None, n_columns: int = 3, **kwargs: Any
    ) -> LFConfusionDisplay:
        """Draw the panels.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Where to draw. One axes gives its place to the panels. If None, on a
            figure of its own.
        n_columns : int, default=3
            Panels side by side.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : LFConfusionDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If fewer axes are given than there are panels.
        """
        self.axes_ = grid_of_axes(
            ax,
            len(self.confusion),
            n_columns,
            needed_by="LFConfusionDisplay.plot",
            panel=panel_size(len(self.classes)),
        )
        self.ax_, self.figure_ = self.axes_[0], self.axes_[0].figure
        self.text_ = [
            self._draw(panel, j, kwargs, first_of_row=j % n_columns == 0)
            for j, panel in enumerate(self.axes_)
        ]
        return self

    def _draw(
        self, ax: Any, j: int, kwargs: dict[str, Any], *, first_of_row: bool
    ) -> np.ndarray | None:
        """Draw one panel and return its numbers."""
        from matplotlib.patches import Rectangle

        order = self._order_of_values()
        table = self.confusion[j][:, order]
        style = {"cmap": "Blues", "vmin": 0.0, "vmax": 1.0, "aspect": "auto"}
        image = ax.imshow(table, interpolation="nearest", **{**style, **kwargs})
        for position, c in enumerate(self.value_classes[order]):
            if c >= 0:
                ax.add_patch(
                    Rectangle(
                        (position - 0.47, c - 0.47), 0.94, 0.94,
                        fill=False, edgecolor=DARK, linewidth=1.2,
                    )
                )  # fmt: skip
        title = plain_text(self.lf_names[j], 22)
        if not np.isnan(self.lf_accuracy[j]):
            title += f"\naccuracy {self.lf_accuracy[j]:.2f}"
        ax.set_title(title, fontsize=9)
        self._name_axes(ax, order, first_of_row=first_of_row)
        if max(table.shape) > _MOST_PERCENT:
            return None
        few = max(table.shape) <= _MOST_NUMBERS
        texts = np.empty(table.shape, dtype=object)
        for c, position in np.ndindex(table.shape):
            p = table[c, position]
            if not np.isnan(p):
                texts[c, order[position]] = ax.text(
                    position, c, f"{p:.2f}" if few else f"{100 * p:.0f}",
                    ha="center", va="center", fontsize=9 if few else 8,
                    color=cell_colour(p, image.cmap, image.norm),
                )  # fmt: skip
        return texts

    def _order_of_values(self) -> np.ndarray:
        """Return vote values in the order of their classes, then the others."""
        of_class = np.asarray(self.value_classes)
        return np.lexsort((np.arange(len(of_class)), of_class, of_class < 0))

    def _name_axes(self, ax: Any, order: np.ndarray, *, first_of_row: bool) -> None:
        """Name rows and columns; long names stand at the rows, numbers at both."""
        n_classes, n_values = self.confusion.shape[1:]
        size = 8 if max(n_classes, n_values) <= _MOST_PERCENT else 7
        rows = range(0, n_classes, -(-n_classes // _MOST_NAMES))
        columns = range(0, n_values, -(-n_values // _MOST_NAMES))
        names = [plain_text(c, 22) for c in self.classes]
        heads = [self._name_of(v) for v in order]
        longest = max(len(heads[v]) for v in columns)
        numbered = longest > 3 and longest * len(columns) > 24
        if numbered:
            numbers = [str(c + 1) for c in range(n_classes)]
            heads = [
                numbers[c] if c >= 0 else plain_text(self.vote_values[v], 5)
                for v, c in zip(order, self.value_classes[order], strict=True)
            ]
            # Panels beside the first need not repeat the names.
            names = [
                f"{name}  {number}" if first_of_row else number
                for name, number in zip(names, numbers, strict=True)
            ]
        ax.set_xticks(columns, [heads[v] for v in columns], fontsize=size)
        ax.set_yticks(rows, [names[c] for c in rows], fontsize=size)
        in_percent = _MOST_NUMBERS < max(n_classes, n_values) <= _MOST_PERCENT
        ax.set_xlabel("vote, in % of a row" if in_percent else "vote", fontsize=8)
        if first_of_row:
            ax.set_ylabel("class", fontsize=8)

    def _name_of(self, value: int) -> str:
        """Return the name of a vote value: that of its class if it has one."""
        c = self.value_classes[value]
        return plain_text(self.classes[c] if c >= 0 else self.vote_values[value], 14)


def is_constant(confusion: np.ndarray) -> np.ndarray:
    """Mark tables of LFs that give one vote, whatever the class; shape (n_lfs,)."""
    if confusion.size == 0:
        return np.zeros(len(confusion), dtype=bool)
    return np.nan_to_num(confusion).min(axis=1).max(axis=1) >= _CONSTANT


def panel_size(n_classes: int) -> tuple[float, float]:
    """Return width and height of a panel in inches."""
    return (2.6, 2.5) if n_classes <= _MOST_NUMBERS else (4.2, 3.6)
