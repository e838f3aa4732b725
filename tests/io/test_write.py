import json

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels
from sklabel.io import (
    read_argilla,
    read_label_studio,
    read_prodigy,
    to_argilla,
    to_label_studio,
)

TABLE = pd.DataFrame(
    {"bad": [0.25, 0.9], "good": [0.75, 0.1]}, index=pd.Index(["a", "b"], name="id")
)
SAMPLES = pd.DataFrame(
    {"text": ["Sunny à midi", "Rain"], "likes": [3, np.nan]}, index=["b", "a"]
)


def crowd():
    frame = pd.DataFrame(
        {
            "sample": ["a", "a", "b"],
            "worker": ["ann", "bob", "ann"],
            "label": ["good", "good", "bad"],
        }
    )
    return CrowdLabels.from_frame(frame)


def test_new_tasks_are_read_again(tmp_path):
    path = tmp_path / "tasks.json"
    tasks = to_label_studio(TABLE, path, question="mood", samples=SAMPLES)
    assert json.loads(path.read_text(encoding="utf-8")) == tasks
    assert tasks[0]["data"] == {"sample": "a", "text": "Rain"}
    found = read_label_studio(path, "mood", sample="sample")
    assert found.model_answers.to_numpy().tolist() == [
        ["a", "sklabel", "good", 0.75],
        ["b", "sklabel", "bad", 0.9],
    ]
    assert found.samples.loc["b", "text"] == "Sunny à midi"


def test_predictions_for_tasks_that_exist():
    table = TABLE.set_axis(["101", "102"])
    first, second = to_label_studio(
        table, question="mood", to_name="post", model_version="v1"
    )
    assert first["task"] == 101
    assert second["result"] == [
        {
            "from_name": "mood",
            "to_name": "post",
            "type": "choices",
            "value": {"choices": ["bad"]},
        }
    ]
    assert second["model_version"] == "v1"
    with pytest.raises(
        ValueError, match=r"whole numbers; got 'a'.*task_ids=.*samples="
    ):
        to_label_studio(TABLE, question="mood")


@pytest.mark.parametrize("as_dict", [True, False])
def test_tasks_that_exist_have_ids_beside_those_of_samples(as_dict):
    ids = pd.Series([7, 5.0], index=["b", "a"], dtype=object)
    ids = ids.to_dict() if as_dict else ids
    found = to_label_studio(TABLE, question="mood", task_ids=ids)
    assert [one["task"] for one in found] == [5, 7]
    assert "data" not in found[0]


@pytest.mark.parametrize(
    ("task_ids", "error", "message"),
    [
        ({"a": 1}, ValueError, r"task_ids .* lacks 1 of the samples.*'b'"),
        ({"a": 1, "b": "x"}, ValueError, r"whole numbers; got 'x'"),
        ({"a": 1, "b": 1}, ValueError, r"gives several samples one task: 1\. A task"),
        (
            pd.Series([1, 2, 3], index=["a", "b", "b"]),
            ValueError,
            r"task_ids .* several rows of 'b'\. Keep one",
        ),
        ({"a": 1, "b": np.nan}, ValueError, r"whole numbers; got nan"),
        ([1, 2], TypeError, r"must be a Series or dict .*; got list"),
    ],
)
def test_ids_of_tasks_must_be_there(task_ids, error, message):
    with pytest.raises(error, match=message):
        to_label_studio(TABLE, question="mood", task_ids=task_ids)


def test_tasks_are_new_or_exist():
    with pytest.raises(ValueError, match=r"samples=.*task_ids=.*got both"):
        to_label_studio(
            TABLE, question="mood", samples=SAMPLES, task_ids={"a": 1, "b": 2}
        )


