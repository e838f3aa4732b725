"""What every label model shares: reading votes, gold labels, classes and weights."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel.base import VersionedPickle, score_on_gold
from sklabel.utils._validation import check_class_prior, check_sample_weight, warn
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._cast import CastVotes, is_crowd_labels, read_votes
from sklabel.votes._gold import Gold, read_gold


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
        votes, gold, weight = self._read_rows(votes, y, sample_weight)
        self._resolve_classes(Contents.of(votes, gold, self._lf_names()), self.classes)
        encoded, _ = votes.encode(self.vote_values_)
        if len(encoded.lf) == 0:
            warn(
                f"{type(self).__name__}: none of the {votes.n_samples} rows has a "
                "vote; predict_proba returns the class prior. Check ids and columns.",
            )
        self._fit_votes(encoded, gold.index(self.classes_), weight)
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
            warn(
                f"X has {int((~known).sum())} vote(s) with values that fit never saw: "
                f"{unknown[:5]!r}; they count as abstentions. Pass classes= with all "
                "labels, or fit on votes that hold them.",
            )
            encoded = encoded.take_votes(known)
        proba = self._posterior(encoded)
        proba[encoded.counts == 0] = self.class_prior_
        return proba

    def _read_rows(
        self, votes: CastVotes, y: Any, sample_weight: ArrayLike | None
    ) -> tuple[CastVotes, Gold, np.ndarray]:
        """Return votes, gold labels and weights of the rows that have a weight."""
        gold = read_gold(y, votes.n_samples)
        if sample_weight is None:
            return votes, gold, np.ones(votes.n_samples)
        weight = check_sample_weight(sample_weight, votes.n_samples)
        # Before the classes are derived: a row without weight is no row.
        kept = weight > 0
        return votes.take_rows(kept), gold.take(kept), weight[kept]

    def _resolve_classes(self, contents: Contents, classes: ArrayLike | None) -> None:
        """Set what classes and vote values there are."""
        alphabets = resolve_classes(
            contents, classes, class_votes=self._needs_class_votes
        )
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
        if is_crowd_labels(X):
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
