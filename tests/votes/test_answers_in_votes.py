"""Answers of language models are not taken for names of classes, and names are."""

# SPDX-License-Identifier: BSD-3-Clause

import warnings
from itertools import product

import numpy as np
import pandas as pd
import pytest

from sklabel import LabelModel
from sklabel.datasets import make_llm_answers
from sklabel.inspection import lf_summary
from sklabel.votes._answers import has_markup, name_inside, share_of_spellings
from sklabel.votes._read import read_any_votes
from tests._data import SHARED_DATA

CLASSES = {
    "two": ["positive", "negative"],
    "three": ["bug", "feature", "question"],
    "two words": ["billing problem", "account access", "shipping delay", "other"],
    "ten": [*"abcdefghij"],
}


def _pick(rng, words):
    return words.split()[rng.integers(len(words.split()))]


# How a model may write a class.
STYLES = {
    "labels and confidences": [
        lambda c, _: c,
        lambda c, _: f"{c}.",
        lambda c, _: f"Label: {c}",
        lambda c, _: f"**{c}**",
        lambda c, rng: f"{c} ({rng.integers(50, 100)}%)",
    ],
    "confidences only": [
        lambda c, rng: f"{c} ({rng.integers(50, 100)}%)",
        lambda c, rng: f"{c} - confidence {rng.integers(1, 11)}/10",
    ],
    "sentences": [
        lambda c, _: f"Label: {c}",
        lambda c, _: f"The text is about {c}.",
        lambda c, rng: (
            f"I'd say {c}, as it {_pick(rng, 'sounds reads looks')} "
            f"{_pick(rng, 'odd clear plain short long')}."
        ),
    ],
    "reasons": [
        lambda c, _: c,
        lambda c, rng: (
            f"{c}: the {_pick(rng, 'user customer author')} "
            f"{_pick(rng, 'asks reports says')} {_pick(rng, 'it so that')}"
        ),
    ],
}


def _answers(classes, style, keeps=0.7, n=200, seed=0):
    """Answers of three models, each of which keeps to a form of its own."""
    rng, forms = np.random.default_rng(seed), STYLES[style]
    truth, columns = rng.integers(0, len(classes), n), {}
    for j in range(3):
        wrong = rng.integers(0, len(classes), n)
        said = np.where(rng.random(n) < 0.75, truth, wrong)
        own = np.where(rng.random(n) < keeps, j % len(forms), -1)
        own = np.where(own < 0, rng.integers(0, len(forms), n), own)
        columns[f"model_{j}"] = [
            forms[f](classes[c], rng) for f, c in zip(own, said, strict=True)
        ]
    return pd.DataFrame(columns, dtype=object)


RAW = {
    f"{style}, {name} classes": lambda style=style, name=name: _answers(
        CLASSES[name], style
    )
    for style, name in product(STYLES, CLASSES)
} | {
    f"simulated, {name} classes, seed {seed}": lambda name=name, seed=seed: (
        make_llm_answers(
            np.random.default_rng(seed).choice(CLASSES[name], 200),
            classes=CLASSES[name],
            accuracy={"a": 0.8, "b": 0.75, "c": 0.7},
            random_state=seed,
        ).answers.replace("", None)
    )
    for name, seed in product(CLASSES, range(2))
}


