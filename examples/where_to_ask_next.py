# SPDX-License-Identifier: BSD-3-Clause
"""
=======================================================
Where to spend the next judgement: a plan beats chance
=======================================================

Every post could be judged once more, or only those where one more judgement is likely
to change the label for the better. What does the choice save?

A quarter of the judgements. To have 90 % of the labels right takes 5.7 judgements per
post if all posts get equally many, and 4.3 if those with the largest expected gain come
first (means of 10 replays of a simulated crowd). When everything is bought, at 9.5 per
post, both are the same. For the next 30 judgements, the plan names 25 posts, and
expects to put some 4 labels right.
"""

# %%
# A pilot with more judgements than needed
# ----------------------------------------
# To learn what fewer judgements would have given, take a crowd that judged everything
# often: here 165 posts with some 9.5 judgements each.
import matplotlib.pyplot as plt
import pandas as pd

from sklabel import CrowdLabels, LabelModel, WorkerLFTransformer
from sklabel.datasets import load_weather_posts
from sklabel.relabeling import CostCurveDisplay, relabel_plan, simulate_cost_curve

data = load_weather_posts()
posts = pd.concat([data.train, data.dev]).set_index("tweet_id")
crowd = CrowdLabels.from_frame(
    data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
)
print(crowd)

# %%
# Replay it: ask where it pays, or ask everywhere
# -----------------------------------------------
# Each repeat starts with two judgements per post and buys more in rounds. "adaptive"
# takes the posts with the largest expected gain, "uniform" those with the fewest
# judgements. Gold labels only score the result.
curve = simulate_cost_curve(
    crowd, posts["sentiment"], n_repeats=10, step=0.1, random_state=0
)
TARGET = 0.9
needed = {}
for policy in ("uniform", "adaptive"):
    cost = curve.judgements_to_reach(TARGET, policy, random_state=0)
    needed[policy] = cost["judgements_per_sample"]
    print(f"{policy}: {needed[policy]:.1f} judgements per post for {TARGET:.0%} right")
print(f"Saved: {1 - needed['adaptive'] / needed['uniform']:.0%} of the judgements")

# %%
# The cost curve
# --------------
figure, ax = plt.subplots(figsize=(7, 4.2), layout="constrained")
display = CostCurveDisplay.from_simulation(curve, ax=ax)
ax.get_legend().remove()
ax.axhline(TARGET, color="#808080", linewidth=0.8, linestyle=":")
for policy, cost in needed.items():
    ax.annotate(
        f"{policy}: {cost:.1f}",
        (cost, TARGET),
        xytext=(0, 24 if policy == "adaptive" else -24),
        textcoords="offset points",
        ha="center",
        va="bottom" if policy == "adaptive" else "top",
        color=display.lines_[policy].get_color(),
        weight="bold",
        arrowprops={"arrowstyle": "-", "color": "#808080", "lw": 0.8},
    )
ax.set(xlabel="judgements per post", ylabel="labels that are right (share)")
ax.spines[["top", "right"]].set_visible(False)

# %%
# The plan for the judgements to come
# -----------------------------------
# With a fitted model, ``relabel_plan`` ranks the posts. The gain is the rise of the
# probability that the label is right.
votes = WorkerLFTransformer(crowd, id_column="tweet_id").set_output(transform="pandas")
votes = votes.fit_transform(pd.DataFrame({"tweet_id": crowd.sample_ids}))
model = LabelModel(lf_kind="worker").fit(votes)
plan = relabel_plan(votes.set_index(crowd.sample_ids), label_model=model, budget=30)
print(
    f"{len(plan)} posts get {plan['n_judgements'].sum()} judgements, expected to put "
    f"{plan['gain'].sum():.1f} labels right. The first of them:"
)
plt.show()
plan.join(posts["tweet_text"]).head(6).round(3)
