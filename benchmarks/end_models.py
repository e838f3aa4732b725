"""End models and labels with and without rounds of votes and features.

Beside `rounds` (WeakSupervisionClassifier) and `plain` (the same with n_rounds=0) stand
CROWDLAB (Goh et al., arXiv:2210.06812: one classifier out of fold, weighed against the
annotators by agreement), the hard majority vote, and gold labels for all train rows.
Sets are the posts of the package and, with ``--data DIR``, the real sets of a folder
that have texts, in full and thinned to 3 or 1 votes a row with none on 30 % of the
rows. Features are MiniLM embeddings, or TF-IDF. Each resplit trains on up to 2,000 rows
(1,000 for more than two classes) and tests on others.

Printed are accuracy, macro-F1, log-loss (clipped at 1e-6) and ECE (15 bins) on new rows
and of the labels of the train rows (ties split), the AUROC of label errors among rows
with votes, and differences of `rounds` to `plain` with the share of resplits that are
better. Everything follows from the seeds.

    python benchmarks/end_models.py --data DIR --cache DIR --csv results.csv
    python benchmarks/end_models.py --data DIR --end-model nb --draws 3
    python benchmarks/end_models.py --data DIR --self-confirmation
    python benchmarks/end_models.py --cost
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from _text_sets import TextSet, read_text_sets
from sklearn.base import ClassifierMixin, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from sklabel import LabelModel, SoftLabelClassifier, WeakSupervisionClassifier

END_MODELS: dict[str, ClassifierMixin] = {
    "lr": LogisticRegression(max_iter=1000),
    "hgb": HistGradientBoostingClassifier(max_iter=60, random_state=0),
    "rf": RandomForestClassifier(100, random_state=0),
    "nb": GaussianNB(),
    "knn": KNeighborsClassifier(15),
    "svm": CalibratedClassifierCV(LinearSVC()),
}
METHODS = ["plain", "rounds", "crowdlab", "majority", "gold"]
# Resplits, where it is not said how many: of small sets more.
DRAWS = {"posts": 40, "weather2": 40, "weather5_3": 20}
DEFAULT_DRAWS = 10
LEAST = 1e-6


class Labels(NamedTuple):
    """What a method gives: probabilities of new rows, and of the train rows."""

    test: np.ndarray
    train: np.ndarray | None = None
    guard: str = ""


class Task(NamedTuple):
    """A resplit: a set, its train and test rows, gold labels, and the end model."""

    data: TextSet
    train: np.ndarray
    test: np.ndarray
    gold: np.ndarray | None
    end: Any
    label_model: Any

    @property
    def votes(self) -> np.ndarray:
        """Votes on the train rows."""
        return self.data.votes[self.train]


def end_model(data: TextSet, name: str, features: str) -> Any:
    """Return the end model on row numbers of the set."""
    classifier = clone(END_MODELS[name])
    if features == "tfidf":
        if name == "lr":
            classifier.set_params(C=10)
        texts = FunctionTransformer(lambda rows: data.texts[rows[:, 0]])
        return make_pipeline(texts, TfidfVectorizer(), classifier)
    look_up = FunctionTransformer(lambda rows: data.features[rows[:, 0]])
    return make_pipeline(look_up, classifier)


def numbers(rows: np.ndarray) -> np.ndarray:
    return rows[:, None]


# Methods


def workflow(task: Task, **options: Any) -> Labels:
    """Run WeakSupervisionClassifier."""
    data = task.data
    lfs = FunctionTransformer(lambda rows: data.votes[rows[:, 0]])
    clf = WeakSupervisionClassifier(lfs, task.label_model, task.end, **options)
    clf.fit(numbers(task.train), task.gold)
    test = clf.predict_proba(numbers(task.test))
    return Labels(test, clf.label_proba_, clf.guard_ or "")


def plain(task: Task) -> Labels:
    return workflow(task, n_rounds=0)


def rounds(task: Task) -> Labels:
    return workflow(task)


def counts_of(votes: np.ndarray, n_classes: int) -> np.ndarray:
    return np.stack([(votes == c).sum(axis=1) for c in range(n_classes)], axis=1)


def majority(task: Task) -> Labels:
    """Train on the majority vote of rows that have votes."""
    counts = counts_of(task.votes, task.data.n_classes).astype(float)
    voted = counts.sum(axis=1) > 0
    top = counts == counts.max(axis=1, keepdims=True)
    label = top / top.sum(axis=1, keepdims=True)
    return Labels(
        trained_on(task, np.eye(label.shape[1])[counts.argmax(1)], voted), label
    )


def gold(task: Task) -> Labels:
    right = np.eye(task.data.n_classes)[task.data.y[task.train]]
    return Labels(trained_on(task, right, np.ones(len(right), bool)))


def trained_on(task: Task, proba: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Train the end model on some rows, and return its probabilities of new ones."""
    classes = np.arange(task.data.n_classes)
    fitted = SoftLabelClassifier(task.end, classes=classes)
    fitted.fit(numbers(task.train[rows]), proba[rows])
    return fitted.predict_proba(numbers(task.test))


