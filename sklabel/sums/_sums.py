"""Votes laid out for EM, the sums over samples that it needs, and their kernels.

Everything that EM needs to know of the votes is a sum over samples. A
:class:`Statistic` says what is summed up in a chunk of votes, given parameters; a
:class:`VoteSource` holds chunks, in memory or elsewhere, and adds their sums up.

An *atom* is a pair (LF, vote value). Votes are a one-hot CSR matrix with a row per
sample and a column per atom, ``atom = lf * n_values + value``, so every statistic is
one sparse product whose cost is proportional to the number of votes.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from weakref import WeakValueDictionary

import numpy as np
from scipy import sparse
from scipy.special import expit

from sklabel.sums._gold import (
    clamp_rows,
    gold_proba,
    gold_total,
    has_gold,
    likelihood_of_gold,
    no_gold,
)
from sklabel.votes._cast import CastVotes

# Nothing is impossible: what plain maximum likelihood estimates as 0. The value is
# that of crowd-kit, so that the results can be compared.
FLOOR = 1e-10
# Rows per block of a softmax: a block of many classes still fits into the cache.
_BLOCK = 4096


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

    Rows with neither vote nor gold label are left out; `n_all` is the weight of all.

    Parameters
    ----------
    votes : CastVotes
        Votes as indices into the vote values.
    gold : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Hard or soft gold, as in `sklabel.sums._gold`.
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
        active = (votes.counts > 0) | has_gold(gold)
        if not active.all():
            votes, gold, weight = votes.take_rows(active), gold[active], weight[active]
        self.n_lfs = votes.n_lfs
        self.class_of_value = class_of_value
        self.n_classes = n_classes
        self.dtype = dtype
        # The votes are kept once, as atoms: a cluster holds 4 bytes per vote and some
        # per sample.
        self.atom, self.indptr = atoms_of(votes, max(len(class_of_value), 1))
        self.known = np.flatnonzero(has_gold(gold))
        self.gold = gold if len(self.known) else no_gold(len(gold))
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
        cls = type(self)
        derived = {
            n for n in self.__dict__ if isinstance(getattr(cls, n, None), cached)
        }
        derived.add("_rows")
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
            self.gold = no_gold(n_samples)
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
        """Transposed one-hot votes; both share the memory."""
        return self.indicator.T

    @cached
    def n_votes(self) -> np.ndarray:
        """Weighted number of votes of every atom."""
        return self.transposed @ self.weight

    def clamp(self, posterior: np.ndarray) -> np.ndarray:
        """Overwrite the rows that have gold by it; in place."""
        return clamp_rows(posterior, self.known, self.gold[self.known])

    def expected(self, posterior: np.ndarray) -> np.ndarray:
        """Return the expected number of samples of each class."""
        if self.scale is None:
            return posterior.sum(axis=0, dtype=np.float64)
        return column_sums(self.scale, posterior)


@dataclass(frozen=True)
class Statistic:
    """A sum over samples, and what kind of sum it is.

    Attributes
    ----------
    name : str
        Tells two sums of one function apart.
    of : callable
        Called with a chunk and parameters; returns a named tuple of numbers, arrays
        and sparse matrices, which add up over chunks.
    kind : {'count', 'expectation', 'whole', 'rows'}
        'count': depends on votes and gold labels only. 'expectation': depends on
        posteriors, and so on the parameters; the last axis stands for classes.
        'whole': depends on parameters too, and is of use as a whole only. 'rows':
        needs the rows themselves, since it is asked for under several parameters.
    per : {'atom', 'lf', None}
        What the rows of the arrays in `rows_of` stand for.
    rows_of : tuple of str
        The fields with a row per atom or LF; the others are totals.
    """

    name: str
    of: Callable[..., Any]
    kind: Literal["count", "expectation", "whole", "rows"]
    per: Literal["atom", "lf"] | None = None
    rows_of: tuple[str, ...] = ()


class VoteSource:
    """Chunks of votes in memory; the base of sources that hold them elsewhere.

    Parameters
    ----------
    chunks : sequence of VoteChunk
        At least one; all with the same LFs, values and classes.
    """

    def __init__(self, chunks: Sequence[VoteChunk]) -> None:
        self.chunks = chunks
        self.n_lfs = chunks[0].n_lfs

    def total(self, statistic: Statistic, *parameters: Any) -> Any:
        """Return a statistic summed up over all chunks.

        Parameters
        ----------
        statistic : Statistic
            What to sum up.
        *parameters : object
            The same for all chunks.

        Returns
        -------
        sums : namedtuple
            What `statistic.of` returns, added up.
        """
        sums = statistic.of(self.chunks[0], *parameters)
        for chunk in self.chunks[1:]:
            sums = add_sums(sums, statistic.of(chunk, *parameters))
        return sums

    def earlier(self, statistic: Statistic) -> Any:
        """Return the sums that are remembered of samples seen before; None here."""
        return None

    def start(self, sweep: Statistic, first: Statistic, *parameters: Any) -> Any:
        """Return the sums from which EM with `sweep` starts: those of `first`.

        A source that has seen a sweep before may start from that.
        """
        return self.total(first, *parameters)

    def run_em(
        self,
        em: Callable[..., Any],
        start: Any,
        m_step: Any,
        e_step: Any,
        n_steps: float = np.inf,
    ) -> Any:
        """Return what `em`, the loop of the model, makes of start and steps."""
        return em(start, m_step, e_step, n_steps)


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


# Profile


class Profile(NamedTuple):
    """What a fit has to know of the votes before it starts.

    `n_votes`: weighted votes of every atom, or of every LF; `share_total`: sum of the
    vote shares of the rows that have any; `gold_total`: gold labels of each class, by
    their probabilities;
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


