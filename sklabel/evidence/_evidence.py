"""What votes and abstentions say of a class: the M-step of LabelModel.

Each vote value of an LF adds a row of log weights to the scores of a sample. A worker
adds log P(value | class) of a confusion matrix, a rule the log of how much more
probable a class is with the vote than without; an LF that is partly a rule adds a
mixture. Where LFs were free to vote, the silence of a rule speaks for other classes.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from scipy import sparse

from sklabel.evidence._alike import SharedVotes, at_votes, ramp, shared_votes
from sklabel.evidence._kinds import Kinds, beyond
from sklabel.sums._sums import (
    Likelihood,
    Profile,
    Statistic,
    VoteChunk,
    class_counts,
    class_counts_of_atoms,
    column_sums,
    confusion_prior,
    likelihood_of,
    log_tables,
    mean_move,
    shares_of_counts,
    softmax,
    two_columns,
)

# Before its votes are seen, an LF casts a value this many times (n_classes - 1) more
# readily on samples of the class that it names.
_RULE_RATIO, _WORKER_RATIO = 4.0, 2.5
# Share of the even distribution in what is expected of a vote.
_FLATTEN = 0.28
# Pseudo-votes of a rule, beside one for each vote that no worker checks.
_STRENGTH = 4.0
# Pseudo-votes on the diagonal of a confusion matrix.
_DIAGONAL = 4.0
# Pseudo-samples that hold the class prior near the vote shares.
_PRIOR_SAMPLES = 100.0
# Share of a rule's weights that is estimated without the vote itself.
_LEFT_OUT = 0.5
# Bounds on what the silence of one rule may say.
_LARGEST_WEIGHT, _LARGEST_RATE = 5.0, 0.8
# Pseudo-votes that hold the coverage of a worker equal over the classes, and how many
# more where the difference is noise.
_COVER_VOTES, _COVER_NOISE = 50.0, 4.0
# Standard errors at which a surplus of joint votes begins to count, and counts in full.
_REPEATED = (2.0, 4.0)
# Votes in a block of the pass that judges each vote by the others.
_BLOCK_VOTES = 2**18


class Facts(NamedTuple):
    """What is known of the votes before EM starts.

    Attributes
    ----------
    kinds : Kinds
        Which LFs are rules.
    n_votes : ndarray of shape (n_lfs, n_values)
        Weighted number of votes.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    prior : ndarray of shape (n_classes,) or None
        The given class prior.
    n_rows, n_covered : float
        Weight of all rows, and of those that take part in EM.
    known : float
        Share of the covered rows on which a worker votes.
    exposure : float
        Mean number of votes of workers, where there are any.
    alone : ndarray of shape (n_lfs, n_values)
        How little the votes meet votes of workers, in (0, 1].
    held : ndarray of shape (n_classes,)
        Samples of each class in the class prior that EM does not move.
    """

    kinds: Kinds
    n_votes: np.ndarray
    class_of_value: np.ndarray
    prior: np.ndarray | None
    n_rows: float
    n_covered: float
    known: float
    exposure: float
    alone: np.ndarray
    held: np.ndarray

    @property
    def open(self) -> float:
        """How far an LF that abstains was free to vote."""
        return beyond(1 - self.known * (1 - self.kinds.cover))

    @property
    def pseudo_votes(self) -> np.ndarray:
        """Pseudo-votes of a confusion matrix, shape (n_values, n_classes)."""
        return pseudo_votes(self.class_of_value, len(self.held))

    @property
    def covered(self) -> float:
        """Share of the rows that take part."""
        return self.n_covered / self.n_rows


def pseudo_votes(class_of_value: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the pseudo-votes of a confusion matrix, shape (n_values, n_classes)."""
    off_diagonal = float(np.sqrt(2 / n_classes))
    return confusion_prior(class_of_value, n_classes, _DIAGONAL, off_diagonal)


