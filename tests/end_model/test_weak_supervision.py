import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import (
    ColumnTransformer,
    make_column_selector,
    make_column_transformer,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from sklabel import (
    ABSTAIN,
    CrowdLabels,
    GoldKFold,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.datasets import make_crowd_labels


@labeling_function
def large(x):
    return 1 if x.a > 1 else ABSTAIN


@labeling_function
def small(x):
    return 0 if x.a < -1 else ABSTAIN


def make_data(n_samples=300, seed=0, **params):
    """Return samples, crowd labels and truth; a and b tell the class."""
    data = make_crowd_labels(
        n_samples, 12, judgements_per_sample=3, random_state=seed, **params
    )
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_samples, 2)), columns=["a", "b"])
    X["a"] += np.where(data.y == 1, 1.0, -1.0)
    X["b"] -= np.where(data.y == 1, 1.0, -1.0)
    X["sample"] = np.arange(n_samples)
    return X, CrowdLabels.from_frame(data.crowd_labels), data.y


def lfs_of(crowd, **params):
    return FeatureUnion(
        [
            ("worker", WorkerLFTransformer(crowd, id_column="sample", **params)),
            (
                "rule",
                LFTransformer(
                    [large, small], sparse_output=params.get("sparse_output", False)
                ),
            ),
        ],
        verbose_feature_names_out=False,
    )


def features():
    return make_pipeline(
        make_column_transformer((StandardScaler(), ["a", "b"])), LogisticRegression()
    )


def classifier(crowd, **params):
    return WeakSupervisionClassifier(lfs_of(crowd), LabelModel(), features(), **params)


# The workflow


def test_it_runs_the_stages():
    X, crowd, _ = make_data()
    clf = classifier(crowd, n_rounds=0).fit(X)
    votes = lfs_of(crowd).fit_transform(X)
    model = LabelModel(lf_kind=["worker"] * 12 + ["auto"] * 2).fit(votes)
    end = SoftLabelClassifier(features()).fit(X, model.predict_proba(votes))
    assert_array_equal(clf.label_model_.confusion_, model.confusion_)
    assert_array_equal(clf.predict_proba(X), end.predict_proba(X))
    assert_array_equal(clf.predict(X), end.predict(X))
    assert_array_equal(clf.decision_function(X), end.decision_function(X))
    assert clf.n_training_samples_ == 300


def test_it_learns_without_gold_and_predicts_without_crowd():
    X, crowd, truth = make_data()
    clf = classifier(crowd).fit(X[:200])
    assert clf.score(X[["a", "b"]][200:], truth[200:]) > 0.88


def test_sparse_votes_give_the_same():
    X, crowd, _ = make_data()
    dense = classifier(crowd).fit(X)
    sparse = WeakSupervisionClassifier(
        lfs_of(crowd, sparse_output=True), LabelModel(), features()
    ).fit(X)
    assert_array_equal(sparse.predict_proba(X), dense.predict_proba(X))


def test_lfs_may_return_frames():
    X, crowd, _ = make_data()
    lfs = lfs_of(crowd).set_output(transform="pandas")
    clf = WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)
    assert clf.label_model_.feature_names_in_[0] == "worker_0"
    assert_array_equal(clf.predict_proba(X), classifier(crowd).fit(X).predict_proba(X))


def test_only_what_the_end_model_needs_is_needed_to_predict():
    X, crowd, _ = make_data()
    clf = classifier(crowd).fit(X)
    assert_array_equal(clf.predict(X[["a", "b"]]), clf.predict(X))
    assert_array_equal(clf.feature_names_in_, [*X])


def test_hard_labels():
    X, crowd, _ = make_data()
    clf = classifier(crowd, soft=False, n_rounds=0).fit(X)
    kinds = ["worker"] * 12 + ["auto"] * 2
    labels = make_pipeline(lfs_of(crowd), LabelModel(lf_kind=kinds)).fit(X).predict(X)
    expected = features().fit(X, labels).predict_proba(X)
    assert_allclose(clf.predict_proba(X), expected)


def test_an_end_model_without_sample_weight():
    X, crowd, _ = make_data()
    end = make_pipeline(FunctionTransformer(lambda X: X[["a"]]), KNeighborsClassifier())
    clf = WeakSupervisionClassifier(lfs_of(crowd), LabelModel(), end)
    with pytest.warns(UserWarning, match="KNeighborsClassifier takes no sample_weight"):
        clf.fit(X)


