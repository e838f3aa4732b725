"""Sums over the common rows of all pairs of LFs, by matrix products."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

# Rows per block of a dense product, the most LFs for a dense table, and how many dense
# operations take as long as a sparse one.
_ROW_BLOCK, _LARGEST_DENSE, DENSE_GAIN = 8192, 2048, 50


def dense_product(votes: sparse.csr_matrix, weight: np.ndarray | None) -> np.ndarray:
    """Return weighted numbers of rows on which two columns are 1, for few columns.

    Parameters
    ----------
    votes : csr_matrix of shape (n_samples, n_columns)
        One-hot votes.
    weight : ndarray of shape (n_samples,) or None
        Weights; None if all are 1.

    Returns
    -------
    together : ndarray of shape (n_columns, n_columns)
        Sums over the rows.
    """
    total = np.zeros((votes.shape[1], votes.shape[1]))
    for start in range(0, votes.shape[0], _ROW_BLOCK):
        rows = slice(start, start + _ROW_BLOCK)
        left = votes[rows].toarray()
        right = left if weight is None else left * weight[rows, None]
        total += left.T @ right
    return total


def pair_sums(
    lefts: Sequence[sparse.csr_matrix],
    rights: Sequence[sparse.csr_matrix] | None = None,
) -> Callable[[np.ndarray], np.ndarray]:
    """Return a function from LFs to sums over the rows that they share with all LFs.

    A sparse product costs the number of co-voting pairs; where most LFs vote on most
    rows a dense one is faster.

    Parameters
    ----------
    lefts, rights : sequences of sparse matrices of shape (n_samples, n_lfs)
        Numbers at votes; the products of a left and a right one are added up over the
        rows and the matrices. If `rights` is None, they are the same.

    Returns
    -------
    sums_of : callable
        From positions of LFs to an array of shape (n_chosen, n_lfs).
    """
    n_samples, n_lfs = lefts[0].shape
    products = [(L.tocsr(), L.tocsr()) for L in lefts]
    if rights is not None:
        products = [(L.tocsr(), R.tocsr()) for L, R in zip(lefts, rights, strict=True)]
    pairs = sum(
        float(np.diff(L.indptr).astype(np.float64) @ np.diff(R.indptr))
        for L, R in products
    )
    dense_cost = float(n_samples) * n_lfs**2 * len(products)
    if n_lfs <= _LARGEST_DENSE and dense_cost < DENSE_GAIN * pairs:
        total = np.zeros((n_lfs, n_lfs))
        for L, R in products:
            for start in range(0, n_samples, _ROW_BLOCK):
                rows = slice(start, start + _ROW_BLOCK)
                left = L[rows].astype(np.float32).toarray()
                right = left if R is L else R[rows].astype(np.float32).toarray()
                total += left.T @ right
        return lambda block: total[block]
    by_column = [L.tocsc() for L, _ in products]

    def of_block(block: np.ndarray) -> np.ndarray:
        return sum(
            (C[:, block].T @ R).toarray()
            for C, (_, R) in zip(by_column, products, strict=True)
        )

    return of_block
