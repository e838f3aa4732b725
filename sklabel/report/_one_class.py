"""A figure of labeling functions that vote for one class: what they fire on."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np

from sklabel.inspection._plotting import BLUE, GREY, ORANGE, plain_text
from sklabel.report._data import ReportData, expected_votes
from sklabel.report._figures import draw_svg
from sklabel.report._html import plot

# So many are drawn, those of the lowest accuracy.
_MOST_BARS = 12


def one_class_lfs(data: ReportData) -> np.ndarray:
    """Return the class that each LF votes for if it is only one, else -1.

    A vote that names no class counts as another one. Workers of the crowd whose few
    judgements happen to be alike are no such LFs.
    """
    n_values = len(data.model.vote_values_)
    cell = np.unique(data.votes.lf.astype(np.intp) * n_values + data.votes.value)
    lf, value = cell // max(n_values, 1), cell % max(n_values, 1)
    n_used = np.bincount(lf, minlength=data.votes.n_lfs)
    out = np.full(data.votes.n_lfs, -1)
    out[lf] = data.model._class_of_value[value]
    return np.where((n_used == 1) & ~data.workers_of_model, out, -1)


def figure_of_one_class_lfs(data: ReportData, enough: np.ndarray, least: int) -> str:
    """Draw of the votes of each LF for one class how many fall on samples of each.

    Parameters
    ----------
    data : ReportData
        What the report is about.
    enough : ndarray of shape (n_lfs,), bool
        LFs with enough votes to say so.
    least : int
        How many that are.

    Returns
    -------
    html : str
        A ``<figure>``, "" without such LFs.
    """
    voted = one_class_lfs(data)
    accuracy = np.asarray(data.model.lf_accuracy_, dtype=np.float64)
    chosen = np.flatnonzero((voted >= 0) & enough & ~np.isnan(accuracy))
    if len(chosen) == 0:
        return ""
    n_all = len(chosen)
    chosen = chosen[np.argsort(accuracy[chosen], kind="stable")][:_MOST_BARS]
    right = accuracy[chosen]
    wrong = _classes_of_misses(data, chosen, voted[chosen], 1 - right)
    most = wrong.argmax(axis=1)
    second = wrong.max(axis=1)
    rest = np.clip(1 - right - second, 0, None)
    names = list(data.lf_names)
    gold = [_on_gold(data, j, voted[j]) for j in chosen]
    n_votes = np.bincount(data.votes.lf, minlength=data.votes.n_lfs)

    def draw(figure: Any) -> None:
        ax = figure.subplots()
        at = np.arange(len(chosen))[::-1]
        style: dict[str, Any] = {"height": 0.62, "linewidth": 0}
        ax.barh(at, right, color=BLUE, label="samples of the class voted for", **style)
        ax.barh(
            at, second, left=right, color=ORANGE, hatch="///", edgecolor="#7a5200",
            label="of the other class" if wrong.shape[1] == 2
            else "of the most frequent other class", **style,
        )  # fmt: skip
        if (rest > 0.005).any():
            ax.barh(
                at, rest, left=right + second, color=GREY, label="of the others",
                **style,
            )  # fmt: skip
        for row, y in enumerate(at):
            j = chosen[row]
            ax.text(
                max(right[row] - 0.01, 0.07), y, f"{right[row]:.1%}", va="center",
                ha="right", fontsize=8, color="white",
            )  # fmt: skip
            note = f"of {n_votes[j]:,} votes"
            if wrong.shape[1] > 2 and second[row] >= 0.01:
                note += f"; else {plain_text(data.class_names[most[row]], 18)}"
            if gold[row]:
                note += f"; {gold[row]}"
            ax.annotate(
                note, (1, y), xytext=(6, 0), textcoords="offset points",
                va="center", fontsize=8, annotation_clip=False,
            )  # fmt: skip
        labels = [
            f"{plain_text(names[j], 26)}\nvotes {plain_text(data.class_names[c], 22)}"
            for j, c in zip(chosen, voted[chosen], strict=True)
        ]
        ax.set_yticks(at, labels, fontsize=8)
        ax.set(xlim=(0, 1), ylim=(-0.6, len(chosen) - 0.4))
        ax.set_xlabel("share of its votes", fontsize=8)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        ax.tick_params(axis="x", labelsize=8)
        ax.legend(
            fontsize=8, frameon=False, loc="upper center", ncols=3,
            bbox_to_anchor=(0.5, -0.32 if len(chosen) < 4 else -0.12),
        )  # fmt: skip

    svg = draw_svg(
        draw,
        size=(8.6, 0.42 * len(chosen) + 1.1),
        name="oneclass",
        alt="Bars: of the votes of each labeling function for one class, the shares "
        "on samples of that class and of others.",
    )
    heading = "Where those that vote for one class are right"
    if n_all > len(chosen):
        heading += f": the {len(chosen)} least accurate of {n_all:,}"
    return plot(
        svg,
        heading,
        "Of the votes of each labeling function that always votes for the same class, "
        "the share on samples of that class (its accuracy by the model) and of others. "
        "A table of votes by class would be constant for them. Only those with "
        f"{least} votes or more"
        + ("; gold: votes on gold samples that are right." if any(gold) else "."),
        css="wide",
    )


def _classes_of_misses(
    data: ReportData, chosen: np.ndarray, voted: np.ndarray, missing: np.ndarray
) -> np.ndarray:
    """Return the share of votes on samples of each other class, by the model."""
    table = expected_votes(data, chosen).sum(axis=1)
    table[np.arange(len(chosen)), voted] = 0
    total = table.sum(axis=1)
    # The accuracy is that which all tables state; the soft labels of these samples
    # only say how the rest is spread.
    return table * (missing / np.where(total > 0, total, 1))[:, None]


def _on_gold(data: ReportData, j: np.intp, voted: np.intp) -> str:
    gold = data.gold[data.votes.rows[data.votes.lf == j]]
    n = int((gold >= 0).sum())
    return f"gold: {int((gold == voted).sum()):,} of {n:,}" if n else ""
