# SPDX-License-Identifier: BSD-3-Clause
"""
==========================================================
Are the probabilities honest? Reliability of soft labels
==========================================================

A soft label of 0.9 should be right nine times out of ten. Which label models keep that
promise, and does it hold where everybody errs on the same samples?

Where workers err independently of each other, DawidSkene keeps it: it is as sure (0.922
on average) as it is right (0.915), with a log-loss of 0.202. LabelModel is right as
often and too modest (0.776, log-loss 0.307), and so is MajorityVote (0.674 where 0.843
are right, log-loss 0.468). Where workers guess on the same hard samples, DawidSkene is
too sure (0.803 where 0.741 are right); LabelModel is still too modest (0.652 where
0.739 are right), and that costs less: its log-loss is 0.563, that of DawidSkene 0.578.
Both crowds are simulated. Some gold labels tell which of them yours is like.
"""

# %%
# Two crowds
# ----------
# Both have 3,000 samples with five judgements each. In the first one, errors are
# independent given the class, as Dawid and Skene assume. In the second one, many
# samples are hard and workers guess there, all of them: their errors go together.
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.calibration import CalibrationDisplay
from sklearn.metrics import accuracy_score, log_loss

from sklabel import CrowdLabels, LabelModel, MajorityVote, WorkerLFTransformer
from sklabel.datasets import make_crowd_labels
from sklabel.label_model import DawidSkene

CROWDS = {"independent errors": 0.0, "hard samples: shared errors": 0.5}
MODELS = {
    "MajorityVote": (MajorityVote(), "#808080"),
    "DawidSkene": (DawidSkene(), "#e69f00"),
    "LabelModel": (LabelModel(lf_kind="worker"), "#0072b2"),
}

rows, probabilities = [], {}
for crowd_name, difficulty in CROWDS.items():
    data = make_crowd_labels(3000, 80, difficulty=difficulty, random_state=0)
    crowd = CrowdLabels.from_frame(data.crowd_labels)
    votes = WorkerLFTransformer(crowd).fit_transform(pd.DataFrame(crowd.sample_ids))
    truth = data.y[crowd.sample_ids]
    for model_name, (model, _) in MODELS.items():
        proba = model.fit(votes).predict_proba(votes)
        probabilities[crowd_name, model_name] = truth, proba[:, 1]
        rows.append(
            {
                "crowd": crowd_name,
                "label model": model_name,
                "log-loss": log_loss(truth, proba),
                "accuracy": accuracy_score(truth, model.predict(votes)),
                "mean confidence": proba.max(axis=1).mean(),
            }
        )

# %%
# Log-loss, accuracy, and how sure the model was
# ----------------------------------------------
# A mean confidence above the accuracy means too sure, one below it too modest.
table = pd.DataFrame(rows).set_index(["crowd", "label model"])
print(table.round(3).to_string())

# %%
# The reliability diagram
# -----------------------
# Samples are binned by their soft label. A curve that is steeper than the diagonal is
# too modest, a flatter one is too sure.
figure, axes = plt.subplots(1, 2, figsize=(7, 3.9), sharey=True, layout="constrained")
for ax, crowd_name in zip(axes, CROWDS, strict=True):
    for model_name, (_, colour) in MODELS.items():
        truth, positive = probabilities[crowd_name, model_name]
        CalibrationDisplay.from_predictions(
            truth,
            positive,
            n_bins=8,
            strategy="quantile" if model_name != "MajorityVote" else "uniform",
            name=model_name,
            color=colour,
            markersize=4,
            ax=ax,
        )
    losses = table.loc[crowd_name, "log-loss"]
    text = "log-loss\n" + "\n".join(
        f"{name} {loss:.2f}" for name, loss in losses.items()
    )
    ax.text(0.97, 0.03, text, ha="right", va="bottom", fontsize=8)
    ax.get_legend().remove()
    ax.set(title=crowd_name, xlabel="soft label of class 1", ylabel="", aspect="equal")
axes[0].set_ylabel("share of samples that are of class 1")
axes[0].legend(fontsize="small", frameon=False, loc="upper left")
plt.show()
