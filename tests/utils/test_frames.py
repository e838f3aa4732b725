"""Frames and columns of other libraries become pandas, cell by cell the same."""

import datetime as dt
import subprocess
import sys
from decimal import Decimal
from time import perf_counter

import numpy as np
import pandas as pd
import pytest

from sklabel.utils import _frames
from sklabel.utils._frames import (
    as_column,
    as_pandas,
    for_estimator,
    length_of,
    refuse_lazy,
    rows_of,
)
from sklabel.utils._validation import check_proba, check_sample_weight, n_rows

pl = pytest.importorskip("polars")
try:  # built for another numpy in the oldest supported set
    import pyarrow as pa
except ImportError:
    pa = None

needs_pyarrow = pytest.mark.skipif(pa is None, reason="needs pyarrow")
BERLIN = "Europe/Berlin"
DAY = dt.datetime(2024, 5, 1)
TEXT = pd.Series(["a"]).dtype  # str in pandas 3, object before

# dtype of polars, cells, dtype of pandas
COLUMNS = {
    "int8": (pl.Int8, [1, -1, 0], "int8"),
    "uint64": (pl.UInt64, [2**63 + 1, 0, 2], "uint64"),
    "int64 with gaps": (pl.Int64, [2**60 + 1, None, 3], "Int64"),
    "uint8 with gaps": (pl.UInt8, [255, None, 3], "UInt8"),
    "int128": (pl.Int128, [2**70, None, 3], object),
    "float32": (pl.Float32, [0.5, 1.0, -1.0], "float32"),
    "float64 with gaps": (pl.Float64, [0.5, None, -1.0], "float64"),
    "boolean": (pl.Boolean, [True, False, True], "bool"),
    "boolean with gaps": (pl.Boolean, [True, None, False], object),
    "texts": (pl.String, ["a", "", "b c"], TEXT),
    "texts with gaps": (pl.String, ["a", None, "b"], TEXT),
    "categorical": (pl.Categorical, ["b", None, "a"], "category"),
    "enum": (pl.Enum(["lo", "mid", "hi"]), ["hi", None, "lo"], "category"),
    "date": (pl.Date, [DAY.date(), None, DAY.date()], "datetime64[s]"),
    "datetime": (pl.Datetime("us"), [DAY, None, DAY], "datetime64[us]"),
    "datetime in ms": (pl.Datetime("ms"), [DAY, None, DAY], "datetime64[ms]"),
    "duration": (pl.Duration("us"), [dt.timedelta(1), None, None], "timedelta64[us]"),
    "time": (pl.Time, [dt.time(1), None, dt.time(2)], object),
    "decimal": (pl.Decimal(10, 2), [Decimal("1.50"), None, Decimal(2)], object),
    "bytes": (pl.Binary, [b"x", None, b""], object),
    "lists": (pl.List(pl.Int64), [[1, 2], None, []], object),
    "lists of equal length": (pl.List(pl.Int64), [[1, 2], [3, 4], [5, 6]], object),
    "structs": (pl.Struct({"a": pl.Int64}), [{"a": 1}, {"a": 2}, {"a": 3}], object),
    "nothing": (pl.Null, [None, None, None], object),
    "objects": (pl.Object, [{1}, {2}, {3}], object),
}
# What Arrow has no type for, or what polars hands over otherwise.
NOT_IN_ARROW = {"int128", "objects"}


def cells_of(column):
    """Return cells with every kind of gap as None."""
    cells = [
        None if not isinstance(cell, list | dict | set) and pd.isna(cell) else cell
        for cell in column.tolist()
    ]
    if column.dtype == "datetime64[s]":  # of days; pandas has moments only
        return [cell and cell.date() for cell in cells]
    return cells


