import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, sparse
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC, LinearSVC

from sklabel import CrowdLabels, LabelModel, SoftLabelClassifier
from sklabel.inspection import PosteriorDisplay, class_shares, label_issues


def make_data(n_samples=200, n_classes=3, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 2))
    scores = X @ rng.normal(size=(2, n_classes)) * 2
    soft = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return X, 0.8 * soft + 0.2 * rng.dirichlet(np.ones(n_classes), size=n_samples)


class CountingScaler(TransformerMixin, BaseEstimator):
    """Counts the rows that it sees in fit and in transform."""

    seen = []

    def fit(self, X, y=None):
        self.seen.append(("fit", X.shape[0], np.ndim(y)))
        self.mean_ = np.mean(X, axis=0)
        return self

    def transform(self, X):
        self.seen.append(("transform", X.shape[0]))
        return X - self.mean_


@pytest.fixture
def seen(monkeypatch):
    calls = []
    monkeypatch.setattr(CountingScaler, "seen", calls)
    return calls


# What is learned


@pytest.mark.parametrize("weighted", [False, True])
def test_it_minimises_the_cross_entropy(weighted):
    X, soft = make_data()
    weight = np.random.default_rng(1).uniform(size=len(X)) if weighted else None
    w = np.ones(len(X)) if weight is None else weight
    C, n_classes = 1.0, soft.shape[1]

    def loss(flat):
        coefficients = flat.reshape(n_classes, 3)
        scores = X @ coefficients[:, :2].T + coefficients[:, 2]
        log_proba = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        penalty = 0.5 * (coefficients[:, :2] ** 2).sum()
        return -C * (w[:, None] * soft * log_proba).sum() + penalty

    found = optimize.minimize(loss, np.zeros(3 * n_classes), tol=1e-10)
    coefficients = found.x.reshape(n_classes, 3)
    scores = X @ coefficients[:, :2].T + coefficients[:, 2]
    expected = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    clf = SoftLabelClassifier(LogisticRegression(C=C, tol=1e-8, max_iter=1000))
    clf.fit(X, soft, weight)
    assert_allclose(clf.predict_proba(X), expected, atol=1e-4)


def test_hard_labels_train_the_estimator_as_usual():
    X, soft = make_data()
    y = soft.argmax(axis=1)
    expected = LogisticRegression().fit(X, y).predict_proba(X)
    for labels in (y, np.eye(3)[y], pd.Series(y), y.tolist()):
        clf = SoftLabelClassifier(LogisticRegression()).fit(X, labels)
        assert_array_equal(clf.predict_proba(X), expected)


def test_certain_labels_pass_no_weights_on():
    class Strict(LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            assert sample_weight is None
            return super().fit(X, y)

    X, soft = make_data(50)
    SoftLabelClassifier(Strict()).fit(X, soft.argmax(axis=1))


@pytest.mark.parametrize("form", [pd.DataFrame, sparse.csr_matrix, sparse.dia_matrix])
def test_forms_of_X(form):
    X, soft = make_data(60)
    expected = SoftLabelClassifier(LogisticRegression()).fit(X, soft).predict(X)
    clf = SoftLabelClassifier(LogisticRegression()).fit(form(X), soft)
    assert_array_equal(clf.predict(form(X)), expected)


def test_a_frame_keeps_its_columns():
    X, soft = make_data(60)
    frame = pd.DataFrame(X, columns=["a", "b"])
    clf = SoftLabelClassifier(LogisticRegression()).fit(frame, pd.DataFrame(soft))
    assert_array_equal(clf.feature_names_in_, ["a", "b"])
    assert clf.n_features_in_ == 2
    with pytest.raises(ValueError, match="feature names"):
        clf.predict(frame[["b", "a"]])


def test_rows_of_zero_weight_do_not_count():
    X, soft = make_data(60)
    weight = np.r_[np.ones(40), np.zeros(20)]
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, soft, weight)
    part = SoftLabelClassifier(LogisticRegression()).fit(X[:40], soft[:40])
    assert_allclose(clf.predict_proba(X), part.predict_proba(X))


def test_a_scalar_weight():
    X, soft = make_data(60)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, soft, 1.0)
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


# Pipelines


