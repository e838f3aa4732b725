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
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import (
    check_filled,
    first_few,
    is_text,
    output_container,
)
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import dense_of, matrix_of
from sklabel.votes._named import NamedVotes
from sklabel.votes._read import cast_of_codes


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
        """Check shape and column names; return a frame of pandas as it is.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The samples; cells may hold anything.
        reset : bool
            True in `fit`: remember the columns. False: compare with them.

        Returns
        -------
        X : DataFrame or ndarray of shape (n_samples, n_features)
            The same samples; frames of other libraries as one of pandas.

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
        X = as_pandas(X, where=f"X of {type(self).__name__}")
        if isinstance(X, pd.Series) or _is_one_dimensional(X):
            raise ValueError(
                "Expected 2D array, got 1D array instead: "
                f"{type(self).__name__} reads columns of X. Reshape your data: pass "
                "frame[['column']] instead of frame['column'], or "
                "array.reshape(-1, 1)."
            )
        if isinstance(X, pd.DataFrame):
            check_filled(X, where=type(self).__name__)
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)

    def _as_votes(
        self, cast: CastVotes, X: Any, *, sparse_output: bool | None = None
    ) -> np.ndarray | NamedVotes | Any:
        """Return votes that know their classes, in the form that the user wants.

        Parameters
        ----------
        cast : CastVotes
            Votes with `classes`.
        X : DataFrame or array-like
            What `transform` got, for the index of the output.
        sparse_output : bool, default=None
            Whether to return sparse votes. If None, the parameter decides.

        Returns
        -------
        votes : ndarray, NamedVotes, VoteMatrix or DataFrame
            Dense votes for names or numbers below 0
            are NamedVotes; with ``set_output``, a table of categories.
        """
        if self.sparse_output if sparse_output is None else sparse_output:
            return matrix_of(cast)
        votes = dense_of(cast)
        container = output_container(self)
        if not isinstance(votes, NamedVotes) or container == "default":
            return votes
        frame = votes.to_frame(
            self.get_feature_names_out(),
            X.index if isinstance(X, pd.DataFrame) else None,
        )
        if container == "pandas":
            return frame
        if not is_text(votes.classes):
            raise ValueError(
                f"{type(self).__name__} votes for the classes "
                f"{first_few(votes.classes)}, and polars has categories of strings "
                "only. Use the default output or set_output(transform='pandas'), or "
                "make the classes strings."
            )
        return polars_enums(frame)

    def _dense_as_votes(self, codes: np.ndarray, classes: np.ndarray, X: Any) -> Any:
        """Return dense positions in classes, -1 for abstain, in the wanted form."""
        return self._as_votes(cast_of_codes(codes, classes), X)

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


def polars_enums(frame: pd.DataFrame) -> Any:
    """Return categorical columns as a polars table of enums."""
    import polars as pl

    return pl.DataFrame(
        {
            str(name): pl.Series(
                frame[name].astype(object).where(frame[name].notna(), None).tolist(),
                dtype=pl.Enum([str(c) for c in frame[name].cat.categories]),
            )
            for name in frame.columns
        }
    )
