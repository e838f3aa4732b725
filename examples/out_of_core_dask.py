# SPDX-License-Identifier: BSD-3-Clause
"""
=====================================================
Out of core: soft labels for more votes than memory
=====================================================

Judgements of a crowd lie in Parquet files that need not fit into memory. Can a label
model be fitted on them as they are, and is the result that of a fit in memory?

It can, and it is: the soft labels are those of a fit in memory but for rounding, 1e-15
here, and 0.926 of them are right. The judgements stay in the processes of a Dask
cluster, which return sums; a sweep sends the client one table of the size of the crowd,
whatever the size of the data. ``benchmarks/scale.py`` has the figures: 100 million
judgements of 100,000 workers are labelled in less than a minute on 2 cores, in
processes of 3 GiB, and the client grows by less than 0.2 GB.

Run it on more data, or keep the files::

    python examples/out_of_core_dask.py --judgements 1e7 --per-file 1e6
    python examples/out_of_core_dask.py --folder NEW_DIR --memory-limit 2GiB
"""

# %%
# Options
# -------
import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import dask.dataframe as dd
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from distributed import Client, LocalCluster

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.dask import PartitionedCrowdLabels, fit, predict_proba

parser = argparse.ArgumentParser(description="Fit a label model on Parquet files.")
parser.add_argument("--judgements", type=float, default=400_000)
parser.add_argument("--workers", type=int, default=1000, help="of the crowd")
parser.add_argument("--classes", type=int, default=3)
parser.add_argument("--per-file", type=float, default=100_000, help="judgements")
parser.add_argument("--processes", type=int, default=2, help="of the cluster")
parser.add_argument("--memory-limit", default="1GiB", help="of each process")
parser.add_argument("--folder", help="new; keeps the files; default: a temporary one")
parser.add_argument(
    "--compare-up-to", type=float, default=1e7, help="judgements to fit in memory, too"
)

PER_SAMPLE = 5
SEED = 0


