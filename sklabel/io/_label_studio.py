"""Exports of Label Studio: JSON, JSON_MIN and CSV."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import Place, as_paths, iter_json, shaped
from sklabel.io._label_studio_values import KINDS, is_part, kind_of, listed, user_of
from sklabel.io._recognise import is_table, refuse_other
from sklabel.io._tables import read_table
from sklabel.io._values import as_id, is_blank, objects_in
from sklabel.io._write import TASK_ID
from sklabel.utils._validation import plural

TOOL = "Label Studio"
_REMEDY = (
    "Press Export, choose JSON, and export a project whose annotations are kept with "
    "their users."
)
# Columns of CSV and JSON_MIN that are no data of the user and no question.
_FIXED = {
    *("annotation_id", "annotator", "created_at", "id", "lead_time", "updated_at"),
    *("predictions", "drafts"),
}


def read_label_studio(
    path: Any,
    question: str | None = None,
    *,
    sample: str | None = None,
    several: str = "leave_out",
    option: str | None = None,
    project: int | str | None = None,
    rejected: str = "keep",
    encoding: str | None = None,
) -> Annotations:
    """Read an export of Label Studio.

    JSON is the format to export: CSV and JSON_MIN do not tell an expert's answer from
    a vote, and lack skipped answers and predictions. A choice with an alias is
    exported by its alias, which is then the label. Cancelled (skipped) answers and
    drafts are not votes, nor is an answer that an expert marked as ground truth: it is
    gold. An answer about a part (a region, one picture of several) is not a label of
    the task; a choice within a choice is a path, "animal/cat". JSON is streamed.

    Parameters
    ----------
    path : path-like or list of path-like
        The file or files; JSON of version 1 and later or the older form with
        ``completions``, JSON_MIN, or CSV.
    question : str, default=None
        Name of the control (``name=`` in the labeling configuration). None takes the
        only one of type Choices; CSV and JSON_MIN do not tell questions from data, so
        name it there.
    sample : str, default=None
        Key of the task's data that holds your own id. None takes the task's id, which
        otherwise is the column 'label_studio_id' of the samples (of several tasks of
        one sample, the first).
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options: count it as left out, or take
        the list of options, as JSON text, as the label of every answer.
    option : str, default=None
        One option of a question with several: labels are this option, where it was
        chosen, and 'not ...'.
    project : int or str, default=None
        Id of the project, where a file holds tasks of several.
    rejected : {'keep', 'leave_out'}, default='keep'
        What to do with an annotation that a reviewer rejected (Enterprise).
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Judgements, samples, gold and predictions.

    Raises
    ------
    ValueError
        If the file is of another tool, is cut off or empty, holds several projects or
        questions, lacks the question, or no annotation has a user.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    sklabel.io.read_annotations : Recognises the tool by the content.

    References
    ----------
    .. [1] Label Studio documentation, "Export annotations" and "Import
       pre-annotated data", https://labelstud.io/guide/export.html

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> def annotation(user, choice):
    ...     result = {"from_name": "mood", "type": "choices", "to_name": "text"}
    ...     result["value"] = {"choices": [choice]}
    ...     return {"completed_by": user, "result": [result]}
    >>> tasks = [
    ...     {
    ...         "id": 1,
    ...         "data": {"text": "Sunny at last"},
    ...         "annotations": [annotation(3, "good"), annotation(5, "good")],
    ...     }
    ... ]
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "export.json").write_text(json.dumps(tasks))
    >>> from sklabel.io import read_label_studio
    >>> read_label_studio(folder / "export.json").crowd_labels()
    CrowdLabels(1 sample, 2 workers, 2 judgements, classes=['good'])
    """
    if rejected not in ("keep", "leave_out"):
        raise ValueError(f"rejected must be 'keep' or 'leave_out'; got {rejected!r}.")
    collect = Collector(TOOL, question, several, option, unjudged="tasks_without_votes")
    plain = False
    projects: dict[Any, None] = {}
    for one in as_paths(path):
        if is_table(one, encoding):
            plain, collect.differing = True, "drop"
            _read_rows(collect, one, _table_rows(one, encoding), sample)
            continue
        tasks = iter_json(one, encoding)
        first = next(tasks, None)
        if first is None:
            collect.notes.append(f"'{one}' holds an empty list")
            continue
        if _is_minimal(first.value):
            rows = ((task.where, _checked(task)) for task in _again(first, tasks))
            plain, collect.differing = True, "drop"
            _read_rows(collect, one, rows, sample)
            continue
        for task in _again(first, tasks):
            with shaped(task.where, TOOL):
                _read_task(collect, one, task, sample, project, rejected, projects)
    if project is None and len(projects) > 1:
        raise ValueError(
            f"The export holds tasks of {len(projects)} projects "
            f"({', '.join(map(str, projects))}), whose questions and ids are not the "
            "same. Pass project= with one of them."
        )
    if project is not None and str(project) not in map(str, projects):
        holds = ", ".join(map(str, projects)) or "no task that names its project"
        raise ValueError(f"There is no project {project!r}; the file holds {holds}.")
    if plain:
        collect.notes.append(
            "CSV and JSON_MIN do not tell experts' answers (ground truth) from votes "
            "and lack skipped answers and predictions; JSON holds all of them"
        )
    found = collect.finish(remedy=_REMEDY, whole_numbers=plain)
    if sample is not None:
        found.control["task_ids"] = TASK_ID
    return found


def _again(first: Place, rest: Iterator[Place]) -> Iterator[Place]:
    """Yield the first object, and then the rest."""
    yield first
    yield from rest


def _is_minimal(value: Any) -> bool:
    """Whether an object is a row of JSON_MIN."""
    return isinstance(value, dict) and "annotation_id" in value and "annotator" in value


def _checked(task: Place) -> dict[str, Any]:
    """Return the object of a place; it must be one."""
    if not isinstance(task.value, dict):
        raise ValueError(f"{task.where}: expected an object, got {task.value!r:.60}.")
    return task.value


def _read_task(
    collect: Collector,
    path: Path,
    task: Place,
    sample: str | None,
    project: Any,
    rejected: str,
    projects: dict[Any, None],
) -> None:
    """Read a task of a JSON export."""
    value = task.value
    given = []
    if isinstance(value, dict) and isinstance(value.get("data"), dict):
        held = (value.get(name) for name in ("annotations", "completions"))
        given = [part for part in held if isinstance(part, list)]
    if not given:
        refuse_other(path, TOOL, value, task.where, "a task with data and annotations")
    annotations = [annotation for part in given for annotation in part]
    if value.get("project") is not None:
        projects[value["project"]] = None
        if project is not None and str(value["project"]) != str(project):
            collect.leave("other_project", n=len(annotations))
            return
    data = value["data"]
    if sample is None:
        if value.get("id") is None:
            raise ValueError(
                f"{task.where}: the task has no id. Pass sample= with the key of its "
                f"data that holds yours: {', '.join(data)}."
            )
        key = value["id"]
    elif sample in data:
        key = data[sample]
        if is_blank(key):
            raise ValueError(
                f"{task.where}: the task's data has no value at {sample!r}. sample= "
                "names a key that every task has; None takes the task's id."
            )
    else:
        raise ValueError(
            f"{task.where}: the task's data has no key {sample!r}; it has "
            f"{', '.join(map(repr, data))}. sample= names one of them."
        )
    collect.sample(key, {**data, **_own_id(collect, key, value, sample)})
    for annotation in annotations:
        _read_annotation(collect, annotation, key, rejected, task.where)
    drafts = value.get("drafts") or []
    if drafts:
        collect.leave("drafts", n=len(drafts))
    n_ids = 0
    for prediction in value.get("predictions") or []:
        if not isinstance(prediction, dict):
            n_ids += 1
            continue
        found = _choices(collect, prediction.get("result"), prediction=True)
        for question, options in found.items():
            collect.model(
                question,
                options,
                key,
                prediction.get("model_version"),
                prediction.get("score"),
            )
    if n_ids and _IDS_ONLY not in collect.notes:
        collect.notes.append(_IDS_ONLY)


def _own_id(
    collect: Collector, key: Any, task: Mapping[str, Any], sample: str | None
) -> dict[str, Any]:
    """Return the tool's id of a task as a column, where samples have other ids."""
    if sample is None or task.get("id") is None or collect.has(key):
        return {}
    return {TASK_ID: task["id"]}


