"""A heat map of how far the errors of labeling functions correlate."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.inspection._plotting import DARK, axes_to_plot_on, draw_pairs


class ErrorCorrelationDisplay:
    """Pairs of labeling functions: how far their errors correlate.

    LFs that are one source show as a dark block. A panel that is pale all over errs on
    the same hard rows. :meth:`sklabel.inspection.PanelReport.plot` makes it.

    Parameters
    ----------
    correlation : array-like of shape (n_lfs, n_lfs)
        Correlation of each pair in [-1, 1]; NaN cells stay blank.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, positions.
    groups : array-like of shape (n_lfs,), default=None
        Number of the group of each LF, -1 if it stands alone. Groups of neighbours get
        a frame.
    n_all : int, default=None
        Number of LFs that these were chosen from, for the title.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    im_ : matplotlib AxesImage
        The cells.

    See Also
    --------
    panel_report : Counts the correlations.
    OverlapDisplay : The same for overlap, agreement and conflict.

    Examples
    --------
    >>> from sklabel.inspection import ErrorCorrelationDisplay
    >>> display = ErrorCorrelationDisplay([[1, 0.9], [0.9, 1]], lf_names=["a", "b"])
    >>> float(display.correlation[0, 1])
    0.9
    """

    def __init__(
        self,
        correlation: ArrayLike,
        *,
        lf_names: Sequence[Any] | None = None,
        groups: ArrayLike | None = None,
        n_all: int | None = None,
    ) -> None:
        self.correlation = np.asarray(correlation, dtype=np.float64)
        n_lfs = len(self.correlation)
        if n_lfs == 0 or self.correlation.shape != (n_lfs, n_lfs):
            raise ValueError(
                "correlation holds one number per pair of LFs, a square of at least "
                f"one; got shape {self.correlation.shape}."
            )
        self.lf_names = list(range(n_lfs) if lf_names is None else lf_names)
        self.groups = np.full(n_lfs, -1) if groups is None else np.asarray(groups)
        for name, given in (("lf_names", self.lf_names), ("groups", self.groups)):
            if len(given) != n_lfs:
                raise ValueError(
                    f"{name} must have an entry for each of the {n_lfs} LFs; got "
                    f"{len(given)}."
                )
        self.n_all = n_lfs if n_all is None else n_all

    def plot(
        self, *, ax: Any = None, colorbar: bool = True, **kwargs: Any
    ) -> ErrorCorrelationDisplay:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        colorbar : bool, default=True
            Whether to draw the scale.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : ErrorCorrelationDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_lfs = len(self.correlation)
        side = max(4.2, 0.15 * n_lfs + 1.5)
        self.ax_, self.figure_ = axes_to_plot_on(
            ax, needed_by="ErrorCorrelationDisplay.plot", figsize=(side + 1.2, side)
        )
        from matplotlib.patches import Rectangle

        shown = self.correlation.copy()
        np.fill_diagonal(shown, np.nan)
        style = {"cmap": "RdBu_r", "vmin": -1.0, "vmax": 1.0, **kwargs}
        self.im_ = draw_pairs(self.ax_, shown, self.lf_names, style)
        starts = np.flatnonzero(np.diff(self.groups, prepend=self.groups[0] - 1))
        for start, end in zip(starts, [*starts[1:], n_lfs], strict=True):
            if self.groups[start] >= 0 and end - start > 1:
                frame = Rectangle(
                    (start - 0.5, start - 0.5), end - start, end - start,
                    fill=False, edgecolor=DARK, linewidth=1.5,
                )  # fmt: skip
                self.ax_.add_patch(frame)
        title = "Correlation of errors"
        if self.n_all > n_lfs:
            title += f": the {n_lfs} most active of {self.n_all:,} LFs"
        self.ax_.set_title(title, fontsize=10)
        if colorbar:
            bar = self.figure_.colorbar(self.im_, ax=self.ax_, shrink=0.8)
            bar.set_label("correlation of errors on common rows", fontsize=8)
            bar.ax.tick_params(labelsize=8)
        return self
