"""Each kernel equals its slow, obvious twin: plain loops over samples and LFs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklabel.evidence._evidence import (
    CO_FIRING,
    LEFT_OUT,
    CoFiring,
    Evidence,
    Sources,
    Sums,
    expected_of_vote,
    redundancy,
)
from sklabel.sums._gold import clamp
from sklabel.sums._kernels import (
    count_classes,
    mean_change,
    smoothed_shares,
    vote_shares,
)
from sklabel.sums._sums import (
    VoteChunk,
    class_counts,
    confusion_prior,
    log_tables,
    one_hot,
    softmax,
)
from sklabel.votes._read import read_votes

N_SAMPLES, N_LFS, N_VALUES, N_CLASSES = 25, 4, 3, 2
# The third vote value names no class.
CLASS_OF_VALUE = np.array([1, 0, -1])


@pytest.fixture
def dense():
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, N_VALUES, size=(N_SAMPLES, N_LFS))
    votes[3] = -1
    votes[4] = [2, -1, 2, -1]
    return votes


@pytest.fixture
def weight():
    return np.random.default_rng(1).uniform(0.5, 2, size=N_SAMPLES)


@pytest.fixture
def posterior():
    return np.random.default_rng(2).dirichlet(np.ones(N_CLASSES), size=N_SAMPLES)


@pytest.fixture
def gold():
    gold = np.full(N_SAMPLES, -1)
    gold[[0, 7]] = [1, 0]
    return gold


def test_one_hot_marks_the_atom_of_every_vote(dense):
    expected = np.zeros((N_SAMPLES, N_LFS * N_VALUES))
    for i in range(N_SAMPLES):
        for j in range(N_LFS):
            if dense[i, j] >= 0:
                expected[i, j * N_VALUES + dense[i, j]] = 1
    assert_array_equal(one_hot(read_votes(dense), N_VALUES).toarray(), expected)


def test_count_classes_leaves_out_values_that_name_no_class(dense):
    expected = np.zeros((N_SAMPLES, N_CLASSES))
    for i in range(N_SAMPLES):
        for j in range(N_LFS):
            if dense[i, j] in (0, 1):
                expected[i, CLASS_OF_VALUE[dense[i, j]]] += 1
    counts = count_classes(read_votes(dense), CLASS_OF_VALUE, N_CLASSES)
    assert_array_equal(counts, expected)


def test_class_counts_of_one_hot_votes_are_those_of_the_votes(dense):
    votes = read_votes(dense)
    counts = class_counts(one_hot(votes, N_VALUES), CLASS_OF_VALUE, N_CLASSES)
    assert_array_equal(counts, count_classes(votes, CLASS_OF_VALUE, N_CLASSES))


def test_vote_shares_give_rows_without_class_votes_the_mean(weight):
    counts = np.array([[2.0, 0], [1, 3], [0, 0]])
    w = weight[:3]
    mean = (w[0] * np.array([1, 0]) + w[1] * np.array([0.25, 0.75])) / (w[0] + w[1])
    assert_allclose(vote_shares(counts, w), [[1, 0], [0.25, 0.75], mean])


def test_vote_shares_without_any_vote_are_even():
    assert_array_equal(vote_shares(np.zeros((2, 4)), np.ones(2)), np.full((2, 4), 0.25))


def test_softmax_equals_the_naive_formula():
    scores = np.random.default_rng(0).normal(size=(6, 3))
    proba, log_norm = softmax(scores)
    assert_allclose(proba, np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))
    assert_allclose(log_norm, np.log(np.exp(scores).sum(axis=1)))


def test_softmax_neither_overflows_nor_underflows():
    proba, log_norm = softmax(np.array([[-5000.0, -5001], [4000, 3000]]))
    assert_allclose(proba, [[1 / (1 + np.exp(-1)), 1 / (1 + np.e)], [1, 0]])
    assert np.isfinite(log_norm).all()


def test_clamp_changes_gold_rows_only(posterior, gold):
    clamped = clamp(posterior.copy(), gold)
    assert_array_equal(clamped[gold < 0], posterior[gold < 0])
    assert_array_equal(clamped[gold >= 0], [[0, 1], [1, 0]])


def test_smoothed_shares_are_a_weighted_mean_of_shares_and_prior():
    shares = smoothed_shares(np.array([[3.0, 1], [0, 0]]), np.array([0.2, 0.8]), 2.0)
    assert_allclose(shares, [[3.4 / 6, 2.6 / 6], [0.2, 0.8]])


def test_confusion_prior_puts_the_right_answer_on_the_named_class():
    prior = confusion_prior(CLASS_OF_VALUE, N_CLASSES, right=4, wrong=1)
    assert_array_equal(prior, [[1, 4], [4, 1], [1, 1]])


def test_worker_tables_equal_loops_over_votes(dense, weight, posterior):
    prior = confusion_prior(CLASS_OF_VALUE, N_CLASSES, right=4, wrong=1)
    expected = np.zeros((N_LFS, N_VALUES, N_CLASSES))
    for j in range(N_LFS):
        for c in range(N_CLASSES):
            for v in range(N_VALUES):
                expected[j, v, c] = prior[v, c]
                for i in range(N_SAMPLES):
                    if dense[i, j] == v:
                        expected[j, v, c] += weight[i] * posterior[i, c]
            expected[j, :, c] /= expected[j, :, c].sum()
    A = one_hot(read_votes(dense), N_VALUES)
    counts = A.T @ (posterior * weight[:, None])
    tables = log_tables(counts.reshape(N_LFS, N_VALUES, N_CLASSES), prior)
    assert_allclose(np.exp(tables), expected)


def test_a_vote_is_expected_to_prefer_its_own_class():
    share = np.array([0.7, 0.2, 0.1])
    expected = expected_of_vote(share, np.array([2, -1]), ratio=4)
    base = 0.72 * share + 0.28 / 3
    own = base * [1, 1, 4 * 2]
    assert_allclose(expected, [own / own.sum(), base])


RULE = np.array([0, 0.5, 1, 1])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_left_out_counts_equal_loops_over_votes(dense, weight, n_classes):
    rng = np.random.default_rng(3)
    weights = rng.normal(size=(N_LFS, N_VALUES, n_classes))
    log_prior = np.log(rng.dirichlet(np.ones(n_classes)))
    silence = np.linspace(-0.2, 0.2, n_classes)
    expected = np.zeros_like(weights)
    for i in range(N_SAMPLES):
        cast = np.flatnonzero(dense[i] >= 0)
        if len(cast) < 2:
            continue
        for j in cast:
            others = log_prior + silence * (1 - RULE[cast]).sum()
            for k in cast:
                if k != j:
                    others = others + weights[k, dense[i, k]]
            belief = np.exp(others) / np.exp(others).sum()
            expected[j, dense[i, j]] += weight[i] * belief
    no_gold = np.full(N_SAMPLES, -1)
    chunk = VoteChunk(read_votes(dense), no_gold, weight, CLASS_OF_VALUE, n_classes)
    evidence = Evidence(weights, silence, log_prior)
    counts = LEFT_OUT.of(chunk, evidence, Sources(RULE, 1.0)).counts
    assert_allclose(counts.reshape(weights.shape), expected, atol=1e-12)


def test_redundancy_equals_loops_over_pairs_of_atoms(dense, weight, posterior):
    dense[:, 3] = np.where(np.arange(N_SAMPLES) < 22, dense[:, 2], dense[:, 3])
    # Enough samples for four standard errors.
    dense, weight, posterior = (np.repeat(x, 20, 0) for x in (dense, weight, posterior))
    atom_class = np.tile(CLASS_OF_VALUE, N_LFS)
    lf_of_atom = np.repeat(np.arange(N_LFS), N_VALUES)
    fires = one_hot(read_votes(dense), N_VALUES).toarray().T
    n_votes = fires @ weight
    class_size = weight @ posterior
    discount = np.ones(len(fires))
    for a in range(len(fires)):
        repeated = 0.0
        for b in range(len(fires)):
            if lf_of_atom[a] == lf_of_atom[b] or atom_class[a] != atom_class[b]:
                continue
            if atom_class[a] < 0 or 0 in (lf_of_atom[a], lf_of_atom[b]):
                continue  # The first LF is a worker.
            observed = weight @ (fires[a] * fires[b])
            expected = 0.0
            for c in range(N_CLASSES):
                in_a = weight @ (fires[a] * posterior[:, c])
                in_b = weight @ (fires[b] * posterior[:, c])
                expected += in_a * in_b / class_size[c]
            n_errors = (observed - expected) / np.sqrt(expected + 1)
            if n_errors > 2:
                share = (observed - expected) / max(n_votes[a], n_votes[b])
                repeated += share * min((n_errors - 2) / 2, 1)
        discount[a] = 1 / (1 + repeated)
    by_lf = [
        np.average(discount[lf_of_atom == j], weights=n_votes[lf_of_atom == j])
        for j in range(N_LFS)
    ]
    no_gold = np.full(len(dense), -1)
    chunk = VoteChunk(read_votes(dense), no_gold, weight, CLASS_OF_VALUE, N_CLASSES)
    firing = CO_FIRING.of(chunk, RULE)
    sums = Sums((fires * weight) @ posterior, class_size, class_size)
    found = redundancy(firing, sums, CLASS_OF_VALUE, N_LFS)
    assert_allclose(found, by_lf)
    assert found[0] == 1, "a worker repeats nobody"
    assert found[3] < 0.8, "a copied LF counts less"


def test_redundancy_of_an_lf_without_votes_is_one():
    firing = CoFiring(sparse.csr_matrix(np.diag([1.0, 0])), np.array([1.0, 0]))
    sums = Sums(np.eye(2), np.ones(2), np.ones(2))
    assert_array_equal(redundancy(firing, sums, np.array([0]), 2), [1, 1])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_mean_change_averages_the_largest_move_of_each_sample(n_classes):
    rng = np.random.default_rng(0)
    a, b = rng.dirichlet(np.ones(n_classes), size=(2, 5))
    weight = np.array([1.0, 2, 0.5, 1, 3])
    total = 0.0
    for i in range(5):
        total += weight[i] * max(abs(a[i, c] - b[i, c]) for c in range(n_classes))
    assert mean_change(a, b, weight) == pytest.approx(total / weight.sum())
