import copy
import io
import pickle
import pickletools
import subprocess
import sys
from inspect import isabstract
from pathlib import Path, PurePosixPath

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

import sklabel
from sklabel import (
    BertEmbedder,
    CrowdLabels,
    EstimatorLF,
    LabelModel,
    LFTransformer,
    MajorityVote,
    PolarityLFTransformer,
    RegexLFTransformer,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
    _version,
    label_model,
    labeling_function,
)
from sklabel.datasets import load_weather_posts
from sklabel.model_selection import GoldKFold
from sklabel.utils._portable import portable, restored

DATA = load_weather_posts()
POSTS = DATA.train
TEXTS = ["a warm day", "rain again and again", "what a storm"]


@labeling_function
def mentions_rain(x):
    return 0 if "rain" in x.tweet_text else None


@labeling_function(vectorized=True)
def mentions_sun(X):
    return X["tweet_text"].str.contains("sun").map({True: 1, False: -1})


def crowd_labels(text_ids=False):
    frame = DATA.crowd_labels.rename(columns={"tweet_id": "sample"})
    frame = frame.rename(columns={"worker_id": "worker"})
    if text_ids:
        # Characters of one, two and four bytes.
        names = [f"Zoë \U0001f327 {worker}" for worker in frame.worker]
        frame["worker"] = pd.Series(names, dtype=object)
    return CrowdLabels.from_frame(frame)


def bag_of_words():
    return make_pipeline(
        make_column_transformer((CountVectorizer(), "tweet_text")),
        LogisticRegression(),
    )


def things():
    """Yield (name, object, what it gives) of all that a user may keep."""
    crowd = crowd_labels()
    worker = WorkerLFTransformer(crowd, id_column="tweet_id").fit(POSTS)
    votes = worker.transform(POSTS)
    gold = np.where(np.arange(len(POSTS)) < 20, POSTS.sentiment, -1)

    def transform(estimator):
        return estimator.transform(POSTS)

    def proba(model):
        return model.predict_proba(votes)

    def end_proba(model):
        return model.predict_proba(POSTS)

    for name, store in (("numbers", crowd), ("texts", crowd_labels(text_ids=True))):
        yield f"CrowdLabels of {name}", store, lambda c: c.to_wide().to_numpy()
    yield "worker", worker, transform
    sparse = WorkerLFTransformer(crowd, id_column="tweet_id", sparse_output=True)
    yield "sparse worker", sparse.fit(POSTS), lambda e: transform(e).toarray()
    wide = crowd.to_wide()
    for name, frame in (("wide", wide), ("renamed", wide.rename(columns="{}".format))):
        yield (
            name,
            WorkerLFTransformer().fit(frame),
            lambda e, frame=frame: e.transform(frame),
        )
    long = crowd.to_frame()
    yield (
        "frame",
        WorkerLFTransformer(long, id_column="tweet_id").fit(POSTS),
        transform,
    )
    yield (
        "functions",
        LFTransformer([mentions_rain, mentions_sun]).fit(POSTS),
        transform,
    )
    polarity = PolarityLFTransformer("tweet_text")
    yield "polarity", polarity.fit(POSTS), lambda e: e.get_feature_names_out()
    words = RegexLFTransformer({"good": ["sun", "nice"], "bad": ["rain"]}, "tweet_text")
    yield "words", words.fit(POSTS), transform
    classifier = EstimatorLF(LogisticRegression(), threshold=0.6)
    yield "classifier", classifier.fit(votes, gold), lambda e: e.transform(votes)
    for name in label_model.__all__:
        Model = getattr(label_model, name)
        if isabstract(Model) or not issubclass(Model, BaseEstimator):
            continue
        yield name, Model().fit(votes, gold), proba
        if hasattr(Model, "partial_fit"):
            first = Model(class_prior=[0.5, 0.5]).partial_fit(votes, classes=[0, 1])
            yield f"{name} in portions", first.partial_fit(votes), proba
            yield (
                f"{name} goes on",
                first,
                lambda m: proba(copy.deepcopy(m).partial_fit(votes)),
            )
    named = pd.DataFrame(votes, columns=worker.get_feature_names_out())
    grouped = LabelModel(groups={"worker_143": "a", "worker_146": "a"})
    yield "groups", grouped.fit(named), lambda m: m.predict_proba(named)
    series = pd.Series(["x", *map(str, range(votes.shape[1] - 1))], name="of")
    yield "series", LabelModel(groups=series).fit(votes), proba
    yield "index", MajorityVote(classes=pd.Index([0, 1])).fit(votes), proba
    lfs = FeatureUnion([("w", worker), ("f", LFTransformer([mentions_rain]))])
    workflow = WeakSupervisionClassifier(lfs, LabelModel(), bag_of_words())
    yield "workflow", workflow.fit(POSTS, gold), end_proba
    workflow = WeakSupervisionClassifier(
        FrozenEstimator(worker), LabelModel(), bag_of_words()
    )
    half = np.where(np.arange(len(POSTS)) % 2, POSTS.sentiment, -1)
    yield "frozen", workflow.fit(POSTS, half), end_proba
    soft = SoftLabelClassifier(bag_of_words())
    labels = LabelModel().fit(votes).predict_proba(votes)
    yield "soft", soft.fit(POSTS, labels), end_proba
    yield "folds", GoldKFold(3, shuffle=True, random_state=0), repr


