# SPDX-License-Identifier: BSD-3-Clause
"""
=============================================================
How frequent is each class? Soft labels and a few gold labels
=============================================================

A crowd has judged 2,000 samples of three classes. What share has each class, and how
many gold labels does it take to say so with confidence?

The soft labels alone are off: their means are 0.474, 0.312 and 0.215, the true shares
0.591, 0.272 and 0.136. Gold labels of 100 samples put that right, in an interval that
is 0.131 wide on average; gold labels alone give 0.167. With 50 it is 0.187 against
0.235, with 20 0.303 against 0.368. All these intervals of 95 % hold the true share in
95.3 % to 98.7 % of the draws.
"""

# %%
# Soft labels of a crowd
# ----------------------
# Judgements are simulated, so the true shares are known: 0.6, 0.28 and 0.12 but for
# chance. The mean of the soft labels is off, as the crowd is not very good.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklabel import CrowdLabels
from sklabel.datasets import make_crowd_labels
from sklabel.inspection import class_shares

data = make_crowd_labels(
    2000,
    80,
    n_classes=3,
    judgements_per_sample=3,
    difficulty=0.2,
    class_prior=[0.6, 0.28, 0.12],
    random_state=0,
)
soft = CrowdLabels.from_frame(data.crowd_labels).soft_labels()
proba = soft.filter(like="proba_")
proba.columns = [0, 1, 2]
truth = pd.Series(data.y)
true_share = truth.value_counts(normalize=True, sort=False).sort_index()
shares = pd.DataFrame({"true": true_share, "mean of soft labels": proba.mean()})
print(shares.round(3).to_string())

# %%
# Intervals with gold labels of 20, 50 and 100 samples
# ----------------------------------------------------
# ``class_shares`` corrects the mean of the soft labels by their error on gold rows.
# Gold labels alone are the same without soft labels: all rows say the same.
SIZES, DRAWS = [20, 50, 100], 100
SOURCES = {
    "gold labels alone": pd.DataFrame(1 / 3, index=proba.index, columns=proba.columns),
    "soft labels and gold": proba,
}
results = []
for n_gold in SIZES:
    for draw in range(DRAWS):
        gold = truth.sample(n_gold, random_state=draw).reindex(truth.index)
        for source, given in SOURCES.items():
            of_draw = class_shares(given, gold)[["share", "low", "high"]]
            results.append(of_draw.assign(source=source, n_gold=n_gold, draw=draw))
results = pd.concat(results).rename_axis("class").reset_index()
results["width"] = results["high"] - results["low"]
results["true"] = results["class"].map(true_share)
results["holds the truth"] = results["true"].between(results["low"], results["high"])
by_size = results.groupby(["n_gold", "source"])[["width", "holds the truth"]].mean()
print(f"Means over classes and {DRAWS} draws of gold labels")
print(by_size.round(3).to_string())

# %%
# The picture: one draw
# ---------------------
figure, axes = plt.subplots(1, 3, figsize=(7, 3.2), sharey=True, layout="constrained")
style = {
    "gold labels alone": ("s", "#d55e00"),
    "soft labels and gold": ("o", "#0072b2"),
}
first = results[results["draw"] == 0]
for ax, (label, of_class) in zip(axes, first.groupby("class"), strict=True):
    for shift, (source, (marker, colour)) in zip(
        (-0.12, 0.12), style.items(), strict=True
    ):
        shown = of_class[of_class["source"] == source]
        at = np.arange(len(SIZES)) + shift
        ends = np.abs(shown[["low", "high"]].sub(shown["share"], axis=0)).T
        ax.errorbar(
            at,
            shown["share"],
            ends,
            fmt=marker,
            color=colour,
            markersize=5,
            label=source,
        )
    for kind, line in {"true": "-", "mean of soft labels": ":"}.items():
        ax.axhline(shares.loc[label, kind], color="#606060", ls=line, lw=1, label=kind)
    ax.set_xticks(range(len(SIZES)), SIZES)
    ax.set(title=f"class {label}", xlabel="gold labels", xlim=(-0.5, 2.5))
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set(ylabel="share of the class, with 95 % interval", ylim=(0, None))
axes[2].legend(frameon=False, fontsize="small", loc="upper right")
plt.show()
