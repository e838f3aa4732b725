"""Label models take class probabilities as gold: y of shape (n_samples, n_classes)."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.special import expit, logsumexp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.preprocessing import FunctionTransformer

from sklabel import LabelModel, MajorityVote, WeakSupervisionClassifier
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import PosteriorDisplay, lf_summary
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.model_selection import GoldKFold, cross_val_predict_gold
from sklabel.report import labeling_report
from sklabel.votes import NamedVotes, votes_from_long

FAMILY = [
    LabelModel,
    DawidSkene,
    OneCoinDawidSkene,
    GLAD,
    MACE,
    SnorkelLabelModel,
    WeightedMajorityVote,
    MajorityVote,
]
USES_GOLD = [Model for Model in FAMILY if Model is not MajorityVote]
PARTIAL = [LabelModel, DawidSkene, OneCoinDawidSkene]
FITTED = ["class_prior_", "lf_accuracy_", "confusion_", "lower_bound_"]
# Two classes, four rows; the last has no gold.
SOFT = np.array([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5], [np.nan, np.nan]])
VOTES = np.array([[0, 0, 1], [1, 1, 1], [0, 1, -1], [1, 1, 0]])

every = pytest.mark.parametrize("Model", FAMILY)


def crowd(n_classes=3, n_samples=120):
    """Return votes, hard gold of some rows, soft gold of some rows, and weights."""
    data = make_crowd_labels(
        n_samples, 10, n_classes, judgements_per_sample=4, random_state=n_classes
    )
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label")
    y = data.y[votes.index]
    rng = np.random.default_rng(0)
    with_gold = rng.random(len(y)) < 0.5
    soft = 0.6 * np.eye(n_classes)[y] + 0.4 * rng.dirichlet(np.ones(n_classes), len(y))
    soft[~with_gold] = np.nan
    weight = rng.integers(0, 4, size=len(y)) / 2
    return votes.to_numpy(), np.where(with_gold, y, -1), soft, weight


def one_hot(gold, n_classes):
    soft = np.full((len(gold), n_classes), np.nan)
    soft[gold >= 0] = np.eye(n_classes)[gold[gold >= 0]]
    return soft


def assert_same_model(found, expected, votes, **tolerance):
    assert_array_equal(found.classes_, expected.classes_)
    proba = [model.predict_proba(votes) for model in (found, expected)]
    assert_allclose(*proba, **tolerance)
    for name in FITTED:
        if hasattr(expected, name):
            values = getattr(found, name), getattr(expected, name)
            assert_allclose(*values, err_msg=name, **tolerance)


# What it means


# Computed before there was soft gold.
HARD = {
    LabelModel: (
        [0.6600677026605054, 0.7781634141971099, 0.9553092376120159],
        [0.25397694078327226, 0.573491658080258, 0.9752275515289673],
    ),
    DawidSkene: (
        [0.945448139727287, 0.9626764686782833, 0.9947596541304122],
        [0.011929143351750222, 0.16683654246119842, 0.9920677355216801],
    ),
    OneCoinDawidSkene: (
        [0.7376781925064841, 0.9811782065558443, 0.9817476653968291],
        [0.7581973325752606, 0.9859106388067784, 0.9787095821042744],
    ),
    GLAD: (
        [0.7544234542623679, 0.9850663352255502, 0.9898038470190156],
        [0.7783405179034575, 0.9885659202546339, 0.9870914221530614],
    ),
    MACE: (
        [0.8847710301990825, 0.9958327700301426, 0.9873974940147395],
        [0.9053998912431807, 0.9970778630639522, 0.9887265293385229],
    ),
    SnorkelLabelModel: (
        [0.7554831445173319, 0.831262295735254, 0.9986658446938863],
        [0.7772140782704827, 0.8005091981148662, 0.9987987599913127],
    ),
    WeightedMajorityVote: (
        [0.4448985039861453, 0.615673960745137, 0.6914246098531396],
        [0.4527094917435897, 0.6182294810782385, 0.6880984117764305],
    ),
    MajorityVote: (
        [0.33340555555555557, 0.5334055555555556, 0.7334055555555555],
        [0.3334066666666667, 0.5334066666666667, 0.7334066666666667],
    ),
}


@every
def test_hard_gold_gives_what_it_gave_before(Model):
    i = np.arange(60)
    y = i * i % 7 % 3
    votes = np.column_stack(
        [
            np.where(i % 5 < 4, y, (y + 1) % 3),
            np.where(i % 3 < 2, y, (y + 2) % 3),
            np.where(i % 4 == 1, -1, (y + (i % 7 == 0)) % 3),
            np.where(i % 2 == 0, -1, i % 3),
        ]
    )
    gold = np.where(i % 6 == 0, y, -1)
    for weight, expected in zip((None, 1 + (i % 4) / 2), HARD[Model], strict=True):
        model = Model().fit(votes, gold, sample_weight=weight)
        proba = model.predict_proba(votes[[5, 8, 13]])[:, 1]
        # Versions of numpy differ by 1e-10 in GLAD.
        assert_allclose(proba, expected, atol=1e-8)


@every
@pytest.mark.parametrize("n_classes", [2, 3])
def test_certain_soft_gold_is_hard_gold(Model, n_classes):
    votes, gold, _, weight = crowd(n_classes)
    expected = Model().fit(votes, gold, weight)
    found = Model().fit(votes, one_hot(gold, n_classes), weight)
    assert_same_model(found, expected, votes, rtol=0, atol=1e-10)


@every
def test_all_but_certain_soft_gold_is_all_but_hard_gold(Model):
    # Certain rows are read as hard gold: this is the other way through the code.
    votes, gold, _, weight = crowd()
    certain = one_hot(gold, 3)
    expected = Model().fit(votes, gold, weight)
    found = Model().fit(votes, (1 - 3e-12) * certain + 1e-12, weight)
    # These two stop at a tolerance.
    atol = 1e-6 if Model in (LabelModel, GLAD) else 1e-9
    assert_same_model(found, expected, votes, rtol=0, atol=atol)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    ("Model", "options"),
    [
        (DawidSkene, {}),
        (DawidSkene, {"smoothing": 1.0, "class_prior": "uniform"}),
        (DawidSkene, {"table_groups": np.arange(10) // 2}),
        (OneCoinDawidSkene, {}),
        (OneCoinDawidSkene, {"class_prior": "learned"}),
        (MACE, {}),
        (MACE, {"method": "em"}),
        (MACE, {"n_init": 3, "random_state": 0}),
        (SnorkelLabelModel, {}),
        (SnorkelLabelModel, {"class_prior": "uniform"}),
        (WeightedMajorityVote, {}),
        (WeightedMajorityVote, {"weighting": "agreement"}),
        (MajorityVote, {}),
    ],
)
def test_soft_gold_is_the_row_with_each_class_by_its_probability(
    Model, options, n_classes
):
    votes, _, soft, weight = crowd(n_classes)
    found = Model(**options).fit(votes, soft, weight)
    rows = np.repeat(np.arange(len(votes)), n_classes)
    gold = np.tile(np.arange(n_classes), len(votes))
    without = np.isnan(soft[rows, 0])
    gold[without] = -1
    part = np.where(without, 1 / n_classes, soft[rows, gold])
    expected = Model(**options).fit(votes[rows], gold, weight[rows] * part)
    assert_same_model(found, expected, votes, rtol=0, atol=1e-8)


def test_in_glad_a_row_of_soft_gold_is_one_sample_of_one_difficulty():
    votes, _, soft, _ = crowd(3, 25)
    prior = np.array([0.5, 0.3, 0.2])
    model = GLAD(tol=1e-9, class_prior=prior).fit(votes, soft)

    def log_posterior(ability, difficulty):
        scores = np.tile(np.log(prior), (len(votes), 1))
        for i, j in np.argwhere(votes >= 0):
            right = expit(ability[j] / difficulty[i])
            scores[i] += np.log((1 - right) / 2)
            scores[i, votes[i, j]] += np.log(right) - np.log((1 - right) / 2)
        total = 0.0
        for row, gold in zip(scores, soft, strict=True):
            total += logsumexp(row) if np.isnan(gold[0]) else gold @ row
        penalty = ((ability - 1) ** 2).sum() + ((np.log(1 / difficulty) - 1) ** 2).sum()
        return total - penalty / 2

    best = log_posterior(model.ability_, model.difficulty_)
    assert_allclose(model.lower_bound_, best / len(votes))
    # No parameter can be improved.
    for step in (-1e-3, 1e-3):
        for j in range(len(model.ability_)):
            ability = model.ability_.copy()
            ability[j] += step
            assert log_posterior(ability, model.difficulty_) < best
        for i in range(len(votes)):
            difficulty = model.difficulty_.copy()
            difficulty[i] *= 1 + step
            assert log_posterior(model.ability_, difficulty) < best


@pytest.mark.parametrize("Model", [DawidSkene, OneCoinDawidSkene, GLAD, MACE])
def test_the_lower_bound_never_decreases(Model):
    votes, _, soft, _ = crowd()
    bounds = []
    for max_iter in range(1, 15):
        with pytest.warns(ConvergenceWarning):
            model = Model(max_iter=max_iter, tol=0).fit(votes, soft)
        bounds.append(model.lower_bound_)
    assert np.diff(bounds).min() > -1e-12
    assert bounds[-1] > bounds[0] + 1e-3


def rules_and_their_posterior(seed, n_samples=1500):
    """Return votes of rules, two of them usually wrong, the truth, and P(1 | votes)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(2, size=n_samples)
    votes, log_odds = np.full((n_samples, 4), -1), np.zeros(n_samples)
    for j, (c, right) in enumerate([(0, 0.95), (1, 0.9), (0, 0.4), (1, 0.3)]):
        fires = rng.random(n_samples) < 0.5 * np.where(y == c, right, 1 - right)
        votes[fires, j] = c
        fired = np.log(right / (1 - right))
        silent = np.log((1 - 0.5 * right) / (0.5 + 0.5 * right))
        log_odds += np.where(fires, fired, silent) * (1 if c else -1)
    return votes, y, expit(log_odds)