def check(native, name):
    _, cells, want = COLUMNS[name]
    column = as_pandas(native, where="y")
    assert type(column) is pd.Series
    assert column.dtype == want
    assert cells_of(column) == cells
    if name == "enum":
        assert column.cat.ordered
        assert [*column.cat.categories] == ["lo", "mid", "hi"]


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_polars(name):
    dtype, cells, _ = COLUMNS[name]
    series = pl.Series("x", cells, dtype=dtype)
    check(series, name)
    assert as_pandas(series, where="y").name == "x"
    frame = as_pandas(series.to_frame(), where="X")
    assert [*frame.columns] == ["x"]
    pd.testing.assert_series_equal(frame["x"], as_pandas(series, where="y"))


@needs_pyarrow
@pytest.mark.parametrize("name", [n for n in COLUMNS if n not in NOT_IN_ARROW])
def test_columns_of_pyarrow(name):
    dtype, cells, _ = COLUMNS[name]
    array = pl.Series(cells, dtype=dtype).to_arrow()
    for native in (array, pa.chunked_array([array[:2], array[2:]])):
        if name != "enum":
            check(native, name)
        else:  # polars does not tell Arrow that an Enum is ordered
            assert cells_of(as_pandas(native, where="y")) == cells
    table = pa.table({"x": array})
    for native in (table, table.to_batches()[0]):
        frame = as_pandas(native, where="X")
        assert cells_of(frame["x"]) == cells


def test_time_zones_stay():
    column = pl.Series([DAY, None]).dt.replace_time_zone(BERLIN)
    want = pd.Series([pd.Timestamp(DAY, tz=BERLIN), pd.NaT])
    got = as_pandas(column, where="y")
    assert got.tolist() == want.tolist() or got[0] == want[0]
    assert str(got.dtype.tz) == BERLIN


def test_cells_of_fixed_size_are_arrays():
    column = pl.Series([[1, 2], None, [3, 4]], dtype=pl.Array(pl.Int64, 2))
    cells = as_pandas(column, where="y").tolist()
    assert cells[1] is None
    assert [cell.tolist() for cell in (cells[0], cells[2])] == [[1, 2], [3, 4]]


def test_a_long_text_does_not_widen_the_others():
    # A NumPy array of 100,000 texts as wide as the longest would take 400 GB.
    column = pl.Series(["a"] * 100_000 + ["b" * 1_000_000])
    assert as_pandas(column, where="y").iloc[0] == "a"


@pytest.mark.parametrize("name", ["int8", "texts", "boolean", "categorical", "float32"])
def test_no_rows(name):
    dtype, _, want = COLUMNS[name]
    frame = as_pandas(pl.DataFrame({"x": pl.Series([], dtype=dtype)}), where="X")
    assert frame.shape == (0, 1)
    assert frame["x"].dtype in (want, object)


def test_an_empty_name_is_no_name():
    assert as_pandas(pl.Series(["a"]), where="y").name is None
    assert as_pandas(pl.Series("", ["a"]), where="y").name is None


@needs_pyarrow
def test_texts_of_pyarrow_in_all_its_types():
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        column = as_pandas(pa.array(["a", None, "b"], kind), where="y")
        assert (column.dtype, cells_of(column)) == (TEXT, ["a", None, "b"])


@needs_pyarrow
def test_dictionaries_of_pyarrow():
    # The gap is not the last value of the dictionary.
    texts = pa.array(["b", None, "a"]).dictionary_encode()
    assert cells_of(as_pandas(texts, where="y")) == ["b", None, "a"]
    numbers = pa.array([5, None, 6]).dictionary_encode()
    assert cells_of(as_pandas(numbers, where="y")) == [5, None, 6]
    chunks = [texts, pa.array(["c", "b"]).dictionary_encode()]
    chunked = as_pandas(pa.chunked_array(chunks), where="y")
    assert cells_of(chunked) == ["b", None, "a", "c", "b"]
    twice = pa.DictionaryArray.from_arrays([0, 1, None], ["x", "x"])
    assert cells_of(as_pandas(twice, where="y")) == ["x", "x", None]


@needs_pyarrow
def test_the_order_of_a_dictionary_stays_if_it_has_one():
    values = ["lo", "mid", "hi"]
    for ordered in (True, False):
        array = pa.DictionaryArray.from_arrays([2, 0], values, ordered=ordered)
        column = as_pandas(array, where="y")
        assert column.cat.ordered == ordered
        assert [*column.cat.categories] == (values if ordered else sorted(values))


