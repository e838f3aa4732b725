"""How good the votes of each LF are, as far as a label model can tell."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import xlogy
from scipy.stats import beta

from sklabel.evidence._kinds import find_kinds
from sklabel.inspection._crowd import ModelVotes
from sklabel.sums._kernels import count_classes
from sklabel.sums._sums import one_hot
from sklabel.votes._cast import CastVotes

# Constants of the interval: its confidence, pseudo-votes that are right and wrong, the
# correlation of the errors that a model makes about the votes of one LF that the votes
# of others check, the variance of what is not checked, as a share of the largest, and
# gold votes that each end allows for where only gold labels check an LF.
_CONFIDENCE = 0.95
_PSEUDO_VOTES = 0.5
_ERROR_CORRELATION = 0.05
_UNCHECKED = 0.25
_GOLD_MARGIN = 0.5
# Votes check each other fully from this agreement on, in excess of chance.
_AGREEMENT = 0.15
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
        What `learned_accuracy` returns, and its interval; NaN without votes.
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
    accuracy = learned_accuracy(model_votes, posterior)
    doubt = per_lf(p * (1 - p)) / n_or_nan
    agrees, is_shared = _agree_with_others(
        counts, model_votes.class_of_value, n_classes
    )
    n_shared = per_lf(is_shared.astype(float)).astype(float)
    n_shared[n_shared == 0] = np.nan
    agreement = per_lf(agrees) / n_shared
    chance = per_lf(share[named]) / n_or_nan
    by_chance = share[named][is_shared].sum()
    excess = (agrees.sum() - by_chance) / max(is_shared.sum() - by_chance, 1e-12)
    checked = min(max(excess / _AGREEMENT, 0), 1)
    checked = checked * np.minimum(np.nan_to_num(n_shared) / _MANY_VOTES, 1)
    low, high = expected_accuracy_interval(
        accuracy,
        doubt,
        n_or_nan,
        unchecked=np.maximum(_rule_share(model_votes), 1 - checked),
        gold_votes=_gold_votes(model_votes),
    )
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


def learned_accuracy(model_votes: ModelVotes, posterior: np.ndarray) -> np.ndarray:
    """Return the accuracy of each LF that all tables, plots and pages state.

    It is `lf_accuracy_` of the model, whatever the votes: also for other votes than
    those of the fit, such as a test split, it is what the model learned in the fit. A
    worker whose votes are several LFs of the model (a column per class) gets the mean
    over the votes. Where the model has no such attribute (MajorityVote) or no LF of
    that name, it is the mean probability of the classes that the LF voted for.

    Parameters
    ----------
    model_votes : ModelVotes
        Votes.
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities of the rows.

    Returns
    -------
    accuracy : ndarray of shape (n_lfs,)
        In [0, 1]; NaN for an LF without votes for a class.
    """
    votes, named = model_votes.votes, model_votes.named
    counts = named >= 0
    lf, column = votes.lf[counts], model_votes.column[counts]
    right = posterior[votes.rows[counts], named[counts]]
    learned = getattr(model_votes.model, "lf_accuracy_", None)
    if learned is not None:
        known = np.where(column >= 0, np.asarray(learned)[column], np.nan)
        right = np.where(np.isnan(known), right, known)
    n_votes = np.bincount(lf, minlength=votes.n_lfs)
    total = np.bincount(lf, right, minlength=votes.n_lfs)
    return np.clip(total / np.where(n_votes > 0, n_votes, np.nan), 0, 1)


def expected_accuracy_interval(
    accuracy: np.ndarray,
    doubt: np.ndarray,
    n_votes: np.ndarray,
    *,
    unchecked: np.ndarray | float = 0.0,
    gold_votes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of an accuracy that a model expects.

    Unlike the interval of a share that was counted, it allows for the doubt of the
    model about each vote, and for what no other vote can check; see Notes of
    `lf_summary`.

    Parameters
    ----------
    accuracy : ndarray of shape (n_lfs,)
        Mean probability p that a vote is right.
    doubt : ndarray of shape (n_lfs,)
        Mean of p * (1 - p).
    n_votes : ndarray of shape (n_lfs,)
        Number of votes, NaN for none.
    unchecked : ndarray of shape (n_lfs,), default=0.0
        How little the other votes say about those of the LF, in [0, 1].
    gold_votes : ndarray of shape (n_lfs, 2), default=None
        Votes that gold labels call right, and all that they judge. None: no gold.

    Returns
    -------
    low, high : ndarray of shape (n_lfs,)
        NaN without votes; the accuracy itself lies between them.
    """
    n_pseudo = n_votes + 2 * _PSEUDO_VOTES
    mean = (accuracy * n_votes + _PSEUDO_VOTES) / n_pseudo
    spread = mean * (1 - mean)
    variance = spread / (n_pseudo + 1) + doubt / n_votes
    variance += (1 - unchecked) * _ERROR_CORRELATION * doubt
    variance += unchecked * _UNCHECKED * spread
    size = spread / np.minimum(variance, 0.5 * spread) - 1
    right, wrong = mean * size, (1 - mean) * size
    margin: np.ndarray = np.zeros(len(right))
    if gold_votes is not None:
        # What the model expects is the prior of what gold labels say.
        right = right + gold_votes[:, 0]
        wrong = wrong + gold_votes[:, 1] - gold_votes[:, 0]
        # A model that has learned from a few gold labels is too sure of what only they
        # can tell: their next vote could be right or wrong.
        margin = _GOLD_MARGIN * unchecked * (gold_votes[:, 1] > 0)
    low = beta.ppf((1 - _CONFIDENCE) / 2, right, wrong + margin)
    high = beta.ppf((1 + _CONFIDENCE) / 2, right + margin, wrong)
    return np.minimum(low, accuracy), np.maximum(high, accuracy)


