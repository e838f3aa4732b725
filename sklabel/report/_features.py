"""What features say of the labels: a table, a figure and a finding of the report."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sklabel.inspection._plotting import BLUE, GREY, RED
from sklabel.report._data import ReportData
from sklabel.report._disagreements import changes
from sklabel.report._figures import draw_svg
from sklabel.report._findings import Finding
from sklabel.report._html import Column, plot, table

_COLUMNS = [
    Column("", "Sample", "name"),
    Column("text", "Text", "long"),
    Column("votes", "Votes", "text"),
    Column("label", "Label by votes", "text"),
    Column("p_votes", "Its probability by votes", "share"),
    Column("p_features", "by features", "share"),
    Column("p_joint", "by both", "share"),
    Column("suggested", "Label by both", "text"),
    Column("gold", "Gold", "text"),
]
# Share of labels that features change from which it is more than a note.
_MANY = 0.05


def finding_of_features(data: ReportData) -> list[Finding]:
    """Say how many labels features contradict."""
    if data.joint is None:
        return []
    n_changed, n_voted, before, after = changes(data)
    if n_changed == 0:
        return []
    noun = "label" if n_changed == 1 else "labels"
    return [
        Finding(
            "warning" if n_changed >= _MANY * n_voted else "note",
            f"Features contradict {n_changed:,} {noun}",
            f"{n_changed / n_voted:.1%} of the samples with votes get another label by "
            "votes and features together. Expected share of wrong labels: "
            f"{before:.1%} by votes, {after:.1%} by both. Read the first of the table.",
        )
    ]


def section_of_features(
    data: ReportData, frame: pd.DataFrame | None, max_rows: int
) -> str:
    """Return the section: what changes, a figure, and the samples to read."""
    n_changed, n_voted, before, after = changes(data)
    html = (
        f'<p class="soft">Votes and features together give {n_changed:,} of '
        f"{n_voted:,} samples with votes another label than votes alone. Expected "
        f"share of wrong labels among them: {before:.1%} by votes, {after:.1%} by "
        "both, as far as the probabilities are calibrated.</p>"
    )
    if data.feature is not None and n_voted:
        html += _figure(data)
    if frame is None:
        return html + '<p class="soft">Features contradict no label.</p>'
    return html + table(
        frame,
        _COLUMNS,
        label="Where votes and features disagree most",
        max_rows=min(max_rows, 50),
        rows_are="samples",
        rest="report.tables['features']",
    )


def _figure(data: ReportData) -> str:
    """Draw the probability of the label by votes against that by features."""
    assert data.joint is not None
    assert data.feature is not None
    voted = np.flatnonzero(data.counts > 0)
    label = data.proba.argmax(axis=1)[voted]
    by_votes, by_features = data.proba[voted, label], data.feature[voted, label]
    changed = data.joint[voted].argmax(axis=1) != label

    def draw(figure: Any) -> None:
        ax = figure.subplots()
        ax.axhline(0.5, color=GREY, linewidth=0.8)
        for part, colour, name in (
            (~changed, BLUE, "label stays"),
            (changed, RED, "label changes"),
        ):
            ax.scatter(
                by_votes[part],
                by_features[part],
                s=9,
                color=colour,
                alpha=0.6,
                linewidths=0,
                label=f"{name} ({int(part.sum())})",
            )
        ax.set(
            xlabel="Probability of the label by votes",
            ylabel="by features",
            xlim=(0, 1.02),
            ylim=(-0.02, 1.02),
        )
        ax.legend(loc="lower left", frameon=False)

    svg = draw_svg(
        draw,
        size=(5.4, 3.6),
        name="features",
        alt="Scatter plot: the probability of each label by votes and by features.",
    )
    caption = (
        "Each point is a sample with votes. Far below the line, the features speak "
        "against the label; on the left, few votes speak for it."
    )
    return plot(svg, "Votes against features", caption)
