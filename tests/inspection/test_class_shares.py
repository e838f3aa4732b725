"""Class shares equal their formula, and their intervals hold the true share."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import brentq
from scipy.special import betainc
from scipy.stats import binom, norm, t

from sklabel.inspection import class_shares

COLUMNS = ["share", "low", "high", "n_gold", "n", "lambda", "method"]


def _data(seed=0, n=400, n_gold=60, share=(0.5, 0.3, 0.2)):
    """Soft labels that see a class too often, and gold of random rows."""
    rng = np.random.default_rng(seed)
    y = rng.choice(len(share), n, p=share)
    odds = np.exp(rng.normal(size=(n, len(share))) + 1.5 * np.eye(len(share))[y])
    odds[:, 0] *= 2
    gold = np.full(n, -1)
    drawn = rng.permutation(n)[:n_gold]
    gold[drawn] = y[drawn]
    return odds / odds.sum(axis=1, keepdims=True), gold, y


def _by_gold_alone(hits, n):
    """Wilson's interval, or where one end is nearer to 0 or 1, the exact limit."""
    share, z = hits / n, norm.ppf(0.975)
    # Where the distance is so many standard errors of the end itself.
    ends = np.roots([1 + z**2 / n, -(2 * share + z**2 / n), share**2]).real
    low, high = min(ends), max(ends)
    if hits > 0:
        # Binomial tails, for numbers that need not be whole.
        low = min(low, brentq(lambda x: betainc(hits, n - hits + 1, x) - 0.05, 0, 1))
    if hits < n:
        high = max(high, brentq(lambda x: betainc(hits + 1, n - hits, x) - 0.95, 0, 1))
    return low, high


def _by_loops(proba, gold, weight=None):
    """The Notes of the docstring, class by class, before clipping and dividing."""
    n, n_classes = proba.shape
    known = gold >= 0
    m = known.sum()
    w = np.ones(n) if weight is None else weight
    w = w[known] / w[known].sum()
    kish = 1 / (w**2).sum()
    found = []
    for k in range(n_classes):
        y, f = (gold[known] == k).astype(float), proba[known, k]
        y_mean, f_mean = (w * y).sum(), (w * f).sum()
        prior = proba[:, k].var() / kish / m
        slope = ((w**2) * (y - y_mean) * (f - f_mean)).sum() + prior
        slope /= ((w**2) * (f - f_mean) ** 2).sum() + prior
        lam = min(max(slope, 0), 1)
        r = y - lam * f
        share = lam * proba[:, k].mean() + (w * r).sum()
        left = ((w * (r - (w * r).sum())) ** 2).sum() * m / (m - 1)
        gold_only = ((w * (y - y_mean)) ** 2).sum() * m / (m - 1)
        total = left + max(gold_only - left, 0) * kish / n
        ratio = total / (y_mean * (1 - y_mean) * m / (m - 1) / kish)
        tells = 4 * kish * y_mean * (1 - y_mean)
        ratio = (tells * ratio + 2) / (tells + 2)
        z, z_t = norm.ppf(0.975), t.ppf(0.975, kish - 1)
        if ratio < 1:
            ratio = min(ratio * (z_t / z) ** 2, 1)
        worth = kish / ratio
        low, high = _by_gold_alone(min(max(share, 0), 1) * worth, worth)
        found.append([share, low, high, lam])
    return np.array(found)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_shares_equal_loops(seed, weighted):
    proba, gold, _ = _data(seed)
    chance = np.random.default_rng(seed).uniform(0.1, 0.9, len(gold))
    expected = _by_loops(proba, gold, 1 / chance if weighted else None)
    table = class_shares(proba, gold, sampling_proba=chance if weighted else None)
    assert table.columns.tolist() == COLUMNS
    assert table.index.name == "class"
    assert table.index.tolist() == [0, 1, 2]
    share = expected[:, 0] / expected[:, 0].sum()
    assert table["share"].tolist() == pytest.approx(share)
    np.testing.assert_allclose(table[["low", "high", "lambda"]], expected[:, 1:])
    assert (table["n_gold"] == 60).all()
    assert (table["n"] == 400).all()
    assert (table["method"] == "PPI++").all()


def test_the_estimate_is_that_of_ppi_with_rows_without_gold():
    # Eq. (3) of Angelopoulos, Duchi and Zrnic, means of f over rows without gold.
    proba, gold, _ = _data(share=(0.6, 0.4))
    known = gold >= 0
    table = class_shares(proba, gold)
    lam = table.loc[1, "lambda"] * (1 - known.mean())
    f = proba[:, 1]
    expected = lam * f[~known].mean() + (gold[known] - lam * f[known]).mean()
    assert table.loc[1, "share"] == pytest.approx(expected)


