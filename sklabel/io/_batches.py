"""Files of the batch interfaces of language models: answers, errors, probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.io._batch_answers import Answer, anthropic_answers, openai_answers
from sklabel.io._files import open_bytes
from sklabel.io._values import HALF, is_blank, whole_text
from sklabel.lf._answer_names import ClassNames, cell_text, read_names
from sklabel.utils._validation import first_few
from sklabel.votes._labels import natural_key, tidy_text

_READERS = {"OpenAI": "read_openai_batch", "Anthropic": "read_anthropic_batch"}
_MASS = "mass_on_classes"
# How tokenizers write the blank before a word.
_TOKEN_BLANKS = "\u0120\u2581"


class BatchAnswers:
    """Answers of language models, as their batch interfaces return them.

    The readers of this package build it. Answers that were cut off, refused or failed
    are not among `answers`; `failed` has them, and `left_out` counts them.

    Parameters
    ----------
    answers : DataFrame
        Whole answers, one per row: sample, model, choice, text, finish_reason,
        logprobs.
    failed : DataFrame
        What else there was, one per row: sample, model, choice, text, finish_reason,
        logprobs, reason.

    Attributes
    ----------
    answers : DataFrame
        As given. `sample` is the custom_id as text, `choice` counts the answers of a
        model to a sample from 1, `logprobs` has for each token a dict of its
        alternatives to their log-probability, or None.
    failed : DataFrame
        As given. Where a whole request failed, `text` is the error, `choice` is 0, and
        `model` is None unless its file has answers of one model only.

    See Also
    --------
    sklabel.AnswerLF : Turns the answers into votes.

    Examples
    --------
    >>> import io
    >>> from sklabel.io import read_anthropic_batch
    >>> line = (
    ...     '{"custom_id": "T-1", "result": {"type": "succeeded", "message": {"model":'
    ...     ' "claude-x", "content": [{"type": "text", "text": "Label: bug"}],'
    ...     ' "stop_reason": "end_turn"}}}'
    ... )
    >>> other = '{"custom_id": "T-2", "result": {"type": "expired"}}'
    >>> batch = read_anthropic_batch(io.StringIO(line + chr(10) + other))
    >>> batch
    BatchAnswers: 1 answer to 1 of 2 samples
      claude-x: 1 answer
      left out: 1 (expired: 1)
    >>> batch.wide()
             claude-x
    sample
    T-1     Label: bug
    T-2           None
    """

    def __init__(self, answers: pd.DataFrame, failed: pd.DataFrame) -> None:
        self.answers = answers
        self.failed = failed

    @property
    def left_out(self) -> dict[str, int]:
        """Why answers are left out, and how many: 'length', 'refusal', 'http 400'."""
        return dict(Counter(self.failed["reason"]).most_common())

    @property
    def groups(self) -> dict[str, str]:
        """Model of each column of `wide`, for ``LabelModel(groups=...)``.

        Several answers of one model to a sample are votes of one source. Names of
        columns go with tables: ``AnswerLF(...).set_output(transform="pandas")``; for
        votes without names take ``list(batch.groups.values())``.
        """
        return {
            column: model
            for model, columns in self._columns().items()
            for column in columns
        }

    @property
    def finish_reasons(self) -> dict[str, str]:
        """Column of the finish reasons of each column of ``wide(finish_reasons=True)``.

        As ``AnswerLF(finish_reasons=...)`` wants it.
        """
        return {column: _finish_name(column) for column in self.groups}

    def wide(
        self, samples: Iterable[Any] | None = None, *, finish_reasons: bool = False
    ) -> pd.DataFrame:
        """Return a table of answers for `AnswerLF`, one column per model.

        Parameters
        ----------
        samples : iterable of length n_samples, default=None
            Ids in the order that the rows shall have, as in the data that the requests
            were made of. If None, all ids of the files in natural order. A batch
            returns its answers in any order.
        finish_reasons : bool, default=False
            False: an answer that is left out is None. True: it stands there as far as
            there is one, and more columns say how each ended, or what failed. They are
            for ``AnswerLF(finish_reasons=batch.finish_reasons)``, which then reports
            why answers abstain, and reads none that was cut off.

        Returns
        -------
        wide : DataFrame of shape (n_samples, n_columns)
            Texts, None where there is none. Columns are models; ``model#1``,
            ``model#2``, ... where one gave several answers to a sample. The index is
            the custom_id as text.

        Raises
        ------
        ValueError
            If none of `samples` is in the files, or one of them repeats.
        """
        known = self._samples()
        if samples is None:
            index = pd.Index(sorted(known, key=natural_key), dtype=object)
        else:
            index = pd.Index(map(cell_text, samples), dtype=object)
            if index.has_duplicates:
                raise ValueError(
                    "samples must be distinct ids; these repeat: "
                    f"{first_few(index[index.duplicated()].unique())}."
                )
            if not set(index) & known.keys():
                raise ValueError(
                    f"None of the samples {first_few(index)} is a custom_id of the "
                    f"files, which have {first_few(known)}."
                )
        at = {sample: row for row, sample in enumerate(index)}
        names = [column for columns in self._columns().values() for column in columns]
        texts = {name: np.full(len(index), None, dtype=object) for name in names}
        ends = {name: np.full(len(index), None, dtype=object) for name in names}
        self._fill(texts, ends, at, with_failed=finish_reasons)
        if finish_reasons:
            texts |= {_finish_name(name): ends[name] for name in names}
        return pd.DataFrame(texts, index=index.rename("sample"), dtype=object)

    def soft_votes(self, classes: ArrayLike | Mapping[Any, Any]) -> pd.DataFrame:
        """Return what the log-probabilities of the first token say of the classes.

        Of the alternatives to the first token, those that are a class (in any case,
        with blanks around) are summed and divided by their sum. A token that is only
        the beginning of a class is left out. The same class in several answers of a
        model to a sample has its mean. Answers that were cut off after that token
        count.

        Parameters
        ----------
        classes : array-like of shape (n_classes,) or dict
            The classes, or a dict of the class to a list of what models call it.

        Returns
        -------
        votes : DataFrame
            Index (sample, model). A column for each class, and `mass_on_classes`: the
            probability that fell on them; where it is low, the model wanted to say
            something else. Where it is 0, the classes are NaN.

        Raises
        ------
        ValueError
            If no answer has log-probabilities.
        """
        labels, names = read_names(classes)
        find = ClassNames(names).find
        sums: dict[tuple[str, str], np.ndarray] = {}
        counts: Counter[tuple[str, str]] = Counter()
        codes: dict[str, int] = {}
        for table in (self.answers, self.failed):
            for sample, model, logprobs in zip(
                table["sample"], table["model"], table["logprobs"], strict=True
            ):
                if not logprobs:
                    continue
                mass = np.zeros(len(labels))
                for token, logprob in logprobs[0].items():
                    if token not in codes:
                        codes[token] = find(tidy_text(token.lstrip(_TOKEN_BLANKS)))
                    if codes[token] >= 0:
                        mass[codes[token]] += math.exp(logprob)
                key = (sample, model)
                sums[key] = sums[key] + mass if key in sums else mass
                counts[key] += 1
        if not sums:
            raise ValueError(
                "No answer has log-probabilities. Ask for them in the requests "
                "(OpenAI: logprobs=True, top_logprobs=5; Anthropic has none), or use "
                "wide() and AnswerLF."
            )
        keys = sorted(sums, key=lambda key: (natural_key(key[0]), key[1]))
        masses = np.array([sums[key] / counts[key] for key in keys])
        total = masses.sum(axis=1)
        with np.errstate(invalid="ignore"):
            proba = masses / total[:, None]
        index = pd.MultiIndex.from_tuples(keys, names=["sample", "model"])
        votes = pd.DataFrame(proba, index=index, columns=list(labels.tolist()))
        votes[_MASS] = total
        return votes

    def __repr__(self) -> str:
        samples = self._samples()
        answered = self.answers["sample"].nunique()
        lines = [
            f"BatchAnswers: {_number(len(self.answers), 'answer')} to {answered} of "
            f"{_number(len(samples), 'sample')}"
        ]
        counts = self.answers["model"].value_counts(sort=False)
        for model, columns in self._columns().items():
            several = len(columns) > 1
            most = f", up to {len(columns)} per sample" if several else ""
            lines.append(
                f"  {model}: {_number(int(counts.get(model, 0)), 'answer')}{most}"
            )
        reasons = ", ".join(f"{reason}: {n}" for reason, n in self.left_out.items())
        lines.append(f"  left out: {len(self.failed)}{reasons and f' ({reasons})'}")
        with_logprobs = sum(
            int(table["logprobs"].notna().sum())
            for table in (self.answers, self.failed)
        )
        if with_logprobs:
            lines.append(f"  with log-probabilities: {with_logprobs}")
        return "\n".join(lines)

    def _samples(self) -> dict[str, None]:
        """Return the ids, in the order of the files, as the keys of a dict."""
        return dict.fromkeys([*self.answers["sample"], *self.failed["sample"]])

    def _columns(self) -> dict[str, list[str]]:
        """Return the columns of each model."""
        both = pd.concat(
            [table[["model", "choice"]] for table in (self.answers, self.failed)]
        )
        most = both.groupby("model", sort=False)["choice"].max()
        return {
            str(model): [str(model)]
            if n < 2
            else [f"{model}#{k}" for k in range(1, n + 1)]
            for model, n in most.items()
        }

    def _fill(
        self,
        texts: dict[str, np.ndarray],
        ends: dict[str, np.ndarray],
        at: Mapping[str, int],
        *,
        with_failed: bool,
    ) -> None:
        """Write texts and finish reasons where they belong."""
        columns = self._columns()
        fields = ["sample", "model", "choice", "text", "finish_reason"]
        failed = self.failed[[*fields, "reason"]] if with_failed else self.failed[:0]
        for sample, model, choice, text, end, reason in zip(
            *(failed[name] for name in [*fields, "reason"]), strict=True
        ):
            if sample not in at:
                continue
            # A request that failed has one entry: nobody knows for how many answers.
            models = [*columns] if model is None else [model]
            for name in [columns[m][max(choice - 1, 0)] for m in models]:
                texts[name][at[sample]] = text if choice else None
                ends[name][at[sample]] = (end if reason == "empty" else reason) or None
        for sample, model, choice, text, end in zip(
            *(self.answers[name] for name in fields), strict=True
        ):
            if sample in at:
                name = columns[model][choice - 1]
                texts[name][at[sample]] = text
                ends[name][at[sample]] = end or None


def read_openai_batch(path: Any) -> BatchAnswers:
    """Read output files of OpenAI's batch interface, and of those that follow it.

    Chat completions, the responses interface and old completions are read, with tool
    calls (their arguments are the answer), refusals and log-probabilities. Error files
    may be read along with the output.

    Parameters
    ----------
    path : str, path, file, or list of these
        Files of JSON lines (also ``.gz``), of one model or several; open files too.

    Returns
    -------
    batch : BatchAnswers
        The answers, and what was left out.

    Raises
    ------
    ValueError
        If a file is empty, is not JSON lines, ends within a line, holds requests or
        the answers of another provider, or answers a custom_id twice.

    See Also
    --------
    read_anthropic_batch : The same for Anthropic.
    sklabel.AnswerLF : Turns the answers into votes.

    Examples
    --------
    >>> import io
    >>> from sklabel import AnswerLF
    >>> from sklabel.io import read_openai_batch
    >>> line = (
    ...     '{"custom_id": "T-1", "response": {"status_code": 200, "body": {"model":'
    ...     ' "gpt-x", "choices": [{"message": {"content": "Bug."}, "finish_reason":'
    ...     ' "stop"}]}}, "error": null}'
    ... )
    >>> batch = read_openai_batch(io.StringIO(line))
    >>> AnswerLF(["billing", "bug"]).fit_transform(batch.wide()).tolist()
    [['bug']]
    """
    return _read(path, "OpenAI", openai_answers)


def read_anthropic_batch(path: Any) -> BatchAnswers:
    """Read result files of Anthropic's message batches.

    The text of an answer is that of its text blocks; where it uses tools, their input.

    Parameters
    ----------
    path : str, path, file, or list of these
        Files of JSON lines (also ``.gz``), of one model or several; open files too.

    Returns
    -------
    batch : BatchAnswers
        The answers, and what was left out.

    Raises
    ------
    ValueError
        If a file is empty, is not JSON lines, ends within a line, holds requests or
        the answers of another provider, or answers a custom_id twice.

    See Also
    --------
    read_openai_batch : The same for OpenAI.
    sklabel.AnswerLF : Turns the answers into votes.

    Examples
    --------
    >>> import io
    >>> from sklabel.io import read_anthropic_batch
    >>> line = '{"custom_id": "T-1", "result": {"type": "expired"}}'
    >>> read_anthropic_batch(io.StringIO(line)).left_out
    {'expired': 1}
    """
    return _read(path, "Anthropic", anthropic_answers)


_COLUMNS = ["sample", "model", "choice", "text", "finish_reason", "logprobs"]


def _read(
    path: Any, provider: str, answers_of: Callable[[Any], tuple[str | None, list[Any]]]
) -> BatchAnswers:
    """Read one or several files, line by line."""
    paths = path if isinstance(path, list | tuple) else [path]
    if not paths:
        raise ValueError(f"{_READERS[provider]} got an empty list of files.")
    _check_distinct(paths)
    answers: list[tuple[Any, ...]] = []
    failed: list[tuple[Any, ...]] = []
    n_choices: Counter[tuple[str, str]] = Counter()
    for one in paths:
        lines_of: dict[tuple[str, str], int] = {}
        requests: list[int] = []
        models: dict[str, None] = {}
        for number, line in _lines(one, provider):
            where = f"line {number} of {_name(one)}"
            _check_kind(line, where, provider)
            sample = _sample_of(line, where)
            try:
                whole_text(sample)
                model, found = answers_of(line)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise ValueError(
                    f"{where[0].upper()}{where[1:]} does not have the shape of an "
                    f"answer of {provider} ({type(error).__name__}: {error}): "
                    f"{json.dumps(line)[:200]}."
                ) from error
            if model is None:
                requests.append(len(failed))
                (answer,) = found
                failed.append((sample, None, 0, *_fields(answer), answer.reason))
                continue
            models[model] = None
            key = (sample, model)
            if key in lines_of:
                raise ValueError(
                    f"custom_id {sample!r} has two answers of {model!r} in one file, "
                    f"lines {lines_of[key]} and {number} of {_name(one)}. An id stands "
                    "for one request: take one of the lines out, or pass two files "
                    "if both are answers to the same request."
                )
            lines_of[key] = number
            for answer in found:
                n_choices[key] += 1
                row = (sample, model, n_choices[key], *_fields(answer))
                if answer.reason:
                    failed.append((*row, answer.reason))
                else:
                    answers.append(row)
        if len(models) == 1:
            (model,) = models
            for at in requests:
                failed[at] = (failed[at][0], model, *failed[at][2:])
    return BatchAnswers(
        _table(answers, _COLUMNS), _table(failed, [*_COLUMNS, "reason"])
    )


def _table(rows: list[tuple[Any, ...]], columns: list[str]) -> pd.DataFrame:
    """Return rows as a table whose texts are objects, None where there is none."""
    cells: list[Any] = list(zip(*rows, strict=True)) or [() for _ in columns]
    table = {}
    for name, column in zip(columns, cells, strict=True):
        values = np.empty(len(rows), dtype=object)
        values[:] = column
        table[name] = values
    return pd.DataFrame(table, dtype=object).astype({"choice": np.int64})


def _fields(answer: Answer) -> tuple[Any, ...]:
    # A model that is cut off within a character leaves half of it.
    return HALF.sub("\ufffd", answer.text), answer.finish_reason, answer.logprobs


def _check_distinct(paths: Sequence[Any]) -> None:
    """Raise if a file is given twice: its answers would count twice."""
    known = [os.path.realpath(p) for p in paths if isinstance(p, str | os.PathLike)]
    twice = [path for path, n in Counter(known).items() if n > 1]
    if twice:
        raise ValueError(
            f"These files are given more than once: {first_few(twice)}. Each would "
            "count as answers of its own."
        )


def _name(path: Any) -> str:
    if isinstance(path, str | os.PathLike):
        return repr(os.fspath(path))
    return f"the file {getattr(path, 'name', type(path).__name__)!s}"


def _split(content: str | bytes) -> list[bytes]:
    return (content.encode() if isinstance(content, str) else content).split(b"\n")


@contextmanager
def _opened(path: Any) -> Iterator[Iterable[str | bytes]]:
    """Open a file, or take one that is open."""
    if hasattr(path, "read"):
        # What clients download has no lines, or is text.
        yield path if hasattr(path, "__iter__") else _split(path.read())
    elif isinstance(path, str | os.PathLike):
        with open_bytes(Path(path)) as file:
            yield file
    else:
        raise TypeError(
            "Batch files are given by path, as open files, or as a list of these; got "
            f"{type(path).__name__}."
        )


def _lines(path: Any, provider: str) -> Iterator[tuple[int, Any]]:
    """Yield the number and the object of each line that is not blank."""
    number = 0
    n_read = 0
    with _opened(path) as file:
        for number, raw in enumerate(file, 1):
            try:
                line = raw.decode("utf-8") if isinstance(raw, bytes) else raw
            except UnicodeDecodeError as error:
                raise ValueError(
                    f"Line {number} of {_name(path)} is not UTF-8 text: {error}."
                ) from None
            line = line.lstrip("\ufeff").strip()
            if not line:
                continue
            n_read += 1
            try:
                thing = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise _not_a_line(line, number, n_read, path, error) from None
            if not isinstance(thing, dict):
                raise ValueError(
                    f"{_name(path)} is not JSON lines of a batch: line {number} is a "
                    f"{type(thing).__name__}, {line[:60]!r}. Each line must be an "
                    "object with a custom_id."
                )
            yield number, thing
    if n_read == 0:
        raise ValueError(
            f"{_name(path)} is empty. Download the output file of the batch of "
            f"{provider} again, once the batch has ended."
        )


def _not_a_line(
    line: str, number: int, n_read: int, path: Any, error: Exception
) -> ValueError:
    """Return an error for a line that is not JSON."""
    if n_read == 1 and (line[0] != "{" or line in {"{", "["}):
        return ValueError(
            f"{_name(path)} is not JSON lines: it begins with {line[:60]!r}. Pass the "
            "file as the batch interface returns it, one JSON object per line."
        )
    return ValueError(
        f"Line {number} of {_name(path)} is not complete JSON ({error}); it ends with "
        f"{line[-40:]!r}. Was the file cut off? Download it again."
    )


def _other_provider(line: dict[str, Any]) -> str | None:
    """Return whose answer a line is that has no reader, None if it may have one."""
    response = line.get("response")
    if isinstance(response, dict) and "candidates" in response:
        return "Gemini"
    if "key" in line and "custom_id" not in line and {"response", "error"} & set(line):
        return "Gemini"
    if "modelInput" in line or "modelOutput" in line:
        return "Amazon Bedrock"
    return None


def _check_kind(line: dict[str, Any], where: str, provider: str) -> None:
    """Raise if a line is a request, or an answer of another provider."""
    other = _other_provider(line)
    if other is not None:
        raise ValueError(
            f"{where[0].upper()}{where[1:]} is an answer from a batch of {other}, "
            "which has no reader here. Put ids and texts into a table yourself, and "
            "give the column of texts to AnswerLF."
        )
    is_request = "params" in line or ("body" in line and "response" not in line)
    if is_request or "requests" in line:
        raise ValueError(
            f"{where[0].upper()}{where[1:]} is a request: this is the input file of a "
            "batch. Pass the output file, which holds the answers."
        )
    result = line.get("result")
    found = None
    if isinstance(result, dict) and "type" in result:
        found = "Anthropic"
    elif "response" in line or ("error" in line and "custom_id" in line):
        found = "OpenAI"
    if found == provider:
        return
    if found is not None:
        raise ValueError(
            f"{where[0].upper()}{where[1:]} is an answer from a batch of {found}, not "
            f"of {provider}. Read the file with sklabel.io.{_READERS[found]}."
        )
    wanted = "'response'" if provider == "OpenAI" else "'result'"
    raise ValueError(
        f"{where[0].upper()}{where[1:]} is not an answer of a batch of {provider}: it "
        f"has {first_few(line)}, and no {wanted}. Pass the output file of the batch."
    )


def _sample_of(line: dict[str, Any], where: str) -> str:
    sample = line.get("custom_id")
    if is_blank(sample) or isinstance(sample, dict | list | bool):
        raise ValueError(
            f"{where[0].upper()}{where[1:]} has no custom_id, which says the sample "
            f"that it answers; it has {first_few(line)}."
        )
    return cell_text(sample)


def _finish_name(column: str) -> str:
    return f"{column} finish_reason"


def _number(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
