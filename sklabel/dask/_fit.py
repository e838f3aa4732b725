"""Fit a label model on partitions of votes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np
from sklearn.base import clone

from sklabel.dask._blocks import (
    blocks_of,
    check_same_kind,
    columns_of,
    in_partition,
    require_dask,
)
from sklabel.dask._chunks import DaskVotes, compute
from sklabel.label_model._base import BaseSumsLabelModel
from sklabel.sums._sums import VoteChunk
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_sample_weight, first_few, warn
from sklabel.votes._alphabets import Contents
from sklabel.votes._cast import CastVotes, distinct, is_numeric
from sklabel.votes._gold import Gold, read_gold
from sklabel.votes._labels import check_classes


def fit(
    model: Any,
    X: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    persist: bool | None = None,
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
        PartitionedCrowdLabels, a pandas Series indexed by sample id. Class
        probabilities are for the fit in memory.
    sample_weight : Dask Series or Array, default=None
        Weights with the partitions of X.
    persist : bool, default=None
        Whether the votes stay in the memory of the workers between sweeps, 8 bytes
        each (26 for OneCoinDawidSkene). If None, they do on a `distributed` cluster.
        Without, every sweep reads them from their source again: slower, and any size
        will do.

    Returns
    -------
    model : estimator
        The same model, fitted. It predicts in memory, too.

    Raises
    ------
    ImportError
        If Dask is not installed.
    TypeError
        If the model cannot be fitted in parts, or X is not a Dask collection.
    ValueError
        As `fit` in memory; names the partition. Also if y holds class probabilities.
    RuntimeError
        If the cluster is lost.

    See Also
    --------
    predict_proba : Soft labels of a Dask collection, lazily.

    Notes
    -----
    With `verbose` of the model, the client writes a line per sweep. As after `fit` in
    memory, the model keeps no sums that `partial_fit` could go on from.

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
    array([0.9, 0.9, 0.1])
    >>> predict_proba(model, lazy).head(2).round(1)
         0    1
    0  0.9  0.1
    1  0.1  0.9
    """
    dask = require_dask()
    if not isinstance(model, BaseSumsLabelModel):
        raise TypeError(
            "sklabel.dask.fit takes models such as LabelModel, whose statistics are "
            f"sums over samples; got {type(model).__name__}. Fit it in memory."
        )
    blocks = blocks_of(X, what="sklabel.dask.fit")
    n_parts = len(blocks.parts)
    _refuse_soft_gold(model, y)
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
        model._read_votes(blocks.template, reset=True)
        model._forget()
        model._check_lfs()
        rows = list(zip(range(n_parts), blocks.parts, labels, weights, strict=True))
        if blocks.classes is not None and y is None:
            contents = [_contents_of_classes(blocks.classes, model.n_features_in_)]
        else:
            blank, look = dask.delayed(_blank_copy(model)), dask.delayed(_contents_of)
            found = [look(number, blank, *row) for number, *row in rows]
            contents = compute(dask.delayed(list)(found))
        model._resolve_classes(_merged(model, contents, y), model.classes)
        # A wrong class_prior is an error before the votes are read again and kept.
        model._given_prior()
        ready, lay_out = dask.delayed(_blank_copy(model)), dask.delayed(_chunk_of)
        chunks = [lay_out(number, ready, *row) for number, *row in rows]
        data = DaskVotes(chunks, model, persist=persist)
        if not any(len(content.values) for content in contents):
            warn(
                f"{type(model).__name__}: none of the rows has a vote; predict_proba "
                "returns the class prior. Check ids and columns.",
            )
        model._are_people = blocks.classes is not None
        model._fit_source(data)
    except BaseException:
        model.__dict__ = before
        raise
    finally:
        model.__dict__.pop("_are_people", None)
        if data is not None:
            data.release()
    return model


def _refuse_soft_gold(model: Any, y: Any) -> None:
    """Raise if y has a column for each class."""
    columns = getattr(y, "columns", None)
    width = getattr(y, "shape", (0,))[1:] if columns is None else (len(columns),)
    if width and width[0] != 1:
        name = type(model).__name__
        raise ValueError(
            f"sklabel.dask.fit takes gold labels that are classes; y has {width[0]} "
            "columns. Class probabilities go to a fit in memory, or to "
            f"{name}.partial_fit(votes, proba) for one partition after the other; or "
            "pass the most probable class of each row."
        )


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


def _read_part(
    model: Any, X: Any, y: Any, sample_weight: Any
) -> tuple[CastVotes, Gold, np.ndarray]:
    """Read votes, gold labels and weights of a partition, without rows of weight 0."""
    check_same_rows(X=X, y=y, sample_weight=sample_weight)
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
    if y is not None:
        labels = np.asarray(y)
        all_nan = labels.dtype.kind == "f" and np.isnan(labels).all()
        if len(labels) == n_rows and all_nan:
            # No gold here says nothing about the other partitions.
            y = None
    known = votes.classes if model.classes is None else model.classes
    gold = read_gold(y, n_rows, known)
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
        gold.take(kept),
        weight[kept],
    )


def _contents_of(
    number: int, model: Any, X: Any, y: Any, sample_weight: Any
) -> Contents:
    """Find the vote values and gold labels of a partition."""
    with in_partition(number):
        votes, gold, _ = _read_part(model, X, y, sample_weight)
        contents = Contents.of(votes, gold, model._lf_names())
        # Both raise here, where the partition is known.
        if model.classes is not None:
            gold.index(check_classes(model.classes))
        elif contents.n_missing + contents.n_minus_one:
            contents.check_votes()
    return contents


def _contents_of_classes(classes: np.ndarray, n_lfs: int) -> Contents:
    """Return the contents of judgements without gold, whose classes are known."""
    values = np.sort(classes)
    return Contents(values, values[:0], 0, 1, 1, n_lfs, declared=classes)


def _merged(model: Any, contents: list[Contents], y: Any) -> Contents:
    """Return the contents of all partitions."""
    n_rows = sum(part.n_rows for part in contents)
    if n_rows == 0:
        raise ValueError(
            f"Found array with 0 sample(s) in all {len(contents)} partitions of X "
            f"while a minimum of 1 is required by {type(model).__name__}."
        )
    for what, parts in (
        ("Votes", [part.values for part in contents]),
        ("Gold labels", [part.labels for part in contents]),
    ):
        kinds = ["strings", "numbers"]
        check_same_kind(
            [kinds[is_numeric(part)] if len(part) else "nothing" for part in parts],
            what,
        )
    merged = reduce(Contents.merge, contents)
    is_float = getattr(getattr(y, "dtype", None), "kind", "") == "f"
    if is_float and merged.n_missing == n_rows:
        raise ValueError(
            f"y has no gold label in any of its {n_rows} rows. Pass y=None to fit "
            "without gold labels."
        )
    return merged


def _chunk_of(number: int, model: Any, X: Any, y: Any, sample_weight: Any) -> VoteChunk:
    """Lay out a partition for the kernels."""
    with in_partition(number):
        votes, gold, weight = _read_part(model, X, y, sample_weight)
        encoded, known = votes.encode(model.vote_values_)
        if not known.all():
            changed = distinct(votes.labels(~known))
            raise ValueError(
                f"{int((~known).sum())} vote(s) have values that were not there when "
                f"the partition was first read: {first_few(changed)}. X must return "
                "the same votes whenever it is computed; persist it, or write it to "
                "files."
            )
        return model._chunk(encoded, gold.index(model.classes_), weight)
