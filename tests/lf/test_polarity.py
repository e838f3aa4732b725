import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    CrowdLabels,
    LabelModel,
    LFTransformer,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.text import clear_polarity_cache
from sklabel.votes import VoteMatrix, votes_to_dense

textblob = pytest.importorskip("textblob")

TEXTS = [
    "What a wonderful day!",
    "It rains.",
    "Terrible, cold and ugly.",
    "Not bad at all",
    "good",
    "This is the worst storm ever, I hate it",
    "",
]


@pytest.fixture
def frame():
    return pd.DataFrame({"id": range(len(TEXTS)), "text": TEXTS, "gold": 1})


def votes_of(text, positive=0.3, negative=-0.25, weak=0.3):
    polarity = textblob.TextBlob(text).polarity
    return [
        1 if polarity > positive else -1,
        0 if polarity < negative else -1,
        0 if polarity <= weak else -1,
    ]


def test_votes_equal_textblob_and_the_three_thresholds(frame):
    votes = PolarityLFTransformer("text").fit_transform(frame)
    assert votes.dtype == np.int8
    assert_array_equal(votes, [votes_of(text) for text in TEXTS])
    other = PolarityLFTransformer(
        "text",
        positive_threshold=0.75,
        negative_threshold=-0.9,
        weak_negative_threshold=-0.1,
    )
    expected = [votes_of(text, 0.75, -0.9, -0.1) for text in TEXTS]
    assert_array_equal(other.fit_transform(frame), expected)


def test_a_polarity_on_a_threshold_is_weakly_negative_only():
    polarity = textblob.TextBlob("good").polarity
    at = {"positive_threshold": polarity, "weak_negative_threshold": polarity}
    votes = PolarityLFTransformer(negative_threshold=polarity, **at)
    assert_array_equal(votes.fit_transform(["good"]), [[-1, -1, 0]])


def test_a_threshold_of_none_leaves_its_function_out(frame):
    transformer = PolarityLFTransformer("text", weak_negative_threshold=None)
    assert transformer.fit_transform(frame).shape == (len(frame), 2)
    assert list(transformer.get_feature_names_out()) == [
        "polarity_positive",
        "polarity_negative",
    ]
    nothing = clone(transformer).set_params(
        positive_threshold=None, negative_threshold=None
    )
    with pytest.raises(ValueError, match="all thresholds are None"):
        nothing.fit(frame)


def test_classes_can_be_named(frame):
    transformer = PolarityLFTransformer("text", positive_class=0, negative_class=200)
    votes = transformer.fit_transform(frame)
    assert votes.dtype == np.int16
    assert set(np.unique(votes)) == {-1, 0, 200}
    with pytest.raises(ValueError, match="must differ; both are 1"):
        PolarityLFTransformer(negative_class=1).fit(TEXTS)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_text_abstains_and_an_empty_one_is_neutral(missing):
    texts = np.array(["good", missing, ""], dtype=object)
    votes = PolarityLFTransformer().fit_transform(texts)
    assert_array_equal(votes[1:], [[-1, -1, -1], [-1, -1, 0]])


def test_sparse_votes_are_the_dense_ones(frame):
    dense = PolarityLFTransformer("text").fit_transform(frame)
    votes = PolarityLFTransformer("text", sparse_output=True).fit_transform(frame)
    assert isinstance(votes, VoteMatrix)
    assert_array_equal(votes_to_dense(votes), dense)


def test_column_names_reach_the_frame(frame):
    transformer = PolarityLFTransformer("text").set_output(transform="pandas")
    assert list(transformer.fit_transform(frame)) == [
        "polarity_positive",
        "polarity_negative",
        "polarity_negative_2",
    ]


def test_transform_needs_the_text_column_only(frame):
    transformer = PolarityLFTransformer("text").fit(frame)
    assert transformer.n_features_in_ == 1
    assert_array_equal(
        transformer.transform(frame[["text"]]), transformer.transform(frame)
    )
    with pytest.raises(ValueError, match="needs the column"):
        transformer.transform(frame[["id"]])


def test_bad_columns_and_cells(frame):
    with pytest.raises(ValueError, match=r"needs the column\(s\) 'txt'.*'text'"):
        PolarityLFTransformer("txt").fit(frame)
    with pytest.raises(ValueError, match="say which holds the text"):
        PolarityLFTransformer().fit(frame)
    with pytest.warns(UserWarning, match="read numbers as text") as record:
        PolarityLFTransformer("id").fit(frame)
    with pytest.warns(UserWarning, match="read numbers as text") as in_pipeline:
        make_pipeline(PolarityLFTransformer("id")).fit(frame)
    assert {warning.filename for warning in [*record, *in_pipeline]} == {__file__}
    with pytest.raises(TypeError, match="argument must be a string or"):
        PolarityLFTransformer("text").fit(frame.assign(text=[{}] * len(frame)))
    with pytest.raises(ValueError, match=r"expects one text per row.*1\.0, 2\.0"):
        PolarityLFTransformer().fit([1.0, 2.0])
    with pytest.raises(ValueError, match="'positive_threshold' parameter"):
        PolarityLFTransformer(positive_threshold=2).fit(TEXTS)


def test_without_textblob_the_message_names_the_extra(monkeypatch):
    import sys

    clear_polarity_cache()
    monkeypatch.setitem(sys.modules, "textblob", None)
    monkeypatch.setitem(sys.modules, "textblob.en", None)
    transformer = PolarityLFTransformer().fit(TEXTS)
    with pytest.raises(ImportError, match=r'pip install "sklabel\[text\]"'):
        transformer.transform(TEXTS)


@pytest.mark.parametrize("sparse_output", [False, True])
def test_all_transformers_side_by_side_on_one_frame(frame, sparse_output):
    crowd = CrowdLabels.from_frame(
        pd.DataFrame({"sample": [0, 1, 1], "worker": [5, 5, 6], "label": [1, 0, 1]})
    )
    parts = [
        ("polarity", PolarityLFTransformer("text", sparse_output=sparse_output)),
        ("worker", WorkerLFTransformer(crowd, id_column="id")),
        ("own", LFTransformer([("long", lambda x: 1 if len(x["text"]) > 30 else -1)])),
    ]
    for _, part in parts:
        part.set_params(sparse_output=sparse_output)
    union = FeatureUnion(parts).fit_transform(frame)
    columns = ColumnTransformer(
        [
            ("polarity", parts[0][1], ["text"]),
            ("worker", parts[1][1], ["id"]),
            ("own", parts[2][1], ["text"]),
        ]
    ).fit_transform(frame)
    assert_array_equal(votes_to_dense(union), votes_to_dense(columns))
    assert votes_to_dense(union).shape == (len(frame), 6)
    assert_array_equal(votes_to_dense(union)[:2, 3:5], [[1, -1], [0, 1]])
    fits = [LabelModel().fit(votes).predict_proba(votes) for votes in (union, columns)]
    assert_array_equal(*fits)


def test_thresholds_are_searched(frame):
    gold = [1, 0, 0, 1, 1, 0, 0]
    search = GridSearchCV(
        make_pipeline(PolarityLFTransformer("text"), LabelModel(use_gold=False)),
        {"polaritylftransformer__positive_threshold": [0.1, 0.9]},
        cv=2,
    ).fit(frame, gold)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
