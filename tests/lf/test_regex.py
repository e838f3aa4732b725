import pickle
import re

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import LabelModel, LFTransformer, LFUnion, RegexLFTransformer
from sklabel.inspection import lf_summary
from sklabel.model_selection import GoldKFold
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense


def hits(pattern, *texts, **params):
    """Tell which texts a pattern hits."""
    lf = RegexLFTransformer({1: [pattern]}, **params)
    return [vote == 1 for vote in lf.fit_transform(list(texts)).ravel()]


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("art", "modern art", True),
        ("art", "a party", False),
        ("art", "ART!", True),
        ("art", "arts", False),
        ("art", "party, art", True),
        ("new york", "in New   \n York", True),
        ("new york", "in new yorkshire", False),
        ("new york", "newyork", False),
        ("new york", "New\u00a0York", True),
        (" free\n", "free", True),
        # Hyphens and apostrophes are borders of words.
        ("free", "sugar-free", True),
        ("sugar-free", "sugar-free tea", True),
        ("sugar-free", "sugar free tea", False),
        ("sugar-free", "sugar\u2011free tea", True),
        ("can", "can't", True),
        ("can't", "I can\u2019t", True),
        ("hes", "he's", False),
        ("it's", "it's", True),
        # Underscores and digits are not.
        ("york", "new_york", False),
        ("covid", "covid19", False),
        ("19", "covid-19", True),
        # Accents and case as Unicode has them.
        ("café", "CAFE\u0301", True),
        ("cafe", "café", False),
        ("sof", "sofá", False),
        ("straße", "HAUPT STRASSE 1", True),
        ("STRASSE", "straße", True),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", True),
        ("über", "überall", False),
        ("मिल", "मिला", False),
        ("हिन्दी", "यह हिन्दी है", True),
        ("naïve", "nai\u0308\u00adve", True),
        # Signs at the ends ask for no border.
        ("c++", "I like C++.", True),
        ("c++", "c++11", True),
        ("c++", "abc++", False),
        ("c++", "c+ +", False),
        (":)", "fine:)", True),
        (":)", ":-)", False),
        ("#free", "#FREE beer", True),
        ("#free", "#freedom", False),
        ("$5", "only $5", True),
        ("$5", "only $50", False),
        (".", "end.", True),
        ("❤", "I ❤️ it", True),
        ("❤️", "❤️great", True),
        ("❤️", "I ❤ it", True),
        ("buy now", "buy\u200f now", True),
        ("istanbul", "\u0130stanbul", True),
        ("\u0130stanbul", "istanbul", True),
        # Scripts without blanks between words have no borders.
        ("天气", "今天天气很好", True),
        ("天气", "今天很好", False),
        ("ดี", "หนังดีมาก", True),
        ("映画", "この映画は良い", True),
        ("경제", "경제학", False),
        ("a", "", False),
    ],
)
def test_a_keyword_hits_whole_words(keyword, text, expected):
    assert hits(keyword, text) == [expected]


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("art", "a PARTY", True),
        ("art", "a r t", False),
        ("京都", "東京都に住む", True),
        ("大阪", "東京都に住む", False),
        ("x", "axe", True),
        ("ew  yo", "New York", True),
    ],
)
def test_without_whole_words_a_keyword_hits_anywhere(keyword, text, expected):
    assert hits(keyword, text, whole_words=False) == [expected]


def test_case_counts_if_asked():
    texts = ["US", "us", "ÜS"]
    assert hits("US", *texts, case_sensitive=True) == [True, False, False]
    assert hits("ü", "Ü", "u\u0308", case_sensitive=True) == [False, True]
    assert hits("us$", "US", "us", kind="regex", case_sensitive=True) == [False, True]
    assert hits("us$", "US", "us", kind="regex") == [True, True]


def test_a_keyword_is_no_regular_expression():
    assert hits("a.c", "a.c", "abc") == [True, False]
    assert hits("a.c", "a.c", "abc", kind="regex") == [True, True]
    assert hits("(", "f(x)", "fx") == [True, False]


def test_patterns_do_not_hide_each_other():
    words = ["new york", "york", "new", "new york city", "york city", "city hall"]
    lf = RegexLFTransformer({"us": words}, sparse_output=True)
    votes = lf.fit_transform(["New York City", "york", None])
    assert votes[0].indices.tolist() == [0, 1, 2, 3, 4]
    assert votes[1].indices.tolist() == [1]
    assert votes[2].nnz == 0
    inside = RegexLFTransformer({1: ["abcabc", "bca", "bcab", "ab", "c"]})
    inside.set_params(whole_words=False)
    assert inside.fit_transform(["xabcabcx"]).tolist() == [[1, 1, 1, 1, 1]]


