"""Displays draw the numbers that they were given, and name what they show."""

# SPDX-License-Identifier: BSD-3-Clause

import inspect
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.calibration import CalibrationDisplay
from sklearn.exceptions import NotFittedError

from sklabel import CrowdLabels, LabelModel, MajorityVote, inspection
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection._confusion import LFConfusionDisplay
from sklabel.inspection._overlap import OverlapDisplay
from sklabel.inspection._posterior import PosteriorDisplay
from sklabel.inspection._worker_funnel import WorkerFunnelDisplay
from sklabel.inspection._workers import worker_report
from sklabel.relabeling._cost_curve_display import CostCurveDisplay
from sklabel.relabeling._simulation import simulate_cost_curve
from sklabel.votes import votes_to_sparse

plt = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def figure():
    from matplotlib.figure import Figure

    return Figure(layout="constrained")


def _crowd(seed=0, n_samples=80):
    data = make_crowd_labels(n_samples, 12, random_state=seed)
    return CrowdLabels.from_frame(data.crowd_labels)


def _texts(ax):
    return [text.get_text() for text in ax.texts]


# --- WorkerFunnelDisplay ---------------------------------------------------------


def test_the_funnel_has_a_point_per_worker_and_limits_around_the_mean():
    n, accuracy = [10, 20, 200, 200], [0.8, 0.7, 0.8, 0.3]
    display = WorkerFunnelDisplay(n, accuracy, worker_ids=list("abcd")).plot()
    ax = display.ax_
    assert ax.figure is display.figure_
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "judgements per worker (log scale)"
    assert ax.get_ylabel() == "estimated accuracy (share)"
    points = np.concatenate([c.get_offsets() for c in ax.collections[2:]])
    np.testing.assert_allclose(
        sorted(points.tolist()), sorted(zip(n, accuracy, strict=True))
    )
    assert display.center == pytest.approx(np.average(accuracy, weights=n))
    assert [label.get_text() for label in display.labels_] == ["d", "c"]
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend == [
        "like the others (2)",
        "worse than chance explains (1)",
        "better than chance explains (1)",
    ]


@pytest.mark.parametrize("confidence", [0.95, 0.998])
def test_the_limits_hold_the_share_of_workers_that_they_promise(confidence):
    display = WorkerFunnelDisplay([100, 60], [0.7, 0.7])
    for n in (7, 40, 300):
        low, high = (edge[0] for edge in display.limits([n], confidence=confidence))
        counts = np.arange(n + 1)
        inside = (counts / n >= low) & (counts / n <= high)
        p = binom.pmf(counts, n, 0.7)
        # Interpolation leaves at most one count more outside than the exact quantiles.
        assert p[inside].sum() >= confidence - p.max() * 1.01
        assert low < 0.7 < high


def test_interpolated_limits_equal_spiegelhalters_formula():
    display = WorkerFunnelDisplay([100, 60], [0.7, 0.7])
    n, tail = 40, 0.025
    r = next(k for k in range(n + 1) if binom.cdf(k, n, 0.7) >= tail)
    above, below = binom.cdf(r, n, 0.7), binom.cdf(r - 1, n, 0.7)
    expected = (r - (above - tail) / (above - below)) / n
    assert display.limits([n], confidence=0.95)[0][0] == pytest.approx(expected)


def test_outliers_have_a_whole_count_beyond_the_tail_of_the_binomial():
    n = np.array([1, 1, 21, 25, 40, 40, 500])
    right = np.array([1, 0, 21, 25, 20, 8, 370])
    display = WorkerFunnelDisplay(n, right / n)
    p = display.center
    expected = [
        k
        for k in range(len(n))
        if binom.cdf(right[k], n[k], p) < 0.001
        or binom.sf(right[k] - 1, n[k], p) < 0.001
    ]
    assert sorted(display.outliers()) == expected
    assert 5 in expected
    assert 0 not in expected


