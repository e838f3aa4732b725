"""Labels are read as they look, gaps are told from names, and order is natural."""

# SPDX-License-Identifier: BSD-3-Clause

import unicodedata

import numpy as np
import pandas as pd
import pytest

from sklabel.votes._labels import (
    check_classes,
    check_gap_texts,
    in_natural_order,
    joined_classes,
    natural_order,
    one_kind,
    tidy_cells,
    tidy_text,
    tidy_texts,
)

# Texts as they look


@pytest.mark.parametrize(
    ("text", "tidy"),
    [
        ("ham", "ham"),
        (" ham", "ham"),
        ("ham\n", "ham"),
        ("\tham \r\n", "ham"),
        ("\u00a0ham\u2003", "ham"),
        ("ham\u200b", "ham"),
        ("\ufeffham", "ham"),
        ("ha\u00adm", "ham"),
        ("ha\u2060m", "ham"),
        ("ham\u200e", "ham"),
        ("\u200fham\x00", "ham"),
        ("very  good", "very good"),
        ("very\u00a0good", "very good"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("\u212b", "\u00c5"),
        ("", ""),
        (" \u200b ", ""),
        ("Ham", "Ham"),
        ("h-am", "h-am"),
    ],
)
def test_a_text_is_read_as_it_looks(text, tidy):
    assert tidy_text(text) == tidy
    assert tidy_text(tidy) == tidy


@pytest.mark.parametrize(
    "text",
    [
        "\N{WOMAN}\u200d\N{PERSONAL COMPUTER}",  # joined into one sign
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, two parts
        "\u0939\u093f\u0928\u094d\u0926\u0940",
        "\u4e2d\u6587",
    ],
)
def test_joiners_inside_a_text_stay(text):
    assert tidy_text(text) == unicodedata.normalize("NFC", text)
    assert tidy_text(f"\u200d{text}\u200c") == tidy_text(text)


def test_compatible_signs_stay_apart():
    # NFC, not NFKC: a superscript two is another class than two.
    assert tidy_text("m\u00b2") == "m\u00b2"
    assert tidy_text("\ufb01") == "\ufb01"


def test_texts_that_need_nothing_are_the_same_array():
    values = np.array(["a", "b"], dtype=object)
    assert tidy_texts(values) is values
    assert tidy_cells(values, "votes") is values
    numbers = np.array([1, 2])
    assert tidy_cells(numbers, "votes") is numbers


def test_cells_that_change_are_counted_in_a_warning():
    values = np.array(["a", "a ", "b", " a", "a "], dtype=object)
    with pytest.warns(
        UserWarning,
        match=r"^3 labels in column 'x' have blanks .* instance 'a ', ' a'; they are",
    ):
        tidy = tidy_cells(values, "labels", " in column 'x'")
    assert tidy.tolist() == ["a", "a", "b", "a", "a"]
    assert values.tolist() == ["a", "a ", "b", " a", "a "]


# Gaps


@pytest.mark.parametrize("text", ["", "-1", "None", "nan", "NaN", "<NA>", "NaT"])
def test_the_text_of_a_gap_raises(text):
    with pytest.raises(
        ValueError, match=f"^3 votes hold '{text}', the text of a .*; rename it if it"
    ):
        check_gap_texts(["ham", text], [5, 3], "votes", "rename it")


def test_several_texts_of_gaps_are_counted_together():
    with pytest.raises(ValueError, match="7 votes hold 'nan', 'None', the text"):
        check_gap_texts(["nan", "x", "None"], [3, 1, 4], "votes", "rename it")


@pytest.mark.parametrize(
    "text",
    ["none", "null", "Null", "NULL", "NA", "N/A", "n/a", "#N/A", "na"],
)
def test_what_files_hold_for_a_gap_warns(text):
    with pytest.warns(
        UserWarning, match=f"^2 votes hold '{text}', which is read as a class.*rename"
    ):
        check_gap_texts(["ham", text], [1, 2], "votes", "rename it")


@pytest.mark.parametrize("text", ["Nano", "nothing", "0", "no", "-2", "missing", "?"])
def test_other_texts_are_names(text):
    check_gap_texts(["ham", text], [1, 2], "votes", "rename it")


# Order


@pytest.mark.parametrize(
    "ordered",
    [
        ["1", "2", "10", "100"],
        ["2 stars", "10 stars"],
        ["v1.2", "v1.10", "v2.0"],
        ["a", "b", "c"],
        ["A", "B", "a"],
        ["", "0", "a"],
        ["x", "x1", "x1y", "x2", "x10", "xy"],
        ["spam", "spam 2", "spam 2b"],
        ["grade 9", "grade 10", "grade 10b", "other"],
        [-10, -1, 0, 2, 10],
        [0.5, 1.5, 10.25],
    ],
)
def test_order_is_natural(ordered):
    values = np.array(ordered)
    for seed in range(5):
        shuffled = np.random.default_rng(seed).permutation(values)
        assert in_natural_order(shuffled).tolist() == ordered
        assert shuffled[natural_order(shuffled)].tolist() == ordered


def test_order_is_total_also_where_numbers_are_equal():
    for texts in (["01", "1"], ["1", "01"]):
        assert in_natural_order(np.array(texts, dtype=object)).tolist() == ["01", "1"]
    # Digits of other scripts are digits.
    assert in_natural_order(np.array(["\u0663", "\u0662"])).tolist() == [
        "\u0662",
        "\u0663",
    ]


# Alphabets


@pytest.mark.parametrize(
    ("alphabets", "joined"),
    [
        ([["b", "a"]], ["b", "a"]),
        ([["b", "a"], ["a"]], ["b", "a"]),
        ([["a"], ["c", "a"]], ["c", "a"]),
        ([["low", "high"], ["x10", "x9"]], ["low", "high", "x9", "x10"]),
        ([["z", "y"], ["y", "b"], ["a"]], ["z", "y", "a", "b"]),
        ([[1, 0], [5]], [0, 1, 5]),
        ([[1, 0], [0, 1]], [1, 0]),
        ([[3], [-1, 2]], [-1, 2, 3]),
    ],
)
def test_alphabets_are_joined(alphabets, joined):
    got = joined_classes(np.array(classes) for classes in alphabets)
    assert got.tolist() == joined


def test_joining_cuts_no_name():
    got = joined_classes([np.array(["a", "b"]), np.array(["a much longer name"])])
    assert got.tolist() == ["a", "b", "a much longer name"]


# Classes that a user gives


@pytest.mark.parametrize(
    ("classes", "expected", "kind"),
    [
        (["b", "a"], ["b", "a"], "U"),
        (("b", "a"), ["b", "a"], "U"),
        (np.array(["b", "a"], dtype=object), ["b", "a"], "U"),
        (pd.Index(["b", "a"]), ["b", "a"], "U"),
        (pd.Series(["b", "a"], dtype="category"), ["b", "a"], "U"),
        (pd.array(["b", "a"], dtype="string"), ["b", "a"], "U"),
        ([" a", "b\u200b"], ["a", "b"], "U"),
        (["None", ""], ["None", ""], "U"),
        ([2, -1], [2, -1], "i"),
        ([2.0, -1.0], [2, -1], "i"),
        (pd.array([2, -1], dtype="Int8"), [2, -1], "i"),
        (np.array([2, 1], dtype=np.uint8), [2, 1], "u"),
        ([0.5, 1], [0.5, 1.0], "f"),
        ([False, True], [0, 1], "i"),
    ],
)
def test_classes_keep_their_order(classes, expected, kind):
    got = check_classes(classes)
    assert got.tolist() == expected
    assert got.dtype.kind == kind


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([], ValueError, "non-empty list"),
        ("ab", ValueError, "one-dimensional, non-empty list; got 'ab'"),
        ([["a", "b"]], ValueError, "one-dimensional"),
        (["a", "a"], ValueError, r"must not repeat; got \['a', 'a'\]"),
        (["a", "a "], ValueError, r"must not repeat; got \['a', 'a'\]"),
        (["e\u0301", "\u00e9"], ValueError, "must not repeat"),
        ([1, 1.0], ValueError, r"must not repeat; got \[1, 1\]"),
        ([0, False], TypeError, "all strings or all numbers; got 0, False"),
        (["a", None], ValueError, "must not hold missing values"),
        ([1.0, np.nan], ValueError, "classes must not hold missing values"),
        ([1.0, np.inf], ValueError, "must be finite"),
        (["a", 1], TypeError, "classes must be all strings or all numbers; got 'a', 1"),
        ([("a",), ("b",)], ValueError, "one-dimensional"),
        ([{}, {}], TypeError, "must be all strings or all numbers"),
    ],
)
def test_bad_classes_are_refused(classes, error, message):
    with pytest.raises(error, match=message):
        check_classes(classes)


def test_objects_become_one_kind():
    assert one_kind(np.array([1, 2], dtype=object), "x").dtype.kind == "i"
    texts = np.array(["a"], dtype=object)
    assert one_kind(texts, "x") is texts
    with pytest.raises(TypeError, match=r"Gold must be all strings .* got 'a', 1"):
        one_kind(np.array(["a", 1], dtype=object), "Gold")