THINGS = list(things())
THING = pytest.mark.parametrize(
    ("thing", "result_of"),
    [pytest.param(thing, result, id=name) for name, thing, result in THINGS],
)


def embedders(tiny_bert):
    for store in (False, True):
        yield BertEmbedder(Path(tiny_bert), store_model=store, device="auto").fit(TEXTS)


class Listing(pickle.Pickler):
    """A pickler that keeps all objects that it is not born with."""

    def __init__(self, file):
        super().__init__(file)
        self.objects = []

    def reducer_override(self, obj):
        self.objects.append(obj)
        return NotImplemented


def objects_and_texts(thing):
    file = io.BytesIO()
    pickler = Listing(file)
    pickler.dump(thing)
    texts = [
        argument
        for _, argument, _ in pickletools.genops(file.getvalue())
        if isinstance(argument, str)
    ]
    return pickler.objects, texts


def assert_portable(thing, *folders):
    objects, texts = objects_and_texts(thing)
    assert objects
    for obj in objects:
        module = getattr(obj if isinstance(obj, type) else type(obj), "__module__", "")
        name = f"{module}.{obj!r:.80}"
        assert not module.startswith(("pandas", "pathlib", "torch", "_thread")), name
        assert not isinstance(obj, np.memmap), name
        if isinstance(obj, np.ndarray | np.generic):
            assert obj.dtype.isnative, name
            # Of a size that depends on the machine: long double.
            assert obj.dtype.char not in "gG", name
    here = (str(Path.home()), str(Path.cwd()), sys.prefix, *folders)
    assert not [text for text in texts if text.startswith(here) and len(text) > 1]


@THING
def test_a_pickle_holds_nothing_of_this_machine(thing, result_of):
    assert_portable(thing)
    if isinstance(thing, BaseEstimator):
        assert_portable(clone(thing))


def test_the_pickle_of_an_embedder_holds_nothing_of_this_machine(tiny_bert):
    for embedder in embedders(tiny_bert):
        assert_portable(embedder)
        assert_portable(clone(embedder))
        again = pickle.loads(pickle.dumps(embedder))
        assert again.model_name == tiny_bert
        assert_array_equal(again.transform(TEXTS), embedder.transform(TEXTS))


def test_the_walk_finds_what_it_looks_for(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.ones(3))
    for bad in (
        [tmp_path],
        [pd.Index([1])],
        [np.load(path, mmap_mode="r")],
        [np.ones(2, dtype=">f8")],
        [np.ones(2, dtype=np.longdouble)],
        [str(Path.cwd() / "model")],
    ):
        with pytest.raises(AssertionError):
            assert_portable([np.zeros(1), *bad])


WINDOWS = """
import pathlib, pickle, sys
import sklabel, sklearn.pipeline, sklearn.compose, scipy.sparse
def cannot(cls, *args, **kwargs):
    raise NotImplementedError("cannot instantiate 'PosixPath' on your system")
with open(sys.argv[1], "rb") as file:
    pathlib.PosixPath.__new__ = pathlib.PurePosixPath.__new__ = cannot
    things = pickle.load(file)
print(len(things))
"""


