"""Label models: from votes to class probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.label_model._base import BaseLabelModel
from sklabel.label_model._dawid_skene import DawidSkene
from sklabel.label_model._glad import GLAD
from sklabel.label_model._label_model import LabelModel
from sklabel.label_model._mace import MACE
from sklabel.label_model._majority_vote import MajorityVote
from sklabel.label_model._one_coin import OneCoinDawidSkene
from sklabel.label_model._snorkel import SnorkelLabelModel
from sklabel.label_model._weighted_majority_vote import WeightedMajorityVote

__all__ = [
    "GLAD",
    "MACE",
    "BaseLabelModel",
    "DawidSkene",
    "LabelModel",
    "MajorityVote",
    "OneCoinDawidSkene",
    "SnorkelLabelModel",
    "WeightedMajorityVote",
]
