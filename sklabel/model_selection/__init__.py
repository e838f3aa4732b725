"""Model selection with gold labels for some rows only, and with soft labels."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.model_selection._compare import compare_label_models
from sklabel.model_selection._gold_kfold import GoldKFold
from sklabel.model_selection._predict_gold import (
    GoldPredictions,
    cross_val_predict_gold,
)
from sklabel.model_selection._soft_log_loss import soft_log_loss

__all__ = [
    "GoldKFold",
    "GoldPredictions",
    "compare_label_models",
    "cross_val_predict_gold",
    "soft_log_loss",
]
