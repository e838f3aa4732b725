import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from sklabel import CrowdLabels, LabelModel
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.evidence._evidence import LeftOut
from sklabel.label_model import DawidSkene, OneCoinDawidSkene
from sklabel.label_model._memory import faded_sums
from sklabel.sums._sums import AtomSums
from sklabel.votes import votes_from_long
from tests._data import read_votes

MODELS = [LabelModel, DawidSkene, OneCoinDawidSkene]


def crowd(n_samples=600, n_classes=3, **options):
    data = make_crowd_labels(n_samples, 30, n_classes, random_state=0, **options)
    frame = data.crowd_labels
    sample, worker, label = frame.columns
    votes = votes_from_long(frame, sample=sample, lf=worker, vote=label)
    return votes.sample(frac=1, random_state=0).rename(columns="w{}".format)


def rules():
    return make_lf_votes(700, 12, 3, unipolar_share=1.0, random_state=0).votes


def mixed():
    votes = np.full((700, 14), -1)
    votes[:, :12] = make_lf_votes(700, 12, 2, unipolar_share=0.0, random_state=0).votes
    votes[:, 12] = np.where(votes[:, 0] >= 0, 0, -1)
    votes[::3, 13] = 1
    return votes


def in_calls(model, votes, n_calls=10, **options):
    for rows in np.array_split(np.arange(len(votes)), n_calls):
        part = votes.iloc[rows] if hasattr(votes, "iloc") else votes[rows]
        model.partial_fit(part, **options)
    return model


def attributes(model):
    names = [name for name in vars(model) if name.endswith("_")]
    return {name: getattr(model, name) for name in names if not name.startswith("_")}


def assert_same_model(model, other, **tolerance):
    found, expected = attributes(model), attributes(other)
    # fit does not count samples.
    for name in {"n_samples_seen_"} & (set(found) ^ set(expected)):
        found.pop(name, None)
        expected.pop(name, None)
    assert set(found) == set(expected)
    for name, value in expected.items():
        if np.asarray(value).dtype.kind == "f":
            assert_allclose(found[name], value, err_msg=name, **tolerance)
        else:
            assert_array_equal(found[name], value, err_msg=name)


def mean_difference(model, other, votes):
    return np.abs(model.predict_proba(votes) - other.predict_proba(votes)).mean()


# One call


@pytest.mark.parametrize("votes", [crowd().to_numpy(), rules(), mixed()])
@pytest.mark.parametrize("Model", MODELS)
def test_the_first_call_is_a_fit(Model, votes):
    gold = np.full(len(votes), -1)
    gold[:40] = np.arange(40) % 2
    weight = np.random.default_rng(0).integers(0, 3, len(votes))
    classes = np.arange(votes.max() + 1)
    fitted = Model(classes=classes).fit(votes, gold, weight)
    streamed = Model().partial_fit(votes, gold, classes, weight)
    assert_same_model(streamed, fitted, rtol=0, atol=0)
    assert_array_equal(streamed.predict_proba(votes), fitted.predict_proba(votes))


def test_the_first_call_is_a_fit_with_a_given_prior():
    votes = rules()
    prior = [0.2, 0.3, 0.5]
    streamed = LabelModel(class_prior=prior).partial_fit(votes)
    fitted = LabelModel(class_prior=prior).fit(votes)
    assert_array_equal(streamed.predict_proba(votes), fitted.predict_proba(votes))


def test_the_first_call_may_find_the_classes_in_gold_or_votes():
    assert_array_equal(LabelModel().partial_fit([[0, 2], [2, 2]]).classes_, [0, 2])
    model = LabelModel().partial_fit([[0, 1], [1, 1]], ["no", "yes"], ["no", "yes"])
    assert model.predict([[1, 1]]) == ["yes"]


# One pass


