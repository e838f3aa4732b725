"""One reader for exports of all tools."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import inspect
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._argilla import read_argilla
from sklabel.io._crowd_platforms import read_appen, read_toloka
from sklabel.io._doccano import read_doccano
from sklabel.io._files import as_paths
from sklabel.io._label_studio import read_label_studio
from sklabel.io._labelbox import read_labelbox
from sklabel.io._mturk import read_mturk
from sklabel.io._prodigy import read_prodigy
from sklabel.io._recognise import EMPTY, READERS, tool_of
from sklabel.io._sagemaker import read_sagemaker_ground_truth

_READERS = {
    reader.__name__: reader
    for reader in (
        read_appen,
        read_argilla,
        read_doccano,
        read_label_studio,
        read_labelbox,
        read_mturk,
        read_prodigy,
        read_sagemaker_ground_truth,
        read_toloka,
    )
}


def read_annotations(
    path: Any, question: str | None = None, **options: Any
) -> Annotations:
    """Read an export of any annotation tool; its content tells which.

    Known are Label Studio, Argilla, Prodigy, doccano, Amazon Mechanical Turk, Appen,
    SageMaker Ground Truth, Toloka and Labelbox. The name of the file does not matter.

    Parameters
    ----------
    path : path-like or list of path-like
        The file, folder, or files of one tool.
    question : str, default=None
        The question; None takes the only one. An error lists the questions found.
    **options : dict
        Options of the tool's reader, for instance ``sample=``.

    Returns
    -------
    annotations : Annotations
        Judgements, samples, gold and answers of models; ``tool`` says whose.

    Raises
    ------
    ValueError
        If the tool is not recognised, files are of several tools, or the tool's
        reader refuses the file.
    TypeError
        If the tool's reader has no such option.
    FileNotFoundError
        If there is no such file.

    See Also
    --------
    sklabel.io.read_wide : Spreadsheets with one column per person.
    sklabel.CrowdLabels.from_csv : Tables with one judgement a line.

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> task = {"text": "Sunny at last", "_input_hash": 7, "_view_id": "choice"}
    >>> line = {**task, "answer": "accept", "accept": ["good"], "_annotator_id": "ann"}
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mood.jsonl"
    >>> _ = path.write_text(json.dumps(line))
    >>> from sklabel.io import read_annotations
    >>> read_annotations(path)
    Annotations of Prodigy, question 'choice'
      1 judgement: 1 sample, 1 worker
      labels: good 1
      1 sample in the file, 0 without a judgement; columns: 'text'
      left out: nothing
    """
    paths = as_paths(path)
    tools = {one: tool_of(one, options.get("encoding")) for one in paths}
    if set(tools.values()) == {EMPTY}:
        raise ValueError(f"'{paths[0]}' is empty: it holds no answer. Export it again.")
    # A file without answers may be of any tool; its reader notes it.
    tools = {one: tool for one, tool in tools.items() if tool != EMPTY}
    if len(set(tools.values())) > 1:
        listed = ", ".join(
            f"'{one}' ({tool or 'not known'})" for one, tool in tools.items()
        )
        raise ValueError(f"The files are of several tools: {listed}. Read them apart.")
    first, tool = next(iter(tools.items()))
    if tool is None:
        raise ValueError(
            f"'{first}' is not recognised as an export of {', '.join(_tools())}. "
            "For a table of your own use CrowdLabels.from_csv (one judgement a line) "
            "or read_wide (one column a person); if it is one of these tools, call its "
            "reader, which says what it misses."
        )
    reader = _READERS.get(READERS[tool])
    if reader is None:
        raise ValueError(
            f"'{first}' holds answers of a language model, of {tool}: use "
            f"{READERS[tool]}."
        )
    if question is not None and "question" in inspect.signature(reader).parameters:
        options["question"] = question
    elif question is not None:
        raise ValueError(
            f"{tool} has one question a project; leave out question={question!r}."
        )
    unknown = options.keys() - inspect.signature(reader).parameters.keys()
    if unknown:
        raise TypeError(
            f"{reader.__name__}, which reads '{first}', has no option "
            f"{', '.join(sorted(unknown))}; it has "
            f"{', '.join(list(inspect.signature(reader).parameters)[1:])}."
        )
    return reader(path, **options)


def _tools() -> list[str]:
    """Return the tools that are recognised."""
    return [tool for tool, reader in READERS.items() if reader in _READERS]
