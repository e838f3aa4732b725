"""Exports of Argilla: what counts as a vote, and what is refused."""

import json
import warnings

import pytest

from sklabel.io import read_argilla
from tests.io._writers import write_lines, write_table

SUGGESTED = {"value": "bad", "score": 0.25, "agent": "m"}


def flat(*answers, question="mood", suggestion=None, **more):
    """Return a record of `to_datasets`: answers are (value, user, status)."""
    values, users, status = (list(part) for part in zip(*answers, strict=True))
    about = suggestion or {}
    return {
        "id": "a",
        "status": "completed",
        "_server_id": "s",
        "text": "x",
        f"{question}.responses": values,
        f"{question}.responses.users": users,
        f"{question}.responses.status": status,
        f"{question}.suggestion": about.get("value"),
        f"{question}.suggestion.score": about.get("score"),
        f"{question}.suggestion.agent": about.get("agent"),
        **more,
    }


def nested(*answers, question="mood", suggestion=None, status=True):
    """Return a record of `to_json`, which has no status where status=False."""
    given = [
        {"value": v, "user_id": u, **({"status": s} if status else {})}
        for v, u, s in answers
    ]
    return {
        "id": "a",
        "fields": {"text": "x"},
        "metadata": {"ticket": "T-1"},
        "responses": {question: given},
        "suggestions": {question: suggestion} if suggestion else {},
        "vectors": {},
        "status": "completed",
        "_server_id": "s",
    }


def feedback(*answers, question="mood", suggestion=None, columnar=False):
    """Return a record of a FeedbackDataset; columnar as the datasets package has it."""
    given = [{"value": v, "user_id": u, "status": s} for v, u, s in answers]
    if columnar:
        given = {
            name: [one[name] for one in given]
            for name in ("value", "user_id", "status")
        }
    about = suggestion or {}
    return {
        "external_id": "a",
        "metadata": '{"ticket": "T-1"}',
        "text": "x",
        question: given,
        f"{question}-suggestion": about.get("value"),
        f"{question}-suggestion-metadata": {
            "type": None,
            "score": about.get("score"),
            "agent": about.get("agent"),
        },
    }


def columnar(*answers, **options):
    return feedback(*answers, columnar=True, **options)


FORMS = pytest.mark.parametrize("form", [flat, nested, feedback, columnar])


def write(folder, *records):
    return write_lines(folder / "records.jsonl", records)


def rows(frame):
    return frame[["sample", "worker", "label"]].to_numpy().tolist()


@FORMS
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (("bad", "u2", "draft"), "draft"),
        (("bad", "u2", "discarded"), "discarded"),
        ((None, "u2", "discarded"), "discarded"),
        ((None, "u2", "submitted"), "empty"),
        (([], "u2", "submitted"), "empty"),
        ((["good", "bad"], "u2", "submitted"), "several_choices"),
        (("bad", None, "submitted"), "no_worker"),
    ],
)
def test_an_answer_that_is_no_vote_is_counted_by_its_reason(
    tmp_path, form, answer, reason
):
    found = read_argilla(write(tmp_path, form(("good", "u1", "submitted"), answer)))
    assert rows(found.judgements) == [["a", "u1", "good"]]
    assert found.judgements["time"].isna().all()
    assert found.left_out == {reason: 1}


@FORMS
@pytest.mark.parametrize(
    ("include", "want"),
    [
        ("draft", ["u2"]),
        (("submitted", "discarded"), ["u1", "u3"]),
        (["submitted", "draft", "discarded"], ["u1", "u2", "u3"]),
    ],
)
def test_include_says_which_responses_are_votes(tmp_path, form, include, want):
    statuses = ["submitted", "draft", "discarded"]
    answers = [("a", f"u{n}", status) for n, status in enumerate(statuses, 1)]
    found = read_argilla(write(tmp_path, form(*answers)), include=include)
    assert found.judgements["worker"].tolist() == want
    left = [status for status in statuses if status not in include]
    assert found.left_out == dict.fromkeys(left, 1)


@pytest.mark.parametrize("include", [(), "pending", ("submitted", "pending")])
def test_include_holds_statuses(tmp_path, include):
    with pytest.raises(ValueError, match=r"some of submitted, draft, discarded; got"):
        read_argilla(write(tmp_path), include=include)