@pytest.mark.parametrize("n_calls", [2, 10, 60])
@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("votes", [crowd(), crowd(n_classes=2, n_samples=400)])
def test_a_pass_over_a_crowd_is_near_a_fit(Model, votes, n_calls):
    classes = np.arange(votes.to_numpy().max() + 1)
    batch = Model(classes=classes).fit(votes)
    model = in_calls(Model(classes=classes), votes, n_calls)
    assert mean_difference(model, batch, votes) < 0.02
    in_calls(model, votes, n_calls, revisit=True)
    assert mean_difference(model, batch, votes) < 0.01
    assert set(attributes(model)) == {*attributes(batch), "n_samples_seen_"}
    assert model.n_samples_seen_ == len(votes)
    assert_allclose(model.lower_bound_, batch.lower_bound_, rtol=0.02)


@pytest.mark.parametrize(
    ("votes", "n_rules", "tol"), [(rules(), 12, 0.003), (mixed(), 2, 0.02)]
)
def test_a_pass_of_label_model_is_near_a_fit(votes, n_rules, tol):
    batch = LabelModel().fit(votes)
    model = in_calls(LabelModel(classes=batch.classes_), votes, 10)
    assert (batch.lf_kind_ == "rule").sum() == n_rules
    assert_allclose(model.rule_share_, batch.rule_share_)
    assert mean_difference(model, batch, votes) < tol
    if n_rules == 12:
        assert_allclose(model._discount, batch._discount, atol=0.02)


@pytest.mark.parametrize("Model", MODELS)
def test_one_sample_per_call_will_do(Model):
    votes = crowd(200, 2)
    batch = Model(classes=[0, 1]).fit(votes)
    model = in_calls(Model(classes=[0, 1]), votes, 200)
    assert mean_difference(model, batch, votes) < 0.06


def test_a_class_prior_is_matched_on_recent_samples():
    votes = rules()
    options = {"classes": [0, 1, 2], "class_prior": [0.6, 0.3, 0.1]}
    batch = LabelModel(**options).fit(votes)
    model = in_calls(LabelModel(**options), votes, 10)
    plain = LabelModel(classes=[0, 1, 2]).fit(votes)
    assert mean_difference(plain, batch, votes) > 0.05
    assert mean_difference(model, batch, votes) < 0.01
    for _ in range(4):
        in_calls(model, votes, 2)
    assert len(model._memory_.recent.gold) == 2000
    assert model._memory_.recent.votes.n_samples == 2000


def test_gold_labels_and_weights_count():
    votes = crowd(300, 2)
    flipped = 1 - (votes == 1).sum(axis=1).to_numpy() // np.maximum(
        (votes >= 0).sum(axis=1).to_numpy() // 2 + 1, 1
    )
    model = LabelModel(classes=[0, 1])
    for rows in np.array_split(np.arange(300), 5):
        model.partial_fit(votes.iloc[rows], flipped[rows])
    assert model.lf_accuracy_.mean() < 0.5
    silent = LabelModel(classes=[0, 1], use_gold=False)
    for rows in np.array_split(np.arange(300), 5):
        silent.partial_fit(votes.iloc[rows], flipped[rows])
    assert silent.lf_accuracy_.mean() > 0.5
    twice = LabelModel(classes=[0, 1]).partial_fit(votes)
    twice.partial_fit(votes[:100], sample_weight=np.full(100, 2.0))
    thrice = LabelModel(classes=[0, 1]).partial_fit(votes)
    thrice.partial_fit(pd.concat([votes[:100], votes[:100]]))
    assert twice.n_samples_seen_ == thrice.n_samples_seen_ == 500
    assert_allclose(twice.confusion_, thrice.confusion_, atol=1e-9)


@pytest.mark.parametrize("Model", MODELS)
def test_dense_and_sparse_calls_are_the_same(Model):
    votes = crowd(200).to_numpy()
    rows, columns = np.nonzero(votes >= 0)
    csr = sparse.csr_matrix((votes[rows, columns], (rows, columns)), votes.shape)
    dense = in_calls(Model(classes=[0, 1, 2]), votes, 4)
    model = Model(classes=[0, 1, 2])
    for at in np.array_split(np.arange(200), 4):
        model.partial_fit(csr[at])
    assert_same_model(model, dense, rtol=0, atol=1e-12)


