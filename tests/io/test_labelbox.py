"""Traps in exports of Labelbox, one small export each."""

import pytest

from sklabel.io import read_labelbox
from tests.io import _writers
from tests.io._writers import write_lines


def radio(answer, name="Mood", **more):
    return {"name": name, "radio_answer": {"name": answer, **more}}


def checklist(*answers, name="Topics"):
    return {"name": name, "checklist_answers": [{"name": a} for a in answers]}


def label(worker, *classifications, time=None, **more):
    details = {"created_by": worker, "created_at": time}
    held = {"classifications": list(classifications)}
    return {"label_details": details, "annotations": held, **more}


def row(key, *labels, project="P", **ids):
    return {
        "data_row": {"id": key, **ids},
        "projects": {f"id of {project}": {"name": project, "labels": list(labels)}},
    }


def export(folder, *rows):
    return write_lines(folder / "export.ndjson", rows)


def rows(found):
    return found.judgements[["sample", "worker", "label"]].to_numpy().tolist()


def test_skipped_labels_are_no_votes_with_and_without_answers(tmp_path):
    skipped = {"performance_details": {"skipped": True}}
    path = export(
        tmp_path,
        row(
            "r1",
            label("ann", radio("Good")),
            label("bob", radio("Bad"), **skipped),
            label("cyd", **skipped),
        ),
    )
    found = read_labelbox(path)
    assert rows(found) == [["r1", "ann", "Good"]]
    assert found.left_out == {"skipped": 2}


def test_nested_questions_are_questions(tmp_path):
    nested = radio("Bug", classifications=[radio("High", "Severity")])
    path = export(tmp_path, row("r", label("ann", nested), label("bob", radio("Bill"))))
    found = read_labelbox(path, "Severity")
    assert rows(found) == [["r", "ann", "High"]]
    assert found.left_out == {"empty": 1}
    assert found.questions == {"Mood": 2, "Severity": 1}
    assert len(read_labelbox(path, "Mood")) == 2
    with pytest.raises(ValueError, match=r"2 questions: 'Mood' \(2.*'Severity' \(1"):
        read_labelbox(path)


def test_checklists_are_answers_of_several_options(tmp_path):
    path = export(
        tmp_path,
        row(
            "r",
            label("ann", checklist("a")),
            label("bob", checklist("a", "b")),
            label("cyd", checklist()),
        ),
    )
    found = read_labelbox(path)
    assert rows(found) == [["r", "ann", "a"]]
    assert found.left_out == {"several_choices": 1, "empty": 1}
    listed = read_labelbox(path, several="list").judgements["label"]
    assert list(listed) == ['["a"]', '["a", "b"]']
    assert list(read_labelbox(path, option="b").judgements["label"]) == ["not b", "b"]
    with pytest.raises(ValueError, match=r"Nobody chose the option 'z'.*'a', 'b'"):
        read_labelbox(path, option="z")


def test_older_answers_without_a_name_and_other_classifications(tmp_path):
    slug = {"value": "mood", "radio_answer": {"value": "very_good"}}
    text = {"name": "Why", "text_answer": {"content": "so"}}
    found = read_labelbox(export(tmp_path, row("r", label("ann", slug, text))))
    assert (found.question, rows(found)) == ("mood", [["r", "ann", "very_good"]])


def test_the_reference_label_of_a_benchmark_is_gold(tmp_path):
    refers = {"performance_details": {"benchmark_reference_label": "l1"}}
    path = export(
        tmp_path,
        row(
            "r",
            label("lead", radio("Good"), id="l1"),
            label("ann", radio("Bad"), id="l2", **refers),
        ),
        row("s", label("ann", radio("Bad"), id="l3")),
    )
    found = read_labelbox(path)
    assert rows(found) == [["r", "ann", "Bad"], ["s", "ann", "Bad"]]
    assert found.gold.to_numpy().tolist() == [["r", "Good", "lead"]]
    assert list(found.gold_labels()) == ["Good", None]
    assert found.left_out == {"gold": 1}


def test_the_latest_of_two_labels_of_a_person_comes_last(tmp_path):
    late = label("ann", radio("late"), time="2026-03-03T10:00:00.000+00:00")
    early = label("ann", radio("early"), time="2026-03-02T10:00:00.000+00:00")
    found = read_labelbox(export(tmp_path, row("r", late, early)))
    assert list(found.judgements["label"]) == ["early", "late"]
    assert found.left_out == {"repeated": 1}


def test_rows_without_labels_are_samples(tmp_path):
    path = export(tmp_path, row("r", row_data="text"), row("s", label("a", radio("x"))))
    found = read_labelbox(path)
    assert list(found.samples["row_data"]) == ["text", None]
    assert found.left_out == {"rows_without_labels": 1}


def test_answers_about_a_part_of_the_row_are_counted(tmp_path):
    one = label("ann", radio("x"))
    one["annotations"]["objects"] = [{"classifications": [radio("y")]}]
    found = read_labelbox(export(tmp_path, row("r", one)))
    assert rows(found) == [["r", "ann", "x"]]
    assert found.left_out == {"per_region": 1}


