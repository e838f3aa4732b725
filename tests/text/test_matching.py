import re

import numpy as np
import pytest

from sklabel.text._literals import folded, required_text
from sklabel.text._matching import KeywordMatcher, is_word_character, plain_text


def slow_hit(keyword, text, whole_words):
    """Tell whether a keyword hits, by a regular expression of its own."""
    keyword = plain_text(keyword, case_sensitive=False)
    text = plain_text(text, case_sensitive=False)
    before = r"(?<!\w)" if whole_words and keyword[0].isalnum() else ""
    after = r"(?!\w)" if whole_words and keyword[-1].isalnum() else ""
    return re.search(before + re.escape(keyword) + after, text) is not None


@pytest.mark.parametrize("whole_words", [True, False])
@pytest.mark.parametrize("alphabet", ["ab +", "abA- .", "aß é'"])
def test_the_matcher_equals_one_expression_for_each_keyword(whole_words, alphabet):
    rng = np.random.default_rng(0)

    def words(n, longest):
        sizes = rng.integers(1, longest + 1, size=n)
        drawn = ("".join(rng.choice(list(alphabet), size=size)) for size in sizes)
        return [word.strip() for word in drawn if word.strip()]

    keywords = list(dict.fromkeys(words(80, 6)))
    matcher = KeywordMatcher(keywords, whole_words=whole_words, case_sensitive=False)
    for text in words(200, 20):
        expected = [
            k for k, word in enumerate(keywords) if slow_hit(word, text, whole_words)
        ]
        assert sorted(matcher.hits(text)) == expected, text


def test_letters_digits_and_their_marks_make_words():
    assert all(map(is_word_character, "aZß9_é中\u0301\u093e"))
    assert not any(map(is_word_character, "- '.:+\u2019\u200d❤\ufe0f\u20e3"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("Free", "free"),
        (r"\bfree\b!", "free!"),
        (r"(buy|sell) now", " now"),
        (r"(?:not )+good", "not "),
        (r"(?>abc)d", "abc"),
        (r"a{0,3}bc", "bc"),
        (r"(?=hidden)x", "x"),
        (r"colou?r", "colo"),
        (r"(?x) f r e e  # blanks do not count", "free"),
        (r"(?i:FREE)", "free"),
        (r"Straße", "strasse"),
        (r"[ab]|cde", ""),
        (r"(a)?(?(1)bcd|e)", ""),
        ("", ""),
    ],
)
def test_the_text_that_every_match_holds(pattern, text):
    assert required_text(pattern) == text


def test_characters_that_match_where_case_is_ignored_are_folded_to_one():
    cased = [c for c in map(chr, range(0x1F000)) if c.lower() != c or c.upper() != c]
    every = "".join(cased)
    for character in cased:
        like = re.findall(character, every, re.IGNORECASE)
        assert {folded(other) for other in like} == {folded(character)}


def test_without_the_parser_of_re_every_expression_is_searched(monkeypatch):
    monkeypatch.delattr(re, "_parser")
    assert required_text("free") == ""
