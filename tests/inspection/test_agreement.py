"""Agreement coefficients equal published values, loops and the peers."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklabel import CrowdLabels
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import (
    _agreement,
    agreement_report,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
)
from sklabel.votes import NamedVotes, votes_to_sparse
from tests._data import weather_sentiment

ROWS = ["percent agreement", "Fleiss kappa", "Krippendorff alpha", "Gwet AC1"]
COLUMNS = ["value", "low", "high", "n_samples", "n_judgements", "reason"]

# Krippendorff (2011), example C: four observers, twelve units.
KRIPPENDORFF = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, -1, -1, -1],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, -1, 3],
        [-1, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, -1],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, -1],
    ]
).T
# Fleiss (1971), table 1: 30 patients, six psychiatrists, five diagnoses.
FLEISS = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050
02031 00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040
10500 00006
"""
# https://en.wikipedia.org/wiki/Fleiss'_kappa: ten subjects, 14 raters.
WIKIPEDIA = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]


def _votes_of_counts(counts):
    return np.array([np.repeat(np.arange(len(row)), row) for row in counts])


def _random_votes(seed, n_samples=30, n_lfs=5, n_values=4):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_values, (n_samples, 1))
    votes = np.where(
        rng.random((n_samples, n_lfs)) < 0.5,
        truth,
        rng.integers(0, n_values, (n_samples, n_lfs)),
    )
    votes[rng.random(votes.shape) < 0.5] = -1
    return votes


def _by_loops(votes, scale="nominal"):
    """The four coefficients, pair by pair."""
    rows = [[v for v in row if v >= 0] for row in votes]
    rows = [row for row in rows if row]
    values = sorted({v for row in rows for v in row})
    paired = [row for row in rows if len(row) >= 2]

    def pairs(row):
        return [(a, b) for i, a in enumerate(row) for j, b in enumerate(row) if i != j]

    observed = np.mean([np.mean([a == b for a, b in pairs(row)]) for row in paired])
    share = [np.mean([row.count(v) / len(row) for row in rows]) for v in values]
    by_chance = np.sum(np.square(share))

    everything = [v for row in paired for v in row]
    counts = {v: everything.count(v) for v in values}

    def distance(a, b):
        if scale == "nominal":
            return a != b
        if scale == "interval":
            return (a - b) ** 2
        if scale == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else 0
        low, high = min(a, b), max(a, b)
        between = sum(counts[v] for v in values if low <= v <= high)
        return (between - (counts[a] + counts[b]) / 2) ** 2 if a != b else 0

    within = sum(
        distance(a, b) / (len(row) - 1) for row in paired for a, b in pairs(row)
    )
    blindly = sum(distance(a, b) for a, b in pairs(everything))
    n = len(everything)
    alpha = 1 - (within / n) / (blindly / (n * (n - 1)))
    kappa = (observed - by_chance) / (1 - by_chance)
    gwet = _gwet_by_loops(rows, values, "ordinal" if scale == "ordinal" else None)
    return observed, kappa, alpha, gwet


def _gwet_by_loops(rows, values, weights):
    """AC1 or AC2 as eq. (5.1) ff. of Gwet's handbook have them."""
    q = len(values)

    def weight(a, b):
        d = abs(values.index(a) - values.index(b))
        if weights is None:
            return float(d == 0)
        if weights == "ordinal":
            return 1 - d * (d + 1) / ((q - 1) * q)
        return 1 - (d / (q - 1)) ** {"linear": 1, "quadratic": 2}[weights]

    agree = []
    for row in rows:
        n = len(row)
        if n >= 2:
            star = {a: sum(weight(a, b) for b in row) for a in values}
            agree.append(sum(star[a] - 1 for a in row) / (n * (n - 1)))
    share = [np.mean([row.count(v) / len(row) for row in rows]) for v in values]
    total = sum(weight(a, b) for a in values for b in values)
    by_chance = total / (q * (q - 1)) * sum(p * (1 - p) for p in share)
    return (np.mean(agree) - by_chance) / (1 - by_chance)


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
@pytest.mark.parametrize("seed", range(4))
def test_the_coefficients_equal_loops(seed, scale):
    votes = _random_votes(seed)
    expected = _by_loops(votes, scale)
    report = agreement_report(votes, scale=scale, n_bootstraps=0)
    last = "Gwet AC1" if scale == "nominal" else "Gwet AC2"
    assert report.index.tolist() == [*ROWS[:3], last]
    assert report.columns.tolist() == COLUMNS
    assert report["value"].tolist() == pytest.approx(expected)
    assert percent_agreement(votes) == pytest.approx(expected[0])
    assert fleiss_kappa(votes) == pytest.approx(expected[1])
    assert krippendorff_alpha(votes, scale=scale) == pytest.approx(expected[2])
    weights = None if scale == "nominal" else "ordinal"
    assert gwet_ac1(votes, weights=weights) == pytest.approx(expected[3])
    counts = (votes >= 0).sum(axis=1)
    assert (report["n_samples"] == (counts >= 2).sum()).all()
    assert (report["n_judgements"] == counts[counts >= 2].sum()).all()


