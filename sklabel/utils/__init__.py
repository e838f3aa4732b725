"""Votes in their dense, sparse and long forms, and checks for estimators."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.utils._votes import (
    ABSTAIN,
    VoteMatrix,
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)

__all__ = [
    "ABSTAIN",
    "VoteMatrix",
    "votes_from_long",
    "votes_to_dense",
    "votes_to_long",
    "votes_to_sparse",
]
