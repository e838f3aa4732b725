"""Votes that know their classes mean the same labels wherever they go."""

# SPDX-License-Identifier: BSD-3-Clause

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.utils import _safe_indexing

from sklabel import ABSTAIN, LFTransformer, PolarityLFTransformer, WorkerLFTransformer
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense
from sklabel.votes._named import vote_for_themselves

ROWS = [["ham", None, "spam"], [None, None, None], ["spam", "ham", None]]
CODES = [[0, -1, 1], [-1, -1, -1], [1, 0, -1]]


@pytest.fixture
def votes():
    return NamedVotes(np.array(CODES, dtype=np.int8), ["ham", "spam"])


@pytest.fixture
def signed():
    return NamedVotes(np.array([[0, -1], [1, 0]]), [-1, 1])


# Building


def test_it_holds_positions_and_classes(votes):
    assert votes.shape == (3, 3)
    assert (votes.ndim, votes.size, len(votes)) == (2, 9, 3)
    assert votes.dtype == object
    assert votes.classes.tolist() == ["ham", "spam"]
    assert votes.codes.tolist() == CODES
    assert votes.tolist() == votes.labels().tolist() == ROWS
    assert votes.labels().dtype == object
    np.testing.assert_array_equal(votes.isna(), np.array(CODES) == -1)


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ([0, 1], r"two-dimensional .* got 1 dimension\(s\) of int64"),
        ([[0.0, 1.0]], r"signed integers, .*; got 2 dimension\(s\) of float64"),
        (np.array([[1]], dtype=np.uint8), "got 2 dimension.s. of uint8"),
        ([["a"]], "got 2 dimension.s. of <U1"),
    ],
)
def test_what_are_not_positions_is_refused(codes, message):
    with pytest.raises(ValueError, match=message):
        NamedVotes(codes, ["a", "b"])


@pytest.mark.parametrize(
    "labels",
    [
        ROWS,
        np.array(ROWS, dtype=object),
        pd.DataFrame(ROWS),
        pd.DataFrame(ROWS, dtype="string"),
        pd.DataFrame(ROWS, dtype="category"),
        [[np.nan if v is None else v for v in row] for row in ROWS],
        [[pd.NA if v is None else v for v in row] for row in ROWS],
    ],
)
def test_labels_of_any_form_become_votes(labels):
    votes = NamedVotes.from_labels(labels)
    assert votes.codes.tolist() == CODES
    assert votes.codes.dtype == np.int8
    assert votes.classes.tolist() == ["ham", "spam"]
    turned = NamedVotes.from_labels(labels, classes=["spam", "ham", "eggs"])
    assert turned.classes.tolist() == ["spam", "ham", "eggs"]
    assert turned.tolist() == ROWS


@pytest.mark.parametrize(
    "labels",
    [
        [[-1, 2], [None, 10]],
        np.array([[-1, 2], [np.nan, 10]]),
        pd.DataFrame({"a": [-1, None], "b": [2, 10]}, dtype="Int64"),
        pd.DataFrame({"a": [-1, None], "b": [2, 10]}),
    ],
)
def test_minus_one_is_a_label_like_any_other(labels):
    votes = NamedVotes.from_labels(labels)
    assert votes.classes.tolist() == [-1, 2, 10]
    assert votes.classes.dtype == np.int64
    assert votes.tolist() == [[-1, 2], [None, 10]]


def test_texts_are_in_natural_order_and_read_as_they_look():
    assert NamedVotes.from_labels([["10", "9"]]).classes.tolist() == ["9", "10"]
    with pytest.warns(UserWarning, match=r"1 vote\(s\) have blanks"):
        votes = NamedVotes.from_labels([["a", "a "]])
    assert votes.classes.tolist() == ["a"]


@pytest.mark.parametrize(
    ("labels", "classes", "error", "message"),
    [
        ([[None, None]], None, ValueError, r"holds no label; pass classes="),
        (
            [["a", "b"]],
            ["a"],
            ValueError,
            r"has 1 that .* in classes=\['a'\]: 'b'",
        ),
        ([["a", 1]], None, TypeError, "mixes strings, numbers or booleans"),
        ([["a", "b"]], ["a", "a"], ValueError, "classes must not repeat"),
    ],
)
def test_bad_labels_are_refused(labels, classes, error, message):
    with pytest.raises(error, match=message):
        NamedVotes.from_labels(labels, classes=classes)


