"""Cast votes: who voted what, abstentions left out."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sklabel.votes._named import ABSTAIN

__all__ = ["ABSTAIN", "CastVotes", "distinct", "index_of", "is_numeric"]


@dataclass(frozen=True)
class CastVotes:
    """The votes that were cast, row by row; abstentions take no memory.

    Attributes
    ----------
    indptr : ndarray of shape (n_samples + 1,)
        Votes of sample i stand at ``indptr[i]:indptr[i + 1]``.
    lf : ndarray of shape (n_votes,)
        Column of each vote.
    value : ndarray of shape (n_votes,)
        The label that is voted for; its position in `classes` if there are some; its
        index in an alphabet after `encode`.
    n_lfs : int
        Number of columns.
    classes : ndarray of shape (n_classes,) or None
        The classes that these votes can be for, if they know them.
    """

    indptr: np.ndarray
    lf: np.ndarray
    value: np.ndarray
    n_lfs: int
    classes: np.ndarray | None = None

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    @property
    def counts(self) -> np.ndarray:
        """Number of votes of each sample, shape (n_samples,)."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> np.ndarray:
        """Row of each vote, shape (n_votes,)."""
        return np.repeat(np.arange(self.n_samples), self.counts)

    def take_rows(self, keep: np.ndarray) -> CastVotes:
        """Keep the rows of a boolean mask of shape (n_samples,)."""
        votes = np.repeat(keep, self.counts)
        indptr = np.concatenate([[0], np.cumsum(self.counts[keep])])
        lf, value = self.lf[votes], self.value[votes]
        return replace(self, indptr=indptr, lf=lf, value=value)

    def take_votes(self, keep: np.ndarray) -> CastVotes:
        """Keep the votes of a boolean mask of shape (n_votes,)."""
        kept = np.concatenate([[0], np.cumsum(keep)])
        lf, value = self.lf[keep], self.value[keep]
        return replace(self, indptr=kept[self.indptr], lf=lf, value=value)

    def labels(self, votes: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the labels of some votes, shape (n_chosen,)."""
        value = self.value[votes]
        return value if self.classes is None else self.classes[value]

    def distinct_labels(self) -> np.ndarray:
        """Return the sorted distinct labels."""
        values = distinct(self.value)
        return values if self.classes is None else np.sort(self.classes[values])

    def as_labels(self) -> CastVotes:
        """Return the same votes with the labels themselves as values."""
        return replace(self, value=self.labels(), classes=None)

    def encode(self, values: np.ndarray) -> tuple[CastVotes, np.ndarray]:
        """Replace each vote by its index in a sorted alphabet.

        Parameters
        ----------
        values : ndarray of shape (n_values,)
            Sorted vote values.

        Returns
        -------
        encoded : CastVotes
            Votes as indices; -1 where the value is not in the alphabet.
        known : ndarray of shape (n_votes,)
            True where the value is in the alphabet.
        """
        if self.classes is None:
            code = index_of(values, self.value)
        else:
            code = index_of(values, self.classes)[self.value]
        return replace(self, value=code, classes=None), code >= 0


def index_of(alphabet: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the position of each value in a sorted alphabet, -1 where absent."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int32)
    if len(alphabet) == 0 or is_numeric(alphabet) != is_numeric(values):
        return np.full(len(values), -1, dtype=np.int32)
    small = (
        alphabet.dtype.kind in "iub"
        and values.dtype.kind in "iub"
        and int(values.min()) >= -1
        and int(max(values.max(), alphabet.max())) < 65_536
        and int(alphabet.min()) >= 0
    )
    if small:
        # Two entries at the end catch -1, which indexes from behind.
        table = np.full(int(max(values.max(), alphabet.max())) + 2, -1, dtype=np.int32)
        table[alphabet.astype(np.intp)] = np.arange(len(alphabet), dtype=np.int32)
        return table[values.astype(np.intp)]
    return pd.Index(alphabet).get_indexer(pd.Index(values)).astype(np.int32)


def is_numeric(values: np.ndarray) -> bool:
    """Tell whether an array holds numbers or booleans."""
    return values.dtype.kind in "iufb"


def distinct(values: np.ndarray) -> np.ndarray:
    """Return the sorted distinct values; fast on long arrays of few integers."""
    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < 65_536:
            # Wide first: an int8 difference of -100 and 100 would wrap.
            shifted = values.astype(np.int64) - low
            seen = np.flatnonzero(np.bincount(shifted, minlength=1))
            return (seen + low).astype(values.dtype)
    return np.sort(pd.unique(values))
