"""A class that an answer puts first, and explains or rates after it."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice

from sklabel.lf._answer_names import (
    AMBIGUOUS,
    NOT_ELSEWHERE,
    UNKNOWN,
    ClassNames,
    fold,
    is_denied_elsewhere,
)
from sklabel.text._matching import UNSPACED

_UNSPACED_SIGN = re.compile(f"[{UNSPACED}]")
# What may stand between the class and its explanation. A full stop must follow a word:
# "1. The app crashes" is an item of a list. Chinese puts no blank after a sign.
_SEPARATOR = re.compile(
    r"(?P<line>[ \t\r]*\n)|"
    rf"(?P<colon>[ \t]*[:\uff1a][*_`\"]*(?=[\s{UNSPACED}])|\uff1a[*_`\"]*|"
    r"[ \t]+[-\u2013\u2014]+[ \t]+|[ \t]*\u2014+[ \t]*)|"
    r"(?P<comma>[*_`\"]*(?:[,;\u060c\u061b]\s+|[\uff0c\uff1b\u3001]\s*))|"
    r"(?P<stop>(?<=[^\W\d_]{2})[*_`\"]*[.!][*_`\"]*\s+(?!\d)|[\u3002\uff01\u0964\u06d4]\s*)|"
    r"(?P<bracket>\s*[(\[\uff08])|"
    r"(?P<word>\s+(?=(?:because|since|due\s+to|as\s+(?:it|the|this)|with\s+(?:an?\s+)?"
    r"(?:\w+\s+)?(?:confidence|certainty))\b))",
    re.IGNORECASE,
)
_STARTER = re.compile(
    r"\W*(?:because|since|as|due to|given|based on|the|this|it|its|there|users?|"
    r"customers?|authors?|writers?|reviewers?|they|he|she|an?|i|we|which|for|not|rather"
    r"|with|reason\w*|explanations?|rationale|justification|confidence|certainty|note)\b"
)
_CONFIDENCE = re.compile(
    r"\W*(?:(?:very |quite |fairly )?(?:high|medium|moderate|low|good|full)(?:ly)? "
    r"(?:confiden\w*|certain\w*|probab\w*)|(?:confiden\w*|certain\w*|probab\w*|score)"
    r"\W+(?:is )?(?:very )?(?:\d[\d.]*\s*%?|\w+)|\d[\d.]*\s*%?\s*"
    r"(?:confiden\w*|certain\w*|sure|probab\w*)|(?:very |quite )?"
    r"(?:confident|certain|sure))\W*"
)
# A bare number in brackets is a probability; below one half it speaks against.
_NUMBER = re.compile(r"\W*(\d*\.?\d+)\s*(%?)\W*")
# Not "bug()" or "bug (-)".
_SAYS_SOMETHING = re.compile(r"[^\W_]|[^\x00-\xff]")
# What chat models add at the end, and is not about the class.
_COURTESY = re.compile(
    r"(?:(?<=[.!\n])|\A)\s{0,9}(?:please )?(?:let me know|is there anything|"
    r"would you like|do you (?:want|need)|anything else|(?:i )?hope this)\b"
    r"[^.!?\n]*[.!?]?",
    re.IGNORECASE,
)
# A list of labels has shorter items than an explanation has.
_FEWEST_WORDS = 3
_FEWEST_AFTER_COMMA = 4
_ITEM_END = re.compile(r"[,;:.!\n\u060c\u061b\u3001\u3002\u0964]")
_MOST_SAID = 20
_MOST_NAMED = 100
# "bug: no", "bug, or ...", "bug, if ...".
_TURNED_AT_ONCE = re.compile(
    r"\W*(?:no|none|false|unlikely|never|nope|n/a|unknown|wrong|incorrect|absent|"
    r"or|and|but|though|although|however|if|unless|when|assuming|only|vs|versus|nor|"
    r"yet|plus|also|to|rejected|excluded|ruled out|isn't|is not|doesn't|hardly|"
    r"low(?! confiden| certain))\b|\s*[?/|&+]|\s*\.\.|\s*\u2026"
)
# The same in other languages.
_TURNED_ELSEWHERE = re.compile(
    rf"\W*(?:(?:{NOT_ELSEWHERE}|o(?:der|u)|aber|nein|mais|non|pero|sino|mas|nee|maar|ma|"
    r"или|но|veya|ama|değil|أو|لكن|بل|لا|ليس|या|लेकिन|नहीं)(?!\w)|[不否非或但还]|"
    r"또는|하지만|아니|หรือ|แต่|ไม่|または|しかし|いいえ|いや)"
)
_NOT_AT_ONCE = re.compile(r"\W*(?:not|without)\b")
_REVISED = re.compile(
    r"\bno[,.!:\u2014]|\bno wait\b|\bwait\b(?=\W*(?:[,.!\u2026-]|no\b|actually\b))|"
    r"\bactually\b|\bon second thoughts?\b|\bcorrection\b|\bscratch that\b|\boops\b|"
    r"\bhold on\b|\bmy mistake\b|\bi mean\b|\breconsider\w*|\btake (?:that|it) back\b|"
    r"\bon reflection\b|\bre-?read\w*|\bhmm+\b|\bi was wrong\b|\brevis(?:e|ed|ing)\b|"
    r"\bchange my (?:mind|answer)\b|\bsorry\b|\balternativ\w*|\bsecond (?:choice|"
    r"thoughts?|option)\b|\brunner-up\b|\b(?:could|may|might|can) (?:also|as well|"
    r"equally|instead)\b|\bmore (?:of an?|like)\b|\bcloser to\b|\bbetter (?:fit|"
    r"described|labell?ed|match)\b|\bthat's (?:wrong|not)\b|\bthat is (?:wrong|not)\b|"
    r"\bthis is (?:wrong|incorrect)\b|\bor (?:maybe|perhaps|possibly|rather)\b|~~|"
    # "Yes, I can help with that", "Good. Let me look at it" are about the task.
    r"\b(?:let me|i can|i'll|i will|i'd be \w+ to) (?:\w+ )?(?:help|assist|classify|"
    r"categori[sz]e|label|analy[sz]e|do (?:that|this|it|so)|look|take|check|read)\b|"
    r"\b(?:provide|send|share|paste|give)(?: me)? (?:the|your|a|some)(?: \w+)? (?:text|"
    r"message|input|content|passage|sentence|document|review|comment)s?\b|"
    r"\bno (?:text|input|content)\b"
)
# "bug: this does not apply" says of the label that it is not the one.
_REJECTED = re.compile(
    r"(?:\b(?:does|do|did|would|will|can|could) not|n't|\bcannot)\s+(?:\w+\s+){0,2}?"
    r"(?:apply|fit|match|hold|suit|choose|pick|select|describe|qualify|be (?:right|"
    r"correct|it|the case))\b|\bnot (?:\w+ ){0,2}?(?:right|applicable|appropriate|"
    r"correct|relevant|the best|the case|suitable|fitting|one|this one)\b|"
    r"\bdisagree\w*|(?<!no )\bdoubt\w*|\bruled? out\b|"
    r"\b(?:dropped|discard\w*|reject\w*|dismiss\w*|"
    r"exclud\w*) (?:it|this|that)?\b|\bdropped\b|"
    r"\b(?:it|this|that) (?:is|was) not[.!]|\bleast likely\b|"
    r"\bno (?:\w+ )?(?:evidence|sign|indication)s? (?:of|for) (?:it|this|that|one)\b|"
    r"\b0 (?:out )?of\b|\bfirst (?:thought|idea|impression|guess)\b|"
    r"\b(?:which|that|this|it|label|category|class) (?:is|was|would be|seems) (?:\w+ )?"
    r"(?:wrong|incorrect|unlikely|false|mistaken|a mistake)\b|"
    r"\b(?:would|should) (?:\w+ )?be (?:wrong|incorrect)\b|\bsondern\b|\bsino\b"
)
_REVISED_LINE = re.compile(
    r"^\W{0,9}(?:no|wait|actually|correction|edit|update|on second thoughts?|"
    r"hmm+|oops|sorry)\b"
    r"(?=\s*[,.!:;\u2014\u2026-])",
    re.MULTILINE,
)
_DOUBT = re.compile(
    r"\b(?:maybe|perhaps|possibly|might|may be|could be|not sure|unsure|"
    r"uncertain|not certain|not clear|unclear|ambiguous|borderline|either|both|mixed|"
    r"hard to (?:say|tell|decide)|or not|or so|in doubt|doubtful|debatable|arguabl[ey]|"
    r"sort of|kind of|guess\w*|tentative\w*|toss-?up|close call|probably|likely|"
    r"partial\w*|partly|depends|not confident|questionable|fifty-fifty|50/50)\b|"
    r"\b50 ?%|\?"
)
_FIRST_SENTENCE = re.compile(r".*?(?:[.!?](?=\s)|\n|\Z)", re.DOTALL)
_SENTENCE_END = re.compile(r"[.;!?\n\u3002\u0964]")
# How far before a name its negation is looked for.
_BACK = 120
_NEGATION = (
    r"(?:\b(?:not|no|never|neither|nor|without|rather than|instead of|other than|"
    r"kein\w*|nicht|pas|geen|niet|unlike|cannot|hardly|despite)|n't)\s+"
    r"(?!only\b|just\b|merely\b|simply\b|sure\b|certain\b|doubt\b|necessarily\b|clear\b)"
)
# Another class may be named where the words before it rule it out; so near that no
# other statement stands between. A class that was said must not be, even from afar.
_WORD = r"(?:(?!(?:and|but|so|because|since)\b)[\w'-]+\s+)"
_OPENING = r"[\"'*_`\u201c(\[]*\Z"
_RULED_OUT = re.compile(_NEGATION + _WORD + "{0,3}" + _OPENING)
_TAKEN_BACK = re.compile(_NEGATION + _WORD + "{0,6}" + _OPENING)
_TAKEN_BACK_AFTER = re.compile(
    r"[\"'*_`\u201d]*\s*(?:(?:label|category|class|option|answer)\s+)?"
    r"(?:(?:is|was|would be|seems|looks)\s+(?:not|no|wrong|incorrect|unlikely|false|"
    r"out|ruled out)\b|(?:is|was|does|would|did|do|can)(?:n't|\s*not)\b|"
    r"[:=\u2013-]\s*(?:no|not|false|unlikely|0)\b)"
)
# "1. bug" and a second item: an answer about several texts.
_ITEM = re.compile(r"^\W{0,9}\d{1,3}\s*[.):]", re.MULTILINE)
_HEADER = re.compile(
    r"\W*(?:reason\w*|explanations?|rationale|justification|because|confidence|note|"
    r"why|analysis)\b"
)
_FIELD = re.compile(r"^[\s*_#>\u2022-]{0,9}[^\W\d_][\w -]{0,30}[*_]*:", re.MULTILINE)
_OVERALL = re.compile(r"\b(?:overall|on balance|in sum|in total|all in all)\b")

_LABEL_WORDS = (
    r"(?:category|label|class|classification|answer|sentiment|emotion|intent|topic|"
    r"verdict|prediction|option|choice)"
)
# "Based on the text, the most likely category of this ticket is ...".
STATEMENT = re.compile(
    r"(?:\A|\n(?!\n)|(?<=[.!])\s)[\s>*_`#\u2022-]{0,20}(?:"
    r"(?:i would|i'd|i)\s+(?:classify|label|categori[sz]e)\s+"
    r"(?:this|it|the\s+\w+)(?:\s+\w+)?\s+as\b|"
    r"(?:this|it|(?:the|this)\s+\w+)\s+is\s+classified\s+as\b|"
    r"(?:(?:in\s+)?conclusion|therefore|thus|hence|so)\s*:|"
    rf"(?<=#\s)\**(?:final\s+|predicted\s+)?{_LABEL_WORDS}\**[ \t]*\n|"
    r"(?:(?:sure|ok|okay|so|therefore|thus|hence|overall|in conclusion|in short|"
    r"(?:based on|given|considering|from) [^,.;:?!\n]{1,80}|i think|i believe|"
    r"i would say|i'd say)(?: that)?[,!.:]?\s+)?"
    r"(?:(?:the|my|this|its)\s+|the\s+\w+'s\s+)?"
    r"(?:(?:most\s+(?:appropriate|likely|fitting|suitable)|best|right|correct|final|"
    r"predicted|overall|appropriate|main|primary|dominant|assigned|suggested|chosen|"
    r"resulting)\s+){0,2}"
    rf"[*_`\"]{{0,4}}{_LABEL_WORDS}[*_`\"]{{0,4}}"
    r"(?:\s+(?:of|for)\s+(?:this|the|that|your)(?:\s+\w+){1,3}?)?"
    # "Label - 1" may be the number -1.
    r"(?:\s*[:\uff1a=][*_`]*|(?:\s*[\u2013\u2014][*_`]*|\s+-)(?!\s*\d)|\s+is\b))"
    r"[ \t]*:?\s*"
    r"(?:(?:clearly|definitely|therefore|thus|most\s+likely|best\s+described\s+as)\s+)?",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"(?:an?|the)\s+")
# Signs that deny or doubt what stands beside them.
_DENYING = frozenset(
    "\u274c\u2716\u274e\u2753\u2754\u2049\u26d4\u2717\u2718\u2612"
    "\U0001f6ab\U0001f44e\U0001f914\U0001f937\U0001f615\U0001f645"
)
# Colours of skin, and what makes one sign of two.
_JOINED_TO_EMOJI = frozenset(
    "\ufe0f\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
)


class LeadReader:
    """Reads the class that an answer begins with, unless what follows speaks against.

    Parameters
    ----------
    names : ClassNames
        What the classes are called.
    whole : callable
        Returns the class that is all that a text holds, markdown and so on aside.
    """

    def __init__(self, names: ClassNames, whole: Callable[[str], int]) -> None:
        self._names = names
        self._whole = whole
        self._reach = 2 * names.longest + 40

    def stated(self, text: str) -> int:
        """Return the class of all sentences such as "the category is ...".

        Parameters
        ----------
        text : str
            The answer.

        Returns
        -------
        code : int
            Position of the class; `UNKNOWN` if there is none, or a sentence says
            something else.
        """
        ends = [match.end() for match in islice(STATEMENT.finditer(text), _MOST_SAID)]
        if len(ends) == _MOST_SAID:
            return UNKNOWN  # it went round in circles
        codes = {self.lead(text[end:], after_label=True) for end in ends}
        return codes.pop() if len(codes) == 1 else UNKNOWN

    def lead(self, text: str, *, after_label: bool = False) -> int:
        """Return the class at the start of a text.

        Parameters
        ----------
        text : str
            The answer, or what follows a label word.
        after_label : bool, default=False
            Whether "the label is" stands before it, so that an article may follow.

        Returns
        -------
        code : int
            Position of the class; `UNKNOWN` if there is none, or what follows names
            another class, takes the first back or doubts it.
        """
        text = _COURTESY.sub("", text).strip()
        code, kind, rest = UNKNOWN, "", ""
        # The longest counts: "bug - login" may be a class, and "bug" as well.
        for found_kind, head, after in _splits(text, self._reach):
            found = self._class_of(head, after_label)
            if found != UNKNOWN:
                code, kind, rest = found, found_kind, after
        if kind != "bracket" and not rest.strip(" \t\r\n*_`\"'.!"):
            return max(code, UNKNOWN)
        items = _ITEM.findall(text)
        if len(items) > 1 and _ITEM.match(text):
            return UNKNOWN
        if code < 0:
            return UNKNOWN
        if kind == "colon" and _lists_fields(rest):
            return UNKNOWN
        return code if self._explains(fold(rest), rest, code, kind) else UNKNOWN

    def revises(self, text: str) -> bool:
        """Tell whether a line begins with "No," or "Wait,"."""
        return _REVISED_LINE.search(fold(text)) is not None

    def is_revised(self, text: str, code: int) -> bool:
        """Tell whether a line such as "No, ..." names another class.

        Parameters
        ----------
        text : str
            What follows a class.
        code : int
            The class.

        Returns
        -------
        is_revised : bool
            Whether the class is taken back.
        """
        text = fold(text)
        match = _REVISED_LINE.search(text)
        if match is None:
            return False
        rest = text[match.end() :]
        return any(other != code for other, _, _ in self._names.spans(rest))

    def _class_of(self, head: str, after_label: bool) -> int:
        """Return the class that a head is, emoji beside it and an article aside."""
        code = self._whole(head)
        if code == UNKNOWN and after_label:
            code = self._whole(_ARTICLE.sub("", head, count=1))
        if code != UNKNOWN:
            return code
        bare, signs = _without_emoji(head)
        if not signs or not bare:
            return UNKNOWN
        code = self._whole(bare)
        meant = {self._whole(sign) for sign in signs} - {UNKNOWN, code}
        return AMBIGUOUS if meant and code != UNKNOWN else code

    def _explains(self, rest: str, written: str, code: int, kind: str) -> bool:
        """Tell whether what follows a class explains it, and no more."""
        if kind == "bracket":
            inside, closed, after = rest.partition(")" if ")" in rest else "]")
            if not closed or _SAYS_SOMETHING.search(inside) is None:
                return False
            number = _NUMBER.fullmatch(inside)
            if number is not None and _is_below_half(*number.groups()):
                return False
            # "bug (crash) feature" goes on without a sign.
            after = after.strip("*_`\"' \t")
            if (
                after
                and after[0] not in ".:,;!-\u2013\u2014\n"
                and (_STARTER.match(after) is None)
            ):
                return False
        elif not _is_explanation(rest, kind):
            return False
        sentence = _FIRST_SENTENCE.match(rest.strip())
        first = "" if sentence is None else sentence.group()
        if _TURNED_AT_ONCE.match(rest) or _TURNED_ELSEWHERE.match(rest):
            return False
        if _DOUBT.search(first):
            return False
        if _REVISED.search(rest) or _REJECTED.search(rest):
            return False
        if self._names.has_other_short(written, code):
            return False
        spans = list(islice(self._names.spans(rest, inflected=True), _MOST_NAMED))
        if len(spans) == _MOST_NAMED:
            return False
        if _NOT_AT_ONCE.match(rest) is not None and not any(
            other != code and _RULED_OUT.search(first, 0, at)
            for other, at, _ in self._names.spans(first)
        ):
            return False
        return all(
            _speaks_for(rest, start, end)
            if other == code
            else _RULED_OUT.search(rest, max(0, start - _BACK), start) is not None
            and not _is_asked(rest, end)
            for other, start, end in spans
        )


def _splits(text: str, reach: int) -> Iterator[tuple[str, str, str]]:
    """Yield where the class may end, what stands before and what follows."""
    for match in _SEPARATOR.finditer(text, 0, reach):
        if match.start():
            yield str(match.lastgroup), text[: match.start()], text[match.end() :]
    if len(text) <= reach:
        yield "end", text, ""


def _is_explanation(rest: str, kind: str) -> bool:
    """Tell whether words explain: a list of further labels does not."""
    if _STARTER.match(rest) is not None or _CONFIDENCE.match(rest) is not None:
        return True
    if kind == "comma":
        return _n_words(_ITEM_END.split(rest, maxsplit=1)[0]) >= _FEWEST_AFTER_COMMA
    if kind == "line":
        lines = [line for line in rest.split("\n") if line.strip()]
        return any(
            _HEADER.match(line) or _n_words(line) >= _FEWEST_WORDS for line in lines
        )
    return kind == "word" or _n_words(rest) >= _FEWEST_WORDS


def _n_words(text: str) -> int:
    """Count words; two signs of a script without blanks are about one."""
    return max(len(text.split()), (len(_UNSPACED_SIGN.findall(text)) + 1) // 2)


def _lists_fields(rest: str) -> bool:
    """Tell whether "bug: ..." is the first of several fields, or of a summary."""
    return _OVERALL.search(rest) is not None or any(
        _HEADER.match(match.group()) is None for match in _FIELD.finditer(rest)
    )


def _is_below_half(number: str, percent: str) -> bool:
    """Tell whether a number in brackets is a probability below one half."""
    value = float(number)
    return value < 50 if percent else value < 0.5


def _speaks_for(text: str, start: int, end: int) -> bool:
    """Tell whether a further mention of the class does not take it back."""
    return (
        _TAKEN_BACK.search(text, max(0, start - _BACK), start) is None
        and _TAKEN_BACK_AFTER.match(text, end) is None
        and not is_denied_elsewhere(text, start, end)
        and not _is_asked(text, end)
    )


def _is_asked(text: str, end: int) -> bool:
    """Tell whether a sentence goes on to a question mark."""
    stop = _SENTENCE_END.search(text, end)
    return stop is not None and stop.group() == "?"


def _without_emoji(text: str) -> tuple[str, list[str]]:
    """Take emoji off both ends of a text; those that deny or doubt stay."""
    signs = []
    start, end = 0, len(text)

    def is_emoji(sign: str) -> bool:
        if sign in _DENYING:
            return False
        return unicodedata.category(sign) == "So" or sign in _JOINED_TO_EMOJI

    while start < end and (is_emoji(text[start]) or text[start].isspace()):
        signs.append(text[start])
        start += 1
    while start < end and (is_emoji(text[end - 1]) or text[end - 1].isspace()):
        signs.append(text[end - 1])
        end -= 1
    return text[start:end], [sign for sign in signs if not sign.isspace()]