def test_krippendorffs_own_example():
    assert krippendorff_alpha(KRIPPENDORFF) == pytest.approx(0.743, abs=5e-4)
    ordinal = krippendorff_alpha(KRIPPENDORFF, scale="ordinal")
    assert ordinal == pytest.approx(0.815, abs=5e-4)


def test_fleiss_own_example():
    counts = [[int(digit) for digit in row] for row in FLEISS.split()]
    assert np.sum(counts, axis=0).tolist() == [26, 26, 30, 55, 43]
    assert fleiss_kappa(_votes_of_counts(counts)) == pytest.approx(0.430, abs=5e-4)


def test_the_example_of_wikipedia():
    assert fleiss_kappa(_votes_of_counts(WIKIPEDIA)) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(3))
def test_alpha_equals_that_of_krippendorff(seed):
    alpha = pytest.importorskip("krippendorff").alpha
    votes = _random_votes(seed)
    table = np.where(votes < 0, np.nan, votes.astype(float)).T
    for scale in ("nominal", "ordinal"):
        expected = alpha(table, level_of_measurement=scale)
        assert krippendorff_alpha(votes, scale=scale) == pytest.approx(expected)


@pytest.mark.peers
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.filterwarnings("ignore::Warning")
def test_kappa_equals_that_of_irrcac(seed):
    raters = pytest.importorskip("irrCAC.raw").CAC
    votes = _random_votes(seed)
    table = pd.DataFrame(np.where(votes < 0, np.nan, votes.astype(float)))
    expected = raters(table).fleiss()["est"]
    # It rounds to five digits.
    assert fleiss_kappa(votes) == pytest.approx(expected["coefficient_value"], abs=1e-5)
    assert percent_agreement(votes) == pytest.approx(expected["pa"], abs=1e-5)


def test_the_weather_crowd_agrees_as_the_peers_say():
    data = weather_sentiment()
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id"
    )
    report = agreement_report(crowd, random_state=0)
    # irrCAC 0.4.4, for AC1 with its categories given, and krippendorff 0.9.0.
    assert report["value"].tolist() == pytest.approx(
        [0.79508, 0.59009, 0.60684, 0.59025], abs=1e-5
    )
    assert (report["n_judgements"] == 1916).all()
    assert (
        (report["low"] < report["value"]) & (report["value"] < report["high"])
    ).all()


def test_every_form_of_votes_gives_the_same():
    votes = _random_votes(0)
    expected = agreement_report(votes, random_state=0)
    row, lf = np.nonzero(votes >= 0)
    crowd = CrowdLabels.from_frame(
        pd.DataFrame({"sample": row, "worker": lf, "label": votes[row, lf]})
    )
    names = np.array(["a", "b", "c", "d", None], dtype=object)
    frame = pd.DataFrame(votes).replace(-1, None)
    before = votes.copy()
    for form in (votes.astype(np.int8), votes_to_sparse(votes), frame, crowd):
        pd.testing.assert_frame_equal(agreement_report(form, random_state=0), expected)
    pd.testing.assert_frame_equal(
        agreement_report(names[votes], random_state=0), expected
    )
    assert np.array_equal(votes, before)


def test_the_order_of_samples_and_voters_changes_nothing():
    votes = _random_votes(1)
    rng = np.random.default_rng(0)
    shuffled = votes[rng.permutation(len(votes))][:, rng.permutation(votes.shape[1])]
    pd.testing.assert_frame_equal(
        agreement_report(shuffled, random_state=0),
        agreement_report(votes, random_state=0),
    )


def test_the_same_seed_gives_the_same_bits_in_any_block(monkeypatch):
    votes = _random_votes(2)
    expected = agreement_report(votes, random_state=7)
    pd.testing.assert_frame_equal(agreement_report(votes, random_state=7), expected)
    assert not agreement_report(votes, random_state=8).equals(expected)
    monkeypatch.setattr(_agreement, "_BLOCK", 100)
    pd.testing.assert_frame_equal(agreement_report(votes, random_state=7), expected)


@pytest.mark.parametrize("scale", ["nominal", "ordinal"])
def test_the_interval_is_that_of_resampled_rows(scale):
    votes = _random_votes(3, n_samples=60)
    report = agreement_report(votes, scale=scale, n_bootstraps=2000, random_state=0)
    rng = np.random.default_rng(0)
    drawn = [_by_loops(votes[rng.integers(0, 60, 60)], scale) for _ in range(80)]
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(report["low"], low, atol=0.05)
    np.testing.assert_allclose(report["high"], high, atol=0.05)


