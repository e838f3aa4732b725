"""Who is worse or better than the crowd, beyond what chance explains."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import binom

# Two-sided confidence of the limits, as in [1] of WorkerFunnelDisplay.
INNER, OUTER = 0.95, 0.998


class Sides(NamedTuple):
    """Which workers lie outside of the outer limits of a funnel.

    `center`: the mean accuracy over judgements, NaN if no worker has an accuracy.
    `below`, `above` of shape (n_workers,): whether a worker lies there; False without
    an accuracy.
    """

    center: float
    below: np.ndarray
    above: np.ndarray


def find_sides(n_judgements: np.ndarray, accuracy: np.ndarray) -> Sides:
    """Tell who is outside of the outer limits, on whole counts.

    The funnel plot and the flags of workers both ask here, so that they agree.

    Parameters
    ----------
    n_judgements : ndarray of shape (n_workers,)
        Judgements behind each accuracy.
    accuracy : ndarray of shape (n_workers,)
        In [0, 1]; NaN if it is not known.

    Returns
    -------
    sides : Sides
        The answer.
    """
    n, share = np.asarray(n_judgements, float), np.asarray(accuracy, float)
    below, above = np.zeros(len(n), dtype=bool), np.zeros(len(n), dtype=bool)
    known = ~np.isnan(share) & (n > 0)
    if not known.any():
        return Sides(np.nan, below, above)
    p = float(np.average(share[known], weights=n[known]))
    if not 0 < p < 1:
        return Sides(p, known & (share < p), known & (share > p))
    count, tail = np.rint(n[known]), (1 - OUTER) / 2
    right = share[known] * count
    least, most = binom.ppf(tail, count, p), binom.ppf(1 - tail, count, p)
    # A count that is computed from a share has a rounding error.
    below[known] = right < least - 1e-9 * count
    above[known] = right > most + 1e-9 * count
    return Sides(p, below, above)
