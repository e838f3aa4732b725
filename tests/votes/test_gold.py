"""Gold labels are read from whatever holds them; -1 means unlabelled or a class."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklabel import LabelModel, MajorityVote, SoftLabelClassifier
from sklabel.inspection import lf_summary
from sklabel.votes._cells import minus_one_is_class
from sklabel.votes._gold import Gold, read_gold


def objects(*cells):
    return np.array(cells, dtype=object)


def test_no_gold():
    assert not read_gold(None, 3).labelled().any()


@pytest.mark.parametrize(
    ("y", "label", "known"),
    [
        ([1, 0, 1], [1, 0, 1], [True, True, True]),
        ([1.0, np.nan, 0.0], [1, 0], [True, False, True]),
        ([1, None, 0], [1, 0], [True, False, True]),
        (["a", None, "b"], ["a", "b"], [True, False, True]),
        (objects("a", -1, "b"), ["a", "b"], [True, False, True]),
        (objects("a", -1.0, np.nan), ["a"], [True, False, False]),
        (objects(-1, "a", pd.NA), ["a"], [False, True, False]),
        (pd.Series([1, pd.NA, 0], dtype="Int64"), [1, 0], [True, False, True]),
        (pd.Series([1, 1, 0], dtype="Int64"), [1, 1, 0], [True, True, True]),
        (pd.array([1, None, 0], dtype="Int8"), [1, 0], [True, False, True]),
        (pd.Series(["a", None, "b"], dtype="string"), ["a", "b"], [True, False, True]),
        (
            pd.Series(["a", None, "b"], dtype="category"),
            ["a", "b"],
            [True, False, True],
        ),
        (pd.Index(["a", "b", "b"]), ["a", "b", "b"], [True, True, True]),
        ([None, None, None], [], [False, False, False]),
    ],
)
def test_read_gold(y, label, known):
    gold = read_gold(y, 3)
    assert_array_equal(gold.known, known)
    assert_array_equal(gold.label[gold.known], label)


def test_nullable_integers_stay_integers():
    gold = read_gold(pd.Series([1, 0, 1], dtype="Int64"), 3)
    assert gold.label.dtype.kind == "i"


def test_a_number_minus_one_is_kept_aside():
    gold = read_gold([1, -1, 0], 3)
    assert_array_equal(gold.minus_one, [False, True, False])
    assert gold.known.all()


def test_a_column_of_gold_warns_as_scikit_learn_does():
    y = np.array([[1], [0], [1]])
    with pytest.warns(UserWarning, match="column-vector y") as record:
        gold = read_gold(y, 3)
    assert_array_equal(gold.label, [1, 0, 1])
    with pytest.warns(UserWarning, match="column-vector y") as in_pipeline:
        make_pipeline("passthrough", MajorityVote()).fit([[0], [1], [1]], y)
    names = [warning.filename for warning in [*record, *in_pipeline]]
    assert names == [__file__, __file__]


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([0, 1], ValueError, "X has 3 rows and y has 2"),
        ([np.nan] * 3, ValueError, r"NaN only \(3 rows\). Pass y=None"),
        ([0, np.inf, 1], ValueError, "infinity.*row 1"),
        ([0.5, 1.0, 2.0], ValueError, "Unknown label type"),
        ([0.5, 1.0, -1.0], ValueError, "one column of numbers between 0 and 1"),
        ([[0, 1]] * 3, ValueError, r"y has shape \(3, 2\), and gold labels here are"),
        (objects("a", 0, "b"), TypeError, "all strings or all numbers; got 'a', 0"),
        (objects(True, 3, 4), TypeError, "all strings or all numbers"),
        (objects("a", {}, None), TypeError, "all strings or all numbers"),
    ],
)
def test_bad_gold_is_refused(y, error, message):
    with pytest.raises(error, match=message):
        read_gold(y, 3)


def test_the_string_minus_one_is_not_a_gold_label():
    with pytest.raises(ValueError, match="the string '-1' in 1 rows of y"):
        read_gold(np.array(["a", -1]), 2)


# The classes decide what -1 means


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (None, False),
        ([0, 1], False),
        ([-1, 1], True),
        ([1.0, -1.0], True),
        (np.array([-1, 0]), True),
        (["-1", "1"], False),
        ([], False),
    ],
)
def test_minus_one_is_a_class_if_it_is_among_them(classes, expected):
    assert minus_one_is_class(classes) is expected


def test_the_classes_decide_which_rows_are_labelled():
    gold = read_gold(objects(1, -1, None), 3)
    assert gold.labelled().tolist() == [True, False, False]
    assert gold.labelled([0, 1]).tolist() == [True, False, False]
    assert gold.labelled([-1, 1]).tolist() == [True, True, False]


def test_gold_is_a_position_in_the_classes():
    gold = read_gold(objects(7, -1, None, 3), 4)
    assert gold.index(np.array([7, 3])).tolist() == [0, -1, -1, 1]
    assert gold.index(np.array([-1, 3, 7])).tolist() == [2, 0, -1, 1]
    assert gold.index(np.array([3]), outside=-2).tolist() == [-2, -1, -1, 0]
    with pytest.raises(ValueError, match=r"not in classes=\[3\]: 7 \(1 rows\)"):
        gold.index(np.array([3]))


def test_rows_of_gold_can_be_kept_by_a_mask():
    gold = read_gold(objects(7, -1, None, 3), 4).take(
        np.array([True, True, False, False])
    )
    assert gold.label[gold.known].tolist() == [7, -1]
    assert gold.labelled().tolist() == [True, False]
    assert not Gold.none(2).known.any()


def test_gold_labels_of_some_rows_are_told_to_go_by_the_index():
    some = pd.Series(["a", "b"], index=["r", "t"])
    remedy = r"X has 3 rows and y has 2\. If y .* pass y\.reindex\(X\.index\)"
    with pytest.raises(ValueError, match=remedy):
        read_gold(some, 3)
    with pytest.raises(ValueError, match=remedy):
        read_gold(pd.DataFrame({"a": [1.0, 0], "b": [0.0, 1]}), 3, soft=True)
    for other in (["a", "b"], pd.Series(["a"] * 4)):
        with pytest.raises(ValueError, match=r"y has \d\.$"):
            read_gold(other, 3)
    assert read_gold(some.reindex(["r", "s", "t"]), 3).known.tolist() == [1, 0, 1]


def test_a_dict_of_gold_labels_is_told_to_become_a_series():
    votes = pd.DataFrame({"ann": ["x", "y"], "bob": ["x", "y"]}, index=["r", "s"])
    gold = {"s": "y"}
    message = r"y must hold a label for each row .* got a dict with 1 keys.*reindex"
    for call in (
        lambda y: LabelModel().fit(votes, y),
        lambda y: LabelModel().fit(votes).score(votes, y),
        lambda y: lf_summary(votes, y),
        lambda y: SoftLabelClassifier(LogisticRegression()).fit([[0], [1]], y),
    ):
        with pytest.raises(TypeError, match=message):
            call(gold)
    LabelModel().fit(votes, pd.Series(gold).reindex(votes.index))
