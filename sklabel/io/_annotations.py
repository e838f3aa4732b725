"""What an export of an annotation tool holds: one result for all tools."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from sklabel.lf import CrowdLabels
from sklabel.lf._judgements import Duplicates, HandleUnknown
from sklabel.utils._validation import first_few, plural


class Annotations:
    r"""Judgements of people from an annotation tool, and what stands beside them.

    The readers of `sklabel.io` make it. Ids are texts, as the tool writes them:
    compare them with ``frame["id"].astype(str)``. All parameters are attributes.

    Parameters
    ----------
    tool : str
        The tool that wrote the file.
    question : str
        The question that was answered.
    judgements : DataFrame of shape (n_judgements, 4)
        Columns sample, worker, label, time: who said what about which sample when.
        Time ascends (judgements without one come first, in the order of the file), so
        the last of several judgements of a pair is the latest. Time is NaT where the
        tool keeps none.
    samples : DataFrame of shape (n_samples, n_columns)
        Texts and other columns of the samples, indexed by sample, in the order of the
        file; samples without a judgement are there too.
    gold : DataFrame of shape (n_gold, 3)
        Columns sample, label, worker: answers that the tool marks as known. A sample
        with several accepted answers has several rows.
    gold_judgements : DataFrame of shape (n, 4)
        What workers answered on samples whose answer is known (test questions), like
        `judgements`, which lacks them.
    model_answers : DataFrame of shape (n, 4)
        Columns sample, model, label, score: predictions and suggestions of models.
    left_out : dict of str to int
        How many answers are not votes, by reason. Those counted as 'repeated' are in
        `judgements`; `crowd_labels` counts one of each pair.
    questions : dict of str to int
        All questions of the export, and how many answers each has.
    notes : list of str
        What the file does not tell, and what to do about it.
    classes : list, default=None
        The classes that the file declares, or that were given to the reader, in their
        order, with those that nobody chose. None where there is no such list.
    control : dict, default=None
        How the tool keeps the answers, for the way back: ``type`` and ``to_name`` of
        the control in Label Studio, ``type`` of the question in Argilla.

    See Also
    --------
    read_annotations : Reads an export of any tool.
    sklabel.CrowdLabels : What `crowd_labels` returns.

    Examples
    --------
    >>> import json, tempfile, pathlib
    >>> from sklabel.io import read_prodigy
    >>> task = {"text": "Sunny at last", "_input_hash": 7, "_view_id": "choice"}
    >>> lines = [
    ...     {**task, "answer": "accept", "accept": ["good"], "_annotator_id": worker}
    ...     for worker in ("ann", "bob")
    ... ]
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mood.jsonl"
    >>> _ = path.write_text("\n".join(map(json.dumps, lines)))
    >>> annotations = read_prodigy(path)
    >>> annotations.samples
                     text
    sample
    7       Sunny at last
    >>> annotations.crowd_labels()
    CrowdLabels(1 sample, 2 workers, 2 judgements, classes=['good'])
    """

    def __init__(
        self,
        *,
        tool: str,
        question: str,
        judgements: pd.DataFrame,
        samples: pd.DataFrame,
        gold: pd.DataFrame,
        gold_judgements: pd.DataFrame,
        model_answers: pd.DataFrame,
        left_out: dict[str, int],
        questions: dict[str, int],
        notes: list[str],
        classes: list[Any] | None = None,
        control: dict[str, Any] | None = None,
    ) -> None:
        self.tool = tool
        self.question = question
        self.judgements = judgements
        self.samples = samples
        self.gold = gold
        self.gold_judgements = gold_judgements
        self.model_answers = model_answers
        self.left_out = left_out
        self.questions = questions
        self.notes = notes
        self.classes = classes
        self.control = {} if control is None else control

    def crowd_labels(
        self,
        classes: ArrayLike | None = None,
        *,
        duplicates: Duplicates = "last",
        handle_unknown: HandleUnknown = "raise",
        gold_judgements: bool = False,
    ) -> CrowdLabels:
        """Return the judgements of people as a store for estimators.

        Parameters
        ----------
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes, in the order of probabilities. If None, those
            that the file declares (the attribute `classes`), else all labels.
        duplicates : {'last', 'first', 'majority', 'keep', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes` ("can't tell").
        gold_judgements : bool, default=False
            If True, judgements on test questions are in too: they show how good a
            worker is.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements.

        Raises
        ------
        ValueError
            If there is no judgement, or a label is not one of `classes`.
        """
        frame = self.judgements
        if gold_judgements:
            frame = pd.concat([frame, self.gold_judgements])
            frame = frame.sort_values("time", kind="stable", na_position="first")
        if frame.empty:
            raise ValueError(
                f"The question {self.question!r} has no judgement; left out: "
                f"{_counted(self.left_out) or 'nothing'}. The questions of the export "
                f"are {_counted(self.questions)}."
            )
        return CrowdLabels._from_frame(
            frame,
            classes=self.classes if classes is None else classes,
            duplicates=duplicates,
            handle_unknown=handle_unknown,
            where=f"the answers to {self.question!r}",
        )

    def gold_labels(self) -> pd.Series:
        """Return one gold label for each sample that has one.

        Returns
        -------
        gold : Series of shape (n_samples,)
            Indexed as `samples`; None where there is no gold answer, or where several
            different ones are accepted. It is the `y` of a label model. For
            `CrowdLabels.soft_labels`, take those of the samples that people judged:
            ``gold=annotations.gold_labels()[crowd.sample_ids]``.
        """
        distinct = self.gold.drop_duplicates(["sample", "label"])
        distinct = distinct.drop_duplicates("sample", keep=False)
        known = dict(zip(distinct["sample"], distinct["label"], strict=True))
        values = [known.get(sample) for sample in self.samples.index]
        return pd.Series(
            values, index=self.samples.index, name=self.question, dtype=object
        )

    def model_votes(self) -> pd.DataFrame:
        """Return the answers of models as votes.

        Returns
        -------
        votes : DataFrame of shape (n_samples, n_models)
            Indexed as `samples`, a column per model, None where it has no answer. Of
            several answers of one model, the last counts.
        """
        last = self.model_answers.drop_duplicates(["sample", "model"], keep="last")
        models = list(dict.fromkeys(last["model"]))
        votes = pd.DataFrame(index=self.samples.index)
        for model in models:
            own = last[last["model"] == model]
            label = dict(zip(own["sample"], own["label"], strict=True))
            name = model or _unnamed(models)
            cells = [label.get(sample) for sample in votes.index]
            votes[name] = pd.Series(cells, index=votes.index, dtype=object)
        return votes

    def rename_workers(
        self, names: Mapping[str, str] | Callable[[str], str]
    ) -> Annotations:
        """Return the same with other names of workers.

        Parameters
        ----------
        names : mapping or callable
            New name of each worker; a mapping may lack some, which keep theirs. Use it
            to put names to ids, or to hide who is who.

        Returns
        -------
        annotations : Annotations
            The renamed ones.

        Raises
        ------
        ValueError
            If two workers would become one, or a mapping knows none of the workers.
        """
        frames = [self.judgements, self.gold, self.gold_judgements]
        old = list(
            dict.fromkeys(
                worker for frame in frames for worker in frame["worker"] if worker
            )
        )
        if not callable(names) and names and old and not set(names) & set(old):
            raise ValueError(
                f"rename_workers knows {first_few(names)}, and none is a worker; "
                f"workers are {first_few(old)}: texts, as the tool writes them."
            )
        rename = names if callable(names) else lambda worker: names.get(worker, worker)
        new = {worker: str(rename(worker)) for worker in old}
        if len(set(new.values())) < len(new):
            twice = [name for name, n in Counter(new.values()).items() if n > 1]
            raise ValueError(
                f"rename_workers makes several workers one: {first_few(twice)}. "
                "Give each a name of its own."
            )
        renamed = [
            frame.assign(
                worker=[new.get(worker, worker) for worker in frame["worker"]]
            ).astype({"worker": object})
            for frame in frames
        ]
        values = {**vars(self)}
        values.update(
            zip(("judgements", "gold", "gold_judgements"), renamed, strict=True)
        )
        return Annotations(**values)

    def __len__(self) -> int:
        return len(self.judgements)

    def __repr__(self) -> str:
        frame = self.judgements
        counts = frame["label"].value_counts()
        judged = frame["sample"].nunique()
        # These are among the judgements.
        left_out = {**self.left_out}
        n_repeated = left_out.pop("repeated", 0)
        repeated = (
            f"\n  {n_repeated:,} of them {plural(n_repeated, 'repeats', 'repeat')} a "
            "judgement of the same sample by the same worker: crowd_labels() counts "
            "one of each"
        )
        lines = [
            f"Annotations of {self.tool}, question {self.question!r}",
            f"  {_n(len(frame), 'judgement')}: {_n(judged, 'sample')}, "
            f"{_n(frame['worker'].nunique(), 'worker')}" + repeated * bool(n_repeated),
            f"  labels: {_counted(dict(counts.head(8)))}"
            + f" and {len(counts) - 8} more" * (len(counts) > 8),
        ]
        unjudged = len(
            self.samples.index.difference(pd.Index(frame["sample"].unique()))
        )
        lines.append(
            f"  {_n(len(self.samples), 'sample')} in the file, {unjudged:,} without a "
            f"judgement; columns: {first_few(map(str, self.samples.columns), 6)}"
        )
        if len(self.gold):
            on_gold = f", {_n(len(self.gold_judgements), 'judgement')} on them"
            lines.append(
                f"  {_n(self.gold['sample'].nunique(), 'sample')} with gold"
                + on_gold * bool(len(self.gold_judgements))
            )
        if len(self.model_answers):
            models = self.model_answers["model"].unique()
            lines.append(
                f"  {_n(len(self.model_answers), 'answer')} of models: "
                f"{first_few(models)}"
            )
        lines.append(f"  left out: {_counted(left_out) or 'nothing'}")
        others = {k: n for k, n in self.questions.items() if k != self.question}
        if others:
            lines.append(f"  other questions: {_counted(others)}")
        return "\n".join(lines + [f"  note: {note}" for note in self.notes])


def _n(n: int, what: str) -> str:
    """Return "1 sample", "2,000 samples"."""
    return f"{n:,} {plural(n, what)}"


def _counted(counts: Mapping[Any, int]) -> str:
    """Return "a 3, b 1"."""
    return ", ".join(f"{name} {int(n):,}" for name, n in counts.items())


def _unnamed(models: list[str]) -> str:
    """Return a name for the model that has none; no other model has it."""
    name = "model"
    while name in models:
        name += "_"
    return name
