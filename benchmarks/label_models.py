"""Every label model on every set of a folder: accuracy, NLL, ECE, macro-F1, CPU time.

Ours, and those of crowd-kit and Snorkel if they are installed. A folder holds one set
per sub-folder: ``annotations.csv[.gz]`` (task, worker, label) and ``gold.csv`` (task,
label) for a crowd; ``L.csv.gz`` (a column per LF, -1 = abstain) and ``gold.csv``
(label) for labeling functions. Crowds are scored on all gold samples, LFs on the rows
with a vote. LabelModel is told that crowds are people, as `WeakSupervisionClassifier`
would tell it (`lf_kind="worker"`). Ties split evenly, NLL clips at 1e-6, ECE has 15
bins. Means count a family of sets once; their intervals come from resampling families.

    python benchmarks/label_models.py --data DIR --csv results.csv
    python benchmarks/label_models.py --data DIR --sets rte --estimators DawidSkene
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

import sklabel.label_model
from sklabel.votes import VoteMatrix, votes_to_dense

FAMILIES = {"sp": "polarity", "sp_amt": "polarity", "weather_cf": "weather"}
FAMILIES |= {"weather_cf_amt": "weather", "weather_sentiment": "weather"}
# Run, but no part of the means: workers without signal, and one class left out.
NOT_IN_MEANS = ("cifar10n", "news_events")
SHARED = ["MajorityVote", "DawidSkene", "OneCoinDawidSkene", "GLAD", "MACE"]
OURS = ["LabelModel", "WeightedMajorityVote", "SnorkelLabelModel", *SHARED]
CROWD_KIT = ["Wawa", "ZeroBasedSkill", *SHARED]
METRICS = {"accuracy": 4, "nll": 3, "ece": 3, "macro_f1": 4, "cpu_s": 2}
BASELINE = "sklabel MajorityVote"


@dataclass
class VoteSet:
    """Votes on the samples 0, 1, ... and the classes of those with gold."""

    name: str
    kind: str
    judgements: pd.DataFrame  # task, worker, label: integers, repeats kept
    shape: tuple[int, int]
    n_classes: int
    scored: np.ndarray
    gold: np.ndarray
    class_prior: np.ndarray | None = None

    def votes(self) -> VoteMatrix:
        """Return the vote matrix; of repeated judgements the last one counts."""
        last = self.judgements.drop_duplicates(["task", "worker"], keep="last")
        where = (last["task"].to_numpy(), last["worker"].to_numpy())
        return VoteMatrix((last["label"].to_numpy(), where), shape=self.shape)


Model = Callable[[VoteSet], np.ndarray]


def read_crowd(folder: Path) -> VoteSet:
    """Read the judgements of crowd workers."""
    path = next(folder.glob("annotations.csv*"))
    judged = pd.read_csv(path, dtype=str, keep_default_na=False)
    gold = pd.read_csv(folder / "gold.csv", dtype=str, keep_default_na=False)
    labels = pd.Index(sorted({*judged["label"], *gold["label"]}))
    task, tasks = pd.factorize(judged["task"])
    worker, workers = pd.factorize(judged["worker"])
    label = labels.get_indexer(pd.Index(judged["label"]))
    frame = pd.DataFrame({"task": task, "worker": worker, "label": label})
    gold = gold[gold["task"].isin(tasks)]
    at = tasks.get_indexer(pd.Index(gold["task"]))
    known = at, labels.get_indexer(pd.Index(gold["label"]))
    shape = len(tasks), len(workers)
    return VoteSet(folder.name, "crowd", frame, shape, len(labels), *known)


def read_lfs(folder: Path, true_prior: bool, all_rows: bool) -> VoteSet:
    """Read the votes of labeling functions; score rows with votes, or all of them."""
    votes = pd.read_csv(folder / "L.csv.gz").to_numpy()
    y = pd.read_csv(folder / "gold.csv")["label"].to_numpy()
    n_classes = int(max(votes.max(), y.max())) + 1
    task, worker = np.nonzero(votes >= 0)
    frame = pd.DataFrame({"task": task, "worker": worker, "label": votes[task, worker]})
    covered = (votes >= 0).any(axis=1) | all_rows
    at = np.flatnonzero(covered & (y >= 0))
    counts = np.maximum(np.bincount(y[y >= 0], minlength=n_classes), 0.5)
    prior = counts / counts.sum() if true_prior else None
    return VoteSet(folder.name, "LF", frame, votes.shape, n_classes, at, y[at], prior)


def read_sets(
    root: Path, names: list[str], true_prior: bool, all_rows: bool = False
) -> Iterator[VoteSet]:
    """Read the sets of a folder, one at a time."""
    for folder in sorted(root.iterdir()):
        if names and folder.name not in names:
            continue
        if (folder / "L.csv.gz").exists():
            yield read_lfs(folder, true_prior, all_rows)
        elif [*folder.glob("annotations.csv*")] and (folder / "gold.csv").exists():
            yield read_crowd(folder)


def run_ours(cls: type, data: VoteSet) -> np.ndarray:
    options: dict[str, Any] = {"classes": np.arange(data.n_classes)}
    if data.class_prior is not None:
        options["class_prior"] = data.class_prior
    if data.kind == "crowd" and "lf_kind" in cls._parameter_constraints:
        options["lf_kind"] = "worker"
    votes = data.votes()
    model = cls(**options).fit(votes)
    return model.predict_proba(votes)


def run_crowd_kit(name: str, data: VoteSet) -> np.ndarray:
    import crowdkit.aggregation

    model = getattr(crowdkit.aggregation, name)()
    if name in ("Wawa", "ZeroBasedSkill"):
        # Their predict fails with scikit-learn 1.7 and later; this is what it does.
        skills = model.fit(data.judgements).skills_
        model = crowdkit.aggregation.MajorityVote()
        proba: Any = model.fit(data.judgements, skills=skills).probas_
    else:
        proba = model.fit_predict_proba(data.judgements)
    proba = proba.reindex(columns=range(data.n_classes), fill_value=0.0)
    # Samples that no worker judged are in no answer of crowd-kit.
    return proba.reindex(range(data.shape[0])).fillna(1 / data.n_classes).to_numpy()


def run_snorkel(name: str, max_cells: float, data: VoteSet) -> np.ndarray:
    import torch
    from snorkel.labeling import model as snorkel_model

    torch.set_num_threads(1)  # idle threads burn CPU time
    if (cells := data.shape[0] * data.shape[1] * data.n_classes) > max_cells:
        raise MemoryError(f"{cells:.1e} cells of one-hot votes exceed --max-cells")
    votes = votes_to_dense(data.votes()).astype(np.int64)
    if name == "MajorityLabelVoter":
        return snorkel_model.MajorityLabelVoter(data.n_classes).predict_proba(votes)
    model = snorkel_model.LabelModel(data.n_classes, verbose=False)
    balance = None if data.class_prior is None else data.class_prior.tolist()
    model.fit(votes, class_balance=balance, seed=0, progress_bar=False)
    return model.predict_proba(votes)


def find_models(max_cells: float) -> dict[str, Model]:
    """Return the label models that are installed, by name."""
    models: dict[str, Model] = {}
    for name in OURS:
        cls = getattr(sklabel.label_model, name, None)
        if cls is not None:
            models[f"sklabel {name}"] = partial(run_ours, cls)
    if find_spec("crowdkit") is not None:
        import crowdkit.aggregation  # noqa: F401  # once, not in every process

        for name in CROWD_KIT:
            models[f"crowd-kit {name}"] = partial(run_crowd_kit, name)
    if find_spec("snorkel") is not None:
        import snorkel.labeling.model  # noqa: F401

        for name in ("LabelModel", "MajorityLabelVoter"):
            models[f"snorkel {name}"] = partial(run_snorkel, name, max_cells)
    return models


def score(proba: np.ndarray, gold: np.ndarray) -> dict[str, float]:
    if not np.isfinite(proba).all():
        raise ArithmeticError(f"{(~np.isfinite(proba)).any(axis=1).sum()} rows are NaN")
    confidence = proba.max(axis=1)
    tied = np.abs(proba - confidence[:, None]) < 1e-9
    of_gold = np.arange(len(gold)), gold
    right = tied[of_gold] / tied.sum(axis=1)
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = np.bincount(bins, right - confidence, minlength=15)
    return {
        "accuracy": right.mean(),
        "nll": -np.log(np.clip(proba[of_gold], 1e-6, 1)).mean(),
        "ece": np.abs(gaps).sum() / len(gold),
        "macro_f1": f1_score(gold, proba.argmax(axis=1), average="macro"),
    }


def work(model: Model, data: VoteSet, pipe: Any) -> None:
    """Fit and score in a process of its own; send back scores or what went wrong."""
    warnings.simplefilter("ignore")
    start = time.process_time()
    try:
        proba = model(data)
        seconds = time.process_time() - start
        scores = score(proba[data.scored], data.gold)
        pipe.send({**scores, "cpu_s": seconds, "error": ""})
    except Exception as error:
        pipe.send({"error": f"{type(error).__name__}: {error}"[:120]})


def run_limited(model: Model, data: VoteSet, limit: float) -> dict[str, Any]:
    """Run a model in a process that is stopped after `limit` seconds."""
    # A fork need not import the peers anew, which takes longer than most fits.
    context: Any = multiprocessing.get_context("fork" if os.name == "posix" else None)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(model, data, sender))
    process.start()
    sender.close()
    try:
        if receiver.poll(limit):
            return receiver.recv()
        return {"error": f"stopped after {limit:g} s"}
    except EOFError:
        return {"error": "the process died, for instance out of memory"}
    finally:
        process.kill()
        process.join()


def interval(values: np.ndarray) -> str:
    """Return a 95 % bootstrap interval of the mean."""
    drawn = np.random.default_rng(0).integers(len(values), size=(10_000, len(values)))
    low, high = np.quantile(values[drawn].mean(axis=1), [0.025, 0.975])
    return f"[{low:.3f}, {high:.3f}]"


def family_means(results: pd.DataFrame) -> pd.DataFrame:
    """Average over families of sets, with intervals, best NLL first."""
    kept = results[(results["error"] == "") & ~results["set"].isin(NOT_IN_MEANS)]
    by_family = kept.groupby(["estimator", "family"])[list(METRICS)].mean()
    rows = []
    for name, part in by_family.groupby(level="estimator"):
        part = part.droplevel("estimator")
        row: dict[str, Any] = {"estimator": name, "families": len(part)}
        for metric, digits in METRICS.items():
            row[metric] = f"{part[metric].mean():.{digits}f}"
            if metric in ("accuracy", "nll"):
                row[metric] += " " + interval(part[metric].to_numpy())
        if BASELINE in by_family.index:
            gain = (part["accuracy"] - by_family.loc[BASELINE]["accuracy"]).dropna()
            row["accuracy - MV"] = f"{gain.mean():+.4f} " + interval(gain.to_numpy())
        rows.append(row)
    return pd.DataFrame(rows).sort_values("nll")


def markdown(table: pd.DataFrame) -> str:
    cells = [list(map(str, table.columns)), ["---"] * table.shape[1]]
    cells += [list(map(str, row)) for row in table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def per_set(results: pd.DataFrame, metric: str) -> pd.DataFrame:
    table = results.pivot(index="estimator", columns="set", values=metric)
    written = table.map(f"{{:.{METRICS[metric]}f}}".format).replace("nan", "-")
    return written.reset_index()


def report(results: pd.DataFrame) -> None:
    for kind, part in results.groupby("kind"):
        print(f"\n## {kind} sets: means over families\n")
        print(markdown(family_means(part)))
        for metric in METRICS:
            print(f"\n### {kind} sets: {metric}\n")
            print(markdown(per_set(part, metric)))
    failed = results.loc[results["error"] != "", ["set", "estimator", "error"]]
    if len(failed):
        print("\n## Not run\n\n" + markdown(failed))


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--data", type=Path, required=True, help="folder of sets")
    parser.add_argument("--sets", nargs="*", default=[], help="names; default: all")
    parser.add_argument("--estimators", nargs="*", default=[""], help="parts of names")
    parser.add_argument("--class-prior", choices=["model", "true"], default="model")
    parser.add_argument("--time-limit", type=float, default=600, help="s per fit")
    parser.add_argument("--max-cells", type=float, default=1e8, help="for dense peers")
    parser.add_argument("--csv", type=Path, help="write all results to this file")
    args = parser.parse_args()

    models = find_models(args.max_cells)
    chosen = [n for n in models if any(part in n for part in args.estimators)]
    rows = []
    for data in read_sets(args.data, args.sets, args.class_prior == "true"):
        family = FAMILIES.get(data.name, data.name)
        about = {"set": data.name, "kind": data.kind, "family": family}
        for name in chosen:
            result = run_limited(models[name], data, args.time_limit)
            rows.append({**about, "estimator": name, **result})
            if args.csv:
                pd.DataFrame(rows).to_csv(args.csv, index=False)
    if not rows:
        raise SystemExit(f"No set in {args.data} or no estimator by these names.")
    report(pd.DataFrame(rows, columns=[*about, "estimator", *METRICS, "error"]))


if __name__ == "__main__":
    main()