class CountingTransformer(TransformerMixin, BaseEstimator):
    n_rows = []

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        self.n_rows.append(len(X))
        return X[["a", "b"]]

    def __sklearn_is_fitted__(self):
        return True


def test_features_are_computed_once(monkeypatch):
    n_rows = []
    monkeypatch.setattr(CountingTransformer, "n_rows", n_rows)
    X, crowd, _ = make_data()
    end = make_pipeline(CountingTransformer(), LogisticRegression())
    WeakSupervisionClassifier(lfs_of(crowd), LabelModel(), end).fit(X)
    assert n_rows == [300]


# Gold


def test_gold_overrides_the_label_model():
    X, crowd, truth = make_data()
    gold = np.where(np.arange(300) < 200, 1 - truth, -1)
    clf = classifier(crowd).fit(X, gold)
    assert clf.score(X, 1 - truth) > 0.8


def test_use_gold_false_keeps_gold_out():
    X, crowd, truth = make_data()
    clf = classifier(crowd).set_params(label_model__use_gold=False).fit(X, 1 - truth)
    assert_array_equal(clf.predict_proba(X), classifier(crowd).fit(X).predict_proba(X))


@pytest.mark.parametrize("missing", [-1, np.nan, None, pd.NA])
def test_what_means_unlabelled(missing):
    X, crowd, truth = make_data()
    expected = classifier(crowd).fit(X, np.where(X.index < 50, truth, -1))
    y = pd.Series([*truth[:50].tolist(), *[missing] * 250], dtype=object)
    clf = classifier(crowd).fit(X, y)
    assert_array_equal(clf.predict_proba(X), expected.predict_proba(X))


def test_a_row_with_gold_and_no_vote_is_trained_on():
    X, crowd, truth = make_data()
    X["sample"] = np.r_[np.full(100, -5), np.arange(100, 300)]
    gold = np.where(X.index < 60, truth, -1)
    lfs = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(lfs, LabelModel(), features())
    clf.fit(X, gold)
    assert clf.n_training_samples_ == 260


# Rows without votes


def test_rows_without_votes_are_left_out_and_counted():
    X, crowd, _ = make_data()
    X["sample"] = np.r_[np.full(100, -5), np.arange(100, 300)]
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), features()
    ).fit(X)
    assert clf.n_training_samples_ == 200
    part = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), features()
    ).fit(X[100:])
    # Rows without votes say that the LFs were free to abstain, which is little.
    assert_allclose(clf.predict_proba(X), part.predict_proba(X), atol=0.01)


def test_half_of_the_rows_without_votes_give_a_warning():
    X, crowd, _ = make_data()
    X["sample"] = np.r_[np.full(150, -5), np.arange(150, 300)]
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), features()
    )
    with pytest.warns(
        UserWarning, match="150 of 300 rows have neither a vote nor a gold label"
    ) as record:
        clf.fit(X)
    with pytest.warns(UserWarning, match="150 of 300 rows") as in_pipeline:
        make_pipeline("passthrough", clf).fit(X)
    names = [warning.filename for warning in [*record, *in_pipeline]]
    assert names == [__file__, __file__]


def test_nothing_to_train_on():
    X, crowd, _ = make_data()
    X["sample"] = -5
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"),
        LabelModel(classes=[0, 1]),
        features(),
    )
    with (
        pytest.warns(UserWarning, match=r"None of the 300|none of the 300"),
        pytest.raises(ValueError, match="None of the 300 rows has a vote or a gold"),
    ):
        clf.fit(X)


# Classes


def test_string_classes():
    X, crowd, truth = make_data()
    names = np.array(["no", "yes"])
    clf = classifier(crowd).set_params(label_model__classes=names).fit(X)
    assert_array_equal(clf.classes_, names)
    plain = classifier(crowd).fit(X)
    assert_array_equal(clf.predict(X), names[plain.predict(X)])
    assert clf.score(X, names[truth]) > 0.85


