"""Labels as people write them: texts that only look different, gaps, and order."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.utils._validation import first_few, is_text, plain, warn

# What pandas calls arrays of numbers and booleans, for arrays of dtype object.
NUMBER_KINDS = {"integer", "floating", "mixed-integer-float", "boolean"}

# What str() makes of a missing value. Somebody turned a gap into a label.
GAP_TEXTS = frozenset({"", "-1", "None", "nan", "NaN", "<NA>", "NaT"})
# What files hold for a gap, although somebody may call a class so.
_DOUBTFUL_TEXTS = frozenset(
    {"none", "null", "Null", "NULL", "NA", "N/A", "n/a", "#N/A", "na"}
)
# Characters that no font shows, wherever they stand: zero-width space, word joiner,
# byte order mark, soft hyphen. The joiners of emoji and of Persian are not among them.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u2060\ufeff\u00ad"))
_DIGITS = re.compile(r"(\d+)")


def tidy_text(text: str) -> str:
    """Return a label as it looks: without invisible characters and blanks around it.

    Composed and decomposed accents become one form, and any run of blanks one space.
    """
    text = " ".join(unicodedata.normalize("NFC", text).translate(_INVISIBLE).split())
    # What format characters are left at the ends joins nothing.
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    category = unicodedata.category(character)
    return category in {"Cc", "Cf"} or character.isspace()


def tidy_texts(values: np.ndarray) -> np.ndarray:
    """Return distinct texts as they look; the same array if nothing changes."""
    tidy = np.array([tidy_text(str(value)) for value in values], dtype=object)
    return values if np.array_equal(tidy, values) else tidy


def tidy_cells(values: np.ndarray, what: str, where: str = "") -> np.ndarray:
    """Return an array of texts as they look; warn with the number that changes.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Texts, or anything else, which comes back as it is.
    what : str
        What they are, for the warning: "votes".
    where : str, default=''
        Where they stand, for the warning: " in column 'label'".

    Returns
    -------
    values : ndarray of shape (n,)
        An object array if a text changed, else the same array.
    """
    if not is_text(values):
        return values
    code, distinct = pd.factorize(values)
    distinct = np.asarray(distinct)
    tidy = tidy_texts(distinct)
    if tidy is distinct:
        return values
    warn_of_tidied(distinct, tidy, np.bincount(code), what, where)
    return tidy[code]


def warn_of_tidied(
    before: np.ndarray, after: np.ndarray, counts: np.ndarray, what: str, where: str
) -> int:
    """Warn that texts were read as they look; return how many there are."""
    changed = before != after
    n_changed = int(counts[changed].sum())
    if n_changed:
        pairs = first_few(before[changed], 3)
        warn(
            f"{n_changed} {what}{where} have blanks or invisible characters that do "
            f"not show, for instance {pairs}; they are read without them."
        )
    return n_changed


def check_gap_texts(
    values: Iterable[Any], counts: Iterable[int], what: str, remedy: str
) -> None:
    """Refuse texts that stand for a gap, and warn of those that may.

    Parameters
    ----------
    values : iterable of str
        Distinct texts, none of which the user has declared a class.
    counts : iterable of int
        How often each occurs.
    what : str
        What they are, for messages: "labels in column 'label'".
    remedy : str
        What to do if the text is a class.

    Raises
    ------
    ValueError
        If one is what a missing value becomes as text.
    """
    times = dict(zip((str(plain(v)) for v in values), counts, strict=True))
    gaps = {text: n for text, n in times.items() if text in GAP_TEXTS}
    if gaps:
        raise ValueError(
            f"{sum(gaps.values())} {what} hold {first_few(gaps)}, the text of a "
            "missing value, which is not a class name. Make it NaN or None if it is "
            f"missing; {remedy} if it is a class."
        )
    doubtful = {text: n for text, n in times.items() if text in _DOUBTFUL_TEXTS}
    if doubtful:
        warn(
            f"{sum(doubtful.values())} {what} hold {first_few(doubtful)}, which is "
            "read as a class. Make it NaN or None if it is missing; "
            f"{remedy} if it is a class."
        )


def natural_key(text: str) -> tuple[list[Any], str]:
    """Return a key that sorts '2' before '10', and other texts as they are."""
    parts = _DIGITS.split(text)
    # Texts and numbers alternate, so that like is compared with like; what reads alike
    # so far, as '1' and '01', goes by the text itself.
    return [int(part) if i % 2 else part for i, part in enumerate(parts)], text


def natural_order(values: np.ndarray) -> np.ndarray:
    """Return the order of distinct labels: numbers ascending, texts as people count."""
    if not is_text(values):
        return np.argsort(values, kind="stable")
    texts = [str(value) for value in values]
    return np.array(
        sorted(range(len(texts)), key=lambda i: natural_key(texts[i])), dtype=np.intp
    )


def in_natural_order(values: np.ndarray) -> np.ndarray:
    """Return distinct labels in their natural order."""
    return values[natural_order(values)]


def alike(labels: Iterable[Any], classes: Iterable[Any]) -> dict[str, str]:
    """Return the texts that equal a class but for case and blanks, and that class.

    Parameters
    ----------
    labels : iterable
        Distinct labels; numbers are never alike.
    classes : iterable
        The classes.

    Returns
    -------
    alike : dict of str to str
        Label to class, without the labels that are classes.
    """
    classes = [plain(c) for c in classes]
    known = {_look(c): c for c in reversed(classes) if isinstance(c, str)}
    texts = [str(label) for label in labels if isinstance(label, str)]
    found = {text: known[_look(text)] for text in texts if _look(text) in known}
    return {text: c for text, c in found.items() if text not in set(classes)}


def _look(text: str) -> str:
    """Return a text without what tells two spellings of it apart."""
    return tidy_text(text).casefold()


def warn_of_case(labels: Iterable[str], what: str) -> None:
    """Warn if two classes differ by case only.

    Parameters
    ----------
    labels : iterable of str
        The classes.
    what : str
        What holds them, for the warning: "Labels in column 'label'".
    """
    seen: dict[str, str] = {}
    for label in labels:
        other = seen.setdefault(label.casefold(), label)
        if other != label:
            warn(
                f"{what} hold {other!r} and {label!r}, which are two classes. Make "
                "them one if they mean the same, or pass classes=[...] with both."
            )


def joined_classes(alphabets: Iterable[np.ndarray]) -> np.ndarray:
    """Return the classes of several alphabets, all of them texts or all numbers.

    The longest comes first and keeps its order; what it lacks follows in natural order,
    or, for numbers, all are sorted.
    """
    known = sorted(alphabets, key=len, reverse=True)
    first = known[0]
    seen = set(first.tolist())
    late = {c for classes in known[1:] for c in classes.tolist()} - seen
    if not late:
        return first
    if is_text(first):
        warn_of_case([*first.tolist(), *sorted(late)], "Votes")
    joined = np.concatenate([first, in_natural_order(np.array(sorted(late)))])
    return joined if is_text(first) else np.sort(joined)


def one_kind(label: np.ndarray, what: str) -> np.ndarray:
    """Turn known object labels into an array of numbers or of strings."""
    kind = pd.api.types.infer_dtype(label, skipna=False)
    if kind in {"string", "empty"}:
        return label
    if kind in NUMBER_KINDS:
        return np.asarray(label.tolist())
    raise TypeError(
        f"{what} must be all strings or all numbers; got "
        f"{', '.join(list(dict.fromkeys(map(repr, label)))[:5])}."
    )


def check_classes(classes: ArrayLike) -> np.ndarray:
    """Check the user's classes.

    Parameters
    ----------
    classes : array-like of shape (n_classes,)
        All strings or all numbers, without repeats.

    Returns
    -------
    classes : ndarray of shape (n_classes,)
        The same in the same order; strings as ``<U``, whole numbers as int64.

    Raises
    ------
    ValueError
        If there is no class, a class repeats, is missing or is not finite, or there
        are two dimensions.
    TypeError
        If strings and numbers are mixed, one is neither, or they are a set.
    """
    if isinstance(classes, set | frozenset):
        raise TypeError(
            "classes is a set, whose order changes from run to run; pass a list, as "
            "sorted(...)."
        )
    if isinstance(classes, pd.Index | pd.Series | pd.api.extensions.ExtensionArray):
        classes = np.asarray(classes, dtype=object)
    # As objects: a list of numbers and strings would silently become strings.
    array = np.array(classes) if hasattr(classes, "dtype") else None
    if array is None or array.dtype.kind == "O":
        array = np.array(classes, dtype=object)
        if array.ndim == 1 and pd.isna(array).any():
            raise ValueError(f"classes must not hold missing values; got {classes!r}.")
        array = one_kind(array.ravel(), "classes").reshape(array.shape)
    if array.ndim != 1 or len(array) == 0:
        raise ValueError(
            f"classes must be a one-dimensional, non-empty list; got {classes!r}."
        )
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise ValueError(f"classes must be finite; got {array.tolist()}.")
        if np.array_equal(array, np.rint(array)) and np.all(np.abs(array) < 2**53):
            # As votes and labels are read.
            array = array.astype(np.int64)
    if is_text(array):
        array = tidy_texts(np.asarray(array, dtype=object)).astype(str)
    elif array.dtype.kind == "b":
        array = array.astype(np.int64)
    if len(set(array.tolist())) != len(array):
        raise ValueError(f"classes must not repeat; got {array.tolist()}.")
    return array
