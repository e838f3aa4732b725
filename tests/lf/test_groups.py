import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from sklabel import (
    LabelModel,
    LFGroupTransformer,
    LFTransformer,
    LFUnion,
    MajorityVote,
    WeakSupervisionClassifier,
    labeling_function,
)
from sklabel.label_model import DawidSkene, OneCoinDawidSkene
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_dense, votes_to_sparse

# Groups "a" = columns 0, 2, 3 and "b" = columns 4, 5; column 1 stands alone.
VOTES = np.array(
    [
        [0, 1, 0, 1, 2, 2],
        [0, 1, 1, -1, 2, 1],
        [0, -1, 0, -1, -1, 1],
        [1, 0, 2, 0, -1, -1],
        [1, 2, 1, 1, 0, 0],
    ]
)
NAMES = ["s1", "rule", "s2", "s3", "p1", "p2"]
FRAME = pd.DataFrame(VOTES, columns=NAMES, index=list("vwxyz"))
GROUPS = {"s1": "gpt", "s2": "gpt", "s3": "gpt", "p1": "ann", "p2": "ann"}
PLURALITY = [[0, 1, 2], [-1, 1, -1], [0, -1, 1], [-1, 0, -1], [1, 2, 0]]


def slow_votes_of_groups(votes, groups, vote, min_votes):
    """Count the votes of each group in each row, one by one."""
    names = list(dict.fromkeys(groups))
    result = np.full((len(votes), len(names)), -1)
    for i, row in enumerate(votes):
        for g, name in enumerate(names):
            members = [v for v, of in zip(row, groups, strict=True) if of == name]
            cast = [v for v in members if v >= 0]
            if not cast or len(cast) < min(min_votes, len(members)):
                continue
            counts = {v: cast.count(v) for v in cast}
            best = [v for v, n in counts.items() if n == max(counts.values())]
            if len(best) > 1:
                continue
            share = counts[best[0]] / len(cast)
            limit = {"plurality": 0, "majority": 0.5, "unanimous": 1 - 1e-9}[vote]
            if share > limit:
                result[i, g] = best[0]
    return result


@pytest.mark.parametrize("vote", ["plurality", "majority", "unanimous"])
@pytest.mark.parametrize("min_votes", [1, 2, 4])
def test_the_vote_is_that_of_a_count_by_hand(vote, min_votes):
    rng = np.random.default_rng(0)
    votes = rng.integers(-1, 4, size=(200, 9))
    groups = ["a", "b", "a", "c", "b", "a", "a", "d", "a"]
    transformer = LFGroupTransformer(groups, vote=vote, min_votes=min_votes)
    expected = slow_votes_of_groups(votes, groups, vote, min_votes)
    assert_array_equal(transformer.fit_transform(votes), expected)


def test_columns_of_a_group_become_one_where_the_first_stood():
    transformer = LFGroupTransformer(GROUPS).set_output(transform="pandas")
    grouped = transformer.fit_transform(FRAME)
    assert list(grouped.columns) == ["gpt", "rule", "ann"]
    assert list(grouped.index) == list("vwxyz")
    assert_array_equal(grouped, PLURALITY)
    assert transformer.groups_ == {
        "gpt": ["s1", "s2", "s3"],
        "rule": ["rule"],
        "ann": ["p1", "p2"],
    }
    assert transformer.lf_groups_.tolist() == [0, 1, 0, 0, 2, 2]


def test_ties_abstain():
    votes = [[0, 1, -1], [0, 1, 1], [0, 1, 2]]
    grouped = LFGroupTransformer(["a"] * 3).fit_transform(votes)
    assert grouped.ravel().tolist() == [-1, 1, -1]


