"""What goes together row by row is paired by position, and other orders are refused.

Every public function that takes labels, weights or probabilities beside samples.
"""

# SPDX-License-Identifier: BSD-3-Clause

import importlib
import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import FeatureUnion, make_pipeline

import sklabel
from sklabel import (
    EstimatorLF,
    GoldKFold,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    labeling_function,
)
from sklabel.inspection import (
    PosteriorDisplay,
    agreement_report,
    class_shares,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    label_issues,
    lf_summary,
    panel_report,
    percent_agreement,
)
from sklabel.label_model import DawidSkene
from sklabel.model_selection import (
    compare_label_models,
    cross_val_predict_gold,
    soft_log_loss,
)
from sklabel.relabeling import StoppingRule, expected_gain, relabel_plan
from sklabel.report import labeling_report

N_SAMPLES = 60
IDS = pd.Index([f"post-{i:02d}" for i in range(N_SAMPLES)])


@labeling_function
def large(row):
    return int(row["x"] > 0)


@labeling_function
def larger(row):
    return int(row["x"] > 0.3)


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], N_SAMPLES // 2)
    samples = pd.DataFrame({"x": truth - 0.5 + rng.normal(0, 0.4, N_SAMPLES)}, IDS)
    votes = np.where(
        rng.random((N_SAMPLES, 4)) < 0.8, truth[:, None], 1 - truth[:, None]
    )
    votes = pd.DataFrame(votes, IDS, ["a", "b", "c", "d"])
    spam = 0.2 + 0.6 * votes.mean(axis=1)
    proba = pd.DataFrame({0: 1 - spam, 1: spam})
    lfs = LFTransformer([large, larger])
    workflow = WeakSupervisionClassifier(
        lfs, MajorityVote(), LogisticRegression(), n_rounds=0
    )
    return {
        "X": samples,
        "votes": votes,
        "proba": proba,
        "y": pd.Series(truth, IDS),
        "gold": pd.Series(np.where(truth == 1, "1", "0"), IDS).astype(int),
        "weight": pd.Series(1.0 + np.arange(N_SAMPLES), IDS),
        "lfs": lfs,
        "workflow": workflow,
        "fitted_workflow": clone(workflow).fit(samples),
        "model": MajorityVote().fit(votes),
        "classifier": SoftLabelClassifier(LogisticRegression()).fit(samples, truth),
    }


def _pipeline(*steps):
    return make_pipeline(*steps, LabelModel())


