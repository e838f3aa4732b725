"""Exports of Label Studio: what counts as a vote, and what is refused."""

import json

import pytest

from sklabel.io import read_label_studio
from tests.io._writers import write_table


def choice(*options, name="mood", kind="choices", **more):
    value = {"choices": list(options)}
    return {"from_name": name, "to_name": "text", "type": kind, "value": value, **more}


def rated(stars):
    value = {"rating": stars}
    return {"from_name": "stars", "to_name": "text", "type": "rating", "value": value}


def said(user, *items, **more):
    return {"completed_by": user, "result": list(items), **more}


def task(number, *annotations, **more):
    data = {"text": f"text of {number}", "ticket": f"T-{number}"}
    return {"id": number, "data": data, "annotations": list(annotations), **more}


def write(folder, *tasks, name="export.json"):
    path = folder / name
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def rows(frame, *names):
    return frame[list(names or ("sample", "worker", "label"))].to_numpy().tolist()


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (said(5, was_cancelled=True), "cancelled"),
        (said(5, choice("bad"), was_cancelled=True), "cancelled"),
        (said(5, choice("bad"), skipped=True), "cancelled"),
        (said(5), "empty"),
        (said(5, choice()), "empty"),
        (said(5, choice("good", "bad")), "several_choices"),
        (said(None, choice("bad")), "no_worker"),
        (said({"first_name": "Ann"}, choice("bad")), "no_worker"),
        (said("", choice("bad")), "no_worker"),
        (said(" ", choice("bad")), "no_worker"),
        (said(None), "empty"),
        (said(5, {**choice(), "value": {}}), "empty"),
    ],
)
def test_an_answer_that_is_no_vote_is_counted_by_its_reason(
    tmp_path, annotation, reason
):
    path = write(tmp_path, task(1, said(3, choice("good")), annotation))
    found = read_label_studio(path)
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert found.left_out == {reason: 1}


def test_ground_truth_is_gold_and_no_vote(tmp_path):
    expert = said(9, choice("bad", "mixed"), ground_truth=True)
    path = write(tmp_path, task(1, said(3, choice("good")), expert))
    found = read_label_studio(path)
    assert rows(found.judgements) == [["1", "3", "good"]]
    # Several options of an expert are several accepted answers.
    assert rows(found.gold) == [["1", "9", "bad"], ["1", "9", "mixed"]]
    assert found.left_out == {"ground_truth": 1}
    # A skipped answer is none, whoever gave it.
    path = write(tmp_path, task(1, said(3, choice("good")), {**expert, "skipped": 1}))
    assert read_label_studio(path).gold.empty


def test_users_are_ids_objects_or_addresses(tmp_path):
    users = [3, {"id": 4, "email": "d@x.org"}, {"email": "e@x.org"}]
    path = write(tmp_path, task(1, *(said(user, choice("good")) for user in users)))
    workers = read_label_studio(path).judgements["worker"].tolist()
    assert workers == ["3", "4", "e@x.org"]


def test_an_export_without_any_user_is_refused(tmp_path):
    path = write(tmp_path, task(1, said(None, choice("a")), said(None, choice("b"))))
    with pytest.raises(ValueError, match=r"'mood' says who gave it \(2 without a work"):
        read_label_studio(path)


def test_of_several_controls_one_must_be_named(tmp_path):
    both = said(3, choice("yes", name="urgent"), choice("good"))
    path = write(tmp_path, task(1, both, said(5, choice("bad"))))
    with pytest.raises(ValueError, match=r"2 questions: 'urgent' \(1 .*'mood' \(2 ans"):
        read_label_studio(path)
    with pytest.raises(ValueError, match=r"no question 'moods'.*found: 'urgent' \(1 "):
        read_label_studio(path, "moods")
    found = read_label_studio(path, "urgent")
    assert rows(found.judgements) == [["1", "3", "yes"]]
    assert found.left_out == {"empty": 1}
    assert found.questions == {"urgent": 1, "mood": 2}