def test_many_classes_get_wider_positions():
    names = [f"class {i}" for i in range(300)]
    votes = NamedVotes.from_labels([[name] for name in names])
    assert votes.codes.dtype == np.int16
    assert votes.classes.tolist() == names
    assert votes.tolist() == [[name] for name in names]


@pytest.mark.parametrize(
    ("classes", "plain"),
    [([0, 1], True), ([7, 3], True), ([-1, 1], False), (["0", "1"], False)],
)
def test_integers_of_zero_or_more_vote_for_themselves(classes, plain):
    assert vote_for_themselves(np.asarray(classes)) == plain


# Parts and copies


@pytest.mark.parametrize(
    "key",
    [
        np.s_[:2],
        np.s_[::-1],
        np.s_[[2, 0, 0]],
        np.s_[np.array([True, False, True])],
        np.s_[:, [2, 0]],
        np.s_[1:, :1],
        np.s_[...],
    ],
)
def test_a_part_is_votes_for_the_same_classes(votes, key):
    part = votes[key]
    assert isinstance(part, NamedVotes)
    assert part.classes.tolist() == ["ham", "spam"]
    assert part.tolist() == np.array(ROWS, dtype=object)[key].tolist()


def test_one_row_one_column_and_one_cell_are_labels(votes, signed):
    assert votes[0].tolist() == ROWS[0]
    assert votes[:, 0].tolist() == ["ham", None, "spam"]
    assert votes[0, 0] == "ham"
    assert type(signed[0, 0]) is int
    assert signed[0, 0] == -1
    assert votes[1, 1] is None
    assert [row.tolist() for row in votes] == ROWS


def test_scikit_learn_takes_rows(votes):
    part = _safe_indexing(votes, [2, 0])
    assert isinstance(part, NamedVotes)
    assert part.tolist() == [ROWS[2], ROWS[0]]


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda v: v.copy(),
        copy.copy,
        copy.deepcopy,
        lambda v: pickle.loads(pickle.dumps(v)),
        lambda v: v.with_classes(v.classes),
    ],
)
def test_a_copy_is_equal(votes, duplicate):
    again = duplicate(votes)
    assert isinstance(again, NamedVotes)
    assert again.classes.tolist() == ["ham", "spam"]
    assert again.codes.dtype == np.int8
    assert (again == votes).all()
    assert again.tolist() == ROWS


def test_a_copy_has_positions_of_its_own(votes):
    again = votes.copy()
    again.codes[0, 0] = 1
    assert votes.tolist() == ROWS


def test_another_process_reads_the_same(votes, tmp_path):
    joblib.dump(votes, tmp_path / "votes")
    code = "import joblib, sys; print(joblib.load(sys.argv[1]).tolist())"
    printed = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "votes"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert printed == f"{ROWS}\n"


def test_abstain_keeps_its_meaning_in_a_pickle(votes, signed):
    assert pickle.loads(pickle.dumps(ABSTAIN)) is ABSTAIN
    assert (signed == ABSTAIN).tolist() == [[False, True], [False, False]]


@pytest.mark.parametrize("classes", [["spam", "eggs", "ham"], ["ham", "spam", "x"]])
def test_a_larger_alphabet_changes_no_label(votes, classes):
    larger = votes.with_classes(np.array(classes))
    assert larger.classes.tolist() == classes
    assert larger.tolist() == ROWS
    assert (larger == votes).all()


# Comparisons


def test_labels_are_compared(votes, signed):
    of_ham = [[True, False, False], [False] * 3, [False, True, False]]
    assert (votes == "ham").tolist() == of_ham
    assert (votes != "ham").tolist() == (~np.array(of_ham)).tolist()
    assert not (votes == "eggs").any()
    assert (signed == -1).tolist() == [[True, False], [False, True]]
    assert (signed == 1).tolist() == [[False, False], [True, False]]


@pytest.mark.parametrize("gap", [None, ABSTAIN, pd.NA, -1], ids=repr)
def test_abstentions_are_compared(votes, gap):
    np.testing.assert_array_equal(votes == gap, votes.isna())
    np.testing.assert_array_equal(votes != gap, ~votes.isna())


