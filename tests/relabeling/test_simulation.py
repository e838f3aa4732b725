"""Replays buy what a policy says."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from sklabel import CrowdLabels, LabelModel, MajorityVote
from sklabel.datasets import make_crowd_labels
from sklabel.inspection._crowd import crowd_to_cast
from sklabel.relabeling._simulation import simulate_cost_curve
from sklabel.relabeling._stopping import StoppingRule
from tests._data import real_data

FAST = {"n_repeats": 3, "step": 0.2, "random_state": 0}


@pytest.fixture(scope="module")
def data():
    """150 samples, five or six judgements each."""
    return make_crowd_labels(150, 15, judgements_per_sample=5.5, random_state=0)


@pytest.fixture(scope="module")
def crowd(data):
    return CrowdLabels.from_frame(data.crowd_labels)


@pytest.fixture(scope="module")
def curve(crowd, data):
    return simulate_cost_curve(crowd, pd.Series(data.y), **FAST)


def test_the_frame_has_the_columns_that_are_promised(curve):
    assert curve.frame.columns.tolist() == [
        "policy",
        "round",
        "judgements_per_sample",
        "accuracy",
        "low",
        "high",
        "std",
        "n",
    ]
    assert curve.policies == ["adaptive", "uniform"]
    assert (curve.frame["n"] == 3).all()
    assert curve.reference == "gold labels"
    assert (curve.n_samples, curve.n_scored) == (150, 150)
    assert "150 of 150 samples scored on gold labels" in repr(curve)


def test_a_curve_runs_from_start_to_the_whole_crowd(curve, crowd, data):
    model = LabelModel(classes=[0, 1], lf_kind="worker", tempering=0, mixing=0)
    votes = crowd_to_cast(crowd)
    full = model.fit(votes).score(votes, data.y)
    for policy in curve.policies:
        part = curve.frame[curve.frame["policy"] == policy]
        assert part["judgements_per_sample"].iloc[0] == 2
        assert part["judgements_per_sample"].is_monotonic_increasing
        assert part["judgements_per_sample"].iloc[-1] == pytest.approx(
            curve.full_redundancy
        )
        assert part["accuracy"].iloc[-1] == pytest.approx(full)
    assert curve.full_redundancy == crowd.n_judgements / 150


def test_asking_where_it_pays_is_cheaper():
    data = make_crowd_labels(400, 30, judgements_per_sample=9, random_state=1)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    curve = simulate_cost_curve(crowd, data.y, n_repeats=4, step=0.1, random_state=0)
    needed = curve.share_needed(tolerance=0.01)
    assert needed["share"] < 0.8
    assert needed["low"] <= needed["share"] <= needed["high"]
    spent = needed["judgements_per_sample"]
    assert needed["share"] == pytest.approx(spent / 9)


def test_the_same_seed_gives_the_same_bits_with_any_number_of_jobs(crowd, data, curve):
    again = simulate_cost_curve(crowd, pd.Series(data.y), **FAST, n_jobs=2)
    pd.testing.assert_frame_equal(again.runs, curve.runs)
    pd.testing.assert_frame_equal(again.frame, curve.frame)
    other = simulate_cost_curve(crowd, data.y, **{**FAST, "random_state": 1})
    assert not other.runs["accuracy"].equals(curve.runs["accuracy"])


def test_a_policy_does_not_depend_on_the_others(crowd, data, curve):
    alone = simulate_cost_curve(crowd, data.y, policy="uniform", **FAST)
    expected = curve.runs.query("policy == 'uniform'").reset_index(drop=True)
    pd.testing.assert_frame_equal(alone.runs, expected)


def test_a_rule_sees_posteriors_and_buys_one_judgement_per_round(crowd, data):
    available = crowd.judgements_of(crowd.sample_ids).cast.counts
    seen = []

    def never(proba, n_judgements):
        np.testing.assert_allclose(proba.sum(axis=1), 1)
        seen.append(n_judgements.copy())
        n_judgements[:] = 0  # a policy that scribbles changes nothing
        return np.zeros(len(proba), dtype=bool)

    curve = simulate_cost_curve(
        crowd, data.y, policy=never, n_repeats=1, start=1, random_state=0
    )
    assert curve.policies == ["stopping"]
    assert len(seen) == available.max()
    for i, n_judgements in enumerate(seen):
        np.testing.assert_array_equal(n_judgements, np.minimum(available, i + 1))


def test_a_stopping_rule_leaves_certain_samples_alone(crowd, data):
    policies = {
        "0.99": StoppingRule(0.99),
        "0.8": StoppingRule(0.8),
        "three": StoppingRule(1.0, max_judgements=3),
        "at once": lambda proba, n_judgements: np.ones(len(proba), dtype=bool),
    }
    final = simulate_cost_curve(crowd, data.y, policy=policies, **FAST).final()
    cost = final["judgements_per_sample"]
    assert cost["at once"] == 2
    assert cost["three"] <= 3
    assert 2 < cost["0.8"] < cost["0.99"] < crowd.n_judgements / 150


def test_repeats_that_end_early_keep_their_last_value(crowd, data):
    curve = simulate_cost_curve(
        crowd, data.y, policy=StoppingRule(0.95), n_repeats=4, random_state=0
    )
    sizes = curve.runs.groupby("repeat").size()
    assert (sizes == sizes.iloc[0]).all()
    assert curve.frame["judgements_per_sample"].is_monotonic_increasing


def test_gold_is_looked_up_by_sample_id_or_taken_in_order(crowd, data):
    by_id = pd.Series(data.y).sample(frac=1, random_state=0)
    by_id.loc[9999] = 1  # no sample of the crowd
    in_order = data.y[crowd.sample_ids]
    one = simulate_cost_curve(crowd, by_id, **FAST)
    two = simulate_cost_curve(crowd, in_order, **FAST)
    pd.testing.assert_frame_equal(one.frame, two.frame)


@pytest.mark.parametrize("gap", [-1, np.nan, None])
def test_samples_without_gold_are_bought_but_not_scored(crowd, data, gap):
    y = pd.Series(data.y, dtype=object)
    y[100:] = gap
    curve = simulate_cost_curve(crowd, y, **FAST)
    assert (curve.n_samples, curve.n_scored) == (150, 100)
    assert curve.final().loc["uniform", "judgements_per_sample"] > 5
    y[:] = gap
    if gap is not np.nan:
        with pytest.raises(ValueError, match=r"None of the 150 samples .* gold label"):
            simulate_cost_curve(crowd, y, **FAST)


def test_gold_that_no_worker_may_give_is_wrong(crowd, data):
    y = np.where(np.arange(150) < 30, 7, data.y)
    final = simulate_cost_curve(crowd, y, **FAST).final()
    assert (final["accuracy"] <= 0.8).all()


def test_without_gold_the_labels_of_all_judgements_stand_in(crowd):
    curve = simulate_cost_curve(crowd, **FAST)
    assert (curve.final()["accuracy"] == 1).all()
    assert curve.reference == "the labels of LabelModel fitted on all judgements"
    assert curve.frame["accuracy"].iloc[0] < 1


def test_names_and_numbers_as_labels_give_the_same(data, curve):
    names = np.array(["bad", "good"])
    frame = data.crowd_labels.assign(label=lambda f: names[f["label"]])
    named = simulate_cost_curve(
        CrowdLabels.from_frame(frame), pd.Series(names[data.y]), **FAST
    )
    pd.testing.assert_frame_equal(named.frame, curve.frame)
    frame = data.crowd_labels.assign(label=lambda f: f["label"] + 3)
    shifted = simulate_cost_curve(CrowdLabels.from_frame(frame), data.y + 3, **FAST)
    pd.testing.assert_frame_equal(shifted.frame, curve.frame)


def test_any_label_model_can_replay(crowd, data):
    model = MajorityVote()
    curve = simulate_cost_curve(crowd, data.y, label_model=model, **FAST)
    votes = crowd_to_cast(crowd)
    full = MajorityVote().fit(votes).score(votes, data.y)
    assert curve.final()["accuracy"].tolist() == pytest.approx([full, full])
    assert not hasattr(model, "classes_")
    assert model.classes is None


def test_the_classes_of_the_label_model_may_be_in_another_order(crowd, data, curve):
    model = LabelModel(classes=[1, 0], lf_kind="worker", tempering=0, mixing=0)
    final = simulate_cost_curve(crowd, data.y, label_model=model, **FAST).final()
    np.testing.assert_allclose(final["accuracy"], curve.final()["accuracy"])


def test_one_worker_and_samples_with_one_judgement():
    frame = pd.DataFrame({"sample": range(6), "worker": "ann", "label": [0, 1] * 3})
    crowd = CrowdLabels.from_frame(frame)
    with pytest.raises(ValueError, match=r"more than start=1 .*number is 1.*Lower sta"):
        simulate_cost_curve(crowd, start=1, **FAST)
    more = pd.DataFrame({"sample": [0, 0], "worker": ["bob", "cat"], "label": [0, 1]})
    crowd = CrowdLabels.from_frame(pd.concat([frame, more]))
    final = simulate_cost_curve(crowd, start=1, **FAST).final()
    assert (final["judgements_per_sample"] == 8 / 6).all()


def test_samples_without_votes_are_left_out(data):
    frame = data.crowd_labels.copy()
    frame.loc[frame["sample"] == 3, "label"] = 9
    crowd = CrowdLabels.from_frame(frame, classes=[0, 1], handle_unknown="count")
    assert crowd.n_samples == 150
    curve = simulate_cost_curve(crowd, data.y, **FAST)
    assert curve.n_samples == 149
    assert (curve.frame["judgements_per_sample"].iloc[0]) == 2


def test_one_class_has_no_curve(data):
    crowd = CrowdLabels.from_frame(data.crowd_labels.assign(label=1))
    with pytest.raises(ValueError, match=r"one class only, \[1\]"):
        simulate_cost_curve(crowd)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"start": 0}, ValueError, "start must be an integer >= 1; got 0"),
        ({"n_repeats": 0}, ValueError, "n_repeats must be an integer"),
        ({"n_repeats": True}, ValueError, "n_repeats must be an integer"),
        ({"step": 0}, ValueError, "step must be a number above 0; got 0"),
        ({"step": "a"}, ValueError, "step must be a number"),
        ({"confidence": 1}, ValueError, "confidence must be below 1"),
        ({"confidence": -1}, ValueError, "confidence must be a number above 0"),
        ({"start": 6}, ValueError, "No sample has more than start=6 judgements"),
        ({"policy": "greedy"}, ValueError, "There is no policy 'greedy'; choose from"),
        ({"policy": {"a": "b"}}, ValueError, "There is no policy 'b'"),
        ({"policy": []}, ValueError, "policy is empty"),
        ({"policy": 3}, TypeError, "policy must be one of .* got 3"),
        ({"policy": {"a": 3}}, TypeError, "Policy 'a' must be one of .* got 3"),
        ({"policy": [StoppingRule()]}, TypeError, "give callables names in a dict"),
        ({"policy": lambda p, n: p}, ValueError, r"True or False for .*\(150, 2\)"),
        ({"policy": lambda p, n: n}, ValueError, r"shape \(150,\) of int64"),
        (
            {"label_model": LogisticRegression()},
            TypeError,
            "a label model.*Log",
        ),
        ({"y": [0, 1]}, ValueError, "for each of the 150 samples"),
        ({"y": pd.Series([1], index=[999])}, ValueError, "None of the 1 ids"),
    ],
)
def test_wrong_parameters_raise(crowd, options, error, message):
    with pytest.raises(error, match=message):
        simulate_cost_curve(crowd, **{**FAST, **options})


def test_verbose_writes_a_line_after_each_repeat(crowd, data, capsys):
    silent = simulate_cost_curve(crowd, data.y, **FAST)
    assert capsys.readouterr() == ("", "")
    talking = simulate_cost_curve(crowd, data.y, **FAST, verbose=1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        f"[simulate_cost_curve] repeat {i}/3" for i in (1, 2, 3)
    ]
    pd.testing.assert_frame_equal(talking.runs, silent.runs)


def test_what_is_not_a_crowd_raises(data):
    with pytest.raises(TypeError, match="needs a CrowdLabels; got DataFrame"):
        simulate_cost_curve(data.crowd_labels)


def test_a_real_crowd_needs_fewer_judgements():
    folder = real_data("rte")
    judged = pd.read_csv(next(folder.glob("annotations.csv*")), dtype=str)
    gold = pd.read_csv(folder / "gold.csv", dtype=str).set_index("task")["label"]
    crowd = CrowdLabels.from_frame(judged, sample="task")
    policies = {"adaptive": "adaptive", "uniform": "uniform", "0.99": StoppingRule()}
    curve = simulate_cost_curve(
        crowd, gold, policy=policies, n_repeats=3, step=0.1, random_state=0
    )
    assert curve.share_needed(tolerance=0.01)["share"] < 0.7
    final = curve.final().loc["0.99"]
    assert final["judgements_per_sample"] < 7
    assert final["accuracy"] > 0.915


@pytest.mark.parametrize("order", [["bad", "good"], ["good", "bad"]])
def test_the_order_of_class_names_changes_nothing(order):
    frame = make_crowd_labels(60, 12, 2, random_state=0).crowd_labels
    frame.columns = ["sample", "worker", "label"]
    frame["label"] = np.array(["bad", "good"])[frame["label"]]
    curve = simulate_cost_curve(
        CrowdLabels.from_frame(frame),
        policy="uniform",
        label_model=LabelModel(classes=order),
        n_repeats=2,
        random_state=0,
    )
    assert curve.final()["accuracy"].item() == 1


def test_a_label_model_of_other_classes_is_refused():
    frame = make_crowd_labels(20, 12, 2, random_state=0).crowd_labels
    frame.columns = ["sample", "worker", "label"]
    with pytest.raises(ValueError, match=r"label_model has the classes \[0, 1, 2\]"):
        simulate_cost_curve(
            CrowdLabels.from_frame(frame), label_model=LabelModel(classes=[0, 1, 2])
        )