def _export(path, ids, kind="choices", value=None, to_name="text"):
    """Write tasks whose data hold ids of the user's own, each judged by one person."""
    result = {"from_name": "mood", "to_name": to_name, "type": kind}
    result["value"] = {"choices": ["good"]} if value is None else value
    tasks = [
        {
            "id": 40 + at,
            "data": {"my_id": own, "text": f"text {own}"},
            "annotations": [{"completed_by": at % 2, "result": [result]}],
        }
        for at, own in enumerate(ids)
    ]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_own_ids_lead_back_to_the_tasks(tmp_path):
    path = _export(tmp_path / "export.json", ["T-0", "T-1"])
    found = read_label_studio(path, sample="my_id")
    assert found.samples["label_studio_id"].to_dict() == {"T-0": 40, "T-1": 41}
    table = TABLE.set_axis(["T-1", "T-0"])
    task_ids = found.samples["label_studio_id"]
    back = to_label_studio(table, question="mood", task_ids=task_ids)
    assert [one["task"] for one in back] == [41, 40]
    new = to_label_studio(table, question="mood", samples=found.samples)
    assert new[0]["data"] == {"sample": "T-1", "my_id": "T-1", "text": "text T-1"}
    plain = read_label_studio(path)
    assert list(plain.samples.columns) == ["my_id", "text"]


@pytest.mark.parametrize(
    "own", ["007", "+7", "-7", " 7", "7 ", "0", "7.0", "7e1", "\u0667"]
)
def test_ids_that_label_studio_does_not_write_are_refused(own):
    table = TABLE.set_axis([own, "8"])
    message = r"whole numbers; got '.*task_ids=annotations.samples\['label_studio_id'\]"
    with pytest.raises(ValueError, match=message):
        to_label_studio(table, question="mood")
    with pytest.raises(ValueError, match=r"gives several samples one task: 7\. A task"):
        to_label_studio(TABLE, question="mood", task_ids={"a": 7, "b": "7"})


def test_annotations_know_the_way_back(tmp_path):
    path = _export(tmp_path / "export.json", ["17", "00018"], to_name="txt")
    own = read_label_studio(path, sample="my_id")
    path = tmp_path / "back.json"
    back = to_label_studio(own.crowd_labels().soft_labels(), path, annotations=own)
    assert json.loads(path.read_text(encoding="utf-8")) == back
    assert [one["task"] for one in back] == [40, 41]
    result = {"from_name": "mood", "to_name": "txt", "type": "choices"}
    assert back[0]["result"] == [{**result, "value": {"choices": ["good"]}}]
    given = to_label_studio(
        own.crowd_labels().soft_labels(),
        annotations=own,
        question="topic",
        to_name="image",
        task_ids={"17": 3, "00018": 4},
    )
    assert (given[0]["task"], given[1]["task"]) == (3, 4)
    names = given[0]["result"][0]
    assert (names["from_name"], names["to_name"]) == ("topic", "image")
    with pytest.raises(ValueError, match=r"lacks 2 of the samples of soft_labels"):
        to_label_studio(TABLE, annotations=own)


def test_a_column_of_the_user_is_not_taken_for_the_ids_of_tasks(tmp_path):
    path = _export(tmp_path / "export.json", ["a", "b"])
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks:
        task["data"]["label_studio_id"] = 5
    path.write_text(json.dumps(tasks), encoding="utf-8")
    found = read_label_studio(path)
    back = to_label_studio(found.crowd_labels().soft_labels(), annotations=found)
    assert [one["task"] for one in back] == [40, 41]


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        ("rating", {"rating": 4}, 4),
        ("taxonomy", {"taxonomy": [["A", "B"]]}, "A/B"),
        ("pairwise", {"selected": "left"}, "left"),
    ],
)
def test_answers_go_back_as_the_type_that_they_were(tmp_path, kind, value, label):
    path = _export(tmp_path / "export.json", ["a", "b"], kind=kind, value=value)
    found = read_label_studio(path)
    assert found.judgements["label"].tolist() == [label] * 2
    table = found.crowd_labels().soft_labels()
    (result,) = to_label_studio(table, annotations=found)[0]["result"]
    assert (result["type"], result["value"]) == (kind, value)
    samples = found.samples
    new = to_label_studio(table, annotations=found, samples=samples)
    path.write_text(json.dumps(new), encoding="utf-8")
    again = read_label_studio(path, "mood", sample="sample")
    assert again.model_answers["label"].tolist() == [label] * 2


