"""Training of a classifier on soft labels, whatever it is made of."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if

from sklabel.end_model._soft_rows import Copies, SoftRows
from sklabel.end_model._weight_use import (
    OPAQUE,
    final_estimator,
    learns_from_soft_labels,
    samplers_in,
)
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import n_rows, take_rows


def estimator_has(name: str) -> Any:
    """Return the condition that the end model has a method."""

    def check(self: Any) -> bool:
        # Raises the AttributeError of the wrapped estimator, which says more.
        getattr(getattr(self, "estimator_", self.estimator), name)
        return True

    return check


def fit_soft(estimator: Any, X: Any, y: SoftRows) -> Any:
    """Fit an estimator to soft labels.

    Feature steps of Pipelines see every row once, and the classifiers at the end of
    them weighted copies of rows.

    Parameters
    ----------
    estimator : classifier
        A clone of the user's, one that :func:`why_hard_labels` has no objection to, or
        any other if `y` is hard.
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        What it takes.
    y : SoftRows
        Soft labels of the rows.

    Returns
    -------
    estimator : classifier
        The same, fitted.
    """
    if isinstance(estimator, Pipeline) and not samplers_in(estimator):
        return _fit_pipeline(estimator, X, y)
    if learns_from_soft_labels(estimator):
        named = pd.DataFrame(y.proba, columns=y.classes)
        target = y.hard if y.is_certain else named
        return estimator.fit(X, target, sample_weight=y.weight)
    if y.is_hard:
        return estimator.fit(X, y.hard)
    if type(estimator) in OPAQUE:
        return _fit_through_readers(estimator, X, y)
    copies = y.copies()
    return _fit_weighted(estimator, copies.of(X), copies, y)


def _fit_pipeline(pipeline: Pipeline, X: Any, y: SoftRows) -> Pipeline:
    """Fit the feature steps on rows, and the last step on soft labels."""
    *steps, (name, last) = pipeline.steps
    features = X
    if steps:
        head = Pipeline(steps, memory=pipeline.memory)
        features = features_of(head, X, y.hard)
        # With a memory, the head has fitted clones of its steps.
        steps = head.steps
    pipeline.steps = [*steps, (name, fit_soft(last, features, y))]
    return pipeline


def features_of(head: Pipeline, X: Any, y: Any = None) -> Any:
    """Fit feature steps, and return the features; refuse them if rows got lost."""
    features = head.fit_transform(X, y)
    if n_rows(features) != n_rows(X):
        raise ValueError(
            f"The feature steps made {n_rows(features)} rows of {n_rows(X)} "
            "samples. A text vectorizer reads the column names of a DataFrame: "
            "select the text with make_column_transformer((TfidfVectorizer(), "
            "'text'))."
        )
    check_same_rows(**{"The output of the feature steps": features, "X": X})
    return features


def _fit_weighted(estimator: Any, X: Any, copies: Copies, y: SoftRows | None) -> Any:
    """Fit one classifier to copies of rows, as if each were counted by its weight."""
    parameters = estimator.get_params(deep=False)
    changed: dict[str, Any] = {}
    if isinstance(parameters.get("class_weight"), str):
        changed["class_weight"] = copies.balanced_class_weight()
    if parameters.get("early_stopping") == "auto":
        # By the number of rows it is off; copies are more.
        changed["early_stopping"] = False
    if y is not None and "cv" in parameters:
        changed["cv"] = _splits_of_copies(estimator, copies, y)
    # Weights are handed over directly, whatever the user routes elsewhere.
    with config_context(enable_metadata_routing=False):
        estimator.set_params(**changed)
        estimator.fit(X, copies.labels, sample_weight=copies.weight)
        estimator.set_params(**{name: parameters[name] for name in changed})
    return estimator


def _splits_of_copies(estimator: Any, copies: Copies, y: SoftRows) -> Any:
    """Return the splits of a cross-validation that keep copies of a row together."""
    splitter = check_cv(estimator.cv, y.hard, classifier=True)
    return copies.split(splitter.split(np.zeros((len(y.hard), 1)), y.hard))


class Rows:
    """The rows of X for readers; clones of a reader share it.

    Parameters
    ----------
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        The user's X.
    """

    def __init__(self, X: Any) -> None:
        self.X = X

    def __sklearn_clone__(self) -> Rows:
        return self


class RowReader(ClassifierMixin, BaseEstimator):
    """Classifier on row numbers: it looks the rows up, and puts their copies together.

    It takes the place of a classifier inside of another estimator, which then splits
    and hands on row numbers instead of X. In `fit` the copies of a row become its soft
    label again, so that feature steps see it once.

    Parameters
    ----------
    estimator : classifier
        What is trained.
    rows : Rows or None
        Where the rows are. If None, X is not row numbers but what `estimator` takes.
    """

    # Asks for weights wherever metadata are routed.
    __metadata_request__fit = {"sample_weight": True}

    def __init__(self, estimator: Any, rows: Rows | None) -> None:
        self.estimator = estimator
        self.rows = rows

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> RowReader:
        """Fit the estimator to the rows of which X holds numbers."""
        labels = np.asarray(y)
        weight = np.asarray(sample_weight, dtype=np.float64)
        estimator = clone(self.estimator)
        if self.rows is None:
            copies = Copies(np.arange(len(labels)), labels, weight)
            self.estimator_ = _fit_weighted(estimator, X, copies, None)
        else:
            kept, at = np.unique(X[:, 0], return_inverse=True)
            classes, index = np.unique(labels, return_inverse=True)
            mass = np.zeros((len(kept), len(classes)))
            np.add.at(mass, (at, index), weight)
            total = mass.sum(axis=1)
            soft = SoftRows(mass / total[:, None], total, classes)
            self.estimator_ = fit_soft(estimator, take_rows(self.rows.X, kept), soft)
        self.classes_ = self.estimator_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _read(self, X: Any) -> Any:
        return X if self.rows is None else take_rows(self.rows.X, X[:, 0])

    @available_if(estimator_has("predict"))
    def predict(self, X: Any) -> Any:
        """Predict the classes of rows by number."""
        return self.estimator_.predict(self._read(X))

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> Any:
        """Predict the class probabilities of rows by number."""
        return self.estimator_.predict_proba(self._read(X))

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> Any:
        """Return the decision function of rows by number."""
        return self.estimator_.decision_function(self._read(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags = get_tags(self.estimator).classifier_tags
        return tags


def _fit_through_readers(estimator: Any, X: Any, y: SoftRows) -> Any:
    """Fit an estimator that looks at X through others only, on row numbers."""
    copies = y.copies()
    rows = Rows(X)
    parameters = estimator.get_params(deep=False)
    changed: dict[str, Any] = {}
    if "estimators" in parameters:
        changed["estimators"] = [
            (name, inner if isinstance(inner, str) else RowReader(inner, rows))
            for name, inner in parameters["estimators"]
        ]
    else:
        inner = parameters["estimator"]
        if inner is None:  # of CalibratedClassifierCV
            inner = estimator._get_estimator()
        changed["estimator"] = RowReader(inner, rows)
    if "final_estimator" in parameters:
        changed["final_estimator"] = RowReader(final_estimator(estimator), None)
    if "cv" in parameters:
        changed["cv"] = _splits_of_copies(estimator, copies, y)
    # Without routing, some of them take no weights, and others drop them.
    with config_context(enable_metadata_routing=True):
        estimator.set_params(**changed)
        estimator.fit(copies.rows[:, None], copies.labels, sample_weight=copies.weight)
    for name, value in vars(estimator).items():
        setattr(estimator, name, _without_readers(value))
    for name in changed:
        setattr(estimator, name, parameters[name])
    return estimator


def _without_readers(value: Any) -> Any:
    """Put fitted classifiers in the place of their readers."""
    if isinstance(value, RowReader):
        return getattr(value, "estimator_", value)
    if isinstance(value, list):
        return [_without_readers(item) for item in value]
    if isinstance(value, dict):
        for key in value:
            value[key] = _without_readers(value[key])
        return value
    # What CalibratedClassifierCV holds is not an estimator.
    if isinstance(getattr(value, "estimator", None), RowReader):
        value.estimator = _without_readers(value.estimator)
    return value
