"""Soft labels of some rows, and the weighted copies by which a classifier learns."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklabel.utils._validation import n_rows, plain, take_rows


@dataclass(frozen=True)
class SoftRows:
    """Class probabilities and weights of rows.

    Attributes
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Rows that sum to 1.
    weight : ndarray of shape (n_samples,)
        Positive.
    classes : ndarray of shape (n_classes,)
        The class of each column.
    """

    proba: np.ndarray
    weight: np.ndarray
    classes: np.ndarray

    @property
    def hard(self) -> np.ndarray:
        """The most probable class of each row."""
        return self.classes[np.argmax(self.proba, axis=1)]

    @property
    def is_certain(self) -> bool:
        """Whether each row has one class; then no row needs a second copy."""
        return bool(np.all((self.proba == 0) | (self.proba == 1)))

    @property
    def is_hard(self) -> bool:
        """Whether each row has one class and the weight 1."""
        return bool(np.all(self.weight == 1)) and self.is_certain

    def hardened(self) -> SoftRows:
        """Return the most probable class of each row as certain, of weight 1."""
        certain = np.eye(len(self.classes))[np.argmax(self.proba, axis=1)]
        return SoftRows(certain, np.ones(len(certain)), self.classes)

    def copies(self) -> Copies:
        """Return a copy of a row for each class with positive weight."""
        pair_weight = self.proba * self.weight[:, None]
        rows, columns = np.nonzero(pair_weight > 0)
        return Copies(rows, self.classes[columns], pair_weight[rows, columns])


@dataclass(frozen=True)
class Copies:
    """Weighted copies of rows; those of one row stand next to each other.

    Attributes
    ----------
    rows : ndarray of shape (n_copies,)
        Which row each is a copy of.
    labels : ndarray of shape (n_copies,)
        Its class.
    weight : ndarray of shape (n_copies,)
        Weight of the row times probability of the class.
    """

    rows: np.ndarray
    labels: np.ndarray
    weight: np.ndarray

    def of(self, X: Any) -> Any:
        """Return the copies of the rows of X; X itself if each has one."""
        one_each = np.array_equal(self.rows, np.arange(n_rows(X)))
        return X if one_each else take_rows(X, self.rows)

    def split(self, splits: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """Turn splits of rows into splits of copies that keep those of a row together.

        Parameters
        ----------
        splits : iterable of (train, test)
            Positions of rows, as the `split` of a splitter yields them.

        Returns
        -------
        splits : list of (train, test)
            Positions of copies.
        """
        return [
            (np.flatnonzero(np.isin(self.rows, train)),
             np.flatnonzero(np.isin(self.rows, test)))
            for train, test in splits
        ]  # fmt: skip

    def balanced_class_weight(self) -> dict[Any, float]:
        """Return what class_weight='balanced' means: from weights, not from counts.

        Counted copies would make every class that is possible everywhere equally
        frequent.
        """
        labels, index = np.unique(self.labels, return_inverse=True)
        mass = np.bincount(index, weights=self.weight)
        balanced = mass.sum() / (len(labels) * mass)
        return {plain(c): float(w) for c, w in zip(labels, balanced, strict=True)}
