"""Rows are paired by position; a label that two indexes share stands at one of them."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest

from sklabel.utils._rows import check_same_rows


def _column(index):
    return pd.Series(0, index)


def test_indexes_in_another_order_raise():
    a = pd.DataFrame({"x": [1, 2, 3]}, index=["r", "s", "t"])
    check_same_rows(X=a, y=a.copy())
    check_same_rows(X=a, y=[1, 2, 3])
    check_same_rows(X=a, y=None)
    check_same_rows(X=a, y=a[:2])  # lengths are the business of others
    with pytest.raises(ValueError, match=r"'r' in X and 't' in y.*reset_index"):
        check_same_rows(X=a, y=a[::-1])
    doubled = a.set_axis([1, 1, 2], axis=0)
    with pytest.raises(ValueError, match="row 1 is 1 in X and 2 in y"):
        check_same_rows(X=doubled, y=doubled.iloc[[0, 2, 1]])


MANY = np.arange(100)
SHUFFLED = np.random.default_rng(0).permutation(100)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        pytest.param(list("rst"), list("uvw"), id="no label in common"),
        pytest.param(list("rst"), list("ust"), id="another label in one row"),
        pytest.param(list("rst"), range(3), id="numbered"),
        pytest.param([7, 1, 2], range(3), id="numbered, and some numbers in common"),
        pytest.param(SHUFFLED[:80], range(80), id="numbered part of a shuffled frame"),
        pytest.param(np.delete(MANY, 3), range(99), id="numbered after dropna"),
        pytest.param(MANY + 1, range(100), id="from 1 and from 0"),
        pytest.param(["1", "2"], [2, 1], id="texts and numbers"),
        pytest.param([np.nan, "a"], [np.nan, "a"], id="a missing label"),
        pytest.param([1, 1, 2], [1, 1, 2], id="repeated labels"),
        pytest.param([], [], id="no rows"),
    ],
)
def test_indexes_that_do_not_contradict_each_other_pass(a, b):
    check_same_rows(X=_column(pd.Index(a)), y=_column(pd.Index(b)))
    check_same_rows(X=_column(pd.Index(b)), y=_column(pd.Index(a)))


@pytest.mark.parametrize(
    ("a", "b", "n_moved"),
    [
        pytest.param(list("rstu"), list("vtsu"), 2, id="a label that is new"),
        pytest.param(list("rstu"), list("stuv"), 3, id="one row off"),
        pytest.param(SHUFFLED + 5, np.append(SHUFFLED[1:], 999) + 5, 99, id="numbers"),
        pytest.param(range(100), np.append(999, MANY[1:])[::-1], 99, id="numbered"),
        pytest.param(range(10, 20), range(15, 25), 5, id="slices"),
        pytest.param(["a", "a", "b"], ["b", "a", "x"], 2, id="repeated labels"),
        pytest.param(
            pd.MultiIndex.from_tuples([(1, "a"), (1, "b"), (2, "a")]),
            pd.MultiIndex.from_tuples([(1, "b"), (1, "a"), (3, "a")]),
            2,
            id="levels",
        ),
        pytest.param(
            pd.CategoricalIndex(["a", "b", "c"]),
            pd.CategoricalIndex(["b", "a", "x"]),
            2,
            id="categories",
        ),
        pytest.param(
            pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-03"]),
            pd.to_datetime(["2020-01-02", "2020-01-01", "2020-02-01"]),
            2,
            id="times",
        ),
        pytest.param(
            pd.Index([5, 6, 7], dtype="Int64"), [6, 5, 9], 2, id="nullable integers"
        ),
    ],
)
def test_a_label_that_stands_in_another_row_raises(a, b, n_moved):
    X, y = _column(pd.Index(a)), _column(pd.Index(b))
    with pytest.raises(
        ValueError, match=rf"X and y hold {n_moved} index labels in different rows; row"
    ):
        check_same_rows(X=X, y=y)
    with pytest.raises(ValueError, match="index labels in different rows"):
        check_same_rows(X=y, y=X)


def test_every_two_are_compared():
    y = _column(["a", "b"])
    with pytest.raises(ValueError, match="y and sample_weight have the same index"):
        check_same_rows(X=np.zeros((2, 1)), y=y, sample_weight=y[::-1])
