import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TunedThresholdClassifierCV,
    cross_val_predict,
    cross_val_score,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier

from sklabel import LabelModel, MajorityVote, WeakSupervisionClassifier
from sklabel.datasets import make_crowd_labels
from sklabel.lf import WorkerLFTransformer
from sklabel.model_selection import GoldKFold, cross_val_predict_gold
from sklabel.utils._loops import refuse_loops

N_GOLD = 90


class ReadsVotes(WorkerLFTransformer):
    """Votes in all columns but the last two."""

    def fit(self, X, y=None):
        return super().fit(np.asarray(X)[:, :-2])

    def transform(self, X):
        return super().transform(np.asarray(X)[:, :-2])


class ReadsFeatures(LogisticRegression):
    """Features in the last two columns."""

    def fit(self, X, y, sample_weight=None):
        return super().fit(np.asarray(X)[:, -2:], y, sample_weight)

    def decision_function(self, X):
        return super().decision_function(np.asarray(X)[:, -2:])

    def predict_proba(self, X):
        return super().predict_proba(np.asarray(X)[:, -2:])


@pytest.fixture(scope="module")
def problem():
    """Return samples, the classifier, truth, and the gold labels of the first rows."""
    n = 600
    data = make_crowd_labels(n, 8, judgements_per_sample=3, random_state=0)
    votes = np.full((n, 8), -1)
    votes[data.crowd_labels["sample"], data.crowd_labels["worker"]] = data.crowd_labels[
        "label"
    ]
    rng = np.random.default_rng(0)
    features = rng.normal(size=(n, 2)) + np.where(data.y == 1, 0.7, -0.7)[:, None]
    X = np.hstack([votes, features])
    clf = WeakSupervisionClassifier(ReadsVotes(), LabelModel(), ReadsFeatures())
    gold = np.where(np.arange(n) < N_GOLD, data.y, -1)
    return X, clf, data.y, gold


def as_nan(gold):
    return np.where(gold == -1, np.nan, gold)


def as_none(gold):
    return np.where(gold == -1, None, gold.astype(object))


# Some loops permute labels or leave columns out: then features tell nothing.
@pytest.mark.filterwarnings("ignore:Features are not used")
@pytest.mark.parametrize("form", [np.asarray, as_nan, as_none])
def test_these_loops_score_gold_rows_only(problem, form):
    X, clf, truth, gold = problem
    y, cv = form(gold), GoldKFold(3)
    want = np.mean(
        [
            np.mean(clf.fit(X[train], gold[train]).predict(X[test]) == truth[test])
            for train, test in GoldKFold(3).split(X, gold)
        ]
    )
    assert 0.7 < want < 1
    loop = {"cv": cv, "error_score": "raise"}
    assert cross_val_score(clf, X, y, **loop).mean() == pytest.approx(want)
    search = GridSearchCV(clf, {"soft": [True]}, **loop).fit(X, y)
    assert search.best_score_ == pytest.approx(want)
    curve = learning_curve(clf, X, y, train_sizes=[1.0], **loop)
    assert curve[2].mean() == pytest.approx(want)
    curve = validation_curve(clf, X, y, param_name="soft", param_range=[True], **loop)
    assert curve[1].mean() == pytest.approx(want)
    score, _, p = permutation_test_score(
        clf, X, y, cv=cv, n_permutations=3, random_state=0
    )
    assert score == pytest.approx(want)
    assert 0 < p <= 1


@pytest.mark.parametrize("form", [np.asarray, as_nan])
@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc", "f1"])
def test_scorers_of_probabilities(problem, form, scoring):
    X, clf, _, gold = problem
    scores = cross_val_score(
        clf, X, form(gold), cv=GoldKFold(3), scoring=scoring, error_score="raise"
    )
    assert np.isfinite(scores).all()


LEARNERS = {
    "calibrated, folds": lambda clf: CalibratedClassifierCV(clf, cv=GoldKFold(3)),
    "calibrated, one": lambda clf: CalibratedClassifierCV(
        clf, cv=GoldKFold(3), ensemble=False
    ),
    "calibrated": lambda clf: CalibratedClassifierCV(clf, cv=3),
    "voting": lambda clf: VotingClassifier([("a", clf)], voting="soft"),
    "stacking": lambda clf: StackingClassifier([("a", clf)]),
    "bagging": lambda clf: BaggingClassifier(clf, n_estimators=2),
    "boosting": lambda clf: AdaBoostClassifier(clf, n_estimators=2),
    "one against all": OneVsRestClassifier,
}


