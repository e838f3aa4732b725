"""Time and memory of reading exports of annotation tools.

Writes exports of Label Studio (JSON), Prodigy (JSONL) and Mechanical Turk (CSV) with
judgements that are made up, reads each in a process of its own, and prints seconds and
peak memory beside those of `json.load` or `pandas.read_csv` on the same file, which
only parse it.

    python benchmarks/importers.py --judgements 1000000
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CLASSES = ["billing", "bug", "praise"]
TEXT = "The invoice was charged twice, and nobody answers when I call, see order "


def judgements(n, per_sample=4):
    """Yield sample, worker, label and minute."""
    rng = np.random.default_rng(0)
    workers = rng.integers(0, 2_000, n)
    labels = rng.integers(0, len(CLASSES), n)
    for i in range(n):
        yield i // per_sample, int(workers[i]), CLASSES[labels[i]], i % 60


def stamp(minute):
    return f"2026-03-02T10:{minute:02d}:00.000000Z"


def write_label_studio(path, n):
    def task(sample, annotations):
        return {
            "id": sample,
            "annotations": annotations,
            "drafts": [],
            "predictions": [],
            "data": {"text": f"{TEXT}{sample}", "ticket": f"T-{sample}"},
            "meta": {},
            "project": 1,
        }

    with open(path, "w", encoding="utf-8") as file:
        last, held = None, []
        file.write("[")
        for sample, worker, label, minute in judgements(n):
            if sample != last and held:
                file.write(json.dumps(task(last, held)) + ",\n")
                held = []
            last = sample
            item = {
                "value": {"choices": [label]},
                "id": f"r{len(held)}",
                "from_name": "category",
                "to_name": "text",
                "type": "choices",
                "origin": "manual",
            }
            held.append(
                {
                    "id": sample * 10 + len(held),
                    "completed_by": worker,
                    "result": [item],
                    "was_cancelled": False,
                    "ground_truth": False,
                    "created_at": stamp(minute),
                    "updated_at": stamp(minute),
                    "lead_time": 5.5,
                    "result_count": 1,
                    "unique_id": f"00000000-0000-4000-8000-{sample:012d}",
                    "task": sample,
                    "project": 1,
                }
            )
        file.write(json.dumps(task(last, held)) + "]")


def write_prodigy(path, n):
    options = [{"id": one, "text": one.title()} for one in CLASSES]
    with open(path, "w", encoding="utf-8") as file:
        for sample, worker, label, minute in judgements(n):
            line = {
                "text": f"{TEXT}{sample}",
                "meta": {"ticket": f"T-{sample}"},
                "options": options,
                "_input_hash": sample,
                "_task_hash": sample,
                "_view_id": "choice",
                "config": {"choice_style": "single"},
                "accept": [label],
                "answer": "accept",
                "_timestamp": 1_772_000_000 + minute,
                "_annotator_id": f"tickets-{worker}",
                "_session_id": f"tickets-{worker}",
            }
            file.write(json.dumps(line) + "\n")


def write_mturk(path, n):
    with open(path, "w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        answered = ["HITId", "WorkerId", "AssignmentStatus", "SubmitTime"]
        rows.writerow([*answered, "Input.id", "Input.text", "Answer.category.label"])
        for sample, worker, label, minute in judgements(n):
            when = f"Mon Mar 02 10:{minute:02d}:00 PST 2026"
            about = (f"{sample:07d}", f"{TEXT}{sample}", label)
            rows.writerow((f"H{sample}", f"A{worker}", "Approved", when, *about))


FORMATS = {
    "label_studio": (write_label_studio, "export.json", "json.load"),
    "prodigy": (write_prodigy, "choice.jsonl", "json.loads per line"),
    "mturk": (write_mturk, "batch.csv", "pandas.read_csv"),
}


def read(what, path):
    """Read a file in one of two ways; return the number of judgements."""
    name, _, way = what.partition(":")
    if way == "parse":
        if name == "prodigy":
            with open(path, encoding="utf-8") as file:
                return len([json.loads(line) for line in file])
        if name == "mturk":
            import pandas as pd

            return len(pd.read_csv(path, dtype=str))
        with open(path, encoding="utf-8") as file:
            return sum(len(task["annotations"]) for task in json.load(file))
    from sklabel.io import read_annotations

    return len(read_annotations(path))


def measured(what, path):
    """Run this script for one reading; return seconds and peak memory in MB."""
    command = [sys.executable, __file__, "--one", what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, before, peak, n = map(float, done.stdout.split())
    return seconds, peak - before, int(n)


def one(what, path):
    import sklabel.io  # noqa: F401  imports do not count

    unit = 1 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    start = time.perf_counter()
    n = read(what, path)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
    print(seconds, before, peak, n)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--judgements", type=int, default=100_000)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    print(f"{options.judgements:,} judgements, 4 a sample")
    print(f"{'format':14s}{'file MB':>9s}{'seconds':>9s}{'MB':>8s}   only parsed")
    with tempfile.TemporaryDirectory() as folder:
        for name, (write, file, peer) in FORMATS.items():
            path = Path(folder) / file
            write(path, options.judgements)
            seconds, memory, n = measured(name, path)
            assert n == options.judgements, (name, n)
            parse, parse_memory, _ = measured(f"{name}:parse", path)
            print(
                f"{name:14s}{path.stat().st_size / 1e6:9.0f}{seconds:9.1f}"
                f"{memory:8.0f}   {parse:.1f} s, {parse_memory:.0f} MB ({peer}); "
                f"time ratio {seconds / parse:.1f}"
            )
            path.unlink()


if __name__ == "__main__":
    main()
