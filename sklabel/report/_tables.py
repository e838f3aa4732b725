"""The tables of the report."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sklabel.inspection._agreement import agreement_report
from sklabel.inspection._flags import Flag
from sklabel.inspection._lf_summary import summarise_lfs
from sklabel.inspection._workers import describe_workers
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf._crowd_votes import lf_names as names_of_workers
from sklabel.relabeling._plan import relabel_plan
from sklabel.report._data import ReportData, gold_by_id
from sklabel.report._disagreements import disagreements
from sklabel.report._gold_tables import gold_tables
from sklabel.utils._validation import plain

# So many vote values of a sample are counted one by one, the others together.
_MOST_VALUES = 4
# Most judgements for one sample in the plan.
_PER_SAMPLE = 3
_TIMES = "\N{MULTIPLICATION SIGN}"


# The flags of each row of a table.
Flags = list[list[Flag]]


@dataclass
class ReportTables:
    """The tables of the report, and what they leave out.

    Attributes
    ----------
    frames : dict of str to DataFrame
        The tables. Those without rows are left out, except for 'agreement'.
    worker_flags, lf_flags : list of lists of Flag
        The flags of each row of the tables 'workers' and 'lfs'.
    no_plan : str
        Why there is no plan of further judgements, or "".
    """

    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    worker_flags: Flags = field(default_factory=list)
    lf_flags: Flags = field(default_factory=list)
    no_plan: str = ""


def build_tables(
    data: ReportData, *, budget: int, random_state: Any = None
) -> ReportTables:
    """Compute all tables of the report.

    Parameters
    ----------
    data : ReportData
        What the report is about.
    budget : int
        Judgements to plan for.
    random_state : int, RandomState instance or None, default=None
        Seed of the intervals of agreement.

    Returns
    -------
    tables : ReportTables
        With their flags.
    """
    tables = ReportTables()
    frames = tables.frames
    y = data.classes[data.gold] if (data.gold >= 0).any() else None
    if y is not None:
        y = pd.Series(y).astype(object).where(data.gold >= 0, None).to_numpy()
    agreement_of = data.crowd if data.only_crowd else data.cast
    frames["agreement"] = agreement_report(agreement_of, random_state=random_state)
    if data.crowd is not None:
        if not data.only_crowd:
            frames["agreement of workers"] = agreement_report(
                data.crowd, random_state=random_state
            )
        frames["workers"], tables.worker_flags = describe_workers(
            data.crowd,
            gold_by_id(data),
            label_model=model_of_workers(data),
            # Other LFs take part in `proba`, but not in the table of workers.
            posterior=data.proba if data.only_crowd else None,
            class_names=_names_of(data.crowd.classes, data),
        )
    if not data.only_crowd:
        frames["lfs"], tables.lf_flags = summarise_lfs(
            data.X,
            y,
            label_model=data.model,
            lf_names=list(data.lf_names),
            posterior=data.proba,
        )
        if data.names_of_classes is not None:
            polarity = frames["lfs"]["Polarity"]
            frames["lfs"]["Polarity"] = [_names_of(p, data).tolist() for p in polarity]
    plan, tables.no_plan = _plan(data, budget)
    if plan is not None:
        frames["relabel"] = plan
    disputed = _disputed(data)
    if len(disputed):
        frames["disputed"] = disputed
    if data.joint is not None:
        doubtful, rows = disagreements(data)
        if len(rows):
            frames["features"] = _with_samples(doubtful, rows, data)
    against = _against_gold(data)
    if len(against):
        frames["against gold"] = against
    frames.update(gold_tables(data))
    return tables


def model_of_workers(data: ReportData) -> BaseLabelModel | None:
    """Return the model if it has the workers as named LFs, else None."""
    if data.only_crowd:
        return data.model
    assert data.crowd is not None
    names = set(getattr(data.model, "feature_names_in_", ()))
    expected = names_of_workers(data.crowd.worker_ids)
    # The names of unipolar LFs end in a class.
    unipolar = {f"{name}_{plain(c)}" for name in expected for c in data.crowd.classes}
    return data.model if names & ({*expected} | unipolar) else None


def _plan(data: ReportData, budget: int) -> tuple[pd.DataFrame | None, str]:
    """Plan further judgements; gold rows need none, unless all rows are gold."""
    cap = np.full(data.n_samples, _PER_SAMPLE)
    known = data.gold >= 0
    if not known.all():
        cap[known] = 0
    budget = min(budget, int(cap.sum()))
    if len(data.votes.lf) == 0:
        return None, "There are no votes to estimate the average worker from."
    X = data.X
    if isinstance(X, pd.DataFrame):
        X = X.reset_index(drop=True)
    try:
        with warnings.catch_warnings():
            # Sparse votes have no names; their columns are in the order of the model.
            warnings.filterwarnings("ignore", message="X does not have valid feature")
            plan = relabel_plan(
                X,
                label_model=data.model,
                budget=budget,
                max_per_sample=cap,
                proba=data.joint,
            )
    except ValueError as error:
        return None, f"There is no plan of further judgements: {error}"
    if data.names_of_classes is not None:
        plan["top_class"] = _names_of(plan["top_class"], data)
    return _with_samples(plan, plan.index.to_numpy(), data), ""


def _disputed(data: ReportData) -> pd.DataFrame:
    """List the samples, those with most votes against the majority first."""
    n_values = len(data.model.vote_values_)
    votes = data.votes
    cell = votes.rows.astype(np.int64) * n_values + votes.value
    used, n_equal = np.unique(cell, return_counts=True)
    most = np.zeros(data.n_samples, dtype=np.int64)
    np.maximum.at(most, used // n_values, n_equal)
    against = data.counts - most
    rows = np.flatnonzero(against)
    share = against[rows] / data.counts[rows]
    order = np.lexsort((rows, -share, -against[rows]))
    rows = rows[order]
    table = pd.DataFrame(
        {
            "n_votes": data.counts[rows],
            "n_against": against[rows],
            "top_class": data.class_names[data.proba[rows].argmax(axis=1)],
            "top_posterior": data.proba[rows].max(axis=1),
        }
    )
    return _with_samples(table, rows, data)


def _against_gold(data: ReportData) -> pd.DataFrame:
    """List the gold samples with another label, the surest first."""
    top = data.proba.argmax(axis=1)
    rows = np.flatnonzero((data.gold >= 0) & (top != data.gold))
    order = np.lexsort((rows, -data.proba[rows].max(axis=1)))
    rows = rows[order]
    table = pd.DataFrame(
        {
            "n_votes": data.counts[rows],
            "top_class": data.class_names[top[rows]],
            "top_posterior": data.proba[rows].max(axis=1),
        }
    )
    return _with_samples(table, rows, data)


def _with_samples(
    table: pd.DataFrame, rows: np.ndarray, data: ReportData
) -> pd.DataFrame:
    """Add id, votes, gold label and text of the samples to a table."""
    table = table.set_axis(data.ids.take(rows), axis=0)
    table.index.name = "sample"
    table["votes"] = _votes_as_text(rows, data)
    if (data.gold >= 0).any():
        gold = data.class_names.astype(object)[data.gold[rows]]
        gold[data.gold[rows] < 0] = None
        table["gold"] = gold
    if data.texts is not None:
        table["text"] = data.texts[rows]
    return table


def _votes_as_text(rows: np.ndarray, data: ReportData) -> list[str]:
    """Write the votes on samples like "5 × positive, 1 × negative"."""
    names = value_names(data)
    votes = data.votes
    out = []
    for row in rows:
        of_row = votes.value[votes.indptr[row] : votes.indptr[row + 1]]
        count = np.bincount(of_row, minlength=len(names))
        order = np.argsort(-count, kind="stable")
        order = order[count[order] > 0]
        parts = [f"{count[v]} {_TIMES} {names[v]}" for v in order[:_MOST_VALUES]]
        if len(order) > _MOST_VALUES:
            parts.append(f"{count[order[_MOST_VALUES:]].sum()} {_TIMES} other")
        out.append(", ".join(parts))
    return out


def _names_of(classes: Any, data: ReportData) -> np.ndarray:
    """Return what the page calls some classes; other values are their own names."""
    if data.names_of_classes is None:
        return np.asarray(classes)
    known = dict(zip(map(plain, data.classes), data.class_names, strict=True))
    return np.array([known.get(plain(c), plain(c)) for c in classes], dtype=object)


def value_names(data: ReportData) -> list[str]:
    """Return the name of each vote value: that of its class if it has one."""
    values = data.model.vote_values_
    return [
        str(plain(data.class_names[c] if c >= 0 else value))
        for value, c in zip(values, data.model._class_of_value, strict=True)
    ]
