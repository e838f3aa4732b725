"""A warning for models that count every column: some of them are copies."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sklabel.evidence._alike import (
    AGREEMENT,
    SAME_ROWS,
    Agreement,
    possible_copies,
)
from sklabel.evidence._fit import Settings, search_copies
from sklabel.evidence._kinds import find_kinds
from sklabel.sums._gold import no_gold
from sklabel.sums._sums import ATOM_PROFILE, VoteChunk, VoteSource, one_hot
from sklabel.utils._validation import first_few, plain, warn
from sklabel.votes._cast import CastVotes
from sklabel.votes._groups import name_groups

# Copies show in a part of the rows: so many that this many pairs of votes are counted.
_ENOUGH_PAIRS = 5_000_000
# Fewest common votes, and the share of them that is equal: in one pair of a set, and in
# every one; and how far the other LFs say that this is more than what both know.
_COMMON_VOTES = 30
_EQUAL_SHARE, _LEAST_SHARE = 0.8, 0.75
_CERTAIN = 0.25
# Two good LFs agree on an easy set, too, but they do not share their few errors: fewest
# votes against the plurality of the other LFs, and the share of them that is common.
_ERRORS = 10
_COMMON_ERRORS = 0.6
# How many LFs of the groups a message names.
_MOST_NAMED = 8


def find_copies(
    votes: CastVotes, class_of_value: np.ndarray, n_classes: int
) -> tuple[list[np.ndarray], float]:
    """Return sets of LFs that repeat each other, by the measure of LabelModel.

    Parameters
    ----------
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    n_classes : int
        Number of classes.

    Returns
    -------
    copies : list of ndarray of int
        Columns of each set, the largest set first.
    equal : float
        Share of equal votes among their common ones.
    """
    several = votes.counts > 1
    if several.sum() < _COMMON_VOTES:
        return [], np.nan
    rows = np.flatnonzero(several)
    n_pairs = float((votes.counts[rows].astype(np.float64) ** 2).sum())
    taken = np.zeros(votes.n_samples, dtype=bool)
    taken[rows[:: int(np.ceil(n_pairs / _ENOUGH_PAIRS))]] = True
    votes = votes.take_rows(taken)
    if not _any_pair_shares(votes, _COMMON_VOTES):
        return [], np.nan
    n_rows, n_values = votes.n_samples, len(class_of_value)
    chunk = VoteChunk(
        votes, no_gold(n_rows), np.ones(n_rows), class_of_value, n_classes
    )
    data = VoteSource([chunk])
    profile = data.total(ATOM_PROFILE)
    n_votes = profile.n_votes.reshape(votes.n_lfs, n_values)
    agreement = data.total(AGREEMENT)
    nearly_equal = _equal_in(agreement, _EQUAL_SHARE)
    if nearly_equal.nnz == 0:
        return [], np.nan
    if nearly_equal.multiply(possible_copies(agreement, n_votes)).nnz == 0:
        return [], np.nan
    settings = Settings(class_of_value, n_classes, np.full(votes.n_lfs, np.nan))
    kinds = find_kinds(n_votes, profile.weight, settings.kinds)
    copies = search_copies(data, profile, kinds, settings, agreement)
    if copies is None:
        return [], np.nan
    alike = _equal_in(agreement, _LEAST_SHARE)
    certain = alike.multiply(copies >= _CERTAIN).tocsr()
    certain = _with_common_errors(votes, n_values, certain)
    equal = nearly_equal.multiply(certain).sum(axis=1).A1 > 0
    sets = [columns for columns in _components(certain) if equal[columns].any()]
    if not sets:
        return [], np.nan
    named = np.zeros(votes.n_lfs)
    named[np.concatenate(sets)] = 1
    a, b = certain.multiply(named[:, None]).nonzero()
    both, same = (np.asarray(m[a, b]).sum() for m in agreement)
    return sorted(sets, key=len, reverse=True), float(same / both)


def _any_pair_shares(votes: CastVotes, n_common: int) -> bool:
    """Tell whether two LFs vote on mostly the same rows; in large crowds none do."""
    n_votes = np.bincount(votes.lf, minlength=votes.n_lfs)
    often = n_votes >= n_common
    if often.sum() < 2:
        return False
    if np.sort(n_votes)[-2:].sum() >= votes.n_samples + n_common:
        return True  # the two LFs with most votes have too few rows to avoid each other
    ones = np.ones(len(votes.lf), dtype=np.float32)
    shape = votes.n_samples, votes.n_lfs
    cast = sparse.csr_array((ones, votes.lf, votes.indptr), shape=shape)[:, often]
    n_votes = n_votes[often]
    half = cast[::2]
    # What two LFs share outside of this half is at most what each has there.
    outside = n_votes - half.sum(axis=0)
    if (outside < SAME_ROWS[0] * n_votes).all():
        a, b, common = _common_rows(half)
        least = SAME_ROWS[0] * np.maximum(n_votes[a], n_votes[b])
        if not (common > least - np.minimum(outside[a], outside[b])).any():
            return False
    a, b, common = _common_rows(cast)
    least = SAME_ROWS[0] * np.maximum(n_votes[a], n_votes[b])
    return bool(((common >= n_common) & (common > least)).any())


def _common_rows(cast: sparse.csr_array) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of LFs that vote on a common row, and the number of these rows."""
    common = sparse.coo_array(cast.T @ cast)
    other = common.row < common.col
    return common.row[other], common.col[other], common.data[other]


