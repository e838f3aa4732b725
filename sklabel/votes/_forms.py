"""The dense, sparse and long forms of a vote matrix, and how to convert them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_columns, first_few, is_text, plain
from sklabel.votes._cast import CastVotes, is_numeric
from sklabel.votes._labels import in_natural_order
from sklabel.votes._named import (
    ABSTAIN,
    NamedVotes,
    code_dtype,
    joined_alphabet,
    vote_for_themselves,
)
from sklabel.votes._read import (
    FIRST_NAMED,
    read_any_votes,
    read_votes,
)


class VoteMatrix(sparse.csr_matrix):
    """CSR votes that stay votes when they are made dense.

    An entry that is not stored is an abstention, a stored value is the vote.
    ``toarray`` and ``todense`` fill -1 where nothing is stored, so a
    ``ColumnTransformer`` that decides to densify its blocks returns correct votes.
    Slices, copies and pickles keep the class.

    Votes for classes that are names or numbers below 0 know them: `classes` is set, and
    the stored values are -2 for the first class, -3 for the second, and so on.

    ``FeatureUnion``, ``hstack``, ``.T`` and ``tocsc`` return scipy's own classes: make
    CSR dense with :func:`votes_to_dense`, never with its ``toarray``, and stack votes
    with :class:`~sklabel.LFUnion`. Where scipy dropped the names, label models see
    the values below -1 and refuse them.

    Parameters
    ----------
    arg1 : sparse matrix or tuple
        What :class:`scipy.sparse.csr_matrix` takes, except a dense array.
    *args, **kwargs
        Passed to :class:`scipy.sparse.csr_matrix`: shape, dtype, copy.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,) or None
        The classes; None if they are integers of 0 or more, which are their own votes.

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

    classes: np.ndarray | None = None

    def __init__(self, arg1: Any, *args: Any, **kwargs: Any) -> None:
        if not (sparse.issparse(arg1) or isinstance(arg1, tuple)):
            raise TypeError(
                "VoteMatrix cannot be built from a dense array: scipy drops its zeros, "
                "which are votes for class 0. Use votes_to_sparse."
            )
        super().__init__(arg1, *args, **kwargs)
        self.classes = getattr(arg1, "classes", None)

    @classmethod
    def named(cls, votes: Any, classes: np.ndarray) -> VoteMatrix:
        """Give names to a matrix that stores -2, -3, ... for the classes.

        Parameters
        ----------
        votes : CSR matrix of shape (n_samples, n_lfs)
            Votes that lost their names, as scipy stacks them.
        classes : ndarray of shape (n_classes,)
            The classes.

        Returns
        -------
        votes : VoteMatrix
            The same votes.
        """
        matrix = cls(votes)
        matrix.classes = np.asarray(classes)
        return matrix

    def _with_data(self, data: Any, copy: bool = True) -> VoteMatrix:
        return self._keeping(super()._with_data(data, copy))

    def copy(self) -> VoteMatrix:
        """Return a copy.

        Returns
        -------
        votes : VoteMatrix
            With arrays of its own.
        """
        return self._keeping(super().copy())

    def __getitem__(self, key: Any) -> Any:
        part = super().__getitem__(key)
        if isinstance(part, VoteMatrix):
            return self._keeping(part)
        if self.classes is not None and np.ndim(part) == 0:
            return plain(self.classes[FIRST_NAMED - part]) if part else None
        return part

    def _keeping(self, votes: Any) -> Any:
        """Give the classes to a part or a copy of these votes."""
        votes.classes = self.classes
        return votes

    def toarray(self, order: Any = None, out: Any = None) -> Any:
        """Return the dense form, -1 where an LF abstains.

        Parameters
        ----------
        order : {'C', 'F'}, default=None
            Memory layout of the result.
        out : ndarray of shape (n_samples, n_lfs), default=None
            Array to write to.

        Returns
        -------
        votes : ndarray or NamedVotes of shape (n_samples, n_lfs)
            The votes; a signed dtype.

        Raises
        ------
        TypeError
            If `out` is given and the votes know names, which it cannot hold.
        """
        dense = votes_to_dense(self)
        if isinstance(dense, NamedVotes):
            if out is not None:
                raise TypeError(
                    "Votes for the classes "
                    f"{first_few(dense.classes)} cannot be written to an array. Leave "
                    "out `out`, and take toarray().labels() for an array of labels."
                )
            return dense
        if out is not None:
            np.copyto(out, dense)  # refuses an unsigned dtype, where -1 would wrap
            return out
        return np.asarray(dense, order=order or "C")

    def todense(self, order: Any = None, out: Any = None) -> Any:
        """Return the dense form, as `toarray` does.

        Parameters
        ----------
        order : {'C', 'F'}, default=None
            Memory layout of the result.
        out : ndarray of shape (n_samples, n_lfs), default=None
            Array to write to.

        Returns
        -------
        votes : matrix or NamedVotes of shape (n_samples, n_lfs)
            A matrix for classes that are their own votes.
        """
        if self.classes is not None:
            return self.toarray(order, out)
        return super().todense(order, out)


