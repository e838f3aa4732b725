"""What label models share: reading votes and gold labels, predicting, and EM."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from sklabel.base import (
    VersionedPickle,
    all_or_nothing,
    score_on_gold,
    score_on_soft,
)
from sklabel.label_model._copies import warn_of_copies
from sklabel.sums._em import EMResult, run_em
from sklabel.sums._gold import gold_total, has_gold, no_gold
from sklabel.sums._sums import FLOOR, VoteChunk, VoteSource
from sklabel.utils._frames import as_pandas
from sklabel.utils._loops import refuse_loops, warn_of_order
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    StrOptions,
    check_class_prior,
    check_sample_weight,
    warn,
)
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._cast import CastVotes
from sklabel.votes._gold import Gold, read_gold, warn_of_minus_one_as_class
from sklabel.votes._input import read_vote_input
from sklabel.votes._proba import has_columns
from sklabel.votes._shape import check_shape


class _Shape(NamedTuple):
    """What scikit-learn wants to know of votes that have been read already."""

    shape: tuple[int, int]


class BaseLabelModel(ClassifierMixin, VersionedPickle, ABC):
    """Base of all label models, also of those of your own.

    It reads votes in all their forms, classes, gold labels and weights, and answers
    `predict`, `predict_proba`, `score` and the reports of `sklabel.inspection`. A
    subclass says how the model learns and what it makes of votes, see Notes. Do not
    subclass it to change a parameter of a model that is there.

    Parameters
    ----------
    classes : array-like of shape (n_classes,), default=None
        The classes, in the order of the columns of `predict_proba`; scikit-learn's
        scorers of probabilities need them sorted, see :class:`~sklabel.GoldKFold`. If
        None, the labels of `y` where every row has one, else those that the votes know
        or hold, and those of `y`.
    class_prior : {'auto', 'uniform'} or array-like of shape (n_classes,), \
            default='auto'
        Probabilities in the order of `classes_`, or a Series or dict by class. What
        'auto' means is the subclass's choice.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    class_prior_ : ndarray of shape (n_classes,)
        Prior probability of each class; a subclass sets it. Rows without votes get it.
    vote_values_ : ndarray of shape (n_values,)
        The values that a vote can have.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    sklabel.testing.check_label_model : What the subclass is to be checked with.
    MajorityVote : A small subclass.

    Notes
    -----
    A subclass implements two methods:

    ``_fit_votes(self, votes, gold, sample_weight)``
        Sets `class_prior_` and attributes of its own that end in an underscore.
    ``_posterior(self, votes)``
        Returns class probabilities of shape (n_samples, n_classes), a new array whose
        rows sum to 1. Rows without votes may hold anything.

    Both are called when the input has been checked, and `classes_` and `vote_values_`
    are set. ``votes`` holds the votes that were cast, row by row, without the
    abstentions: the arrays ``votes.rows``, ``votes.lf`` and ``votes.value`` of shape
    (n_votes,) are row, column and position in `vote_values_` of each; ``votes.counts``
    of shape (n_samples,) is the number of votes of each row; ``votes.n_samples`` and
    ``votes.n_lfs`` are the shape. ``self._class_of_value[votes.value]`` is the
    position in `classes_` of the class that each vote names, -1 if it names none, as
    "can't tell" does. ``gold`` has shape (n_samples,) and holds positions in
    `classes_`, -1 for unlabelled; or shape (n_samples, n_classes), soft gold, with rows
    of NaN for unlabelled. ``sample_weight`` of shape (n_samples,) is positive.

    ``self._given_prior()`` returns the prior that the user gives, or None for 'auto'.
    With the class attribute ``_needs_class_votes = True``, votes that name no class are
    of no use to the model. A subclass with further parameters has an ``__init__`` that
    sets all of them, `classes` and `class_prior` too, and nothing else.

    Tables show these attributes if `_fit_votes` sets them. ``lf_accuracy_`` of shape
    (n_lfs,): the accuracy in `lf_summary`, `worker_report` and `labeling_report`;
    without it, they take the mean posterior of what each LF voted for. ``confusion_``
    of shape (n_lfs, n_classes, n_values), P(vote value | class, the LF votes): the
    spammer score and information of `worker_report`, the gain of `relabel_plan`, and
    with `lf_accuracy_` :class:`~sklabel.inspection.LFConfusionDisplay`. ``converged_``,
    bool: `labeling_report` warns if it is False.

    Examples
    --------
    The share of the votes for each class, as :class:`MajorityVote` without smoothing:

    >>> import numpy as np
    >>> from sklabel.label_model import BaseLabelModel
    >>> class VoteShare(BaseLabelModel):
    ...     _needs_class_votes = True
    ...
    ...     def _fit_votes(self, votes, gold, sample_weight):
    ...         n_classes, prior = len(self.classes_), self._given_prior()
    ...         even = np.full(n_classes, 1 / n_classes)
    ...         self.class_prior_ = even if prior is None else prior
    ...
    ...     def _posterior(self, votes):
    ...         named = self._class_of_value[votes.value]
    ...         total = np.full((votes.n_samples, len(self.classes_)), 1e-6)
    ...         np.add.at(total, (votes.rows[named >= 0], named[named >= 0]), 1)
    ...         return total / total.sum(axis=1, keepdims=True)
    >>> votes = [["ham", "spam", "spam"], ["ham", None, "ham"]]
    >>> VoteShare().fit(votes).predict_proba(votes).round(2)
    array([[0.33, 0.67],
           [1.  , 0.  ]])
    """

    classes: ArrayLike | None
    class_prior: str | ArrayLike
    _parameter_constraints: dict[str, Any] = {
        "classes": ["array-like", None],
        "class_prior": [StrOptions({"auto", "uniform"}), "array-like"],
    }
    # Whether a vote is of use only if it names a class. Such a model cannot learn that
    # a vote for class 1 means class 2, and reads integer votes as indices into string
    # classes that come from gold labels.
    _needs_class_votes = False

    def __init__(
        self,
        *,
        classes: ArrayLike | None = None,
        class_prior: str | ArrayLike = "auto",
    ) -> None:
        self.classes = classes
        self.class_prior = class_prior

    @all_or_nothing
    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> BaseLabelModel:
        """Learn from votes, and from gold labels where there are some.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes. Dense: -1, NaN, None or pd.NA mean abstain. CSR: an entry that is
            not stored means abstain.
        y : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Gold labels; -1, NaN, None or pd.NA mean unlabelled. Or soft gold, class
            probabilities: rows that sum to 1, and rows of NaN for unlabelled. The
            columns of an array are in the order of `classes`, else of the classes that
            the votes know, else of the sorted ones that they hold; those of a DataFrame
            (pandas, polars, pyarrow) are named by the classes. None: unsupervised.
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
            If neither X, y nor `classes` names a class, a vote is not a class and y
            does not name the classes, two of X, y and `sample_weight` differ in length
            or share a row label that stands in different rows, or soft gold has other
            columns than the classes or a row that does not hold probabilities.
        TypeError
            If a cell of X or y is neither a string nor a number.

        Warns
        -----
        UserWarning
            If no row has a vote. If LFs say the same in nearly all of their common
            votes, errors included, as copies do, and the model counts each of them:
            all models but :class:`LabelModel`, which looks for copies itself.

        Notes
        -----
        A row of soft gold counts like the same row with each class in turn as its gold
        label, weighted by their probabilities: where a row with a gold label is held at
        its class, it is held at its probabilities, and where gold labels are counted,
        expected numbers are. Certain rows are hard gold. In two models it matters that
        the row stays one sample: :class:`GLAD` gives it one difficulty, and
        :class:`LabelModel` leaves it out as a whole when it weighs penalties.

        Soft gold is the answer for the row, and replaces what the model makes of its
        votes: give probabilities that have taken the votes into account. The opinion
        of somebody who has not seen them is one more vote.

        With ``classes=None``, the names of the columns of a DataFrame are the classes,
        as those of gold labels in every row would be; they keep their order, unless
        the votes know one.
        """
        self._validate_params()
        if y is not None:
            refuse_loops(type(self).__name__, self.classes)
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        votes = self._read_votes(X, reset=True)
        self._check_lfs()
        self._forget()
        names = self._lf_names()
        votes, gold, weight = self._read_rows(votes, y, sample_weight)
        check_shape(votes, names, self._named_classes(gold))
        warn_of_minus_one_as_class(gold, votes, self.classes)
        self._resolve_classes(Contents.of(votes, gold, names), self.classes)
        encoded, _ = votes.encode(self.vote_values_)
        if len(encoded.lf) == 0:
            warn(
                f"{type(self).__name__}: none of the {votes.n_samples} rows has a "
                "vote; predict_proba returns the class prior. Check ids and columns.",
            )
        self._fit_votes(encoded, gold.encode(self.classes_), weight)
        if not hasattr(self, "class_prior_"):
            raise AttributeError(
                f"{type(self).__name__}._fit_votes must set class_prior_, the "
                f"probabilities of {self.classes_.tolist()} for rows without votes."
            )
        if len(self.classes_) > 1:
            self._look_for_copies(votes, encoded)
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

        Warns
        -----
        UserWarning
            If `classes_` is not sorted, and a scorer or an ensemble of scikit-learn
            asks that relies on it.
        """
        proba = self._proba(X)
        warn_of_order(self.classes_)
        return proba

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
        return self._most_probable(self._proba(X))

    def log_evidence(self, X: Any) -> np.ndarray:
        """Return what the votes on each sample say, without the class prior.

        Whoever knows more of a sample multiplies: ``softmax(log_evidence + log p)``
        with class probabilities p from elsewhere, for instance from a classifier on
        its features. With :class:`LabelModel`, votes are tempered but not mixed with
        vote shares.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.

        Returns
        -------
        log_evidence : ndarray of shape (n_samples, n_classes), float64
            Log of P(votes | class) up to a constant for each sample, chosen so that
            rows sum to 0, in the order of `classes_`; 0 without votes.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If X has other LFs than in `fit`.
        """
        votes = self._encoded(X)
        evidence = self._log_evidence(votes)
        evidence[votes.counts == 0] = 0
        return evidence

    def design_effect(self, X: Any) -> np.ndarray:
        """Return by how much the votes on each sample overstate what they know.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.

        Returns
        -------
        design_effect : ndarray of shape (n_samples,), float64
            At least 1; what :class:`LabelModel` divides log scores by, see its
            `tempering`. 1 for models that take votes for independent.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If X has other LFs than in `fit`.
        """
        return self._design_effect(self._encoded(X))

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on gold labels, the expected one on soft gold.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_classes)
            Gold labels; rows with -1, NaN, None or pd.NA are left out. Or soft gold,
            as in `fit`; an array in the order of `classes_`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.

        Returns
        -------
        accuracy : float
            In [0, 1]. With soft gold, the mean probability of the predicted class.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ValueError
            If no row has a gold label, gold labels and classes are of different kinds,
            rows differ as in `fit`, or soft gold is not what `fit` takes.

        Warns
        -----
        UserWarning
            If a gold label is not one of `classes_`; it counts as an error.
        """
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        y = as_pandas(y, where="y, the gold labels,")
        if y is not None and has_columns(y):
            return score_on_soft(self, X, y, sample_weight, unlabelled=True)
        return score_on_gold(self, X, y, sample_weight)

    def _proba(self, X: Any) -> np.ndarray:
        """Do what `predict_proba` says; warnings point to the user's call."""
        return self._proba_of(self._encoded(X))

    def _proba_of(self, votes: CastVotes) -> np.ndarray:
        """Return what `predict_proba` returns, for votes that are encoded already."""
        proba = self._posterior(votes)
        proba[votes.counts == 0] = self.class_prior_
        return proba

    def _most_probable(self, proba: np.ndarray) -> np.ndarray:
        """Return what `predict` returns, for probabilities that are known already."""
        best = proba.max(axis=1, keepdims=True)
        # Probabilities that differ in rounding only are a tie.
        tied = proba >= best * (1 - 1e-12)
        prior = np.where(tied, self.class_prior_, 0.0)
        tied &= prior >= prior.max(axis=1, keepdims=True) * (1 - 1e-12)
        return self.classes_[np.argmax(tied, axis=1)]

    def _encoded(self, X: Any) -> CastVotes:
        """Read votes as indices into the values that `fit` saw."""
        check_is_fitted(self)
        votes = self._read_votes(X, reset=False)
        encoded, known = votes.encode(self.vote_values_)
        if not known.all():
            unknown = sorted(set(votes.labels(~known).tolist()), key=str)
            warn(
                f"X has {int((~known).sum())} vote(s) with values that fit never saw: "
                f"{unknown[:5]!r}; they count as abstentions. Pass classes= with all "
                "labels, or fit on votes that hold them.",
            )
            encoded = encoded.take_votes(known)
        return encoded

    def _read_rows(
        self, votes: CastVotes, y: Any, sample_weight: ArrayLike | None
    ) -> tuple[CastVotes, Gold, np.ndarray]:
        """Return votes, gold labels and weights of the rows that have a weight."""
        n_samples = votes.n_samples
        known = votes.classes if self.classes is None else self.classes
        gold = read_gold(y, n_samples, known, soft=True)
        if sample_weight is None:
            return votes, gold, np.ones(n_samples)
        weight = check_sample_weight(sample_weight, n_samples)
        # Before the classes are derived: a row without weight does not count.
        kept = weight > 0
        return votes.take_rows(kept), gold.take(kept), weight[kept]

    def _named_classes(self, gold: Gold) -> ArrayLike | None:
        """Return the classes that the user named, by a parameter or in every row."""
        return gold.named_classes() if self.classes is None else self.classes

    def _forget(self) -> None:
        """Drop the fitted attributes of an earlier fit; all end in an underscore.

        The number and names of LFs stay.
        """
        kept = {"n_features_in_", "feature_names_in_"}
        for name in list(vars(self)):
            if name.endswith("_") and not name.startswith("__") and name not in kept:
                delattr(self, name)

    def _check_lfs(self) -> None:
        """Raise if a parameter names LFs that X lacks."""

    def _resolve_classes(self, contents: Contents, classes: ArrayLike | None) -> None:
        """Set what classes and vote values there are."""
        alphabets = resolve_classes(
            contents, classes, class_votes=self._needs_class_votes
        )
        self.classes_ = alphabets.classes
        self.vote_values_ = alphabets.values
        self._class_of_value = alphabets.class_of_value

    def _given_prior(self) -> np.ndarray | None:
        """Return the prior that `class_prior` gives; None if the data decides."""
        n_classes = len(self.classes_)
        if isinstance(self.class_prior, str):
            is_uniform = self.class_prior == "uniform"
            return np.full(n_classes, 1 / n_classes) if is_uniform else None
        return check_class_prior(self.class_prior, n_classes, self.classes_)

    def _warn_not_converged(self, change: float, remedy: str = "") -> None:
        """Warn that the sweeps of a fit ended at `max_iter`."""
        warn(
            f"{type(self).__name__} stopped after max_iter={self.max_iter} with a "
            f"change of {change:.1e} > tol={self.tol:.1e}. "
            f"{remedy or 'Increase max_iter or tol.'}",
            ConvergenceWarning,
        )

    @abstractmethod
    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        """Learn, and set `class_prior_`; see the notes of the class."""

    @abstractmethod
    def _posterior(self, votes: CastVotes) -> np.ndarray:
        """Return class probabilities in a new array; see the notes of the class."""

    def _log_evidence(self, votes: CastVotes) -> np.ndarray:
        """Take the prior out of the posterior."""
        with_prior = np.log(np.maximum(self._posterior(votes), FLOOR))
        evidence = with_prior - np.log(np.maximum(self.class_prior_, FLOOR))
        return evidence - evidence.mean(axis=1, keepdims=True)

    def _design_effect(self, votes: CastVotes) -> np.ndarray:
        return np.ones(votes.n_samples)

    def _look_for_copies(self, votes: CastVotes, encoded: CastVotes) -> None:
        """Warn of LFs that repeat each other and count as so many witnesses."""
        args = self._class_of_value, self.classes_, self._lf_names()
        warn_of_copies(type(self).__name__, votes, encoded, *args)

    def _lf_names(self) -> Sequence[Any]:
        """Names of the LFs for messages: column names, else positions."""
        return getattr(self, "feature_names_in_", range(self.n_features_in_))

    def _read_votes(
        self, X: Any, *, reset: bool, classes: ArrayLike | None = None
    ) -> CastVotes:
        """Validate X and read its votes.

        Parameters
        ----------
        X : CastVotes, NamedVotes, array-like, DataFrame or sparse matrix
            Votes.
        reset : bool
            True in `fit`: remember the LFs. False: compare with them.
        classes : array-like of shape (n_classes,), default=None
            The classes. If None, those of the parameter in `fit`, else those of `fit`.
        """
        if classes is None:
            classes = self.classes if reset else getattr(self, "classes_", self.classes)
        if isinstance(X, CastVotes):
            if reset:
                shape = _Shape((X.n_samples, X.n_lfs))
                validate_data(self, shape, reset=True, skip_check_array=True)
            elif X.n_lfs != self.n_features_in_:
                raise ValueError(
                    f"X has {X.n_lfs} LFs, but {type(self).__name__} is expecting "
                    f"{self.n_features_in_} LFs as input."
                )
            return X
        if hasattr(X, "_vote_blocks"):
            raise TypeError(
                f"{type(self).__name__} reads votes in memory, and X is a "
                f"{type(X).__name__}. Use sklabel.dask.fit(model, X) and "
                "sklabel.dask.predict_proba(model, X)."
            )
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} would have to load X, a Dask collection, into "
                "memory. Use sklabel.dask.fit(model, X) and "
                "sklabel.dask.predict_proba(model, X), or pass X.compute()."
            )
        return read_vote_input(self, X, reset=reset, classes=classes)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        assert tags.classifier_tags is not None
        # Votes of the checks may stand for other classes than they name.
        tags.classifier_tags.poor_score = self._needs_class_votes
        tags.target_tags.required = False
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = True
        return tags


