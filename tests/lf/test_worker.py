"""One labeling function per crowd worker, from long and from wide tables."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer

from sklabel import CrowdLabels, LFUnion, WorkerLFTransformer
from sklabel.inspection import label_coverage
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense
from tests._data import weather_sentiment


@pytest.fixture
def judgements():
    return pd.DataFrame(
        {
            "item": [7, 7, 8, 9, 9],
            "worker": ["ann", "bob", "ann", "cid", "bob"],
            "label": ["good", "bad", "good", "bad", "good"],
        }
    )


@pytest.fixture
def crowd(judgements):
    return CrowdLabels.from_frame(judgements, sample="item")


@pytest.fixture
def items():
    return pd.DataFrame({"item": [9, 1, 7], "text": ["rain", "sun", "fog"]})


VOTES = [[None, "good", "bad"], [None, None, None], ["good", "bad", None]]
NAMES = ["worker_ann", "worker_bob", "worker_cid"]


def _random_crowd(seed, labels=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "sample": rng.integers(0, 30, 200),
            "worker": rng.integers(0, 12, 200),
            "label": rng.choice(np.array(labels), 200),
        }
    )


# Long


def test_each_worker_votes_on_the_samples_that_he_judged(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    votes = transformer.transform(items)
    assert isinstance(votes, NamedVotes)
    assert votes.tolist() == VOTES
    assert votes.codes.dtype == np.int8
    assert votes.classes.tolist() == ["bad", "good"]
    assert transformer.get_feature_names_out().tolist() == NAMES
    assert transformer.classes_.tolist() == ["bad", "good"]
    assert transformer.workers_.tolist() == ["ann", "bob", "cid"]
    assert transformer.judgements_per_worker_.tolist() == [2, 2, 1]
    assert transformer.lf_workers_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("unipolar", [False, True])
@pytest.mark.parametrize(
    "labels", [("a", "b", "c"), (1, 2, 3, 4, 5), (0, 1, 3), (-3, 0, 2), (-1, 1)]
)
def test_votes_equal_those_of_three_loops(labels, unipolar):
    frame = _random_crowd(0, labels)
    crowd = CrowdLabels.from_frame(frame, classes=labels)
    ids = np.random.default_rng(1).integers(0, 40, 50)
    transformer = WorkerLFTransformer(crowd, unipolar=unipolar)
    votes = transformer.fit_transform(ids.reshape(-1, 1))
    names = transformer.get_feature_names_out().tolist()
    gap = None if isinstance(votes, NamedVotes) else -1
    expected = np.full(votes.shape, gap, dtype=object)
    for i, sample in enumerate(ids):
        for line in frame.itertuples():  # the last of repeated ones counts
            if line.sample == sample:
                name = f"worker_{line.worker}"
                if unipolar:
                    for label in labels:
                        expected[i, names.index(f"{name}_{label}")] = gap
                    name += f"_{line.label}"
                expected[i, names.index(name)] = line.label
    assert isinstance(votes, NamedVotes) == (labels[0] in ("a", -3, -1))
    assert votes.tolist() == expected.tolist()


def test_unipolar_functions_vote_for_one_class_each(crowd, items):
    transformer = WorkerLFTransformer(crowd, unipolar=True)
    votes = transformer.fit_transform(items)
    names = [f"{name}_{label}" for name in NAMES for label in ("bad", "good")]
    assert transformer.get_feature_names_out().tolist() == names
    for j, name in enumerate(names):
        values = set(votes[:, j].tolist()) - {None}
        assert values <= {name.rpartition("_")[2]}
    np.testing.assert_array_equal((~votes.isna()).sum(axis=1), [2, 0, 2])


@pytest.mark.parametrize(
    ("min_labels", "workers"), [(1, "abc"), (2, "ab"), (3, "a"), (4, "a")]
)
def test_min_labels_counts_all_judgements_of_a_worker(min_labels, workers):
    frame = pd.DataFrame(
        {
            "sample": [1, 2, 3, 4, 1, 2, 3],
            "worker": list("aaaabbc"),
            "label": ["x", "?", "?", "y", "x", "?", "x"],
        }
    )
    crowd = CrowdLabels.from_frame(frame, classes=["x", "y"], handle_unknown="count")
    transformer = WorkerLFTransformer(crowd, min_labels=min_labels)
    # Also in a fit that sees few samples.
    votes = transformer.fit(pd.DataFrame({"sample": [3]})).transform(
        pd.DataFrame({"sample": [1, 2]})
    )
    assert transformer.workers_.tolist() == list(workers)
    expected = {"a": ["x", None], "b": ["x", None], "c": [None, None]}
    for j, worker in enumerate(workers):
        assert votes[:, j].tolist() == expected[worker]


def test_integer_labels_vote_for_themselves_and_wide_ones_get_wide_integers():
    frame = pd.DataFrame({"sample": [1, 2], "worker": 5, "label": [3, 300]})
    transformer = WorkerLFTransformer(frame, id_column="item")
    items = pd.DataFrame({"item": [2, 1]})
    votes = transformer.fit_transform(items)
    assert votes.tolist() == [[300], [3]]
    assert votes.dtype == np.int16
    assert transformer.get_feature_names_out().tolist() == ["worker_5"]


@pytest.mark.parametrize("unipolar", [False, True])
@pytest.mark.parametrize("wide", [False, True])
def test_sparse_votes_equal_dense_ones(unipolar, wide):
    frame = _random_crowd(2).drop_duplicates(["sample", "worker"])
    crowd = CrowdLabels.from_frame(frame)
    X = pd.DataFrame({"sample": range(-3, 33)})
    options = {"unipolar": unipolar, "min_labels": 8}
    if wide:
        X, crowd = crowd.to_wide().rename(columns=str), None
    dense = WorkerLFTransformer(crowd, **options).fit_transform(X)
    votes = WorkerLFTransformer(crowd, sparse_output=True, **options).fit_transform(X)
    assert isinstance(votes, VoteMatrix)
    assert votes.nnz == (~dense.isna()).sum()
    assert votes.classes.tolist() == dense.classes.tolist()
    # What scipy stacks without the names can be told from votes that are integers.
    assert votes.data.max() <= -2
    assert votes.toarray().tolist() == dense.tolist()


def test_all_unknown_ids_abstain_with_a_warning_in_fit(crowd):
    items = pd.DataFrame({"item": [100, 101]})
    transformer = WorkerLFTransformer(crowd)
    with pytest.warns(
        UserWarning,
        match=r"None of the 2 sample ids in X has a judgement \(X has 100, 101; the "
        r"crowd labels have 7, 8, 9\). Check id_column",
    ) as record:
        transformer.fit(items)
    with pytest.warns(UserWarning, match="None of the 2") as in_pipeline:
        make_pipeline(make_union(WorkerLFTransformer(crowd))).fit_transform(items)
    names = [warning.filename for warning in [*record, *in_pipeline]]
    assert names == [__file__, __file__]
    assert (transformer.transform(items) == -1).all()


def test_a_long_frame_is_turned_into_a_store(judgements):
    frame = judgements.rename(columns={"item": "sample"})
    items = pd.DataFrame({"sample": [9, 1, 7]})
    transformer = WorkerLFTransformer(frame)
    assert transformer.fit_transform(items).tolist() == VOTES
    assert transformer.crowd_labels is frame


# Judgements that repeat


@pytest.mark.parametrize("sparse_output", [False, True])
def test_repeated_judgements_stand_in_columns_of_their_own(sparse_output):
    frame = pd.DataFrame(
        {
            "sample": [1, 1, 1, 2, 2, 2],
            "worker": ["ann", "ann", "bob", "ann", "bob", "ann"],
            "label": [0, 1, 1, 1, 0, 1],
        }
    )
    crowd = CrowdLabels.from_frame(frame, duplicates="keep")
    transformer = WorkerLFTransformer(crowd, sparse_output=sparse_output)
    votes = votes_to_dense(transformer.fit_transform(pd.DataFrame({"sample": [2, 1]})))
    assert votes.tolist() == [[1, 1, 0], [0, 1, 1]]
    assert transformer.get_feature_names_out().tolist() == [
        "worker_ann",
        "worker_ann_repeat2",
        "worker_bob",
    ]
    assert transformer.workers_.tolist() == ["ann", "bob"]
    assert transformer.judgements_per_worker_.tolist() == [4, 2]
    assert transformer.lf_workers_.tolist() == [0, 0, 1]
    transformer.set_params(unipolar=True)
    votes = votes_to_dense(transformer.fit_transform(pd.DataFrame({"sample": [1]})))
    assert votes.tolist() == [[0, -1, -1, 1, -1, 1]]
    assert transformer.get_feature_names_out()[3] == "worker_ann_repeat2_1"


# Which column holds the ids


def test_only_the_id_column_is_needed(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    assert transformer.transform(items[["item"]]).tolist() == VOTES
    shuffled = items[["text", "item"]].assign(new=0)
    assert transformer.transform(shuffled).tolist() == VOTES


@pytest.mark.parametrize(
    ("X", "id_column"),
    [
        (pd.DataFrame({"x": 0, "id": [9, 1, 7]}), "id"),
        (pd.DataFrame({"x": 0, "id": [9, 1, 7]}), 1),
        (pd.DataFrame({5: 0, 3: [9, 1, 7]}), 3),
        (pd.DataFrame({"anything": [9, 1, 7]}), None),
        (pd.DataFrame({"x": 0, "item": [9, 1, 7]}), None),
        (pd.DataFrame({"item": [9.0, 1.0, 7.0]}), None),
        (pd.DataFrame({"item": [9, 1, 7]}, dtype="Int64"), None),
        (pd.DataFrame({"item": [9, 1, 7]}, dtype="category"), None),
        (np.array([[0, 9], [0, 1], [0, 7]]), 1),
        ([[9], [1], [7]], None),
        (np.array([["x", 9], ["x", 1], ["x", 7]], dtype=object), 1),
    ],
)
def test_the_id_column_is_found(crowd, X, id_column):
    transformer = WorkerLFTransformer(crowd, id_column=id_column)
    assert transformer.fit_transform(X).tolist() == VOTES


ITEMS = pd.DataFrame({"a": [9, 1, 7], "b": [0, 0, 0]})


@pytest.mark.parametrize(
    ("X", "id_column", "error", "message"),
    [
        (
            ITEMS,
            "id",
            ValueError,
            r"needs the column\(s\) 'id'; the frame has 'a', 'b'",
        ),
        (ITEMS, None, ValueError, r"has several others \('a', 'b'\); say which"),
        (
            ITEMS,
            2,
            ValueError,
            "id_column=2 is not a position in X, which has 2",
        ),
        (ITEMS, -1, ValueError, "id_column=-1 is not a position in X"),
        (
            ITEMS.to_numpy(),
            "a",
            ValueError,
            "id_column='a' is a name, and X is an array",
        ),
        (ITEMS.to_numpy(), None, ValueError, r"X has several columns \(2\); say which"),
        (ITEMS.astype(str), "a", TypeError, "Sample ids in X are strings .* numbers"),
        (ITEMS.assign(a=[7, None, 9]), "a", ValueError, "missing, first at row 1"),
        (ITEMS.assign(a=[7, 0.5, 9]), "a", ValueError, "Sample ids in X must be integ"),
        (ITEMS[:0], "a", ValueError, r"Found array with 0 sample\(s\)"),
        (ITEMS["a"], None, ValueError, "2-dimensional|2D"),
    ],
)
def test_ids_that_are_missing_unclear_or_of_another_kind_raise(
    crowd, X, id_column, error, message
):
    with pytest.raises(error, match=message):
        WorkerLFTransformer(crowd, id_column=id_column).fit(X)


def test_a_missing_id_in_transform_raises(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    with pytest.raises(ValueError, match=r"1 sample id\(s\) in X are missing"):
        transformer.transform(items.assign(item=[9, None, 7]))
    with pytest.raises(
        ValueError, match="X lacks the column 'item' of the crowd labels"
    ):
        transformer.transform(items.rename(columns={"item": "id"}))


# Wide

WIDE = pd.DataFrame(
    {"ann": [None, "good"], "bob": ["bad", None], "cid": ["good", "good"]}
)
WIDE_VOTES = [[None, "bad", "good"], ["good", None, "good"]]


def test_a_wide_table_needs_no_crowd_labels():
    transformer = WorkerLFTransformer().fit(WIDE)
    assert transformer.transform(WIDE).tolist() == WIDE_VOTES
    assert transformer.get_feature_names_out().tolist() == NAMES
    assert transformer.judgements_per_worker_.tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    "wide",
    [
        [[0, -1], [3, 0]],
        np.array([[0, np.nan], [3, 0]]),
        np.array([[0, None], [3, 0]], dtype=object),
        pd.DataFrame({"a": [0, 3], "b": [None, 0]}, dtype="Int8"),
        pd.DataFrame({"a": [0, 3], "b": [None, 0]}, dtype="category"),
        pd.DataFrame({"a": [0, 3], "b": [np.nan, 0]}),
    ],
)
def test_wide_numbers_of_any_dtype_are_the_same(wide):
    transformer = WorkerLFTransformer()
    assert transformer.fit_transform(wide).tolist() == [[0, -1], [3, 0]]
    assert transformer.classes_.tolist() == [0, 3]


@pytest.mark.parametrize("wide", [WIDE, pd.DataFrame({"a": [1, 0], "b": [0, 1]})])
@pytest.mark.parametrize("gap", [None, np.nan])
def test_a_batch_without_labels_abstains(wide, gap):
    transformer = WorkerLFTransformer().fit(wide)
    empty = pd.DataFrame(gap, index=[0, 1, 2], columns=wide.columns)
    assert (transformer.transform(empty) == -1).all()


def test_worker_ids_that_are_numbers_name_the_functions():
    wide = pd.DataFrame([[1, 0], [0, 1]], columns=[6332651, 18804376])
    transformer = WorkerLFTransformer().fit(wide)
    assert transformer.workers_.tolist() == [6332651, 18804376]
    assert transformer.get_feature_names_out().tolist() == [
        "worker_6332651",
        "worker_18804376",
    ]
    with pytest.raises(
        ValueError, match="X has the columns 18804376, 6332651; fit had"
    ):
        transformer.transform(wide[[18804376, 6332651]])


def test_wide_and_long_tables_give_the_same_votes():
    crowd = CrowdLabels.from_frame(_random_crowd(3))
    wide = crowd.to_wide()
    ids = pd.DataFrame({"sample": wide.index})
    for options in ({}, {"unipolar": True}, {"min_labels": 12}):
        by_id = WorkerLFTransformer(crowd, **options).fit(ids)
        by_column = WorkerLFTransformer(**options).fit(wide)
        same = by_id.transform(ids) == by_column.transform(wide)
        assert np.all(same)
        assert np.size(same) == len(ids) * len(by_id.get_feature_names_out())
        np.testing.assert_array_equal(
            by_id.get_feature_names_out(), by_column.get_feature_names_out()
        )


def test_given_classes_set_the_order_of_those_of_a_wide_table():
    transformer = WorkerLFTransformer(classes=["good", "bad", "ugly"])
    votes = transformer.fit_transform(WIDE)
    assert votes.classes.tolist() == ["good", "bad", "ugly"]
    assert votes.codes.tolist() == [[-1, 1, 0], [0, -1, 0]]
    assert votes.tolist() == WIDE_VOTES


@pytest.mark.parametrize(
    "wide",
    [
        [[1, -1], [-1, 1]],
        np.array([[1, -1], [-1, 1]], dtype=np.int8),
        np.array([[1.0, -1.0], [-1.0, 1.0]]),
        pd.DataFrame({"a": [1, -1], "b": [-1, 1]}, dtype="Int64"),
        pd.DataFrame({"a": [1, -1], "b": [-1, 1]}, dtype="category"),
    ],
)
@pytest.mark.parametrize("sparse_output", [False, True])
def test_minus_one_is_a_label_of_a_wide_table_if_it_is_a_class(wide, sparse_output):
    transformer = WorkerLFTransformer(classes=[-1, 1], sparse_output=sparse_output)
    votes = votes_to_dense(transformer.fit_transform(wide))
    assert votes.classes.tolist() == [-1, 1]
    assert votes.tolist() == [[1, -1], [-1, 1]]
    assert transformer.judgements_per_worker_.tolist() == [2, 2]


def test_minus_one_beside_gaps_of_a_wide_table_warns_without_classes():
    wide = pd.DataFrame({"a": [1, -1, 0], "b": [None, 1, 0]})
    with pytest.warns(UserWarning, match="1 cells of -1 and 1 missing ones; both"):
        WorkerLFTransformer().fit(wide)
    votes = WorkerLFTransformer(classes=[-1, 0, 1]).fit_transform(wide)
    assert votes.tolist() == [[1, None], [-1, 1], [0, 0]]


@pytest.mark.parametrize(
    ("options", "X", "message"),
    [
        (
            {"classes": ["good"]},
            WIDE,
            r"not in classes \['good'\]: 'bad' \(first at row 0, worker 'bob'\). Pass",
        ),
        ({"min_labels": 3}, WIDE, "No worker has min_labels=3 .* busiest of 3 has 2"),
        ({}, [[-1, -1]], "X holds no label: all 1 rows of all 2 workers are empty"),
        (
            {"classes": [-1, 1]},
            [[1, -1], [0, 1]],
            r"not in classes \[-1, 1\]: 0 \(first at row 1, worker 0\)",
        ),
    ],
)
def test_bad_wide_tables_raise(options, X, message):
    with pytest.raises(ValueError, match=message):
        WorkerLFTransformer(**options).fit(X)


def test_a_label_that_fit_did_not_see_raises():
    transformer = WorkerLFTransformer().fit(WIDE)
    with pytest.raises(ValueError, match=r"'ugly' \(first at row 1, worker 'ann'\)"):
        transformer.transform(WIDE.assign(ann=["good", "ugly"]))


# Parameters


def test_classes_belong_to_the_store_where_there_is_one(crowd, items):
    with pytest.raises(
        ValueError, match=r"Pass classes to CrowdLabels\.from_frame inst"
    ):
        WorkerLFTransformer(crowd, classes=["bad", "good"]).fit(items)


@pytest.mark.parametrize(
    "options", [{"crowd_labels": "file.csv"}, {"min_labels": 0}, {"unipolar": "yes"}]
)
def test_bad_parameters_raise(options, items):
    (name,) = options
    with pytest.raises(ValueError, match=f"The '{name}' parameter of WorkerLFTransf"):
        WorkerLFTransformer(**options).fit(items)


def test_nothing_works_before_fit(crowd, items):
    with pytest.raises(NotFittedError):
        WorkerLFTransformer(crowd).transform(items)
    with pytest.raises(NotFittedError):
        WorkerLFTransformer(crowd).get_feature_names_out()


def test_a_second_fit_forgets_the_first(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    transformer.set_params(crowd_labels=None)
    # A parameter counts from the next fit on.
    assert transformer.transform(items).tolist() == VOTES
    assert transformer.fit_transform(WIDE).tolist() == WIDE_VOTES


# Beside other transformers


def _is_wet(frame):
    wet = frame[["text"]].isin(["rain", "fog"]).to_numpy()
    return NamedVotes.from_labels(np.where(wet, "bad", None))


def test_set_output_returns_a_frame_with_names_and_index(crowd, items):
    transformer = WorkerLFTransformer(crowd).set_output(transform="pandas")
    items = items.set_axis([30, 20, 10])
    frame = transformer.fit_transform(items)
    assert frame.columns.tolist() == NAMES
    assert frame.index.tolist() == [30, 20, 10]
    for name, column in zip(NAMES, zip(*VOTES, strict=True), strict=True):
        assert frame[name].cat.categories.tolist() == ["bad", "good"]
        assert frame[name].astype(object).where(frame[name].notna(), None).tolist() == [
            *column
        ]


@pytest.mark.parametrize("sparse_output", [False, True])
def test_it_stands_in_a_union_beside_others_on_one_frame(crowd, items, sparse_output):
    options = {"sparse_output": sparse_output}
    union = (LFUnion if sparse_output else FeatureUnion)(
        [
            ("all", WorkerLFTransformer(crowd, **options)),
            ("busy", WorkerLFTransformer(crowd, min_labels=2, **options)),
        ]
    )
    votes = votes_to_dense(union.fit_transform(items))
    assert votes.tolist() == [[*row, *row[:2]] for row in VOTES]
    assert union.get_feature_names_out()[3] == "busy__worker_ann"
    with_others = make_union(
        WorkerLFTransformer(crowd), FunctionTransformer(_is_wet)
    ).fit_transform(items)
    assert with_others.tolist() == [
        [*row, wet] for row, wet in zip(VOTES, ["bad", None, "bad"], strict=True)
    ]


@pytest.mark.parametrize("sparse_threshold", [0, 1])
@pytest.mark.parametrize("sparse_output", [False, True])
def test_it_stands_in_a_column_transformer(
    crowd, items, sparse_output, sparse_threshold
):
    options = {"sparse_output": sparse_output}
    columns = make_column_transformer(
        (WorkerLFTransformer(crowd, **options), ["item"]),
        (WorkerLFTransformer(crowd, min_labels=2, **options), ["item"]),
        sparse_threshold=sparse_threshold,
    )
    votes = columns.fit_transform(items)
    if sparse_output and sparse_threshold:
        # scipy stacks the blocks, and drops the names.
        with pytest.raises(ValueError, match=r"lost the names of its classes.*LFUnion"):
            votes_to_dense(votes)
    else:
        assert votes_to_dense(votes).tolist() == [[*row, *row[:2]] for row in VOTES]


def test_integer_votes_stand_beside_a_text_transformer(judgements, items):
    votes = [[-1, 1, 0], [-1, -1, -1], [1, 0, -1]]
    numbers = judgements.assign(label=(judgements["label"] == "good").astype(int))
    crowd = CrowdLabels.from_frame(numbers, sample="item")
    columns = make_column_transformer(
        (WorkerLFTransformer(crowd), ["item"]), (CountVectorizer(), "text")
    )
    assert columns.fit_transform(items)[:, :3].tolist() == votes


def test_names_beside_counts_of_words_are_refused(crowd, items):
    columns = make_column_transformer(
        (WorkerLFTransformer(crowd), ["item"]), (CountVectorizer(), "text")
    )
    with pytest.raises(
        ValueError, match=r"different kinds: \['bad', 'good'\] and \[0, 1\]"
    ):
        columns.fit_transform(items)


@pytest.mark.parametrize("options", [{}, {"min_labels": 10}, {"unipolar": True}])
def test_columns_are_the_same_in_every_fold(options):
    X = pd.DataFrame({"sample": range(30)})
    transformer = WorkerLFTransformer(CrowdLabels.from_frame(_random_crowd(4)))
    transformer.set_params(**options).fit(X)
    names = transformer.get_feature_names_out()
    votes = transformer.transform(X)
    for train, test in KFold(6, shuffle=True, random_state=0).split(X):
        fold = clone(transformer).fit(X.iloc[train])
        np.testing.assert_array_equal(fold.get_feature_names_out(), names)
        assert (fold.transform(X.iloc[test]) == votes[test]).all()


class _CountCalls(CrowdLabels):
    """A store that counts how often one is built."""

    __slots__ = ()
    n_built = 0

    @classmethod
    def from_frame(cls, *args, **kwargs):
        _CountCalls.n_built += 1
        return super().from_frame(*args, **kwargs)


def test_a_grid_search_carries_the_store_along():
    crowd = _CountCalls.from_frame(_random_crowd(5))
    X = pd.DataFrame({"sample": range(30)})
    search = GridSearchCV(
        make_pipeline(WorkerLFTransformer(crowd), DummyClassifier()),
        {"workerlftransformer__min_labels": [1, 10, 15]},
        cv=3,
    )
    search.fit(X, np.arange(30) % 2)
    assert _CountCalls.n_built == 1
    best = search.best_estimator_["workerlftransformer"]
    assert best.crowd_labels is crowd
    assert search.predict(X).shape == (30,)


def test_a_fitted_one_can_be_pickled(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    copy = pickle.loads(pickle.dumps(transformer))
    assert copy.transform(items).tolist() == VOTES
    assert copy.get_feature_names_out().tolist() == NAMES


def test_input_features_must_be_those_of_fit(crowd, items):
    transformer = WorkerLFTransformer(crowd).fit(items)
    assert transformer.get_feature_names_out(["item"]).tolist() == NAMES
    with pytest.raises(ValueError, match="input_features is not equal"):
        transformer.get_feature_names_out(["id"])


# The published numbers


@pytest.fixture
def weather():
    return weather_sentiment()


def test_the_workers_and_coverages_of_the_tutorial_come_out(weather):
    crowd = CrowdLabels.from_frame(
        weather.crowd_labels, sample="tweet_id", worker="worker_id"
    )
    assert crowd.n_judgements == 1916
    transformer = WorkerLFTransformer(crowd).fit(weather.train)
    assert len(transformer.get_feature_names_out()) == 100
    for split, coverage in (("train", 94 / 187), ("dev", 25 / 50), ("test", 0)):
        votes = transformer.transform(weather[split])
        assert label_coverage(votes) == pytest.approx(coverage)


def test_the_unipolar_variant_of_the_tutorial_comes_out(weather):
    crowd = CrowdLabels.from_frame(
        weather.crowd_answers,
        sample="tweet_id",
        worker="worker_id",
        label="answer",
        classes=["Negative", "Positive"],
        handle_unknown="count",
    )
    assert crowd.n_judgements == 1916
    transformer = WorkerLFTransformer(crowd, min_labels=11, unipolar=True)
    votes = transformer.fit_transform(weather.train)
    assert len(transformer.workers_) == 68
    assert votes.shape == (187, 136)
    names = transformer.get_feature_names_out()
    assert all(name.endswith(("_Negative", "_Positive")) for name in names)
