"""Tables of class probabilities, and which of their columns is which class."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_proba, class_positions, first_few, is_text
from sklabel.votes._labels import check_classes

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")

# Tables of soft labels call the probability of a class so, and have these columns too.
PREFIX = "proba_"
BESIDE_PROBABILITIES = frozenset({"label", "n_votes", "confidence"})


def has_columns(y: Any) -> bool:
    """Tell whether labels have several columns, and so are probabilities."""
    shape = y.shape if sparse.issparse(y) else np.asarray(y).shape
    return len(shape) == 2 and shape[1] > 1


def read_proba(
    proba: Any,
    classes: ArrayLike | None = None,
    *,
    name: str = "proba",
    unlabelled: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Read class probabilities; the columns of a frame are classes by their names.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        Rows of numbers >= 0 that sum to 1. The columns of an array are in the order of
        `classes`; those of a frame of pandas, polars or pyarrow are named by classes,
        in any order. A table of soft labels is read, too, as `CrowdLabels.soft_labels`
        returns it: the columns label, n_votes and confidence are left out, and where
        the names of all others begin with ``proba_``, the classes are what follows;
        whole numbers, unless the column label holds texts.
    classes : array-like of shape (n_classes,), default=None
        The classes. If None, the column names of a frame, and 0, 1, 2, ... of an array.
    name : str, default='proba'
        What the user calls the table, for messages.
    unlabelled : bool, default=False
        Whether a row may be NaN throughout: it has no label.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes), float64
        Columns in the order of `classes`.
    classes : ndarray of shape (n_classes,)
        The classes.

    Raises
    ------
    ValueError
        If a row does not hold probabilities, or the columns are not the classes.
    TypeError
        If the frame is lazy, or column names mix strings and numbers.
    """
    given = None if classes is None else check_classes(classes)
    array, columns, of_numbers = _read_table(proba, name, unlabelled)
    if given is not None:
        return in_class_order(array, columns, given, name), given
    if columns is None:
        return array, np.arange(array.shape[1])
    if of_numbers:
        columns = [int(column) for column in columns]
    return array, check_classes(pd.Index(columns).to_numpy())


def read_columns(
    proba: Any, *, name: str, unlabelled: bool = False
) -> tuple[np.ndarray, list[Any] | None]:
    """Read class probabilities as they stand, and the names of their columns.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        As in `read_proba`.
    name : str
        What the user calls the table, for messages.
    unlabelled : bool, default=False
        Whether a row may be NaN throughout.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes), float64
        The cells.
    columns : list of length n_classes, or None
        The names, without ``proba_`` where all of them have it; None for an array.

    Raises
    ------
    ValueError
        If a row does not hold probabilities, or names have several levels.
    TypeError
        If the frame is lazy.
    """
    array, columns, _ = _read_table(proba, name, unlabelled)
    return array, columns


def _read_table(
    proba: Any, name: str, unlabelled: bool
) -> tuple[np.ndarray, list[Any] | None, bool]:
    """Do what `read_columns` says; tell, too, whether texts stand for whole numbers."""
    if sparse.issparse(proba):
        proba = proba.toarray()
    frame = as_pandas(proba, where=name)
    if not isinstance(frame, pd.DataFrame) or frame.shape[1] == 0:
        return check_proba(proba, name=name, unlabelled=unlabelled), None, False
    if frame.columns.nlevels > 1:
        raise ValueError(
            f"The columns of {name} must be classes; they have {frame.columns.nlevels} "
            "levels. Keep the level that names the classes: "
            f"{name}.columns = {name}.columns.get_level_values(...)."
        )
    read, of_numbers = _without_prefix(frame)
    columns: list[Any] = read.columns.tolist()
    # Names that polars gives to columns of an array.
    if frame is not proba and columns == [f"column_{k}" for k in range(len(columns))]:
        columns = list(range(len(columns)))
    array = check_proba(_numbers(read, name), name=name, unlabelled=unlabelled)
    return array, columns, of_numbers


def _without_prefix(frame: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """Return the probabilities of a table of soft labels, named by the classes.

    The names are texts; the second tells whether the classes are whole numbers.
    """
    named = [c for c in frame if isinstance(c, str) and c.startswith(PREFIX)]
    others = [c for c in frame.columns if c not in named]
    if not named or not BESIDE_PROBABILITIES.issuperset(others):
        return frame, False
    texts = [name.removeprefix(PREFIX) for name in named]
    of_numbers = all(_WHOLE.fullmatch(text) for text in texts)
    if of_numbers and "label" in others:
        of_numbers = not is_text(frame["label"].to_numpy(dtype=object))
    return frame[named].set_axis(texts, axis=1), of_numbers


def in_class_order(
    array: np.ndarray,
    columns: Sequence[Any] | np.ndarray | None,
    classes: np.ndarray,
    name: str,
) -> np.ndarray:
    """Return probabilities with a column for each class, in their order.

    Parameters
    ----------
    array : ndarray of shape (n_samples, n_columns)
        The probabilities.
    columns : sequence of length n_columns, or None
        The names of the columns; None if they are in the order of the classes.
    classes : ndarray of shape (n_classes,)
        The classes.
    name : str
        What the user calls the table, for messages.

    Returns
    -------
    array : ndarray of shape (n_samples, n_classes)
        The same columns, in the order of the classes.

    Raises
    ------
    ValueError
        If the columns are not the classes.
    """
    if columns is None:
        if array.shape[1] != len(classes):
            raise ValueError(
                f"{name} has {array.shape[1]} columns, and there are {len(classes)} "
                f"classes: {first_few(classes, 10)}. Give a column for each of them, "
                "in this order, name the columns of a DataFrame by the classes, or "
                "pass classes=[...] with one class per column."
            )
        return array
    at = class_positions(list(columns), classes)
    if at is None and is_text(classes):
        # The names of the classes themselves may begin so.
        at = class_positions([f"{PREFIX}{name}" for name in columns], classes)
    if at is None:
        raise ValueError(
            f"The columns of {name} are {first_few(columns, 10)}, and the classes are "
            f"{first_few(classes, 10)}. Name the columns by the classes, in any order, "
            "or pass an array whose columns are in the order of the classes."
        )
    return array[:, at]


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return the cells of a frame as floats."""
    try:
        return frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        dtypes = ", ".join(sorted({str(dtype) for dtype in frame.dtypes}))
        raise ValueError(
            f"{name} with several columns must hold class probabilities, one column "
            f"per class; it has columns {first_few(frame.columns, 10)} of {dtypes}. "
            "Leave out the columns that are not classes, or pass one column of labels."
        ) from error


def refuse_one_column_of_probabilities(labels: np.ndarray) -> None:
    """Raise if hard labels are the probabilities of one class.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        The labels, without those that are missing.

    Raises
    ------
    ValueError
        If they are numbers between 0 and 1, fractions among them.
    """
    if labels.dtype.kind != "f" or len(labels) == 0:
        return
    fractions = (labels > 0) & (labels < 1)
    if fractions.any() and np.all((labels >= 0) & (labels <= 1)):
        raise ValueError(
            "y holds one column of numbers between 0 and 1, for instance "
            f"{first_few(labels[fractions], 3)}. Soft labels have a column for each "
            "class, shape (n_samples, n_classes): pass np.column_stack([1 - y, y]) if "
            "y is the probability of the second class."
        )
