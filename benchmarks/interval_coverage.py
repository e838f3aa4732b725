"""How often the 95 % intervals of lf_summary hold the accuracy that gold labels show.

LabelModel is fitted without gold labels, and with those of 20, 60 and 200 rows. Then
every LF with 20 votes or more on the other gold rows is a case: is its accuracy there
inside `accuracy_low` to `accuracy_high`, but for half a vote? *strict* counts that.
That accuracy is itself
a sample, which the interval cannot know where few of the votes of an LF are on gold
rows: *lenient* counts where the interval meets the Wilson 95 % interval of it. *by set*
is the mean of strict over sets, so that a crowd of hundreds of workers counts once.
`width` is the mean width of the intervals, `error` the mean absolute error of
`accuracy`. Which rows are gold is drawn once per seed, and every draw adds its cases.
The kinds: workers of a crowd; rules, which cast one value in 98 % of their votes or
more; classifiers, all other LFs of a set that is not a crowd, language models too.

A folder holds a folder per set, as for label_models.py; without one, votes are
generated: crowds, independent LFs, LFs that copy, classifiers that share errors, and
these beside rules. The last table has the share of strict set by set.

    python benchmarks/interval_coverage.py
    python benchmarks/interval_coverage.py --data DIR --gold 0 60 --csv cases.csv
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from partial_fit import load
from scipy.stats import norm

from sklabel import LabelModel
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.inspection import lf_summary
from sklabel.votes import VoteMatrix

GOLD = [0, 20, 60, 200]
LEAST = 20
ONE_VALUE = 0.98
N_LFS = [0, 2, 5, 15, 60, np.inf]

# Name, whether it is a crowd, votes, gold labels with -1 for none, number of classes.
Set = tuple[str, bool, Any, np.ndarray, int]


def read_sets(folder: Path, names: list[str] | None) -> Iterator[Set]:
    """Read the sets of a folder, one at a time."""
    for path in sorted(path.parent for path in folder.glob("*/gold.csv")):
        if names and path.name not in names:
            continue
        votes, known, rows, n_classes = load(path)
        gold = np.full(votes.shape[0], -1)
        kept = rows >= 0
        gold[rows[kept]] = known[kept]
        yield path.name, not (path / "L.csv.gz").exists(), votes, gold, n_classes


def make_crowd(rng: np.random.RandomState, seed: int) -> tuple[Any, np.ndarray, int]:
    n_classes, n_workers = rng.choice([2, 3, 5]), int(rng.choice([8, 20, 60, 150]))
    data = make_crowd_labels(
        int(rng.choice([200, 600, 2000])),
        n_workers,
        int(n_classes),
        judgements_per_sample=float(rng.choice([2, 3, 5, 8])),
        difficulty=float(rng.choice([0, 0.1, 0.3])),
        random_state=seed,
    )
    table = data.crowd_labels
    where = table["sample"].to_numpy(), table["worker"].to_numpy()
    shape = len(data.y), n_workers
    votes = VoteMatrix((table["label"].to_numpy(), where), shape=shape)
    return votes, data.y, int(n_classes)


def make_lfs(rng: np.random.RandomState, seed: int) -> tuple[Any, np.ndarray, int]:
    n_classes = int(rng.choice([2, 3, 6]))
    rules = float(rng.choice([0, 0.5, 1]))
    data = make_lf_votes(
        int(rng.choice([300, 1000, 3000])),
        int(rng.choice([1, 2, 3, 5, 10, 20, 50])),
        n_classes,
        coverage=(0.02, 0.35) if rules else tuple(sorted(rng.uniform(0.1, 1, 2))),
        accuracy=(max(0.5, 1.1 / n_classes), 0.95),
        unipolar_share=rules,
        random_state=seed,
    )
    return data.votes, data.y, n_classes


def make_copies(rng: np.random.RandomState, seed: int) -> tuple[Any, np.ndarray, int]:
    data = make_lf_votes(
        int(rng.choice([300, 1000, 3000])),
        int(rng.choice([3, 5, 10, 20])),
        2,
        coverage=(0.05, 0.4),
        accuracy=(0.55, 0.95),
        unipolar_share=float(rng.choice([0, 1])),
        correlated=0.3,
        copy_probability=0.7,
        class_prior=[0.7, 0.3],
        random_state=seed,
    )
    return data.votes, data.y, 2


def make_classifiers(
    rng: np.random.RandomState, seed: int, n_rules: int = 0
) -> tuple[Any, np.ndarray, int]:
    """Classifiers that give a shared answer now and then, and rules beside them."""
    n_classes, n_samples = (
        int(rng.choice([2, 3, 5])),
        int(rng.choice([300, 1000, 3000])),
    )
    prior = rng.dirichlet(np.full(n_classes, 6.0))
    y = rng.choice(n_classes, n_samples, p=prior)

    def answer(accuracy: float) -> np.ndarray:
        # The classes differ in how often they are recognised.
        right = np.clip(accuracy + rng.uniform(-0.12, 0.12, n_classes), 0.2, 0.98)
        other = (y + rng.randint(1, n_classes, n_samples)) % n_classes
        return np.where(rng.uniform(size=n_samples) < right[y], y, other)

    level, shares = rng.uniform(0.6, 0.88), float(rng.choice([0, 0.2, 0.5]))
    base, columns = answer(level), []
    for _ in range(int(rng.choice([1, 2, 3, 5, 10]))):
        own = answer(np.clip(level + rng.uniform(-0.1, 0.1), 0.55, 0.95))
        columns.append(np.where(rng.uniform(size=n_samples) < shares, base, own))
    for r in range(n_rules):
        c, precision = r % n_classes, rng.uniform(0.6, 0.98)
        rate = np.exp(rng.uniform(np.log(0.03), np.log(0.35)))
        mine = min(rate * precision / prior[c], 0.9)
        others = mine * prior[c] * (1 - precision) / precision / (1 - prior[c])
        fires = rng.uniform(size=n_samples) < np.where(y == c, mine, min(others, 0.9))
        columns.append(np.where(fires, c, -1))
    return np.column_stack(columns), y, n_classes


def make_sets(repeats: int, seed: int) -> Iterator[Set]:
    """Generate sets of votes, of another regime each."""
    for repeat in range(repeats):
        kinds = ("crowd", "lfs", "copies", "classifiers", "classifiers+rules")
        for number, kind in enumerate(kinds):
            at = (seed * 1000 + repeat) * 10 + number
            rng = np.random.RandomState(at)
            if kind == "crowd":
                votes, y, n_classes = make_crowd(rng, at)
            elif kind == "lfs":
                votes, y, n_classes = make_lfs(rng, at)
            elif kind == "copies":
                votes, y, n_classes = make_copies(rng, at)
            else:
                n_rules = rng.randint(1, 8) if kind.endswith("rules") else 0
                votes, y, n_classes = make_classifiers(rng, at, n_rules)
            yield f"{kind} {seed} {repeat}", kind == "crowd", votes, y, n_classes


def wilson(share: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % interval of a share that was counted."""
    z = norm.ppf(0.975)
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return middle - half, middle + half


