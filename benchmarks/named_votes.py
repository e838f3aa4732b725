"""What it costs that votes know their classes, at 1e6 judgements.

The same crowd gives its labels as 0 and 1, as names, and as -1 and 1. Each step is
timed in turn for all three, and the table holds the ratio to integers, whose votes
need no names: the median of the rounds.

Run: python benchmarks/named_votes.py [--judgements 1000000] [--rounds 7]
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

from sklabel import CrowdLabels, LabelModel, MajorityVote, WorkerLFTransformer

ALPHABETS = {"integers": [0, 1], "names": ["no", "yes"], "negative": [-1, 1]}
PER_SAMPLE, PER_WORKER = 10, 1000
DENSE_ROWS = 10_000


def judgements(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the long table without labels, and the code of each label."""
    rng = np.random.default_rng(0)
    n_samples, n_workers = n // PER_SAMPLE, max(n // PER_WORKER, 3)
    truth = rng.integers(2, size=n_samples)
    sample = np.repeat(np.arange(n_samples), PER_SAMPLE)
    worker = rng.integers(n_workers, size=len(sample))
    right = rng.random(len(sample)) < 0.75
    code = np.where(right, truth[sample], 1 - truth[sample])
    return pd.DataFrame({"sample": sample, "worker": worker}), code


def steps(frame: pd.DataFrame, labels: list[Any]) -> dict[str, float]:
    """Return the seconds of CPU that each step takes."""
    seconds: dict[str, float] = {}

    def timed(step: str, function: Any) -> Any:
        started = time.process_time()
        result = function()
        seconds[step] = time.process_time() - started
        return result

    crowd = timed("CrowdLabels", lambda: CrowdLabels.from_frame(frame, classes=labels))
    ids = crowd.sample_ids.to_frame()
    for form, X in (("sparse", ids), ("dense", ids[:DENSE_ROWS])):
        lfs = WorkerLFTransformer(crowd, sparse_output=form == "sparse")
        votes = timed(f"{form}: transform", lambda lfs=lfs, X=X: lfs.fit_transform(X))
        for model in (MajorityVote(), LabelModel()):
            name = type(model).__name__
            timed(f"{form}: {name}.fit", lambda m=model, v=votes: m.fit(v))
            timed(f"{form}: {name}.predict", lambda m=model, v=votes: m.predict(v))
    return seconds


def main() -> None:
    """Print a table of ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judgements", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    frame, code = judgements(args.judgements)
    frames = {
        name: frame.assign(label=np.asarray(labels, dtype=object)[code])
        for name, labels in ALPHABETS.items()
    }
    frames = {
        name: table if name == "names" else table.astype({"label": np.int64})
        for name, table in frames.items()
    }
    rounds = [
        {name: steps(frames[name], labels) for name, labels in ALPHABETS.items()}
        for _ in range(args.rounds)
    ]
    columns = {"integers, s": [r["integers"] for r in rounds]}
    for name in ("names", "negative"):
        columns[f"{name} / integers"] = [
            {step: r[name][step] / seconds for step, seconds in r["integers"].items()}
            for r in rounds
        ]
    table = pd.DataFrame(
        {c: pd.DataFrame(rows).median() for c, rows in columns.items()}
    )
    # pandas sorts the steps; they ran in this order.
    table = table.loc[list(rounds[0]["integers"])]
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
