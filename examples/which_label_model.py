# SPDX-License-Identifier: BSD-3-Clause
"""
==========================================================
Which label model when: eight models on kinds of votes
==========================================================

Is a count of votes enough, or does a label model know better? That depends on where the
votes come from: people, rules, or language models.

With five judgements of each sample, six of the seven label models are right 5 points
more often than a count of votes; with two, 7 points. Rules and language models that err
independently gain 1 to 3 points with any label model. But most label models take copies
for agreement, and silence for evidence. If one language model was asked five times, all
but LabelModel lose 18 points or more, and LabelModel gains 14.6; if half of the rules
are copies, it gains 2.4, and the others lose. If each rule knows one class only, none
beats the count: LabelModel loses 2.1 points, the worst two 52.8.
"""

# %%
# Kinds of votes
# --------------
# 1,000 samples each, with known classes. All votes are simulated: what they tell is how
# the models work, not how good they are on your data. For that, give a few gold labels
# of your own to :func:`~sklabel.model_selection.compare_label_models`.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from sklabel import CrowdLabels
from sklabel.datasets import make_crowd_labels, make_lf_votes, make_llm_answers
from sklabel.model_selection import compare_label_models

DRAWS = 3


def crowd(seed, **options):
    """Return judgements of workers, some of them spammers, and the true classes."""
    data = make_crowd_labels(1000, random_state=seed, **options)
    return CrowdLabels.from_frame(data.crowd_labels), pd.Series(data.y)


def rules(seed, **options):
    """Return votes of 12 labeling functions, and the true classes."""
    data = make_lf_votes(1000, 12, random_state=seed, **options)
    return data.votes, data.y


def language_models(seed, **options):
    """Return the classes that language models named, and the true ones."""
    truth = np.random.default_rng(seed).choice(["ham", "spam"], 1000, p=[0.7, 0.3])
    return make_llm_answers(truth, random_state=seed, **options).labels, truth


six = {f"model_{k}": right for k, right in enumerate([0.9, 0.8, 0.75, 0.7, 0.65, 0.6])}
one_class = {"coverage": (0.05, 0.3), "unipolar_share": 1, "class_prior": [0.7, 0.3]}
KINDS = {
    "crowd, 5 judgements": lambda seed: crowd(seed),
    "crowd, 2 judgements": lambda seed: crowd(seed, judgements_per_sample=2),
    "crowd, hard samples": lambda seed: crowd(seed, difficulty=0.5),
    "crowd, a class of 10 %": lambda seed: crowd(seed, class_prior=[0.9, 0.1]),
    "rules, independent": lambda seed: rules(seed, accuracy=(0.55, 0.95)),
    "rules, half of them copies": lambda seed: rules(
        seed, accuracy=(0.55, 0.95), correlated=0.5
    ),
    "rules, one class each": lambda seed: rules(
        seed, accuracy=(0.6, 0.95), **one_class
    ),
    "six language models": lambda seed: language_models(seed, accuracy=six),
    "LLMs, one asked 5 times": lambda seed: language_models(seed),
}

# %%
# Compare
# -------
# Gold labels of all samples score the models; no model sees one.
accuracy, loss = {}, {}
for kind, draw in KINDS.items():
    tables = [compare_label_models(*draw(seed)) for seed in range(DRAWS)]
    # Tables are sorted by log-loss; a fixed order makes them comparable.
    mean = sum(table[["accuracy", "log_loss"]].sort_index() for table in tables) / DRAWS
    accuracy[kind], loss[kind] = mean["accuracy"], mean["log_loss"]
accuracy, loss = pd.DataFrame(accuracy).T, pd.DataFrame(loss).T
count = accuracy.pop("MajorityVote")
gain = 100 * accuracy.sub(count, axis=0)
gain = gain[gain.min().sort_values(ascending=False, kind="stable").index]
print("Accuracy less that of MajorityVote, in points")
print(gain.round(1).T.to_string(header=[f"({k})" for k in range(1, len(KINDS) + 1)]))
for k, kind in enumerate(KINDS, start=1):
    print(f"  ({k}) {kind}")

# %%
# Log-loss
# --------
# Lower is better. It tells more than accuracy about models that are sure and wrong.
loss[["MajorityVote", *gain.columns]].T.round(2)

# %%
# The picture
# -----------
# Purple cells beat the vote count, orange ones lose to it. Colours end at 10 points.
figure, ax = plt.subplots(figsize=(7, 4.6), layout="constrained")
ax.imshow(gain, cmap="PuOr", vmin=-10, vmax=10, aspect="auto")
for (row, column), points in np.ndenumerate(gain.to_numpy()):
    colour = "white" if abs(points) > 4 else "black"
    text = f"{points:+.1f}".replace("-", "\N{MINUS SIGN}")
    ax.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)
names = [name.replace("DawidSkene", "\nDawidSkene").strip() for name in gain]
ax.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=9)
ax.set_yticks(range(len(gain)), gain.index, fontsize=9)
ax.set_title("Accuracy less that of majority vote, in points", fontsize=10)
ax.spines[:].set_visible(False)
ax.tick_params(length=0)
plt.show()