def test_a_higher_confidence_is_wider():
    votes = _random_votes(0)
    half, most = (
        agreement_report(votes, confidence=c, random_state=0) for c in (0.5, 0.99)
    )
    assert (most["low"] < half["low"]).all()
    assert (most["high"] > half["high"]).all()


def test_votes_that_know_their_classes_give_the_same():
    votes = _random_votes(0, n_values=3)
    expected = agreement_report(votes, random_state=0)
    for names in (["c", "a", "b"], [-1, 5, 0]):
        named = NamedVotes(votes, names)
        for form in (named, votes_to_sparse(named), named.to_frame()):
            got = agreement_report(form, n_bootstraps=0)
            np.testing.assert_allclose(got["value"], expected["value"])
        # The order of the classes is that of an ordinal scale.
        ordinal = krippendorff_alpha(votes, scale="ordinal")
        if names[0] == "c":
            assert krippendorff_alpha(named, scale="ordinal") == pytest.approx(ordinal)


def test_given_classes_are_in_the_order_of_an_ordinal_scale():
    votes = _random_votes(1, n_values=3)
    names = np.array(["low", "middle", "high", None], dtype=object)[votes]
    expected = krippendorff_alpha(votes, scale="ordinal")
    order = ["low", "middle", "high"]
    got = krippendorff_alpha(names, scale="ordinal", classes=order)
    assert got == pytest.approx(expected)
    turned = krippendorff_alpha(
        names, scale="ordinal", classes=[order[i] for i in (1, 0, 2)]
    )
    assert turned != pytest.approx(expected)


@pytest.mark.parametrize(
    "function", [percent_agreement, fleiss_kappa, krippendorff_alpha]
)
def test_classes_say_whether_minus_one_is_a_label(function):
    people = pd.DataFrame({"ann": [-1, 1, -1, 1, -1], "bob": [-1, 1, 1, 1, -1]})
    message = r"5 cells of -1 are read as no judgement\. Pass classes="
    with pytest.warns(UserWarning, match=message):
        function(people)
    with pytest.warns(UserWarning, match=message):
        agreement_report(people, n_bootstraps=0)
    # Given classes settle it, and an array as LFs return it is no table of people.
    np.testing.assert_equal(function(people, classes=[1]), function(people.to_numpy()))
    objects = people.astype(object)
    zeros = people.replace(-1, 0)
    assert function(objects, classes=[-1, 1]) == pytest.approx(function(zeros))
    assert function(people, classes=[-1, 1]) == pytest.approx(function(zeros))
    assert function(people.to_numpy(), classes=[-1, 1]) == pytest.approx(
        function(zeros)
    )


@pytest.mark.parametrize(
    "function", [percent_agreement, fleiss_kappa, krippendorff_alpha]
)
def test_labels_outside_of_the_given_classes_raise(function):
    with pytest.raises(
        ValueError, match=r"labels that are not in classes=\['a'\]: 'b'\. Add them"
    ):
        function([["a", "b"], ["a", "a"]], classes=["a"])


def test_a_table_of_counts_is_read_as_one():
    counts = np.array(WIKIPEDIA)
    for table in (counts, counts.tolist(), pd.DataFrame(counts), counts.astype(float)):
        assert fleiss_kappa(table, counts=True) == pytest.approx(0.210, abs=5e-4)
    votes = _votes_of_counts(WIKIPEDIA)
    for function in (percent_agreement, krippendorff_alpha):
        assert function(counts, counts=True) == pytest.approx(function(votes))
    assert krippendorff_alpha(counts, counts=True, scale="ordinal") == pytest.approx(
        krippendorff_alpha(votes, scale="ordinal")
    )
    pd.testing.assert_frame_equal(
        agreement_report(counts, counts=True, random_state=0),
        agreement_report(votes, random_state=0),
    )
    with pytest.raises(ValueError, match="pass counts=True to fleiss_kappa"):
        fleiss_kappa(counts)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ([[1, -1]], "counts=True needs a table .* integers of 0 or more"),
        ([[0.5, 1]], "counts=True needs a table of samples by classes"),
        ([["a", "b"]], "got an array of <U1 and shape"),
        ([1, 2], r"got an array of int64 and shape \(2,\)"),
        ([[0, 0], [0, 0]], "The table of counts holds no judgement"),
    ],
)
def test_bad_tables_of_counts_raise(table, message):
    with pytest.raises(ValueError, match=message):
        fleiss_kappa(table, counts=True)


def test_classes_of_a_crowd_are_ordered_as_given():
    order = ["low", "middle", "high"]
    votes = _random_votes(0, n_values=3)
    row, lf = np.nonzero(votes >= 0)
    frame = pd.DataFrame(
        {"sample": row, "worker": lf, "label": np.array(order)[votes[row, lf]]}
    )
    crowd = CrowdLabels.from_frame(frame, classes=order)
    expected = krippendorff_alpha(votes, scale="ordinal")
    assert krippendorff_alpha(crowd, scale="ordinal") == pytest.approx(expected)


