"""Whoever lies below the funnel is flagged so, in the table, the plot and the page."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels
from sklabel.inspection import WorkerFunnelDisplay, worker_report
from sklabel.inspection._flags import below_crowd_flags
from sklabel.inspection._funnel_limits import find_sides
from sklabel.report import _sections, labeling_report

BAD = ("guesses", "one label", "adversarial")


def _crowd(seed, n_classes, n_workers, per_sample, n_bad=0, samples=7):
    """Return judgements of equal workers but for the first, the truth, and who is bad.

    Workers are busy to different degrees; there are so many samples for each.
    """
    rng = np.random.default_rng([seed, n_classes, n_workers, per_sample])
    n_samples = samples * n_workers
    y = rng.integers(n_classes, size=n_samples)
    keys = rng.standard_normal(n_workers) + rng.gumbel(size=(n_samples, n_workers))
    worker = np.argsort(-keys, axis=1)[:, :per_sample].ravel()
    sample = np.repeat(np.arange(n_samples), per_sample)
    kind = np.full(n_workers, "good", dtype=object)
    kind[:n_bad] = np.resize(BAD, n_bad)
    right = np.full(n_workers, 0.8)
    right[kind == "guesses"] = 1 / n_classes
    right[kind == "adversarial"] = 0.3 / n_classes
    truth = y[sample]
    other = (truth + rng.integers(1, n_classes, len(truth))) % n_classes
    label = np.where(rng.uniform(size=len(truth)) < right[worker], truth, other)
    label = np.where(kind[worker] == "one label", worker % n_classes, label)
    table = pd.DataFrame({"sample": sample, "worker": worker, "label": label})
    return CrowdLabels.from_frame(table), pd.Series(y), kind


def _below(funnel):
    outside = funnel.outliers()
    return set(funnel.worker_ids[outside[funnel.accuracy[outside] < funnel.center]])


def _flagged(report):
    parts = report["flag"].str.split("; ")
    has = [any(p.startswith("below the crowd: ") for p in cell) for cell in parts]
    return set(report.index[has])


@pytest.mark.parametrize("with_gold", [False, True])
@pytest.mark.parametrize(("n_classes", "per_sample"), [(2, 6), (3, 6), (5, 3)])
def test_the_flag_and_the_funnel_name_the_same_workers(
    n_classes, per_sample, with_gold
):
    pytest.importorskip("matplotlib")
    crowd, y, _ = _crowd(0, n_classes, 60, per_sample, n_bad=12)
    report = worker_report(crowd, y.loc[crowd.sample_ids] if with_gold else None)
    expected = _below(WorkerFunnelDisplay.from_report(report))
    if with_gold:
        expected |= _below(WorkerFunnelDisplay.from_report(report, on_gold=True))
    assert len(expected) >= 2
    assert _flagged(report) == expected


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_busy_bad_workers_are_flagged_and_good_ones_are_not(n_classes):
    crowd, y, kind = _crowd(1, n_classes, 60, 6, n_bad=12, samples=15)
    report = worker_report(crowd, y.loc[crowd.sample_ids])
    kind = kind[report.index]
    busy = report["n_judgements"] >= 50
    acted = report["flag"].str.contains("adversarial|guesses|below|always")
    bad = kind != "good"
    assert (busy & bad).sum() >= 3
    assert acted[busy & bad].all()
    adversarial = (kind == "adversarial") & (report["n_judgements"] >= 20)
    assert adversarial.any()
    assert set(report.index[adversarial]) <= _flagged(report)
    assert _flagged(report).isdisjoint(report.index[~bad])


def test_of_equal_workers_hardly_any_is_flagged():
    # The lower limit is at 0.1 %: of 1,200 workers, 4 or more are below it with a
    # probability of 3 %, even if counts were not whole numbers.
    by_model = on_gold = n_workers = 0
    for seed in range(6):
        crowd, y, _ = _crowd(seed, (2, 3, 5)[seed % 3], 200, 3)
        report = worker_report(crowd, y.loc[crowd.sample_ids])
        by_model += find_sides(report["n_judgements"], report["accuracy"]).below.sum()
        on_gold += find_sides(report["n_gold"], report["gold_accuracy"]).below.sum()
        n_workers += len(report)
        assert (report["accuracy"] < report["accuracy"].mean()).sum() > 50
    assert n_workers > 1150
    assert by_model <= 3
    assert on_gold <= 3


def test_the_text_says_how_good_worker_and_crowd_are():
    table = pd.DataFrame(
        {
            "n_judgements": [100, 100, 100, 100, 0],
            "accuracy": [0.9, 0.9, 0.9, 0.5, np.nan],
            "n_gold": [60, 60, 30, 60, 0],
            "gold_accuracy": [0.9, 0.9, 0.3, 0.2, np.nan],
        }
    )
    flags = below_crowd_flags(table)
    assert {w: flag.detail for w, flag in flags.items()} == {
        2: "below the crowd: right in 30% of 30 judgements on gold, where the crowd is "
        "right in 61%",
        3: "below the crowd: right in 50% of 100 judgements by the model, where the "
        "crowd is right in 80%, and right in 20% of 60 judgements on gold, where the "
        "crowd is right in 61%",
    }
    assert {flag.level for flag in flags.values()} == {"warning"}
    assert list(below_crowd_flags(table[["n_judgements", "accuracy"]])) == [3]


def test_without_accuracies_nobody_is_below():
    sides = find_sides(np.zeros(3), np.full(3, np.nan))
    assert np.isnan(sides.center)
    assert not sides.below.any()
    assert not sides.above.any()


def test_the_page_says_who_is_worse_than_the_crowd(monkeypatch):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(_sections, "draw_svg", lambda *_, **__: "<svg></svg>")
    crowd, y, _ = _crowd(0, 3, 60, 3, n_bad=12)
    report = labeling_report(crowd, y.loc[crowd.sample_ids], budget=5)
    flagged = _flagged(report.tables["workers"])
    assert flagged == _flagged(worker_report(crowd, y.loc[crowd.sample_ids]))
    html = report.html
    assert f"{len(flagged)} workers are worse than the crowd" in html
    assert html.count("below the crowd: ") >= len(flagged)
