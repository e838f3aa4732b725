import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning

from sklabel.datasets import make_crowd_labels
from sklabel.label_model import DawidSkene, OneCoinDawidSkene
from sklabel.votes import votes_from_long, votes_to_sparse
from tests._data import real_data

FLOOR = 1e-10
MODELS = [DawidSkene, OneCoinDawidSkene]

VOTES = np.array([[0, 0, 1], [1, 1, -1], [-1, 1, 0], [0, -1, 0], [1, 1, 1]])


def crowd_votes(n_samples=60, n_workers=8, n_classes=2, seed=0, **options):
    """Return the dense votes of samples that somebody judged, and their truth."""
    options = {"judgements_per_sample": 4, "random_state": seed, **options}
    data = make_crowd_labels(n_samples, n_workers, n_classes, **options)
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label")
    return votes.to_numpy(), data.y[votes.index]


def slow_start(votes, n_classes):
    T = np.zeros((len(votes), n_classes))
    for i, row in enumerate(votes):
        cast = row[row >= 0]
        for vote in cast:
            T[i, vote] += 1 / len(cast)
    return T


def slow_dawid_skene(votes, n_classes, n_sweeps, right, wrong, prior_smoothing):
    """Dawid-Skene as in the Notes, in plain loops."""
    n_samples, n_lfs = votes.shape
    T = slow_start(votes, n_classes)
    for _ in range(n_sweeps):
        prior = T.sum(axis=0) + prior_smoothing
        prior /= prior.sum()
        theta = np.full((n_lfs, n_classes, n_classes), float(wrong))
        for c in range(n_classes):
            theta[:, c, c] = right
        for i in range(n_samples):
            for j in range(n_lfs):
                if votes[i, j] >= 0:
                    theta[j, :, votes[i, j]] += T[i]
        theta = np.maximum(theta, FLOOR)
        theta /= theta.sum(axis=2, keepdims=True)
        T = np.tile(prior, (n_samples, 1))
        for i in range(n_samples):
            for j in range(n_lfs):
                if votes[i, j] >= 0:
                    T[i] *= theta[j, :, votes[i, j]]
            T[i] /= T[i].sum()
    return T, prior, theta


def slow_one_coin(votes, n_classes, n_sweeps, right, wrong, prior_smoothing):
    """One coin per worker, in plain loops."""
    n_samples, n_lfs = votes.shape
    T = slow_start(votes, n_classes)
    for _ in range(n_sweeps):
        prior = T.sum(axis=0) + prior_smoothing
        prior /= prior.sum()
        accuracy = np.zeros(n_lfs)
        for j in range(n_lfs):
            mine = [T[i, votes[i, j]] for i in range(n_samples) if votes[i, j] >= 0]
            accuracy[j] = (right + sum(mine)) / (right + wrong + len(mine))
        T = np.tile(prior, (n_samples, 1))
        for i in range(n_samples):
            for j in range(n_lfs):
                for c in range(n_classes):
                    if votes[i, j] == c:
                        T[i, c] *= accuracy[j]
                    elif votes[i, j] >= 0:
                        T[i, c] *= (1 - accuracy[j]) / (n_classes - 1)
            T[i] /= T[i].sum()
    return T, prior, accuracy


def fit_sweeps(model, votes, n_sweeps):
    """Fit with exactly this number of sweeps."""
    model.set_params(max_iter=n_sweeps, tol=0)
    with pytest.warns(ConvergenceWarning, match=f"max_iter={n_sweeps} with a change"):
        return model.fit(votes)


