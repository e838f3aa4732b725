"""Votes: the abstain value, and the forms of a vote matrix.

A vote matrix has one row per sample and one column per labeling function (LF).
These forms hold the same thing:

dense
    Array or DataFrame of shape (n_samples, n_lfs). A vote is the class itself, and -1,
    NaN, None and pd.NA mean that the LF abstains. LF transformers return int8 where
    it is large enough.
named
    Classes that are names, or numbers below 0, cannot be their own votes in such an
    array: LF transformers return :class:`NamedVotes`, positions that know their
    classes, and categorical columns under ``set_output(transform="pandas")``.
sparse
    CSR. An entry that is *not stored* is an abstention; a *stored* value is the
    vote, so a stored zero is a vote for class 0. LF transformers return
    :class:`VoteMatrix`, which knows the names of its classes if they have some.
long
    One row per cast vote: sample, lf, vote.

Votes know their classes so that nobody has to repeat ``classes=`` down a Pipeline, and
so that no integer is taken for another class. Four ways were weighed. Arrays of labels
(objects) say what they mean in any hands, but take eight times the memory and are slow
to read; where -1 is a class, they cannot. Categorical columns are right in pandas and
survive ``concat``, but a frame of thousands of workers is slow. A union of our own
would work for all forms, but users write ``FeatureUnion`` and ``ColumnTransformer``.
So dense votes are a class of their own that takes part in ``numpy.hstack``, by which
scikit-learn joins blocks, and that turns into labels, never into positions, where
something makes a plain array of it. scipy offers no such way: its ``hstack`` drops the
names, the values that are left are refused, and :class:`~sklabel.LFUnion` keeps them.

The sparse form has two more traps. Stacking a dense and a sparse block turns the dense
abstentions into stored -1 and drops the dense zeros: readers of votes raise on a
negative stored value, and see nothing where the dense block has no abstention;
``LFUnion`` joins both. And densifying CSR the ordinary way turns abstentions into class
0, which the ``toarray`` of :class:`VoteMatrix` does not.
"""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.votes._forms import (
    VoteMatrix,
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)
from sklabel.votes._named import ABSTAIN, NamedVotes

__all__ = [
    "ABSTAIN",
    "NamedVotes",
    "VoteMatrix",
    "votes_from_long",
    "votes_to_dense",
    "votes_to_long",
    "votes_to_sparse",
]
