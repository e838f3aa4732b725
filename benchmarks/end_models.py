"""What end models learn from votes and features together, beside five other ways.

Sets of texts with votes are split at random into rows to train on and new rows. Gold
labels score and are not seen, except by "gold" and those of `--gold`. Methods:

    plain     WeakSupervisionClassifier with n_rounds=0: soft labels of the votes
    rounds    WeakSupervisionClassifier, with its default of n_rounds
    crowdlab  soft labels of CROWDLAB (Goh et al. 2022, arXiv:2210.06812): a weighted
              mean of the votes and of an out-of-fold classifier that learns the
              majority of the votes; rows without votes train no end model
    crowdlab+ the same, from the consensus of LabelModel
    majority  hard majority of the votes, ties to the first class; its labels are
              scored as shares of the votes
    gold      gold labels of all rows to train on

`weather5` has 20 judgements a row, its `_3` and `_1` that many random votes and 30 % of
the rows without; so have those of `babe`. `weather2` and `posts` have workers and the
polarity of words; `spouse_prior` is given the class shares. trec, claude9 and spouse
are cut to 4,000 rows. Crowds are people (`lf_kind="worker"`). Ties split evenly,
log-loss cuts at 1e-6, ECE has 15 bins. AUROC: how well 1 - P(label that the votes
alone give) finds wrong labels, among rows with votes. "Better" counts resplits, which
overlap; equal is not better. "Mean of folders" counts sets with the same texts once.

    python benchmarks/end_models.py --data DIR --cache DIR --csv results.csv
    python benchmarks/end_models.py --data DIR --sets posts trec --end-model rf
    python benchmarks/end_models.py --data DIR --features tfidf --draws 3
    python benchmarks/end_models.py --data DIR --gold 20 --methods plain rounds
    python benchmarks/end_models.py --data DIR --cache DIR --self-confirmation
    python benchmarks/end_models.py --cost
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from _crowdlab import consensus_of, crowdlab_labels
from _text_sets import SETS, TextSet, read_set
from label_models import score
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklabel import LabelModel, SoftLabelClassifier, WeakSupervisionClassifier

END_MODELS: dict[str, Callable[[], Any]] = {
    "lr": lambda: LogisticRegression(max_iter=1000),
    "hgb": lambda: HistGradientBoostingClassifier(max_iter=60, random_state=0),
    "rf": lambda: RandomForestClassifier(100, random_state=0),
    "nb": GaussianNB,
    "knn": lambda: KNeighborsClassifier(15),
    "svm": lambda: CalibratedClassifierCV(LinearSVC(random_state=0)),
}
# Scores of which more is better; the others are losses.
GAINS = ("accuracy", "macro_f1", "label_accuracy", "voted_accuracy")
GAINS += ("unvoted_accuracy", "auroc")
COMPARED = [*GAINS[:2], "nll", "ece", "label_accuracy", "label_nll", "label_ece"]
COMPARED += GAINS[3:]
# What rounds may lose in the mean over the resplits of a set.
MOST_LOST = {"accuracy": 0.01, "label_accuracy": 0.01, "nll": 0.02, "label_nll": 0.02}


class Part(NamedTuple):
    """Rows to train on.

    `X`: their positions in the set, from which `lfs` and `end_model` look up votes and
    features. `y`: gold labels that are given, else -1. `votes_proba`: what LabelModel
    makes of the votes.
    """

    data: TextSet
    X: np.ndarray
    y: np.ndarray
    votes_proba: np.ndarray
    lfs: Any
    end_model: Any

    @property
    def voted(self) -> np.ndarray:
        """Rows with votes."""
        return (self.data.votes >= 0).any(axis=1)

    @property
    def used(self) -> np.ndarray:
        """Rows with a vote or a gold label."""
        return self.voted | (self.y >= 0)

    def pinned(self, proba: np.ndarray) -> np.ndarray:
        """Make rows with a gold label certain."""
        return np.where(self.y[:, None] >= 0, np.eye(proba.shape[1])[self.y], proba)

    def vote_counts(self) -> np.ndarray:
        """Return the votes for each class."""
        votes = self.data.votes
        return np.stack([(votes == k).sum(axis=1) for k in self.data.classes], axis=1)

    def train(self, rows: np.ndarray, labels: np.ndarray) -> Any:
        """Train the end model on labels, hard or soft, of some rows."""
        model = SoftLabelClassifier(self.end_model, classes=self.data.classes)
        return model.fit(self.X[rows], labels[rows])


class Answer(NamedTuple):
    """An end model and the labels of the rows that it was trained on."""

    model: Any
    labels: np.ndarray | None = None
    guard: str = ""


def by_position(table: np.ndarray) -> FunctionTransformer:
    """Look rows up; clones share the table, as they share the function."""
    return FunctionTransformer(lambda X: table[np.asarray(X)[:, 0].astype(int)])


def make_end_model(name: str, data: TextSet, features: str) -> Any:
    """Return features and classifier; TF-IDF learns from the rows to train on."""
    if features == "minilm":
        return make_pipeline(by_position(data.embeddings), END_MODELS[name]())
    steps: list[Any] = [by_position(data.texts), TfidfVectorizer()]
    if name in ("hgb", "nb"):
        steps.append(FunctionTransformer(lambda X: X.toarray(), accept_sparse=True))
    classifier = END_MODELS[name]()
    if name == "lr":
        classifier.set_params(C=10)
    return make_pipeline(*steps, classifier)


def weakly(part: Part, **options: Any) -> WeakSupervisionClassifier:
    """Fit the estimator of the package."""
    label_model = part.data.label_model()
    model = WeakSupervisionClassifier(part.lfs, label_model, part.end_model, **options)
    return model.fit(part.X, part.y if (part.y >= 0).any() else None)


def rounds(part: Part, **options: Any) -> Answer:
    model = weakly(part, **options)
    return Answer(model, model.label_proba_, model.guard_ or "")


def majority(part: Part) -> Answer:
    counts = part.vote_counts()
    hard = np.where(part.y >= 0, part.y, counts.argmax(axis=1))
    shares = (counts + 1e-9) / (counts + 1e-9).sum(axis=1, keepdims=True)
    return Answer(part.train(part.used, hard), part.pinned(shares))


def from_gold(part: Part) -> Answer:
    return Answer(part.train(part.data.y >= 0, part.data.y))


def crowdlab(part: Part, by_model: bool = False) -> Answer:
    """Label rows by CROWDLAB; gold labels that are given are the consensus."""
    counts, voted, gold = part.vote_counts(), part.voted, part.y
    by_votes = part.votes_proba.argmax(axis=1) if by_model else consensus_of(counts)
    consensus = np.where(gold >= 0, gold, by_votes)
    opinion = np.empty(counts.shape)
    for train, test in KFold(5, shuffle=True, random_state=0).split(counts):
        fold = part.train(train[part.used[train]], consensus)
        opinion[test] = fold.predict_proba(part.X[test])
    if not by_model:
        consensus = np.where(gold >= 0, gold, consensus_of(counts, opinion))
    labels = opinion.copy()
    args = part.data.votes, counts, consensus, opinion
    labels[voted] = crowdlab_labels(*[rows[voted] for rows in args])
    labels = part.pinned(labels)
    return Answer(part.train(part.used, labels), labels)


METHODS: dict[str, Callable[[Part], Answer]] = {
    "plain": partial(rounds, n_rounds=0),
    "rounds": rounds,
    "crowdlab": crowdlab,
    "crowdlab+": partial(crowdlab, by_model=True),
    "majority": majority,
    "gold": from_gold,
}


def label_scores(part: Part, labels: np.ndarray) -> dict[str, float]:
    """Score the labels of rows without a gold label."""
    scored, y = part.y < 0, part.data.y
    found = {}
    groups = {"label": scored, "voted": scored & part.voted}
    groups["unvoted"] = scored & ~part.voted
    for name, rows in groups.items():
        if rows.any():
            scores = score(labels[rows], y[rows])
            found |= {f"{name}_{key}": value for key, value in scores.items()}
    rows = groups["voted"]
    label = part.votes_proba[rows].argmax(axis=1)
    is_wrong = label != y[rows]
    if 0 < is_wrong.sum() < len(is_wrong):
        doubt = 1 - labels[rows][np.arange(len(label)), label]
        found["auroc"] = roc_auc_score(is_wrong, doubt)
    return found


def make_part(
    data: TextSet, rows: np.ndarray, end_model: Any, n_gold: int = 0, draw: int = 0
) -> Part:
    """Return rows to train on, with a few gold labels."""
    y = np.full(len(rows), -1)
    known = np.random.default_rng([n_gold, draw]).permutation(len(rows))[:n_gold]
    y[known] = data.y[rows][known]
    lfs, drawn = by_position(data.votes), data.at(rows)
    votes_proba = data.label_model().fit(drawn.votes, y).predict_proba(drawn.votes)
    return Part(drawn, rows[:, None], y, votes_proba, lfs, end_model)


def run(data: TextSet, n_draws: int, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return a row per resplit and method."""
    end_model = make_end_model(args.end_model, data, args.features)
    rows = []
    for draw, (train, test) in enumerate(data.splits(n_draws)):
        part = make_part(data, train, end_model, args.gold, draw)
        for name in args.methods:
            start = time.process_time()
            answer = METHODS[name](part)
            seconds = time.process_time() - start
            scores = score(answer.model.predict_proba(test[:, None]), data.y[test])
            if answer.labels is not None:
                scores |= label_scores(part, answer.labels)
            about = {"set": data.name, "draw": draw, "method": name}
            rows.append({**about, **scores, "cpu_s": seconds, "guard": answer.guard})
    return rows


