"""Exports of ten tools with known traps, where they are at hand."""

import csv
import json

import pytest

from sklabel.io import (
    read_annotations,
    read_appen,
    read_argilla,
    read_doccano,
    read_label_studio,
    read_labelbox,
    read_mturk,
    read_prodigy,
    read_sagemaker_ground_truth,
    read_toloka,
    read_wide,
)
from tests._data import importer_fixture


def expected(name):
    with open(importer_fixture(name), encoding="utf-8", newline="") as file:
        return sorted(tuple(row) for row in list(csv.reader(file))[1:])


def left_out(folder, name=None):
    content = json.loads(
        importer_fixture(f"{folder}/left_out.json").read_text(encoding="utf-8")
    )
    return content[name] if name else content


def last(frame):
    """Return the latest answer of each pair, as texts."""
    found = {}
    for sample, worker, label in frame[["sample", "worker", "label"]].to_numpy():
        found[sample, worker] = label
    return sorted((str(s), str(w), str(v)) for (s, w), v in found.items())


def models(frame):
    return sorted(
        (str(s), str(m), str(v), "" if score is None else str(score))
        for s, m, v, score in frame.to_numpy()
    )


@pytest.mark.parametrize("name", ["export.json", "export_snapshot.json"])
def test_label_studio_json(name):
    path = importer_fixture(f"label_studio/{name}")
    found = read_label_studio(path, "category")
    with pytest.raises(ValueError, match=r"'category' \(.*'topics' \("):
        read_label_studio(path)
    assert last(found.judgements) == expected("label_studio/expected.csv")
    gold = sorted(map(tuple, found.gold[["sample", "worker", "label"]].to_numpy()))
    assert gold == expected("label_studio/expected_gold.csv")
    topics = read_label_studio(path, "topics", several="list")
    assert last(topics.judgements) == expected("label_studio/expected_topics.csv")
    if name == "export.json":
        assert found.left_out == left_out("label_studio", name)
        want = expected("label_studio/expected_models.csv")
        assert models(found.model_answers) == want
    else:
        assert any("ids only" in note for note in found.notes)


def test_label_studio_older_json():
    found = read_label_studio(importer_fixture("label_studio/export_legacy.json"))
    assert last(found.judgements) == expected("label_studio/expected_legacy.csv")
    assert found.left_out == {"cancelled": 1}
    assert str(found.judgements["time"].iloc[0]) == "2021-03-01 12:00:00"


@pytest.mark.parametrize(
    ("name", "want"), [("export", "csv"), ("export_snapshot", "snapshot_csv")]
)
@pytest.mark.parametrize("end", [".csv", "_min.json"])
def test_label_studio_tables(name, want, end):
    path = importer_fixture(f"label_studio/{name}{end}")
    found = read_label_studio(path, "category")
    assert last(found.judgements) == expected(f"label_studio/expected_{want}.csv")
    assert list(found.samples.columns)[-2:] == ["text", "ticket"] or end == "_min.json"
    with pytest.raises(ValueError, match=r"do not tell questions from data.*'topics'"):
        read_label_studio(path)


@pytest.mark.parametrize(
    "name", ["records_flat.jsonl", "v1_feedback.jsonl", "v1_feedback_columnar.jsonl"]
)
def test_argilla(name):
    path = importer_fixture(f"argilla/{name}")
    found = read_argilla(path, "category")
    assert last(found.judgements) == expected("argilla/expected.csv")
    assert models(found.model_answers) == expected("argilla/expected_models.csv")
    assert found.left_out == left_out("argilla", "records_flat.jsonl")
    topics = read_argilla(path, "topics", several="list")
    assert last(topics.judgements) == expected("argilla/expected_topics.csv")


def test_argilla_nested_says_that_drafts_count():
    path = importer_fixture("argilla/records.json")
    with pytest.warns(UserWarning, match=r"no status of responses"):
        found = read_argilla(path, "category")
    assert last(found.judgements) == expected("argilla/expected_nested_json.csv")


