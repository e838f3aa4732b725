"""Votes keep their meaning in every form, and bad ones are refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_union
from sklearn.preprocessing import FunctionTransformer

from sklabel import ABSTAIN
from sklabel.votes import (
    VoteMatrix,
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)
from sklabel.votes._cast import (
    CastVotes,
    distinct,
    index_of,
    read_votes,
)
from sklabel.votes._forms import vote_dtype


def _random_votes(seed, shape=(30, 7), n_values=3, abstain=0.5):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, n_values, shape).astype(np.int8)
    votes[rng.random(shape) < abstain] = ABSTAIN
    return votes


def _stored(votes):
    """Store what is cast in a plain CSR, one cell at a time."""
    cells = [(i, j) for i, row in enumerate(votes) for j, v in enumerate(row) if v >= 0]
    data = np.array([votes[cell] for cell in cells])
    rows, columns = zip(*cells, strict=True)
    return sparse.csr_array((data, (rows, columns)), shape=votes.shape)


# Reading


ROWS = [[0, -1, 2], [-1, 1, -1], [0, -1, -1]]
EXPECTED = np.array(ROWS, dtype=np.int8)
NAN = np.nan


@pytest.mark.parametrize(
    "votes",
    [
        pytest.param(ROWS, id="list"),
        pytest.param(np.array(ROWS), id="int64"),
        pytest.param(np.array(ROWS, dtype=float), id="float"),
        pytest.param([[0, NAN, 2], [NAN, 1, NAN], [0, NAN, NAN]], id="nan"),
        pytest.param([[0, None, 2], [-1, 1, pd.NA], [0, NAN, -1.0]], id="mixed gaps"),
        pytest.param(np.array(ROWS, dtype=object), id="object"),
        pytest.param(pd.DataFrame(ROWS), id="frame"),
        pytest.param(
            pd.DataFrame(ROWS).replace(-1, pd.NA).astype("Int8"), id="nullable"
        ),
        pytest.param(
            pd.DataFrame(ROWS).replace(-1, NAN).astype("Float64"), id="Float64"
        ),
        pytest.param(
            pd.DataFrame({"a": [0, -1, 0], "b": [-1.0, 1.0, NAN], "c": [2, None, NAN]}),
            id="mixed columns",
        ),
        pytest.param(
            pd.DataFrame(
                {
                    "a": pd.Categorical([0, None, 0]),
                    "b": pd.Categorical([None, 1, None]),
                    "c": pd.Categorical([2, None, None]),
                }
            ),
            id="categorical",
        ),
        pytest.param(_stored(EXPECTED), id="csr_array"),
        pytest.param(sparse.csr_matrix(_stored(EXPECTED)), id="csr_matrix"),
        pytest.param(_stored(EXPECTED).tocsc(), id="csc"),
        pytest.param(_stored(EXPECTED).tocoo(), id="coo"),
        pytest.param(_stored(EXPECTED).astype(float), id="float csr"),
    ],
)
def test_all_ways_to_write_a_vote_matrix_read_alike(votes):
    dense = votes_to_dense(votes)
    np.testing.assert_array_equal(dense, EXPECTED)
    assert dense.dtype == np.int8


@pytest.mark.parametrize(
    "votes",
    [
        pytest.param([["a", None], [NAN, "b"]], id="list"),
        pytest.param([["a", -1], [-1.0, "b"]], id="minus one"),
        pytest.param(np.array([["a", pd.NA], [None, "b"]], dtype=object), id="object"),
        pytest.param(pd.DataFrame({"x": ["a", None], "y": [None, "b"]}), id="frame"),
        pytest.param(
            pd.DataFrame({"x": ["a", None], "y": [None, "b"]}, dtype="string"),
            id="string dtype",
        ),
        pytest.param(
            pd.DataFrame({"x": ["a", None], "y": [None, "b"]}, dtype="category"),
            id="categorical",
        ),
        pytest.param(pd.DataFrame({"x": ["a", None], "y": [-1, "b"]}), id="mixed"),
    ],
)
def test_votes_may_be_strings(votes):
    dense = votes_to_dense(votes)
    assert dense.tolist() == [["a", None], [None, "b"]]


def test_a_boolean_column_beside_numbers_is_read_as_zero_and_one():
    frame = pd.DataFrame({"a": [True, False], "b": [1, -1]})
    assert votes_to_dense(frame).tolist() == [[1, 1], [0, -1]]


def test_nan_stored_in_a_sparse_matrix_is_an_abstention():
    votes = sparse.csr_array(([0.0, np.nan], ([0, 0], [0, 1])), shape=(1, 3))
    assert votes_to_dense(votes).tolist() == [[0, -1, -1]]


def test_fractions_stay_fractions():
    assert votes_to_dense([[0.5, -1], [np.nan, 2]]).tolist() == [[0.5, -1], [-1, 2]]


def test_reading_leaves_the_input_alone():
    votes = sparse.csr_matrix(
        (np.array([1, 0]), np.array([2, 0]), np.array([0, 2])), shape=(1, 3)
    )
    read_votes(votes)
    assert votes.indices.tolist() == [2, 0]
    dense = np.array([[1.0, np.nan]])
    read_votes(dense)
    assert np.isnan(dense[0, 1])


def test_an_all_abstain_matrix_has_no_votes():
    for votes in (np.full((3, 2), -1), np.full((3, 2), np.nan), [[None], [None]]):
        cast = read_votes(np.asarray(votes))
        assert len(cast.value) == 0
        assert cast.counts.sum() == 0


@pytest.mark.parametrize(
    ("votes", "error", "message"),
    [
        ([[0, np.inf]], ValueError, "got infinity in 1 vote.*first at row 0, LF 1"),
        ([[0, 1j]], ValueError, "Complex data not supported"),
        (np.array([[0, 1j]], dtype=object), TypeError, "got 1j of type complex"),
        (np.array([[1j, 1j]], dtype=object), ValueError, "Complex data not supp"),
        ([["a", ""]], ValueError, "got '' in 1 vote.*LF 1"),
        ([["a", "-1"]], ValueError, "got '-1' in 1 vote.*LF 1"),
        (np.array([["a", np.nan]]), ValueError, "got 'nan' in 1 vote"),
        ([["a", {}]], TypeError, r"string or a number in every cell; got \{\} of type"),
        ([["a", 1]], TypeError, "mixes strings, numbers or booleans.*'a', 1"),
        (np.array([[b"a"]]), TypeError, "array of dtype |S1"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, "dtype datetime64"),
        ([[2**70]], ValueError, "must fit in 64 bits"),
        ([0, 1], ValueError, "must be two-dimensional.*reshape"),
    ],
)
def test_what_is_no_vote_is_refused(votes, error, message):
    with pytest.raises(error, match=message):
        votes_to_dense(votes)


@pytest.mark.parametrize("form", ["coo", "csr", "csc"])
def test_a_repeated_sparse_position_is_refused_and_not_summed(form):
    votes = sparse.coo_matrix(([1, 1], ([0, 0], [1, 1])), shape=(1, 2))
    if form != "coo":
        votes = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix}[form](
            ([1, 1], *(([1, 1], [0, 2]) if form == "csr" else ([0, 0], [0, 0, 2]))),
            shape=(1, 2),
        )
    with pytest.raises(ValueError, match="got 1 entries that repeat a position"):
        votes_to_dense(votes)


@pytest.mark.parametrize("form", ["bsr", "dia"])
def test_sparse_formats_that_pad_with_zeros_are_refused(form):
    votes = sparse.csr_matrix(np.eye(2)).asformat(form)
    with pytest.raises(TypeError, match="cannot tell an abstention from a vote for"):
        votes_to_dense(votes)


# Forms


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
    assert vote_dtype(largest) == dtype
    assert votes_to_dense([[largest, -1]]).dtype == dtype


def test_large_votes_get_64_bits():
    assert vote_dtype(2**40) == np.int64


@pytest.mark.parametrize("votes", [[["a", None]], [[0.5, 1]]])
def test_only_integers_can_be_made_sparse(votes):
    with pytest.raises(ValueError, match="holds non-negative integers; got"):
        votes_to_sparse(votes)


def test_a_negative_vote_cannot_be_made_sparse():
    with pytest.raises(ValueError, match="first -2 at row 1, LF 0"):
        votes_to_sparse([[1], [-2]])


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


@pytest.mark.parametrize("dtype", ["int64", "Int8", "float64", "category", object])
def test_long_votes_of_any_integral_dtype_become_dense(dtype):
    long = pd.DataFrame({"sample": ["b", "a"], "lf": [5, 5], "vote": [0, 2]})
    dense = votes_from_long(long.astype({"vote": dtype}))
    assert dense[5].to_dict() == {"a": 2, "b": 0}
    assert dense[5].dtype == np.int8


GOOD = pd.DataFrame({"sample": [1, 1], "lf": ["a", "b"], "vote": [0, 1]})


@pytest.mark.parametrize(
    ("long", "error", "message"),
    [
        (GOOD.drop(columns="lf"), ValueError, r"needs the column\(s\) 'lf'; the frame"),
        (GOOD.assign(vote=[0, None]), ValueError, "an id or vote is missing"),
        (GOOD.assign(sample=[None, 1]), ValueError, "an id or vote is missing"),
        (GOOD.assign(lf="a"), ValueError, "1 .sample, lf. pair.*first 1, 'a'"),
        (GOOD.assign(vote=["x", "y"]), ValueError, "non-negative integers; got 'x'"),
        (GOOD.assign(vote=[0, -1]), ValueError, "non-negative integers; got 0, -1"),
        (GOOD.assign(vote=[0.5, 1]), ValueError, "non-negative integers; got 0.5"),
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


# Kernels


def test_index_of_finds_positions_in_any_alphabet():
    rng = np.random.default_rng(0)
    for alphabet, values in [
        (np.array([0, 1, 3]), rng.integers(-1, 6, 50).astype(np.int8)),
        (np.array([5, 100_000]), np.array([100_000, 7, 5])),
        (np.array([-3, 2]), np.array([2, -3, -1])),
        (np.array([0.5, 1.0]), np.array([1, 0, 1])),
        (np.array([False, True]), np.array([1, 0, -1])),
        (np.array(["a", "c"]), np.array(["c", "b", "a"], dtype=object)),
        (np.array([0, 1]), np.array(["0", "1"])),
        (np.array([], dtype=int), np.array([1, 2])),
        (np.array([1, 2]), np.array([], dtype=int)),
    ]:
        known = alphabet.tolist()
        expected = [known.index(v) if v in known else -1 for v in values.tolist()]
        assert index_of(alphabet, values).tolist() == expected


@pytest.mark.parametrize(
    "values",
    [
        np.array([3, -1, 3, 0], dtype=np.int8),
        np.array([-100, 100], dtype=np.int8),
        np.array([10**12, 5]),
        np.array([0.5, -2.0, 0.5]),
        np.array(["b", "a", "b"], dtype=object),
        np.array(["b", "a", "b"]),
        np.array([], dtype=np.int64),
    ],
)
def test_distinct_values_are_sorted(values):
    assert distinct(values).tolist() == sorted(set(values.tolist()))


def test_rows_and_votes_can_be_kept_by_a_mask(votes):
    cast = read_votes(votes)
    keep = np.arange(30) % 3 == 0
    kept = cast.take_rows(keep)
    np.testing.assert_array_equal(_dense(kept), votes[keep])
    np.testing.assert_array_equal(
        _dense(cast.take_votes(cast.value != 1)), np.where(votes == 1, -1, votes)
    )


def _dense(cast: CastVotes):
    dense = np.full((cast.n_samples, cast.n_lfs), -1)
    for i in range(cast.n_samples):
        for at in range(cast.indptr[i], cast.indptr[i + 1]):
            dense[i, cast.lf[at]] = cast.value[at]
    return dense