@pytest.mark.parametrize("memory", [False, True])
def test_the_head_of_a_pipeline_sees_every_row_once(seen, memory, tmp_path):
    X, soft = make_data(50)
    pipeline = Pipeline(
        [("scale", CountingScaler()), ("classify", LogisticRegression())],
        memory=str(tmp_path) if memory else None,
    )
    clf = SoftLabelClassifier(pipeline).fit(X, soft)
    assert seen == [("fit", 50, 1), ("transform", 50)]
    alone = SoftLabelClassifier(LogisticRegression()).fit(X - X.mean(axis=0), soft)
    assert_allclose(
        clf.predict_proba(X), alone.predict_proba(X - X.mean(axis=0)), atol=1e-6
    )
    assert isinstance(clf.estimator_, Pipeline)
    assert hasattr(clf.estimator_[0], "mean_")
    assert not hasattr(pipeline[0], "mean_")


def test_the_head_of_a_pipeline_does_not_see_rows_of_zero_weight(seen):
    X, soft = make_data(50)
    weight = np.r_[np.ones(30), np.zeros(20)]
    pipeline = make_pipeline(CountingScaler(), LogisticRegression())
    SoftLabelClassifier(pipeline).fit(X, soft, weight)
    assert seen == [("fit", 30, 1), ("transform", 30)]


def test_a_pipeline_of_one_step():
    X, soft = make_data(50)
    clf = SoftLabelClassifier(make_pipeline(LogisticRegression())).fit(X, soft)
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


# No sample_weight


def test_an_estimator_without_sample_weight_learns_the_most_probable_class():
    X, soft = make_data(80)
    clf = SoftLabelClassifier(KNeighborsClassifier(3))
    with pytest.warns(
        UserWarning, match="KNeighborsClassifier takes no sample_weight.*most probable"
    ) as record:
        clf.fit(X, soft)
    assert record[0].filename == __file__
    plain = KNeighborsClassifier(3).fit(X, soft.argmax(axis=1))
    assert_array_equal(clf.predict(X), plain.predict(X))


def test_hard_labels_without_sample_weight_do_not_warn(seen):
    X, soft = make_data(80)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        SoftLabelClassifier(KNeighborsClassifier()).fit(X, soft.argmax(axis=1))


def test_a_pipeline_whose_last_step_takes_no_sample_weight(seen):
    X, soft = make_data(80)
    clf = SoftLabelClassifier(make_pipeline(CountingScaler(), KNeighborsClassifier()))
    with pytest.warns(
        UserWarning, match="KNeighborsClassifier takes no sample_weight"
    ) as record:
        make_pipeline("passthrough", clf).fit(X, soft)
    assert [warning.filename for warning in record] == [__file__]
    assert seen == [("fit", 80, 1), ("transform", 80)]


def test_a_column_of_hard_labels_warns_at_the_line_of_the_user():
    X, soft = make_data(80)
    clf = SoftLabelClassifier(LogisticRegression())
    with pytest.warns(UserWarning, match="column-vector y") as record:
        clf.fit(X, soft.argmax(axis=1)[:, None])
    assert [warning.filename for warning in record] == [__file__]


# Order of the classes


@pytest.mark.parametrize("classes", [["b", "a"], [7, 3], [True, False]])
def test_two_classes_in_the_order_of_the_user(classes):
    X, soft = make_data(80, 2)
    clf = SoftLabelClassifier(LogisticRegression(), classes=classes).fit(X, soft)
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    assert_array_equal(clf.classes_, classes)
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-4)
    assert_allclose(clf.decision_function(X), plain.decision_function(X), atol=1e-3)
    assert_array_equal(clf.predict(X), np.array(classes)[plain.predict(X)])


def test_three_classes_in_the_order_of_the_user():
    X, soft = make_data(80)
    classes = ["b", "c", "a"]
    clf = SoftLabelClassifier(LogisticRegression(), classes=classes).fit(X, soft)
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-4)
    assert_allclose(clf.decision_function(X), plain.decision_function(X), atol=1e-3)
    assert_array_equal(clf.predict(X), np.array(classes)[plain.predict(X)])


def test_hard_labels_with_classes():
    X, soft = make_data(80)
    y = np.array(["b", "c", "a"])[soft.argmax(axis=1)]
    classes = ["c", "d", "b", "a"]
    clf = SoftLabelClassifier(LogisticRegression(), classes=classes).fit(X, y)
    plain = LogisticRegression().fit(X, y)
    assert_array_equal(clf.classes_, classes)
    assert_array_equal(clf.predict(X), plain.predict(X))
    proba = clf.predict_proba(X)
    assert_array_equal(proba[:, 1], 0)
    assert_allclose(proba[:, [3, 2, 0]], plain.predict_proba(X))


