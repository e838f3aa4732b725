"""What the report says with gold labels: tables, a figure, and its own calibration."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sklearn.metrics import confusion_matrix, precision_score, recall_score

from sklabel import CrowdLabels, LabelModel
from sklabel.datasets import make_lf_votes
from sklabel.label_model import DawidSkene, MajorityVote
from sklabel.report import _gold, labeling_report
from sklabel.report._calibration import two_sided

Figure = pytest.importorskip("matplotlib.figure").Figure
pytestmark = pytest.mark.usefixtures("without_plots")


def _labelled(n_samples=240, n_classes=3, seed=0, every=2):
    """Return votes, and gold labels of some samples."""
    data = make_lf_votes(
        n_samples, 6, n_classes, coverage=0.6, accuracy=0.7, random_state=seed
    )
    y = np.where(np.arange(n_samples) % every == 0, data.y, -1)
    return data.votes, y


def test_tables_of_gold_are_those_of_scikit_learn():
    votes, y = _labelled()
    report = labeling_report(votes, y)
    label = LabelModel().fit(votes).predict(votes)
    known = y >= 0
    expected = confusion_matrix(y[known], label[known], labels=[0, 1, 2])
    confusion, classes = report.tables["confusion"], report.tables["classes"]
    np.testing.assert_array_equal(confusion, expected)
    assert (confusion.index.name, confusion.columns.name) == ("gold", "label")
    recall = recall_score(y[known], label[known], average=None)
    precision = precision_score(y[known], label[known], average=None)
    np.testing.assert_allclose(classes["recall"], recall)
    np.testing.assert_allclose(classes["precision"], precision)
    assert classes["n_gold"].sum() == known.sum()
    for share in ("recall", "precision"):
        assert (classes[f"{share}_low"] <= classes[share]).all()
        assert (classes[f"{share}_high"] >= classes[share]).all()
    assert ">Labels against gold</h3>" in report.html
    assert "Recall and precision of the classes" in report.html


def test_without_gold_there_is_no_such_section():
    report = labeling_report(_labelled()[0])
    assert not {"confusion", "classes"} & set(report.tables)
    assert 'id="gold"' not in report.html


def test_classes_of_few_gold_samples_or_none_are_named():
    votes = np.repeat([[0, 0, 0], [1, 1, 1], [2, 2, 2]], [30, 30, 20], axis=0)
    y = np.repeat([0, 1, -1], [12, 4, 64])
    report = labeling_report(votes, y, class_names=["apple", "pear", "plum"])
    assert "recall is only a hint: pear." in report.html
    assert "No gold sample: plum." in report.html
    row = report.tables["classes"].loc["plum"]
    assert row[["recall", "recall_low", "recall_high"]].isna().all()


@pytest.mark.parametrize("n_classes", [2, 6, 30])
def test_a_matrix_of_many_classes_is_cut_and_says_so(n_classes):
    votes = np.arange(n_classes).repeat(4)[:, None] * np.ones(3, dtype=int)
    y = votes[:, 0].copy()
    y[0] = 1
    names = [f"a long name of class number {c}" for c in range(n_classes)]
    html = labeling_report(votes, y, class_names=names).html
    cut = "The 25 classes with most errors are drawn" in html
    assert cut == (n_classes == 30)


@pytest.mark.parametrize("n_classes", [2, 8])
def test_the_matrix_shows_counts_and_long_names_stand_at_the_rows(
    n_classes, monkeypatch
):
    figures = []

    def keep(draw, **_):
        figures.append(Figure(figsize=(9, 4)))
        draw(figures[-1])
        return "<svg></svg>"

    monkeypatch.setattr(_gold, "draw_svg", keep)
    names = pd.Index([f"a class of number {c}" for c in range(n_classes)])
    counts = np.diag(np.arange(n_classes) + 1000)
    counts[0, 1] = 7
    _gold._matrix(pd.DataFrame(counts, names, names))
    (ax,) = figures[0].axes
    shown = np.reshape([text.get_text() for text in ax.texts], counts.shape)
    assert shown[0, 1] == "7"
    assert shown[1, 1] == "1,001"
    assert shown[1, 0] == ("0" if n_classes == 2 else "")
    heads = [text.get_text() for text in ax.get_xticklabels()]
    rows = [text.get_text() for text in ax.get_yticklabels()]
    if n_classes == 2:
        assert heads == rows == list(names)
    else:
        assert heads == [str(c + 1) for c in range(n_classes)]
        assert rows[2] == f"{names[2]}  3"


# --- calibration -----------------------------------------------------------------


def test_the_tails_of_equal_probabilities_are_binomial():
    for right in (0, 3, 8, 10):
        expected = 2 * min(binom.cdf(right, 10, 0.8), binom.sf(right - 1, 10, 0.8))
        assert two_sided(np.full(10, 0.8), right) == pytest.approx(min(expected, 1))


def test_many_samples_are_taken_as_normal():
    rng = np.random.default_rng(0)
    proba = rng.uniform(0.5, 1, 2000)
    for right in (1400, 1460, 1500, 1540):
        exact = two_sided(proba, right)
        normal = two_sided(np.append(proba, 1.0), right + 1)
        assert normal == pytest.approx(exact, abs=0.01)
    assert two_sided(np.ones(3000), 3000) == 1
    assert two_sided(np.ones(3000), 2900) == 0


def test_chance_makes_no_alarm():
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(1000):
        proba = rng.uniform(0.5, 1, rng.integers(5, 80))
        alarms += two_sided(proba, int((rng.random(len(proba)) < proba).sum())) < 0.01
    # At most 1 %, up to four standard errors of it.
    assert alarms <= 10 + 4 * np.sqrt(10)


class _Stated(MajorityVote):
    """States a given probability of the majority's class."""

    sure = 0.8

    def _posterior(self, votes):
        top = super()._posterior(votes).argmax(axis=1)
        proba = np.full((len(top), 2), 1 - self.sure)
        proba[np.arange(len(top)), top] = self.sure
        return proba


