"""What `partial_fit` remembers of earlier votes: sums that go on from call to call.

The sums of LFs that are new begin with 0, and those that depend on posteriors fade.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from sklabel.evidence._gold import GoldRows
from sklabel.sums._em import EMResult
from sklabel.sums._gold import joined_gold
from sklabel.sums._sums import (
    Profile,
    Statistic,
    VoteChunk,
    VoteSource,
    add_sums,
)
from sklabel.utils._validation import plain
from sklabel.votes._cast import CastVotes

# The weight of a vote in the statistics of its LF grows with the number of votes that
# came before, to this power: the first posteriors know least.
_FADING = 0.5
# A pass is complete up to rounding in single precision.
_COMPLETE = 1 - 1e-5
# Attributes of a memory that have a value for each statistic.
_BY_STATISTIC = ("sums", "visited")
# Rows that are kept to match a given class prior.
_RECENT_ROWS = 2000


@dataclass(frozen=True)
class Memory:
    """What a model remembers of the votes that it has seen.

    Attributes
    ----------
    sums : dict of Statistic to namedtuple
        Sums over all samples.
    classes_given : bool
        Whether the user named the classes.
    visited : dict of Statistic to namedtuple
        Sums over the samples that the present pass has visited again.
    visited_weight : float
        Weight of these samples.
    moved : float
        By how much this pass moved the sums.
    recent : VoteChunk or None
        Some of the last samples.
    """

    sums: dict[Statistic, Any] = field(default_factory=dict)
    classes_given: bool = False
    visited: dict[Statistic, Any] = field(default_factory=dict)
    visited_weight: float = 0.0
    moved: float = 0.0
    recent: VoteChunk | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Write the sums as pairs: skops writes dictionaries with plain keys only."""
        pairs = {name: list(getattr(self, name).items()) for name in _BY_STATISTIC}
        return {**self.__dict__, **pairs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Read what `__getstate__` wrote."""
        pairs = {name: dict(state[name]) for name in _BY_STATISTIC}
        self.__dict__.update({**state, **pairs})

    @property
    def profile(self) -> Profile:
        """What is known of the votes."""
        return next(s for s in self.sums.values() if isinstance(s, Profile))


class RememberedVotes(VoteSource):
    """The votes of a call, and the sums over those of earlier calls.

    A model is fitted to it as to any source: `total` returns the sums over all
    samples.

    Parameters
    ----------
    data : VoteSource
        The votes of this call.
    memory : Memory
        The sums over the votes of earlier calls.
    revisit : bool
        Whether the samples are among those of earlier calls. Sums are then replaced
        when all votes of an LF have been visited, as in a sweep of EM.
    lf_names : sequence
        Names of the LFs, for messages.
    """

    def __init__(
        self, data: VoteSource, memory: Memory, revisit: bool, lf_names: Sequence[Any]
    ) -> None:
        super().__init__(data.chunks)
        self._data = data
        self._revisit = revisit
        self._earlier = memory
        self._sums = dict(memory.sums)
        self._asked: set[Statistic] = set()
        self._visited = dict(memory.visited) if revisit else {}
        self._visited_weight = memory.visited_weight if revisit else 0.0
        self._moved = memory.moved if revisit else 0.0
        self._lf_names = lf_names

    def total(self, statistic: Statistic, *parameters: Any) -> Any:
        """Return a statistic summed up over all samples, and remember it."""
        if statistic.kind == "rows":
            return self._over_recent(statistic, parameters)
        self._asked.add(statistic)
        earlier = self._earlier.sums.get(statistic)
        if self._revisit and earlier is not None:
            return self._revisited(statistic, parameters, earlier)
        return self._remember(statistic, self._data.total(statistic, *parameters))

    def earlier(self, statistic: Statistic) -> Any:
        """Return the sums over the samples of earlier calls; None if there are none."""
        return self._earlier.sums.get(statistic)

    def start(self, sweep: Statistic, first: Statistic, *parameters: Any) -> Any:
        """Return the sums from which EM starts: where it went before.

        Samples that are new start with the sums of `first`, which are remembered: a
        later call may choose another model, which starts from them.
        """
        earlier = self._earlier.sums.get(sweep)
        if self._revisit and earlier is not None:
            return earlier
        sums = self._data.total(first, *parameters)
        self._remember(first, sums)
        return sums if earlier is None else faded_sums(earlier, sums)

    def run_em(
        self,
        em: Callable[..., EMResult],
        start: Any,
        m_step: Any,
        e_step: Any,
        n_steps: float = np.inf,
    ) -> EMResult:
        """Run EM to its end; one sweep if the samples are part of a pass."""
        if not self._revisit:
            return em(start, m_step, e_step, n_steps)
        sums = updated = e_step(m_step(start))
        if n_steps < 2:
            sums = start.towards(updated, n_steps - 1)
        return EMResult(m_step(sums), sums, updated, 1, True, 0.0)

    def end_pass(self, tol: float) -> bool:
        """End a pass if it is complete; tell whether it moved the sums by < `tol`.

        Before `remembered`, which keeps how far the next pass is.
        """
        if not self._complete():
            return False
        settled = self._moved < tol
        self._moved = self._visited_weight = 0.0
        return settled

    def remembered(self, *, with_rows: bool) -> Memory:
        """Return what the next call has to know.

        Wholes that this fit did not ask for do not go on.
        """
        recent = self._earlier.recent
        if not with_rows:
            recent = None
        elif not self._revisit:
            recent = _latest_rows([recent, *map(_thinned, self.chunks)])
        return replace(
            self._earlier,
            sums={
                statistic: sums
                for statistic, sums in self._sums.items()
                if statistic.kind != "whole" or statistic in self._asked
            },
            visited=self._visited,
            visited_weight=self._visited_weight,
            moved=self._moved,
            recent=recent,
        )

    def _remember(self, statistic: Statistic, sums: Any) -> Any:
        """Join the sums of this call and those of earlier ones."""
        earlier = self._earlier.sums.get(statistic)
        if earlier is not None:
            fades = statistic.kind == "expectation"
            join = faded_sums if fades else add_sums
            sums = join(earlier, sums)
        self._sums[statistic] = sums
        return sums

    def _over_recent(self, statistic: Statistic, parameters: Sequence[Any]) -> Any:
        """Return a statistic over the rows that are left, scaled up to all samples."""
        recent = self._earlier.recent
        if not self._earlier.sums:
            return self._data.total(statistic, *parameters)
        chunks = list(self.chunks)
        if recent is not None:
            # Rows that are visited again are among the recent ones.
            chunks = [recent] if self._revisit else [recent, *chunks]
        sums = VoteSource(chunks).total(statistic, *parameters)
        weight = sum(float(chunk.weight.sum()) for chunk in chunks)
        profile = next(s for s in self._sums.values() if isinstance(s, Profile))
        return type(sums)(*(array * (profile.weight / weight) for array in sums))

    def _complete(self) -> bool:
        profile = self._earlier.profile
        return self._visited_weight >= profile.weight * _COMPLETE

    def _revisited(
        self, statistic: Statistic, parameters: Sequence[Any], earlier: Any
    ) -> Any:
        """Return the sums of earlier calls, replaced where a pass is complete."""
        if isinstance(earlier, Profile):
            profile = self._data.total(statistic)
            self._check_seen(profile.n_votes, earlier.n_votes)
            self._visited_weight += profile.weight
        elif statistic.kind == "expectation":
            visited = self._visit(statistic, parameters)
            sums, left = _replaced_where_complete(earlier, visited)
            self._visited[statistic] = left
            self._sums[statistic] = sums
            if hasattr(sums, "change"):
                self._moved += sums.change(earlier)
        elif statistic.kind == "whole":
            self._visited[statistic] = self._visit(statistic, parameters)
            if self._visited_weight == 0 or self._complete():
                self._sums[statistic] = self._visited.pop(statistic)
        return self._sums[statistic]

    def _visit(self, statistic: Statistic, parameters: Sequence[Any]) -> Any:
        """Add to the sums of the present pass."""
        sums = self._data.total(statistic, *parameters)
        before = self._visited.get(statistic)
        return sums if before is None else add_sums(before, sums)

    def _check_seen(self, n_votes: np.ndarray, earlier: np.ndarray) -> None:
        new = (n_votes > 0) & (earlier == 0)
        if new.any():
            lf = int(np.argmax(new)) // (len(new) // self.n_lfs)
            raise ValueError(
                "revisit=True is for samples of earlier calls, and X has "
                f"{n_votes[new].sum():g} vote(s) that no LF cast before; first of LF "
                f"{plain(self._lf_names[lf])!r}. Pass new samples with revisit=False."
            )


def faded_sums(earlier: Any, new: Any) -> Any:
    """Add sums that depend on posteriors; the earlier know less, and fade.

    The number of votes of each LF and value, and of samples, stays exact. Of N + n
    votes, ``N * (N / (N + n)) ** 0.5`` are distributed over the classes as the earlier
    N were, and the others as the new n.

    Parameters
    ----------
    earlier, new : namedtuple of ndarray
        Arrays of counts, over the classes in the last axis.

    Returns
    -------
    sums : namedtuple
        Of the same type.
    """

    def join(before: np.ndarray, after: np.ndarray) -> np.ndarray:
        N, n = before.sum(-1, keepdims=True), after.sum(-1, keepdims=True)
        left = (N / np.maximum(N + n, 1e-300)) ** _FADING
        taken = np.where(n > 0, (N + n - N * left) / np.where(n > 0, n, 1), 0)
        return before * np.where(n > 0, left, 1) + after * taken

    return type(new)(*map(join, earlier, new))


def _replaced_where_complete(earlier: Any, visited: Any) -> tuple[Any, Any]:
    """Replace sums by those of a pass where it has visited all votes.

    Returns the sums, and what is left of the pass.
    """
    fields = []
    for before, after in zip(earlier, visited, strict=True):
        N, n = before.sum(-1, keepdims=True), after.sum(-1, keepdims=True)
        done = (n >= N * _COMPLETE) & (n > 0)
        scale = np.where(done, N / np.where(done, n, 1), 0)
        kept = np.where(done, after * scale, before), np.where(done, 0, after)
        fields.append(kept)
    sums, rest = zip(*fields, strict=True)
    return type(visited)(*sums), type(visited)(*rest)


def _thinned(chunk: VoteChunk) -> VoteChunk:
    """Return some rows of a chunk, evenly spaced."""
    n_rows = len(chunk.gold)
    keep = np.ones(n_rows, dtype=bool)
    if n_rows > _RECENT_ROWS:
        keep[:] = False
        keep[np.linspace(0, n_rows - 1, _RECENT_ROWS).astype(int)] = True
    return replace_votes(chunk, chunk.votes.take_rows(keep), keep)


def replace_votes(
    chunk: VoteChunk,
    votes: CastVotes,
    rows: Any = slice(None),
    class_of_value: np.ndarray | None = None,
) -> VoteChunk:
    """Return some rows of a chunk with other votes."""
    return type(chunk)(
        votes,
        chunk.gold[rows],
        chunk.weight[rows],
        chunk.class_of_value if class_of_value is None else class_of_value,
        chunk.n_classes,
        chunk.dtype,
    )


def _latest_rows(chunks: Sequence[VoteChunk | None]) -> VoteChunk:
    """Join chunks, and keep the last rows."""
    parts = [chunk for chunk in chunks if chunk is not None]
    votes = [chunk.votes for chunk in parts]
    counts = np.concatenate([part.counts for part in votes])
    joined = type(parts[0])(
        CastVotes(
            np.concatenate([[0], np.cumsum(counts)]),
            np.concatenate([part.lf for part in votes]),
            np.concatenate([part.value for part in votes]),
            votes[-1].n_lfs,
        ),
        joined_gold([chunk.gold for chunk in parts], parts[-1].n_classes),
        np.concatenate([chunk.weight for chunk in parts]),
        parts[-1].class_of_value,
        parts[-1].n_classes,
        parts[-1].dtype,
    )
    keep = np.arange(len(joined.gold)) >= len(joined.gold) - _RECENT_ROWS
    return replace_votes(joined, joined.votes.take_rows(keep), keep)


@dataclass(frozen=True)
class Growth:
    """New LFs at the end, and new vote values in between.

    `value_at` has the new index of every old value, `class_of_value` the class of
    every new one.
    """

    n_lfs: int
    old_n_lfs: int
    value_at: np.ndarray
    class_of_value: np.ndarray

    def memory(self, memory: Memory) -> Memory:
        """Return the memory with zeros for what is new."""
        recent = memory.recent
        if recent is not None:
            votes = recent.votes
            value = self.value_at[votes.value]
            votes = CastVotes(votes.indptr, votes.lf, value, self.n_lfs)
            recent = replace_votes(recent, votes, class_of_value=self.class_of_value)
        return replace(
            memory,
            sums={of: self._grown(of, sums) for of, sums in memory.sums.items()},
            visited={of: self._grown(of, sums) for of, sums in memory.visited.items()},
            recent=recent,
        )

    def _grown(self, statistic: Statistic, sums: Any) -> Any:
        """Move the rows of LFs, or of LFs and values, to where they stand now."""
        if statistic.per is None:
            return sums
        if statistic.per == "lf":
            at, length = np.arange(self.old_n_lfs), self.n_lfs
        else:
            n_values = len(self.class_of_value)
            at = np.arange(self.old_n_lfs)[:, None] * n_values + self.value_at
            at, length = at.ravel(), self.n_lfs * n_values

        def moved(array: Any) -> Any:
            if isinstance(array, GoldRows):
                return array.moved(at, length)
            if sparse.issparse(array):
                pairs = array.tocoo()
                return sparse.csr_matrix(
                    (pairs.data, (at[pairs.row], at[pairs.col])), shape=(length, length)
                )
            wide = np.zeros((length, *array.shape[1:]))
            wide[at] = array
            return wide

        grown = {
            name: moved(value)
            for name, value in sums._asdict().items()
            if name in statistic.rows_of
        }
        return sums._replace(**grown)
