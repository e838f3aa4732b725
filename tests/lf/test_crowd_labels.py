"""Crowd labels hold what the file holds, or say what they leave out."""

import copy
import gzip
import pickle
import re
import subprocess
import sys
from collections import Counter
from io import StringIO

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, WorkerLFTransformer
from tests._data import real_data


def _frame(**columns):
    """Four judgements; any column can be given another content."""
    default = {
        "sample": [7, 7, 8, 9],
        "worker": ["ann", "bob", "ann", "cid"],
        "label": ["good", "bad", "good", "bad"],
    }
    return pd.DataFrame({**default, **columns})


JUDGEMENTS = {(7, "ann"): "good", (7, "bob"): "bad", (8, "ann"): "good"}
JUDGEMENTS[9, "cid"] = "bad"


def _as_dict(crowd):
    """The judgements by (sample, worker), read from the public lookup."""
    cast = crowd.judgements_of(crowd.sample_ids).cast
    assert (cast.n_samples, cast.n_lfs) == (crowd.n_samples, crowd.n_workers)
    return {
        (crowd.sample_ids[row], crowd.worker_ids[worker]): crowd.classes[label]
        for row, worker, label in zip(cast.rows, cast.lf, cast.value, strict=True)
    }


# What comes in


def test_a_long_frame_is_held_as_it_is():
    crowd = CrowdLabels.from_frame(_frame())
    assert _as_dict(crowd) == JUDGEMENTS
    assert crowd.sample_ids.tolist() == [7, 8, 9]
    assert crowd.worker_ids.tolist() == ["ann", "bob", "cid"]
    assert crowd.classes.tolist() == ["bad", "good"]
    assert crowd.repeats_per_worker.tolist() == [1, 1, 1]
    assert crowd.n_tidied == 0
    assert crowd.judgements_per_worker.tolist() == [2, 1, 1]
    assert (crowd.n_samples, crowd.n_workers, crowd.n_judgements) == (3, 3, 4)
    assert len(crowd) == 4
    assert set(crowd.left_out.values()) == {0}


def test_columns_may_have_any_names():
    frame = _frame().set_axis(["label", 0, ("a", "b")], axis=1)
    crowd = CrowdLabels.from_frame(frame, sample="label", worker=0, label=("a", "b"))
    assert _as_dict(crowd) == JUDGEMENTS
    assert crowd.to_frame().columns.tolist() == ["label", 0, ("a", "b")]
    assert (crowd.sample_name, crowd.worker_name) == ("label", 0)
    assert crowd.label_name == ("a", "b")


def test_other_columns_the_index_and_the_order_of_columns_do_not_matter():
    frame = _frame(note="x").set_axis([5, 5, 1, 0])[
        ["note", "label", "worker", "sample"]
    ]
    assert _as_dict(CrowdLabels.from_frame(frame)) == JUDGEMENTS


INTEGER_DTYPES = [
    "int64",
    "int16",
    "uint8",
    "float64",
    "Int64",
    "Float64",
    "UInt16",
    "category",
    object,
]


@pytest.mark.parametrize("dtype", INTEGER_DTYPES)
def test_integer_ids_and_labels_of_any_dtype_are_the_same(dtype):
    frame = _frame(worker=[30, 20, 30, 10], label=[1, 0, 1, 3]).astype(dtype)
    crowd = CrowdLabels.from_frame(frame)
    assert _as_dict(crowd) == {(7, 30): 1, (7, 20): 0, (8, 30): 1, (9, 10): 3}
    assert crowd.worker_ids.tolist() == [10, 20, 30]
    assert crowd.worker_ids.dtype == np.int64
    assert crowd.sample_ids.dtype == np.int64
    assert crowd.classes.tolist() == [0, 1, 3]


@pytest.mark.parametrize("dtype", [object, "str", "string", "category"])
def test_strings_of_any_dtype_are_the_same(dtype):
    frame = _frame(sample=["s7", "s7", "s8", "s9"]).astype(dtype)
    crowd = CrowdLabels.from_frame(frame)
    expected = {(f"s{i}", worker): label for (i, worker), label in JUDGEMENTS.items()}
    assert _as_dict(crowd) == expected
    ids = pd.Series(["s9", "s0", "s7"])
    for wanted in (object, "str", "string", "category"):
        found = crowd.judgements_of(ids.astype(wanted)).found
        assert found.tolist() == [True, False, True]
    found = crowd.judgements_of(np.array(ids.tolist())).found
    assert found.tolist() == [True, False, True]


def test_arrow_strings_are_strings():
    pytest.importorskip("pyarrow")
    frame = _frame().astype({"worker": "string[pyarrow]", "label": "string[pyarrow]"})
    assert _as_dict(CrowdLabels.from_frame(frame)) == JUDGEMENTS


def test_unused_categories_are_neither_ids_nor_classes():
    frame = _frame().astype("category")
    crowd = CrowdLabels.from_frame(frame[:2])
    assert crowd.worker_ids.tolist() == ["ann", "bob"]
    assert crowd.sample_ids.tolist() == [7]
    crowd = CrowdLabels.from_frame(frame[frame["label"] == "good"])
    assert crowd.classes.tolist() == ["good"]


@pytest.mark.parametrize("dtype", [bool, "boolean", object])
def test_true_and_false_are_the_labels_one_and_zero(dtype):
    frame = _frame(label=pd.Series([True, False, True, False], dtype=dtype))
    crowd = CrowdLabels.from_frame(frame)
    assert _as_dict(crowd)[7, "ann"] == 1
    assert crowd.classes.tolist() == [0, 1]
    assert crowd.classes.dtype == np.int64


def test_unsigned_ids_beyond_int64_are_kept():
    frame = _frame(sample=np.array([2**63 + 1, 5, 6, 7], dtype=np.uint64))
    crowd = CrowdLabels.from_frame(frame)
    found = crowd.judgements_of(
        np.array([2**63 + 1, 2**63 + 2, 5], dtype=np.uint64)
    ).found
    assert found.tolist() == [True, False, True]
    found = crowd.judgements_of([5, 8]).found
    assert found.tolist() == [True, False]


