"""Scales, row weights and Gwet's coefficients equal published values, loops, peers."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sklabel import CrowdLabels
from sklabel.inspection import (
    _agreement_sums,
    _pairwise,
    agreement_report,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from sklabel.votes import NamedVotes
from sklabel.votes._cast import CastVotes
from sklabel.votes._read import read_any_votes
from tests.inspection.test_agreement import (
    KRIPPENDORFF,
    WIKIPEDIA,
    _by_loops,
    _gwet_by_loops,
    _random_votes,
)

ALL = [percent_agreement, fleiss_kappa, krippendorff_alpha, gwet_ac1]
SCALES = ["nominal", "ordinal", "interval", "ratio"]
WEIGHTS = [None, "linear", "quadratic", "ordinal"]


def _rows(votes):
    return [[v for v in row if v >= 0] for row in votes if (row >= 0).any()]


# Scales


def test_krippendorffs_own_example_on_scales_of_numbers():
    # Krippendorff (2011), example C.
    for scale, expected in [("interval", 0.849), ("ratio", 0.797)]:
        alpha = krippendorff_alpha(KRIPPENDORFF, scale=scale)
        assert alpha == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("scale", ["interval", "ratio"])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_of_numbers_equals_loops(seed, scale):
    votes = _random_votes(seed) ** 2
    votes[_random_votes(seed) < 0] = -1
    expected = _by_loops(votes, scale)
    assert krippendorff_alpha(votes, scale=scale) == pytest.approx(expected[2])
    report = agreement_report(votes, scale=scale, n_bootstraps=0)
    assert report["value"].tolist() == pytest.approx(expected[:3])
    assert report.index[-1] == "Krippendorff alpha"


@pytest.mark.parametrize("scale", SCALES)
def test_pairs_in_blocks_give_the_same(scale, monkeypatch):
    votes = np.random.default_rng(0).integers(0, 9, (40, 4))
    expected = krippendorff_alpha(votes, scale=scale)
    monkeypatch.setattr(_agreement_sums, "_BLOCK", 20)
    assert krippendorff_alpha(votes, scale=scale) == pytest.approx(expected, abs=1e-12)


def test_alpha_of_numbers_knows_no_unit():
    votes = np.abs(_random_votes(0, n_samples=50).astype(float))
    for scale, shift in [("interval", 1e6), ("interval", -40), ("ratio", 0)]:
        expected = krippendorff_alpha(votes, scale=scale)
        for unit in (1e-9, 0.1, 1e6):
            moved = votes * unit + shift * unit
            classes = np.unique(moved)
            alpha = krippendorff_alpha(moved, scale=scale, classes=classes)
            assert alpha == pytest.approx(expected, abs=1e-8)


@pytest.mark.peers
@pytest.mark.parametrize("scale", ["interval", "ratio"])
@pytest.mark.parametrize("seed", range(3))
def test_alpha_of_numbers_equals_that_of_krippendorff(seed, scale):
    alpha = pytest.importorskip("krippendorff").alpha
    votes = _random_votes(seed)
    table = np.where(votes < 0, np.nan, votes.astype(float)).T
    expected = alpha(table, level_of_measurement=scale)
    assert krippendorff_alpha(votes, scale=scale) == pytest.approx(expected)


@pytest.mark.parametrize("scale", ["ordinal", "interval", "ratio"])
def test_fractions_that_stand_once_each_are_ratings(scale):
    rng = np.random.default_rng(0)
    ratings = 3 + rng.normal(size=(30, 1)) * 0.5 + rng.normal(size=(30, 3)) * 0.1
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    ratings = np.abs(ratings)
    rows = [[v for v in row if v == v] for row in ratings]
    table = np.full((len(rows), 3), np.nan)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    expected = _by_loops(np.where(np.isnan(ratings), -1, ratings), scale)[2]
    for form in (ratings, table, pd.DataFrame(ratings)):
        assert krippendorff_alpha(form, scale=scale) == pytest.approx(expected)


@pytest.mark.parametrize("scale", SCALES)
def test_memory_does_not_grow_with_pairs_of_values(scale):
    rng = np.random.default_rng(0)
    votes = np.clip(
        rng.integers(0, 3000, (5000, 1)) + rng.integers(-9, 9, (5000, 3)), 0, 3000
    )
    tracemalloc.start()
    krippendorff_alpha(votes, scale=scale, classes=range(3001))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A table of samples by values has 120 MB; of values by values, 72 MB.
    assert peak < 50e6


@pytest.mark.parametrize("scale", ["ordinal", "ratio"])
def test_the_interval_on_a_scale_is_that_of_resampled_rows(scale):
    votes = _random_votes(5, n_samples=60)
    report = agreement_report(votes, scale=scale, n_bootstraps=2000, random_state=0)
    rng = np.random.default_rng(0)
    drawn = [_by_loops(votes[rng.integers(0, 60, 60)], scale)[2] for _ in range(150)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    alpha = report.loc["Krippendorff alpha"]
    assert [alpha["low"], alpha["high"]] == pytest.approx([low, high], abs=0.07)


def test_numbers_below_zero_do_not_lose_minus_one():
    votes = np.array([[-2, -1], [0, 1], [2, 2], [-1, -1]])
    message = r"numbers below 0 \(-2\), and -1 in 3 cells, first at row 0, column 1"
    for form in (votes, votes.tolist(), votes.astype(float)):
        with pytest.raises(ValueError, match=message):
            krippendorff_alpha(form, scale="interval")
    for form in (votes, votes.tolist(), pd.DataFrame(votes)):
        alpha = krippendorff_alpha(form, scale="interval", classes=[-2, -1, 0, 1, 2])
        assert alpha == pytest.approx(krippendorff_alpha(votes + 2, scale="interval"))
    named = NamedVotes.from_labels(votes)
    assert krippendorff_alpha(named, scale="interval") == pytest.approx(alpha)


@pytest.mark.parametrize(
    ("votes", "scale", "message"),
    [
        (
            [["a", "b"], ["a", "a"]],
            "interval",
            "needs numbers, and the classes are 'a'",
        ),
        (NamedVotes([[0, 1]], ["1", "2"]), "ratio", "needs numbers, and the classes"),
        (NamedVotes([[0, 1]], [-2, 2]), "ratio", r"of 0 or more; got -2\. Use scale="),
        ([[0, 1]], "metric", "scale must be one of .*'ratio'.*; got 'metric'"),
        ([[0, 1]], None, "scale must be one of"),
    ],
)
def test_scales_that_do_not_fit_raise(votes, scale, message):
    for function in (krippendorff_alpha, agreement_report):
        with pytest.raises(ValueError, match=message):
            function(votes, scale=scale)


def test_classes_order_the_columns_of_a_table_of_counts():
    counts = pd.DataFrame(WIKIPEDIA, columns=list("abcde"))
    order = list("bdace")
    expected = krippendorff_alpha(counts[order], counts=True, scale="ordinal")
    got = krippendorff_alpha(counts, counts=True, scale="ordinal", classes=order)
    assert got == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"columns of the table of counts are 'a'"):
        krippendorff_alpha(counts, counts=True, classes=["a", "b"])
    with pytest.raises(ValueError, match=r"has 5 columns, and classes names 2: 0, 1"):
        krippendorff_alpha(WIKIPEDIA, counts=True, classes=[0, 1])


# Gwet


def test_gwets_own_examples():
    # Gwet (2008), table 1: 118 and 0 agree, 5 and 2 do not. By hand: P_e = .054432.
    votes = [[0, 0]] * 118 + [[0, 1]] * 5 + [[1, 0]] * 2
    by_hand = (118 / 125 - 0.054432) / (1 - 0.054432)
    assert gwet_ac1(votes) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.9408, abs=5e-5)
    assert cohen_kappa(votes).loc[0, 1] == pytest.approx(-0.0234, abs=5e-5)
    # Gwet (2014), table 2.10 and chapter 5: four raters, twelve subjects.
    assert gwet_ac1(KRIPPENDORFF) == pytest.approx(0.77544, abs=5e-6)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("seed", range(3))
def test_gwet_equals_loops(seed, weights):
    votes = _random_votes(seed, n_values=5)
    votes[votes == 2] = -1
    expected = _gwet_by_loops(_rows(votes), [0, 1, 3, 4], weights)
    assert gwet_ac1(votes, weights=weights) == pytest.approx(expected)
    # A class that nobody names counts if it is one of the classes.
    expected = _gwet_by_loops(_rows(votes), [0, 1, 2, 3, 4], weights)
    assert gwet_ac1(votes, weights=weights, classes=range(5)) == pytest.approx(expected)


@pytest.mark.peers
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.filterwarnings("ignore::Warning")
def test_gwet_equals_that_of_irrcac(seed, weights):
    raters = pytest.importorskip("irrCAC.raw").CAC
    votes = _random_votes(seed)
    table = pd.DataFrame(np.where(votes < 0, np.nan, votes.astype(float)))
    options = {"categories": [0.0, 1.0, 2.0, 3.0]}
    expected = raters(table, weights=weights or "identity", **options).gwet()["est"]
    expected = expected["coefficient_value"]
    assert gwet_ac1(votes, weights=weights) == pytest.approx(expected, abs=1e-5)


def test_gwet_takes_classes_in_their_order():
    votes = _random_votes(0, n_values=3)
    names = np.array(["low", "middle", "high", None], dtype=object)[votes]
    order = ["low", "middle", "high"]
    expected = gwet_ac1(votes, weights="linear")
    got = gwet_ac1(names, weights="linear", classes=order)
    assert got == pytest.approx(expected)
    assert gwet_ac1(NamedVotes(votes, order), weights="linear") == pytest.approx(got)
    with pytest.raises(ValueError, match=r"weights='linear' needs an order"):
        gwet_ac1(names, weights="linear")
    with pytest.raises(ValueError, match=r"weights must be one of .*; got 'cubic'"):
        gwet_ac1(votes, weights="cubic")


def test_one_class_leaves_gwet_open_unless_others_are_known():
    assert np.isnan(gwet_ac1([[0, 0], [0, 0]]))
    assert gwet_ac1([[0, 0], [0, 0]], classes=[0, 1]) == 1
    assert np.isnan(gwet_ac1([[0, None], [None, 1]]))
    report = agreement_report([[0, 0], [0, 0]], classes=[0, 1], n_bootstraps=0)
    assert report["value"].isna().tolist() == [False, True, True, False]
    assert report["reason"].ne("").tolist() == [False, True, True, False]


def test_a_table_of_counts_names_all_classes_of_gwet():
    counts = np.column_stack([WIKIPEDIA, np.zeros(10, int)])
    votes = np.array([np.repeat(np.arange(5), row) for row in WIKIPEDIA])
    expected = gwet_ac1(votes, classes=range(6))
    assert gwet_ac1(counts, counts=True) == pytest.approx(expected)


# Row weights


@pytest.mark.parametrize("scale", SCALES)
def test_a_row_of_weight_two_is_the_row_twice(scale):
    votes = _random_votes(0)
    weight = np.random.default_rng(1).integers(0, 4, len(votes))
    twice = np.repeat(votes, weight, axis=0)
    got = agreement_report(votes, scale=scale, sample_weight=weight, n_bootstraps=0)
    expected = agreement_report(twice, scale=scale, n_bootstraps=0)
    np.testing.assert_allclose(got["value"], expected["value"])
    paired = ((votes >= 0).sum(axis=1) >= 2) & (weight > 0)
    assert (got["n_samples"] == paired.sum()).all()


@pytest.mark.parametrize("function", ALL)
def test_weights_of_one_coefficient_repeat_rows(function):
    votes = _random_votes(1)
    weight = np.random.default_rng(1).integers(0, 4, len(votes))
    twice = np.repeat(votes, weight, axis=0)
    expected = function(twice)
    assert function(votes, sample_weight=weight) == pytest.approx(expected)
    assert function(votes, sample_weight=np.full(30, 1.0)) == function(votes)
    for bad, message in [
        (weight[:-1], "one weight for each of the 30 samples; got 29"),
        (-np.ones(30), "Negative values in data passed to `sample_weight`: 30"),
        (np.zeros(30), "at least one non-zero number"),
    ]:
        with pytest.raises(ValueError, match=message):
            function(votes, sample_weight=bad)


def test_a_row_of_no_weight_names_no_class():
    votes = np.array([[0, 0], [1, 0], [1, 1], [2, 2]])
    weight = [1, 1, 1, 0]
    assert gwet_ac1(votes, sample_weight=weight) == pytest.approx(gwet_ac1(votes[:3]))
    counts = pd.DataFrame([[2, 0], [1, 1], [0, 2]])
    got = gwet_ac1(counts, counts=True, sample_weight=[1, 1, 0])
    assert got == pytest.approx(gwet_ac1(counts[:2], counts=True))
    message = "Only rows of weight 0 hold a vote"
    with pytest.raises(ValueError, match=message):
        fleiss_kappa([[0, 1], [-1, -1]], sample_weight=[0, 1])
    with pytest.raises(ValueError, match=message):
        fleiss_kappa([[1, 1], [0, 0]], counts=True, sample_weight=[0, 1])


def test_the_bootstrap_draws_rows_and_not_weights():
    votes = _random_votes(0, n_samples=60)
    once = agreement_report(votes, random_state=0)
    heavy = agreement_report(votes, sample_weight=np.full(60, 50.0), random_state=0)
    # Alpha has the number of judgements in it, the others have not.
    rest = once.index != "Krippendorff alpha"
    pd.testing.assert_frame_equal(heavy[rest], once[rest])
    rng = np.random.default_rng(0)
    weight = rng.integers(1, 6, 60)
    report = agreement_report(
        votes, sample_weight=weight, n_bootstraps=2000, random_state=0
    )
    drawn = []
    for _ in range(300):
        rows = rng.integers(0, 60, 60)
        drawn.append(percent_agreement(votes[rows], sample_weight=weight[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    assert report["low"].iloc[0] == pytest.approx(low, abs=0.03)
    assert report["high"].iloc[0] == pytest.approx(high, abs=0.03)


def test_weights_of_a_crowd_go_by_sample_id():
    votes = _random_votes(2)
    row, lf = np.nonzero(votes >= 0)
    ids = np.array([f"s{i}" for i in range(30)])
    crowd = CrowdLabels.from_frame(
        pd.DataFrame({"sample": ids[row], "worker": lf, "label": votes[row, lf]})
    )
    weight = pd.Series(np.arange(1.0, 31), index=ids)
    expected = fleiss_kappa(votes, sample_weight=weight.to_numpy())
    assert fleiss_kappa(crowd, sample_weight=weight[::-1]) == pytest.approx(expected)
    by_place = weight[crowd.sample_ids].to_numpy()
    assert fleiss_kappa(crowd, sample_weight=by_place) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"lacks 1 samples of the crowd: 's3'"):
        fleiss_kappa(crowd, sample_weight=weight.drop("s3"))
    with pytest.raises(ValueError, match=r"these ids repeat in its index: 's0'"):
        fleiss_kappa(crowd, sample_weight=pd.concat([weight, weight[:1]]))


@pytest.mark.parametrize("function", [*ALL, agreement_report, cohen_kappa])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("density", [0.02, 2])
def test_no_coefficient_writes_into_the_votes(function, dtype, density, monkeypatch):
    monkeypatch.setattr(_pairwise, "_DENSE", density)
    votes = read_any_votes(_random_votes(2))
    indptr, lf, value = (
        part.astype(dtype) for part in (votes.indptr, votes.lf, votes.value)
    )
    given = [part.copy() for part in (indptr, lf, value)]
    function(CastVotes(indptr, lf, value, votes.n_lfs))
    for before, after in zip(given, (indptr, lf, value), strict=True):
        assert np.array_equal(before, after)


def test_weights_in_another_order_than_the_votes_raise():
    votes = pd.DataFrame(_random_votes(0)).replace(-1, None)
    weight = pd.Series(1.0, index=votes.index[::-1])
    with pytest.raises(ValueError, match="votes and sample_weight have the same index"):
        fleiss_kappa(votes, sample_weight=weight)


def test_weights_that_are_shares_warn_where_their_sum_matters():
    votes = _random_votes(0)
    weight = np.full(30, 1 / 30)
    with pytest.warns(
        UserWarning, match=r"is 0\.033 in the mean: a weight is how often"
    ):
        krippendorff_alpha(votes, sample_weight=weight)
    with pytest.warns(UserWarning, match="Divide the weights by their mean"):
        agreement_report(votes, sample_weight=weight, n_bootstraps=0)
    assert fleiss_kappa(votes, sample_weight=weight) == pytest.approx(
        fleiss_kappa(votes)
    )


def test_polars_votes_and_weights_are_read():
    pl = pytest.importorskip("polars")
    votes = _random_votes(0)
    weight = np.random.default_rng(0).integers(1, 4, 30)
    frame = pd.DataFrame(votes, columns=list("abcde")).astype(object)
    frame = frame.where(frame != -1, None)
    table = pl.DataFrame({name: frame[name].tolist() for name in frame})
    for function in ALL:
        expected = function(votes, sample_weight=weight)
        got = function(table, sample_weight=pl.Series(weight))
        assert got == pytest.approx(expected)
