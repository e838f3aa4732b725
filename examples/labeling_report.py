# SPDX-License-Identifier: BSD-3-Clause
"""
===================================================================
A report on a labelling project: whom to trust, what to ask again
===================================================================

Sixty crowd workers and three heuristics have labelled weather posts. Before anything
is trained: which of them should not be asked again, how far can the labels be trusted,
and where would the next judgements help most?

One page says it, without gold labels: HTML that can be mailed, with the findings on
top, tables that can be sorted, and plots. On the posts that come with the package it
flags 9 of 60 workers (one does worse than a guess, six guess, one nearly always gives
the same label, and four, three of them among the others, are worse than the crowd).
Gold labels, which the model never saw, agree: 48 % of their judgements are right, and
80 % of those of the others. It names the 50 posts where one more judgement each is
expected to put 5.1 labels right. On the real weather tweets (``--data-home``) it flags
5 of 100 workers: 59 % right, the others 94 %.

Run it on other data, or keep the page::

    python examples/labeling_report.py --output report.html
    python examples/labeling_report.py --data-home DIR     # real weather tweets
"""

# %%
# Options
# -------
import argparse
import sys
import tempfile
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.pipeline import FeatureUnion

from sklabel import (
    CrowdLabels,
    LabelModel,
    PolarityLFTransformer,
    WorkerLFTransformer,
)
from sklabel.datasets import fetch_weather_sentiment, load_weather_posts
from sklabel.report import labeling_report

parser = argparse.ArgumentParser(description="A report on a labelling project.")
parser.add_argument(
    "--data-home",
    help="folder with weather_sentiment/*.csv, or where to download them to; "
    "without it the posts that come with the package are used",
)
parser.add_argument(
    "--output",
    default=Path(tempfile.gettempdir()) / "labeling_report.html",
    help="where to write the page; default: %(default)s",
)
# A notebook has no options.
args = parser.parse_args([] if "ipykernel" in sys.modules else None)

# %%
# Data: posts, judgements of a crowd, and rules on the polarity of the text
# -------------------------------------------------------------------------
if args.data_home:
    data = fetch_weather_sentiment(data_home=args.data_home)
else:
    data = load_weather_posts()
posts = pd.concat([data.train, data.dev], ignore_index=True)
crowd = CrowdLabels.from_frame(
    data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
)
lfs = FeatureUnion(
    [
        ("polarity", PolarityLFTransformer("tweet_text")),
        ("worker", WorkerLFTransformer(crowd, id_column="tweet_id")),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
votes = lfs.fit_transform(posts)

# %%
# The model learns from the votes alone; gold labels are for the report
# ---------------------------------------------------------------------
model = LabelModel().fit(votes)
report = labeling_report(
    votes,
    posts["sentiment"],
    label_model=model,
    crowd_labels=crowd,
    sample_ids=posts["tweet_id"],
    texts=posts["tweet_text"],
    title="Weather posts: a crowd and three heuristics",
    random_state=0,
)

# %%
# What needs attention stands first, on the page and here
# -------------------------------------------------------
for finding in report.findings:
    line = f"{finding.level:8} {finding.title}: {finding.detail}"
    print(textwrap.fill(line, 76, subsequent_indent=" " * 9))

# %%
# Do the flags agree with gold labels that the model never saw?
# -------------------------------------------------------------
workers = report.tables["workers"]
act = workers["flag"].str.contains("adversarial|guesses|below|always")
groups = workers.assign(group=act.map({True: "flagged", False: "not flagged"}))
right = groups["gold_accuracy"] * groups["n_gold"]
by_group = pd.DataFrame(
    {
        "workers": groups.groupby("group").size(),
        "judgements": groups.groupby("group")["n_judgements"].sum(),
        "accuracy on gold": right.groupby(groups["group"]).sum()
        / groups.groupby("group")["n_gold"].sum(),
    }
)
print("Workers, by whether the report says to act")
print(by_group.round(3).to_string())

figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, colour, marker in [
    ("not flagged", "#0072b2", "o"),
    ("flagged", "#d55e00", "v"),
]:
    of_group = groups[(groups["group"] == name) & (groups["n_gold"] > 0)]
    ax.scatter(
        of_group["accuracy"],
        of_group["gold_accuracy"],
        s=2 * of_group["n_gold"],
        color=colour,
        marker=marker,
        alpha=0.7,
        linewidths=0,
        label=name,
    )
ax.axline((0.5, 0.5), slope=1, color="#808080", linewidth=0.8, linestyle=":")
ax.set(xlabel="accuracy that the model estimates", ylabel="accuracy on gold labels")
ax.set_title("Workers; size: judgements of posts with gold", fontsize=10)
ax.spines[["top", "right"]].set_visible(False)
legend = ax.legend(frameon=False, loc="lower right")
for handle in legend.legend_handles:
    handle.set_sizes([40])

# %%
# Where the next judgements go
# ----------------------------
plan = report.tables["relabel"]
print(
    f"Next: {plan['n_judgements'].sum()} judgements, expected to put "
    f"{plan['gain'].sum():.1f} labels right"
)
plan[["votes", "top_class", "top_posterior", "gain"]].head(8).round(3)

# %%
# The page
# --------
print(f"The page: {report.save(args.output)} ({len(report.html) / 1000:.0f} kB)")
plt.show()
report