def test_the_frame_and_the_given_classes_are_left_alone():
    frame, classes = _frame(label=[1, 0, 1, 0]), np.array([1, 0])
    before = frame.copy()
    CrowdLabels.from_frame(frame, classes=classes)
    pd.testing.assert_frame_equal(frame, before)
    assert classes.flags.writeable


# Classes


def test_given_classes_set_the_order():
    crowd = CrowdLabels.from_frame(_frame(), classes=["good", "bad", "ugly"])
    assert crowd.classes.tolist() == ["good", "bad", "ugly"]
    assert _as_dict(crowd) == JUDGEMENTS
    cast = crowd.judgements_of([7]).cast
    assert cast.value.tolist() == [0, 1]
    assert cast.labels().tolist() == ["good", "bad"]


@pytest.mark.parametrize(
    "classes", [(3, 1), np.array([3, 1]), pd.Index([3, 1]), [3.0, 1.0]]
)
def test_integer_classes_are_the_labels_in_any_order(classes):
    crowd = CrowdLabels.from_frame(_frame(label=[3, 1, 3, 1]), classes=classes)
    assert crowd.classes.tolist() == [3, 1]
    cast = crowd.judgements_of([7]).cast
    assert cast.value.tolist() == [0, 1]
    assert cast.labels().tolist() == [3, 1]


def test_unknown_labels_are_refused_by_default():
    frame = _frame(label=["good", "bad", "can't tell", "?"])
    with pytest.raises(
        ValueError,
        match=(
            r"2 of 4 labels in column 'label' are not in classes=\['bad', 'good'\]: "
            r"'\?', \"can't tell\". Add them .* handle_unknown='count'"
        ),
    ):
        CrowdLabels.from_frame(frame, classes=["bad", "good"])


def test_labels_that_equal_a_class_but_for_case_are_to_be_spelled_alike():
    frame = _frame(label=["good", "Bad", "good", "good"])
    message = r"1 of 4 labels .* is not in .*'Bad' equals 'bad' .* Spell such labels as"
    with pytest.raises(ValueError, match=message) as caught:
        CrowdLabels.from_frame(frame, classes=["bad", "good"])
    assert "Add" not in str(caught.value)
    frame = _frame(label=["good", "Bad", "meh", "good"])
    message = r"'Bad' equals 'bad' .* Add the others to classes, or"
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_frame(frame, classes=["bad", "good"])


def test_messages_on_a_wide_table_name_no_column_that_it_lacks():
    frame = pd.DataFrame({"a": ["x", "y"], "b": ["x", "?"]})
    message = r"1 of 4 labels in the table is not in classes"
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_wide(frame, classes=["x", "y"])


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("sample;worker;label\na;b;c\n", ";"),
        ("sample\tworker\tlabel\na\tb\tc,d\n", "\t"),
        ("sample|worker|label\na|b|c\n", "|"),
    ],
)
def test_a_file_with_other_separators_says_which(tmp_path, text, separator):
    path = tmp_path / "crowd.csv"
    path.write_text(text, encoding="utf-8")
    message = re.escape(f"crowd.csv' has one column, {text.splitlines()[0]!r}: its")
    with pytest.raises(ValueError, match=f"{message}.*Pass sep=") as caught:
        CrowdLabels.from_csv(path)
    assert str(caught.value).endswith(f"Pass sep={separator!r}.")
    assert len(CrowdLabels.from_csv(path, sep=separator)) == 1
    with pytest.raises(ValueError, match=r"^The file has one column"):
        CrowdLabels.from_csv(StringIO(text))


def test_a_file_that_is_no_table_says_how_cells_are_separated(tmp_path):
    path = tmp_path / "crowd.csv"
    path.write_text("sample;worker\na;b\nc,d,e,f;g\n", encoding="utf-8")
    message = r"crowd.csv' cannot be read as a table: .*separated by ','; pass sep="
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_csv(path)


def test_columns_of_a_file_that_are_called_otherwise(tmp_path):
    path = tmp_path / "crowd.csv"
    path.write_text("item,Worker,category\n1,a,b\n", encoding="utf-8")
    message = (
        r"from_csv of '.*crowd.csv' needs the column\(s\) 'worker', 'label'; .* with "
        r"worker=, label=\. Did you mean 'Worker'\?"
    )
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_csv(path, sample="item")


def test_the_repr_of_one_judgement_has_no_plural():
    crowd = CrowdLabels.from_frame(_frame()[:1])
    assert repr(crowd).startswith("CrowdLabels(1 sample, 1 worker, 1 judgement, ")


def test_unknown_labels_can_count_without_being_votes():
    frame = _frame(label=["good", "bad", "can't tell", "?"])
    crowd = CrowdLabels.from_frame(
        frame, classes=["bad", "good"], handle_unknown="count"
    )
    assert _as_dict(crowd) == {(7, "ann"): "good", (7, "bob"): "bad"}
    assert crowd.judgements_per_worker.tolist() == [2, 1, 1]
    assert crowd.n_judgements == 2
    assert crowd.n_unknown == 2
    assert crowd.left_out == {"missing_label": 0, "repeated": 0}
    assert "2 judgements and 2 with an unknown label, classes" in repr(crowd)
    assert crowd.summary()["judgements with an unknown label"] == 2
    assert crowd.sample_ids.tolist() == [7, 8, 9]


def test_unknown_labels_are_counted_the_most_frequent_first():
    frame = pd.DataFrame({"sample": range(9), "worker": "ann"})
    frame["label"] = ["a", "b", "?", "can't tell", *["?"] * 2, None, "b", "!"]
    frame.loc[9] = [8, "ann", "?"]  # takes the place of "!"
    options = {"classes": ["a", "b"], "handle_unknown": "count"}
    crowd = CrowdLabels.from_frame(frame, **options)
    assert list(crowd.unknown_labels.items()) == [("?", 4), ("can't tell", 1)]
    assert sum(crowd.unknown_labels.values()) == crowd.n_unknown
    assert crowd.summary()["unknown label '?'"] == 4
    crowd.unknown_labels.clear()
    assert pickle.loads(pickle.dumps(crowd)).unknown_labels == crowd.unknown_labels
    assert len(crowd.unknown_labels) == 2


