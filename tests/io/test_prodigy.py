"""Exports of Prodigy: what counts as a vote, and what is refused."""

import pytest

from sklabel.io import read_prodigy
from tests.io._writers import write_lines, write_table


def chosen(worker, *options, sample=7, answer="accept", **more):
    return {
        "text": f"text of {sample}",
        "meta": {"ticket": f"T-{sample}", "score": 0.5},
        "_input_hash": sample,
        "_view_id": "choice",
        "accept": list(options),
        "answer": answer,
        "_annotator_id": worker,
        **more,
    }


def binary(worker, label, answer, **more):
    return {
        "text": "x",
        "_input_hash": -7,
        "_view_id": "classification",
        "label": label,
        "answer": answer,
        "_annotator_id": worker,
        **more,
    }


def write(folder, *tasks):
    return write_lines(folder / "mood.jsonl", tasks)


def rows(frame):
    return frame[["sample", "worker", "label"]].to_numpy().tolist()


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (chosen("d-bob", answer="ignore"), "ignored"),
        (chosen("d-bob", "bad", answer="ignore"), "ignored"),
        (chosen("d-bob", "bad", answer="reject"), "rejected"),
        (chosen("d-bob"), "empty"),
        (chosen("d-bob", "good", "bad"), "several_choices"),
        (chosen(None, "bad"), "no_worker"),
        (chosen("", "bad"), "no_worker"),
    ],
)
def test_an_answer_that_is_no_vote_is_counted_by_its_reason(tmp_path, task, reason):
    found = read_prodigy(write(tmp_path, chosen("d-ann", "good"), task))
    assert found.question == "choice"
    assert rows(found.judgements) == [["7", "d-ann", "good"]]
    assert found.left_out == {reason: 1}


def test_in_a_binary_view_the_answer_is_the_label_and_each_label_a_question(tmp_path):
    tasks = [
        binary("d-ann", "SPAM", "accept"),
        binary("d-bob", "SPAM", "reject"),
        binary("d-cyd", "SPAM", "ignore"),
        binary("d-ann", "URGENT", "accept"),
    ]
    found = read_prodigy(write(tmp_path, *tasks[:3]))
    assert found.question == "SPAM"
    assert rows(found.judgements) == [
        ["-7", "d-ann", "accept"],
        ["-7", "d-bob", "reject"],
    ]
    assert found.left_out == {"ignored": 1}
    path = write(tmp_path, *tasks)
    with pytest.raises(ValueError, match=r"2 questions: 'SPAM' \(2 .*'URGENT' \(1 an"):
        read_prodigy(path)
    assert len(read_prodigy(path, "URGENT")) == 1
    with pytest.raises(ValueError, match=r"no question 'HAM' in this.*'SPAM' \(2 answ"):
        read_prodigy(path, "HAM")


def test_several_options_are_a_list_or_one_option(tmp_path):
    tasks = [chosen("d-ann", "a", "b"), chosen("d-bob", "a"), chosen("d-cyd", "b")]
    path = write(tmp_path, *tasks)
    labels = read_prodigy(path, several="list").judgements["label"].tolist()
    assert labels == ['["a", "b"]', '["a"]', '["b"]']
    labels = read_prodigy(path, option="a").judgements["label"].tolist()
    assert labels == ["a", "a", "not a"]
    with pytest.raises(ValueError, match=r"Nobody chose the option 'c'.*'a', 'b'"):
        read_prodigy(path, option="c")


def test_options_may_be_numbers_and_one_that_is_no_list(tmp_path):
    path = write(tmp_path, chosen("d-ann", 2), chosen("d-bob", accept=3))
    assert read_prodigy(path).judgements["label"].tolist() == [2, 3]


@pytest.mark.parametrize("models", ["d-gpt", ["d-gpt"], iter(["d-gpt"])])
def test_annotators_that_are_models_are_no_workers(tmp_path, models):
    path = write(tmp_path, chosen("d-ann", "good"), chosen("d-gpt", "bad"))
    found = read_prodigy(path, models=models)
    assert rows(found.judgements) == [["7", "d-ann", "good"]]
    names = ["sample", "model", "label"]
    assert found.model_answers[names].to_numpy().tolist() == [["7", "d-gpt", "bad"]]


