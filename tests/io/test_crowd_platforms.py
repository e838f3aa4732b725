"""Traps in tables of Appen and Toloka, one small export each."""

import json

import pytest

from sklabel.io import read_appen, read_mturk, read_toloka
from tests.io._writers import write_table

MTURK = ["HITId", "WorkerId", "AssignmentStatus", "Input.id", "Answer.mood.label"]
APPEN = ["_unit_id", "_golden", "_tainted", "_worker_id", "mood", "mood_gold"]
TOLOKA = ["INPUT:id", "OUTPUT:mood", "ASSIGNMENT:worker_id", "ASSIGNMENT:status"]
ONE_OF_EACH = dict.fromkeys(["several_choices", "empty", "no_worker", "no_sample"], 1)


def rows(frame):
    return frame[["sample", "worker", "label"]].to_numpy().tolist()


def labels(found):
    return list(found.judgements["label"])


def appen(folder, rows, names=APPEN):
    return write_table(folder / "full.csv", names, rows)


def toloka(folder, rows, names=TOLOKA):
    return write_table(folder / "pool.tsv", names, rows, delimiter="\t")


# Appen


def test_appen_tainted_judgements_are_left_out_or_kept(tmp_path):
    path = appen(
        tmp_path,
        [
            ("01", "false", "false", "031", "good", ""),
            ("01", "false", "TRUE", "032", "bad", ""),
        ],
    )
    found = read_appen(path)
    assert rows(found.judgements) == [["01", "031", "good"]]
    assert found.left_out == {"tainted": 1}
    assert len(read_appen(path, tainted="keep")) == 2


@pytest.mark.parametrize("with_golden", [True, False])
def test_appen_test_questions_are_gold_and_no_votes(tmp_path, with_golden):
    table = [
        ("1", "false", "false", "w", "good", ""),
        ("2", "true", "false", "w", "bad", "bad\nsad"),
        ("2", "true", "false", "v", "good", "bad\nsad"),
    ]
    names = list(APPEN)
    if not with_golden:  # Reports without _golden: the known answer tells.
        names.remove("_golden")
        table = [(row[0], *row[2:]) for row in table]
    found = read_appen(appen(tmp_path, table, names))
    assert rows(found.judgements) == [["1", "w", "good"]]
    assert rows(found.gold_judgements) == [["2", "w", "bad"], ["2", "v", "good"]]
    assert found.gold[["sample", "label"]].to_numpy().tolist() == [
        ["2", "bad"],
        ["2", "sad"],
    ]
    assert list(found.gold_labels()) == [None, None]  # two answers are accepted
    assert found.left_out == {"test_question_judgements": 2}
    assert found.crowd_labels(gold_judgements=True).n_judgements == 3


def test_appen_several_options_are_lines_of_a_cell(tmp_path):
    path = appen(
        tmp_path,
        [
            ("1", "false", "false", "u", "a", ""),
            ("1", "false", "false", "v", "a\nb", ""),
            ("1", "false", "false", "w", "", ""),
            ("1", "false", "false", "", "a", ""),
            ("", "false", "false", "x", "a", ""),
        ],
    )
    found = read_appen(path)
    assert rows(found.judgements) == [["1", "u", "a"]]
    assert found.left_out == ONE_OF_EACH
    assert labels(read_appen(path, several="list")) == ['["a"]', '["a", "b"]']
    assert labels(read_appen(path, option="b")) == ["not b", "b"]


def test_appen_columns_of_other_answers_are_not_columns_of_samples(tmp_path):
    path = appen(
        tmp_path,
        [
            ("1", "false", "false", "v", "x", "", "text", "other answer"),
            ("1", "false", "false", "w", "x", "", "text", "another"),
        ],
        [*APPEN, "text", "why"],
    )
    found = read_appen(path)
    assert list(found.samples.columns) == ["text"]
    assert "columns that differ between the rows of one sample" in found.notes[0]


def test_appen_times_have_the_month_first(tmp_path):
    path = appen(
        tmp_path,
        [
            ("1", "false", "false", "v", "2", "", "11/2/2026 10:00:00"),
            ("1", "false", "false", "w", "1", "", "3/12/2026 10:00:00"),
        ],
        [*APPEN, "_created_at"],
    )
    assert labels(read_appen(path)) == [1, 2]


def test_appen_every_answer_is_counted_once(tmp_path):
    table = [
        ("1", "false", "false", "u", "a", ""),
        ("1", "false", "false", " ", "a", ""),
        ("1", "false", "false", "v", " ", ""),
        ("2", "true", "false", "u", "a", "a"),
        ("2", "true", "false", "v", "a\nb", "a"),
        ("2", "true", "false", "w", "", "a"),
        ("2", "true", "true", "x", "a", "a"),
        ("", "", "", "", " ", ""),
    ]
    found = read_appen(appen(tmp_path, table))
    assert rows(found.judgements) == [["1", "u", "a"]]
    assert rows(found.gold_judgements) == [["2", "u", "a"]]
    assert found.left_out == {
        "no_worker": 1,
        "empty": 2,
        "test_question_judgements": 1,
        "several_choices": 1,
        "tainted": 1,
    }


