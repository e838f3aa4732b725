import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse

from sklabel import LabelModel
from sklabel.relabeling import StoppingRule, expected_error, posterior_entropy
from sklabel.votes._proba import read_proba

PROBA = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])


def test_an_array_goes_by_position():
    proba, classes = read_proba(PROBA)
    assert_array_equal(proba, PROBA)
    assert_array_equal(classes, [0, 1])
    _, classes = read_proba(PROBA.tolist(), ["b", "a"])
    assert_array_equal(classes, ["b", "a"])
    proba, _ = read_proba(sparse.csr_matrix(PROBA))
    assert_array_equal(proba, PROBA)


def test_a_frame_goes_by_name():
    frame = pd.DataFrame(PROBA, columns=["b", "a"])
    proba, classes = read_proba(frame)
    assert_array_equal(proba, PROBA)
    assert_array_equal(classes, ["b", "a"])
    proba, classes = read_proba(frame, ["a", "b"])
    assert_array_equal(proba, PROBA[:, ::-1])
    assert_array_equal(classes, ["a", "b"])


def test_names_that_are_categories_or_text_of_numbers():
    names = pd.CategoricalIndex(["b", "a"], categories=["a", "b"])
    _, classes = read_proba(pd.DataFrame(PROBA, columns=names))
    assert_array_equal(classes, ["b", "a"])
    proba, _ = read_proba(pd.DataFrame(PROBA, columns=["1", "-1"]), [-1, 1])
    assert_array_equal(proba, PROBA[:, ::-1])


def test_columns_of_an_array_in_polars_have_no_names():
    polars = pytest.importorskip("polars")
    proba, classes = read_proba(polars.DataFrame(PROBA), ["b", "a"])
    assert_array_equal(proba, PROBA)
    assert_array_equal(classes, ["b", "a"])
    with pytest.raises(TypeError, match=r"proba must be in memory.*collect"):
        read_proba(polars.LazyFrame(PROBA))


def test_nullable_and_small_floats():
    frame = pd.DataFrame(PROBA, columns=["a", "b"])
    for dtype in ("Float64", "float32", "float16"):
        proba, _ = read_proba(frame.astype(dtype))
        assert_array_equal(proba, PROBA)
    frame = frame.astype("Float64")
    frame.iloc[1, 0] = pd.NA
    with pytest.raises(ValueError, match="finite and not negative; row 1 is"):
        read_proba(frame)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (pd.DataFrame([[0.5, "x"]], columns=["a", "id"]), ValueError, "one column per"),
        (pd.DataFrame([[0.5, 0.5]], columns=["a", "a"]), ValueError, "must not repeat"),
        (pd.DataFrame([[0.5, 0.5]], columns=["a", 1]), TypeError, "all strings or all"),
        (
            pd.DataFrame(
                [[0.5, 0.5]], columns=pd.MultiIndex.from_product([["p"], ["a", "b"]])
            ),
            ValueError,
            "The columns of soft must be classes; they have 2 levels",
        ),
        (pd.DataFrame(index=[0, 1]), ValueError, r"got shape \(2, 0\)"),
    ],
)
def test_frames_that_are_not_probabilities_of_classes_raise(frame, error, message):
    with pytest.raises(error, match=message):
        read_proba(frame, name="soft")


def test_the_wrong_number_of_columns_raises():
    with pytest.raises(
        ValueError, match="soft has 2 columns, and there are 3 classes: 0, 1"
    ):
        read_proba(PROBA, [0, 1, 2], name="soft")


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_what_asks_for_no_class_takes_frames_too(library):
    module = pytest.importorskip(library, exc_type=ImportError)
    frame = module.DataFrame({"yes": PROBA[:, 0], "no": PROBA[:, 1]})
    assert_array_equal(posterior_entropy(frame), posterior_entropy(PROBA))
    assert_array_equal(expected_error(frame), expected_error(PROBA))
    assert_array_equal(StoppingRule(0.7)(frame), [True, False, True])


@pytest.mark.parametrize("form", [dict, pd.Series])
def test_a_label_model_takes_a_prior_by_class_name(form):
    votes = np.array([["b", "a"], ["a", "b"], ["b", "b"]], dtype=object)
    prior = form({"b": 0.9, "a": 0.1})
    model = LabelModel(class_prior=prior).fit(votes)
    expected = LabelModel(class_prior=[0.1, 0.9]).fit(votes)
    assert_array_equal(model.classes_, ["a", "b"])
    assert_array_equal(model.predict_proba(votes), expected.predict_proba(votes))
    with pytest.raises(ValueError, match="it names 'c', 'a', and the classes are 'a'"):
        LabelModel(class_prior=form({"c": 0.9, "a": 0.1})).fit(votes)