class Evidence(NamedTuple):
    """What the votes of a sample add to its log scores.

    `weights` of shape (n_lfs, n_values, n_classes); `silence` of shape (n_classes,):
    all rules abstain, per vote of a worker; `log_prior` of shape (n_classes,).
    """

    weights: np.ndarray
    silence: np.ndarray
    log_prior: np.ndarray

    def scores(
        self, votes: SharedVotes, n_worker_votes: np.ndarray | None
    ) -> np.ndarray:
        """Return the log scores of samples, shape (n_samples, n_classes)."""
        dtype = votes.dtype
        table = self.weights.reshape(-1, len(self.log_prior)).astype(dtype, copy=False)
        scores = votes @ table
        scores += self.log_prior.astype(dtype)
        if n_worker_votes is not None and self.silence.any():
            scores += np.outer(n_worker_votes, self.silence).astype(dtype)
        return scores

    def posterior(
        self, votes: SharedVotes, n_worker_votes: np.ndarray | None
    ) -> np.ndarray:
        """Return the class probabilities of samples."""
        if len(self.log_prior) != 2:
            return softmax(self.scores(votes, n_worker_votes))[0]
        # Two classes cost one product with a vector.
        table = self.weights.reshape(-1, 2)
        odds = votes @ (table[:, 1] - table[:, 0]).astype(votes.dtype)
        odds += self.log_prior[1] - self.log_prior[0]
        if n_worker_votes is not None and self.silence.any():
            odds += n_worker_votes * (self.silence[1] - self.silence[0])
        return two_columns(odds)


class Sums(NamedTuple):
    """Statistics of a sweep.

    `counts` of shape (n_atoms, n_classes): expected votes of every LF and value on
    samples of each class; `total` of shape (n_classes,): expected samples;
    `informed`: the same, each as far as it says something about the class prior.
    """

    counts: np.ndarray
    total: np.ndarray
    informed: np.ndarray

    def change(self, before: Sums) -> float:
        """Return by how much the class of a vote moved, on average over the votes."""
        return mean_move(self.counts, before.counts)

    def towards(self, after: Sums, share: float) -> Sums:
        """Return sums that lie this share of the way to those of the next sweep."""
        return Sums(*(a + share * (b - a) for a, b in zip(self, after, strict=True)))


# Statistics


class WorkersOfRows(NamedTuple):
    """What workers say of each row, without any model.

    `known`: rows with a vote of a worker; `held`: the part of them that cannot say
    much about the class prior; `share`, `held_share` of shape (n_classes,): vote
    shares of workers on these; `n_votes`: votes of workers, and `n_rows` the rows
    that have any; `alone` of shape (n_atoms,): votes, each divided by the square of
    one plus the votes of workers in its row; `of_atom`: votes.
    """

    known: float
    held: float
    share: np.ndarray
    held_share: np.ndarray
    n_votes: float
    n_rows: float
    alone: np.ndarray
    of_atom: np.ndarray


@dataclass(frozen=True)
class Sources:
    """Who cast the votes.

    `rule` of shape (n_lfs,): how much of a rule each LF is. `half`: votes of others
    that tell half of what a row can say about the class prior. `alike` of shape
    (n_lfs, n_lfs): how far LFs are one source; None if each is its own. `trust` of
    shape (n_lfs,): what a vote of each LF counts; None if all count 1.
    """

    rule: np.ndarray
    half: float
    alike: sparse.csr_matrix | None = None
    trust: np.ndarray | None = None
    # Chunks keep what they look like to these sources. A name is told from another in
    # no time, also by a process that got a copy.
    name: str = field(default_factory=lambda: uuid4().hex)


class _View(NamedTuple):
    """A chunk as seen when it is known who cast the votes.

    `votes`: what each of them counts; `n_votes`: weighted sums of the columns of their
    matrix. For each row, `n_worker`: votes of workers, None if there are no rules
    whose silence they hear; `informed`: how far the row says something about the
    class prior, since others judge it too.
    """

    votes: SharedVotes
    n_votes: np.ndarray
    n_worker: np.ndarray | None
    informed: np.ndarray


