"""The model of rules: what a vote of one value says, fitted in two steps.

A rule votes one value only, so that a confusion matrix says nothing of it. Each atom,
a pair (LF, vote value), has P(class | vote) instead, shrunk towards its own class; its
evidence is how much more probable a class is with the vote than without.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklabel.label_model._kernels import clamp
from sklabel.label_model._sums import (
    ATOM_LIKELIHOOD,
    ATOM_START,
    ATOM_SWEEP,
    AtomSums,
    Profile,
    Statistic,
    VoteChunk,
    VoteSource,
    softmax,
)
from sklabel.votes._cast import CastVotes

# An atom fires _RATIO * (n_classes - 1) times more readily in its own class;
# _STRENGTH + _GROWTH * votes pseudo-votes hold it there; beside workers, who know more,
# only _STRENGTH.
_RATIO = 4.0
_STRENGTH = 4.0
_GROWTH = 1.0
_FLATTEN = 0.25
# Share of the evidence that is estimated without the vote itself.
_OUT_OF_SAMPLE = 0.5


class RulesFit(NamedTuple):
    """What the two steps found.

    `weights` of shape (n_lfs, n_values, n_classes): what each vote adds to the log
    scores; `counts` and `table` of the same shape: expected votes and P(class | vote)
    of the second step; `discount` of shape (n_lfs,): see `redundancy`;
    `log_likelihood` per sample.
    """

    weights: np.ndarray
    counts: np.ndarray
    table: np.ndarray
    discount: np.ndarray
    log_likelihood: float


def fit_rules(
    data: VoteSource, profile: Profile, prior: np.ndarray, class_of_value: np.ndarray
) -> RulesFit:
    """Fit lifts in two steps, half of each estimated with the vote left out.

    Parameters
    ----------
    data : VoteSource
        The votes.
    profile : Profile
        What is known of them.
    prior : ndarray of shape (n_classes,)
        Class shares of the samples without votes.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.

    Returns
    -------
    fit : RulesFit
        What was found.
    """
    n_classes, n_values = len(prior), len(class_of_value)
    shape = (data.n_lfs, n_values, n_classes)
    log_prior = np.log(prior)
    n_covered = profile.weight - profile.bare_gold.sum()

    sums = data.total(ATOM_START, profile.mean_share)
    for sweep in (ATOM_SWEEP, SECOND_SWEEP):
        counts = sums.counts.reshape(shape)
        covered = np.maximum(sums.total - profile.bare_gold, 0)
        table, _ = rule_tables(counts, covered, class_of_value)
        # Class shares of all samples: those without votes have the prior.
        share = covered + (profile.n_all - n_covered) * prior + 1
        share /= profile.n_all + n_classes
        first = (np.log(table) - np.log(share)).reshape(-1, n_classes)
        sums = data.total(sweep, first, log_prior)

    alone = data.total(LEFT_OUT, first, log_prior).counts
    second, share = rule_tables(alone.reshape(shape), alone.sum(axis=0), class_of_value)
    weights = (1 - _OUT_OF_SAMPLE) * first.reshape(shape)
    weights += _OUT_OF_SAMPLE * (np.log(second) - np.log(share))
    discount = _discount(data, sums, class_of_value)
    likelihood = data.total(RULES_LIKELIHOOD, first, log_prior)
    return RulesFit(weights, counts, table, discount, likelihood.of(1.0))


def _discount(
    data: VoteSource, sums: AtomSums, class_of_value: np.ndarray
) -> np.ndarray:
    """Return the discount of each LF for what others repeat."""
    firing = data.total(CO_FIRING)
    fired = np.flatnonzero(firing.n_votes > 0)
    return redundancy(
        firing.together[fired][:, fired],
        firing.n_votes[fired],
        sums.counts[fired],
        sums.total,
        np.tile(class_of_value, data.n_lfs)[fired],
        fired // len(class_of_value),
        data.n_lfs,
    )


def rule_tables(
    counts: np.ndarray,
    total: np.ndarray,
    class_of_value: np.ndarray,
    *,
    growth: float = _GROWTH,
) -> tuple[np.ndarray, np.ndarray]:
    """Return P(class | vote), shrunk, and the class shares that it shrinks to.

    Parameters
    ----------
    counts : ndarray of shape (n_lfs, n_values, n_classes)
        Expected votes, a sum over samples.
    total : ndarray of shape (n_classes,)
        Expected samples.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    growth : float
        Pseudo-votes for each vote.

    Returns
    -------
    table : ndarray of shape (n_lfs, n_values, n_classes)
        Sums to 1 over the classes.
    class_share : ndarray of shape (n_classes,)
        Sums to 1.
    """
    n_classes = len(total)
    class_share = (total + 1) / (total.sum() + n_classes)
    atom_class = np.tile(class_of_value, len(counts))
    Q = atom_prior(atom_class, class_share, _RATIO, _FLATTEN)
    table = atom_tables(counts.reshape(-1, n_classes), Q, _STRENGTH, growth)
    return table.reshape(counts.shape), class_share


# Statistics


class RuleVotes(NamedTuple):
    """Weight of the votes of rules: of those that meet a worker's vote, and of all."""

    met: float
    total: float


def _rule_votes_met(chunk: VoteChunk, is_rule: np.ndarray) -> RuleVotes:
    """Weight of the votes of rules on rows where a worker votes too, and anywhere."""
    n_values = len(chunk.class_of_value)
    by_rule = np.repeat(is_rule, n_values).astype(chunk.dtype)
    met = chunk.indicator @ (1 - by_rule) > 0
    n_rule_votes = chunk.weight * (chunk.indicator @ by_rule)
    return RuleVotes(float((met * n_rule_votes).sum()), float(n_rule_votes.sum()))


class LeftOut(NamedTuple):
    """Class counts of every atom, each vote judged by the others in its row."""

    counts: np.ndarray


def _left_out(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> LeftOut:
    """Count the classes of every atom without the vote itself."""
    votes = chunk.votes
    atom = votes.lf.astype(np.int64) * len(chunk.class_of_value) + votes.value
    scores = chunk.indicator @ log_table + log_prior
    args = (votes, atom, scores, log_table, chunk.gold, chunk.weight)
    return LeftOut(leave_one_out_counts(*args))


class CoFiring(NamedTuple):
    """Weighted number of samples on which two atoms fire, and one does.

    `together` of shape (n_atoms, n_atoms), `n_votes` of shape (n_atoms,).
    """

    together: sparse.csr_matrix
    n_votes: np.ndarray


def _co_firing(chunk: VoteChunk) -> CoFiring:
    """Count the samples on which two atoms fire together."""
    A = chunk.indicator
    together = (A.T @ A.multiply(chunk.weight[:, None]).tocsr()).tocsr()
    return CoFiring(together, chunk.n_votes.astype(np.float64, copy=False))


RULE_VOTES_MET = Statistic("rule_votes", _rule_votes_met, "count")
LEFT_OUT = Statistic("left_out", _left_out, "expectation", "atom", ("counts",))
CO_FIRING = Statistic("co_firing", _co_firing, "count", "atom", ("together", "n_votes"))
SECOND_SWEEP = replace(ATOM_SWEEP, name="second_sweep")
RULES_LIKELIHOOD = replace(ATOM_LIKELIHOOD, name="rules_likelihood")


# Kernels


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
