"""Soft labels back to annotation tools, as predictions and suggestions."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklabel.io._annotations import Annotations
from sklabel.io._write_tables import read_soft_labels, refuse_repeated, rows_of
from sklabel.utils._validation import (
    check_columns,
    check_option,
    first_few,
    is_integer,
    plain,
    warn,
)

# Column of samples with the ids of Label Studio's tasks.
TASK_ID = "label_studio_id"
# Ids as the database of Label Studio counts them. Others, such as 007, are the user's.
_TASK_NUMBER = re.compile(r"[1-9][0-9]{0,18}")
_RATING = re.compile(r"[0-9]{1,9}")
# Label Studio rates from 1 on, Argilla from 0 to 10.
_FEWEST_STARS = 1
_MOST_STARS = 10
_CHOICES = "choices"
# Value of a result of each type of control.
_CONTROLS: dict[str, Callable[[Any], dict[str, Any]]] = {
    _CHOICES: lambda label: {"choices": [str(label)]},
    "rating": lambda label: {"rating": int(label)},
    "taxonomy": lambda label: {"taxonomy": [str(label).split("/")]},
    "pairwise": lambda label: {"selected": str(label)},
}
# Value of a suggestion for each type of question.
_QUESTIONS: dict[str, Callable[[Any], Any]] = {
    "label": str,
    "multi_label": lambda label: [str(label)],
    "rating": int,
}


def to_label_studio(
    soft_labels: pd.DataFrame,
    path: Any = None,
    *,
    annotations: Annotations | None = None,
    question: str | None = None,
    to_name: str | None = None,
    control_type: str | None = None,
    samples: pd.DataFrame | None = None,
    task_ids: pd.Series | Mapping[Any, Any] | None = None,
    model_version: str = "sklabel",
) -> list[dict[str, Any]]:
    """Turn soft labels into predictions of Label Studio.

    People see the most probable class as a suggestion, and the Data Manager sorts
    tasks by the prediction's score, which is its probability: the least certain ones
    first.

    Parameters
    ----------
    soft_labels : DataFrame of shape (n_samples, n_columns)
        Indexed by sample: a table of `CrowdLabels.soft_labels`, or one column of
        probabilities per class.
    path : path-like, default=None
        JSON file to write; an existing one is replaced. None writes none.
    annotations : Annotations, default=None
        What `read_label_studio` read, of which the labels are. It knows the question,
        its object and type, and the ids of the tasks, so that nothing else is needed
        for tasks that exist. Parameters that are given come before it.
    question : str, default=None
        Name of the control. Needed where there are no `annotations`.
    to_name : str, default=None
        Name of the object that the control is about (``toName=``). None takes that of
        `annotations`, or 'text' where there are none.
    control_type : {'choices', 'rating', 'taxonomy', 'pairwise'}, default=None
        Type of the control. None takes that of `annotations`, or 'choices' where there
        are none.
    samples : DataFrame, default=None
        Data of new tasks, indexed by sample (``Annotations.samples``): import the file
        into a project. If None, the predictions are for tasks that exist: post the list
        to ``/api/projects/<id>/import/predictions``.
    task_ids : Series or dict, default=None
        Label Studio's ids of tasks that exist, by sample. If None, those that
        `annotations` knows; without `annotations`, the samples are taken for these
        ids. Where ``read_label_studio(..., sample=)`` took ids of your own, always pass
        `annotations`, or ``annotations.samples["label_studio_id"]`` here: your 17 is
        another task than Label Studio's, and nobody can see that. Ids that Label Studio
        does not write ('007', '+7', '7 ') are refused.
    model_version : str, default='sklabel'
        Name under which Label Studio shows the predictions.

    Returns
    -------
    tasks : list of dict of length n_samples
        What the file holds: tasks with predictions, or predictions.

    Raises
    ------
    ValueError
        If a row does not hold probabilities, a sample is there twice or is not in
        `samples` or `task_ids`, both of these are given, a task's id is not a whole
        number or is that of two samples, a label cannot be a rating, the question is
        not known, or `annotations` do not tell `to_name`.
    TypeError
        If `soft_labels` is not a table, `annotations` are not of the right kind, or
        `task_ids` is not a Series or dict.

    Warns
    -----
    UserWarning
        If labels are whole numbers from 1 on, as ratings are, and nothing says whether
        they are choices.

    References
    ----------
    .. [1] Label Studio documentation, "Import pre-annotated data",
       https://labelstud.io/guide/predictions

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.io import to_label_studio
    >>> table = pd.DataFrame({"bad": [0.25], "good": [0.75]}, index=[101])
    >>> (prediction,) = to_label_studio(table, question="mood")
    >>> prediction["task"], prediction["score"]
    (101, 0.75)
    >>> prediction["result"][0]["value"]
    {'choices': ['good']}
    """
    ids, proba, classes = read_soft_labels(
        soft_labels, "soft_labels of to_label_studio"
    )
    if samples is not None and task_ids is not None:
        raise ValueError(
            "to_label_studio takes samples=, to make new tasks, or task_ids=, for "
            "tasks that exist; got both."
        )
    known = _control_of(annotations, "Label Studio", "to_label_studio")
    question = _question_of(annotations, question, "to_label_studio")
    to_name = to_name or known.get("to_name")
    if to_name is None and annotations is not None:
        raise ValueError(
            "annotations of to_label_studio do not tell the object that "
            f"{question!r} is about, as CSV and JSON_MIN do not. Pass to_name=, the "
            "control's toName."
        )
    control_type = control_type or known.get("type")
    if control_type is None:
        control_type = _CHOICES
        if all(is_integer(one) and one >= _FEWEST_STARS for one in classes):
            warn(
                "to_label_studio: labels are whole numbers, and are written as choices "
                f"such as {str(classes[0])!r}. Pass annotations=, or control_type="
                "'rating' or 'choices'."
            )
    check_option(control_type, "control_type", tuple(_CONTROLS))
    if control_type == "rating":
        _check_ratings(classes, "control_type='choices'", _FEWEST_STARS)
    data = rows_of(samples, ids, "samples of to_label_studio")
    if data is None and task_ids is None and annotations is not None:
        task_ids = _known_task_ids(annotations, ids)
    numbers = [] if data is not None else _task_numbers(ids, task_ids)
    tasks = []
    for at, sample in enumerate(ids):
        best = int(proba[at].argmax())
        result = {
            "from_name": question,
            "to_name": to_name or "text",
            "type": control_type,
            "value": _CONTROLS[control_type](classes[best]),
        }
        prediction = {
            "model_version": model_version,
            "score": float(proba[at, best]),
            "result": [result],
        }
        if data is None:
            tasks.append({"task": numbers[at], **prediction})
        else:
            # New tasks get ids of their own.
            row = {k: v for k, v in data[at].items() if k != TASK_ID}
            if str(row.get("sample", sample)) != str(sample):
                raise ValueError(
                    "samples of to_label_studio has a column 'sample', which holds "
                    f"{row['sample']!r} for the sample {sample!r}. Tasks keep the id "
                    "under this name: rename the column."
                )
            row = {**row, "sample": str(sample)}
            tasks.append({"data": row, "annotations": [], "predictions": [prediction]})
    _write(tasks, path)
    return tasks


def to_argilla(
    soft_labels: pd.DataFrame,
    path: Any = None,
    *,
    annotations: Annotations | None = None,
    question: str | None = None,
    question_type: str | None = None,
    samples: pd.DataFrame | None = None,
    fields: str | Sequence[str] | None = None,
    agent: str = "sklabel",
) -> list[dict[str, Any]]:
    """Turn soft labels into records of Argilla with suggestions.

    ``dataset.records.from_json(path)`` logs them: records whose id the dataset has get
    the suggestion, others are new. Argilla sorts and filters by the suggestion's score,
    which is the probability of its class.

    Parameters
    ----------
    soft_labels : DataFrame of shape (n_samples, n_columns)
        Indexed by sample: a table of `CrowdLabels.soft_labels`, or one column of
        probabilities per class.
    path : path-like, default=None
        JSON file to write; an existing one is replaced. None writes none.
    annotations : Annotations, default=None
        What `read_argilla` read, of which the labels are: it knows the question and
        its type.
    question : str, default=None
        Name of the question. Needed where there are no `annotations`.
    question_type : {'label', 'multi_label', 'rating'}, default=None
        Type of the question: Argilla takes a text, a list of one text, or a whole
        number from 0 to 10. None takes the type of `annotations`; without them it is
        'rating' if all labels are such numbers, and 'label' else.
    samples : DataFrame, default=None
        Texts and other columns of the samples, indexed by sample
        (``Annotations.samples``). If None, the records have ids and suggestions only.
    fields : str or sequence of str, default=None
        Columns of `samples` that are fields; others are metadata. None takes all as
        fields. Numbers become texts in fields, as Argilla wants it.
    agent : str, default='sklabel'
        Name under which Argilla shows the suggestions.

    Returns
    -------
    records : list of dict of length n_samples
        What the file holds.

    Raises
    ------
    ValueError
        If a row does not hold probabilities, a sample is there twice or has no row in
        `samples`, a field is not a column of it, a label cannot be a rating, or the
        question is not known.
    TypeError
        If `soft_labels` is not a table, or `annotations` are not of the right kind.

    References
    ----------
    .. [1] Argilla documentation, "Import and export datasets",
       https://docs.argilla.io/latest/how_to_guides/import_export/

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.io import to_argilla
    >>> table = pd.DataFrame({"bad": [0.25], "good": [0.75]}, index=["a"])
    >>> to_argilla(table, question="mood")[0]["suggestions"]
    {'mood': {'value': 'good', 'score': 0.75, 'agent': 'sklabel'}}
    """
    ids, proba, classes = read_soft_labels(soft_labels, "soft_labels of to_argilla")
    known = _control_of(annotations, "Argilla", "to_argilla")
    question = _question_of(annotations, question, "to_argilla")
    stars = all(is_integer(one) and 0 <= one <= _MOST_STARS for one in classes)
    question_type = question_type or known.get("type") or ("label", "rating")[stars]
    check_option(question_type, "question_type", tuple(_QUESTIONS))
    if question_type == "rating":
        _check_ratings(classes, "question_type='label'", 0, _MOST_STARS)
    where = "samples of to_argilla"
    if isinstance(fields, str):
        fields = [fields]
    if fields is not None and samples is None:
        raise ValueError("to_argilla takes fields= from samples=, which is missing.")
    data = rows_of(samples, ids, where)
    if samples is not None and fields is not None:
        check_columns(samples, list(fields), where=where)
    records = []
    for at, sample in enumerate(ids):
        best = int(proba[at].argmax())
        row = {} if data is None else data[at]
        # Fields of Argilla are texts, chats and objects, and never numbers.
        shown = {
            k: str(v) if isinstance(v, int | float) else v
            for k, v in row.items()
            if fields is None or k in fields
        }
        suggestion = {
            "value": _QUESTIONS[question_type](classes[best]),
            "score": float(proba[at, best]),
            "agent": agent,
        }
        records.append(
            {
                "id": str(sample),
                "fields": shown,
                "metadata": {k: v for k, v in row.items() if k not in shown},
                "suggestions": {question: suggestion},
                "responses": {},
                "vectors": {},
            }
        )
    _write(records, path)
    return records


def _control_of(annotations: Any, tool: str, writer: str) -> dict[str, Any]:
    """Return how the tool keeps the answers, {} if there are no annotations."""
    if annotations is None:
        return {}
    if not isinstance(annotations, Annotations):
        raise TypeError(
            f"annotations of {writer} must be what a reader of sklabel.io returns; "
            f"got {type(annotations).__name__}."
        )
    if annotations.tool != tool:
        raise ValueError(
            f"annotations of {writer} are of {annotations.tool}, which does not know "
            f"the question of {tool}. Leave them out and pass question=."
        )
    if "labels_of" in annotations.control:
        raise ValueError(
            f"annotations of {writer} were read with "
            f"{annotations.control['labels_of']}, so their labels are not options of "
            f"{tool}. Leave them out, and pass question= and labels that are options."
        )
    return annotations.control


def _question_of(
    annotations: Annotations | None, question: str | None, writer: str
) -> str:
    """Return the name of the question."""
    if question is not None:
        if not isinstance(question, str):
            raise TypeError(f"question of {writer} must be a str; got {question!r}.")
        if not question.strip():
            raise ValueError(
                f"question of {writer} is empty. Name the tool's question."
            )
        return question
    if annotations is None:
        raise ValueError(
            f"{writer} needs the name of the question: pass annotations=, which knows "
            "it, or question=."
        )
    return annotations.question


def _check_ratings(
    classes: list[Any], other: str, low: int, high: float = np.inf
) -> None:
    """Raise if labels cannot be ratings."""
    odd = [
        one
        for one in classes
        if not _RATING.fullmatch(str(one)) or not low <= int(one) <= high
    ]
    if odd:
        end = "on" if np.isinf(high) else f"to {high}"
        raise ValueError(
            f"A rating is a whole number from {low} {end}; labels are "
            f"{first_few(odd)}. Pass {other}, or labels that are ratings."
        )


def _known_task_ids(annotations: Annotations, ids: list[Any]) -> pd.Series:
    """Return Label Studio's ids by sample, as the reader met them."""
    samples = annotations.samples
    if "task_ids" in annotations.control:
        return samples[annotations.control["task_ids"]]
    return pd.Series(samples.index, index=samples.index)