def test_without_a_name_the_only_control_of_choices_is_read(tmp_path):
    span = {"start": 0, "end": 4, "labels": ["ORG"]}
    label = {"id": "r", "from_name": "ner", "type": "labels", "value": span}
    path = write(tmp_path, task(1, said(3, label, rated(4), choice("good"))))
    assert rows(read_label_studio(path).judgements) == [["1", "3", "good"]]
    assert rows(read_label_studio(path, "stars").judgements) == [["1", "3", 4]]
    only_spans = write(tmp_path, task(1, said(3, label)), name="spans.json")
    with pytest.raises(ValueError, match=r"holds no answer to a question of choice"):
        read_label_studio(only_spans)


def test_an_answer_without_a_user_does_not_make_a_rating_the_question(tmp_path):
    answers = [said(user, rated(4), choice("good")) for user in (3, None)]
    found = read_label_studio(write(tmp_path, task(1, *answers)))
    assert found.question == "mood"
    assert found.left_out == {"no_worker": 1}


def test_a_choice_of_a_region_is_no_label_of_the_task(tmp_path):
    region = choice("bad", id="r")
    region["value"].update(start=0, end=4)
    span = {"start": 0, "end": 4, "labels": ["ORG"]}
    beside = {"id": "s", "from_name": "ner", "type": "labels", "value": span}
    answer = said(3, region, beside, choice("bad", id="s"), choice("good", id="t"))
    found = read_label_studio(write(tmp_path, task(1, answer)))
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert found.left_out == {"per_region": 2}


@pytest.mark.parametrize(
    ("kind", "value", "label"),
    [
        ("taxonomy", {"taxonomy": [["animal", "cat"]]}, "animal/cat"),
        ("taxonomy", {"taxonomy": ["cat"]}, "cat"),
        ("rating", {"rating": 4}, 4),
        ("pairwise", {"selected": "left"}, "left"),
    ],
)
def test_other_controls_of_few_options_are_read(tmp_path, kind, value, label):
    item = {"from_name": "q", "to_name": "text", "type": kind, "value": value}
    found = read_label_studio(write(tmp_path, task(1, said(3, item))))
    assert found.question == "q"
    assert rows(found.judgements) == [["1", "3", label]]


def test_several_options_are_a_list_or_one_option(tmp_path):
    answers = [said(3, choice("a", "é")), said(4, choice("a")), said(5, choice("é"))]
    path = write(tmp_path, task(1, *answers))
    labels = read_label_studio(path, several="list").judgements["label"].tolist()
    assert labels == ['["a", "é"]', '["a"]', '["é"]']
    labels = read_label_studio(path, option="a").judgements["label"].tolist()
    assert labels == ["a", "a", "not a"]
    with pytest.raises(ValueError, match=r"Nobody chose the option 'b' of 'mood'.*'a'"):
        read_label_studio(path, option="b")
    with pytest.raises(ValueError, match=r"several must be"):
        read_label_studio(path, several="first")


def test_a_question_of_many_several_choices_warns(tmp_path):
    tasks = [task(n, said(3, choice("a", "b"))) for n in range(11)]
    with pytest.warns(UserWarning, match=r"11 answers to 'mood' choose several opt"):
        found = read_label_studio(write(tmp_path, *tasks))
    assert found.left_out["several_choices"] == 11


def test_drafts_are_no_votes_and_tasks_without_votes_are_samples(tmp_path):
    draft = {"user": 3, "result": [choice("bad")]}
    one = task(1, said(3, choice("good")), drafts=[draft])
    found = read_label_studio(write(tmp_path, one, task(2, drafts=[7, 8])))
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert found.left_out == {"drafts": 3, "tasks_without_votes": 1}
    assert found.samples["ticket"].to_dict() == {"1": "T-1", "2": "T-2"}


def test_predictions_are_answers_of_models(tmp_path):
    predictions = [
        {"model_version": "m", "score": 0.75, "result": [choice("bad")]},
        {"model_version": None, "score": None, "result": [choice("good")]},
        {"model_version": "m", "result": []},
        {"model_version": "m", "result": [choice("good", "bad")]},
    ]
    one = task(1, said(3, choice("good")), predictions=predictions)
    found = read_label_studio(write(tmp_path, one))
    assert rows(found.model_answers, "sample", "model", "label") == [
        ["1", "m", "bad"],
        ["1", "", "good"],
    ]
    assert found.model_answers["score"].iloc[0] == 0.75
    assert found.model_answers["score"].isna().tolist() == [False, True]
    assert found.notes == ["1 answer of models does not hold one label"]
    assert found.left_out == {}


