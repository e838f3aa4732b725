"""Array kernels of the EM label models: sparse statistics of votes, no state.

Two layouts of the votes, both with one stored entry per vote: the one-hot matrix of
`_kernels.one_hot` for models with a full confusion matrix, and `own_class_matrix` for
models in which a vote speaks for its own class only, whose sweeps do not grow with
the number of classes.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import digamma, expit, gammaln

from sklabel.label_model._kernels import softmax
from sklabel.votes._cast import CastVotes

# Nothing is impossible: what plain maximum likelihood estimates as 0. The value is
# that of crowd-kit, so that the results can be compared.
FLOOR = 1e-10


class EMResult(NamedTuple):
    """What a run of EM leaves behind."""

    parameters: Any
    n_iter: int
    converged: bool
    change: float


def run_em(
    start: np.ndarray,
    m_step: Callable[[np.ndarray], Any],
    e_step: Callable[[Any], np.ndarray],
    max_iter: int,
    tol: float,
    weight: np.ndarray,
) -> EMResult:
    """Alternate both steps until posteriors move by less than `tol` on average.

    Parameters
    ----------
    start : ndarray of shape (n_samples, n_classes)
        Posterior to start from.
    m_step : callable
        Posterior to parameters.
    e_step : callable
        Parameters to posterior, a new array.
    max_iter : int
        Upper bound on the sweeps.
    tol : float
        Tolerance.
    weight : ndarray of shape (n_samples,)
        Weights of the samples.

    Returns
    -------
    result : EMResult
        The parameters of the last E-step, and how it ended.
    """
    posterior, change = start, np.inf
    for n_iter in range(1, max_iter + 1):
        parameters = m_step(posterior)
        updated = e_step(parameters)
        change = mean_change(updated, posterior, weight)
        posterior = updated
        if change < tol:
            return EMResult(parameters, n_iter, True, change)
    return EMResult(parameters, max_iter, False, change)


def mean_change(
    updated: np.ndarray, posterior: np.ndarray, weight: np.ndarray
) -> float:
    """Return the weighted mean over samples of the largest absolute difference."""
    if updated.shape[1] == 2:
        return float(weight @ np.abs(updated[:, 1] - posterior[:, 1]) / weight.sum())
    largest = np.abs(updated - posterior).max(axis=1)
    return float(weight @ largest / weight.sum())


def log_likelihood(
    scores: np.ndarray, known: np.ndarray, gold: np.ndarray
) -> np.ndarray:
    """Return the log likelihood of every row, with its gold label where known."""
    _, log_norm = softmax(scores)
    log_norm[known] = scores[known, gold]
    return log_norm.astype(np.float64)


# Full confusion matrices (Dawid-Skene)


def class_counts_of_atoms(
    transposed: sparse.csc_matrix,
    posterior: np.ndarray,
    weight: np.ndarray | None,
    n_votes: np.ndarray,
) -> np.ndarray:
    """Return the expected number of votes of every atom on samples of each class.

    Parameters
    ----------
    transposed : csc_matrix of shape (n_atoms, n_samples)
        Transposed one-hot votes.
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    weight : ndarray of shape (n_samples,) or None
        Weights; None if all are 1.
    n_votes : ndarray of shape (n_atoms,)
        Weighted number of votes of every atom.

    Returns
    -------
    counts : ndarray of shape (n_atoms, n_classes)
        Two classes cost one product with a vector: what is not of one class is of
        the other.
    """
    if posterior.shape[1] == 2:
        one = posterior[:, 1] if weight is None else posterior[:, 1] * weight
        one = transposed @ np.ascontiguousarray(one)
        return np.column_stack([np.maximum(n_votes - one, 0), one])
    if weight is not None:
        posterior = posterior * weight[:, None]
    return np.asarray(transposed @ posterior)


def posterior_of_atoms(
    indicator: sparse.csr_matrix, log_table: np.ndarray, log_prior: np.ndarray
) -> np.ndarray:
    """Return the class probabilities of every sample.

    Parameters
    ----------
    indicator : csr_matrix of shape (n_samples, n_atoms)
        One-hot votes.
    log_table : ndarray of shape (n_atoms, n_classes)
        Log P(vote value | class) of every atom.
    log_prior : ndarray of shape (n_classes,)
        Log class prior.

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes)
        Rows sum to 1.
    """
    if len(log_prior) == 2:
        odds = indicator @ (log_table[:, 1] - log_table[:, 0])
        odds += log_prior[1] - log_prior[0]
        return two_columns(odds)
    return softmax(indicator @ log_table + log_prior)[0]


def two_columns(log_odds: np.ndarray) -> np.ndarray:
    """Return the probabilities of two classes from the log odds of the second."""
    # Column by column in memory: statistics of two classes read one column.
    posterior = np.empty((2, len(log_odds)), dtype=log_odds.dtype)
    expit(log_odds, out=posterior[1])
    np.subtract(1, posterior[1], out=posterior[0])
    return posterior.T


def log_tables(counts: np.ndarray, pseudo: np.ndarray) -> np.ndarray:
    """M-step of confusion matrices: log P(vote value | class).

    Parameters
    ----------
    counts : ndarray of shape (n_lfs, n_values, n_classes)
        Expected number of votes of each value on samples of each class.
    pseudo : ndarray of shape (n_values, n_classes)
        Pseudo-counts.

    Returns
    -------
    log_table : ndarray of shape (n_lfs, n_values, n_classes)
        Normalised over values; uniform where nothing was counted. A value that an LF
        never cast, without pseudo-counts, takes no share.
    """
    smoothed = counts + pseudo
    if pseudo.size and pseudo.min() > 0:
        return np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    possible = smoothed.max(axis=2, keepdims=True) > 0
    smoothed = np.where(possible, np.maximum(smoothed, FLOOR), 0)
    total = smoothed.sum(axis=1, keepdims=True)
    share = smoothed / np.where(total > 0, total, 1)
    share[~possible.any(axis=(1, 2))] = 1 / max(counts.shape[1], 1)
    return np.log(np.where(share > 0, share, FLOOR))


# Votes that speak for their own class only (one coin, GLAD, MACE)


def own_class_matrix(
    votes: CastVotes, named: np.ndarray, n_classes: int, column: np.ndarray, width: int
) -> sparse.csr_matrix:
    """Return votes with a row per (sample, class) and a column per LF or atom.

    Parameters
    ----------
    votes : CastVotes
        Encoded votes, each of which names a class.
    named : ndarray of shape (n_votes,)
        Class that each vote names.
    n_classes : int
        Number of classes.
    column : ndarray of shape (n_votes,)
        Column of each vote.
    width : int
        Number of columns.

    Returns
    -------
    own : csr_matrix of shape (n_samples * n_classes, width)
        A one in row ``sample * n_classes + class`` for every vote for the class.
    """
    row = votes.rows * n_classes + named
    n_rows, n_votes = votes.n_samples * n_classes, len(row)
    # The conversion is a counting sort, linear in the votes.
    by_vote = sparse.csc_matrix(
        (np.ones(n_votes), row, np.arange(n_votes + 1)), shape=(n_rows, n_votes)
    )
    by_row = by_vote.tocsr()
    return sparse.csr_matrix(
        (by_row.data, column[by_row.indices], by_row.indptr), shape=(n_rows, width)
    )


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


# GLAD


def logistic_curvature(x: np.ndarray) -> np.ndarray:
    """Return tanh(x / 2) / (4 x), the curvature of Jaakkola and Jordan's bound."""
    small = np.abs(x) < 1e-3
    safe = np.where(small, 1.0, x)
    return np.where(small, 0.125 - x * x / 96, np.tanh(safe / 2) / (4 * safe))


