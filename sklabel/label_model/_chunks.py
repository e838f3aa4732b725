"""Votes in chunks, and the sums over samples that label models are fitted with.

Everything that EM needs to know of the votes is a sum over samples. A *kernel* is a
function of one chunk of votes and of the parameters that returns such sums as a named
tuple; `Chunks.total` adds them up. A fit in memory has one chunk; any other holder of
chunks, on disk or on a cluster, needs `total` and `n_lfs` only.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from scipy import sparse

from sklabel.label_model._em_kernels import (
    class_counts_of_atoms,
    log_likelihood,
    own_class_matrix,
    posterior_of_atoms,
    posterior_of_support,
    right_votes,
)
from sklabel.label_model._kernels import (
    clamp_rows,
    class_counts,
    leave_one_out_counts,
    one_hot,
    shares_of_counts,
    softmax,
)
from sklabel.votes._cast import CastVotes


class cached:
    """A property that is computed once.

    That of functools holds one lock for all chunks on Python 3.11, so that threads
    would lay out one chunk after the other.
    """

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, chunk: Any, owner: type) -> Any:
        if chunk is None:
            return self
        value = self.function(chunk)
        chunk.__dict__[self.function.__name__] = value
        return value


class VoteChunk:
    """Encoded votes of some samples, with their gold labels and weights.

    Rows with neither vote nor gold label are left out; `n_all` counts them.

    Parameters
    ----------
    votes : CastVotes
        Votes as indices into the vote values.
    gold : ndarray of shape (n_samples,)
        Class index of gold labels, -1 where there is none.
    weight : ndarray of shape (n_samples,)
        Weight of each sample.
    class_of_value : ndarray of shape (n_values,)
        Class that each vote value names, -1 if it names none.
    n_classes : int
        Number of classes.
    dtype : str, default='float64'
        Of votes and posteriors.
    """

    def __init__(
        self,
        votes: CastVotes,
        gold: np.ndarray,
        weight: np.ndarray,
        class_of_value: np.ndarray,
        n_classes: int,
        dtype: str = "float64",
    ) -> None:
        self.n_all = float(weight.sum())
        active = (votes.counts > 0) | (gold >= 0)
        if not active.all():
            votes, gold, weight = votes.take_rows(active), gold[active], weight[active]
        self.n_lfs = votes.n_lfs
        self.class_of_value = class_of_value
        self.n_classes = n_classes
        self.dtype = dtype
        # The votes are kept once, as atoms: a cluster holds 4 bytes per vote and some
        # per sample.
        one_hot_votes = one_hot(votes, max(len(class_of_value), 1), dtype)
        self.atom, self.indptr = one_hot_votes.indices, one_hot_votes.indptr
        self.known = np.flatnonzero(gold >= 0)
        self.gold = gold if len(self.known) else constant(-1, len(gold), gold.dtype)
        # None where every weight is 1, which saves products.
        is_one = bool(np.all(weight == 1))
        self.weight = (
            constant(1, len(weight), dtype)
            if is_one
            else weight.astype(dtype, copy=False)
        )
        self.scale = None if is_one else self.weight

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is computed from the rest."""
        derived = {"indicator", "transposed", "n_votes", "own", "own_transposed"}
        derived |= {"_judged", "n_votes_of_lfs"}
        state = {k: v for k, v in self.__dict__.items() if k not in derived}
        for name in ("gold", "weight", "scale"):
            array = state[name]
            if array is not None and array.strides == (0,):
                state[name] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the constants."""
        self.__dict__.update(state)
        n_samples = len(self.indptr) - 1
        if self.gold is None:
            self.gold = constant(-1, n_samples, np.int64)
        if self.weight is None:
            self.weight = constant(1, n_samples, self.dtype)

    def __sizeof__(self) -> int:
        """Return the bytes that the votes will take, for schedulers."""
        arrays = (self.atom, self.indptr, self.gold, self.weight, self.known)
        held = sum(array.nbytes for array in arrays if array.strides != (0,))
        # `n_votes` is as long as the crowd.
        return int(held + 8 * self.n_lfs * len(self.class_of_value))

    @property
    def votes(self) -> CastVotes:
        """The votes as indices into the vote values."""
        n_values = max(len(self.class_of_value), 1)
        lf, value = np.divmod(self.atom, self.atom.dtype.type(n_values))
        return CastVotes(self.indptr, lf, value, self.n_lfs)

    @property
    def counts(self) -> np.ndarray:
        """Number of votes of each sample."""
        return np.diff(self.indptr)

    @cached
    def indicator(self) -> sparse.csr_matrix:
        """One-hot votes, shape (n_samples, n_atoms)."""
        shape = (len(self.indptr) - 1, self.n_lfs * len(self.class_of_value))
        ones = shared_ones(len(self.atom), self.dtype)
        return sparse.csr_matrix((ones, self.atom, self.indptr), shape=shape)

    @cached
    def transposed(self) -> sparse.csc_matrix:
        """Turn the one-hot votes over; both share the memory."""
        return self.indicator.T

    @cached
    def n_votes(self) -> np.ndarray:
        """Weighted number of votes of every atom."""
        return self.transposed @ self.weight

    @cached
    def n_votes_of_lfs(self) -> np.ndarray:
        """Weighted number of votes of every LF, of those that name a class."""
        return self.own_transposed @ np.repeat(self.weight, self.n_classes)

    @cached
    def own(self) -> sparse.csr_matrix:
        """Votes with a row per (sample, class) and a column per LF."""
        votes, k = self.votes, self.n_classes
        named = self.class_of_value[votes.value]
        return own_class_matrix(votes, named, k, votes.lf, votes.n_lfs)

    @cached
    def own_transposed(self) -> sparse.csc_matrix:
        """Turn these over; both share the memory."""
        return self.own.T

    def clamp(self, posterior: np.ndarray) -> np.ndarray:
        """Make rows with gold certain; in place."""
        return clamp_rows(posterior, self.known, self.gold[self.known])

    def judged_weight(self, is_rule: np.ndarray) -> np.ndarray | None:
        """Return the weights, 0 on rows that neither a worker nor gold judges.

        None if there is no such row.
        """
        key = is_rule.tobytes()
        kept: tuple[bytes, Any] = self.__dict__.get("_judged", (b"", None))
        if kept[0] != key:
            n_values = len(self.class_of_value)
            by_worker = np.repeat(~is_rule, n_values).astype(self.dtype)
            judged = self.indicator @ by_worker > 0
            judged[self.known] = True
            weight = None if judged.all() else self.weight * judged
            kept = self._judged = (key, weight)
        return kept[1]

    def expected(self, posterior: np.ndarray) -> np.ndarray:
        """Return the expected number of samples of each class."""
        if self.scale is None:
            return posterior.sum(axis=0, dtype=np.float64)
        return column_sums(self.scale, posterior)


class Chunks:
    """Chunks of votes in memory.

    Parameters
    ----------
    chunks : sequence of VoteChunk
        At least one; all with the same LFs, values and classes.
    """

    def __init__(self, chunks: Sequence[VoteChunk]) -> None:
        self.chunks = chunks
        self.n_lfs = chunks[0].n_lfs

    def total(self, kernel: Callable[..., Any], *parameters: Any) -> Any:
        """Return the sums of a kernel over all chunks.

        Parameters
        ----------
        kernel : callable
            Called with a chunk and the parameters; returns a named tuple of numbers,
            arrays and sparse matrices.
        *parameters : object
            The same for all chunks.

        Returns
        -------
        sums : namedtuple
            What `kernel` returns, added up.
        """
        sums = kernel(self.chunks[0], *parameters)
        for chunk in self.chunks[1:]:
            sums = add_sums(sums, kernel(chunk, *parameters))
        return sums

    def progress(self, n_iter: int, change: float) -> None:
        """Hear of the end of a sweep; nothing is shown in memory."""


def constant(value: float, length: int, dtype: Any) -> np.ndarray:
    """Return a read-only array of one value that takes no memory."""
    return np.broadcast_to(np.asarray(value, dtype=dtype), (length,))


# The ones of all one-hot matrices of a process, as long as one of them lives.
_ONES: WeakValueDictionary[str, np.ndarray] = WeakValueDictionary()


def shared_ones(length: int, dtype: str) -> np.ndarray:
    """Return a read-only view of ones that all chunks of a process share."""
    ones = _ONES.get(dtype)
    if ones is None or len(ones) < length:
        ones = np.ones(length, dtype)
        ones.setflags(write=False)
        _ONES[dtype] = ones
    return ones[:length]


def column_sums(weight: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Return the weighted sum of every column.

    Not by BLAS, whose threads would spin longer than a sum of this kind takes.
    """
    return np.einsum("i,ij->j", weight, columns, dtype=np.float64)


