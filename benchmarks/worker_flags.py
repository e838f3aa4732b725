"""Who of a crowd is flagged by worker_report: planted bad workers, and good ones.

Crowds of 20, 60 and 200 workers, 2, 3 and 5 classes, and 2, 3 and 6 judgements per
sample are generated. Some workers are busy and most are not. *equal*: all workers are
right in 80 % of their judgements. *hard*: so, but all guess on 30 % of the samples.
*bad*: a fifth of the workers do harm: a third of those guess, a third give one label,
and a third are right in 0.3 times what a guess is. *varied*: so, and the accuracy of
the good ones differs, with a standard deviation of 0.1.

The tables hold shares of workers: `model` and `gold` lie below the funnel of the
model's accuracies and of those on gold labels, which all samples have; `flag` is
flagged as below the crowd by one of the two; `any` by any flag to act upon; `missed`
counts workers who lie below a funnel and are not flagged as below the crowd.

    python benchmarks/worker_flags.py
    python benchmarks/worker_flags.py --repeats 10
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import itertools
import warnings

import numpy as np
import pandas as pd

from sklabel import CrowdLabels
from sklabel.inspection import WorkerFunnelDisplay
from sklabel.inspection._workers import describe_workers

ACCURACY, HARD, SPREAD, BUSY = 0.8, 0.3, 0.1, 1.0
BAD = ("guesses", "one label", "adversarial")
REGIMES = ("equal", "hard", "bad", "varied")


def make_crowd(
    rng: np.random.Generator,
    regime: str,
    n_classes: int,
    n_workers: int,
    per_sample: int,
) -> tuple[pd.DataFrame, pd.Series, np.ndarray]:
    """Return judgements, true classes by sample, and the kind of each worker."""
    n_samples = 7 * n_workers
    y = rng.integers(n_classes, size=n_samples)
    busy = BUSY * rng.standard_normal(n_workers)
    # The first by these keys are a draw of workers without replacement.
    keys = busy + rng.gumbel(size=(n_samples, n_workers))
    worker = np.argsort(-keys, axis=1)[:, :per_sample].ravel()
    sample = np.repeat(np.arange(n_samples), per_sample)
    accuracy = np.full(n_workers, ACCURACY)
    if regime == "varied":
        accuracy += SPREAD * rng.standard_normal(n_workers)
        accuracy = accuracy.clip(0.5, 0.98)
    kind = np.full(n_workers, "good", dtype=object)
    if regime in ("bad", "varied"):
        kind[: n_workers // 5] = np.resize(BAD, n_workers // 5)
    accuracy[kind == "adversarial"] = 0.3 / n_classes
    accuracy[kind == "guesses"] = 1 / n_classes
    right = accuracy[worker]
    if regime == "hard":
        is_hard = rng.uniform(size=n_samples) < HARD
        right = np.where(is_hard[sample], 1 / n_classes, right)
    truth = y[sample]
    other = (truth + rng.integers(1, n_classes, len(truth))) % n_classes
    label = np.where(rng.uniform(size=len(truth)) < right, truth, other)
    label = np.where(kind[worker] == "one label", worker % n_classes, label)
    table = pd.DataFrame({"sample": sample, "worker": worker, "label": label})
    return table, pd.Series(y), kind


def workers_of(
    seed: int, regime: str, n_classes: int, n_workers: int, per_sample: int
) -> pd.DataFrame:
    """Return a row per worker of one crowd."""
    rng = np.random.default_rng(
        [seed, REGIMES.index(regime), n_classes, n_workers, per_sample]
    )
    table, y, kind = make_crowd(rng, regime, n_classes, n_workers, per_sample)
    crowd = CrowdLabels.from_frame(table)
    report, flags = describe_workers(crowd, y.loc[crowd.sample_ids])
    below = {}
    for name, n, share in (
        ("model", report["n_judgements"], report["accuracy"]),
        ("gold", report["n_gold"], report["gold_accuracy"]),
    ):
        funnel = WorkerFunnelDisplay(n, share, worker_ids=report.index)
        outside = funnel.outliers()
        outside = outside[funnel.accuracy[outside] < funnel.center]
        below[name] = report.index.isin(funnel.worker_ids[outside])
    found = [{flag.kind for flag in of_worker} for of_worker in flags]
    act = [any(f.level != "note" for f in of_worker) for of_worker in flags]
    out = pd.DataFrame(
        {
            "regime": regime,
            "kind": kind[report.index],
            "n_judgements": report["n_judgements"].to_numpy(),
            **below,
            "flag": ["below_crowd" in kinds for kinds in found],
            "any": act,
        }
    )
    return out.assign(missed=(out["model"] | out["gold"]) & ~out["flag"])


def print_table(workers: pd.DataFrame, keys: list[str], title: str) -> None:
    """Print shares of workers."""
    groups = workers.groupby(keys, observed=True)
    table = groups[["model", "gold", "flag", "any"]].mean().round(4)
    table.insert(0, "workers", groups.size())
    table["missed"] = groups["missed"].sum()
    print(f"\n{title}\n{table.to_string()}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="of each crowd")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    sizes = itertools.product(REGIMES, (2, 3, 5), (20, 60, 200), (2, 3, 6))
    workers = pd.concat(
        workers_of(seed, *size) for size in sizes for seed in range(args.repeats)
    )
    bins = [0, 10, 20, 50, 100, np.inf]
    size = pd.cut(workers["n_judgements"], bins)
    workers["judgements"] = size.cat.rename_categories(
        ["1-10", "11-20", "21-50", "51-100", ">100"]
    )
    good = workers["kind"] == "good"
    print_table(workers[good], ["regime"], "good workers")
    print_table(workers[~good], ["kind", "judgements"], "bad workers")


if __name__ == "__main__":
    main()
