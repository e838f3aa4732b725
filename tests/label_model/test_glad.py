import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit, logsumexp

from sklabel.datasets import make_crowd_labels
from sklabel.label_model._glad import GLAD, climb_log_discrimination, logistic_curvature
from sklabel.votes import votes_from_long
from tests._data import real_data

VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, 1, 0], [0, -1, 0], [1, 1, 1]])


def crowd_votes(n_samples=60, n_workers=8, n_classes=2, seed=0, **options):
    options = {"judgements_per_sample": 5, "random_state": seed, **options}
    data = make_crowd_labels(n_samples, n_workers, n_classes, **options)
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label")
    return votes.to_numpy(), data.y[votes.index]


def slow_scores(votes, ability, difficulty, prior):
    """Return log P(votes, class) of every sample, in plain loops."""
    n_classes = len(prior)
    scores = np.tile(np.log(prior), (len(votes), 1))
    for i in range(votes.shape[0]):
        for j in range(votes.shape[1]):
            for c in range(n_classes):
                right = expit(ability[j] / difficulty[i])
                if votes[i, j] == c:
                    scores[i, c] += np.log(right)
                elif votes[i, j] >= 0:
                    scores[i, c] += np.log((1 - right) / (n_classes - 1))
    return scores


def slow_log_posterior(votes, ability, difficulty, prior):
    log_norm = logsumexp(slow_scores(votes, ability, difficulty, prior), axis=1)
    penalty = ((ability - 1) ** 2).sum() + ((np.log(1 / difficulty) - 1) ** 2).sum()
    return log_norm.sum() - penalty / 2


@pytest.mark.parametrize("n_classes", [2, 3])
def test_its_probabilities_are_those_of_the_model(n_classes):
    votes, _ = crowd_votes(n_classes=n_classes)
    model = GLAD(tol=1e-9, class_prior="learned").fit(votes)
    scores = slow_scores(votes, model.ability_, model.difficulty_, model.class_prior_)
    proba = np.exp(scores - logsumexp(scores, axis=1, keepdims=True))
    assert_allclose(model.predict_proba(votes), proba, atol=1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_no_parameter_can_be_improved(n_classes):
    votes, _ = crowd_votes(25, 5, n_classes, seed=1)
    prior = np.full(n_classes, 1 / n_classes)
    model = GLAD(tol=1e-9, class_prior=prior).fit(votes)
    best = slow_log_posterior(votes, model.ability_, model.difficulty_, prior)
    assert_allclose(model.lower_bound_, best / len(votes))
    for sign in (-1e-3, 1e-3):
        for j in range(5):
            ability = model.ability_.copy()
            ability[j] += sign
            assert slow_log_posterior(votes, ability, model.difficulty_, prior) < best
        for i in range(0, 25, 6):
            difficulty = model.difficulty_.copy()
            difficulty[i] *= 1 + sign
            assert slow_log_posterior(votes, model.ability_, difficulty, prior) < best


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_classes", [2, 3])
def test_crowd_kit_sees_the_same_posterior_and_no_slope(n_classes):
    # Its own stop rule ends after two sweeps: it waits for a gain of the expected
    # log likelihood, which the E-step lowers. Left to run on, it gets to our optimum
    # to 6e-8 (in 8 s), so it is asked here what it thinks of that optimum.
    peers = pytest.importorskip("crowdkit.aggregation")
    data = make_crowd_labels(60, 8, n_classes, difficulty=0.3, random_state=0)
    judgements = data.crowd_labels.rename(columns={"sample": "task"})
    votes = judgements.pivot(index="task", columns="worker", values="label")
    prior = np.full(n_classes, 1 / n_classes)
    model = GLAD(class_prior=prior, tol=1e-10, max_iter=5000).fit(votes.to_numpy())

    peer = peers.GLAD()
    peer._init(judgements)
    peer.alphas_ = pd.Series(model.ability_, index=votes.columns)
    peer.betas_ = pd.Series(-np.log(model.difficulty_), index=votes.index)
    state = peer._join_all(judgements, peer.alphas_, peer.betas_, peer.priors_)
    state = peer._e_step(state)
    expected = peer.probas_.loc[votes.index, model.classes_]
    assert_allclose(model.predict_proba(votes.to_numpy()), expected, atol=1e-6)
    for slope in peer._gradient_Q(state):
        assert np.abs(slope).max() < 1e-6


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
def test_same_labels_as_crowd_kit_where_samples_are_easy():
    peers = pytest.importorskip("crowdkit.aggregation")
    data = make_crowd_labels(
        150, 8, worker_types={"reliable": 0.7, "average": 0.3}, random_state=0
    )
    judgements = data.crowd_labels.rename(columns={"sample": "task"})
    votes = judgements.pivot(index="task", columns="worker", values="label")
    expected = peers.GLAD().fit_predict(judgements).loc[votes.index]
    model = GLAD(class_prior=[0.5, 0.5]).fit(votes.to_numpy())
    assert np.mean(model.predict(votes.to_numpy()) == expected) >= 0.97


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["snow_wsd", "labelme"])
def test_same_labels_as_crowd_kit_on_real_data(name):
    peers = pytest.importorskip("crowdkit.aggregation")
    path = real_data(f"{name}/annotations.csv")
    judgements = pd.read_csv(path)
    votes = judgements.pivot(index="task", columns="worker", values="label")
    expected = peers.GLAD().fit_predict(judgements).loc[votes.index]
    model = GLAD().fit(votes.to_numpy())
    assert np.mean(model.predict(votes.to_numpy()) == expected) >= 0.97


