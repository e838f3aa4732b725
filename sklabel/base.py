"""What estimators of all kinds share: pickles with a version, scores on gold labels."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklabel import _version
from sklabel.utils._validation import check_sample_weight, first_few, warn
from sklabel.votes._alphabets import read_gold
from sklabel.votes._cast import is_numeric


class VersionedPickle(BaseEstimator):
    """Estimator whose pickle knows the version of sklabel that wrote it."""

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_sklabel_version": _version.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("_sklabel_version", "unknown")
        if version != _version.__version__:
            warn(
                f"{type(self).__name__} was pickled by sklabel {version} and is read "
                f"by {_version.__version__}; its results may differ. Fit it again, or "
                f'install the writer: pip install "sklabel=={version}"',
            )
        super().__setstate__(state)


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
    """
    check_is_fitted(estimator)
    predicted = np.asarray(estimator.predict(X))
    if y is None:
        raise ValueError("score needs gold labels; y is None.")
    gold = read_gold(y, len(predicted))
    classes = np.asarray(estimator.classes_)
    known = gold.labelled(classes)
    if not known.any():
        raise ValueError(
            f"None of the {len(known)} rows has a gold label in y; there is nothing to "
            "score."
        )
    label = gold.label[known]
    if is_numeric(label) != is_numeric(classes):
        raise ValueError(
            f"y holds {first_few(dict.fromkeys(label.tolist()), 3)} and the classes "
            f"are {first_few(classes)}. Fit with classes=[...] that name the votes, as "
            "in LabelModel(classes=crowd.classes)."
        )
    weight = None
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, len(known))[known]
    return float(np.average(predicted[known] == label, weights=weight))
