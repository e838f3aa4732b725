"""From judgements to a table of soft labels."""

import tracemalloc
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, LabelModel, MajorityVote, WorkerLFTransformer
from sklabel import label_model as family
from sklabel.inspection import worker_report
from sklabel.label_model import DawidSkene
from sklabel.model_selection import compare_label_models
from sklabel.relabeling import simulate_cost_curve

CSV = """tweet,who,label
t1,ann,pos
t1,bob,pos
t1,cid,neg
t2,ann,neg
t2,bob,neg
t3,ann,pos
t3,bob,pos
t3,cid,pos
t4,bob,neg
t4,cid,pos
"""


def crowd_of(labels, *, n_samples=20, n_workers=6, seed=0, repeats=False, **options):
    """Return random judgements, four of each sample."""
    rng = np.random.default_rng(seed)
    workers = [rng.choice(n_workers, 4, replace=repeats) for _ in range(n_samples)]
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(n_samples), 4),
            "worker": [f"w{w}" for w in np.concatenate(workers)],
            "label": rng.choice(labels, 4 * n_samples),
        }
    )
    return CrowdLabels.from_frame(frame, **options)


@pytest.fixture
def crowd():
    return CrowdLabels.from_csv(StringIO(CSV), sample="tweet", worker="who")


def probabilities(table):
    return table.filter(like="proba_").to_numpy()


def as_pipeline(crowd, model):
    """Return ids, and a pipeline of worker votes and a model."""
    ids = pd.DataFrame({crowd.sample_name: crowd.sample_ids})
    return ids, make_pipeline(WorkerLFTransformer(crowd), model)


def test_the_table_has_a_row_per_sample(crowd):
    table = crowd.soft_labels()
    assert table.columns.tolist() == [
        "label",
        "proba_neg",
        "proba_pos",
        "n_votes",
        "confidence",
    ]
    assert table.index.tolist() == ["t1", "t2", "t3", "t4"]
    assert table.index.name == "tweet"
    assert table["label"].tolist() == ["pos", "neg", "pos", "neg"]
    assert table["n_votes"].tolist() == [3, 2, 3, 2]
    assert table["n_votes"].dtype == np.int64
    assert_allclose(probabilities(table).sum(axis=1), 1)
    assert_array_equal(table["confidence"], probabilities(table).max(axis=1))


def test_votes_are_taken_for_those_of_people_by_default(crowd):
    by_hand = crowd.soft_labels(LabelModel(lf_kind="worker"))
    assert_frame_equal(crowd.soft_labels(), by_hand)
    assert not by_hand.equals(crowd.soft_labels(LabelModel(lf_kind="rule")))


@pytest.mark.parametrize("name", sorted(set(family.__all__) - {"BaseLabelModel"}))
@pytest.mark.parametrize("repeats", [False, True])
def test_every_label_model_gives_what_it_gives_in_a_pipeline(name, repeats):
    options = {"repeats": True, "duplicates": "keep"} if repeats else {}
    crowd = crowd_of(["a", "b", "c"], **options)
    model = getattr(family, name)()
    ids, pipeline = as_pipeline(crowd, clone(model))
    pipeline.fit(ids)
    table = crowd.soft_labels(model)
    assert_allclose(probabilities(table), pipeline.predict_proba(ids), atol=1e-12)
    assert_array_equal(table["label"], pipeline.predict(ids))
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (["no", "yes"], ["proba_no", "proba_yes"]),
        ([3, 7], ["proba_3", "proba_7"]),
        ([0, 10, 2], ["proba_0", "proba_2", "proba_10"]),
        # CrowdLabels reads booleans as 0 and 1.
        (np.array([True, False]), ["proba_0", "proba_1"]),
    ],
)
def test_classes_of_any_kind_name_the_columns(labels, names):
    crowd = crowd_of(labels)
    table = crowd.soft_labels()
    assert table.filter(like="proba_").columns.tolist() == names
    best = [f"proba_{label}" for label in table["label"].tolist()]
    assert best == table.filter(like="proba_").idxmax(axis=1).tolist()


