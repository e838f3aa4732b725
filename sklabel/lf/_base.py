"""What every LF transformer shares."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel.base import VersionedPickle
from sklabel.votes._cast import ABSTAIN, CastVotes
from sklabel.votes._forms import VoteMatrix, matrix_of, vote_dtype


def _is_one_dimensional(X: Any) -> bool:
    """Tell whether X is a list of scalars or an array of one dimension."""
    if isinstance(X, list | tuple):
        nested = (list, tuple, np.ndarray, pd.Series)
        return len(X) > 0 and not any(isinstance(row, nested) for row in X)
    return isinstance(X, np.ndarray) and X.ndim == 1


class BaseLFTransformer(TransformerMixin, VersionedPickle):
    """Base of the transformers that turn samples into votes.

    A subclass sets `sparse_output` in its `__init__`, calls `_check_samples` in
    `fit` and `transform`, and returns `_as_votes(...)` from `transform`.
    """

    sparse_output: bool

    def _check_samples(self, X: Any, *, reset: bool) -> Any:
        """Check shape and column names; a DataFrame comes back as it is.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The samples; cells may hold anything.
        reset : bool
            True in `fit`: remember the columns. False: compare with them.

        Returns
        -------
        X : DataFrame or ndarray of shape (n_samples, n_features)
            The same samples.

        Raises
        ------
        ValueError
            If X is empty, not two-dimensional, or has other columns than in `fit`.
        """
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} would have to load X, a Dask collection, into "
                "memory. Use sklabel.dask.transform(transformer, X), or X.compute()."
            )
        if isinstance(X, pd.Series) or _is_one_dimensional(X):
            raise ValueError(
                "Expected 2D array, got 1D array instead: "
                f"{type(self).__name__} reads columns of X. Reshape your data: pass "
                "frame[['column']] instead of frame['column'], or "
                "array.reshape(-1, 1)."
            )
        if isinstance(X, pd.DataFrame):
            if X.shape[1] == 0:
                raise ValueError(
                    f"Found array with 0 feature(s) (shape={X.shape}) while a minimum "
                    f"of 1 is required by {type(self).__name__}."
                )
            if len(X) == 0:
                raise ValueError(
                    f"Found array with 0 sample(s) (shape={X.shape}) while a minimum "
                    f"of 1 is required by {type(self).__name__}."
                )
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)

    def _as_votes(self, cast: CastVotes) -> np.ndarray | VoteMatrix:
        """Return cast votes, dense or sparse as `sparse_output` says."""
        if self.sparse_output:
            return matrix_of(cast)
        dtype = vote_dtype(int(cast.value.max(initial=0)))
        dense = np.full((cast.n_samples, cast.n_lfs), ABSTAIN, dtype=dtype)
        dense[cast.rows, cast.lf] = cast.value
        return dense

    def _dense_as_votes(self, dense: np.ndarray) -> np.ndarray | VoteMatrix:
        """Return dense votes, made sparse if `sparse_output` says so."""
        if not self.sparse_output:
            return dense
        cast = dense != ABSTAIN
        indptr = np.concatenate([[0], np.cumsum(cast.sum(axis=1))])
        lf = np.nonzero(cast)[1].astype(np.int32)
        return VoteMatrix((dense[cast], lf, indptr), shape=dense.shape)

    def _check_input_features(self, input_features: Sequence[str] | None) -> None:
        """Raise if the names passed to `get_feature_names_out` are not those of fit."""
        check_is_fitted(self)
        known = getattr(self, "feature_names_in_", None)
        if (
            input_features is not None
            and known is not None
            and list(input_features) != list(known)
        ):
            raise ValueError("input_features is not equal to feature_names_in_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        assert tags.transformer_tags is not None
        tags.transformer_tags.preserves_dtype = []
        return tags
