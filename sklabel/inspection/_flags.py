"""Flags: why a worker or a labeling function needs a look, as data."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from sklabel.inspection._funnel_limits import find_sides
from sklabel.inspection._vote_quality import VoteQuality
from sklabel.utils._validation import plain

Kind = Literal[
    "adversarial",
    "guesses",
    "below_crowd",
    "same_label",
    "repeats",
    "nobody_else",
    "few_judgements",
    "never_votes",
    "no_class",
]
Level = Literal["severe", "warning", "note"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class Flag:
    """Why a worker or a labeling function needs a look.

    ``str(flag)`` is what the tables show.

    Attributes
    ----------
    kind : str
        Name of the reason, one of `KINDS`; equal for all workers that share it.
    level : {'severe', 'warning', 'note'}
        How much it matters. With a note there is nothing to act upon.
    detail : str
        The reason with the figures behind it, in words.
    """

    kind: Kind
    level: Level
    detail: str

    def __str__(self) -> str:
        return self.detail


def join_flags(flags: Sequence[Flag]) -> str:
    """Return the text of a cell: the flags in order, "" for none."""
    return "; ".join(map(str, flags))


def quality_flags(quality: VoteQuality, j: int, guesses: bool) -> list[Flag]:
    """Return the flag of an LF that is worse than chance, or not better.

    Parameters
    ----------
    quality : VoteQuality
        What the votes of all LFs are worth.
    j : int
        Position of the LF.
    guesses : bool
        Whether the LF is not better than chance, see `guessing`.

    Returns
    -------
    flags : list of Flag
        Empty, or one.
    """
    accuracy, low, high = quality.accuracy[j], quality.low[j], quality.high[j]
    right = f"right in {percent(accuracy)} ({percent(low)} to {percent(high)}) of votes"
    chance = f"chance gives {percent(quality.chance[j])}"
    if quality.below_chance[j]:
        agreement = percent(quality.agreement[j])
        return [
            Flag(
                "adversarial",
                "severe",
                f"adversarial: {right} and in agreement with the others in "
                f"{agreement}, {chance}",
            )
        ]
    if guesses:
        return [Flag("guesses", "warning", f"guesses: {right}, {chance}")]
    return []


def below_crowd_flags(table: pd.DataFrame) -> dict[int, Flag]:
    """Return the flags of workers who lie below the funnel of their crowd.

    Parameters
    ----------
    table : DataFrame with a row per worker
        With the columns `n_judgements` and `accuracy`, and, if gold labels are known,
        `n_gold` and `gold_accuracy`: what the funnels draw.

    Returns
    -------
    flags : dict of int to Flag
        By position.
    """
    parts: dict[int, list[str]] = {}
    for count, share, where in (
        ("n_judgements", "accuracy", "judgements by the model"),
        ("n_gold", "gold_accuracy", "judgements on gold"),
    ):
        if share not in table:
            continue
        n, accuracy = table[count].to_numpy(), table[share].to_numpy()
        sides = find_sides(n, accuracy)
        for w in np.flatnonzero(sides.below):
            text = (
                f"right in {percent(accuracy[w])} of {n[w]} {where}, where the crowd "
                f"is right in {percent(sides.center)}"
            )
            parts.setdefault(int(w), []).append(text)
    return {
        w: Flag("below_crowd", "warning", f"below the crowd: {', and '.join(texts)}")
        for w, texts in parts.items()
    }


def repeat_flag(
    repeat: tuple[int, float, int, str], names: pd.Index, common: str
) -> Flag:
    """Return the flag of an LF that repeats another one.

    Parameters
    ----------
    repeat : (int, float, int, str)
        An entry of what `find_repeats` returns.
    names : Index
        Names of the LFs.
    common : str
        What two LFs have in common, for the text: "votes" or "samples".

    Returns
    -------
    flag : Flag
        Its `detail` names the other LF.
    """
    other, equal, n_common, what = repeat
    return Flag(
        "repeats",
        "warning",
        f"repeats {plain(names[other])}: {what} on {percent(equal)} of {n_common} "
        f"common {common}",
    )


def percent(share: float) -> str:
    """Write a share in percent; only 0 and 1 themselves become 0% and 100%."""
    text = f"{share:.0%}"
    if (text == "100%" and share < 1) or (text == "0%" and share > 0):
        return f"{share:.1%}"
    return text
