"""Reading a column of texts."""

# SPDX-License-Identifier: BSD-3-Clause

import re
import time
from collections import deque

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator

from sklabel.text._columns import read_texts

FRAME = pd.DataFrame(
    {"id": [7, 8], "text": ["mild", None], "gold": ["good", "bad"]}, index=[5, 3]
)


class Reader(BaseEstimator):
    pass


def read(X, column=None, estimator=None, *, reset=True):
    return read_texts(
        Reader() if estimator is None else estimator, X, column, reset=reset
    )


@pytest.mark.parametrize(
    "X",
    [
        ["mild", None, "a b"],
        ("mild", float("nan"), "a b"),
        [["mild"], [None], ["a b"]],
        np.array(["mild", None, "a b"], dtype=object),
        np.array([["mild"], [np.nan], ["a b"]], dtype=object),
        pd.Series(["mild", pd.NA, "a b"], name="text"),
        pd.Series(["mild", None, "a b"], dtype="string"),
        pd.Series(["mild", None, "a b"], dtype="category"),
        pd.DataFrame({"text": ["mild", None, "a b"]}),
        pd.DataFrame({"text": ["mild", None, "a b"]}, dtype="string"),
        pd.DataFrame({"text": ["mild", None, "a b"]}, dtype="category"),
    ],
)
def test_one_column_of_any_container(X):
    reader = Reader()
    assert read(X, estimator=reader) == ["mild", None, "a b"]
    assert read(X, estimator=reader, reset=False) == ["mild", None, "a b"]
    assert reader.n_features_in_ == 1


def test_array_of_fixed_width_text():
    texts = read(np.array(["mild", "wet"]))
    assert texts == ["mild", "wet"]
    assert {type(text) for text in texts} == {str}


@pytest.mark.parametrize("column", ["text", 1, -2])
def test_column_by_name_and_position(column):
    assert read(FRAME, column) == ["mild", None]


def test_position_in_an_array():
    assert read(np.array([["7", "mild"], ["8", "wet"]]), 1) == ["mild", "wet"]


def test_several_columns_of_a_frame_need_a_choice():
    message = r"X has 3 columns: \['id', 'text', 'gold'\]; say which holds the text"
    with pytest.raises(ValueError, match=message):
        read(FRAME)


def test_cells_of_an_array_are_joined():
    X = np.array([["a", "b"], ["c", None], [None, None]], dtype=object)
    assert read(X) == ["a b", "c", None]


def test_unknown_column_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"'body'; the frame has 'id', 'text', 'gold'"):
        read(FRAME, "body")
    with pytest.raises(ValueError, match=r"column=3 is out of range.* has 3 column"):
        read(FRAME, 3)
    with pytest.raises(ValueError, match=r"column='text' is a name, .* have none"):
        read(FRAME.to_numpy(), "text")


def test_doubled_column():
    X = pd.DataFrame([["a", "b"]], columns=["text", "text"])
    with pytest.raises(ValueError, match=r"unique column names|more than once"):
        read(X, "text")


def test_a_named_column_is_all_that_is_remembered():
    reader = Reader()
    texts = read(FRAME, "text", reader)
    assert reader.n_features_in_ == 1
    assert list(reader.feature_names_in_) == ["text"]
    for other in (FRAME[["text", "id", "gold"]], FRAME[["text"]]):
        assert read(other, "text", reader, reset=False) == texts
    with pytest.raises(ValueError, match=r"needs the column\(s\) 'text'"):
        read(FRAME[["id"]], "text", reader, reset=False)


def test_feature_names_are_remembered_and_checked():
    reader = Reader()
    read(FRAME, 1, reader)
    assert reader.n_features_in_ == 3
    assert list(reader.feature_names_in_) == ["id", "text", "gold"]
    with pytest.raises(ValueError, match="feature names should match"):
        read(FRAME[["text", "id", "gold"]], 1, reader, reset=False)
    with (
        pytest.warns(UserWarning, match="does not have valid feature names"),
        pytest.raises(ValueError, match="expecting 3 features"),
    ):
        read(["mild"], None, reader, reset=False)


