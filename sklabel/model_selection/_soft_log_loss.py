"""A scorer for soft labels: how near class probabilities come to them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import labelled_weight
from sklabel.votes._gold import read_gold
from sklabel.votes._proba import has_columns, read_proba


def soft_log_loss(
    estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None = None
) -> float:
    """Score a classifier by the log-loss of soft labels; a scorer, greater is better.

    With it, a search chooses the parameters of an end model without gold labels.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `predict_proba`.
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        Whatever the estimator takes.
    y : array-like or DataFrame of shape (n_samples, n_classes) or (n_samples,)
        Soft labels, an array in the order of `classes_`, a frame by its column names;
        rows of NaN are left out. Or hard labels; rows with -1 (unless it is a class),
        NaN, None or pd.NA are left out.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row.

    Returns
    -------
    score : float
        Minus the mean cross-entropy of the predicted probabilities with the labels, in
        nats; probabilities are clipped at the resolution of their dtype.

    Raises
    ------
    NotFittedError
        If the estimator is not fitted.
    ValueError
        If y does not hold probabilities of the classes of the estimator, or no row has
        a label and a weight.

    See Also
    --------
    sklabel.SoftLabelClassifier : What is searched over.

    Notes
    -----
    Cross-entropy with soft labels is least for the soft labels themselves, so a
    classifier that is surer than they are is punished, even if it is right. Labels of
    votes alone are often too cautious: models that are chosen by them are, too. Search
    on ``WeakSupervisionClassifier.label_proba_``, or judge the result on gold labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import GridSearchCV, KFold
    >>> from sklabel import SoftLabelClassifier
    >>> from sklabel.model_selection import soft_log_loss
    >>> X = np.linspace(-2, 2, 40)[:, None]
    >>> p = 1 / (1 + np.exp(-2 * X[:, 0]))
    >>> search = GridSearchCV(
    ...     SoftLabelClassifier(LogisticRegression()),
    ...     {"estimator__C": [0.01, 1]},
    ...     scoring=soft_log_loss,
    ...     cv=KFold(5, shuffle=True, random_state=0),
    ... )
    >>> search.fit(X, np.column_stack([1 - p, p])).best_params_
    {'estimator__C': 1}
    """
    check_is_fitted(estimator)
    check_same_rows(X=X, y=y, sample_weight=sample_weight)
    y = as_pandas(y, where="y")
    proba = np.asarray(estimator.predict_proba(X), dtype=np.float64)
    classes = np.asarray(estimator.classes_)
    if has_columns(y):
        target, _ = read_proba(y, classes, name="y", unlabelled=True)
    else:
        gold = read_gold(y, len(proba), classes).index(classes)
        target = np.full(proba.shape, np.nan)
        known = gold >= 0
        target[known] = np.eye(len(classes))[gold[known]]
    check_consistent_length(proba, target)
    labelled = ~np.isnan(target[:, 0])
    rows = np.flatnonzero(labelled)
    if len(rows) == 0:
        raise ValueError(
            f"None of the {len(target)} rows of y has a label; there is nothing to "
            "score."
        )
    weight = labelled_weight(sample_weight, labelled)
    least = np.finfo(proba.dtype).eps
    log_proba = np.log(np.clip(proba[rows], least, 1))
    return float(np.average((target[rows] * log_proba).sum(axis=1), weights=weight))