def test_by_hand():
    # Two of four gold rows are of class 1. Soft labels: mean .4, of gold rows .35.
    p = np.array([0.1, 0.1, 0.6, 0.6, 0.3, 0.7])
    gold = [0, 0, 1, 1, None, None]
    table = class_shares(np.column_stack([1 - p, p]), gold)
    # Slope: (4 * .5 * .25 + var) / (4 * .0625 + var) > 1, clipped.
    assert table["lambda"].tolist() == [1, 1]
    assert table["share"].tolist() == pytest.approx([0.45, 0.55])
    # All soft labels of gold rows are off by .1 or .4: r = -.1, -.1, .4, .4.
    left, by_gold = 0.25 / 4 * 4 / 3 / 4 * 4, 1 / 3
    ratio = (left + (by_gold - left) * 4 / 6) / by_gold
    # Two more rows without a gain, and the t quantile of 4 - 1 is 1.6 times as large.
    ratio = min((4 * ratio + 2) / 6 * (t.ppf(0.975, 3) / 1.96) ** 2, 1)
    assert ratio == 1
    q = 1.96**2 / 4
    half = np.sqrt(q * 0.45 * 0.55 + q**2 / 4) / (1 + q)
    wilson = (0.55 + q / 2) / (1 + q) + np.array([-half, half])
    expected = _by_gold_alone(0.55 * 4, 4)
    assert table.loc[1, ["low", "high"]].tolist() == pytest.approx(expected)
    assert wilson[0] - 0.07 < expected[0] < wilson[0]
    assert wilson[1] < expected[1] < wilson[1] + 0.07


def _ppi_plus_plus(y, f, f_others, quantile):
    """Eqs. (2), (4) and (6) of Angelopoulos, Duchi and Zrnic, for a mean."""
    n, others = len(y), len(f_others)
    both = np.append(f, f_others)
    covariance = (
        sum((a - y.mean()) * (b - f.mean()) for a, b in zip(y, f, strict=True)) / n
    )
    lam = covariance / ((1 + n / others) * both.var())
    lam = min(max(lam, 0), 1)
    mean = lam * f_others.mean() + (y - lam * f).mean()
    error = np.sqrt(lam**2 * both.var() / others + (y - lam * f).var() / n)
    return np.array([mean, mean - quantile * error, mean + quantile * error])


@pytest.mark.parametrize("slope", [1.5, 2.0, 4.0])
def test_with_many_gold_rows_it_is_ppi_plus_plus(slope):
    rng = np.random.default_rng(0)
    y = (rng.random(20_000) < 0.3).astype(int)
    p = 1 / (1 + np.exp(-slope * (rng.normal(size=len(y)) + 2 * y - 1)))
    gold = np.where(np.arange(len(y)) < 4000, y, -1)
    table = class_shares(np.column_stack([1 - p, p]), gold)
    expected = _ppi_plus_plus(
        y[:4000].astype(float), p[:4000], p[4000:], norm.ppf(0.975)
    )
    found = table.loc[1, ["share", "low", "high"]].to_numpy(float)
    np.testing.assert_allclose(found, expected, atol=3e-4)
    assert np.ptp(expected[1:]) > 0.01


@pytest.mark.parametrize("n_gold", range(1, 61))
def test_a_class_and_all_others_have_mirrored_intervals(n_gold):
    # 20 weights of .05 do not sum to 1 exactly, which is no variance.
    p = np.linspace(0.02, 0.3, 300)
    for n_rare in {0, min(1, n_gold - 1)}:
        gold = np.full(300, -1)
        gold[:n_gold] = np.arange(n_gold) < n_rare
        table = class_shares(np.column_stack([1 - p, p]), gold)
        assert table.loc[0, "low"] == pytest.approx(1 - table.loc[1, "high"])
        assert table.loc[0, "high"] == pytest.approx(1 - table.loc[1, "low"])


