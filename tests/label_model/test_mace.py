import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import digamma
from sklearn.exceptions import ConvergenceWarning

from sklabel.datasets import make_crowd_labels
from sklabel.label_model import _mace
from sklabel.label_model._mace import MACE
from sklabel.votes import votes_from_long
from tests._data import real_data

VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, 1, 0], [0, -1, 0], [1, 1, 1]])


def crowd_votes(n_samples=60, n_workers=8, n_classes=2, seed=0, **options):
    options = {"judgements_per_sample": 5, "random_state": seed, **options}
    data = make_crowd_labels(n_samples, n_workers, n_classes, **options)
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label")
    return votes.to_numpy(), data.y[votes.index]


def slow_mace(votes, n_classes, n_sweeps, method):
    """MACE from the vote shares, in plain loops."""
    n_samples, n_lfs = votes.shape
    T = np.zeros((n_samples, n_classes))
    for i in range(n_samples):
        for vote in votes[i][votes[i] >= 0]:
            T[i, vote] += 1 / np.sum(votes[i] >= 0)
    know = spam = np.full(n_lfs, 0.5)
    xi = np.full((n_lfs, n_classes), 1 / n_classes)
    for _ in range(n_sweeps):
        prior = (T.sum(axis=0) + 1) / (n_samples + n_classes)
        knew = np.zeros(n_lfs)
        spammed = np.zeros((n_lfs, n_classes))
        for i in range(n_samples):
            for j in range(n_lfs):
                v = votes[i, j]
                if v >= 0:
                    share = T[i, v] * know[j] / (know[j] + spam[j] * xi[j, v])
                    knew[j] += share
                    spammed[j, v] += 1 - share
        total = knew + spammed.sum(axis=1)
        if method == "vb":
            know = np.exp(digamma(knew + 0.5) - digamma(total + 1))
            spam = np.exp(digamma(total - knew + 0.5) - digamma(total + 1))
            xi = np.exp(
                digamma(spammed + 10)
                - digamma(spammed.sum(axis=1, keepdims=True) + 10 * n_classes)
            )
        else:
            little = 0.01 / n_classes
            know = (knew + little) / (total + 2 * little)
            spam = 1 - know
            xi = spammed + little
            xi /= xi.sum(axis=1, keepdims=True)
        T = np.tile(prior, (n_samples, 1))
        for i in range(n_samples):
            for j in range(n_lfs):
                for c in range(n_classes):
                    v = votes[i, j]
                    if v >= 0:
                        T[i, c] *= spam[j] * xi[j, v] + know[j] * (v == c)
            T[i] /= T[i].sum()
    return T, knew / total


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", ["vb", "em"])
def test_equals_plain_loops(n_classes, method):
    votes, _ = crowd_votes(n_classes=n_classes)
    with pytest.warns(ConvergenceWarning, match="MACE stopped after max_iter=9"):
        model = MACE(method=method, max_iter=9, tol=0).fit(votes)
    T, competence = slow_mace(votes, n_classes, 9, method)
    assert_allclose(model.predict_proba(votes), T, atol=1e-10)
    assert_allclose(model.competence_, competence, atol=0.05)
    assert model.n_iter_ == 9
    assert not model.converged_


def by_appearance(judgements):
    """Number workers and labels as they come.

    crowd-kit's counts of spammed votes are sorted by name, its parameters by
    appearance: they fit together only if the two orders are the same.
    """
    return judgements.assign(
        task=judgements["sample"],
        worker=pd.factorize(judgements["worker"])[0],
        label=pd.factorize(judgements["label"])[0],
    )[["task", "worker", "label"]]


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("method", ["vb", "em"])
def test_equals_crowd_kit_from_its_start(n_classes, method, monkeypatch):
    peers = pytest.importorskip("crowdkit.aggregation")
    # Few votes per sample: it adds up products without logs.
    data = make_crowd_labels(
        120, 12, n_classes, judgements_per_sample=4, random_state=n_classes
    )
    judgements = by_appearance(data.crowd_labels)
    votes = judgements.pivot(index="task", columns="worker", values="label")
    # All of its restarts draw with the same seed, so one is as good as ten.
    peer = peers.MACE(n_restarts=1, n_iter=20, method=method).fit(judgements)

    start = peers.MACE(method=method)
    start._initialize(votes.shape[1], n_classes)
    weights = _mace._Weights(
        np.log(start.spamming_[:, 1]),
        np.log(start.spamming_[:, 0]),
        np.log(start.thetas_),
    )
    run = MACE._run
    monkeypatch.setattr(
        MACE, "_run", lambda self, problem, _: run(self, problem, weights)
    )
    prior = np.full(n_classes, 1 / n_classes)
    model = MACE(method=method, max_iter=20, tol=0, class_prior=prior)
    model.fit(votes.to_numpy())
    expected = peer.probas_.loc[votes.index, model.classes_]
    assert_allclose(model.predict_proba(votes.to_numpy()), expected, atol=1e-6)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["snow_wsd", "labelme"])
