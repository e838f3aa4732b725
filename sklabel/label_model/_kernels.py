"""Array kernels of the label models: statistics of votes, no validation, no state.

An *atom* is a pair (LF, vote value). Votes enter as a one-hot CSR matrix with a row
per sample and a column per atom, ``atom = lf * n_values + value``, so every statistic
is one sparse product whose cost is proportional to the number of votes.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklabel.votes._cast import CastVotes

# Rows per block of a softmax: a block of many classes still fits into the cache.
_BLOCK = 4096


def one_hot(
    votes: CastVotes, n_values: int, dtype: str = "float64"
) -> sparse.csr_matrix:
    """Return the indicator of cast votes, shape (n_samples, n_lfs * n_values)."""
    shape = (votes.n_samples, votes.n_lfs * n_values)
    # What scipy would convert to, at the cost of a copy.
    small = max(*shape, len(votes.lf)) < 2**31
    index = np.dtype(np.int32 if small else np.int64)
    atom = votes.lf.astype(index) * index.type(n_values)
    atom = (atom + votes.value).astype(index, copy=False)
    indptr = votes.indptr.astype(index, copy=False)
    return sparse.csr_matrix((np.ones(len(atom), dtype), atom, indptr), shape=shape)


def class_counts(
    indicator: sparse.csr_matrix, class_of_value: np.ndarray, n_classes: int
) -> np.ndarray:
    """Count the votes for each class in one-hot votes, shape (n_samples, n_classes).

    Votes whose value names no class are not counted.
    """
    named = class_of_value[:, None] == np.arange(n_classes)
    n_lfs = indicator.shape[1] // max(len(class_of_value), 1)
    return np.asarray(indicator @ np.tile(named, (n_lfs, 1)).astype(indicator.dtype))


def count_classes(
    votes: CastVotes, class_of_value: np.ndarray, n_classes: int
) -> np.ndarray:
    """Count the votes for each class, shape (n_samples, n_classes).

    Votes whose value names no class are not counted.
    """
    named = class_of_value[votes.value]
    keep = named >= 0
    flat = votes.rows[keep] * n_classes + named[keep]
    counts = np.bincount(flat, minlength=votes.n_samples * n_classes)
    return counts.reshape(votes.n_samples, n_classes).astype(np.float64)


def shares_of_counts(counts: np.ndarray, silent_share: np.ndarray) -> np.ndarray:
    """Return each row's share of votes for each class.

    Parameters
    ----------
    counts : ndarray of shape (n_samples, n_classes)
        Votes for each class.
    silent_share : ndarray of shape (n_classes,)
        Shares of a row that has no such vote.

    Returns
    -------
    shares : ndarray of shape (n_samples, n_classes)
    """
    n_classes = counts.shape[1]
    total = np.einsum("ij->i", counts)
    dtype = np.result_type(counts, np.float32)
    shares = np.empty(counts.shape, dtype, order="F" if n_classes == 2 else "C")
    np.divide(counts, np.where(total > 0, total, 1)[:, None], out=shares)
    silent = total == 0
    if silent.any():
        shares[silent] = silent_share
    return shares


def vote_shares(counts: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each row's share of votes for each class; no such vote: the mean share.

    Parameters
    ----------
    counts : ndarray of shape (n_samples, n_classes)
        Votes for each class.
    weight : ndarray of shape (n_samples,)
        Weights.

    Returns
    -------
    shares : ndarray of shape (n_samples, n_classes)
        Rows sum to 1.
    """
    n_classes = counts.shape[1]
    shares = shares_of_counts(counts, np.zeros(n_classes))
    silent = shares.sum(axis=1) == 0
    if silent.any():
        mean = weight @ shares
        shares[silent] = mean / mean.sum() if mean.sum() > 0 else 1 / n_classes
    return shares


