"""The figures by which label models are compared."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

# Probabilities of two classes that are nearer than that are nearly a tie.
_NEAR = 0.05


@dataclass
class Predicted:
    """What a model says of the rows that are scored.

    Attributes
    ----------
    code : ndarray of shape (n_scored,), int
        Predicted class as a position in the common classes; -1 if it is not in them.
    confidence : ndarray of shape (n_scored,)
        Its probability.
    tied : ndarray of shape (n_scored,), bool
        What `nearly_tied` returns.
    p_gold : ndarray of shape (n_scored,)
        Probability of the gold label; NaN without gold labels.
    """

    code: np.ndarray
    confidence: np.ndarray
    tied: np.ndarray
    p_gold: np.ndarray

    @classmethod
    def empty(cls, n_scored: int) -> Predicted:
        """Return arrays to be filled in."""
        nothing = np.full(n_scored, np.nan)
        code = np.full(n_scored, -1, dtype=np.int64)
        return cls(code, nothing, np.zeros(n_scored, dtype=bool), nothing.copy())


def nearly_tied(proba: np.ndarray) -> np.ndarray:
    """Mark the rows whose two most probable classes are hardly apart."""
    if proba.shape[1] == 1:
        return np.zeros(len(proba), dtype=bool)
    top = np.partition(proba, -2, axis=1)
    return top[:, -1] - top[:, -2] < _NEAR


def figures(
    predicted: Sequence[Predicted | None], weight: np.ndarray
) -> dict[str, list[float]]:
    """Return the figures that need no gold labels.

    Parameters
    ----------
    predicted : sequence of length n_models of Predicted or None
        None for a model that failed; its figures are NaN.
    weight : ndarray of shape (n_scored,)
        Weights of the rows.

    Returns
    -------
    figures : dict of str to list of length n_models
        `confidence`, `ties` and `agreement`.
    """

    def agreement(one: Predicted) -> float:
        others = [
            np.average((one.code == other.code) & (one.code >= 0), weights=weight)
            for other in predicted
            if other is not None and other is not one
        ]
        return float(np.mean(others)) if others else np.nan

    return {
        "confidence": _of_each(predicted, lambda p: _mean(p.confidence, weight)),
        "ties": _of_each(predicted, lambda p: _mean(p.tied, weight)),
        "agreement": _of_each(predicted, agreement),
    }


def gold_figures(
    predicted: Sequence[Predicted | None], gold: np.ndarray, weight: np.ndarray
) -> dict[str, list[float]]:
    """Return the figures that need gold labels.

    Parameters
    ----------
    predicted : sequence of length n_models of Predicted or None
        None for a model that failed; its figures are NaN.
    gold : ndarray of shape (n_scored,), int
        Gold labels as positions in the common classes.
    weight : ndarray of shape (n_scored,)
        Weights of the rows.

    Returns
    -------
    figures : dict of str to list of length n_models
        `log_loss`, `gap`, `gap_se`, `accuracy`, `accuracy_se`, `balanced_accuracy`.
    """
    log_loss = _of_each(predicted, lambda p: _mean(_losses(p), weight))
    best = np.zeros(len(gold))
    if not np.isnan(log_loss).all():
        first = predicted[int(np.nanargmin(log_loss))]
        assert first is not None
        best = _losses(first)
    accuracy = _of_each(predicted, lambda p: _mean(p.code == gold, weight))
    return {
        "log_loss": log_loss,
        "gap": _of_each(predicted, lambda p: _mean(_losses(p) - best, weight)),
        "gap_se": _of_each(predicted, lambda p: _mean_se(_losses(p) - best, weight)),
        "accuracy": accuracy,
        "accuracy_se": [_share_se(share, weight) for share in accuracy],
        "balanced_accuracy": _of_each(
            predicted, lambda p: _mean_over_classes(p.code == gold, gold, weight)
        ),
    }


def _of_each(
    predicted: Sequence[Predicted | None], figure: Callable[[Predicted], float]
) -> list[float]:
    """Return a figure of each model, NaN of those that failed."""
    return [np.nan if p is None else figure(p) for p in predicted]


def _losses(predicted: Predicted) -> np.ndarray:
    """Return the log-loss of each row, as `soft_log_loss` clips it."""
    return -np.log(np.clip(predicted.p_gold, np.finfo(np.float64).eps, 1))


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return float(np.average(values, weights=weight))


def _rows_of_weights(weight: np.ndarray) -> float:
    """Return how many equal rows tell as much as weighted ones (Kish)."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _mean_se(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the standard error of a weighted mean; NaN of one row."""
    n = _rows_of_weights(weight)
    if n <= 1:
        return np.nan
    centred = values - _mean(values, weight)
    return float(np.sqrt(_mean(centred**2, weight) / (n - 1)))


def _share_se(share: float, weight: np.ndarray) -> float:
    """Return the standard error of a share, with a right and a wrong row more."""
    n = _rows_of_weights(weight)
    smoothed = (share * n + 1) / (n + 2)
    return float(np.sqrt(smoothed * (1 - smoothed) / n))


def _mean_over_classes(
    right: np.ndarray, gold: np.ndarray, weight: np.ndarray
) -> float:
    """Return the mean of the weighted share that is right in each gold class."""
    total = np.bincount(gold, weight)
    hits = np.bincount(gold, weight * right, minlength=len(total))
    return float(np.mean(hits[total > 0] / total[total > 0]))
