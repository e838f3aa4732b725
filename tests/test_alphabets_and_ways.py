"""Labels of any alphabet come out of every way as the labels that went in.

Each alphabet has a twin: the same judgements with the labels 0, 1, 2. A way is right
if it gives what it gives for the twin, with the labels put back.
"""

# SPDX-License-Identifier: BSD-3-Clause

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    CrowdLabels,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
)
from sklabel.inspection import agreement_report, lf_summary, worker_report
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.relabeling import relabel_plan, simulate_cost_curve
from sklabel.report import labeling_report
from sklabel.votes import (
    NamedVotes,
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)

N_SAMPLES, N_WORKERS = 90, 6

# The labels in the order of the classes 0, 1, 2 of the twin.
ALPHABETS = {
    "integers": [0, 1, 2],
    "from one": [1, 2, 3],
    "gaps": [3, 10, 2000],
    "minus one": [-1, 0, 1],
    "minus one and one": [-1, 1],
    "five from minus two": [-2, -1, 0, 1, 2],
    "far apart": [-5, 5],
    "one stray code": [-99, 0, 1],
    "positions shifted": [1, 2],
    "in another order": [2, 0, 1],
    "negative, another order": [1, -1, 0],
    "long": [-(2**40), 2**40, 2**41],
    "very long": [2**61, 2**61 + 1, 2**61 + 2],
    "booleans": [False, True],
    "whole floats": [0.0, 1.0, 2.0],
    "negative floats": [-1.0, 0.0, 1.0],
    "names": ["no", "yes"],
    "names, another order": ["yes", "no", "maybe"],
    "mixed case": ["Negative", "neutral", "POSITIVE"],
    "unicode": ["ähnlich", "日本", "ß"],
    "with blanks": ["not good", "so so", "very good"],
    "numbers as texts": ["1", "2", "10"],
    "negative numbers as texts": ["-1", "0", "1"],
    "texts of gaps": ["None", "nan", "NA"],
}


def _judgements(labels, seed=0, dtype=None):
    """Return a long table, and the labels that are right."""
    rng = np.random.default_rng(seed)
    n_classes = len(labels)
    y = rng.integers(n_classes, size=N_SAMPLES)
    y[:n_classes] = np.arange(n_classes)
    given = np.tile(y[:, None], N_WORKERS)
    wrong = rng.random(given.shape) < 0.15
    given[wrong] = rng.integers(n_classes, size=wrong.sum())
    asked = rng.random(given.shape) < 0.8
    asked[:, 0] = True
    sample, worker = np.nonzero(asked)
    values = pd.Series(labels, dtype=dtype)
    label = values.take(given[asked]).reset_index(drop=True)
    frame = pd.DataFrame({"sample": sample, "worker": worker, "label": label})
    return frame, np.asarray(labels, dtype=object)[y]


IDS = pd.DataFrame({"sample": np.arange(N_SAMPLES)})


def _features(n_classes):
    """Return numbers that tell the classes of `_judgements` apart, more or less."""
    y = np.random.default_rng(0).integers(n_classes, size=N_SAMPLES)
    y[:n_classes] = np.arange(n_classes)
    noise = np.random.default_rng(5).normal(size=(N_SAMPLES, 2))
    return noise + 3 * np.column_stack([y == 0, y == 1])


def _crowd(frame, classes, **options):
    return CrowdLabels.from_frame(frame, classes=classes, **options)


def _halves(frame, classes):
    """Return the crowd in two, with the same classes."""
    first = frame["worker"] < N_WORKERS // 2
    return _crowd(frame[first], classes), _crowd(frame[~first], classes)


def _lfs(crowd, **options):
    return WorkerLFTransformer(crowd, id_column="sample", **options)


def _predict(lfs, model=None):
    return make_pipeline(lfs, model or LabelModel()).fit(IDS).predict(IDS)


WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


@way
def pipeline(frame, classes):
    return _predict(_lfs(_crowd(frame, classes)))


@way
def pipeline_with_classes(frame, classes):
    return _predict(_lfs(_crowd(frame, classes)), LabelModel(classes=classes))


@way
def pipeline_with_classes_reversed(frame, classes):
    return _predict(_lfs(_crowd(frame, classes)), LabelModel(classes=classes[::-1]))


@way
def sparse(frame, classes):
    return _predict(_lfs(_crowd(frame, classes), sparse_output=True))


@way
def unipolar(frame, classes):
    return _predict(_lfs(_crowd(frame, classes), unipolar=True), MajorityVote())


@way
def pandas_output(frame, classes):
    return _predict(_lfs(_crowd(frame, classes)).set_output(transform="pandas"))


