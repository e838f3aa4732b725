"""Spreadsheets with one column per person."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths
from sklabel.io._recognise import refuse_json
from sklabel.io._tables import read_table
from sklabel.io._values import plain_option, short
from sklabel.utils._validation import did_you_mean, first_few
from sklabel.votes._labels import tidy_text

_QUESTION = "label"
# A column of labels has fewer different cells that no other person has.
_MANY_VALUES = 20
_FEW_VALUES = 4
# Few names of classes have as many words.
_WORDS = 5
_DATE = re.compile(r"\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T].*)?")


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
        If the file is empty, a column is missing or there twice, a column of
        `workers` holds texts, ids or dates, a row with labels has no id, or no cell is
        one of the classes.
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
        collect.declare(_QUESTION, list(known.values()))
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
        texts = _columns_of_texts(_cells_of(table, names), known or {})
        raise ValueError(
            f"Say which column of '{path}' holds the ids and which ones are people: "
            "sample='...', workers=['...', ...]. Columns: "
            f"{', '.join(map(short, names))}."
            + f" By their cells these are no people: {', '.join(map(short, texts))}."
            * bool(texts)
        )
    people = [str(name).strip() for name in people]
    known_answer = [] if gold is None else [str(gold).strip()]
    wanted = [str(sample).strip(), *people, *known_answer]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise ValueError(
            f"'{path}' has no column {', '.join(map(repr, missing))}. Columns: "
            f"{', '.join(map(short, names))}.{did_you_mean(missing, names)}"
        )
    if len(set(wanted)) < len(wanted):
        raise ValueError(f"A column is named twice: {first_few(wanted)}.")
    texts = _columns_of_texts(_cells_of(table, people), known or {})
    if texts:
        name, cells = next(iter(texts.items()))
        raise ValueError(
            f"Column {name!r} of '{path}' holds {len(cells)} different values, which "
            f"are in no other column of workers=, for instance {first_few(cells, 2)}: "
            "it looks like texts, ids or dates and not like labels of a person. Leave "
            f"{', '.join(map(repr, texts))} out of workers=; if these are labels, name "
            "all of them in classes=."
        )
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


def _cells_of(table: pd.DataFrame, names: Sequence[str]) -> dict[str, Counter[str]]:
    """Return how often each cell that is not empty stands in each column."""
    cells = {name: Counter(map(tidy_text, table[name])) for name in names}
    for counts in cells.values():
        del counts[""]
    return cells


def _columns_of_texts(
    cells: Mapping[str, Counter[str]], known: Collection[str]
) -> dict[str, list[str]]:
    """Return the columns of texts, ids or dates, and what stands in them only.

    Parameters
    ----------
    cells : mapping of str to Counter
        What `_cells_of` returns.
    known : collection of str
        The classes, as they are compared with cells.
    """
    in_columns = Counter(one for counts in cells.values() for one in counts)
    found = {}
    for name, counts in cells.items():
        alone = [one for one in counts if in_columns[one] == 1]
        alone = [one for one in alone if one.casefold() not in known]
        n, n_cells = len(counts), counts.total()
        # Many values; fewer ones that stand once each; sentences; dates.
        many = n > _MANY_VALUES and (len(cells) > 1 or n > n_cells / 2)
        once = n > _FEW_VALUES and n == n_cells and len(cells) > 1
        sentences = sum(len(one.split()) >= _WORDS for one in alone) > n / 2
        dates = all(_DATE.fullmatch(one) for one in alone)
        if (many and len(alone) > n / 2) or (
            n > 1 and len(alone) == n and (once or sentences or dates)
        ):
            found[name] = alone
    return found
