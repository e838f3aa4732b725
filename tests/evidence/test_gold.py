"""Gold labels correct the soft labels of LabelModel, and never make them much worse."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import log_softmax
from sklearn.metrics import f1_score, log_loss

from sklabel import LabelModel
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.evidence._gold import GoldRows, _leverage, _Regression, fit_correction
from sklabel.votes import votes_from_long

# Rules whose reliability the votes do not tell.
DATA = make_lf_votes(1500, 8, 2, unipolar_share=1.0, coverage=0.3, random_state=1)


def with_gold(y, n_gold, seed=0):
    rng = np.random.default_rng(seed)
    gold = np.full(len(y), -1)
    rows = rng.permutation(len(y))[:n_gold]
    gold[rows] = y[rows]
    return gold, np.setdiff1d(np.arange(len(y)), rows)


def misleading_votes(n_samples=1500, seed=0):
    """One good model, and four rules of which two are usually wrong."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n_samples) < 0.4).astype(int)
    votes = [np.where(rng.random(n_samples) < 0.75, y, 1 - y)]
    for c, precision in [(0, 0.9), (1, 0.85), (0, 0.2), (1, 0.15)]:
        right = 0.35 * np.where(y == c, precision, 1 - precision)
        votes.append(np.where(rng.random(n_samples) < right, c, -1))
    return np.column_stack(votes), y


@pytest.mark.parametrize("n_gold", [20, 60, 200])
def test_gold_labels_pay_where_votes_mislead(n_gold):
    votes, y = misleading_votes()
    gains = []
    for seed in range(5):
        gold, rest = with_gold(y, n_gold, seed)
        proba = [
            LabelModel(use_gold=use).fit(votes, gold).predict_proba(votes)[rest]
            for use in (False, True)
        ]
        gains.append(np.subtract(*(log_loss(y[rest], p) for p in proba)))
    assert np.mean(gains) > {20: 0.01, 60: 0.05, 200: 0.08}[n_gold]
    assert min(gains) > -0.03


@pytest.mark.parametrize("n_gold", [1, 5, 20, 60, 200])
def test_gold_labels_do_not_hurt_a_crowd(n_gold):
    data = make_crowd_labels(600, 40, 3, judgements_per_sample=5, random_state=0)
    frame = data.crowd_labels
    sample, worker, label = frame.columns
    votes = votes_from_long(frame, sample=sample, lf=worker, vote=label)
    y = data.y[votes.index.to_numpy()]
    plain = LabelModel().fit(votes).predict_proba(votes)
    changes = []
    for seed in range(5):
        gold, rest = with_gold(y, n_gold, seed)
        after = LabelModel().fit(votes, gold).predict_proba(votes)
        right, loss = [], []
        for proba in (plain[rest], after[rest]):
            right.append(np.mean(proba.argmax(axis=1) == y[rest]))
            loss.append(log_loss(y[rest], proba))
        changes.append([right[1] - right[0], loss[1] - loss[0]])
    accuracy, loss = np.mean(changes, axis=0)
    assert accuracy > -0.006
    assert loss < 0.005


def test_more_gold_is_better():
    votes, y = misleading_votes(3000)
    losses = []
    for n_gold in (0, 30, 300, 1500):
        gold, rest = with_gold(y, n_gold)
        model = LabelModel().fit(votes, gold if n_gold else None)
        losses.append(log_loss(y[rest], model.predict_proba(votes)[rest]))
    assert np.diff(losses).max() < 0.005
    assert losses[-1] < losses[0] - 0.08


def test_a_rare_class_is_not_flattened():
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.1).astype(int)
    votes = np.full((2000, 4), -1)
    for j, (c, fires, other) in enumerate(
        [(1, 0.6, 0.03), (1, 0.5, 0.04), (0, 0.5, 0.1), (0, 0.4, 0.1)]
    ):
        fired = rng.random(2000) < np.where(y == c, fires, other)
        votes[fired, j] = c
    gold, rest = with_gold(y, 100)
    before = LabelModel().fit(votes).predict(votes)[rest]
    after = LabelModel().fit(votes, gold).predict(votes)[rest]
    scores = [f1_score(y[rest], p, average="macro") for p in (before, after)]
    assert scores[1] > scores[0]


