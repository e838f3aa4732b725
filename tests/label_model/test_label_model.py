import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss

from sklabel import LabelModel, MajorityVote, _version
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.votes import votes_from_long, votes_to_sparse

VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, 1, 0], [0, -1, 0], [1, 1, 1]])


def crowd_votes(data):
    """Return the dense votes of samples that somebody judged, and their truth."""
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label")
    return votes.to_numpy(), data.y[votes.index]


def slow_dawid_skene(votes, n_classes, n_sweeps):
    """MAP Dawid-Skene as in LabelModel's Notes, in plain loops."""
    n_samples, n_lfs = votes.shape
    alpha = np.full((n_classes, n_classes), np.sqrt(2 / n_classes))
    np.fill_diagonal(alpha, 4)
    T = np.zeros((n_samples, n_classes))
    for i in range(n_samples):
        cast = votes[i][votes[i] >= 0]
        for vote in cast:
            T[i, vote] += 1 / len(cast)
    share = T.mean(axis=0)
    for _ in range(n_sweeps):
        prior = T.sum(axis=0) + 100 * share + 1
        prior /= prior.sum()
        theta = np.tile(alpha, (n_lfs, 1, 1))
        for i in range(n_samples):
            for j in range(n_lfs):
                if votes[i, j] >= 0:
                    theta[j, :, votes[i, j]] += T[i]
        theta /= theta.sum(axis=2, keepdims=True)
        T = np.tile(prior, (n_samples, 1))
        for i in range(n_samples):
            for j in range(n_lfs):
                if votes[i, j] >= 0:
                    T[i] *= theta[j, :, votes[i, j]]
            T[i] /= T[i].sum()
    return T, prior, theta


# The model of workers


@pytest.mark.parametrize("n_classes", [2, 3])
def test_without_tempering_and_mixing_a_large_crowd_gets_map_dawid_skene(n_classes):
    # What shrinks the tables of few LFs fades with the number of workers.
    data = make_crowd_labels(
        2000,
        200,
        n_classes,
        judgements_per_sample=6,
        worker_types={"reliable": 0.5, "average": 0.5},
        random_state=n_classes,
    )
    votes, _ = crowd_votes(data)
    n_sweeps = 7
    options = {"tempering": 0, "mixing": 0, "max_iter": n_sweeps, "tol": 0}
    model = LabelModel(lf_kind="worker", **options)
    with pytest.warns(ConvergenceWarning, match="max_iter=7"):
        model.fit(votes)
    T, prior, theta = slow_dawid_skene(votes, n_classes, n_sweeps)
    assert_allclose(np.exp(model._evidence.log_prior), prior, atol=0.002)
    assert_allclose(model.predict_proba(votes), T, atol=0.03)
    assert np.abs(model.predict_proba(votes) - T).mean() < 0.002
    assert_allclose(model.confusion_, theta, atol=0.01)


def test_tempering_and_mixing_only_soften_the_probabilities():
    votes, _ = crowd_votes(make_crowd_labels(300, 20, 3, random_state=0))
    plain = LabelModel(tempering=0, mixing=0).fit(votes)
    soft = LabelModel(tempering=0.4, mixing=0).fit(votes)
    default = LabelModel().fit(votes)
    assert_array_equal(plain.predict(votes), soft.predict(votes))
    assert soft.predict_proba(votes).max() < plain.predict_proba(votes).max()
    assert_allclose(default.predict_proba(votes).sum(axis=1), 1)
    counts = np.stack([(votes == c).sum(axis=1) for c in range(3)], axis=1)
    shares = (counts + 2 / 3) / (counts.sum(axis=1, keepdims=True) + 2)
    assert_allclose(
        default.predict_proba(votes),
        0.85 * soft.predict_proba(votes) + 0.15 * shares,
        atol=1e-12,
    )


def test_a_vote_of_a_rule_is_tempered_less_than_that_of_a_worker():
    votes, _ = mixed_votes()
    model = LabelModel(mixing=0).fit(votes)
    assert_array_equal(model.rule_share_, [1, 1, 0, 0, 0, 0, 0])
    plain = LabelModel(mixing=0, tempering=0).fit(votes).predict_proba(votes)
    n_rule = (votes[:, :2] >= 0).sum(axis=1)
    n_worker = (votes[:, 2:] >= 0).sum(axis=1)
    effect = 1 + np.maximum(0.4 * n_worker + 0.15 * n_rule - 0.4, 0)
    expected = plain ** (1 / effect[:, None])
    expected /= expected.sum(axis=1, keepdims=True)
    by_worker = n_worker > 0
    found = model.predict_proba(votes)
    assert_allclose(found[by_worker], expected[by_worker], atol=1e-9)
    only_rules = (n_rule > 0) & ~by_worker
    # The prior of such rows is not tempered: one vote is as it was.
    one = only_rules & (n_rule == 1)
    assert_allclose(found[one], plain[one], atol=1e-9)
    two = only_rules & (n_rule == 2)
    assert two.any()
    assert (found[two].max(axis=1) <= plain[two].max(axis=1)).all()