def test_a_class_without_weight_gets_probability_zero():
    X, soft = make_data(80, 2)
    padded = np.insert(soft, 1, 0, axis=1)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, padded)
    assert_array_equal(clf.classes_, [0, 1, 2])
    proba = clf.predict_proba(X)
    assert proba.shape == (80, 3)
    assert_array_equal(proba[:, 1], 0)
    assert_allclose(proba.sum(axis=1), 1)
    assert set(clf.predict(X)) == {0, 2}


def test_a_decision_function_has_a_column_per_class_also_without_weight():
    X, soft = make_data(80, 3)
    padded = np.insert(soft, 1, 0, axis=1)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, padded)
    decision = clf.decision_function(X)
    assert decision.shape == (80, 4)
    assert_array_equal(clf.classes_[decision.argmax(axis=1)], clf.predict(X))


def test_one_of_two_classes_without_weight_has_a_decision_function():
    X, soft = make_data(80, 2)
    clf = SoftLabelClassifier(LogisticRegression()).fit(
        X, np.insert(soft, 2, 0, axis=1)
    )
    decision = clf.decision_function(X)
    assert decision.shape == (80, 3)
    assert_array_equal(clf.classes_[decision.argmax(axis=1)], clf.predict(X))


def test_a_decision_function_per_pair_of_classes_is_left_alone():
    X, soft = make_data(80, 4)
    clf = SoftLabelClassifier(SVC(decision_function_shape="ovo")).fit(X, soft)
    decision = clf.decision_function(X)
    assert_array_equal(decision, clf.estimator_.decision_function(X))
    assert decision.shape == (80, 6)


# Methods


def test_methods_are_those_of_the_estimator():
    X, soft = make_data(60)
    svc = SoftLabelClassifier(LinearSVC())
    assert not hasattr(svc, "predict_proba")
    assert hasattr(svc, "decision_function")
    forest = SoftLabelClassifier(ExtraTreesClassifier(10, random_state=0))
    assert not hasattr(forest, "decision_function")
    assert forest.fit(X, soft).predict_proba(X).shape == (60, 3)
    with pytest.raises(AttributeError):
        svc.fit(X, soft).predict_proba  # noqa: B018


def test_it_does_not_claim_what_soft_labels_are_not():
    # Ridge takes several labels per row; here several columns are one label.
    tags = SoftLabelClassifier(RidgeClassifier()).__sklearn_tags__()
    assert not tags.classifier_tags.multi_label


def test_predict_before_fit():
    with pytest.raises(NotFittedError):
        SoftLabelClassifier(LogisticRegression()).predict([[0.0]])


# What is not a label

ROWS = [[0.5, 0.5], [0.2, 0.8], [0.9, 0.1]]


@pytest.mark.parametrize(
    ("y", "classes", "message"),
    [
        (None, None, "requires y to be passed"),
        (
            [[0.5, 0.5], [0.2, 0.7], [1, 0]],
            None,
            "row 1 sums to 0.9 .1 rows differ by more than 0.0001",
        ),
        ([[0.5, 0.5], [1.2, -0.2], [1, 0]], None, "not negative; row 1 is"),
        ([[0.5, 0.5], [0.2, 0.8], [np.nan, 1]], None, "finite.*row 2 is"),
        ([["a", "b"]] * 3, None, "several columns must hold class probabilities"),
        (ROWS, ["a", "b", "c"], "y has 2 columns, and there are 3 classes"),
        (ROWS, ["a", "a"], "classes must not repeat"),
        (ROWS[:2], None, "inconsistent numbers of samples"),
        ([0, 1, 2], [0, 1], r"not in classes=\[0, 1\]: 2"),
        ([0.1, 0.7, 0.2], None, r"one column of numbers.*column_stack\(\[1 - y, y\]"),
        ([1.1, 0.7, 0.2], None, "Unknown label type"),
        ([[30.0, 70.0]] * 3, None, "row 0 sums to 100"),
        ([[0.5, 0.50013]] * 3, None, "row 0 sums to 1.00013 .3 rows differ by more"),
    ],
)
def test_bad_labels_raise(y, classes, message):
    clf = SoftLabelClassifier(LogisticRegression(), classes=classes)
    with pytest.raises(ValueError, match=message):
        clf.fit([[0.0], [1.0], [2.0]], y)


