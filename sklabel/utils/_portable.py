"""The state of an estimator in a form that another machine, and skops, can read."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import Any

import numpy as np
import pandas as pd

from sklabel.utils._validation import is_text

# Extension dtypes that pandas makes of plain Python objects, None for missing.
_BY_NAME = {"string", "str", "boolean", "Float32", "Float64"}
_BY_NAME |= {f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}


def portable(state: Any) -> Any:
    """Replace what belongs to one machine, operating system or version of pandas.

    Indices, series and frames of pandas become plain arrays, whose pickles do not
    depend on the version of pandas and which skops can write. Paths become strings: a
    `PosixPath` cannot be made on Windows. Memory maps become arrays, and arrays of
    another byte order get that of the machine.

    Parameters
    ----------
    state : object
        Dictionaries, lists and tuples are walked through, other objects are not.

    Returns
    -------
    state : object
        The same object where there is nothing to replace.
    """
    if isinstance(state, pd.DataFrame):
        return PortableFrame(state)
    if isinstance(state, pd.Index | pd.Series):
        return PortableColumn(state)
    if isinstance(state, PurePath):
        return str(state)
    if isinstance(state, np.ndarray):
        return _native(np.asarray(state) if isinstance(state, np.memmap) else state)
    return _walk(portable, state)


def restored(state: Any) -> Any:
    """Undo `portable`, as far as this machine has what was replaced.

    Parameters
    ----------
    state : object
        What `portable` returned, perhaps on a machine of another byte order.

    Returns
    -------
    state : object
        With indices, series and frames of pandas.
    """
    if isinstance(state, PortableColumn | PortableFrame):
        return state.restored()
    if isinstance(state, np.ndarray):
        return _native(state)
    return _walk(restored, state)


def _walk(change: Callable[[Any], Any], state: Any) -> Any:
    """Apply a function to what a container holds; the same container if it is equal."""
    if type(state) is dict:
        values = {key: change(value) for key, value in state.items()}
        same = all(values[key] is value for key, value in state.items())
        return state if same else values
    if type(state) is list or isinstance(state, tuple):
        items = [change(value) for value in state]
        if all(a is b for a, b in zip(items, state, strict=True)):
            return state
        is_named = hasattr(state, "_fields")
        return type(state)(*items) if is_named else type(state)(items)
    return state


def _native(array: np.ndarray) -> np.ndarray:
    """Return an array in the byte order of this machine."""
    if array.dtype.isnative:
        return array
    return array.astype(array.dtype.newbyteorder("="))


class PortableColumn:
    """An index or a series of pandas as arrays.

    Parameters
    ----------
    column : Index or Series
        The column.
    """

    def __init__(self, column: Any) -> None:
        self.kind = "index" if isinstance(column, pd.Index) else "series"
        self.name: Any = column.name
        self.labels: Any = None
        if self.kind == "series":
            self.labels = PortableColumn(column.index)
        self.dtype = str(column.dtype)
        self.lengths: np.ndarray | None = None
        self.values: Any = None
        if isinstance(column, pd.MultiIndex):
            self.kind, self.name = "multi", list(column.names)
            self.values = list(column)
        elif isinstance(column, pd.RangeIndex):
            self.kind = "range"
            self.values = [column.start, column.stop, column.step]
        elif isinstance(column.dtype, pd.CategoricalDtype):
            categories = PortableColumn(column.dtype.categories)
            codes = column.array.codes
            self.values = [np.asarray(codes), categories, bool(column.dtype.ordered)]
        elif isinstance(column.dtype, np.dtype) or column.dtype.name in _BY_NAME:
            self.values = column.to_numpy()
            if is_text(self.values) and not column.hasnans:
                # One buffer: skops would write an entry for each of a million ids.
                texts = self.values.tolist()
                text = "".join(texts).encode("utf-8", "surrogatepass")
                self.values = np.frombuffer(text, dtype=np.uint8)
                self.lengths = np.array([len(text) for text in texts], dtype=np.int64)
            elif not isinstance(column.dtype, np.dtype):
                self.values = np.where(column.isna(), None, column.astype(object))
        else:
            self.values = column.array

    def restored(self) -> pd.Index | pd.Series:
        """Return the index or series."""
        values: Any = restored(self.values)
        if self.kind == "multi":
            return pd.MultiIndex.from_tuples(values, names=self.name)
        if self.kind == "range":
            start, stop, step = values
            return pd.RangeIndex(start, stop, step, name=self.name)
        if self.dtype == "category":
            codes, categories, ordered = values
            values = pd.Categorical.from_codes(codes, categories, ordered=ordered)
        elif self.lengths is not None:
            values = _texts(values, self.lengths)
        if self.kind == "index":
            return pd.Index(values, dtype=self.dtype, name=self.name)
        return pd.Series(
            values, index=self.labels.restored(), dtype=self.dtype, name=self.name
        )


def _texts(buffer: np.ndarray, lengths: np.ndarray) -> list[str]:
    """Cut a buffer into texts of the given numbers of characters."""
    text = np.asarray(buffer).tobytes().decode("utf-8", "surrogatepass")
    ends = np.cumsum(lengths).tolist()
    return [text[a:b] for a, b in zip([0, *ends], ends, strict=False)]


class PortableFrame:
    """A frame of pandas as arrays.

    Parameters
    ----------
    frame : DataFrame
        The frame.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.labels = PortableColumn(frame.index)
        self.names = PortableColumn(frame.columns)
        self.columns = [
            PortableColumn(frame.iloc[:, j].reset_index(drop=True))
            for j in range(frame.shape[1])
        ]

    def restored(self) -> pd.DataFrame:
        """Return the frame."""
        columns = dict(enumerate(column.restored() for column in self.columns))
        frame = pd.DataFrame(columns, index=pd.RangeIndex(len(self.labels.restored())))
        return frame.set_axis(self.labels.restored()).set_axis(
            self.names.restored(), axis=1
        )
