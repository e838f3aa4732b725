"""Exports of Labelbox, version 2 (NDJSON)."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths, iter_json, shaped
from sklabel.io._recognise import refuse_other, refuse_table
from sklabel.io._values import is_blank
from sklabel.utils._validation import check_option

TOOL = "Labelbox"
_IDS = ("global_key", "external_id", "id")


def read_labelbox(
    path: Any,
    question: str | None = None,
    *,
    sample: str | None = None,
    project: str | None = None,
    several: str = "leave_out",
    option: str | None = None,
    encoding: str | None = None,
) -> Annotations:
    """Read an export of Labelbox, version 2, with label details.

    Switch on ``label_details`` (who labeled) and ``performance_details`` (what was
    skipped, and the reference labels of benchmarks). Lines are streamed.

    Parameters
    ----------
    path : path-like or list of path-like
        The NDJSON file or files.
    question : str, default=None
        Name of the classification as annotators see it, nested ones too. None takes
        the only one.
    sample : {'global_key', 'external_id', 'id'}, default=None
        Which id of the data row is the sample's. None takes the first of these that a
        row has.
    project : str, default=None
        Name or id of the project, where data rows are in several.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options (a checklist).
    option : str, default=None
        One option of a checklist: labels are this one and 'not ...'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Judgements, samples, and the reference labels of benchmarks as gold.

    Raises
    ------
    ValueError
        If the file is of version 1 or of another tool, is cut off or empty, holds
        several projects or questions and none is named, or no label has an author.
    FileNotFoundError
        If there is no such file.

    References
    ----------
    .. [1] Labelbox documentation, "Export text annotations",
       https://docs.labelbox.com/reference/export-text-annotations

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> answer = {"name": "Mood", "radio_answer": {"name": "Good"}}
    >>> label = {
    ...     "id": "l1",
    ...     "label_details": {"created_by": "ann@example.org"},
    ...     "annotations": {"classifications": [answer]},
    ... }
    >>> row = {
    ...     "data_row": {"id": "r1", "global_key": "a", "row_data": "Sunny at last"},
    ...     "projects": {"p1": {"name": "Weather", "labels": [label]}},
    ... }
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "export.ndjson"
    >>> _ = path.write_text(json.dumps(row))
    >>> from sklabel.io import read_labelbox
    >>> read_labelbox(path).judgements[["sample", "worker", "label"]].values.tolist()
    [['a', 'ann@example.org', 'Good']]
    """
    if sample is not None:
        check_option(sample, "sample", _IDS)
    collect = Collector(TOOL, question, several, option)
    names: dict[str, str] = {}
    n_labels: dict[str, int] = {}
    chosen: str | None = None
    for one in as_paths(path):
        refuse_table(one, TOOL, encoding, "NDJSON")
        for place in iter_json(one, encoding):
            with shaped(place.where, TOOL):
                row = place.value
                if isinstance(row, Mapping) and {"Created By", "Label"} & row.keys():
                    raise ValueError(
                        f"{place.where}: this is an export of version 1, which "
                        "Labelbox no longer makes. Export again with version 2 "
                        "(NDJSON)."
                    )
                if not isinstance(row, Mapping) or "data_row" not in row:
                    refuse_other(one, TOOL, row, place.where, "data_row and projects")
                data = row["data_row"]
                key = next((data[i] for i in _IDS if data.get(i)), None)
                if sample is not None:
                    key = data.get(sample)
                if not key:
                    raise ValueError(
                        f"{place.where}: the data row has no {sample or 'id'!r}; it "
                        f"has {', '.join(data)}."
                    )
                for pid, held in (row.get("projects") or {}).items():
                    names[pid] = str(held.get("name", pid))
                    n_labels[pid] = n_labels.get(pid, 0) + len(held.get("labels") or [])
                    if project is None:
                        # The project of the first label; another one needs a name.
                        if held.get("labels"):
                            chosen = chosen or pid
                        wanted = chosen in (None, pid)
                    else:
                        wanted = project in (pid, names[pid])
                    if not wanted:
                        collect.leave("other_project", n=len(held.get("labels") or []))
                        continue
                    shown = {n: data[n] for n in ("row_data", *_IDS) if n in data}
                    collect.sample(key, shown)
                    if not held.get("labels"):
                        collect.leave("rows_without_labels")
                    _read_labels(collect, key, held.get("labels") or [])
    others = [pid for pid in names if n_labels[pid]]
    if project is None and len(others) > 1:
        raise ValueError(
            f"The data rows are in {len(others)} projects: "
            f"{', '.join(f'{names[p]!r} ({n_labels[p]} labels)' for p in others)}. "
            "Pass project= with one of them."
        )
    if project is not None and project not in (*names, *names.values()):
        raise ValueError(
            f"There is no project {project!r}; there are "
            f"{', '.join(map(repr, names.values()))}."
        )
    same = [pid for pid, name in names.items() if name == project]
    if project not in names and len(same) > 1:
        raise ValueError(
            f"{len(same)} projects are called {project!r}. Pass project= with an id: "
            f"{', '.join(map(repr, same))}."
        )
    return collect.finish(
        remedy="Export again with label_details switched on (include who labeled)."
    )


def _read_labels(collect: Collector, key: Any, labels: list[Any]) -> None:
    """Read the labels of a data row in a project."""
    references = {
        (label.get("performance_details") or {}).get("benchmark_reference_label")
        for label in labels
    } - {None}
    for label in labels:
        found: dict[str, list[Any]] = {}
        annotations = label.get("annotations") or {}
        _answers(annotations.get("classifications") or [], found)
        # Things that are marked, and frames of a video with theirs.
        parts = list(annotations.get("objects") or [])
        for frame in (annotations.get("frames") or {}).values():
            parts += [frame, *(frame.get("objects") or {}).values()]
        for thing in parts:
            of_part: dict[str, list[Any]] = {}
            _answers(thing.get("classifications") or [], of_part)
            for question in of_part:
                collect.leave("per_region", question)
        for question in found:
            collect.seen(question)
        details = label.get("label_details") or {}
        worker = details.get("created_by")
        if (label.get("performance_details") or {}).get("skipped"):
            collect.leave("skipped")
        elif label.get("id") in references:
            collect.leave("gold")
            for question, options in found.items():
                collect.gold(question, options, key, worker)
        elif is_blank(worker):
            for question in found:
                collect.leave("no_worker", question)
            if found:
                collect.submitted()
            else:
                collect.leave("no_worker")
        else:
            collect.submitted()
            for question, options in found.items():
                if options:
                    time = details.get("created_at")
                    collect.vote(question, options, key, worker, time)


def _answers(classifications: list[Any], found: dict[str, list[Any]]) -> None:
    """Put the options of every classification into `found`, nested ones too."""
    for one in classifications:
        radio, checklist = one.get("radio_answer"), one.get("checklist_answers")
        if radio is None and "checklist_answers" not in one:
            continue
        if not isinstance(checklist, list | None):
            raise TypeError(f"checklist_answers is {checklist!r:.60}, not a list")
        if not isinstance(radio, Mapping | None):
            raise TypeError(f"radio_answer is {radio!r:.60}, not an object")
        chosen = (checklist or []) if radio is None else [radio]
        name = str(one.get("name", one.get("value")))
        found.setdefault(name, []).extend(
            answer.get("name", answer.get("value")) for answer in chosen
        )
        for answer in chosen:
            _answers(answer.get("classifications") or [], found)
