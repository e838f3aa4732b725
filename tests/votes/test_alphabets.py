"""Votes and gold labels decide what the classes are."""

# SPDX-License-Identifier: BSD-3-Clause

import re
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from sklabel import LabelModel, MajorityVote
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import check_classes
from sklabel.votes._read import read_any_votes

VOTES = [[0, 1], [1, -1], [-1, 0]]


@dataclass
class Found:
    classes: np.ndarray
    values: np.ndarray
    class_of_value: np.ndarray
    gold: np.ndarray


def resolve(votes=VOTES, y=None, classes=None, class_votes=False):
    votes = read_any_votes(votes)
    gold = read_gold(y, votes.n_samples)
    contents = Contents.of(votes, gold, range(votes.n_lfs))
    alphabets = resolve_classes(contents, classes, class_votes=class_votes)
    return Found(**vars(alphabets), gold=gold.index(alphabets.classes))


# resolve_classes


def test_classes_of_votes():
    found = resolve([[3, -1], [7, 3]])
    assert_array_equal(found.classes, [3, 7])
    assert_array_equal(found.values, [3, 7])
    assert_array_equal(found.class_of_value, [0, 1])
    assert_array_equal(found.gold, [-1, -1])


def test_classes_of_small_votes_are_int64():
    assert resolve(np.array(VOTES, dtype=np.int8)).classes.dtype == np.int64


def test_classes_of_votes_and_partial_gold():
    found = resolve(y=[5, -1, -1])
    assert_array_equal(found.classes, [0, 1, 5])
    assert_array_equal(found.gold, [2, -1, -1])


def test_classes_of_complete_gold():
    found = resolve([[0, 9], [1, -1], [9, 0]], y=[1, 0, 1])
    assert_array_equal(found.classes, [0, 1])
    assert_array_equal(found.values, [0, 1, 9])
    assert_array_equal(found.class_of_value, [0, 1, -1])


def test_classes_of_gold_without_votes():
    assert_array_equal(resolve([[-1], [-1]], y=[4, -1]).classes, [4])


def test_given_classes_keep_their_order():
    found = resolve(y=[1, -1, 0], classes=[1, 0])
    assert_array_equal(found.classes, [1, 0])
    assert_array_equal(found.values, [0, 1])
    assert_array_equal(found.class_of_value, [1, 0])
    assert_array_equal(found.gold, [0, -1, 1])


def test_given_strings_name_integer_votes():
    found = resolve(y=["yes", None, "no"], classes=["yes", "no", "maybe"])
    assert_array_equal(found.values, [0, 1, 2])
    assert_array_equal(found.class_of_value, [0, 1, 2])
    assert_array_equal(found.gold, [0, -1, 1])


def test_given_strings_in_any_order_match_string_votes():
    found = resolve([["b", "x"], ["a", None]], classes=["b", "a"])
    assert_array_equal(found.values, ["a", "b", "x"])
    assert_array_equal(found.class_of_value, [1, 0, -1])


def test_integer_votes_and_complete_string_gold():
    found = resolve(y=["no", "yes", "no"])
    assert_array_equal(found.classes, ["no", "yes"])
    assert_array_equal(found.class_of_value, [-1, -1])
    with pytest.warns(UserWarning, match="an index into the sorted labels of y"):
        found = resolve(y=["no", "yes", "no"], class_votes=True)
    assert_array_equal(found.class_of_value, [0, 1])


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([], ValueError, r"non-empty list; got \[\]"),
        ([[0, 1]], ValueError, "one-dimensional"),
        ([0, 0, 1], ValueError, r"must not repeat; got \[0, 0, 1\]"),
        ([0, "a"], TypeError, "classes must be all strings or all numbers; got 0, 'a'"),
        ([0, None], ValueError, "classes must not hold missing values"),
        (np.array([0, np.nan]), ValueError, "classes must be finite"),
    ],
)
def test_bad_classes_are_refused(classes, error, message):
    with pytest.raises(error, match=message):
        resolve(classes=classes)