def test_none_is_an_abstention_where_minus_one_is_a_class(signed):
    for gap in (None, ABSTAIN, pd.NA):
        np.testing.assert_array_equal(signed == gap, signed.isna())


@pytest.mark.parametrize("container", [list, pd.DataFrame, NamedVotes.from_labels])
def test_tables_are_compared_cell_by_cell(votes, container):
    other = container([["ham", None, "ham"], ["ham", None, None], [None, "ham", "x"]])
    expected = [[True, True, False], [False, True, True], [False, True, False]]
    assert (votes == other).tolist() == expected
    assert (votes != other).tolist() == (~np.array(expected)).tolist()


def test_an_array_is_compared_from_both_sides(votes):
    array = np.array(ROWS, dtype=object)
    assert (votes == array).all()
    assert (array == votes).all()
    assert not (array != votes).any()


def test_positions_do_not_matter_for_a_comparison(votes):
    turned = votes.with_classes(np.array(["spam", "ham"]))
    assert turned.codes.tolist() != votes.codes.tolist()
    assert (turned == votes).all()


def test_votes_of_another_shape_are_not_equal(votes):
    assert (votes == votes[:2]) is False
    assert (votes != votes[:2]) is True


def test_votes_cannot_be_hashed(votes):
    with pytest.raises(TypeError, match="unhashable"):
        hash(votes)


# Arrays and tables


def test_an_array_of_votes_holds_labels(votes):
    for array in (np.asarray(votes), np.array(votes), votes.__array__()):
        assert array.dtype == object
        assert array.tolist() == ROWS
    assert np.asarray(votes[:1, [0, 2]], dtype=str).tolist() == [["ham", "spam"]]
    assert np.where(votes == "ham", 1, 0).sum() == 2


@pytest.mark.parametrize("call", [np.asarray, np.array, lambda v: np.asarray(v, float)])
def test_an_array_is_refused_where_minus_one_is_a_class(signed, call):
    with pytest.raises(
        TypeError,
        match=r"for the classes -1, 1\. .* cannot|nobody can tell the class -1 from an",
    ):
        call(signed)
    assert signed.labels().tolist() == [[-1, None], [1, -1]]


def test_other_negative_classes_make_an_array():
    votes = NamedVotes(np.array([[0, -1], [1, 0]]), [-3, 2])
    assert np.asarray(votes).tolist() == [[-3, None], [2, -3]]


def test_other_functions_of_numpy_see_labels(votes):
    assert np.unique(votes[[0, 2]][:, [0]]).tolist() == ["ham", "spam"]
    assert np.shape(votes) == (3, 3)
    assert np.array_equal(votes, np.array(ROWS, dtype=object))
    assert np.array_equal(votes, votes.with_classes(np.array(["spam", "ham"])))
    assert not np.array_equal(votes, votes[::-1])


@pytest.mark.parametrize("classes", [["spam", "ham"], ["b", "a", "unused"]])
def test_a_table_has_categories_in_the_order_of_classes(classes):
    votes = NamedVotes(np.array([[0, -1], [1, 0]]), classes)
    frame = votes.to_frame(["p", "q"], index=[5, 7])
    assert frame.columns.tolist() == ["p", "q"]
    assert frame.index.tolist() == [5, 7]
    for name in "pq":
        assert frame[name].cat.categories.tolist() == classes
    assert frame.loc[7].tolist() == [classes[1], classes[0]]
    assert frame.isna().to_numpy().tolist() == votes.isna().tolist()
    back = votes_to_dense(frame)
    assert back.classes.tolist() == classes
    assert (back == votes).all()
    assert votes.to_frame().columns.tolist() == [0, 1]
    assert votes.to_frame().index.tolist() == [0, 1]


def test_a_table_of_negative_numbers_keeps_them(signed):
    frame = signed.to_frame(["p", "p"])
    assert frame.columns.tolist() == ["p", "p"]
    assert frame.iloc[:, 0].tolist() == [-1, 1]
    assert votes_to_dense(frame).tolist() == [[-1, None], [1, -1]]