def _columns(
    model_votes: ModelVotes, group: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the pairs of LF and column of the model, and the votes of each pair.

    With `group`, of shape (n_columns,), columns of one group are one.
    """
    known = model_votes.column >= 0
    column = model_votes.column[known]
    if group is not None:
        column = group[column]
    n_columns = max(model_votes.model.n_features_in_, 1)
    pair = model_votes.votes.lf[known].astype(np.int64) * n_columns + column
    pair, n_votes = np.unique(pair, return_counts=True)
    return pair // n_columns, pair % n_columns, n_votes


def _rule_share(model_votes: ModelVotes) -> np.ndarray:
    """Return how much of a rule each LF is, as the model says, else as the votes do."""
    votes, model = model_votes.votes, model_votes.model
    share = getattr(model, "rule_share_", None)
    if share is None:
        n_values = max(len(model_votes.class_of_value), 1)
        cell = votes.lf.astype(np.intp) * n_values + votes.value
        counts = np.bincount(cell, minlength=votes.n_lfs * n_values)
        counts = counts.reshape(-1, n_values).astype(np.float64)
        unknown = np.full(votes.n_lfs, np.nan)
        return find_kinds(counts, float(votes.n_samples), unknown).rule
    lf, column, n_votes = _columns(model_votes)
    total = np.bincount(lf, n_votes, minlength=votes.n_lfs)
    mean = np.bincount(lf, n_votes * share[column], minlength=votes.n_lfs)
    return np.clip(mean / np.maximum(total, 1), 0, 1)


def _gold_votes(model_votes: ModelVotes) -> np.ndarray | None:
    """Return right and judged votes of each LF on the gold rows of the fit, if any."""
    # The columns of one group have one count.
    group = getattr(model_votes.model, "_group", None)
    of_column = getattr(model_votes.model, "_gold_votes", None)
    if of_column is None or not of_column.any():
        return None
    lf, column, _ = _columns(model_votes, group)
    n_lfs = model_votes.votes.n_lfs
    return np.column_stack(
        [np.bincount(lf, gold[column], minlength=n_lfs) for gold in of_column.T]
    )


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
