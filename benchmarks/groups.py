"""Columns that are one source: accuracy with copies, and with the copies grouped.

Panels of models that vote on every sample, and several samples of one more model, a
weak one, or in the last table a good one, that differ from it in some slips. Each panel
is labelled with one column of that model, with all of its samples as they are, and with
`LFGroupTransformer(groups)` in front; LabelModel also with `groups` of its own. All
figures are mean accuracies over `--reps` panels, followed by how often the model warned
of the samples, and how often `panel_report` found exactly them, without and with 100
gold labels.

    python benchmarks/groups.py
    python benchmarks/groups.py --data FOLDER --weak llama_7b

`--data` adds a real panel: a folder that holds `L.csv.gz`, a column per LF with integer
classes and -1 for abstain, and `gold.csv` with a column `label`.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline

from sklabel import LabelModel, LFGroupTransformer, MajorityVote
from sklabel.inspection import panel_report
from sklabel.label_model import DawidSkene

MODELS = [MajorityVote, DawidSkene, LabelModel]
SLIPS = [0.0, 0.02, 0.05, 0.1, 0.2]
WEAK, N_GOLD = "weak", 100


def slipped(
    rng: np.random.Generator, votes: np.ndarray, share: float, n_classes: int
) -> np.ndarray:
    """Return votes of which a share says something else; abstentions stay."""
    other = (votes + rng.integers(1, n_classes, len(votes))) % n_classes
    slips = (rng.random(len(votes)) < share) & (votes >= 0)
    return np.where(slips, other, votes)


def with_samples(
    rng: np.random.Generator,
    others: pd.DataFrame,
    weak: np.ndarray,
    n_copies: int,
    slips: float,
    n_classes: int,
) -> pd.DataFrame:
    """Return a panel with several samples of one more model."""
    samples = {
        f"{WEAK}_{i}": slipped(rng, weak, slips, n_classes) for i in range(n_copies)
    }
    return others.assign(**samples)


def generated_panel(
    rng: np.random.Generator, n_models: int, n_classes: int, error: float = 0.45
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return models of 60 to 85 %, the votes of one more, and the truth.

    A tenth of the samples is hard: there, all of them guess.
    """
    n_samples = 1500
    y = rng.integers(0, n_classes, n_samples)
    hard = rng.random(n_samples) < 0.1

    def model(error: float) -> np.ndarray:
        guess = rng.integers(0, n_classes, n_samples)
        return np.where(hard, guess, slipped(rng, y, error, n_classes))

    models = {f"model_{i}": model(rng.uniform(0.15, 0.4)) for i in range(n_models)}
    return pd.DataFrame(models), model(error), y


def accuracies(votes: pd.DataFrame, y: np.ndarray) -> dict[str, float]:
    """Return the accuracy of each model on each form of a panel."""
    samples = [name for name in votes if name.startswith(f"{WEAK}_")]
    groups = dict.fromkeys(samples, WEAK)
    forms: dict[str, Any] = {
        "one": lambda cls: make_pipeline(LFGroupTransformer(), cls()),
        "all": lambda cls: make_pipeline(LFGroupTransformer(), cls()),
        "grouped": lambda cls: make_pipeline(LFGroupTransformer(groups), cls()),
    }
    result = {}
    for cls in MODELS:
        for form, make in forms.items():
            X = votes.drop(columns=samples[1:]) if form == "one" else votes
            with warnings.catch_warnings(record=True) as found:
                warnings.simplefilter("always")
                model = make(cls).fit(X)
            result[f"{cls.__name__} {form}"] = np.mean(model.predict(X) == y)
            if cls is MajorityVote and form == "all":
                copies = [w for w in found if "as copies do" in str(w.message)]
                result["warned"] = float(len(copies) > 0)
    model = LabelModel(groups=groups).fit(votes)
    result["LabelModel groups="] = np.mean(model.predict(votes) == y)
    gold = np.full(len(y), -1)
    gold[:N_GOLD] = y[:N_GOLD]
    for name, labels in (("found", None), ("found with gold", gold)):
        result[name] = float(set(panel_report(votes, labels).groups) == set(samples))
    return result


def show(title: str, rows: dict[float, list[dict[str, float]]]) -> None:
    """Print a table with a row per share of slips."""
    table = pd.DataFrame({s: pd.DataFrame(r).mean() for s, r in rows.items()}).T
    table.index.name = "slips"
    short = {
        cls.__name__: name for cls, name in zip(MODELS, ("MV", "DS", "LM"), strict=True)
    }
    table.columns = [
        " ".join(short.get(word, word) for word in str(c).split()) for c in table
    ]
    print(f"\n{title}")
    print(table.to_string(float_format="{:.3f}".format))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--copies", type=int, default=5)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--weak", nargs="*", help="LFs of --data; default: the 3 worst")
    args = parser.parse_args()
    for n_models, n_classes, error in (
        (12, 2, 0.45),
        (12, 4, 0.45),
        (5, 2, 0.45),
        (5, 2, 0.12),
    ):
        rows: dict[float, list[dict[str, float]]] = {}
        for slips in SLIPS:
            for rep in range(args.reps):
                rng = np.random.default_rng([rep, n_models, n_classes])
                others, weak, y = generated_panel(rng, n_models, n_classes, error)
                votes = with_samples(rng, others, weak, args.copies, slips, n_classes)
                rows.setdefault(slips, []).append(accuracies(votes, y))
        kind = "weak" if error > 0.4 else "good"
        title = f"{n_models} models and {args.copies} samples of a {kind} one"
        show(f"{title}, {n_classes} classes, {args.reps} panels a row", rows)
    if args.data is None:
        return
    panel = pd.read_csv(args.data / "L.csv.gz")
    y = pd.read_csv(args.data / "gold.csv")["label"].to_numpy()
    right = panel.eq(y, axis=0).sum() / panel.ge(0).sum()
    for name in args.weak or right.nsmallest(3).index:
        others, weak = panel.drop(columns=name), panel[name].to_numpy()
        rows = {}
        for slips in SLIPS:
            for rep in range(args.reps):
                rng = np.random.default_rng(rep)
                n_classes = int(panel.to_numpy().max()) + 1
                votes = with_samples(rng, others, weak, args.copies, slips, n_classes)
                rows.setdefault(slips, []).append(accuracies(votes, y))
        title = f"{args.data.name}: {others.shape[1]} LFs and {args.copies} samples"
        show(f"{title} of {name} ({right[name]:.3f}), {args.reps} panels a row", rows)


if __name__ == "__main__":
    main()