@pytest.mark.parametrize("unlabelled", [-1, None])
def test_string_classes_with_gold_in_the_order_of_the_user(unlabelled):
    X, crowd, truth = make_data()
    names = np.array(["yes", "no"], dtype=object)
    gold = names[1 - truth]
    gold[100:] = unlabelled
    classes = ["no", "yes"]
    clf = classifier(crowd).set_params(label_model__classes=classes).fit(X, gold)
    plain = classifier(crowd).fit(X, np.where(X.index < 100, truth, -1))
    assert_allclose(clf.predict_proba(X), plain.predict_proba(X))
    turned = classifier(crowd).set_params(label_model__classes=[1, 0]).fit(X)
    straight = classifier(crowd).fit(X)
    assert_allclose(
        turned.predict_proba(X)[:, ::-1], straight.predict_proba(X), atol=1e-4
    )
    assert_allclose(
        -turned.decision_function(X), straight.decision_function(X), atol=1e-3
    )


def test_more_than_two_classes():
    data = make_crowd_labels(400, 10, 3, judgements_per_sample=4, random_state=0)
    rng = np.random.default_rng(0)
    X = pd.DataFrame(np.eye(3)[data.y] * 3 + rng.normal(size=(400, 3)))
    X.columns = ["a", "b", "c"]
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    X["sample"] = np.arange(400)
    end = make_pipeline(
        make_column_transformer(("passthrough", ["a", "b", "c"])), LogisticRegression()
    )
    lfs = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(lfs, LabelModel(), end).fit(X)
    assert clf.predict_proba(X).shape == (400, 3)
    assert clf.score(X, data.y) > 0.85


def test_one_class():
    X = np.arange(4.0)[:, None]
    lfs = LFTransformer([("always", lambda x: 1)])
    clf = WeakSupervisionClassifier(lfs, LabelModel(), KNeighborsClassifier(1)).fit(X)
    assert_array_equal(clf.classes_, [1])
    assert_array_equal(clf.predict(X), [1] * 4)


def test_text_and_numbers_side_by_side():
    X, crowd, truth = make_data()
    X["text"] = np.where(truth == 1, "sun and warm", "rain and cold")
    end = make_pipeline(
        make_column_transformer(
            (CountVectorizer(), "text"),
            ("passthrough", make_column_selector("^[ab]$")),
        ),
        LogisticRegression(),
    )
    clf = WeakSupervisionClassifier(lfs_of(crowd), LabelModel(), end).fit(X)
    assert clf.score(X[["a", "b", "text"]], truth) > 0.98


# Weights, selection, copies


@pytest.mark.parametrize("label_model", [LabelModel(), MajorityVote()])
def test_a_weight_counts_like_repeated_rows(label_model):
    X, crowd, _ = make_data(150)
    weight = np.random.default_rng(0).integers(0, 3, size=150)
    # Without scaling: its means know no weights.
    end = make_pipeline(
        make_column_transformer(("passthrough", ["a", "b"])),
        LogisticRegression(tol=1e-8),
    )
    clf = WeakSupervisionClassifier(lfs_of(crowd), label_model, end)
    weighted = clf.fit(X, sample_weight=weight).predict_proba(X)
    repeated = X.loc[np.repeat(X.index, weight)]
    assert_allclose(weighted, clf.fit(repeated).predict_proba(X), atol=1e-5)


def test_weights_with_gold_and_rows_without_votes():
    X, crowd, truth = make_data()
    X.loc[:99, "sample"] = -5
    weight = np.tile([0.0, 1, 2], 100)
    gold = np.where(X.index < 30, truth, -1)
    lfs = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(lfs, LabelModel(), features())
    clf.fit(X, gold, sample_weight=weight)
    assert clf.n_training_samples_ == 154


def test_grid_search_over_all_stages_scores_gold_only():
    X, crowd, truth = make_data()
    gold = np.where(np.arange(300) < 60, truth, -1)
    grid = {
        "lfs__worker__min_labels": [1, 60],
        "label_model__tempering": ["auto", 0],
        "estimator__logisticregression__C": [0.01, 1.0],
    }
    search = GridSearchCV(classifier(crowd), grid, cv=GoldKFold(3), n_jobs=2)
    search.fit(X, gold)
    assert search.best_score_ > 0.85
    assert search.best_estimator_.lfs_["worker"].crowd_labels is crowd
    assert search.predict(X[["a", "b"]]).shape == (300,)


def test_cross_validation_with_string_gold():
    X, crowd, truth = make_data()
    gold = np.where(X.index < 60, np.array(["no", "yes"], dtype=object)[truth], None)
    clf = classifier(crowd).set_params(label_model__classes=["no", "yes"])
    assert cross_val_score(clf, X, gold, cv=GoldKFold(3)).min() > 0.7


