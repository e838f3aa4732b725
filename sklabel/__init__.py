"""scikit-learn estimators for labels that come from many imperfect sources."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel._version import __version__ as __version__
from sklabel.end_model import SoftLabelClassifier, WeakSupervisionClassifier
from sklabel.label_model import LabelModel, MajorityVote
from sklabel.lf import (
    AnswerLF,
    CrowdLabels,
    EstimatorLF,
    LFGroupTransformer,
    LFTransformer,
    LFUnion,
    PolarityLFTransformer,
    RegexLFTransformer,
    WorkerLFTransformer,
    labeling_function,
)
from sklabel.model_selection import GoldKFold
from sklabel.text import BertEmbedder
from sklabel.votes import ABSTAIN

__all__ = [
    "ABSTAIN",
    "AnswerLF",
    "BertEmbedder",
    "CrowdLabels",
    "EstimatorLF",
    "GoldKFold",
    "LFGroupTransformer",
    "LFTransformer",
    "LFUnion",
    "LabelModel",
    "MajorityVote",
    "PolarityLFTransformer",
    "RegexLFTransformer",
    "SoftLabelClassifier",
    "WeakSupervisionClassifier",
    "WorkerLFTransformer",
    "labeling_function",
]
