"""Exports of doccano: one file a member, and the older form with users."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import (
    as_paths,
    inner_folder,
    is_zip,
    iter_json,
    open_zip,
    shaped,
    unpacked_name,
    zip_names,
)
from sklabel.io._recognise import first_text, is_table, refuse_other
from sklabel.io._tables import read_table
from sklabel.io._values import as_id, check_options, is_blank
from sklabel.utils._validation import first_few

TOOL = "doccano"
_QUESTION = "label"
_SUFFIXES = {".jsonl", ".json", ".csv"}
# Where the labels of an example stand; "cats" beside spans of the same text.
_LABELS = ("label", "labels", "cats")
_FIXED = {"id", *_LABELS, "Comments", "annotations", "meta", "entities"}


def read_doccano(
    path: Any,
    *,
    worker: str | None = None,
    labels: Mapping[Any, str] | str | Path | None = None,
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    """Read an export of doccano, one file for each member of the project.

    Turn off "Share annotations among all users" in the project's settings: the export
    is then a zip with one file per member, whose name is the worker. A shared export
    (``all.jsonl``) does not tell who answered and is refused.

    Parameters
    ----------
    path : path-like or list of path-like
        The zip, the folder it was unpacked to, a list of files, or a file of the form
        before version 1.3, which holds the users' ids: JSON lines with ``annotations``,
        or CSV with ``user`` and ``annotation_approver``.
    worker : str, default=None
        Who wrote a single file that is given alone.
    labels : mapping, or path of the label configuration (JSON), default=None
        Text of each label's id, which the older form needs. They are the classes, in
        this order.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with several labels of one member for one example. In CSV they are
        joined by ``#``; a label that holds ``#`` cannot be told from two there.
    option : str, default=None
        One label of several: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        The judgements; doccano keeps neither gold nor times.

    Raises
    ------
    ValueError
        If the file is shared by all users, is of another tool, is cut off or empty, or
        a label's id has no text.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] doccano, ``backend/data_export``, https://github.com/doccano/doccano

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for member, label in [("ann", ["good"]), ("bob", [])]:
    ...     row = {"id": 1, "text": "Sunny at last", "label": label, "Comments": []}
    ...     _ = (folder / f"{member}.jsonl").write_text(json.dumps(row))
    >>> from sklabel.io import read_doccano
    >>> found = read_doccano(folder)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['1', 'ann', 'good']]
    >>> found.left_out
    {'empty': 1}
    """
    collect = Collector(TOOL, _QUESTION, several, option, forms=False, own_ids=False)
    collect.seen(_QUESTION)
    given = as_paths(path)
    names = _label_names(labels)
    if names is not None:
        collect.declare(_QUESTION, list(names.values()))
    with tempfile.TemporaryDirectory() as unpacked:
        files = [
            file
            for number, one in enumerate(given)
            for file in _files_in(collect, one, Path(unpacked) / str(number))
        ]
        if worker is not None and len(files) > 1:
            raise ValueError(
                f"worker= names who wrote a single file, and there are {len(files)}. "
                "Leave it out: the files' names are the workers."
            )
        alone = len(files) == 1 and len(given) == 1 and not given[0].is_dir()
        alone = alone and not is_zip(given[0])
        for file in files:
            if not alone and not first_text(file, encoding):
                # A member who confirmed nothing.
                collect.notes.append(f"the file of {_member(file)!r} is empty")
                continue
            _read_file(collect, file, worker, alone, names, encoding)
    if not collect.n_samples:
        raise ValueError(
            f"'{given[0]}' holds no example. Is it the right project, and was it "
            "exported with its examples?"
        )
    return collect.finish()


def _files_in(collect: Collector, path: Path, unpacked: Path) -> Iterator[Path]:
    """Yield the files of an export; note those that are none of doccano's."""
    within = path
    if is_zip(path):
        with open_zip(path) as packed:
            packed.extractall(unpacked, zip_names(packed))
        unpacked.mkdir(exist_ok=True)
        within = unpacked
    if path.is_file() and within == path:
        yield path
        return
    within = inner_folder(within)
    shown = sorted(f for f in within.iterdir() if not f.name.startswith("."))
    files = [
        f for f in shown if f.is_file() and unpacked_name(f).suffix.lower() in _SUFFIXES
    ]
    others = [f.name for f in shown if f not in files]
    if others and files:
        collect.notes.append(
            f"'{path}' holds what is not read: {first_few(others)}; members' files are "
            ".jsonl, .json or .csv"
        )
    if not files:
        folders = [f.name for f in shown if f.is_dir()]
        raise ValueError(
            f"'{path}' holds no file of doccano (.jsonl, .json or .csv, one a member)."
            + f" It holds the folders {first_few(folders)}: read each project by a "
            "call of its own." * bool(folders)
        )
    yield from files


