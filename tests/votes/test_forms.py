"""Dense, sparse and long forms hold the same votes."""

# SPDX-License-Identifier: BSD-3-Clause

import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_union
from sklearn.preprocessing import FunctionTransformer

from sklabel import ABSTAIN
from sklabel.votes import (
    NamedVotes,
    VoteMatrix,
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import matrix_of
from sklabel.votes._named import code_dtype


def _random_votes(seed, shape=(30, 7), n_values=3, abstain=0.5):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, n_values, shape).astype(np.int8)
    votes[rng.random(shape) < abstain] = ABSTAIN
    return votes


@pytest.mark.parametrize("n_values", [1, 3, 200])
def test_dense_sparse_and_long_forms_hold_the_same(n_values):
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, n_values, (40, 6))
    votes[:2] = [[-1] * 6, [0] * 6]
    matrix = votes_to_sparse(votes)
    assert matrix.nnz == (votes >= 0).sum()
    assert (matrix.data == 0).sum() == (votes == 0).sum()
    np.testing.assert_array_equal(votes_to_dense(matrix), votes)
    for form in (votes, matrix):
        long = votes_to_long(form)
        expected = [
            (i, j, votes[i, j]) for i in range(40) for j in range(6) if votes[i, j] >= 0
        ]
        assert list(long.itertuples(index=False, name=None)) == expected
    back = votes_from_long(long)
    np.testing.assert_array_equal(back, votes[np.any(votes >= 0, axis=1)])


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(-1, np.int8), (127, np.int8), (128, np.int16), (40_000, np.int32)],
)
def test_votes_get_the_smallest_integers_that_hold_them(largest, dtype):
    assert code_dtype(largest) == dtype
    assert votes_to_dense([[largest, -1]]).dtype == dtype


def test_large_votes_get_64_bits():
    assert code_dtype(2**40) == np.int64


@pytest.mark.parametrize(
    ("votes", "shown"), [([[0.5, 1]], "0.5, 1.0"), ([[1], [-2]], "-2, 1")]
)
def test_fractions_and_negative_numbers_cannot_be_made_sparse(votes, shown):
    with pytest.raises(
        ValueError, match=f"names or integers of 0 or more; got {shown}.*from_labels"
    ):
        votes_to_sparse(votes)


@pytest.mark.parametrize(
    "classes", [["b", "a"], [-1, 1], [0, -3, 5], [10, -128]], ids=repr
)
def test_named_votes_are_the_same_in_every_form(classes):
    rng = np.random.default_rng(3)
    codes = rng.integers(-1, len(classes), (40, 5))
    named = NamedVotes(codes, classes)
    matrix = votes_to_sparse(named)
    assert matrix.classes.tolist() == classes
    assert matrix.nnz == (codes >= 0).sum()
    assert matrix.data.max() <= -2
    for dense in (votes_to_dense(matrix), matrix.toarray(), matrix.todense()):
        assert isinstance(dense, NamedVotes)
        assert dense.classes.tolist() == classes
        assert dense.tolist() == named.tolist()
    for form in (named, matrix, named.to_frame()):
        long = votes_to_long(form)
        cells = [
            (i, j, classes[codes[i, j]])
            for i in range(40)
            for j in range(5)
            if codes[i, j] >= 0
        ]
        assert list(long.itertuples(index=False, name=None)) == cells
    back = votes_from_long(long.astype({"vote": pd.CategoricalDtype(classes)}))
    assert votes_to_dense(back).tolist() == [
        row for row in named.tolist() if row != [None] * 5
    ]


def test_names_without_classes_become_sparse_votes_in_natural_order():
    matrix = votes_to_sparse([["10", None], ["2", "1"]])
    assert matrix.classes.tolist() == ["1", "2", "10"]
    assert matrix.data.tolist() == [-4, -3, -2]
    assert matrix.toarray().tolist() == [["10", None], ["2", "1"]]


def test_a_sparse_matrix_that_lost_its_names_is_refused():
    matrix = votes_to_sparse(NamedVotes(np.array([[0, -1], [1, 0]]), ["a", "b"]))
    stacked = sparse.hstack([matrix, matrix]).tocsr()
    with pytest.raises(
        ValueError, match=r"lost the names of its classes; got 6 neg.*LFUnion"
    ):
        votes_to_dense(stacked)
    named = VoteMatrix.named(stacked, matrix.classes)
    rows = [["a", None, "a", None], ["b", "a", "b", "a"]]
    assert named.toarray().tolist() == rows


def test_long_votes_of_a_frame_carry_index_and_column_names():
    frame = pd.DataFrame({"p": [1, -1], "q": [-1, 0]}, index=["s7", "s9"])
    long = votes_to_long(frame)
    assert long.to_dict("list") == {
        "sample": ["s7", "s9"],
        "lf": ["p", "q"],
        "vote": [1, 0],
    }
    assert votes_from_long(long).equals(
        frame.astype(np.int8).rename_axis("sample").rename_axis("lf", axis=1)
    )


