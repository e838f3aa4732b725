"""Application of crowd-worker labeling functions against Snorkel's PandasLFApplier.

Prints the ratio of CPU times in one run, at 20,000 rows x 100 workers by default.
Snorkel is optional: without it only our own times are printed.

    pip install snorkel
    python benchmarks/lf_application.py
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sklabel import CrowdLabels, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import lf_summary

ABSTAIN = -1


def cpu_seconds(call: Callable[[], Any], repeats: int) -> float:
    """Return the median CPU time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def snorkel_functions(judgements: pd.DataFrame) -> list[Any]:
    """Build one Snorkel LF per worker, as its crowdsourcing tutorial does."""
    from snorkel.labeling import LabelingFunction

    def worker_lf(x: Any, worker_dict: dict[Any, int]) -> int:
        return worker_dict.get(x["sample"], ABSTAIN)

    return [
        LabelingFunction(
            f"worker_{worker}",
            f=worker_lf,
            resources={
                "worker_dict": dict(zip(part["sample"], part["label"], strict=True))
            },
        )
        for worker, part in judgements.groupby("worker")
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=100)
    args = parser.parse_args()

    judgements = make_crowd_labels(
        args.rows, args.workers, judgements_per_sample=10, random_state=0
    ).crowd_labels
    samples = pd.DataFrame({"sample": np.arange(args.rows), "text": "some text"})

    crowd = CrowdLabels.from_frame(judgements)
    transformer = WorkerLFTransformer(crowd, id_column="sample").fit(samples)
    from_frame = cpu_seconds(lambda: CrowdLabels.from_frame(judgements), 20)
    ours = cpu_seconds(lambda: transformer.transform(samples), 50)
    votes = transformer.transform(samples)
    summary = cpu_seconds(lambda: lf_summary(votes), 5)
    print(f"{args.rows:,} rows x {args.workers} workers, CPU seconds")
    print(f"CrowdLabels.from_frame, {len(judgements):,} judgements  {from_frame:10.4f}")
    print(f"WorkerLFTransformer.transform                  {ours:10.4f}")
    print(f"lf_summary                                     {summary:10.4f}")

    try:
        from snorkel.labeling import PandasLFApplier
    except ImportError:
        print("snorkel is not installed; no ratio.")
        return
    applier = PandasLFApplier(snorkel_functions(judgements))
    peer_votes: list[np.ndarray] = []
    peer = cpu_seconds(
        lambda: peer_votes.append(applier.apply(samples, progress_bar=False)), 1
    )
    names = [f"worker_{worker}" for worker in sorted(judgements["worker"].unique())]
    order = [names.index(name) for name in transformer.get_feature_names_out()]
    assert np.array_equal(peer_votes[0][:, order], votes), "the votes differ"
    print(f"snorkel PandasLFApplier.apply                  {peer:10.4f}")
    print(f"ratio, apply only                              {peer / ours:10.0f} x")
    both = peer / (ours + from_frame)
    print(f"ratio, with building the CrowdLabels           {both:10.0f} x")


if __name__ == "__main__":
    main()