@pytest.mark.filterwarnings("ignore:invalid value encountered in cast")
@pytest.mark.parametrize("learner", LEARNERS.values(), ids=LEARNERS)
def test_loops_that_learn_a_class_minus_one_raise(problem, learner):
    X, clf, _, gold = problem
    outer = learner(clf)
    message = f"{type(outer).__name__} takes the -1 in y for a class.*FrozenEstimator"
    with pytest.raises(ValueError, match=message):
        outer.fit(X, gold)
    with pytest.raises(ValueError, match="NaN"):
        learner(clf).fit(X, as_nan(gold))
    # A label model on its votes is in the same place.
    with pytest.raises(ValueError, match=message):
        learner(MajorityVote()).fit(X[:, :-2].astype(int), gold)
    # Complete gold labels are nobody's -1.
    if "GoldKFold" not in repr(outer):
        learner(clf).fit(X[:N_GOLD], gold[:N_GOLD]).predict(X)


@pytest.mark.parametrize("name", ["voting", "stacking", "bagging"])
def test_positions_of_classes_are_not_taken_for_labels(name):
    votes = np.tile([[1, 1, 2], [2, 2, 2], [2, 1, 2], [1, 1, 1]], (10, 1))
    y = np.tile([1, 2, 2, 1], 10)
    outer = LEARNERS[name](MajorityVote(classes=[1, 2]))
    with pytest.raises(ValueError, match=r"replaces the labels \[1\.0, 2\.0\] in y by"):
        outer.fit(votes, y)
    # -1 is one of the classes, and becomes 0.
    outer = LEARNERS[name](MajorityVote(classes=[-1, 1]))
    with pytest.raises(ValueError, match=r"replaces the labels \[-1\.0, 1\.0\] in y"):
        outer.fit(np.where(votes == 2, 1, -1), np.where(y == 2, 1, -1))
    named = np.array(["no", "yes"])
    outer = LEARNERS[name](LabelModel(classes=[0, 1])).fit(votes - 1, named[y - 1])
    assert_array_equal(outer.predict(votes - 1), named[y - 1])


class LearnsMinusOne(LogisticRegression):
    """One of our estimators whose classes hold -1."""

    def fit(self, X, y):
        refuse_loops("LearnsMinusOne", [-1, 1])
        return super().fit(X, y)


def test_minus_one_may_be_a_class_where_labels_are_handed_on(problem):
    X, _, truth, _ = problem
    y = np.where(truth == 1, 1, -1)
    model = CalibratedClassifierCV(LearnsMinusOne(), cv=2).fit(X[:, -2:], y)
    assert_array_equal(model.classes_, [-1, 1])
    assert model.score(X[:, -2:], y) > 0.7


def test_cross_val_predict_names_the_helper(problem):
    X, clf, _, gold = problem
    with pytest.raises(ValueError, match=r"only works for part.*val_predict_gold"):
        cross_val_predict(clf, X, gold, cv=GoldKFold(3))


@pytest.mark.parametrize("form", [np.asarray, as_nan, as_none, pd.Series])
@pytest.mark.parametrize(
    "method", ["predict", "predict_proba", "predict_log_proba", "decision_function"]
)
def test_out_of_fold_predictions(problem, form, method):
    X, clf, truth, gold = problem
    if method == "predict_log_proba":  # which WeakSupervisionClassifier lacks
        clf = LogisticRegression()
        form, X, gold = np.asarray, X[:N_GOLD, -2:], gold[:N_GOLD]
    elif method == "decision_function" and form is pd.Series:
        X = pd.DataFrame(X)
    got = cross_val_predict_gold(clf, X, form(gold), cv=3, method=method)
    assert_array_equal(got.rows, np.arange(N_GOLD))
    assert_array_equal(got.y, truth[:N_GOLD])
    assert_array_equal(got.classes, [0, 1])
    for train, test in GoldKFold(3).split(X, gold):
        fitted = clf.fit(np.asarray(X)[train], gold[train])
        want = getattr(fitted, method)(np.asarray(X)[test])
        assert_allclose(got.predictions[test], want, rtol=1e-12)


