"""Judgements in Parquet files are the judgements in memory."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.dask import PartitionedCrowdLabels, fit, predict, predict_proba
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import lf_summary

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def judgements():
    frame = make_crowd_labels(120, 15, 2, random_state=0).crowd_labels
    frame.columns = ["task", "person", "answer"]
    frame["answer"] = np.array(["no", "yes"])[frame["answer"]]
    return frame


NAMES = {"sample": "task", "worker": "person", "label": "answer"}


def in_memory(frame, **options):
    """Fit in memory; return the probabilities by sample id."""
    crowd = CrowdLabels.from_frame(frame, **NAMES, **options)
    ids = pd.DataFrame({"task": crowd.sample_ids})
    votes = WorkerLFTransformer(crowd, sparse_output=True).fit_transform(ids)
    model = LabelModel(classes=crowd.classes, lf_kind="worker").fit(votes)
    return pd.DataFrame(
        model.predict_proba(votes), index=crowd.sample_ids, columns=crowd.classes
    ).sort_index()


def write(frame, folder, cuts):
    for i, (a, b) in enumerate(zip([0, *cuts], [*cuts, len(frame)], strict=True)):
        frame.iloc[a:b].to_parquet(folder / f"part_{i:02}.parquet")


@pytest.mark.parametrize("order", ["by sample", "any"])
def test_parquet_files_fit_as_in_memory(judgements, tmp_path, order, scheduler):
    if order == "any":
        judgements = judgements.sample(frac=1, random_state=0)
    write(judgements, tmp_path, [200, 200, 413])
    crowd = PartitionedCrowdLabels.from_parquet(tmp_path, **NAMES)
    assert crowd.n_judgements == len(judgements)
    assert crowd.n_workers == 15
    model = fit(LabelModel(classes=crowd.classes), crowd)
    proba = predict_proba(model, crowd)
    assert list(proba.columns) == ["no", "yes"]
    expected = in_memory(judgements)
    found = proba.compute().sort_index()
    assert found.index.name == "task"
    assert_allclose(found.loc[expected.index], expected, rtol=0, atol=1e-9)
    label = predict(model, crowd).compute().sort_index()
    assert (label == expected.idxmax(axis=1)).all()


@pytest.mark.parametrize("duplicates", ["last", "first", "majority"])
def test_repeats_are_chosen_in_the_order_of_the_files(judgements, tmp_path, duplicates):
    again = judgements.sample(80, random_state=1)
    again["answer"] = "no"
    frame = pd.concat([judgements, again], ignore_index=True)
    write(frame, tmp_path, [250, 400, 500])
    crowd = PartitionedCrowdLabels.from_parquet(
        tmp_path, **NAMES, duplicates=duplicates
    )
    proba = predict_proba(fit(LabelModel(classes=crowd.classes), crowd), crowd)
    expected = in_memory(frame, duplicates=duplicates)
    assert_allclose(
        proba.compute().sort_index().loc[expected.index], expected, atol=1e-9
    )


def test_gold_labels_come_by_sample_id(judgements):
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=3), **NAMES
    )
    gold = pd.Series({5: "yes", 17: "no", 9999: "yes"})
    proba = predict_proba(fit(LabelModel(classes=crowd.classes), crowd, gold), crowd)
    held = CrowdLabels.from_frame(judgements, **NAMES)
    ids = pd.DataFrame({"task": held.sample_ids})
    votes = WorkerLFTransformer(held, sparse_output=True).fit_transform(ids)
    y = ids["task"].map(gold)
    model = LabelModel(classes=held.classes, lf_kind="worker").fit(votes, y)
    expected = model.predict_proba(votes)
    assert_allclose(proba.compute().loc[held.sample_ids], expected, atol=1e-9)


def test_gold_labels_must_be_a_series_without_repeats(judgements):
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=2), **NAMES
    )
    with pytest.raises(TypeError, match=r"Series indexed by sample id.*list"):
        fit(LabelModel(), crowd, ["yes"])
    with pytest.raises(ValueError, match="one label per sample id; these repeat: 5"):
        fit(LabelModel(), crowd, pd.Series(["yes", "no"], index=[5, 5]))
    with pytest.raises(ValueError, match="sample_weight is not supported"):
        fit(LabelModel(), crowd, sample_weight=pd.Series([1.0], index=[5]))


def test_empty_partitions_and_unknown_labels(judgements, scheduler):
    judgements.loc[::7, "answer"] = "can't tell"
    parts = [judgements.iloc[:0], judgements.iloc[:300], judgements.iloc[300:]]
    parts.append(judgements.iloc[:2].assign(answer=None))
    frame = dd.from_delayed(
        [dask.delayed(p) for p in parts], meta=judgements.iloc[:0], verify_meta=False
    )
    options = {"classes": ["no", "yes"], "handle_unknown": "count"}
    crowd = PartitionedCrowdLabels.from_dask(frame, **NAMES, **options)
    proba = predict_proba(fit(LabelModel(classes=crowd.classes), crowd), crowd)
    expected = in_memory(judgements, **options)
    assert_allclose(
        proba.compute().sort_index().loc[expected.index], expected, atol=1e-9
    )


def test_shuffle_false_trusts_the_files(judgements):
    lazy = dd.from_pandas(judgements.sort_values("task"), npartitions=3, sort=False)
    crowd = PartitionedCrowdLabels.from_dask(lazy, **NAMES, shuffle=False)
    assert crowd.n_partitions == 3


def test_the_store_shows_what_it_holds(judgements):
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=2), **NAMES
    )
    assert repr(crowd).startswith("PartitionedCrowdLabels(2 partitions, 15 workers, ")


# Bad input


def broken(frame, how):
    parts = [frame.iloc[i : i + 200].copy() for i in range(0, len(frame), 200)]
    parts[1] = how(parts[1])
    return dd.from_delayed(
        [dask.delayed(part) for part in parts], meta=frame.iloc[:0], verify_meta=False
    )


def lose_worker(part):
    part = part.astype({"person": object})
    part.iloc[3, 1] = None
    return part


@pytest.mark.parametrize(
    ("how", "error", "match"),
    [
        (
            lambda part: part.drop(columns="answer"),
            ValueError,
            "(?s)Partition 1 of the judgements: .*answer",
        ),
        (lose_worker, ValueError, "(?s)Partition 1 of the judgements: .*person"),
        (
            lambda part: part.assign(answer=3),
            TypeError,
            r"Labels \('answer'\).*partition 0 holds '.*' and partition 1 holds 3",
        ),
        (
            lambda part: part.assign(person="ann"),
            TypeError,
            r"Worker ids \('person'\) must be all strings or all numbers; partition 0",
        ),
    ],
)
def test_a_broken_partition_is_named(judgements, how, error, match, scheduler):
    with pytest.raises(error, match=match):
        PartitionedCrowdLabels.from_dask(broken(judgements, how), **NAMES)


def test_an_unknown_label_names_its_partition(judgements):
    judgements.iloc[250, 2] = "maybe"
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=3), **NAMES, classes=["no", "yes"]
    )
    with pytest.raises(ValueError, match=r"Partition \d of the judgements: .*maybe"):
        fit(LabelModel(classes=crowd.classes), crowd)


def test_what_is_not_a_dask_frame_says_what_to_use(judgements):
    with pytest.raises(TypeError, match=r"CrowdLabels\.from_frame"):
        PartitionedCrowdLabels.from_dask(judgements, **NAMES)
    with pytest.raises(TypeError, match=r"from_parquet\(path"):
        PartitionedCrowdLabels(judgements)


def test_a_missing_column_is_named(judgements, tmp_path):
    write(judgements, tmp_path, [])
    with pytest.raises(ValueError, match="'sample'"):
        PartitionedCrowdLabels.from_parquet(tmp_path)


def test_no_judgement_is_an_error(judgements):
    lazy = dd.from_pandas(judgements.iloc[:0], npartitions=1)
    with pytest.raises(ValueError, match="none of the 1 partitions holds a judgement"):
        PartitionedCrowdLabels.from_dask(lazy, **NAMES)
    lazy = dd.from_pandas(judgements.assign(answer=None), npartitions=2)
    with pytest.raises(ValueError, match="none of the 2 partitions holds a judgement"):
        PartitionedCrowdLabels.from_dask(lazy, **NAMES)


def test_rows_without_a_label_are_not_judgements(judgements):
    judgements.loc[::5, "answer"] = None
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=3), **NAMES
    )
    assert crowd.n_judgements == judgements["answer"].notna().sum()
    assert f"workers, {crowd.n_judgements} judgements, " in repr(crowd)


def test_labels_of_minus_one_are_missing_with_one_warning(judgements):
    code = judgements["answer"].map({"no": 0, "yes": 1})
    code[::7] = -1
    lazy = dd.from_pandas(judgements.assign(answer=code), npartitions=3)
    with pytest.warns(UserWarning, match=r"'answer' hold -1.*\[-1, 0, 1\]") as record:
        crowd = PartitionedCrowdLabels.from_dask(lazy, **NAMES)
    assert [warning.filename for warning in record] == [__file__]
    assert crowd.classes.tolist() == [0, 1]
    assert crowd.n_judgements == (code >= 0).sum()
    crowd = PartitionedCrowdLabels.from_dask(lazy, **NAMES, classes=[0, 1])
    assert crowd.n_judgements == (code >= 0).sum()


def test_class_names_travel_and_are_matched_in_another_order(judgements):
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=2), **NAMES
    )
    model = fit(LabelModel(), crowd)
    assert model.classes_.tolist() == ["no", "yes"]
    assert set(predict(model, crowd).compute()) == {"no", "yes"}
    turned = fit(LabelModel(classes=["yes", "no"]), crowd)
    assert turned.classes_.tolist() == ["yes", "no"]
    proba = predict_proba(turned, crowd).compute()
    assert proba.columns.tolist() == ["yes", "no"]
    expected = predict_proba(model, crowd).compute().loc[proba.index]
    assert_allclose(proba[["no", "yes"]], expected, rtol=0, atol=1e-9)
    with pytest.raises(ValueError, match=r"No vote is for one of the classes.*'no'"):
        fit(LabelModel(classes=["YES", "NO"]), crowd)


def test_gold_with_ids_of_another_kind_is_refused(judgements):
    crowd = PartitionedCrowdLabels.from_dask(
        dd.from_pandas(judgements, npartitions=2), **NAMES
    )
    with pytest.raises(TypeError, match="those of the judgements are numbers"):
        fit(LabelModel(), crowd, pd.Series(["yes"], index=["5"]))


def test_no_file_and_a_file_without_a_column_are_named(judgements, tmp_path):
    with pytest.raises(OSError, match="nothing"):
        PartitionedCrowdLabels.from_parquet(f"{tmp_path}/nothing*.parquet", **NAMES)
    write(judgements, tmp_path, [300])
    judgements.rename(columns={"person": "who"}).to_parquet(
        tmp_path / "part_09.parquet"
    )
    with pytest.raises(ValueError, match=r"A file of judgements lacks a .*person"):
        PartitionedCrowdLabels.from_parquet(tmp_path, **NAMES)


def test_tools_for_memory_say_what_takes_partitioned_data(judgements):
    lazy = dd.from_pandas(judgements, npartitions=2)
    crowd = PartitionedCrowdLabels.from_dask(lazy, **NAMES)
    with pytest.raises(TypeError, match=r"sklabel\.dask\.fit"):
        LabelModel().fit(crowd)
    with pytest.raises(TypeError, match="partitioned judgements go to"):
        lf_summary(crowd)
    with pytest.raises(TypeError, match=r"sklabel\.dask\.transform"):
        WorkerLFTransformer().fit(lazy)
    with pytest.raises(TypeError, match=r"PartitionedCrowdLabels\.from_dask"):
        CrowdLabels.from_frame(lazy)