def test_answers_about_frames_of_a_video_are_counted(tmp_path):
    frames = {
        "1": {"classifications": [radio("x")], "objects": {}},
        "2": {"objects": {"o": {"classifications": [radio("x")]}}},
    }
    video = label("ann")
    video["annotations"]["frames"] = frames
    found = read_labelbox(export(tmp_path, row("r", video, label("bob", radio("x")))))
    assert rows(found) == [["r", "bob", "x"]]
    assert found.left_out["per_region"] == 2


def test_the_id_is_the_first_that_a_row_has_or_the_named_one(tmp_path):
    ids = {"global_key": "007", "external_id": "e"}
    path = export(tmp_path, row("r", label("ann", radio("x")), **ids))
    assert read_labelbox(path).judgements["sample"][0] == "007"
    assert read_labelbox(path, sample="external_id").judgements["sample"][0] == "e"
    assert read_labelbox(path, sample="id").judgements["sample"][0] == "r"
    with pytest.raises(ValueError, match=r"sample.*global_key"):
        read_labelbox(path, sample="key")
    path = export(tmp_path, row("r", label("ann", radio("x"))))
    with pytest.raises(ValueError, match=r"line 1: the data row has no 'global_key'"):
        read_labelbox(path, sample="global_key")


def test_projects_are_read_one_at_a_time(tmp_path):
    both = row("r", label("ann", radio("x")))
    other = row("r", label("bob", radio("y")), label("cyd", radio("y")), project="Q")
    both["projects"] |= other["projects"]
    path = export(tmp_path, both)
    for name in ("Q", "id of Q"):
        found = read_labelbox(path, project=name)
        assert rows(found) == [["r", "bob", "y"], ["r", "cyd", "y"]]
        assert found.left_out == {"other_project": 1}
    with pytest.raises(ValueError, match=r"2 projects: 'P' \(1 labels\), 'Q' \(2"):
        read_labelbox(path)
    with pytest.raises(ValueError, match=r"no project 'R'; there are 'P', 'Q'"):
        read_labelbox(path, project="R")
    both["projects"]["id of Q"]["name"] = "P"
    path = export(tmp_path, both)
    with pytest.raises(ValueError, match=r"2 projects are called 'P'.*'id of Q'"):
        read_labelbox(path, project="P")


def test_a_project_without_labels_needs_no_name(tmp_path):
    both = row("r", label("ann", radio("x")))
    both["projects"] |= row("r", project="Q")["projects"]
    assert rows(read_labelbox(export(tmp_path, both))) == [["r", "ann", "x"]]


def test_labels_without_an_author_are_counted_and_refused_if_all(tmp_path):
    bare = {"annotations": {"classifications": [radio("x")]}}
    path = export(tmp_path, row("r", bare, {}, label("ann", radio("x"))))
    assert read_labelbox(path).left_out == {"no_worker": 2}
    path = export(tmp_path, row("r", label(" ", radio("x")), label("a", radio("x"))))
    assert read_labelbox(path).left_out == {"no_worker": 1}
    path = export(tmp_path, row("r", bare))
    with pytest.raises(
        ValueError, match=r"says who gave it.*label_details switched on"
    ):
        read_labelbox(path)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (
            {"ID": "1", "Created By": "a", "Label": {}},
            r"line 1: .*version 1.*version 2",
        ),
        ({"answers": []}, r"SageMaker Ground Truth: use read_sagemaker_ground_truth"),
        ({"a": 1}, r"expected data_row and projects, as Labelbox writes it"),
        ([1], r"expected data_row and projects.*got 1"),
        ({"data_row": {"x": 1}, "projects": {}}, r"the data row has no 'id'; it has x"),
        ({"data_row": {"id": "r"}, "projects": {}}, r"holds no answer to a question"),
        (
            row("r", label("a", {"name": "Q", "radio_answer": "x"})),
            r"line 1: a part .*radio_answer is 'x', not an object",
        ),
        (
            row("r", label("a", {"name": "Q", "checklist_answers": {}})),
            r"checklist_answers is \{\}, not a list",
        ),
        (row("r", label({"id": 1}, radio("x"))), r"an id is a text or a number, got"),
        (row(["r"], label("a", radio("x"))), r"line 1: a part .*got \['r'\]"),
    ],
)
def test_refuses_other_content(tmp_path, content, match):
    with pytest.raises(ValueError, match=match):
        read_labelbox(export(tmp_path, content))


@pytest.mark.parametrize("place", ["key", "bob", "good"])
def test_halves_of_characters_are_refused(tmp_path, place):
    # JSON may hold them as escapes, and no table or file can.
    path = export(tmp_path, row("key", label("bob", radio("good"))))
    text = path.read_text(encoding="utf-8").replace(place, f"{place}\\ud83d")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 1: .*ud83d' holds half of a character"):
        read_labelbox(path)


def test_refuses_tables_and_files_that_are_cut_off(tmp_path):
    with pytest.raises(ValueError, match=r"expected NDJSON.*use read_appen"):
        read_labelbox(_writers.appen([("1", "a", "x")], tmp_path))
    path = export(tmp_path, row("r", label("ann", radio("x"))))
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    with pytest.raises(ValueError, match=r"ends within an object.*cut off"):
        read_labelbox(path)
