"""A table that compares label models."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss
from sklearn.model_selection import KFold

from sklabel import CrowdLabels, LabelModel, MajorityVote
from sklabel import label_model as family
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.label_model import DawidSkene, OneCoinDawidSkene, WeightedMajorityVote
from sklabel.model_selection import GoldKFold, compare_label_models
from sklabel.model_selection._compare import _default_models

WITHOUT_GOLD = ["n_scored", "confidence", "ties", "agreement", "fit_seconds", "note"]
GOLD = ["log_loss", "gap", "gap_se", "accuracy", "accuracy_se", "balanced_accuracy"]
FAST = [MajorityVote(), WeightedMajorityVote(), DawidSkene()]


@pytest.fixture(scope="module")
def data():
    return make_lf_votes(200, 6, 3, coverage=0.5, accuracy=0.7, random_state=0)


@pytest.fixture(scope="module")
def gold(data):
    """Gold labels of 40 rows."""
    return np.where(np.arange(200) < 40, data.y, -1)


def small_crowd():
    made = make_crowd_labels(60, 8, random_state=1)
    return CrowdLabels.from_frame(made.crowd_labels), made.y


def test_the_figures_are_those_of_scikit_learn(data, gold):
    table = compare_label_models(data.votes, gold, models=FAST)
    voted = (data.votes >= 0).any(axis=1) & (gold >= 0)
    for model in FAST:
        # Fitted without gold labels.
        fitted = type(model)().fit(data.votes)
        proba = fitted.predict_proba(data.votes)[voted]
        predicted = fitted.predict(data.votes)[voted]
        row = table.loc[type(model).__name__]
        assert row["n_scored"] == voted.sum()
        assert_allclose(row["log_loss"], log_loss(gold[voted], proba))
        assert_allclose(row["accuracy"], accuracy_score(gold[voted], predicted))
        assert_allclose(
            row["balanced_accuracy"], balanced_accuracy_score(gold[voted], predicted)
        )
        assert_allclose(row["confidence"], proba.max(axis=1).mean())
    assert table.columns.tolist() == ["n_scored", *GOLD, *WITHOUT_GOLD[1:]]
    assert table.index.name == "model"


def test_the_best_by_log_loss_comes_first(data, gold):
    table = compare_label_models(data.votes, gold, models=FAST)
    assert table["log_loss"].is_monotonic_increasing
    assert table["gap"].iloc[0] == table["gap_se"].iloc[0] == 0
    assert_allclose(table["gap"], table["log_loss"] - table["log_loss"].iloc[0])


def test_the_errors_by_three_loops(data, gold):
    table = compare_label_models(data.votes, gold, models=FAST)
    voted = np.flatnonzero((data.votes >= 0).any(axis=1) & (gold >= 0))
    n = len(voted)
    losses = {}
    for model in FAST:
        proba = type(model)().fit(data.votes).predict_proba(data.votes)
        losses[type(model).__name__] = [-np.log(proba[i, gold[i]]) for i in voted]
    best = losses[table.index[0]]
    for name, loss in losses.items():
        gaps = [one - other for one, other in zip(loss, best, strict=True)]
        expected = np.std(gaps, ddof=1) / np.sqrt(n)
        assert_allclose(table.loc[name, "gap_se"], expected, atol=1e-12)
        share = (table.loc[name, "accuracy"] * n + 1) / (n + 2)
        error = np.sqrt(share * (1 - share) / n)
        assert_allclose(table.loc[name, "accuracy_se"], error)


def test_fifty_gold_rows_have_an_error_of_a_twentieth():
    votes = np.zeros((50, 1), dtype=int)
    y = np.arange(50) % 7 == 0  # 8 of 50 are wrong
    table = compare_label_models(votes, y.astype(int), models=[MajorityVote()])
    assert_allclose(table["accuracy"], 0.84)
    assert_allclose(table["accuracy_se"], 0.053, atol=0.001)


def test_without_gold_labels_models_are_compared_with_each_other(data):
    table = compare_label_models(data.votes, models=FAST)
    assert table.columns.tolist() == WITHOUT_GOLD
    assert table.index.tolist() == [type(model).__name__ for model in FAST]
    voted = (data.votes >= 0).any(axis=1)
    assert (table["n_scored"] == voted.sum()).all()
    labels = [type(m)().fit(data.votes).predict(data.votes)[voted] for m in FAST]
    for i, agreement in enumerate(table["agreement"]):
        same = [np.mean(labels[i] == labels[j]) for j in range(3) if j != i]
        assert_allclose(agreement, np.mean(same))


def test_near_ties_are_counted():
    # Two of four rows are a tie of the votes; the prior breaks them by a little.
    votes = [[0, 1], [1, 0], [0, 0], [0, 0], [1, 1]]
    table = compare_label_models(votes, models=[MajorityVote(class_prior="uniform")])
    assert_allclose(table["ties"], 0.4)


def test_all_models_of_the_family_are_compared_by_default(data):
    names = {type(model).__name__ for model in _default_models(False)}
    assert names == set(family.__all__) - {"BaseLabelModel"}
    table = compare_label_models(data.votes)
    assert set(table.index) == names
    assert (table["note"] == "").all()
    assert (table["fit_seconds"] > 0).all()


def test_the_same_table_comes_out_again(data, gold):
    tables = [compare_label_models(data.votes, gold) for _ in range(2)]
    first, again = (table.drop(columns="fit_seconds") for table in tables)
    assert_frame_equal(first, again, check_exact=True)


def test_the_users_models_are_not_fitted(data):
    model = MajorityVote()
    compare_label_models(data.votes, models=[model])
    assert not hasattr(model, "classes_")
    assert model.classes is None


def test_a_failure_is_a_row_of_its_own(data, gold):
    models = {"bad": DawidSkene(max_iter=0), "good": MajorityVote()}
    table = compare_label_models(data.votes, gold, models=models)
    assert table.index.tolist() == ["good", "bad"]
    assert table.loc["bad", "note"].startswith("failed: InvalidParameterError: The ")
    failed = table.loc["bad"].drop(["n_scored", "note"])
    assert failed.isna().all()
    assert table.loc["good", "note"] == ""
    assert np.isnan(table.loc["good", "agreement"])
    assert table.loc["good", "gap"] == 0


def test_where_all_fail_the_table_says_why(data, gold):
    models = [DawidSkene(max_iter=0), MajorityVote(smoothing=-1)]
    for y in (None, gold):
        table = compare_label_models(data.votes, y, models=models)
        assert table["note"].str.contains("InvalidParameterError").all()
        assert table["confidence"].isna().all()


def test_warnings_of_fits_become_notes(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = compare_label_models(data.votes, models=[DawidSkene(max_iter=1)])
    note = table.loc["DawidSkene", "note"]
    assert note.startswith("ConvergenceWarning: DawidSkene stopped after max_iter=1")
    assert not np.isnan(table.loc["DawidSkene", "confidence"])


def test_what_reading_the_votes_warns_of_is_said_once():
    votes = pd.DataFrame({"a": [0.0, -1, 1], "b": [0.0, np.nan, 1]})
    with pytest.warns(UserWarning, match=r"1 cells of -1 and 1 missing") as caught:
        table = compare_label_models(votes, models=FAST)
    assert len(caught) == 1
    assert not table["note"].str.contains("missing").any()


def test_rows_without_votes_are_not_scored():
    votes = np.array([[0, 0], [1, 1], [-1, -1], [0, -1]])
    table = compare_label_models(votes, [0, 1, 1, -1], models=[MajorityVote()])
    assert table["n_scored"].tolist() == [2]
    assert table["accuracy"].tolist() == [1.0]
    assert compare_label_models(votes, models=FAST)["n_scored"].tolist() == [3] * 3


def test_gold_labels_of_other_rows_do_not_train(data):
    # A single gold label that contradicts the votes would move a model that sees it.
    y = np.full(200, -1)
    row = int(np.argmax((data.votes >= 0).any(axis=1)))
    tables = []
    for label in range(3):
        y[row] = label
        table = compare_label_models(data.votes, y, models=[LabelModel()])
        tables.append(table["confidence"].item())
    assert len(set(tables)) == 1


def test_gold_labels_of_other_folds_train_with_cv(data, gold):
    model, cv = LabelModel(), GoldKFold(4)
    table = compare_label_models(data.votes, gold, models=[model], cv=cv)
    proba = np.full((200, 3), np.nan)
    for train, test in cv.split(data.votes, gold):
        hidden = np.full(200, -1)
        hidden[train] = gold[train]
        fitted = LabelModel(classes=[0, 1, 2]).fit(data.votes, hidden)
        proba[test] = fitted.predict_proba(data.votes[test])
    voted = (data.votes >= 0).any(axis=1) & (gold >= 0)
    assert_allclose(table["log_loss"], log_loss(gold[voted], proba[voted]))
    assert_allclose(table["n_scored"], voted.sum())
    by_number = compare_label_models(data.votes, gold, models=[model], cv=4)
    assert_allclose(by_number["log_loss"], table["log_loss"])


def test_folds_must_test_gold_rows_only(data, gold):
    with pytest.raises(ValueError, match=r"cv must test each of the 40 gold rows once"):
        compare_label_models(data.votes, gold, models=FAST, cv=KFold(3))
    with pytest.raises(ValueError, match=r"needs gold labels in y; y is None"):
        compare_label_models(data.votes, models=FAST, cv=3)


def test_weights_count_like_rows(data, gold):
    weight = np.random.default_rng(0).integers(0, 3, 200)
    weight[:3] = 1
    models = [MajorityVote(), OneCoinDawidSkene()]
    weighted = compare_label_models(
        data.votes, gold, models=models, sample_weight=weight
    )
    repeated = compare_label_models(
        np.repeat(data.votes, weight, axis=0), np.repeat(gold, weight), models=models
    )
    assert weighted.index.tolist() == repeated.index.tolist()
    same = ["log_loss", "gap", "accuracy", "balanced_accuracy", "confidence", "ties"]
    assert_allclose(weighted[same], repeated[same], rtol=1e-5)
    voted = (data.votes >= 0).any(axis=1) & (gold >= 0) & (weight > 0)
    assert (weighted["n_scored"] == voted.sum()).all()


def test_judgements_are_read_as_votes_of_people():
    crowd, y = small_crowd()
    gold = {i: int(y[i]) for i in range(0, 60, 3)}
    models = {"default": LabelModel(lf_kind="worker"), "simple": MajorityVote()}
    table = compare_label_models(crowd, gold, models=models)
    soft = crowd.soft_labels()
    rows = list(gold)
    proba = soft.loc[rows, ["proba_0", "proba_1"]]
    assert_allclose(table.loc["default", "log_loss"], log_loss(y[rows], proba))
    assert_allclose(
        table.loc["default", "accuracy"], np.mean(soft.loc[rows, "label"] == y[rows])
    )
    by_default = compare_label_models(crowd, gold).loc["LabelModel"]
    assert_allclose(by_default["log_loss"], table.loc["default", "log_loss"])


def test_gold_labels_of_judgements_go_by_sample():
    crowd, y = small_crowd()
    by_id = pd.Series(y, index=np.arange(60)).sample(frac=1, random_state=0)
    by_position = y[crowd.sample_ids]
    tables = [
        compare_label_models(crowd, gold, models=FAST).drop(columns="fit_seconds")
        for gold in (by_id, by_position, by_id.to_dict())
    ]
    assert_frame_equal(tables[0], tables[1])
    assert_frame_equal(tables[0], tables[2])
    with pytest.warns(UserWarning, match=r"1 gold label\(s\) in y .*: 99"):
        compare_label_models(crowd, {0: 1, 99: 1}, models=FAST)


def test_weights_of_judgements_go_by_sample():
    crowd, y = small_crowd()
    weight = pd.Series(np.linspace(0.5, 2, 60), index=np.arange(60))
    tables = [
        compare_label_models(crowd, dict(enumerate(y)), models=FAST, sample_weight=w)
        for w in (weight[::-1], weight[crowd.sample_ids].to_numpy())
    ]
    assert_allclose(tables[0]["log_loss"], tables[1]["log_loss"])


def test_names_of_lfs_reach_the_models():
    votes = pd.DataFrame({"a": [0, 1, 1, 0], "b": [0, 1, 0, 0], "c": [1, 1, 0, 0]})
    models = {"people": LabelModel(lf_kind={"a": "worker", "b": "worker"})}
    table = compare_label_models(votes, models=models)
    assert table["note"].tolist() == [""]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["no", "yes"], None),
        ([2, 5], None),
        ([True, False], None),
        ([-1, 1], [-1, 1]),
    ],
)
def test_classes_of_any_kind(labels, classes):
    rng = np.random.default_rng(0)
    votes = rng.choice(np.array(labels), (30, 4)).astype(object)
    votes[rng.random((30, 4)) < 0.3] = None
    votes[0] = labels[0]
    y = [labels[i % 2] if i < 10 else None for i in range(30)]
    table = compare_label_models(votes, y, models=FAST, classes=classes, cv=2)
    assert (table["note"] == "").all()
    assert table[GOLD].notna().all(axis=None)
    assert table["n_scored"].iloc[0] <= 10


def test_votes_may_be_positions_among_classes(data, gold):
    names = np.array(["a", "b", "c"])
    y = np.where(gold < 0, None, names[gold])
    by_name = compare_label_models(data.votes, y, models=FAST, classes=names)
    by_number = compare_label_models(data.votes, gold, models=FAST)
    assert_allclose(by_name["log_loss"], by_number["log_loss"])
    with pytest.raises(ValueError, match=r"Pass classes=\[\.\.\.\] in the order"):
        compare_label_models(data.votes, y, models=FAST)


def test_a_gold_class_without_votes_is_a_class():
    votes = [[0, 0], [1, 1], [0, 0], [1, 1]]
    table = compare_label_models(votes, [0, 2, None, None], models=FAST)
    assert (table["accuracy"] == 0.5).all()
    assert np.isfinite(table["log_loss"]).all()
    with pytest.raises(ValueError, match=r"labels that are not in classes=\[0, 1\]: 2"):
        compare_label_models(votes, [0, 2, None, None], models=FAST, classes=[0, 1])


def test_a_model_may_have_classes_of_its_own():
    votes = [[0, 0], [1, 1], [0, 0], [1, 1]]
    models = {"more": MajorityVote(classes=[0, 1, 2, 3]), "same": MajorityVote()}
    y = [0, 2, None, None]
    table = compare_label_models(votes, y, models=models)
    assert (table["accuracy"] == 0.5).all()
    # Class 2 is not known to this one: a certain error.
    models["fewer"] = MajorityVote(classes=[0, 1])
    table = compare_label_models(votes, y, models=models)
    worst = table.loc["fewer", "log_loss"]
    assert worst > 0.5 * -np.log(np.finfo(float).eps)
    assert np.isfinite(worst)


def test_models_of_one_class_are_called_as_they_print(data):
    models = [MajorityVote(), MajorityVote(smoothing=1), DawidSkene()]
    table = compare_label_models(data.votes, models=models)
    names = ["MajorityVote()", "MajorityVote(smoothing=1)", "DawidSkene"]
    assert table.index.tolist() == names


@pytest.mark.parametrize(
    ("models", "error", "message"),
    [
        ([], ValueError, r"models of compare_label_models is empty"),
        ({}, ValueError, r"models of compare_label_models is empty"),
        ([MajorityVote(), MajorityVote()], ValueError, r"MajorityVote\(\) twice"),
        (
            MajorityVote(),
            TypeError,
            r"must be a list .* got MajorityVote\. Put it into a list: models=\[Maj",
        ),
        ("all", TypeError, r"must be a list .* got str"),
        (
            [MajorityVote],
            TypeError,
            r"'MajorityVote' in .* the class MajorityVote\. Pass",
        ),
        ({"lr": LogisticRegression()}, TypeError, r"'lr' in models\) must be a label"),
    ],
)
def test_models_that_cannot_be_compared(data, models, error, message):
    with pytest.raises(error, match=message):
        compare_label_models(data.votes, models=models)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((0, 2), int), None, r"0 rows and 2 LFs; there is nothing to compare"),
        ([[-1], [-1]], None, r"all 2 rows and 1 LFs abstain"),
        ([[0], [1]], [None, None], r"None of the 2 rows has a gold label in y"),
        ([[0], [-1]], [None, 1], r"None of the 1 gold rows has a vote"),
        ([[0], [1]], [0], r"X has 2 rows and y has 1"),
        ([[0], [1]], ["a", None], r"Votes are 0, 1 and gold labels are 'a'"),
        ([[0], [1]], [[0.5, 0.5], [1, 0]], r"gold labels here are one class"),
    ],
)
def test_nothing_to_compare_is_an_error(X, y, message):
    with pytest.raises(ValueError, match=message):
        compare_label_models(X, y, models=FAST)


def test_no_vote_at_all_with_given_classes():
    with pytest.raises(ValueError, match=r"None of the 2 rows has a vote"):
        compare_label_models([[-1], [-1]], models=FAST, classes=[0, 1])


def test_one_row_has_no_standard_error():
    table = compare_label_models([[0, 1, 1]], [1], models=FAST)
    assert table["gap_se"].isna().all()
    assert (table["accuracy_se"] > 0.4).all()


def test_minus_one_in_y_is_not_a_class_by_itself():
    # Where y holds -1 and 1 only, `fit` would take -1 for a class of these votes.
    votes = [[0, 0], [1, 1], [2, 2], [1, 2]]
    table = compare_label_models(votes, [-1, 1, -1, 1], models=FAST)
    assert table["n_scored"].tolist() == [2, 2, 2]


def test_where_minus_one_looks_like_a_class_it_is_said():
    votes = np.repeat([[1, 1, 1], [-1, -1, -1], [0, 0, 0]], 10, axis=0)
    y = np.repeat([1, -1, 0], 10)
    with pytest.warns(UserWarning, match=r"-1 may be a class"):
        compare_label_models(votes, y, models=[MajorityVote()])


def test_a_dict_of_gold_labels_is_for_judgements(data):
    with pytest.raises(TypeError, match=r"y of compare_label_models is a dict"):
        compare_label_models(data.votes, {0: 1})


def test_frames_in_another_order_are_refused(data):
    votes = pd.DataFrame(data.votes)
    with pytest.raises(ValueError, match=r"same index labels in another order"):
        compare_label_models(votes, pd.Series(data.y)[::-1], models=FAST)


def test_frames_of_polars(data, gold):
    polars = pytest.importorskip("polars")
    votes = pd.DataFrame(data.votes, columns=list("abcdef"))
    ours = compare_label_models(votes, gold, models=FAST)
    theirs = compare_label_models(
        polars.from_pandas(votes), polars.Series(gold), models=FAST
    )
    assert_array_equal(ours["log_loss"], theirs["log_loss"])


def test_lazy_frames_are_refused(data):
    polars = pytest.importorskip("polars")
    votes = polars.from_pandas(pd.DataFrame(data.votes, columns=list("abcdef")))
    with pytest.raises(TypeError, match=r"X of compare_label_models must be in memory"):
        compare_label_models(votes.lazy(), models=FAST)
