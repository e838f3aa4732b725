"""Traps in batch results of Amazon Mechanical Turk, one small table each."""

import json

import pytest

from sklabel.io import read_mturk
from tests.io._writers import write_table

MTURK = ["HITId", "WorkerId", "AssignmentStatus", "Input.id", "Answer.mood.label"]
FIELD = [*MTURK[:4], "Answer.mood"]


def rows(frame):
    return frame[["sample", "worker", "label"]].to_numpy().tolist()


def labels(found):
    return list(found.judgements["label"])


def mturk(folder, rows, names=MTURK):
    return write_table(folder / "batch.csv", names, rows)


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


@pytest.mark.parametrize(("yes", "no"), [("true", "false"), (" TRUE", "FALSE ")])
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


def test_mturk_the_status_is_one_that_is_known(tmp_path):
    lines = [("H", "a", "approved ", "1", "x"), ("H", "b", "REJECTED", "1", "y")]
    found = read_mturk(mturk(tmp_path, lines))
    assert rows(found.judgements) == [["1", "a", "x"]]
    assert found.left_out == {"rejected": 1}
    lines = [("H", "a", "Approved", "1", "x"), ("H", "b", "Returned", "1", "y")]
    with pytest.raises(
        ValueError, match=r"row 3: the status 'Returned'.*Submitted, Approved, Rej"
    ):
        read_mturk(mturk(tmp_path, lines))


def test_mturk_what_is_marked_for_rejection_is_rejected(tmp_path):
    lines = [
        ("H", "a", "Submitted", "1", "x", "x", ""),
        ("H", "b", "Submitted", "1", "y", "", "Random answers"),
        # Rejected by mistake, and approved later.
        ("H", "c", "Approved", "1", "x", "", "Random answers"),
    ]
    path = mturk(tmp_path, lines, [*MTURK, "Approve", "Reject"])
    found = read_mturk(path)
    assert rows(found.judgements) == [["1", "a", "x"], ["1", "c", "x"]]
    assert found.left_out == {"rejected": 1}
    assert len(read_mturk(path, rejected="keep")) == 3


def test_mturk_rejected_answers_to_several_items_are_all_counted(tmp_path):
    lines = [
        ("H", "a", "Rejected", "1", "x", "2", "y", "A", "B"),
        ("H", "b", "Approved", "1", "x", "2", "y", "A", "B"),
    ]
    items = {"id1": "label1", "id2": "label2"}
    found = read_mturk(mturk(tmp_path, lines, ITEMS), items=items)
    assert len(found) == found.left_out["rejected"] == 2


def test_mturk_blanks_are_no_answers_and_rows_of_separators_no_rows(tmp_path):
    lines = [
        ("H", "a", "Approved", "1", " "),
        ("H", " ", "Approved", "1", "x"),
        ("H", "c", "Approved", " ", "x"),
        ("H", "d", "Approved", "1", "x"),
        ("", "", " ", "", ""),
    ]
    found = read_mturk(mturk(tmp_path, lines))
    assert rows(found.judgements) == [["1", "d", "x"]]
    assert found.left_out == {"empty": 1, "no_worker": 1, "no_sample": 1}


def test_mturk_check_boxes_of_html_stand_in_one_cell(tmp_path):
    lines = [("H", "a", "Approved", "1", "x|y"), ("H", "b", "Approved", "1", "x")]
    path = mturk(tmp_path, lines, FIELD)
    found = read_mturk(path)
    assert rows(found.judgements) == [["1", "b", "x"]]
    assert found.left_out == {"several_choices": 1}
    assert labels(read_mturk(path, several="list")) == ['["x", "y"]', '["x"]']
    assert labels(read_mturk(path, option="y")) == ["y", "not y"]
    # The label of a crowd-classifier is one label, whatever it holds.
    assert labels(read_mturk(mturk(tmp_path, lines))) == ["x|y", "x"]