def crowdlab(task: Task) -> Labels:
    """Weigh a classifier and annotators by how well they agree (CROWDLAB).

    The consensus is that of the label model, which is a better start than a majority
    vote; the classifier is trained on it, out of fold. An answer stands for a
    distribution with P on it, the mean agreement of answers with the consensus.
    Annotators are weighed by ``1 - error / error of the commonest class``, by agreement
    with the consensus where others answered too; the classifier likewise, times the
    square root of the mean number of answers.
    """
    votes, n_classes = task.votes, task.data.n_classes
    counts = counts_of(votes, n_classes)
    n_votes = counts.sum(axis=1)
    voted = n_votes > 0
    consensus = plain(task).train.argmax(axis=1)
    opinion = np.full(counts.shape, 1 / n_classes)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    present = np.unique(consensus[voted])
    opinion[voted] = 0
    opinion[np.ix_(voted, present)] = cross_val_predict(
        clone(task.end),
        numbers(task.train[voted]),
        consensus[voted],
        cv=folds,
        method="predict_proba",
    )
    if not voted.all():
        fitted = clone(task.end).fit(numbers(task.train[voted]), consensus[voted])
        others = fitted.predict_proba(numbers(task.train[~voted]))
        opinion[np.ix_(~voted, present)] = others
    several = n_votes > 1
    cast = (votes >= 0) & several[:, None]
    agree = cast & (votes == consensus[:, None])
    n_cast = cast.sum(axis=0)
    mean = agree.sum() / max(cast.sum(), 1) if several.any() else 0.7
    P = np.clip(mean, 1 / n_classes, 0.99)
    of_annotator = np.where(n_cast > 0, agree.sum(0) / np.maximum(n_cast, 1), mean)
    commonest = np.bincount(consensus[voted], minlength=n_classes).argmax()
    judged = several if several.any() else voted
    error = max(np.mean(consensus[judged] != commonest), 1e-3)
    weight = np.maximum(1 - (1 - of_annotator) / error, 1e-3)
    right = np.mean(opinion[judged].argmax(axis=1) == consensus[judged])
    of_model = max(1 - (1 - right) / error, 1e-3) * np.sqrt(n_votes[voted].mean())
    total, norm = of_model * opinion, np.full(len(votes), of_model)
    for j, w in enumerate(weight):
        at = np.flatnonzero(votes[:, j] >= 0)
        answer = np.full((len(at), n_classes), (1 - P) / (n_classes - 1))
        answer[np.arange(len(at)), votes[at, j]] = P
        total[at] += w * answer
        norm[at] += w
    label = total / norm[:, None]
    return Labels(trained_on(task, label, voted), label)


# Scores


def accuracy(proba: np.ndarray, y: np.ndarray) -> float:
    top = proba >= proba.max(axis=1, keepdims=True) - 1e-9
    return float(np.mean(top[np.arange(len(y)), y] / top.sum(axis=1)))


def log_loss(proba: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(np.clip(proba[np.arange(len(y)), y], LEAST, 1)).mean())


def ece(proba: np.ndarray, y: np.ndarray, n_bins: int = 15) -> float:
    sure, right = proba.max(axis=1), proba.argmax(axis=1) == y
    part = np.minimum((sure * n_bins).astype(int), n_bins - 1)
    gaps = np.bincount(part, right - sure, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(y))