def test_predictions_of_ids_only_are_noted_once(tmp_path):
    tasks = [task(n, said(3, choice("a")), predictions=[11, 12]) for n in (1, 2)]
    found = read_label_studio(write(tmp_path, *tasks))
    assert found.model_answers.empty
    assert [note[:34] for note in found.notes] == ["predictions are there as ids only;"]


def test_a_rejected_annotation_is_a_vote_unless_left_out(tmp_path):
    reviews = [{"accepted": True}, {"accepted": False}]
    refused = said(7, choice("bad"), reviews=reviews)
    kept = said(8, choice("good"), reviews=[{"accepted": True}])
    path = write(tmp_path, task(1, refused, kept))
    assert len(read_label_studio(path)) == 2
    found = read_label_studio(path, rejected="leave_out")
    assert rows(found.judgements) == [["1", "8", "good"]]
    assert found.left_out == {"rejected": 1}
    with pytest.raises(ValueError, match=r"rejected must be 'keep' or 'leave_out'"):
        read_label_studio(path, rejected="drop")


def test_several_projects_in_one_file_need_a_choice(tmp_path):
    tasks = [task(n, said(3, choice("a")), project=n + 10) for n in (1, 2)]
    path = write(tmp_path, *tasks)
    with pytest.raises(ValueError, match=r"2 projects \(11, 12\).*Pass project="):
        read_label_studio(path)
    for project in (12, "12"):
        found = read_label_studio(path, project=project)
        assert rows(found.judgements) == [["2", "3", "a"]]
        assert found.left_out == {"other_project": 1}
    with pytest.raises(ValueError, match=r"no project 13; the file holds 11, 12"):
        read_label_studio(path, "mood", project=13)
    path = write(tmp_path, task(1, said(3, choice("a"))))
    with pytest.raises(ValueError, match=r"project 11; the file holds no task that"):
        read_label_studio(path, project=11)


def test_the_latest_answer_stands_last_whatever_the_order_of_the_file(tmp_path):
    times = ["2024-05-02T10:00:00.5Z", "2024-05-01T10:00:00Z"]
    answers = [
        said(3, choice(option), created_at=time)
        for option, time in zip(["new", "old"], times, strict=True)
    ]
    found = read_label_studio(write(tmp_path, task(1, *answers)))
    assert found.judgements["label"].tolist() == ["old", "new"]
    assert found.left_out == {"repeated": 1}
    with pytest.warns(UserWarning, match=r"only the last of them counts"):
        votes = found.crowd_labels()
    assert votes.n_judgements == 1
    names = ["annotation_id", "annotator", "created_at", "id", "mood"]
    cells = [(1, 3, times[0], 1, "new"), (2, 3, times[1], 1, "old")]
    path = write_table(tmp_path / "export.csv", names, cells)
    found = read_label_studio(path, "mood")
    assert found.judgements["label"].tolist() == ["old", "new"]


def test_the_older_form_calls_annotations_completions(tmp_path):
    answers = [
        said(3, choice("good"), created_at=1_600_000_000),
        said(4, choice("bad"), skipped=True),
    ]
    older = {"id": 1, "data": {"text": "x"}, "completions": answers}
    found = read_label_studio(write(tmp_path, older))
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert str(found.judgements["time"].iloc[0]) == "2020-09-13 12:26:40"
    assert found.left_out == {"cancelled": 1}


def test_your_own_id_may_be_the_sample(tmp_path):
    path = write(tmp_path, task(1, said(3, choice("good"))))
    assert read_label_studio(path, sample="ticket").samples.index[0] == "T-1"
    with pytest.raises(ValueError, match=r"no key 'tickets'; it has 'text', 'ticket'"):
        read_label_studio(path, sample="tickets")