@needs_pyarrow
def test_a_table_gets_back_an_index_without_a_name():
    frame = pd.DataFrame({"a": [1, 2]}, index=[5, 7])
    back = as_pandas(pa.Table.from_pandas(frame), where="X")
    pd.testing.assert_frame_equal(back, frame)
    # One with a name is a column that the user may ask for.
    named = as_pandas(pa.Table.from_pandas(frame.rename_axis("id")), where="X")
    assert {*named.columns} == {"a", "id"}


@needs_pyarrow
def test_repeated_names_are_refused():
    table = pa.table([[1], [2], [3]], names=["a", "b", "a"])
    with pytest.raises(ValueError, match=r"^X of Thing has .* more than once: 'a'\."):
        as_pandas(table, where="X of Thing")


def test_what_is_no_foreign_frame_comes_back_as_it_is():
    for thing in (
        pd.DataFrame({"a": [1]}),
        pd.Series([1]),
        pd.Index([1]),
        np.arange(3),
        [1, 2],
        (1,),
        "text",
        None,
        3.0,
        {"a": [1]},
        pd.array([1, None], dtype="Int64"),
    ):
        assert as_pandas(thing, where="X") is thing
        assert as_column(thing, where="y") is thing
        assert for_estimator(thing, where="X") is thing
        assert rows_of(thing, np.array([0])) is None
        assert length_of(thing) is None


def test_frames_in_narwhals():
    nw = pytest.importorskip("narwhals")
    frame = pd.DataFrame({"a": [1, 2]})
    pd.testing.assert_frame_equal(as_pandas(nw.from_native(frame), where="X"), frame)
    wrapped = nw.from_native(pl.DataFrame({"a": [1, 2]}))
    pd.testing.assert_frame_equal(as_pandas(wrapped, where="X"), frame)


def test_only_the_column_that_is_needed():
    frame = pl.DataFrame({"id": [1, 2], "vector": [[0.0], [1.0]]})
    assert [*as_pandas(frame, where="X", only="id")] == ["id"]
    # A column that is not there is for the caller to report, with all names.
    assert [*as_pandas(frame, where="X", only="text")] == ["id", "vector"]


def test_a_column_has_no_index():
    for y in (pl.Series([3, None]), pl.DataFrame({"y": [3, None]})):
        values = as_column(y, where="y")
        assert isinstance(values, pd.api.extensions.ExtensionArray)
        assert [cell if cell is not pd.NA else None for cell in values] == [3, None]
    with pytest.raises(ValueError, match=r"y must be one column; got .* 2 columns"):
        as_column(pl.DataFrame({"a": [1], "b": [2]}), where="y")


@needs_pyarrow
def test_lazy_things_of_pyarrow_are_refused():
    dataset = pytest.importorskip("pyarrow.dataset")
    table = pa.table({"a": [1]})
    stored = dataset.dataset(table)
    for lazy, way_out in (
        (stored, "to_table"),
        (stored.scanner(), "to_table"),
        (table.to_reader(), "read_all"),
    ):
        with pytest.raises(TypeError, match=rf"of pyarrow, .*lazy.* \.{way_out}\(\)"):
            as_pandas(lazy, where="X")


def test_lazy_frames_are_refused():
    nw = pytest.importorskip("narwhals")
    lazy = pl.LazyFrame({"a": [1]})
    for door in (as_pandas, as_column, for_estimator, refuse_lazy):
        for frame in (lazy, nw.from_native(lazy)):
            with pytest.raises(
                TypeError,
                match=(
                    r"^X of Thing must be in memory; got LazyFrame of polars, which is "
                    r"lazy: .* Pass what its \.collect\(\) returns; .* sklabel\.dask\.$"
                ),
            ):
                door(frame, where="X of Thing")


