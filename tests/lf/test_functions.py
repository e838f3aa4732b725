"""Python functions as labeling functions."""

import copy
import pickle
from enum import IntEnum, StrEnum
from functools import partial

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline, make_union

from sklabel import ABSTAIN, LFTransformer, labeling_function
from sklabel.lf._functions import Row
from sklabel.votes import NamedVotes, VoteMatrix


@labeling_function
def mentions_rain(x):
    return 0 if "rain" in x.text else ABSTAIN


@labeling_function(name="sun")
def mentions_sun(x):
    return 1 if "sun" in x["text"] else None


@labeling_function(vectorized=True)
def is_long(X):
    return (X["text"].str.len() > 8).map({True: 1, False: ABSTAIN})


@pytest.fixture
def posts():
    return pd.DataFrame(
        {"text": ["rain again", "sun", "fog", "sun and rain"], "n": [1, 2, 3, 4]},
        index=[9, 8, 7, 6],
    )


VOTES = [[0, -1, 1], [-1, 1, -1], [-1, -1, -1], [0, 1, 1]]
LFS = [mentions_rain, mentions_sun, is_long]
NUMBERS = pd.DataFrame({"n": [1, 2, 3]})


def _apply(function, X=NUMBERS, **options):
    """Votes of one function."""
    return LFTransformer([("f", function)], **options).fit_transform(X)[:, 0].tolist()


# The decorator


def test_the_decorator_returns_the_function_itself():
    def function(x):
        return x

    assert labeling_function(function) is function
    assert (function.lf_name, function.lf_vectorized) == ("function", False)
    assert labeling_function(name="other", vectorized=True)(function) is function
    assert (function.lf_name, function.lf_vectorized) == ("other", True)
    assert function(3) == 3


def test_a_decorated_function_can_be_pickled():
    assert pickle.loads(pickle.dumps(mentions_sun)) is mentions_sun


@pytest.mark.parametrize("thing", ["sun", 3, ["f"]])
def test_only_functions_can_be_marked(thing):
    with pytest.raises(TypeError, match=r"marks a function; got .* by keyword"):
        labeling_function(thing)


def test_a_function_that_takes_no_attributes_says_what_to_do():
    with pytest.raises(TypeError, match="cannot mark a builtin_function_or_method: it"):
        labeling_function(len)


# Names


class _Foreign:
    """A labeling function of another tool: callable, with a name."""

    def __init__(self, name):
        self.name = name

    def __call__(self, x):
        return int(x.n > 1)


def test_names_come_from_pairs_marks_objects_and_functions():
    def plain_function(x):
        return -1

    transformer = LFTransformer(
        [
            mentions_sun,
            ("pair", mentions_sun),
            _Foreign("foreign"),
            plain_function,
            ("part", partial(max, 0)),
            ("lambda", lambda x: 1),
        ]
    ).fit(NUMBERS)
    assert transformer.get_feature_names_out().tolist() == [
        "sun",
        "pair",
        "foreign",
        "plain_function",
        "part",
        "lambda",
    ]


