"""Plans spend a budget where it pays, looking several votes ahead."""

# SPDX-License-Identifier: BSD-3-Clause

from itertools import combinations_with_replacement, product

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklabel import CrowdLabels, LabelModel, MajorityVote, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import DawidSkene
from sklabel.relabeling import _plan
from sklabel.relabeling._gain import expected_gain, gain_of_outcome
from sklabel.relabeling._plan import envelope_rates, outcomes_of_votes, relabel_plan
from sklabel.relabeling._stopping import StoppingRule
from sklabel.votes import votes_to_dense, votes_to_sparse
from tests.relabeling._small_crowd import gain_by_loops, small_votes

TABLE = np.array([[0.7, 0.2, 0.1], [0.1, 0.6, 0.3]])


@pytest.fixture(scope="module")
def votes():
    return small_votes()


@pytest.fixture(scope="module")
def model(votes):
    return LabelModel(lf_kind="worker").fit(votes)


@pytest.mark.parametrize("criterion", ["error", "entropy"])
@pytest.mark.parametrize("n_votes", [1, 2, 3, 4])
def test_the_gain_of_several_votes_equals_loops_over_sequences(n_votes, criterion):
    outcomes = outcomes_of_votes(TABLE, n_votes)
    for p in ([0.5, 0.5], [0.9, 0.1], [1.0, 0.0]):
        gain = gain_of_outcome(np.array([p]), outcomes, criterion)
        expected = gain_by_loops(p, TABLE, criterion, n_votes)
        assert gain[0] == pytest.approx(expected, abs=1e-12)


def test_zeros_in_a_table_are_impossible_votes():
    outcomes = outcomes_of_votes(np.eye(2), 3)
    np.testing.assert_allclose(outcomes.sum(axis=1), 1)
    assert (outcomes == 0).sum() == 2 * 3


def test_drawn_outcomes_are_near_the_listed_ones(monkeypatch):
    proba = np.array([[0.5, 0.5], [0.8, 0.2], [0.97, 0.03]])
    exact = outcomes_of_votes(TABLE, 5)
    monkeypatch.setattr(_plan, "_MAX_OUTCOMES", 20)
    assert outcomes_of_votes(TABLE, 5).shape == (2, 20)
    monkeypatch.setattr(_plan, "_MAX_OUTCOMES", 20_000)
    monkeypatch.setattr(_plan, "comb", lambda n, k: 10**6)
    drawn = outcomes_of_votes(TABLE, 5)
    for criterion in ("error", "entropy"):
        np.testing.assert_allclose(
            gain_of_outcome(proba, drawn, criterion),
            gain_of_outcome(proba, exact, criterion),
            atol=0.02,
        )


def test_rates_are_slopes_of_the_upper_concave_envelope():
    rng = np.random.default_rng(0)
    gains = np.cumsum(rng.random((50, 6)) * (rng.random((50, 6)) < 0.5), axis=1)
    gains = np.column_stack([np.zeros(50), gains])
    cap = rng.integers(0, 7, 50)
    rates = envelope_rates(gains, cap)
    for g, n, rate in zip(gains, cap, rates, strict=True):
        assert (rate[n:] == -np.inf).all()
        envelope = [
            max(
                g[a] + (g[b] - g[a]) * (m - a) / max(b - a, 1)
                for a in range(m + 1)
                for b in range(m, n + 1)
            )
            for m in range(n + 1)
        ]
        np.testing.assert_allclose(np.cumsum(rate[:n]), envelope[1:], atol=1e-9)


@pytest.mark.parametrize("budget", [1, 5, 11])
def test_no_other_allocation_informs_more(votes, model, budget):
    few = votes[:5]
    plan = relabel_plan(few, label_model=model, budget=budget, criterion="entropy")
    table = np.average(model.confusion_, axis=0, weights=(few >= 0).sum(axis=0))
    proba = model.predict_proba(few)
    gain = np.array(
        [[gain_by_loops(p, table, "entropy", m) for m in range(4)] for p in proba]
    )
    best = max(
        gain[np.arange(5), list(share)].sum()
        for share in product(range(4), repeat=5)
        if sum(share) == budget
    )
    assert plan["gain"].sum() == pytest.approx(best)