def test_whole_numbers_are_choices_or_ratings():
    stars = pd.DataFrame({3: [0.25, 0.9], 4: [0.75, 0.1]}, index=["7", "8"])
    with pytest.warns(UserWarning, match=r"written as choices such as '3'. Pass annot"):
        first, _ = to_label_studio(stars, question="stars")
    assert first["result"][0]["value"] == {"choices": ["4"]}
    codes, _ = to_label_studio(stars.set_axis([0, 1], axis=1), question="stars")
    assert codes["result"][0]["value"] == {"choices": ["1"]}
    first, _ = to_label_studio(stars, question="stars", control_type="rating")
    assert first["result"][0]["value"] == {"rating": 4}
    with pytest.raises(ValueError, match=r"whole number from 1 on; .*'bad', 'good'"):
        to_label_studio(TABLE, question="stars", control_type="rating")
    with pytest.raises(ValueError, match=r"control_type must be one of .*'stars'"):
        to_label_studio(stars, question="stars", control_type="stars")


def _records(path, *values):
    records = [
        {
            "id": f"r{at}",
            "text": "x",
            "q.responses": [value],
            "q.responses.users": ["u"],
            "q.responses.status": ["submitted"],
        }
        for at, value in enumerate(values)
    ]
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


@pytest.mark.parametrize("values", [(4, 3), ("4", "3"), (["a"], ["b"])])
def test_suggestions_are_what_responses_were(tmp_path, values):
    found = read_argilla(_records(tmp_path / "records.json", *values))
    table = found.crowd_labels().soft_labels()
    records = to_argilla(table, annotations=found)
    given = [one["suggestions"]["q"]["value"] for one in records]
    known = table["label"].tolist()
    assert given == [[one] if values[0] == ["a"] else one for one in known]
    assert type(given[0]) is type(values[0])


def test_whole_numbers_are_ratings_of_argilla():
    stars = pd.DataFrame({3: [0.25, 0.9], 4: [0.75, 0.1]}, index=["a", "b"])

    def first(table, **options):
        return to_argilla(table, question="q", **options)[0]["suggestions"]["q"][
            "value"
        ]

    assert first(stars) == 4
    assert first(stars, question_type="label") == "4"
    assert first(stars.set_axis([-1, 1], axis=1)) == "1"
    assert first(stars.set_axis(["3", "4"], axis=1), question_type="rating") == 4
    assert first(TABLE, question_type="multi_label") == ["good"]
    message = r"whole number from 0 to 10; labels are 11. Pass question_type='label'"
    with pytest.raises(ValueError, match=message):
        first(stars.set_axis([3, 11], axis=1), question_type="rating")


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_what_annotations_cannot_tell_is_asked_for(write, tmp_path):
    with pytest.raises(
        ValueError, match=r"needs the name of the question.*annotations="
    ):
        write(TABLE)
    with pytest.raises(TypeError, match=r"question of .* must be a str; got 5"):
        write(TABLE, question=5)
    with pytest.raises(ValueError, match=r"question of .* is empty"):
        write(TABLE, question=" ")
    with pytest.raises(
        TypeError, match=r"what a reader of sklabel.io returns; got str"
    ):
        write(TABLE, annotations="mood")
    line = {"text": "x", "_input_hash": 1, "_view_id": "choice", "answer": "accept"}
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps({**line, "accept": ["a"], "_annotator_id": "d"}))
    with pytest.raises(ValueError, match=r"are of Prodigy, .*pass question="):
        write(TABLE, annotations=read_prodigy(path))


@pytest.mark.parametrize("options", [{"option": "good"}, {"several": "list"}])
def test_labels_that_are_made_of_options_do_not_go_back(tmp_path, options):
    found = read_label_studio(_export(tmp_path / "e.json", ["a", "b"]), **options)
    message = (
        f"were read with {next(iter(options))}=.*, so their labels are not options"
    )
    with pytest.raises(ValueError, match=message):
        to_label_studio(found.crowd_labels().soft_labels(), annotations=found)


