"""A table of the soft labels that a label model gives to votes of any kind."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklabel.lf._soft_labels import (
    check_any_label_model,
    is_fitted,
    soft_label_frame,
)
from sklabel.utils._frames import as_column
from sklabel.votes._read import is_crowd_labels

_WHERE = "soft_label_table"


def soft_label_table(
    label_model: Any, X: Any, *, ids: ArrayLike | None = None
) -> pd.DataFrame:
    """Return a table of soft labels: what the votes say, and how surely.

    For votes of any labeling functions (LFs): rules, language models, people, or all
    together.

    Parameters
    ----------
    label_model : label model or Pipeline that ends in one
        A fitted one is used as it is. Otherwise a clone is fitted to X.
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
        Votes in any form that the label model reads; for a Pipeline, the samples that
        its first step reads.
    ids : array-like of shape (n_samples,), default=None
        Row labels of the table. If None, the index of a pandas X, else positions.

    Returns
    -------
    table : DataFrame
        A row per sample, in the order of X. Columns

        label : object
            The most probable class, as `predict` has it.
        proba_<class> : float
            Probability of each class; rows sum to 1.
        n_votes : int
            Votes that the model used; without any, the probabilities are the class
            prior.
        confidence : float
            Probability of `label`.

    Raises
    ------
    TypeError
        If `label_model` is not a label model, or X is a CrowdLabels.
    ValueError
        If `ids` has another length than X, or X is not what the model reads.

    Warns
    -----
    UserWarning
        If some rows, or all, have no vote.

    See Also
    --------
    sklabel.CrowdLabels.soft_labels : The same for judgements of a crowd.
    sklabel.model_selection.compare_label_models : Which label model to take.
    label_issues : Ranks the labels that are probably wrong.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import LabelModel
    >>> from sklabel.inspection import soft_label_table
    >>> votes = pd.DataFrame(
    ...     {
    ...         "has_link": ["spam", None, "spam", None],
    ...         "is_short": [None, "ham", "ham", "ham"],
    ...         "language_model": ["spam", "ham", "spam", "spam"],
    ...     },
    ...     index=["c1", "c2", "c3", "c4"],
    ... )
    >>> soft_label_table(LabelModel(), votes).round(2)
       label  proba_ham  proba_spam  n_votes  confidence
    c1  spam       0.06        0.94        2        0.94
    c2   ham       0.78        0.22        2        0.78
    c3  spam       0.15        0.85        3        0.85
    c4  spam       0.28        0.72        2        0.72
    """
    if is_crowd_labels(X):
        raise TypeError(
            f"{_WHERE} reads votes, and X is a {type(X).__name__}. Call "
            "X.soft_labels(label_model), which does the same for judgements."
        )
    index = _row_labels(X, ids)
    if isinstance(label_model, Pipeline):
        model, X = _votes_of_pipeline(label_model, X)
    else:
        model = label_model
    check_any_label_model(model, where=_WHERE)
    if not is_fitted(model):
        model = clone(model).fit(X)
    votes = model._encoded(X)
    if index is None:
        index = pd.RangeIndex(votes.n_samples)
    if len(index) != votes.n_samples:
        raise ValueError(
            f"ids of {_WHERE} must have one label for each of the {votes.n_samples} "
            f"rows of X; got {len(index)}."
        )
    return soft_label_frame(model, votes, index)


def _row_labels(X: Any, ids: ArrayLike | None) -> pd.Index | None:
    """Return the row labels that the user gave; None if there are none."""
    if ids is not None:
        column: Any = as_column(ids, where=f"ids of {_WHERE}")
        return pd.Index(column)
    return X.index if isinstance(X, pd.DataFrame | pd.Series) else None


def _votes_of_pipeline(pipeline: Pipeline, X: Any) -> tuple[Any, Any]:
    """Return the label model at the end of a pipeline, and the votes that it reads."""
    check_any_label_model(pipeline[-1], where=_WHERE)
    if len(pipeline) == 1:
        return pipeline[-1], X
    if is_fitted(pipeline):
        return pipeline[-1], pipeline[:-1].transform(X)
    return pipeline[-1], clone(pipeline[:-1]).fit_transform(X)