def add_sums(a: Any, b: Any) -> Any:
    """Add two named tuples of sums field by field."""
    return type(a)(*(x + y for x, y in zip(a, b, strict=True)))


# What is there


class Profile(NamedTuple):
    """What a fit has to know of the votes before it starts.

    `n_votes`: weighted votes of every atom, or of every LF; `share_total`: sum of the
    vote shares of the rows that have any; `gold_total`: gold labels of each class;
    `bare_gold`: the same on rows without votes; `weight`: of the rows with vote or
    gold; `n_all`: of all rows.
    """

    n_votes: np.ndarray
    share_total: np.ndarray
    gold_total: np.ndarray
    bare_gold: np.ndarray
    weight: float
    n_all: float

    @property
    def mean_share(self) -> np.ndarray:
        """Mean vote share of each class; uniform if no vote names a class."""
        total = self.share_total.sum()
        if total > 0:
            return self.share_total / total
        return np.full(len(self.share_total), 1 / len(self.share_total))


def _profile(chunk: VoteChunk, n_votes: np.ndarray, counts: np.ndarray) -> Profile:
    shares = shares_of_counts(counts, np.zeros(chunk.n_classes))
    known, bare = chunk.known, chunk.known[chunk.counts[chunk.known] == 0]
    weight = chunk.weight.astype(np.float64, copy=False)

    def of_gold(rows: np.ndarray) -> np.ndarray:
        return np.bincount(chunk.gold[rows], weight[rows], minlength=chunk.n_classes)

    return Profile(
        n_votes.astype(np.float64, copy=False),
        chunk.expected(shares),
        of_gold(known),
        of_gold(bare),
        float(weight.sum()),
        chunk.n_all,
    )