def test_lf_accuracy_reports_what_gold_says():
    votes, y = misleading_votes()
    gold, _ = with_gold(y, 300)
    plain, model = LabelModel().fit(votes), LabelModel().fit(votes, gold)
    counted = [np.mean(y[v >= 0] == v[v >= 0]) for v in votes.T]
    assert np.abs(model.lf_accuracy_ - counted).max() < 0.08
    assert np.abs(plain.lf_accuracy_ - counted).max() > 0.2


def test_gold_does_not_move_the_model_of_the_votes():
    votes, y = misleading_votes(300)
    gold, _ = with_gold(y, 50)
    plain, model = LabelModel().fit(votes), LabelModel().fit(votes, gold)
    assert_array_equal(model._evidence.weights, plain._evidence.weights)
    unused = LabelModel(use_gold=False).fit(votes, gold)
    assert_array_equal(unused.predict_proba(votes), plain.predict_proba(votes))


def test_a_weight_of_two_is_two_gold_rows():
    votes, y = misleading_votes(200)
    gold, _ = with_gold(y, 40)
    twice = np.flatnonzero(gold >= 0)[:10]
    weight = np.ones(200)
    weight[twice] = 2
    weighted = LabelModel().fit(votes, gold, sample_weight=weight)
    rows = np.r_[np.arange(200), twice]
    repeated = LabelModel().fit(votes[rows], gold[rows])
    found, expected = weighted.predict_proba(votes), repeated.predict_proba(votes)
    assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("what", ["rows", "lfs", "classes"])
def test_permuting_permutes_the_correction(what):
    votes, y = DATA.votes, DATA.y
    gold, _ = with_gold(y, 60)
    expected = LabelModel().fit(votes, gold).predict_proba(votes)
    rng = np.random.default_rng(0)
    if what == "rows":
        order = rng.permutation(len(y))
        model = LabelModel().fit(votes[order], gold[order])
        found = model.predict_proba(votes)
    elif what == "lfs":
        order = rng.permutation(votes.shape[1])
        found = LabelModel().fit(votes[:, order], gold).predict_proba(votes[:, order])
    else:
        swapped = np.where(votes >= 0, 1 - votes, -1)
        model = LabelModel().fit(swapped, np.where(gold >= 0, 1 - gold, -1))
        found = model.predict_proba(swapped)[:, ::-1]
    assert_allclose(found, expected, atol=1e-5)


def test_gold_of_one_class_only_and_of_every_row():
    votes, y = misleading_votes(300)
    one = np.where((y == 0) & (np.arange(300) < 60), 0, -1)
    proba = LabelModel(classes=[0, 1]).fit(votes, one).predict_proba(votes)
    assert np.isfinite(proba).all()
    assert proba[:, 1].max() > 0.05
    every = LabelModel().fit(votes, y)
    assert every.score(votes, y) > LabelModel().fit(votes).score(votes, y)


def test_gold_of_calls_adds_up():
    votes, y = misleading_votes(600)
    gold, _ = with_gold(y, 80)
    batch = LabelModel(classes=[0, 1]).fit(votes, gold)
    model = LabelModel(classes=[0, 1])
    for rows in np.array_split(np.arange(600), 4):
        model.partial_fit(votes[rows], gold[rows])
    moved = np.abs(model.predict_proba(votes) - batch.predict_proba(votes))
    assert moved.mean() < 0.02
    plain = LabelModel(classes=[0, 1]).fit(votes).predict_proba(votes)
    assert np.abs(batch.predict_proba(votes) - plain).mean() > 0.05