def test_pickles_open_where_there_are_no_posix_paths_in_a_fresh_process(
    tiny_bert, tmp_path
):
    path = tmp_path / "all.pkl"
    mine = [mentions_rain.__module__, __name__]
    # Functions of a user must be importable there, which these tests are not.
    movable = [t for name, t, _ in THINGS if name not in ("functions", "workflow")]
    movable += list(embedders(tiny_bert))
    data = pickle.dumps(movable)
    assert not any(name.encode() in data for name in mine)
    path.write_bytes(data)
    command = [sys.executable, "-c", WINDOWS, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout.strip() == str(len(movable)), done.stderr
    path.write_bytes(pickle.dumps([tmp_path]))
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert "cannot instantiate 'PosixPath'" in done.stderr


def copies(thing, folder):
    """Yield the thing as each way of keeping it gives it back."""
    yield "deepcopy", copy.deepcopy(thing)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        yield f"protocol {protocol}", pickle.loads(pickle.dumps(thing, protocol))
    path = folder / "thing.joblib"
    joblib.dump(thing, path, compress=3)
    yield "compressed", joblib.load(path)
    joblib.dump(thing, path)
    yield "joblib", joblib.load(path)
    yield "mapped", joblib.load(path, mmap_mode="r")
    yield (
        "mapped and kept",
        pickle.loads(pickle.dumps(joblib.load(path, mmap_mode="r"))),
    )


@THING
def test_every_way_of_keeping_gives_the_same(thing, result_of, tmp_path):
    want = result_of(thing)
    for way, again in copies(thing, tmp_path):
        assert type(again) is type(thing)
        assert_array_equal(result_of(again), want, err_msg=way)
        if "mapped" not in way:
            assert_portable(again)


class Swapping(pickle._Pickler):
    """A pickler that writes as a machine of the other byte order would."""

    def reducer_override(self, obj):
        if type(obj) is np.ndarray and obj.dtype.isnative and obj.dtype.itemsize > 1:
            swapped = obj.astype(obj.dtype.newbyteorder())
            if not swapped.dtype.isnative:
                return swapped.__reduce__()
        return NotImplemented


@THING
def test_arrays_of_another_byte_order_are_read(thing, result_of):
    if "workflow" in repr(type(thing)).lower() or hasattr(thing, "estimator"):
        pytest.skip("arrays of scikit-learn's own estimators")
    file = io.BytesIO()
    Swapping(file).dump(thing)
    again = pickle.loads(file.getvalue())
    assert_array_equal(result_of(again), result_of(thing))
    assert_portable(again)


@THING
def test_skops_reads_what_it_wrote(thing, result_of):
    sio = pytest.importorskip("skops.io")
    raw = sio.dumps(thing)
    # No pandas, and no paths.
    trusted = sio.get_untrusted_types(data=raw)
    ours = ("sklabel.", "sklearn.", "scipy.sparse.", mentions_rain.__module__)
    assert all(name.startswith(ours) for name in trusted), trusted
    again = sio.loads(raw, trusted=trusted)
    assert type(again) is type(thing)
    assert_array_equal(result_of(again), result_of(thing))


def test_skops_reads_an_embedder(tiny_bert):
    sio = pytest.importorskip("skops.io")
    for embedder in embedders(tiny_bert):
        raw = sio.dumps(embedder)
        again = sio.loads(raw, trusted=sio.get_untrusted_types(data=raw))
        assert_array_equal(again.transform(TEXTS), embedder.transform(TEXTS))


def test_skops_tells_of_another_version(monkeypatch):
    sio = pytest.importorskip("skops.io")
    writer = sklabel.__version__
    for thing in (MajorityVote(), crowd_labels()):
        raw = sio.dumps(thing)
        data = pickle.dumps(thing)
        with monkeypatch.context() as context:
            context.setattr(_version, "__version__", "99.0")
            for read in (
                lambda data=data: pickle.loads(data),
                lambda raw=raw: sio.loads(
                    raw, trusted=sio.get_untrusted_types(data=raw)
                ),
            ):
                with pytest.warns(
                    UserWarning,
                    match=f"{type(thing).__name__} was pickled by sklabel {writer}",
                ) as record:
                    read()
                assert [warning.filename for warning in record] == [__file__]


def test_a_store_that_was_read_cannot_change(tmp_path):
    store = crowd_labels()
    assert copy.copy(store) is copy.deepcopy(store) is clone(store) is store
    assert copy.deepcopy(WorkerLFTransformer(store)).crowd_labels is store
    ways = dict(copies(store, tmp_path))
    sio = pytest.importorskip("skops.io")
    raw = sio.dumps(store)
    ways["skops"] = sio.loads(raw, trusted=sio.get_untrusted_types(data=raw))
    for way, again in ways.items():
        for name in ("classes", "judgements_per_worker", "_label"):
            assert not getattr(again, name).flags.writeable, (way, name)
        with pytest.raises(AttributeError, match="immutable"):
            again.classes = np.array([1])
        assert again.sample_ids.equals(store.sample_ids)
        assert again.sample_ids.dtype == store.sample_ids.dtype
        assert again.worker_ids.name == store.worker_ids.name
    mapped = joblib.load(tmp_path / "thing.joblib", mmap_mode="r")
    assert isinstance(mapped._label, np.memmap)
    changeable = joblib.load(tmp_path / "thing.joblib", mmap_mode="c")
    assert not changeable._label.flags.writeable


@pytest.mark.parametrize(
    "column",
    [
        pd.Index([3, 1], name="id"),
        pd.RangeIndex(2, 8, 3, name=("a", 1)),
        pd.Index([1.5, np.nan]),
        pd.Index(["a", "ß\U0001f600", "", "\ud83d"], dtype=object),
        pd.Index(["a", "b"]),
        pd.Index(["a", "b"], dtype="string"),
        pd.Index(["a", None, 3], dtype=object),
        pd.Index(["a", None], dtype="string"),
        pd.Index([], dtype=object),
        pd.Index([1, None], dtype="Int64"),
        pd.Index([True, False]),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None]),
        pd.CategoricalIndex(["b", "a", None], ["b", "a"], ordered=True, name="c"),
        pd.DatetimeIndex(["2020-01-01", "2021-01-01"]),
        pd.DatetimeIndex(["2020-01-01"], tz="UTC"),
    ],
    ids=lambda column: f"{type(column).__name__} {column.dtype}",
)
def test_what_pandas_holds_comes_back(column):
    again = restored(pickle.loads(pickle.dumps(portable(column))))
    pd.testing.assert_index_equal(again, column, exact=True)
    if isinstance(column, pd.MultiIndex):
        return
    series = pd.Series(column, name="of", index=range(5, 5 + len(column)))
    pd.testing.assert_series_equal(restored(portable(series)), series)
    frame = pd.DataFrame({"x": series, 7: series})
    pd.testing.assert_frame_equal(restored(portable(frame)), frame)