def atom_profile(chunk: VoteChunk) -> Profile:
    """Profile with the votes of every atom."""
    return _profile(chunk, chunk.n_votes, _counts_of_atoms(chunk))


def coin_profile(chunk: VoteChunk) -> Profile:
    """Profile with the votes of every LF."""
    return _profile(chunk, chunk.n_votes_of_lfs, _counts_of_coins(chunk))


def _counts_of_atoms(chunk: VoteChunk) -> np.ndarray:
    return class_counts(chunk.indicator, chunk.class_of_value, chunk.n_classes)


def _counts_of_coins(chunk: VoteChunk) -> np.ndarray:
    ones = np.ones(chunk.own.shape[1])
    return (chunk.own @ ones).reshape(-1, chunk.n_classes)


class RuleVotes(NamedTuple):
    """Weight of the votes of rules: of those that meet a worker's vote, and of all."""

    met: float
    total: float


def rule_votes_met(chunk: VoteChunk, is_rule: np.ndarray) -> RuleVotes:
    """Weight of the votes of rules on rows where a worker votes too, and anywhere."""
    n_values = len(chunk.class_of_value)
    by_rule = np.repeat(is_rule, n_values).astype(chunk.dtype)
    met = chunk.indicator @ (1 - by_rule) > 0
    n_rule_votes = chunk.weight * (chunk.indicator @ by_rule)
    return RuleVotes(float((met * n_rule_votes).sum()), float(n_rule_votes.sum()))


class Likelihood(NamedTuple):
    """Log likelihood of samples, and their weight."""

    value: float
    weight: float

    def of(self, weight: float) -> float:
        """Return the log likelihood of as many samples as have this weight."""
        if weight == self.weight:
            return self.value
        return self.value / self.weight * weight if self.weight else 0.0


def _likelihood(chunk: VoteChunk, scores: np.ndarray) -> Likelihood:
    log_norm = log_likelihood(scores, chunk.known, chunk.gold[chunk.known])
    weight = chunk.weight.astype(np.float64, copy=False)
    return Likelihood(float((weight * log_norm).sum()), float(weight.sum()))


# EM with a table per LF


class AtomSums(NamedTuple):
    """Statistics of a sweep.

    `counts` of shape (n_atoms, n_classes): expected votes of every atom on samples of
    each class; `total` of shape (n_classes,): expected samples; `judged_counts` and
    `judged_total`: the same over the rows of `VoteChunk.judged_weight`, empty where
    there are no rules among workers.
    """

    counts: np.ndarray
    total: np.ndarray
    judged_counts: np.ndarray
    judged_total: np.ndarray

    def change(self, before: AtomSums) -> float:
        """Return by how much the class of a vote moved, on average over the votes."""
        n_votes = max(self.counts.sum(), 1e-300)
        return float(np.abs(self.counts - before.counts).sum() / (2 * n_votes))


def _atom_sums(
    chunk: VoteChunk, posterior: np.ndarray, is_rule: np.ndarray | None
) -> AtomSums:
    A_transposed = chunk.transposed
    counts = class_counts_of_atoms(A_transposed, posterior, chunk.scale, chunk.n_votes)
    total = chunk.expected(posterior)
    judged_counts, judged_total = np.zeros((0, chunk.n_classes)), np.zeros(0)
    judged = None
    if is_rule is not None:
        judged = chunk.judged_weight(is_rule)
        judged_counts, judged_total = counts, total
    if judged is not None:
        judged_total = column_sums(judged, posterior)
        n_votes = A_transposed @ judged
        judged_counts = class_counts_of_atoms(A_transposed, posterior, judged, n_votes)
    sums = (counts, total, judged_counts, judged_total)
    return AtomSums(*(array.astype(np.float64, copy=False) for array in sums))


