"""Rows whose label is probably wrong."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict

from sklabel.inspection import label_issues
from sklabel.votes import NamedVotes, VoteMatrix

PROBA = np.array([[0.9, 0.1], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9], [0.4, 0.6]])
LABELS = ["ham", "spam", "spam", "spam", None]
CLASSES = ["ham", "spam"]
VOTES = pd.DataFrame(
    {
        "ann": ["ham", "ham", "spam", None, "ham"],
        "bob": ["ham", None, "ham", None, "spam"],
        "cat": [None, "spam", "ham", None, None],
    }
)
TEXTS = pd.DataFrame(
    {"text": ["a", "b", "c", "d", "e"], "source": list("uuvvv")}, index=list("ABCDE")
)


def test_the_table():
    issues = label_issues(PROBA, LABELS, classes=CLASSES, votes=VOTES, X=TEXTS)
    expected = pd.DataFrame(
        {
            "label": ["spam", "spam", "ham", "spam"],
            "quality": [0.05, 0.8, 0.9, 0.9],
            "suggested": ["ham", "spam", "ham", "spam"],
            "p_suggested": [0.95, 0.8, 0.9, 0.9],
            "is_issue": [True, False, False, False],
            "n_votes": [3, 2, 2, 0],
            "n_against": [2, 1, 0, 0],
            "votes": [
                "ann: spam, bob: ham, cat: ham",
                "ann: ham, cat: spam",
                "ann: ham, bob: ham",
                "",
            ],
            "text": ["c", "b", "a", "d"],
            "source": list("vuuv"),
        },
        index=list("CBAD"),
    )
    pd.testing.assert_frame_equal(issues, expected, check_dtype=False)


@pytest.mark.parametrize("form", ["array", "named", "sparse", "polars"])
def test_forms_of_votes(form):
    codes = VOTES.apply(lambda c: c.map({"ham": 0, "spam": 1})).fillna(-1).astype(int)
    names = ["ann", "bob", "cat"]
    if form == "array":
        votes = codes.to_numpy()
    elif form == "named":
        votes = NamedVotes(codes.to_numpy(), classes=CLASSES)
    elif form == "sparse":
        rows, lfs = np.nonzero(codes.to_numpy() >= 0)
        votes = VoteMatrix((codes.to_numpy()[rows, lfs], (rows, lfs)), shape=(5, 3))
    else:
        votes, names = pytest.importorskip("polars").from_pandas(VOTES), None
    issues = label_issues(PROBA, LABELS, classes=CLASSES, votes=votes, lf_names=names)
    expected = label_issues(PROBA, LABELS, classes=CLASSES, votes=VOTES)
    pd.testing.assert_frame_equal(issues, expected)


def test_frames_of_probabilities_and_of_samples():
    frame = pd.DataFrame(PROBA[:, ::-1], columns=["spam", "ham"])
    issues = label_issues(frame, LABELS, X=TEXTS, columns=["source"], max_rows=2)
    assert_array_equal(issues.columns[-2:], ["is_issue", "source"])
    assert_array_equal(issues.index, ["C", "B"])
    polars = pytest.importorskip("polars")
    same = label_issues(polars.from_pandas(frame), LABELS, X=polars.DataFrame(TEXTS))
    assert_array_equal(same.text, ["c", "b", "a", "d"])
    texts = label_issues(frame, LABELS, X=np.array(list("abcde")))
    assert_array_equal(texts["sample"], ["c", "b", "a", "d"])


def test_minus_one_may_be_a_class():
    issues = label_issues(PROBA, [-1, 1, 1, 1, -1], classes=[-1, 1])
    assert_array_equal(issues.index, [2, 4, 1, 0, 3])
    gaps = label_issues(PROBA, [0, 1, 1, 1, -1])
    assert_array_equal(gaps.index, [2, 1, 0, 3])


def test_many_votes_are_abridged():
    votes = np.zeros((2, 12), dtype=int)
    said = label_issues([[0.5, 0.5], [0.9, 0.1]], [0, 1], votes=votes)["votes"]
    assert said[0].endswith("7: 0, and 4 more")


def test_a_column_of_the_name_of_a_result_is_kept():
    issues = label_issues(
        PROBA, [0, 1, 1, 1, 0], X=TEXTS.rename(columns={"text": "label"})
    )
    assert_array_equal(issues["label_of_X"], ["c", "e", "b", "a", "d"])


def test_an_issue_is_a_label_that_another_class_beats():
    proba = [[0.4, 0.6, 0.0], [0.4, 0.45, 0.15], [0.5, 0.5, 0.0], [0.1, 0.2, 0.7]]
    issues = label_issues(proba, [0, 0, 0, 0])
    assert sorted(issues.index[issues.is_issue]) == [0, 1, 3]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"labels": [None] * 5}, "NaN only|None of the 5 rows"),
        ({"labels": ["ham", "eggs", None, None, None]}, "holds 'eggs' .* Add them"),
        ({"votes": VOTES[:3]}, "each of the 5 rows of proba; got 3"),
        ({"X": TEXTS[:3]}, "X must have a row for each of the 5"),
        ({"X": TEXTS, "columns": ["txt"]}, "needs the column"),
        ({"max_rows": 0}, "max_rows"),
        ({"lf_names": ["a"], "votes": VOTES}, "name each of the 3 LFs"),
    ],
)
def test_bad_input(change, match):
    arguments = {"labels": LABELS, "classes": CLASSES, **change}
    with pytest.raises(ValueError, match=match):
        label_issues(PROBA, **arguments)


def test_many_rows():
    rng = np.random.default_rng(0)
    proba = rng.dirichlet([1, 1, 1], size=200_000)
    votes = rng.integers(-1, 3, size=(200_000, 5))
    issues = label_issues(proba, rng.integers(3, size=200_000), votes=votes, max_rows=9)
    assert len(issues) == 9
    assert issues.quality.max() < 0.01


@pytest.mark.peers
def test_cleanlab_finds_the_same_errors():
    cleanlab_rank = pytest.importorskip("cleanlab.rank")
    cleanlab_filter = pytest.importorskip("cleanlab.filter")
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=900)
    X = 2 * np.eye(3)[y] + rng.normal(size=(900, 3))
    wrong = rng.random(900) < 0.15
    labels = np.where(wrong, (y + 1) % 3, y)
    args = LogisticRegression(), X, labels
    proba = cross_val_predict(*args, cv=5, method="predict_proba")
    issues = label_issues(proba, labels).sort_index()
    theirs = cleanlab_rank.get_label_quality_scores(
        labels, proba, method="self_confidence"
    )
    assert_allclose(issues.quality, theirs)
    ours = roc_auc_score(wrong, 1 - issues.quality)
    assert ours > 0.8
    found = cleanlab_filter.find_label_issues(
        labels, proba, filter_by="confident_learning"
    )
    # Cleanlab flags the surest of these only.
    assert not (found & ~issues.is_issue.to_numpy()).any()


def test_names_beside_an_array_ask_for_the_classes_of_the_classifier():
    message = (
        r"^labels holds 'ham', 'spam' \(4 rows, first at row 0\), and the classes of "
        r"proba are 0, 1\. Pass classes=clf\.classes_ of the classifier"
    )
    with pytest.raises(ValueError, match=message):
        label_issues(PROBA, LABELS)
    with pytest.raises(ValueError, match=r"'Ham' equals 'ham' but for case\. Add them"):
        label_issues(PROBA, ["Ham", *LABELS[1:]], classes=CLASSES)


def test_the_table_has_the_index_of_labels_or_probabilities():
    labels = pd.Series(LABELS, index=list("abcde"))
    proba = pd.DataFrame(PROBA, columns=CLASSES, index=list("vwxyz"))
    options = {"classes": CLASSES}
    assert label_issues(PROBA, labels, **options).index.tolist() == list("cbad")
    assert label_issues(proba, LABELS, **options).index.tolist() == list("xwvy")
    assert label_issues(proba, labels, **options).index.tolist() == list("cbad")
    issues = label_issues(proba, labels, X=TEXTS, **options)
    assert issues.index.tolist() == list("CBAD")
    assert label_issues(PROBA, labels, max_rows=1, **options).index.tolist() == ["c"]


def test_labels_and_probabilities_in_another_order_are_refused():
    labels = pd.Series(LABELS, index=list("abcde"))
    proba = pd.DataFrame(PROBA, columns=CLASSES, index=list("edcba"))
    message = "labels and proba have the same index labels in another order"
    with pytest.raises(ValueError, match=message):
        label_issues(proba, labels)