RELOAD = """
import sys, joblib, numpy as np
clf, X = joblib.load(sys.argv[1]), joblib.load(sys.argv[2])
np.save(sys.argv[3], clf.predict_proba(X))
"""


def test_reloaded_in_a_fresh_process_it_predicts_the_same_bits(tmp_path):
    X, crowd, _ = make_data()
    lfs = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)
    paths = [str(tmp_path / name) for name in ("clf", "X", "proba.npy")]
    joblib.dump(clf, paths[0])
    joblib.dump(X[["a", "b"]], paths[1])
    subprocess.run([sys.executable, "-c", RELOAD, *paths], check=True)
    assert_array_equal(np.load(paths[2]), clf.predict_proba(X))


# What is wrong


def test_predict_before_fit():
    X, crowd, _ = make_data(20)
    with pytest.raises(NotFittedError):
        classifier(crowd).predict(X)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        ("lfs", "The 'lfs' parameter of WeakSupervisionClassifier must be"),
        ("label_model", "The 'label_model' parameter of WeakSupervisionClassifier"),
        ("estimator", "The 'estimator' parameter of WeakSupervisionClassifier"),
        ("soft", "The 'soft' parameter of WeakSupervisionClassifier"),
    ],
)
def test_a_bad_stage_raises(stage, message):
    X, crowd, _ = make_data(20)
    with pytest.raises(ValueError, match=message):
        classifier(crowd).set_params(**{stage: "nothing"}).fit(X)


def test_gold_of_another_length():
    X, crowd, _ = make_data(20)
    with pytest.raises(ValueError, match="X has 20 rows and y has 3"):
        classifier(crowd).fit(X, [0, 1, -1])


def test_methods_are_those_of_the_end_model():
    X, crowd, _ = make_data()
    clf = WeakSupervisionClassifier(
        lfs_of(crowd),
        LabelModel(),
        make_pipeline(
            make_column_transformer(("passthrough", ["a", "b"])), KNeighborsClassifier()
        ),
        soft=False,
    ).fit(X)
    assert not hasattr(clf, "decision_function")
    assert hasattr(clf, "predict_proba")


def test_a_dense_and_a_sparse_block_raise():
    X, crowd, _ = make_data()
    lfs = FeatureUnion(
        [
            ("dense", LFTransformer([large])),
            (
                "sparse",
                WorkerLFTransformer(crowd, id_column="sample", sparse_output=True),
            ),
        ]
    )
    with pytest.raises(ValueError, match=r"LFUnion, or give all of them the same"):
        WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)


def test_a_union_of_sklabel_is_one_block():
    X, crowd, _ = make_data()
    workers = WorkerLFTransformer(crowd, id_column="sample", sparse_output=True)
    union = LFUnion([("dense", LFTransformer([large])), ("sparse", workers)])

    def fit(lfs):
        return WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)

    expected = fit(union).predict_proba(X)
    assert_allclose(fit(make_pipeline(union)).predict_proba(X), expected)
    beside = FeatureUnion([("union", union), ("dense", LFTransformer([small]))])
    with pytest.raises(
        ValueError,
        match=r"LFUnion\(sparse_output=True\), LFTransformer\(sparse_output=False\)",
    ):
        fit(beside)


# Class names


def named_parts():
    X, crowd, truth = make_data()
    frame = crowd.to_frame()
    frame["label"] = np.where(frame["label"] == 1, "spam", "ham")
    named = CrowdLabels.from_frame(
        frame.set_axis(["sample", "worker", "label"], axis=1)
    )
    return X, named, np.where(np.asarray(truth) == 1, "spam", "ham")


def test_class_names_of_the_crowd_reach_predict():
    X, crowd, truth = named_parts()
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), features()
    ).fit(X)
    assert clf.classes_.tolist() == ["ham", "spam"]
    assert clf.score(X, truth) > 0.7


def test_class_names_in_another_order_swap_nothing():
    X, crowd, _ = named_parts()
    workers = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(workers, LabelModel(), features()).fit(X)
    turned = WeakSupervisionClassifier(
        workers, LabelModel(classes=["spam", "ham"]), features()
    ).fit(X)
    assert turned.classes_.tolist() == ["spam", "ham"]
    np.testing.assert_allclose(
        turned.predict_proba(X)[:, ::-1], clf.predict_proba(X), atol=1e-4
    )
    # Beside labeling functions that name the classes in another order.
    other = LFTransformer([("never", lambda x: None)], classes=["spam", "ham"])
    for union in (FeatureUnion, LFUnion):
        both = WeakSupervisionClassifier(
            union([("workers", workers), ("other", other)]), LabelModel(), features()
        ).fit(X)
        proba = pd.DataFrame(both.predict_proba(X), columns=both.classes_)
        expected = pd.DataFrame(clf.predict_proba(X), columns=clf.classes_)
        np.testing.assert_allclose(proba[["ham", "spam"]], expected, atol=1e-4)