def scores(labels: Labels, task: Task, by_votes: np.ndarray) -> dict[str, float]:
    y, right = task.data.y[task.test], task.data.y[task.train]
    row = {
        "acc": accuracy(labels.test, y),
        "loss": log_loss(labels.test, y),
        "ece": ece(labels.test, y),
        "F1": f1_score(y, labels.test.argmax(axis=1), average="macro"),
    }
    if labels.train is None:
        return row
    voted = (task.votes >= 0).any(axis=1)
    scored = np.ones(len(right), bool) if task.gold is None else task.gold < 0
    proba, voted = labels.train[scored], voted[scored]
    right, of_votes = right[scored], by_votes[scored].argmax(axis=1)
    row |= {
        "label acc": accuracy(proba, right),
        "label loss": log_loss(proba, right),
        "label ece": ece(proba, right),
        "voted acc": accuracy(proba[voted], right[voted]),
    }
    wrong = (of_votes != right)[voted]
    if 0 < wrong.sum() < len(wrong):
        doubt = 1 - proba[np.arange(len(proba)), of_votes]
        row["AUROC"] = roc_auc_score(wrong, doubt[voted])
    if not voted.all():
        row["bare acc"] = accuracy(proba[~voted], right[~voted])
    return row


# Tables


def run(data: TextSet, args: argparse.Namespace) -> pd.DataFrame:
    """Return a row for each resplit and method."""
    options: dict[str, Any] = {"classes": np.arange(data.n_classes)}
    options |= {} if data.prior is None else {"class_prior": data.prior}
    model = LabelModel(lf_kind=data.kind, **options)
    end = end_model(data, args.end_model, args.features)
    n_draws = args.draws or DRAWS.get(data.name, DEFAULT_DRAWS)
    rows = []
    for draw, (train, test) in enumerate(data.splits(n_draws)):
        drawn = None
        if args.gold:
            at = np.random.default_rng(draw).permutation(len(train))[: args.gold]
            drawn = np.full(len(train), -1)
            drawn[at] = data.y[train[at]]
        task = Task(data, train, test, drawn, end, model)
        by_votes = plain(task).train
        for name in args.methods:
            began = time.perf_counter()
            labels = globals()[name](task)
            row = scores(labels, task, by_votes)
            row["seconds"] = time.perf_counter() - began
            rows.append({"set": data.name, "draw": draw, "method": name, **row})
            if labels.guard and draw == 0:
                print(f"{data.name}: {labels.guard}")
    return pd.DataFrame(rows)


def report(results: pd.DataFrame) -> None:
    """Print means by set and method, and the differences of rounds to plain."""
    mean = results.drop(columns="draw").groupby(["set", "method"], sort=False).mean()
    print("\nMeans over resplits")
    print(mean.round(3).to_string())
    if not {"plain", "rounds"} <= set(results["method"]):
        return
    wide = results.set_index(["set", "draw", "method"]).unstack("method")
    lower = {"loss", "ece", "label loss", "label ece"}
    table = {}
    for score in (
        ["acc", "loss", "F1", "ece"]
        + [f"label {s}" for s in ("acc", "loss", "ece")]
        + ["AUROC"]
    ):
        gap = wide[score, "rounds"] - wide[score, "plain"]
        better = (gap < 0) if score in lower else (gap > 0)
        table[score] = gap.groupby("set", sort=False).mean()
        table[f"{score} better"] = better.groupby("set", sort=False).mean()
    gaps = pd.DataFrame(table)
    gaps.loc["mean"] = gaps.mean()
    print("\nrounds - plain, and the share of resplits that are better")
    print(gaps.round(3).to_string())
    sets = gaps.drop(index="mean")
    for score in ("acc", "label acc", "loss", "label loss"):
        worst = sets[score].idxmax() if score in lower else sets[score].idxmin()
        print(f"worst {score}: {worst} {sets.loc[worst, score]:+.3f}")


