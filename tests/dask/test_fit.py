"""A fit on partitions is the fit in memory, and survives what clusters do."""

import os
import signal
import threading
import time

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import sklabel.dask._chunks as chunks_module
import sklabel.dask._fit as fit_module
from sklabel import LabelModel, MajorityVote
from sklabel.dask import fit, predict, predict_proba
from sklabel.datasets import make_lf_votes
from sklabel.label_model import GLAD, DawidSkene, OneCoinDawidSkene
from sklabel.votes import votes_to_sparse

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")

N = 400
# Clusters that break or end leave sockets open.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def votes_frame(n_classes=3, **options):
    made = make_lf_votes(N, 8, n_classes, random_state=0, **options)
    return pd.DataFrame(made.votes, columns=[f"lf_{j}" for j in range(8)]), made


def some_gold(made):
    truth = np.asarray(made.get("target", made.get("y")))
    return pd.Series(np.where(np.arange(N) % 5 == 0, truth, -1))


def with_empty_partitions(frame, n=4):
    """Split into partitions of unknown lengths, of which two are empty."""
    step = len(frame) // n
    parts = [frame.iloc[i * step : (i + 1) * step] for i in range(n)]
    parts = [frame.iloc[:0], *parts[:2], frame.iloc[:0], *parts[2:]]
    meta = frame.iloc[:0]
    return dd.from_delayed([dask.delayed(part) for part in parts], meta=meta)


@pytest.mark.parametrize(
    ("model", "unipolar"),
    [
        (LabelModel(), 0.0),
        (LabelModel(), 1.0),
        (LabelModel(), 0.3),
        (LabelModel(class_prior=[0.5, 0.3, 0.2]), 1.0),
        (LabelModel(dtype="float32"), 0.0),
        (DawidSkene(), 0.0),
        (OneCoinDawidSkene(), 0.0),
    ],
)
def test_a_fit_on_partitions_equals_the_fit_in_memory(model, unipolar, scheduler):
    X, made = votes_frame(unipolar_share=unipolar)
    y = some_gold(made)
    whole = clone(model).fit(X, y)
    parts = fit(model, with_empty_partitions(X), with_empty_partitions(y))
    tol = 1e-9 if model.get_params().get("dtype") != "float32" else 1e-4
    assert parts.n_iter_ == whole.n_iter_
    assert_array_equal(parts.feature_names_in_, whole.feature_names_in_)
    assert_allclose(parts.predict_proba(X), whole.predict_proba(X), rtol=0, atol=tol)
    assert_allclose(parts.lower_bound_, whole.lower_bound_, rtol=tol)
    lazy = predict_proba(parts, with_empty_partitions(X))
    assert_allclose(lazy.compute().to_numpy(), whole.predict_proba(X), atol=tol)


@pytest.mark.parametrize("persist", [True, False])
def test_keeping_votes_in_memory_changes_nothing(persist):
    X, _ = votes_frame()
    model = fit(LabelModel(), dd.from_pandas(X, npartitions=3), persist=persist)
    expected = LabelModel().fit(X).predict_proba(X)
    assert_allclose(model.predict_proba(X), expected, atol=1e-9)


def test_weights_count_as_in_memory(scheduler):
    X, _ = votes_frame()
    weight = pd.Series(np.random.default_rng(0).integers(0, 3, N).astype(float))
    weight[:100] = 0  # the first partition has no weight at all
    lazy = dd.from_pandas(X, npartitions=4)
    model = fit(LabelModel(), lazy, sample_weight=dd.from_pandas(weight, npartitions=4))
    expected = LabelModel().fit(X, sample_weight=weight).predict_proba(X)
    assert_allclose(model.predict_proba(X), expected, atol=1e-9)


