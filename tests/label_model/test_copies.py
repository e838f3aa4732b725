import warnings

import numpy as np
import pandas as pd
import pytest

from sklabel import (
    CrowdLabels,
    LabelModel,
    LFGroupTransformer,
    MajorityVote,
    WorkerLFTransformer,
)
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    OneCoinDawidSkene,
    WeightedMajorityVote,
    _copies,
)
from sklabel.label_model._copies import _any_pair_shares
from sklabel.votes._read import read_any_votes

MODELS = [MajorityVote, WeightedMajorityVote, DawidSkene, OneCoinDawidSkene, MACE, GLAD]


def panel(n_samples=600, n_copies=3, slips=0.02, accuracy=0.7, weak=0.6, seed=0):
    """Seven independent models, and near-copies of one more."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n_samples)

    def right_in(column, share):
        return np.where(rng.random(n_samples) < share, column, 1 - column)

    first = right_in(y, weak)
    columns = {f"model {c}": right_in(y, accuracy) for c in "abcdefg"}
    columns |= {f"gpt_{j}": right_in(first, 1 - slips) for j in range(n_copies)}
    return pd.DataFrame(columns)


@pytest.mark.parametrize("model", MODELS)
def test_models_that_count_every_lf_warn_of_copies(model):
    with pytest.warns(UserWarning, match="errors included") as found:
        model().fit(panel())
    (warning,) = found
    text = str(warning.message)
    assert text.startswith(f"{model.__name__} counts every LF, and some say the same")
    assert "as copies do: 'gpt_0', 'gpt_1', 'gpt_2'." in text
    assert (
        "pass groups={'gpt_0': 'gpt', 'gpt_1': 'gpt', 'gpt_2': 'gpt'} to "
        "LFGroupTransformer"
    ) in text
    assert warning.filename == __file__


def test_what_it_suggests_ends_the_warning():
    groups = {f"gpt_{j}": "gpt" for j in range(3)}
    DawidSkene().fit(LFGroupTransformer(groups).fit_transform(panel()))


def test_label_model_counts_copies_once_and_does_not_warn():
    LabelModel().fit(panel())


def test_named_workers_are_known():
    votes = panel()
    workers = [*range(7), 7, 7, 7]
    DawidSkene(table_groups=workers).fit(votes)
    OneCoinDawidSkene(table_groups=workers).fit(votes)


def test_several_sets_are_named():
    votes = panel()
    rng = np.random.default_rng(0)
    second = votes[["model a"] * 2].set_axis(["x", "y"], axis=1)
    second = second.where(rng.random(second.shape) > 0.01, 1 - second)
    with pytest.warns(
        UserWarning, match=r"'x', 'y'; 'gpt_0', 'gpt_1', 'gpt_2'\."
    ) as found:
        MajorityVote().fit(pd.concat([votes, second], axis=1))
    assert "'x': 'group_1'" in str(found[0].message)


def test_positions_stand_for_lfs_without_names():
    with pytest.warns(UserWarning, match=r"groups=\{7: 'group_1', 8: 'group_1'"):
        MajorityVote().fit(panel().to_numpy())


def test_many_copies_are_not_all_listed():
    with pytest.warns(UserWarning, match=r"'gpt_4', \.\.\. \(12 in all\)") as found:
        MajorityVote().fit(panel(n_copies=12))
    assert "'gpt_7': 'gpt', ...} to" in str(found[0].message)


def few_common_votes():
    votes = panel()
    votes.loc[votes.index % 30 > 0] = -1
    return votes


@pytest.mark.parametrize(
    "votes",
    [
        pytest.param(panel(n_copies=1), id="independent"),
        pytest.param(panel(accuracy=0.99, weak=0.99, slips=0.0), id="easy set"),
        pytest.param(panel(accuracy=0.99, n_copies=1), id="good models"),
        pytest.param(panel(25), id="few rows"),
        pytest.param(panel(slips=0.3), id="hardly alike"),
        pytest.param(panel().iloc[:, -3:], id="nothing to compare with"),
        pytest.param(panel(n_copies=1).assign(a=1, b=1, c=1), id="LFs of one value"),
        pytest.param(
            panel(n_copies=1).assign(
                a=lambda d: np.where(d["model a"] == 1, 1, -1),
                b=lambda d: np.where(d["model a"] == 1, 1, -1),
            ),
            id="rules of one class",
        ),
        pytest.param(
            few_common_votes(),
            id="few common votes",
        ),
    ],
)
def test_no_false_alarm(votes):
    for model in (MajorityVote, DawidSkene):
        model().fit(votes)


def test_no_alarm_on_many_panels_without_copies():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in range(20):
            rng = np.random.default_rng(seed)
            accuracy = rng.uniform(0.55, 0.97)
            MajorityVote().fit(panel(200, 1, accuracy=accuracy, seed=seed))


@pytest.mark.parametrize("seed", range(40))
def test_a_pair_that_shares_rows_is_found_as_in_a_plain_count(seed):
    rng = np.random.default_rng(seed)
    n_samples, n_lfs = 200, 12
    votes = np.where(rng.random((n_samples, n_lfs)) < 0.2, 1, -1)
    if seed % 2:
        votes[:, 1] = np.where(rng.random(n_samples) < 0.6, votes[:, 0], votes[:, 1])
    if seed % 3 == 0:
        votes[::2, 2:4] = -1  # these two vote on every other row only
    cast = votes >= 0
    n_votes, common = cast.sum(axis=0), cast.T.astype(int) @ cast
    larger = np.maximum.outer(n_votes, n_votes)
    enough = (common >= 30) & (common > 0.6 * larger)
    np.fill_diagonal(enough, False)
    assert _any_pair_shares(read_any_votes(votes), 30) == enough.any()


def two_samples(seed, n_samples=200, n_classes=4, accuracy=0.72, alike=0.95):
    """Two samples of one model, and three models that leave out some rows."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n_samples)

    def right_in(share):
        wrong = (y + rng.integers(1, n_classes, n_samples)) % n_classes
        return np.where(rng.random(n_samples) < share, y, wrong)

    def leave_out(column, coverage):
        return np.where(rng.random(n_samples) < coverage, column, -1)

    source, columns = right_in(accuracy), {}
    for j in range(2):
        again = rng.random(n_samples) < (1 - alike) / 2 * n_classes / (n_classes - 1)
        column = np.where(again, rng.integers(0, n_classes, n_samples), source)
        columns[f"gpt_{j}"] = leave_out(column, 0.95)
    for name, coverage in {"a": 0.62, "b": 0.29, "c": 0.9}.items():
        columns[f"model {name}"] = leave_out(right_in(rng.uniform(0.7, 0.85)), coverage)
    return pd.DataFrame(columns), y


