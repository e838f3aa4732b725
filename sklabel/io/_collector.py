"""Answers of an export as a reader meets them, until they are one table."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd

from sklabel.io._annotations import Annotations
from sklabel.io._values import (
    as_id,
    is_blank,
    plain_option,
    read_times,
    same_kind,
    short,
)
from sklabel.utils._validation import (
    check_option,
    did_you_mean,
    first_few,
    plural,
    warn,
)

SEVERAL = ("leave_out", "list")


class Collector:
    """Collects the answers to the question that was asked, or to all of them.

    Parameters
    ----------
    tool : str
        Name of the tool, for messages.
    question : str or None
        The question; None where it must be the only one.
    several : {'leave_out', 'list'}
        What to do with an answer of several options.
    option : str or None
        Option of a question with several, whose being chosen is the label.
    forms : bool, default=True
        Whether every submission has all questions, so that one without an answer to
        a question is an empty answer to it.
    unjudged : str, default=None
        Reason under which samples without a judgement are counted, if they are.
    differing : {'warn', 'drop', 'first'}, default='warn'
        What to do with columns that differ between the rows of one sample: warn that
        an id may be of two samples, drop them as answers to other questions, or keep
        those of the first row.
    own_ids : bool, default=True
        Whether the reader has `sample`, for ids of the user's own.
    """

    def __init__(
        self,
        tool: str,
        question: str | None,
        several: str = "leave_out",
        option: str | None = None,
        *,
        forms: bool = True,
        unjudged: str | None = None,
        differing: str = "warn",
        own_ids: bool = True,
    ) -> None:
        check_option(several, "several", SEVERAL)
        if question is not None and not isinstance(question, str):
            raise TypeError(
                f"question is the name of one question, a str; got {question!r}. Read "
                "each question by a call of its own."
            )
        self.tool = tool
        self.question = question
        self.several = several
        self.option = None if option is None else str(plain_option(option))
        self.forms = forms
        self.unjudged = unjudged
        self.differing = differing
        self.own_ids = own_ids
        self._plain = option is None and several != "list"
        self._classes: dict[str, list[Any]] = {}
        self._controls: dict[str, dict[str, Any]] = defaultdict(dict)
        self.notes: list[str] = []
        self._left: Counter[tuple[str, str | None]] = Counter()
        self._votes: dict[str, _Rows] = defaultdict(_Rows)
        self._tests: dict[str, _Rows] = defaultdict(_Rows)
        self._gold: dict[str, _Rows] = defaultdict(_Rows)
        self._models: dict[str, _Rows] = defaultdict(_Rows)
        self._n_answers: Counter[str] = Counter()
        self._main: dict[str, None] = {}
        self._n_submitted = 0
        self._position: dict[str, int] = {}
        self._columns: dict[str, list[Any]] = {}
        self._conflicts: list[str] = []
        self._differing: set[str] = set()
        self._same: dict[Any, Any] = {}
        self._options: dict[str, set[str]] = defaultdict(set)

    def sample(self, sample: Any, columns: Mapping[str, Any]) -> None:
        """Note a sample and its columns; of several rows of one, the first counts."""
        sample = as_id(sample)
        at = self._position.get(sample)
        new = at is None
        if at is None:
            at = self._position[sample] = len(self._position)
        conflicts = []
        for name, value in columns.items():
            column = self._columns.setdefault(name, [])
            column += [None] * (at + 1 - len(column))
            if column[at] is None and (new or self.differing != "drop"):
                # What the first row lacks, a later one may tell.
                column[at] = value
            elif column[at] != value and value is not None:
                self._differing.add(name)
                was = short(column[at])
                conflicts.append(f"{sample!r} has {name} {was} and {short(value)}")
        if self.differing == "warn":
            self._conflicts += conflicts[:1]

    def has(self, sample: Any) -> bool:
        """Tell whether a sample was noted before."""
        return as_id(sample) in self._position

    @property
    def n_samples(self) -> int:
        """How many samples were noted."""
        return len(self._position)

    def submitted(self) -> None:
        """Count a form that a person sent in."""
        self._n_submitted += 1

    def leave(self, reason: str, question: str | None = None, n: int = 1) -> None:
        """Count answers that are no votes; without a question for all questions."""
        self._left[reason, question] += n

    def seen(self, question: str, *, main: bool = False) -> None:
        """Note that there is such a question."""
        self._n_answers[question] += 0
        if main:
            self._main[question] = None

    def declare(self, question: str, classes: Sequence[Any]) -> None:
        """Note all labels that a question can have, in their order."""
        self._classes[question] = [plain_option(one) for one in classes]

    def control(self, question: str, **about: Any) -> None:
        """Note how the tool keeps answers to a question; what is None is not known."""
        known = self._controls[question]
        for name, value in about.items():
            if value is not None:
                known.setdefault(name, value)

    def vote(
        self,
        question: str,
        options: Sequence[Any],
        sample: Any,
        worker: Any,
        time: Any = None,
        *,
        main: bool = False,
        known: str | None = None,
    ) -> None:
        """Note what a person answered.

        On a sample whose answer is known, `known` is the reason under which the answer
        is counted as no vote.
        """
        if is_blank(worker):
            self.seen(question, main=main)
            self.leave("no_worker", question)
            return
        self._n_answers[question] += 1
        if main:
            self._main[question] = None
        if self.question is not None and question != self.question:
            return
        label = self._label(question, options)
        if label is None:
            return
        if known is not None:
            self.leave(known, question)
        rows = (self._votes if known is None else self._tests)[question]
        rows.add(as_id(sample), self._once(as_id(worker)), label, time)

    def gold(
        self, question: str, options: Sequence[Any], sample: Any, worker: Any = None
    ) -> None:
        """Note a known answer; several options are several accepted answers."""
        if self.question is None or question == self.question:
            self.seen(question)
            worker = None if is_blank(worker) else self._once(as_id(worker))
            options = [plain_option(one) for one in options if not is_blank(one)]
            if self.option is not None or self.several == "list":
                # One answer of several options, as a vote is.
                options = [self._label(question, options)]
            for option in options:
                rows = self._gold[question]
                rows.add(as_id(sample), self._once(option), worker, None)

    def model(
        self,
        question: str,
        options: Sequence[Any],
        sample: Any,
        model: Any,
        score: Any = None,
    ) -> None:
        """Note what a model answered."""
        if self.question is None or question == self.question:
            self.seen(question)
            label = self._label(question, options, count=False)
            if label is None:
                self.leave("model answers without one label", question)
                return
            model = "" if model is None else self._once(str(model))
            if not isinstance(score, int | float) or isinstance(score, bool):
                score = None
            self._models[question].add(as_id(sample), model, label, score)

    def finish(
        self,
        *,
        parse_time: Callable[[list[Any]], pd.Series] | None = None,
        whole_numbers: bool = False,
        remedy: str = "",
    ) -> Annotations:
        """Return the result.

        Parameters
        ----------
        parse_time : callable, default=None
            Turns times of the tool into datetimes; None reads ISO 8601 and seconds.
        whole_numbers : bool, default=False
            Whether labels that are all texts of whole numbers become numbers.
        remedy : str, default=''
            What to do where no answer has a worker.

        Raises
        ------
        ValueError
            If the question is not there, there are several, or no answer has a worker.
        """
        question = self._chosen()
        left = self._left_out(question)
        votes = self._votes[question]
        if not votes.first and not self._tests[question].first and "no_worker" in left:
            raise ValueError(
                f"No answer to {question!r} says who gave it ({left['no_worker']} "
                f"without a worker), and a label model needs to know. {remedy}".rstrip()
            )
        if self.option is not None and self.option not in self._options[question]:
            chosen = sorted(self._options[question])
            raise ValueError(
                f"Nobody chose the option {self.option!r} of {question!r}. Options "
                f"that were chosen: {first_few(chosen, 20)}."
                f"{did_you_mean([self.option], chosen)}"
            )
        if self._conflicts:
            remedy = (
                "Pass sample= with a column whose ids are distinct"
                if self.own_ids
                else "If the files are of several projects, read each by a call of its "
                "own"
            )
            n = len(self._conflicts)
            warn(
                f"{n} {plural(n, 'row')} of {self.tool} {plural(n, 'shares', 'share')} "
                "the id of a sample and not its columns, first: "
                f"{self._conflicts[0]}. Their judgements count for the same sample, "
                f"with the columns of its first row. {remedy}."
            )
        frames = {
            "judgements": votes.frame(["sample", "worker", "label", "time"]),
            "gold_judgements": self._tests[question].frame(
                ["sample", "worker", "label", "time"]
            ),
            "gold": self._gold[question].frame(["sample", "label", "worker", ""]),
            "model_answers": self._models[question].frame(
                ["sample", "model", "label", "score"]
            ),
        }
        frames["gold"] = frames["gold"][["sample", "label", "worker"]]
        if self.option is not None or self.several == "list":
            made = "option=" if self.option is not None else "several='list'"
            self.control(question, labels_of=made)
        declared = self._declared(question, frames)
        same_kind([*frames.values(), declared], whole_numbers and self.option is None)
        for name in ("judgements", "gold_judgements"):
            frame = frames[name]
            frame["time"] = pd.Series(
                [None if time == "" else time for time in frame["time"]], dtype=object
            )
            times = (parse_time or read_times)(list(frame["time"]))
            n_unread = int((times.isna() & frame["time"].notna().to_numpy()).sum())
            if n_unread:
                self.notes.append(
                    f"{n_unread} {plural(n_unread, 'time')} could not be read; such "
                    "judgements come first"
                )
            frames[name] = (
                frame.assign(time=times.to_numpy())
                .astype({"time": "datetime64[ns]"})
                .sort_values("time", kind="stable", na_position="first")
                .reset_index(drop=True)
            )
        if self._differing and self.differing == "drop":
            for name in self._differing:
                del self._columns[name]
            self.notes.append(
                "columns that differ between the rows of one sample (answers, or data "
                "of another sample with its id) are not in samples: "
                f"{first_few(sorted(self._differing), 10)}"
            )
        elif self._differing and self.differing == "first":
            self.notes.append(
                "rows of one sample differ in "
                f"{first_few(sorted(self._differing))}; samples has the first row's"
            )
        n_repeated = int(frames["judgements"].duplicated(["sample", "worker"]).sum())
        if n_repeated:
            left["repeated"] = n_repeated
        if self.unjudged is not None:
            n = len(self._position.keys() - set(votes.first))
            if n:
                left[self.unjudged] = n
        n_models = left.pop("model answers without one label", 0)
        if n_models:
            answers = plural(n_models, "answer")
            holds = plural(n_models, "does", "do")
            self.notes.append(
                f"{n_models} {answers} of models {holds} not hold one label"
            )
        self._warn_of_several(question, left)
        return Annotations(
            tool=self.tool,
            question=question,
            samples=self._samples(frames.values()),
            left_out=left,
            questions={q: n for q, n in self._n_answers.items() if n or q == question},
            notes=self.notes,
            classes=list(dict.fromkeys(declared["label"])) or None,
            control=self._controls[question],
            **frames,
        )

    def _declared(
        self, question: str, frames: Mapping[str, pd.DataFrame]
    ) -> pd.DataFrame:
        """Return a table of the classes that are declared; of none if none are."""
        classes = list(self._classes.get(question, []))
        if "labels_of" in self._controls[question]:
            classes = []
        if classes:
            of_people = ("judgements", "gold_judgements", "gold")
            labels = [label for name in of_people for label in frames[name]["label"]]
            texts = set(map(str, classes))
            others = [one for one in dict.fromkeys(labels) if str(one) not in texts]
            if others:
                self.notes.append(
                    "labels that are not among the classes that are declared, and come "
                    f"after them: {first_few(others, 10)}"
                )
            classes += others
        return pd.DataFrame({"label": pd.Series(classes, dtype=object)})

    def _label(self, question: str, options: Sequence[Any], count: bool = True) -> Any:
        """Return the label of an answer, None if it is not one; count why."""
        if len(options) == 1 and self._plain and isinstance(options[0], str):
            # Most answers were given before, and are texts that were checked.
            known = self._same.get((str, options[0]))
            if known is not None:
                return known
        options = [plain_option(option) for option in options if not is_blank(option)]
        if len(options) > 1:
            options = list(dict.fromkeys(options))
        if self.option is not None:
            named = [str(option) for option in options]
            self._options[question].update(named)
            chosen = self.option in named
            return self.option if chosen else f"not {self.option}"
        if self.several == "list":
            return self._once(json.dumps(options, ensure_ascii=False))
        if len(options) == 1:
            return self._once(options[0])
        if count:
            self.leave("several_choices" if options else "empty", question)
        return None

    def _once(self, value: Any) -> Any:
        """Return the one object for equal texts: memory holds each once."""
        return self._same.setdefault((type(value), value), value)

    def _chosen(self) -> str:
        """Return the question that was asked for, or the only one."""
        found = self._n_answers
        if self.question is not None:
            if self.question not in found:
                raise ValueError(
                    f"There is no question {self.question!r} in this export of "
                    f"{self.tool}. Questions found: {_questions(found) or 'none'}."
                    f"{did_you_mean([self.question], found)}"
                )
            return self.question
        for names in (list(self._main), list(found)):
            if len(names) == 1:
                return names[0]
        if not found:
            raise ValueError(
                f"This export of {self.tool} holds no answer to a question of choice. "
                "Is it the right project, and was it exported with its annotations?"
            )
        raise ValueError(
            f"This export of {self.tool} has answers to {len(found)} questions: "
            f"{_questions(found)}. Name one, for instance "
            f"question={next(iter(self._main or found))!r}."
        )

    def _left_out(self, question: str) -> dict[str, int]:
        """Return why answers are no votes, for one question."""
        left: dict[str, int] = {}
        for (reason, of), n in self._left.items():
            if of is None or of == question:
                left[reason] = left.get(reason, 0) + n
        if self.forms:
            n_empty = self._n_submitted - self._n_answers[question]
            n_empty -= self._left["no_worker", question]
            n_empty += left.pop("empty", 0)
            if n_empty > 0:
                left["empty"] = n_empty
        return left

    def _warn_of_several(self, question: str, left: Mapping[str, int]) -> None:
        """Warn where a question of one option has many answers of several."""
        n = left.get("several_choices", 0)
        if n > 10 and n > len(self._votes[question].first) / 5:
            warn(
                f"{n} answers to {question!r} choose several options and were left "
                "out; people could choose several. Pass option= with one of the "
                "options to learn whether it applies, or several='list'."
            )

    def _samples(self, frames: Any) -> pd.DataFrame:
        """Return the columns of all samples; those without a row have an empty one."""
        for frame in frames:
            for sample in frame["sample"]:
                self._position.setdefault(sample, len(self._position))
        n = len(self._position)
        columns = {
            name: pd.Series([*values, *[None] * (n - len(values))], dtype=object)
            for name, values in self._columns.items()
        }
        samples = pd.DataFrame(columns, index=range(n))
        samples.index = pd.Index(list(self._position), dtype=object, name="sample")
        return samples


class _Rows:
    """Four columns that grow."""

    __slots__ = ("first", "fourth", "second", "third")

    def __init__(self) -> None:
        self.first: list[Any] = []
        self.second: list[Any] = []
        self.third: list[Any] = []
        self.fourth: list[Any] = []

    def add(self, first: Any, second: Any, third: Any, fourth: Any) -> None:
        """Add a row."""
        self.first.append(first)
        self.second.append(second)
        self.third.append(third)
        self.fourth.append(fourth)

    def frame(self, names: list[str]) -> pd.DataFrame:
        """Return the columns as a table of objects."""
        columns = (self.first, self.second, self.third, self.fourth)
        return pd.DataFrame(
            {
                name: pd.Series(column, dtype=object)
                for name, column in zip(names, columns, strict=True)
            }
        )


def _questions(found: Mapping[str, int]) -> str:
    """Return questions and their numbers of answers, for messages."""
    return ", ".join(
        f"{name!r} ({n} {plural(n, 'answer')})" for name, n in found.items()
    )