def test_soft_gold_is_worth_more_than_labels_drawn_from_it():
    losses = []
    for seed in range(3):
        votes, y, top = rules_and_their_posterior(seed)
        rng = np.random.default_rng(seed)
        chosen = rng.random(len(y)) < 0.1
        soft = np.column_stack([1 - top, top])
        soft[~chosen] = np.nan
        drawn = np.where(chosen, rng.random(len(y)) < top, -1)
        fits = [LabelModel().fit(votes, gold) for gold in (None, drawn, soft)]
        rest = np.flatnonzero(~chosen), y[~chosen]
        losses.append([-np.log(m.predict_proba(votes)[rest]).mean() for m in fits])
    without, hard, gold = np.mean(losses, axis=0)
    assert gold < hard - 0.003
    assert hard < without - 0.02


@pytest.mark.parametrize("Model", USES_GOLD)
def test_use_gold_false_takes_only_the_names_of_the_classes(Model):
    votes, _, soft, weight = crowd()
    frame = pd.DataFrame(soft, columns=[2, 0, 1])
    found = Model(use_gold=False).fit(votes, frame, weight)
    expected = Model(classes=[2, 0, 1]).fit(votes, None, weight)
    assert_same_model(found, expected, votes, rtol=0, atol=0)
    assert_array_equal(found.classes_, [2, 0, 1])
    assert_same_model(
        Model(use_gold=False).fit(votes, soft), Model().fit(votes), votes, rtol=0
    )


