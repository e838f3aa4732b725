# SPDX-License-Identifier: BSD-3-Clause
"""
=====================================================
Which workers to trust: bad luck or bad work?
=====================================================

Sixty workers judged weather posts, some of them a handful, some a hundred. A low
accuracy in five judgements may be bad luck. Whose is not, and what do these workers do
instead of their work?

By the estimate of a label model, which needs no gold labels, three workers are worse
than bad luck explains: 143, 142 and 146 are right in 29 %, 45 % and 51 % of their
judgements, where the mean is 70 %. Two of them nearly always give one answer, the third
more often names the wrong class than the right one. Five more are flagged for the way
they answer. Gold labels that the model never saw agree: 42.4 % of the judgements of the
three are right, 57.7 % of those of the five, and 79.6 % of all others.
"""

# %%
# The judgements
# --------------
# No gold label is used until the last cell.
import matplotlib.pyplot as plt
import pandas as pd

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import load_weather_posts
from sklabel.inspection import (
    LFConfusionDisplay,
    WorkerFunnelDisplay,
    worker_report,
)

data = load_weather_posts()
crowd = CrowdLabels.from_frame(
    data.crowd_answers,
    sample="tweet_id",
    worker="worker_id",
    label="answer",
    classes=["Negative", "Positive"],
    handle_unknown="count",
)
print(crowd)

# %%
# Estimated accuracy against the number of judgements
# ---------------------------------------------------
# A label model estimates from the agreement with others how often each worker is
# right. The funnel is where nearly all of them would be if they were equally good: wide
# for workers with few judgements, narrow for busy ones.
votes = WorkerLFTransformer(crowd).set_output(transform="pandas")
votes = votes.fit_transform(pd.DataFrame({"tweet_id": crowd.sample_ids}))
model = LabelModel(lf_kind="worker").fit(votes)
report = worker_report(crowd, label_model=model)

figure, ax = plt.subplots(figsize=(7, 4.5), layout="constrained")
funnel = WorkerFunnelDisplay.from_report(report, chance=0.5, ax=ax)
outside = funnel.worker_ids[funnel.outliers()]
print(f"Mean accuracy {funnel.center:.2f}; outside of the funnel {outside.tolist()}")

# %%
# What the report says of them
# ----------------------------
# The funnel tells accuracies apart, the flags tell why: who guesses, who always gives
# the same label, who swaps labels.
flagged = report[report["flag"].str.contains("adversarial|guesses|always")]
for worker, row in flagged.iterrows():
    print(f"{worker}: {row['flag'].partition(';')[0].partition(', c')[0]}")
columns = ["n_judgements", "accuracy", "favourite_class", "favourite_share"]
flagged[columns].round(2)

# %%
# What they do instead
# --------------------
# A row is a class, a column an answer. Rows that are alike mean that the worker does
# not look; mass off the outlined cells means that labels are swapped. The last panel is
# the busiest worker, who does the work.
busiest = report["n_judgements"].idxmax()
shown = [*flagged.index[:5], busiest]
figure, axes = plt.subplots(2, 3, figsize=(7, 4.6), layout="constrained")
panels = LFConfusionDisplay.from_estimator(
    model, [f"worker_{worker}" for worker in shown], ax=axes
)

# %%
# Were they the right ones? Gold labels, which nobody has seen
# -------------------------------------------------------------
posts = pd.concat([data.train, data.dev]).set_index("tweet_id")
truth = posts["sentiment"].map({0: "Negative", 1: "Positive"})
judged = data.crowd_answers[data.crowd_answers["answer"].isin(crowd.classes)]
right = judged["answer"] == judged["tweet_id"].map(truth)
who = judged["worker_id"]
group = pd.Series("not flagged", index=judged.index)
group[who.isin(flagged.index)] = "flagged, inside of it"
group[who.isin(outside)] = "outside of the funnel"
table = right.groupby(group).agg(["size", "mean"])
table.columns = ["judgements", "right"]
print(table.round(3).to_string())
plt.show()