def test_rows_that_only_rules_vote_on_do_not_confirm_the_rules():
    votes, _ = mixed_votes()
    alone = np.full((500, votes.shape[1]), -1)
    alone[:, 0] = 1
    before, after = LabelModel().fit(votes), LabelModel().fit(np.vstack([votes, alone]))
    said = [model.predict_proba(alone[:1])[0, 1] for model in (before, after)]
    assert 0.5 < said[1] < said[0] + 0.05


def fitted_proba(votes, **options):
    return LabelModel(**options).fit(votes).predict_proba(votes)


def mixed_votes():
    """Two rules that fire on a third of the rows, and workers on half of them."""
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=600)
    votes = np.full((600, 7), -1)
    for j, (c, right) in enumerate([(1, 0.8), (0, 0.75)]):
        fires = rng.random(600) < np.where(truth == c, right, 1 - right) * 0.6
        votes[fires, j] = c
    for j in range(2, 7):
        sees = (np.arange(600) < 400) & (rng.random(600) < 0.7)
        votes[sees, j] = np.where(rng.random(600) < 0.8, truth, 1 - truth)[sees]
    return votes, truth


@pytest.mark.parametrize("n_classes", [2, 3])
def test_float32_gives_nearly_the_same(n_classes):
    votes, _ = crowd_votes(make_crowd_labels(300, 20, n_classes, random_state=0))
    double, single = LabelModel().fit(votes), LabelModel(dtype="float32").fit(votes)
    assert single.confusion_.dtype == np.float64
    assert_allclose(single.predict_proba(votes), double.predict_proba(votes), atol=1e-4)


def test_independent_workers_need_no_tempering():
    votes, truth = crowd_votes(
        make_crowd_labels(2000, 50, judgements_per_sample=6, random_state=0)
    )
    losses = [
        log_loss(truth, LabelModel(**options).fit(votes).predict_proba(votes))
        for options in ({}, {"tempering": 0, "mixing": 0})
    ]
    assert losses[1] < losses[0]


def test_nothing_jumps_where_rules_cast_half_of_the_votes():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=1500)
    worker = np.where(rng.random(1500) < 0.8, truth, 1 - truth)
    order, before = rng.permutation(1500), None
    largest = 0.0
    for n_fired in range(700, 801, 4):
        rules = np.full((1500, 2), -1)
        fired = order[:n_fired]
        right = np.random.default_rng(1).random(1500) < 0.9
        side = np.where(right, truth, 1 - truth)
        for c in range(2):
            rules[fired[side[fired] == c], c] = c
        proba = fitted_proba(np.column_stack([worker, rules]))
        if before is not None:
            # The rows on which a rule has just begun to fire may move.
            stay = np.delete(np.arange(1500), order[n_fired - 4 : n_fired])
            largest = max(largest, np.abs(proba - before)[stay].max())
        before = proba
    assert largest < 0.02


def test_a_given_prior_moves_the_shares_of_soft_labels_towards_it():
    data = make_lf_votes(
        2000,
        8,
        class_prior=[0.9, 0.1],
        unipolar_share=1.0,
        coverage=0.2,
        random_state=1,
    )
    votes, truth = data.votes, data.y
    free = LabelModel().fit(votes)
    given = LabelModel(class_prior=[0.9, 0.1]).fit(votes)
    shares = [m.predict_proba(votes).mean(axis=0)[1] for m in (free, given)]
    assert abs(shares[1] - 0.1) < abs(shares[0] - 0.1)
    losses = [log_loss(truth, m.predict_proba(votes)) for m in (free, given)]
    assert losses[1] < losses[0]


def test_a_wrong_prior_does_not_overrule_clear_votes():
    votes, truth = crowd_votes(
        make_crowd_labels(
            400,
            20,
            class_prior=[0.9, 0.1],
            judgements_per_sample=9,
            worker_types={"reliable": 1.0},
            random_state=0,
        )
    )
    assert LabelModel(class_prior=[0.3, 0.7]).fit(votes).score(votes, truth) > 0.97


def test_tempering_divides_the_log_scores():
    votes, _ = crowd_votes(
        make_crowd_labels(100, 10, judgements_per_sample=4, random_state=0)
    )
    plain = LabelModel(tempering=0, mixing=0).fit(votes).predict_proba(votes)
    soft = LabelModel(tempering=0.5, mixing=0).fit(votes).predict_proba(votes)
    log_odds = np.log(plain[:, 1] / plain[:, 0])
    assert_allclose(
        np.log(soft[:, 1] / soft[:, 0]), log_odds / (1 + 3 * 0.5), atol=1e-9
    )


def test_it_stops_when_the_posterior_stands_still():
    votes, _ = crowd_votes(make_crowd_labels(300, 20, random_state=0))
    model = LabelModel().fit(votes)
    assert model.converged_
    assert 1 < model.n_iter_ < 100


def test_1500_votes_on_one_row_do_not_underflow():
    rng = np.random.default_rng(0)
    truth = np.arange(40) % 2
    right = rng.random((40, 1500)) < 0.6
    votes = np.where(right, truth[:, None], 1 - truth[:, None])
    model = LabelModel(tempering=0, mixing=0).fit(votes)
    assert np.isfinite(model.predict_proba(votes)).all()
    assert np.isfinite(model.lower_bound_)
    assert_array_equal(model.predict(votes), truth)


# What it is good for


