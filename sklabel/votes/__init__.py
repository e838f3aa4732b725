"""Votes: the abstain value and the dense, sparse and long forms of a vote matrix.

A vote matrix has one row per sample and one column per labeling function (LF).
Three forms hold the same thing:

dense
    Array or DataFrame of shape (n_samples, n_lfs). -1, NaN, None and pd.NA mean
    that the LF abstains. LF transformers return int8 where it is large enough.
sparse
    CSR. An entry that is *not stored* is an abstention; a *stored* value is the
    vote, so a stored zero is a vote for class 0.
long
    One row per cast vote: sample, lf, vote.

The sparse form has two traps. Stacking a dense and a sparse
block (``FeatureUnion``) turns the dense abstentions into stored -1 and drops the
dense zeros: readers of votes raise on a negative stored value, and see nothing
where the dense block has no abstention. And densifying CSR
the ordinary way turns abstentions into class 0: LF transformers return
:class:`VoteMatrix`, whose ``toarray`` fills -1.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.votes._cast import ABSTAIN
from sklabel.votes._forms import (
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