def test_n_jobs_and_a_shuffled_splitter_change_nothing_but_the_folds(problem):
    X, clf, _, gold = problem
    gold = gold[::-1].copy()
    X = X[::-1]
    cv = GoldKFold(3, shuffle=True, random_state=1)
    one = cross_val_predict_gold(clf, X, gold, cv=cv)
    two = cross_val_predict_gold(clf, X, gold, cv=cv, n_jobs=2)
    assert_array_equal(one.rows, np.arange(600 - N_GOLD, 600))
    # A process of its own may sum with another number of threads.
    assert_allclose(one.predictions, two.predictions, rtol=1e-9)
    for train, test in cv.split(X, gold):
        want = clf.fit(X[train], gold[train]).predict_proba(X[test])
        got = one.predictions[test - (600 - N_GOLD)]
        assert_allclose(got, want, rtol=1e-9)


def test_a_class_that_a_fold_lacks_gets_probability_0():
    X = np.arange(12.0)[:, None]
    y = ["a", "a", "a", "a", "a", "b", "b", "b", "b", "b", "c", None]

    class Folds:
        def split(self, X, y):
            halves = np.arange(0, 12, 2), np.arange(1, 11, 2)
            yield halves[1], halves[0]
            yield halves[0], halves[1]

    for method, absent in {
        "predict_proba": 0.0,
        "predict_log_proba": -np.inf,
        "decision_function": np.finfo(float).min,
    }.items():
        got = cross_val_predict_gold(
            LogisticRegression(), X, y, cv=Folds(), method=method
        )
        assert got.classes.tolist() == ["a", "b", "c"]
        assert got.predictions.shape == (11, 3)
        assert (got.predictions[::2, 2] == absent).all()
        assert (got.predictions[1::2, 2] != absent).all()
        assert (np.argmax(got.predictions[::2], axis=1)[[0, -1]] == [0, 1]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "score"}, "method must be one of .*'predict_proba'"),
        ({"cv": 100}, "at least n_splits=100 gold rows; y has 90"),
        ({"cv": KFold(3)}, r"cv must test each of the 90 gold rows once.*510 of them"),
        ({"cv": 1}, "n_splits=1"),
    ],
)
def test_predictions_that_cannot_be_made(problem, options, message):
    X, clf, _, gold = problem
    with pytest.raises(ValueError, match=message):
        cross_val_predict_gold(clf, X, gold, **options)


def test_calibration_on_gold_rows_that_fit_did_not_see(problem):
    """The recipe of the notes of GoldKFold, in numbers."""
    X, _, truth, gold = problem
    # Votes that are sure of themselves make an end model that is too sure.
    clf = WeakSupervisionClassifier(
        ReadsVotes(), MajorityVote(), ReadsFeatures(C=1e4), soft=False
    )
    kept = np.flatnonzero(gold != -1)
    y_fit = gold.copy()
    y_fit[kept] = -1
    frozen = FrozenEstimator(clf.fit(X, y_fit))
    calibrated = CalibratedClassifierCV(frozen).fit(X[kept], gold[kept])
    assert_array_equal(calibrated.classes_, [0, 1])
    rest = np.flatnonzero(gold == -1)
    proba = calibrated.predict_proba(X[rest])[:, 1]
    raw = clf.predict_proba(X[rest])[:, 1]
    assert np.mean((proba > 0.5) == truth[rest]) > 0.75
    assert log_loss(truth[rest], proba) < log_loss(truth[rest], raw) + 0.02
    out_of_fold = cross_val_predict_gold(clf, X, gold, cv=3)
    assert brier_score_loss(out_of_fold.y, out_of_fold.predictions[:, 1]) < 0.2
    pyplot = pytest.importorskip("matplotlib.pyplot")
    display = CalibrationDisplay.from_predictions(
        out_of_fold.y, out_of_fold.predictions[:, 1], n_bins=3
    )
    assert len(display.prob_true) == 3
    pyplot.close(display.figure_)


def test_fitted_classifiers_in_other_loops(problem):
    X, clf, truth, gold = problem
    kept = np.flatnonzero(gold != -1)
    frozen = FrozenEstimator(clf.fit(X))
    rest = gold == -1
    for outer in (
        VotingClassifier([("a", frozen), ("b", frozen)], voting="soft"),
        StackingClassifier([("a", frozen)], cv="prefit"),
        TunedThresholdClassifierCV(frozen, cv="prefit", refit=False),
    ):
        outer.fit(X[kept], gold[kept])
        assert_array_equal(outer.classes_, [0, 1])
        assert np.mean(outer.predict(X[rest]) == truth[rest]) > 0.75
    voting = VotingClassifier([("a", frozen)], voting="soft").fit(X[kept], gold[kept])
    assert_allclose(voting.predict_proba(X), clf.predict_proba(X))
