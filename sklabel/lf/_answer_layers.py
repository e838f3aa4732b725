"""What stands around an answer: reasoning, signs of a turn, markup, quotes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections.abc import Iterator

_THOUGHTS = r"think|thinking|thought|thoughts"
_REASONS = r"reasoning|reflection|scratchpad|analysis|rationale|explanation"
# Prompts ask for these before or after the answer; thoughts come first.
_REASONS_TAG = re.compile(
    rf"<\s*({_REASONS})\s*>(?:(?!<\s*\1\s*>).)*?<\s*/\s*\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_REASONING_END = re.compile(
    rf"<\s*/\s*(?:{_THOUGHTS}|{_REASONS})\s*>|\u25c1/think\u25b7|<\|channel\|>\s*final\s*"
    rf"(?:<\|[^|>]*\|>[^<]*)?<\|message\|>",
    re.IGNORECASE,
)
_REASONING_START = re.compile(
    rf"<\s*(?:{_THOUGHTS}|{_REASONS})\s*>|\u25c1think\u25b7|<\|channel\|>\s*analysis\b",
    re.IGNORECASE,
)
# Signs of the end of a turn, which some servers leave in.
_TURN = (
    r"(?:<[|\uff5c][^|\uff5c>\s]*[|\uff5c]>|\[/?INST\]|</?s>|<eos>|<bos>|<pad>|"
    r"<(?:end|start)_of_turn>)"
)
_ROLE = r"(?:(?:assistant|model)(?:[ \t]*\n|(?=<\|end_header_id\|>)))"
_TURN_BEFORE = re.compile(rf"\A(?:\s*{_TURN}{_ROLE}?)+")
_TURN_AFTER = re.compile(rf"{_TURN}\s*\Z")
# A transcript says who speaks.
_SPEAKER = re.compile(r"\Aassistant[ \t]*[:\n]", re.IGNORECASE)

_FENCE = re.compile(
    r"\A(`{3,}|~{3,})[ \t]*[\w+-]*[ \t]*\n(.*?)\n?[ \t]*\1\Z", re.DOTALL
)
_HTML = re.compile(r"\A<(b|strong|i|em|p|code|span|u)>(.*)</\1>\Z", re.I | re.DOTALL)
BOXED = re.compile(
    r"\\boxed\s*\{\s*((?:\\(?:text|mathrm|textbf)\s*\{[^{}]*\}|[^{}])*)\}"
)
_LATEX_TEXT = re.compile(r"\A\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}\Z")
# Opening and closing signs, of several languages.
_PAIRS = dict(
    pair.split()
    for pair in (
        *('" "', "' '", "\u201c \u201d", "\u201d \u201d", "\u201e \u201c"),
        *("\u201a \u2018", "\u300a \u300b"),
        *("\u2018 \u2019", "\u00ab \u00bb", "\u00bb \u00ab", "\u2039 \u203a"),
        *("\u300c \u300d", "\u300e \u300f", "\u3010 \u3011", "\uff08 \uff09"),
        *("( )", "[ ]", "{ }", "< >", "$ $"),
    )
)
# A heading, a quotation, a bullet; "- 1" may be the number -1.
# "Option B" is the letter.
_LEAD = re.compile(
    r"\A(?:#{1,6}\s+|>\s+|[\u2022\u25cf\u2023]\s*|[-\u2013]\s+(?!\d)|\u00a1|"
    r"option\s+(?=[(\[*]*[^\W\d_]\b))",
    re.IGNORECASE,
)
_FULL_STOPS = frozenset("!\u3002\uff01\u0964\u06d4")
_MOST_LAYERS = 12
_LONGEST_TURN = 80


def after_reasoning(text: str) -> tuple[str, bool]:
    """Return what follows the reasoning, and whether the reasoning never ends."""
    text = _REASONS_TAG.sub("", text) if "<" in text else text
    ends = list(_REASONING_END.finditer(text))
    if ends:
        text = text[ends[-1].end() :]
    text = _TURN_BEFORE.sub("", text.strip())
    while (
        match := _TURN_AFTER.search(text, max(0, len(text) - _LONGEST_TURN))
    ) is not None:
        text = text[: match.start()].rstrip()
    return text.strip(), _REASONING_START.search(text) is not None


def after_speaker(text: str) -> str:
    """Return a text without "assistant:" before it."""
    return _SPEAKER.sub("", text).strip()


def cores(text: str) -> Iterator[str]:
    """Yield a text, and again after each layer around it is taken off."""
    for _ in range(_MOST_LAYERS):
        text = text.strip()
        yield text
        bare = _without_layer(text)
        if bare == text:
            return
        text = bare


def _without_layer(text: str) -> str:
    """Take off one layer: a fence, quotes, emphasis, brackets, a final full stop."""
    for pattern, group in ((_FENCE, 2), (_HTML, 2), (BOXED, 1), (_LATEX_TEXT, 1)):
        match = pattern.match(text) if text[:1] in "`~<\\" else None
        if match is not None and match.end() == len(text):
            return match[group]
    bare = text.strip("*`")
    if bare != text:
        return bare
    if text[:1] == "_" and text[-1:] == "_":
        return text.strip("_")
    if len(text) > 1 and _PAIRS.get(text[0]) == text[-1]:
        return text[1:-1]
    if text[-1:] in _FULL_STOPS or (text[-1:] == "." and text[-2:] != ".."):
        return text[:-1]
    for opening, closing in ("()", "[]"):
        if text[-1:] == closing and opening not in text:
            return text[:-1]  # "B)"
    return _LEAD.sub("", text)
