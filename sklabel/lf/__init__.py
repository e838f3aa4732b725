"""Labeling functions: from samples to votes."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.lf._answers import AnswerLF
from sklabel.lf._base import BaseLFTransformer
from sklabel.lf._crowd_labels import CrowdLabels
from sklabel.lf._estimator import EstimatorLF
from sklabel.lf._functions import LFTransformer, labeling_function
from sklabel.lf._groups import LFGroupTransformer
from sklabel.lf._polarity import PolarityLFTransformer
from sklabel.lf._regex import RegexLFTransformer
from sklabel.lf._union import LFUnion
from sklabel.lf._worker import WorkerLFTransformer

__all__ = [
    "AnswerLF",
    "BaseLFTransformer",
    "CrowdLabels",
    "EstimatorLF",
    "LFGroupTransformer",
    "LFTransformer",
    "LFUnion",
    "PolarityLFTransformer",
    "RegexLFTransformer",
    "WorkerLFTransformer",
    "labeling_function",
]