class BaseEMLabelModel(BaseLabelModel):
    """Base of the label models that are fitted by EM: the loop, and the class prior.

    A subclass has the parameters `use_gold`, `max_iter`, `tol` and `verbose` beside
    those of :class:`BaseLabelModel`.
    """

    use_gold: bool
    max_iter: int
    tol: float
    verbose: int
    # Pseudo-samples of each class in a learned prior.
    prior_smoothing: float = 1.0
    # Whether class_prior='auto' is learned, or that of the gold labels, else uniform.
    _learns_prior = True
    _fixed_prior: np.ndarray | None

    def _run_em(
        self,
        start: Any,
        m_step: Callable[[Any], Any],
        e_step: Callable[[Any], Any],
        n_steps: float = np.inf,
        *,
        n_done: int = 0,
        move: Callable[[Any, Any], float] | None = None,
    ) -> EMResult:
        """Alternate both steps until the sums move by less than `tol`.

        Parameters
        ----------
        start : object
            Sums to start from.
        m_step, e_step : callable
            Sums to parameters, and parameters to new sums.
        n_steps : float
            How many steps the model wants; a fraction goes part of the way, with the
            method `towards` of the sums.
        n_done : int
            Sweeps that were done before.
        move : callable
            New sums and those before to the mean change; by default their method.

        Returns
        -------
        result : EMResult
            How it ended.
        """
        return run_em(
            start,
            m_step,
            e_step,
            n_steps,
            max_iter=self.max_iter,
            tol=self.tol,
            n_done=n_done,
            move=move,
            say=self._say,
        )

    def _say(self, n_iter: int, change: float, seconds: float) -> None:
        """Write a line for a sweep, if `verbose` asks for it."""
        if self.verbose:
            sys.stderr.write(
                f"{type(self).__name__}: sweep {n_iter}, change {change:.1e}, "
                f"{seconds:.1f} s\n"
            )

    def _keep_ending(self, result: EMResult) -> None:
        """Set how EM ended, and warn if it did not converge."""
        self.n_iter_, self.converged_ = result.n_iter, result.converged
        if not result.converged:
            self._warn_not_converged(result.change)

    def _usable(self, votes: CastVotes) -> CastVotes:
        """Return the votes whose value the model uses."""
        return votes

    def _prior_without_learning(self, gold_total: np.ndarray) -> np.ndarray | None:
        """Return the prior that EM keeps; None if it learns it."""
        given = self._given_prior()
        learned = isinstance(self.class_prior, str) and self.class_prior == "learned"
        if given is not None or learned or self._learns_prior:
            return given
        return (gold_total + 1) / (gold_total.sum() + len(self.classes_))

    def _prior_of(self, total: np.ndarray) -> np.ndarray:
        """Return the fixed prior, or that of weighted sums of posteriors."""
        if self._fixed_prior is not None:
            return self._fixed_prior
        smoothed = np.maximum(total + self.prior_smoothing, FLOOR)
        return smoothed / smoothed.sum()

    def _prior_penalty(self, prior: np.ndarray) -> float:
        """Return the log density of a learned class prior, up to a constant."""
        if self._fixed_prior is not None:
            return 0.0
        return float(self.prior_smoothing * np.log(prior).sum())