def test_ids_that_are_not_distinct_warn(tmp_path):
    tasks = [task(n, said(n, choice("good"))) for n in (1, 2)]
    for one in tasks:
        one["data"]["ticket"] = "T-0"
    with pytest.warns(UserWarning, match=r"'T-0' has text 'text of 1' and 'text of 2'"):
        found = read_label_studio(write(tmp_path, *tasks), sample="ticket")
    assert found.samples["text"].tolist() == ["text of 1"]


@pytest.mark.parametrize(
    ("change", "sample", "match"),
    [
        ({"id": None}, None, r"object 1: the task has no id. Pass sample=.*text, t"),
        ({"data": {"ticket": ""}}, "ticket", r"data has no value at 'ticket'"),
        ({"annotations": [4, 5]}, None, r"annotations are there as ids only"),
        ({"annotations": None}, None, r"expected a task with data and annotations"),
        ({"data": "x"}, None, r"expected a task with data and annotations"),
    ],
)
def test_a_task_that_lacks_something_says_which(tmp_path, change, sample, match):
    path = write(tmp_path, {**task(1, said(3, choice("good"))), **change})
    with pytest.raises(ValueError, match=match):
        read_label_studio(path, sample=sample)


def test_files_of_other_tools_are_refused_by_name(tmp_path):
    prodigy = {"_input_hash": 1, "answer": "accept"}
    with pytest.raises(ValueError, match=r"looks like an export of Prodigy: use read_"):
        read_label_studio(write(tmp_path, prodigy))
    path = write_table(tmp_path / "own.csv", ["a", "b"], [(1, 2)])
    with pytest.raises(ValueError, match=r"expected the columns id and annotator.*'a'"):
        read_label_studio(path, "a")


def test_an_empty_list_is_said(tmp_path):
    empty = write(tmp_path, name="empty.json")
    with pytest.raises(ValueError, match=r"holds no answer to a question of choice"):
        read_label_studio(empty)
    full = write(tmp_path, task(1, said(3, choice("good"))))
    found = read_label_studio([empty, full])
    assert len(found) == 1
    assert "holds an empty list" in found.notes[0]


NAMES = ["annotation_id", "annotator", "id", "mood", "text", "ticket"]


@pytest.fixture(params=["csv", "json"])
def plain(request, tmp_path):
    """Write rows as CSV or JSON_MIN, which tell the same."""

    def write_rows(*given):
        if request.param == "csv":
            return write_table(tmp_path / "export.csv", NAMES, given)
        objects = [dict(zip(NAMES, row, strict=True)) for row in given]
        return write(tmp_path, *objects, name="min.json")

    return write_rows


def test_plain_exports_are_read_with_a_note(plain):
    path = plain(
        (1, "3", 1, "good", "x", "T-1"),
        (2, "4", 1, '{"choices": ["good", "bad"]}', "x", "T-1"),
        (3, "5", 1, "", "x", "T-1"),
        (4, "None", 2, '{"choices": ["bad"]}', "y", "T-2"),
        ("", "", 3, "", "z", "T-3"),
        (5, "", 3, "bad", "z", "T-3"),
    )
    found = read_label_studio(path, "mood")
    assert rows(found.judgements) == [["1", "3", "good"], ["2", "None", "bad"]]
    assert found.left_out == {
        "several_choices": 1,
        "no_worker": 1,
        "empty": 1,
        "tasks_without_votes": 1,
    }
    assert list(found.samples.columns) == ["text", "ticket"]
    assert "1 answer has the annotator 'None'" in found.notes[0]
    assert "do not tell experts' answers (ground truth)" in found.notes[-1]
    found = read_label_studio(path, "mood", sample="ticket")
    assert found.samples.index.tolist() == ["T-1", "T-2", "T-3"]
    for question in (None, "moods"):
        with pytest.raises(ValueError, match=r"is one of the columns 'mood', 'text'"):
            read_label_studio(path, question)


def test_an_empty_cell_is_not_an_answer_that_an_option_was_not_chosen(plain):
    path = plain((1, "3", 1, "good", "x", ""), (2, "4", 1, "", "x", ""))
    found = read_label_studio(path, "mood", option="good")
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert found.left_out == {"empty": 1}
    found = read_label_studio(path, "mood", several="list")
    assert rows(found.judgements) == [["1", "3", '["good"]']]


