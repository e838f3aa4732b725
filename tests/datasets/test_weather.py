"""The download, its verification, and the published processing."""

import hashlib
import os

import pandas as pd
import pytest

from sklabel.datasets import _base, _weather, fetch_weather_sentiment, get_data_home
from sklabel.datasets._base import RemoteFile, fetch_file
from tests._data import weather_sentiment

NEUTRAL = "Neutral / author is just sharing information"


def _as_remote(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return RemoteFile(path.name, path.as_uri(), digest)


@pytest.fixture
def remote(tmp_path):
    """A tiny file behind a file:// address."""
    server = tmp_path / "server"
    server.mkdir()
    (server / "tiny.csv").write_text("a,b\n1,2\n")
    return _as_remote(server / "tiny.csv")


@pytest.fixture
def tiny_corpus(tmp_path, monkeypatch):
    """120 tweets judged by three workers, behind file:// addresses."""
    server = tmp_path / "server"
    server.mkdir()
    tweet_id = range(5000, 5220)
    sentiment = [["Negative", "Positive"][i % 2] for i in range(220)]
    sentiment[:10] = [NEUTRAL] * 10
    pd.DataFrame(
        {
            "_unit_id_": range(220, 0, -1),
            "correct_category_conf": [1.0] * 215 + [0.9] * 5,
            "sentiment": sentiment,
            "tweet_id": tweet_id,
            "tweet_body": [f"tweet {i}" for i in tweet_id],
        }
    ).to_csv(server / _weather.GOLD.filename, index=False)
    pd.DataFrame(
        {
            "worker_id": [w for _ in tweet_id for w in (1, 2, 3)],
            "emotion": ["Negative", "Positive", NEUTRAL] * 220,
            "tweet_id": [i for i in tweet_id for _ in range(3)],
        }
    ).to_csv(server / _weather.JUDGEMENTS.filename, index=False)
    for name in ("GOLD", "JUDGEMENTS"):
        path = server / getattr(_weather, name).filename
        monkeypatch.setattr(_weather, name, _as_remote(path))
    return tmp_path / "home"


def _tweet_ids(frames):
    return [set(frame["tweet_id"]) for frame in frames]


def test_the_published_counts_come_out():
    data = weather_sentiment()
    assert data.crowd_labels.shape == (1916, 3)
    assert data.crowd_labels["worker_id"].nunique() == 100
    assert data.crowd_answers.shape == (2380, 3)
    judgements = data.crowd_answers["worker_id"].value_counts()
    assert len(judgements) == 101
    assert (judgements > 10).sum() == 68
    assert data.crowd_answers["answer"].nunique() == 5
    assert [len(data[split]) for split in ("train", "dev", "test")] == [187, 50, 50]


def test_the_published_coverage_comes_out():
    data = weather_sentiment()
    judged = data.crowd_labels["tweet_id"]
    covered = [
        data[split]["tweet_id"].isin(judged).mean() for split in ("train", "dev")
    ]
    assert covered == pytest.approx([94 / 187, 25 / 50])
    assert not data.test["tweet_id"].isin(data.crowd_answers["tweet_id"]).any()


def test_majority_vote_of_the_crowd_has_the_published_accuracy_on_train():
    data = weather_sentiment()
    share = data.crowd_labels.groupby("tweet_id")["label"].mean()
    gold = data.train.set_index("tweet_id")["sentiment"]
    share = share[share.index.isin(gold.index)]
    assert ((share > 0.5) == gold[share.index]).mean() > 0.95


def test_download_gives_the_same_bunch_as_the_files_kept(tiny_corpus):
    first = fetch_weather_sentiment(data_home=tiny_corpus)
    again = fetch_weather_sentiment(data_home=tiny_corpus, download_if_missing=False)
    assert list(first) == list(again)
    for key in ("crowd_labels", "crowd_answers", "train", "dev", "test"):
        pd.testing.assert_frame_equal(first[key], again[key])
    assert sorted(path.name for path in (tiny_corpus / _weather.FOLDER).iterdir()) == [
        _weather.GOLD.filename,
        _weather.JUDGEMENTS.filename,
    ]


def test_bunch_has_the_documented_columns_and_dtypes(tiny_corpus):
    data = fetch_weather_sentiment(data_home=tiny_corpus)
    assert list(data.crowd_labels) == ["tweet_id", "worker_id", "label"]
    assert list(data.crowd_answers) == ["tweet_id", "worker_id", "answer"]
    assert data.crowd_labels["label"].dtype == "int64"
    assert data.label_mapping == {"Negative": 0, "Positive": 1}
    for split in ("train", "dev", "test"):
        assert list(data[split]) == ["tweet_id", "tweet_text", "sentiment"]
        assert data[split]["sentiment"].dtype == "int64"
        assert list(data[split].index) == list(range(len(data[split])))
    assert "no licence is stated" in data.DESCR
    assert "Nothing of\nit is shipped" in data.DESCR


def test_only_certain_negative_or_positive_tweets_are_kept(tiny_corpus):
    data = fetch_weather_sentiment(data_home=tiny_corpus)
    train, dev, test = _tweet_ids([data.train, data.dev, data.test])
    assert train | dev | test == set(range(5010, 5215))
    assert len(train) + len(dev) + len(test) == 205
    assert (data.dev["sentiment"] == data.dev["tweet_id"] % 2).all()


def test_first_train_first_dev_and_all_test_tweets_have_no_judgements(tiny_corpus):
    data = fetch_weather_sentiment(data_home=tiny_corpus)
    expected = set(data.train["tweet_id"][93:]) | set(data.dev["tweet_id"][25:])
    assert _tweet_ids([data.crowd_labels, data.crowd_answers]) == [expected] * 2


def test_other_answers_are_in_crowd_answers_only(tiny_corpus):
    data = fetch_weather_sentiment(data_home=tiny_corpus)
    assert set(data.crowd_answers["answer"]) == {"Negative", "Positive", NEUTRAL}
    labels = data.crowd_labels.groupby("worker_id")["label"].unique()
    assert labels.index.tolist() == [1, 2]
    assert [value.tolist() for value in labels] == [[0], [1]]


def test_missing_file_says_where_it_was_sought(tmp_path):
    sought = tmp_path / "weather_sentiment" / "weather-non-agg-DFE.csv"
    with pytest.raises(OSError, match="download_if_missing=False") as info:
        fetch_weather_sentiment(data_home=tmp_path, download_if_missing=False)
    assert str(sought) in str(info.value)
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_read_without_the_address(remote, tmp_path):
    (tmp_path / "tiny.csv").write_text("a,b\n1,2\n")
    unreachable = remote._replace(url=(tmp_path / "nowhere").as_uri())
    assert fetch_file(unreachable, tmp_path) == tmp_path / "tiny.csv"


def test_existing_file_with_other_content_raises_and_stays(remote, tmp_path):
    (tmp_path / "tiny.csv").write_text("a,b\n1,")
    with pytest.raises(OSError, match="Delete the file and fetch it again") as info:
        fetch_file(remote, tmp_path)
    assert remote.sha256 in str(info.value)
    assert hashlib.sha256(b"a,b\n1,").hexdigest() in str(info.value)
    assert str(tmp_path / "tiny.csv") in str(info.value)
    assert (tmp_path / "tiny.csv").read_text() == "a,b\n1,"


def test_download_makes_the_folder_and_leaves_only_the_file(remote, tmp_path):
    folder = tmp_path / "new" / "folder"
    path = fetch_file(remote, folder)
    assert path.read_text() == "a,b\n1,2\n"
    assert list(folder.iterdir()) == [path]


def test_corrupted_download_leaves_no_file(remote, tmp_path):
    folder = tmp_path / "folder"
    corrupted = remote._replace(sha256="0" * 64)
    with pytest.raises(OSError, match="was discarded") as info:
        fetch_file(corrupted, folder)
    assert "0" * 64 in str(info.value)
    assert remote.sha256 in str(info.value)
    assert list(folder.iterdir()) == []


def test_unreachable_address_says_what_to_do(remote, tmp_path):
    folder = tmp_path / "folder"
    url = (tmp_path / "nowhere.csv").as_uri()
    with pytest.raises(OSError, match="Could not download") as info:
        fetch_file(remote._replace(url=url), folder)
    assert url in str(info.value)
    assert f"place it at {folder / 'tiny.csv'}" in str(info.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("error", [OSError("reset"), KeyboardInterrupt()])
def test_interrupted_download_leaves_no_partial_file(
    remote, tmp_path, monkeypatch, error
):
    def copy_half(source, target):
        target.write(source.read(3))
        raise error

    monkeypatch.setattr(_base.shutil, "copyfileobj", copy_half)
    folder = tmp_path / "folder"
    with pytest.raises(type(error)):
        fetch_file(remote, folder)
    assert list(folder.iterdir()) == []


def test_partial_file_of_another_run_is_not_used(remote, tmp_path):
    partial = tmp_path / "tiny.csv.0123.part"
    partial.write_text("a,b\n")
    assert fetch_file(remote, tmp_path).read_text() == "a,b\n1,2\n"
    assert partial.read_text() == "a,b\n"


def test_file_appears_under_its_name_only_after_verification(
    remote, tmp_path, monkeypatch
):
    seen = []
    real = _base._sha256

    def spy(path):
        seen.append((tmp_path / "tiny.csv").exists())
        return real(path)

    monkeypatch.setattr(_base, "_sha256", spy)
    fetch_file(remote, tmp_path)
    assert seen == [False]


def test_data_home_argument_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SKLABEL_DATA", str(tmp_path / "env"))
    assert get_data_home(tmp_path / "given") == tmp_path / "given"
    assert get_data_home() == tmp_path / "env"


def test_data_home_defaults_to_a_folder_at_home_that_is_not_created(
    monkeypatch, tmp_path
):
    monkeypatch.delenv("SKLABEL_DATA", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert get_data_home() == tmp_path / "sklabel_data"
    assert get_data_home(os.path.join("~", "x")) == tmp_path / "x"
    assert list(tmp_path.iterdir()) == []