# The models


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    ("smoothing", "prior_smoothing", "right", "wrong"),
    [("auto", 1.0, 4, None), (0, 0, 0, 0), (0.5, 2, 0.5, 0.5), ((3, 1), 0, 3, 1)],
)
def test_dawid_skene_equals_plain_loops(
    n_classes, smoothing, prior_smoothing, right, wrong
):
    wrong = np.sqrt(2 / n_classes) if wrong is None else wrong
    votes, _ = crowd_votes(n_classes=n_classes, seed=n_classes)
    model = DawidSkene(smoothing=smoothing, prior_smoothing=prior_smoothing)
    fit_sweeps(model, votes, 7)
    T, prior, theta = slow_dawid_skene(
        votes, n_classes, 7, right, wrong, prior_smoothing
    )
    assert_allclose(model.predict_proba(votes), T, atol=1e-8)
    assert_allclose(model.class_prior_, prior, atol=1e-9)
    assert_allclose(model.confusion_, theta, atol=1e-8)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize(
    ("smoothing", "prior_smoothing", "right", "wrong"),
    [((4, 1), 1.0, 4, 1), (0, 0, 0, 0), (2, 1, 2, 2)],
)
def test_one_coin_equals_plain_loops(
    n_classes, smoothing, prior_smoothing, right, wrong
):
    votes, _ = crowd_votes(n_classes=n_classes, seed=n_classes)
    model = OneCoinDawidSkene(
        smoothing=smoothing, prior_smoothing=prior_smoothing, class_prior="learned"
    )
    fit_sweeps(model, votes, 7)
    T, prior, accuracy = slow_one_coin(
        votes, n_classes, 7, right, wrong, prior_smoothing
    )
    assert_allclose(model.predict_proba(votes), T, atol=1e-8)
    assert_allclose(model.class_prior_, prior, atol=1e-9)
    assert_allclose(model.lf_accuracy_, accuracy, atol=1e-8)
    assert_allclose(model.confusion_.sum(axis=2), 1)


@pytest.mark.parametrize("Model", MODELS)
def test_it_stops_when_the_posterior_stands_still(Model):
    votes, _ = crowd_votes(300, 20)
    model = Model().fit(votes)
    assert model.converged_
    assert 1 < model.n_iter_ < 1000


@pytest.mark.parametrize("n_classes", [2, 4])
def test_float32_agrees_to_four_digits(n_classes):
    votes, truth = crowd_votes(400, 20, n_classes)
    gold = np.where(np.arange(len(truth)) % 7 == 0, truth, -1)
    exact = DawidSkene().fit(votes, gold)
    single = DawidSkene(dtype="float32").fit(votes, gold)
    proba = single.predict_proba(votes)
    assert proba.dtype == np.float64
    assert_allclose(proba, exact.predict_proba(votes), atol=1e-4)
    assert_allclose(single.confusion_, exact.confusion_, atol=1e-4)


def test_it_finds_adversaries_and_confusion_matrices():
    data = make_crowd_labels(
        3000,
        10,
        3,
        worker_types={"reliable": 0.5, "average": 0.3, "adversarial": 0.2},
        random_state=0,
    )
    votes = votes_from_long(data.crowd_labels, lf="worker", vote="label").to_numpy()
    adversarial = data.worker_types == "adversarial"
    model = DawidSkene().fit(votes)
    assert_allclose(model.confusion_, data.confusion, atol=0.08)
    for each in (model, OneCoinDawidSkene().fit(votes)):
        assert (each.lf_accuracy_[adversarial] < 0.4).all()
        assert (each.lf_accuracy_[~adversarial] > 0.5).all()


# References


def read_crowd(name, nogold=False):
    folder = real_data(f"_nogold/{name}" if nogold else name)
    return pd.read_csv(folder / "annotations.csv"), folder


def test_anesthesia_of_1979_with_repeated_judgements():
    judgements, folder = read_crowd("anesthesia", nogold=True)
    repeat = judgements.groupby(["task", "worker"]).cumcount()
    votes = judgements.assign(repeat=repeat).pivot(
        index="task", columns=["worker", "repeat"], values="label"
    )
    observers = votes.columns.get_level_values("worker")
    assert len(observers) == 7
    assert observers.nunique() == 5
    model = DawidSkene(smoothing=0, prior_smoothing=0, table_groups=observers)
    model.fit(votes.to_numpy())
    expected = pd.read_csv(folder / "ds_em_posterior.csv", index_col="task")
    assert_array_equal(votes.index, expected.index)
    assert_allclose(model.predict_proba(votes.to_numpy()), expected, atol=1e-3)
    assert_allclose(model.class_prior_, [0.3996, 0.422, 0.1118, 0.0667], atol=1e-4)