def test_only_what_is_replaced_is_copied(tmp_path):
    kept = {"a": [1, (2, 3)], "b": np.arange(3)}
    assert portable(kept) is kept
    assert restored(kept) is kept
    state = {"a": [1, (2, PurePosixPath("x"))], "b": kept["b"]}
    assert portable(state) == {"a": [1, (2, "x")], "b": kept["b"]}
    assert state["a"][1][1] == PurePosixPath("x")
    assert portable(state)["b"] is kept["b"]
    swapped = portable([np.arange(3, dtype=">i4")])[0]
    assert swapped.dtype.isnative
    assert_array_equal(swapped, [0, 1, 2])


ELSEWHERE = """
import sys, joblib, numpy as np, os, pickle
thing, X = joblib.load(sys.argv[1])
np.save(sys.argv[2], thing.predict_proba(X))
"""


def test_a_workflow_predicts_in_a_fresh_process_in_another_folder(tmp_path):
    workflow = next(thing for name, thing, _ in THINGS if name == "frozen")
    path = tmp_path / "a.joblib"
    joblib.dump((workflow, POSTS), path, compress=3)
    (tmp_path / "sub").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, "../a.joblib", "../out.npy"],
        capture_output=True,
        text=True,
        cwd=tmp_path / "sub",
        env={"PYTHONPATH": str(Path(sklabel.__file__).parents[1])},
    )
    assert done.returncode == 0, done.stderr
    assert_array_equal(np.load(tmp_path / "out.npy"), workflow.predict_proba(POSTS))
