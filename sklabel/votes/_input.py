"""Votes as the X of an estimator: scikit-learn's checks, then ours."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils.validation import validate_data

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_filled
from sklabel.votes._cast import CastVotes
from sklabel.votes._named import NamedVotes
from sklabel.votes._read import (
    check_sparse_format,
    has_categories,
    is_crowd_labels,
    read_votes,
    refuse_whole,
)


def read_vote_input(
    estimator: Any, X: Any, *, reset: bool, classes: ArrayLike | None
) -> CastVotes:
    """Validate the X of an estimator, and read its votes.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and `feature_names_in_` in `fit`.
    X : NamedVotes, array-like, DataFrame or sparse matrix
        Votes, in memory.
    reset : bool
        True in `fit`: remember the LFs. False: compare with them.
    classes : array-like of shape (n_classes,) or None
        The classes, if they are known.

    Returns
    -------
    votes : CastVotes
        The cast votes.

    Raises
    ------
    ValueError
        If X is empty, not two-dimensional, has other LFs than in `fit`, or cannot be
        read as votes.
    TypeError
        If X is a CrowdLabels or another object that holds tables, or a cell is neither
        a string nor a number.
    """
    name = type(estimator).__name__
    refuse_whole(X, f"X of {name}")
    if is_crowd_labels(X):
        raise TypeError(
            f"{name} reads votes, and X is a {type(X).__name__}. "
            "Put WorkerLFTransformer(crowd_labels) in front of it, or pass "
            "crowd_labels.to_wide()."
        )
    X = as_pandas(X, where=f"X of {name}")
    check_sparse_format(X)
    try:
        if isinstance(X, NamedVotes) or has_categories(X):
            check_filled(X, where=name)
            checked = validate_data(estimator, X, reset=reset, skip_check_array=True)
        else:
            checked = validate_data(
                estimator,
                X,
                accept_sparse="csr",
                dtype=None,
                ensure_all_finite=False,
                reset=reset,
            )
    except ValueError as error:
        known = set(getattr(estimator, "feature_names_in_", ()))
        if reset or known.isdisjoint(getattr(X, "columns", ())):
            raise
        raise ValueError(
            f"{error}\nThe same LFs in the same order, with those that X lacks "
            "abstaining, are X.reindex(columns=model.feature_names_in_)."
        ) from None
    if sparse.issparse(X) and checked.nnz != X.nnz:
        raise ValueError(
            "A sparse vote matrix stores at most one vote per sample and LF; got "
            f"{X.nnz - checked.nnz} entries that repeat a position. Keep one."
        )
    # A matrix that knows its classes forgets them when scikit-learn checks it.
    named = getattr(X, "classes", None) is not None
    lf_names = getattr(estimator, "feature_names_in_", range(estimator.n_features_in_))
    return read_votes(X if named else checked, lf_names, classes)
