"""The bundled weather posts."""

import pandas as pd
import pytest

from sklabel.datasets import load_weather_posts


@pytest.fixture(scope="module")
def data():
    return load_weather_posts()


@pytest.fixture(scope="module")
def posts(data):
    return pd.concat([data.train, data.dev, data.test])


def test_shapes_are_the_documented_ones(data):
    assert data.crowd_labels.shape == (1562, 3)
    assert data.crowd_answers.shape == (1704, 3)
    assert [len(data[split]) for split in ("train", "dev", "test")] == [280, 50, 70]


def test_bunch_has_the_form_of_the_fetched_one(data):
    assert sorted(data) == [
        "DESCR",
        "crowd_answers",
        "crowd_labels",
        "dev",
        "label_mapping",
        "test",
        "train",
    ]
    assert list(data.crowd_labels) == ["tweet_id", "worker_id", "label"]
    assert list(data.crowd_answers) == ["tweet_id", "worker_id", "answer"]
    for split in ("train", "dev", "test"):
        assert list(data[split]) == ["tweet_id", "tweet_text", "sentiment"]
        assert data[split]["sentiment"].dtype == "int64"
        assert list(data[split].index) == list(range(len(data[split])))


def test_posts_and_ids_are_all_different(posts):
    assert posts["tweet_id"].is_unique
    assert posts["tweet_text"].str.lower().is_unique
    assert posts["tweet_text"].str.strip().equals(posts["tweet_text"])


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_splits_are_balanced(data, split):
    assert data[split]["sentiment"].mean() == 0.5


def test_half_of_train_and_dev_and_none_of_test_is_judged(data):
    judged = data.crowd_answers["tweet_id"]
    shares = [data[s]["tweet_id"].isin(judged).mean() for s in ("train", "dev", "test")]
    assert shares == [0.5, 0.5, 0.0]
    assert data.crowd_answers.groupby("tweet_id").size().between(8, 12).all()


def test_no_worker_judges_a_post_twice(data):
    assert not data.crowd_answers.duplicated(["tweet_id", "worker_id"]).any()


def test_crowd_labels_are_the_binary_answers_in_order(data):
    binary = data.crowd_answers[data.crowd_answers["answer"] != "I can't tell"]
    mapped = binary["answer"].map(data.label_mapping).to_numpy()
    assert data.crowd_labels["label"].tolist() == mapped.tolist()
    assert data.crowd_labels["worker_id"].tolist() == binary["worker_id"].tolist()


def test_majority_of_the_crowd_is_mostly_right_and_sometimes_wrong(data, posts):
    share = data.crowd_labels.groupby("tweet_id")["label"].mean()
    gold = posts.set_index("tweet_id")["sentiment"][share.index]
    assert 0.88 < ((share > 0.5) == gold).mean() < 0.99


def test_some_workers_are_below_chance(data, posts):
    gold = posts.set_index("tweet_id")["sentiment"]
    labels = data.crowd_labels
    is_right = labels["label"] == gold[labels["tweet_id"]].to_numpy()
    by_worker = is_right.groupby(labels["worker_id"]).agg(["mean", "size"])
    busy = by_worker[by_worker["size"] > 20]["mean"]
    assert busy.min() < 0.4
    assert busy.max() > 0.9


def test_strong_polarity_is_mostly_right_and_leaves_gaps(posts):
    textblob = pytest.importorskip("textblob")
    polarity = posts["tweet_text"].map(lambda text: textblob.TextBlob(text).polarity)
    positive = posts["sentiment"][polarity > 0.3]
    negative = posts["sentiment"][polarity < -0.25]
    assert (len(positive), positive.sum()) == (109, 95)
    assert (len(negative), (negative == 0).sum()) == (88, 81)
    assert (polarity == 0).mean() > 0.15


def test_description_says_that_nothing_is_real(data):
    assert "written for this package" in data.DESCR
    assert "the crowd is simulated" in data.DESCR.replace("\n", " ")
    assert "they are not\nevidence on real data" in data.DESCR


def test_loading_twice_gives_frames_of_their_own(data):
    again = load_weather_posts()
    pd.testing.assert_frame_equal(data.train, again.train)
    again.train.loc[0, "sentiment"] = 7
    again.label_mapping["Neutral"] = 2
    assert load_weather_posts().train.loc[0, "sentiment"] != 7
    assert data.label_mapping == {"Negative": 0, "Positive": 1}
