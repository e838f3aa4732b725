"""Warnings of label models: some columns are copies, and count as so many."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from sklabel.evidence._alike import (
    AGREEMENT,
    SAME_ROWS,
    Agreement,
    clear_excess,
    possible_copies,
    with_groups,
)
from sklabel.evidence._fit import Settings, is_searched, search_copies
from sklabel.evidence._kinds import effective_number, find_kinds
from sklabel.evidence._pairs import (
    clearly_alike,
    count_pairs,
    suggest_groups,
    take_lfs,
)
from sklabel.sums._gold import no_gold
from sklabel.sums._sums import ATOM_PROFILE, Profile, VoteChunk, VoteSource, one_hot
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
# The degree from which on LabelModel counts two LFs as one source, or nearly so.
_ONE_SOURCE = 0.5
# As `panel_report` has it: the share of expected disagreements that is missing, and
# the number of LFs that are compared. Among three sources, each is judged by the rest:
# fewest others, in effective numbers.
_MISSING = 0.5
# By accuracies alone, which explain a bit more or less than tables do.
_PERHAPS_MISSING = 0.3
# Fewest common votes there: with fewer, one of many pairs of a crowd differs by luck in
# no vote but one.
_MANY_COMMON = 50
_MOST_COMPARED = 1000
_LEAST_OTHERS = 1.5
# Among more LFs, in effective numbers, the search of LabelModel has enough others.
_FEW_LFS = 12
# Standard errors by which the others must agree beyond what a set says.
_CLEAR = 3.0
# How many LFs of the groups a message names.
_MOST_NAMED = 8


class _Screened(NamedTuple):
    """Votes in which two LFs or more say nearly the same on mostly the same rows.

    `candidates`: pairs of LFs, not 0.
    """

    votes: CastVotes
    data: VoteSource
    profile: Profile
    agreement: Agreement
    candidates: sparse.csr_matrix


def _rows_to_compare(votes: CastVotes) -> np.ndarray | None:
    """Mark enough of the rows with several votes; None if there are too few."""
    several = votes.counts > 1
    if several.sum() < _COMMON_VOTES:
        return None
    rows = np.flatnonzero(several)
    n_pairs = float((votes.counts[rows].astype(np.float64) ** 2).sum())
    taken = np.zeros(votes.n_samples, dtype=bool)
    taken[rows[:: int(np.ceil(n_pairs / _ENOUGH_PAIRS))]] = True
    return taken


def _screen(
    votes: CastVotes, class_of_value: np.ndarray, n_classes: int
) -> _Screened | None:
    """Look for pairs that could be copies, cheap questions first; None if none is."""
    if not _any_pair_shares(votes, _COMMON_VOTES):
        return None
    n_rows, n_values = votes.n_samples, len(class_of_value)
    chunk = VoteChunk(
        votes, no_gold(n_rows), np.ones(n_rows), class_of_value, n_classes
    )
    data = VoteSource([chunk])
    profile = data.total(ATOM_PROFILE)
    n_votes = profile.n_votes.reshape(votes.n_lfs, n_values)
    agreement = data.total(AGREEMENT)
    candidates = _candidates(agreement, n_votes)
    if candidates.nnz == 0:
        return None
    return _Screened(votes, data, profile, agreement, candidates)


def _candidates(agreement: Agreement, n_votes: np.ndarray) -> sparse.csr_matrix:
    """Mark the pairs that agree well, on the same rows and beyond chance."""
    nearly_equal = _equal_in(agreement, _EQUAL_SHARE)
    if nearly_equal.nnz == 0:
        return nearly_equal
    candidates = nearly_equal.multiply(possible_copies(agreement, n_votes)).tocsr()
    candidates.eliminate_zeros()
    return candidates


def find_copies(
    votes: CastVotes,
    class_of_value: np.ndarray,
    n_classes: int,
    judge: Callable[[np.ndarray], np.ndarray],
) -> tuple[list[np.ndarray], float]:
    """Return sets of LFs that repeat each other.

    By the measure of LabelModel; where that finds none, by that of `panel_report`,
    which needs fewer other LFs.

    Parameters
    ----------
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    n_classes : int
        Number of classes.
    judge : callable
        Gets a mask of rows; returns their class probabilities by a LabelModel.

    Returns
    -------
    copies : list of ndarray of int
        Columns of each set, the largest set first.
    equal : float
        Share of equal votes among their common ones.
    """
    taken = _rows_to_compare(votes)
    if taken is None:
        return [], np.nan
    votes, n_values = votes.take_rows(taken), len(class_of_value)
    atom = votes.lf.astype(np.intp) * n_values + votes.value
    n_votes = np.bincount(atom, minlength=votes.n_lfs * n_values).astype(np.float64)
    n_votes = n_votes.reshape(votes.n_lfs, n_values)
    settings = Settings(class_of_value, n_classes, np.full(votes.n_lfs, np.nan))
    kinds = find_kinds(n_votes, float(votes.n_samples), settings.kinds)
    # Where each worker judges a small part of the rows, no pair need be counted.
    if not is_searched(kinds.cover):
        return [], np.nan
    screened = _screen(votes, class_of_value, n_classes)
    if screened is None:
        return [], np.nan
    votes, data, profile, agreement, candidates = screened
    copies = search_copies(data, profile, kinds, settings, agreement)
    sets: list[np.ndarray] = []
    if copies is not None:
        alike = _equal_in(agreement, _LEAST_SHARE)
        certain = alike.multiply(copies >= _CERTAIN).tocsr()
        certain = _with_common_errors(votes, n_values, certain)
        nearly_equal = _equal_in(agreement, _EQUAL_SHARE)
        equal = nearly_equal.multiply(certain).sum(axis=1).A1 > 0
        sets = [
            columns
            for columns in _components(certain)
            if equal[columns].any() and _others_know_more(votes, n_values, columns)
        ]
    few = effective_number(n_votes.sum(axis=1), None) <= _FEW_LFS
    if not sets and few:
        sets = _suggested(screened, class_of_value, judge(taken))
        certain = candidates
    if not sets:
        return [], np.nan
    return sorted(sets, key=len, reverse=True), _equal_votes(agreement, certain, sets)


def may_be_missed(
    agreement: Agreement,
    n_votes: np.ndarray,
    alike: sparse.csr_matrix | None,
    is_named: np.ndarray,
    accuracy: np.ndarray,
) -> bool:
    """Tell at little cost whether LabelModel may count copies as several sources.

    Parameters
    ----------
    agreement : Agreement
        How often two LFs vote together, and alike.
    n_votes : ndarray of shape (n_lfs, n_values)
        Weighted number of votes.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far the model takes LFs for one source.
    is_named : ndarray of shape (n_lfs,), bool
        Whether the user named a group for the LF, be it one of its own.
    accuracy : ndarray of shape (n_lfs,)
        Share of right votes, by the model.

    Returns
    -------
    maybe : bool
        False if no pair agrees by more than its accuracies explain.
    """
    if is_named.all() or effective_number(n_votes.sum(axis=1), None) > _FEW_LFS:
        return False
    pairs = _candidates(agreement, n_votes)
    a, b = pairs.nonzero()
    is_open = ~(is_named[a] & is_named[b])
    a, b = a[is_open], b[is_open]
    if alike is not None and len(a):
        apart = np.asarray(alike[a, b]).ravel() < _ONE_SOURCE
        a, b = a[apart], b[apart]
    if len(a) == 0:
        return False
    both, same = (np.asarray(m[a, b]).ravel() for m in agreement)
    # What both get right is the least that they have in common.
    excess = clear_excess(same, both, accuracy[a] * accuracy[b])
    return bool((excess > _PERHAPS_MISSING).any())


def find_missed_copies(
    votes: CastVotes,
    class_of_value: np.ndarray,
    n_classes: int,
    alike: sparse.csr_matrix | None,
    is_named: np.ndarray,
    judge: Callable[[CastVotes], np.ndarray],
) -> tuple[list[np.ndarray], float]:
    """Return sets of LFs that repeat each other and that LabelModel does not group.

    Parameters
    ----------
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    n_classes : int
        Number of classes.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far the model takes LFs for one source.
    is_named : ndarray of shape (n_lfs,), bool
        Whether the user named a group for the LF, be it one of its own.
    judge : callable
        Gets votes; returns class probabilities by this model.

    Returns
    -------
    copies : list of ndarray of int
        Columns of each set, the largest set first.
    equal : float
        Share of equal votes among their common ones.
    """
    taken = _rows_to_compare(votes)
    if taken is None:
        return [], np.nan
    screened = _screen(votes.take_rows(taken), class_of_value, n_classes)
    if screened is None:
        return [], np.nan
    if alike is None:
        alike = sparse.eye(votes.n_lfs).tocsr()
    sets = [
        columns
        for columns in _suggested(screened, class_of_value, judge(screened.votes))
        if not is_named[columns].all() and _counts_more(alike, columns)
    ]
    if not sets:
        return [], np.nan
    equal = _equal_votes(screened.agreement, screened.candidates, sets)
    return sorted(sets, key=len, reverse=True), equal


def _counts_more(alike: sparse.csr_matrix, columns: np.ndarray) -> bool:
    """Tell whether a set counts as clearly more than one source."""
    among = alike[np.ix_(columns, columns)].toarray()
    np.fill_diagonal(among, 1)
    # A pair that is one source to this degree counts as 2 / (1 + degree) of them.
    most = 2 / (1 + _ONE_SOURCE) - 1
    return bool((1 / among.sum(axis=1)).sum() - 1 > most * (len(columns) - 1))


def _suggested(
    screened: _Screened, class_of_value: np.ndarray, proba: np.ndarray
) -> list[np.ndarray]:
    """Return the groups among the candidates that `panel_report` would suggest."""
    votes, candidates = screened.votes, screened.candidates
    per_lf = np.bincount(votes.lf, minlength=votes.n_lfs)
    lfs = np.flatnonzero(candidates.getnnz(axis=1))
    lfs = np.sort(lfs[np.argsort(-per_lf[lfs], kind="stable")[:_MOST_COMPARED]])
    pairs = count_pairs(take_lfs(votes, lfs), class_of_value, proba)
    clear = clearly_alike(pairs, _MANY_COMMON)
    clear = np.where(candidates[lfs][:, lfs].toarray() > 0, clear, 0)
    group = suggest_groups(clear, np.arange(len(lfs)), _MISSING)
    sets = [lfs[group == g] for g in np.flatnonzero(np.bincount(group) > 1)]
    if not sets:
        return []
    of_set = np.arange(votes.n_lfs)
    for columns in sets:
        of_set[columns] = columns[0]
    sources = with_groups(None, of_set, votes.n_lfs)
    n_others = effective_number(per_lf.astype(np.float64), sources) - 1
    if n_others < _LEAST_OTHERS:
        return []
    return [s for s in sets if _others_know_more(votes, len(class_of_value), s)]


def _others_know_more(votes: CastVotes, n_values: int, columns: np.ndarray) -> bool:
    """Tell whether the other LFs clearly agree beyond what a set of LFs says.

    Where independent LFs agree, and they do so nearly always, they are right, and the
    others have the truth in common with them, and nothing else. Where copies agree,
    they are as often wrong as their source is, and the others then agree against them.
    """
    atoms = one_hot(votes, n_values).tocsc()
    by_value = [atoms[:, v::n_values].tocsr() for v in range(n_values)]
    others = np.setdiff1d(np.arange(votes.n_lfs), columns)[:_MOST_COMPARED]
    more = variance = 0.0
    for of_value in by_value:
        n_said = of_value[:, columns].sum(axis=1).A1
        said = n_said == len(columns)
        cast = [B[said][:, others] for B in by_value]
        n_votes = sum(B.sum(axis=0).A1 for B in cast)
        share = [B.sum(axis=0).A1 / np.maximum(n_votes, 1) for B in cast]
        expected = sum(np.outer(p, p) for p in share)
        equal = sum((B.T @ B).toarray() for B in cast)
        any_value = sum(cast[1:], cast[0])
        common = (any_value.T @ any_value).toarray()
        upper = np.triu_indices(len(others), k=1)
        more += (equal - common * expected)[upper].sum()
        variance += (common * expected * (1 - expected))[upper].sum()
    return bool(more > _CLEAR * np.sqrt(variance))


def _equal_votes(
    agreement: Agreement, pairs: sparse.csr_matrix, sets: list[np.ndarray]
) -> float:
    """Return the share of equal votes of the pairs that lie in sets."""
    number = np.full(pairs.shape[0], -1)
    for i, columns in enumerate(sets):
        number[columns] = i
    a, b = pairs.nonzero()
    within = (number[a] >= 0) & (number[a] == number[b])
    both, same = (np.asarray(m[a[within], b[within]]).sum() for m in agreement)
    return float(same / both)


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
    encoded: CastVotes,
    class_of_value: np.ndarray,
    classes: np.ndarray,
    lf_names: Sequence[Any],
) -> None:
    """Warn if LFs repeat each other, which a model takes for agreement.

    Parameters
    ----------
    who : str
        Name of the model.
    votes : CastVotes
        The votes.
    encoded : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    classes : ndarray of shape (n_classes,)
        The classes.
    lf_names : sequence of length n_lfs
        Names of the LFs.
    """

    def judge(taken: np.ndarray) -> np.ndarray:
        from sklabel.label_model._label_model import LabelModel

        # With a name for each LF it does not warn itself.
        own = np.arange(encoded.n_lfs)
        model = LabelModel(classes=classes, groups=own, mixing=0)
        rows = votes.take_rows(taken)
        return model.fit(rows).predict_proba(rows)

    copies, equal = find_copies(encoded, class_of_value, len(classes), judge)
    if not copies:
        return
    shown, groups = _in_words(copies, lf_names)
    warn(
        f"{who} counts every LF, and some say the same in {equal:.0%} of their common "
        f"votes, errors included, as copies do: {shown}. If they are one source, pass "
        f"groups={groups} to LFGroupTransformer, in front of this model, or to "
        "LabelModel."
    )


def warn_of_missed_copies(
    votes: CastVotes,
    class_of_value: np.ndarray,
    n_classes: int,
    lf_names: Sequence[Any],
    alike: sparse.csr_matrix | None,
    is_named: np.ndarray,
    judge: Callable[[CastVotes], np.ndarray],
) -> None:
    """Warn if LFs repeat each other that LabelModel counts as several sources.

    Parameters
    ----------
    votes : CastVotes
        Indices of vote values.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if none.
    n_classes : int
        Number of classes.
    lf_names : sequence of length n_lfs
        Names of the LFs.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far the model takes LFs for one source.
    is_named : ndarray of shape (n_lfs,), bool
        Whether the user named a group for the LF, be it one of its own.
    judge : callable
        Gets votes; returns class probabilities by this model.
    """
    args = votes, class_of_value, n_classes, alike, is_named, judge
    copies, equal = find_missed_copies(*args)
    if not copies:
        return
    shown, groups = _in_words(copies, lf_names)
    warn(
        "LabelModel counts LFs as several sources that say the same in "
        f"{equal:.0%} of their common votes, errors included, as copies do: {shown}. "
        f"If they are one source, pass groups={groups}. If not, name a group of its "
        "own for each."
    )


def _in_words(copies: list[np.ndarray], lf_names: Sequence[Any]) -> tuple[str, str]:
    """Return the names of the LFs, and groups to paste, both cut where long."""
    named = [[plain(lf_names[j]) for j in columns] for columns in copies]
    shown = "; ".join(first_few(names) for names in named[:3])
    if len(named) > 3:
        shown += f"; and {len(named) - 3} more sets"
    groups = name_groups(copies, lf_names)
    first = dict(list(groups.items())[:_MOST_NAMED])
    text = repr(first) if len(first) == len(groups) else f"{repr(first)[:-1]}, ...}}"
    return shown, text
