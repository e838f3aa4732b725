"""Sums over samples that go on from call to call, and what has to be kept of them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from scipy import sparse

from sklabel.label_model._chunks import (
    AtomSums,
    Chunks,
    Profile,
    VoteChunk,
    add_sums,
)
from sklabel.utils._validation import plain
from sklabel.votes._cast import CastVotes

# The weight of a vote in the statistics of its LF grows with the number of votes that
# came before, to this power: the first posteriors know least.
_FADING = 0.5
# Kernels whose sums depend on posteriors. Those of the others are exact, and add up.
_FADING_KERNELS = {"atom_sweep", "second_sweep", "coin_sweep", "left_out"}
_PROFILES = {"atom_profile", "coin_profile"}
_LIKELIHOODS = {"atom_likelihood", "coin_likelihood"}
# Sums with a row per LF; all others have one per LF and vote value.
_PER_LF = {"coin_profile", "coin_sweep"}
# Fields of sums whose rows belong to LFs.
_OF_LFS = {"n_votes", "counts", "judged_counts", "together"}
# A pass is complete up to rounding in single precision.
_COMPLETE = 1 - 1e-5
# Samples that are kept to match a given class prior.
_SAMPLE_ROWS = 2000


@dataclass(frozen=True)
class Memory:
    """What a model remembers of the votes that it has seen.

    Attributes
    ----------
    sums : dict
        Sums over all samples, by the name of their kernel.
    classes_given : bool
        Whether the user named the classes.
    by_name : bool
        Whether columns have been matched by name.
    visited : dict
        Sums over the samples that the present pass has visited again.
    visited_weight : float
        Weight of these samples.
    moved : float
        By how much this pass moved the sums.
    sample : VoteChunk or None
        Some of the last samples.
    """

    sums: dict[str, Any] = field(default_factory=dict)
    classes_given: bool = False
    by_name: bool = False
    visited: dict[str, Any] = field(default_factory=dict)
    visited_weight: float = 0.0
    moved: float = 0.0
    sample: VoteChunk | None = None

    @property
    def profile(self) -> Profile:
        """What is known of the votes."""
        return next(self.sums[name] for name in _PROFILES if name in self.sums)


class GrowingSums(Chunks):
    """Chunks of votes, and the sums over those that came before.

    A model is fitted to it as to chunks: `total` returns the sums over all samples.

    Parameters
    ----------
    data : Chunks
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
        self, data: Chunks, memory: Memory, revisit: bool, lf_names: Sequence[Any]
    ) -> None:
        self.data = data
        self.n_lfs = data.n_lfs
        self.revisit = revisit
        self.by_name = memory.by_name
        self._earlier = memory
        self._sums = dict(memory.sums)
        self._visited = dict(memory.visited) if revisit else {}
        self._visited_weight = memory.visited_weight if revisit else 0.0
        self._moved = memory.moved if revisit else 0.0
        self._lf_names = lf_names

    def total(self, kernel: Callable[..., Any], *parameters: Any) -> Any:
        """Return the sums of a kernel over all samples, and remember them."""
        earlier = self._earlier.sums.get(kernel.__name__)
        if self.revisit and earlier is not None:
            return self._revisited(kernel, parameters, earlier)
        return self._remember(kernel, self.data.total(kernel, *parameters))

    def resumed(
        self,
        sweep: Callable[..., Any],
        start: Callable[..., Any],
        *parameters: Any,
        keep: bool = False,
    ) -> Any:
        """Return the sums from which EM starts: those of `sweep`, where it went before.

        Samples that are new start with the sums of the kernel `start`, which are
        remembered with `keep`.
        """
        earlier = self._earlier.sums.get(sweep.__name__)
        if self.revisit and earlier is not None:
            return earlier
        sums = self.data.total(start, *parameters)
        if keep:
            self._remember(start, sums)
        return sums if earlier is None else faded_sums(*_alike(earlier, sums))

    def _remember(self, kernel: Callable[..., Any], sums: Any) -> Any:
        """Join the sums of this call and those of earlier ones."""
        name = kernel.__name__
        earlier = self._earlier.sums.get(name)
        if earlier is not None:
            join = faded_sums if name in _FADING_KERNELS else add_sums
            sums = join(*_alike(earlier, sums))
        self._sums[name] = sums
        return sums

    def forget(self, kernel: Callable[..., Any]) -> None:
        """Forget what earlier calls summed up: it is of another model."""
        kept = {k: v for k, v in self._earlier.sums.items() if k != kernel.__name__}
        self._earlier = replace(self._earlier, sums=kept)

    def settled(self, tol: float) -> bool:
        """Tell whether nothing is left to do: a pass has moved the sums by less."""
        if not self.revisit:
            return True
        if not self._complete():
            return False
        settled = self._moved < tol
        self._moved = self._visited_weight = 0.0
        return settled

    def sample(self, profile: Profile) -> tuple[Chunks, float]:
        """Return a sample of all rows, and its share of them."""
        if self._earlier.sample is None:
            chunks = self.data
        else:
            chunks = Chunks([self._earlier.sample, *self.data.chunks])
        if not self._earlier.sums:
            return chunks, 1.0
        weight = sum(float(chunk.weight.sum()) for chunk in chunks.chunks)
        return chunks, weight / profile.weight

    def progress(self, n_iter: int, change: float) -> None:
        """Pass on the news of a sweep."""
        self.data.progress(n_iter, change)

    def remembered(self, *, with_sample: bool) -> Memory:
        """Return what the next call has to know."""
        sample = self._earlier.sample
        if not with_sample:
            sample = None
        elif type(self.data) is Chunks and not self.revisit:
            sample = _latest_rows([sample, *map(_thinned, self.data.chunks)])
        return replace(
            self._earlier,
            sums=self._sums,
            visited=self._visited,
            visited_weight=self._visited_weight,
            moved=self._moved,
            sample=sample,
        )

    def _complete(self) -> bool:
        profile = self._earlier.profile
        return self._visited_weight >= profile.weight * _COMPLETE

    def _revisited(
        self, kernel: Callable[..., Any], parameters: Sequence[Any], earlier: Any
    ) -> Any:
        """Return the sums of earlier calls, replaced where a pass is complete."""
        name = kernel.__name__
        if name in _PROFILES:
            profile = self.data.total(kernel)
            self._check_seen(profile.n_votes, earlier.n_votes)
            self._visited_weight += profile.weight
        elif name in _FADING_KERNELS:
            visited = self._visit(kernel, parameters)
            sums, self._visited[name] = _rolled(*_alike(earlier, visited))
            self._sums[name] = sums
            if hasattr(sums, "change"):
                self._moved += sums.change(earlier)
        elif name in _LIKELIHOODS:
            self._visited[name] = self._visit(kernel, parameters)
            if self._visited_weight == 0 or self._complete():
                self._sums[name] = self._visited.pop(name)
        return self._sums[name]

    def _visit(self, kernel: Callable[..., Any], parameters: Sequence[Any]) -> Any:
        """Add to the sums of the present pass."""
        sums = self.data.total(kernel, *parameters)
        before = self._visited.get(kernel.__name__)
        return sums if before is None else add_sums(*_alike(before, sums))

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