@pytest.mark.parametrize("n", [[1, 1], [90, 130], [3, 20], [1, 900], [40, 100_000]])
def test_the_axis_of_judgements_has_ticks_in_whole_numbers(n):
    ax = WorkerFunnelDisplay(n, [0.6, 0.7]).plot().ax_
    low, high = ax.get_xlim()
    ticks = [t for t in ax.get_xticks() if low <= t <= high]
    assert 1 <= len(ticks) <= 12
    assert len(ticks) >= 3 or max(n) < 5
    ax.figure.canvas.draw()
    assert all(t.get_text().replace(",", "").isdigit() for t in ax.get_xticklabels())


def test_workers_without_accuracy_are_left_out_and_counted():
    display = WorkerFunnelDisplay([5, 0, 7], [0.5, 0.4, np.nan])
    assert display.n_left_out == 2
    assert len(display.accuracy) == 1
    with pytest.raises(ValueError, match="None of the 2 workers has an accuracy"):
        WorkerFunnelDisplay([3, 4], [np.nan, np.nan])


@pytest.mark.parametrize("accuracy", [[1.0, 1.0], [0.0, 0.0], [1.0]])
def test_a_crowd_that_is_always_right_or_wrong_can_be_drawn(accuracy):
    display = WorkerFunnelDisplay([1] * len(accuracy), accuracy).plot()
    assert display.labels_ == []
    display.figure_.canvas.draw()


def test_lengths_of_a_funnel_must_fit():
    with pytest.raises(ValueError, match=r"one value per worker; got .*\(2,\), \(3,\)"):
        WorkerFunnelDisplay([1, 2], [0.1, 0.2, 0.3])


def test_the_funnel_of_crowd_labels_shows_the_worker_report(figure):
    crowd = _crowd()
    ax = figure.subplots()
    display = WorkerFunnelDisplay.from_crowd_labels(crowd, ax=ax)
    report = worker_report(crowd)
    assert display.ax_ is ax
    assert dict(zip(display.worker_ids, display.accuracy, strict=True)) == (
        report["accuracy"].to_dict()
    )
    assert display.chance == 1 / len(crowd.classes)


def test_the_funnel_on_gold_uses_the_judgements_on_gold():
    crowd = _crowd()
    y = pd.Series(crowd.classes[0], index=crowd.sample_ids[:30])
    display = WorkerFunnelDisplay.from_crowd_labels(crowd, y)
    report = worker_report(crowd, y=y)
    assert sorted(display.n_judgements) == sorted(
        report["n_gold"][report["gold_accuracy"].notna()]
    )
    assert "gold" in display.ax_.get_xlabel()
    assert "gold" in display.ax_.get_ylabel()


def test_the_funnel_of_a_report_is_drawn_on_the_axes_given(figure):
    ax = figure.subplots()
    report = worker_report(_crowd())
    display = WorkerFunnelDisplay.from_report(report, ax=ax, n_annotated=0, s=9)
    assert display.ax_ is ax
    assert display.labels_ == []
    assert {size for c in ax.collections[2:] for size in c.get_sizes()} == {9}
    with pytest.raises(TypeError, match="positional argument"):
        display.plot(ax)


def test_a_report_without_the_columns_is_refused():
    with pytest.raises(ValueError, match=r"needs the column.*n_gold"):
        WorkerFunnelDisplay.from_report(
            pd.DataFrame({"n_judgements": [1], "accuracy": [1.0]}), on_gold=True
        )


def test_names_with_dollars_and_long_names_are_plain_text():
    names = ["$x_1$ $", "w" * 60, "c", "d"]
    n, accuracy = [400, 400, 400, 4000], [0.1, 0.15, 0.9, 0.9]
    display = WorkerFunnelDisplay(n, accuracy, worker_ids=names).plot()
    display.figure_.canvas.draw()
    shown = [label.get_text() for label in display.labels_]
    assert shown[0] == r"\$x_1\$ \$"
    assert "…" in shown[1]
    assert len(shown[1]) == 20


def test_labels_of_outliers_do_not_overlap():
    from matplotlib.text import Text

    rng = np.random.default_rng(0)
    n = np.concatenate([rng.integers(20, 200, 60), [100, 102, 104, 101, 99]])
    accuracy = np.concatenate([rng.normal(0.85, 0.03, 60), [0.3, 0.3, 0.31, 0.3, 0.3]])
    display = WorkerFunnelDisplay(n, accuracy, worker_ids=range(1000, 1065)).plot()
    display.figure_.canvas.draw()
    # Of the texts alone, without the lines to their points.
    boxes = [Text.get_window_extent(label) for label in display.labels_]
    assert len(boxes) == 5
    for i, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[i + 1 :])


