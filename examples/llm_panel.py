# SPDX-License-Identifier: BSD-3-Clause
"""
=========================================================================
A panel of language models, rules and people: what groups change
=========================================================================

Thirteen columns of answers of language models, five rules and five people label the
weather posts that come with the package. Five of the thirteen columns are answers of
one weak model that was asked five times, and share most of their errors. What do the
labels lose if each column counts, and what do groups of columns change?

That depends on the label model. Without groups, DawidSkene takes the five for the
truth: 64.2 % of its labels are right, and 95.2 % if they are made one vote before it.
MajorityVote goes from 87.0 % to 94.6 %. LabelModel finds such copies itself: 95.3 %
without and 95.4 % with groups. Where the weak model repeats itself less (75 % of its
answers repeat its one opinion instead of 90 %), it finds only some: 93.2 % without and
95.2 % with groups. An end model on the texts, scored on unseen posts, is right on
60.7 % with the labels of DawidSkene and on 76.6 % with groups before it; with gold
labels, on 77.7 %. The best probabilities are those of DawidSkene with groups: log-loss
0.128, against 0.263 of LabelModel with groups, which is less sure than it could be.
With gold labels of 60 posts (41.7 % positive, by chance; of all posts 50 %), the share
of positive posts is between 31.6 % and 55.3 % by the labels of DawidSkene, and between
42.0 % and 55.6 % with groups: an interval that is 43 % narrower.

The answers are simulated (:func:`~sklabel.datasets.make_llm_answers`), not of real
models. All models but the weak one err independently of each other, as DawidSkene
assumes; real ones share errors, and none of these figures is evidence on them.

Run it with other numbers, or keep the figure::

    python examples/llm_panel.py --draws 20
    python examples/llm_panel.py --figure groups.png
"""

# %%
# Options
# -------
import argparse
import sys
import textwrap
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import KFold

from sklabel import (
    AnswerLF,
    CrowdLabels,
    LabelModel,
    LFGroupTransformer,
    LFUnion,
    PolarityLFTransformer,
    RegexLFTransformer,
    SoftLabelClassifier,
    WorkerLFTransformer,
)
from sklabel.datasets import load_weather_posts, make_llm_answers
from sklabel.inspection import class_shares
from sklabel.label_model import DawidSkene, MajorityVote

parser = argparse.ArgumentParser(description="A panel of language models.")
parser.add_argument("--draws", type=int, default=3, help="simulated panels")
parser.add_argument("--figure", help="write the figure to this file")
# A notebook has no options.
args = parser.parse_args([] if "ipykernel" in sys.modules else None)

# %%
# Posts, people, and a panel of language models
# ---------------------------------------------
# Answers are simulated. Eight models are asked once, a weak one five times.
CLASSES = ["Negative", "Positive"]
data = load_weather_posts()
posts = pd.concat([data.train, data.dev, data.test], ignore_index=True)
truth = posts["sentiment"].map({0: "Negative", 1: "Positive"})
people = CrowdLabels.from_frame(
    data.crowd_answers,
    sample="tweet_id",
    worker="worker_id",
    label="answer",
    classes=CLASSES,
    handle_unknown="count",
)
panel = make_llm_answers(truth, random_state=0)
print("Posts written for the package; people and language models are simulated.")
print(f"{panel.answers.shape[1]} columns of answers, such as")
for answer in panel.answers["model_a"].drop_duplicates()[:4]:
    print(f"  {answer!r}")

# %%
# From answers to votes: what was not read, and why
# -------------------------------------------------
answers = AnswerLF(classes=CLASSES).fit(panel.answers)
report = answers.report(panel.answers)
print("\nWhat became of the answers (AnswerLF.report), all columns together")
print(report.groupby("reason", sort=False)["count"].sum().to_string())
print("\nThose of one model")
print(report[report["lf"] == "model_a"].to_string(index=False, max_colwidth=60))

