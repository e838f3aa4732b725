"""Tables that say what labeling functions do."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.utils._classes import read_gold
from sklabel.utils._validation import first_few, plain
from sklabel.utils._votes import (
    CastVotes,
    distinct,
    index_of,
    is_numeric,
    read_any_votes,
)


def lf_summary(
    votes: Any,
    y: Any = None,
    *,
    classes: ArrayLike | None = None,
    lf_names: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Summarise every labeling function: coverage, overlaps, conflicts, accuracy.

    Parameters
    ----------
    votes : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.
    y : array-like of shape (n_samples,), default=None
        Gold labels in the alphabet of the votes; -1, NaN, None or pd.NA mean
        unlabelled, and such rows do not count as correct or incorrect.
    classes : array-like of shape (n_classes,), default=None
        Class names behind votes that are indices, where `y` holds names; for instance
        `classes` of the CrowdLabels.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, the columns of a DataFrame, else positions.

    Returns
    -------
    summary : DataFrame of shape (n_lfs, 5) or (n_lfs, 8)
        Indexed by LF name, with the columns

        j : int
            Position of the LF.
        Polarity : list
            The distinct values that it votes, sorted.
        Coverage : float
            Share of rows that it votes on.
        Overlaps : float
            Share of rows that it and at least one other LF vote on.
        Conflicts : float
            Share of rows where another LF votes something else.
        Correct, Incorrect : int
            Votes on gold rows that are right and wrong; with gold only.
        Emp. Acc. : float
            Correct / (Correct + Incorrect); NaN for an LF without votes on gold rows.

    Raises
    ------
    ValueError
        If `votes` is not readable as votes, or `y` or `lf_names` has another length,
        or `y` is of another kind (numbers, strings) than the votes.

    See Also
    --------
    label_coverage : Share of rows with a vote.
    sklabel.LabelModel : Estimates accuracies without gold labels.

    Notes
    -----
    The columns are those of Snorkel's ``LFAnalysis.lf_summary``, except that an
    accuracy without evidence is NaN and not 0. Costs O(number of votes).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.inspection import lf_summary
    >>> votes = pd.DataFrame({"a": [1, 0, -1, -1], "b": [1, 1, 0, -1]})
    >>> lf_summary(votes, y=[1, 0, 0, 1])
       j Polarity  Coverage  Overlaps  Conflicts  Correct  Incorrect  Emp. Acc.
    a  0   [0, 1]      0.50       0.5       0.25        2          0   1.000000
    b  1   [0, 1]      0.75       0.5       0.25        2          1   0.666667
    """
    cast = read_any_votes(votes)
    names = _names_of(votes, cast, lf_names)
    values = distinct(cast.value)
    encoded, _ = cast.encode(values)
    n_samples, n_lfs, rows = cast.n_samples, cast.n_lfs, cast.rows
    overlap = cast.counts[rows] >= 2
    conflict = _disagrees(encoded, len(values))

    def per_lf(mask: np.ndarray) -> np.ndarray:
        return np.bincount(cast.lf[mask], minlength=n_lfs)

    n_votes = np.bincount(cast.lf, minlength=n_lfs)
    summary = pd.DataFrame(
        {
            "j": np.arange(n_lfs),
            "Polarity": _polarities(encoded, values),
            "Coverage": n_votes / n_samples,
            "Overlaps": per_lf(overlap) / n_samples,
            "Conflicts": per_lf(conflict) / n_samples,
        },
        index=names,
    )
    if y is None:
        return summary
    gold = _gold_values(y, values, n_samples, classes)
    judged = gold[rows] != _UNLABELLED
    right = gold[rows] == encoded.value
    summary["Correct"] = per_lf(judged & right)
    summary["Incorrect"] = per_lf(judged & ~right)
    n_judged = summary["Correct"] + summary["Incorrect"]
    summary["Emp. Acc."] = summary["Correct"] / n_judged.where(n_judged > 0)
    return summary


def label_coverage(votes: Any) -> float:
    """Return the share of samples with at least one vote.

    Parameters
    ----------
    votes : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.

    Returns
    -------
    coverage : float
        In [0, 1].

    Raises
    ------
    ValueError
        If `votes` is not readable as votes or has no rows.

    See Also
    --------
    lf_summary : The coverage of each LF.

    Examples
    --------
    >>> from sklabel.inspection import label_coverage
    >>> label_coverage([[0, -1], [-1, -1], [1, 1], [-1, 0]])
    0.75
    """
    cast = read_any_votes(votes)
    if cast.n_samples == 0:
        raise ValueError("votes has no rows; coverage is not defined.")
    return float((cast.counts > 0).mean())


# Index of a row without gold; -1 is the index of a gold label that no LF votes.
_UNLABELLED = -2


def _names_of(votes: Any, cast: CastVotes, lf_names: Sequence[Any] | None) -> pd.Index:
    """Return the names of the LFs."""
    if cast.n_samples == 0 or cast.n_lfs == 0:
        raise ValueError(
            f"votes has {cast.n_samples} rows and {cast.n_lfs} LFs; there is nothing "
            "to summarise."
        )
    if lf_names is None:
        if isinstance(votes, pd.DataFrame):
            return votes.columns
        return pd.RangeIndex(cast.n_lfs)
    if len(lf_names) != cast.n_lfs:
        raise ValueError(
            f"lf_names must name each of the {cast.n_lfs} LFs; got {len(lf_names)}."
        )
    return pd.Index(lf_names)


def _polarities(encoded: CastVotes, values: np.ndarray) -> list[list[Any]]:
    """Return the distinct values that each LF votes."""
    n_values = max(len(values), 1)
    pairs = np.bincount(
        encoded.lf.astype(np.int64) * n_values + encoded.value,
        minlength=encoded.n_lfs * n_values,
    ).reshape(encoded.n_lfs, n_values)
    return [[plain(values[v]) for v in np.flatnonzero(row)] for row in pairs]


def _disagrees(encoded: CastVotes, n_values: int) -> np.ndarray:
    """Mark the votes on rows where not all votes are equal."""
    if len(encoded.value) == 0:
        return np.zeros(0, dtype=bool)
    voted = np.flatnonzero(encoded.counts)
    starts = encoded.indptr[voted]
    differs = np.zeros(encoded.n_samples, dtype=bool)
    differs[voted] = np.maximum.reduceat(encoded.value, starts) != np.minimum.reduceat(
        encoded.value, starts
    )
    # On such a row every vote has another one that differs from it.
    return differs[encoded.rows]


def _gold_values(
    y: Any, values: np.ndarray, n_samples: int, classes: ArrayLike | None
) -> np.ndarray:
    """Return gold labels as positions among the vote values."""
    gold = read_gold(y, n_samples)
    assert gold is not None
    known = gold.known & ~gold.minus_one
    labels = gold.label[known]
    if classes is not None:
        names = pd.Index(np.asarray(classes))
        at = names.get_indexer(pd.Index(labels))
        if (at < 0).any():
            raise ValueError(
                f"y has labels that are not in classes={names.tolist()}: "
                f"{first_few(distinct(labels[at < 0]))}. Add them to classes."
            )
        labels = at
    if len(labels) and len(values) and is_numeric(labels) != is_numeric(values):
        raise ValueError(
            f"Votes are {first_few(values)} and gold labels are "
            f"{first_few(distinct(labels))}: pass classes=[...], the names of the "
            "votes 0, 1, 2, ... in this order."
        )
    index = np.full(n_samples, _UNLABELLED)
    index[known] = index_of(values, labels)
    return index