def test_objects_of_other_tools_are_called_with_a_row():
    transformer = LFTransformer([_Foreign("a"), ("b", _Foreign("a"))])
    assert transformer.fit_transform(NUMBERS).tolist() == [[0, 0], [1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("lfs", "error", "message"),
    [
        ([], ValueError, "LFTransformer has no labeling function: lfs is empty"),
        (
            [mentions_sun, ("sun", mentions_rain), mentions_rain, mentions_rain],
            ValueError,
            "need distinct names; these repeat: 'sun', 'mentions_rain'",
        ),
        (
            [mentions_sun, lambda x: 1],
            ValueError,
            r"function at position 1 has no name. Pass a pair",
        ),
        ([partial(max, 0)], ValueError, "function at position 0 has no name"),
        ([labeling_function(lambda x: 1)], ValueError, "at position 0 has no name"),
        ([mentions_sun, "rain"], TypeError, "got 'rain' at position 1"),
        ([("sun", 3)], TypeError, r"pairs; got \('sun', 3\) at position 0"),
    ],
)
def test_bad_lists_of_functions_raise(lfs, error, message):
    with pytest.raises(error, match=message):
        LFTransformer(lfs).fit(NUMBERS)


def test_a_function_instead_of_a_list_raises():
    with pytest.raises(
        ValueError, match="The 'lfs' parameter of LFTransformer must be"
    ):
        LFTransformer(mentions_sun).fit(NUMBERS)


# Votes


def test_functions_vote_on_every_row(posts):
    transformer = LFTransformer(LFS).fit(posts)
    votes = transformer.transform(posts)
    assert votes.tolist() == VOTES
    assert votes.dtype == np.int8
    assert transformer.get_feature_names_out().tolist() == [
        "mentions_rain",
        "sun",
        "is_long",
    ]


def test_sparse_votes_equal_dense_ones(posts):
    votes = LFTransformer(LFS, sparse_output=True).fit_transform(posts)
    assert isinstance(votes, VoteMatrix)
    assert votes.nnz == 6
    assert votes.toarray().tolist() == VOTES


def test_no_function_is_called_in_fit():
    def explode(x):
        raise AssertionError

    LFTransformer([explode]).fit(NUMBERS)


@pytest.mark.parametrize(
    "abstention",
    [
        -1,
        -1.0,
        None,
        np.nan,
        float("nan"),
        pd.NA,
        pd.NaT,
        np.int8(-1),
        np.float32("nan"),
    ],
)
@pytest.mark.parametrize("vectorized", [False, True])
def test_every_way_to_abstain_is_read(abstention, vectorized):
    if vectorized:
        function = labeling_function(vectorized=True)(lambda X: [2, abstention, 0])
    else:

        def function(x):
            return [2, abstention, 0][x.n - 1]

    assert _apply(function) == [2, -1, 0]
    assert _apply(function, classes=[0, 2]) == [2, -1, 0]


class Label(IntEnum):
    BAD = 0
    GOOD = 1


class Tone(StrEnum):
    BAD = "bad"
    GOOD = "good"


@pytest.mark.parametrize(
    "vote", [1, 1.0, np.int64(1), np.uint8(1), np.float32(1), Label(1)]
)
def test_every_kind_of_integer_is_a_class(vote):
    assert _apply(lambda x: vote) == [1, 1, 1]
    assert _apply(lambda x: vote, classes=[0, 1]) == [1, 1, 1]


@pytest.mark.parametrize("classes", [["bad", "good"], ("good", "bad")])
@pytest.mark.parametrize("container", [list, np.array, pd.Index])
def test_votes_for_names_know_the_classes_in_their_order(classes, container):
    def function(x):
        return ["good", None, Tone.BAD][x.n - 1]

    lfs = LFTransformer([("f", function)], classes=container(classes))
    votes = lfs.fit_transform(NUMBERS)
    assert isinstance(votes, NamedVotes)
    assert votes.tolist() == [["good"], [None], ["bad"]]
    assert votes.classes.tolist() == lfs.classes_.tolist() == list(classes)
    stored = lfs.set_params(sparse_output=True).fit_transform(NUMBERS)
    assert isinstance(stored, VoteMatrix)
    assert stored.classes.tolist() == list(classes)
    assert stored.data.tolist() == [-2 - classes.index(c) for c in ("good", "bad")]
    assert stored.toarray().tolist() == votes.tolist()


def test_a_name_that_is_returned_with_blanks_is_the_class():
    assert _apply(lambda x: " good ", classes=["bad", "good"]) == ["good"] * 3


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA, ABSTAIN])
def test_minus_one_can_be_a_class(gap):
    def function(x):
        return [-1, gap, 1][x.n - 1]

    assert _apply(function, classes=[-1, 1]) == [-1, None, 1]
    column = labeling_function(vectorized=True)(lambda X: [1, gap, -1.0])
    assert _apply(column, classes=[-1, 1]) == [1, None, -1]