def compare_with_crowd_kit(judgements, n_sweeps):
    peers = pytest.importorskip("crowdkit.aggregation")
    votes = judgements.pivot(index="task", columns="worker", values="label")
    for model, peer in (
        (DawidSkene(), peers.DawidSkene),
        (OneCoinDawidSkene(class_prior="learned"), peers.OneCoinDawidSkene),
    ):
        model.set_params(smoothing=0, prior_smoothing=0)
        fit_sweeps(model, votes.to_numpy(), n_sweeps)
        fitted = peer(n_iter=n_sweeps, tol=-np.inf).fit(judgements)
        expected = fitted.probas_.loc[votes.index, model.classes_]
        assert_allclose(model.predict_proba(votes.to_numpy()), expected, atol=1e-6)
        # Its prior is that of the posterior, ours that of the posterior before.
        assert_allclose(
            model.predict_proba(votes.to_numpy()).mean(axis=0),
            fitted.priors_[model.classes_],
            atol=1e-6,
        )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("n_classes", [2, 4])
def test_equals_crowd_kit_on_generated_data(n_classes):
    data = make_crowd_labels(100, 10, n_classes, random_state=n_classes)
    compare_with_crowd_kit(data.crowd_labels.rename(columns={"sample": "task"}), 20)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["rte", "labelme"])
def test_equals_crowd_kit_on_real_data(name):
    pytest.importorskip("crowdkit")
    compare_with_crowd_kit(read_crowd(name)[0], 10)


# Parameters


@pytest.mark.parametrize("Model", MODELS)
def test_lfs_of_one_group_share_what_is_learned(Model):
    votes, _ = crowd_votes(200, 12, 3)
    model = Model(table_groups=["a", "b"] * 6).fit(votes)
    assert_array_equal(model.confusion_[0], model.confusion_[2])
    assert not np.allclose(model.confusion_[0], model.confusion_[1])
    alone = Model(table_groups=np.arange(12)).fit(votes)
    assert_array_equal(
        alone.predict_proba(votes), Model().fit(votes).predict_proba(votes)
    )


def test_a_group_counts_each_of_its_votes():
    truth = np.tile([0, 1], 30)
    votes = np.column_stack([truth, truth, 1 - truth, truth])
    model = DawidSkene(smoothing=0, prior_smoothing=0, table_groups=[5, 5, 5, 1]).fit(
        votes
    )
    assert_allclose(model.lf_accuracy_, [2 / 3, 2 / 3, 2 / 3, 1], atol=1e-3)


@pytest.mark.parametrize("Model", MODELS)
def test_wrong_table_groups(Model):
    with pytest.raises(
        ValueError,
        match="a group for each of the 3 LFs; got 'a', 'b'",
    ):
        Model(table_groups=["a", "b"]).fit(VOTES)


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("smoothing", [(1, 2, 3), (1, -1), ("a", "b"), (1, np.nan)])
def test_wrong_alpha(Model, smoothing):
    with pytest.raises(ValueError, match=r"number >= 0 or two of them.*Got"):
        Model(smoothing=smoothing).fit(VOTES)


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize(
    ("name", "value"),
    [("smoothing", -1), ("prior_smoothing", -1)],
)
def test_wrong_smoothing(Model, name, value):
    with pytest.raises(ValueError, match=f"The '{name}' parameter of {Model.__name__}"):
        Model(**{name: value}).fit(VOTES)


def test_wrong_dtype():
    with pytest.raises(ValueError, match="The 'dtype' parameter of DawidSkene"):
        DawidSkene(dtype="int8").fit(VOTES)


def test_the_prior_of_one_coin_is_uniform_or_that_of_gold_unless_learned():
    votes, truth = crowd_votes(400, 20, class_prior=[0.9, 0.1])
    assert_allclose(OneCoinDawidSkene().fit(votes).class_prior_, [0.5, 0.5])
    gold = np.full(len(votes), -1)
    gold[np.flatnonzero(truth == 0)[:7]] = 0
    gold[np.flatnonzero(truth == 1)[:1]] = 1
    assert_allclose(OneCoinDawidSkene().fit(votes, gold).class_prior_, [0.8, 0.2])
    unused = OneCoinDawidSkene(use_gold=False).fit(votes, gold)
    assert_allclose(unused.class_prior_, [0.5, 0.5])
    learned = OneCoinDawidSkene(class_prior="learned").fit(votes)
    assert_allclose(learned.class_prior_, [0.9, 0.1], atol=0.05)


