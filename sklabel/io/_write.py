"""Soft labels back to annotation tools, as predictions and suggestions."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklabel.utils._validation import check_columns, first_few, plain
from sklabel.votes._proba import PREFIX, read_proba

# Column of samples with the ids of Label Studio's tasks.
TASK_ID = "label_studio_id"


def to_label_studio(
    soft_labels: pd.DataFrame,
    path: Any = None,
    *,
    question: str,
    to_name: str = "text",
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
    question : str
        Name of the Choices control.
    to_name : str, default='text'
        Name of the object that the control is about (``toName=``).
    samples : DataFrame, default=None
        Data of new tasks, indexed by sample (``Annotations.samples``): import the file
        into a project. If None, the predictions are for tasks that exist: post the list
        to ``/api/projects/<id>/import/predictions``.
    task_ids : Series or dict, default=None
        Label Studio's ids of tasks that exist, by sample. If None, the samples are
        these ids; where ``read_label_studio(..., sample=)`` took others, pass
        ``annotations.samples["label_studio_id"]``.
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
        `samples` or `task_ids`, both of these are given, or a task's id is not a whole
        number.
    TypeError
        If `soft_labels` is not a table, or `task_ids` not a Series or dict.

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
    _check_question(question, "to_label_studio")
    ids, proba, classes = _read(soft_labels, "soft_labels of to_label_studio")
    if samples is not None and task_ids is not None:
        raise ValueError(
            "to_label_studio takes samples=, to make new tasks, or task_ids=, for "
            "tasks that exist; got both."
        )
    data = _rows_of(samples, ids, "samples of to_label_studio")
    numbers = [] if data is not None else _task_numbers(ids, task_ids)
    tasks = []
    for at, sample in enumerate(ids):
        best = int(proba[at].argmax())
        result = {
            "from_name": question,
            "to_name": to_name,
            "type": "choices",
            "value": {"choices": [str(classes[best])]},
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
    question: str,
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
    question : str
        Name of the label question.
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
        `samples`, or a field is not a column of it.
    TypeError
        If `soft_labels` is not a table.

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
    _check_question(question, "to_argilla")
    ids, proba, classes = _read(soft_labels, "soft_labels of to_argilla")
    where = "samples of to_argilla"
    if isinstance(fields, str):
        fields = [fields]
    if fields is not None and samples is None:
        raise ValueError("to_argilla takes fields= from samples=, which is missing.")
    data = _rows_of(samples, ids, where)
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
            "value": str(classes[best]),
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


def _read(soft_labels: Any, where: str) -> tuple[list[Any], np.ndarray, list[Any]]:
    """Return ids, probabilities and classes of a table of soft labels."""
    # Frames of other libraries have no index, and so no ids.
    if not isinstance(soft_labels, pd.DataFrame):
        raise TypeError(
            f"{where} must be a pandas DataFrame that is indexed by sample; got "
            f"{type(soft_labels).__name__}. CrowdLabels.soft_labels() makes one."
        )
    table = soft_labels
    if isinstance(table.index, pd.RangeIndex) and table.index.name is None:
        raise ValueError(
            f"{where} is indexed by the numbers of its rows, which are not ids of "
            "samples. Set the index: table.set_index('sample'), or table.index = ids."
        )
    named = [c for c in table.columns if isinstance(c, str) and c.startswith(PREFIX)]
    if "label" in table.columns and named:
        table = table[named].rename(columns=lambda name: name[len(PREFIX) :])
    ids = [plain(one) for one in table.index]
    names = pd.Index([str(one) for one in ids], dtype=object)
    lacking = [n for n, one in enumerate(ids) if _is_missing(one) or not names[n]]
    if lacking:
        raise ValueError(
            f"{where} has rows whose sample has no id, first row {lacking[0]}. Drop "
            "them, or fill in the index."
        )
    # Tools keep ids as texts, to which 1 and '1' are one.
    twice = names[names.duplicated()]
    if len(twice):
        raise ValueError(
            f"{where} has several rows of the sample {plain(twice[0])!r}. Keep one."
        )
    if any(isinstance(plain(column), bool) for column in table.columns):
        raise ValueError(
            f"The columns of {where} are {first_few(table.columns)}, and options of "
            "the tool are texts. Rename them to the options, for instance "
            "table.rename(columns={True: 'yes', False: 'no'})."
        )
    proba, classes = read_proba(table, name=where)
    return ids, proba, classes.tolist()


def _check_question(question: Any, where: str) -> None:
    """Raise if the name of a question is not a text."""
    if not isinstance(question, str):
        raise TypeError(f"question of {where} must be a str; got {question!r}.")
    if not question.strip():
        raise ValueError(f"question of {where} is empty. Name the tool's question.")


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
        _refuse_repeated([one for one, _ in pairs], ids, "task_ids of to_label_studio")
        known = dict(pairs)
        missing = [sample for sample in ids if str(sample) not in known]
        if missing:
            raise ValueError(
                f"task_ids of to_label_studio lacks {len(missing)} of the samples of "
                f"soft_labels, first {first_few(missing, 3)}."
            )
        known = {sample: known[str(sample)] for sample in ids}
    for number in known.values():
        if re.fullmatch(r"[0-9]+(?:\.0)?", str(number)) is None:
            raise ValueError(
                f"Ids of tasks that exist are whole numbers; got {number!r}. Pass "
                "task_ids=, Label Studio's ids by sample, which read_label_studio(..., "
                f"sample=) keeps in annotations.samples[{TASK_ID!r}]; or samples= with "
                "the tasks' data to make new tasks."
            )
    numbers = [int(str(known[sample]).removesuffix(".0")) for sample in ids]
    shared = [number for number, n in Counter(numbers).items() if n > 1]
    if shared:
        raise ValueError(
            "task_ids of to_label_studio gives several samples one task: "
            f"{first_few(shared)}. A task has one sample."
        )
    return numbers


def _refuse_repeated(names: list[str], ids: list[Any], where: str) -> None:
    """Raise if a sample of the soft labels is named more than once."""
    counts = Counter(names)
    twice = [one for one in ids if counts[str(one)] > 1]
    if twice:
        raise ValueError(
            f"{where} has several rows of {first_few(twice, 3)}. Keep one of each."
        )


def _rows_of(samples: Any, ids: list[Any], where: str) -> list[dict[str, Any]] | None:
    """Return the columns of every sample as objects for JSON."""
    if samples is None:
        return None
    frame = samples
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"{where} must be a pandas DataFrame that is indexed by sample; got "
            f"{type(samples).__name__}."
        )
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names):
        repeated = [name for name, n in Counter(names).items() if n > 1]
        raise ValueError(
            f"{where} has several columns of one name: {first_few(repeated)}. Rename "
            "them."
        )
    index = [str(plain(sample)) for sample in frame.index]
    _refuse_repeated(index, ids, where)
    at = {sample: n for n, sample in enumerate(index)}
    missing = [one for one in ids if str(one) not in at]
    if missing:
        raise ValueError(
            f"{where} lacks {len(missing)} of the samples of soft_labels, first "
            f"{first_few(missing, 3)}. Its index holds the ids."
        )
    rows = frame.iloc[[at[str(one)] for one in ids]].to_dict("records")
    return [
        {str(k): _for_json(v) for k, v in row.items() if not _is_missing(v)}
        for row in rows
    ]


def _is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN or NA."""
    return value is None or (pd.api.types.is_scalar(value) and pd.isna(value))


def _for_json(value: Any) -> Any:
    """Return a cell as JSON holds it; what it does not know as text."""
    value = value.tolist() if isinstance(value, np.ndarray) else plain(value)
    if isinstance(value, Mapping):
        return {str(k): _for_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_for_json(v) for v in value]
    if _is_missing(value):
        return None
    if isinstance(value, float) and np.isinf(value):
        return str(value)
    return value if isinstance(value, str | int | float) else str(value)


def _write(content: list[dict[str, Any]], path: Any) -> None:
    """Write a file of JSON; letters beyond ASCII are escaped, for any reader."""
    if path is not None:
        text = json.dumps(content, indent=1, allow_nan=False)
        Path(path).write_text(text, encoding="ascii")