# Public function -> the column that goes beside samples -> a call with it. The name
# after the point is that of the function; what follows a blank tells calls apart.
CALLS = {
    "LabelModel.fit y": ("y", lambda d, c: LabelModel().fit(d["votes"], c)),
    "LabelModel.fit soft gold": (
        "proba",
        lambda d, c: LabelModel(classes=[0, 1]).fit(d["votes"], c),
    ),
    "LabelModel.fit sample_weight": (
        "weight",
        lambda d, c: LabelModel().fit(d["votes"], sample_weight=c),
    ),
    "LabelModel.fit y beside sample_weight": (
        "weight",
        lambda d, c: LabelModel().fit(d["votes"].to_numpy(), d["y"], c),
    ),
    "LabelModel.partial_fit y": (
        "y",
        lambda d, c: LabelModel().partial_fit(d["votes"], c),
    ),
    "LabelModel.partial_fit sample_weight": (
        "weight",
        lambda d, c: DawidSkene().partial_fit(d["votes"], sample_weight=c),
    ),
    "LabelModel.score y": ("y", lambda d, c: d["model"].score(d["votes"], c)),
    "LabelModel.score soft gold": (
        "proba",
        lambda d, c: d["model"].score(d["votes"], c),
    ),
    "LabelModel.score sample_weight": (
        "weight",
        lambda d, c: d["model"].score(d["votes"], d["y"], c),
    ),
    "EstimatorLF.fit": (
        "y",
        lambda d, c: EstimatorLF(LogisticRegression()).fit(d["X"], c),
    ),
    "EstimatorLF.fit_transform": (
        "y",
        lambda d, c: EstimatorLF(LogisticRegression()).fit_transform(d["X"], c),
    ),
    "EstimatorLF.fit_transform frozen": (
        "y",
        lambda d, c: _pipeline(
            EstimatorLF(FrozenEstimator(d["classifier"].estimator_))
        ).fit(d["X"], c),
    ),
    "BaseLFTransformer.fit_transform": (
        "y",
        lambda d, c: _pipeline(d["lfs"]).fit(d["X"], c),
    ),
    "LFUnion.fit_transform": (
        "y",
        lambda d, c: _pipeline(LFUnion([("l", d["lfs"])])).fit(d["X"], c),
    ),
    "LFUnion.fit_transform FeatureUnion": (
        "y",
        lambda d, c: _pipeline(FeatureUnion([("l", d["lfs"])])).fit(d["X"], c),
    ),
    "WeakSupervisionClassifier.fit y": (
        "y",
        lambda d, c: clone(d["workflow"]).fit(d["X"], c),
    ),
    "WeakSupervisionClassifier.fit sample_weight": (
        "weight",
        lambda d, c: clone(d["workflow"]).fit(d["X"], None, c),
    ),
    "WeakSupervisionClassifier.score y": (
        "y",
        lambda d, c: d["fitted_workflow"].score(d["X"], c),
    ),
    "WeakSupervisionClassifier.score sample_weight": (
        "weight",
        lambda d, c: d["fitted_workflow"].score(d["X"], d["y"], c),
    ),
    "WeakSupervisionClassifier.label_issues y": (
        "y",
        lambda d, c: d["fitted_workflow"].label_issues(d["X"], c),
    ),
    "WeakSupervisionClassifier.label_issues X": (
        "X",
        lambda d, c: d["fitted_workflow"].label_issues(c),
    ),
    "SoftLabelClassifier.fit y": (
        "y",
        lambda d, c: clone(d["classifier"]).fit(d["X"], c),
    ),
    "SoftLabelClassifier.fit soft": (
        "proba",
        lambda d, c: clone(d["classifier"]).fit(d["X"], c),
    ),
    "SoftLabelClassifier.fit sample_weight": (
        "weight",
        lambda d, c: clone(d["classifier"]).fit(d["X"], d["y"], c),
    ),
    "SoftLabelClassifier.score y": (
        "y",
        lambda d, c: d["classifier"].score(d["X"], c),
    ),
    "SoftLabelClassifier.score soft": (
        "proba",
        lambda d, c: d["classifier"].score(d["X"], c),
    ),
    "SoftLabelClassifier.score sample_weight": (
        "weight",
        lambda d, c: d["classifier"].score(d["X"], d["y"], c),
    ),
    "GoldKFold.split": ("y", lambda d, c: list(GoldKFold(3).split(d["X"], c))),
    "cross_val_predict_gold": (
        "y",
        lambda d, c: cross_val_predict_gold(MajorityVote(), d["votes"], c),
    ),
    "compare_label_models y": (
        "y",
        lambda d, c: compare_label_models(d["votes"], c, models=[MajorityVote()]),
    ),
    "compare_label_models sample_weight": (
        "weight",
        lambda d, c: compare_label_models(
            d["votes"], models=[MajorityVote()], sample_weight=c
        ),
    ),
    "soft_log_loss y": (
        "y",
        lambda d, c: soft_log_loss(d["classifier"], d["X"], c),
    ),
    "soft_log_loss sample_weight": (
        "weight",
        lambda d, c: soft_log_loss(d["classifier"], d["X"], d["y"], c),
    ),
    "lf_summary": ("y", lambda d, c: lf_summary(d["votes"], c)),
    "panel_report y": ("y", lambda d, c: panel_report(d["votes"], c)),
    "panel_report proba": (
        "proba",
        lambda d, c: panel_report(d["votes"], proba=c),
    ),
    "class_shares gold": (
        "y",
        lambda d, c: class_shares(d["proba"].set_axis(IDS), c),
    ),
    "class_shares group": (
        "y",
        lambda d, c: class_shares(d["proba"].to_numpy(), d["y"], group=c),
    ),
    "class_shares sampling_proba": (
        "weight",
        lambda d, c: class_shares(
            d["proba"].to_numpy(), d["y"], sampling_proba=c / 100
        ),
    ),
    "label_issues labels": (
        "y",
        lambda d, c: label_issues(d["proba"].set_axis(IDS), c),
    ),
    "label_issues votes": (
        "votes",
        lambda d, c: label_issues(d["proba"].to_numpy(), d["y"], votes=c),
    ),
    "label_issues X": (
        "X",
        lambda d, c: label_issues(d["proba"].to_numpy(), d["y"], X=c),
    ),
    "PosteriorDisplay": (
        "y",
        lambda d, c: PosteriorDisplay(d["proba"].set_axis(IDS), c),
    ),
    "agreement_report": (
        "weight",
        lambda d, c: agreement_report(d["votes"], sample_weight=c),
    ),
    "cohen_kappa": (
        "weight",
        lambda d, c: cohen_kappa(d["votes"], sample_weight=c),
    ),
    "fleiss_kappa": (
        "weight",
        lambda d, c: fleiss_kappa(d["votes"], sample_weight=c),
    ),
    "gwet_ac1": ("weight", lambda d, c: gwet_ac1(d["votes"], sample_weight=c)),
    "krippendorff_alpha": (
        "weight",
        lambda d, c: krippendorff_alpha(d["votes"], sample_weight=c),
    ),
    "percent_agreement": (
        "weight",
        lambda d, c: percent_agreement(d["votes"], sample_weight=c),
    ),
    "expected_gain": (
        "proba",
        lambda d, c: expected_gain(d["votes"], label_model=d["model"], proba=c),
    ),
    "relabel_plan proba": (
        "proba",
        lambda d, c: relabel_plan(
            d["votes"], label_model=d["model"], budget=5, proba=c
        ),
    ),
    "relabel_plan max_per_sample": (
        "y",
        lambda d, c: relabel_plan(
            d["votes"], label_model=d["model"], budget=5, max_per_sample=c
        ),
    ),
    "StoppingRule.__call__": (
        "y",
        lambda d, c: StoppingRule(0.8)(d["proba"].set_axis(IDS), c),
    ),
}
PLOTS = {
    "PosteriorDisplay.from_estimator": (
        "y",
        lambda d, c: PosteriorDisplay.from_estimator(d["model"], d["votes"], c),
    ),
    "PosteriorDisplay.from_predictions": (
        "y",
        lambda d, c: PosteriorDisplay.from_predictions(c, d["proba"].set_axis(IDS)),
    ),
}