# Gold labels, weights


@pytest.mark.parametrize("Model", MODELS)
def test_gold_for_some_rows_improves_the_model(Model):
    votes, truth = crowd_votes(
        600,
        20,
        3,
        judgements_per_sample=2,
        worker_types={"reliable": 0.2, "spammer": 0.3, "adversarial": 0.5},
    )
    gold = np.where(np.arange(len(truth)) < 150, truth, -1)
    without = Model().fit(votes).score(votes[150:], truth[150:])
    with_gold = Model().fit(votes, gold).score(votes[150:], truth[150:])
    assert with_gold > without + 0.08


@pytest.mark.parametrize("Model", MODELS)
def test_gold_for_all_rows_is_counting(Model):
    votes, truth = crowd_votes(300, 6, 3)
    model = Model(smoothing=0, prior_smoothing=0)
    if Model is OneCoinDawidSkene:
        model.set_params(class_prior="learned")
    model.fit(votes, truth)
    right = [
        np.mean(votes[votes[:, j] >= 0, j] == truth[votes[:, j] >= 0]) for j in range(6)
    ]
    assert_allclose(model.lf_accuracy_, right)
    assert_allclose(model.class_prior_, np.bincount(truth) / len(truth))


# Edges


def test_votes_outside_of_the_classes_are_evidence_for_dawid_skene():
    rng = np.random.default_rng(0)
    truth = np.arange(300) % 2
    votes = np.where(rng.random((300, 4)) < 0.8, truth[:, None], 1 - truth[:, None])
    # "Can't tell" is said of class 1 only.
    votes[(rng.random((300, 4)) < 0.4) & (truth == 1)[:, None]] = 9
    model = DawidSkene(classes=[0, 1]).fit(votes)
    assert model.confusion_.shape == (4, 2, 3)
    assert model.predict([[9, 9, -1, -1]]) == 1


def test_votes_outside_of_the_classes_are_ignored_by_one_coin():
    votes, _ = crowd_votes(100, 8)
    unsure = np.where(np.random.default_rng(0).random(votes.shape) < 0.2, 9, votes)
    model = OneCoinDawidSkene(classes=[0, 1]).fit(unsure)
    expected = OneCoinDawidSkene(classes=[0, 1]).fit(np.where(unsure == 9, -1, unsure))
    clean = np.where(unsure == 9, -1, unsure)
    assert_array_equal(model.predict_proba(unsure), expected.predict_proba(clean))
    assert_allclose(model.predict_proba([[9] * 8]), [model.class_prior_])
    assert_allclose(model.confusion_[:, :, 2], 0)
    assert_allclose(model.confusion_.sum(axis=2), 1)


@pytest.mark.parametrize("Model", MODELS)
@pytest.mark.parametrize("smoothing", ["default", 0])
def test_the_average_worker_has_the_mean_accuracy(Model, smoothing):
    rng = np.random.default_rng(0)
    truth = np.tile([0, 1], 50)
    good = np.where(rng.random((100, 3)) < 0.8, truth[:, None], 1 - truth[:, None])
    votes = np.column_stack([good, np.full(100, -1)])
    model = (Model() if smoothing == "default" else Model(smoothing=smoothing)).fit(
        votes
    )
    assert_array_equal(model.predict([[-1, -1, -1, 0], [-1, -1, -1, 1]]), [0, 1])
    assert 0.7 < model.lf_accuracy_[3] < 0.9
    assert_allclose(model.lf_accuracy_[3], model.lf_accuracy_[:3].mean(), atol=0.05)


@pytest.mark.parametrize("Model", MODELS)
def test_sparse_votes_give_the_same_bits(Model):
    votes, _ = crowd_votes(100, 10, 3)
    stored = votes_to_sparse(votes)
    assert_array_equal(
        Model().fit(stored).predict_proba(stored),
        Model().fit(votes).predict_proba(votes),
    )


@pytest.mark.parametrize("Model", MODELS)
def test_fit_leaves_nothing_of_the_size_of_the_data(Model):
    votes, _ = crowd_votes(500, 5)
    model = Model().fit(votes)
    sizes = [value.size for value in vars(model).values() if hasattr(value, "size")]
    assert max(sizes) < 100