# %%
# Rules and people vote beside the models
# ---------------------------------------
# The five busiest people answered about every fifth post.
words = {
    "Positive": ["love", "happy", "beautiful", "perfect", "lovely"],
    "Negative": ["hate", "awful", "cold", "flood", "ruined", "wet"],
}
lfs = LFUnion(
    [
        ("answers", AnswerLF(classes=CLASSES, columns=list(panel.answers))),
        ("words", RegexLFTransformer(words, "tweet_text", output="class")),
        (
            "polarity",
            PolarityLFTransformer(
                "tweet_text", positive_class="Positive", negative_class="Negative"
            ),
        ),
        ("people", WorkerLFTransformer(people, id_column="tweet_id", min_labels=60)),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
votes = lfs.fit_transform(posts.join(panel.answers))
print(f"\n{votes.shape[1]} labeling functions on {len(votes)} posts; those beside the")
print("models, and the share of posts that they vote on")
coverage = votes.notna().mean().round(2)
print(coverage.drop(list(panel.answers)).to_string())

# %%
# Columns that repeat each other
# ------------------------------
# A label model that counts every column says which ones look like copies. The groups in
# the message can be pasted; here we know them, since we asked one model five times.
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    DawidSkene().fit(votes)
print("\nThe warning")
for warning in caught:
    print(textwrap.fill(str(warning.message), 76))

# %%
# Labels and end models without and with groups
# ---------------------------------------------
# A label model sees no gold label. The end model learns from soft labels of four fifths
# of the posts and is scored on the gold labels of the others.
MODELS = {
    "MajorityVote": (MajorityVote(), False),
    "MajorityVote, groups first": (MajorityVote(), True),
    "DawidSkene": (DawidSkene(), False),
    "DawidSkene, groups first": (DawidSkene(), True),
    "LabelModel": (LabelModel(), False),
    "LabelModel(groups=)": (LabelModel(groups=panel.groups), False),
}
end_model = SoftLabelClassifier(LogisticRegression(C=10, max_iter=1000))
texts = posts["tweet_text"]
folds = []
for fit_rows, test_rows in KFold(5, shuffle=True, random_state=0).split(texts):
    tfidf = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    known = tfidf.fit_transform(texts.iloc[fit_rows])
    folds.append((fit_rows, known, test_rows, tfidf.transform(texts.iloc[test_rows])))


def score_end_model(labels):
    """Return the share of posts that end models get right that have not seen them."""
    right = []
    for fit_rows, known, test_rows, new in folds:
        end_model.fit(known, labels.iloc[fit_rows])
        right.append(end_model.score(new, truth.iloc[test_rows]))
    return np.mean(right)


def soft_labels(model, votes):
    """Return soft labels by a label model, whose warning we have seen above."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* counts every LF")
        model.fit(votes)
    return pd.DataFrame(model.predict_proba(votes), columns=model.classes_)


rows, first_labels = [], {}
for repeats in (0.9, 0.75):
    for draw in range(args.draws):
        panel = make_llm_answers(truth, copy_probability=repeats, random_state=draw)
        votes = lfs.fit_transform(posts.join(panel.answers))
        grouper = LFGroupTransformer(panel.groups).set_output(transform="pandas")
        grouped = grouper.fit_transform(votes)
        for name, (model, groups_first) in MODELS.items():
            labels = soft_labels(model, grouped if groups_first else votes)
            first_labels.setdefault(name, labels)
            rows.append(
                {
                    "repeats": repeats,
                    "labels by": name,
                    "right": accuracy_score(truth, labels.idxmax(axis=1)),
                    "log-loss": log_loss(truth, labels),
                    "end model": score_end_model(labels),
                }
            )
gold = pd.get_dummies(truth, dtype=float)
gold_score = score_end_model(gold)

# %%
# The table
# ---------
scores = pd.DataFrame(rows)
table = scores.groupby(["repeats", "labels by"], sort=False).mean()
print(
    f"\nMeans over {args.draws} panels. 'repeats': share of the answers of the weak\n"
    "model that repeat its one opinion on a post; the others are drawn anew."
)
print(table.round(3).to_string())
print(f"End model with gold labels: {gold_score:.3f}")

# %%
# How many posts are positive?
# ----------------------------
# The soft labels of the first panel, with the gold labels of 60 posts drawn at random.
known = truth.sample(60, random_state=0).reindex(truth.index)
shares = pd.DataFrame(
    {
        name: class_shares(first_labels[name], known).loc["Positive"]
        for name in ("DawidSkene", "DawidSkene, groups first", "LabelModel(groups=)")
    }
).T
of_gold = (known.dropna() == "Positive").mean()
print(
    f"\nShare of positive posts; of the 60 known ones {of_gold:.3f}, of all "
    f"{(truth == 'Positive').mean():.3f}"
)
print(shares[["share", "low", "high", "lambda"]].astype(float).round(3).to_string())

# %%
# The picture: what groups change
# -------------------------------
figure, axes = plt.subplots(
    1, 2, figsize=(7, 3), sharex=True, sharey=True, layout="constrained"
)
names = ["LabelModel", "DawidSkene", "MajorityVote"]
for ax, repeats in zip(axes, (0.9, 0.75), strict=True):
    right = table.loc[repeats, "right"].to_numpy().reshape(3, 2)[::-1]
    ax.hlines(names, right[:, 0], right[:, 1], color="#808080", linewidth=1)
    ax.plot(right[:, 0], names, "s", color="#d55e00", label="without groups")
    ax.plot(right[:, 1], names, "o", color="#0072b2", label="with groups")
    ax.set(xlabel="labels that are right (share)", ylim=(-0.6, 2.6))
    ax.set_title(f"{repeats:.0%} of the weak model's\nanswers are repeats", fontsize=10)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].legend(frameon=False, loc="upper left", fontsize="small")
if args.figure:
    figure.savefig(args.figure, dpi=120)
    print(f"Figure: {args.figure}")
plt.show()
