"""What simulated answers of language models promise."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sklabel import AnswerLF
from sklabel.datasets import make_llm_answers

MOODS = ["negative", "neutral", "positive"]


def _truth(n_samples, classes, seed=0):
    rng = np.random.RandomState(seed)
    return np.asarray(classes, dtype=object)[rng.randint(len(classes), size=n_samples)]


def _read(answers, classes):
    """Return what AnswerLF reads, as names, None for no vote."""
    lf = AnswerLF(classes).set_output(transform="pandas")
    votes = np.asarray(lf.fit_transform(answers), dtype=object)
    none = pd.isna(votes) | ((votes == -1) & (-1 not in classes))
    return np.where(none, None, votes)


@pytest.mark.parametrize(
    "classes",
    [MOODS, [0, 1], [-1, 1], [False, True], ["account access", "billing"]],
    ids=str,
)
def test_answers_say_what_labels_tell(classes):
    data = make_llm_answers(_truth(400, classes), random_state=0)
    read = _read(data.answers, classes)
    assert (read == data.labels.to_numpy()).all()


def test_all_ways_to_answer_occur_and_no_other_reason():
    data = make_llm_answers(_truth(2000, MOODS), random_state=0)
    report = AnswerLF(MOODS).fit(data.answers).report(data.answers)
    reasons = set(report["reason"])
    known = {"vote", "empty", "refusal", "two classes", "class not known", "truncated"}
    assert reasons == known
    for start in (
        "negative",
        "**Answer:**",
        "```json",
        '{"reason"',
        "It may",
        "<think>",
    ):
        assert data.answers["model_a"].str.startswith(start).any(), start


def test_panel_has_thirteen_columns_five_of_them_of_one_model():
    data = make_llm_answers(_truth(20, MOODS), random_state=0)
    assert data.answers.shape == data.labels.shape == (20, 13)
    assert data.groups == {f"weak_{k}": "weak" for k in range(1, 6)}
    assert list(data.answers)[-5:] == list(data.groups)


def test_accuracy_and_share_without_vote_are_those_asked_for():
    y = _truth(20_000, MOODS)
    data = make_llm_answers(
        y,
        accuracy={"good": 0.9, "weak": 0.6},
        n_answers={"weak": 2},
        no_vote_rate=0.2,
        random_state=0,
    )
    voted = data.labels.notna()
    right = (data.labels.eq(y, axis=0) & voted).sum() / voted.sum()
    assert_allclose(right, [0.9, 0.6, 0.6], atol=0.015)
    assert_allclose(voted.mean(), 0.8, atol=0.015)


@pytest.mark.parametrize("copied", [0.0, 0.7, 1.0])
def test_repeated_answers_agree_as_often_as_their_copies(copied):
    y = _truth(20_000, MOODS)
    data = make_llm_answers(
        y,
        accuracy={"weak": 0.6},
        n_answers={"weak": 2},
        copy_probability=copied,
        no_vote_rate=0,
        random_state=0,
    )
    by_chance = 0.6**2 + 2 * 0.2**2
    both_copy = copied**2
    expected = both_copy + (1 - both_copy) * by_chance
    first, second = data.labels.to_numpy().T
    assert (first == second).mean() == pytest.approx(expected, abs=0.015)


def test_same_seed_gives_same_answers_on_the_index_of_y():
    y = pd.Series(["ham", "spam"] * 10, index=range(100, 120))
    first, second = (make_llm_answers(y, random_state=3) for _ in range(2))
    pd.testing.assert_frame_equal(first.answers, second.answers)
    pd.testing.assert_index_equal(first.answers.index, y.index)
    pd.testing.assert_index_equal(first.labels.index, y.index)
    other = make_llm_answers(y, random_state=4)
    assert not first.answers.equals(other.answers)


def test_polars_and_categories_are_read():
    polars = pytest.importorskip("polars")
    y = ["ham", "spam", "ham"]
    plain = make_llm_answers(y, random_state=0).answers
    for given in (polars.Series(y), pd.Series(y, dtype="category")):
        answers = make_llm_answers(given, random_state=0).answers
        pd.testing.assert_frame_equal(answers, plain)


def test_one_model_asked_once_has_its_own_name_and_no_group():
    data = make_llm_answers(["a", "b"], accuracy={"m": 1.0}, no_vote_rate=0)
    assert list(data.answers) == ["m"]
    assert data.groups == {}
    assert data.labels["m"].tolist() == ["a", "b"]


def test_one_class_in_y_is_enough_where_classes_are_given():
    data = make_llm_answers(["a"], classes=["a", "b"], accuracy={"m": 0.0})
    assert data.answers.shape == (1, 1)


@pytest.mark.parametrize("y", [[], np.array([], dtype=object)], ids=["list", "array"])
def test_no_samples_give_no_answers(y):
    data = make_llm_answers(y, classes=["a", "b"])
    assert data.answers.shape == (0, 13)


@pytest.mark.parametrize(
    ("y", "given", "match"),
    [
        (["a", None], {}, r"y has no class in 1 rows, first row 1"),
        (["a", np.nan], {}, r"y has no class in 1 rows, first row 1"),
        ([["a"], ["b"]], {}, r"y must have one dimension.*shape \(2, 1\)"),
        (["a", "a"], {}, r"two classes at least.*Got 'a'; pass classes="),
        (["a", "c"], {"classes": ["a", "b"]}, r"not among 'a', 'b': 'c'"),
        (["a", "b"], {"accuracy": {}}, r"one model at least"),
        (["a", "b"], {"accuracy": [0.9]}, r"accuracy must be a dict"),
        (["a", "b"], {"accuracy": {"m": 1.1}}, r"\[0, 1\]; got 1\.1"),
        (["a", "b"], {"accuracy": {"m": np.nan}}, r"accuracy\['m'\] must be"),
        (["a", "b"], {"n_answers": {"x": 2}}, r"not in accuracy: 'x'"),
        (["a", "b"], {"n_answers": {"weak": 0}}, r"n_answers\['weak'\].*>= 1"),
        (["a", "b"], {"copy_probability": -0.1}, r"copy_probability must be"),
        (["a", "b"], {"no_vote_rate": 2}, r"no_vote_rate must be"),
        (
            ["a", "b"],
            {"accuracy": {"m": 0.9, "m_1": 0.8}, "n_answers": {"m": 2}},
            r"Two columns would be called 'm_1'",
        ),
    ],
)
def test_bad_input_is_refused_with_what_to_do(y, given, match):
    with pytest.raises(ValueError, match=match):
        make_llm_answers(y, **given)
