"""Judgements of a crowd as votes, and as votes in the columns of a fitted model."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from sklabel.label_model._base import BaseLabelModel
from sklabel.lf._judgements import repeat_number
from sklabel.utils._frames import as_column
from sklabel.utils._validation import first_few, plain
from sklabel.votes._cast import CastVotes, index_of
from sklabel.votes._labels import GAP_TEXTS, alike, check_classes, tidy_text
from sklabel.votes._named import ABSTAIN


def lf_names(
    worker_ids: Iterable[Any], number: Iterable[int] | None = None
) -> list[str]:
    """Return the LF name of every worker, and of every repeated judgement of one.

    Parameters
    ----------
    worker_ids : iterable of length n_lfs
        The worker of each LF.
    number : iterable of int of length n_lfs, default=None
        Which judgement of a sample, from 0. None: all are the first.
    """
    names = [f"worker_{plain(worker)}" for worker in worker_ids]
    if number is None:
        return names
    return [
        f"{name}_repeat{k + 1}" if k else name
        for name, k in zip(names, number, strict=True)
    ]


class CrowdVotes(NamedTuple):
    """Judgements of a crowd as votes of LFs, as WorkerLFTransformer makes them.

    `cast`: a row per sample id, a column per worker and repeated judgement of one.
    `worker`: the worker of each column, a position in `worker_ids`. `number`: which of
    its judgements of a sample, from 0.
    """

    cast: CastVotes
    worker: np.ndarray
    number: np.ndarray


def crowd_votes(crowd: Any) -> CrowdVotes:
    """Return the judgements of a CrowdLabels; memory grows with their number."""
    cast = crowd.judgements_of(crowd.sample_ids).cast
    repeats = crowd.repeats_per_worker
    first = np.cumsum(repeats) - repeats
    worker = np.repeat(np.arange(len(repeats)), repeats)
    if len(worker) > len(repeats):
        lf = first[cast.lf] + repeat_number(cast.indptr, cast.lf)
        cast = CastVotes(cast.indptr, lf, cast.value, len(worker), cast.classes)
    return CrowdVotes(cast, worker, np.arange(len(worker)) - first[worker])


def columns_of_voters(
    model: BaseLabelModel, names: Sequence[str], ids: pd.Index, classes: np.ndarray
) -> np.ndarray:
    """Return which LF of a model holds the judgements of each voter for each class.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted. LFs are matched by name (``worker_<id>``, the id itself, or with
        `unipolar` ``worker_<id>_<class>``); without names, by position.
    names : sequence of length n_voters
        What `lf_names` returns.
    ids : Index of length n_voters
        Their worker ids.
    classes : ndarray of shape (n_classes,)
        The classes of the crowd.

    Returns
    -------
    column : ndarray of shape (n_voters, n_classes)
        Column of the model, -1 where it has none.

    Raises
    ------
    ValueError
        If the LFs have no names and are not as many as the workers, or if none of
        their names is that of a worker.
    """
    n_voters, n_classes = len(names), len(classes)
    known = getattr(model, "feature_names_in_", None)
    if known is None:
        if model.n_features_in_ != n_voters:
            raise ValueError(
                f"The model has {model.n_features_in_} LFs without names and the crowd "
                f"has {n_voters} workers, so LFs cannot be matched with "
                "workers. Fit it on WorkerLFTransformer(crowd).set_output("
                "transform='pandas'), whose columns carry names."
            )
        return np.tile(np.arange(n_voters)[:, None], n_classes)
    at = {name: j for j, name in enumerate(known)}
    column = np.full((n_voters, n_classes), -1)
    for w, (name, worker) in enumerate(zip(names, ids, strict=True)):
        # The id itself names the first judgement, not a repeated one.
        own = plain(worker) if name == f"worker_{plain(worker)}" else None
        j = at.get(name, at.get(own))
        if j is not None:
            column[w] = j
        else:
            column[w] = [at.get(f"{name}_{plain(c)}", -1) for c in classes]
    if (column < 0).all():
        raise ValueError(
            f"None of the {len(known)} LFs of the model is one of the "
            f"{n_voters} workers: it has {first_few(known)}; expected "
            f"{first_few(names, 3)}. Fit the model on the votes of these workers."
        )
    return column


def value_of_label(classes: np.ndarray, model: BaseLabelModel) -> np.ndarray:
    """Return the index into `model.vote_values_` of each class of a crowd, or -1.

    Raises
    ------
    ValueError
        If the model knows none of them.
    """
    values = model.vote_values_
    index = index_of(values, classes)
    if (index < 0).all():
        raise ValueError(
            f"The crowd has the classes {first_few(classes)} and the model was "
            f"fitted on votes {first_few(values)}. Fit it on the votes of this crowd."
        )
    return index


def in_columns_of(
    model: BaseLabelModel, cast: CastVotes, column: np.ndarray, classes: np.ndarray
) -> tuple[CastVotes, np.ndarray]:
    """Return judgements in the values and columns of a model, and which of them.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted.
    cast : CastVotes
        Judgements: columns are voters, values positions in `classes`.
    column : ndarray of shape (n_voters, n_classes)
        What `columns_of_voters` returns.
    classes : ndarray of shape (n_classes,)
        The classes of the crowd.

    Returns
    -------
    votes : CastVotes
        The judgements that the model has a column and a value for.
    kept : ndarray of shape (n_given_votes,), bool
        Which of the given judgements these are.
    """
    value = value_of_label(classes, model)[cast.value]
    lf = column[cast.lf, cast.value]
    kept = (lf >= 0) & (value >= 0)
    moved = CastVotes(cast.indptr, lf, value, model.n_features_in_)
    return moved.take_votes(kept), kept


def gold_by_sample(
    crowd: Any, y: Any, *, name: str = "y", classes: Iterable[Any] = ()
) -> tuple[Any, list[Any]]:
    """Bring gold labels into the order of the samples of a crowd, and check them.

    Parameters
    ----------
    crowd : CrowdLabels
        The judgements.
    y : dict, Series, DataFrame of one column, or array-like of shape (n_samples,)
        A dict, Series or DataFrame is looked up by sample id; an array is in the order
        of `crowd.sample_ids`.
    name : str, default='y'
        What the user calls it, for messages.
    classes : iterable of array-like or None, default=()
        What else the user has called classes, for instance those of a label model.

    Returns
    -------
    y : Series or array-like of shape (n_samples,)
        Not read yet; missing where there is no gold label.
    unknown : list
        Ids with a gold label that are not samples of the crowd.

    Raises
    ------
    ValueError
        If an id is in the index more than once, none of them is a sample of the crowd,
        an array has another length, there are several columns, or a label is none of
        the classes that the user gave.
    """
    in_order, unknown = _in_order_of_samples(crowd, y, name)
    _check_gold_classes(crowd, in_order, name, classes)
    return in_order, unknown


def _in_order_of_samples(crowd: Any, y: Any, name: str) -> tuple[Any, list[Any]]:
    """Bring gold labels into the order of the samples of a crowd."""
    if isinstance(y, dict):
        y = pd.Series(list(y.values()), index=pd.Index(list(y)), dtype=object)
    y = as_column(y, where=f"{name}, the gold labels,")
    if isinstance(y, pd.DataFrame):
        if y.shape[1] != 1:
            raise ValueError(
                f"{name} must be one column of gold labels; got {y.shape[1]} columns: "
                f"{first_few(y.columns)}. Pass {name}['column']."
            )
        y = y.iloc[:, 0]
    if not isinstance(y, pd.Series):
        if np.ndim(y) == 0 or len(y) != crowd.n_samples:
            got = f"{len(y)}" if np.ndim(y) else type(y).__name__
            raise ValueError(
                f"{name} must hold a gold label, or None, for each of the "
                f"{crowd.n_samples} samples in the order of crowd.sample_ids; got "
                f"{got}. Pass a dict or Series by sample id if only some have one."
            )
        return y, []
    if y.index.has_duplicates:
        repeated = y.index[y.index.duplicated()].unique()
        raise ValueError(
            f"{name} must have one gold label per sample id; these ids repeat in its "
            f"index: {first_few(repeated)}."
        )
    found = y.index.isin(crowd.sample_ids)
    if len(y) and not found.any():
        raise ValueError(
            f"None of the {len(y)} ids in the index of {name} is a sample of the "
            f"crowd: {name} has {first_few(y.index, 3)}, the crowd has "
            f"{first_few(crowd.sample_ids, 3)}. Pass {name} with the sample ids as its "
            "index, or an array in the order of crowd.sample_ids."
        )
    unknown = y.index[~found & y.notna().to_numpy()].tolist()
    return y.astype(object).reindex(crowd.sample_ids), unknown


def _check_gold_classes(crowd: Any, y: Any, name: str, others: Iterable[Any]) -> None:
    """Raise if gold labels are none of the classes, where the user gave those."""
    alphabets = [check_classes(one).tolist() for one in others if one is not None]
    if np.ndim(y) != 1 or not (crowd.classes_given or alphabets):
        return
    if crowd.classes_given:
        alphabets.insert(0, crowd.classes.tolist())
    classes = list(dict.fromkeys(c for alphabet in alphabets for c in alphabet))
    of_text = all(isinstance(c, str) for c in classes)
    known = {tidy_text(c) for c in classes} if of_text else set(classes)
    column = pd.Series(np.asarray(y, dtype=object), index=crowd.sample_ids)
    column = column[column.notna().to_numpy()]
    odd = [v for v in column.unique() if _is_odd(v, known, of_text)]
    if not odd:
        return
    wrong = column[column.isin(odd).to_numpy()]
    counts = wrong.value_counts()
    shown = [
        f"{plain(label)!r} ({n}, first at {crowd.sample_name} "
        f"{plain(wrong.index[int(np.argmax(wrong.to_numpy() == label))])!r})"
        for label, n in list(counts.items())[:5]
    ]
    more = f", ... ({len(counts)} in all)" if len(counts) > len(shown) else ""
    hints = [
        f"{label!r} equals the class {c!r} but for case or blanks. "
        for label, c in list(alike(counts.index, classes).items())[:3]
    ]
    owner = "the crowd" if crowd.classes_given else "the label model"
    raise ValueError(
        f"{name} has labels that are not among the classes of {owner}, "
        f"{first_few(classes, 10)}: {', '.join(shown)}{more}. {''.join(hints)}Write "
        "them as the classes are written, leave out what is no gold label, or name all "
        "classes: classes=[...]."
    )


def _is_odd(label: Any, known: set[Any], of_text: bool) -> bool:
    """Tell whether a gold label is of the kind of the classes, and none of them.

    Labels of another kind, fractions and texts of missing values have errors of their
    own where they are read.
    """
    if of_text:
        is_label = isinstance(label, str) and label not in GAP_TEXTS
        return is_label and tidy_text(label) not in known
    is_label = isinstance(label, Real) and label != ABSTAIN
    return is_label and label not in known and float(label).is_integer()


def unknown_gold(unknown: Sequence[Any], name: str) -> str:
    """Say that gold labels are of samples that nobody judged."""
    return (
        f"{len(unknown)} gold label(s) in {name} are of samples that are not in the "
        f"crowd labels and are left out: {first_few(unknown)}. If nobody judged them, "
        f"keep those of crowd.sample_ids in {name}."
    )
