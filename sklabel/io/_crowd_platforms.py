"""Tables of crowdsourcing platforms: Mechanical Turk, Appen, Toloka."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths
from sklabel.io._recognise import refuse_json, refuse_other
from sklabel.io._tables import is_json_text, read_table
from sklabel.io._values import form_values, read_times
from sklabel.utils._validation import check_option

_ZONES = {
    " PST ": " -0800 ",
    " PDT ": " -0700 ",
    " UTC ": " +0000 ",
    " GMT ": " +0000 ",
}


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
        ``Answer.taskAnswers``. None takes the only one.
    sample : str, default=None
        The ``Input.`` column that holds your id, with or without ``Input.``. None
        takes ``Input.id``, or the only input. Not the HIT: an item that is posted
        again is another HIT.
    items : mapping of str to str, default=None
        Where a HIT shows several items: the input that holds each item's id -> the
        answer to it, for instance ``{"id1": "label1", "id2": "label2"}``.
    rejected : {'leave_out', 'keep'}, default='leave_out'
        What to do with assignments that the requester rejected.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options.
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
        If the file is of another tool, is empty, a column is missing, or there are
        several questions and none is named.
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
    if items and question is not None:
        raise ValueError("items= names the answers; leave out question=.")
    asked = "item" if items else question
    collect = Collector(tool, asked, several, option, forms=False)
    for one in as_paths(path):
        table = _table(one, encoding, tool, ["HITId", "WorkerId", "AssignmentStatus"])
        gone = (table["AssignmentStatus"] == "Rejected").to_numpy()
        if rejected == "leave_out" and gone.any():
            collect.leave("rejected", n=int(gone.sum()))
            table = table[~gone]
        inputs = [name for name in table.columns if name.startswith("Input.")]
        answers = _mturk_answers(table, one)
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
                if keys[at]:
                    collect.sample(
                        keys[at], dict(zip(shown.values(), values, strict=True))
                    )
            for name, cells in answers.items():
                if items and name != answer:
                    continue
                to = "item" if items else name
                collect.seen(to)
                for key, worker, time, given in zip(
                    keys, table["WorkerId"], times, cells, strict=True
                ):
                    if not key:
                        collect.leave("no_sample", to)
                    elif not worker:
                        collect.leave("no_worker", to)
                    elif not given:
                        collect.leave("empty", to)
                    else:
                        collect.vote(to, given, key, worker, time)
    return collect.finish(parse_time=_mturk_times, whole_numbers=True)


def read_appen(
    path: Any,
    question: str | None = None,
    *,
    sample: str = "_unit_id",
    tainted: str = "leave_out",
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    r"""Read a "Full" report of Appen (Figure Eight, CrowdFlower).

    Judgements on test questions (``_golden``) are in `gold_judgements`, and the
    accepted answers in `gold`. The aggregated report has no workers and is refused.

    Parameters
    ----------
    path : path-like or list of path-like
        The CSV file or files.
    question : str, default=None
        The answer's column. None takes the only one that has a column ``..._gold``.
    sample : str, default='_unit_id'
        Column of the sample's id.
    tainted : {'leave_out', 'keep'}, default='leave_out'
        What to do with judgements of workers who fell below the limit of accuracy.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options (lines in a cell).
    option : str, default=None
        One option of a question with several: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Judgements, gold, and judgements on test questions.

    Raises
    ------
    ValueError
        If the report is aggregated or of another tool, is empty, or lacks the column.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] Appen Success Center, "Guide to: Reports page and options page".

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "full.csv"
    >>> _ = path.write_text(
    ...     "_unit_id,_golden,_tainted,_worker_id,mood,mood_gold\n"
    ...     "1,false,false,31,good,\n2,true,false,31,bad,bad\n"
    ... )
    >>> from sklabel.io import read_appen
    >>> found = read_appen(path)
    >>> len(found), found.gold[["sample", "label"]].values.tolist()
    (1, [['2', 'bad']])
    """
    tool = "Appen"
    check_option(tainted, "tainted", ("leave_out", "keep"))
    collect = Collector(tool, question, several, option, forms=False, differing="drop")
    known: set[tuple[str, str, str]] = set()
    for one in as_paths(path):
        refuse_json(one, tool, encoding, "a table with _unit_id and _worker_id")
        table = read_table(one, encoding)
        names = list(table.columns)
        if "_unit_id" in names and "_worker_id" not in names:
            raise ValueError(
                f"'{one}' has no _worker_id: it is an aggregated or source report, "
                "which does not tell who answered. Download the report 'Full'."
            )
        if not {"_unit_id", "_worker_id"} <= set(names):
            refuse_other(one, tool, tuple(names), f"'{one}'", "_unit_id and _worker_id")
        if sample not in names:
            raise ValueError(f"There is no column {sample!r}; there are {names}.")
        with_gold = [n[: -len("_gold")] for n in names if n.endswith("_gold")]
        with_gold = [name for name in with_gold if name in names]
        asked = question
        if asked is None:
            if len(with_gold) != 1:
                raise ValueError(
                    f"Name the question of '{one}': question= is one of the columns "
                    f"{[n for n in names if not n.startswith('_')]}."
                )
            asked = with_gold[0]
        if asked not in names:
            raise ValueError(
                f"There is no question {asked!r} in '{one}'. Columns: "
                f"{', '.join(n for n in names if not n.startswith('_'))}."
            )
        collect.seen(asked)
        no = pd.Series("false", index=table.index)
        gold = table.get(f"{asked}_gold", pd.Series("", index=table.index))
        golden = (
            _true(table["_golden"])
            if "_golden" in names
            # Reports without the column: who has a known answer is a test question.
            else [bool(cell.strip()) for cell in gold]
        )
        bad = _true(table.get("_tainted", no))
        data = [
            n
            for n in names
            if not n.startswith("_") and n != asked and not n.endswith("_gold")
        ]
        rows = (
            zip(*(table[n] for n in data), strict=True) if data else ((),) * len(table)
        )
        for key, worker, cell, is_gold, is_bad, accepted, time, values in zip(
            table[sample],
            table["_worker_id"],
            table[asked],
            golden,
            bad,
            gold,
            table.get("_created_at", pd.Series("", index=table.index)),
            rows,
            strict=True,
        ):
            if not key:
                collect.leave("no_sample", asked)
                continue
            collect.sample(key, dict(zip(data, values, strict=True)))
            if is_gold and accepted and (asked, key, accepted) not in known:
                known.add((asked, key, accepted))
                collect.gold(asked, _lines(accepted), key)
            options = _lines(cell)
            if is_bad and tainted == "leave_out":
                collect.leave("tainted", asked)
            elif not options:
                collect.leave("empty", asked)
            elif not worker:
                collect.leave("no_worker", asked)
            else:
                if is_gold:
                    collect.leave("test_question_judgements", asked)
                collect.vote(asked, options, key, worker, time, known=is_gold)
    return collect.finish(parse_time=_appen_times, whole_numbers=True)


def read_toloka(
    path: Any,
    question: str | None = None,
    *,
    sample: str | None = None,
    rejected: str = "leave_out",
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    r"""Read the assignments of a Toloka pool (TSV).

    Answers on control tasks (``GOLDEN:`` is filled) are in `gold_judgements`, and the
    right answers in `gold`.

    Parameters
    ----------
    path : path-like or list of path-like
        The TSV file or files.
    question : str, default=None
        Name of the output field, without ``OUTPUT:``. None takes the only one.
    sample : str, default=None
        Name of the input field with your id, or 'ASSIGNMENT:task_id'. None takes
        ``INPUT:id``, ``ASSIGNMENT:task_id``, or the only input, whichever is there.
    rejected : {'leave_out', 'keep'}, default='leave_out'
        What to do with assignments that were rejected.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options (a JSON list).
    option : str, default=None
        One option of a question with several: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Judgements, gold, and judgements on control tasks.

    Raises
    ------
    ValueError
        If the file is of another tool, is empty, a column is missing, or there are
        several questions and none is named.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] Toloka-Kit, ``GetAssignmentsTsvParameters``,
       https://github.com/Toloka/toloka-kit

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "assignments.tsv"
    >>> _ = path.write_text(
    ...     "INPUT:id\tOUTPUT:mood\tASSIGNMENT:worker_id\tASSIGNMENT:status\n"
    ...     "a\tgood\t0042\tAPPROVED\nb\t\t0042\tSKIPPED\n"
    ... )
    >>> from sklabel.io import read_toloka
    >>> found = read_toloka(path)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['a', '0042', 'good']]
    >>> found.left_out
    {'skipped_or_expired': 1}
    """
    tool = "Toloka"
    check_option(rejected, "rejected", ("leave_out", "keep"))
    collect = Collector(tool, question, several, option, forms=False)
    counted = {"APPROVED", "ACCEPTED", "SUBMITTED"}
    counted |= {"REJECTED"} if rejected == "keep" else set()
    reasons = {"REJECTED": "rejected", "ACTIVE": "active"}
    reasons |= dict.fromkeys(("SKIPPED", "EXPIRED"), "skipped_or_expired")
    for one in as_paths(path):
        table = _table(
            one, encoding, tool, ["ASSIGNMENT:worker_id", "ASSIGNMENT:status"]
        )
        names = list(table.columns)
        inputs = [name for name in names if name.startswith("INPUT:")]
        id_column = _toloka_id(sample, names, inputs, one)
        outputs = [n[len("OUTPUT:") :] for n in names if n.startswith("OUTPUT:")]
        for name in outputs:
            collect.seen(name)
        time = table.get(
            "ASSIGNMENT:submitted",
            table.get("ASSIGNMENT:started", pd.Series("", index=table.index)),
        )
        for at, row in enumerate(table.to_dict("records")):
            key = row[id_column]
            if not key:
                collect.leave("no_sample")
                continue
            collect.sample(key, {n[len("INPUT:") :]: row[n] for n in inputs})
            status = row["ASSIGNMENT:status"].strip().upper()
            golden = any(row[n] for n in names if n.startswith("GOLDEN:"))
            for name in outputs:
                right = _json_list(row.get(f"GOLDEN:{name}", ""))
                if right:
                    collect.gold(name, right, key)
            if status not in counted and status not in reasons:
                raise ValueError(
                    f"'{one}': the status {row['ASSIGNMENT:status']!r} of sample "
                    f"{key!r} is not known; expected {', '.join(sorted(counted))}, "
                    f"{', '.join(sorted(reasons))}. Download the assignments again."
                )
            if status not in counted:
                collect.leave(reasons[status])
                continue
            if golden:
                collect.leave("golden")
            for name in outputs:
                options = _json_list(row[f"OUTPUT:{name}"])
                if not options:
                    collect.leave("empty", name)
                elif not row["ASSIGNMENT:worker_id"]:
                    collect.leave("no_worker", name)
                else:
                    collect.vote(
                        name,
                        options,
                        key,
                        row["ASSIGNMENT:worker_id"],
                        time.iloc[at],
                        known=golden,
                    )
    found = collect.finish(whole_numbers=True)
    found.gold = found.gold.drop_duplicates(["sample", "label"], ignore_index=True)
    return found


def _table(
    path: Path, encoding: str | None, tool: str, needed: list[str]
) -> pd.DataFrame:
    """Read a table that has the columns of a tool."""
    refuse_json(path, tool, encoding, f"a table with {', '.join(needed)}")
    table = read_table(path, encoding)
    if not set(needed) <= set(table.columns):
        refuse_other(
            path,
            tool,
            tuple(table.columns),
            f"'{path}'",
            f"the columns {', '.join(needed)}",
        )
    return table


def _input_column(sample: str | None, inputs: list[str], path: Path) -> str:
    """Return the input column that holds the sample's id."""
    wanted = ["Input.id"] if sample is None else [sample, f"Input.{sample}"]
    for name in wanted:
        if name in inputs:
            return name
    if sample is None and len(inputs) == 1:
        return inputs[0]
    raise ValueError(
        f"'{path}': which input holds the sample's id? Pass sample= with one of "
        f"{', '.join(name.removeprefix('Input.') for name in inputs) or 'none'}"
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
        } or {id_column: id_column[len("Input.") :]}
    return {
        name: name[len("Input.") : -len(number)]
        for name in inputs
        if name.endswith(number) and name[: -len(number)][-1:].isdigit() is False
    }


