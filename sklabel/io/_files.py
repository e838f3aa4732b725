"""Opening exports: encodings, JSON that is streamed, tables of text."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import pandas as pd

from sklabel.utils._validation import plural

# Characters that are read at once. Objects of an export have hundreds to thousands.
_CHUNK = 1 << 20
_BLANK = " \t\r\n"
WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".ods"}
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What broken files raise when they are unpacked.
_BROKEN = (EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error, zipfile.BadZipFile)
# Cells of a table may hold long texts; the limit of `csv` is 131,072.
_LONGEST_CELL = 1 << 27


class Place(NamedTuple):
    """An object of a JSON file, and where it stands, for messages."""

    value: Any
    where: str


def as_paths(path: Any) -> list[Path]:
    """Return one path or several as a list.

    Parameters
    ----------
    path : path-like or sequence of path-like
        What the user gave.

    Returns
    -------
    paths : list of Path
        At least one; all exist.

    Raises
    ------
    FileNotFoundError
        If there is no such file or folder.
    TypeError
        If it is not a path.
    ValueError
        If the list is empty or names a file twice.
    """
    given = [path] if isinstance(path, str | os.PathLike) else path
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        raise TypeError(
            "An export is given by the path of a file or folder, or a list of paths; "
            f"got {type(path).__name__}."
        )
    if not given:
        raise ValueError("The list of paths is empty. Give at least one file.")
    paths = []
    for one in given:
        if not isinstance(one, str | os.PathLike):
            raise TypeError(f"A path is a str or Path; got {type(one).__name__}.")
        found = Path(one)
        if not found.exists():
            raise FileNotFoundError(f"There is no file or folder '{found}'.")
        if found in paths:
            raise ValueError(
                f"'{found}' is given twice; its answers would count twice."
            )
        paths.append(found)
    return paths


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked where it is compressed."""
    if path.is_dir():
        raise IsADirectoryError(f"'{path}' is a folder; a file is needed.")
    try:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                names = zip_names(packed)
                if len(names) != 1:
                    raise ValueError(
                        f"'{path}' holds {len(names)} files. Unpack it and give the "
                        "file that holds the answers."
                    )
                with packed.open(names[0]) as stream:
                    yield cast(BinaryIO, stream)
            return
        with _OPENERS.get(path.suffix, open)(path, "rb") as stream:
            yield cast(BinaryIO, stream)
    except _BROKEN as error:
        raise ValueError(
            f"'{path}' cannot be unpacked ({error}): it is cut off or no {path.suffix} "
            "file. Download it again."
        ) from error


def zip_names(packed: zipfile.ZipFile) -> list[str]:
    """Return the names of the files in a zip, without those that systems add."""
    return [
        name
        for name in packed.namelist()
        if not name.endswith("/")
        and not name.startswith("__MACOSX/")
        and not Path(name).name.startswith(".")
    ]


def inner_folder(path: Path) -> Path:
    """Return the folder that holds the files, where folders hold one folder each."""
    shown = [p for p in path.iterdir() if not p.name.startswith((".", "__MACOSX"))]
    return inner_folder(shown[0]) if len(shown) == 1 and shown[0].is_dir() else path


def unpacked_name(path: Path) -> Path:
    """Return the path as it is called without compression: x.csv for x.csv.gz."""
    return path.with_suffix("") if path.suffix in _OPENERS else path


@contextmanager
def open_text(path: Path, encoding: str | None) -> Iterator[io.TextIOBase]:
    """Open a file as text: UTF-8, or what its first bytes or the user say.

    Raises
    ------
    ValueError
        If a byte does not belong to the encoding.
    """
    with open_bytes(path) as stream:
        buffered = io.BufferedReader(cast(Any, stream))
        head = buffered.peek(4)[:4]
        if encoding is None:
            encoding = next(
                (name for bom, name in _BOMS.items() if head.startswith(bom)), "utf-8"
            )
            if encoding == "utf-8" and b"\0" in head:
                raise ValueError(
                    f"'{path}' is not UTF-8: it begins with {head!r}. If it is text of "
                    "16 bits without a mark, pass encoding='utf-16-le'."
                )
        try:
            yield io.TextIOWrapper(buffered, encoding=encoding, newline="")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"'{path}' is not {encoding} throughout: {_bad_byte(path, encoding)}. "
                "Pass encoding='cp1252' for a file of Excel on Windows, or save it as "
                "UTF-8."
            ) from error