def _column(data, name):
    column = data[name]
    return column.set_axis(IDS) if name == "proba" else column


def _renamed(column, position, name):
    index = column.index.to_list()
    index[position] = name
    return column.set_axis(index)


def _without_first(column):
    return column.set_axis([*column.index[1:], "post-99"])


OTHER_ORDERS = {
    "reversed": lambda column: column[::-1],
    "two rows swapped": lambda column: column.iloc[[1, 0, *range(2, N_SAMPLES)]],
    "reversed, one id of another sample": lambda column: _renamed(
        column[::-1], 7, "post-99"
    ),
    "one row off": _without_first,
}
SAME_ORDER = {
    "same index": lambda column: column,
    "one id of another sample": lambda column: _renamed(column, 7, "post-99"),
    "numbered": lambda column: column.reset_index(drop=True),
    "ids of other samples": lambda column: column.set_axis(IDS[::-1] + "-x"),
    "array": lambda column: column.to_numpy(),
}


@pytest.mark.parametrize("order", OTHER_ORDERS)
@pytest.mark.parametrize("name", CALLS)
def test_rows_in_another_order_are_refused(name, order, data):
    column, call = CALLS[name]
    with pytest.raises(ValueError, match=r"row \d+ is .* Rows go by position"):
        call(data, OTHER_ORDERS[order](_column(data, column)))


@pytest.mark.parametrize("order", SAME_ORDER)
@pytest.mark.parametrize("name", [name for name in CALLS if name[-2:] != " X"])
def test_rows_in_the_same_order_are_read(name, order, data):
    column, call = CALLS[name]
    given = SAME_ORDER[order](_column(data, column))
    if isinstance(given, np.ndarray) and name == "label_issues votes":
        given = pd.DataFrame(given)
    call(data, given)