def _mturk_answers(table: pd.DataFrame, path: Path) -> dict[str, list[list[Any]]]:
    """Return the options in every row of each answer of a form."""
    answers: dict[str, list[list[Any]]] = {}
    boxes: dict[str, dict[str, list[str]]] = {}
    for column in table.columns:
        if not column.startswith("Answer."):
            continue
        name, cells = column[len("Answer.") :], list(table[column])
        if name == "taskAnswers":
            for at, cell in enumerate(cells):
                for key, content in _task_answers(cell, path, table.index[at]).items():
                    answers.setdefault(key, [[] for _ in cells])[at] = form_values(
                        content
                    )
            continue
        group, _, option = name.rpartition(".")
        # A box is Answer.<group>.<option>; labels of Answer.<name>.label may be
        # called true and false.
        is_box = bool(group) and option not in ("label", "labels", "value")
        if is_box and {cell.lower() for cell in cells} <= {"true", "false", "on", ""}:
            boxes.setdefault(group, {})[option] = cells
            continue
        for end in (".label", ".labels"):
            name = name.removesuffix(end)
        answers[name] = [form_values(_maybe_json(cell)) for cell in cells]
    for group, options in boxes.items():
        rows = zip(*options.values(), strict=True)
        answers[group] = [
            [
                o
                for o, cell in zip(options, row, strict=True)
                if cell.lower() in ("true", "on")
            ]
            for row in rows
        ]
    return answers


