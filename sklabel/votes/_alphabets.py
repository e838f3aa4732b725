"""Alphabets: which values votes have, and which classes they name."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, is_text, plain, warn
from sklabel.votes._cast import CastVotes, distinct, index_of, is_numeric
from sklabel.votes._cells import minus_one_is_class
from sklabel.votes._gold import Gold
from sklabel.votes._labels import (
    alike,
    check_classes,
    in_natural_order,
    joined_classes,
    warn_of_case,
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
    declared : ndarray of shape (n_classes,) or None
        The classes that the votes know. None if they are labels that could be anything.
    named : ndarray of shape (n_classes,) or None
        The classes that the columns of soft gold name, in their order. None if there
        are no such names.
    """

    values: np.ndarray
    labels: np.ndarray
    n_minus_one: int
    n_missing: int
    n_rows: int
    n_lfs: int
    odd_votes: str = ""
    declared: np.ndarray | None = None
    named: np.ndarray | None = None

    @classmethod
    def of(cls, votes: CastVotes, gold: Gold, lf_names: Sequence[Any]) -> Contents:
        """Return the contents of votes and gold labels of the same rows."""
        labelled = gold.labelled(votes.classes)
        n_minus_one = int((gold.minus_one & ~labelled).sum())
        values = votes.distinct_labels()
        if values.dtype.kind in "iu":
            # Classes of int8 votes would overflow in the user's arithmetic.
            values = values.astype(np.int64)
        # Soft gold has no labels; which classes there are is told by its columns.
        labels = gold.label[labelled] if gold.proba is None else gold.label[:0]
        return cls(
            values,
            distinct(labels),
            n_minus_one,
            int((~gold.known).sum()),
            votes.n_samples,
            votes.n_lfs,
            "" if votes.classes is not None else _odd_votes(values, votes, lf_names),
            votes.classes,
            _names_of_columns(gold.columns, values, votes.classes),
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
            _joined(self.declared, other.declared),
            self.named,
        )

    def check_votes(self) -> None:
        """Raise if a vote cannot be a class: a fraction, or negative."""
        if self.odd_votes:
            raise ValueError(
                "Votes must be classes: integers of 0 or more, or strings, -1 for "
                f"abstain. Got {self.odd_votes}. Pass classes=[...] if they are "
                "classes, round or map them if not, or pass gold labels for every row "
                "to read them as evidence."
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


def _names_of_columns(
    columns: np.ndarray | None, values: np.ndarray, declared: np.ndarray | None
) -> np.ndarray | None:
    """Return the classes that columns name, as votes call them; None if they do not."""
    votes = values if declared is None else declared
    if columns is None or len(votes) == 0 or is_text(columns) == is_text(votes):
        return columns
    if is_text(columns):
        # Parquet and polars have no other names than texts.
        whole = all(re.fullmatch(r"-?\d+", text) for text in columns.tolist())
        return columns.astype(np.int64) if whole else columns
    return None if _are_positions(columns) else columns


def _are_positions(columns: np.ndarray) -> bool:
    """Tell whether names are those of a frame whose columns have no names."""
    return np.array_equal(columns, np.arange(len(columns)))


def _joined(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    """Return the classes that votes of two parts know."""
    if a is None or b is None:
        return b if a is None else a
    return joined_classes([a, b])


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

    Classes are `classes` if given; else those of gold if every row has a gold label, or
    the columns of soft gold are named; else those of gold and votes together.

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
    named = contents.named
    if classes is None and named is not None:
        _check_named(named, values, contents.declared)

    if classes is not None:
        known_classes = check_classes(classes)
    elif named is not None:
        known_classes = _in_order(named, contents.declared)
    elif complete and len(labels):
        known_classes = _in_order(in_natural_order(labels), contents.declared)
    elif contents.declared is not None:
        known_classes = _declared_and_gold(contents.declared, labels)
    else:
        known_classes = _classes_of_votes_and_gold(contents, labels)

    if classes is None and named is None:
        _warn_of_alike(contents, labels)

    class_of_value, values = _match_values(
        values,
        known_classes,
        given=classes is not None,
        complete=complete and (classes is not None or len(labels) > 0),
        named=classes is None and named is not None,
        class_votes=class_votes,
        declared=contents.declared is not None,
    )
    return Alphabets(known_classes, values, class_of_value)


def _warn_of_alike(contents: Contents, labels: np.ndarray) -> None:
    """Warn if gold labels name a class that votes write in another way."""
    votes = contents.values if contents.declared is None else contents.declared
    for label, vote in alike(labels.tolist(), votes.tolist()).items():
        warn_of_case([vote, label], "Votes and gold labels")


def _is_minus_one_a_label(contents: Contents) -> bool:
    """Tell whether -1 among gold labels is a class, since y holds {-1, 1} only.

    Warns if so: it otherwise means unlabelled.
    """
    values = contents.values
    if contents.declared is not None or not is_numeric(values):
        return False
    binary_votes = bool(np.isin(values, [0, 1]).all())
    if not np.array_equal(contents.labels, [1]) or binary_votes:
        return False
    warn(
        "y holds exactly {-1, 1} and the votes are not within {0, 1}: -1 is read as a "
        "class, not as unlabelled. Pass classes= to settle it."
    )
    return True


def _in_order(labels: np.ndarray, declared: np.ndarray | None) -> np.ndarray:
    """Return labels in the order of the classes that votes know, if they know them."""
    if declared is not None and set(labels.tolist()) <= set(declared.tolist()):
        return declared[np.isin(declared, labels)]
    return labels


def _check_named(
    named: np.ndarray, values: np.ndarray, declared: np.ndarray | None
) -> None:
    """Raise if it cannot be told which classes the columns of soft gold mean."""
    if declared is not None:
        return
    if minus_one_is_class(named):
        raise ValueError(
            f"The columns of y name the classes {first_few(named, 10)}, and in X -1 "
            "means abstain unless the model knows that it is a class. Pass "
            "classes=[...] with -1."
        )
    late = values[~np.isin(values, named)] if is_numeric(values) else values[:0]
    if _are_positions(named) and len(late) and not np.isin(named, values).all():
        raise ValueError(
            f"The columns of y are {first_few(named, 10)}, and votes hold "
            f"{first_few(values, 10)}: it cannot be told whether the columns are "
            "classes or have no names. Name the columns by the classes, or pass "
            "classes=[...] in their order."
        )


def _declared_and_gold(declared: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the classes of votes that know them, and of gold labels."""
    if len(labels) == 0:
        return declared
    if is_numeric(labels) != is_numeric(declared):
        raise ValueError(
            f"Votes are for the classes {first_few(declared)} and gold labels are "
            f"{first_few(labels)}: the two cannot be matched. Give gold labels as the "
            "classes are called."
        )
    late = labels[~np.isin(labels, declared)]
    return np.concatenate([declared, in_natural_order(late)])


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
        return in_natural_order(labels)
    contents.check_votes()
    if len(labels) == 0:
        return in_natural_order(values)
    if is_numeric(labels) != is_numeric(values):
        raise ValueError(
            f"Votes are {first_few(values)} and gold labels are {first_few(labels)}: "
            "with gold for some rows only, the two cannot be matched. Pass "
            "classes=[...] in the order of the vote indices."
        )
    return in_natural_order(distinct(np.concatenate([values, labels])))


def _match_values(
    values: np.ndarray,
    classes: np.ndarray,
    *,
    given: bool,
    complete: bool,
    named: bool,
    class_votes: bool,
    declared: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the class index of each vote value, and the full value alphabet."""
    if len(values) and is_numeric(values) != is_numeric(classes):
        indices = values.dtype.kind in "iu" and values.min() >= 0 and not declared
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
    if (given or named) and not complete and len(values):
        _check_given(values, classes, declared)
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


def _check_given(values: np.ndarray, classes: np.ndarray, declared: bool) -> None:
    """Raise if votes are hardly meant as the classes that the user named."""
    known = np.isin(values, classes)
    if known.all():
        return
    unused = classes[~np.isin(classes, values)]
    odd = f"{first_few(values[~known])}, which are not in classes={classes.tolist()}"
    if not known.any():
        raise ValueError(
            f"No vote is for one of the classes: votes hold {odd}. Votes are the "
            "classes themselves, spelled alike."
        )
    positions = is_numeric(values) and np.isin(values, np.arange(len(classes))).all()
    if positions and not declared:
        raise ValueError(
            f"Votes hold {odd}, and all of them are positions from 0 to "
            f"{len(classes) - 1}: it cannot be told whether they mean labels or "
            "positions. Map them to the labels, or pass votes that know their classes "
            "(NamedVotes.from_labels)."
        )
    if is_numeric(values) and 0 in values[~known] and classes.min() > 0:
        warn(
            "Votes hold 0, which is not in classes and is read as evidence without a "
            "name. Make it NaN or -1 if it means abstain."
        )
    if len(unused):
        warn(
            f"Votes hold {odd}, and are read as evidence without a name, while nobody "
            f"votes for {first_few(unused)}. Check the spelling of classes."
        )
