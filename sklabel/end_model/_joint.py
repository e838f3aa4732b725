"""How votes and the opinion of a classifier become one soft label."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

# A classifier is never surer than this: it saw a few hundred rows.
_LEAST_OPINION = 1e-3
# Bounds and precision of the temperature that is fitted to an opinion.
_COLDEST, _PRECISION = 0.05, 1e-3
# Share of the votes' own probabilities in the labels of rows with votes.
_MIXING = 0.15
# Class shares may be corrected by so many nats. More means that the shares that the
# votes gave are wrong, not the labels.
_LARGEST_SHIFT = 1.0
_MATCH_STEPS, _MATCH_TOL = 100, 1e-5
# A label divides the opinion by this power of the design effect of the votes. With 0,
# the opinion overrules twenty tempered votes; with 1, labels are too cautious.
_SHARED = 0.5
# Probabilities of votes are never surer than this.
_LEAST_VOTES = 1e-6


class Opinion(NamedTuple):
    """What a classifier that has not seen a row says of it.

    `proba` of shape (n_samples, n_classes), out of fold; `temperature` in (0, 1]:
    below 1 if the classifier is surer of itself than it should be.
    """

    proba: np.ndarray
    temperature: float

    @property
    def log(self) -> np.ndarray:
        """Tempered log probabilities, up to a constant for each row."""
        return self.temperature * log_opinion(self.proba)


class Votes(NamedTuple):
    """What a label model makes of the votes of some rows.

    `proba` of shape (n_samples, n_classes): its probabilities. `evidence` of the same
    shape: what the votes say without the class prior. `design_effect` of shape
    (n_samples,): by how much they overstate it. `voted` of shape (n_samples,): which
    rows have votes.
    """

    proba: np.ndarray
    evidence: np.ndarray
    design_effect: np.ndarray
    voted: np.ndarray


def log_opinion(proba: np.ndarray) -> np.ndarray:
    """Return log probabilities, none of which is too small to be overruled."""
    return np.log(np.maximum(np.asarray(proba, dtype=np.float64), _LEAST_OPINION))


def cross_entropy(
    log_proba: np.ndarray, target: np.ndarray, weight: np.ndarray | None
) -> float:
    """Return the weighted mean cross-entropy with soft labels, in nats."""
    return float(np.average(-(target * log_proba).sum(axis=1), weights=weight))


def fit_temperature(proba: np.ndarray, target: np.ndarray, weight: np.ndarray) -> float:
    """Return the temperature at which probabilities fit soft labels best.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities of a classifier.
    target : ndarray of shape (n_samples, n_classes)
        Soft labels.
    weight : ndarray of shape (n_samples,)
        Weight of each row.

    Returns
    -------
    temperature : float
        In (0, 1]. Not above 1: an opinion is not made surer than the classifier is.
    """
    scores = log_opinion(proba)

    def loss(temperature: float) -> float:
        return cross_entropy(log_softmax(temperature * scores, axis=1), target, weight)

    found = minimize_scalar(
        loss, bounds=(_COLDEST, 1), method="bounded", options={"xatol": _PRECISION}
    )
    return 1.0 if loss(1.0) <= found.fun else float(found.x)


def beyond_chance(
    proba: np.ndarray, target: np.ndarray, weight: np.ndarray, keys: np.ndarray
) -> float:
    """Return by how many standard errors an opinion goes together with soft labels.

    This is the score test of a temperature of 0, at which an opinion says no more than
    the class shares. It sees an opinion that is right but too sure of itself, whose
    log-loss is above that of the shares.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Out-of-fold probabilities of a classifier.
    target : ndarray of shape (n_samples, n_classes)
        Soft labels.
    weight : ndarray of shape (n_samples,)
        Weight of each row.
    keys : ndarray of shape (n_samples,)
        Equal for rows that count as one.

    Returns
    -------
    z : float
        Near 0 for an opinion without knowledge, below it for a wrong one.
    """
    scores = log_opinion(proba)
    scores = scores - np.average(scores, axis=0, weights=weight)
    target = target - np.average(target, axis=0, weights=weight)
    product = (scores * target).sum(axis=1)
    mean = np.average(product, weights=weight)
    _, row = np.unique(keys, return_inverse=True)
    spread = np.sqrt(np.square(np.bincount(row, weight * (product - mean))).sum())
    # An opinion that is the same everywhere leaves rounding errors only.
    if spread <= 1e-10 * weight.sum():
        return 0.0
    return float(mean * weight.sum() / spread)


def redundancy(
    opinion: np.ndarray, votes: Votes, weight: np.ndarray, keys: np.ndarray
) -> float:
    """Return how much of what votes say beyond the class an opinion repeats.

    Votes of people err by themselves, and an opinion that is learned from them averages
    the errors out. Rules that are functions of the features err as the features say:
    the classifier learns to repeat them, and to multiply both counts them twice.

    With the class given, independent votes and opinion are uncorrelated. So an opinion
    explains of the variance of the evidence no more than what lies between the classes;
    more is variance within the classes that it repeats.

    Parameters
    ----------
    opinion : ndarray of shape (n_samples, n_classes)
        Log probabilities of a classifier that has learned from the votes on other rows.
    votes : Votes
        Of the same rows.
    weight : ndarray of shape (n_samples,)
        Weight of each row.
    keys : ndarray of shape (n_samples,)
        Equal for rows that count as one.

    Returns
    -------
    redundancy : float
        Share of the variance of the evidence within the classes, in [0, 1]. 0: the
        opinion is independent of the votes, given the class.
    """
    rows = votes.voted & (weight > 0)
    n_rows, n_classes = len(np.unique(keys[rows])), opinion.shape[1]
    n_terms = 2 * n_classes - 1
    if n_rows <= n_terms:
        return 0.0
    weight = weight[rows] / weight[rows].sum()
    evidence, proba, opinion = votes.evidence[rows], votes.proba[rows], opinion[rows]
    evidence = evidence - evidence.mean(axis=1, keepdims=True)
    evidence = evidence - weight @ evidence
    total = weight @ np.square(evidence).sum(axis=1)
    if total <= 0:
        return 0.0
    root = np.sqrt(weight)[:, None]
    opinion = opinion - opinion.mean(axis=1, keepdims=True)
    terms = np.hstack([opinion[:, 1:], softmax(opinion, axis=1)])
    fitted = terms @ np.linalg.lstsq(root * terms, root * evidence, rcond=None)[0]
    left = weight @ np.square(evidence - fitted).sum(axis=1) / total
    explained = 1 - left * n_rows / (n_rows - n_terms)

    def between(label: np.ndarray) -> float:
        """Return the part of the variance that lies between the classes."""
        share = weight @ label
        mean = (
            label.T @ (weight[:, None] * evidence) / np.maximum(share, 1e-12)[:, None]
        )
        return float(share @ np.square(mean).sum(axis=1) / total)

    # Probabilities of votes are often too cautious, which hides some of it; the most
    # probable classes show too much.
    certain = np.eye(n_classes)[proba.argmax(axis=1)]
    classes = (between(proba) + between(certain)) / 2
    return float(np.clip((explained - classes) / max(1 - classes, 1e-12), 0, 1))


def shift_to_shares(
    scores: np.ndarray, shares: np.ndarray, weight: np.ndarray, largest: float
) -> np.ndarray:
    """Return what to add to log scores so that labels have the given class shares.

    Parameters
    ----------
    scores : ndarray of shape (n_samples, n_classes)
        Log scores.
    shares : ndarray of shape (n_classes,)
        Class shares; they sum to 1.
    weight : ndarray of shape (n_samples,)
        Weight of each row.
    largest : float
        Bound on the shift of a class, about that of the middle class.

    Returns
    -------
    shift : ndarray of shape (n_classes,)
        To be added.
    """
    target = np.log(np.maximum(shares, 1e-12))
    shift = np.zeros(len(shares))
    for _ in range(_MATCH_STEPS):
        now = np.average(softmax(scores + shift, axis=1), axis=0, weights=weight)
        step = target - np.log(np.maximum(now, 1e-12))
        shift += step
        if np.abs(np.exp(target) - now).max() < _MATCH_TOL:
            break
    return np.clip(shift - np.median(shift), -largest, largest)


class Combination(NamedTuple):
    """How an opinion and votes become labels.

    `shift` of shape (n_classes,): of the class scores. `redundancy`: the part of an
    opinion that does not count on rows with votes, since it repeats them.
    """

    shift: np.ndarray
    redundancy: float = 0.0

    @classmethod
    def of(
        cls,
        opinion: np.ndarray,
        votes: Votes,
        shares: np.ndarray,
        weight: np.ndarray,
        *,
        are_known: bool,
        redundancy: float = 0.0,
    ) -> Combination:
        """Find the shift that keeps class shares.

        Parameters
        ----------
        opinion : ndarray of shape (n_samples, n_classes)
            Log probabilities of a classifier.
        votes : Votes
            Of the same rows.
        shares : ndarray of shape (n_classes,)
            The class shares to keep.
        weight : ndarray of shape (n_samples,)
            Weight of each row; 0 for those that do not count.
        are_known : bool
            Whether the user knows the shares: then they are met whatever it takes.
        redundancy : float
            See :func:`redundancy`.
        """
        largest = np.inf if are_known else _LARGEST_SHIFT
        counts = weight > 0
        scores = cls(np.zeros(len(shares)), redundancy)._scores(opinion, votes)[counts]
        shift = shift_to_shares(scores, shares, weight[counts], largest)
        return cls(shift, redundancy)

    def proba(self, opinion: np.ndarray, votes: Votes) -> np.ndarray:
        """Multiply what a classifier and votes say.

        Parameters
        ----------
        opinion : ndarray of shape (n_samples, n_classes)
            Log probabilities of a classifier.
        votes : Votes
            Of the same rows.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        proba = softmax(self._scores(opinion, votes), axis=1)
        mixed = (1 - _MIXING) * proba + _MIXING * votes.proba
        return np.where(votes.voted[:, None], mixed, proba)

    def _scores(self, opinion: np.ndarray, votes: Votes) -> np.ndarray:
        counts = np.where(votes.voted, 1 - self.redundancy, 1)
        return counts[:, None] * opinion + votes.evidence + self.shift