def test_a_chunk_without_votes_changes_nothing_but_the_number_of_samples():
    votes = crowd(200)
    model = LabelModel(classes=[0, 1, 2]).partial_fit(votes)
    other = LabelModel(classes=[0, 1, 2]).partial_fit(votes)
    other.partial_fit(votes[:5].mask(votes[:5] >= 0))
    assert other.n_samples_seen_ == 205
    assert_allclose(other.confusion_, model.confusion_, atol=1e-5)


@pytest.mark.parametrize("votes", [[[0, 1], [1, 1]], [["no", "yes"], ["yes", "yes"]]])
@pytest.mark.parametrize("Model", MODELS)
def test_votes_may_start_late(Model, votes):
    nothing = np.full((3, 2), None, dtype=object)
    model = Model(classes=["no", "yes"])
    with pytest.warns(UserWarning, match="none of the 3 rows so far has a vote"):
        model.partial_fit(nothing)
    assert_allclose(model.predict_proba(nothing[:1]), [[0.5, 0.5]])
    model.partial_fit(np.array(votes, dtype=object))
    all_rows = np.vstack([nothing, np.array(votes, dtype=object)])
    fitted = Model(classes=["no", "yes"]).fit(all_rows)
    assert_allclose(model.confusion_, fitted.confusion_, atol=1e-6)


def test_one_class_is_no_error():
    model = LabelModel(classes=[1]).partial_fit([[1, 1]]).partial_fit([[1, -1]])
    assert_array_equal(model.predict_proba([[1, 1]]), [[1.0]])
    assert model.partial_fit([[1, 1]], revisit=True).n_samples_seen_ == 2


@pytest.mark.parametrize("Model", MODELS)
def test_a_stream_survives_a_pickle(Model):
    votes = crowd(200)
    model = in_calls(Model(classes=[0, 1, 2]), votes[:100], 3)
    copy = pickle.loads(pickle.dumps(model))
    assert_same_model(
        copy.partial_fit(votes[100:]), model.partial_fit(votes[100:]), rtol=0, atol=0
    )


def test_label_model_keeps_no_votes():
    model = in_calls(LabelModel(classes=[0, 1, 2]), crowd(), 3)
    assert model._memory_.recent is None


# After fit


@pytest.mark.parametrize("Model", MODELS)
def test_fit_keeps_no_sums_to_go_on_from(Model):
    votes = crowd(200)
    model = Model(classes=[0, 1, 2]).fit(votes)
    with pytest.warns(UserWarning, match="partial_fit starts anew") as record:
        model.partial_fit(votes[:100])
    assert record[0].filename == __file__
    anew = Model(classes=[0, 1, 2]).partial_fit(votes[:100])
    assert_same_model(model, anew, rtol=0, atol=0)


@pytest.mark.parametrize("votes", [crowd(), rules(), mixed()])
def test_a_model_that_never_saw_partial_fit_carries_no_memory(votes):
    prior = np.full(np.max(np.asarray(votes)) + 1, 1 / (np.max(np.asarray(votes)) + 1))
    for options in ({}, {"class_prior": prior}):
        model = LabelModel(classes=np.arange(len(prior)), **options)
        size = len(pickle.dumps(model.fit(votes)))
        streamed = len(pickle.dumps(clone(model).partial_fit(votes)))
        assert not hasattr(model, "_memory_")
        assert size < streamed
        assert len(pickle.dumps(streamed_then_fitted(model, votes))) == size


def streamed_then_fitted(model, votes):
    return clone(model).partial_fit(votes).fit(votes)


@pytest.mark.parametrize("Model", MODELS)
def test_fit_starts_anew(Model):
    votes = crowd(200)
    model = Model(classes=[0, 1, 2]).partial_fit(crowd()).fit(votes)
    assert_same_model(model, Model(classes=[0, 1, 2]).fit(votes), rtol=0, atol=0)