@pytest.mark.parametrize(
    "returned", [np.array([1, -1, 1]), pd.Series([1, -1, -1], dtype="int8")]
)
def test_integers_of_minus_one_are_refused_where_it_is_a_class(returned):
    function = labeling_function(vectorized=True)(lambda X: returned)
    with pytest.raises(
        TypeError, match=r"f returned integers of which \d are -1.*floats or objects"
    ):
        _apply(function, classes=[-1, 1])


@pytest.mark.parametrize(
    "returned",
    [np.array([1.0, np.nan, -1.0]), pd.Series([1, None, -1], dtype="Int8")],
)
def test_floats_and_nullable_integers_tell_minus_one_from_a_gap(returned):
    function = labeling_function(vectorized=True)(lambda X: returned)
    assert _apply(function, classes=[-1, 1]) == [1, None, -1]


def test_integer_classes_vote_for_themselves():
    assert _apply(lambda x: [5, 3, 300][x.n - 1], classes=[300, 5, 3]) == [5, 3, 300]


RETURNED = [
    np.array([1, -1, 0]),
    np.array([1, np.nan, 0]),
    np.array([1, None, 0], dtype=object),
    pd.Series([1, -1, 0], dtype="int8"),
    pd.Series([1, None, 0], dtype="Int64"),
    pd.Series([1, None, 0], dtype="category"),
    pd.array([1, None, 0], dtype="Int8"),
    [1, None, 0],
    (1, -1, 0),
]


@pytest.mark.parametrize("returned", RETURNED)
def test_a_vectorised_function_may_return_any_column(returned):
    function = labeling_function(vectorized=True)(lambda X: returned)
    assert _apply(function) == [1, -1, 0]


@pytest.mark.parametrize(
    "returned",
    [
        np.array(["bad", "good", "good"]),
        np.array(["bad", "good", "good"], dtype=object),
        pd.Series(["bad", "good", "good"]),
        pd.Series(["bad", "good", "good"], dtype="string"),
        pd.Series(["bad", "good", "good"], dtype="category"),
        ["bad", "good", Tone.GOOD],
    ],
)
def test_a_vectorised_function_may_return_strings(returned):
    function = labeling_function(vectorized=True)(lambda X: returned)
    assert _apply(function, classes=["bad", "good"]) == ["bad", "good", "good"]


def test_the_index_of_a_returned_series_must_be_that_of_x(posts):
    @labeling_function(vectorized=True)
    def sorted_votes(X):
        return X["n"].sort_values(ascending=False)

    with pytest.raises(
        ValueError, match="sorted_votes returned a Series whose index is"
    ):
        LFTransformer([sorted_votes]).fit_transform(posts)

    @labeling_function(vectorized=True)
    def without_index(X):
        return pd.Series([3, 2, 1, 0])

    votes = LFTransformer([without_index]).fit_transform(posts)
    assert votes[:, 0].tolist() == [3, 2, 1, 0]


# What is not a vote


@pytest.mark.parametrize(
    ("vote", "shown"),
    [
        ("pos", "'pos'"),
        ("-1", "'-1'"),
        (2, "2"),
        (-2, "-2"),
        (0.5, "0.5"),
        (np.inf, "inf"),
        (True, "True"),
        (np.True_, "True"),
        ((1, 0), r"\(1, 0\)"),
        ([1], r"\[1\]"),
        (np.array([1, 0]), r"array\(\[1, 0\]\)"),
        ({}, r"\{\}"),
        ("x" * 200, r"'x{76}\.\.\."),
    ],
)
@pytest.mark.parametrize("vectorized", [False, True])
def test_what_is_not_a_vote_raises_with_function_and_row(vote, shown, vectorized):
    def function(x):
        return [0, 1, vote]

    if vectorized:
        lf = labeling_function(vectorized=True)(lambda X: function(X))
    else:
        lf = labeling_function(lambda x: function(x)[x.n - 1])
    with pytest.raises(
        TypeError,
        match=(
            f"^f returned {shown} for row 2; a labeling function returns one of the "
            r"classes \[0, 1\] or ABSTAIN \(-1\)\.$"
        ),
    ):
        _apply(lf, classes=[0, 1])