# --- LFConfusionDisplay ----------------------------------------------------------


def test_confusion_panels_show_the_tables_of_the_worst_lfs():
    votes = make_lf_votes(200, 8, coverage=0.7, random_state=0).votes
    votes = pd.DataFrame(votes).add_prefix("lf_")
    model = LabelModel().fit(votes)
    display = LFConfusionDisplay.from_estimator(model, n_lfs=3)
    worst = np.argsort(model.lf_accuracy_)[:3]
    assert display.lf_names == [model.feature_names_in_[j] for j in worst]
    assert len(display.axes_) == 3
    np.testing.assert_allclose(display.confusion.sum(axis=2), 1)
    for panel, texts, j in zip(display.axes_, display.text_, worst, strict=True):
        shown = [[float(t.get_text()) for t in row] for row in texts]
        np.testing.assert_allclose(shown, model.confusion_[j], atol=0.005001)
        assert panel.get_xlabel() == "vote"
        # One outline per class.
        assert len(panel.patches) == len(model.classes_)
    assert display.axes_[0].get_ylabel() == "class"


def test_confusion_panels_of_named_lfs_stand_in_their_order():
    votes = pd.DataFrame(
        {"a": [0, 1, 0, 1], "b": [0, 1, 1, 1], "c": [0, 0, 0, 1]}, dtype="int8"
    )
    model = LabelModel(classes=["no", "yes"]).fit(votes)
    display = LFConfusionDisplay.from_estimator(model, ["c", "a"])
    assert [ax.get_title().split("\n")[0] for ax in display.axes_] == ["c", "a"]
    labels = [t.get_text() for t in display.axes_[0].get_xticklabels()]
    assert labels == ["no", "yes"]
    with pytest.raises(ValueError, match=r"no LF 'z'\. It has 'a', 'b', 'c'"):
        LFConfusionDisplay.from_estimator(model, ["z"])


def test_confusion_panels_share_the_place_of_one_axes(figure):
    left, _ = figure.subplots(1, 2)
    table = np.full((4, 2, 2), 0.5)
    display = LFConfusionDisplay(table, classes=[0, 1]).plot(ax=left, n_columns=2)
    figure.canvas.draw()
    edge = left.get_position().x1
    assert all(ax.get_position().x1 <= edge + 0.02 for ax in display.axes_)
    assert not left.axison


def test_confusion_panels_take_an_array_of_axes_and_need_enough(figure):
    axes = figure.subplots(1, 3)
    display = LFConfusionDisplay(np.full((2, 2, 2), 0.5), classes=[0, 1])
    assert list(display.plot(ax=axes).axes_) == list(axes[:2])
    with pytest.raises(ValueError, match="draws 2 panels; got 1 axes"):
        display.plot(ax=axes[:1])
    with pytest.raises(ValueError, match="is not part of a grid"):
        display.plot(ax=figure.add_axes((0, 0, 1, 1)))


def test_vote_values_that_are_not_a_class_have_no_outline():
    votes = [["a", "?"], ["b", "b"], ["a", "a"], ["b", "?"]] * 5
    model = LabelModel(classes=["a", "b"]).fit(votes)
    display = LFConfusionDisplay.from_estimator(model)
    assert [t.get_text() for t in display.axes_[0].get_xticklabels()] == ["a", "b", "?"]
    assert len(display.axes_[0].patches) == 2


def test_large_confusion_tables_show_colours_only():
    display = LFConfusionDisplay(np.eye(60)[None], classes=range(60)).plot()
    assert display.text_ == [None]
    names = [t.get_text() for t in display.ax_.get_yticklabels()]
    assert names == [str(c) for c in range(0, 60, 3)]