EXPRESSIONS = [
    *(r"\bfree\b", r"fr[ae]e", r"(?:buy|sell) now", r"\d{3,}", r"^hello", r"x*"),
    *(r"(a)(b)\1", r"(?i)US", r"end$", r"fr?ee", r"(free)?dom", r"colou?r", r"K"),
    *(r"(?<=not )good", r"(?!bad)\w+", r"f.ee", r"ss", r"i", r"(?:ab){2}", r"a{0}bc"),
    *(r"(?P<n>ab)x(?P=n)", r"(?s:now.end)", r"a|b|free", r"[f]ree", r"hello.*world"),
]
PROSE = [
    *("It's FREE, buy now!", "freedom 2024", "hello world\nend", "abab a", "abxab"),
    *("not good", "bad", "", "colour Color", "now\nend", "\u212a \u017f\u017f", "ıİ"),
    *("I sell NOW", "STRASSE", "a bc", "us US", "xyz", "hello\nworld", "éfree"),
]


@pytest.mark.parametrize("n_others", [0, 60])
@pytest.mark.parametrize("case_sensitive", [True, False])
def test_regular_expressions_hit_where_re_finds_them(case_sensitive, n_others):
    # With many expressions, what a match must hold is looked for first.
    patterns = [*EXPRESSIONS, *(f"other {i}" for i in range(n_others))]
    lf = RegexLFTransformer({1: patterns}, kind="regex", case_sensitive=case_sensitive)
    flags = 0 if case_sensitive else re.IGNORECASE
    expected = [
        [1 if re.search(pattern, text, flags) else -1 for pattern in patterns]
        for text in PROSE
    ]
    assert_array_equal(lf.fit_transform(PROSE), expected)


def test_votes_know_their_classes():
    lf = RegexLFTransformer({"spam": ["free", "buy now"], "ham": "thanks"})
    votes = lf.fit_transform(["Free! Buy now", "thanks", "-"])
    assert isinstance(votes, NamedVotes)
    assert votes.tolist() == [
        ["spam", "spam", None],
        [None, None, "ham"],
        [None, None, None],
    ]
    assert lf.classes_.tolist() == ["ham", "spam"]
    assert lf.get_feature_names_out().tolist() == ["free", "buy now", "thanks"]
    numbers = RegexLFTransformer({1: ["free"], 0: ["thanks"]})
    votes = numbers.fit_transform(["free thanks", "no"])
    assert votes.dtype == np.int8
    assert votes.tolist() == [[1, 0], [-1, -1]]
    signs = RegexLFTransformer({1: ["free"], -1: ["thanks"]})
    assert signs.fit_transform(["free thanks", "no"]).tolist() == [[1, -1], [None] * 2]
    bools = RegexLFTransformer({True: ["free"], False: ["thanks"]})
    assert bools.fit_transform(["free thanks"]).tolist() == [[1, 0]]


def test_classes_may_be_more_than_patterns_have_and_keep_their_order():
    lf = RegexLFTransformer({"b": ["free"]}, classes=["c", "b", "a"])
    assert lf.fit_transform(["free"]).classes.tolist() == ["c", "b", "a"]
    with pytest.raises(ValueError, match=r"not in classes=\['c', 'a'\]: 'b'. Add them"):
        lf.set_params(classes=["c", "a"]).fit(["free"])


def test_a_list_of_tuples_names_the_labeling_functions():
    lf = RegexLFTransformer([("gift", "spam", "free"), ("polite", "ham", "thanks")])
    assert lf.fit_transform(["free, thanks"]).tolist() == [["spam", "ham"]]
    assert lf.get_feature_names_out().tolist() == ["gift", "polite"]
    frame = lf.set_output(transform="pandas").transform(["free"])
    assert frame.columns.tolist() == ["gift", "polite"]
    assert frame["gift"].tolist() == ["spam"]


def test_one_labeling_function_for_each_class():
    patterns = {"spam": ["free", "win", "free win"], "ham": ["thanks"]}
    lf = RegexLFTransformer(patterns, output="class", classes=["eggs", "spam", "ham"])
    votes = lf.fit_transform(["free win", "thanks, win", "-", None])
    assert lf.get_feature_names_out().tolist() == ["spam", "ham"]
    assert votes.tolist() == [
        ["spam", None],
        ["spam", "ham"],
        [None, None],
        [None, None],
    ]
    by_pattern = clone(lf).set_params(output="pattern").fit_transform(["thanks, win"])
    assert by_pattern.tolist() == [[None, "spam", None, "ham"]]


