"""LabelModel has no border at which its results jump.

Data that change by a few votes may not change much for the rows that stay the same.
"""

import numpy as np
import pytest

from sklabel import LabelModel


def largest_jump(data_sets, n_classes):
    """Return the largest change of predict_proba in a step, as a mean and for a row.

    Only rows count whose own votes and gold labels stay the same.
    """
    mean = single = 0.0
    before = None
    for votes, y, class_prior in data_sets:
        model = LabelModel(classes=np.arange(n_classes), class_prior=class_prior)
        proba = model.fit(votes, y).predict_proba(votes)
        if before is not None:
            same = (votes == before[0]).all(axis=1) & (y == before[1])
            step = np.abs(proba - before[2]).max(axis=1)[same]
            mean, single = max(mean, step.mean()), max(single, step.max())
        before = votes, y, proba
    return mean, single


def data_set(*columns, y=None, class_prior="auto"):
    votes = np.column_stack(columns)
    return votes, np.full(len(votes), -1) if y is None else y, class_prior


def voter(rng, truth, n_classes, accuracy=0.75):
    wrong = (truth + rng.integers(1, n_classes, len(truth))) % n_classes
    return np.where(rng.random(len(truth)) < accuracy, truth, wrong)


def rule(rng, truth, n_classes, label, coverage, precision=0.8):
    own = coverage * precision * n_classes
    other = coverage * (1 - precision) * n_classes / (n_classes - 1)
    fires = rng.random(len(truth)) < np.where(truth == label, own, other)
    return np.where(fires, label, -1)


def voters_and_rules(rng, n_samples, n_voters, n_rules, n_classes=2, coverage=0.2):
    truth = rng.integers(n_classes, size=n_samples)
    columns = [voter(rng, truth, n_classes) for _ in range(n_voters)]
    columns += [
        rule(rng, truth, n_classes, i % n_classes, coverage) for i in range(n_rules)
    ]
    return truth, columns


def growing(rng, columns, numbers):
    """Yield so many of the votes, each with those before."""
    votes = np.column_stack(columns)
    order = rng.permutation(np.argwhere(votes >= 0))
    for number in numbers:
        shown = np.full(votes.shape, -1)
        rows, lfs = order[:number].T
        shown[rows, lfs] = votes[rows, lfs]
        yield shown


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_voters", [1, 3])
def test_the_share_of_rule_votes_may_pass_one_half(n_voters, n_classes):
    rng, n_samples = np.random.default_rng(0), 600
    truth = rng.integers(n_classes, size=n_samples)
    voters = [voter(rng, truth, n_classes) for _ in range(n_voters)]
    coverage = 0.38 if n_classes == 2 else 0.25
    n_rules = n_voters * (4 if n_classes == 2 else 6)
    rules = [
        rule(rng, truth, n_classes, i % n_classes, coverage) for i in range(n_rules)
    ]
    n_votes = n_samples * n_voters
    numbers = range(int(0.95 * n_votes), int(1.05 * n_votes), 5 * n_voters)
    steps = growing(rng, rules, numbers)
    mean, single = largest_jump((data_set(*voters, s) for s in steps), n_classes)
    assert mean < 0.01
    assert single < 0.06


@pytest.mark.parametrize(("n_voters", "n_rules"), [(1, 0), (1, 4), (0, 6), (3, 2)])
def test_slips_turn_a_rule_into_a_worker_little_by_little(n_voters, n_rules):
    rng = np.random.default_rng(0)
    truth, others = voters_and_rules(rng, 400, n_voters, n_rules)
    one_valued = rule(rng, truth, 2, 0, 0.25, 0.85)
    order = rng.permutation(np.flatnonzero(one_valued >= 0))
    steps = []
    for n_slips in range(13):
        with_slips = one_valued.copy()
        with_slips[order[:n_slips]] = 1
        steps.append(data_set(*others, with_slips))
    mean, single = largest_jump(steps, 2)
    assert mean < 0.06
    assert single < 0.2


