"""Flags: why a worker or a labeling function needs a look, as data."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import pandas as pd

from sklabel.inspection._vote_quality import VoteQuality
from sklabel.utils._validation import plain

Kind = Literal[
    "adversarial",
    "guesses",
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