def test_the_plan_spends_the_budget_on_the_largest_gains(votes, model):
    plan = relabel_plan(votes, label_model=model, budget=30)
    assert plan.columns.tolist() == [
        "n_judgements",
        "n_votes",
        "top_class",
        "top_posterior",
        "gain",
    ]
    assert plan["n_judgements"].sum() == 30
    assert plan["n_judgements"].between(1, 3).all()
    assert plan["gain"].is_monotonic_decreasing
    proba = model.predict_proba(votes)
    np.testing.assert_array_equal(plan["n_votes"], (votes >= 0).sum(axis=1)[plan.index])
    np.testing.assert_array_equal(plan["top_class"], model.predict(votes)[plan.index])
    np.testing.assert_array_equal(plan["top_posterior"], proba.max(axis=1)[plan.index])
    others = np.setdiff1d(np.arange(60), plan.index)
    one_vote = expected_gain(votes, label_model=model)
    assert one_vote[others].max() <= one_vote[plan.index].max()
    assert plan["gain"].sum() > np.sort(one_vote)[:30].sum()


def test_the_whole_budget_can_be_spent(votes, model):
    plan = relabel_plan(votes, label_model=model, budget=180)
    assert (plan["n_judgements"] == 3).all()
    assert len(plan) == 60


def test_votes_that_only_together_change_a_label_are_bought_together():
    # One vote of these workers against the three before changes nothing.
    proba = np.array([[0.93, 0.07]])
    table = np.array([[0.8, 0.2], [0.2, 0.8]])
    gains = _plan._cumulative(
        proba, [outcomes_of_votes(table, m) for m in (1, 2, 3)], "error"
    )
    assert gains[0, 1] == 0
    assert gains[0, 2] > 0
    rates = envelope_rates(gains, np.array([3]))
    assert rates[0, 0] == rates[0, 1] > 0


def test_information_decides_where_no_label_can_change():
    votes = np.repeat([[0, 0, 0, -1], [1, 1, 1, 1], [0, 0, -1, -1]], 20, axis=0)
    model = DawidSkene().fit(votes)
    assert (expected_gain(votes, label_model=model) == 0).all()
    plan = relabel_plan(votes, label_model=model, budget=20, max_per_sample=1)
    assert (plan["gain"] == 0).all()
    assert set(plan.index) == set(range(40, 60))  # two votes only


def test_a_cap_per_sample_keeps_samples_out(votes, model):
    cap = np.zeros(60, dtype=int)
    cap[[3, 5]] = 2, 4
    plan = relabel_plan(votes, label_model=model, budget=6, max_per_sample=cap)
    assert plan["n_judgements"].to_dict() == {3: 2, 5: 4}
    rule = StoppingRule(0.8)
    done = rule(model.predict_proba(votes))
    plan = relabel_plan(
        votes, label_model=model, budget=10, max_per_sample=np.where(done, 0, 3)
    )
    assert not done[plan.index].any()


def test_the_plan_is_indexed_as_the_frame(votes):
    frame = pd.DataFrame(
        votes, columns=list("abcdefghij"), index=[f"post {i}" for i in range(60)]
    )
    model = LabelModel(lf_kind="worker").fit(frame)
    plan = relabel_plan(frame, label_model=model, budget=4)
    assert set(plan.index) <= set(frame.index)
    by_position = relabel_plan(
        frame.reset_index(drop=True), label_model=model, budget=4
    )
    assert [f"post {i}" for i in by_position.index] == plan.index.tolist()


def test_dense_and_sparse_votes_give_the_same(votes, model):
    sparse = votes_to_sparse(votes)
    stored = sparse.data.copy()
    pd.testing.assert_frame_equal(
        relabel_plan(sparse, label_model=model, budget=25),
        relabel_plan(votes, label_model=model, budget=25),
    )
    np.testing.assert_array_equal(sparse.data, stored)
    np.testing.assert_array_equal(votes_to_dense(sparse), votes)


