"""Coefficients of agreement as functions of sums over rows.

Each coefficient needs of a row a few numbers that add up: a bootstrap sample is then
one product of how often a row is drawn and these numbers. None of them takes memory
for pairs of classes.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from sklabel.inspection._judgements import Counts

SCALES = ("nominal", "ordinal", "interval", "ratio")
WEIGHTS = ("linear", "quadratic", "ordinal")

# Most numbers in a block of pairs of classes.
_BLOCK = 500_000

# What a row adds, before the shares and the judgements of each class.
_JUDGED, _PAIRED, _AGREE, _AGREE_IN_PART, _DISAGREE = range(5)
_N_SUMS = 5


@dataclass(frozen=True)
class Rows:
    """Different rows of counts, and the sums behind the coefficients.

    Attributes
    ----------
    counts : csr_array of shape (n_rows, n_used_classes)
        Judgements of each row for each class.
    sums : csr_array of shape (n_rows, 5 + 2 * n_used_classes)
        What a row adds. Columns: 1 if judged; 1 if paired; share of agreeing pairs;
        the same where classes agree in part; distances within the pairs, each judgement
        with weight 1 in all (ordinal: 0, as they depend on all rows); share of each
        class; judgements of each class if paired. All times the weight of the row.
    repeats : ndarray of shape (n_rows,)
        How many samples have these counts and this weight.
    weight : ndarray of shape (n_rows,)
        Weight of each of these samples.
    values : ndarray of shape (n_used_classes,)
        Classes as numbers, from 0 to 1, for the scales that need them.
    scale : {'nominal', 'ordinal', 'interval', 'ratio'}
        Of Krippendorff's alpha.
    weights : {'linear', 'quadratic', 'ordinal'} or None
        How far classes agree in part, for Gwet's AC2. None: AC1.
    n_classes : int
        Number of all classes, also those that nobody names.
    """

    counts: sparse.csr_array
    sums: sparse.csr_array
    repeats: np.ndarray
    weight: np.ndarray
    values: np.ndarray
    scale: str
    weights: str | None
    n_classes: int


def rows_of(counts: Counts, scale: str = "nominal", weights: str | None = None) -> Rows:
    """Return what each different row adds to the sums.

    Parameters
    ----------
    counts : Counts
        The judgements.
    scale : {'nominal', 'ordinal', 'interval', 'ratio'}, default='nominal'
        Of Krippendorff's alpha.
    weights : {'linear', 'quadratic', 'ordinal'} or None, default=None
        How far classes agree in part, for Gwet's AC2.

    Returns
    -------
    rows : Rows
        In an order that does not depend on that of samples and voters.
    """
    first, repeats = _different_rows(counts.table, counts.weight)
    table = counts.table[first]
    weight = counts.weight[first]
    n = np.asarray(table.sum(axis=1), dtype=float)
    paired = n >= 2
    pairs = np.where(paired, n * (n - 1), 1)
    others = np.where(paired, n - 1, 1)
    squares = np.asarray(table.power(2).sum(axis=1), dtype=float)
    agree = (squares - n) * paired
    values = np.zeros(len(counts.classes))
    if scale in ("interval", "ratio"):
        values = counts.classes.astype(float)
        # Neither coefficient depends on the unit; interval not on the zero either.
        values = values - (values.min() if scale == "interval" else 0)
        values = values / max(values.max(), np.finfo(float).tiny)
    if scale == "nominal":
        distance = n**2 - squares
    elif scale == "interval":
        distance = _squared(table, values)
    elif scale == "ratio":
        distance = _of_pairs(table, values, _ratio)
    else:
        distance = np.zeros(len(n))
    in_part = agree
    if weights is not None:
        place = counts.position.astype(float)
        apart = _distance_of_classes(table, place, weights)
        most = _weight_distance(max(counts.n_classes - 1, 1), weights)
        in_part = (n * (n - 1) - apart / most) * paired
    columns = np.zeros((len(n), _N_SUMS))
    columns[:, _JUDGED] = 1
    columns[:, _PAIRED] = paired
    columns[:, _AGREE] = agree / pairs
    columns[:, _AGREE_IN_PART] = in_part / pairs
    columns[:, _DISAGREE] = distance * paired / others
    share, margin = times(table, 1 / n), times(table, paired.astype(float))
    sums = sparse.csr_array(
        sparse.hstack([sparse.csr_array(columns), share, margin], format="csr")
    )
    sums = times(sums, weight)
    return Rows(table, sums, repeats, weight, values, scale, weights, counts.n_classes)


def times(table: sparse.csr_array, factor: np.ndarray) -> sparse.csr_array:
    """Multiply each row of a sparse table by a factor."""
    data = table.data * np.repeat(factor, np.diff(table.indptr))
    return sparse.csr_array((data, table.indices, table.indptr), shape=table.shape)


def coefficients(rows: Rows, drawn: np.ndarray) -> np.ndarray:
    """Return the coefficients of samples of the rows.

    Parameters
    ----------
    rows : Rows
        The different rows.
    drawn : ndarray of shape (n_samples, n_rows)
        How often each row is in a sample.

    Returns
    -------
    coefficients : ndarray of shape (n_samples, 4)
        Percent agreement, Fleiss' kappa, Krippendorff's alpha and Gwet's AC1 or AC2;
        NaN where one is not defined.
    """
    sums = np.asarray(drawn @ rows.sums)
    n_used = len(rows.values)
    share, margin = sums[:, _N_SUMS:-n_used], sums[:, -n_used:]
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = sums[:, _AGREE] / sums[:, _PAIRED]
        share = share / sums[:, [_JUDGED]]
        one_class = (share > 0).sum(axis=1) < 2
        by_chance = np.where(one_class, np.nan, (share**2).sum(axis=1))
        kappa = (observed - by_chance) / (1 - by_chance)
        in_part = sums[:, _AGREE_IN_PART] / sums[:, _PAIRED]
        spread = (share * (1 - share)).sum(axis=1)
        by_chance = _weight_of_guesses(rows.n_classes, rows.weights) * spread
        gwet = (in_part - by_chance) / (1 - by_chance)
        n = margin.sum(axis=1)
        disagree, blindly = _distances(rows, drawn, margin, sums[:, _DISAGREE])
        blindly = np.where((margin > 0).sum(axis=1) < 2, np.nan, blindly)
        alpha = 1 - (n - 1) * disagree / blindly
    return np.column_stack([observed, kappa, alpha, gwet])


def _different_rows(
    table: sparse.csr_array, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return where each different row with its weight stands, and how often it does."""
    length = np.diff(table.indptr)
    first, repeats = [], []
    for m in np.unique(length):
        rows = np.flatnonzero(length == m)
        cells = table.indptr[rows][:, None] + np.arange(m)
        key = np.hstack(
            [table.indices[cells], table.data[cells], weight[rows][:, None]]
        )
        _, at, times = np.unique(key, axis=0, return_index=True, return_counts=True)
        first.append(rows[at])
        repeats.append(times)
    return np.concatenate(first), np.concatenate(repeats)


