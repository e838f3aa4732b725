"""What CrowdLabels is built with: reading ids and labels, sorting, repeats."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.utils._validation import first_few, is_text, plain, plural, warn
from sklabel.votes._cast import distinct, index_of, is_numeric
from sklabel.votes._cells import minus_one_is_class
from sklabel.votes._labels import (
    NUMBER_KINDS,
    alike,
    check_classes,
    check_gap_texts,
    natural_order,
    tidy_text,
    tidy_texts,
    warn_of_case,
    warn_of_tidied,
)
from sklabel.votes._named import ABSTAIN

Duplicates = Literal["last", "first", "majority", "keep", "raise"]
DUPLICATES = ("last", "first", "majority", "keep", "raise")
HandleUnknown = Literal["raise", "count"]

# Labels that a message lists.
_MOST_SHOWN = 5
# A number does not keep the zeros and the plus sign that such a text begins with.
_NOT_A_NUMBER = re.compile(r"\+|-?0[0-9]")
_INTEGER = re.compile(r"-?[0-9]+")

# Code of a label that is not one of the classes.
UNKNOWN = -1

# A column with more different labels than this, and hardly one twice, holds no labels.
_MANY_LABELS = 20
# From so many judgements on, one sample for all of them is a mistake.
_MANY_JUDGEMENTS = 10
# A larger share of judgements that repeat a pair is rarely meant.
_MANY_REPEATED = 1 / 3


class Labels(NamedTuple):
    """The labels of a column.

    `code`: position in `labels` of every row, -1 if missing. `labels`: the distinct
    ones in the order of classes. `n_minus_one` of the missing ones are -1, and
    `n_tidied` texts were read without blanks or invisible characters.
    """

    code: np.ndarray
    labels: np.ndarray
    n_minus_one: int
    n_tidied: int


def plain_values(values: pd.Index, what: str) -> np.ndarray:
    """Turn ids or labels of any dtype into integers or an object array of strings.

    Parameters
    ----------
    values : Index
        The values, none missing.
    what : str
        What they are, for messages: "Labels in column 'x'".

    Returns
    -------
    values : ndarray
        int64 (uint64 only if int64 is too small) or object.

    Raises
    ------
    TypeError
        If the values mix strings and numbers or are neither.
    ValueError
        If a number is a fraction, infinite, or too large to be exact.
    """
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.dtype.categories.dtype)
    kind = values.dtype.kind
    if kind in "iufb":
        array = values.to_numpy(dtype=np.dtype("bool" if kind == "b" else kind + "8"))
    else:
        array = values.to_numpy(dtype=object)
        inferred = pd.api.types.infer_dtype(array, skipna=False)
        if inferred in {"string", "empty"}:
            return array
        if inferred in NUMBER_KINDS:
            array = np.asarray(array.tolist())
        if inferred == "integer" and array.dtype.kind not in "iu":
            raise ValueError(
                f"{what} must be integers of 64 bits, or strings; got "
                f"{max(values, key=abs)!r}. Convert them with .astype(str)."
            )
        if array.dtype.kind not in "iufb":
            kinds = dict.fromkeys(type(value).__name__ for value in array)
            raise TypeError(
                f"{what} must be all strings or all integers of 64 bits; got "
                f"{first_few(kinds)}. Convert them first, for instance with "
                ".astype(str)."
            )
    if array.dtype.kind == "f":
        odd = array != np.rint(array)
        # Above 2**53 a float skips integers: two ids may have become one.
        odd |= ~(np.abs(array) < 2**53)
        if odd.any():
            raise ValueError(
                f"{what} must be integers or strings; {int(odd.sum())} value(s) are "
                "fractions, or floats too large to be exact integers, for instance "
                f"{plain(array[odd][0])!r}. Round them, map them to names, or read "
                "them as strings."
            )
    if array.dtype.kind == "u" and array.max(initial=0) > np.iinfo(np.int64).max:
        return array
    return array.astype(np.int64)


def factorize(column: pd.Series, what: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the code of every row, -1 if missing, and the distinct values."""
    try:
        code, values = pd.factorize(column)
    except TypeError:
        kinds = dict.fromkeys(type(value).__name__ for value in column.dropna())
        raise TypeError(
            f"{what} must be all strings or all integers; got {first_few(kinds)}."
        ) from None
    return code, plain_values(pd.Index(values), what)


