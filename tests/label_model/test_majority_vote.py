import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabel import MajorityVote

VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, -1, 0], [2, 0, 2]])


def test_probabilities_are_smoothed_vote_shares():
    votes = np.random.default_rng(0).integers(-1, 3, size=(50, 7))
    model = MajorityVote(smoothing=3).fit(votes)
    proba = model.predict_proba(votes)
    for i in range(50):
        counts = np.array([np.sum(votes[i] == c) for c in range(3)])
        if counts.sum() == 0:
            assert_allclose(proba[i], model.class_prior_)
            continue
        expected = (counts + 1) / (counts.sum() + 3)
        # A thousandth of the smoothing follows the prior, to break ties.
        assert_allclose(proba[i], expected, atol=1e-3)
        assert counts[model.predict(votes[[i]])[0]] == counts.max()


def test_without_smoothing_probabilities_are_vote_shares():
    proba = MajorityVote(smoothing=0).fit(VOTES).predict_proba(VOTES)
    assert_allclose(
        proba, [[2 / 3, 1 / 3, 0], [0, 1, 0], [1, 0, 0], [1 / 3, 0, 2 / 3]], atol=1e-5
    )


def test_the_prior_is_the_mean_vote_share():
    model = MajorityVote().fit(VOTES)
    assert_allclose(model.class_prior_, np.array([2, 4 / 3, 2 / 3]) / 4)


def test_a_gold_label_replaces_the_vote_share_in_the_prior():
    model = MajorityVote(classes=[0, 1, 2]).fit(VOTES, [1, -1, -1, -1])
    assert_allclose(model.class_prior_, np.array([4 / 3, 2, 2 / 3]) / 4)


def test_a_given_prior_is_kept_for_rows_without_votes():
    model = MajorityVote(class_prior=[0.1, 0.2, 0.7]).fit(VOTES)
    assert_allclose(model.predict_proba([[-1, -1, -1]]), [[0.1, 0.2, 0.7]])


@pytest.mark.parametrize("smoothing", [0, 2])
def test_ties_with_and_without_smoothing(smoothing):
    model = MajorityVote(smoothing=smoothing, class_prior=[0.3, 0.4, 0.3]).fit(VOTES)
    assert_array_equal(
        model.predict([[0, 1, -1], [0, 2, -1], [2, 1, 0], [-1, -1, -1]]), [1, 0, 1, 1]
    )


def test_the_prior_never_overrules_a_vote():
    model = MajorityVote(class_prior=[0.998, 0.001, 0.001]).fit(VOTES)
    assert model.predict([[2, -1, -1]]) == 2


def test_values_that_name_no_class_are_ignored():
    model = MajorityVote(classes=[0, 1]).fit([[0, 9], [1, 9], [9, 9]])
    assert_array_equal(model.predict([[1, 9], [0, 9]]), [1, 0])
    assert_allclose(model.predict_proba([[9, 9]]), [model.class_prior_])


def test_weights_count_in_the_prior():
    model = MajorityVote().fit([[0], [1]], sample_weight=[3, 1])
    assert_allclose(model.class_prior_, [0.75, 0.25])


def test_negative_smoothing_raises():
    with pytest.raises(ValueError, match="The 'smoothing' parameter of MajorityVote"):
        MajorityVote(smoothing=-1).fit(VOTES)