_IDS_ONLY = (
    "predictions are there as ids only; make the snapshot with 'Include predictions' "
    "to read them"
)


def _read_annotation(
    collect: Collector, annotation: Any, key: Any, rejected: str, where: str
) -> None:
    """Read what one user answered on a task."""
    if not isinstance(annotation, dict):
        raise ValueError(
            f"{where}: annotations are there as ids only. Export again, with "
            "annotations in full."
        )
    if annotation.get("was_cancelled") or annotation.get("skipped"):
        collect.leave("cancelled")
        return
    user = user_of(annotation.get("completed_by"))
    found = _choices(collect, annotation.get("result"))
    if annotation.get("ground_truth"):
        collect.leave("ground_truth")
        for question, options in found.items():
            collect.gold(question, options, key, user)
        return
    reviews = annotation.get("reviews")
    if (
        reviews
        and rejected == "leave_out"
        and any(isinstance(r, dict) and r.get("accepted") is False for r in reviews)
    ):
        collect.leave("rejected")
        return
    collect.submitted()
    for question, options in found.items():
        collect.vote(question, options, key, user, annotation.get("created_at"))


def _choices(
    collect: Collector, result: Any, prediction: bool = False
) -> dict[str, list[Any]]:
    """Return the options that were chosen in each control of a result."""
    found: dict[str, list[Any]] = {}
    items = objects_in(result, "result")
    parts = [is_part(item) for item in items]
    regions = set()
    if any(parts):
        regions = {i.get("id") for i, part in zip(items, parts, strict=True) if part}
        regions.discard(None)
    for item, part in zip(items, parts, strict=True):
        value = item.get("value")
        name = kind_of(item, value)
        if name is None:
            continue
        question = item.get("from_name")
        if not isinstance(question, str):
            raise TypeError(f"from_name is the name of a control, got {question!r:.40}")
        if part or item.get("id") in regions:
            if not prediction:
                collect.leave("per_region", question)
            continue
        if name not in value and value:
            raise TypeError(
                f"an answer to {question!r} has no {name!r}, it has "
                f"{', '.join(map(repr, value))}"
            )
        collect.seen(question, main=name == "choices")
        collect.control(question, type=item.get("type"), to_name=item.get("to_name"))
        found[question] = found.get(question, []) + listed(value.get(name))
    return found