@every
def test_a_weight_of_zero_is_no_row(Model):
    votes, _, soft, weight = crowd()
    kept = weight > 0
    found = Model().fit(votes, soft, weight)
    expected = Model().fit(votes[kept], soft[kept], weight[kept])
    assert_same_model(found, expected, votes, rtol=0, atol=0)


def test_gold_only_on_rows_without_weight_is_no_gold():
    votes, _, soft, _ = crowd()
    weight = np.isnan(soft[:, 0]).astype(float)
    for Model in FAMILY:
        found = Model(classes=[0, 1, 2]).fit(votes, soft, weight)
        expected = Model(classes=[0, 1, 2]).fit(votes, None, weight)
        assert_same_model(found, expected, votes, rtol=0, atol=0)


@every
def test_the_order_of_named_columns_changes_nothing(Model):
    votes, _, soft, weight = crowd()
    names = np.array(["Positive", "Negative", "Neutral"], dtype=object)
    named = NamedVotes.from_labels(
        np.where(votes >= 0, names[votes], None), classes=names
    )
    frame = pd.DataFrame(soft, columns=names)
    found = Model().fit(named, frame, weight)
    swapped = Model().fit(named, frame[["Neutral", "Positive", "Negative"]], weight)
    assert_array_equal(found.classes_, names)
    assert_same_model(swapped, found, named, rtol=0, atol=0)
    by_position = Model(classes=[0, 1, 2]).fit(votes, soft, weight)
    proba = by_position.predict_proba(votes)
    assert_allclose(found.predict_proba(named), proba, rtol=0, atol=1e-12)


