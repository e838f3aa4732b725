"""Tables that are not samples by LFs: counts, and long tables of judgements."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, is_text, plain, warn
from sklabel.votes._answers import (
    agreement,
    has_markup,
    is_sentence,
    name_inside,
    never_agree,
    share_of_spellings,
)
from sklabel.votes._cast import CastVotes, distinct
from sklabel.votes._labels import warn_of_case

# So many rows with an equal sum are no accident.
_ROWS_OF_COUNTS = 6
# A column of ids, texts or times has more values than this, which no other column has.
_MANY_VALUES = 20
# In a small table, as many values that all stand once.
_FEW_VALUES = 4
# More texts in Markdown or JSON than this share are no slip of who named the classes.
_MARKED = 0.1
# Those who vote for the same class of a taxonomy agree more often than that; answers
# that hold the same name in words of their own do not.
_SAME_TEXT = 0.35
# Who chooses from a list of long names says the same as another one more often than
# that, and answers of many words hardly ever repeat.
_CHOSEN = 0.25
# Characters of a text that a message shows.
_LONG = 60


def check_shape(
    votes: CastVotes,
    lf_names: Sequence[Any],
    classes: ArrayLike | None,
    *,
    ratings: bool = False,
) -> None:
    """Raise if a table looks like one of another shape.

    Parameters
    ----------
    votes : CastVotes
        Votes as they were read.
    lf_names : sequence of length n_lfs
        Names of the columns.
    classes : array-like or None
        The classes, if they are known: then many labels are nothing to wonder about.
    ratings : bool, default=False
        Whether the votes are numbers on a scale: then many are no wonder either.

    Raises
    ------
    ValueError
        If each row sums to the same number, as in a table of counts, a column holds
        many values that no other column has, as ids do, or the votes are many
        different texts, as answers in words are: they occur once, are in Markdown or
        JSON, differ by case and punctuation only, or put the same name into words of
        their own.

    Warns
    -----
    UserWarning
        If the votes are many different texts that read like sentences, LFs that say
        many different texts hardly ever agree, or two texts differ by case only.
    """
    if votes.classes is not None:
        return
    n_samples, n_lfs = votes.n_samples, votes.n_lfs
    is_full = len(votes.value) == n_samples * n_lfs
    if is_full and n_samples >= _ROWS_OF_COUNTS and votes.value.dtype.kind in "iub":
        refuse_counts(votes.value.reshape(n_samples, n_lfs).astype(np.int64))
    if classes is None and not ratings:
        _check_values(votes, lf_names)


def refuse_counts(cells: np.ndarray) -> None:
    """Raise if each row of a table sums to the same number, and three rows differ.

    Parameters
    ----------
    cells : ndarray of shape (n_samples, n_columns), int64
        The table.

    Raises
    ------
    ValueError
        If it looks like counts of judgements, one column per class.
    """
    if len(cells) < _ROWS_OF_COUNTS:
        return
    n_columns, total = cells.shape[1], int(cells[0].sum())
    # Two LFs may well contradict each other everywhere.
    if total < 1 or n_columns < 2 or (n_columns == 2 and cells.max() < 2):
        return
    if (cells.sum(axis=1) != total).any() or len(np.unique(cells, axis=0)) < 3:
        return
    raise ValueError(
        f"Every one of the {len(cells)} rows sums to {total}: this looks like a table "
        "of counts, one column per class, and not like votes, one column per LF. For "
        "agreement, pass counts=True to fleiss_kappa and its kin; label models need to "
        "know who voted what. If these are votes, pass NamedVotes.from_labels(votes)."
    )


def _check_values(votes: CastVotes, lf_names: Sequence[Any]) -> None:
    """Raise if values are those of ids or of answers in words."""
    values = distinct(votes.value)
    if is_text(values):
        warn_of_case([str(v) for v in values], "Votes")
    if len(values) <= _FEW_VALUES:
        return
    encoded, _ = votes.encode(values)
    texts = [str(v) for v in values] if is_text(values) else []
    are_sentences = sum(map(is_sentence, texts)) > len(values) / 2
    if not are_sentences:
        check_columns_of_labels(encoded, lf_names, values)
    if not texts:
        return
    n_once = int((np.bincount(encoded.value) == 1).sum())
    shown = f"of which {n_once} occur once" if n_once else "each of them repeatedly"
    few = [v if len(v) <= _LONG else f"{v[:_LONG]}..." for v in texts[:3]]
    examples = ", ".join(map(repr, few))
    message = (
        f"Votes hold {len(values)} different texts, {shown}: {examples}. These look "
        "like free-text answers and not like classes. AnswerLF(classes=[...])"
        ".fit_transform(X) makes votes of answers. If these are classes, pass "
        "classes=[...] with all of them."
    )
    # A table of a few rows holds few classes, but hardly a sentence for each of them.
    unique = are_sentences and n_once == len(values)
    n_markup = sum(map(has_markup, texts))
    if unique or (n_markup > 2 and n_markup > _MARKED * len(values)):
        raise ValueError(message)
    if len(values) <= _MANY_VALUES:
        return
    if n_once > len(values) / 2 or share_of_spellings(texts) > 0.5:
        raise ValueError(message)
    name = name_inside(texts)
    hold_names = (name != np.arange(len(name))).mean() > 0.5
    if hold_names and agreement(encoded, name) < _SAME_TEXT:
        raise ValueError(message)
    alone = are_sentences and not agreement(encoded) > _CHOSEN
    if alone or never_agree(encoded, _MANY_VALUES):
        warn(message)


def check_columns_of_labels(
    votes: CastVotes, lf_names: Sequence[Any], values: np.ndarray
) -> None:
    """Raise if a column holds ids, texts or times: values that no other column has.

    Parameters
    ----------
    votes : CastVotes
        Their values are positions in `values`.
    lf_names : sequence of length n_lfs
        Names of the columns.
    values : ndarray of shape (n_values,)
        The distinct values.

    Raises
    ------
    ValueError
        If there is such a column.
    """
    if len(values) <= _FEW_VALUES or votes.n_lfs < 2:
        return
    pair = np.unique(votes.lf.astype(np.int64) * len(values) + votes.value)
    lf, value = np.divmod(pair, len(values))
    alone = np.bincount(value, minlength=len(values))[value] == 1
    n_cells = np.bincount(votes.lf, minlength=votes.n_lfs)
    n_values = np.bincount(lf, minlength=votes.n_lfs)
    n_alone = np.bincount(lf, alone, minlength=votes.n_lfs)
    # Many values, or few rows of which each has a value of its own.
    odd = (n_values > _MANY_VALUES) & (n_alone > n_values / 2)
    odd |= (n_values > _FEW_VALUES) & (n_alone == n_cells) & (n_values == n_cells)
    if not odd.any():
        return
    j = int(np.argmax(np.where(odd, n_alone, -1)))
    examples = first_few(values[value[(lf == j) & alone]], 3)
    answers = ""
    if is_text(values):
        answers = " For answers of language models use AnswerLF(classes=[...])."
    raise ValueError(
        f"Column {plain(lf_names[j])!r} holds {n_values[j]} different values, of which "
        f"{int(n_alone[j])} are in no other column ({examples}): it looks like ids, "
        "texts or times and not like the votes of an LF. A table of votes has one row "
        "per sample and one column per LF or worker: leave out other columns. For a "
        f"long table with one judgement per row use CrowdLabels.from_frame.{answers} "
        "If these are labels, pass classes=[...] with all of them."
    )