# More passes


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("votes", [crowd(300, 2), pd.DataFrame(mixed())])
def test_passes_end_at_a_fit(Model, votes):
    batch = Model(classes=[0, 1], tol=1e-9).fit(votes)
    model = in_calls(Model(classes=[0, 1], tol=1e-9), votes, 5)
    n_seen = model.n_samples_seen_
    for _ in range(1000):
        in_calls(model, votes, 7, revisit=True)
        if model.converged_:
            break
    assert model.converged_
    assert model.n_samples_seen_ == n_seen
    assert_allclose(model.predict_proba(votes), batch.predict_proba(votes), atol=1e-5)
    assert model.lower_bound_ == pytest.approx(batch.lower_bound_, abs=1e-6)


def test_every_pass_climbs():
    votes = crowd(200, 2)
    model = in_calls(DawidSkene(classes=[0, 1]), votes, 5)
    bounds = []
    for _ in range(20):
        in_calls(model, votes, 5, revisit=True)
        bounds.append(model.lower_bound_)
    assert np.all(np.diff(bounds) > -1e-9)


def test_a_fit_stays_where_it_is():
    votes = crowd()
    model = LabelModel(tol=1e-9).partial_fit(votes)
    before = model.confusion_
    in_calls(model, votes, 4, revisit=True)
    assert_allclose(model.confusion_, before, atol=1e-6)
    assert model.lower_bound_ == pytest.approx(LabelModel().fit(votes).lower_bound_)


def test_two_passes_over_rules_are_a_fit():
    votes = rules()
    batch = LabelModel().fit(votes)
    model = in_calls(LabelModel(classes=batch.classes_), votes, 10)
    in_calls(model, votes, 3, revisit=True)
    assert not model.converged_
    in_calls(model, votes, 10, revisit=True)
    assert_allclose(
        model.predict_proba(votes), batch.predict_proba(votes), rtol=0, atol=1e-9
    )
    assert model.lower_bound_ == pytest.approx(batch.lower_bound_)
    in_calls(model, votes, 10, revisit=True)
    assert model.converged_


def test_parameters_wait_for_the_end_of_a_pass():
    votes = crowd(200)
    model = in_calls(LabelModel(classes=[0, 1, 2]), votes, 4)
    before = model._evidence.log_prior
    model.partial_fit(votes[:100], revisit=True)
    assert_allclose(model._evidence.log_prior, before, atol=1e-5)
    assert not model.converged_
    model.partial_fit(votes[100:], revisit=True)
    assert np.abs(model._evidence.log_prior - before).max() > 1e-4


def test_a_pass_that_new_samples_break_off_is_forgotten():
    votes = crowd(300)
    model = in_calls(LabelModel(classes=[0, 1, 2]), votes[:200], 4)
    broken = pickle.loads(pickle.dumps(model))
    broken.partial_fit(votes[:100], revisit=True)
    assert broken._memory_.visited
    assert_same_model(
        broken.partial_fit(votes[200:]), model.partial_fit(votes[200:]), rtol=1e-12
    )
    assert not broken._memory_.visited


def test_passes_without_revisit_count_votes_again():
    votes = crowd(200)
    model = LabelModel(classes=[0, 1, 2]).partial_fit(votes).partial_fit(votes)
    assert model.n_samples_seen_ == 400
    twice = LabelModel(classes=[0, 1, 2]).fit(pd.concat([votes, votes]))
    assert mean_difference(model, twice, votes) < 0.01


# LFs by name


