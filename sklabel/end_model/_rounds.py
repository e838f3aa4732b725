"""Rounds in which a classifier and a label model learn from each other.

In each round clones of a classifier are trained on the present soft labels of the
other folds; the label model is fitted with the soft labels as soft gold; and what both
say of a row is multiplied. This is EM for a model in which votes and features are
independent given the class (Raykar et al. 2010), with three brakes: the classifier has
never seen the rows that it judges, class shares are kept, and a part of every label is
that of the votes alone.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
import time
import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklabel.end_model._feature_steps import FeatureSteps, Guard
from sklabel.end_model._folds import Folds, make_folds, row_keys
from sklabel.end_model._joint import (
    Belief,
    Combination,
    Opinion,
    Votes,
    beyond_chance,
    cross_entropy,
    fit_temperature,
    redundancy,
)
from sklabel.end_model._soft_label import SoftLabelClassifier
from sklabel.utils._validation import plain, take_rows, warn
from sklabel.votes._cast import is_numeric

# With so many gold labels, the class shares of rows that nobody votes on are known.
_ENOUGH_GOLD = 20
# Rules that vote on fewer of the rows say too little of the others.
_LEAST_COVERED = 0.5
# Rows for each fold.
_LEAST_IN_FOLD = 2
# An opinion that is not further than so many standard errors from chance may be noise.
_BEYOND_NOISE = 2.0
# Where a trial of an end model cuts its probabilities, so that errors of which it is
# all but certain count.
_LEAST_TRIED = 1e-6
# A class whose share falls to less than this part has disappeared.
_LEAST_LEFT = 0.1


class Problem(NamedTuple):
    """What the rounds are about; all arrays have a row for each sample.

    `votes`: as the label model reads them. `model`: the fitted label model. `proba`:
    its probabilities. `gold`: class index, -1 where unknown. `voted`: rows with votes.
    `weight`: of each sample, or None. `classes`. `shares`: the class prior that the
    user gives, or None. `by_rules`: share of the votes that rules cast.
    """

    votes: Any
    model: Any
    proba: np.ndarray
    gold: np.ndarray
    voted: np.ndarray
    weight: np.ndarray | None
    classes: np.ndarray
    shares: np.ndarray | None
    by_rules: float

    @property
    def known(self) -> np.ndarray:
        """Rows with a gold label."""
        return self.gold >= 0

    @property
    def used(self) -> np.ndarray:
        """Rows with a vote or a gold label."""
        return self.voted | self.known

    @property
    def prior(self) -> np.ndarray:
        """Class prior that is part of what the label model says of votes."""
        prior = getattr(self.model, "class_prior_", None)
        if prior is None and self.voted.any():
            prior = self.proba[self.voted].mean(axis=0)
        n_classes = len(self.classes)
        return np.full(n_classes, 1 / n_classes) if prior is None else np.asarray(prior)

    @property
    def weights(self) -> np.ndarray:
        """Weight of each sample."""
        return np.ones(len(self.gold)) if self.weight is None else self.weight

    def say(self, model: Any) -> Votes:
        """Return what a label model makes of the votes."""
        return votes_of(model, self.votes, self.proba, self.voted, self.prior)

    def pinned(self, proba: np.ndarray) -> np.ndarray:
        """Make rows with a gold label certain."""
        proba = proba.copy()
        proba[self.known] = np.eye(len(self.classes))[self.gold[self.known]]
        return proba


class Shares(NamedTuple):
    """Class shares that labels keep, whether they are known, and of which rows."""

    shares: np.ndarray
    are_known: bool
    rows: np.ndarray

    def combine(
        self, opinion: np.ndarray, votes: Votes, weight: np.ndarray, repeated: float
    ) -> Combination:
        """Return how an opinion and votes become labels that keep the shares."""
        return Combination.of(
            opinion,
            votes,
            self.shares,
            weight * self.rows,
            are_known=self.are_known,
            redundancy=repeated,
        )


class JointLabels(NamedTuple):
    """What the rounds led to.

    `label_proba`, `training_proba`, `oof_proba` of shape (n_samples, n_classes): the
    labels, those that a classifier is to be trained on, and the opinion of the
    classifier of the rounds, out of fold and not tempered. `temperatures`: one for each
    round. `belief`: how labels are made. `model`: the label model as it learned with
    the classifier. `held_out`: a fold, train and test.
    """

    label_proba: np.ndarray
    training_proba: np.ndarray
    oof_proba: np.ndarray
    temperatures: np.ndarray
    belief: Belief
    model: Any
    held_out: tuple[np.ndarray, np.ndarray]

    def suit(
        self,
        steps: FeatureSteps,
        joint: np.ndarray,
        alone: np.ndarray,
        weight: np.ndarray | None,
        classes: np.ndarray,
    ) -> bool:
        """Tell whether a classifier learns more from the labels that features helped.

        Naive Bayes, for instance, is the surer of its errors the surer its labels are.
        It is tried on a fold which of two labels lead it nearer to the joint labels.

        Parameters
        ----------
        steps : FeatureSteps
            The classifier, and what it sees.
        joint, alone : ndarray of shape (n_samples, n_classes)
            Labels by votes and features, and by votes; NaN in rows not to train on.
        weight : ndarray of shape (n_samples,) or None
            Weight of each row.
        classes : ndarray of shape (n_classes,)
            The classes.
        """
        train, test = self.held_out
        test = test[~np.isnan(joint[test, 0])]
        if len(test) == 0:
            return True
        of_test = None if weight is None else weight[test]
        losses = []
        for target in (joint, alone):
            rows = train[~np.isnan(target[train, 0])]
            X, right = take_rows(steps.features, test), self.label_proba[test]
            try:
                fitted = _fitted(
                    steps.classifier,
                    classes,
                    take_rows(steps.features, rows),
                    target[rows],
                    None if weight is None else weight[rows],
                )
                if hasattr(fitted, "predict_proba"):
                    said = np.log(np.maximum(fitted.predict_proba(X), _LEAST_TRIED))
                    losses.append(cross_entropy(said, right, of_test))
                else:
                    losses.append(-fitted.score(X, right, of_test))
            except Exception as error:
                # From all rows it may well learn, as it does without rounds.
                warn(
                    f"{type(steps.last).__name__} is trained on the labels of the "
                    "votes alone. It was to be tried on one fold with both labels, "
                    f"and raised {type(error).__name__}: {error}"
                )
                return False
        return losses[0] <= losses[1]


@dataclass(frozen=True)
class Rounds:
    """Learn from votes and features together.

    Parameters
    ----------
    n_rounds : int
        At least 1.
    cv : int or splitter
        Folds.
    n_jobs : int or None
        Folds at a time.
    verbose : int
        Above 0, write a line for each round.
    """

    n_rounds: int
    cv: Any
    n_jobs: int | None = None
    verbose: int = 0

    def run(self, problem: Problem, keep: Shares, steps: FeatureSteps) -> JointLabels:
        """Alternate both.

        Parameters
        ----------
        problem : Problem
            Votes and what is known.
        keep : Shares
            Class shares to keep.
        steps : FeatureSteps
            The classifier of the rounds, and what it sees.

        Returns
        -------
        labels : JointLabels
            The labels.

        Raises
        ------
        Guard
            If features cannot be trusted here.
        """
        start, used = problem.pinned(problem.proba), keep.rows
        weights = problem.weights
        alone = problem.say(problem.model)
        folds, keys = self._folds(problem, steps, start, used)
        target, temperatures = start, []
        for i in range(self.n_rounds):
            began = time.perf_counter()
            proba = self._out_of_fold(problem, steps, target, folds)
            temperature = fit_temperature(proba[used], target[used], weights[used])
            opinion = Opinion(proba, temperature).log
            if i == 0:
                # The labels of other rows are the class prior.
                told = problem.used
                _check_better_than_chance(
                    proba[told], target[told], weights[told], keys[told]
                )
                repeated = redundancy(opinion, alone, weights, keys)
            temperatures.append(temperature)
            model = refitted(problem, target)
            votes = problem.say(model)
            combination = keep.combine(opinion, votes, weights, repeated)
            before, target = target, problem.pinned(combination.proba(opinion, votes))
            check_no_class_lost(problem, start, target, weights * used)
            moved = np.average(np.abs(target - before).sum(axis=1) / 2, weights=weights)
            self._say(i, temperature, repeated, moved, time.perf_counter() - began)
        belief = Belief.of(
            opinion,
            alone,
            problem.prior,
            target,
            keep.shares,
            weights * used,
            are_known=keep.are_known,
            redundancy=repeated,
        )
        label = problem.pinned(belief.proba(opinion, alone))
        cooled = np.array(temperatures)
        return JointLabels(label, target, proba, cooled, belief, model, folds[0])

    def _folds(
        self,
        problem: Problem,
        steps: FeatureSteps,
        start: np.ndarray,
        used: np.ndarray,
    ) -> tuple[Folds, np.ndarray]:
        """Return folds, and which rows are equal and so in one of them."""
        n_folds = int(self.cv) if isinstance(self.cv, Integral) else 2
        needed, n_used = _LEAST_IN_FOLD * n_folds, int(used.sum())
        if n_used < needed:
            raise Guard(
                f"{n_used} rows with a vote or a gold label are too few for {n_folds} "
                "folds. Give more rows, or a smaller cv"
            )
        keys = row_keys(steps.features, len(start))
        if len(np.unique(keys[used])) < needed:
            # Of a few values that come again and again, nobody knows rows by heart.
            keys = row_keys(np.arange(len(start))[:, None], len(start))
        folds = make_folds(self.cv, keys, start * problem.weights[:, None], used)
        least = min(len(train) for train, _ in folds)
        if least < _LEAST_IN_FOLD:
            raise Guard(
                f"a fold leaves {least} rows with a vote or a gold label to learn "
                "from. Give more rows, or another cv"
            )
        if any((start[train] > 0).any(axis=0).sum() < 2 for train, _ in folds):
            raise Guard(
                "a fold leaves rows of one class to learn from. Give more rows of the "
                "others, or another cv"
            )
        return folds, keys

    def _out_of_fold(
        self, problem: Problem, steps: FeatureSteps, target: np.ndarray, folds: Folds
    ) -> np.ndarray:
        """Return the probabilities of clones that have not seen the rows."""
        parts = Parallel(n_jobs=self.n_jobs)(
            delayed(_fit_and_predict)(
                take_rows(steps.features, test),
                steps.classifier,
                problem.classes,
                take_rows(steps.features, train),
                target[train],
                None if problem.weight is None else problem.weight[train],
            )
            for train, test in folds
        )
        proba = np.empty_like(target)
        for (_, test), part in zip(folds, parts, strict=True):
            proba[test] = part
        return proba

    def _say(
        self, i: int, temperature: float, repeated: float, moved: float, seconds: float
    ) -> None:
        if self.verbose:
            sys.stderr.write(
                f"WeakSupervisionClassifier: round {i + 1} of {self.n_rounds}, "
                f"temperature {temperature:.2f}, redundancy {repeated:.2f}, "
                f"labels moved by {moved:.3f}, "
                f"{seconds:.1f} s\n"
            )


def _fit_and_predict(X_test: Any, *args: Any) -> np.ndarray:
    return _fitted(*args).predict_proba(X_test)


def _fitted(
    classifier: Any,
    classes: np.ndarray,
    X: Any,
    proba: np.ndarray,
    weight: np.ndarray | None,
) -> SoftLabelClassifier:
    with warnings.catch_warnings():
        # The fit of the end model says all of it once.
        warnings.simplefilter("ignore")
        return SoftLabelClassifier(classifier, classes=classes).fit(X, proba, weight)


def hardened(proba: np.ndarray) -> np.ndarray:
    """Make the most probable class of each row certain; rows of NaN stay."""
    certain = np.eye(proba.shape[1])[np.argmax(proba, axis=1)]
    return np.where(np.isnan(proba), np.nan, certain)


def shares_to_keep(problem: Problem) -> Shares:
    """Return the class shares that labels keep.

    Features cannot tell class shares: rounds that move them go on moving them.

    Raises
    ------
    Guard
        If nothing tells them.
    """
    all_rows = np.ones(len(problem.gold), dtype=bool)
    if problem.shares is not None:
        return Shares(problem.shares, True, all_rows)
    used, weights = problem.used, problem.weights
    covered = weights @ used / weights.sum()
    start = problem.pinned(problem.proba)
    if problem.by_rules > 0.5 and covered <= _LEAST_COVERED:
        if problem.known.sum() < _ENOUGH_GOLD:
            raise Guard(
                f"rules vote on {covered:.0%} of the rows and cannot tell class "
                "shares, so what features would say of the others is not known. Give "
                f"the label model class_prior=, or {_ENOUGH_GOLD} gold labels in y"
            )
        return Shares(np.average(start, axis=0, weights=weights), True, all_rows)
    shares = np.average(start[used], axis=0, weights=weights[used])
    return Shares(shares, False, used)


def refitted(problem: Problem, target: np.ndarray) -> Any:
    """Fit the label model with labels as soft gold.

    One that is not of this package takes no soft gold and stays as it is.
    """
    if not hasattr(problem.model, "log_evidence"):
        return problem.model
    model = clone(problem.model)
    as_posterior = {"use_gold": True, "soft_gold": "posterior"}
    known = model.get_params()
    model.set_params(**{k: v for k, v in as_posterior.items() if k in known})
    if is_numeric(problem.classes):
        # Names of columns could be positions.
        model.set_params(classes=problem.classes)
    # Votes say nothing of rows without any.
    soft = np.where(problem.used[:, None], target, np.nan)
    gold = pd.DataFrame(soft, columns=problem.classes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if problem.weight is None:
            return model.fit(problem.votes, gold)
        return model.fit(problem.votes, gold, sample_weight=problem.weight)


def votes_of(
    model: Any, votes: Any, proba: np.ndarray, voted: np.ndarray, prior: np.ndarray
) -> Votes:
    """Return what a label model makes of votes.

    Parameters
    ----------
    model : classifier
        Fitted label model.
    votes : object
        What it reads.
    proba : ndarray of shape (n_samples, n_classes)
        Probabilities of the votes alone.
    voted : ndarray of shape (n_samples,), bool
        Rows with votes.
    prior : ndarray of shape (n_classes,)
        Class prior in `proba`, for a label model that does not tell its evidence.
    """
    if hasattr(model, "log_evidence"):
        evidence, effect = model.log_evidence(votes), model.design_effect(votes)
        return Votes(proba, evidence, effect, voted)
    evidence = np.log(np.maximum(proba, 1e-10)) - np.log(np.maximum(prior, 1e-10))
    evidence = np.where(voted[:, None], evidence, 0)
    return Votes(proba, evidence, np.ones(len(proba)), voted)


def _check_better_than_chance(
    proba: np.ndarray, target: np.ndarray, weight: np.ndarray, keys: np.ndarray
) -> None:
    z = beyond_chance(proba, target, weight, keys)
    if z <= _BEYOND_NOISE:
        raise Guard(
            "out of fold, the classifier predicts the labels no better than chance "
            f"does ({z:.1f} standard errors from it, {_BEYOND_NOISE:.0f} are needed). "
            "Give features that tell the classes apart, more rows, or another "
            "feature_model"
        )


def check_no_class_lost(
    problem: Problem, start: np.ndarray, target: np.ndarray, weights: np.ndarray
) -> None:
    """Raise if a class that votes find has all but disappeared."""
    before, after = weights @ start, weights @ target
    lost = (after < _LEAST_LEFT * before) & (before >= 1)
    if lost.any():
        label = plain(problem.classes[np.argmax(lost)])
        raise Guard(
            f"class {label!r} disappears: votes expect {before[lost][0]:.1f} rows of "
            f"it, votes and features {after[lost][0]:.1f}. Give the label model "
            "class_prior=, or gold labels in y"
        )
