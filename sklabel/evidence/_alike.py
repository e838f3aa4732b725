"""LFs that are one source: groups that the user names, and near-copies in the votes.

A vote counts as one divided by the number of votes of its source in the row. How far
two LFs are one source is a number in [0, 1]: 1 within a group; for others, how far they
agree beyond what their learned tables explain.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from sklabel.evidence._pair_sums import DENSE_GAIN, dense_product
from sklabel.sums._sums import Statistic, VoteChunk, shared_ones
from sklabel.votes._groups import group_array

# Agreement beyond chance of LFs that may be copies, and of those that must be, unless
# both are that accurate.
_MAY_BE_COPIES = (0.5, 0.8)
# Agreement beyond what the learned tables of both explain; from the first value on it
# counts, at the second the two are one source.
_UNEXPLAINED = (0.45, 0.85)
# From this degree of "may be" on, only what is unexplained counts.
_FULLY = 0.25
# Copies vote on the same rows: the share of votes on rows of the other one.
SAME_ROWS = (0.6, 0.9)
# Standard errors by which an agreement must be clear.
_CLEAR = 3.0


class Agreement(NamedTuple):
    """Weighted number of rows on which two LFs vote, and on which they agree.

    Both of shape (n_lfs, n_lfs).
    """

    both: sparse.csr_matrix
    same: sparse.csr_matrix


def _agreement(chunk: VoteChunk) -> Agreement:
    n_values, n_lfs = len(chunk.class_of_value), chunk.n_lfs
    votes = chunk.indicator
    n_pairs = float((chunk.counts.astype(np.float64) ** 2).sum())
    if float(votes.shape[0]) * votes.shape[1] ** 2 < DENSE_GAIN * n_pairs:
        together = dense_product(votes, chunk.scale)
        together = together.reshape(n_lfs, n_values, n_lfs, n_values)
        both = together.sum(axis=(1, 3))
        same = np.einsum("avbv->ab", together)
        return Agreement(sparse.csr_matrix(both), sparse.csr_matrix(same))
    weighted = votes
    if chunk.scale is not None:
        weighted = sparse.diags(chunk.scale).dot(votes).tocsr()
    shape = (votes.shape[0], n_lfs)
    cast, weighted_cast = (
        sparse.csr_matrix((A.data, A.indices // n_values, A.indptr), shape=shape)
        for A in (votes, weighted)
    )
    both = (cast.T @ weighted_cast).tocsr()
    same = sparse.csr_matrix((n_lfs, n_lfs))
    for value in range(n_values):
        of_value = slice(value, None, n_values)
        same = same + votes[:, of_value].T @ weighted[:, of_value]
    return Agreement(both, same.tocsr())


AGREEMENT = Statistic("agreement", _agreement, "count", "lf", ("both", "same"))


def ramp(value: Any, ends: tuple[float, float]) -> Any:
    """Return 0 up to the first end, 1 from the second on, and linear in between."""
    return np.clip((value - ends[0]) / (ends[1] - ends[0]), 0, 1)


def possible_copies(agreement: Agreement, n_votes: np.ndarray) -> sparse.csr_matrix:
    """Return how far two LFs may be one source, from their votes alone.

    Parameters
    ----------
    agreement : Agreement
        How often two LFs vote together, and alike.
    n_votes : ndarray of shape (n_lfs, n_values)
        Weighted number of votes.

    Returns
    -------
    alike : csr_matrix of shape (n_lfs, n_lfs)
        In [0, 1], symmetric, 0 on the diagonal.
    """
    a, b, both, same = _pairs(agreement)
    total = n_votes.sum(axis=1)
    share = n_votes / np.maximum(total, 1e-300)[:, None]
    by_chance = (share[a] * share[b]).sum(axis=1)
    degree = ramp(clear_excess(same, both, by_chance), _MAY_BE_COPIES)
    degree *= ramp(both / np.maximum(total[a], total[b]), SAME_ROWS)
    return _matrix(a, b, degree, len(total))


def certain_copies(
    agreement: Agreement,
    possible: sparse.csr_matrix,
    joint: np.ndarray,
    class_share: np.ndarray,
) -> sparse.csr_matrix:
    """Return how far possible copies agree beyond what their tables explain.

    Two accurate LFs agree too. They are told from copies by a model in which they
    count as one source: the other LFs then show how accurate they are.

    Parameters
    ----------
    agreement : Agreement
        How often two LFs vote together, and alike.
    possible : csr_matrix of shape (n_lfs, n_lfs)
        How far they may be one source.
    joint : ndarray of shape (n_lfs, n_values, n_classes)
        Expected votes of each value on samples of each class.
    class_share : ndarray of shape (n_classes,)
        Share of the samples in each class.

    Returns
    -------
    alike : csr_matrix of shape (n_lfs, n_lfs)
        In [0, 1], 0 where `possible` is.
    """
    pairs = possible.tocoo()
    a, b = pairs.row, pairs.col
    both = np.asarray(agreement.both[a, b]).ravel()
    same = np.asarray(agreement.same[a, b]).ravel()
    table = joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
    explained = np.einsum("ivc,ivc,c->i", table[a], table[b], class_share)
    degree = ramp(clear_excess(same, both, explained), _UNEXPLAINED)
    degree *= np.minimum(pairs.data / _FULLY, 1)
    return _matrix(a, b, degree, len(joint))


def _pairs(agreement: Agreement) -> tuple[np.ndarray, ...]:
    """Return pairs of different LFs, their common votes, and those that are alike."""
    both = agreement.both.tocoo()
    other = both.row != both.col
    a, b = both.row[other], both.col[other]
    same = np.asarray(agreement.same[a, b]).ravel() if len(a) else np.zeros(0)
    return a, b, both.data[other], same


def clear_excess(
    same: np.ndarray, both: np.ndarray, expected: np.ndarray
) -> np.ndarray:
    """Return the clear part of an agreement beyond what is expected, in (-inf, 1]."""
    rate = same / np.maximum(both, 1e-300)
    error = np.sqrt((rate * (1 - rate) + 1 / np.maximum(both, 1)) / np.maximum(both, 1))
    return (rate - _CLEAR * error - expected) / np.maximum(1 - expected, 1e-3)


def _matrix(
    a: np.ndarray, b: np.ndarray, degree: np.ndarray, n_lfs: int
) -> sparse.csr_matrix:
    kept = degree > 0
    where = a[kept], b[kept]
    return sparse.csr_matrix((degree[kept], where), shape=(n_lfs, n_lfs))


def group_numbers(groups: Any, n_lfs: int, parameter: str) -> np.ndarray:
    """Return a number for the group of each LF, shape (n_lfs,).

    Parameters
    ----------
    groups : array-like of shape (n_lfs,) or None
        Names of groups; None: each LF is one.
    n_lfs : int
        Number of LFs.
    parameter : str
        Name of the parameter, for messages.

    Returns
    -------
    numbers : ndarray of shape (n_lfs,)
        From 0.

    Raises
    ------
    ValueError
        If there is not one name per LF, or a name is missing.
    """
    if groups is None:
        return np.arange(n_lfs)
    return pd.factorize(group_array(groups, n_lfs, parameter))[0]


def with_groups(
    alike: sparse.csr_matrix | None, groups: np.ndarray | None, n_lfs: int
) -> sparse.csr_matrix | None:
    """Return how far LFs are one source; None if each is its own.

    Parameters
    ----------
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        Near-copies, 0 on the diagonal.
    groups : ndarray of shape (n_lfs,) or None
        Number of the source of each LF.
    n_lfs : int
        Number of LFs.

    Returns
    -------
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        In [0, 1], 1 on the diagonal.
    """
    if groups is not None and len(np.unique(groups)) < n_lfs:
        ones = np.ones(n_lfs)
        member = sparse.csr_matrix((ones, (np.arange(n_lfs), groups)))
        named = (member @ member.T).tocsr()
        alike = named if alike is None else named.maximum(alike)
    if alike is None or alike.nnz == 0:
        return None
    return alike.maximum(sparse.eye(n_lfs)).tocsr()


class SharedVotes(NamedTuple):
    """One-hot votes and what each of them counts.

    `matrix` of shape (n_samples, n_atoms): the votes of a source in a row sum to 1.
    `trust` of shape (n_lfs,): what a vote of each LF counts beside that; None if all
    count 1. The two are never multiplied: one-hot votes share their ones, and a product
    would take 8 bytes per vote.
    """

    matrix: sparse.csr_matrix
    trust: np.ndarray | None

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and of atoms."""
        return self.matrix.shape

    @property
    def dtype(self) -> np.dtype:
        """Type of what votes count."""
        return self.matrix.dtype

    def __matmul__(self, table: np.ndarray) -> np.ndarray:
        """Return sums over the votes of each sample."""
        return np.asarray(self.matrix @ self.trusted(table))

    def trusted(self, table: np.ndarray) -> np.ndarray:
        """Return rows or numbers of atoms times what their votes count."""
        if self.trust is None:
            return table
        of_lf = table.reshape(len(self.trust), -1)
        trust = self.trust.astype(table.dtype, copy=False)
        return (of_lf * trust[:, None]).reshape(table.shape)