@FORMS
def test_suggestions_are_answers_of_models(tmp_path, form):
    path = write(tmp_path, form(("good", "u1", "submitted"), suggestion=SUGGESTED))
    found = read_argilla(path)
    assert found.model_answers.to_numpy().tolist() == [["a", "m", "bad", 0.25]]
    # An agent and a score may be missing.
    about = {"value": "bad", "score": None, "agent": None}
    found = read_argilla(
        write(tmp_path, form(("good", "u1", "submitted"), suggestion=about))
    )
    assert found.model_answers["model"].tolist() == [""]
    assert found.model_answers["score"].isna().all()


@FORMS
def test_several_labels_are_a_list_or_one_option(tmp_path, form):
    answers = [(["a", "b"], "u1"), (["a"], "u2"), (["b"], "u3"), ([], "u4")]
    path = write(tmp_path, form(*((*one, "submitted") for one in answers)))
    labels = read_argilla(path, several="list").judgements["label"].tolist()
    assert labels == ['["a", "b"]', '["a"]', '["b"]', "[]"]
    labels = read_argilla(path, option="a").judgements["label"].tolist()
    assert labels == ["a", "a", "not a", "not a"]
    with pytest.raises(ValueError, match=r"Nobody chose the option 'c' of 'mood'"):
        read_argilla(path, option="c")


@FORMS
def test_of_several_questions_one_must_be_named(tmp_path, form):
    path = write(
        tmp_path,
        form((4, "u1", "submitted"), question="stars"),
        form(("good", "u1", "submitted"), ("bad", "u2", "submitted")),
    )
    with pytest.raises(ValueError, match=r"'stars' \(1 answer\), 'mood' \(2 answers"):
        read_argilla(path)
    with pytest.raises(ValueError, match=r"no question 'moods'.*'stars' \(1 answer\)"):
        read_argilla(path, "moods")
    assert rows(read_argilla(path, "stars").judgements) == [["a", "u1", 4]]


@FORMS
def test_records_without_users_are_refused(tmp_path, form):
    path = write(tmp_path, form(("good", None, "submitted")))
    with pytest.raises(ValueError, match=r"\(1 without a worker\).*Export the records"):
        read_argilla(path)


def test_a_nested_record_may_have_no_suggestion_to_a_question(tmp_path):
    record = nested(("good", "u1", "submitted"))
    record["suggestions"] = {"mood": None}
    assert read_argilla(write(tmp_path, record)).model_answers.empty


def test_nested_records_warn_that_drafts_count(tmp_path):
    path = write(tmp_path, nested(("good", "u1", None), status=False))
    with pytest.warns(UserWarning, match=r"drafts and discarded answers count as vot"):
        found = read_argilla(path)
    assert len(found) == 1
    assert "have no status of responses" in found.notes[0]
    # Without an answer there is nothing that could be a draft.
    path = write(tmp_path, nested((None, "u1", None), status=False))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_argilla(path).left_out == {"empty": 1, "records_without_votes": 1}


def test_flat_records_without_status_warn_too(tmp_path):
    record = flat(("good", "u1", "submitted"))
    del record["mood.responses.status"]
    with pytest.warns(UserWarning, match=r"Export dataset.records.to_datasets\(\)"):
        assert len(read_argilla(write(tmp_path, record))) == 1


@pytest.mark.parametrize("form", [flat, columnar])
def test_lists_of_different_length_are_refused(tmp_path, form):
    record = form(("good", "u1", "submitted"), ("bad", "u2", "submitted"))
    users = record["mood"]["user_id"] if form is columnar else None
    (users or record["mood.responses.users"]).pop()
    with pytest.raises(
        ValueError, match=r"2 responses, 1 users and 2 statuses. Export"
    ):
        read_argilla(write(tmp_path, record))


@pytest.mark.parametrize("nothing", [None, []])
def test_records_without_answers_are_samples(tmp_path, nothing):
    names = ("mood.responses", "mood.responses.users", "mood.responses.status")
    empty = {**flat((1, 1, 1)), **dict.fromkeys(names, nothing), "id": "b"}
    found = read_argilla(write(tmp_path, flat(("good", "u1", "submitted")), empty))
    assert found.left_out == {"records_without_votes": 1}
    assert found.samples["text"].to_dict() == {"a": "x", "b": "x"}