@pytest.mark.parametrize("n_gold", [1, 2, 5, 20, 60])
def test_soft_labels_that_say_nothing_leave_the_interval_of_gold(n_gold):
    for hits in {0, 1, n_gold // 3, n_gold}:
        gold = np.full(400, -1)
        gold[:n_gold] = np.arange(n_gold) < hits
        table = class_shares(np.full((400, 2), 0.5), gold)
        expected = _by_gold_alone(hits, n_gold)
        assert table.loc[1, ["low", "high"]].tolist() == pytest.approx(expected)


@pytest.mark.parametrize("n_gold", [1, 5, 20, 60])
def test_without_gain_intervals_hold_any_share(n_gold):
    held, hits = [], np.arange(n_gold + 1)
    ends = [_by_gold_alone(k, n_gold) for k in hits]
    for share in np.linspace(0.001, 0.5, 500):
        holds = [low <= share <= high for low, high in ends]
        held.append(binom.pmf(hits, n_gold, share) @ holds)
    assert min(held) > 0.92
    assert np.mean(held) > 0.95


def test_without_gold_there_is_no_interval_and_the_table_says_so():
    proba, _, _ = _data()
    for gold in (None, [None] * 400, np.full(400, np.nan), np.full(400, -1)):
        with pytest.warns(UserWarning, match=r"There is no gold: shares are means of"):
            table = class_shares(proba, gold)
        assert table["share"].tolist() == pytest.approx(proba.mean(axis=0))
        assert table[["low", "high", "lambda"]].isna().all(axis=None)
        assert (table["method"] == "mean of soft labels").all()
        assert (table["n_gold"] == 0).all()


def test_gold_that_agrees_has_an_interval_of_some_width():
    rng = np.random.default_rng(0)
    p = rng.uniform(0, 0.2, 300)
    proba = np.column_stack([1 - p, p])
    for n_gold in (1, 2, 5, 20, 100, 300):
        gold = np.full(300, -1)
        gold[:n_gold] = 0
        table = class_shares(proba, gold)
        # With no such row in n, a share of half a row is no surprise.
        assert table.loc[1, "high"] - table.loc[1, "low"] > 0.5 / n_gold
        assert table.loc[1, "low"] <= table.loc[1, "share"] <= table.loc[1, "high"]
    assert class_shares(proba, [0] + [-1] * 299)["high"].gt(0.9).all()


def test_soft_labels_that_are_right_everywhere_leave_doubt():
    y = np.arange(200) % 2
    gold = np.where(np.arange(200) < 10, y, -1)
    table = class_shares(np.eye(2)[y], gold)
    assert (table["lambda"] == 1).all()
    assert (table["high"] - table["low"] > 0.2).all()


def test_a_rare_class_that_gold_lacks_keeps_its_share_of_good_soft_labels():
    p = np.where(np.arange(300) < 9, 0.95, 0.002)
    gold = np.where(np.arange(300) >= 270, 0, -1)
    table = class_shares(np.column_stack([1 - p, p]), gold)
    assert table.loc[1, "share"] == pytest.approx(9 / 300, abs=0.002)
    assert table.loc[1, "low"] > 0
    # Of soft labels that are wrong on gold rows, little is left.
    p = np.where(np.arange(300) % 2, 0.8, 0.1)
    table = class_shares(np.column_stack([1 - p, p]), gold)
    assert table.loc[1, "lambda"] < 0.1


def test_gold_of_all_rows_is_gold_only():
    proba, _, y = _data()
    table = class_shares(proba, y)
    assert table["share"].tolist() == pytest.approx(np.bincount(y) / 400)
    assert (table["method"] == "gold only").all()
    assert (table["lambda"] == 0).all()
    constant = np.full((400, 3), 1 / 3)
    gold = np.where(np.arange(400) < 50, y, -1)
    table = class_shares(constant, gold)
    assert table["share"].tolist() == pytest.approx(np.bincount(y[:50]) / 50)
    assert (table["method"] == "gold only").all()


@pytest.mark.parametrize("seed", range(20))
def test_shares_are_shares(seed):
    proba, gold, _ = _data(seed, n=60, n_gold=4, share=(0.9, 0.05, 0.03, 0.02))
    table = class_shares(proba, gold)
    assert table["share"].sum() == pytest.approx(1)
    bounds = table[["low", "share", "high"]].to_numpy()
    assert (np.diff(bounds, axis=1) >= 0).all()
    assert (bounds >= 0).all()
    assert (bounds <= 1).all()


def test_classes_by_name_in_any_order():
    proba, gold, _ = _data()
    expected = class_shares(proba, gold)
    names = np.array(["c", "a", "b"])
    frame = pd.DataFrame(proba, columns=names)[["a", "b", "c"]]
    cells = np.append(names.astype(object), None)[gold]
    for labels in (cells, pd.Series(cells, dtype="category"), cells.tolist()):
        table = class_shares(frame, labels)
        assert table.index.tolist() == ["a", "b", "c"]
        np.testing.assert_allclose(table.loc[names, "share"], expected["share"])
    table = class_shares(proba, cells, classes=names)
    assert table.index.tolist() == list(names)
    np.testing.assert_allclose(table["low"], expected["low"])


def test_other_alphabets():
    proba, gold, _ = _data(share=(0.6, 0.4))
    expected = class_shares(proba, gold)
    minus = np.array([-1.0, 1.0, np.nan])[gold]
    table = class_shares(proba, minus, classes=[-1, 1])
    assert table.index.tolist() == [-1, 1]
    np.testing.assert_allclose(table["share"], expected["share"])
    frame = pd.DataFrame(proba, columns=[False, True])
    flags = pd.array([[False, True, None][k] for k in gold], dtype="boolean")
    np.testing.assert_allclose(class_shares(frame, flags)["low"], expected["low"])
    nullable = pd.Series(gold, dtype="Int64").replace(-1, pd.NA)
    np.testing.assert_allclose(class_shares(proba, nullable)["low"], expected["low"])


def test_groups_are_estimated_one_by_one():
    proba, gold, _ = _data()
    group = pd.Series(np.array(["north", "east"])[np.arange(400) % 2], name="region")
    table = class_shares(proba, gold, group=group)
    assert table.index.names == ["region", "class"]
    assert table.index.get_level_values(0).tolist() == ["east"] * 3 + ["north"] * 3
    for name in ("east", "north"):
        rows = (group == name).to_numpy()
        pd.testing.assert_frame_equal(
            table.loc[name], class_shares(proba[rows], gold[rows])
        )
    ordered = group.astype(pd.CategoricalDtype(["north", "east"], ordered=True))
    table = class_shares(proba, gold, group=ordered)
    assert table.index.get_level_values(0)[0] == "north"
    assert class_shares(proba, gold, group=list(group)).index.names[0] == "group"


def test_a_group_without_gold_says_so():
    proba, gold, _ = _data()
    group = np.where(np.arange(400) < 100, "new", "old")
    gold[:100] = -1
    with pytest.warns(UserWarning, match=r"no gold in 1 group\(s\): 'new': shares are"):
        table = class_shares(proba, gold, group=group)
    assert table.loc["new", "low"].isna().all()
    assert table.loc["new", "n_gold"].eq(0).all()
    assert table.loc["old", "low"].notna().all()


def test_polars_in_and_the_same_out():
    pl = pytest.importorskip("polars")
    proba, gold, _ = _data()
    names = np.array(["a", "b", "c", None], dtype=object)
    group = ["x", "y"] * 200
    expected = class_shares(
        pd.DataFrame(proba, columns=names[:3]), names[gold], group=group
    )
    table = class_shares(
        pl.DataFrame(dict(zip(names[:3], proba.T, strict=True))),
        pl.Series(names[gold].tolist()),
        group=pl.Series("group", group),
        sampling_proba=pl.Series([0.5] * 400),
    )
    pd.testing.assert_frame_equal(table, expected)


def test_a_common_factor_of_sampling_probabilities_changes_nothing():
    proba, gold, _ = _data()
    chance = np.random.default_rng(0).uniform(0.2, 0.8, 400)
    expected = class_shares(proba, gold, sampling_proba=chance)
    chance = np.where(gold >= 0, chance / 10, np.nan)
    table = class_shares(proba, gold, sampling_proba=chance)
    pd.testing.assert_frame_equal(table, expected)
    pd.testing.assert_frame_equal(
        class_shares(proba, gold, sampling_proba=np.full(400, 0.3)),
        class_shares(proba, gold),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gold": [0, 1]}, "gold must hold an entry for each of the 3 rows of proba"),
        (
            {"gold": [0, 5, None]},
            r"not among the classes 0, 1: 5 \(1 rows, first row 1",
        ),
        ({"gold": ["a", None, None]}, r"classes 0, 1: 'a' .*Pass classes=\[...\]"),
        ({"gold": [[0, 1]] * 3}, "gold labels here are one class for each row"),
        ({"group": ["a", None, "b"]}, "group is missing in 1 rows, first row 1"),
        ({"group": ["a", "b"]}, "a group for each of the 3 rows of proba; got 2"),
        ({"group": pd.DataFrame(np.ones((3, 2)))}, "must be one column; got 2 of them"),
        ({"sampling_proba": [0.5, 0.5]}, "a number for each of the 3 rows of proba"),
        (
            {"gold": [None, 0, 1], "sampling_proba": [0.5, np.nan, 0.5]},
            r"in \(0, 1\].* row 1 has nan and gold \(1 such rows\)",
        ),
        (
            {"gold": [None, 0, 1], "sampling_proba": [0.0, 0.5, 0.5]},
            r"row 0 has 0\.0 and no gold \(1 such rows\).* leave them out",
        ),
        ({"sampling_proba": [2, 1, 1]}, "row 0 has 2.0 and no gold"),
        ({"sampling_proba": ["x", "y", "z"]}, "sampling_proba must hold numbers"),
        ({"confidence": 95}, "confidence must be between 0 and 1, as 0.95; got 95"),
        ({"proba": [[0.5, 0.6]] * 3}, "must sum to 1 in every row"),
        ({"proba": np.zeros((0, 2))}, "proba has no rows"),
    ],
)
def test_what_cannot_be_estimated_raises(options, message):
    arguments = {"proba": [[0.5, 0.5]] * 3, **options}
    with pytest.raises(ValueError, match=message):
        class_shares(**arguments)


