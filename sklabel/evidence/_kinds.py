"""Is an LF a worker or a rule? A soft answer, and what it says of the whole data."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.special import betaln, expit, gammaln, logit

# A rule casts one value, up to slips whose rate is Beta(.5, 50); the vote shares of
# workers scatter about their mean like a Dirichlet with this many pseudo-votes.
_SLIPS = (0.5, 50.0)
_SCATTER = 8.0
# Probabilities below the clip are a worker's, those above 1 - clip a rule's.
_CLIP = 0.1
# What a vote of somebody who always gives the same answer still counts.
_LEAST_TRUST = 1e-3
# The search for the kinds begins with LFs of this share of one value.
_ONE_VALUE = 0.98
_MAX_ROUNDS, _TOL = 200, 1e-6
# An LF whose log odds of being a rule are this small stays a worker.
_HOPELESS = -60.0
# Workers that cover half of the rows were free to vote on any, and abstained.
_OPEN_COVER = 0.5
# Below this, what abstaining says is not worth a pass over the votes.
_NEGLIGIBLE = 0.01


class Kinds(NamedTuple):
    """What numbers of votes say about each LF, and about the data as a whole.

    `rule` of shape (n_lfs,): how much of a rule each LF is, in [0, 1]. `trust` of shape
    (n_lfs,): what a vote of each LF counts, less than 1 for a known worker who casts
    one value; None if all count 1. `cover`: share of the rows with votes on which the
    workers vote, from 0 (a crowd that is asked about a few rows each) to 1 (models
    that vote wherever they like), counted twice and at most
    1. `few`: how little the tables of workers can be told from the votes, large where
    few LFs cast them. `lone`: share of the even prior where one worker casts all.
    """

    rule: np.ndarray
    trust: np.ndarray | None
    cover: float
    few: float
    lone: float

    @property
    def shrinkage(self) -> float:
        """Pseudo-votes for each vote of a worker."""
        return 2 * self.few

    @property
    def half(self) -> float:
        """Votes of others that tell half of what a row can say about the prior."""
        return min(self.few, 1.0)

    @property
    def left_out(self) -> float:
        """Share of a worker's table that is estimated without the vote itself."""
        return beyond(min(0.5 * self.few, 1.0))


def beyond(share: float) -> float:
    """Return a share in [0, 1], 0 where it is negligible, without a jump."""
    return max(share - _NEGLIGIBLE, 0.0) / (1 - _NEGLIGIBLE)


def find_kinds(
    n_votes: np.ndarray,
    n_rows: float,
    given: np.ndarray,
    alike: sparse.csr_matrix | None = None,
) -> Kinds:
    """Infer the kinds of LFs from how many votes they cast for each value.

    Parameters
    ----------
    n_votes : ndarray of shape (n_lfs, n_values)
        Weighted number of votes.
    n_rows : float
        Weight of the rows that have a vote.
    given : ndarray of shape (n_lfs,)
        0 for a known worker, 1 for a known rule, NaN where the votes decide.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far LFs are one source, 1 on the diagonal; None if each is its own.

    Returns
    -------
    kinds : Kinds
        The answer.
    """
    total = n_votes.sum(axis=1)
    rule = np.where(np.isnan(given), _clipped(rule_probability(n_votes, given)), given)
    trust = None
    of_known = np.flatnonzero(given == 0)
    if len(of_known):
        # A person who always gives the same answer does not look at the samples.
        unknown = np.full(len(of_known), np.nan)
        lazy = _clipped(rule_probability(n_votes[of_known], unknown))
        if lazy.any():
            trust = np.ones(len(given))
            trust[of_known] = np.maximum(1 - lazy, _LEAST_TRUST)
    by_worker = (1 - rule) * total
    cover = 1.0
    if by_worker.sum() > 1e-9:
        cover = by_worker @ total / (n_rows * by_worker.sum())
    cover = min(cover / _OPEN_COVER, 1.0)
    several = (n_votes > 0).sum(axis=1) > 1
    # In a crowd, somebody who casts two values is a worker, however rare one of them.
    rule = np.where(several & np.isnan(given), rule * cover, rule)
    by_worker = (1 - rule) * total
    n_effective = effective_number(total, alike)
    few = max(n_effective - 1, 0.25) ** -2.0
    lone = 0.7 * float(np.clip(2 - effective_number(by_worker, alike), 0, 1))
    return Kinds(rule, trust, float(cover), float(few), lone)