def read_csv_with_ids(
    path: Any, columns: Sequence[Any], options: dict[str, Any]
) -> pd.DataFrame:
    """Read a CSV file; ids stay texts where a number would lose something.

    Parameters
    ----------
    path : str, path-like or file
        What `pandas.read_csv` reads.
    columns : sequence of hashable
        The columns of ids.
    options : dict
        Options of `pandas.read_csv`. They decide about the columns that they name in
        `dtype` or `converters`, and about all if numbers are written in another way.

    Returns
    -------
    frame : DataFrame
        What the file holds.

    Raises
    ------
    ValueError
        If cells are separated by another character, or a line has too many.
    """
    try:
        frame = _read_csv(path, columns, options)
    except pd.errors.ParserError as error:
        raise ValueError(
            f"{name_of_file(path)} cannot be read as a table: {str(error).strip()}. "
            f"Cells are separated by {_separator(options)!r}; pass sep= if they are "
            "separated by another character."
        ) from error
    if "sep" not in options and "delimiter" not in options:
        for other in (";", "\t", "|"):
            first = frame.columns[0] if isinstance(frame, pd.DataFrame) else ""
            if other in str(first) and len(frame.columns) == 1:
                raise ValueError(
                    f"{name_of_file(path)} has one column, {first!r}: its cells are "
                    f"separated by {other!r} and not by a comma. Pass sep={other!r}."
                )
    return frame


def name_of_file(path: Any) -> str:
    """Return how messages call a file or its path."""
    name = getattr(path, "name", None) if hasattr(path, "read") else path
    return "The file" if name is None else f"'{name}'"


def _separator(options: Mapping[str, Any]) -> Any:
    """Return what separates cells."""
    return options.get("sep") or options.get("delimiter") or ","


def _read_csv(
    path: Any, columns: Sequence[Any], options: dict[str, Any]
) -> pd.DataFrame:
    """Read a CSV file whose columns of ids are texts where that keeps more."""
    dtype = options.get("dtype")
    if not (dtype is None or isinstance(dtype, Mapping)):
        return pd.read_csv(path, **options)
    if options.get("thousands") or options.get("decimal", ".") != ".":
        return pd.read_csv(path, **options)
    named = {*(dtype or {}), *(options.get("converters") or {})}
    free = [column for column in dict.fromkeys(columns) if column not in named]
    texts = {**(dtype or {}), **dict.fromkeys(free, str)}
    frame = pd.read_csv(path, **{**options, "dtype": texts})
    for column in free:
        if isinstance(frame, pd.DataFrame) and column in frame.columns:
            frame[column] = _numbers_of(frame[column])
    return frame


def _numbers_of(ids: pd.Series) -> pd.Series:
    """Return ids as numbers, or as they are if a number would lose something."""
    if not is_text(ids.dropna().to_numpy(dtype=object)):
        return ids
    code, distinct_ids = pd.factorize(ids)
    texts = [str(text).strip() for text in distinct_ids]
    if any(_NOT_A_NUMBER.match(text) for text in texts):
        return ids
    if all(_INTEGER.fullmatch(text) for text in texts):
        whole = [int(text) for text in texts]
        low, high = min(whole), max(whole)
        if low < -(2**63) or high >= 2**64 or (low < 0 and high >= 2**63):
            return ids
        kept = pd.Series(whole, dtype="Int64" if high < 2**63 else "UInt64")
        if (code >= 0).all():
            kept = kept.astype("int64" if high < 2**63 else "uint64")
        return kept.reindex(code).set_axis(ids.index)
    try:
        numbers = pd.to_numeric(pd.Series(texts))
    except (ValueError, TypeError):
        return ids
    return numbers.reindex(code).set_axis(ids.index)