def test_names_beside_numbers_raise():
    X, crowd, _ = named_parts()
    lfs = FeatureUnion(
        [
            ("workers", WorkerLFTransformer(crowd, id_column="sample")),
            ("other", LFTransformer([("zero", lambda x: 0)])),
        ]
    )
    with pytest.raises(ValueError, match=r"different kinds: .*'spam'.* and \[0\]"):
        WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)


@pytest.mark.parametrize("names", [["ham", "spam"], [-1, 1], [0, 1]], ids=repr)
def test_sparse_votes_that_scipy_stacked_get_their_names_back(names):
    X, crowd, _ = make_data()
    frame = crowd.to_frame()
    frame["label"] = np.array(names)[frame["label"]]
    crowd = CrowdLabels.from_frame(frame, classes=names)

    def fitted(sparse_output):
        options = {"id_column": "sample", "sparse_output": sparse_output}
        lfs = FeatureUnion(
            [
                ("all", WorkerLFTransformer(crowd, **options)),
                ("busy", WorkerLFTransformer(crowd, min_labels=20, **options)),
            ]
        )
        return WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)

    dense, stacked = fitted(False), fitted(True)
    assert stacked.classes_.tolist() == dense.classes_.tolist() == names
    np.testing.assert_allclose(dense.predict_proba(X), stacked.predict_proba(X))


def test_sparse_votes_for_other_names_need_the_union_of_sklabel():
    X, crowd, truth = named_parts()
    lfs = [
        ("workers", WorkerLFTransformer(crowd, id_column="sample", sparse_output=True)),
        (
            "other",
            LFTransformer(
                [("never", lambda x: None)],
                classes=["spam", "ham", "eggs"],
                sparse_output=True,
            ),
        ),
    ]
    with pytest.raises(ValueError, match=r"lost the names of its classes.*LFUnion"):
        WeakSupervisionClassifier(FeatureUnion(lfs), LabelModel(), features()).fit(X)
    clf = WeakSupervisionClassifier(LFUnion(lfs), LabelModel(), features()).fit(X)
    assert set(clf.label_model_.classes_) == {"spam", "ham", "eggs"}
    assert clf.score(X, truth) > 0.7


def test_dense_and_sparse_lfs_raise_even_where_no_vote_is_missing():
    X, crowd, _ = make_data()
    union = FeatureUnion(
        [
            ("always", LFTransformer([("zero", lambda x: 0)])),
            ("w", WorkerLFTransformer(crowd, id_column="sample", sparse_output=True)),
        ]
    )
    with pytest.raises(ValueError, match="votes for class 0 would be lost"):
        WeakSupervisionClassifier(union, LabelModel(), features()).fit(X)


def test_a_vectorizer_that_reads_column_names_raises():
    X, crowd, _ = make_data()
    text = make_pipeline(CountVectorizer(), LogisticRegression())
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), text
    )
    with pytest.raises(ValueError, match="make_column_transformer"):
        clf.fit(X)


def test_score_leaves_out_rows_without_gold():
    X, crowd, truth = make_data()
    clf = WeakSupervisionClassifier(
        WorkerLFTransformer(crowd, id_column="sample"), LabelModel(), features()
    ).fit(X)
    part = np.where(np.arange(len(X)) < 100, truth, -1)
    assert clf.score(X, part) == clf.score(X[:100], truth[:100])
    with pytest.raises(ValueError, match="None of the 300 rows has a gold label"):
        clf.score(X, np.full(300, -1))


