"""Cohen's kappa of pairs equals scikit-learn's, pair by pair."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from sklabel import CrowdLabels
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import _pairwise, cohen_kappa, panel_report
from sklabel.votes import NamedVotes, votes_to_sparse

WEIGHTS = [None, "linear", "quadratic"]


def _votes(seed=0, n_samples=60):
    """One LF of a single class, and a pair without common rows."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, (n_samples, 1))
    votes = rng.integers(-1, 4, (n_samples, 6))
    votes = np.where(rng.random(votes.shape) < 0.4, truth, votes)
    votes[:, 0] = np.where(votes[:, 0] >= 0, 2, -1)
    votes[:20, 1] = -1
    votes[20:, 2] = -1
    return votes


def _by_sklearn(votes, weights=None, sample_weight=None, labels=range(4)):
    n_lfs = votes.shape[1]
    kappa = np.full((n_lfs, n_lfs), np.nan)
    for i in range(n_lfs):
        for j in range(n_lfs):
            both = (votes[:, i] >= 0) & (votes[:, j] >= 0)
            if not both.any():
                continue
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                kappa[i, j] = cohen_kappa_score(
                    votes[both, i],
                    votes[both, j],
                    weights=weights,
                    labels=list(labels),
                    sample_weight=None
                    if sample_weight is None
                    else sample_weight[both],
                )
    return kappa


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("seed", range(3))
def test_each_pair_is_that_of_scikit_learn(seed, weights):
    votes = _votes(seed)
    kappa, n_shared = cohen_kappa(votes, weights=weights, return_n_shared=True)
    np.testing.assert_allclose(kappa, _by_sklearn(votes, weights), atol=1e-12)
    cast = (votes >= 0).astype(int)
    assert np.array_equal(n_shared, cast.T @ cast)
    assert np.isnan(kappa.loc[0, 0])
    assert np.isnan(kappa.loc[1, 2])
    pd.testing.assert_frame_equal(cohen_kappa(votes, weights=weights), kappa)


@pytest.mark.parametrize("weights", WEIGHTS)
def test_row_weights_are_those_of_scikit_learn(weights):
    votes = _votes(1)
    weight = np.random.default_rng(0).random(60) * 3
    kappa, n_shared = cohen_kappa(
        votes, weights=weights, sample_weight=weight, return_n_shared=True
    )
    expected = _by_sklearn(votes, weights, weight)
    np.testing.assert_allclose(kappa, expected, atol=1e-12)
    # Rows, not weights.
    assert n_shared.loc[3, 3] == (votes[:, 3] >= 0).sum()
    times = np.random.default_rng(0).integers(0, 3, 60)
    np.testing.assert_allclose(
        cohen_kappa(votes, weights=weights, sample_weight=times),
        cohen_kappa(np.repeat(votes, times, axis=0), weights=weights),
        atol=1e-12,
    )


@pytest.mark.parametrize("block", [1, 50, 10_000])
@pytest.mark.parametrize("dense", [0, 2])
def test_blocks_and_sparse_products_give_the_same(monkeypatch, block, dense):
    votes = _votes(2)
    expected = cohen_kappa(votes, weights="linear")
    monkeypatch.setattr(_pairwise, "_BLOCK", block)
    monkeypatch.setattr(_pairwise, "_DENSE", dense)
    pd.testing.assert_frame_equal(cohen_kappa(votes, weights="linear"), expected)


def test_every_form_of_votes_gives_the_same_with_its_names():
    votes = _votes(0)
    expected = cohen_kappa(votes)
    assert expected.index.tolist() == list(range(6))
    names = [f"lf{j}" for j in range(6)]
    frame = pd.DataFrame(votes, columns=names).replace(-1, None)
    row, lf = np.nonzero(votes >= 0)
    crowd = CrowdLabels.from_frame(
        pd.DataFrame({"sample": row, "worker": lf, "label": votes[row, lf]})
    )
    texts = np.array(["a", "b", "c", "d", None], dtype=object)[votes]
    named = NamedVotes(votes, list("dbca"))
    for form in (votes.astype(np.int8), votes_to_sparse(votes), crowd, texts, named):
        got = cohen_kappa(form)
        np.testing.assert_allclose(got, expected, atol=1e-12)
        assert got.index.tolist() == got.columns.tolist() == list(range(6))
    got = cohen_kappa(frame)
    assert got.index.tolist() == got.columns.tolist() == names
    np.testing.assert_allclose(got, expected, atol=1e-12)


