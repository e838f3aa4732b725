"""Loops of scikit-learn that read gold labels or columns otherwise than we do."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, warn

# Meta-estimators that make every value of y a class, and those that hand on the index
# of the class instead of the label.
_ENCODE = {"VotingClassifier", "StackingClassifier", "BaggingClassifier"}
_LEARN = _ENCODE | {
    "AdaBoostClassifier",
    "CalibratedClassifierCV",
    "ClassifierChain",
    "MultiOutputClassifier",
    "OneVsOneClassifier",
    "OneVsRestClassifier",
    "OutputCodeClassifier",
}
# Scorers and ensembles, and what was said of them: folds repeat it.
_TOLD: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
_SEE = 'See "Gold labels in the loops of scikit-learn" in the notes of GoldKFold.'


def refuse_loops(who: str, classes: ArrayLike | None = None) -> None:
    """Raise if a loop that we run in takes unlabelled rows for a class.

    Such a loop learns a class -1, or hands on indices of classes in which unlabelled
    rows are class 0; what it predicts afterwards is wrong without a word. The y that
    it was given stands in its frame, so nothing is guessed. Of a loop that runs us in
    another process or thread there is nothing to be seen.

    Parameters
    ----------
    who : str
        Name of the estimator or splitter that runs, for the message.
    classes : array-like or None
        The classes that the user gave it; -1 may be one of them.

    Raises
    ------
    ValueError
        If there is such a loop.
    """
    for frame in _callers():
        outer = frame.f_locals.get("self")
        loop = type(outer).__name__
        if (
            frame.f_code.co_name != "fit"
            or loop not in _LEARN
            or not type(outer).__module__.startswith("sklearn.")
        ):
            continue
        labels = _distinct_numbers(frame.f_locals.get("y"))
        if labels is None:
            continue
        has_minus_one = bool(np.any(labels == -1))
        given = () if classes is None else np.asarray(classes).tolist()
        if has_minus_one and -1 not in given:
            raise ValueError(
                f"{loop} takes the -1 in y for a class, and {who} takes it for 'no "
                f"gold label': {loop} would predict a class -1. Fit the classifier "
                f"first, and give {loop} the fitted one, FrozenEstimator(classifier), "
                f"and the gold rows only. {_SEE}"
            )
        if loop in _ENCODE and not np.array_equal(labels, np.arange(len(labels))):
            raise ValueError(
                f"{loop} replaces the labels {labels.tolist()} in y by their positions "
                f"before {who} sees them. Number the classes from 0, or give {loop} "
                f"the fitted classifier, FrozenEstimator(classifier). {_SEE}"
            )


def refuse_cross_val_predict() -> None:
    """Raise if `cross_val_predict` asks for folds that leave rows out."""
    for frame in _callers():
        module = frame.f_globals.get("__name__", "")
        if frame.f_code.co_name == "cross_val_predict" and module.startswith("sklearn"):
            raise ValueError(
                "cross_val_predict only works for partitions: it predicts every row, "
                "and the folds of GoldKFold hold the gold rows only. Use sklabel."
                f"model_selection.cross_val_predict_gold. {_SEE}"
            )


def warn_of_order(classes: np.ndarray) -> None:
    """Warn if scikit-learn asks for columns and takes them for sorted classes.

    Its scorers, for instance, get an array without names, and count on what holds for
    its own classifiers. A scorer of a loop, or an ensemble, is spoken of once.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The classes in the order of the columns.

    Warns
    -----
    UserWarning
        If they are not sorted, and one of those that rely on it has called.
    """
    expected = np.unique(classes)
    if np.array_equal(expected, classes):
        return
    for frame in _callers():
        reader, name = _reader(frame, len(classes))
        if not name:
            continue
        message = (
            f"scikit-learn's {name} reads columns of probabilities in the order of "
            f"sorted classes, and classes_ is [{first_few(classes, 20)}]: its result "
            "is wrong. Give the classes in sorted order, "
            f"classes=[{first_few(expected, 20)}], or score with "
            "sklabel.model_selection.soft_log_loss, which knows the order."
        )
        told = _TOLD.setdefault(reader, set())
        if message not in told:
            told.add(message)
            warn(message)
        return


def _reader(frame: FrameType, n_classes: int) -> tuple[Any, str]:
    """Return what relies on sorted classes and its name, '' if it is not the frame."""
    nobody = None, ""
    method = frame.f_code.co_name
    if method not in {"_score", "_collect_probas", "fit"}:
        return nobody
    outer: Any = frame.f_locals.get("self")
    kind = type(outer)
    if not kind.__module__.startswith("sklearn."):
        return nobody
    if method == "_collect_probas":
        return outer, kind.__name__
    if method == "fit":
        # The other methods of calibration find the columns of more than two classes.
        relies = kind.__name__ == "CalibratedClassifierCV" and (
            outer.method == "temperature" or n_classes == 2
        )
        return (outer, kind.__name__) if relies else nobody
    if kind.__name__ != "_Scorer":
        return nobody
    function: Any = outer._score_func
    asks_by_name = n_classes == 2 and outer._get_pos_label() is not None
    if (
        not str(getattr(function, "__module__", "")).startswith("sklearn.")
        or outer._response_method == "predict"
        or asks_by_name
    ):
        return nobody
    return outer, function.__name__


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _distinct_numbers(y: Any) -> np.ndarray | None:
    """Return the sorted labels; None if they are not all numbers."""
    labels = np.asarray(y)
    if labels.dtype.kind not in "iufbO" or labels.size == 0:
        return None
    distinct = pd.unique(labels.ravel())
    try:
        return np.unique(distinct.astype(np.float64))
    except (TypeError, ValueError):
        return None
