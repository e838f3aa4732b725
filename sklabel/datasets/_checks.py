"""Parameter checks that the generators share."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np


def check_int(value: Any, name: str, *, low: int) -> int:
    """Check that a parameter is an integer of at least `low`.

    Parameters
    ----------
    value : object
        What the user passed.
    name : str
        Name of the parameter, for the message.
    low : int
        Smallest value allowed.

    Returns
    -------
    value : int
        The value as a Python int.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < low:
        raise ValueError(f"{name} must be an integer >= {low}. Got {value!r} instead.")
    return int(value)


def check_share(value: Any, name: str) -> float:
    """Check that a parameter is a number between 0 and 1.

    Parameters
    ----------
    value : object
        What the user passed.
    name : str
        Name of the parameter, for the message.

    Returns
    -------
    value : float
        The value as a Python float.
    """
    # `not (0 <= value <= 1)` also catches NaN.
    if not isinstance(value, int | float | np.number) or not (0 <= value <= 1):
        raise ValueError(f"{name} must be a number in [0, 1]. Got {value!r} instead.")
    return float(value)


def check_class_prior(class_prior: Any, n_classes: int) -> np.ndarray:
    """Check class probabilities; None means equal ones.

    Parameters
    ----------
    class_prior : array-like of shape (n_classes,) or None
        What the user passed.
    n_classes : int
        Number of classes.

    Returns
    -------
    class_prior : ndarray of shape (n_classes,), dtype float64
        The probabilities.
    """
    if class_prior is None:
        return np.full(n_classes, 1 / n_classes)
    prior = np.asarray(class_prior, dtype=np.float64)
    if prior.shape != (n_classes,):
        raise ValueError(
            f"class_prior must have one entry for each of the {n_classes} classes. "
            f"Got an array of shape {prior.shape} instead."
        )
    if not (prior >= 0).all() or not np.isclose(prior.sum(), 1):
        raise ValueError(
            "class_prior must be probabilities >= 0 that sum to 1. "
            f"Got {class_prior!r} instead."
        )
    return prior / prior.sum()
