import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import FeatureUnion

from sklabel import (
    CrowdLabels,
    MajorityVote,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import make_lf_votes
from sklabel.label_model import SnorkelLabelModel, _snorkel
from sklabel.votes import votes_to_sparse
from tests._data import real_data, weather_sentiment


def random_moments(n_lfs=4, n_values=3, n_classes=2, n_samples=50, seed=0):
    rng = np.random.default_rng(seed)
    votes = rng.integers(-1, n_values, size=(n_samples, n_lfs))
    dense = (votes[:, :, None] == np.arange(n_values)).reshape(n_samples, -1)
    weight = rng.random(n_samples) + 0.5
    mu = rng.random((n_lfs * n_values, n_classes))
    prior = rng.dirichlet(np.ones(n_classes))
    return dense.astype(float), weight, mu, prior


def overlaps(dense, weight):
    observed = (dense.T * weight) @ dense / weight.sum()
    return observed, np.diag(observed)


def squared_errors(mu, dense, weight, prior, n_values):
    """Evaluate the two terms of the loss by the full matrix."""
    observed, frequency = overlaps(dense, weight)
    lf = np.arange(len(mu)) // n_values
    pairs = (observed - mu @ np.diag(prior) @ mu.T)[lf[:, None] != lf]
    return (pairs**2).sum() + ((mu @ prior - frequency) ** 2).sum()


@pytest.mark.parametrize("n_lfs", [4, 40])  # O is formed, and is not
def test_the_gradient_is_that_of_the_loss(n_lfs):
    dense, weight, mu, prior = random_moments(n_lfs)
    _, frequency = overlaps(dense, weight)
    overlap = _snorkel.overlap_product(sparse.csr_matrix(dense), weight, frequency)
    gradient, norm = _snorkel.moment_gradient(mu, overlap, frequency, prior, n_values=3)
    assert_allclose(norm, np.linalg.norm(mu @ np.diag(prior) @ mu.T, 2))
    for a, c in [(0, 0), (5, 1), (11, 0)]:
        shift = np.zeros_like(mu)
        shift[a, c] = 1e-5
        up, down = (
            squared_errors(mu + s, dense, weight, prior, 3) for s in (shift, -shift)
        )
        assert_allclose(gradient[a, c], (up - down) / 2e-5, rtol=1e-5)


def test_both_ways_to_multiply_by_the_overlaps_agree():
    dense, weight, mu, _ = random_moments()
    A = sparse.csr_matrix(dense)
    observed, frequency = overlaps(dense, weight)
    formed = _snorkel.overlap_product(A, weight, frequency)(mu)
    assert_allclose(formed, (observed - np.diag(frequency)) @ mu)
    # With atoms that never fire, it is too wide to be formed.
    wide = sparse.hstack([A, sparse.csr_matrix((A.shape[0], 500))]).tocsr()
    padded = np.vstack([mu, np.ones((500, mu.shape[1]))])
    frequency = np.append(frequency, np.zeros(500))
    twice = _snorkel.overlap_product(wide, weight, frequency)(padded)
    assert_allclose(twice[: len(mu)], formed, atol=1e-14)
    assert_array_equal(twice[len(mu) :], 0)


@pytest.mark.parametrize("prior", [[0.5, 0.5], [0.9, 0.1]])
def test_the_start_meets_the_frequencies_and_trusts_every_vote(prior):
    prior = np.array(prior)
    frequency = np.array([0.3, 0.2, 0.5, 0.1])
    classes = np.array([0, 1])
    mu = _snorkel.start_tables(frequency, classes, prior, np.zeros((4, 2)))
    assert_allclose(mu @ prior, frequency)
    assert np.all(mu[[0, 2], 0] > mu[[0, 2], 1])
    assert np.all(mu[[1, 3], 1] > mu[[1, 3], 0])


@pytest.mark.parametrize("seed", range(3))
def test_it_recovers_the_accuracies(seed):
    accuracy = [0.9, 0.8, 0.7, 0.6, 0.75]
    data = make_lf_votes(20_000, 5, coverage=0.8, accuracy=accuracy, random_state=seed)
    model = SnorkelLabelModel(class_prior=[0.5, 0.5]).fit(data.votes)
    assert_allclose(model.lf_accuracy_, accuracy, atol=0.03)
    assert_allclose(model.confusion_[:, 0, 0], accuracy, atol=0.06)
    assert_allclose(model.confusion_.sum(axis=2), 1)
    assert model.converged_


def test_a_learned_prior_saves_the_majority_class():
    data = make_lf_votes(
        5000, 10, coverage=1.0, accuracy=(0.7, 0.9), class_prior=[0.85, 0.15],
        random_state=0,
    )  # fmt: skip
    learned = SnorkelLabelModel().fit(data.votes)
    uniform = SnorkelLabelModel(class_prior=[0.5, 0.5]).fit(data.votes)
    assert_allclose(learned.class_prior_, [0.85, 0.15], atol=0.02)
    assert learned.score(data.votes, data.y) > 0.97
    assert uniform.score(data.votes, data.y) < 0.9


def test_the_prior_is_uniform_where_single_value_lfs_dominate():
    data = make_lf_votes(500, 6, coverage=0.3, unipolar_share=1.0, random_state=0)
    model = SnorkelLabelModel().fit(data.votes)
    assert_array_equal(model.class_prior_, [0.5, 0.5])
    gold = np.where(np.arange(500) < 8, 0, -1)
    assert_allclose(SnorkelLabelModel().fit(data.votes, gold).class_prior_, [0.9, 0.1])


@pytest.mark.parametrize("n_lfs", [1, 2])
def test_one_or_two_lfs_are_trusted_alike(n_lfs):
    data = make_lf_votes(2000, n_lfs, coverage=0.8, accuracy=0.8, random_state=0)
    model = SnorkelLabelModel().fit(data.votes)
    voted = (data.votes >= 0).any(axis=1)
    assert np.ptp(model.lf_accuracy_) < 0.03
    assert model.score(data.votes[voted], data.y[voted]) > 0.75
    if n_lfs == 1:
        assert_allclose(model.lf_accuracy_, 0.7, atol=0.01)


def test_four_hundred_samples_of_six_hundred_lfs_stay_finite():
    data = make_lf_votes(400, 600, coverage=1.0, accuracy=(0.55, 0.9), random_state=0)
    model = SnorkelLabelModel().fit(data.votes)
    assert np.isfinite(model.predict_proba(data.votes)).all()
    assert model.score(data.votes, data.y) > 0.99


def test_many_copies_of_one_lf_stay_finite():
    votes = np.repeat(np.arange(60)[:, None] % 2, 80, axis=1)
    model = SnorkelLabelModel(regularization=0).fit(votes)
    assert_array_equal(model.predict(votes), votes[:, 0])


def test_an_lf_that_votes_rarely_stays_at_the_start():
    data = make_lf_votes(2000, 4, coverage=0.9, accuracy=0.9, random_state=0)
    rare = np.full((2000, 1), -1)
    rare[:2, 0] = 1 - data.y[:2]
    model = SnorkelLabelModel(class_prior=[0.5, 0.5])
    model.fit(np.hstack([data.votes, rare]))
    assert_allclose(model.lf_accuracy_[4], 0.7, atol=0.05)


def test_gold_in_every_row_gives_naive_bayes():
    votes = np.array([[0, 1], [0, -1], [1, 1], [1, 0], [1, 0]])
    y = np.array([0, 0, 1, 1, 0])
    model = SnorkelLabelModel(class_prior=[0.5, 0.5]).fit(votes, y)
    assert_allclose(model.confusion_[0], [[2 / 3, 1 / 3], [0.0, 1.0]], atol=0.02)


def test_a_few_gold_labels_turn_an_adversarial_crowd():
    data = make_lf_votes(1000, 8, coverage=0.8, accuracy=0.25, random_state=0)
    gold = np.where(np.arange(1000) < 100, data.y, -1)
    scores = [
        SnorkelLabelModel(use_gold=use_gold).fit(data.votes, gold)
        for use_gold in (False, True)
    ]
    without, with_gold = (model.score(data.votes, data.y) for model in scores)
    assert without < 0.2
    assert with_gold > 0.8


def test_a_value_that_names_no_class_is_evidence():
    rng = np.random.default_rng(0)
    truth = np.arange(600) % 2
    right = rng.random((600, 4)) < 0.85
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    unsure = np.where((truth == 1) & (rng.random(600) < 0.8), 7, 0)
    model = SnorkelLabelModel(classes=[0, 1]).fit(np.column_stack([votes, unsure]))
    assert model.confusion_[4, 1, 2] > 0.6 > 0.4 > model.confusion_[4, 0, 2]


def test_an_lf_without_votes_is_the_average_lf():
    data = make_lf_votes(500, 5, coverage=0.8, accuracy=(0.6, 0.9), random_state=0)
    silent = np.full((500, 1), -1)
    model = SnorkelLabelModel().fit(np.hstack([data.votes, silent]))
    low, high = model.lf_accuracy_[:5].min(), model.lf_accuracy_[:5].max()
    assert low < model.lf_accuracy_[5] < high


def test_no_vote_at_all_gives_the_prior():
    with pytest.warns(UserWarning, match="none of the 2 rows has a vote"):
        model = SnorkelLabelModel(classes=[0, 1], class_prior=[0.4, 0.6]).fit(
            [[-1], [-1]]
        )
    assert_allclose(model.predict_proba([[-1]]), [[0.4, 0.6]])
    assert_array_equal(model.predict([[0]]), [0])


def rare_votes(n_classes):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 1000)
    votes = np.where(
        rng.random((1000, 40)) < 0.8,
        y[:, None],
        rng.integers(0, n_classes, (1000, 40)),
    )
    votes[rng.random(votes.shape) > 0.1] = -1
    return votes


