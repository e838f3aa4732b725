"""Label models: from votes to class probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.label_model._label_model import LabelModel
from sklabel.label_model._majority_vote import MajorityVote

__all__ = ["LabelModel", "MajorityVote"]
