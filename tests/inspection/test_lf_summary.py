"""The LF summary equals what three loops count."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.stats import beta
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.evidence import _pair_sums
from sklabel.inspection import _repeats, label_coverage, lf_summary
from sklabel.inspection._vote_quality import expected_accuracy_interval
from sklabel.label_model import DawidSkene, MajorityVote
from sklabel.votes import NamedVotes, votes_to_sparse
from tests._data import real_data, weather_sentiment

COLUMNS = ["j", "Polarity", "Coverage", "Overlaps", "Conflicts"]
WITH_GOLD = [*COLUMNS, "Correct", "Incorrect", "Emp. Acc."]


def _summary_by_loops(votes, y=None):
    """One dict per LF, counted cell by cell; -1 or None is no vote and no gold."""
    n_samples, n_lfs = votes.shape
    none = (-1, None)
    rows = []
    for j in range(n_lfs):
        row = dict.fromkeys(["Coverage", "Overlaps", "Conflicts"], 0)
        right = wrong = 0
        for i in range(n_samples):
            if votes[i, j] in none:
                continue
            others = [
                votes[i, k] for k in range(n_lfs) if k != j and votes[i, k] not in none
            ]
            row["Coverage"] += 1 / n_samples
            row["Overlaps"] += bool(others) / n_samples
            row["Conflicts"] += any(o != votes[i, j] for o in others) / n_samples
            if y is not None and y[i] not in none:
                right += votes[i, j] == y[i]
                wrong += votes[i, j] != y[i]
        row["j"] = j
        row["Polarity"] = sorted(set(votes[:, j].tolist()) - set(none))
        if y is not None:
            accuracy = right / (right + wrong) if right + wrong else np.nan
            row |= {"Correct": right, "Incorrect": wrong, "Emp. Acc.": accuracy}
        rows.append(row)
    return pd.DataFrame(rows)[COLUMNS if y is None else WITH_GOLD]


def _random_votes(seed, n_values=3):
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, n_values, (40, 6))
    votes[rng.random(votes.shape) < 0.6] = -1
    votes[:, 4] = -1
    votes[5] = -1
    y = rng.integers(-1, n_values + 1, 40)
    return votes, y


@pytest.mark.parametrize("with_gold", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_summary_equals_three_loops(seed, with_gold):
    votes, y = _random_votes(seed)
    gold = y if with_gold else None
    expected = _summary_by_loops(votes, gold)
    for form in (votes, votes.astype(np.int8), votes_to_sparse(votes)):
        pd.testing.assert_frame_equal(lf_summary(form, gold), expected)
    for dtype in (np.float64, "Int8", object):
        frame = pd.DataFrame(votes).replace(-1, None).astype(dtype)
        pd.testing.assert_frame_equal(
            lf_summary(frame, gold), expected, check_index_type=False
        )


def test_the_summary_of_strings_equals_three_loops():
    codes, y = _random_votes(3)
    names = np.array(["a", "b", "c", "d", None], dtype=object)
    expected = _summary_by_loops(names[codes], names[y])
    pd.testing.assert_frame_equal(lf_summary(names[codes], names[y]), expected)
    frame = pd.DataFrame(names[codes]).astype("category")
    pd.testing.assert_frame_equal(
        lf_summary(frame, pd.Series(names[y])), expected, check_index_type=False
    )


def test_polarities_are_plain_values():
    (polarity,) = lf_summary(np.array([[1], [0]], dtype=np.int8))["Polarity"]
    assert polarity == [0, 1]
    assert [type(value) for value in polarity] == [int, int]


@pytest.mark.parametrize("gap", [np.nan, None, pd.NA, -1])
def test_rows_without_gold_are_neither_right_nor_wrong(gap):
    y = pd.Series([1, gap, gap, 0], dtype=object)
    summary = lf_summary([[1, 0], [1, 1], [0, 0], [1, -1]], y)
    assert summary["Correct"].tolist() == [1, 0]
    assert summary["Incorrect"].tolist() == [1, 1]


def test_an_lf_that_never_votes_has_zeros_and_no_accuracy():
    row = lf_summary([[1, -1], [0, -1]], y=[1, 0]).loc[1]
    assert row["Polarity"] == []
    assert row[["Coverage", "Overlaps", "Conflicts"]].tolist() == [0, 0, 0]
    assert (row["Correct"], row["Incorrect"]) == (0, 0)
    assert np.isnan(row["Emp. Acc."])


def test_all_abstentions_can_be_summarised():
    summary = lf_summary(np.full((3, 2), -1), y=[0, 1, 1])
    assert summary["Coverage"].tolist() == [0, 0]
    assert summary["Polarity"].tolist() == [[], []]


def test_names_come_from_columns_or_the_argument():
    votes = pd.DataFrame([[1, 0]], columns=["a", "b"])
    assert lf_summary(votes).index.tolist() == ["a", "b"]
    assert lf_summary(votes, lf_names=["x", "y"]).index.tolist() == ["x", "y"]
    assert lf_summary(votes.to_numpy()).index.tolist() == [0, 1]
    assert lf_summary(votes.to_numpy(), lf_names=("x", "y")).index.tolist() == [
        "x",
        "y",
    ]
    # Names need not be distinct.
    summary = lf_summary(votes, [1], lf_names=["x", "x"])
    assert summary["Correct"].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("votes", "options", "message"),
    [
        ([[1, 0]], {"lf_names": ["a"]}, "each of the 2 LFs; got 1"),
        (np.zeros((0, 2)), {}, "votes has 0 rows and 2 LFs; there is nothing"),
        (np.zeros((2, 0)), {}, "votes has 2 rows and 0 LFs; there is nothing"),
        ([1, 0], {}, "must be two-dimensional"),
        ([[1, 0]], {"y": [1, 0]}, "X has 1 rows and y has 2"),
        (
            [[1, 0]],
            {"y": ["b"]},
            "gold labels are 'b': pass classes=",
        ),
        (
            sparse.csr_array(np.array([[-1, 1]])),
            {},
            "negative stored value.*give every LF transformer the same sparse_output",
        ),
    ],
)
def test_what_cannot_be_summarised_raises(votes, options, message):
    with pytest.raises(ValueError, match=message):
        lf_summary(votes, **options)


@pytest.mark.parametrize("seed", range(3))
def test_label_coverage_is_the_share_of_rows_with_a_vote(seed):
    votes, _ = _random_votes(seed)
    expected = sum(any(vote >= 0 for vote in row) for row in votes) / len(votes)
    for form in (votes, votes_to_sparse(votes), pd.DataFrame(votes).replace(-1, None)):
        assert label_coverage(form) == pytest.approx(expected)


def test_label_coverage_of_nothing_raises():
    with pytest.raises(ValueError, match="has no rows; coverage is not defined"):
        label_coverage(np.zeros((0, 3)))


def test_the_worker_rows_of_the_tutorial_come_out():
    data = weather_sentiment()
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id"
    )
    workers = WorkerLFTransformer(crowd).set_output(transform="pandas")
    votes = workers.fit(data.train).transform(data.dev)
    summary = lf_summary(votes, data.dev["sentiment"])
    rows = {
        6332651: (0.06, 1, 2),
        18804376: (0.04, 2, 0),
        16526185: (0.20, 10, 0),
        10197897: (0.06, 3, 0),
        19028457: (0.28, 5, 9),
        19007283: (0.16, 6, 2),
    }
    for worker, row in rows.items():
        got = summary.loc[f"worker_{worker}", ["Coverage", "Correct", "Incorrect"]]
        assert got.tolist() == pytest.approx(row)


def test_gold_names_are_matched_with_vote_indices():
    votes = [[0, 1], [1, 1], [-1, 0]]
    named = lf_summary(votes, ["ham", "spam", "ham"], classes=["ham", "spam"])
    numbers = lf_summary(votes, [0, 1, 0])
    pd.testing.assert_frame_equal(
        named.drop(columns="Polarity"), numbers.drop(columns="Polarity")
    )
    assert numbers["Polarity"].tolist() == [[0, 1], [0, 1]]
    assert named["Polarity"].tolist() == [["ham", "spam"], ["ham", "spam"]]
    # Votes that know their classes say the same, in any order of the names.
    labels = NamedVotes.from_labels([["ham", "spam"], ["spam", "spam"], [None, "ham"]])
    turned = labels.with_classes(np.array(["spam", "ham"]))
    for votes in (labels, turned, votes_to_sparse(turned), turned.to_frame()):
        got = lf_summary(votes, ["ham", "spam", "ham"])
        pd.testing.assert_frame_equal(got, named)
    votes = [[0, 1], [1, 1], [-1, 0]]
    with pytest.raises(ValueError, match=r"not in classes=\['ham'\]: 'spam'"):
        lf_summary(votes, ["ham", "spam", None], classes=["ham"])


@pytest.mark.peers
@pytest.mark.parametrize("with_gold", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_snorkel_prints_the_same_columns(seed, with_gold):
    analysis = pytest.importorskip("snorkel.labeling").LFAnalysis
    rng = np.random.default_rng(seed)
    votes = rng.integers(0, 3, (60, 7))
    votes[rng.random(votes.shape) < 0.5] = -1
    y = rng.integers(0, 3, 60) if with_gold else None
    theirs = analysis(votes).lf_summary(y)
    ours = lf_summary(votes, y)
    assert ours["Polarity"].tolist() == [list(p) for p in theirs["Polarity"]]
    numbers = COLUMNS[2:] + (WITH_GOLD[5:] if with_gold else [])
    np.testing.assert_allclose(
        ours[numbers].to_numpy(float), theirs[numbers].to_numpy(float)
    )


LEARNED = ["n_votes", "agreement", "accuracy", "accuracy_low", "accuracy_high", "flag"]


def _crowd_of(n_samples, n_workers, n_classes, seed, **options):
    data = make_crowd_labels(
        n_samples, n_workers, n_classes, random_state=seed, **options
    )
    votes = np.full((n_samples, n_workers), -1)
    judgements = data.crowd_labels
    votes[judgements["sample"], judgements["worker"]] = judgements["label"]
    return votes, data


def _learned_by_loops(votes, model):
    """Agreement and learned accuracy of each LF, cell by cell."""
    proba = model.predict_proba(votes)
    rows = []
    for j in range(votes.shape[1]):
        agreement, right = [], []
        for i in np.flatnonzero(votes[:, j] >= 0):
            right.append(proba[i, votes[i, j]])
            others = [v for k, v in enumerate(votes[i]) if k != j and v >= 0]
            if others:
                most = max(others.count(v) for v in others)
                leaders = {v for v in others if others.count(v) == most}
                agreement.append((votes[i, j] in leaders) / len(leaders))
        rows.append(
            {
                "n_votes": len(right),
                "agreement": np.mean(agreement) if agreement else np.nan,
                "accuracy": np.mean(right) if right else np.nan,
            }
        )
        if right and hasattr(model, "lf_accuracy_"):
            rows[-1]["accuracy"] = model.lf_accuracy_[j]
    return pd.DataFrame(rows)


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("model", [LabelModel(), MajorityVote(), DawidSkene()])
def test_what_was_learned_equals_loops(model, n_classes):
    votes, _ = _crowd_of(80, 9, n_classes, 0, judgements_per_sample=3.5)
    votes[:, 4] = -1
    votes[7] = -1
    model.set_params(classes=list(range(n_classes))).fit(votes)
    expected = _learned_by_loops(votes, model)
    for form in (votes, votes.astype(np.int8), votes_to_sparse(votes)):
        summary = lf_summary(form, label_model=model)
        assert summary.columns.tolist() == COLUMNS + LEARNED
        pd.testing.assert_frame_equal(summary[LEARNED[:3]], expected)


@pytest.mark.parametrize("unchecked", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("gold", [None, (7, 9)])
def test_the_interval_is_that_of_a_beta_distribution(unchecked, gold):
    accuracy, doubt, n = 0.8, 0.1, 40
    mean = (0.8 * 40 + 0.5) / 41
    variance = mean * (1 - mean) / 42 + doubt / n
    variance += (1 - unchecked) * 0.05 * doubt + unchecked * 0.25 * mean * (1 - mean)
    size = mean * (1 - mean) / variance - 1
    right, wrong = (0, 0) if gold is None else (gold[0], gold[1] - gold[0])
    right, wrong = mean * size + right, (1 - mean) * size + wrong
    margin = 0 if gold is None else 0.5 * unchecked
    expected = [
        beta.ppf(0.025, right, wrong + margin),
        beta.ppf(0.975, right + margin, wrong),
    ]
    low, high = expected_accuracy_interval(
        *(np.array([x]) for x in (accuracy, doubt, n)),
        unchecked=unchecked,
        gold_votes=None if gold is None else np.array([gold]),
    )
    assert [low[0], high[0]] == pytest.approx(expected)


def test_what_others_cannot_check_makes_the_interval_wide():
    accuracy = [0.8] * 6
    votes = make_lf_votes(600, 6, coverage=0.6, accuracy=accuracy, random_state=0).votes
    model = LabelModel(classes=[0, 1])

    def width(votes, j=0):
        summary = lf_summary(votes, label_model=model.fit(votes))
        return (summary["accuracy_high"] - summary["accuracy_low"]).iloc[j]

    usual = width(votes)
    rule = np.where(votes == 1, votes, -1)
    assert width(np.column_stack([rule[:, 0], votes[:, 1:]])) > 1.5 * usual
    alone = votes.copy()
    alone[votes[:, 0] >= 0, 1:] = -1
    assert width(alone) > 1.5 * usual
    rng = np.random.default_rng(0)
    noise = np.where(votes >= 0, rng.integers(0, 2, votes.shape), -1)
    assert width(noise) > 1.5 * usual


@pytest.mark.parametrize("accuracy", [0.0, 1e-9, 0.5, 1 - 1e-9, 1.0])
def test_the_accuracy_lies_in_its_interval(accuracy):
    for n in (1.0, 5.0, 1e6):
        low, high = expected_accuracy_interval(
            np.array([accuracy]), np.array([accuracy * (1 - accuracy)]), np.array([n])
        )
        assert 0 <= low[0] <= accuracy <= high[0] <= 1
        assert low[0] < high[0]


def test_the_columns_without_model_do_not_change():
    votes, data = _crowd_of(60, 5, 2, 0)
    plain = lf_summary(votes, data.y)
    both = lf_summary(votes, data.y, label_model=LabelModel().fit(votes))
    assert both.columns.tolist() == WITH_GOLD + LEARNED
    pd.testing.assert_frame_equal(both[WITH_GOLD], plain)


def test_the_input_is_left_as_it_is():
    votes, data = _crowd_of(60, 5, 2, 0)
    model = LabelModel().fit(votes)
    before = votes.copy()
    frozen = [form.copy() for form in (model.confusion_, model.class_prior_)]
    lf_summary(votes, data.y, label_model=model)
    assert np.array_equal(votes, before)
    assert np.array_equal(model.confusion_, frozen[0])
    assert np.array_equal(model.class_prior_, frozen[1])


def test_votes_that_name_no_class_do_not_count():
    votes, _ = _crowd_of(60, 5, 2, 0, judgements_per_sample=4)
    unsure = votes.copy()
    unsure[::4, 0] = 2
    model = MajorityVote(classes=[0, 1]).fit(unsure)
    summary = lf_summary(unsure, label_model=model)
    assert summary["n_votes"].tolist() == (unsure >= 0).sum(axis=0).tolist()
    named = np.where(unsure == 2, -1, unsure)
    expected = _learned_by_loops(named, model)
    columns = ["agreement", "accuracy"]
    pd.testing.assert_frame_equal(summary[columns], expected[columns])


def test_an_lf_without_votes_has_no_accuracy_and_says_so():
    votes, _ = _crowd_of(60, 5, 2, 0)
    votes[:, 1] = -1
    votes[:, 2] = np.where(votes[:, 2] >= 0, 2, -1)
    row = lf_summary(votes, label_model=LabelModel(classes=[0, 1]).fit(votes))
    n_votes = (votes[:, 2] >= 0).sum()
    assert row.loc[1, "flag"] == "never votes"
    assert row.loc[2, "flag"] == f"no vote of {n_votes} names a class"
    assert row.loc[1, "n_votes"] == 0
    assert row.loc[[1, 2], LEARNED[1:5]].isna().all(axis=None)


def test_rows_that_nobody_shares_give_no_agreement():
    votes = np.array([[0, -1], [1, -1], [-1, 1], [-1, 0]])
    summary = lf_summary(votes, label_model=MajorityVote().fit(votes))
    assert summary["agreement"].isna().all()
    assert summary["accuracy"].between(0.5, 1).all()


def test_a_single_lf_can_be_summarised():
    votes = np.array([[0], [1], [1]])
    summary = lf_summary(votes, label_model=MajorityVote().fit(votes))
    assert summary["agreement"].isna().all()
    assert summary["flag"].tolist() == [""]


def test_one_class_is_not_a_reason_to_flag():
    votes = np.zeros((40, 3), dtype=int)
    summary = lf_summary(votes, label_model=LabelModel().fit(votes))
    assert summary["accuracy"].tolist() == [1, 1, 1]
    assert summary["flag"].tolist() == ["", "", ""]


def test_a_matrix_without_votes_can_be_summarised():
    votes = np.full((3, 2), -1)
    with pytest.warns(UserWarning, match="none of the 3 rows has a vote"):
        model = MajorityVote(classes=[0, 1]).fit(votes)
    summary = lf_summary(votes, label_model=model)
    assert summary["flag"].tolist() == ["never votes"] * 2
    assert summary["accuracy"].isna().all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_flags_tell_adversaries_and_guessers_from_the_others(n_classes):
    rng = np.random.default_rng(n_classes)
    truth = rng.integers(0, n_classes, 600)
    votes = np.tile(truth[:, None], 8)
    wrong = rng.random(votes.shape) < 0.2
    wrong[:, 6] = rng.random(600) < 0.95
    votes[wrong] = (votes[wrong] + rng.integers(1, n_classes, wrong.sum())) % n_classes
    votes[:, 7] = rng.integers(0, n_classes, 600)
    votes[rng.random(votes.shape) < 0.4] = -1
    for model in (LabelModel(), DawidSkene()):
        flags = lf_summary(votes, label_model=model.fit(votes))["flag"]
        assert flags.iloc[:6].tolist() == [""] * 6
        assert flags[6].startswith("adversarial: right in ")
        assert flags[7].startswith("guesses: right in ")


def test_flags_hold_the_numbers_of_the_row():
    votes, _ = _crowd_of(300, 12, 2, 1)
    summary = lf_summary(votes, label_model=LabelModel().fit(votes))
    row = summary.loc[3]
    assert row["flag"] == (
        f"adversarial: right in {row['accuracy']:.0%} ({row['accuracy_low']:.0%} to "
        f"{row['accuracy_high']:.0%}) of votes and in agreement with the others in "
        f"{row['agreement']:.0%}, chance gives 50%"
    )


def test_a_worker_who_copies_is_flagged():
    votes, _ = _crowd_of(
        400, 8, 3, 0, judgements_per_sample=5, worker_types={"average": 1.0}
    )
    votes = np.column_stack([votes, votes[:, 2]])
    votes[:10, 8] = np.where(votes[:10, 8] >= 0, 2 - votes[:10, 8], -1)
    names = [f"w{j}" for j in range(9)]
    frame = pd.DataFrame(votes, columns=names)
    flags = lf_summary(frame, label_model=LabelModel().fit(frame))["flag"]
    common = int((votes[:, 8] >= 0).sum())
    equal = (votes[:, 8] == votes[:, 2])[votes[:, 8] >= 0].mean()
    expected = f"equal on {equal:.0%} of {common} common votes"
    assert flags["w2"] == f"repeats w8: {expected}"
    assert flags["w8"] == f"repeats w2: {expected}"
    assert not flags.drop(["w2", "w8"]).str.contains("repeats").any()


def test_skills_explain_how_workers_agree():
    accuracy = np.array([0.95, 0.8, 0.7, 0.6, 0.2])
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 20_000)
    right = rng.random((len(truth), 5)) < accuracy
    wrong = (truth[:, None] + rng.integers(1, 3, right.shape)) % 3
    votes = np.where(right, truth[:, None], wrong)
    votes[rng.random(votes.shape) < 0.3] = -1
    by_value = [sparse.csc_matrix((votes == v).astype(float)) for v in range(3)]
    voted = sparse.csc_matrix((votes >= 0).astype(float))
    skills = _repeats._Skills(by_value, voted, 3)
    np.testing.assert_allclose(skills.skill, (accuracy - 1 / 3) * 1.5, atol=0.02)
    common = (votes[:, :2] >= 0).all(axis=1)
    equal = common & (votes[:, 0] == votes[:, 1])
    expected = skills.expected_equal(0, 1, equal.sum(), common.sum())
    assert expected == pytest.approx(0.95 * 0.8 + 0.05 * 0.2 / 2, abs=0.03)


def test_excellent_workers_do_not_look_like_copies():
    votes, _ = _crowd_of(
        2000, 8, 2, 0, judgements_per_sample=5, worker_types={"reliable": 1.0}
    )
    for model in (LabelModel(), MajorityVote()):
        flags = lf_summary(votes, label_model=model.fit(votes))["flag"]
        assert not flags.str.contains("repeats").any()


def test_rules_that_fire_together_are_flagged():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 500)
    fires = rng.random((500, 4)) < np.where(truth == 1, 0.4, 0.05)[:, None]
    fires[:, 1] = fires[:, 0]
    votes = np.where(fires, 1, -1)
    others = np.where(rng.random((500, 3)) < 0.8, truth[:, None], 1 - truth[:, None])
    votes = np.column_stack([votes, others])
    flags = lf_summary(votes, label_model=LabelModel().fit(votes))["flag"]
    n = fires[:, 0].sum()
    assert flags[0] == f"repeats 1: both fire on 100% of {n} common votes"
    assert flags[1] == f"repeats 0: both fire on 100% of {n} common votes"
    assert flags.iloc[2:].tolist() == [""] * 5


@pytest.mark.parametrize("seed", range(2))
def test_pairs_are_counted_alike_in_every_layout(seed, monkeypatch):
    votes, _ = _random_votes(seed)
    indicators = [sparse.csr_matrix((votes == v).astype(float)) for v in range(3)]
    block = np.array([1, 3])
    expected = [
        [((votes[:, a] == votes[:, b]) & (votes[:, a] >= 0)).sum() for b in range(6)]
        for a in block
    ]
    for gain in (0, np.inf):
        monkeypatch.setattr(_pair_sums, "DENSE_GAIN", gain)
        assert _pair_sums.pair_sums(indicators)(block).tolist() == expected


def test_repeats_do_not_depend_on_the_block(monkeypatch):
    votes, _ = _crowd_of(400, 8, 2, 0, judgements_per_sample=5)
    votes = np.column_stack([votes, votes[:, 2]])
    model = LabelModel().fit(votes)
    expected = lf_summary(votes, label_model=model)
    assert expected["flag"].str.contains("repeats").any()
    monkeypatch.setattr(_repeats, "_LF_BLOCK", 2)
    pd.testing.assert_frame_equal(lf_summary(votes, label_model=model), expected)


def test_class_names_of_the_model_name_the_gold_labels():
    votes, data = _crowd_of(60, 5, 2, 0)
    model = LabelModel(classes=["ham", "spam"]).fit(votes)
    named = lf_summary(votes, np.array(["ham", "spam"])[data.y], label_model=model)
    pd.testing.assert_frame_equal(named, lf_summary(votes, data.y, label_model=model))


@pytest.mark.parametrize(
    ("votes", "model", "error", "message"),
    [
        ([[0, 1]], LabelModel(), NotFittedError, "not fitted"),
        ([[0, 1]], "LabelModel", TypeError, "must be a fitted label model.*got str"),
        (
            [[0, 1]],
            make_pipeline(LabelModel()),
            TypeError,
            "got Pipeline. Pass the last step",
        ),
        (
            [[0, 1, 1]],
            MajorityVote().fit([[0, 1]]),
            ValueError,
            "votes has 3 LFs and the model was fitted on 2",
        ),
        (
            [["a", "b"]],
            MajorityVote().fit([[0, 1]]),
            ValueError,
            "votes holds 'a', 'b' and the model was fitted on votes 0, 1",
        ),
        (
            pd.DataFrame({"a": [0], "c": [1]}),
            MajorityVote().fit(pd.DataFrame({"a": [0], "b": [1]})),
            ValueError,
            "name 1 LF.s. differently; votes has 'c' where the model has 'b'",
        ),
    ],
)
def test_a_model_that_does_not_match_raises(votes, model, error, message):
    with pytest.raises(error, match=message):
        lf_summary(votes, label_model=model)


@pytest.mark.parametrize("name", ["weather_cf_amt", "sp_amt", "dog", "rte"])
def test_the_interval_holds_the_gold_accuracy_of_most_workers(name):
    folder = real_data(name)
    (path,) = folder.glob("annotations.csv*")
    judgements = pd.read_csv(path, dtype=str, keep_default_na=False)
    gold = pd.read_csv(folder / "gold.csv", dtype=str, keep_default_na=False)
    crowd = CrowdLabels.from_frame(judgements, sample="task", worker="worker")
    workers = WorkerLFTransformer(crowd, sparse_output=True)
    votes = workers.fit_transform(crowd.sample_ids.to_frame())
    y = gold.set_index("task")["label"].reindex(crowd.sample_ids)
    model = LabelModel(classes=crowd.classes).fit(votes)
    summary = lf_summary(votes, y, label_model=model)
    summary = summary[summary["Correct"] + summary["Incorrect"] >= 5]
    half = 0.5 / summary["n_votes"]
    held = summary["Emp. Acc."].between(
        summary["accuracy_low"] - half, summary["accuracy_high"] + half
    )
    assert held.mean() > 0.95


def test_gold_that_is_not_a_class_of_the_model_is_refused():
    votes = np.array([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 1]])
    model = MajorityVote().fit(votes)
    with pytest.raises(ValueError, match=r"not in classes=\[0, 1\]: 2"):
        lf_summary(votes, [1, 2, 1, 2], label_model=model)


def test_a_model_in_place_of_gold_labels_is_refused():
    with pytest.raises(
        TypeError, match=r"y of lf_summary .*; got MajorityVote. Pass a"
    ):
        lf_summary([[0, 1]], MajorityVote().fit([[0, 1]]))