def test_unknown_labels_may_be_numbers():
    frame = _frame(label=[0, 7, 7, 1])
    crowd = CrowdLabels.from_frame(frame, classes=[0, 1], handle_unknown="count")
    assert crowd.unknown_labels == {7: 2}
    assert CrowdLabels.from_frame(frame).unknown_labels == {}


def test_a_summary_lists_five_unknown_labels():
    frame = pd.DataFrame({"sample": range(9), "worker": "ann"})
    frame["label"] = ["a", "b", *"uvwxyzu"]
    crowd = CrowdLabels.from_frame(frame, classes=["a", "b"], handle_unknown="count")
    listed = [row for row in crowd.summary().index if row.startswith("unknown label")]
    assert listed == [f"unknown label {label!r}" for label in "uvwxy"]


ALIKE = ["Bug", "bug", "Question", "Bug", "I can't tell", "question"]


def test_unknown_labels_that_equal_a_class_but_for_case_are_warned_of():
    frame = pd.DataFrame({"sample": range(6), "worker": "ann", "label": ALIKE})
    message = (
        r"^4 of 6 judgements in column 'label' name none of the classes, and are not "
        r"votes. 3 of them equal a class but for case: 'Bug' \(2\), 'Question' \(1\)."
        r" .* \.replace\({'Bug': 'bug', 'Question': 'question'}\)\.$"
    )
    options = {"classes": ["bug", "question"], "handle_unknown": "count"}
    with pytest.warns(UserWarning, match=message):
        crowd = CrowdLabels.from_frame(frame, **options)
    assert crowd.unknown_labels == {"Bug": 2, "I can't tell": 1, "Question": 1}
    wide = frame.pivot(index="sample", columns="worker", values="label")
    with pytest.warns(UserWarning, match="3 of them equal a class but for case"):
        CrowdLabels.from_wide(wide, **options)


def test_an_error_says_that_a_label_equals_a_class_but_for_case():
    frame = pd.DataFrame({"sample": range(6), "worker": "ann", "label": ALIKE})
    with pytest.raises(ValueError, match=r"'Bug' equals 'bug' but for case\. 'Quest"):
        CrowdLabels.from_frame(frame, classes=["bug", "question"])


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([0, 1], ValueError, r"classes=\[0, 1\] and the labels 'bad', 'good' are of"),
        ([], ValueError, "classes must be a one-dimensional, non-empty list"),
        ("good", ValueError, "one-dimensional, non-empty list; got 'good'"),
        (["good", "good"], ValueError, "classes must not repeat"),
        (["good", None], ValueError, "classes must not hold missing values"),
        (["good", 1], TypeError, "classes must be all strings or all numbers"),
    ],
)
def test_bad_classes_are_refused(classes, error, message):
    with pytest.raises(error, match=message):
        CrowdLabels.from_frame(_frame(), classes=classes)


# Missing labels


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_rows_without_a_label_are_left_out_and_counted(gap):
    crowd = CrowdLabels.from_frame(_frame(label=["good", gap, gap, "bad"]))
    assert _as_dict(crowd) == {(7, "ann"): "good", (9, "cid"): "bad"}
    assert crowd.left_out == {
        "missing_label": 2,
        "repeated": 0,
    }
    assert crowd.sample_ids.tolist() == [7, 9]
    assert crowd.worker_ids.tolist() == ["ann", "cid"]
    assert crowd.summary()["without label, left out"] == 2


@pytest.mark.parametrize("dtype", ["float64", "Int8", "category", object])
def test_gaps_between_numbers_are_missing_labels(dtype):
    label = pd.Series([1, None, 0, None]).astype(dtype)
    crowd = CrowdLabels.from_frame(_frame(label=label))
    assert crowd.left_out["missing_label"] == 2
    assert crowd.classes.tolist() == [0, 1]
    assert _as_dict(crowd) == {(7, "ann"): 1, (8, "ann"): 0}


def test_an_id_may_be_missing_where_the_label_is():
    frame = _frame(label=["good", None, "good", "bad"], sample=[7, None, 8, 9])
    assert CrowdLabels.from_frame(frame).sample_ids.tolist() == [7, 8, 9]


def test_minus_one_is_a_missing_label_with_a_warning():
    frame = _frame(label=[1, -1, 1, 0])
    message = r"hold -1, .* Pass classes=\[-1, 0, 1\] if"
    with pytest.warns(UserWarning, match=message) as record:
        crowd = CrowdLabels.from_frame(frame)
    with pytest.warns(UserWarning, match="hold -1") as as_a_step:
        make_pipeline(WorkerLFTransformer(frame)).fit(frame[["sample"]])
    names = [warning.filename for warning in [*record, *as_a_step]]
    assert names == [__file__, __file__]
    assert crowd.classes.tolist() == [0, 1]
    assert crowd.left_out["missing_label"] == 1
    assert (7, "bob") not in _as_dict(crowd)


def test_a_csv_file_with_labels_of_minus_one_warns_at_the_line_of_the_user(tmp_path):
    _frame(label=[1, -1, 1, 0]).to_csv(tmp_path / "crowd.csv", index=False)
    with pytest.warns(UserWarning, match="hold -1") as record:
        CrowdLabels.from_csv(tmp_path / "crowd.csv")
    assert [warning.filename for warning in record] == [__file__]


def test_minus_one_does_not_warn_once_classes_are_given():
    frame = _frame(label=[1, -1, 1, 0])
    crowd = CrowdLabels.from_frame(frame, classes=[0, 1])
    assert crowd.left_out["missing_label"] == 1
    crowd = CrowdLabels.from_frame(frame, classes=[-1, 0, 1])
    assert crowd.left_out["missing_label"] == 0
    assert _as_dict(crowd)[7, "bob"] == -1
    assert crowd.classes.tolist() == [-1, 0, 1]


GAP_TEXTS = ["", " ", "-1", "None", "nan", "NaN", "<NA>", "NaT"]