@pytest.mark.parametrize("n_classes", [3, 5, 8, 12])
def test_panels_of_many_classes_stay_readable(n_classes):
    names = [f"a class with a long name and number {c}" for c in range(n_classes)]
    table = np.full((2, n_classes, n_classes), 0.3 / (n_classes - 1))
    table[:, np.arange(n_classes), np.arange(n_classes)] = 0.7
    display = LFConfusionDisplay(table, classes=names).plot(n_columns=2)
    display.figure_.draw_without_rendering()
    one = "0.70" if n_classes <= 5 else "70"
    first, second = display.axes_
    assert display.text_[0][0, 0].get_text() == one
    numbers = [str(c + 1) for c in range(n_classes)]
    for ax in display.axes_:
        assert [t.get_text() for t in ax.get_xticklabels()] == numbers
        cell = ax.get_window_extent().width / n_classes
        widest = max(t.get_window_extent().width for t in ax.texts)
        assert widest < cell
    assert first.get_yticklabels()[1].get_text().endswith("  2")
    assert [t.get_text() for t in second.get_yticklabels()] == numbers


def test_votes_stand_in_the_order_of_the_classes():
    # A vote value's column is under its class, whatever the order of the values.
    table = [[[0.1, 0.2, 0.7], [0.6, 0.3, 0.1]]]
    display = LFConfusionDisplay(
        table,
        classes=["yes", "no"],
        vote_values=["no", "unsure", "yes"],
        value_classes=[1, -1, 0],
    ).plot()
    heads = [t.get_text() for t in display.ax_.get_xticklabels()]
    assert heads == ["yes", "no", "unsure"]
    np.testing.assert_allclose(
        display.ax_.images[0].get_array(), [[0.7, 0.1, 0.2], [0.1, 0.6, 0.3]]
    )
    assert [p.get_xy() for p in display.ax_.patches] == [(-0.47, -0.47), (0.53, 0.53)]
    assert display.text_[0][0, 2].get_text() == "0.70"


def test_lfs_that_vote_for_one_class_are_not_chosen_unless_all_do():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    fires = rng.random(300) < np.where(y == 1, 0.5, 0.25)
    votes = pd.DataFrame({"rule": np.where(fires, 1, -1)})
    for name in "abc":
        votes[name] = np.where(rng.random(300) < 0.85, y, 1 - y)
    model = LabelModel().fit(votes)
    assert model.lf_accuracy_.argmin() == 0
    display = LFConfusionDisplay.from_estimator(model)
    assert sorted(display.lf_names) == ["a", "b", "c"]
    assert LFConfusionDisplay.from_estimator(model, ["rule"]).lf_names == ["rule"]
    rules = votes[["rule"]].assign(other=np.where(y == 0, 0, -1))
    both = LFConfusionDisplay.from_estimator(LabelModel().fit(rules))
    assert sorted(both.lf_names) == ["other", "rule"]


def test_confusion_needs_a_fitted_model_with_tables():
    with pytest.raises(NotFittedError):
        LFConfusionDisplay.from_estimator(LabelModel())
    model = MajorityVote().fit([[0, 1], [1, 1]])
    with pytest.raises(TypeError, match="MajorityVote does not learn confusion tables"):
        LFConfusionDisplay.from_estimator(model)


def test_shapes_of_confusion_tables_must_fit():
    with pytest.raises(ValueError, match=r"\(n_lfs, 2, 2\); got \(2, 2\)"):
        LFConfusionDisplay(np.eye(2), classes=[0, 1])
    with pytest.raises(ValueError, match="lf_names holds one value for each of the 1"):
        LFConfusionDisplay(np.eye(2)[None], classes=[0, 1], lf_names=["a", "b"])


# --- OverlapDisplay --------------------------------------------------------------


def _shares_by_loops(votes, kind):
    n_lfs = votes.shape[1]
    share = np.full((n_lfs, n_lfs), np.nan)
    for i in range(n_lfs):
        for j in range(n_lfs):
            if i == j:
                continue
            own = both = equal = 0
            for row in votes:
                own += row[i] >= 0
                both += row[i] >= 0 and row[j] >= 0
                equal += row[i] >= 0 and row[i] == row[j]
            if kind == "overlap":
                share[i, j] = both / own
            elif both:
                share[i, j] = equal / both if kind == "agreement" else 1 - equal / both
    return share