def test_a_bad_estimator_raises():
    with pytest.raises(ValueError, match="The 'estimator' parameter of SoftLabel"):
        SoftLabelClassifier("svm").fit([[0.0]], [0])


def test_wrong_sample_weight():
    with pytest.raises(ValueError, match="for each of the 3 samples; got 2"):
        SoftLabelClassifier(LogisticRegression()).fit(
            [[0.0], [1.0], [2.0]], ROWS, sample_weight=[1, 1]
        )


# Columns with names


def right(clf, X, soft, names):
    return (clf.predict(X) == np.asarray(names)[soft.argmax(axis=1)]).mean()


@pytest.mark.parametrize("names", [["no", "yes"], [0, 1], [-1, 1], [True, False]])
def test_columns_of_a_frame_are_read_by_name_in_any_order(names):
    X, soft = make_data(200, 2)
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    expected = np.array(names)[plain.predict(X)]
    for step in (1, -1):
        frame = pd.DataFrame(soft[:, ::step], columns=names[::step])
        clf = SoftLabelClassifier(LogisticRegression()).fit(X, frame)
        assert_array_equal(clf.classes_, names[::step])
        assert_array_equal(clf.predict(X), expected)
        for classes in (names, names[::-1]):
            clf = SoftLabelClassifier(LogisticRegression(), classes=classes)
            clf.fit(X, frame)
            assert_array_equal(clf.classes_, classes)
            assert_array_equal(clf.predict(X), expected)


def test_a_frame_without_names_goes_by_position():
    X, soft = make_data(100, 2)
    clf = SoftLabelClassifier(LogisticRegression(), classes=["no", "yes"])
    clf.fit(X, pd.DataFrame(soft))
    assert right(clf, X, soft, ["no", "yes"]) > 0.8


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries_are_read_by_name(library):
    module = pytest.importorskip(library, exc_type=ImportError)
    X, soft = make_data(200, 2)
    columns = {"1": soft[:, 1].tolist(), "0": soft[:, 0].tolist()}
    make = module.DataFrame if library == "polars" else module.table
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    clf = SoftLabelClassifier(LogisticRegression(), classes=[0, 1])
    clf.fit(X, make(columns))
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X), atol=1e-12)
    assert clf.score(X, make(columns)) == plain.score(X, soft)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, make(columns))
    assert_array_equal(clf.classes_, ["1", "0"])


