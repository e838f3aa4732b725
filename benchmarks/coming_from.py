"""The same job in Snorkel, crowd-kit, cleanlab and sklabel: accuracy, log-loss.

The figures of the pages "Coming from" of the site. Data are the posts that come with
the package, whose crowd is simulated, and generated votes and judgements: figures show
where methods differ and why, and are no evidence on real data. Every method has its
defaults unless its name says otherwise. Log-loss cuts at 1e-6; a label is the most
probable class, the first of several. Rows without votes are not scored. `same label`:
share of rows with the same label by both.

    python benchmarks/coming_from.py
    python benchmarks/coming_from.py --peers snorkel --draws 10
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from sklabel import (
    CrowdLabels,
    LabelModel,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
)
from sklabel import label_model as ours
from sklabel.datasets import load_weather_posts, make_crowd_labels, make_lf_votes
from sklabel.inspection import label_issues, lf_summary

LEAST = 1e-6


def scores(proba: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Return accuracy and log-loss of class probabilities."""
    right = np.clip(proba[np.arange(len(y)), y], LEAST, 1)
    return {
        "accuracy": float((proba.argmax(axis=1) == y).mean()),
        "log-loss": float(-np.log(right).mean()),
    }


def show(rows: list[dict[str, Any]], by: list[str]) -> None:
    """Print the means over draws as a Markdown table."""
    table = pd.DataFrame(rows).groupby(by, sort=False).mean().reset_index()
    print("| " + " | ".join(table) + " |\n" + "| --- " * table.shape[1] + "|")
    for row in table.itertuples(index=False):
        cells = [f"{x:.3f}" if isinstance(x, float) else str(x) for x in row]
        print("| " + " | ".join(cells).replace("nan", "") + " |")
    print()


# Snorkel


