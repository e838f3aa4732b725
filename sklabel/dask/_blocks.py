"""Partitions of votes, whichever collection holds them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklabel.utils._optional import import_optional
from sklabel.utils._validation import first_few
from sklabel.votes._cast import is_numeric


class Blocks(NamedTuple):
    """The partitions of a collection.

    `parts`: one delayed table or matrix of votes per partition; `template`: what one
    of them looks like, with a row, for the names and number of its columns; `classes`:
    the classes of judgements, None for votes.
    """

    parts: list[Any]
    template: Any
    classes: np.ndarray | None = None


def require_dask() -> Any:
    """Import dask or say how to install it."""
    return import_optional("dask", needed_by="sklabel.dask", extra="dask")


def is_dask_frame(X: Any) -> bool:
    """Tell whether X is a Dask DataFrame or Series."""
    return hasattr(X, "__dask_graph__") and hasattr(X, "map_partitions")


def is_dask_array(X: Any) -> bool:
    """Tell whether X is a Dask Array."""
    return hasattr(X, "__dask_graph__") and hasattr(X, "map_blocks")


def blocks_of(X: Any, *, what: str) -> Blocks:
    """Return the partitions of votes.

    Parameters
    ----------
    X : Dask DataFrame, Dask Array or PartitionedCrowdLabels
        Votes; blocks of an array are dense or CSR.
    what : str
        Name of the function, for messages.

    Returns
    -------
    blocks : Blocks
        The partitions.

    Raises
    ------
    TypeError
        If X is another kind of object.
    ValueError
        If the number of columns is unknown, or X is not two-dimensional.
    """
    if hasattr(X, "_vote_blocks"):
        return X._vote_blocks()
    if is_dask_frame(X) and X.ndim == 2:
        # Not the made-up row of Dask: its votes may be of another kind than those of X.
        row = np.zeros((1, X.shape[1]), dtype=np.int8)
        return Blocks(X.to_delayed(), pd.DataFrame(row, columns=X._meta.columns))
    if is_dask_array(X) and X.ndim == 2:
        n_lfs = X.shape[1]
        if np.isnan(n_lfs):
            raise ValueError(
                f"{what} needs an array with a known number of columns, one per LF; "
                f"got shape {X.shape}."
            )
        if X.numblocks[1] > 1:
            X = X.rechunk({1: -1})
        parts = list(X.to_delayed().ravel())
        return Blocks(parts, np.zeros((1, n_lfs), dtype=np.int8))
    raise TypeError(
        f"{what} needs votes in a two-dimensional Dask DataFrame or Array, or "
        f"PartitionedCrowdLabels; got {type(X).__name__}. In memory, use the methods "
        "of the model."
    )


def columns_of(column: Any, X: Any, n_parts: int, name: str) -> list[Any]:
    """Return the partitions of gold labels or weights, all None if there are none.

    Parameters
    ----------
    column : Dask Series or Array, or None
        Partitioned like X. For PartitionedCrowdLabels, a pandas Series indexed by
        sample id.
    X : Dask collection or PartitionedCrowdLabels
        The votes.
    n_parts : int
        Number of partitions of X.
    name : str
        Name of the argument, for messages.

    Returns
    -------
    parts : list of length n_parts
        Delayed arrays or Series, or None.

    Raises
    ------
    TypeError
        If `column` is of another type.
    ValueError
        If it has another number of partitions than X, or ids that repeat.
    """
    if column is None:
        return [None] * n_parts
    if hasattr(X, "_gold_blocks"):
        if not isinstance(column, pd.Series):
            raise TypeError(
                f"{name} for PartitionedCrowdLabels must be a pandas Series indexed by "
                f"sample id; got {type(column).__name__}."
            )
        if column.index.has_duplicates:
            repeated = column.index[column.index.duplicated()].unique()
            raise ValueError(
                f"{name} must have one label per sample id; these repeat: "
                f"{first_few(repeated)}."
            )
        numbers = is_numeric(np.asarray(X._empty_samples()))
        if len(column) and is_numeric(np.asarray(column.index)) != numbers:
            raise TypeError(
                f"{name} has the sample ids {first_few(column.index, 3)} in its index, "
                f"and those of the judgements are {'numbers' if numbers else 'strings'}"
                ". Convert the index."
            )
        return X._gold_blocks(column)
    if not (is_dask_frame(column) or is_dask_array(column)):
        raise TypeError(
            f"{name} must be a Dask Series or Array with the partitions of X, for "
            f"instance a column of the same Dask DataFrame; got "
            f"{type(column).__name__}."
        )
    parts = list(np.ravel(column.to_delayed()))
    if len(parts) != n_parts:
        raise ValueError(
            f"{name} has {len(parts)} partitions and X has {n_parts}; they must be "
            "partitioned alike."
        )
    return parts


@contextmanager
def in_partition(number: int, collection: str = "X") -> Iterator[None]:
    """Name the partition in errors that its content causes."""
    try:
        yield
    except (ValueError, TypeError, KeyError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"Partition {number} of {collection}: {error}") from error


def check_same_kind(kinds: list[str], what: str) -> None:
    """Raise if some partitions hold strings and others numbers."""
    strings = [i for i, kind in enumerate(kinds) if kind == "strings"]
    numbers = [i for i, kind in enumerate(kinds) if kind == "numbers"]
    if strings and numbers:
        groups = [(strings, "strings"), (numbers, "numbers")]
        few, many = sorted(groups, key=lambda group: len(group[0]))
        raise TypeError(
            f"{what} must be all strings or all numbers; partition(s) "
            f"{first_few(few[0])} of X hold {few[1]} and the others hold {many[1]}. "
            "Convert them when the files are read."
        )
