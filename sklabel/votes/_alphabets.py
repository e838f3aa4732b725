"""What labels mean: gold labels, and the alphabets of vote values and classes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets

from sklabel.utils._validation import first_few, one_column, plain, warn
from sklabel.votes._cast import (
    ABSTAIN,
    NUMBER_KINDS,
    CastVotes,
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


@dataclass(frozen=True)
class Alphabets:
    """What the values of votes mean.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted, or in the order that the user gave.
    values : ndarray of shape (n_values,)
        Sorted values that a vote can have; a value that is not a class is evidence.
    class_of_value : ndarray of shape (n_values,)
        Index of the class that a value names, -1 if it does not name a class.
    """

    classes: np.ndarray
    values: np.ndarray
    class_of_value: np.ndarray


@dataclass(frozen=True)
class Contents:
    """What some rows hold, as far as the classes depend on it.

    Attributes
    ----------
    values : ndarray
        Sorted distinct votes.
    labels : ndarray
        Sorted distinct gold labels, without -1.
    n_minus_one, n_missing, n_rows : int
        Rows whose gold label is -1, rows without one, and all rows.
    n_lfs : int
        Number of columns.
    odd_votes : str
        Which votes cannot be classes, and where the first one is; empty if all can.
    """

    values: np.ndarray
    labels: np.ndarray
    n_minus_one: int
    n_missing: int
    n_rows: int
    n_lfs: int
    odd_votes: str = ""

    @classmethod
    def of(cls, votes: CastVotes, gold: Gold, lf_names: Sequence[Any]) -> Contents:
        """Return the contents of votes and gold labels of the same rows."""
        labelled = gold.labelled()
        values = distinct(votes.value)
        if values.dtype.kind in "iu":
            # Classes of int8 votes would overflow in the user's arithmetic.
            values = values.astype(np.int64)
        return cls(
            values,
            distinct(gold.label[labelled]),
            int(gold.minus_one.sum()),
            int((~gold.known).sum()),
            votes.n_samples,
            votes.n_lfs,
            _odd_votes(values, votes, lf_names),
        )

    def merge(self, other: Contents) -> Contents:
        """Return the contents of the rows of both.

        Raises
        ------
        TypeError
            If one holds strings and the other numbers.
        """
        return Contents(
            _union(self.values, other.values, "Votes"),
            _union(self.labels, other.labels, "Gold labels"),
            self.n_minus_one + other.n_minus_one,
            self.n_missing + other.n_missing,
            self.n_rows + other.n_rows,
            self.n_lfs,
            self.odd_votes or other.odd_votes,
        )

    def check_votes(self) -> None:
        """Raise if a vote cannot be a class: a fraction, or negative."""
        if self.odd_votes:
            raise ValueError(
                "Votes must be classes: non-negative integers or strings, -1 for "
                f"abstain. Got {self.odd_votes}. Round or map them, or pass gold "
                "labels for every row to read them as evidence."
            )


def _odd_votes(values: np.ndarray, votes: CastVotes, lf_names: Sequence[Any]) -> str:
    """Say which votes cannot be classes, and where the first one is."""
    if values.dtype.kind not in "if" or len(values) == 0:
        return ""
    if values.dtype.kind == "i" and values.min() >= 0:
        return ""
    odd = values[(values != np.rint(values)) | (values < 0)]
    bad = np.isin(votes.value, odd)
    first = int(np.argmax(bad))
    row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
    return (
        f"{first_few(odd)} ({int(bad.sum())} votes; first at row {row}, LF "
        f"{plain(lf_names[votes.lf[first]])!r})"
    )


def _union(a: np.ndarray, b: np.ndarray, what: str) -> np.ndarray:
    """Return the sorted values of two arrays of one kind."""
    if len(a) == 0 or len(b) == 0:
        return b if len(a) == 0 else a
    if is_numeric(a) != is_numeric(b):
        raise TypeError(
            f"{what} must be all strings or all numbers; got {first_few(a)} and "
            f"{first_few(b)}."
        )
    return distinct(np.concatenate([a, b]))


def resolve_classes(
    contents: Contents, classes: ArrayLike | None, *, class_votes: bool
) -> Alphabets:
    """Decide what the classes are and which vote value names which class.

    Classes are `classes` if given; else those of gold if every row has a gold label;
    else those of gold and votes together.

    Parameters
    ----------
    contents : Contents
        What the rows hold.
    classes : array-like of shape (n_classes,) or None
        The user's classes.
    class_votes : bool
        Whether the model can use a vote only if it names a class.

    Returns
    -------
    alphabets : Alphabets
        Classes and vote values.

    Raises
    ------
    ValueError
        If there is no class, or votes cannot be matched with the classes.
    """
    values, labels = contents.values, contents.labels
    n_missing = contents.n_missing
    if contents.n_minus_one and classes is None and _is_minus_one_a_label(contents):
        labels = np.concatenate([[-1], labels])
    elif not minus_one_is_class(classes):
        n_missing += contents.n_minus_one
    complete = n_missing == 0 and contents.n_rows > 0

    if classes is not None:
        known_classes = check_classes(classes)
    elif complete:
        known_classes = labels
    else:
        known_classes = _classes_of_votes_and_gold(contents, labels)

    class_of_value, values = _match_values(
        values,
        known_classes,
        given=classes is not None,
        complete=complete,
        class_votes=class_votes,
    )
    return Alphabets(known_classes, values, class_of_value)


def _is_minus_one_a_label(contents: Contents) -> bool:
    """Tell whether -1 among gold labels is a class, since y holds {-1, 1} only.

    Warns if so: it otherwise means unlabelled.
    """
    values = contents.values
    binary_votes = is_numeric(values) and bool(np.isin(values, [0, 1]).all())
    if not np.array_equal(contents.labels, [1]) or binary_votes:
        return False
    warn(
        "y holds exactly {-1, 1} and the votes are not within {0, 1}: -1 is read as a "
        "class, not as unlabelled. Pass classes= to settle it."
    )
    return True


def check_classes(classes: ArrayLike) -> np.ndarray:
    """Check the user's classes.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        All strings or all numbers, without repeats.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The same in the same order; strings as ``<U``, whole numbers as int64.

    Raises
    ------
    ValueError
        If there is no class, a class repeats, is missing or is not finite, or there
        are two dimensions.
    TypeError
        If strings and numbers are mixed, or one is neither.
    """
    # As objects: a list of numbers and strings would silently become strings.
    array = np.array(classes) if hasattr(classes, "dtype") else None
    if array is None or array.dtype.kind == "O":
        array = np.array(classes, dtype=object)
        if array.ndim == 1 and pd.isna(array).any():
            raise ValueError(f"classes must not hold missing values; got {classes!r}.")
        array = tidy_labels(array.ravel(), "classes").reshape(array.shape)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"classes must be a one-dimensional, non-empty list; got {classes!r}."
        )
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ValueError(f"classes must be finite; got {array.tolist()}.")
        if np.array_equal(array, np.rint(array)) and np.all(np.abs(array) < 2**53):
            # As votes and labels are read.
            array = array.astype(np.int64)
    if array.dtype.kind == "O":
        array = array.astype(str)
    if len(distinct(array)) != len(array):
        raise ValueError(f"classes must not repeat; got {array.tolist()}.")
    return array


def _classes_of_votes_and_gold(contents: Contents, labels: np.ndarray) -> np.ndarray:
    """Derive the classes from the votes and an incomplete y."""
    values = contents.values
    if len(values) == 0 and len(labels) == 0:
        raise ValueError(
            f"X holds no vote: all {contents.n_rows} rows and {contents.n_lfs} LFs "
            "abstain, so the classes are unknown. Check ids and columns, or pass "
            "classes=[...]."
        )
    if len(values) == 0:
        return labels
    contents.check_votes()
    if len(labels) == 0:
        return values
    if is_numeric(labels) != is_numeric(values):
        raise ValueError(
            f"Votes are {first_few(values)} and gold labels are {first_few(labels)}: "
            "with gold for some rows only, the two cannot be matched. Pass "
            "classes=[...] in the order of the vote indices."
        )
    return distinct(np.concatenate([values, labels]))


def _match_values(
    values: np.ndarray,
    classes: np.ndarray,
    *,
    given: bool,
    complete: bool,
    class_votes: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class index of each vote value, and the full value alphabet."""
    if len(values) and is_numeric(values) != is_numeric(classes):
        indices = values.dtype.kind in "iu" and values.min() >= 0
        if given and indices and values.max() < len(classes):
            # LF transformers return class indices; the user named the classes.
            values = np.arange(len(classes))
            return values.copy(), values
        if given or not complete or (class_votes and not is_numeric(values)):
            raise ValueError(
                f"Votes {first_few(values)} do not match classes "
                f"{first_few(classes)}. Votes are the classes themselves, or indices "
                f"from 0 to {len(classes) - 1} into classes=[...]."
            )
        if not class_votes:
            return np.full(len(values), -1), values
        warn(
            f"Votes are {first_few(values)} and y holds {first_few(classes)}: a vote "
            "is read as an index into the sorted labels of y. Pass classes=[...] to "
            "say so.",
        )
        class_of_value = np.full(len(values), -1)
        small = (values >= 0) & (values < len(classes)) & (values == np.rint(values))
        class_of_value[small] = values[small].astype(int)
        return class_of_value, values
    if complete and not given and values.dtype.kind == "f":
        warn(
            f"Votes hold {len(values)} values that are not all integers, for instance "
            f"{first_few(values)}. Gold labels in every row name the classes, so each "
            "value is read as evidence of its own.",
        )
    # Classes that nobody voted for in fit may be voted for later.
    values = distinct(np.concatenate([values, classes]) if len(values) else classes)
    order = np.argsort(classes, kind="stable")
    at = index_of(classes[order], values)
    return np.where(at >= 0, order[at], -1), values