def profile_of(chunk: VoteChunk, n_votes: np.ndarray, counts: np.ndarray) -> Profile:
    shares = shares_of_counts(counts, np.zeros(chunk.n_classes))
    known, bare = chunk.known, chunk.known[chunk.counts[chunk.known] == 0]
    weight = chunk.weight.astype(np.float64, copy=False)

    def of_gold(rows: np.ndarray) -> np.ndarray:
        return gold_total(chunk.gold[rows], weight[rows], chunk.n_classes)

    return Profile(
        n_votes.astype(np.float64, copy=False),
        chunk.expected(shares),
        of_gold(known),
        of_gold(bare),
        float(weight.sum()),
        chunk.n_all,
    )


def _atom_profile(chunk: VoteChunk) -> Profile:
    """Profile with the votes of every atom."""
    return profile_of(chunk, chunk.n_votes, counts_of_atoms(chunk))


def counts_of_atoms(chunk: VoteChunk) -> np.ndarray:
    return class_counts(chunk.indicator, chunk.class_of_value, chunk.n_classes)


class Likelihood(NamedTuple):
    """Log likelihood of samples, and their weight."""

    value: float
    weight: float

    def of(self, weight: float) -> float:
        """Return the log likelihood of as many samples as have this weight."""
        if weight == self.weight:
            return self.value
        return self.value / self.weight * weight if self.weight else 0.0


def likelihood_of(chunk: VoteChunk, scores: np.ndarray) -> Likelihood:
    log_norm = log_likelihood(scores, chunk.known, chunk.gold[chunk.known])
    weight = chunk.weight.astype(np.float64, copy=False)
    return Likelihood(float((weight * log_norm).sum()), float(weight.sum()))


class GoldVotes(NamedTuple):
    """Votes of every atom on gold rows, by gold label; shape (n_atoms, n_classes)."""

    counts: np.ndarray


def _gold_votes(chunk: VoteChunk) -> GoldVotes:
    n_classes = chunk.n_classes
    label = gold_proba(chunk.gold[chunk.known], n_classes)
    weighted = label * chunk.weight[chunk.known, None]
    counts = chunk.indicator[chunk.known].T @ weighted
    return GoldVotes(np.asarray(counts, dtype=np.float64))


def right_and_judged(counts: np.ndarray, class_of_value: np.ndarray) -> np.ndarray:
    """Return how many votes of each LF gold labels call right, and how many they judge.

    Parameters
    ----------
    counts : ndarray of shape (n_lfs * n_values, n_classes)
        Votes of every atom on gold rows, by gold label.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none. Such votes are not judged.

    Returns
    -------
    right_and_judged : ndarray of shape (n_lfs, 2)
        Weighted numbers of votes.
    """
    counts = counts.reshape(-1, len(class_of_value), counts.shape[1])
    named = np.flatnonzero(class_of_value >= 0)
    right = counts[:, named, class_of_value[named]].sum(axis=1)
    return np.column_stack([right, counts[:, named].sum(axis=(1, 2))])


# EM with a table per LF


class AtomSums(NamedTuple):
    """Statistics of a sweep.

    `counts` of shape (n_atoms, n_classes): expected votes of every atom on samples of
    each class; `total` of shape (n_classes,): expected samples.
    """

    counts: np.ndarray
    total: np.ndarray

    def change(self, before: AtomSums) -> float:
        """Return by how much the class of a vote moved, on average over the votes."""
        return mean_move(self.counts, before.counts)


def mean_move(counts: np.ndarray, before: np.ndarray) -> float:
    """Return by how much the class of a vote moved, on average over the votes."""
    n_votes = max(counts.sum(), 1e-300)
    return float(np.abs(counts - before).sum() / (2 * n_votes))


