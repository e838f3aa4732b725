"""Exports of Argilla, versions 1 and 2."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import Place, as_paths, iter_json, shaped
from sklabel.io._recognise import refuse_other, refuse_table
from sklabel.utils._validation import warn

TOOL = "Argilla"
_STATUSES = ("submitted", "draft", "discarded")
_REMEDY = "Export the records with their responses and users."
# Ends of the columns of a question in flat records.
_FLAT = (
    *(".responses", ".responses.users", ".responses.status"),
    *(".suggestion", ".suggestion.score", ".suggestion.agent"),
)
# Keys of flat records that are neither data nor a question.
_FIXED = {"id", "status", "_server_id", "vectors", "external_id", "metadata"}


def read_argilla(
    path: Any,
    question: str | None = None,
    *,
    several: str = "leave_out",
    option: str | None = None,
    include: Any = ("submitted",),
    encoding: str | None = None,
) -> Annotations:
    """Read records of Argilla, versions 1 and 2.

    Export with ``dataset.records.to_datasets().to_json(path)``: these flat records
    keep the status of each response. The nested form (``records.to_json``) does not,
    so drafts and discarded answers look like submitted ones; a warning says so.
    Users are ids; `Annotations.rename_workers` puts names to them. Argilla keeps no
    times.

    Parameters
    ----------
    path : path-like or list of path-like
        JSON or JSON lines: nested or flat records of version 2, a FeedbackDataset of
        version 1, or a dataset for text classification of version 1.
    question : str, default=None
        Name of the question; None takes the only one.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several labels.
    option : str, default=None
        One label of a question with several: labels are this one and 'not ...'.
    include : sequence of str, default=('submitted',)
        Which responses are votes: 'submitted', 'draft', 'discarded'.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Judgements, samples, and suggestions as `model_answers`.

    Raises
    ------
    ValueError
        If the file is of another tool, is cut off or empty, lacks the question, or
        there are several and none is named.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    UserWarning
        If the records do not tell submitted answers from drafts.

    References
    ----------
    .. [1] Argilla documentation, "Import and export datasets",
       https://docs.argilla.io/latest/how_to_guides/import_export/

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> record = {
    ...     "id": "a",
    ...     "text": "Sunny at last",
    ...     "mood.responses": ["good", "bad"],
    ...     "mood.responses.users": ["u1", "u2"],
    ...     "mood.responses.status": ["submitted", "discarded"],
    ... }
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "records.jsonl"
    >>> _ = path.write_text(json.dumps(record))
    >>> from sklabel.io import read_argilla
    >>> found = read_argilla(path)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['a', 'u1', 'good']]
    >>> found.left_out
    {'discarded': 1}
    """
    include = (include,) if isinstance(include, str) else tuple(include)
    if not include or set(include) - set(_STATUSES):
        raise ValueError(
            f"include must hold some of {', '.join(_STATUSES)}; got {include!r}."
        )
    collect = Collector(
        TOOL,
        question,
        several,
        option,
        forms=False,
        unjudged="records_without_votes",
        own_ids=False,
    )
    statuses: set[bool] = set()
    number = count()
    for one in as_paths(path):
        refuse_table(one, TOOL, encoding, "JSON or JSON lines")
        for record in iter_json(one, encoding):
            n = next(number)
            with shaped(record.where, TOOL):
                statuses.add(_read_record(collect, one, record, n, include))
    if False in statuses:
        note = (
            "these records have no status of responses, so drafts and discarded "
            "answers count as votes"
        )
        collect.notes.append(note)
        warn(
            f"Argilla: {note}. Export dataset.records.to_datasets() as JSON to have "
            "them left out."
        )
    return collect.finish(remedy=_REMEDY)


def _read_record(
    collect: Collector,
    path: Path,
    record: Place,
    number: int,
    include: tuple[str, ...],
) -> bool:
    """Read a record of any form; return False if responses have no status."""
    value = record.value
    if not isinstance(value, Mapping):
        refuse_other(path, TOOL, value, record.where, "records")
    ids = (value.get(name) for name in ("id", "external_id", "_server_id"))
    key = next((one for one in ids if one not in (None, "")), number)
    if {"fields", "responses"} <= value.keys():
        return _read_nested(collect, value, key, include)
    if {"annotation", "annotation_agent"} <= value.keys():
        _read_task(collect, value, key)
        return True
    flat = [k[: -len(".responses")] for k in value if k.endswith(".responses")]
    former = [
        k
        for k, answers in value.items()
        if (k not in _FIXED and f"{k}-suggestion" in value)
        or (isinstance(answers, list) and answers and _is_response(answers[0]))
    ]
    if not flat and not former and not {"external_id", "metadata"} <= value.keys():
        refuse_other(path, TOOL, value, record.where, "records with responses")
    asked = {f"{q}{end}" for q in flat for end in _FLAT}
    asked |= {f"{q}-suggestion{end}" for q in former for end in ("", "-metadata")}
    data = {
        k: cell
        for k, cell in value.items()
        if k not in _FIXED and k not in former and k not in asked and cell != []
    }
    metadata = value.get("metadata")
    if isinstance(metadata, str):
        # Version 1 writes metadata as a text of JSON.
        try:
            metadata = json.loads(metadata)
        except json.JSONDecodeError:
            metadata = {"metadata": metadata}
    collect.sample(key, {**data, **(metadata if isinstance(metadata, dict) else {})})
    known = True
    for question in flat:
        values = value.get(f"{question}.responses") or []
        users = value.get(f"{question}.responses.users") or [None] * len(values)
        status = value.get(f"{question}.responses.status")
        known &= status is not None or not values
        status = status or ["submitted"] * len(values)
        answers = _triples(values, users, status, question, record.where)
        _responses(collect, question, answers, key, include)
        _suggestion(
            collect,
            question,
            key,
            value.get(f"{question}.suggestion"),
            value.get(f"{question}.suggestion.agent"),
            value.get(f"{question}.suggestion.score"),
        )
    for question in former:
        answers = _former_answers(value.get(question), question, record.where)
        _responses(collect, question, answers, key, include)
        about = value.get(f"{question}-suggestion-metadata") or {}
        _suggestion(
            collect,
            question,
            key,
            value.get(f"{question}-suggestion"),
            about.get("agent"),
            about.get("score"),
        )
    return known


def _is_response(value: Any) -> bool:
    """Whether a value is a response of version 1."""
    return isinstance(value, Mapping) and "value" in value and "user_id" in value


def _triples(
    values: list[Any], users: list[Any], status: list[Any], question: str, where: str
) -> list[tuple[Any, Any, Any]]:
    """Return value, user and status of each response; they are parallel lists."""
    if not len(values) == len(users) == len(status):
        raise ValueError(
            f"{where}: {question!r} has {len(values)} responses, {len(users)} users "
            f"and {len(status)} statuses. Export it again."
        )
    return list(zip(values, users, status, strict=True))


def _former_answers(
    answers: Any, question: str, where: str
) -> list[tuple[Any, Any, Any]]:
    """Return value, user and status of the responses of version 1."""
    if isinstance(answers, Mapping):
        # The datasets package turns a list of objects into an object of lists.
        values = answers.get("value") or []
        users = answers.get("user_id") or [None] * len(values)
        status = answers.get("status") or ["submitted"] * len(values)
        return _triples(values, users, status, question, where)
    return [
        (a.get("value"), a.get("user_id"), a.get("status", "submitted"))
        for a in answers or []
        if isinstance(a, Mapping)
    ]


def _read_nested(
    collect: Collector, value: Mapping[str, Any], key: Any, include: tuple[str, ...]
) -> bool:
    """Read a nested record of version 2."""
    collect.sample(
        key, {**(value.get("fields") or {}), **(value.get("metadata") or {})}
    )
    known = True
    for question, answers in (value.get("responses") or {}).items():
        given = []
        for answer in answers or []:
            status = answer.get("status")
            if status is None and answer.get("value") is not None:
                known = False
            given.append(
                (answer.get("value"), answer.get("user_id"), status or "submitted")
            )
        _responses(collect, question, given, key, include)
    for question, about in (value.get("suggestions") or {}).items():
        about = about or {}
        _suggestion(
            collect,
            question,
            key,
            about.get("value"),
            about.get("agent"),
            about.get("score"),
        )
    return known


def _read_task(collect: Collector, value: Mapping[str, Any], key: Any) -> None:
    """Read a record of a dataset for text classification, version 1."""
    question = "annotation"
    inputs = value.get("inputs")
    data = inputs if isinstance(inputs, dict) else {"text": value.get("text")}
    metadata = value.get("metadata")
    collect.sample(key, {**data, **(metadata if isinstance(metadata, dict) else {})})
    collect.seen(question)
    annotation, status = value.get("annotation"), value.get("status")
    if status == "Discarded":
        collect.leave("discarded", question)
    elif annotation is not None:
        options = annotation if isinstance(annotation, list) else [annotation]
        agent = value.get("annotation_agent")
        if agent is None:
            collect.leave("no_worker", question)
        else:
            collect.vote(question, options, key, agent, value.get("event_timestamp"))
    for prediction in value.get("prediction") or []:
        collect.model(
            question,
            [prediction.get("label")],
            key,
            value.get("prediction_agent"),
            prediction.get("score"),
        )


def _responses(
    collect: Collector,
    question: str,
    answers: list[tuple[Any, Any, Any]],
    key: Any,
    include: tuple[str, ...],
) -> None:
    """Note the responses to one question of one record."""
    collect.seen(question)
    for value, user, status in answers:
        collect.control(question, type=_type(value))
        if status not in include:
            collect.leave(str(status), question)
        elif value is None:
            collect.leave("empty", question)
        elif user is None:
            collect.leave("no_worker", question)
        else:
            options = value if isinstance(value, list) else [value]
            collect.vote(question, _texts(options), key, user)


def _suggestion(
    collect: Collector, question: str, key: Any, value: Any, agent: Any, score: Any
) -> None:
    """Note what a model suggested."""
    if value is not None:
        collect.control(question, type=_type(value))
        options = value if isinstance(value, list) else [value]
        collect.model(question, _texts(options), key, agent, score)


def _type(value: Any) -> str | None:
    """Return the type of a question that has such a value."""
    if isinstance(value, list):
        # Rankings and spans are lists of objects, which nothing writes back.
        return None if any(isinstance(v, dict) for v in value) else "multi_label"
    kinds = {str: "label", int: "rating", float: "rating"}
    return kinds.get(type(value))


def _texts(options: list[Any]) -> list[Any]:
    """Return the labels of a value; rankings and spans have none."""
    return [
        option.get("value", option.get("label")) if isinstance(option, dict) else option
        for option in options
    ]
