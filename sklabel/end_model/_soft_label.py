"""Training of any classifier on class probabilities."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklabel.base import (
    VersionedPickle,
    all_or_nothing,
    score_on_gold,
    score_on_soft,
)
from sklabel.end_model._soft_rows import SoftRows
from sklabel.end_model._training import estimator_has, fit_soft
from sklabel.end_model._weight_use import (
    check_no_sampler,
    check_one_label,
    last_step,
    why_hard_labels,
)
from sklabel.utils._frames import as_pandas, for_estimator
from sklabel.utils._loops import warn_of_order
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    HasMethods,
    check_sample_weight,
    first_few,
    one_column,
    take_rows,
    warn,
)
from sklabel.votes._gold import refuse_mapping
from sklabel.votes._labels import check_classes
from sklabel.votes._proba import (
    has_columns,
    read_proba,
    refuse_one_column_of_probabilities,
)


class SoftLabelClassifier(ClassifierMixin, MetaEstimatorMixin, VersionedPickle):
    r"""Train any classifier on soft labels.

    Each row enters once per class with the class probability as sample weight, which
    minimises the cross-entropy with the soft labels. Prefer it to hard labels when
    the probabilities are calibrated; it trains on up to n_classes times as many rows.
    Where such copies would not be learned rightly, the most probable class of each row
    is used instead, and a warning says why.

    Parameters
    ----------
    estimator : classifier
        The classifier. The feature steps of a Pipeline see every row once, without
        weights, also inside of `VotingClassifier`, `CalibratedClassifierCV`,
        `StackingClassifier`, `OneVsRestClassifier` and `FixedThresholdClassifier`;
        only the classifiers at the end see copies, see Notes.
    classes : array-like of shape (n_classes,), default=None
        The classes. The columns of an array of soft labels are in this order, those of
        a frame are found by name; scikit-learn's scorers of probabilities need sorted
        ones, see :class:`~sklabel.GoldKFold`. If None, the column names of a frame, in
        their order, and 0, 1, 2, ... for an array.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    estimator_ : classifier
        The fitted classifier.
    n_features_in_ : int
        Number of columns of X, if the estimator has it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X, if the estimator has it.

    See Also
    --------
    WeakSupervisionClassifier : The whole way from votes to the classifier.

    Notes
    -----
    X reaches the estimator as it is, except that a table of pyarrow becomes a frame of
    pandas, and one of polars where this scikit-learn cannot select its columns.

    The loss is :math:`\sum_i w_i \sum_c P_{ic} \ell(f(x_i), c)`; rows whose weight
    and probability are both positive enter, the others do not. A classifier then
    never sees a class that has probability 0 everywhere.

    Copies are learned rightly by classifiers that use `sample_weight` in all they do.
    The most probable class is used for those that take no `sample_weight`, or take it
    and do not use it; that hold rows out to stop early, draw rows (`BaggingClassifier`,
    and forests before scikit-learn 1.9), or keep what their last steps led to
    (`SGDClassifier` without averages); and for estimators around others that are not
    named above. Cross-validations inside keep the copies of a row together.
    ``class_weight='balanced'`` is computed from the probabilities. Samplers of
    imbalanced-learn are refused. Limits that count rows, such as `min_samples_leaf`,
    count copies.

    To search for parameters, search over this class: ``GridSearchCV(
    SoftLabelClassifier(...), {"estimator__C": [...]}, cv=KFold(5))`` takes soft labels
    as y and compares the expected accuracy, also as an end model; with
    ``scoring=sklabel.model_selection.soft_log_loss`` the log-loss, which tells more.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklabel import SoftLabelClassifier
    >>> X = [[0.0], [1.0], [2.0], [3.0]]
    >>> soft = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.1, 0.9]]
    >>> SoftLabelClassifier(LogisticRegression()).fit(X, soft).predict(X)
    array([0, 0, 1, 1])
    """

    # Inside of a Pipeline it gets soft labels, not copies of rows.
    _learns_from_soft_labels = True
    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "classes": ["array-like", None],
    }

    def __init__(self, estimator: Any, *, classes: ArrayLike | None = None) -> None:
        self.estimator = estimator
        self.classes = classes

    @all_or_nothing
    def fit(
        self, X: Any, y: Any, sample_weight: ArrayLike | None = None
    ) -> SoftLabelClassifier:
        """Train on soft or hard labels.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.
        y : array-like or DataFrame of shape (n_samples, n_classes) or (n_samples,)
            Class probabilities whose rows sum to 1, up to rounding, or hard labels.
            Frames may be of pandas, polars or pyarrow; their columns are class names.
            The table of :meth:`sklabel.CrowdLabels.soft_labels` may come as it is: the
            columns label, n_votes and confidence are left out, and ``proba_`` in front
            of the name of every other column is not part of the class.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        self : SoftLabelClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If a row of y does not sum to 1 or holds a negative number or NaN, the
            columns are not those of `classes`, a row label that X and y share stands in
            different rows, or `estimator` resamples rows or is not a classifier of one
            label.
        """
        self._validate_params()
        if y is None:
            raise ValueError(
                "SoftLabelClassifier requires y to be passed, but the target y is "
                "None. Pass soft labels of shape (n_samples, n_classes)."
            )
        refuse_mapping(y)
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        X = for_estimator(X, where="X of SoftLabelClassifier")
        y = as_pandas(y, where="y of SoftLabelClassifier")
        if has_columns(y):
            soft, self.classes_ = read_proba(y, self.classes, name="y")
        else:
            soft, self.classes_ = self._check_hard(y)
        check_consistent_length(X, soft)
        weight = np.ones(len(soft))
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, len(soft))
        self.estimator_ = self._fit_estimator(X, soft, weight)
        if hasattr(self.estimator_, "classes_") and (self._columns() < 0).any():
            raise ValueError(
                f"{type(self.estimator_).__name__} predicts the classes "
                f"{first_few(self.estimator_.classes_, 10)}, and those of y are "
                f"{first_few(self.classes_, 10)}. Name the same classes in both."
            )
        self._keep_features()
        return self

    def _with_head(self, whole: Any) -> None:
        """Take the place of a fitted Pipeline, of which this was the last step."""
        self.estimator_ = whole
        self._keep_features()

    def _keep_features(self) -> None:
        """Know the columns that the estimator knows."""
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))

    def _check_hard(self, y: Any) -> tuple[np.ndarray, np.ndarray]:
        """Turn hard labels into certain soft ones."""
        labels = one_column(y)
        refuse_one_column_of_probabilities(labels)
        check_classification_targets(labels)
        classes, index = np.unique(labels, return_inverse=True)
        if self.classes is not None:
            given = check_classes(self.classes)
            at = pd.Index(given).get_indexer(pd.Index(classes))
            if (at < 0).any():
                raise ValueError(
                    f"y has labels that are not in classes={given.tolist()}: "
                    f"{first_few(classes[at < 0])}."
                )
            index, classes = at[index], given
        return np.eye(len(classes))[index], classes

    def _fit_estimator(self, X: Any, soft: np.ndarray, weight: np.ndarray) -> Any:
        """Fit a clone of the estimator, to hard labels if it cannot learn from soft."""
        estimator = clone(self.estimator)
        kept = np.flatnonzero(weight > 0)
        if len(kept) < len(weight):
            X, soft, weight = take_rows(X, kept), soft[kept], weight[kept]
        rows = SoftRows(soft, weight, self.classes_)
        check_one_label(estimator)
        if isinstance(last_step(estimator), FrozenEstimator):
            warn(
                "FrozenEstimator is fitted already and does not learn from y. Pass the "
                "classifier inside of it to train it."
            )
        if not rows.is_hard:
            check_no_sampler(estimator)
            copied = not rows.is_certain
            reason = why_hard_labels(estimator, len(soft), copied=copied)
            if reason is not None:
                lost = "the probabilities" if copied else "sample_weight"
                warn(
                    f"{reason}. So it is trained on the most probable class of each "
                    f"row, without {lost}; other classifiers with sample_weight learn "
                    f"from {lost}."
                )
                rows = rows.hardened()
        return fit_soft(estimator, X, rows)

    @available_if(estimator_has("predict"))
    def predict(self, X: Any) -> np.ndarray:
        """Return the predicted class of each row.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Classes.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        X = for_estimator(X, where="X of SoftLabelClassifier")
        return self.estimator_.predict(X)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the class probabilities of each row.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; 0 for a class that had no weight in training.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.

        Warns
        -----
        UserWarning
            If `classes_` is not sorted, and a scorer or an ensemble of scikit-learn
            asks that relies on it.
        """
        check_is_fitted(self)
        X = for_estimator(X, where="X of SoftLabelClassifier")
        proba = np.asarray(self.estimator_.predict_proba(X))
        # In the dtype of the estimator: float32 that sums to 1 does not in float64.
        full = np.zeros((len(proba), len(self.classes_)), dtype=proba.dtype)
        full[:, self._columns()] = proba
        warn_of_order(self.classes_)
        return full

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the decision function of the estimator.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            In the order of `classes_`, the smallest float for a class that had no
            weight in training; for two classes, positive means the second.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.

        Warns
        -----
        UserWarning
            If `classes_` is not sorted, and a scorer or an ensemble of scikit-learn
            asks that relies on it.
        """
        check_is_fitted(self)
        warn_of_order(self.classes_)
        X = for_estimator(X, where="X of SoftLabelClassifier")
        decision = self.estimator_.decision_function(X)
        columns, n_classes = self._columns(), len(self.classes_)
        if decision.ndim == 1:
            if n_classes <= 2:
                # The estimator sorts its classes; the user's order may be the other.
                return decision if columns[-1] == n_classes - 1 else -decision
            decision = np.column_stack([-decision, decision])
        if decision.shape[1] != len(columns):
            return decision  # one column per pair of classes
        full = np.full((len(decision), n_classes), np.finfo(np.float64).min)
        full[:, columns] = decision
        return full

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy, of soft labels the expected one.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_features)
            Whatever the estimator takes.
        y : array-like or DataFrame of shape (n_samples, n_classes) or (n_samples,)
            What `fit` takes: soft labels, an array in the order of `classes_`, or hard
            labels; rows with -1 (unless it is a class), NaN, None or pd.NA are left
            out.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        accuracy : float
            In [0, 1]. With soft labels, the mean probability of the predicted class:
            the accuracy to expect if classes are drawn from the soft labels. Certain
            soft labels give the accuracy of hard ones; other models may be compared,
            but none can reach 1 where labels are not certain.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If y is not what `fit` takes, or no row has a label.
        """
        refuse_mapping(y)
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        y = as_pandas(y, where="y")
        if has_columns(y):
            return score_on_soft(self, X, y, sample_weight)
        return score_on_gold(self, X, y, sample_weight)

    def _columns(self) -> np.ndarray:
        """Return the position in `classes_` of each class that the estimator saw."""
        return pd.Index(self.classes_).get_indexer(pd.Index(self.estimator_.classes_))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
            # Several columns of y are the probabilities of one label.
            tags.classifier_tags.multi_label = False
        return tags