def test_a_majority_is_more_than_half_and_a_plurality_may_be_less():
    votes = [[0, 0, 1, 2], [0, 0, 0, 1], [0, 0, -1, -1], [0, 0, 1, -1]]
    votes_of = {
        vote: LFGroupTransformer(["a"] * 4, vote=vote).fit_transform(votes).ravel()
        for vote in ("plurality", "majority", "unanimous")
    }
    assert votes_of["plurality"].tolist() == [0, 0, 0, 0]
    assert votes_of["majority"].tolist() == [-1, 0, 0, 0]
    assert votes_of["unanimous"].tolist() == [-1, -1, 0, -1]


def test_without_groups_votes_pass():
    transformer = LFGroupTransformer()
    assert_array_equal(transformer.fit_transform(VOTES), VOTES)
    assert transformer.get_feature_names_out().tolist() == [f"x{j}" for j in range(6)]
    assert LFGroupTransformer().fit(FRAME).get_feature_names_out().tolist() == NAMES


def test_groups_of_one_column_pass():
    groups = list("abcdef")
    transformer = LFGroupTransformer(groups, min_votes=3)
    assert_array_equal(transformer.fit_transform(VOTES), VOTES)
    assert transformer.get_feature_names_out().tolist() == groups


def test_groups_are_named_as_for_the_label_model():
    by_name = LFGroupTransformer(GROUPS).fit_transform(FRAME)
    in_order = ["gpt", "rule", "gpt", "gpt", "ann", "ann"]
    assert_array_equal(LFGroupTransformer(in_order).fit_transform(FRAME), by_name)
    numbers = np.array([3, 1, 3, 3, 7, 7])
    transformer = LFGroupTransformer(numbers)
    assert_array_equal(transformer.fit_transform(VOTES), by_name)
    assert transformer.get_feature_names_out().tolist() == ["3", "1", "7"]
    by_position = {0: "gpt", 2: "gpt", 3: "gpt", 4: "ann", 5: "ann"}
    assert_array_equal(LFGroupTransformer(by_position).fit_transform(VOTES), by_name)
    for groups in (GROUPS, in_order, numbers):
        LabelModel(groups=groups).fit(FRAME)


def test_worker_ids_that_are_numbers_are_names_of_columns():
    frame = pd.DataFrame(VOTES[:, :3], columns=[101, 7, 13])
    transformer = LFGroupTransformer({101: "ann", 13: "ann"})
    grouped = transformer.set_output(transform="pandas").fit_transform(frame)
    assert list(grouped.columns) == ["ann", "7"]
    with pytest.raises(ValueError, match=r"X has the columns 7, 101, 13; fit had 101"):
        transformer.transform(frame[[7, 101, 13]])


def test_sparse_votes_stay_sparse():
    grouped = LFGroupTransformer(["a", "r", "a", "a", "b", "b"]).fit_transform(
        votes_to_sparse(VOTES)
    )
    assert isinstance(grouped, VoteMatrix)
    assert_array_equal(votes_to_dense(grouped), PLURALITY)
    # CSR of scipy, which stores a vote for class 0 as a zero.
    plain = sparse.csr_matrix(votes_to_sparse(VOTES))
    again = LFGroupTransformer(["a", "r", "a", "a", "b", "b"]).fit_transform(plain)
    assert_array_equal(votes_to_dense(again), PLURALITY)


NAMED = NamedVotes.from_labels(
    [["spam", "ham", "spam"], [None, "ham", "ham"], ["spam", None, "ham"]],
    classes=["spam", "ham"],
)


@pytest.mark.parametrize("form", ["dense", "sparse", "table", "object"])
def test_named_votes_keep_their_classes(form):
    votes = {
        "dense": NAMED,
        "sparse": votes_to_sparse(NAMED),
        "table": NAMED.to_frame(["a", "b", "c"]),
        "object": NAMED.labels(),
    }[form]
    transformer = LFGroupTransformer(["one", "two", "one"], classes=["spam", "ham"])
    grouped = transformer.fit_transform(votes)
    assert sparse.issparse(grouped) == (form == "sparse")
    assert grouped.classes.tolist() == ["spam", "ham"]
    labels = votes_to_dense(grouped).labels().tolist()
    assert labels == [["spam", "ham"], ["ham", "ham"], [None, None]]


