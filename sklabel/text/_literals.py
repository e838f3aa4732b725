"""The text that every match of a regular expression must hold."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from typing import Any

# Case folding keeps these two apart from the i that they match where case is ignored.
_LIKE_I = str.maketrans("\u0130\u0131", "ii")

_ZERO_WIDTH = {"AT", "ASSERT", "ASSERT_NOT"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def folded(text: str) -> str:
    """Return a text in which characters that match each other are the same.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    folded : str
        Two characters that match where case is ignored are equal in it.
    """
    return text.lower() if text.isascii() else text.translate(_LIKE_I).casefold()


def required_text(pattern: str) -> str:
    """Return a text that the folded form of every match holds.

    Parameters
    ----------
    pattern : str
        A valid regular expression.

    Returns
    -------
    text : str
        The longest that stands in it in one piece, folded; '' if none is found.
    """
    try:
        # Not documented; without it every expression is searched in every text.
        tree = re._parser.parse(pattern)  # type: ignore[attr-defined]
        return max(_pieces(tree), key=len, default="")
    except (AttributeError, TypeError, ValueError):
        return ""


def _pieces(tree: Any) -> list[str]:
    """Return the folded runs of literals that a match of all parts holds."""
    pieces = [""]
    for operation, argument in tree:
        name = str(operation)
        if name == "LITERAL":
            pieces[-1] += folded(chr(argument))
        elif name not in _ZERO_WIDTH:
            # What stands in a part is not joined to what is around it: a part may have
            # more than one form.
            pieces += [*_pieces(_needed(name, argument)), ""]
    return pieces


def _needed(name: str, argument: Any) -> Any:
    """Return the expression inside of a part that a match must hold, else nothing."""
    if name == "SUBPATTERN":
        return argument[-1]
    if name == "ATOMIC_GROUP":
        return argument
    if name in _REPEATS and argument[0] > 0:
        return argument[-1]
    return []
