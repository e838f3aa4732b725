"""End models: classifiers that learn from soft labels."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.end_model._soft_label import SoftLabelClassifier
from sklabel.end_model._weak_supervision import WeakSupervisionClassifier

__all__ = ["SoftLabelClassifier", "WeakSupervisionClassifier"]
