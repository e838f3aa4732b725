"""The log-loss of soft labels as a scorer."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from sklabel import LabelModel, SoftLabelClassifier
from sklabel.model_selection import soft_log_loss


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    p = 1 / (1 + np.exp(-3 * X[:, 0]))
    soft = np.column_stack([1 - p, p])
    return X, soft, SoftLabelClassifier(LogisticRegression()).fit(X, soft)


def test_it_is_the_cross_entropy(problem):
    X, soft, clf = problem
    proba = clf.predict_proba(X)
    expected = (soft * np.log(proba)).sum(axis=1)
    assert_allclose(soft_log_loss(clf, X, soft), expected.mean())
    weight = np.arange(120.0)
    weighted = soft_log_loss(clf, X, soft, weight)
    assert_allclose(weighted, np.average(expected, weights=weight))
    # No probabilities come nearer to soft labels than they do themselves.
    assert soft_log_loss(clf, X, proba) > soft_log_loss(clf, X, 1 - proba)


def test_hard_labels_and_gaps(problem):
    X, soft, clf = problem
    y = soft.argmax(axis=1)
    assert_allclose(soft_log_loss(clf, X, y), -log_loss(y, clf.predict_proba(X)))
    gaps = np.where(np.arange(120) < 50, y, -1)
    part = -log_loss(y[:50], clf.predict_proba(X[:50]))
    assert_allclose(soft_log_loss(clf, X, gaps), part)
    with_nan = np.where(np.arange(120)[:, None] < 50, np.eye(2)[y], np.nan)
    assert_allclose(soft_log_loss(clf, X, with_nan), part)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_go_by_name(problem, library):
    X, soft, _ = problem
    clf = SoftLabelClassifier(LogisticRegression(), classes=["no", "yes"]).fit(X, soft)
    frame = pd.DataFrame(soft[:, ::-1], columns=["yes", "no"])
    if library == "polars":
        frame = pytest.importorskip("polars").from_pandas(frame)
    assert_allclose(soft_log_loss(clf, X, frame), soft_log_loss(clf, X, soft))
    # The classifier sorts names, whatever the order of the user's.
    other = SoftLabelClassifier(LogisticRegression(), classes=["yes", "no"])
    other.fit(X, soft[:, ::-1])
    assert_allclose(soft_log_loss(other, X, frame), soft_log_loss(clf, X, soft))


def test_a_search_without_gold(problem):
    X, soft, clf = problem
    search = GridSearchCV(
        SoftLabelClassifier(LogisticRegression()),
        {"estimator__C": [0.001, 0.1, 10]},
        scoring=soft_log_loss,
        cv=KFold(5, shuffle=True, random_state=0),
    ).fit(X, soft)
    assert search.best_params_ == {"estimator__C": 10}
    scores = cross_val_score(clf, X, soft, cv=KFold(3), scoring=soft_log_loss)
    assert (scores < 0).all()


def test_bad_input(problem):
    X, soft, clf = problem
    with pytest.raises(NotFittedError):
        soft_log_loss(SoftLabelClassifier(LogisticRegression()), X, soft)
    with pytest.raises(ValueError, match="None of the 120 rows"):
        soft_log_loss(clf, X, np.full((120, 2), np.nan))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        soft_log_loss(clf, X, soft[:50])
    with pytest.raises(ValueError, match="sum to 1"):
        soft_log_loss(clf, X, soft / 2)


def test_labels_without_weight_are_nothing_to_score():
    X = np.arange(20.0)[:, None]
    hard = np.where(np.arange(20) < 10, np.arange(20) % 2, -1)
    soft = np.where(hard[:, None] >= 0, np.eye(2)[hard], np.nan)
    clf = SoftLabelClassifier(LogisticRegression()).fit(X, np.arange(20) % 2)
    weight = (hard < 0).astype(float)
    match = "All 10 rows with a label in y have weight 0"
    for y in (hard, soft):
        with pytest.raises(ValueError, match=match):
            soft_log_loss(clf, X, y, weight)
    with pytest.raises(ValueError, match=match):
        clf.score(X, hard, weight)
    votes = np.column_stack([np.arange(20) % 2] * 2)
    model = LabelModel().fit(votes)
    for y in (hard, soft):
        with pytest.raises(ValueError, match=match):
            model.score(votes, y, weight)
