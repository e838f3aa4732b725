"""What every label model promises, on top of `sklabel.testing.check_label_model`."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from sklabel import LabelModel, MajorityVote
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.votes import votes_from_long

EM = [LabelModel, DawidSkene, OneCoinDawidSkene, GLAD, MACE]
ITERATIVE = [*EM, SnorkelLabelModel, WeightedMajorityVote]
FAMILY = [*ITERATIVE, MajorityVote]
VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, 1, 0], [0, -1, 0], [1, 1, 1]])

every = pytest.mark.parametrize("Model", FAMILY)
every_iterative = pytest.mark.parametrize("Model", ITERATIVE)


def crowd(n_samples, n_workers, n_classes=2, **options):
    options = {"random_state": 0} | options
    data = make_crowd_labels(n_samples, n_workers, n_classes, **options)
    frame = data.crowd_labels
    votes = votes_from_long(frame, sample="sample", lf="worker", vote="label")
    return votes.to_numpy(), data.y[votes.index]


@every
def test_ties_go_to_the_larger_prior_then_to_the_first_class(Model):
    even = np.array([[0, -1], [-1, 1], [1, -1], [-1, 0]])
    assert Model().fit(even).predict([[0, 1]]) == 0
    assert Model(classes=[1, 0]).fit(even).predict([[0, 1]]) == 1
    assert Model(class_prior=[0.4, 0.6]).fit(even).predict([[-1, -1]]) == 1


@every
@pytest.mark.parametrize(
    "X",
    [np.full((4, 2), -1), np.full((4, 2), np.nan), sparse.csr_matrix((4, 2))],
    ids=["-1", "NaN", "CSR"],
)
def test_all_abstain(Model, X):
    with pytest.raises(ValueError, match=r"X holds no vote: all 4 rows and 2 LFs"):
        Model().fit(X)
    with pytest.warns(UserWarning, match="none of the 4 rows has a vote"):
        model = Model(classes=["a", "b"]).fit(X)
    assert_allclose(model.predict_proba(X), np.full((4, 2), 0.5))
    assert_array_equal(model.predict(X), ["a"] * 4)


@every
def test_a_weight_counts_like_repeated_rows(Model):
    votes, truth = crowd(100, 10, 3)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, size=len(votes))
    gold = np.where(rng.random(len(votes)) < 0.2, truth, -1)
    weighted = Model().fit(votes, gold, sample_weight=weight)
    repeated = Model().fit(np.repeat(votes, weight, axis=0), np.repeat(gold, weight))
    found, expected = (m.predict_proba(votes) for m in (weighted, repeated))
    assert_allclose(found, expected, atol=1e-6)
    assert_allclose(weighted.class_prior_, repeated.class_prior_, atol=1e-6)
    for name in {"lower_bound_", "lf_accuracy_", "confusion_"} & set(vars(weighted)):
        values = getattr(weighted, name), getattr(repeated, name)
        assert_allclose(*values, atol=1e-6, err_msg=name)


@every_iterative
def test_use_gold_false_keeps_y_for_scoring_only(Model):
    truth = np.tile([0, 1], 20)
    votes = np.column_stack([truth] * 3)
    model = Model(use_gold=False).fit(votes, 1 - truth)
    expected = Model().fit(votes).predict_proba(votes)
    assert_array_equal(model.predict_proba(votes), expected)


@every
def test_an_lf_that_first_votes_at_predict_is_the_average_worker(Model):
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 50)
    good = np.where(rng.random((100, 3)) < 0.8, truth[:, None], 1 - truth[:, None])
    votes = np.column_stack([good, np.full(100, -1)])
    model = Model().fit(votes)
    assert_array_equal(model.predict([[-1, -1, -1, 0], [-1, -1, -1, 1]]), [0, 1])
    if hasattr(model, "lf_accuracy_"):
        assert np.isfinite(model.lf_accuracy_).all()


@every
def test_one_class_only(Model):
    model = Model().fit([[3, 3], [3, -1]])
    assert_array_equal(model.classes_, [3])
    assert_array_equal(model.predict_proba([[3, -1], [-1, -1]]), [[1], [1]])
    assert_array_equal(model.predict([[-1, 3]]), [3])


@every
def test_a_given_prior_is_kept(Model):
    model = Model(class_prior=[0.3, 0.7]).fit(VOTES)
    assert_allclose(model.class_prior_, [0.3, 0.7])
    assert_allclose(model.predict_proba([[-1, -1, -1]]), [[0.3, 0.7]])


@every
def test_a_uniform_prior_is_that_of_equal_shares(Model):
    named = Model(class_prior="uniform").fit(VOTES)
    given = Model(class_prior=[0.5, 0.5]).fit(VOTES)
    assert_array_equal(named.predict_proba(VOTES), given.predict_proba(VOTES))


@every
@pytest.mark.parametrize("class_prior", ["even", None])
def test_a_prior_of_another_kind_is_refused(Model, class_prior):
    with pytest.raises(ValueError, match="The 'class_prior' parameter of"):
        Model(class_prior=class_prior).fit(VOTES)


@pytest.mark.parametrize(
    ("Model", "least"), [(LabelModel, 0.85), (DawidSkene, 0.95), (MACE, 0.95)]
)
def test_gold_on_rows_without_votes_reaches_a_learned_prior(Model, least):
    votes = np.vstack([VOTES, np.full((400, 3), -1)])
    gold = np.r_[[-1] * 5, np.ones(400, dtype=int)]
    assert Model().fit(votes, gold).class_prior_[1] > least


@every_iterative
def test_convergence_warning_says_what_to_do(Model):
    votes, _ = crowd(300, 20)
    # One pass of a weighted vote is Wawa, on purpose.
    max_iter = 2 if Model is WeightedMajorityVote else 1
    expected = (
        rf"{Model.__name__} stopped after max_iter={max_iter} with a change of .* > "
        r"tol=1.0e-.*\. Increase max_iter"
    )
    with pytest.warns(ConvergenceWarning, match=expected) as caught:
        model = Model(max_iter=max_iter).fit(votes)
    assert caught[0].filename == __file__
    assert not model.converged_


@every_iterative
@pytest.mark.parametrize(("name", "value"), [("max_iter", 0), ("tol", -1)])
def test_wrong_parameter(Model, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {Model.__name__}"):
        Model(**{name: value}).fit(VOTES)


@pytest.mark.parametrize(
    ("Model", "options"),
    [
        # LabelModel shrinks towards what moves with the sweeps, and has no bound.
        *((Model, {}) for Model in EM if Model is not LabelModel),
        *(
            (Model, {"class_prior": [0.4, 0.25, 0.35]})
            for Model in EM
            if Model is not LabelModel
        ),
        (OneCoinDawidSkene, {"class_prior": "learned"}),
        (GLAD, {"class_prior": "learned"}),
        (MACE, {"method": "em"}),
    ],
)
@pytest.mark.parametrize("with_gold", [False, True])
def test_lower_bound_never_decreases(Model, options, with_gold):
    votes, truth = crowd(150, 12, 3, judgements_per_sample=3, random_state=1)
    gold = np.where(np.arange(len(truth)) % 5 == 0, truth, -1) if with_gold else None
    bounds = []
    for max_iter in range(1, 20):
        model = Model(max_iter=max_iter, tol=0, **options)
        with pytest.warns(ConvergenceWarning):
            model.fit(votes, gold)
        bounds.append(model.lower_bound_)
        assert model.n_iter_ == max_iter
        assert not model.converged_
    assert np.diff(bounds).min() > -1e-12
    assert bounds[-1] > bounds[0] + 1e-3
