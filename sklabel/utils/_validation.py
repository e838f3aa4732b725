"""Parameter constraints and checks of user input that several rooms share."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

# scikit-learn's parameter constraints and row indexing are private; this file is
# the only one that imports them, so that a change there is mended in one place.
from sklearn.utils import _safe_indexing, check_array
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_class_prior",
    "check_columns",
    "check_sample_weight",
    "first_few",
    "is_text",
    "n_rows",
    "plain",
    "take_rows",
]


def plain(value: Any) -> Any:
    """Turn a numpy scalar into the Python one, for error messages."""
    return value.item() if isinstance(value, np.generic) else value


def first_few(values: Iterable[Any], n: int = 5) -> str:
    """Write the first few of many values for an error message."""
    values = [plain(value) for value in values]
    shown = ", ".join(repr(value) for value in values[:n])
    return shown + (f", ... ({len(values)} in all)" if len(values) > n else "")


def n_rows(X: Any) -> int:
    """Return the number of samples of anything that scikit-learn takes as X."""
    return X.shape[0] if hasattr(X, "shape") else len(np.asarray(X, dtype=object))


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return some rows of anything that scikit-learn takes as X."""
    if sparse.issparse(X):
        X = X.tocsr()  # not every sparse format can be indexed
    elif not hasattr(X, "__getitem__"):
        X = np.asarray(X)
    return _safe_indexing(X, rows)


def is_text(values: np.ndarray) -> bool:
    """Tell whether an array holds strings (``<U`` or an object array of str)."""
    if values.dtype.kind == "U":
        return True
    return values.dtype.kind == "O" and pd.api.types.infer_dtype(values) == "string"


def check_columns(frame: pd.DataFrame, columns: Sequence[Any], *, where: str) -> None:
    """Raise if a frame lacks one of the columns, or one of them is named twice.

    Parameters
    ----------
    frame : pandas.DataFrame
        The user's frame.
    columns : sequence of labels
        The columns that are needed.
    where : str
        Who asks, for the message.

    Raises
    ------
    ValueError
        If a column is missing, stands in the frame more than once, or is asked for
        more than once.
    """
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{where} needs the column(s) {first_few(missing)}; the frame has "
            f"{first_few(frame.columns, 20)}. Name the columns as they are called "
            "in the frame."
        )
    if len(set(columns)) < len(columns):
        raise ValueError(
            f"{where} needs {len(columns)} different columns; got {first_few(columns)}."
        )
    doubled = [c for c in columns if isinstance(frame[c], pd.DataFrame)]
    if doubled:
        raise ValueError(
            f"{where}: column(s) {first_few(doubled)} stand in the frame more than "
            "once. Drop or rename the others."
        )


def check_class_prior(class_prior: ArrayLike, n_classes: int) -> np.ndarray:
    """Check given class probabilities.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,)
        Positive numbers that sum to 1.
    n_classes : int
        Number of classes.

    Returns
    -------
    class_prior : ndarray of shape (n_classes,)
        The same numbers as float64.

    Raises
    ------
    ValueError
        If the length is wrong, a number is not positive, or the sum is not 1.
    """
    try:
        prior = np.asarray(class_prior, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"class_prior must be a list of positive numbers in the order of classes_; "
            f"got {class_prior!r}."
        ) from None
    if prior.shape != (n_classes,):
        raise ValueError(
            f"class_prior must hold one probability for each of the {n_classes} "
            f"classes, in the order of classes_; got shape {prior.shape}."
        )
    if not (np.all(np.isfinite(prior)) and np.all(prior > 0)):
        raise ValueError(
            f"class_prior must hold positive numbers; got {prior.tolist()}. A class "
            "that cannot occur is left out of classes."
        )
    total = prior.sum()
    if abs(total - 1) > 1e-6:
        raise ValueError(
            f"class_prior must sum to 1; it sums to {total:.6g}. Divide it by its sum."
        )
    return prior / total


def check_sample_weight(sample_weight: ArrayLike, n_samples: int) -> np.ndarray:
    """Check sample weights.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or float
        Non-negative, finite, and not all zero.
    n_samples : int
        Number of samples.

    Returns
    -------
    sample_weight : ndarray of shape (n_samples,), float64
        The weights.

    Raises
    ------
    ValueError
        If the shape is wrong, a weight is negative or not finite, or all are zero.
    """
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n_samples, sample_weight)
    weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if weight.ndim != 1:
        raise ValueError(
            f"Sample weights must be 1D array or scalar; got {weight.ndim} dimensions."
        )
    if len(weight) != n_samples:
        raise ValueError(
            f"sample_weight must hold one weight for each of the {n_samples} samples; "
            f"got {len(weight)}."
        )
    if (weight < 0).any():
        raise ValueError(
            "Negative values in data passed to `sample_weight`: "
            f"{int((weight < 0).sum())}, first at row {int(np.argmax(weight < 0))}."
        )
    if not (weight > 0).any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number; all "
            f"{n_samples} are zero."
        )
    return weight