@every
def test_negative_classes(Model):
    votes, _, soft, _ = crowd(2)
    signs = np.where(votes >= 0, 2.0 * votes - 1, np.nan)
    frame = pd.DataFrame(soft, columns=[-1, 1])
    found = Model(classes=[1, -1]).fit(signs, frame)
    assert_array_equal(found.classes_, [1, -1])
    proba = Model().fit(votes, soft).predict_proba(votes)
    assert_allclose(found.predict_proba(signs)[:, ::-1], proba, rtol=0, atol=1e-6)


@every
def test_rows_without_votes(Model):
    soft = np.vstack([SOFT, np.tile([0.1, 0.9], (6, 1))])
    model = Model().fit(np.vstack([VOTES, np.full((6, 3), -1)]), soft)
    assert np.isfinite(model.predict_proba(VOTES)).all()
    assert model.class_prior_[1] > 0.55
    for gold in (soft, (soft > 0.5).argmax(axis=1)):
        with pytest.warns(UserWarning, match="none of the 10 rows has a vote"):
            model = Model(classes=[0, 1]).fit(np.full((10, 3), -1), gold)
        proba = model.predict_proba([[-1, -1, -1], [0, 0, -1], [1, 1, -1]])
        assert proba[0, 1] > 0.55
        assert np.isfinite(proba).all()
        assert proba[1, 1] <= proba[2, 1]


# Which column is which class


@every
def test_an_array_is_in_the_order_of_the_classes(Model):
    labels = np.array(["b", "a"], dtype=object)[VOTES]
    labels[VOTES < 0] = None
    # Those that the votes hold are sorted: a, b.
    expected = Model(classes=["a", "b"]).fit(labels, SOFT[:, ::-1])
    found = Model().fit(labels, SOFT[:, ::-1])
    assert_same_model(found, expected, labels, rtol=0)
    swapped = Model(classes=["b", "a"]).fit(labels, SOFT)
    assert_array_equal(swapped.classes_, ["b", "a"])
    proba = swapped.predict_proba(labels)[:, ::-1]
    assert_allclose(found.predict_proba(labels), proba, rtol=0, atol=1e-9)
    named = NamedVotes.from_labels(labels, classes=["b", "a"])
    declared = Model().fit(named, SOFT)
    assert_same_model(declared, swapped, named, rtol=0, atol=1e-12)


