import gzip
import io
import json
import math

import numpy as np
import pandas as pd
import pytest

from sklabel import AnswerLF, LabelModel
from sklabel.io import read_anthropic_batch, read_openai_batch
from tests._data import importer_fixture

CLASSES = ["billing", "bug", "praise"]


def logprobs_of(**alternatives):
    top = [
        {"token": token, "logprob": math.log(p), "bytes": None}
        for token, p in alternatives.items()
    ]
    return {"content": [{**top[0], "top_logprobs": top}], "refusal": None}


def choice(text, finish="stop", index=0, **message):
    logprobs = message.pop("logprobs", None)
    message = {"role": "assistant", "content": text, "refusal": None} | message
    return {
        "index": index,
        "message": message,
        "finish_reason": finish,
        "logprobs": logprobs,
    }


def openai(sample, *choices, model="gpt-x", status=200, error=None, body=None):
    if error:
        return {"custom_id": sample, "response": None, "error": error}
    body = body or {"model": model, "choices": list(choices)}
    return {
        "id": f"batch_req_{sample}",
        "custom_id": sample,
        "response": {"status_code": status, "body": body},
        "error": None,
    }


def anthropic(sample, *blocks, stop="end_turn", kind="succeeded", model="claude-x"):
    result = {"type": kind}
    if kind == "succeeded":
        blocks = [
            {"type": "text", "text": b} if isinstance(b, str) else b for b in blocks
        ]
        result["message"] = {"model": model, "content": blocks, "stop_reason": stop}
    elif kind == "errored":
        inner = {"type": "invalid_request_error", "message": "too long"}
        result["error"] = {"type": "error", "error": inner}
    return {"custom_id": sample, "result": result}


def lines(*things):
    return io.StringIO("".join(json.dumps(thing) + "\n" for thing in things))


def test_whole_answers_and_the_rest_are_told_apart():
    batch = read_openai_batch(
        lines(
            openai("T-10", choice("bug")),
            openai("T-2", choice(None, refusal="I can't help with that.")),
            openai("T-3", choice("bil", finish="length")),
            openai("T-4", choice("bug", finish="content_filter")),
            openai("T-5", choice("")),
            openai("T-6", status=400, body={"error": {"message": "bad request"}}),
            openai("T-7", error={"code": "batch_expired", "message": "too late"}),
            openai("T-8", body={"model": "gpt-x", "object": "list"}),
        )
    )
    assert batch.answers["sample"].tolist() == ["T-10"]
    assert batch.answers["text"].tolist() == ["bug"]
    assert batch.left_out == {
        "refusal": 1,
        "length": 1,
        "content_filter": 1,
        "empty": 1,
        "http 400": 1,
        "batch_expired": 1,
        "no answer in the response": 1,
    }
    failed = batch.failed.set_index("reason")["text"]
    assert failed["http 400"] == "bad request"
    assert failed["batch_expired"] == "too late"
    assert failed["length"] == "bil"
    assert failed["refusal"] == "I can't help with that."
    wide = batch.wide()
    assert wide.columns.tolist() == ["gpt-x"]
    assert wide.index.tolist() == [f"T-{i}" for i in (2, 3, 4, 5, 6, 7, 8, 10)]
    assert wide["gpt-x"].tolist() == [None] * 7 + ["bug"]
    text = repr(batch)
    assert "1 answer to 1 of 8 samples" in text
    assert "gpt-x: 1 answer\n" in text
    assert "left out: 7 (refusal: 1, length: 1" in text