@pytest.mark.parametrize("kind", ["overlap", "conflict", "agreement"])
@pytest.mark.parametrize("form", ["dense", "sparse", "frame"])
def test_shares_of_pairs_equal_three_loops(kind, form):
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 3, (40, 6))
    votes[rng.random(votes.shape) < 0.6] = -1
    given = {
        "dense": votes,
        "sparse": votes_to_sparse(votes),
        "frame": pd.DataFrame(votes),
    }[form]
    display = OverlapDisplay.from_votes(given, kind=kind, min_common=1)
    order = display.lf_names
    assert sorted(order) == list(range(6))
    expected = _shares_by_loops(votes, kind)[np.ix_(order, order)]
    np.testing.assert_allclose(display.share, expected)
    drawn = np.ma.filled(display.im_.get_array(), np.nan)
    np.testing.assert_allclose(drawn, expected)
    assert display.ax_.get_title() == kind.capitalize()
    assert len(display.ax_.texts) == (~np.isnan(expected)).sum()


def test_only_the_most_active_lfs_are_shown_and_the_title_says_so():
    votes = np.full((30, 9), -1)
    for j in range(8):
        votes[: 3 * (j + 1), j] = j % 2
    display = OverlapDisplay.from_votes(votes, max_lfs=4)
    assert sorted(display.lf_names) == [4, 5, 6, 7]
    assert display.ax_.get_title() == "Overlap: the 4 most active of 9 LFs"
    assert sorted(OverlapDisplay.from_votes(votes).lf_names) == list(range(8))


def test_camps_stand_together():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (100, 1))
    votes = np.where(np.arange(6) % 2, truth, 1 - truth)
    names = OverlapDisplay.from_votes(votes, kind="agreement").lf_names
    assert {j % 2 for j in names[:3]} in ({0}, {1})


def test_pairs_with_few_common_samples_stay_blank_and_are_explained():
    votes = np.array([[0, 0, -1], [1, 1, -1], [0, 1, 0], [-1, -1, 1]])
    display = OverlapDisplay.from_votes(votes, kind="conflict")
    at = {name: i for i, name in enumerate(display.lf_names)}
    assert display.share[at[0], at[1]] == pytest.approx(1 / 3)
    assert np.isnan(display.share[at[0], at[2]])
    assert display.ax_.get_xlabel() == "grey: too few common samples"


def test_pairs_of_crowd_workers_carry_their_ids():
    crowd = _crowd()
    display = OverlapDisplay.from_votes(crowd)
    assert set(display.lf_names) <= set(crowd.worker_ids)
    said = display.im_.colorbar.ax.get_ylabel()
    assert (
        said == "share of the row worker's votes\nthat the column worker votes on too"
    )
    named = OverlapDisplay.from_votes(crowd, noun="annotator")
    assert "row annotator's" in named.im_.colorbar.ax.get_ylabel()


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ([[-1, -1]], {}, "holds no vote"),
        ([[0, 1]], {"kind": "x"}, "kind must be one of 'overlap', .*; got 'x'"),
        ([[0, 1]], {"lf_names": ["a"]}, "must name each of the 2 LFs; got 1"),
    ],
)
def test_pairs_that_cannot_be_counted(votes, options, message):
    with pytest.raises(ValueError, match=message):
        OverlapDisplay.from_votes(votes, **options)


def test_an_overlap_display_needs_a_square():
    with pytest.raises(ValueError, match=r"a square of at least one; .*\(2, 3\)"):
        OverlapDisplay(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="name each of the 2 LFs; got 1"):
        OverlapDisplay(np.zeros((2, 2)), lf_names=["a"])


@pytest.mark.parametrize("n_lfs", [1, 2])
def test_one_or_two_lfs_can_be_drawn(n_lfs):
    OverlapDisplay.from_votes([[0] * n_lfs] * 4).figure_.canvas.draw()


# --- PosteriorDisplay ------------------------------------------------------------


