"""What was read of an answer, and the reasons why it may be no vote."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import NamedTuple

VOTE = "vote"
EMPTY = "empty"
REFUSAL = "refusal"
TWO_CLASSES = "two classes"
NOT_KNOWN = "class not known"
TRUNCATED = "truncated"
ERROR = "error"
REASONS = (VOTE, EMPTY, REFUSAL, TWO_CLASSES, NOT_KNOWN, TRUNCATED, ERROR)

# What providers and servers write of how an answer ended.
_ENDS = {
    VOTE: {
        *("", "stop", "end_turn", "stop_sequence", "tool_use", "tool_calls", "end"),
        *("function_call", "completed", "complete", "eos", "eos_token", "finished"),
    },
    TRUNCATED: {
        *("length", "max_tokens", "max_output_tokens", "model_length", "incomplete"),
        *("model_context_window_exceeded", "pause_turn", "max_length", "truncated"),
    },
    REFUSAL: {
        *("content_filter", "content_filtered", "refusal", "safety", "recitation"),
        *("blocklist", "spii", "prohibited_content", "guardrail_intervened"),
    },
}


class Reading(NamedTuple):
    """What an answer says.

    `code`: position of the class, -1 if there is none. `reason`: one of `REASONS`.
    `part`: the part of the answer that was read as the class.
    """

    code: int
    reason: str
    part: str


def reason_of_end(finish_reason: str) -> str:
    """Return what it means that an answer ended as it did.

    Parameters
    ----------
    finish_reason : str
        What a provider writes: 'stop', 'end_turn', 'length', 'content_filter'.

    Returns
    -------
    reason : str
        'vote' where it may be read, 'truncated', 'refusal', or 'error' for anything
        that is not known.
    """
    word = finish_reason.strip().casefold()
    return next((reason for reason, ends in _ENDS.items() if word in ends), ERROR)