def test_answers_of_anthropic():
    thinking = {"type": "thinking", "thinking": "billing?"}
    tool = {"type": "tool_use", "name": "classify", "input": {"label": "bug"}}
    batch = read_anthropic_batch(
        lines(
            anthropic("c", "Label: ", "bug"),
            anthropic("a", thinking, "bug"),
            anthropic("b", "I classify it.", tool, stop="tool_use"),
            anthropic("d"),
            anthropic("e", "pra", stop="max_tokens"),
            anthropic("f", "", stop="refusal"),
            anthropic("g", kind="errored"),
            anthropic("h", kind="canceled"),
            anthropic("i", kind="expired"),
        )
    )
    votes = AnswerLF(CLASSES).fit_transform(batch.wide())
    assert votes.labels().ravel().tolist() == ["bug"] * 3 + [None] * 6
    assert batch.left_out == dict.fromkeys(
        ["empty", "max_tokens", "refusal", "errored", "canceled", "expired"], 1
    )
    assert batch.failed.set_index("reason").loc["errored", "text"] == "too long"
    with pytest.raises(ValueError, match=r"No answer has log-probabilities"):
        batch.soft_votes(CLASSES)


def test_reasons_reach_the_report_of_the_votes():
    batch = read_openai_batch(
        lines(
            openai("1", choice("bug")),
            openai("2", choice("bug", finish="length")),
            openai("3", choice(None, refusal="no")),
            openai("4", status=500, body={}),
            openai("5", choice("")),
            openai("6", choice("spam")),
        )
    )
    wide = batch.wide(finish_reasons=True)
    lf = AnswerLF(CLASSES, finish_reasons=batch.finish_reasons).fit(wide)
    reasons = ["vote", "truncated", "refusal", "error", "empty", "class not known"]
    assert lf.reasons(wide)["gpt-x"].tolist() == reasons


def test_choices_are_votes_of_one_source():
    texts = ["bug", "bug", "billing"]
    batch = read_openai_batch(
        lines(
            openai("T-1", *(choice(t, index=i) for i, t in enumerate(texts))),
            openai("T-2", choice("praise"), model="other"),
            openai("T-2", choice("billing")),
            openai("T-3", error={"code": "x", "message": "y"}),
        )
    )
    wide = batch.wide()
    names = ["gpt-x#1", "gpt-x#2", "gpt-x#3", "other"]
    assert wide.columns.tolist() == names
    assert wide.loc["T-1"].tolist() == [*texts, None]
    assert batch.groups == dict(zip(names, ["gpt-x"] * 3 + ["other"], strict=True))
    assert batch.answers["choice"].tolist() == [1, 2, 3, 1, 1]
    ends = batch.wide(finish_reasons=True).loc["T-3"].dropna()
    assert ends.to_dict() == {
        "gpt-x#1 finish_reason": "x",
        "other finish_reason": "x",
    }
    lf = AnswerLF(CLASSES).set_output(transform="pandas")
    model = LabelModel(groups=batch.groups)
    assert model.fit(lf.fit_transform(wide)).predict_proba(lf.transform(wide)).shape


def test_choices_go_by_their_index():
    batch = read_openai_batch(
        lines(openai("1", choice("bug", index=1), choice("billing", index=0)))
    )
    assert batch.wide().iloc[0].tolist() == ["billing", "bug"]


def test_several_files_are_several_models_or_further_answers(tmp_path):
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    first.write_text(
        lines(openai("1", choice("bug")), openai("2", status=500, body={})).read()
    )
    text = lines(openai("2", choice("praise")), openai("1", choice("billing"))).read()
    second.write_bytes(gzip.compress(text.encode()))
    batch = read_openai_batch([first, str(second)])
    wide = batch.wide()
    assert wide.loc["1"].tolist() == ["bug", "billing"]
    assert wide.loc["2"].tolist() == ["praise", None]
    third = lines(openai("1", choice("bug"), model="llama"))
    names = read_openai_batch([first, third]).wide().columns.tolist()
    assert names == ["gpt-x", "llama"]


def test_rows_follow_the_data_of_the_user():
    batch = read_anthropic_batch(
        lines(anthropic("2", "bug"), anthropic("10", "praise"))
    )
    wide = batch.wide([10, 3, 2])
    assert wide.index.tolist() == ["10", "3", "2"]
    assert wide["claude-x"].tolist() == ["praise", None, "bug"]
    with pytest.raises(ValueError, match=r"None of the samples 'x' is a custom_id"):
        batch.wide(["x"])
    with pytest.raises(ValueError, match=r"distinct ids; these repeat: '2'"):
        batch.wide([2, "2"])


