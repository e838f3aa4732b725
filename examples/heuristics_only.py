# SPDX-License-Identifier: BSD-3-Clause
"""
=======================================================
Heuristics only: a classifier without a labelled post
=======================================================

Nobody has judged these posts. How far do a few keywords, two patterns and the polarity
of the text go?

Ten labeling functions and no gold label give labels that are right on 72.8 % of the
posts, by LabelModel (MajorityVote: 70.8 %). A classifier that learns from them is right
on 70.0 % of unseen posts; with gold labels for all posts, on 77.8 %. The functions that
are always right vote on 2 % and 8 % of the posts; the one that votes on 73 % is right
in 64 %.
"""

# %%
# Labeling functions
# ------------------
# A keyword or pattern is a labeling function for one class; it abstains elsewhere. So
# does a Python function that returns a class or ``None``.
import matplotlib.pyplot as plt
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
    ("anger", "Negative", r"\b(hate|awful|worst|ruined|stuck|cancelled)\b"),
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
summary = lf_summary(votes, truth).sort_values("Coverage")
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), sharey=True, layout="constrained")
for ax, column, title in [
    (axes[0], "Coverage", "share of posts with its vote"),
    (axes[1], "Emp. Acc.", "share of its votes that are right"),
]:
    bars = ax.barh(summary.index, summary[column], color="#56b4e9", height=0.7)
    ax.bar_label(bars, fmt="{:.2f}", padding=3, fontsize=8)
    ax.set(title=title, xlim=(0, 1.12), xticks=[])
    ax.spines[["top", "right", "bottom"]].set_visible(False)
    ax.title.set_fontsize(10)
print(summary[["Coverage", "Conflicts", "Emp. Acc."]].round(2).to_string())

# %%
# Which ones say the same
# -----------------------
# Nearly all posts that "joy" votes on have a positive polarity: the two are not
# independent sources.
figure, ax = plt.subplots(figsize=(7, 4.8), layout="constrained")
overlap = OverlapDisplay.from_votes(votes, ax=ax, colorbar=False, aspect="auto")
ax.set(title="Share of the row's votes where the column votes, too", xlabel="")
ax.title.set_fontsize(10)

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
plt.show()