def test_missing_cells_of_every_kind_abstain():
    votes = pd.DataFrame(
        {"a": ["x", None, np.nan, pd.NA], "b": [None, "y", pd.NA, None]}, dtype=object
    )
    grouped = LFGroupTransformer({"a": "g", "b": "g"}).fit_transform(votes)
    assert grouped.labels().ravel().tolist() == ["x", "y", None, None]
    numbers = [[1.0, np.nan], [np.nan, np.nan], [0.0, 0.0]]
    assert LFGroupTransformer([0, 0]).fit_transform(numbers).tolist() == [
        [1],
        [-1],
        [0],
    ]


def test_booleans_are_votes():
    grouped = LFGroupTransformer([0, 0]).fit_transform([[True, True], [False, True]])
    assert grouped.tolist() == [[1], [-1]]


def test_classes_below_zero_are_names():
    votes = NamedVotes.from_labels([[-1, 1], [-1, -1], [None, 1]])
    grouped = LFGroupTransformer([0, 0]).fit_transform(votes)
    assert grouped.labels().ravel().tolist() == [None, -1, 1]


def test_a_value_that_fit_did_not_see_passes():
    transformer = LFGroupTransformer(["g", "g"]).fit([["b", "a"], ["a", None]])
    grouped = transformer.transform([["c", "c"], ["b", None]])
    assert grouped.labels().ravel().tolist() == ["c", "b"]
    assert grouped.classes.tolist() == ["a", "b", "c"]
    assert transformer.classes_.tolist() == ["a", "b"]


def test_a_text_that_looks_like_a_gap_is_a_class_if_it_is_named():
    votes = [["NA", "NA"], ["no", "NA"], ["NA", None]]
    with pytest.warns(UserWarning, match=r"'NA', which is read as a class"):
        LFGroupTransformer(["g", "g"]).fit(votes)
    transformer = LFGroupTransformer(["g", "g"], classes=["no", "NA"])
    assert transformer.fit_transform(votes).labels().ravel().tolist() == [
        "NA", None, "NA",
    ]  # fmt: skip


def test_integers_beside_names_of_classes_stay_integers():
    transformer = LFGroupTransformer([0, 0, 1], classes=["ham", "spam"])
    assert transformer.fit_transform([[0, 0, 1], [1, 0, 0]]).tolist() == [
        [0, 1], [-1, 0],
    ]  # fmt: skip


def test_rows_without_votes_and_one_row():
    assert LFGroupTransformer([0, 0]).fit_transform([[-1, -1]]).tolist() == [[-1]]
    assert LFGroupTransformer([0, 0]).fit_transform([[1, -1]]).tolist() == [[1]]
    empty = LFGroupTransformer([0, 0]).fit([[-1, -1]])
    assert empty.transform([["a", None]]).labels().tolist() == [["a"]]


def test_polars_in_and_out():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"a": ["x", None, "y"], "b": ["x", "y", "x"]})
    transformer = LFGroupTransformer({"a": "g", "b": "g"})
    grouped = transformer.set_output(transform="polars").fit_transform(frame)
    assert isinstance(grouped, pl.DataFrame)
    assert grouped.columns == ["g"]
    assert grouped["g"].to_list() == ["x", "y", None]


def test_it_clones_and_pickles():
    transformer = LFGroupTransformer(GROUPS, vote="majority").fit(FRAME)
    copied = pickle.loads(pickle.dumps(transformer))
    assert_array_equal(copied.transform(FRAME), transformer.transform(FRAME))
    assert clone(transformer).get_params() == transformer.get_params()


def test_names_of_an_array_may_come_later():
    transformer = LFGroupTransformer({0: "gpt", 1: "gpt"}).fit(VOTES[:, :3])
    assert transformer.get_feature_names_out().tolist() == ["gpt", "x2"]
    names = transformer.get_feature_names_out(["a", "b", "rule"])
    assert names.tolist() == ["gpt", "rule"]
    with pytest.raises(ValueError, match=r"input_features should have length"):
        transformer.get_feature_names_out(["a"])
    with pytest.raises(ValueError, match=r"input_features is not equal"):
        LFGroupTransformer(GROUPS).fit(FRAME).get_feature_names_out(["a"])