def atom_start(
    chunk: VoteChunk, mean_share: np.ndarray, is_rule: np.ndarray | None = None
) -> AtomSums:
    """Statistics under the vote shares, from which EM starts."""
    shares = shares_of_counts(_counts_of_atoms(chunk), mean_share)
    return _atom_sums(chunk, chunk.clamp(shares), is_rule)


def atom_sweep(
    chunk: VoteChunk,
    log_table: np.ndarray,
    log_prior: np.ndarray,
    is_rule: np.ndarray | None = None,
) -> AtomSums:
    """Statistics under the posterior of the parameters: one sweep of EM."""
    posterior = posterior_of_atoms(
        chunk.indicator, log_table.astype(chunk.dtype), log_prior.astype(chunk.dtype)
    )
    return _atom_sums(chunk, chunk.clamp(posterior), is_rule)


def second_sweep(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> AtomSums:
    """Do what `atom_sweep` does; the second step of a model of two steps.

    Sums are remembered by the name of their kernel.
    """
    return atom_sweep(chunk, log_table, log_prior)


def atom_likelihood(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> Likelihood:
    """Log likelihood of the votes, and of gold labels."""
    return _likelihood(chunk, chunk.indicator @ log_table + log_prior)


# EM with one coin per LF


class CoinSums(NamedTuple):
    """Statistics of a sweep.

    `counts` of shape (n_lfs, 2): expected right and wrong votes; `total` of shape
    (n_classes,): expected samples.
    """

    counts: np.ndarray
    total: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """Expected right votes of every LF."""
        return self.counts[:, 0]

    def change(self, before: CoinSums) -> float:
        """Return by how much a vote became right or wrong, on average over votes."""
        n_votes = max(self.counts.sum(), 1e-300)
        return float(np.abs(self.right - before.right).sum() / n_votes)


def _coin_sums(chunk: VoteChunk, posterior: np.ndarray) -> CoinSums:
    right = right_votes(chunk.own_transposed, posterior, chunk.scale)
    wrong = np.maximum(chunk.n_votes_of_lfs - right, 0)
    return CoinSums(np.column_stack([right, wrong]), chunk.expected(posterior))


def coin_start(chunk: VoteChunk, mean_share: np.ndarray) -> CoinSums:
    """Statistics under the vote shares, from which EM starts."""
    shares = shares_of_counts(_counts_of_coins(chunk), mean_share)
    return _coin_sums(chunk, chunk.clamp(shares))


def coin_sweep(
    chunk: VoteChunk, log_odds: np.ndarray, log_prior: np.ndarray
) -> CoinSums:
    """Statistics under the posterior of the parameters: one sweep of EM."""
    posterior = posterior_of_support(chunk.own @ log_odds, log_prior)
    return _coin_sums(chunk, chunk.clamp(posterior))


def coin_likelihood(
    chunk: VoteChunk,
    log_right: np.ndarray,
    log_wrong: np.ndarray,
    log_prior: np.ndarray,
) -> Likelihood:
    """Log likelihood of the votes, and of gold labels."""
    support = (chunk.own @ (log_right - log_wrong)).reshape(-1, chunk.n_classes)
    all_wrong = (chunk.own @ log_wrong).reshape(-1, chunk.n_classes).sum(axis=1)
    return _likelihood(chunk, support + all_wrong[:, None] + log_prior)


# Rules


class LeftOut(NamedTuple):
    """Class counts of every atom, each vote judged by the others in its row."""

    counts: np.ndarray


def left_out(chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray) -> LeftOut:
    """Count the classes of every atom without the vote itself."""
    votes = chunk.votes
    atom = votes.lf.astype(np.int64) * len(chunk.class_of_value) + votes.value
    scores = chunk.indicator @ log_table + log_prior
    args = (votes, atom, scores, log_table, chunk.gold, chunk.weight)
    return LeftOut(leave_one_out_counts(*args))


class CoFiring(NamedTuple):
    """Weighted number of samples on which two atoms fire, and one does.

    `together` of shape (n_atoms, n_atoms), `n_votes` of shape (n_atoms,).
    """

    together: sparse.csr_matrix
    n_votes: np.ndarray


def co_firing(chunk: VoteChunk) -> CoFiring:
    """Count the samples on which two atoms fire together."""
    A = chunk.indicator
    together = (A.T @ A.multiply(chunk.weight[:, None]).tocsr()).tocsr()
    return CoFiring(together, chunk.n_votes.astype(np.float64, copy=False))


class ClassMass(NamedTuple):
    """Expected samples of each class among those with votes and without gold."""

    mass: np.ndarray


def class_mass(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> ClassMass:
    """Sum the posteriors of the rows with votes and without gold."""
    open_rows = (chunk.counts > 0) & (chunk.gold < 0)
    scores = chunk.indicator @ log_table + log_prior
    return ClassMass(column_sums(chunk.weight * open_rows, softmax(scores)[0]))