def _alarm(votes):
    """Return what is said of free text, None if nothing is."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            read_any_votes(votes)
        except ValueError as error:
            return str(error)
    said = [str(warning.message) for warning in caught]
    return next((text for text in said if "AnswerLF" in text), None)


@pytest.mark.parametrize("name", RAW)
def test_answers_of_language_models_are_named(name):
    answers = RAW[name]()
    assert "AnswerLF(classes=[...])" in _alarm(answers)
    cells = answers.to_numpy().ravel()
    known = pd.unique(cells[~pd.isna(cells)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of blanks
        LabelModel(classes=pd.unique(np.array([*map(_tidy, known)]))).fit(answers)


def _tidy(text):
    return " ".join(text.split())


def test_few_answers_with_markup_are_named():
    answers = [
        ["bug", "**Answer:** bug", '{"label": "bug"}'],
        ["idea", "`idea`", "bug"],
    ]
    with pytest.raises(ValueError, match=r"Votes hold 5 different texts.*AnswerLF"):
        LabelModel().fit(answers)


def test_the_error_comes_wherever_votes_are_read():
    answers = RAW["reasons, three classes"]()
    for read in (LabelModel().fit, LabelModel().partial_fit, lf_summary):
        with pytest.raises(ValueError, match="AnswerLF"):
            read(answers)


TOPICS = ["Sports", "Politics", "Science", "Business", "Travel"]
LEAVES = ["football", "tennis", "law", "biology", "banking", "trade", "hotels"]
DISEASES = ["Type 1 diabetes mellitus", "Type 2 diabetes mellitus", "Hypertension"]
LANGUAGES = (
    *("C", "C++", "C#", "Java", "JavaScript", "Go", "R", "D", "F#", "Objective-C"),
    *("Basic", "Visual Basic", "Perl", "PHP", "Ruby", "Rust", "Scala", "Kotlin"),
    *("Swift", "Dart", "Lua", "Julia"),
)
PLACES = (
    *("York", "New York", "Orleans", "New Orleans", "Los Angeles", "San Jose"),
    *("San Juan", "San Diego", "St. Louis", "Washington D.C.", "Paris", "Paris TX"),
    *("Rome", "Rome NY", "London", "London ON", "Berlin", "Bern", "Basel", "Lyon"),
    *("Genf", "Bonn"),
)
NAMES = {
    "numbered": [f"topic {k}" for k in range(100)],
    "hundreds": [f"intent_{k}" for k in range(300)],
    "one word": [f"{a}{b}" for a in "abcdefgh" for b in "aeiou"],
    "a taxonomy": TOPICS + [f"{a}/{b}" for a, b in product(TOPICS, LEAVES)],
    "an arrow": TOPICS + [f"{a} > {b}" for a, b in product(TOPICS, LEAVES)],
    "ICD codes": [f"{a}{i:02}" for a in "AJ" for i in range(15)]
    + [f"{a}{i:02}.{j}" for a in "AJ" for i in range(15) for j in range(3)],
    "ICD names": [
        f"{a} {b} {c}"
        for a in DISEASES
        for b in ("with", "without")
        for c in ("complications", "renal failure", "ketoacidosis", "retinopathy")
    ]
    + DISEASES,
    "kind: value": [
        f"{a}: {b}"
        for a in ("type", "area", "priority", "status")
        for b in ("bug", "docs", "high", "low", "open", "api", "ui")
    ]
    + ["bug", "docs"],
    "grades": [a + b for a in "ABCDEFG" for b in ("", "+", "-")],
    "languages": [*LANGUAGES],
    "places": [*PLACES],
    "aspects": [
        f"{a}#{b}"
        for a in ("food", "service", "price", "place", "staff", "menu")
        for b in ("positive", "negative", "neutral", "mixed")
    ],
    "stars": [f"{k} stars" for k in range(1, 26)],
    "statements": [f"I agree with statement {k} of the list." for k in range(30)],
    "yes and no": ["yes", "no"],
    "a scale": ["Strongly agree.", "Agree.", "Neutral.", "Disagree.", "No answer."],
    "JSON keys": ["user_id", "name", "e-mail", "None of these"],
}
TABLES = [(200, 3, 0.7), (60, 2, 0.9), (400, 5, 0.5), (8, 3, 0.8)]


def _votes(names, n_samples, n_lfs, accuracy, seed=0):
    rng = np.random.default_rng(seed)
    n_names = min(len(names), max(2, n_samples // 2))
    truth = rng.integers(0, n_names, n_samples)
    other = rng.integers(0, n_names, (n_samples, n_lfs))
    right = rng.random(other.shape) < accuracy
    return np.array(names, object)[np.where(right, truth[:, None], other)]


@pytest.mark.parametrize("shape", TABLES, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_names_of_classes_raise_no_alarm(name, shape):
    if name == "statements" and shape[0] == 8:
        pytest.skip("five long texts in eight rows may well be answers")
    if name in {"numbered", "hundreds"} and shape[0] == 60:
        shape = (600, *shape[1:])  # not more classes than rows
    assert _alarm(_votes(NAMES[name], *shape)) is None


def test_rules_of_one_class_each_raise_no_alarm():
    truth = np.arange(300) % 30
    names = np.array([f"topic {k}" for k in range(30)], object)
    votes = np.full((300, 30), None, dtype=object)
    for k in range(30):
        fires = (truth == k) | ((np.arange(300) * 7 + k) % 11 == 0)
        votes[fires, k] = names[k]
    assert _alarm(votes) is None


@pytest.mark.skipif(not SHARED_DATA.exists(), reason="needs the real data")
def test_real_crowds_raise_no_alarm():
    paths = sorted(SHARED_DATA.glob("*/annotations.csv"))
    for path in paths:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, nrows=20_000)
        table = table.drop_duplicates(["task", "worker"])
        votes = table.pivot(index="task", columns="worker", values="label")
        assert _alarm(votes.astype(object)) is None, path


def test_what_stands_inside_of_a_text():
    texts = ["bug", "**Bug**.", "a bug, not a question", "question", "debug", "..."]
    assert name_inside(texts).tolist() == [0, 0, 3, 3, 4, 5]
    assert name_inside(["New York", "York", "york city"]).tolist() == [1, 1, 1]


def test_spellings_of_one_name():
    assert share_of_spellings(["bug", "Bug", "bug.", "idea"]) == 0.75
    assert share_of_spellings(["A", "A+", "C", "C#", "?", "!"]) == 0
    assert [has_markup(text) for text in ("**a**", "`a`", '{"a": 1}', "a*b", "<5")] == [
        *(True, True, True, False, False)
    ]
