"""A labeling function that a user writes does what those of the package do."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel import LabelModel, RegexLFTransformer
from sklabel.lf import BaseLFTransformer
from sklabel.testing import check_lf_transformer
from sklabel.votes import NamedVotes, VoteMatrix

NAMES = ["sport", "tech", "food"]  # not sorted, and nobody votes for "food"
TABLE = pd.DataFrame(
    {"size": [1.0, 5.0, 9.0, 2.0, 7.0], "other": [3.0, 1.0, 4.0, 1.0, 5.0]},
    index=list("abcde"),
)


class LimitsLF(BaseLFTransformer):
    """Low and high values of the first column vote for a class each."""

    def __init__(self, classes=("sport", "tech", "food")):
        self.classes = classes

    def fit(self, X, y=None):
        first = np.asarray(self._check_samples(X, reset=True))[:, 0]
        self.limits_ = np.quantile(first.astype(float), [0.3, 0.7])
        self.classes_ = np.asarray(self.classes)
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = self._check_samples(X, reset=False)
        first = np.asarray(X)[:, 0].astype(float)
        votes = np.full((len(first), 2), -1, dtype=np.int8)
        votes[first < self.limits_[0], 0] = 0
        votes[first > self.limits_[1], 1] = 1
        return self._dense_as_votes(votes, self.classes_, X)

    def get_feature_names_out(self, input_features=None):
        return np.array(["low", "high"], dtype=object)


class SparseLimitsLF(LimitsLF):
    def __init__(self, classes=("sport", "tech", "food"), *, sparse_output=False):
        super().__init__(classes)
        self.sparse_output = sparse_output


class WithoutBase(TransformerMixin, BaseEstimator):
    """Returns names without the base class."""

    def fit(self, X, y=None):
        validate_data(self, X, skip_check_array=True)
        return self

    def transform(self, X):
        validate_data(self, X, reset=False, skip_check_array=True)
        return NamedVotes((X[["size"]].to_numpy() > 4).astype(np.int8), NAMES)

    def get_feature_names_out(self, input_features=None):
        return np.array(["large"], dtype=object)


class Labels(WithoutBase):
    def transform(self, X):
        validate_data(self, X, reset=False, skip_check_array=True)
        return np.where(X[["size"]].to_numpy() > 4, "tech", "sport").astype(object)


@pytest.mark.parametrize("classes", [NAMES, [0, 1], [-1, 1]], ids=str)
@pytest.mark.parametrize("kind", [LimitsLF, SparseLimitsLF])
def test_an_own_lf_keeps_the_promises(kind, classes):
    check_lf_transformer(kind(classes), TABLE)


def test_an_own_lf_passes_the_checks_of_scikit_learn():
    # They compare results by subtraction, which names and None do not have.
    check_estimator(LimitsLF([0, 1, 2]))


def test_categories_keep_the_order_of_classes_and_those_without_votes():
    table = LimitsLF(NAMES).set_output(transform="pandas").fit_transform(TABLE)
    assert table.columns.tolist() == ["low", "high"]
    assert table.index.equals(TABLE.index)
    for column in table:
        assert table[column].cat.categories.tolist() == NAMES
    assert table["low"].dropna().to_dict() == {"a": "sport", "d": "sport"}
    assert make_pipeline(LimitsLF(NAMES), LabelModel()).fit(
        TABLE
    ).classes_.tolist() == list(NAMES)


def test_polars_gets_enums_and_is_read():
    pl = pytest.importorskip("polars")
    lf = LimitsLF(NAMES).set_output(transform="polars")
    table = lf.fit_transform(pl.DataFrame(TABLE.to_dict("list")))
    assert table.schema == {"low": pl.Enum(NAMES), "high": pl.Enum(NAMES)}
    assert table["high"].to_list() == [None, None, "tech", None, "tech"]


def test_sparse_output_needs_the_parameter_only():
    sparse = SparseLimitsLF(NAMES, sparse_output=True).fit_transform(TABLE)
    assert isinstance(sparse, VoteMatrix)
    assert sparse.classes.tolist() == NAMES


def test_names_meet_those_of_the_package():
    texts = TABLE.assign(text=["a ball", "a phone", "soup", "ball", "x"])
    words = RegexLFTransformer({"sport": ["ball"], "food": ["soup"]}, "text")
    union = FeatureUnion([("own", LimitsLF(NAMES)), ("words", words)])
    votes = union.fit_transform(texts)
    assert votes[0].tolist() == ["sport", None, "sport", None]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([[0], [3]], r"positions in the 3 classes.*got 3 in row 1, LF 0"),
        ([[-2], [0]], r"got -2 in row 0, LF 0"),
        ([[0.0], [1.0]], r"integers of shape.*got float64 of shape \(2, 1\)"),
        ([0, 1], r"of shape \(2,\).*votes\[:, None\]"),
        ([["tech"]], r"Look labels up in the classes first"),
    ],
)
def test_what_are_not_positions_is_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        LimitsLF()._dense_as_votes(codes, NAMES, TABLE)


def test_a_missing_method_is_named():
    class Half(BaseLFTransformer):
        def fit(self, X, y=None):
            return self

    with pytest.raises(TypeError, match=r"abstract class Half .*transform"):
        Half()


@pytest.mark.parametrize(
    ("lf", "broken"),
    [(WithoutBase(), "order of the classes"), (Labels(), "votes are signed integers")],
    ids=["named", "labels"],
)
def test_the_check_names_the_remedy(lf, broken):
    with pytest.raises(AssertionError, match=broken) as caught:
        check_lf_transformer(lf, TABLE)
    assert "subclass sklabel.lf.BaseLFTransformer" in str(caught.value)