def test_gold_survives_new_lfs():
    votes, y = misleading_votes(400)
    gold, _ = with_gold(y, 100)
    frame = pd.DataFrame(votes, columns=list("abcde"))
    model = LabelModel(classes=[0, 1])
    model.partial_fit(frame.iloc[:200, :3], gold[:200], columns="by_name")
    model.partial_fit(frame.iloc[200:], gold[200:], columns="by_name")
    assert list(model.feature_names_in_) == list("abcde")
    plain = LabelModel(classes=[0, 1], use_gold=False)
    plain.partial_fit(frame.iloc[:200, :3], columns="by_name")
    plain.partial_fit(frame.iloc[200:], columns="by_name")
    assert model.score(frame, y) > plain.score(frame, y)


@pytest.mark.parametrize("n_columns", [5, 60])
def test_leverage_equals_the_matrix_written_out(n_columns):
    rng = np.random.default_rng(0)
    B, curvature = rng.normal(size=(30, n_columns)), rng.uniform(0.1, 1, size=30)
    inner = np.eye(n_columns) + B.T @ np.diag(curvature) @ B
    expected = np.diag(B @ np.linalg.inv(inner) @ B.T)
    assert_allclose(_leverage(sparse.csr_matrix(B), curvature), expected)


def test_without_votes_on_gold_rows_only_the_prior_learns():
    none = sparse.csr_matrix((3, 4))
    rows = GoldRows(none, np.eye(2)[[0, 0, 1]], np.ones(3))
    even = np.full((3, 2), 0.5)
    correction = fit_correction(rows, even, np.array([0.5, 0.5]), np.array([0, 1]))
    assert_allclose(correction.without_votes, [4 / 7, 3 / 7])
    proba = np.array([[0.3, 0.7]])
    assert_allclose(correction.apply(sparse.csr_matrix((1, 4)), proba), proba)


def soft_regression(n_rows=40, n_classes=3):
    rng = np.random.default_rng(0)
    features = sparse.random(n_rows, 12, density=0.4, random_state=0, format="csr")
    features.data[:] = 1
    scores = features @ rng.normal(size=(12, n_classes))
    target = np.exp(log_softmax(2 * scores + rng.normal(size=scores.shape), axis=1))
    offset = rng.normal(size=scores.shape)
    weight = rng.integers(1, 4, size=n_rows).astype(float)
    return features, offset, target, weight


def test_soft_targets_are_fitted_as_a_row_per_class():
    features, offset, target, weight = soft_regression()
    penalty, start = np.full((12, 3), 2.0), np.r_[1.0, np.zeros(36)]
    found = _Regression(offset, target, weight).fit(features, penalty, 2.0, start)
    rows, label = np.repeat(np.arange(40), 3), np.tile(np.arange(3), 40)
    copies = _Regression(offset[rows], np.eye(3)[label], weight[rows] * target.ravel())
    expected = copies.fit(features[rows], penalty, 2.0, start)
    assert_allclose(found, expected, atol=1e-5)
    assert_allclose(
        _Regression(offset, target, weight).log_likelihood(), copies.log_likelihood()
    )


@pytest.mark.parametrize("n_classes", [2, 3])
def test_what_is_left_out_of_soft_targets_is_the_whole_row(n_classes):
    features, offset, target, weight = soft_regression(n_classes=n_classes)
    penalty = np.full((12, n_classes), 4.0)
    start = np.r_[1.0, np.zeros(12 * n_classes)]
    problem = _Regression(offset, target, weight)
    fit = problem.fit(features, penalty, 4.0, start)
    found = problem.left_out(features, penalty, 4.0, fit)

    def log_likelihood(fit, row):
        scores = fit[0] * offset[row] + features[row] @ fit[1:].reshape(12, -1)
        return float((target[row] * log_softmax(scores.ravel())).sum())

    expected = kept = 0.0
    for row in range(len(weight)):
        # One unit of the weight of the row, whatever its classes.
        left = weight - (np.arange(len(weight)) == row)
        without = _Regression(offset, target, left)
        other = without.fit(features, penalty, 4.0, fit)
        expected += weight[row] * log_likelihood(other, row)
        kept += weight[row] * log_likelihood(fit, row)
    # A Newton step per class; copies of a row, left out one by one, would lose 4 times
    # as much.
    assert abs(found - expected) < 0.15 * (kept - expected)