@every
@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_of_any_library_name_the_classes(Model, library):
    module = pytest.importorskip(library, exc_type=ImportError)
    make = module.table if library == "pyarrow" else module.DataFrame
    frame = make({"1": SOFT[:, 1], "0": SOFT[:, 0]})
    # Texts of numbers are numbers where votes are, as these libraries force.
    model = Model().fit(VOTES, frame)
    assert_array_equal(model.classes_, [1, 0])
    expected = Model(classes=[1, 0]).fit(VOTES, SOFT[:, ::-1])
    assert_same_model(model, expected, VOTES, rtol=0, atol=0)
    assert_allclose(model.score(VOTES, frame), model.score(VOTES, SOFT[:, ::-1]))


def test_named_columns_are_all_classes_and_keep_their_order():
    frame = pd.DataFrame(
        np.column_stack([SOFT, np.where(np.isnan(SOFT[:, 0]), np.nan, 0.0)]),
        columns=["z", "a", "never"],
    )
    votes = np.where(VOTES >= 0, np.array(["z", "a"], dtype=object)[VOTES], None)
    model = LabelModel().fit(votes, frame)
    assert_array_equal(model.classes_, ["z", "a", "never"])
    # A vote that no column names is evidence, as with gold labels in every row.
    votes[0, 2] = "unsure"
    with pytest.warns(UserWarning, match="nobody votes for 'never'"):
        model = LabelModel().fit(votes, frame)
    assert_array_equal(model.classes_, ["z", "a", "never"])
    model = LabelModel().fit(votes, frame[["z", "a"]].dropna().reindex(range(4)))
    assert_array_equal(model.classes_, ["z", "a"])
    assert_array_equal(model.vote_values_, ["a", "unsure", "z"])
    # Votes that know their classes keep their order.
    named = NamedVotes.from_labels(votes, classes=["a", "unsure", "z"])
    model = LabelModel().fit(named, frame[["z", "a"]])
    assert_array_equal(model.classes_, ["a", "z"])


def test_a_frame_without_names_goes_by_position():
    labels = np.where(VOTES >= 0, np.array(["a", "b"], dtype=object)[VOTES], None)
    found = LabelModel().fit(labels, pd.DataFrame(SOFT))
    assert_array_equal(found.classes_, ["a", "b"])
    expected = LabelModel().fit(labels, SOFT)
    assert_same_model(found, expected, labels, rtol=0, atol=0)


@pytest.mark.parametrize(
    "y",
    [
        SOFT.tolist(),
        sparse.csr_matrix(np.nan_to_num(SOFT, nan=0.5)),
        pd.DataFrame(SOFT, columns=[0, 1]).astype("Float64"),
        pd.DataFrame(SOFT, columns=[0, 1], dtype=object).where(~np.isnan(SOFT), None),
        SOFT.astype("float32"),
    ],
    ids=["list", "sparse", "nullable", "objects", "float32"],
)
def test_forms_of_soft_gold(y):
    expected = SOFT if not sparse.issparse(y) else y.toarray()
    found = LabelModel().fit(VOTES, y)
    assert_same_model(
        found, LabelModel().fit(VOTES, expected), VOTES, rtol=0, atol=1e-6
    )


def test_one_column_is_a_column_of_labels():
    with pytest.warns(match="column-vector y was passed"):
        found = LabelModel().fit(VOTES, np.array([[0], [1], [-1], [-1]]))
    expected = LabelModel().fit(VOTES, [0, 1, -1, -1])
    assert_same_model(found, expected, VOTES, rtol=0, atol=0)
    with (
        pytest.warns(match="column-vector y was passed"),
        pytest.raises(ValueError, match="y holds one column of numbers between 0 and"),
    ):
        LabelModel().fit(VOTES, SOFT[:, :1])


# Errors


def cells(row, values):
    soft = SOFT.copy()
    soft[row] = values
    return soft


