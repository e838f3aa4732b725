"""How good the votes of each LF are, as far as a label model can tell."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy
from scipy.stats import beta

from sklabel.inspection._crowd import ModelVotes
from sklabel.label_model._kernels import count_classes
from sklabel.label_model._sums import one_hot
from sklabel.votes._cast import CastVotes

# Constants of the interval: its confidence, pseudo-votes that are right and wrong, and
# the correlation of the errors that a model makes about the votes of one LF.
_CONFIDENCE = 0.95
_PSEUDO_VOTES = 0.5
_ERROR_CORRELATION = 0.02
# Constants of the flags. An LF is below chance if its accuracy is less than this share
# of it. An LF guesses if it has this many votes, and if each of them tells less than so
# many bits beyond what chance adds.
_BELOW = 0.85
_MANY_VOTES = 20
_LITTLE_INFORMATION = 0.01
# An accuracy that exceeds chance by this much is not a guess, even with few votes.
_CLEARLY_BETTER = 0.1


@dataclass(frozen=True)
class VoteQuality:
    """What a model and the other votes tell about the votes of each LF.

    Arrays of shape (n_lfs,), in the order of the columns of the model. Votes that name
    no class do not count.

    Attributes
    ----------
    n_votes : ndarray of int
        Votes for a class.
    agreement : ndarray
        With the plurality of the other votes; NaN if no other LF votes on its rows.
    accuracy, low, high : ndarray
        Expected share of right votes, and its interval; NaN without votes.
    chance : ndarray
        Accuracy of the same votes on rows chosen blindly; NaN without votes.
    below_chance : ndarray of bool
        Whether the model or the other votes show that the LF is worse than chance.
    table : ndarray of shape (n_lfs, n_values, n_classes)
        Expected number of votes for each value on samples of each class.
    """

    n_votes: np.ndarray
    agreement: np.ndarray
    accuracy: np.ndarray
    low: np.ndarray
    high: np.ndarray
    chance: np.ndarray
    below_chance: np.ndarray
    table: np.ndarray


def describe_votes(model_votes: ModelVotes, posterior: np.ndarray) -> VoteQuality:
    """Return how good the votes of each LF are, as far as a model can tell.

    Parameters
    ----------
    model_votes : ModelVotes
        Votes.
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities of the rows.

    Returns
    -------
    quality : VoteQuality
        A row per LF of the model.
    """
    votes, n_lfs = model_votes.votes, model_votes.votes.n_lfs
    n_values, n_classes = len(model_votes.class_of_value), posterior.shape[1]
    table = np.asarray(one_hot(votes, n_values).T @ posterior)
    table = table.reshape(n_lfs, n_values, n_classes)
    share = class_share(posterior, model_votes)

    named = model_votes.named
    counts = votes.take_votes(named >= 0) if (named < 0).any() else votes
    rows, lf, named = counts.rows, counts.lf, named[named >= 0]

    def per_lf(values: np.ndarray) -> np.ndarray:
        return np.bincount(lf, values, minlength=n_lfs)

    n_votes = np.bincount(lf, minlength=n_lfs)
    n_or_nan = np.where(n_votes > 0, n_votes, np.nan)
    p = posterior[rows, named]
    accuracy = np.minimum(per_lf(p) / n_or_nan, 1)
    doubt = per_lf(p * (1 - p)) / n_or_nan
    low, high = expected_accuracy_interval(accuracy, doubt, n_or_nan)
    agrees, is_shared = _agree_with_others(
        counts, model_votes.class_of_value, n_classes
    )
    n_shared = per_lf(is_shared.astype(float)).astype(float)
    n_shared[n_shared == 0] = np.nan
    agreement = per_lf(agrees) / n_shared
    chance = per_lf(share[named]) / n_or_nan
    # A vote takes part in the posterior that judges it, and a tempered one leans to
    # chance; the agreement with the others does neither.
    by_others = expected_accuracy_interval(agreement, 0 * doubt, n_shared)[1]
    by_others[~(n_shared >= _MANY_VOTES)] = np.nan
    return VoteQuality(
        n_votes=n_votes,
        agreement=agreement,
        accuracy=accuracy,
        low=low,
        high=high,
        chance=chance,
        below_chance=(accuracy < _BELOW * chance) & (np.fmin(high, by_others) < chance),
        table=table,
    )


def expected_accuracy_interval(
    accuracy: np.ndarray,
    doubt: np.ndarray,
    n_votes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of an accuracy that a model expects.

    Unlike the interval of a share that was counted, it allows for the doubt of the
    model about each vote; see Notes of `lf_summary`.

    Parameters
    ----------
    accuracy : ndarray of shape (n_lfs,)
        Mean probability p that a vote is right.
    doubt : ndarray of shape (n_lfs,)
        Mean of p * (1 - p).
    n_votes : ndarray of shape (n_lfs,)
        Number of votes, NaN for none.

    Returns
    -------
    low, high : ndarray of shape (n_lfs,)
        NaN without votes; the accuracy itself lies between them.
    """
    n_pseudo = n_votes + 2 * _PSEUDO_VOTES
    mean = (accuracy * n_votes + _PSEUDO_VOTES) / n_pseudo
    spread = mean * (1 - mean)
    variance = spread / (n_pseudo + 1) + doubt * (1 / n_votes + _ERROR_CORRELATION)
    size = spread / np.minimum(variance, 0.5 * spread) - 1
    a, b = mean * size, (1 - mean) * size
    low, high = (
        beta.ppf(q, a, b) for q in ((1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2)
    )
    return np.minimum(low, accuracy), np.maximum(high, accuracy)


def _agree_with_others(
    votes: CastVotes, class_of_value: np.ndarray, n_classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compare every vote with the plurality of the others on its row.

    Returns
    -------
    agreement : ndarray of shape (n_votes,)
        1 / k where the vote is one of the k most frequent of the others, else 0.
    shared : ndarray of shape (n_votes,), bool
        Whether there is another vote.
    """
    rows, named = votes.rows, class_of_value[votes.value]
    counts = count_classes(votes, class_of_value, n_classes)
    most = counts.max(axis=1)
    n_most = (counts == most[:, None]).sum(axis=1)
    rest = np.where(counts < most[:, None], counts, 0).max(axis=1)
    n_rest = (counts == rest[:, None]).sum(axis=1)
    # Take a vote away from its row. If its class was the only leader, it still leads
    # when it was ahead by two, and ties with the second classes when it was ahead by
    # one. In every other case it no longer leads.
    lead = np.where(n_most == 1, most - 1 - rest, -1)
    row_agreement = np.where(lead > 0, 1.0, np.where(lead == 0, 1 / (1 + n_rest), 0.0))
    shared = votes.counts[rows] >= 2
    leads = shared & (counts[rows, named] == most[rows])
    return np.where(leads, row_agreement[rows], 0.0), shared


def information_of_votes(table: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return how much a vote tells about the class, in bits; shape (n_lfs,).

    The mean over votes of the Kullback-Leibler divergence of the classes behind a vote
    value from the class shares. For an LF of one value, which has no mutual
    information with the class, it is what its firing says.

    Parameters
    ----------
    table : ndarray of shape (n_lfs, n_values, n_classes)
        Expected number of votes.
    share : ndarray of shape (n_classes,)
        Class shares.

    Returns
    -------
    information : ndarray of shape (n_lfs,)
        NaN without votes.
    """
    of_value = table.sum(axis=2, keepdims=True)
    of_lf = of_value.sum(axis=1)[:, 0]
    behind = table / np.where(of_value > 0, of_value, 1)
    with np.errstate(divide="ignore"):
        ratio = np.where(table > 0, behind / share, 1)
    bits = xlogy(table, ratio).sum(axis=(1, 2)) / np.log(2)
    return bits / np.where(of_lf > 0, of_lf, np.nan)


def guessing(
    quality: VoteQuality, posterior: np.ndarray, model_votes: ModelVotes
) -> np.ndarray:
    """Mark LFs that vote often and tell next to nothing about the class.

    Chance must lie in the interval of their accuracy.

    Random votes have ``n_free / (2 n log 2)`` bits on average, where `n_free` are the
    free cells of the table of classes behind each vote value.
    """
    share = class_share(posterior, model_votes)
    n_used = (quality.table.sum(axis=2) > 0).sum(axis=1)
    n_free = (len(share) - 1) * n_used
    by_chance = n_free / (2 * np.log(2) * np.maximum(quality.n_votes, 1))
    bits = information_of_votes(quality.table, share)
    return (
        (quality.n_votes >= _MANY_VOTES)
        & (bits < _LITTLE_INFORMATION + by_chance)
        & (quality.low <= quality.chance)
        & (quality.accuracy < quality.chance + _CLEARLY_BETTER)
        & (len(share) > 1)
    )


def class_share(posterior: np.ndarray, model_votes: ModelVotes) -> np.ndarray:
    """Return the mean class probabilities of the rows with a vote."""
    voted = model_votes.votes.counts > 0
    if not voted.any():
        return np.asarray(model_votes.model.class_prior_)
    return posterior[voted].mean(axis=0)