@pytest.mark.parametrize("odd", GAP_TEXTS)
@pytest.mark.filterwarnings("ignore:1 label.s. in column 'label' have blanks")
def test_strings_that_look_like_a_missing_label_are_refused(odd):
    frame = _frame(label=["good", "bad", odd, "good"])
    message = (
        f"1 label(s) in column 'label' hold '{odd.strip()}', the text of a missing "
        "value, which is not a class name. Make it NaN or None"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        CrowdLabels.from_frame(frame)
    crowd = CrowdLabels.from_frame(
        frame, classes=["bad", "good"], handle_unknown="count"
    )
    assert crowd.n_unknown == 1


@pytest.mark.parametrize("name", ["None", "nan", "-1"])
def test_the_text_of_a_gap_is_a_class_if_it_is_given(name):
    frame = _frame(label=["good", "bad", name, "good"])
    crowd = CrowdLabels.from_frame(frame, classes=["good", "bad", name])
    assert _as_dict(crowd)[8, "ann"] == name


@pytest.mark.parametrize("odd", ["NA", "N/A", "null", "NULL", "none", "na"])
def test_texts_that_files_hold_for_a_gap_warn_and_are_classes(odd):
    frame = _frame(label=["good", "bad", odd, "good"])
    with pytest.warns(UserWarning, match=f"1 label.s. .* hold '{odd}', which is read"):
        crowd = CrowdLabels.from_frame(frame)
    assert _as_dict(crowd)[8, "ann"] == odd
    CrowdLabels.from_frame(frame, classes=["good", "bad", odd])  # no warning


# Texts


def test_labels_are_read_as_they_look_and_counted():
    composed, decomposed = "\u00e9t\u00e9", "e\u0301te\u0301"
    frame = _frame(label=[composed, decomposed, f" {composed}\u200b", "hiver"])
    with pytest.warns(UserWarning, match=r"2 label\(s\) in column 'label' have bl"):
        crowd = CrowdLabels.from_frame(frame)
    assert crowd.classes.tolist() == ["hiver", composed]
    assert crowd.n_tidied == 2
    assert crowd.summary()["labels read without blanks"] == 2
    assert crowd.left_out == {"missing_label": 0, "repeated": 0}


def test_given_classes_are_read_as_they_look_too():
    crowd = CrowdLabels.from_frame(_frame(), classes=["good ", "bad"])
    assert crowd.classes.tolist() == ["good", "bad"]
    assert _as_dict(crowd) == JUDGEMENTS


def test_labels_that_differ_by_case_warn_and_stay_apart():
    frame = _frame(label=["Good", "bad", "good", "bad"])
    with pytest.warns(UserWarning, match="hold 'Good' and 'good', which are two clas"):
        crowd = CrowdLabels.from_frame(frame)
    assert crowd.classes.tolist() == ["Good", "bad", "good"]
    CrowdLabels.from_frame(frame, classes=["Good", "bad", "good"])  # no warning


def test_texts_are_in_natural_order_and_ordered_categories_keep_theirs():
    label = ["10 stars", "2 stars", "1 star", "10 stars"]
    crowd = CrowdLabels.from_frame(_frame(label=label))
    assert crowd.classes.tolist() == ["1 star", "2 stars", "10 stars"]
    names = ["low", "unused", "high", "highest"]
    ordered = pd.Categorical(["high", "low", "highest", "high"], names, ordered=True)
    crowd = CrowdLabels.from_frame(_frame(label=ordered))
    assert crowd.classes.tolist() == ["low", "high", "highest"]
    assert _as_dict(crowd)[7, "bob"] == "low"
    unordered = pd.Categorical(["high", "low", "highest", "high"], names)
    crowd = CrowdLabels.from_frame(_frame(label=unordered))
    assert crowd.classes.tolist() == ["high", "highest", "low"]
    wide = pd.DataFrame({"a": ordered, "b": ordered[::-1]})
    assert CrowdLabels.from_wide(wide).classes.tolist() == ["low", "high", "highest"]


def test_ordered_numbers_keep_their_order():
    grades = pd.Categorical([1, 3, 2, 1], categories=[3, 2, 1], ordered=True)
    assert CrowdLabels.from_frame(_frame(label=grades)).classes.tolist() == [3, 2, 1]


# Bad input


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (
            _frame().drop(columns="worker"),
            ValueError,
            r"needs the column\(s\) 'worker'; the frame has 'sample', 'label'",
        ),
        (_frame()[:0], ValueError, "the frame is empty; it holds no judgement"),
        (_frame(label=None), ValueError, "all 4 labels in column 'label' are missing"),
        (_frame(label=np.nan), ValueError, "all 4 labels in column 'label' are miss"),
        (
            _frame(sample=[7, np.nan, 8, None]),
            ValueError,
            r"2 id\(s\) in column 'sample' are missing, first at row 1. Drop",
        ),
        (
            _frame(worker=["a", "b", None, "c"], label=[None, "x", "y", "x"]),
            ValueError,
            r"1 id\(s\) in column 'worker' are missing, first at row 2",
        ),
        (
            _frame(label=[1, 0.5, 1, 2.25]),
            ValueError,
            "Labels in column 'label' must be .*2 value.s. are fractions.*instance 0.5",
        ),
        (_frame(label=[1, np.inf, 1, 0]), ValueError, "for instance inf"),
        (
            _frame(sample=[7.5, 8, 8, 8]),
            ValueError,
            "Ids in column 'sample' must be integers or strings; 1 value",
        ),
        (
            _frame(sample=[1.2e17, 8, 8, 8]),
            ValueError,
            "floats too large to be exact integers, for instance 1.2e",
        ),
        (
            _frame(label=["good", 1, "bad", 0]),
            TypeError,
            "Labels in column 'label' must be all strings .* got 'str', 'int'. Convert",
        ),
        (
            _frame(worker=[1, "1", 2, 3]),
            TypeError,
            "Ids in column 'worker' must be all strings .* got 'int', 'str'",
        ),
        (
            _frame(label=[{}, {}, {}, {}]),
            TypeError,
            "Labels in column 'label' must be .* got 'dict'",
        ),
        (_frame(worker=[("a", 1)] * 4), TypeError, "Ids in column 'worker' .* 'tuple'"),
        (
            _frame(sample=pd.to_datetime(["2020-01-01"] * 4)),
            TypeError,
            "Ids in column 'sample' must be all strings .* got 'Timestamp'",
        ),
        (
            _frame(sample=[2**70, 1, 2, 3]),
            ValueError,
            "integers of 64 bits, or strings; got 1180591620717411303424",
        ),
        ([[1, 2, 3]], TypeError, "from_frame needs a DataFrame .* got list"),
    ],
)
def test_bad_frames_are_refused(frame, error, message):
    with pytest.raises(error, match=message):
        CrowdLabels.from_frame(frame)


