"""Label models on 1e4 to 1e7 judgements: time, memory, growth, distance to bandwidth.

Workers are assigned at random, 10 to a sample. Every measurement runs in a fresh
process: CPU seconds from a table of judgements to class probabilities and those of one
sweep, the best of a few runs, and the peak memory, beside that of the process before
the fit. `x peer` is the time of crowd-kit's DawidSkene divided by that of the row, each
to its own convergence; `x peer, 20 sweeps` at equal iterations. A sweep has to read the
one-hot votes twice, 24 bytes per judgement: `bandwidth` is how fast it does, as a share
of the copy bandwidth (read + write) measured in the same run; votes that fit into the
cache, and models that store them in fewer bytes, may exceed 100 %.

    python benchmarks/label_model_speed.py
    python benchmarks/label_model_speed.py --sizes 1e5 1e6 1e7 --classes 2 --no-peers
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sklabel.label_model
from sklabel.datasets import make_crowd_labels
from sklabel.votes import VoteMatrix, votes_to_dense

OURS = ["LabelModel", "DawidSkene", "OneCoinDawidSkene", "WeightedMajorityVote"]
OURS += ["MajorityVote", "SnorkelLabelModel", "GLAD", "MACE"]
PEERS = {
    "crowdkit": ["crowd-kit DawidSkene", "crowd-kit MajorityVote"],
    "snorkel": ["snorkel LabelModel"],
}
REFERENCE = "crowd-kit DawidSkene"
# Its sweeps are counted and have the cost of those of EM.
EM = ("sklabel LabelModel", "sklabel DawidSkene", "sklabel OneCoinDawidSkene")
PER_SAMPLE = 10
EQUAL_SWEEPS = 20
BYTES_PER_SWEEP = 24


def make_judgements(n_judgements: int, n_classes: int, path: str) -> dict[str, Any]:
    """Write judgements to a file; a worker judges about 300 samples."""
    data = make_crowd_labels(
        n_judgements // PER_SAMPLE,
        max(n_judgements // 300, 2 * PER_SAMPLE),
        n_classes,
        judgements_per_sample=PER_SAMPLE,
        random_state=0,
    )
    frame = data.crowd_labels.set_axis(["task", "worker", "label"], axis=1)
    np.savez(path, **{name: frame[name].to_numpy() for name in frame})
    return {}


def vote_matrix(frame: pd.DataFrame) -> VoteMatrix:
    where = (frame["task"].to_numpy(), frame["worker"].to_numpy())
    return VoteMatrix((frame["label"].to_numpy(dtype=np.int8), where))


def run_ours(
    name: str, frame: pd.DataFrame, n_classes: int, sweeps: int | None
) -> tuple[int, np.ndarray]:
    model = getattr(sklabel.label_model, name)(classes=np.arange(n_classes))
    if sweeps is not None:
        model.set_params(max_iter=sweeps, tol=0)
    votes = vote_matrix(frame)
    proba = model.fit(votes).predict_proba(votes)
    return getattr(model, "n_iter_", 1), proba


def run_crowd_kit(
    name: str, frame: pd.DataFrame, sweeps: int | None
) -> tuple[int, np.ndarray]:
    import crowdkit.aggregation

    limit = {} if sweeps is None else {"n_iter": sweeps, "tol": -np.inf}
    model = getattr(crowdkit.aggregation, name)(**limit)
    proba = model.fit_predict_proba(frame)
    return len(getattr(model, "loss_history_", [0])), proba.to_numpy()


def run_snorkel(
    frame: pd.DataFrame, n_classes: int, sweeps: int | None
) -> tuple[int, np.ndarray]:
    import torch
    from snorkel.labeling.model import LabelModel

    torch.set_num_threads(1)
    votes = votes_to_dense(vote_matrix(frame)).astype(np.int64)
    if votes.size * n_classes > 1e8:
        raise MemoryError("more than 1e8 cells of one-hot votes")
    model = LabelModel(cardinality=n_classes, verbose=False)
    model.fit(votes, n_epochs=sweeps or 100, seed=0, progress_bar=False)
    return sweeps or 100, model.predict_proba(votes)


def run_model(
    name: str, frame: pd.DataFrame, n_classes: int, sweeps: int | None
) -> tuple[int, float]:
    """Run a model; return the number of its sweeps and CPU seconds."""
    library, cls = name.split()
    start = time.process_time()
    if library == "sklabel":
        done, proba = run_ours(cls, frame, n_classes, sweeps)
    elif library == "crowd-kit":
        done, proba = run_crowd_kit(cls, frame, sweeps)
    else:
        done, proba = run_snorkel(frame, n_classes, sweeps)
    if not np.isfinite(proba).all():
        raise ArithmeticError("probabilities are not finite")
    return done, time.process_time() - start


def fastest(
    name: str, frame: pd.DataFrame, n_classes: int, sweeps: int | None
) -> tuple[int, float]:
    """Run a model up to five times, as long as that is a matter of seconds."""
    started = time.perf_counter()
    runs = [run_model(name, frame, n_classes, sweeps)]
    while len(runs) < 5 and time.perf_counter() - started < 2:
        runs.append(run_model(name, frame, n_classes, sweeps))
    return min(runs, key=lambda run: run[1])


def peak_mb() -> float:
    """Return the largest memory that this process has held so far."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def measure(name: str, path: str, n_classes: int, sweeps: bool) -> dict[str, Any]:
    """Measure a fit to convergence, or fits of a given number of sweeps."""
    with np.load(path) as arrays:
        frame = pd.DataFrame({key: arrays[key] for key in arrays.files})
    # Imports and first calls are no part of a fit.
    run_model(name, frame.head(50 * PER_SAMPLE), n_classes, 2 if sweeps else None)
    before = peak_mb()
    if not sweeps:
        done, seconds = fastest(name, frame, n_classes, None)
        return {"fit_s": seconds, "n_iter": done, "mb": peak_mb(), "before_mb": before}
    few, short = fastest(name, frame, n_classes, 1)
    many, long = fastest(name, frame, n_classes, EQUAL_SWEEPS)
    each = (long - short) / (many - few) if many > few else np.nan
    return {"equal_s": long, "sweep_s": each}