def test_ids_are_text():
    batch = read_anthropic_batch(lines(anthropic(7, "bug"), anthropic("007", "bug")))
    assert batch.wide().index.tolist() == ["007", "7"] or (
        batch.wide().index.tolist() == ["7", "007"]
    )


def test_log_probabilities_become_soft_votes():
    many = {"billing": 0.70, "Billing": 0.10, " bug": 0.15, "The": 0.05}
    batch = read_openai_batch(
        lines(
            openai("T-2", choice("praise", logprobs=logprobs_of(praise=0.5, Pra=0.5))),
            openai("T-1", choice("billing", logprobs=logprobs_of(**many))),
            openai("T-3", choice("The", logprobs=logprobs_of(The=1.0))),
            openai("T-4", choice("bug")),
            openai("T-5", choice("b", "length", logprobs=logprobs_of(bug=0.5, b=0.5))),
        )
    )
    soft = batch.soft_votes(CLASSES)
    assert soft.columns.tolist() == [*CLASSES, "mass_on_classes"]
    assert soft.index.names == ["sample", "model"]
    assert soft.index.get_level_values(0).tolist() == ["T-1", "T-2", "T-3", "T-5"]
    np.testing.assert_allclose(
        soft.to_numpy(),
        [
            [0.80 / 0.95, 0.15 / 0.95, 0, 0.95],
            [0, 0, 1, 0.5],
            [np.nan, np.nan, np.nan, 0],
            [0, 1, 0, 0.5],
        ],
        atol=1e-12,
    )
    assert "with log-probabilities: 4" in repr(batch)
    tokens = batch.answers["logprobs"].iloc[1]
    assert set(tokens[0]) == set(many)


def test_aliases_count_in_soft_votes_and_choices_are_averaged():
    one, two = logprobs_of(A=0.6, B=0.2), logprobs_of(A=0.2, B=0.2)
    batch = read_openai_batch(
        lines(
            openai("1", choice("A", logprobs=one), choice("A", "stop", 1, logprobs=two))
        )
    )
    soft = batch.soft_votes({"billing": ["A"], "bug": ["B"]})
    np.testing.assert_allclose(soft.to_numpy(), [[0.4 / 0.6, 0.2 / 0.6, 0.6]])


def test_the_chosen_token_counts_without_alternatives():
    token = {"token": "bug", "logprob": math.log(0.9), "top_logprobs": []}
    batch = read_openai_batch(
        lines(openai("1", choice("bug", logprobs={"content": [token]})))
    )
    assert batch.soft_votes(CLASSES)["mass_on_classes"].tolist() == [pytest.approx(0.9)]


def test_tool_calls_are_answers():
    def call(arguments):
        return {"type": "function", "function": {"name": "f", "arguments": arguments}}

    bug, billing = call('{"label": "bug"}'), call('{"label": "billing"}')
    old = {"function_call": {"name": "f", "arguments": '{"label": "praise"}'}}
    batch = read_openai_batch(
        lines(
            openai("1", choice(None, "tool_calls", tool_calls=[bug])),
            openai("2", choice(None, "tool_calls", tool_calls=[bug, billing])),
            openai("3", choice(None, "function_call", **old)),
            openai("4", choice([{"type": "text", "text": "bug"}])),
        )
    )
    lf = AnswerLF(CLASSES).fit(batch.wide())
    votes = lf.transform(batch.wide()).labels().ravel().tolist()
    assert votes == ["bug", None, "praise", "bug"]
    assert lf.reasons(batch.wide()).iloc[1, 0] == "two classes"