def test_it_shows_labels(votes):
    assert repr(votes).splitlines()[:2] == [
        "NamedVotes(3 samples, 3 LFs, classes=['ham', 'spam'])",
        "[['ham' None 'spam']",
    ]


# Joining

BESIDE = [
    np.hstack,
    np.column_stack,
    lambda blocks: np.concatenate(blocks, axis=1),
    lambda blocks: np.concatenate(blocks, 1),
    lambda blocks: np.concatenate(blocks, axis=-1),
]
BELOW = [
    np.vstack,
    np.concatenate,
    lambda blocks: np.concatenate(blocks, axis=0),
    lambda blocks: np.concatenate(blocks, axis=-2),
]


@pytest.mark.parametrize("stack", BESIDE)
def test_votes_are_joined_side_by_side(votes, stack):
    other = NamedVotes.from_labels([["spam"], ["eggs"], [None]])
    joined = stack([votes, other])
    assert isinstance(joined, NamedVotes)
    assert joined.tolist() == [
        [*row, *more] for row, more in zip(ROWS, other.tolist(), strict=True)
    ]
    assert set(joined.classes) == {"ham", "spam", "eggs"}
    turned = stack([votes.with_classes(np.array(["spam", "ham"])), votes])
    assert turned.tolist() == [row * 2 for row in ROWS]


@pytest.mark.parametrize("stack", BELOW)
def test_votes_are_joined_below_each_other(votes, stack):
    other = NamedVotes.from_labels([["spam", "eggs", None]])
    joined = stack([votes, other, votes[:1]])
    assert isinstance(joined, NamedVotes)
    assert joined.tolist() == [*ROWS, ["spam", "eggs", None], ROWS[0]]


def test_the_longest_alphabet_keeps_its_order_and_numbers_are_sorted(votes, signed):
    ordered = NamedVotes(votes.codes, ["low", "mid", "high"])
    part = NamedVotes(votes.codes, ["high", "low"])
    late = NamedVotes(votes.codes, ["a10", "a9"])
    joined = np.hstack([part, late, ordered])
    assert joined.classes.tolist() == ["low", "mid", "high", "a9", "a10"]
    more = NamedVotes(np.array([[0], [1]]), [5, -7])
    assert np.hstack([signed, more]).classes.tolist() == [-7, -1, 1, 5]


@pytest.mark.parametrize("first", [False, True])
def test_integers_stand_beside_negative_numbers(signed, first):
    integers = np.array([[3, -1], [-1, 1]], dtype=np.int8)
    blocks = [integers, signed] if first else [signed, integers]
    joined = np.hstack(blocks)
    assert joined.classes.tolist() == [-1, 1, 3]
    rows = [[3, None, -1, None], [None, 1, 1, -1]]
    assert joined.tolist() == (rows if first else [row[2:] + row[:2] for row in rows])


@pytest.mark.parametrize("shape", [(3, 2), (3, 0)])
def test_an_empty_block_stands_beside_anything(votes, shape):
    joined = np.hstack([np.full(shape, -1), votes])
    assert joined.classes.tolist() == ["ham", "spam"]
    assert joined.tolist() == [[None] * shape[1] + row for row in ROWS]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            np.array([[0], [1], [-1]]),
            r"kinds: \['ham', 'spam'\] and \[0, 1\]",
        ),
        (
            NamedVotes(np.array([[0], [1], [0]]), [-1, 1]),
            r"different kinds: .* and \[-1, 1\]",
        ),
        (np.zeros((3, 1)), r"got an array of float64 and shape \(3, 1\)"),
        (np.array([[-2], [0], [1]]), "got an array of int64 and shape"),
        (np.array(ROWS, dtype=object), "got an array of object and shape"),
    ],
)
def test_what_is_of_another_kind_is_refused(votes, other, message):
    for blocks in ([votes, other], [other, votes]):
        with pytest.raises(ValueError, match=r"Labeling functions vote|can be joined"):
            np.hstack(blocks)
    with pytest.raises(ValueError, match=message):
        np.hstack([votes, other])


def test_joined_positions_are_wide_enough():
    blocks = [
        NamedVotes(np.array([[0]], dtype=np.int8), [f"{letter}{i}" for i in range(100)])
        for letter in "ab"
    ]
    joined = np.hstack(blocks)
    assert joined.codes.dtype == np.int16
    assert joined.tolist() == [["a0", "b0"]]


