"""Reading votes: arrays, sparse matrices, tables, and votes that know their classes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import first_few, is_text, plain, warn
from sklabel.votes._cast import CastVotes
from sklabel.votes._cells import (
    check_values,
    frame_to_array,
    minus_one_is_class,
    read_cells,
)
from sklabel.votes._labels import (
    check_classes,
    in_natural_order,
    joined_classes,
    one_kind,
    tidy_texts,
    warn_of_tidied,
)
from sklabel.votes._named import (
    ABSTAIN,
    NamedVotes,
    code_dtype,
    refuse_two_kinds,
)
from sklabel.votes._shape import check_shape

# Where votes know their classes, a sparse matrix stores -2 for the first class, -3 for
# the second, ...: what scipy stacks without the names is then no vote at all.
FIRST_NAMED = -2


def read_any_votes(
    votes: Any, *, classes: ArrayLike | None = None, ratings: bool = False
) -> CastVotes:
    """Read votes in any form that a user may hold.

    Parameters
    ----------
    votes : object
        Array, table, sparse matrix or NamedVotes.
    classes : array-like of shape (n_classes,), default=None
        The classes, if they are known; -1 may be one of them.
    ratings : bool, default=False
        Whether votes are numbers on a scale, each of which may stand once: columns are
        then not taken for ids.

    Returns
    -------
    votes : CastVotes
        The cast votes.
    """
    refuse_whole(votes, "A table of votes")
    if is_crowd_labels(votes) or hasattr(votes, "_vote_blocks"):
        raise TypeError(
            f"Votes are a table of samples by LFs; got {type(votes).__name__}. For a "
            "CrowdLabels use sklabel.inspection.worker_report, or the votes of "
            "WorkerLFTransformer(crowd_labels); partitioned judgements go to "
            "sklabel.dask."
        )
    if hasattr(votes, "__dask_graph__"):
        raise TypeError(
            "Votes must be in memory; got a Dask collection. Pass votes.compute(), or "
            "use sklabel.dask."
        )
    if isinstance(votes, CastVotes):
        return votes
    votes = as_pandas(votes, where="A table of votes")
    names: Sequence[Any] | None = None
    if isinstance(votes, pd.DataFrame):
        names = list(votes.columns)
    elif not (sparse.issparse(votes) or isinstance(votes, NamedVotes)):
        matrix = np.asarray(votes)
        if not isinstance(votes, np.ndarray) and matrix.dtype.kind == "U":
            # numpy wrote the numbers and NaN between the strings as strings.
            matrix = np.asarray(votes, dtype=object)
        if matrix.ndim != 2:
            raise ValueError(
                f"Votes must be two-dimensional, samples by LFs; got {matrix.ndim} "
                "dimension(s). Reshape your data with votes.reshape(-1, 1) if it "
                "holds one LF."
            )
        votes = matrix
    cast = read_votes(votes, names, classes)
    names = range(cast.n_lfs) if names is None else names
    check_shape(cast, names, classes, ratings=ratings)
    return cast


def read_votes(
    X: Any, lf_names: Sequence[Any] | None = None, classes: ArrayLike | None = None
) -> CastVotes:
    """Read a dense or sparse vote matrix.

    Parameters
    ----------
    X : ndarray, DataFrame, sparse matrix or NamedVotes of shape (n_samples, n_lfs)
        Votes, any dtype. Already two-dimensional.
    lf_names : sequence of length n_lfs, default=None
        Names for error messages; positions if None.
    classes : array-like of shape (n_classes,), default=None
        The classes, if they are known; -1 may be one of them.

    Returns
    -------
    votes : CastVotes
        The cast votes: labels, or positions in the classes that the votes know.

    Raises
    ------
    ValueError
        If a value is infinite or complex, a stored sparse value is negative, a sparse
        position repeats, a string is what a missing value becomes as text, or it
        cannot be told whether -1 is a class or an abstention.
    TypeError
        If a cell is neither a string nor a number, or both kinds are mixed, or the
        sparse format cannot tell an abstention from class 0 (BSR, DIA).
    """
    names = range(X.shape[1]) if lf_names is None else lf_names
    if isinstance(X, NamedVotes):
        return cast_of_codes(X.codes, X.classes)
    if sparse.issparse(X):
        votes = _read_sparse(X, names)
    elif has_categories(X):
        return _read_categories(X, names, classes)
    else:
        cells = frame_to_array(X) if isinstance(X, pd.DataFrame) else np.asarray(X)
        votes = _read_array(cells, names, classes)
    return check_values(votes, names, classes)


def cast_of_codes(codes: np.ndarray, classes: np.ndarray) -> CastVotes:
    """Return dense positions as cast votes that know their classes."""
    cast = codes != ABSTAIN
    indptr = np.concatenate([[0], np.cumsum(cast.sum(axis=1))])
    lf = np.nonzero(cast)[1].astype(np.int32)
    return CastVotes(indptr, lf, codes[cast], codes.shape[1], classes)


def check_sparse_format(X: Any) -> None:
    """Raise if a sparse matrix stores entries that nobody put there."""
    if sparse.issparse(X) and X.format in {"bsr", "dia"}:
        raise TypeError(
            f"Votes in sparse format {X.format!r} cannot tell an abstention from "
            "a vote for class 0. Use CSR, or votes_to_sparse on the dense votes."
        )


def _read_sparse(X: Any, names: Sequence[Any]) -> CastVotes:
    """Read a sparse matrix, whose stored entries are the votes."""
    check_sparse_format(X)
    csr = X.tocsr()  # sums what repeats in COO
    if not csr.has_canonical_format:
        csr = csr.copy()
        csr.sum_duplicates()
    if csr.nnz != X.nnz:
        raise ValueError(
            "A sparse vote matrix stores at most one vote per sample and LF; "
            f"got {X.nnz - csr.nnz} entries that repeat a position. Keep one."
        )
    classes = getattr(X, "classes", None)
    indptr = csr.indptr.astype(np.int64)
    if classes is not None:
        value = FIRST_NAMED - csr.data
        return CastVotes(indptr, csr.indices, value, csr.shape[1], classes)
    check_stored_votes(csr, names)
    votes = CastVotes(indptr, csr.indices, csr.data, csr.shape[1])
    if csr.dtype.kind == "f" and np.isnan(csr.data).any():
        votes = votes.take_votes(~np.isnan(csr.data))
    return votes


def check_stored_votes(votes: sparse.csr_matrix, lf_names: Sequence[Any]) -> None:
    """Raise if a stored value cannot be a vote (the traps of the sparse form)."""
    if votes.nnz == 0:
        return
    data = votes.data
    if data.dtype.kind == "c":
        raise ValueError("Complex data not supported: votes are classes.")
    bad = data < 0
    if not bad.any():
        return
    first = int(np.argmax(bad))
    row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
    where = (
        f"{int(bad.sum())} negative stored value(s), first {plain(data[first])!r} at "
        f"row {row}, LF {plain(lf_names[votes.indices[first]])!r}"
    )
    if data[bad].max() <= FIRST_NAMED:
        raise ValueError(
            f"This sparse matrix lost the names of its classes; got {where}. scipy "
            "drops them when it stacks votes (FeatureUnion, ColumnTransformer, "
            "hstack): put sklabel.lf.LFUnion in its place, or use dense votes "
            "(sparse_output=False)."
        )
    raise ValueError(
        f"A sparse vote matrix stores classes only, and an abstention is not "
        f"stored; got {where}. A dense and a sparse block were probably stacked "
        "(FeatureUnion, ColumnTransformer, hstack), which also drops the dense votes "
        "for class 0: use sklabel.lf.LFUnion, or give every LF transformer the same "
        "sparse_output."
    )


def has_categories(X: Any) -> bool:
    """Tell whether X is a table with a categorical column."""
    return isinstance(X, pd.DataFrame) and bool(_categorical(X).any())


def _categorical(frame: pd.DataFrame) -> np.ndarray:
    """Mark the columns of a table that are categorical."""
    return np.array([isinstance(d, pd.CategoricalDtype) for d in frame.dtypes])


def _read_categories(
    frame: pd.DataFrame, names: Sequence[Any], classes: ArrayLike | None
) -> CastVotes:
    """Read a table with categorical columns, whose categories are the classes.

    A missing cell is the abstention of such a column. A category of -1 is a class where
    `classes` hold it, or where categories are objects, as in a table of NamedVotes; one
    of integers may come from integer votes, in which -1 means abstain.
    """
    named = _categorical(frame)
    columns: dict[int, Any] = {
        int(j): frame.iloc[:, int(j)].cat for j in np.flatnonzero(named)
    }
    own = {j: _classes_of_categories(c.categories) for j, c in columns.items()}
    abstains = {
        j: _minus_one_abstains(c.categories, own[j], classes, names[j])
        for j, c in columns.items()
    }
    alphabets = [c[c != ABSTAIN] if abstains[j] else c for j, c in own.items()]
    others = None
    if not named.all():
        positions = np.flatnonzero(~named)
        names_left = [names[int(j)] for j in positions]
        cells = frame_to_array(frame.iloc[:, positions])
        # Integers beside categories are votes for themselves, as LF transformers return
        # them: there, -1 is an abstention whatever the categories are.
        known = None if cells.dtype.kind in "iu" else classes
        others = _read_array(cells, names_left, known)
        others = check_values(others, names_left, classes)
        alphabets.append(others.distinct_labels())
    alphabets = [alphabet for alphabet in alphabets if len(alphabet)]
    if not alphabets:
        return cast_of_codes(np.full(frame.shape, ABSTAIN), np.zeros(0, np.int64))
    refuse_two_kinds(alphabets)
    joined = joined_classes(alphabets)
    at = pd.Index(joined)
    codes = np.full(frame.shape, ABSTAIN, dtype=code_dtype(len(joined)))
    for j, column in columns.items():
        rank = at.get_indexer(pd.Index(own[j]))  # -1 where it abstains
        codes[:, j] = np.append(rank, ABSTAIN)[column.codes]
    if others is not None:
        lf = np.flatnonzero(~named)[others.lf]
        codes[others.rows, lf] = at.get_indexer(pd.Index(others.labels()))
    return cast_of_codes(codes, joined)


def _minus_one_abstains(
    categories: pd.Index, own: np.ndarray, classes: ArrayLike | None, name: Any
) -> bool:
    """Tell whether a category of -1 is an abstention; raise if nobody can tell."""
    if is_text(own) or ABSTAIN not in own or categories.dtype == object:
        return False
    if classes is None:
        raise ValueError(
            f"Column {plain(name)!r} has the categories {first_few(own)}, and it "
            "cannot be told whether -1 is a class or an abstention. Pass classes=[...] "
            "with -1 if it is a class and without it if it is not, or "
            "NamedVotes.from_labels(votes) if all of them are classes."
        )
    return not minus_one_is_class(classes)


def _classes_of_categories(categories: pd.Index) -> np.ndarray:
    """Return categories as classes: whole numbers, or texts as they look."""
    values = categories.to_numpy()
    if values.dtype == object and len(values) and not is_text(values):
        values = one_kind(values, "Categories of votes")
    if values.dtype.kind == "f" and np.array_equal(values, np.rint(values)):
        return values.astype(np.int64)
    if values.dtype.kind in "iufb":
        return values.astype(np.int64) if values.dtype.kind != "f" else values
    values = np.asarray(values, dtype=object)
    tidy = tidy_texts(values)
    if tidy is not values:
        warn_of_tidied(values, tidy, np.ones(len(values), int), "categories", "")
    return tidy.astype(str)


def _read_array(
    cells: np.ndarray, names: Sequence[Any], classes: ArrayLike | None
) -> CastVotes:
    """Read a dense array: -1 abstains, unless it is known to be a class."""
    is_class = minus_one_is_class(classes)
    if is_class and cells.dtype.kind in "iub":
        _refuse_either(cells, names, np.asarray(classes))
    cast, values = read_cells(cells, minus_one_votes=is_class)
    if classes is None and cells.dtype.kind in "fO":
        _warn_of_two_gaps(cells, cast)
    indptr = np.concatenate([[0], np.cumsum(cast.sum(axis=1))])
    lf = np.nonzero(cast)[1].astype(np.int32)
    return CastVotes(indptr, lf, values, cells.shape[1])


def _refuse_either(
    cells: np.ndarray, names: Sequence[Any], classes: np.ndarray
) -> None:
    """Raise where -1 may be a class as well as an abstention."""
    minus_one = cells == ABSTAIN
    if not minus_one.any():
        return
    row, column = np.argwhere(minus_one)[0]
    raise ValueError(
        f"-1 is one of classes={classes.tolist()}, and in an array of integers it "
        f"also means abstain; got {int(minus_one.sum())} of them, first at row "
        f"{int(row)}, LF {plain(names[column])!r}. Pass votes that know their classes, "
        "as LF transformers return them or NamedVotes.from_labels(labels, "
        "classes=...) makes them, or a float or object array with NaN or None for "
        "abstain."
    )


def _warn_of_two_gaps(cells: np.ndarray, cast: np.ndarray) -> None:
    """Warn if -1 was read as an abstention beside cells that are missing."""
    left_out = cells[~cast]
    missing = pd.isna(left_out)
    n_missing = int(missing.sum())
    if 0 < n_missing < len(left_out):
        warn(
            f"Votes hold {len(left_out) - n_missing} cells of -1 and {n_missing} "
            "missing ones; both are read as abstentions. Pass classes=[...], with -1 "
            "if it is a class and without it if it is not."
        )


def named_from_labels(labels: Any, classes: ArrayLike | None) -> NamedVotes:
    """Do what NamedVotes.from_labels says."""
    frame = as_pandas(labels, where="labels of NamedVotes.from_labels")
    if not isinstance(frame, pd.DataFrame):
        frame = pd.DataFrame(np.asarray(labels, dtype=object))
    cells = frame.astype(object).to_numpy()
    cast, values = read_cells(cells, minus_one_votes=True)
    indptr = np.concatenate([[0], np.cumsum(cast.sum(axis=1))])
    votes = CastVotes(indptr, np.nonzero(cast)[1], values, cells.shape[1])
    values = check_values(votes, list(frame.columns), classes).value
    values = values.astype(np.int64) if values.dtype.kind == "b" else values
    if classes is None:
        if len(values) == 0:
            raise ValueError("labels holds no label; pass classes=[...].")
        known = in_natural_order(np.asarray(pd.unique(values)))
        known = known.astype(str) if is_text(known) else known
    else:
        known = check_classes(classes)
    at = pd.Index(known).get_indexer(pd.Index(values))
    if (at < 0).any():
        odd = dict.fromkeys(values[at < 0].tolist())
        raise ValueError(
            f"labels has {int((at < 0).sum())} that are not in "
            f"classes={known.tolist()}: {first_few(odd)}. Add them to classes."
        )
    codes = np.full(cells.shape, ABSTAIN, dtype=code_dtype(len(known)))
    codes[cast] = at
    return NamedVotes(codes, known)


def refuse_whole(X: Any, where: str) -> None:
    """Raise if X is an object that holds tables, and say how to take one from it.

    Parameters
    ----------
    X : object
        What the user passed where a table or a CrowdLabels is read.
    where : str
        What this is to the user, for the message: "X of LabelModel".

    Raises
    ------
    TypeError
        If it is an export of an annotation tool, answers of a batch interface, or a
        dict or Bunch.
    """
    kind = type(X)
    # `sklabel.io` cannot be imported here.
    if hasattr(kind, "crowd_labels"):
        way = (
            "For the judgements of people pass its .crowd_labels(), or to a label "
            "model its .crowd_labels().to_wide(); for the answers of models its "
            ".model_votes(); for what they are about its .samples."
        )
    elif hasattr(kind, "soft_votes"):
        way = "Pass AnswerLF(classes=[...]).fit_transform(batch.wide())."
    # In older versions of scipy, a sparse matrix by keys is a dict.
    elif isinstance(X, Mapping) and not sparse.issparse(X):
        way = (
            f"It has the entries {first_few(X, 8)}: pass the one that holds votes, "
            f"{kind.__name__.lower()}[...], or pd.DataFrame(...) if each of them is a "
            "column."
        )
    else:
        return
    raise TypeError(f"{where} must be a table; got {kind.__name__}. {way}")


def is_crowd_labels(X: Any) -> bool:
    """Tell whether X is a CrowdLabels; `sklabel.lf` cannot be imported here."""
    return hasattr(X, "judgements_of")
