"""Checks of user input that several subpackages share, and their warnings."""

# SPDX-License-Identifier: BSD-3-Clause

import importlib
import inspect
import os

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklabel import CrowdLabels, GoldKFold, LabelModel, WorkerLFTransformer
from sklabel.utils._validation import (
    check_class_prior,
    check_columns,
    check_filled,
    check_proba,
    check_sample_weight,
    class_positions,
    did_you_mean,
    first_few,
    is_text,
    n_rows,
    one_column,
    plain,
    plural,
    take_rows,
    warn,
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


def test_a_missing_column_names_its_parameter_and_what_is_alike():
    frame = pd.DataFrame([[1, 2, 3]], columns=["Worker_ID", "category", 7])
    names = ["worker id", "category", "label"]
    message = (
        r"'worker id', 'label'; .*, with worker=, label=\. Did you mean 'Worker_ID'"
    )
    with pytest.raises(ValueError, match=message):
        check_columns(
            frame, names, where="Thing", parameters=("worker", "sample", "label")
        )


@pytest.mark.parametrize(
    ("wanted", "names", "question"),
    [
        (["Category"], ["mood", "category"], " Did you mean 'category'?"),
        (["labels", "worker"], ["label", "worker_id"], " Did you mean 'label' and 'w"),
        (["sku", 3], ["category", 3], ""),
    ],
)
def test_names_that_are_alike_are_asked_for(wanted, names, question):
    asked = did_you_mean(wanted, names)
    assert asked.startswith(question)
    assert bool(asked) == bool(question)


def test_a_word_is_plural_but_beside_one():
    words = [plural(n, "sample") for n in (0, 1, 2)]
    assert words == ["samples", "sample", "samples"]
    assert [plural(n, "has", "have") for n in (1, 2)] == ["has", "have"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FRAME[:0], r"0 sample\(s\) \(shape=\(0, 3\)\) .* required by Thing"),
        (FRAME[[]], r"0 feature\(s\) \(shape=\(1, 0\)\) .* required by Thing"),
        (FRAME.iloc[:0, :0], r"0 feature\(s\)"),
    ],
)
def test_an_empty_frame_raises_as_in_scikit_learn(frame, message):
    check_filled(FRAME, where="Thing")
    with pytest.raises(ValueError, match=message):
        check_filled(frame, where="Thing")


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


# Whose line a warning names


def _line():
    """Return the number of the line that calls this."""
    return inspect.currentframe().f_back.f_lineno


def _inside(package):
    """Return a function, in a file of a package, that calls another one."""
    folder = os.path.dirname(importlib.import_module(package).__file__)
    path = os.path.join(folder, "deep", "module.py")
    namespace = {}
    code = "def call(function, *arguments):\n    return function(*arguments)\n"
    exec(compile(code, path, "exec"), namespace)
    return namespace["call"]


def test_a_warning_has_its_message_and_category_and_names_the_line():
    with pytest.warns(ConvergenceWarning, match="^not there yet$") as record:
        warn("not there yet", ConvergenceWarning)
    assert (record[0].filename, record[0].lineno) == (__file__, _line() - 1)
    with pytest.warns(UserWarning, match="odd") as record:
        warn("odd")
    assert record[0].category is UserWarning


@pytest.mark.parametrize("package", ["sklabel", "sklearn", "joblib", "dask", "pandas"])
def test_a_warning_skips_the_frames_between_the_user_and_us(package):
    pytest.importorskip(package)
    with pytest.warns(UserWarning, match="odd") as record:
        _inside(package)(warn, "odd")
    assert (record[0].filename, record[0].lineno) == (__file__, _line() - 1)


def test_a_warning_skips_frames_of_several_packages():
    ours, theirs, third = map(_inside, ("sklabel", "sklearn", "joblib"))
    with pytest.warns(UserWarning, match="odd") as record:
        theirs(third, ours, theirs, ours, warn, "odd")
    assert (record[0].filename, record[0].lineno) == (__file__, _line() - 1)


def test_a_package_with_a_longer_name_is_the_users():
    folder = os.path.dirname(importlib.import_module("sklabel").__file__)
    path = os.path.join(f"{folder}_tools", "own.py")
    namespace = {"warn": warn}
    exec(compile("def call():\n\n    warn('odd')\n", path, "exec"), namespace)
    with pytest.warns(UserWarning, match="odd") as record:
        namespace["call"]()
    assert (record[0].filename, record[0].lineno) == (path, 3)


def test_a_function_of_the_user_that_scikit_learn_calls_is_named():
    def own(X):
        LabelModel(max_iter=1).fit(X)
        return X

    with pytest.warns(ConvergenceWarning) as record:
        make_pipeline(FunctionTransformer(own)).fit_transform([[0, 1], [1, 1], [0, 0]])
    expected = inspect.getsourcelines(own)[1] + 1
    assert (record[0].filename, record[0].lineno) == (__file__, expected)


def _crowd_and_items():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(40), 3),
            "worker": rng.integers(0, 6, 120),
            "label": rng.integers(0, 2, 120),
        }
    )
    items = pd.DataFrame({"sample": np.arange(40)})
    gold = np.where(np.arange(40) < 20, np.arange(40) % 2, -1)
    return CrowdLabels.from_frame(frame), items, gold


