"""Opening exports: packed files, encodings, JSON that is streamed."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, cast

from sklabel.utils._validation import plural

# Characters that are read at once. Objects of an export have hundreds to thousands.
_CHUNK = 1 << 20
_BLANK = " \t\r\n"
WORKBOOKS = {".xlsx", ".xlsm", ".xls", ".ods"}
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# Servers pack files without saying so in the name.
_MARKS = {b"\x1f\x8b": ".gz", b"BZh9": ".bz2", b"\xfd7zXZ": ".xz"}
_ZIP_MARK = b"PK\x03\x04"
_BOMS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe\0\0": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What broken files raise when they are unpacked.
_BROKEN = (
    *(EOFError, gzip.BadGzipFile, lzma.LZMAError, zlib.error),
    *(zipfile.BadZipFile, NotImplementedError),
)


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
    """Open a file for reading, unpacked where its content or name is of a packed one.

    Raises
    ------
    ValueError
        If it cannot be unpacked, or is a zip of several files.
    """
    if path.is_dir():
        raise IsADirectoryError(f"'{path}' is a folder; a file is needed.")
    if is_zip(path):
        with open_zip(path) as packed:
            names = zip_names(packed)
            if "[Content_Types].xml" in names:
                raise ValueError(
                    f"'{path}' is a workbook by its content. Call it .xlsx, or save "
                    "the sheet as CSV."
                )
            if len(names) != 1:
                raise ValueError(
                    f"'{path}' holds {len(names)} files. Unpack it and give the "
                    "file that holds the answers."
                )
            with packed.open(names[0]) as stream:
                yield cast(BinaryIO, stream)
        return
    opener = _OPENERS.get(_packing(path))
    if opener is None:
        with open(path, "rb") as plain:
            yield plain
        return
    try:
        with opener(path, "rb") as stream:
            yield cast(BinaryIO, stream)
    except (*_BROKEN, OSError) as error:
        # A file that may not be opened has a name, data that are broken have none.
        if isinstance(error, OSError) and error.filename is not None:
            raise
        _refuse_packed(path, error)


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip that is whole and has no password."""
    try:
        with zipfile.ZipFile(path) as packed:
            locked = [one.filename for one in packed.infolist() if one.flag_bits & 1]
            if locked:
                raise ValueError(
                    f"'{path}' is locked with a password ({locked[0]!r} is). Unpack it "
                    "and give the files."
                )
            yield packed
    except _BROKEN as error:
        _refuse_packed(path, error)


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, by its name or content; workbooks by name are none."""
    if path.is_dir() or path.suffix.lower() in WORKBOOKS:
        return False
    return path.suffix.lower() == ".zip" or _head(path).startswith(_ZIP_MARK)


def _refuse_packed(path: Path, error: Exception) -> NoReturn:
    """Raise for a packed file that cannot be unpacked."""
    packing = ".zip" if is_zip(path) else _packing(path)
    raise ValueError(
        f"'{path}' cannot be unpacked ({error}): it is cut off or no {packing} file. "
        "Download it again."
    ) from error


def _head(path: Path) -> bytes:
    """Return the first bytes of a file."""
    with open(path, "rb") as stream:
        return stream.read(8)


def _packing(path: Path) -> str:
    """Return how a file is packed, as the end of a name, by its content or name."""
    head = _head(path)
    found = (end for mark, end in _MARKS.items() if head.startswith(mark))
    return next(found, path.suffix.lower())


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
    return path.with_suffix("") if path.suffix.lower() in _OPENERS else path


@contextmanager
def open_text(path: Path, encoding: str | None) -> Iterator[io.TextIOBase]:
    """Open a file as text: UTF-8, or what its first bytes or the user say.

    Raises
    ------
    ValueError
        If a byte does not belong to the encoding, or there is no such encoding.
    """
    check_encoding(encoding)
    with open_bytes(path) as stream:
        buffered = io.BufferedReader(cast(Any, stream))
        seen = buffered.peek(1024)
        head = seen[:4]
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
        except UnicodeError as error:
            if b"\0" in seen and encoding == "utf-8":
                raise ValueError(
                    f"'{path}' is no text: it begins with {head!r}. Export it as JSON "
                    "or CSV."
                ) from error
            where, remedy = _bad_byte(path, encoding)
            raise ValueError(
                f"'{path}' is not {encoding} throughout: {where}. {remedy}"
            ) from error


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; one of two values of a key would be lost."""
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"an object has the key {twice!r} twice")
    return made


def check_encoding(encoding: str | None) -> None:
    """Raise ValueError if there is no such encoding."""
    try:
        "".encode(encoding or "utf-8")
    except LookupError:
        raise ValueError(
            f"encoding={encoding!r} is not known. Pass the name of one that Python "
            "reads, such as 'utf-8', 'cp1252' or 'utf-16', or None."
        ) from None


def iter_json(path: Path, encoding: str | None = None) -> Iterator[Place]:
    """Yield the objects of a JSON file one by one: of a list, or of lines.

    Memory holds one chunk of the file, however long the list is. NaN, which some
    writers have for a missing value, is None.

    Raises
    ------
    ValueError
        If the file is empty, is not JSON, ends within an object, or an object has a
        key twice.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_once_each, parse_constant=lambda _: None
    )
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
            except ValueError as error:
                raise ValueError(
                    f"'{path}', {'object' if in_list else 'line'} {n_read + 1}: "
                    f"{error}. Export it again, and do not edit the file."
                ) from error
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


def _bad_byte(path: Path, encoding: str) -> tuple[str, str]:
    """Return where the first byte stands that cannot be read, and what to do."""
    if encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")):
        return "it is cut off or of another encoding", "Export it again."
    remedy = (
        "Pass encoding='cp1252' for a file of Excel on Windows, or save it as UTF-8."
    )
    with open_bytes(path) as stream:
        for number, line in enumerate(stream, start=1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError as error:
                place = f"0x{line[error.start]:02x} at position {error.start}"
                return f"line {number} holds the byte {place}", remedy
    return "it ends within a character", remedy


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
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"{where}: a part of this object is not what {tool} writes there: {what}. "
            "Export again, and do not edit the file."
        ) from error
