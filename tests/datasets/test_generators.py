"""What the generators promise about the data that they draw."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.datasets._crowd_generator import _draw_subsets

TYPES = ["reliable", "average", "spammer", "adversarial"]


def _label_rates(data, n_classes):
    """Share of each label per worker and class: array (worker, class, label)."""
    labels = data.crowd_labels
    counts = np.zeros((len(data.confusion), n_classes, n_classes))
    y = data.y[labels["sample"]]
    np.add.at(counts, (labels["worker"], y, labels["label"]), 1)
    return counts / counts.sum(axis=2, keepdims=True)


def test_crowd_has_documented_shapes_and_dtypes():
    data = make_crowd_labels(200, 12, 3, judgements_per_sample=4, random_state=0)
    assert list(data.crowd_labels) == ["sample", "worker", "label"]
    assert data.crowd_labels.shape == (800, 3)
    assert set(data.crowd_labels.dtypes) == {np.dtype("int64")}
    assert data.y.shape == (200,)
    assert data.y.dtype == np.int64
    assert data.confusion.shape == (12, 3, 3)
    assert data.worker_types.shape == (12,)
    assert data.difficulty.shape == (200,)
    assert_allclose(data.confusion.sum(axis=2), 1)


def test_every_sample_has_its_number_of_different_workers():
    labels = make_crowd_labels(300, 9, judgements_per_sample=6, random_state=1)
    labels = labels.crowd_labels
    assert (labels.groupby("sample").size() == 6).all()
    assert not labels.duplicated(["sample", "worker"]).any()
    assert labels["worker"].between(0, 8).all()
    sorted_labels = labels.sort_values(["sample", "worker"])
    pd.testing.assert_frame_equal(labels, sorted_labels)


@pytest.mark.parametrize("mean", [0.4, 2.3])
def test_fractional_number_of_judgements_is_a_mean(mean):
    data = make_crowd_labels(20_000, 30, judgements_per_sample=mean, random_state=2)
    counts = np.bincount(data.crowd_labels["sample"], minlength=20_000)
    assert set(counts) == {int(mean), int(mean) + 1}
    assert counts.mean() == pytest.approx(mean, abs=0.02)
    assert not data.crowd_labels.duplicated(["sample", "worker"]).any()


def test_whole_float_number_of_judgements_equals_the_int():
    frames = [
        make_crowd_labels(50, 8, judgements_per_sample=k, random_state=0).crowd_labels
        for k in (3, 3.0)
    ]
    pd.testing.assert_frame_equal(*frames)


def test_all_workers_may_judge_every_sample():
    data = make_crowd_labels(10, 4, judgements_per_sample=4, random_state=0)
    assert data.crowd_labels["worker"].tolist() == [0, 1, 2, 3] * 10


def test_subsets_of_workers_are_all_equally_likely():
    rng = np.random.RandomState(0)
    subsets = _draw_subsets(60_000, 5, 2, rng)
    _, counts = np.unique(subsets, axis=0, return_counts=True)
    assert len(counts) == 10
    assert_allclose(counts, 6_000, rtol=0.06)


def test_labels_follow_the_confusion_matrices():
    data = make_crowd_labels(20_000, 6, 3, judgements_per_sample=6, random_state=3)
    assert_allclose(_label_rates(data, 3), data.confusion, atol=0.025)


def test_difficulty_mixes_confusion_with_guessing():
    data = make_crowd_labels(
        20_000, 6, 3, judgements_per_sample=6, difficulty=0.4, random_state=4
    )
    assert data.difficulty.mean() == pytest.approx(0.4, abs=0.01)
    expected = 0.6 * data.confusion + 0.4 / 3
    assert_allclose(_label_rates(data, 3), expected, atol=0.025)


def test_workers_err_more_on_difficult_samples():
    data = make_crowd_labels(
        5_000, 20, worker_types={"reliable": 1}, difficulty=0.5, random_state=5
    )
    labels = data.crowd_labels
    is_right = labels["label"].to_numpy() == data.y[labels["sample"]]
    is_difficult = data.difficulty[labels["sample"]] > 0.5
    assert is_right[~is_difficult].mean() > is_right[is_difficult].mean() + 0.15


@pytest.mark.parametrize(("difficulty", "expected"), [(0, 0.0), (1.0, 1.0)])
def test_extreme_difficulty_is_the_same_for_every_sample(difficulty, expected):
    data = make_crowd_labels(100, difficulty=difficulty, random_state=0)
    assert_array_equal(data.difficulty, expected)


def test_nobody_knows_anything_at_difficulty_one():
    data = make_crowd_labels(
        20_000, 5, worker_types={"reliable": 1.0}, difficulty=1, random_state=0
    )
    assert_allclose(_label_rates(data, 2), 0.5, atol=0.025)


def test_shares_of_worker_types_are_met():
    data = make_crowd_labels(10, 40, random_state=0)
    counts = [np.sum(data.worker_types == name) for name in TYPES]
    assert counts == [12, 20, 6, 2]


def test_shares_that_split_a_worker_go_to_the_largest_remainder():
    shares = {"reliable": 0.5, "average": 0.3, "spammer": 0.2}
    data = make_crowd_labels(10, 7, worker_types=shares, random_state=0)
    counts = [np.sum(data.worker_types == name) for name in TYPES]
    assert counts == [4, 2, 1, 0]


@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize(
    ("worker_type", "low", "high"),
    [("reliable", 0.85, 0.98), ("average", 0.6, 0.8), ("adversarial", 0.2, 0.6)],
)
def test_worker_types_are_right_as_often_as_documented(
    worker_type, low, high, n_classes
):
    data = make_crowd_labels(
        1, 60, n_classes, worker_types={worker_type: 1.0}, random_state=0
    )
    right = np.diagonal(data.confusion, axis1=1, axis2=2)
    if worker_type == "adversarial":
        right = right * n_classes
    assert low <= right.min() < right.max() <= high


def test_spammers_label_alike_whatever_the_class():
    confusion = make_crowd_labels(
        1, 10, 4, worker_types={"spammer": 1.0}, random_state=0
    ).confusion
    assert_array_equal(confusion, np.repeat(confusion[:, :1], 4, axis=1))
    assert len(np.unique(confusion[:, 0, 0])) == 10


def test_crowd_classes_follow_the_prior():
    data = make_crowd_labels(
        20_000, judgements_per_sample=1, class_prior=[0.8, 0.2], random_state=0
    )
    assert data.y.mean() == pytest.approx(0.2, abs=0.01)


def test_same_seed_gives_the_same_crowd():
    first, same, other = (
        make_crowd_labels(60, 10, difficulty=0.2, random_state=seed)
        for seed in (0, np.random.RandomState(0), 1)
    )
    pd.testing.assert_frame_equal(first.crowd_labels, same.crowd_labels)
    assert_array_equal(first.confusion, same.confusion)
    assert not first.crowd_labels.equals(other.crowd_labels)


def test_many_workers_cost_no_matrix():
    data = make_crowd_labels(
        1_000_000, 100_000, judgements_per_sample=1.5, random_state=0
    )
    assert len(data.crowd_labels) == pytest.approx(1_500_000, rel=0.01)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 0}, "n_samples must be an integer >= 1; got 0"),
        ({"n_samples": 10.0}, "n_samples must be an integer"),
        ({"n_workers": True}, "n_workers must be an integer"),
        ({"n_classes": 1}, "n_classes must be an integer >= 2; got 1"),
        ({"judgements_per_sample": 0}, "judgements_per_sample must be a number > 0"),
        ({"judgements_per_sample": "5"}, "judgements_per_sample must be a number > 0"),
        ({"judgements_per_sample": float("nan")}, "must be a number > 0"),
        ({"judgements_per_sample": 11}, "at most n_workers.*Got 11 for 10 workers"),
        ({"worker_types": ["reliable"]}, "worker_types must be a dict"),
        ({"worker_types": {}}, "worker_types must be a dict"),
        ({"worker_types": {"expert": 1.0}}, r"unknown types: \['expert'\].*Choose"),
        (
            {"worker_types": {"reliable": 2}},
            r"worker_types\['reliable'\] must be a num",
        ),
        ({"worker_types": {"reliable": 0.5}}, "must sum to 1. They sum to 0.5"),
        ({"difficulty": 1.5}, r"difficulty must be a number in \[0, 1\]; got 1.5"),
        ({"difficulty": None}, "difficulty must be a number"),
        ({"class_prior": [1.0]}, r"each of the 2 classes.*shape \(1,\)"),
        ({"class_prior": [0.5, 0.6]}, "sum to 1"),
        ({"class_prior": [1.5, -0.5]}, "class_prior must hold positive numbers"),
    ],
)
def test_bad_crowd_parameters_say_what_is_expected(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_crowd_labels(**{"n_samples": 20, "n_workers": 10, **parameters})


def _votes_right(data):
    return np.array(
        [np.mean(column[column >= 0] == data.y[column >= 0]) for column in data.votes.T]
    )


def test_votes_have_documented_shapes_and_dtypes():
    data = make_lf_votes(40, 6, 3, random_state=0)
    assert data.votes.shape == (40, 6)
    assert data.votes.dtype == np.int8
    assert data.y.dtype == np.int64
    assert set(np.unique(data.votes)) == {-1, 0, 1, 2}
    for key in ("coverage", "accuracy", "unipolar_class", "source"):
        assert data[key].shape == (6,)


@pytest.mark.parametrize("n_classes", [2, 4])
def test_coverage_and_accuracy_come_out(n_classes):
    data = make_lf_votes(
        40_000,
        4,
        n_classes,
        coverage=[0.1, 0.4, 0.7, 1.0],
        accuracy=[0.9, 0.8, 0.7, 0.2],
        random_state=0,
    )
    assert_allclose((data.votes >= 0).mean(axis=0), [0.1, 0.4, 0.7, 1.0], atol=0.01)
    assert_allclose(_votes_right(data), [0.9, 0.8, 0.7, 0.2], atol=0.02)


def test_wrong_votes_are_spread_over_the_other_classes():
    data = make_lf_votes(30_000, 1, 3, coverage=1.0, accuracy=0.0, random_state=0)
    shift = (data.votes[:, 0] - data.y) % 3
    assert set(shift) == {1, 2}
    assert np.mean(shift == 1) == pytest.approx(0.5, abs=0.02)


def test_scalar_is_for_all_lfs_and_tuple_is_a_range():
    data = make_lf_votes(5, 50, coverage=0.25, accuracy=(0.6, 0.8), random_state=0)
    assert_array_equal(data.coverage, 0.25)
    assert 0.6 <= data.accuracy.min() < 0.65
    assert 0.75 < data.accuracy.max() <= 0.8


def test_list_of_two_is_one_value_per_lf():
    data = make_lf_votes(5, 2, coverage=[0.9, 0.1], random_state=0)
    assert_array_equal(data.coverage, [0.9, 0.1])


def test_array_passed_is_not_changed():
    coverage = np.array([0.9, 0.9, 0.9])
    data = make_lf_votes(
        5, 3, coverage=coverage, accuracy=0.9, unipolar_share=1.0, random_state=0
    )
    assert data.coverage[0] < 0.9
    assert_array_equal(coverage, 0.9)


def test_unipolar_lfs_have_coverage_and_precision_asked_for():
    data = make_lf_votes(
        60_000,
        4,
        3,
        coverage=0.2,
        accuracy=[0.9, 0.7, 0.8, 0.6],
        unipolar_share=1.0,
        class_prior=[0.5, 0.3, 0.2],
        random_state=0,
    )
    assert data.unipolar_class.tolist() == [0, 1, 2, 0]
    for j, k in enumerate(data.unipolar_class):
        assert set(np.unique(data.votes[:, j])) == {-1, k}
    assert_allclose((data.votes >= 0).mean(axis=0), 0.2, atol=0.01)
    assert_allclose(_votes_right(data), data.accuracy, atol=0.02)


def test_coverage_of_a_unipolar_lf_is_lowered_to_what_its_class_allows():
    data = make_lf_votes(
        60_000,
        2,
        coverage=0.8,
        accuracy=0.9,
        unipolar_share=1.0,
        class_prior=[0.9, 0.1],
        random_state=0,
    )
    assert_allclose(data.coverage, [0.8, 0.1 / 0.9])
    assert_allclose((data.votes >= 0).mean(axis=0), data.coverage, atol=0.01)
    assert_allclose(_votes_right(data), 0.9, atol=0.02)
    assert (data.votes[data.y == 1, 1] == 1).all()


@pytest.mark.parametrize(("accuracy", "highest"), [(0.0, 0.75), (1.0, 0.25)])
def test_unipolar_lf_may_be_always_wrong_or_always_right(accuracy, highest):
    data = make_lf_votes(
        500,
        1,
        coverage=1.0,
        accuracy=accuracy,
        unipolar_share=1.0,
        class_prior=[0.25, 0.75],
        random_state=0,
    )
    assert_allclose(data.coverage, highest)
    votes_here = data.votes[:, 0] == 0
    assert_array_equal(votes_here, data.y == (0 if accuracy else 1))


def test_share_of_unipolar_lfs_comes_first():
    data = make_lf_votes(10, 6, unipolar_share=0.5, random_state=0)
    assert data.unipolar_class.tolist() == [0, 1, 0, -1, -1, -1]


@pytest.mark.parametrize("unipolar", [0.0, 1.0])
def test_copying_lfs_agree_with_their_source_and_keep_its_rates(unipolar):
    data = make_lf_votes(
        40_000,
        6,
        coverage=(0.2, 0.4),
        accuracy=(0.6, 0.9),
        unipolar_share=unipolar,
        correlated=0.5,
        copy_probability=0.8,
        random_state=1,
    )
    assert (data.source[:3] == -1).all()
    assert np.isin(data.source[3:], [0, 1, 2]).all()
    for j in (3, 4, 5):
        source = data.source[j]
        for key in ("coverage", "accuracy", "unipolar_class"):
            assert data[key][j] == data[key][source]
        both = (data.votes[:, j] >= 0) & (data.votes[:, source] >= 0)
        c = data.coverage[source]
        # An independent LF would vote where its source does with probability c;
        # a unipolar one a little more often, since both prefer the same class.
        given_source = both.sum() / (data.votes[:, source] >= 0).sum()
        assert given_source == pytest.approx(0.8 + 0.2 * c, abs=0.07)
    assert_allclose((data.votes >= 0).mean(axis=0), data.coverage, atol=0.01)
    assert_allclose(_votes_right(data), data.accuracy, atol=0.025)


def test_copy_probability_one_repeats_the_source():
    data = make_lf_votes(200, 4, correlated=0.5, copy_probability=1.0, random_state=0)
    assert_array_equal(data.votes[:, 2:], data.votes[:, data.source[2:]])


def test_lfs_that_do_not_copy_are_independent_given_the_class():
    data = make_lf_votes(40_000, 2, coverage=1.0, accuracy=0.7, random_state=0)
    is_right = data.votes == data.y[:, np.newaxis]
    assert is_right.all(axis=1).mean() == pytest.approx(0.49, abs=0.01)


def test_lf_classes_follow_the_prior():
    data = make_lf_votes(20_000, 1, 3, class_prior=[0.6, 0.1, 0.3], random_state=0)
    assert_allclose(np.bincount(data.y) / 20_000, [0.6, 0.1, 0.3], atol=0.015)


def test_same_seed_gives_the_same_votes():
    first, same, other = (
        make_lf_votes(60, 5, correlated=0.4, random_state=seed)
        for seed in (0, np.random.RandomState(0), 1)
    )
    assert_array_equal(first.votes, same.votes)
    assert_array_equal(first.source, same.source)
    assert not np.array_equal(first.votes, other.votes)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": -1}, "n_samples must be an integer >= 1; got -1"),
        ({"n_lfs": 0}, "n_lfs must be an integer >= 1"),
        ({"n_classes": 128}, "at most 127, since votes are int8. Got 128"),
        ({"coverage": 1.2}, r"coverage must lie in \[0, 1\]. Got 1.2"),
        ({"coverage": (0.5, float("nan"))}, "coverage must lie in"),
        ({"accuracy": (0.9, 0.6)}, "low <= high"),
        ({"accuracy": [0.9, 0.6]}, r"each of the 5 LFs. Got an array of shape \(2,\)"),
        ({"unipolar_share": 3}, "unipolar_share must be a number"),
        ({"correlated": 2}, "correlated must be a number"),
        ({"correlated": 1.0}, "at least one LF that does not copy. Got 1.0 for 5 LFs"),
        ({"copy_probability": -0.1}, "copy_probability must be a number"),
        ({"class_prior": [0.2, 0.2]}, "class_prior must sum to 1"),
        ({"class_prior": [1, 0]}, "class_prior must hold positive numbers"),
    ],
)
def test_bad_lf_parameters_say_what_is_expected(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_lf_votes(**{"n_samples": 20, "n_lfs": 5, **parameters})
