"""Each check of the batteries fails for an estimator that breaks its promise."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from sklabel import LabelModel, LFTransformer, MajorityVote
from sklabel.testing import check_label_model, check_lf_transformer
from sklabel.votes import votes_to_dense, votes_to_sparse


class LabelModelWithoutSum(MajorityVote):
    def predict_proba(self, X):
        return super().predict_proba(X) * 0.9


class LabelModelOfOtherClasses(MajorityVote):
    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.classes_ = self.classes_ + 1
        return self


class LabelModelThatPredictsTheLeast(MajorityVote):
    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmin(axis=1)]


class LabelModelWithCertainEmptyRows(LabelModel):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        empty = (votes_to_dense(X) < 0).all(axis=1)
        proba[empty] = np.eye(proba.shape[1])[0]
        return proba


class LabelModelThatTrustsEarlyRows(MajorityVote):
    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.first_ = np.maximum(votes_to_dense(X)[:20], 0).sum()
        return self

    def _proba(self, X):
        proba = super()._proba(X)
        voted = (votes_to_dense(X) >= 0).any(axis=1)
        proba[voted] = np.roll(proba[voted], self.first_, axis=1)
        return proba


class LabelModelThatTrustsTheFirstLF(MajorityVote):
    def _proba(self, X):
        proba, first = super()._proba(X), votes_to_dense(X)[:, 0]
        proba[first >= 0] = np.eye(proba.shape[1])[first[first >= 0]]
        return proba


class LabelModelThatLikesClass0(MajorityVote):
    def _proba(self, X):
        proba = super()._proba(X)
        empty = (votes_to_dense(X) < 0).all(axis=1)
        proba[~empty, 0] += 0.1
        return proba / proba.sum(axis=1, keepdims=True)


class LabelModelThatCountsLFs(MajorityVote):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        voted = (votes_to_dense(X) >= 0).any(axis=1)
        proba[voted] **= 1 / votes_to_dense(X).shape[1]
        return proba / proba.sum(axis=1, keepdims=True)


class LabelModelWithoutLateWorkers(MajorityVote):
    def fit(self, X, y=None, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.silent_ = (votes_to_dense(X) < 0).all(axis=0)
        return self

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        proba[(votes_to_dense(X)[:, self.silent_] >= 0).any(axis=1)] = np.nan
        return proba


class LabelModelThatDensifies(MajorityVote):
    def _read_votes(self, X, *, reset):
        if hasattr(X, "tocsr"):
            X = np.asarray(X.todense() if X.format == "csr" else X.toarray())
        return super()._read_votes(X, reset=reset)


class LabelModelThatRemembers(MajorityVote):
    def fit(self, X, y=None, sample_weight=None):
        if hasattr(self, "classes_"):
            return self
        return super().fit(X, y, sample_weight)


class LabelModelWithoutWeights(MajorityVote):
    def fit(self, X, y=None, sample_weight=None):
        return super().fit(X, y)


class LabelModelForAnyLFs(MajorityVote):
    def _read_votes(self, X, *, reset):
        return super()._read_votes(votes_to_dense(X), reset=True)


class LabelModelThatForgets(MajorityVote):
    def __getstate__(self):
        state = super().__getstate__()
        state.pop("class_prior_", None)
        return state


@pytest.mark.parametrize(
    ("model", "check"),
    [
        (LabelModelWithoutSum(), "check_probabilities"),
        (LabelModelOfOtherClasses(), "check_probabilities"),
        (LabelModelThatPredictsTheLeast(), "check_predict_is_argmax"),
        (LabelModelWithCertainEmptyRows(), "check_row_without_votes"),
        (LabelModelThatTrustsEarlyRows(), "check_permuted_rows"),
        (LabelModelThatTrustsTheFirstLF(), "check_permuted_lfs"),
        (LabelModelThatLikesClass0(), "check_permuted_classes"),
        (LabelModelThatCountsLFs(), "check_abstaining_lf"),
        (LabelModelWithoutLateWorkers(), "check_unseen_worker"),
        (LabelModelThatDensifies(), "check_forms_of_votes"),
        (LabelModelThatRemembers(), "check_repeated_fit"),
        (LabelModelWithoutWeights(), "check_weights_repeat_rows"),
        (LabelModelForAnyLFs(), "check_other_lfs"),
        (LabelModelThatForgets(), "check_fresh_process_model"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_a_label_model_that_breaks_a_promise_fails(model, check):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        check_label_model(model)
    assert f"sklabel: {check} failed for {type(model).__name__}()" in str(
        caught.value.__notes__
    )


def above_one(x):
    return int(x[0] > 1)


X = np.arange(6.0)[:, None]


class Broken(LFTransformer):
    def __init__(self, lfs=(above_one,), *, sparse_output=False):
        super().__init__(lfs, sparse_output=sparse_output)


class WithoutNames(Broken):
    def get_feature_names_out(self, input_features=None):
        return np.array(["a", "b"], dtype=object)


class FloatVotes(Broken):
    def transform(self, X):
        return super().transform(X) + 0.0


class OtherFitTransform(Broken):
    def fit_transform(self, X, y=None):
        return 1 - self.fit(X).transform(X)


class LossySparse(Broken):
    def transform(self, X):
        votes = super().transform(X)
        if self.sparse_output:
            votes.eliminate_zeros()
        return votes


class NoPandas(Broken, auto_wrap_output_keys=None):
    def set_output(self, *, transform=None):
        return self


class RowsTogether(Broken):
    def transform(self, X):
        votes = votes_to_dense(super().transform(X))
        votes[0] = 1
        return votes_to_sparse(votes) if self.sparse_output else votes


class Modifies(Broken):
    def transform(self, X):
        votes = super().transform(X)
        X[0] = 17.0
        return votes


class AnyColumns(Broken):
    def transform(self, X):
        return super().transform(X.to_numpy() if isinstance(X, pd.DataFrame) else X)

    def fit(self, X, y=None):
        return super().fit(X.to_numpy() if isinstance(X, pd.DataFrame) else X)


class Forgets(Broken):
    def __getstate__(self):
        state = super().__getstate__()
        state.pop("_functions", None)
        return state


@pytest.mark.parametrize(
    ("transformer", "samples", "check"),
    [
        (WithoutNames(), X, "check_votes"),
        (FloatVotes(), X, "check_votes"),
        (OtherFitTransform(), X, "check_votes"),
        (LossySparse(), X, "check_sparse_votes"),
        (NoPandas(), X, "check_pandas_output"),
        (RowsTogether(), X, "check_rows_stand_alone"),
        (Modifies(), X, "check_input_stays"),
        (AnyColumns(), pd.DataFrame(X, columns=["a"]), "check_renamed_columns"),
        (Forgets(), X, "check_fresh_process_votes"),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "fit") else "",
)
def test_an_lf_transformer_that_breaks_a_promise_fails(transformer, samples, check):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        check_lf_transformer(transformer, samples)
    assert f"sklabel: {check} failed" in str(caught.value.__notes__)


def test_the_estimator_and_the_samples_stay_as_they_are():
    model, transformer, samples = LabelModel(), LFTransformer([above_one]), X.copy()
    check_label_model(model)
    check_lf_transformer(transformer, samples)
    assert not hasattr(model, "classes_")
    assert not hasattr(transformer, "n_features_in_")
    assert_array_equal(samples, X)
    pickle.dumps(model)


def test_a_transformer_needs_some_samples():
    with pytest.raises(ValueError, match="needs 4 rows or more; got 3"):
        check_lf_transformer(LFTransformer([above_one]), X[:3])
