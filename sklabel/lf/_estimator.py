"""A classifier as a labeling function."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import MetaEstimatorMixin, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.text._columns import read_texts
from sklabel.utils._frames import for_estimator
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    HasMethods,
    Interval,
    first_few,
    is_real,
    n_rows,
    plain,
    take_rows,
    warn,
)
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import check_classes
from sklabel.votes._named import ABSTAIN, NamedVotes

# Folds where `cv` is None, as everywhere in scikit-learn.
_DEFAULT_FOLDS = 5
# Probabilities that miss 0 and 1 by rounding.
_SLACK = 1e-6


class _Samples(NamedTuple):
    """What an estimator gets, and a mask of the rows that it can see."""

    data: Any
    seen: np.ndarray


def confident_votes(proba: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Vote for the most probable class among those that reach their threshold.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    thresholds : ndarray of shape (n_classes,)
        The least probability of a vote for each class; infinite for none.

    Returns
    -------
    codes : ndarray of shape (n_samples,), int64
        Positions of classes; -1 where no class reaches its threshold, or the two most
        probable ones that do are equal.
    """
    # Comparisons with NaN are False.
    reached = np.where(proba >= thresholds, proba, -np.inf)
    best = reached.argmax(axis=1)
    top = reached.max(axis=1)
    is_clear = np.isfinite(top) & ((reached == top[:, None]).sum(axis=1) == 1)
    return np.where(is_clear, best, ABSTAIN)


class EstimatorLF(MetaEstimatorMixin, BaseLFTransformer):
    """A classifier as a labeling function: it votes where it is sure.

    For a model from elsewhere, or one that is trained on the few gold labels, as one
    voter among others. It votes for a class whose probability reaches a threshold, and
    abstains elsewhere. It knows what its training data knew: one trained elsewhere errs
    where the samples are others, and one trained on a few gold labels often.

    Parameters
    ----------
    estimator : classifier
        Has `predict_proba`; a Pipeline from texts too. A clone is trained on the rows
        with gold labels. A classifier that is trained already comes as
        ``FrozenEstimator(classifier)``; then y is ignored.
    threshold : float or dict, default=0.8
        The least probability of a vote. A dict maps each class to its own, None for a
        class that is never voted for. Of several classes that reach theirs, the most
        probable gets the vote; where two are equal, it abstains.
    cv : int, cross-validation splitter or None, default=5
        Folds of the gold rows in `fit_transform`, see Notes. An int makes stratified
        folds without shuffling, fewer with a warning where a class has fewer gold
        labels; None means 5. A splitter must test every gold row once.
    column : str or int, default=None
        Column of X that holds the text, of which the estimator gets a list. Rows where
        it is missing get an abstention, and are not trained on. If None, the estimator
        gets X as it is.
    name : str, default=None
        Name of the LF. If None, that of the class of the estimator, in lower case.
    classes : array-like of shape (n_classes,), default=None
        All classes, with those of the estimator among them. If None, those of the
        estimator. With -1 among them, gold labels of -1 are labels.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    estimator_ : classifier
        The classifier, trained on all gold rows.
    n_gold_ : int
        Number of rows that it was trained on; 0 for a `FrozenEstimator`.
    n_features_in_ : int
        Number of columns of X, if the estimator has it; 1 if `column` names one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X, if the estimator has them.

    See Also
    --------
    LFTransformer : Any functions as labeling functions.
    sklearn.frozen.FrozenEstimator : Keeps a classifier as it was trained.
    sklearn.calibration.CalibratedClassifierCV : Makes probabilities of scores.

    Notes
    -----
    *Two kinds of votes.* A classifier looks better on rows that it was trained on than
    it is, and a label model that sees such votes beside the gold labels of the same
    rows trusts it too much. So ``fit_transform(X, y)`` returns for each gold row the
    vote of a clone that was trained without its fold. ``fit(X, y).transform(X)``
    differs there: all rows get votes of the one classifier that was trained on all gold
    rows, as with :class:`sklearn.preprocessing.TargetEncoder`. Pipeline, FeatureUnion,
    :class:`LFUnion`, ColumnTransformer and
    :class:`~sklabel.WeakSupervisionClassifier` call `fit_transform` when they are
    fitted, and hand y on. For a `FrozenEstimator` both are the same: leave the gold
    labels that it was trained on out of the y of the label model.

    The vote is all that is kept: how far a probability is above the threshold is not.
    Probabilities should be calibrated if the threshold is to mean what it says; a label
    model learns from the votes how often they are right, at any threshold. Search for
    it with ``GridSearchCV(..., {"lf__threshold": [0.6, 0.8, 0.95]})``.

    It is deterministic if the estimator is.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklabel import EstimatorLF
    >>> X = [[0.0], [1.0], [2.0], [3.0], [4.0], [5.0], [2.5], [9.0]]
    >>> gold = ["low", "low", "low", "high", "high", "high", None, None]
    >>> lf = EstimatorLF(LogisticRegression(C=10), cv=3)
    >>> lf.fit_transform(X, gold)[-3:].tolist()
    [['high'], [None], ['high']]
    >>> lf.get_feature_names_out()
    array(['logisticregression'], dtype=object)
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "threshold": [Interval(Real, 0, 1, closed="both"), Mapping],
        "cv": [Integral, HasMethods(["split"]), None],
        "column": [str, Integral, None],
        "name": [str, None],
        "classes": ["array-like", None],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        threshold: float | Mapping[Any, float | None] = 0.8,
        cv: Any = 5,
        column: str | int | None = None,
        name: str | None = None,
        classes: ArrayLike | None = None,
        sparse_output: bool = False,
    ) -> None:
        self.estimator = estimator
        self.threshold = threshold
        self.cv = cv
        self.column = column
        self.name = name
        self.classes = classes
        self.sparse_output = sparse_output

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> EstimatorLF:
        """Train the classifier on the rows with gold labels.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features) or \