def iter_json(path: Path, encoding: str | None = None) -> Iterator[Place]:
    """Yield the objects of a JSON file one by one: of a list, or of lines.

    Memory holds one chunk of the file, however long the list is.

    Raises
    ------
    ValueError
        If the file is empty, is not JSON, or ends within an object.
    """
    decoder = json.JSONDecoder()
    with open_text(path, encoding) as stream:
        text, done, line, n_read, in_list = "", False, 1, 0, False
        need = _CHUNK
        at = 0
        while True:
            if not done and len(text) - at < need:
                more = stream.read(_CHUNK)
                done = not more
                line += text.count("\n", 0, at)
                text, at = text[at:] + more, 0
                if not done and len(text) < need:
                    continue
            while at < len(text) and (
                text[at] in _BLANK or (n_read and text[at] == ",")
            ):
                at += 1
            if at == len(text):
                if not done:
                    continue
                break
            if not n_read and not in_list and text[at] == "[":
                in_list, at = True, at + 1
                continue
            if in_list and text[at] == "]":
                rest = text[at + 1 :]
                while not rest.strip() and (more := stream.read(_CHUNK)):
                    rest = more
                if rest.strip():
                    raise ValueError(
                        f"'{path}' goes on after the end of its list (line "
                        f"{line + text.count(chr(10), 0, at)}). Give one export a file."
                    )
                return
            try:
                value, end = decoder.raw_decode(text, at)
            except RecursionError as error:
                raise ValueError(
                    f"'{path}': object {n_read + 1} is nested too deeply to be an "
                    "export of annotations."
                ) from error
            except json.JSONDecodeError as error:
                if not done:
                    # The object may go on: read twice as much.
                    need = 2 * max(len(text) - at, _CHUNK)
                    continue
                _refuse_json(path, text, at, error, line, n_read)
            # A number may go on in the next chunk.
            if end == len(text) and not done and not isinstance(value, dict | list):
                need = 2 * max(len(text) - at, _CHUNK)
                continue
            n_read += 1
            kind = "object" if in_list else "line"
            yield Place(value, f"'{path}', {kind} {n_read}")
            at, need = end, _CHUNK // 4 + 1
        if in_list:
            raise ValueError(
                f"'{path}' ends within its list, after {n_read} "
                f"{plural(n_read, 'object')}: the file is cut off. Download it again."
            )
        if not n_read:
            raise ValueError(f"'{path}' is empty. Export it again.")


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
    if path.suffix in WORKBOOKS:
        try:
            table = pd.read_excel(path, dtype=str, keep_default_na=False)
        except ImportError as error:
            raise ImportError(
                f"Reading '{path}' needs a package for workbooks ({error}). Install "
                "openpyxl, or save the sheet as CSV."
            ) from error
        table.columns = _names_of(list(map(str, table.columns)), path)
        return table.astype(str).astype(object)
    longest = csv.field_size_limit(_LONGEST_CELL)
    try:
        with open_text(path, encoding) as stream:
            return _table_of(stream, path, delimiter)
    finally:
        csv.field_size_limit(longest)


def header_of(path: Path, encoding: str | None = None) -> list[str]:
    """Return the names in the first line of a table, [] if there is none."""
    if path.suffix in WORKBOOKS:
        return list(read_table(path).columns)
    with open_text(path, encoding) as stream:
        first = stream.readline()
        while first and not first.strip():
            first = stream.readline()
    if not first.strip():
        return []
    cells = next(csv.reader([first], delimiter=_delimiter_of(first)), [])
    return [cell.strip() for cell in cells]


def _table_of(stream: io.TextIOBase, path: Path, delimiter: str | None) -> pd.DataFrame:
    """Return the rows of an open table."""
    first = stream.readline()
    while first and not first.strip():
        first = stream.readline()
    if not first:
        raise ValueError(f"'{path}' is empty. Export it again.")
    delimiter = delimiter or _delimiter_of(first)

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


def _bad_byte(path: Path, encoding: str) -> str:
    """Return where the first byte stands that cannot be read."""
    if encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
        return "it may be cut off"
    with open_bytes(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                return (
                    f"line {number} holds the byte 0x{line[error.start]:02x} at "
                    f"position {error.start}"
                )
    return "it ends within a character"


def _refuse_json(
    path: Path,
    text: str,
    at: int,
    error: json.JSONDecodeError,
    line: int,
    n_read: int,
) -> None:
    """Raise for text that is not JSON, or not whole."""
    line += text.count("\n", 0, error.pos)
    begins = text[at : at + 30].split("\n")[0]
    if not n_read and text[at] not in "{[":
        raise ValueError(
            f"'{path}' is not JSON: line {line} begins with {begins!r}. Export it as "
            "JSON, or use the reader of the tool that wrote it "
            "(read_annotations finds it)."
        ) from error
    if error.pos >= len(text.rstrip()) or "Unterminated" in error.msg:
        raise ValueError(
            f"'{path}' ends within an object (line {line}), after {n_read} whole "
            f"{plural(n_read, 'one')}: the file is cut off. Download it again."
        ) from error
    raise ValueError(
        f"'{path}' is not valid JSON at line {line}: {error.msg}, near {begins!r}. "
        "Export it again, and do not edit it by hand."
    ) from error


def is_json_text(cell: str) -> bool:
    """Whether a cell of a table holds a JSON list or object."""
    if cell[:1] not in ("[", "{"):
        return False
    try:
        json.loads(cell)
    except json.JSONDecodeError:
        return False
    return True


@contextmanager
def shaped(where: str, tool: str) -> Iterator[None]:
    """Say where an object stands that has not the shape that a tool writes.

    Parameters
    ----------
    where : str
        Place of the object.
    tool : str
        Name of the tool.

    Raises
    ------
    ValueError
        If reading the object fails because a part of it is of another type.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{where}: a part of this object is not what {tool} writes there "
            f"({type(error).__name__}: {error}). Export again, and do not edit the "
            "file."
        ) from error