def _components(pairs: sparse.csr_matrix) -> list[np.ndarray]:
    """Return the sets of two or more LFs that pairs connect."""
    _, label = connected_components(pairs, directed=False)
    return [np.flatnonzero(label == c) for c in np.flatnonzero(np.bincount(label) > 1)]


def _with_common_errors(
    votes: CastVotes, n_values: int, pairs: sparse.csr_matrix
) -> sparse.csr_matrix:
    """Keep the pairs that make the same errors, by the LFs that are no copies."""
    pairs.eliminate_zeros()
    atoms = one_hot(votes, n_values).tocsc()
    cell = votes.rows.astype(np.int64) * n_values + votes.value
    counts = np.bincount(cell, minlength=votes.n_samples * n_values)
    counts = counts.reshape(-1, n_values).astype(np.float64)
    kept = sparse.lil_matrix(pairs.shape)
    for columns in _components(pairs):
        of_set = atoms[:, (columns[:, None] * n_values + np.arange(n_values)).ravel()]
        cast = np.asarray(of_set.todense()).reshape(len(counts), len(columns), n_values)
        others = counts - cast.sum(axis=1)
        most = others.max(axis=1, keepdims=True)
        clear = ((others == most).sum(axis=1) == 1) & (most[:, 0] >= 2)
        cast = cast[clear]
        cast[np.arange(len(cast)), :, others[clear].argmax(axis=1)] *= -1
        right, wrong = -cast.min(axis=2, initial=0), cast.max(axis=2, initial=0)
        same = np.einsum("iav,ibv->ab", np.maximum(cast, 0), np.maximum(cast, 0))
        either = wrong.T @ (right + wrong)
        either = either + either.T - wrong.T @ wrong
        alike = (either >= _ERRORS) & (same >= _COMMON_ERRORS * either)
        kept[np.ix_(columns, columns)] = alike
    return pairs.multiply(kept.tocsr()).tocsr()


def _equal_in(agreement: Agreement, share: float) -> sparse.csr_matrix:
    """Mark the pairs of LFs that agree in this share of their common votes."""
    both = agreement.both.tocoo()
    apart = (both.row != both.col) & (both.data >= _COMMON_VOTES)
    a, b, n_common = both.row[apart], both.col[apart], both.data[apart]
    n_equal = np.asarray(agreement.same[a, b]).ravel() if len(a) else np.zeros(0)
    near = n_equal >= share * n_common
    where = a[near], b[near]
    return sparse.csr_matrix((np.ones(near.sum()), where), shape=both.shape)


def warn_of_copies(
    who: str,
    votes: CastVotes,
    class_of_value: np.ndarray,
    n_classes: int,
    lf_names: Sequence[Any],
) -> None:
    """Warn if LFs repeat each other, which a model takes for agreement.

    Parameters
    ----------
    who : str
        Name of the model.
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    n_classes : int
        Number of classes.
    lf_names : sequence of length n_lfs
        Names of the LFs.
    """
    copies, equal = find_copies(votes, class_of_value, n_classes)
    if not copies:
        return
    named = [[plain(lf_names[j]) for j in columns] for columns in copies]
    shown = "; ".join(first_few(names) for names in named[:3])
    if len(named) > 3:
        shown += f"; and {len(named) - 3} more sets"
    groups = name_groups(copies, lf_names)
    first = dict(list(groups.items())[:_MOST_NAMED])
    text = repr(first) if len(first) == len(groups) else f"{repr(first)[:-1]}, ...}}"
    warn(
        f"{who} counts every LF, and some say the same in {equal:.0%} of their common "
        f"votes, errors included, as copies do: {shown}. If they are one source, pass "
        f"groups={text} to LFGroupTransformer, in front of this model, or to "
        "LabelModel."
    )