def test_long_votes_of_strings_are_strings():
    long = votes_to_long([["a", None], [None, None], [None, "b"]], lf_names=["x", "y"])
    assert list(long["vote"]) == ["a", "b"]
    assert list(long["sample"]) == [0, 2]
    assert list(long["lf"]) == ["x", "y"]


def test_fewer_votes_than_samples_can_be_listed():
    assert votes_to_long([[-1], [-1], [1]])["sample"].tolist() == [2]


def test_lf_names_of_another_number_are_refused():
    with pytest.raises(ValueError, match="each of the 2 columns; got 1"):
        votes_to_long([[0, 1]], lf_names=["a"])


@pytest.mark.parametrize("dtype", ["int64", "Int8", "float64", object])
def test_long_votes_of_any_integral_dtype_become_dense(dtype):
    long = pd.DataFrame({"sample": ["b", "a"], "lf": [5, 5], "vote": [0, 2]})
    dense = votes_from_long(long.astype({"vote": dtype}))
    assert dense[5].to_dict() == {"a": 2, "b": 0}
    assert dense[5].dtype == np.int8


@pytest.mark.parametrize(
    ("votes", "classes"),
    [
        (["x", "y", "x"], ["x", "y"]),
        (pd.Categorical([0, 2, 0]), [0, 2]),
        (pd.Categorical([-1, 1, -1]), [-1, 1]),
        (pd.Categorical(["hi", "lo", "hi"], ["lo", "mid", "hi"]), ["lo", "mid", "hi"]),
    ],
)
def test_long_votes_for_names_become_categories(votes, classes):
    long = pd.DataFrame({"sample": ["b", "a", "a"], "lf": [5, 5, 3], "vote": votes})
    dense = votes_from_long(long)
    assert dense.columns.tolist() == [3, 5]
    for name in dense:
        assert dense[name].cat.categories.tolist() == classes
    votes = list(votes)
    assert dense[5].tolist() == [votes[1], votes[0]]
    assert dense.loc["a", 3] == votes[2]
    assert pd.isna(dense.loc["b", 3])


GOOD = pd.DataFrame({"sample": [1, 1], "lf": ["a", "b"], "vote": [0, 1]})


@pytest.mark.parametrize(
    ("long", "error", "message"),
    [
        (GOOD.drop(columns="lf"), ValueError, r"needs the column\(s\) 'lf'; the frame"),
        (GOOD.assign(vote=[0, None]), ValueError, "an id or vote is missing"),
        (GOOD.assign(sample=[None, 1]), ValueError, "an id or vote is missing"),
        (GOOD.assign(lf="a"), ValueError, "1 .sample, lf. pair.*first 1, 'a'"),
        (GOOD.assign(vote=["x", "None"]), ValueError, "hold 'None', the text of a"),
        (GOOD.assign(vote=[0, -1]), ValueError, "integers of 0 or more; got 0, -1. A"),
        (GOOD.assign(vote=[0, -4]), ValueError, "integers of 0 or more; got 0, -4. A"),
        (GOOD.assign(vote=[0.5, 1]), ValueError, "integers of 0 or more; got 0.5"),
        (GOOD[:0], ValueError, "the frame is empty"),
        ([(1, "a", 0)], TypeError, "needs a DataFrame.*got list"),
    ],
)
def test_bad_long_votes_are_refused(long, error, message):
    with pytest.raises(error, match=message):
        votes_from_long(long)


# VoteMatrix


@pytest.fixture
def votes():
    return _random_votes(1)


@pytest.fixture
def matrix(votes):
    return votes_to_sparse(votes)


@pytest.fixture
def named():
    codes = np.random.default_rng(2).integers(-1, 3, (30, 7))
    return NamedVotes(codes, ["low", "mid", "high"])


@pytest.mark.parametrize(
    "part",
    [
        lambda v: v[3:20],
        lambda v: v[[5, 2, 2]],
        lambda v: v[np.arange(30) % 2 == 0],
        lambda v: v[:, [4, 0]],
        lambda v: v[4:9, 1:3],
        lambda v: v.copy(),
        lambda v: pickle.loads(pickle.dumps(v)),
    ],
)
def test_parts_and_copies_of_a_vote_matrix_keep_the_names(named, part):
    matrix = votes_to_sparse(named)
    got = part(matrix)
    assert isinstance(got, VoteMatrix)
    assert got.classes.tolist() == ["low", "mid", "high"]
    assert got.toarray().tolist() == part(named).tolist()


def test_a_cell_of_a_vote_matrix_is_a_label(named):
    matrix = votes_to_sparse(named)
    cells = [[matrix[i, j] for j in range(7)] for i in range(30)]
    assert cells == named.tolist()


