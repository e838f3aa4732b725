"""Votes are read from whatever holds them, and bad ones are refused."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklabel import CrowdLabels
from sklabel.votes import NamedVotes, votes_to_dense
from sklabel.votes._cast import CastVotes, distinct, index_of
from sklabel.votes._cells import is_minus_one
from sklabel.votes._read import is_crowd_labels, read_any_votes, read_votes


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
        pytest.param([[0, None, 2], [None, 1, pd.NA], [0, NAN, None]], id="mixed gaps"),
        pytest.param(np.array(ROWS, dtype=object), id="object"),
        pytest.param(pd.DataFrame(ROWS), id="frame"),
        pytest.param(
            pd.DataFrame(ROWS).replace(-1, pd.NA).astype("Int8"), id="nullable"
        ),
        pytest.param(
            pd.DataFrame(ROWS).replace(-1, NAN).astype("Float64"), id="Float64"
        ),
        pytest.param(
            pd.DataFrame(
                {"a": [0, NAN, 0], "b": [NAN, 1.0, None], "c": [2, None, NAN]}
            ),
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
    if isinstance(dense, NamedVotes):
        # Categories are classes, and a missing cell is the abstention beside them.
        assert dense.classes.tolist() == [0, 1, 2]
        dense = np.where(dense.isna(), -1, dense.labels()).astype(np.int8)
    np.testing.assert_array_equal(dense, EXPECTED)
    assert dense.dtype == np.int8


TWO_GAPS = [
    pytest.param([[0, None], [-1, 1]], id="list"),
    pytest.param(np.array([[0.0, NAN], [-1.0, 1.0]]), id="float"),
    pytest.param(pd.DataFrame({"a": [0, -1], "b": [NAN, 1.0]}), id="frame"),
    pytest.param(
        pd.DataFrame({"a": [0, -1], "b": [None, 1]}, dtype="Int8"), id="nullable"
    ),
    pytest.param([["a", None], [-1, "b"]], id="strings"),
]


@pytest.mark.parametrize("votes", TWO_GAPS)
def test_minus_one_beside_missing_cells_warns_without_classes(votes):
    message = r"Votes hold 1 cells of -1 and 1 missing ones; both .* classes=\[\.\.\.\]"
    with pytest.warns(UserWarning, match=message):
        cast = read_any_votes(votes)
    assert len(cast.value) == 2


@pytest.mark.parametrize("votes", TWO_GAPS[:-1])
@pytest.mark.parametrize(
    ("classes", "values"), [([0, 1], [0, 1]), ([-1, 0, 1], [0, -1, 1])]
)
def test_classes_say_what_minus_one_is(votes, classes, values):
    cast = read_any_votes(votes, classes=classes)
    assert cast.value.tolist() == values
    assert cast.counts.tolist() == [1, len(values) - 1]


def test_strings_with_classes_leave_no_doubt():
    cast = read_any_votes([["a", None], [-1, "b"]], classes=["a", "b"])
    assert cast.value.tolist() == ["a", "b"]


@pytest.mark.parametrize("dtype", [np.int8, np.int64])
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_minus_one_in_integers_is_refused_where_it_is_a_class(dtype, container):
    votes = container(np.array([[1, 0], [0, -1]], dtype=dtype))
    message = (
        r"-1 is one of classes=\[-1, 0, 1\], and in an array of integers .* got 1 of "
        r"them, first at row 1, LF 1\. Pass votes that know their classes"
    )
    with pytest.raises(ValueError, match=message):
        read_any_votes(votes, classes=[-1, 0, 1])
    # Integers without -1 leave no doubt.
    cast = read_any_votes(container(np.array([[1, 0]], dtype)), classes=[-1, 0, 1])
    assert cast.value.tolist() == [1, 0]


def test_texts_are_read_as_they_look():
    votes = [["a", "a "], ["b\u200b", "b"], ["a", None]]
    with pytest.warns(UserWarning, match=r"2 vote\(s\) have blanks or invisible"):
        cast = read_any_votes(votes)
    assert cast.value.tolist() == ["a", "a", "b", "b", "a"]


def test_texts_that_files_hold_for_a_gap_warn_and_are_classes():
    with pytest.warns(UserWarning, match="1 vote.s. hold 'NA', which is read as a cl"):
        assert read_any_votes([["a", "NA"]]).value.tolist() == ["a", "NA"]
    cast = read_any_votes([["a", "NA"]], classes=["a", "NA"])
    assert cast.value.tolist() == ["a", "NA"]


@pytest.mark.parametrize("text", ["None", "nan", "", "-1", "<NA>"])
def test_the_text_of_a_gap_is_a_vote_if_it_is_a_class(text):
    cast = read_any_votes([["a", text]], classes=["a", text])
    assert cast.value.tolist() == ["a", text]


@pytest.mark.parametrize(
    "votes",
    [
        pytest.param([["a", None], [NAN, "b"]], id="list"),
        pytest.param([["a", -1], [-1.0, "b"]], id="minus one"),
        pytest.param(NamedVotes(np.array([[0, -1], [-1, 1]]), ["a", "b"]), id="named"),
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
        pytest.param(pd.DataFrame({"x": ["a", -1], "y": [-1, "b"]}), id="mixed"),
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
    assert votes_to_dense([[0.5, -1], [-1, 2]]).tolist() == [[0.5, -1], [-1, 2]]


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
        (
            [["a", ""]],
            ValueError,
            r"1 vote\(s\) hold '', the text .* row 0, LF 1",
        ),
        (
            [["a", "-1"]],
            ValueError,
            "hold '-1', the text of a miss.* row 0, LF 1",
        ),
        ([["a", "None"]], ValueError, "hold 'None', the text of a missing value"),
        ([["a", "<NA>"]], ValueError, "hold '<NA>', the text of a missing value"),
        (
            np.array([["a", np.nan]]),
            ValueError,
            "hold 'nan', the text of a missing value",
        ),
        ([["a", {}]], TypeError, r"string or a number in every cell; got \{\} of type"),
        ([["a", 1]], TypeError, "mixes strings, numbers or booleans.*'a', 1"),
        (np.array([[b"a"]]), TypeError, "array of dtype |S1"),
        (np.array([["2020-01-01"]], dtype="M8[D]"), TypeError, "dtype datetime64"),
        ([[2**70]], ValueError, "must fit in 64 bits"),
        ([0, 1], ValueError, "must be two-dimensional.*reshape"),
    ],
)
def test_what_is_not_a_vote_is_refused(votes, error, message):
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


def test_rows_and_votes_can_be_kept_by_a_mask():
    votes = np.random.default_rng(1).integers(-1, 3, (30, 7))
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


def test_minus_one_is_found_among_anything():
    cells = [-1, -1.0, np.int8(-1), "-1", True, None, np.nan, pd.NA, [-1], {}]
    objects = np.empty(len(cells), dtype=object)
    objects[:] = cells
    assert is_minus_one(objects).tolist() == [True] * 3 + [False] * 7


def test_crowd_labels_are_told_from_votes():
    frame = pd.DataFrame({"sample": [1], "worker": ["a"], "label": [0]})
    crowd = CrowdLabels.from_frame(frame)
    assert is_crowd_labels(crowd)
    assert not any(map(is_crowd_labels, (frame, crowd.to_wide(), [[0]], None)))
    with pytest.raises(TypeError, match=r"got CrowdLabels\. .* WorkerLFTransformer"):
        read_any_votes(crowd)
