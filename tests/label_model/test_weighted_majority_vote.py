import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sklabel import MajorityVote
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import WeightedMajorityVote
from sklabel.votes import votes_from_long, votes_to_long

WAWA = {"weighting": "agreement", "max_iter": 1}


def crowd(n_classes=3, random_state=0):
    data = make_crowd_labels(
        300,
        20,
        n_classes,
        judgements_per_sample=7,
        worker_types={"reliable": 0.3, "spammer": 0.7},
        random_state=random_state,
    )
    long = data.crowd_labels.rename(columns={"worker": "lf", "label": "vote"})
    return votes_from_long(long).to_numpy(), data.y


def slow_pass(votes, weights, n_classes):
    """One pass by loops: the agreement of each LF with the weighted majority."""
    right = np.zeros(votes.shape[1])
    for row in votes:
        totals = [sum(weights[row == c]) for c in range(n_classes)]
        winners = [c for c in range(n_classes) if np.isclose(totals[c], max(totals))]
        for j, vote in enumerate(row):
            if vote in winners:
                right[j] += 1 / len(winners)
    n_votes = (votes >= 0).sum(axis=0)
    mean = right.sum() / n_votes.sum()
    return (right + 2 * mean) / (n_votes + 2)


def test_passes_equal_the_slow_twin():
    votes, _ = crowd()
    n_votes = (votes >= 0).sum(axis=0)
    weights = np.ones(votes.shape[1])
    for n_passes in (1, 2):
        agreement = slow_pass(votes, weights, 3)
        weights = np.maximum(3 * agreement - 1, 0)
        weights *= n_votes.sum() / (n_votes @ weights)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = WeightedMajorityVote(max_iter=n_passes).fit(votes)
        assert_allclose(model.lf_accuracy_, agreement)
        assert_allclose(model.lf_weight_, weights)


def test_probabilities_are_smoothed_weighted_shares():
    votes, _ = crowd()
    model = WeightedMajorityVote(smoothing=3).fit(votes)
    proba = model.predict_proba(votes)
    for i in range(20):
        counts = [model.lf_weight_[votes[i] == c].sum() for c in range(3)]
        # A thousandth of the smoothing follows the prior, to break ties.
        expected = (np.array(counts) + 1) / (sum(counts) + 3)
        assert_allclose(proba[i], expected, atol=1e-3)


@pytest.mark.parametrize("random_state", range(3))
def test_weights_beat_the_plain_majority_where_most_workers_are_spammers(random_state):
    votes, y = crowd(random_state=random_state)
    plain = MajorityVote().fit(votes).score(votes, y)
    assert WeightedMajorityVote().fit(votes).score(votes, y) > plain + 0.1
    assert WeightedMajorityVote(**WAWA).fit(votes).score(votes, y) > plain


@pytest.mark.filterwarnings("ignore")  # of pandas, for what crowd-kit does
def test_one_pass_with_agreement_is_wawa():
    crowdkit = pytest.importorskip("crowdkit.aggregation")
    votes, _ = crowd(n_classes=2)  # seven votes on two classes: no ties
    long = votes_to_long(votes).set_axis(["task", "worker", "label"], axis=1)
    skills = crowdkit.Wawa().fit(long).skills_.sort_index().to_numpy()
    model = WeightedMajorityVote(**WAWA).fit(votes)
    n_votes = (votes >= 0).sum(axis=0)
    mean = (n_votes @ skills) / n_votes.sum()
    smoothed = (n_votes * skills + 2 * mean) / (n_votes + 2)
    assert_allclose(model.lf_accuracy_, smoothed)
    voted = crowdkit.MajorityVote().fit(long, skills=pd.Series(smoothed))
    assert_array_equal(model.predict(votes), voted.labels_.sort_index())


def test_an_lf_at_chance_has_no_weight():
    truth = np.arange(40) % 2
    constant = np.zeros(40, dtype=int)
    opposite = 1 - truth
    votes = np.column_stack([truth, truth, truth, constant, opposite])
    weight = WeightedMajorityVote().fit(votes).lf_weight_
    assert weight[4] == 0
    assert weight[3] < 0.2 < weight[0]


def test_all_lfs_at_chance_count_the_same():
    model = WeightedMajorityVote().fit([[0, 1], [1, 0]])
    assert_array_equal(model.lf_weight_, [1, 1])


def test_a_gold_label_replaces_the_majority():
    votes = np.array([[0, 1, 1], [1, 0, 0]] * 10)
    model = WeightedMajorityVote().fit(votes, [0, 1] * 10)
    assert_array_equal(model.predict(votes), [0, 1] * 10)
    ignored = WeightedMajorityVote(use_gold=False).fit(votes, [0, 1] * 10)
    assert_array_equal(ignored.predict(votes), [1, 0] * 10)


def test_an_lf_without_votes_counts_as_the_average():
    votes, _ = crowd()
    silent = np.full((len(votes), 1), -1)
    model = WeightedMajorityVote(weighting="agreement").fit(np.hstack([votes, silent]))
    n_votes = (votes >= 0).sum(axis=0)
    mean = (n_votes @ model.lf_accuracy_[:-1]) / n_votes.sum()
    assert_allclose(model.lf_accuracy_[-1], mean, rtol=0.01)
    assert_allclose(model.lf_weight_[-1], 1, rtol=0.01)


def test_values_that_name_no_class_are_ignored():
    model = WeightedMajorityVote(classes=[0, 1]).fit([[0, 9], [1, 9], [9, 9]])
    assert_array_equal(model.predict([[1, 9], [0, 9]]), [1, 0])
    assert_allclose(model.predict_proba([[9, 9]]), [model.class_prior_])


def test_one_class_and_one_lf():
    assert_array_equal(WeightedMajorityVote().fit([[4], [4]]).predict([[4]]), [4])


def test_stopping_early_warns_unless_one_pass_was_asked_for():
    votes, _ = crowd()
    with pytest.warns(ConvergenceWarning, match="max_iter=2 with a change of"):
        model = WeightedMajorityVote(max_iter=2).fit(votes)
    assert not model.converged_
    assert WeightedMajorityVote(max_iter=1).fit(votes).n_iter_ == 1


def test_unknown_weighting_raises():
    with pytest.raises(ValueError, match="The 'weighting' parameter of Weighted"):
        WeightedMajorityVote(weighting="squared").fit([[0], [1]])


def test_names_of_lfs_are_kept():
    frame = pd.DataFrame({"ann": [0, 1], "bob": [1, 1]})
    assert list(WeightedMajorityVote().fit(frame).feature_names_in_) == ["ann", "bob"]