def test_the_histogram_counts_right_wrong_and_unlabelled():
    proba = [[0.95, 0.05], [0.9, 0.1], [0.4, 0.6], [0.1, 0.9], [0.5, 0.5]]
    display = PosteriorDisplay.from_predictions(
        ["a", "b", None, "b", None], proba, classes=["a", "b"], bins=10
    )
    counts = {name: c.sum() for name, c in display.counts_.items()}
    assert counts == {"right": 2, "wrong": 1, "no gold label": 2}
    assert sum(patch.get_height() for patch in display.ax_.patches) == 5
    assert display.ax_.get_xlabel() == "probability of class b"
    assert display.ax_.get_ylabel() == "samples"
    legend = [t.get_text() for t in display.ax_.get_legend().get_texts()]
    assert legend == ["right (2)", "wrong (1)", "no gold label (2)"]


def test_more_than_two_classes_show_the_top_probability():
    proba = np.array([[0.6, 0.3, 0.1], [0.2, 0.2, 0.6], [1.0, 0.0, 0.0]])
    display = PosteriorDisplay(proba).plot(bins=4)
    assert display.ax_.get_xlabel() == "probability of the most probable class"
    assert display.bins_[0] == pytest.approx(1 / 3)
    assert display.counts_["no gold label"].tolist() == [0, 2, 0, 1]
    assert display.ax_.get_legend() is None


def test_the_histogram_of_an_estimator_and_of_one_class():
    votes = [[0, 1, 1], [0, 0, -1], [1, 1, 1]]
    model = LabelModel().fit(votes)
    display = PosteriorDisplay.from_estimator(model, votes, [-1, 0, 1])
    np.testing.assert_allclose(display.proba, model.predict_proba(votes))
    assert display.gold.tolist() == [-1, 0, 1]
    PosteriorDisplay.from_estimator(LabelModel().fit([[0], [0]]), [[0], [0]])
    with pytest.raises(NotFittedError):
        PosteriorDisplay.from_estimator(LabelModel(), votes)


@pytest.mark.parametrize(
    ("proba", "options", "message"),
    [
        ([0.5, 0.5], {}, "a row of class probabilities"),
        ([[0.5, 0.6]], {}, "row 0 sums to 1.1"),
        ([[np.nan, 0.6]], {}, "must be finite"),
        ([[0.4, 0.6]], {"classes": [0]}, "2 columns, and there are 1 classes"),
        ([[0.4, 0.6]], {"y": [3]}, "not in classes=.*: 3 .*set them to -1"),
        ([[0.4, 0.6]], {"y": [1, 0]}, "1 rows and y has 2"),
    ],
)
def test_invalid_probabilities_are_refused(proba, options, message):
    with pytest.raises(ValueError, match=message):
        PosteriorDisplay(proba, **options)


def test_calibration_display_of_scikit_learn_works_with_a_label_model():
    data = make_lf_votes(200, 6, coverage=0.8, random_state=0)
    model = LabelModel().fit(data.votes)
    display = CalibrationDisplay.from_estimator(model, data.votes, data.y)
    np.testing.assert_allclose(display.y_prob, model.predict_proba(data.votes)[:, 1])


# --- CostCurveDisplay ------------------------------------------------------------


def _curve():
    return pd.DataFrame(
        {
            "policy": ["uniform"] * 3 + ["adaptive"] * 3,
            "judgements_per_sample": [1, 3, 2] * 2,
            "accuracy": [0.7, 0.8, 0.75, 0.7, 0.9, 0.85],
            "low": [0.65, 0.75, 0.7, 0.65, 0.88, 0.8],
            "high": [0.75, 0.85, 0.8, 0.75, 0.92, 0.9],
        }
    )


def test_cost_curves_have_a_line_and_a_band_per_policy():
    display = CostCurveDisplay.from_frame(_curve())
    assert list(display.lines_) == list(display.bands_) == ["uniform", "adaptive"]
    line = display.lines_["adaptive"]
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata().tolist() == [0.7, 0.85, 0.9]
    assert display.ax_.get_xlabel() == "judgements per sample"
    assert display.ax_.get_ylabel() == "accuracy (share)"
    legend = [t.get_text() for t in display.ax_.get_legend().get_texts()]
    assert legend == ["uniform", "adaptive"]
    styles = {name: (x.get_color(), x.get_linestyle(), x.get_marker())
              for name, x in display.lines_.items()}  # fmt: skip
    assert all(a != b for a, b in zip(*styles.values(), strict=True))