def test_one_worker_is_the_average_worker():
    model = LabelModel(lf_kind="worker").fit([[0], [1], [1], [-1]])
    plan = relabel_plan([[0], [1], [1], [-1]], label_model=model, budget=1)
    assert plan.index.tolist() == [3]
    no_votes = relabel_plan([[-1], [-1]], label_model=model, budget=2, max_per_sample=1)
    assert no_votes["n_votes"].tolist() == [0, 0]


def test_values_outside_of_the_classes_can_be_planned_for():
    votes = [["a", "a"], ["b", "?"], ["b", "b"], ["a", "?"]] * 5
    model = DawidSkene(classes=["a", "b"]).fit(votes)
    assert relabel_plan(votes, label_model=model, budget=3)["n_judgements"].sum() == 3


def test_a_model_without_tables_has_a_plan(votes):
    model = MajorityVote().fit(votes)
    assert relabel_plan(votes, label_model=model, budget=20)["n_judgements"].sum() == 20


def test_rules_cannot_be_asked(votes):
    rules = LabelModel(lf_kind="rule").fit(votes)
    with pytest.raises(ValueError, match=r"All 10 LFs are rules.*lf_kind='worker'"):
        relabel_plan(votes, label_model=rules, budget=1)


def test_one_class_has_no_plan():
    votes = [[0, 0], [0, -1]]
    model = LabelModel(classes=[0]).fit(votes)
    with pytest.raises(ValueError, match=r"two classes or more; the model knows only"):
        relabel_plan(votes, label_model=model, budget=1)


def test_what_is_not_a_fitted_model_of_these_lfs_raises(votes, model):
    with pytest.raises(NotFittedError):
        relabel_plan(votes, label_model=LabelModel(), budget=1)
    with pytest.raises(TypeError, match=r"must be a fitted label model.*Logistic"):
        relabel_plan(votes, label_model=LogisticRegression(), budget=1)
    with pytest.raises(ValueError, match="X has 3 features, but LabelModel is expect"):
        relabel_plan(votes[:, :3], label_model=model, budget=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"budget": 0}, "budget must be an integer >= 1; got 0"),
        ({"budget": 2.5}, "budget must be an integer"),
        ({"budget": True}, "budget must be an integer"),
        ({"budget": 181}, "budget=181 is more than the 60 samples can take: 180"),
        ({"max_per_sample": 0}, "integers of 0 or more, and one above 0; got 0"),
        ({"max_per_sample": -1}, "max_per_sample must hold integers"),
        ({"max_per_sample": 1.5}, "max_per_sample must hold integers"),
        ({"max_per_sample": [1, 2]}, r"each of the 60 samples; got shape \(2,\)"),
        ({"criterion": "gini"}, "criterion must be one of .* got 'gini'"),
    ],
)
def test_wrong_parameters_of_a_plan_raise(votes, model, options, message):
    with pytest.raises(ValueError, match=message):
        relabel_plan(votes, label_model=model, **{"budget": 5, **options})


def test_many_classes_have_a_plan_by_drawn_outcomes():
    n_classes = 40
    assert len(list(combinations_with_replacement(range(n_classes), 3))) > 2000
    rng = np.random.default_rng(0)
    votes = np.tile(np.arange(n_classes), 3)[:, None].repeat(4, axis=1)
    noisy = rng.random(votes.shape) < 0.3
    votes[noisy] = rng.integers(0, n_classes, noisy.sum())
    model = LabelModel(lf_kind="worker", classes=np.arange(n_classes)).fit(votes)
    plan = relabel_plan(votes, label_model=model, budget=50)
    assert plan["n_judgements"].sum() == 50
    assert (plan["gain"] >= 0).all()
    pd.testing.assert_frame_equal(
        plan, relabel_plan(votes, label_model=model, budget=50)
    )


# What is known beside the votes