def test_same_labels_as_crowd_kit_on_real_data(name):
    peers = pytest.importorskip("crowdkit.aggregation")
    path = real_data(f"{name}/annotations.csv")
    judgements = by_appearance(pd.read_csv(path).rename(columns={"task": "sample"}))
    votes = judgements.pivot(index="task", columns="worker", values="label")
    n_classes = judgements["label"].nunique()
    expected = peers.MACE(n_restarts=1).fit_predict(judgements).loc[votes.index]
    model = MACE(class_prior=np.full(n_classes, 1 / n_classes)).fit(votes.to_numpy())
    assert np.mean(model.predict(votes.to_numpy()) == expected) >= 0.97


def test_it_finds_spammers_and_what_they_like():
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=500)
    votes = np.column_stack(
        [np.where(rng.random(500) < 0.8, truth, rng.integers(3, size=500))] * 1
        + [np.where(rng.random(500) < 0.9, truth, rng.integers(3, size=500))]
        + [np.where(rng.random(500) < 0.7, truth, rng.integers(3, size=500))]
        + [rng.choice(3, size=500, p=[0.1, 0.1, 0.8]) for _ in range(3)]
    )
    model = MACE().fit(votes)
    assert_allclose(model.competence_, [0.8, 0.9, 0.7, 0, 0, 0], atol=0.1)
    assert_allclose(model.spamming_[3:], [[0.1, 0.1, 0.8]] * 3, atol=0.06)
    assert_allclose(model.spamming_.sum(axis=1), 1)
    assert_allclose(model.confusion_.sum(axis=2), 1)
    assert model.score(votes, truth) > 0.85


def test_restarts_keep_the_best_and_are_reproducible():
    votes, _ = crowd_votes(60, 20, 4, judgements_per_sample=2)
    one = MACE(tol=1e-6).fit(votes)
    many = MACE(n_init=8, random_state=0, tol=1e-6).fit(votes)
    again = MACE(n_init=8, random_state=0, tol=1e-6, n_jobs=2).fit(votes)
    assert many.lower_bound_ >= one.lower_bound_
    assert_array_equal(again.predict_proba(votes), many.predict_proba(votes))
    assert again.lower_bound_ == many.lower_bound_


def test_one_start_needs_no_seed():
    votes, _ = crowd_votes()
    expected = MACE(random_state=0).fit(votes).predict_proba(votes)
    assert_array_equal(MACE(random_state=1).fit(votes).predict_proba(votes), expected)


def test_random_starts_differ(monkeypatch):
    votes, _ = crowd_votes()
    starts = []
    run = MACE._run

    def record(self, problem, start):
        starts.append(start)
        return run(self, problem, start)

    monkeypatch.setattr(MACE, "_run", record)
    MACE(n_init=3, random_state=0).fit(votes)
    assert starts[0] is None
    assert not np.allclose(starts[1].know, starts[2].know)
    assert not np.allclose(starts[1].xi, starts[2].xi)


def test_gold_and_weights():
    votes, truth = crowd_votes(100, 10)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, size=len(votes))
    gold = np.where(rng.random(len(votes)) < 0.2, truth, -1)
    weighted = MACE().fit(votes, gold, sample_weight=weight)
    repeated = MACE().fit(np.repeat(votes, weight, axis=0), np.repeat(gold, weight))
    assert_allclose(weighted.competence_, repeated.competence_)
    assert_allclose(weighted.lower_bound_, repeated.lower_bound_)
    unused = MACE(use_gold=False).fit(votes, gold)
    assert_array_equal(unused.competence_, MACE().fit(votes).competence_)


@pytest.mark.parametrize("method", ["vb", "em"])
def test_the_average_worker_has_the_mean_competence(method):
    votes, _ = crowd_votes(200, 6)
    model = MACE(method=method)
    model.fit(np.column_stack([votes, np.full(len(votes), -1)]))
    low, high = model.competence_[:6].min(), model.competence_[:6].max()
    assert low < model.competence_[6] < high
    assert_array_equal(model.predict([[-1] * 6 + [0], [-1] * 6 + [1]]), [0, 1])
    assert np.isfinite(model.lf_accuracy_).all()


def test_votes_outside_of_the_classes_are_ignored():
    votes, _ = crowd_votes(100, 8)
    unsure = np.where(np.random.default_rng(0).random(votes.shape) < 0.2, 9, votes)
    clean = np.where(unsure == 9, -1, unsure)
    model = MACE(classes=[0, 1]).fit(unsure)
    expected = MACE(classes=[0, 1]).fit(clean)
    assert_array_equal(model.predict_proba(unsure), expected.predict_proba(clean))
    assert_array_equal(model.confusion_[:, :, 2], 0)


@pytest.mark.parametrize("method", ["vb", "em"])
def test_one_class_and_no_vote(method):
    model = MACE(method=method)
    assert_array_equal(model.fit([[3, 3], [3, -1]]).predict_proba([[3, -1]]), [[1]])
    model = MACE(method=method, classes=[0, 1])
    with pytest.warns(UserWarning, match="none of the 4 rows has a vote"):
        model.fit(np.full((4, 2), -1))
    assert_allclose(model.predict_proba([[-1, -1], [0, 1]]), np.full((2, 2), 0.5))
    assert_allclose(model.lf_accuracy_, 0.75)


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "mcmc"), ("n_init", 0), ("n_jobs", 1.5)],
)
def test_wrong_option(name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MACE"):
        MACE(**{name: value}).fit(VOTES)
