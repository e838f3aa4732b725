"""Training of any classifier on class probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    has_fit_parameter,
)

from sklabel.base import VersionedPickle
from sklabel.utils._validation import (
    HasMethods,
    check_sample_weight,
    take_rows,
)


def estimator_has(name: str) -> Any:
    """Return the condition that the end model has a method."""

    def check(self: Any) -> bool:
        # Raises the AttributeError of the wrapped estimator, which says more.
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


class SoftLabelClassifier(ClassifierMixin, MetaEstimatorMixin, VersionedPickle):
    r"""Train any classifier on soft labels.

    Each row enters once per class with the class probability as sample weight, which
    minimises the cross-entropy with the soft labels. Prefer it to hard labels when
    the probabilities are honest; it trains on up to n_classes times as many rows.

    Parameters
    ----------
    estimator : classifier
        The classifier; it must take `sample_weight` in `fit`, otherwise the most
        probable class is used, with a warning. Of a Pipeline, all but the last step
        are fitted on X once and only the last step sees the repeated rows.
    classes : array-like of shape (n_classes,), default=None
        The classes of the columns of soft labels. If None, 0, 1, 2, ...

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    estimator_ : classifier
        The fitted classifier.
    n_features_in_ : int
        Number of columns of X, if the estimator has it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Columns of X, if the estimator has it.

    See Also
    --------
    WeakSupervisionClassifier : The whole way from votes to the classifier.

    Notes
    -----
    The loss is :math:`\sum_i w_i \sum_c P_{ic} \ell(f(x_i), c)`; rows whose weight
    and probability are both positive enter, the others do not. A classifier then
    never sees a class that has probability 0 everywhere.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklabel import SoftLabelClassifier
    >>> X = [[0.0], [1.0], [2.0], [3.0]]
    >>> soft = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]]
    >>> SoftLabelClassifier(LogisticRegression()).fit(X, soft).predict(X)
    array([0, 0, 1, 1])
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "classes": ["array-like", None],
    }

    def __init__(self, estimator: Any, *, classes: ArrayLike | None = None) -> None:
        self.estimator = estimator
        self.classes = classes

    def fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None
    ) -> SoftLabelClassifier:
        """Train on soft or hard labels.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.
        y : array-like of shape (n_samples, n_classes) or (n_samples,)
            Class probabilities whose rows sum to 1, or hard labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : SoftLabelClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If a row of y does not sum to 1 or holds a negative number or NaN, or the
            number of columns is not that of `classes`.
        """
        self._validate_params()
        if y is None:
            raise ValueError(
                "SoftLabelClassifier requires y to be passed, but the target y is "
                "None. Pass soft labels of shape (n_samples, n_classes)."
            )
        labels = np.asarray(y)
        if labels.ndim == 2 and labels.shape[1] > 1:
            soft, self.classes_ = self._check_soft(labels)
        else:
            soft, self.classes_ = self._check_hard(y)
        check_consistent_length(X, soft)
        weight = np.ones(len(soft))
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, len(soft))
        self.estimator_ = self._fit_estimator(X, soft, weight)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _check_soft(self, soft: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Check class probabilities and name their columns."""
        try:
            soft = soft.astype(np.float64)
        except (TypeError, ValueError) as error:
            raise ValueError(
                "y with several columns must hold class probabilities; it holds "
                f"{soft.dtype}. Pass one column of labels, or probabilities."
            ) from error
        bad = ~(np.isfinite(soft) & (soft >= 0)).all(axis=1)
        if bad.any():
            row = int(np.argmax(bad))
            raise ValueError(
                "Probabilities in y must be finite and not negative; row "
                f"{row} is {soft[row].tolist()}. Drop rows without soft label."
            )
        total = soft.sum(axis=1)
        bad = np.abs(total - 1) > 1e-4
        if bad.any():
            row = int(np.argmax(bad))
            raise ValueError(
                f"Probabilities in y must sum to 1 in every row; row {row} sums to "
                f"{total[row]:.4g} ({int(bad.sum())} rows differ). Divide each row by "
                "its sum, or pass hard labels."
            )
        if self.classes is None:
            return soft, np.arange(soft.shape[1])
        classes = np.asarray(self.classes)
        if len(classes) != soft.shape[1]:
            raise ValueError(
                f"y has {soft.shape[1]} columns and classes names {len(classes)}: "
                f"{classes.tolist()}. Name one class per column."
            )
        return soft, classes

    def _check_hard(self, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn hard labels into certain soft ones."""
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        classes, index = np.unique(labels, return_inverse=True)
        if self.classes is not None:
            given = np.asarray(self.classes)
            outside = np.setdiff1d(classes, given)
            if len(outside):
                raise ValueError(
                    f"y has labels that are not in classes={given.tolist()}: "
                    f"{outside[:5].tolist()}."
                )
            order = np.argsort(given)
            index = order[np.searchsorted(given[order], classes)][index]
            classes = given
        return np.eye(len(classes))[index], classes

    def _fit_estimator(self, X: Any, soft: np.ndarray, weight: np.ndarray) -> Any:
        """Fit a clone of the estimator on repeated rows."""
        estimator = clone(self.estimator)
        is_pipeline = isinstance(estimator, Pipeline)
        last = estimator.steps[-1][1] if is_pipeline else estimator
        takes_weight = has_fit_parameter(last, "sample_weight")
        hard = self.classes_[np.argmax(soft, axis=1)]
        rows, labels, row_weight = _expand(soft, weight, self.classes_)
        if not takes_weight:
            # Nothing to say about certain labels of equal weight.
            if np.any((soft > 0) & (soft < 1)) or np.any(weight != 1):
                warnings.warn(
                    f"{type(last).__name__} takes no sample_weight: it is trained on "
                    "the most probable class of each row. Use a classifier with "
                    "sample_weight to learn from the probabilities.",
                    UserWarning,
                    stacklevel=3,
                )
            kept = np.flatnonzero(weight > 0)
            X, hard = take_rows(X, kept), hard[kept]
            return estimator.fit(X, hard)
        certain = len(rows) == len(soft) and np.array_equal(rows, np.arange(len(soft)))
        uniform = certain and np.all(row_weight == 1)
        if is_pipeline and len(estimator.steps) > 1:
            kept = np.flatnonzero(weight > 0)
            head = estimator[:-1]
            features = head.fit_transform(take_rows(X, kept), hard[kept])
            at = np.searchsorted(kept, rows)
            features = features if certain else take_rows(features, at)
            last.fit(
                features, labels, **({} if uniform else {"sample_weight": row_weight})
            )
            # head shares its fitted steps with the pipeline.
            estimator.steps = [*head.steps, estimator.steps[-1]]
            return estimator
        X = X if certain else take_rows(X, rows)
        options: dict[str, Any] = {} if uniform else {"sample_weight": row_weight}
        if is_pipeline:
            name = estimator.steps[-1][0]
            options = {f"{name}__{key}": value for key, value in options.items()}
        return estimator.fit(X, labels, **options)

    @available_if(estimator_has("predict"))
    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted class of each row.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        return self.estimator_.predict(X)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the class probabilities of each row.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; 0 for a class that had no weight in training.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        proba = self.estimator_.predict_proba(X)
        seen = self.estimator_.classes_
        if len(seen) == len(self.classes_):
            order = [seen.tolist().index(c) for c in self.classes_.tolist()]
            return proba[:, order]
        full = np.zeros((len(proba), len(self.classes_)))
        columns = [self.classes_.tolist().index(c) for c in seen.tolist()]
        full[:, columns] = proba
        return full

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the decision function of the estimator.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            In the order of `classes_`; for two classes, positive means the second.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        decision = self.estimator_.decision_function(X)
        seen = self.estimator_.classes_.tolist()
        if decision.ndim == 1:
            # The estimator sorts its classes; the user's order may be the other.
            return decision if seen[-1] == self.classes_[-1] else -decision
        if len(seen) != len(self.classes_):
            return decision
        return decision[:, [seen.index(c) for c in self.classes_.tolist()]]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        return tags


def _expand(
    soft: np.ndarray, weight: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, class and weight of every pair with positive weight."""
    pair_weight = soft * weight[:, None]
    rows, columns = np.nonzero(pair_weight > 0)
    return rows, classes[columns], pair_weight[rows, columns]