def _member(path: Path) -> str:
    """Return whose file it is; names may hold dots."""
    return unpacked_name(path).stem


def _label_names(labels: Any) -> Mapping[str, str] | None:
    """Return the text of each label's id."""
    if labels is None:
        return None
    if isinstance(labels, Mapping):
        return {str(key): str(text) for key, text in labels.items()}
    entries = [place.value for place in iter_json(Path(labels))]
    if not all(isinstance(e, Mapping) and {"id", "text"} <= e.keys() for e in entries):
        raise ValueError(
            f"'{labels}' is not a label configuration of doccano: a list of objects "
            "with id and text."
        )
    return {str(entry["id"]): str(entry["text"]) for entry in entries}


def _read_file(
    collect: Collector,
    path: Path,
    worker: str | None,
    alone: bool,
    names: Mapping[str, str] | None,
    encoding: str | None,
) -> None:
    """Read a member's file, or one of the older form."""
    for where, row in _rows(path, encoding):
        if isinstance(row.get("annotations"), list):
            with shaped(where, TOOL):
                _read_older(collect, row, names, where)
            continue
        label = next((row[name] for name in _LABELS if name in row), None)
        if not isinstance(label, list) or row.get("id") in (None, ""):
            refuse_other(path, TOOL, row, where, "an example with id and label")
        if worker is None and (_member(path) == "all" or alone):
            raise ValueError(
                f"'{path}' does not say who answered: in a project with shared "
                "annotations doccano exports one file, all.jsonl. Turn off 'Share "
                "annotations among all users' and export again, and give the zip or "
                "its folder; for one member's file pass worker='name'."
            )
        with shaped(where, TOOL):
            key = as_id(row["id"])
        collect.sample(key, {k: v for k, v in row.items() if k not in _FIXED})
        if not label:
            collect.leave("empty", _QUESTION)
            continue
        if not all(isinstance(option, str) for option in label):
            raise ValueError(
                f"{where}: labels are texts here, got {label!r:.60}. Spans and "
                "boxes are not labels of an example."
            )
        who = _member(path) if worker is None else worker
        collect.vote(_QUESTION, label, key, who)


def _rows(path: Path, encoding: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a file as objects whose label is a list."""
    if not is_table(path, encoding):
        for place in iter_json(path, encoding):
            if not isinstance(place.value, dict):
                refuse_other(path, TOOL, place.value, place.where, "an object")
            yield place.where, place.value
        return
    table = read_table(path, encoding)
    if not {"id", "label"} <= set(table.columns):
        refuse_other(
            path, TOOL, tuple(table.columns), f"'{path}'", "the columns id and label"
        )
    if {"user", "annotation_approver"} <= set(table.columns):
        # Before version 1.3: a row for each label of a user.
        for key, rows in table.groupby("id", sort=False):
            first = rows.drop(columns=["label", "user"]).iloc[0].to_dict()
            given = rows[["label", "user"]].to_dict("records")
            example: dict[str, Any] = {str(name): cell for name, cell in first.items()}
            yield f"'{path}', example {key!r}", {**example, "annotations": given}
        return
    for at, cells in enumerate(table.itertuples(index=False, name=None), start=2):
        row = dict(zip(table.columns, cells, strict=True))
        row["label"] = [part for part in row["label"].split("#") if part]
        yield f"'{path}', row {at}", row


def _read_older(
    collect: Collector,
    row: Mapping[str, Any],
    names: Mapping[str, str] | None,
    where: str,
) -> None:
    """Read an example of the form before version 1.3."""
    data = {k: v for k, v in row.items() if k not in _FIXED}
    data.pop("annotation_approver", None)
    if is_blank(row.get("id")):
        raise ValueError(f"{where}: the example has no id. Export it again.")
    meta = row.get("meta")
    collect.sample(row["id"], {**data, **(meta if isinstance(meta, dict) else {})})
    given: dict[Any, list[Any]] = {}
    times: dict[Any, Any] = {}
    for annotation in row["annotations"]:
        if not isinstance(annotation, Mapping):
            raise ValueError(
                f"{where}: annotations are objects with label and user; got "
                f"{annotation!r:.60}."
            )
        user, label = annotation.get("user"), annotation["label"]
        if is_blank(user):
            collect.leave("no_worker", _QUESTION)
            continue
        check_options([label])
        if "start_offset" in annotation:
            raise ValueError(
                f"{where}: annotations are spans of the text, not labels of it."
            )
        if names is not None:
            if str(label) not in names:
                raise ValueError(
                    f"{where}: the label {label!r} is not in labels, which has "
                    f"{', '.join(names)}."
                )
            label = names[str(label)]
        given.setdefault(as_id(user), []).append(label)
        times[as_id(user)] = annotation.get("updated_at", annotation.get("created_at"))
    for user, options in given.items():
        collect.vote(_QUESTION, options, row["id"], user, times[user])