def test_one_column_cannot_be_two_things():
    with pytest.raises(ValueError, match="needs 3 different columns; got 'sample', 's"):
        CrowdLabels.from_frame(_frame(), worker="sample")


@pytest.mark.parametrize("option", ["duplicates", "handle_unknown"])
def test_unknown_options_are_refused(option):
    with pytest.raises(ValueError, match=f"{option} must be one of .*got 'sometimes'"):
        CrowdLabels.from_frame(_frame(), **{option: "sometimes"})


def test_the_class_is_not_called():
    for arguments in [(), (pd.DataFrame(),)]:
        with pytest.raises(TypeError, match=r"is built by CrowdLabels\.from_frame\("):
            CrowdLabels(*arguments)


# Repeated judgements


def _choose(labels, rule):
    """One pair's judgements in input order: the one that counts."""
    if rule == "first":
        return labels[0]
    if rule == "last":
        return labels[-1]
    most = max(Counter(labels).values())
    return [label for label in labels if labels.count(label) == most][-1]


@pytest.mark.parametrize("rule", ["last", "first", "majority"])
@pytest.mark.parametrize("seed", range(3))
def test_repeats_follow_the_rule(rule, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "sample": rng.integers(0, 120, 400),
            "worker": rng.choice(list("abcdef"), 400),
            "label": rng.choice(["x", "y", "z"], 400),
        }
    )
    frame.loc[rng.random(400) < 0.1, "label"] = None
    pairs = {}
    for line in frame.dropna().itertuples(index=False):
        pairs.setdefault((line.sample, line.worker), []).append(line.label)
    crowd = CrowdLabels.from_frame(frame, duplicates=rule)
    expected = {pair: _choose(labels, rule) for pair, labels in pairs.items()}
    assert _as_dict(crowd) == expected
    n_judged = int(frame["label"].notna().sum())
    assert crowd.left_out == {
        "missing_label": 400 - n_judged,
        "repeated": n_judged - len(pairs),
    }
    counts = Counter(worker for _, worker in pairs)
    assert crowd.judgements_per_worker.tolist() == [counts[w] for w in crowd.worker_ids]


def test_a_majority_does_not_lump_different_unknown_labels():
    frame = pd.DataFrame({"sample": 1, "worker": "a", "label": ["x", "?", "!", "x"]})
    frame.loc[3, "sample"] = 2
    crowd = CrowdLabels.from_frame(
        frame[[*frame]], classes=["x"], handle_unknown="count", duplicates="majority"
    )
    # Three labels that occur once each: the last one counts, and is not a vote.
    assert _as_dict(crowd) == {(2, "a"): "x"}
    frame.loc[3, "sample"] = 1
    crowd = CrowdLabels.from_frame(
        frame, classes=["x"], handle_unknown="count", duplicates="majority"
    )
    assert _as_dict(crowd) == {(1, "a"): "x"}


def test_repeats_can_be_refused():
    frame = _frame(sample=[7, 7, 7, 9])
    with pytest.raises(
        ValueError,
        match=r"1 judgement\(s\) repeat .* first sample 7, worker 'ann'. Pass dupl",
    ):
        CrowdLabels.from_frame(frame, duplicates="raise")
    assert len(CrowdLabels.from_frame(_frame(), duplicates="raise")) == 4


def test_one_pair_may_repeat_very_often():
    frame = pd.DataFrame({"sample": 1, "worker": "bot", "label": [0, 1, 1] * 100_000})
    frame.loc[300_000] = [2, "bot", 0]
    crowd = CrowdLabels.from_frame(frame, duplicates="majority")
    assert _as_dict(crowd) == {(1, "bot"): 1, (2, "bot"): 0}
    assert crowd.left_out["repeated"] == 299_999


@pytest.mark.parametrize(
    ("name", "n_repeated"),
    [("adult/annotations.csv", 2922), ("trec2011/annotations.csv.gz", 972)],
)
def test_real_files_have_the_known_number_of_repeats(name, n_repeated):
    path = real_data(name)
    crowd = CrowdLabels.from_csv(path, sample="task", keep_default_na=False)
    assert crowd.left_out["repeated"] == n_repeated
    frame = pd.read_csv(path, keep_default_na=False)
    last = frame.drop_duplicates(["task", "worker"], keep="last")
    expected = last.set_index(["task", "worker"])["label"].sort_index()
    held = crowd.to_frame().set_index(["task", "worker"])["label"].sort_index()
    pd.testing.assert_series_equal(held, expected, check_index_type=False)


def test_a_worker_who_is_called_na_in_a_file_is_not_lost(tmp_path):
    path = tmp_path / "crowd.csv"
    path.write_text("sample,worker,label\n1,#N/A,0\n1,w1,1\n")
    with pytest.raises(ValueError, match="keep_default_na=False if 'NA' is an id"):
        CrowdLabels.from_csv(path)
    crowd = CrowdLabels.from_csv(path, keep_default_na=False)
    assert _as_dict(crowd) == {(1, "#N/A"): 0, (1, "w1"): 1}


# Repeats that are kept, and times


def test_repeats_can_be_kept():
    frame = pd.DataFrame(
        {
            "sample": [7, 7, 8, 7, 8],
            "worker": ["bob", "ann", "ann", "bob", "bob"],
            "label": ["x", "y", "y", "y", "x"],
        }
    )
    crowd = CrowdLabels.from_frame(frame, duplicates="keep")
    assert crowd.left_out["repeated"] == 0
    assert crowd.n_judgements == len(crowd) == 5
    assert crowd.repeats_per_worker.tolist() == [1, 2]
    assert crowd.judgements_per_worker.tolist() == [2, 3]
    cast = crowd.judgements_of([7]).cast
    assert crowd.worker_ids[cast.lf].tolist() == ["ann", "bob", "bob"]
    assert cast.labels().tolist() == ["y", "x", "y"]
    held = crowd.to_frame().sort_values(["sample", "worker", "label"])
    given = frame.sort_values(["sample", "worker", "label"])
    assert held.to_dict("list") == given.to_dict("list")
    with pytest.raises(ValueError, match=r"one cell per sample and worker.*to_frame"):
        crowd.to_wide()


