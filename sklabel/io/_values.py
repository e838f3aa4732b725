"""Values of an export as they come: ids, options, times, cells of forms."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

# JSON may hold halves of characters beyond 16 bits: "\ud83d" where text was cut.
HALF = re.compile("[\ud800-\udfff]")
_WHOLE_NUMBER = re.compile(r"-?(0|[1-9]\d{0,17})")


def read_times(values: list[Any]) -> pd.Series:
    """Return texts of ISO 8601 and seconds or milliseconds since 1970, in UTC."""
    series = pd.Series(values, dtype=object)
    number = series.map(
        lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    ).astype(bool)
    times = pd.Series(pd.NaT, index=series.index, dtype="datetime64[ns]")
    if number.any():
        read = pd.to_datetime(series[number].map(_seconds), unit="s", errors="coerce")
        times[number] = read.astype("datetime64[ns]")
    if not number.all():
        read = pd.to_datetime(
            series[~number], format="ISO8601", utc=True, errors="coerce"
        )
        times[~number] = nanoseconds(read.dt.tz_localize(None))
    return times


def nanoseconds(times: pd.Series) -> pd.Series:
    """Return times in 64 bits; NaT for years that these do not reach, such as 1."""
    inside = (times > pd.Timestamp.min) & (times < pd.Timestamp.max)
    return times.where(inside).astype("datetime64[ns]")


def _seconds(time: float) -> float:
    """Return a time in seconds; NaN for one that nanoseconds cannot hold."""
    if not abs(time) < 1e13:
        return float("nan")
    time = time / 1000 if abs(time) >= 1e10 else time
    return time if abs(time) < 9e9 else float("nan")


def same_kind(frames: Any, whole_numbers: bool) -> None:
    """Make labels of all tables of one type, in place: texts, or whole numbers."""
    frames = list(frames)
    values = {(type(label), label) for frame in frames for label in frame["label"]}
    kinds = {kind for kind, _ in values}
    if kinds <= {str}:
        if not (whole_numbers and values):
            return
        if not all(_WHOLE_NUMBER.fullmatch(label.strip()) for _, label in values):
            return
        change: Callable[[Any], Any] = int
    elif len(kinds) > 1:
        change = str
    else:
        return
    for frame in frames:
        frame["label"] = pd.Series(
            [change(label) for label in frame["label"]], dtype=object
        )


def is_blank(value: Any) -> bool:
    """Whether a value is None, NaN, or a text that shows nothing."""
    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or (isinstance(value, float) and value != value)


def whole_text(value: str) -> str:
    """Return a text; raise TypeError for halves of characters, which are no text."""
    if not value.isascii() and HALF.search(value) is not None:
        raise TypeError(f"{short(value)} holds half of a character")
    return value


def parse_json(text: str) -> Any:
    """Return the JSON that a text holds.

    Raises
    ------
    ValueError
        If it holds none, is nested too deeply, or holds halves of characters.
    """
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if "\\u" in text and HALF.search(json.dumps(value, ensure_ascii=False)):
        raise ValueError("it holds half of a character")
    return value


def plain_option(value: Any) -> Any:
    """Return an option as text or whole number."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if np.isfinite(value) and value == int(value) else str(value)
    return whole_text(json.dumps(value, ensure_ascii=False))


def as_id(value: Any) -> str:
    """Return an id as the text that the tool shows.

    Raises
    ------
    TypeError
        If it is neither a number nor a text that is not blank.
    """
    if type(value) is int:
        return str(value)
    if isinstance(value, str):
        if value and not value.isspace():
            return whole_text(value)
    elif isinstance(value, float) and value.is_integer():
        # Whole numbers with a gap among them are floats to pandas.
        return str(int(value))
    elif isinstance(value, Real) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"an id is a text or a number, got {short(value)}")


def check_options(options: Sequence[Any]) -> Sequence[Any]:
    """Return options that are texts or numbers, or missing.

    Raises
    ------
    TypeError
        If one is a list or an object.
    """
    for option in options:
        if isinstance(option, list | dict):
            raise TypeError(f"an option is a text or a number, got {short(option)}")
    return options


def objects_in(value: Any, name: str) -> list[Any]:
    """Return a list of objects, [] for none.

    Raises
    ------
    TypeError
        If it is of another type.
    """
    if value is None:
        return []
    if isinstance(value, list):
        for one in value:
            if not isinstance(one, dict):
                break
        else:
            return value
    raise TypeError(f"{name} is a list of objects, got {short(value)}")


def short(value: Any) -> str:
    """Return the beginning of a value, for messages."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def form_values(content: Any) -> list[Any]:
    """Return the options that an element of an HTML form holds.

    ``{"label": x}``, ``{"labels": [x, y]}``, ``{"x": true, "y": false}``, a text, a
    list, or nothing.
    """
    if isinstance(content, Mapping) and content:
        for name in ("label", "labels", "value", "values"):
            if name in content and not isinstance(content[name], bool):
                return form_values(content[name])
        if all(isinstance(value, bool) for value in content.values()):
            return [name for name, chosen in content.items() if chosen]
        if len(content) == 1:
            return form_values(next(iter(content.values())))
        # No form of one choice: kept as it is, and not taken for no answer.
        return [dict(content)]
    if isinstance(content, list):
        return [value for value in content if not is_blank(value)]
    return [] if is_blank(content) or content == {} else [content]
