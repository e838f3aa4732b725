"""Votes of simulated labeling functions with known coverage and accuracy."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from sklabel.utils._validation import check_class_prior, check_integer, check_share
from sklabel.votes._named import ABSTAIN

NOT_UNIPOLAR = -1
NO_SOURCE = -1


def make_lf_votes(
    n_samples: int = 1000,
    n_lfs: int = 10,
    n_classes: int = 2,
    *,
    coverage: ArrayLike = 0.3,
    accuracy: ArrayLike = 0.75,
    unipolar_share: float = 0.0,
    correlated: float = 0.0,
    copy_probability: float = 0.9,
    class_prior: str | ArrayLike = "uniform",
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Simulate labeling functions (LFs) that vote on samples of known class.

    Given the class, LFs are independent except for those that copy another one;
    use `correlated` to see what a label model makes of votes that it counts twice.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples.
    n_lfs : int, default=10
        Number of labeling functions.
    n_classes : int, default=2
        Number of classes, from 2 to 127.
    coverage : float, tuple (low, high) or array-like of shape (n_lfs,), default=0.3
        Probability that an LF votes on a sample. A tuple of two is a range from
        which every LF draws its own value; any other sequence, also a list of
        two, has one value per LF.
    accuracy : float, tuple (low, high) or array-like of shape (n_lfs,), default=0.75
        Probability that a vote is right, in the same three forms. A wrong vote is
        each of the other classes with equal probability.
    unipolar_share : float, default=0.0
        Share of the LFs that only ever vote for one class, rounded to whole LFs;
        1 means all. They are the first ones, and their classes take turns: 0,
        1, ..., 0, 1, .... For an LF of class k, `accuracy` is its precision
        P(y = k | vote): it votes with probability
        ``coverage * accuracy / class_prior[k]`` on the samples of class k, and
        ``coverage * (1 - accuracy) / (1 - class_prior[k])`` on the others. If one
        of these exceeds 1, no LF can have both: the accuracy is kept, the coverage
        is lowered until the larger one is 1, and the Bunch holds the coverage that
        was used.
    correlated : float, default=0.0
        Share of the LFs that copy another LF, rounded to whole LFs. They are the
        last ones, and at least one LF must be left. Each draws its source among the
        LFs that do not copy, and takes over the coverage, accuracy and class of its
        source, whatever `coverage`, `accuracy` and `unipolar_share` say of it.
    copy_probability : float, default=0.9
        Probability that a copying LF repeats what its source does on a sample, an
        abstention included; else it votes independently.
    class_prior : 'uniform' or array-like of shape (n_classes,), default='uniform'
        Probability of each class. 'uniform': all are equally likely.
    random_state : int, RandomState instance or None, default=None
        Seed of all draws. The same int gives the same bits.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with

        votes : ndarray of shape (n_samples, n_lfs), dtype int8
            Class voted for, -1 where an LF abstains.
        y : ndarray of shape (n_samples,), dtype int64
            True classes.
        coverage, accuracy : ndarray of shape (n_lfs,)
            The probabilities that were used, not the shares in `votes`.
        unipolar_class : ndarray of shape (n_lfs,), dtype int64
            Class of each unipolar LF, -1 for the others.
        source : ndarray of shape (n_lfs,), dtype int64
            The LF that each LF copies, -1 for those that do not copy.

    Raises
    ------
    ValueError
        If a parameter is out of range, or there are unipolar LFs and a class has
        the probability 0.

    See Also
    --------
    make_crowd_labels : Workers with confusion matrices, in long form.

    Examples
    --------
    >>> from sklabel.datasets import make_lf_votes
    >>> data = make_lf_votes(5, 3, coverage=[1.0, 1.0, 0.0], accuracy=1.0,
    ...                      random_state=0)
    >>> data.y
    array([1, 1, 1, 1, 0])
    >>> data.votes
    array([[ 1,  1, -1],
           [ 1,  1, -1],
           [ 1,  1, -1],
           [ 1,  1, -1],
           [ 0,  0, -1]], dtype=int8)
    """
    n_samples = check_integer(n_samples, "n_samples", low=1)
    n_lfs = check_integer(n_lfs, "n_lfs", low=1)
    n_classes = check_integer(n_classes, "n_classes", low=2)
    if n_classes > np.iinfo(np.int8).max:
        raise ValueError(
            "n_classes must be at most 127, since votes are int8. "
            f"Got {n_classes!r} instead."
        )
    n_unipolar = round(check_share(unipolar_share, "unipolar_share") * n_lfs)
    n_copies = round(check_share(correlated, "correlated") * n_lfs)
    if n_copies == n_lfs:
        raise ValueError(
            "correlated must leave at least one LF that does not copy. "
            f"Got {correlated!r} for {n_lfs} LFs instead."
        )
    copy_probability = check_share(copy_probability, "copy_probability")
    prior = np.full(n_classes, 1 / n_classes)
    if not (isinstance(class_prior, str) and class_prior == "uniform"):
        prior = check_class_prior(class_prior, n_classes)
    rng = check_random_state(random_state)

    lf_coverage = _one_per_lf(coverage, "coverage", n_lfs, rng)
    lf_accuracy = _one_per_lf(accuracy, "accuracy", n_lfs, rng)
    unipolar_class = np.full(n_lfs, NOT_UNIPOLAR, dtype=np.int64)
    unipolar_class[:n_unipolar] = np.arange(n_unipolar) % n_classes
    source = np.full(n_lfs, NO_SOURCE, dtype=np.int64)
    n_originals = n_lfs - n_copies
    source[n_originals:] = rng.randint(n_originals, size=n_copies)
    for values in (lf_coverage, lf_accuracy, unipolar_class):
        values[n_originals:] = values[source[n_originals:]]
    lf_coverage = _lower_coverage(lf_coverage, lf_accuracy, unipolar_class, prior)

    y = rng.choice(n_classes, size=n_samples, p=prior).astype(np.int64)
    votes = np.empty((n_samples, n_lfs), dtype=np.int8)
    for j in range(n_lfs):
        if unipolar_class[j] == NOT_UNIPOLAR:
            column = _draw_votes(y, lf_coverage[j], lf_accuracy[j], n_classes, rng)
        else:
            column = _draw_unipolar_votes(
                y, lf_coverage[j], lf_accuracy[j], unipolar_class[j], prior, rng
            )
        if source[j] != NO_SOURCE:
            is_copied = rng.uniform(size=n_samples) < copy_probability
            column = np.where(is_copied, votes[:, source[j]], column)
        votes[:, j] = column
    return Bunch(
        votes=votes,
        y=y,
        coverage=lf_coverage,
        accuracy=lf_accuracy,
        unipolar_class=unipolar_class,
        source=source,
    )