def test_series_named_as_the_fitted_column():
    reader = Reader()
    read(FRAME[["text"]], None, reader)
    assert read(FRAME["text"], None, reader, reset=False) == ["mild", None]


@pytest.mark.parametrize(
    ("X", "written"),
    [
        (np.array([[1.5], [np.nan]]), ["1.5", None]),
        ([[1], [True]], ["1", "True"]),
        (np.array([["mild"], [2]], dtype=object), ["mild", "2"]),
        (pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}), ["1", None]),
    ],
)
def test_numbers_are_written_out_with_one_warning(X, written):
    with pytest.warns(UserWarning, match="read numbers as text in column") as caught:
        assert read(X) == written
    assert [warning.filename for warning in caught] == [__file__]


def test_warning_names_column_and_dtype():
    with pytest.warns(UserWarning, match=r"column 'id' \(int64\).*column="):
        read(FRAME, "id")
    with pytest.warns(UserWarning, match=r"column 0 \(int64\), .* and 3 more"):
        assert read(np.ones((1, 8), dtype=np.int64)) == ["1 1 1 1 1 1 1 1"]


def test_array_of_numbers_is_refused_as_scikit_learn_does():
    with pytest.raises(ValueError, match=r"(?s)got 1D array.*Reshape your data"):
        read(np.arange(3))


@pytest.mark.parametrize("X", [[1.0, 2.0], pd.Series([1, 2]), [True], pd.Index([3])])
def test_column_of_numbers_is_refused(X):
    with pytest.raises(ValueError, match=r"one text per row.* one column of numbers"):
        read(X)


def test_texts_in_whatever_holds_them():
    want = ["mild", "warm"]
    one_dimension = (
        dict(zip(want, want, strict=True)).values(),
        deque(want),
        pd.Index(want),
        pd.array(want, dtype="string"),
        pd.Categorical(want),
        np.array(want),
    )
    for X in one_dimension:
        assert read(X) == want
    assert sorted(read({*want})) == want


@pytest.mark.parametrize("X", [[], (), pd.Series([], dtype=object), np.array([], "U3")])
def test_no_texts_at_all(X):
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        read(X)


def test_iterator_is_refused():
    with pytest.raises(TypeError, match=r"generator, .* read once.*Pass list\(X\)"):
        read(text for text in ["mild"])


@pytest.mark.parametrize(
    ("cell", "kind"), [(b"mild", "bytes"), ({"a": 1}, "dict"), (["a"], "list")]
)
def test_other_cells_are_refused(cell, kind):
    X = pd.DataFrame({"text": ["mild", cell]})
    message = f"argument must be a string or a number, and row 1 .*'text' is a {kind}"
    with pytest.raises(TypeError, match=message):
        read(X)


def test_dates_are_refused():
    X = pd.DataFrame({"when": pd.to_datetime(["2024-05-17"])})
    with pytest.raises(TypeError, match="'when' is a Timestamp"):
        read(X)


@pytest.mark.parametrize(
    "X", [np.array([[1j]]), np.array([[1j]], dtype=object), pd.DataFrame({"a": [1j]})]
)
def test_complex_numbers(X):
    with pytest.raises(ValueError, match="Complex data not supported"):
        read(X)


def test_sparse_and_single_text():
    with pytest.raises(TypeError, match="sparse"):
        read(sparse.csr_matrix([[1]]))
    with pytest.raises(ValueError, match=re.escape("Put it into a list: [text]")):
        read("mild")


@pytest.mark.parametrize(
    ("X", "what"),
    [
        ([], "array"),
        (np.empty((0, 2)), r"0 sample\(s\)"),
        (np.empty((2, 0)), r"0 feature\(s\)"),
        (FRAME.iloc[:0], r"0 sample\(s\)"),
        (FRAME[[]], r"0 feature\(s\)"),
        (np.array("mild", dtype=object), "scalar array"),
    ],
)
def test_empty(X, what):
    with pytest.raises(ValueError, match=what):
        read(X)


def test_a_million_rows_are_quick():
    texts = [f"text {i}" for i in range(1_000)] * 1_000
    X = pd.DataFrame({"id": 1, "text": pd.Series(texts, dtype=object)})
    start = time.process_time()
    read(X, "text")
    assert time.process_time() - start < 2
