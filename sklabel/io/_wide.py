"""Spreadsheets with one column per person."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths
from sklabel.io._recognise import refuse_json
from sklabel.io._tables import read_table
from sklabel.io._values import plain_option, short
from sklabel.utils._validation import first_few
from sklabel.votes._labels import tidy_text

_QUESTION = "label"


def read_wide(
    path: Any,
    *,
    sample: str | None = None,
    workers: Sequence[str] | None = None,
    classes: ArrayLike | None = None,
    gold: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    r"""Read a spreadsheet with one row a sample and one column a person.

    Nothing is taken for missing but empty cells: "NA" and "n/a" are texts, which are
    labels or, with `classes`, are not. Names and cells are read without blanks around
    them. Of a row that was pasted twice, the later cell that is not empty counts.

    Parameters
    ----------
    path : path-like or list of path-like
        CSV (comma, semicolon or tab), or a workbook of Excel, which needs openpyxl and
        whose first sheet that is not empty is read.
    sample : str, default=None
        Column of ids. None is an error that lists the columns.
    workers : sequence of str, default=None
        The columns of people. None is an error that lists the columns.
    classes : array-like of shape (n_classes,), default=None
        The labels, which cells are compared with in any case ('Bug' is 'bug'). What is
        not one of them is counted in `left_out` and listed in `notes`. If None, every
        cell that is not empty is a label.
    gold : str, default=None
        Column of known answers.
    delimiter : str, default=None
        Character between cells; None takes that of the first line.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        The judgements in the order of rows; other columns are in `samples`.

    Raises
    ------
    ValueError
        If the file is empty, a column is missing or there twice, a row with labels has
        no id, or no cell is one of the classes.
    FileNotFoundError
        If there is no such file.
    ImportError
        If a workbook is given and openpyxl is not installed.

    Warns
    -----
    UserWarning
        If a workbook has more sheets that are not empty.

    See Also
    --------
    sklabel.CrowdLabels.from_wide : The same for a frame in memory.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "sheet.csv"
    >>> _ = path.write_text("id,Ann,Bob\n007,good,Good\n008,bad,?\n")
    >>> from sklabel.io import read_wide
    >>> found = read_wide(
    ...     path, sample="id", workers=["Ann", "Bob"], classes=["bad", "good"]
    ... )
    >>> len(found), found.left_out
    (3, {'not_a_class': 1})
    """
    collect = Collector("a spreadsheet", _QUESTION, forms=False, differing="first")
    collect.seen(_QUESTION)
    known = None
    if classes is not None:
        array = np.asarray(classes)
        known = {
            tidy_text(str(one)).casefold(): plain_option(one) for one in array.tolist()
        }
        if len(known) < len(array):
            raise ValueError(
                f"classes differ by case or blanks only: {first_few(array)}."
            )
    odd: Counter[str] = Counter()
    for one in as_paths(path):
        _read_sheet(
            collect, one, sample, workers, gold, delimiter, encoding, known, odd
        )
    if odd:
        listed = ", ".join(f"{text!r} {n}" for text, n in odd.most_common(10))
        collect.notes.append(f"cells that are not one of the classes: {listed}")
    found = collect.finish(whole_numbers=classes is None)
    if found.judgements.empty:
        raise ValueError(
            f"No cell is one of the classes {first_few(array)}; cells are {listed}. "
            "Check classes= and workers=."
            if odd
            else "All cells of the workers are empty."
        )
    return found


def _read_sheet(
    collect: Collector,
    path: Path,
    sample: str | None,
    workers: Sequence[str] | None,
    gold: str | None,
    delimiter: str | None,
    encoding: str | None,
    known: dict[str, Any] | None,
    odd: Counter[str],
) -> None:
    """Read the rows of one sheet."""
    refuse_json(path, "a spreadsheet", encoding, "a table with a column a person")
    table = read_table(path, encoding, delimiter)
    names = list(table.columns)
    people = [] if workers is None or isinstance(workers, str) else list(workers)
    if sample is None or not people:
        raise ValueError(
            f"Say which column of '{path}' holds the ids and which ones are people: "
            "sample='...', workers=['...', ...]. Columns: "
            f"{', '.join(map(short, names))}."
        )
    people = [str(name).strip() for name in people]
    known_answer = [] if gold is None else [str(gold).strip()]
    wanted = [str(sample).strip(), *people, *known_answer]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(
            f"'{path}' has no column {', '.join(map(repr, missing))}. Columns: "
            f"{', '.join(map(short, names))}."
        )
    if len(set(wanted)) < len(wanted):
        raise ValueError(f"A column is named twice: {first_few(wanted)}.")
    others = [name for name in names if name not in wanted]
    for at, row in enumerate(table.to_dict("records"), start=2):
        key = tidy_text(row[wanted[0]])
        given = {name: tidy_text(row[name]) for name in people}
        if not key:
            if any(given.values()):
                raise ValueError(
                    f"'{path}', row {at}: there are labels and no id in column "
                    f"{wanted[0]!r}. Fill it in, or delete the row."
                )
            collect.leave("empty_rows")
            continue
        collect.sample(key, {name: row[name] for name in others if row[name]})
        for name, cell in given.items():
            if not cell:
                continue
            label = cell if known is None else known.get(cell.casefold())
            if label is None:
                odd[cell] += 1
                collect.leave("not_a_class", _QUESTION)
                continue
            collect.vote(_QUESTION, [label], key, name)
        if known_answer and (cell := tidy_text(row[known_answer[0]])):
            label = cell if known is None else known.get(cell.casefold())
            if label is None:
                odd[cell] += 1
            else:
                collect.gold(_QUESTION, [label], key)