@pytest.mark.parametrize(
    ("groups", "X", "message"),
    [
        ({"rule_": "g"}, FRAME, r"that X lacks: 'rule_'.*mean 'rule' for 'rule_'\?"),
        ({"s1": "gpt"}, VOTES, r"positions, since X has no column names.*set_output"),
        ({9: "gpt"}, VOTES, r"groups names LFs that X lacks: 9\. X has 0, 1"),
        ({"gpt": ["s1", "s2"]}, FRAME, r"list of LFs for 'gpt'\. Turn it round"),
        ({"s1": None}, FRAME, r"groups names no group for 's1'\. Leave out an LF"),
        (["a", "b"], FRAME, r"a group for each of the 6 LFs; got 'a', 'b' of shape"),
        (["a", None, *"bcde"], FRAME, r"no group for 1 of the 6 LFs, first at pos"),
        ({"s1": "rule", "s2": "rule"}, FRAME, r"would be called 'rule'"),
        ([1, "1", *"abcd"], FRAME, r"would be called '1'"),
    ],
)
def test_groups_that_cannot_be_read(groups, X, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        LFGroupTransformer(groups).fit(X)


def test_label_model_says_the_same_of_groups_it_cannot_read():
    with pytest.raises(ValueError, match=r"'rule' for 'rule_'\?"):
        LabelModel(groups={"rule_": "gpt"}).fit(FRAME)
    with pytest.raises(ValueError, match=r"groups names no group for 's1'"):
        LabelModel(groups={"s1": None}).fit(FRAME)


def test_input_that_cannot_be_read():
    transformer = LFGroupTransformer(GROUPS).fit(FRAME)
    with pytest.raises(ValueError, match=r"feature names should match"):
        transformer.transform(FRAME[NAMES[::-1]])
    with pytest.raises(ValueError, match=r"votes for 'x', and fit had votes for 0, 1"):
        transformer.transform(FRAME.astype(object).where(FRAME < 0, "x"))
    with pytest.raises(ValueError, match=r"0 sample"):
        LFGroupTransformer().fit(VOTES[:0])
    with pytest.raises(ValueError, match=r"1D array"):
        LFGroupTransformer().fit(VOTES[0])


def test_dask_is_not_loaded():
    dd = pytest.importorskip("dask.dataframe")
    lazy = dd.from_pandas(FRAME, npartitions=2)
    with pytest.raises(TypeError, match=r"sklabel\.dask\.transform\(transformer, X\)"):
        LFGroupTransformer().fit(lazy)


def weak_panel(seed=0, n_samples=1500):
    """Twelve models of 70 % and five samples of one of 55 %."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n_samples)

    def copy_of(column, slips):
        return np.where(rng.random(n_samples) < slips, 1 - column, column)

    weak = copy_of(y, 0.45)
    columns = {f"model_{j}": copy_of(y, 0.3) for j in range(12)}
    columns |= {f"weak_{j}": copy_of(weak, 0.01) for j in range(5)}
    return pd.DataFrame(columns), y


def test_copies_mislead_dawid_skene_and_a_group_does_not():
    votes, y = weak_panel()
    groups = {name: "weak" for name in votes if name.startswith("weak")}
    grouped = LFGroupTransformer(groups).set_output(transform="pandas")
    model = make_pipeline(grouped, DawidSkene()).fit(votes)
    assert model.score(votes, y) > 0.9
    assert list(model[-1].feature_names_in_) == [*votes.columns[:12], "weak"]
    # As good as with one of the copies.
    alone = votes[[f"model_{j}" for j in range(12)] + ["weak_0"]]
    expected = DawidSkene().fit(alone).score(alone, y)
    assert model.score(votes, y) == pytest.approx(expected, abs=0.01)


@labeling_function
def above_zero(x):
    return int(x.a > 0)


@labeling_function
def far_above_zero(x):
    return int(x.a > 0.2)


@labeling_function
def second_above_zero(x):
    return int(x.b > 0)


LFS = [above_zero, far_above_zero, second_above_zero]
GROUPS_OF_LFS = {"above_zero": "first", "far_above_zero": "first"}


def samples():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    return frame, (frame["a"] + frame["b"] > 0).astype(int)


def test_pipeline_from_samples_to_labels():
    X, y = samples()
    model = make_pipeline(
        LFTransformer(LFS).set_output(transform="pandas"),
        LFGroupTransformer(GROUPS_OF_LFS),
        MajorityVote(),
    ).fit(X)
    assert model.score(X, y) > 0.7
    names = model[:-1].get_feature_names_out()
    assert names.tolist() == ["first", "second_above_zero"]


def test_lfs_of_a_weak_supervision_classifier_may_be_grouped():
    X, y = samples()
    lfs = make_pipeline(
        LFUnion([("lf", LFTransformer(LFS, sparse_output=True))]),
        LFGroupTransformer({0: "first", 1: "first"}),
    )
    model = WeakSupervisionClassifier(lfs, LabelModel(), LogisticRegression())
    assert model.fit(X).score(X, y) > 0.8
    assert model.label_model_.n_features_in_ == 2


def test_a_series_of_groups_goes_by_the_names_in_its_index():
    votes = pd.DataFrame({"a": [0, 1], "b": [0, 0], "c": [1, 0]})
    expected = {"a": ["a"], "model": ["b", "c"]}
    turned = pd.Series(["model", "model", "a"], index=["c", "b", "a"])
    for groups in (turned, turned[::-1], turned[:2], turned.tolist()[::-1]):
        assert LFGroupTransformer(groups).fit(votes).groups_ == expected
    # Without names there, it goes by position, as an array does.
    by_position = turned[::-1].reset_index(drop=True)
    assert LFGroupTransformer(by_position).fit(votes).groups_ == expected
    with pytest.raises(ValueError, match="groups names LFs that X lacks: 'd'"):
        LFGroupTransformer(pd.Series("m", index=["a", "d"])).fit(votes)
    with pytest.raises(ValueError, match=r"index names LFs twice: 'a'\. Name each"):
        LFGroupTransformer(pd.Series("m", index=["a", "a", "b"])).fit(votes)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (lambda v: LabelModel(groups=v), ["model", "b", "model", "d"]),
        (lambda v: LabelModel(lf_kind=v), ["worker", "worker", "rule", "rule"]),
        (lambda v: DawidSkene(table_groups=v), ["x", "b", "x", "d"]),
        (lambda v: OneCoinDawidSkene(table_groups=v), ["x", "b", "x", "d"]),
    ],
)
def test_models_read_a_series_by_the_names_in_its_index(make, given):
    rng = np.random.default_rng(0)
    right = np.array([0.9, 0.8, 0.6, 0.6])
    cells = np.where(rng.random((80, 4)) < right, np.arange(80)[:, None] % 2, 0)
    votes = pd.DataFrame(cells, columns=list("abcd"))
    expected = make(given).fit(votes).predict_proba(votes)
    turned = pd.Series(given, index=list("abcd"))[::-1]
    assert_array_equal(make(turned).fit(votes).predict_proba(votes), expected)
    by_position = make(turned.to_numpy()).fit(votes).predict_proba(votes)
    assert not np.array_equal(by_position, expected)
    with pytest.raises(ValueError, match="names LFs that X lacks: 'e'"):
        make(turned.rename({"d": "e"})).fit(votes)


def test_tables_by_name_name_all_lfs():
    votes = pd.DataFrame({"a": [0, 1], "b": [0, 0], "c": [1, 0]})
    with pytest.raises(ValueError, match="table_groups names no group for 1 of the 3"):
        DawidSkene(table_groups=pd.Series("x", index=["a", "b"])).fit(votes)
