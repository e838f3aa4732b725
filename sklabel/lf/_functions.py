"""Any Python functions as labeling functions."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, TypeVar, overload

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import (
    StrOptions,
    first_few,
    plain,
    warn,
)
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._labels import check_classes, tidy_text
from sklabel.votes._named import ABSTAIN, NamedVotes

LabelingFunction = TypeVar("LabelingFunction", bound=Callable[..., Any])


@overload
def labeling_function(function: LabelingFunction) -> LabelingFunction: ...
@overload
def labeling_function(
    function: None = None, *, name: str | None = None, vectorized: bool = False
) -> Callable[[LabelingFunction], LabelingFunction]: ...
def labeling_function(
    function: Any = None, *, name: str | None = None, vectorized: bool = False
) -> Any:
    """Mark a function as a labeling function.

    The function itself comes back, with the attributes `lf_name` and
    `lf_vectorized`, so it can be called, tested and pickled as before.

    Parameters
    ----------
    function : callable, default=None
        The function, when the decorator is used bare.
    name : str, default=None
        Name of the LF. If None, the name of the function.
    vectorized : bool, default=False
        False: the function gets one row and returns one vote. True: it gets the whole
        X and returns one vote per row.

    Returns
    -------
    function : callable
        The same function, or a decorator if called with arguments only.

    Raises
    ------
    TypeError
        If `function` is not callable or takes no attributes.

    See Also
    --------
    LFTransformer : Applies labeling functions.

    Examples
    --------
    >>> from sklabel import ABSTAIN, labeling_function
    >>> @labeling_function
    ... def mentions_rain(x):
    ...     return 0 if "rain" in x.text else ABSTAIN
    >>> @labeling_function(name="sun", vectorized=True)
    ... def mentions_sun(X):
    ...     return X["text"].str.contains("sun").map({True: 1, False: ABSTAIN})
    >>> mentions_sun.lf_name
    'sun'
    """

    def mark(function: Any) -> Any:
        if not callable(function):
            raise TypeError(
                "labeling_function marks a function; got "
                f"{type(function).__name__}. Name and options go by keyword: "
                "@labeling_function(name='...')."
            )
        try:
            function.lf_name = name or _plain_name(function)
            function.lf_vectorized = vectorized
        except AttributeError:
            raise TypeError(
                f"labeling_function cannot mark a {type(function).__name__}: it takes "
                "no attributes. Wrap it in a function, or pass ('name', function) to "
                "LFTransformer."
            ) from None
        return function

    return mark if function is None else mark(function)


class Row:
    """One row of a DataFrame: `row.column` and `row["column"]` give the cell.

    Parameters
    ----------
    cells : dict
        Column name to cell.
    """

    __slots__ = ("_cells",)

    def __init__(self, cells: dict[Any, Any]) -> None:
        self._cells = cells

    def __getattr__(self, name: str) -> Any:
        # Unpickling and copying look for special names before there are cells.
        if name.startswith("__") or name == "_cells":
            raise AttributeError(name)
        try:
            return self._cells[name]
        except KeyError:
            raise AttributeError(self._lacks(name)) from None

    def __getitem__(self, name: Any) -> Any:
        try:
            return self._cells[name]
        except KeyError:
            raise KeyError(self._lacks(name)) from None

    def __contains__(self, name: Any) -> bool:
        return name in self._cells

    def get(self, name: Any, default: Any = None) -> Any:
        """Return a cell, or the default where there is no such column.

        Parameters
        ----------
        name : hashable
            Column name.
        default : object, default=None
            What to return otherwise.

        Returns
        -------
        cell : object
            The cell.
        """
        return self._cells.get(name, default)

    def __repr__(self) -> str:
        return f"Row({self._cells!r})"

    def _lacks(self, name: Any) -> str:
        return f"The row has no column {name!r}; it has {first_few(self._cells, 20)}."


class LFTransformer(BaseLFTransformer):
    """Apply Python functions as labeling functions.

    Each function returns a class, or -1 or None to abstain. Row functions cost one
    Python call per row and function; mark a function that works on whole columns with
    ``@labeling_function(vectorized=True)`` where speed matters.

    Parameters
    ----------
    lfs : sequence of callables or of (name, callable) pairs
        The functions. A row function gets a row with `x.column` and `x["column"]` if
        X is a DataFrame (of pandas, polars or pyarrow), else a 1-D array. A vectorised
        one gets X as it is, and may return a Series of any of these libraries.
    classes : array-like of shape (n_classes,), default=None
        What the functions may return besides abstaining: strings or integers. If None,
        any integer of 0 or more. If -1 is one of them, functions abstain by None, NaN,
        pd.NA or the object `ABSTAIN`, and a vectorised function by a missing value in
        an array of floats or objects.
    on_error : {'raise', 'abstain'}, default='raise'
        What to do when a row function raises: stop with its error, or abstain and
        warn once with the number of errors. An error in a vectorised function, or a
        return value that is not a vote, always stops.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array.
    n_jobs : int, default=None
        Processes that call row functions, each on a part of the rows; worth it for
        functions that take milliseconds. None means 1 unless in a
        :func:`joblib.parallel_config` context, -1 all cores.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes; only if `classes` is given.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X; only if X had string column names.

    See Also
    --------
    labeling_function : Names a function and says whether it is vectorised.
    RegexLFTransformer : Keywords and regular expressions, thousands at once.
    EstimatorLF : A classifier as a labeling function.
    WorkerLFTransformer : One labeling function per crowd worker.

    Notes
    -----
    Functions of other tools work unchanged if they are callable with a row and have a
    `name` or a `__name__`. A function that returns True or False is refused: it
    mixes up "yes" with class 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import ABSTAIN, LFTransformer, labeling_function
    >>> @labeling_function
    ... def mentions_rain(x):
    ...     return 0 if "rain" in x.text else ABSTAIN
    >>> X = pd.DataFrame({"text": ["rain again", "sunny"]})
    >>> LFTransformer([mentions_rain]).fit_transform(X)
    array([[ 0],
           [-1]], dtype=int8)
    """

    _parameter_constraints = {
        "lfs": ["array-like"],
        "classes": ["array-like", None],
        "on_error": [StrOptions({"raise", "abstain"})],
        "sparse_output": ["boolean"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        lfs: Sequence[Any] = (),
        *,
        classes: ArrayLike | None = None,
        on_error: str = "raise",
        sparse_output: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self.lfs = lfs
        self.classes = classes
        self.on_error = on_error
        self.sparse_output = sparse_output
        self.n_jobs = n_jobs

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> LFTransformer:
        """Check the functions and remember the columns; call none of them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples; cells may hold anything.
        y : None
            Ignored.

        Returns
        -------
        self : LFTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is no function, a name is missing or repeats.
        TypeError
            If something among `lfs` is not callable.
        """
        self._validate_params()
        self._check_samples(X, reset=True)
        self._functions = _named_functions(self.lfs)
        self.__dict__.pop("classes_", None)  # of an earlier fit
        if self.classes is not None:
            self.classes_ = _check_function_classes(self.classes)
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the vote of every function on every row.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            int8 where it is large enough; -1, or not stored, for abstain. NamedVotes,
            or a VoteMatrix with names, if `classes` are strings or below 0.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        TypeError
            If a function returns something that is not a vote.
        ValueError
            If X has other columns than in `fit`, a column name twice, or a vectorised
            function returns another number of votes than X has rows or a Series with
            another index.
        Exception
            Whatever a function raises, with its name and the row as a note.
        """
        check_is_fitted(self)
        frame, X = X, self._check_samples(X, reset=False)
        if isinstance(X, np.ndarray):
            frame = X
        reader = _VoteReader(self.classes)
        by_row = [pair for pair in self._functions if not _is_vectorized(pair[1])]
        returned: Iterator[list[Any]] | None = None
        columns = []
        for name, function in self._functions:
            if not _is_vectorized(function):
                if returned is None:
                    returned = iter(self._call_by_row(by_row, X))
                columns.append(reader.read_cells(name, next(returned)))
                continue
            try:
                column = function(frame)
            except Exception as error:
                error.add_note(f"Vectorised labeling function {name!r} failed.")
                raise
            column = as_pandas(column, where=f"What {name} returns")
            columns.append(reader.read_column(name, column, frame))
        dense = np.column_stack(columns)
        if self.classes is not None:
            return self._dense_as_votes(dense, self.classes_, X)
        # The functions may return any integer: what they returned are the classes.
        classes, codes = np.unique(dense[dense != ABSTAIN], return_inverse=True)
        dense[dense != ABSTAIN] = codes
        return self._dense_as_votes(dense, classes, X)

    def _call_by_row(
        self, functions: list[tuple[str, Callable[..., Any]]], X: Any
    ) -> list[list[Any]]:
        """Call row functions on every row; return what each returned."""
        if not functions:
            return []
        rows = list(_rows(X))
        n_parts = min(effective_n_jobs(self.n_jobs), len(rows))
        cuts = np.linspace(0, len(rows), n_parts + 1).astype(int)
        call = _call_in_process if n_parts > 1 else _call_on_rows
        parts = Parallel(n_jobs=n_parts)(
            delayed(call)(functions, rows[a:b], int(a), self.on_error)
            for a, b in pairwise(cuts)
        )
        columns = []
        for (name, _), *results in zip(functions, *parts, strict=True):
            columns.append([vote for votes, _ in results for vote in votes])
            failed = [failure for _, failures in results for failure in failures]
            if failed:
                warn(
                    f"Labeling function {name!r} raised on {len(failed)} of "
                    f"{len(rows)} rows, which count as abstentions; first at row "
                    f"{failed[0][0]}: {failed[0][1]}.",
                )
        return columns

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the labeling functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the columns of `fit` if given; the names do not depend on it.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            Names in the order of `lfs`.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        self._check_input_features(input_features)
        return np.asarray([name for name, _ in self._functions], dtype=object)