def _view(chunk: VoteChunk, sources: Sources) -> _View:
    """Look at a chunk; the last look is kept."""
    kept: tuple[str, _View] | None = chunk.__dict__.get("_rows")
    if kept is not None and kept[0] == sources.name:
        votes = kept[1].votes._replace(trust=sources.trust)
        return kept[1]._replace(votes=votes)
    n_values = len(chunk.class_of_value)
    votes = shared_votes(chunk.indicator, sources.alike, sources.trust, n_values)
    n_votes = chunk.n_votes
    if sources.alike is not None:
        n_votes = votes.matrix.T @ chunk.weight
    n_worker = _worker_votes(chunk, votes, sources)
    others = np.maximum(n_worker - 1, 0)
    informed = others / (others + sources.half)
    heard = n_worker if sources.rule.any() else None
    view = _View(votes, n_votes, heard, informed)
    # Without numbers as long as the crowd, which many chunks would keep.
    kept = sources.name, view._replace(votes=votes._replace(trust=None))
    chunk.__dict__["_rows"] = kept
    return view


def _worker_votes(chunk: VoteChunk, votes: SharedVotes, sources: Sources) -> np.ndarray:
    """Return the number of votes of workers in each row."""
    all_count = sources.alike is None and sources.trust is None
    if all_count and not sources.rule.any():
        return chunk.counts.astype(np.float64)
    by_worker = np.repeat(1 - sources.rule, len(chunk.class_of_value))
    return np.asarray(votes @ by_worker, dtype=np.float64)


def _workers_of_rows(chunk: VoteChunk, sources: Sources) -> WorkersOfRows:
    view, rule = _view(chunk, sources), sources.rule
    n_worker = _worker_votes(chunk, view.votes, sources)
    known = np.minimum(n_worker, 1)
    weight = chunk.weight.astype(np.float64, copy=False)
    n_classes = chunk.n_classes
    named = chunk.class_of_value[:, None] == np.arange(n_classes)
    by_worker = ((1 - rule)[:, None, None] * named).reshape(-1, n_classes)
    even = np.full(n_classes, 1 / n_classes)
    share = shares_of_counts(view.votes @ by_worker.astype(chunk.dtype), even)
    held = weight * (known - view.informed)
    alone = view.votes.matrix.T @ (weight * (1 + n_worker) ** -2.0)
    return WorkersOfRows(
        float(weight @ known),
        float(held.sum()),
        column_sums(weight * known, share),
        column_sums(held, share),
        float(weight @ n_worker),
        float(weight @ (n_worker > 1e-9)),
        view.votes.trusted(alone),
        view.votes.trusted(view.n_votes).astype(np.float64),
    )


def _sums(chunk: VoteChunk, posterior: np.ndarray, view: _View) -> Sums:
    posterior = chunk.clamp(posterior)
    args = view.votes.matrix.T, posterior, chunk.scale, view.n_votes
    counts = view.votes.trusted(class_counts_of_atoms(*args))
    informed = view.informed
    if chunk.scale is not None:
        informed = informed * chunk.scale
    total = chunk.expected(posterior), column_sums(informed, posterior)
    return Sums(*(array.astype(np.float64, copy=False) for array in (counts, *total)))


def _start(chunk: VoteChunk, mean_share: np.ndarray, sources: Sources) -> Sums:
    """Statistics under the vote shares, from which EM starts."""
    view = _view(chunk, sources)
    counts = class_counts(view.votes, chunk.class_of_value, chunk.n_classes)
    return _sums(chunk, shares_of_counts(counts, mean_share), view)


def _sweep(chunk: VoteChunk, evidence: Evidence, sources: Sources) -> Sums:
    """Statistics under the posterior of the parameters: one sweep of EM."""
    view = _view(chunk, sources)
    return _sums(chunk, evidence.posterior(view.votes, view.n_worker), view)


class LeftOut(NamedTuple):
    """Class counts of every atom, each vote judged by the others in its row."""

    counts: np.ndarray