def test_it_beats_majority_vote_where_workers_differ():
    data = make_crowd_labels(
        2000,
        40,
        3,
        judgements_per_sample=5,
        worker_types={"reliable": 0.3, "spammer": 0.6, "adversarial": 0.1},
        random_state=0,
    )
    votes, truth = crowd_votes(data)
    model, majority = LabelModel().fit(votes), MajorityVote().fit(votes)
    assert model.score(votes, truth) > majority.score(votes, truth) + 0.1
    assert log_loss(truth, model.predict_proba(votes)) < 0.7 * log_loss(
        truth, majority.predict_proba(votes)
    )


def test_it_finds_adversaries_and_confusion_matrices():
    data = make_crowd_labels(
        3000,
        10,
        2,
        judgements_per_sample=5,
        worker_types={"reliable": 0.5, "average": 0.3, "adversarial": 0.2},
        random_state=0,
    )
    votes, _ = crowd_votes(data)
    model = LabelModel().fit(votes)
    adversarial = data.worker_types == "adversarial"
    assert (model.lf_accuracy_[adversarial] < 0.5).all()
    assert (model.lf_accuracy_[~adversarial] > 0.5).all()
    assert_allclose(model.confusion_, data.confusion, atol=0.06)
    assert_allclose(model.confusion_.sum(axis=2), 1)


def test_it_learns_the_prior_of_a_rare_class():
    data = make_crowd_labels(
        4000,
        30,
        judgements_per_sample=5,
        worker_types={"reliable": 0.6, "average": 0.4},
        class_prior=[0.85, 0.15],
        random_state=0,
    )
    votes, truth = crowd_votes(data)
    model = LabelModel().fit(votes)
    assert_allclose(model.class_prior_, [0.85, 0.15], atol=0.02)
    assert model.score(votes, truth) > 0.97


def test_without_tempering_it_is_calibrated_on_independent_votes():
    votes, truth = crowd_votes(
        make_crowd_labels(6000, 40, judgements_per_sample=3, random_state=0)
    )
    exact = LabelModel(tempering=0, mixing=0).fit(votes).predict_proba(votes)
    confidence = exact.max(axis=1)
    right = exact.argmax(axis=1) == truth
    for low, high in [(0.5, 0.7), (0.7, 0.9), (0.9, 1)]:
        inside = (confidence >= low) & (confidence < high)
        assert abs(right[inside].mean() - confidence[inside].mean()) < 0.05
    default = LabelModel().fit(votes).predict_proba(votes)
    assert log_loss(truth, exact) < log_loss(truth, default)


def shared_errors():
    return crowd_votes(
        make_crowd_labels(
            4000, 40, judgements_per_sample=15, difficulty=0.5, random_state=0
        )
    )


def test_tempering_and_mixing_pay_where_votes_share_errors():
    votes, truth = shared_errors()
    rng = np.random.default_rng(0)
    copies = []
    for _ in range(3):
        flips = (rng.random(votes.shape) < 0.15) & (votes >= 0)
        copies.append(np.where(flips, 1 - votes, votes))
    half_copied = np.hstack([votes, *copies])
    default = fitted_proba(half_copied)
    exact = fitted_proba(half_copied, tempering=0, mixing=0)
    assert log_loss(truth, default) < 0.9 * log_loss(truth, exact)


# LFs that are one source


def test_copies_of_all_votes_change_next_to_nothing():
    votes, _ = shared_errors()
    copied = fitted_proba(np.hstack([votes, votes]))
    assert_allclose(copied, fitted_proba(votes), atol=0.01)
    groups = [*range(40), *range(40)]
    named = fitted_proba(np.hstack([votes, votes]), groups=groups)
    assert_allclose(named, copied, atol=1e-9)