@pytest.mark.parametrize("blocks", ["dense", "csr", "split columns"])
def test_arrays_may_have_dense_or_sparse_blocks(blocks, scheduler):
    dense = votes_frame()[0].to_numpy()
    if blocks == "csr":
        parts = [votes_to_sparse(dense[i : i + 150]) for i in (0, 150, 300)]
        X = da.concatenate(
            [
                da.from_delayed(dask.delayed(part), (np.nan, 8), meta=part[:0])
                for part in parts
            ],
            allow_unknown_chunksizes=True,
        )
    else:
        X = da.from_array(dense, chunks=(150, 8 if blocks == "dense" else 3))
    model = fit(LabelModel(), X)
    expected = LabelModel().fit(dense)
    assert_allclose(
        predict_proba(model, X).compute(), expected.predict_proba(dense), atol=1e-9
    )
    assert_array_equal(predict(model, X).compute(), expected.predict(dense))


def test_gold_of_minus_one_and_nan_is_read_as_in_memory():
    X, made = votes_frame(n_classes=2)
    y = some_gold(made).astype(float)
    y[y < 0] = np.nan
    y[:100] = np.nan  # a partition without gold
    model = fit(
        LabelModel(), dd.from_pandas(X, npartitions=4), dd.from_pandas(y, npartitions=4)
    )
    whole = LabelModel().fit(X, y)
    assert_array_equal(model.classes_, whole.classes_)
    assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=1e-9)


def test_string_votes_and_gold_have_the_classes_of_memory():
    X, made = votes_frame(n_classes=2)
    names = np.array(["bad", "good", None], dtype=object)
    X = X.apply(lambda column: names[column.to_numpy()]).astype(object)
    y = pd.Series(names[some_gold(made).to_numpy()], dtype=object)
    model = fit(
        LabelModel(), dd.from_pandas(X, npartitions=4), dd.from_pandas(y, npartitions=4)
    )
    whole = LabelModel().fit(X, y)
    assert model.classes_.tolist() == whole.classes_.tolist() == ["bad", "good"]
    assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=1e-9)


def test_a_line_per_sweep_is_written(capsys):
    X, _ = votes_frame()
    model = fit(LabelModel(verbose=1), dd.from_pandas(X, npartitions=2))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == model.n_iter_
    assert lines[0].startswith("LabelModel: sweep 1, change ")


def test_partitions_without_a_vote_warn():
    X, _ = votes_frame()
    model = LabelModel(classes=[0, 1, 2])
    with pytest.warns(UserWarning, match="none of the rows has a vote"):
        fit(model, dd.from_pandas(X * 0 - 1, npartitions=2))
    assert_allclose(model.predict_proba(X[:1] * 0 - 1), [[1 / 3] * 3])


# Bad input


def break_partition(frame, how):
    """Make a Dask DataFrame whose third partition is broken."""
    parts = [frame.iloc[i : i + 100].copy() for i in range(0, N, 100)]
    parts[2] = how(parts[2])
    return dd.from_delayed(
        [dask.delayed(part) for part in parts], meta=frame.iloc[:0], verify_meta=False
    )


def with_infinity(part):
    part = part.astype(float)
    part.iloc[5, 1] = np.inf
    return part


def with_strings(part):
    return part.astype(object).replace({0: "no", 1: "yes", 2: "yes", -1: None})


@pytest.mark.parametrize(
    ("how", "error", "match"),
    [
        (with_infinity, ValueError, "Partition 2 of X: .*infinity.*row 5.*lf_1"),
        (with_strings, TypeError, r"partition\(s\) 2 of X hold strings and the others"),
        (
            lambda part: part.drop(columns="lf_3"),
            ValueError,
            "(?s)Partition 2 of X: .*lf_3",
        ),
        (
            lambda part: part - 3,
            ValueError,
            "Partition 2 of X: Votes must be classes.*row 0",
        ),
    ],
)
def test_a_broken_partition_is_named_once(how, error, match, scheduler):
    model = LabelModel()
    with pytest.raises(error, match=match):
        fit(model, break_partition(votes_frame()[0], how))
    assert not hasattr(model, "n_features_in_"), "a failed fit leaves no traces"


def test_gold_outside_of_the_classes_names_the_partition():
    X, _ = votes_frame()
    y = pd.Series(np.full(N, -1))
    y[250] = 7
    model = LabelModel(classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"Partition 2 of X: y has labels .*: 7"):
        fit(model, dd.from_pandas(X, npartitions=4), dd.from_pandas(y, npartitions=4))


