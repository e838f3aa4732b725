"""What gold labels teach: a correction of soft labels that is learned from a few rows.

The model of the votes never sees the gold labels. Its log probabilities on the gold
rows are the offset of a penalised multinomial logistic regression on the votes. The
penalties are not chosen but averaged over, by how well each of them predicts a gold row
that it has not seen.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import log_softmax

from sklabel.sums._gold import gold_proba, gold_total, has_gold, no_gold
from sklabel.sums._sums import (
    FLOOR,
    Statistic,
    VoteChunk,
    one_hot,
    softmax,
)
from sklabel.votes._cast import CastVotes

# Penalties of the scale, and those of the class biases for each half a class.
_SCALE_PENALTIES = (16.0, 4.0, 1.0)
# Penalties of the weights of votes, in units of the former; without limit: no weights.
_VOTE_PENALTIES = (np.inf, 100.0, 30.0, 10.0, 3.0, 1.0)
# The weight of a vote for the class that it names is penalised this many times less.
_OWN_CLASS = 2.0
# What the model says of rows without votes counts as this many gold rows.
_PSEUDO_ROWS = 4.0
# Nats for "no correction", divided by the number of gold rows.
_HANDFUL = 4.0
# With more gold rows than this, only the loosest penalties are tried.
_MANY_ROWS = 10_000
# Order of the largest matrix that is factorised.
_LARGEST = 2000
# Bound on what is left of a row's own influence when it is left out.
_LEAST_LEFT = 0.02
_MAX_ITER, _TOL = 300, 1e-11


@dataclass(frozen=True)
class GoldRows:
    """Rows with a gold label; those of several chunks add up to all of them.

    Attributes
    ----------
    indicator : csr_matrix of shape (n_gold, n_atoms)
        One-hot votes.
    target : ndarray of shape (n_gold, n_classes)
        Class probabilities; 0 and 1 for hard gold.
    weight : ndarray of shape (n_gold,)
        Weight of each row.
    """

    indicator: sparse.csr_matrix
    target: np.ndarray
    weight: np.ndarray

    def __add__(self, other: GoldRows) -> GoldRows:
        """Return the rows of both."""
        return GoldRows(
            sparse.vstack([self.indicator, other.indicator], format="csr"),
            np.concatenate([self.target, other.target]),
            np.concatenate([self.weight, other.weight]),
        )

    def moved(self, at: np.ndarray, n_atoms: int) -> GoldRows:
        """Return the rows with every atom where it stands now."""
        A = self.indicator
        shape = (A.shape[0], n_atoms)
        moved = sparse.csr_matrix((A.data, at[A.indices], A.indptr), shape=shape)
        return GoldRows(moved, self.target, self.weight)


class GoldSums(NamedTuple):
    """The gold rows, in the form of a sum over samples."""

    rows: GoldRows


class LabelModelChunk(VoteChunk):
    """Votes as the model sees them, and the gold rows beside them."""

    def __init__(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        weight: np.ndarray,
        class_of_value: np.ndarray,
        n_classes: int,
        dtype: str = "float64",
    ) -> None:
        is_gold = has_gold(gold)
        posterior = self._posterior(votes, gold)
        is_gold &= ~has_gold(posterior)
        super().__init__(votes, posterior, weight, class_of_value, n_classes, dtype)
        A = one_hot(votes.take_rows(is_gold), max(len(class_of_value), 1))
        target = gold_proba(gold[is_gold], n_classes)
        self.gold_rows = GoldRows(A, target, weight[is_gold])

    def _posterior(self, votes: CastVotes, gold: np.ndarray) -> np.ndarray:
        """Return the gold that EM sees: none."""
        return no_gold(len(gold))


class PosteriorChunk(LabelModelChunk):
    """Votes, and soft gold that stands for the posterior of its row in EM.

    Certain rows stay gold labels, which EM does not see; of a row without votes, it
    has nothing to learn.
    """

    def _posterior(self, votes: CastVotes, gold: np.ndarray) -> np.ndarray:
        if gold.ndim == 1:
            return no_gold(len(gold))
        with np.errstate(invalid="ignore"):
            uncertain = (gold.max(axis=1) < 1) & (votes.counts > 0)
        return np.where(uncertain[:, None], gold, np.nan)


def _gold_rows(chunk: LabelModelChunk) -> GoldSums:
    return GoldSums(chunk.gold_rows)


GOLD_ROWS = Statistic("gold_rows", _gold_rows, "count", "atom", ("rows",))


class Correction(NamedTuple):
    """How gold labels correct the soft labels of rows that have votes.

    Scores are ``scale * log_proba + votes @ weights + bias``.

    `scale`; `weights` of shape (n_atoms, n_classes); `bias` of shape (n_classes,);
    `without_votes` of shape (n_classes,): probabilities of rows without votes.
    """

    scale: float
    weights: np.ndarray
    bias: np.ndarray
    without_votes: np.ndarray

    def apply(self, indicator: sparse.csr_matrix, proba: np.ndarray) -> np.ndarray:
        """Return corrected probabilities.

        Parameters
        ----------
        indicator : csr_matrix of shape (n_samples, n_atoms)
            One-hot votes.
        proba : ndarray of shape (n_samples, n_classes)
            Soft labels of the model of the votes.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Rows sum to 1.
        """
        scores = self.scale * _offset(proba)
        scores += indicator @ self.weights + self.bias
        return softmax(scores)[0]


def fit_correction(
    rows: GoldRows,
    proba: np.ndarray,
    without_votes: np.ndarray,
    class_of_value: np.ndarray,
) -> Correction:
    """Learn from gold rows how to correct soft labels.

    Parameters
    ----------
    rows : GoldRows
        At least one.
    proba : ndarray of shape (n_gold, n_classes)
        Soft labels of the rows from a model that has not seen their gold labels.
    without_votes : ndarray of shape (n_classes,)
        Probabilities that this model gives rows without votes.
    class_of_value : ndarray of shape (n_values,)
        Class that each vote value names, -1 if it names none.

    Returns
    -------
    correction : Correction
        An average over penalties, "no correction" among them.
    """
    A, weight = rows.indicator, rows.weight.astype(float)
    n_atoms, n_classes = A.shape[1], proba.shape[1]
    covered = np.diff(A.indptr) > 0
    of_bare = gold_total(rows.target[~covered], weight[~covered], n_classes)
    bare = of_bare + _PSEUDO_ROWS * without_votes
    bare = bare / bare.sum()
    weights = np.zeros((n_atoms, n_classes))
    if n_classes == 1 or not covered.any():
        return Correction(1.0, weights, np.zeros(n_classes), bare)
    live = np.unique(A.indices)
    own = class_of_value[live % len(class_of_value)][:, None] == np.arange(n_classes)
    vote_penalty = np.where(own, 1 / _OWN_CLASS, 1.0)
    # Gold rows without votes tell the bias of all rows, and less of that of rows with
    # votes, which has a term of its own.
    constant = sparse.csr_matrix(np.column_stack([np.ones(len(weight)), covered]))
    constant_penalty = np.full((2, n_classes), n_classes / 2)
    with_votes = sparse.hstack([constant, A[:, live]], format="csr")
    problem = _Regression(_offset(proba), rows.target, weight)
    n_parameters = 1 + (2 + len(live)) * n_classes
    fits = [np.r_[1.0, np.zeros(n_parameters - 1)]]
    scores = [problem.log_likelihood()]
    many = weight.sum() > _MANY_ROWS
    bases = _SCALE_PENALTIES[-1:] if many else _SCALE_PENALTIES
    factors = _VOTE_PENALTIES[-3:] if many else _VOTE_PENALTIES
    for base in bases:
        for factor in factors:
            features, penalty = constant, base * constant_penalty
            if np.isfinite(factor):
                features = with_votes
                penalty = np.vstack([penalty, factor * vote_penalty])
            # The same votes under the penalty before are near.
            near = fits[-min(len(factors), len(fits))]
            start = near[: 1 + features.shape[1] * n_classes]
            fit = problem.fit(features, penalty, base, start)
            scores.append(problem.left_out(features, penalty, base, fit))
            fits.append(np.r_[fit, np.zeros(n_parameters - len(fit))])
    # Before any gold row speaks, half of the average is "no correction", and of a
    # handful of rows none can be left out to tell better.
    scores[0] += np.log(len(scores) - 1) + _HANDFUL / weight.sum()
    share = np.exp(np.array(scores) - max(scores))
    # Averaged scores stay linear in the votes, so that one set of weights is kept.
    mean = share / share.sum() @ np.array(fits)
    table = mean[1:].reshape(-1, n_classes)
    weights[live] = table[2:]
    return Correction(float(mean[0]), weights, table[0] + table[1], bare)


def _offset(proba: np.ndarray) -> np.ndarray:
    """Return centred log probabilities."""
    log_proba = np.log(np.maximum(proba, FLOOR))
    return log_proba - log_proba.mean(axis=1, keepdims=True)


@dataclass(frozen=True)
class _Regression:
    """Multinomial logistic regression with a scaled offset and given penalties.

    Parameters are the scale of the offset, then a table of n_features x n_classes.
    `offset` and `target` have shape (n_gold, n_classes), `weight` (n_gold,).
    """

    offset: np.ndarray
    target: np.ndarray
    weight: np.ndarray

    def log_likelihood(self) -> float:
        """Return the log likelihood of the gold labels under the offset alone."""
        return float(
            self.weight @ (log_softmax(self.offset, axis=1) * self.target).sum(1)
        )

    def fit(
        self,
        features: sparse.csr_matrix,
        penalty: np.ndarray,
        scale_penalty: float,
        start: np.ndarray,
    ) -> np.ndarray:
        """Return the parameters of the largest penalised likelihood.

        The scale is held near 1, and not negative; `penalty` has the shape of the
        table.
        """
        n_classes = self.target.shape[1]
        transposed = features.T.tocsr()
        squares = transposed.multiply(transposed) @ self.weight
        # L-BFGS takes few steps where all parameters have about the same curvature.
        even = 1 / n_classes * (1 - 1 / n_classes)
        of_scale = self.weight @ (self.offset**2).sum(axis=1) / n_classes
        unit = np.r_[
            (scale_penalty + of_scale) ** -0.5,
            ((penalty + even * squares[:, None]) ** -0.5).ravel(),
        ]

        def loss(x: np.ndarray) -> tuple[float, np.ndarray]:
            scale, table = x[0] * unit[0], (x[1:] * unit[1:]).reshape(-1, n_classes)
            log_p = log_softmax(scale * self.offset + features @ table, axis=1)
            residual = self.weight[:, None] * (np.exp(log_p) - self.target)
            value = -self.weight @ (log_p * self.target).sum(axis=1)
            value += 0.5 * (penalty * table**2).sum()
            value += 0.5 * scale_penalty * (scale - 1) ** 2
            of_scale = (residual * self.offset).sum() + scale_penalty * (scale - 1)
            of_table = transposed @ residual + penalty * table
            return value, unit * np.r_[of_scale, of_table.ravel()]

        # With many rows, the optimum need not be found to more digits than their
        # sampling leaves.
        tol = _TOL * max(self.weight.sum() / 100, 1)
        found = minimize(
            loss,
            start / unit,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0, None)] + [(None, None)] * (len(start) - 1),
            options={"maxiter": _MAX_ITER, "ftol": tol, "gtol": 1e-5},
        )
        return found.x * unit

    def left_out(
        self,
        features: sparse.csr_matrix,
        penalty: np.ndarray,
        scale_penalty: float,
        fit: np.ndarray,
    ) -> float:
        """Return the log likelihood of every row with one unit of it left out.

        Approximately: one Newton step per row, class by class; the factor
        n_classes / (n_classes - 1) makes the curvature exact for two classes, and for
        even probabilities.
        """
        n_classes = self.target.shape[1]
        factor = n_classes / (n_classes - 1)
        scores = fit[0] * self.offset + features @ fit[1:].reshape(-1, n_classes)
        proba = softmax(scores)[0]
        curvature = factor * proba * (1 - proba)
        for c in range(n_classes):
            of_scale = self.offset[:, [c]] * np.sqrt(factor / scale_penalty)
            of_table = features @ sparse.diags(penalty[:, c] ** -0.5)
            B = sparse.hstack([of_table, sparse.csr_matrix(of_scale)], format="csr")
            own = _leverage(B, curvature[:, c] * self.weight)
            left = 1 - own * curvature[:, c] * np.minimum(self.weight, 1)
            residual = self.target[:, c] - proba[:, c]
            scores[:, c] -= own * residual / np.maximum(left, _LEAST_LEFT)
        return float(self.weight @ (log_softmax(scores, axis=1) * self.target).sum(1))


def _leverage(B: sparse.csr_matrix, curvature: np.ndarray) -> np.ndarray:
    """Return the diagonal of ``B (I + B' diag(curvature) B)^-1 B'``.

    By the smaller of two equal forms; where both are large, from the diagonal of the
    inner matrix, which is an upper bound in practice.
    """
    n_rows, n_columns = B.shape
    if min(n_rows, n_columns) > _LARGEST:
        squares = B.multiply(B).tocsr()
        return np.asarray(squares @ (1 / (1 + squares.T @ curvature)))
    if n_rows <= n_columns:
        G = (B @ B.T).toarray()
        return np.diag(np.linalg.solve(np.eye(n_rows) + G * curvature, G)).copy()
    inner = (B.T @ sparse.diags(curvature) @ B).toarray()
    inverse = np.linalg.inv(np.eye(n_columns) + inner)
    return np.asarray(B.multiply(B @ inverse).sum(axis=1)).ravel()
