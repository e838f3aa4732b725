import pickle
import warnings
from inspect import isabstract

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.utils.validation import check_is_fitted

import sklabel
from sklabel import (
    ABSTAIN,
    CrowdLabels,
    EstimatorLF,
    LabelModel,
    LFTransformer,
    MajorityVote,
    PolarityLFTransformer,
    RegexLFTransformer,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
    _version,
    label_model,
)
from sklabel.votes import VoteMatrix


def abstain_on_odd(x):
    return ABSTAIN if x[0] % 2 else int(x[0])


def always_one(x):
    return 1


SAMPLES = np.arange(4)[:, None]


def test_every_estimator_pickles_its_version(monkeypatch, tmp_path):
    path = tmp_path / "estimator.joblib"
    for estimator in (MajorityVote(), LFTransformer([always_one])):
        data = pickle.dumps(estimator)
        joblib.dump(estimator, path)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            again = pickle.loads(data)
        assert "_sklabel_version" not in vars(again)
        writer = sklabel.__version__
        message = (
            rf'pickled by sklabel {writer} and is read by 99.0.*sklabel=={writer}"'
        )
        with monkeypatch.context() as context:
            context.setattr(_version, "__version__", "99.0")
            with pytest.warns(UserWarning, match=message) as record:
                pickle.loads(data)
            with pytest.warns(UserWarning, match=message) as from_file:
                joblib.load(path)
            names = [warning.filename for warning in [*record, *from_file]]
            assert names == [__file__, __file__]


def test_clone_does_not_copy_the_version_into_the_object():
    assert "_sklabel_version" not in vars(clone(MajorityVote()))


@pytest.mark.parametrize("largest", [127, 128, 40_000])
def test_votes_have_the_smallest_dtype_that_holds_them(largest):
    def big(x):
        return largest

    dense = LFTransformer([big]).fit_transform(SAMPLES)
    assert dense.dtype == {127: np.int8, 128: np.int16, 40_000: np.int32}[largest]
    assert_array_equal(dense, np.full((4, 1), largest))


def test_sparse_output_stores_votes_for_class_0_and_no_abstention():
    transformer = LFTransformer([abstain_on_odd, always_one], sparse_output=True)
    votes = transformer.fit_transform(SAMPLES)
    assert isinstance(votes, VoteMatrix)
    assert votes.nnz == 6
    assert_array_equal(votes.toarray(), [[0, 1], [-1, 1], [2, 1], [-1, 1]])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame(index=[0, 1]), r"0 feature\(s\)"),
        (pd.DataFrame({"a": []}), r"0 sample\(s\)"),
        (np.empty((0, 2)), r"0 sample\(s\)"),
        (np.empty((2, 0)), r"0 feature\(s\)"),
        (np.arange(3), "Reshape your data"),
    ],
)
def test_samples_that_are_empty_or_flat(X, message):
    with pytest.raises(ValueError, match=message):
        LFTransformer([always_one]).fit(X)


def test_feature_names_must_be_those_of_fit():
    frame = pd.DataFrame({"a": [0, 1], "b": [1, 0]})
    transformer = WorkerLFTransformer().fit(frame)
    assert_array_equal(
        transformer.get_feature_names_out(["a", "b"]),
        transformer.get_feature_names_out(),
    )
    with pytest.raises(ValueError, match="input_features is not equal to feature_na"):
        transformer.get_feature_names_out(["b", "a"])


def test_repeated_entries_of_a_sparse_matrix_raise():
    twice = sparse.coo_matrix(([1, 0], ([0, 0], [1, 1])), shape=(2, 2))
    message = "at most one vote per sample and LF; got 1 entries"
    with pytest.raises(ValueError, match=message):
        MajorityVote().fit(twice)
    csr = sparse.csr_matrix(([1, 0], [1, 1], [0, 2, 2]), shape=(2, 2))
    with pytest.raises(ValueError, match=message):
        MajorityVote().fit(csr)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_warnings_point_to_the_line_of_the_user(method):
    model = MajorityVote().fit([[0, 1], [1, 1]])
    with pytest.warns(UserWarning, match="fit never saw") as record:
        getattr(model, method)([[7, 1]])
    assert record[0].filename == __file__
    with pytest.warns(UserWarning, match="has a vote") as record:
        MajorityVote(classes=[0, 1]).fit([[-1]])
    assert record[0].filename == __file__