@pytest.mark.parametrize("vote", ["pos", -2, 0.5, True, 2**70])
def test_without_classes_any_non_negative_integer_is_a_vote_and_nothing_else(vote):
    assert _apply(lambda x: 100 * x.n) == [100, 200, 300]
    with pytest.raises(
        TypeError, match=r"returns a class \(an integer of 0 or more; pass classes="
    ):
        _apply(lambda x: vote)


def test_true_and_false_are_not_votes_even_beside_abstentions():
    with pytest.raises(TypeError, match="f returned True for row 1"):
        _apply(lambda x: True if x.n == 2 else ABSTAIN)
    for returned in (NUMBERS["n"] > 1, np.array([True, False, True]), [0, 1, True]):
        function = labeling_function(vectorized=True)(lambda X, r=returned: r)
        with pytest.raises(TypeError, match=r"f returned (True|False) for row"):
            _apply(function)


def test_integers_are_not_votes_where_classes_are_strings():
    with pytest.raises(TypeError, match=r"returned 1 for row 0.*\['bad', 'good'\]"):
        _apply(lambda x: 1, classes=["bad", "good"])


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (1, TypeError, "f returned int; a vectorised labeling function returns a one-"),
        (None, TypeError, "f returned NoneType; a vectorised"),
        (NUMBERS, TypeError, "f returned DataFrame; a vectorised"),
        (np.ones((3, 1)), TypeError, "f returned ndarray; a vectorised"),
        ([1, 0], ValueError, "f returned 2 votes for 3 rows"),
        (np.ones(4, dtype=int), ValueError, "f returned 4 votes for 3 rows"),
        (pd.Series([0.5, 1, 1]), TypeError, "f returned 0.5 for row 0"),
        (pd.Series([1, 1, -2]), TypeError, "f returned -2 for row 2"),
        (pd.to_datetime(["2020-01-01"] * 3), TypeError, "f returned Timestamp"),
    ],
)
def test_a_vectorised_function_returns_one_vote_per_row(returned, error, message):
    function = labeling_function(vectorized=True)(lambda X: returned)
    with pytest.raises(error, match=message):
        _apply(function)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], r"classes must be a one-dimensional, non-empty list; got \[\]"),
        (["a", "a"], r"classes must not repeat; got \['a', 'a'\]"),
        ([" a", "a"], r"classes must not repeat; got \['a', 'a'\]"),
        ([0.5, 1], r"must be strings or integers; got \[0\.5, 1\.0\]"),
        ([0, None], "classes must not hold missing values"),
    ],
)
def test_bad_classes_raise(classes, message):
    with pytest.raises(ValueError, match=message):
        _apply(lambda x: 0, classes=classes)


def test_true_and_false_are_votes_where_they_are_the_classes():
    assert _apply(lambda x: x.n == 2, classes=[False, True]) == [0, 1, 0]
    with pytest.raises(TypeError, match="f returned True for row 1"):
        _apply(lambda x: x.n == 2 or None, classes=[0, 1])


# Errors inside of functions


def _fail_on_two(x):
    if x.n == 2:
        raise RuntimeError("two is bad")
    return 1


def test_an_error_stops_with_the_function_and_the_row_as_a_note():
    with pytest.raises(RuntimeError, match="two is bad") as caught:
        _apply(_fail_on_two)
    assert caught.value.__notes__ == ["Labeling function 'f' failed at row 1."]


