"""Feature steps of an end model that run once, and the classifier of the rounds."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import dis
import inspect
import warnings
from collections.abc import Iterator
from itertools import takewhile
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import SelectorMixin, VarianceThreshold
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel.end_model._lf_classes import leaves
from sklabel.end_model._soft_label import SoftLabelClassifier
from sklabel.end_model._training import features_of
from sklabel.end_model._weight_use import last_step, samplers_in, why_hard_labels
from sklabel.utils._validation import n_rows, take_rows

# Transformers of these packages say in their tags whether they need y.
_TAGGED = ("sklearn", "sklabel")
# Columns of text with more distinct values than this are not categories.
_MOST_CATEGORIES = 50


class Guard(Exception):
    """A reason to leave the features out, and what to do about it."""


class FeatureSteps(NamedTuple):
    """A classifier, and the features that it sees.

    `head`: the fitted feature steps up to the first that learns from y; None if there
    are none. `features`: all rows after them. `inner`: the feature steps from there on,
    which are trained in the folds. `last`: the classifier behind them. `whole`: the
    Pipeline that all come from; None if `last` is not the one in it.
    """

    head: Pipeline | None
    features: Any
    inner: list[Any]
    last: Any
    whole: Any = None

    @classmethod
    def of(cls, estimator: Any, X: Any, used: np.ndarray) -> FeatureSteps:
        """Run the first feature steps of a Pipeline, those that do not learn from y.

        Parameters
        ----------
        estimator : classifier
            The user's; a clone is fitted.
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            All rows.
        used : ndarray of shape (n_samples,), bool
            The rows that the steps are fitted to.
        """
        estimator = clone(estimator)
        if not isinstance(estimator, Pipeline) or samplers_in(estimator):
            return cls(None, X, [], estimator)
        steps = _steps_of(estimator)
        last = steps.pop()
        once = list(takewhile(lambda step: not learns_from_y(step), steps))
        inner = steps[len(once) :]
        if not once:
            return cls(None, X, inner, last, estimator)
        head = make_pipeline(*once, memory=estimator.memory)
        return cls(head, _features_of_all(head, X, used), inner, last, estimator)

    @property
    def classifier(self) -> Any:
        """What is trained on the features."""
        return make_pipeline(*self.inner, self.last) if self.inner else self.last

    def with_last(self, last: Any) -> FeatureSteps:
        """Return another classifier on the same features."""
        return self._replace(last=last, whole=None)

    def with_teacher(self, labels: np.ndarray, used: np.ndarray) -> FeatureSteps:
        """Return the classifier of the rounds, if the user names none.

        Parameters
        ----------
        labels : ndarray of shape (n_samples,)
            The most probable class of each row.
        used : ndarray of shape (n_samples,), bool
            The rows that the classifier is trained on.
        """
        seen = self.features
        if self.inner:
            rows = np.flatnonzero(used)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                inner = make_pipeline(*map(_copy_of, self.inner))
                seen = inner.fit_transform(take_rows(seen, rows), labels[rows])
        teacher = teacher_for(self.last, seen)
        return self if teacher is self.last else self.with_last(teacher)

    def fit(
        self, proba: np.ndarray, weight: Any, classes: np.ndarray
    ) -> SoftLabelClassifier:
        """Train the classifier, and put the feature steps in front of it.

        Parameters
        ----------
        proba : ndarray of shape (n_samples, n_classes)
            Soft labels of all rows; NaN in rows that are not trained on.
        weight : ndarray of shape (n_samples,) or None
            Weight of each row.
        classes : ndarray of shape (n_classes,)
            The classes.

        Returns
        -------
        classifier : SoftLabelClassifier
            Fitted; it takes X.
        """
        rows = np.flatnonzero(~np.isnan(proba[:, 0]))
        features = self.features
        if len(rows) < len(proba):
            features = take_rows(features, rows)
        weight = None if weight is None else weight[rows]
        fitted = SoftLabelClassifier(self.classifier, classes=classes)
        fitted.fit(features, proba[rows], weight)
        # With a memory, the head has fitted clones of its steps.
        steps = [] if self.head is None else _steps_of(self.head)
        steps += _steps_of(fitted.estimator_) if self.inner else [fitted.estimator_]
        if isinstance(self.whole, Pipeline):
            fitted._with_head(_filled(self.whole, iter(steps)))
        elif self.head is not None:
            fitted._with_head(make_pipeline(*steps))
        return fitted


def _steps_of(estimator: Any) -> list[Any]:
    """Return the steps of a Pipeline, and of Pipelines at its end."""
    if not isinstance(estimator, Pipeline):
        return [estimator]
    *steps, (_, last) = estimator.steps
    return [step for _, step in steps] + _steps_of(last)


def _filled(whole: Pipeline, fitted: Iterator[Any]) -> Pipeline:
    """Put fitted steps into the places from which `_steps_of` took them."""
    *steps, (name, last) = whole.steps
    before = [(step, next(fitted)) for step, _ in steps]
    is_nested = isinstance(last, Pipeline)
    end = _filled(last, fitted) if is_nested else next(fitted)
    whole.steps = [*before, (name, end)]
    return whole


def _copy_of(step: Any) -> Any:
    return step if step is None or isinstance(step, str) else clone(step)


def _features_of_all(head: Pipeline, X: Any, used: np.ndarray) -> Any:
    """Fit feature steps to some rows, and return the features of all."""
    if used.all():
        return features_of(head, X)
    rows, others = np.flatnonzero(used), np.flatnonzero(~used)
    of_used = features_of(head, take_rows(X, rows))
    joined = _joined(of_used, head.transform(take_rows(X, others)))
    if joined is None:
        return head.transform(X)
    return take_rows(joined, np.argsort(np.concatenate([rows, others])))


def _joined(a: Any, b: Any) -> Any:
    """Put rows of features below others; None if it is not known how."""
    if sparse.issparse(a):
        return sparse.vstack([a, b], format="csr")
    if isinstance(a, np.ndarray):
        return np.concatenate([a, b])
    if isinstance(a, pd.DataFrame):
        return pd.concat([a, b])
    return None


def learns_from_y(step: Any) -> bool:
    """Tell whether a feature step, or one inside of it, uses the labels.

    Transformers of scikit-learn and of this package say so in their tags. Others that
    read y in their `fit` are taken to use it.

    Parameters
    ----------
    step : transformer, 'passthrough' or None
        Not fitted.
    """
    for leaf in leaves(step):
        if isinstance(leaf, str | FrozenEstimator) or not hasattr(leaf, "fit"):
            continue
        if _says_that_it_learns(leaf):
            return True
        package = type(leaf).__module__.partition(".")[0]
        if package not in _TAGGED and any(map(_reads_y, _own_fits(leaf))):
            return True
    return False


def _says_that_it_learns(leaf: Any) -> bool:
    """Tell by signature, tags and parameters whether a transformer needs labels."""
    y = inspect.signature(leaf.fit).parameters.get("y")
    if y is not None and y.default is inspect.Parameter.empty:
        return True
    if isinstance(leaf, SelectorMixin) and not isinstance(leaf, VarianceThreshold):
        return True  # some do not say so, since their scores might need no y
    tags = get_tags(leaf)
    if tags.target_tags.required or tags.estimator_type is not None:
        return True
    inside = leaf.get_params(deep=True).values()
    return any(hasattr(v, "fit") and hasattr(v, "predict") for v in inside)


def _own_fits(leaf: Any) -> list[Any]:
    """Return what fits a transformer, without what scikit-learn adds to any."""
    fits = [getattr(type(leaf), name, None) for name in ("fit", "fit_transform")]
    inherited = (None, TransformerMixin.fit_transform)
    return [fit for fit in fits if fit not in inherited]


def _reads_y(function: Any) -> bool:
    """Tell whether a method does anything with its y."""
    try:
        code = inspect.unwrap(function).__code__
    except AttributeError:
        return True  # compiled
    names = [i.argval for i in dis.get_instructions(code) if "LOAD" in i.opname]
    return any(n == "y" or (isinstance(n, tuple) and "y" in n) for n in names)


# The classifier of the rounds


def check_teacher(steps: FeatureSteps) -> None:
    """Raise if a classifier cannot have an opinion on soft labels.

    Raises
    ------
    Guard
        If it has no `predict_proba`, or cannot learn from soft labels.
    """
    name = type(last_step(steps.last)).__name__
    remedy = "Give a feature_model such as LogisticRegression()"
    if steps.head is None:
        remedy += ", behind its feature steps in a Pipeline"
    if not hasattr(SoftLabelClassifier(steps.last), "predict_proba"):
        raise Guard(f"{name} has no predict_proba. {remedy}")
    reason = why_hard_labels(steps.last, n_rows(steps.features), copied=True)
    if reason is not None:
        raise Guard(f"{reason}. {remedy}")


class EvenRows(TransformerMixin, BaseEstimator):
    """Divide all features by one number, so that rows have length 1 on average.

    A regularised linear model then needs no tuning to the number of features.
    """

    def fit(self, X: Any, y: Any = None) -> EvenRows:
        """Find the number."""
        X = validate_data(self, X, accept_sparse="csr")
        squares = X.multiply(X).sum() if sparse.issparse(X) else np.square(X).sum()
        length = np.sqrt(squares / max(X.shape[0], 1))
        self.length_ = float(length) if length > 0 else 1.0
        return self

    def transform(self, X: Any) -> Any:
        """Divide by it."""
        check_is_fitted(self)
        return validate_data(self, X, accept_sparse="csr", reset=False) / self.length_


def teacher_for(last: Any, features: Any) -> Any:
    """Return the classifier of the rounds for an end model.

    A logistic regression on soft labels teaches itself. Others are surer of themselves
    than they should be, or weak, and would sharpen their own errors; a logistic
    regression on the same features takes their place.

    Parameters
    ----------
    last : classifier
        The last step of the end model.
    features : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        What it sees.

    Returns
    -------
    teacher : classifier
        Not fitted. The end model itself where it cannot be replaced: the features are
        not numbers or categories, or it selects them itself.
    """
    inner = last_step(last)
    if isinstance(inner, SoftLabelClassifier):
        inner = last_step(inner.estimator)
    if isinstance(inner, LogisticRegression | LogisticRegressionCV):
        copied = why_hard_labels(inner, n_rows(features), copied=True)
        if copied is None:
            return last
    if _selects_features(last):
        return last
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            front = make_pipeline(*_as_numbers(features), EvenRows()).fit(features)
    except (TypeError, ValueError):
        return last
    return make_pipeline(*_steps_of(clone(front)), LogisticRegression(max_iter=1000))


def _selects_features(classifier: Any) -> bool:
    """Tell whether a classifier has feature steps inside.

    What they leave out, such as votes and ids, is not for another classifier.
    """
    inside = classifier.get_params(deep=True).values()
    return any(
        hasattr(v, "fit") and hasattr(v, "transform") and not hasattr(v, "predict")
        for v in inside
    )


def _as_numbers(features: Any) -> list[Any]:
    """Return the steps that turn features into numbers, for `EvenRows`."""
    if isinstance(features, pd.DataFrame):
        return [_columns_in(features)]
    return [] if sparse.issparse(features) else [_of_numbers()]


def _of_numbers() -> Pipeline:
    return make_pipeline(
        SimpleImputer(add_indicator=True, keep_empty_features=True), StandardScaler()
    )


def _columns_in(frame: pd.DataFrame) -> Any:
    """Return what turns the columns of a frame into numbers; refuse texts."""
    numbers, categories = [], []
    for position, dtype in enumerate(frame.dtypes):
        column = frame.iloc[:, position]
        if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(
            dtype
        ):
            numbers.append(position)
        elif column.nunique() <= _MOST_CATEGORIES:
            categories.append(position)
        else:
            raise ValueError("A column holds neither numbers nor categories.")
    one_hot = OneHotEncoder(handle_unknown="ignore")
    return make_column_transformer(
        (_of_numbers(), numbers), (one_hot, categories), sparse_threshold=0
    )
