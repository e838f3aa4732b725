import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_predict,
)
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline

from sklabel import (
    EstimatorLF,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    WeakSupervisionClassifier,
)
from sklabel.lf._estimator import confident_votes
from sklabel.model_selection import GoldKFold
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense


class Lookup(ClassifierMixin, BaseEstimator):
    """Knows the rows that it was trained on by heart, and nothing else."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known_ = {row[0]: label for row, label in zip(X, y, strict=True)}
        return self

    def predict_proba(self, X):
        sure = [self.known_.get(row[0]) == self.classes_ for row in X]
        even = 1 / len(self.classes_)
        return np.array([np.where(s, 1.0, 0) if any(s) else s + even for s in sure])


class Fixed(ClassifierMixin, BaseEstimator):
    """Says what its only column says: the probability of the second class."""

    def __init__(self, classes=(0, 1)):
        self.classes = classes

    def fit(self, X, y=None):
        self.classes_ = np.array(self.classes)
        return self

    def predict_proba(self, X):
        p = np.asarray(X, dtype=float)[:, 0]
        return np.column_stack([1 - p, p])


def frozen(*classes):
    return FrozenEstimator(Fixed(classes or (0, 1)).fit(None))


ROWS = np.arange(12.0).reshape(-1, 1)
GOLD = np.array([0, 1] * 4 + [-1] * 4)


def sample(n_samples=200, n_gold=60):
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=n_samples)
    X = truth[:, None] + rng.normal(size=(n_samples, 3))
    y = np.where(np.arange(n_samples) < n_gold, truth, -1)
    return X, y, truth


def test_it_votes_from_the_threshold_on_and_abstains_below():
    X = [[0.0], [0.2], [0.21], [0.79], [0.8], [1.0]]
    votes = EstimatorLF(frozen(), threshold=0.8).fit_transform(X)
    assert votes.dtype == np.int8
    assert votes.ravel().tolist() == [0, 0, -1, -1, 1, 1]


def slow_votes(proba, thresholds):
    votes = []
    for row in proba.tolist():
        reached = [k for k, p in enumerate(row) if p >= thresholds[k]]
        best = [k for k in reached if row[k] == max(row[m] for m in reached)]
        votes.append(best[0] if len(best) == 1 else -1)
    return votes


@pytest.mark.parametrize(
    "thresholds", [[0.5] * 3, [0, 0, 0], [0.2, 0.4, np.inf], [1] * 3, [np.inf] * 3]
)
def test_the_kernel_equals_three_loops(thresholds):
    proba = np.random.default_rng(0).dirichlet([0.5] * 3, size=200).round(1)
    proba[:3] = [[1, 0, 0], [0.4, 0.4, 0.2], [np.nan] * 3]
    votes = confident_votes(proba, np.array(thresholds))
    assert votes.tolist() == slow_votes(proba, thresholds)


def test_equal_probabilities_are_no_vote():
    assert EstimatorLF(frozen(), threshold=0).fit_transform([[0.5]]).tolist() == [[-1]]


def test_a_threshold_for_each_class():
    X = [[0.05], [0.2], [0.5], [0.65]]
    lf = EstimatorLF(frozen("a", "b"), threshold={"b": 0.6, "a": 0.9})
    assert lf.fit_transform(X).tolist() == [["a"], [None], [None], ["b"]]
    never = EstimatorLF(frozen("a", "b"), threshold={"b": 0.6, "a": None})
    assert never.fit_transform(X).tolist() == [[None], [None], [None], ["b"]]
    low = EstimatorLF(frozen("a", "b"), threshold={"b": 0.1, "a": 0.1})
    assert low.fit_transform(X).tolist() == [["a"], ["a"], [None], ["b"]]


@pytest.mark.parametrize(
    ("threshold", "match"),
    [
        ({"a": 0.9}, r"names every class, .*; it names 'a', and the classes are"),
        ({"a": 0.9, "b": 0.9, "c": 1}, r"names every class"),
        ({"a": 90, "b": 0.9}, r"threshold of class 'a' must be a number in \[0, 1\]"),
        ({"a": np.nan, "b": 0.9}, r"threshold of class 'a' .* got nan"),
        (1.5, r"The 'threshold' parameter of EstimatorLF must be"),
    ],
)
def test_odd_thresholds_are_refused(threshold, match):
    with pytest.raises(ValueError, match=match):
        EstimatorLF(frozen("a", "b"), threshold=threshold).fit([[0.1]])


def test_fit_transform_votes_on_gold_rows_by_models_that_have_not_seen_them():
    # What is known by heart is of no use for a row that was left out.
    lf = EstimatorLF(Lookup(), cv=2)
    assert_array_equal(lf.fit_transform(ROWS, GOLD), np.full((12, 1), -1))
    # `transform` asks the model that was trained on all gold rows.
    assert_array_equal(lf.transform(ROWS).ravel(), GOLD)
    assert_array_equal(lf.fit(ROWS, GOLD).transform(ROWS).ravel(), GOLD)
    assert lf.n_gold_ == 8


@pytest.mark.parametrize("cv", [5, None, StratifiedKFold(5), KFold(4)])
def test_votes_on_gold_rows_are_those_of_cross_val_predict(cv):
    X, y, _ = sample()
    gold = y != -1
    model = LogisticRegression()
    lf = EstimatorLF(model, threshold=0.7, cv=cv)
    votes = lf.fit_transform(X, y).ravel()
    proba = cross_val_predict(model, X[gold], y[gold], cv=cv, method="predict_proba")
    expected = np.where(proba.max(axis=1) >= 0.7, proba.argmax(axis=1), -1)
    assert_array_equal(votes[gold], expected)
    proba = model.fit(X[gold], y[gold]).predict_proba(X[~gold])
    expected = np.where(proba.max(axis=1) >= 0.7, proba.argmax(axis=1), -1)
    assert_array_equal(votes[~gold], expected)
    assert_array_equal(lf.transform(X[~gold]).ravel(), expected)


@pytest.mark.parametrize(
    "y",
    [
        GOLD.astype(float),
        np.where(GOLD < 0, np.nan, GOLD),
        [None if g < 0 else int(g) for g in GOLD],
        pd.array([pd.NA if g < 0 else g for g in GOLD], dtype="Int64"),
        pd.Series(GOLD),
        pd.Series(GOLD.astype(bool)).where(GOLD >= 0, None),
    ],
    ids=["floats", "nan", "none", "nullable", "series", "bools"],
)
def test_every_way_to_write_no_gold_label_is_read(y):
    lf = EstimatorLF(KNeighborsClassifier(1)).fit(ROWS, y)
    assert lf.n_gold_ == 8
    assert lf.classes_.tolist() == [0, 1]
    assert_array_equal(lf.transform(ROWS)[:8].ravel(), GOLD[:8])


def test_string_classes_make_votes_that_know_them():
    y = [{0: "no", 1: "yes"}.get(g) for g in GOLD]
    lf = EstimatorLF(KNeighborsClassifier(1)).fit(ROWS, y)
    votes = lf.transform(ROWS[:2])
    assert isinstance(votes, NamedVotes)
    assert votes.tolist() == [["no"], ["yes"]]
    assert lf.classes_.tolist() == ["no", "yes"]


def test_minus_one_is_a_label_where_it_is_a_class():
    y = [None if g < 0 else 2 * g - 1 for g in GOLD.tolist()]
    lf = EstimatorLF(KNeighborsClassifier(1), classes=[1, -1]).fit(ROWS, y)
    assert lf.n_gold_ == 8
    assert lf.classes_.tolist() == [1, -1]
    assert lf.transform(ROWS[:2]).tolist() == [[-1], [1]]


def test_classes_may_name_more_than_gold_does():
    lf = EstimatorLF(KNeighborsClassifier(1), classes=["a", "b", "c"], cv=2)
    y = [None if g < 0 else "ca"[g] for g in GOLD.tolist()]
    assert lf.fit(ROWS, y).transform(ROWS[:2]).tolist() == [["c"], ["a"]]
    assert lf.classes_.tolist() == ["a", "b", "c"]
    assert lf.fit_transform(ROWS, y).classes.tolist() == ["a", "b", "c"]
    with pytest.raises(ValueError, match=r"not in classes=\['a', 'b'\]: 'c' \(4 rows"):
        clone(lf).set_params(classes=["a", "b"]).fit(ROWS, y)
    with pytest.raises(ValueError, match=r"predicts classes that are not in classes"):
        EstimatorLF(frozen("a", "b"), classes=["a", "c"]).fit([[0.1]])


def test_a_fold_of_a_splitter_may_lack_a_class():
    y = [0, 0, 1, 1, 2, 2]
    lf = EstimatorLF(KNeighborsClassifier(1), cv=KFold(3))
    # Every class stands in one fold: nobody can vote for it there.
    assert lf.fit_transform(ROWS[:6], y).ravel().tolist() == [1, 1, 0, 2, 1, 1]


def test_a_class_with_few_gold_labels_makes_fewer_folds_with_a_warning():
    y = GOLD.copy()
    y[[3, 5]] = -1
    lf = EstimatorLF(Lookup(), cv=5)
    with pytest.warns(UserWarning, match=r"Class 1 has 2 gold labels, less than cv=5"):
        lf.fit_transform(ROWS, y)
    y[7] = -1
    with pytest.raises(
        ValueError, match=r"need 2 gold labels of each class, and 1 has"
    ):
        lf.fit_transform(ROWS, y)
    assert lf.fit(ROWS, y).n_gold_ == 5  # no folds


@pytest.mark.parametrize("y", [None, [-1] * 12, [None] * 12])
def test_no_gold_label_is_an_error(y):
    lf = EstimatorLF(LogisticRegression())
    match = "target y is None. Pass gold" if y is None else "None of the 12 rows has"
    with pytest.raises(ValueError, match=match):
        lf.fit_transform(ROWS, y)


def test_a_fitted_classifier_without_y_is_told_of_the_frozen_one():
    model = LogisticRegression().fit(ROWS[:8], GOLD[:8])
    with pytest.raises(ValueError, match=r"fitted already: pass FrozenEstimator"):
        EstimatorLF(model).fit(ROWS)
    # With y, a clone is trained, as everywhere in scikit-learn.
    lf = EstimatorLF(model, cv=2).fit(ROWS, 1 - GOLD.clip(0))
    assert lf.estimator_ is not model
    assert_array_equal(model.classes_, [0, 1])


def test_a_frozen_classifier_ignores_y_and_votes_alike_on_all_rows():
    model = Lookup().fit(ROWS[:8], GOLD[:8])
    lf = EstimatorLF(FrozenEstimator(model))
    assert_array_equal(lf.fit_transform(ROWS).ravel(), GOLD)
    assert_array_equal(lf.fit_transform(ROWS, ["x"] * 12).ravel(), GOLD)
    assert lf.n_gold_ == 0
    assert lf.get_feature_names_out().tolist() == ["lookup"]
    with pytest.raises(NotFittedError):
        EstimatorLF(FrozenEstimator(Lookup())).fit(ROWS)


def test_a_classifier_without_probabilities_is_refused():
    with pytest.raises(ValueError, match=r"RidgeClassifier has no predict_proba. Wrap"):
        EstimatorLF(RidgeClassifier()).fit(ROWS, GOLD)


def test_a_classifier_of_several_labels_is_refused():
    odd = frozen()
    odd.estimator.classes_ = np.array([0, 1, 2])
    with pytest.raises(ValueError, match=r"one column for each of the 3 classes"):
        EstimatorLF(odd).fit_transform([[0.1]])


def test_classes_that_are_fractions_are_refused():
    with pytest.raises(ValueError, match=r"must be strings or integers; the estimator"):
        EstimatorLF(frozen(0.5, 1.5)).fit([[0.1]])


class Leaking(KFold):
    def split(self, X, y=None, groups=None):
        for train, test in super().split(X, y, groups):
            yield np.append(train, test[:1]), test


def test_a_fold_must_not_train_on_what_it_tests():
    lf = EstimatorLF(Lookup(), cv=Leaking(2, shuffle=True, random_state=0))
    with pytest.raises(
        ValueError, match=r"not train on what it tests; a fold has 1 of the 8 gold rows"
    ):
        lf.fit_transform(ROWS, GOLD)


@pytest.mark.parametrize("classes", [None, ["high", "low"]])
def test_gold_of_one_class_is_refused(classes):
    y = ["low", "low", None, "low"]
    with pytest.raises(
        ValueError, match=r"The 3 gold label\(s\) in y .* are all 'low'; .*everywhere"
    ):
        EstimatorLF(Lookup(), classes=classes).fit(ROWS[:4], y)


@pytest.mark.parametrize("odd", [-0.5, 1.5, np.nan, np.inf])
def test_scores_that_are_not_probabilities_are_refused(odd):
    with pytest.raises(
        ValueError,
        match=r"of FrozenEstimator must return probabilities; 1 row\(s\) .* row 1\.",
    ):
        EstimatorLF(frozen()).fit_transform([[0.1], [odd], [0.5]])


def test_probabilities_may_miss_one_by_rounding():
    assert EstimatorLF(frozen()).fit_transform([[1 + 1e-9]]).tolist() == [[1]]


class Overlapping(KFold):
    def split(self, X, y=None, groups=None):
        for train, test in super().split(X, y, groups):
            yield train, test[:1].repeat(2)


def test_a_splitter_must_test_each_gold_row_once():
    lf = EstimatorLF(Lookup(), cv=Overlapping(2, shuffle=True, random_state=0))
    with pytest.raises(
        ValueError, match=r"each of the 8 gold rows once; it tests 6 of"
    ):
        lf.fit_transform(ROWS, GOLD)
    with pytest.raises(ValueError, match=r"cv must be at least 2 folds; got 1"):
        EstimatorLF(Lookup(), cv=1).fit_transform(ROWS, GOLD)


def test_rows_in_another_order_than_y_are_refused():
    X = pd.DataFrame(ROWS, columns=["x"])
    y = pd.Series(GOLD).iloc[::-1]
    with pytest.raises(ValueError, match=r"same index labels in another order"):
        EstimatorLF(LogisticRegression()).fit(X, y)


TEXTS = pd.DataFrame(
    {
        "id": range(8),
        "text": [
            *("good day", "bad rain", "good sun", "bad wind"),
            *(None, "good", "bad bad", ""),
        ],
    },
    index=list("abcdefgh"),
)
TEXT_GOLD = ["pos", "neg", "pos", "neg", "pos", None, None, None]


def text_lf(**params):
    model = make_pipeline(CountVectorizer(), MultinomialNB())
    return EstimatorLF(model, column="text", threshold=0.6, cv=2, **params)


def test_a_text_pipeline_reads_a_column_and_abstains_on_missing_texts():
    lf = text_lf(name="words").fit(TEXTS, TEXT_GOLD)
    assert lf.n_gold_ == 4  # a label without a text teaches nothing
    expected = ["pos", "neg", "pos", "neg", None, "pos", "neg", None]
    assert lf.transform(TEXTS).labels().ravel().tolist() == expected
    assert lf.transform(TEXTS[["text"]].iloc[4:5]).tolist() == [[None]]
    assert lf.get_feature_names_out().tolist() == ["words"]
    assert lf.feature_names_in_.tolist() == ["text"]
    with pytest.raises(ValueError, match=r"needs the column\(s\) 'text'"):
        lf.transform(TEXTS[["id"]])
    out_of_fold = text_lf().fit_transform(TEXTS, TEXT_GOLD).labels().ravel()
    assert out_of_fold.tolist() == expected
    nothing = [*[None] * 4, "pos", None, None, None]
    with pytest.raises(ValueError, match=r"gold label in y and a text; there is"):
        text_lf().fit(TEXTS, nothing)


def test_a_list_of_texts_goes_to_the_pipeline_as_it_is():
    texts = TEXTS["text"].fillna("").tolist()
    lf = text_lf().set_params(column=None, threshold=0.61)
    votes = lf.fit_transform(texts, TEXT_GOLD)
    assert votes.labels().ravel().tolist()[-3:] == ["pos", "neg", None]


def test_all_texts_missing_are_all_abstentions():
    lf = text_lf().fit(TEXTS, TEXT_GOLD)
    nothing = pd.DataFrame({"text": [None, np.nan]}, dtype=object)
    assert lf.transform(nothing).tolist() == [[None], [None]]


def test_polars_gives_the_same_votes():
    polars = pytest.importorskip("polars")
    lf = text_lf()
    expected = lf.fit_transform(TEXTS, TEXT_GOLD)
    texts = [text if isinstance(text, str) else None for text in TEXTS["text"]]
    frame = polars.DataFrame({"id": range(8), "text": texts})
    votes = clone(lf).fit_transform(frame, polars.Series(TEXT_GOLD))
    assert_array_equal(votes.labels(), expected.labels())
    X, y, _ = sample()
    model = EstimatorLF(LogisticRegression())
    table = polars.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]})
    assert_array_equal(model.fit_transform(table, y), model.fit_transform(X, y))
    framed = text_lf().set_output(transform="polars").fit_transform(TEXTS, TEXT_GOLD)
    assert framed.columns == ["pipeline"]


def test_sparse_votes_equal_dense_ones():
    X, y, _ = sample()
    dense = EstimatorLF(LogisticRegression()).fit_transform(X, y)
    lf = EstimatorLF(LogisticRegression(), sparse_output=True)
    stored = lf.fit_transform(X, y)
    assert isinstance(stored, VoteMatrix)
    assert stored.nnz == (dense != -1).sum()
    assert_array_equal(votes_to_dense(stored), dense)
    assert_array_equal(votes_to_dense(lf.transform(X)), lf.transform(X).toarray())


def test_set_output_keeps_index_and_classes():
    lf = text_lf(name="words").set_output(transform="pandas")
    for frame in (
        lf.fit_transform(TEXTS, TEXT_GOLD),
        lf.fit(TEXTS, TEXT_GOLD).transform(TEXTS),
    ):
        assert frame.columns.tolist() == ["words"]
        assert frame.index.tolist() == TEXTS.index.tolist()
        assert frame["words"].cat.categories.tolist() == ["neg", "pos"]


def test_pickles_and_repeats_give_the_same_votes():
    X, y, _ = sample()
    lf = EstimatorLF(LogisticRegression())
    votes = lf.fit_transform(X, y)
    assert_array_equal(clone(lf).fit_transform(X, y), votes)
    again = pickle.loads(pickle.dumps(lf))
    assert_array_equal(again.transform(X), lf.transform(X))


def test_a_failed_fit_leaves_nothing_fitted():
    X, y, _ = sample()
    lf = EstimatorLF(LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="None of the 200 rows"):
        lf.fit(X, np.full(200, -1))
    with pytest.raises(NotFittedError):
        lf.transform(X)


def test_fit_forgets_the_columns_of_the_fit_before():
    X, y, _ = sample()
    lf = EstimatorLF(LogisticRegression())
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    assert lf.fit(frame, y).feature_names_in_.tolist() == ["a", "b", "c"]
    assert not hasattr(lf.fit(X[:, :2], y), "feature_names_in_")
    assert lf.n_features_in_ == 2


def test_dask_is_told_the_way():
    dask_array = pytest.importorskip("dask.array")
    X, y, _ = sample()
    with pytest.raises(TypeError, match=r"sklabel.dask.transform\(transformer, X\)"):
        EstimatorLF(LogisticRegression()).fit(dask_array.from_array(X), y)


@pytest.mark.parametrize(
    "around",
    [
        lambda lf: LFUnion([("lf", lf)]),
        lambda lf: FeatureUnion([("lf", lf)]),
        lambda lf: ColumnTransformer([("lf", lf, [0])]),
        lambda lf: Pipeline([("lf", lf)]),
        lambda lf: LFUnion([("u", Pipeline([("lf", lf)]))]),
    ],
    ids=["LFUnion", "FeatureUnion", "ColumnTransformer", "Pipeline", "both"],
)
def test_gold_with_unlabelled_rows_goes_through_unions_and_pipelines(around):
    lf = around(EstimatorLF(Lookup(), cv=2))
    assert_array_equal(lf.fit_transform(ROWS, GOLD), np.full((12, 1), -1))
    assert_array_equal(lf.transform(ROWS).ravel(), GOLD)


def first_column(X):
    return np.where(X[:, 0] > 0.5, 1, 0)


first_column.lf_vectorized = True


def test_a_grid_search_finds_the_threshold_in_a_pipeline():
    X, y, _ = sample(n_gold=100)
    rule = LFTransformer([("rule", first_column)], classes=[0, 1])
    pipe = Pipeline(
        [
            (
                "lf",
                LFUnion([("model", EstimatorLF(LogisticRegression())), ("r", rule)]),
            ),
            ("label_model", LabelModel()),
        ]
    )
    grid = {"lf__model__threshold": [0.6, 0.9, {0: 0.7, 1: 0.95}, {0: None, 1: 0.5}]}
    search = GridSearchCV(pipe, grid, cv=GoldKFold(2), error_score="raise").fit(X, y)
    assert search.best_score_ > 0.7
    alone = Pipeline([("lf", EstimatorLF(LogisticRegression())), ("m", LabelModel())])
    search = GridSearchCV(
        alone, {"lf__threshold": [0.5, 0.9]}, cv=GoldKFold(2), error_score="raise"
    )
    assert search.fit(X, y).best_params_["lf__threshold"] in (0.5, 0.9)


@pytest.mark.parametrize("freeze", [False, True])
def test_the_whole_workflow_gives_gold_to_the_labeling_functions(freeze):
    X, y, truth = sample()
    lf = EstimatorLF(LogisticRegression(), cv=2, threshold=0.6)
    if freeze:
        lf = FrozenEstimator(clone(lf).fit(X, y))
    clf = WeakSupervisionClassifier(
        lf, MajorityVote(), LogisticRegression(), n_rounds=0
    )
    clf.fit(X, y)
    assert (clf.predict(X) == truth).mean() > 0.7
    by_heart = WeakSupervisionClassifier(
        LFUnion(
            [
                ("r", LFTransformer([("rule", first_column)], classes=[0, 1])),
                ("lf", EstimatorLF(Lookup(), cv=2)),
            ]
        ),
        LabelModel(),
        LogisticRegression(),
        n_rounds=0,
    ).fit(X, y)
    # Out of fold, the one that knows rows by heart never votes.
    alone = WeakSupervisionClassifier(
        LFTransformer([("rule", first_column)], classes=[0, 1]),
        LabelModel(),
        LogisticRegression(),
        n_rounds=0,
    ).fit(X, y)
    assert_array_equal(by_heart.votes_proba_.argmax(1), alone.votes_proba_.argmax(1))


def test_a_label_model_is_not_misled_by_what_is_known_by_heart():
    X, y, _ = sample()
    votes = EstimatorLF(Lookup(), cv=2).fit(X, y).transform(X)
    assert_array_equal(votes.ravel(), y)  # in the sample: all right
    crossed = EstimatorLF(Lookup(), cv=2).fit_transform(X, y)
    assert (crossed == -1).all()


def test_sparse_features_go_to_the_estimator_as_they_are():
    X, y, _ = sample()
    lf = EstimatorLF(LogisticRegression(), threshold=0.6)
    votes = lf.fit_transform(sparse.csr_array(X), y)
    assert_array_equal(votes, lf.fit_transform(X, y))


def test_one_row_is_voted_on_like_many():
    X, y, _ = sample()
    lf = EstimatorLF(LogisticRegression()).fit(X, y)
    assert_array_equal(lf.transform(X[-1:]), lf.transform(X)[-1:])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        lf.transform(X[:0])
