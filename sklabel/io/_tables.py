"""Tables of text: CSV and its relatives, workbooks."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pandas as pd

from sklabel.io._files import WORKBOOKS, open_text
from sklabel.utils._validation import first_few, warn

# Cells of a table may hold long texts; the limit of `csv` is 131,072.
_LONGEST_CELL = 1 << 27
# A first line that Excel writes and reads to tell the delimiter.
_SEP = re.compile(r"\ufeff?sep=(.)\s*", re.IGNORECASE)


def read_table(
    path: Path, encoding: str | None = None, delimiter: str | None = None
) -> pd.DataFrame:
    """Read a table with every cell as text and no cell as missing.

    Parameters
    ----------
    path : Path
        CSV, TSV, with semicolons, or a workbook of Excel.
    encoding : str, default=None
        Encoding; None is UTF-8, or UTF-16 where the file says so.
    delimiter : str, default=None
        Character between cells; None takes that of the first line.

    Returns
    -------
    table : DataFrame of str
        Names of columns stand without blanks around them; empty lines are gone.

    Raises
    ------
    ValueError
        If the file is empty, a column's name is there twice, or a line has more cells
        than there are columns.
    ImportError
        If a workbook is given and openpyxl is not installed.
    """
    if delimiter is not None and (
        not isinstance(delimiter, str) or len(delimiter) != 1
    ):
        raise ValueError(
            f"delimiter is one character, for instance ';' or '\\t'; got {delimiter!r}."
        )
    if path.suffix.lower() in WORKBOOKS:
        table, others = _workbook(path)
        if others:
            warn(
                f"'{path}' has more sheets that are not empty: "
                f"{first_few(others)}. Only the first sheet is read; save others as "
                "files of their own to read them."
            )
        return table
    with open_text(path, encoding) as stream, _long_cells():
        return _table_of(stream, path, delimiter)


def header_of(path: Path, encoding: str | None = None) -> list[str]:
    """Return the names in the first line of a table, [] if there is none."""
    if path.suffix.lower() in WORKBOOKS:
        return list(_workbook(path)[0].columns)
    with open_text(path, encoding) as stream:
        first, delimiter = _first_line(stream)
    if not first:
        return []
    with _long_cells():
        rows = csv.reader([first], delimiter=delimiter or _delimiter_of(first))
        cells = _next_row(rows, path) or []
    return [cell.strip() for cell in cells]


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let cells be as long as texts are."""
    longest = csv.field_size_limit(_LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(longest)


def _workbook(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """Return the first sheet of a workbook that is not empty, and the others' names."""
    try:
        # Names are read as cells: pandas would call a second 'Ann' 'Ann.1'.
        sheets = pd.read_excel(
            path, sheet_name=None, header=None, dtype=str, keep_default_na=False
        )
    except ImportError as error:
        raise ImportError(
            f"Reading '{path}' needs a package for workbooks: {error} Install "
            "it, or save the sheet as CSV."
        ) from error
    except Exception as error:
        # The packages that read workbooks raise many kinds of errors.
        raise ValueError(
            f"'{path}' cannot be read as a workbook ({error}): it is cut off, "
            "locked or no workbook. Save the sheet as CSV."
        ) from error
    filled = [str(name) for name, sheet in sheets.items() if sheet.size]
    if not filled:
        raise ValueError(f"'{path}' is empty. Export it again.")
    rows = [
        row
        for row in sheets[filled[0]].astype(str).to_numpy().tolist()
        if any(cell.strip() for cell in row)
    ]
    names = _names_of(rows[0] if rows else [], path)
    table = pd.DataFrame(rows[1:], columns=names, dtype=object)
    return table, filled[1:]


def _first_line(stream: Any) -> tuple[str, str | None]:
    """Return the first line that is not blank, and the delimiter if one is told."""
    delimiter = None
    for line in stream:
        told = _SEP.fullmatch(line)
        if told:
            delimiter = told[1]
        elif line.strip().strip("\ufeff"):
            return line, delimiter
    return "", delimiter


def _table_of(stream: io.TextIOBase, path: Path, delimiter: str | None) -> pd.DataFrame:
    """Return the rows of an open table."""
    first, told = _first_line(stream)
    if not first:
        raise ValueError(f"'{path}' is empty. Export it again.")
    delimiter = delimiter or told or _delimiter_of(first)

    last = first

    def lines() -> Iterator[str]:
        nonlocal last
        yield first
        for line in cast(Any, stream):
            last = line
            yield line

    # Strict: a quote that is never closed would swallow the rows after it.
    rows = csv.reader(lines(), delimiter=delimiter, strict=True)
    names = _names_of(_next_row(rows, path) or [], path)
    columns: list[list[str]] = [[] for _ in names]
    n_cells = len(names)
    while (cells := _next_row(rows, path)) is not None:
        if not cells:
            continue
        n_cells = len(cells)
        if len(cells) > len(names) and any(
            cell.strip() for cell in cells[len(names) :]
        ):
            raise ValueError(
                f"'{path}', line {rows.line_num}: {len(cells)} cells where the first "
                f"line names {len(names)} columns. Quote cells that hold "
                f"{delimiter!r}, or pass delimiter=."
            )
        cells += [""] * (len(names) - len(cells))
        for column, cell in zip(columns, cells, strict=False):
            column.append(cell)
    if n_cells < len(names) and not last.endswith(("\n", "\r")):
        raise ValueError(
            f"'{path}' ends within a row: line {rows.line_num} has {n_cells} of "
            f"{len(names)} cells and no end. The file is cut off; download it again."
        )
    return pd.DataFrame(
        {
            name: pd.Series(column, dtype=object)
            for name, column in zip(names, columns, strict=True)
        }
    )


def _next_row(rows: Any, path: Path) -> list[str] | None:
    """Return the cells of the next row, None at the end."""
    try:
        return cast("list[str] | None", next(rows, None))
    except csv.Error as error:
        raise ValueError(
            f"'{path}', line {rows.line_num}: {error}. A quote is not closed, or "
            "stands in a quoted cell without being doubled, or the file is cut "
            "off. Export it as CSV again."
        ) from error


def _names_of(cells: list[str], path: Path) -> list[str]:
    """Return the names of columns as they look; none twice."""
    names = [cell.strip().removeprefix("\ufeff").strip() for cell in cells]
    for at, name in enumerate(names):
        if not name:
            names[at] = f"column {at + 1}"
        elif name in names[:at]:
            raise ValueError(
                f"'{path}' has two columns that are called {name!r}. Rename one."
            )
    return names


def _delimiter_of(line: str) -> str:
    """Return the character that separates the cells of a first line."""
    outside = re.sub(r'"[^"]*"', "", line)
    return max(",\t;", key=outside.count)
