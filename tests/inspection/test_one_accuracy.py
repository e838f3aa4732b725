"""A fitted model has one accuracy per LF, and all tables and plots state it."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection import (
    LFConfusionDisplay,
    WorkerFunnelDisplay,
    lf_summary,
    worker_report,
)
from sklabel.inspection._crowd import crowd_to_cast
from sklabel.inspection._vote_quality import _gold_votes
from sklabel.inspection._workers import _votes_by_worker
from sklabel.label_model import DawidSkene, MajorityVote
from sklabel.report import _sections, labeling_report

MODELS = [LabelModel, DawidSkene]


def _crowd(n_samples=150):
    data = make_crowd_labels(n_samples, 9, 3, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    workers = WorkerLFTransformer(crowd).set_output(transform="pandas")
    return crowd, workers.fit_transform(crowd.sample_ids.to_frame()), data.y


def _gold(y, n_gold):
    return np.where(np.arange(len(y)) < n_gold, y, -1)


@pytest.mark.parametrize("n_gold", [0, 40])
@pytest.mark.parametrize("model", MODELS)
def test_every_place_states_the_accuracy_of_the_model(model, n_gold, monkeypatch):
    plt = pytest.importorskip("matplotlib.pyplot")
    crowd, votes, y = _crowd()
    y = pd.Series(y).loc[crowd.sample_ids].to_numpy()
    fitted = model(classes=crowd.classes).fit(votes, _gold(y, n_gold))
    expected = pd.Series(fitted.lf_accuracy_, crowd.worker_ids)
    summary = lf_summary(votes, label_model=fitted)
    assert_allclose(summary["accuracy"], expected)
    workers = worker_report(crowd, label_model=fitted)
    assert_allclose(workers["accuracy"], expected[workers.index])
    funnel = WorkerFunnelDisplay.from_report(workers)
    assert_allclose(funnel.accuracy, expected[workers.index])
    tables = LFConfusionDisplay.from_estimator(fitted, n_lfs=9)
    assert_allclose(np.sort(tables.lf_accuracy), np.sort(expected))
    shown = []

    def keep(*args, lf_accuracy, **kwargs):
        shown.append(lf_accuracy)
        return LFConfusionDisplay(*args, lf_accuracy=lf_accuracy, **kwargs)

    monkeypatch.setattr(_sections, "LFConfusionDisplay", keep)
    report = labeling_report(votes, label_model=fitted, crowd_labels=crowd)
    page = report.tables["workers"]
    assert_allclose(page["accuracy"], expected[page.index])
    assert_allclose(report.tables["lfs"]["accuracy"], expected)
    plt.close("all")
    assert_allclose(shown[0], np.sort(expected)[:6])
    assert_allclose(summary["accuracy_low"], page["accuracy_low"][crowd.worker_ids])
    assert_allclose(summary["accuracy_high"], page["accuracy_high"][crowd.worker_ids])


@pytest.mark.parametrize("model", MODELS)
def test_it_is_what_the_fit_learned_for_other_votes_too(model):
    _, votes, _ = _crowd()
    fitted = model().fit(votes)
    part = lf_summary(votes.iloc[:50], label_model=fitted)
    assert_allclose(part["accuracy"], fitted.lf_accuracy_)
    none = votes.iloc[:50].assign(worker_3=-1)
    assert np.isnan(lf_summary(none, label_model=fitted)["accuracy"].iloc[3])


def test_without_a_learned_accuracy_the_soft_labels_decide():
    _, votes, _ = _crowd()
    fitted = MajorityVote().fit(votes)
    proba, matrix = fitted.predict_proba(votes), votes.to_numpy()
    rows = np.flatnonzero(matrix[:, 2] >= 0)
    expected = proba[rows, matrix[rows, 2].astype(int)].mean()
    summary = lf_summary(votes, label_model=fitted)
    assert summary["accuracy"].iloc[2] == pytest.approx(expected)


@pytest.mark.parametrize("model", MODELS)
def test_gold_labels_correct_an_accuracy_that_the_votes_believe(model):
    # Two LFs copy the first, which is hardly better than a guess.
    accuracy = [0.55, 0.55, 0.55, 0.85, 0.85]
    data = make_lf_votes(1000, 5, coverage=0.9, accuracy=accuracy, random_state=0)
    rng = np.random.default_rng(0)
    for j in (1, 2):
        copied = rng.random(1000) < 0.9
        data.votes[copied, j] = data.votes[copied, 0]
    real = [(v[v >= 0] == data.y[v >= 0]).mean() for v in data.votes.T]
    by_votes = lf_summary(data.votes, label_model=model().fit(data.votes))
    assert (by_votes["accuracy"].iloc[:3] > 0.75).all()
    fitted = model().fit(data.votes, _gold(data.y, 200))
    by_gold = lf_summary(data.votes, label_model=fitted)
    assert_allclose(by_gold["accuracy"], fitted.lf_accuracy_)
    assert np.abs(by_gold["accuracy"] - real).max() < 0.1
    assert (by_gold["accuracy_low"] <= real).all()
    assert (by_gold["accuracy_high"] >= real).all()


@pytest.mark.parametrize("model", [LabelModel(lf_kind="worker"), DawidSkene()])
def test_gold_votes_of_a_worker_with_several_columns_count_once(model):
    crowd, votes, y = _crowd()
    y = pd.Series(y).loc[crowd.sample_ids].to_numpy()
    unipolar = WorkerLFTransformer(crowd, unipolar=True).set_output(transform="pandas")
    columns = unipolar.fit_transform(crowd.sample_ids.to_frame())
    if isinstance(model, DawidSkene):
        model.set_params(table_groups=[name.rsplit("_", 1)[0] for name in columns])
    model.set_params(classes=crowd.classes).fit(columns, _gold(y, 60))
    cast = crowd_to_cast(crowd)
    of_workers = _votes_by_worker(crowd, cast, model)
    judged = votes.to_numpy()[:60] >= 0
    right = votes.to_numpy()[:60] == y[:60, None]
    expected = np.column_stack([right.sum(axis=0), judged.sum(axis=0)])
    assert_allclose(_gold_votes(of_workers), expected)