def test_fit_of_a_pipeline_is_named():
    crowd, items, _ = _crowd_and_items()
    pipeline = make_pipeline(WorkerLFTransformer(crowd), LabelModel(max_iter=1))
    with pytest.warns(ConvergenceWarning, match="max_iter=1") as record:
        pipeline.fit(items)
    assert (record[0].filename, record[0].lineno) == (__file__, _line() - 1)


def test_fit_of_a_grid_search_is_named():
    crowd, items, y = _crowd_and_items()
    pipeline = make_pipeline(WorkerLFTransformer(crowd), LabelModel(max_iter=1))
    grid = {"workerlftransformer__min_labels": [1, 2]}
    search = GridSearchCV(pipeline, grid, cv=GoldKFold(2))
    with pytest.warns(ConvergenceWarning, match="max_iter=1") as record:
        search.fit(items, y)
    lines = {(warning.filename, warning.lineno) for warning in record}
    assert lines == {(__file__, _line() - 2)}
    assert len(record) == 2 * 2 + 1


def test_a_column_of_labels_is_taken_with_the_warning_of_scikit_learn():
    with pytest.warns(DataConversionWarning, match="A column-vector y was") as record:
        column = one_column(np.array([[1], [0]]))
    assert record[0].filename == __file__
    assert column.tolist() == [1, 0]
    assert one_column(["a", "b"]).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="1d array"):
        one_column([[0, 1], [1, 0]])


# Probabilities


def shares(n_classes, n_samples=500):
    return np.random.default_rng(0).dirichlet(np.ones(n_classes), size=n_samples)


@pytest.mark.parametrize("digits", [2, 3, 4, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_rounded_probabilities_are_accepted_and_sum_to_one(digits, dtype, n_classes):
    rounded = shares(n_classes).round(digits).astype(dtype)
    checked = check_proba(rounded)
    assert checked.dtype == np.float64
    assert_allclose(checked.sum(axis=1), 1, atol=1e-8)
    assert_allclose(checked, rounded, atol=n_classes * 10.0**-digits)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("back", [np.float16, np.float64])
def test_probabilities_of_low_precision_are_accepted(dtype, back):
    low = shares(5).astype(dtype).astype(back)
    assert_allclose(check_proba(low).sum(axis=1), 1, atol=1e-8)


def test_exact_probabilities_come_back_bit_by_bit_and_as_a_copy():
    given = shares(3)
    checked = check_proba(given)
    assert checked is not given
    assert checked.tobytes() == given.tobytes()
    assert check_proba([[0.5, 0.5]]).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize(
    ("proba", "message"),
    [
        ([[0.33, 0.33, 0.33], [0.33, 0.33, 0.3]], "row 1 sums to 0.96.*than 0.015"),
        ([[0.3, 0.3, 0.3]], "row 0 sums to 0.9 .1 rows differ by more than 0.0001"),
        ([[0.12345678, 0.87674323]], "row 0 sums to 1.0002"),
        ([[1 / 3, 2 / 3 + 0.00010101]], "row 0 sums to 1.000101 .1 rows"),
        ([[50, 50]], "row 0 sums to 100 .*Divide each row by its sum"),
        ([[0.5, 0.75]], "row 0 sums to 1.25"),
        ([[0.02] * 40], "row 0 sums to 0.8 .1 rows differ by more than 0.05"),
        ([[0.0, 0.0]], "row 0 sums to 0 "),
        ([0.5, 0.5], r"a row of class probabilities for each sample; got shape \(2,\)"),
        ([["a", "b"]], "several columns must hold class probabilities; it holds <U1"),
    ],
)
def test_sums_that_rounding_does_not_explain_raise(proba, message):
    with pytest.raises(ValueError, match=message):
        check_proba(proba)


@pytest.mark.parametrize(
    ("names", "classes", "expected"),
    [
        (["b", "a"], ["a", "b"], [1, 0]),
        ([1, 0], [0, 1], [1, 0]),
        (["1", "0"], [0, 1], [1, 0]),
        (["True", "False"], [False, True], [1, 0]),
        ([0, 1], ["a", "b"], [0, 1]),
        ([1, 0], ["a", "b"], None),
        ([0, 1], [-1, 1], None),
        (["a", "a"], ["a", "b"], None),
        (["a"], ["a", "b"], None),
    ],
)
def test_positions_of_classes_among_names(names, classes, expected):
    at = class_positions(names, np.array(classes))
    assert (None if at is None else at.tolist()) == expected


@pytest.mark.parametrize("form", [dict, pd.Series])
def test_a_class_prior_with_names_goes_by_name(form):
    prior = form({"yes": 0.2, "no": 0.8})
    assert check_class_prior(prior, 2, np.array(["no", "yes"])).tolist() == [0.8, 0.2]
    prior = form({1: 0.2, 0: 0.8})
    assert check_class_prior(prior, 2).tolist() == [0.8, 0.2]
    with pytest.raises(ValueError, match="names 1, 0, and the classes are 'no', 'yes'"):
        check_class_prior(prior, 2, np.array(["no", "yes"]))