def test_many_repeats_warn_unless_they_are_meant():
    frame = pd.DataFrame(
        {"sample": [1, 1, 2, 2], "worker": "ann", "label": [0, 1, 1, 0]}
    )
    with pytest.warns(UserWarning, match=r"2 of 4 judgements repeat a .*'keep'"):
        CrowdLabels.from_frame(frame)
    for rule in ("first", "majority", "keep"):
        CrowdLabels.from_frame(frame, duplicates=rule)


def test_one_sample_for_all_judgements_warns():
    frame = pd.DataFrame({"sample": 1, "worker": range(10), "label": [0, 1] * 5})
    with pytest.warns(UserWarning, match="All 10 judgements are of one sample. Check"):
        CrowdLabels.from_frame(frame)
    CrowdLabels.from_frame(frame[:9])


TIMES = [
    [3, 1, 2, 0],
    [0.5, -1, 0.25, -2],
    ["2024-03-01 09:00", "2024-01-31", "2024-02-01", "2023-01-01"],
    ["11/30/2012 9:15:00", "2/1/2012 10:01:02", "10/31/2012 0:00:00", "1/1/2012 1:1:1"],
    pd.to_datetime(["2024-03-01", "2024-01-31", "2024-02-01", "2023-01-01"]),
]


@pytest.mark.parametrize("times", TIMES, ids=["int", "float", "iso", "us", "datetime"])
@pytest.mark.filterwarnings("error")
def test_the_latest_judgement_counts_where_there_are_times(times):
    frame = _frame(sample=[7, 7, 7, 7], worker="ann", label=list("abcd"), at=times)
    for rule, label in (("last", "a"), ("first", "d")):
        crowd = CrowdLabels.from_frame(frame, duplicates=rule, time="at")
        assert _as_dict(crowd) == {(7, "ann"): label}
    frame = _frame(sample=[7, 7, 7, 7], worker="ann", label=list("abcd"), at=[1] * 4)
    assert _as_dict(CrowdLabels.from_frame(frame, time="at")) == {(7, "ann"): "d"}


def test_times_of_a_file_are_read(tmp_path):
    path = tmp_path / "crowd.csv"
    path.write_text("sample,worker,label,at\n1,a,x,2024-02-01\n1,a,y,2024-01-01\n")
    assert _as_dict(CrowdLabels.from_csv(path, time="at")) == {(1, "a"): "x"}


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([1, 2, None, 4], r"1 time\(s\) in column 'at' are missing, first at row 2"),
        (["soon", "later", "now", "x"], "Column 'at' must hold times: datetimes"),
    ],
)
def test_bad_times_are_refused(times, message):
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_frame(_frame(at=times), time="at")


def test_a_column_of_texts_is_not_one_of_labels():
    frame = pd.DataFrame(
        {
            "sample": np.repeat(range(15), 2),
            "worker": ["a", "b"] * 15,
            "label": [f"comment {i}" for i in range(30)],
        }
    )
    message = "30 different labels in 30 judgements in column 'label'"
    with pytest.raises(ValueError, match=message):
        CrowdLabels.from_frame(frame)
    crowd = CrowdLabels.from_frame(frame, classes=frame["label"])
    assert len(crowd.classes) == 30


# Files


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_a_file_reads_like_its_frame(tmp_path, suffix):
    path = tmp_path / f"crowd{suffix}"
    _frame().rename(columns={"sample": "item"}).to_csv(path, index=False)
    if suffix.endswith("gz"):
        assert gzip.decompress(path.read_bytes()).startswith(b"item,worker,label\n")
    for where in (path, str(path)):
        crowd = CrowdLabels.from_csv(where, sample="item")
        assert _as_dict(crowd) == JUDGEMENTS
        assert crowd.sample_name == "item"


def test_options_of_read_csv_are_passed_on(tmp_path):
    path = tmp_path / "crowd.csv"
    path.write_text("s;w;l\n1;007;NA\n1;7;b\n")
    crowd = CrowdLabels.from_csv(
        path,
        sample="s",
        worker="w",
        label="l",
        classes=["b", "NA"],
        sep=";",
        dtype={"w": str},
        keep_default_na=False,
    )
    assert _as_dict(crowd) == {(1, "007"): "NA", (1, "7"): "b"}


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match=r"nothing\.csv"):
        CrowdLabels.from_csv(tmp_path / "nothing.csv")


# Wide and long


def test_a_frame_goes_there_and_back():
    crowd = CrowdLabels.from_frame(
        _frame().set_axis(["item", "who", "said"], axis=1),
        sample="item",
        worker="who",
        label="said",
    )
    frame = crowd.to_frame()
    assert frame.columns.tolist() == ["item", "who", "said"]
    back = CrowdLabels.from_frame(frame, sample="item", worker="who", label="said")
    assert _as_dict(back) == _as_dict(crowd) == JUDGEMENTS


@pytest.mark.parametrize("labels", [["x", "y", "z"], [0, 1, 4]])
def test_a_wide_table_goes_there_and_back(labels):
    rng = np.random.default_rng(0)
    cells = np.array([*labels, None], dtype=object)[rng.integers(0, 4, (20, 5))]
    cells[:, 0] = labels[1]
    cells[3], cells[:, 2] = None, None
    wide = pd.DataFrame(cells, index=range(100, 120), columns=list("abcde"))
    wide = wide.rename_axis("item").rename_axis("who", axis=1)
    crowd = CrowdLabels.from_wide(wide)
    expected = {
        (100 + i, "abcde"[j]): cells[i, j]
        for i in range(20)
        for j in range(5)
        if cells[i, j] is not None
    }
    assert _as_dict(crowd) == expected
    assert crowd.left_out["missing_label"] == 0
    assert (crowd.sample_name, crowd.worker_name) == ("item", "who")
    back = crowd.to_wide()
    assert back.index.name == "item"
    assert back.columns.name == "who"
    # A sample or worker without a judgement is not held.
    assert back.index.tolist() == [i for i in wide.index if i != 103]
    assert back.columns.tolist() == ["a", "b", "d", "e"]
    assert _as_dict(CrowdLabels.from_wide(back)) == expected