def test_the_responses_interface():
    def body(*output, **more):
        return {"object": "response", "model": "gpt-x", "output": list(output)} | more

    def message(part):
        return {"type": "message", "content": [part]}

    alternatives = logprobs_of(bug=0.5)["content"]
    text = {"type": "output_text", "text": "bug", "logprobs": alternatives}
    refusal = {"type": "refusal", "refusal": "I won't."}
    call = {"type": "function_call", "arguments": '{"label": "praise"}'}
    cut = {
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
    }
    done = {"status": "completed"}
    wrong = {"status": "failed", "error": {"code": "server_error", "message": "oops"}}
    batch = read_openai_batch(
        lines(
            openai("1", body=body({"type": "reasoning"}, message(text), **done)),
            openai("2", body=body(message(refusal), **done)),
            openai("3", body=body(call, **done)),
            openai("4", body=body(message(text), **cut)),
            openai("5", body=body(**wrong)),
        )
    )
    votes = AnswerLF(CLASSES).fit_transform(batch.wide()).labels().ravel().tolist()
    assert votes == ["bug", None, "praise", None, None]
    assert batch.left_out == {"refusal": 1, "max_output_tokens": 1, "failed": 1}
    assert batch.soft_votes(CLASSES)["bug"].tolist() == [1, 1]


def test_old_completions():
    logprobs = {
        "tokens": [" bug"],
        "token_logprobs": [math.log(0.5)],
        "top_logprobs": [{" bug": math.log(0.5), " praise": math.log(0.25)}],
    }
    old = {"index": 0, "text": " bug", "finish_reason": "stop", "logprobs": logprobs}
    batch = read_openai_batch(lines(openai("1", old)))
    assert batch.wide().iloc[0].tolist() == [" bug"]
    assert batch.soft_votes(CLASSES)["mass_on_classes"].tolist() == [0.75]


def test_a_batch_that_failed_as_a_whole_is_read():
    batch = read_anthropic_batch(lines(anthropic("1", kind="expired")))
    assert len(batch.answers) == 0
    assert batch.left_out == {"expired": 1}
    assert batch.wide().shape == (1, 0)
    assert "0 answers to 0 of 1 sample" in repr(batch)