def _is_vectorized(function: Any) -> bool:
    """Tell whether a function takes all rows at once."""
    return getattr(function, "lf_vectorized", False)


def _call_on_rows(
    functions: list[tuple[str, Callable[..., Any]]],
    rows: list[Any],
    start: int,
    on_error: str,
) -> list[tuple[list[Any], list[tuple[int, str]]]]:
    """Return, for each function, its votes on the rows and the rows where it failed.

    Row numbers count from `start`.
    """
    results = []
    for name, function in functions:
        votes, failed = [], []
        for i, row in enumerate(rows, start):
            try:
                votes.append(function(row))
            except Exception as error:
                if on_error == "raise":
                    error.add_note(f"Labeling function {name!r} failed at row {i}.")
                    raise
                failed.append((i, repr(error)))
                votes.append(ABSTAIN)
        results.append((votes, failed))
    return results


def _call_in_process(*args: Any) -> list[tuple[list[Any], list[tuple[int, str]]]]:
    """Do the same in another process, which can only return what can be pickled."""
    try:
        return _call_on_rows(*args)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))
        except Exception:
            portable = RuntimeError(f"{type(error).__name__}: {error}")
            for note in getattr(error, "__notes__", []):
                portable.add_note(note)
            raise portable from None
        raise


def _plain_name(function: Any) -> str:
    """Return the name that a function goes by, '' if it has none."""
    for attribute in ("lf_name", "name", "__name__"):
        name = getattr(function, attribute, None)
        if isinstance(name, str) and name != "<lambda>":
            return name
    return ""