def lf_sets(draws: int) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield name, votes and truth; each LF votes on 10 to 50 % of the rows."""
    lf_options = {"coverage": (0.1, 0.5), "accuracy": (0.6, 0.9)}
    for name, options in {
        "12 LFs of both classes, even classes": {},
        "the same, classes 80 : 20": {"class_prior": [0.8, 0.2]},
        "half of them copies of others": {"correlated": 0.5},
    }.items():
        for seed in range(draws):
            made = make_lf_votes(1000, 12, random_state=seed, **lf_options, **options)  # type: ignore[arg-type]
            voted = (made.votes >= 0).any(axis=1)
            yield name, made.votes[voted].astype(np.int64), made.y[voted]


def of_snorkel(draws: int) -> None:
    import torch
    from snorkel.labeling import LFAnalysis
    from snorkel.labeling.model import LabelModel as Theirs
    from snorkel.labeling.model import MajorityLabelVoter

    torch.set_num_threads(1)
    rows, abstained, largest = [], [], 0.0
    for name, L, y in lf_sets(draws):
        snorkel = Theirs(cardinality=2, verbose=False)
        snorkel.fit(L, n_epochs=500, seed=123, progress_bar=False)
        knows = Theirs(cardinality=2, verbose=False)
        shares = np.bincount(y) / len(y)
        knows.fit(
            L, n_epochs=500, seed=123, class_balance=shares.tolist(), progress_bar=False
        )
        majority = MajorityLabelVoter()
        abstained.append([(m.predict(L) == -1).mean() for m in (snorkel, majority)])
        models = {
            "LabelModel": LabelModel(),
            "LabelModel(class_prior=true shares)": LabelModel(class_prior=shares),
            "SnorkelLabelModel": ours.SnorkelLabelModel(),
            "SnorkelLabelModel(class_prior='uniform')": ours.SnorkelLabelModel(
                class_prior="uniform"
            ),
            "MajorityVote": ours.MajorityVote(),
        }
        known = {
            "Snorkel LabelModel": snorkel.predict_proba(L),
            "Snorkel LabelModel, class_balance=true shares": knows.predict_proba(L),
            "Snorkel MajorityLabelVoter": majority.predict_proba(L),
        }
        known |= {k: m.fit(L).predict_proba(L) for k, m in models.items()}
        for method, proba in known.items():
            rows.append({"votes": name, "labels by": method, **scores(proba, y)})
        numbers = ["Coverage", "Overlaps", "Conflicts", "Correct", "Incorrect"]
        numbers += ["Emp. Acc."]
        a, b = LFAnalysis(L).lf_summary(y)[numbers], lf_summary(L, y)[numbers]
        largest = max(largest, float(np.abs(a.to_numpy() - b.to_numpy()).max()))
    show(rows, ["votes", "labels by"])
    shares = np.mean(abstained, axis=0)
    for name, share in zip(("LabelModel", "MajorityLabelVoter"), shares, strict=True):
        print(f"predict of Snorkel's {name} is -1 for {share:.1%} of these rows")
    print(f"Largest difference of lf_summary to Snorkel's: {largest:.1e}\n")


# crowd-kit


def crowd_sets(draws: int) -> Iterator[tuple[str, pd.DataFrame, pd.Series]]:
    """Yield name, judgements (task, worker, label) and the truth by task."""
    names = ["task", "worker", "label"]
    data = load_weather_posts()
    posts = pd.concat([data.train, data.dev]).set_index("tweet_id")["sentiment"]
    yield "posts, simulated crowd", data.crowd_labels.set_axis(names, axis=1), posts
    for n_classes in (2, 4):
        for seed in range(draws):
            made = make_crowd_labels(
                400, 40, n_classes, difficulty=0.3, random_state=seed
            )
            judgements = made.crowd_labels.set_axis(names, axis=1)
            yield f"{n_classes} classes, generated", judgements, pd.Series(made.y)


def of_crowd_kit(draws: int) -> None:
    from crowdkit import aggregation as theirs

    pairs: dict[str, tuple[Callable[[], Any], Any]] = {
        "MajorityVote": (theirs.MajorityVote, ours.MajorityVote()),
        "Wawa": (
            theirs.Wawa,
            ours.WeightedMajorityVote(weighting="agreement", max_iter=1),
        ),
        "DawidSkene": (theirs.DawidSkene, ours.DawidSkene()),
        "OneCoinDawidSkene": (theirs.OneCoinDawidSkene, ours.OneCoinDawidSkene()),
        "GLAD": (theirs.GLAD, ours.GLAD()),
        "MACE": (theirs.MACE, ours.MACE()),
    }
    rows, failed = [], {}
    for name, judgements, truth in crowd_sets(draws):
        crowd = CrowdLabels.from_frame(judgements, sample="task")
        y = truth.loc[crowd.sample_ids].to_numpy()
        columns = [f"proba_{c}" for c in crowd.classes]

        def by_us(model: Any, crowd: CrowdLabels, columns: list[str]) -> np.ndarray:
            return crowd.soft_labels(model)[columns].to_numpy()

        for method, (peer, model) in pairs.items():
            row = {"judgements": name, "method": method}
            b = by_us(model, crowd, columns)
            row |= {f"sklabel: {k}": v for k, v in scores(b, y).items()}
            try:
                found = peer().fit_predict_proba(judgements)
            except AttributeError as error:
                failed[method] = str(error).splitlines()[0][:90]
                rows.append(row)
                continue
            a = found.loc[crowd.sample_ids, crowd.classes].to_numpy()
            row |= {f"crowd-kit: {k}": v for k, v in scores(a, y).items()}
            same = (a.argmax(axis=1) == b.argmax(axis=1)).mean()
            rows.append({**row, "same label": same})
        row = {"judgements": name, "method": "LabelModel"}
        b = by_us(LabelModel(lf_kind="worker"), crowd, columns)
        rows.append(row | {f"sklabel: {k}": v for k, v in scores(b, y).items()})
    show(rows, ["judgements", "method"])
    for method, message in failed.items():
        print(f"{method} of crowd-kit raises here: {message}\n")


# cleanlab


def annotated(seed: int) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """Return features, labels of annotators (wide, NaN: none) and the truth."""
    made = make_crowd_labels(
        600, 30, 3, judgements_per_sample=3, difficulty=0.2, random_state=seed
    )
    rng = np.random.default_rng(seed)
    X = 1.5 * np.eye(3)[made.y] + rng.normal(size=(600, 3))
    wide = made.crowd_labels.pivot(index="sample", columns="worker", values="label")
    return X, wide.add_prefix("worker_").astype(float), made.y


def by_votes_and_features(wide: pd.DataFrame, X: np.ndarray, learner: Any) -> Any:
    """Return `label_proba_` of a WeakSupervisionClassifier on one table of both."""
    features = pd.DataFrame(X, index=wide.index).add_prefix("x")
    people = ("people", WorkerLFTransformer(), list(wide))
    only_features = ("x", "passthrough", list(features))
    clf = WeakSupervisionClassifier(
        ColumnTransformer([people]),
        LabelModel(),
        make_pipeline(ColumnTransformer([only_features]), learner),
    )
    return clf.fit(wide.join(features)).label_proba_


def of_cleanlab(draws: int) -> None:
    from cleanlab.filter import find_label_issues
    from cleanlab.multiannotator import (
        get_label_quality_multiannotator,
        get_majority_vote_label,
    )
    from cleanlab.rank import get_label_quality_scores

    rows, found_rows, largest = [], [], 0.0
    for seed in range(draws):
        X, wide, y = annotated(seed)
        majority = get_majority_vote_label(wide, verbose=False)
        learner = LogisticRegression()
        pred_probs = cross_val_predict(
            learner, X, majority, cv=5, method="predict_proba"
        )
        result = get_label_quality_multiannotator(
            wide, pred_probs, consensus_method=["best_quality", "majority_vote"],
            verbose=False,
        )  # fmt: skip
        quality = result["label_quality"]
        consensus = quality["consensus_label"].to_numpy()
        given = quality["consensus_label_majority_vote"].to_numpy()
        crowdlab = quality["consensus_quality_score_majority_vote"].to_numpy()

        votes_alone = LabelModel(lf_kind="worker").fit(wide)
        joint = by_votes_and_features(wide, X, learner)
        for name, label in {
            "cleanlab, majority vote": majority,
            "cleanlab, classifier alone": pred_probs.argmax(axis=1),
            "cleanlab, CROWDLAB": consensus,
            "LabelModel, votes alone": votes_alone.predict(wide),
            "WeakSupervisionClassifier, votes and features": joint.argmax(axis=1),
        }.items():
            rows.append({"labels by": name, "accuracy": (label == y).mean()})

        # Which labels of the majority are wrong? Its ties went by the classifier.
        wrong = given != y
        issues = label_issues(joint, given).sort_index()
        features = get_label_quality_scores(given, pred_probs)
        same = label_issues(pred_probs, given).sort_index()
        largest = max(largest, float(np.abs(same.quality - features).max()))
        for name, sure, flagged in (
            (
                "cleanlab find_label_issues, features",
                features,
                find_label_issues(given, pred_probs),
            ),
            ("cleanlab CROWDLAB, votes and features", crowdlab, consensus != given),
            (
                "sklabel label_issues, votes and features",
                issues.quality,
                issues.is_issue,
            ),
        ):
            flagged = np.asarray(flagged, dtype=bool)
            found_rows.append(
                {
                    "wrong labels found by": name,
                    "average precision": average_precision_score(wrong, -sure),
                    "flagged": flagged.mean(),
                    "precision": wrong[flagged].mean(),
                    "recall": flagged[wrong].mean(),
                }
            )
    show(rows, ["labels by"])
    show(found_rows, ["wrong labels found by"])
    print(f"quality of label_issues equals self_confidence up to {largest:.1e}\n")


RUNS = {"snorkel": of_snorkel, "crowdkit": of_crowd_kit, "cleanlab": of_cleanlab}
PACKAGES = {"snorkel": "snorkel", "crowdkit": "crowd-kit", "cleanlab": "cleanlab"}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", nargs="*", choices=RUNS, default=list(RUNS))
    parser.add_argument("--draws", type=int, default=5, help="generated sets of each")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    for name in args.peers:
        if find_spec(name) is None:
            print(f"## {PACKAGES[name]} is not installed\n")
            continue
        print(f"## {PACKAGES[name]} {version(PACKAGES[name])}\n")
        RUNS[name](args.draws)


if __name__ == "__main__":
    main()