def _task_numbers(ids: list[Any], task_ids: Any) -> list[int]:
    """Return the ids of tasks that exist, in the order of samples."""
    known = {sample: sample for sample in ids}
    if task_ids is not None:
        if not isinstance(task_ids, pd.Series | Mapping):
            raise TypeError(
                "task_ids of to_label_studio must be a Series or dict of Label "
                f"Studio's ids by sample; got {type(task_ids).__name__}."
            )
        pairs = [(str(plain(one)), plain(number)) for one, number in task_ids.items()]
        refuse_repeated([one for one, _ in pairs], ids, "task_ids of to_label_studio")
        known = dict(pairs)
        missing = [sample for sample in ids if str(sample) not in known]
        if missing:
            raise ValueError(
                f"task_ids of to_label_studio lacks {len(missing)} of the samples of "
                f"soft_labels, first {first_few(missing, 3)}."
            )
        known = {sample: known[str(sample)] for sample in ids}
    numbers = []
    for given in known.values():
        # A column with gaps holds whole numbers as floats.
        whole = isinstance(given, float) and given.is_integer()
        text = str(int(given) if whole else given)
        if _TASK_NUMBER.fullmatch(text) is None:
            raise ValueError(
                f"Ids of tasks that exist are whole numbers; got {given!r}. Pass "
                "annotations=annotations, which knows Label Studio's ids, or task_ids="
                f"annotations.samples[{TASK_ID!r}], where read_label_studio(..., "
                "sample=) keeps them; or samples= with the tasks' data to make new "
                "tasks."
            )
        numbers.append(int(text))
    shared = [number for number, n in Counter(numbers).items() if n > 1]
    if shared:
        raise ValueError(
            "task_ids of to_label_studio gives several samples one task: "
            f"{first_few(shared)}. A task has one sample."
        )
    return numbers


def _write(content: list[dict[str, Any]], path: Any) -> None:
    """Write a file of JSON; letters beyond ASCII are escaped, for any reader."""
    if path is not None:
        text = json.dumps(content, indent=1, allow_nan=False)
        Path(path).write_text(text, encoding="ascii")