def cells(results: pd.DataFrame, metrics: list[str], join: str) -> pd.DataFrame:
    """Return means over resplits: a line per set, a column per method."""
    metrics = [metric for metric in metrics if metric in results]
    means = results.groupby(["set", "method"], sort=False)[metrics].mean()
    text = means.map("{:.3f}".format).replace("nan", "-").agg(join.join, axis=1)
    table = text.unstack("method")
    return table.reindex(index=means.index.unique("set"), columns=[*METHODS])


def main_table(results: pd.DataFrame) -> pd.DataFrame:
    """Return end models on new rows, then labels: plain -> rounds (crowdlab)."""
    table = cells(results, ["accuracy", "nll"], " / ")
    columns = {"labels": ["label_accuracy", "label_nll"], "AUROC": ["auroc"]}
    if not {*results["method"]} >= {"plain", "rounds"}:
        return table
    for title, metrics in columns.items():
        of = cells(results, metrics, " / ").fillna("-")
        table[title] = of["plain"] + " -> " + of["rounds"]
        table[title] += " (" + of["crowdlab"] + ")"
    return table


def gain_of(results: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rounds less plain of each set: means, and shares of better resplits."""
    metrics = [metric for metric in COMPARED if metric in results]
    by = results.set_index(["set", "draw", "method"])[metrics]
    gain = by.xs("rounds", level="method") - by.xs("plain", level="method")
    sign = [1 if metric in GAINS else -1 for metric in metrics]
    better = (gain * sign > 0).where(gain.notna()).astype(float)
    by_set = [table.groupby(level="set", sort=False).mean() for table in (gain, better)]
    return by_set[0], by_set[1]


def show(title: str, table: pd.DataFrame) -> None:
    table = table.dropna(axis="columns", how="all").fillna("-")
    table.index.name = table.columns.name = None
    print(f"\n{title}\n{table.to_string()}", flush=True)


def report(results: pd.DataFrame) -> None:
    title = "New rows: accuracy / log-loss; labels: plain -> rounds (crowdlab)"
    show(title, main_table(results))
    show("New rows: macro-F1", cells(results, ["macro_f1"], ""))
    labels = {"label_accuracy": "accuracy", "label_nll": "log-loss"}
    labels |= {"voted_accuracy": "with votes", "unvoted_accuracy": "without votes"}
    labels |= {"auroc": "AUROC of wrong labels"}
    for metric, title in labels.items():
        if metric in results:
            where = "" if metric == "auroc" else "Labels of the training rows: "
            show(where + title, cells(results, [metric], ""))
    both = {*results["method"]} >= {"plain", "rounds"}
    if both:
        report_gain(results)
    for metric, where in [("ece", "new rows"), ("label_ece", "training labels")]:
        if metric in results:
            show(f"Reliability, {where}: ECE", cells(results, [metric], ""))
    guarded = results[results["guard"] != ""].groupby("set", sort=False)["guard"]
    for name, reasons in guarded:
        print(f"\n{name}: no rounds in {len(reasons)} resplits: {reasons.iloc[0]}")


def report_gain(results: pd.DataFrame) -> None:
    """Print what rounds add to plain, and where they lose too much."""
    mean, better = gain_of(results)
    share = better.map(" ({:.0%})".format).replace(" (nan%)", "")
    table = mean.map("{:+.3f}".format).replace("+nan", "-") + share
    sign = pd.Series({metric: 1 if metric in GAINS else -1 for metric in mean})
    worst = (mean * sign).idxmin()
    table.loc["worst"] = [f"{mean.loc[worst[m], m]:+.3f} {worst[m]}" for m in mean]
    folder = pd.Series({name: SETS[name][0] for name in mean.index})
    table.loc["mean of sets"] = mean.mean().map("{:+.3f}".format)
    by_folder = mean.groupby(folder).mean()
    table.loc["mean of folders"] = by_folder.mean().map("{:+.3f}".format)
    show("rounds - plain (share of resplits that are better)", table)
    lost = [
        f"{name} {metric} {mean.loc[name, metric]:+.3f}"
        for metric, most in MOST_LOST.items()
        for name in mean.index
        if sign[metric] * mean.loc[name, metric] < -most
    ]
    print("\nRounds lose too much: " + (", ".join(lost) or "nowhere"))


def self_confirmation(args: argparse.Namespace) -> None:
    """Print how certain labels are, where nothing can be learned or all is memorised.

    Rounds may make labels as certain as they are right, no more.
    """
    rows = []
    for name in ("youtube", "weather5"):
        data = read_set(name, args.data, args.cache, minilm=True)
        train, _ = next(data.splits(1))
        rng = np.random.default_rng(0)
        at_random = rng.integers(data.n_classes, size=data.votes.shape)
        at_random = np.where(data.votes >= 0, at_random, -1)
        busiest = np.argmax((data.votes >= 0).sum(axis=0))
        slips = rng.random(len(data.y)) < 0.3
        off = data.y + rng.integers(1, data.n_classes, size=len(data.y))
        simulated = np.where(slips, off % data.n_classes, data.y)[:, None]
        tree = DecisionTreeClassifier(random_state=0)
        cases: dict[str, tuple[np.ndarray, Any]] = {
            "random votes": (at_random, None),
            "one voter, the busiest": (data.votes[:, [busiest]], None),
            "one voter, 70 % right": (simulated, None),
            "memorising tree": (data.votes, tree),
            "random votes, memorising tree": (at_random, tree),
        }
        for case, (votes, feature_model) in cases.items():
            changed = TextSet(**{**vars(data), "votes": votes})
            end_model = make_end_model(args.end_model, changed, "minilm")
            part = make_part(changed, train, end_model)
            for label, n_rounds in [("plain", 0), ("rounds", 3)]:
                model = weakly(part, n_rounds=n_rounds, feature_model=feature_model)
                proba, y = model.label_proba_[part.voted], part.data.y[part.voted]
                scores = score(proba, y)
                about = {"set": name, "case": case, "method": label}
                about |= {"rows": part.voted.sum()}
                about |= {"confidence": proba.max(axis=1).mean()}
                about |= {key: scores[key] for key in ("accuracy", "ece", "nll")}
                if hasattr(model, "oof_proba_"):
                    out_of_fold = score(model.oof_proba_[part.voted], y)
                    about |= {"oof_accuracy": out_of_fold["accuracy"]}
                guard = (getattr(model, "guard_", None) or "-")[:70]
                rows.append({**about, "guard": guard})
    table = pd.DataFrame(rows).set_index(["set", "case", "method"])
    print(table.round(3).to_string(na_rep="-"))


def cost(args: argparse.Namespace) -> None:
    """Time both on 50,000 rows of 384 features with five voters, in one run."""
    rng = np.random.default_rng(0)
    n, n_features, n_voters = 50_000, 384, 5
    # Spread over directions as MiniLM's is: solvers need more steps than on noise.
    spread = 1.6 * np.arange(1, n_features + 1) ** -0.4
    X = (rng.normal(size=(n, n_features)) * spread).astype(np.float32)
    signal = X @ rng.normal(size=n_features)
    y = (signal + 0.5 * rng.logistic(size=n) > 0).astype(int)
    votes = np.where(rng.random((n, n_voters)) < 0.7, y[:, None], 1 - y[:, None])
    votes[rng.random(votes.shape) < 0.4] = -1
    data = TextSet("cost", np.empty(n, dtype=object), votes, y, 2, embeddings=X)
    end_model = make_end_model(args.end_model, data, "minilm")
    part = make_part(data, np.arange(n), end_model)
    LabelModel(classes=[0, 1]).fit(votes[:1000])  # first calls import
    seconds = {}
    for n_rounds in (0, 3):
        start = time.perf_counter(), time.process_time()
        weakly(part, n_rounds=n_rounds)
        now = time.perf_counter(), time.process_time()
        seconds[n_rounds] = [b - a for a, b in zip(start, now, strict=True)]
        print(
            f"n_rounds={n_rounds}: {seconds[n_rounds][0]:.1f} s, CPU "
            f"{seconds[n_rounds][1]:.1f} s on {n:,} rows x {n_features} features"
        )
    ratios = [b / a for a, b in zip(seconds[0], seconds[3], strict=True)]
    print(f"ratio {ratios[0]:.1f}, of CPU time {ratios[1]:.1f}")


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--data", type=Path, help="folder of sets")
    parser.add_argument("--sets", nargs="*", choices=SETS, default=[*SETS])
    parser.add_argument("--methods", nargs="*", choices=METHODS, default=[*METHODS])
    parser.add_argument("--draws", type=int, help="default: 10, 20 or 40 by set")
    parser.add_argument("--end-model", choices=END_MODELS, default="lr")
    parser.add_argument("--features", choices=["minilm", "tfidf"], default="minilm")
    parser.add_argument("--gold", type=int, default=0, help="gold labels to train on")
    parser.add_argument("--cache", type=Path, help="folder of embeddings")
    parser.add_argument("--csv", type=Path, help="write all results to this file")
    parser.add_argument("--self-confirmation", action="store_true", help="instead")
    parser.add_argument("--cost", action="store_true", help="instead")
    args = parser.parse_args()
    warnings.simplefilter("ignore")

    if args.cost:
        cost(args)
        return
    if args.data is None:
        if args.sets != ["posts"] or args.self_confirmation:
            parser.error("--data is needed, except for --cost and --sets posts")
        args.data = Path()
    if args.gold < 0 or (args.draws is not None and args.draws < 1):
        parser.error("--draws must be at least 1, and --gold at least 0")
    folders = {args.data / SETS[name][0] for name in args.sets if name != "posts"}
    if missing := sorted(str(path) for path in folders if not path.is_dir()):
        parser.error(f"no folders {', '.join(missing)}; choose other --sets")
    if args.self_confirmation:
        self_confirmation(args)
        return
    rows: list[dict[str, Any]] = []
    for name in args.sets:
        data = read_set(name, args.data, args.cache, args.features == "minilm")
        n_draws = args.draws or SETS[name][1]
        rows += run(data, n_draws, args)
        print(f"{name}: {n_draws} resplits", flush=True)
        if args.csv:
            pd.DataFrame(rows).to_csv(args.csv, index=False)
    report(pd.DataFrame(rows))


if __name__ == "__main__":
    main()