def _named_functions(lfs: Sequence[Any]) -> list[tuple[str, Callable[..., Any]]]:
    """Return (name, function) pairs with distinct names."""
    if len(lfs) == 0:
        raise ValueError(
            "LFTransformer has no labeling function: lfs is empty. Pass a list of "
            "functions."
        )
    named = []
    for position, entry in enumerate(lfs):
        if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str):
            name, function = entry
        else:
            name, function = _plain_name(entry), entry
        if not callable(function):
            raise TypeError(
                f"lfs must hold functions or (name, function) pairs; got {entry!r} at "
                f"position {position}."
            )
        if not name:
            raise ValueError(
                f"The labeling function at position {position} has no name. Pass a "
                "pair ('name', function), or use @labeling_function(name='...')."
            )
        named.append((name, function))
    names = pd.Index([name for name, _ in named])
    if names.has_duplicates:
        raise ValueError(
            "Labeling functions need distinct names; these repeat: "
            f"{first_few(names[names.duplicated()].unique())}."
        )
    return named


def _rows(X: Any) -> Iterator[Any]:
    """Iterate over the rows as a row function sees them."""
    if not isinstance(X, pd.DataFrame):
        yield from X
        return
    names = list(X.columns)
    if X.columns.has_duplicates:
        raise ValueError(
            "Rows need distinct column names; these repeat in X: "
            f"{first_few(X.columns[X.columns.duplicated()].unique())}."
        )
    columns = [X.iloc[:, j].tolist() for j in range(X.shape[1])]
    for cells in zip(*columns, strict=True):
        yield Row(dict(zip(names, cells, strict=True)))


def _check_function_classes(classes: ArrayLike) -> np.ndarray:
    """Return the classes that functions may return, strings or integers."""
    known = check_classes(classes)
    if known.dtype.kind == "f":
        raise ValueError(
            "classes of LFTransformer must be strings or integers; got "
            f"{known.tolist()!r}."
        )
    return known


