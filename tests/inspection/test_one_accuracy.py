"""A fitted model has one accuracy per LF, and all tables and plots state it."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import sklabel.label_model as label_models
from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection import (
    LFConfusionDisplay,
    WorkerFunnelDisplay,
    lf_summary,
    panel_report,
    worker_report,
)
from sklabel.inspection._crowd import crowd_to_cast
from sklabel.inspection._vote_quality import _gold_votes
from sklabel.inspection._workers import _votes_by_worker
from sklabel.label_model import DawidSkene, MajorityVote
from sklabel.report import _sections, labeling_report
from sklabel.votes import votes_to_sparse

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


@pytest.mark.filterwarnings("ignore:.* as copies do:UserWarning")
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


ALL_MODELS = sorted(set(label_models.__all__) - {"BaseLabelModel"})
NAMES = np.array(["blue", "green", "red"])


def _fit(model, votes, y=None):
    with warnings.catch_warnings():
        # How a model got its accuracies does not matter here.
        warnings.simplefilter("ignore")
        return model.fit(votes, y)


def _forms(form):
    """Return a crowd, its votes in some form, and their codes."""
    crowd, votes, _ = _crowd()
    codes = votes.to_numpy().astype(int)
    if form == "array":
        votes = codes
    elif form == "sparse":
        votes = votes_to_sparse(codes)
    elif form == "named":
        votes = votes.apply(lambda c: pd.Series(NAMES[c], c.index).where(c >= 0))
        judgements = crowd.to_frame()
        judgements["label"] = NAMES[judgements["label"]]
        crowd = CrowdLabels.from_frame(judgements)
    return crowd, votes, codes


def _expected(model, votes, codes):
    """Return what a model learned, or what its soft labels of all votes say."""
    if hasattr(model, "lf_accuracy_"):
        return model.lf_accuracy_
    right = np.take_along_axis(model.predict_proba(votes), np.maximum(codes, 0), 1)
    return (right * (codes >= 0)).sum(axis=0) / (codes >= 0).sum(axis=0)


@pytest.mark.parametrize("form", ["frame", "array", "sparse", "named"])
@pytest.mark.parametrize("name", ALL_MODELS)
def test_all_models_have_one_accuracy_whatever_the_form_of_the_votes(
    name, form, monkeypatch
):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(_sections, "draw_svg", lambda *_, **__: "<svg></svg>")
    crowd, votes, codes = _forms(form)
    classes = NAMES if form == "named" else [0, 1, 2]
    fitted = _fit(getattr(label_models, name)(classes=classes), votes)
    expected = _expected(fitted, votes, codes)
    assert np.ptp(expected) > 0.05
    assert_allclose(lf_summary(votes, label_model=fitted)["accuracy"], expected)
    workers = worker_report(crowd, label_model=fitted).loc[crowd.worker_ids]
    assert_allclose(workers["accuracy"], expected)
    funnel = WorkerFunnelDisplay(workers["n_judgements"], workers["accuracy"])
    assert_allclose(funnel.accuracy, expected)
    pages = labeling_report(votes, label_model=fitted, budget=2).tables
    assert_allclose(pages["lfs"]["accuracy"], expected)
    pages = labeling_report(crowd, label_model=fitted, budget=2).tables
    assert_allclose(pages["workers"]["accuracy"][crowd.worker_ids], expected)


@pytest.mark.parametrize("n_gold", [0, 40])
@pytest.mark.parametrize("name", ALL_MODELS)
def test_a_worker_of_several_columns_has_the_mean_of_their_votes(name, n_gold):
    crowd, votes, y = _crowd()
    y = _gold(pd.Series(y).loc[crowd.sample_ids].to_numpy(), n_gold)
    unipolar = WorkerLFTransformer(crowd, unipolar=True).set_output(transform="pandas")
    columns = unipolar.fit_transform(crowd.sample_ids.to_frame())
    fitted = _fit(getattr(label_models, name)(classes=[0, 1, 2]), columns, y)
    summary = lf_summary(columns, label_model=fitted)
    if hasattr(fitted, "lf_accuracy_"):
        voted = summary["n_votes"] > 0
        assert_allclose(summary["accuracy"][voted], fitted.lf_accuracy_[voted])
    owner = summary.index.str.rsplit("_", n=1).str[0]
    right = (summary["accuracy"] * summary["n_votes"]).groupby(owner).sum()
    expected = (right / summary["n_votes"].groupby(owner).sum())[votes.columns]
    workers = worker_report(crowd, label_model=fitted)
    assert_allclose(workers["accuracy"][crowd.worker_ids], expected)


@pytest.mark.parametrize(
    "model",
    [
        LabelModel(groups=["a", "a", "b", "b", "c", "d", "e", "f", "g"]),
        DawidSkene(table_groups=["a", "a", "b", "b", "c", "d", "e", "f", "g"]),
    ],
)
def test_groups_of_lfs_change_the_accuracy_everywhere(model):
    crowd, votes, _ = _crowd()
    fitted = _fit(model, votes)
    alone = _fit(type(model)(), votes)
    assert np.abs(fitted.lf_accuracy_ - alone.lf_accuracy_).max() > 0.001
    summary = lf_summary(votes, label_model=fitted)
    assert_allclose(summary["accuracy"], fitted.lf_accuracy_)
    workers = worker_report(crowd, label_model=fitted)
    assert_allclose(workers["accuracy"][crowd.worker_ids], fitted.lf_accuracy_)


@pytest.mark.parametrize("groups", [None, ["a", "a", "b", "b", *"cdefg"]])
def test_a_panel_without_gold_has_the_accuracy_of_its_label_model(groups):
    _, votes, _ = _crowd()
    fitted = _fit(LabelModel(groups=groups), votes)
    panel = panel_report(votes, groups=groups)
    assert panel.judged_by == "LabelModel"
    assert_allclose(panel.lfs["judged_accuracy"], fitted.lf_accuracy_)


def test_what_gold_says_of_a_panel_has_a_name_of_its_own():
    _, votes, y = _crowd()
    panel, summary = panel_report(votes, y), lf_summary(votes, y)
    assert_allclose(panel.lfs["judged_accuracy"], summary["Emp. Acc."])
    assert "accuracy" not in panel.lfs