def test_a_cost_curve_may_have_other_columns_and_no_band():
    frame = pd.DataFrame({"euro": [1.0, 2.0], "loss": [0.5, 0.4]})
    display = CostCurveDisplay.from_frame(frame, x="euro", y="loss")
    assert display.bands_ == {}
    assert display.ax_.get_xlabel() == "euro"
    assert display.ax_.get_legend() is None


def test_cost_curves_need_their_columns_and_lines():
    with pytest.raises(ValueError, match=r"needs the column.*'accuracy'"):
        CostCurveDisplay(_curve().drop(columns="accuracy"))
    with pytest.raises(ValueError, match="the frame is empty"):
        CostCurveDisplay(_curve().iloc[:0])
    with pytest.raises(TypeError, match="the result of simulate_cost_curve; got Data"):
        CostCurveDisplay.from_simulation(_curve())


def test_a_simulation_can_be_drawn():
    crowd = _crowd(n_samples=40)
    curve = simulate_cost_curve(crowd, n_repeats=2, step=0.3, random_state=0)
    display = CostCurveDisplay.from_simulation(curve)
    for name in curve.policies:
        part = curve.frame[curve.frame["policy"] == name]
        np.testing.assert_allclose(display.lines_[name].get_ydata(), part["accuracy"])
    assert "mean of 2 repeats" in display.ax_.get_title()
    table = CostCurveDisplay.from_frame(curve)
    assert list(table.lines_) == curve.policies


def test_a_cost_curve_is_drawn_on_the_axes_given(figure):
    ax = figure.subplots()
    display = CostCurveDisplay.from_frame(_curve(), ax=ax, linewidth=3)
    assert display.ax_ is ax
    assert display.lines_["uniform"].get_linewidth() == 3
    with pytest.raises(TypeError, match="positional argument"):
        display.plot(ax)


# --- all -------------------------------------------------------------------------

DISPLAYS = {
    "WorkerFunnelDisplay": lambda: WorkerFunnelDisplay([1, 2], [0.5, 0.6]),
    "LFConfusionDisplay": lambda: LFConfusionDisplay(np.eye(2)[None], classes=[0, 1]),
    "OverlapDisplay": lambda: OverlapDisplay(np.zeros((2, 2))),
    "PosteriorDisplay": lambda: PosteriorDisplay([[0.5, 0.5]]),
    "CostCurveDisplay": lambda: CostCurveDisplay(_curve()),
}


@pytest.mark.parametrize("name", DISPLAYS)
def test_plot_draws_on_the_axes_given_and_returns_the_display(name, figure):
    ax = figure.subplots()
    display = DISPLAYS[name]()
    assert display.plot(ax=ax) is display
    assert display.ax_ is ax
    assert display.figure_ is figure
    figure.canvas.draw()
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", sorted(set(DISPLAYS) & set(inspection.__all__)))
def test_axes_are_passed_by_name(name):
    cls = type(DISPLAYS[name]())
    methods = [m for m in vars(cls) if m == "plot" or m.startswith("from_")]
    assert len(methods) > 1
    for method in methods:
        ax = inspect.signature(getattr(cls, method)).parameters["ax"]
        assert ax.kind is ax.KEYWORD_ONLY, method
        assert ax.default is None


@pytest.mark.parametrize("name", DISPLAYS)
def test_without_matplotlib_the_extra_is_named(name, monkeypatch):
    display = DISPLAYS[name]()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=rf'{name}.plot .*"sklabel\[plot\]"'):
        display.plot()


def test_named_columns_of_probabilities_are_classes_in_any_order():
    proba = pd.DataFrame({"yes": [0.9, 0.2], "no": [0.1, 0.8]})
    display = PosteriorDisplay(proba, y=["yes", "no"], classes=["no", "yes"])
    assert display.proba.tolist() == [[0.1, 0.9], [0.8, 0.2]]
    assert display.is_right().tolist() == [True, True]
    display = PosteriorDisplay(proba, y=["yes", "no"])
    assert display.classes.tolist() == ["yes", "no"]
    assert display.is_right().tolist() == [True, True]