def test_people_are_workers_and_lazy_ones_count_little():
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=400)
    rows = []
    for worker in range(60):
        judged = rng.choice(400, size=30, replace=False)
        if worker < 25:
            labels = np.ones(30, dtype=int)
        else:
            labels = np.where(rng.random(30) < 0.8, truth[judged], 1 - truth[judged])
        rows.append(pd.DataFrame({"sample": judged, "worker": worker, "label": labels}))
    frame = pd.concat(rows)
    crowd = CrowdLabels.from_frame(
        frame, sample="sample", worker="worker", label="label"
    )
    X = pd.DataFrame({"sample": np.arange(400), "a": truth, "b": rng.normal(size=400)})
    workers = WorkerLFTransformer(crowd, id_column="sample")
    clf = WeakSupervisionClassifier(workers, LabelModel(), features()).fit(X)
    assert_array_equal(clf.label_model_.lf_kind_, ["worker"] * 60)
    votes = workers.fit_transform(X)
    judged = (votes >= 0).any(axis=1)
    found = clf.label_model_.score(votes[judged], truth[judged])
    counted = MajorityVote().fit(votes).score(votes[judged], truth[judged])
    assert found > counted + 0.05
    said = WeakSupervisionClassifier(
        workers, LabelModel(lf_kind="rule"), features()
    ).fit(X)
    assert_array_equal(said.label_model_.lf_kind_, ["rule"] * 60)


class OnlyFitAndTransform(BaseEstimator):
    """Needs nothing of scikit-learn's mixins."""

    def __init__(self, inner):
        self.inner = inner

    def fit(self, X, y=None):
        self.inner_ = self.inner.fit(X, y)
        return self

    def transform(self, X):
        return self.inner_.transform(X)


def test_frozen_lfs_are_not_fitted_again(monkeypatch):
    X, crowd, _ = make_data()
    worker = WorkerLFTransformer(crowd, id_column="sample").fit(X)
    rule = LFTransformer([large, small])
    rule_frozen = FrozenEstimator(rule.fit(X))

    def refuse(*_):
        raise AssertionError("a frozen transformer was fitted")

    def wrap(kind, frozen):
        first = FrozenEstimator(worker) if frozen else worker
        second = rule_frozen if frozen else rule
        return {
            "union": FeatureUnion([("w", first), ("r", second)]),
            "union of pipelines": FeatureUnion(
                [
                    ("w", make_pipeline("passthrough", first)),
                    ("r", second),
                ]
            ),
            "columns": ColumnTransformer(
                [
                    ("w", first, [*X]),
                    ("r", second, [*X]),
                ]
            ),
            "alone": first,
            "pipeline": make_pipeline(first),
            "all": FrozenEstimator(FeatureUnion([("w", first), ("r", second)]).fit(X))
            if frozen
            else FeatureUnion([("w", first), ("r", second)]),
            "methods": OnlyFitAndTransform(first),
        }[kind]

    for kind in (
        "union",
        "union of pipelines",
        "columns",
        "alone",
        "pipeline",
        "all",
        "methods",
    ):
        fitted = WeakSupervisionClassifier(
            wrap(kind, frozen=False), LabelModel(), features()
        ).fit(X)
        lfs = wrap(kind, frozen=True)
        with monkeypatch.context() as context:
            for name in ("WorkerLFTransformer", "LFTransformer"):
                context.setattr(globals()[name], "fit", refuse)
            frozen = WeakSupervisionClassifier(lfs, LabelModel(), features()).fit(X)
        assert_array_equal(frozen.predict_proba(X), fitted.predict_proba(X))
        if kind != "methods":  # which has no names of columns
            # People are seen through the frozen ones.
            assert "worker" in frozen.label_model_.lf_kind
            assert frozen.label_model_.lf_kind == fitted.label_model_.lf_kind


def test_names_and_layouts_are_seen_through_frozen_lfs():
    X, _, _ = make_data()
    names = ["no", "yes"]
    judgements = make_crowd_labels(300, 12, judgements_per_sample=3, random_state=0)
    frame = judgements.crowd_labels.assign(
        label=lambda f: np.array(names)[f["label"].to_numpy()]
    )
    crowd = CrowdLabels.from_frame(frame)
    worker = WorkerLFTransformer(crowd, id_column="sample").fit(X)
    clf = WeakSupervisionClassifier(FrozenEstimator(worker), LabelModel(), features())
    assert clf.fit(X).classes_.tolist() == names
    rule = LFTransformer([large, small], sparse_output=True).fit(X)
    both = FeatureUnion([("w", FrozenEstimator(worker)), ("r", FrozenEstimator(rule))])
    with pytest.raises(ValueError, match=r"WorkerLFTransformer\(sparse_output=False\)"):
        WeakSupervisionClassifier(both, LabelModel(), features()).fit(X)
