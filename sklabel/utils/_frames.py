"""Frames and columns of polars, pyarrow and others: how they become pandas here.

Each public function opens one of these doors once, and works on pandas behind it.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import sys
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import sklearn

# What `take_rows` and others meet most of the time.
_NO_FRAME = (pd.DataFrame, pd.Series, pd.Index, np.ndarray, list, tuple, str)

_INTEGERS = (
    *(nw.Int8, nw.Int16, nw.Int32, nw.Int64),
    *(nw.UInt8, nw.UInt16, nw.UInt32, nw.UInt64),
)

# How a frame that is not computed yet is loaded, by what narwhals calls its library.
_WAY_OUT = {
    "polars": "collect()",
    "duckdb": "df()",
    "ibis": "to_pandas()",
    "pyspark": "toPandas()",
    "pyspark_connect": "toPandas()",
    "sqlframe": "toPandas()",
}
# Lazy things of pyarrow, which narwhals does not know.
_ARROW_LAZY = {
    "dataset.Dataset": "to_table()",
    "dataset.Scanner": "to_table()",
    "RecordBatchReader": "read_all()",
}

_KNOWS_POLARS = [int(part) for part in sklearn.__version__.split(".")[:2]] >= [1, 9]

# The name that pyarrow gives an index that has none.
_INDEX = re.compile(r"__index_level_\d+__")


def as_pandas(data: Any, *, where: str, only: Any = None) -> Any:
    """Turn a frame or column of another library into one of pandas.

    Parameters
    ----------
    data : object
        An eager frame or column of polars, pyarrow, or what else narwhals knows.
        Anything else comes back as it is, pandas and Dask included.
    where : str
        What this is to the user, for messages: "X of LabelModel".
    only : str, default=None
        The column that is needed; if the frame has it, the others are left out, which
        saves the time of turning them into pandas.

    Returns
    -------
    data : DataFrame, Series or object
        Integers with gaps are nullable, texts have the default dtype of pandas,
        dictionaries and Enums are categorical, ordered where they have an order, and
        nested cells are lists, dicts or arrays. Rows are numbered.

    Raises
    ------
    TypeError
        If the frame is lazy.
    ValueError
        If a column name repeats.
    """
    known = _known(data, where)
    if known is None:
        refuse_lazy(data, where=where)
        return data
    if known.implementation.is_pandas_like():
        return known.to_pandas()
    if isinstance(known, nw.Series):
        return _column_to_pandas(known)
    names = [only] if only in known.columns else known.columns
    columns = {name: _column_to_pandas(known.get_column(name)) for name in names}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(known)))
    index = [name for name in frame.columns if _INDEX.fullmatch(name)]
    return frame.set_index(index).rename_axis([None] * len(index)) if index else frame


def as_column(data: Any, *, where: str) -> Any:
    """Turn a column of another library into values that have no index.

    pandas looks up rows of a Series by its index; a column of polars or pyarrow has
    none, and goes by position as an array does.

    Parameters
    ----------
    data : object
        A column, or a frame of one column, of polars, pyarrow and so on. Anything else
        comes back as it is.
    where : str
        What this is to the user, for messages.

    Returns
    -------
    data : ExtensionArray or object
        The values.

    Raises
    ------
    TypeError
        If the frame is lazy.
    ValueError
        If a frame has another number of columns than one.
    """
    column = as_pandas(data, where=where)
    if column is data:
        return data
    if isinstance(column, pd.DataFrame):
        if column.shape[1] != 1:
            raise ValueError(
                f"{where} must be one column; got a frame of {column.shape[1]} "
                "columns. Pass one of them."
            )
        column = column.iloc[:, 0]
    return column.array


def refuse_lazy(data: Any, *, where: str) -> None:
    """Raise if data are lazy: a plan of a query, not rows in memory.

    Dask collections pass; they have messages of their own.

    Parameters
    ----------
    data : object
        Anything that a user passed.
    where : str
        What this is to the user, for the message.

    Raises
    ------
    TypeError
        If it is a LazyFrame of polars, a relation of DuckDB, a table of Ibis, a frame
        of Spark, a dataset of pyarrow, or what else narwhals calls lazy.
    """
    if isinstance(data, _NO_FRAME) or hasattr(data, "__dask_graph__"):
        return
    library, call = "", ""
    frame = nw.from_native(data, pass_through=True, allow_series=True)
    if isinstance(frame, nw.LazyFrame):
        library = frame.implementation.name.lower()
        call = _WAY_OUT.get(library, "collect()")
        if isinstance(data, nw.LazyFrame):
            call = "collect()"
    elif (arrow := sys.modules.get("pyarrow")) is not None:
        for path, loads in _ARROW_LAZY.items():
            module, _, name = path.rpartition(".")
            home = sys.modules.get(f"pyarrow.{module}") if module else arrow
            if home is not None and isinstance(data, getattr(home, name)):
                library, call = "pyarrow", loads
    if call:
        raise TypeError(
            f"{where} must be in memory; got {type(data).__name__} of {library}, which "
            f"is lazy: no row of it is loaded yet. Pass what its .{call} returns; "
            "judgements that do not fit into memory go to sklabel.dask."
        )


def for_estimator(X: Any, *, where: str) -> Any:
    """Return X as an estimator of scikit-learn can read it.

    scikit-learn reads frames of pandas and polars. Of a table of pyarrow it cannot hand
    a column of texts to a vectorizer. Before 1.9 it finds columns by name with the
    help of a method that polars no longer has.

    Parameters
    ----------
    X : object
        What a user passed.
    where : str
        What this is to the user, for messages.

    Returns
    -------
    X : object
        A frame of pandas in place of one that scikit-learn cannot read; the rest as it
        is.

    Raises
    ------
    TypeError
        If it is lazy.
    """
    known = _known(X, where)
    if isinstance(known, nw.DataFrame):
        library = known.implementation
        by_method = not _KNOWS_POLARS and not hasattr(X, "__dataframe__")
        if library.is_pyarrow() or (library.is_polars() and by_method):
            return as_pandas(X, where=where)
    refuse_lazy(X, where=where)
    return X


def rows_of(data: Any, rows: np.ndarray) -> Any:
    """Return some rows of a frame or column of another library; None for the rest.

    Parameters
    ----------
    data : object
        Anything that a user passed.
    rows : ndarray of int
        Positions of the rows; they may repeat.

    Returns
    -------
    part : object of the same kind, or None
        None if `data` is not an eager frame or column that narwhals knows.
    """
    known = _known(data)
    return None if known is None else known[rows].to_native()


def length_of(data: Any) -> int | None:
    """Return the rows of a frame or column of another library; None for the rest."""
    known = _known(data)
    return None if known is None else len(known)


def _known(
    data: Any, where: str = "The frame"
) -> nw.DataFrame[Any] | nw.Series[Any] | None:
    """Return an eager frame or column that is not of pandas, in narwhals."""
    if isinstance(data, _NO_FRAME) or data is None or hasattr(data, "__dask_graph__"):
        return None
    arrow = sys.modules.get("pyarrow")
    if arrow is not None:
        if isinstance(data, arrow.RecordBatch):
            data = arrow.Table.from_batches([data])
        elif isinstance(data, arrow.Array):
            data = arrow.chunked_array([data])
    try:
        frame = nw.from_native(data, pass_through=True, allow_series=True)
    except nw.exceptions.DuplicateError:  # of pyarrow, where names may repeat
        names = data.column_names
        repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
        raise ValueError(
            f"{where} has column(s) that stand in it more than once: "
            f"{', '.join(map(repr, repeated[:5]))}. Rename or drop the others."
        ) from None
    return frame if isinstance(frame, nw.DataFrame | nw.Series) else None


def _column_to_pandas(column: nw.Series[Any]) -> pd.Series:
    """Turn a column of polars or pyarrow into one of pandas.

    Not by the method of polars, which needs pyarrow, nor by that of pyarrow, which
    turns integers with gaps into floats.
    """
    values = _values(column)
    # An unnamed column of polars is called "".
    return pd.Series(values, name=column.name or None)


def _values(column: nw.Series[Any]) -> Any:
    """Return the cells of a column in what suits pandas best."""
    dtype = column.dtype
    is_arrow = column.implementation.is_pyarrow()
    if isinstance(dtype, nw.Categorical | nw.Enum):
        return _arrow_categories(column) if is_arrow else _polars_categories(column)
    if isinstance(dtype, (*_INTEGERS, nw.Boolean)):
        if column.null_count() == 0:
            return column.to_numpy()
        missing = column.is_null().to_numpy().copy()
        if isinstance(dtype, nw.Boolean):
            # As pandas reads them; arrays of nullable booleans become floats.
            cells = column.fill_null(False).to_numpy().astype(object)
            cells[missing] = None
            return cells
        filled = column.fill_null(0).to_numpy().copy()
        return pd.arrays.IntegerArray(filled, missing)
    if isinstance(dtype, nw.Float64 | nw.Float32 | nw.Date | nw.Duration):
        return column.to_numpy()
    if isinstance(dtype, nw.Datetime):
        utc: Any = pd.Series(column.to_numpy())
        zone = dtype.time_zone
        return utc.dt.tz_localize("UTC").dt.tz_convert(zone) if zone else utc
    if isinstance(dtype, nw.String):
        # Never to_numpy, where one long text would widen every cell.
        return column.to_pandas() if is_arrow else pd.Series(column.to_list())
    if isinstance(dtype, nw.Array):
        return _vectors(column)
    return pd.Series(_objects(column.to_list())).infer_objects()


def _objects(cells: list[Any]) -> np.ndarray:
    """Return cells as they are, lists included, in an array of one dimension."""
    array = np.empty(len(cells), dtype=object)
    array[:] = cells
    return array


def _vectors(column: nw.Series[Any]) -> np.ndarray:
    """Return an array per cell of fixed size; far smaller than lists of numbers."""
    missing = column.is_null().to_numpy()
    cells = np.empty(len(column), dtype=object)
    for i, cell in enumerate(column.to_numpy()):
        cells[i] = None if missing[i] else np.asarray(cell)
    return cells


def _arrow_categories(column: nw.Series[Any]) -> Any:
    """Return a dictionary column; its values need not be texts."""
    native = column.to_native()
    try:
        read: Any = native.to_pandas()
    except ValueError:  # pandas wants the values of a dictionary distinct
        return native.cast(native.type.value_type).to_pandas().astype("category")
    if read.cat.ordered:
        return read
    # A dictionary without an order lists values as they came.
    return read.cat.reorder_categories(read.cat.categories.sort_values())


def _polars_categories(column: nw.Series[Any]) -> pd.Categorical:
    """Return a Categorical, whose codes say nothing, or an Enum, which has an order."""
    if isinstance(column.dtype, nw.Enum):
        categories = list(column.dtype.categories)
        return pd.Categorical(column.to_list(), categories, ordered=True)
    return pd.Categorical(column.to_list())
