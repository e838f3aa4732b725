"""Finding many keywords or regular expressions in a text, each by itself."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from sklabel.text._literals import folded, required_text

# Signs that look alike get one form, and what no font shows goes: soft hyphen,
# zero-width space, word joiner, byte order mark, directions, variants of emoji.
_LIKE_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2019\u02bc", "'"),
        **dict.fromkeys("\u2010\u2011", "-"),
        **dict.fromkeys("\u00ad\u200b\u2060\ufeff\ufe0e\ufe0f\u200e\u200f\u061c"),
        **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"),
    }
)
# Scripts that put no blanks between words: Thai, Khmer, Japanese, Chinese and so on.
UNSPACED = r"\u0e00-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
_HAS_UNSPACED = re.compile(f"[{UNSPACED}]").search

# Longer pieces are rarer in texts, but more keywords would be too short for them.
_LONGEST_PIECE = 3

# Searching so few expressions takes less time than cutting the text.
_FEW = 30

# Finds the pieces of a text that keywords are filed under.
Pieces = Callable[[str], Iterable[str]]


def plain_text(text: str, *, case_sensitive: bool) -> str:
    """Return a text as keywords see it.

    Parameters
    ----------
    text : str
        A text or keyword.
    case_sensitive : bool
        False: folded as Unicode says, 'Straße' to 'strasse'.

    Returns
    -------
    text : str
        With composed accents, plain apostrophes and hyphens, and one space for every
        run of blanks.
    """
    if text.isascii():
        text = text if case_sensitive else text.lower()
    else:
        text = unicodedata.normalize("NFC", text.translate(_LIKE_SIGNS))
        if not case_sensitive:
            # The dotted capital I of Turkish folds to two signs.
            text = text.casefold().replace("i\u0307", "i")
            text = unicodedata.normalize("NFC", text)
    return " ".join(text.split())


def is_word_character(character: str) -> bool:
    """Tell whether a character is part of a word: letters, digits, `_` and accents."""
    return character.isalnum() or character == "_" or _is_mark(character)


def _is_mark(character: str) -> bool:
    """Tell whether a character belongs to the letter before it.

    Vowel signs of Hindi and others; not what chooses the look of an emoji.
    """
    if unicodedata.category(character) not in {"Mn", "Mc"}:
        return False
    code = ord(character)
    is_selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return not (is_selector or 0x20D0 <= code <= 0x20FF)


@lru_cache(maxsize=1)
def _words_of_any_script() -> re.Pattern[str]:
    """Return the expression for words, with the marks that `isalnum` leaves out."""
    # No mark stands between the last of them and the selectors of plane 14.
    marks = "".join(c for c in map(chr, range(0x300, 0x1F000)) if _is_mark(c))
    return re.compile(rf"[\w{marks}]+")


_ASCII_WORDS = re.compile(r"\w+", re.ASCII)


def words_of(text: str) -> list[str]:
    """Return the words of a text, in order."""
    pattern = _ASCII_WORDS if text.isascii() else _words_of_any_script()
    return pattern.findall(text)


def _pieces(size: int) -> Pieces:
    """Return a function that cuts a text into all pieces of one length."""

    def cut(text: str) -> Iterable[str]:
        if size == 1:
            return text
        return [text[i : i + size] for i in range(len(text) - size + 1)]

    return cut


class _Index:
    """Entries, each filed under one piece that a text must have to hold it."""

    def __init__(self, pieces: Pieces, entries: dict[int, str]) -> None:
        self.pieces = pieces
        pieces_of = {k: set(pieces(text)) for k, text in entries.items()}
        count = Counter(piece for found in pieces_of.values() for piece in found)
        self.entries: dict[str, list[int]] = {}
        for k, found in pieces_of.items():
            # Under the piece that the fewest entries have: it is often a rare one.
            rarest = min(found, key=lambda p: (count[p], -len(p), p))
            self.entries.setdefault(rarest, []).append(k)
        self._known = frozenset(self.entries)

    def candidates(self, text: str) -> list[int]:
        """Return the entries that a text may hold."""
        found = self._known.intersection(self.pieces(text))
        return [k for piece in found for k in self.entries[piece]]


def _by_length(entries: dict[int, str]) -> list[_Index]:
    """File texts under pieces that are as long as the text allows."""
    sizes: dict[int, dict[int, str]] = {}
    for k, text in entries.items():
        sizes.setdefault(min(len(text), _LONGEST_PIECE), {})[k] = text
    return [_Index(_pieces(size), part) for size, part in sorted(sizes.items())]


class KeywordMatcher:
    """Finds every one of many keywords in a text, also those that overlap.

    A keyword is filed under one of its words, or under a piece of it where words do not
    matter. A text is cut once, and only the keywords under its words are looked for,
    so the time depends little on their number.

    Parameters
    ----------
    keywords : sequence of str
        None of them empty as `plain_text` sees it.
    whole_words : bool
        Whether a keyword that begins or ends with a letter or digit must begin or end
        there as a word. Of no effect on keywords of a script without blanks.
    case_sensitive : bool
        Whether case matters.
    """

    def __init__(
        self, keywords: Sequence[str], *, whole_words: bool, case_sensitive: bool
    ) -> None:
        self.case_sensitive = case_sensitive
        self.keywords = [
            plain_text(keyword, case_sensitive=case_sensitive) for keyword in keywords
        ]
        every = dict(enumerate(self.keywords))
        worded = {
            k: w
            for k, w in every.items()
            if whole_words and words_of(w) and not _HAS_UNSPACED(w)
        }
        # A keyword that is one word needs no second look.
        self._single = frozenset(k for k, w in worded.items() if words_of(w) == [w])
        self._worded = frozenset(worded)
        self._indexes = _by_length({k: w for k, w in every.items() if k not in worded})
        if worded:
            self._indexes.append(_Index(words_of, worded))

    def hits(self, text: str) -> list[int]:
        """Return the positions of the keywords that a text holds, each once.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        hits : list of int
            In no order.
        """
        text = plain_text(text, case_sensitive=self.case_sensitive)
        return [
            k
            for index in self._indexes
            for k in index.candidates(text)
            if k in self._single or self._holds(text, k)
        ]

    def _holds(self, text: str, k: int) -> bool:
        """Tell whether a text holds a keyword, between borders of words if asked."""
        keyword = self.keywords[k]
        if k not in self._worded:
            return keyword in text
        first, last = is_word_character(keyword[0]), is_word_character(keyword[-1])
        start = text.find(keyword)
        while start >= 0:
            end = start + len(keyword)
            joined_before = first and start and is_word_character(text[start - 1])
            joined_after = last and end < len(text) and is_word_character(text[end])
            if not (joined_before or joined_after):
                return True
            start = text.find(keyword, start + 1)
        return False


class RegexMatcher:
    """Finds those of many regular expressions that match somewhere in a text.

    Where a match must hold some text, that text is looked for first, for all
    expressions at once as for keywords.

    Parameters
    ----------
    patterns : sequence of str
        Valid regular expressions.
    case_sensitive : bool
        Whether case matters.
    """

    def __init__(self, patterns: Sequence[str], *, case_sensitive: bool) -> None:
        flags = re.NOFLAG if case_sensitive else re.IGNORECASE
        self._search = [re.compile(pattern, flags).search for pattern in patterns]
        required = dict(enumerate(map(required_text, patterns)))
        required = {k: t for k, t in required.items() if len(t) >= _LONGEST_PIECE}
        if len(required) <= _FEW:
            required = {}
        self._index = _Index(_pieces(_LONGEST_PIECE), required) if required else None
        self._always = [k for k in range(len(patterns)) if k not in required]

    def hits(self, text: str) -> list[int]:
        """Return the positions of the expressions that match, each once.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        hits : list of int
            In no order.
        """
        search = self._search
        found = [k for k in self._always if search[k](text)]
        if self._index is not None:
            candidates = self._index.candidates(folded(text))
            found += [k for k in candidates if search[k](text)]
        return found


@lru_cache(maxsize=4)
def matcher_of(
    patterns: tuple[str, ...], *, kind: str, whole_words: bool, case_sensitive: bool
) -> KeywordMatcher | RegexMatcher:
    """Return the matcher of some patterns, which is kept for the next call.

    Parameters
    ----------
    patterns : tuple of str
        Keywords or regular expressions.
    kind : {'keyword', 'regex'}
        Which of both.
    whole_words, case_sensitive : bool
        As in the matchers.

    Returns
    -------
    matcher : KeywordMatcher or RegexMatcher
        With the method `hits`.
    """
    if kind == "regex":
        return RegexMatcher(patterns, case_sensitive=case_sensitive)
    return KeywordMatcher(
        patterns, whole_words=whole_words, case_sensitive=case_sensitive
    )
