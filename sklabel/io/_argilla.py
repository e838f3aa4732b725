"""Exports of Argilla, versions 1 and 2."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import Place, as_paths, iter_json, shaped
from sklabel.io._recognise import refuse_other, refuse_table
from sklabel.io._values import as_id, check_options, objects_in
from sklabel.utils._validation import warn

TOOL = "Argilla"
_STATUSES = ("submitted", "draft", "discarded")
_REMEDY = "Export the records with their responses and users."
# Ends of the columns of a question in flat records.
_FLAT = (
    *(".responses", ".responses.users", ".responses.status"),
    *(".suggestion", ".suggestion.score", ".suggestion.agent"),
)
# Ends of the columns that stand beside each other in flat records.
_PARALLEL = ("", ".users", ".status")
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
        JSON or JSON lines: nested or flat records of version 2 (also as columns, by
        ``to_dict``), records of the server, a FeedbackDataset of version 1, or a
        dataset for text classification of version 1. Spans are left out.
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
        for place in iter_json(one, encoding):
            for record in _records(place):
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


def _records(place: Place) -> Iterator[Place]:
    """Yield the records of an object: itself, or what its columns hold (`to_dict`)."""
    value = place.value
    if not (isinstance(value, Mapping) and isinstance(value.get("id"), list)):
        yield place
        return
    n = len(value["id"])
    if not all(isinstance(cells, list) and len(cells) == n for cells in value.values()):
        raise ValueError(
            f"{place.where}: a table of columns has a list of one length at every key, "
            f"and not all have {n} values. Export to_datasets() as JSON."
        )
    for at, cells in enumerate(zip(*value.values(), strict=True), start=1):
        row = dict(zip(value, cells, strict=True))
        yield Place(row, f"{place.where}, record {at}")


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
        or _is_response(answers)
        or (isinstance(answers, list) and any(map(_is_response, answers)))
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
        columns = [value.get(f"{question}.responses{end}") for end in _PARALLEL]
        answers = _triples(columns, question, record.where)
        known &= _responses(collect, question, answers, key, include)
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
        known &= _responses(collect, question, answers, key, include)
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
    """Whether a value is a response of version 1, or several as columns."""
    return isinstance(value, Mapping) and "value" in value and "user_id" in value


def _triples(
    columns: list[Any], question: str, where: str
) -> list[tuple[Any, Any, Any]]:
    """Return value, user and status of each response; they are parallel lists."""
    for column in columns:
        if not isinstance(column, list | None):
            raise TypeError(f"responses to {question!r} are lists, got {column!r:.40}")
    nothing = [None] * len(columns[0] or [])
    columns = [nothing if column is None else column for column in columns]
    n_values, n_users, n_status = map(len, columns)
    if not n_values == n_users == n_status:
        raise ValueError(
            f"{where}: {question!r} has {n_values} responses, {n_users} users and "
            f"{n_status} statuses. Export it again."
        )
    return list(zip(*columns, strict=True))


def _former_answers(
    answers: Any, question: str, where: str
) -> list[tuple[Any, Any, Any]]:
    """Return value, user and status of the responses of version 1."""
    if isinstance(answers, Mapping):
        # The datasets package turns a list of objects into an object of lists.
        columns = [answers.get(name) for name in ("value", "user_id", "status")]
        return _triples(columns, question, where)
    return _answers(answers, question)


def _answers(answers: Any, question: str) -> list[tuple[Any, Any, Any]]:
    """Return value, user and status of a list of responses."""
    return [
        (answer["value"], answer.get("user_id"), answer.get("status"))
        for answer in objects_in(answers, f"responses to {question!r}")
    ]


def _read_nested(
    collect: Collector, value: Mapping[str, Any], key: Any, include: tuple[str, ...]
) -> bool:
    """Read a nested record of version 2, or one of the server."""
    collect.sample(
        key, {**(value.get("fields") or {}), **(value.get("metadata") or {})}
    )
    known = True
    given: dict[str, list[tuple[Any, Any, Any]]] = {}
    responses = value.get("responses") or {}
    if isinstance(responses, Mapping):
        for question, answers in responses.items():
            given[question] = _answers(answers, question)
    else:
        # The server has one response a user, with the values of all questions.
        for response in objects_in(responses, "responses"):
            about = (response.get("user_id"), response.get("status"))
            if not response["values"]:
                collect.leave(str(about[1] or "empty"))
            for question, held in (response["values"] or {}).items():
                given.setdefault(question, []).append((held["value"], *about))
    for question, triples in given.items():
        known &= _responses(collect, question, triples, key, include)
    suggestions = value.get("suggestions") or {}
    if not isinstance(suggestions, Mapping):
        listed = objects_in(suggestions, "suggestions")
        suggestions = {one["question_name"]: one for one in listed}
    for question, one in suggestions.items():
        held = [(one or {}).get(name) for name in ("value", "agent", "score")]
        _suggestion(collect, question, key, *held)
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
        agent, time = value.get("annotation_agent"), value.get("event_timestamp")
        collect.vote(question, check_options(options), key, agent, time)
    guesses = [_guess(one) for one in value.get("prediction") or []]
    # The last answer of a model is the one that counts: the surest.
    for label, score in sorted(guesses, key=lambda guess: guess[1] or 0):
        agent = value.get("prediction_agent")
        collect.model(question, check_options([label]), key, agent, score)


def _guess(prediction: Any) -> tuple[Any, Any]:
    """Return label and score of a prediction of version 1."""
    if isinstance(prediction, list) and len(prediction) == 2:
        return prediction[0], prediction[1]
    return prediction["label"], prediction.get("score")


def _responses(
    collect: Collector,
    question: str,
    answers: list[tuple[Any, Any, Any]],
    key: Any,
    include: tuple[str, ...],
) -> bool:
    """Note the responses to a question; return False if one has no status."""
    collect.seen(question)
    known = True
    for value, user, status in answers:
        known &= status is not None or value is None
        status = "submitted" if status is None else as_id(status)
        collect.control(question, type=_type(value))
        if status not in include:
            collect.leave(status, question)
        elif value is None:
            collect.leave("empty", question)
        elif _is_spans(value):
            collect.leave("spans", question)
        else:
            collect.vote(question, _labels(value), key, user)
    return known


def _suggestion(
    collect: Collector, question: str, key: Any, value: Any, agent: Any, score: Any
) -> None:
    """Note what a model suggested."""
    if value is not None and not _is_spans(value):
        collect.control(question, type=_type(value))
        collect.model(question, _labels(value), key, agent, score)


def _type(value: Any) -> str | None:
    """Return the type of a question that has such a value."""
    if isinstance(value, list):
        # Rankings and spans are lists of objects, which nothing writes back.
        return None if any(isinstance(v, dict) for v in value) else "multi_label"
    kinds = {str: "label", int: "rating", float: "rating"}
    return kinds.get(type(value))


def _is_spans(value: Any) -> bool:
    """Whether a value marks parts of a text, and does not label it."""
    return isinstance(value, list) and any(
        isinstance(option, Mapping) and "start" in option for option in value
    )


def _labels(value: Any) -> Sequence[Any]:
    """Return the labels of a value; of a ranking in the order of ranks."""
    options = value if isinstance(value, list) else [value]
    if options and all(isinstance(option, Mapping) for option in options):
        options = sorted(options, key=lambda option: option.get("rank") or 0)
        options = [option["value"] for option in options]
    return check_options(options)