def test_lfs_come_and_go():
    votes = crowd(600, 2)
    batch = LabelModel(classes=[0, 1]).fit(votes)
    model = LabelModel(classes=[0, 1])
    for rows in np.array_split(np.arange(600), 12):
        part = votes.iloc[rows]
        part = part.loc[:, (part >= 0).any()]
        part = part.iloc[:, np.random.default_rng(0).permutation(part.shape[1])]
        model.partial_fit(part, columns="by_name")
    assert set(model.feature_names_in_) == set(votes)
    assert model.n_features_in_ == len(model.lf_kind_) == len(model.confusion_) == 30
    chunk = votes.reindex(columns=model.feature_names_in_)
    same = in_calls(LabelModel(classes=[0, 1]), votes, 12)
    assert_allclose(model.predict_proba(chunk), same.predict_proba(votes), atol=1e-9)
    assert np.abs(model.predict_proba(chunk) - batch.predict_proba(votes)).mean() < 0.02


@pytest.mark.parametrize("Model", MODELS)
def test_new_lfs_change_nothing_until_they_vote(Model):
    votes = crowd(200)
    model = Model(classes=[0, 1, 2]).partial_fit(votes)
    before = model.confusion_
    model.partial_fit(votes[:1].assign(late=[-1]), columns="by_name", revisit=True)
    assert list(model.feature_names_in_) == [*votes, "late"]
    assert_allclose(model.confusion_[:-1], before, atol=1e-5)
    model.partial_fit(pd.DataFrame({"late": [0, 1], "w3": [0, 1]}), columns="by_name")
    assert model.lf_accuracy_[-1] > 0.5


def test_rules_by_name():
    votes = pd.DataFrame(rules()).rename(columns="rule{}".format)
    batch = LabelModel().fit(votes)
    model = LabelModel(classes=batch.classes_)
    model.partial_fit(votes.iloc[:300, :5], columns="by_name")
    model.partial_fit(votes.iloc[:300, 5:], columns="by_name")
    in_calls(model, votes[300:], 4, columns="by_name")
    assert_array_equal(model.lf_kind_, ["rule"] * 12)
    assert len(model._discount) == votes.shape[1]


def test_one_worker_per_call():
    votes = crowd(100, 2)
    model = LabelModel(classes=[0, 1])
    for name in votes:
        part = votes.loc[votes[name] >= 0, [name]]
        model.partial_fit(part, columns="by_name")
    assert list(model.feature_names_in_) == list(votes)
    assert np.isfinite(model.predict_proba(votes)).all()
    assert model.n_samples_seen_ == (votes >= 0).to_numpy().sum()


def test_kinds_may_be_named_before_the_lf_comes():
    model = LabelModel(classes=[0, 1], lf_kind={"rule": "rule"})
    model.partial_fit(pd.DataFrame({"ann": [0, 1], "bob": [0, 1]}), columns="by_name")
    model.partial_fit(pd.DataFrame({"ann": [0, 1], "rule": [0, -1]}), columns="by_name")
    assert list(model.lf_kind_) == ["worker", "worker", "rule"]


def test_an_lf_that_is_absent_does_not_fade():
    old, new = crowd(300, 2), crowd(400, 2).rename(columns="new_{}".format)
    model = LabelModel(classes=[0, 1]).partial_fit(old, columns="by_name")
    before = model.confusion_
    model.partial_fit(new, columns="by_name")
    # The more LFs there are, the less each is shrunk.
    assert_allclose(model.confusion_[: old.shape[1]], before, atol=1e-3)


# Values and structures


@pytest.mark.parametrize("Model", [LabelModel, DawidSkene])
def test_a_late_vote_value_is_evidence(Model):
    votes = crowd(300, 2).to_numpy().astype(object)
    late = votes.copy()
    late[150:, 0] = np.where(late[150:, 0] == 0, 7, late[150:, 0])
    model = Model(classes=[0, 1])
    model.partial_fit(late[:150]).partial_fit(late[150:])
    assert_array_equal(model.vote_values_, [0, 1, 7])
    assert model.confusion_.shape == (30, 2, 3)
    assert model.confusion_[0, 0, 2] > model.confusion_[0, 1, 2]
    assert_allclose(model.confusion_.sum(axis=2), 1)
    early = Model(classes=[0, 1]).partial_fit(late[150:]).partial_fit(late[:150])
    assert_array_equal(early.vote_values_, [0, 1, 7])


