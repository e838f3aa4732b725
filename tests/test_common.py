from importlib.util import find_spec
from inspect import isabstract
from unittest import SkipTest

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import Normalizer
from sklearn.utils.estimator_checks import estimator_checks_generator

import sklabel
from sklabel import (
    AnswerLF,
    CrowdLabels,
    EstimatorLF,
    LabelModel,
    LFGroupTransformer,
    LFTransformer,
    LFUnion,
    MajorityVote,
    PolarityLFTransformer,
    RegexLFTransformer,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.testing import check_label_model, check_lf_transformer


@labeling_function(vectorized=True)
def first_column_thirds(X):
    return np.digitize(np.asarray(X, dtype=float)[:, 0], [0, 1])


@labeling_function
def first_cell_above_one(x):
    return None if x[0] != x[0] else int(x[0] > 1)


def label_models():
    yield LabelModel()
    yield LabelModel(lf_kind="worker", tempering=0, mixing=0)
    yield LabelModel(tempering=0.5, mixing=0.5, max_iter=500, tol=1e-6)
    yield MajorityVote()
    yield MajorityVote(smoothing=0)
    yield WeightedMajorityVote()
    yield DawidSkene()
    yield DawidSkene(smoothing=0)
    yield OneCoinDawidSkene()
    yield GLAD()
    yield MACE()
    yield SnorkelLabelModel()


def lf_transformers():
    yield WorkerLFTransformer()
    yield WorkerLFTransformer(sparse_output=True)
    yield WorkerLFTransformer(unipolar=True)
    yield WorkerLFTransformer(unipolar=True, sparse_output=True)
    yield LFTransformer([first_column_thirds, first_cell_above_one])
    yield LFTransformer([first_column_thirds], sparse_output=True)
    yield LFGroupTransformer()
    yield LFGroupTransformer(vote="majority", min_votes=2)


def answer_transformers():
    yield AnswerLF([0, 1, 2])
    yield AnswerLF({0: ["no"], 1: ["yes", 2]}, sparse_output=True)


def lf_unions():
    yield LFUnion([("a", WorkerLFTransformer())])
    yield LFUnion(
        [
            ("dense", WorkerLFTransformer()),
            ("sparse", WorkerLFTransformer(unipolar=True, sparse_output=True)),
        ]
    )


def polarity_transformers():
    if find_spec("textblob") is not None:
        yield PolarityLFTransformer()
        yield PolarityLFTransformer(sparse_output=True)


def regex_transformers():
    patterns = {0: ["0", "-"], 1: ["1", "2."]}
    yield RegexLFTransformer(patterns)
    yield RegexLFTransformer(patterns, whole_words=False, sparse_output=True)
    yield RegexLFTransformer({0: r"-\d", 1: r"1"}, kind="regex", output="class")


def estimator_lfs():
    yield EstimatorLF(LogisticRegression())
    yield EstimatorLF(
        make_pipeline(Normalizer(), LogisticRegression()), sparse_output=True
    )


def end_models():
    lfs = LFTransformer([first_column_thirds, first_cell_above_one])
    yield SoftLabelClassifier(LogisticRegression())
    yield SoftLabelClassifier(RidgeClassifier())
    yield SoftLabelClassifier(make_pipeline(Normalizer(), LogisticRegression()))
    yield WeakSupervisionClassifier(lfs, LabelModel(), LogisticRegression())
    yield WeakSupervisionClassifier(
        clone(lfs).set_params(sparse_output=True),
        MajorityVote(),
        make_pipeline(Normalizer(), LogisticRegression()),
        soft=False,
    )


def estimators():
    """Yield instances of every public estimator that scikit-learn's checks can run."""
    yield from label_models()
    yield from lf_transformers()
    yield from lf_unions()
    yield from answer_transformers()
    yield from polarity_transformers()
    yield from regex_transformers()
    yield from estimator_lfs()
    yield from end_models()


def scikit_learn_checks():
    """Yield what `parametrize_with_checks` of scikit-learn would run.

    Pytest 9 warns about the generator that the one of scikit-learn 1.6 hands over.
    """
    for estimator in estimators():
        for instance, check in estimator_checks_generator(estimator):
            name = type(instance).__name__
            yield pytest.param(instance, check, id=f"{name}-{check.func.__name__}")


# The checks feed what estimators rightly warn of, and old ones warn themselves.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "check"), list(scikit_learn_checks()))
def test_scikit_learn_check(estimator, check):
    try:
        check(estimator)
    except SkipTest as reason:
        pytest.fail(f"No check is skipped; this one was: {reason}")


# BertEmbedder needs a model: tests/text/test_bert.py runs the checks on a tiny one.
CHECKED_ELSEWHERE = {"BertEmbedder"}


@pytest.mark.skipif(find_spec("textblob") is None, reason="needs textblob")
def test_every_public_estimator_is_checked():
    public = {
        name
        for package in (sklabel, sklabel.label_model)
        for name in package.__all__
        if isinstance(getattr(package, name), type)
        and issubclass(getattr(package, name), BaseEstimator)
        and not isabstract(getattr(package, name))
    }
    checked = {type(estimator).__name__ for estimator in estimators()}
    assert checked == public - CHECKED_ELSEWHERE


@pytest.mark.parametrize(
    "model",
    [*label_models(), LabelModel(lf_kind="rule"), LabelModel(use_gold=False, mixing=1)],
    ids=repr,
)
def test_label_model_keeps_the_promises(model):
    check_label_model(model)


WIDE = pd.DataFrame(
    {
        "ann": ["good", "bad", None, "bad", "good"],
        "bob": [None, "bad", "good", "good", "good"],
        "eve": ["bad", None, "bad", "good", None],
    },
    index=["r1", "r2", "r3", "r4", "r5"],
)
CROWD = CrowdLabels.from_wide(WIDE)
IDS = pd.DataFrame({"id": ["r1", "r2", "nobody", "r4"], "other": [1, 2, 3, 4]})


TEXTS = pd.DataFrame(
    {
        "id": [3, 1, 2, 7],
        "text": ["What a lovely day!", "", "Awful rain, I hate it.", "It is noon."],
    },
    index=[10, 11, 12, 13],
)


@pytest.mark.skipif(find_spec("textblob") is None, reason="needs textblob")
@pytest.mark.parametrize("sparse_output", [False, True])
def test_polarity_transformer_keeps_the_promises(sparse_output):
    transformer = PolarityLFTransformer("text", sparse_output=sparse_output)
    check_lf_transformer(transformer, TEXTS)


ANSWERS = pd.DataFrame(
    {
        "gpt": ["Ham.", '{"label": "spam"}', "ham or spam", None, "Label: **spam**"],
        "llama": ["no", "B) spam", 1.0, {"answer": "ham"}, "I cannot classify this."],
    },
    index=[5, 3, 1, 2, 4],
)


@pytest.mark.parametrize("classes", [["ham", "spam"], {0: ["ham"], 1: ["spam"]}])
def test_answer_lf_keeps_the_promises(classes):
    check_lf_transformer(AnswerLF(classes), ANSWERS)


WORDS = {"pos": ["lovely", "day!", "."], "neg": ["rain", "hate it"]}
NUMBERS = np.array([[0.0, 2.0], [1.0, -1.0], [2.0, 0.0], [1.0, 1.0]])


@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize("output", ["pattern", "class"])
def test_regex_transformer_keeps_the_promises(output, sparse_output):
    check_lf_transformer(
        RegexLFTransformer(WORDS, "text", output=output, sparse_output=sparse_output),
        TEXTS,
    )


@pytest.mark.parametrize("X", [NUMBERS, pd.DataFrame(NUMBERS, columns=["a", "b"])])
def test_lf_of_a_trained_classifier_keeps_the_promises(X):
    model = LogisticRegression().fit(X, ["a", "b", "b", "a"])
    check_lf_transformer(EstimatorLF(FrozenEstimator(model), threshold=0.6), X)


@pytest.mark.parametrize(
    ("transformer", "X"),
    [
        *(
            pytest.param(transformer, np.array([[0, 2], [1, -1], [2, 0], [1, 1]]))
            for transformer in lf_transformers()
        ),
        (LFUnion([("a", WorkerLFTransformer())]), WIDE),
        (LFGroupTransformer({"ann": "pair", "eve": "pair"}), WIDE),
        (LFGroupTransformer([0, 0]), np.array([[0, 2], [1, -1], [2, 2], [1, 1]])),
        (WorkerLFTransformer(), WIDE),
        (WorkerLFTransformer(unipolar=True), WIDE),
        (WorkerLFTransformer(CROWD, id_column="id"), IDS),
        (WorkerLFTransformer(CROWD, id_column="id", unipolar=True), IDS),
        (WorkerLFTransformer(CROWD, min_labels=4), IDS[["id"]]),
        *(
            (
                union(
                    [
                        ("all", WorkerLFTransformer(CROWD, id_column="id")),
                        (
                            "one",
                            WorkerLFTransformer(CROWD, id_column="id", min_labels=4),
                        ),
                    ]
                ),
                IDS,
            )
            for union in (FeatureUnion, LFUnion)
        ),
    ],
)
def test_lf_transformer_keeps_the_promises(transformer, X):
    check_lf_transformer(transformer, X)
