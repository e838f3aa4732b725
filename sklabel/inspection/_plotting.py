"""What all displays share: axes, colours, and labels that do not overlap."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.utils._optional import import_optional
from sklabel.utils._validation import plain

# Colours that the colour-blind can tell apart (Okabe and Ito, 2008); each stays
# legible on a white and on a dark page.
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, GREY = "#cc79a7", "#56b4e9", "#808080"
SOFT = "#666666"  # of remarks inside a plot
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY)
# Text inside a coloured cell keeps its colour on any page. It is not pure black, which
# a page may replace by the colour of its own text.
DARK, LIGHT = "#1a1a1a", "#ffffff"
_UNKNOWN = "#d9d9d9"
# Larger maps of pairs show colours without numbers.
_MOST_NUMBERS = 12


def check_matplotlib(needed_by: str) -> None:
    """Raise an ImportError that names the extra if matplotlib is not installed."""
    import_optional("matplotlib", needed_by=needed_by, extra="plot")


def axes_to_plot_on(
    ax: Any, *, needed_by: str, figsize: tuple[float, float] | None = None
) -> tuple[Any, Any]:
    """Return the axes, made anew if None, and their figure; size in inches."""
    check_matplotlib(needed_by)
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(layout="constrained", figsize=figsize)
    return ax, ax.figure


def plain_text(value: Any, max_length: int = 28) -> str:
    r"""Write a name of the user's as text for a plot.

    A dollar sign would start mathematics, and a long name would leave the page.
    """
    text = " ".join(str(plain(value)).split())
    if len(text) > max_length:
        tail = max_length // 3
        text = f"{text[: max_length - tail - 1]}…{text[-tail:]}"
    return text.replace("$", r"\$")


def cell_colour(value: float, colormap: Any, norm: Any) -> str:
    """Return the colour of text that stands out on a cell of a heat map."""
    red, green, blue, _ = colormap(norm(value))
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    return DARK if luminance > 0.5 else LIGHT


def draw_pairs(
    ax: Any, table: np.ndarray, names: Sequence[Any], style: dict[str, Any]
) -> Any:
    """Draw a heat map of pairs, with their names and, if they are few, numbers.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    table : ndarray of shape (n, n)
        Numbers; NaN cells stay grey.
    names : sequence of length n
        Names of rows and columns.
    style : dict
        What ``Axes.imshow`` gets.

    Returns
    -------
    image : AxesImage
        The cells.
    """
    image = ax.imshow(
        np.ma.masked_invalid(table), **{"interpolation": "nearest"} | style
    )
    # An unknown number must not look like zero.
    ax.set_facecolor(_UNKNOWN)
    size = 8 if len(table) <= 20 else 7
    texts = [plain_text(name, 22) for name in names]
    ax.set_xticks(range(len(table)), texts, rotation=90, fontsize=size)
    ax.set_yticks(range(len(table)), texts, fontsize=size)
    if len(table) <= _MOST_NUMBERS:
        for i, j in zip(*np.nonzero(~np.isnan(table)), strict=True):
            ax.text(
                j, i, f"{table[i, j]:.2f}", ha="center", va="center", fontsize=8,
                color=cell_colour(table[i, j], image.cmap, image.norm),
            )  # fmt: skip
    return image


def grid_of_axes(
    ax: Any,
    n_panels: int,
    n_columns: int,
    *,
    needed_by: str,
    panel: tuple[float, float],
) -> Any:
    """Return an array of `n_panels` axes: given ones, or a grid in place of one.

    Parameters
    ----------
    ax : Axes, array of Axes or None
        None makes a figure; one Axes gives its place to a grid of them.
    n_panels, n_columns : int
        How many panels, and how many side by side.
    needed_by : str
        Name of the method, for messages.
    panel : (float, float)
        Width and height of a panel in inches, where a figure is made.

    Returns
    -------
    axes : ndarray of shape (n_panels,) of Axes
        The axes to draw on; the rest of the grid is switched off.

    Raises
    ------
    ValueError
        If fewer axes are given than there are panels.
    """
    check_matplotlib(needed_by)
    n_columns = max(1, min(n_columns, n_panels))
    n_rows = -(-n_panels // n_columns)
    if ax is None:
        import matplotlib.pyplot as plt

        _, grid = plt.subplots(
            n_rows,
            n_columns,
            squeeze=False,
            layout="constrained",
            figsize=(panel[0] * n_columns + 0.4, panel[1] * n_rows + 0.2),
        )
        axes = grid.ravel()
    elif isinstance(ax, np.ndarray | list | tuple):
        axes = np.asarray(ax, dtype=object).ravel()
        if len(axes) < n_panels:
            raise ValueError(
                f"{needed_by} draws {n_panels} panels; got {len(axes)} axes. Pass one "
                "for each panel, or a single one, whose place they take."
            )
    elif n_panels == 1:
        axes = np.array([ax], dtype=object)
    else:
        place = ax.get_subplotspec()
        if place is None:
            raise ValueError(
                f"{needed_by} divides the place of ax into {n_panels} panels, and this "
                "ax is not part of a grid. Make it with figure.subplots(), or pass an "
                "array of axes."
            )
        ax.set_axis_off()
        grid = place.subgridspec(n_rows, n_columns)
        axes = np.array(
            [ax.figure.add_subplot(grid[i]) for i in range(n_rows * n_columns)],
            dtype=object,
        )
    for unused in axes[n_panels:]:
        unused.set_axis_off()
    return axes[:n_panels]


def label_points(
    ax: Any,
    x: ArrayLike,
    y: ArrayLike,
    texts: Sequence[str],
    *,
    crowd: tuple[ArrayLike, ArrayLike],
    fontsize: float = 8.0,
) -> list[Any]:
    """Write texts beside points, where they cover no other text and few points.

    Parameters
    ----------
    ax : Axes
        Axes with their final limits.
    x, y : sequence of length n
        The points, in data coordinates.
    texts : sequence of length n
        What to write.
    crowd : (x, y)
        All points of the plot.
    fontsize : float
        In points.

    Returns
    -------
    labels : list of Annotation
        One per text, in order.
    """
    if not texts:
        return []
    # Fixes the layout, which moves the points.
    ax.figure.canvas.figure.draw_without_rendering()
    scale = ax.figure.dpi / 72  # pixels per point
    points = ax.transData.transform(np.column_stack([x, y]))
    others = ax.transData.transform(np.column_stack(crowd))
    frame = ax.bbox
    taken: list[tuple[float, float, float, float]] = []
    labels = []
    for (px, py), text in zip(points, texts, strict=True):
        width, height = 0.62 * fontsize * len(text) * scale, 1.3 * fontsize * scale
        best = None
        for gap in (7, 18, 32, 48):
            for dx, dy in ((1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)):
                left = px + dx * gap * scale - (width if dx < 0 else 0)
                low = py + dy * gap * scale - height / 2
                box = (left, low, left + width, low + height)
                cost = 1000 * sum(_overlap(box, other) for other in taken)
                cost += 1000 * (
                    box[0] < frame.x0
                    or box[2] > frame.x1
                    or box[1] < frame.y0
                    or box[3] > frame.y1
                )
                inside = (
                    (others[:, 0] > box[0])
                    & (others[:, 0] < box[2])
                    & (others[:, 1] > box[1])
                    & (others[:, 1] < box[3])
                )
                cost += 3 * int(inside.sum()) + gap / 10
                if best is None or cost < best[0]:
                    best = (cost, box, dx * gap, dy * gap)
        assert best is not None
        _, box, dx, dy = best
        taken.append(box)
        far = max(abs(dx), abs(dy)) > 7
        labels.append(
            ax.annotate(
                text,
                (ax.transData.inverted().transform((px, py))),
                xytext=(dx, dy),
                textcoords="offset points",
                ha="left" if dx > 0 else "right",
                va="center",
                fontsize=fontsize,
                arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.6}
                if far
                else None,
            )
        )
    return labels


def _overlap(
    a: tuple[float, float, float, float], b: tuple[float, float, float, float]
) -> bool:
    """Tell whether two boxes (left, low, right, high) have a common part."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
