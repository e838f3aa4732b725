"""Several LF transformers side by side, whatever form their votes have."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import output_container
from sklabel.votes._forms import join_blocks


class _JoinedUnion(FeatureUnion):
    """FeatureUnion that joins blocks of votes of any form."""

    def _hstack(self, Xs: Sequence[Any]) -> Any:
        """Put votes side by side; FeatureUnion calls this after all transformers."""
        tables = output_container(self) != "default" and not any(
            map(sparse.issparse, Xs)
        )
        return super()._hstack(Xs) if tables else join_blocks(list(Xs))


class LFUnion(FeatureUnion):
    """Several LF transformers side by side.

    scikit-learn's FeatureUnion, for votes: it joins dense and sparse ones, and keeps
    the names of classes in both. FeatureUnion does so for dense votes only. Where
    transformers know other classes, the votes are for the classes of all of them. It
    fits clones, and leaves the transformers that it was given as they are.

    Parameters
    ----------
    transformer_list : list of (str, transformer) tuples
        The LF transformers, fitted or not.
    n_jobs : int, default=None
        Processes that run them. None means 1 unless in a
        :func:`joblib.parallel_config` context, -1 all cores.
    verbose : bool, default=False
        Print the time that each one takes.
    verbose_feature_names_out : bool, default=True
        Put the name of the transformer in front of the names of its LFs.

    Attributes
    ----------
    transformers_ : list of (str, transformer) tuples
        The fitted transformers.
    union_ : FeatureUnion
        Holds them.
    n_features_in_ : int
        Number of columns of X, if the first transformer has it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X, if the first transformer has them.

    See Also
    --------
    sklearn.pipeline.FeatureUnion : The same without a way to join sparse votes.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import LFTransformer, LFUnion
    >>> def short(x):
    ...     return "ham" if len(x.text) < 10 else None
    >>> def shouts(x):
    ...     return "spam" if x.text.isupper() else None
    >>> names = ["ham", "spam"]
    >>> union = LFUnion(
    ...     [
    ...         ("a", LFTransformer([short], classes=names, sparse_output=True)),
    ...         ("b", LFTransformer([shouts], classes=names)),
    ...     ]
    ... )
    >>> votes = union.fit_transform(pd.DataFrame({"text": ["hello", "BUY IT NOW!"]}))
    >>> votes.toarray().tolist()
    [['ham', None], [None, 'spam']]
    """

    _parameter_constraints = {
        "transformer_list": [list],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
        "verbose_feature_names_out": ["boolean"],
    }

    def __init__(
        self,
        transformer_list: Sequence[tuple[str, Any]],
        *,
        n_jobs: int | None = None,
        verbose: bool = False,
        verbose_feature_names_out: bool = True,
    ) -> None:
        super().__init__(
            transformer_list,
            n_jobs=n_jobs,
            verbose=verbose,
            verbose_feature_names_out=verbose_feature_names_out,
        )

    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> LFUnion:
        """Fit clones of the LF transformers.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Passed on.
        **fit_params : dict
            Passed on, as FeatureUnion does.

        Returns
        -------
        self : LFUnion
            The fitted union.

        Raises
        ------
        ValueError
            If a transformer refuses X.
        """
        self._make_union().fit(X, y, **fit_params)
        return self

    def fit_transform(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit clones of the LF transformers, and return the votes of all.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,), default=None
            Passed on.
        **params : dict
            Passed on, as FeatureUnion does.

        Returns
        -------
        votes : ndarray, NamedVotes, VoteMatrix or DataFrame
            Votes of shape (n_samples, n_lfs); sparse if one of them returns sparse
            votes.

        Raises
        ------
        ValueError
            If transformers vote for classes of different kinds, or a row label of X
            stands in another row of y.
        """
        check_same_rows(X=X, y=y)
        return self._make_union().fit_transform(X, y, **params)

    def transform(self, X: Any, **params: Any) -> Any:
        """Return the votes of all LF transformers.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples.
        **params : dict
            Passed on, as FeatureUnion does.

        Returns
        -------
        votes : ndarray, NamedVotes, VoteMatrix or DataFrame
            As `fit_transform` returns them.

        Raises
        ------
        NotFittedError
            If the union is not fitted.
        ValueError
            If transformers vote for classes of different kinds.
        """
        check_is_fitted(self)
        return self.union_.transform(X, **params)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the labeling functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Columns of X.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            With the name of the transformer in front if `verbose_feature_names_out`.

        Raises
        ------
        NotFittedError
            If the union is not fitted.
        """
        check_is_fitted(self)
        return self.union_.get_feature_names_out(input_features)

    def set_output(self, *, transform: str | None = None) -> LFUnion:
        """Set what all LF transformers return.

        Parameters
        ----------
        transform : {'default', 'pandas', 'polars'}, default=None
            The form of votes. None leaves it as it is.

        Returns
        -------
        self : LFUnion
            The union.
        """
        super().set_output(transform=transform)
        if hasattr(self, "union_"):
            self.union_.set_output(transform=transform)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "union_")

    @property
    def transformers_(self) -> list[tuple[str, Any]]:
        """The fitted LF transformers, with their names."""
        return self.union_.transformer_list

    @property
    def n_features_in_(self) -> int:
        """Number of columns of X, if the first transformer has it."""
        return self.union_.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Columns of X, if the first transformer has them."""
        return self.union_.feature_names_in_

    def _make_union(self) -> _JoinedUnion:
        """Return a FeatureUnion of clones, which may be fitted in place."""
        self._validate_params()
        self._validate_transformers()
        union = _JoinedUnion(
            [
                (name, part if isinstance(part, str) else clone(part))
                for name, part in self.transformer_list
            ],
            n_jobs=self.n_jobs,
            verbose=self.verbose,
            verbose_feature_names_out=self.verbose_feature_names_out,
        )
        if hasattr(self, "_sklearn_output_config"):
            union._sklearn_output_config = dict(self._sklearn_output_config)
        self.union_ = union
        return union

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        assert tags.transformer_tags is not None
        tags.transformer_tags.preserves_dtype = []
        parts = [step for _, step in self.transformer_list if not isinstance(step, str)]
        for name in ("allow_nan", "categorical", "string"):
            of_parts = [getattr(get_tags(part).input_tags, name) for part in parts]
            setattr(tags.input_tags, name, bool(parts) and all(of_parts))
        return tags
