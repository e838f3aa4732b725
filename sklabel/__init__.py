"""scikit-learn estimators for labels that come from many imperfect sources."""

# SPDX-License-Identifier: BSD-3-Clause

__version__ = "0.1.0"

from sklabel.end_model import SoftLabelClassifier, WeakSupervisionClassifier
from sklabel.label_model import LabelModel, MajorityVote
from sklabel.lf import (
    CrowdLabels,
    LFTransformer,
    PolarityLFTransformer,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.model_selection import GoldKFold
from sklabel.text import BertEmbedder
from sklabel.utils import ABSTAIN

__all__ = [
    "ABSTAIN",
    "BertEmbedder",
    "CrowdLabels",
    "GoldKFold",
    "LFTransformer",
    "LabelModel",
    "MajorityVote",
    "PolarityLFTransformer",
    "SoftLabelClassifier",
    "WeakSupervisionClassifier",
    "WorkerLFTransformer",
    "labeling_function",
]