def test_gold_of_another_length_names_the_partition():
    X, _ = votes_frame()
    y = da.from_array(np.zeros(N, dtype=int), chunks=((100, 101, 99, 100),))
    match = "Partition [12] of X: .*X has 100 rows and y has (101|99)"
    with pytest.raises(ValueError, match=match):
        fit(LabelModel(), dd.from_pandas(X, npartitions=4), y)


@pytest.mark.parametrize(
    ("args", "error", "match"),
    [
        ((GLAD(), None), TypeError, "such as LabelModel.*got GLAD"),
        ((LogisticRegression(), None), TypeError, "got LogisticRegression"),
        ((LabelModel(), "memory"), TypeError, "Dask DataFrame or Array.*ndarray"),
        ((LabelModel(tol=-1), None), ValueError, "tol"),
    ],
)
def test_what_cannot_be_fitted_says_why(args, error, match):
    model, kind = args
    X = votes_frame()[0]
    X = X.to_numpy() if kind else dd.from_pandas(X, npartitions=2)
    with pytest.raises(error, match=match):
        fit(model, X)


def test_gold_must_be_partitioned_like_the_votes():
    X = dd.from_pandas(votes_frame()[0], npartitions=4)
    with pytest.raises(TypeError, match="y must be a Dask Series or Array"):
        fit(LabelModel(), X, np.zeros(N))
    with pytest.raises(ValueError, match="y has 3 partitions and X has 4"):
        fit(LabelModel(), X, da.zeros(N, chunks=150, dtype=int))


def test_no_row_at_all_is_an_error():
    X = with_empty_partitions(votes_frame()[0].iloc[:0])
    with pytest.raises(ValueError, match=r"0 sample\(s\) in all 6 partitions"):
        fit(LabelModel(), X)


def test_no_gold_at_all_is_an_error():
    X, y = votes_frame()[0], pd.Series(np.full(N, np.nan))
    lazy = [dd.from_pandas(part, npartitions=4) for part in (X, y)]
    with pytest.raises(ValueError, match="no gold label in any of its 400 rows"):
        fit(LabelModel(), *lazy)


def test_fit_in_memory_refuses_dask_and_says_what_to_do():
    X = dd.from_pandas(votes_frame()[0], npartitions=2)
    with pytest.raises(TypeError, match=r"sklabel\.dask\.fit\(model, X\)"):
        MajorityVote().fit(X)


def test_a_failed_fit_leaves_the_former_one():
    X, _ = votes_frame()
    model = LabelModel().fit(X)
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="Partition 2"):
        fit(model, break_partition(X, with_infinity))
    assert_array_equal(model.predict_proba(X), before)


def test_a_wrong_class_prior_is_refused_before_votes_are_kept(monkeypatch):
    X, _ = votes_frame()
    monkeypatch.setattr(fit_module, "DaskVotes", None)  # a call would raise TypeError
    with pytest.raises(ValueError, match="one probability for each of the"):
        fit(LabelModel(class_prior=[1.0]), dd.from_pandas(X, npartitions=2))


# Faults


def at_sweep(monkeypatch, number, action):
    """Do something once, at the end of a sweep."""
    total, n_sweeps = chunks_module.DaskVotes.total, 0

    def act(self, statistic, *parameters):
        nonlocal n_sweeps
        sums = total(self, statistic, *parameters)
        n_sweeps += "sweep" in statistic.name
        if "sweep" in statistic.name and n_sweeps == number:
            action()
        return sums

    monkeypatch.setattr(chunks_module.DaskVotes, "total", act)


def n_tasks(client):
    return client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks))


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_the_result_survives_a_worker_that_is_killed(own_client, monkeypatch):
    X, _ = votes_frame()
    killed = []

    def kill_one():
        pid = next(iter(own_client.run(os.getpid).values()))
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)

    at_sweep(monkeypatch, 2, kill_one)
    model = fit(LabelModel(), dd.from_pandas(X, npartitions=6))
    assert killed
    assert model.n_iter_ > 2
    expected = LabelModel().fit(X).predict_proba(X)
    assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-9)


