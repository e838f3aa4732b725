"""Findings group flags by their kind, warnings by category, and are made once."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection import _lf_summary, _workers
from sklabel.inspection._flags import KINDS, Flag
from sklabel.report import _findings, labeling_report
from sklabel.report._data import gather
from sklabel.report._findings import findings
from sklabel.report._tables import build_tables

pytest.importorskip("matplotlib")
pytestmark = pytest.mark.usefixtures("without_plots")


def _crowd():
    data = make_crowd_labels(
        300, 12, worker_types={"reliable": 0.7, "adversarial": 0.3}, random_state=1
    )
    return CrowdLabels.from_frame(data.crowd_labels)


def _gathered(votes, **options):
    given = dict.fromkeys(
        ["label_model", "crowd_labels", "texts", "sample_ids", "classes"]
    )
    data = gather(votes, None, **{**given, **options})
    return data, build_tables(data, budget=5, random_state=0)


def test_flags_are_grouped_by_kind_whatever_their_text_says():
    data, tables = _gathered(_crowd())
    expected = findings(data, tables)
    assert expected[0].level == "severe"
    tables.worker_flags = [
        [replace(flag, detail="few; never; repeats") for flag in of_worker]
        for of_worker in tables.worker_flags
    ]
    tables.frames["workers"] = tables.frames["workers"].assign(flag="guesses: x; no")
    assert findings(data, tables) == expected


def test_one_worker_and_several_are_counted_in_good_grammar():
    data, tables = _gathered(_crowd())
    names = [str(worker) for worker in tables.frames["workers"].index]
    lonely = Flag("nobody_else", "note", "")
    bad = [Flag("adversarial", "severe", ""), Flag("repeats", "warning", "")]
    tables.worker_flags = [bad, [lonely], [lonely], *[[]] * (len(names) - 3)]
    about_workers = [f for f in findings(data, tables) if "worker" in f.title]
    assert [(f.level, f.title) for f in about_workers] == [
        ("severe", "1 worker does worse than a guess"),
        ("warning", "1 worker repeats another one"),
        ("note", "2 workers judged samples that nobody else judged"),
    ]
    assert about_workers[0].detail.startswith(f"{names[0]}. ")
    assert about_workers[2].detail.startswith(f"{names[1]}, {names[2]}. ")


def test_every_kind_of_flag_has_its_words():
    assert set(_findings._PHRASES) == set(KINDS)


def test_lfs_that_are_workers_are_counted_once():
    crowd = _crowd()
    wide = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = wide.fit_transform(pd.DataFrame({"sample": crowd.sample_ids}))
    votes["never"] = -1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data, tables = _gathered(votes, crowd_labels=crowd)
    titles = [finding.title for finding in findings(data, tables)]
    assert "1 LF never votes" in titles
    assert not any("LF" in t and "guess" in t for t in titles)
    assert any("worse than a guess" in t and "worker" in t for t in titles)


def _count(monkeypatch, module, name):
    """Count the calls of a function of a module."""
    calls, function = [], getattr(module, name)

    def counted(*args, **kwargs):
        calls.append(name)
        return function(*args, **kwargs)

    monkeypatch.setattr(module, name, counted)
    return calls


def test_findings_are_made_once_per_report(monkeypatch):
    # Called in `findings`, whoever imports that.
    calls = _count(monkeypatch, _findings, "_of_agreement")
    report = labeling_report(_crowd())
    assert calls == ["_of_agreement"]
    assert all(finding.title in report.html for finding in report.findings)


@pytest.mark.parametrize("module", [_workers, _lf_summary])
def test_posteriors_and_vote_quality_are_computed_once(monkeypatch, module):
    votes = _crowd()
    if module is _lf_summary:
        votes = make_lf_votes(100, 5, coverage=0.7, random_state=0).votes
    posterior = _count(monkeypatch, module, "posterior_of")
    quality = _count(monkeypatch, module, "describe_votes")
    labeling_report(votes)
    assert posterior == [], "that of the labels is used"
    assert quality == ["describe_votes"]


def test_warnings_of_the_fit_are_known_by_category_and_not_by_text(monkeypatch):
    fit = LabelModel.fit

    def fit_with_warnings(self, *args, **kwargs):
        warnings.warn("the model has not settled", ConvergenceWarning, stacklevel=1)
        warnings.warn("max_iter is small", UserWarning, stacklevel=1)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(LabelModel, "fit", fit_with_warnings)
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (300, 1))
    votes = np.where(rng.random((300, 6)) < 0.96, truth, 1 - truth)
    (found,) = labeling_report(votes).findings
    assert found.title == "LabelModel warned while it was fitted"
    assert found.detail == "max_iter is small"


def test_what_cannot_be_measured_is_explained_and_not_written_as_nan():
    alike = labeling_report([[0, 1]] * 5)
    assert "no interval: bootstrap samples are all alike" in alike.html
    assert ">0.0%<" in alike.html
    assert not any("nan" in finding.detail for finding in alike.findings)
    equal = labeling_report([[0, 0], [0, -1], [0, 0]])
    assert "all judgements that can be paired are 0" in equal.html
    assert "nan to" not in alike.html + equal.html
