"""CROWDLAB: votes and an out-of-fold classifier, averaged by how well they agree.

H. W. Goh, U. Tkachenko, J. Mueller, "CROWDLAB: Supervised learning to infer consensus
labels and quality scores for data with multiple annotators", 2022, arXiv:2210.06812.
Where two or more votes of a row tie, the choices are those of cleanlab 2.9.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np

LEAST = 1e-6


def consensus_of(counts: np.ndarray, opinion: np.ndarray | None = None) -> np.ndarray:
    """Return the majority of the votes of each row.

    Ties go to the class that the classifier prefers; before there is one, to the class
    with fewer votes in all.
    """
    if opinion is None:
        rank = counts.sum(axis=0).argsort(kind="stable").argsort(kind="stable")
        opinion = -rank / len(rank)
    return (counts + 0.5 * opinion).argmax(axis=1)


def agreement_of_voters(votes: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return how often each voter agrees with the others who voted on a row.

    Those whose rows nobody else voted on get the mean of the others; NaN if no row has
    two votes.
    """
    n_others = np.where(votes >= 0, counts.sum(axis=1, keepdims=True) - 1, 0)
    same = np.take_along_axis(counts, np.maximum(votes, 0), axis=1) - 1
    same = np.where(votes >= 0, same, 0).sum(axis=0)
    total = n_others.sum(axis=0)
    if not total.any():
        return np.full(votes.shape[1], np.nan)
    agreement = same / np.maximum(total, 1)
    return np.where(total > 0, agreement, agreement[total > 0].mean())


def crowdlab_labels(
    votes: np.ndarray, counts: np.ndarray, consensus: np.ndarray, opinion: np.ndarray
) -> np.ndarray:
    """Return soft labels of rows with votes.

    Parameters
    ----------
    votes : ndarray of shape (n_samples, n_lfs)
        Class index, -1 = abstain.
    counts : ndarray of shape (n_samples, n_classes)
        Votes for each class.
    consensus : ndarray of shape (n_samples,)
        Class index that votes and classifier are measured by.
    opinion : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities of the classifier.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Weighted mean of the classifier and of what each vote says.
    """
    n_votes, n_classes = counts.sum(axis=1), counts.shape[1]
    agreement = agreement_of_voters(votes, counts)
    several = n_votes > 1
    if not several.any():
        # The paper needs rows with two votes; here the classifier alone can judge.
        several, consensus = n_votes > 0, opinion.argmax(axis=1)
        hits = (votes == consensus[:, None]).sum(axis=0)
        total = (votes >= 0).sum(axis=0)
        agreement = np.where(total > 0, hits / np.maximum(total, 1), 0)
    seen = consensus[several]
    error = max(1 - np.bincount(seen).max() / len(seen), LEAST)
    of_consensus = np.take_along_axis(counts, consensus[:, None], axis=1)[:, 0]
    right = (of_consensus / n_votes)[several].mean()
    wrong = (1 - right) / (n_classes - 1)
    model_error = (opinion.argmax(axis=1) != consensus)[several].mean()
    of_model = max(1 - model_error / error, LEAST) * np.sqrt(n_votes.mean())
    of_voter = np.maximum(1 - (1 - agreement) / error, LEAST)
    proba = of_model * opinion
    for k in range(n_classes):
        said = np.where(votes == k, right, np.where(votes >= 0, wrong, 0))
        proba[:, k] += said @ of_voter
    return proba / proba.sum(axis=1, keepdims=True)