@pytest.mark.parametrize("output", ["pattern", "class"])
@pytest.mark.parametrize("labels", [(0, 1), ("a", "b"), (-1, 1)])
def test_sparse_votes_equal_dense_ones(output, labels):
    patterns = {labels[0]: ["a", "b c"], labels[1]: ["c", "d"]}
    texts = ["a b c", "d a", None, "", "c c c", "b  c"]
    dense = RegexLFTransformer(patterns, output=output).fit_transform(texts)
    stored = RegexLFTransformer(patterns, output=output, sparse_output=True)
    votes = stored.fit_transform(texts)
    assert isinstance(votes, VoteMatrix)
    assert votes.has_canonical_format
    assert votes_to_dense(votes).tolist() == dense.tolist()


def test_missing_texts_abstain_and_frames_are_read_by_column():
    frame = pd.DataFrame(
        {"id": range(4), "text": ["free", None, np.nan, pd.NA]}, index=list("abcd")
    )
    lf = RegexLFTransformer({1: ["free", "n", "nan", "none"]}, "text")
    assert lf.fit_transform(frame).tolist() == [[1, -1, -1, -1]] + [[-1] * 4] * 3
    assert lf.feature_names_in_.tolist() == ["text"]
    output = lf.set_output(transform="pandas").transform(frame)
    assert output.index.tolist() == list("abcd")
    with pytest.raises(ValueError, match=r"needs the column\(s\) 'text'"):
        lf.transform(frame[["id"]])
    with pytest.raises(ValueError, match=r"X has 2 columns: .* say which holds the"):
        RegexLFTransformer({1: ["free"]}).fit(frame)
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        lf.fit(frame.iloc[:0])


def test_polars_gives_the_same_votes():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"id": [1, 2, 3], "text": ["free", None, "thanks"]})
    lf = RegexLFTransformer({"spam": ["free"], "ham": ["thanks"]}, "text")
    votes = lf.fit_transform(frame)
    assert votes.tolist() == [["spam", None], [None, None], [None, "ham"]]
    table = lf.set_output(transform="polars").fit_transform(frame)
    assert table["free"].to_list() == ["spam", None, None]


def test_hits_are_counted_for_each_pattern():
    lf = RegexLFTransformer(
        {"spam": ["free", "win"], "ham": ["thanks"]}, output="class"
    )
    texts = ["free free", "FREE win", None, "nothing"]
    counts = lf.fit(texts).count_hits(texts)
    assert counts.columns.tolist() == ["name", "class", "pattern", "n_hits"]
    assert counts["pattern"].tolist() == ["free", "win", "thanks"]
    assert counts["class"].tolist() == ["spam", "spam", "ham"]
    assert counts["n_hits"].tolist() == [2, 1, 0]
    by_pattern = clone(lf).set_params(output="pattern").set_output(transform="pandas")
    summary = lf_summary(by_pattern.fit_transform(texts))
    assert summary.loc["free", "Coverage"] == 0.5


def test_sets_and_other_iterables_of_patterns_are_read():
    lf = RegexLFTransformer({1: {"b", "a", "c"}, 0: pd.Series(["d", "e"])})
    lf.fit(["x"])
    assert lf.get_feature_names_out().tolist() == ["a", "b", "c", "d", "e"]
    lf = RegexLFTransformer({1: (word for word in ("a", "b"))})
    assert lf.fit(["x"]).patterns_["name"].tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("patterns", "match"),
    [
        (None, r"no labeling function: patterns is None. Pass a dict"),
        ({}, r"no labeling function: patterns is empty"),
        ({1: []}, r"no labeling function: patterns is empty"),
        ({1: ["a", ""]}, r"Pattern 1 of class 1 is '', which has no character"),
        ({1: ["\u200b "]}, r"which has no character to look for"),
        ({1: ["a"], 0: ["b", "A"]}, r"pattern 'A' stands for two classes, 1 \(Pattern"),
        (
            [("a", 1, "x"), ("b", 0, "x")],
            r"two classes, 1 \(Pattern 'a'\) and 0 \(Patt",
        ),
        ([("a", 1, "x"), ("a", 0, "y")], r"distinct names; these repeat: 'a'"),
        ({None: ["a"]}, r"classes must not hold missing values"),
        ({0.5: ["a"]}, r"must be strings or integers; got \[0.5\]"),
    ],
)
def test_odd_patterns_are_refused(patterns, match):
    with pytest.raises(ValueError, match=match):
        RegexLFTransformer(patterns).fit(["text"])


