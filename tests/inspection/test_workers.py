"""The worker report equals loops, flags the right people, and explains its gaps."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.inspection._crowd import crowd_to_cast
from sklabel.inspection._workers import (
    mutual_information,
    spammer_score,
    worker_report,
)
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    MajorityVote,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from tests._data import weather_sentiment

COLUMNS = [
    "n_judgements",
    "share",
    "agreement",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "favourite_class",
    "favourite_share",
    "spammer_score",
    "information",
    "flag",
]
FAMILY = [
    LabelModel,
    MajorityVote,
    DawidSkene,
    OneCoinDawidSkene,
    GLAD,
    MACE,
    SnorkelLabelModel,
    WeightedMajorityVote,
]


def _crowd(n_samples=200, n_workers=15, n_classes=2, seed=0, names=None, **options):
    data = make_crowd_labels(
        n_samples, n_workers, n_classes, random_state=seed, **options
    )
    frame = data.crowd_labels
    if names is not None:
        frame = frame.assign(label=np.asarray(names)[frame["label"]])
    return CrowdLabels.from_frame(frame, classes=names), data


def _fit(model, crowd):
    return model.set_params(classes=crowd.classes).fit(crowd_to_cast(crowd))


def _frame(judgements):
    return pd.DataFrame(judgements, columns=["sample", "worker", "label"])


def test_the_report_equals_loops():
    crowd, data = _crowd(80, 8, 3, judgements_per_sample=3, names=["a", "b", "c"])
    y = pd.Series(crowd.classes[data.y]).where(np.arange(80) % 3 > 0, None)
    judged = y.dropna()
    model = _fit(MajorityVote(), crowd)
    report = worker_report(crowd, y, label_model=model)
    proba = pd.DataFrame(
        model.predict_proba(crowd_to_cast(crowd)),
        index=crowd.sample_ids,
        columns=crowd.classes,
    )
    judgements = crowd.to_frame()
    assert report.index.name == "worker"
    for worker, row in report.iterrows():
        mine = judgements[judgements["worker"] == worker]
        agreement, right, on_gold = [], [], []
        for sample, label in zip(mine["sample"], mine["label"], strict=True):
            right.append(proba.loc[sample, label])
            others = judgements[
                (judgements["sample"] == sample) & (judgements["worker"] != worker)
            ]["label"].tolist()
            if others:
                leaders = pd.Series(others).mode().tolist()
                agreement.append((label in leaders) / len(leaders))
            if sample in judged.index:
                on_gold.append(label == y[sample])
        assert row["n_judgements"] == len(mine)
        assert row["share"] == pytest.approx(len(mine) / len(judgements))
        assert row["accuracy"] == pytest.approx(np.mean(right))
        assert row["agreement"] == pytest.approx(np.mean(agreement))
        assert row["n_gold"] == len(on_gold)
        assert row["gold_accuracy"] == pytest.approx(np.mean(on_gold))
        often = mine["label"].value_counts()
        assert row["favourite_share"] == pytest.approx(often.iloc[0] / len(mine))
        assert often[row["favourite_class"]] == often.iloc[0]


def test_tables_are_those_of_the_model():
    crowd, _ = _crowd(300, 6, 3)
    model = _fit(DawidSkene(), crowd)
    report = worker_report(crowd, label_model=model).sort_index()
    for j, row in enumerate(report.itertuples()):
        table, prior = model.confusion_[j], model.class_prior_
        pairs = [(0, 1), (0, 2), (1, 2)]
        distance = sum(((table[c] - table[d]) ** 2).sum() for c, d in pairs)
        assert row.spammer_score == pytest.approx(1 - distance / 6)
        joint = prior[:, None] * table
        blind = prior[:, None] * joint.sum(axis=0)
        bits = (joint * np.log2(joint / blind)).sum()
        assert row.information == pytest.approx(bits)


def test_scores_of_the_best_the_worst_and_the_liar():
    perfect, blind = np.eye(3), np.tile([0.2, 0.5, 0.3], (3, 1))
    tables = np.stack([perfect, blind, perfect[::-1]])
    assert spammer_score(tables).tolist() == pytest.approx([0, 1, 0])
    bits = mutual_information(tables, np.full(3, 1 / 3))
    assert bits.tolist() == pytest.approx([np.log2(3), 0, np.log2(3)])


def test_a_model_without_tables_gets_smoothed_ones():
    crowd, _ = _crowd(100, 4, judgements_per_sample=2.5)
    model = _fit(MajorityVote(), crowd)
    votes = crowd_to_cast(crowd)
    proba = model.predict_proba(votes)
    dense = np.full((votes.n_samples, votes.n_lfs), -1)
    dense[votes.rows, votes.lf] = votes.labels()
    counts = np.array(
        [
            [[proba[dense[:, j] == v, c].sum() for v in (0, 1)] for c in (0, 1)]
            for j in range(4)
        ]
    )
    of_crowd = counts.sum(axis=0) + 0.5
    tables = counts + 2 * of_crowd / of_crowd.sum(axis=1, keepdims=True)
    tables /= tables.sum(axis=2, keepdims=True)
    report = worker_report(crowd, label_model=model).sort_index()
    assert report["spammer_score"].tolist() == pytest.approx(spammer_score(tables))
    bits = mutual_information(tables, model.class_prior_)
    assert report["information"].tolist() == pytest.approx(bits)


@pytest.mark.parametrize("model", FAMILY)
@pytest.mark.parametrize("n_classes", [2, 4])
def test_every_model_of_the_family_is_read(model, n_classes):
    crowd, data = _crowd(300, 12, n_classes)
    report = worker_report(crowd, data.y, label_model=_fit(model(), crowd))
    assert report.columns.drop(["n_gold", "gold_accuracy"]).tolist() == COLUMNS
    assert report.drop(columns="flag").notna().all(axis=None)
    held = report["gold_accuracy"].corr(report["accuracy"])
    assert held > 0.8


def test_without_model_a_label_model_is_fitted():
    crowd, _ = _crowd(names=["no", "yes"])
    expected = worker_report(crowd, label_model=_fit(LabelModel(), crowd))
    pd.testing.assert_frame_equal(worker_report(crowd), expected)


def test_columns_are_found_by_name_among_other_lfs():
    crowd, data = _crowd()
    ids = crowd.sample_ids.to_frame()
    workers = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = workers.fit_transform(ids)
    alone = worker_report(crowd, label_model=LabelModel().fit(votes))
    extra = votes.assign(rule=data.y[ids["sample"]])[["rule", *votes.columns[::-1]]]
    model = LabelModel().fit(extra)
    report = worker_report(crowd, label_model=model).sort_index()
    at = [extra.columns.get_loc(f"worker_{w}") for w in report.index]
    expected = spammer_score(model.confusion_[at])
    assert report["spammer_score"].tolist() == pytest.approx(expected.tolist())
    assert alone.shape == report.shape


def test_workers_that_the_model_lacks_are_judged_by_the_others():
    crowd, _ = _crowd()
    workers = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = workers.fit_transform(crowd.sample_ids.to_frame()).drop(columns="worker_3")
    model = LabelModel().fit(votes)
    report = worker_report(crowd, label_model=model)
    mine = crowd.to_frame()
    mine = mine[mine["worker"] == 3].set_index("sample")["label"]
    rows = crowd.sample_ids.get_indexer(mine.index)
    proba = model.predict_proba(votes)[rows, mine.to_numpy()]
    assert report.loc[3, "accuracy"] == pytest.approx(proba.mean())
    assert report["spammer_score"].between(0, 1).all()


def test_unipolar_lfs_are_read_too():
    crowd, _ = _crowd(names=["no", "yes"])
    workers = WorkerLFTransformer(crowd, unipolar=True).set_output(transform="pandas")
    votes = workers.fit_transform(crowd.sample_ids.to_frame())
    model = LabelModel(classes=crowd.classes, lf_kind="worker").fit(votes)
    report = worker_report(crowd, label_model=model).sort_index()
    mine = crowd.to_frame()
    mine = mine[mine["worker"] == 0]
    learned = dict(zip(votes.columns, model.lf_accuracy_, strict=True))
    of_votes = [learned[f"worker_0_{label}"] for label in mine["label"]]
    assert report.loc[0, "accuracy"] == pytest.approx(np.mean(of_votes))


def test_a_model_fitted_on_the_wide_table_is_read():
    crowd, _ = _crowd(names=["no", "yes"])
    by_votes = worker_report(crowd, label_model=_fit(DawidSkene(), crowd))
    model = DawidSkene().fit(crowd.to_wide().to_numpy())
    by_labels = worker_report(crowd, label_model=model)
    pd.testing.assert_frame_equal(by_votes, by_labels)


def test_those_to_act_upon_come_first():
    crowd, _ = _crowd(600, 40, 2, seed=3)
    judgements = crowd.to_frame()
    few = _frame([(0, 100, 0), (1, 100, 1)])
    report = worker_report(CrowdLabels.from_frame(pd.concat([judgements, few])))
    act = (report["flag"] != "") & ~report["flag"].str.startswith("few")
    assert act.iloc[: act.sum()].all()
    assert 0 < act.sum() < 40
    wrong = report["n_judgements"] * (1 - report["accuracy"])
    for part in (wrong[act], wrong[~act]):
        assert part.is_monotonic_decreasing
    assert report.loc[100, "flag"] == "few judgements: 2"


def test_the_flags_find_the_types_of_the_generator():
    crowd, data = _crowd(2000, 40, 3, seed=1)
    flags = worker_report(crowd)["flag"].sort_index()
    types = pd.Series(data.worker_types, index=range(40))
    assert flags[types == "adversarial"].str.startswith("adversarial").all()
    assert flags[types == "spammer"].str.startswith("guesses").mean() > 0.8
    assert (flags[types.isin(["reliable", "average"])] == "").all()


def test_one_label_for_everything_is_flagged():
    crowd, _ = _crowd(300, 10, 2, names=["no", "yes"])
    same = _frame([(i, 50, "yes") for i in range(60)])
    flags = worker_report(
        CrowdLabels.from_frame(
            pd.concat([crowd.to_frame(), same]), classes=["no", "yes"]
        )
    )["flag"]
    assert "always gives 'yes': in 100% of 60 judgements, where 5" in flags[50]
    assert not flags.drop(50).str.contains("always").any()


def test_one_label_for_samples_of_one_class_is_right():
    truth = np.arange(200) % 2
    judgements = [(i, w, truth[i]) for i in range(200) for w in range(3)]
    judgements += [(i, 9, 1) for i in range(1, 61, 2)]
    flags = worker_report(CrowdLabels.from_frame(_frame(judgements)))["flag"]
    assert (flags == "").all()


def test_copies_are_flagged_with_the_worker_id():
    crowd, _ = _crowd(400, 10, 4, worker_types={"average": 1.0})
    judgements = crowd.to_frame()
    copied = judgements[judgements["worker"] == 2].assign(worker=77)
    both = CrowdLabels.from_frame(pd.concat([judgements, copied]))
    flags = worker_report(both)["flag"]
    n = len(copied)
    assert flags[77] == f"repeats 2: equal on 100% of {n} common samples"
    assert flags[2] == f"repeats 77: equal on 100% of {n} common samples"


def test_a_single_worker_has_no_agreement():
    crowd = CrowdLabels.from_frame(_frame([(i, "ann", i % 2) for i in range(30)]))
    (row,) = worker_report(crowd).itertuples()
    assert np.isnan([row.agreement, row.accuracy, row.information]).all()
    assert row.flag == "nobody else judged these samples"


def test_what_a_passed_model_knows_of_a_single_worker_stays():
    frame = _frame([(i, "ann", i % 2) for i in range(30)])
    crowd = CrowdLabels.from_frame(frame)
    model = LabelModel().fit(frame[["label"]].to_numpy(), np.arange(30) % 2)
    (row,) = worker_report(crowd, label_model=model).itertuples()
    assert row.accuracy > 0.9
    assert row.flag == "nobody else judged these samples"


def test_workers_with_one_judgement_each():
    crowd = CrowdLabels.from_frame(_frame([(i, i, i % 2) for i in range(6)]))
    report = worker_report(crowd)
    assert report["agreement"].isna().all()
    assert report["accuracy"].isna().all()
    flag = "nobody else judged these samples; few judgements: 1"
    assert (report["flag"] == flag).all()


def test_gold_in_a_table_of_one_column_is_looked_up_by_id():
    frame = _frame([(i, w, i % 2) for i in range(20) for w in "abc"])
    crowd = CrowdLabels.from_frame(frame)
    gold = pd.DataFrame({"label": np.arange(20) % 2}).iloc[::-1]
    assert (worker_report(crowd, y=gold)["gold_accuracy"] == 1).all()
    with pytest.raises(ValueError, match="one column of gold labels; got 2 columns"):
        worker_report(crowd, y=gold.assign(more=1))


def test_one_class_only():
    crowd = CrowdLabels.from_frame(_frame([(i, w, 0) for i in range(9) for w in "ab"]))
    report = worker_report(crowd)
    assert report[["spammer_score", "information"]].isna().all(axis=None)
    assert report["favourite_class"].tolist() == [0, 0]
    assert report["flag"].tolist() == ["", ""]


def test_a_worker_with_labels_outside_of_the_classes_only():
    judgements = [(i, w, i % 2) for i in range(20) for w in "abc"]
    judgements += [(i, "d", 2) for i in range(20)]
    crowd = CrowdLabels.from_frame(
        _frame(judgements), classes=[0, 1], handle_unknown="count"
    )
    report = worker_report(crowd, y=np.arange(20) % 2)
    row = report.loc["d"]
    assert row["flag"] == "no judgement is for one of the classes"
    assert (row["n_judgements"], row["share"], row["n_gold"]) == (0, 0, 0)
    assert row["favourite_class"] is None
    numbers = row.drop(["flag", "n_judgements", "share", "n_gold", "favourite_class"])
    assert numbers.isna().all()
    assert report.index[-1] == "d"


def test_gold_by_id_or_by_position_for_some_rows():
    crowd, data = _crowd(50, 6)
    y = data.y.astype(float)
    y[::2] = np.nan
    by_position = worker_report(crowd, y=y[crowd.sample_ids])
    ids = pd.Series(y, index=range(50)).sample(frac=1, random_state=0)
    more = pd.concat([ids, pd.Series([1.0], index=[999])])
    pd.testing.assert_frame_equal(worker_report(crowd, y=more), by_position)
    missing = np.where(np.isnan(y), -1, y).astype(int)
    pd.testing.assert_frame_equal(
        worker_report(crowd, y=missing[crowd.sample_ids]), by_position
    )
    nothing = worker_report(crowd, y=pd.Series([None] * 50, dtype=object))
    assert (nothing["n_gold"] == 0).all()
    assert nothing["gold_accuracy"].isna().all()


def test_a_gold_label_that_nobody_may_give_makes_judgements_wrong():
    judgements = [(i, w, i % 2) for i in range(10) for w in "ab"]
    report = worker_report(CrowdLabels.from_frame(_frame(judgements)), y=[5] * 10)
    assert report["gold_accuracy"].tolist() == [0, 0]
    assert report["n_gold"].tolist() == [10, 10]


def test_permuting_the_judgements_changes_nothing():
    crowd, _ = _crowd(300, 20, 3)
    judgements = crowd.to_frame()
    report = worker_report(crowd)
    shuffled = CrowdLabels.from_frame(judgements.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(worker_report(shuffled), report)
    pd.testing.assert_frame_equal(crowd.to_frame(), judgements)


def _unnamed_model():
    return MajorityVote().fit([[0, 1]])


def _model_of_others():
    return MajorityVote().fit(pd.DataFrame({"rule": [0], "other": [1]}))


def _model_of_other_labels():
    return MajorityVote().fit(pd.DataFrame({"worker_a": ["x"], "worker_b": ["y"]}))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"label_model": LabelModel()}, NotFittedError, "not fitted"),
        ({"label_model": "x"}, TypeError, "must be a fitted label model.*got str"),
        (
            {"label_model": make_pipeline(LabelModel())},
            TypeError,
            "Pass the last step of the pipeline",
        ),
        (
            {"label_model": _unnamed_model()},
            ValueError,
            "model has 2 LFs without names and the crowd has 3 workers",
        ),
        (
            {"label_model": _model_of_others()},
            ValueError,
            "None of the 2 LFs of the model is one of the 3 workers: it has 'rule'",
        ),
        (
            {"label_model": _model_of_other_labels()},
            ValueError,
            "crowd has the classes 0, 1 and the model was fitted on votes 'x', 'y'",
        ),
        ({"y": LabelModel()}, TypeError, "y of worker_report must be gold labels; got"),
        (
            {"y": [0, 1]},
            ValueError,
            "for each of the 4 samples in the order of crowd.sample_ids; got 2",
        ),
        ({"y": ["a"] * 4}, ValueError, "y holds 'a' and the classes of the crowd"),
        (
            {"y": pd.Series([0, 1], index=[1, 1])},
            ValueError,
            "one gold label per sample id; these ids repeat in its index: 1",
        ),
        (
            {"y": pd.Series([0, 1], index=["p", "q"])},
            ValueError,
            "None of the 2 ids in the index of y is a sample of the crowd",
        ),
    ],
)
def test_what_does_not_match_raises(arguments, error, message):
    judgements = [(i, w, i % 2) for i in range(4) for w in "abc"]
    with pytest.raises(error, match=message):
        worker_report(CrowdLabels.from_frame(_frame(judgements)), **arguments)


def test_a_frame_is_not_a_crowd():
    with pytest.raises(TypeError, match="worker_report needs a CrowdLabels; got Data"):
        worker_report(_frame([(0, "a", 1)]))


def test_memory_does_not_grow_with_samples_times_workers():
    import tracemalloc

    crowd, _ = _crowd(20_000, 2_000, judgements_per_sample=2)
    tracemalloc.start()
    worker_report(crowd)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 2_000


def test_guessers_of_the_weather_crowd_are_found():
    data = weather_sentiment()
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id"
    )
    y = pd.concat([data.train, data.dev]).set_index("tweet_id")["sentiment"]
    report = worker_report(crowd, y=y)
    assert report.index.name == "worker_id"
    assert report["n_judgements"].sum() == 1916
    assert report.index[0] == 19028457
    row = report.iloc[0]
    assert row["flag"].startswith("guesses: right in 52%")
    assert row["gold_accuracy"] == pytest.approx(38 / 74)
    often = report[report["n_gold"] >= 5]
    half = 0.5 / often["n_gold"]
    held = often["gold_accuracy"].between(
        often["accuracy_low"] - half, often["accuracy_high"] + half
    )
    assert held.mean() > 0.95


def test_a_model_with_class_names_in_another_order_says_the_same():
    frame = make_crowd_labels(60, 6, 2, random_state=0).crowd_labels
    frame.columns = ["sample", "worker", "label"]
    frame["label"] = np.array(["bad", "good"])[frame["label"]]
    crowd = CrowdLabels.from_frame(frame)
    ids = pd.DataFrame({"sample": crowd.sample_ids})
    votes = WorkerLFTransformer(crowd).fit_transform(ids)
    model = LabelModel(classes=["good", "bad"]).fit(votes)
    report = worker_report(crowd, label_model=model)
    same = LabelModel(classes=crowd.classes).fit(votes)
    expected = worker_report(crowd, label_model=same)
    pd.testing.assert_frame_equal(report, expected.loc[report.index], atol=1e-4)
