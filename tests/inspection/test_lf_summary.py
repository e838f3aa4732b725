"""The LF summary equals what three loops count."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklabel import CrowdLabels, WorkerLFTransformer
from sklabel.inspection import label_coverage, lf_summary
from sklabel.utils import votes_to_sparse

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"
COLUMNS = ["j", "Polarity", "Coverage", "Overlaps", "Conflicts"]
WITH_GOLD = [*COLUMNS, "Correct", "Incorrect", "Emp. Acc."]


def _summary_by_loops(votes, y=None):
    """One dict per LF, counted cell by cell; -1 or None is no vote and no gold."""
    n_samples, n_lfs = votes.shape
    none = (-1, None)
    lines = []
    for j in range(n_lfs):
        line = dict.fromkeys(["Coverage", "Overlaps", "Conflicts"], 0)
        right = wrong = 0
        for i in range(n_samples):
            if votes[i, j] in none:
                continue
            others = [
                votes[i, k] for k in range(n_lfs) if k != j and votes[i, k] not in none
            ]
            line["Coverage"] += 1 / n_samples
            line["Overlaps"] += bool(others) / n_samples
            line["Conflicts"] += any(o != votes[i, j] for o in others) / n_samples
            if y is not None and y[i] not in none:
                right += votes[i, j] == y[i]
                wrong += votes[i, j] != y[i]
        line["j"] = j
        line["Polarity"] = sorted(set(votes[:, j].tolist()) - set(none))
        if y is not None:
            accuracy = right / (right + wrong) if right + wrong else np.nan
            line |= {"Correct": right, "Incorrect": wrong, "Emp. Acc.": accuracy}
        lines.append(line)
    return pd.DataFrame(lines)[COLUMNS if y is None else WITH_GOLD]


def _random_votes(seed, n_values=3):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, n_values, (40, 6))
    votes[rng.random(votes.shape) < 0.6] = -1
    votes[:, 4] = -1
    votes[5] = -1
    y = rng.integers(-1, n_values + 1, 40)
    return votes, y


@pytest.mark.parametrize("with_gold", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_summary_equals_three_loops(seed, with_gold):
    votes, y = _random_votes(seed)
    gold = y if with_gold else None
    expected = _summary_by_loops(votes, gold)
    for form in (votes, votes.astype(np.int8), votes_to_sparse(votes)):
        pd.testing.assert_frame_equal(lf_summary(form, gold), expected)
    for dtype in (np.float64, "Int8", object):
        frame = pd.DataFrame(votes).replace(-1, None).astype(dtype)
        pd.testing.assert_frame_equal(
            lf_summary(frame, gold), expected, check_index_type=False
        )


def test_the_summary_of_strings_equals_three_loops():
    codes, y = _random_votes(3)
    names = np.array(["a", "b", "c", "d", None], dtype=object)
    expected = _summary_by_loops(names[codes], names[y])
    pd.testing.assert_frame_equal(lf_summary(names[codes], names[y]), expected)
    frame = pd.DataFrame(names[codes]).astype("category")
    pd.testing.assert_frame_equal(
        lf_summary(frame, pd.Series(names[y])), expected, check_index_type=False
    )


def test_polarities_are_plain_values():
    (polarity,) = lf_summary(np.array([[1], [0]], dtype=np.int8))["Polarity"]
    assert polarity == [0, 1]
    assert [type(value) for value in polarity] == [int, int]


@pytest.mark.parametrize("gap", [np.nan, None, pd.NA, -1])
def test_rows_without_gold_are_neither_right_nor_wrong(gap):
    y = pd.Series([1, gap, gap, 0], dtype=object)
    summary = lf_summary([[1, 0], [1, 1], [0, 0], [1, -1]], y)
    assert summary["Correct"].tolist() == [1, 0]
    assert summary["Incorrect"].tolist() == [1, 1]


def test_an_lf_that_never_votes_has_zeros_and_no_accuracy():
    row = lf_summary([[1, -1], [0, -1]], y=[1, 0]).loc[1]
    assert row["Polarity"] == []
    assert row[["Coverage", "Overlaps", "Conflicts"]].tolist() == [0, 0, 0]
    assert (row["Correct"], row["Incorrect"]) == (0, 0)
    assert np.isnan(row["Emp. Acc."])


def test_all_abstentions_can_be_summarised():
    summary = lf_summary(np.full((3, 2), -1), y=[0, 1, 1])
    assert summary["Coverage"].tolist() == [0, 0]
    assert summary["Polarity"].tolist() == [[], []]


def test_names_come_from_columns_or_the_argument():
    votes = pd.DataFrame([[1, 0]], columns=["a", "b"])
    assert lf_summary(votes).index.tolist() == ["a", "b"]
    assert lf_summary(votes, lf_names=["x", "y"]).index.tolist() == ["x", "y"]
    assert lf_summary(votes.to_numpy()).index.tolist() == [0, 1]
    assert lf_summary(votes.to_numpy(), lf_names=("x", "y")).index.tolist() == [
        "x",
        "y",
    ]
    # Names need not be distinct.
    summary = lf_summary(votes, [1], lf_names=["x", "x"])
    assert summary["Correct"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ([[1, 0]], {"lf_names": ["a"]}, "each of the 2 LFs; got 1"),
        (np.zeros((0, 2)), {}, "votes has 0 rows and 2 LFs; there is nothing"),
        (np.zeros((2, 0)), {}, "votes has 2 rows and 0 LFs; there is nothing"),
        ([1, 0], {}, "must be two-dimensional"),
        ([[1, 0]], {"y": [1, 0]}, "X has 1 rows and y has 2"),
        (
            [[1, 0]],
            {"y": ["b"]},
            "gold labels are 'b': pass classes=",
        ),
        (
            sparse.csr_array(np.array([[-1, 1]])),
            {},
            "negative stored value.*give every LF transformer the same sparse_output",
        ),
    ],
)
def test_what_cannot_be_summarised_raises(votes, options, message):
    with pytest.raises(ValueError, match=message):
        lf_summary(votes, **options)


@pytest.mark.parametrize("seed", range(3))
def test_label_coverage_is_the_share_of_rows_with_a_vote(seed):
    votes, _ = _random_votes(seed)
    expected = sum(any(vote >= 0 for vote in row) for row in votes) / len(votes)
    for form in (votes, votes_to_sparse(votes), pd.DataFrame(votes).replace(-1, None)):
        assert label_coverage(form) == pytest.approx(expected)


def test_label_coverage_of_nothing_raises():
    with pytest.raises(ValueError, match="has no rows; coverage is not defined"):
        label_coverage(np.zeros((0, 3)))


def test_the_worker_rows_of_the_tutorial_come_out():
    if not (SHARED_DATA / "weather_sentiment").is_dir():
        pytest.skip("needs the weather sentiment files in ../shared/data")
    from sklabel.datasets import fetch_weather_sentiment

    data = fetch_weather_sentiment(data_home=SHARED_DATA, download_if_missing=False)
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id"
    )
    workers = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = workers.fit(data.train).transform(data.dev)
    summary = lf_summary(votes, data.dev["sentiment"])
    rows = {
        6332651: (0.06, 1, 2),
        18804376: (0.04, 2, 0),
        16526185: (0.20, 10, 0),
        10197897: (0.06, 3, 0),
        19028457: (0.28, 5, 9),
        19007283: (0.16, 6, 2),
    }
    for worker, row in rows.items():
        got = summary.loc[f"worker_{worker}", ["Coverage", "Correct", "Incorrect"]]
        assert got.tolist() == pytest.approx(row)


def test_gold_names_are_matched_with_vote_indices():
    votes = [[0, 1], [1, 1], [-1, 0]]
    named = lf_summary(votes, ["ham", "spam", "ham"], classes=["ham", "spam"])
    pd.testing.assert_frame_equal(named, lf_summary(votes, [0, 1, 0]))
    with pytest.raises(ValueError, match=r"not in classes=\['ham'\]: 'spam'"):
        lf_summary(votes, ["ham", "spam", None], classes=["ham"])