class BaseSumsLabelModel(BaseEMLabelModel):
    """Base of the models whose statistics are sums over samples.

    They can be fitted to any :class:`VoteSource`. A subclass has the parameter `dtype`
    or float64, and implements `_fit_source(data)`.
    """

    dtype: str = "float64"

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        self._fit_source(VoteSource([self._chunk(votes, gold, sample_weight)]))

    def _chunk(
        self, votes: CastVotes, gold: np.ndarray, weight: np.ndarray
    ) -> VoteChunk:
        """Lay out encoded votes."""
        if not self.use_gold:
            gold = no_gold(len(gold))
        n_classes = len(self.classes_)
        votes = self._usable(votes)
        return self._chunk_type()(
            votes, gold, weight, self._class_of_value, n_classes, self.dtype
        )

    def _chunk_type(self) -> type[VoteChunk]:
        return VoteChunk

    def _fit_source(self, data: VoteSource) -> None:
        raise NotImplementedError


class BaseRowsLabelModel(BaseEMLabelModel):
    """Base of the EM models that keep something per sample.

    A subclass implements `_fit_em(votes, gold, weight, active)`, which gets the rows
    with a vote or a gold label and a mask of them among all rows, and
    `_fit_trivial(votes)`, for one class or no vote.
    """

    def _fit_votes(
        self, votes: CastVotes, gold: np.ndarray, sample_weight: np.ndarray
    ) -> None:
        if not self.use_gold:
            gold = no_gold(len(gold))
        votes = self._usable(votes)
        is_gold = has_gold(gold)
        total = gold_total(gold[is_gold], sample_weight[is_gold], len(self.classes_))
        self._fixed_prior = self._prior_without_learning(total)
        # Rows that say nothing take no part.
        active = (votes.counts > 0) | is_gold
        if len(self.classes_) == 1 or len(votes.lf) == 0:
            self.class_prior_ = self._prior_of(total)
            self.n_iter_, self.converged_, self.lower_bound_ = 1, True, 0.0
            self._fit_trivial(votes)
            return
        taken = votes if active.all() else votes.take_rows(active)
        self._fit_em(taken, gold[active], sample_weight[active], active)

    def _fit_em(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        weight: np.ndarray,
        active: np.ndarray,
    ) -> None:
        raise NotImplementedError

    def _fit_trivial(self, votes: CastVotes) -> None:
        raise NotImplementedError
