"""Traps in tables of Mechanical Turk, Appen and Toloka, one small export each."""

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


def mturk(folder, rows, names=MTURK):
    return write_table(folder / "batch.csv", names, rows)


def appen(folder, rows, names=APPEN):
    return write_table(folder / "full.csv", names, rows)


def toloka(folder, rows, names=TOLOKA):
    return write_table(folder / "pool.tsv", names, rows, delimiter="\t")


# Amazon Mechanical Turk


def test_mturk_rejected_answers_are_left_out_or_kept(tmp_path):
    path = mturk(
        tmp_path,
        [("H1", "ann", "Approved", "1", "good"), ("H1", "bob", "Rejected", "1", "bad")],
    )
    found = read_mturk(path)
    assert rows(found.judgements) == [["1", "ann", "good"]]
    assert found.left_out == {"rejected": 1}
    kept = read_mturk(path, rejected="keep")
    assert rows(kept.judgements) == [["1", "ann", "good"], ["1", "bob", "bad"]]
    assert kept.left_out == {}


def test_mturk_the_sample_is_the_input_and_ids_keep_leading_zeros(tmp_path):
    # The item was posted again under another HIT.
    path = mturk(
        tmp_path,
        [("H1", "007", "Approved", "009", "a"), ("H2", "bob", "Approved", "009", "b")],
    )
    found = read_mturk(path)
    assert rows(found.judgements) == [["009", "007", "a"], ["009", "bob", "b"]]
    assert list(found.samples.index) == ["009"]


def test_mturk_counts_cells_that_are_empty(tmp_path):
    path = mturk(
        tmp_path,
        [
            ("H1", "ann", "Approved", "1", "a"),
            ("H1", "bob", "Approved", "1", ""),
            ("H1", "", "Approved", "1", "a"),
            ("H1", "cyd", "Approved", "", "a"),
        ],
    )
    found = read_mturk(path)
    assert rows(found.judgements) == [["1", "ann", "a"]]
    assert found.left_out == {"empty": 1, "no_worker": 1, "no_sample": 1}


def test_mturk_times_are_ordered_across_the_end_of_summer_time(tmp_path):
    path = mturk(
        tmp_path,
        [
            ("H1", "w", "Approved", "1", "last", "Sun Nov 01 01:30:00 PST 2026"),
            ("H1", "w", "Approved", "1", "first", "Sun Nov 01 01:45:00 PDT 2026"),
            ("H1", "w", "Approved", "1", "unread", "01.11.2026"),
        ],
        [*MTURK, "SubmitTime"],
    )
    found = read_mturk(path)
    assert labels(found) == ["unread", "first", "last"]
    assert list(found.judgements["time"][1:].astype(str)) == [
        "2026-11-01 08:45:00",
        "2026-11-01 09:30:00",
    ]
    assert found.notes[0].startswith("1 time could not be read")
    assert found.left_out == {"repeated": 2}
    with pytest.warns(UserWarning, match=r"2 of 3 judgements repeat"):
        crowd = found.crowd_labels()
    assert list(crowd.to_frame()["label"]) == ["last"]


@pytest.mark.parametrize(
    ("content", "question", "want"),
    [
        ([{"mood": {"good": True, "bad": False}}], None, ["good"]),
        ([{"mood": {"label": "good"}}], None, ["good"]),
        ([{"mood": "good", "sure": {"yes": True, "no": False}}], "sure", ["yes"]),
        ([{"mood": "good"}, {"sure": "2"}], "sure", [2]),
    ],
)
def test_mturk_task_answers(tmp_path, content, question, want):
    path = mturk(
        tmp_path,
        [("H1", "ann", "Approved", "1", json.dumps(content))],
        [*MTURK[:4], "Answer.taskAnswers"],
    )
    assert labels(read_mturk(path, question)) == want