# %%
# Data: files of judgements, written one by one
# ---------------------------------------------
# The class of a sample follows from its id, so that nobody has to store it.
def true_class(sample: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class of each sample: a hash of its id."""
    mixed = np.asarray(sample).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(n_classes)).astype(np.int64)


def draw_crowd(n_workers: int, n_classes: int) -> np.ndarray:
    """Draw P(label | class) of every worker; the right label is the likeliest."""
    rng = np.random.default_rng(SEED)
    alpha = np.ones((n_classes, n_classes)) + 3 * np.eye(n_classes)
    return np.stack([rng.dirichlet(a, size=n_workers) for a in alpha], axis=1)


def write_file(path: Path, number: int, n_samples: int, crowd: np.ndarray) -> None:
    """Write the judgements of `n_samples` samples; the file number is the seed."""
    rng = np.random.default_rng([SEED, number])
    n_workers, n_classes, _ = crowd.shape
    sample = np.repeat(number * n_samples + np.arange(n_samples), PER_SAMPLE)
    # A worker of each of five groups, so that nobody judges a sample twice.
    group = np.arange(len(sample)) % PER_SAMPLE
    worker = rng.integers(n_workers // PER_SAMPLE, size=len(sample)) * PER_SAMPLE
    worker += group
    cumulative = crowd[worker, true_class(sample, n_classes)].cumsum(axis=1)
    label = (rng.random(len(sample))[:, None] > cumulative[:, :-1]).sum(axis=1)
    pd.DataFrame({"sample": sample, "worker": worker, "label": label}).to_parquet(
        path / f"part-{number:05d}.parquet", index=False
    )


# %%
# Fit, predict, and write soft labels, partition by partition
# -----------------------------------------------------------
def label_files(
    source: Path, target: Path
) -> tuple[LabelModel, PartitionedCrowdLabels]:
    """Fit a model on the files of a folder and write soft labels to another."""
    crowd = PartitionedCrowdLabels.from_parquet(str(source))
    model = fit(LabelModel(), crowd)
    soft = predict_proba(model, crowd).rename(columns=str)
    soft.to_parquet(str(target))
    return model, crowd


def count_right(soft: pd.DataFrame) -> pd.DataFrame:
    """Count the samples of a partition and those whose likeliest class is true."""
    truth = true_class(soft.index.to_numpy(), soft.shape[1])
    right = soft.to_numpy().argmax(axis=1) == truth
    return pd.DataFrame({"samples": [len(soft)], "right": [right.sum()]})


# %%
# The same in memory, for comparison
# ----------------------------------
def largest_difference(source: Path, target: Path) -> float:
    """Fit in memory and return how far the soft labels are from those in files."""
    crowd = CrowdLabels.from_frame(pd.read_parquet(source))
    lfs = WorkerLFTransformer(crowd, sparse_output=True)
    votes = lfs.fit_transform(crowd.sample_ids.to_frame())
    # What sklabel.dask makes of a crowd: its columns are people.
    proba = LabelModel(lf_kind="worker").fit(votes).predict_proba(votes)
    soft = pd.read_parquet(target).loc[crowd.sample_ids]
    return float(np.abs(soft.to_numpy() - proba).max())


def run(args: argparse.Namespace, folder: Path) -> pd.DataFrame:
    """Generate, fit, and print a table; return the true and learned accuracies."""
    source, target = folder / "judgements", folder / "soft_labels"
    source.mkdir(parents=True)
    crowd = draw_crowd(args.workers, args.classes)
    n_files = max(1, round(args.judgements / args.per_file))
    n_samples = round(args.judgements / n_files / PER_SAMPLE)
    for number in range(n_files):
        write_file(source, number, n_samples, crowd)

    cluster = LocalCluster(
        n_workers=args.processes,
        threads_per_worker=1,
        memory_limit=args.memory_limit,
        dashboard_address=":0",
        silence_logs=logging.ERROR,
    )
    with cluster, Client(cluster):
        started = time.perf_counter()
        model, judgements = label_files(source, target)
        seconds = time.perf_counter() - started
        soft = dd.read_parquet(str(target))
        counts = soft.map_partitions(
            count_right, meta={"samples": np.int64, "right": np.int64}
        )
        counts = counts.sum().compute()

    rows = {
        "judgements": f"{judgements.n_judgements:,}",
        "samples": f"{counts['samples']:,}",
        "workers of the crowd": f"{judgements.n_workers:,}",
        "files": n_files,
        "seconds": f"{seconds:.1f}",
        "sweeps": model.n_iter_,
        "accuracy of the soft labels": f"{counts['right'] / counts['samples']:.3f}",
    }
    if judgements.n_judgements <= args.compare_up_to:
        difference = largest_difference(source, target)
        rows["largest difference to a fit in memory"] = f"{difference:.0e}"
    print(pd.Series(rows).to_string())
    right = np.diagonal(crowd, axis1=1, axis2=2).mean(axis=1)
    return pd.DataFrame(
        {"true": right[judgements.worker_ids], "learned": model.lf_accuracy_}
    )


# %%
# Processes of the cluster import this script: what it does stands behind a guard
# -------------------------------------------------------------------------------
if __name__ == "__main__":
    # A notebook has no options.
    options = parser.parse_args([] if "ipykernel" in sys.modules else None)
    with tempfile.TemporaryDirectory() as temporary:
        workers = run(options, Path(options.folder or temporary))

# %%
# What the model learned of each worker
# -------------------------------------
# True are the accuracies that the judgements were drawn with. Learned ones are lower,
# since they are counted by soft labels that are modest on purpose, and nearly in the
# same order.
if __name__ == "__main__":
    figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    ax.scatter(
        workers["true"],
        workers["learned"],
        s=10,
        alpha=0.5,
        linewidths=0,
        color="#0072b2",
        rasterized=True,
    )
    ax.axline((0.5, 0.5), slope=1, color="#808080", linewidth=0.8, linestyle=":")
    ax.set(xlabel="true accuracy of the worker", ylabel="learned accuracy")
    rank = workers.corr(method="spearman").loc["true", "learned"]
    print(f"Rank correlation of true and learned accuracies: {rank:.3f}")
    ax.set_title(f"{len(workers):,} workers, rank correlation {rank:.2f}", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
    plt.show()