def test_the_classes_of_the_crowd_keep_their_order():
    crowd = crowd_of(["low", "mid", "high"], classes=["low", "mid", "high"])
    names = ["proba_low", "proba_mid", "proba_high"]
    assert crowd.soft_labels().filter(like="proba_").columns.tolist() == names


def test_minus_one_may_be_a_class():
    crowd = crowd_of([-1, 1], classes=[-1, 1])
    table = crowd.soft_labels(gold={0: -1, 1: 1})
    assert table.filter(like="proba_").columns.tolist() == ["proba_-1", "proba_1"]
    assert set(table["label"]) == {-1, 1}


def test_a_sample_with_unknown_labels_only_has_the_prior():
    frame = pd.DataFrame(
        {
            "sample": [1, 1, 2, 3, 3],
            "worker": list("abacb"),
            "label": ["x", "y", "can't tell", "x", "x"],
        }
    )
    crowd = CrowdLabels.from_frame(frame, classes=["x", "y"], handle_unknown="count")
    with pytest.warns(UserWarning, match=r"1 of 3 rows has no vote"):
        table = crowd.soft_labels(MajorityVote())
    assert table["n_votes"].tolist() == [2, 0, 2]
    # Vote shares of samples 1 and 3: (1/2 + 1) / 2.
    assert_allclose(table.loc[2, ["proba_x", "proba_y"]].astype(float), [0.75, 0.25])


def test_one_judgement_is_enough():
    frame = pd.DataFrame({"sample": ["s"], "worker": [1], "label": ["x"]})
    table = CrowdLabels.from_frame(frame).soft_labels()
    expected = pd.DataFrame(
        {"label": ["x"], "proba_x": 1.0, "n_votes": 1, "confidence": 1.0},
        index=pd.Index(["s"], name="sample"),
    )
    assert_frame_equal(table, expected, check_dtype=False)


def test_a_fitted_model_is_used_as_it_is(crowd):
    ids, pipeline = as_pipeline(crowd, DawidSkene())
    pipeline[0].set_output(transform="pandas")
    model = pipeline.fit(ids)[-1]
    before = model.confusion_.copy()
    # Other judgements of two of the workers, in another order.
    frame = pd.DataFrame(
        {
            "sample": ["u1", "u1", "u2"],
            "worker": ["cid", "ann", "cid"],
            "label": ["pos", "neg", "neg"],
        }
    )
    table = CrowdLabels.from_frame(frame).soft_labels(model)
    votes = pd.DataFrame(
        [["neg", None, "pos"], [None, None, "neg"]], columns=model.feature_names_in_
    )
    assert_allclose(probabilities(table), model.predict_proba(votes))
    assert_array_equal(model.confusion_, before)


@pytest.mark.parametrize("unipolar", [False, True])
def test_columns_of_a_fitted_model_are_those_of_the_transformer(unipolar):
    crowd = crowd_of(["a", "b"], repeats=True, duplicates="keep")
    ids = pd.DataFrame({"sample": crowd.sample_ids})
    lfs = WorkerLFTransformer(crowd, unipolar=unipolar).set_output(transform="pandas")
    votes = lfs.fit_transform(ids)
    assert any("_repeat2" in name for name in votes.columns)
    model = LabelModel().fit(votes)
    table = crowd.soft_labels(model)
    assert_allclose(probabilities(table), model.predict_proba(votes))


def test_a_fitted_model_without_names_goes_by_position(crowd):
    ids, pipeline = as_pipeline(crowd, MajorityVote())
    model = pipeline.fit(ids)[-1]
    table = crowd.soft_labels(model)
    assert_allclose(probabilities(table), pipeline.predict_proba(ids))
    with pytest.raises(ValueError, match=r"3 LFs without names and the crowd has 6"):
        crowd_of(["neg", "pos"]).soft_labels(model)


