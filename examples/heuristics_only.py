"""
=======================================================
Heuristics only: a classifier without a labelled post
=======================================================

Nobody has judged these posts. How far do a few keywords, two patterns and the polarity
of the text go?

FINDING
"""

# SPDX-License-Identifier: BSD-3-Clause

# %%
# Labeling functions
# ------------------
# A keyword or pattern is a labeling function for one class; it abstains elsewhere. So
# does a Python function that returns a class or ``None``.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline

from sklabel import (
    LabelModel,
    LFTransformer,
    LFUnion,
    MajorityVote,
    PolarityLFTransformer,
    RegexLFTransformer,
    WeakSupervisionClassifier,
    labeling_function,
)
from sklabel.datasets import load_weather_posts
from sklabel.inspection import OverlapDisplay, lf_summary

CLASSES = ["Negative", "Positive"]
keywords = [
    ("joy", "Positive", "(love|happy|perfect|best|beautiful)"),
    ("sun", "Positive", r"(sunny|sunshine|sunset|warm)\b"),
    ("relief", "Positive", r"\b(finally|thanks|at last)\b"),
    ("cold_wet", "Negative", r"\b(cold|wet|mud|soaked|freezing|damp)\b"),
    ("anger", "Negative", r"\b(hate|awful|worst|ruined|stuck|cancell?ed)\b"),
    ("once_more", "Negative", r"\b(another|third|still)\b"),
]


@labeling_function
def exclaims(post):
    return "Positive" if post.tweet_text.endswith("!") else None


lfs = LFUnion(
    [
        ("words", RegexLFTransformer(keywords, "tweet_text", kind="regex")),
        ("own", LFTransformer([exclaims], classes=CLASSES)),
        (
            "polarity",
            PolarityLFTransformer(
                "tweet_text", positive_class="Positive", negative_class="Negative"
            ),
        ),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")

data = load_weather_posts()
posts = pd.concat([data.train, data.dev, data.test], ignore_index=True)
truth = posts["sentiment"].map({0: "Negative", 1: "Positive"})
votes = lfs.fit_transform(posts)

# %%
# Coverage and accuracy
# ---------------------
# Gold labels are known here, and used to check only.
summary = lf_summary(votes, truth)
print(summary[["Coverage", "Conflicts", "Emp. Acc."]].round(2).to_string())

# %%
# From votes to labels
# --------------------
labels = {}
for model in (MajorityVote(), LabelModel()):
    proba = model.fit(votes).predict_proba(votes)
    name = type(model).__name__
    labels[name] = [model.score(votes, truth), log_loss(truth, proba)]
labels = pd.DataFrame(labels, index=["right", "log-loss"]).T
print(labels.round(3).to_string())

# %%
# From labels to a classifier of texts
# ------------------------------------
# One object runs labeling functions, label model and end model. It learns from four
# fifths of the posts without a gold label, and is scored on the texts of the others.
words = make_column_transformer(
    (TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), "tweet_text")
)
end_model = make_pipeline(words, LogisticRegression(C=10))
weak = WeakSupervisionClassifier(lfs, LabelModel(), end_model)
scores = []
for fit_rows, new_rows in KFold(5, shuffle=True, random_state=0).split(posts):
    known, new = posts.iloc[fit_rows], posts.iloc[new_rows]
    scores.append(
        {
            "heuristics": weak.fit(known).score(new, truth[new_rows]),
            "gold labels": end_model.fit(known, truth[fit_rows]).score(
                new, truth[new_rows]
            ),
        }
    )
print("End model on unseen posts, by what it learned from")
print(pd.DataFrame(scores).mean().round(3).to_string())

# %%
# The picture
# -----------
figure, axes = plt.subplots(
    1, 2, figsize=(7.5, 3.9), width_ratios=[1.1, 1], layout="constrained"
)
OverlapDisplay.from_votes(votes, ax=axes[0], colorbar=False)
axes[0].set_title("Share of the row's votes where\nthe column votes too", fontsize=10)
share = np.array([summary["Coverage"], summary["Emp. Acc."]])
axes[1].scatter(*share, s=22, color="#0072b2")
for name, (x, y) in zip(summary.index, share.T, strict=True):
    axes[1].annotate(
        name, (x, y), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8
    )
axes[1].axhline(0.5, color="#808080", linewidth=0.8, linestyle=":")
axes[1].set(xlabel="coverage (share of posts)", ylabel="votes that are right (share)")
axes[1].spines[["top", "right"]].set_visible(False)
plt.show()
