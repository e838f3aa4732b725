"""Judgements as the coefficients of agreement read them: who, what, how often."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.inspection._crowd import crowd_to_cast
from sklabel.lf import CrowdLabels
from sklabel.utils._frames import as_column, as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    check_sample_weight,
    class_positions,
    first_few,
    warn,
)
from sklabel.votes._cast import CastVotes, is_numeric
from sklabel.votes._cells import (
    has_gaps,
    minus_one_is_class,
    warn_of_minus_one_cells,
)
from sklabel.votes._labels import check_classes
from sklabel.votes._named import ABSTAIN, NamedVotes
from sklabel.votes._read import has_categories, read_any_votes

# Scales, and weights, that need classes in an order, or classes that are numbers.
ORDERED = ("ordinal", "linear", "quadratic")
NUMBERS = ("interval", "ratio")
# Weights that mean less than this are shares, and not how often a row counts.
_LEAST_WEIGHT = 0.5


@dataclass(frozen=True)
class Judgements:
    """Who judged what.

    Attributes
    ----------
    cast : CastVotes
        The values are positions in `classes`.
    classes : ndarray of shape (n_classes,)
        The classes in their order, also those that nobody names.
    names : Index of length n_lfs
        Names of the voters.
    weight : ndarray of shape (n_samples,)
        How often each row counts; 1 if the user gives no weights.
    """

    cast: CastVotes
    classes: np.ndarray
    names: pd.Index
    weight: np.ndarray


@dataclass(frozen=True)
class Counts:
    """How many judged a sample to be of a class.

    Attributes
    ----------
    table : csr_array of shape (n_judged_samples, n_used_classes)
        Canonical; rows of weight 0 and classes that nobody names are left out.
    classes : ndarray of shape (n_used_classes,)
        Their names.
    position : ndarray of shape (n_used_classes,)
        Where they stand among all classes.
    n_classes : int
        Number of all classes, also those that nobody names.
    weight : ndarray of shape (n_judged_samples,)
        How often each row counts.
    """

    table: sparse.csr_array
    classes: np.ndarray
    position: np.ndarray
    n_classes: int
    weight: np.ndarray


def read_judgements(
    votes: Any,
    *,
    option: str,
    kind: str | None,
    classes: ArrayLike | None,
    sample_weight: Any,
) -> Judgements:
    """Read votes or judgements.

    Parameters
    ----------
    votes : CrowdLabels or votes
        In any form that a label model reads.
    option : {'scale', 'weights'}
        What the user calls `kind`, for messages.
    kind : str or None
        If one of `ORDERED`, classes need an order; if one of `NUMBERS`, they must be
        numbers.
    classes : array-like of shape (n_classes,) or None
        The classes in their order; those of a CrowdLabels are its own.
    sample_weight : array-like of shape (n_samples,), or None
        Weights of the rows; for a CrowdLabels a Series is looked up by sample id.

    Returns
    -------
    judgements : Judgements
        Rows in the order of `votes`, or of the `sample_ids` of a CrowdLabels.

    Raises
    ------
    ValueError
        If there is no vote, a label is outside of `classes`, classes have no order or
        are not numbers where that is needed, or weights are not usable.
    """
    asked = f"{option}={kind!r}"
    if isinstance(votes, CrowdLabels):
        cast, order = crowd_to_cast(votes), np.asarray(votes.classes)
        names = pd.Index(votes.worker_ids)
        weight = _weights_of_crowd(sample_weight, votes)
        ordered = is_numeric(order) or len(order) < 3
        if kind in ORDERED and not ordered and list(order) == sorted(order):
            warn(
                f"{asked} takes classes in their order, which is alphabetical: "
                f"{first_few(order)}. If that is not from low to high, build the "
                "CrowdLabels with classes=[...] in order.",
            )
    else:
        check_same_rows(votes=votes, sample_weight=sample_weight)
        votes = as_pandas(votes, where="A table of votes")
        cast, order, weight = _read_votes(votes, asked, kind, classes, sample_weight)
        named = isinstance(votes, pd.DataFrame)
        names = votes.columns if named else pd.RangeIndex(cast.n_lfs)
    if len(cast.value) == 0:
        raise ValueError(
            f"votes holds no vote in {len(weight)} rows; agreement is not defined. "
            "Check ids and columns."
        )
    cast, weight = _without_rows_of_no_weight(cast, weight)
    _check_numbers(order, asked, kind)
    return Judgements(cast, order, names, weight)


def read_counts(
    votes: Any,
    *,
    option: str = "scale",
    kind: str | None = None,
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
) -> Counts:
    """Count the judgements of each judged sample for each class.

    Parameters
    ----------
    votes : CrowdLabels, votes, or table of counts
        As in `read_judgements`; with `counts` a table of samples by classes.
    option, kind, classes, sample_weight : object
        As in `read_judgements`.
    counts : bool, default=False
        Whether `votes` is a table of counts.

    Returns
    -------
    counts : Counts
        Of the rows that are judged and have a weight above 0.

    Raises
    ------
    ValueError
        As `read_judgements` does, or if a table of counts does not hold counts.
    """
    if counts:
        table, order = _check_table_of_counts(votes, classes)
        _check_numbers(order, f"{option}={kind!r}", kind)
        weight = _weights(sample_weight, table.shape[0])
        table, weight = table[weight > 0], weight[weight > 0]
        _check_left(table.nnz)
    else:
        judged = read_judgements(
            votes,
            option=option,
            kind=kind,
            classes=classes,
            sample_weight=sample_weight,
        )
        cast, order, weight = judged.cast, judged.classes, judged.weight
        shape = cast.n_samples, len(order)
        ones = np.ones(len(cast.value), dtype=np.int64)
        # A copy, as sums of duplicates move the rows, which the votes share.
        cells = ones, cast.value, cast.indptr
        table = sparse.csr_array(cells, shape=shape, copy=True)
        table.sum_duplicates()
    kept = np.diff(table.indptr) > 0
    table = table[kept]
    used = np.flatnonzero(np.bincount(table.indices, minlength=len(order)))
    table = table[:, used]
    table.sort_indices()
    return Counts(table, order[used], used, len(order), weight[kept])


def _read_votes(
    votes: Any,
    asked: str,
    kind: str | None,
    classes: ArrayLike | None,
    sample_weight: Any,
) -> tuple[CastVotes, np.ndarray, np.ndarray]:
    """Return votes as positions in the classes, these in their order, and weights."""
    is_cells = not (sparse.issparse(votes) or isinstance(votes, NamedVotes))
    cells = votes
    if minus_one_is_class(classes) and is_cells and not has_categories(votes):
        # Judgements that are integers leave no doubt: -1 is a label.
        cells = np.asarray(votes, dtype=object)
        if isinstance(votes, pd.DataFrame):
            cells = pd.DataFrame(cells, index=votes.index, columns=votes.columns)
    cast = read_any_votes(cells, classes=classes, ratings=kind in NUMBERS + ORDERED)
    unknown = classes is None and cast.classes is None
    if unknown and isinstance(votes, pd.DataFrame) and not has_gaps(votes):
        warn_of_minus_one_cells(votes.to_numpy(), "no judgement")
    weight = _weights(sample_weight, cast.n_samples)
    if len(cast.value):
        cast, weight = _without_rows_of_no_weight(cast, weight)
    given = cast.classes if classes is None else check_classes(classes)
    found = cast.distinct_labels()
    if unknown and is_cells and kind in NUMBERS:
        _refuse_minus_one(votes, found, asked)
    if given is None:
        given = found
    elif not np.isin(found, given).all():
        raise ValueError(
            f"votes holds labels that are not in classes={given.tolist()}: "
            f"{first_few(found[~np.isin(found, given)])}. Add them to classes."
        )
    named = classes is not None or cast.classes is not None
    given = np.asarray(given)
    if kind in ORDERED and len(given) and not (named or is_numeric(given)):
        raise ValueError(
            f"{asked} needs an order, and votes are {first_few(given)}. "
            "Pass numbers, classes=[...] from low to high, or a CrowdLabels."
        )
    order = np.argsort(given, kind="stable")
    cast, _ = cast.encode(given[order])
    return replace(cast, value=order[cast.value]), given, weight


def _without_rows_of_no_weight(
    cast: CastVotes, weight: np.ndarray
) -> tuple[CastVotes, np.ndarray]:
    """Leave out rows of weight 0: what stands there is not even a class."""
    kept = weight > 0
    if kept.all():
        return cast, weight
    cast = cast.take_rows(kept)
    _check_left(len(cast.value))
    return cast, weight[kept]


def _check_left(n_judgements: int) -> None:
    if n_judgements == 0:
        raise ValueError(
            "Only rows of weight 0 hold a vote; agreement is not defined. Check that "
            "sample_weight is in the order of votes."
        )


def _refuse_minus_one(votes: Any, found: np.ndarray, asked: str) -> None:
    """Raise if -1 may be a number on the scale: there are others below 0."""
    if not is_numeric(found) or not (found < 0).any():
        return
    cells = pd.DataFrame(votes).apply(pd.to_numeric, errors="coerce").to_numpy()
    row, column = np.nonzero(cells == ABSTAIN)
    if len(row):
        raise ValueError(
            f"votes holds numbers below 0 ({first_few(found[found < 0], 3)}), and "
            f"-1 in {len(row)} cells, first at row {row[0]}, column {column[0]}: with "
            f"{asked} it may be a number or mean no judgement. Pass classes=[...] with "
            "all numbers, and NaN or None where there is no judgement."
        )


def _check_numbers(classes: np.ndarray, asked: str, kind: str | None) -> None:
    """Raise if classes are not the numbers that a scale needs."""
    if kind not in NUMBERS:
        return
    if not is_numeric(classes):
        raise ValueError(
            f"{asked} needs numbers, and the classes are {first_few(classes)}. Map "
            "them to numbers, or use scale='ordinal' with classes=[...] from low to "
            "high."
        )
    if kind == "ratio" and (classes < 0).any():
        raise ValueError(
            "scale='ratio' needs numbers of 0 or more; got "
            f"{first_few(classes[classes < 0])}. Use scale='interval'."
        )


def _check_table_of_counts(
    votes: Any, classes: ArrayLike | None
) -> tuple[sparse.csr_array, np.ndarray]:
    """Return a table of counts as it was given, and the names of its columns."""
    votes = as_pandas(votes, where="A table of counts")
    if isinstance(votes, pd.DataFrame):
        if classes is not None:
            at = class_positions(list(votes.columns), check_classes(classes))
            if at is None:
                raise ValueError(
                    f"The columns of the table of counts are "
                    f"{first_few(votes.columns, 10)}, and classes names "
                    f"{first_few(np.asarray(classes), 10)}. Name each column once."
                )
            votes = votes.iloc[:, at]
        names = votes.columns
    else:
        names = None if classes is None else check_classes(classes)
    table = np.asarray(votes)
    whole = table.dtype.kind in "iuf" and table.ndim == 2 and bool(np.all(table >= 0))
    if not whole or (table != np.rint(table)).any():
        raise ValueError(
            "counts=True needs a table of samples by classes that holds numbers of "
            "judgements, integers of 0 or more; got an array of "
            f"{table.dtype} and shape {table.shape}."
        )
    names = np.asarray(range(table.shape[1]) if names is None else names)
    if len(names) != table.shape[1]:
        raise ValueError(
            f"The table of counts has {table.shape[1]} columns, and classes names "
            f"{len(names)}: {first_few(names)}. Name each column."
        )
    if not table.any():
        raise ValueError("The table of counts holds no judgement.")
    return sparse.csr_array(table.astype(np.int64)), names


def _weights(sample_weight: Any, n_samples: int) -> np.ndarray:
    """Return the weights of rows."""
    if sample_weight is None:
        return np.ones(n_samples)
    return check_sample_weight(sample_weight, n_samples)


def warn_of_small_weights(weight: np.ndarray) -> None:
    """Warn if weights seem to be shares: alpha takes their sum for the rows."""
    mean = weight.mean()
    if mean < _LEAST_WEIGHT:
        warn(
            f"sample_weight is {mean:.2g} in the mean: a weight is how often a row "
            "counts, and Krippendorff's alpha takes the sum for the number of rows. "
            "Divide the weights by their mean."
        )


def _weights_of_crowd(sample_weight: Any, crowd: CrowdLabels) -> np.ndarray:
    """Return the weights of the samples of a crowd; a Series goes by sample id."""
    sample_weight = as_column(sample_weight, where="sample_weight")
    if isinstance(sample_weight, pd.Series):
        index = sample_weight.index
        if index.has_duplicates:
            raise ValueError(
                "sample_weight must hold one weight per sample id; these ids repeat in "
                f"its index: {first_few(index[index.duplicated()].unique())}."
            )
        lacks = index.get_indexer(pd.Index(crowd.sample_ids)) < 0
        if lacks.any():
            ids = np.asarray(crowd.sample_ids)[lacks]
            raise ValueError(
                f"The index of sample_weight lacks {int(lacks.sum())} samples of the "
                f"crowd: {first_few(ids)}. Pass a Series with all sample ids as its "
                "index, or an array in the order of crowd.sample_ids."
            )
        sample_weight = sample_weight.reindex(crowd.sample_ids).to_numpy()
    return _weights(sample_weight, crowd.n_samples)