@pytest.mark.parametrize(("n_voters", "n_rules"), [(1, 0), (1, 4), (0, 6), (3, 2)])
def test_an_lf_of_one_value_may_have_any_number_of_votes(n_voters, n_rules):
    rng = np.random.default_rng(0)
    truth, others = voters_and_rules(rng, 300, n_voters, n_rules)
    steps = growing(rng, [rule(rng, truth, 2, 0, 0.25, 0.85)], range(16))
    mean, single = largest_jump((data_set(*others, s) for s in steps), 2)
    assert mean < 0.01
    assert single < 0.12


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_workers", [1, 5])
def test_workers_may_judge_more_and_more_of_the_rows_of_rules(n_workers, n_classes):
    rng = np.random.default_rng(0)
    args = 500, 0, 2 * n_classes, n_classes, 0.1
    truth, rules = voters_and_rules(rng, *args)
    workers = [voter(rng, truth, n_classes, 0.8) for _ in range(n_workers)]
    steps = growing(rng, workers, range(0, 401, 10))
    mean, single = largest_jump((data_set(*rules, s) for s in steps), n_classes)
    assert mean < 0.02
    assert single < 0.2


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("with_rules", [False, True])
def test_a_crowd_may_become_dense(with_rules, n_classes):
    rng, n_samples = np.random.default_rng(0), 200
    n_rules = 2 * n_classes * with_rules
    truth, rules = voters_and_rules(rng, n_samples, 0, n_rules, n_classes)
    workers = [voter(rng, truth, n_classes, a) for a in rng.uniform(0.55, 0.9, 8)]
    steps = growing(rng, workers, range(200, 1601, 30))
    mean, single = largest_jump((data_set(*rules, s) for s in steps), n_classes)
    assert mean < 0.04
    assert single < 0.2


@pytest.mark.parametrize(("n_voters", "n_rules"), [(3, 0), (1, 4), (0, 6)])
def test_a_given_prior_may_pass_through_even(n_voters, n_rules):
    rng = np.random.default_rng(1)
    _, columns = voters_and_rules(rng, 400, n_voters, n_rules)
    priors = np.arange(0.46, 0.5401, 0.005)
    steps = [data_set(*columns, class_prior=[p, 1 - p]) for p in priors]
    mean, single = largest_jump(steps, 2)
    assert mean < 0.01
    assert single < 0.015


@pytest.mark.parametrize(
    ("n_voters", "n_rules", "bound"), [(3, 0, 0.2), (1, 4, 0.2), (0, 6, 0.08)]
)
def test_gold_labels_come_one_by_one(n_voters, n_rules, bound):
    rng = np.random.default_rng(0)
    truth, columns = voters_and_rules(rng, 400, n_voters, n_rules)
    order = rng.permutation(400)
    steps = []
    for n_gold in range(13):
        y = np.full(400, -1)
        y[order[:n_gold]] = truth[order[:n_gold]]
        steps.append(data_set(*columns, y=y))
    mean, single = largest_jump(steps, 2)
    # One gold label of few says much, but the first ones are no switch.
    assert mean < bound
    assert single < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_two_rules_may_fire_together_more_and_more_often(seed):
    rng = np.random.default_rng(seed)
    truth, others = voters_and_rules(rng, 500, 0, 4)
    one, other = (rule(rng, truth, 2, 0, 0.2) for _ in range(2))
    joined = rng.permutation(np.flatnonzero((one >= 0) & (other < 0)))
    left = rng.permutation(np.flatnonzero((one < 0) & (other >= 0)))
    steps = []
    for n_moved in range(0, 42, 2):
        moved = other.copy()
        moved[joined[:n_moved]], moved[left[:n_moved]] = 0, -1
        steps.append(data_set(*others, one, moved))
    mean, single = largest_jump(steps, 2)
    assert mean < 0.0035
    assert single < 0.02
