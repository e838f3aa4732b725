"""Crowds of simulated workers whose confusion matrices are known."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from sklabel.utils._validation import (
    check_class_prior,
    check_integer,
    check_share,
    is_real,
)

WORKER_TYPES = ("reliable", "average", "spammer", "adversarial")
DEFAULT_SHARES = {
    "reliable": 0.3,
    "average": 0.5,
    "spammer": 0.15,
    "adversarial": 0.05,
}


def make_crowd_labels(
    n_samples: int = 1000,
    n_workers: int = 50,
    n_classes: int = 2,
    *,
    judgements_per_sample: float = 5,
    worker_types: Mapping[str, float] | None = None,
    difficulty: float = 0.0,
    class_prior: str | ArrayLike = "uniform",
    random_state: int | RandomState | None = None,
) -> Bunch:
    """Simulate crowd workers who judge samples of known class.

    Each worker labels by a confusion matrix of their own, as the Dawid-Skene
    model assumes; a `difficulty` above 0 breaks that assumption, because the
    workers then err on the same samples. Every worker is equally busy and gets
    samples at random, which is not so in real crowds. Time and memory grow with
    the number of judgements, not with ``n_samples * n_workers``.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of samples.
    n_workers : int, default=50
        Number of workers.
    n_classes : int, default=2
        Number of classes, at least 2.
    judgements_per_sample : int or float, default=5
        Number of different workers who judge a sample. With a fraction, as in 2.3,
        a sample gets 2 with probability 0.7 and 3 with probability 0.3; below 1,
        some samples get none.
    worker_types : dict of str to float, default=None
        Share of each type among the workers; the shares sum to 1 and are met as
        exactly as whole workers allow. If None, 0.3 reliable, 0.5 average, 0.15
        spammer, 0.05 adversarial. The types differ in the probability of the right
        label, drawn for every worker and class:

        * "reliable": between 0.85 and 0.98.
        * "average": between 0.6 and 0.8.
        * "spammer": one distribution of labels, drawn uniformly, for all classes.
        * "adversarial": between ``0.2 / n_classes`` and ``0.6 / n_classes``, which
          is below chance.

        What is left goes to the wrong classes in proportions drawn uniformly.
    difficulty : float, default=0.0
        Mean difficulty of the samples, in [0, 1]. Sample i has the difficulty t_i,
        drawn from Beta(2 * difficulty, 2 * (1 - difficulty)); a worker w who judges
        it labels by ``(1 - t_i) * confusion[w, y_i] + t_i / n_classes``. At 0
        nobody guesses, at 1 everybody does, at 0.5 t_i is uniform.
    class_prior : 'uniform' or array-like of shape (n_classes,), default='uniform'
        Probability of each class. 'uniform': all are equally likely.
    random_state : int, RandomState instance or None, default=None
        Seed of all draws. The same int gives the same bits.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with

        crowd_labels : DataFrame of shape (n_judgements, 3), dtype int64
            One judgement per row: `sample` (row in `y`), `worker`, `label`; sorted
            by sample, then worker. No pair occurs twice.
        y : ndarray of shape (n_samples,), dtype int64
            True classes.
        confusion : ndarray of shape (n_workers, n_classes, n_classes)
            Probability of each label (last axis) given the true class, before
            difficulty is mixed in.
        worker_types : ndarray of shape (n_workers,), dtype str
            Type of each worker.
        difficulty : ndarray of shape (n_samples,)
            Difficulty t_i of each sample.

    Raises
    ------
    ValueError
        If a parameter is out of range, `worker_types` names an unknown type or its
        shares do not sum to 1, or more judgements per sample are asked for than
        there are workers.

    See Also
    --------
    make_lf_votes : Labeling functions with given coverage and accuracy.

    Examples
    --------
    >>> from sklabel.datasets import make_crowd_labels
    >>> data = make_crowd_labels(
    ...     100, 10, worker_types={"reliable": 1.0}, random_state=0
    ... )
    >>> data.crowd_labels.shape
    (500, 3)
    >>> right = data.crowd_labels["label"] == data.y[data.crowd_labels["sample"]]
    >>> bool(0.85 < right.mean() < 0.98)
    True
    """
    n_samples = check_integer(n_samples, "n_samples", low=1)
    n_workers = check_integer(n_workers, "n_workers", low=1)
    n_classes = check_integer(n_classes, "n_classes", low=2)
    mean_judgements = _check_judgements(judgements_per_sample, n_workers)
    shares = _check_shares(DEFAULT_SHARES if worker_types is None else worker_types)
    mean_difficulty = check_share(difficulty, "difficulty")
    prior = np.full(n_classes, 1 / n_classes)
    if not (isinstance(class_prior, str) and class_prior == "uniform"):
        prior = check_class_prior(class_prior, n_classes)
    rng = check_random_state(random_state)

    y = rng.choice(n_classes, size=n_samples, p=prior).astype(np.int64)
    types = rng.permutation(np.repeat(list(shares), _whole_numbers(shares, n_workers)))
    confusion = _draw_confusion(types, n_classes, rng)
    sample_difficulty = _draw_difficulty(mean_difficulty, n_samples, rng)
    samples, workers = _draw_pairs(n_samples, n_workers, mean_judgements, rng)
    labels = _draw_labels(
        confusion, workers, y[samples], sample_difficulty[samples], rng
    )
    return Bunch(
        crowd_labels=pd.DataFrame(
            {"sample": samples, "worker": workers, "label": labels}
        ),
        y=y,
        confusion=confusion,
        worker_types=types,
        difficulty=sample_difficulty,
    )


def _check_judgements(value: Any, n_workers: int) -> float:
    """Return the mean number of judgements; an int stays an int."""
    if not is_real(value) or not value > 0:
        raise ValueError(
            f"judgements_per_sample must be a number > 0. Got {value!r} instead."
        )
    if value > n_workers:
        raise ValueError(
            "judgements_per_sample must be at most n_workers, since a worker judges "
            f"a sample once. Got {value!r} for {n_workers} workers instead."
        )
    return int(value) if isinstance(value, Integral) else float(value)


def _check_shares(worker_types: Any) -> dict[str, float]:
    """Return the share of each type, in the order of `WORKER_TYPES`."""
    if not isinstance(worker_types, Mapping) or not worker_types:
        raise ValueError(
            "worker_types must be a dict of type to share. "
            f"Got {worker_types!r} instead."
        )
    unknown = [name for name in worker_types if name not in WORKER_TYPES]
    if unknown:
        raise ValueError(
            f"worker_types has unknown types: {unknown!r}. "
            f"Choose from {list(WORKER_TYPES)!r}."
        )
    shares = {
        name: check_share(worker_types[name], f"worker_types[{name!r}]")
        for name in WORKER_TYPES
        if name in worker_types
    }
    total = sum(shares.values())
    if not np.isclose(total, 1):
        raise ValueError(
            f"The shares in worker_types must sum to 1. They sum to {total:g}; "
            "divide each share by that."
        )
    return shares


def _whole_numbers(shares: dict[str, float], n_workers: int) -> np.ndarray:
    """Divide the workers among the types by largest remainder."""
    exact = np.array(list(shares.values())) * n_workers
    counts = np.floor(exact + 1e-9).astype(np.int64)
    by_remainder = np.argsort(counts - exact, kind="stable")
    counts[by_remainder[: n_workers - counts.sum()]] += 1
    return counts


def _draw_confusion(types: np.ndarray, n_classes: int, rng: RandomState) -> np.ndarray:
    low = {"reliable": 0.85, "average": 0.6, "adversarial": 0.2 / n_classes}
    high = {"reliable": 0.98, "average": 0.8, "adversarial": 0.6 / n_classes}
    right_class = np.eye(n_classes, dtype=bool)
    confusion = np.empty((len(types), n_classes, n_classes))
    for j, worker_type in enumerate(types):
        if worker_type == "spammer":
            confusion[j] = rng.dirichlet(np.ones(n_classes))
            continue
        right = rng.uniform(low[worker_type], high[worker_type], size=n_classes)
        wrong = rng.dirichlet(np.ones(n_classes - 1), size=n_classes)
        confusion[j][right_class] = right
        confusion[j][~right_class] = ((1 - right)[:, np.newaxis] * wrong).ravel()
    return confusion


def _draw_difficulty(mean: float, n_samples: int, rng: RandomState) -> np.ndarray:
    if mean in (0.0, 1.0):
        return np.full(n_samples, mean)
    return rng.beta(2 * mean, 2 * (1 - mean), size=n_samples)


def _draw_pairs(
    n_samples: int, n_workers: int, mean_judgements: float, rng: RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Draw who judges what, sorted by sample and worker."""
    fewer = int(mean_judgements)
    has_more = np.zeros(n_samples, dtype=bool)
    if mean_judgements > fewer:
        has_more = rng.uniform(size=n_samples) < mean_judgements - fewer
    counts = fewer + has_more.astype(np.int64)
    samples = np.repeat(np.arange(n_samples, dtype=np.int64), counts)
    workers = np.empty(len(samples), dtype=np.int64)
    in_more = np.repeat(has_more, counts)
    for is_more, n_drawn in ((False, fewer), (True, fewer + 1)):
        n_rows = int(np.sum(has_more == is_more))
        subsets = _draw_subsets(n_rows, n_workers, n_drawn, rng)
        workers[in_more == is_more] = subsets.ravel()
    return samples, workers