def _squared(table: sparse.csr_array, values: np.ndarray) -> np.ndarray:
    r"""Return the squared distances of all pairs in a row.

    :math:`\sum_{a, b} (x_a - x_b)^2 = 2 n \sum_a (x_a - \bar x)^2`.
    """
    n = np.asarray(table.sum(axis=1), dtype=float)
    rows = np.repeat(np.arange(len(n)), np.diff(table.indptr))
    x = values[table.indices]
    middle = (table @ values) / n
    spread = np.bincount(rows, table.data * (x - middle[rows]) ** 2, minlength=len(n))
    return 2 * n * spread


def _distance_of_classes(
    table: sparse.csr_array, place: np.ndarray, weights: str
) -> np.ndarray:
    """Return the distances of all pairs in a row, on the scale of `weights`."""
    squared = _squared(table, place) if weights != "linear" else 0.0
    if weights == "quadratic":
        return np.asarray(squared)
    # Each judgement, less those below it: classes stand in order in a row.
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    x = place[table.indices]
    start = table.indptr[:-1][rows]
    before = np.concatenate([[0.0], np.cumsum(table.data)])
    before_x = np.concatenate([[0.0], np.cumsum(table.data * x)])
    at = np.arange(len(x))
    below = x * (before[at] - before[start]) - (before_x[at] - before_x[start])
    linear = 2 * np.bincount(rows, table.data * below, minlength=table.shape[0])
    return linear if weights == "linear" else (squared + linear) / 2


