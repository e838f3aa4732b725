"""Cast votes: reading a vote matrix of any form, cell by cell or stored by stored."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklabel.utils._validation import first_few, plain

ABSTAIN = -1

# What pandas calls arrays of numbers and booleans, for arrays of dtype object.
NUMBER_KINDS = {"integer", "floating", "mixed-integer-float", "boolean"}


def check_stored_votes(votes: sparse.csr_matrix, lf_names: Sequence[Any]) -> None:
    """Raise if a stored value cannot be a vote (trap one of the sparse form)."""
    if votes.nnz == 0:
        return
    data = votes.data
    if data.dtype.kind == "c":
        raise ValueError("Complex data not supported: votes are classes.")
    bad = data < 0
    if bad.any():
        first = int(np.argmax(bad))
        row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
        raise ValueError(
            f"A sparse vote matrix stores classes only, and an abstention is not "
            f"stored; got {int(bad.sum())} negative stored value(s), first "
            f"{plain(data[first])!r} at row {row}, LF "
            f"{plain(lf_names[votes.indices[first]])!r}. A dense and a sparse block "
            "were probably stacked (FeatureUnion, ColumnTransformer, hstack), which "
            "also drops the dense votes for class 0: give every LF transformer the "
            "same sparse_output."
        )


@dataclass(frozen=True)
class CastVotes:
    """The votes that were cast, row by row; abstentions take no memory.

    Attributes
    ----------
    indptr : ndarray of shape (n_samples + 1,)
        Votes of sample i stand at ``indptr[i]:indptr[i + 1]``.
    lf : ndarray of shape (n_votes,)
        Column of each vote.
    value : ndarray of shape (n_votes,)
        The vote itself, or its index in an alphabet after `encode`.
    n_lfs : int
        Number of columns.
    """

    indptr: np.ndarray
    lf: np.ndarray
    value: np.ndarray
    n_lfs: int

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    @property
    def counts(self) -> np.ndarray:
        """Number of votes of each sample, shape (n_samples,)."""
        return np.diff(self.indptr)

    @property
    def rows(self) -> np.ndarray:
        """Row of each vote, shape (n_votes,)."""
        return np.repeat(np.arange(self.n_samples), self.counts)

    def take_rows(self, keep: np.ndarray) -> CastVotes:
        """Keep the rows of a boolean mask of shape (n_samples,)."""
        votes = np.repeat(keep, self.counts)
        indptr = np.concatenate([[0], np.cumsum(self.counts[keep])])
        return CastVotes(indptr, self.lf[votes], self.value[votes], self.n_lfs)

    def take_votes(self, keep: np.ndarray) -> CastVotes:
        """Keep the votes of a boolean mask of shape (n_votes,)."""
        kept = np.concatenate([[0], np.cumsum(keep)])
        return CastVotes(kept[self.indptr], self.lf[keep], self.value[keep], self.n_lfs)

    def encode(self, values: np.ndarray) -> tuple[CastVotes, np.ndarray]:
        """Replace each vote by its index in a sorted alphabet.

        Parameters
        ----------
        values : ndarray of shape (n_values,)
            Sorted vote values.

        Returns
        -------
        encoded : CastVotes
            Votes as indices; -1 where the value is not in the alphabet.
        known : ndarray of shape (n_votes,)
            True where the value is in the alphabet.
        """
        code = index_of(values, self.value)
        return CastVotes(self.indptr, self.lf, code, self.n_lfs), code >= 0


def index_of(alphabet: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the position of each value in a sorted alphabet, -1 where absent."""
    if len(values) == 0:
        return np.zeros(0, dtype=np.int32)
    if len(alphabet) == 0 or is_numeric(alphabet) != is_numeric(values):
        return np.full(len(values), -1, dtype=np.int32)
    small = (
        alphabet.dtype.kind in "iub"
        and values.dtype.kind in "iub"
        and int(values.min()) >= -1
        and int(max(values.max(), alphabet.max())) < 65_536
        and int(alphabet.min()) >= 0
    )
    if small:
        # Two entries at the end catch -1, which indexes from behind.
        table = np.full(int(max(values.max(), alphabet.max())) + 2, -1, dtype=np.int32)
        table[alphabet.astype(np.intp)] = np.arange(len(alphabet), dtype=np.int32)
        return table[values.astype(np.intp)]
    return pd.Index(alphabet).get_indexer(pd.Index(values)).astype(np.int32)