def test_appen_only_ends_of_lines_part_options(tmp_path):
    path = appen(
        tmp_path,
        [
            ("1", "false", "false", "u", "a\u2028b", ""),
            ("1", "false", "false", "v", "a\r\nb", ""),
        ],
    )
    found = read_appen(path, several="list")
    assert labels(found) == ['["a\u2028b"]', '["a", "b"]']


@pytest.mark.parametrize(
    ("golden", "tainted", "match"),
    [
        ("yes", "false", r"row 3: _golden is 'yes'; expected true or false"),
        ("false", "maybe", r"row 3: _tainted is 'maybe'"),
    ],
)
def test_appen_marks_are_true_or_false(tmp_path, golden, tainted, match):
    table = [
        ("1", "0", "1", "u", "a", ""),
        ("1", golden, tainted, "v", "a", ""),
    ]
    with pytest.raises(ValueError, match=match):
        read_appen(appen(tmp_path, table))


@pytest.mark.parametrize(
    ("read", "thing", "match"),
    [
        (
            read_appen,
            {"id": 1, "data": {}, "judgments_count": 3, "results": {}},
            r"Appen's JSON\. Download the same as the report 'Full'",
        ),
        (
            read_toloka,
            {"id": "a", "task_suite_id": "s", "tasks": [], "solutions": []},
            r"Toloka's JSON\. Download the same as assignments in TSV",
        ),
    ],
)
def test_json_of_a_platform_is_refused_by_name(tmp_path, read, thing, match):
    path = tmp_path / "export.json"
    path.write_text(json.dumps(thing), encoding="utf-8")
    with pytest.raises(ValueError, match=match):
        read(path)


@pytest.mark.parametrize(
    ("names", "options", "match"),
    [
        (["_unit_id", "mood", "mood:confidence"], {}, r"Download the report 'Full'"),
        (
            ["id", "mood"],
            {},
            r"expected _unit_id and _worker_id.*CrowdLabels\.from_csv",
        ),
        (MTURK, {}, r"export of Amazon Mechanical Turk: use read_mturk"),
        (APPEN, {"sample": "key"}, r"no column 'key'"),
        (APPEN, {"question": "tone"}, r"no question 'tone'.*Columns: mood, mood_gold"),
        (APPEN, {"tainted": "drop"}, r"tainted.*leave_out"),
        (["_unit_id", "_worker_id", "a", "b"], {}, r"question= is one of.*'a', 'b'"),
    ],
)
def test_appen_refuses(tmp_path, names, options, match):
    path = appen(tmp_path, [["1"] * len(names)], names)
    with pytest.raises(ValueError, match=match):
        read_appen(path, **options)


# Toloka


def test_toloka_the_status_says_what_counts(tmp_path):
    statuses = ["APPROVED", "ACCEPTED", "submitted", "REJECTED", "SKIPPED"]
    statuses += ["EXPIRED", "ACTIVE"]
    path = toloka(tmp_path, [("01", "x", f"0{s}", s) for s in statuses])
    found = read_toloka(path)
    assert list(found.judgements["worker"]) == ["0APPROVED", "0ACCEPTED", "0submitted"]
    assert found.left_out == {"rejected": 1, "skipped_or_expired": 2, "active": 1}
    kept = read_toloka(path, rejected="keep")
    assert len(kept) == 4
    assert "rejected" not in kept.left_out


def test_toloka_control_tasks_are_gold_and_no_votes(tmp_path):
    path = toloka(
        tmp_path,
        [
            ("a", "good", "01", "APPROVED", ""),
            ("b", "good", "01", "APPROVED", "bad"),
            ("b", "bad", "02", "APPROVED", "bad"),
        ],
        [*TOLOKA, "GOLDEN:mood"],
    )
    found = read_toloka(path)
    assert rows(found.judgements) == [["a", "01", "good"]]
    assert rows(found.gold_judgements) == [["b", "01", "good"], ["b", "02", "bad"]]
    assert found.gold[["sample", "label"]].to_numpy().tolist() == [["b", "bad"]]
    assert list(found.gold_labels()) == [None, "bad"]
    assert found.left_out == {"golden": 2}


