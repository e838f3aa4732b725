"""Dense votes whose classes are names or negative numbers."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, is_text, plain
from sklabel.votes._labels import joined_classes


class _Abstain(int):
    """The number -1 that is known to mean 'abstain', also where -1 is a class."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "ABSTAIN"


ABSTAIN = _Abstain(-1)


def vote_for_themselves(classes: np.ndarray) -> bool:
    """Tell whether classes are their own votes: integers of 0 or more.

    Such votes need no names: an array of them says what they mean, and -1 is free.
    """
    return classes.dtype.kind in "iu" and int(classes.min(initial=0)) >= 0


def code_dtype(largest: int) -> type[np.signedinteger]:
    """Return the smallest signed integer dtype that holds a number and -1."""
    for dtype in (np.int8, np.int16, np.int32):
        if largest <= np.iinfo(dtype).max:
            return dtype
    return np.int64


class NamedVotes:
    """Dense votes that know the names of their classes.

    What an LF transformer returns where an integer could not say what it means:
    classes that are strings, or numbers below 0. It shows labels, and None for an
    abstention. ``FeatureUnion``, ``ColumnTransformer`` and ``numpy.hstack`` keep the
    names, slices and pickles too. ``numpy.asarray`` gives labels, never positions.

    Parameters
    ----------
    codes : ndarray of shape (n_samples, n_lfs), signed integers
        Position of each vote in `classes`, -1 for abstain.
    classes : array-like of shape (n_classes,)
        The classes.

    Attributes
    ----------
    codes, classes : ndarray
        As given.
    shape : tuple of int
        (n_samples, n_lfs).

    See Also
    --------
    VoteMatrix : The sparse form.

    Examples
    --------
    >>> from sklabel.votes import NamedVotes
    >>> votes = NamedVotes.from_labels([["ham", None], ["spam", "ham"]])
    >>> votes
    NamedVotes(2 samples, 2 LFs, classes=['ham', 'spam'])
    [['ham' None]
     ['spam' 'ham']]
    >>> int((votes == "ham").sum())
    2
    """

    ndim = 2
    # numpy leaves comparisons with arrays to this class.
    __array_ufunc__ = None

    def __init__(self, codes: np.ndarray, classes: ArrayLike) -> None:
        self.codes = np.asarray(codes)
        self.classes = np.asarray(classes)
        if self.codes.ndim != 2 or self.codes.dtype.kind != "i":
            raise ValueError(
                "codes must be a two-dimensional array of signed integers, samples by "
                f"LFs; got {self.codes.ndim} dimension(s) of {self.codes.dtype}."
            )

    @classmethod
    def from_labels(
        cls, labels: ArrayLike, *, classes: ArrayLike | None = None
    ) -> NamedVotes:
        """Build from a table of labels.

        Parameters
        ----------
        labels : array-like or DataFrame of shape (n_samples, n_lfs)
            Labels; NaN, None and pd.NA mean abstain. -1 is a label like any other.
        classes : array-like of shape (n_classes,), default=None
            The classes, with all labels among them. If None, the labels, sorted.

        Returns
        -------
        votes : NamedVotes
            The votes.

        Raises
        ------
        ValueError
            If a label is not one of `classes`, or there is none.
        TypeError
            If labels mix strings and numbers.
        """
        from sklabel.votes._read import named_from_labels

        return named_from_labels(labels, classes)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of samples and LFs."""
        return self.codes.shape

    @property
    def dtype(self) -> np.dtype:
        """Dtype of the array of labels."""
        return np.dtype(object)

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.codes.size

    def labels(self) -> np.ndarray:
        """Return the votes as labels.

        Returns
        -------
        labels : ndarray of shape (n_samples, n_lfs), object
            Labels, None for abstain.
        """
        return _labels_of(self.codes, self.classes)

    def isna(self) -> np.ndarray:
        """Mark the abstentions.

        Returns
        -------
        abstains : ndarray of shape (n_samples, n_lfs), bool
            True where an LF abstains.
        """
        return self.codes == ABSTAIN

    def to_frame(
        self, columns: Sequence[Any] | None = None, index: Any = None
    ) -> pd.DataFrame:
        """Return the votes as a table that keeps the names.

        Parameters
        ----------
        columns : sequence of length n_lfs, default=None
            Names of the LFs.
        index : array-like of shape (n_samples,), default=None
            Index of the table.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_lfs)
            Categorical columns, whose categories are the classes; NaN for abstain.
        """
        dtype = pd.CategoricalDtype(categories_of(self.classes))
        names = range(self.shape[1]) if columns is None else columns
        frame = pd.DataFrame(
            {
                j: pd.Categorical.from_codes(column, dtype=dtype)
                for j, column in enumerate(self.codes.T)
            },
            index=pd.RangeIndex(self.shape[0]) if index is None else index,
        )
        frame.columns = pd.Index(names)
        return frame

    def tolist(self) -> list[list[Any]]:
        """Return the labels as nested lists.

        Returns
        -------
        labels : list of list
            None for abstain.
        """
        return self.labels().tolist()

    def copy(self) -> NamedVotes:
        """Return a copy.

        Returns
        -------
        votes : NamedVotes
            With codes of its own.
        """
        return NamedVotes(self.codes.copy(), self.classes)

    def with_classes(self, classes: np.ndarray) -> NamedVotes:
        """Return the same votes in a larger alphabet.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            Holds all of the present classes.

        Returns
        -------
        votes : NamedVotes
            The same labels.
        """
        if np.array_equal(classes, self.classes):
            return self
        at = pd.Index(classes).get_indexer(pd.Index(self.classes))
        moved = np.append(at, -1)[self.codes]
        return NamedVotes(moved.astype(code_dtype(len(classes))), classes)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.labels())

    def __getitem__(self, key: Any) -> Any:
        """Return some rows and columns; one row or column as an array of labels."""
        part = self.codes[key]
        if isinstance(part, np.ndarray):
            if part.ndim == 2:
                return NamedVotes(part, self.classes)
            return _labels_of(part, self.classes)
        return None if part == ABSTAIN else plain(self.classes[part])

    def __eq__(self, other: object) -> Any:
        if isinstance(other, NamedVotes):
            if other.shape != self.shape:
                return False
            classes = joined_alphabet([self, other])
            ours, theirs = self.with_classes(classes), other.with_classes(classes)
            return ours.codes == theirs.codes
        if isinstance(other, np.ndarray | list | pd.DataFrame):
            cells = np.array(other, dtype=object)
            # NaN and pd.NA are abstentions too, and equal nothing by themselves.
            cells[pd.isna(cells)] = None
            return np.asarray(self.labels() == cells, dtype=bool)
        if other is None or other is ABSTAIN or other is pd.NA:
            return self.isna()
        position = [i for i, c in enumerate(self.classes.tolist()) if c == other]
        if not position:
            # As in votes without names, -1 means abstain unless it is a class.
            is_gap = not isinstance(other, str) and other == ABSTAIN
            return self.isna() if is_gap else np.zeros(self.shape, dtype=bool)
        return self.codes == position[0]

    def __ne__(self, other: object) -> Any:
        equal = self.__eq__(other)
        return ~equal if isinstance(equal, np.ndarray) else not equal

    __hash__ = None  # type: ignore[assignment]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return labels, None for abstain; refused where -1 is a class."""
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("scipy.sparse"):
            # It stacks blocks, and its own error would not say what to do.
            raise TypeError(
                "Dense votes that know their classes stand beside sparse ones, and "
                "scipy cannot stack them (FeatureUnion, ColumnTransformer, hstack): "
                "put sklabel.lf.LFUnion in its place, or give every LF transformer "
                "the same sparse_output."
            )
        if not is_text(self.classes) and ABSTAIN in self.classes:
            raise TypeError(
                f"These votes are for the classes {first_few(self.classes)}. In a "
                "plain array, nobody can tell the class -1 from an abstention. Pass "
                "the votes as they are, use votes.to_frame(), or take votes.labels(), "
                "where None means abstain."
            )
        labels = self.labels()
        return labels if dtype is None else labels.astype(dtype)

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Join votes side by side or below each other; all else sees labels."""
        axis = {
            np.hstack: 1,
            np.column_stack: 1,
            np.vstack: 0,
            np.concatenate: kwargs.get("axis", args[1] if len(args) > 1 else 0),
        }.get(function)
        if axis in {0, 1, -1, -2} and function is not np.array_equal:
            return join_votes(list(args[0]), axis=axis % 2)
        plain_args = [_without_names(arg) for arg in args]
        plain_kwargs = {name: _without_names(arg) for name, arg in kwargs.items()}
        return function(*plain_args, **plain_kwargs)

    def __repr__(self) -> str:
        head = (
            f"NamedVotes({self.shape[0]} samples, {self.shape[1]} LFs, "
            f"classes=[{first_few(self.classes)}])"
        )
        return f"{head}\n{self.labels()}"


def categories_of(classes: np.ndarray) -> pd.Index:
    """Return classes as categories: numbers as objects.

    In categories of integers, -1 could be the abstention of integer votes.
    """
    return pd.Index(classes) if is_text(classes) else pd.Index(classes, dtype=object)


def _labels_of(codes: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return labels for positions, None for -1."""
    names = np.empty(len(classes) + 1, dtype=object)
    names[:-1] = classes.tolist()  # the entry at the end, which -1 takes, is None
    return names[codes]


