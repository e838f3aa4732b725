"""Tables of crowdsourcing platforms: Appen, Toloka, and what they share."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths
from sklabel.io._recognise import refuse_json, refuse_other
from sklabel.io._tables import read_table
from sklabel.io._values import form_values, nanoseconds, parse_json, read_times
from sklabel.utils._validation import check_option

_TRUTH = {"true": True, "1": True, "false": False, "0": False, "": False}


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
        table = _without_blank_rows(table, "_unit_id")
        if sample not in names:
            raise ValueError(
                f"'{one}' has no column {sample!r}, which sample= names; there are "
                f"{', '.join(names)}."
            )
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
            _true(table["_golden"], one)
            if "_golden" in names
            # Reports without the column: who has a known answer is a test question.
            else [bool(cell.strip()) for cell in gold]
        )
        bad = _true(table.get("_tainted", no), one)
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
            if not key.strip():
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
            else:
                known_as = "test_question_judgements" if is_gold else None
                collect.vote(asked, options, key, worker, time, known=known_as)
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
        Name of the output field, with or without ``OUTPUT:``. None takes the only one.
    sample : str, default=None
        Name of the input field with your id, or 'ASSIGNMENT:task_id'. None takes
        ``INPUT:id``, ``ASSIGNMENT:task_id``, or the only input, whichever is there.
    rejected : {'leave_out', 'keep'}, default='leave_out'
        What to do with assignments that were rejected, or whose ``ACCEPT:verdict`` is
        filled in with '-' before it is uploaded.
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
    if isinstance(question, str):
        question = question.removeprefix("OUTPUT:")
    collect = Collector(tool, question, several, option, forms=False)
    counted = {"APPROVED", "ACCEPTED", "SUBMITTED"}
    counted |= {"REJECTED"} if rejected == "keep" else set()
    reasons = {"REJECTED": "rejected", "ACTIVE": "active"}
    reasons |= dict.fromkeys(("SKIPPED", "EXPIRED"), "skipped_or_expired")
    for one in as_paths(path):
        table = platform_table(
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
            if not key.strip():
                collect.leave("no_sample")
                continue
            collect.sample(key, {n[len("INPUT:") :]: row[n] for n in inputs})
            status = row["ASSIGNMENT:status"].strip().upper()
            if status == "SUBMITTED" and row.get("ACCEPT:verdict", "").strip() == "-":
                status = "REJECTED"
            golden = any(row[n].strip() for n in names if n.startswith("GOLDEN:"))
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
            for name in outputs:
                options = _json_list(row[f"OUTPUT:{name}"])
                if not options:
                    collect.leave("empty", name)
                else:
                    collect.vote(
                        name,
                        options,
                        key,
                        row["ASSIGNMENT:worker_id"],
                        time.iloc[at],
                        known="golden" if golden else None,
                    )
    found = collect.finish(whole_numbers=True)
    found.gold = found.gold.drop_duplicates(["sample", "label"], ignore_index=True)
    return found


def platform_table(
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
    return _without_blank_rows(table, needed[0])


def _without_blank_rows(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Drop rows of separators only, as spreadsheets write empty lines.

    `column` is one that every row of the tool fills.
    """
    blank = [
        at
        for at, cell in enumerate(table[column])
        if not cell.strip() and not any(c.strip() for c in table.iloc[at])
    ]
    return table.drop(index=table.index[blank])


def maybe_json(cell: str) -> Any:
    """Return a list or object that a cell holds, else its text."""
    if cell[:1] not in ("[", "{"):
        return cell
    try:
        return parse_json(cell)
    except ValueError:
        return cell


def _json_list(cell: str) -> list[Any]:
    """Return the options of a cell that may hold a JSON list."""
    return form_values(maybe_json(cell))


def _lines(cell: str) -> list[str]:
    """Return the options of a cell, one a line."""
    lines = cell.replace("\r", "\n").split("\n")
    return [line.strip() for line in lines if line.strip()]


def _true(column: pd.Series, path: Path) -> list[bool]:
    """Return whether cells say true, in any case."""
    says = {cell: _TRUTH.get(cell.strip().lower()) for cell in dict.fromkeys(column)}
    odd = next((cell for cell, value in says.items() if value is None), None)
    if odd is not None:
        at = column.index[list(column).index(odd)]
        raise ValueError(
            f"'{path}', row {at + 2}: {column.name} is {odd!r}; expected true or "
            "false. Download the report again."
        )
    return [bool(says[cell]) for cell in column]


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


def _appen_times(values: list[Any]) -> pd.Series:
    """Read times such as '3/2/2026 10:01:30', the month first."""
    texts = pd.Series(values, dtype=object).map(str)
    read = pd.to_datetime(texts, format="%m/%d/%Y %H:%M:%S", errors="coerce")
    return or_iso(read, values)


def or_iso(times: pd.Series, values: list[Any]) -> pd.Series:
    """Read as ISO 8601 what was not read in the tool's own way."""
    times = nanoseconds(times)
    other = times.isna().to_numpy()
    if other.any():
        texts = pd.Series(values, dtype=object)[other].map(str)
        times[other] = read_times(list(texts)).to_numpy()
    return times