@pytest.mark.parametrize("cell", ["[" * 100_000, "[" + "9" * 5_000 + "]", "[sic]"])
def test_mturk_cells_that_only_look_like_json_are_texts(tmp_path, cell):
    path = mturk(tmp_path, [("H", "a", "Approved", "1", cell)], FIELD)
    assert labels(read_mturk(path)) == [cell]


@pytest.mark.parametrize(
    ("cell", "match"),
    [
        ('"good"', r"row 2: .*list of an object of the form's fields; got 'good'"),
        ("5", r"got 5\. Was the file edited"),
        ('["good"]', r"got 'good'"),
        ('[{"mood": "x"}, {"mood": "y"}]', r"has 'mood' twice.*names of their own"),
        ('[{"mood": "\\ud83d"}]', r"is not JSON \(it holds half of a character\)"),
        ("[" * 100_000, r"is not JSON \(it is nested too deeply\)"),
    ],
)
def test_mturk_task_answers_of_another_shape_are_refused(tmp_path, cell, match):
    names = [*MTURK[:4], "Answer.taskAnswers"]
    with pytest.raises(ValueError, match=match):
        read_mturk(mturk(tmp_path, [("H", "a", "Approved", "1", cell)], names))


@pytest.mark.parametrize(
    ("columns", "cells", "match"),
    [
        (["Answer.q", "Answer.q.label"], ["x", "y"], r"'q' twice, in Answer.q and in"),
        (["Answer.q", "Answer.q.x"], ["x", "true"], r"Answer.q and in check boxes"),
        (["Answer.taskAnswers", "Answer.q"], ['[{"q": "x"}]', "y"], r"'q' twice"),
    ],
)
def test_mturk_two_columns_of_answers_to_one_question_are_refused(
    tmp_path, columns, cells, match
):
    line = ["H", "a", "Approved", "1", *cells]
    with pytest.raises(ValueError, match=match):
        read_mturk(mturk(tmp_path, [line], [*MTURK[:4], *columns]))


@pytest.mark.parametrize("question", ["mood", "Answer.mood", "Answer.mood.label"])
def test_mturk_a_question_may_be_named_by_its_column(tmp_path, question):
    path = mturk(
        tmp_path, [("H", "a", "Approved", "1", "x", "y")], [*MTURK, "Answer.sure"]
    )
    assert labels(read_mturk(path, question)) == ["x"]


def test_mturk_items_are_a_dict(tmp_path):
    path = mturk(tmp_path, [("H", "a", "Approved", "1", "x")])
    with pytest.raises(TypeError, match=r"items= is a dict .*; got \['id1'\]"):
        read_mturk(path, items=["id1"])


def test_mturk_labels_of_one_option_are_texts(tmp_path):
    both = [("H", "a", "Approved", "1", "1"), ("H", "b", "Approved", "1", "1|2")]
    path = mturk(tmp_path, both, FIELD)
    assert labels(read_mturk(path, option="1")) == ["1", "1"]


def test_mturk_batches_without_inputs_go_by_hits(tmp_path):
    names = [*MTURK[:3], "Answer.mood"]
    path = mturk(tmp_path, [("H", "a", "Approved", "x")], names)
    assert rows(read_mturk(path, sample="HITId").judgements) == [["H", "a", "x"]]
    with pytest.raises(ValueError, match=r"no column Input.*sample='HITId'"):
        read_mturk(path)


def test_mturk_times_of_other_tools_are_read(tmp_path):
    lines = [
        ("H", "a", "Approved", "1", "later", "2026-03-10 10:11:13-07:00"),
        ("H", "b", "Approved", "1", "first", "Tue Mar 10 10:11:12 PDT 2026"),
        ("H", "c", "Approved", "1", "unread", "Fri Jan 01 00:00:00 UTC 9999"),
        ("H", "d", "Approved", "1", "unread", "0001-01-01T00:00:00Z"),
    ]
    found = read_mturk(mturk(tmp_path, lines, [*MTURK, "SubmitTime"]))
    assert labels(found) == ["unread", "unread", "first", "later"]
    assert found.notes[0].startswith("2 times could not be read")