@pytest.mark.parametrize(
    "wide",
    [
        pd.DataFrame({"a": [0, np.nan], "b": [None, 1]}),
        pd.DataFrame({"a": [0, None], "b": [None, 1]}, dtype="Int8"),
        pd.DataFrame({"a": [0, None], "b": [None, 1]}, dtype="category"),
    ],
)
def test_all_gaps_of_a_wide_table_are_missing_labels(wide):
    crowd = CrowdLabels.from_wide(wide)
    assert _as_dict(crowd) == {(0, "a"): 0, (1, "b"): 1}
    assert crowd.left_out["missing_label"] == 0


@pytest.mark.parametrize("gap", [-1, None])
def test_minus_one_in_a_wide_table_is_a_missing_label_with_a_warning(gap):
    wide = pd.DataFrame({"a": [0, gap], "b": [-1, 1]}, dtype=object)
    with pytest.warns(UserWarning, match="cells of -1 are read as no judgement"):
        crowd = CrowdLabels.from_wide(wide)
    assert _as_dict(crowd) == {(0, "a"): 0, (1, "b"): 1}


def test_minus_one_can_be_a_class_of_a_wide_table():
    wide = pd.DataFrame({"a": [1, -1], "b": [None, 1]})
    crowd = CrowdLabels.from_wide(wide, classes=[-1, 1])
    assert _as_dict(crowd) == {(0, "a"): 1, (1, "a"): -1, (1, "b"): 1}


def test_minus_one_of_a_wide_table_goes_there_and_back():
    wide = pd.DataFrame({"a": [1, -1], "b": [None, 1]})
    crowd = CrowdLabels.from_wide(wide, classes=[-1, 1])
    back = crowd.to_wide()
    assert back["a"].cat.categories.tolist() == [-1, 1]
    again = CrowdLabels.from_wide(back, classes=[-1, 1])
    assert _as_dict(again) == _as_dict(crowd)


def test_the_workers_of_a_wide_table_can_be_named():
    wide = pd.DataFrame(
        {"text": [f"t{i}" for i in range(30)], "a": [0, 1] * 15, "b": 1}
    )
    crowd = CrowdLabels.from_wide(wide, workers=["b", "a"])
    assert crowd.worker_ids.tolist() == ["a", "b"]
    assert len(crowd) == 60
    with pytest.raises(ValueError, match=r"needs the column\(s\) 'c'; the frame has"):
        CrowdLabels.from_wide(wide, workers=["a", "c"])
    texts = wide.assign(a=wide["text"] + "!", b="x")
    with pytest.raises(ValueError, match=r"Column 'text' holds 30 different values"):
        CrowdLabels.from_wide(texts)


def test_the_ids_of_a_wide_table_can_be_a_column():
    wide = pd.DataFrame({"item": ["p", "q"], "a": ["x", None], "b": ["y", "x"]})
    crowd = CrowdLabels.from_wide(wide, sample="item")
    assert _as_dict(crowd) == {("p", "a"): "x", ("p", "b"): "y", ("q", "b"): "x"}
    assert crowd.sample_name == "item"


@pytest.mark.parametrize(
    ("wide", "options", "error", "message"),
    [
        (
            pd.DataFrame({"a": [1, 0]}, index=[5, 5]),
            {},
            ValueError,
            "needs one row per sample; these ids repeat: 5",
        ),
        (
            pd.DataFrame([[1, None], [None, 1]], columns=["a", "a"]),
            {},
            ValueError,
            "needs one column per worker; these ids repeat: 'a'",
        ),
        (pd.DataFrame({"a": [1]}), {"sample": "id"}, ValueError, "the column.s. 'id'"),
        (pd.DataFrame({"a": [None]}), {}, ValueError, "holds no judgement"),
        (pd.DataFrame({"a": ["x"]}), {"classes": ["y"]}, ValueError, "1 of 1 labels"),
        (np.array([[1]]), {}, TypeError, "from_wide needs a DataFrame"),
    ],
)
def test_bad_wide_tables_are_refused(wide, options, error, message):
    with pytest.raises(error, match=message):
        CrowdLabels.from_wide(wide, **options)


# Look-up


def test_unknown_ids_have_no_judgements_and_ids_may_repeat():
    crowd = CrowdLabels.from_frame(_frame())
    cast, found = crowd.judgements_of([8, 1, 7, 8])
    assert cast.indptr.tolist() == [0, 1, 1, 3, 4]
    assert crowd.worker_ids[cast.lf].tolist() == ["ann", "ann", "bob", "ann"]
    assert crowd.classes[cast.value].tolist() == ["good", "good", "bad", "good"]
    assert found.tolist() == [True, False, True, True]


def test_ids_that_a_merge_made_floats_are_found():
    crowd = CrowdLabels.from_frame(_frame())
    for ids in (np.array([7.0, 8.0]), pd.Series([7, 8], dtype="Int64")):
        found = crowd.judgements_of(ids).found
        assert found.all()


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        (["7", "8"], TypeError, r"are strings \(like '7'\) and .* numbers \(like 7\)"),
        ([7, None], ValueError, r"1 sample id\(s\) in X are missing, first at row 1"),
        ([7.5], ValueError, "Sample ids in X must be integers or strings; 1 value"),
        (np.array([7, "a"], dtype=object), TypeError, "Sample ids in X must be all st"),
        (np.array([{}], dtype=object), TypeError, "Sample ids in X .* got 'dict'"),
    ],
)
def test_ids_that_cannot_match_are_refused(ids, error, message):
    crowd = CrowdLabels.from_frame(_frame())
    with pytest.raises(error, match=message):
        crowd.judgements_of(ids)


def test_numbers_do_not_match_ids_that_are_strings():
    crowd = CrowdLabels.from_frame(_frame(sample=["7", "7", "8", "9"]))
    with pytest.raises(
        TypeError, match=r"are numbers \(like 7\) .* strings \(like '7'"
    ):
        crowd.judgements_of([7])


# The object


