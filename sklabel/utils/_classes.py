"""The two alphabets of a label model: vote values and classes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from sklabel.utils._validation import first_few, plain
from sklabel.utils._votes import ABSTAIN, CastVotes, distinct, index_of, is_numeric


@dataclass(frozen=True)
class Gold:
    """Gold labels as the user gave them.

    Attributes
    ----------
    label : ndarray of shape (n_samples,)
        Labels; anything where `known` is False.
    known : ndarray of shape (n_samples,), bool
        True where there is a gold label.
    minus_one : ndarray of shape (n_samples,), bool
        True where the label is the number -1, which may mean unlabelled.
    """

    label: np.ndarray
    known: np.ndarray
    minus_one: np.ndarray

    def take(self, keep: np.ndarray) -> Gold:
        """Keep the rows of a boolean mask of shape (n_samples,)."""
        return Gold(self.label[keep], self.known[keep], self.minus_one[keep])


@dataclass(frozen=True)
class Alphabets:
    """What the values of votes and gold labels mean.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted, or in the order that the user gave.
    values : ndarray of shape (n_values,)
        Sorted values that a vote can have; a value that is not a class is evidence.
    class_of_value : ndarray of shape (n_values,)
        Index of the class that a value names, -1 if it names none.
    gold : ndarray of shape (n_samples,)
        Class index of each gold label, -1 where there is none.
    """

    classes: np.ndarray
    values: np.ndarray
    class_of_value: np.ndarray
    gold: np.ndarray


def read_gold(y: Any, n_samples: int) -> Gold | None:
    """Read gold labels; -1, NaN, None and pd.NA mean unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        The labels.
    n_samples : int
        Number of rows of X.

    Returns
    -------
    gold : Gold or None
        None if y is None.

    Raises
    ------
    ValueError
        If y has the wrong shape, no gold label at all although it is numeric with
        NaN, infinite or fractional values.
    TypeError
        If y mixes strings and numbers.
    """
    if y is None:
        return None
    label = column_or_1d(_plain_column(y), warn=True)
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
        tidy = _tidy_labels(label[known], "Unknown label type: gold labels")
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
    minus_one = np.zeros(len(label), dtype=bool)
    if pd.api.types.infer_dtype(label, skipna=True).startswith("mixed"):
        for i, cell in enumerate(label):
            minus_one[i] = isinstance(cell, int | float | np.number) and cell == ABSTAIN
        others = label[~minus_one & ~pd.isna(label)]
        if not all(isinstance(cell, str) for cell in others):
            minus_one[:] = False
    return minus_one


def _tidy_labels(label: np.ndarray, what: str) -> np.ndarray:
    """Turn known object labels into an array of numbers or of strings."""
    kind = pd.api.types.infer_dtype(label, skipna=False)
    if kind in {"string", "empty"}:
        return label
    if kind in {"integer", "floating", "mixed-integer-float", "boolean"}:
        return np.asarray(label.tolist())
    raise TypeError(
        f"{what} must be all strings or all numbers; got "
        f"{', '.join(list(dict.fromkeys(map(repr, label)))[:5])}."
    )


def resolve_classes(
    votes: CastVotes,
    gold: Gold | None,
    classes: ArrayLike | None,
    *,
    lf_names: Sequence[Any],
    class_votes: bool,
) -> Alphabets:
    """Decide what the classes are and which vote value names which class.

    Classes are `classes` if given; else those of gold if every row has a gold label;
    else those of gold and votes together.

    Parameters
    ----------
    votes : CastVotes
        Votes with their own values.
    gold : Gold or None
        Gold labels.
    classes : array-like of shape (n_classes,) or None
        The user's classes.
    lf_names : sequence of length n_lfs
        Names of the LFs, for messages.
    class_votes : bool
        Whether the model can use a vote only if it names a class.

    Returns
    -------
    alphabets : Alphabets
        Classes, vote values, and gold labels as indices.

    Raises
    ------
    ValueError
        If there is no class, gold labels are outside of `classes`, or votes cannot
        be matched with the classes.
    """
    values = distinct(votes.value)
    if values.dtype.kind in "iu":
        # Classes of int8 votes would overflow in the user's arithmetic.
        values = values.astype(np.int64)
    if gold is not None:
        gold = _without_minus_one(gold, values, classes)
    complete = gold is not None and bool(gold.known.all())
    labels = distinct(gold.label[gold.known]) if gold is not None else values[:0]

    if classes is not None:
        known_classes = check_classes(classes)
    elif complete:
        known_classes = labels
    else:
        known_classes = classes_of_votes_and_gold(values, labels, votes, lf_names)

    class_of_value, values = _match_values(
        values,
        known_classes,
        given=classes is not None,
        complete=complete,
        class_votes=class_votes,
    )
    gold_index = index_of_gold(gold, known_classes, votes.n_samples)
    return Alphabets(known_classes, values, class_of_value, gold_index)


def index_of_gold(gold: Gold | None, classes: np.ndarray, n_samples: int) -> np.ndarray:
    """Return the class index of each gold label, -1 where there is none.

    Parameters
    ----------
    gold : Gold or None
        Gold labels; -1 is unlabelled unless it is one of the classes.
    classes : ndarray of shape (n_classes,)
        The classes.
    n_samples : int
        Number of rows.

    Returns
    -------
    index : ndarray of shape (n_samples,)
        Indices into `classes`.

    Raises
    ------
    ValueError
        If a label is not one of the classes.
    """
    index = np.full(n_samples, -1, dtype=np.int64)
    if gold is None:
        return index
    known = gold.known
    if not (is_numeric(classes) and ABSTAIN in classes):
        known = known & ~gold.minus_one
    if known.any():
        order = np.argsort(classes, kind="stable")
        at = index_of(classes[order], gold.label[known])
        if (at < 0).any():
            outside = distinct(gold.label[known][at < 0])
            raise ValueError(
                f"y has labels that are not in classes={classes.tolist()}: "
                f"{first_few(outside)} ({int((at < 0).sum())} rows). Add them to "
                "classes, or set them to -1 if those rows have no gold label."
            )
        index[known] = order[at]
    return index


def _without_minus_one(
    gold: Gold, values: np.ndarray, classes: ArrayLike | None
) -> Gold:
    """Read -1 as unlabelled, except where y can only mean two classes {-1, 1}."""
    if not gold.minus_one.any():
        return gold
    given = None if classes is None else np.asarray(classes)
    if given is not None and is_numeric(given) and np.any(given == ABSTAIN):
        return gold
    others = distinct(gold.label[gold.known & ~gold.minus_one])
    binary_votes = is_numeric(values) and bool(np.isin(values, [0, 1]).all())
    if classes is None and np.array_equal(others, [1]) and not binary_votes:
        warnings.warn(
            "y holds exactly {-1, 1} and the votes are not within {0, 1}: -1 is read "
            "as a class, not as unlabelled. Pass classes= to settle it.",
            UserWarning,
            stacklevel=4,
        )
        return gold
    return Gold(gold.label, gold.known & ~gold.minus_one, gold.minus_one)


def check_classes(classes: ArrayLike) -> np.ndarray:
    """Check the user's classes.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        All strings or all numbers, without repeats.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The same in the same order.

    Raises
    ------
    ValueError
        If there is none, one repeats or is not finite, or there are two dimensions.
    TypeError
        If strings and numbers are mixed, or one is neither.
    """
    # As objects: a list of numbers and strings would silently become strings.
    array = np.asarray(classes) if hasattr(classes, "dtype") else None
    if array is None or array.dtype.kind == "O":
        array = np.asarray(classes, dtype=object)
        array = _tidy_labels(array.ravel(), "classes").reshape(array.shape)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"classes must be a one-dimensional, non-empty list; got {classes!r}."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"classes must be finite; got {array.tolist()}.")
    if array.dtype.kind == "O":
        array = array.astype(str)
    if len(distinct(array)) != len(array):
        raise ValueError(f"classes must not repeat; got {array.tolist()}.")
    return array


def classes_of_votes_and_gold(
    values: np.ndarray,
    labels: np.ndarray,
    votes: CastVotes,
    lf_names: Sequence[Any],
) -> np.ndarray:
    """Derive the classes from the votes and an incomplete y."""
    if len(values) == 0 and len(labels) == 0:
        raise ValueError(
            f"X holds no vote: all {votes.n_samples} rows and {votes.n_lfs} LFs "
            "abstain, so the classes are unknown. Check ids and columns, or pass "
            "classes=[...]."
        )
    if len(values) == 0:
        return labels
    if values.dtype.kind == "f" or (values.dtype.kind == "i" and values.min() < 0):
        odd = values[(values != np.rint(values)) | (values < 0)]
        bad = np.isin(votes.value, odd)
        first = int(np.argmax(bad))
        row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
        raise ValueError(
            "Votes must be classes: non-negative integers or strings, -1 for abstain. "
            f"Got {first_few(odd)} ({int(bad.sum())} votes; first at row {row}, LF "
            f"{plain(lf_names[votes.lf[first]])!r}). Round or map them, or pass gold "
            "labels for every row to read them as evidence."
        )
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
        warnings.warn(
            f"Votes are {first_few(values)} and y holds {first_few(classes)}: a vote "
            "is read as an index into the sorted labels of y. Pass classes=[...] to "
            "say so.",
            UserWarning,
            stacklevel=4,
        )
        class_of_value = np.full(len(values), -1)
        small = (values >= 0) & (values < len(classes)) & (values == np.rint(values))
        class_of_value[small] = values[small].astype(int)
        return class_of_value, values
    if complete and not given and values.dtype.kind == "f":
        warnings.warn(
            f"Votes hold {len(values)} values that are not all integers, for instance "
            f"{first_few(values)}. Gold labels in every row name the classes, so each "
            "value is read as evidence of its own.",
            UserWarning,
            stacklevel=4,
        )
    # Classes that nobody voted for in fit may be voted for later.
    values = distinct(np.concatenate([values, classes])) if len(values) else classes
    values = np.sort(values)
    order = np.argsort(classes, kind="stable")
    at = index_of(classes[order], values)
    return np.where(at >= 0, order[at], -1), values
