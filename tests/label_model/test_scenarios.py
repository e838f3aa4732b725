import numpy as np
import pytest

from benchmarks.scenarios import (
    ACCURACY_LOSS,
    LOG_LOSS_EXCESS,
    REGIMES,
    count_votes,
    difference,
    make_scenario,
    run_ours,
    score,
)

N_DATA_SETS = 4
# Mean differences over so few data sets may miss by this many standard errors.
ALLOWANCE = 1.0
BY_NAME = {regime.name: regime for regime in REGIMES}
# One or two of each kind, the smaller ones.
NAMES = [
    "1 model + 2 rules of one class",
    "1 model + rules that cast half of the votes",
    "1 model + 4-10 rules, 3-8 classes",
    "3 models, skewed",
    "6 models + 2 of negative skill",
    "3 models + 3 constant, n 200",
    "6-10 rules",
    "3-8 abstaining models, 3-6 classes",
    "1 model + 2-4 near-rules",
    "crowd of 10, 3-5 a sample",
    "crowd of 100, 1 a sample",
    "crowd of 60, 5 a sample, lazy",
    "crowd of 100 on half + 3 rules",
    "n 100, 4-8 rules",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_model_is_not_worse_than_a_count_of_votes(name):
    differences = []
    for rep in range(N_DATA_SETS):
        scenario = make_scenario(BY_NAME[name], rep)
        proba = run_ours("LabelModel", scenario.votes, scenario.n_classes)
        differences.append(difference(proba, scenario))
    mean = np.mean(differences, axis=0)
    error = np.std(differences, axis=0, ddof=1) / np.sqrt(N_DATA_SETS)
    accuracy, macro_f1, log_loss = mean
    of_accuracy, of_macro_f1, of_log_loss = ALLOWANCE * error
    found = f"{name}: {mean.round(4)} +- {error.round(4)}"
    assert accuracy >= -ACCURACY_LOSS - of_accuracy, f"accuracy of {found}"
    assert macro_f1 >= -ACCURACY_LOSS - of_macro_f1, f"macro-F1 of {found}"
    assert log_loss <= LOG_LOSS_EXCESS + of_log_loss, f"log-loss of {found}"


@pytest.mark.parametrize("name", NAMES)
def test_a_regime_draws_what_it_says(name):
    regime = BY_NAME[name]
    votes, y, n_classes = make_scenario(regime, 0)
    assert set(y) == set(range(n_classes))
    assert votes.min() >= -1
    assert votes.max() < n_classes
    assert (votes >= 0).any(axis=0).all()
    again = make_scenario(regime, 0)
    np.testing.assert_array_equal(again.votes, votes)
    other = make_scenario(regime, 0, salt=1)
    assert other.votes.shape != votes.shape or (other.votes != votes).any()


def test_ties_count_half():
    votes = np.array([[0, 0], [0, 1], [1, 1], [-1, 1]])
    accuracy, macro_f1, log_loss = score(count_votes(votes, 2), np.array([0, 0, 1, 1]))
    assert accuracy == 3.5 / 4
    f1_of_0, f1_of_1 = 2 * 1.5 / (1.5 + 2), 2 * 2 / (2.5 + 2)
    assert macro_f1 == pytest.approx((f1_of_0 + f1_of_1) / 2)
    assert log_loss == 0