@pytest.mark.parametrize("name", PLOTS)
def test_plots_refuse_rows_in_another_order(name, data):
    pytest.importorskip("matplotlib")
    column, call = PLOTS[name]
    with pytest.raises(ValueError, match="the same index labels in another order"):
        call(data, data[column][::-1])


def test_the_report_orders_what_has_the_ids_of_the_votes(data):
    pytest.importorskip("matplotlib")
    votes, y, model = data["votes"], data["y"], data["model"]
    expected = labeling_report(votes, y, label_model=model, random_state=0)
    turned = labeling_report(votes, y[::-1], label_model=model, random_state=0)
    assert turned.html == expected.html
    for name in ("y", "texts"):
        given = {name: _renamed(y[::-1], 7, "post-99")}
        with pytest.raises(ValueError, match="hold 59 index labels in different rows"):
            labeling_report(votes, label_model=model, **given)
    given = {"joint_proba": _without_first(data["proba"].set_axis(IDS))}
    with pytest.raises(ValueError, match="hold 59 index labels in different rows"):
        labeling_report(votes, label_model=model, **given)


def test_the_report_goes_by_position_where_votes_have_no_index(data):
    pytest.importorskip("matplotlib")
    votes, model = data["votes"].to_numpy(), data["model"]
    shuffled = np.random.default_rng(0).permutation(N_SAMPLES)
    y = data["y"].set_axis(shuffled)
    turned = MajorityVote().fit(votes)
    expected = labeling_report(votes, y.to_numpy(), label_model=turned, random_state=0)
    found = labeling_report(votes, y, label_model=turned, random_state=0)
    assert found.html == expected.html
    # The tables inside do not compare what they made with an index of the user.
    labeling_report(data["votes"].set_axis(shuffled), y, label_model=model)


def test_the_workflow_knows_the_rows_of_fit_after_a_round_trip(data, tmp_path):
    import joblib

    path = tmp_path / "clf.joblib"
    joblib.dump(data["fitted_workflow"], path)
    loaded = joblib.load(path)
    assert len(loaded.label_issues(data["X"])) > 0
    with pytest.raises(ValueError, match="X of fit and X have the same index labels"):
        loaded.label_issues(data["X"][::-1])


@pytest.mark.parametrize("y_is_frame", [False, True])
def test_splits_of_scikit_learn_keep_rows_together(y_is_frame, data):
    y = data["y"].to_frame("label") if y_is_frame else data["y"]
    X_train, X_test, y_train, y_test = train_test_split(
        data["X"], y.squeeze(), random_state=0
    )
    clf = clone(data["workflow"]).fit(X_train, y_train)
    assert clf.score(X_test, y_test) > 0.5
    search = GridSearchCV(
        SoftLabelClassifier(LogisticRegression()),
        {"estimator__C": [0.1, 1]},
        cv=KFold(3, shuffle=True, random_state=0),
    )
    assert search.fit(data["X"], data["y"]).best_score_ > 0.5


def test_a_column_that_was_numbered_anew_goes_by_position(data):
    # As after y = LabelEncoder().fit_transform(...) on a part of a shuffled frame.
    kept = np.random.default_rng(0).permutation(N_SAMPLES)[:50]
    votes = data["votes"].reset_index(drop=True).iloc[kept]
    y = pd.Series(data["y"].to_numpy()[kept])
    assert LabelModel().fit(votes, y).score(votes, y) > 0.5
    assert LabelModel().fit(votes.reset_index(drop=True), y.set_axis(kept))
    # As after votes.dropna()
    kept = np.delete(np.arange(N_SAMPLES), [3])
    votes = data["votes"].reset_index(drop=True).iloc[kept]
    assert LabelModel().fit(votes, pd.Series(data["y"].to_numpy()[kept]))


