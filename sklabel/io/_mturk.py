"""Batch results of Amazon Mechanical Turk."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._crowd_platforms import maybe_json, or_iso, platform_table
from sklabel.io._files import as_paths
from sklabel.io._values import form_values, parse_json
from sklabel.utils._validation import check_option

_ZONES = {
    " PST ": " -0800 ",
    " PDT ": " -0700 ",
    " UTC ": " +0000 ",
    " GMT ": " +0000 ",
}
_STATUS = ("submitted", "approved", "rejected")


def read_mturk(
    path: Any,
    question: str | None = None,
    *,
    sample: str | None = None,
    items: Mapping[str, str] | None = None,
    rejected: str = "leave_out",
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    r"""Read the results of an Amazon Mechanical Turk batch ("Download CSV").

    Worker ids are personal data (they lead to public profiles): hide them by
    `Annotations.rename_workers` before you publish.

    Parameters
    ----------
    path : path-like or list of path-like
        The CSV file or files.
    question : str, default=None
        Name of the form's field: 'category' for ``Answer.category.label``, or a key of
        ``Answer.taskAnswers``. None takes the only one. The name of its column does,
        too.
    sample : str, default=None
        The ``Input.`` column that holds your id, with or without ``Input.``. None
        takes ``Input.id``, or the only input. An item that is posted again is another
        HIT, so 'HITId' is for batches without inputs.
    items : mapping of str to str, default=None
        Where a HIT shows several items: the input that holds each item's id -> the
        answer to it, for instance ``{"id1": "label1", "id2": "label2"}``.
    rejected : {'leave_out', 'keep'}, default='leave_out'
        What to do with assignments that the requester rejected, or whose column
        ``Reject`` is filled in before it is uploaded.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options: check boxes, which stand in a
        cell as ``a|b``, as a JSON list, or in a column each.
    option : str, default=None
        One option of a question with several: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        The judgements; Mechanical Turk knows no gold.

    Raises
    ------
    ValueError
        If the file is of another tool, is empty, a column is missing, a status is not
        known, or there are several questions and none is named.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] Amazon Mechanical Turk Requester UI guide, "Reviewing assignments offline".

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "batch.csv"
    >>> _ = path.write_text(
    ...     "HITId,WorkerId,AssignmentStatus,Input.id,Answer.mood.label\n"
    ...     "H1,ann,Approved,007,good\nH1,bob,Rejected,007,bad\n"
    ... )
    >>> from sklabel.io import read_mturk
    >>> found = read_mturk(path)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['007', 'ann', 'good']]
    >>> found.left_out
    {'rejected': 1}
    """
    tool = "Amazon Mechanical Turk"
    check_option(rejected, "rejected", ("leave_out", "keep"))
    if not isinstance(items, Mapping | None):
        raise TypeError(
            "items= is a dict of the input that holds an item's id -> the answer to "
            f"it, for instance {{'id1': 'label1', 'id2': 'label2'}}; got {items!r:.60}."
        )
    if items and question is not None:
        raise ValueError("items= names the answers; leave out question=.")
    if isinstance(question, str) and question.startswith("Answer."):
        question = _field(question[len("Answer.") :])
    asked = "item" if items else question
    collect = Collector(tool, asked, several, option, forms=False)
    for one in as_paths(path):
        table = platform_table(
            one, encoding, tool, ["HITId", "WorkerId", "AssignmentStatus"]
        )
        status = _status(table, one)
        gone = (status == "rejected") & (rejected == "leave_out")
        if gone.any():
            collect.leave("rejected", n=int(gone.sum()) * max(len(items or ()), 1))
            table = table[~gone]
        if rejected == "leave_out" and "Reject" in table:
            marked = (status[~gone] == "submitted") & (
                table["Reject"].str.strip() != ""
            ).to_numpy()
        else:
            marked = np.zeros(len(table), dtype=bool)
        inputs = [name for name in table.columns if name.startswith("Input.")]
        answers = _answers(table, one)
        if not items and _numbered(inputs) and _numbered(answers) and question is None:
            raise ValueError(
                f"'{one}' shows several items in a HIT (columns "
                f"{', '.join(inputs)} and answers {', '.join(answers)}); which belong "
                "together is yours to say. Pass items={'id1': 'label1', ...}."
            )
        if items:
            pairs = _item_columns(items, table, answers, one)
        else:
            pairs = [(_input_column(sample, inputs, one), "")]
        times = table.get("SubmitTime", pd.Series("", index=table.index))
        for id_column, answer in pairs:
            shown = _inputs_of_item(id_column, inputs, bool(items))
            keys = list(table[id_column])
            for at, values in enumerate(zip(*(table[c] for c in shown), strict=True)):
                if keys[at].strip():
                    collect.sample(
                        keys[at], dict(zip(shown.values(), values, strict=True))
                    )
            for name, cells in answers.items():
                if items and name != answer:
                    continue
                to = "item" if items else name
                collect.seen(to)
                for key, worker, time, given, is_marked in zip(
                    keys, table["WorkerId"], times, cells, marked, strict=True
                ):
                    if not key.strip():
                        collect.leave("no_sample", to)
                    elif not given:
                        collect.leave("empty", to)
                    elif is_marked:
                        collect.leave("rejected", to)
                    else:
                        collect.vote(to, given, key, worker, time)
    return collect.finish(parse_time=_times, whole_numbers=True)


def _status(table: pd.DataFrame, path: Path) -> np.ndarray:
    """Return the status of each assignment in lower case."""
    status = [cell.strip().lower() for cell in table["AssignmentStatus"]]
    odd = [one for one in dict.fromkeys(status) if one not in _STATUS]
    if odd:
        at = status.index(odd[0])
        raise ValueError(
            f"'{path}', row {table.index[at] + 2}: the status "
            f"{table['AssignmentStatus'].iloc[at]!r} is not known; expected "
            f"{', '.join(map(str.capitalize, _STATUS))}. Download the results "
            "again, or delete the row."
        )
    return np.array(status, dtype=object)


def _input_column(sample: str | None, inputs: list[str], path: Path) -> str:
    """Return the input column that holds the sample's id."""
    wanted = ["Input.id"] if sample is None else [sample, f"Input.{sample}"]
    for name in wanted:
        if name in inputs or (name == "HITId" and sample is not None):
            return name
    if sample is None and len(inputs) == 1:
        return inputs[0]
    if not inputs:
        raise ValueError(
            f"'{path}' has no column Input., which would hold the sample's id"
            + (f", and so no {sample!r}" if sample else "")
            + ". Pass sample='HITId' if each item was posted once."
        )
    raise ValueError(
        f"'{path}': which input holds the sample's id? Pass sample= with one of "
        f"{', '.join(name.removeprefix('Input.') for name in inputs)}"
        + (f"; there is no {sample!r}." if sample else ".")
    )


