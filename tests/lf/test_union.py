"""LFUnion puts votes side by side, whatever form they have."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklabel import (
    CrowdLabels,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
)
from sklabel.datasets import make_crowd_labels
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense

X = pd.DataFrame({"n": [1, 2, 3, 4]}, index=[9, 8, 7, 6])


class Votes:
    """A labeling function that returns what stands in a list."""

    def __init__(self, labels):
        self.labels = labels
        self.__name__ = "votes"

    def __call__(self, x):
        return self.labels[x.n - 1]


def lf(labels, classes=None, sparse_output=False):
    return LFTransformer(
        [("f", Votes(labels))], classes=classes, sparse_output=sparse_output
    )


def columns(votes):
    """Labels of each column, None for abstain."""
    dense = votes_to_dense(votes)
    if isinstance(dense, NamedVotes):
        dense = dense.labels()
    else:
        dense = np.where(dense == -1, None, dense.astype(object))
    return [list(column) for column in dense.T]


NAMES = ["ham", "spam"]
HAM = ["ham", None, "spam", None]
LATE = [None, "spam", "spam", "ham"]
LAYOUTS = [(False, False), (False, True), (True, False), (True, True)]


# Forms


@pytest.mark.parametrize("layout", LAYOUTS)
def test_names_are_joined_in_any_form(layout):
    union = LFUnion(
        [
            ("a", lf(HAM, NAMES, sparse_output=layout[0])),
            ("b", lf(LATE, NAMES, sparse_output=layout[1])),
        ]
    )
    votes = union.fit_transform(X)
    assert isinstance(votes, VoteMatrix if any(layout) else NamedVotes)
    assert votes.classes.tolist() == NAMES
    assert columns(votes) == [HAM, LATE]
    assert columns(union.transform(X.iloc[::-1])) == [HAM[::-1], LATE[::-1]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_integers_are_joined_in_any_form(layout):
    first, second = [0, None, 1, None], [None, 0, 0, 3]
    union = LFUnion(
        [
            ("a", lf(first, sparse_output=layout[0])),
            ("b", lf(second, sparse_output=layout[1])),
        ]
    )
    votes = union.fit_transform(X)
    assert type(votes) is (VoteMatrix if any(layout) else np.ndarray)
    assert votes.dtype == np.int8
    assert columns(votes) == [first, second]
    if any(layout):
        assert votes.classes is None
        assert votes.has_sorted_indices
        assert votes.nnz == 5


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("classes", "joined"),
    [
        ((["spam", "ham"], ["ham", "spam"]), ["spam", "ham"]),
        ((["ham", "spam"], ["eggs", "spam", "ham"]), ["eggs", "spam", "ham"]),
        ((["ham", "spam"], ["ham", "spam", "x10", "x9"]), ["ham", "spam", "x10", "x9"]),
    ],
)
def test_other_classes_are_joined_by_label(layout, classes, joined):
    parts = [
        (f"{i}", lf(labels, known, sparse_output=sparse_output))
        for i, (labels, known, sparse_output) in enumerate(
            zip((HAM, LATE), classes, layout, strict=True)
        )
    ]
    votes = LFUnion(parts).fit_transform(X)
    assert votes.classes.tolist() == joined
    assert columns(votes) == [HAM, LATE]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("turned", [False, True])
def test_integers_stand_beside_negative_integers(layout, turned):
    signed, plain = [-1, None, 1, -1], [1, 0, None, 2]
    parts = [
        ("signed", lf(signed, [-1, 1], sparse_output=layout[0])),
        ("plain", lf(plain, [0, 1, 2], sparse_output=layout[1])),
    ]
    votes = LFUnion(parts[::-1] if turned else parts).fit_transform(X)
    assert votes.classes.tolist() == [-1, 0, 1, 2]
    assert columns(votes) == ([plain, signed] if turned else [signed, plain])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("numbers", [[0, 1], [-1, 1]], ids=repr)
def test_names_beside_numbers_raise(layout, numbers):
    union = LFUnion(
        [
            ("names", lf(HAM, NAMES, sparse_output=layout[0])),
            ("numbers", lf([1] * 4, numbers, sparse_output=layout[1])),
        ]
    )
    with pytest.raises(ValueError, match="vote for classes of different kinds") as got:
        union.fit_transform(X)
    assert "'ham'" in str(got.value)
    assert "classes=names" in str(got.value)


@pytest.mark.parametrize("union", [FeatureUnion, LFUnion])
def test_an_error_of_tables_lists_the_classes_of_both_kinds(union):
    parts = [(f"names {k}", lf(HAM, NAMES)) for k in range(2)]
    parts.append(("numbers", lf([0, 1, 0, None])))
    votes = union(parts).set_output(transform="pandas").fit_transform(X)
    message = r"different kinds: \['ham', 'spam'\] and \[0, 1\]\. Nobody can tell"
    with pytest.raises(ValueError, match=message):
        LabelModel().fit(votes)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_part_without_a_vote_stands_beside_names(layout):
    union = LFUnion(
        [
            ("silent", lf([None] * 4, sparse_output=layout[0])),
            ("names", lf(HAM, NAMES, sparse_output=layout[1])),
        ]
    )
    votes = union.fit_transform(X)
    assert votes.classes.tolist() == NAMES
    assert columns(votes) == [[None] * 4, HAM]


def test_dropped_and_passed_parts_are_those_of_a_feature_union():
    parts = [("a", lf(HAM, NAMES)), ("b", "drop"), ("c", lf(LATE, NAMES))]
    assert columns(LFUnion(parts).fit_transform(X)) == [HAM, LATE]
    votes = FunctionTransformer(lambda X: np.array([[0], [-1], [1], [0]]))
    assert columns(
        LFUnion([("a", votes), ("b", lf([1, 0, None, 0]))]).fit_transform(X)
    ) == [[0, None, 1, 0], [1, 0, None, 0]]


def test_random_crowds_are_joined_as_their_tables():
    for seed in range(6):
        data = make_crowd_labels(60, 10, 3, random_state=seed).crowd_labels
        names = [["c", "a", "b"], [2, -1, 0], [0, 1, 2]][seed % 3]
        data["label"] = np.array(names, dtype=object)[data["label"]]
        crowd = CrowdLabels.from_frame(data.infer_objects(), classes=names)
        ids = pd.DataFrame({"sample": np.arange(60)})
        alone = columns(WorkerLFTransformer(crowd).fit_transform(ids))
        for layout in LAYOUTS:
            union = LFUnion(
                [
                    (str(i), WorkerLFTransformer(crowd, sparse_output=is_sparse))
                    for i, is_sparse in enumerate(layout)
                ]
            )
            assert columns(union.fit_transform(ids)) == alone * 2


# As an estimator


def test_n_jobs_changes_nothing():
    parts = [
        ("a", lf(HAM, NAMES, sparse_output=True)),
        ("b", lf(LATE, ["spam", "ham"])),
    ]
    expected = LFUnion(parts).fit_transform(X)
    votes = LFUnion(clone(LFUnion(parts)).transformer_list, n_jobs=2).fit_transform(X)
    assert isinstance(votes, VoteMatrix)
    assert votes.classes.tolist() == expected.classes.tolist()
    assert (votes != expected).nnz == 0


@pytest.mark.parametrize("verbose_names", [False, True])
def test_names_of_lfs(verbose_names):
    parts = [("a", LFTransformer([("x", Votes(HAM))], classes=NAMES))]
    parts += [("b", LFTransformer([("y", Votes(HAM))], classes=NAMES))]
    union = LFUnion(parts, verbose_feature_names_out=verbose_names).fit(X)
    expected = ["a__x", "b__y"] if verbose_names else ["x", "y"]
    assert union.get_feature_names_out().tolist() == expected


@pytest.mark.parametrize("classes", [["spam", "ham"], ["ham", "eggs", "spam"]])
def test_tables_of_pandas_hold_the_labels(classes):
    union = LFUnion([("a", lf(HAM, NAMES)), ("b", lf(LATE, classes))])
    union.set_output(transform="pandas")
    frame = union.fit_transform(X)
    assert frame.columns.tolist() == ["a__f", "b__f"]
    assert frame.index.equals(X.index)
    assert columns(frame) == [HAM, LATE]
    # A pipeline of scikit-learn hands the table to the label model.
    model = make_pipeline(union, MajorityVote()).fit(X)
    assert set(model.classes_) == set(classes)
    assert model[-1].feature_names_in_.tolist() == ["a__f", "b__f"]


def test_tables_of_sparse_votes_are_refused():
    union = LFUnion([("a", lf(HAM, NAMES, sparse_output=True))])
    with pytest.raises(ValueError, match=r"sparse"):
        union.set_output(transform="pandas").fit_transform(X)


def test_a_clone_and_a_pickle_vote_alike():
    union = LFUnion([("a", lf(HAM, NAMES)), ("b", lf(LATE, NAMES, sparse_output=True))])
    assert columns(clone(union).fit_transform(X)) == [HAM, LATE]
    union.fit(X)
    assert columns(pickle.loads(pickle.dumps(union)).transform(X)) == [HAM, LATE]
    union.set_params(b__sparse_output=False)
    assert isinstance(union.fit_transform(X), NamedVotes)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"transformer_list": [("a", lf(HAM, NAMES))], "n_jobs": "two"}, "n_jobs"),
        (
            {
                "transformer_list": [("a", lf(HAM, NAMES))],
                "verbose_feature_names_out": 3,
            },
            "verbose_feature_names_out",
        ),
    ],
)
@pytest.mark.parametrize("method", ["fit", "fit_transform"])
def test_bad_parameters_raise(options, name, method):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of LFUnion must be"):
        getattr(LFUnion(**options), method)(X)


# In a workflow


def _parts(names):
    """A crowd, rules for the same classes, and samples."""
    data = make_crowd_labels(300, 12, 2, judgements_per_sample=3, random_state=0)
    frame = data.crowd_labels
    frame["label"] = np.array(names)[frame["label"]]
    crowd = CrowdLabels.from_frame(frame, classes=names)
    rng = np.random.default_rng(0)
    samples = pd.DataFrame({"sample": np.arange(300), "a": rng.normal(size=300)})
    samples["a"] += 2 * data.y - 1
    return samples, crowd, np.array(names)[data.y]


class Above:
    """Votes for one class where a column is large enough."""

    __name__ = "above"

    def __init__(self, name):
        self.name = name

    def __call__(self, x):
        return self.name if x.a > 1 else None


@pytest.mark.parametrize("names", [["spam", "ham"], [-1, 1], [0, 1]], ids=repr)
def test_it_stands_in_a_weakly_supervised_classifier(names):
    samples, crowd, truth = _parts(names)

    def fitted(layout, union=LFUnion):
        lfs = union(
            [
                (
                    "crowd",
                    WorkerLFTransformer(
                        crowd, id_column="sample", sparse_output=layout[0]
                    ),
                ),
                (
                    "rule",
                    LFTransformer(
                        [Above(names[1])], classes=names, sparse_output=layout[1]
                    ),
                ),
            ]
        )
        end = make_pipeline(
            make_column_transformer(("passthrough", ["a"])), LogisticRegression()
        )
        return WeakSupervisionClassifier(lfs, LabelModel(), end).fit(samples)

    expected = fitted((False, False), FeatureUnion)
    assert expected.classes_.tolist() == names
    assert expected.score(samples, truth) > 0.75
    for layout in LAYOUTS:
        clf = fitted(layout)
        assert clf.classes_.tolist() == names
        assert_allclose(clf.predict_proba(samples), expected.predict_proba(samples))


def test_a_grid_search_reaches_its_parts():
    samples, crowd, truth = _parts(["spam", "ham"])
    union = LFUnion(
        [
            ("crowd", WorkerLFTransformer(crowd, id_column="sample")),
            ("rule", LFTransformer([Above("ham")], classes=["spam", "ham"])),
        ]
    )
    search = GridSearchCV(
        make_pipeline(union, MajorityVote()),
        {"lfunion__crowd__sparse_output": [False, True]},
        cv=3,
    ).fit(samples, truth)
    scores = search.cv_results_["mean_test_score"]
    assert scores[0] == scores[1]
    assert scores[0] > 0.7


# scikit-learn's own ways to put columns side by side


@pytest.mark.parametrize("classes", [["ham", "spam"], ["spam", "eggs", "ham"]])
def test_dense_names_are_right_in_those_of_scikit_learn(classes):
    parts = [lf(HAM, NAMES), lf(LATE, classes)]
    union = FeatureUnion([("a", parts[0]), ("b", parts[1])])
    by_column = make_column_transformer((parts[0], ["n"]), (parts[1], ["n"]))
    for joined in (union, by_column):
        votes = joined.fit_transform(X)
        assert isinstance(votes, NamedVotes)
        assert set(votes.classes) == {*NAMES, *classes}
        assert columns(votes) == [HAM, LATE]
        frame = clone(joined).set_output(transform="pandas").fit_transform(X)
        assert columns(frame) == [HAM, LATE]
        model = make_pipeline(joined, MajorityVote()).fit(X)
        assert model.predict(X.iloc[[0]]).tolist() == ["ham"]


def test_dense_negative_numbers_are_right_in_those_of_scikit_learn():
    signed, plain = [-1, None, 1, -1], [1, 0, None, 2]
    parts = [lf(signed, [-1, 1]), lf(plain, [0, 1, 2])]
    union = FeatureUnion([("a", parts[0]), ("b", parts[1])])
    by_column = make_column_transformer((parts[0], ["n"]), (parts[1], ["n"]))
    for joined in (union, by_column):
        votes = joined.fit_transform(X)
        assert votes.classes.tolist() == [-1, 0, 1, 2]
        assert columns(votes) == [signed, plain]


@pytest.mark.parametrize("classes", [NAMES, [-1, 1]], ids=repr)
def test_sparse_names_that_scikit_learn_stacks_are_refused(classes):
    labels = [classes[0], None, classes[1], None]
    parts = [lf(labels, classes, sparse_output=True) for _ in range(2)]
    union = FeatureUnion([("a", parts[0]), ("b", parts[1])])
    by_column = make_column_transformer(
        (parts[0], ["n"]), (parts[1], ["n"]), sparse_threshold=1
    )
    for joined in (union, by_column):
        for read in (
            lambda lfs: make_pipeline(lfs, LabelModel()).fit(X),
            lambda lfs: votes_to_dense(lfs.fit_transform(X)),
        ):
            with pytest.raises(
                ValueError,
                match=r"lost the names of its classes; .*sklabel\.lf\.LFUnion",
            ):
                read(clone(joined))
    # Where scikit-learn makes them dense, each block knows its names.
    by_column.set_params(sparse_threshold=0)
    assert columns(by_column.fit_transform(X)) == [labels, labels]


@pytest.mark.parametrize("classes", [NAMES, [-1, 1]])
def test_a_sparse_and_a_dense_block_that_scikit_learn_stacks_are_refused(classes):
    labels = [classes[0], None, classes[1], None]
    union = FeatureUnion(
        [("a", lf(labels, classes, sparse_output=True)), ("b", lf(labels, classes))]
    )
    with pytest.raises(TypeError, match=r"scipy cannot stack them.*LFUnion"):
        make_pipeline(union, LabelModel()).fit(X)