def _task_answers(cell: str, path: Path, at: int) -> dict[str, Any]:
    """Return the fields of a form in a cell of Answer.taskAnswers."""
    if not cell:
        return {}
    try:
        content = json.loads(cell)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"'{path}', row {at + 2}: Answer.taskAnswers is not JSON ({error.msg}). "
            "Was the file edited? Download it again."
        ) from error
    fields: dict[str, Any] = {}
    for part in content if isinstance(content, list) else [content]:
        fields.update(part if isinstance(part, dict) else {})
    return fields


def _maybe_json(cell: str) -> Any:
    """Return a list or object that a cell holds, else its text."""
    return json.loads(cell) if is_json_text(cell) else cell


def _json_list(cell: str) -> list[Any]:
    """Return the options of a cell that may hold a JSON list."""
    return form_values(_maybe_json(cell))


def _lines(cell: str) -> list[str]:
    """Return the options of a cell, one a line."""
    return [line.strip() for line in cell.splitlines() if line.strip()]


def _true(column: pd.Series) -> list[bool]:
    """Return whether cells say true, in any case."""
    return [cell.strip().lower() in ("true", "1") for cell in column]


def _toloka_id(
    sample: str | None, names: list[str], inputs: list[str], path: Path
) -> str:
    """Return the column that holds the sample's id."""
    wanted = [sample, f"INPUT:{sample}"]
    if sample is None:
        wanted = ["INPUT:id", "ASSIGNMENT:task_id"]
    for name in wanted:
        if name in names:
            return str(name)
    if sample is None and len(inputs) == 1:
        return inputs[0]
    raise ValueError(
        f"'{path}': which column holds the sample's id? Pass sample= with one of "
        f"{', '.join(inputs)}, or download with ASSIGNMENT:task_id."
    )


def _mturk_times(values: list[Any]) -> pd.Series:
    """Read times such as 'Mon Mar 02 10:01:00 PST 2026'."""
    texts = pd.Series(values, dtype=object).map(str)
    for zone, offset in _ZONES.items():
        texts = texts.str.replace(zone, offset, regex=False)
    read = pd.to_datetime(
        texts, format="%a %b %d %H:%M:%S %z %Y", utc=True, errors="coerce"
    )
    return read.dt.tz_localize(None).astype("datetime64[ns]")


def _appen_times(values: list[Any]) -> pd.Series:
    """Read times such as '3/2/2026 10:01:30', the month first."""
    texts = pd.Series(values, dtype=object).map(str)
    read = pd.to_datetime(texts, format="%m/%d/%Y %H:%M:%S", errors="coerce")
    other = read.isna().to_numpy()
    if other.any():
        read = read.astype("datetime64[ns]")
        read[other] = read_times(list(texts[other])).to_numpy()
    return read.astype("datetime64[ns]")