def shared_votes(
    indicator: sparse.csr_matrix,
    alike: sparse.csr_matrix | None,
    trust: np.ndarray | None,
    n_values: int,
) -> SharedVotes:
    """Return one-hot votes with what each of them counts.

    Parameters
    ----------
    indicator : csr_matrix of shape (n_samples, n_atoms)
        One-hot votes.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far LFs are one source.
    trust : ndarray of shape (n_lfs,) or None
        What a vote of each LF counts.
    n_values : int
        Number of vote values.

    Returns
    -------
    votes : SharedVotes
        The same pattern; the votes of a source in a row sum to its trust.
    """
    if alike is None:
        return SharedVotes(indicator, trust)
    lf, shape = indicator.indices // n_values, (indicator.shape[0], alike.shape[0])
    ones = shared_ones(len(lf), "float64")
    cast = sparse.csr_matrix((ones, lf, indicator.indptr), shape=shape)
    share = (indicator.data / at_votes(cast, cast @ alike)).astype(indicator.dtype)
    parts = share, indicator.indices, indicator.indptr
    return SharedVotes(sparse.csr_matrix(parts, shape=indicator.shape), trust)


def at_votes(cast: sparse.csr_matrix, sums: sparse.csr_matrix) -> np.ndarray:
    """Return the entries of `sums` where votes were cast, in their order."""
    rows = np.repeat(np.arange(cast.shape[0]), np.diff(cast.indptr))
    return np.asarray(sums.tocsr()[rows, cast.indices]).ravel()