def _clipped(probability: np.ndarray) -> np.ndarray:
    return np.clip((probability - _CLIP) / (1 - 2 * _CLIP), 0, 1)


def effective_number(weight: np.ndarray, alike: sparse.csr_matrix | None) -> float:
    """Return how many equal sources would spread votes as these; 0 without votes.

    Parameters
    ----------
    weight : ndarray of shape (n_lfs,)
        Votes of each LF.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far LFs are one source, 1 on the diagonal; None if each is its own.

    Returns
    -------
    number : float
        At most `n_lfs`.
    """
    if alike is not None:
        weight = weight / alike.sum(axis=1).A1
    squares = weight @ (weight if alike is None else alike @ weight)
    return float(weight.sum() ** 2 / squares) if squares > 0 else 0.0


def rule_probability(n_votes: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Return the probability that each LF is a rule, from its votes for each value.

    A rule casts one value up to slips. The shares of a worker scatter about the mean
    shares of workers. Both likelihoods are Polya distributions; the mean shares and
    the share of rules among the LFs are found by fixed-point iteration.

    Parameters
    ----------
    n_votes : ndarray of shape (n_lfs, n_values)
        Weighted number of votes.
    given : ndarray of shape (n_lfs,)
        0 for a known worker, 1 for a known rule, NaN where the votes decide.

    Returns
    -------
    probability : ndarray of shape (n_lfs,)
        0 for an LF without votes.
    """
    n_values = n_votes.shape[1]
    total = n_votes.sum(axis=1)
    is_open = np.isnan(given) & (total > 0)
    fixed = np.where(np.isnan(given), 0.0, given)
    if n_values < 2 or not is_open.any():
        return fixed
    share_of_value = n_votes / np.where(total > 0, total, 1)[:, None]
    found = np.where(is_open, share_of_value.max(axis=1) > _ONE_VALUE, fixed)
    found = found.astype(float)
    live = total > 0
    as_rule = _log_rule(n_votes)
    # Most LFs of a crowd cast several values, and are workers beyond doubt.
    undecided = np.flatnonzero(is_open)
    share_of_rules = 0.5
    for _ in range(_MAX_ROUNDS):
        by_worker = (1 - found) * live
        share = (by_worker @ share_of_value + 1 / n_values) / (by_worker.sum() + 1)
        odds = as_rule[undecided] - _log_polya(_SCATTER * share, n_votes[undecided])
        odds += logit(share_of_rules)
        before = found[undecided]
        found[undecided] = expit(odds)
        undecided = undecided[odds > _HOPELESS]
        share_of_rules = (found[live].sum() + 1) / (live.sum() + 2)
        if np.abs(expit(odds) - before).max(initial=0) < _TOL:
            break
    return found


def _log_rule(n_votes: np.ndarray) -> np.ndarray:
    """Return the log likelihood of the votes of a rule, whatever its value."""
    n_values = n_votes.shape[1]
    others = n_votes.sum(axis=1, keepdims=True) - n_votes
    slip, hold = _SLIPS
    # The slips are spread over the other values like a Dirichlet(1, ..., 1).
    each = gammaln(1 + n_votes)
    spread = gammaln(n_values - 1) - gammaln(n_values - 1 + others)
    spread += each.sum(axis=1, keepdims=True) - each
    held = betaln(others + slip, n_votes + hold) - betaln(slip, hold)
    return np.logaddexp.reduce(held + spread - np.log(n_values), axis=1)


def _log_polya(alpha: np.ndarray, n_votes: np.ndarray) -> np.ndarray:
    """Return the log probability of votes whose shares are Dirichlet(alpha)."""
    total = n_votes.sum(axis=1)
    of_total = gammaln(alpha.sum()) - gammaln(alpha.sum() + total)
    return of_total + (gammaln(alpha + n_votes) - gammaln(alpha)).sum(axis=1)
