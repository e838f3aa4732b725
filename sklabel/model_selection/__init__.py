"""Model selection with gold labels for some rows only."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.model_selection._gold_kfold import GoldKFold
from sklabel.model_selection._predict_gold import (
    GoldPredictions,
    cross_val_predict_gold,
)

__all__ = ["GoldKFold", "GoldPredictions", "cross_val_predict_gold"]
