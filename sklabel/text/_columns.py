"""Reading one column of texts out of whatever X is."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numbers
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_columns, check_filled, first_few, warn

_RESHAPE = (
    "Reshape your data using array.reshape(-1, 1) if it has a single feature, or "
    "array.reshape(1, -1) if it contains a single sample. One dimension is read only "
    "if it holds text."
)


def read_texts(
    estimator: BaseEstimator, X: Any, column: str | int | None, *, reset: bool
) -> list[str | None]:
    """Check X and return the texts for an estimator to read, one per row.

    Parameters
    ----------
    estimator : estimator instance
        The estimator that reads X. It gets `n_features_in_` and `feature_names_in_`,
        and messages name it.
    X : DataFrame, array-like of shape (n_samples, n_columns) or (n_samples,)
        Where the texts are. One dimension is read if it holds text.
    column : str, int or None
        Name or position of the column with the text; with a name the other columns of
        a DataFrame are ignored. None takes the only column. Where there are
        several and none has a name or holds text (a plain array, a frame of numbers),
        None joins the cells of a row by a space.
    reset : bool
        True in `fit`: sets the attributes. False elsewhere: checks X against them.

    Returns
    -------
    texts : list of str or None, length n_samples
        A missing cell (None, NaN, pd.NA) is None, a number is written out.

    Raises
    ------
    ValueError
        If X has no rows or no columns, has one dimension and no text, lacks `column`,
        has several columns to choose from, or, where `column` is not a name, has
        other columns than in `fit`.
    TypeError
        If X is sparse, or a cell is neither text nor missing nor a number.

    Warns
    -----
    UserWarning
        If cells are numbers: perhaps another column holds the text.
    """
    who = type(estimator).__name__
    if issparse(X):
        raise TypeError(
            f"{who} reads text, and X is sparse data. Pass a DataFrame or a dense "
            "array with a column of text."
        )
    if isinstance(X, str | bytes):
        raise ValueError(
            f"{who} expects one text per row. Got the single text {X!r:.80} instead. "
            "Put it into a list: [text]."
        )
    if isinstance(X, Iterator):
        raise TypeError(
            f"{who} reads X more than once, and X is a {type(X).__name__}, which can "
            "be read once only. Pass list(X)."
        )
    only = column if isinstance(column, str) else None
    X = as_pandas(X, where=f"X of {who}", only=only)
    if isinstance(X, Collection) and not isinstance(X, list | tuple | Mapping):
        # A set, a deque, the values of a dict; arrays and frames have a shape.
        X = X if hasattr(X, "shape") else list(X)
    table = _as_table(estimator, X, reset=reset)
    if isinstance(column, str) and isinstance(table, pd.DataFrame):
        # The other columns do not matter, so they need not be there in predict.
        check_columns(table, [column], where=who)
        table, column = table[[column]], 0
    validate_data(estimator, table, reset=reset, skip_check_array=True)
    positions = [0] if _n_dimensions(X) == 1 else _choose_columns(who, table, column)

    columns = []
    of_numbers = []
    for position in positions:
        values = _column_values(table, position)
        texts = _plain_texts(values)
        if texts is None:
            label = _column_label(table, position)
            texts, has_numbers = _mixed_texts(who, values, label)
            if has_numbers:
                of_numbers.append(f"{label} ({_column_dtype(table, position)})")
        columns.append(texts)
    if of_numbers:
        what = (
            of_numbers[0]
            if len(of_numbers) == 1
            else f"columns {', '.join(of_numbers[:5])}"
        )
        more = f" and {len(of_numbers) - 5} more" if len(of_numbers) > 5 else ""
        warn(
            f"{who} read numbers as text in {what}{more}. Say which column holds the "
            "text with column=..., or convert with astype(str) if this is meant.",
        )
    if len(columns) == 1:
        return columns[0]
    return [_join(cells) for cells in zip(*columns, strict=True)]


def _n_dimensions(X: Any) -> int:
    if isinstance(X, list | tuple):
        nested = any(isinstance(row, list | tuple | np.ndarray) for row in X)
        return 2 if nested else 1
    return int(getattr(X, "ndim", 2))


def _as_table(
    estimator: BaseEstimator, X: Any, *, reset: bool
) -> pd.DataFrame | np.ndarray:
    """Return X as a DataFrame, if it was one, or as a 2-D array."""
    if isinstance(X, pd.DataFrame):
        check_filled(X, where=type(estimator).__name__)
        return X
    if _n_dimensions(X) == 1 and _is_empty(X):
        raise ValueError(
            "Found array with 0 sample(s) (shape=(0,)) while a minimum of 1 is "
            f"required by {type(estimator).__name__}."
        )
    if _n_dimensions(X) == 1:
        cells = X if isinstance(X, pd.Series) else _object_array(X)
        if pd.api.types.infer_dtype(cells, skipna=True) in _NUMBERS or (
            cells.dtype.kind in "iufcb"
        ):
            _refuse_numbers(estimator, X)
        if isinstance(X, pd.Series):
            fitted_names = getattr(estimator, "feature_names_in_", None)
            if not reset and fitted_names is not None and [X.name] == [*fitted_names]:
                return X.to_frame()
            cells = np.asarray(X, dtype=object)
        return cells.reshape(-1, 1)
    # A list as object: NumPy would write the 1 of [["a", 1]] out as text.
    return check_array(
        X,
        dtype=object if isinstance(X, list | tuple) else None,
        ensure_all_finite=False,
        input_name="X",
        estimator=estimator,
    )


def _is_empty(X: Any) -> bool:
    """Tell whether there is no row; an array of numbers has a message of its own."""
    return len(X) == 0 and not (isinstance(X, np.ndarray) and X.dtype.kind in "iufcb")


def _refuse_numbers(estimator: BaseEstimator, X: Any) -> None:
    """Raise: X is one column, and it does not hold text."""
    if isinstance(X, np.ndarray):
        raise ValueError(
            f"Expected 2D array, got 1D array instead:\narray={X!r:.200}.\n{_RESHAPE}"
        )
    raise ValueError(
        f"{type(estimator).__name__} expects one text per row, and X is one column of "
        f"numbers ({first_few(list(X), 3)}). Pass the column that holds the text, or "
        "convert with astype(str) if this is meant."
    )


_NUMBERS = (
    "integer",
    "floating",
    "mixed-integer-float",
    "complex",
    "boolean",
    "decimal",
)


def _object_array(X: Any) -> np.ndarray:
    if isinstance(X, np.ndarray):
        return X
    if isinstance(X, list | tuple):
        cells = np.empty(len(X), dtype=object)
        cells[:] = X
        return cells
    return np.asarray(X)


def _choose_columns(
    who: str, table: pd.DataFrame | np.ndarray, column: str | int | None
) -> list[int]:
    """Return the positions of the columns to read."""
    n_columns = table.shape[1]
    if isinstance(column, str):
        if not isinstance(table, pd.DataFrame):
            raise ValueError(
                f"column={column!r} is a name, and the columns of the X passed to "
                f"{who} have none. Pass a DataFrame, or a position below {n_columns}."
            )
        check_columns(table, [column], where=who)
        return [list(table.columns).index(column)]
    if column is not None:
        if not -n_columns <= column < n_columns:
            raise ValueError(
                f"column={column!r} is out of range: the X passed to {who} has "
                f"{n_columns} column(s). Pass a position below {n_columns}."
            )
        return [column % n_columns]
    if n_columns > 1 and isinstance(table, pd.DataFrame):
        holds_text = [not _is_numeric(dtype) for dtype in table.dtypes]
        if any(holds_text):
            # Joining them would let an id or a gold label into the text.
            raise ValueError(
                f"X has {n_columns} columns: [{first_few(table.columns, 20)}]; say "
                f"which holds the text with column='...' in {who}."
            )
    return list(range(n_columns))


def _is_numeric(dtype: Any) -> bool:
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


def _column_values(table: pd.DataFrame | np.ndarray, position: int) -> np.ndarray:
    if isinstance(table, pd.DataFrame):
        series = table.iloc[:, position]
        if _is_numeric(series.dtype) and isinstance(series.dtype, np.dtype):
            return series.to_numpy()
        return np.asarray(series, dtype=object)
    return table[:, position]


def _column_label(table: pd.DataFrame | np.ndarray, position: int) -> str:
    if isinstance(table, pd.DataFrame):
        return f"column {table.columns[position]!r}"
    return f"column {position}"


def _column_dtype(table: pd.DataFrame | np.ndarray, position: int) -> Any:
    return (
        table.dtypes.iloc[position] if isinstance(table, pd.DataFrame) else table.dtype
    )


def _plain_texts(values: np.ndarray) -> list[str | None] | None:
    """Return the cells if all are text or missing, else None; no loop in Python."""
    if values.dtype.kind in "UT":
        return values.tolist()
    if values.dtype.kind != "O":
        return None
    if pd.api.types.infer_dtype(values, skipna=True) not in ("string", "empty"):
        return None
    missing = pd.isna(values)
    if missing.any():
        values = values.copy()
        values[missing] = None
    return values.tolist()


def _mixed_texts(
    who: str, values: np.ndarray, label: str
) -> tuple[list[str | None], bool]:
    """Return the cells as text, one by one, and whether some were numbers."""
    if np.iscomplexobj(values):
        raise ValueError(f"Complex data not supported: {label} of the X of {who}.")
    texts: list[str | None] = []
    has_numbers = False
    for row, cell in enumerate(values.tolist()):
        if isinstance(cell, str):
            texts.append(str(cell))
        elif cell is None or cell is pd.NA or cell is pd.NaT or cell != cell:
            texts.append(None)
        elif isinstance(cell, numbers.Number):
            if isinstance(cell, complex | np.complexfloating):
                raise ValueError(
                    f"Complex data not supported: {label} of the X of {who}, row "
                    f"{row}, is {cell!r}."
                )
            has_numbers = True
            texts.append(str(cell))
        else:
            hint = " Decode it first." if isinstance(cell, bytes) else ""
            raise TypeError(
                f"{who}: argument must be a string or a number, and row {row} of "
                f"{label} is a {type(cell).__name__}: {cell!r:.80}.{hint}"
            )
    return texts, has_numbers


def _join(cells: tuple[str | None, ...]) -> str | None:
    present = [cell for cell in cells if cell is not None]
    return " ".join(present) if present else None