def _one_per_lf(value: Any, name: str, n_lfs: int, rng: RandomState) -> np.ndarray:
    values = np.asarray(value, dtype=np.float64)
    # `not (...).all()` also catches NaN.
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"{name} must lie in [0, 1]. Got {value!r} instead.")
    if values.ndim == 0:
        return np.full(n_lfs, float(values))
    if isinstance(value, tuple) and len(value) == 2:
        low, high = value
        if low > high:
            raise ValueError(
                f"{name} as a tuple must be (low, high) with low <= high. "
                f"Got {value!r} instead."
            )
        return rng.uniform(low, high, size=n_lfs)
    if values.shape != (n_lfs,):
        raise ValueError(
            f"{name} must be a number, a tuple (low, high) or have one entry for each "
            f"of the {n_lfs} LFs. Got an array of shape {values.shape} instead."
        )
    return values.copy()


def _lower_coverage(
    coverage: np.ndarray,
    accuracy: np.ndarray,
    unipolar_class: np.ndarray,
    prior: np.ndarray,
) -> np.ndarray:
    """Lower the coverage of unipolar LFs to what their accuracy allows."""
    is_unipolar = unipolar_class != NOT_UNIPOLAR
    own = prior[unipolar_class[is_unipolar]]
    right = accuracy[is_unipolar]
    with np.errstate(divide="ignore"):
        highest = np.minimum(own / right, (1 - own) / (1 - right))
    lowered = coverage.copy()
    lowered[is_unipolar] = np.minimum(coverage[is_unipolar], highest)
    return lowered


def _draw_votes(
    y: np.ndarray, coverage: float, accuracy: float, n_classes: int, rng: RandomState
) -> np.ndarray:
    n_samples = len(y)
    votes_here = rng.uniform(size=n_samples) < coverage
    is_right = rng.uniform(size=n_samples) < accuracy
    wrong = (y + rng.randint(1, n_classes, size=n_samples)) % n_classes
    return np.where(votes_here, np.where(is_right, y, wrong), ABSTAIN)


def _draw_unipolar_votes(
    y: np.ndarray,
    coverage: float,
    accuracy: float,
    own_class: int,
    prior: np.ndarray,
    rng: RandomState,
) -> np.ndarray:
    own = prior[own_class]
    vote_probability = np.where(
        y == own_class, coverage * accuracy / own, coverage * (1 - accuracy) / (1 - own)
    )
    return np.where(rng.uniform(size=len(y)) < vote_probability, own_class, ABSTAIN)
