"""What models share in which a vote is right or wrong, whatever the class."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklabel.label_model._base import BaseEMLabelModel
from sklabel.votes._cast import CastVotes


class CoinMixin(BaseEMLabelModel):
    """Votes that name a class are right or wrong; the others are ignored."""

    _needs_class_votes = True
    _learns_prior = False

    def _usable(self, votes: CastVotes) -> CastVotes:
        return self._named_votes(super()._usable(votes))

    def _named_votes(self, votes: CastVotes) -> CastVotes:
        """Return the votes that name a class."""
        named = self._class_of_value[votes.value] >= 0
        return votes if named.all() else votes.take_votes(named)

    def _own_votes(
        self, votes: CastVotes, *, by_class: bool = False
    ) -> sparse.csr_matrix:
        """Lay out votes with a column per LF, or per LF and class."""
        n_classes = len(self.classes_)
        named = self._class_of_value[votes.value]
        column, width = votes.lf, votes.n_lfs
        if by_class:
            column = column.astype(np.int64) * n_classes + named
            width *= n_classes
        return own_class_matrix(votes, named, n_classes, column, width)


def own_class_matrix(
    votes: CastVotes, named: np.ndarray, n_classes: int, column: np.ndarray, width: int
) -> sparse.csr_matrix:
    """Return votes with a row per (sample, class) and a column per LF or atom.

    Parameters
    ----------
    votes : CastVotes
        Encoded votes, each of which names a class.
    named : ndarray of shape (n_votes,)
        Class that each vote names.
    n_classes : int
        Number of classes.
    column : ndarray of shape (n_votes,)
        Column of each vote.
    width : int
        Number of columns.

    Returns
    -------
    own : csr_matrix of shape (n_samples * n_classes, width)
        A one in row ``sample * n_classes + class`` for every vote for the class.
    """
    row = votes.rows * n_classes + named
    n_rows, n_votes = votes.n_samples * n_classes, len(row)
    # The conversion is a counting sort, linear in the votes.
    by_vote = sparse.csc_matrix(
        (np.ones(n_votes), row, np.arange(n_votes + 1)), shape=(n_rows, n_votes)
    )
    by_row = by_vote.tocsr()
    return sparse.csr_matrix(
        (by_row.data, column[by_row.indices], by_row.indptr), shape=(n_rows, width)
    )