def test_numbers_in_plain_exports_are_whole_numbers(plain):
    path = plain((1, "3", 1, "4", "x", ""), (2, "4", 1, "5", "x", ""))
    labels = read_label_studio(path, "mood").judgements["label"].tolist()
    assert labels == [4, 5]


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ((1, "None", 1, "good", "x", ""), r"annotator of all 1 answers is 'None'"),
        ((1, "", 1, "good", "x", ""), r"says who gave it \(1 without a worker\)"),
        ((1, "3", "", "good", "x", ""), r"there is no 'id'. Columns: annotation_id"),
        ((1, "3", 1, '[{"start": 1}]', "x", ""), r"is no choice. Spans and boxes are"),
    ],
)
def test_plain_exports_that_tell_too_little_are_refused(plain, row, match):
    with pytest.raises(ValueError, match=match):
        read_label_studio(plain(row), "mood")


def test_ratings_in_cells_of_json_are_numbers(plain):
    path = plain((1, "3", 1, '[{"rating": 5}]', "x", ""))
    assert rows(read_label_studio(path, "mood").judgements) == [["1", "3", 5]]


def test_a_csv_of_names_only_is_refused(tmp_path):
    path = write_table(tmp_path / "export.csv", NAMES, [])
    with pytest.raises(ValueError, match=r"has no rows under its names of columns"):
        read_label_studio(path, "mood")


def test_a_row_of_json_min_must_be_an_object(tmp_path):
    row = {"annotation_id": 1, "annotator": "3", "id": 1, "mood": "good"}
    with pytest.raises(ValueError, match=r"object 2: expected an object, got 7"):
        read_label_studio(write(tmp_path, row, 7), "mood")


PART = {"from_name": "part", "to_name": "text", "id": "r1"}


@pytest.mark.parametrize(
    "items",
    [
        [choice("bad", name="mood") | {"value": {"start": 0, "choices": ["bad"]}}],
        [
            {**PART, "type": "brushlabels", "value": {"rle": [1]}},
            choice("bad", id="r1"),
        ],
        [
            {**PART, "type": "vectorlabels", "value": {"vectorlabels": ["a"]}},
            choice("bad", id="r1"),
        ],
        [choice("bad", item_index=0)],
    ],
)
def test_a_choice_of_any_part_is_no_label_of_the_task(tmp_path, items):
    answer = said(3, *items, choice("good", id="z"))
    found = read_label_studio(write(tmp_path, task(1, answer)))
    assert rows(found.judgements) == [["1", "3", "good"]]
    assert found.left_out == {"per_region": 1}


def test_a_choice_within_a_choice_is_a_path(tmp_path, plain):
    path = write(tmp_path, task(1, said(3, choice(["animal", "cat"], "other"))))
    found = read_label_studio(path, several="list")
    assert rows(found.judgements) == [["1", "3", '["animal/cat", "other"]']]
    path = write(tmp_path, task(1, said(3, choice(["animal", "cat"]))))
    assert rows(read_label_studio(path).judgements) == [["1", "3", "animal/cat"]]
    path = plain((1, "3", 1, '[{"taxonomy": [["animal", "cat"]]}]', "x", "T-1"))
    assert rows(read_label_studio(path, "mood").judgements) == [
        ["1", "3", "animal/cat"]
    ]


def test_an_option_that_is_there_twice_is_one(tmp_path):
    path = write(tmp_path, task(1, said(3, choice("good", "good"))))
    assert rows(read_label_studio(path).judgements) == [["1", "3", "good"]]


def test_ids_that_pandas_made_floats_are_whole_numbers(tmp_path):
    path = write(tmp_path, task(1.0, said(3.0, choice("good"))))
    assert rows(read_label_studio(path).judgements) == [["1", "3", "good"]]


def test_both_names_of_annotations_are_read(tmp_path):
    path = write(
        tmp_path,
        task(1, completions=[said(3, choice("good"))]),
        task(2, said(3, choice("bad")), completions=None),
    )
    assert rows(read_label_studio(path).judgements, "label") == [["good"], ["bad"]]


