"""Every public entry point takes frames and columns of polars and pyarrow.

The results are those with pandas; lazy frames are refused with the way out.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    CrowdLabels,
    EstimatorLF,
    LabelModel,
    LFTransformer,
    PolarityLFTransformer,
    RegexLFTransformer,
    SoftLabelClassifier,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.datasets import load_weather_posts
from sklabel.inspection import (
    OverlapDisplay,
    PosteriorDisplay,
    WorkerFunnelDisplay,
    agreement_report,
    fleiss_kappa,
    krippendorff_alpha,
    label_coverage,
    lf_summary,
    percent_agreement,
    worker_report,
)
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    MajorityVote,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.model_selection import GoldKFold
from sklabel.relabeling import (
    CostCurveDisplay,
    expected_error,
    expected_gain,
    relabel_plan,
    simulate_cost_curve,
)
from sklabel.report import labeling_report
from sklabel.testing import check_lf_transformer
from sklabel.votes import (
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)

pl = pytest.importorskip("polars")
try:  # built for another numpy in the oldest supported set
    import pyarrow as pa
except ImportError:
    pa = None

DATA = load_weather_posts()
CROWD = CrowdLabels.from_frame(DATA.crowd_labels, sample="tweet_id", worker="worker_id")
TRAIN, DEV = DATA.train[:60].reset_index(drop=True), DATA.dev.reset_index(drop=True)


def cells(column):
    """Return the cells of a pandas column with every kind of gap as None."""
    return [None if pd.isna(cell) else cell for cell in column.tolist()]


def whole(values):
    """Return cells with whole floats as integers, as pandas had to store them."""
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]


class Pandas:
    """Makes frames and columns of pandas."""

    name = "pandas"

    def frame(self, frame):
        return frame.reset_index(drop=True)

    def column(self, values):
        return pd.Series(values).array  # no index either


class Nullable(Pandas):
    name = "nullable"

    def frame(self, frame):
        return frame.reset_index(drop=True).convert_dtypes()

    def column(self, values):
        return pd.Series(values).convert_dtypes().array


class PandasOnArrow(Pandas):
    name = "pandas on pyarrow"

    def frame(self, frame):
        plain = frame.reset_index(drop=True)
        return plain.convert_dtypes(dtype_backend="pyarrow")

    def column(self, values):
        return pd.Series(values).convert_dtypes(dtype_backend="pyarrow").array


class Polars:
    name = "polars"

    def frame(self, frame):
        return pl.DataFrame({str(c): whole(cells(frame[c])) for c in frame})

    def column(self, values):
        return pl.Series(whole(cells(pd.Series(values))))


class Categorical(Polars):
    """Texts are categorical."""

    name = "polars categorical"

    def frame(self, frame):
        return super().frame(frame).with_columns(pl.col(pl.String).cast(pl.Categorical))

    def column(self, values):
        column = super().column(values)
        return column.cast(pl.Categorical) if column.dtype == pl.String else column


class Enum(Polars):
    """Texts are of an Enum, whose order is not that of the alphabet."""

    name = "polars enum"

    def frame(self, frame):
        made = super().frame(frame)
        texts = [name for name in made.columns if made[name].dtype == pl.String]
        return made.with_columns(self.column(made[name]).alias(name) for name in texts)

    def column(self, values):
        column = super().column(pd.Series(list(values)))
        if column.dtype != pl.String:
            return column
        values = sorted(set(column.drop_nulls().to_list()))
        return column.cast(pl.Enum(values))


class Arrow(Polars):
    """Columns are in several chunks."""

    name = "pyarrow"

    def frame(self, frame):
        table = super().frame(frame).to_arrow()
        return pa.concat_tables([table[:3], table[3:]])

    def column(self, values):
        array = super().column(values).to_arrow()
        return pa.chunked_array([array[:3], array[3:]])


class Batch(Polars):
    name = "pyarrow batch"

    def frame(self, frame):
        return super().frame(frame).to_arrow().combine_chunks().to_batches()[0]

    def column(self, values):
        return super().column(values).to_arrow()


class Dictionary(Categorical):
    name = "pyarrow dictionary"

    def frame(self, frame):
        return super().frame(frame).to_arrow()

    def column(self, values):
        return super().column(values).to_arrow()


class Views(Arrow):
    """Texts have the types of Arrow that are not for all libraries."""

    name = "pyarrow views"

    def frame(self, frame):
        table = super().frame(frame)
        odd = [pa.string_view(), pa.large_string()]
        fields = [
            f.with_type(odd[i % 2]) if "string" in str(f.type) else f
            for i, f in enumerate(table.schema)
        ]
        return table.cast(pa.schema(fields))


LIBRARIES = [Polars(), Categorical(), Enum(), Nullable()]
LIBRARIES += [PandasOnArrow(), Arrow(), Batch(), Dictionary(), Views()] * (
    pa is not None
)


def assert_same(got, want):
    if isinstance(want, dict):
        assert {*got} == {*want}
        for key in want:
            assert_same(got[key], want[key])
    elif isinstance(want, pd.DataFrame):
        pd.testing.assert_frame_equal(got, want)
    elif isinstance(want, pd.Series):
        pd.testing.assert_series_equal(got, want)
    elif isinstance(want, list | tuple):
        assert len(got) == len(want)
        for one, other in zip(got, want, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_array_equal(got, want)


def lfs_of(crowd):
    return FeatureUnion(
        [
            ("polarity", PolarityLFTransformer("tweet_text")),
            ("worker", WorkerLFTransformer(crowd, id_column="tweet_id")),
        ],
        verbose_feature_names_out=False,
    )


VOTES = lfs_of(CROWD).set_output(transform="pandas").fit_transform(TRAIN)
VOTES = VOTES.astype("int64")  # as the other libraries read integers
NAMED_VOTES = pd.DataFrame(
    {
        "ann": ["no", "yes", None, "yes", "no", "no"] * 4,
        "bob": ["no", "yes", "yes", None, "no", "yes"] * 4,
        "eve": ["no", None, "yes", "yes", "yes", "no"] * 4,
    }
)
GOLD = [0, 1, None, None, 1, 0] * 10
NAMED_GOLD = ["no", "yes", None, None] * 6
WEIGHT = [1.0, 0.0, 2.0] * 20
SOFT = pd.DataFrame({"0": [0.9, 0.2, 0.4] * 20})
SOFT["1"] = 1 - SOFT["0"]
JUDGEMENTS = pd.DataFrame(
    {
        "sample": [7, 7, 8, 8, 9, 9],
        "worker": ["ann", "bob", "ann", "bob", "ann", "bob"],
        "label": ["yes", "no", "yes", "yes", None, "no"],
    }
)
WIDE = pd.DataFrame(
    {"id": [7, 8, 9], "ann": ["yes", "yes", None], "bob": ["no", "yes", "no"]}
)


def workflow(lib):
    crowd = CrowdLabels.from_frame(
        lib.frame(DATA.crowd_labels), sample="tweet_id", worker="worker_id"
    )
    train, dev = lib.frame(TRAIN), lib.frame(DEV)
    labeler = make_pipeline(lfs_of(crowd), LabelModel()).fit(train)
    tfidf = make_pipeline(
        make_column_transformer((TfidfVectorizer(), "tweet_text")),
        LogisticRegression(),
    )
    clf = WeakSupervisionClassifier(lfs_of(crowd), LabelModel(), tfidf).fit(train)
    y = lib.column(DEV.sentiment)
    return {
        "score": labeler.score(dev, y),
        "proba": labeler.predict_proba(dev),
        "end model": clf.predict_proba(dev),
        "end score": clf.score(dev, y),
    }


def weak_supervision_with_gold_and_weights(lib):
    clf = WeakSupervisionClassifier(
        lfs_of(CROWD),
        LabelModel(),
        make_pipeline(PolarityLFTransformer("tweet_text"), LogisticRegression()),
    )
    train, y = lib.frame(TRAIN), lib.column(GOLD)
    fitted = clone(clf).fit(train, y, sample_weight=lib.column(WEIGHT))
    score = fitted.score(train, y, sample_weight=lib.column(WEIGHT))
    folds = [test for _, test in GoldKFold(3).split(train, y)]
    return fitted.predict_proba(train), score, folds


def set_output(lib):
    names = []
    for container in ("pandas", "polars"):
        lfs = lfs_of(CROWD).set_output(transform=container)
        votes = lfs.fit_transform(lib.frame(TRAIN))
        assert type(votes).__module__.startswith(container)
        model = LabelModel().fit(votes)
        names.append([*model.feature_names_in_])
        names.append(model.predict_proba(votes))
    return names


def lf_transformers(lib):
    @labeling_function
    def warm(x):
        assert x["tweet_id"] == x.tweet_id
        return "good" if "warm" in x.tweet_text else None

    @labeling_function(vectorized=True)
    def wet(X):
        assert type(X) is type(lib.frame(TRAIN))
        column = X["tweet_text"]
        texts = getattr(column, "to_pylist", getattr(column, "to_list", None))()
        return lib.column(["bad" if "rain" in text else None for text in texts])

    lfs = LFTransformer([warm, wet], classes=["bad", "good"])
    return [
        lfs.set_params(n_jobs=n_jobs).fit_transform(lib.frame(TRAIN))
        for n_jobs in (1, 2)
    ]


def worker_lfs(lib):
    ids = TRAIN[["tweet_id", "tweet_text"]]
    named = WorkerLFTransformer(CROWD).fit(lib.frame(ids))
    by_position = WorkerLFTransformer(CROWD, id_column=0).fit(lib.frame(ids))
    of_frame = clone(WorkerLFTransformer(lib.frame(JUDGEMENTS)))
    wide = WorkerLFTransformer(classes=["no", "yes"])
    return {
        "names": [*named.feature_names_in_],
        "named": named.transform(lib.frame(ids)),
        "by position": by_position.transform(lib.frame(ids)),
        "of a frame": of_frame.fit_transform(lib.frame(JUDGEMENTS[["sample"]])),
        "wide": wide.fit_transform(lib.frame(WIDE[["ann", "bob"]])),
        "wide names": [*wide.get_feature_names_out()],
    }


def crowd_labels(lib):
    long = CrowdLabels.from_frame(lib.frame(JUDGEMENTS), classes=["no", "yes"])
    wide = CrowdLabels.from_wide(
        lib.frame(WIDE), sample="id", classes=lib.column(["no", "yes"])
    )
    cast, found = long.judgements_of(lib.column([9, 5, 7]))
    return long.to_frame(), wide.to_wide(), cast.value, found


MODELS = [
    *(LabelModel(), MajorityVote(), WeightedMajorityVote(), DawidSkene()),
    *(OneCoinDawidSkene(), GLAD(), MACE(), SnorkelLabelModel()),
]


def label_models(lib):
    answers = {}
    for model in MODELS:
        model = clone(model).fit(
            lib.frame(VOTES), lib.column(GOLD), sample_weight=lib.column(WEIGHT)
        )
        answers[type(model).__name__] = (
            [*model.feature_names_in_],
            model.predict_proba(lib.frame(VOTES)),
            model.score(lib.frame(VOTES), lib.column(GOLD)),
        )
    return answers


def named_classes(lib):
    model = LabelModel().fit(lib.frame(NAMED_VOTES), lib.column(NAMED_GOLD))
    proba = model.predict_proba(lib.frame(NAMED_VOTES))
    return [*model.classes_], proba, [*model.predict(lib.frame(NAMED_VOTES))]


def partial_fit(lib):
    model = LabelModel()
    for columns in (["ann", "bob"], ["eve", "ann"]):
        part = lib.frame(NAMED_VOTES[columns])
        model.partial_fit(part, columns="by_name", classes=["no", "yes"])
    return [*model.feature_names_in_], model.predict_proba(lib.frame(NAMED_VOTES))


def forms_of_votes(lib):
    votes = lib.frame(VOTES)
    long = votes_to_long(votes)
    return {
        "dense": votes_to_dense(votes),
        "sparse": votes_to_sparse(votes).toarray(),
        "long": long.assign(lf=[*map(str, long["lf"])]),
        "named": votes_to_dense(lib.frame(NAMED_VOTES)).tolist(),
        "back": votes_from_long(lib.frame(long)).to_numpy(),
    }


def inspection(lib):
    votes, y = lib.frame(VOTES), lib.column(GOLD)
    model = LabelModel().fit(votes)
    gold_of_crowd = ([0, 1, None] * CROWD.n_samples)[: CROWD.n_samples]
    return {
        "summary": lf_summary(votes, y, label_model=model),
        "coverage": label_coverage(votes),
        "agreement": agreement_report(votes, random_state=0),
        "shares": [percent_agreement(votes), krippendorff_alpha(votes)],
        "kappa": fleiss_kappa(lib.frame(NAMED_VOTES)),
        "workers": worker_report(CROWD, lib.column(gold_of_crowd)),
    }


def displays(lib):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.close("all")
    votes, soft = lib.frame(VOTES), lib.frame(SOFT)
    y = lib.column(GOLD)
    curve = pd.DataFrame({"judgements_per_sample": [1, 2], "accuracy": [0.7, 0.8]})
    return {
        "overlap": OverlapDisplay.from_votes(votes).lf_names,
        # Columns of polars are texts, and these are the classes 0 and 1.
        "posterior": PosteriorDisplay.from_predictions(
            y, soft, classes=[0, 1]
        ).is_right(),
        "of a model": PosteriorDisplay.from_estimator(
            LabelModel().fit(votes), votes, y
        ).is_right(),
        "cost": CostCurveDisplay.from_frame(lib.frame(curve)).policies,
    }


def relabeling(lib):
    votes = lib.frame(VOTES)
    model = LabelModel().fit(votes)
    gold_of_crowd = ([0, 1] * CROWD.n_samples)[: CROWD.n_samples]
    cost = simulate_cost_curve(
        CROWD, lib.column(gold_of_crowd), n_repeats=1, step=1.0, random_state=0
    )
    return {
        "plan": relabel_plan(votes, label_model=model, budget=9),
        "gain": expected_gain(votes, label_model=model),
        "error": expected_error(lib.frame(SOFT)),
        "cost": cost.frame,
    }


def report(lib):
    pytest.importorskip("matplotlib")
    page = labeling_report(
        lib.frame(VOTES),
        lib.column(GOLD),
        texts=lib.column(TRAIN.tweet_text),
        sample_ids=lib.column(TRAIN.tweet_id),
        random_state=0,
    )
    gold_of_crowd = ([0, 1, None] * CROWD.n_samples)[: CROWD.n_samples]
    of_crowd = labeling_report(CROWD, lib.column(gold_of_crowd), random_state=0)
    return page.tables, of_crowd.tables


def soft_labels(lib):
    X = lib.frame(SOFT)
    end = SoftLabelClassifier(LogisticRegression())
    of_soft = clone(end).fit(X, lib.frame(SOFT), sample_weight=lib.column(WEIGHT))
    of_hard = clone(end).fit(X, lib.column([0, 1, 1] * 20))
    return of_soft.predict_proba(X), of_hard.decision_function(X), of_hard.predict(X)


def texts(lib):
    X = lib.column(TRAIN.tweet_text)
    one = PolarityLFTransformer().fit(X)
    frame = lib.frame(TRAIN)
    named = PolarityLFTransformer("tweet_text").fit(frame)
    at = PolarityLFTransformer(1).fit(frame)
    gaps = PolarityLFTransformer().fit_transform(lib.column(["good", None, "bad"]))
    return one.transform(X), named.transform(frame), at.transform(frame), gaps


JOBS = [
    workflow,
    weak_supervision_with_gold_and_weights,
    set_output,
    lf_transformers,
    worker_lfs,
    crowd_labels,
    label_models,
    named_classes,
    partial_fit,
    forms_of_votes,
    inspection,
    displays,
    relabeling,
    report,
    soft_labels,
    texts,
]
_EXPECTED = {}


def expected(job):
    if job not in _EXPECTED:
        _EXPECTED[job] = job(Pandas())
    return _EXPECTED[job]


# The polarity of three texts tells nothing of random gold labels.
@pytest.mark.filterwarnings("ignore:Features are not used")
@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
def test_results_are_those_with_pandas(library, job):
    assert_same(job(library), expected(job))


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
def test_lf_transformers_pass_their_checks(library):
    X = library.frame(TRAIN[["tweet_id"]][:8])
    check_lf_transformer(WorkerLFTransformer(CROWD), X)


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda library: library.name)
def test_bert_reads_any_column(library, tiny_bert):
    from sklabel import BertEmbedder

    few = TRAIN[:4]
    want = BertEmbedder(tiny_bert, column="tweet_text").fit_transform(few)
    named = BertEmbedder(tiny_bert, column="tweet_text")
    assert_same(named.fit_transform(library.frame(few)), want)
    one = BertEmbedder(tiny_bert)
    assert_same(one.fit_transform(library.column(few.tweet_text)), want)
    assert_same(one.fit_transform(library.frame(few[["tweet_text"]])), want)


@pytest.mark.filterwarnings("ignore:Features are not used")
@pytest.mark.parametrize(
    "library",
    # scikit-learn does not split a RecordBatch.
    [library for library in LIBRARIES if library.name != "pyarrow batch"],
    ids=lambda library: library.name,
)
def test_cross_validation(library):
    if library.name.startswith("pyarrow"):
        pytest.importorskip("sklearn", "1.9")  # which selects rows of a table
    y = [0, 1, None, 0, 1, None] * 10
    column = library.column(y)
    if isinstance(column, pd.api.extensions.ExtensionArray):
        column = pd.Series(column)
    clf = WeakSupervisionClassifier(
        lfs_of(CROWD),
        LabelModel(),
        make_pipeline(PolarityLFTransformer("tweet_text"), LogisticRegression()),
    )
    want = cross_val_score(clf, TRAIN, y, cv=GoldKFold(2))
    got = cross_val_score(clf, library.frame(TRAIN), column, cv=GoldKFold(2))
    assert_same(got, want)


FITTED = LabelModel().fit(VOTES)
END = SoftLabelClassifier(LogisticRegression()).fit(SOFT, [0, 1, 1] * 20)
WEAK = WeakSupervisionClassifier(lfs_of(CROWD), LabelModel(), LogisticRegression())
ROWS = LFTransformer([("a", lambda x: None)])

DOORS = {
    "CrowdLabels.from_frame": lambda lazy: CrowdLabels.from_frame(lazy),
    "CrowdLabels.from_wide": lambda lazy: CrowdLabels.from_wide(lazy),
    "judgements_of": lambda lazy: CROWD.judgements_of(lazy),
    "PolarityLFTransformer": lambda lazy: PolarityLFTransformer().fit(lazy),
    "PolarityLFTransformer, named": lambda lazy: PolarityLFTransformer("a").fit(lazy),
    "RegexLFTransformer": lambda lazy: RegexLFTransformer({1: ["a"]}).fit(lazy),
    "EstimatorLF": lambda lazy: EstimatorLF(LogisticRegression()).fit(lazy, [0, 1]),
    "EstimatorLF, column": lambda lazy: EstimatorLF(
        LogisticRegression(), column="a"
    ).fit(lazy, [0, 1]),
    "LFTransformer.fit": lambda lazy: ROWS.fit(lazy),
    "LFTransformer.transform": lambda lazy: clone(ROWS).fit(TRAIN).transform(lazy),
    "WorkerLFTransformer": lambda lazy: WorkerLFTransformer(CROWD).fit(lazy),
    "WorkerLFTransformer, wide": lambda lazy: WorkerLFTransformer().fit(lazy),
    "crowd_labels": lambda lazy: WorkerLFTransformer(lazy).fit(TRAIN),
    "check_lf_transformer": lambda lazy: check_lf_transformer(ROWS, lazy),
    "LabelModel.fit": lambda lazy: LabelModel().fit(lazy),
    "LabelModel.fit, y": lambda lazy: LabelModel().fit(VOTES, lazy),
    "sample_weight": lambda lazy: LabelModel().fit(VOTES, sample_weight=lazy),
    "partial_fit": lambda lazy: LabelModel().partial_fit(lazy),
    "predict_proba": lambda lazy: FITTED.predict_proba(lazy),
    "score": lambda lazy: FITTED.score(VOTES, lazy),
    "votes_to_dense": votes_to_dense,
    "votes_to_sparse": votes_to_sparse,
    "votes_to_long": votes_to_long,
    "votes_from_long": votes_from_long,
    "SoftLabelClassifier, X": lambda lazy: clone(END).fit(lazy, SOFT),
    "SoftLabelClassifier, y": lambda lazy: clone(END).fit(SOFT, lazy),
    "SoftLabelClassifier, predict": END.predict,
    "SoftLabelClassifier, proba": END.predict_proba,
    "SoftLabelClassifier, decision": END.decision_function,
    "WeakSupervisionClassifier, X": lambda lazy: WEAK.fit(lazy),
    "WeakSupervisionClassifier, y": lambda lazy: WEAK.fit(TRAIN, lazy),
    "GoldKFold, X": lambda lazy: [*GoldKFold(2).split(lazy, GOLD)],
    "GoldKFold, y": lambda lazy: [*GoldKFold(2).split(TRAIN, lazy)],
    "lf_summary": lf_summary,
    "lf_summary, y": lambda lazy: lf_summary(VOTES, lazy),
    "label_coverage": label_coverage,
    "agreement_report": agreement_report,
    "percent_agreement": percent_agreement,
    "krippendorff_alpha": krippendorff_alpha,
    "fleiss_kappa": fleiss_kappa,
    "worker_report": worker_report,
    "worker_report, y": lambda lazy: worker_report(CROWD, lazy),
    "relabel_plan": lambda lazy: relabel_plan(lazy, label_model=FITTED, budget=1),
    "expected_gain": lambda lazy: expected_gain(lazy, label_model=FITTED),
    "expected_error": expected_error,
    "simulate_cost_curve": simulate_cost_curve,
    "simulate_cost_curve, y": lambda lazy: simulate_cost_curve(CROWD, lazy),
}
PLOTTING = {
    "labeling_report": labeling_report,
    "labeling_report, y": lambda lazy: labeling_report(VOTES, lazy),
    "labeling_report, texts": lambda lazy: labeling_report(VOTES, texts=lazy),
    "labeling_report, ids": lambda lazy: labeling_report(VOTES, sample_ids=lazy),
    "OverlapDisplay": OverlapDisplay.from_votes,
    "PosteriorDisplay": PosteriorDisplay,
    "PosteriorDisplay, y": lambda lazy: PosteriorDisplay(SOFT, lazy),
    "CostCurveDisplay": CostCurveDisplay,
}


def check_refused(door):
    lazy = pl.LazyFrame({"sample": [1], "worker": [1], "label": [0]})
    with pytest.raises(
        TypeError, match=r"must be in memory; got LazyFrame of polars, .*\.collect\(\)"
    ):
        door(lazy)


@pytest.mark.parametrize("name", DOORS)
def test_lazy_frames_are_refused(name):
    check_refused(DOORS[name])


@pytest.mark.parametrize("name", PLOTTING)
def test_lazy_frames_are_refused_by_what_plots(name):
    pytest.importorskip("matplotlib")
    check_refused(PLOTTING[name])


def test_a_vectorised_function_that_returns_a_lazy_frame():
    @labeling_function(vectorized=True)
    def lazy(X):
        return X.lazy().select("tweet_id")

    with pytest.raises(TypeError, match=r"^What lazy returns must be in memory"):
        LFTransformer([lazy]).fit_transform(Polars().frame(TRAIN))


@pytest.mark.skipif(pa is None, reason="needs pyarrow")
@pytest.mark.parametrize(
    ("what", "door"),
    [
        ("X of LabelModel", LabelModel().fit),
        ("A table of votes", lf_summary),
        ("X of LFTransformer", ROWS.fit),
        ("The frame of CrowdLabels.from_frame", CrowdLabels.from_frame),
    ],
)
def test_names_that_repeat_are_refused(what, door):
    table = pa.table([[0, 1], [1, 1]], names=["a", "a"])
    with pytest.raises(ValueError, match=rf"^{what} has column.*more than once: 'a'"):
        door(table)


def test_messages_name_no_frame_that_would_do():
    with pytest.raises(TypeError, match=r"needs a DataFrame with .*; got list"):
        CrowdLabels.from_frame([1])
    with pytest.raises(ValueError, match=r"^y, the gold labels, must be one column"):
        worker_report(CROWD, Polars().frame(WIDE))
    with pytest.raises(TypeError, match=r"must be all strings.*'list'"):
        CrowdLabels.from_frame(
            Polars().frame(JUDGEMENTS).with_columns(pl.concat_list("label"))
        )
    with pytest.raises(TypeError, match=r"row 0 of column 0 is a list"):
        PolarityLFTransformer().fit(pl.Series([["good", "day"]]))
    with pytest.raises(ValueError, match=r"one text per row, and X is one column of n"):
        PolarityLFTransformer().fit(pl.Series([1, 2]))
    for nothing in (pl.Series([], dtype=pl.String), pl.DataFrame({"a": [""]})[:0]):
        with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
            PolarityLFTransformer().fit(nothing)


def test_a_report_needs_its_index():
    pytest.importorskip("matplotlib")
    with pytest.raises(TypeError, match=r"from the index of the pandas .* polars's Da"):
        WorkerFunnelDisplay.from_report(Polars().frame(JUDGEMENTS))


def test_large_ids_stay_what_they_are():
    # As floats, both would be 2**60.
    long = Polars().frame(JUDGEMENTS[:2]).with_columns(sample=pl.Series([2**60 + 1, 5]))
    crowd = CrowdLabels.from_frame(long)
    X = pl.DataFrame({"sample": [2**60 + 1, 2**60 + 2]})
    votes = WorkerLFTransformer(crowd).fit_transform(X)
    assert votes.tolist() == [["yes", None], [None, None]]
    with pytest.raises(ValueError, match=r"1 id\(s\) in column 'sample' are missing"):
        CrowdLabels.from_frame(long.with_columns(sample=pl.Series([2**60 + 1, None])))


def test_a_column_without_index_goes_by_position():
    # pandas would look these up by the ids 0, 1, 2, ... of a Series.
    first, second = CROWD.sample_ids[:2]
    gold = [1, 0] + [None] * (CROWD.n_samples - 2)
    want = worker_report(CROWD, pd.Series([0, 1], index=[second, first]))
    assert_same(worker_report(CROWD, pl.Series(gold)), want)
    assert_same(worker_report(CROWD, pl.DataFrame({"y": gold})), want)