def test_toloka_outputs_may_be_json_lists_and_suites_have_an_empty_line(tmp_path):
    path = toloka(
        tmp_path,
        [
            ("a", '["bug"]', "01", "APPROVED"),
            (),
            ("a", '["bug","bill"]', "02", "APPROVED"),
            ("a", "", "03", "APPROVED"),
            ("a", "[bug", "04", "APPROVED"),
            ("a", "bug", "", "APPROVED"),
            ("", "bug", "05", "APPROVED"),
        ],
    )
    found = read_toloka(path)
    assert labels(found) == ["bug", "[bug"]
    assert found.left_out == ONE_OF_EACH
    assert labels(read_toloka(path, option="bill"))[:2] == ["not bill", "bill"]
    assert labels(read_toloka(path, several="list"))[1] == '["bug", "bill"]'


def test_toloka_every_answer_is_counted_once(tmp_path):
    names = [*TOLOKA, "GOLDEN:mood"]
    table = [
        ("1", "a", "u", "APPROVED", ""),
        ("1", " ", "v", "APPROVED", ""),
        ("1", "a", " ", "APPROVED", ""),
        ("2", "a", "u", "APPROVED", "a"),
        ("2", "", "v", "APPROVED", "a"),
        ("2", "a", "", "APPROVED", "a"),
        ("2", '["a", "b"]', "w", "APPROVED", "a"),
        ("", "", "", " ", ""),
    ]
    found = read_toloka(toloka(tmp_path, table, names))
    assert rows(found.judgements) == [["1", "u", "a"]]
    assert rows(found.gold_judgements) == [["2", "u", "a"]]
    assert found.left_out == {
        "empty": 2,
        "no_worker": 2,
        "golden": 1,
        "several_choices": 1,
    }


def test_toloka_verdicts_that_are_not_uploaded_yet_count(tmp_path):
    table = [
        ("1", "a", "u", "SUBMITTED", "+"),
        ("1", "b", "v", "SUBMITTED", "-"),
        ("1", "c", "w", "APPROVED", "-"),
    ]
    path = toloka(tmp_path, table, [*TOLOKA, "ACCEPT:verdict"])
    found = read_toloka(path, "OUTPUT:mood")
    assert rows(found.judgements) == [["1", "u", "a"], ["1", "w", "c"]]
    assert found.left_out == {"rejected": 1}
    assert len(read_toloka(path, rejected="keep")) == 3


def test_toloka_the_only_input_is_the_id(tmp_path):
    path = toloka(
        tmp_path, [("x.png", "a", "w", "APPROVED")], ["INPUT:image", *TOLOKA[1:]]
    )
    assert rows(read_toloka(path).judgements) == [["x.png", "w", "a"]]


def test_toloka_whole_numbers_and_times(tmp_path):
    path = toloka(
        tmp_path,
        [
            ("t1", "5", "a", "APPROVED", "2026-03-02T10:00:01.5"),
            ("t1", "4", "b", "APPROVED", "2026-03-02T10:00:00"),
        ],
        ["ASSIGNMENT:task_id", *TOLOKA[1:], "ASSIGNMENT:submitted"],
    )
    assert labels(read_toloka(path)) == [4, 5]


@pytest.mark.parametrize(
    ("names", "status", "options", "match"),
    [
        (TOLOKA, "DONE", {}, r"status 'DONE' of sample 'v' is not known; expected AC"),
        (TOLOKA, "ACTIVE", {"rejected": "no"}, r"rejected.*leave_out"),
        (TOLOKA, "APPROVED", {"sample": "key"}, r"sample= with one of INPUT:id, or"),
        (
            ["INPUT:a", "INPUT:b", *TOLOKA[1:]],
            "APPROVED",
            {},
            r"one of INPUT:a, INPUT:b",
        ),
        (
            ["INPUT:id", "OUTPUT:tone", *TOLOKA[1:]],
            "APPROVED",
            {},
            r"2 questions.*'tone'",
        ),
        (TOLOKA, "APPROVED", {"question": "tone"}, r"no question 'tone'.*'mood'"),
        (["id", "label", "status"], "", {}, r"ASSIGNMENT:worker_id.*read_wide"),
    ],
)
def test_toloka_refuses(tmp_path, names, status, options, match):
    path = toloka(tmp_path, [["v"] * (len(names) - 1) + [status]], names)
    with pytest.raises(ValueError, match=match):
        read_toloka(path, **options)


@pytest.mark.parametrize("read", [read_mturk, read_appen, read_toloka])
def test_platforms_refuse_json_and_empty_files(read, tmp_path):
    path = tmp_path / "export.json"
    path.write_text('[{"data_row": {}, "projects": {}}]', encoding="utf-8")
    with pytest.raises(ValueError, match=r"export of Labelbox: use read_labelbox"):
        read(path)
    path.write_text("\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"is empty\. Export it again"):
        read(path)
    with pytest.raises(FileNotFoundError, match=r"no file or folder"):
        read(tmp_path / "none.csv")