def test_hard_samples_and_able_workers_are_found():
    votes, truth = crowd_votes(
        600,
        40,
        judgements_per_sample=12,
        difficulty=0.3,
        worker_types={"reliable": 0.5, "spammer": 0.4, "adversarial": 0.1},
    )
    data = make_crowd_labels(
        600,
        40,
        judgements_per_sample=12,
        difficulty=0.3,
        worker_types={"reliable": 0.5, "spammer": 0.4, "adversarial": 0.1},
        random_state=0,
    )
    model = GLAD().fit(votes)
    assert model.score(votes, truth) > 0.9
    reliable = data.worker_types == "reliable"
    assert model.ability_[reliable].min() > model.ability_[~reliable].max()
    assert (model.ability_[data.worker_types == "adversarial"] < 0).all()
    order = np.argsort(model.difficulty_)
    assert (
        data.difficulty[order[:200]].mean() < data.difficulty[order[-200:]].mean() - 0.1
    )


def test_the_prior_is_uniform_unless_learned():
    votes, _ = crowd_votes(600, 20, class_prior=[0.85, 0.15])
    assert_allclose(GLAD().fit(votes).class_prior_, [0.5, 0.5])
    learned = GLAD(class_prior="learned").fit(votes).class_prior_
    assert_allclose(learned, [0.85, 0.15], atol=0.08)


def test_a_row_is_judged_by_itself():
    votes, _ = crowd_votes(80, 8, 3)
    model = GLAD().fit(votes)
    together = model.predict_proba(votes)
    alone = np.vstack([model.predict_proba(row[None]) for row in votes])
    assert_allclose(together, alone, atol=1e-12)


def test_difficulty_has_a_value_for_each_row():
    votes = np.vstack([VOTES, [[-1, -1, -1]]])
    model = GLAD().fit(votes)
    assert model.difficulty_.shape == (6,)
    assert_allclose(model.difficulty_[5], np.exp(-1))
    model = GLAD().fit(votes, sample_weight=[1, 1, 0, 1, 1, 1])
    assert model.difficulty_.shape == (5,)


def test_gold_and_weights():
    votes, truth = crowd_votes(100, 10)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, size=len(votes))
    gold = np.where(rng.random(len(votes)) < 0.2, truth, -1)
    weighted = GLAD().fit(votes, gold, sample_weight=weight)
    repeated = GLAD().fit(np.repeat(votes, weight, axis=0), np.repeat(gold, weight))
    assert_allclose(weighted.ability_, repeated.ability_)
    assert_allclose(weighted.lower_bound_, repeated.lower_bound_)
    assert_allclose(weighted.lf_accuracy_, repeated.lf_accuracy_)
    unused = GLAD(use_gold=False).fit(votes, gold)
    assert_array_equal(unused.ability_, GLAD().fit(votes).ability_)


def test_an_lf_that_first_votes_at_predict_has_the_mean_ability():
    votes, _ = crowd_votes(200, 6)
    model = GLAD().fit(np.column_stack([votes, np.full(len(votes), -1)]))
    assert_allclose(model.ability_[6], model.ability_[:6].mean())
    assert_array_equal(model.predict([[-1] * 6 + [0], [-1] * 6 + [1]]), [0, 1])


def test_confusion_is_that_of_one_coin():
    votes, _ = crowd_votes(200, 6, 3)
    model = GLAD(classes=[0, 1, 2]).fit(np.where(votes == -1, 7, votes))
    assert model.confusion_.shape == (6, 3, 4)
    assert_allclose(model.confusion_.sum(axis=2), 1)
    assert_allclose(model.confusion_[:, 0, 1], model.confusion_[:, 2, 1])
    assert_array_equal(model.confusion_[:, :, 3], 0)


def test_one_class_and_no_vote():
    assert_array_equal(GLAD().fit([[3, 3], [3, -1]]).predict_proba([[3, -1]]), [[1]])
    with pytest.warns(UserWarning, match="none of the 4 rows has a vote"):
        model = GLAD(classes=[0, 1]).fit(np.full((4, 2), -1))
    assert_allclose(model.predict_proba([[-1, -1], [0, 1]]), np.full((2, 2), 0.5))
    assert_allclose(model.difficulty_, np.exp(-1))


# Kernels


def test_curvature_bounds_the_log_of_the_logistic_function():
    at = np.array([-40.0, -3.0, -1e-4, 0.0, 2e-3, 1.5, 60.0])
    x = np.linspace(-70, 70, 1001)[:, None]
    bound = (
        -np.logaddexp(0, -at) + (x - at) / 2 - logistic_curvature(at) * (x**2 - at**2)
    )
    assert (bound <= -np.logaddexp(0, -x) + 1e-9).all()
    assert_allclose(logistic_curvature(np.array([0.0, 1e-3 - 1e-9, 1e-3])), 0.125)


def test_climbing_never_descends_and_reaches_the_top():
    rng = np.random.default_rng(0)
    linear, quadratic = rng.normal(size=500) * 10, rng.exponential(size=500) * 10

    def height(b):
        return linear * np.exp(b) - quadratic * np.exp(2 * b) - (b - 1) ** 2 / 2

    b = rng.normal(size=500) * 2
    for _ in range(50):
        climbed = climb_log_discrimination(b, linear, quadratic, 1.0)
        assert (height(climbed) >= height(b) - 1e-9).all()
        b = climbed
    slope = linear * np.exp(b) - 2 * quadratic * np.exp(2 * b) - (b - 1)
    assert_allclose(slope, 0, atol=1e-6)