def _weight_distance(steps: np.ndarray | float, weights: str) -> np.ndarray | float:
    """Return the distance of classes that are so many steps apart."""
    if weights == "linear":
        return steps
    # Ordinal: the number of pairs of classes from one to the other.
    return steps**2 if weights == "quadratic" else steps * (steps + 1) / 2


def _weight_of_guesses(n_classes: int, weights: str | None) -> float:
    """Return how far two random classes agree, over the part that can differ."""
    q = n_classes
    if q < 2:
        return float("nan")
    if weights is None:
        return 1 / (q - 1)
    steps = np.arange(1.0, q)
    most = _weight_distance(q - 1, weights)
    apart = 2 * ((q - steps) * _weight_distance(steps, weights)).sum() / most
    return float((q**2 - apart) / (q * (q - 1)))


def _distances(
    rows: Rows, drawn: np.ndarray, margin: np.ndarray, disagree: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances within the pairs, and between all judgements."""
    n = margin.sum(axis=1)
    if rows.scale == "nominal":
        return disagree, n**2 - (margin**2).sum(axis=1)
    if rows.scale == "ratio":
        return disagree, _blind_pairs(margin, rows.values, _ratio)
    if rows.scale == "interval":
        values = np.broadcast_to(rows.values, margin.shape)
    else:
        # The place of a class is the middle of its judgements among all of them.
        values = (np.cumsum(margin, axis=1) - margin / 2) / n[:, None]
        disagree = _ordinal_distances(rows, drawn, values)
    middle = (margin * values).sum(axis=1) / n
    return disagree, 2 * n * (margin * (values - middle[:, None]) ** 2).sum(axis=1)


def _ordinal_distances(rows: Rows, drawn: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the distances within the pairs if classes stand at these places."""
    table = rows.counts
    n = np.asarray(table.sum(axis=1), dtype=float)
    # What is not paired is at no distance from itself.
    share = times(table, 1 / n)
    place = np.nan_to_num(place).T
    spread = (share @ place**2 - (share @ place) ** 2).T
    factor = rows.weight * 2 * n**2 / np.where(n >= 2, n - 1, 1)
    return (drawn * factor * np.clip(spread, 0, None)).sum(axis=1)


def _ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the distances of numbers of a ratio scale; 0 is as far from all others."""
    total = a + b
    return np.where(total > 0, (a - b) / np.where(total > 0, total, 1), 0) ** 2


Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _of_pairs(
    table: sparse.csr_array, values: np.ndarray, distance: Distance
) -> np.ndarray:
    """Return the distances of all pairs in a row, pair by pair."""
    length = np.diff(table.indptr)
    total = np.zeros(table.shape[0])
    for m in np.unique(length):
        every = np.flatnonzero(length == m)
        step = max(1, _BLOCK // m**2)
        for start in range(0, len(every), step):
            rows = every[start : start + step]
            cells = table.indptr[rows][:, None] + np.arange(m)
            x, c = values[table.indices[cells]], table.data[cells]
            apart = distance(x[:, :, None], x[:, None, :])
            total[rows] = np.einsum("ia,iab,ib->i", c, apart, c)
    return total


def _blind_pairs(
    margin: np.ndarray, values: np.ndarray, distance: Distance
) -> np.ndarray:
    """Return the distances of all pairs of judgements, in blocks of classes."""
    total = np.zeros(len(margin))
    step = max(1, _BLOCK // len(values))
    for start in range(0, len(values), step):
        some = slice(start, start + step)
        apart = distance(values[some, None], values[None, :])
        total += (margin[:, some] * (margin @ apart.T)).sum(axis=1)
    return total
