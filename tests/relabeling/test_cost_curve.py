"""Curves say what an accuracy costs, and how sure that is."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from sklabel.relabeling._cost_curve import CostCurve, average_runs, runs_of_policy


def _hand_made(accuracies):
    """A curve from accuracies {policy: [repeat][round]}, one judgement per round."""
    runs = []
    for policy, repeats in accuracies.items():
        costs = np.arange(1.0, len(repeats[0]) + 1)
        results = [np.column_stack([costs, scores]) for scores in repeats]
        runs.append(runs_of_policy(policy, results))
    runs = pd.concat(runs, ignore_index=True)
    return CostCurve(
        frame=average_runs(runs, 0.95),
        runs=runs,
        reference="gold labels",
        n_samples=10,
        n_scored=9,
        full_redundancy=5.0,
        confidence=0.95,
    )


def test_repeats_that_end_early_keep_their_last_value():
    short, long = [[1.0, 0.5]], [[1.0, 0.6], [2.0, 0.8]]
    runs = runs_of_policy("stopping", [np.array(short), np.array(long)])
    assert runs.to_numpy().tolist() == [
        ["stopping", 0, 0, 1.0, 0.5],
        ["stopping", 0, 1, 1.0, 0.5],
        ["stopping", 1, 0, 1.0, 0.6],
        ["stopping", 1, 1, 2.0, 0.8],
    ]


def test_the_interval_is_that_of_student():
    scores = [0.6, 0.7, 0.75]
    row = _hand_made({"uniform": [[0.5, s] for s in scores]}).frame.iloc[1]
    low, high = stats.t.interval(0.95, 2, np.mean(scores), stats.sem(scores))
    assert row["accuracy"] == pytest.approx(np.mean(scores))
    assert row["std"] == pytest.approx(np.std(scores, ddof=1))
    assert (row["low"], row["high"]) == pytest.approx((low, high))
    assert row["n"] == 3


def test_an_interval_stays_between_0_and_1():
    frame = _hand_made({"uniform": [[0.0, 1.0], [0.1, 0.9]]}).frame
    assert frame["low"].iloc[0] == 0
    assert frame["high"].iloc[1] == 1


def test_one_repeat_has_no_interval():
    frame = _hand_made({"adaptive": [[0.5, 0.9]]}).frame
    assert frame[["low", "high", "std"]].isna().all(axis=None)
    assert frame["accuracy"].tolist() == [0.5, 0.9]


def test_policies_keep_their_order_and_have_an_end():
    curve = _hand_made({"uniform": [[0.5, 0.6]] * 2, "adaptive": [[0.5, 0.7, 0.8]] * 2})
    assert curve.policies == ["uniform", "adaptive"]
    final = curve.final()
    assert final["judgements_per_sample"].to_dict() == {"uniform": 2, "adaptive": 3}
    assert final["accuracy"].to_dict() == {"uniform": 0.6, "adaptive": 0.8}
    assert repr(curve) == (
        "CostCurve(uniform 0.600 at 2.00, adaptive 0.800 at 3.00 judgements per "
        "sample; 9 of 10 samples scored on gold labels)"
    )


def test_what_an_accuracy_costs_is_read_off_the_mean_curve():
    curve = _hand_made({"adaptive": [[0.5, 0.7, 0.9, 0.9], [0.5, 0.9, 0.9, 1.0]]})
    cost = curve.judgements_to_reach(0.8, random_state=0)
    assert cost["judgements_per_sample"] == 2  # the mean of 0.7 and 0.9
    assert (cost["low"], cost["high"]) == (2, 3)
    never = curve.judgements_to_reach(0.99, random_state=0)
    assert np.isnan(never["judgements_per_sample"])
    assert (never["low"], np.isnan(never["high"])) == (4, True)


def test_the_share_needed_is_that_of_the_judgements_of_the_baseline():
    curve = _hand_made(
        {
            "adaptive": [[0.5, 0.8, 0.9, 0.9]] * 3,
            "uniform": [[0.5, 0.6, 0.7, 0.8, 0.9]] * 3,
        }
    )
    needed = curve.share_needed()
    assert needed["judgements_per_sample"] == 3
    assert needed["baseline_judgements_per_sample"] == 5
    assert needed["accuracy"] == pytest.approx(0.9)
    assert needed[["share", "low", "high"]].tolist() == [0.6, 0.6, 0.6]
    assert curve.share_needed(tolerance=0.1)["share"] == 0.4
    back = curve.share_needed("uniform", "adaptive")
    assert back["share"] == 5 / 4
    short = _hand_made({"adaptive": [[0.5]] * 2, "uniform": [[0.9]] * 2})
    assert short.share_needed()[["share", "low", "high"]].isna().all()


def test_wrong_questions_to_a_curve_raise():
    curve = _hand_made({"adaptive": [[0.5, 0.9]], "uniform": [[0.5, 0.9]]})
    with pytest.raises(ValueError, match="no policy 'greedy'; the curve has 'adaptiv"):
        curve.share_needed("greedy")
    with pytest.raises(ValueError, match="tolerance must be 0 or more; got -1"):
        curve.share_needed(tolerance=-1)
    with pytest.raises(ValueError, match=r"accuracy must be in \[0, 1\]; got 95"):
        curve.judgements_to_reach(95)
    with pytest.raises(ValueError, match="n_bootstraps must be an integer"):
        curve.judgements_to_reach(0.9, n_bootstraps=0)


def test_intervals_are_drawn_anew_unless_a_seed_is_given():
    scores = np.sort(np.random.default_rng(0).random((40, 60)), axis=1)
    curve = _hand_made({"adaptive": scores, "uniform": scores**2})
    for ask in (
        lambda **seed: curve.judgements_to_reach(0.5, n_bootstraps=50, **seed),
        lambda **seed: curve.share_needed(n_bootstraps=50, **seed),
    ):
        pd.testing.assert_series_equal(ask(random_state=0), ask(random_state=0))
        assert len({tuple(ask()[["low", "high"]]) for _ in range(20)}) > 1


def test_the_parts_of_a_curve_are_passed_by_name():
    with pytest.raises(TypeError, match="positional argument"):
        CostCurve(pd.DataFrame())