def test_a_lost_cluster_is_one_error_and_leaves_no_half_fitted_model(
    own_client, monkeypatch
):
    X, _ = votes_frame()
    at_sweep(monkeypatch, 2, own_client.cluster.close)
    model = LabelModel()
    with pytest.raises(RuntimeError, match=r"cluster was lost.*as it was before"):
        fit(model, dd.from_pandas(X, npartitions=6))
    assert vars(model) == vars(LabelModel())


def test_an_interrupt_leaves_no_tasks_behind(client):
    X, _ = votes_frame()

    def slow(part):
        time.sleep(0.5)
        return part

    parts = [dask.delayed(slow)(X.iloc[i : i + 50]) for i in range(0, N, 50)]
    lazy = dd.from_delayed(parts, meta=X.iloc[:0], verify_meta=False)
    wait_for(lambda: n_tasks(client) == 0)
    # Python ignores an interrupt that falls into a finalizer, so there is another.
    interrupt = os.kill, (os.getpid(), signal.SIGINT)
    timers = [threading.Timer(seconds, *interrupt) for seconds in (1.0, 1.4)]
    # A shell that starts the tests in the background has it ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    model = LabelModel()
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012
        for timer in timers:
            timer.start()
        try:
            fit(model, lazy)
        finally:
            for timer in timers:
                timer.cancel()
            signal.signal(signal.SIGINT, before)
    assert vars(model) == vars(LabelModel())
    wait_for(lambda: n_tasks(client) == 0)


def test_a_fit_leaves_no_votes_on_the_cluster(client, monkeypatch):
    X, _ = votes_frame()
    held = []
    at_sweep(monkeypatch, 2, lambda: held.append(n_tasks(client)))
    fit(LabelModel(), dd.from_pandas(X, npartitions=6))
    assert held[0] >= 6
    wait_for(lambda: n_tasks(client) == 0)


def test_only_sums_reach_the_client(client, monkeypatch):
    received = []
    total = chunks_module.DaskVotes.total

    def watch(self, *args):
        sums = total(self, *args)
        received.append(sum(np.size(field) for field in sums))
        return sums

    monkeypatch.setattr(chunks_module.DaskVotes, "total", watch)
    X, _ = votes_frame()
    sizes = []
    for frame in (X, pd.concat([X] * 10, ignore_index=True)):
        received.clear()
        fit(LabelModel(), dd.from_pandas(frame, npartitions=6))
        sizes.append(max(received))
    assert sizes[0] == sizes[1], "ten times the votes, the same sums"


def test_a_failed_fit_leaves_other_work_on_the_cluster_alone(client, tmp_path):
    X, _ = votes_frame()
    seen = tmp_path / "seen"

    def fail_later(part):
        # The votes are read once before the fit, and once for it.
        if len(part) and part.index[0] >= 300:
            if seen.exists():
                raise ValueError("gone bad")
            seen.touch()
        return part

    lazy = dd.from_pandas(X, npartitions=4).persist()
    mine = client.submit(sum, [1, 2, 3])
    with pytest.raises(ValueError, match="gone bad"):
        fit(LabelModel(), lazy.map_partitions(fail_later, meta=X.iloc[:0]))
    assert mine.result() == 6
    assert len(lazy.compute()) == N


def test_votes_that_change_between_two_readings_are_an_error():
    calls = []

    def change(part):
        calls.append(1)
        return part + (len(calls) > 4) * (part >= 0)

    lazy = dd.from_pandas(votes_frame()[0], npartitions=4)
    lazy = lazy.map_partitions(change, meta=lazy._meta)
    with (
        dask.config.set(scheduler="synchronous"),
        pytest.raises(ValueError, match="not there when the partition was first read"),
    ):
        fit(LabelModel(), lazy)


@pytest.mark.parametrize("error", [TimeoutError, FileNotFoundError, ConnectionError])
def test_errors_of_the_source_are_no_lost_cluster(error, scheduler):
    X, _ = votes_frame()

    def fail(part):
        raise error("the store")

    lazy = dd.from_pandas(X, npartitions=2).map_partitions(fail, meta=X.iloc[:0])
    with pytest.raises(error, match="the store"):
        fit(LabelModel(), lazy)