def test_random_votes_are_joined_as_tables_of_labels_are():
    rng = np.random.default_rng(0)
    for _ in range(50):
        blocks, tables = [], []
        for _ in range(rng.integers(1, 4)):
            names = rng.permutation(list("abcdefg"))[: rng.integers(1, 7)]
            codes = rng.integers(-1, len(names), (6, rng.integers(1, 4)))
            blocks.append(NamedVotes(codes, names))
            tables.append(blocks[-1].labels())
        np.testing.assert_array_equal(
            np.hstack(blocks).labels(), np.hstack(tables, dtype=object)
        )


# What LF transformers return


def _transformers():
    wide = pd.DataFrame({"ann": ["b", None, "a"], "bob": ["a", "a", None]})
    yield WorkerLFTransformer(), wide
    signed = wide.apply(lambda column: column.map({"a": -1, "b": 1}).astype(object))
    yield WorkerLFTransformer(classes=[-1, 1]), signed.where(signed.notna(), None)
    numbers = pd.DataFrame({"n": [1, 2, 3]}, index=[5, 3, 4])
    lfs = [("odd", lambda x: "odd" if x.n % 2 else None), ("never", lambda x: None)]
    yield LFTransformer(lfs, classes=["odd", "even"]), numbers


@pytest.mark.parametrize(("transformer", "X"), list(_transformers()))
def test_tables_of_pandas_have_categories(transformer, X):
    votes = transformer.fit_transform(X)
    assert isinstance(votes, NamedVotes)
    stored = transformer.set_params(sparse_output=True).fit_transform(X)
    assert isinstance(stored, VoteMatrix)
    assert stored.classes.tolist() == votes.classes.tolist()
    assert stored.toarray().tolist() == votes.tolist()
    transformer.set_params(sparse_output=False).set_output(transform="pandas")
    frame = transformer.fit_transform(X)
    assert frame.columns.tolist() == transformer.get_feature_names_out().tolist()
    assert frame.index.equals(X.index)
    for name in frame:
        assert frame[name].cat.categories.tolist() == votes.classes.tolist()
    assert votes_to_dense(frame).tolist() == votes.tolist()


def test_polarity_votes_for_names_are_tables_too():
    pytest.importorskip("textblob")
    texts = pd.DataFrame({"text": ["What a wonderful day!", "Terrible and ugly."]})
    for sides in (("Positive", "Negative"), (1, -1)):
        options = {"positive_class": sides[0], "negative_class": sides[1]}
        transformer = PolarityLFTransformer("text", **options)
        votes = transformer.fit_transform(texts)
        up, down = sides
        assert votes.tolist() == [[up, None, None], [None, down, down]]
        assert transformer.classes_.tolist() == sorted(sides)
        frame = transformer.set_output(transform="pandas").fit_transform(texts)
        assert votes_to_dense(frame).tolist() == votes.tolist()


@pytest.mark.parametrize(("transformer", "X"), list(_transformers()))
def test_tables_of_polars_have_enums(transformer, X):
    pl = pytest.importorskip("polars")
    votes = transformer.fit_transform(X)
    transformer.set_output(transform="polars")
    if votes.classes.dtype.kind == "i":
        with pytest.raises(ValueError, match=r"classes -1, 1, and polars has categori"):
            transformer.fit_transform(X)
        return
    frame = transformer.fit_transform(X)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == transformer.get_feature_names_out().tolist()
    assert [list(row) for row in frame.rows()] == votes.tolist()
    for column in frame:
        assert column.dtype.categories.to_list() == votes.classes.tolist()


def test_integer_votes_stay_plain_tables():
    wide = pd.DataFrame({"ann": [0, 1, 2], "bob": [1, 1, None]})
    transformer = WorkerLFTransformer()
    assert type(transformer.fit_transform(wide)) is np.ndarray
    frame = transformer.set_output(transform="pandas").fit_transform(wide)
    assert (frame.dtypes == np.int8).all()
    assert frame["worker_bob"].tolist() == [1, 1, -1]
    assert (
        transformer.set_params(sparse_output=True)
        .set_output(transform="default")
        .fit_transform(wide)
        .classes
        is None
    )
