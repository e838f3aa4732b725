"""Groups of LFs that are one source: how a user names them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd

from sklabel.utils._validation import first_few, plain


def group_array(groups: Any, n_lfs: int, parameter: str) -> np.ndarray:
    """Return the group of each LF, from one name for each of them.

    Parameters
    ----------
    groups : array-like of shape (n_lfs,)
        Names of groups.
    n_lfs : int
        Number of LFs.
    parameter : str
        Name of the parameter, for messages.

    Returns
    -------
    names : ndarray of shape (n_lfs,), object
        The names.

    Raises
    ------
    ValueError
        If there is not one name per LF, or a name is missing.
    """
    names = np.asarray(groups, dtype=object)
    if names.shape != (n_lfs,):
        raise ValueError(
            f"{parameter} must name a group for each of the {n_lfs} LFs; got "
            f"{first_few(names.ravel())} of shape {names.shape}."
        )
    missing = pd.isna(names)
    if missing.any():
        raise ValueError(
            f"{parameter} names no group for {int(missing.sum())} of the {n_lfs} LFs, "
            f"first at position {int(np.argmax(missing))}. Name each; an LF that "
            "stands alone has a name of its own."
        )
    return names


def group_of_each(
    groups: Any, lf_names: Sequence[Any], parameter: str
) -> list[tuple[bool, Any]]:
    """Return for each LF whether a group is named for it, and which.

    Parameters
    ----------
    groups : array-like of shape (n_lfs,), dict or None
        Names of groups, of all LFs in order or of some by LF name. A Series whose index
        holds LF names goes by them.
    lf_names : sequence of length n_lfs
        Names of the LFs; positions if they have none.
    parameter : str
        Name of the parameter, for messages.

    Returns
    -------
    named : list of (bool, object)
        (True, name of the group), or (False, name of the LF) if it stands alone.

    Raises
    ------
    ValueError
        If there is not one name per LF, a dict names LFs that do not exist, or a name
        is missing or is a list.
    """
    lf_names = [plain(name) for name in lf_names]
    if groups is None:
        return [(False, name) for name in lf_names]
    groups = by_lf_name(groups, lf_names, parameter)
    if not isinstance(groups, Mapping):
        array = group_array(groups, len(lf_names), parameter)
        return [(True, plain(name)) for name in array]
    turned = [name for name, group in groups.items() if _is_list(group)]
    if turned:
        raise ValueError(
            f"{parameter} maps the name of an LF to the name of its group; got a list "
            f"of LFs for {first_few(turned, 3)}. Turn it round: "
            "{lf: group for group, lfs in groups.items() for lf in lfs}."
        )
    check_lf_names(groups, lf_names, parameter)
    missing = [name for name, group in groups.items() if pd.isna(group)]
    if missing:
        raise ValueError(
            f"{parameter} names no group for {first_few(missing)}. Leave out an LF "
            "that stands alone."
        )
    return [
        (True, plain(groups[name])) if name in groups else (False, name)
        for name in lf_names
    ]


def by_lf_name(given: Any, lf_names: Sequence[Any], parameter: str) -> Any:
    """Return a Series whose index holds LF names as a dict, else what is given.

    Parameters
    ----------
    given : object
        What the user gave for each LF.
    lf_names : sequence of length n_lfs
        Names of the LFs; positions if they have none.
    parameter : str
        Name of the parameter, for messages.

    Returns
    -------
    given : object
        A dict from names, or the same object.

    Raises
    ------
    ValueError
        If the index names an LF twice.
    """
    if not isinstance(given, pd.Series) or not given.index.isin(list(lf_names)).any():
        return given
    twice = given.index[given.index.duplicated()].unique()
    if len(twice):
        raise ValueError(
            f"{parameter} is a Series whose index names LFs twice: {first_few(twice)}. "
            "Name each LF once."
        )
    return dict(zip(map(plain, given.index), given, strict=True))


def check_lf_names(
    named: Iterable[Any], lf_names: Sequence[Any], parameter: str
) -> None:
    """Raise if a parameter names LFs that X lacks, and say which come near.

    Parameters
    ----------
    named : iterable
        Names of LFs that the user gave.
    lf_names : sequence of length n_lfs
        Names of the LFs; positions if they have none.
    parameter : str
        Name of the parameter, for messages.

    Raises
    ------
    ValueError
        If one of them is unknown.
    """
    known = set(lf_names)
    unknown = [name for name in named if name not in known]
    if not unknown:
        return
    message = (
        f"{parameter} names LFs that X lacks: {first_few(unknown)}. X has "
        f"{first_few(lf_names)}."
    )
    texts = [name for name in lf_names if isinstance(name, str)]
    near = {
        name: found[0]
        for name in unknown
        if isinstance(name, str) and (found := get_close_matches(name, texts, 1))
    }
    if near:
        pairs = [f"{there!r} for {name!r}" for name, there in list(near.items())[:3]]
        message += f" Did you mean {', '.join(pairs)}?"
    elif not texts and any(isinstance(name, str) for name in unknown):
        message += (
            " These are positions, since X has no column names: name LFs by position, "
            "or let the step before return a table, by set_output(transform='pandas')."
        )
    raise ValueError(message)


def name_groups(
    sets: Iterable[Sequence[int] | np.ndarray], lf_names: Sequence[Any]
) -> dict[Any, str]:
    """Return sets of LFs in the form that `groups` takes.

    Parameters
    ----------
    sets : iterable of sequences of int
        Columns of each group.
    lf_names : sequence of length n_lfs
        Names of the LFs; positions if they have none.

    Returns
    -------
    groups : dict
        From the name of each LF of a set to that of its group: what the names have in
        common at their beginning, else group_1, group_2, ...
    """
    lf_names = [plain(name) for name in lf_names]
    taken = {str(name) for name in lf_names}
    groups: dict[Any, str] = {}
    for number, columns in enumerate(sets, start=1):
        members = [lf_names[j] for j in columns]
        texts = [name if isinstance(name, str) else "" for name in members]
        title = _common_beginning(texts).rstrip("_-.:/# ")
        # The columns of a group make room for its name.
        others = taken - {str(name) for name in members}
        if len(title) < 2 or title in others:
            title = f"group_{number}"
        while title in others:
            title += "_"
        taken.add(title)
        groups.update(dict.fromkeys(members, title))
    return groups


def _common_beginning(texts: list[str]) -> str:
    """Return what texts begin with, character by character."""
    # The first and the last in alphabetical order have no more in common than any.
    first, last = min(texts), max(texts)
    n_same = next(
        (i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
        min(len(first), len(last)),
    )
    return first[:n_same]


def _is_list(group: Any) -> bool:
    return isinstance(group, list | set | frozenset | np.ndarray | pd.Index)