def self_confirmation(sets: list[TextSet]) -> None:
    """Print whether labels grow surer than they are right."""
    rows = []
    for data in sets:
        train, _ = next(data.splits(1))
        rng, y, k = np.random.default_rng(0), data.y[train], data.n_classes
        shape = len(train), 8
        random = np.where(rng.random(shape) < 0.3, -1, rng.integers(k, size=shape))
        one = np.where(rng.random(len(y)) < 0.6, y, rng.integers(k, size=len(y)))
        tree = DecisionTreeClassifier(random_state=0)
        for what, votes, feature_model in [
            ("its votes", data.votes[train], None),
            ("its votes, memorising tree", data.votes[train], tree),
            ("random votes", random, None),
            ("one voter", one[:, None], None),
        ]:
            clf = WeakSupervisionClassifier(
                FunctionTransformer(lambda rows, votes=votes: votes[rows[:, 0]]),
                LabelModel(classes=np.arange(k)),
                make_pipeline(
                    FunctionTransformer(
                        lambda r, d=data, t=train: d.features[t[r[:, 0]]]
                    ),
                    clone(END_MODELS["lr"]),
                ),
                feature_model=feature_model,
            ).fit(numbers(np.arange(len(train))))
            voted = (votes >= 0).any(axis=1)
            row = {"set": data.name, "votes": what, "rounds": clf.n_rounds_}
            for name, proba in [
                ("before", clf.votes_proba_[voted]),
                ("after", clf.label_proba_[voted]),
            ]:
                row[f"sure {name}"] = proba.max(axis=1).mean()
                row[f"right {name}"] = accuracy(proba, y[voted])
                row[f"ECE {name}"] = ece(proba, y[voted])
            if clf.n_rounds_:
                row["right out of fold"] = accuracy(clf.oof_proba_[voted], y[voted])
                row["last temperature"] = clf.temperatures_[-1]
            rows.append(row)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def cost(n_samples: int = 50_000, n_features: int = 384) -> None:
    """Print what rounds cost on generated features of many texts."""
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=n_samples)
    X = rng.normal(size=(n_samples, n_features)).astype(np.float32)
    X[:, :40] += 0.15 * (2 * y[:, None] - 1)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    votes = np.where(rng.random((n_samples, 10)) < 0.75, y[:, None], 1 - y[:, None])
    votes[rng.random(votes.shape) < 0.7] = -1
    seconds = {}
    for n_rounds in (0, 3):
        clf = WeakSupervisionClassifier(
            FunctionTransformer(lambda rows: votes[rows[:, 0]]),
            LabelModel(classes=[0, 1]),
            make_pipeline(
                FunctionTransformer(lambda rows: X[rows[:, 0]]),
                LogisticRegression(max_iter=1000),
            ),
            n_rounds=n_rounds,
        )
        began = time.perf_counter()
        clf.fit(numbers(np.arange(n_samples)))
        seconds[n_rounds] = time.perf_counter() - began
        print(
            f"{n_samples} rows x {n_features} features, n_rounds={n_rounds}: "
            f"{seconds[n_rounds]:.1f} s"
        )
    print(f"ratio {seconds[3] / seconds[0]:.1f}")


def main() -> None:
    style = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=style)
    parser.add_argument("--data", type=Path, help="folder of real sets")
    parser.add_argument("--cache", type=Path, help="folder that keeps features")
    parser.add_argument("--sets", nargs="*", default=[], help="names of sets")
    parser.add_argument("--methods", nargs="*", default=METHODS, choices=METHODS)
    parser.add_argument("--end-model", default="lr", choices=END_MODELS)
    parser.add_argument("--features", default="minilm", choices=["minilm", "tfidf"])
    parser.add_argument("--draws", type=int, help="resplits of each set")
    parser.add_argument("--gold", type=int, default=0, help="gold labels in training")
    parser.add_argument("--csv", type=Path, help="write all results to this file")
    parser.add_argument("--self-confirmation", action="store_true")
    parser.add_argument("--cost", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.cost:
        cost()
        return
    sets = read_text_sets(args.data, args.sets, args.cache)
    if not sets:
        raise SystemExit("No such set; real ones need --data.")
    if args.self_confirmation:
        self_confirmation(sets)
        return
    parts = []
    for data in sets:
        parts.append(run(data, args))
        print(f"{data.name}: {len(data.y)} rows, done", flush=True)
        if args.csv:
            pd.concat(parts).to_csv(args.csv, index=False)
    report(pd.concat(parts))


if __name__ == "__main__":
    main()
