"""Tables that are not samples by labeling functions are named, and no others."""

# SPDX-License-Identifier: BSD-3-Clause

import numpy as np
import pandas as pd
import pytest

from sklabel import LabelModel, MajorityVote, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection import fleiss_kappa, lf_summary, percent_agreement
from sklabel.votes import NamedVotes, votes_to_dense, votes_to_sparse
from sklabel.votes._read import read_any_votes


def _counts(n_samples=12, n_classes=3, n_raters=5, seed=0):
    rng = np.random.default_rng(seed)
    return rng.multinomial(n_raters, np.full(n_classes, 1 / n_classes), n_samples)


# Counts

READERS = [
    votes_to_dense,
    votes_to_sparse,
    lf_summary,
    fleiss_kappa,
    lambda votes: LabelModel().fit(votes),
    lambda votes: MajorityVote().fit(votes),
    lambda votes: LabelModel().partial_fit(votes),
    lambda votes: WorkerLFTransformer().fit(votes),
]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("container", [np.asarray, pd.DataFrame])
def test_a_table_of_counts_is_named(read, container):
    with pytest.raises(
        ValueError,
        match=r"Every one of the 12 rows sums to 5: .* table of counts.* counts=True",
    ):
        read(container(_counts()))


@pytest.mark.parametrize(
    "table",
    [
        pytest.param(_counts(6), id="six rows"),
        pytest.param(_counts(50, 2, 3), id="two classes"),
        pytest.param(_counts(50, 8, 20), id="many classes"),
        pytest.param(_counts(30, 4, 1), id="one-hot"),
        pytest.param(np.eye(7, dtype=int), id="identity"),
        pytest.param(_counts().astype(float), id="floats"),
        pytest.param(_counts().astype(np.int8), id="int8"),
        pytest.param(_counts().astype(object), id="objects"),
    ],
)
def test_counts_of_any_size_are_named(table):
    with pytest.raises(ValueError, match="this looks like a table of counts"):
        read_any_votes(table)


@pytest.mark.parametrize(
    "votes",
    [
        pytest.param(_counts(5), id="few rows"),
        pytest.param([[0, 1], [1, 0]] * 5, id="two that contradict each other"),
        pytest.param([[1, 1, 0], [1, 0, 1]] * 5, id="two rows that recur"),
        pytest.param([[0, 0]] * 9, id="zeros"),
        pytest.param([[3]] * 9, id="one column"),
        pytest.param(np.vstack([_counts(), [[0, 0, 0]]]), id="one row of another sum"),
        pytest.param(np.vstack([_counts(), [[5, 0, -1]]]), id="an abstention"),
    ],
)
def test_what_may_well_be_votes_is_read(votes):
    assert read_any_votes(votes).n_samples == len(votes)


def test_votes_that_look_like_counts_can_be_passed():
    counts = _counts()
    named = NamedVotes.from_labels(counts)
    assert (votes_to_dense(named) == counts).all()
    assert LabelModel().fit(named).classes_.tolist() == np.unique(counts).tolist()
    assert len(lf_summary(named)) == 3


def test_counts_are_read_where_they_are_called_so():
    table = np.array([[3, 0], [2, 1], [0, 3], [1, 2]] * 3)
    rows = [[0] * a + [1] * b for a, b in table]
    assert fleiss_kappa(table, counts=True) == pytest.approx(fleiss_kappa(rows))
    assert percent_agreement(table, counts=True) == pytest.approx(
        percent_agreement(rows)
    )


# Ids, texts and times


def _long(n_judgements=40):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "sample": np.arange(n_judgements) + 1000,
            "worker": rng.integers(0, 5, n_judgements),
            "label": rng.integers(0, 3, n_judgements),
        }
    )


MODELS = [
    read_any_votes,
    lf_summary,
    lambda votes: LabelModel().fit(votes),
    lambda votes: LabelModel().partial_fit(votes),
    lambda votes: WorkerLFTransformer().fit(votes),
]


@pytest.mark.parametrize("read", MODELS)
def test_a_long_table_is_named(read):
    with pytest.raises(
        ValueError,
        match=(
            r"Column 'sample' holds 40 different values, of which 40 are in no other "
            r"column \(1000, 1001, 1002, .* ids, texts or times .*"
            r"CrowdLabels\.from_frame"
        ),
    ):
        read(_long())