def test_mturk_task_answers_that_are_empty_or_broken(tmp_path):
    names = [*MTURK[:3], "Input.key", "Answer.taskAnswers"]
    good = '[{"mood": "good"}]'
    lines = [("H", "a", "Approved", "1", good), ("H", "b", "Approved", "1", "")]
    found = read_mturk(mturk(tmp_path, lines, names))  # the only input is the id
    assert rows(found.judgements) == [["1", "a", "good"]]
    assert found.left_out == {"empty": 1}
    # The row is that of the file, rejected ones before it or not.
    lines = [("H", "a", "Rejected", "1", good), ("H", "b", "Approved", "1", "{")]
    with pytest.raises(ValueError, match=r"row 3: Answer\.taskAnswers is not JSON"):
        read_mturk(mturk(tmp_path, lines, names))


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), ("TRUE", "FALSE")])
def test_mturk_check_boxes_are_one_question(tmp_path, yes, no):
    path = mturk(
        tmp_path,
        [
            ("H1", "ann", "Approved", "1", yes, no),
            ("H1", "bob", "Approved", "1", yes, yes),
            ("H1", "cyd", "Approved", "1", no, no),
        ],
        [*MTURK[:4], "Answer.topic.bill", "Answer.topic.bug"],
    )
    found = read_mturk(path)
    assert found.question == "topic"
    assert rows(found.judgements) == [["1", "ann", "bill"]]
    assert found.left_out == {"several_choices": 1, "empty": 1}
    assert labels(read_mturk(path, several="list"))[:2] == [
        '["bill"]',
        '["bill", "bug"]',
    ]
    assert labels(read_mturk(path, option="bug"))[:2] == ["not bug", "bug"]


def test_mturk_labels_that_are_called_true_are_no_boxes(tmp_path):
    path = mturk(tmp_path, [("H1", "ann", "Approved", "1", "true")])
    assert labels(read_mturk(path)) == ["true"]


ITEMS = [*MTURK[:3], "Input.id1", "Input.text1", "Input.id2", "Input.text2"]
ITEMS += ["Answer.label1", "Answer.label2"]


def test_mturk_several_items_in_a_hit(tmp_path):
    path = mturk(
        tmp_path, [("H", "w", "Approved", "a", "A", "b", "B", "x", "y")], ITEMS
    )
    found = read_mturk(path, items={"id1": "label1", "Input.id2": "Answer.label2"})
    assert rows(found.judgements) == [["a", "w", "x"], ["b", "w", "y"]]
    assert found.samples["text"].to_dict() == {"a": "A", "b": "B"}


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({}, r"several items in a HIT .*items=\{'id1': 'label1'"),
        ({"items": {"id9": "label1"}}, r"no column 'Input\.id9', which items= names"),
        ({"items": {"id1": "mood"}}, r"no answer 'mood'.*there are label1, label2"),
        ({"items": {"id1": "label1"}, "question": "x"}, r"leave out question="),
        ({"rejected": "drop"}, r"rejected.*leave_out"),
        ({"question": ["label1"]}, r"question is the name of one question"),
    ],
)
def test_mturk_refuses_options(tmp_path, options, match):
    path = mturk(
        tmp_path, [("H", "w", "Approved", "a", "A", "b", "B", "x", "y")], ITEMS
    )
    with pytest.raises((ValueError, TypeError), match=match):
        read_mturk(path, **options)


@pytest.mark.parametrize(
    ("names", "cells", "options", "match"),
    [
        (
            [*MTURK[:3], "Input.a", "Input.b", "Answer.x"],
            ["1", "2", "y"],
            {},
            r"which input holds the sample's id\? Pass sample= with one of a, b\.",
        ),
        (MTURK, ["1", "y"], {"sample": "key"}, r"one of id; there is no 'key'"),
        (MTURK, ["1", "y"], {"question": "tone"}, r"no question 'tone'.*'mood' \(1"),
        (
            [*MTURK, "Answer.tone"],
            ["1", "y", "z"],
            {},
            r"2 questions: 'mood' \(1 answer\), 'tone'",
        ),
        (["HITId", "WorkerId", "x"], [], {}, r"AssignmentStatus.*again, in full"),
        (MTURK[:4], ["1"], {}, r"holds no answer to a question of choice"),
        (
            [*MTURK[:4], "Answer.taskAnswers"],
            ["1", '[{"mood": '],
            {},
            r"row 2: Answer\.taskAnswers is not JSON",
        ),
    ],
)
def test_mturk_says_what_is_missing(tmp_path, names, cells, options, match):
    path = mturk(tmp_path, [["H", "w", "Approved", *cells]], names)
    with pytest.raises(ValueError, match=match):
        read_mturk(path, **options)


def test_mturk_no_answer_with_a_worker_is_refused(tmp_path):
    path = mturk(tmp_path, [("H", "", "Approved", "1", "a")])
    with pytest.raises(ValueError, match=r"No answer to 'mood' says who gave it"):
        read_mturk(path)


def test_mturk_warns_where_rows_of_one_id_show_different_items(tmp_path):
    path = mturk(
        tmp_path,
        [
            ("H1", "a", "Approved", "1", "x", "A"),
            ("H2", "b", "Approved", "1", "y", "B"),
        ],
        [*MTURK, "Input.text"],
    )
    with pytest.warns(UserWarning, match=r"shares the id.*'1' has text 'A' and 'B'"):
        found = read_mturk(path)
    assert list(found.samples["text"]) == ["A"]


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
