"""The sections of the report: tables and plots, and how to read them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from sklabel.inspection._confusion import LFConfusionDisplay, panel_size
from sklabel.inspection._overlap import Kind, OverlapDisplay
from sklabel.inspection._posterior import PosteriorDisplay
from sklabel.inspection._worker_funnel import WorkerFunnelDisplay
from sklabel.report._class_shares import figure_of_class_shares
from sklabel.report._data import ReportData, expected_votes, is_of_worker
from sklabel.report._features import section_of_features
from sklabel.report._figures import draw_svg
from sklabel.report._findings import SURE, Finding, headline
from sklabel.report._gold import section_of_gold
from sklabel.report._html import (
    Column,
    finding_list,
    headline_list,
    plot,
    table,
)
from sklabel.report._one_class import figure_of_one_class_lfs, one_class_lfs
from sklabel.report._tables import ReportTables

_MOST_LFS = 30
_N_PANELS = 6

_AGREEMENT = [
    Column("", "Coefficient", "name"),
    Column("value", "Value", "number"),
    Column("low", "Low (95%)", "number"),
    Column("high", "High (95%)", "number"),
    Column("n_samples", "Samples", "integer"),
    Column("n_judgements", "Votes", "integer"),
]
_WORKERS = [
    Column("", "Worker", "name"),
    Column("flag", "Flag", "long"),
    Column("n_judgements", "Judgements", "integer"),
    Column("accuracy", "Accuracy (model)", "interval", "accuracy_low", "accuracy_high"),
    Column("gold_accuracy", "Accuracy (gold)", "share"),
    Column("n_gold", "Gold samples", "integer"),
    Column("agreement", "Agreement", "share"),
    Column("spammer_score", "Spammer score", "number"),
    Column("information", "Bits per judgement", "number"),
    Column("favourite_class", "Favourite class", "text"),
    Column("favourite_share", "Its share", "share"),
]
_LFS = [
    Column("", "Labeling function", "name"),
    Column("flag", "Flag", "long"),
    Column("Polarity", "Votes for", "text"),
    Column("n_votes", "Votes", "integer"),
    Column("accuracy", "Accuracy (model)", "interval", "accuracy_low", "accuracy_high"),
    Column("Emp. Acc.", "Accuracy (gold)", "share"),
    Column("Correct", "Right", "integer"),
    Column("Incorrect", "Wrong", "integer"),
    Column("agreement", "Agreement", "share"),
    Column("Coverage", "Coverage", "share"),
    Column("Overlaps", "Overlaps", "share"),
    Column("Conflicts", "Conflicts", "share"),
]
_SAMPLES = [
    Column("", "Sample", "name"),
    Column("text", "Text", "long"),
    Column("votes", "Votes", "text"),
    Column("n_against", "Against", "integer"),
    Column("top_class", "Label", "text"),
    Column("top_posterior", "Probability", "share"),
    Column("gold", "Gold", "text"),
    Column("n_judgements", "Ask for", "integer"),
    Column("gain", "Gain", "number"),
]


def build_sections(
    data: ReportData,
    tables: ReportTables,
    found: list[Finding],
    *,
    max_rows: int,
) -> list[tuple[str, str, str]]:
    """Return the sections of the page as (id, heading, html), findings first.

    Parameters
    ----------
    data : ReportData
        What the report is about.
    tables : ReportTables
        Its tables.
    found : list of Finding
        What needs attention.
    max_rows : int
        Rows of a table that are shown.

    Returns
    -------
    sections : list of (str, str, str)
        In order.
    """
    frames = tables.frames
    sections = [
        ("attention", "Needs attention", finding_list(found, data.voter)),
        ("figures", "In figures", _figures(data, frames, max_rows)),
    ]
    if "workers" in frames:
        sections.append(("workers", "Workers", _workers(data, frames, max_rows)))
    if "lfs" in frames:
        sections.append(("lfs", "Labeling functions", _lfs(data, frames, max_rows)))
    if "classes" in frames:
        html = section_of_gold(data, frames, max_rows)
        sections.insert(2, ("gold", "Gold labels", html))
    sections.append(("voters", "Who votes where others do", _pairs(data)))
    if data.joint is not None:
        html = section_of_features(data, frames.get("features"), max_rows)
        sections.append(("features", "What the features say", html))
    samples = _samples(data, frames, tables.no_plan, max_rows)
    sections.append(("samples", "Samples", samples))
    return sections


def _figures(data: ReportData, tables: dict[str, pd.DataFrame], max_rows: int) -> str:
    """Headline figures, histogram of probabilities and table of agreement."""
    html = headline_list(headline(data, tables))
    voted = data.counts > 0
    if voted.any():
        y = np.where(data.gold >= 0, data.gold, -1)[voted]
        display = PosteriorDisplay(data.proba[voted], y if (y >= 0).any() else None)
        # Gold labels are positions here; only the axis needs the names.
        display.classes = data.class_names

        def draw(figure: Any) -> None:
            display.plot(ax=figure.subplots())

        svg = draw_svg(
            draw,
            size=(5.4, 3.6),
            name="posterior",
            alt="Histogram of the class probabilities of all samples with a vote.",
        )
        middle = (
            "Bars at both ends are sure labels, bars in the middle are open."
            if len(data.classes) == 2
            else "Bars on the right are sure labels."
        )
        gold = (
            " Hatched samples have a wrong label according to gold: far from the "
            "middle they are confident errors."
            if (y >= 0).any()
            else ""
        )
        html += '<div class="plots two">' + plot(
            svg,
            "How sure the labels are",
            f"{int(voted.sum()):,} samples with a vote, by probability. {middle}{gold}",
        )
        html += figure_of_class_shares(data) + "</div>"
    for key, of in (("agreement", "all votes"), ("agreement of workers", "workers")):
        if key in tables:
            html += f'<h3 class="sub">Agreement of {of}</h3>' + table(
                tables[key],
                _AGREEMENT,
                label=f"Agreement of {of}",
                max_rows=max_rows,
                rows_are="coefficients",
                rest=f"report.tables[{key!r}]",
            )
    return html + (
        '<p class="soft">Alpha and kappa are 0 where votes agree as often as by '
        "chance, and 1 where they always agree; intervals come from a bootstrap over "
        "samples.</p>"
    )


def _workers(data: ReportData, tables: dict[str, pd.DataFrame], max_rows: int) -> str:
    assert data.crowd is not None
    report = tables["workers"]
    chance = 1 / len(data.crowd.classes)
    html = '<div class="plots two">'
    for on_gold in (False, True):
        share = "gold_accuracy" if on_gold else "accuracy"
        if share not in report or not report[share].notna().any():
            continue

        def draw(figure: Any, on_gold: bool = on_gold) -> None:
            WorkerFunnelDisplay.from_report(
                report, on_gold=on_gold, chance=chance, ax=figure.subplots()
            )

        svg = draw_svg(
            draw,
            size=(5.4, 4.2),
            name="funnelgold" if on_gold else "funnel",
            alt="Accuracy of every worker against the number of judgements.",
        )
        left = int(report[share].isna().sum())
        more = f" {left:,} workers without an accuracy are not shown." if left else ""
        html += plot(
            svg,
            "Workers on gold samples" if on_gold else "Workers by the model's estimate",
            "Inside the funnel, chance alone explains how a worker differs from the "
            "others; points below it are worse than bad luck explains (dark 95%, light "
            f"99.8%).{more}",
        )
    html += "</div>"
    return (
        html
        + table(
            report,
            _WORKERS,
            label="Workers",
            max_rows=max_rows,
            rows_are="workers",
            rest="report.tables['workers']",
        )
        + '<p class="soft">Accuracy (model): share of right judgements that the model '
        "learned, on a scale from 0 to 1, with an interval that should hold it in 95% "
        "of cases. On public crowds it held the accuracy on gold for 96% of the "
        "workers; where most of a crowd errs in the same way, it is too narrow. "
        "Agreement: with the majority of the "
        "others on the same samples. Spammer score: 1 for judgements that do not "
        "depend on the class, 0 for a perfect worker. Bits per judgement: what one "
        "judgement tells about the class.</p>"
    )


def _lfs(data: ReportData, tables: dict[str, pd.DataFrame], max_rows: int) -> str:
    summary, of_worker = tables["lfs"], is_of_worker(data.lf_names, data.crowd)
    lead = ""
    if of_worker.any():
        summary = summary[~of_worker]
        lead = (
            f'<p class="lead">The {int(of_worker.sum()):,} labeling functions that are '
            "workers are in the table above; here are the others.</p>"
        )
        if len(summary) == 0:
            return (
                '<p class="lead">All labeling functions are workers of the crowd and '
                "are in the table above.</p>"
            )
    order = np.lexsort((np.arange(len(summary)), (summary["flag"] == "").to_numpy()))
    return (
        lead
        + table(
            summary.iloc[order],
            _LFS,
            label="Labeling functions",
            max_rows=max_rows,
            rows_are="labeling functions",
            rest="report.tables['lfs']",
        )
        + '<p class="soft">Coverage: share of samples that it votes on. Overlaps, '
        "Conflicts: share of samples where another one votes too, or votes "
        "differently. Accuracy (model): share of right votes that the model learned, "
        "on a scale from 0 to 1, with an interval that should hold it in 95% of cases. "
        "On public data and without gold labels in the fit, it held the accuracy on "
        f"gold for {_held(data)}.</p>"
    )


def _held(data: ReportData) -> str:
    """Say how often the interval held, of the kinds of LFs that are on the page."""
    others = ~data.workers_of_model
    one_class = one_class_lfs(data)[others] >= 0
    rules = (
        "95% of the functions that vote for one class, whose interval is wide because "
        "no vote can check them"
    )
    rest = (
        "only 79% of the functions that vote for several classes and are not workers "
        "(92% or more with gold labels in the fit)"
    )
    if one_class.all():
        return rules
    return f"{rules}, and for {rest}" if one_class.any() else rest


def _pairs(data: ReportData) -> str:
    """Heat maps of pairs, and the confusion tables of the worst LFs."""
    html = '<div class="plots two">'
    names = _names(data)
    votes = data.crowd if data.only_crowd else data.X
    captions = {
        "overlap": "Dark cells: the column votes on nearly all samples that the row "
        "votes on. Where a row is empty, nobody else voted: nothing checks the votes.",
        "conflict": "Dark cells: the two contradict each other. A dark row and column "
        "is somebody who contradicts everybody; dark blocks are two camps.",
    }
    if len(data.votes.lf):
        kinds: tuple[tuple[Kind, str], ...]
        kinds = (("overlap", "Overlaps"), ("conflict", "Conflicts"))
        for kind, heading in kinds:

            def draw(figure: Any, kind: Kind = kind) -> None:
                OverlapDisplay.from_votes(
                    votes,
                    kind=kind,
                    lf_names=names,
                    max_lfs=_MOST_LFS,
                    noun="worker" if data.voter == "worker" else "LF",
                    ax=figure.subplots(),
                )

            svg = draw_svg(
                draw,
                size=(6.2, 5.4),
                name=kind,
                alt=f"Heat map of the {kind} of pairs of {data.voter}s.",
            )
            html += plot(svg, heading, captions[kind], css="dense")
    html += "</div>"
    has_tables = hasattr(data.model, "confusion_") and hasattr(
        data.model, "lf_accuracy_"
    )
    if not has_tables or len(data.votes.lf) == 0:
        return html
    return html + '<div class="plots">' + _confusion(data) + "</div>"


def _names(data: ReportData) -> list[Any]:
    """Return the names of the LFs; the workers of a crowd alone have their ids."""
    if data.crowd is not None and data.only_crowd:
        ids = dict(zip(data.lf_names, data.crowd.worker_ids, strict=True))
        of_model = getattr(data.model, "feature_names_in_", data.lf_names)
        return [ids.get(name, name) for name in of_model]
    return list(data.lf_names)


def _confusion(data: ReportData) -> str:
    """Draw what the worst LFs vote, and on what those fire that vote for one class."""
    n_votes = np.bincount(data.votes.lf, minlength=data.votes.n_lfs)
    accuracy = np.asarray(data.model.lf_accuracy_, dtype=np.float64)
    # The worst of those with enough votes to say so.
    least = min(10, int(n_votes.max()))
    enough = n_votes >= least
    html = figure_of_one_class_lfs(data, enough, least)
    several = enough & (one_class_lfs(data) < 0)
    worst = np.argsort(np.where(several, accuracy, np.inf), kind="stable")
    many = len(data.classes) > 5
    worst = worst[several[worst]][: 4 if many else _N_PANELS]
    if len(worst) == 0:
        return html
    model = data.model
    names = _names(data)
    # `confusion_` is shrunk to the table of all, so that it can hide how bad the worst
    # are; the votes themselves agree with the accuracy.
    counts = np.swapaxes(expected_votes(data, worst), 1, 2)
    total = counts.sum(axis=2, keepdims=True)
    display = LFConfusionDisplay(
        counts / np.where(total > 0, total, np.nan),
        classes=data.class_names,
        vote_values=model.vote_values_,
        value_classes=model._class_of_value,
        lf_names=[f"worker {names[j]}" if data.only_crowd else names[j] for j in worst],
        lf_accuracy=accuracy[worst],
    )
    columns = min(2 if many else 3, len(worst))
    rows = -(-len(worst) // columns)
    width, height = panel_size(len(data.classes))

    def draw(figure: Any) -> None:
        grid = np.atleast_1d(figure.subplots(rows, columns)).ravel()
        display.plot(ax=grid, n_columns=columns)

    svg = draw_svg(
        draw,
        size=(width * columns + 0.4, height * rows + 0.2),
        name="confusion",
        alt=f"Confusion tables of the {data.voter}s of the lowest accuracy.",
    )
    voters = f"{len(worst)} least accurate {data.voter}s"
    if len(worst) == 1:
        voters = f"least accurate {data.voter}"
    above = " Those that vote for one class are in the figure above." if html else ""
    return html + plot(
        svg,
        f"How the {voters} vote{'s' if len(worst) == 1 else ''}",
        "Each row is a class and sums to 1 over the votes on samples of that class, as "
        "the soft labels see them; right votes are outlined. "
        "Rows that look alike: the vote does not depend on the class. Dark cells "
        "outside the outlines: classes that are mixed up, or swapped. Only those with "
        f"{least} votes or more.{above}",
        css="wide",
    )


def _samples(
    data: ReportData,
    tables: dict[str, pd.DataFrame],
    no_plan: str,
    max_rows: int,
) -> str:
    html = ""
    parts = [
        (
            "relabel",
            "Ask again here",
            "Samples where further judgements are expected to help most. Gain: labels "
            "that they are expected to put right, all judgements of the sample "
            "together.",
        ),
        (
            "disputed",
            "Most disputed",
            "Samples with the most votes against the majority (column Against). Read "
            "them: they are hard, or the guideline does not cover them.",
        ),
        (
            "against gold",
            "Labels against gold",
            "Gold samples to which the model gives another label, the surest first. "
            "Either most voters make the same error, or the gold label is wrong.",
        ),
    ]
    for key, heading, lead in parts:
        if key not in tables:
            continue
        if key == "relabel":
            planned = tables[key]
            lead += (
                f" {int(planned['n_judgements'].sum()):,} judgements for "
                f"{len(planned):,} samples, expected to put "
                f"{planned['gain'].sum():.1f} labels right."
            )
            known = data.gold >= 0
            if known.any() and not known.all():
                lead += " Samples with a gold label are left out."
        html += f'<h3 class="sub">{heading}</h3><p class="soft">{lead}</p>' + table(
            tables[key],
            _SAMPLES,
            label=heading,
            max_rows=min(max_rows, 50),
            rows_are="samples",
            rest=f"report.tables[{key!r}]",
        )
    if no_plan:
        html += f'<p class="soft">{escape(no_plan)}</p>'
    sure = float((data.proba.max(axis=1) >= SURE).mean())
    return html + (
        f'<p class="soft">{sure:.1%} of all samples have a class at {SURE:.0%} or '
        "more and can be left as they are.</p>"
    )
