"""Every classifier of scikit-learn and imbalanced-learn learns rightly, or says no."""

import re
import warnings
from inspect import signature

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import RFE, RFECV, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    SGDClassifier,
)
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    RandomizedSearchCV,
    StratifiedKFold,
    TunedThresholdClassifierCV,
)
from sklearn.multiclass import (
    OneVsOneClassifier,
    OneVsRestClassifier,
    OutputCodeClassifier,
)
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from sklabel import SoftLabelClassifier

BEFORE_1_9 = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9)


def soft_problem(n_samples=200, n_classes=2, seed=0):
    """Return X, soft labels that are multiples of 1/10, and the right classes."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_samples, 4))
    scores = 3 * X[:, :n_classes]
    if n_classes == 2:
        scores[:, 1] = 0
        scores = scores[:, ::-1]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    S = 0.7 * p + 0.3 / n_classes
    tenths = np.floor(S * 10).astype(int)
    best = S.argmax(axis=1)
    tenths[np.arange(n_samples), best] += 10 - tenths.sum(axis=1)
    return X, tenths / 10, best


X, S, Y = soft_problem()


def by_hand(X, S, times=None):
    """Return copies of rows with weights; or each `times` over all its copies."""
    rows, labels, weights = [], [], []
    for i in range(len(X)):
        for c in range(S.shape[1]):
            if S[i, c] > 0:
                n = 1 if times is None else round(S[i, c] * times)
                rows += [i] * n
                labels += [c] * n
                weights += [S[i, c]] * n
    return np.array(rows), np.array(labels), np.array(weights)


def answers(fitted, X):
    """Return what a classifier says of rows, as sharply as it can."""
    for method in ("predict_proba", "decision_function", "predict"):
        if hasattr(fitted, method):
            return getattr(fitted, method)(X)
    raise AssertionError


def seeded(estimator):
    if "random_state" in estimator.get_params():
        estimator.set_params(random_state=0)
    return estimator


def fit_silently(estimator, *args, **options):
    """Fit with the warnings of scikit-learn's own about itself left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return estimator.fit(*args, **options)


