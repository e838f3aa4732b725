"""The tables of sklabel.inspection: lf_summary against Snorkel's, and a large crowd.

Prints the ratio of CPU times of lf_summary and Snorkel's LFAnalysis.lf_summary in one
run, at 100,000 rows x 100 LFs by default, then CPU time and memory of worker_report
and agreement_report at a million judgements of 3,000 workers. Snorkel is optional:
without it only our own times are printed.

    pip install snorkel
    python benchmarks/inspection.py
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import resource
import statistics
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

from sklabel import CrowdLabels, LabelModel
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import agreement_report, lf_summary, worker_report
from sklabel.label_model import MajorityVote
from sklabel.votes import votes_to_sparse

ABSTAIN = -1


def cpu_seconds(call: Callable[[], Any], repeats: int) -> float:
    """Return the median CPU time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def megabytes(call: Callable[[], Any]) -> float:
    """Return the peak of what a call allocates."""
    tracemalloc.start()
    call()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


def random_votes(rows: int, lfs: int, coverage: float) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 votes for two classes, and gold labels."""
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 2, (rows, lfs), dtype=np.int8)
    votes[rng.random(votes.shape) >= coverage] = ABSTAIN
    return votes, rng.integers(0, 2, rows)


def compare_summaries(rows: int, lfs: int) -> None:
    try:
        from snorkel.labeling import LFAnalysis
    except ImportError:
        LFAnalysis = None
    print(f"lf_summary, {rows:,} rows x {lfs} LFs, int8, gold in every row; CPU s")
    for coverage in (1.0, 0.3, 0.05):
        votes, y = random_votes(rows, lfs, coverage)
        ours = cpu_seconds(lambda v=votes, y=y: lf_summary(v, y), 5)
        line = f"coverage {coverage:4.2f}  sklabel {ours:8.3f}"
        if LFAnalysis is not None:
            peer = cpu_seconds(lambda v=votes, y=y: LFAnalysis(v).lf_summary(y), 3)
            line += f"  snorkel {peer:8.3f}  ratio {peer / ours:6.1f} x"
            theirs = LFAnalysis(votes).lf_summary(y)
            columns = [name for name in theirs if name != "Polarity"]
            same = lf_summary(votes, y)[columns].to_numpy(float)
            assert np.allclose(same, theirs[columns].to_numpy(float)), "they differ"
        print(line)
        if coverage < 1:
            compact = votes_to_sparse(votes)
            seconds = cpu_seconds(lambda v=compact, y=y: lf_summary(v, y), 5)
            print(f"               sparse  {seconds:8.3f}")
    if LFAnalysis is None:
        print("snorkel is not installed; no ratio.")
    votes, _ = random_votes(rows, lfs, 0.3)
    model = MajorityVote().fit(votes)
    seconds = cpu_seconds(lambda: lf_summary(votes, label_model=model), 3)
    print(f"coverage 0.30  with a fitted MajorityVote {seconds:8.3f}")


def large_crowd(judgements: int, workers: int) -> None:
    data = make_crowd_labels(
        judgements // 10, workers, judgements_per_sample=10, random_state=0
    )
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    print(f"{len(crowd):,} judgements of {workers:,} workers; CPU s and peak MB")
    from sklabel import WorkerLFTransformer

    lfs = WorkerLFTransformer(crowd, sparse_output=True)
    votes = lfs.fit_transform(crowd.sample_ids.to_frame())
    model = LabelModel(classes=crowd.classes)
    calls = {
        "LabelModel.fit": lambda: model.fit(votes),
        "worker_report, fitted model": lambda: worker_report(
            crowd, data.y, label_model=model
        ),
        "worker_report": lambda: worker_report(crowd),
        "lf_summary, fitted model": lambda: lf_summary(votes, label_model=model),
        "agreement_report, 1,000 bootstraps": lambda: agreement_report(
            crowd, random_state=0
        ),
    }
    for name, call in calls.items():
        print(f"{name:36} {cpu_seconds(call, 1):8.2f} {megabytes(call):8.0f}")
    dense = crowd.n_samples * crowd.n_workers / 1e6
    print(f"a dense int8 matrix would take {dense:,.0f} MB")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"peak of the whole process {peak:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--lfs", type=int, default=100)
    parser.add_argument("--judgements", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=3_000)
    args = parser.parse_args()
    compare_summaries(args.rows, args.lfs)
    large_crowd(args.judgements, args.workers)


if __name__ == "__main__":
    main()