FRAME = pd.DataFrame(SOFT, columns=[0, 1])
BAD = {
    "negative": (
        cells(1, [-0.2, 1.2]),
        r"in y must be finite and not negative; row 1 is \[-0\.2, 1\.2\] \(1 such "
        r"rows\)\. A row without a label is NaN in all columns",
    ),
    "minus one": (cells(3, -1), r"row 3 is \[-1\.0, -1\.0\].*NaN in all columns"),
    "infinite": (cells(2, [np.inf, 0]), r"finite and not negative; row 2"),
    "sum": (
        cells(2, [0.6, 0.1]),
        r"in y must sum to 1 in every row; row 2 sums to 0\.7 .*Divide each row",
    ),
    "zero": (cells(2, 0), r"row 2 sums to 0 "),
    "partly NaN": (
        cells(1, [np.nan, 0.5]),
        r"A row of y holds a probability for every class, or NaN in all columns for "
        r"no label; row 1 is \[nan, 0\.5\] \(1 such rows\)\. Put 0 where a class is",
    ),
    "all NaN": (np.full((4, 2), np.nan), r"y contains NaN only \(4 rows\)\. Pass y=No"),
    "rows": (SOFT[:3], r"numbers of samples: X has 4 rows and y has 3"),
    "too wide": (
        np.full((4, 3), 1 / 3),
        r"y has 3 columns, and there are 2 classes: 0, 1\. Give a column for each of "
        r"them, in this order, name the columns of a DataFrame by the classes, or pass "
        r"classes=\[\.\.\.\]",
    ),
    "strings": (
        np.full((4, 2), "a"),
        r"y with several columns must hold class probabilities; it holds <U1",
    ),
    "string cells": (
        FRAME.astype(object).fillna("x"),
        r"y with several columns must hold class probabilities, one column per class",
    ),
    "one column": (
        [0.2, 0.9, np.nan, 1.0],
        r"y holds one column of numbers between 0 and 1, for instance 0\.2, 0\.9\. "
        r"Soft labels have a column for each class.*pass np\.column_stack",
    ),
    "levels": (
        pd.DataFrame(SOFT, columns=pd.MultiIndex.from_product([["p"], [0, 1]])),
        r"The columns of y must be classes; they have 2 levels",
    ),
    "names repeat": (
        pd.DataFrame(SOFT, columns=[0, 0]),
        r"columns of y must be named by classes; got 0, 0: classes must not repeat",
    ),
    "names are missing": (
        pd.DataFrame(SOFT, columns=["a", None]),
        r"columns of y must be named by classes; got 'a', .*missing values",
    ),
    "-1 is named": (
        pd.DataFrame(SOFT, columns=[-1, 1]),
        r"The columns of y name the classes -1, 1, and in X -1 means abstain unless "
        r"the model knows that it is a class\. Pass classes=\[\.\.\.\] with -1",
    ),
    "other names": (
        pd.DataFrame(SOFT, columns=["cat", "dog"]),
        r"Votes 0, 1 do not match classes 'cat', 'dog'\. Votes are the classes",
    ),
    "no name is voted for": (
        pd.DataFrame(SOFT, columns=[7, 8]),
        r"No vote is for one of the classes: votes hold 0, 1, which are not in "
        r"classes=\[7, 8\]",
    ),
    "three dimensions": (np.zeros((4, 2, 2)), r"dim"),
}


@every
@pytest.mark.parametrize("what", list(BAD))
def test_bad_soft_gold_is_refused(Model, what):
    y, message = BAD[what]
    model = Model()
    with pytest.raises(ValueError, match=message):
        model.fit(VOTES, y)
    assert not hasattr(model, "classes_")


@every
def test_columns_that_are_not_the_given_classes_are_refused(Model):
    model = Model(classes=["no", "yes"])
    with pytest.raises(
        ValueError,
        match=r"The columns of y are 'no', 'jes', and the classes are 'no', 'yes'\. "
        r"Name the columns by the classes, in any order, or pass an array",
    ):
        model.fit(VOTES, pd.DataFrame(SOFT, columns=["no", "jes"]))
    with pytest.raises(ValueError, match=r"y has 3 columns, and there are 2 classes"):
        model.fit(VOTES, np.full((4, 3), 1 / 3))