@way
def feature_union(frame, classes):
    a, b = _halves(frame, classes)
    return _predict(FeatureUnion([("a", _lfs(a)), ("b", _lfs(b))]))


@way
def feature_union_pandas(frame, classes):
    a, b = _halves(frame, classes)
    union = FeatureUnion([("a", _lfs(a)), ("b", _lfs(b))])
    return _predict(union.set_output(transform="pandas"))


@way
def feature_union_sparse(frame, classes):
    a, b = (_lfs(half, sparse_output=True) for half in _halves(frame, classes))
    return _predict(FeatureUnion([("a", a), ("b", b)]))


@way
def lf_union_mixed(frame, classes):
    a, b = _halves(frame, classes)
    return _predict(LFUnion([("a", _lfs(a, sparse_output=True)), ("b", _lfs(b))]))


@way
def column_transformer(frame, classes):
    a, b = _halves(frame, classes)
    columns = ["sample"]
    return _predict(
        ColumnTransformer([("a", _lfs(a), columns), ("b", _lfs(b), columns)])
    )


@way
def column_transformer_sparse(frame, classes):
    a, b = (_lfs(half, sparse_output=True) for half in _halves(frame, classes))
    blocks = [("a", a, ["sample"]), ("b", b, ["sample"])]
    return _predict(ColumnTransformer(blocks, sparse_threshold=1.0))


@way
def column_transformer_densified(frame, classes):
    a, b = (_lfs(half, sparse_output=True) for half in _halves(frame, classes))
    blocks = [("a", a, ["sample"]), ("b", b, ["sample"])]
    return _predict(ColumnTransformer(blocks, sparse_threshold=0.0))


@way
def votes_by_hand(frame, classes):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    model = LabelModel().fit(votes)
    return np.concatenate([model.predict(votes[i : i + 1]) for i in range(len(votes))])


@way
def plain_array(frame, classes):
    votes = np.asarray(_lfs(_crowd(frame, classes)).fit_transform(IDS))
    return LabelModel().fit(votes).predict(votes)


@way
def plain_array_with_classes(frame, classes):
    votes = np.asarray(_lfs(_crowd(frame, classes)).fit_transform(IDS))
    return LabelModel(classes=classes).fit(votes).predict(votes)


@way
def plain_frame(frame, classes):
    votes = pd.DataFrame(_lfs(_crowd(frame, classes)).fit_transform(IDS))
    return LabelModel().fit(votes).predict(votes)


@way
def sparse_and_back(frame, classes):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    back = votes_to_dense(votes_to_sparse(votes))
    return LabelModel().fit(votes_to_sparse(votes)[::1]).predict(back)


@way
def long_and_back(frame, classes):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    long = votes_to_long(votes)
    labels = pd.Index(long["vote"].unique())
    dtype = pd.CategoricalDtype(
        labels if "-" not in str(labels) else labels.astype(object)
    )
    back = votes_from_long(long.astype({"vote": dtype}))
    return LabelModel().fit(votes).predict(back)


@way
def wide_table(frame, classes):
    wide = _crowd(frame, classes).to_wide()
    lfs = WorkerLFTransformer(classes=classes)
    return make_pipeline(lfs, LabelModel()).fit(wide).predict(wide)


@way
def wide_table_of_labels(frame, classes):
    wide = frame.pivot(index="sample", columns="worker", values="label")
    crowd = CrowdLabels.from_wide(wide, classes=classes)
    return _predict(_lfs(crowd))


@way
def wide_table_as_votes(frame, classes):
    wide = _crowd(frame, classes).to_wide()
    return LabelModel().fit(wide).predict(wide)


@way
def named_votes(frame, classes):
    wide = frame.pivot(index="sample", columns="worker", values="label")
    votes = NamedVotes.from_labels(wide, classes=classes)
    return LabelModel().fit(votes).predict(votes)


@way
def functions(frame, classes):
    wide = frame.astype({"label": object}).pivot(
        index="sample", columns="worker", values="label"
    )

    def function_of(worker):
        labels = {i: plain for i, plain in wide[worker].items() if not pd.isna(plain)}
        return lambda x: labels.get(x["sample"])

    lfs = [(f"w{w}", function_of(w)) for w in wide.columns]
    return _predict(LFTransformer(lfs, classes=classes))


@way
def vectorised_functions(frame, classes):
    wide = frame.astype({"label": object}).pivot(
        index="sample", columns="worker", values="label"
    )

    def function_of(worker):
        def function(X):
            return wide[worker].reindex(X["sample"]).to_numpy()

        function.lf_vectorized = True
        return function

    lfs = [(f"w{w}", function_of(w)) for w in wide.columns]
    return _predict(LFTransformer(lfs, classes=classes))


