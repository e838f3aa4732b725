"""A figure of the report: how frequent each class is."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np

from sklabel.inspection._plotting import BLUE, ORANGE, plain_text
from sklabel.report._data import ReportData
from sklabel.report._figures import draw_svg
from sklabel.report._html import plot


def figure_of_class_shares(data: ReportData) -> str:
    """Bar chart of the class shares: of labels, and of gold."""
    labels = data.proba.mean(axis=0)
    known = data.gold[data.gold >= 0]
    gold = np.bincount(known, minlength=len(data.classes)) / max(len(known), 1)
    order = np.argsort(-labels, kind="stable")[:12]
    left = len(data.classes) - len(order)

    def draw(figure: Any) -> None:
        ax = figure.subplots()
        # Leaves space for the number behind the longest bar.
        limit = 1.2 * max(labels.max(), gold.max())
        at = np.arange(len(order))[::-1].astype(float)
        height = 0.36 if len(known) else 0.6
        shift = height / 2 if len(known) else 0.0
        series: list[tuple[np.ndarray, float, str, str, str | None]]
        series = [(labels, shift, BLUE, "soft labels", None)]
        if len(known):
            series.append((gold, -shift, ORANGE, f"gold ({len(known):,})", "///"))
        for share, offset, colour, name, hatch in series:
            ax.barh(
                at + offset, share[order], height, color=colour, label=name,
                hatch=hatch, edgecolor="#7a5200" if hatch else None, linewidth=0,
            )  # fmt: skip
            for position, value in zip(at + offset, share[order], strict=True):
                ax.annotate(
                    f"{value:.1%}", (value, position), xytext=(3, 0), fontsize=8,
                    textcoords="offset points", va="center",
                )  # fmt: skip
        ax.set_yticks(at, [plain_text(c, 24) for c in data.class_names[order]])
        ax.set(xlabel="share of samples", ylabel="class", xlim=(0, limit))
        if len(known):
            ax.legend(
                fontsize="small", frameon=False, loc="upper center", ncols=2,
                bbox_to_anchor=(0.5, -0.16),
            )  # fmt: skip

    svg = draw_svg(
        draw,
        size=(5.4, max(3.6, 0.45 * len(order))),
        name="classes",
        alt="Bar chart of the class shares.",
    )
    more = f" {left:,} rarer classes are not shown." if left else ""
    return plot(
        svg,
        "How frequent each class is",
        "The mean of the class probabilities over all samples"
        + (", beside the shares among gold labels" if len(known) else "")
        + f".{more}",
    )
