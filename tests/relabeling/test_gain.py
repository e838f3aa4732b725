"""Expected gains equal loops over votes."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

from sklabel import LabelModel, MajorityVote
from sklabel.label_model import DawidSkene
from sklabel.relabeling._gain import expected_error, expected_gain, posterior_entropy
from sklabel.votes import votes_to_sparse
from tests.relabeling._small_crowd import gain_by_loops, small_votes


@pytest.fixture(scope="module")
def votes():
    return small_votes()


@pytest.fixture(scope="module")
def model(votes):
    return LabelModel(lf_kind="worker").fit(votes)


def test_entropy_and_error_of_posteriors():
    proba = pd.DataFrame([[0.5, 0.5, 0], [1, 0, 0], [0.25, 0.5, 0.25]])
    np.testing.assert_allclose(posterior_entropy(proba), [1, 0, 1.5])
    np.testing.assert_allclose(expected_error(proba), [0.5, 0, 0.5])


@pytest.mark.parametrize("measure", [posterior_entropy, expected_error])
@pytest.mark.parametrize(
    ("proba", "message"),
    [
        ([0.5, 0.5], r"a row of class probabilities for each sample; got shape \(2,\)"),
        (np.zeros((2, 0)), r"got shape \(2, 0\)"),
        ([[1, 0], [0.5, 0.4]], "row 1 sums to 0.9"),
        ([[np.nan, 1.0]], "row 0 is"),
        ([[1.5, -0.5]], "row 0 is"),
    ],
)
def test_what_is_no_posterior_raises(measure, proba, message):
    with pytest.raises(ValueError, match=message):
        measure(proba)


@pytest.mark.parametrize("criterion", ["error", "entropy"])
def test_the_gain_of_a_named_lf_equals_loops(votes, model, criterion):
    proba = model.predict_proba(votes)
    for j in (0, 3):
        gain = expected_gain(votes, label_model=model, lf=j, criterion=criterion)
        voted = votes[:, j] >= 0
        assert np.isnan(gain[voted]).all()
        expected = [
            gain_by_loops(p, model.confusion_[j], criterion) for p in proba[~voted]
        ]
        np.testing.assert_allclose(gain[~voted], expected, atol=1e-12)


def test_the_average_worker_has_the_mean_table_of_the_votes_in_x(votes, model):
    n_votes = (votes >= 0).sum(axis=0)
    table = sum(n * t for n, t in zip(n_votes, model.confusion_, strict=True))
    table /= n_votes.sum()
    expected = [gain_by_loops(p, table, "error") for p in model.predict_proba(votes)]
    gain = expected_gain(votes, label_model=model)
    np.testing.assert_allclose(gain, expected, atol=1e-12)
    assert (gain >= 0).all()
    assert gain[7] > 0  # no votes yet


def test_an_lf_is_found_by_name_or_position(votes):
    frame = pd.DataFrame(votes, columns=[f"w{j}" for j in range(10)])
    model = LabelModel(lf_kind="worker").fit(frame)
    by_name = expected_gain(frame, label_model=model, lf="w9")
    np.testing.assert_array_equal(
        by_name, expected_gain(frame, label_model=model, lf=9)
    )


@pytest.mark.parametrize("lf", ["w10", 10, -1, True])
def test_an_unknown_lf_raises(votes, model, lf):
    with pytest.raises(ValueError, match="is not one of the 10 LFs of the model: 0, 1"):
        expected_gain(votes, label_model=model, lf=lf)


def test_rules_do_not_count_as_workers():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    wrong = rng.random((200, 4)) < 0.2
    workers = np.where(wrong, 1 - truth[:, None], truth[:, None])
    rule = np.where(truth == 1, 1, -1)[:, None]
    both = np.hstack([workers, rule])
    model = LabelModel().fit(both)
    assert model.lf_kind_.tolist() == ["worker"] * 4 + ["rule"]
    table = model.confusion_[:4].mean(axis=0)
    expected = [gain_by_loops(p, table, "error") for p in model.predict_proba(both)]
    np.testing.assert_allclose(
        expected_gain(both, label_model=model), expected, atol=1e-12
    )
    with pytest.raises(ValueError, match=r"LF 4 is a rule.*Name a worker"):
        expected_gain(both, label_model=model, lf=4)
    rules = LabelModel(lf_kind="rule").fit(both)
    with pytest.raises(ValueError, match=r"All 5 LFs are rules.*lf_kind='worker'"):
        expected_gain(both, label_model=rules)


def test_values_outside_of_the_classes_are_outcomes_too():
    votes = [["a", "a"], ["b", "?"], ["b", "b"], ["a", "?"]] * 5
    model = DawidSkene(classes=["a", "b"]).fit(votes)
    assert model.confusion_.shape == (2, 2, 3)
    table = model.confusion_.mean(axis=0)
    for criterion in ("error", "entropy"):
        gain = expected_gain(votes, label_model=model, criterion=criterion)
        expected = [
            gain_by_loops(p, table, criterion) for p in model.predict_proba(votes)
        ]
        np.testing.assert_allclose(gain, expected, atol=1e-12)


def test_a_model_without_tables_gets_them_from_the_votes(votes):
    model = MajorityVote().fit(votes)
    proba = model.predict_proba(votes)
    for lf in (None, 2):
        counts = np.where(np.eye(3), 4, np.sqrt(2 / 3))
        for i, j in zip(*np.nonzero(votes >= 0), strict=True):
            if lf in (None, j):
                counts[:, votes[i, j]] += proba[i]
        table = counts / counts.sum(axis=1, keepdims=True)
        gain = expected_gain(votes, label_model=model, lf=lf, criterion="entropy")
        expected = np.array([gain_by_loops(p, table, "entropy") for p in proba])
        if lf is not None:
            expected[votes[:, lf] >= 0] = np.nan
        np.testing.assert_allclose(gain, expected, atol=1e-12)


def test_dense_and_sparse_votes_gain_the_same(votes, model):
    sparse = votes_to_sparse(votes)
    for lf in (None, 1):
        np.testing.assert_array_equal(
            expected_gain(sparse, label_model=model, lf=lf),
            expected_gain(votes, label_model=model, lf=lf),
        )


def test_permuted_rows_have_permuted_gains(votes, model):
    order = np.random.default_rng(0).permutation(60)
    np.testing.assert_allclose(
        expected_gain(votes[order], label_model=model),
        expected_gain(votes, label_model=model)[order],
    )


def test_one_class_has_nothing_to_gain():
    votes = [[0, 0], [0, -1]]
    model = LabelModel(classes=[0]).fit(votes)
    assert expected_gain(votes, label_model=model).tolist() == [0, 0]


def test_an_lf_without_table_does_not_count():
    votes = np.array([[0, 1, -1], [1, 1, -1], [0, 0, -1], [1, 0, -1]])
    model = DawidSkene(smoothing=0.1).fit(votes)
    confusion = model.confusion_.copy()
    confusion[2] = np.nan
    model.confusion_ = confusion
    later = np.hstack([votes[:, :2], [[0], [1], [0], [1]]])
    assert np.isfinite(expected_gain(later, label_model=model)).all()
    with pytest.raises(ValueError, match=r"LF 2 has no table.*Leave lf out"):
        expected_gain(votes, label_model=model, lf=2)
    model.confusion_ = np.full_like(confusion, np.nan)
    with pytest.raises(ValueError, match="No LF has a finite table"):
        expected_gain(votes, label_model=model)


def test_unknown_votes_count_as_abstentions_with_a_warning(votes, model):
    other = votes.copy()
    other[0, 0] = 9
    known = other.copy()
    known[0, 0] = -1
    with pytest.warns(UserWarning, match="values that fit never saw"):
        gain = expected_gain(other, label_model=model)
    np.testing.assert_array_equal(gain, expected_gain(known, label_model=model))


def test_what_is_no_fitted_model_of_these_lfs_raises(votes, model):
    with pytest.raises(NotFittedError):
        expected_gain(votes, label_model=LabelModel())
    with pytest.raises(TypeError, match=r"must be a fitted label model.*Logistic"):
        expected_gain(votes, label_model=LogisticRegression())
    with pytest.raises(ValueError, match="X has 3 features, but LabelModel is expect"):
        expected_gain(votes[:, :3], label_model=model)


def test_an_unknown_criterion_raises(votes, model):
    with pytest.raises(ValueError, match=r"criterion must be one of .* got 'gini'"):
        expected_gain(votes, label_model=model, criterion="gini")