@FORMS
def test_samples_have_fields_and_metadata_only(tmp_path, form):
    path = write(tmp_path, form(("good", "u1", "submitted"), suggestion=SUGGESTED))
    columns = read_argilla(path).samples.columns.tolist()
    assert columns == (["text"] if form is flat else ["text", "ticket"])


def test_version_1_metadata_that_is_no_json_is_kept_as_text(tmp_path):
    record = {**feedback(("good", "u1", "submitted")), "metadata": "batch 7"}
    assert (
        read_argilla(write(tmp_path, record)).samples["metadata"].iloc[0] == "batch 7"
    )


def test_samples_are_ids_and_without_any_the_number_of_the_record(tmp_path):
    answer = ("good", "u1", "submitted")
    records = [flat(answer, id=7), flat(answer, id=None), flat(answer)]
    del records[2]["id"], records[2]["_server_id"]
    found = read_argilla(write(tmp_path, *records))
    assert found.samples.index.tolist() == ["7", "s", "2"]


def test_a_ranking_is_a_list_in_the_order_of_ranks(tmp_path):
    ranked = [{"value": "b", "rank": 2}, {"value": "a", "rank": 1}]
    path = write(tmp_path, flat((ranked, "u1", "submitted")))
    labels = read_argilla(path, several="list").judgements["label"].tolist()
    assert labels == ['["a", "b"]']


@FORMS
def test_spans_are_no_labels_of_a_record(tmp_path, form):
    spans = [{"label": "ORG", "start": 0, "end": 3}]
    record = form(
        (spans, "u1", "submitted"),
        ("good", "u2", "submitted"),
        suggestion={"value": spans},
    )
    found = read_argilla(write(tmp_path, record))
    assert rows(found.judgements) == [["a", "u2", "good"]]
    assert found.left_out == {"spans": 1}
    assert found.model_answers.empty


@pytest.mark.parametrize("form", [flat, nested, feedback, columnar])
def test_a_status_that_is_null_is_not_known(tmp_path, form):
    path = write(tmp_path, form(("good", "u1", None)))
    with pytest.warns(UserWarning, match=r"no status of responses"):
        found = read_argilla(path)
    assert rows(found.judgements) == [["a", "u1", "good"]]


@pytest.mark.filterwarnings("ignore:Argilla")
@pytest.mark.parametrize("form", [flat, nested])
def test_a_dataset_as_columns_is_read(tmp_path, form):
    """As `records.to_dict` writes it."""
    records = [form(("good", "u1", "submitted")), form(("bad", "u2", "submitted"))]
    records[1]["id"] = "b"
    columns = {name: [one[name] for one in records] for name in records[0]}
    found = read_argilla(write(tmp_path, columns))
    assert rows(found.judgements) == [["a", "u1", "good"], ["b", "u2", "bad"]]
    with pytest.raises(ValueError, match=r"line 1: .* and not all have 2 values"):
        read_argilla(write(tmp_path, {**columns, "status": ["x"]}))


def test_records_of_the_server_have_a_response_a_user(tmp_path):
    def response(user, status, value):
        values = None if value is None else {"mood": {"value": value}}
        return {"user_id": user, "status": status, "values": values}

    record = {
        "id": "a",
        "fields": {"text": "x"},
        "responses": [
            response("u1", "submitted", "good"),
            response("u2", "draft", "bad"),
            response("u3", "discarded", None),
        ],
        "suggestions": [{"question_name": "mood", **SUGGESTED}],
    }
    found = read_argilla(write(tmp_path, record))
    assert rows(found.judgements) == [["a", "u1", "good"]]
    assert found.left_out == {"draft": 1, "discarded": 1}
    assert found.model_answers.to_numpy().tolist() == [["a", "m", "bad", 0.25]]


