"""Cross-validation where only some rows have gold labels."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator, StratifiedKFold

from sklabel.utils._frames import refuse_lazy
from sklabel.utils._loops import refuse_cross_val_predict, refuse_loops
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import n_rows
from sklabel.votes._gold import read_gold


class GoldKFold(BaseCrossValidator):
    """Stratified folds of the gold rows; unlabelled rows are always trained on.

    Stock ``GridSearchCV`` and ``cross_val_score`` then score on gold labels only,
    while the label model still sees every vote.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds; at least 2, and at most the number of gold rows.
    shuffle : bool, default=False
        Whether to shuffle the gold rows first.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffle; must be None where `shuffle` is False.

    See Also
    --------
    cross_val_predict_gold : Out-of-fold predictions for the gold rows.
    sklearn.model_selection.StratifiedKFold : Makes the folds of the gold rows.

    Notes
    -----
    A gold label of -1, NaN, None or pd.NA means unlabelled. Training parts hold gold
    rows of the other folds too: a semi-supervised model learns from them, one with
    ``use_gold=False`` does not.

    *Gold labels in the loops of scikit-learn.* With -1 or NaN for unlabelled rows and
    ``cv=GoldKFold()``, these work as they are: ``GridSearchCV``, ``cross_val_score``,
    ``cross_validate``, ``learning_curve``, ``validation_curve`` and
    ``permutation_test_score``, also with scorers of probabilities. None works with
    the default scorer only. The others would learn the unlabelled rows as a class:

    - ``cross_val_predict`` raises; use :func:`cross_val_predict_gold`.
    - ``CalibratedClassifierCV``, ``VotingClassifier``, ``StackingClassifier`` and
      ``TunedThresholdClassifierCV`` get classifiers that are fitted already, and the
      gold rows only. With `clf` fitted without the gold labels of the rows `kept`::

          y_fit = y.copy()
          y_fit[kept] = -1
          clf.fit(X, y_fit)
          frozen = FrozenEstimator(clf)
          CalibratedClassifierCV(frozen).fit(X_kept, y_kept)
          VotingClassifier([("a", frozen), ("b", other)], voting="soft")
          StackingClassifier([("a", frozen)], cv="prefit")
          TunedThresholdClassifierCV(frozen, cv="prefit", refit=False)

      Gold labels that `clf` was fitted to make it look surer than it is.
    - ``BaggingClassifier``, ``AdaBoostClassifier`` and ``OneVsRestClassifier`` fit
      clones to labels of their own making: put them inside, as the end model of
      :class:`~sklabel.WeakSupervisionClassifier`.

    Where a label model, a `WeakSupervisionClassifier` or these folds find themselves
    in such a loop, they raise. They cannot see it where the loop runs them in another
    process (`n_jobs`): with NaN instead of -1, scikit-learn itself refuses.

    *The order of classes.* Classifiers of scikit-learn sort their classes, and its
    scorers of probabilities ("neg_log_loss", "roc_auc_ovr"), ``VotingClassifier`` with
    ``voting="soft"`` and ``CalibratedClassifierCV`` with ``method="temperature"``, or
    with two classes, count on it. Here `classes_` keeps the order that was given, and
    texts are in natural order, "2" before "10". With ``classes=["sport", "food"]``
    these would be wrong, so they warn. Give the classes as ``sorted(...)`` has them, or
    score with :func:`soft_log_loss`, which knows the order. Functions of
    ``sklearn.metrics`` that get ``predict_proba(X)`` itself cannot warn.

    Examples
    --------
    >>> from sklabel.model_selection import GoldKFold
    >>> y = [0, 1, -1, -1, 0, 1]
    >>> for train, test in GoldKFold(2).split([[0]] * 6, y):
    ...     print(train, test)
    [2 3 4 5] [0 1]
    [0 1 2 3] [4 5]
    """

    def __init__(
        self, n_splits: int = 5, *, shuffle: bool = False, random_state: Any = None
    ) -> None:
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def split(
        self, X: Any, y: Any, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Generate training and test rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples; only their number and their index matter.
        y : array-like of shape (n_samples,)
            Gold labels, -1, NaN, None or pd.NA for unlabelled.
        groups : None
            Ignored.

        Yields
        ------
        train : ndarray of int
            All unlabelled rows and the gold rows of the other folds, ascending.
        test : ndarray of int
            Gold rows of this fold, ascending.

        Raises
        ------
        ValueError
            If y is None, there are fewer gold rows than folds, a row label that X and
            y share stands in different rows, or a parameter is wrong. Also if
            `cross_val_predict` or a meta-estimator that takes -1 for a class asks for
            folds.
        """
        # Checks the parameters.
        folds = StratifiedKFold(
            self.n_splits, shuffle=self.shuffle, random_state=self.random_state
        )
        refuse_lazy(X, where="X of GoldKFold")
        n_samples = n_rows(X)
        refuse_loops("GoldKFold")
        refuse_cross_val_predict()
        if y is None:
            raise ValueError(
                "GoldKFold needs gold labels in y to make its folds; y is None."
            )
        check_same_rows(X=X, y=y)
        gold = read_gold(y, n_samples)
        rows = np.flatnonzero(gold.labelled())
        if len(rows) < self.n_splits:
            raise ValueError(
                f"GoldKFold needs at least n_splits={self.n_splits} gold rows; y has "
                f"{len(rows)} of {n_samples}. Lower n_splits or add gold labels."
            )
        for _, part in folds.split(rows, gold.label[rows]):
            test = rows[part]
            yield np.setdiff1d(np.arange(n_samples), test), test

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
            Number of folds.
        """
        return self.n_splits
