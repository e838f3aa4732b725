import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklabel import CrowdLabels, LabelModel, LFGroupTransformer
from sklabel.evidence._pairs import count_pairs, effective_votes
from sklabel.inspection import ErrorCorrelationDisplay, PanelReport, panel_report
from sklabel.votes import NamedVotes, VoteMatrix, votes_to_sparse
from sklabel.votes._read import read_any_votes


def panel(n_samples=800, n_models=8, n_copies=4, slips=0.02, n_classes=2, seed=0):
    """Independent models of 75 %, and near-copies of one more of 60 %."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n_samples)

    def changed(column, share):
        other = (column + rng.integers(1, n_classes, n_samples)) % n_classes
        return np.where(rng.random(n_samples) < share, other, column)

    weak = changed(y, 0.4)
    columns = {f"model {c}": changed(y, 0.25) for c in "abcdefghijkl"[:n_models]}
    columns |= {f"weak_{j}": changed(weak, slips) for j in range(n_copies)}
    return pd.DataFrame(columns), y


def random_votes(seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, 60)
    votes = np.where(rng.random((60, 5)) < 0.6, y[:, None], rng.integers(0, 3, (60, 5)))
    votes[rng.random((60, 5)) < 0.3] = -1
    return votes, y


def slow_pairs(votes, y):
    """Go through all pairs of LFs and all rows."""
    n_lfs, values = votes.shape[1], np.unique(votes[votes >= 0])
    result = {}
    table = np.zeros((n_lfs, len(values), 3))
    for j in range(n_lfs):
        cast = votes[:, j][votes[:, j] >= 0]
        for c in range(3):
            of_class = votes[(votes[:, j] >= 0) & (y == c), j]
            for v in range(len(values)):
                n = (of_class == v).sum() + (cast == v).mean()
                table[j, v, c] = n / (len(of_class) + 1)
    for a in range(n_lfs):
        for b in range(a + 1, n_lfs):
            both = (votes[:, a] >= 0) & (votes[:, b] >= 0)
            first, second = votes[both, a], votes[both, b]
            agreement = (first == second).mean()
            chance = sum((first == v).mean() * (second == v).mean() for v in values)
            judged = both & (y >= 0)
            wrong = votes[judged][:, [a, b]] != y[judged, None]
            result[a, b] = {
                "n_common": both.sum(),
                "agreement": agreement,
                "expected": np.mean(
                    [table[a, :, c] @ table[b, :, c] for c in y[judged]]
                ),
                "kappa": (agreement - chance) / (1 - chance),
                "n_judged": judged.sum(),
                "error_correlation": np.corrcoef(wrong.T.astype(float))[0, 1],
            }
    return result


@pytest.mark.parametrize("n_gold", [60, 40])
@pytest.mark.parametrize("form", ["dense", "sparse"])
def test_pairs_are_those_of_a_loop(form, n_gold):
    votes, y = random_votes()
    y[n_gold:] = -1
    X = votes_to_sparse(votes) if form == "sparse" else votes
    pairs = panel_report(X, y, min_common=1).pairs.set_index(["lf_a", "lf_b"])
    expected = slow_pairs(votes, y)
    assert len(pairs) == len(expected) == 10
    for pair, numbers in expected.items():
        for name, number in numbers.items():
            assert_allclose(pairs.loc[pair, name], number, atol=1e-6, err_msg=name)
    excess = (pairs["agreement"] - pairs["expected"]) / (1 - pairs["expected"])
    assert_allclose(pairs["excess"], excess)
    assert pairs["excess"].is_monotonic_decreasing


def test_certain_probabilities_judge_as_gold_labels_do():
    votes, y = random_votes()
    by_gold = panel_report(votes, y, min_common=1)
    by_proba = panel_report(votes, proba=np.eye(3)[y], min_common=1)
    pd.testing.assert_frame_equal(by_gold.pairs, by_proba.pairs)
    pd.testing.assert_frame_equal(by_gold.lfs, by_proba.lfs)
    assert by_gold.n_effective == by_proba.n_effective
    assert (by_gold.judged_by, by_proba.judged_by) == ("y", "proba")


def test_columns_of_a_table_of_probabilities_are_classes():
    votes, y = random_votes()
    named = NamedVotes(votes.astype(np.int8), ["a", "b", "c"])
    proba = pd.DataFrame(np.eye(3)[y][:, [2, 0, 1]], columns=["c", "a", "b"])
    report = panel_report(named, proba=proba, min_common=1)
    expected = panel_report(named, np.array(["a", "b", "c"])[y], min_common=1)
    assert_allclose(
        report.pairs["error_correlation"], expected.pairs["error_correlation"]
    )


def test_kish_by_hand():
    # 5 votes that correlate by .25 count for 5 / (1 + 4 * .25) = 2.5.
    assert effective_votes(np.array([5.0]), 0.25) == 2.5
    assert effective_votes(np.array([1.0, 7.0]), 1.0).tolist() == [1, 1]
    assert effective_votes(np.array([7.0]), -0.1) == 7


def test_copies_count_once_and_independent_lfs_all():
    votes, y = panel(4000, n_models=6, n_copies=0)
    assert panel_report(votes, y).n_effective == pytest.approx(6, abs=0.3)
    copies = pd.DataFrame({f"copy {j}": votes["model a"] for j in range(4)})
    report = panel_report(copies, y)
    assert report.n_votes == 4
    assert report.n_effective == pytest.approx(1)
    assert report.error_correlation == pytest.approx(1)
    assert report.n_sources == 1


@pytest.mark.parametrize("judge", ["gold", "model"])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_copies_are_suggested_as_a_group(judge, n_classes):
    votes, y = panel(n_classes=n_classes)
    report = panel_report(votes, y if judge == "gold" else None)
    assert report.groups == {f"weak_{j}": "weak" for j in range(4)}
    assert report.n_sources == 9
    assert report.lfs["group"].notna().sum() == 4
    assert report.lfs.loc["weak_0", "nearest"].startswith("weak_")
    assert set(report.pairs.loc[:5, "lf_a"].str[:4]) == {"weak"}
    # What is suggested can be pasted.
    LabelModel(groups=report.groups).fit(votes)
    grouped = LFGroupTransformer(report.groups).fit(votes)
    assert grouped.get_feature_names_out()[-1] == "weak"


def test_a_panel_without_copies_gets_no_group():
    votes, y = panel(n_copies=1)
    for gold in (y, None):
        report = panel_report(votes, gold)
        assert report.groups == {}
        assert report.n_sources == 9


def test_good_lfs_on_an_easy_set_are_not_copies():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    votes = np.where(rng.random((400, 6)) < 0.99, y[:, None], 1 - y[:, None])
    for gold in (y, None):
        report = panel_report(votes, gold)
        assert report.pairs["agreement"].min() > 0.95
        assert report.groups == {}


def test_lfs_of_one_value_are_not_copies():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    votes = np.where(rng.random((300, 6)) < 0.7, y[:, None], 1 - y[:, None])
    votes[:, :3] = 1
    votes[:, 3] = np.where(y == 1, 1, -1)
    report = panel_report(votes, y)
    assert report.groups == {}
    constant = report.pairs.query("lf_a == 0 and lf_b == 1").iloc[0]
    assert constant["agreement"] == 1
    assert np.isnan(constant["excess"])
    assert np.isnan(constant["kappa"])


def test_few_common_votes_make_no_pair():
    votes, y = panel(19)
    report = panel_report(votes, y)
    assert len(report.pairs) == 0
    assert report.groups == {}
    assert "No two LFs have 20 common votes" in repr(report)
    assert len(panel_report(votes, y, min_common=5).pairs) == 66


def test_known_groups_are_part_of_the_suggestion():
    votes, y = panel()
    known = {"model a": "mine", "model b": "mine", "weak_1": "bad"}
    report = panel_report(votes, y, groups=known)
    assert report.groups == {
        "model a": "mine",
        "model b": "mine",
        **{f"weak_{j}": "bad" for j in range(4)},
    }
    in_order = [known.get(name, name) for name in votes]
    assert panel_report(votes, y, groups=in_order).n_sources == report.n_sources
    with pytest.raises(ValueError, match=r"'weak_1' for 'weak1'\?"):
        panel_report(votes, y, groups={"weak1": "bad"})


def test_the_repr_says_it_in_words():
    votes, y = panel()
    report = panel_report(votes, y)
    text = repr(report)
    assert isinstance(report, PanelReport)
    assert text.startswith(
        "Panel of 12 LFs on 800 rows; errors by gold labels of 800 rows."
    )
    assert "A row with votes has 12.0 of them." in text
    assert "4 LFs look like 1 source, which leaves 9 sources in 12 columns:" in text
    assert "  weak: weak_0, weak_1, weak_2, weak_3" in text
    assert f"groups = {report.groups!r}" in text
    assert "Without gold labels" not in text
    assert "Without gold labels" in repr(panel_report(votes))
    html = report._repr_html_()
    assert "error_correlation" in html
    named = votes.rename(columns={"weak_0": "<b>"})
    assert "<b>," not in panel_report(named, y)._repr_html_()


def test_a_report_does_not_change():
    votes, y = panel(100)
    with pytest.raises(AttributeError):
        panel_report(votes, y).groups = {}


def test_strings_frames_and_missing_cells():
    votes, y = panel()
    names = np.array(["no", "yes"])
    texts = votes.apply(lambda column: names[column]).astype(object)
    texts.iloc[0, 0], texts.iloc[1, 1], texts.iloc[2, 2] = None, np.nan, pd.NA
    gold = pd.Series(names[y], dtype=object)
    gold.iloc[:10] = None
    report = panel_report(texts, gold)
    assert set(report.groups) == {f"weak_{j}" for j in range(4)}
    assert report.n_judged == 790
    assert report.lfs["n_votes"].tolist()[:4] == [799, 799, 799, 800]


def test_polars_frames():
    pl = pytest.importorskip("polars")
    votes, y = panel(200)
    frame = pl.DataFrame({name: votes[name].to_numpy() for name in votes})
    report = panel_report(frame, pl.Series(y))
    pd.testing.assert_frame_equal(report.pairs, panel_report(votes, y).pairs)


def test_a_crowd_is_named_as_its_labeling_functions():
    votes, _ = panel(60)
    crowd = CrowdLabels.from_wide(votes)
    report = panel_report(crowd)
    assert list(report.lfs.index)[-1] == "weak_3"
    assert report.n_samples == 60


def test_the_busiest_lfs_are_compared():
    votes, y = panel()
    votes.iloc[:400, :8] = -1
    report = panel_report(votes, y, max_lfs=4)
    assert report.lfs.index.tolist() == [f"weak_{j}" for j in range(4)]
    assert "Panel of 4 LFs of 12" in repr(report)


def test_one_lf_and_one_row():
    report = panel_report([[1], [0], [1]], [1, 0, 0])
    assert (report.n_effective, report.n_sources, report.groups) == (1, 1, {})
    assert panel_report([[1, 0, 1]]).n_samples == 1


def test_votes_of_one_class():
    report = panel_report(np.ones((50, 3), dtype=int))
    assert report.groups == {}


@pytest.mark.parametrize(
    ("X", "y", "parameters", "message"),
    [
        ([[-1, -1]], None, {}, r"X holds no vote \(1 rows, 2 LFs\)"),
        ([[1, 0]], [-1], {}, r"None of the 1 rows has a gold label in y"),
        ([[1, 0]], [1, 0], {}, r"2"),
        (
            [[1, 0]],
            None,
            {"proba": [[0.5, 0.5]] * 2},
            r"each of the 1 rows of X; got 2",
        ),
        ([[1, 0]], None, {"threshold": 2}, r"threshold must be a number in \[0, 1\]"),
        ([[1, 0]], None, {"min_common": 0}, r"min_common must be an integer >= 1"),
        ([[1, 0]], None, {"max_lfs": 1.5}, r"max_lfs must be an integer >= 1"),
        ([[1, 0]], None, {"lf_names": ["a"]}, r"name each of the 2 LFs; got 1"),
        ([1, 0], None, {}, r"two-dimensional"),
    ],
)
def test_input_that_cannot_be_read(X, y, parameters, message):
    with pytest.raises(ValueError, match=message):
        panel_report(X, y, **parameters)


def test_a_model_is_no_gold():
    with pytest.raises(TypeError, match=r"y of panel_report must be gold labels"):
        panel_report([[1, 0]], LabelModel())


def test_many_sparse_workers_are_compared():
    rng = np.random.default_rng(0)
    n, n_workers, per_row = 20_000, 300, 5
    y = rng.integers(0, 3, n)
    workers = np.argsort(rng.random((n, n_workers)), axis=1)[:, :per_row]
    votes = np.where(rng.random((n, per_row)) < 0.7, y[:, None], 0).astype(np.int8)
    where = np.repeat(np.arange(n), per_row), workers.ravel()
    X = VoteMatrix((votes.ravel(), where), shape=(n, n_workers))
    report = panel_report(X, y)
    assert report.n_votes == per_row


def test_dense_and_sparse_products_are_equal(monkeypatch):
    votes, y = random_votes()
    cast = read_any_votes(votes)
    args = cast, np.arange(3), np.eye(3)[y]
    dense = count_pairs(*args)
    monkeypatch.setattr("sklabel.evidence._pair_sums._LARGEST_DENSE", 0)
    for name, one, other in zip(dense._fields, dense, count_pairs(*args), strict=True):
        assert_allclose(one, other, atol=1e-6, err_msg=name)


def test_the_plot_puts_groups_side_by_side():
    plt = pytest.importorskip("matplotlib.pyplot")
    votes, y = panel()
    votes = votes[[*votes.columns[::2], *votes.columns[1::2]]]
    display = panel_report(votes, y).plot()
    at = [i for i, name in enumerate(display.lf_names) if name.startswith("weak")]
    assert at == list(range(at[0], at[0] + 4))
    assert len(display.ax_.patches) == 1
    assert display.ax_.get_title() == "Correlation of errors"
    few = panel_report(votes, y).plot(max_lfs=3)
    assert few.ax_.get_title().endswith("the 3 most active of 12 LFs")
    plt.close("all")


def test_a_display_checks_what_it_shows():
    with pytest.raises(
        ValueError, match=r"a square of at least one; got shape \(1, 2\)"
    ):
        ErrorCorrelationDisplay([[1, 2]])
    with pytest.raises(
        ValueError, match=r"lf_names must have an entry for each of the"
    ):
        ErrorCorrelationDisplay([[1]], lf_names=["a", "b"])
