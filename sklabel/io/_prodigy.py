"""Exports of Prodigy (`prodigy db-out`)."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sklabel.io._annotations import Annotations
from sklabel.io._collector import Collector
from sklabel.io._files import as_paths, iter_json, shaped
from sklabel.io._recognise import refuse_other, refuse_table
from sklabel.io._values import as_id, check_options, is_blank, plain_option
from sklabel.utils._validation import first_few, plural, warn

TOOL = "Prodigy"
CHOICE = "choice"
# More different sets of options than this belong to tasks with options of their own.
_MANY_SETS = 10
# What a task shows: the columns of a sample.
_SHOWN = ("text", "image", "html", "audio", "video")


def read_prodigy(
    path: Any,
    question: str | None = None,
    *,
    sample: str | None = None,
    several: str = "leave_out",
    option: str | None = None,
    models: Iterable[str] = (),
    option_texts: bool = False,
    encoding: str | None = None,
) -> Annotations:
    r"""Read annotations of Prodigy, as ``prodigy db-out`` writes them.

    Two kinds of tasks are read. In the view ``choice`` the label is the option that
    was accepted, and ``answer`` only says whether the task was submitted. In the view
    ``classification`` each ``label`` is a question of its own, answered by 'accept' or
    'reject' (which are the labels here: 'reject' says "not this label"). Lines are
    streamed.

    Parameters
    ----------
    path : path-like or list of path-like
        The JSONL file or files.
    question : str, default=None
        ``'choice'``, or the label of a binary task. None takes the only one; several
        are an error that lists them.
    sample : str, default=None
        Key of the task or of its ``meta`` that holds your own id. None takes
        ``_input_hash``, which is the same for the same text.
    several : {'leave_out', 'list'}, default='leave_out'
        What to do with an answer of several options.
    option : str, default=None
        One option of a question with several: labels are this one and 'not ...'.
    models : iterable of str, default=()
        Annotators that are models (Prodigy's model-annotate recipes answer like
        people): their answers become `model_answers`.
    option_texts : bool, default=False
        Whether the label of an option is the text that people saw. If False, it is the
        option's id, which may be a number that says little.
    encoding : str, default=None
        Encoding of the file; None is UTF-8, or UTF-16 where the file says so.

    Returns
    -------
    annotations : Annotations
        Workers are ``_annotator_id``, which begins with the name of the dataset; use
        ``rename_workers(lambda worker: worker.removeprefix("dataset-"))``. The options
        of a choice are the classes, in their order.

    Raises
    ------
    ValueError
        If the file is of another tool, is cut off or empty, a line has no annotator, a
        model named in `models` is not there, or there are several questions.
    FileNotFoundError
        If there is no such file.

    Warns
    -----
    UserWarning
        If tasks of 'choice' have different options, as those of two projects do.

    References
    ----------
    .. [1] Prodigy documentation, "Annotation interfaces" and "db-out",
       https://prodi.gy/docs/recipes#db-out

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> task = {"text": "Sunny at last", "_input_hash": 7, "_view_id": "choice"}
    >>> lines = [
    ...     {**task, "answer": "accept", "accept": ["good"], "_annotator_id": "d-ann"},
    ...     {**task, "answer": "ignore", "accept": [], "_annotator_id": "d-bob"},
    ... ]
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mood.jsonl"
    >>> _ = path.write_text("\n".join(map(json.dumps, lines)))
    >>> from sklabel.io import read_prodigy
    >>> found = read_prodigy(path)
    >>> found.judgements[["sample", "worker", "label"]].values.tolist()
    [['7', 'd-ann', 'good']]
    >>> found.left_out
    {'ignored': 1}
    """
    collect = Collector(TOOL, question, several, option, forms=False)
    options = _Options(option_texts)
    models = {models} if isinstance(models, str) else set(models)
    met: set[str] = set()
    for one in as_paths(path):
        refuse_table(one, TOOL, encoding, "JSON lines of `prodigy db-out`")
        for task in iter_json(one, encoding):
            with shaped(task.where, TOOL):
                _read_line(
                    collect, one, task.value, task.where, sample, models, met, options
                )
    if models - met:
        raise ValueError(
            f"models= names {', '.join(sorted(models - met))}, and the annotators of "
            f"the file are others. Names begin with the dataset's, as in _annotator_id."
        )
    options.finish(collect)
    return collect.finish(
        remedy="Start Prodigy with named sessions (?session=name) to know who answers."
    )


def _read_line(
    collect: Collector,
    path: Path,
    task: Any,
    where: str,
    sample: str | None,
    models: set[str],
    met: set[str],
    known: _Options,
) -> None:
    """Read one answer."""
    if not isinstance(task, Mapping) or "answer" not in task:
        refuse_other(path, TOOL, task, where, "a task with an answer")
    meta = task.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    key = task.get("_input_hash")
    if sample is not None:
        key = task.get(sample, meta.get(sample.removeprefix("meta.")))
    if is_blank(key):
        raise ValueError(
            f"{where}: the task has no {sample or '_input_hash'!r}. Pass sample= with "
            f"one of its keys, {', '.join(map(repr, task))}, or one of its meta, "
            f"{', '.join(map(repr, meta)) or 'which has none'}."
        )
    shown = {name: task[name] for name in _SHOWN if name in task}
    collect.sample(key, {**shown, **{k: v for k, v in meta.items() if k != "score"}})
    answer, time = task["answer"], task.get("_timestamp")
    accepted = task.get("accept")
    is_choice = "options" in task or "accept" in task or task.get("_view_id") == CHOICE
    # In the view "compare" it is one of two objects that are shown.
    if is_choice and not isinstance(accepted, Mapping):
        question = CHOICE
        accepted = [] if accepted in (None, "") else accepted
        options = accepted if isinstance(accepted, list) else [accepted]
        check_options(options)
        options = known.labels(task.get("options"), options, where)
        reason = {"ignore": "ignored", "reject": "rejected"}.get(answer)
    elif isinstance(task.get("label"), str | int) and task["label"] not in ("", True):
        question = str(task["label"])
        options = [answer]
        reason = {"ignore": "ignored"}.get(answer)
    else:
        view = task.get("_view_id", "of no name")
        raise ValueError(
            f"{where}: a task of the view {view!r} has no label of the whole text. "
            "read_prodigy reads the views 'choice' and 'classification'."
        )
    if answer not in ("accept", "reject", "ignore"):
        raise ValueError(
            f"{where}: answer is 'accept', 'reject' or 'ignore'; got {answer!r}."
        )
    collect.seen(question)
    worker = task.get("_annotator_id") or task.get("_session_id")
    if models and not is_blank(worker):
        met.add(as_id(worker))
    if reason is not None:
        collect.leave(reason, question)
    elif not options:
        collect.leave("empty", question)
    elif str(worker) in models:
        collect.model(question, options, key, worker)
    else:
        collect.vote(question, options, key, worker, time)


class _Options:
    """The options that tasks offer: ids, and the texts that people saw.

    Parameters
    ----------
    texts : bool
        Whether labels are texts.
    """

    def __init__(self, texts: bool) -> None:
        self.texts = texts
        # By options in any order: the number of answers, the place of the first, and
        # its options in their order.
        self._met: dict[frozenset[tuple[Any, str]], list[Any]] = {}
        # Most tasks offer what the one before did.
        self._last: Any = None
        self._text: dict[Any, str] = {}
        self._set: frozenset[tuple[Any, str]] = frozenset()

    def labels(self, offered: Any, accepted: list[Any], where: str) -> list[Any]:
        """Return the labels of the options that were accepted."""
        if not offered:
            return accepted
        if offered != self._last:
            self._last = offered
            self._text = {
                plain_option(one["id"]): str(one.get("text") or one["id"]).strip()
                for one in offered
            }
            self._set = frozenset(self._text.items())
        text, options = self._text, self._set
        # One option alone is no choice; of very many sets, none needs to be known.
        if options in self._met or (len(text) > 1 and len(self._met) <= _MANY_SETS):
            self._met.setdefault(options, [0, where, list(text.items())])[0] += 1
        if not self.texts:
            return accepted
        if len(set(text.values())) < len(text):
            raise ValueError(
                f"{where}: several options have the same text, "
                f"{first_few(text.values())}, so that texts do not tell them apart. "
                "Leave out option_texts=."
            )
        return [text.get(plain_option(one), one) for one in accepted]

    def finish(self, collect: Collector) -> None:
        """Declare the classes, and warn if tasks are those of several projects."""
        # Of more sets, each task has options of its own.
        is_asked = collect.question in (None, CHOICE)
        if not is_asked or not 0 < len(self._met) <= _MANY_SETS:
            return
        longest = max(self._met, key=len)
        others = [one for one in self._met if not one <= longest]
        if others:
            few = [self._met[one] for one in [longest, *others][:3]]
            listed = "; ".join(
                f"{first_few((id_ for id_, _ in options), 4)} in {n} "
                f"{plural(n, 'answer')}, first {where}"
                for n, where, options in few
            )
            warn(
                f"The tasks of {CHOICE!r} have different options: {listed}. If these "
                "are several projects, their labels are now those of one: read each "
                "project's file by a call of its own."
            )
            return
        at = 1 if self.texts else 0
        offered = self._met[longest][2]
        collect.declare(CHOICE, [option[at] for option in offered])
        numbers = all(str(id_).isdecimal() for id_, _ in offered)
        if not self.texts and numbers and any(str(i) != text for i, text in offered):
            listed = ", ".join(f"{i} {text!r}" for i, text in offered[:10])
            collect.notes.append(
                f"labels are the ids of options: {listed}; option_texts=True reads "
                "their texts"
            )