def _table_rows(
    path: Path, encoding: str | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the rows of a CSV export as objects."""
    table = read_table(path, encoding)
    if not {"annotator", "id"} <= set(table.columns):
        refuse_other(
            path,
            TOOL,
            tuple(table.columns),
            f"'{path}'",
            "the columns id and annotator",
        )
    for at, cells in enumerate(table.itertuples(index=False, name=None), start=2):
        yield f"'{path}', row {at}", dict(zip(table.columns, cells, strict=True))


def _read_rows(
    collect: Collector,
    path: Path,
    rows: Iterator[tuple[str, dict[str, Any]]],
    sample: str | None,
) -> None:
    """Read rows of CSV or JSON_MIN: one annotation each."""
    question = collect.question
    names: dict[str, None] = {}
    n_rows = 0
    annotators: Counter[str] = Counter()
    for where, row in rows:
        n_rows += 1
        names.update(dict.fromkeys(row))
        if question is None:
            if n_rows < 1000:
                continue
            break
        with shaped(where, TOOL):
            _read_row(collect, question, sample, where, row, annotators)
    if not n_rows:
        raise ValueError(f"'{path}' has no rows under its names of columns. {_REMEDY}")
    if question is None or question not in names:
        others = [name for name in names if name not in _FIXED]
        asked = f"There is no question {question!r} in" if question else "Name one of"
        raise ValueError(
            f"{asked} '{path}': CSV and JSON_MIN do not tell questions from data, so "
            f"question= is one of the columns {', '.join(map(repr, others))}."
        )
    collect.seen(question)
    n_unknown = annotators.pop("None", 0)
    if n_unknown and not annotators:
        raise ValueError(
            f"'{path}': the annotator of all {n_unknown} answers is 'None': their "
            f"users were removed, and a label model needs to know them. {_REMEDY}"
        )
    if n_unknown:
        collect.notes.append(
            f"{n_unknown} {plural(n_unknown, 'answer has', 'answers have')} the "
            "annotator 'None', whom Label Studio writes "
            "for users that are gone: they may be several people"
        )


def _read_row(
    collect: Collector,
    question: str,
    sample: str | None,
    where: str,
    row: Mapping[str, Any],
    annotators: Counter[str],
) -> None:
    """Read a row of CSV or JSON_MIN."""
    key = row.get("id" if sample is None else sample)
    if is_blank(key):
        raise ValueError(
            f"{where}: there is no {sample or 'id'!r}. Columns: {', '.join(row)}."
        )
    columns = {k: v for k, v in row.items() if k not in _FIXED and k != question}
    collect.sample(key, {**columns, **_own_id(collect, key, row, sample)})
    user, options = user_of(row.get("annotator")), _cell(row.get(question))
    nobody = is_blank(user)
    if nobody and not options and row.get("annotation_id") in (None, ""):
        # A task without annotations.
        return
    collect.submitted()
    if not nobody:
        annotators[as_id(user)] += 1
    if options:
        collect.vote(question, options, key, user, row.get("created_at"))


def _cell(value: Any) -> list[Any]:
    """Return the options in a cell of CSV, or a value of JSON_MIN."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return [value]
    options: list[Any] = []
    for part in value if isinstance(value, list) else [value]:
        if not isinstance(part, Mapping):
            options += listed([part])
            continue
        name = next((name for name in KINDS.values() if name in part), None)
        if name is None or is_part({"value": part}):
            raise TypeError(
                f"{part!r:.60} is no choice. Spans and boxes are not labels of a "
                "task; name a question of type Choices"
            )
        options += listed(part[name])
    return [option for option in options if option not in (None, "")]
