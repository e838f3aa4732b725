"""Parameter constraints, checks of user input, and warnings of all subpackages."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

# scikit-learn's parameter constraints and row indexing are private; this file is
# the only one that imports them, so that a change there is mended in one place.
from sklearn.utils import _safe_indexing, check_array, column_or_1d
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    Options,
    StrOptions,
)
from sklearn.utils._set_output import _get_output_config

from sklabel.utils._frames import as_pandas, length_of, rows_of

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_class_prior",
    "check_columns",
    "check_filled",
    "check_integer",
    "check_option",
    "check_proba",
    "check_sample_weight",
    "check_share",
    "class_positions",
    "did_you_mean",
    "first_few",
    "is_integer",
    "is_real",
    "is_text",
    "labelled_weight",
    "n_rows",
    "one_column",
    "output_container",
    "plain",
    "plural",
    "take_rows",
    "warn",
]

# Likeness of names of which one may be a slip of the other.
_NEAR = 0.75
# Packages whose code runs between the user's line and ours, and the modules by which
# joblib reads files and `deepcopy` copies.
_BETWEEN = (
    *("sklabel", "sklearn", "joblib", "dask", "distributed", "pandas", "narwhals"),
    *("skops", "pickle", "copy"),
)


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line of the user's code that led here.

    A `stacklevel` that is counted by hand is wrong as soon as there are two ways in:
    `fit`, a Pipeline, a grid search, a function of `sklabel.dask`.

    Parameters
    ----------
    message : str
        What was found, and what to do about it.
    category : type of Warning, default=UserWarning
        Its category.
    """
    between = tuple(
        # Of a package its folder, of a module its file.
        os.path.dirname(path) + os.sep if hasattr(module, "__path__") else path
        for name in _BETWEEN
        if (module := sys.modules.get(name)) is not None
        and (path := getattr(module, "__file__", None))
    )
    frame = sys._getframe(1)
    level = 2
    while frame.f_back is not None and frame.f_code.co_filename.startswith(between):
        frame = frame.f_back
        level += 1
    warnings.warn(message, category, stacklevel=level)


def output_container(transformer: Any) -> str:
    """Return what `set_output` or the configuration asks a transformer for.

    Returns
    -------
    container : str
        'default', 'pandas' or 'polars'.
    """
    return _get_output_config("transform", transformer)["dense"]


def one_column(y: Any) -> np.ndarray:
    """Return labels as an array of one dimension; warn if they are a column.

    The same as ``column_or_1d(y, warn=True)`` of scikit-learn, whose warning would
    point to this file.
    """
    column = column_or_1d(y)
    if np.asarray(y).ndim == 2:
        warn(
            "A column-vector y was passed when a 1d array was expected. Please change "
            "the shape of y to (n_samples,), for example using ravel().",
            DataConversionWarning,
        )
    return column


def check_option(value: Any, name: str, options: Sequence[str]) -> None:
    """Raise if a parameter is not one of some strings."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{name} must be one of {tuple(options)}; got {value!r}.")


def is_integer(value: Any) -> bool:
    """Tell whether a parameter is an integer; True and False are not."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Tell whether a parameter is a number; True and False are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_integer(value: Any, name: str, *, low: int = 1) -> int:
    """Return a parameter as an int; raise if it is not an integer of at least `low`."""
    if not is_integer(value) or value < low:
        raise ValueError(f"{name} must be an integer >= {low}; got {value!r}.")
    return int(value)


def check_share(value: Any, name: str) -> float:
    """Return a parameter as a float; raise if it is not a number between 0 and 1."""
    # Not `value < 0 or value > 1`, which is False for NaN.
    if not is_real(value) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number in [0, 1]; got {value!r}.")
    return float(value)


def check_confidence(value: Any) -> float:
    """Return the confidence of an interval; raise if it is not between 0 and 1."""
    if not is_real(value) or not 0 < value < 1:
        raise ValueError(f"confidence must be between 0 and 1, as 0.95; got {value!r}.")
    return float(value)


def plain(value: Any) -> Any:
    """Turn a numpy scalar into the Python one, for error messages."""
    return value.item() if isinstance(value, np.generic) else value