def test_blank_lines_and_a_byte_order_mark_do_not_matter(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("\ufeff" + json.dumps(openai("1", choice("ü\u2028"))) + "\n\n\n")
    assert read_openai_batch(path).answers["text"].tolist() == ["ü\u2028"]


class Download:
    """What clients return: it can be read, and has no lines."""

    def __init__(self, content):
        self.content = content

    def read(self):
        return self.content


@pytest.mark.parametrize("kind", [str, bytes])
def test_what_a_client_downloads_is_read(kind):
    text = lines(openai("1", choice("bug")), openai("2", choice("bug"))).read()
    content = text if kind is str else text.encode()
    assert len(read_openai_batch(Download(content)).answers) == 2


@pytest.mark.parametrize("status", [200, "200", None])
def test_the_status_of_an_answer_may_be_a_text_or_missing(status):
    batch = read_openai_batch(lines(openai("1", choice("bug"), status=status)))
    assert batch.answers["text"].tolist() == ["bug"]


@pytest.mark.parametrize(
    "line",
    [
        # Providers that follow OpenAI, each in its own way.
        {"custom_id": "1", "response": {"model": "m", "choices": [choice("bug")]}},
        {
            **openai("1", choice("bug")),
            "error": {"code": None, "message": None},
        },
        openai("1", choice([{"type": "thinking"}, {"type": "text", "text": "bug"}])),
    ],
)
def test_answers_of_those_who_follow_openai(line):
    batch = read_openai_batch(lines(line))
    assert batch.answers["text"].tolist() == ["bug"]
    assert batch.left_out == {}


@pytest.mark.parametrize(
    "message",
    [
        {"content": {"label": "Störung"}},
        {"content": None, "tool_calls": [{"function": {"arguments": {"label": "x"}}}]},
    ],
)
def test_json_that_is_parsed_already_is_an_answer(message):
    line = openai("1", body={"model": "m", "choices": [{"message": message}]})
    (text,) = read_openai_batch(lines(line)).answers["text"]
    assert list(json.loads(text)) == ["label"]
    assert "\\u" not in text


def test_an_error_in_place_of_an_answer_is_shown():
    body = {"error": {"message": "no such model", "code": None}}
    batch = read_openai_batch(lines(openai("1", body=body)))
    assert batch.left_out == {"no answer in the response": 1}
    assert batch.failed["text"].tolist() == ["no such model"]


def test_a_response_that_failed_may_have_no_output():
    body = {"status": "failed", "output": None, "error": {"message": "overloaded"}}
    batch = read_openai_batch(lines(openai("1", body={"model": "m", **body})))
    assert batch.left_out == {"failed": 1}
    assert batch.failed["text"].tolist() == ["overloaded"]


def test_half_of_a_character_does_not_stop_anything():
    texts = ["bug", "no idea \ud83d"]
    batch = read_openai_batch(
        lines(*(openai(str(at), choice(text)) for at, text in enumerate(texts)))
    )
    assert batch.answers["text"].tolist() == ["bug", "no idea \ufffd"]
    lf = AnswerLF(CLASSES).fit(batch.wide())
    assert lf.unread(batch.wide())["answer"].tolist() == ["no idea \ufffd"]


@pytest.mark.parametrize(
    ("reader", "line", "match"),
    [
        (
            read_openai_batch,
            {"key": "1", "response": {"candidates": [{"content": {}}]}},
            r"line 1 .*of Gemini, which has no reader here.*AnswerLF",
        ),
        (read_openai_batch, {"key": "1", "error": {"code": 3}}, r"batch of Gemini"),
        (
            read_anthropic_batch,
            {"recordId": "1", "modelInput": {}, "modelOutput": {"content": []}},
            r"batch of Amazon Bedrock",
        ),
        (read_openai_batch, openai(" ", choice("bug")), r"has no custom_id"),
        (read_openai_batch, openai("\ud83d", choice("bug")), r"half of a character"),
        (read_openai_batch, openai("1", choice(["bug"])), r"does not have the shape"),
        (
            read_openai_batch,
            openai("1", choice([{"type": "text", "text": 5}])),
            r"text is 5, not a text",
        ),
        (
            read_openai_batch,
            openai("1", choice("bug", finish={"type": "stop"})),
            r"finish_reason is \{'type': 'stop'\}, not a text",
        ),
        (read_openai_batch, openai("1", choice("x"), model=["m"]), r"model is \['m'\]"),
        (read_openai_batch, openai("1", body="bug"), r"does not have the shape"),
        (
            read_anthropic_batch,
            {"custom_id": "1", "result": {"type": "succeeded"}},
            r"KeyError: 'message'",
        ),
        (
            read_anthropic_batch,
            {"custom_id": "1", "result": {"type": ["expired"]}},
            r"the type of the result is \['expired'\]",
        ),
        (
            read_anthropic_batch,
            anthropic("1", {"type": "text", "text": 5}),
            r"text is 5, not a text",
        ),
    ],
)
def test_lines_of_another_shape_are_refused(reader, line, match):
    with pytest.raises(ValueError, match=f"(?i){match}"):
        reader(lines(line))


@pytest.mark.parametrize("logprob", [1_000.0, float("nan"), "x", None, True])
def test_log_probabilities_are_checked(logprob):
    token = {"token": "bug", "logprob": logprob, "top_logprobs": []}
    line = openai("1", choice("bug", logprobs={"content": [token]}))
    with pytest.raises(ValueError, match=r"is not the log-probability of 'bug'"):
        read_openai_batch(lines(line))


GOOD = json.dumps(openai("1", choice("bug")))
OTHER = json.dumps(anthropic("1", "bug"))
REQUEST = json.dumps({"custom_id": "1", "method": "POST", "url": "/v1", "body": {}})


@pytest.mark.parametrize(
    ("reader", "text", "message"),
    [
        (read_openai_batch, "", r"is empty. Download the output file"),
        (read_openai_batch, "\n\n", r"is empty"),
        (read_openai_batch, f"{GOOD}\n{GOOD[:50]}", r"Line 2 of .*out.* cut off\?"),
        (read_openai_batch, GOOD[:50], r"Line 1 of .*out.* cut off\?"),
        (read_openai_batch, "id,label\n1,bug", r"not JSON lines: it begins with 'id,"),
        (read_openai_batch, f"[\n{GOOD}\n]", r"not JSON lines: it begins with '\['"),
        (read_openai_batch, '{\n  "id": 1\n}', r"not JSON lines: it begins with '\{'"),
        (read_openai_batch, f"[{GOOD}]", r"line 1 is a list"),
        (read_openai_batch, OTHER, r"Anthropic, not of OpenAI.*read_anthropic_batch"),
        (read_anthropic_batch, GOOD, r"OpenAI, not of Anthropic.*read_openai_batch"),
        (read_openai_batch, f"{GOOD}\n{OTHER}", r"Line 2 .* batch of Anthropic"),
        (read_openai_batch, REQUEST, r"Line 1 of .* is a request: this is the input"),
        (
            read_anthropic_batch,
            json.dumps({"custom_id": "1", "params": {"model": "claude-x"}}),
            r"is a request: this is the input file",
        ),
        (read_openai_batch, '{"id": "1", "choices": []}', r"no 'response'"),
        (
            read_openai_batch,
            GOOD.replace("custom_id", "my_id"),
            r"Line 1 of .* has no custom_id.*'my_id'",
        ),
        (
            read_openai_batch,
            f"{GOOD}\n{GOOD}",
            r"'1' has two answers of 'gpt-x' in one file, lines 1 and 2",
        ),
        (
            read_openai_batch,
            GOOD.replace('[{"index"', '["x", {"index"'),
            r"Line 1 of .* does not have the shape of an answer of OpenAI",
        ),
    ],
)
def test_a_file_that_is_something_else_is_refused(reader, text, message, tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        reader(path)


def test_bytes_that_are_not_utf8_are_refused(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_bytes(GOOD.encode() + b"\n\xff\n")
    with pytest.raises(ValueError, match=r"Line 2 of .* is not UTF-8"):
        read_openai_batch(path)


def test_a_file_counts_once(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text(GOOD)
    with pytest.raises(ValueError, match=r"given more than once"):
        read_openai_batch([path, str(path)])
    with pytest.raises(ValueError, match=r"an empty list of files"):
        read_openai_batch([])
    with pytest.raises(TypeError, match=r"by path, as open files.*got int"):
        read_openai_batch(3)
    with pytest.raises(FileNotFoundError):
        read_openai_batch(tmp_path / "none.jsonl")


def long_votes(batch):
    """Return sample, worker and label of every vote."""
    votes = AnswerLF(CLASSES).fit_transform(batch.wide()).labels()
    wide = pd.DataFrame(votes, columns=list(batch.groups))
    wide.insert(0, "sample", batch.wide().index)
    long = wide.melt("sample", var_name="worker", value_name="label").dropna()
    long["worker"] = long["worker"].map(batch.groups)
    return long[["sample", "worker", "label"]]


def test_the_openai_fixture():
    folder = importer_fixture("llm_answers")
    batch = read_openai_batch(folder / "openai_batch.jsonl")
    expected = pd.read_csv(folder / "expected_openai.csv")
    counts = long_votes(batch).value_counts(sort=False).rename("n_votes").reset_index()
    by = ["sample", "worker", "label"]
    assert counts.sort_values(by).to_numpy().tolist() == expected.to_numpy().tolist()
    soft = batch.soft_votes(CLASSES).reset_index()
    expected = pd.read_csv(folder / "expected_openai_soft.csv")
    assert (
        soft.iloc[:, :2].to_numpy().tolist() == expected.iloc[:, :2].to_numpy().tolist()
    )
    assert soft.columns.tolist()[2:] == expected.columns.tolist()[2:]
    np.testing.assert_allclose(soft.iloc[:, 2:], expected.iloc[:, 2:], atol=2e-6)
    assert sum(batch.left_out.values()) == 4


def test_the_anthropic_fixture():
    folder = importer_fixture("llm_answers")
    batch = read_anthropic_batch(folder / "anthropic_batch.jsonl")
    expected = pd.read_csv(folder / "expected_anthropic.csv")
    assert long_votes(batch).to_numpy().tolist() == expected.to_numpy().tolist()
    assert sum(batch.left_out.values()) == 4