@pytest.mark.parametrize("n_classes", [5, 60])
def test_few_steps_reach_the_minimum_where_lfs_vote_rarely(n_classes, monkeypatch):
    votes = rare_votes(n_classes)
    model = SnorkelLabelModel(classes=range(n_classes)).fit(votes)
    monkeypatch.setattr(_snorkel, "_PULLED", 2.0)  # the usual momentum
    exact = SnorkelLabelModel(classes=range(n_classes), tol=1e-9).fit(votes)
    assert model.n_iter_ < 30 < exact.n_iter_
    got, expected = model.predict_proba(votes), exact.predict_proba(votes)
    assert_allclose(got, expected, atol=2e-3)


def test_atoms_that_never_fire_change_nothing():
    data = make_lf_votes(500, 5, coverage=0.8, accuracy=(0.6, 0.9), random_state=0)
    model = SnorkelLabelModel(classes=[0, 1], class_prior=[0.5, 0.5]).fit(data.votes)
    # A value that no LF has used, before and after those that they use.
    frequency = np.array([0.0, 0.3, 0.2, 0.0, 0.0, 0.5, 0.0, 0.0])
    assert_array_equal(_snorkel.fired_atoms(frequency, 4), [[1, 2], [4, 5]])
    assert_array_equal(_snorkel.fired_atoms(frequency[1:3], 2), [[0, 1]])
    assert_array_equal(_snorkel.fired_atoms(np.zeros(4), 2), [[0], [2]])
    rules = np.where(data.votes == np.arange(5) % 2, data.votes, -1)
    only = SnorkelLabelModel(classes=[0, 1], class_prior=[0.5, 0.5]).fit(rules)
    assert only.confusion_.shape == model.confusion_.shape
    assert np.isfinite(only.predict_proba(data.votes)).all()