class _VoteReader:
    """Turns what functions return into votes, or says what is wrong with it.

    A vote is a position in the classes; without classes, the integer itself.
    """

    def __init__(self, classes: ArrayLike | None) -> None:
        self.index: dict[Any, int] | None = None
        self.classes: list[Any] | None = None
        self.are_bools = False
        if classes is None:
            return
        self.classes = _check_function_classes(classes).tolist()
        self.index = {c: k for k, c in enumerate(self.classes)}
        self.are_bools = all(isinstance(plain(c), bool) for c in np.asarray(classes))

    def read_column(self, name: str, returned: Any, X: Any) -> np.ndarray:
        """Return the votes of a vectorised function as an array of integers.

        Parameters
        ----------
        name : str
            Name of the function, for messages.
        returned : array-like of shape (n_samples,)
            What it returned.
        X : DataFrame or ndarray of shape (n_samples, n_features)
            What it got.

        Returns
        -------
        votes : ndarray of shape (n_samples,), int64
            -1 for abstain.
        """
        is_list = isinstance(returned, list | tuple)
        if not is_list and (sparse.issparse(returned) or np.ndim(returned) != 1):
            raise TypeError(
                f"{name} returned {type(returned).__name__}; a vectorised labeling "
                "function returns a one-dimensional array with one vote per row."
            )
        if len(returned) != len(X):
            raise ValueError(
                f"{name} returned {len(returned)} votes for {len(X)} rows; a "
                "vectorised labeling function returns one vote per row."
            )
        if is_list:
            return self.read_cells(name, returned)
        column = returned if isinstance(returned, pd.Series) else pd.Series(returned)
        aligned = getattr(X, "index", column.index)
        if not (
            column.index.equals(aligned) or column.index.equals(pd.RangeIndex(len(X)))
        ):
            raise ValueError(
                f"{name} returned a Series whose index is not the index of X, so its "
                "rows may be in another order. Return it in the order of X, or as an "
                "array."
            )
        if column.dtype == object:
            return self.read_cells(name, column.tolist())
        if self.index is not None and ABSTAIN in self.index:
            self._refuse_either(name, column)
        code, values = pd.factorize(column)
        votes = [
            self._read(name, vote, int(np.argmax(code == k)))
            for k, vote in enumerate(values.tolist())
        ]
        # A missing value has code -1, which indexes the last entry.
        return np.asarray([*votes, ABSTAIN], dtype=np.int64)[code]

    def _refuse_either(self, name: str, column: pd.Series) -> None:
        """Raise where -1 may be a class as well as an abstention."""
        if column.dtype.kind not in "iu" or column.isna().any():
            return
        n_minus_one = int((column == ABSTAIN).sum())
        if n_minus_one:
            raise TypeError(
                f"{name} returned integers of which {n_minus_one} are -1, and -1 is "
                f"one of the classes {self.classes!r}: it cannot be told from an "
                "abstention. Return floats or objects with NaN or None for abstain."
            )

    def read_cells(self, name: str, cells: Sequence[Any]) -> np.ndarray:
        """Return the votes of a function, one cell per row, as an array of integers.

        Parameters
        ----------
        name : str
            Name of the function, for messages.
        cells : sequence of length n_samples
            What it returned.

        Returns
        -------
        votes : ndarray of shape (n_samples,), int64
            -1 for abstain.
        """
        return np.fromiter(
            (self._read(name, plain(cell), i) for i, cell in enumerate(cells)),
            dtype=np.int64,
            count=len(cells),
        )

    def _read(self, name: str, vote: Any, row: int) -> int:
        """Return one vote as an integer."""
        if vote is None or vote is pd.NA or vote is pd.NaT or vote is ABSTAIN:
            return ABSTAIN
        if isinstance(vote, float):
            if np.isnan(vote):
                return ABSTAIN
            vote = int(vote) if vote.is_integer() else vote
        is_label = isinstance(vote, int | str) and not isinstance(vote, bool)
        if is_label or (self.are_bools and isinstance(vote, bool)):
            if self.index is not None:
                position = self.index.get(vote)
                if position is None and isinstance(vote, str):
                    position = self.index.get(tidy_text(vote))
                if position is not None:
                    return position
            if vote == ABSTAIN:
                return ABSTAIN
            if self.index is None and isinstance(vote, int) and 0 <= vote < 2**63:
                return vote
        allowed = f"one of the classes {self.classes!r}"
        if self.classes is None:
            allowed = "a class (an integer of 0 or more; pass classes=[...] for others)"
        shown = repr(vote)
        raise TypeError(
            f"{name} returned {shown if len(shown) <= 80 else shown[:77] + '...'} for "
            f"row {row}; a labeling function returns {allowed} or ABSTAIN (-1)."
        )
