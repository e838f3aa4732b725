"""Base classes: what every LF transformer and every label model shares."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

import sklabel
from sklabel.utils._classes import Alphabets, Gold, read_gold, resolve_classes
from sklabel.utils._validation import (
    check_class_prior,
    check_sample_weight,
    first_few,
)
from sklabel.utils._votes import (
    ABSTAIN,
    CastVotes,
    VoteMatrix,
    is_numeric,
    read_votes,
    vote_dtype,
)


class VersionedPickle(BaseEstimator):
    """Estimator whose pickle knows the version of sklabel that wrote it."""

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_sklabel_version": sklabel.__version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        version = state.pop("_sklabel_version", "unknown")
        if version != sklabel.__version__:
            warnings.warn(
                f"{type(self).__name__} was pickled by sklabel {version} and is read "
                f"by {sklabel.__version__}; its results may differ. Fit it again, or "
                f'install the writer: pip install "sklabel=={version}"',
                UserWarning,
                stacklevel=2,
            )
        super().__setstate__(state)


def _is_one_dimensional(X: Any) -> bool:
    """Tell whether X is a list of scalars or an array of one dimension."""
    if isinstance(X, list | tuple):
        nested = (list, tuple, np.ndarray, pd.Series)
        return len(X) > 0 and not any(isinstance(row, nested) for row in X)
    return isinstance(X, np.ndarray) and X.ndim == 1


def score_on_gold(
    estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None
) -> float:
    """Return the accuracy of a classifier where y has a gold label.

    Parameters
    ----------
    estimator : classifier
        Fitted, with `classes_` and `predict`.
    X : array-like or DataFrame
        Samples.
    y : array-like of shape (n_samples,)
        Gold labels; -1 means unlabelled unless it is one of the classes.
    sample_weight : array-like of shape (n_samples,) or None
        Weights.

    Returns
    -------
    accuracy : float
        In [0, 1].

    Raises
    ------
    ValueError
        If no row has a gold label, or labels and classes are of different kinds.
    """
    check_is_fitted(estimator)
    predicted = np.asarray(estimator.predict(X))
    gold = read_gold(y, len(predicted))
    if gold is None:
        raise ValueError("score needs gold labels; y is None.")
    classes = np.asarray(estimator.classes_)
    known = gold.known
    if not (is_numeric(classes) and ABSTAIN in classes):
        known = known & ~gold.minus_one
    if not known.any():
        raise ValueError(
            f"None of the {len(known)} rows has a gold label in y; there is nothing to "
            "score."
        )
    label = gold.label[known]
    if is_numeric(label) != is_numeric(classes):
        raise ValueError(
            f"y holds {first_few(dict.fromkeys(label.tolist()), 3)} and the classes "
            f"are {first_few(classes)}. Fit with classes=[...] that name the votes, as "
            "in LabelModel(classes=crowd.classes)."
        )
    weight = None
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, len(known))[known]
    return float(np.average(predicted[known] == label, weights=weight))


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

    def _as_votes(
        self, indptr: np.ndarray, lf: np.ndarray, vote: np.ndarray, n_lfs: int
    ) -> np.ndarray | VoteMatrix:
        """Lay out cast votes as `sparse_output` says."""
        n_samples = len(indptr) - 1
        dtype = vote_dtype(int(vote.max(initial=0)))
        if self.sparse_output:
            return VoteMatrix(
                (vote.astype(dtype), lf, indptr), shape=(n_samples, n_lfs)
            )
        dense = np.full((n_samples, n_lfs), ABSTAIN, dtype=dtype)
        dense[np.repeat(np.arange(n_samples), np.diff(indptr)), lf] = vote
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


class BaseLabelModel(ClassifierMixin, VersionedPickle):
    """Base of the label models: votes in, class probabilities out.

    The base reads votes, gold labels, classes and weights once for the whole
    family. A subclass has the parameters `classes` and `class_prior` and implements
    `_fit_votes(votes, gold, sample_weight)`, which sets `class_prior_` and its own
    attributes, and `_posterior(votes)`, which returns an array of shape
    (n_samples, n_classes). Both see votes as indices into `vote_values_`.
    """

    classes: ArrayLike | None
    class_prior: ArrayLike | None
    # Reads votes that are integers, with string classes that came from complete
    # gold, as class indices; a model that learns tables does not need to.
    _needs_class_votes = False

    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> BaseLabelModel:
        """Learn from votes, and from gold labels where there are some.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes. Dense: -1, NaN, None or pd.NA mean abstain. CSR: an entry that is
            not stored means abstain.
        y : array-like of shape (n_samples,), default=None
            Gold labels; -1, NaN, None or pd.NA mean unlabelled. None: unsupervised.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample; a weight of 2 counts like two equal rows and a
            weight of 0 like no row.

        Returns
        -------
        self : estimator
            The fitted model.

        Raises
        ------
        ValueError
            If X holds no votes that are classes, a vote is not a class and y does
            not name the classes, or y and X differ in length.
        TypeError
            If a cell of X or y is neither a string nor a number.
        """
        self._validate_params()
        votes = self._read_votes(X, reset=True)
        votes, gold_values, weight = self._read_rows(votes, y, sample_weight)
        alphabets = resolve_classes(
            votes,
            gold_values,
            self.classes,
            lf_names=self._lf_names(),
            class_votes=self._needs_class_votes,
        )
        self._keep_alphabets(alphabets)
        encoded, _ = votes.encode(self.vote_values_)
        if len(encoded.lf) == 0:
            warnings.warn(
                f"{type(self).__name__}: none of the {votes.n_samples} rows has a "
                "vote; predict_proba returns the class prior. Check ids and columns.",
                UserWarning,
                stacklevel=2,
            )
        self._fit_votes(encoded, alphabets.gold, weight)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the class probabilities of each sample.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes), float64
            Soft labels, in the order of `classes_`; rows sum to 1. A row without
            votes gets `class_prior_`.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If X has other LFs than in `fit`.
        """
        return self._proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each sample.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes. Ties go to the class with the larger prior, then to the first.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If X has other LFs than in `fit`.
        """
        proba = self._proba(X)
        best = proba.max(axis=1, keepdims=True)
        # Probabilities that differ in rounding only are a tie.
        tied = proba >= best * (1 - 1e-12)
        prior = np.where(tied, self.class_prior_, 0.0)
        tied &= prior >= prior.max(axis=1, keepdims=True) * (1 - 1e-12)
        return self.classes_[np.argmax(tied, axis=1)]

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on the rows that have a gold label.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.
        y : array-like of shape (n_samples,)
            Gold labels; rows with -1, NaN, None or pd.NA are left out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.

        Returns
        -------
        accuracy : float
            In [0, 1].

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If no row has a gold label, or gold labels and classes are of different
            kinds.
        """
        return score_on_gold(self, X, y, sample_weight)

    def _proba(self, X: Any) -> np.ndarray:
        """Do what `predict_proba` says; warnings point to the user's call."""
        check_is_fitted(self)
        votes = self._read_votes(X, reset=False)
        encoded, known = votes.encode(self.vote_values_)
        if not known.all():
            unknown = sorted(set(votes.value[~known].tolist()), key=str)
            warnings.warn(
                f"X has {int((~known).sum())} vote(s) with values that fit never saw: "
                f"{unknown[:5]!r}; they count as abstentions. Pass classes= with all "
                "labels, or fit on votes that hold them.",
                UserWarning,
                stacklevel=3,
            )
            encoded = encoded.take_votes(known)
        proba = self._posterior(encoded)
        proba[encoded.counts == 0] = self.class_prior_
        return proba

    def _read_rows(
        self, votes: CastVotes, y: Any, sample_weight: ArrayLike | None
    ) -> tuple[CastVotes, Gold | None, np.ndarray]:
        """Return votes, gold labels and weights of the rows that have a weight."""
        gold = read_gold(y, votes.n_samples)
        if sample_weight is None:
            return votes, gold, np.ones(votes.n_samples)
        weight = check_sample_weight(sample_weight, votes.n_samples)
        # Before the classes are derived: a row without weight is no row.
        kept = weight > 0
        gold = None if gold is None else gold.take(kept)
        return votes.take_rows(kept), gold, weight[kept]

    def _keep_alphabets(self, alphabets: Alphabets) -> None:
        """Set what classes and vote values there are."""
        self.classes_ = alphabets.classes
        self.vote_values_ = alphabets.values
        self._class_of_value = alphabets.class_of_value
        if self.class_prior is not None:
            check_class_prior(self.class_prior, len(self.classes_))

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        raise NotImplementedError

    def _posterior(self, votes: CastVotes) -> np.ndarray:
        raise NotImplementedError

    def _lf_names(self) -> Sequence[Any]:
        """Names of the LFs for messages: column names, else positions."""
        return getattr(self, "feature_names_in_", range(self.n_features_in_))

    def _read_votes(self, X: Any, *, reset: bool) -> CastVotes:
        """Validate X and read its votes."""
        if hasattr(X, "_vote_blocks"):
            raise TypeError(
                f"{type(self).__name__} reads votes in memory, and X is a "
                f"{type(X).__name__}. Use sklabel.dask.fit(model, X) and "
                "sklabel.dask.predict_proba(model, X)."
            )
        if hasattr(X, "votes_of"):
            raise TypeError(
                f"{type(self).__name__} reads votes, and X is a {type(X).__name__}. "
                "Put WorkerLFTransformer(crowd_labels) in front of it, or pass "
                "crowd_labels.to_wide()."
            )
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} would have to load X, a Dask collection, into "
                "memory. Use sklabel.dask.fit(model, X) and "
                "sklabel.dask.predict_proba(model, X), or pass X.compute()."
            )
        checked = validate_data(
            self,
            X,
            accept_sparse="csr",
            dtype=None,
            ensure_all_finite=False,
            reset=reset,
        )
        if sparse.issparse(X) and checked.nnz != X.nnz:
            raise ValueError(
                "A sparse vote matrix stores at most one vote per sample and LF; got "
                f"{X.nnz - checked.nnz} entries that repeat a position. Keep one."
            )
        return read_votes(checked, self._lf_names())

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = False
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        return tags