def read_ids(column: pd.Series, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return codes and distinct ids of the rows that are kept; none may be missing."""
    what = f"Ids in column {column.name!r}"
    code, ids = factorize(column if kept.all() else column[kept], what)
    missing = code < 0
    if missing.any():
        row = int(np.flatnonzero(kept)[np.argmax(missing)])
        raise ValueError(
            f"{int(missing.sum())} id(s) in column {column.name!r} are missing, first "
            f"at row {row}. Drop those rows, or read the file with "
            "keep_default_na=False if 'NA' is an id."
        )
    return code, ids


def sort_alphabet(
    code: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Renumber codes so that the values that they stand for ascend."""
    order = np.argsort(values, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[code], values[order]


def read_labels(
    column: pd.Series, classes: ArrayLike | None, where: str | None = None
) -> Labels:
    """Read a column of labels: texts as they look, -1 as missing unless it is a class.

    Parameters
    ----------
    column : Series
        The labels. The order of an ordered categorical is kept; else numbers ascend and
        texts are in natural order.
    classes : array-like of shape (n_classes,) or None
        The classes, if the user named them.
    where : str, default=None
        Where the labels stand, for messages. None means the name of the column.

    Returns
    -------
    labels : Labels
        What the column holds.

    Raises
    ------
    ValueError
        If a label is a fraction, all are missing, or a text is what a missing value
        becomes as text and not one of `classes`.
    TypeError
        If labels mix strings and numbers.
    """
    where = where or f"column {column.name!r}"
    code, labels = factorize(column, f"Labels in {where}")
    n_minus_one = n_tidied = 0
    if is_numeric(labels):
        if ABSTAIN in labels and not minus_one_is_class(classes):
            kept = labels != ABSTAIN
            n_minus_one = int((code == int(np.argmin(kept))).sum())
            shift = np.append(np.where(kept, np.cumsum(kept) - 1, -1), -1)
            code, labels = shift[code], labels[kept]
    else:
        code, labels, n_tidied = _tidied(code, labels, where)
        if classes is None:
            _check_texts(code, labels, where)
    if len(labels) == 0:
        raise ValueError(
            f"CrowdLabels: all {len(column)} labels in {where} are missing; there is "
            "no judgement."
        )
    if classes is None:
        _check_number(code, labels, where)
    order = _order_of(labels, column)
    rank = np.empty(len(order) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(order)), -1
    return Labels(rank[code], labels[order], n_minus_one, n_tidied)


def _tidied(
    code: np.ndarray, labels: np.ndarray, where: str
) -> tuple[np.ndarray, np.ndarray, int]:
    """Make one label of texts that look alike, and warn with their number."""
    tidy = tidy_texts(labels)
    if tidy is labels:
        return code, labels, 0
    counts = np.bincount(code[code >= 0], minlength=len(labels))
    n_tidied = warn_of_tidied(labels, tidy, counts, "label(s)", f" in {where}")
    at, distinct_tidy = pd.factorize(tidy)
    return np.append(at, -1)[code], np.asarray(distinct_tidy, dtype=object), n_tidied


def _check_texts(code: np.ndarray, labels: np.ndarray, where: str) -> None:
    """Refuse texts of missing values, and warn of classes that differ by case only."""
    counts = np.bincount(code[code >= 0], minlength=len(labels))
    check_gap_texts(
        labels, counts.tolist(), f"label(s) in {where}", "pass classes=[...]"
    )
    warn_of_case(labels, f"Labels in {where}")


def _check_number(code: np.ndarray, labels: np.ndarray, where: str) -> None:
    """Refuse labels of which hardly one stands twice."""
    n_labelled = int((code >= 0).sum())
    if len(labels) > _MANY_LABELS and len(labels) > n_labelled / 2:
        raise ValueError(
            f"There are {len(labels)} different labels in {n_labelled} judgements in "
            f"{where}, for instance {first_few(labels, 3)}: they look like texts, ids "
            "or times. Name what holds the labels, or pass classes=[...] if these are "
            "classes."
        )


def _order_of(labels: np.ndarray, column: pd.Series) -> np.ndarray:
    """Return the order of labels: that of ordered categories, else the natural one."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) and dtype.ordered:
        categories = dtype.categories
        if not is_numeric(labels):
            categories = pd.Index([tidy_text(str(c)) for c in categories])
        rank = categories.unique().get_indexer(pd.Index(labels))
        return np.argsort(rank, kind="stable")
    return natural_order(labels)


def warn_of_minus_one(where: str, labels: np.ndarray) -> None:
    """Warn that labels of -1 were read as missing; the user gave no classes."""
    warn(
        f"Labels in {where} hold -1, which is read as a missing label. Pass "
        f"classes={[ABSTAIN, *distinct(labels).tolist()]} if -1 is a class, or classes "
        "without -1 if it is not."
    )


def refuse_unknown(
    where: str, code: np.ndarray, labels: np.ndarray, classes: np.ndarray
) -> None:
    """Raise if a label is not one of the classes."""
    unknown = code == UNKNOWN
    if unknown.any():
        others = distinct(labels[unknown])
        spelled = alike(others.tolist(), classes)
        remedy = "".join(
            f"{label!r} equals {known!r} but for case. "
            for label, known in list(spelled.items())[:3]
        )
        if spelled:
            remedy += "Spell such labels as the classes, or the classes as the labels. "
        if len(spelled) < len(others):
            remedy += (
                f"Add {'the others' if spelled else 'them'} to classes, or pass "
                "handle_unknown='count' to keep them as judgements that are not votes."
            )
        n_unknown = int(unknown.sum())
        raise ValueError(
            f"{n_unknown} of {len(code)} labels in {where} "
            f"{plural(n_unknown, 'is', 'are')} not in classes={classes.tolist()}: "
            f"{first_few(others)}. {remedy.strip()}"
        )


def count_unknown(
    code: np.ndarray, labels: np.ndarray, class_code: np.ndarray
) -> dict[Any, int]:
    """Return how often each label that is not a class was given, most frequent first.

    Parameters
    ----------
    code : ndarray of shape (n_judgements,)
        Position in `labels` of the label of each judgement.
    labels : ndarray of shape (n_labels,)
        The distinct labels.
    class_code : ndarray of shape (n_labels,)
        The class of each label, -1 where it is not one.

    Returns
    -------
    counts : dict of label to int
        Without labels that were not given.
    """
    counts = np.bincount(code, minlength=len(labels))
    counts[class_code != UNKNOWN] = 0
    order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
    return {plain(labels[k]): int(counts[k]) for k in order}


def warn_of_alike(
    where: str, n_judgements: int, unknown: dict[Any, int], classes: np.ndarray
) -> None:
    """Warn if labels that are not classes equal one but for case.

    Parameters
    ----------
    where : str
        Where the labels stand.
    n_judgements : int
        Number of judgements, those with an unknown label included.
    unknown : dict of label to int
        What `count_unknown` returns.
    classes : ndarray of shape (n_classes,)
        The classes.
    """
    others = alike(unknown, classes)
    if not others:
        return
    few = dict(list(others.items())[:_MOST_SHOWN])
    shown = ", ".join(f"{label!r} ({unknown[label]})" for label in few)
    more = f", ... ({len(others)} in all)" if len(others) > len(few) else ""
    n_unknown = sum(unknown.values())
    n_alike = sum(unknown[label] for label in others)
    warn(
        f"{n_unknown} of {n_judgements} judgements in {where} "
        f"{plural(n_unknown, 'names', 'name')} none of the classes, and "
        f"{plural(n_unknown, 'is no vote', 'are not votes')}. {n_alike} of them "
        f"{plural(n_alike, 'equals', 'equal')} a class but for case: {shown}{more}. "
        "Write them as the classes are written if they are meant, for instance with "
        f".replace({few!r})."
    )


def code_labels(
    labels: np.ndarray, classes: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return class index of each label, and the classes.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Numbers or strings, none missing.
    classes : array-like of shape (n_classes,) or None
        The classes; None means all labels, in their order if they are distinct.

    Returns
    -------
    code : ndarray of shape (n,), int32
        Index in `classes`, -1 where the label is not one of them.
    classes : ndarray of shape (n_classes,)
        The classes.

    Raises
    ------
    ValueError
        If `classes` repeats a label, is empty, or is of another kind than the labels.
    """
    class_array = labels if classes is None else check_classes(classes)
    if len(labels) and is_numeric(class_array) != is_numeric(labels):
        raise ValueError(
            f"classes={class_array.tolist()} and the labels "
            f"{first_few(distinct(labels))} are of different kinds. Give the labels as "
            "they stand in the data."
        )
    if not is_numeric(class_array):
        class_array = class_array.astype(str)
    order = np.argsort(class_array, kind="stable")
    at = index_of(class_array[order], labels)
    code = np.where(at >= 0, order[at], UNKNOWN).astype(np.int32)
    return code, class_array


def match_ids(known: pd.Index, ids: ArrayLike) -> np.ndarray:
    """Return the position of each id among the known ones, -1 where unknown."""
    wanted = ids if isinstance(ids, pd.Index) else pd.Index(np.asarray(ids))
    missing = np.asarray(wanted.isna())
    if missing.any():
        raise ValueError(
            f"{int(missing.sum())} sample id(s) in X are missing, first at row "
            f"{int(np.argmax(missing))}. Drop or fill those rows."
        )
    values = plain_values(wanted, "Sample ids in X")
    numeric = is_numeric(values), pd.api.types.is_numeric_dtype(known.dtype)
    if len(values) and numeric[0] != numeric[1]:
        kinds = ["numbers" if is_number else "strings" for is_number in numeric]
        raise TypeError(
            f"Sample ids in X are {kinds[0]} (like {plain(values[0])!r}) and those of "
            f"the crowd labels are {kinds[1]} (like {plain(known[0])!r}), so none can "
            "match. Convert one of them, for instance with .astype(str), or read both "
            "files with dtype=str for ids if they begin with 0."
        )
    return known.get_indexer(pd.Index(values))


def sort_judgements(
    sample: np.ndarray,
    worker: np.ndarray,
    label: np.ndarray,
    n_samples: int,
    n_workers: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort by sample, then worker, then input order; two passes of counting sort.

    Scipy turns CSR into CSC and back by a stable counting sort that sums nothing, so
    repeated pairs stay apart and in order. Ten times as fast as ``np.argsort``.
    """
    n = len(worker)
    by_worker = sparse.csr_array(
        (label, worker, np.arange(n + 1)), shape=(n, n_workers)
    ).tocsc()
    by_sample = sparse.csc_array(
        (by_worker.data, sample[by_worker.indices], by_worker.indptr),
        shape=(n_samples, n_workers),
    ).tocsr()
    return (
        by_sample.indptr.astype(np.int64),
        by_sample.indices.astype(np.int32),
        by_sample.data.astype(np.int32),
    )


def starts_of_pairs(indptr: np.ndarray, worker: np.ndarray) -> np.ndarray:
    """Mark the first of several judgements of one (sample, worker) pair."""
    first = np.ones(len(worker), dtype=bool)
    first[1:] = worker[1:] != worker[:-1]
    first[indptr[:-1][indptr[:-1] < len(worker)]] = True
    return first


def repeat_number(indptr: np.ndarray, worker: np.ndarray) -> np.ndarray:
    """Return 0, 1, 2, ... for the judgements of one (sample, worker) pair."""
    at = np.arange(len(worker))
    start = np.where(starts_of_pairs(indptr, worker), at, 0)
    return at - np.maximum.accumulate(start)


def in_order_of_time(frame: pd.DataFrame, time: Any) -> pd.DataFrame:
    """Sort judgements by a column of times, the latest last.

    Parameters
    ----------
    frame : DataFrame
        The judgements.
    time : hashable
        Column of datetimes, numbers, or texts that pandas reads as datetimes.

    Returns
    -------
    frame : DataFrame
        The rows in order of time; rows of equal time keep theirs.

    Raises
    ------
    ValueError
        If a time is missing or cannot be read.
    """
    times = frame[time]
    if not pd.api.types.is_numeric_dtype(times.dtype):
        try:
            times = _read_times(times)
        except (ValueError, TypeError, OverflowError, UserWarning) as error:
            raise ValueError(
                f"Column {time!r} must hold times: datetimes, numbers, or texts such "
                f"as '2024-01-31 12:00'; {error}"
            ) from error
    if times.isna().any():
        raise ValueError(
            f"{int(times.isna().sum())} time(s) in column {time!r} are missing, first "
            f"at row {int(np.argmax(times.isna()))}. Fill or drop those rows."
        )
    return frame.iloc[np.argsort(times.to_numpy(), kind="stable")]


def _read_times(times: pd.Series) -> pd.Series:
    """Read datetimes, or texts of one format; ISO 8601 may differ in precision."""
    try:
        return pd.to_datetime(times, utc=True, format="ISO8601")
    except (ValueError, TypeError):
        with warnings.catch_warnings():
            # pandas warns where it would guess a format for each text.
            warnings.simplefilter("error", UserWarning)
            return pd.to_datetime(times, utc=True)


def warn_of_ids(
    n_judgements: int, n_samples: int, n_repeated: int, duplicates: Duplicates
) -> None:
    """Warn if an id column hardly tells samples or workers apart."""
    if n_samples == 1 and n_judgements >= _MANY_JUDGEMENTS:
        warn(
            f"All {n_judgements} judgements are of one sample. Check the column of "
            "sample ids: one id seems to stand for every row."
        )
    elif duplicates == "last" and n_repeated > _MANY_REPEATED * n_judgements:
        warn(
            f"{n_repeated} of {n_judgements} judgements repeat a (sample, worker) "
            "pair, and only the last of them counts. Check the columns of ids, or pass "
            "duplicates='keep' if workers judge a sample repeatedly."
        )


def choose_repeated(
    first: np.ndarray, label: np.ndarray, duplicates: Duplicates
) -> np.ndarray:
    """Return the position of the judgement that counts for every pair."""
    starts = np.flatnonzero(first)
    if duplicates == "first":
        return starts
    if duplicates == "last":
        return np.append(starts[1:], len(first)) - 1
    pair = np.cumsum(first) - 1
    key = pair * (int(label.max()) + 1) + label
    _, group, size = np.unique(key, return_inverse=True, return_counts=True)
    frequency = size[group]
    is_top = frequency == np.maximum.reduceat(frequency, starts)[pair]
    # The last of the most frequent ones.
    return np.maximum.reduceat(np.where(is_top, np.arange(len(first)), -1), starts)