def _item_columns(
    items: Mapping[str, str],
    table: pd.DataFrame,
    answers: Mapping[str, Any],
    path: Path,
) -> list[tuple[str, str]]:
    """Return input column and answer of each item."""
    pairs = []
    for key, answer in items.items():
        name = key if key.startswith("Input.") else f"Input.{key}"
        if name not in table.columns:
            raise ValueError(f"'{path}' has no column {name!r}, which items= names.")
        pairs.append((name, answer.removeprefix("Answer.")))
    missing = [answer for _, answer in pairs if answer not in answers]
    if missing:
        raise ValueError(
            f"'{path}' has no answer {missing[0]!r}, which items= names; there are "
            f"{', '.join(answers)}."
        )
    return pairs


def _numbered(names: Any) -> bool:
    """Whether several names end in different numbers."""
    return len({name[-1] for name in names if name[-1:].isdigit()}) > 1


def _inputs_of_item(id_column: str, inputs: list[str], several: bool) -> dict[str, str]:
    """Return the inputs that belong to an item -> their names in `samples`."""
    number = id_column[len(id_column.rstrip("0123456789")) :]
    if not several or not number:
        return {
            name: name[len("Input.") :] for name in inputs if name != id_column
        } or {id_column: id_column.removeprefix("Input.")}
    return {
        name: name[len("Input.") : -len(number)]
        for name in inputs
        if name.endswith(number) and name[: -len(number)][-1:].isdigit() is False
    }