def _without_names(value: Any) -> Any:
    """Turn votes into arrays of labels, also those in a list."""
    if isinstance(value, NamedVotes):
        return value.labels()
    if isinstance(value, list | tuple):
        return type(value)(_without_names(item) for item in value)
    return value


def joined_alphabet(blocks: Sequence[Any]) -> np.ndarray:
    """Return the classes of blocks of votes that stand side by side.

    Parameters
    ----------
    blocks : sequence of NamedVotes, or of others with `classes`
        The blocks.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The classes of all of them.

    Raises
    ------
    ValueError
        If some are strings and others numbers.
    """
    alphabets = [np.asarray(block.classes) for block in blocks]
    refuse_two_kinds(alphabets)
    return joined_classes(alphabets)


def refuse_two_kinds(alphabets: list[np.ndarray]) -> None:
    """Raise if some blocks of votes are for names and others for numbers.

    Parameters
    ----------
    alphabets : list of ndarray
        The classes of each block.

    Raises
    ------
    ValueError
        If so; it lists the classes of both kinds.
    """
    kinds: dict[bool, dict[Any, None]] = {}
    for classes in alphabets:
        kinds.setdefault(is_text(classes), {}).update(dict.fromkeys(classes.tolist()))
    if len(kinds) > 1:
        shown = " and ".join(f"[{first_few(kind)}]" for kind in kinds.values())
        raise ValueError(_OTHER_KIND.format(shown))


