"""What every LF transformer shares."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel.base import VersionedPickle
from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    check_filled,
    first_few,
    is_text,
    output_container,
)
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import dense_of, matrix_of
from sklabel.votes._named import NamedVotes
from sklabel.votes._read import cast_of_codes, refuse_whole


def _is_one_dimensional(X: Any) -> bool:
    """Tell whether X is a list of scalars or an array of one dimension."""
    if isinstance(X, list | tuple):
        nested = (list, tuple, np.ndarray, pd.Series)
        return len(X) > 0 and not any(isinstance(row, nested) for row in X)
    return isinstance(X, np.ndarray) and X.ndim == 1


class BaseLFTransformer(TransformerMixin, VersionedPickle, ABC):
    """Base of the transformers that turn samples into votes, also of your own.

    It checks samples and brings votes into the form that the user wants: arrays of
    integers, :class:`~sklabel.votes.NamedVotes` where classes are names, and with
    ``set_output`` tables of categories that keep all classes and their order. Do not
    subclass it for a rule about one row: that is a function, see
    :class:`LFTransformer`.

    See Also
    --------
    sklabel.testing.check_lf_transformer : What the subclass is to be checked with.
    LFTransformer : Labeling functions that need no class.

    Notes
    -----
    A subclass implements `fit`, `transform` and `get_feature_names_out`, and calls two
    methods of the base:

    ``self._check_samples(X, reset=True)`` in `fit`, ``reset=False`` in `transform`
        Returns X as a DataFrame of pandas if it is a frame of any library, else as an
        array of shape (n_samples, n_features). It remembers the columns in `fit`, and
        raises where X in `transform` has others, is empty or not two-dimensional.
    ``self._dense_as_votes(positions, classes, X)`` at the end of `transform`
        Returns the votes. ``positions`` of shape (n_samples, n_lfs) holds integers:
        the position in ``classes`` that each LF votes for, -1 for abstain. ``classes``
        is an array of distinct strings or integers, the same in every call. ``X`` is
        what `_check_samples` returned.

    ``check_estimator`` of scikit-learn compares results by subtraction: run it with
    integer classes, and `check_lf_transformer` with names too.

    A subclass that is to return sparse votes at the user's wish has a parameter
    `sparse_output`; nothing else is to be done for it.

    Examples
    --------
    Long texts vote for one class and short ones for another; what long means, `fit`
    learns:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklabel.lf import BaseLFTransformer
    >>> from sklearn.utils.validation import check_is_fitted
    >>> class LengthLF(BaseLFTransformer):
    ...     def __init__(self, classes):
    ...         self.classes = classes
    ...
    ...     def fit(self, X, y=None):
    ...         texts = self._check_samples(X, reset=True)
    ...         self.classes_ = np.asarray(self.classes)
    ...         self.limits_ = texts["text"].str.len().quantile([0.25, 0.75])
    ...         return self
    ...
    ...     def transform(self, X):
    ...         check_is_fitted(self)
    ...         texts = self._check_samples(X, reset=False)
    ...         length = texts["text"].str.len().to_numpy()
    ...         votes = np.full((len(texts), 2), -1)
    ...         votes[length < self.limits_.iloc[0], 0] = 0
    ...         votes[length > self.limits_.iloc[1], 1] = 1
    ...         return self._dense_as_votes(votes, self.classes_, texts)
    ...
    ...     def get_feature_names_out(self, input_features=None):
    ...         return np.array(["short", "long"], dtype=object)
    >>> posts = pd.DataFrame({"text": ["ok", "see you there", "a long story it was"]})
    >>> lf = LengthLF(["chat", "story"])
    >>> lf.fit_transform(posts)
    NamedVotes(3 samples, 2 LFs, classes=['chat', 'story'])
    [['chat' None]
     [None None]
     [None 'story']]
    >>> table = lf.set_output(transform="pandas").fit_transform(posts)
    >>> table["long"].cat.categories.tolist()
    ['chat', 'story']
    """

    sparse_output: bool

    @abstractmethod
    def fit(self, X: Any, y: Any = None) -> Any:
        """Learn from samples, or check the parameters; a subclass implements it.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Gold labels, if the labeling functions learn from them.

        Returns
        -------
        self : estimator
            The fitted transformer.
        """

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        """Fit, and return the votes on the same samples.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Gold labels, of the labeling functions or of later steps of a Pipeline.
        **fit_params : dict
            Passed to `fit`.

        Returns
        -------
        votes : ndarray, NamedVotes, VoteMatrix or DataFrame of shape (n_samples, n_lfs)
            What `transform` returns.

        Raises
        ------
        ValueError
            If a row label of X stands in another row of y. A later step could not
            tell: votes have no index.
        """
        check_same_rows(X=X, y=y)
        return super().fit_transform(X, y, **fit_params)

    @abstractmethod
    def transform(self, X: Any) -> Any:
        """Return the votes; a subclass implements it.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            Votes. Those on a row depend on that row and on what `fit` learned, not on
            the other rows.
        """

    @abstractmethod
    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the labeling functions; a subclass implements it.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Columns of X; the names need not depend on them.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            Distinct names.
        """

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
        refuse_whole(X, f"X of {type(self).__name__}")
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
        if sparse_output is None:
            sparse_output = getattr(self, "sparse_output", False)
        if sparse_output:
            return matrix_of(cast)
        votes = dense_of(cast)
        container = output_container(self)
        if not isinstance(votes, NamedVotes) or container == "default":
            return votes
        frame = votes.to_frame(
            list(self.get_feature_names_out()),
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

    def _dense_as_votes(self, codes: ArrayLike, classes: ArrayLike, X: Any) -> Any:
        """Return dense positions in classes, -1 for abstain, in the wanted form.

        Parameters
        ----------
        codes : array-like of shape (n_samples, n_lfs), integers
            Position in `classes` of each vote, -1 for abstain.
        classes : array-like of shape (n_classes,)
            The classes.
        X : DataFrame or array-like
            What `transform` got, for the index of the output.

        Returns
        -------
        votes : ndarray, NamedVotes, VoteMatrix or DataFrame
            As of `_as_votes`.

        Raises
        ------
        ValueError
            If `codes` is not what it should be.
        """
        codes, classes = np.asarray(codes), np.asarray(classes)
        if codes.ndim != 2 or codes.dtype.kind not in "iu":
            raise ValueError(
                f"{type(self).__name__}: votes must be positions in the classes, "
                "integers of shape (n_samples, n_lfs), and -1 for abstain; got "
                f"{codes.dtype} of shape {codes.shape}. Look labels up in the classes "
                "first, and make one LF a column with votes[:, None]."
            )
        wrong = (codes < -1) | (codes >= len(classes))
        if wrong.any():
            row, column = np.argwhere(wrong)[0]
            raise ValueError(
                f"{type(self).__name__}: votes must be positions in the "
                f"{len(classes)} classes, and -1 for abstain; got {codes[row, column]} "
                f"in row {row}, LF {column}. Pass the position, not the class."
            )
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
