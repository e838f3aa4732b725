"""Answers of language models that were taken for names of classes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from sklabel.votes._cast import CastVotes

# Few names of classes have as many words.
_WORDS = 5
# So many pairs of votes tell how often the same is said in the same words.
_PAIRS = 20
# LFs of which a quarter of the votes are right agree more often than that.
_HARDLY_EVER = 0.05
# Longer texts are not looked for inside of others.
_LONGEST_NAME = 8
_WORD = re.compile(r"\w+")
_SPELLED = re.compile(r"[\w+#-]+")
_MARKUP = re.compile(r"\*\*|`|^\{|^<\w+>")


def is_sentence(text: str) -> bool:
    """Tell whether a text has many words, or is JSON."""
    return len(_WORD.findall(text)) >= _WORDS or text.startswith("{")


def has_markup(text: str) -> bool:
    """Tell whether a text is in Markdown, JSON or tags, as no name of a class is."""
    return _MARKUP.search(text) is not None


def share_of_spellings(texts: list[str]) -> float:
    """Return the share of texts that are another one but for case and punctuation.

    Parameters
    ----------
    texts : list of str
        Distinct texts, at least one.

    Returns
    -------
    share : float
        In [0, 1]. Signs are no punctuation: "A+" and "C#" are no spellings of "A" and
        "C".
    """
    spelled = Counter(" ".join(_SPELLED.findall(text.casefold())) for text in texts)
    del spelled[""]
    return sum(n for n in spelled.values() if n > 1) / len(texts)


def name_inside(texts: list[str]) -> np.ndarray:
    """Return for each text which other one stands inside of it, as whole words.

    Case and what is not a word count for nothing: "**Bug**." holds "bug".

    Parameters
    ----------
    texts : list of str
        Distinct texts.

    Returns
    -------
    inside : ndarray of shape (n_texts,), int64
        Position of the last and shortest text that stands inside; the position of the
        text itself if there is none.
    """
    words = [tuple(_WORD.findall(text.casefold())) for text in texts]
    first: dict[tuple[str, ...], int] = {}
    for k in sorted(range(len(texts)), key=lambda k: (len(texts[k]), k)):
        if words[k]:
            first.setdefault(words[k], k)
    lengths = sorted({n for own in first if (n := len(own)) <= _LONGEST_NAME})
    inside = np.arange(len(texts))
    for k, own in enumerate(words):
        for n in lengths:
            found = [
                first[part]
                for start in range(len(own) - n + 1)
                if (part := own[start : start + n]) in first
            ]
            if found:
                inside[k] = found[-1]
                break
    return inside


def agreement(votes: CastVotes, name: np.ndarray | None = None) -> float:
    """Return how often two votes on a row are the same text.

    Parameters
    ----------
    votes : CastVotes
        Their values are positions of texts.
    name : ndarray of shape (n_texts,), default=None
        As `name_inside` returns it: then only two votes count that hold the same name,
        one of them in more words.

    Returns
    -------
    share : float
        In [0, 1]; NaN where there are too few pairs to tell.
    """
    n_texts = int(votes.value.max(initial=0)) + 1
    rows = votes.rows.astype(np.int64) * n_texts
    n_pairs = _n_pairs(rows if name is None else rows + name[votes.value])
    n_same = _n_pairs(rows + votes.value)
    if name is not None:
        is_bare = name[votes.value] == votes.value
        n_bare = _n_pairs((rows + votes.value)[is_bare])
        n_pairs, n_same = n_pairs - n_bare, n_same - n_bare
    return np.nan if n_pairs < _PAIRS else n_same / n_pairs


def _n_pairs(keys: np.ndarray) -> int:
    """Return the number of pairs of equal keys."""
    n = np.unique(keys, return_counts=True)[1]
    return int((n * (n - 1) // 2).sum())


def never_agree(votes: CastVotes, n_values: int) -> bool:
    """Tell whether LFs that say many things hardly ever say the same.

    Parameters
    ----------
    votes : CastVotes
        Their values are positions of texts.
    n_values : int
        What an LF says more different texts than to say many; rules say one or two.

    Returns
    -------
    never_agree : bool
        False where there are too few pairs to tell.
    """
    n_texts = int(votes.value.max(initial=0)) + 1
    said = np.unique(votes.lf.astype(np.int64) * n_texts + votes.value) // n_texts
    says_many = np.bincount(said, minlength=votes.n_lfs) > n_values
    return agreement(votes.take_votes(says_many[votes.lf])) < _HARDLY_EVER
