"""Label models beside a vote count, on many kinds of votes with known truth.

Each regime draws its sizes and qualities from ranges. All figures are differences to
the count of votes, over the same data sets: accuracy and macro-F1 with ties split
evenly, and the log-loss (cut at 1e-6) to that of smoothed vote shares. The oracle is
naive Bayes with the parameters that the truth gives. LabelModel runs on `--reps` data
sets of a regime, the others on the first `--peer-reps`.

A regime is broken where the mean accuracy or macro-F1 of LabelModel is more than .01
below the count, or its log-loss more than .02 above that of the shares; then the exit
status is 1. Stress regimes are printed and not judged: a model that others copy looks
like an accurate one, and lazy workers who agree look like a class.

    python benchmarks/scenarios.py
    python benchmarks/scenarios.py --regimes crowd --estimators LabelModel --salt 1
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

import sklabel.label_model

Range = tuple[float, float]
Count = int | tuple[int, int]
Model = Callable[[np.ndarray, int], np.ndarray]

# What a regime may lose in the mean.
ACCURACY_LOSS, LOG_LOSS_EXCESS = 0.01, 0.02
JUDGED = "LabelModel"
OURS = [JUDGED, "DawidSkene", "SnorkelLabelModel"]


@dataclass(frozen=True)
class Crowd:
    """Workers who judge `per_sample` of the samples each, some more often than others.

    `judged`: share of the samples that anybody judges. `spammers`, `adversaries`,
    `lazy`: shares of workers who guess or repeat themselves, who are mostly wrong, and
    who nearly always give one answer; `one_answer`: the lazy ones all the same.
    `uneven`: four of five samples have three judgements at most.
    """

    n_workers: int
    per_sample: Count
    judged: float = 1.0
    spammers: float = 0.1
    adversaries: float = 0.0
    lazy: float = 0.0
    one_answer: bool = False
    uneven: bool = False


@dataclass(frozen=True)
class Regime:
    """Ranges of what a kind of data may be like.

    `models` vote on every sample, with a recall per class that lies within `bias` of
    their accuracy; `shared`: how often they all give the same answer, that of the
    first model if `copy_first`; `misses`: they find few samples of one class. `copies`
    repeat one more model, a weak one, but for a few slips; `reversed` models are more
    often wrong than right, and `constant` ones always name one class. `rules` fire for
    one class each, all for the same if `one_class`; with probability `nested`, mostly
    inside the first rule of their class. `abstaining` models vote on some samples,
    `near_rules` are rules with a slip in a hundred votes. `stress`: not judged.
    """

    name: str
    n_samples: Count = (300, 2500)
    n_classes: Count = 2
    prior: Literal["balanced", "mild", "skewed"] = "mild"
    models: Count = 0
    accuracy: Range = (0.6, 0.92)
    bias: float = 0.12
    shared: float = 0.0
    copy_first: bool = False
    misses: bool = False
    copies: Count = 0
    reversed: Count = 0
    constant: Count = 0
    rules: Count = 0
    one_class: bool = False
    precision: Range = (0.6, 0.98)
    coverage: Range = (0.03, 0.35)
    nested: float = 0.0
    abstaining: Count = 0
    near_rules: Count = 0
    crowd: Crowd | None = None
    stress: bool = False


FEW = (0.02, 0.15)
REGIMES = [
    # Models that vote on everything, and rules.
    Regime(
        "1 model + 2 rules of one class",
        n_samples=(1500, 3000),
        models=1,
        accuracy=(0.6, 0.8),
        rules=2,
        one_class=True,
        precision=(0.85, 1.0),
        coverage=(0.05, 0.4),
        nested=0.3,
    ),
    Regime("1 model + 1 rule", models=1, rules=1),
    Regime("1 model + 3-5 rules of one class", models=1, rules=(3, 5), one_class=True),
    Regime("1 model + 3-6 rules", models=1, rules=(3, 6)),
    Regime("1 model + 8-10 rules", models=1, rules=(8, 10)),
    Regime(
        "1 model + rules that cast half of the votes",
        n_samples=(800, 2500),
        models=1,
        rules=(4, 6),
        coverage=(0.17, 0.25),
    ),
    Regime(
        "1 good model + 3-6 poor rules",
        models=1,
        accuracy=(0.82, 0.95),
        bias=0.04,
        rules=(3, 6),
        precision=(0.5, 0.7),
    ),
    Regime(
        "1 poor model + 3-6 good rules",
        models=1,
        accuracy=(0.55, 0.68),
        rules=(3, 6),
        precision=(0.85, 1.0),
    ),
    Regime("1 model + 3-6 rules, skewed", prior="skewed", models=1, rules=(3, 6)),
    Regime(
        "1 model + 4-10 rules, 3-8 classes",
        n_classes=(3, 8),
        models=1,
        rules=(4, 10),
        coverage=FEW,
    ),
    Regime("2 models + 2-5 rules", models=2, rules=(2, 5), shared=0.2),
    Regime(
        "2 models + 2-5 rules of one class",
        models=2,
        rules=(2, 5),
        one_class=True,
        shared=0.2,
    ),
    Regime("3 models + 2-6 rules", models=3, rules=(2, 6), shared=0.2),
    Regime(
        "3 models + 2-6 rules, skewed",
        prior="skewed",
        models=3,
        rules=(2, 6),
        shared=0.2,
    ),
    Regime(
        "3 models + 3-8 rules, 3-8 classes",
        n_classes=(3, 8),
        models=3,
        rules=(3, 8),
        coverage=FEW,
        shared=0.2,
    ),
    Regime("3 correlated models + 3-6 rules", models=3, rules=(3, 6), shared=0.6),
    Regime(
        "1 model + 1-3 precise rules for what it misses",
        n_samples=(800, 3000),
        models=1,
        misses=True,
        rules=(1, 3),
        one_class=True,
        precision=(0.9, 1.0),
        coverage=(0.05, 0.4),
        nested=0.3,
    ),
    # Models alone.
    Regime("1 model", models=1),
    Regime("1 model, 3-8 classes", n_classes=(3, 8), models=1),
    Regime("2 models", models=2, shared=0.2),
    Regime("2 models, skewed", prior="skewed", models=2, shared=0.2),
    Regime("3 models", models=3, shared=0.2),
    Regime("3 models, skewed", prior="skewed", models=3, shared=0.2),
    Regime("3 models, 3-8 classes", n_classes=(3, 8), models=3, shared=0.2),
    Regime("4-6 models", models=(4, 6), shared=0.2),
    Regime("4-6 correlated models", models=(4, 6), shared=0.5),
    Regime(
        "1 model + 2-4 that half copy it",
        models=(3, 5),
        shared=0.5,
        copy_first=True,
        stress=True,
    ),
    Regime("12 models + a weak one and its 4 near-copies", models=12, copies=4),
    Regime(
        "12 models + a weak one and its 4 near-copies, skewed",
        prior="skewed",
        models=12,
        copies=4,
    ),
    Regime("6 models + 2 of negative skill", models=6, reversed=2),
    Regime(
        "6 models + 2 of negative skill, 3-5 classes",
        n_classes=(3, 5),
        models=6,
        reversed=2,
    ),
    Regime(
        "3 models + 3 constant, n 200",
        n_samples=200,
        prior="balanced",
        models=3,
        accuracy=(0.85, 0.85),
        bias=0.0,
        constant=3,
    ),
    Regime(
        "3 models + 3 constant, n 200, skewed",
        n_samples=200,
        prior="skewed",
        models=3,
        accuracy=(0.85, 0.85),
        bias=0.0,
        constant=3,
    ),
    # Rules alone.
    Regime("1-2 rules", rules=(1, 2)),
    Regime("3-5 rules of one class", rules=(3, 5), one_class=True),
    Regime("2-4 rules", rules=(2, 4)),
    Regime("6-10 rules", rules=(6, 10)),
    Regime("6-10 rules, skewed", prior="skewed", rules=(6, 10)),
    Regime("6-10 nested rules", rules=(6, 10), nested=0.5),
    Regime("8-16 rules, 3-8 classes", n_classes=(3, 8), rules=(8, 16), coverage=FEW),
    # Between model and rule.
    Regime("3-8 abstaining models", abstaining=(3, 8)),
    Regime("3-8 abstaining models, 3-6 classes", n_classes=(3, 6), abstaining=(3, 8)),
    Regime(
        "3-5 abstaining models + 3-6 rules",
        n_classes=(2, 4),
        abstaining=(3, 5),
        rules=(3, 6),
    ),
    Regime("1 model + 2-4 near-rules", models=1, near_rules=(2, 4)),
    Regime("4-8 near-rules", near_rules=(4, 8)),
    # Crowds.
    Regime("crowd of 10, 3-5 a sample", n_classes=(2, 5), crowd=Crowd(10, (3, 5))),
    Regime("crowd of 10, 3 a sample, skewed", prior="skewed", crowd=Crowd(10, 3)),
    Regime("crowd of 100, 1 a sample", n_classes=(2, 4), crowd=Crowd(100, 1)),
    Regime(
        "crowd of 100, 2-3 a sample, spam",
        n_classes=(2, 4),
        crowd=Crowd(100, (2, 3), spammers=0.3),
    ),
    Regime(
        "crowd of 100, 5-10 a sample, adversaries",
        n_classes=(2, 5),
        crowd=Crowd(100, (5, 10), adversaries=0.15),
    ),
    Regime(
        "crowd of 30, 5 a sample, many adversaries",
        n_classes=(2, 4),
        crowd=Crowd(30, 5, adversaries=0.25),
    ),
    Regime(
        "crowd of 60, 5 a sample, lazy",
        n_samples=(500, 2500),
        n_classes=(2, 4),
        crowd=Crowd(60, 5, lazy=0.3),
    ),
    Regime(
        "crowd of 300, 5 a sample, lazy",
        n_samples=(1000, 2500),
        crowd=Crowd(300, 5, lazy=0.35),
    ),
    Regime(
        "crowd of 300, 3 or 18 a sample",
        n_samples=(1500, 3000),
        n_classes=(2, 4),
        crowd=Crowd(300, 18, spammers=0.2, uneven=True),
    ),
    Regime(
        "crowd of 700, 5 a sample, lazy, one answer",
        n_samples=(2000, 5000),
        crowd=Crowd(700, 5, spammers=0.2, adversaries=0.05, lazy=0.45, one_answer=True),
        stress=True,
    ),
    Regime(
        "crowd of 300, 3-5 a sample, lazy, one answer",
        n_samples=(800, 2500),
        n_classes=(2, 4),
        crowd=Crowd(
            300, (3, 5), spammers=0.2, adversaries=0.05, lazy=0.45, one_answer=True
        ),
        stress=True,
    ),
    Regime(
        "crowd of 300, 3 or 18 a sample, lazy, one answer",
        n_samples=(1500, 3000),
        crowd=Crowd(300, 18, spammers=0.15, lazy=0.45, one_answer=True, uneven=True),
        stress=True,
    ),
    # Crowds beside rules and models.
    Regime(
        "crowd of 100 on half + 3 rules",
        rules=3,
        crowd=Crowd(100, (4, 10), judged=0.5, adversaries=0.03),
    ),
    Regime(
        "crowd of 100 on half + 3-5 rules, skewed",
        prior="skewed",
        rules=(3, 5),
        crowd=Crowd(100, (3, 6), judged=0.5),
    ),
    Regime(
        "crowd of 100 on half + 4-8 rules, 3-8 classes",
        n_classes=(3, 8),
        rules=(4, 8),
        precision=(0.3, 0.9),
        coverage=(0.03, 0.2),
        crowd=Crowd(100, (3, 6), judged=0.5, adversaries=0.03),
    ),
    Regime(
        "crowd of 10 on half + 1 model",
        n_classes=(2, 4),
        models=1,
        crowd=Crowd(10, (2, 4), judged=0.5),
    ),
    Regime("crowd of 10, 1 a sample + 1 model", models=1, crowd=Crowd(10, 1)),
    Regime(
        "crowd of 100 on half + 1 model + 3-6 rules",
        n_classes=(2, 4),
        models=1,
        rules=(3, 6),
        crowd=Crowd(100, (1, 4), judged=0.5, spammers=0.15),
    ),
    # Little data.
    Regime("n 100, 1 model + 3 rules", n_samples=100, models=1, rules=3),
    Regime(
        "n 100, crowd of 10", n_samples=100, n_classes=(2, 4), crowd=Crowd(10, (2, 5))
    ),
    Regime("n 100, 4-8 rules", n_samples=100, n_classes=(2, 4), rules=(4, 8)),
]


class Scenario(NamedTuple):
    """Votes of shape (n_samples, n_lfs), -1 = abstain, and the truth."""

    votes: np.ndarray
    y: np.ndarray
    n_classes: int


def draw(rng: np.random.Generator, count: Count) -> int:
    """Return a number of a range, both ends included."""
    if isinstance(count, int):
        return count
    return int(rng.integers(count[0], count[1] + 1))


def draw_prior(rng: np.random.Generator, n_classes: int, kind: str) -> np.ndarray:
    """Return class shares; 'skewed' has a class of 3 to 15 %."""
    if kind == "balanced":
        return np.full(n_classes, 1 / n_classes)
    if kind == "mild":
        prior = np.maximum(rng.dirichlet(np.full(n_classes, 6.0)), 0.5 / n_classes)
        return prior / prior.sum()
    rare = rng.uniform(0.03, 0.15)
    others = (1 - rare) * rng.dirichlet(np.full(n_classes - 1, 4.0))
    return rng.permutation(np.append(others, rare))


def confusion_matrix(rng: np.random.Generator, recall: np.ndarray) -> np.ndarray:
    """Return a confusion matrix with this diagonal; errors prefer some classes."""
    confusion = rng.dirichlet(np.full(len(recall), 1.5), size=len(recall))
    np.fill_diagonal(confusion, 0)
    confusion *= ((1 - recall) / confusion.sum(axis=1))[:, None]
    np.fill_diagonal(confusion, recall)
    return confusion


def cast(rng: np.random.Generator, proba: np.ndarray) -> np.ndarray:
    """Draw a vote from each row of probabilities."""
    return (proba.cumsum(axis=1) > rng.random(len(proba))[:, None]).argmax(axis=1)


def model_votes(
    rng: np.random.Generator,
    y: np.ndarray,
    n_classes: int,
    accuracy: float,
    bias: float,
) -> np.ndarray:
    """Return the answers of a classifier, better on some classes than on others."""
    lowest = 0.8 / n_classes if n_classes > 2 else 0.35
    recall = accuracy + rng.uniform(-bias, bias, n_classes)
    recall = np.clip(recall, lowest, 0.985)
    return cast(rng, confusion_matrix(rng, recall)[y])


def rule_votes(
    rng: np.random.Generator,
    y: np.ndarray,
    label: int,
    precision: float,
    coverage: float,
    inside: np.ndarray | None = None,
) -> np.ndarray:
    """Return the votes of a rule, most of them inside another one if that is given."""
    share = (y == label).mean()
    own = min(coverage * precision / max(share, 1e-3), 0.9)
    other = own * share * (1 - precision) / precision / max(1 - share, 1e-3)
    fires = rng.random(len(y)) < np.where(y == label, own, min(other, 0.9))
    if inside is not None:
        fires &= (inside >= 0) | (rng.random(len(y)) > 0.7)
    return np.where(fires, label, -1)


def worker_confusions(
    rng: np.random.Generator, n_classes: int, crowd: Crowd
) -> np.ndarray:
    """Return the confusion matrices of a crowd."""
    n_workers = crowd.n_workers
    kind = rng.random(n_workers)
    # Where many workers take it easy together, the others are less able as well.
    skill = rng.beta(*((5, 3) if crowd.one_answer else (6, 2.2)), n_workers)
    skill = np.clip(skill, 1 / n_classes, 0.98)
    favourite = rng.integers(n_classes, size=n_workers)
    confusions = []
    for i in range(n_workers):
        recall = skill[i] + rng.uniform(-0.12, 0.12, n_classes)
        if kind[i] < crowd.adversaries:
            recall = rng.uniform(0.1, 0.3, n_classes)
        confusion = confusion_matrix(rng, np.clip(recall, 0.05, 0.985))
        guess = np.full((n_classes, n_classes), 1 / n_classes)
        always = np.eye(n_classes)[np.full(n_classes, favourite[i])]
        if crowd.adversaries <= kind[i] < crowd.adversaries + crowd.spammers:
            confusion = guess if rng.random() < 0.5 else 0.05 * guess + 0.95 * always
        if rng.random() < crowd.lazy:
            if crowd.one_answer:
                always = np.eye(n_classes)[np.full(n_classes, favourite[0])]
            confusion = 0.02 * guess + 0.98 * always
        confusions.append(confusion)
    return np.array(confusions)


def crowd_votes(
    rng: np.random.Generator, y: np.ndarray, n_classes: int, crowd: Crowd
) -> np.ndarray:
    """Return the votes of a crowd, a column per worker."""
    n_samples, n_workers = len(y), crowd.n_workers
    activity = np.full(n_workers, 1 / n_workers)
    if n_workers > 12:
        activity = rng.dirichlet(np.ones(n_workers))
    activity = 0.7 * activity + 0.3 / n_workers
    confusions = worker_confusions(rng, n_classes, crowd)
    per_sample = min(draw(rng, crowd.per_sample), n_workers)
    judged = rng.random(n_samples) < crowd.judged
    few = rng.random(n_samples) < (0.8 if crowd.uneven else 0.0)
    # The largest of Gumbel variables are a sample without replacement.
    order = np.log(activity) + rng.gumbel(size=(n_samples, n_workers))
    chosen = np.argsort(-order, axis=1)[:, :per_sample]
    votes = np.full((n_samples, n_workers), -1)
    for i in range(per_sample):
        rows = np.flatnonzero(judged & ~(few & (i >= 3)))
        workers = chosen[rows, i]
        votes[rows, workers] = cast(rng, confusions[workers, y[rows]])
    return votes


def columns_of_models(
    rng: np.random.Generator, y: np.ndarray, n_classes: int, regime: Regime, miss: int
) -> list[np.ndarray]:
    """Return the votes of everything that votes on every sample."""
    low, high = regime.accuracy
    n_models, n_samples = draw(rng, regime.models), len(y)
    accuracy = rng.uniform(low, high) + rng.uniform(-0.1, 0.1, n_models)
    accuracy = np.clip(accuracy, low, high) * (0.95 if n_classes > 2 else 1)
    columns = []
    for i in range(n_models):
        if regime.misses:
            found, rest = rng.uniform(0.4, 0.7), rng.uniform(0.85, 0.98)
            recall = np.where(np.arange(n_classes) == miss, found, rest)
            columns.append(cast(rng, confusion_matrix(rng, recall)[y]))
        else:
            columns.append(model_votes(rng, y, n_classes, accuracy[i], regime.bias))
    if regime.shared > 0:
        same = columns[0]
        if not regime.copy_first:
            same = model_votes(rng, y, n_classes, accuracy.mean(), regime.bias)
        for i in range(int(regime.copy_first), n_models):
            share = regime.shared + rng.uniform(-0.1, 0.1)
            columns[i] = np.where(rng.random(n_samples) < share, same, columns[i])
    n_copies = draw(rng, regime.copies)
    if n_copies > 0:
        weak = model_votes(rng, y, n_classes, rng.uniform(0.55, 0.65), regime.bias)
        for slips in [0, *rng.uniform(0.02, 0.1, n_copies)]:
            other = (weak + rng.integers(1, n_classes, n_samples)) % n_classes
            columns.append(np.where(rng.random(n_samples) < slips, other, weak))
    for _ in range(draw(rng, regime.reversed)):
        recall = np.full(n_classes, rng.uniform(0.1, 0.35))
        columns.append(cast(rng, confusion_matrix(rng, recall)[y]))
    favourite = int(rng.integers(n_classes))
    columns += [np.full(n_samples, favourite)] * draw(rng, regime.constant)
    return columns


def columns_of_rules(
    rng: np.random.Generator, y: np.ndarray, n_classes: int, regime: Regime, only: int
) -> list[np.ndarray]:
    """Return the votes of rules; half of the precision is common to all of them."""
    n_rules = draw(rng, regime.rules)
    n_rounds = n_rules // n_classes + 1
    labels = np.concatenate([rng.permutation(n_classes) for _ in range(n_rounds)])
    common = rng.uniform(*regime.precision)
    first: dict[int, np.ndarray] = {}
    columns = []
    for label in [only] * n_rules if regime.one_class else labels[:n_rules]:
        precision = 0.5 * common + 0.5 * rng.uniform(*regime.precision)
        coverage = np.exp(rng.uniform(*np.log(regime.coverage)))
        inside = first.get(label) if rng.random() < regime.nested else None
        votes = rule_votes(rng, y, label, precision, coverage, inside)
        first.setdefault(label, votes)
        columns.append(votes)
    return columns


def columns_between(
    rng: np.random.Generator, y: np.ndarray, n_classes: int, regime: Regime
) -> list[np.ndarray]:
    """Return the votes of models that abstain, and of rules with slips."""
    columns = []
    for _ in range(draw(rng, regime.abstaining)):
        coverage = np.exp(rng.uniform(np.log(0.08), np.log(0.8)))
        coverage = np.clip(coverage * rng.lognormal(0, 0.5, n_classes), 0.02, 0.95)
        accuracy = rng.uniform(0.5 if n_classes > 2 else 0.6, 0.92)
        votes = model_votes(rng, y, n_classes, accuracy, 0.12)
        columns.append(np.where(rng.random(len(y)) < coverage[y], votes, -1))
    for i in range(draw(rng, regime.near_rules)):
        precision, coverage = rng.uniform(0.65, 0.95), rng.uniform(0.1, 0.4)
        votes = rule_votes(rng, y, i % n_classes, precision, coverage)
        slips = (votes >= 0) & (rng.random(len(y)) < 0.01)
        columns.append(np.where(slips, (votes + 1) % n_classes, votes))
    return columns


def make_scenario(regime: Regime, rep: int, salt: int = 0) -> Scenario:
    """Draw a data set of a regime; the same arguments give the same one.

    Parameters
    ----------
    regime : Regime
        Its kind.
    rep : int
        Number of the data set.
    salt : int, default=0
        Another number gives other data sets.

    Returns
    -------
    scenario : Scenario
        Votes and truth; every class occurs, and every LF votes.
    """
    rng = np.random.default_rng([zlib.crc32(regime.name.encode()), rep, salt])
    n_samples, n_classes = draw(rng, regime.n_samples), draw(rng, regime.n_classes)
    prior = draw_prior(rng, n_classes, regime.prior)
    y = rng.choice(n_classes, n_samples, p=prior)
    y[:n_classes] = np.arange(n_classes)
    only = int(rng.integers(n_classes))
    columns = columns_of_models(rng, y, n_classes, regime, only)
    columns += columns_of_rules(rng, y, n_classes, regime, only)
    columns += columns_between(rng, y, n_classes, regime)
    if regime.crowd is not None:
        columns += list(crowd_votes(rng, y, n_classes, regime.crowd).T)
    votes = np.column_stack(columns)
    return Scenario(votes[:, (votes >= 0).any(axis=0)], y, n_classes)


def count_votes(votes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the number of votes for each class, shape (n_samples, n_classes)."""
    return np.stack([(votes == c).sum(axis=1) for c in range(n_classes)], axis=1)


def smoothed_shares(votes: np.ndarray, n_classes: int) -> np.ndarray:
    """Return vote shares with two pseudo-votes, spread evenly."""
    counts = count_votes(votes, n_classes)
    return (counts + 2 / n_classes) / (counts.sum(axis=1, keepdims=True) + 2)


def oracle(scenario: Scenario) -> np.ndarray:
    """Return naive Bayes with the parameters that the truth gives.

    It hears abstentions, too, but for those of a crowd, whose workers do not choose.
    """
    votes, y, n_classes = scenario
    truth = np.eye(n_classes)[y]
    n_of_class = truth.sum(axis=0)
    scores = np.tile(np.log(n_of_class / len(y)), (len(y), 1))
    for column in votes.T:
        fires = column >= 0
        counts = np.stack([truth[column == c].sum(axis=0) for c in range(n_classes)])
        several = (counts.sum(axis=1) > 0).sum() > 1
        if several and fires.mean() < 0.3 and votes.shape[1] > 8:
            n_fires = counts.sum(axis=0)
            log_share = np.log((counts + 0.1) / (n_fires + 0.1 * n_classes))
        else:
            total = n_of_class + 0.1 * (n_classes + 1)
            log_share = np.log((counts + 0.1) / total)
            silent = n_of_class - counts.sum(axis=0)
            scores[~fires] += np.log((silent + 0.1) / total)
        scores[fires] += log_share[column[fires]]
    proba = np.exp(scores - scores.max(axis=1, keepdims=True))
    return proba / proba.sum(axis=1, keepdims=True)


class Score(NamedTuple):
    """Accuracy, macro-F1 and log-loss."""

    accuracy: float
    macro_f1: float
    log_loss: float


def score(proba: np.ndarray, y: np.ndarray) -> Score:
    """Score probabilities or counts, ties split evenly, loss cut at 1e-6.

    A class that neither occurs nor is predicted has no part in the macro-F1.
    """
    tied = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    predicted = tied / tied.sum(axis=1, keepdims=True)
    truth = np.eye(proba.shape[1])[y]
    right = (predicted * truth).sum(axis=0)
    either = predicted.sum(axis=0) + truth.sum(axis=0)
    own = np.clip(proba[np.arange(len(y)), y], 1e-6, 1)
    f1 = np.mean(2 * right[either > 0] / either[either > 0])
    return Score(right.sum() / len(y), float(f1), float(-np.log(own).mean()))


def baseline(scenario: Scenario) -> Score:
    """Score the count of votes, and the log-loss of smoothed shares."""
    votes, y, n_classes = scenario
    counted = score(count_votes(votes, n_classes), y)
    return counted._replace(log_loss=score(smoothed_shares(votes, n_classes), y)[2])


def difference(proba: np.ndarray, scenario: Scenario) -> Score:
    """Score probabilities as differences to the count of votes."""
    of_model = score(proba, scenario.y)
    return Score(*np.subtract(of_model, baseline(scenario)))


def is_broken(mean: Score) -> bool:
    """Return whether mean differences break the bar."""
    return (
        min(mean.accuracy, mean.macro_f1) < -ACCURACY_LOSS
        or mean.log_loss > LOG_LOSS_EXCESS
    )


def run_ours(name: str, votes: np.ndarray, n_classes: int) -> np.ndarray:
    cls = getattr(sklabel.label_model, name)
    return cls(classes=np.arange(n_classes)).fit(votes).predict_proba(votes)


def run_snorkel(votes: np.ndarray, n_classes: int) -> np.ndarray:
    from snorkel.labeling.model import LabelModel

    model = LabelModel(n_classes, verbose=False)
    model.fit(votes, seed=0, progress_bar=False)
    return model.predict_proba(votes)


def find_models() -> dict[str, Model]:
    """Return the label models that are installed, by name."""
    models: dict[str, Model] = {name: partial(run_ours, name) for name in OURS}
    if find_spec("snorkel") is not None:
        import torch

        torch.set_num_threads(1)
        models["Snorkel"] = run_snorkel
    return models


def run_regime(
    regime: Regime,
    models: dict[str, Model],
    args: argparse.Namespace,
    failed: set[str],
) -> pd.DataFrame:
    """Return a row per data set and estimator; peers may refuse some data."""
    rows: list[dict[str, Any]] = []
    for rep in range(args.reps):
        scenario = make_scenario(regime, rep, args.salt)
        scores = {"count": baseline(scenario)}
        for name, model in models.items():
            if name != JUDGED and rep >= args.peer_reps:
                continue
            try:
                proba = model(scenario.votes, scenario.n_classes)
            except ValueError as error:
                if name == JUDGED:
                    raise
                failed.add(f"{name} on {regime.name}: {error}"[:150])
                continue
            scores[name] = difference(proba, scenario)
        scores["oracle"] = difference(oracle(scenario), scenario)
        about = {"regime": regime.name, "rep": rep}
        for name, values in scores.items():
            rows.append({**about, "estimator": name, **values._asdict()})
    return pd.DataFrame(rows)


def line_of(means: pd.DataFrame, names: list[str]) -> str:
    """Return the figures of a regime."""
    table = means.reindex(names)[list(Score._fields)].to_numpy()
    parts = ["".join(f"{value:+8.3f}" for value in row) for row in table]
    cells = [f"{means.loc['count', 'accuracy']:6.3f}", *parts]
    return " | ".join(cells).replace("+nan", "   -")


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--reps", type=int, default=24, help="data sets per regime")
    parser.add_argument("--peer-reps", type=int, default=8, help="for the others")
    parser.add_argument("--salt", type=int, default=0, help="for other data sets")
    parser.add_argument("--regimes", default="", help="part of names; default: all")
    parser.add_argument("--estimators", nargs="*", default=list(find_models()))
    parser.add_argument("--csv", type=Path, help="write all results to this file")
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    models = {k: v for k, v in find_models().items() if k in args.estimators}
    names = [*models, "oracle"]
    print(f"{'':52}  count | " + " | ".join(f"{name:>24}" for name in names))
    columns = "".join(f"{x:>8}" for x in ["acc", "F1", "loss"])
    print(f"{'regime':52}    acc | " + " | ".join([columns] * len(names)))
    rows, broken, regime_means = [], [], []
    failed: set[str] = set()
    chosen = [regime for regime in REGIMES if args.regimes in regime.name]
    for regime in chosen:
        results = run_regime(regime, models, args, failed)
        rows.append(results)
        means = results.groupby("estimator")[list(Score._fields)].mean()
        regime_means.append(means)
        note = " (stress)" if regime.stress else ""
        if JUDGED in models and is_broken(Score(*means.loc[JUDGED])):
            note += " ***"
            broken += [] if regime.stress else [regime.name]
        print(f"{regime.name:52} {line_of(means, names)}{note}", flush=True)
        if args.csv:
            pd.concat(rows).to_csv(args.csv, index=False)
    if not chosen:
        raise SystemExit(f"No regime has {args.regimes!r} in its name.")
    mean = pd.concat(regime_means).groupby(level=0).mean()
    print(f"{'mean of regimes':52} {line_of(mean, names)}")
    if failed:
        print("\nNot run:", *sorted(failed), sep="\n")
    if JUDGED in models:
        judged = sum(not regime.stress for regime in chosen)
        print(f"\n{len(broken)} of {judged} judged regimes break the bar", end="")
        print(": " + "; ".join(broken) if broken else "")
    raise SystemExit(bool(broken))


if __name__ == "__main__":
    main()
