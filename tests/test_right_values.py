"""Inputs that invite a wrong class without a word, with the values that are right."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklabel import (
    ABSTAIN,
    CrowdLabels,
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.inspection import (
    agreement_report,
    fleiss_kappa,
    krippendorff_alpha,
    lf_summary,
    percent_agreement,
)
from sklabel.label_model import DawidSkene
from sklabel.votes import NamedVotes, votes_from_long


def _long(labels, workers="abcdefgh"):
    """Return judgements of one sample."""
    return pd.DataFrame(
        {"sample": 1, "worker": list(workers[: len(labels)]), "label": labels}
    )


# Negative classes


@pytest.mark.parametrize("model", [MajorityVote, LabelModel, DawidSkene])
def test_declared_minus_one_among_integers_cannot_be_told_from_an_abstention(model):
    votes = np.array([[-1, -1, 1], [1, 1, -1], [-1, -1, -1], [1, 1, 1]])
    with pytest.raises(ValueError, match=r"6 of them.*row 0, LF 0.*from_labels"):
        model(classes=[-1, 1]).fit(votes)
    named = NamedVotes.from_labels(votes, classes=[-1, 1])
    assert model().fit(named).predict(named).tolist() == [-1, 1, -1, 1]
    floats = votes.astype(float)
    found = model(classes=[-1, 1]).fit(floats)
    assert found.predict(floats).tolist() == [-1, 1, -1, 1]
    with pytest.raises(ValueError, match="it also means abstain"):
        found.predict(votes)


def test_without_classes_minus_one_still_means_abstain():
    votes = [[-1, -1, 1], [0, -1, 0]]
    assert MajorityVote().fit(votes).predict(votes).tolist() == [1, 0]


def test_far_negative_integers_are_labels_and_minus_one_abstains():
    votes = np.array([[-5, -1, -5], [5, 5, -1], [-1, 5, 5], [-5, -5, 5]])
    model = MajorityVote(classes=[-5, 5]).fit(votes)
    assert model.predict(votes).tolist() == [-5, 5, 5, -5]


def test_positions_among_declared_integers_are_refused():
    with pytest.raises(ValueError, match="labels or positions"):
        LabelModel(classes=[1, 2]).fit([[0, 1], [1, 1], [0, 0]])
    with pytest.raises(ValueError, match="labels or positions"):
        LabelModel(classes=[-2, 0, 2]).fit([[0, 1], [2, 2], [0, 0]])


def test_one_stray_code_is_one_class_and_shifts_nothing():
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=100)
    labels = np.where(rng.random((100, 5)) < 0.85, y[:, None], 1 - y[:, None])
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(100), 5),
            "worker": np.tile(np.arange(5), 100),
            "label": labels.ravel(),
        }
    )
    frame.loc[7, "label"] = -99
    ids = pd.DataFrame({"sample": np.arange(100)})
    lfs = WorkerLFTransformer(CrowdLabels.from_frame(frame))
    found = make_pipeline(lfs, LabelModel()).fit(ids)
    assert list(found.classes_) == [-99, 0, 1]
    assert (found.predict(ids) == y).mean() > 0.9


def test_agreement_counts_minus_one_where_it_is_a_class():
    labels = [[-1, -1, -1], [1, 1, 0], [0, 0, 0], [-1, -1, 0], [1, 1, 1]]
    frame = pd.DataFrame(labels)
    shifted = krippendorff_alpha(frame + 1)
    classes = [-1, 0, 1]
    assert krippendorff_alpha(frame, classes=classes) == shifted
    assert fleiss_kappa(frame, classes=classes) == fleiss_kappa(frame + 1)
    assert percent_agreement(frame.astype(float), classes=classes) == pytest.approx(
        percent_agreement(frame + 1)
    )
    with pytest.warns(UserWarning, match="5 cells of -1 are read as no judgement"):
        assert krippendorff_alpha(frame) != shifted


def test_minus_one_beside_missing_cells_warns():
    votes = [[-1, np.nan, 1], [0, -1, 0]]
    with pytest.warns(UserWarning, match="2 cells of -1 and 1 missing ones"):
        LabelModel().fit(votes)
    model = LabelModel(classes=[0, 1]).fit(votes)
    assert model.predict(votes).tolist() == [1, 0]
    of_three = MajorityVote(classes=[-1, 0, 1]).fit(votes)
    assert of_three.predict_proba(votes)[1].argmax() == 1


def test_functions_may_return_minus_one_as_a_class():
    X = pd.DataFrame({"score": [-3.0, 0.1, 2.0, np.nan]})

    def sign(x):
        return ABSTAIN if np.isnan(x.score) else int(np.sign(round(x.score)))

    lfs = LFTransformer([sign], classes=[-1, 0, 1])
    assert lfs.fit_transform(X).tolist() == [[-1], [0], [1], [None]]
    by_two = LFTransformer([sign], classes=[-1, 0, 1], n_jobs=2)
    assert by_two.fit_transform(X).tolist() == [[-1], [0], [1], [None]]


def test_a_vectorised_function_shows_what_minus_one_means():
    X = pd.DataFrame({"score": [-3.0, 0.1, 2.0]})

    def in_integers(X):
        return np.sign(X["score"].round()).astype(int)

    def in_floats(X):
        return np.sign(X["score"].round()).replace(0.0, np.nan)

    for function in (in_integers, in_floats):
        function.lf_vectorized = True
    with pytest.raises(TypeError, match="in_integers returned integers of which 1 are"):
        LFTransformer([in_integers], classes=[-1, 0, 1]).fit_transform(X)
    votes = LFTransformer([in_floats], classes=[-1, 0, 1]).fit_transform(X)
    assert votes.tolist() == [[-1], [None], [1]]


def test_polarity_votes_for_the_classes_of_the_crowd():
    texts = pd.DataFrame({"text": ["What a wonderful day!", "Terrible and ugly."]})
    pytest.importorskip("textblob")
    for positive, negative in ((1, -1), ("Positive", "Negative"), ("good", "bad")):
        lfs = PolarityLFTransformer(
            "text", positive_class=positive, negative_class=negative
        )
        votes = lfs.fit_transform(texts)
        assert votes[:, 0].tolist() == [positive, None]
        assert votes[:, 1].tolist() == [None, negative]
        assert MajorityVote().fit(votes).predict(votes).tolist() == [positive, negative]


# Names


def test_names_that_only_integers_stand_beside_are_refused():
    crowd = CrowdLabels.from_frame(_long(["no", "yes"]))
    ids = pd.DataFrame({"sample": [1]})
    lfs = LFUnion(
        [
            ("crowd", WorkerLFTransformer(crowd)),
            ("own", LFTransformer([("f", lambda x: 1)])),
        ]
    )
    with pytest.raises(ValueError, match=r"different kinds.*classes=names"):
        lfs.fit_transform(ids)


def test_votes_for_no_given_class_are_refused():
    votes = np.array([["yes", "no"], ["no", "no"]], dtype=object)
    with pytest.raises(ValueError, match="No vote is for one of the classes"):
        LabelModel(classes=["Yes", "No"]).fit(votes)
    with pytest.warns(UserWarning, match="nobody votes for 'Yes'"):
        LabelModel(classes=["Yes", "no"]).fit(votes)


def test_names_of_a_summary_are_shown():
    votes = np.array([[0, 1, -1], [1, 1, 0], [0, -1, 0], [1, 0, 0]])
    summary = lf_summary(votes, ["ham", "spam", "ham", "spam"], classes=["ham", "spam"])
    assert summary["Polarity"].tolist() == [["ham", "spam"], ["ham", "spam"], ["ham"]]
    assert summary["Correct"].tolist() == [4, 1, 1]


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "yes ",
        "yes\t",
        " yes",
        "yes\u00a0",
        "yes\u200b",
        "\ufeffyes",
        "y\u00ades",
        "yes\u2060",
        "yes\r\n",
        "\u200eyes",
    ],
)
def test_labels_that_look_alike_are_one_class(text):
    with pytest.warns(UserWarning, match=r"1 label\(s\) in column 'label' have blanks"):
        crowd = CrowdLabels.from_frame(_long(["yes", "yes", text, "no", "no"]))
    assert crowd.classes.tolist() == ["no", "yes"]
    assert crowd.n_tidied == 1
    ids = pd.DataFrame({"sample": [1]})
    lfs = WorkerLFTransformer(crowd)
    assert make_pipeline(lfs, MajorityVote()).fit(ids).predict(ids) == ["yes"]
    votes = np.array([["yes", "yes", text, "no", "no"]], dtype=object)
    with pytest.warns(UserWarning, match=r"1 vote\(s\) have blanks"):
        model = MajorityVote().fit(votes)
    assert model.classes_.tolist() == ["no", "yes"]
    with pytest.warns(UserWarning, match=r"1 gold label\(s\) have blanks"):
        model = MajorityVote().fit([["no"], ["yes"]], ["no", text])
    assert model.classes_.tolist() == ["no", "yes"]


def test_composed_and_decomposed_accents_are_one_class():
    with pytest.warns(UserWarning, match="blanks or invisible characters"):
        crowd = CrowdLabels.from_frame(_long(["\u00e9cole", "e\u0301cole", "bar"]))
    assert crowd.classes.tolist() == ["bar", "\u00e9cole"]


def test_blanks_within_a_label_stay_one_space():
    with pytest.warns(UserWarning, match="blanks"):
        crowd = CrowdLabels.from_frame(
            _long(["very good", "very\u00a0good", "very  good"])
        )
    assert crowd.classes.tolist() == ["very good"]


def test_given_classes_are_read_as_they_look():
    frame = _long(["yes ", "no"])
    with pytest.warns(UserWarning, match="blanks"):
        crowd = CrowdLabels.from_frame(frame, classes=[" no", "yes\u00a0"])
    assert crowd.classes.tolist() == ["no", "yes"]
    assert crowd.n_judgements == 2


def test_functions_return_labels_as_they_look():
    lfs = LFTransformer([("f", lambda x: "spam ")], classes=["ham", "spam"])
    assert lfs.fit_transform(pd.DataFrame({"a": [1]})).tolist() == [["spam"]]


@pytest.mark.parametrize("text", ["None", "nan", "<NA>", "NaN", "NaT", "", "  "])
def test_texts_of_missing_values_are_refused(text):
    labels = ["a", text, "b"]
    with pytest.raises(ValueError, match=r"1 label\(s\) in column 'label' hold"):
        _no_warning_of_blanks(CrowdLabels.from_frame, _long(labels))
    votes = np.array([["a", text], ["b", "a"]], dtype=object)
    with pytest.raises(ValueError, match=r"1 vote\(s\).*row 0, LF 1"):
        _no_warning_of_blanks(LabelModel().fit, votes)
    with pytest.raises(ValueError, match=r"1 gold label\(s\) in y"):
        _no_warning_of_blanks(LabelModel().fit, [["a"], ["b"], ["a"]], labels)


def _no_warning_of_blanks(function, *args):
    import warnings

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*blanks or invisible", UserWarning)
        return function(*args)


def test_a_text_of_a_missing_value_may_be_declared_a_class():
    crowd = CrowdLabels.from_frame(_long(["None", "some"]), classes=["None", "some"])
    assert crowd.n_judgements == 2
    votes = np.array([["None", "some"], ["None", "None"]], dtype=object)
    model = MajorityVote(classes=["None", "some"]).fit(votes)
    assert model.predict(votes).tolist() == ["None", "None"]


@pytest.mark.parametrize("text", ["NA", "N/A", "null", "none", "NULL"])
def test_texts_that_may_be_missing_values_warn(text):
    with pytest.warns(UserWarning, match=f"hold '{text}', which is read as a class"):
        crowd = CrowdLabels.from_frame(_long(["a", text, "b"]))
    assert text in crowd.classes


def test_labels_that_differ_by_case_stay_apart_with_a_warning():
    with pytest.warns(UserWarning, match="'Yes' and 'yes', which are two classes"):
        crowd = CrowdLabels.from_frame(_long(["Yes", "yes", "no"]))
    assert crowd.classes.tolist() == ["Yes", "no", "yes"]


def test_texts_are_in_natural_order():
    crowd = CrowdLabels.from_frame(_long(["1", "10", "2", "9"]))
    assert crowd.classes.tolist() == ["1", "2", "9", "10"]
    crowd = CrowdLabels.from_frame(_long(["level 10", "level 9", "level 1"]))
    assert crowd.classes.tolist() == ["level 1", "level 9", "level 10"]
    votes = np.array([["10", "2"], ["1", "2"]], dtype=object)
    assert MajorityVote().fit(votes).classes_.tolist() == ["1", "2", "10"]


def test_ordered_categories_keep_their_order():
    order = ["low", "mid", "high"]
    label = pd.Categorical(["high", "low", "mid"], categories=order, ordered=True)
    assert CrowdLabels.from_frame(_long(label)).classes.tolist() == order
    unused = pd.Categorical(["high", "low"], categories=order, ordered=True)
    assert CrowdLabels.from_frame(_long(unused)).classes.tolist() == ["low", "high"]
    falling = pd.Categorical([3, 1, 2], categories=[3, 2, 1], ordered=True)
    assert CrowdLabels.from_frame(_long(falling)).classes.tolist() == [3, 2, 1]
    blanks = pd.Categorical(["b ", "a"], categories=["b ", "a"], ordered=True)
    with pytest.warns(UserWarning, match="blanks"):
        assert CrowdLabels.from_frame(_long(blanks)).classes.tolist() == ["b", "a"]
    wide = pd.DataFrame({"ann": label, "bob": label[::-1]})
    assert CrowdLabels.from_wide(wide).classes.tolist() == order


# Tables of another shape


def _wide():
    return pd.DataFrame({"ann": ["x", "y"] * 15, "bob": ["y", "y", "x"] * 10})


@pytest.mark.parametrize(
    "column",
    [
        [f"a sentence with number {i}" for i in range(30)],
        [f"id{i:04}" for i in range(30)],
        [f"2024-01-{i + 1:02}" for i in range(30)],
    ],
)
@pytest.mark.parametrize("options", [{}, {"handle_unknown": "count"}])
def test_a_column_of_texts_is_not_a_worker(column, options):
    wide = _wide().assign(text=column)
    if options:
        options = {**options, "classes": ["x", "y"]}
    with pytest.raises(ValueError, match=r"Column 'text' holds.*leave out other"):
        CrowdLabels.from_wide(wide, **options)
    crowd = CrowdLabels.from_wide(wide, workers=["ann", "bob"], **options)
    assert crowd.n_workers == 2
    assert crowd.n_judgements == 60


def test_a_table_of_counts_is_refused_or_read_as_such():
    table = np.array(
        [
            [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0],
            [2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2],
            [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
        ]
    )  # fmt: skip
    for function in (fleiss_kappa, lf_summary, LabelModel().fit, agreement_report):
        with pytest.raises(ValueError, match=r"rows sums to 14.*table of counts"):
            function(table)
    assert fleiss_kappa(table, counts=True) == pytest.approx(0.2099307, abs=1e-6)
    frame = pd.DataFrame(table, columns=list("abcde"))
    assert fleiss_kappa(frame, counts=True) == pytest.approx(0.2099307, abs=1e-6)
    # The same as the judgements behind the counts.
    labels = [np.repeat(np.arange(5), row) for row in table]
    assert krippendorff_alpha(table, counts=True) == pytest.approx(
        krippendorff_alpha(np.array(labels))
    )
    with pytest.raises(ValueError, match="integers of 0 or more"):
        fleiss_kappa(table / 14, counts=True)
    one_hot = np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2, 2]]
    with pytest.raises(ValueError, match="sums to 1"):
        LabelModel().fit(one_hot)


def test_a_long_table_is_not_votes():
    rng = np.random.default_rng(0)
    long = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(200), 4),
            "worker": np.tile(np.arange(4), 200),
            "label": rng.integers(2, size=800),
        }
    )
    for function in (LabelModel().fit, lf_summary, WorkerLFTransformer().fit):
        with pytest.raises(ValueError, match=r"'sample'.*CrowdLabels\.from_frame"):
            function(long)
    texts = long.astype({"sample": str, "worker": str, "label": str})
    with pytest.raises(ValueError, match="'sample'"):
        MajorityVote().fit(texts)
    few = pd.DataFrame({"sample": list("abcdef"), "label": [*"xyxyxy"]})
    with pytest.raises(ValueError, match="'sample'"):
        MajorityVote().fit(few)


def test_many_classes_that_lfs_share_are_votes():
    rng = np.random.default_rng(0)
    votes = rng.integers(100, size=(500, 8))
    assert len(MajorityVote().fit(votes).classes_) == 100
    declared = MajorityVote(classes=np.arange(200))
    assert len(declared.fit(rng.integers(200, size=(20, 2))).classes_) == 200


def test_a_column_of_texts_is_not_one_of_labels():
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(30), 2),
            "worker": np.tile([1, 2], 30),
            "label": [f"I think that {i}" for i in range(60)],
        }
    )
    with pytest.raises(ValueError, match="60 different labels in 60 judgements"):
        CrowdLabels.from_frame(frame)


def test_one_id_for_every_row_warns():
    frame = pd.DataFrame(
        {"sample": "p1", "worker": np.arange(12), "label": ["a", "b"] * 6}
    )
    with pytest.warns(UserWarning, match="All 12 judgements are of one sample"):
        CrowdLabels.from_frame(frame)
    frame = pd.DataFrame(
        {
            "sample": np.repeat(np.arange(10), 4),
            "worker": "anonymous",
            "label": ["a", "b"] * 20,
        }
    )
    with pytest.warns(UserWarning, match="30 of 40 judgements repeat"):
        crowd = CrowdLabels.from_frame(frame)
    assert crowd.left_out["repeated"] == 30


# Repeated judgements


def _repeated():
    return pd.DataFrame(
        {
            "sample": [1, 1, 1, 1, 2, 2, 2],
            "worker": ["ann", "ann", "ann", "bob", "ann", "bob", "bob"],
            "label": ["x", "y", "x", "y", "y", "y", "x"],
        }
    )


def test_repeated_judgements_can_be_kept():
    crowd = CrowdLabels.from_frame(_repeated(), duplicates="keep")
    assert crowd.n_judgements == 7
    assert crowd.left_out == {"missing_label": 0, "repeated": 0}
    assert crowd.judgements_per_worker.tolist() == [4, 3]
    assert crowd.repeats_per_worker.tolist() == [3, 2]
    lfs = WorkerLFTransformer(crowd)
    votes = lfs.fit_transform(pd.DataFrame({"sample": [2, 1, 9]}))
    assert list(lfs.get_feature_names_out()) == [
        "worker_ann",
        "worker_ann_repeat2",
        "worker_ann_repeat3",
        "worker_bob",
        "worker_bob_repeat2",
    ]
    assert votes.tolist() == [
        ["y", None, None, "y", "x"],
        ["x", "y", "x", "y", None],
        [None] * 5,
    ]
    assert lfs.lf_workers_.tolist() == [0, 0, 0, 1, 1]
    tables = DawidSkene(table_groups=lfs.lf_workers_).fit(votes).confusion_
    np.testing.assert_array_equal(tables[0], tables[2])
    assert crowd.to_frame().shape == (7, 3)
    with pytest.raises(ValueError, match="repeat pairs"):
        crowd.to_wide()


def test_kept_repeats_of_workers_that_are_left_out_or_unipolar():
    crowd = CrowdLabels.from_frame(_repeated(), duplicates="keep")
    ids = pd.DataFrame({"sample": [1, 2]})
    busy = WorkerLFTransformer(crowd, min_labels=4)
    assert busy.fit_transform(ids).tolist() == [["x", "y", "x"], ["y", None, None]]
    unipolar = WorkerLFTransformer(crowd, unipolar=True, sparse_output=True)
    votes = unipolar.fit_transform(ids)
    assert votes.shape == (2, 10)
    assert votes.nnz == 7
    names = unipolar.get_feature_names_out()
    assert names[2:4].tolist() == ["worker_ann_repeat2_x", "worker_ann_repeat2_y"]


def test_agreement_and_reports_count_kept_repeats():
    from sklabel.inspection import worker_report

    crowd = CrowdLabels.from_frame(_repeated(), duplicates="keep")
    report = agreement_report(crowd, n_bootstraps=0)
    assert report["n_judgements"].tolist() == [7, 7, 7, 7]
    assert worker_report(crowd)["n_judgements"].sort_index().tolist() == [4, 3]


@pytest.mark.parametrize(
    "times",
    [
        pd.to_datetime(["2024-02-02", "2024-01-01", "2024-01-02"]),
        ["2024-02-02 10:00", "2024-01-01 09:00", "2024-01-02 08:00"],
        [1706868000, 1704067200, 1704153600],
        pd.to_datetime(["2024-02-02", "2024-01-01", "2024-01-02"], utc=True),
    ],
)
def test_the_last_judgement_may_go_by_time(times):
    frame = pd.DataFrame(
        {
            "sample": [1, 1, 1],
            "worker": ["ann"] * 3,
            "label": ["new", "old", "mid"],
            "when": times,
        }
    )
    last = CrowdLabels.from_frame(frame, time="when")
    assert last.to_frame()["label"].tolist() == ["new"]
    first = CrowdLabels.from_frame(frame, time="when", duplicates="first")
    assert first.to_frame()["label"].tolist() == ["old"]


def test_times_that_cannot_be_read_are_refused():
    frame = _repeated().assign(when="yesterday")
    with pytest.raises(ValueError, match="Column 'when' must hold times"):
        CrowdLabels.from_frame(frame, time="when")
    frame = _repeated().assign(when=[1.0, np.nan, *range(5)])
    with pytest.raises(ValueError, match=r"1 time.*missing, first at row 1"):
        CrowdLabels.from_frame(frame, time="when")
    with pytest.raises(ValueError, match=r"needs the column.*'when'"):
        CrowdLabels.from_frame(_repeated(), time="when")


# Large integers


@pytest.mark.parametrize("ids", [[2**63 + 1, -5], [10**20, 10**20 + 1], [-(2**70), 3]])
def test_integer_ids_beyond_64_bits_are_called_so(ids):
    frame = pd.DataFrame(
        {"sample": np.array(ids, dtype=object), "worker": [1, 1], "label": [0, 1]}
    )
    with pytest.raises(ValueError, match=r"integers of 64 bits.*astype\(str\)"):
        CrowdLabels.from_frame(frame)
    crowd = CrowdLabels.from_frame(frame.astype({"sample": str}))
    assert crowd.n_samples == 2


def test_large_unsigned_and_inexact_votes_are_refused():
    with pytest.raises(ValueError, match="64 bits with a sign"):
        LabelModel().fit(np.array([[2**63 + 1, 2], [1, 1]], dtype=np.uint64))
    with pytest.raises(ValueError, match="Floats skip integers"):
        LabelModel().fit(np.array([[2.0**60, 2], [1, 1]]))


def test_votes_from_a_list_know_names():
    long = pd.DataFrame(
        {"sample": [7, 8, 8], "lf": ["a", "a", "b"], "vote": ["10", "2", "10"]}
    )
    table = votes_from_long(long)
    assert table["a"].tolist() == ["10", "2"]
    assert MajorityVote().fit(table).classes_.tolist() == ["2", "10"]


# -1 and 0 that other tools use otherwise


def test_minus_one_that_looks_like_a_class_in_votes_and_gold_warns():
    rng = np.random.default_rng(0)
    y = rng.integers(-1, 2, size=90)
    given = np.where(
        rng.random((90, 5)) < 0.8, y[:, None], rng.integers(-1, 2, (90, 5))
    )
    wide = pd.DataFrame(given)
    for function in (lf_summary, LabelModel().fit):
        with pytest.warns(UserWarning, match="-1 may be a class. Pass classes="):
            function(wide, y)
    named = NamedVotes.from_labels(wide, classes=[-1, 0, 1])
    summary = lf_summary(named, y)
    assert summary["Emp. Acc."].min() > 0.7
    # Unlabelled rows in which LFs vote as often as elsewhere are just that.
    y[rng.random(90) < 0.5] = -1
    votes = np.where(rng.random((90, 5)) < 0.7, np.abs(given), -1)
    LabelModel().fit(votes, y)


def test_zero_outside_of_the_classes_warns():
    votes = np.array([[1, 0, 1], [2, 2, 0], [0, 1, 1], [2, 2, 1]])
    with pytest.warns(UserWarning, match="Votes hold 0, which is not in classes"):
        LabelModel(classes=[1, 2]).fit(votes)


def test_dense_names_beside_sparse_ones_name_the_remedy():
    from sklearn.pipeline import FeatureUnion

    for labels in (["no", "yes", "no"], [-1, 1, 1]):
        crowd = CrowdLabels.from_frame(_long(labels), classes=sorted(set(labels)))
        lfs = [
            ("a", WorkerLFTransformer(crowd)),
            ("b", WorkerLFTransformer(crowd, sparse_output=True)),
        ]
        ids = pd.DataFrame({"sample": [1]})
        for blocks in (lfs, lfs[::-1]):
            with pytest.raises(TypeError, match="LFUnion"):
                FeatureUnion(blocks).fit_transform(ids)
        votes = LFUnion(lfs).fit_transform(ids)
        assert MajorityVote().fit(votes).predict(votes).tolist() == [
            max(labels, key=labels.count)
        ]


def test_minus_one_in_a_wide_table_of_judgements_warns():
    wide = pd.DataFrame({"ann": [-1, 0, 1, 1], "bob": [-1, 0, 0, 1]})
    with pytest.warns(UserWarning, match="2 cells of -1 are read as no judgement"):
        CrowdLabels.from_wide(wide)
    with pytest.warns(UserWarning, match="2 cells of -1 are read as no label"):
        WorkerLFTransformer().fit(wide)
    gaps = wide.astype(float)
    gaps.loc[2, "bob"] = np.nan
    with pytest.warns(UserWarning, match="2 cells of -1"):
        CrowdLabels.from_wide(gaps)
    crowd = CrowdLabels.from_wide(gaps, classes=[-1, 0, 1])
    assert crowd.n_judgements == 7
    # Where most cells are -1, nobody judged them.
    sparse = pd.DataFrame({"ann": [-1, -1, 1, 0], "bob": [-1, 0, -1, -1]})
    assert CrowdLabels.from_wide(sparse).n_judgements == 3


def test_counts_and_one_hot_tables_of_other_kinds_are_refused():
    rng = np.random.default_rng(0)
    counts = pd.DataFrame(rng.multinomial(5, [0.3, 0.3, 0.4], size=50))
    with pytest.raises(ValueError, match="table of counts"):
        CrowdLabels.from_wide(counts)
    one_hot = pd.get_dummies(pd.Series(list("abcabcca")))
    with pytest.raises(ValueError, match="sums to 1"):
        LabelModel().fit(one_hot)


def test_integer_gold_beside_named_votes_is_refused():
    votes = NamedVotes.from_labels([["a", "b"], ["b", None], ["a", "a"]])
    with pytest.raises(ValueError, match="cannot be matched"):
        LabelModel().fit(votes, [1, -1, -1])


def test_tables_of_labels_are_read_as_votes_are():
    with pytest.raises(ValueError, match=r"'None'.*first at row 1, LF 'bob'"):
        NamedVotes.from_labels(pd.DataFrame({"ann": ["a", "b"], "bob": ["a", "None"]}))
    with pytest.raises(ValueError, match=r"infinity in 1 vote.*row 1, LF 0"):
        NamedVotes.from_labels([[1.0, 2.0], [np.inf, 1.0]])
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"ann": ["a", None], "bob": ["b", "a"]})
    assert NamedVotes.from_labels(frame).tolist() == [["a", "b"], [None, "a"]]
    with pytest.raises(TypeError, match="collect"):
        NamedVotes.from_labels(frame.lazy())


def test_named_sparse_votes_do_not_fill_an_array():
    from sklabel.votes import votes_to_sparse

    votes = votes_to_sparse(NamedVotes.from_labels([["a", None], ["b", "a"]]))
    for method in (votes.toarray, votes.todense):
        with pytest.raises(TypeError, match="cannot be written to an array"):
            method(out=np.zeros((2, 2), dtype=np.int8))