def _answers(table: pd.DataFrame, path: Path) -> dict[str, list[list[Any]]]:
    """Return the options in every row of each answer of a form."""
    answers: dict[str, list[list[Any]]] = {}
    boxes: dict[str, dict[str, list[str]]] = {}
    of: dict[str, str] = {}
    for column in table.columns:
        if not column.startswith("Answer."):
            continue
        name, cells = column[len("Answer.") :], list(table[column])
        if name == "taskAnswers":
            for at, cell in enumerate(cells):
                for key, content in _task_answers(cell, path, table.index[at]).items():
                    _only(of, key, column, path)
                    answers.setdefault(key, [[] for _ in cells])[at] = form_values(
                        content
                    )
            continue
        group, _, option = name.rpartition(".")
        # A box is Answer.<group>.<option>; labels of Answer.<name>.label may be
        # called true and false.
        is_box = bool(group) and option not in ("label", "labels", "value")
        said = {cell.strip().lower() for cell in set(cells)}
        if is_box and said <= {"true", "false", "on", ""}:
            _only(of, group, "check boxes", path)
            boxes.setdefault(group, {})[option] = cells
            continue
        is_field = name == _field(name)
        name = _field(name)
        _only(of, name, column, path)
        answers[name] = [form_values(maybe_json(cell)) for cell in cells]
        if is_field:
            # Check boxes of one name in a form of HTML.
            answers[name] = [
                _of_boxes(given) if "|" in cell else given
                for given, cell in zip(answers[name], cells, strict=True)
            ]
    for group, options in boxes.items():
        rows = zip(*options.values(), strict=True)
        answers[group] = [
            [
                o
                for o, cell in zip(options, row, strict=True)
                if cell.strip().lower() in ("true", "on")
            ]
            for row in rows
        ]
    return answers


def _field(name: str) -> str:
    """Return the name of a form's field, of a column without ``Answer.``."""
    return name.removesuffix(".label").removesuffix(".labels")


def _only(of: dict[str, str], question: str, column: str, path: Path) -> None:
    """Raise if two kinds of columns hold the answers to one question."""
    if of.setdefault(question, column) != column:
        raise ValueError(
            f"'{path}' has answers to {question!r} twice, in {of[question]} and in "
            f"{column}. Delete or rename one of the columns."
        )


def _of_boxes(given: list[Any]) -> list[Any]:
    """Return the options of an answer whose cell is a text such as 'a|b'."""
    if len(given) != 1 or not isinstance(given[0], str):
        return given
    return [part.strip() for part in given[0].split("|") if part.strip()]


def _task_answers(cell: str, path: Path, at: int) -> dict[str, Any]:
    """Return the fields of a form in a cell of Answer.taskAnswers."""
    if not cell.strip():
        return {}
    where = f"'{path}', row {at + 2}: Answer.taskAnswers"
    try:
        content = parse_json(cell)
    except ValueError as error:
        raise ValueError(
            f"{where} is not JSON ({error}). Was the file edited? Download it again."
        ) from error
    fields: dict[str, Any] = {}
    for part in content if isinstance(content, list) else [content]:
        if not isinstance(part, dict):
            raise ValueError(
                f"{where} is a list of an object of the form's fields; got "
                f"{part!r:.60}. Was the file edited? Download it again."
            )
        twice = fields.keys() & part.keys()
        if twice:
            raise ValueError(
                f"{where} has {sorted(twice)[0]!r} twice. Give the fields of a form "
                "names of their own, or take one answer out."
            )
        fields.update(part)
    return fields


def _times(values: list[Any]) -> pd.Series:
    """Read times such as 'Mon Mar 02 10:01:00 PST 2026'."""
    texts = pd.Series(values, dtype=object).map(str)
    for zone, offset in _ZONES.items():
        texts = texts.str.replace(zone, offset, regex=False)
    read = pd.to_datetime(
        texts, format="%a %b %d %H:%M:%S %z %Y", utc=True, errors="coerce"
    )
    return or_iso(read.dt.tz_localize(None), values)
