# SPDX-License-Identifier: BSD-3-Clause
"""
=======================================================
What gold labels buy, and what they cannot buy alone
=======================================================

You can afford to label some posts yourself. Is that worth it if a crowd and heuristics
have voted already, or could you drop the votes and train on your labels alone?

It buys better probabilities rather than more right labels: beside the votes, gold
labels move the log-loss on the other posts from 0.449 to 0.443 (20 labels) and 0.407
(200 labels), while the accuracy stays between 0.789 and 0.798. Alone they are no match:
a classifier of the words that has seen 20 labels is right on 0.522 of the other posts,
and after 200 labels on 0.734 (log-loss 0.581; means of 20 draws).
"""

# %%
# Votes on every post
# -------------------
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss

from sklabel import (
    CrowdLabels,
    LabelModel,
    LFUnion,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import load_weather_posts

data = load_weather_posts()
posts = pd.concat([data.train, data.dev, data.test], ignore_index=True)
truth = posts["sentiment"].to_numpy()
crowd = CrowdLabels.from_frame(
    data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
)
lfs = LFUnion(
    [
        ("polarity", PolarityLFTransformer("tweet_text")),
        ("worker", WorkerLFTransformer(crowd, id_column="tweet_id")),
    ]
)
votes = lfs.fit_transform(posts)
tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
words = tfidf.fit_transform(posts["tweet_text"])

# %%
# Draw gold labels, and score the posts without one
# -------------------------------------------------
# The same draws for both: the label model gets the gold labels as ``y``, -1 elsewhere;
# the classifier sees the words of these posts and nothing else.
SIZES, DRAWS = [0, 10, 20, 60, 200], 20
VOTES, ALONE = "votes and gold", "gold alone"
rows = []
for n_gold in SIZES:
    for draw in range(DRAWS if n_gold else 1):
        order = np.random.default_rng(draw).permutation(len(posts))
        known, others = order[:n_gold], order[n_gold:]
        gold = np.full(len(posts), -1)
        gold[known] = truth[known]
        model = LabelModel(classes=[0, 1]).fit(votes, gold)
        answers = {VOTES: model.predict_proba(votes[others])}
        if n_gold:
            classifier = LogisticRegression(C=10).fit(words[known], truth[known])
            answers[ALONE] = classifier.predict_proba(words[others])
        for name, proba in answers.items():
            rows.append(
                {
                    "labels by": name,
                    "gold labels": n_gold,
                    "accuracy": accuracy_score(truth[others], proba.argmax(axis=1)),
                    "log-loss": log_loss(truth[others], proba),
                }
            )
scores = pd.DataFrame(rows).groupby(["labels by", "gold labels"], sort=False)
mean = scores.mean()
print(f"Means over {DRAWS} draws")
print(mean.unstack("labels by").round(3).to_string())

# %%
# Accuracy and log-loss
# ---------------------
# Bars are the standard deviation over draws.
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), layout="constrained")
style = {VOTES: ("o-", "#0072b2"), ALONE: ("s--", "#d55e00")}
spread = scores.std()
for ax, metric in zip(axes, ["accuracy", "log-loss"], strict=True):
    for name, (line, colour) in style.items():
        of_name = mean.loc[name, metric]
        at = [SIZES.index(n_gold) for n_gold in of_name.index]
        bars = spread.loc[name, metric]
        ax.errorbar(at, of_name, bars, fmt=line, color=colour, capsize=2, label=name)
    ax.set_xticks(range(len(SIZES)), SIZES)
    ax.set(xlabel="gold labels", title=metric)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("of the posts without a gold label")
axes[0].legend(frameon=False, loc="lower right", fontsize="small")
plt.show()