def test_sparse_soft_labels():
    X, soft = make_data(60)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, sparse.csr_matrix(soft))
    plain = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    assert_array_equal(clf.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize(
    ("columns", "classes"),
    [
        (["no", "maybe"], ["no", "yes"]),
        (["No", "Yes"], ["no", "yes"]),
        ([1, 2], [0, 1]),
        ([0, 1], [-1, 1]),
        ([1, 0], ["no", "yes"]),
        (["a", "b"], [0, 1]),
        (["no", "yes"], ["no", "yes", "maybe"]),
    ],
)
def test_columns_that_are_not_the_classes_raise_and_show_both(columns, classes):
    X, soft = make_data(60, 2)
    clf = SoftLabelClassifier(LogisticRegression(), classes=classes)
    with pytest.raises(
        ValueError, match=r"columns of y are .*and the classes are "
    ) as e:
        clf.fit(X, pd.DataFrame(soft, columns=columns))
    for name in [*columns, *classes]:
        assert repr(name) in str(e.value)


def test_rows_of_X_and_y_in_another_order_raise():
    X, soft = make_data(60, 2)
    frame, labels = pd.DataFrame(X), pd.DataFrame(soft)
    clf = SoftLabelClassifier(LogisticRegression())
    for y in (labels[::-1], labels[::-1].idxmax(axis=1)):
        with pytest.raises(
            ValueError, match="X and y have the same index labels in an"
        ):
            clf.fit(frame, y)
    clf.fit(frame, labels)
    with pytest.raises(ValueError, match=r"row 0 is 0 in X and 59 in y.*reset_index"):
        clf.score(frame, labels[::-1])
    # Other labels cannot be matched, and go by position as in scikit-learn.
    other = labels.set_axis(range(100, 160), axis=0)
    assert_array_equal(clf.fit(frame, other).predict(frame), clf.predict(frame))


# Scores


def test_the_score_on_soft_labels_is_the_expected_accuracy():
    X, soft = make_data(100)
    clf = SoftLabelClassifier(LogisticRegression(), classes=["b", "c", "a"])
    clf.fit(X, soft)
    column = pd.Index(clf.classes_).get_indexer(clf.predict(X))
    expected = soft[np.arange(100), column]
    assert clf.score(X, soft) == pytest.approx(expected.mean())
    weight = np.arange(100.0)
    average = np.average(expected, weights=weight)
    assert clf.score(X, soft, weight) == pytest.approx(average)
    frame = pd.DataFrame(soft, columns=["b", "c", "a"])[["a", "b", "c"]]
    assert clf.score(X, frame) == pytest.approx(expected.mean())
    certain = np.eye(3)[soft.argmax(axis=1)]
    hard = clf.classes_[soft.argmax(axis=1)]
    assert (
        clf.score(X, certain) == clf.score(X, hard) == (clf.predict(X) == hard).mean()
    )


def test_the_score_leaves_out_rows_without_a_label():
    X, soft = make_data(100, 2)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    y = soft.argmax(axis=1)
    some = np.where(np.arange(100) < 60, y, -1)
    expected = (clf.predict(X[:60]) == y[:60]).mean()
    assert clf.score(X, some) == expected
    assert clf.score(X, np.where(some < 0, np.nan, some)) == expected
    assert clf.score(X, y) == (clf.predict(X) == y).mean()
    signs = SoftLabelClassifier(LogisticRegression(), classes=[-1, 1]).fit(X, soft)
    assert signs.score(X, 2 * y - 1) == (signs.predict(X) == 2 * y - 1).mean()


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.full((60, 3), 1 / 3), "y has 3 columns, and there are 2 classes"),
        (pd.DataFrame(np.full((60, 2), 0.5), columns=["a", "b"]), "columns of y are"),
        (np.full((50, 2), 0.5), "inconsistent numbers of samples"),
        (np.full(60, -1), "None of the 60 rows has a gold label"),
    ],
)
def test_bad_labels_have_no_score(y, message):
    X, soft = make_data(60, 2)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, soft)
    with pytest.raises(ValueError, match=message):
        clf.score(X, y)


def test_an_unfitted_classifier_has_no_score():
    for y in ([[0.5, 0.5]], [1]):
        with pytest.raises(NotFittedError):
            SoftLabelClassifier(LogisticRegression()).score([[0.0]], y)


@pytest.mark.parametrize("cv", [3, KFold(3)])
@pytest.mark.parametrize("form", [np.asarray, pd.DataFrame])
def test_cross_validation_with_soft_labels(cv, form):
    X, soft = make_data(120)
    y = form(soft)
    clf = SoftLabelClassifier(LogisticRegression())
    scores = cross_val_score(clf, X, y, cv=cv, error_score="raise")
    by_hand = [
        clf.fit(X[train], soft[train]).score(X[test], soft[test])
        for train, test in KFold(3).split(X)
    ]
    assert_allclose(scores, by_hand)
    grid = {"estimator__C": [1e-6, 1.0]}
    search = GridSearchCV(clf, grid, cv=cv, error_score="raise").fit(X, y)
    assert search.best_params_ == {"estimator__C": 1.0}


def test_a_search_over_a_calibrated_pipeline_with_soft_labels():
    X, soft = make_data(120, 2)
    inner = make_pipeline(CountingScaler(), LogisticRegression())
    clf = SoftLabelClassifier(CalibratedClassifierCV(inner, cv=2))
    name = "estimator__estimator__logisticregression__C"
    search = GridSearchCV(clf, {name: [1e-6, 1.0]}, cv=3, error_score="raise")
    assert search.fit(X, soft).best_score_ > 0.6


def test_probabilities_of_float32_features_sum_to_one_for_scikit_learn():
    X = np.random.default_rng(0).normal(size=(200, 8)).astype(np.float32)
    y = (X[:, 0] > 0).astype(int)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, np.eye(2)[y])
    proba = clf.predict_proba(X)
    # scikit-learn warns of sums that are not 1 by the resolution of their dtype.
    assert log_loss(y, proba) < 0.5
    assert_allclose(proba.sum(axis=1), 1, atol=np.finfo(proba.dtype).eps)