def warnings_of(model, votes):
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        model.fit(votes)
    return [str(w.message) for w in found]


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"n_samples": 1000},
        {"n_samples": 1000, "n_classes": 3},
        {"n_samples": 400, "n_classes": 5},
        {"n_samples": 400, "accuracy": 0.6, "alike": 0.98},
    ],
    ids=str,
)
def test_copies_beside_few_others_do_not_go_unnoticed(kind):
    pasted = "groups={'gpt_0': 'gpt', 'gpt_1': 'gpt'}"
    n_known = n_named = 0
    for seed in range(12):
        votes, _ = two_samples(seed, **kind)
        model = LabelModel()
        texts = warnings_of(model, votes)
        assert len(texts) <= 1
        assert all(pasted in text for text in texts)
        found = model._alike is not None and model._alike[0, 1] >= 0.5
        n_known += bool(texts) or found
        assert not (texts and found)
        texts = warnings_of(MajorityVote(), votes)
        assert all(pasted in text for text in texts)
        n_named += len(texts)
    assert n_known >= 11
    assert n_named >= 11


def test_what_label_model_suggests_makes_it_better_than_a_count():
    right = []
    for seed in range(12):
        votes, y = two_samples(seed)
        groups = {"gpt_0": "gpt", "gpt_1": "gpt"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            models = LabelModel(), MajorityVote(), LabelModel(groups=groups)
            right.append([m.fit(votes).score(votes, y) for m in models])
    plain, count, grouped = np.mean(right, axis=0)
    assert grouped > count + 0.03
    assert grouped > plain + 0.03


def test_label_model_names_copies_that_it_does_not_find():
    votes, _ = two_samples(0, n_samples=1000)
    with pytest.warns(UserWarning, match=r"errors included, as copies do") as found:
        LabelModel().fit(votes)
    (warning,) = found
    text = str(warning.message)
    assert text.startswith("LabelModel counts LFs as several sources that say the same")
    assert "'gpt_0', 'gpt_1'." in text
    assert warning.filename == __file__


@pytest.mark.parametrize(
    "groups",
    [
        {"gpt_0": "gpt", "gpt_1": "gpt"},
        {"gpt_0": "one", "gpt_1": "another"},
        list("ggabc"),
        list("gGabc"),
    ],
)
def test_named_groups_end_the_warning_of_label_model(groups):
    for seed in range(4):
        votes, _ = two_samples(seed, n_samples=1000)
        assert warnings_of(LabelModel(), votes)
        LabelModel(groups=groups).fit(votes)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("good", [0.85, 0.92, 0.97])
@pytest.mark.parametrize("poor", [0.6, 0.75])
def test_no_alarm_on_two_accurate_lfs_beside_poor_ones(n_classes, good, poor):
    for seed in range(8):
        rng = np.random.default_rng(seed)
        y = rng.integers(0, n_classes, 600)
        columns = []
        for share, coverage in [(good, 0.95)] * 2 + [(poor, 0.6)] * 2 + [(poor, 0.9)]:
            wrong = (y + rng.integers(1, n_classes, len(y))) % n_classes
            column = np.where(rng.random(len(y)) < share, y, wrong)
            columns.append(np.where(rng.random(len(y)) < coverage, column, -1))
        for model in (LabelModel(), MajorityVote()):
            model.fit(np.column_stack(columns))


def test_groups_of_which_no_two_lfs_are_alike():
    votes, _ = two_samples(0)
    groups = {"model a": "one", "model b": "one"}
    LabelModel(groups=groups).fit(votes.drop(columns="gpt_1"))


def test_pairs_of_a_large_crowd_are_not_counted(monkeypatch):
    def screen(*_):
        raise AssertionError("pairs are counted")

    def fit(n_workers):
        made = make_crowd_labels(
            1500, n_workers, judgements_per_sample=4, random_state=0
        )
        crowd = CrowdLabels.from_frame(made.crowd_labels)
        lfs = WorkerLFTransformer(crowd, sparse_output=True)
        return DawidSkene().fit(lfs.fit_transform(crowd.sample_ids.to_frame()))

    monkeypatch.setattr(_copies, "_screen", screen)
    assert fit(2000).converged_
    with pytest.raises(AssertionError, match="pairs are counted"):
        fit(20)
