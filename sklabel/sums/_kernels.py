"""Array kernels that label models share: vote counts and shares, coins, no state."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklabel.sums._sums import (
    FLOOR,
    shares_of_counts,
    softmax,
    two_columns,
)
from sklabel.votes._cast import CastVotes


def count_classes(
    votes: CastVotes,
    class_of_value: np.ndarray,
    n_classes: int,
    weight: np.ndarray | None = None,
) -> np.ndarray:
    """Count the votes for each class, shape (n_samples, n_classes).

    Votes whose value names no class are not counted. `weight` is that of each vote,
    None for 1.
    """
    named = class_of_value[votes.value]
    keep = named >= 0
    flat = votes.rows[keep] * n_classes + named[keep]
    kept = None if weight is None else weight[keep]
    counts = np.bincount(flat, kept, minlength=votes.n_samples * n_classes)
    return counts.reshape(votes.n_samples, n_classes).astype(np.float64)


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


def smoothed_shares(counts: np.ndarray, prior: np.ndarray, mass: float) -> np.ndarray:
    """Return (counts + mass * prior) / (total + mass) for every row."""
    total = counts.sum(axis=1, keepdims=True)
    return (counts + mass * prior) / (total + mass)


def mean_change(
    updated: np.ndarray, posterior: np.ndarray, weight: np.ndarray
) -> float:
    """Return the weighted mean over samples of the largest absolute difference."""
    if updated.shape[1] == 2:
        return float(weight @ np.abs(updated[:, 1] - posterior[:, 1]) / weight.sum())
    largest = np.abs(updated - posterior).max(axis=1)
    return float(weight @ largest / weight.sum())


# Votes that speak for their own class only (one coin, GLAD, MACE)


def posterior_of_support(support: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    """Return class probabilities from what the votes for each class weigh.

    Parameters
    ----------
    support : ndarray of shape (n_samples * n_classes,)
        Sum over the votes for a class of the log of how much more probable the vote
        is under its class than under the others.
    log_prior : ndarray of shape (n_classes,)
        Log class prior.

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes)
        Rows sum to 1.
    """
    scores = support.reshape(-1, len(log_prior))
    if len(log_prior) == 2:
        return two_columns(scores[:, 1] - scores[:, 0] + log_prior[1] - log_prior[0])
    return softmax(scores + log_prior)[0]


def right_votes(
    own_transposed: sparse.csc_matrix,
    posterior: np.ndarray,
    weight: np.ndarray | None,
) -> np.ndarray:
    """Return the expected number of right votes of every column."""
    if weight is not None:
        posterior = posterior * weight[:, None]
    return np.asarray(own_transposed @ posterior.ravel())


def coin_weights(
    right: np.ndarray, total: np.ndarray, pseudo: tuple[float, float], n_choices: int
) -> tuple[np.ndarray, np.ndarray]:
    """M-step of one coin per LF: log P(right vote) and log P(one wrong vote).

    Parameters
    ----------
    right, total : ndarray of shape (n_lfs,)
        Expected number of right votes, and number of votes.
    pseudo : tuple of float
        Pseudo-votes that are right, and wrong.
    n_choices : int
        Number of classes: a wrong vote is each of the others alike.

    Returns
    -------
    log_right, log_wrong : ndarray of shape (n_lfs,)
        Of the average coin where an LF has no votes.
    """
    seen = right + pseudo[0]
    all_seen = total + sum(pseudo)
    average = seen.sum() / all_seen.sum() if all_seen.sum() > 0 else 0.5
    accuracy = np.where(all_seen > 0, seen / np.maximum(all_seen, FLOOR), average)
    wrong = (1 - accuracy) / max(n_choices - 1, 1)
    return (
        np.log(np.clip(accuracy, FLOOR, 1 - FLOOR)),
        np.log(np.clip(wrong, FLOOR, 1 - FLOOR)),
    )


def coin_confusion(
    accuracy: np.ndarray, class_of_value: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return P(vote value | class) of LFs whose wrong votes are all alike.

    Parameters
    ----------
    accuracy : ndarray of shape (n_lfs,)
        P(the vote is right).
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    n_classes : int
        Number of classes.

    Returns
    -------
    confusion : ndarray of shape (n_lfs, n_classes, n_values)
        0 for values that name no class.
    """
    named = np.flatnonzero(class_of_value >= 0)
    confusion = np.zeros((len(accuracy), n_classes, len(class_of_value)))
    wrong = (1 - accuracy) / max(n_classes - 1, 1)
    confusion[:, :, named] = wrong[:, None, None]
    confusion[:, class_of_value[named], named] = accuracy[:, None]
    if n_classes == 1:
        confusion[:, :, named] = 1.0
    return confusion


def unit_weight(weight: np.ndarray) -> np.ndarray | None:
    """Return None where every weight is 1, which saves products."""
    return None if np.all(weight == 1) else weight