def weak_copies(n_others, flips, n_samples=1000, seed=0):
    """Return votes of five near-copies of a weak model and of better LFs."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n_samples)

    def voter(accuracy):
        return np.where(rng.random(n_samples) < accuracy, truth, 1 - truth)

    weak = voter(0.6)
    copies = [np.where(rng.random(n_samples) < flips, 1 - weak, weak) for _ in range(5)]
    return np.column_stack([*copies, *(voter(0.75) for _ in range(n_others))]), truth


@pytest.mark.parametrize("flips", [0, 0.01, 0.03])
@pytest.mark.parametrize("n_others", [5, 12])
def test_near_copies_of_a_weak_model_count_as_one(n_others, flips):
    votes, truth = weak_copies(n_others, flips)
    model = LabelModel().fit(votes)
    alone = LabelModel().fit(votes[:, 4:])
    assert model.score(votes, truth) > alone.score(votes[:, 4:], truth) - 0.02
    assert (model.lf_accuracy_[:5] < 0.7).all()


@pytest.mark.parametrize("n_others", [0, 3, 8])
def test_accurate_lfs_are_no_copies(n_others):
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=1000)
    votes = np.column_stack(
        [
            np.where(rng.random(1000) < accuracy, truth, 1 - truth)
            for accuracy in [0.96] * 5 + [0.65] * n_others
        ]
    )
    model, alone = LabelModel().fit(votes), MajorityVote().fit(votes[:, :5])
    assert model.score(votes, truth) > alone.score(votes[:, :5], truth) - 0.005
    assert (model.lf_accuracy_[:5] > 0.85).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_group_votes_as_one(n_classes):
    rng = np.random.default_rng(0)
    truth = rng.integers(n_classes, size=800)

    def voter(accuracy):
        other = (truth + rng.integers(1, n_classes, size=800)) % n_classes
        return np.where(rng.random(800) < accuracy, truth, other)

    weak = voter(0.55)
    samples = [np.where(rng.random(800) < 0.8, weak, voter(0.5)) for _ in range(6)]
    votes = np.column_stack([*samples, *(voter(0.75) for _ in range(3))])
    groups = ["weak"] * 6 + ["a", "b", "c"]
    plain = LabelModel().fit(votes).score(votes, truth)
    model = LabelModel(groups=groups).fit(votes)
    assert model.score(votes, truth) > plain + 0.05
    frame = pd.DataFrame(votes, columns=list("uvwxyzabc"))
    by_name = LabelModel(groups=dict.fromkeys("uvwxyz", "weak")).fit(frame)
    assert_allclose(by_name.predict_proba(frame), model.predict_proba(votes))
    # One vote of the group weighs as much as all of them.
    one = np.full((2, 9), -1)
    one[:, 6], one[0, 0], one[1, :6] = 1, 0, 0
    assert_allclose(*model.predict_proba(one), atol=0.05)


def test_a_group_of_lfs_that_never_vote_together_changes_nothing():
    votes, _ = crowd_votes(make_crowd_labels(300, 12, 3, random_state=0))
    first, second = votes.copy(), votes.copy()
    first[::2, 0], second[1::2, 0] = -1, -1
    split = np.column_stack([first, second[:, 0]])
    groups = [*range(12), 0]
    assert_allclose(
        fitted_proba(split, groups=groups, tol=1e-10),
        fitted_proba(split, tol=1e-10),
        atol=0.02,
    )


def test_wrong_groups():
    frame = pd.DataFrame(VOTES, columns=["a", "b", "c"])
    with pytest.raises(ValueError, match=r"groups names LFs that X lacks: 'z'"):
        LabelModel(groups={"z": 1}).fit(frame)
    with pytest.raises(ValueError, match="a group for each of the 3 LFs; got 'a', 'b'"):
        LabelModel(groups=["a", "b"]).fit(frame)


# Kinds of LFs


def unipolar_votes(n_lfs, n_classes=2, n_samples=400, seed=0):
    data = make_lf_votes(
        n_samples, n_lfs, n_classes, unipolar_share=1.0, coverage=0.3, random_state=seed
    )
    return np.asarray(data.votes), data.y


def test_workers_are_found():
    model = LabelModel().fit(VOTES)
    assert_array_equal(model.lf_kind_, ["worker"] * 3)
    assert model.rule_share_.max() < 1e-3


def test_rules_are_found():
    votes, truth = unipolar_votes(8)
    model = LabelModel().fit(votes)
    assert_array_equal(model.rule_share_, np.ones(8))
    assert_array_equal(model.lf_kind_, ["rule"] * 8)
    assert_allclose(model.class_prior_, [0.5, 0.5])
    assert model.converged_
    assert model.n_iter_ == 2
    covered = (votes >= 0).any(axis=1)
    assert model.score(votes[covered], truth[covered]) > 0.7


def test_rules_are_found_among_workers():
    rules, truth = unipolar_votes(2)
    workers = np.random.default_rng(0).random((len(truth), 5)) < 0.8
    votes = np.hstack([rules, np.where(workers, truth[:, None], 1 - truth[:, None])])
    model = LabelModel().fit(votes)
    assert_array_equal(model.lf_kind_, ["rule"] * 2 + ["worker"] * 5)
    assert model.score(votes, truth) > 0.9
    assert_allclose(model.confusion_.sum(axis=2), 1)


def test_an_lf_is_the_more_of_a_rule_the_more_votes_of_one_value_it_casts():
    worker = np.arange(80) % 2
    shares = []
    for n_votes in range(1, 31):
        lf = np.where(np.arange(80) < n_votes, 1, -1)
        model = LabelModel().fit(np.column_stack([worker, worker, lf]))
        shares.append(model.rule_share_[2])
    assert np.diff(shares).min() > -1e-9
    assert shares[0] < 0.5 < shares[14]
    assert shares[-1] == 1


def test_a_slip_does_not_turn_a_rule_into_a_worker():
    rules, _ = unipolar_votes(6)
    slipped = rules.copy()
    first = np.flatnonzero(rules[:, 0] >= 0)[0]
    slipped[first, 0] = 1 - rules[first, 0]
    before, after = LabelModel().fit(rules), LabelModel().fit(slipped)
    assert after.rule_share_[0] > 0.9
    moved = np.abs(after.predict_proba(rules) - before.predict_proba(rules))
    assert moved.max() < 0.05


def test_lf_kind_for_all_lfs():
    assert_array_equal(LabelModel(lf_kind="rule").fit(VOTES).lf_kind_, ["rule"] * 3)
    votes, _ = unipolar_votes(4)
    model = LabelModel(lf_kind="worker").fit(votes)
    assert_array_equal(model.rule_share_, np.zeros(4))


def test_table_of_worker_who_always_says_the_same():
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 100)
    votes = np.where(rng.random((200, 6)) < 0.8, truth[:, None], 1 - truth[:, None])
    votes[:, 5] = 1
    votes[rng.random((200, 6)) < 0.7] = -1
    model = LabelModel(lf_kind="worker").fit(votes)
    said, read = model.confusion_[5], model.confusion_[:5]
    assert said[:, 1].min() > 0.75
    assert np.abs(said[0] - said[1]).max() < 0.25
    assert (read[:, 1, 1] - read[:, 0, 1]).min() > 0.3


def test_lf_kind_by_position():
    model = LabelModel(lf_kind=["rule", "auto", "worker"]).fit(VOTES)
    assert_array_equal(model.lf_kind_, ["rule", "worker", "worker"])


def test_lf_kind_by_name():
    frame = pd.DataFrame(VOTES, columns=["a", "b", "c"])
    model = LabelModel(lf_kind={"b": "rule"}).fit(frame)
    assert_array_equal(model.lf_kind_, ["worker", "rule", "worker"])
    model = LabelModel(lf_kind={1: "rule"}).fit(VOTES)
    assert_array_equal(model.lf_kind_, ["worker", "rule", "worker"])


@pytest.mark.parametrize(
    ("lf_kind", "message"),
    [
        ({"z": "rule"}, r"names LFs that X lacks: 'z'. X has 'a', 'b', 'c'"),
        (["rule", "worker"], r"for each of the 3 LFs; got 2"),
        (["rule", "worker", "human"], r"'auto', 'worker' or 'rule'; got 'human'"),
        ({"a": 3}, r"'auto', 'worker' or 'rule'; got '3'"),
        ("human", r"The 'lf_kind' parameter of LabelModel must be"),
    ],
)
def test_wrong_lf_kind(lf_kind, message):
    frame = pd.DataFrame(VOTES, columns=["a", "b", "c"])
    with pytest.raises(ValueError, match=message):
        LabelModel(lf_kind=lf_kind).fit(frame)


def test_copies_of_a_rule_say_less_than_independent_rules():
    rng = np.random.default_rng(0)
    truth = np.arange(2000) % 2

    def rule(c):
        return np.where(rng.random(2000) < np.where(truth == c, 0.4, 0.1), c, -1)

    one, other = rule(1), rule(0)
    rules = [one, one, one, rule(1), rule(1), rule(1), other, other, rule(0), rule(0)]
    model = LabelModel().fit(np.column_stack(rules))
    copies = [1, 1, 1, -1, -1, -1, -1, -1, -1, -1]
    independent = [-1, -1, -1, 1, 1, 1, -1, -1, -1, -1]
    proba = model.predict_proba([copies, independent])
    assert_array_equal(model.lf_kind_, ["rule"] * 10)
    assert 0.5 < proba[0, 1] < proba[1, 1] - 0.005


def test_rules_and_workers_give_bounded_accuracies():
    for n_lfs in (2, 8):
        rules, truth = unipolar_votes(n_lfs)
        worker = np.where(np.arange(len(truth)) % 5 == 0, 1 - truth, truth)
        votes = np.column_stack([rules, worker, worker])
        model = LabelModel().fit(votes)
        assert model.lf_accuracy_.min() > 0
        assert model.lf_accuracy_.max() < 1


# Class prior


def test_a_given_prior_is_kept_where_rules_vote():
    votes, _ = unipolar_votes(6)
    for X in (VOTES, votes):
        model = LabelModel(class_prior=[0.3, 0.7]).fit(X)
        assert_allclose(model.class_prior_, [0.3, 0.7])
        empty = np.full((1, X.shape[1]), -1)
        assert_allclose(model.predict_proba(empty), [[0.3, 0.7]])


@pytest.mark.parametrize(
    ("class_prior", "message"),
    [
        ([0.2, 0.3, 0.5], r"each of the 2 classes, .* got shape \(3,\)"),
        ([0.2, 0.3], r"must sum to 1; it sums to 0.5"),
        ([0.0, 1.0], r"positive numbers; got \[0.0, 1.0\]"),
        ([np.nan, 1.0], r"positive numbers"),
    ],
)
@pytest.mark.parametrize("Model", [LabelModel, MajorityVote])
def test_wrong_class_prior(Model, class_prior, message):
    with pytest.raises(ValueError, match=message):
        Model(class_prior=class_prior).fit(VOTES)


def test_the_true_prior_helps_rules_with_a_rare_class():
    data = make_lf_votes(
        3000, 10, class_prior=[0.9, 0.1], unipolar_share=1.0, random_state=0
    )
    votes, truth = np.asarray(data.votes), data.y
    even = LabelModel().fit(votes).predict_proba(votes)
    given = LabelModel(class_prior=[0.9, 0.1]).fit(votes).predict_proba(votes)
    assert log_loss(truth, given) < log_loss(truth, even)


# Gold labels


def test_gold_for_some_rows_improves_the_model():
    data = make_crowd_labels(
        600,
        20,
        3,
        judgements_per_sample=2,
        worker_types={"reliable": 0.2, "spammer": 0.3, "adversarial": 0.5},
        random_state=0,
    )
    votes, truth = crowd_votes(data)
    gold = np.where(np.arange(len(truth)) < 150, truth, -1)
    without = LabelModel().fit(votes).score(votes[150:], truth[150:])
    with_gold = LabelModel().fit(votes, gold).score(votes[150:], truth[150:])
    assert with_gold > without + 0.1


def test_gold_for_all_rows_teaches_the_confusion_matrices():
    truth = np.tile([0, 1], 200)
    inverted = np.column_stack([1 - truth, 1 - truth, 1 - truth])
    model = LabelModel().fit(inverted, truth)
    assert_array_equal(model.predict(inverted), truth)
    assert (model.lf_accuracy_ < 0.05).all()


def test_gold_tells_rows_without_votes_as_far_as_it_was_drawn_from_them():
    votes, _ = unipolar_votes(6)
    bare = np.flatnonzero((votes < 0).all(axis=1))
    covered = np.flatnonzero((votes >= 0).any(axis=1))
    gold = np.full(len(votes), -1)
    gold[covered[:8]] = [0, 0, 0, 0, 0, 0, 0, 1]
    assert_allclose(LabelModel().fit(votes, gold).class_prior_, [0.5, 0.5])
    gold[bare[:4]] = [0, 0, 0, 1]
    # Four rows of the model's own prior stand beside those that were drawn.
    assert_allclose(LabelModel().fit(votes, gold).class_prior_, [5 / 8, 3 / 8])
    given = LabelModel(class_prior=[0.3, 0.7]).fit(votes, gold)
    assert_allclose(given.class_prior_, [0.3, 0.7])


@pytest.mark.parametrize("missing", [-1, np.nan, None, pd.NA])
def test_what_means_unlabelled(missing):
    y = pd.Series([1, missing, missing, 0, missing], dtype=object)
    expected = LabelModel().fit(VOTES, [1, -1, -1, 0, -1]).predict_proba(VOTES)
    assert_array_equal(LabelModel().fit(VOTES, y).predict_proba(VOTES), expected)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1], r"inconsistent numbers of samples: X has 5 rows and y has 2"),
        ([np.nan] * 5, r"contains NaN only \(5 rows\). Pass y=None"),
        ([0, 1, np.inf, 0, 1], r"infinity.*row 2"),
        ([0.5, 1, 0, 0, 2], r"Unknown label type"),
        ([0.5, 1, 0, -1, 1], r"one column of numbers between 0 and 1, for inst.* 0.5"),
    ],
)
def test_wrong_gold(y, message):
    with pytest.raises(ValueError, match=message):
        LabelModel().fit(VOTES, y)


def test_gold_of_two_kinds_raises():
    with pytest.raises(TypeError, match=r"all strings or all numbers; got 'a', 1"):
        LabelModel().fit(VOTES, ["a", 1, None, None, None])


def test_gold_outside_of_the_classes_raises():
    with pytest.raises(ValueError, match=r"not in classes=\[0, 1\]: 7 \(1 rows\)"):
        LabelModel(classes=[0, 1]).fit(VOTES, [0, 7, -1, -1, -1])


# What votes may look like

FORMS = {
    "list": VOTES.tolist(),
    "int64": VOTES,
    "int8": VOTES.astype(np.int8),
    "float with -1": VOTES.astype(float),
    "float with NaN": np.where(VOTES < 0, np.nan, VOTES),
    "object with None": np.where(VOTES < 0, None, VOTES.astype(object)),
    "object with NaN": np.where(VOTES < 0, np.nan, VOTES.astype(object)),
    "VoteMatrix": votes_to_sparse(VOTES),
    "csr_array": sparse.csr_array(votes_to_sparse(VOTES)),
    "csc": sparse.csc_matrix(votes_to_sparse(VOTES)),
    "coo": sparse.coo_matrix(votes_to_sparse(VOTES)),
    "frame": pd.DataFrame(VOTES),
    "frame of floats": pd.DataFrame(VOTES).where(VOTES >= 0),
    "frame of Int64": pd.DataFrame(VOTES).astype("Int64").where(VOTES >= 0, pd.NA),
    "frame of mixed dtypes": pd.DataFrame(VOTES).astype({0: "Int8", 1: float}),
    "frame of objects": pd.DataFrame(VOTES).astype(object).where(VOTES >= 0, None),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("Model", [LabelModel, MajorityVote])
def test_all_forms_of_votes_are_equal(Model, form):
    expected = Model().fit(VOTES).predict_proba(VOTES)
    model = Model().fit(FORMS[form])
    assert_array_equal(model.predict_proba(FORMS[form]), expected)
    assert_array_equal(model.classes_, [0, 1])


@pytest.mark.parametrize(
    "make",
    [
        lambda cells: np.array(cells, dtype=object),
        lambda cells: pd.DataFrame(cells),
        lambda cells: pd.DataFrame(cells).astype("string"),
        lambda cells: pd.DataFrame(cells).astype("category"),
    ],
    ids=["object array", "frame", "string frame", "categorical frame"],
)
def test_votes_may_be_strings(make):
    names = np.array(["no", "yes"], dtype=object)
    cells = np.where(VOTES < 0, None, names[VOTES])
    model = LabelModel().fit(make(cells))
    assert_array_equal(model.classes_, ["no", "yes"])
    expected = LabelModel().fit(VOTES)
    assert_array_equal(model.predict_proba(make(cells)), expected.predict_proba(VOTES))
    assert_array_equal(model.predict(make(cells)), names[expected.predict(VOTES)])


def test_votes_may_be_booleans():
    votes = np.array([[True, False], [True, True], [False, False]])
    model = LabelModel().fit(votes)
    assert_array_equal(model.classes_, [False, True])
    assert_allclose(
        model.predict_proba(votes),
        LabelModel().fit(votes.astype(int)).predict_proba(votes.astype(int)),
    )


@pytest.mark.parametrize("Model", [LabelModel, MajorityVote])
def test_string_classes_name_integer_votes(Model):
    model = Model(classes=["yes", "no"]).fit(VOTES)
    assert_array_equal(model.classes_, ["yes", "no"])
    plain = Model().fit(VOTES)
    assert_array_equal(model.predict_proba(VOTES), plain.predict_proba(VOTES))
    assert_array_equal(
        model.predict(VOTES), np.array(["yes", "no"])[plain.predict(VOTES)]
    )


def test_classes_set_the_order_of_the_columns():
    forward = LabelModel(classes=[0, 1]).fit(VOTES)
    backward = LabelModel(classes=[1, 0]).fit(VOTES)
    assert_allclose(
        backward.predict_proba(VOTES), forward.predict_proba(VOTES)[:, ::-1]
    )
    assert_array_equal(backward.predict(VOTES), forward.predict(VOTES))


def test_a_class_that_nobody_votes_for_is_possible():
    model = LabelModel(classes=[0, 1, 2]).fit(VOTES)
    proba = model.predict_proba([[2, 2, 2]])
    assert proba.argmax() == 2


def test_votes_outside_of_the_classes_are_evidence():
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 2
    votes = np.where(rng.random((300, 4)) < 0.8, truth[:, None], 1 - truth[:, None])
    # "Can't tell" is said of class 1 only.
    unsure = (rng.random((300, 4)) < 0.4) & (truth == 1)[:, None]
    votes[unsure] = 9
    model = LabelModel(classes=[0, 1]).fit(votes)
    assert_array_equal(model.vote_values_, [0, 1, 9])
    assert model.confusion_.shape == (4, 2, 3)
    assert model.predict([[9, 9, -1, -1]]) == 1
    assert model.score(votes, truth) > MajorityVote(classes=[0, 1]).fit(votes).score(
        votes, truth
    )


def test_values_unseen_in_fit_warn_and_abstain():
    model = LabelModel().fit(VOTES)
    with pytest.warns(UserWarning, match=r"2 vote\(s\) with values .*: \[5, 7\]"):
        proba = model.predict_proba([[5, 7, 1], [0, -1, -1]])
    assert_array_equal(proba, model.predict_proba([[-1, -1, 1], [0, -1, -1]]))


def test_a_row_of_unseen_values_only_gets_the_prior():
    model = LabelModel().fit(VOTES)
    with pytest.warns(UserWarning, match="fit never saw"):
        proba = model.predict_proba([["a", "b", "a"]])
    assert_allclose(proba, [model.class_prior_])


def test_one_lf():
    votes = np.arange(12)[:, None] % 2
    assert_array_equal(LabelModel().fit(votes).predict(votes), votes.ravel())


def test_no_lf():
    with pytest.raises(ValueError, match=r"0 feature\(s\)"):
        LabelModel().fit(np.empty((3, 0)))


def test_no_sample():
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        LabelModel().fit(np.empty((0, 3)))


def test_all_abstain_with_a_prior():
    with pytest.warns(UserWarning, match="none of the 2 rows has a vote"):
        model = LabelModel(classes=[0, 1], class_prior=[0.2, 0.8]).fit([[-1], [-1]])
    assert_allclose(model.predict_proba([[-1], [1]]).argmax(axis=1), [1, 1])
    assert_allclose(model.class_prior_, [0.2, 0.8])


def test_all_abstain_with_gold():
    with pytest.warns(UserWarning, match="none of the 4 rows has a vote"):
        model = LabelModel().fit(np.full((4, 2), -1), [0, 1, 1, 1])
    assert_array_equal(model.classes_, [0, 1])
    assert model.class_prior_[1] > 0.5


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([0, 1, 1], ValueError, "Reshape your data"),
        ([[0, {"vote": 1}]], TypeError, r"string or a number.*got \{'vote': 1\}"),
        ([[0.5, 1.0]], ValueError, r"integers of 0 or more, or strings.*Got 0.5 \(1"),
        ([[0, np.inf]], ValueError, r"finite; got infinity in 1 vote\(s\), first at r"),
        ([[0, 1], [-3, 1]], ValueError, r"Got -3 \(1 votes; first at row 1, LF 0\)"),
        (sparse.csr_matrix([[0, -1]]), ValueError, "negative stored value"),
        ([[0, 1j]], ValueError, "Complex data not supported"),
        (np.array([["a", 1]], dtype=object), TypeError, "mixes strings"),
    ],
)
@pytest.mark.parametrize("Model", [LabelModel, MajorityVote])
def test_votes_that_are_no_votes(Model, X, error, message):
    with pytest.raises(error, match=message):
        Model().fit(X)


def test_fractions_with_complete_gold_are_evidence_and_warn():
    votes = np.array([[0.5], [1.5], [0.5], [1.5]] * 5)
    with pytest.warns(UserWarning, match="evidence of its own"):
        model = LabelModel().fit(votes, [0, 1, 0, 1] * 5)
    assert_array_equal(model.predict([[0.5], [1.5]]), [0, 1])


def test_integer_votes_and_string_gold_need_classes():
    with pytest.raises(ValueError, match=r"gold for some rows only.*Pass classes="):
        LabelModel().fit(VOTES, ["no", None, None, None, "yes"])
    model = LabelModel(classes=["no", "yes"]).fit(VOTES, ["no", None, None, None, None])
    assert_array_equal(model.classes_, ["no", "yes"])


# predict


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_predict_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(LabelModel(), method)(VOTES)


def test_another_number_of_lfs_at_predict():
    with pytest.raises(ValueError, match="2 features, but LabelModel is expecting 3"):
        LabelModel().fit(VOTES).predict(VOTES[:, :2])


def test_another_order_of_lfs_at_predict():
    frame = pd.DataFrame(VOTES, columns=["a", "b", "c"])
    with pytest.raises(ValueError, match="feature names"):
        LabelModel().fit(frame).predict(frame[["b", "a", "c"]])


def test_rows_without_votes_get_the_prior():
    model = LabelModel().fit(VOTES)
    assert_array_equal(model.predict_proba([[-1, -1, -1]]), [model.class_prior_])


# {-1, 1}


def test_gold_of_minus_one_and_one_is_read_as_two_classes_where_votes_are_not_01():
    votes = np.array([[5, 6], [6, 6], [5, 5], [6, 5]])
    with pytest.warns(UserWarning, match=r"exactly \{-1, 1\}.*Pass classes="):
        model = LabelModel().fit(votes, [-1, 1, -1, 1])
    assert_array_equal(model.classes_, [-1, 1])


def test_gold_of_minus_one_and_one_is_partial_where_votes_are_01():
    model = LabelModel().fit(VOTES, [-1, 1, -1, -1, 1])
    assert_array_equal(model.classes_, [0, 1])


def test_minus_one_is_a_class_if_classes_say_so():
    model = LabelModel(classes=[-1, 1]).fit([[5], [6]] * 20, [-1, 1] * 20)
    assert_array_equal(model.predict([[5], [6]]), [-1, 1])


# Weights, copies


def test_classes_of_rows_without_weight_do_not_exist():
    model = LabelModel().fit([[0, 1], [1, 0], [7, 7]], sample_weight=[1, 1, 0])
    assert_array_equal(model.classes_, [0, 1])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1, 2], "for each of the 5 samples; got 2"),
        ([1, 1, 1, 1, -1], "Negative values in data.*first at row 4"),
        ([0] * 5, "at least one non-zero"),
        ([1, 1, np.nan, 1, 1], "contains NaN"),
    ],
)
def test_wrong_sample_weight(weight, message):
    with pytest.raises(ValueError, match=message):
        LabelModel().fit(VOTES, sample_weight=weight)


def test_a_pickle_of_another_version_warns(monkeypatch):
    data = pickle.dumps(LabelModel().fit(VOTES))
    monkeypatch.setattr(_version, "__version__", "99.0")
    with pytest.warns(UserWarning, match=r"LabelModel was pickled by sklabel .* 99.0"):
        model = pickle.loads(data)
    assert_array_equal(model.predict(VOTES), LabelModel().fit(VOTES).predict(VOTES))


def test_a_pickle_of_this_version_is_silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pickle.loads(pickle.dumps(LabelModel().fit(VOTES)))


def test_a_worker_who_always_gives_the_same_answer_counts_next_to_nothing():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=600)
    votes = np.full((600, 60), -1)
    for j in range(60):
        rows = rng.choice(600, size=40, replace=False)
        right = np.where(rng.random(40) < 0.8, truth[rows], 1 - truth[rows])
        votes[rows, j] = 1 if j < 27 else right
    people = LabelModel(lf_kind="worker").fit(votes)
    assert_array_equal(people.rule_share_, np.zeros(60))
    honest = LabelModel(lf_kind="worker").fit(votes[:, 27:])
    covered = (votes[:, 27:] >= 0).any(axis=1)
    moved = people.predict_proba(votes) - honest.predict_proba(votes[:, 27:])
    assert np.abs(moved[covered]).max() < 0.12
    assert people.score(votes, truth) > MajorityVote().fit(votes).score(votes, truth)


def test_after_gold_the_shares_are_the_mean_of_the_soft_labels():
    made = make_lf_votes(
        1000,
        12,
        coverage=(0.1, 0.5),
        accuracy=(0.6, 0.9),
        class_prior=[0.8, 0.2],
        random_state=0,
    )
    gold = np.where(np.arange(1000) < 100, made.y, -1)
    model, without = LabelModel().fit(made.votes, gold), LabelModel().fit(made.votes)
    shares = np.bincount(made.y) / len(made.y)
    of_rows = model.predict_proba(made.votes).mean(axis=0)
    assert_allclose(of_rows, shares, atol=0.01)
    # No row without votes has a gold label, so its answer is the same.
    assert_allclose(model.class_prior_, without.class_prior_)
    assert abs(model.class_prior_ - shares).max() > 0.03
