"""Cost curves: accuracy against the judgements that were paid."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklabel.inspection._plotting import (
    CYCLE,
    axes_to_plot_on,
    check_matplotlib,
    plain_text,
)
from sklabel.relabeling._cost_curve import CostCurve
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_columns

_MARKERS = "osD^vP"
_LINES = ("-", "--", "-.", ":")


class CostCurveDisplay:
    """What a policy of asking the crowd buys: accuracy against cost.

    One curve per policy with a band between low and high. The better policy is the one
    whose curve lies further to the upper left; where bands overlap, the simulation
    cannot tell them apart.

    Parameters
    ----------
    curve : DataFrame
        One row per policy and cost, with the columns named below.
    policy : str, default='policy'
        Column of the policy. A frame without it is one curve.
    x : str, default='judgements_per_sample'
        Column of the cost.
    y : str, default='accuracy'
        Column of what the cost buys.
    low, high : str, default='low', 'high'
        Columns of the band. Without them no band is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    lines_ : dict of str to matplotlib Line2D
        The curve of each policy.
    bands_ : dict of str to matplotlib PolyCollection
        Its band.

    See Also
    --------
    sklabel.relabeling.simulate_cost_curve : Simulates policies on judgements that
        exist already.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.relabeling import CostCurveDisplay
    >>> curve = pd.DataFrame(
    ...     {
    ...         "policy": ["uniform", "uniform", "adaptive", "adaptive"],
    ...         "judgements_per_sample": [1, 2, 1, 2],
    ...         "accuracy": [0.7, 0.8, 0.7, 0.9],
    ...     }
    ... )
    >>> CostCurveDisplay(curve).policies
    ['uniform', 'adaptive']
    """

    def __init__(
        self,
        curve: pd.DataFrame,
        *,
        policy: str = "policy",
        x: str = "judgements_per_sample",
        y: str = "accuracy",
        low: str = "low",
        high: str = "high",
    ) -> None:
        curve = as_pandas(curve, where="The table of CostCurveDisplay")
        check_columns(curve, [x, y], where="CostCurveDisplay")
        if len(curve) == 0:
            raise ValueError(
                "CostCurveDisplay: the frame is empty; it needs one row per policy "
                "and cost."
            )
        self.curve = curve.reset_index(drop=True)
        self.policy, self.x, self.y, self.low, self.high = policy, x, y, low, high
        names = curve[policy] if policy in curve else pd.Series([y] * len(curve))
        self.policies = list(dict.fromkeys(names.tolist()))
        self._policy_of_row = np.asarray(names, dtype=object)

    @classmethod
    def from_frame(
        cls,
        curve: pd.DataFrame | CostCurve,
        *,
        policy: str = "policy",
        x: str = "judgements_per_sample",
        y: str = "accuracy",
        low: str = "low",
        high: str = "high",
        ax: Any = None,
        **kwargs: Any,
    ) -> CostCurveDisplay:
        """Plot a table.

        Parameters
        ----------
        curve : DataFrame or CostCurve
            One row per policy and cost; of a CostCurve, its `frame`.
        policy, x, y, low, high : str
            Names of the columns, as in the class.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        **kwargs : dict
            Passed to ``Axes.plot`` for all curves.

        Returns
        -------
        display : CostCurveDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If a column is missing or there is no row.
        """
        check_matplotlib("CostCurveDisplay.from_frame")
        frame = curve.frame if isinstance(curve, CostCurve) else curve
        display = cls(frame, policy=policy, x=x, y=y, low=low, high=high)
        return display.plot(ax=ax, **kwargs)

    @classmethod
    def from_simulation(
        cls, simulation: CostCurve, *, ax: Any = None, **kwargs: Any
    ) -> CostCurveDisplay:
        """Plot what :func:`~sklabel.relabeling.simulate_cost_curve` returns.

        Parameters
        ----------
        simulation : CostCurve
            The simulation.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        **kwargs : dict
            Passed to ``Axes.plot`` for all curves.

        Returns
        -------
        display : CostCurveDisplay
            Drawn; the title says what counted as right.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If `simulation` is not a CostCurve.
        """
        check_matplotlib("CostCurveDisplay.from_simulation")
        if not isinstance(simulation, CostCurve):
            raise TypeError(
                "CostCurveDisplay.from_simulation needs the result of "
                f"simulate_cost_curve; got {type(simulation).__name__}. Tables go to "
                "from_frame."
            )
        display = cls(simulation.frame).plot(ax=ax, **kwargs)
        repeats = int(simulation.frame["n"].max())
        display.ax_.set_title(
            f"{simulation.n_scored:,} samples scored on {simulation.reference},\n"
            f"mean of {repeats} repeats",
            fontsize=9,
        )
        return display

    def plot(
        self, *, ax: Any = None, xlabel: str | None = None, **kwargs: Any
    ) -> CostCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        xlabel : str, default=None
            Label of the horizontal axis. If None, the name of the column.
        **kwargs : dict
            Passed to ``Axes.plot`` for all curves.

        Returns
        -------
        display : CostCurveDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        self.ax_, self.figure_ = axes_to_plot_on(ax, needed_by="CostCurveDisplay.plot")
        self.lines_: dict[Any, Any] = {}
        self.bands_: dict[Any, Any] = {}
        has_band = {self.low, self.high} <= set(self.curve.columns)
        for k, name in enumerate(self.policies):
            rows = np.array([other == name for other in self._policy_of_row])
            part = self.curve[rows].sort_values(self.x, kind="stable")
            colour = CYCLE[k % len(CYCLE)]
            cost = part[self.x].to_numpy(dtype=np.float64)
            if has_band:
                self.bands_[name] = self.ax_.fill_between(
                    cost,
                    part[self.low].to_numpy(dtype=np.float64),
                    part[self.high].to_numpy(dtype=np.float64),
                    color=colour,
                    alpha=0.18,
                    linewidth=0,
                )
            style: dict[str, Any] = {
                "color": colour,
                "marker": _MARKERS[k % len(_MARKERS)],
                "linestyle": _LINES[k % len(_LINES)],
                "markersize": 4,
                "label": plain_text(name, 40),
            }
            (self.lines_[name],) = self.ax_.plot(
                cost, part[self.y].to_numpy(dtype=np.float64), **{**style, **kwargs}
            )
        unit = " (share)" if self.y == "accuracy" else ""
        self.ax_.set(
            xlabel=xlabel or plain_text(self.x.replace("_", " "), 60),
            ylabel=plain_text(self.y.replace("_", " "), 60) + unit,
        )
        if len(self.policies) > 1:
            self.ax_.legend(fontsize="small", frameon=False, loc="best")
        return self