def table_of(labels):
    """Return the soft labels of a crowd in which two workers always agree."""
    frame = pd.DataFrame({"sample": np.arange(len(labels)).repeat(2)})
    frame["worker"] = ["a", "b"] * len(labels)
    frame["label"] = np.repeat(labels, 2)
    return CrowdLabels.from_frame(frame).soft_labels()


TABLES = {
    "texts": ["neg", "pos", "neg"],
    "numbers": [0, 1, 1],
    "texts of numbers": ["10", "2", "2"],
    "texts that begin so": ["proba_a", "a", "a"],
    "one class has the name of a column": ["label", "n_votes", "label"],
}


@pytest.mark.parametrize("labels", TABLES.values(), ids=TABLES)
def test_a_table_of_soft_labels_is_learned_as_it_is(labels):
    table, X = table_of(labels), [[0.0], [1.0], [2.0]]
    classes = np.unique(labels)
    if labels[0] == "10":
        classes = classes[::-1]
    proba = table.iloc[:, 1:3].set_axis(classes, axis=1)
    expected = SoftLabelClassifier(LogisticRegression()).fit(X, proba)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, table)
    assert clf.classes_.tolist() == expected.classes_.tolist() == classes.tolist()
    assert clf.classes_.dtype.kind == np.asarray(labels).dtype.kind
    assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))
    assert clf.score(X, table) == expected.score(X, proba)
    assert clf.score(X, labels) == expected.score(X, labels)


def test_probabilities_of_a_table_are_named_by_its_classes():
    table, X = table_of(["neg", "pos", "neg"]), [[0.0], [1.0], [2.0]]
    clf = SoftLabelClassifier(LogisticRegression())
    clf.fit(X, table.filter(like="proba_"))
    assert clf.classes_.tolist() == ["neg", "pos"]
    swapped = clone(clf).set_params(classes=["pos", "neg"]).fit(X, table)
    assert_allclose(swapped.predict_proba(X)[:, ::-1], clf.predict_proba(X))
    numbers = table_of([0, 1, 0]).filter(like="proba_")
    assert clone(clf).fit(X, numbers).classes_.tolist() == [0, 1]


def test_names_that_begin_like_those_of_a_table_are_classes_if_the_user_says_so():
    proba = pd.DataFrame({"proba_a": [0.9, 0.2], "proba_b": [0.1, 0.8]})
    clf = SoftLabelClassifier(LogisticRegression(), classes=["proba_b", "proba_a"])
    assert clf.fit([[0.0], [1.0]], proba).predict([[0.0]]) == ["proba_a"]


def test_columns_without_the_prefix_keep_all_names():
    proba = pd.DataFrame({"proba_a": [0.9, 0.2], "b": [0.1, 0.8]})
    clf = SoftLabelClassifier(LogisticRegression()).fit([[0.0], [1.0]], proba)
    assert clf.classes_.tolist() == ["proba_a", "b"]


def test_a_table_with_other_columns_is_refused():
    table = table_of(["neg", "pos"]).assign(text=["a", "b"])
    with pytest.raises(ValueError, match="Leave out the columns that are not classes"):
        SoftLabelClassifier(LogisticRegression()).fit([[0.0], [1.0]], table)


def test_a_table_of_soft_labels_of_other_classes_is_refused():
    table = table_of([0, 1])
    clf = SoftLabelClassifier(LogisticRegression(), classes=["neg", "pos"])
    with pytest.raises(ValueError, match="The columns of y are '0', '1', and the clas"):
        clf.fit([[0.0], [1.0]], table)


@pytest.mark.parametrize("labels", [["neg", "pos", "neg"], [0, 1, 0], ["1", "0", "1"]])
def test_whatever_reads_probabilities_reads_the_table(labels):
    table = table_of(labels)
    classes = np.unique(labels).tolist()
    assert class_shares(table, labels).index.tolist() == classes
    assert set(label_issues(table, table["label"])["label"]) == set(classes)
    assert PosteriorDisplay(table, labels).is_right().all()
    votes = np.array([labels, labels], dtype=object).T
    assert LabelModel().fit(votes, table).classes_.tolist() == classes
