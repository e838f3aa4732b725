"""Warnings point to the line of the user's code, whatever the way in."""

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklabel import (
    LabelModel,
    MajorityVote,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
)
from sklabel.inspection import lf_summary
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.votes import NamedVotes

NOISE = np.random.default_rng(0).integers(0, 2, size=(60, 4))
SILENT = np.full((6, 3), -1)


def in_pipeline(model):
    return make_pipeline(FunctionTransformer(), model)


def in_grid_search(model):
    return GridSearchCV(model, {"classes": [[0, 1]]}, cv=2, error_score="raise")


WAYS = {
    "fit": lambda model, X, y: model.fit(X, y),
    "Pipeline.fit": lambda model, X, y: in_pipeline(model).fit(X, y),
}


@contextmanager
def points_here(message):
    """Catch all warnings; one has this message, and is at a line of this file."""
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        yield
    found = [w for w in record if message in str(w.message)]
    assert found, [str(w.message) for w in record]
    assert {w.filename for w in found} == {__file__}


FIT_WARNINGS = [
    (LabelModel(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (DawidSkene(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (OneCoinDawidSkene(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (GLAD(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (MACE(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (SnorkelLabelModel(max_iter=1), NOISE, None, "stopped after max_iter=1"),
    (WeightedMajorityVote(max_iter=2, tol=0), NOISE, None, "stopped after max_iter=2"),
    (LabelModel(classes=[0, 1]), SILENT, None, "none of the 6 rows has a vote"),
    (MajorityVote(classes=[0, 1]), SILENT, None, "none of the 6 rows has a vote"),
    (LabelModel(), NOISE + 2, np.resize([-1, 1], 60), "exactly {-1, 1}"),
    (MajorityVote(), NOISE, np.resize(["no", "yes"], 60), "sorted labels of y"),
    (LabelModel(), NOISE + 0.5, np.resize([0, 1], 60), "not all integers"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("model", "X", "y", "message"), FIT_WARNINGS)
def test_warnings_of_a_fit(way, model, X, y, message):
    with points_here(message):
        WAYS[way](model, X, y)


@pytest.mark.parametrize(
    ("model", "X", "y", "message"),
    [row for row in FIT_WARNINGS if hasattr(row[0], "partial_fit")],
)
def test_warnings_of_partial_fit(model, X, y, message):
    with points_here(message.replace("of the 6 rows", "of the 6 rows so far")):
        clone(model).partial_fit(X, y)


def test_warnings_in_a_grid_search():
    with points_here("stopped after max_iter=1"):
        in_grid_search(DawidSkene(max_iter=1, use_gold=False)).fit(NOISE, NOISE[:, 0])


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_values_that_fit_never_saw(method):
    model = LabelModel(classes=[0, 1]).fit(NOISE)
    pipeline = in_pipeline(LabelModel(classes=[0, 1])).fit(NOISE)
    for fitted in (model, pipeline):
        with points_here("fit never saw"):
            getattr(fitted, method)(NOISE[:3] + 3)


def test_warnings_inside_of_another_estimator():
    lfs = FunctionTransformer()
    workflow = WeakSupervisionClassifier(
        lfs, DawidSkene(max_iter=1), LogisticRegression()
    )
    with points_here("stopped after max_iter=1"):
        workflow.fit(NOISE)


@pytest.mark.parametrize(
    ("model", "X", "y", "message"),
    [row for row in FIT_WARNINGS if hasattr(row[0], "partial_fit")],
)
def test_warnings_of_a_fit_on_dask(model, X, y, message):
    dd = pytest.importorskip("dask.dataframe")
    from sklabel.dask import fit

    frame = pd.DataFrame(X, columns=list("abcd")[: X.shape[1]])
    lazy = dd.from_pandas(frame, npartitions=2)
    lazy_y = None if y is None else dd.from_pandas(pd.Series(y), npartitions=2)
    with points_here(message.replace("of the 6 rows", "of the rows")):
        fit(model, lazy, lazy_y)


@pytest.mark.parametrize(
    "model",
    [
        *(LabelModel(), DawidSkene(), OneCoinDawidSkene(), GLAD(), MACE()),
        *(SnorkelLabelModel(), WeightedMajorityVote()),
    ],
    ids=lambda model: type(model).__name__,
)
def test_verbose_writes_a_line_per_sweep(model, capsys):
    model.set_params(verbose=0).fit(NOISE)
    assert capsys.readouterr().err == ""
    model.set_params(verbose=1).fit(NOISE)
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert len(lines) == model.n_iter_
    assert all(line.startswith(type(model).__name__) for line in lines)


@pytest.mark.parametrize("y", [["neg", None], ["neg", "Pos"]])
def test_gold_that_votes_write_otherwise_is_warned_of(y):
    message = "Votes and gold labels hold 'Neg' and 'neg', which are two classes"
    with pytest.warns(UserWarning, match=message):
        LabelModel().fit([["Neg", "Neg"], ["Pos", "Pos"]], y)


@pytest.mark.parametrize("classes", [None, ["Neg", "Pos", "Rare"]])
def test_gold_alone_may_name_a_class(classes):
    model = LabelModel(classes=classes)
    model.fit([["Neg", "Neg"], ["Pos", "Pos"]], ["Rare", None])
    assert model.classes_.tolist() == ["Neg", "Pos", "Rare"]


WORDS = [f"w{k:02}" for k in range(40)]


def _sentences(n):
    return np.array([[f"The label of number {k} is good."] for k in range(n)], object)


@pytest.mark.parametrize(
    ("votes", "message"),
    [
        (
            _sentences(60),
            r"^Votes hold 60 different texts, of which 60 occur once: 'The",
        ),
        (_sentences(5), "Votes hold 5 different texts, of which 5 occur once"),
        (
            np.array([[w] for w in WORDS[:10] * 2 + WORDS[10:]]),
            "Votes hold 40 different texts, of which 30 occur once: 'w00', 'w01', ",
        ),
    ],
    ids=["sentences", "a small table", "words"],
)
def test_answers_in_words_are_no_votes(votes, message):
    with pytest.raises(ValueError, match=message) as caught:
        LabelModel().fit(votes)
    assert "These look like free-text answers and not like cl" in str(caught.value)
    assert "AnswerLF(classes=[...]).fit_transform(X)" in str(caught.value)
    classes = np.unique(votes)
    assert LabelModel(classes=classes).fit(votes).classes_.tolist() == classes.tolist()


def test_many_sentences_that_repeat_are_warned_of():
    votes = np.tile(_sentences(21), (3, 1))
    votes = np.hstack([votes, votes[::-1]])
    with pytest.warns(UserWarning, match="21 different texts, each of them repeatedly"):
        model = LabelModel().fit(votes)
    assert len(model.classes_) == 21
    LabelModel(classes=np.unique(votes)).fit(votes)


def test_many_names_of_classes_are_votes():
    votes = np.tile(np.array(WORDS)[:, None], (2, 3))
    assert len(LabelModel().fit(votes).classes_) == 40
    longer = np.tile(np.array([f"the part {w}" for w in WORDS])[:, None], (1, 3))
    assert len(LabelModel().fit(longer).classes_) == 40
    assert len(LabelModel().fit(np.tile(_sentences(4), (1, 2))).classes_) == 4


# Labels that differ by case only, and labels that are not classes


def test_votes_that_differ_by_case_only_are_warned_of():
    message = r"^Votes hold 'Bug' and 'bug', which are two classes\. Make them one"
    for read in (LabelModel().fit, LabelModel().partial_fit, lf_summary):
        with pytest.warns(UserWarning, match=message):
            read([["Bug", "bug"], ["idea", "idea"]])
    votes = [["Bug", "bug"], ["idea", "idea"]] * 2
    LabelModel(classes=["Bug", "bug", "idea"]).fit(votes)
    LabelModel().fit(NamedVotes.from_labels(votes))


@pytest.mark.parametrize(
    ("y", "accuracy", "message"),
    [
        (["X", "Y"], 0.0, r"y holds 'X', 'Y' \(2 of 2 .* 'X' equals 'x' but for case"),
        (
            ["x", "z"],
            0.5,
            r"y holds 'z' \(1 of 2 gold labels\), .* classes are 'x', 'y'",
        ),
        (["z", None], 0.0, r"y holds 'z' \(1 of 1 gold labels\)"),
    ],
)
def test_a_score_says_which_labels_are_not_classes(y, accuracy, message):
    votes = np.array([["x", "x"], ["y", "y"]])
    model = LabelModel().fit(votes)
    with pytest.warns(UserWarning, match=message):
        assert model.score(votes, y) == accuracy
    clf = SoftLabelClassifier(LogisticRegression()).fit([[0], [9]], ["x", "y"])
    with pytest.warns(UserWarning, match=message):
        assert clf.score([[0], [9]], y) == accuracy


def test_a_score_of_integers_says_which_are_not_classes():
    model = LabelModel(classes=[1, 0]).fit([[0, 0], [1, 1]])
    assert model.score([[0, 0], [1, 1]], [0, 1]) == 1
    with pytest.warns(UserWarning, match=r"y holds 2 \(1 of 2 gold labels\)"):
        assert model.score([[0, 0], [1, 1]], [0, 2]) == 0.5