def _workflow(lfs, frame, classes, y=None):
    features = _features(frame["label"].nunique())
    X = IDS.assign(a=features[:, 0], b=features[:, 1])
    end_model = make_pipeline(
        ColumnTransformer([("x", "passthrough", ["a", "b"])]), LogisticRegression()
    )
    return WeakSupervisionClassifier(lfs, LabelModel(), end_model).fit(X, y).predict(X)


@way
def weak_supervision(frame, classes):
    return _workflow(_lfs(_crowd(frame, classes)), frame, classes)


@way
def weak_supervision_sparse_union(frame, classes):
    a, b = (_lfs(half, sparse_output=True) for half in _halves(frame, classes))
    return _workflow(FeatureUnion([("a", a), ("b", b)]), frame, classes)


@way
def weak_supervision_with_gold(frame, classes):
    y = pd.Series([None] * N_SAMPLES, dtype=object)
    y[:5] = frame.groupby("sample")["label"].first().astype(object)[:5]
    return _workflow(_lfs(_crowd(frame, classes)), frame, classes, y)


@way
def partial_fit(frame, classes):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    model = LabelModel()
    for start in (0, 30, 60):
        model.partial_fit(votes[start : start + 30])
    return model.predict(votes)


for _model in (
    MajorityVote,
    WeightedMajorityVote,
    DawidSkene,
    OneCoinDawidSkene,
    GLAD,
    MACE,
    SnorkelLabelModel,
):

    def _with_model(frame, classes, model=_model):
        options = {"random_state": 0} if "random_state" in model().get_params() else {}
        return _predict(_lfs(_crowd(frame, classes)), model(**options))

    WAYS[_model.__name__] = _with_model


@way
def dask_judgements(frame, classes):
    dd = pytest.importorskip("dask.dataframe")
    from sklabel.dask import PartitionedCrowdLabels, fit, predict

    lazy = dd.from_pandas(frame, npartitions=3)
    crowd = PartitionedCrowdLabels.from_dask(lazy, classes=classes)
    model = fit(LabelModel(), crowd)
    return predict(model, crowd).compute().sort_index().to_numpy()


@way
def dask_votes(frame, classes):
    dd = pytest.importorskip("dask.dataframe")
    from sklabel.dask import fit, predict, transform

    lfs = _lfs(_crowd(frame, classes)).fit(IDS)
    votes = transform(lfs, dd.from_pandas(IDS, npartitions=3))
    model = fit(LabelModel(), votes)
    return predict(model, votes).compute().to_numpy()


@way
def dask_sparse_votes(frame, classes):
    dd = pytest.importorskip("dask.dataframe")
    from sklabel.dask import fit, predict, transform

    lfs = _lfs(_crowd(frame, classes), sparse_output=True).fit(IDS)
    votes = transform(lfs, dd.from_pandas(IDS, npartitions=3))
    model = fit(LabelModel(), votes)
    return predict(model, votes).compute()


@way
def plan(frame, classes):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    model = LabelModel().fit(votes)
    found = relabel_plan(votes, label_model=model, budget=N_SAMPLES, max_per_sample=1)
    return found.sort_index()["top_class"].to_numpy()


# Ways that may refuse, because plain integers or scipy lost what votes mean; the
# message must name a remedy.
MAY_REFUSE = {
    "feature_union_sparse": "LFUnion",
    "column_transformer_sparse": "LFUnion",
    "plain_array": "to_frame|classes=|NamedVotes",
    "plain_array_with_classes": "to_frame|NamedVotes",
    "plain_frame": "to_frame|classes=|NamedVotes",
    "wide_table_as_votes": "classes=",
    # pandas makes floats of long integers beside gaps.
    "wide_table_of_labels": "read them as strings",
    "named_votes": "Pass integers or strings",
}


@pytest.fixture(scope="module")
def twins():
    """Return what every way gives for the labels 0, 1, 2, ..."""
    known = {}

    def twin(name, n_classes, order):
        if (name, n_classes, order) not in known:
            frame, _ = _judgements(list(range(n_classes)))
            known[name, n_classes, order] = WAYS[name](frame, list(order))
        return known[name, n_classes, order]

    return twin


def _labels(found):
    return [label.item() if isinstance(label, np.generic) else label for label in found]


def _refusal(name, error):
    """Raise an error that a way may not end with, or that names no remedy."""
    remedies = MAY_REFUSE.get(name, "").split("|")
    if not any(remedy and remedy in str(error) for remedy in remedies):
        raise error