def test_it_cannot_be_changed():
    crowd = CrowdLabels.from_frame(_frame())
    with pytest.raises(AttributeError, match="is immutable; cannot set 'classes'"):
        crowd.classes = np.array(["x"])
    with pytest.raises(AttributeError, match="is immutable; cannot set 'new'"):
        crowd.new = 1
    with pytest.raises(
        AttributeError, match="is immutable; cannot delete 'judgements_per_worker'"
    ):
        del crowd.judgements_per_worker
    for array in (crowd.classes, crowd.judgements_per_worker):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[1]
    crowd.left_out["repeated"] = 99
    assert crowd.left_out["repeated"] == 0
    wide = crowd.to_wide()
    wide.iloc[0, 0] = "changed"
    assert _as_dict(crowd) == JUDGEMENTS


def test_clones_and_copies_are_the_object_itself():
    crowd = CrowdLabels.from_frame(_frame())
    assert clone(crowd) is crowd
    assert copy.copy(crowd) is crowd
    assert copy.deepcopy({"a": [crowd]})["a"][0] is crowd


def test_it_shows_its_size_and_classes():
    assert repr(CrowdLabels.from_frame(_frame())) == (
        "CrowdLabels(3 samples, 3 workers, 4 judgements, classes=['bad', 'good'])"
    )


def test_the_summary_counts_what_came_in():
    frame = _frame(
        sample=[7, 7, 7, 9], worker=["a", "a", "b", "c"], label=["x", "y", None, "?"]
    )
    crowd = CrowdLabels.from_frame(frame, classes=["x", "y"], handle_unknown="count")
    assert crowd.summary().to_dict() == {
        "samples": 2,
        "workers": 2,
        "judgements": 1,
        "judgements with an unknown label": 1,
        "unknown label '?'": 1,
        "repeated, left out": 1,
        "without label, left out": 1,
        "labels read without blanks": 0,
    }


@pytest.mark.parametrize("writer", ["pickle", "joblib"])
def test_it_can_be_read_in_another_process(tmp_path, writer):
    crowd = CrowdLabels.from_frame(_frame())
    path = tmp_path / "crowd"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(crowd))
    else:
        joblib.dump(crowd, path)
    code = (
        f"import {writer}, sys\n"
        f"crowd = {writer}.load(open(sys.argv[1], 'rb'))\n"
        "assert not crowd.classes.flags.writeable\n"
        "print(crowd, crowd.summary().to_dict(), crowd.to_frame().to_dict('list'))\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    ).stdout
    expected = (
        f"{crowd} {crowd.summary().to_dict()} {crowd.to_frame().to_dict('list')}\n"
    )
    assert printed == expected


def _from_csv(ids, column="sample", **options):
    """Read ids of a CSV file whose other columns are plain."""
    rows = [
        f"{one},w{k},good" if column == "sample" else f"{k},{one},good"
        for k, one in enumerate(ids)
    ]
    file = StringIO("\n".join(["sample,worker,label", *rows]))
    crowd = CrowdLabels.from_csv(file, **options)
    return getattr(crowd, f"{column}_ids").tolist()


@pytest.mark.parametrize("column", ["sample", "worker"])
@pytest.mark.parametrize(
    "ids",
    [
        ["00041", "00042"],
        ["00041", "7"],
        ["+41", "42"],
        ["-01", "1"],
        ["12345678901234567890123", "7"],
        ["00.5", "1"],
        ["00041", "a7"],
        ["18446744073709551615", "-1"],
    ],
    ids=lambda ids: ids[0],
)
def test_ids_of_a_csv_file_stay_texts_where_numbers_would_lose(ids, column):
    expected = sorted(ids) if column == "worker" else ids
    assert _from_csv(ids, column) == expected


@pytest.mark.parametrize("column", ["sample", "worker"])
@pytest.mark.parametrize(
    ("ids", "read"),
    [
        (["41", "42"], [41, 42]),
        (["0", "7"], [0, 7]),
        (["-3", "7"], [-3, 7]),
        (["7.0", "8.0"], [7, 8]),
        (["7", "1e+05"], [7, 100_000]),
        (["1234567890123456789", "1234567890123456790"], None),
        (["18446744073709551614", "18446744073709551615"], None),
    ],
    ids=str,
)
def test_ids_of_a_csv_file_are_numbers_where_nothing_is_lost(ids, read, column):
    expected = [int(one) for one in ids] if read is None else read
    found = _from_csv(ids, column)
    assert found == expected
    assert {type(one) for one in found} == {int}


def test_rows_without_a_label_may_lack_an_id():
    file = "sample,worker,label\n1234567890123456789,ann,good\n,ann,\n"
    crowd = CrowdLabels.from_csv(StringIO(file))
    assert crowd.sample_ids.tolist() == [1234567890123456789]


def test_options_decide_what_ids_of_a_csv_file_are():
    ids = ["00041", "00042"]
    assert _from_csv(ids, dtype={"sample": int}) == [41, 42]
    assert _from_csv(ids, converters={"sample": int}) == [41, 42]
    assert _from_csv(["41", "42"], dtype=str) == ["41", "42"]
    assert _from_csv(["41", "42"], dtype={"sample": str}) == ["41", "42"]
    assert _from_csv(ids, dtype={"worker": str}) == ids
    assert _from_csv(["1_041", "2_042"], thousands="_") == [1041, 2042]


def test_a_csv_file_in_chunks_is_refused():
    with pytest.raises(TypeError, match=r"needs a DataFrame .* got TextFileReader"):
        _from_csv(["1", "2"], chunksize=1)


def test_a_csv_file_without_the_columns_is_refused_as_a_frame_is():
    with pytest.raises(ValueError, match="sample"):
        CrowdLabels.from_csv(StringIO("a,b,label\n1,2,good\n"))


def test_ids_that_begin_with_zero_are_found_by_text_only():
    file = StringIO("sample,worker,label\n00041,ann,good\n00042,ann,bad\n")
    crowd = CrowdLabels.from_csv(file)
    assert crowd.judgements_of(["00042"]).found.tolist() == [True]
    with pytest.raises(TypeError, match="dtype=str for ids if they begin with 0"):
        crowd.judgements_of([41])
