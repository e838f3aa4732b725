"""Rows whose label is probably wrong, by votes and features together."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.inspection._lf_summary import names_of_lfs, names_of_values
from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    check_columns,
    check_integer,
    first_few,
    n_rows,
)
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import alike
from sklabel.votes._proba import read_proba
from sklabel.votes._read import read_any_votes

# Votes that are written out for each row.
_MOST_VOTES = 8
# Class index of a label that is not a class.
_OUTSIDE = -2


def label_issues(
    proba: ArrayLike,
    labels: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    votes: Any = None,
    lf_names: Sequence[Any] | None = None,
    X: Any = None,
    columns: Sequence[Any] | None = None,
    max_rows: int | None = None,
) -> pd.DataFrame:
    """Rank rows by how probably their label is wrong.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        What is known of the rows, best by votes and features together:
        `label_proba_` of :class:`~sklabel.WeakSupervisionClassifier`. The columns of
        a frame are classes by their names.
    labels : array-like of shape (n_samples,)
        The labels in question: those that you have, or those that votes alone give.
        Rows with -1 (unless a class), NaN, None or pd.NA are left out.
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of an array: `classes_` of the
        classifier. If None, the column names of a frame, else 0, 1, 2, ...
    votes : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs), \
            default=None
        Votes on the rows, for the table.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, the columns of `votes`, else positions.
    X : DataFrame or array-like of shape (n_samples, ...), default=None
        Samples, for the table: all columns of a frame, or an array of texts. Its row
        labels become those of the table.
    columns : sequence of labels, default=None
        The columns of X to show. None: all.
    max_rows : int, default=None
        Return that many rows, the worst. None: all that have a label.

    Returns
    -------
    issues : DataFrame
        One row per sample, worst first; indexed as the first of X, `labels` and
        `proba` that is a pandas object, else by row number. Columns

        label : object
            The label in question.
        quality : float
            Its probability.
        suggested : object
            The most probable class.
        p_suggested : float
            Its probability.
        is_issue : bool
            Whether another class is more probable.
        n_votes, n_against : int
            Votes on the row, and those of them for another class. With `votes` only.
        votes : str
            Who voted what, at most 8 of them. With `votes` only.

        and those of X.

    Raises
    ------
    ValueError
        If lengths do not fit, a label is not a class, `columns` are not in X, no row
        has a label, or a row label that two of X, `labels`, `proba` and `votes` share
        stands in different rows.

    See Also
    --------
    sklabel.WeakSupervisionClassifier.label_issues : Asks a fitted workflow.
    sklabel.relabeling.relabel_plan : Where a further vote helps most, which is where
        labels are open rather than wrong.

    Notes
    -----
    The sum of ``1 - quality`` is the number of wrong labels to expect, as far as the
    probabilities are calibrated. `is_issue` needs no threshold: by these probabilities,
    changing each of the labels is more probably right than keeping it.

    For `find_label_issues` of cleanlab pass out-of-fold probabilities of a classifier:
    ``find_label_issues(labels=codes, pred_probs=clf.oof_proba_)`` with integers as
    labels. Its confident learning [1]_ finds thresholds for each class, since it makes
    up for probabilities of a classifier that are not calibrated. It knows no votes: a
    doubtful text that ten workers agree on is an issue there, and not here.

    References
    ----------
    .. [1] C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident learning: Estimating
       uncertainty in dataset labels", Journal of Artificial Intelligence Research 70,
       2021, 1373-1411. doi:10.1613/jair.1.12125

    Examples
    --------
    >>> from sklabel.inspection import label_issues
    >>> proba = [[0.9, 0.1], [0.2, 0.8], [0.95, 0.05], [0.1, 0.9]]
    >>> label_issues(proba, ["ham", "spam", "spam", "spam"], classes=["ham", "spam"])
      label  quality suggested  p_suggested  is_issue
    2  spam     0.05       ham         0.95      True
    1  spam     0.80      spam         0.80     False
    0   ham     0.90       ham         0.90     False
    3  spam     0.90      spam         0.90     False
    """
    given = {"X": X, "labels": labels, "proba": proba}
    of_pandas = {
        k: v for k, v in given.items() if isinstance(v, pd.DataFrame | pd.Series)
    }
    check_same_rows(**given, votes=votes)
    remedy = "Add them to classes, or set them to None if they are not in question."
    if classes is None:
        remedy = (
            "Pass classes=clf.classes_ of the classifier that proba is from, or name "
            "the columns of a DataFrame by the classes."
        )
    proba, classes = read_proba(proba, classes, name="proba", unlabelled=True)
    n_samples = len(proba)
    at = _class_index(labels, n_samples, classes, remedy)
    rows = np.flatnonzero((at >= 0) & ~np.isnan(proba[:, 0]))
    if len(rows) == 0:
        raise ValueError(
            f"None of the {n_samples} rows has a label and probabilities; there is "
            "nothing to rank."
        )
    label, known = at[rows], proba[rows]
    quality = known[np.arange(len(rows)), label]
    best, most = known.argmax(axis=1), known.max(axis=1)
    is_issue = best != label
    order = np.argsort(quality, kind="stable")
    if max_rows is not None:
        order = order[: check_integer(max_rows, "max_rows")]
    shown = rows[order]
    table: dict[Any, Any] = {
        "label": classes[label[order]],
        "quality": quality[order],
        "suggested": classes[best[order]],
        "p_suggested": most[order],
        "is_issue": is_issue[order],
    }
    if votes is not None:
        of_rows = shown, classes[label[order]], classes, n_samples
        table |= _of_votes(votes, lf_names, *of_rows)
    index, samples = _samples(X, columns, shown, n_samples)
    if X is None and of_pandas:
        index = next(iter(of_pandas.values())).index.take(shown)
    issues = pd.DataFrame(table, index=index)
    if samples is None:
        return issues
    taken = {column: f"{column}_of_X" for column in samples if column in issues}
    return pd.concat([issues, samples.rename(columns=taken)], axis=1)


def _class_index(
    labels: Any, n_samples: int, classes: np.ndarray, remedy: str
) -> np.ndarray:
    """Return the class of each label, -1 where there is none."""
    gold = read_gold(labels, n_samples, classes)
    at = gold.index(classes, outside=_OUTSIDE)
    odd = at == _OUTSIDE
    if not odd.any():
        return at
    others = pd.unique(gold.label[odd])
    hints = "".join(
        f"{label!r} equals {known!r} but for case. "
        for label, known in list(alike(others.tolist(), classes).items())[:3]
    )
    raise ValueError(
        f"labels holds {first_few(others)} ({int(odd.sum())} rows, first at row "
        f"{int(np.argmax(odd))}), and the classes of proba are "
        f"{first_few(classes, 10)}. {hints}{remedy}"
    )


def _of_votes(
    votes: Any,
    lf_names: Sequence[Any] | None,
    rows: np.ndarray,
    label: np.ndarray,
    classes: np.ndarray,
    n_samples: int,
) -> dict[str, Any]:
    """Return columns that say who voted what on some rows."""
    votes = as_pandas(votes, where="A table of votes")
    cast = read_any_votes(votes, classes=classes)
    names = names_of_lfs(votes, cast, lf_names)
    if cast.n_samples != n_samples:
        raise ValueError(
            f"votes must have a row for each of the {n_samples} rows of proba; got "
            f"{cast.n_samples}."
        )
    values = cast.distinct_labels()
    encoded, _ = cast.encode(values)
    said = names_of_values(values, classes)
    counts, starts = cast.counts[rows], cast.indptr[rows]
    # Positions of the votes of all shown rows, one row after the other.
    last = np.cumsum(counts)
    at = np.arange(counts.sum()) + np.repeat(starts - (last - counts), counts)
    of_row = np.repeat(np.arange(len(rows)), counts)
    value = encoded.value[at]
    position = {name: k for k, name in enumerate(said.tolist())}
    own = np.array([position.get(name, -1) for name in label.tolist()], dtype=int)
    against = np.bincount(of_row, value != own[of_row], minlength=len(rows))
    who, what = names.to_numpy()[encoded.lf[at]].tolist(), said[value].tolist()
    texts = [
        _written(who[end - n : end], what[end - n : end])
        for n, end in zip(counts.tolist(), last.tolist(), strict=True)
    ]
    return {"n_votes": counts, "n_against": against.astype(np.int64), "votes": texts}


def _written(who: list[Any], what: list[Any]) -> str:
    """Write some votes out."""
    pairs = zip(who[:_MOST_VOTES], what[:_MOST_VOTES], strict=True)
    text = ", ".join(f"{name}: {value}" for name, value in pairs)
    more = len(who) - _MOST_VOTES
    return f"{text}, and {more} more" if more > 0 else text


def _samples(
    X: Any, columns: Sequence[Any] | None, rows: np.ndarray, n_samples: int
) -> tuple[pd.Index, pd.DataFrame | None]:
    """Return row labels, and what is to be shown of some samples."""
    if X is None:
        return pd.Index(rows), None
    X = as_pandas(X, where="X")
    if n_rows(X) != n_samples:
        raise ValueError(
            f"X must have a row for each of the {n_samples} rows of proba; got "
            f"{n_rows(X)}."
        )
    if isinstance(X, pd.Series):
        X = X.to_frame(X.name if X.name is not None else "sample")
    if not isinstance(X, pd.DataFrame):
        values = np.asarray(X, dtype=object)
        X = pd.DataFrame({"sample": values} if values.ndim == 1 else values)
    if columns is not None:
        check_columns(X, columns, where="label_issues")
        X = X[list(columns)]
    shown = X.iloc[rows]
    return shown.index, shown