@pytest.mark.parametrize("n_classes", [6, 30])
def test_the_gradient_of_narrow_blocks_is_that_of_wide_ones(n_classes):
    dense, weight, mu, prior = random_moments(5, 3, n_classes)
    A = sparse.csr_matrix(dense)
    frequency = overlaps(dense, weight)[1]
    overlap = _snorkel.overlap_product(A, weight, frequency)
    gradient, _ = _snorkel.moment_gradient(mu, overlap, frequency, prior, 3)
    shift = np.zeros_like(mu)
    shift[4, 2] = 1e-5
    up, down = (
        squared_errors(mu + s, dense, weight, prior, 3) for s in (shift, -shift)
    )
    assert_allclose(gradient[4, 2], (up - down) / 2e-5, rtol=1e-4)


def test_stopping_early_warns():
    data = make_lf_votes(200, 5, random_state=0)
    with pytest.warns(ConvergenceWarning, match="max_iter=3 with a change of"):
        model = SnorkelLabelModel(max_iter=3, class_prior=[0.5, 0.5]).fit(data.votes)
    assert model.n_iter_ == 3
    assert not model.converged_


def test_negative_regularization_raises():
    with pytest.raises(ValueError, match="The 'regularization' parameter of"):
        SnorkelLabelModel(regularization=-1).fit([[0], [1]])


