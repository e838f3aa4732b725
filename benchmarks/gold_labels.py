"""What a few gold labels add: LabelModel without and with them, and a regression.

For every set of a folder, in the form that label_models.py reads, random rows with gold
are drawn and the other ones scored, with the same draws for all three: LabelModel
without gold labels ("votes"), with those drawn ("both"), and a logistic regression on
the one-hot votes of the drawn rows alone ("gold"; C = 1, classes that were not drawn
get 1e-6). `gap` is "both" less the better of the others, for the log-loss the other way
round, so that more is better. All other rows are scored, then of rules those with
votes. Ties split evenly, log-loss cuts at 1e-6. Means count a family of sets once.

A size is left out where fewer than 30 rows would be left. So is cifar10n unless it is
named: each of its fits takes minutes, and its workers cannot be told apart.

    python benchmarks/gold_labels.py --data DIR --csv results.csv
    python benchmarks/gold_labels.py --data DIR --sets rte ws_trec --sizes 20 --draws 3
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from label_models import FAMILIES, NOT_IN_MEANS, VoteSet, read_sets
from scenarios import Score, score
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from sklabel import LabelModel
from sklabel.votes import VoteMatrix

LEFT_OUT = ("cifar10n",)
LEAST_SCORED = 30
METHODS = ["votes", "both", "gold"]


def one_hot(data: VoteSet, votes: VoteMatrix) -> sparse.csr_matrix:
    """Return the votes with a column per LF and class."""
    n_samples, n_lfs = data.shape
    columns = votes.indices * data.n_classes + votes.data
    shape = (n_samples, n_lfs * data.n_classes)
    ones = np.ones(len(columns))
    return sparse.csr_matrix((ones, columns, votes.indptr), shape=shape)


def regression(
    features: sparse.csr_matrix, drawn: np.ndarray, y: np.ndarray, n_classes: int
) -> np.ndarray:
    """Return the probabilities of a regression that sees the drawn rows alone."""
    proba = np.full((features.shape[0], n_classes), 1e-6)
    seen = np.unique(y)
    if len(seen) == 1:
        proba[:, seen[0]] = 1
    else:
        model = LogisticRegression(C=1.0, max_iter=2000).fit(features[drawn], y)
        proba[:, seen] = model.predict_proba(features)
    return proba / proba.sum(axis=1, keepdims=True)


def run(data: VoteSet, sizes: list[int], n_draws: int) -> list[dict[str, Any]]:
    """Return a row per size, draw, method and rows that are scored."""
    votes = data.votes()
    classes = np.arange(data.n_classes)
    features = one_hot(data, votes)
    covered = np.diff(votes.indptr) > 0
    without = LabelModel(classes=classes).fit(votes).predict_proba(votes)
    rows = []
    for size in sizes:
        if len(data.scored) - size < LEAST_SCORED:
            continue
        for draw in range(n_draws):
            rng = np.random.default_rng([size, draw])
            order = rng.permutation(len(data.scored))
            chosen, others = order[:size], order[size:]
            drawn, at = data.scored[chosen], data.scored[others]
            y = np.full(data.shape[0], -1)
            y[drawn] = data.gold[chosen]
            model = LabelModel(classes=classes).fit(votes, y)
            answers = {
                "votes": without,
                "both": model.predict_proba(votes),
                "gold": regression(features, drawn, y[drawn], data.n_classes),
            }
            for part, kept in [("all", others), ("covered", others[covered[at]])]:
                for method, proba in answers.items():
                    scores = score(proba[data.scored[kept]], data.gold[kept])
                    about = {"size": size, "draw": draw, "part": part}
                    rows.append({**about, "method": method, **scores._asdict()})
    return rows


def table_of(results: pd.DataFrame) -> pd.DataFrame:
    """Return the means over draws, the gaps, and the means over families."""
    columns = {}
    for metric in Score._fields:
        by_method = results.pivot_table(metric, ["family", "set"], "method")
        votes, both, gold = (by_method[method] for method in METHODS)
        better = np.minimum if metric == "log_loss" else np.maximum
        gap = both - better(votes, gold)
        for method in METHODS:
            columns[metric, method] = by_method[method]
        columns[metric, "gap"] = -gap if metric == "log_loss" else gap
    table = pd.DataFrame(columns)
    counted = table[~table.index.get_level_values("set").isin(NOT_IN_MEANS)]
    mean = counted.groupby(level="family").mean().mean()
    table = table.droplevel("family").sort_index()
    table.loc["mean"] = mean
    return table


def report(results: pd.DataFrame) -> None:
    for part in ["all", "covered"]:
        of_part = results[results["part"] == part]
        for (kind, size), chosen in of_part.groupby(["kind", "size"]):
            if kind == "crowd" and part == "covered":
                continue
            print(f"\n{kind} sets, {size} gold labels, {part} rows")
            print(table_of(chosen).round(3).to_string(float_format="{:.3f}".format))


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--data", type=Path, required=True, help="folder of sets")
    parser.add_argument("--sets", nargs="*", default=[], help="names of sets")
    parser.add_argument("--sizes", nargs="*", type=int, default=[20, 60, 200])
    parser.add_argument("--draws", type=int, default=10, help="per set and size")
    parser.add_argument("--csv", type=Path, help="write all results to this file")
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    names = args.sets or [
        path.name for path in args.data.iterdir() if path.name not in LEFT_OUT
    ]
    parts = []
    for data in read_sets(args.data, names, true_prior=False, all_rows=True):
        part = pd.DataFrame(run(data, args.sizes, args.draws))
        family = FAMILIES.get(data.name, data.name)
        parts.append(part.assign(set=data.name, kind=data.kind, family=family))
        if args.csv:
            pd.concat(parts).to_csv(args.csv, index=False)
    if not parts:
        raise SystemExit(f"No set in {args.data}.")
    report(pd.concat(parts))


if __name__ == "__main__":
    main()
