"""The whole way from votes to a trained classifier, as one estimator."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from sklabel.base import VersionedPickle, all_or_nothing, forget, score_on_gold
from sklabel.end_model._feature_steps import FeatureSteps, check_teacher
from sklabel.end_model._folds import splits_of_rows
from sklabel.end_model._joint import Opinion
from sklabel.end_model._lf_classes import (
    check_label_model,
    check_one_layout,
    given_shares,
    kinds_of_lfs,
    share_by_rules,
    votes_proba,
    warn_of_other_classes,
    with_names,
)
from sklabel.end_model._rounds import (
    Guard,
    JointLabels,
    Problem,
    Rounds,
    hardened,
    shares_to_keep,
    votes_of,
)
from sklabel.end_model._soft_label import SoftLabelClassifier
from sklabel.end_model._training import estimator_has
from sklabel.end_model._weight_use import check_one_label
from sklabel.inspection import label_issues
from sklabel.utils._frames import as_pandas, for_estimator, refuse_lazy
from sklabel.utils._loops import refuse_loops
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    HasMethods,
    Interval,
    check_sample_weight,
    n_rows,
    take_rows,
    warn,
)
from sklabel.votes._gold import read_gold, refuse_mapping
from sklabel.votes._read import read_any_votes


class WeakSupervisionClassifier(ClassifierMixin, MetaEstimatorMixin, VersionedPickle):
    r"""Votes, label model, soft labels and end model in one classifier.

    `fit` applies the labeling functions, fits the label model on their votes, lets it
    and a classifier on the features learn from each other for some rounds, and trains
    the end model on the class probabilities. `predict` uses the end model alone: new
    samples need no crowd and no labeling function. Set ``n_rounds=0`` where features
    must not touch the labels, for instance to compare features.

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
    n_rounds : int, default=3
        Rounds in which votes and features correct each other, see Notes. Each costs
        `cv` fits of a classifier and one of the label model. 0: the label model alone
        makes the labels. Most of the gain comes with the first.
    cv : int, splitter or iterable, default=5
        Folds of the rounds. An int deals rows out so that every fold has its part of
        each class and equal rows are in one fold; a splitter or its splits must put
        each row into one test part.
    feature_model : classifier, default=None
        The classifier of the rounds; needs `predict_proba` and `sample_weight`. A
        Pipeline sees X, any other classifier what the last step of `estimator` sees.
        None: `estimator` itself if it is a logistic regression, else a logistic
        regression on the same features, since other classifiers are surer of
        themselves than they should be and would confirm their own errors. `estimator`
        also where features are neither numbers nor categories, or where its last step
        has feature steps inside, as a search over a Pipeline has: what they leave out,
        such as votes, is not for another classifier.
    n_jobs : int, default=None
        Folds at a time.
    verbose : int, default=0
        Above 0, write a line for each round to the standard error stream.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, in the order that `classes` of the label model or of the labeling
        functions has. scikit-learn's scorers of probabilities need a sorted one, see
        :class:`~sklabel.GoldKFold`.
    lfs_ : transformer
        The fitted labeling functions.
    label_model_ : classifier
        The label model, fitted on the votes; `votes_proba_` is what it says.
    joint_label_model_ : classifier
        The label model of the last round, as it learned from votes and features; the
        accuracies that it finds for LFs know both. Only after rounds.
    estimator_ : classifier
        The fitted end model. Its columns of probabilities are in the order of its own
        ``estimator_.classes_``, which scikit-learn sorts, and without classes that no
        row was trained on.
    label_proba_ : ndarray of shape (n_samples, n_classes)
        Soft labels of the rows of X in `fit`, by votes and features: what to export,
        review and report. Certain for rows with a gold label; NaN for rows of weight
        0. Without rounds, `votes_proba_` and gold labels.
    votes_proba_ : ndarray of shape (n_samples, n_classes)
        What the votes alone say of these rows.
    oof_proba_ : ndarray of shape (n_samples, n_classes)
        What the classifier of the last round says of each row without having seen it.
        Only after rounds.
    temperatures_ : ndarray of shape (`n_rounds_`,)
        By what the log probabilities of the classifier were multiplied in each round,
        in (0, 1]; below 1, it was too sure of itself.
    redundancy_ : float
        How much of what votes say beyond the class the classifier of the first round
        repeats, in [0, 1]: near 0 for people, high for rules that are functions of the
        features. On rows with votes, its opinion counts by 1 minus that. Only after
        rounds.
    n_rounds_ : int
        Rounds that were done: `n_rounds`, or 0 if there was nothing to learn (one
        class, or gold for all rows) or a guard stopped them.
    guard_ : str or None
        Why features were not trusted.
    feature_model_ : SoftLabelClassifier
        The classifier of the rounds, trained on all rows. Only after rounds.
    trained_on_ : {'votes', 'votes and features'}
        Whose labels the end model was trained on.
    n_training_samples_ : int
        Rows that the end model was trained on: those with a vote or a gold label; with
        rounds and a class prior that is known, all.
    n_features_in_ : int
        Number of columns of X, if the end model has it.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X in training, if the end model has it; `predict` needs those that
        the end model uses.

    Warns
    -----
    UserWarning
        If features cannot be trusted; the result is that of ``n_rounds=0``. Rules cast
        most votes, on no more than half of the rows, and there are neither a
        `class_prior` nor 20 gold labels; the classifier predicts the labels no better
        than chance does, beyond noise (two standard errors); a class all but
        disappears; there are too few rows for the folds; the classifier has no
        `predict_proba` or cannot learn from soft labels. Also if at most half of the
        rows are trained on, or the end model cannot be tried on a fold.

    See Also
    --------
    SoftLabelClassifier : The last stage alone.
    sklabel.model_selection.GoldKFold : Cross-validation with gold for some rows, and
        what to do in other loops of scikit-learn, such as calibration.

    Notes
    -----
    Labeling functions get y too, whatever `use_gold` is: one that learns from gold
    labels, such as :class:`EstimatorLF`, returns votes out of fold when it is fitted.

    Votes know their classes, so that `predict` returns the labels that the crowd and
    the functions give. Gold labels override soft labels, unless the label model has
    ``use_gold=False``. Rows with neither vote nor gold are left out of training;
    `n_training_samples_` counts the others.

    *Rounds.* With the label model's probabilities q as first labels J, each round

    1. trains clones of the classifier on the labels J of the other folds, and takes
       their out-of-fold probabilities f for all rows, to the power of a temperature
       :math:`\beta \le 1` that makes them fit J;
    2. fits the label model with J as soft gold, for its evidence
       :math:`e_{ic} \propto P(\text{votes}_i | c)`, see
       :meth:`LabelModel.log_evidence`;
    3. sets :math:`J_{ic} \propto f_{ic}^\beta e_{ic} s_c`, with s such that the class
       shares of q are kept (by at most one nat) or those of a given `class_prior` are
       met, and mixes in 15 % of q where there are votes.

    This is expectation-maximisation for a classifier and annotators [1]_ that are
    independent given the class, with cross-fitting, so that the classifier cannot
    confirm what it knows by heart. Rules that are functions of the features are not
    independent of them: the classifier repeats their errors. So on rows with votes,
    :math:`\beta` is multiplied by :math:`1 - r`, where r, the `redundancy_`, is the
    share of the variance of e within the classes that the classifier of the first round
    explains. The end model is trained on J.

    `label_proba_` starts from what the votes alone say, since labels that are made to
    train a classifier may be too sure of themselves:

    .. math::
        L_{ic} \propto \frac{q_{ic}}{\pi_c}
            \Big(\frac{f_{ic}^\beta}{\phi_c}\Big)^{(1 - r) / \sqrt{d_i}} \rho_c s_c

    with the class prior :math:`\pi` of q, the means :math:`\phi` of
    :math:`f^\beta` and :math:`\rho` of J, and the design effect d of the votes on a
    row, since the classifier has learned from votes and shares their errors. Without
    votes, q is :math:`\pi` and the exponent 1. An end model that does not teach itself
    is tried on one fold with both J and q, and trained on q if that leads it nearer to
    `label_proba_`.

    Feature steps of a Pipeline run once, in front of all rounds, up to the first that
    learns from y; that one and those after it are trained in the folds. So a fit with
    rounds costs about ``n_rounds * cv + 1`` fits of what comes after.

    *Where it pays.* Means over resplits of real sets, MiniLM features and a logistic
    regression, accuracy / log-loss, printed by ``benchmarks/end_models.py``:

    ============================= ============= ============= ==========================
    set                           n_rounds=0    n_rounds=3    labels of the train rows
    ============================= ============= ============= ==========================
    weather tweets, 2 classes     .850 / .390   .858 / .338   .896 -> .917
    posts of this package         .763 / .493   .793 / .454   .798 -> .830
    5 classes, 20 votes a row     .706 / .822   .727 / .779   .946 -> .943
    5 classes, 3 votes or none    .637 / .979   .686 / .828   .624 -> .782
    YouTube spam, 10 rules        .870 / .430   .889 / .332   .823 -> .877
    media bias, 13 LLMs           .730 / .531   .739 / .517   .813 -> .817
    media bias, 3 of them         .720 / .565   .730 / .538   .702 -> .776
    media bias, 1 of them         .638 / .638   .665 / .621   .636 -> .673
    question types, 68 rules      .552 / 1.218  .603 / 1.122  .570 -> .632
    Hausa topics, 5 rules         .459 / 1.355  .485 / 1.298  .499 -> .508
    unfair terms, 90 % one class  .899 / .775   .898 / .427   .905 -> .906
    spouses, class prior given    .917 / .303   .926 / .211   .935 -> .933
    ============================= ============= ============= ==========================

    Most where rows have few votes or none, and for the log-loss everywhere. It does not
    pay where votes are plentiful and right, and it cannot tell class shares: where
    rules alone vote and the classes are skewed, give `class_prior` or gold labels.
    Naive Bayes and other classifiers that are the surer of their errors the surer
    their labels are stay with the labels of the votes (`trained_on_`).

    A label model of another package takes no soft gold; its evidence is then that of
    its first fit. One whose probabilities are certain, such as a majority vote of
    single votes, leaves nothing to correct on rows with votes.

    References
    ----------
    .. [1] V. C. Raykar et al., "Learning from crowds", Journal of Machine Learning
       Research 11, 2010, 1297-1322.

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
        "n_rounds": [Interval(Integral, 0, None, closed="left")],
        "cv": ["cv_object"],
        "feature_model": [HasMethods(["fit"]), None],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        lfs: Any,
        label_model: Any,
        estimator: Any,
        *,
        soft: bool = True,
        n_rounds: int = 3,
        cv: Any = 5,
        feature_model: Any = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.lfs = lfs
        self.label_model = label_model
        self.estimator = estimator
        self.soft = soft
        self.n_rounds = n_rounds
        self.cv = cv
        self.feature_model = feature_model
        self.n_jobs = n_jobs
        self.verbose = verbose

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
            dense votes, they and the label model name classes differently, `cv` does
            not put every row into one test part, or a stage refuses its input. Also
            inside a meta-estimator that takes unlabelled rows for a class, such as
            `CalibratedClassifierCV`.
        TypeError
            If X is a Dask collection.
        """
        self._validate_params()
        check_one_label(self.estimator)
        forget(self)
        index = X.index if isinstance(X, pd.DataFrame | pd.Series) else None
        X, y, weight, kept = self._rows_that_count(X, y, sample_weight)
        votes = self._apply_lfs(X, y)
        problem = self._fit_label_model(votes, y, weight)
        X = for_estimator(X, where=f"X of {type(self).__name__}")
        labels = self._learn_together(X, problem, splits_of_rows(self.cv, kept))
        if labels is None:
            self._fit_end_model(X, problem)
        self._keep_labels(problem, labels, kept)
        self._index = index
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    def _rows_that_count(
        self, X: Any, y: Any, sample_weight: ArrayLike | None
    ) -> tuple[Any, Any, np.ndarray | None, np.ndarray]:
        """Check the input; leave rows without weight out, and tell which stay."""
        refuse_lazy(X, where=f"X of {type(self).__name__}")
        refuse_lazy(y, where=f"y of {type(self).__name__}")
        refuse_mapping(y)
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} learns from votes and features in memory, and "
                "X is a Dask collection. Fit it to a sample, "
                "X.sample(frac=...).compute(), and use its label_model_ in "
                "sklabel.dask.predict_proba for all rows; or fit votes alone with "
                "sklabel.dask.fit."
            )
        if y is not None:
            classes = getattr(self.label_model, "classes", None)
            refuse_loops(type(self).__name__, classes)
        kept = np.ones(n_rows(X), dtype=bool)
        if sample_weight is None:
            return X, y, None, kept
        weight = check_sample_weight(sample_weight, len(kept))
        kept = weight > 0
        rows = np.flatnonzero(kept)
        y = None if y is None else take_rows(y, rows)
        return take_rows(X, rows), y, weight[rows], kept

    def _apply_lfs(self, X: Any, y: Any) -> Any:
        """Fit the labeling functions, and return their votes."""
        check_one_layout(self.lfs)
        self.lfs_ = clone(self.lfs)
        # A frozen transformer has no `fit_transform`, and its `fit` needs a y.
        if hasattr(self.lfs_, "fit_transform"):
            votes = self.lfs_.fit_transform(X, y)
        else:
            votes = self.lfs_.fit(X, y).transform(X)
        votes = with_names(votes, self.lfs_)
        warn_of_other_classes(self.lfs_)
        return votes

    def _fit_label_model(
        self, votes: Any, y: Any, weight: np.ndarray | None
    ) -> Problem:
        """Fit the label model, and return what is known of each row."""
        model = self.label_model_ = clone(self.label_model)
        kinds = kinds_of_lfs(self.lfs_, votes.shape[1])
        if kinds is not None and getattr(model, "lf_kind", "") == "auto":
            model.set_params(lf_kind=kinds)
        weighted = weight is not None and has_fit_parameter(model, "sample_weight")
        model.fit(votes, y, **({"sample_weight": weight} if weighted else {}))
        check_label_model(model)
        self.classes_ = model.classes_
        cast = read_any_votes(votes, classes=self.classes_)
        proba = votes_proba(model, votes, cast.counts > 0)
        problem = Problem(
            votes,
            model,
            proba,
            self._gold_index(y, len(proba)),
            cast.counts > 0,
            weight,
            self.classes_,
            given_shares(model),
            share_by_rules(model, cast, kinds),
        )
        if not problem.used.any():
            raise ValueError(
                f"None of the {len(proba)} rows has a vote or a gold label; there is "
                "nothing to train on. Check ids and columns of the labeling functions."
            )
        return problem

    def _gold_index(self, y: Any, n_samples: int) -> np.ndarray:
        """Return the class index of each gold label that supervises, else -1."""
        if not getattr(self.label_model_, "use_gold", True):
            y = None
        # The label model has refused labels that are not its classes.
        gold = read_gold(y, n_samples, self.classes_)
        return gold.index(self.classes_, outside=-1)

    def _learn_together(self, X: Any, problem: Problem, cv: Any) -> JointLabels | None:
        """Do the rounds and train the end model on what they lead to.

        Returns None if no round is wanted, or features cannot be trusted.
        """
        self.n_rounds_, self.guard_ = 0, None
        nothing_to_learn = len(self.classes_) == 1 or problem.known.all()
        if self.n_rounds == 0 or nothing_to_learn:
            return None
        try:
            keep = shares_to_keep(problem)
            steps = FeatureSteps.of(self.estimator, X, keep.rows)
            taught = self._steps_of_rounds(X, problem, steps, keep.rows)
            check_teacher(taught)
            rounds = Rounds(self.n_rounds, cv, self.n_jobs, self.verbose)
            labels = rounds.run(problem, keep, taught)
        except Guard as reason:
            self.guard_ = str(reason)
            warn(
                f"Features are not used to correct labels, as with n_rounds=0: "
                f"{reason}."
            )
            return None
        self.n_rounds_, self.joint_label_model_ = self.n_rounds, labels.model
        self._fit_on_joint_labels(problem, keep.rows, steps, taught, labels)
        return labels

    def _fit_on_joint_labels(
        self,
        problem: Problem,
        rows: np.ndarray,
        steps: FeatureSteps,
        taught: FeatureSteps,
        labels: JointLabels,
    ) -> None:
        """Train the end model, and the classifier of the rounds once more."""
        args = problem.weight, self.classes_
        joint = np.where(rows[:, None], labels.training_proba, np.nan)
        proba, self.trained_on_ = joint, "votes and features"
        if taught is not steps:
            start = problem.pinned(problem.proba)
            alone = np.where(problem.used[:, None], start, np.nan)
            if not self.soft:
                joint, alone = hardened(joint), hardened(alone)
            if not labels.suit(steps, joint, alone, *args):
                proba, self.trained_on_ = alone, "votes"
        if not self.soft:
            proba = hardened(proba)
        used = ~np.isnan(proba[:, 0])
        self.n_training_samples_ = int(used.sum())
        self._warn_of_left_out(used)
        self._end_model = self.feature_model_ = steps.fit(proba, *args)
        self.estimator_ = self._end_model.estimator_
        if taught is not steps:
            self.feature_model_ = taught.fit(joint, *args)

    def _steps_of_rounds(
        self, X: Any, problem: Problem, steps: FeatureSteps, used: np.ndarray
    ) -> FeatureSteps:
        """Return the classifier of the rounds, and what it sees."""
        if self.feature_model is None:
            labels = self.classes_[problem.pinned(problem.proba).argmax(axis=1)]
            return steps.with_teacher(labels, used)
        if isinstance(self.feature_model, Pipeline):
            return FeatureSteps.of(self.feature_model, X, used)
        return steps.with_last(clone(self.feature_model))

    def _fit_end_model(self, X: Any, problem: Problem) -> None:
        """Train the end model on what the votes alone say."""
        labels, used = problem.pinned(problem.proba), problem.used
        weight, self.trained_on_ = problem.weight, "votes"
        self.n_training_samples_ = int(used.sum())
        self._warn_of_left_out(used)
        if not used.all():
            rows = np.flatnonzero(used)
            X, labels = take_rows(X, rows), labels[rows]
            weight = None if weight is None else weight[rows]
        if not self.soft:
            labels = hardened(labels)
        self._end_model = SoftLabelClassifier(self.estimator, classes=self.classes_)
        if len(self.classes_) == 1:
            self._end_model.fit(X, np.repeat(self.classes_, len(labels)), weight)
        else:
            self._end_model.fit(X, labels, weight)
        self.estimator_ = self._end_model.estimator_

    def _warn_of_left_out(self, used: np.ndarray) -> None:
        # A few are common, and a grid search would warn in every fit.
        if used.sum() <= len(used) / 2:
            warn(
                f"{int((~used).sum())} of {len(used)} rows have neither a vote nor "
                "a gold label and are left out of training. Add a labeling "
                "function with higher coverage to use them.",
            )

    def _keep_labels(
        self, problem: Problem, labels: JointLabels | None, kept: np.ndarray
    ) -> None:
        """Set the labels of the training rows; NaN for rows without weight."""

        def of_all(proba: np.ndarray) -> np.ndarray:
            if kept.all():
                return proba
            full = np.full((len(kept), proba.shape[1]), np.nan)
            full[kept] = proba
            return full

        self.votes_proba_ = of_all(problem.proba)
        self._prior = problem.prior
        self._in_question = np.zeros(len(kept), dtype=bool)
        self._in_question[kept] = problem.voted & ~problem.known
        self.temperatures_ = np.array([])
        self._belief = None
        if labels is None:
            self.label_proba_ = of_all(problem.pinned(problem.proba))
            return
        self.label_proba_ = of_all(labels.label_proba)
        self.oof_proba_ = of_all(labels.oof_proba)
        self.temperatures_ = labels.temperatures
        self.redundancy_ = labels.belief.redundancy
        self._belief = labels.belief

    def joint_proba(self, X: Any) -> np.ndarray:
        """Return class probabilities of samples that do have votes.

        Votes and features are multiplied as for `label_proba_`, by the classifier of
        the last round.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples, with all that the labeling functions and the end model need.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. Without votes, what the features say; without
            rounds (`n_rounds_` is 0), what the votes say.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        """
        check_is_fitted(self)
        votes = with_names(self.lfs_.transform(X), self.lfs_)
        voted = read_any_votes(votes, classes=self.classes_).counts > 0
        proba = votes_proba(self.label_model_, votes, voted)
        if self._belief is None:
            return proba
        said = votes_of(self.label_model_, votes, proba, voted, self._prior)
        opinion = self.feature_model_.predict_proba(X)
        opinion = Opinion(opinion, self.temperatures_[-1]).log
        return self._belief.proba(opinion, said)

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
        label = self._end_model.predict(X)
        # The end model takes booleans for numbers.
        return label.astype(bool) if self.classes_.dtype == bool else label

    def label_issues(
        self,
        X: Any,
        y: Any = None,
        *,
        columns: Sequence[Any] | None = None,
        max_rows: int | None = None,
    ) -> pd.DataFrame:
        """Rank training rows by how probably their label is wrong.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            The samples of `fit`, in the same order.
        y : array-like of shape (n_samples,), default=None
            Labels in question; rows with -1, NaN, None or pd.NA are left out. None:
            the labels that the votes alone give, in rows with votes and without gold.
        columns : sequence of labels, default=None
            Columns of X to show. None: all of a frame, and of an array one of texts.
        max_rows : int, default=None
            Return that many rows, the worst. None: all that have a label.

        Returns
        -------
        issues : DataFrame
            One row per sample, worst first, with label, quality, suggested class, and
            who voted what; see :func:`sklabel.inspection.label_issues`. Quality is by
            `label_proba_`, so that labels in `y` are compared with gold labels of `fit`
            where there are some.

        Raises
        ------
        NotFittedError
            If the classifier is not fitted.
        ValueError
            If X is not of the length that it had in `fit`, a row label of X stood in
            another row of it, or no row has a label.
        """
        check_is_fitted(self)
        if n_rows(X) != len(self.label_proba_):
            raise ValueError(
                f"label_issues needs the {len(self.label_proba_)} samples of fit, in "
                f"the same order; got {n_rows(X)}."
            )
        of_fit = None if self._index is None else pd.DataFrame(index=self._index)
        check_same_rows(**{"X of fit": of_fit}, X=X, y=y)
        votes = with_names(self.lfs_.transform(X), self.lfs_)
        if y is None:
            label = np.nan_to_num(self.votes_proba_).argmax(axis=1)
            label = self.classes_[label].astype(object)
            y = np.where(self._in_question, label, None)
        names = None
        if hasattr(self.lfs_, "get_feature_names_out"):
            found = self.lfs_.get_feature_names_out()
            names = found if len(found) == votes.shape[1] else None
        shown = as_pandas(X, where="X")
        is_table = columns is None and np.ndim(shown) == 2
        if is_table and not isinstance(shown, pd.DataFrame):
            shown = None  # an array of numbers tells little
        return label_issues(
            self.label_proba_,
            y,
            classes=self.classes_,
            votes=votes,
            lf_names=names,
            X=X if isinstance(shown, pd.DataFrame) else shown,
            columns=columns,
            max_rows=max_rows,
        )

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
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
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

        Warns
        -----
        UserWarning
            If `classes_` is not sorted, and a scorer or an ensemble of scikit-learn
            asks that relies on it.
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

        Warns
        -----
        UserWarning
            If `classes_` is not sorted, and a scorer or an ensemble of scikit-learn
            asks that relies on it.
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