def fit_recorded(estimator, X, S):
    """Return the fitted classifier and what sklabel warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = SoftLabelClassifier(estimator).fit(X, S)
    said = [str(w.message) for w in caught if issubclass(w.category, UserWarning)]
    return fitted, [text for text in said if "So it is trained on the most" in text]


# The classifiers that can be built without arguments

# Ten copies of each row, by tenths, are the same as weights.
AS_REPEATED = {
    "AdaBoostClassifier", "BernoulliNB", "CategoricalNB", "ComplementNB",
    "DecisionTreeClassifier", "DummyClassifier", "ExtraTreeClassifier",
    "ExtraTreesClassifier", "GaussianNB", "GradientBoostingClassifier", "LinearSVC",
    "LogisticRegression", "MultinomialNB", "RidgeClassifier", "SVC",
}  # fmt: skip
# Seeds, or least numbers of rows, make these differ; weighted copies do not.
AS_WEIGHTED = {
    "HistGradientBoostingClassifier", "MLPClassifier", "RandomForestClassifier",
}  # fmt: skip
# What they split is checked further below.
SPLIT_BY_ROWS = {"CalibratedClassifierCV", "LogisticRegressionCV"}
NO_WEIGHTS = "takes no sample_weight"
ON_HARD_LABELS = {
    "BaggingClassifier": "draws rows",
    "GaussianProcessClassifier": NO_WEIGHTS,
    "KNeighborsClassifier": NO_WEIGHTS,
    "LabelPropagation": NO_WEIGHTS,
    "LabelSpreading": NO_WEIGHTS,
    "LinearDiscriminantAnalysis": NO_WEIGHTS,
    "NearestCentroid": NO_WEIGHTS,
    "NuSVC": "counts rows on the wrong side",
    "PassiveAggressiveClassifier": NO_WEIGHTS,
    "Perceptron": "keeps what its last steps led to",
    "QuadraticDiscriminantAnalysis": NO_WEIGHTS,
    "RadiusNeighborsClassifier": NO_WEIGHTS,
    "RidgeClassifierCV": "splits rows",
    "SGDClassifier": "keeps what its last steps led to.*average=True",
}
if BEFORE_1_9:
    AS_WEIGHTED -= {"RandomForestClassifier"}
    ON_HARD_LABELS["RandomForestClassifier"] = "draws rows without regard to sample_w"
if "sample_weight" not in signature(MLPClassifier.fit).parameters:
    AS_WEIGHTED -= {"MLPClassifier"}
    ON_HARD_LABELS["MLPClassifier"] = NO_WEIGHTS


def plain_classifiers():
    for name, cls in all_estimators("classifier"):
        if name in WRAPPERS:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimator = seeded(cls())
        yield pytest.param(name, estimator, id=name)


# They need an estimator, and have tests below.
WRAPPERS = {
    "ClassifierChain", "FixedThresholdClassifier", "MultiOutputClassifier",
    "OneVsOneClassifier", "OneVsRestClassifier", "OutputCodeClassifier",
    "SelfTrainingClassifier", "StackingClassifier", "TunedThresholdClassifierCV",
    "VotingClassifier",
}  # fmt: skip
COUNTS = {"CategoricalNB", "ComplementNB", "MultinomialNB"}


@pytest.mark.filterwarnings("ignore:Class PassiveAggressive:FutureWarning")
@pytest.mark.parametrize(("name", "estimator"), list(plain_classifiers()))
def test_every_classifier_learns_from_soft_labels_or_says_why_not(name, estimator):
    features = np.abs(X).round() if name in COUNTS else X
    fitted, said = fit_recorded(estimator, features, S)
    hard = fit_silently(clone(estimator), features, S.argmax(axis=1))
    assert fitted.score(features, Y) >= hard.score(features, Y) - 0.05
    if name in ON_HARD_LABELS:
        assert len(said) == 1
        assert re.search(ON_HARD_LABELS[name], said[0])
        assert_allclose(answers(fitted, features), answers(hard, features))
        return
    assert said == []
    if name in SPLIT_BY_ROWS:
        return
    if name in AS_REPEATED:
        rows, labels, _ = by_hand(features, S, times=10)
        expected = fit_silently(clone(estimator), features[rows], labels)
        fitted = SoftLabelClassifier(estimator)
        fit_silently(fitted, features, S, sample_weight=10.0)
    else:
        assert name in AS_WEIGHTED, f"decide what {name} does with copies of rows"
        rows, labels, weights = by_hand(features, S)
        expected = clone(estimator)
        fit_silently(expected, features[rows], labels, sample_weight=weights)
    assert_allclose(answers(fitted, features), answers(expected, features), atol=2e-3)


# Estimators around others


def scaled():
    return make_pipeline(StandardScaler(), LogisticRegression())


def test_a_pipeline_in_a_pipeline_sees_rows_once_and_weights_arrive():
    nested = make_pipeline(StandardScaler(), make_pipeline(LogisticRegression()))
    expected = SoftLabelClassifier(scaled()).fit(X, S).predict_proba(X)
    fitted = SoftLabelClassifier(nested).fit(X, S)
    assert_allclose(fitted.predict_proba(X), expected)


INSIDE = {
    "classifier": LogisticRegression(),
    "pipeline": scaled(),
    "nested pipeline": make_pipeline(StandardScaler(), scaled()),
    "balanced": LogisticRegression(class_weight="balanced"),
}
AROUND = {
    "VotingClassifier": lambda inner: VotingClassifier(
        [("a", inner), ("b", "drop"), ("c", clone(inner))], voting="soft"
    ),
    "OneVsRestClassifier": OneVsRestClassifier,
    "FixedThresholdClassifier": FixedThresholdClassifier,
}


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("around", AROUND)
def test_what_trains_others_trains_them_on_soft_labels(around, inside, routing):
    expected = SoftLabelClassifier(INSIDE[inside]).fit(X, S)
    with config_context(enable_metadata_routing=routing):
        fitted, said = fit_recorded(AROUND[around](INSIDE[inside]), X, S)
    assert said == []
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X), atol=1e-6)
    assert "RowReader" not in repr(vars(fitted.estimator_))
    assert fitted.n_features_in_ == 4


def test_three_classes_with_names_one_against_the_rest():
    X, S, y = soft_problem(300, 3)
    names = np.array(["b", "c", "a"])
    for model in (OneVsRestClassifier(scaled()), VotingClassifier([("a", scaled())])):
        fitted, said = fit_recorded(model, X, pd.DataFrame(S, columns=names))
        assert said == []
        assert_array_equal(fitted.classes_, names)
        assert fitted.score(X, names[y]) > 0.9


@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize(
    "inner", [LogisticRegression(), scaled()], ids=["flat", "pipe"]
)
def test_calibration_splits_rows_not_copies(inner, ensemble):
    model = CalibratedClassifierCV(inner, cv=3, ensemble=ensemble)
    fitted = SoftLabelClassifier(model).fit(X, S)
    rows, labels, weights = by_hand(X, S)
    splits = [
        (np.flatnonzero(np.isin(rows, train)), np.flatnonzero(np.isin(rows, test)))
        for train, test in StratifiedKFold(3).split(X, S.argmax(axis=1))
    ]
    flat = CalibratedClassifierCV(LogisticRegression(), cv=splits, ensemble=ensemble)
    if not hasattr(inner, "steps"):
        expected = flat.fit(X[rows], labels, sample_weight=weights).predict_proba(X)
        assert_allclose(fitted.predict_proba(X), expected, atol=1e-6)
    assert np.abs(fitted.predict_proba(X) - S).mean() < 0.07
    assert fitted.estimator_.cv == 3
    assert "RowReader" not in repr(
        fitted.estimator_.calibrated_classifiers_[0].estimator
    )


def test_calibration_of_texts_in_several_processes():
    texts = pd.DataFrame(
        {"text": ["good day", "bad day", "fine day", "awful day"] * 20}
    )
    soft = np.tile([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.9, 0.1]], (20, 1))
    words = make_column_transformer((TfidfVectorizer(), "text"))
    model = CalibratedClassifierCV(
        make_pipeline(words, LogisticRegression()), cv=3, n_jobs=2
    )
    fitted, said = fit_recorded(model, texts, soft)
    assert said == []
    assert_array_equal(fitted.predict(texts), soft.argmax(axis=1))
    # Every training part has 13 or 14 rows with a word, and no copies of them.
    model.estimator[0].transformers[0][1].set_params(min_df=15)
    fitted, said = fit_recorded(model, texts, soft)
    for part in fitted.estimator_.calibrated_classifiers_:
        assert list(part.estimator[0].get_feature_names_out()) == [
            "tfidfvectorizer__day"
        ]


def test_a_stack_learns_from_soft_labels_on_all_floors():
    model = StackingClassifier([("a", scaled()), ("b", GaussianNB())], cv=3)
    fitted, said = fit_recorded(model, X, S)
    assert said == []
    assert fitted.score(X, Y) > 0.95
    assert np.abs(fitted.predict_proba(X) - S).mean() < 0.08
    assert "RowReader" not in repr(vars(fitted.estimator_))


def test_logistic_regression_cv_keeps_copies_of_a_row_together():
    options = {"Cs": [1e-4, 1.0], "cv": 3, "scoring": "neg_log_loss"}
    if "use_legacy_attributes" in LogisticRegressionCV().get_params():
        options["use_legacy_attributes"] = False
    fitted, said = fit_recorded(LogisticRegressionCV(**options), X, S)
    assert said == []
    assert fitted.estimator_.cv == 3
    plain = SoftLabelClassifier(LogisticRegression(C=1.0)).fit(X, S)
    assert_allclose(fitted.predict_proba(X), plain.predict_proba(X), atol=2e-3)


def searched(cls, *args, **options):
    return cls(LogisticRegression(), *args, **options)


HARD = {
    "Calibrated KNN": (
        CalibratedClassifierCV(KNeighborsClassifier(), cv=3),
        "KNeighborsClassifier takes no sample_weight .inside of Calibrated",
    ),
    "Calibrated QDA in a pipeline": (
        CalibratedClassifierCV(
            make_pipeline(StandardScaler(), QuadraticDiscriminantAnalysis()), cv=3
        ),
        "QuadraticDiscriminantAnalysis takes no sample_weight",
    ),
    "Voting with one KNN": (
        VotingClassifier([("a", LogisticRegression()), ("b", KNeighborsClassifier())]),
        "KNeighborsClassifier takes no sample_weight .inside of VotingClassifier",
    ),
    "Calibrated search": (
        CalibratedClassifierCV(GridSearchCV(LogisticRegression(), {"C": [1]}, cv=2)),
        "GridSearchCV compares its candidates on hard labels",
    ),
    "GridSearchCV": (
        GridSearchCV(scaled(), {"logisticregression__C": [1]}),
        r"search over SoftLabelClassifier instead, GridSearchCV\(SoftLabelClassifier",
    ),
    "RandomizedSearchCV": (
        RandomizedSearchCV(LogisticRegression(), {"C": [1]}, n_iter=1),
        "RandomizedSearchCV compares its candidates",
    ),
    "TunedThreshold": (
        TunedThresholdClassifierCV(LogisticRegression()),
        "TunedThresholdClassifierCV is not known to hand sample_weight on to the Log",
    ),
    "OneVsOne": (
        OneVsOneClassifier(LogisticRegression()),
        "OneVsOneClassifier is not known to hand sample_weight on",
    ),
    "OutputCode": (
        OutputCodeClassifier(LogisticRegression(), random_state=0),
        "OutputCodeClassifier is not known to hand sample_weight on",
    ),
    "SelfTraining": (
        SelfTrainingClassifier(LogisticRegression()),
        "SelfTrainingClassifier is not known to hand sample_weight on",
    ),
    "RFE": (RFE(LogisticRegression()), "RFE is not known to hand sample_weight on"),
    "RFECV": (RFECV(LogisticRegression()), "RFECV is not known to hand sample_weight"),
    "Bagged trees": (BaggingClassifier(random_state=0), "draws rows"),
    "Boosted regression": (
        AdaBoostClassifier(LogisticRegression(), random_state=0),
        "raises the weight of rows that the LogisticRegression inside gets wrong",
    ),
    "Stack that sees X": (
        StackingClassifier([("a", LogisticRegression())], passthrough=True),
        "passthrough=True. mixes predictions with columns of X",
    ),
    "Stack under a pipeline": (
        StackingClassifier([("a", GaussianNB())], final_estimator=scaled()),
        "final_estimator Pipeline of StackingClassifier sees predictions",
    ),
    "Stack under KNN": (
        StackingClassifier([("a", GaussianNB())], KNeighborsClassifier()),
        "KNeighborsClassifier takes no sample_weight .final_estimator",
    ),
    "Boosting that stops early": (
        GradientBoostingClassifier(n_iter_no_change=3, random_state=0),
        "stops early by its score on some of the rows",
    ),
    "Histograms that stop early": (
        HistGradientBoostingClassifier(early_stopping=True, random_state=0),
        "stops early.*early_stopping=False",
    ),
    "SGD that stops early": (
        SGDClassifier(average=True, early_stopping=True, random_state=0),
        "stops early",
    ),
    "Forest out of bag": (
        RandomForestClassifier(oob_score=True, random_state=0),
        "oob_score=True. counts copies",
    ),
    "SVC with Platt's scaling": (
        SVC(probability=True, random_state=0),
        "probability=True. splits and counts rows; wrap it in Calibrated",
    ),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.filterwarnings("ignore:y contains no unlabeled samples")
@pytest.mark.parametrize("case", HARD)
def test_what_cannot_learn_from_copies_says_so_and_gets_hard_labels(case):
    estimator, reason = HARD[case]
    clf = SoftLabelClassifier(estimator)
    with pytest.warns(UserWarning, match=reason) as record:
        clf.fit(X, S)
    ours = [w for w in record if "So it is trained on the most" in str(w.message)]
    assert [w.filename for w in ours] == [__file__]
    expected = fit_silently(clone(estimator), X, S.argmax(axis=1))
    assert_allclose(answers(clf, X), answers(expected, X))


def test_early_stopping_is_decided_by_the_number_of_rows():
    rng = np.random.default_rng(0)
    many = rng.normal(size=(6000, 2))
    soft = np.tile([[0.3, 0.7]], (6000, 1))
    model = HistGradientBoostingClassifier(max_iter=3)
    fitted, said = fit_recorded(model, many, soft)
    assert said == []
    assert fitted.estimator_.n_iter_ == 3
    assert fitted.estimator_.early_stopping == "auto"
    _, said = fit_recorded(model, np.r_[many, many], np.r_[soft, soft])
    assert "stops early" in said[0]


def test_stochastic_gradient_with_averages_learns_from_soft_labels():
    model = SGDClassifier(loss="log_loss", average=True, random_state=0)
    fitted, said = fit_recorded(model, X, S)
    assert said == []
    assert fitted.score(X, Y) > 0.95


def test_an_estimator_of_one_class_per_row_is_asked_for():
    for model in (
        MultiOutputClassifier(LogisticRegression()),
        make_pipeline(StandardScaler(), ClassifierChain(LogisticRegression())),
    ):
        with pytest.raises(ValueError, match="learns several labels of each row"):
            SoftLabelClassifier(model).fit(X, S)
    with pytest.raises(ValueError, match="LinearRegression is a regressor"):
        SoftLabelClassifier(LinearRegression()).fit(X, S)
    with pytest.raises(ValueError, match="a classifier; StandardScaler has no predict"):
        SoftLabelClassifier(StandardScaler()).fit(X, S)


def test_a_frozen_estimator_stays_as_it_is_and_says_so():
    frozen = FrozenEstimator(LogisticRegression().fit(X, Y))
    clf = SoftLabelClassifier(make_pipeline(frozen))
    with pytest.warns(UserWarning, match="FrozenEstimator is fitted already"):
        clf.fit(X, S)
    assert_array_equal(clf.predict_proba(X), frozen.predict_proba(X))
    other = FrozenEstimator(LogisticRegression().fit(X, np.array(["a", "b"])[Y]))
    clf = SoftLabelClassifier(other)
    with (
        pytest.warns(UserWarning, match="FrozenEstimator"),
        pytest.raises(ValueError, match="predicts the classes 'a', 'b', and those of"),
    ):
        clf.fit(X, S)


def test_calibration_of_a_frozen_estimator_uses_the_soft_labels():
    frozen = FrozenEstimator(LogisticRegression().fit(X, Y))
    fitted, said = fit_recorded(CalibratedClassifierCV(frozen, cv=3), X, S)
    assert said == []
    assert np.abs(fitted.predict_proba(X) - S).mean() < 0.1


def test_a_soft_label_classifier_at_the_end_of_a_pipeline_gets_soft_labels():
    inner = make_pipeline(StandardScaler(), SoftLabelClassifier(LogisticRegression()))
    expected = SoftLabelClassifier(scaled()).fit(X, S).predict_proba(X)
    fitted, said = fit_recorded(inner, X, S)
    assert said == []
    assert_allclose(fitted.predict_proba(X), expected)
    named = pd.DataFrame(S, columns=["no", "yes"])
    fitted, _ = fit_recorded(inner, X, named)
    assert_allclose(fitted.predict_proba(X), expected)
    assert set(fitted.predict(X)) == {"no", "yes"}


def test_features_chosen_by_a_model_see_rows_once():
    model = make_pipeline(SelectFromModel(LogisticRegression()), LogisticRegression())
    fitted, said = fit_recorded(model, X, S)
    assert said == []
    chosen = SelectFromModel(LogisticRegression()).fit(X, S.argmax(axis=1))
    assert_array_equal(fitted.estimator_[0].get_support(), chosen.get_support())


def test_feature_steps_that_drop_or_reorder_rows_are_refused():
    drop = make_pipeline(FunctionTransformer(lambda X: X[:50]), LogisticRegression())
    with pytest.raises(ValueError, match="feature steps made 50 rows of 200 samples"):
        SoftLabelClassifier(drop).fit(X, S)
    turn = make_pipeline(FunctionTransformer(lambda X: X[::-1]), LogisticRegression())
    with pytest.raises(ValueError, match="output of the feature steps and X have"):
        SoftLabelClassifier(turn).fit(pd.DataFrame(X), S)
    for model in (VotingClassifier([("a", drop)]), CalibratedClassifierCV(drop)):
        with pytest.raises(ValueError, match="feature steps made 50 rows"):
            SoftLabelClassifier(model).fit(X, S)


# class_weight


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(class_weight="balanced"),
        SVC(class_weight="balanced"),
        DecisionTreeClassifier(class_weight="balanced", max_depth=2, random_state=0),
        HistGradientBoostingClassifier(class_weight="balanced", min_samples_leaf=1),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_balanced_classes_are_weighed_by_their_mass(estimator):
    rare = np.c_[1 - S[:, 1] / 2, S[:, 1] / 2]
    tenths = (rare * 20).round().astype(int)
    rows, labels, _ = by_hand(X, tenths / 20, times=20)
    expected = clone(estimator)
    if isinstance(estimator, HistGradientBoostingClassifier):
        expected.set_params(min_samples_leaf=1)
    expected.fit(X[rows], labels)
    clf = SoftLabelClassifier(estimator).fit(X, rare, sample_weight=20.0)
    assert_allclose(answers(clf, X), answers(expected, X), atol=2e-3)
    assert clf.estimator_.class_weight == "balanced"
    flat = clone(estimator).set_params(class_weight=None)
    unweighted = SoftLabelClassifier(flat).fit(X, rare, sample_weight=20.0)
    assert np.abs(answers(clf, X) - answers(unweighted, X)).max() > 0.05


def test_given_class_weights_act_on_copies_as_on_repeated_rows():
    model = LogisticRegression(class_weight={0: 1.0, 1: 5.0})
    rows, labels, _ = by_hand(X, S, times=10)
    expected = clone(model).fit(X[rows], labels)
    clf = SoftLabelClassifier(model).fit(X, S, sample_weight=10.0)
    assert_allclose(clf.predict_proba(X), expected.predict_proba(X), atol=1e-3)


# Samplers


def test_samplers_are_refused_wherever_they_are():
    over = pytest.importorskip("imblearn.over_sampling").RandomOverSampler()
    pipeline = pytest.importorskip("imblearn.pipeline").make_pipeline
    bagging = pytest.importorskip("imblearn.ensemble").BalancedBaggingClassifier
    logistic = LogisticRegression()
    for model in (
        pipeline(over, logistic),
        pipeline(StandardScaler(), over, logistic),
        make_pipeline(StandardScaler(), pipeline(over, logistic)),
        VotingClassifier([("a", pipeline(over, logistic))]),
        bagging(sampler=over),
    ):
        message = (
            "sampler.s. RandomOverSampler, which resample.*class_weight='balanced'"
        )
        with pytest.raises(ValueError, match=message):
            SoftLabelClassifier(model).fit(X, S)


def test_samplers_work_on_hard_labels():
    over = pytest.importorskip("imblearn.over_sampling").RandomOverSampler
    pipeline = pytest.importorskip("imblearn.pipeline").make_pipeline
    y = S[:, 1] > 0.8
    model = pipeline(StandardScaler(), over(random_state=0), LogisticRegression())
    clf = SoftLabelClassifier(model).fit(X, y)
    expected = clone(model).fit(X, y)
    assert_allclose(clf.predict_proba(X), expected.predict_proba(X))


def test_a_pipeline_of_imbalanced_learn_without_a_sampler_learns_from_soft_labels():
    pipeline = pytest.importorskip("imblearn.pipeline").make_pipeline
    fitted, said = fit_recorded(pipeline(StandardScaler(), LogisticRegression()), X, S)
    assert said == []
    expected = SoftLabelClassifier(scaled()).fit(X, S)
    assert_allclose(fitted.predict_proba(X), expected.predict_proba(X))


def imbalanced_ensembles():
    ensemble = pytest.importorskip("imblearn.ensemble")
    return [seeded(getattr(ensemble, name)()) for name in ensemble.__all__]


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_ensembles_of_imbalanced_learn_get_hard_labels_and_say_so():
    for estimator in imbalanced_ensembles():
        fitted, said = fit_recorded(estimator, X, S)
        assert len(said) == 1, estimator
        expected = fit_silently(clone(estimator), X, S.argmax(axis=1))
        assert_allclose(answers(fitted, X), answers(expected, X))


# Classifiers of other packages


class Deaf(ClassifierMixin, BaseEstimator):
    """Takes sample_weight, and does not use it."""

    def fit(self, X, y, sample_weight=None):
        self._inner = KNeighborsClassifier(5).fit(X, y)
        self.classes_ = self._inner.classes_
        return self

    def predict(self, X):
        return self._inner.predict(X)


class Shares(ClassifierMixin, BaseEstimator):
    """Uses sample_weight, and nothing else."""

    def fit(self, X, y, sample_weight=None):
        self.classes_, index = np.unique(y, return_inverse=True)
        self.mass_ = np.bincount(index, weights=sample_weight)
        return self

    def predict(self, X):
        return np.repeat(self.classes_[self.mass_.argmax()], len(X))


class OfTexts(Shares):
    """Cannot be trained on numbers."""

    def fit(self, X, y, sample_weight=None):
        assert all(isinstance(text, str) for text in X)
        return super().fit(X, y, sample_weight)


class Around(ClassifierMixin, BaseEstimator):
    def __init__(self, estimator):
        self.estimator = estimator

    def fit(self, X, y, sample_weight=None):
        self.estimator_ = clone(self.estimator).fit(X, y)
        self.classes_ = self.estimator_.classes_
        return self

    def predict(self, X):
        return self.estimator_.predict(X)


def test_a_classifier_that_takes_weights_without_using_them_is_found_out():
    np.random.seed(3)  # noqa: NPY002
    fitted, said = fit_recorded(Deaf(), X, S)
    assert "Deaf accepts sample_weight and does not use it" in said[0]
    assert_array_equal(fitted.predict(X), Deaf().fit(X, S.argmax(axis=1)).predict(X))
    after = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    assert after == np.random.random()  # noqa: NPY002


@pytest.mark.parametrize("model", [Shares(), LinearSVC()])
def test_a_classifier_that_uses_weights_is_trusted(model):
    subclass = type("Own", (type(model),), {"__module__": "own"})
    fitted, said = fit_recorded(subclass(), X, S)
    assert said == []
    rows, labels, weights = by_hand(X, S)
    expected = subclass().fit(X[rows], labels, sample_weight=weights)
    assert_array_equal(fitted.predict(X), expected.predict(X))


def test_a_classifier_that_cannot_be_tried_is_trusted():
    texts = np.array(["a", "b", "c"], dtype=object)
    fitted, said = fit_recorded(OfTexts(), texts, [[0.4, 0.6], [0.2, 0.8], [0.7, 0.3]])
    assert said == []
    assert_allclose(fitted.estimator_.mass_, [1.3, 1.7])


def test_a_classifier_around_others_from_elsewhere_gets_hard_labels():
    _, said = fit_recorded(Around(LogisticRegression()), X, S)
    assert "Around is not known to hand sample_weight on to the Logistic" in said[0]


# Weights of rows, certain labels


def test_weights_of_certain_labels_may_be_split_but_must_arrive():
    weight = np.where(Y == 1, 3.0, 1.0)
    early = GradientBoostingClassifier(n_iter_no_change=3, random_state=0)
    clf = SoftLabelClassifier(early).fit(X, Y, weight)
    expected = clone(early).fit(X, Y, sample_weight=weight)
    assert_allclose(clf.predict_proba(X), expected.predict_proba(X))
    bag = BaggingClassifier(KNeighborsClassifier())
    for model, reason in (
        (KNeighborsClassifier(), "KNeighborsClassifier takes no sample_weight"),
        (
            bag,
            "KNeighborsClassifier inside of BaggingClassifier takes no sample_weight",
        ),
        (BaggingClassifier(scaled()), "cannot hand sample_weight on to the Pipeline"),
    ):
        with pytest.warns(UserWarning, match=f"{reason}.*without sample_weight"):
            SoftLabelClassifier(model).fit(X, Y, weight)


def test_kernels_between_rows_have_no_copies():
    kernel = X @ X.T
    clf = SoftLabelClassifier(SVC(kernel="precomputed"))
    with pytest.warns(UserWarning, match="SVC takes distances or kernels between rows"):
        clf.fit(kernel, S)
    assert clf.score(kernel, Y) > 0.9


class Counted(TransformerMixin, BaseEstimator):
    """Remembers how many rows it saw."""

    def fit(self, X, y=None):
        self.n_rows_ = len(X)
        return self

    def transform(self, X):
        return X


def test_feature_steps_inside_of_others_see_every_row_once():
    inner = make_pipeline(Counted(), LogisticRegression())
    voting = SoftLabelClassifier(VotingClassifier([("a", inner)])).fit(X, S)
    assert voting.estimator_.estimators_[0][0].n_rows_ == 200
    assert voting.estimator_.named_estimators_["a"][0].n_rows_ == 200
    calibrated = SoftLabelClassifier(CalibratedClassifierCV(inner, cv=4)).fit(X, S)
    for part in calibrated.estimator_.calibrated_classifiers_:
        assert part.estimator[0].n_rows_ == 150