def test_columns_without_names_beside_other_numbers_are_refused():
    with pytest.raises(
        ValueError,
        match=r"The columns of y are 0, 1, and votes hold 1, 2: it cannot be told "
        r"whether the columns are classes or have no names\. Name the columns",
    ):
        LabelModel().fit(np.where(VOTES >= 0, VOTES + 1, -1), pd.DataFrame(SOFT))


def test_names_of_both_kinds_and_lazy_frames_are_refused():
    with pytest.raises(TypeError, match=r"The columns of y must be named by classes"):
        LabelModel().fit(VOTES, pd.DataFrame(SOFT, columns=["a", 1]))
    polars = pytest.importorskip("polars")
    with pytest.raises(TypeError, match=r"gold labels, must be in memory.*collect"):
        LabelModel().fit(VOTES, polars.LazyFrame({"0": SOFT[:, 0], "1": SOFT[:, 1]}))


@every
@pytest.mark.parametrize("method", ["fit", "partial_fit", "score"])
def test_an_index_in_another_order_is_refused(Model, method):
    if method == "partial_fit" and not hasattr(Model, method):
        pytest.skip("has no partial_fit")
    X, frame = pd.DataFrame(VOTES), pd.DataFrame(SOFT, columns=[0, 1])
    model = Model().fit(X, frame) if method == "score" else Model()
    for y in (frame, pd.Series([0, 1, 1, 0])):
        with pytest.raises(ValueError, match=r"X and y have the same index labels in"):
            getattr(model, method)(X, y.iloc[::-1])


# Scores


@every
def test_the_score_is_the_expected_accuracy(Model):
    votes, gold, soft, weight = crowd()
    model = Model().fit(votes, soft)
    found = model.score(votes, soft, weight)
    chosen = np.searchsorted(model.classes_, model.predict(votes))
    known = ~np.isnan(soft[:, 0])
    expected = np.average(soft[known, chosen[known]], weights=weight[known])
    assert_allclose(found, expected)
    frame = pd.DataFrame(soft, columns=[0, 1, 2])[[1, 2, 0]]
    assert_allclose(model.score(votes, frame, weight), expected)
    assert_allclose(model.score(votes, one_hot(gold, 3)), model.score(votes, gold))


def test_scores_that_are_refused():
    model = LabelModel().fit(VOTES, SOFT)
    with pytest.raises(ValueError, match="None of the 4 rows has a gold label in y"):
        model.score(VOTES, np.full((4, 2), np.nan))
    with pytest.raises(ValueError, match="y has 3 columns, and there are 2 classes"):
        model.score(VOTES, np.full((4, 3), 1 / 3))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        model.score(VOTES, SOFT[:3])
    with pytest.raises(ValueError, match="y is None"):
        model.score(VOTES, None)


def test_loops_of_scikit_learn_take_soft_gold():
    votes, _, soft, _ = crowd()
    names = np.array(["a", "b", "c"], dtype=object)
    X = pd.DataFrame(np.where(votes >= 0, names[votes], None))
    y = pd.DataFrame(soft, columns=names)
    search = GridSearchCV(LabelModel(), {"mixing": [0.0, 0.3]}, cv=KFold(3)).fit(X, y)
    assert 0.4 < search.best_score_ < 0.9
    scores = cross_val_score(LabelModel(), X, y.fillna(1 / 3), cv=3)
    assert scores.shape == (3,)


# Calls, copies, and places that take hard gold only


