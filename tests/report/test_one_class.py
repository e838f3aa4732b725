"""Labeling functions that vote for one class have a figure that says something."""

# SPDX-License-Identifier: BSD-3-Clause

import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import LFConfusionDisplay
from sklabel.report import _one_class, _sections, labeling_report
from sklabel.report._data import gather
from sklabel.report._one_class import one_class_lfs

Figure = pytest.importorskip("matplotlib.figure").Figure

HEADING = "Where those that vote for one class are right"


def _rules(n_samples=300, n_classes=3, seed=0):
    """Return votes of a rule for each class, and of two functions for all."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n_samples)
    columns = {}
    for c in range(n_classes):
        fires = rng.random(n_samples) < np.where(y == c, 0.6, 0.1)
        columns[f"rule_{c}"] = np.where(fires, c, -1)
    for name in ("one", "two"):
        wrong = rng.integers(0, n_classes, n_samples)
        columns[name] = np.where(rng.random(n_samples) < 0.7, y, wrong)
    return pd.DataFrame(columns), y


def _drawn(monkeypatch, module):
    """Keep the figures that a module draws, by the name of the picture."""
    drawn = {}

    def keep(draw, *, name, **_):
        figure = Figure(figsize=(8, 4))
        draw(figure)
        drawn[name] = figure
        return "<svg></svg>"

    monkeypatch.setattr(module, "draw_svg", keep)
    return drawn


def test_those_that_vote_for_one_class_are_told_from_others():
    votes, _ = _rules()
    given = dict.fromkeys(
        ["label_model", "crowd_labels", "texts", "sample_ids", "classes"]
    )
    assert_array_equal(one_class_lfs(gather(votes, None, **given)), [0, 1, 2, -1, -1])
    crowd = CrowdLabels.from_frame(
        pd.DataFrame({"sample": [0, 1, 0], "worker": list("aab"), "label": [0, 0, 1]})
    )
    data = gather(crowd, None, **given)
    assert_array_equal(one_class_lfs(data), [-1, -1]), "few judgements may be alike"


def test_bars_are_the_accuracy_that_all_tables_state(monkeypatch):
    votes, y = _rules()
    drawn = _drawn(monkeypatch, _one_class)
    model = LabelModel().fit(votes)
    report = labeling_report(votes, y, label_model=model)
    (ax,) = drawn["oneclass"].axes
    right, second, rest = ax.containers
    order = np.argsort(model.lf_accuracy_[:3], kind="stable")
    assert_allclose([bar.get_width() for bar in right], model.lf_accuracy_[order])
    assert_allclose(report.tables["lfs"]["accuracy"], model.lf_accuracy_, rtol=1e-12)
    total = sum(
        np.array([bar.get_width() for bar in part]) for part in (right, second, rest)
    )
    assert_allclose(total, 1)
    notes = [text.get_text() for text in ax.texts]
    for j in order:
        fired = votes.iloc[:, j].to_numpy() == j
        gold = f"gold: {int((y[fired] == j).sum())} of {int(fired.sum())}"
        assert any(note.endswith(gold) for note in notes)


def test_panels_leave_them_out_and_say_so(monkeypatch):
    votes, _ = _rules()
    drawn = _drawn(monkeypatch, _sections)
    html = labeling_report(votes).html
    shown = [ax.get_title().split("\n")[0] for ax in drawn["confusion"].axes]
    assert sorted(shown) == ["one", "two"]
    assert HEADING in html
    assert "Those that vote for one class are in the figure above." in html
    html = labeling_report(votes[["one", "two"]]).html
    assert HEADING not in html
    assert "in the figure above" not in html
    only = labeling_report(votes[["rule_0", "rule_1", "rule_2"]]).html
    assert "least accurate labeling functions vote" not in only


def test_words_are_those_of_what_is_there():
    crowd = CrowdLabels.from_frame(
        make_crowd_labels(60, 8, random_state=0).crowd_labels
    )
    page = labeling_report(crowd)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", page.html, flags=re.S)
    for word in (r"\brules?\b", "labeling function", r"\bLFs?\b", "thresholds"):
        assert not re.search(word, text), word
    assert "least accurate workers vote" in text
    votes, _ = _rules()
    text = labeling_report(votes).html
    assert "least accurate labeling functions vote" in text
    assert not re.search(r"(?<!not )\bworkers?\b", re.sub(r"are not workers", "", text))
    columns = WorkerLFTransformer(crowd).set_output(transform="pandas")
    wide = columns.fit_transform(crowd.sample_ids.to_frame())
    both = labeling_report(wide.assign(rule=0), crowd_labels=crowd).html
    assert "labeling functions that are workers" in both


def test_panels_are_the_votes_as_the_soft_labels_see_them(monkeypatch):
    # Eight votes per class shrink `confusion_` so much that the worst look passable.
    data = make_crowd_labels(
        300, 20, 8, worker_types={"reliable": 0.9, "adversarial": 0.1}, random_state=0
    )
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    votes = crowd.to_wide()
    votes.columns = [f"voter {name}" for name in votes]
    model = LabelModel().fit(votes)
    shown = []

    def keep(confusion, *, lf_names, **options):
        shown.append((confusion, lf_names))
        return LFConfusionDisplay(confusion, lf_names=lf_names, **options)

    monkeypatch.setattr(_sections, "LFConfusionDisplay", keep)
    labeling_report(votes, label_model=model)
    ((tables, names),) = shown
    proba, worst = model.predict_proba(votes), np.argsort(model.lf_accuracy_)[:4]
    assert names == [votes.columns[j] for j in worst]
    for table, j in zip(tables, worst, strict=True):
        vote = pd.to_numeric(votes.iloc[:, j]).fillna(-1).to_numpy()
        expected = [
            [proba[vote == v, c].sum() / proba[vote >= 0, c].sum() for v in range(8)]
            for c in range(8)
        ]
        assert_allclose(table, expected)
        share = proba[vote >= 0].sum(axis=0) / (vote >= 0).sum()
        assert abs(share @ np.diag(table) - model.lf_accuracy_[j]) < 0.06
