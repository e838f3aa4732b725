"""The section of the report on gold labels: a confusion matrix, and the classes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay

from sklabel.inspection._plotting import plain_text
from sklabel.report._data import ReportData
from sklabel.report._figures import draw_svg
from sklabel.report._findings import listed
from sklabel.report._html import Column, plot, table

# Of more classes, those with most errors are drawn.
_MOST_CLASSES = 25
# With fewer gold samples, a recall is hardly more than a hint.
_FEW_OF_CLASS = 10

_CLASSES = [
    Column("", "Class", "name"),
    Column("n_gold", "Gold samples", "integer"),
    Column("n_labelled", "Labelled so", "integer"),
    Column("n_right", "Right", "integer"),
    Column("recall", "Recall", "interval", "recall_low", "recall_high"),
    Column("precision", "Precision", "interval", "precision_low", "precision_high"),
]


def section_of_gold(
    data: ReportData, frames: dict[str, pd.DataFrame], max_rows: int
) -> str:
    """Return the section: a confusion matrix, and recall and precision of classes."""
    of_class = frames["classes"]
    known = data.gold >= 0
    n, n_silent = int(known.sum()), int((known & (data.counts == 0)).sum())
    lead = (
        f"The label of each of the {n:,} gold samples is its most probable class."
        if n > 1
        else "There is one gold sample."
    )
    if n_silent:
        verbs = "has no vote and gets" if n_silent == 1 else "have no vote and get"
        lead += f" {n_silent:,} of them {verbs} the class prior."
    note = (
        "Recall: of the gold samples of a class, the share with that label. Precision: "
        "of the samples with that label, the share of that class. The bars are 95% "
        "intervals (Wilson) on a scale from 0 to 1."
    )
    n_gold = of_class["n_gold"]
    few = of_class.index[(n_gold < _FEW_OF_CLASS) & (n_gold > 0)]
    none = of_class.index[n_gold == 0]
    if len(few):
        note += (
            f" Fewer than {_FEW_OF_CLASS} gold samples, so that recall is only a hint: "
            f"{listed(few)}."
        )
    if len(none):
        note += f" No gold sample: {listed(none)}."
    small = len(of_class) <= 5
    html = table(
        of_class,
        _CLASSES,
        label="Recall and precision of the classes",
        max_rows=max_rows,
        rows_are="classes",
        rest="report.tables['classes']",
    )
    figure = _matrix(frames["confusion"])
    notes = f'<p class="soft">{escape(note)}</p>'
    if small:
        html = f'<div class="plots two">{figure}<div>{html}{notes}</div></div>'
    else:
        html = f'<div class="plots">{figure}</div>{html}{notes}'
    return f'<p class="soft">{lead}</p>{html}'


def _matrix(counts: pd.DataFrame) -> str:
    """Draw the confusion matrix: counts, coloured by their share of the gold class."""
    matrix = counts.to_numpy()
    shown, left = np.arange(len(matrix)), len(matrix) - _MOST_CLASSES
    if left > 0:
        wrong = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * np.diag(matrix)
        shown = np.sort(np.argsort(-wrong, kind="stable")[:_MOST_CLASSES])
    matrix = matrix[np.ix_(shown, shown)]
    n_gold = counts.to_numpy().sum(axis=1)[shown, None]
    share = matrix / np.maximum(n_gold, 1)
    names = [plain_text(c) for c in counts.index[shown]]
    longest = max(map(len, names))
    numbered = longest > 3 and longest * len(names) > 50
    rows, heads = names, names
    if numbered:
        heads = [str(c + 1) for c in shown]
        rows = [f"{name}  {head}" for name, head in zip(names, heads, strict=True)]
    n = len(names)

    def draw(figure: Any) -> None:
        ax = figure.subplots()
        display = ConfusionMatrixDisplay(share, display_labels=names)
        display.plot(
            ax=ax, cmap="Blues", colorbar=False, im_kw={"vmin": 0, "vmax": 1},
            text_kw={"fontsize": 10 if n <= 5 else 8},
        )  # fmt: skip
        for text, count in zip(display.text_.ravel(), matrix.ravel(), strict=True):
            # Zeros of many classes would hide what there is to see.
            text.set_text(f"{count:,}" if count or n <= 5 else "")
        size = 9 if n <= 12 else 8
        ax.set_xticks(range(n), heads, fontsize=size)
        ax.set_yticks(range(n), rows, fontsize=size)
        of_column = "label (number of the class)" if numbered else "label"
        ax.set_xlabel(of_column, fontsize=9)
        ax.set_ylabel("gold class", fontsize=9)

    small = n <= 5
    side = 3.2 if small else max(3.4, 0.36 * n) + 0.5
    margin = 0.09 * max(map(len, rows)) + 0.6
    svg = draw_svg(
        draw,
        size=(max(side + margin, 5.4 if small else 8.8), side),
        name="goldconfusion",
        alt="Confusion matrix: numbers of gold samples of each class with each label.",
    )
    more = (
        f" The {len(shown)} classes with most errors are drawn; "
        "report.tables['confusion'] holds all."
        if left > 0
        else ""
    )
    return plot(
        svg,
        "Labels against gold",
        "Numbers of gold samples, a row per gold class and a column per label. The "
        "diagonal is right; the darker a cell, the larger its share of the row. Dark "
        f"cells off the diagonal are classes that are mixed up.{more}",
        css="" if small else "wide",
    )