def test_polars_votes_keep_their_names():
    pl = pytest.importorskip("polars")
    frame = pl.DataFrame({"ann": ["x", "y", None, "x"], "bob": ["x", "y", "x", "y"]})
    kappa, n_shared = cohen_kappa(frame, return_n_shared=True)
    assert kappa.columns.tolist() == ["ann", "bob"]
    assert n_shared.loc["ann", "bob"] == 3
    expected = cohen_kappa_score(["x", "y", "x"], ["x", "y", "y"])
    assert kappa.loc["ann", "bob"] == pytest.approx(expected)


def test_weighted_kappa_takes_the_order_of_the_classes():
    votes = _votes(0)
    order = ["low", "middle", "high", "top"]
    names = np.array([*order, None], dtype=object)[votes]
    for weights in ("linear", "quadratic"):
        expected = cohen_kappa(votes, weights=weights)
        got = cohen_kappa(names, weights=weights, classes=order)
        np.testing.assert_allclose(got, expected, atol=1e-12)
        named = NamedVotes(votes, order)
        np.testing.assert_allclose(cohen_kappa(named, weights=weights), expected)
    with pytest.raises(ValueError, match=r"weights='linear' needs an order, and votes"):
        cohen_kappa(names, weights="linear")
    # Places, not differences of numbers.
    spread = np.array([1, 2, 10, 50, -1])[votes]
    np.testing.assert_allclose(
        cohen_kappa(spread, weights="linear"), cohen_kappa(votes, weights="linear")
    )


def test_a_class_between_that_nobody_names_is_a_place():
    votes = np.array([[0, 0], [0, 1], [3, 3], [1, 3], [1, 1]])
    wide = _by_sklearn(votes, "quadratic", labels=range(4))[0, 1]
    close = _by_sklearn(votes, "quadratic", labels=[0, 1, 3])[0, 1]
    got = cohen_kappa(votes, weights="quadratic", classes=range(4))
    assert got.loc[0, 1] == pytest.approx(wide)
    assert cohen_kappa(votes, weights="quadratic").loc[0, 1] == pytest.approx(close)


def test_one_lf_and_one_row():
    assert cohen_kappa([[0], [1]]).to_numpy().tolist() == [[1.0]]
    assert cohen_kappa([[0, 1]]).loc[0, 1] == 0
    assert cohen_kappa([[0, 0]]).isna().all(axis=None)
    assert cohen_kappa([[0, 0]], weights="linear").isna().all(axis=None)


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        (np.full((3, 2), -1), {}, "holds no vote in 3 rows"),
        (np.zeros((0, 2)), {}, "holds no vote in 0 rows"),
        ([[0, 1]], {"weights": "cubic"}, r"weights must be one of \('linear', 'quad"),
        ([["a", "b"]], {"classes": ["a"]}, r"not in classes=\['a'\]: 'b'\. Add them"),
        ([[0, 1]], {"sample_weight": [1, 2]}, "one weight for each of the 1 samples"),
    ],
)
def test_what_cannot_be_compared_raises(votes, options, message):
    with pytest.raises(ValueError, match=message):
        cohen_kappa(votes, **options)


def test_panel_report_states_the_same_kappa():
    votes = pd.DataFrame(_votes(seed=3, n_samples=200)).set_axis(
        [f"lf{j}" for j in range(np.shape(_votes())[1])], axis=1
    )
    kappa = cohen_kappa(votes, classes=range(4))
    pairs = panel_report(votes, classes=range(4)).pairs.dropna(subset="kappa")
    assert len(pairs) > 3
    expected = [kappa.loc[a, b] for a, b in zip(pairs.lf_a, pairs.lf_b, strict=True)]
    np.testing.assert_allclose(pairs.kappa, expected, atol=1e-6)


def test_five_hundred_workers_are_compared_without_a_loop_over_pairs():
    data = make_crowd_labels(20_000, 500, 5, judgements_per_sample=5, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    kappa = cohen_kappa(crowd, weights="linear")
    assert kappa.shape == (500, 500)
    assert kappa.index.tolist() == list(crowd.worker_ids)
