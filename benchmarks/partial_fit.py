"""partial_fit beside fit: how far apart, after one pass and after some more.

Samples come in calls of equal size, in a random order. `diff` is the mean absolute
difference of predict_proba to that of one fit on all samples, after one pass and after
so many passes with revisit=True; then accuracy (ties split evenly) and log-loss (cut
at 1e-6) of the fit, of one pass, and of the last. Crowd sets are scored on all gold
samples, sets of rules on rows with a vote. `seconds` is the CPU time of the fit, and of
the first pass. The folder holds one folder per data set, in the form of
shared/data/README.md.

    python benchmarks/partial_fit.py ../shared/data
    python benchmarks/partial_fit.py ../shared/data --sets dog ws_trec --calls 100
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sklabel.label_model
from sklabel.votes import VoteMatrix

MODELS = ["LabelModel", "DawidSkene", "OneCoinDawidSkene"]
PASSES = [1, 2, 5]


def load(folder: Path) -> tuple[Any, np.ndarray, np.ndarray, int]:
    """Return votes, gold with -1 where there is none, its rows, and n_classes."""
    if (folder / "L.csv.gz").exists():
        votes = pd.read_csv(folder / "L.csv.gz").to_numpy()
        gold = pd.read_csv(folder / "gold.csv")["label"].to_numpy()
        rows = np.flatnonzero((votes >= 0).any(axis=1) & (gold >= 0))
        return votes, gold[rows], rows, int(max(votes.max(), gold.max())) + 1
    path = next(folder.glob("annotations.csv*"))
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table = table.drop_duplicates(["task", "worker"], keep="last")
    truth = pd.read_csv(folder / "gold.csv", dtype=str, keep_default_na=False)
    task, tasks = pd.factorize(table["task"])
    worker, workers = pd.factorize(table["worker"])
    labels = np.unique(table["label"])
    order = np.lexsort((worker, task))
    label = np.searchsorted(labels, table["label"])[order]
    indptr = np.append(0, np.cumsum(np.bincount(task)))
    shape = (len(tasks), len(workers))
    votes = VoteMatrix((label, worker[order], indptr), shape=shape)
    rows = pd.Index(tasks).get_indexer(truth["task"])
    return votes, np.searchsorted(labels, truth["label"]), rows, len(labels)


def score(proba: np.ndarray, gold: np.ndarray) -> tuple[float, float]:
    """Return the accuracy and the log-loss."""
    tied = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    own = np.arange(len(gold)), gold
    loss = -np.log(np.clip(proba[own], 1e-6, 1)).mean()
    return float((tied[own] / tied.sum(axis=1)).mean()), float(loss)


def calls_of(votes: Any, n_calls: int, seed: int) -> list[Any]:
    """Deal the samples to the calls."""
    order = np.random.default_rng(seed).permutation(votes.shape[0])
    return [votes[rows] for rows in np.array_split(order, min(n_calls, len(order)))]


def run(name: str, folder: Path, n_calls: int, seed: int) -> dict[str, Any]:
    """Measure one model on one set."""
    votes, gold, rows, n_classes = load(folder)
    make = getattr(sklabel.label_model, name)
    start = time.process_time()
    batch = make(classes=np.arange(n_classes)).fit(votes)
    seconds = [time.process_time() - start]
    expected = batch.predict_proba(votes)
    line: dict[str, Any] = {"set": folder.name}
    if hasattr(batch, "rule_share_"):
        line["rules"] = batch.rule_share_.mean()
    scores = [score(expected[rows], gold)]
    calls = calls_of(votes, n_calls, seed)
    model = make(classes=np.arange(n_classes))
    start = time.process_time()
    for call in calls:
        model.partial_fit(call)
    seconds.append(time.process_time() - start)
    for n_passes in range(max(PASSES) + 1):
        if n_passes > 0:
            for call in calls:
                model.partial_fit(call, revisit=True)
        if n_passes in (0, *PASSES):
            proba = model.predict_proba(votes)
            line[f"diff +{n_passes}"] = np.abs(proba - expected).mean()
            if n_passes in (0, max(PASSES)):
                scores.append(score(proba[rows], gold))
    for i, what in enumerate(["accuracy", "log-loss"]):
        for at, values in zip(
            ["fit", "one pass", f"+{max(PASSES)}"], scores, strict=True
        ):
            line[f"{what} {at}"] = values[i]
    return line | dict(zip(["seconds fit", "pass"], seconds, strict=True))


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the data sets")
    parser.add_argument("--sets", nargs="*", help="names of data sets, default: all")
    parser.add_argument("--models", nargs="*", default=MODELS)
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    folders = sorted(path.parent for path in args.folder.glob("*/gold.csv"))
    if args.sets:
        folders = [folder for folder in folders if folder.name in args.sets]
    for name in args.models:
        lines = [
            run(name, folder, args.calls, args.seed)
            for folder in folders
            if name == "LabelModel" or not folder.name.startswith("ws_")
        ]
        if not lines:
            continue
        table = pd.DataFrame(lines).set_index("set")
        table.loc["mean"] = table.mean(numeric_only=True)
        table.loc["largest"] = table.iloc[:-1].max(numeric_only=True)
        print(f"\n{name}, {args.calls} calls\n{table.round(4).to_string(na_rep='')}")


if __name__ == "__main__":
    main()