(n_samples,)
            Whatever the estimator takes, or what holds `column`.
        y : array-like of shape (n_samples,), default=None
            Gold labels; -1 (unless it is one of `classes`), NaN, None or pd.NA mean
            unlabelled. Ignored by a `FrozenEstimator`.

        Returns
        -------
        self : EstimatorLF
            The fitted labeling function.

        Raises
        ------
        ValueError
            If no row has a gold label or all have the same, the estimator has no
            `predict_proba`, or it, y or `threshold` knows other classes than `classes`.
        NotFittedError
            If a `FrozenEstimator` holds a classifier that is not fitted.
        """
        self._fit(X, y)
        return self

    @all_or_nothing
    def fit_transform(  # type: ignore[override]
        self, X: Any, y: Any = None
    ) -> np.ndarray | NamedVotes | Any:
        """Train the classifier; return votes that are out of fold for gold rows.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features) or \
(n_samples,)
            Whatever the estimator takes, or what holds `column`.
        y : array-like of shape (n_samples,), default=None
            Gold labels, as in `fit`.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, 1)
            As `transform` returns them, for gold rows by clones of the estimator that
            have not seen them.

        Raises
        ------
        ValueError
            As `fit` does; also if a class has one gold label only, `cv` does not
            test every gold row once or trains on rows that it tests, or the estimator
            returns what is not a probability.
        NotFittedError
            If a `FrozenEstimator` holds a classifier that is not fitted.

        Warns
        -----
        UserWarning
            If a class has fewer gold labels than `cv`; there are fewer folds then.
        """
        samples, rows, label = self._fit(X, y)
        proba = self._proba_of_rows(samples)
        if len(rows):
            proba[rows] = self._out_of_fold(take_rows(samples.data, rows), label)
        return self._as_codes(proba, X)

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes of the classifier that was trained on all gold rows.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features) or \
(n_samples,)
            Whatever the estimator takes, or what holds `column`.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, 1)
            -1, or not stored, for abstain; NamedVotes for classes that are strings or
            negative.

        Raises
        ------
        NotFittedError
            If the labeling function is not fitted.
        """
        check_is_fitted(self)
        return self._as_codes(self._proba_of_rows(self._read(X, reset=False)), X)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the name of the labeling function.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the columns of `fit` if given; the name does not depend on it.

        Returns
        -------
        names : ndarray of shape (1,), object
            `name`, or the class of the estimator in lower case.

        Raises
        ------
        NotFittedError
            If the labeling function is not fitted.
        """
        self._check_input_features(input_features)
        inner = self.estimator.estimator if self._is_frozen() else self.estimator
        name = type(inner).__name__.lower() if self.name is None else self.name
        return np.array([name], dtype=object)

    def _is_frozen(self) -> bool:
        return isinstance(self.estimator, FrozenEstimator)

    def _fit(self, X: Any, y: Any) -> tuple[_Samples, np.ndarray, np.ndarray]:
        """Fit; return the samples, and row and label of those it was trained on."""
        self._validate_params()
        check_same_rows(X=X, y=y)
        if not hasattr(self.estimator, "predict_proba"):
            raise ValueError(
                "EstimatorLF needs probabilities, and "
                f"{type(self.estimator).__name__} has no predict_proba. Wrap it in "
                "CalibratedClassifierCV."
            )
        samples = self._read(X, reset=True)
        if self._is_frozen():
            rows, label = np.zeros(0, dtype=np.intp), np.zeros(0)
            check_is_fitted(self.estimator)
            self.estimator_ = self.estimator
        else:
            rows, label = self._gold_rows(samples, X, y)
            self.estimator_ = clone(self.estimator)
            self.estimator_.fit(take_rows(samples.data, rows), label)
        self.n_gold_ = len(rows)
        self.classes_ = self._check_classes_of(self.estimator_)
        self._thresholds()
        if self.column is None:
            for name in ("n_features_in_", "feature_names_in_"):
                self.__dict__.pop(name, None)
                if hasattr(self.estimator_, name):
                    setattr(self, name, getattr(self.estimator_, name))
        return samples, rows, label

    def _read(self, X: Any, *, reset: bool) -> _Samples:
        """Return what the estimator gets of X, and which rows it can see."""
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} would have to load X, a Dask collection, into "
                "memory. Use sklabel.dask.transform(transformer, X), or X.compute()."
            )
        if self.column is None:
            data = for_estimator(X, where=f"X of {type(self).__name__}")
            return _Samples(data, np.ones(n_rows(data), dtype=bool))
        texts = read_texts(self, X, self.column, reset=reset)
        return _Samples(texts, np.array([text is not None for text in texts]))

    def _gold_rows(
        self, samples: _Samples, X: Any, y: Any
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows that can be trained on, and their gold labels."""
        if y is None:
            raise ValueError(self._why_no_gold())
        classes = None if self.classes is None else check_classes(self.classes)
        gold = read_gold(y, len(samples.seen), classes)
        rows = np.flatnonzero(gold.labelled(classes) & samples.seen)
        if len(rows) == 0:
            raise ValueError(
                f"None of the {len(samples.seen)} rows has a gold label in y"
                f"{'' if samples.seen.all() else ' and a text'}; there is nothing to "
                "train on."
            )
        if classes is not None:
            gold.index(classes)  # refuses other labels
        label = gold.label[rows]
        if (label == label[0]).all():
            raise ValueError(
                f"The {len(label)} gold label(s) in y that {type(self).__name__} can "
                f"train on are all {plain(label[0])!r}; a classifier that knows one "
                "class would vote for it everywhere. Label rows of another class too."
            )
        return rows, label

    def _why_no_gold(self) -> str:
        """Say what is missing where there is no y."""
        who = type(self).__name__
        said = f"{who} requires y to be passed, but the target y is None. "
        inner = type(self.estimator).__name__
        try:
            check_is_fitted(self.estimator)
        except (NotFittedError, TypeError):
            return said + (
                f"Pass gold labels to train {inner}, -1 or None for unlabelled rows."
            )
        return said + (
            f"{inner} is fitted already: pass FrozenEstimator(...) around it to use it "
            "as it is, or gold labels to train a clone."
        )

    def _check_classes_of(self, estimator: Any) -> np.ndarray:
        """Return all classes; raise if those of the estimator are not among them."""
        own = check_classes(estimator.classes_)
        if own.dtype.kind == "f":
            raise ValueError(
                "Classes of EstimatorLF must be strings or integers; the estimator "
                f"predicts {first_few(own)}."
            )
        if self.classes is None:
            return own
        known = check_classes(self.classes)
        absent = [label for label in own.tolist() if label not in known.tolist()]
        if absent:
            raise ValueError(
                f"The estimator predicts classes that are not in classes="
                f"{known.tolist()}: {first_few(absent)}. Name its classes as they are "
                "called in its training data."
            )
        return known

    def _thresholds(self) -> np.ndarray:
        """Return the threshold of each class, infinite for one without votes."""
        classes = self.classes_.tolist()
        if not isinstance(self.threshold, Mapping):
            return np.full(len(classes), float(self.threshold))
        given = {plain(label): value for label, value in self.threshold.items()}
        if set(given) != set(classes):
            raise ValueError(
                "A dict of thresholds names every class, with None for one that is "
                f"never voted for; it names {first_few(given, 10)}, and the classes "
                f"are {first_few(classes, 10)}."
            )
        for label, value in given.items():
            if value is not None and not (is_real(value) and 0 <= value <= 1):
                raise ValueError(
                    f"The threshold of class {label!r} must be a number in [0, 1] or "
                    f"None; got {value!r}."
                )
        values = [given[label] for label in classes]
        return np.array([np.inf if v is None else float(v) for v in values])

    def _proba_of_rows(self, samples: _Samples) -> np.ndarray:
        """Return probabilities, NaN in rows that the estimator cannot see."""
        if samples.seen.all():
            return self._proba(self.estimator_, samples.data)
        proba = np.full((len(samples.seen), len(self.classes_)), np.nan)
        rows = np.flatnonzero(samples.seen)
        if len(rows):
            proba[rows] = self._proba(self.estimator_, take_rows(samples.data, rows))
        return proba

    def _proba(self, estimator: Any, data: Any) -> np.ndarray:
        """Return probabilities in the order of `classes_`, 0 for an unseen class."""
        proba = np.asarray(estimator.predict_proba(data), dtype=np.float64)
        own = check_classes(estimator.classes_)
        if proba.ndim != 2 or proba.shape[1] != len(own):
            raise ValueError(
                f"predict_proba must return one column for each of the {len(own)} "
                f"classes; got shape {proba.shape}."
            )
        is_odd = ~((proba >= -_SLACK) & (proba <= 1 + _SLACK)).all(axis=1)  # or NaN
        if is_odd.any():
            row = int(is_odd.argmax())
            raise ValueError(
                f"predict_proba of {type(estimator).__name__} must return "
                f"probabilities; {int(is_odd.sum())} row(s) hold something else, the "
                f"first {proba[row].tolist()} in row {row}. Calibrate the scores, or "
                "mend the samples."
            )
        full = np.zeros((len(proba), len(self.classes_)))
        full[:, pd.Index(self.classes_).get_indexer(pd.Index(own))] = proba
        return full

    def _out_of_fold(self, data: Any, label: np.ndarray) -> np.ndarray:
        """Return probabilities of gold rows by clones that have not seen them."""
        proba = np.full((len(label), len(self.classes_)), np.nan)
        n_tested = np.zeros(len(label), dtype=int)
        for train, test in self._folds(data, label):
            n_both = len(np.intersect1d(train, test))
            if n_both:
                raise ValueError(
                    f"cv must not train on what it tests; a fold has {n_both} of the "
                    f"{len(label)} gold rows on both sides. Pass a number of folds, "
                    "or a splitter such as StratifiedKFold."
                )
            estimator = clone(self.estimator)
            estimator.fit(take_rows(data, train), label[train])
            proba[test] = self._proba(estimator, take_rows(data, test))
            np.add.at(n_tested, test, 1)
        if not (n_tested == 1).all():
            raise ValueError(
                f"cv must test each of the {len(label)} gold rows once; it tests "
                f"{int((n_tested == 0).sum())} of them never and "
                f"{int((n_tested > 1).sum())} more than once. Pass a number of folds, "
                "or a splitter such as StratifiedKFold."
            )
        return proba

    def _folds(
        self, data: Any, label: np.ndarray
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the folds of the gold rows, no more than the rarest class allows."""
        if hasattr(self.cv, "split"):
            yield from self.cv.split(data, label)
            return
        cv = _DEFAULT_FOLDS if self.cv is None else int(self.cv)
        if cv < 2:
            raise ValueError(f"cv must be at least 2 folds; got {cv}.")
        values, counts = np.unique(label, return_counts=True)
        rarest = int(counts.argmin())
        n_rarest, name = int(counts[rarest]), plain(values[rarest])
        if n_rarest < 2:
            raise ValueError(
                f"Votes out of fold need 2 gold labels of each class, and {name!r} has "
                f"1 (of {len(label)}). Label another row of it or leave this one out "
                "of y; or use fit and transform, whose votes on gold rows are not "
                "independent of their labels."
            )
        if n_rarest < cv:
            warn(
                f"Class {name!r} has {n_rarest} gold labels, less than cv={cv}; there "
                f"are {n_rarest} folds."
            )
        yield from StratifiedKFold(min(cv, n_rarest)).split(label, label)

    def _as_codes(self, proba: np.ndarray, X: Any) -> Any:
        """Return the votes in the form that the user wants."""
        codes = confident_votes(proba, self._thresholds())[:, None]
        return self._dense_as_votes(codes, self.classes_, X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = not self._is_frozen()
        if self.column is None:
            tags.input_tags = get_tags(self.estimator).input_tags
        return tags
