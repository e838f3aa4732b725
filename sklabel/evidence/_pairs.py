"""How pairs of LFs agree and err, beyond what the accuracy of both explains."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform

from sklabel.evidence._alike import clear_excess
from sklabel.evidence._pair_sums import pair_sums
from sklabel.sums._sums import one_hot
from sklabel.votes._cast import CastVotes

# Rows that the correlation of all pairs together counts for in that of a pair.
_PSEUDO_ROWS = 10.0
# Fewest common rows on which one of two LFs errs.
_ERRORS = 10
# Pseudo-votes of an LF in each class, spread as all its votes are.
_PSEUDO_VOTES = 1.0


class PanelPairs(NamedTuple):
    """Numbers of all pairs of LFs, each of shape (n_lfs, n_lfs), and of all LFs.

    `common`: rows on which both vote, `equal`: those with equal votes. `expected`:
    share of equal votes that independent LFs of this quality would have. `kappa`:
    Cohen's. `judged`: common rows whose truth is known; `errors`: those on which one
    of the two errs, `same_errors`: with equal votes. `correlation` of errors, NaN
    where one of the two is never or always right; `mean`: its mean over the pairs of
    votes on the same row. `accuracy`: that of each LF, shape (n_lfs,).
    """

    common: np.ndarray
    equal: np.ndarray
    expected: np.ndarray
    kappa: np.ndarray
    judged: np.ndarray
    errors: np.ndarray
    same_errors: np.ndarray
    correlation: np.ndarray
    mean: float
    accuracy: np.ndarray


def count_pairs(
    votes: CastVotes, class_of_value: np.ndarray, truth: np.ndarray
) -> PanelPairs:
    """Compare all pairs of LFs, without a loop over them.

    Parameters
    ----------
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none; such votes are wrong.
    truth : ndarray of shape (n_samples, n_classes)
        Probability of each class; rows of 0 where it is not known.

    Returns
    -------
    pairs : PanelPairs
        What was found.
    """
    n_values, n_lfs = len(class_of_value), votes.n_lfs
    atoms = one_hot(votes, n_values)
    by_value = [atoms.tocsc()[:, v::n_values].tocsr() for v in range(n_values)]
    cast = sum(by_value[1:], by_value[0]).tocsr()
    common, equal = _sums([cast]), _sums(by_value)
    known = np.asarray(truth.any(axis=1), dtype=np.float64)

    # What a votes on the rows of b, for each value: the margins of Cohen (1960).
    by_chance = np.zeros((n_lfs, n_lfs))
    for B in by_value:
        where_other = _sums([B], [cast])
        by_chance += where_other * where_other.T
    expected = np.zeros((n_lfs, n_lfs))
    judged = np.zeros((n_lfs, n_lfs))
    tables = _tables(atoms, truth, n_lfs)
    for c in range(truth.shape[1]):
        of_class = _sums([cast], [_weighted(cast, truth[:, c])])
        judged += of_class
        expected += of_class * (tables[:, :, c] @ tables[:, :, c].T)

    right_of = [
        _weighted(B, truth[:, c] if c >= 0 else np.zeros(votes.n_samples))
        for B, c in zip(by_value, class_of_value, strict=True)
    ]
    right = sum(right_of[1:], right_of[0]).tocsr()
    both_right = _sums(by_value, right_of)
    equal_judged = equal
    if not known.all():
        equal_judged = _sums(by_value, [_weighted(B, known) for B in by_value])
    a_right = _sums([right], [_weighted(cast, known)])
    n_right, n_known = right.sum(axis=0).A1, _weighted(cast, known).sum(axis=0).A1
    with np.errstate(invalid="ignore", divide="ignore"):
        by_chance /= common**2
        expected /= judged
        kappa = (equal / common - by_chance) / (1 - by_chance)
        share = a_right / judged
        covariance = both_right / judged - share * share.T
        # Rounding in single precision must not make a spread of nothing.
        spread = np.where(share * (1 - share) > 1e-6, share * (1 - share), 0)
        size = np.sqrt(spread * spread.T)
        correlation = np.clip(np.where(size > 0, covariance / size, np.nan), -1, 1)
        accuracy = n_right / n_known
    kappa[by_chance > 1 - 1e-9] = np.nan
    mean = _mean_correlation(common, judged, correlation, size)
    return PanelPairs(
        common,
        equal,
        expected,
        kappa,
        judged,
        judged - both_right,
        equal_judged - both_right,
        correlation,
        mean,
        accuracy,
    )


def _mean_correlation(
    common: np.ndarray, judged: np.ndarray, correlation: np.ndarray, size: np.ndarray
) -> float:
    """Return the mean correlation of two votes on one row, 0 if nothing is known.

    The correlation of few rows is next to nothing: each is shrunk towards that of all
    pairs together, which weighs rows and not pairs.
    """
    apart = ~np.eye(len(common), dtype=bool)
    weight = np.where(apart & (size > 0), judged * size, 0)
    if weight.sum() == 0:
        return 0.0
    pooled = (weight * np.nan_to_num(correlation)).sum() / weight.sum()
    filled = np.where(np.isnan(correlation), pooled, correlation)
    shrunk = (judged * filled + _PSEUDO_ROWS * pooled) / (judged + _PSEUDO_ROWS)
    return float((common * shrunk)[apart].sum() / common[apart].sum())


def clearly_alike(pairs: PanelPairs, min_common: int) -> np.ndarray:
    """Return how far pairs are surely alike: in all votes, and where one errs.

    Without the second, two LFs that are right nearly always would be alike by luck:
    of many pairs that have few common votes some never differ.

    Parameters
    ----------
    pairs : PanelPairs
        What was counted.
    min_common : int
        Pairs with fewer common votes are not alike.

    Returns
    -------
    clear : ndarray of shape (n_lfs, n_lfs)
        In [0, 1].
    """
    expected = np.nan_to_num(pairs.expected, nan=1.0)
    clear = clear_excess(pairs.equal, pairs.common, expected)
    share = pairs.same_errors / np.maximum(pairs.errors, 1e-9)
    told = (pairs.common >= min_common) & (pairs.errors >= _ERRORS)
    return np.where(told, np.clip(np.minimum(clear, share), 0, 1), 0)


def take_lfs(votes: CastVotes, lfs: np.ndarray) -> CastVotes:
    """Keep the votes of some LFs, in columns of their own.

    Parameters
    ----------
    votes : CastVotes
        The votes of all.
    lfs : ndarray of int
        The columns to keep.

    Returns
    -------
    votes : CastVotes
        The same rows.
    """
    position = np.full(votes.n_lfs, -1)
    position[lfs] = np.arange(len(lfs))
    kept = votes.take_votes(position[votes.lf] >= 0)
    return CastVotes(kept.indptr, position[kept.lf], kept.value, len(lfs))


def suggest_groups(
    clear: np.ndarray, known: np.ndarray, threshold: float
) -> np.ndarray:
    """Return the group of each LF: clusters, joined by the groups that are known.

    Parameters
    ----------
    clear : ndarray of shape (n_lfs, n_lfs)
        How far pairs are alike, in [0, 1].
    known : ndarray of shape (n_lfs,)
        Number of the group of each LF that is known.
    threshold : float
        LFs are one source from here on.

    Returns
    -------
    group : ndarray of shape (n_lfs,)
        Numbers.
    """
    n_lfs = len(clear)
    if n_lfs < 2:
        return np.zeros(n_lfs, dtype=np.int64)
    distance = 1 - np.clip((clear + clear.T) / 2, 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average")
    # Not at the threshold itself: 0 would make one group of LFs that have no excess.
    found = fcluster(tree, (1 - threshold) * (1 - 1e-9), "distance") - 1
    lfs = np.arange(n_lfs)
    member = [sparse.csr_matrix((np.ones(n_lfs), (lfs, of))) for of in (found, known)]
    return connected_components(sum(m @ m.T for m in member), directed=False)[1]


def effective_votes(n_votes: np.ndarray, correlation: float) -> np.ndarray:
    """Return what numbers of votes count for, as independent ones, by Kish (1965)."""
    return n_votes / (1 + (n_votes - 1) * max(correlation, 0.0))


def _sums(
    lefts: Sequence[sparse.csr_matrix],
    rights: Sequence[sparse.csr_matrix] | None = None,
) -> np.ndarray:
    return np.asarray(pair_sums(lefts, rights)(np.arange(lefts[0].shape[1])), float)


def _weighted(votes: sparse.csr_matrix, weight: np.ndarray) -> sparse.csr_matrix:
    return sparse.diags(weight).dot(votes).tocsr()


def _tables(atoms: sparse.csr_matrix, truth: np.ndarray, n_lfs: int) -> np.ndarray:
    """Return P(value | class, the LF votes), shape (n_lfs, n_values, n_classes)."""
    joint = np.asarray(atoms.T @ truth).reshape(n_lfs, -1, truth.shape[1])
    of_value = np.asarray(atoms.sum(axis=0)).reshape(n_lfs, -1)
    share = of_value / np.maximum(of_value.sum(axis=1, keepdims=True), 1)
    joint = joint + _PSEUDO_VOTES * share[:, :, None]
    return joint / np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
