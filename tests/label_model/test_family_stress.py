"""What each label model must withstand, on generated crowds.

Where a model is known to break, a test says so, so that nobody finds out in the field.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import balanced_accuracy_score

from sklabel import LabelModel, MajorityVote
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.label_model import DawidSkene, OneCoinDawidSkene
from sklabel.label_model._glad import GLAD
from sklabel.label_model._mace import MACE
from sklabel.votes import VoteMatrix, votes_to_dense

MODELS = {
    "MajorityVote": MajorityVote(),
    "LabelModel": LabelModel(max_iter=1000),
    "DawidSkene": DawidSkene(),
    "DawidSkene-MLE": DawidSkene(smoothing=0, prior_smoothing=0, max_iter=5000),
    "OneCoinDawidSkene": OneCoinDawidSkene(),
    "GLAD": GLAD(),
    "MACE": MACE(),
    "MACE-EM": MACE(method="em"),
}
LEARNED = [name for name in MODELS if name != "MajorityVote"]
# Those whose tables may say that a worker answers the opposite.
SEES_ADVERSARIES = ["LabelModel", "DawidSkene", "DawidSkene-MLE", "OneCoinDawidSkene"]
# Those that learn the class prior unless told otherwise.
LEARNS_PRIOR = [name for name in LEARNED if "Coin" not in name and name != "GLAD"]

each_model = pytest.mark.parametrize("name", MODELS)


def model_named(name):
    return MODELS[name].__class__(**MODELS[name].get_params())


def crowd(n_samples=1000, n_workers=30, n_classes=2, seed=0, **options):
    """Return sparse votes, truth, and what the workers are."""
    data = make_crowd_labels(
        n_samples, n_workers, n_classes, random_state=seed, **options
    )
    labels = data.crowd_labels
    votes = VoteMatrix(
        (
            labels["label"].to_numpy(dtype=np.int8),
            (labels["sample"].to_numpy(), labels["worker"].to_numpy()),
        ),
        shape=(n_samples, n_workers),
    )
    return votes, data.y, data.worker_types


def check_sound(model, votes):
    """Check what holds whatever the votes: finite probabilities that sum to 1."""
    proba = model.predict_proba(votes)
    assert np.isfinite(proba).all()
    assert proba.min() >= 0
    assert_allclose(proba.sum(axis=1), 1)
    assert_allclose(model.class_prior_.sum(), 1)
    if hasattr(model, "confusion_"):
        assert np.isfinite(model.lower_bound_)
        assert_allclose(model.confusion_.sum(axis=2), 1)
        assert (model.lf_accuracy_ >= 0).all()
        assert (model.lf_accuracy_ <= 1).all()


# Bad workers


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_30_percent_spammers_hurt_it_less_than_majority_vote(name, n_classes):
    votes, truth, types = crowd(
        n_classes=n_classes,
        worker_types={"reliable": 0.2, "average": 0.5, "spammer": 0.3},
    )
    model = model_named(name).fit(votes)
    majority = MajorityVote().fit(votes).score(votes, truth)
    check_sound(model, votes)
    assert model.score(votes, truth) > majority + 0.02
    spammer = types == "spammer"
    assert model.lf_accuracy_[spammer].mean() < model.lf_accuracy_[~spammer].min() + 0.1


@pytest.mark.parametrize("name", SEES_ADVERSARIES)
def test_10_percent_adversaries_are_turned_round(name):
    votes, truth, types = crowd(
        worker_types={"reliable": 0.3, "average": 0.6, "adversarial": 0.1}
    )
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert (model.lf_accuracy_[types == "adversarial"] < 0.5).all()
    assert (model.lf_accuracy_[types != "adversarial"] > 0.5).all()
    assert (
        model.score(votes, truth) > MajorityVote().fit(votes).score(votes, truth) + 0.02
    )


@pytest.mark.parametrize("name", ["GLAD", "MACE", "MACE-EM"])
def test_10_percent_adversaries_are_at_least_ignored(name):
    votes, truth, types = crowd(
        worker_types={"reliable": 0.3, "average": 0.6, "adversarial": 0.1}
    )
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert model.lf_accuracy_[types == "adversarial"].max() < 0.5
    assert model.score(votes, truth) > MajorityVote().fit(votes).score(votes, truth)


# Classes


@pytest.mark.parametrize("name", ["OneCoinDawidSkene", "GLAD"])
def test_spammers_break_one_coin_and_glad_with_a_learned_prior(name):
    votes, truth, _ = crowd(
        worker_types={"reliable": 0.2, "average": 0.5, "spammer": 0.3}
    )
    model = model_named(name).set_params(class_prior="learned").fit(votes)
    check_sound(model, votes)
    assert model.class_prior_.max() > 0.8
    assert (
        model.score(votes, truth) < MajorityVote().fit(votes).score(votes, truth) - 0.1
    )


@pytest.mark.parametrize("name", LEARNS_PRIOR)
def test_95_to_5_imbalance(name):
    votes, truth, _ = crowd(
        3000,
        class_prior=[0.95, 0.05],
        worker_types={"reliable": 0.5, "average": 0.5},
    )
    model = model_named(name).fit(votes)
    majority = MajorityVote().fit(votes)
    check_sound(model, votes)
    assert_allclose(model.class_prior_, [0.95, 0.05], atol=0.03)
    assert model.score(votes, truth) > majority.score(votes, truth) + 0.03
    assert balanced_accuracy_score(truth, model.predict(votes)) > 0.85


@pytest.mark.parametrize("name", ["OneCoinDawidSkene", "GLAD"])
def test_95_to_5_imbalance_is_better_with_a_learned_prior(name):
    votes, truth, _ = crowd(
        3000,
        class_prior=[0.95, 0.05],
        worker_types={"reliable": 0.5, "average": 0.5},
    )
    even = model_named(name).fit(votes)
    learned = model_named(name).set_params(class_prior="learned").fit(votes)
    majority = MajorityVote().fit(votes).score(votes, truth)
    assert_allclose(learned.class_prior_, [0.95, 0.05], atol=0.03)
    assert majority + 0.005 < even.score(votes, truth) < learned.score(votes, truth)


@each_model
def test_50_classes(name):
    votes, truth, _ = crowd(
        1500, 40, 50, worker_types={"reliable": 0.4, "average": 0.6}
    )
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert len(model.classes_) == 50
    majority = MajorityVote().fit(votes).score(votes, truth)
    assert model.score(votes, truth) >= majority - 0.005


# Few votes


def one_judgement_each(n_classes=2):
    """Return votes of a crowd in which no worker comes back."""
    rng = np.random.default_rng(0)
    truth = np.arange(300) % n_classes
    lf = np.arange(1500)
    row = np.repeat(np.arange(300), 5)
    right = rng.random(1500) < 0.75
    vote = np.where(right, truth[row], rng.integers(n_classes, size=1500))
    return VoteMatrix((vote.astype(np.int8), (row, lf)), shape=(300, 1500)), truth


@pytest.mark.parametrize(
    "name", ["LabelModel", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MACE"]
)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_one_judgement_per_worker_gives_the_majority(name, n_classes):
    votes, truth = one_judgement_each(n_classes)
    model = model_named(name).fit(votes)
    majority = MajorityVote().fit(votes)
    check_sound(model, votes)
    proba = majority.predict_proba(votes)
    top = np.sort(proba, axis=1)
    clear = top[:, -1] > top[:, -2] + 0.05
    same = model.predict(votes)[clear] == majority.predict(votes)[clear]
    assert same.mean() > 0.98
    assert model.score(votes, truth) > majority.score(votes, truth) - 0.02


def test_one_judgement_per_worker_breaks_dawid_skene_without_pseudo_votes():
    votes, truth = one_judgement_each(4)
    model = model_named("DawidSkene-MLE").fit(votes)
    check_sound(model, votes)
    assert (
        model.score(votes, truth) < MajorityVote().fit(votes).score(votes, truth) - 0.1
    )


@each_model
def test_one_worker_is_believed(name):
    votes = (np.arange(60) % 3)[:, None]
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert_array_equal(model.predict(votes), votes.ravel())


@each_model
def test_unanimous_panels_are_believed(name):
    truth = np.arange(60) % 3
    votes = np.tile(truth[:, None], (1, 6))
    votes[np.random.default_rng(0).random(votes.shape) < 0.3] = -1
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    voted = (votes >= 0).any(axis=1)
    assert_array_equal(model.predict(votes)[voted], truth[voted])
    if name != "MajorityVote":
        assert (model.lf_accuracy_ > 0.65).all()


@each_model
@pytest.mark.parametrize("class_of_all", [0, 1])
def test_panels_that_agree_on_one_class_for_all_samples(name, class_of_all):
    votes = np.full((30, 4), class_of_all)
    model = model_named(name).set_params(classes=[0, 1]).fit(votes)
    check_sound(model, votes)
    assert_array_equal(model.predict(votes), np.full(30, class_of_all))


# Many votes


@each_model
def test_1500_votes_on_a_sample_do_not_underflow(name):
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    right = rng.random((40, 1500)) < 0.6
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert_array_equal(model.predict(votes), truth)


# Rows and columns that say nothing


@each_model
def test_rows_and_columns_that_abstain_change_nothing(name):
    votes, _, _ = crowd(300, 10, 3)
    votes = votes_to_dense(votes)
    larger = np.full((400, 13), -1)
    larger[50:350, 2:12] = votes
    model = model_named(name).fit(votes)
    padded = model_named(name).fit(larger)
    check_sound(padded, larger)
    proba = padded.predict_proba(larger)
    assert_allclose(proba[50:350], model.predict_proba(votes), atol=1e-8)
    assert_allclose(proba[:50], np.tile(padded.class_prior_, (50, 1)))
    assert_allclose(padded.class_prior_, model.class_prior_, atol=1e-8)


# LFs that depend on each other


@each_model
@pytest.mark.filterwarnings("ignore:.* counts every LF:UserWarning")
def test_duplicated_lfs_do_not_turn_the_labels(name):
    votes, truth, _ = crowd(600, 12, 3, judgements_per_sample=6)
    votes = votes_to_dense(votes)
    model = model_named(name).fit(votes)
    doubled = np.hstack([votes, votes])
    twice = model_named(name).fit(doubled)
    check_sound(twice, doubled)
    if name != "MajorityVote":
        assert_allclose(twice.lf_accuracy_[:12], twice.lf_accuracy_[12:])
    assert twice.score(doubled, truth) > model.score(votes, truth) - 0.02


@each_model
def test_nested_lfs_are_sound(name):
    # Each votes where the next one does, and the same: three rules, one idea.
    rng = np.random.default_rng(0)
    truth = np.arange(600) % 2
    wide = np.where(rng.random(600) < 0.8, truth, 1 - truth)
    middle = np.where(rng.random(600) < 0.5, wide, -1)
    narrow = np.where(rng.random(600) < 0.5, middle, -1)
    others = make_lf_votes(600, 4, coverage=0.7, accuracy=0.7, random_state=0)
    order = np.argsort(others.y, kind="stable")
    by_truth = np.argsort(truth, kind="stable")
    free = np.full((600, 4), -1)
    n_each = min(np.bincount(others.y).min(), 300)
    for c in (0, 1):
        rows = by_truth[truth[by_truth] == c][:n_each]
        free[rows] = others.votes[order[others.y[order] == c][:n_each]]
    votes = np.column_stack([wide, middle, narrow, free])
    model = model_named(name).fit(votes)
    check_sound(model, votes)
    assert model.score(votes, truth) > 0.75


# Symmetry and repetition


@each_model
def test_permuted_labels_permute_the_answer(name):
    votes, _, _ = crowd(300, 10, 3)
    votes = votes_to_dense(votes)
    renamed = np.where(votes < 0, -1, (votes + 1) % 3)
    expected = model_named(name).fit(votes).predict_proba(votes)
    proba = model_named(name).fit(renamed).predict_proba(renamed)
    assert_allclose(proba[:, [1, 2, 0]], expected, atol=1e-8)


@each_model
def test_repeated_fits_give_equal_bits(name):
    votes, _, _ = crowd(300, 10, 3)
    model = model_named(name)
    first = model.fit(votes).predict_proba(votes)
    model.fit(votes[:100]).fit(votes)
    assert_array_equal(model.predict_proba(votes), first)
    assert_array_equal(model_named(name).fit(votes).predict_proba(votes), first)


@pytest.mark.parametrize("name", LEARNED)
def test_memory_does_not_grow_with_samples_times_workers(name):
    # Dense votes would take 20 GB.
    rng = np.random.default_rng(0)
    n_samples, n_workers = 50_000, 50_000
    row = np.repeat(np.arange(n_samples), 2)
    lf = np.column_stack([np.arange(n_samples), rng.permutation(n_samples)]).ravel()
    twice = lf[::2] == lf[1::2]
    keep = ~np.repeat(twice, 2)
    vote = rng.integers(2, size=keep.sum())
    votes = VoteMatrix(
        (vote.astype(np.int8), (row[keep], lf[keep])), shape=(n_samples, n_workers)
    )
    model = model_named(name).set_params(max_iter=2, tol=1)
    check_sound(model.fit(votes), votes)
