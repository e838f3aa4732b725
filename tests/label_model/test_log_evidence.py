"""What votes say without the class prior, and soft gold that replaces posteriors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklabel import LabelModel, MajorityVote
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.votes import VoteMatrix

MODELS = [
    LabelModel,
    MajorityVote,
    WeightedMajorityVote,
    DawidSkene,
    OneCoinDawidSkene,
    GLAD,
    MACE,
    SnorkelLabelModel,
]


def make_votes(n_samples=200, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(n_classes, n_samples, p=np.r_[0.5, np.full(2, 0.25)])
    votes = np.tile(truth[:, None], 5)
    wrong = rng.random(votes.shape) < np.linspace(0.1, 0.4, 5)
    votes[wrong] = rng.integers(n_classes, size=wrong.sum())
    votes[rng.random(votes.shape) < 0.4] = -1
    votes[:3] = -1
    return votes, truth


@pytest.mark.parametrize("Model", MODELS)
def test_rows_are_centred_and_zero_without_votes(Model):
    votes, _ = make_votes()
    model = Model().fit(votes)
    evidence = model.log_evidence(votes)
    assert evidence.shape == (200, 3)
    assert evidence.dtype == np.float64
    assert_allclose(evidence.sum(axis=1), 0, atol=1e-9)
    assert_array_equal(evidence[:3], 0)
    assert np.abs(evidence[3:]).max() > 0.5
    effect = model.design_effect(votes)
    assert effect.shape == (200,)
    assert (effect >= 1).all()


@pytest.mark.parametrize("Model", [DawidSkene, OneCoinDawidSkene, GLAD, MACE])
def test_evidence_and_prior_make_the_posterior(Model):
    votes, _ = make_votes()
    model = Model().fit(votes)
    proba = softmax(model.log_evidence(votes) + np.log(model.class_prior_), axis=1)
    assert_allclose(proba, model.predict_proba(votes), atol=1e-6)


def test_evidence_of_the_label_model_is_not_mixed():
    votes, truth = make_votes()
    model = LabelModel(mixing=0, class_prior="uniform").fit(votes)
    proba = softmax(model.log_evidence(votes), axis=1)
    both = np.mean(np.abs(proba - model.predict_proba(votes)))
    assert both < 0.08  # a given prior shifts the probabilities
    mixed = LabelModel(mixing=0.5, class_prior="uniform").fit(votes)
    assert_allclose(mixed.log_evidence(votes), model.log_evidence(votes), atol=1e-9)
    assert np.mean(proba[3:].argmax(axis=1) == truth[3:]) > 0.8


def test_the_design_effect_grows_with_votes_and_can_be_switched_off():
    votes, _ = make_votes()
    model = LabelModel(lf_kind="worker").fit(votes)
    n_votes = (votes >= 0).sum(axis=1)
    expected = 1 + 0.4 * np.maximum(n_votes - 1, 0)
    assert_allclose(model.design_effect(votes), expected)
    off = LabelModel(tempering=0).fit(votes)
    assert_array_equal(off.design_effect(votes), 1)


def test_gold_labels_correct_the_evidence():
    votes, truth = make_votes()
    # The first LF says 1 for 0 and 0 for 1.
    votes[:, 0] = np.where(votes[:, 0] >= 0, np.array([1, 0, 2])[truth], -1)
    gold = np.where(np.arange(200) < 150, truth, -1)
    alone = np.array([[1, -1, -1, -1, -1]])
    before = LabelModel().fit(votes).log_evidence(alone)[0]
    after = LabelModel().fit(votes, gold).log_evidence(alone)[0]
    assert after[0] - after[1] > before[0] - before[1]


def test_forms_of_votes_give_the_same():
    votes, _ = make_votes()
    model = LabelModel().fit(votes)
    rows, lfs = np.nonzero(votes >= 0)
    of_sparse = VoteMatrix((votes[rows, lfs], (rows, lfs)), shape=votes.shape)
    assert_allclose(model.log_evidence(of_sparse), model.log_evidence(votes))
    with pytest.raises(ValueError, match=r"5 features|5 LFs"):
        model.log_evidence(votes[:, :2])
    with pytest.raises(NotFittedError):
        LabelModel().log_evidence(votes)
    with pytest.raises(NotFittedError):
        LabelModel().design_effect(votes)


# Soft gold in EM


def test_soft_gold_stands_for_the_posterior():
    votes, truth = make_votes()
    soft = np.full((200, 3), 0.04)
    soft[np.arange(200), (truth + 1) % 3] = 0.92
    model = LabelModel(classes=[0, 1, 2], soft_gold="posterior").fit(votes, soft)
    # Every LF is now thought to name the class before the right one.
    assert model.lf_accuracy_.max() < 0.35
    assert np.mean(model.predict(votes[3:]) == (truth[3:] + 1) % 3) > 0.7
    assert model.n_iter_ <= 2


def test_soft_gold_that_is_the_posterior_of_em_changes_little():
    votes, _ = make_votes()
    model = LabelModel(classes=[0, 1, 2], tempering=0, mixing=0).fit(votes)
    again = clone(model).set_params(soft_gold="posterior")
    again.fit(votes, np.where(votes.max(1, keepdims=True) >= 0,
                              model.predict_proba(votes), np.nan))  # fmt: skip
    assert_allclose(again.confusion_, model.confusion_, atol=0.08)


def test_certain_rows_of_soft_gold_are_gold_labels():
    votes, truth = make_votes()
    gold = np.where(np.arange(200) < 50, truth, -1)
    soft = np.full((200, 3), np.nan)
    soft[:50] = np.eye(3)[truth[:50]]
    hard = LabelModel(classes=[0, 1, 2]).fit(votes, gold)
    model = LabelModel(classes=[0, 1, 2], soft_gold="posterior")
    same = clone(model).fit(votes, soft)
    assert_allclose(same.predict_proba(votes), hard.predict_proba(votes), atol=1e-10)
    # Others in EM change what is corrected, not that it is.
    soft[50:] = 0.1
    soft[np.arange(50, 200), truth[50:]] = 0.8
    both = model.fit(votes, soft)
    assert both._correction is not None
    score = both.score(votes[50:], truth[50:])
    assert score >= hard.score(votes[50:], truth[50:]) - 0.01