def test_argilla_text_classification_of_version_1():
    path = importer_fixture("argilla/v1_text_classification.jsonl")
    found = read_argilla(path)
    name = "argilla/expected_v1_text_classification"
    assert last(found.judgements) == expected(f"{name}.csv")
    assert set(expected(f"{name}_models.csv")) <= set(models(found.model_answers))
    assert found.left_out["discarded"] == found.left_out["several_choices"] == 1


def test_prodigy():
    found = read_prodigy(importer_fixture("prodigy/choice.jsonl"))
    assert last(found.judgements) == expected("prodigy/expected.csv")
    assert found.left_out == left_out("prodigy", "choice.jsonl")
    for label in ("URGENT", "SPAM"):
        found = read_prodigy(importer_fixture("prodigy/binary.jsonl"), label)
        assert last(found.judgements) == expected(
            f"prodigy/expected_binary_{label}.csv"
        )
    with pytest.raises(ValueError, match=r"'URGENT'.*'SPAM'"):
        read_prodigy(importer_fixture("prodigy/binary.jsonl"))


def test_doccano():
    found = read_doccano(importer_fixture("doccano/per_user"))
    assert last(found.judgements) == expected("doccano/expected.csv")
    assert found.left_out == left_out("doccano", "per_user")
    for form in ("json", "csv"):
        found = read_doccano(importer_fixture(f"doccano/per_user_{form}"))
        assert last(found.judgements) == expected("doccano/expected_json_and_csv.csv")
    found = read_doccano(
        importer_fixture("doccano/legacy_all_in_one.jsonl"),
        labels=importer_fixture("doccano/label_config.json"),
    )
    assert last(found.judgements) == expected("doccano/expected_legacy.csv")
    with pytest.raises(ValueError, match=r"does not say who answered"):
        read_doccano(importer_fixture("doccano/all.jsonl"))


def test_mturk():
    found = read_mturk(importer_fixture("mturk/batch_results.csv"))
    assert last(found.judgements) == expected("mturk/expected.csv")
    assert found.left_out == left_out("mturk", "batch_results.csv")
    for key in ("category", "sure"):
        path = importer_fixture("mturk/batch_task_answers.csv")
        found = read_mturk(path, key)
        want = expected(f"mturk/expected_task_answers_{key}.csv")
        assert last(found.judgements) == want
    path = importer_fixture("mturk/batch_multi_item.csv")
    found = read_mturk(path, items={"id1": "label1", "id2": "label2"})
    assert last(found.judgements) == expected("mturk/expected_multi_item.csv")
    assert found.samples["text"].notna().all()
    with pytest.raises(ValueError, match=r"items="):
        read_mturk(path)


def test_appen():
    path = importer_fixture("appen/full_report.csv")
    found = read_appen(path)
    assert last(found.judgements) == expected("appen/expected.csv")
    assert found.left_out == left_out("appen", "full_report.csv")
    want = expected("appen/expected_on_test_questions.csv")
    assert last(found.gold_judgements) == want
    gold = found.gold.groupby("sample")["label"].agg(list).map(json.dumps)
    assert sorted(gold.items()) == expected("appen/expected_gold.csv")
    topics = read_appen(path, "topics", several="list")
    assert last(topics.judgements) == expected("appen/expected_topics.csv")
    with pytest.raises(ValueError, match=r"Download the report 'Full'"):
        read_appen(importer_fixture("appen/aggregated_report.csv"))


def test_sagemaker_ground_truth():
    folder = "sagemaker_ground_truth"
    found = read_sagemaker_ground_truth(importer_fixture(f"{folder}/worker-response"))
    assert last(found.judgements) == expected(f"{folder}/expected.csv")
    assert found.left_out == left_out(folder, "worker-response")
    path = importer_fixture(f"{folder}/consolidation-request.json")
    found = read_sagemaker_ground_truth(path)
    assert last(found.judgements) == expected(f"{folder}/expected.csv")
    path = importer_fixture(f"{folder}/output_custom.manifest")
    found = read_sagemaker_ground_truth(path)
    assert last(found.judgements) == expected(f"{folder}/expected_manifest.csv")
    path = importer_fixture(f"{folder}/output_builtin.manifest")
    with pytest.raises(ValueError, match=r"worker-response"):
        read_sagemaker_ground_truth(path)


