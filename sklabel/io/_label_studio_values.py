"""What an answer of Label Studio holds: a user, options, parts of a task."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sklabel.io._values import check_options

# Result types whose value is one of few options, and where the options stand.
KINDS = {name: name for name in ("choices", "taxonomy", "rating")}
KINDS["pairwise"] = "selected"
# Keys of a value that belong to a part of a text, picture, film or sound.
_REGION = {
    *("start", "end", "startOffset", "ranges", "x", "y", "points", "vertices"),
    *("rle", "sequence", "imageDataURL"),
}


def user_of(user: Any) -> Any:
    """Return the id of a user, or the address if there is no id."""
    if not isinstance(user, dict):
        return user
    given = (user.get(name) for name in ("id", "email", "username"))
    return next((one for one in given if one not in (None, "")), None)


def kind_of(item: Mapping[str, Any], value: Any) -> str | None:
    """Return where the options of a result stand, None if it has none."""
    kind = item.get("type")
    if kind is None and isinstance(value, dict):
        return next((name for name in KINDS.values() if name in value), None)
    name = KINDS.get(cast(str, kind))
    if name is not None and not isinstance(value, dict):
        raise TypeError(f"the value of a result is an object, got {value!r:.40}")
    return name


def is_part(item: Mapping[str, Any]) -> bool:
    """Whether a result is of a part of the task, as a span, a box, or one picture."""
    value = item.get("value")
    if not isinstance(value, dict):
        return False
    if not _REGION.isdisjoint(value) or item.get("item_index") is not None:
        return True
    return any(name.endswith("labels") for name in value)


def listed(chosen: Any) -> list[Any]:
    """Return the options that were chosen; of a tree, their paths."""
    options = [] if chosen in (None, "") else chosen
    options = options if isinstance(options, list) else [options]
    if len(options) == 1 and isinstance(options[0], str):
        return options
    # A choice within a choice is a list of both, as in a taxonomy.
    paths = [
        "/".join(map(str, check_options(option)))
        if isinstance(option, list) and option
        else option
        for option in options
    ]
    return list(check_options(paths))
