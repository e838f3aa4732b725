"""What an answer of Label Studio holds: a user, options, parts of a task."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sklabel.io._values import check_options, is_blank

# Result types whose value is one of few options, and where the options stand.
KINDS: dict[Any, str] = {name: name for name in ("choices", "taxonomy", "rating")}
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
    return next((one for one in given if not is_blank(one)), None)


def kind_of(item: Mapping[str, Any], value: Any) -> str | None:
    """Return where the options of a result stand, None if it has none."""
    kind = item.get("type")
    if kind is None and isinstance(value, dict):
        return next((name for name in KINDS.values() if name in value), None)
    name = KINDS.get(kind)
    if name is not None and not isinstance(value, dict):
        raise TypeError(f"the value of a result is an object, got {value!r:.40}")
    return name


def is_part(item: Mapping[str, Any]) -> bool:
    """Whether a result is of a part of the task, as a span, a box, or one picture."""
    value = item.get("value")
    if not isinstance(value, dict):
        return False
    return item.get("item_index") is not None or _tells_part(tuple(value))


@lru_cache(maxsize=100)
def _tells_part(names: tuple[str, ...]) -> bool:
    """Whether the names of what a value holds are those of a part."""
    return any(name in _REGION or name.endswith("labels") for name in names)


def listed(chosen: Any) -> list[Any]:
    """Return the options that were chosen; of a tree, their paths."""
    if not isinstance(chosen, list):
        chosen = [] if chosen in (None, "") else [chosen]
    if len(chosen) == 1 and isinstance(chosen[0], str):
        return chosen
    # A choice within a choice is a list of both, as in a taxonomy.
    paths = [
        "/".join(map(str, check_options(option)))
        if isinstance(option, list) and option
        else option
        for option in chosen
    ]
    return list(check_options(paths))