def test_a_model_that_is_not_there_is_refused(tmp_path):
    path = write(tmp_path, chosen("d-ann", "good"), chosen("d-gpt", "bad"))
    with pytest.raises(ValueError, match=r"models= names gpt, zed, and the annotators"):
        read_prodigy(path, models=["zed", "gpt", "d-gpt"])


@pytest.mark.parametrize(
    ("change", "sample", "match"),
    [
        (
            {"_view_id": "ner_manual", "spans": [], "accept": None},
            None,
            r"view 'ner_manual' has no label of the whole text",
        ),
        ({"_view_id": None, "accept": None}, None, r"has no label of the whole text"),
        ({"answer": "maybe"}, None, r"'accept', 'reject' or 'ignore'; got 'maybe'"),
        ({"answer": None}, None, r"expected a task with an answer, as Prodigy writes"),
        ({"_input_hash": None}, None, r"no '_input_hash'. Pass sample= with.*'ticket'"),
        ({}, "meta.id", r"has no 'meta.id'. Pass sample=.*one of its meta, 'ticket'"),
        ({"meta": None}, "id", r"one of its meta, which has none"),
        ({"data": {}, "annotations": []}, None, r"export of Label Studio: use read_l"),
    ],
)
def test_a_line_that_lacks_something_says_which(tmp_path, change, sample, match):
    task = {**chosen("d-bob", "good"), **change}
    if change.get("answer", "") is None or "data" in change:
        del task["answer"]
    if "data" in change:
        del task["_input_hash"]
    task = {k: v for k, v in task.items() if k != "accept" or v is not None}
    path = write(tmp_path, chosen("d-ann", "good", id=1, meta={"id": 1}), task)
    with pytest.raises(ValueError, match=match) as raised:
        read_prodigy(path, sample=sample)
    assert "line 2" in str(raised.value)


def test_a_table_is_refused(tmp_path):
    path = write_table(tmp_path / "own.csv", ["a", "b"], [(1, 2)])
    with pytest.raises(ValueError, match=r"expected JSON lines of `prodigy db-out`"):
        read_prodigy(path)


def test_old_files_know_sessions_only(tmp_path):
    old = chosen(None, "good", _session_id="d-ann")
    both = chosen("d-bob", "bad", _session_id="d-2024")
    found = read_prodigy(write(tmp_path, old, both))
    assert found.judgements["worker"].tolist() == ["d-ann", "d-bob"]
    short = found.rename_workers(lambda worker: worker.removeprefix("d-"))
    assert short.judgements["worker"].tolist() == ["ann", "bob"]


def offered(worker, options, accepted, **more):
    return chosen(
        worker,
        accepted,
        options=[{"id": id_, "text": text} for id_, text in options],
        **more,
    )


TOPICS = [(1, "Sports"), (2, "Politics"), (3, "Weather")]


def test_options_are_the_classes_and_their_texts_may_be_the_labels(tmp_path):
    tasks = [offered("d-ann", TOPICS, 3), offered("d-bob", TOPICS[::-1], 1, sample=8)]
    found = read_prodigy(write(tmp_path, *tasks))
    assert found.crowd_labels().classes.tolist() == [1, 2, 3]
    assert found.notes[0].startswith("labels are the ids of options: 1 'Sports', 2 '")
    found = read_prodigy(tmp_path / "mood.jsonl", option_texts=True)
    assert found.judgements["label"].tolist() == ["Weather", "Sports"]
    assert found.crowd_labels().classes.tolist() == ["Sports", "Politics", "Weather"]
    assert found.notes == []


def test_options_that_came_later_and_labels_of_no_option(tmp_path):
    options = [("good", "Good"), ("bad", "Bad")]
    tasks = [
        offered("d-ann", options, "bad"),
        offered("d-ann", [*options, ("odd", "Odd")], "good", sample=8),
        offered("d-ann", options, "other", sample=9),
    ]
    found = read_prodigy(write(tmp_path, *tasks))
    classes = ["good", "bad", "odd", "other"]
    assert found.crowd_labels().classes.tolist() == classes
    assert found.notes[0].endswith("come after them: 'other'")
    one = read_prodigy(tmp_path / "mood.jsonl", option="bad").crowd_labels()
    assert one.classes.tolist() == ["bad", "not bad"]


