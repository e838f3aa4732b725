"""Soft labels of votes of any kind, as a table."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.validation import check_is_fitted

from sklabel import CrowdLabels, LabelModel, LFTransformer, MajorityVote
from sklabel.inspection import soft_label_table
from sklabel.votes import NamedVotes, votes_to_sparse

VOTES = np.array([[0, 0, 1], [1, -1, 1], [-1, 0, 0], [1, 1, 0], [-1, 1, -1]])


def long_word(row):
    return 1 if len(row.text) > 4 else 0


def has_a(row):
    return 1 if "a" in row.text else -1


def test_it_shows_what_the_model_predicts():
    model = LabelModel().fit(VOTES)
    table = soft_label_table(model, VOTES)
    assert_allclose(table[["proba_0", "proba_1"]], model.predict_proba(VOTES))
    assert_array_equal(table["label"], model.predict(VOTES))
    assert_array_equal(table["n_votes"], [3, 2, 2, 3, 1])
    assert_array_equal(table["confidence"], model.predict_proba(VOTES).max(axis=1))
    assert table.index.equals(pd.RangeIndex(5))


def test_a_model_that_is_not_fitted_is_cloned():
    model = LabelModel()
    table = soft_label_table(model, VOTES)
    assert_frame_equal(table, soft_label_table(LabelModel().fit(VOTES), VOTES))
    with pytest.raises(NotFittedError):
        check_is_fitted(model)


@pytest.mark.parametrize(
    "form",
    [
        VOTES.tolist(),
        np.where(VOTES < 0, np.nan, VOTES),
        votes_to_sparse(VOTES),
        pd.DataFrame(VOTES),
        pd.DataFrame(VOTES).astype("Int64").mask(VOTES < 0),
    ],
)
def test_votes_of_any_form(form):
    assert_frame_equal(
        soft_label_table(MajorityVote(), form),
        soft_label_table(MajorityVote(), VOTES),
        check_index_type=False,
    )


def test_votes_that_know_their_classes():
    labels = np.array([["no", "yes"], [None, "yes"]], dtype=object)
    table = soft_label_table(MajorityVote(), NamedVotes.from_labels(labels))
    assert table.columns[1:3].tolist() == ["proba_no", "proba_yes"]
    assert table["label"].tolist() == ["yes", "yes"]


def test_a_frame_keeps_its_index():
    index = pd.Index(["v", "w", "x", "y", "z"], name="comment")
    votes = pd.DataFrame(VOTES, index=index)
    assert soft_label_table(MajorityVote(), votes).index.equals(index)
    assert soft_label_table(MajorityVote(), votes).index.name == "comment"


@pytest.mark.parametrize(
    "ids", [list("vwxyz"), np.array(list("vwxyz")), pd.Series(list("vwxyz"))]
)
def test_ids_become_the_index(ids):
    table = soft_label_table(MajorityVote(), pd.DataFrame(VOTES), ids=ids)
    assert table.index.tolist() == list("vwxyz")


def test_frames_and_ids_of_polars():
    polars = pytest.importorskip("polars")
    votes = polars.DataFrame({"a": ["x", "y"], "b": ["x", None]})
    table = soft_label_table(MajorityVote(), votes, ids=polars.Series(["u", "v"]))
    assert table.index.tolist() == ["u", "v"]
    assert table["n_votes"].tolist() == [2, 1]
    assert soft_label_table(MajorityVote(), votes).index.tolist() == [0, 1]


@pytest.mark.parametrize("fitted", [True, False])
def test_a_pipeline_that_ends_in_a_label_model(fitted):
    texts = pd.DataFrame({"text": ["apple", "fig", "banana"]}, index=[7, 8, 9])
    pipeline = make_pipeline(LFTransformer([long_word, has_a]), MajorityVote())
    if fitted:
        pipeline.fit(texts)
    table = soft_label_table(pipeline, texts)
    assert table.index.tolist() == [7, 8, 9]
    assert table["n_votes"].tolist() == [2, 1, 2]
    assert table["label"].tolist() == [1, 0, 1]
    assert hasattr(pipeline[-1], "classes_") == fitted


def test_a_pipeline_of_a_label_model_alone():
    alone = make_pipeline(MajorityVote())
    expected = soft_label_table(MajorityVote(), VOTES)
    assert_frame_equal(soft_label_table(alone, VOTES), expected)


def test_rows_without_votes_are_counted():
    model = MajorityVote().fit(VOTES)
    votes = np.vstack([VOTES, [[-1, -1, -1]]])
    with pytest.warns(UserWarning, match=r"1 of 6 rows has no vote"):
        table = soft_label_table(model, votes)
    assert table["n_votes"].iloc[-1] == 0
    assert_allclose(table[["proba_0", "proba_1"]].iloc[-1], model.class_prior_)


def test_values_that_fit_never_saw_do_not_count():
    model = LabelModel().fit(VOTES)
    with pytest.warns(UserWarning, match=r"1 vote\(s\) with values that fit never saw"):
        table = soft_label_table(model, [[0, 0, 5]])
    assert table["n_votes"].tolist() == [2]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (MajorityVote, r"got the class MajorityVote\. Pass MajorityVote\(\)\."),
        (LogisticRegression(), r"such as LabelModel\(\); got LogisticRegression"),
        (make_pipeline(LogisticRegression()), r"got LogisticRegression"),
    ],
)
def test_what_is_no_label_model_is_refused(model, message):
    with pytest.raises(TypeError, match=message):
        soft_label_table(model, VOTES)


def test_judgements_are_sent_to_their_own_method():
    frame = pd.DataFrame({"sample": [1], "worker": [1], "label": ["x"]})
    with pytest.raises(TypeError, match=r"Call X\.soft_labels\(label_model\)"):
        soft_label_table(MajorityVote(), CrowdLabels.from_frame(frame))


def test_ids_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"for each of the 5 rows of X; got 2"):
        soft_label_table(MajorityVote(), VOTES, ids=["a", "b"])


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        soft_label_table(MajorityVote(), np.zeros((0, 2), dtype=np.int8))