def softmax(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax of every row and its log normaliser.

    Works on blocks of rows, turned so that reductions run along contiguous memory:
    3 to 6 times as fast as reductions along a short axis.
    """
    proba = np.empty_like(scores)
    log_norm = np.empty(len(scores), dtype=scores.dtype)
    for start in range(0, len(scores), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = scores[rows].T.copy()
        top = block.max(axis=0)
        block -= top
        np.exp(block, out=block)
        total = block.sum(axis=0)
        block /= total
        proba[rows] = block.T
        log_norm[rows] = top + np.log(total)
    return proba, log_norm


def clamp_rows(
    posterior: np.ndarray, known: np.ndarray, gold: np.ndarray
) -> np.ndarray:
    """Make the rows `known` certain of the classes `gold`; in place."""
    if len(known):
        posterior[known] = 0
        posterior[known, gold] = 1
    return posterior


def clamp(posterior: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Overwrite the rows that have gold, -1 elsewhere, by certainty; in place."""
    known = np.flatnonzero(gold >= 0)
    return clamp_rows(posterior, known, gold[known])


def smoothed_shares(counts: np.ndarray, prior: np.ndarray, mass: float) -> np.ndarray:
    """Return (counts + mass * prior) / (total + mass) for every row."""
    total = counts.sum(axis=1, keepdims=True)
    return (counts + mass * prior) / (total + mass)


# Worker columns: MAP Dawid-Skene


def confusion_prior(
    class_of_value: np.ndarray, n_classes: int, right: float, wrong: float
) -> np.ndarray:
    """Return Dirichlet pseudo-counts, shape (n_values, n_classes)."""
    prior = np.full((len(class_of_value), n_classes), wrong)
    named = np.flatnonzero(class_of_value >= 0)
    prior[named, class_of_value[named]] = right
    return prior


# Rule columns: atoms


def atom_prior(
    atom_class: np.ndarray, class_share: np.ndarray, ratio: float, flatten: float
) -> np.ndarray:
    """Return Q, what an atom says before its votes are seen.

    An atom fires `ratio * (n_classes - 1)` times more readily in its own class.

    Parameters
    ----------
    atom_class : ndarray of shape (n_atoms,)
        Class that the atom votes for, -1 if its value names none.
    class_share : ndarray of shape (n_classes,)
        Class shares m of the covered samples.
    ratio, flatten : float
        r and eps of the model.

    Returns
    -------
    Q : ndarray of shape (n_atoms, n_classes)
        Rows sum to 1.
    """
    n_classes = len(class_share)
    base = (1 - flatten) * class_share + flatten / n_classes
    Q = np.tile(base, (len(atom_class), 1))
    named = np.flatnonzero(atom_class >= 0)
    Q[named, atom_class[named]] *= ratio * (n_classes - 1)
    return Q / Q.sum(axis=1, keepdims=True)


def atom_tables(
    counts: np.ndarray, Q: np.ndarray, strength: float, growth: float
) -> np.ndarray:
    """Return P(class | atom fires), shrunk to Q; shape (n_atoms, n_classes)."""
    n_votes = counts.sum(axis=1, keepdims=True)
    pseudo = strength + growth * n_votes
    return (counts + pseudo * Q) / (n_votes + pseudo)


def leave_one_out_counts(
    votes: CastVotes,
    atom: np.ndarray,
    scores: np.ndarray,
    weights: np.ndarray,
    gold: np.ndarray,
    sample_weight: np.ndarray,
) -> np.ndarray:
    """Count the classes of every atom, each vote judged by the others in its row.

    Parameters
    ----------
    votes : CastVotes
        Encoded votes.
    atom : ndarray of shape (n_votes,)
        Atom of each vote.
    scores : ndarray of shape (n_samples, n_classes)
        Log scores of the rows, all votes included.
    weights : ndarray of shape (n_atoms, n_classes)
        What each atom added to the scores.
    gold : ndarray of shape (n_samples,)
        Class index of gold labels, -1 where there is none.
    sample_weight : ndarray of shape (n_samples,)
        Weights.

    Returns
    -------
    counts : ndarray of shape (n_atoms, n_classes)
        Sums over the votes on rows with two or more votes.
    """
    rows = votes.rows
    keep = votes.counts[rows] >= 2
    rows, atom = rows[keep], atom[keep]
    others, _ = softmax(scores[rows] - weights[atom])
    clamp(others, gold[rows])
    others *= sample_weight[rows, None]
    indicator = sparse.csc_matrix(
        (np.ones(len(atom)), atom, np.arange(len(atom) + 1)),
        shape=(len(weights), len(atom)),
    )
    return np.asarray(indicator @ others)


def redundancy(
    together: sparse.csr_matrix,
    n_votes: np.ndarray,
    in_class: np.ndarray,
    class_size: np.ndarray,
    atom_class: np.ndarray,
    lf_of_atom: np.ndarray,
    n_lfs: int,
) -> np.ndarray:
    """Return one discount per LF: 1 if it stands alone, less if others repeat it.

    R_ab is the co-firing of two atoms of one class that conditional independence given
    the class does not explain, as a share of the votes of the more frequent one. It
    counts where it exceeds three standard errors; a thousand small accidents, or LFs
    that share the samples that they see, are no repetition.

    Parameters
    ----------
    together : csr_matrix of shape (n_atoms, n_atoms)
        Weighted number of samples on which two atoms fire.
    n_votes : ndarray of shape (n_atoms,)
        Weighted number of votes of each atom, not 0.
    in_class : ndarray of shape (n_atoms, n_classes)
        Expected votes of each atom on samples of each class.
    class_size : ndarray of shape (n_classes,)
        Expected number of samples of each class.
    atom_class, lf_of_atom : ndarray of shape (n_atoms,)
        Class and LF of each atom.
    n_lfs : int
        Number of LFs.

    Returns
    -------
    discount : ndarray of shape (n_lfs,)
        In (0, 1].
    """
    pairs = together.tocoo()
    a, b, observed = pairs.row, pairs.col, pairs.data
    same = (
        (atom_class[a] == atom_class[b])
        & (atom_class[a] >= 0)
        & (lf_of_atom[a] != lf_of_atom[b])
    )
    a, b, observed = a[same], b[same], observed[same]
    class_size = np.maximum(class_size, 1e-12)
    expected = ((in_class[a] * in_class[b]) / class_size).sum(axis=1)
    larger = np.maximum(n_votes[a], n_votes[b])
    clear = observed - expected > 3 * np.sqrt(expected + 1)
    excess = np.where(clear, (observed - expected) / larger, 0)
    repeated = np.bincount(a, np.clip(excess, 0, 1), minlength=len(n_votes))
    discount = 1 / (1 + repeated)
    total = np.bincount(lf_of_atom, n_votes, minlength=n_lfs)
    weighted = np.bincount(lf_of_atom, n_votes * discount, minlength=n_lfs)
    return np.where(total > 0, weighted / np.maximum(total, 1e-300), 1.0)