def test_an_error_can_be_an_abstention_with_a_warning():
    with pytest.warns(
        UserWarning,
        match=(
            r"'f' raised on 1 of 3 rows, which count as abstentions; first at row 1: "
            r"RuntimeError\('two is bad'\)"
        ),
    ) as record:
        assert _apply(_fail_on_two, on_error="abstain") == [1, -1, 1]
    lfs = LFTransformer([_fail_on_two], on_error="abstain")
    with pytest.warns(UserWarning, match="raised on 1 of 3 rows") as in_pipeline:
        make_pipeline(lfs, "passthrough").fit_transform(pd.DataFrame({"n": [1, 2, 3]}))
    names = [warning.filename for warning in [*record, *in_pipeline]]
    assert names == [__file__, __file__]


def test_a_bad_vote_stops_even_if_errors_are_abstentions():
    with pytest.raises(TypeError, match="f returned 'pos' for row 0"):
        _apply(lambda x: "pos", on_error="abstain")


@pytest.mark.parametrize("on_error", ["raise", "abstain"])
def test_an_error_in_a_vectorised_function_stops_with_its_name(on_error):
    @labeling_function(vectorized=True)
    def fail(X):
        raise RuntimeError("bad frame")

    with pytest.raises(RuntimeError, match="bad frame") as caught:
        _apply(fail, on_error=on_error)
    assert caught.value.__notes__ == ["Vectorised labeling function 'f' failed."]


def test_unknown_on_error_raises():
    with pytest.raises(ValueError, match="The 'on_error' parameter of LFTransformer"):
        _apply(_fail_on_two, on_error="ignore")


def test_a_column_that_is_missing_is_named_with_those_that_are_there(posts):
    with pytest.raises(AttributeError, match="has no column 'txt'; it has 'text', 'n'"):
        _apply(lambda x: x.txt, posts)
    with pytest.raises(KeyError, match="has no column 'txt'; it has 'text', 'n'"):
        _apply(lambda x: x["txt"], posts)


# Rows


def test_a_row_gives_cells_by_attribute_and_by_name():
    row = Row({"text": "rain", "two words": 2, 3: "three"})
    assert row.text == row["text"] == "rain"
    assert row["two words"] == 2
    assert row[3] == "three"
    assert row.get("none") is None
    assert row.get("none", 5) == 5
    assert "text" in row
    assert "none" not in row
    assert repr(row) == "Row({'text': 'rain', 'two words': 2, 3: 'three'})"


def test_a_row_can_be_copied_and_pickled():
    row = Row({"text": "rain"})
    for twin in (copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert twin.text == "rain"


def test_a_row_has_plain_python_cells_whatever_the_dtypes():
    seen = []
    X = pd.DataFrame(
        {
            "i": np.array([1], dtype=np.int8),
            "f": [0.5],
            "s": ["a"],
            "b": [True],
            "n": pd.array([None], dtype="Int64"),
        }
    )
    _apply(lambda x: seen.append([x.i, x.f, x.s, x.b, x.n]), X)
    assert [type(cell) for cell in seen[0][:4]] == [int, float, str, bool]
    assert seen[0][4] is pd.NA


def test_functions_on_an_array_get_its_rows():
    X = np.array([[1, 5], [2, 0]])
    assert _apply(lambda row: int(row.max()), X) == [5, 2]
    assert _apply(lambda row: row[0], X.tolist()) == [1, 2]
    function = labeling_function(vectorized=True)(lambda X: X[:, 1])
    assert _apply(function, X) == [5, 0]


def test_a_frame_with_a_column_twice_raises():
    X = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ValueError, match=r"(unique|distinct) column names"):
        _apply(lambda x: x.a, X)


# As a transformer


