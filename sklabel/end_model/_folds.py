"""Folds for out-of-fold opinions: equal rows together, classes spread evenly."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import hashlib
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.model_selection import check_cv

# Rows that are converted at a time.
_BLOCK = 4096
_DEFAULT_FOLDS = 5

Folds = list[tuple[np.ndarray, np.ndarray]]


def row_keys(X: Any, n_samples: int) -> np.ndarray:
    """Return a number for each row that depends on what the row holds alone.

    Parameters
    ----------
    X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
        Features.
    n_samples : int
        Number of rows.

    Returns
    -------
    keys : ndarray of shape (n_samples,), uint64
        Equal for equal rows, and as good as random; of rows that cannot be compared,
        their position.
    """
    if sparse.issparse(X):
        X = sparse.csr_matrix(X)
        X.sort_indices()
        parts = zip(
            np.split(X.indices, X.indptr[1:-1]),
            np.split(X.data, X.indptr[1:-1]),
            strict=True,
        )
        return _hashed(i.tobytes() + x.tobytes() for i, x in parts)
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if isinstance(X, pd.DataFrame) and all(map(_is_plain_number, X.dtypes)):
        X = X.to_numpy()  # equal to an array of the same numbers
    if isinstance(X, np.ndarray) and _is_plain_number(X.dtype):
        return _hashed(
            row.tobytes()
            for start in range(0, n_samples, _BLOCK)
            # Minus zero is zero.
            for row in X[start : start + _BLOCK].astype(np.float64, order="C") + 0.0
        )
    try:
        return pd.util.hash_pandas_object(pd.DataFrame(X), index=False).to_numpy()
    except (TypeError, ValueError):  # cells that are no values
        return _hashed(str(i).encode() for i in range(n_samples))


def _is_plain_number(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"


def _hashed(rows: Any) -> np.ndarray:
    digests = b"".join(hashlib.blake2b(row, digest_size=8).digest() for row in rows)
    return np.frombuffer(digests, dtype="<u8")


def make_folds(cv: Any, keys: np.ndarray, proba: np.ndarray, used: np.ndarray) -> Folds:
    """Split rows into folds.

    Parameters
    ----------
    cv : int, splitter or iterable
        Number of folds, what splits the rows, or splits.
    keys : ndarray of shape (n_samples,)
        What `row_keys` returns.
    proba : ndarray of shape (n_samples, n_classes)
        Weighted soft labels, which the folds are stratified by.
    used : ndarray of shape (n_samples,), bool
        Rows that a classifier is trained on.

    Returns
    -------
    folds : list of (train, test)
        Positions of rows; `train` only of those that are used. Every row is in one
        `test`.

    Raises
    ------
    ValueError
        If a splitter does not put each row into one test part.
    """
    n_samples = len(keys)
    if isinstance(cv, Integral):
        tests = _dealt(int(cv), keys, proba, used)
    else:
        label = proba.argmax(axis=1)
        tests = _tests_of(check_cv(cv, label, classifier=True), label)
        seen = np.bincount(np.concatenate(tests), minlength=n_samples)
        if len(seen) != n_samples or (seen != 1).any():
            raise ValueError(
                "cv must put every row into one test part, as KFold does; "
                f"{type(cv).__name__} puts {int((seen != 1).sum())} of {n_samples} "
                "rows into none or several."
            )
    folds = []
    for test in filter(len, tests):
        train = used.copy()
        train[test] = False
        folds.append((np.flatnonzero(train), np.sort(test)))
    return folds


def _tests_of(splitter: Any, label: np.ndarray) -> list[np.ndarray]:
    """Return the test parts of a splitter."""
    try:
        splits = splitter.split(np.zeros((len(label), 1)), label)
        return [test for _, test in splits]
    except ValueError as error:
        raise ValueError(
            f"{type(splitter).__name__} cannot split the rows for the rounds: {error} "
            "If it needs groups, pass its splits, "
            "cv=list(splitter.split(X, groups=groups))."
        ) from error


def _dealt(
    n_folds: int, keys: np.ndarray, proba: np.ndarray, used: np.ndarray
) -> list[np.ndarray]:
    """Deal rows out to folds, class by class.

    Equal rows go into one fold, or the classifier would know the votes on a row by
    heart. So the folds neither depend on the order of rows nor on whether equal rows
    or a weight stand for them.
    """
    distinct, of_row = np.unique(keys, return_inverse=True)
    mass = np.zeros((len(distinct), proba.shape[1]))
    np.add.at(mass, of_row[used], proba[used])
    stratum = np.where(mass.sum(axis=1) > 0, mass.argmax(axis=1), proba.shape[1])
    order = np.lexsort((distinct, stratum))
    fold = np.empty(len(distinct), dtype=np.int64)
    fold[order] = np.arange(len(distinct)) % n_folds
    return [np.flatnonzero(fold[of_row] == k) for k in range(n_folds)]


def splits_of_rows(cv: Any, kept: np.ndarray) -> Any:
    """Turn splits of all rows into splits of those that are kept.

    Parameters
    ----------
    cv : int, splitter or iterable
        A number and a splitter stay as they are; None is 5.
    kept : ndarray of shape (n_samples,), bool
        Rows with a weight.

    Raises
    ------
    ValueError
        If an iterable does not hold pairs of positions of rows.
    """
    if cv is None:
        return _DEFAULT_FOLDS
    if isinstance(cv, Integral) or hasattr(cv, "split"):
        return cv
    position = np.where(kept, np.cumsum(kept) - 1, -1)
    splits: list[Any] = []
    for parts in cv:
        try:
            train, test = (position[np.arange(len(kept))[part]] for part in parts)
        except (IndexError, TypeError, ValueError) as error:
            raise ValueError(
                "cv must be an int, a splitter, or pairs (train, test) of positions "
                f"of the {len(kept)} rows; its item {len(splits)} is not: {error}."
            ) from error
        splits.append((train[train >= 0], test[test >= 0]))
    if not splits:
        raise ValueError(
            "cv holds no splits. A generator is used up by one fit; pass list(...) "
            "of it."
        )
    return splits