def test_blind_votes_agree_no_better_than_chance():
    votes = np.random.default_rng(0).integers(0, 3, (3000, 4))
    report = agreement_report(votes, random_state=0)
    low, high = report.loc[ROWS[1:], "low"], report.loc[ROWS[1:], "high"]
    assert ((low < 0) & (high > 0)).all()


def test_samples_with_one_judgement_do_not_pair():
    report = agreement_report([[0, -1], [1, -1], [-1, 1]])
    assert report[["value", "low", "high"]].isna().all(axis=None)
    assert (report["reason"] == "no sample has two judgements").all()
    assert (report["n_samples"] == 0).all()
    assert (report["n_judgements"] == 0).all()


def test_one_class_leaves_nothing_to_correct_for():
    report = agreement_report([["x", "x"], ["x", "x"], ["x", None]])
    assert report.loc["percent agreement", "value"] == 1
    reason = "no interval: bootstrap samples are all alike"
    assert report.loc["percent agreement", "reason"] == reason
    assert report.loc[ROWS[1:], "value"].isna().all()
    assert report.loc["Krippendorff alpha", "reason"] == (
        "all judgements that can be paired are 'x'"
    )
    assert report[["low", "high"]].isna().all(axis=None)
    assert np.isnan(fleiss_kappa([[0, 0]]))
    assert np.isnan(krippendorff_alpha([[0, 0]], scale="ordinal"))


def test_one_class_in_the_pairs_and_another_one_outside():
    report = agreement_report([[0, 0], [0, 0], [0, 0], [1, -1]], random_state=0)
    # The class shares of kappa come from all judged samples, those of alpha from pairs.
    assert report.loc["Fleiss kappa", "value"] == 1
    assert np.isnan(report.loc["Krippendorff alpha", "value"])
    assert report.loc["Krippendorff alpha", "reason"] == (
        "all judgements that can be paired are 0"
    )


def test_samples_that_are_all_alike_have_no_interval():
    report = agreement_report([[0, 1]] * 5, random_state=0)
    assert report["value"].tolist() == pytest.approx([0, -1, -0.8, -1])
    assert report[["low", "high"]].isna().all(axis=None)
    assert (report["reason"] == "no interval: bootstrap samples are all alike").all()


def test_perfect_agreement_is_one():
    report = agreement_report([[0, 0], [1, 1], [0, 0], [1, 1]], random_state=0)
    assert report["value"].tolist() == [1, 1, 1, 1]


def test_no_bootstrap_leaves_the_intervals_open():
    report = agreement_report(_random_votes(0), n_bootstraps=0)
    assert report["value"].notna().all()
    assert report[["low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        (np.full((3, 2), -1), {}, "holds no vote in 3 rows; agreement is not defined"),
        (np.zeros((0, 2)), {}, "holds no vote in 0 rows"),
        ([0, 1], {}, "must be two-dimensional"),
        ([[0, 1]], {"scale": "metric"}, "scale must be one of .*; got 'metric"),
        ([[0, 1]], {"n_bootstraps": -1}, "an integer >= 0; got -1"),
        ([[0, 1]], {"n_bootstraps": 10.0}, "an integer >= 0; got 10.0"),
        ([[0, 1]], {"confidence": 95}, "between 0 and 1, as 0.95; got 95"),
        ([["a", "b"]], {"scale": "ordinal"}, "needs an order, and votes are 'a', 'b'"),
        (
            sparse.csr_array(np.array([[-1, 1]])),
            {},
            "negative stored value",
        ),
    ],
)
def test_what_cannot_be_compared_raises(votes, options, message):
    with pytest.raises(ValueError, match=message):
        agreement_report(votes, **options)


def test_memory_is_that_of_the_judgements():
    import tracemalloc

    data = make_crowd_labels(20_000, 2_000, judgements_per_sample=2, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    tracemalloc.start()
    agreement_report(crowd, random_state=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000 * 2_000 / 2


def test_ordinal_alpha_of_class_names_in_alphabetical_order_warns():
    frame = pd.DataFrame(
        [
            (i, w, ["bad", "good", "ok"][(i + (w == "b") * (i % 2)) % 3])
            for i in range(12)
            for w in "ab"
        ],
        columns=["sample", "worker", "label"],
    )
    with pytest.warns(UserWarning, match="alphabetical: 'bad', 'good', 'ok'"):
        krippendorff_alpha(CrowdLabels.from_frame(frame), scale="ordinal")
    ordered = CrowdLabels.from_frame(frame, classes=["bad", "ok", "good"])
    assert np.isfinite(krippendorff_alpha(ordered, scale="ordinal"))
