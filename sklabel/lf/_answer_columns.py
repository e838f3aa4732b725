"""Columns of answers: equal ones are read once, and counted by what they say."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from sklabel.lf._answer_names import cell_text
from sklabel.lf._answer_parsing import AnswerParser
from sklabel.lf._answer_reading import (
    EMPTY,
    ERROR,
    NOT_KNOWN,
    REASONS,
    REFUSAL,
    TWO_CLASSES,
    VOTE,
    Reading,
    reason_of_end,
)
from sklabel.utils._validation import first_few

_SHOWN = 60


class ReadColumn:
    """A column of answers, of which equal ones are read once.

    Parameters
    ----------
    name : str
        Name of the LF.
    cells : ndarray of shape (n_samples,)
        The answers.
    finish : ndarray of shape (n_samples,) or None
        How each ended.
    parser : AnswerParser
        What reads an answer.
    """

    def __init__(
        self,
        name: str,
        cells: np.ndarray | pd.Series,
        finish: np.ndarray | pd.Series | None,
        parser: AnswerParser,
    ) -> None:
        self.name = name
        self._which, readings = _read_cells(cells, name, parser)
        if finish is not None:
            how, ends = _finish_readings(finish)
            pairs = self._which.astype(np.int64) * len(ends) + how
            self._which, distinct = pd.factorize(pairs)
            readings = [
                _with_end(readings[pair // len(ends)], ends[pair % len(ends)])
                for pair in distinct.tolist()
            ]
        self._readings = readings

    def codes(self) -> np.ndarray:
        """Return the position of the class of each row, -1 for none."""
        return np.array([r.code for r in self._readings], dtype=np.int64)[self._which]

    def reasons(self) -> np.ndarray:
        """Return the position of the reason of each row in `REASONS`."""
        at = [REASONS.index(reading.reason) for reading in self._readings]
        return np.array(at, dtype=np.int8)[self._which]

    def tally(self) -> tuple[Counter[str], dict[str, Counter[str]]]:
        """Count answers by reason, and the parts of those that are not votes."""
        counts: Counter[str] = Counter()
        parts: dict[str, Counter[str]] = {reason: Counter() for reason in REASONS}
        numbers = np.bincount(self._which, minlength=len(self._readings)).tolist()
        for reading, n in zip(self._readings, numbers, strict=True):
            counts[reading.reason] += n
            if reading.reason not in {VOTE, EMPTY}:
                parts[reading.reason][reading.part] += n
        return counts, parts

    def n_read(self) -> tuple[int, int]:
        """Return the numbers of votes, and of answers that are no refusal."""
        counts = self.tally()[0]
        apart = counts[EMPTY] + counts[REFUSAL]
        return counts[VOTE], sum(counts.values()) - apart

    def n_answers(self) -> int:
        """Return the number of answers that are not empty."""
        counts = self.tally()[0]
        return sum(counts.values()) - counts[EMPTY]

    def summary(self) -> str:
        """Say why answers abstain, and the most frequent ones."""
        counts, parts = self.tally()
        wanted = {reason: counts[reason] for reason in REASONS[2:] if counts[reason]}
        if len(wanted) > 1:
            wanted.pop(REFUSAL, None)
        reason = max(wanted, key=wanted.__getitem__)
        unread: Counter[str] = Counter()
        for one in wanted:
            unread.update(parts[one])
        common = [short(part) for part, _ in unread.most_common(3)]
        return f"{wanted[reason]} are '{reason}'. Unread are {first_few(common)}"

    def first_unread(self) -> int:
        """Return the first row that names two classes, or none that is known."""
        unread = {REASONS.index(TWO_CLASSES), REASONS.index(NOT_KNOWN)}
        return int(np.flatnonzero(np.isin(self.reasons(), list(unread)))[0])


def _read_cells(
    cells: Any, name: str, parser: AnswerParser
) -> tuple[np.ndarray, list[Reading]]:
    """Return the distinct readings, and which of them each row has."""
    distinct: Any
    nothing = Reading(-1, EMPTY, "")
    if isinstance(cells.dtype, pd.CategoricalDtype):
        which = cells.cat.codes.to_numpy()
        distinct = cells.cat.categories
    elif _holds_one_kind(cells):
        which, distinct = pd.factorize(cells)
    else:
        # 1, 1.0 and True are equal, and read differently; dicts have no hash.
        keys = [_key(cell) for cell in cells]
        which, firsts = pd.factorize(np.array(keys, dtype=object))
        position = {key: row for row, key in reversed(list(enumerate(keys)))}
        whole = list(cells)
        distinct = [whole[position[key]] for key in firsts]
    readings = [_read_cell(cell, name, parser) for cell in distinct]
    # Missing cells have the code -1, which takes the entry at the end.
    which = np.where(which < 0, len(readings), which)
    return which, [*readings, nothing]


def _holds_one_kind(cells: np.ndarray | pd.Series) -> bool:
    if cells.dtype != object:
        return True
    return pd.api.types.infer_dtype(cells, skipna=True) in {"string", "empty"}


def _key(cell: Any) -> str | None:
    """Return what two cells share only if they are read alike; None if missing."""
    if isinstance(cell, str):
        return f"str {cell}"
    if cell is None or cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, Real | Decimal | np.bool_):
        return None if cell != cell else f"number {cell_text(cell)}"
    return f"{type(cell).__name__} {cell!r}"


def _read_cell(cell: Any, name: str, parser: AnswerParser) -> Reading:
    """Read one answer."""
    if isinstance(cell, str | Real | Decimal | np.bool_):
        return parser.read(cell_text(cell))
    if isinstance(cell, Mapping | list | tuple | set | frozenset | np.ndarray):
        return parser.read_value(cell)
    if isinstance(cell, BaseException):
        return Reading(-1, ERROR, repr(cell))
    hint = " Decode it first." if isinstance(cell, bytes) else ""
    raise TypeError(
        f"AnswerLF reads text, numbers and objects of JSON; column {name!r} holds a "
        f"{type(cell).__name__}: {cell!r:.80}.{hint}"
    )


def _finish_readings(
    finish: np.ndarray | pd.Series,
) -> tuple[np.ndarray, list[Reading | None]]:
    """Return what each way to end means, None for an answer that is whole."""
    texts = [None if pd.isna(cell) else str(cell) for cell in finish]
    how, distinct = pd.factorize(np.array(texts, dtype=object))
    ends: list[Reading | None] = []
    for text in distinct:
        reason = reason_of_end(text)
        ends.append(None if reason == VOTE else Reading(-1, reason, text))
    how = np.where(how < 0, len(ends), how)
    return how, [*ends, None]


def _with_end(reading: Reading, end: Reading | None) -> Reading:
    """Return what an answer says, given how it ended."""
    if end is None:
        return reading
    part = reading.part if end.reason != ERROR and reading.part else end.part
    return end._replace(part=part)


def short(text: str) -> str:
    """Return the beginning of a long answer, for tables and messages."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"
