"""Label models take their classes from votes that know them, and match by label."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, LabelModel, LFUnion, MajorityVote, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.votes import NamedVotes, votes_to_sparse

FAMILY = [
    LabelModel,
    DawidSkene,
    OneCoinDawidSkene,
    GLAD,
    MACE,
    SnorkelLabelModel,
    WeightedMajorityVote,
    MajorityVote,
]
every = pytest.mark.parametrize("Model", FAMILY)

N = 120


@pytest.fixture(scope="module")
def data():
    return make_crowd_labels(N, 10, 3, random_state=0)


@pytest.fixture(scope="module")
def codes(data):
    frame = data.crowd_labels
    votes = np.full((N, 10), -1)
    votes[frame["sample"], frame["worker"]] = frame["label"]
    return votes


FORMS = {
    "named": lambda named: named,
    "sparse": votes_to_sparse,
    "categories": lambda named: named.to_frame([f"lf{j}" for j in range(10)]),
    "objects": lambda named: named.labels(),
}


@every
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "names", [["a", "b", "c"], ["low", "mid", "high"], [-5, 0, 2], [-1, 0, 1]], ids=repr
)
def test_every_form_gives_the_probabilities_of_integers(Model, form, names, codes):
    expected = Model(classes=[0, 1, 2]).fit(codes).predict_proba(codes)
    named = NamedVotes(codes, names)
    votes = FORMS[form](named)
    # Objects alone say neither what -1 is, nor in which order names are.
    classes = names if form == "objects" else None
    model = Model(classes=classes).fit(votes)
    assert model.classes_.tolist() == names
    assert_allclose(model.predict_proba(votes), expected, atol=1e-10)
    assert model.predict(votes).tolist() == [names[k] for k in expected.argmax(axis=1)]


@every
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("names", [["a", "b", "c"], [-1, 0, 1]], ids=repr)
def test_another_order_of_classes_swaps_nothing(Model, form, names, codes):
    votes = FORMS[form](NamedVotes(codes, names))
    order = [2, 0, 1]
    turned = [names[k] for k in order]
    model = Model(classes=turned).fit(votes)
    assert model.classes_.tolist() == turned
    expected = Model(classes=names).fit(votes).predict_proba(votes)
    assert_allclose(model.predict_proba(votes), expected[:, order], atol=1e-4)


def test_a_prior_is_in_the_order_of_the_classes(codes):
    named = NamedVotes(codes, ["low", "mid", "high"])
    prior = [0.2, 0.7, 0.1]
    model = LabelModel(class_prior=prior).fit(named)
    assert_allclose(model.class_prior_, prior)
    turned = LabelModel(classes=["mid", "high", "low"], class_prior=[0.7, 0.1, 0.2])
    proba = turned.fit(named).predict_proba(named)
    assert_allclose(proba[:, [2, 0, 1]], model.predict_proba(named), atol=1e-6)


def test_a_fit_on_one_form_reads_the_others(codes):
    named = NamedVotes(codes, ["low", "mid", "high"])
    model = LabelModel().fit(named)
    expected = model.predict_proba(named)
    turned = named.with_classes(np.array(["high", "unused", "low", "mid"]))
    for votes in (votes_to_sparse(named), named.labels(), turned):
        assert_allclose(model.predict_proba(votes), expected)
    assert_allclose(model.predict_proba(turned[:7]), expected[:7])


def test_classes_without_a_vote_are_kept(codes):
    names = ["a", "b", "c", "never"]
    for votes in (NamedVotes(codes, names), votes_to_sparse(NamedVotes(codes, names))):
        model = LabelModel().fit(votes)
        assert model.classes_.tolist() == names
        assert model.predict_proba(votes).shape == (N, 4)


def test_more_classes_can_be_given_and_misspelt_ones_are_not_taken(codes):
    named = NamedVotes(codes, ["a", "b", "c"])
    model = LabelModel(classes=["d", "c", "b", "a"]).fit(named)
    assert model.classes_.tolist() == ["d", "c", "b", "a"]
    with pytest.raises(
        ValueError, match=r"No vote is for one of the classes: votes hold 'a', 'b', 'c'"
    ):
        LabelModel(classes=["A", "B", "C"]).fit(named)
    with pytest.warns(UserWarning, match="votes hold 'c'.*nobody votes for 'C'|'c'"):
        LabelModel(classes=["a", "b", "C"]).fit(named)
    with pytest.raises(ValueError, match=r"do not match classes 0, 1, 2"):
        LabelModel(classes=[0, 1, 2]).fit(named)


@pytest.mark.parametrize("names", [["low", "mid", "high"], [-1, 0, 1]], ids=repr)
def test_gold_labels_are_matched_by_label(names, codes, data):
    gold = np.array(names, dtype=object)[data.y]
    gold[30:] = None
    number = np.where(np.arange(N) < 30, data.y, -1)
    expected = LabelModel(classes=[0, 1, 2]).fit(codes, number).predict_proba(codes)
    for form in ("named", "sparse", "categories"):
        votes = FORMS[form](NamedVotes(codes, names))
        model = LabelModel().fit(votes, gold)
        assert model.classes_.tolist() == names
        assert_allclose(model.predict_proba(votes), expected, atol=1e-10)


def test_gold_labels_of_another_kind_are_refused(codes, data):
    gold = np.where(np.arange(N) < 30, data.y, -1)
    with pytest.raises(ValueError, match="classes 'a', 'b', 'c' and gold labels are 0"):
        LabelModel().fit(NamedVotes(codes, ["a", "b", "c"]), gold)


def test_a_class_of_gold_labels_alone_is_added():
    named = NamedVotes.from_labels([["b", "b"], ["a", None], ["b", "a"]])
    gold = np.array(["z", None, None], dtype=object)
    assert LabelModel().fit(named, gold).classes_.tolist() == ["a", "b", "z"]


@pytest.mark.parametrize("sparse_output", [False, True])
@pytest.mark.parametrize(
    "names", [["good", "bad", "ugly"], [1, -1, 0], [2, 0, 1]], ids=repr
)
def test_a_plain_pipeline_needs_no_classes(names, sparse_output, data):
    frame = data.crowd_labels.copy()
    frame["label"] = np.array(names)[frame["label"]]
    crowd = CrowdLabels.from_frame(frame, classes=names)
    samples = pd.DataFrame({"sample": np.arange(N)})
    workers = WorkerLFTransformer(crowd, sparse_output=sparse_output)
    truth = np.array(names)[data.y]
    for lfs in (workers, LFUnion([("workers", workers)])):
        model = make_pipeline(lfs, LabelModel()).fit(samples)
        # Integers of 0 or more are plain votes, which have no order of their own.
        known = sorted(names) if min(map(str, names)) == "0" else names
        assert model.classes_.tolist() == known
        assert model.score(samples, truth) > 0.8


@pytest.mark.parametrize("Model", [LabelModel, DawidSkene, OneCoinDawidSkene])
@pytest.mark.parametrize("form", ["named", "sparse", "categories"])
@pytest.mark.parametrize("names", [["low", "mid", "high"], [-1, 0, 1]], ids=repr)
def test_streams_know_their_classes(Model, form, names, codes):
    expected = Model(classes=[0, 1, 2])
    model = Model()
    named = NamedVotes(codes, names)
    for part in (slice(0, 40), slice(40, 80), slice(80, N)):
        expected.partial_fit(codes[part])
        model.partial_fit(FORMS[form](named[part]))
    assert model.classes_.tolist() == names
    assert_allclose(
        model.predict_proba(FORMS[form](named)),
        expected.predict_proba(codes),
        atol=1e-10,
    )


def test_a_stream_may_bring_its_classes_in_another_order(codes):
    named = NamedVotes(codes, ["low", "mid", "high"])
    turned = named.with_classes(np.array(["high", "low", "mid"]))
    one = LabelModel().partial_fit(named[:60]).partial_fit(named[60:])
    other = LabelModel().partial_fit(named[:60]).partial_fit(turned[60:])
    assert other.classes_.tolist() == ["low", "mid", "high"]
    assert_allclose(other.predict_proba(turned), one.predict_proba(named))


# What -1 is


@pytest.mark.parametrize("dtype", [float, object])
def test_minus_one_is_a_class_of_floats_and_objects(dtype, codes):
    names = np.array([-1, 0, 1, np.nan], dtype=dtype)
    votes = names[codes]
    model = LabelModel(classes=[-1, 0, 1]).fit(votes)
    expected = LabelModel(classes=[0, 1, 2]).fit(codes).predict_proba(codes)
    assert_allclose(model.predict_proba(votes), expected, atol=1e-10)


@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_minus_one_in_integers_is_refused_where_it_is_a_class(container, codes):
    votes = container(codes)
    n_minus_one = int((codes == -1).sum())
    with pytest.raises(
        ValueError, match=rf"-1 is one of classes=.* got {n_minus_one} of them"
    ):
        LabelModel(classes=[-1, 0, 1, 2]).fit(votes)
    full = container(np.maximum(codes, 0))
    model = LabelModel(classes=[-1, 0, 1, 2]).fit(full)
    with pytest.raises(ValueError, match="-1 is one of classes="):
        model.predict(votes)


def test_minus_one_beside_gaps_warns_without_classes(codes):
    votes = codes.astype(float)
    votes[0] = np.nan
    with pytest.warns(UserWarning, match=r"cells of -1 and 10 missing ones; both are"):
        LabelModel().fit(votes)
    LabelModel(classes=[0, 1, 2]).fit(votes)


def test_texts_are_in_natural_order_and_ordered_categories_keep_theirs():
    votes = [["10", "2"], ["2", "2"], ["1", "10"], ["1", None]]
    assert MajorityVote().fit(votes).classes_.tolist() == ["1", "2", "10"]
    order = pd.CategoricalDtype(["10", "1", "2"], ordered=True)
    frame = pd.DataFrame(votes, columns=["a", "b"]).astype(order)
    assert MajorityVote().fit(frame).classes_.tolist() == ["10", "1", "2"]


def test_categories_of_columns_are_joined_and_minus_one_is_one_of_them():
    frame = pd.DataFrame(
        {
            "a": pd.Categorical([-1, 1, None, 1], categories=[1, -1]),
            "b": pd.Categorical([-1, 3, 3, None], categories=[3, -1, 1]),
            "c": [0, -1, 0, -1],
        }
    )
    # Categories of integers may come from integer votes, in which -1 means abstain.
    with pytest.raises(ValueError, match=r"'a' has the categories.*cannot be told"):
        MajorityVote().fit(frame)
    without = MajorityVote(classes=[0, 1, 3]).fit(frame)
    assert without.predict(frame).tolist()[0] == 0
    for name in "ab":
        categories = pd.Index(frame[name].cat.categories, dtype=object)
        frame[name] = frame[name].cat.set_categories(categories)
    model = MajorityVote(smoothing=0).fit(frame)
    assert sorted(model.classes_) == [-1, 0, 1, 3]
    # In the column of integers, -1 is an abstention.
    assert model.predict(frame).tolist()[0] == -1
    proba = pd.DataFrame(model.predict_proba(frame), columns=model.classes_)
    # Its row 1 holds votes for 1 and 3, and no vote for -1.
    assert proba.loc[1, [1, 3]].sum() == pytest.approx(1, abs=1e-5)
    assert proba.loc[1, [1, 3]].min() > 0.2
    texts = frame.assign(a=pd.Categorical(["x", "y", None, "x"]))
    with pytest.raises(ValueError, match="vote for classes of different kinds"):
        MajorityVote().fit(texts)