def test_a_late_value_sorts_into_the_tables():
    votes = rules()
    votes[:, 3:] = np.where(votes[:, 3:] == 1, 5, votes[:, 3:])
    classes = [0, 2, 5]
    use = np.where(votes == 1, -1, votes)
    model = LabelModel(classes=classes, class_prior=[0.3, 0.3, 0.4])
    model.partial_fit(use[:300]).partial_fit(votes[300:])
    assert_array_equal(model.vote_values_, [0, 1, 2, 5])
    batch = LabelModel(classes=classes, class_prior=[0.3, 0.3, 0.4]).fit(
        np.vstack([use[:300], votes[300:]])
    )
    assert mean_difference(model, batch, votes) < 0.02


def test_one_coin_ignores_a_late_value():
    votes = crowd(200, 2).to_numpy()
    model = OneCoinDawidSkene(classes=[0, 1]).partial_fit(votes)
    before = model.lf_accuracy_
    model.partial_fit([[7] * 30])
    assert_array_equal(model.vote_values_, [0, 1, 7])
    assert_allclose(model.lf_accuracy_, before, atol=1e-5)


def test_a_worker_may_become_a_rule_and_a_rule_a_worker():
    votes = mixed()
    model = LabelModel(classes=[0, 1]).partial_fit(votes[:8])
    assert model.lf_kind_[13] == "worker"
    model.partial_fit(votes[8:500])
    assert model.lf_kind_[13] == "rule"
    turned = votes[500:].copy()
    turned[:, 12:] = 1
    turned[:60, 12:] = 0
    model.partial_fit(turned)
    assert list(model.lf_kind_[12:]) == ["worker", "worker"]
    assert np.isfinite(model.lower_bound_)


def test_kinds_may_change_from_call_to_call():
    few, many = crowd(150).to_numpy()[:, :12], rules()
    model = LabelModel(classes=[0, 1, 2])
    for part in (few, many, few, few, few, few, few, few, few, few):
        model.partial_fit(part)
        assert np.isfinite(model.predict_proba(many)).all()
    kinds = LabelModel(classes=[0, 1, 2], lf_kind="rule").partial_fit(few)
    assert_array_equal(kinds.rule_share_, np.ones(12))
    kinds.set_params(lf_kind="worker").partial_fit(many)
    assert_array_equal(kinds.rule_share_, np.zeros(12))
    kinds.set_params(lf_kind="rule").partial_fit(few)
    assert_array_equal(kinds.rule_share_, np.ones(12))
    assert np.isfinite(kinds.predict_proba(many)).all()


# Statistics


def test_sums_fade_by_the_square_root_of_the_votes_before():
    rng = np.random.default_rng(0)
    parts = [rng.dirichlet(np.ones(3), size=(4, 1))[:, 0] for _ in range(50)]
    sums = LeftOut(parts[0])
    for part in parts[1:]:
        sums = faded_sums(sums, LeftOut(part))
    share = np.diff((np.arange(51) / 50) ** 1.5) * 50
    expected = sum(weight * part for weight, part in zip(share, parts, strict=True))
    assert_allclose(sums.counts, expected)
    assert_allclose(sums.counts.sum(axis=1), 50)


def test_what_has_no_new_votes_does_not_fade():
    old = AtomSums(np.array([[3.0, 1], [0, 0]]), np.array([3.0, 1]))
    new = AtomSums(np.array([[0.0, 0], [1, 1]]), np.array([0.0, 0]))
    joined = faded_sums(old, new)
    assert_array_equal(joined.counts, [[3, 1], [1, 1]])
    assert_array_equal(joined.total, [3, 1])


# Errors; the model stays as it was


def assert_refused(model, match, X, *args, error=ValueError, **options):
    before = pickle.dumps(model)
    with pytest.raises(error, match=match):
        model.partial_fit(X, *args, **options)
    assert pickle.dumps(model) == before