@pytest.mark.parametrize(
    ("patterns", "match"),
    [
        ({1: ["a", 5]}, r"Pattern 1 of class 1 must be a string; got int: 5"),
        ({1: [None]}, r"Pattern 0 of class 1 must be a string; got NoneType"),
        ({1: re.compile("a")}, r"map each class to a list of patterns; got re.compile"),
        (
            {1: [re.compile("a")]},
            r"must be a string; got Pattern: .* Pass its text, wi",
        ),
        ({1: b"abc"}, r"map each class to a list of patterns; got b'abc'"),
        (["free"], r"or a list of \(name, class, pattern\) tuples; got 'free' at"),
        ([(None, 1, "free")], r"name of the pattern at position 0 must be a string"),
        ([("a", 1, 5)], r"Pattern 'a' must be a string; got int"),
        ({1: ["a"], "x": ["b"]}, r"classes must be all strings or all numbers"),
    ],
)
def test_patterns_of_other_types_are_refused(patterns, match):
    with pytest.raises(TypeError, match=match):
        RegexLFTransformer(patterns).fit(["text"])


def test_an_invalid_expression_is_named_with_the_position_of_its_error():
    lf = RegexLFTransformer({"spam": ["ok", "fr(ee"]}, kind="regex")
    match = r"Pattern 1 of class 'spam', 'fr\(ee', is not a valid .* at position 2"
    with pytest.raises(ValueError, match=match):
        lf.fit(["text"])
    with pytest.raises(ValueError, match=r"Pattern 0 of class 1 is empty, and would"):
        RegexLFTransformer({1: [""]}, kind="regex").fit(["text"])


def test_a_pattern_that_repeats_in_its_class_is_used_once_with_a_warning():
    lf = RegexLFTransformer({1: ["Free", "free ", "win"], 0: ["x"]})
    with pytest.warns(
        UserWarning, match=r"1 pattern\(s\) repeat in their class .*'free"
    ):
        votes = lf.fit_transform(["free"])
    assert votes.tolist() == [[1, -1, -1]]
    assert lf.get_feature_names_out().tolist() == ["Free", "win", "x"]
    lf.set_params(case_sensitive=True, patterns={1: ["Free", "free"]})
    assert lf.fit_transform(["free"]).tolist() == [[-1, 1]]


def test_blanks_around_a_part_of_a_word_are_refused():
    lf = RegexLFTransformer({1: [" art"]}, whole_words=False)
    with pytest.raises(ValueError, match=r"' art', has blanks around it, which do not"):
        lf.fit(["text"])


def test_pickles_give_the_same_votes():
    lf = RegexLFTransformer({"a": ["free"], "b": ["win", "x y"]}).fit(["text"])
    again = pickle.loads(pickle.dumps(lf))
    texts = ["free x y", "win"]
    assert again.transform(texts).tolist() == lf.transform(texts).tolist()
    assert again.patterns_.equals(lf.patterns_)


def test_names_do_not_depend_on_the_list_that_the_user_goes_on_with():
    words = ["free"]
    lf = RegexLFTransformer({1: words}).fit(["x"])
    words.append("win")
    assert lf.transform(["win"]).tolist() == [[-1]]
    lf.get_feature_names_out()[0] = "other"
    assert lf.get_feature_names_out().tolist() == ["free"]


def test_it_stands_beside_others_in_unions():
    def short(x):
        return "ham" if len(x.text) < 5 else None

    frame = pd.DataFrame({"text": ["free", "thanks a lot"]})
    other = LFTransformer([short], classes=["ham", "spam"])
    words = RegexLFTransformer({"spam": ["free"], "ham": ["thanks"]}, "text")
    for union in (FeatureUnion, LFUnion):
        votes = union([("words", words), ("other", other)]).fit_transform(frame)
        assert votes.tolist() == [["spam", None, "ham"], [None, "ham", None]]
    words = clone(words).set_params(sparse_output=True)
    mixed = LFUnion([("words", words), ("other", other)]).fit_transform(frame)
    assert mixed.toarray().tolist() == [["spam", None, "ham"], [None, "ham", None]]


def test_a_grid_search_chooses_how_words_are_matched():
    texts = ["a party", "parties", "sad art", "art is sad"] * 6
    y = ["good", "good", "bad", "bad"] * 6
    pipe = make_pipeline(
        RegexLFTransformer({"good": ["part"], "bad": ["sad", "art"]}),
        LabelModel(),
    )
    grid = {"regexlftransformer__whole_words": [True, False]}
    search = GridSearchCV(pipe, grid, cv=GoldKFold(2), error_score="raise")
    search.fit(texts, y)
    assert search.best_params_ == {"regexlftransformer__whole_words": True}