def test_a_client_that_is_closed_during_the_fit_is_a_lost_cluster(
    own_client, monkeypatch
):
    at_sweep(monkeypatch, 2, own_client.close)
    with pytest.raises(RuntimeError, match="cluster was lost"):
        fit(LabelModel(), dd.from_pandas(votes_frame()[0], npartitions=4))


def test_a_fit_in_a_task_does_not_wait_for_itself(client):
    X, _ = votes_frame()

    def in_task(X):
        return fit(LabelModel(), dd.from_pandas(X, npartitions=2)).predict_proba(X)

    found = client.submit(in_task, X).result(timeout=60)
    assert_allclose(found, LabelModel().fit(X).predict_proba(X), atol=1e-9)


@pytest.mark.parametrize("gold", ["int", "bool", "object without any", "nullable"])
def test_gold_of_every_type_gives_the_classes_of_memory(gold):
    X, made = votes_frame(n_classes=2)
    truth = pd.Series(np.asarray(made.get("target", made.get("y"))))
    y = {
        "int": truth,
        "bool": truth.astype(bool),
        "object without any": pd.Series([None] * N, dtype=object),
        "nullable": truth.astype("Int64").where(truth.index % 3 == 0),
    }[gold]
    model = fit(
        LabelModel(), dd.from_pandas(X, npartitions=4), dd.from_pandas(y, npartitions=4)
    )
    whole = LabelModel().fit(X, y)
    assert model.classes_.dtype == whole.classes_.dtype
    assert_array_equal(model.classes_, whole.classes_)
    assert_allclose(model.predict_proba(X), whole.predict_proba(X), atol=1e-9)


def test_weights_of_another_length_name_the_partition():
    X = dd.from_pandas(votes_frame()[0], npartitions=2)
    weight = da.zeros(N, chunks=((150, 250),))
    with pytest.raises(ValueError, match=r"Partition \d of X: sample_weight has"):
        fit(LabelModel(), X, sample_weight=weight)


def test_dask_ml_wrappers_take_our_estimators_unchanged():
    wrappers = pytest.importorskip("dask_ml.wrappers")
    votes = votes_frame()[0].to_numpy()
    lazy = da.from_array(votes, chunks=(100, 8))
    expected = LabelModel(classes=[0, 1, 2]).fit(votes).predict_proba(votes)
    post = wrappers.ParallelPostFit(LabelModel(classes=[0, 1, 2])).fit(votes)
    assert_allclose(post.predict_proba(lazy).compute(), expected)
    # It passes y on as it is, so no gold labels are a column of -1.
    streamed = wrappers.Incremental(LabelModel(classes=[0, 1, 2]))
    streamed.fit(lazy, da.full(N, -1, chunks=100))
    assert streamed.estimator_.n_samples_seen_ == N
    found = streamed.predict_proba(lazy).compute()
    assert np.abs(found - expected).mean() < 0.08


@pytest.mark.parametrize("form", ["frame", "array"])
def test_soft_gold_is_refused(form):
    votes, _ = votes_frame(2)
    soft = pd.DataFrame(np.full((N, 2), 0.5), columns=[0, 1])
    y = dd.from_pandas(soft, npartitions=2)
    y = y if form == "frame" else y.to_dask_array(lengths=True)
    model = LabelModel()
    with pytest.raises(
        ValueError,
        match=r"takes gold labels that are classes; y has 2 columns\. Class "
        r"probabilities go to a fit in memory, or to LabelModel\.partial_fit\(",
    ):
        fit(model, dd.from_pandas(votes, npartitions=2), y)
    assert not hasattr(model, "classes_")


@pytest.mark.parametrize("name", ["y", "sample_weight"])
def test_rows_in_another_order_are_refused(name):
    votes, made = votes_frame()
    parts = [votes.iloc[:200], votes.iloc[200:]]
    column = some_gold(made) if name == "y" else pd.Series(1.0 + np.arange(N))
    turned = [column.iloc[:200], column.iloc[200:][::-1]]
    lazy = dd.from_delayed([dask.delayed(part) for part in parts], meta=votes[:0])
    given = dd.from_delayed([dask.delayed(part) for part in turned], meta=column[:0])
    with pytest.raises(ValueError, match=r"row 0 is 200 in X and 399 in"):
        fit(LabelModel(), lazy, **{name: given})