def test_set_output_returns_a_frame_with_names_and_index(posts):
    frame = LFTransformer(LFS).set_output(transform="pandas").fit_transform(posts)
    assert frame.columns.tolist() == ["mentions_rain", "sun", "is_long"]
    assert frame.index.tolist() == [9, 8, 7, 6]
    assert frame.to_numpy().tolist() == VOTES


def test_it_stands_in_a_union(posts):
    union = make_union(LFTransformer(LFS[:1]), LFTransformer(LFS[1:]))
    assert union.fit_transform(posts).tolist() == VOTES


def test_a_clone_and_a_pickle_vote_alike(posts):
    transformer = LFTransformer(LFS).fit(posts)
    assert clone(transformer).fit_transform(posts).tolist() == VOTES
    copied = pickle.loads(pickle.dumps(transformer))
    assert copied.transform(posts).tolist() == VOTES


def test_nothing_works_before_fit(posts):
    with pytest.raises(NotFittedError):
        LFTransformer(LFS).transform(posts)


def test_other_columns_than_in_fit_raise(posts):
    transformer = LFTransformer(LFS).fit(posts)
    with pytest.raises(ValueError, match="feature names should match"):
        transformer.transform(posts.rename(columns={"n": "m"}))


def test_an_empty_frame_raises(posts):
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        LFTransformer(LFS).fit(posts[:0])


@labeling_function
def slow_rain(x):
    return 0 if "rain" in x["text"] else -1


@labeling_function
def fails_on_sun(x):
    if "sun" in x["text"]:
        raise ValueError("no sun here")
    return 1


@labeling_function(vectorized=True)
def all_rows(X):
    return np.arange(len(X)) % 2


TEXTS = pd.DataFrame({"text": ["rain", "fog", "sun", "rain", "hail", "sun", "rain"]})


def test_processes_change_nothing():
    lfs = [slow_rain, all_rows, ("long", lambda x: 1 if len(x.text) > 3 else -1)]
    expected = LFTransformer(lfs).fit_transform(TEXTS)
    found = LFTransformer(lfs, n_jobs=2).fit_transform(TEXTS)
    assert_array_equal(found, expected)


def test_there_are_at_most_as_many_processes_as_rows():
    with parallel_config(backend="threading"):
        votes = LFTransformer([slow_rain], n_jobs=20).fit_transform(TEXTS[:3])
    assert_array_equal(votes.ravel(), [0, -1, -1])


def test_an_error_in_a_process_names_function_and_row():
    with pytest.raises(ValueError, match="no sun here") as caught:
        LFTransformer([slow_rain, fails_on_sun], n_jobs=2).fit_transform(TEXTS)
    # Whichever process is first.
    notes = {f"Labeling function 'fails_on_sun' failed at row {i}." for i in (2, 5)}
    assert notes & set(caught.value.__notes__)


def test_failures_of_all_processes_are_counted_once():
    lfs = LFTransformer([fails_on_sun], on_error="abstain", n_jobs=2)
    with pytest.warns(UserWarning, match="raised on 2 of 7 rows.*first at row 2") as r:
        votes = lfs.fit_transform(TEXTS)
    assert [warning.filename for warning in r] == [__file__]
    assert_array_equal(votes.ravel(), [1, 1, -1, 1, 1, -1, 1])


def test_a_joblib_backend_may_run_the_functions():
    with parallel_config(backend="threading", n_jobs=2):
        votes = LFTransformer([slow_rain]).fit_transform(TEXTS)
    assert_array_equal(votes, LFTransformer([slow_rain]).fit_transform(TEXTS))


class NeedsTwo(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


@labeling_function
def raises_what_cannot_be_pickled(x):
    raise NeedsTwo("this", "that")


def test_an_error_that_cannot_travel_between_processes_says_the_same():
    with pytest.raises(RuntimeError, match="NeedsTwo: this and that") as caught:
        LFTransformer([raises_what_cannot_be_pickled], n_jobs=2).fit_transform(TEXTS)
    assert "raises_what_cannot_be_pickled" in caught.value.__notes__[0]