def first_few(values: Iterable[Any], n: int = 5) -> str:
    """Write the first few of many values for an error message."""
    values = [plain(value) for value in values]
    shown = ", ".join(repr(value) for value in values[:n])
    return shown + (f", ... ({len(values)} in all)" if len(values) > n else "")


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return a word as it stands beside a number: "sample" beside 1, "samples" else."""
    return one if n == 1 else one + "s" if many is None else many


def did_you_mean(
    wanted: Iterable[Any], names: Iterable[Any], what: str = "{!r}"
) -> str:
    """Ask whether names that look like the wanted ones were meant; '' if none do.

    Parameters
    ----------
    wanted : iterable of str
        What was asked for and is not there; anything but texts has no likeness.
    names : iterable
        What is there.
    what : str, default='{!r}'
        How a name is shown: "label={!r}".

    Returns
    -------
    question : str
        " Did you mean 'category'?", with a blank before it.
    """
    look = {_look(name): name for name in names if isinstance(name, str)}
    near = [
        look[found[0]]
        for name in wanted
        if isinstance(name, str)
        and (found := get_close_matches(_look(name), look, 1, _NEAR))
    ]
    shown = " and ".join(what.format(name) for name in dict.fromkeys(near))
    return f" Did you mean {shown}?" if shown else ""


def _look(name: str) -> str:
    """Return a name without case, blanks, hyphens and underscores."""
    return "".join(name.casefold().replace("_", " ").replace("-", " ").split())


def n_rows(X: Any) -> int:
    """Return the number of samples of anything that scikit-learn takes as X."""
    if hasattr(X, "shape"):
        return X.shape[0]
    known = length_of(X)
    return len(np.asarray(X, dtype=object)) if known is None else known


def take_rows(X: Any, rows: np.ndarray) -> Any:
    """Return some rows of anything that scikit-learn takes as X."""
    part = rows_of(X, rows)
    if part is not None:  # what scikit-learn does with it depends on its version
        return part
    if isinstance(X, pd.api.extensions.ExtensionArray):
        return X.take(rows)
    if sparse.issparse(X):
        X = X.tocsr()  # not every sparse format can be indexed
    elif not hasattr(X, "__getitem__"):
        X = np.asarray(X)
    return _safe_indexing(X, rows)


def labelled_weight(
    sample_weight: ArrayLike | None, labelled: np.ndarray
) -> np.ndarray | None:
    """Return the weights of rows that have a label; None if none are given.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weights of all rows.
    labelled : ndarray of shape (n_samples,), bool
        Rows with a label.

    Returns
    -------
    weight : ndarray of shape (n_labelled,) or None
        Not all are 0.

    Raises
    ------
    ValueError
        If all labelled rows have weight 0.
    """
    if sample_weight is None:
        return None
    weight = check_sample_weight(sample_weight, len(labelled))[labelled]
    if not weight.any():
        raise ValueError(
            f"All {len(weight)} rows with a label in y have weight 0; there is nothing "
            "to score. Give one of them a weight, or leave sample_weight out."
        )
    return weight


def is_text(values: np.ndarray) -> bool:
    """Tell whether an array holds strings (``<U`` or an object array of str)."""
    if values.dtype.kind == "U":
        return True
    return values.dtype.kind == "O" and pd.api.types.infer_dtype(values) == "string"


def check_columns(
    frame: pd.DataFrame,
    columns: Sequence[Any],
    *,
    where: str,
    parameters: Sequence[str] = (),
) -> None:
    """Raise if a frame lacks one of the columns, or one of them is named twice.

    Parameters
    ----------
    frame : pandas.DataFrame
        The user's frame.
    columns : sequence of labels
        The columns that are needed.
    where : str
        Who asks, for the message.
    parameters : sequence of str, default=()
        The parameters that name the columns, for the message.

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
            f"in the frame{_by(columns, missing, parameters)}."
            f"{did_you_mean(missing, frame.columns)}"
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


def _by(
    columns: Sequence[Any], missing: Sequence[Any], parameters: Sequence[str]
) -> str:
    """Return ", with worker=, label=": the parameters of missing columns."""
    names = [
        f"{parameter}="
        for parameter, column in zip(parameters, columns, strict=False)
        if column in missing
    ]
    return f", with {', '.join(names)}" if names else ""


def check_filled(frame: pd.DataFrame, *, where: str) -> None:
    """Raise as scikit-learn does if a frame has no row or no column."""
    for count, what in zip(frame.shape[::-1], ("feature", "sample"), strict=True):
        if count == 0:
            raise ValueError(
                f"Found array with 0 {what}(s) (shape={frame.shape}) while a minimum "
                f"of 1 is required by {where}."
            )


def check_class_prior(
    class_prior: Any, n_classes: int, classes: np.ndarray | None = None
) -> np.ndarray:
    """Check given class probabilities.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,), Series or dict
        Positive numbers that sum to 1. The keys of a dict and the index of a Series
        are classes, in any order.
    n_classes : int
        Number of classes.
    classes : ndarray of shape (n_classes,), default=None
        The classes. If None, 0, 1, 2, ...

    Returns
    -------
    class_prior : ndarray of shape (n_classes,)
        The same numbers as float64, in the order of the classes.

    Raises
    ------
    ValueError
        If the length is wrong, the keys are not the classes, a number is not positive,
        or the sum is not 1.
    """
    if isinstance(class_prior, Mapping | pd.Series):
        classes = np.arange(n_classes) if classes is None else classes
        named = list(class_prior.items())
        at = class_positions([key for key, _ in named], classes)
        if at is None:
            raise ValueError(
                "class_prior must hold one probability for each class; it names "
                f"{first_few([key for key, _ in named], 10)}, and the classes are "
                f"{first_few(classes, 10)}."
            )
        class_prior = [named[k][1] for k in at]
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
    sample_weight = as_pandas(sample_weight, where="sample_weight")
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