def _atom_sums(chunk: VoteChunk, posterior: np.ndarray) -> AtomSums:
    args = chunk.transposed, posterior, chunk.scale, chunk.n_votes
    sums = class_counts_of_atoms(*args), chunk.expected(posterior)
    return AtomSums(*(array.astype(np.float64, copy=False) for array in sums))


def _atom_start(chunk: VoteChunk, mean_share: np.ndarray) -> AtomSums:
    """Statistics under the vote shares, from which EM starts."""
    shares = shares_of_counts(counts_of_atoms(chunk), mean_share)
    return _atom_sums(chunk, chunk.clamp(shares))


def _atom_sweep(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> AtomSums:
    """Statistics under the posterior of the parameters: one sweep of EM."""
    posterior = posterior_of_atoms(
        chunk.indicator, log_table.astype(chunk.dtype), log_prior.astype(chunk.dtype)
    )
    return _atom_sums(chunk, chunk.clamp(posterior))


def _atom_likelihood(
    chunk: VoteChunk, log_table: np.ndarray, log_prior: np.ndarray
) -> Likelihood:
    """Log likelihood of the votes, and of gold labels."""
    return likelihood_of(chunk, chunk.indicator @ log_table + log_prior)


ATOM_PROFILE = Statistic("profile", _atom_profile, "count", "atom", ("n_votes",))
GOLD_VOTES = Statistic("gold_votes", _gold_votes, "count", "atom", ("counts",))
ATOM_START = Statistic("start", _atom_start, "count", "atom", ("counts",))
ATOM_SWEEP = Statistic("sweep", _atom_sweep, "expectation", "atom", ("counts",))
ATOM_LIKELIHOOD = Statistic("likelihood", _atom_likelihood, "whole")


# Kernels: one-hot votes


def atoms_of(votes: CastVotes, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the atom of each vote, and where the votes of each sample start."""
    shape = (votes.n_samples, votes.n_lfs * n_values)
    # What scipy would convert to, at the cost of a copy.
    small = max(*shape, len(votes.lf)) < 2**31
    index = np.dtype(np.int32 if small else np.int64)
    atom = votes.lf.astype(index)
    atom *= index.type(n_values)
    atom += votes.value.astype(index, copy=False)
    return atom, votes.indptr.astype(index, copy=False)


def one_hot(
    votes: CastVotes, n_values: int, dtype: str = "float64"
) -> sparse.csr_matrix:
    """Return the indicator of cast votes, shape (n_samples, n_lfs * n_values)."""
    atom, indptr = atoms_of(votes, n_values)
    shape = (votes.n_samples, votes.n_lfs * n_values)
    ones = shared_ones(len(atom), dtype)
    return sparse.csr_matrix((ones, atom, indptr), shape=shape)


def class_counts(
    indicator: sparse.csr_matrix, class_of_value: np.ndarray, n_classes: int
) -> np.ndarray:
    """Count the votes for each class in one-hot votes, shape (n_samples, n_classes).

    Votes whose value names no class are not counted.
    """
    named = class_of_value[:, None] == np.arange(n_classes)
    n_lfs = indicator.shape[1] // max(len(class_of_value), 1)
    return np.asarray(indicator @ np.tile(named, (n_lfs, 1)).astype(indicator.dtype))


def shares_of_counts(counts: np.ndarray, silent_share: np.ndarray) -> np.ndarray:
    """Return each row's share of votes for each class.

    Parameters
    ----------
    counts : ndarray of shape (n_samples, n_classes)
        Votes for each class.
    silent_share : ndarray of shape (n_classes,)
        Shares of a row that has no such vote.

    Returns
    -------
    shares : ndarray of shape (n_samples, n_classes)
    """
    n_classes = counts.shape[1]
    total = np.einsum("ij->i", counts)
    dtype = np.result_type(counts, np.float32)
    shares = np.empty(counts.shape, dtype, order="F" if n_classes == 2 else "C")
    np.divide(counts, np.where(total > 0, total, 1)[:, None], out=shares)
    silent = total == 0
    if silent.any():
        shares[silent] = silent_share
    return shares


# Kernels: posteriors


def softmax(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax of every row and its log normaliser.

    Works on blocks of rows, turned so that reductions run along contiguous memory:
    3 to 6 times as fast as reductions along a short axis.
    """
    proba = np.empty_like(scores)
    log_norm = np.empty(len(scores), dtype=scores.dtype)
    for start in range(0, len(scores), _BLOCK):
        rows = slice(start, start + _BLOCK)
        block = scores[rows].T.copy()
        top = block.max(axis=0)
        block -= top
        np.exp(block, out=block)
        total = block.sum(axis=0)
        block /= total
        proba[rows] = block.T
        log_norm[rows] = top + np.log(total)
    return proba, log_norm


def two_columns(log_odds: np.ndarray) -> np.ndarray:
    """Return the probabilities of two classes from the log odds of the second."""
    # Column by column in memory: statistics of two classes read one column.
    posterior = np.empty((2, len(log_odds)), dtype=log_odds.dtype)
    expit(log_odds, out=posterior[1])
    np.subtract(1, posterior[1], out=posterior[0])
    return posterior.T


def posterior_of_atoms(
    indicator: sparse.csr_matrix, log_table: np.ndarray, log_prior: np.ndarray
) -> np.ndarray:
    """Return the class probabilities of every sample.

    Parameters
    ----------
    indicator : csr_matrix of shape (n_samples, n_atoms)
        One-hot votes.
    log_table : ndarray of shape (n_atoms, n_classes)
        Log P(vote value | class) of every atom.
    log_prior : ndarray of shape (n_classes,)
        Log class prior.

    Returns
    -------
    posterior : ndarray of shape (n_samples, n_classes)
        Rows sum to 1.
    """
    if len(log_prior) == 2:
        odds = indicator @ (log_table[:, 1] - log_table[:, 0])
        odds += log_prior[1] - log_prior[0]
        return two_columns(odds)
    return softmax(indicator @ log_table + log_prior)[0]


def class_counts_of_atoms(
    transposed: sparse.csc_matrix,
    posterior: np.ndarray,
    weight: np.ndarray | None,
    n_votes: np.ndarray,
) -> np.ndarray:
    """Return the expected number of votes of every atom on samples of each class.

    Parameters
    ----------
    transposed : csc_matrix of shape (n_atoms, n_samples)
        Transposed one-hot votes.
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    weight : ndarray of shape (n_samples,) or None
        Weights; None if all are 1.
    n_votes : ndarray of shape (n_atoms,)
        Weighted number of votes of every atom.

    Returns
    -------
    counts : ndarray of shape (n_atoms, n_classes)
        Two classes cost one product with a vector: what is not of one class is of
        the other.
    """
    if posterior.shape[1] == 2:
        one = posterior[:, 1] if weight is None else posterior[:, 1] * weight
        one = transposed @ np.ascontiguousarray(one)
        return np.column_stack([np.maximum(n_votes - one, 0), one])
    if weight is not None:
        posterior = posterior * weight[:, None]
    return np.asarray(transposed @ posterior)


def log_likelihood(
    scores: np.ndarray, known: np.ndarray, gold: np.ndarray
) -> np.ndarray:
    """Return the log likelihood of every row, with its gold label where known."""
    _, log_norm = softmax(scores)
    log_norm[known] = likelihood_of_gold(scores[known], gold)
    return log_norm.astype(np.float64)


# Kernels: tables P(vote value | class)


def confusion_prior(
    class_of_value: np.ndarray, n_classes: int, right: float, wrong: float
) -> np.ndarray:
    """Return Dirichlet pseudo-counts, shape (n_values, n_classes)."""
    prior = np.full((len(class_of_value), n_classes), wrong)
    named = np.flatnonzero(class_of_value >= 0)
    prior[named, class_of_value[named]] = right
    return prior


def log_tables(counts: np.ndarray, pseudo: np.ndarray) -> np.ndarray:
    """M-step of confusion matrices: log P(vote value | class).

    Parameters
    ----------
    counts : ndarray of shape (n_lfs, n_values, n_classes)
        Expected number of votes of each value on samples of each class.
    pseudo : ndarray of shape (n_values, n_classes)
        Pseudo-counts.

    Returns
    -------
    log_table : ndarray of shape (n_lfs, n_values, n_classes)
        Normalised over values; uniform where nothing was counted. A value that an LF
        never cast, without pseudo-counts, takes no share.
    """
    smoothed = counts + pseudo
    if pseudo.size and pseudo.min() > 0:
        return np.log(smoothed / smoothed.sum(axis=1, keepdims=True))
    possible = smoothed.max(axis=2, keepdims=True) > 0
    smoothed = np.where(possible, np.maximum(smoothed, FLOOR), 0)
    total = smoothed.sum(axis=1, keepdims=True)
    share = smoothed / np.where(total > 0, total, 1)
    share[~possible.any(axis=(1, 2))] = 1 / max(counts.shape[1], 1)
    return np.log(np.where(share > 0, share, FLOOR))


def accuracy_of(joint: np.ndarray, class_of_value: np.ndarray) -> np.ndarray:
    """Return the share of right votes of each LF among those that name a class.

    Parameters
    ----------
    joint : ndarray of shape (n_lfs, n_values, n_classes)
        Expected votes, or any multiple of them.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.

    Returns
    -------
    accuracy : ndarray of shape (n_lfs,)
        NaN for an LF that cast no such vote.
    """
    named = np.flatnonzero(class_of_value >= 0)
    right = joint[:, named, class_of_value[named]].sum(axis=1)
    total = joint[:, named].sum(axis=(1, 2))
    return right / np.where(total > 0, total, np.nan)
