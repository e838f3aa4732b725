"""Transformers and predictions on Dask collections are lazy, with the right types."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import FeatureUnion

from sklabel import (
    BertEmbedder,
    CrowdLabels,
    LabelModel,
    LFTransformer,
    MajorityVote,
    PolarityLFTransformer,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.dask import fit, predict, predict_proba, transform
from sklabel.datasets import load_weather_posts
from sklabel.label_model import MACE

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@labeling_function
def mentions_sun(x):
    return 1 if "sun" in x.text.lower() else -1


@labeling_function
def only_real_rows(x):
    return 0 if int(x.post_id) % 2 else -1


@pytest.fixture
def posts():
    posts = load_weather_posts()
    frame = posts.train[["tweet_id", "tweet_text"]].head(40)
    frame = frame.set_axis(["post_id", "text"], axis=1).reset_index(drop=True)
    return posts, frame


def crowd_of(posts):
    return CrowdLabels.from_frame(
        posts.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
    )


def lazily(frame):
    """Partitions of unknown lengths, one of them empty."""
    parts = [frame.iloc[:15], frame.iloc[:0], frame.iloc[15:]]
    return dd.from_delayed([dask.delayed(p) for p in parts], meta=frame.iloc[:0])


def check_dense(transformer, frame):
    lazy = transform(transformer, lazily(frame))
    expected = transformer.set_output(transform="pandas").transform(frame)
    assert list(lazy.columns) == list(expected.columns)
    assert list(lazy.dtypes) == list(expected.dtypes)
    found = lazy.compute()
    assert list(found.dtypes) == list(expected.dtypes)
    pd.testing.assert_frame_equal(found, expected)


def test_functions_and_workers_give_tables_of_votes(posts, scheduler):
    posts, frame = posts
    check_dense(LFTransformer([mentions_sun]).fit(frame), frame)
    check_dense(
        WorkerLFTransformer(crowd_of(posts), id_column="post_id").fit(frame), frame
    )


def test_polarity_gives_a_table_of_votes(posts):
    pytest.importorskip("textblob")
    check_dense(PolarityLFTransformer("text").fit(posts[1]), posts[1])


def test_a_union_of_transformers_is_one_table(posts):
    posts, frame = posts
    union = FeatureUnion(
        [
            ("functions", LFTransformer([mentions_sun])),
            ("worker", WorkerLFTransformer(crowd_of(posts), id_column="post_id")),
        ],
        verbose_feature_names_out=False,
    ).fit(frame)
    check_dense(union, frame)


def test_sparse_votes_are_an_array_of_csr_blocks_that_a_model_reads(posts, scheduler):
    posts, frame = posts
    workers = WorkerLFTransformer(
        crowd_of(posts), id_column="post_id", sparse_output=True
    ).fit(frame)
    lazy = transform(workers, lazily(frame))
    votes = workers.transform(frame)
    assert lazy.shape[1] == votes.shape[1]
    model = fit(LabelModel(classes=workers.classes_), lazy)
    whole = LabelModel(classes=workers.classes_).fit(votes)
    assert_allclose(
        predict_proba(model, lazy).compute(), whole.predict_proba(votes), atol=1e-9
    )
    block = lazy.blocks[0].compute()
    assert sparse.issparse(block)
    assert block.shape[0] == 15


def test_a_function_that_fails_on_made_up_cells_sees_a_real_row(posts):
    frame = posts[1].assign(post_id=[str(i) for i in range(40)])
    check_dense(LFTransformer([only_real_rows]).fit(frame), frame)


def test_embeddings_are_a_table_of_floats(posts, tiny_bert):
    frame = posts[1].assign(text=posts[1]["text"].str[:30])
    embedder = BertEmbedder(tiny_bert, column="text").fit(frame)
    lazy = transform(embedder, lazily(frame))
    assert set(lazy.dtypes) == {np.dtype("float32")}
    assert list(lazy.columns) == list(embedder.get_feature_names_out())
    assert_allclose(lazy.compute().to_numpy(), embedder.transform(frame), atol=1e-6)


def test_predictions_keep_index_names_and_types(posts, scheduler):
    votes = pd.DataFrame({"a": [0, 1, -1, 1], "b": [0, 1, 1, -1]}, index=list("wxyz"))
    model = MajorityVote(classes=["no", "yes"]).fit(votes)
    lazy = dd.from_pandas(votes, npartitions=2)
    proba, label = predict_proba(model, lazy), predict(model, lazy)
    assert list(proba.columns) == ["no", "yes"]
    found = proba.compute()
    assert_allclose(found.to_numpy(), model.predict_proba(votes))
    assert list(found.index) == list("wxyz")
    assert list(label.compute()) == list(model.predict(votes))


def test_predictions_of_an_array_are_an_array():
    votes = np.array([[0, 0], [1, -1], [1, 1]])
    model = MajorityVote().fit(votes)
    lazy = da.from_array(votes, chunks=(2, 1))
    assert predict_proba(model, lazy).shape == (3, 2)
    assert_allclose(predict_proba(model, lazy).compute(), model.predict_proba(votes))
    assert_array_equal(predict(model, lazy).compute(), model.predict(votes))


def test_predicting_other_lfs_names_the_partition():
    model = MajorityVote().fit(pd.DataFrame({"a": [0, 1], "b": [0, 1]}))
    lazy = dd.from_pandas(pd.DataFrame({"a": [0, 1], "c": [0, 1]}), npartitions=1)
    with pytest.raises(ValueError, match=r"(?s)Partition 0 of X: .*feature names"):
        predict_proba(model, lazy).compute()


def test_nothing_is_computed_before_it_is_asked_for():
    def fail(part):
        raise AssertionError("computed")

    votes = pd.DataFrame({"a": [0, 1], "b": [0, 1]})
    lazy = dd.from_pandas(votes, npartitions=2).map_partitions(fail, meta=votes[:0])
    model = MajorityVote().fit(votes)
    proba = predict_proba(model, lazy)
    with pytest.raises(AssertionError, match="computed"):
        proba.compute()


def test_bad_input_says_what_was_expected():
    votes = np.array([[0, 0], [1, 1]])
    with pytest.raises(NotFittedError):
        predict_proba(LabelModel(), da.from_array(votes))
    with pytest.raises(TypeError, match=r"Dask DataFrame or Array.*ndarray"):
        predict(MajorityVote().fit(votes), votes)
    lfs = LFTransformer([mentions_sun]).fit(pd.DataFrame({"text": ["sun"]}))
    with pytest.raises(TypeError, match="needs a Dask DataFrame; got DataFrame"):
        transform(lfs, pd.DataFrame({"text": ["sun"]}))
    with pytest.raises(NotFittedError):
        transform(
            LFTransformer([mentions_sun]), dd.from_pandas(pd.DataFrame({"a": [1]}))
        )


def test_an_array_of_unknown_width_is_refused():
    model = MajorityVote().fit(np.array([[0, 0], [1, 1]]))
    unknown = da.from_delayed(
        dask.delayed(np.zeros)((2, 2)), (2, np.nan), dtype=np.int64
    )
    with pytest.raises(ValueError, match="known number of columns"):
        predict(model, unknown)


def test_joblib_runs_independent_work_on_the_cluster(client, posts):
    frame = posts[1]
    votes = np.random.default_rng(0).integers(-1, 2, size=(60, 5))
    alone = MACE(n_init=3, random_state=0).fit(votes)
    lfs = LFTransformer([mentions_sun]).fit(frame)
    with parallel_config(backend="dask", n_jobs=2):
        model = MACE(n_init=3, random_state=0).fit(votes)
        found = lfs.transform(frame)
    assert_allclose(model.predict_proba(votes), alone.predict_proba(votes))
    assert_array_equal(found, lfs.transform(frame))


@labeling_function
def large_class_later(x):
    return 300 if x.text == "late" else 1


def test_votes_that_do_not_fit_the_type_of_the_first_row_are_an_error():
    frame = pd.DataFrame({"text": ["early", "late"]})
    lfs = LFTransformer([large_class_later]).fit(frame)
    lazy = transform(lfs, dd.from_pandas(frame, npartitions=1))
    with pytest.raises(ValueError, match="values up to 300"):
        lazy.compute()
