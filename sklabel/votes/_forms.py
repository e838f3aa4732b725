"""The dense, sparse and long forms of a vote matrix, and the ways between them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklabel.utils._validation import check_columns, first_few, plain
from sklabel.votes._cast import (
    ABSTAIN,
    CastVotes,
    check_stored_votes,
    distinct,
    frame_to_array,
    is_numeric,
    read_any_votes,
    read_votes,
)


class VoteMatrix(sparse.csr_matrix):
    """CSR votes that stay votes when they are made dense.

    An entry that is not stored is an abstention, a stored value is the vote.
    ``toarray`` and ``todense`` fill -1 where nothing is stored, so a
    ``ColumnTransformer`` that decides to densify its blocks returns correct votes.
    Slices, copies and pickles keep the class.

    ``FeatureUnion``, ``hstack``, ``.T`` and ``tocsc`` return scipy's own classes: make
    CSR dense with :func:`votes_to_dense`, never with its ``toarray``.

    Parameters
    ----------
    arg1 : sparse matrix or tuple
        What :class:`scipy.sparse.csr_matrix` takes, except a dense array.
    *args, **kwargs
        Passed to :class:`scipy.sparse.csr_matrix`: shape, dtype, copy.

    Raises
    ------
    TypeError
        If it is built from a dense array: scipy would drop the votes for class 0.

    See Also
    --------
    votes_to_sparse : Builds it from dense votes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklabel.votes import VoteMatrix
    >>> VoteMatrix((np.array([0, 1]), ([0, 1], [0, 1])), shape=(2, 2)).toarray()
    array([[ 0, -1],
           [-1,  1]], dtype=int8)
    """

    def __init__(self, arg1: Any, *args: Any, **kwargs: Any) -> None:
        if not (sparse.issparse(arg1) or isinstance(arg1, tuple)):
            raise TypeError(
                "VoteMatrix cannot be built from a dense array: scipy drops its zeros, "
                "which are votes for class 0. Use votes_to_sparse."
            )
        super().__init__(arg1, *args, **kwargs)

    def toarray(self, order: Any = None, out: Any = None) -> np.ndarray:
        """Return the dense form, -1 where an LF abstains.

        Parameters
        ----------
        order : {'C', 'F'}, default=None
            Memory layout of the result.
        out : ndarray of shape (n_samples, n_lfs), default=None
            Array to write to.

        Returns
        -------
        votes : ndarray of shape (n_samples, n_lfs)
            The votes; a signed dtype.
        """
        dense = votes_to_dense(self)
        if out is not None:
            np.copyto(out, dense)  # refuses an unsigned dtype, where -1 would wrap
            return out
        return np.asarray(dense, order=order or "C")


def vote_dtype(largest: int) -> type[np.signedinteger]:
    """Return the smallest signed integer dtype that holds the votes and -1."""
    for dtype in (np.int8, np.int16, np.int32):
        if largest <= np.iinfo(dtype).max:
            return dtype
    return np.int64


def matrix_of(
    cast: CastVotes, dtype: type[np.signedinteger] | None = None
) -> VoteMatrix:
    """Store cast votes that are non-negative integers in a sparse vote matrix.

    Parameters
    ----------
    cast : CastVotes
        The votes.
    dtype : signed integer dtype, default=None
        Dtype of the stored votes. If None, the smallest that holds them.

    Returns
    -------
    votes : VoteMatrix of shape (n_samples, n_lfs)
        CSR with explicit zeros for votes for class 0.
    """
    if dtype is None:
        dtype = vote_dtype(int(cast.value.max(initial=0)))
    parts = cast.value.astype(dtype), cast.lf.astype(np.int32), cast.indptr
    return VoteMatrix(parts, shape=(cast.n_samples, cast.n_lfs))


def votes_to_dense(votes: Any) -> np.ndarray:
    """Make a vote matrix dense without turning abstentions into class 0.

    Parameters
    ----------
    votes : array-like or sparse matrix of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.

    Returns
    -------
    dense : ndarray of shape (n_samples, n_lfs)
        Votes of the smallest signed integer dtype that holds them, -1 for abstain;
        an object array with None for abstain if the votes are strings.

    Raises
    ------
    ValueError
        If the votes are not two-dimensional or not readable as votes.

    See Also
    --------
    votes_to_sparse : The way back.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> from sklabel.votes import votes_to_dense
    >>> votes_to_dense(csr_array(([0, 1], ([0, 1], [0, 0])), shape=(2, 2)))
    array([[ 0, -1],
           [ 1, -1]], dtype=int8)
    """
    cast = read_any_votes(votes)
    shape = (cast.n_samples, cast.n_lfs)
    if is_numeric(cast.value):
        if cast.value.dtype.kind == "f":
            dense = np.full(shape, float(ABSTAIN))
        else:
            largest = int(cast.value.max(initial=0))
            smallest = int(cast.value.min(initial=0))
            dense = np.full(shape, ABSTAIN, dtype=vote_dtype(max(largest, -smallest)))
    else:
        dense = np.full(shape, None, dtype=object)
    dense[cast.rows, cast.lf] = cast.value
    return dense


def votes_to_sparse(votes: Any) -> VoteMatrix:
    """Make a vote matrix sparse: one stored entry per cast vote.

    Parameters
    ----------
    votes : array-like or sparse matrix of shape (n_samples, n_lfs)
        Votes that are non-negative integers, -1 / NaN / None for abstain.

    Returns
    -------
    sparse : VoteMatrix of shape (n_samples, n_lfs)
        CSR with explicit zeros for votes for class 0.

    Raises
    ------
    ValueError
        If votes are strings, fractions, or negative other than -1.

    See Also
    --------
    votes_to_dense : The way back.

    Examples
    --------
    >>> from sklabel.votes import votes_to_sparse
    >>> votes_to_sparse([[0, -1], [1, -1]]).nnz
    2
    """
    cast = read_any_votes(votes)
    if cast.value.dtype.kind not in "iub":
        raise ValueError(
            "A sparse vote matrix holds non-negative integers; got "
            f"{first_few(distinct(cast.value))}. Give class indices instead."
        )
    result = matrix_of(cast)
    check_stored_votes(result, range(cast.n_lfs))
    return result


def votes_to_long(votes: Any, *, lf_names: Sequence[Any] | None = None) -> pd.DataFrame:
    """List the cast votes, one per row.

    Parameters
    ----------
    votes : array-like, DataFrame or sparse matrix of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.
    lf_names : sequence of length n_lfs, default=None
        Names of the columns. If None, the columns of a DataFrame, else positions.

    Returns
    -------
    long : DataFrame with the columns sample, lf, vote
        `sample` is the index label of a DataFrame, else the row number. Abstentions
        have no row.

    Raises
    ------
    ValueError
        If the votes are not two-dimensional or not readable as votes.

    See Also
    --------
    votes_from_long : The way back.

    Examples
    --------
    >>> from sklabel.votes import votes_to_long
    >>> votes_to_long([[0, -1], [1, 1]], lf_names=["a", "b"])
       sample lf  vote
    0       0  a     0
    1       1  a     1
    2       1  b     1
    """
    cast = read_any_votes(votes)
    names: Any = lf_names
    if names is None:
        names = votes.columns if isinstance(votes, pd.DataFrame) else range(cast.n_lfs)
    if len(names) != cast.n_lfs:
        raise ValueError(
            f"lf_names must name each of the {cast.n_lfs} columns; got {len(names)}."
        )
    samples: Any = (
        votes.index
        if isinstance(votes, pd.DataFrame)
        else pd.RangeIndex(cast.n_samples)
    )
    return pd.DataFrame(
        {
            "sample": samples.take(cast.rows),
            "lf": pd.Index(names).take(cast.lf),
            "vote": cast.value,
        }
    ).reset_index(drop=True)


def votes_from_long(
    long: pd.DataFrame,
    *,
    sample: str = "sample",
    lf: str = "lf",
    vote: str = "vote",
) -> pd.DataFrame:
    """Build the dense table, samples by LFs, from a list of votes.

    For crowd judgements with repeats, string labels or millions of rows use
    :class:`sklabel.CrowdLabels`, which keeps them sparse.

    Parameters
    ----------
    long : DataFrame
        One row per vote; votes are non-negative integers.
    sample, lf, vote : str
        Names of the three columns.

    Returns
    -------
    votes : DataFrame of shape (n_samples, n_lfs)
        int8 where it is large enough, -1 for abstain; index and columns sorted. A
        sample or LF without a vote is not in `long`, and so not here either.

    Raises
    ------
    ValueError
        If there is no row, a column is missing, an id or vote is missing, a
        (sample, lf) pair repeats, or a vote is not a non-negative integer.
    TypeError
        If `long` is not a DataFrame.

    See Also
    --------
    votes_to_long : The way back.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.votes import votes_from_long
    >>> long = pd.DataFrame(
    ...     {"sample": [7, 8, 8], "lf": ["a", "a", "b"], "vote": [0, 1, 1]}
    ... )
    >>> votes_from_long(long)
    lf      a  b
    sample
    7       0 -1
    8       1  1
    """
    if not isinstance(long, pd.DataFrame):
        raise TypeError(
            "votes_from_long needs a DataFrame with one vote per row; got "
            f"{type(long).__name__}."
        )
    check_columns(long, [sample, lf, vote], where="votes_from_long")
    if len(long) == 0:
        raise ValueError("votes_from_long: the frame is empty; it holds no vote.")
    if long[[sample, lf, vote]].isna().to_numpy().any():
        raise ValueError(
            "votes_from_long: an id or vote is missing. Drop those rows; an "
            "abstention has no row."
        )
    repeated = long.duplicated([sample, lf])
    if repeated.any():
        first = long.loc[repeated].iloc[0]
        raise ValueError(
            f"votes_from_long: {int(repeated.sum())} (sample, lf) pair(s) repeat, "
            f"first {plain(first[sample])!r}, {plain(first[lf])!r}. Keep one, or use "
            "CrowdLabels.from_frame(duplicates=...)."
        )
    values = read_votes(frame_to_array(long[[vote]]), [vote]).value
    if values.dtype.kind not in "iu" or len(values) != len(long) or values.min() < 0:
        raise ValueError(
            "votes_from_long: votes must be non-negative integers; got "
            f"{first_few(pd.unique(long[vote]))}."
        )
    rows, row_ids = pd.factorize(long[sample], sort=True)
    columns, lf_ids = pd.factorize(long[lf], sort=True)
    dense = np.full(
        (len(row_ids), len(lf_ids)), ABSTAIN, dtype=vote_dtype(int(values.max()))
    )
    dense[rows, columns] = values
    return pd.DataFrame(
        dense,
        index=pd.Index(row_ids, name=sample),
        columns=pd.Index(lf_ids, name=lf),
    )