def test_a_result_without_its_type_is_told_by_its_value(tmp_path):
    item = choice("good")
    del item["type"]
    found = read_label_studio(write(tmp_path, task(1, said(3, item))))
    assert rows(found.judgements) == [["1", "3", "good"]]


@pytest.mark.parametrize(
    ("annotation", "match"),
    [
        (said([3], choice("good")), r"an id is a text or a number, got \[3\]"),
        (said(True, choice("good")), r"an id is a text or a number, got True"),
        (said("\ud800", choice("good")), r"holds half of a character"),
        (said(3, choice("\udfff")), r"holds half of a character"),
        (said(3, choice({"a": 1})), r"an option is a text or a number, got \{'a': 1"),
        (said(3, 5), r"result is a list of objects, got \[5\]"),
        (said(3, choice("good", from_name=None)), r"from_name is the name of a contr"),
        (said(3, {**choice(), "value": 5}), r"value of a result is an object, got 5"),
        (
            said(3, {**choice(), "value": {"labels2": 1}}),
            r"answer to 'mood' has no 'choices', it has 'labels2'",
        ),
    ],
)
def test_a_part_that_is_not_what_the_tool_writes_is_named(tmp_path, annotation, match):
    path = write(tmp_path, task(1, said(9, choice("good"))), task(2, annotation))
    with pytest.raises(ValueError, match=rf"export.json', object 2: a part .*{match}"):
        read_label_studio(path)


def test_times_of_any_kind_are_ordered_or_come_first(tmp_path):
    times = {
        "late": "2024-01-01T01:00:00-05:00",
        "early": "2024-01-01T02:00:00Z",
        "plain": "2024-01-01T03:00:00",
        "seconds": 1_600_000_000,
        "milliseconds": 1_650_000_000_000,
        "year 9999": "9999-12-31T00:00:00Z",
        "far": 1e300,
        "huge": 10**400,
        "list": [1],
        "words": "yesterday",
    }
    annotations = [
        said(n, choice(name), created_at=time)
        for n, (name, time) in enumerate(times.items())
    ]
    found = read_label_studio(write(tmp_path, task(1, *annotations)))
    unread = ["year 9999", "far", "huge", "list", "words"]
    order = ["seconds", "milliseconds", "early", "plain", "late"]
    assert found.judgements["label"].tolist() == unread + order
    assert found.notes == ["5 times could not be read; such judgements come first"]


def test_blanks_are_no_user_and_no_label(tmp_path):
    expert = said(" ", choice("bad", " "), ground_truth=True)
    found = read_label_studio(write(tmp_path, task(1, said(3, choice("good")), expert)))
    assert found.gold["label"].tolist() == ["bad"]
    assert found.gold["worker"].isna().all()
    blank = {"id": 1, "annotation_id": 5, "annotator": " ", "mood": "bad"}
    path = tmp_path / "min.json"
    path.write_text(json.dumps([{**blank, "annotator": 3}, blank]), encoding="utf-8")
    assert read_label_studio(path, "mood").left_out == {"no_worker": 1}


def test_the_annotator_of_json_min_may_be_an_object(tmp_path):
    row = {"id": 1, "annotation_id": 5, "annotator": {"id": 3}, "mood": "good"}
    found = read_label_studio(write(tmp_path, row), "mood")
    assert rows(found.judgements) == [["1", "3", "good"]]
    path = write(tmp_path, {**row, "annotator": [3]})
    with pytest.raises(ValueError, match=r"object 1: a part .* got \[3\]"):
        read_label_studio(path, "mood")


def test_an_annotation_without_user_and_answer_is_empty(plain):
    path = plain(
        (1, "3", 1, "good", "x", "T-1"),
        (2, "", 2, "", "y", "T-2"),
        ("", "", 3, "", "z", "T-3"),
    )
    found = read_label_studio(path, "mood")
    assert found.left_out == {"empty": 1, "tasks_without_votes": 2}


def test_a_cell_of_brackets_is_a_text(plain):
    path = plain((1, "3", 1, "[" * 20_000, "x", "T-1"))
    assert len(read_label_studio(path, "mood")) == 1
