"""EM of LabelModel, and its search for LFs that are copies of each other."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklabel.evidence._alike import (
    AGREEMENT,
    Agreement,
    certain_copies,
    possible_copies,
    ramp,
    with_groups,
)
from sklabel.evidence._evidence import (
    FIRST_SWEEP,
    START,
    SWEEP,
    WORKERS_OF_ROWS,
    Evidence,
    Facts,
    Sources,
    Sums,
    facts_of,
    m_step,
    pseudo_votes,
)
from sklabel.evidence._kinds import Kinds, effective_number, find_kinds
from sklabel.sums._em import EMResult, run_em
from sklabel.sums._sums import Profile, Statistic, VoteSource

# Sweeps of data on which only rules vote, and further ones where workers judge all
# rows: without workers, EM drifts away from what the votes say.
_RULE_SWEEPS, _WORKER_SWEEPS = 2, 500
# Copies are looked for where workers cover the data; see `Kinds.cover`.
_CLOSE_LOOK = (0.01, 0.1)
# Fits in which possible copies count as one source: accurate LFs look less alike in
# each.
_CLOSER_LOOKS = 2
# How many other sources it takes to tell copies from accurate LFs.
_ENOUGH_OTHERS = (2.0, 5.0)


class Settings(NamedTuple):
    """What is known besides the votes, and when EM ends.

    Attributes
    ----------
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    n_classes : int
        Number of classes.
    kinds : ndarray of shape (n_lfs,)
        0 for a known worker, 1 for a known rule, NaN where the votes decide.
    groups : ndarray of shape (n_lfs,) or None
        Number of the source of each LF; None if each is its own.
    prior : ndarray of shape (n_classes,) or None
        The given class prior.
    max_iter : int
        Upper bound on sweeps.
    tol : float
        Change of the sums at which EM ends.
    say : callable or None
        Gets the number of each sweep, its change and the seconds that it took.
    """

    class_of_value: np.ndarray
    n_classes: int
    kinds: np.ndarray
    groups: np.ndarray | None = None
    prior: np.ndarray | None = None
    max_iter: int = 1000
    tol: float = 1e-6
    say: Callable[[int, float, float], None] | None = None


def is_searched(cover: float) -> bool:
    """Tell whether workers cover enough of the rows to look for copies."""
    return bool(ramp(cover, _CLOSE_LOOK) > 0)


def search_copies(
    data: VoteSource,
    profile: Profile,
    kinds: Kinds,
    settings: Settings,
    agreement: Agreement | None = None,
) -> sparse.csr_matrix | None:
    """Return how far LFs are copies of each other; None if there is no sign of it.

    Whatever may be a copy counts as one source in a first fit. Where the other LFs
    then show that both are accurate, they are two.

    Parameters
    ----------
    data : VoteSource
        The votes.
    profile : Profile
        Their numbers.
    kinds : Kinds
        Which LFs are rules.
    settings : Settings
        What else is known.
    agreement : Agreement or None
        That of the votes, if it has been counted already.

    Returns
    -------
    copies : csr_matrix of shape (n_lfs, n_lfs) or None
        In [0, 1], 0 on the diagonal.
    """
    n_votes = profile.n_votes.reshape(data.n_lfs, -1)
    strength = ramp(kinds.cover, _CLOSE_LOOK)
    if strength == 0 or data.n_lfs == 1:
        return None
    if agreement is None:
        agreement = data.total(AGREEMENT)
    possible = strength * possible_copies(agreement, n_votes)
    if possible.nnz == 0:
        return None
    sources = with_groups(possible, settings.groups, data.n_lfs)
    n_others = effective_number(n_votes.sum(axis=1), sources) - 1
    possible = ramp(n_others, _ENOUGH_OTHERS) * possible
    possible.eliminate_zeros()
    if possible.nnz == 0:
        return None
    pseudo = pseudo_votes(settings.class_of_value, settings.n_classes)
    copies, earlier = possible, data.earlier(SWEEP)
    for _ in range(_CLOSER_LOOKS if earlier is None else 1):
        sums = earlier
        if earlier is None:
            sums = fit_evidence(data, profile, kinds, copies, settings)[2].led_to
        joint = sums.counts.reshape(*n_votes.shape, -1) + pseudo
        share = sums.total / sums.total.sum()
        copies = certain_copies(agreement, possible, joint, share)
    return copies


def fit_evidence(
    data: VoteSource,
    profile: Profile,
    kinds: Kinds,
    copies: sparse.csr_matrix | None,
    settings: Settings,
) -> tuple[Facts, Sources, EMResult]:
    """Run EM; two sweeps where only rules vote, to the end where workers do.

    Parameters
    ----------
    data : VoteSource
        The votes.
    profile : Profile
        Their numbers.
    kinds : Kinds
        Which LFs are rules, if each is its own source.
    copies : csr_matrix of shape (n_lfs, n_lfs) or None
        How far LFs are copies of each other.
    settings : Settings
        What else is known.

    Returns
    -------
    facts : Facts
        What was known of the votes.
    sources : Sources
        What counts as one source.
    result : EMResult
        How EM ended; its parameters are an Evidence.
    """
    alike = with_groups(copies, settings.groups, data.n_lfs)
    if alike is not None:
        n_votes = profile.n_votes.reshape(data.n_lfs, -1)
        kinds = find_kinds(n_votes, profile.weight, settings.kinds, alike)
    sources = Sources(kinds.rule, kinds.half, alike, kinds.trust)
    workers = data.total(WORKERS_OF_ROWS, sources)
    facts = facts_of(profile, kinds, workers, settings.class_of_value, settings.prior)
    maximise = partial(m_step, facts)
    e_step = partial(_e_step, data, sources)
    shares = data.total(START, profile.mean_share, sources)
    n_steps = _RULE_SWEEPS + _WORKER_SWEEPS * facts.known
    em = partial(run_em, max_iter=settings.max_iter, tol=settings.tol, say=settings.say)
    if settings.max_iter == 1:
        return facts, sources, em(shares, maximise, partial(e_step, FIRST_SWEEP))
    started = time.perf_counter()
    first = maximise(shares)
    if n_steps < _RULE_SWEEPS + 1:
        sums = data.total(FIRST_SWEEP, first, sources)
    else:
        sums = data.start(SWEEP, FIRST_SWEEP, first, sources)
    if settings.say is not None:
        settings.say(1, sums.change(shares), time.perf_counter() - started)
    em, e_step = partial(em, n_done=1), partial(e_step, SWEEP)
    return facts, sources, data.run_em(em, sums, maximise, e_step, n_steps - 1)


def _e_step(
    data: VoteSource, sources: Sources, sweep: Statistic, evidence: Evidence
) -> Sums:
    """Return the expected votes, given what votes say."""
    return data.total(sweep, evidence, sources)
