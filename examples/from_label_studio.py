# SPDX-License-Identifier: BSD-3-Clause
"""
===================================================================
From an export of Label Studio to soft labels, and back
===================================================================

A project in Label Studio holds what several people said of each text, tasks that they
skipped, answers of an expert, and predictions of a model. Which of these are votes,
what is the label of each task, and where should somebody look again?

The export is one that this script writes, of 280 posts and the crowd that come with
the package. Read back, it holds 1,338 judgements of 60 people on 140 tasks; left out
are 117 answers that were skipped, 18 of the expert, which are gold, and 140 tasks
without a vote, and the reader says so. Of the 140 soft labels, 36 are less sure than
0.8. Of these 79.4 % are right, and of the others 97.9 % (tasks without an expert's
answer). The labels go back as predictions. The posts were written for the package and
its crowd is simulated.

Run it on your own export, or keep the one that it makes::

    python examples/from_label_studio.py --export project-1.json --question mood
    python examples/from_label_studio.py --folder .
"""

# %%
# Options
# -------
import argparse
import json
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from sklabel.datasets import load_weather_posts
from sklabel.io import read_label_studio, to_label_studio

parser = argparse.ArgumentParser(description="From Label Studio to soft labels.")
parser.add_argument(
    "--export",
    help="JSON export of Label Studio; without it one is made from the posts and the "
    "crowd that come with the package",
)
parser.add_argument("--question", help="name of the control; default: the only one")
parser.add_argument(
    "--folder",
    default=tempfile.gettempdir(),
    help="where to write the files; default: %(default)s",
)
# A notebook has no options.
args = parser.parse_args([] if "ipykernel" in sys.modules else None)

# %%
# An export, as the tool writes it
# --------------------------------
# Posts of the training split are tasks. "I can't tell" is an answer that was skipped
# (cancelled), every 16th post has the answer of an expert (ground truth), and a model
# with a fixed opinion on a few words left predictions.
QUESTION = "mood"


def choice(label):
    """Return the result of a control of type Choices."""
    value = {"choices": [label]}
    return [
        {"from_name": QUESTION, "to_name": "text", "type": "choices", "value": value}
    ]


def annotation(row):
    """Return what a worker answered, or that they skipped the task."""
    skipped = row.answer == "I can't tell"
    result = [] if skipped else choice(row.answer)
    return {
        "completed_by": row.worker_id,
        "was_cancelled": skipped,
        "ground_truth": False,
        "result": result,
    }


def task(post, answers):
    """Return a post, and what people and a model said of it, as a task."""
    annotations = [annotation(row) for row in answers.itertuples()]
    mood = ["Negative", "Positive"][post.sentiment]
    if post.Index % 16 == 0:
        expert = {"completed_by": 1, "ground_truth": True, "result": choice(mood)}
        annotations.append(expert)
    guess = "Positive" if "love" in post.tweet_text.lower() else "Negative"
    prediction = {"model_version": "words", "score": 0.6, "result": choice(guess)}
    return {
        "id": post.tweet_id,
        "data": {"text": post.tweet_text},
        "annotations": annotations,
        "predictions": [prediction],
    }


folder = Path(args.folder)
export = args.export
if export is None:
    data = load_weather_posts()
    judged = dict(iter(data.crowd_answers.groupby("tweet_id")))
    nothing = data.crowd_answers.head(0)
    tasks = [
        task(post, judged.get(post.tweet_id, nothing))
        for post in data.train.itertuples()
    ]
    export = folder / "label_studio_export.json"
    export.write_text(json.dumps(tasks), encoding="utf-8")
    print(f"An export of {len(tasks)} tasks: {export}")
    print("(posts written for the package, and a simulated crowd)\n")

# %%
# What it holds, and what is no vote
# ----------------------------------
annotations = read_label_studio(export, args.question)
print(annotations, "\n")

# %%
# Soft labels
# -----------
# Answers of experts do not vote, but the model learns from them: gold. A task that only
# an expert judged needs no soft label, and is in none of the tables below.
crowd = annotations.crowd_labels()
print(crowd, "\n")
gold = annotations.gold_labels()[crowd.sample_ids].dropna()
soft = crowd.soft_labels(gold=gold)

# %%
# Which tasks are uncertain: ask there again
# ------------------------------------------
table = soft.join(annotations.samples["text"])
is_uncertain = soft["confidence"] < 0.8
print(f"{is_uncertain.sum()} of {len(soft)} labels are less sure than 0.8; the first")
first = table.sort_values("confidence").head(6)
print(first[["label", "n_votes", "confidence"]].round(2).to_string(), "\n")
first.round(2)

# %%
# Are these the wrong ones? Here the true moods are known
# -------------------------------------------------------
# Posts whose answer the model knew, from the expert, do not count.
if args.export is None:
    moods = data.train.set_index(data.train["tweet_id"].astype(str))["sentiment"]
    moods = moods.map({0: "Negative", 1: "Positive"})
    unseen = soft.index.difference(gold.index)
    right = soft.loc[unseen, "label"] == moods[unseen]
    by_confidence = right.groupby(is_uncertain[unseen]).agg(["size", "mean"])
    by_confidence.index = ["sure", "uncertain"]
    by_confidence.columns = ["posts", "right"]
    print("Labels without an expert's answer, by whether they are less sure than 0.8")
    print(by_confidence.round(3).to_string(), "\n")

# %%
# The picture
# -----------
figure, ax = plt.subplots(figsize=(7, 3.4), layout="constrained")
edges = np.linspace(0.5, 1, 11)
if args.export is None:
    confidence = soft.loc[unseen, "confidence"]
    parts = {"right": confidence[right], "wrong": confidence[~right]}
else:
    edges = np.linspace(0, 1, 21)
    parts = {"all": soft["confidence"]}
ax.hist(
    list(parts.values()),
    edges,
    stacked=True,
    color=["#56b4e9", "#d55e00"][: len(parts)],
    label=list(parts),
    rwidth=0.92,
)
ax.axvline(0.8, color="black", linewidth=1, linestyle=":")
ax.text(
    0.797,
    0.97,
    "ask these again",
    ha="right",
    va="top",
    transform=ax.get_xaxis_transform(),
)
ax.set(xlabel="confidence: probability of the label", ylabel="tasks")
ax.spines[["top", "right"]].set_visible(False)
ax.legend(frameon=False, loc="upper left")
plt.show()

# %%
# Back to Label Studio
# --------------------
# As predictions for the tasks that exist: people see the label, and tasks can be sorted
# by its score. The annotations know the control and the ids of the tasks. Post the list
# to ``/api/projects/<id>/import/predictions``.
path = folder / "label_studio_predictions.json"
to_label_studio(soft, path, annotations=annotations)
print(f"Predictions of {len(soft)} tasks: {path}")
