"""What asking again where it pays saves: replays of crowds that judged everything.

A folder holds one crowd per sub-folder: ``annotations.csv[.gz]`` (task, worker, label)
and ``gold.csv`` (task, label). The set ``NAME/FILE`` is what ``FILE.csv`` in that
sub-folder has gold labels for, without the judgements whose label is not one of them.

Three replays of each, over the same random orders: adaptive (the samples with the
largest expected gain), uniform, and a stopping rule (ask again below a top posterior
of 0.99); and uniform majority vote beside them. A share is that of the judgements of
the whole file which a policy needs to be as accurate as uniform is with all of them,
or within one point of it. Brackets are 95 % intervals over repeats; "-" means that a
policy never gets there.

    python benchmarks/cost_curves.py --data DIR
    python benchmarks/cost_curves.py --data DIR --sets dog --repeats 5 --csv curves.csv
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import time
from pathlib import Path

import pandas as pd

from sklabel import CrowdLabels, MajorityVote
from sklabel.relabeling import CostCurve, StoppingRule, simulate_cost_curve

SETS = ["weather_sentiment", "weather_sentiment/gold_tutorial_subset"]
SETS += ["sp_amt", "rte", "bluebird"]


def read_crowd(folder: Path, gold_file: str = "") -> tuple[CrowdLabels, pd.Series]:
    """Read judgements and gold labels; all, or those that a gold file is about."""
    path = next(folder.glob("annotations.csv*"))
    judged = pd.read_csv(path, dtype=str, keep_default_na=False)
    gold = pd.read_csv(
        folder / f"{gold_file or 'gold'}.csv", dtype=str, keep_default_na=False
    )
    if gold_file:
        judged = judged[judged["task"].isin(gold["task"])]
        judged = judged[judged["label"].isin(gold["label"])]
    crowd = CrowdLabels.from_frame(judged, sample="task")
    return crowd, gold.set_index("task")["label"]


def written(value: float, low: float, high: float, digits: int = 2) -> str:
    if pd.isna(value):
        return "-"
    ends = ("-" if pd.isna(end) else f"{end:.{digits}f}" for end in (low, high))
    return f"{value:.{digits}f} [{', '.join(ends)}]"


def share(curve: CostCurve, tolerance: float, policy: str = "adaptive") -> str:
    needed = curve.share_needed(policy, tolerance=tolerance, random_state=0)
    return written(needed["share"], needed["low"], needed["high"])


def cost(curve: CostCurve, accuracy: float, policy: str) -> str:
    needed = curve.judgements_to_reach(accuracy, policy, random_state=0)
    return written(*needed, digits=1)


def replay(name: str, args: argparse.Namespace) -> tuple[dict, pd.DataFrame]:
    """Return a line of the table, and the curves."""
    folder, _, gold_file = name.partition("/")
    crowd, gold = read_crowd(args.data / folder, gold_file)
    options = {"n_repeats": args.repeats, "random_state": 0, "n_jobs": args.jobs}
    rule = StoppingRule(args.threshold)
    policies = {"adaptive": "adaptive", "uniform": "uniform", "stopping": rule}
    start = time.perf_counter()
    curve = simulate_cost_curve(crowd, gold, policy=policies, **options)
    majority = simulate_cost_curve(
        crowd, gold, policy="uniform", label_model=MajorityVote(), **options
    )
    seconds = time.perf_counter() - start

    stop = curve.final().loc["stopping"]
    majority_end = majority.final().loc["uniform", "accuracy"]
    line = {
        "set": name,
        "judgements": f"{curve.full_redundancy:.1f}",
        "full": f"{curve.final().loc['uniform', 'accuracy']:.3f}",
        "share": share(curve, 0.0),
        "share, 1 point": share(curve, 0.01),
        "uniform, 1 point": share(curve, 0.01, "uniform"),
        "MV, full": f"{majority_end:.3f}",
        "for MV, full": cost(curve, majority_end, "adaptive"),
        f"stop at {args.threshold:g}": (
            f"{stop['judgements_per_sample']:.2f}, {stop['accuracy']:.3f} "
            f"[{stop['low']:.3f}, {stop['high']:.3f}]"
        ),
        "uniform for it": cost(curve, stop["accuracy"], "uniform"),
        "MV for it": cost(majority, stop["accuracy"], "uniform"),
        "s": f"{seconds:.0f}",
    }
    named = majority.frame.assign(policy="uniform majority vote")
    frames = pd.concat([curve.frame, named], ignore_index=True)
    return line, frames.assign(set=name)


def markdown(lines: list[dict]) -> str:
    cells = [list(lines[0]), ["---"] * len(lines[0])]
    cells += [list(line.values()) for line in lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--data", type=Path, required=True, help="folder of sets")
    parser.add_argument("--sets", nargs="*", default=SETS, help="names")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--threshold", type=float, default=0.99)
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--csv", type=Path, help="write the curves to this file")
    args = parser.parse_args()

    lines, curves = [], []
    for name in args.sets:
        line, frame = replay(name, args)
        lines.append(line)
        curves.append(frame)
    print(f"{args.repeats} repeats\n\n{markdown(lines)}")
    if args.csv:
        pd.concat(curves).to_csv(args.csv, index=False)


if __name__ == "__main__":
    main()