def _left_out(chunk: VoteChunk, evidence: Evidence, sources: Sources) -> LeftOut:
    """Count the classes of every atom without the vote itself.

    Only rows with two votes or more, where somebody else is left to judge.
    """
    view = _view(chunk, sources)
    n_classes, n_votes = chunk.n_classes, chunk.counts
    scores = evidence.scores(view.votes, view.n_worker)
    weights = evidence.weights.reshape(-1, n_classes)
    counts = np.zeros((len(weights), n_classes))
    if n_classes == 2:
        # Log odds tell all, in one column.
        scores, weights = np.diff(scores), np.diff(weights)
    starts = np.flatnonzero(np.diff(chunk.indptr[:-1] // _BLOCK_VOTES, prepend=-1))
    for first, last in pairwise([*starts, len(n_votes)]):
        rows = np.repeat(np.arange(first, last), n_votes[first:last])
        cast = slice(chunk.indptr[first], chunk.indptr[last])
        atom, share = chunk.atom[cast], view.votes.matrix.data[cast]
        if view.votes.trust is not None:
            share = share * view.votes.trust[atom // len(chunk.class_of_value)]
        own = weights[atom] * share[:, None]
        if sources.alike is not None:
            votes = chunk.indicator[first:last]
            own = _of_source(votes, own, sources.alike, len(chunk.class_of_value))
        several = n_votes[rows] >= 2
        rows, atom, share = rows[several], atom[several], share[several]
        left = scores[rows] - own[several]
        others = two_columns(left[:, 0]) if n_classes == 2 else softmax(left)[0]
        others *= share[:, None]
        if chunk.scale is not None:
            others *= chunk.scale[rows, None]
        for c in range(n_classes):
            counts[:, c] += np.bincount(atom, others[:, c], minlength=len(counts))
    return LeftOut(counts)


def _of_source(
    votes: sparse.csr_matrix,
    own: np.ndarray,
    alike: sparse.csr_matrix,
    n_values: int,
) -> np.ndarray:
    """Return what the source of each vote adds to the scores, not the vote alone."""
    lf, shape = votes.indices // n_values, (votes.shape[0], alike.shape[0])
    columns = []
    for of_class in own.T:
        cast = sparse.csr_matrix((of_class, lf, votes.indptr), shape=shape)
        columns.append(at_votes(cast, cast @ alike))
    return np.column_stack(columns)


class CoFiring(NamedTuple):
    """Weighted number of samples on which two atoms of rules fire, and one does.

    `together` of shape (n_atoms, n_atoms), `n_votes` of shape (n_atoms,).
    """

    together: sparse.csr_matrix
    n_votes: np.ndarray


def _co_firing(chunk: VoteChunk, rule: np.ndarray) -> CoFiring:
    """Count the samples on which two atoms of rules fire together."""
    is_rule = np.repeat(rule > 0, len(chunk.class_of_value)).astype(chunk.dtype)
    A = chunk.indicator
    if not is_rule.all():
        A = A @ sparse.diags(is_rule, format="csr")
        A.eliminate_zeros()
    together = (A.T @ A.multiply(chunk.weight[:, None]).tocsr()).tocsr()
    return CoFiring(together, (is_rule * chunk.n_votes).astype(np.float64))


class ClassMass(NamedTuple):
    """Expected samples of each class among those with votes."""

    mass: np.ndarray


def _class_mass(chunk: VoteChunk, evidence: Evidence, sources: Sources) -> ClassMass:
    """Sum the posteriors of the rows with votes."""
    view = _view(chunk, sources)
    posterior = evidence.posterior(view.votes, view.n_worker)
    return ClassMass(column_sums(chunk.weight, posterior))


def _likelihood(chunk: VoteChunk, evidence: Evidence, sources: Sources) -> Likelihood:
    view = _view(chunk, sources)
    return likelihood_of(chunk, evidence.scores(view.votes, view.n_worker))


WORKERS_OF_ROWS = Statistic(
    "workers", _workers_of_rows, "whole", "atom", ("alone", "of_atom")
)
_COUNTS = ("counts",)
START = Statistic("label_model_start", _start, "whole", "atom", _COUNTS)
FIRST_SWEEP = Statistic("first_sweep", _sweep, "expectation", "atom", _COUNTS)
SWEEP = Statistic("later_sweep", _sweep, "expectation", "atom", _COUNTS)
LEFT_OUT = Statistic("left_out", _left_out, "expectation", "atom", _COUNTS)
CO_FIRING = Statistic("co_firing", _co_firing, "whole", "atom", ("together", "n_votes"))
CLASS_MASS = Statistic("class_mass", _class_mass, "rows")
LIKELIHOOD = Statistic("label_model_likelihood", _likelihood, "whole")


# Parameters


def facts_of(
    profile: Profile,
    kinds: Kinds,
    rows: WorkersOfRows,
    class_of_value: np.ndarray,
    prior: np.ndarray | None,
) -> Facts:
    """Put together what is known of the votes before EM starts.

    Parameters
    ----------
    profile : Profile
        Numbers of votes and rows.
    kinds : Kinds
        Which LFs are rules.
    rows : WorkersOfRows
        What workers say of each row.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    prior : ndarray of shape (n_classes,) or None
        The given class prior.

    Returns
    -------
    facts : Facts
        All of it.
    """
    n_classes = len(rows.share)
    known = rows.known / profile.weight
    share = rows.share / max(rows.known, 1e-12)
    share = known * share + (1 - known) / n_classes
    # One worker alone cannot tell the prior; where no worker votes it is even.
    held = (1 - kinds.lone) * rows.held_share + kinds.lone / n_classes * rows.held
    held += (profile.weight - rows.known) / n_classes + _PRIOR_SAMPLES * share + 1
    n_votes = rows.of_atom.reshape(len(kinds.rule), -1)
    alone = rows.alone.reshape(n_votes.shape) / np.maximum(n_votes, 1e-12)
    exposure = rows.n_votes / rows.n_rows if rows.n_rows > 0 else 1.0
    return Facts(
        kinds,
        n_votes,
        class_of_value,
        prior,
        profile.n_all,
        profile.weight,
        known,
        exposure,
        alone,
        held,
    )


def m_step(facts: Facts, sums: Sums) -> Evidence:
    """Return what votes say, given expected votes: one step of EM.

    Parameters
    ----------
    facts : Facts
        What does not change.
    sums : Sums
        Statistics of the last sweep.

    Returns
    -------
    evidence : Evidence
        Weights of votes, of silence, and the class prior.
    """
    n_classes = len(sums.total)
    rule = facts.kinds.rule[:, None, None]
    counts = sums.counts.reshape(*facts.n_votes.shape, n_classes)
    mass = (sums.total + 1) / (facts.n_covered + n_classes)
    weights = np.zeros_like(counts)
    if (facts.kinds.rule < 1).any():
        weights += (1 - rule) * _of_workers(facts, counts, mass)
    silence = np.zeros(n_classes)
    if (facts.kinds.rule > 0).any():
        table = rule_tables(facts, counts, mass)
        weights += rule * (np.log(table) - np.log(_share_of_all(facts, sums.total)))
        weights, silence = _with_silence(facts, weights)
    prior = facts.prior
    if prior is None:
        prior = sums.informed + facts.held
        prior = prior / prior.sum()
    return Evidence(weights, silence, np.log(prior))


def _share_of_all(facts: Facts, total: np.ndarray) -> np.ndarray:
    """Return the class shares of all rows; those without votes have the prior."""
    n_classes = len(total)
    bare = np.full(n_classes, 1 / n_classes) if facts.prior is None else facts.prior
    share = facts.covered * total / facts.n_covered + (1 - facts.covered) * bare
    return (share * facts.n_rows + 1) / (facts.n_rows + n_classes)


def expected_of_vote(
    share: np.ndarray, class_of_value: np.ndarray, ratio: float
) -> np.ndarray:
    """Return P(class | vote) before any vote is seen, shape (n_values, n_classes)."""
    n_classes = len(share)
    expected = (1 - _FLATTEN) * share + _FLATTEN / n_classes
    expected = np.tile(expected, (len(class_of_value), 1))
    named = np.flatnonzero(class_of_value >= 0)
    expected[named, class_of_value[named]] *= ratio * (n_classes - 1)
    return expected / expected.sum(axis=1, keepdims=True)


def rule_tables(facts: Facts, counts: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return P(class | vote) of rules, shrunk to what is expected of a vote.

    The more of the votes meet no vote of a worker, the more they are held there:
    posteriors that the votes of rules made themselves would only confirm them.
    """
    expected = expected_of_vote(share, facts.class_of_value, _RULE_RATIO)
    n_votes = counts.sum(axis=2, keepdims=True)
    pseudo = _STRENGTH + facts.alone[:, :, None] * n_votes
    return (counts + pseudo * expected) / (n_votes + pseudo)


def shrunk_counts(
    facts: Facts, counts: np.ndarray, share: np.ndarray, per_vote: float
) -> np.ndarray:
    """Add pseudo-votes to the expected votes of workers; the fewer LFs, the more."""
    expected = expected_of_vote(share, facts.class_of_value, _WORKER_RATIO)
    return counts + per_vote * counts.sum(axis=2, keepdims=True) * expected


def _of_workers(
    facts: Facts, counts: np.ndarray, share: np.ndarray, more: float = 0.0
) -> np.ndarray:
    """Return log P(vote value | class)."""
    per_vote = facts.kinds.shrinkage + more
    if per_vote > 1e-9:
        counts = shrunk_counts(facts, counts, share, per_vote)
    return log_tables(counts, facts.pseudo_votes)


def _with_silence(facts: Facts, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spread log P(rule abstains | class) over the rows.

    All rows get the sum over rules, and a vote takes that of its rule back.
    """
    silence = np.zeros(weights.shape[-1])
    strength = facts.known * facts.covered * facts.open
    if strength == 0:
        return weights, silence
    rules = np.flatnonzero(facts.kinds.rule > 0)
    rate = facts.n_votes[rules] / facts.n_rows
    firing = np.exp(np.minimum(weights[rules], _LARGEST_WEIGHT)) * rate[:, :, None]
    firing = np.minimum(firing.sum(axis=1), _LARGEST_RATE)
    silent = strength * facts.kinds.rule[rules, None] * np.log1p(-firing)
    silent -= silent.mean(axis=1, keepdims=True)
    weights[rules] -= silent[:, None, :]
    return weights, silent.sum(axis=0) / facts.exposure


def revise(facts: Facts, evidence: Evidence, left_out: np.ndarray) -> Evidence:
    """Revise the weights by votes that were judged by the others in their rows.

    Parameters
    ----------
    facts : Facts
        What is known of the votes.
    evidence : Evidence
        That of the last M-step.
    left_out : ndarray of shape (n_atoms, n_classes)
        Expected votes, each under the posterior without it.

    Returns
    -------
    evidence : Evidence
        With new weights.
    """
    kinds, weights = facts.kinds, evidence.weights.copy()
    counts = left_out.reshape(weights.shape)
    n_classes = len(facts.held)
    share = (counts.sum(axis=(0, 1)) + 1) / (counts.sum() + n_classes)
    rule = kinds.rule[:, None, None]
    if facts.open > 0 and rule.any():
        alone = np.log(rule_tables(facts, counts, share)) - np.log(share)
        weights += facts.open * _LEFT_OUT * rule * (alone - weights)
    if kinds.left_out > 0:
        alone = _of_workers(facts, counts, share, kinds.left_out)
        # Of an LF few of whose votes others judge, these few say little of the rest.
        n_votes = facts.n_votes.sum(axis=1)
        judged = np.minimum(counts.sum(axis=(1, 2)) / np.maximum(n_votes, 1e-12), 1)
        blend = kinds.left_out * judged[:, None, None] * (1 - rule)
        weights += blend * (alone - weights)
    if facts.open > 0 and (rule < 1).any():
        weights += facts.open * (1 - rule) * _coverage(counts, share)[:, None, :]
    return evidence._replace(weights=weights)


def _coverage(counts: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return log of how much more often each LF votes on samples of a class.

    Held at 0 by pseudo-votes, by more of them where the difference is noise.
    """
    n_classes = len(share)
    of_class = counts.sum(axis=1)
    total = of_class.sum(axis=1, keepdims=True)
    expected = total * share
    chi_squared = ((of_class - expected) ** 2 / np.maximum(expected, 1e-12)).sum(1)
    noise = (n_classes - 1) * total / np.maximum(chi_squared, 1e-12)[:, None]
    pseudo = _COVER_VOTES + _COVER_NOISE * noise
    return np.log((of_class + pseudo * share) / (total + pseudo)) - np.log(share)


def with_newcomers(facts: Facts, sums: Sums, evidence: Evidence) -> Evidence:
    """Give LFs without votes the weights of the average LF, should they vote later."""
    never = facts.n_votes.sum(axis=1) == 0
    if not never.any():
        return evidence
    counts = sums.counts.reshape(evidence.weights.shape)
    by_worker = np.tensordot(1 - facts.kinds.rule, counts, axes=1)
    rule = 1 - by_worker.sum() / max(counts.sum(), 1e-300)
    share = (sums.total + 1) / (facts.n_covered + len(sums.total))
    table = expected_of_vote(share, facts.class_of_value, _RULE_RATIO)
    of_rule = np.log(table) - np.log(_share_of_all(facts, sums.total))
    of_worker = log_tables(by_worker[None], facts.pseudo_votes)[0]
    weights = evidence.weights.copy()
    weights[never] = rule * of_rule + (1 - rule) * of_worker
    return evidence._replace(weights=weights)


def expected_votes(facts: Facts, sums: Sums) -> np.ndarray:
    """Return expected votes of each LF, value and class, pseudo-votes included.

    Parameters
    ----------
    facts : Facts
        What is known of the votes.
    sums : Sums
        Statistics of the last sweep.

    Returns
    -------
    joint : ndarray of shape (n_lfs, n_values, n_classes)
        A rule's has the number of its votes, a worker's its pseudo-votes too.
    """
    counts = sums.counts.reshape(*facts.n_votes.shape, len(sums.total))
    share = (sums.total + 1) / (facts.n_covered + len(sums.total))
    rule = facts.kinds.rule[:, None, None]
    of_rule = rule_tables(facts, counts, share) * (facts.n_votes[:, :, None] + 1e-9)
    of_worker = shrunk_counts(facts, counts, share, facts.kinds.shrinkage)
    return rule * of_rule + (1 - rule) * (of_worker + facts.pseudo_votes)


def redundancy(
    firing: CoFiring, sums: Sums, class_of_value: np.ndarray, n_lfs: int
) -> np.ndarray:
    """Return one discount per LF: 1 if it stands alone, less if others repeat it.

    R_ab is the co-firing of two atoms of one class that conditional independence given
    the class does not explain, as a share of the votes of the more frequent one. It
    begins to count at two standard errors, and counts in full from four on; a thousand
    small accidents, or LFs that share the samples that they see, are no repetition.

    Parameters
    ----------
    firing : CoFiring
        How often atoms of rules fire, and together.
    sums : Sums
        Statistics of the last sweep.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    n_lfs : int
        Number of LFs.

    Returns
    -------
    discount : ndarray of shape (n_lfs,)
        In (0, 1].
    """
    atom_class = np.tile(class_of_value, n_lfs)
    lf_of_atom = np.arange(len(atom_class)) // len(class_of_value)
    pairs = firing.together.tocoo()
    a, b, observed = pairs.row, pairs.col, pairs.data
    same = (
        (atom_class[a] == atom_class[b])
        & (atom_class[a] >= 0)
        & (lf_of_atom[a] != lf_of_atom[b])
    )
    a, b, observed = a[same], b[same], observed[same]
    per_sample = sums.counts / np.maximum(sums.total, 1e-12)
    expected = np.einsum("ij,ij->i", per_sample[a], sums.counts[b])
    larger = np.maximum(firing.n_votes[a], firing.n_votes[b])
    n_errors = (observed - expected) / np.sqrt(expected + 1)
    excess = ramp(n_errors, _REPEATED) * (observed - expected) / larger
    repeated = np.bincount(a, np.clip(excess, 0, 1), minlength=len(atom_class))
    total = np.bincount(lf_of_atom, firing.n_votes, minlength=n_lfs)
    weighted = np.bincount(lf_of_atom, firing.n_votes / (1 + repeated), minlength=n_lfs)
    return np.where(total > 0, weighted / np.maximum(total, 1e-300), 1.0)