def test_numbers_of_rows_in_another_order_are_refused(data):
    votes = data["votes"].reset_index(drop=True)
    y = data["y"].reset_index(drop=True)
    for turned in (y[::-1], _renamed(y[::-1], 7, 999)):
        with pytest.raises(ValueError, match="row 0 is 0 in X and 59 in y"):
            LabelModel().fit(votes, turned)


def test_frames_of_polars_have_no_index(data):
    pl = pytest.importorskip("polars")
    votes = pl.DataFrame(data["votes"].to_dict("list"))
    samples = pl.DataFrame(data["X"].to_dict("list"))
    y = data["y"].set_axis(np.random.default_rng(0).permutation(N_SAMPLES))
    weight = data["weight"].set_axis(y.index)
    model = LabelModel().fit(votes, y, weight)
    assert model.score(votes, y) > 0.5
    assert lf_summary(votes, y)["Emp. Acc."].min() > 0.5
    compare_label_models(votes, y, models=[MajorityVote()], sample_weight=weight)
    workflow = clone(data["workflow"]).fit(samples, y)
    assert workflow.score(samples, y) > 0.5
    assert len(workflow.label_issues(samples, y)) == N_SAMPLES
    fleiss_kappa(votes, sample_weight=weight)


# What takes rows of several things and needs no check, and why.
BY_ID = "gold labels go by sample id"
NOT_PAIRED = {
    "CrowdLabels.soft_labels": BY_ID,
    "WorkerFunnelDisplay.from_crowd_labels": BY_ID,
    "worker_report": BY_ID,
    "simulate_cost_curve": BY_ID,
    "fit": "of Dask: tests/dask/test_fit.py",
    "GoldKFold.get_n_splits": "ignores them",
    "make_llm_answers": "has one of them only",
    "to_argilla": "samples go by id",
    "to_label_studio": "samples go by id",
    "labeling_report": "has tests of its own",
    "CostCurveDisplay": "y is the name of a column",
    "CostCurveDisplay.from_frame": "y is the name of a column",
    "BertEmbedder.fit": "ignores y",
    "TransformerMixin.fit_transform": "of BertEmbedder, which ignores y",
    "Annotations": "made by readers",
    "BatchAnswers": "made by readers",
    "GoldPredictions": "made by cross_val_predict_gold",
    "NamedVotes.from_labels": "has one of them only",
    "expected_error": "has one of them only",
    "posterior_entropy": "has one of them only",
    "polarity_scores": "has one of them only",
    "read_wide": "gold is the name of a column",
    "read_doccano": "labels are names",
}
BESIDE = {"y", "gold", "labels", "proba", "sample_weight", "y_true", "soft_labels"}


def _public_functions():
    for module in (
        *("sklabel", "sklabel.dask", "sklabel.datasets", "sklabel.end_model"),
        *("sklabel.inspection", "sklabel.io", "sklabel.label_model", "sklabel.lf"),
        *("sklabel.model_selection", "sklabel.relabeling", "sklabel.report"),
        *("sklabel.text", "sklabel.votes"),
    ):
        room = importlib.import_module(module)
        for name in room.__all__:
            public = getattr(room, name)
            if not inspect.isclass(public):
                yield name, public
                continue
            yield name, public.__init__
            for key, method in inspect.getmembers(public, callable):
                # Methods of a base of the project are those of that base.
                is_request = key.startswith("set_") and key.endswith("_request")
                if (not key.startswith("_") or key == "__call__") and not is_request:
                    yield getattr(method, "__qualname__", f"{name}.{key}"), method


def test_every_function_with_rows_of_several_things_is_in_this_file():
    tested = {name.split(" ")[0] for name in [*CALLS, *PLOTS]}
    # Where methods of label models are written.
    for base in ("BaseLabelModel", "PartialFitMixin"):
        tested |= {name.replace("LabelModel", base) for name in tested}
    # The other LF transformers make nothing of y in `fit`.
    without_y = {f"{name}.fit" for name in sklabel.lf.__all__}
    missing = {
        name
        for name, function in _public_functions()
        if BESIDE & set(_parameters(function))
        and name not in tested | without_y | set(NOT_PAIRED)
    }
    assert not missing


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # of what is not written in Python
        return ()