def test_other_classes_are_refused():
    model = LabelModel().partial_fit([[0, 1]], classes=[1, 0])
    assert_array_equal(model.classes_, [1, 0])
    model.partial_fit([[0, 1]], classes=[0, 1])
    assert_refused(
        model, r"classes=\[0, 2\] is not the same .* \[1, 0\]", [[0, 1]], None, [0, 2]
    )
    named = LabelModel(classes=["a", "b"])
    assert_refused(named, "in the constructor", [["a", "b"]], None, ["a", "c"])
    assert_array_equal(
        named.partial_fit([["a", "b"]], classes=["b", "a"]).classes_, ["a", "b"]
    )


def test_a_label_outside_of_the_classes_is_refused():
    model = LabelModel().partial_fit([[0, 1], [1, 1]])
    assert_refused(
        model,
        r"votes 2 \(1 votes; first at row 1, LF 0\) that no earlier call had.*first "
        r"call: partial_fit\(X, classes=\[...\]\)",
        [[0, 1], [2, -1]],
    )
    assert_refused(model, "y has labels that are not in classes", [[0, 1]], [3])
    assert_refused(model, r"Give all votes in one form", [["a", "b"]])
    indices = LabelModel(classes=["a", "b"]).partial_fit([[0, 1]])
    assert_refused(indices, "indices into classes", [[2, 1]])


def test_other_lfs_are_refused():
    model = LabelModel().partial_fit(pd.DataFrame({"ann": [0, 1], "bob": [0, 1]}))
    assert_refused(model, "Feature names unseen", pd.DataFrame({"a": [0], "bob": [1]}))
    nameless = LabelModel().partial_fit([[0, 1]])
    assert_refused(nameless, "expecting 2 features", [[0, 1, 1]])
    assert_refused(
        LabelModel(), r"\('same', 'by_name'\); got 'name'", [[0, 1]], columns="name"
    )


def test_names_are_needed_to_match_them():
    frame = pd.DataFrame({"ann": [0, 1], "bob": [0, 1]})
    model = LabelModel().partial_fit(frame)
    match = "needs a DataFrame whose column names are all strings; got X of type"
    assert_refused(model, match + " ndarray", frame.to_numpy(), columns="by_name")
    numbers = frame.set_axis([0, 1], axis=1)
    assert_refused(model, match + " DataFrame", numbers, columns="by_name")
    nameless = LabelModel().partial_fit(frame.to_numpy())
    assert_refused(nameless, "X had none in earlier calls", frame, columns="by_name")
    twice = frame.set_axis(["ann", "ann"], axis=1)
    assert_refused(model, "unique|more than one", twice, columns="by_name")


def test_prediction_says_how_to_line_up_columns():
    model = LabelModel()
    for name in ("ann", "bob"):
        part = pd.DataFrame({"eve": [0, 1], name: [0, 1]})
        model.partial_fit(part, columns="by_name")
    with pytest.raises(
        ValueError, match=r"(?s)now missing:\n- ann.*X.reindex\(columns=model.feature_n"
    ):
        model.predict(part)
    others = part.rename(columns={"bob": "zoe", "eve": "max"})
    with pytest.raises(ValueError, match=r"yet now missing:\n- bob\n- eve\n$"):
        LabelModel().fit(part).predict(others)
    lined_up = part.reindex(columns=model.feature_names_in_)
    assert_array_equal(model.predict(lined_up), [0, 1])


def test_groups_of_lfs_cannot_grow():
    model = DawidSkene(classes=[0, 1], table_groups=[0, 0])
    model.partial_fit(pd.DataFrame({"a1": [0, 1], "a2": [0, 1]}), columns="by_name")
    more = pd.DataFrame({"b": [0, 1]})
    assert_refused(model, "for each of the 3 LFs", more, columns="by_name")


def test_only_seen_samples_are_revisited():
    assert_refused(LabelModel(), "there was none", [[0, 1]], revisit=True)
    model = LabelModel(classes=[0, 1]).partial_fit([[0, -1], [1, -1]])
    match = r"2 vote\(s\) that no LF cast before; first of LF 1"
    assert_refused(model, match, [[0, 1], [0, 0]], revisit=True)


