"""Cells of a table of votes: which of them are votes, and whether these can be."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, plain, warn
from sklabel.votes._cast import CastVotes, is_numeric
from sklabel.votes._labels import (
    GAP_TEXTS,
    NUMBER_KINDS,
    check_gap_texts,
    tidy_texts,
    warn_of_tidied,
)
from sklabel.votes._named import ABSTAIN


def minus_one_is_class(classes: ArrayLike | None) -> bool:
    """Tell whether -1 is one of the classes, and so does not mean abstain."""
    if classes is None:
        return False
    array = np.asarray(classes)
    return is_numeric(array) and bool(np.any(array == ABSTAIN))


def has_gaps(frame: pd.DataFrame) -> bool:
    """Tell whether a cell of a table is missing."""
    return bool(frame.isna().to_numpy().any())


def warn_of_minus_one_cells(cells: np.ndarray, what: str) -> None:
    """Warn that -1 in a table of judgements was read as none; it may be a class.

    Parameters
    ----------
    cells : ndarray of shape (n_samples, n_columns)
        The table. If most cells are -1 and none is missing, they are what they seem.
    what : str
        What -1 is read as, for the message: "no judgement".
    """
    if cells.dtype.kind not in "ifO":
        return
    flat = cells.ravel()
    minus_one = is_minus_one(flat) if flat.dtype == object else flat == ABSTAIN
    n_minus_one = int(minus_one.sum())
    # A class is not that frequent; abstentions are, where nothing else stands for them.
    doubtful = 2 * n_minus_one <= len(flat) or pd.isna(flat).any()
    if n_minus_one and doubtful:
        warn(
            f"{n_minus_one} cells of -1 are read as {what}. Pass classes=[...], with "
            "-1 if it is a class and without it if it is not."
        )


def is_minus_one(cells: np.ndarray) -> np.ndarray:
    """Mark the number -1 in an object array."""
    # `==` on an object array may meet anything, so only true numbers are compared.
    return np.fromiter(
        (isinstance(v, int | float | np.number) and v == ABSTAIN for v in cells),
        dtype=bool,
        count=len(cells),
    )


def _read_objects(
    cells: np.ndarray, minus_one_votes: bool
) -> tuple[np.ndarray, np.ndarray]:
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
        if minus_one.any() and not minus_one_votes:
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


def read_cells(
    cells: np.ndarray, *, minus_one_votes: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a dense array has votes, and the votes."""
    kind = cells.dtype.kind
    if kind == "O":
        return _read_objects(cells, minus_one_votes)
    if kind == "c":
        raise ValueError("Complex data not supported: votes are classes.")
    if kind not in "iufbU":
        raise TypeError(
            f"Votes are numbers or strings; got an array of dtype {cells.dtype}."
        )
    if kind in "if" and not minus_one_votes:
        cast = cells != ABSTAIN
    else:
        cast = np.ones(cells.shape, dtype=bool)
    if kind == "f":
        cast &= ~np.isnan(cells)
    return cast, cells[cast]


def _where(votes: CastVotes, bad: np.ndarray, names: Sequence[Any]) -> str:
    """Say how many votes are bad and where the first one is."""
    first = int(np.argmax(bad))
    row = int(np.searchsorted(votes.indptr, first, side="right") - 1)
    name = plain(names[votes.lf[first]])
    return f"{int(bad.sum())} vote(s), first at row {row}, LF {name!r}"


def check_values(
    votes: CastVotes, names: Sequence[Any], classes: ArrayLike | None
) -> CastVotes:
    """Refuse values that no vote can have; integral floats become integers."""
    if votes.classes is not None:
        return votes
    if is_numeric(votes.value):
        values = check_numbers(votes, names)
    else:
        values = _read_texts(votes, names, classes)
    if values is votes.value:
        return votes
    return CastVotes(votes.indptr, votes.lf, values, votes.n_lfs)


def check_numbers(votes: CastVotes, names: Sequence[Any]) -> np.ndarray:
    """Return numbers, those without a fraction as integers; refuse inexact ones."""
    values = votes.value
    if values.dtype.kind == "f":
        bad = np.isinf(values)
        if bad.any():
            raise ValueError(
                f"Votes must be finite; got infinity in {_where(votes, bad, names)}. "
                "An abstention is -1 or NaN."
            )
        bad = np.abs(values) >= 2**53
        if bad.any():
            raise ValueError(
                "Floats skip integers above 2**53, so that two classes may have become "
                f"one; got {plain(values[bad][0])!r} in {_where(votes, bad, names)}. "
                "Pass integers or strings."
            )
        if np.array_equal(np.rint(values), values):
            values = values.astype(np.int64)
    elif values.dtype.kind == "u" and len(values):
        bad = values > np.iinfo(np.int64).max
        if bad.any():
            raise ValueError(
                f"Votes must fit in 64 bits with a sign; got {plain(values.max())} in "
                f"{_where(votes, bad, names)}. Map the classes to 0, 1, 2, ..."
            )
    return values


def _read_texts(
    votes: CastVotes, names: Sequence[Any], classes: ArrayLike | None
) -> np.ndarray:
    """Return texts as they look; refuse those that a missing value becomes as text."""
    code, distinct = pd.factorize(np.asarray(votes.value, dtype=object))
    tidy = tidy_texts(distinct)
    counts = np.bincount(code, minlength=len(distinct))
    if tidy is not distinct:
        warn_of_tidied(distinct, tidy, counts, "vote(s)", "")
    declared = set() if classes is None else set(np.asarray(classes).tolist())
    times: dict[str, int] = {}
    for text, n in zip(tidy, counts.tolist(), strict=True):
        if text not in declared:
            times[text] = times.get(text, 0) + n
    try:
        check_gap_texts(times, times.values(), "vote(s)", "pass classes= that hold it")
    except ValueError as error:
        bad = np.array([text in GAP_TEXTS and text in times for text in tidy])[code]
        raise ValueError(f"{error} Found in {_where(votes, bad, names)}.") from None
    return votes.value if tidy is distinct else tidy[code]


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
