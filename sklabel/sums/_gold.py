"""Gold labels as label models read them: class indices, or class probabilities.

Hard gold is an array of shape (n_samples,) of class indices, -1 where a row has none.
Soft gold is an array of shape (n_samples, n_classes) of class probabilities, NaN where
a row has none. Both are indexed by rows alike. What differs stands here: a row of soft
gold counts like the row once for each class, with the weight of its probability.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def has_gold(gold: np.ndarray) -> np.ndarray:
    """Return a mask of the rows that have gold."""
    return gold >= 0 if gold.ndim == 1 else ~np.isnan(gold[:, 0])


def no_gold(n_samples: int) -> np.ndarray:
    """Return the gold of rows that have none; it takes no memory."""
    return np.broadcast_to(np.int64(-1), (n_samples,))


def gold_proba(gold: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class probabilities of rows that all have gold.

    Parameters
    ----------
    gold : ndarray of shape (n_gold,) or (n_gold, n_classes)
        Hard or soft gold.
    n_classes : int
        Number of classes.

    Returns
    -------
    proba : ndarray of shape (n_gold, n_classes)
        0 and 1 for hard gold.
    """
    return np.eye(n_classes)[gold] if gold.ndim == 1 else gold


def gold_total(gold: np.ndarray, weight: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the weighted number of rows of each class, among rows that have gold.

    Parameters
    ----------
    gold : ndarray of shape (n_gold,) or (n_gold, n_classes)
        Hard or soft gold.
    weight : ndarray of shape (n_gold,)
        Weight of each row.
    n_classes : int
        Number of classes.

    Returns
    -------
    total : ndarray of shape (n_classes,)
        Expected numbers for soft gold.
    """
    if gold.ndim == 1:
        return np.bincount(gold, weight, minlength=n_classes)
    return np.einsum("i,ij->j", weight, gold)


def joined_gold(parts: Sequence[np.ndarray], n_classes: int) -> np.ndarray:
    """Return the gold of several parts; all of it soft if some is."""
    if all(part.ndim == 1 for part in parts):
        return np.concatenate(parts)
    soft = []
    for part in parts:
        proba = np.full((len(part), n_classes), np.nan)
        known = has_gold(part)
        proba[known] = gold_proba(part[known], n_classes)
        soft.append(proba)
    return np.concatenate(soft)


def clamp(posterior: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Overwrite the rows that have gold, hard or soft, by it; in place."""
    known = np.flatnonzero(has_gold(gold))
    return clamp_rows(posterior, known, gold[known])


def clamp_rows(
    posterior: np.ndarray, known: np.ndarray, gold: np.ndarray
) -> np.ndarray:
    """Overwrite the rows `known` by `gold`, which is theirs; in place."""
    if len(known) == 0:
        return posterior
    if gold.ndim == 2:
        posterior[known] = gold
    else:
        posterior[known] = 0
        posterior[known, gold] = 1
    return posterior


def likelihood_of_gold(scores: np.ndarray, gold: np.ndarray) -> np.ndarray:
    """Return the log likelihood of votes and gold of every row.

    Parameters
    ----------
    scores : ndarray of shape (n_gold, n_classes)
        Log P(votes, class).
    gold : ndarray of shape (n_gold,) or (n_gold, n_classes)
        Hard or soft gold.

    Returns
    -------
    log_likelihood : ndarray of shape (n_gold,)
        The expected one for soft gold.
    """
    if gold.ndim == 2:
        return np.einsum("ij,ij->i", scores, gold)
    return scores[np.arange(len(gold)), gold]
