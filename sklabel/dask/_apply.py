"""Transform and predict on Dask collections, partition by partition."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from sklabel.dask._blocks import (
    blocks_of,
    in_partition,
    is_dask_array,
    is_dask_frame,
    require_dask,
)
from sklabel.text import BertEmbedder
from sklabel.utils._validation import first_few, plain
from sklabel.votes import NamedVotes


def transform(transformer: Any, X: Any) -> Any:
    """Apply a fitted transformer to every partition, lazily.

    Parameters
    ----------
    transformer : transformer
        Fitted: an LF transformer, a FeatureUnion or Pipeline of such, or a
        BertEmbedder; anything with `transform` and `get_feature_names_out`.
    X : Dask DataFrame
        The samples.

    Returns
    -------
    Xt : Dask DataFrame or Dask Array
        With the index and the partitions of X. A DataFrame with the names of
        `get_feature_names_out`: integers for LF transformers, categories where classes
        are names or below 0. An Array of
        CSR blocks of unknown lengths where the output is sparse.

    Raises
    ------
    ImportError
        If Dask is not installed.
    NotFittedError
        If the transformer is not fitted.
    TypeError
        If X is not a Dask DataFrame.

    See Also
    --------
    fit : Fits a label model on what this returns.

    Notes
    -----
    The types of the columns are found by transforming one made-up row or, if that
    fails, the first row of X. A BertEmbedder loads its model on the workers only.

    Examples
    --------
    >>> import pandas as pd, dask.dataframe as dd
    >>> from sklabel import LFTransformer, labeling_function
    >>> from sklabel.dask import transform
    >>> @labeling_function
    ... def long_text(x):
    ...     return 1 if len(x.text) > 3 else -1
    >>> frame = pd.DataFrame({"text": ["rain", "sun", "wind"]})
    >>> lfs = LFTransformer([long_text]).fit(frame)
    >>> transform(lfs, dd.from_pandas(frame, npartitions=2)).compute()
       long_text
    0          1
    1         -1
    2          1
    """
    require_dask()
    check_is_fitted(transformer)
    if not is_dask_frame(X) or X.ndim != 2:
        raise TypeError(
            f"sklabel.dask.transform needs a Dask DataFrame; got {type(X).__name__}. "
            "In memory, use transformer.transform(X)."
        )
    names = [str(name) for name in transformer.get_feature_names_out()]
    if isinstance(transformer, BertEmbedder):
        row: Any = np.zeros((1, len(names)), dtype=transformer.dtype)
    else:
        row = _transform_one_row(transformer, X)
    if isinstance(row, NamedVotes):
        row = row.to_frame(names)
    if sparse.issparse(row):
        import dask.array as da

        parts = [_delayed(_transform_sparse)(transformer, p) for p in X.to_delayed()]
        blocks = [
            da.from_delayed(part, (np.nan, len(names)), meta=row[:0]) for part in parts
        ]
        return da.concatenate(blocks, allow_unknown_chunksizes=True)
    dtypes = row.dtypes if isinstance(row, pd.DataFrame) else [row.dtype] * len(names)
    meta = pd.DataFrame(
        {
            name: pd.Series(dtype=dtype)
            for name, dtype in zip(names, dtypes, strict=True)
        },
        index=X._meta.index,
    )
    return X.map_partitions(_transform_dense, transformer, meta, meta=meta)


def predict_proba(label_model: Any, X: Any) -> Any:
    """Return the class probabilities of every sample, lazily.

    Parameters
    ----------
    label_model : label model
        Fitted by :func:`fit` or in memory: any model of `sklabel.label_model`.
    X : Dask DataFrame, Dask Array or PartitionedCrowdLabels
        Votes of the LFs of the fit.

    Returns
    -------
    proba : Dask DataFrame or Dask Array of shape (n_samples, n_classes), float64
        Soft labels. A DataFrame has a column per class and the index of X, or the
        sample ids of PartitionedCrowdLabels; an Array of votes gives an Array.

    Raises
    ------
    ImportError
        If Dask is not installed.
    NotFittedError
        If `label_model` is not fitted.
    TypeError
        If X is not a Dask collection.
    ValueError
        When it is computed, if a partition has other LFs than in the fit; names the
        partition.

    See Also
    --------
    fit : Fit a label model on Dask collections.

    Examples
    --------
    >>> import numpy as np, dask.array as da
    >>> from sklabel import MajorityVote
    >>> from sklabel.dask import predict_proba
    >>> model = MajorityVote().fit([[0, 0], [1, 1]])
    >>> votes = da.from_array(np.array([[0, 0], [1, -1]]), chunks=(1, 2))
    >>> predict_proba(model, votes).compute().round(2)
    array([[0.75, 0.25],
           [0.33, 0.67]])
    """
    return _predict(label_model, X, "predict_proba")


def predict(label_model: Any, X: Any) -> Any:
    """Return the most probable class of every sample, lazily.

    Parameters
    ----------
    label_model : label model
        Fitted by :func:`fit` or in memory: any model of `sklabel.label_model`.
    X : Dask DataFrame, Dask Array or PartitionedCrowdLabels
        Votes of the LFs of the fit.

    Returns
    -------
    y : Dask Series or Dask Array of shape (n_samples,)
        Classes.

    Raises
    ------
    ImportError
        If Dask is not installed.
    NotFittedError
        If `label_model` is not fitted.
    TypeError
        If X is not a Dask collection.
    ValueError
        When it is computed, if a partition has other LFs than in the fit; names the
        partition.

    See Also
    --------
    predict_proba : The probabilities.

    Examples
    --------
    >>> import numpy as np, dask.array as da
    >>> from sklabel import MajorityVote
    >>> from sklabel.dask import predict
    >>> model = MajorityVote().fit([[0, 0], [1, 1]])
    >>> votes = da.from_array(np.array([[0, 0], [1, -1]]), chunks=(1, 2))
    >>> predict(model, votes).compute()
    array([0, 1])
    """
    return _predict(label_model, X, "predict")


def _transform_one_row(transformer: Any, X: Any) -> Any:
    """Transform one row to see the type of the output."""
    try:
        return transformer.transform(X._meta_nonempty.iloc[:1])
    except Exception:
        # Functions of the user need not cope with made-up cells.
        return transformer.transform(X.head(1, npartitions=-1))


def _delayed(function: Any) -> Any:
    """Make a function or an object lazy."""
    return require_dask().delayed(function)


def _predict(model: Any, X: Any, method: str) -> Any:
    """Call a method of the model on every partition."""
    require_dask()
    check_is_fitted(model)
    blocks = blocks_of(X, what=f"sklabel.dask.{method}")
    shared = _delayed(_for_prediction(model))
    numbered = list(enumerate(blocks.parts))
    call = _delayed(_call)
    classes = np.asarray(model.classes_)
    wide = method == "predict_proba"
    if is_dask_array(X):
        import dask.array as da

        shape: tuple[Any, ...] = (np.nan, len(classes)) if wide else (np.nan,)
        lengths = X.chunks[0]
        dtype = np.dtype(np.float64) if wide else classes.dtype
        parts = [
            da.from_delayed(
                call(number, shared, part, method), (length, *shape[1:]), dtype=dtype
            )
            for (number, part), length in zip(numbered, lengths, strict=True)
        ]
        return da.concatenate(parts, allow_unknown_chunksizes=True)
    import dask.dataframe as dd

    index = X._meta.index if is_dask_frame(X) else X._empty_samples()
    if wide:
        meta: Any = pd.DataFrame(0.0, index=index, columns=classes.tolist())
    else:
        meta = pd.Series(classes[:0], index=index, name="label")
    ids = X._sample_blocks() if hasattr(X, "_sample_blocks") else [None] * len(numbered)
    frame = _delayed(_framed)
    parts = [
        frame(call(number, shared, part, method), part, rows, meta)
        for (number, part), rows in zip(numbered, ids, strict=True)
    ]
    divisions = X.divisions if is_dask_frame(X) else None
    return dd.from_delayed(parts, meta=meta, divisions=divisions, verify_meta=False)


def _for_prediction(model: Any) -> Any:
    """Return a copy without large attributes that are not needed to predict."""
    light = copy(model)
    for name in ("_memory_", "confusion_"):
        light.__dict__.pop(name, None)
    return light


def _call(number: int, model: Any, votes: Any, method: str) -> np.ndarray:
    """Call a method of the model; an empty partition has an empty result."""
    if votes.shape[0] == 0:
        if method == "predict":
            return model.classes_[:0]
        return np.zeros((0, len(model.classes_)))
    with in_partition(number):
        return getattr(model, method)(votes)


def _framed(result: np.ndarray, votes: Any, rows: Any, meta: Any) -> Any:
    """Turn the result into a Series or DataFrame with the index of its rows."""
    index = votes.index if rows is None else rows
    if isinstance(meta, pd.Series):
        return pd.Series(result, index=index, name=meta.name, dtype=meta.dtype)
    return pd.DataFrame(result, index=index, columns=meta.columns)


def _transform_dense(frame: pd.DataFrame, transformer: Any, meta: Any) -> pd.DataFrame:
    """Transform a partition to a table with the columns of `meta`."""
    if len(frame) == 0:
        return meta
    votes = transformer.transform(frame)
    if isinstance(votes, NamedVotes):
        return _named_table(votes, frame.index, meta)
    values = np.asarray(votes)
    table = pd.DataFrame(values, index=frame.index, columns=meta.columns)
    cast = table.astype(meta.dtypes)
    if not np.array_equal(cast.to_numpy(), values):
        raise ValueError(
            f"The transformer returned values up to {plain(np.max(values))} as "
            f"{values.dtype} here, and {cast.dtypes.iloc[0]} on the row that decides "
            "types. Use sparse_output=True, or classes from 0 to 127."
        )
    return cast


def _named_table(votes: NamedVotes, index: Any, meta: Any) -> pd.DataFrame:
    """Return votes as categorical columns with the categories of `meta`."""
    dtype = meta.dtypes.iloc[0]
    named = isinstance(dtype, pd.CategoricalDtype)
    classes = dtype.categories.to_numpy() if named else np.zeros(0, dtype=object)
    late = [c for c in votes.classes.tolist() if c not in set(classes)]
    if late:
        raise ValueError(
            f"The transformer voted for {first_few(late)} here, and for "
            f"{first_few(classes)} on the row that decides types. Give the labeling "
            "functions all classes, as in LFTransformer(..., classes=[...])."
        )
    table = votes.with_classes(np.asarray(classes)).to_frame(meta.columns, index)
    return table.astype(meta.dtypes)


def _transform_sparse(transformer: Any, frame: pd.DataFrame) -> Any:
    """Transform a partition to a sparse matrix."""
    if len(frame) == 0:
        n_columns = len(transformer.get_feature_names_out())
        return sparse.csr_matrix((0, n_columns), dtype=np.int8)
    return transformer.transform(frame).tocsr()
