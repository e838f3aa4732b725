"""What estimators of all kinds share: pickles with a version, scores on gold labels."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklabel import _version
from sklabel.utils._portable import portable, restored
from sklabel.utils._validation import first_few, labelled_weight, warn
from sklabel.votes._cast import distinct, index_of, is_numeric
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import alike
from sklabel.votes._proba import read_proba

Fit = TypeVar("Fit", bound=Callable[..., Any])

_NOTHING_TO_SCORE = (
    "None of the {} rows has a gold label in y; there is nothing to score."
)


def all_or_nothing(fit: Fit) -> Fit:
    """Make a `fit` that fails leave an estimator that is not fitted.

    Otherwise it would be half the old one and half the new one: at best `predict` then
    raises an AttributeError, at worst it predicts.

    Parameters
    ----------
    fit : callable
        The method.

    Returns
    -------
    fit : callable
        The same method; on an error it drops what marks an estimator as fitted.
    """

    @wraps(fit)
    def fit_or_forget(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return fit(self, *args, **kwargs)
        except BaseException:
            forget(self)
            raise

    return fit_or_forget  # type: ignore[return-value]


def forget(estimator: Any) -> None:
    """Drop what marks an estimator as fitted.

    Parameters
    ----------
    estimator : estimator
        Fitted or not.
    """
    # What `check_is_fitted` looks for. scikit-learn keeps things of its own.
    for name in list(vars(estimator)):
        if name.endswith("_") and not name.startswith("__"):
            delattr(estimator, name)


def pickled_state(state: dict[str, Any]) -> dict[str, Any]:
    """Return what a pickle holds of an object: its state and the version of sklabel.

    Parameters
    ----------
    state : dict
        The attributes of the object.

    Returns
    -------
    state : dict
        Of plain objects only, which another machine, and skops, can read.
    """
    return {**portable(state), "_sklabel_version": _version.__version__}


def unpickled_state(state: dict[str, Any], who: str) -> dict[str, Any]:
    """Return the attributes that `pickled_state` was given.

    Parameters
    ----------
    state : dict
        What `pickled_state` returned.
    who : str
        Class of the object, for the warning.

    Returns
    -------
    state : dict
        The attributes of the object.

    Warns
    -----
    UserWarning
        If another version of sklabel wrote them.
    """
    state = dict(state)
    version = state.pop("_sklabel_version", "unknown")
    if version != _version.__version__:
        warn(
            f"{who} was pickled by sklabel {version} and is read by "
            f"{_version.__version__}; its results may differ. Fit it again, or install "
            f'the writer: pip install "sklabel=={version}", or pip install -e . in a '
            "clone of that version.",
        )
    return restored(state)


class VersionedPickle(BaseEstimator):
    """Estimator whose pickle can move, and knows the version that wrote it."""

    def __getstate__(self) -> dict[str, Any]:
        return pickled_state(super().__getstate__())

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(unpickled_state(state, type(self).__name__))


def score_on_gold(
    estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None
) -> float:
    """Return the accuracy of a classifier where y has a gold label.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `classes_` and `predict`.
    X : array-like or DataFrame
        Samples.
    y : array-like of shape (n_samples,)
        Gold labels; -1 means unlabelled unless it is one of the classes.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.

    Returns
    -------
    accuracy : float
        In [0, 1].

    Raises
    ------
    ValueError
        If no row has a gold label, or labels and classes are of different kinds.

    Warns
    -----
    UserWarning
        If a gold label is not one of the classes.
    """
    check_is_fitted(estimator)
    predicted = np.asarray(estimator.predict(X))
    if y is None:
        raise ValueError("score needs gold labels; y is None.")
    classes = np.asarray(estimator.classes_)
    gold = read_gold(y, len(predicted), classes)
    known = gold.labelled(classes)
    if not known.any():
        raise ValueError(_NOTHING_TO_SCORE.format(len(known)))
    label = gold.label[known]
    if is_numeric(label) != is_numeric(classes):
        raise ValueError(
            f"y holds {first_few(dict.fromkeys(label.tolist()), 3)} and the classes "
            f"are {first_few(classes)}. Give gold labels as the classes are called, or "
            "fit with classes=[...] that name the votes 0, 1, 2, ..."
        )
    _warn_of_labels_outside(label, classes)
    weight = labelled_weight(sample_weight, known)
    return float(np.average(predicted[known] == label, weights=weight))


def _warn_of_labels_outside(label: np.ndarray, classes: np.ndarray) -> None:
    """Warn of gold labels that no prediction can equal.

    It is no error: a fold may hold the only row of a rare class.
    """
    at = index_of(np.sort(classes), label)
    if (at >= 0).all():
        return
    others = distinct(label[at < 0])
    hints = "".join(
        f" {text!r} equals {known!r} but for case."
        for text, known in list(alike(others.tolist(), classes).items())[:3]
    )
    warn(
        f"y holds {first_few(others)} ({int((at < 0).sum())} of {len(label)} gold "
        f"labels), which the model does not know: its classes are "
        f"{first_few(classes, 10)}, and these rows count as errors.{hints} Name gold "
        "labels as the classes, or fit with classes=[...] that hold them."
    )


def score_on_soft(
    estimator: Any,
    X: Any,
    y: Any,
    sample_weight: ArrayLike | None,
    *,
    unlabelled: bool = False,
) -> float:
    """Return the mean probability that soft labels give to the predicted class.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `classes_` and `predict`.
    X : array-like or DataFrame
        Samples.
    y : array-like or DataFrame of shape (n_samples, n_classes)
        Soft labels; an array in the order of `classes_`.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.
    unlabelled : bool, default=False
        Whether rows of y may be NaN throughout; they are left out.

    Returns
    -------
    accuracy : float
        In [0, 1].

    Raises
    ------
    ValueError
        If y does not hold probabilities of the classes of the estimator, no row does,
        or y has another number of rows than X.
    """
    check_is_fitted(estimator)
    soft, classes = read_proba(y, estimator.classes_, name="y", unlabelled=unlabelled)
    predicted = np.asarray(estimator.predict(X))
    check_consistent_length(predicted, soft)
    column = pd.Index(classes).get_indexer(pd.Index(predicted))
    labelled = ~np.isnan(soft[:, 0])
    rows = np.flatnonzero(labelled)
    if len(rows) == 0:
        raise ValueError(_NOTHING_TO_SCORE.format(len(soft)))
    weight = labelled_weight(sample_weight, labelled)
    return float(np.average(soft[rows, column[rows]], weights=weight))
