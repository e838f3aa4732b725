"""The whole way from votes to a trained classifier, as one estimator."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklabel.base import VersionedPickle, all_or_nothing, score_on_gold
from sklabel.end_model._lf_classes import (
    check_one_layout,
    kinds_of_lfs,
    warn_of_other_classes,
    with_names,
)
from sklabel.end_model._soft_label import SoftLabelClassifier
from sklabel.end_model._training import estimator_has
from sklabel.utils._frames import refuse_lazy
from sklabel.utils._loops import refuse_loops
from sklabel.utils._validation import (
    HasMethods,
    check_sample_weight,
    n_rows,
    take_rows,
    warn,
)
from sklabel.votes._gold import read_gold
from sklabel.votes._read import read_any_votes


class WeakSupervisionClassifier(ClassifierMixin, MetaEstimatorMixin, VersionedPickle):
    """Votes, label model, soft labels and end model in one classifier.

    `fit` applies the labeling functions, fits the label model on their votes, and
    trains the end model on the class probabilities. `predict` uses the end model
    alone: new samples need no crowd and no labeling function.

    Parameters
    ----------
    lfs : transformer
        Turns X into votes: an LF transformer, or several in a FeatureUnion or
        ColumnTransformer.
    label_model : classifier
        Turns votes into class probabilities, for instance :class:`LabelModel`.
    estimator : classifier
        The end model, on X; for text a Pipeline of features and classifier.
    soft : bool, default=True
        Train on class probabilities. False: on the most probable class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    lfs_ : transformer
        The fitted labeling functions.
    label_model_ : classifier
        The fitted label model.
    estimator_ : classifier
        The fitted end model.
    n_training_samples_ : int
        Rows that the end model was trained on: those with a vote or a gold label.
    n_features_in_ : int
        Number of columns of X, if the end model has it.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Columns of X in training, if the end model has it; `predict` needs those that
        the end model uses.

    See Also
    --------
    SoftLabelClassifier : The last stage alone.
    sklabel.model_selection.GoldKFold : Cross-validation with gold for some rows, and
        what to do in other loops of scikit-learn, such as calibration.

    Notes
    -----
    Votes know their classes, so that `predict` returns the labels that the crowd and
    the functions give. Gold labels override soft labels, unless the label model has
    ``use_gold=False``. Rows with neither vote nor gold are left out of training;
    `n_training_samples_` counts the others, and there is a warning if they are at most
    half of all. Of a Pipeline as end model, the feature steps see every row once.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklabel import ABSTAIN, LabelModel, LFTransformer, labeling_function
    >>> from sklabel import WeakSupervisionClassifier
    >>> @labeling_function
    ... def large(x):
    ...     return 1 if x[0] > 6 else ABSTAIN
    >>> @labeling_function
    ... def small(x):
    ...     return 0 if x[0] < 3 else ABSTAIN
    >>> @labeling_function
    ... def guess(x):
    ...     return int(x[0] > 4)
    >>> X = np.arange(10.0).reshape(-1, 1)
    >>> clf = WeakSupervisionClassifier(
    ...     LFTransformer([large, small, guess]), LabelModel(), LogisticRegression()
    ... )
    >>> clf.fit(X).predict([[0.5], [8.5]])
    array([0, 1])
    """

    _parameter_constraints = {
        "lfs": [HasMethods(["fit", "transform"])],
        "label_model": [HasMethods(["fit", "predict_proba"])],
        "estimator": [HasMethods(["fit"])],
        "soft": ["boolean"],
    }

    def __init__(
        self, lfs: Any, label_model: Any, estimator: Any, *, soft: bool = True
    ) -> None:
        self.lfs = lfs
        self.label_model = label_model
        self.estimator = estimator
        self.soft = soft

    @all_or_nothing
    def fit(
        self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None
    ) -> WeakSupervisionClassifier:
        """Run the workflow.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples, with all that the labeling functions and the end model need.
        y : array-like of shape (n_samples,), default=None
            Gold labels; -1, NaN, None or pd.NA mean unlabelled. None: unsupervised.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample in the label model and in the end model.

        Returns
        -------
        self : WeakSupervisionClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If no row has a vote or a gold label, the labeling functions mix sparse and
            dense votes, they and the label model name classes differently, or a stage
            refuses its input. Also inside a meta-estimator that takes unlabelled rows
            for a class, such as `CalibratedClassifierCV`.
        """
        self._validate_params()
        refuse_lazy(X, where=f"X of {type(self).__name__}")
        refuse_lazy(y, where=f"y of {type(self).__name__}")
        if y is not None:
            classes = getattr(self.label_model, "classes", None)
            refuse_loops(type(self).__name__, classes)
        weight = None
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, n_rows(X))
            kept = np.flatnonzero(weight > 0)
            X, weight = take_rows(X, kept), weight[kept]
            y = None if y is None else take_rows(y, kept)
        check_one_layout(self.lfs)
        self.lfs_ = clone(self.lfs)
        # A frozen transformer has no `fit_transform`, and its `fit` needs a y.
        if hasattr(self.lfs_, "fit_transform"):
            votes = self.lfs_.fit_transform(X)
        else:
            votes = self.lfs_.fit(X, None).transform(X)
        votes = with_names(votes, self.lfs_)
        warn_of_other_classes(self.lfs_)
        self.label_model_ = clone(self.label_model)
        kinds = kinds_of_lfs(self.lfs_, votes.shape[1])
        if kinds is not None and getattr(self.label_model_, "lf_kind", "") == "auto":
            self.label_model_.set_params(lf_kind=kinds)
        weighted = weight is not None and has_fit_parameter(
            self.label_model_, "sample_weight"
        )
        options = {"sample_weight": weight} if weighted else {}
        self.label_model_.fit(votes, y, **options)
        self.classes_ = self.label_model_.classes_

        labels = np.asarray(self.label_model_.predict_proba(votes))
        gold = self._gold_index(y, len(labels))
        known = gold >= 0
        labels[known] = np.eye(len(self.classes_))[gold[known]]
        used = known | (read_any_votes(votes).counts > 0)
        self.n_training_samples_ = int(used.sum())
        if not used.any():
            raise ValueError(
                f"None of the {len(used)} rows has a vote or a gold label; there is "
                "nothing to train on. Check ids and columns of the labeling functions."
            )
        if not used.all():
            # A few are common, and a grid search would warn in every fit.
            if used.sum() <= len(used) / 2:
                warn(
                    f"{int((~used).sum())} of {len(used)} rows have neither a vote nor "
                    "a gold label and are left out of training. Add a labeling "
                    "function with higher coverage to use them.",
                )
            rows = np.flatnonzero(used)
            X, labels = take_rows(X, rows), labels[rows]
            weight = None if weight is None else weight[rows]
        if not self.soft:
            labels = np.eye(len(self.classes_))[np.argmax(labels, axis=1)]
        self._end_model = SoftLabelClassifier(self.estimator, classes=self.classes_)
        if len(self.classes_) == 1:
            self._end_model.fit(X, np.repeat(self.classes_, len(labels)), weight)
        else:
            self._end_model.fit(X, labels, weight)
        self.estimator_ = self._end_model.estimator_
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _gold_index(self, y: Any, n_samples: int) -> np.ndarray:
        """Return the class index of each gold label that supervises, else -1."""
        if not getattr(self.label_model_, "use_gold", True):
            y = None
        # The label model has refused labels that are not its classes.
        gold = read_gold(y, n_samples, self.classes_)
        return gold.index(self.classes_, outside=-1)

    @available_if(estimator_has("predict"))
    def predict(self, X: Any) -> np.ndarray:
        """Return the end model's class of each sample.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples; only what the end model needs.

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
        return self._end_model.predict(X)

    def score(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on the rows that have a gold label.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples; only what the end model needs.
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
            If the classifier is not fitted.
        ValueError
            If no row has a gold label.
        """
        return score_on_gold(self, X, y, sample_weight)

    @available_if(estimator_has("predict_proba"))
    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the end model's class probabilities.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples; only what the end model needs.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        return self._end_model.predict_proba(X)

    @available_if(estimator_has("decision_function"))
    def decision_function(self, X: Any) -> np.ndarray:
        """Return the end model's decision function.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples; only what the end model needs.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            In the order of `classes_`; for two classes, positive means the second.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        return self._end_model.decision_function(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        of_lfs = get_tags(self.lfs).input_tags
        of_estimator = get_tags(self.estimator).input_tags
        tags.target_tags.required = False
        tags.input_tags.categorical = of_lfs.categorical
        for name in ("sparse", "string", "allow_nan"):
            both = getattr(of_lfs, name) and getattr(of_estimator, name)
            setattr(tags.input_tags, name, both)
        return tags
