"""What the report says first: headline figures, and what needs attention."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sklabel.inspection._flags import LEVELS, Kind, Level
from sklabel.report._calibration import calibration_gap
from sklabel.report._data import ReportData, is_of_worker
from sklabel.report._gold_tables import wilson_interval
from sklabel.report._tables import Flags, ReportTables
from sklabel.utils._validation import plain

# A sample is called sure from this probability on.
SURE = 0.9
# "It is customary to require alpha >= .800; where tentative conclusions are still
# acceptable, alpha >= .667 is the lowest conceivable limit" (Krippendorff, Content
# Analysis, 2004, p. 241).
_TENTATIVE = 0.667
# With fewer gold rows than this, an accuracy is hardly more than a hint.
_FEW_GOLD = 30
_MOST_NAMES = 8
NOTHING = "\N{EN DASH}"


@dataclass(frozen=True)
class Finding:
    """Something that needs attention.

    Attributes
    ----------
    level : {'severe', 'warning', 'note'}
        How much it matters.
    title : str
        What it is, in a few words.
    detail : str
        Who or what it is about, what it means and what to do.
    """

    level: Level
    title: str
    detail: str


@dataclass(frozen=True)
class _Phrase:
    """What the report says about all workers, or LFs, with a flag of one kind.

    Attributes
    ----------
    one, many : str
        What it is, after "1 worker" and after "2 workers".
    of_workers, of_lfs : str
        What to do about workers, and about LFs that are not workers.
    """

    one: str
    many: str
    of_workers: str
    of_lfs: str


_PHRASES: dict[Kind, _Phrase] = {
    "adversarial": _Phrase(
        "does worse than a guess",
        "do worse than a guess",
        "Most label models count such votes as evidence for another class. Look at "
        "some of them: misread instructions, or swapped labels.",
        "Most label models count such votes as evidence for another class. Look at "
        "some of them: swapped classes, or a bug.",
    ),
    "guesses": _Phrase(
        "tells next to nothing about the class",
        "tell next to nothing about the class",
        "Look at some of their judgements before you ask them again; past votes do "
        "little harm.",
        "Mend or drop them; past votes do little harm.",
    ),
    "below_crowd": _Phrase(
        "is worse than the crowd",
        "are worse than the crowd",
        "They lie below the funnel, where bad luck does not take anybody. Look at some "
        "of their judgements: harder samples, misread instructions, or haste.",
        "They lie below the funnel, where bad luck does not take anything. Look at "
        "some of their votes.",
    ),
    "repeats": _Phrase(
        "repeats another one",
        "repeat another one",
        "Copied judgements count as two opinions. Drop one.",
        "The same opinion twice counts as two. Drop one.",
    ),
    "same_label": _Phrase(
        "nearly always gives the same label",
        "nearly always give the same label",
        "Look at the samples: a habit, a hurry, or a default button.",
        "Look at the samples.",
    ),
    "few_judgements": _Phrase(
        "has very few judgements",
        "have very few judgements",
        "Their accuracy is a guess of the model. Give them more work, or none.",
        "Their accuracy is a guess of the model.",
    ),
    "nobody_else": _Phrase(
        "judged samples that nobody else judged",
        "judged samples that nobody else judged",
        "Nothing can be said about them. Give some of their samples to others.",
        "Nothing can be said about them.",
    ),
    "never_votes": _Phrase(
        "never votes",
        "never vote",
        "Check their ids.",
        "Check names of columns and thresholds.",
    ),
    "no_class": _Phrase(
        "has no vote for a class",
        "have no vote for a class",
        "Check the classes.",
        "Check the classes.",
    ),
}


def findings(
    data: ReportData, tables: ReportTables, more: Sequence[Finding] = ()
) -> list[Finding]:
    """Collect what needs attention, the worst first.

    Parameters
    ----------
    data : ReportData
        What the report is about.
    tables : ReportTables
        The tables of the report, and their flags.
    more : sequence of Finding
        Others.

    Returns
    -------
    findings : list of Finding
        Severe ones first.
    """
    found: list[Finding] = [*more]
    frames = tables.frames
    if "workers" in frames:
        found += _of_flags(frames["workers"], tables.worker_flags, "worker")
    if "lfs" in frames:
        # Workers among the LFs are in the table of workers.
        others = ~is_of_worker(data.lf_names, data.crowd)
        flags = [tables.lf_flags[j] for j in np.flatnonzero(others)]
        found += _of_flags(frames["lfs"][others], flags, "LF")
    found += _of_model(data)
    found += _of_agreement(frames["agreement"])
    found += _of_rows(data)
    found += _of_gold(data)
    found += _of_crowd(data)
    return sorted(found, key=lambda finding: LEVELS.index(finding.level))


def headline(
    data: ReportData, tables: dict[str, pd.DataFrame]
) -> list[tuple[str, str, str]]:
    """Return the figures on top of the page as (name, value, what it means)."""
    n, counts = data.n_samples, data.counts
    covered = int((counts > 0).sum())
    n_votes = int(counts.sum())
    out = [
        ("samples", f"{n:,}", f"{covered / n:.1%} with at least one vote"),
    ]
    if data.crowd is not None:
        out.append(
            (
                "workers",
                f"{data.crowd.n_workers:,}",
                f"{data.crowd.n_judgements:,} judgements in the crowd labels",
            )
        )
    if not data.only_crowd:
        active = len(np.unique(data.votes.lf))
        out.append(
            ("labeling functions", f"{data.votes.n_lfs:,}", f"{active:,} of them vote")
        )
    out.append(("votes", f"{n_votes:,}", f"{n_votes / n:.2f} per sample"))
    agreement = tables["agreement"]
    for key, name in (
        ("Krippendorff alpha", "Krippendorff's alpha"),
        ("percent agreement", "agreement of pairs"),
    ):
        row = agreement.loc[key]
        reason = str(row["reason"])
        if np.isnan(row["value"]):
            out.append((name, NOTHING, reason))
            continue
        style = "{:.1%}" if key == "percent agreement" else "{:.2f}"
        between = f"{style.format(row['low'])} to {style.format(row['high'])}"
        # Without an interval, the reason says why.
        meaning = reason or f"95% interval {between}"
        out.append((name, style.format(row["value"]), meaning))
    top = data.proba.max(axis=1)
    sure = top >= SURE
    out.append(
        (
            "sure samples",
            f"{sure.mean():.1%}",
            f"top class at {SURE:.0%} or more; {top.mean():.1%} of all labels are "
            "right by the model's own estimate",
        )
    )
    return out + _gold_headline(data)


def _gold_headline(data: ReportData) -> list[tuple[str, str, str]]:
    known = data.gold >= 0
    n = int(known.sum())
    if n == 0:
        return [("accuracy on gold", NOTHING, "no gold labels were passed")]
    right = int((data.proba[known].argmax(axis=1) == data.gold[known]).sum())
    low, high = wilson_interval(right, n)
    of_gold = data.proba[known, data.gold[known]]
    loss = -np.log(np.clip(of_gold, np.finfo(float).eps, None)).mean()
    return [
        (
            "accuracy on gold",
            f"{right / n:.1%}",
            f"{right:,} of {n:,} right; 95% interval {low:.1%} to {high:.1%}",
        ),
        ("log-loss on gold", f"{loss:.3f}", "in nats; lower is better, 0 is perfect"),
    ]


def _of_flags(table: pd.DataFrame, flags: Flags, noun: str) -> list[Finding]:
    """Say once of each kind of flag which rows of a table have it."""
    groups: dict[Kind, tuple[Level, list[Any]]] = {}
    for name, of_row in zip(table.index, flags, strict=True):
        for flag in of_row:
            groups.setdefault(flag.kind, (flag.level, []))[1].append(name)
    found = []
    for kind, (level, names) in groups.items():
        phrase, n = _PHRASES[kind], len(names)
        advice = phrase.of_workers if noun == "worker" else phrase.of_lfs
        title = f"{n:,} {noun}s {phrase.many}" if n > 1 else f"1 {noun} {phrase.one}"
        found.append(Finding(level, title, f"{listed(names)}. {advice}"))
    return found


def _of_model(data: ReportData) -> list[Finding]:
    model, found = data.model, []
    name = type(model).__name__
    if getattr(model, "converged_", True) is False:
        found.append(
            Finding(
                "warning",
                f"{name} has not converged",
                f"EM stopped after max_iter={getattr(model, 'max_iter', '?')} sweeps. "
                "Raise max_iter and fit again.",
            )
        )
    if len(data.classes) == 1:
        found.append(
            Finding(
                "severe",
                "There is only one class",
                f"All votes are for {plain(data.class_names[0])!r}, so every sample "
                "gets it. Pass classes=[...] if there are others.",
            )
        )
    else:
        predicted = np.bincount(data.proba.argmax(axis=1), minlength=len(data.classes))
        empty = [plain(c) for c in data.class_names[predicted == 0]]
        if empty:
            found.append(
                Finding(
                    "warning",
                    f"No sample is labelled {listed(empty)}",
                    "No sample has it as its most probable class. Check whether votes "
                    "for it exist, and whether it is rare.",
                )
            )
    found += [
        Finding("warning", f"{name} warned while it was fitted", message)
        for message in dict.fromkeys(data.fit_warnings)
    ]
    return found


def _of_agreement(agreement: pd.DataFrame) -> list[Finding]:
    row = agreement.loc["Krippendorff alpha"]
    if np.isnan(row["value"]):
        return [
            Finding(
                "warning",
                "Agreement cannot be measured",
                "No sample has two votes, or all votes that could differ are for one "
                "class. Without disagreement a label model cannot tell good votes from "
                "bad ones.",
            )
        ]
    interval = f" ({row['low']:.2f} to {row['high']:.2f})"
    between = f"{row['value']:.2f}{'' if row['reason'] else interval}"
    if row["low"] <= 0:
        return [
            Finding(
                "severe",
                "Agreement is no better than chance",
                f"Krippendorff's alpha is {between}; votes that are cast blindly reach "
                "0. Check the instructions, and whether the classes can be told apart "
                "at all.",
            )
        ]
    if row["value"] < _TENTATIVE:
        return [
            Finding(
                "note",
                "Agreement is low",
                f"Krippendorff's alpha is {between}; {_TENTATIVE} is customary for "
                "tentative conclusions from single judgements. Several votes per "
                "sample and a label model make up for some of it.",
            )
        ]
    return []


def _of_rows(data: ReportData) -> list[Finding]:
    found = []
    n = data.n_samples
    silent = int((data.counts == 0).sum())
    single = int((data.counts == 1).sum())
    if silent:
        prior = max(data.model.class_prior_)
        found.append(
            Finding(
                "warning" if silent / n >= 0.05 else "note",
                f"{_samples_have(silent)} no vote",
                f"{silent / n:.1%} of {n:,}. They get the class prior (top class at "
                f"{prior:.0%}). Leave them out of training, or add votes.",
            )
        )
    if single:
        found.append(
            Finding(
                "note",
                f"{_samples_have(single)} a single vote",
                f"{single / n:.1%} of {n:,}. Nothing can contradict that vote; the "
                "label is as good as the one voter.",
            )
        )
    return found


def _of_gold(data: ReportData) -> list[Finding]:
    known = data.gold >= 0
    n = int(known.sum())
    if n == 0:
        return []
    found = []
    if n < _FEW_GOLD:
        found.append(
            Finding(
                "note",
                f"Only {n:,} gold label{'s' if n > 1 else ''}",
                "Accuracy and log-loss on them are only a hint: see the interval.",
            )
        )
    if gap := calibration_gap(data):
        found.append(Finding(*gap))
    right = (data.proba[known].argmax(axis=1) == data.gold[known]).mean()
    baseline = np.bincount(data.gold[known]).max() / n
    if len(data.classes) > 1 and right < baseline:
        found.append(
            Finding(
                "severe",
                "The most frequent class alone is better",
                f"On gold the labels are right in {right:.1%}; the most frequent gold "
                f"class is right in {baseline:.1%}.",
            )
        )
    return found


def _of_crowd(data: ReportData) -> list[Finding]:
    if data.crowd is None:
        return []
    left, found = data.crowd.left_out, []
    parts = [
        f"{count:,} {noun}{'s' if count > 1 else ''} {what}"
        for key, noun, what in (
            ("repeated", "repeated judgement", "of one sample by one worker"),
            ("missing_label", "row", "without a label"),
        )
        if (count := left[key])
    ]
    if parts:
        text = "; ".join(parts) + "."
        found.append(Finding("note", "Judgements were left out", text))
    if n := data.crowd.n_unknown:
        found.append(
            Finding(
                "note",
                "Some judgements are not votes",
                f"{n:,} judgement{'s name' if n > 1 else ' names'} none of the "
                f"classes: {_counted(data.crowd.unknown_labels)}.",
            )
        )
    return found


def _counted(labels: dict[Any, int]) -> str:
    """Write the first few labels with their counts, and how many more there are."""
    first = list(labels.items())[:_MOST_NAMES]
    shown = ", ".join(f'"{label}" ({count:,})' for label, count in first)
    more = len(labels) - len(first)
    return f"{shown} and {more:,} more" if more > 0 else shown


def _samples_have(n: int) -> str:
    return "1 sample has" if n == 1 else f"{n:,} samples have"


def listed(names: Iterable[Any]) -> str:
    """Write the first few names, and how many more there are."""
    names = [str(plain(name)) for name in names]
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown
