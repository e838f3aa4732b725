"""How often the 95 % intervals of class_shares hold the true share, and their width.

Each repeat draws rows, their classes and soft labels, and gold for some of them.
*worst* is the coverage of the class (and group) that is covered least often, *mean*
that of all; *width* is the mean width of the intervals of the last class, *gold only*
what plus or minus 1.96 standard errors of gold alone have, and *wald* how often the
same of PPI++ would hold the share. *lambda* is the mean of the last class, *bias* its
mean error.

Regimes: *calibrated* soft labels; *rare*, a class of 3 %, with good soft labels or with
bad ones; *shifted* and *overconfident*, soft labels that are badly miscalibrated;
*useless* ones; *perfect* ones; *three classes*; *groups*, four of them with shares from
.1 to .8 and gold rows in proportion; *uncertain first*, gold drawn with probabilities
that grow with the doubt of the soft labels; *posts*, soft labels of LabelModel on the
bundled posts, whose rows are drawn with replacement. With --data, the sets of a folder,
as for label_models.py, in place of all; *rare first* draws gold with probabilities that
grow with the soft label of the rarest class.

    python benchmarks/class_shares.py
    python benchmarks/class_shares.py --gold 20 100 --repeats 2000
    python benchmarks/class_shares.py --data DIR --sets ws_babe_llm
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from partial_fit import load
from scipy.special import expit

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import load_weather_posts
from sklabel.inspection import class_shares

GOLD = [5, 10, 20, 50, 100, 200]
N_SAMPLES = 2000

# Soft labels, classes, groups or None, true shares (a row per group), and what gold is
# drawn with, None for equal probabilities.
Draw = tuple[np.ndarray, np.ndarray, Any, np.ndarray, Any]
Regime = Callable[[np.random.Generator], Draw]


def binary(share: float, slope: float, shift: float, stretch: float = 1.0) -> Regime:
    """Soft labels of log odds that classes move by `slope`."""

    def draw(rng: np.random.Generator) -> Draw:
        y = (rng.random(N_SAMPLES) < share).astype(int)
        seen = rng.normal(size=N_SAMPLES) + slope * (y - 0.5)
        odds = slope * seen + np.log(share / (1 - share))
        p = expit(stretch * odds + shift)
        return (
            np.column_stack([1 - p, p]),
            y,
            None,
            np.array([[1 - share, share]]),
            None,
        )

    return draw


def three_classes(rng: np.random.Generator) -> Draw:
    """Soft labels that mix up two of three classes."""
    share = np.array([0.5, 0.4, 0.1])
    y = rng.choice(3, N_SAMPLES, p=share)
    seen = rng.normal(size=(N_SAMPLES, 3)) + 1.5 * np.eye(3)[y]
    seen[:, :2] = (seen[:, :2] + seen[:, 1::-1]) / 2
    odds = np.exp(1.5 * seen)
    return odds / odds.sum(axis=1, keepdims=True), y, None, share[None], None


def groups(rng: np.random.Generator) -> Draw:
    """Four groups of their own shares, the model knows one share for all."""
    share = np.array([0.1, 0.3, 0.5, 0.8])
    group = rng.choice(4, N_SAMPLES, p=[0.4, 0.3, 0.2, 0.1])
    y = (rng.random(N_SAMPLES) < share[group]).astype(int)
    p = expit(2 * (rng.normal(size=N_SAMPLES) + 2 * y - 1))
    proba = np.column_stack([1 - p, p])
    return proba, y, group, np.column_stack([1 - share, share]), None


def uncertain_first(rng: np.random.Generator) -> Draw:
    """Gold is drawn where soft labels are in doubt, but a little everywhere."""
    proba, y, group, share, _ = binary(0.3, 2.0, 1.0)(rng)
    return proba, y, group, share, 0.1 + proba.min(axis=1)


def perfect(rng: np.random.Generator) -> Draw:
    """Soft labels that are the classes."""
    y = (rng.random(N_SAMPLES) < 0.35).astype(int)
    return np.eye(2)[y], y, None, np.array([[0.65, 0.35]]), None


def resampled(proba: np.ndarray, y: np.ndarray, rare_first: bool = False) -> Regime:
    """Rows of a set, drawn with replacement."""
    share = np.bincount(y, minlength=proba.shape[1]) / len(y)
    chance = 0.05 + proba[:, share.argmin()] if rare_first else None

    def draw(rng: np.random.Generator) -> Draw:
        rows = rng.integers(0, len(y), len(y))
        drawn = None if chance is None else chance[rows]
        return proba[rows], y[rows], None, share[None], drawn

    return draw


def posts() -> Regime:
    """Take the bundled posts that the crowd has judged."""
    data = load_weather_posts()
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
    )
    table = pd.concat([data.train, data.dev])
    table = table[table["tweet_id"].isin(crowd.sample_ids)]
    votes = WorkerLFTransformer(crowd, id_column="tweet_id").fit_transform(table)
    proba = LabelModel(classes=[0, 1]).fit(votes).predict_proba(votes)
    return resampled(proba, table["sentiment"].to_numpy())


def read_sets(folder: Path, names: list[str] | None) -> dict[str, Regime]:
    """Soft labels of LabelModel on the votes of each set, without gold."""
    found = {}
    for path in sorted(path.parent for path in folder.glob("*/gold.csv")):
        if names and path.name not in names:
            continue
        votes, gold, rows, n_classes = load(path)
        kept = rows >= 0
        model = LabelModel(classes=np.arange(n_classes)).fit(votes)
        proba = model.predict_proba(votes)[rows[kept]]
        found[path.name] = resampled(proba, gold[kept])
        found[f"{path.name}, rare first"] = resampled(proba, gold[kept], True)
    return found


def measure(regime: Regime, n_gold: int, n_repeats: int, seed: int) -> dict[str, Any]:
    """Return coverage and width of one regime."""
    rng = np.random.default_rng([seed, n_gold])
    found = []
    for _ in range(n_repeats):
        proba, y, group, truth, chance = regime(rng)
        n = len(y)
        if n_gold > n // 2:
            return {}
        gold = np.full(n, -1)
        if chance is None:
            drawn = rng.permutation(n)[:n_gold]
        else:
            chance = np.clip(chance * n_gold / chance.sum(), 0, 1)
            drawn = np.flatnonzero(rng.random(n) < chance)
        gold[drawn] = y[drawn]
        if len(drawn) == 0:
            continue
        table = class_shares(proba, gold, group=group, sampling_proba=chance)
        columns = table[["share", "low", "high", "lambda"]].to_numpy()
        w = np.ones(n) if chance is None else 1 / chance
        wald = wald_of(proba, gold, w) if group is None else np.nan
        found.append((columns.reshape(*truth.shape, 4), wald))
    # Without gold in a group there is no interval that could fail.
    estimates = np.array([columns for columns, _ in found])
    share, low, high, trust = np.moveaxis(estimates, -1, 0)
    held = np.where(np.isnan(low), np.nan, (low <= truth) & (truth <= high))
    last = truth[-1, -1]
    errors = 1.96 * np.sqrt(last * (1 - last) / n_gold)
    wald_held = np.nan
    if group is None:
        wald = np.array([interval for _, interval in found])
        wald_held = ((wald[:, 0] <= last) & (last <= wald[:, 1])).mean()
    return {
        "worst": np.nanmean(held, axis=0).min(),
        "mean": np.nanmean(held),
        "width": np.nanmean((high - low)[:, -1, -1]),
        "gold only": 2 * errors if group is None and chance is None else np.nan,
        "wald": wald_held,
        "lambda": np.nanmean(trust[:, -1, -1]),
        "bias": np.nanmean((share - truth)[:, -1, -1]),
    }


def wald_of(proba: np.ndarray, gold: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return PPI++ plus or minus 1.96 standard errors, of the last class."""
    known = gold >= 0
    f, n, n_gold = proba[:, -1], len(gold), int(known.sum())
    y, own = (gold[known] == proba.shape[1] - 1).astype(float), f[known]
    w = weight[known] / weight[known].sum()
    if n_gold < 2:
        return np.array([y.mean(), y.mean()])
    slope = np.cov(y, own)[0, 1] / max(f.var(), 1e-12)
    slope = np.clip(slope, 0, 1)
    r = y - slope * own
    share = slope * f.mean() + w @ r
    total = (w**2 * (r - w @ r) ** 2).sum() * n_gold / (n_gold - 1)
    total += max(y.var() - r.var(), 0) / n
    return share + np.array([-1.96, 1.96]) * np.sqrt(total)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the sets")
    parser.add_argument("--sets", nargs="*", help="names of sets, default: all")
    parser.add_argument("--gold", type=int, nargs="*", default=GOLD)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    # A group without gold rows is no error here.
    warnings.simplefilter("ignore")
    if args.data is not None:
        regimes = read_sets(args.data, args.sets)
    else:
        regimes = {
            "calibrated": binary(0.35, 2.0, 0.0),
            "rare, good": binary(0.03, 5.0, 0.0),
            "rare, bad": binary(0.03, 1.0, 2.0),
            "shifted": binary(0.35, 1.5, 2.0),
            "overconfident": binary(0.35, 1.0, 1.0, 5.0),
            "useless": binary(0.35, 0.0, 0.0),
            "perfect": perfect,
            "three classes": three_classes,
            "groups": groups,
            "uncertain first": uncertain_first,
            "posts": posts(),
        }
    rows = {
        (name, n_gold): measured
        for name, regime in regimes.items()
        for n_gold in args.gold
        if (measured := measure(regime, n_gold, args.repeats, args.seed))
    }
    table = pd.DataFrame(rows).T.rename_axis(["regime", "gold"])
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
