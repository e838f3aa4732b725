"""Checks of numbers that the functions of this room share."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from numbers import Integral, Real
from typing import Any


def is_integer(value: Any) -> bool:
    """Tell whether a parameter is an integer; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_real(value: Any) -> bool:
    """Tell whether a parameter is a number; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_positive_integers(**values: Any) -> None:
    """Raise if one of some parameters, passed by name, is no integer of 1 or more."""
    for name, value in values.items():
        if not is_integer(value) or value < 1:
            raise ValueError(f"{name} must be an integer of 1 or more; got {value!r}.")