def climb_log_discrimination(
    b: np.ndarray, linear: np.ndarray, quadratic: np.ndarray, mean: float
) -> np.ndarray:
    """Raise ``linear e^b - quadratic e^(2b) - (b - mean)^2 / 2`` for every sample.

    A few safeguarded Newton steps; a sample that they would not raise stays. All
    arrays have shape (n_samples,), `quadratic` is not negative.
    """

    def bound(at: np.ndarray) -> np.ndarray:
        e = np.exp(at)
        return linear * e - quadratic * e * e - (at - mean) ** 2 / 2

    new = b.copy()
    for _ in range(4):
        e = np.exp(new)
        slope = linear * e - 2 * quadratic * e * e - (new - mean)
        curvature = 4 * quadratic * e * e + 1 - linear * e
        safe = np.where(curvature > 0.5, curvature, 4 * quadratic * e * e + 1)
        new += np.clip(slope / safe, -1, 1)
    return np.where(bound(new) >= bound(b), new, b)


# MACE


def knowing_share(log_know: np.ndarray, log_spam: np.ndarray) -> np.ndarray:
    """Return P(the LF knew | its vote is right) of every atom."""
    return expit(log_know - log_spam)


def variational_log(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return E[log p] under Dirichlet(counts + prior), along the last axis."""
    posterior = counts + prior
    return digamma(posterior) - digamma(posterior.sum(axis=-1, keepdims=True))


def dirichlet_divergence(counts: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return KL(Dirichlet(counts + prior) || Dirichlet(prior)), along the last axis."""
    posterior = counts + prior
    total, prior_total = posterior.sum(axis=-1), prior.sum(axis=-1)
    expected = digamma(posterior) - digamma(total)[..., None]
    return (
        gammaln(total)
        - gammaln(prior_total)
        + (gammaln(prior) - gammaln(posterior) + counts * expected).sum(axis=-1)
    )