def test_texts_that_do_not_tell_options_apart_are_refused(tmp_path):
    path = write(tmp_path, offered("d-ann", [(1, "A"), (2, "A")], 1))
    with pytest.raises(ValueError, match=r"line 1: several options have the same text"):
        read_prodigy(path, option_texts=True)


@pytest.mark.parametrize(
    "other", [[("bug", "Bug"), ("ok", "Fine")], [(1, "B"), (2, "C")]]
)
def test_tasks_of_two_projects_get_a_warning(tmp_path, other):
    first = offered("a-ann", TOPICS, 1)
    second = offered("b-ann", other, other[0][0], sample=8)
    message = (
        r"different options: 1, 2, 3 in 1 answer, first '.*line 1; .* in 1 answer, .*l"
    )
    with pytest.warns(UserWarning, match=message):
        found = read_prodigy(write(tmp_path, first, second))
    assert found.classes is None


def test_options_of_their_own_in_every_task_are_no_classes(tmp_path):
    tasks = [
        offered("d-ann", [(1, f"left {n}"), (2, f"right {n}")], 1, sample=n)
        for n in range(20)
    ]
    assert read_prodigy(write(tmp_path, *tasks)).classes is None


def test_choices_and_binary_tasks_are_several_questions(tmp_path):
    path = write(tmp_path, chosen("d-ann", "good"), binary("d-ann", "SPAM", "accept"))
    with pytest.raises(ValueError, match=r"2 questions: 'choice' \(1 answer\), 'SPAM'"):
        read_prodigy(path)
    assert len(read_prodigy(path, "choice")) == 1


@pytest.mark.parametrize("task", [chosen(None, "a"), binary(None, "SPAM", "accept")])
def test_a_file_without_annotators_is_refused(tmp_path, task):
    with pytest.raises(ValueError, match=r"Start Prodigy with named sessions"):
        read_prodigy(write(tmp_path, task))


def test_the_latest_answer_stands_last_whatever_the_order_of_the_file(tmp_path):
    new = chosen("d-ann", "new", _timestamp=1_600_000_100)
    old = chosen("d-ann", "old", _timestamp=1_600_000_000)
    found = read_prodigy(write(tmp_path, new, old))
    assert found.judgements["label"].tolist() == ["old", "new"]
    assert str(found.judgements["time"].iloc[0]) == "2020-09-13 12:26:40"
    assert found.left_out == {"repeated": 1}


@pytest.mark.parametrize(
    ("sample", "want"),
    [(None, "7"), ("ticket", "T-7"), ("meta.ticket", "T-7"), ("text", "text of 7")],
)
def test_your_own_id_may_be_the_sample(tmp_path, sample, want):
    found = read_prodigy(write(tmp_path, chosen("d-ann", "good")), sample=sample)
    assert found.samples.index.tolist() == [want]
    # The score of meta is the model's, not the text's.
    assert found.samples.columns.tolist() == ["text", "ticket"]


def test_options_that_were_added_on_the_way_are_one_question(tmp_path):
    def asked(worker, *options):
        shown = [{"id": option, "text": option} for option in options]
        return chosen(worker, options[0], options=shown)

    path = write(
        tmp_path, asked("ann", "a"), asked("bob", "c"), asked("bob", "a", "b", "c")
    )
    found = read_prodigy(path)
    assert found.classes == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"accept": {"text": "l"}, "_view_id": "compare"}, r"the view 'compare' has"),
        ({"accept": [["a"]]}, r"an option is a text or a number, got \['a'\]"),
        ({"_annotator_id": {"id": 1}}, r"an id is a text or a number"),
        ({"_input_hash": [1]}, r"an id is a text or a number, got \[1\]"),
    ],
)
def test_a_part_that_is_not_what_the_tool_writes_is_named(tmp_path, change, match):
    path = write(tmp_path, chosen("d-ann", "a"), {**chosen("d-bob", "a"), **change})
    with pytest.raises(ValueError, match=rf"line 2: .*{match}"):
        read_prodigy(path)


@pytest.mark.parametrize("label", [True, ""])
def test_a_label_of_a_binary_task_is_a_text(tmp_path, label):
    with pytest.raises(ValueError, match=r"has no label of the whole text"):
        read_prodigy(write(tmp_path, binary("d-ann", label, "accept")))