def test_a_csv_does_not_tell_what_the_question_is_about(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("annotation_id,annotator,id,mood\n1,ann,8,good\n", encoding="utf-8")
    found = read_label_studio(path, "mood")
    table = found.crowd_labels().soft_labels()
    with pytest.raises(ValueError, match=r"do not tell the object .*Pass to_name="):
        to_label_studio(table, annotations=found)
    (one,) = to_label_studio(table, annotations=found, to_name="txt")
    assert (one["task"], one["result"][0]["to_name"]) == (8, "txt")


def test_of_several_tasks_of_a_sample_the_first_counts(tmp_path):
    path = _export(tmp_path / "export.json", ["T-0", "T-0"])
    found = read_label_studio(path, sample="my_id")
    assert found.samples["label_studio_id"].to_dict() == {"T-0": 40}
    assert len(found) == 2


def test_rows_of_csv_keep_the_ids_of_tasks(tmp_path):
    path = tmp_path / "export.csv"
    path.write_text(
        "annotation_id,annotator,id,my_id,mood\n1,ann,8,T-0,good\n2,bob,8,T-0,bad\n",
        encoding="utf-8",
    )
    found = read_label_studio(path, "mood", sample="my_id")
    assert found.samples.loc["T-0", "label_studio_id"] == "8"


def test_records_are_read_again(tmp_path):
    path = tmp_path / "records.json"
    records = to_argilla(TABLE, path, question="mood", samples=SAMPLES, fields=["text"])
    assert records[1]["fields"] == {"text": "Sunny à midi"}
    assert records[1]["metadata"] == {"likes": 3.0}
    found = read_argilla(path, "mood")
    assert found.model_answers.to_numpy().tolist() == [
        ["a", "sklabel", "good", 0.75],
        ["b", "sklabel", "bad", 0.9],
    ]


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_a_table_of_soft_labels_will_do(write):
    table = crowd().soft_labels()
    given = write(table, question="mood", samples=SAMPLES)
    as_text = json.dumps(given)
    assert "good" in as_text
    best = table[["proba_bad", "proba_good"]].max(axis=1)
    scores = [
        one["predictions"][0]["score"]
        if "predictions" in one
        else one["suggestions"]["mood"]["score"]
        for one in given
    ]
    np.testing.assert_allclose(scores, best)


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_files_are_json_whatever_cells_hold(write, tmp_path):
    cells = {
        "far": [np.inf, -np.inf],
        "array": [np.array([1, 2]), np.array([0.5, np.nan])],
        "nested": [{"n": np.int64(3), 1: (None, np.nan)}, [np.float32(1)]],
        "when": [pd.Timestamp("2026-03-02"), pd.NaT],
        "whole": pd.array([1, None], dtype="Int64"),
    }
    path = tmp_path / "out.json"
    samples = pd.DataFrame(cells, index=["a", "b"])
    made = write(TABLE, path, question="mood", samples=samples)

    def refuse(constant):
        raise AssertionError(constant)

    text = path.read_text(encoding="ascii")
    assert json.loads(text, parse_constant=refuse) == json.loads(json.dumps(made))
    first, second = (one.get("data", one.get("fields")) for one in made)
    assert first["far"] == "inf"
    assert first["nested"] == {"n": 3, "1": [None, None]}
    assert second["array"] == [0.5, None]
    assert "when" not in second


def test_fields_of_argilla_are_texts_and_metadata_may_be_numbers():
    (a, b) = to_argilla(TABLE, question="mood", samples=SAMPLES)
    assert a["fields"] == {"text": "Rain"}
    assert b["fields"]["likes"] == "3.0"
    (_, b) = to_argilla(TABLE, question="mood", samples=SAMPLES, fields="text")
    assert b["metadata"] == {"likes": 3.0}
    with pytest.raises(ValueError, match=r"takes fields= from samples=, which is"):
        to_argilla(TABLE, question="mood", fields=["text"])


def test_the_id_of_a_new_task_is_not_overwritten():
    ids = SAMPLES.assign(sample=SAMPLES.index)
    tasks = to_label_studio(TABLE, question="mood", samples=ids)
    assert [task["data"]["sample"] for task in tasks] == ["a", "b"]
    other = SAMPLES.assign(sample=["x", "y"])
    with pytest.raises(ValueError, match=r"holds 'y' for the sample 'a'.*rename the"):
        to_label_studio(TABLE, question="mood", samples=other)


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
@pytest.mark.parametrize(
    ("index", "match"),
    [
        (["a", None], r"rows whose sample has no id, first row 1"),
        ([np.nan, "b"], r"no id, first row 0"),
        (["a", ""], r"no id, first row 1\. Drop them"),
        ([1, "1"], r"several rows of the sample '1'"),
    ],
)
def test_ids_are_there_and_differ_as_texts(write, index, match):
    table = TABLE.set_axis(pd.Index(index, dtype=object))
    with pytest.raises(ValueError, match=match):
        write(table, question="mood")


@pytest.mark.parametrize("n_classes", [2, 3, 20])
@pytest.mark.parametrize("names", [str, int, "class {}, so-so".format])
def test_any_number_of_classes_comes_back(n_classes, names, tmp_path):
    proba = np.random.default_rng(0).dirichlet(np.ones(n_classes), 9)
    columns = [names(k) for k in range(n_classes)]
    table = pd.DataFrame(proba, index=np.arange(9) + 5, columns=columns)
    want = [str(columns[k]) for k in proba.argmax(axis=1)]
    path = tmp_path / "out.json"
    to_argilla(table, path, question="mood")
    answers = read_argilla(path, "mood").model_answers
    assert [str(label) for label in answers["label"]] == want
    assert list(answers["sample"]) == list(map(str, table.index))
    samples = pd.DataFrame({"text": list("abcdefghi")}, index=table.index)
    to_label_studio(table, path, question="mood", samples=samples)
    answers = read_label_studio(path, "mood", sample="sample").model_answers
    assert [str(label) for label in answers["label"]] == want
    np.testing.assert_allclose(answers["score"].astype(float), proba.max(axis=1))


@pytest.mark.parametrize("write", [to_label_studio, to_argilla])
def test_bad_input_is_refused(write):
    with pytest.raises(ValueError, match=r"several rows of the sample 'a'"):
        write(TABLE.set_axis(["a", "a"]), question="mood")
    with pytest.raises(ValueError, match=r"samples of .* several rows of 'b'\. Keep"):
        write(TABLE, question="mood", samples=pd.concat([SAMPLES, SAMPLES.iloc[:1]]))
    with pytest.raises(ValueError, match=r"several columns of one name: 'text'"):
        write(TABLE, question="mood", samples=SAMPLES.set_axis(["text"] * 2, axis=1))
    with pytest.raises(ValueError, match=r"columns .* are False, True.*Rename"):
        write(TABLE.set_axis([False, True], axis=1), question="mood")
    with pytest.raises(TypeError, match=r"question of .* must be a str; got 5"):
        write(TABLE, question=5)
    with pytest.raises(ValueError, match=r"question of .* is empty"):
        write(TABLE, question=" ")
    with pytest.raises(ValueError, match=r"lacks 1 of the samples.*'b'"):
        write(TABLE, question="mood", samples=SAMPLES.iloc[1:])
    with pytest.raises(TypeError, match=r"soft_labels\(\) makes one"):
        write([0.5, 0.5], question="mood")
    with pytest.raises(TypeError, match=r"samples of .* must be a pandas DataFrame"):
        write(TABLE, question="mood", samples=["x", "y"])
    with pytest.raises(ValueError, match=r"sum"):
        write(TABLE * 2, question="mood")
    with pytest.raises(ValueError, match=r"numbers of its rows.*set_index"):
        write(crowd().soft_labels().reset_index(), question="mood")
    with pytest.raises(ValueError, match=r"colour"):
        to_argilla(TABLE, question="mood", samples=SAMPLES, fields=["colour"])


def test_gold_of_tasks_that_only_an_expert_judged(tmp_path):
    path = _export(tmp_path / "export.json", ["T-0", "T-1", "T-2"])
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks[:2]:
        expert = {**task["annotations"][0], "completed_by": 9, "ground_truth": True}
        task["annotations"].append(expert)
    del tasks[0]["annotations"][0]  # nobody but the expert
    path.write_text(json.dumps(tasks), encoding="utf-8")
    found = read_label_studio(path, sample="my_id")
    crowd, gold = found.crowd_labels(), found.gold_labels()
    table = crowd.soft_labels(gold=gold[crowd.sample_ids])
    assert table.index.tolist() == ["T-1", "T-2"]
    assert gold.tolist() == ["good", "good", None]
    with pytest.warns(UserWarning, match=r"1 gold .*'T-0'.*keep those of crowd.sample"):
        crowd.soft_labels(gold=gold)