@pytest.mark.parametrize(
    "column",
    [
        pytest.param(np.arange(30) + 100, id="ids"),
        pytest.param([f"comment {i}" for i in range(30)], id="texts"),
        pytest.param([f"2024-01-{i + 1:02}T10:00" for i in range(30)], id="times"),
        pytest.param(np.repeat(np.arange(25) + 100, 2) * 1.0, id="float ids"),
    ],
)
def test_a_column_beside_the_votes_is_named(column):
    n = len(column)
    is_text = isinstance(column, list)
    labels = ["no", "yes"] if is_text else [0, 1]
    votes = pd.DataFrame({"ann": labels * (n // 2), "bob": labels[::-1] * (n // 2)})
    with pytest.raises(ValueError, match=r"Column 'what' holds .* ids, texts or times"):
        read_any_votes(votes.assign(what=column))


def test_a_column_of_an_array_is_named_by_its_position():
    with pytest.raises(ValueError, match="Column 0 holds 40 different values"):
        read_any_votes(_long().to_numpy())


def test_a_small_table_with_ids_is_named():
    votes = [[101, 0, 1], [102, 1, 1], [103, 0, 0], [104, 1, 0], [105, 1, 1]]
    with pytest.raises(ValueError, match="Column 0 holds 5 different values, of which"):
        read_any_votes(votes)
    # As few could be labels.
    assert read_any_votes(votes[:2]).n_lfs == 3


def test_a_column_of_gaps_and_few_values_is_not_one_of_ids():
    votes = np.full((40, 3), -1)
    votes[:4, 0] = [7, 8, 9, 10]
    votes[:, 1] = np.arange(40) % 2
    assert read_any_votes(votes).n_lfs == 3


def test_many_labels_are_read_where_others_give_them_too():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 60, 200)
    votes = np.stack([np.where(rng.random(200) < 0.8, truth, 0) for _ in range(3)], 1)
    assert len(np.unique(votes)) > 40
    assert read_any_votes(votes).n_lfs == 3


def test_one_column_alone_may_hold_anything():
    assert read_any_votes(_long()[["sample"]]).n_samples == 40


def test_classes_say_that_they_are_labels():
    frame = _long()
    labels = np.unique(frame.to_numpy())
    assert read_any_votes(frame, classes=labels).n_lfs == 3
    model = LabelModel(classes=labels).fit(frame)
    assert len(model.classes_) == len(labels)
    assert read_any_votes(NamedVotes.from_labels(frame)).n_lfs == 3


# No false alarm


def _random_tables():
    """Vote tables of several shapes: crowds, rules, models, dense and sparse."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n_samples = int(rng.choice([2, 6, 20, 100, 400]))
        n_classes = int(rng.choice([2, 3, 5, 12, 30]))
        n_lfs = int(rng.choice([1, 2, 3, 8, 25]))
        good = rng.uniform(0.4, 0.95, n_lfs)
        truth = rng.integers(0, n_classes, (n_samples, 1))
        other = rng.integers(0, n_classes, (n_samples, n_lfs))
        full = np.where(rng.random((n_samples, n_lfs)) < good, truth, other)
        yield f"full {seed}", full
        gaps = np.where(rng.random(full.shape) < rng.uniform(0.1, 0.9), -1, full)
        yield f"with gaps {seed}", gaps
        own = rng.integers(0, n_classes, n_lfs)
        yield f"rules of one class {seed}", np.where(full == own, own, -1)
    for seed in range(20):
        data = make_crowd_labels(100, 15, 2 + seed % 4, random_state=seed)
        judged = data.crowd_labels
        votes = np.full((100, 15), -1)
        votes[judged["sample"], judged["worker"]] = judged["label"]
        yield f"crowd {seed}", votes
        made = make_lf_votes(150, 6, 2 + seed % 3, random_state=seed)
        yield f"heuristics {seed}", made.votes
    for seed in range(40):
        rng = np.random.default_rng(seed)
        truth = rng.integers(0, 2, (60, 1))
        shape = (60, 2 + seed % 4)
        almost = np.where(rng.random(shape) < 0.97, truth, 1 - truth)
        yield f"two classes, hardly an error {seed}", almost


TABLES = list(_random_tables())


def test_there_are_tables_of_several_shapes():
    assert len(TABLES) >= 200
    assert len({np.asarray(votes).shape for _, votes in TABLES}) > 20


@pytest.mark.parametrize("form", ["integers", "names"])
def test_random_votes_raise_no_alarm(form):
    alarms = []
    for name, votes in TABLES:
        votes = np.asarray(votes)
        if form == "names":
            names = np.array([f"class {k}" for k in range(votes.max() + 1)] + [None])
            votes = names[votes]
        try:
            read = read_any_votes(votes)
        except ValueError as error:
            alarms.append((name, str(error)[:80]))
        else:
            assert read.n_samples == len(votes)
    assert alarms == []