@pytest.mark.parametrize(
    "index",
    [
        np.s_[3:20],
        np.s_[::-2],
        np.s_[[5, 2, 2]],
        np.s_[np.arange(30) % 2 == 0],
        np.s_[:, [4, 0]],
        np.s_[4:9, 1:3],
        np.s_[7:8],
    ],
)
def test_a_slice_of_a_vote_matrix_is_a_vote_matrix(matrix, votes, index):
    assert isinstance(matrix[index], VoteMatrix)
    np.testing.assert_array_equal(matrix[index].toarray(), votes[index])


@pytest.mark.parametrize(
    "duplicate",
    [
        lambda m: m.copy(),
        lambda m: pickle.loads(pickle.dumps(m)),
        lambda m: m.astype(np.int64),
        VoteMatrix,
        lambda m: VoteMatrix(sparse.csr_array(m)),
        lambda m: VoteMatrix((m.data, m.indices, m.indptr), shape=m.shape),
    ],
)
def test_a_copy_of_a_vote_matrix_is_a_vote_matrix(matrix, votes, duplicate):
    copy = duplicate(matrix)
    assert isinstance(copy, VoteMatrix)
    np.testing.assert_array_equal(copy.toarray(), votes)


def test_every_way_to_densify_a_vote_matrix_fills_abstentions(matrix, votes):
    for dense in (matrix.toarray(), matrix.todense()):
        np.testing.assert_array_equal(dense, votes)
    out = np.zeros(votes.shape, dtype=np.int64)
    assert matrix.toarray(out=out) is out
    np.testing.assert_array_equal(out, votes)
    assert matrix.toarray(order="F").flags.f_contiguous


@pytest.mark.parametrize("dtype", [np.uint8, bool])
def test_an_abstention_does_not_wrap_in_an_unsigned_matrix(dtype):
    matrix = VoteMatrix((np.array([1], dtype=dtype), ([0], [0])), shape=(1, 2))
    assert matrix.toarray().tolist() == [[1, -1]]
    with pytest.raises(TypeError, match="Cannot cast"):
        matrix.toarray(out=np.zeros((1, 2), dtype=dtype))


def test_a_vote_matrix_is_not_built_from_a_dense_array(votes):
    with pytest.raises(TypeError, match=r"drops its zeros.*Use votes_to_sparse"):
        VoteMatrix(votes)


def _sparse_votes(X):
    return votes_to_sparse(X)


def test_a_column_transformer_that_densifies_keeps_abstentions(votes):
    frame = pd.DataFrame(votes, columns=list("abcdefg"))
    to_sparse = FunctionTransformer(_sparse_votes)
    union = make_column_transformer(
        (to_sparse, list("abcd")), (to_sparse, list("efg")), sparse_threshold=0
    )
    stacked = union.fit_transform(frame)
    assert isinstance(stacked, np.ndarray)
    np.testing.assert_array_equal(stacked, votes)


def test_sparse_blocks_can_be_stacked(votes):
    to_sparse = FunctionTransformer(_sparse_votes)
    stacked = make_union(to_sparse, to_sparse).fit_transform(votes)
    np.testing.assert_array_equal(votes_to_dense(stacked), np.hstack([votes, votes]))


def test_a_dense_block_stacked_with_a_sparse_one_is_refused(votes):
    union = make_union(FunctionTransformer(_sparse_votes), FunctionTransformer())
    stacked = union.fit_transform(votes)
    with pytest.raises(
        ValueError,
        match=r"negative stored value\(s\), first -1 at row .*same sparse_output",
    ):
        votes_to_dense(stacked)


# From cast votes


def test_cast_votes_are_stored_with_their_zeros():
    cast = CastVotes(
        np.array([0, 2, 2, 3]), np.array([0, 2, 1]), np.array([0, 3, 0]), 3
    )
    stored = matrix_of(cast)
    assert isinstance(stored, VoteMatrix)
    assert stored.dtype == np.int8
    assert stored.nnz == 3
    assert stored.toarray().tolist() == [[0, -1, 3], [-1, -1, -1], [-1, 0, -1]]
    # The dtype holds all classes, also those that nobody votes for here.
    known = replace(cast, value=np.array([0, 1, 0]), classes=np.array([0, 3, 300]))
    wide = matrix_of(known)
    assert wide.dtype == np.int16
    assert wide.classes is None
    np.testing.assert_array_equal(wide.toarray(), stored.toarray())
    named = matrix_of(replace(known, classes=np.array(["a", "d", "z"])))
    assert named.dtype == np.int8
    assert named.data.tolist() == [-2, -3, -2]
    assert named.toarray().tolist() == [
        ["a", None, "d"],
        [None, None, None],
        [None, "a", None],
    ]
