"""scikit-learn takes columns of probabilities for sorted classes."""

import warnings

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer, log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklabel import LabelModel, MajorityVote, SoftLabelClassifier
from sklabel.datasets import make_lf_votes
from sklabel.model_selection import GoldKFold, soft_log_loss

BEFORE_1_8 = tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8)
UNSORTED = ["sport", "tech", "food"]


def drawn(classes):
    made = make_lf_votes(
        150, 6, n_classes=len(classes), coverage=(0.6, 0.9), random_state=0
    )
    names = np.array(classes)
    return np.where(made.votes >= 0, names[made.votes], None), names[made.y]


VOTES, TRUTH = drawn(UNSORTED)


def test_scores_of_probabilities_in_a_loop_warn():
    model = MajorityVote(classes=UNSORTED)
    args = {"cv": GoldKFold(3), "scoring": "neg_log_loss"}
    with pytest.warns(
        UserWarning, match=r"log_loss reads .*\['sport', 'tech', 'food'\]"
    ) as seen:
        wrong = cross_val_score(model, VOTES, TRUTH, **args)
    assert "classes=['food', 'sport', 'tech']" in str(seen[0].message)
    ordered = cross_val_score(
        MajorityVote(classes=sorted(UNSORTED)), VOTES, TRUTH, **args
    )
    known = cross_val_score(model, VOTES, TRUTH, cv=GoldKFold(3), scoring=soft_log_loss)
    assert wrong.mean() < ordered.mean() - 1
    np.testing.assert_allclose(known, ordered)


def test_a_loop_shows_it_once():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        GridSearchCV(
            make_pipeline(FunctionTransformer(), MajorityVote(classes=UNSORTED)),
            {"majorityvote__class_prior": ["auto", "uniform"]},
            scoring="roc_auc_ovr",
            cv=GoldKFold(3),
        ).fit(VOTES, TRUTH)
    assert len(seen) == 1
    assert seen[0].filename == __file__


def test_texts_in_natural_order_warn():
    votes, truth = drawn(["2", "10", "1"])
    model = LabelModel().fit(votes)
    assert model.classes_.tolist() == ["1", "2", "10"]
    with pytest.warns(UserWarning, match=r"classes=\['1', '10', '2'\]"):
        get_scorer("neg_log_loss")(model, votes, truth)


def test_ensembles_that_rely_on_the_order_warn():
    frozen = FrozenEstimator(MajorityVote(classes=UNSORTED).fit(VOTES))
    soft = VotingClassifier([("a", frozen)], voting="soft").fit(VOTES, TRUTH)
    with pytest.warns(UserWarning, match="VotingClassifier reads"):
        assert soft.score(VOTES, TRUTH) < 0.5


def test_calibration_by_temperature_relies_on_the_order():
    if BEFORE_1_8:
        pytest.skip("scikit-learn 1.8 has the first calibration by temperature")
    frozen = FrozenEstimator(MajorityVote(classes=UNSORTED).fit(VOTES))
    with pytest.warns(UserWarning, match="CalibratedClassifierCV reads"):
        CalibratedClassifierCV(frozen, method="temperature").fit(VOTES, TRUTH)


def test_decision_functions_warn_too():
    rng = np.random.default_rng(0)
    y = np.array(["good", "bad"])[rng.integers(2, size=60)]
    X = (y == "good")[:, None] + rng.normal(size=(60, 2))
    clf = SoftLabelClassifier(LogisticRegression(), classes=["good", "bad"]).fit(X, y)
    with pytest.warns(UserWarning, match="roc_auc_score reads"):
        assert get_scorer("roc_auc")(clf, X, y) < 0.5
    # It asks for the column of the class that counts as positive.
    by_name = make_scorer(
        get_scorer("average_precision")._score_func,
        response_method="predict_proba",
        pos_label="good",
    )
    assert by_name(clf, X, y) > 0.7


def test_what_finds_its_columns_does_not_warn():
    model = MajorityVote(classes=UNSORTED).fit(VOTES)
    frozen = FrozenEstimator(model)
    accuracy = model.score(VOTES, TRUTH)
    model.predict_proba(VOTES)
    get_scorer("accuracy")(model, VOTES, TRUTH)
    cross_val_score(MajorityVote(classes=UNSORTED), VOTES, TRUTH, cv=3)
    calibrated = CalibratedClassifierCV(frozen).fit(VOTES, TRUTH)
    assert calibrated.score(VOTES, TRUTH) > accuracy - 0.1
    stacked = StackingClassifier([("a", frozen)], cv="prefit").fit(VOTES, TRUTH)
    assert stacked.score(VOTES, TRUTH) > accuracy - 0.1

    def own(y, proba):
        return log_loss(y, proba[:, np.argsort(UNSORTED)])

    scorer = make_scorer(own, response_method="predict_proba")
    assert scorer(model, VOTES, TRUTH) < 1


@pytest.mark.parametrize("classes", [sorted(UNSORTED), [0, 1, 2]], ids=str)
def test_sorted_classes_do_not_warn(classes):
    votes, truth = drawn(classes)
    model = MajorityVote(classes=classes).fit(votes)
    assert get_scorer("neg_log_loss")(model, votes, truth) > -1
