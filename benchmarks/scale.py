"""LabelModel on 1e5 to 1e8 judgements: in memory, out of core, and on a cluster.

Ten judgements per sample, a worker of the crowd per thousand judgements, from Parquet
files of a million lines. Three ways, each measurement in a fresh process:

* ``memory``: pandas reads the files, CrowdLabels sorts them, LabelModel.fit;
* ``threads``: sklabel.dask on two local threads, nothing kept: every sweep reads the
  files again;
* ``cluster``: a LocalCluster of 2 processes of one thread, which keep the votes.

`read s` is the time to read and sort (memory) or to survey the files, `fit s` that of
the fit, `predict s` that of all soft labels, into an array or Parquet files; `cpu s` is
the CPU time of all processes. `client mb` is the growth of the resident memory of the
process that calls `fit` up to its peak; the scheduler of the cluster lives in it.
`worker mb` is the peak of the larger process of the cluster, `worker before mb` that
with its imports only; both are VmHWM of Linux. `tight` counts lines of the logs in
which a process complains of its limit, `spilled mb` what was written to disk. `to
client` and `from client` are bytes per sweep: the size of the results that the client
gathers, and what it writes to its connection with the scheduler, parameters and graph.
`between workers mb` is what the processes sent each other, and the scheduler for the
client, in all. `max diff` is the largest difference of a soft label from `memory`. The
exponent is that of the total time in the judgements, from 1e6 on.

The last table says what more judgements would take, by the costs of the largest fit on
the cluster: processes that hold the votes, and tables as long as the crowd: those the
client sees, those that all partitions return in a sweep, and the worker ids and numbers
of votes that each partition knows.

    python benchmarks/scale.py
    python benchmarks/scale.py --sizes 1e7 1e8 --modes cluster --memory-limit 3GiB
    python benchmarks/scale.py --sizes 1e7 1e8 --modes cluster --crowd 1e4
    python benchmarks/scale.py --extrapolate-only --csv results.csv
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

MODES = ["memory", "threads", "cluster"]
PER_SAMPLE = 10
PER_WORKER = 1000
COLUMNS = ["sample", "worker", "label"]
COMPLAINT = re.compile(r"distributed.*(memory|restarting|paus|spill|exceeded)", re.I)


def true_class(sample: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the class of each sample: a hash of its id, so that nobody stores it."""
    mixed = np.asarray(sample).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((mixed >> np.uint64(33)) % np.uint64(n_classes)).astype(np.int64)


def make_files(
    n_judgements: int, n_classes: int, crowd_size: int, per_file: int, folder: str
) -> dict[str, Any]:
    """Write judgements file by file; the number of a file is its seed."""
    alpha = np.ones((n_classes, n_classes)) + 0.75 * n_classes * np.eye(n_classes)
    rng = np.random.default_rng(0)
    crowd = np.stack([rng.dirichlet(a, size=crowd_size) for a in alpha], axis=1)
    cumulative = crowd.cumsum(axis=2)[:, :, :-1]
    n_files = max(2, math.ceil(n_judgements / per_file))
    ends = np.linspace(0, n_judgements // PER_SAMPLE, n_files + 1).astype(np.int64)
    Path(folder).mkdir(parents=True)
    for number in range(n_files):
        rng = np.random.default_rng([1, number])
        sample = np.repeat(np.arange(ends[number], ends[number + 1]), PER_SAMPLE)
        # One of each of ten groups of workers: nobody judges a sample twice.
        worker = rng.integers(crowd_size // PER_SAMPLE, size=len(sample)) * PER_SAMPLE
        worker += np.arange(len(sample)) % PER_SAMPLE
        below = cumulative[worker, true_class(sample, n_classes)]
        label = (rng.random((len(sample), 1)) > below).sum(axis=1).astype(np.int8)
        columns = (sample, worker.astype(np.int32), label)
        pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))).to_parquet(
            Path(folder) / f"part-{number:05d}.parquet", index=False
        )
    size = sum(path.stat().st_size for path in Path(folder).iterdir())
    return {"file_mb": size / 1e6, "files": n_files}