def _about_calibration(sure, right, n=100):
    """Return what a page says if `right` labels of `n` are right."""
    votes = np.repeat([[0] * 3, [1] * 3], n // 2, axis=0)
    y = votes[:, 0].copy()
    wrong = np.linspace(0, n - 1, n - right).astype(int)
    y[wrong] = 1 - y[wrong]
    model = _Stated().fit(votes)
    model.sure = sure
    found = labeling_report(votes, y, label_model=model).findings
    return [f for f in found if "sure of its labels" in f.title]


@pytest.mark.parametrize(
    ("sure", "right", "level", "title"),
    [
        (0.99, 80, "warning", "The model is too sure of its labels"),
        (0.95, 80, "warning", "The model is too sure of its labels"),
        (0.76, 95, "warning", "The model is less sure of its labels than it could be"),
        (0.90, 98, "note", "The model is less sure of its labels than it could be"),
    ],
)
def test_probabilities_that_gold_contradicts_are_found(sure, right, level, title):
    (found,) = _about_calibration(sure, right)
    assert (found.level, found.title) == (level, title)
    assert f"expects {sure:.1%} right labels on the 100 gold samples" in found.detail
    assert f"gold says {right:.1f}%" in found.detail
    assert "LabelModel().fit(votes, y)" in found.detail


@pytest.mark.parametrize(("sure", "right"), [(0.8, 80), (0.8, 74), (0.9, 94)])
def test_probabilities_that_chance_explains_are_not(sure, right):
    assert _about_calibration(sure, right) == []


def test_a_small_difference_is_no_finding_however_sure():
    assert _about_calibration(0.99, 9800, n=10_000) == []
    assert len(_about_calibration(0.99, 9600, n=10_000)) == 1


def test_gold_labels_in_the_fit_mend_what_is_found():
    data = make_lf_votes(900, 12, coverage=0.5, accuracy=0.7, random_state=0)
    half = np.arange(900) % 2 == 0
    y = np.where(half, data.y, -1)
    held_out = np.where(half, -1, data.y)

    def findings(model):
        found = labeling_report(data.votes, held_out, label_model=model).findings
        return [f for f in found if "sure of its labels" in f.title]

    (found,) = findings(LabelModel().fit(data.votes))
    assert "Pass the gold labels as y to fit" in found.detail
    assert findings(LabelModel().fit(data.votes, y)) == []


def test_the_advice_knows_what_the_model_is():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    one = np.where(rng.random(300) < 0.7, truth, 1 - truth)
    copies = np.repeat(one[:, None], 6, axis=1)
    model = DawidSkene().fit(copies)
    found = labeling_report(copies, truth, label_model=model).findings
    (found,) = [f for f in found if "too sure" in f.title]
    assert found.detail.endswith("corrects the soft labels by gold.")
    few = np.where(np.arange(300) < 4, truth, -1)
    model = DawidSkene().fit(copies, few)
    found = labeling_report(copies, truth, label_model=model).findings
    (found,) = [f for f in found if "too sure" in f.title]
    assert "took part in the fit already" in found.detail


# --- names -----------------------------------------------------------------------


@pytest.mark.parametrize("names", [{0: "bad", 1: "good"}, ["bad", "good"]])
def test_names_of_classes_stand_everywhere(names):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(60), 5),
            "worker": np.tile(list("abcde"), 60),
            "label": rng.integers(0, 2, 300),
        }
    )
    frame.loc[frame["worker"] == "a", "label"] = 1
    crowd = CrowdLabels.from_frame(frame)
    y = rng.integers(0, 2, 60)
    report = labeling_report(crowd, y, class_names=names, random_state=0)
    tables = report.tables
    both = {"bad", "good"}
    assert set(tables["workers"]["favourite_class"]) <= both
    assert tables["workers"].loc["a", "flag"].count("always gives 'good'") == 1
    for key in ("disputed", "relabel", "against gold"):
        assert set(tables[key]["top_class"]) <= both
    assert set(tables["disputed"]["gold"]) == both
    assert tables["disputed"]["votes"].str.contains("good|bad").all()
    assert tables["classes"].index.tolist() == ["bad", "good"]
    assert tables["confusion"].columns.tolist() == ["bad", "good"]
    votes = crowd.to_wide()
    report = labeling_report(votes, y, class_names=names, random_state=0)
    assert report.tables["lfs"].loc["a", "Polarity"] == ["good"]
    plain = labeling_report(votes, y, random_state=0)
    assert plain.tables["lfs"].loc["a", "Polarity"] == [1]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({7: "x"}, r"class_names names 7, and the classes are 0, 1"),
        (["x"], r"must name each of the 2 classes 0, 1 in this order; got 'x'"),
        ("ab", r"must name each of the 2 classes"),
        (["x", "x"], r"class_names must differ"),
    ],
)
def test_names_that_do_not_fit_are_refused(names, message):
    with pytest.raises(ValueError, match=message):
        labeling_report([[0, 1], [1, 1]], class_names=names)
