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
_SHARED = 0.75


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

    @property
    def tempered(self) -> np.ndarray:
        """Tempered probabilities."""
        return softmax(self.log, axis=1)


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


def shared(opinion: np.ndarray, votes: Votes) -> np.ndarray:
    """Return an opinion as it counts beside votes in a label that is to be believed.

    The classifier has learned from votes and shares their errors, so its opinion is
    tempered as they are. Labels that train a classifier need this not: they may lean
    on the other rows.

    Parameters
    ----------
    opinion : ndarray of shape (n_samples, n_classes)
        Log probabilities.
    votes : Votes
        Of the same rows.
    """
    return opinion / votes.design_effect[:, None] ** _SHARED


class Combination(NamedTuple):
    """How an opinion and votes become labels: the shift of each class score."""

    shift: np.ndarray

    @classmethod
    def of(
        cls,
        opinion: np.ndarray,
        votes: Votes,
        shares: np.ndarray,
        weight: np.ndarray,
        *,
        are_known: bool,
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
        """
        largest = np.inf if are_known else _LARGEST_SHIFT
        counts = weight > 0
        scores = (opinion + votes.evidence)[counts]
        return cls(shift_to_shares(scores, shares, weight[counts], largest))

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
        proba = softmax(opinion + votes.evidence + self.shift, axis=1)
        mixed = (1 - _MIXING) * proba + _MIXING * votes.proba
        return np.where(votes.voted[:, None], mixed, proba)