@pytest.mark.parametrize(
    ("library", "way_out"),
    [("DUCKDB", "df"), ("IBIS", "to_pandas"), ("PYSPARK", "toPandas"), ("NEW", "coll")],
)
def test_other_lazy_libraries_have_ways_out_of_their_own(library, way_out, monkeypatch):
    nw = pytest.importorskip("narwhals")
    lazy = nw.from_native(pl.LazyFrame({"a": [1]}))
    kind = type("Kind", (), {"name": library, "is_pandas_like": lambda self: False})
    monkeypatch.setattr(nw.LazyFrame, "implementation", kind())
    monkeypatch.setattr(_frames.nw, "from_native", lambda *args, **options: lazy)
    with pytest.raises(TypeError, match=rf"{library.lower()}, .* \.{way_out}"):
        refuse_lazy(object(), where="X")


def test_rows_of_other_libraries():
    rows = np.array([2, 0, 0])
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    assert rows_of(frame, rows).rows() == [(3, "z"), (1, "x"), (1, "x")]
    assert rows_of(frame["b"], rows).to_list() == ["z", "x", "x"]
    assert (n_rows(frame), n_rows(frame["b"]), length_of(frame)) == (3, 3, 3)


@needs_pyarrow
def test_rows_of_pyarrow():
    rows = np.array([2, 0, 0])
    table = pa.table({"a": [1, 2, 3]})
    assert rows_of(table, rows).to_pydict() == {"a": [3, 1, 1]}
    assert rows_of(table["a"], rows).to_pylist() == [3, 1, 1]
    assert rows_of(pa.array([1, 2, 3]), rows).to_pylist() == [3, 1, 1]
    assert (n_rows(table), n_rows(table["a"]), n_rows(pa.array([1]))) == (3, 3, 1)


def test_an_estimator_gets_what_scikit_learn_reads(monkeypatch):
    frame = pl.DataFrame({"a": [1]})
    monkeypatch.setattr(_frames, "_KNOWS_POLARS", True)
    assert for_estimator(frame, where="X") is frame
    assert for_estimator(frame["a"], where="X") is not None
    monkeypatch.setattr(_frames, "_KNOWS_POLARS", False)
    if not hasattr(frame, "__dataframe__"):
        assert type(for_estimator(frame, where="X")) is pd.DataFrame
    if pa is not None:
        assert type(for_estimator(pa.table({"a": [1]}), where="X")) is pd.DataFrame


def test_checks_of_numbers():
    assert check_sample_weight(pl.Series([1, 2]), 2).tolist() == [1.0, 2.0]
    soft = pl.DataFrame({"no": [0.25], "yes": [0.75]})
    assert check_proba(soft).tolist() == [[0.25, 0.75]]
    lazy = soft.lazy()
    with pytest.raises(TypeError, match=r"sample_weight must be in memory"):
        check_sample_weight(lazy, 1)
    with pytest.raises(TypeError, match=r"proba must be in memory"):
        check_proba(lazy)


def test_polars_needs_no_pyarrow():
    code = (
        "import sys\n"
        "sys.modules['pyarrow'] = None\n"
        "import polars as pl\n"
        "from sklabel.utils._frames import as_pandas\n"
        "frame = pl.DataFrame({'a': ['x', None], 'b': [1, None], 'c': [[1], []]})\n"
        "frame = frame.with_columns(d=pl.col('a').cast(pl.Categorical))\n"
        "print(as_pandas(frame, where='X').shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(2, 4)\n"


@pytest.mark.slow
def test_a_million_rows_take_less_than_a_second():
    rng = np.random.default_rng(0)
    n = 1_000_000
    frame = pl.DataFrame(
        {
            "id": np.arange(n),
            "worker": rng.integers(0, 1000, n).astype(str),
            "label": np.array(["yes", "no"])[rng.integers(0, 2, n)],
        }
    )
    # The least of three: other programs may run beside this one.
    seconds = []
    for _ in range(3):
        started = perf_counter()
        as_pandas(frame, where="X")
        seconds.append(perf_counter() - started)
    assert min(seconds) < 1