def test_wrong_cells_are_refused():
    model = LabelModel().partial_fit([[0, 1]])
    assert_refused(
        model, "string or a number", np.array([[{}, 1]], dtype=object), error=TypeError
    )
    assert_refused(model, "inconsistent numbers of samples", [[0, 1]], [0, 1])


# Others


@pytest.mark.filterwarnings("ignore")
def test_dask_ml_fits_it_block_by_block():
    wrappers = pytest.importorskip("dask_ml.wrappers")
    da = pytest.importorskip("dask.array")
    votes = crowd(400, 2).to_numpy()
    X = da.from_array(votes, chunks=(100, -1))
    y = da.full(400, -1, chunks=100)
    model = wrappers.Incremental(LabelModel(classes=[0, 1]), shuffle_blocks=False)
    model.fit(X, y)
    same = in_calls(LabelModel(classes=[0, 1]), votes, 4)
    assert_allclose(model.estimator_.confusion_, same.confusion_)
    assert_array_equal(model.predict(X).compute(), same.predict(votes))
    model.partial_fit(X, y, revisit=True)
    assert model.estimator_.n_samples_seen_ == 400


@pytest.mark.parametrize("name", ["dog", "weather_sentiment", "product", "ws_youtube"])
@pytest.mark.parametrize("Model", MODELS)
def test_real_data_keep_what_the_docstring_says(name, Model):
    if name.startswith("ws_") and Model is not LabelModel:
        pytest.skip("rules are for LabelModel")
    votes, n_classes = read_votes(name)
    batch = Model(classes=np.arange(n_classes)).fit(votes)
    model = Model(classes=np.arange(n_classes))
    order = np.random.default_rng(0).permutation(votes.shape[0])
    calls = [votes[rows] for rows in np.array_split(order, 10)]
    for call in calls:
        model.partial_fit(call)
    assert mean_difference(model, batch, votes) < 0.02
    for _ in range(5):
        for call in calls:
            model.partial_fit(call, revisit=True)
    assert mean_difference(model, batch, votes) < 0.01


def test_votes_for_a_class_that_the_gold_labels_lacked_are_an_error():
    model = LabelModel()
    with pytest.warns(UserWarning, match="has a vote"):
        model.partial_fit(np.full((4, 3), -1), [0, 1, -1, -1])
    with pytest.raises(ValueError, match=r"votes 2, and the gold labels of earlier"):
        model.partial_fit([[0, 1, 2], [1, 1, 0]])


def test_a_failed_fit_does_not_leave_the_memory_of_an_earlier_one():
    votes = np.random.default_rng(0).integers(0, 2, size=(60, 4))
    model = LabelModel().partial_fit(votes)
    with pytest.raises(ValueError, match="classes"):
        model.set_params(classes=[5, 6]).fit(votes, [7] * 60)
    model.set_params(classes=None).partial_fit(votes)
    assert model.n_samples_seen_ == 60


def test_classes_that_are_set_between_calls_must_be_the_same():
    votes = np.random.default_rng(0).integers(0, 2, size=(60, 4))
    model = LabelModel().partial_fit(votes).set_params(classes=[0, 1, 2])
    with pytest.raises(ValueError, match="not the same as in earlier calls"):
        model.partial_fit(votes)


def test_a_wide_table_with_numbers_for_workers_learns_what_to_do():
    judgements = make_crowd_labels(60, 5, random_state=0).crowd_labels
    wide = CrowdLabels.from_frame(judgements).to_wide()
    with pytest.raises(ValueError, match=r"X\.columns = X\.columns\.astype\(str\)"):
        LabelModel(classes=[0, 1]).partial_fit(wide, columns="by_name")
    wide.columns = wide.columns.astype(str)
    model = LabelModel(classes=[0, 1]).partial_fit(wide, columns="by_name")
    assert model.feature_names_in_.tolist() == list("01234")