@pytest.mark.parametrize("name", ["gold", "group", "sampling_proba"])
def test_what_has_no_entry_per_row_raises(name):
    proba = [[0.5, 0.5]] * 3
    with pytest.raises(TypeError, match=rf"got a dict.* pd.Series\({name}\).reindex"):
        class_shares(proba, **{name: {0: 1}})
    for value in (1, 0.5):
        with pytest.raises(TypeError, match=rf"{name} must hold an entry .* {value}"):
            class_shares(proba, **{name: value})


def test_columns_in_another_order_than_the_rows_raise():
    proba = pd.DataFrame([[0.5, 0.5]] * 3)
    for name in ("gold", "group", "sampling_proba"):
        column = pd.Series([1, 1, 1], index=[2, 1, 0])
        with pytest.raises(ValueError, match=rf"proba and {name} have the same index"):
            class_shares(proba, **{name: column})


def test_a_higher_confidence_is_wider():
    proba, gold, _ = _data()
    half, most = (class_shares(proba, gold, confidence=c) for c in (0.5, 0.99))
    assert (most["low"] < half["low"]).all()
    assert (most["high"] > half["high"]).all()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "slope", "shift", "n_gold", "least", "widest"),
    [
        # True share, how well soft labels tell the class, how far they are off.
        (0.35, 2.0, 0.0, 5, 0.95, 0.72),
        (0.35, 2.0, 0.0, 20, 0.94, 0.33),
        (0.35, 2.0, 0.0, 100, 0.93, 0.14),
        (0.35, 1.5, 2.0, 20, 0.94, 0.37),
        (0.35, 1.5, 2.0, 100, 0.93, 0.165),
        (0.03, 5.0, 0.0, 20, 0.94, 0.17),
        (0.03, 5.0, 0.0, 100, 0.94, 0.037),
        (0.03, 1.0, 2.0, 20, 0.92, 0.24),
        (0.03, 1.0, 2.0, 100, 0.93, 0.085),
        (0.35, 0.0, 0.0, 100, 0.93, 0.195),
    ],
)
@pytest.mark.parametrize("uncertain_first", [False, True])
def test_intervals_hold_the_true_share(
    share, slope, shift, n_gold, least, widest, uncertain_first
):
    rng = np.random.default_rng(0)
    held, width = [], []
    for _ in range(400):
        y = (rng.random(1500) < share).astype(int)
        odds = slope * (rng.normal(size=1500) + slope * (y - 0.5))
        p = 1 / (1 + np.exp(-(odds + np.log(share / (1 - share)) + shift)))
        chance = 0.1 + np.minimum(p, 1 - p) if uncertain_first else np.ones(1500)
        chance *= n_gold / chance.sum()
        drawn = rng.choice(1500, n_gold, replace=False, p=chance / chance.sum())
        gold = np.full(1500, -1)
        gold[drawn] = y[drawn]
        table = class_shares(
            np.column_stack([1 - p, p]), gold, sampling_proba=np.clip(chance, 0, 1)
        )
        low, high = table.loc[1, "low"], table.loc[1, "high"]
        held.append(low <= share <= high)
        width.append(high - low)
    assert np.mean(held) >= least
    if not uncertain_first:
        assert np.mean(width) <= widest