def copy_bandwidth() -> dict[str, Any]:
    """Measure bytes per second of a copy, read and written; the best of some."""
    source, target = np.ones(2**25), np.zeros(2**25)
    seconds = []
    for _ in range(7):
        start = time.perf_counter()
        np.copyto(target, source)
        seconds.append(time.perf_counter() - start)
    return {"bytes_per_s": 2 * source.nbytes / min(seconds)}


TASKS: dict[str, Any] = {
    "make": make_judgements,
    "measure": measure,
    "copy": copy_bandwidth,
}


def in_fresh_process(limit: float, task: str, *args: Any) -> dict[str, Any]:
    """Run one of the tasks in a Python of its own."""
    command = [sys.executable, __file__, "--task", json.dumps([task, *args])]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=limit, check=True
        )
    except subprocess.TimeoutExpired:
        return {"error": f"stopped after {limit:g} s"}
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"exit {error.returncode}"]
        return {"error": lines[-1][:100]}
    return json.loads(done.stdout.splitlines()[-1])


def measure_all(args: argparse.Namespace, folder: str) -> pd.DataFrame:
    """Measure every model at every size; a bad one leaves an error in its row."""
    rows = []
    for n_classes in args.classes:
        for size in map(int, args.sizes):
            path = str(Path(folder) / "judgements.npz")
            in_fresh_process(args.time_limit, "make", size, n_classes, path)
            for name in args.estimators:
                if not name.startswith("sklabel") and size > args.peers_up_to:
                    continue
                row = {"estimator": name, "k": n_classes, "judgements": size}
                call = (args.time_limit, "measure", name, path, n_classes)
                row |= in_fresh_process(*call, False)
                if name in (*EM, REFERENCE) and "error" not in row:
                    row |= in_fresh_process(*call, True)
                rows.append(row)
                print(row, file=sys.stderr, flush=True)
    columns = ["estimator", "k", "judgements", "fit_s", "n_iter", "sweep_s", "mb"]
    return pd.DataFrame(rows).reindex(
        columns=[*columns, "before_mb", "equal_s", "error"]
    )