def test_known_probabilities_take_the_place_of_posteriors():
    votes = np.array([[0, 1, -1], [0, 0, 0], [1, 1, 1], [-1, -1, -1]] * 10)
    model = LabelModel().fit(votes)
    args = {"label_model": model, "budget": 10}
    plan = relabel_plan(votes, **args)
    same = relabel_plan(votes, proba=model.predict_proba(votes), **args)
    pd.testing.assert_frame_equal(same, plan)
    # Features make rows without votes certain: they are not asked about any more.
    proba = model.predict_proba(votes)
    assert 3 in relabel_plan(votes, label_model=model, budget=20).index
    proba[3::4] = [0.001, 0.999]
    frame = pd.DataFrame(proba[:, ::-1], columns=[1, 0])
    for known in (proba, frame):
        plan = relabel_plan(votes, label_model=model, budget=20, proba=known)
        assert not np.isin(plan.index % 4, [3]).any()
    certain = np.tile([0.0, 1.0], (40, 1))
    plan = relabel_plan(votes, label_model=model, budget=2, proba=certain)
    assert_array_equal(plan.top_class, 1)
    assert_array_equal(plan.top_posterior, 1)


def test_known_probabilities_in_gains():
    votes = np.array([[0, 1, -1], [0, 0, 0], [1, 1, 1]] * 10)
    model = LabelModel().fit(votes)
    gain = expected_gain(votes, label_model=model, criterion="entropy")
    proba = model.predict_proba(votes)
    for known in (proba, pd.DataFrame(proba[:, ::-1], columns=[1, 0])):
        same = expected_gain(votes, label_model=model, criterion="entropy", proba=known)
        assert_allclose(same, gain)
    open_ = expected_gain(votes, label_model=model, proba=np.full((30, 2), 0.5))
    assert np.ptp(open_) < 1e-9
    assert open_[0] > 0.1
    with pytest.raises(ValueError, match="each of the 30 samples of votes; got 29"):
        expected_gain(votes, label_model=model, proba=proba[1:])
    with pytest.raises(ValueError, match="sum to 1"):
        relabel_plan(votes, label_model=model, budget=2, proba=proba / 2)


def _crowd(duplicates="last"):
    data = make_crowd_labels(60, 8, judgements_per_sample=3, random_state=0)
    frame = data.crowd_labels
    frame["label"] = np.array(["no", "yes"])[frame["label"]]
    frame["sample"] = "s" + frame["sample"].astype(str)
    again = frame.head(9).assign(label="yes")
    return CrowdLabels.from_frame(pd.concat([frame, again]), duplicates=duplicates)


@pytest.mark.parametrize("duplicates", ["last", "keep"])
@pytest.mark.parametrize("criterion", ["error", "entropy"])
def test_a_crowd_gets_the_plan_of_its_votes(criterion, duplicates):
    crowd = _crowd(duplicates)
    lfs = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = lfs.fit_transform(crowd.sample_ids.to_frame())
    model = LabelModel(lf_kind="worker").fit(votes)
    options = {"budget": 20, "criterion": criterion}
    expected = relabel_plan(votes, label_model=model, **options)
    plan = relabel_plan(crowd, **options)
    assert plan.index.name == "sample"
    assert_frame_equal(plan, expected, check_names=False)
    # A model that was fitted to votes with names knows the workers.
    assert_frame_equal(relabel_plan(crowd, label_model=model, **options), plan)


def test_a_plan_of_a_crowd_agrees_with_its_soft_labels():
    crowd = _crowd()
    plan, table = relabel_plan(crowd, budget=20), crowd.soft_labels()
    assert_array_equal(plan["top_class"], table.loc[plan.index, "label"])
    assert_allclose(plan["top_posterior"], table.loc[plan.index, "confidence"])
    assert_array_equal(plan["n_votes"], table.loc[plan.index, "n_votes"])
    assert_frame_equal(relabel_plan(crowd, budget=20, proba=table), plan)
    with pytest.raises(ValueError, match=r"crowd\.sample_ids and proba have the same"):
        relabel_plan(crowd, budget=20, proba=table[::-1])


def test_a_plan_of_a_crowd_takes_fitted_models_that_know_its_workers():
    crowd = _crowd()
    with pytest.raises(NotFittedError):
        relabel_plan(crowd, label_model=LabelModel(), budget=5)
    model = LabelModel().fit(pd.DataFrame({"a": ["no", "yes"], "b": ["no", "no"]}))
    with pytest.raises(ValueError, match="None of the 2 LFs of the model is one of"):
        relabel_plan(crowd, label_model=model, budget=5)


def test_votes_need_a_model(votes):
    with pytest.raises(TypeError, match="must be a fitted label model such as LabelM"):
        relabel_plan(votes, budget=5)