def tutorial_votes():
    data = weather_sentiment()
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
    )
    polarity = PolarityLFTransformer("tweet_text")
    workers = WorkerLFTransformer(crowd, id_column="tweet_id")
    votes = FeatureUnion([("polarity", polarity), ("worker", workers)])
    return votes.fit_transform(data.train)


@pytest.mark.peers
@pytest.mark.parametrize("name", ["tutorial", "ws_babe_llm", "ws_mushroom"])
def test_it_agrees_with_snorkel_for_a_uniform_prior(name):
    peer = pytest.importorskip("snorkel.labeling.model")
    if name == "tutorial":
        pytest.importorskip("textblob")
        votes = tutorial_votes()
    else:
        votes = pd.read_csv(real_data(f"{name}/L.csv.gz")).to_numpy()
    theirs = peer.LabelModel(cardinality=2, verbose=False)
    theirs.fit(votes, seed=0, progress_bar=False)
    model = SnorkelLabelModel(class_prior=[0.5, 0.5]).fit(votes)
    same = model.predict_proba(votes).argmax(axis=1) == theirs.predict_proba(
        votes
    ).argmax(axis=1)
    voted = (votes >= 0).any(axis=1)
    assert same[voted].mean() >= 0.97


def with_constants(n_classes, constants, class_prior="uniform", noise=0.0, seed=0):
    """Return votes, whose first six LFs are ordinary, and the truth."""
    data = make_lf_votes(
        1000, 6, n_classes, coverage=1.0, accuracy=(0.65, 0.85),
        class_prior=class_prior, random_state=seed,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    columns = np.tile(constants, (1000, 1))
    other = rng.random(columns.shape) < noise
    columns[other] = rng.integers(0, n_classes, size=other.sum())
    return np.hstack([data.votes, columns]), data.y


CONSTANTS = [
    (2, [1], "uniform", 0.0),
    (2, [1, 1, 1], "uniform", 0.0),
    (2, [1, 1, 1], [0.8, 0.2], 0.0),
    (2, [0], [0.8, 0.2], 0.0),
    (2, [1, 1], "uniform", 0.04),
    (3, [1, 1, 1], "uniform", 0.0),
    (3, [1, 2], [0.5, 0.25, 0.25], 0.0),
    (5, [1], "uniform", 0.0),
    (5, [3, 3], "uniform", 0.03),
]


@pytest.mark.parametrize(("n_classes", "constants", "class_prior", "noise"), CONSTANTS)
def test_constant_lfs_do_no_harm(n_classes, constants, class_prior, noise):
    votes, y = with_constants(n_classes, constants, class_prior, noise)
    model = SnorkelLabelModel().fit(votes)
    without = SnorkelLabelModel().fit(votes[:, :6])
    assert model.score(votes, y) > without.score(votes[:, :6], y) - 0.015
    assert_allclose(model.class_prior_, without.class_prior_, atol=0.03)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_constant_lf_is_no_evidence(n_classes):
    votes, _ = with_constants(n_classes, [1])
    model = SnorkelLabelModel(class_prior="uniform").fit(votes)
    assert_allclose(model.confusion_[6, :, 1], 1, atol=0.02)
    assert_allclose(model.lf_accuracy_[6], 1 / n_classes, atol=0.02)
    alone = np.where(np.arange(7) == 6, votes[:1], -1)
    assert_allclose(model.predict_proba(alone), 1 / n_classes, atol=0.02)


@pytest.mark.peers
@pytest.mark.parametrize(("n_classes", "constants", "class_prior", "noise"), CONSTANTS)
def test_constant_lfs_harm_no_more_than_in_snorkel(
    n_classes, constants, class_prior, noise
):
    peer = pytest.importorskip("snorkel.labeling.model")
    ours, theirs = [], []
    for seed in range(3):
        votes, y = with_constants(n_classes, constants, class_prior, noise, seed)
        reference = peer.LabelModel(cardinality=n_classes, verbose=False)
        reference.fit(votes, seed=0, progress_bar=False)
        ours.append(SnorkelLabelModel().fit(votes).score(votes, y))
        theirs.append((reference.predict_proba(votes).argmax(axis=1) == y).mean())
    assert np.mean(ours) > np.mean(theirs) - 0.005


def test_a_rule_that_fires_too_often_does_not_set_the_prior():
    votes, y = with_constants(2, [])
    rng = np.random.default_rng(1)
    rule = np.where(rng.random(1000) < np.where(y == 1, 0.95, 0.5), 1, -1)
    model = SnorkelLabelModel().fit(np.column_stack([votes, rule]))
    assert_allclose(model.class_prior_, 0.5, atol=0.03)


def test_a_default_that_fires_where_the_others_abstain_stays_trusted():
    data = make_lf_votes(
        2000, 4, 3, coverage=0.02, accuracy=0.9, class_prior=[0.8, 0.1, 0.1],
        random_state=0,
    )  # fmt: skip
    silent = (data.votes < 0).all(axis=1)
    default = np.where(silent, 0, -1)
    assert silent.mean() > 0.9
    model = SnorkelLabelModel(class_prior="uniform")
    model.fit(np.column_stack([data.votes, default]))
    assert_allclose(model.lf_accuracy_[4], 0.7, atol=0.02)


@pytest.mark.parametrize("constants", [[1], [1, 1, 1], [1, 0, 1]])
def test_where_all_lfs_are_constant_the_majority_is_right(constants):
    votes = np.tile(constants, (50, 1))
    model = SnorkelLabelModel(classes=[0, 1]).fit(votes)
    assert_array_equal(model.predict(votes), 1)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_permutations_permute_the_result_with_constant_lfs(noise):
    votes, _ = with_constants(3, [1, 1, 2], [0.5, 0.3, 0.2], noise)
    proba = SnorkelLabelModel(classes=[0, 1, 2]).fit(votes).predict_proba(votes)
    rng = np.random.default_rng(2)
    rows, lfs = rng.permutation(len(votes)), rng.permutation(votes.shape[1])
    new_class = np.array([2, 0, 1])
    moved = new_class[votes[rows][:, lfs]]
    again = SnorkelLabelModel(classes=[0, 1, 2]).fit(moved).predict_proba(moved)
    assert_allclose(again[:, new_class], proba[rows], atol=1e-8)


@pytest.mark.parametrize(
    ("seen", "trust"),
    [
        ([[0.0, 1.0], [0.4, 0.6]], [0, 1]),  # constant
        ([[0.0, 0.7], [0.4, 0.6]], [1, 1]),  # a rule that may be right
        ([[0.0, 0.8], [0.4, 0.6]], [0.2 / (0.8 * 0.4), 1]),  # one that errs
        ([[0.1, 0.9], [0.4, 0.6]], [1, 1]),  # prefers a class
        ([[0.02, 0.98], [0.4, 0.6]], [0.02 / (0.98 * 0.4), 1]),  # nearly constant
        ([[0.0, 1.0], [1.0, 0.0]], [1, 1]),  # nothing else is left
        ([[0.0, 0.0], [0.0, 1.0]], [1, 1]),
    ],
)
def test_lfs_are_trusted_as_far_as_possible(seen, trust):
    got = _snorkel.possible_trust(np.array(seen), np.arange(2), np.full(2, 0.5))
    assert_allclose(got, trust)


def test_it_is_better_than_the_majority_where_lfs_differ():
    data = make_lf_votes(2000, 9, coverage=0.6, accuracy=(0.5, 0.95), random_state=1)
    sparse_votes = votes_to_sparse(data.votes)
    voted = np.diff(sparse_votes.indptr) > 0
    votes, y = sparse_votes[voted], data.y[voted]
    ours = SnorkelLabelModel().fit(votes).score(votes, y)
    assert ours > MajorityVote().fit(votes).score(votes, y) + 0.01