def growth(table: pd.DataFrame) -> str:
    """Return the exponent of time in the number of judgements, from 1e5 on."""
    part = table[table["judgements"] >= 1e5].dropna(subset="fit_s")
    if len(part) < 2:
        return "-"
    slope = np.polyfit(np.log(part["judgements"]), np.log(part["fit_s"]), 1)[0]
    return f"{slope:.2f}"


def report(results: pd.DataFrame, bandwidth: float) -> None:
    """Print a Markdown table for every number of classes."""
    keys = zip(results["k"], results["judgements"], results["estimator"], strict=True)
    by_key = dict(zip(keys, results.to_dict("records"), strict=True))
    print(f"Copy bandwidth {bandwidth / 1e9:.1f} GB/s\n")
    head = "| estimator | judgements | fit s | sweeps | s per sweep | bandwidth |"
    head += " peak MB | before fit | x peer | x peer, 20 sweeps | exponent |"
    for n_classes, table in results.groupby("k"):
        print(f"\n## {n_classes} classes\n\n{head}\n" + "| --- " * 11 + "|")
        exponents = {name: growth(t) for name, t in table.groupby("estimator")}
        for row in table.sort_values(["estimator", "judgements"]).to_dict("records"):
            cells = [row["estimator"], f"{row['judgements']:.0e}"]
            if isinstance(row["error"], str):
                print("| " + " | ".join([*cells, row["error"]]) + " |")
                continue
            key = (n_classes, row["judgements"], REFERENCE)
            peer: Any = by_key.get(key, {})
            rate = row["judgements"] * BYTES_PER_SWEEP / row["sweep_s"] / bandwidth
            ratios = [
                peer.get(column, np.nan) / row[column]
                for column in ("fit_s", "equal_s")
            ]
            cells += [f"{row['fit_s']:.3f}", f"{row['n_iter']:.0f}"]
            cells += [f"{row['sweep_s']:.4f}", f"{rate:.1%}", f"{row['mb']:.0f}"]
            cells += [f"{row['before_mb']:.0f}", *(f"{r:.1f}" for r in ratios)]
            cells += [exponents[row["estimator"]]]
            print("| " + " | ".join("-" if "nan" in c else c for c in cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="*", type=float, default=[1e4, 1e5, 1e6])
    parser.add_argument("--classes", nargs="*", type=int, default=[2, 5, 20])
    parser.add_argument("--estimators", nargs="*", help="'sklabel LabelModel' ...")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--peers-up-to", type=float, default=1e6, help="judgements")
    parser.add_argument("--time-limit", type=float, default=600, help="s per process")
    parser.add_argument("--csv", help="write all results to this file")
    parser.add_argument("--task", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        warnings.simplefilter("ignore")
        task, *rest = json.loads(args.task)
        print(json.dumps(TASKS[task](*rest)))
        return

    if not args.estimators:
        ours = [name for name in OURS if hasattr(sklabel.label_model, name)]
        args.estimators = [f"sklabel {name}" for name in ours]
        for library, names in PEERS.items():
            if find_spec(library) is not None and not args.no_peers:
                args.estimators += names
    bandwidth = in_fresh_process(args.time_limit, "copy")["bytes_per_s"]
    with tempfile.TemporaryDirectory() as folder:
        results = measure_all(args, folder)
    if args.csv:
        results.to_csv(args.csv, index=False)
    report(results, bandwidth)


if __name__ == "__main__":
    main()