def matrix_of(cast: CastVotes) -> VoteMatrix:
    """Store cast votes in a sparse vote matrix.

    Parameters
    ----------
    cast : CastVotes
        Labels that are integers of 0 or more, or votes that know their classes.

    Returns
    -------
    votes : VoteMatrix of shape (n_samples, n_lfs)
        CSR with explicit zeros for votes for class 0.
    """
    shape = (cast.n_samples, cast.n_lfs)
    names = cast.classes
    if names is None or vote_for_themselves(names):
        value, names = cast.labels(), None
        largest = value if cast.classes is None else cast.classes
        data = value.astype(code_dtype(int(largest.max(initial=0))))
    else:
        data = (FIRST_NAMED - cast.value).astype(code_dtype(len(names) + 1))
    matrix = VoteMatrix((data, cast.lf.astype(np.int32), cast.indptr), shape=shape)
    matrix.classes = names
    return matrix


def dense_of(cast: CastVotes) -> np.ndarray | NamedVotes:
    """Return cast votes that know their classes as a dense matrix.

    Parameters
    ----------
    cast : CastVotes
        Votes with `classes`.

    Returns
    -------
    votes : ndarray or NamedVotes of shape (n_samples, n_lfs)
        An array if the classes are their own votes.
    """
    classes = cast.classes
    assert classes is not None
    is_plain = vote_for_themselves(classes)
    largest = int(classes.max(initial=0)) if is_plain else len(classes)
    shape = (cast.n_samples, cast.n_lfs)
    dense = np.full(shape, ABSTAIN, dtype=code_dtype(largest))
    dense[cast.rows, cast.lf] = cast.labels() if is_plain else cast.value
    return dense if is_plain else NamedVotes(dense, classes)


def join_blocks(blocks: list[Any]) -> Any:
    """Put votes side by side, whatever form each block has.

    Parameters
    ----------
    blocks : list of ndarray, NamedVotes or sparse matrix
        Votes of the same samples.

    Returns
    -------
    votes : ndarray, NamedVotes or VoteMatrix
        Sparse if one block is; in the classes of all of them.

    Raises
    ------
    ValueError
        If classes are of different kinds.
    """
    if not any(sparse.issparse(block) for block in blocks):
        return np.hstack(blocks)
    casts = [read_votes(block) for block in blocks]
    named = [cast for cast in casts if cast.classes is not None]
    if named:
        plain_labels = [
            replace(c, classes=np.unique(c.value)) for c in casts if c.classes is None
        ]
        known = [c for c in named + plain_labels if len(np.asarray(c.classes))]
        classes = joined_alphabet(known)
        coded = [cast.encode(np.sort(classes))[0] for cast in casts]
        rank = np.argsort(classes, kind="stable")
        casts = [replace(c, value=rank[c.value], classes=classes) for c in coded]
    starts = np.cumsum([0, *(cast.n_lfs for cast in casts)])
    row = np.concatenate([cast.rows for cast in casts])
    lf = np.concatenate([c.lf + s for c, s in zip(casts, starts[:-1], strict=True)])
    value = np.concatenate([cast.value for cast in casts])
    order = np.lexsort((lf, row))
    indptr = np.concatenate(
        [[0], np.cumsum(np.sum([cast.counts for cast in casts], axis=0))]
    )
    joined = CastVotes(indptr, lf[order], value[order], int(starts[-1]))
    return matrix_of(replace(joined, classes=classes if named else None))