def is_numeric(values: np.ndarray) -> bool:
    """Tell whether an array holds numbers or booleans."""
    return values.dtype.kind in "iufb"


def distinct(values: np.ndarray) -> np.ndarray:
    """Return the sorted distinct values; fast on long arrays of few integers."""
    if values.dtype.kind in "iu" and len(values):
        low, high = int(values.min()), int(values.max())
        if high - low < 65_536:
            # Wide first: an int8 difference of -100 and 100 would wrap.
            shifted = values.astype(np.int64) - low
            seen = np.flatnonzero(np.bincount(shifted, minlength=1))
            return (seen + low).astype(values.dtype)
    return np.sort(pd.unique(values))


def is_minus_one(cells: np.ndarray) -> np.ndarray:
    """Mark the number -1 in an object array."""
    # `==` on an object array may meet anything, so only true numbers are compared.
    return np.fromiter(
        (isinstance(v, int | float | np.number) and v == ABSTAIN for v in cells),
        dtype=bool,
        count=len(cells),
    )


def _read_objects(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where an object array has votes, and the votes in an array of one kind.

    The kind is inferred for all cells at once; single cells are looked at only if
    kinds are mixed.
    """
    cast = ~pd.isna(cells)
    values = cells[cast]
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind.startswith("mixed") and kind != "mixed-integer-float":
        # Strings beside the number -1.
        minus_one = is_minus_one(values)
        cast[cast] = ~minus_one
        values = values[~minus_one]
        kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind in {"string", "empty"}:
        return cast, values
    if kind == "complex":
        raise ValueError("Complex data not supported: votes are classes.")
    if kind in NUMBER_KINDS:
        numbers = np.asarray(values.tolist())
        if numbers.dtype.kind not in "iufb":
            raise ValueError(
                f"Votes must fit in 64 bits; got {max(values, key=abs)!r}. Map the "
                "classes to 0, 1, 2, ..."
            )
        minus_one = numbers == ABSTAIN
        if minus_one.any():
            cast[cast] = ~minus_one
            numbers = numbers[~minus_one]
        return cast, numbers
    odd = [v for v in values if not isinstance(v, str | bool | int | float | np.number)]
    if odd:
        raise TypeError(
            "The vote matrix: argument must be a string or a number in every cell; got "
            f"{odd[0]!r} of type {type(odd[0]).__name__}. A vote is a class, or -1, "
            "None or NaN for abstain."
        )
    raise TypeError(
        "The vote matrix mixes strings, numbers or booleans, for instance "
        f"{first_few(dict.fromkeys(values.tolist()), 4)}. Use one kind for all classes."
    )


def _read_cells(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where a dense array has votes, and the votes."""
    kind = cells.dtype.kind
    if kind == "O":
        return _read_objects(cells)
    if kind == "c":
        raise ValueError("Complex data not supported: votes are classes.")
    if kind not in "iufbU":
        raise TypeError(
            f"Votes are numbers or strings; got an array of dtype {cells.dtype}."
        )
    if kind in "if":
        cast = cells != ABSTAIN
        if kind == "f":
            cast &= ~np.isnan(cells)
    else:
        cast = np.ones(cells.shape, dtype=bool)
    return cast, cells[cast]


def read_votes(X: Any, lf_names: Sequence[Any] | None = None) -> CastVotes:
    """Read a dense or sparse vote matrix.

    Parameters
    ----------
    X : ndarray or sparse matrix of shape (n_samples, n_lfs)
        Votes, any dtype. Already two-dimensional.
    lf_names : sequence of length n_lfs, default=None
        Names for error messages; positions if None.

    Returns
    -------
    votes : CastVotes
        The cast votes with their own values: numbers or strings.

    Raises
    ------
    ValueError
        If a value is infinite or complex, a stored sparse value is negative, a sparse
        position repeats, or a string is empty or ``'-1'``.
    TypeError
        If a cell is neither a string nor a number, or both kinds are mixed, or the
        sparse format cannot tell an abstention from class 0 (BSR, DIA).
    """
    names = range(X.shape[1]) if lf_names is None else lf_names
    if sparse.issparse(X):
        if X.format in {"bsr", "dia"}:
            raise TypeError(
                f"Votes in sparse format {X.format!r} cannot tell an abstention from "
                "a vote for class 0. Use CSR, or votes_to_sparse on the dense votes."
            )
        csr = X.tocsr()  # sums what repeats in COO
        if not csr.has_canonical_format:
            csr = csr.copy()
            csr.sum_duplicates()
        if csr.nnz != X.nnz:
            raise ValueError(
                "A sparse vote matrix stores at most one vote per sample and LF; "
                f"got {X.nnz - csr.nnz} entries that repeat a position. Keep one."
            )
        check_stored_votes(csr, names)
        votes = CastVotes(
            csr.indptr.astype(np.int64), csr.indices, csr.data, csr.shape[1]
        )
        if csr.dtype.kind == "f" and np.isnan(csr.data).any():
            votes = votes.take_votes(~np.isnan(csr.data))
    else:
        cells = np.asarray(X)
        cast, values = _read_cells(cells)
        indptr = np.concatenate([[0], np.cumsum(cast.sum(axis=1))])
        lf = np.nonzero(cast)[1].astype(np.int32)
        votes = CastVotes(indptr, lf, values, cells.shape[1])
    return _check_values(votes, names)


def _where(votes: CastVotes, bad: np.ndarray, names: Sequence[Any]) -> str:
    """Say how many votes are bad and where the first one is."""
    first = int(np.argmax(bad))
    row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
    name = plain(names[votes.lf[first]])
    return f"{int(bad.sum())} vote(s), first at row {row}, LF {name!r}"


def _check_values(votes: CastVotes, names: Sequence[Any]) -> CastVotes:
    """Refuse values that no vote can have; integral floats become integers."""
    values = votes.value
    if values.dtype.kind == "f":
        bad = np.isinf(values)
        if bad.any():
            raise ValueError(
                f"Votes must be finite; got infinity in {_where(votes, bad, names)}. "
                "An abstention is -1 or NaN."
            )
        rounded = np.rint(values)
        if np.array_equal(rounded, values) and np.all(np.abs(values) < 2**53):
            return CastVotes(
                votes.indptr, votes.lf, rounded.astype(np.int64), votes.n_lfs
            )
    elif not is_numeric(values):
        bad = (values == "") | (values == str(ABSTAIN))
        if values.dtype.kind == "U":
            # What numpy makes of a NaN that it packs together with strings.
            bad |= values == "nan"
        if bad.any():
            raise ValueError(
                "A vote is a class name or None; got "
                f"{plain(values[np.argmax(bad)])!r} in {_where(votes, bad, names)}. "
                "Use None or NaN for abstain, in an array of dtype object."
            )
    return votes


def is_crowd_labels(X: Any) -> bool:
    """Tell whether X is a CrowdLabels; `sklabel.lf` cannot be imported here."""
    return hasattr(X, "judgements_of")


def read_any_votes(votes: Any) -> CastVotes:
    """Read votes in any form that a user may hold."""
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
    if isinstance(votes, pd.DataFrame):
        return read_votes(frame_to_array(votes), list(votes.columns))
    matrix = votes if sparse.issparse(votes) else np.asarray(votes)
    if not isinstance(votes, np.ndarray) and matrix.dtype.kind == "U":
        # numpy wrote the numbers and NaN between the strings as strings.
        matrix = np.asarray(votes, dtype=object)
    if matrix.ndim != 2:
        raise ValueError(
            f"Votes must be two-dimensional, samples by LFs; got {matrix.ndim} "
            "dimension(s). Reshape your data with votes.reshape(-1, 1) if it holds "
            "one LF."
        )
    return read_votes(matrix)


def frame_to_array(frame: pd.DataFrame) -> np.ndarray:
    """Turn a DataFrame into an array with its gaps; nullable numbers become floats."""
    dtypes = list(frame.dtypes)
    if all(pd.api.types.is_numeric_dtype(dtype) for dtype in dtypes):
        nullable = any(pd.api.types.is_extension_array_dtype(d) for d in dtypes)
        kinds = {dtype.kind for dtype in dtypes}
        if nullable or ("b" in kinds and len(kinds) > 1):
            return frame.to_numpy(dtype=np.float64, na_value=np.nan)
    if any(isinstance(dtype, pd.CategoricalDtype) for dtype in dtypes):
        # pandas casts integer categories to int64, gaps included, without an error.
        frame = frame.astype(object)
    return frame.to_numpy()