@pytest.mark.parametrize("Model", PARTIAL)
@pytest.mark.parametrize("prior", ["auto", [0.5, 0.3, 0.2]])
def test_partial_fit_takes_soft_and_hard_gold_from_call_to_call(Model, prior):
    votes, gold, soft, weight = crowd()
    options = {"classes": [0, 1, 2], "class_prior": prior}
    once = Model(**options).partial_fit(votes, soft, sample_weight=weight)
    expected = Model(**options).fit(votes, soft, weight)
    assert_same_model(once, expected, votes, rtol=0, atol=1e-12)
    parts = np.array_split(np.arange(len(votes)), 3)
    found, expected = Model(**options), Model(**options)
    for k, rows in enumerate(parts):
        # The second call has hard gold, which is certain soft gold.
        y = gold if k == 1 else soft
        found.partial_fit(votes[rows], y[rows])
        y = 1e-13 + (1 - 3e-13) * one_hot(gold, 3) if k == 1 else soft
        expected.partial_fit(votes[rows], y[rows])
    assert_same_model(found, expected, votes, rtol=0, atol=1e-6)
    for rows in parts:
        found.partial_fit(votes[rows], soft[rows], revisit=True)
    moved = pickle.loads(pickle.dumps(found))
    assert_same_model(moved, found, votes, rtol=0, atol=0)


def test_partial_fit_reads_columns_by_the_classes_of_the_first_call():
    votes, _, soft, _ = crowd(2)
    names = np.array(["b", "a"], dtype=object)
    labels = np.where(votes >= 0, names[votes], None)
    frame = pd.DataFrame(soft, columns=names)
    model = LabelModel()
    model.partial_fit(labels[:60], frame[:60])
    assert_array_equal(model.classes_, ["b", "a"])
    model.partial_fit(labels[60:], frame[["a", "b"]][60:])
    expected = LabelModel(classes=["b", "a"])
    expected.partial_fit(labels[:60], soft[:60]).partial_fit(labels[60:], soft[60:])
    assert_same_model(model, expected, labels, rtol=0, atol=0)
    with pytest.raises(ValueError, match=r"columns of y are 'a', 'c', and the classes"):
        model.partial_fit(labels[60:], frame.set_axis(["a", "c"], axis=1)[60:])


def test_gold_of_calls_survives_new_lfs():
    votes, _, soft, _ = crowd(2)
    frame = pd.DataFrame(votes, columns=list("abcdefghij"))
    model = LabelModel(classes=[0, 1])
    model.partial_fit(frame.iloc[:60, :5], soft[:60], columns="by_name")
    model.partial_fit(frame.iloc[60:], soft[60:], columns="by_name")
    known = ~np.isnan(soft[:, 0])
    total = model._memory_.sums
    rows = next(s.rows for s in total.values() if hasattr(s, "rows"))
    assert_array_equal(rows.target, soft[known])


@every
def test_copies_and_float32(Model):
    votes, _, soft, _ = crowd()
    model = Model().fit(votes, soft)
    again = clone(model).fit(votes, soft)
    assert_same_model(again, model, votes, rtol=0, atol=0)
    assert_same_model(pickle.loads(pickle.dumps(model)), model, votes, rtol=0, atol=0)
    if "dtype" in model.get_params():
        single = Model(dtype="float32").fit(votes, soft)
        assert_same_model(single, model, votes, rtol=0, atol=1e-3)


def _report(votes, y):
    pytest.importorskip("matplotlib")
    return labeling_report(votes, y)


@pytest.mark.parametrize(
    "call",
    [
        lambda votes, y: list(GoldKFold(2).split(votes, y)),
        lambda votes, y: cross_val_predict_gold(MajorityVote(), votes, y),
        lambda votes, y: lf_summary(votes, y),
        _report,
        lambda votes, y: PosteriorDisplay(y[:3], y[:3]),
        lambda votes, y: WeakSupervisionClassifier(
            FunctionTransformer(), MajorityVote(), LogisticRegression()
        ).fit(votes, y),
    ],
    ids=["GoldKFold", "predict_gold", "lf_summary", "report", "posterior", "workflow"],
)
def test_what_takes_hard_gold_only_says_so(call):
    with pytest.raises(ValueError, match=r"y has shape \([34], 2\), and gold labels"):
        call(VOTES, SOFT)
