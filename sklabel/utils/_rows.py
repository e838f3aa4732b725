"""Rows of several objects that go together: they are paired by position."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from sklabel.utils._validation import plain

# Beside an index of 0, 1, 2, ..., an index in another order is one of the same rows if
# it lacks less than this share of them. Training rows of a split lack more.
_FEW_ABSENT = 0.04


def check_same_rows(**given: Any) -> None:
    """Raise if a row label of two pandas objects stands in different rows of them.

    Rows are paired by position, as in scikit-learn. A label that two indexes share
    must therefore stand at the same position in both. Labels that only one of them has
    are no reason to wonder. Neither is an index of 0, 1, 2, ..., which may be no more
    than a count of rows, unless the other one holds all but a few of these numbers in
    another order.

    Parameters
    ----------
    **given : object
        What goes together, by what the user calls it, such as ``X=X, y=y``. Only
        frames and columns of pandas of one length are compared.

    Raises
    ------
    ValueError
        If rows differ.
    """
    indexed = {
        name: value.index
        for name, value in given.items()
        if isinstance(value, pd.DataFrame | pd.Series)
    }
    for (name_a, a), (name_b, b) in combinations(indexed.items(), 2):
        if len(a) == len(b) and not a.equals(b):
            _compare(a, b, name_a, name_b)


def _compare(a: pd.Index, b: pd.Index, name_a: str, name_b: str) -> None:
    """Raise if a label that both indexes hold stands at different positions."""
    both = a.to_flat_index().append(b.to_flat_index())
    code = pd.factorize(both, use_na_sentinel=False)[0]
    code_a, code_b = code[: len(a)], code[len(a) :]
    shared = np.isin(code_a, code_b)
    moved = shared & (code_a != code_b)
    if not moved.any():
        return
    for numbers, other in ((a, b), (b, a)):
        if _counts_rows(numbers):
            absent = 1 - np.mean(numbers.isin(other))
            if absent > _FEW_ABSENT or other.is_monotonic_increasing:
                return
    row = int(np.argmax(moved))
    if shared.all() and np.isin(code_b, code_a).all():
        what = "have the same index labels in another order"
    else:
        what = f"hold {int(moved.sum())} index labels in different rows"
    raise ValueError(
        f"{name_a} and {name_b} {what}; row {row} is {plain(a[row])!r} in {name_a} and "
        f"{plain(b[row])!r} in {name_b}. Rows go by position: bring them into one "
        "order, as y.reindex(X.index) does, or drop the indexes by "
        "reset_index(drop=True) if the positions are right."
    )


def _counts_rows(index: pd.Index) -> bool:
    """Tell whether an index is 0, 1, 2, ..., as pandas makes it by itself."""
    if index.dtype.kind not in "iu":
        return False
    return np.array_equal(index.to_numpy(), np.arange(len(index)))