def cases_of(data: Set, n_gold: int, seed: int) -> pd.DataFrame | None:
    """Return a row per LF with votes enough; None if gold rows are too few."""
    name, is_crowd, votes, gold, n_classes = data
    known = np.flatnonzero(gold >= 0)
    if len(known) < 2 * n_gold:
        return None
    shown = np.random.default_rng([seed, n_gold]).permutation(known)[:n_gold]
    y = np.full(len(gold), -1)
    y[shown] = gold[shown]
    model = LabelModel(classes=np.arange(n_classes)).fit(votes, y)
    hidden = gold.copy()
    hidden[shown] = -1
    # LFs that never vote, and labels that no LF votes, are no errors here.
    summary = lf_summary(votes, hidden, label_model=model)
    n_values = summary["Polarity"].str.len().to_numpy()
    if hasattr(votes, "tocsc"):
        columns = [votes.tocsc()[:, [j]].data for j in range(votes.shape[1])]
    else:
        columns = [column[column >= 0] for column in votes.T]
    most = [np.bincount(c).max() / len(c) if len(c) else 1 for c in columns]
    kind = np.where(
        is_crowd, "worker", np.where(np.array(most) > ONE_VALUE, "rule", "classifier")
    )
    n_judged = (summary["Correct"] + summary["Incorrect"]).to_numpy()
    share = summary["Emp. Acc."].to_numpy()
    low, high = summary["accuracy_low"].to_numpy(), summary["accuracy_high"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        below, above = wilson(share, n_judged)
        half = 0.5 / n_judged
    table = pd.DataFrame(
        {
            "set": name,
            "kind": kind,
            "n_lfs": int((n_values > 0).sum()),
            "gold": n_gold,
            "seed": seed,
            "lf": np.arange(len(summary)),
            "n_votes": summary["n_votes"].to_numpy(),
            "n_judged": n_judged,
            "rule_share": getattr(model, "rule_share_", np.nan),
            "agreement": summary["agreement"].to_numpy(),
            "model": model.lf_accuracy_,
            "accuracy": summary["accuracy"].to_numpy(),
            "low": low,
            "high": high,
            "on gold": share,
            "strict": (low - half <= share) & (share <= high + half),
            "lenient": (low <= above) & (below <= high),
            "width": high - low,
            "error": np.abs(summary["accuracy"].to_numpy() - share),
            "flag": summary["flag"].str.split(":").str[0].to_numpy(),
        }
    )
    return table[(n_judged >= LEAST) & np.isfinite(low)]


def print_tables(cases: pd.DataFrame, title: str) -> None:
    """Print coverage and width by kind and gold rows, then by number of LFs."""
    cases = cases.assign(
        n_lfs=pd.cut(
            cases["n_lfs"], N_LFS, labels=["1-2", "3-5", "6-15", "16-60", ">60"]
        )
    )
    values = ["strict", "lenient", "width", "error"]
    for keys in (["kind", "gold"], ["kind", "gold", "n_lfs"]):
        groups = cases.groupby(keys, observed=True)
        by_set = cases.groupby([*keys, "set"], observed=True)["strict"].mean()
        table = groups[values].mean()
        table.insert(0, "cases", groups.size())
        table.insert(1, "sets", groups["set"].nunique())
        table.insert(3, "by set", by_set.groupby(keys, observed=True).mean())
        print(f"\n{title}\n{table.round(3).to_string()}", flush=True)
    if title == "data sets":
        groups = cases.groupby(["kind", "set", "gold"], observed=True)["strict"]
        table = groups.mean().unstack("gold")
        table.insert(0, "cases", groups.size().groupby(["kind", "set"]).sum())
        print(f"\n{title}: strict\n{table.round(3).to_string()}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the sets")
    parser.add_argument("--sets", nargs="*", help="names of sets, default: all")
    parser.add_argument("--gold", type=int, nargs="*", default=GOLD)
    parser.add_argument("--repeats", type=int, default=40, help="of generated regimes")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 1, 2])
    parser.add_argument("--csv", type=Path, help="where to write the cases")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    found = []
    for seed in args.seeds:
        if args.data is None:
            sets, title = make_sets(args.repeats, seed), "generated"
        else:
            sets, title = read_sets(args.data, args.sets), "data sets"
        found += [cases_of(data, n, seed) for data in sets for n in args.gold]
    cases = pd.concat([table for table in found if table is not None])
    if args.csv is not None:
        cases.to_csv(args.csv, index=False)
    print_tables(cases, title)


if __name__ == "__main__":
    main()