@pytest.mark.parametrize(
    ("votes", "y", "classes", "message"),
    [
        ([[-1], [-1]], None, None, "X holds no vote: all 2 rows and 1 LFs abstain"),
        ([[-1], [-1]], [-1, -1], None, "X holds no vote"),
        ([[0.5], [1]], None, None, r"Got 0.5 \(1 votes; first at row 0, LF 0\)"),
        ([[0], [-4]], None, None, r"Got -4 \(1 votes; first at row 1, LF 0\)"),
        ([[0], [1]], ["a", None], None, "gold for some rows only"),
        ([[0], [3]], None, ["a", "b"], "indices from 0 to 1 into classes"),
        ([["a"], ["b"]], None, [0, 1], "Votes 'a', 'b' do not match classes 0, 1"),
        ([["a"], ["b"]], [0, 1], None, "Votes 'a', 'b' do not match classes 0, 1"),
        ([[0], [1]], [0, 7], [0, 1], r"not in classes=\[0, 1\]: 7 \(1 rows\)"),
    ],
)
@pytest.mark.parametrize("class_votes", [False, True])
def test_votes_and_gold_that_do_not_match(votes, y, classes, message, class_votes):
    if y == [0, 1] and not class_votes:
        # A model that learns tables reads the votes as evidence.
        assert_array_equal(resolve(votes, y).class_of_value, [-1, -1])
        return
    with pytest.raises(ValueError, match=message):
        resolve(votes, y, classes, class_votes=class_votes)


# -1 among the gold labels


def test_minus_one_is_unlabelled():
    assert_array_equal(resolve(y=[1, -1, 0]).gold, [1, -1, 0])


def test_minus_one_and_one_are_classes_where_votes_are_not_binary():
    with pytest.warns(UserWarning, match=r"exactly \{-1, 1\}"):
        found = resolve([[3], [4], [3]], y=[-1, 1, -1])
    assert_array_equal(found.classes, [-1, 1])
    assert_array_equal(found.gold, [0, 1, 0])


@pytest.mark.parametrize(
    ("votes", "y"),
    [([[0], [1], [0]], [-1, 1, -1]), ([[3], [4], [3]], [-1, 2, -1])],
)
def test_minus_one_is_unlabelled_otherwise(votes, y):
    assert_array_equal(resolve(votes, y).gold >= 0, [False, True, False])


def test_minus_one_is_a_class_if_given():
    found = resolve([[3], [4], [3]], y=[-1, 1, -1], classes=[-1, 1])
    assert_array_equal(found.gold, [0, 1, 0])


# Contents of parts


def test_merged_contents_are_those_of_all_rows():
    votes, y = [[3, -1], [7, 3], [9, 9]], [3, None, -1]
    parts = []
    for rows in (slice(0, 1), slice(1, 3)):
        part = read_any_votes(votes[rows])
        gold = read_gold(np.array(y[rows], dtype=object), part.n_samples)
        parts.append(Contents.of(part, gold, "ab"))
    merged = parts[0].merge(parts[1])
    assert_array_equal(merged.values, [3, 7, 9])
    assert_array_equal(merged.labels, [3])
    assert (merged.n_rows, merged.n_missing, merged.n_minus_one) == (3, 1, 1)


def test_contents_of_strings_and_numbers_do_not_merge():
    one, other = (read_any_votes(votes) for votes in ([["a"]], [[1]]))
    one, other = (Contents.of(v, read_gold(None, 1), "x") for v in (one, other))
    with pytest.raises(TypeError, match="all strings or all numbers"):
        one.merge(other)


@pytest.mark.parametrize("classes", [[0.0, 1.0], np.array([0.0, 1.0]), [0, 1]])
def test_whole_numbers_are_integer_classes_everywhere(classes):
    assert check_classes(classes).dtype == np.int64


# Warnings

ODD = {
    "exactly {-1, 1}": (LabelModel(), [[3], [4], [3]], [-1, 1, -1]),
    "an index into the sorted labels": (MajorityVote(), VOTES, ["no", "yes", "no"]),
    "not all integers": (LabelModel(), [[0.5], [1], [0.5]], [0, 1, 0]),
}


@pytest.mark.parametrize("message", ODD)
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_warnings_of_odd_votes_and_gold_name_the_line_of_the_user(message, in_pipeline):
    model, votes, y = ODD[message]
    if in_pipeline:
        model = make_pipeline("passthrough", model)
    with pytest.warns(UserWarning, match=re.escape(message)) as record:
        model.fit(votes, y)
    assert [warning.filename for warning in record] == [__file__]