def _slow(name):
    return pytest.mark.slow if name.startswith(("dask", "GLAD", "MACE")) else ()


@pytest.mark.parametrize("name", [pytest.param(w, marks=_slow(w)) for w in WAYS])
@pytest.mark.parametrize("alphabet", list(ALPHABETS))
def test_every_way_gives_the_labels_back(alphabet, name, twins):
    labels = ALPHABETS[alphabet]
    frame, y = _judgements(labels)
    codes = twins(name, len(labels), tuple(range(len(labels)))).astype(int)
    expected = np.asarray(labels, dtype=object)[codes]
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            found = WAYS[name](frame, labels)
        except (ValueError, TypeError, UserWarning) as error:
            _refusal(name, error)
            return
    assert _labels(found) == list(expected)
    if "weak" not in name:
        assert (np.asarray(found, dtype=object) == y).mean() > 0.8


# Tables and pages


def _worker_table(frame, classes, y):
    crowd = _crowd(frame, classes)
    report = worker_report(crowd, pd.Series(y))
    return report.drop(columns=["flag", "favourite_class"]).sort_index()


def _worker_table_of_a_model(frame, classes, y):
    crowd = _crowd(frame, classes)
    votes = _lfs(crowd).set_output(transform="pandas").fit_transform(IDS)
    model = DawidSkene().fit(votes)
    report = worker_report(crowd, label_model=model)
    return report.drop(columns=["flag", "favourite_class"]).sort_index()


def _favourites(frame, classes, y):
    favourite = worker_report(_crowd(frame, classes)).favourite_class.sort_index()
    return pd.DataFrame({"c": [list(classes).index(c) for c in favourite]})


def _summary(frame, classes, y):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    model = LabelModel().fit(votes)
    return lf_summary(votes, y, label_model=model).drop(columns=["Polarity", "flag"])


def _summary_of_a_wide_table(frame, classes, y):
    wide = _crowd(frame, classes).to_wide()
    return lf_summary(wide, y, classes=classes).drop(columns="Polarity")


def _polarity(frame, classes, y):
    votes = _lfs(_crowd(frame, classes)).fit_transform(IDS)
    found = lf_summary(votes).Polarity
    return pd.DataFrame(
        {"c": [sorted(list(classes).index(c) for c in p) for p in found]}
    )


def _agreement(frame, classes, y):
    report = agreement_report(_crowd(frame, classes), random_state=0)
    wide = _crowd(frame, classes).to_wide()
    again = agreement_report(wide, classes=classes, random_state=0)
    pd.testing.assert_frame_equal(report, again)
    return report


def _curve(frame, classes, y):
    crowd = _crowd(frame, classes)
    options = {"n_repeats": 2, "step": 0.3, "random_state": 0}
    return simulate_cost_curve(crowd, pd.Series(y), **options).frame


def _findings(frame, classes, y):
    report = labeling_report(_crowd(frame, classes), pd.Series(y))
    return pd.DataFrame({"title": [finding.title for finding in report.findings]})


def _page_of_votes(frame, classes, y):
    votes = _lfs(_crowd(frame, classes)).set_output(transform="pandas")
    report = labeling_report(votes.fit_transform(IDS), y, classes=classes)
    return pd.DataFrame({"title": [finding.title for finding in report.findings]})


TABLES = [
    _worker_table,
    _worker_table_of_a_model,
    _favourites,
    _summary,
    _summary_of_a_wide_table,
    _polarity,
    _agreement,
    _curve,
    _findings,
    _page_of_votes,
]


# Pages take seconds, and hold what the tables hold: some alphabets are enough.
_SLOW_TABLES = (_findings, _page_of_votes, _curve)
_ON_PAGES = ("minus one", "far apart", "long", "names, another order", "texts of gaps")


def _marked(table):
    marks = pytest.mark.slow if table in _SLOW_TABLES else ()
    return pytest.param(table, marks=marks, id=table.__name__[1:])


@pytest.mark.parametrize("table", [_marked(table) for table in TABLES])
@pytest.mark.parametrize("alphabet", list(ALPHABETS))
def test_every_table_is_that_of_the_twin(alphabet, table):
    if table in {_findings, _page_of_votes}:
        pytest.importorskip("matplotlib")
        if alphabet not in _ON_PAGES:
            pytest.skip("other alphabets stand on pages")
    labels = ALPHABETS[alphabet]
    frame, y = _judgements(labels)
    twin, codes = _judgements(list(range(len(labels))))
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        found = table(frame, labels, y)
    expected = table(twin, list(range(len(labels))), codes.astype(int))
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
