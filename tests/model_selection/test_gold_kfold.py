import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import cross_val_score

from sklabel import GoldKFold, LabelModel
from sklabel.votes import votes_to_sparse

X = np.zeros((30, 1))
Y = np.array([0, 1, -1, -1, -1, 1, 0, 0, 1, 0] * 3)


def folds(y=Y, **params):
    return list(GoldKFold(3, **params).split(X, y))


def test_folds_hold_every_gold_row_once():
    test = np.concatenate([test for _, test in folds()])
    assert_array_equal(np.sort(test), np.flatnonzero(Y >= 0))


def test_training_parts_hold_all_that_is_not_in_the_fold():
    for train, test in folds():
        assert_array_equal(np.sort(np.r_[train, test]), np.arange(30))
        assert set(np.flatnonzero(Y < 0)) <= set(train)
        assert_array_equal(train, np.sort(train))


def test_folds_are_stratified():
    for _, test in folds():
        assert_array_equal(np.bincount(Y[test]), [4, 3])


@pytest.mark.parametrize(
    "y",
    [
        np.where(Y < 0, np.nan, Y),
        np.where(Y < 0, None, Y.astype(object)),
        pd.Series(Y, dtype="Int64").mask(Y < 0),
        np.where(Y < 0, None, np.array(["no", "yes"], dtype=object)[Y]),
        np.where(Y < 0, -1, np.array(["no", "yes"], dtype=object)[Y]),
        pd.Series(np.array(["no", "yes"])[Y], dtype="category").mask(Y < 0),
        Y.tolist(),
    ],
)
def test_what_means_unlabelled(y):
    for (train, test), (expected_train, expected_test) in zip(
        folds(y), folds(), strict=True
    ):
        assert_array_equal(train, expected_train)
        assert_array_equal(test, expected_test)


def test_shuffle_changes_the_folds_and_a_seed_repeats_them():
    one, again = (
        folds(shuffle=True, random_state=0),
        folds(shuffle=True, random_state=0),
    )
    for (_, a), (_, b) in zip(one, again, strict=True):
        assert_array_equal(a, b)
    assert any(
        not np.array_equal(a, b) for (_, a), (_, b) in zip(one, folds(), strict=True)
    )


def test_all_rows_may_have_gold():
    for train, test in GoldKFold(2).split(X[:4], [0, 1, 0, 1]):
        assert len(train) == len(test) == 2


def test_forms_of_X():
    for form in (X.tolist(), pd.DataFrame(X), votes_to_sparse(np.zeros((30, 1), int))):
        assert len(list(GoldKFold(3).split(form, Y))) == 3


def test_n_splits():
    assert GoldKFold(4).get_n_splits() == 4
    assert GoldKFold().get_n_splits(X, Y) == 5
    assert (
        repr(GoldKFold(4)) == "GoldKFold(n_splits=4, random_state=None, shuffle=False)"
    )


def test_a_score_counts_gold_rows_only():
    truth = np.tile([0, 1], 50)
    votes = np.column_stack([truth, truth, truth])
    gold = np.where(np.arange(100) < 20, truth, -1)
    scores = cross_val_score(LabelModel(), votes, gold, cv=GoldKFold(5))
    assert_array_equal(scores, np.ones(5))


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "needs gold labels in y to make its folds; y is None"),
        ([-1] * 28 + [0, 1], r"at least n_splits=3 gold rows; y has 2 of 30"),
        ([-1] * 30, r"y has 0 of 30"),
        ([0, 1], "X has 30 rows and y has 2"),
        ([np.nan] * 30, "NaN only"),
    ],
)
def test_too_little_gold(y, message):
    with pytest.raises(ValueError, match=message):
        folds(y)


@pytest.mark.parametrize("n_splits", [1, 0, -3, 2.5, "five"])
def test_wrong_number_of_folds(n_splits):
    with pytest.raises(ValueError, match=r"n_splits=2 or more|number of folds"):
        list(GoldKFold(n_splits).split(X, Y))


def test_a_seed_without_shuffle_raises():
    with pytest.raises(ValueError, match="random_state has no effect since shuffle is"):
        folds(random_state=0)


def test_a_class_with_less_gold_rows_than_folds_warns():
    y = np.r_[[0] * 10, 1, [-1] * 19]
    with pytest.warns(UserWarning, match="least populated class"):
        folds(y)
