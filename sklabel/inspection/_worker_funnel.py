"""A funnel plot of crowd workers: who is worse or better than chance explains."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import binom

from sklabel.inspection._funnel_limits import INNER, OUTER, find_sides
from sklabel.inspection._plotting import (
    BLUE,
    GREEN,
    GREY,
    RED,
    SOFT,
    axes_to_plot_on,
    check_matplotlib,
    label_points,
    plain_text,
)
from sklabel.inspection._workers import worker_report
from sklabel.utils._validation import check_columns

# More points than this become one image inside an SVG.
_MANY = 1000


class WorkerFunnelDisplay:
    """Accuracy of workers against their number of judgements, with binomial limits.

    A worker with an accuracy of 0.4 in five judgements may just have had bad luck; in a
    hundred judgements it is not bad luck. The funnel shows how far chance alone can
    move the accuracy of a worker who is like all others. Do not pay or ban workers
    because of a point inside it.

    Parameters
    ----------
    n_judgements : array-like of shape (n_workers,)
        Judgements behind each accuracy.
    accuracy : array-like of shape (n_workers,)
        In [0, 1]; workers with NaN are left out and counted in `n_left_out`.
    worker_ids : array-like of shape (n_workers,), default=None
        Names of the outliers. If None, positions.
    chance : float, default=None
        Accuracy of a guess, drawn as a dotted line; 1 / number of classes.
    on_gold : bool, default=False
        Whether accuracies were counted on gold labels rather than estimated by a
        label model; for the axis.

    Attributes
    ----------
    center : float
        Mean accuracy over judgements, the middle of the funnel.
    n_left_out : int
        Workers without an accuracy.
    ax_ : matplotlib Axes
        Axes of the plot, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    labels_ : list of matplotlib Annotation
        Names of the outliers that are shown.

    See Also
    --------
    sklabel.inspection.worker_report : The table behind it.

    Notes
    -----
    The lines are quantiles of a binomial share around `center`, interpolated between
    whole counts [1]_. The whole counts themselves decide who is outside: by the
    interpolated lines, even a worker whose only judgement is right would be above. A
    label model moves the accuracies that it estimates towards its prior, most for
    workers with few judgements, so such points leave the funnel less often than
    counted ones.

    Who lies below the outer limits is flagged as "below the crowd" by
    :func:`~sklabel.inspection.worker_report`, and nobody else is. The limits hold for
    each worker on its own: 1 in 1,000 workers who are like all others is expected
    below, at most. Of 12,378 generated ones, 1 in 10,000 was below by the model and 5
    in 10,000 on gold labels (``benchmarks/worker_flags.py``). Bad workers pull the mean
    down, and the funnel with it: where they are many, some of them stay inside.

    References
    ----------
    .. [1] D. J. Spiegelhalter, "Funnel plots for comparing institutional
       performance", Statistics in Medicine 24, 2005, 1185-1202, appendix A.1.1.
       doi:10.1002/sim.1970

    Examples
    --------
    >>> from sklabel.inspection import WorkerFunnelDisplay
    >>> funnel = WorkerFunnelDisplay([100, 100, 5], [0.9, 0.4, 0.6])
    >>> round(funnel.center, 2)
    0.65
    >>> funnel.outliers().tolist()
    [0, 1]
    """

    def __init__(
        self,
        n_judgements: ArrayLike,
        accuracy: ArrayLike,
        *,
        worker_ids: ArrayLike | None = None,
        chance: float | None = None,
        on_gold: bool = False,
    ) -> None:
        n = np.asarray(n_judgements, dtype=np.float64)
        share = np.asarray(accuracy, dtype=np.float64)
        ids: Any = range(len(n)) if worker_ids is None else worker_ids
        ids = pd.Index(ids)
        if not (n.ndim == 1 and n.shape == share.shape == (len(ids),)):
            raise ValueError(
                "n_judgements, accuracy and worker_ids hold one value per worker; got "
                f"shapes {n.shape}, {share.shape} and ({len(ids)},)."
            )
        known = ~np.isnan(share) & (n > 0)
        if not known.any():
            raise ValueError(
                f"None of the {len(n)} workers has an accuracy; there is nothing to "
                "draw. With gold labels: no worker judged a sample that has one."
            )
        self.n_judgements, self.accuracy = n[known], share[known]
        self.worker_ids = ids[known]
        self.n_left_out = int((~known).sum())
        self.center = find_sides(self.n_judgements, self.accuracy).center
        self.chance = chance
        self.on_gold = on_gold

    @classmethod
    def from_report(
        cls,
        report: pd.DataFrame,
        *,
        on_gold: bool = False,
        chance: float | None = None,
        ax: Any = None,
        n_annotated: int = 5,
        **kwargs: Any,
    ) -> WorkerFunnelDisplay:
        """Plot the table of :func:`~sklabel.inspection.worker_report`.

        Parameters
        ----------
        report : DataFrame
            Indexed by worker, with the columns `n_judgements` and `accuracy`, or
            `n_gold` and `gold_accuracy`.
        on_gold : bool, default=False
            Whether to draw the accuracies on gold labels.
        chance : float, default=None
            Accuracy of a guess.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        n_annotated : int, default=5
            How many outliers to name.
        **kwargs : dict
            Passed to ``Axes.scatter`` for all points.

        Returns
        -------
        display : WorkerFunnelDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `report` is not a DataFrame of pandas, whose index holds the ids.
        ValueError
            If a column is missing.
        """
        check_matplotlib("WorkerFunnelDisplay.from_report")
        count, share = (
            ("n_gold", "gold_accuracy") if on_gold else ("n_judgements", "accuracy")
        )
        if not isinstance(report, pd.DataFrame):
            raise TypeError(
                "WorkerFunnelDisplay.from_report reads worker ids from the index of "
                "the pandas DataFrame that worker_report returns; got "
                f"{type(report).__module__.partition('.')[0]}'s "
                f"{type(report).__name__}. Pass what worker_report returned."
            )
        check_columns(report, [count, share], where="WorkerFunnelDisplay.from_report")
        display = cls(
            report[count],
            report[share],
            worker_ids=report.index,
            chance=chance,
            on_gold=on_gold,
        )
        return display.plot(ax=ax, n_annotated=n_annotated, **kwargs)

    @classmethod
    def from_crowd_labels(
        cls,
        crowd_labels: Any,
        y: Any = None,
        *,
        label_model: Any = None,
        ax: Any = None,
        n_annotated: int = 5,
        **kwargs: Any,
    ) -> WorkerFunnelDisplay:
        """Estimate the accuracy of every worker, or count it on gold, and plot.

        Parameters
        ----------
        crowd_labels : CrowdLabels
            The judgements.
        y : array-like of shape (n_samples,) or Series, default=None
            Gold labels, as in :func:`~sklabel.inspection.worker_report`. If given,
            accuracies on gold are drawn.
        label_model : label model, default=None
            Fitted on the votes of the workers. If None, a LabelModel is fitted.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        n_annotated : int, default=5
            How many outliers to name.
        **kwargs : dict
            Passed to ``Axes.scatter`` for all points.

        Returns
        -------
        display : WorkerFunnelDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            As worker_report.
        """
        check_matplotlib("WorkerFunnelDisplay.from_crowd_labels")
        return cls.from_report(
            worker_report(crowd_labels, y, label_model=label_model),
            on_gold=y is not None,
            chance=1 / len(crowd_labels.classes),
            ax=ax,
            n_annotated=n_annotated,
            **kwargs,
        )

    def limits(
        self, n_judgements: ArrayLike, *, confidence: float = OUTER
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the limits of the accuracy of a worker who is like all others.

        Parameters
        ----------
        n_judgements : array-like of shape (n,)
            Numbers of judgements.
        confidence : float, default=0.998
            Probability to stay between the limits.

        Returns
        -------
        low, high : ndarray of shape (n,)
            Accuracies.
        """
        n = np.asarray(n_judgements, dtype=np.float64)
        tail = (1 - confidence) / 2
        return self._quantile(n, tail), self._quantile(n, 1 - tail)

    def outliers(self) -> np.ndarray:
        """Return the workers outside the outer limits, the furthest first.

        Returns
        -------
        positions : ndarray of int
            Positions in `worker_ids`; distance is counted in standard errors.
        """
        below, above = self._sides()
        outside = below | above
        error = np.sqrt(self.center * (1 - self.center) / self.n_judgements)
        distance = np.abs(self.accuracy - self.center) / np.maximum(error, 1e-12)
        order = np.argsort(-distance, kind="stable")
        return order[outside[order]]

    def plot(
        self, *, ax: Any = None, n_annotated: int = 5, **kwargs: Any
    ) -> WorkerFunnelDisplay:
        """Draw the funnel.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        n_annotated : int, default=5
            How many outliers to name, those below the funnel first.
        **kwargs : dict
            Passed to ``Axes.scatter`` for all points.

        Returns
        -------
        display : WorkerFunnelDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax, self.figure_ = axes_to_plot_on(ax, needed_by="WorkerFunnelDisplay.plot")
        self.ax_ = ax
        n, share = self.n_judgements, self.accuracy
        self._draw_limits(ax)
        below, above = self._sides()
        many = len(n) > _MANY
        for mask, marker, colour, name in (
            (~below & ~above, "o", BLUE, "like the others"),
            (below, "v", RED, "worse than chance explains"),
            (above, "^", GREEN, "better than chance explains"),
        ):
            if mask.any():
                style: dict[str, Any] = {
                    "s": 12 if many else 26,
                    "alpha": 0.8,
                    "marker": marker,
                    "color": colour,
                    "linewidths": 0,
                    "label": f"{name} ({int(mask.sum()):,})",
                    "rasterized": many,
                    "zorder": 3,
                }
                ax.scatter(n[mask], share[mask], **{**style, **kwargs})
        ax.set(
            xlabel="judgements on gold samples per worker (log scale)"
            if self.on_gold
            else "judgements per worker (log scale)",
            ylabel="accuracy on gold labels (share)"
            if self.on_gold
            else "estimated accuracy (share)",
        )
        ax.legend(
            fontsize="small", frameon=False, loc="upper center", ncols=2,
            bbox_to_anchor=(0.5, -0.16),
        )  # fmt: skip
        worst_first = self.outliers()
        worst_first = np.concatenate(
            [worst_first[below[worst_first]], worst_first[above[worst_first]]]
        )[:n_annotated]
        self.labels_ = label_points(
            ax,
            n[worst_first],
            share[worst_first],
            [plain_text(self.worker_ids[i], 20) for i in worst_first],
            crowd=(n, share),
        )
        return self

    def _draw_limits(self, ax: Any) -> None:
        """Draw the limits of the funnel, and set the range of the axes."""
        from matplotlib.ticker import (
            LogLocator,
            MaxNLocator,
            NullFormatter,
            StrMethodFormatter,
        )

        most = float(self.n_judgements.max())
        least = float(self.n_judgements.min())
        counts = np.unique(np.rint(np.geomspace(max(least, 1), most * 1.25, 300)))
        left, right = max(least / 1.25, 0.8), most * 1.25
        grid = np.concatenate([[left], counts, [right]])
        for confidence, alpha, line in ((OUTER, 0.10, "--"), (INNER, 0.16, "-")):
            low, high = self.limits(grid, confidence=confidence)
            ax.fill_between(grid, low, high, color=GREY, alpha=alpha, linewidth=0)
            for edge in (low, high):
                ax.plot(grid, edge, color=GREY, linewidth=0.8, linestyle=line)
            # The names of the limits are at the end, where the funnel is narrow.
            ax.annotate(
                f"{confidence:.1%}".replace(".0%", "%"),
                (grid[-1], low[-1]),
                xytext=(3, -2 if confidence == OUTER else 2),
                textcoords="offset points",
                fontsize=8,
                color=SOFT,
                va="top" if confidence == OUTER else "bottom",
                annotation_clip=False,
            )
        ax.axhline(self.center, color=GREY, linewidth=1)
        ax.annotate(
            f"mean {self.center:.2f}", (grid[0], self.center), xytext=(3, 2),
            textcoords="offset points", fontsize=8, color=SOFT,
        )  # fmt: skip
        if self.chance is not None:
            ax.axhline(self.chance, color=GREY, linewidth=1, linestyle=":")
            ax.annotate(
                f"guess {self.chance:.2f}", (grid[0], self.chance), xytext=(3, 2),
                textcoords="offset points", fontsize=8, color=SOFT,
            )  # fmt: skip
        ax.set_xscale("log")
        # A decade has three ticks, so a short axis would have one or none.
        few = right / left < 8
        ax.xaxis.set_major_locator(
            MaxNLocator(5, integer=True) if few else LogLocator(subs=(1.0, 2.0, 5.0))
        )
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_xlim(left, right)
        floor = min(float(self.accuracy.min()), self.chance or 1.0) - 0.06
        ax.set_ylim(max(-0.03, floor), 1.03)

    def _sides(self) -> tuple[np.ndarray, np.ndarray]:
        """Mark who is below and who is above the outer limits, on whole counts."""
        sides = find_sides(self.n_judgements, self.accuracy)
        return sides.below, sides.above

    def _quantile(self, n: np.ndarray, tail: float) -> np.ndarray:
        """Return an interpolated quantile of a binomial share (appendix of [1])."""
        p = self.center
        if not 0 < p < 1:
            return np.full(len(n), p)
        count = np.maximum(np.rint(n), 1)
        right = binom.ppf(tail, count, p)
        reached = binom.cdf(right, count, p)
        excess = (reached - tail) / (reached - binom.cdf(right - 1, count, p))
        return np.clip((right - excess) / count, 0.0, 1.0)