def test_score_of_a_label_model_leaves_out_rows_without_gold():
    votes = np.array([[0, 0], [1, 1], [0, 1], [1, 1]] * 5)
    model = LabelModel().fit(votes)
    gold = np.tile([0.0, 1.0, np.nan, 0.0], 5)
    assert model.score(votes, gold) == pytest.approx(2 / 3)
    weight = np.tile([1.0, 1.0, 5.0, 0.0], 5)
    assert model.score(votes, gold, weight) == 1
    with pytest.raises(ValueError, match="None of the 20 rows has a gold label"):
        model.score(votes, np.full(20, -1))
    with pytest.raises(ValueError, match=r"fit with classes=\[\.\.\.\] that name the"):
        model.score(votes, np.full(20, "spam"))


def test_one_dimension_gets_a_short_message():
    names = [f"text {i}" for i in range(400)]
    for X in (names, np.array(names), pd.Series(names, name="text")):
        with pytest.raises(ValueError, match=r"Reshape your data.*frame\[\['col") as e:
            LFTransformer([("one", lambda x: 1)]).fit(X)
        assert len(str(e.value)) < 300


def test_crowd_labels_are_not_votes():
    frame = pd.DataFrame({"sample": [1, 2], "worker": [1, 1], "label": [0, 1]})
    with pytest.raises(TypeError, match=r"Put WorkerLFTransformer\(crowd_labels\)"):
        LabelModel().fit(CrowdLabels.from_frame(frame))


VOTES = np.array([[0, 0, 1], [1, 1, 1], [0, 1, 0], [1, 1, 0]] * 5)
GOLD = np.tile([0, 1, -1, -1], 5)


class FailsOnSeven(LogisticRegression):
    """Raises in fit where a sample has a 7, after everything before it has run."""

    def fit(self, X, y, sample_weight=None):
        if np.any(np.asarray(X) == 7):
            raise RuntimeError("seven")
        return super().fit(X, y, sample_weight)


def refits_that_fail():
    """Yield an estimator, what it can be fitted to, and what makes a fit fail late."""
    models = [getattr(label_model, name) for name in label_model.__all__]
    for Model in models:
        if isabstract(Model):
            continue
        for name, bad in {
            "gold outside": (VOTES, np.full(20, 7)),
            "gold too short": (VOTES, [1]),
            "no votes": (np.array([[{}] * 3] * 4, dtype=object),),
        }.items():
            id_ = f"{Model.__name__} {name}"
            yield pytest.param(Model(classes=[0, 1]), (VOTES, GOLD), bad, id=id_)
    soft = np.tile([0.2, 0.8], (20, 1))
    sevens = np.full((20, 3), 7)
    for estimator, good, bad in (
        (SoftLabelClassifier(FailsOnSeven()), (VOTES, GOLD % 2), (sevens, soft)),
        (
            WeakSupervisionClassifier(
                WorkerLFTransformer(), MajorityVote(), FailsOnSeven(), n_rounds=0
            ),
            (VOTES, GOLD),
            (np.where(VOTES == 1, 7, VOTES), None),
        ),
        (WorkerLFTransformer(min_labels=20), (VOTES,), (VOTES[:4] * 2,)),
        (LFTransformer([always_one]), (SAMPLES,), (np.empty((0, 2)),)),
        (PolarityLFTransformer(), (["good", "bad"],), ([b"good"],)),
        (RegexLFTransformer({1: ["good"]}), (["good", "bad"],), ([b"good"],)),
        (EstimatorLF(LogisticRegression()), (VOTES, GOLD), (VOTES, None)),
    ):
        yield pytest.param(estimator, good, bad, id=type(estimator).__name__)


@pytest.mark.parametrize(("estimator", "good", "bad"), list(refits_that_fail()))
def test_a_refit_that_fails_leaves_nothing_of_either_fit(estimator, good, bad):
    estimator = clone(estimator)
    if hasattr(estimator, "set_output"):
        estimator.set_output(transform="default")
    check_is_fitted(estimator.fit(*good))
    for _ in range(2):
        with pytest.raises((ValueError, TypeError, RuntimeError)):
            estimator.fit(*bad)
        fitted = [n for n in vars(estimator) if n.endswith("_") and n[:2] != "__"]
        assert fitted == []
        for method in ("predict", "predict_proba", "transform"):
            if hasattr(estimator, method):
                with pytest.raises(NotFittedError):
                    getattr(estimator, method)(good[0])
    check_is_fitted(estimator.fit(*good))


def test_an_interrupted_fit_leaves_no_fitted_model(monkeypatch):
    model = LabelModel().fit(VOTES)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(LabelModel, "_learn_from_gold", interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(VOTES)
    with pytest.raises(NotFittedError):
        model.predict(VOTES)


def test_classes_of_an_earlier_fit_are_gone():
    transformer = LFTransformer([always_one], classes=[0, 1]).fit(SAMPLES)
    assert_array_equal(transformer.classes_, [0, 1])
    transformer.set_params(classes=None).fit(SAMPLES)
    assert not hasattr(transformer, "classes_")