class Use:
    """What this process has used since the start: memory and CPU."""

    def __init__(self) -> None:
        self.before, self.cpu = resident("VmRSS"), time.process_time()

    def used(self) -> dict[str, float]:
        """Return the growth of the memory up to its peak, and CPU seconds."""
        growth = resident("VmHWM") - self.before
        return {"client_mb": growth / 1e6, "cpu_s": time.process_time() - self.cpu}


def resident(field: str) -> float:
    """Return bytes of this process: VmRSS now, VmHWM at the peak.

    Not ru_maxrss, which a process inherits from the one that started it.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024.0
    raise OSError(f"/proc/self/status has no {field}; run this on Linux.")


def save(proba: np.ndarray, sample: np.ndarray, path: str) -> float:
    """Write soft labels sorted by sample; return their accuracy."""
    order = np.argsort(sample, kind="stable")
    np.save(path, proba[order])
    return float((proba.argmax(axis=1) == true_class(sample, proba.shape[1])).mean())


def in_memory(folder: str, result: str) -> dict[str, Any]:
    """Fit on all votes at once."""
    from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
    from sklabel.sums._sums import VoteSource

    sweeps = Sweeps(VoteSource)
    use, started = Use(), time.perf_counter()
    crowd = CrowdLabels.from_frame(pd.read_parquet(folder))
    lfs = WorkerLFTransformer(crowd, sparse_output=True)
    votes = lfs.fit_transform(crowd.sample_ids.to_frame())
    sample = crowd.sample_ids.to_numpy()
    del crowd, lfs
    read = time.perf_counter()
    model = LabelModel(lf_kind="worker").fit(votes)
    fitted = time.perf_counter()
    proba = model.predict_proba(votes)
    done = time.perf_counter()
    row = {"read_s": read - started, "fit_s": fitted - read, "predict_s": done - fitted}
    row |= {"sweeps": model.n_iter_, **use.used(), **sweeps.means()}
    return row | {"accuracy": save(proba, sample, result)}


class Sweeps:
    """The seconds at which sweeps end, and bytes that the client sees by then."""

    def __init__(self, source: Any, traffic: Any = lambda: ()) -> None:
        self.marks: list[tuple[float, ...]] = []

        total = source.total

        def marked(data: Any, statistic: Any, *parameters: Any) -> Any:
            sums = total(data, statistic, *parameters)
            if statistic.name.endswith("sweep"):  # LabelModel names two of them
                self.marks.append((time.perf_counter(), *traffic()))
            return sums

        source.total = marked

    def means(self) -> dict[str, float]:
        """Return seconds and bytes per sweep, from the end of the first sweep on."""
        if len(self.marks) < 2:
            return {}
        spans = (np.array(self.marks[-1]) - self.marks[0]) / (len(self.marks) - 1)
        names = ["sweep_s", "to_client", "from_client"]
        return dict(zip(names, map(float, spans), strict=False))


def out_of_core(folder: str, result: str, sweeps: Sweeps) -> dict[str, Any]:
    """Survey, fit, and write soft labels to files."""
    from sklabel import LabelModel
    from sklabel.dask import PartitionedCrowdLabels, fit, predict_proba

    started = time.perf_counter()
    crowd = PartitionedCrowdLabels.from_parquet(folder)
    read = time.perf_counter()
    model = fit(LabelModel(), crowd)
    fitted = time.perf_counter()
    soft = predict_proba(model, crowd).rename(columns=str)
    soft.to_parquet(f"{result}.parquet")
    done = time.perf_counter()
    row = {"read_s": read - started, "fit_s": fitted - read, "predict_s": done - fitted}
    return row | {"sweeps": model.n_iter_, **sweeps.means()}


def read_result(result: str) -> float:
    """Turn files of soft labels into an array; return their accuracy."""
    soft = pd.read_parquet(f"{result}.parquet")
    shutil.rmtree(f"{result}.parquet")
    return save(soft.to_numpy(), soft.index.to_numpy(), result)


def on_threads(folder: str, result: str) -> dict[str, Any]:
    """Fit with the local scheduler; nothing is kept between sweeps."""
    import dask

    # Imports are no part of the growth.
    import dask.dataframe
    import pyarrow.parquet  # noqa: F401

    from sklabel.dask._fit import DaskVotes

    use = Use()
    with dask.config.set(scheduler="threads", num_workers=2):
        row = out_of_core(folder, result, Sweeps(DaskVotes))
    row |= use.used()
    return row | {"accuracy": read_result(result)}


def worker_state(dask_worker: Any) -> dict[str, float]:
    """Return what a worker has used; runs on it."""
    spilled = getattr(dask_worker.data, "cumulative_metrics", {})
    written = sum(v for k, v in spilled.items() if "write" in k[0] and "bytes" in k[1])
    return {
        "pid": os.getpid(),
        "cpu": time.process_time(),
        "peak": resident("VmHWM"),
        "spilled": written,
        "sent": dask_worker.transfer_outgoing_bytes_total,
    }


def on_cluster(folder: str, result: str, memory_limit: str) -> dict[str, Any]:
    """Fit on two processes that keep the votes."""
    import dask.dataframe  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    from dask.sizeof import sizeof
    from distributed import Client, LocalCluster
    from distributed.comm.tcp import TCP

    from sklabel.dask._fit import DaskVotes

    gathered = written = 0
    gather, write = Client._gather, TCP.write

    async def counting_gather(client: Client, *args: Any, **options: Any) -> Any:
        nonlocal gathered
        found = await gather(client, *args, **options)
        gathered += sizeof(found)
        return found

    async def counting_write(comm: TCP, *args: Any, **options: Any) -> Any:
        nonlocal written
        n_bytes = await write(comm, *args, **options)
        if client.scheduler_comm is not None and client.scheduler_comm.comm is comm:
            written += n_bytes
        return n_bytes

    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        memory_limit=memory_limit,
        dashboard_address=":0",
    )
    with cluster, Client(cluster) as client:
        client.run(__import__, "sklabel.dask")
        first = client.run(worker_state)
        Client._gather, TCP.write = counting_gather, counting_write
        use = Use()
        sweeps = Sweeps(DaskVotes, lambda: (gathered, written))
        row = out_of_core(folder, result, sweeps)
        row |= use.used()
        Client._gather, TCP.write = gather, write
        last = client.run(worker_state)
    states = list(last.values())
    pids = [{state["pid"] for state in run.values()} for run in (first, last)]
    row["cpu_s"] += sum(s["cpu"] for s in states)
    row["cpu_s"] -= sum(s["cpu"] for s in first.values())
    row["worker_before_mb"] = max(s["peak"] for s in first.values()) / 1e6
    row["worker_mb"] = max(state["peak"] for state in states) / 1e6
    row["spilled_mb"] = sum(state["spilled"] for state in states) / 1e6
    row["between_workers_mb"] = sum(state["sent"] for state in states) / 1e6
    row["lost_workers"] = len(pids[0] - pids[1])
    row["to_client_all"], row["from_client_all"] = gathered, written
    return row | {"accuracy": read_result(result)}


def compare(one: str, other: str) -> dict[str, Any]:
    """Return the largest difference between soft labels."""
    a, b = np.load(one, mmap_mode="r"), np.load(other, mmap_mode="r")
    return {"max_diff": float(np.abs(a - b).max())}


TASKS: dict[str, Any] = {
    "make": make_files,
    "memory": in_memory,
    "threads": on_threads,
    "cluster": on_cluster,
    "compare": compare,
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
    row = json.loads(done.stdout.splitlines()[-1])
    complaints = [line for line in done.stderr.splitlines() if COMPLAINT.search(line)]
    for line in complaints[:5]:
        print(line, file=sys.stderr)
    return row | {"tight": len(complaints)}


def measure_all(args: argparse.Namespace, folder: Path) -> pd.DataFrame:
    """Measure every mode at every size; a bad one leaves an error in its row."""
    rows = []
    for size in map(int, args.sizes):
        source = folder / "judgements"
        crowd = int(args.crowd) or max(size // PER_WORKER, 2 * PER_SAMPLE)
        call = (size, args.classes, crowd, int(args.per_file), str(source))
        made = in_fresh_process(args.time_limit, "make", *call)
        made.pop("tight", None)
        print(f"{size:.0e} judgements: {made}", file=sys.stderr, flush=True)
        reference = str(folder / "memory.npy")
        for mode in args.modes:
            if mode == "memory" and size > args.in_memory_up_to:
                continue
            if mode == "threads" and size > args.threads_up_to:
                continue
            target = str(folder / f"{mode}.npy")
            options = [args.memory_limit] if mode == "cluster" else []
            row = {"mode": mode, "judgements": size, "crowd": crowd}
            row |= {"k": args.classes, **made}
            row |= in_fresh_process(
                args.time_limit, mode, str(source), target, *options
            )
            if "error" not in row:
                row["total_s"] = row["read_s"] + row["fit_s"] + row["predict_s"]
            if Path(reference).exists() and Path(target).exists():
                same = in_fresh_process(args.time_limit, "compare", reference, target)
                row["max_diff"] = same.get("max_diff")
            rows.append(row)
            print(row, file=sys.stderr, flush=True)
        shutil.rmtree(source, ignore_errors=True)
        for path in folder.glob("*.npy*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return pd.DataFrame(rows)


def growth(table: pd.DataFrame) -> str:
    """Return the exponent of time in the number of judgements."""
    done = table[table["judgements"] >= 1e5].dropna(subset="total_s")
    large = done[done["judgements"] >= 1e6]
    part = large if large["judgements"].nunique() > 1 else done
    if part["judgements"].nunique() < 2:
        return "-"
    return (
        f"{np.polyfit(np.log(part['judgements']), np.log(part['total_s']), 1)[0]:.2f}"
    )


SHOWN = {
    "mode": "{}",
    "judgements": "{:.0e}",
    "crowd": "{:.0f}",
    "read_s": "{:.1f}",
    "fit_s": "{:.1f}",
    "predict_s": "{:.1f}",
    "total_s": "{:.1f}",
    "cpu_s": "{:.1f}",
    "sweeps": "{:.0f}",
    "sweep_s": "{:.3f}",
    "client_mb": "{:.0f}",
    "worker_before_mb": "{:.0f}",
    "worker_mb": "{:.0f}",
    "tight": "{:.0f}",
    "spilled_mb": "{:.0f}",
    "lost_workers": "{:.0f}",
    "to_client": "{:.1e}",
    "from_client": "{:.1e}",
    "between_workers_mb": "{:.0f}",
    "accuracy": "{:.4f}",
    "max_diff": "{:.0e}",
}


def report(results: pd.DataFrame) -> None:
    """Print a Markdown table."""
    results = results.reindex(columns=[*results.columns.union(list(SHOWN), sort=False)])
    exponents = {mode: growth(table) for mode, table in results.groupby("mode")}
    heads = [name.replace("_", " ") for name in SHOWN] + ["exponent"]
    print("| " + " | ".join(heads) + " |\n" + "| --- " * len(heads) + "|")
    for row in results.sort_values(["mode", "judgements"]).to_dict("records"):
        if isinstance(row.get("error"), str):
            print(f"| {row['mode']} | {row['judgements']:.0e} | {row['error']} |")
            continue
        cells = [
            "-" if pd.isna(row[name]) else pattern.format(row[name])
            for name, pattern in SHOWN.items()
        ]
        print("| " + " | ".join([*cells, exponents[row["mode"]]]) + " |")


def extrapolate(
    results: pd.DataFrame, target: float, memory_limit: str, per_file: float
) -> None:
    """Print what a fit of `target` judgements takes, from the costs on the cluster."""
    from dask.utils import parse_bytes

    done = results[results["mode"] == "cluster"].dropna(subset="total_s")
    done = done.sort_values("judgements")
    small, large = done.iloc[0], done.iloc[-1]
    # What a worker holds before it holds votes: Python, and the layout of a partition.
    fixed = large["worker_before_mb"] * 1e6
    if small["judgements"] < large["judgements"]:
        grown = (large["worker_mb"] - small["worker_mb"]) * 1e6
        per_vote = 2 * grown / (large["judgements"] - small["judgements"])
        fixed = max(fixed, small["worker_mb"] * 1e6)
    else:
        grown = large["worker_mb"] * 1e6 - fixed
        per_vote = 2 * grown / large["judgements"]
    seconds = 2 * large["sweep_s"] / large["judgements"]
    k = int(large["k"])
    limit = parse_bytes(memory_limit)
    print(
        f"\nMeasured at {large['judgements']:.0e}: {per_vote:.1f} bytes of memory on "
        f"workers and {seconds * 1e9:.0f} ns of a core per sweep and judgement. "
        f"A process holds {fixed / 1e6:.0f} MB besides, and takes votes up to 60 % of "
        f"its {memory_limit}.\n"
    )
    head = ["judgements", "crowd", "lines per partition", "processes", "memory in all"]
    head += ["s per sweep and core", "to client per sweep", "from client"]
    head += ["partial sums per sweep", "worker ids surveyed", "n_votes of the chunks"]
    print("| " + " | ".join(head) + " |\n" + "| --- " * len(head) + "|")
    for n_workers in (target / PER_WORKER, 1e5):
        for lines in (per_file, 100 * per_file):
            n_chunks = target / lines
            table = n_workers * k * k * 8
            # A partial sum is as long as the crowd, whatever the partition holds; the
            # number of votes of each atom is kept beside the votes of each chunk.
            kept = n_chunks * n_workers * k * 8
            n_processes = (target * per_vote + kept) / max(0.6 * limit - fixed, 1)
            cells = [f"{target:.0e}", f"{n_workers:.0e}", f"{lines:.0e}"]
            cells += [f"{n_processes:,.0f}", readable(n_processes * limit)]
            cells += [f"{target * seconds / max(n_processes, 1):.2f}"]
            cells += [readable(table), readable(table), readable(n_chunks * table)]
            cells += [readable(n_chunks * min(n_workers, lines) * 8), readable(kept)]
            print("| " + " | ".join(cells) + " |")


def readable(n_bytes: float) -> str:
    """Return bytes with a unit."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.3g} PB"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", nargs="*", type=float, default=[1e5, 1e6, 1e7])
    parser.add_argument("--modes", nargs="*", choices=MODES, default=MODES)
    parser.add_argument("--classes", type=int, default=2)
    parser.add_argument(
        "--crowd", type=float, default=0, help="workers; default: 1 per 1000 judgements"
    )
    parser.add_argument("--per-file", type=float, default=1e6, help="judgements")
    parser.add_argument("--memory-limit", default="3GiB", help="of a process")
    parser.add_argument("--in-memory-up-to", type=float, default=1e7)
    parser.add_argument("--threads-up-to", type=float, default=1e7)
    parser.add_argument("--time-limit", type=float, default=3600, help="s per process")
    parser.add_argument("--folder", help="where to make a temporary folder for files")
    parser.add_argument("--csv", help="write all results to this file")
    parser.add_argument("--target", type=float, default=1e10, help="to extrapolate to")
    parser.add_argument(
        "--extrapolate-only", action="store_true", help="read the results from --csv"
    )
    parser.add_argument("--task", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.task:
        task, *rest = json.loads(args.task)
        print(json.dumps(TASKS[task](*rest)))
        return
    if args.extrapolate_only:
        results = pd.read_csv(args.csv)
    else:
        with tempfile.TemporaryDirectory(dir=args.folder) as folder:
            results = measure_all(args, Path(folder))
        if args.csv:
            results.to_csv(args.csv, index=False)
    report(results)
    if (results["mode"] == "cluster").any():
        extrapolate(results, args.target, args.memory_limit, args.per_file)


if __name__ == "__main__":
    main()