_OTHER_KIND = (
    "Labeling functions vote for classes of different kinds: {}. Nobody can tell which "
    "number means which name: let all of them return the labels themselves, as in "
    "CrowdLabels.from_frame(..., classes=names), LFTransformer(..., classes=names) or "
    "PolarityLFTransformer(positive_class='Positive', negative_class='Negative')."
)


def join_votes(blocks: list[Any], *, axis: int) -> NamedVotes:
    """Join votes of which some know their classes.

    Parameters
    ----------
    blocks : list of NamedVotes or ndarray of shape (n_samples, n_lfs)
        Arrays hold integer votes, -1 for abstain.
    axis : {0, 1}
        0: below each other. 1: side by side.

    Returns
    -------
    votes : NamedVotes
        In the classes of all of them.

    Raises
    ------
    ValueError
        If classes are of different kinds.
    """
    named = [
        block if isinstance(block, NamedVotes) else _name_integers(block)
        for block in blocks
    ]
    filled = [block for block in named if len(block.classes)]
    classes = joined_alphabet(filled)
    largest = code_dtype(len(classes))
    codes = [
        block.with_classes(classes).codes if len(block.classes) else block.codes
        for block in named
    ]
    joined = np.concatenate(codes, axis=axis)
    return NamedVotes(joined.astype(largest, copy=False), classes)


def _name_integers(block: Any) -> NamedVotes:
    """Return integer votes as votes for the classes that they are."""
    array = np.asarray(block)
    if array.ndim == 2 and array.dtype.kind in "iub":
        array = array.astype(np.int64)
        classes = np.unique(array[array != ABSTAIN])
        if len(classes) == 0 or classes[0] >= 0:
            codes = np.searchsorted(classes, array)
            codes[array == ABSTAIN] = ABSTAIN
            return NamedVotes(codes.astype(code_dtype(len(classes))), classes)
    raise ValueError(
        "Votes that know their classes can be joined with others of this kind, or with "
        f"integer votes, -1 for abstain; got an array of {array.dtype} and shape "
        f"{array.shape}. Use LFUnion or FeatureUnion with LF transformers only."
    )