def test_judgements_that_a_fitted_model_does_not_know_are_counted(crowd):
    votes = pd.DataFrame({"worker_ann": ["pos", "neg"], "worker_bob": ["pos", "neg"]})
    model = DawidSkene().fit(votes)
    with pytest.warns(UserWarning, match=r"3 of 10 judgements are of workers or"):
        table = crowd.soft_labels(model)
    assert table["n_votes"].tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize(
    "gold",
    [
        {"t4": "pos", "t1": "pos", "t2": None},
        pd.Series({"t4": "pos", "t1": "pos", "t2": np.nan}),
        pd.Series({"t4": "pos", "t1": "pos", "t2": pd.NA}, dtype="string"),
        pd.DataFrame({"gold": {"t4": "pos", "t1": "pos"}}),
        ["pos", None, None, "pos"],
        np.array(["pos", None, -1, "pos"], dtype=object),
    ],
)
def test_gold_labels_go_by_sample_or_by_position(crowd, gold):
    ids, pipeline = as_pipeline(crowd, LabelModel(lf_kind="worker"))
    pipeline.fit(ids, ["pos", None, None, "pos"])
    table = crowd.soft_labels(gold=gold)
    assert_allclose(probabilities(table), pipeline.predict_proba(ids))
    assert not table.equals(crowd.soft_labels())


def test_gold_labels_of_polars_go_by_position(crowd):
    polars = pytest.importorskip("polars")
    gold = polars.Series(["pos", None, None, "pos"])
    expected = crowd.soft_labels(gold=["pos", None, None, "pos"])
    assert_frame_equal(crowd.soft_labels(gold=gold), expected)


@pytest.mark.parametrize("gold", [{}, {"t1": None}, [None] * 4])
def test_gold_without_a_label_is_no_gold(crowd, gold):
    assert_frame_equal(crowd.soft_labels(gold=gold), crowd.soft_labels())


def test_a_gold_label_may_be_a_class_that_nobody_voted_for(crowd):
    table = crowd.soft_labels(gold={"t1": "mixed"})
    names = ["proba_neg", "proba_pos", "proba_mixed"]
    assert table.filter(like="proba_").columns.tolist() == names


def two_workers(labels=("Neg", "Pos", "Neg", "Pos"), **options):
    """Return two workers who agree on samples 1, 2, ..."""
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(1, len(labels) + 1), 2),
            "worker": ["a", "b"] * len(labels),
            "label": np.repeat(labels, 2),
        }
    )
    return CrowdLabels.from_frame(frame, **options)


USES_OF_GOLD = {
    "soft_labels": lambda crowd, y: crowd.soft_labels(gold=y),
    "worker_report": worker_report,
    "compare": lambda crowd, y: compare_label_models(crowd, y, models=[MajorityVote()]),
    "cost curve": lambda crowd, y: simulate_cost_curve(
        crowd, y, start=1, n_repeats=2, random_state=0
    ),
}


@pytest.mark.parametrize("use", USES_OF_GOLD)
def test_a_gold_label_outside_of_the_given_classes_is_an_error(use):
    crowd = two_workers(classes=["Neg", "Pos"])
    name = "gold" if use == "soft_labels" else "y"
    message = (
        rf"^{name} has labels that are not among the classes of the crowd, 'Neg', "
        r"'Pos': 'neg' \(2, first at sample 1\), 'Odd' \(1, first at sample 2\). "
        "'neg' equals the class 'Neg' but for case or blanks. Write them as"
    )
    with pytest.raises(ValueError, match=message):
        USES_OF_GOLD[use](crowd, {1: "neg", 2: "Odd", 3: "neg", 4: "Pos"})


def test_a_number_outside_of_the_given_classes_is_an_error():
    crowd = two_workers([0, 1, 0], classes=[0, 1])
    with pytest.raises(ValueError, match=r"gold has .* 0, 1: 2 \(1, first at sample 3"):
        crowd.soft_labels(gold=[0, -1, 2])


