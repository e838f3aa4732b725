"""Checks of user input that several rooms share."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklabel.utils._validation import (
    check_class_prior,
    check_columns,
    check_sample_weight,
    first_few,
    is_text,
    n_rows,
    plain,
    take_rows,
)

FRAME = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "b"])


def test_columns_that_are_there_pass():
    check_columns(FRAME, ["a"], where="Thing")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (["a", "z"], r"Thing needs the column\(s\) 'z'; the frame has 'a', 'b', 'b'"),
        (["b"], r"Thing: column\(s\) 'b' stand in the frame more than once"),
        (["a", "a"], "Thing needs 2 different columns; got 'a', 'a'"),
    ],
)
def test_columns_that_are_missing_doubled_or_asked_for_twice_raise(columns, message):
    with pytest.raises(ValueError, match=message):
        check_columns(FRAME, columns, where="Thing")


def test_a_class_prior_comes_back_as_floats_that_sum_to_one():
    prior = check_class_prior([0.25, 0.75 + 1e-9], 2)
    assert prior.dtype == np.float64
    assert prior.sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ([0.5, 0.5], r"each of the 3 classes.*got shape \(2,\)"),
        ([[0.2, 0.3, 0.5]], r"got shape \(1, 3\)"),
        ([0.5, 0.5, 0], "must hold positive numbers; got"),
        ([0.5, 0.5, np.nan], "must hold positive numbers; got"),
        ([0.2, 0.2, 0.2], "it sums to 0.6. Divide it by its sum"),
    ],
)
def test_bad_class_priors_raise(prior, message):
    with pytest.raises(ValueError, match=message):
        check_class_prior(prior, 3)


@pytest.mark.parametrize("weight", [2, [2, 2, 2], np.full(3, 2, dtype=np.float32)])
def test_sample_weights_are_one_float_per_sample(weight):
    checked = check_sample_weight(weight, 3)
    assert checked.dtype == np.float64
    assert checked.tolist() == [2, 2, 2]


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], "one weight for each of the 3 samples; got 2"),
        ([[1, 2, 3]], "must be 1D array or scalar; got 2 dimensions"),
        ([1, -1, -2], "Negative values in data.*: 2, first at row 1"),
        ([0, 0, 0], "at least one non-zero number; all 3 are zero"),
        ([1, np.nan, 1], "sample_weight contains NaN"),
    ],
)
def test_bad_sample_weights_raise(weight, message):
    with pytest.raises(ValueError, match=message):
        check_sample_weight(weight, 3)


@pytest.mark.parametrize(
    "X",
    [
        np.arange(6).reshape(3, 2),
        [[0, 1], [2, 3], [4, 5]],
        pd.DataFrame(np.arange(6).reshape(3, 2), index=[7, 7, 2]),
        sparse.csr_array(np.arange(6).reshape(3, 2)),
        ["a", "b", "c"],
    ],
)
def test_rows_are_counted_and_taken_by_position(X):
    assert n_rows(X) == 3
    taken = take_rows(X, np.array([2, 0]))
    assert n_rows(taken) == 2
    as_array = getattr(X, "toarray", lambda: np.asarray(X))()
    taken_array = getattr(taken, "toarray", lambda: np.asarray(taken))()
    np.testing.assert_array_equal(taken_array, as_array[[2, 0]])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array(["a", "b"]), True),
        (np.array(["a", "b"], dtype=object), True),
        (np.array(["a", 1], dtype=object), False),
        (np.array([1, 2]), False),
        (np.array([1, 2], dtype=object), False),
    ],
)
def test_text_is_told_from_numbers(values, expected):
    assert is_text(values) is expected


def test_messages_show_plain_values_and_how_many_there_are():
    assert plain(np.int8(3)) == 3
    assert type(plain(np.int8(3))) is int
    assert plain("a") == "a"
    assert first_few(np.arange(3)) == "0, 1, 2"
    assert first_few("abcdefg", 2) == "'a', 'b', ... (7 in all)"
