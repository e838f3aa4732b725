"""What the answer of a language model says: a class, or why there is none."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from sklabel.lf._answer_json import (
    Pairs,
    json_in,
    pairs_of,
    values_under,
)
from sklabel.lf._answer_layers import BOXED, after_reasoning, after_speaker, cores
from sklabel.lf._answer_lead import LeadReader
from sklabel.lf._answer_names import (
    AMBIGUOUS,
    NOT_ELSEWHERE,
    UNKNOWN,
    ClassNames,
    cell_text,
)
from sklabel.lf._answer_reading import (
    EMPTY,
    NOT_KNOWN,
    REFUSAL,
    TRUNCATED,
    TWO_CLASSES,
    VOTE,
    Reading,
)
from sklabel.text._matching import UNSPACED
from sklabel.votes._labels import tidy_text

JSON_KEYS = ("label", "category", "class", "answer")
MARKERS = (
    *("label:", "label is:", "category:", "category is:", "class:", "class is:"),
    *("answer:", "answer is:", "final answer:", "classification:"),
)
# They are about the task. What a customer "cannot" do is no refusal.
REFUSALS = (
    r"\b(?:i|we)(?: am|'m| are|'re)? (?:cannot|can't|can not|unable to|not able to|"
    r"won't|will not|could not|couldn't|refuse to|decline to|must decline to) "
    r"(?:\w+ ){0,2}?(?:classify|categori[sz]e|label|determine|decide|tell|answer|"
    r"assign|judge|help|assist|provide|comply|fulfill|engage|discuss|process|respond|"
    r"continue|complete|identify|assess|analy[sz]e|make|give|say|be certain|be sure)\b",
    r"\bi(?: am|'m) (?:not|un)(?: |-)?(?:sure|certain)\b",
    r"\bi(?: do not|don't) know\b",
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b",
    r"\bi(?: am|'m) sorry,? (?:but|i)\b",
    r"\bi (?:must|have to) (?:decline|refuse)\b",
    r"\bi apologi[sz]e,? but\b",
    r"\b(?:cannot|can't|unable to|impossible to) (?:be )?(?:classif(?:y|ied)|"
    r"categori[sz]ed?|label(?:l?ed)?|determined?|decided?)\b",
    r"\b(?:not enough|insufficient) (?:information|context|detail)",
)

# What a missing value becomes as text.
_GAPS = frozenset({"nan", "NaN", "<NA>", "NaT"})

# A text that is quoted as a whole.
_QUOTED = re.compile(r"\A(?:\"([^\"]*)\"|\u201c([^\u201c\u201d]*)\u201d)\Z")
# "B) bug", "(2) bug", "**B.** bug", "C: bug".
_OPTION = re.compile(
    r"\A[*_`]*[(\[]?([^\W\d_]|\d{1,3})[*_`]*(?:[)\]][*_`]*\s*|[.:][*_`]*\s+|"
    r"[\uff0e\uff1a\u3001]\s*|\s+[-\u2013\u2014]\s+)((?![.!]+\Z)\S.*)\Z"
)
# An answer that is said again: "bug, bug".
_AGAIN = re.compile(r"[,;]\s+|\n\s*")
_MOST_REPEATS = 50
_ESCAPED = re.compile(r"\\([_*&#+-])")

# Before a marker: what the line says of it is not the answer.
_OTHER_LABEL = re.compile(
    r"\b(?:not?|non|never|neither|nor|wrong|incorrect|false|reject\w*|exclud\w*|"
    r"former|previous|earlier|old|initial|alternative|alternate|another|other|"
    r"second|secondary|runner-up|next|possible|potential|candidate|example|unlikely|"
    rf"instead|without|least|sub|{NOT_ELSEWHERE})\b|n't\b|[不非没無]"
)
# An example that the model adds to those of the prompt.
_NEXT_TEXT = re.compile(
    r"^[#*\s]{0,9}(?:text|input|ticket|review|question|sentence|message|example|user|human|"
    r"document|tweet|comment|email|post)\b[^:\n]{0,20}:",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_MARKED = 10
_CLAUSE_REACH = 200
_CLAUSE_START = re.compile(
    r"[.;:,!?()\u2013\u2014\n\u060c\u061f\u0964\u3001\u3002\uff01\uff08-\uff0c\uff1a\uff1b\uff1f]"
)


class AnswerParser:
    """Reads answers of language models; never guesses.

    Parameters
    ----------
    names : ClassNames
        What the classes are called.
    json_keys : sequence of str
        Keys of JSON objects, and XML tags, that hold the class; the first counts most.
    markers : sequence of str, default=None
        What stands before the class. None: `MARKERS`, and sentences such as "the
        category is".
    refusals : sequence of str
        Regular expressions, found in answers that refuse.
    mentions : {'never', 'only', 'last'}
        Whether a class that a sentence names counts.
    """

    def __init__(
        self,
        names: ClassNames,
        *,
        json_keys: Sequence[str] = JSON_KEYS,
        markers: Sequence[str] | None = None,
        refusals: Sequence[str] = REFUSALS,
        mentions: str = "never",
    ) -> None:
        self._names = names
        self._json_keys = [tidy_text(key).casefold() for key in json_keys]
        self._tag = _tag_pattern(json_keys)
        self._has_statements = markers is None
        markers = MARKERS if markers is None else markers
        self._marker = _marker_pattern(markers)
        self._need_colon = all(tidy_text(marker).endswith(":") for marker in markers)
        self._refusals = [re.compile(pattern, re.IGNORECASE) for pattern in refusals]
        self._mentions = mentions
        self._lead = LeadReader(names, self._whole)

    def read(self, text: str) -> Reading:
        """Return what an answer says.

        Parameters
        ----------
        text : str
            The answer.

        Returns
        -------
        reading : Reading
            The class, or the reason why there is none.
        """
        text = text.strip()
        code = self._whole(text)
        if code >= 0:
            return Reading(code, VOTE, text)
        if text in _GAPS:
            return Reading(-1, EMPTY, "")
        answer, is_cut = after_reasoning(text)
        if is_cut:
            return Reading(-1, TRUNCATED, text)
        if not [*map(tidy_text, cores(answer))][-1]:
            return Reading(-1, EMPTY, "")
        if self._names.find("assistant") == UNKNOWN:
            answer = after_speaker(answer)
        code = self._whole(answer)
        if code != UNKNOWN:
            return self._reading({code}, answer)
        objects, rest, is_broken = json_in(answer)
        if is_broken:
            is_closed = answer.rstrip("` \n\r\t").endswith("}")
            return Reading(-1, NOT_KNOWN if is_closed else TRUNCATED, answer)
        found = self._marked(objects, answer, _QUOTED.sub(r"\1\2", rest))
        if found is not None and found.reason != NOT_KNOWN:
            return found
        # What a marker or JSON says narrows down where a sentence may name a class.
        if found is None:
            code = UNKNOWN if objects else self._said_first(rest)
            return Reading(code, VOTE, answer) if code >= 0 else self._sentence(answer)
        reading = self._sentence(re.split(r"[.;]\s", found.part, maxsplit=1)[0])
        return reading._replace(part=found.part)

    def read_value(self, value: object) -> Reading:
        """Return what a cell says that is an object already: a dict or a list.

        Parameters
        ----------
        value : dict, list, tuple or ndarray
            As the parsers of JSON and of structured answers return it.

        Returns
        -------
        reading : Reading
            The class, or the reason why there is none.
        """
        pairs = pairs_of(value)
        if not pairs:
            return Reading(-1, EMPTY, "")
        found = self._of_objects([pairs])
        if found is not None:
            return found
        if not isinstance(pairs, Pairs):
            return self._of_values(pairs)
        return Reading(-1, NOT_KNOWN, str(value))

    def _said_first(self, text: str) -> int:
        """Return the class that an answer begins with, or says to be the label."""
        if self._refuses(text):
            return UNKNOWN
        code = self._lead.lead(text)
        if code == UNKNOWN and self._has_statements:
            code = self._lead.stated(text)
        return code

    def _whole(self, text: str) -> int:
        """Return the class that is all that a text holds, markdown and so on aside."""
        code = self._bare(text)
        if code == UNKNOWN and ("&" in text or "\\" in text):
            code = self._bare(_ESCAPED.sub(r"\1", html.unescape(text)))
        if code != UNKNOWN:
            return code
        first, *others = _AGAIN.split(text, maxsplit=_MOST_REPEATS)
        code = self._bare(first) if others else UNKNOWN
        is_same = code >= 0 and all(self._bare(other) == code for other in others)
        return code if is_same else UNKNOWN

    def _bare(self, text: str) -> int:
        """Return the class that is all that a text holds, said once."""
        for core in cores(text):
            if len(core) > 2 * self._names.longest + 40 or "\n" in core:
                continue
            code = self._names.find(tidy_text(core))
            if code >= 0:
                return code
            option = _OPTION.match(core)
            if option is not None:
                return self._option(option)
        return UNKNOWN

    def _option(self, option: re.Match[str]) -> int:
        """Return the class of "B) bug", unless B means another class."""
        letter, rest = option.groups()
        code = self._whole(rest) if _OPTION.match(rest) is None else UNKNOWN
        meant = self._names.find(letter)
        return AMBIGUOUS if min(code, meant) >= 0 and code != meant else code

    def _reading(self, codes: set[int], part: str) -> Reading:
        """Return a vote for the only class, or say that there are two."""
        if len(codes) > 1 or AMBIGUOUS in codes:
            return Reading(-1, TWO_CLASSES, part)
        (code,) = codes
        return Reading(code, NOT_KNOWN if code == UNKNOWN else VOTE, part)

    def _marked(
        self, objects: Sequence[object], answer: str, rest: str
    ) -> Reading | None:
        """Return what JSON, tags and markers say; None if there are none."""
        by_structure = [self._of_objects(objects), *self._of_tags(answer)]
        found = [reading for reading in by_structure if reading is not None]
        by_marker = self._of_marker(rest)
        if by_marker is not None and (by_marker.code >= 0 or not found):
            found.append(by_marker)
        if not found:
            return None
        voted = [reading for reading in found if reading.reason != NOT_KNOWN]
        if len(voted) == len(found) or not voted:
            votes = {reading.code for reading in found}
            if len(votes) == 1:
                return found[0]
            return Reading(-1, TWO_CLASSES, answer)
        return next(reading for reading in found if reading.reason == NOT_KNOWN)

    def _of_objects(self, objects: Sequence[object]) -> Reading | None:
        """Return what objects say under the keys; None if no object has one."""
        readings = []
        for thing in objects:
            values = values_under(thing, self._json_keys)
            if values:
                readings.append(self._of_ranked(values))
        if not readings:
            return None
        codes = {reading.code for reading in readings}
        if len(codes - {UNKNOWN}) > 1:
            return Reading(-1, TWO_CLASSES, readings[0].part)
        return min(readings, key=lambda reading: reading.code)

    def _of_tags(self, answer: str) -> Iterator[Reading]:
        """Yield what tags named like the keys hold, and what is boxed last."""
        tags = [
            (self._json_keys.index(tag.casefold()), content)
            for tag, content in self._tag.findall(answer)
        ]
        if tags:
            yield self._of_ranked(tags)
        boxed = BOXED.findall(answer)
        if boxed:
            yield self._of_values([boxed[-1]])

    def _of_ranked(self, values: Sequence[tuple[int, object]]) -> Reading:
        """Return the class under the first key, unless another key says another."""
        first = min(rank for rank, _ in values)
        best = self._of_values([value for rank, value in values if rank == first])
        if best.code < 0:
            return best
        others = {self._whole(cell_text(value)) for _, value in values} - {UNKNOWN}
        return self._reading(others, best.part)

    def _of_values(self, values: Sequence[object]) -> Reading:
        """Return the class that all of some values are."""
        texts = ["null" if v is None else cell_text(v) for v in values]
        part = ", ".join(texts)
        # The null of JSON is no name, also where a class is called "None".
        codes = {
            UNKNOWN if value is None else self._whole(text.strip())
            for value, text in zip(values, texts, strict=True)
        }
        if len(codes) == 1:
            return self._reading(codes, part)
        if len(codes - {UNKNOWN}) > 1:
            return Reading(-1, TWO_CLASSES, part)
        return Reading(-1, NOT_KNOWN, part)

    def _of_marker(self, text: str) -> Reading | None:
        """Return the class after the last marker; None if there is no marker."""
        if self._need_colon and ":" not in text and "\uff1a" not in text:
            return None
        marked = []
        for match in self._marker.finditer(text):
            line = text[max(0, match.start() - _CLAUSE_REACH) : match.start()]
            clause = _CLAUSE_START.split(line)[-1].casefold().replace("\u2019", "'")
            if _OTHER_LABEL.search(clause) is None:
                marked.append(match)
        if not marked:
            return None
        marked = marked[:_MOST_MARKED] + marked[_MOST_MARKED:][-_MOST_MARKED:]
        last = marked[-1]
        part = _rest_of_line(text, last.end())
        if not part:
            return None
        code = self._whole(part.rstrip(",;"))
        if code == UNKNOWN and not self._refuses(part):
            code = self._lead.lead(part, after_label=True)
            if code == UNKNOWN and self._has_statements:
                code = self._lead.stated(part)
        reading = self._reading({code}, part)
        if reading.code < 0:
            return reading
        first = self._whole(text.split("\n", 1)[0])
        if first not in {UNKNOWN, reading.code} or self._lead.is_revised(
            text[last.end() :], reading.code
        ):
            return Reading(-1, TWO_CLASSES, text)
        if self._refuses(text, at_start=True):
            return Reading(-1, REFUSAL, text)
        is_final = "final" in last.group().casefold()
        if not is_final and any(
            self._contradicts(text[match.end() : last.start()], reading.code)
            for match in marked[:-1]
        ):
            return Reading(-1, TWO_CLASSES, text)
        return reading

    def _contradicts(self, between: str, code: int) -> bool:
        """Tell whether another class stands after an earlier marker.

        Some models go on with a further example of their own, give two labels, or
        repeat a rule: "If it crashes, label: bug. If it costs, label: billing". An
        answer that corrects itself ("No, wait") does neither.
        """
        line, _, further = between.strip(" \t\r*_`").partition("\n")
        if self._lead.revises(further) and _NEXT_TEXT.search(between) is None:
            return False
        said = {self._whole(line.rstrip(",; ")), self._lead.lead(line)}
        if not further:
            said |= {other for other, _ in self._names.mentions(line)}
        return bool(said - {code, UNKNOWN})

    def _refuses(self, text: str, *, at_start: bool = False) -> bool:
        """Tell whether an answer refuses, or begins by refusing."""
        text = tidy_text(text).replace("\u2019", "'")
        if at_start:
            text = re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
        return any(pattern.search(text) for pattern in self._refusals)

    def _sentence(self, part: str) -> Reading:
        """Return the class that sentences name, as `mentions` says, or why none."""
        if self._refuses(part):
            return Reading(-1, REFUSAL, part)
        named = list(self._names.mentions(part))
        counted = [code for code, counts in named if counts]
        if counted and self._mentions == "last":
            return Reading(counted[-1], VOTE, part)
        if counted and self._mentions == "only":
            return self._reading(set(counted), part)
        several = len({code for code, _ in named}) > 1
        return Reading(-1, TWO_CLASSES if several else NOT_KNOWN, part)


def _rest_of_line(text: str, start: int) -> str:
    """Return the rest of a line; of an empty one, the paragraph that follows."""
    end = text.find("\n", start)
    rest = text[start:] if end < 0 else text[start:end]
    if rest.strip(" \t\r*_`#"):
        return rest.strip()
    if end < 0:
        return ""
    return re.split(r"\n[ \t\r]*\n", text[end:].strip(), maxsplit=1)[0].strip()


def _tag_pattern(keys: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of XML tags named like keys, and their contents."""
    plain = [re.escape(key) for key in keys if re.fullmatch(r"\w+", key)]
    if not plain:
        return re.compile(r"(?!)")
    return re.compile(
        rf"<\s*({'|'.join(plain)})\s*>([^<]*)<\s*/\s*\1\s*>", re.IGNORECASE
    )


def _marker_pattern(markers: Sequence[str]) -> re.Pattern[str]:
    """Return a pattern of markers, whatever blanks and emphasis stand in them."""
    patterns = []
    for marker in sorted(markers, key=len, reverse=True):
        words = tidy_text(marker)
        has_colon = words.endswith(":")
        pattern = r"\s+".join(map(re.escape, words.rstrip(": ").split()))
        if words[:1].isalnum() and not re.match(f"[{UNSPACED}]", words):
            pattern = rf"(?<![\w-]){pattern}"
        if has_colon:
            pattern += r"[ \t*_`]*[:\uff1a][*_`]*"
        elif words[-1:].isalnum():
            pattern += r"(?!\w)(?:[ \t*_`]*[:\uff1a][*_`]*)?"
        patterns.append(pattern)
    if not patterns:
        return re.compile(r"(?!)")
    return re.compile("|".join(patterns), re.IGNORECASE)
