"""Predictions for gold rows by models that have not seen their labels."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklabel.model_selection._gold_kfold import GoldKFold
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_option, is_integer, n_rows, take_rows
from sklabel.votes._gold import read_gold

# What a class gets that a fold has no gold label and no vote for.
_ABSENT = {
    "predict_proba": 0.0,
    "predict_log_proba": -np.inf,
    "decision_function": np.finfo(np.float64).min,
}


@dataclass(frozen=True)
class GoldPredictions:
    """Out-of-fold predictions for the gold rows.

    What :func:`cross_val_predict_gold` returns.

    Parameters
    ----------
    rows : ndarray of shape (n_gold,), int
        Positions of the gold rows, ascending.
    y : ndarray of shape (n_gold,)
        Their gold labels.
    predictions : ndarray of shape (n_gold,) or (n_gold, n_classes)
        What the method returned for them.
    classes : ndarray of shape (n_classes,)
        The classes of the columns.

    See Also
    --------
    cross_val_predict_gold : Makes them.

    Examples
    --------
    >>> from sklabel import MajorityVote
    >>> from sklabel.model_selection import cross_val_predict_gold
    >>> votes = [[0, 0], [1, 1], [1, 1], [0, 0], [0, 0]]
    >>> found = cross_val_predict_gold(
    ...     MajorityVote(), votes, [0, 1, 1, 0, -1], cv=2, method="predict"
    ... )
    >>> found.rows, found.predictions
    (array([0, 1, 2, 3]), array([0, 1, 1, 0]))
    """

    rows: np.ndarray
    y: np.ndarray
    predictions: np.ndarray
    classes: np.ndarray


def cross_val_predict_gold(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    cv: Any = 5,
    method: str = "predict_proba",
    n_jobs: int | None = None,
) -> GoldPredictions:
    """Predict each gold row by a model that was fitted without its gold label.

    What ``cross_val_predict`` is where every row has a label: input for metrics, for
    ``CalibrationDisplay.from_predictions``, and for calibration.

    Parameters
    ----------
    estimator : classifier
        Fitted in clones, with the unlabelled rows and the gold rows of other folds.
    X : DataFrame or array-like of shape (n_samples, n_features)
        Samples.
    y : array-like of shape (n_samples,)
        Gold labels; -1, NaN, None or pd.NA mean unlabelled.
    cv : int or splitter, default=5
        Number of folds of a :class:`GoldKFold`, or a splitter whose test parts hold
        each gold row once and no other row.
    method : {'predict_proba', 'predict', 'predict_log_proba', 'decision_function'}, \
default='predict_proba'
        What to call.
    n_jobs : int, default=None
        Processes that fit folds. None means 1 unless in a
        :func:`joblib.parallel_config` context, -1 all cores.

    Returns
    -------
    predictions : GoldPredictions
        With `rows`, `y`, `predictions` and `classes`. A class that a fold did not
        know has probability 0 there.

    Raises
    ------
    ValueError
        If y is None or has fewer gold labels than folds, a row label that X and y share
        stands in different rows, `method` is not one of the four, or `cv` does not
        test each gold row once.

    See Also
    --------
    GoldKFold : The folds, and what else to do with gold labels.

    Examples
    --------
    >>> from sklearn.metrics import brier_score_loss
    >>> from sklabel import LabelModel
    >>> from sklabel.model_selection import cross_val_predict_gold
    >>> votes = [[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0]] * 5
    >>> gold = [0, 1, None, None] * 5
    >>> found = cross_val_predict_gold(LabelModel(), votes, gold, cv=2)
    >>> found.rows
    array([ 0,  1,  4,  5,  8,  9, 12, 13, 16, 17])
    >>> found.predictions.shape, found.classes
    ((10, 2), array([0, 1]))
    >>> bool(brier_score_loss(found.y, found.predictions[:, 1]) < 0.1)
    True
    """
    check_option(method, "method", ("predict", *_ABSENT))
    check_same_rows(X=X, y=y)
    gold = read_gold(y, n_rows(X))
    rows = np.flatnonzero(gold.labelled())
    folds = gold_folds(cv, X, y, rows)
    tested = np.concatenate([test for _, test in folds])
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_predict)(clone(estimator), X, y, train, test, method)
        for train, test in folds
    )
    known = [classes for _, classes in parts]
    classes = known[0]
    if any(not np.array_equal(classes, others) for others in known[1:]):
        classes = np.unique(np.concatenate(known))
    predicted = [
        part if method == "predict" else _aligned(part, own, classes, _ABSENT[method])
        for part, own in parts
    ]
    order = np.argsort(tested, kind="stable")
    return GoldPredictions(
        rows, gold.label[rows], np.concatenate(predicted)[order], classes
    )


def gold_folds(
    cv: Any, X: Any, y: Any, rows: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds that test each gold row once.

    Parameters
    ----------
    cv : int or splitter
        Number of folds of a GoldKFold, or a splitter.
    X, y : array-like of shape (n_samples, ...)
        What the splitter is to split.
    rows : ndarray of shape (n_gold,), int
        Positions of the gold rows, ascending.

    Returns
    -------
    folds : list of (ndarray, ndarray)
        Training and test rows of each fold.

    Raises
    ------
    ValueError
        If the test parts are not a partition of the gold rows.
    """
    splitter = GoldKFold(int(cv)) if is_integer(cv) else cv
    folds = list(splitter.split(X, y))
    tested = np.concatenate([test for _, test in folds])
    if not np.array_equal(np.sort(tested), rows):
        raise ValueError(
            f"cv must test each of the {len(rows)} gold rows once and no other row; it "
            f"tests {len(tested)} rows, {len(np.setdiff1d(tested, rows))} of them "
            "without a gold label. Pass a number of folds, or a GoldKFold."
        )
    return folds


def _fit_and_predict(
    estimator: Any, X: Any, y: Any, train: np.ndarray, test: np.ndarray, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return the predictions of a fold, and the classes of its model."""
    estimator.fit(take_rows(X, train), take_rows(y, train))
    predicted = getattr(estimator, method)(take_rows(X, test))
    return np.asarray(predicted), np.asarray(estimator.classes_)


def _aligned(
    predicted: np.ndarray, own: np.ndarray, classes: np.ndarray, absent: float
) -> np.ndarray:
    """Put the columns of a fold in the order of all classes."""
    if len(own) == len(classes):
        # The same classes: `classes` is sorted if the orders of folds differ.
        if predicted.ndim == 1 or np.array_equal(own, classes):
            return predicted if np.array_equal(own, classes) else -predicted
    elif predicted.ndim == 1:
        predicted = np.column_stack([-predicted, predicted])
    full = np.full((len(predicted), len(classes)), absent)
    full[:, pd.Index(classes).get_indexer(pd.Index(own))] = predicted
    return full
