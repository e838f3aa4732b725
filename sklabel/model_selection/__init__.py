"""Model selection with gold labels for some rows only."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.model_selection._gold_kfold import GoldKFold

__all__ = ["GoldKFold"]