def _alike(earlier: Any, new: Any) -> tuple[Any, Any]:
    """Give earlier sums the judged counts that the new ones have, or take them away."""
    if isinstance(new, AtomSums) and len(earlier.judged_total) != len(new.judged_total):
        # Where there were no rules, workers judged all samples.
        counts, total = earlier.counts, earlier.total
        if len(new.judged_total) == 0:
            counts, total = counts[:0], total[:0]
        earlier = AtomSums(earlier.counts, earlier.total, counts, total)
    return earlier, new


def _rolled(earlier: Any, visited: Any) -> tuple[Any, Any]:
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
    if n_rows > _SAMPLE_ROWS:
        keep[:] = False
        keep[np.linspace(0, n_rows - 1, _SAMPLE_ROWS).astype(int)] = True
    return _rebuilt(chunk, chunk.votes.take_rows(keep), keep)


def _rebuilt(chunk: VoteChunk, votes: CastVotes, keep: Any = slice(None)) -> VoteChunk:
    """Return some samples of a chunk, with votes that are laid out anew."""
    return VoteChunk(
        votes,
        chunk.gold[keep],
        chunk.weight[keep],
        chunk.class_of_value,
        chunk.n_classes,
        chunk.dtype,
    )


def _latest_rows(chunks: Sequence[VoteChunk | None]) -> VoteChunk:
    """Join chunks, and keep the last rows."""
    parts = [chunk for chunk in chunks if chunk is not None]
    votes = [chunk.votes for chunk in parts]
    counts = np.concatenate([part.counts for part in votes])
    joined = VoteChunk(
        CastVotes(
            np.concatenate([[0], np.cumsum(counts)]),
            np.concatenate([part.lf for part in votes]),
            np.concatenate([part.value for part in votes]),
            votes[-1].n_lfs,
        ),
        np.concatenate([chunk.gold for chunk in parts]),
        np.concatenate([chunk.weight for chunk in parts]),
        parts[-1].class_of_value,
        parts[-1].n_classes,
        parts[-1].dtype,
    )
    keep = np.arange(len(joined.gold)) >= len(joined.gold) - _SAMPLE_ROWS
    return _rebuilt(joined, joined.votes.take_rows(keep), keep)


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
        """Return the memory with room for what is new."""
        sample = memory.sample
        if sample is not None:
            votes = sample.votes
            value = self.value_at[votes.value]
            votes = CastVotes(votes.indptr, votes.lf, value, self.n_lfs)
            sample = VoteChunk(
                votes,
                sample.gold,
                sample.weight,
                self.class_of_value,
                sample.n_classes,
                sample.dtype,
            )
        return replace(
            memory,
            sums={name: self._sums(name, s) for name, s in memory.sums.items()},
            visited={name: self._sums(name, s) for name, s in memory.visited.items()},
            sample=sample,
        )

    def _sums(self, name: str, sums: Any) -> Any:
        if name in _PER_LF:
            at, length = np.arange(self.old_n_lfs), self.n_lfs
        else:
            n_values = len(self.class_of_value)
            at = np.arange(self.old_n_lfs)[:, None] * n_values + self.value_at
            at, length = at.ravel(), self.n_lfs * n_values

        def moved(array: Any) -> Any:
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
            if name in _OF_LFS and value.shape[0] == len(at)
        }
        return sums._replace(**grown)
