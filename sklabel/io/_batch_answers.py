"""What a line of a batch file says: whole answers, or why there is none."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from sklabel.io._values import whole_text
from sklabel.lf._answer_reading import VOTE, reason_of_end
from sklabel.utils._validation import first_few


class Answer(NamedTuple):
    """One answer, or what came in place of one.

    `reason` says why it is left out; empty if it is not. `text` is then the error, or
    as much of the answer as there is.
    """

    text: str
    finish_reason: str
    reason: str
    logprobs: list[dict[str, float]] | None = None


def _request_failed(reason: str, message: Any) -> tuple[None, list[Answer]]:
    text = message if isinstance(message, str) else json.dumps(message)
    return None, [Answer(text, "", reason)]


def openai_answers(line: dict[str, Any]) -> tuple[str | None, list[Answer]]:
    """Return the model of a line and its answers; None and why there are none."""
    error = line.get("error")
    if isinstance(error, dict) and not any(error.values()):
        error = None  # an object of nulls, beside an answer
    if error:
        code = error.get("code") if isinstance(error, dict) else None
        message = error.get("message") if isinstance(error, dict) else error
        return _request_failed(str(code or "error"), message or error)
    response = line.get("response") or {}
    status = response.get("status_code")
    # Some providers put the body there itself, or the status as a text or not at all.
    body = response if {"choices", "output"} & response.keys() else response.get("body")
    if status not in (None, 200, "200"):
        inner = body.get("error") if isinstance(body, dict) else None
        message = inner.get("message") if isinstance(inner, dict) else inner
        return _request_failed(f"http {status}", message or body or "")
    body = body or {}
    model = whole_text(_str(body.get("model"), "model")) or "model"
    if "output" in body:
        return model, [_responses_answer(body)]
    choices = body.get("choices")
    if not choices:
        inner = body.get("error")
        message = inner.get("message") if isinstance(inner, dict) else inner
        return _request_failed("no answer in the response", message or first_few(body))
    ordered = sorted(choices, key=lambda choice: choice.get("index") or 0)
    return model, [_choice_answer(choice) for choice in ordered]


def _choice_answer(choice: dict[str, Any]) -> Answer:
    """Read one choice of a chat completion, or of an old completion."""
    message = choice.get("message") or {}
    calls = [
        call.get("function") or call.get("custom") or {}
        for call in message.get("tool_calls") or []
    ] or [message.get("function_call") or {}]
    text = _joined_calls([c.get("arguments", c.get("input")) for c in calls])
    content = message.get("content", choice.get("text"))
    refusal = _str(message.get("refusal"), "refusal")
    if isinstance(content, list):
        refusal = refusal or _joined(content, "refusal")
        content = _joined(content, "text")
    return _answer(
        text or content,
        _str(choice.get("finish_reason"), "finish_reason"),
        refusal,
        _logprobs(choice.get("logprobs")),
    )


def _responses_answer(body: dict[str, Any]) -> Answer:
    """Read the answer of the responses interface."""
    parts = [
        part
        for item in body["output"] or []
        if item.get("type") == "message"
        for part in item.get("content") or []
    ]
    calls = [
        item.get("arguments", item.get("input"))
        for item in body["output"] or []
        if item.get("type") in {"function_call", "custom_tool_call"}
    ]
    details = body.get("incomplete_details") or {}
    end = _str(details.get("reason") or body.get("status"), "status")
    tokens = [token for part in parts for token in part.get("logprobs") or []]
    error = body.get("error") or {}
    if end == "failed":
        message = error.get("message") if isinstance(error, dict) else error
        return Answer(str(message or ""), end, end)
    return _answer(
        _joined_calls(calls) or _joined(parts, "text"),
        end,
        _joined(parts, "refusal"),
        _logprobs({"content": tokens}),
    )


def anthropic_answers(line: dict[str, Any]) -> tuple[str | None, list[Answer]]:
    """Return the model of a line and its answer; None and why there is none."""
    result = line["result"]
    kind = result["type"]
    if not isinstance(kind, str) or not kind:
        raise TypeError(f"the type of the result is {kind!r:.60}")
    if kind != "succeeded":
        error = result.get("error") or {}
        inner = error.get("error") or error
        message = inner.get("message") if isinstance(inner, dict) else inner
        return _request_failed(kind, message or "")
    message = result["message"]
    blocks = message.get("content") or []
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    calls = [block.get("input") for block in blocks if block.get("type") == "tool_use"]
    texts = [block for block in blocks if block.get("type") == "text"]
    return whole_text(_str(message.get("model"), "model")) or "model", [
        _answer(
            _joined_calls(calls) or _joined(texts, "text"),
            _str(message.get("stop_reason"), "stop_reason"),
            None,
            None,
        )
    ]


def _answer(
    text: Any,
    finish_reason: str,
    refusal: str | None,
    logprobs: list[dict[str, float]] | None,
) -> Answer:
    """Return an answer, with the reason to leave it out if there is one."""
    text = "" if text is None else _as_text(text)
    if refusal:
        return Answer(refusal, finish_reason, "refusal", logprobs)
    if reason_of_end(finish_reason) != VOTE:
        return Answer(text, finish_reason, finish_reason, logprobs)
    return Answer(text, finish_reason, "" if text.strip() else "empty", logprobs)


def _str(value: Any, what: str) -> str:
    """Return a text, '' for None."""
    if not isinstance(value, str | None):
        raise TypeError(f"{what} is {value!r:.60}, not a text")
    return value or ""


def _as_text(value: Any) -> str:
    """Return a text as it is; JSON, which some providers return parsed, as text."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _joined(parts: Sequence[Any], key: str) -> str:
    """Join the texts of the parts of an answer."""
    return "".join(_str(part.get(key), key) for part in parts)


def _joined_calls(calls: Sequence[Any]) -> str:
    """Return the arguments of a tool call, or of several as a list of JSON."""
    texts = [_as_text(call) for call in calls if call is not None and call != ""]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]" if texts else ""


def _logprobs(logprobs: Any) -> list[dict[str, float]] | None:
    """Return, for each token, its alternatives and their log-probabilities."""
    if not logprobs:
        return None
    if "tokens" in logprobs:  # old completions
        tops = logprobs.get("top_logprobs") or [{} for _ in logprobs["tokens"]]
        chosen = zip(logprobs["tokens"], logprobs["token_logprobs"], strict=True)
        return [
            dict(map(_logprob, ({token: logprob} | dict(top or {})).items()))
            for (token, logprob), top in zip(chosen, tops, strict=True)
            if logprob is not None
        ]
    found = []
    for token in logprobs.get("content") or []:
        alternatives: dict[str, float] = {}
        for one in token.get("top_logprobs") or []:
            text, logprob = _logprob((one["token"], one["logprob"]))
            # Two tokens may look alike, as pieces of one character do.
            if text in alternatives:
                logprob = float(np.logaddexp(alternatives[text], logprob))
            alternatives[text] = logprob
        alternatives.setdefault(*_logprob((token["token"], token["logprob"])))
        found.append(alternatives)
    return found or None


def _logprob(pair: tuple[Any, Any]) -> tuple[str, float]:
    """Return a token and its log-probability, after a check of both."""
    token, logprob = pair
    is_number = isinstance(logprob, int | float) and not isinstance(logprob, bool)
    # Rounding may lift the log of a probability of 1 a little.
    if not isinstance(token, str) or not is_number or not logprob <= 1e-3:
        raise TypeError(f"{logprob!r:.60} is not the log-probability of {token!r:.60}")
    return token, float(logprob)
