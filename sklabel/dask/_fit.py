"""Fit a label model on partitions of votes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from sklabel.dask._blocks import (
    Blocks,
    blocks_of,
    check_same_kind,
    columns_of,
    in_partition,
    require_dask,
)
from sklabel.dask._chunks import DaskChunks, compute
from sklabel.label_model._chunks import VoteChunk
from sklabel.label_model._em import ChunkedLabelModel
from sklabel.utils._classes import (
    Alphabets,
    Gold,
    check_classes,
    classes_of_votes_and_gold,
    index_of_gold,
    read_gold,
    resolve_classes,
)
from sklabel.utils._validation import check_sample_weight, first_few
from sklabel.utils._votes import CastVotes, distinct, is_numeric


def fit(
    model: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    persist: bool | None = None,
    verbose: bool = False,
) -> Any:
    """Fit a label model on votes that stay where they are.

    The same code as in memory runs on each partition: a sweep of EM sends the
    parameters to the workers and gets back sums, so the client holds nothing of the
    size of the votes, and the result is that of ``model.fit`` on all votes. On a
    cluster, a partition that is lost is computed again from its source. Use
    ``model.fit`` for what fits into memory: it is faster.

    Parameters
    ----------
    model : LabelModel, DawidSkene or OneCoinDawidSkene
        Is fitted in place. On any error it is left as it was.
    X : Dask DataFrame, Dask Array or PartitionedCrowdLabels
        Votes of shape (n_samples, n_lfs), in any form that the model reads; blocks of
        an array may be CSR. Lengths of partitions may be unknown, or 0.
    y : Dask Series or Array, default=None
        Gold labels with the partitions of X, -1 or NaN where there is none. For
        PartitionedCrowdLabels, a pandas Series indexed by sample id.
    sample_weight : Dask Series or Array, default=None
        Weights with the partitions of X.
    persist : bool, default=None
        Whether the votes stay in the memory of the workers between sweeps, 8 bytes
        each (26 for OneCoinDawidSkene). If None, they do on a `distributed` cluster.
        Without, every sweep reads them from their source again: slower, and any size
        will do.
    verbose : bool, default=False
        Write a line per sweep to the standard error stream.

    Returns
    -------
    model : estimator
        The same model, fitted. It predicts in memory, too.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If the model cannot be fitted in parts, or X is no Dask collection.
    ValueError
        As `fit` in memory; names the partition.
    RuntimeError
        If the cluster is lost.

    See Also
    --------
    predict_proba : Soft labels of a Dask collection, lazily.

    Notes
    -----
    A sweep costs what it costs in memory, divided by the workers, and one round trip.
    Every worker gets the parameters, n_lfs * n_values * n_classes numbers of 8 bytes,
    and returns as many.

    Examples
    --------
    >>> import pandas as pd, dask.dataframe as dd
    >>> from sklabel import LabelModel
    >>> from sklabel.dask import fit, predict_proba
    >>> votes = pd.DataFrame({"a": [0, 1] * 20, "b": [0, 1] * 20, "c": [1, 0] * 20})
    >>> lazy = dd.from_pandas(votes, npartitions=4)
    >>> model = fit(LabelModel(), lazy)
    >>> model.lf_accuracy_.round(1)
    array([1. , 1. , 0.2])
    >>> predict_proba(model, lazy).head(2).round(1)
         0    1
    0  0.9  0.1
    1  0.1  0.9
    """
    dask = require_dask()
    if not isinstance(model, ChunkedLabelModel):
        raise TypeError(
            "sklabel.dask.fit takes LabelModel, DawidSkene or OneCoinDawidSkene, whose "
            f"statistics are sums over samples; got {type(model).__name__}. Fit it in "
            "memory."
        )
    blocks = blocks_of(X, what="sklabel.dask.fit")
    n_parts = len(blocks.parts)
    labels = columns_of(y, X, n_parts, "y")
    if sample_weight is not None and hasattr(X, "_gold_blocks"):
        raise ValueError(
            "sample_weight is not supported for PartitionedCrowdLabels. For weights, "
            "fit on the votes of sklabel.dask.transform(WorkerLFTransformer(...), X)."
        )
    weights = columns_of(sample_weight, X, n_parts, "sample_weight")
    before = model.__dict__.copy()
    data = None
    try:
        model._validate_params()
        classes = _classes_of(model, blocks)
        model._read_votes(blocks.template, reset=True)
        rows = list(zip(range(n_parts), blocks.parts, labels, weights, strict=True))
        if blocks.values is not None and y is None:
            contents = [_Content(blocks.values, blocks.values[:0], False, 1, 1)]
        else:
            blank, look = dask.delayed(_blank_copy(model)), dask.delayed(_content_of)
            found = [look(number, blank, *row) for number, *row in rows]
            contents = compute(dask.delayed(list)(found))
        model._keep_alphabets(_alphabets(model, classes, contents, y is not None))
        ready, lay_out = dask.delayed(_blank_copy(model)), dask.delayed(_chunk_of)
        chunks = [lay_out(number, ready, *row) for number, *row in rows]
        data = DaskChunks(chunks, model, persist=persist, verbose=verbose)
        if not any(len(content.values) for content in contents):
            warnings.warn(
                f"{type(model).__name__}: none of the rows has a vote; predict_proba "
                "returns the class prior. Check ids and columns.",
                UserWarning,
                stacklevel=2,
            )
        model._fit_chunks(data)
    except BaseException:
        model.__dict__ = before
        raise
    finally:
        if data is not None:
            data.release()
    return model


def _blank_copy(model: Any) -> Any:
    """Return a copy that reads votes as the model does."""
    copy = clone(model)
    for name in (
        "n_features_in_",
        "feature_names_in_",
        "classes_",
        "vote_values_",
        "_class_of_value",
    ):
        if hasattr(model, name):
            setattr(copy, name, getattr(model, name))
    return copy


class _Content(NamedTuple):
    """What a partition holds: distinct votes and gold labels, rows without gold."""

    values: np.ndarray
    labels: np.ndarray
    has_minus_one: bool
    n_missing: int
    n_rows: int
    is_float: bool = False


def _read_part(
    model: Any, X: Any, y: Any, sample_weight: Any
) -> tuple[CastVotes, Gold | None, np.ndarray]:
    """Read votes, gold labels and weights of a partition, without rows of weight 0."""
    n_rows = X.shape[0]
    if n_rows == 0:
        votes = CastVotes(
            np.zeros(1, dtype=np.int64),
            np.zeros(0, dtype=np.int32),
            np.zeros(0, dtype=np.int64),
            model.n_features_in_,
        )
    else:
        votes = model._read_votes(X, reset=False)
    gold = None
    if y is not None:
        labels = np.asarray(y)
        if (
            len(labels) == n_rows
            and labels.dtype.kind == "f"
            and np.isnan(labels).all()
        ):
            # No gold here says nothing about the other partitions.
            y = np.full(n_rows, None, dtype=object)
        gold = read_gold(y, n_rows)
    if sample_weight is None:
        return votes, gold, np.ones(n_rows)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if len(weight) != n_rows:
        raise ValueError(
            f"sample_weight has {len(weight)} values and X has {n_rows} rows."
        )
    if n_rows == 0 or not weight.any():
        # Weights of 0 only are an error for all rows, not for a partition.
        kept, weight = np.zeros(n_rows, dtype=bool), weight[:n_rows]
    else:
        weight = check_sample_weight(weight, n_rows)
        kept = weight > 0
    return (
        votes.take_rows(kept),
        None if gold is None else gold.take(kept),
        weight[kept],
    )


def _content_of(
    number: int, model: Any, X: Any, y: Any, sample_weight: Any
) -> _Content:
    """Find the vote values and gold labels of a partition."""
    with in_partition(number):
        votes, gold, _ = _read_part(model, X, y, sample_weight)
        values = distinct(votes.value)
        labels, minus_one, n_missing = values[:0], False, votes.n_samples
        if gold is not None:
            labels = distinct(gold.label[gold.known & ~gold.minus_one])
            minus_one = bool(gold.minus_one.any())
            n_missing = int((~gold.known).sum())
        # Both raise, with what is wrong and where, before anything is put together.
        if model.classes is not None:
            index_of_gold(gold, check_classes(model.classes), votes.n_samples)
        elif n_missing > 0 and len(values):
            classes_of_votes_and_gold(values, values[:0], votes, model._lf_names())
        is_float = y is not None and np.asarray(y).dtype.kind == "f"
    return _Content(values, labels, minus_one, n_missing, votes.n_samples, is_float)


def _classes_of(model: Any, blocks: Blocks) -> Any:
    """Return the classes that the user named, here or for the judgements."""
    if blocks.classes is None:
        return model.classes
    if model.classes is not None and list(model.classes) != list(blocks.classes):
        raise ValueError(
            f"The judgements have the classes {blocks.classes.tolist()} and the model "
            f"has classes={list(model.classes)}, so their votes 0, 1, ... mean "
            "different classes. Leave out classes= of the model, or build the "
            "PartitionedCrowdLabels with these classes=[...]."
        )
    return blocks.classes


def _alphabets(
    model: Any, classes: Any, contents: list[_Content], has_gold: bool
) -> Alphabets:
    """Resolve the classes from the contents of all partitions."""
    n_rows = sum(content.n_rows for content in contents)
    if n_rows == 0:
        raise ValueError(
            f"Found array with 0 sample(s) in all {len(contents)} partitions of X "
            f"while a minimum of 1 is required by {type(model).__name__}."
        )
    values = _union([content.values for content in contents], "Votes")
    gold = None
    if has_gold:
        labels = _union([content.labels for content in contents], "Gold labels")
        minus_one = any(content.has_minus_one for content in contents)
        missing = any(content.n_missing for content in contents)
        if any(content.is_float for content in contents) and not (
            len(labels) or minus_one
        ):
            raise ValueError(
                f"y has no gold label in any of its {n_rows} rows. Pass y=None to fit "
                "without gold labels."
            )
        # A row for each label, one for -1 and one without gold, where there are such.
        if minus_one and len(labels) and not is_numeric(labels):
            minus_one, missing = False, True  # beside strings it is no class
        label = np.append(labels, -1) if minus_one else labels
        label = np.append(label, label[:1]) if missing and len(label) else label
        row = np.arange(len(label))
        n_known = len(labels) + minus_one
        if len(label):
            gold = Gold(label, row < n_known, (row >= len(labels)) & (row < n_known))
    n_summary = 1 if gold is None else len(gold.label)
    indptr = np.append(0, np.full(n_summary, len(values)))
    summary = CastVotes(
        indptr, np.zeros(len(values), dtype=np.int32), values, model.n_features_in_
    )
    return resolve_classes(
        summary,
        gold,
        classes,
        lf_names=model._lf_names(),
        class_votes=model._needs_class_votes,
    )


def _union(parts: list[np.ndarray], what: str) -> np.ndarray:
    """Return the sorted distinct values of all partitions."""
    kinds = ["strings", "numbers"]
    check_same_kind(
        [kinds[is_numeric(part)] if len(part) else "nothing" for part in parts], what
    )
    filled = [part for part in parts if len(part)]
    return distinct(np.concatenate(filled)) if filled else parts[0]


def _chunk_of(number: int, model: Any, X: Any, y: Any, sample_weight: Any) -> VoteChunk:
    """Lay out a partition for the kernels."""
    with in_partition(number):
        votes, gold, weight = _read_part(model, X, y, sample_weight)
        encoded, known = votes.encode(model.vote_values_)
        if not known.all():
            changed = distinct(votes.value[~known])
            raise ValueError(
                f"{int((~known).sum())} vote(s) have values that were not there when "
                f"the partition was first read: {first_few(changed)}. X must return "
                "the same votes whenever it is computed; persist it, or write it to "
                "files."
            )
        index = index_of_gold(gold, model.classes_, votes.n_samples)
        return model._chunk(encoded, index, weight)