def _draw_subsets(
    n_rows: int, n_workers: int, n_drawn: int, rng: RandomState
) -> np.ndarray:
    """Draw a sorted set of different workers for every row.

    Floyd's algorithm, all rows at once: exact, and it never holds more than the
    result. Each of its `n_drawn` rounds compares with the workers drawn before.
    """
    subsets = np.empty((n_rows, n_drawn), dtype=np.int64)
    if n_rows == 0:
        return subsets
    for k, last in enumerate(range(n_workers - n_drawn, n_workers)):
        drawn = rng.randint(0, last + 1, size=n_rows)
        is_taken = np.zeros(n_rows, dtype=bool)
        for earlier in range(k):
            is_taken |= subsets[:, earlier] == drawn
        subsets[:, k] = np.where(is_taken, last, drawn)
    subsets.sort(axis=1)
    return subsets


def _draw_labels(
    confusion: np.ndarray,
    workers: np.ndarray,
    y: np.ndarray,
    difficulty: np.ndarray,
    rng: RandomState,
) -> np.ndarray:
    """Draw the label of each judgement by inverting the cumulative distribution."""
    n_classes = confusion.shape[2]
    cumulative = np.cumsum(confusion, axis=2)
    uniform = rng.uniform(size=len(workers))
    labels = np.zeros(len(workers), dtype=np.int64)
    for k in range(n_classes - 1):
        skilled = cumulative[workers, y, k]
        guessed = (k + 1) / n_classes
        labels += uniform >= skilled + difficulty * (guessed - skilled)
    return labels