def test_toloka():
    found = read_toloka(importer_fixture("toloka/assignments.tsv"), "result")
    assert last(found.judgements) == expected("toloka/expected.csv")
    assert found.left_out == left_out("toloka", "assignments.tsv")
    assert last(found.gold_judgements) == expected("toloka/expected_on_golden.csv")
    gold = sorted(map(tuple, found.gold[["sample", "label"]].to_numpy()))
    assert gold == expected("toloka/expected_gold.csv")


def test_labelbox():
    path = importer_fixture("labelbox/export.ndjson")
    found = read_labelbox(path, "Category", project="Tickets")
    assert last(found.judgements) == expected("labelbox/expected.csv")
    assert found.left_out == left_out("labelbox", "export.ndjson")
    gold = sorted(map(tuple, found.gold[["sample", "worker", "label"]].to_numpy()))
    assert gold == expected("labelbox/expected_gold.csv")
    topics = read_labelbox(path, "Topics", project="Tickets", several="list")
    assert last(topics.judgements) == expected("labelbox/expected_topics.csv")
    nested = read_labelbox(path, "Severity", project="Tickets")
    want = expected("labelbox/expected_nested_Severity.csv")
    assert last(nested.judgements) == want
    with pytest.raises(ValueError, match=r"2 projects: 'Tickets'"):
        read_labelbox(path, "Category")


def test_wide_sheet():
    found = read_wide(
        importer_fixture("wide_sheet/sheet.csv"),
        sample="ticket",
        workers=["Ann", "Bob", "Cyd"],
        classes=["billing", "bug", "praise"],
        gold="final",
    )
    assert last(found.judgements) == expected("wide_sheet/expected.csv")
    want = left_out("wide_sheet", "sheet.csv")
    assert found.left_out == {**want, "not_a_class": len(want["not_a_class"])}
    assert all(repr(odd) in found.notes[0] for odd in want["not_a_class"])


@pytest.mark.parametrize(
    ("name", "tool", "options"),
    [
        ("label_studio/export.json", "Label Studio", {"question": "category"}),
        ("label_studio/export.csv", "Label Studio", {"question": "category"}),
        ("label_studio/export_legacy.json", "Label Studio", {}),
        ("argilla/records_flat.jsonl", "Argilla", {"question": "category"}),
        ("argilla/v1_feedback.jsonl", "Argilla", {"question": "category"}),
        ("argilla/v1_text_classification.jsonl", "Argilla", {}),
        ("prodigy/choice.jsonl", "Prodigy", {}),
        ("doccano/per_user", "doccano", {}),
        ("doccano/per_user_csv", "doccano", {}),
        ("doccano/legacy_all_in_one.jsonl", "doccano", {}),
        ("mturk/batch_results.csv", "Amazon Mechanical Turk", {}),
        ("appen/full_report.csv", "Appen", {}),
        ("sagemaker_ground_truth/worker-response", "SageMaker Ground Truth", {}),
        ("sagemaker_ground_truth/consolidation-request.json", "SageMaker", {}),
        ("sagemaker_ground_truth/output_custom.manifest", "SageMaker", {}),
        ("toloka/assignments.tsv", "Toloka", {"question": "result"}),
        ("labelbox/export.ndjson", "Labelbox", {"question": "Category"}),
    ],
)
def test_the_content_tells_the_tool(name, tool, options):
    if tool == "Labelbox":
        options["project"] = "Tickets"
    found = read_annotations(importer_fixture(name), **options)
    assert found.tool.startswith(tool)
    assert len(found)
    assert found.tool in repr(found)
    assert found.crowd_labels().n_judgements <= len(found)