# What arithmetic in single precision leaves of a sum of 1.
_SUM_TOLERANCE = 1e-4
# The digits to which people and Parquet files round, and the most that it explains.
_DIGITS = (2, 3, 4, 5, 6)
_MOST_ROUNDING = 0.05


def check_proba(
    proba: ArrayLike, *, name: str = "proba", unlabelled: bool = False
) -> np.ndarray:
    """Check class probabilities.

    Parameters
    ----------
    proba : array-like of shape (n_samples, n_classes)
        Rows of numbers >= 0 that sum to 1. Sums may be off by 1e-4, and by what
        rounding explains if all numbers are rounded to 2 or more digits, or to half
        precision; such rows are divided by their sum.
    name : str, default='proba'
        What the user calls them, for messages.
    unlabelled : bool, default=False
        Whether a row may be NaN throughout: it has no label.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes), float64
        The same numbers, up to rounding.

    Raises
    ------
    ValueError
        If there are not two dimensions, there is no column, or a row does not hold
        probabilities that sum to 1.
    """
    given = np.asarray(as_pandas(proba, where=name))
    try:
        array = given.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} with several columns must hold class probabilities; it holds "
            f"{given.dtype}. Pass one column of labels, or probabilities."
        ) from error
    if array.ndim != 2 or array.shape[1] == 0:
        raise ValueError(
            f"{name} must hold a row of class probabilities for each sample; got shape "
            f"{array.shape}."
        )
    rows = np.arange(len(array))
    remedy = "Drop rows without a soft label."
    if unlabelled:
        rows = _rows_with_numbers(array, name)
        remedy = "A row without a label is NaN in all columns."
    known = array[rows] if len(rows) < len(array) else array
    bad = ~(np.isfinite(known) & (known >= 0)).all(axis=1)
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(
            f"Probabilities in {name} must be finite and not negative; row "
            f"{rows[first]} is {known[first].tolist()} ({int(bad.sum())} such rows). "
            f"{remedy}"
        )
    total = known.sum(axis=1)
    off = np.abs(total - 1)
    tolerance = _SUM_TOLERANCE
    if (off > tolerance).any():
        tolerance = max(tolerance, _explained_by_rounding(known))
    # Sums of decimal numbers are not exact, and neither is their bound.
    bad = off > tolerance + 1e-7
    if bad.any():
        first = int(np.argmax(bad))
        raise ValueError(
            f"Probabilities in {name} must sum to 1 in every row; row {rows[first]} "
            f"sums to {total[first]:.8g} ({int(bad.sum())} rows differ by more than "
            f"{tolerance:.2g}). Divide each row by its sum."
        )
    uneven = off > 1e-9
    if uneven.any():
        array[rows[uneven]] /= total[uneven, None]
    return array


def _rows_with_numbers(array: np.ndarray, name: str) -> np.ndarray:
    """Return the rows that are not NaN throughout; refuse those that are in part."""
    missing = np.isnan(array)
    without = missing.all(axis=1)
    partly = missing.any(axis=1) & ~without
    if partly.any():
        row = int(np.argmax(partly))
        raise ValueError(
            f"A row of {name} holds a probability for every class, or NaN in all "
            f"columns for no label; row {row} is {array[row].tolist()} "
            f"({int(partly.sum())} such rows). Put 0 where a class is impossible."
        )
    return np.flatnonzero(~without)


def _explained_by_rounding(array: np.ndarray) -> float:
    """Return how far sums may be from 1 because the numbers are rounded."""
    with np.errstate(over="ignore"):
        if np.array_equal(array, array.astype(np.float16)):
            # Relative errors of the numbers add up to at most that of their sum.
            return float(np.finfo(np.float16).eps)
    for digits in range(_DIGITS[-1] + 1):
        # In single precision a decimal number is off by up to 6e-8.
        if np.abs(array - array.round(digits)).max() <= 1e-7:
            if digits not in _DIGITS:
                return 0.0
            return min(array.shape[1] * 0.5 * 10.0**-digits, _MOST_ROUNDING)
    return 0.0


def class_positions(names: Sequence[Any], classes: np.ndarray) -> np.ndarray | None:
    """Return where each class stands among the names of columns.

    Parameters
    ----------
    names : sequence of labels
        Names of columns, or of the entries of a Series.
    classes : ndarray of shape (n_classes,)
        The classes.

    Returns
    -------
    at : ndarray of shape (n_classes,), int64, or None
        The position of each class in `names`: by name; by text, if only the names are
        text, as Parquet and polars force; by position, if the names are the numbers 0,
        1, 2, ... of a frame without names and the classes are text. None if the names
        are not the classes.
    """
    names, labels = [plain(name) for name in names], [plain(c) for c in classes]
    if len(names) != len(labels):
        return None
    text = [isinstance(name, str) for name in names]
    if all(text) and not any(isinstance(label, str) for label in labels):
        labels = [str(label) for label in labels]
    elif all(isinstance(label, str) for label in labels) and not any(text):
        return np.arange(len(names)) if names == list(range(len(names))) else None
    at = {name: k for k, name in enumerate(names)}
    if len(at) < len(names) or set(at) != set(labels):
        return None
    return np.array([at[label] for label in labels])