class Belief(NamedTuple):
    """How the votes' own probabilities and an opinion become labels to be believed.

    Labels that train a classifier may lean on the other rows and be a little too sure.
    Those that are exported, reviewed and reported start from what the votes alone say,
    which is calibrated, and take the opinion for a likelihood ratio. The classifier has
    learned from votes and shares their errors, so its opinion is tempered as they are.

    All of shape (n_classes,). `prior`: class prior in the probabilities of the votes.
    `of_opinion`: mean of the opinion. `shares`: the class prior of the labels. `shift`:
    of the class scores. `redundancy`: see :class:`Combination`.
    """

    prior: np.ndarray
    of_opinion: np.ndarray
    shares: np.ndarray
    shift: np.ndarray
    redundancy: float

    @classmethod
    def of(
        cls,
        opinion: np.ndarray,
        votes: Votes,
        prior: np.ndarray,
        training: np.ndarray,
        shares: np.ndarray,
        weight: np.ndarray,
        *,
        are_known: bool,
        redundancy: float,
    ) -> Belief:
        """Find the class shares of the opinion and of the labels.

        Parameters
        ----------
        opinion : ndarray of shape (n_samples, n_classes)
            Log probabilities of a classifier, out of fold.
        votes : Votes
            Of the same rows, by the label model that knows votes alone.
        prior : ndarray of shape (n_classes,)
            Class prior in ``votes.proba``.
        training : ndarray of shape (n_samples, n_classes)
            The labels that the rounds led to.
        shares : ndarray of shape (n_classes,)
            The class shares to keep.
        weight : ndarray of shape (n_samples,)
            Weight of each row; 0 for those that do not count.
        are_known : bool
            Whether the user knows the shares: then they are met whatever it takes.
        redundancy : float
            See :func:`redundancy`.
        """
        of_opinion = np.average(softmax(opinion, axis=1), axis=0, weights=weight)
        of_labels = np.average(training, axis=0, weights=weight)
        start = cls(prior, of_opinion, of_labels, np.zeros(len(prior)), redundancy)
        counts = weight > 0
        shift = shift_to_shares(
            start._scores(opinion, votes)[counts],
            shares,
            weight[counts],
            np.inf if are_known else _LARGEST_SHIFT,
        )
        return start._replace(shift=shift)

    def proba(self, opinion: np.ndarray, votes: Votes) -> np.ndarray:
        """Return labels of rows.

        Parameters
        ----------
        opinion : ndarray of shape (n_samples, n_classes)
            Log probabilities of a classifier that has not seen the rows.
        votes : Votes
            Of the same rows, by the label model that knows votes alone.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        return softmax(self._scores(opinion, votes), axis=1)

    def _scores(self, opinion: np.ndarray, votes: Votes) -> np.ndarray:
        def logs(proba: np.ndarray) -> np.ndarray:
            return np.log(np.maximum(proba, _LEAST_VOTES))

        ratio = opinion - logs(self.of_opinion)
        counts = (1 - self.redundancy) / votes.design_effect**_SHARED
        counts = np.where(votes.voted, counts, 1)[:, None]
        by_votes = np.where(
            votes.voted[:, None], logs(votes.proba) - logs(self.prior), 0
        )
        return by_votes + counts * ratio + logs(self.shares) + self.shift