def test_blanks_and_gaps_in_gold_are_no_other_classes():
    crowd = two_workers(classes=["Neg", "Pos"])
    expected = crowd.soft_labels(gold={1: "Neg"})
    with pytest.warns(UserWarning, match=r"1 gold label\(s\) have blanks"):
        table = crowd.soft_labels(gold={1: " Neg", 2: None, 3: -1})
    assert_frame_equal(table, expected)


def test_the_classes_of_a_label_model_are_classes_of_gold_too():
    crowd = two_workers(classes=["Neg", "Pos"])
    model = LabelModel(classes=["Neg", "Pos", "Odd"])
    assert "proba_Odd" in crowd.soft_labels(model, gold={1: "Odd"})
    message = r"classes of the label model, .*: 'odd' \(1, first at sample 1\)"
    with pytest.raises(ValueError, match=message):
        two_workers().soft_labels(model, gold={1: "odd"})


@pytest.mark.parametrize("use", ["soft_labels", "worker_report"])
def test_gold_that_is_written_otherwise_is_warned_of(use):
    with pytest.warns(UserWarning, match="hold 'Neg' and 'neg', which are two classes"):
        USES_OF_GOLD[use](two_workers(), {1: "neg"})


def test_gold_of_unknown_samples_is_counted(crowd):
    gold = {"t1": "pos", "t8": "neg", "t9": "pos", "t7": None}
    with pytest.warns(UserWarning, match=r"2 gold label\(s\) in gold .* 't8', 't9'"):
        table = crowd.soft_labels(gold=gold)
    assert_frame_equal(table, crowd.soft_labels(gold={"t1": "pos"}))


@pytest.mark.parametrize(
    ("gold", "message"),
    [
        ({"t8": "pos"}, r"None of the 1 ids in the index of gold is a sample"),
        ({8: "pos"}, r"None of the 1 ids in the index of gold is a sample"),
        (pd.Series(["pos", "pos"], ["t1", "t1"]), r"these ids repeat in its index"),
        (pd.DataFrame({"a": {"t1": 1}, "b": {"t1": 1}}), r"one column of gold labels"),
        (["pos"], r"for each of the 4 samples in the order .* got 1\. Pass a dict"),
        ("pos", r"for each of the 4 samples in the order .* got str\."),
        ({"t1": 1}, r"classes 'neg', 'pos' and gold labels are 1"),
    ],
)
def test_gold_that_does_not_fit_is_an_error(crowd, gold, message):
    with pytest.raises(ValueError, match=message):
        crowd.soft_labels(gold=gold)


def test_a_fitted_model_learns_no_gold_labels(crowd):
    ids, pipeline = as_pipeline(crowd, LabelModel())
    model = pipeline.fit(ids)[-1]
    with pytest.raises(ValueError, match=r"label_model is fitted already"):
        crowd.soft_labels(model, gold={"t1": "pos"})


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (LabelModel, r"got the class LabelModel\. Pass LabelModel\(\)\."),
        (make_pipeline(LabelModel()), r"got Pipeline\. Pass the last step"),
        ("majority", r"must be a label model such as LabelModel\(\); got str"),
    ],
)
def test_what_is_no_label_model_is_refused(crowd, model, message):
    with pytest.raises(TypeError, match=message):
        crowd.soft_labels(model)


def test_a_model_of_other_votes_is_refused(crowd):
    votes = pd.DataFrame({"worker_ann": [0, 1], "worker_bob": [0, 1]})
    with pytest.raises(ValueError, match=r"fitted on votes 0, 1\. Fit it on the votes"):
        crowd.soft_labels(DawidSkene().fit(votes))


def test_memory_does_not_grow_with_samples_times_workers():
    n = 30_000  # as a dense matrix of votes, 0.9 GB
    frame = pd.DataFrame(
        {"sample": np.arange(n), "worker": np.arange(n), "label": np.arange(n) % 2}
    )
    crowd = CrowdLabels.from_frame(frame)
    tracemalloc.start()
    try:
        table = crowd.soft_labels(MajorityVote())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert_array_equal(table["label"], frame["label"])
    assert peak < 50e6