def test_columns_of_version_1_without_suggestions(tmp_path):
    record = columnar(("good", "u1", "submitted"))
    del record["mood-suggestion"], record["mood-suggestion-metadata"]
    assert rows(read_argilla(write(tmp_path, record)).judgements) == [
        ["a", "u1", "good"]
    ]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"mood.responses": "good"}, r"responses to 'mood' are lists, got 'good'"),
        ({"mood.responses.users": [[7]]}, r"an id is a text or a number, got \[7\]"),
        ({"mood.responses": [{"a": 1}]}, r"it lacks 'value'"),
        ({"mood.responses": [[["a"]]]}, r"an option is a text or a number, got \["),
        ({"id": {"a": 1}}, r"an id is a text or a number, got \{'a': 1\}"),
    ],
)
def test_a_part_that_is_not_what_the_tool_writes_is_named(tmp_path, change, match):
    good = flat(("good", "u1", "submitted"))
    path = write(tmp_path, good, {**good, **change})
    with pytest.raises(ValueError, match=rf"line 2: a part .*{match}"):
        read_argilla(path)


@pytest.mark.parametrize("answers", [[5], "good", [{"user_id": "u1"}]])
def test_a_response_that_is_none_is_refused(tmp_path, answers):
    record = {**feedback(("good", "u1", "submitted")), "mood": answers}
    with pytest.raises(ValueError, match=r"line 1: a part .*(list of objects|lacks)"):
        read_argilla(write(tmp_path, record))


def classified(number, annotation, agent="u1", status="Validated", **more):
    """Return a record of a dataset for text classification of version 1."""
    return {
        "id": number,
        "text": "x",
        "inputs": {"text": "x"},
        "prediction": None,
        "prediction_agent": None,
        "annotation": annotation,
        "annotation_agent": agent,
        "metadata": {"ticket": "T-1"},
        "status": status,
        **more,
    }


def test_text_classification_of_version_1(tmp_path):
    guess = [{"label": "bad", "score": 0.75}, {"label": "good", "score": 0.25}]
    path = write(
        tmp_path,
        classified(1, "good", prediction=guess, prediction_agent="m"),
        classified(2, ["bad"], inputs=None, metadata=None),
        classified(3, "bad", status="Discarded"),
        classified(4, ["good", "bad"]),
        classified(5, "bad", agent=None),
        classified(6, None, agent=None, status="Default"),
    )
    found = read_argilla(path)
    assert rows(found.judgements) == [["1", "u1", "good"], ["2", "u1", "bad"]]
    assert found.left_out == {
        "discarded": 1,
        "several_choices": 1,
        "no_worker": 1,
        "records_without_votes": 4,
    }
    assert found.model_answers.to_numpy().tolist() == [
        ["1", "m", "good", 0.25],
        ["1", "m", "bad", 0.75],
    ]
    assert found.model_votes().loc["1", "m"] == "bad"
    assert found.samples.loc["2", "text"] == "x"
    labels = read_argilla(path, several="list").judgements["label"].tolist()
    assert labels == ['["good"]', '["bad"]', '["good", "bad"]']


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ([7], r"expected records, as Argilla writes it, got 7"),
        ([{"text": "x"}], r"expected records with responses.*an object with 'text'"),
        ([{"_input_hash": 1, "answer": "accept"}], r"of Prodigy: use read_prodigy"),
    ],
)
def test_other_content_is_refused(tmp_path, content, match):
    path = tmp_path / "other.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match=match):
        read_argilla(path)


def test_a_table_is_refused(tmp_path):
    path = write_table(tmp_path / "own.csv", ["a", "b"], [(1, 2)])
    with pytest.raises(ValueError, match=r"expected JSON or JSON lines.*columns 'a', "):
        read_argilla(path)


def test_predictions_of_version_1_may_be_pairs(tmp_path):
    guess = [["bad", 0.75], ["good", 0.25]]
    path = write(
        tmp_path, classified(1, "good", prediction=guess, prediction_agent="m")
    )
    assert read_argilla(path).model_votes().loc["1", "m"] == "bad"
    path = write(tmp_path, classified(1, "good", prediction=[["bad"]]))
    with pytest.raises(ValueError, match=r"line 1: a part"):
        read_argilla(path)


def test_tokens_of_version_1_are_no_labels(tmp_path):
    path = write(tmp_path, classified(1, [{"label": "ORG", "start": 0, "end": 3}]))
    with pytest.raises(ValueError, match=r"an option is a text or a number, got \{"):
        read_argilla(path)


def test_a_table_of_records_is_to_be_exported_as_json(tmp_path):
    path = write_table(tmp_path / "r.csv", ["id", "mood.responses"], [(1, "['a']")])
    with pytest.raises(ValueError, match=r"expected JSON .*Export it again, in full"):
        read_argilla(path)