def votes_to_dense(votes: Any) -> np.ndarray | NamedVotes:
    """Make a vote matrix dense without turning abstentions into class 0.

    Parameters
    ----------
    votes : array-like or sparse matrix of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.

    Returns
    -------
    dense : ndarray or NamedVotes of shape (n_samples, n_lfs)
        Votes of the smallest signed integer dtype that holds them, -1 for abstain;
        an object array with None for abstain if the votes are strings; NamedVotes if
        the votes know the names of their classes.

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
    if cast.classes is not None:
        return dense_of(cast)
    shape = (cast.n_samples, cast.n_lfs)
    if is_numeric(cast.value):
        if cast.value.dtype.kind == "f":
            dense = np.full(shape, float(ABSTAIN))
        else:
            largest = int(cast.value.max(initial=0))
            smallest = int(cast.value.min(initial=0))
            dense = np.full(shape, ABSTAIN, dtype=code_dtype(max(largest, -smallest)))
    else:
        dense = np.full(shape, None, dtype=object)
    dense[cast.rows, cast.lf] = cast.value
    return dense


def votes_to_sparse(votes: Any) -> VoteMatrix:
    """Make a vote matrix sparse: one stored entry per cast vote.

    Parameters
    ----------
    votes : array-like or sparse matrix of shape (n_samples, n_lfs)
        Votes in any form that a label model reads, -1 / NaN / None for abstain.

    Returns
    -------
    sparse : VoteMatrix of shape (n_samples, n_lfs)
        CSR with explicit zeros for votes for class 0; it knows the names of classes.

    Raises
    ------
    ValueError
        If votes are fractions, or negative other than -1.

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
    if cast.classes is None and is_text(cast.value):
        cast = _with_names(cast)
    if cast.classes is None and (
        cast.value.dtype.kind not in "iub" or int(cast.value.min(initial=0)) < 0
    ):
        raise ValueError(
            "A sparse vote matrix holds classes that are names or integers of 0 or "
            f"more; got {first_few(cast.distinct_labels())}. Say what they are with "
            "NamedVotes.from_labels(labels)."
        )
    return matrix_of(cast)


def _with_names(cast: CastVotes) -> CastVotes:
    """Turn labels into positions among the names that occur."""
    names = in_natural_order(cast.distinct_labels()).astype(str)
    code, _ = cast.encode(np.sort(names))
    at = np.argsort(names, kind="stable")
    return replace(code, value=at[code.value], classes=names)


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
    votes = as_pandas(votes, where="A table of votes")
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
            "vote": cast.labels(),
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
        One row per vote.
    sample, lf, vote : str
        Names of the three columns.

    Returns
    -------
    votes : DataFrame of shape (n_samples, n_lfs)
        Integers of 0 or more: int8 where it is large enough, -1 for abstain. Names:
        categorical columns, NaN for abstain. Index and columns are sorted. A sample or
        LF without a vote is not in `long`, and so not here either.

    Raises
    ------
    ValueError
        If there is no row, a column is missing, an id or vote is missing, a
        (sample, lf) pair repeats, or a vote is a fraction or negative.
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
    long = as_pandas(long, where="The list of votes_from_long")
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
    # Nobody lists an abstention: a category of -1 is a class.
    categories = getattr(long[vote].dtype, "categories", None)
    cast = read_votes(long[[vote]], [vote], categories)
    if cast.classes is None and is_text(cast.value):
        cast = _with_names(cast)
    odd = cast.classes is None and (
        cast.value.dtype.kind not in "iu" or int(cast.value.min(initial=0)) < 0
    )
    if odd or len(cast.value) != len(long):
        raise ValueError(
            "votes_from_long: votes must be names or integers of 0 or more; got "
            f"{first_few(pd.unique(long[vote]))}. A categorical column may hold other "
            "numbers."
        )
    rows, row_ids = pd.factorize(_sortable(long[sample]), sort=True)
    columns, lf_ids = pd.factorize(_sortable(long[lf]), sort=True)
    largest = int(cast.value.max(initial=0))
    dense = np.full((len(row_ids), len(lf_ids)), ABSTAIN, dtype=code_dtype(largest))
    dense[rows, columns] = cast.value
    index = pd.Index(row_ids, name=sample)
    names = pd.Index(lf_ids, name=lf)
    if cast.classes is None:
        return pd.DataFrame(dense, index=index, columns=names)
    return NamedVotes(dense, cast.classes).to_frame(names, index)


def _sortable(ids: pd.Series) -> pd.Series:
    """Return ids that sort by themselves, unless they are categories with an order."""
    dtype = ids.dtype
    if isinstance(dtype, pd.CategoricalDtype) and not dtype.ordered:
        return ids.astype(dtype.categories.dtype)
    return ids
