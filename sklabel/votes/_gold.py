"""Gold labels: which rows have one, and what -1 means."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets

from sklabel.utils._validation import first_few, one_column
from sklabel.votes._cast import (
    ABSTAIN,
    NUMBER_KINDS,
    distinct,
    index_of,
    is_minus_one,
    is_numeric,
)


def minus_one_is_class(classes: ArrayLike | None) -> bool:
    """Tell whether -1 is one of the classes, and so does not mean unlabelled."""
    if classes is None:
        return False
    array = np.asarray(classes)
    return is_numeric(array) and bool(np.any(array == ABSTAIN))


@dataclass(frozen=True)
class Gold:
    """Gold labels as the user gave them.

    Attributes
    ----------
    label : ndarray of shape (n_samples,)
        Labels; anything where `known` is False.
    known : ndarray of shape (n_samples,), bool
        True where there is a label.
    minus_one : ndarray of shape (n_samples,), bool
        True where the label is the number -1. It means unlabelled, except where -1 is
        one of the classes.
    """

    label: np.ndarray
    known: np.ndarray
    minus_one: np.ndarray

    @classmethod
    def none(cls, n_samples: int) -> Gold:
        """Return the gold labels of rows that have none."""
        no = np.zeros(n_samples, dtype=bool)
        return cls(np.zeros(n_samples, dtype=np.int64), no, no)

    def take(self, keep: np.ndarray) -> Gold:
        """Keep the rows of a boolean mask of shape (n_samples,)."""
        return Gold(self.label[keep], self.known[keep], self.minus_one[keep])

    def labelled(self, classes: ArrayLike | None = None) -> np.ndarray:
        """Tell which rows have a gold label, given the classes.

        Parameters
        ----------
        classes : array-like of shape (n_classes,) or None
            The classes. None: they are not known, and -1 means unlabelled.

        Returns
        -------
        labelled : ndarray of shape (n_samples,), bool
            True where there is a gold label.
        """
        if classes is not None and minus_one_is_class(classes):
            return self.known
        return self.known & ~self.minus_one

    def index(self, classes: np.ndarray, *, outside: int | None = None) -> np.ndarray:
        """Return the class index of each gold label, -1 where there is none.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            The classes; -1 means unlabelled unless it is one of them.
        outside : int, default=None
            What a label gets that is not one of the classes. If None, it is an error.

        Returns
        -------
        index : ndarray of shape (n_samples,), int64
            Indices into `classes`.

        Raises
        ------
        ValueError
            If a label is not one of the classes and `outside` is None.
        """
        classes = np.asarray(classes)
        index = np.full(len(self.label), -1, dtype=np.int64)
        if not self.known.any():
            return index
        known = self.labelled(classes)
        if not known.any():
            return index
        order = np.argsort(classes, kind="stable")
        at = index_of(classes[order], self.label[known])
        absent = at < 0
        if absent.any() and outside is None:
            others = distinct(self.label[known][absent])
            raise ValueError(
                f"y has labels that are not in classes={classes.tolist()}: "
                f"{first_few(others)} ({int(absent.sum())} rows). Add them to "
                "classes, or set them to -1 if those rows have no gold label."
            )
        index[known] = np.where(absent, -1 if outside is None else outside, order[at])
        return index


def read_gold(y: Any, n_samples: int) -> Gold:
    """Read gold labels; -1, NaN, None and pd.NA mean unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        The labels.
    n_samples : int
        Number of rows of X.

    Returns
    -------
    gold : Gold
        Without any label if y is None.

    Raises
    ------
    ValueError
        If y has the wrong shape, holds nothing but NaN, or holds infinity, a fraction
        or the string "-1".
    TypeError
        If y mixes strings and numbers.
    """
    if y is None:
        return Gold.none(n_samples)
    label = one_column(_plain_column(y))
    if len(label) != n_samples:
        raise ValueError(
            f"Found input variables with inconsistent numbers of samples: X has "
            f"{n_samples} rows and y has {len(label)}."
        )
    known = ~pd.isna(label)
    if label.dtype.kind == "f":
        if np.isinf(label).any():
            raise ValueError(
                "Input y contains infinity; a gold label is a class, -1 or NaN. First "
                f"at row {int(np.argmax(np.isinf(label)))}."
            )
        if not known.any():
            raise ValueError(
                f"Input y contains NaN only ({len(label)} rows). Pass y=None to fit "
                "without gold labels."
            )
    if label.dtype.kind == "O" and known.any():
        known &= ~_minus_one_among_strings(label)
        tidy = tidy_labels(label[known], "Unknown label type: gold labels")
        full = np.zeros(len(label), dtype=tidy.dtype)
        full[known] = tidy
        label = full
    if label.dtype.kind in "OU" and np.any(label[known] == str(ABSTAIN)):
        raise ValueError(
            f"A gold label is a class, -1 or None; got the string {str(ABSTAIN)!r} in "
            f"{int((label[known] == str(ABSTAIN)).sum())} rows of y. Use None for no "
            "gold label; Dask turns columns of mixed objects into strings, unless "
            "dask.config.set({'dataframe.convert-string': False}) comes first."
        )
    if label.dtype.kind == "f":
        check_classification_targets(label[known])
        if not known.all():
            whole = np.where(known, label, ABSTAIN)
            if np.array_equal(whole, np.rint(whole)):
                label = whole.astype(np.int64)
    minus_one = (
        (label == ABSTAIN) & known
        if label.dtype.kind in "if"
        else np.zeros(len(label), dtype=bool)
    )
    return Gold(label, known, minus_one)


def _plain_column(y: Any) -> Any:
    """Turn a nullable, arrow or categorical column into one of plain objects."""
    if isinstance(y, pd.api.extensions.ExtensionArray | pd.Index):
        y = pd.Series(y)
    if isinstance(y, pd.Series | pd.DataFrame):
        dtypes = [y.dtype] if isinstance(y, pd.Series) else list(y.dtypes)
        if not all(isinstance(dtype, np.dtype) for dtype in dtypes):
            return y.astype(object)
    return y


def _minus_one_among_strings(label: np.ndarray) -> np.ndarray:
    """Mark the number -1 in an object array whose other labels are strings."""
    if pd.api.types.infer_dtype(label, skipna=True).startswith("mixed"):
        minus_one = is_minus_one(label)
        others = label[~minus_one & ~pd.isna(label)]
        if all(isinstance(cell, str) for cell in others):
            return minus_one
    return np.zeros(len(label), dtype=bool)


def tidy_labels(label: np.ndarray, what: str) -> np.ndarray:
    """Turn known object labels into an array of numbers or of strings."""
    kind = pd.api.types.infer_dtype(label, skipna=False)
    if kind in {"string", "empty"}:
        return label
    if kind in NUMBER_KINDS:
        return np.asarray(label.tolist())
    raise TypeError(
        f"{what} must be all strings or all numbers; got "
        f"{', '.join(list(dict.fromkeys(map(repr, label)))[:5])}."
    )
