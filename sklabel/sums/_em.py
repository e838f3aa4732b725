"""The loop of EM over sums, and how it ended."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class EMResult(NamedTuple):
    """How a run of EM ended.

    `parameters` of the last E-step, the `sums` that they were made of and the sums
    that they `led_to`, the number of sweeps, whether it converged, and by how much the
    last sweep moved the sums.
    """

    parameters: Any
    sums: Any
    led_to: Any
    n_iter: int
    converged: bool
    change: float


def run_em(
    start: Any,
    m_step: Callable[[Any], Any],
    e_step: Callable[[Any], Any],
    n_steps: float = np.inf,
    *,
    max_iter: int,
    tol: float,
    n_done: int = 0,
    move: Callable[[Any, Any], float] | None = None,
    say: Callable[[int, float, float], None] | None = None,
) -> EMResult:
    """Alternate both steps until the sums move by less than `tol`.

    Parameters
    ----------
    start : object
        Sums to start from.
    m_step, e_step : callable
        Sums to parameters, and parameters to new sums.
    n_steps : float
        How many steps the model wants; a fraction goes part of the way, with the
        method `towards` of the sums.
    max_iter : int
        Upper bound on sweeps, those done before included.
    tol : float
        Change of the sums at which EM ends.
    n_done : int
        Sweeps that were done before.
    move : callable
        New sums and those before to the mean change; by default their method.
    say : callable
        Gets the number of each sweep, its change and the seconds since the start.

    Returns
    -------
    result : EMResult
        How it ended.
    """
    sums, started = start, time.perf_counter()
    last = max(max_iter, n_done + 1)
    for n_iter in range(n_done + 1, last + 1):
        parameters = m_step(sums)
        updated = e_step(parameters)
        change = updated.change(sums) if move is None else move(updated, sums)
        if say is not None:
            say(n_iter, change, time.perf_counter() - started)
        left = n_steps - (n_iter - n_done)
        done = change < tol or left <= 0
        if done or n_iter == last:
            break
        sums = updated if left >= 1 else sums.towards(updated, left)
    return EMResult(parameters, sums, updated, n_iter, done, change)
