"""Which class a few words name, compared whole."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few
from sklabel.votes._labels import check_classes, tidy_text

# A name that stands for two classes.
AMBIGUOUS = -2
# The words name no class.
UNKNOWN = -1

# Signs that look alike: apostrophes, the hyphens that Unicode does not fold, the minus.
_ALIKE: dict[int, str | None] = {ord(sign): "'" for sign in "\u2018\u2019\u02bc"}
_ALIKE |= {ord(sign): "-" for sign in "\u2010\u2011\u2012\u2212"}
_ALIKE[ord("\u061f")] = "?"
# The variants of a sign of emoji, and what stretches an Arabic word.
_ALIKE |= dict.fromkeys((0xFE0E, 0xFE0F, 0x0640))
# What joins the words of one name: "account_access", "Account access".
_JOINT = re.compile(r"(?<=[^\W_])[\s_\-\u2013\u2014]+(?=[^\W_])")
# Scripts that put no blanks between words, or glue particles to them: Arabic, Hebrew,
# Thai, Korean, Japanese, Chinese and so on. A name may stand anywhere in a word.
_GLUED = (
    r"\u0590-\u08ff\u0e00-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
    r"\uac00-\ud7af"
)
_IS_GLUED = re.compile(f"[{_GLUED}]")
# The end of "feindliche", where "feindlich" is a class; a plural does not count.
_INFLECTION = re.compile(r"(?!s\b)[^\W\d_]{1,3}(?!\w)")
_SHORTEST_STEM = 4

# A mention starts at a word, or at a sign that starts a name.
_HEAD = re.compile(rf"[{_GLUED}]|[^\W{_GLUED}]+|[^\w\s]")
# What denies in other languages than English, before a name.
NOT_ELSEWHERE = (
    r"kein\w*|nicht|weder|noch|ohne|pas|aucune?|ni|sin|n[ãa]o|nem|sem|niet|geen|"
    r"nessun\w*|не|нет|ни"
)
# The same where words are glued to each other, and where it follows the name.
_NOT_GLUED = re.compile(
    r"[不非没無无未否]|ない|ません|아니|않|없|ไม่|ليس|غير|\bلا\b|नहीं|\bdeğil\b"  # noqa: RUF001
)
_NEGATION = re.compile(
    r"\b(?:not?|non|never|neither|nor|none|without|cannot|except|unlikely|hardly|"
    r"doubt\w*|instead of|rather than|other than|unlike|exclud\w*|"
    r"rul(?:e|es|ed|ing) out|reject(?:s|ed)?|wrong|incorrect|false|"
    rf"{NOT_ELSEWHERE})\b|n't\b"
)
# "Bug: no", as in a list that answers for each class.
_DENIED_AFTER = re.compile(
    r"[\s*_`\"']*(?:[:=\u2013-]|\bis\b)[\s*_`\"']*(?:no|not|false|unlikely|0)\b|n't\b"
)
# Where a statement ends, and with it a negation.
_CLAUSE_END = re.compile(
    r"[.;!?](?=\s|\Z)|\n|[\u3002\uff01\uff1f]|"
    r"\b(?:but|however|sondern|mais|pero|sino|mas)\b|"
    r",\s*(?=(?:it|it's|this|that|i|so|rather|the|therefore|thus|hence)\b)"
)
_SENTENCE_END = re.compile(r"[.;!?\n\u3002\u0964]")
# A letter or number that stands alone: not the A of "A user", the 5 of "4 out of 5".
_SHORT_NAME = r"(?<![\w.'/-])(?<!out of ){}(?![\w%'])(?!\.\d)(?! [a-z])"
# No sentence is looked at further than this.
_REACH = 300


def cell_text(cell: Any) -> str:
    """Write a name, a JSON value or a cell as an answer would; whole numbers as such.

    Parameters
    ----------
    cell : str, bool, number or None
        The value.

    Returns
    -------
    text : str
        1.0 is "1", as a column of integers with gaps holds it.
    """
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    if isinstance(cell, Integral):
        return str(int(cell))
    if isinstance(cell, Real | Decimal) and math.isfinite(cell):
        whole = math.floor(cell)
        return str(whole) if whole == cell else str(cell)
    return str(cell)


def fold(text: str) -> str:
    """Return a text without case and without differences of type only."""
    folded = unicodedata.normalize("NFKC", text).translate(_ALIKE).casefold()
    # The dotted capital I of Turkish.
    return folded.replace("i\u0307", "i")


def read_names(
    classes: ArrayLike | Mapping[Any, Any],
) -> tuple[np.ndarray, dict[str, int]]:
    """Return the classes and what each is called.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or dict
        The classes; a dict has the aliases of each, a list or one text.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        As `check_classes` returns them.
    names : dict of str to int
        Position of the class of each name and alias.

    Raises
    ------
    ValueError
        If a name is empty, or stands for two classes.
    TypeError
        If an alias is neither text nor a number.
    """
    given: Any = list(classes) if isinstance(classes, Mapping) else classes
    array = check_classes(given)
    # Bools become 0 and 1, which is not what models call them.
    are_bools = np.asarray(given).dtype == bool
    labels = np.asarray(given).tolist() if are_bools else array.tolist()
    names: dict[str, int] = {}
    for code, label in enumerate(labels):
        _add_name(names, cell_text(label), code, labels)
        if isinstance(label, Real) and cell_text(label).lstrip("-").isdigit():
            # As a file of numbers with gaps was read, then written out.
            names.setdefault(f"{cell_text(label)}.0", code)
    if isinstance(classes, Mapping):
        # An alias must not differ by case only from a name of another class.
        folded = {fold(name): (code, name) for name, code in names.items()}
        for code, aliases in enumerate(classes.values()):
            for alias in _alias_list(aliases, labels[code]):
                text = tidy_text(cell_text(alias))
                other, known = folded.setdefault(fold(text), (code, text))
                if other != code:
                    raise ValueError(
                        f"{text!r}, an alias of class {labels[code]!r}, is {known!r} "
                        f"of class {labels[other]!r} too (case does not count). Each "
                        "name must stand for one class: leave it out of one of them."
                    )
                _add_name(names, text, code, labels)
    return array, names


def _alias_list(aliases: Any, label: Any) -> list[Any]:
    """Return the aliases of a class as a list."""
    if aliases is None:
        return []
    if isinstance(aliases, str | Real):
        aliases = [aliases]
    try:
        listed = list(aliases)
    except TypeError:
        listed = [aliases]
    for alias in listed:
        if not isinstance(alias, str | Real | np.bool_) or alias != alias:
            raise TypeError(
                "The aliases of a class are texts or numbers; class "
                f"{label!r} has {alias!r} ({type(alias).__name__})."
            )
    return listed


def _add_name(names: dict[str, int], name: str, code: int, labels: list[Any]) -> None:
    text = tidy_text(name)
    if not text:
        raise ValueError(
            f"A name of class {labels[code]!r} is empty. An empty answer abstains; "
            "give the class a name that a model can write."
        )
    other = names.setdefault(text, code)
    if other != code:
        raise ValueError(
            f"{text!r} names the classes {first_few([labels[other], labels[code]])}. "
            "Each name must stand for one class."
        )


class ClassNames:
    """The names of classes, to look texts up in.

    Parameters
    ----------
    names : dict of str to int
        Position of the class of each name.
    """

    def __init__(self, names: Mapping[str, int]) -> None:
        self._exact = dict(names)
        self._folded = _unless_shared((fold(n), code) for n, code in names.items())
        self._joined = _unless_shared(
            (_join(fold(n)), code) for n, code in names.items()
        )
        self.longest = max(len(name) for name in (*self._exact, *self._folded))
        self._mentions = self._mention_table()
        self._short = [
            (_short_pattern(name), code)
            for name, code in self._exact.items()
            if len(name) == 1 or name.isdigit()
        ]

    def find(self, text: str) -> int:
        """Return the class that a text names as a whole.

        Exactly as it is written first, then without case, then with any of blank,
        hyphen and underscore between words. A looser form that two classes share
        names none.

        Parameters
        ----------
        text : str
            A text as `tidy_text` returns it.

        Returns
        -------
        code : int
            Position of the class, `UNKNOWN` if there is none.
        """
        code = self._exact.get(text)
        if code is not None:
            return code
        folded = fold(text)
        code = self._folded.get(folded)
        if code is None:
            code = self._joined.get(_join(folded), UNKNOWN)
        return UNKNOWN if code == AMBIGUOUS else code

    def mentions(self, text: str) -> Iterator[tuple[int, bool]]:
        """Find whole names in running text, the longest at each place.

        Parameters
        ----------
        text : str
            Any text.

        Yields
        ------
        code : int
            Position of a class. Names of one character or of digits only are not
            looked for: "a" and "1" mean something else in a sentence.
        counts : bool
            False if the statement is a negation or a question.
        """
        text = fold(text)
        for code, start, end in self.spans(text):
            yield code, not _is_denied(text, start, end)

    def spans(
        self, folded: str, *, inflected: bool = False
    ) -> Iterator[tuple[int, int, int]]:
        """Find whole names in a text that `fold` returned, the longest at each place.

        Parameters
        ----------
        folded : str
            Any text.
        inflected : bool, default=False
            Whether "feindliche" names the class "feindlich".

        Yields
        ------
        code : int
            Position of a class.
        start, end : int
            Where its name stands.
        """
        place = 0
        while (head := _HEAD.search(folded, place)) is not None:
            start, place = head.span()
            spellings = self._mentions.get(head.group(), ())
            if inflected:
                spellings = [*spellings, *self._stems(head.group())]
            if not spellings or _is_glued_before(folded, start):
                continue
            for size, name, code in spellings:
                end = start + size
                if not folded.startswith(name, start):
                    continue
                if not _is_glued_after(folded, end) or (
                    inflected
                    and size >= _SHORTEST_STEM
                    and _INFLECTION.match(folded, end)
                ):
                    yield code, start, end
                    place = end
                    break

    def _stems(self, word: str) -> Iterator[tuple[int, str, int]]:
        """Yield the spellings that begin with a word without its end."""
        for size in range(max(_SHORTEST_STEM, len(word) - 3), len(word)):
            yield from self._mentions.get(word[:size], ())

    def has_other_short(self, text: str, code: int) -> bool:
        """Tell whether a letter or number stands in a text that is another class.

        Parameters
        ----------
        text : str
            Any text, as it was written.
        code : int
            Position of the class that may be named.

        Returns
        -------
        has_other : bool
            A letter before a word, as in "A user writes", is not counted, nor is the
            5 of "4 out of 5".
        """
        return any(
            other != code and pattern.search(text) for pattern, other in self._short
        )

    def _mention_table(self) -> dict[str, list[tuple[int, str, int]]]:
        """List spellings of names by the word they start with, the longest first."""
        spelled = {}
        for name, code in self._folded.items():
            if len(name) == 1 or name.isdigit():
                continue
            spelled[name] = code
            shared = self._joined[_join(name)]
            for joint in " -_":
                spelled.setdefault(_JOINT.sub(joint, name), shared)
        table: dict[str, list[tuple[int, str, int]]] = {}
        for name, code in spelled.items():
            head = _HEAD.match(name)
            if code != AMBIGUOUS and head is not None:
                table.setdefault(head.group(), []).append((len(name), name, code))
        return {head: sorted(found, reverse=True) for head, found in table.items()}


def _is_glued_before(text: str, start: int) -> bool:
    """Tell whether a word is the end of a longer one: the "toxic" of "non-toxic"."""
    if start == 0 or _IS_GLUED.match(text, start):
        return False
    sign = text[start - 1]
    if sign in "-'.":
        return start > 1 and text[start - 2].isalnum()
    return sign.isalnum() or sign in "_@#"


def _is_glued_after(text: str, end: int) -> bool:
    """Tell whether a name goes on: the "c" of "c++", the "bug" of "bug-free"."""
    if _IS_GLUED.match(text, end - 1):
        return False
    after = text[end : end + 2]
    if after[:1] in "-'.@" and after[1:].isalnum():
        return True
    if after[:1] in ("+", "#"):
        return True
    return (after[:1].isalnum() or after[:1] == "_") and text[end - 1].isalnum()


def _is_denied(text: str, start: int, end: int) -> bool:
    """Tell whether a name stands in a negation or a question, or is struck out."""
    if text[max(0, start - 2) : start] == "~~":
        return True  # struck out
    stop = _SENTENCE_END.search(text, end, end + _REACH)
    if (stop is not None and stop.group() == "?") or _DENIED_AFTER.match(text, end):
        return True
    clause = text[max(0, start - _REACH) : start]
    begin = max((stop.end() for stop in _CLAUSE_END.finditer(clause)), default=0)
    return _NEGATION.search(clause, begin) is not None or is_denied_elsewhere(
        text, start, end
    )


def is_denied_elsewhere(text: str, start: int, end: int) -> bool:
    """Tell whether a sentence denies, in a language that may do so after a name."""
    before = max(0, start - _REACH)
    for stop in _SENTENCE_END.finditer(text, before, start):
        before = stop.end()
    sentence_end = _SENTENCE_END.search(text, end, end + _REACH)
    after = end + _REACH if sentence_end is None else sentence_end.start()
    return (
        _NOT_GLUED.search(text, before, start) is not None
        or _NOT_GLUED.search(text, end, after) is not None
    )


def _short_pattern(name: str) -> re.Pattern[str]:
    is_glued = _IS_GLUED.match(name) is not None
    pattern = re.escape(name)
    return re.compile(pattern if is_glued else _SHORT_NAME.format(pattern))


def _join(folded: str) -> str:
    return _JOINT.sub(" ", folded)


def _unless_shared(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the class of each name; `AMBIGUOUS` where two classes share it."""
    table: dict[str, int] = {}
    for name, code in pairs:
        if table.setdefault(name, code) != code:
            table[name] = AMBIGUOUS
    return table
