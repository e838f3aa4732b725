"""Training of any classifier on class probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_consistent_length,
    check_is_fitted,
    has_fit_parameter,
)

from sklabel.base import VersionedPickle
from sklabel.utils._validation import (
    HasMethods,
    check_proba,
    check_sample_weight,
    first_few,
    n_rows,
    one_column,
    take_rows,
    warn,
)
from sklabel.votes._alphabets import check_classes


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
        are fitted on X once, without weights, and only the last step sees the
        repeated rows.
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
        soft = check_proba(soft, name="y")
        if self.classes is None:
            return soft, np.arange(soft.shape[1])
        classes = check_classes(self.classes)
        if len(classes) != soft.shape[1]:
            raise ValueError(
                f"y has {soft.shape[1]} columns and classes names {len(classes)}: "
                f"{classes.tolist()}. Name one class per column."
            )
        return soft, classes

    def _check_hard(self, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn hard labels into certain soft ones."""
        labels = one_column(y)
        check_classification_targets(labels)
        classes, index = np.unique(labels, return_inverse=True)
        if self.classes is not None:
            given = check_classes(self.classes)
            at = pd.Index(given).get_indexer(pd.Index(classes))
            if (at < 0).any():
                raise ValueError(
                    f"y has labels that are not in classes={given.tolist()}: "
                    f"{first_few(classes[at < 0])}."
                )
            index, classes = at[index], given
        return np.eye(len(classes))[index], classes

    def _fit_estimator(self, X: Any, soft: np.ndarray, weight: np.ndarray) -> Any:
        """Fit a clone of the estimator on repeated rows."""
        estimator = clone(self.estimator)
        is_pipeline = isinstance(estimator, Pipeline)
        last = estimator.steps[-1][1] if is_pipeline else estimator
        kept = np.flatnonzero(weight > 0)
        if len(kept) < len(weight):
            X, soft, weight = take_rows(X, kept), soft[kept], weight[kept]
        hard = self.classes_[np.argmax(soft, axis=1)]
        if not has_fit_parameter(last, "sample_weight"):
            # Nothing to say about certain labels of equal weight.
            if np.any((soft > 0) & (soft < 1)) or np.any(weight != 1):
                warn(
                    f"{type(last).__name__} takes no sample_weight: it is trained on "
                    "the most probable class of each row. Use a classifier with "
                    "sample_weight to learn from the probabilities.",
                )
            return estimator.fit(X, hard)
        rows, labels, row_weight = _expand(soft, weight, self.classes_)
        # Certain labels of equal weight go the way of any classifier.
        options = {} if np.all(row_weight == 1) else {"sample_weight": row_weight}
        if is_pipeline:
            head = estimator[:-1]
            features = head.fit_transform(X, hard) if len(head) else X
            if n_rows(features) != n_rows(X):
                raise ValueError(
                    f"The feature steps made {n_rows(features)} rows of "
                    f"{n_rows(X)} samples. A text vectorizer reads the column names of "
                    "a DataFrame: select the text with make_column_transformer("
                    "(TfidfVectorizer(), 'text'))."
                )
            last.fit(_repeat_rows(features, rows), labels, **options)
            # With a memory, the head has fitted clones of its steps.
            estimator.steps = [*head.steps, estimator.steps[-1]]
            return estimator
        return estimator.fit(_repeat_rows(X, rows), labels, **options)

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
        full = np.zeros((len(proba), len(self.classes_)))
        full[:, self._columns()] = proba
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
            In the order of `classes_`, the smallest float for a class that had no
            weight in training; for two classes, positive means the second.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        decision = self.estimator_.decision_function(X)
        columns, n_classes = self._columns(), len(self.classes_)
        if decision.ndim == 1:
            if n_classes <= 2:
                # The estimator sorts its classes; the user's order may be the other.
                return decision if columns[-1] == n_classes - 1 else -decision
            decision = np.column_stack([-decision, decision])
        if decision.shape[1] != len(columns):
            return decision  # one column per pair of classes
        full = np.full((len(decision), n_classes), np.finfo(np.float64).min)
        full[:, columns] = decision
        return full

    def _columns(self) -> np.ndarray:
        """Return the position in `classes_` of each class that the estimator saw."""
        return pd.Index(self.classes_).get_indexer(pd.Index(self.estimator_.classes_))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
            # Several columns of y are the probabilities of one label.
            tags.classifier_tags.multi_label = False
        return tags


def _repeat_rows(X: Any, rows: np.ndarray) -> Any:
    """Return the rows of X; X itself if they are all rows in order."""
    if len(rows) == n_rows(X) and np.array_equal(rows, np.arange(len(rows))):
        return X
    return take_rows(X, rows)


def _expand(
    soft: np.ndarray, weight: np.ndarray, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, class and weight of every pair with positive weight."""
    pair_weight = soft * weight[:, None]
    rows, columns = np.nonzero(pair_weight > 0)
    return rows, classes[columns], pair_weight[rows, columns]
