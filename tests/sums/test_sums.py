"""Sums over chunks of votes are those of all votes, so any chunking fits the same."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from sklabel import LabelModel
from sklabel.datasets import make_crowd_labels, make_lf_votes
from sklabel.evidence._alike import AGREEMENT
from sklabel.evidence._evidence import (
    CLASS_MASS,
    CO_FIRING,
    FIRST_SWEEP,
    LEFT_OUT,
    LIKELIHOOD,
    START,
    SWEEP,
    WORKERS_OF_ROWS,
    Evidence,
    Sources,
)
from sklabel.label_model import DawidSkene, OneCoinDawidSkene
from sklabel.label_model._one_coin import (
    COIN_LIKELIHOOD,
    COIN_PROFILE,
    COIN_START,
    COIN_SWEEP,
    CoinChunk,
)
from sklabel.sums._sums import (
    ATOM_LIKELIHOOD,
    ATOM_PROFILE,
    ATOM_START,
    ATOM_SWEEP,
    VoteSource,
    add_sums,
)
from sklabel.votes import votes_from_long
from sklabel.votes._cast import CastVotes
from sklabel.votes._read import read_votes

CLASS_OF_VALUE = np.array([0, 1, 2])
N_SAMPLES, N_LFS, K = 90, 5, 3


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    dense = rng.integers(-1, K, size=(N_SAMPLES, N_LFS))
    dense[:9] = -1
    gold = np.where(rng.uniform(size=N_SAMPLES) < 0.2, rng.integers(K), -1)
    gold[:3] = [0, 1, -1]
    weight = rng.uniform(0.5, 2, size=N_SAMPLES)
    return dense, gold, weight


def chunk_of(dense, gold, weight):
    return CoinChunk(read_votes(dense), gold, weight, CLASS_OF_VALUE, K)


RULE = np.array([1, 0, 0.3, 1, 0])
SOURCES = Sources(RULE, 0.7)
TABLE = np.log(np.random.default_rng(1).dirichlet(np.ones(K), size=N_LFS * K))
PRIOR = np.log([0.2, 0.3, 0.5])
COIN = np.linspace(-1, 1, N_LFS)
EVIDENCE = Evidence(TABLE.reshape(N_LFS, K, K), np.array([0.2, 0.1, -0.3]), PRIOR)


@pytest.mark.parametrize(
    ("statistic", "args"),
    [
        (ATOM_PROFILE, ()),
        (COIN_PROFILE, ()),
        (ATOM_START, (np.full(K, 1 / K),)),
        (ATOM_SWEEP, (TABLE, PRIOR)),
        (ATOM_LIKELIHOOD, (TABLE, PRIOR)),
        (COIN_START, (np.full(K, 1 / K),)),
        (COIN_SWEEP, (COIN, PRIOR)),
        (COIN_LIKELIHOOD, (COIN, -COIN, PRIOR)),
        (WORKERS_OF_ROWS, (SOURCES,)),
        (START, (np.full(K, 1 / K), SOURCES)),
        (SWEEP, (EVIDENCE, SOURCES)),
        (LIKELIHOOD, (EVIDENCE, SOURCES)),
        (LEFT_OUT, (EVIDENCE, SOURCES)),
        (CO_FIRING, (RULE,)),
        (CLASS_MASS, (EVIDENCE, SOURCES)),
    ],
)
def test_statistics_of_seven_chunks_add_up_to_those_of_all_rows(parts, statistic, args):
    cuts = [0, 1, 4, 30, 31, 60, 75, N_SAMPLES]
    chunks = [chunk_of(*(part[a:b] for part in parts)) for a, b in pairwise(cuts)]
    found = VoteSource(chunks).total(statistic, *args)
    expected = statistic.of(chunk_of(*parts), *args)
    for name, value in expected._asdict().items():
        other = getattr(found, name)
        if hasattr(value, "toarray"):
            value, other = value.toarray(), other.toarray()
        assert_allclose(other, value, rtol=1e-12, atol=1e-12, err_msg=name)


def test_a_chunk_leaves_out_rows_that_say_nothing_and_counts_them(parts):
    chunk = chunk_of(*parts)
    silent = (parts[0] < 0).all(axis=1) & (parts[1] < 0)
    assert len(chunk.gold) == N_SAMPLES - silent.sum() < N_SAMPLES
    assert chunk.n_all == pytest.approx(parts[2].sum())


def test_sweep_statistics_equal_loops_over_votes(parts):
    dense, gold, weight = parts
    counts, total = np.zeros((N_LFS * K, K)), np.zeros(K)
    for i in range(N_SAMPLES):
        cast = [j for j in range(N_LFS) if dense[i, j] >= 0]
        if not cast and gold[i] < 0:
            continue
        joint = np.exp(PRIOR)
        for j in cast:
            joint = joint * np.exp(TABLE[j * K + dense[i, j]])
        posterior = joint / joint.sum()
        if gold[i] >= 0:
            posterior = np.eye(K)[gold[i]]
        total += weight[i] * posterior
        for j in cast:
            counts[j * K + dense[i, j]] += weight[i] * posterior
    sums = ATOM_SWEEP.of(chunk_of(*parts), TABLE, PRIOR)
    assert_allclose(sums.counts, counts)
    assert_allclose(sums.total, total)


def test_the_sweep_of_rules_and_workers_equals_loops_over_votes(parts):
    dense, _, weight = parts
    no_gold = np.full(N_SAMPLES, -1)
    counts, total, informed = np.zeros((N_LFS * K, K)), np.zeros(K), np.zeros(K)
    for i in range(N_SAMPLES):
        cast = [j for j in range(N_LFS) if dense[i, j] >= 0]
        if not cast:
            continue
        n_worker = sum(1 - RULE[j] for j in cast)
        scores = PRIOR + n_worker * EVIDENCE.silence
        for j in cast:
            scores = scores + TABLE[j * K + dense[i, j]]
        posterior = np.exp(scores) / np.exp(scores).sum()
        others = max(n_worker - 1, 0)
        total += weight[i] * posterior
        informed += weight[i] * min(n_worker, 1) * others / (others + 0.7) * posterior
        for j in cast:
            counts[j * K + dense[i, j]] += weight[i] * posterior
    for statistic in (SWEEP, FIRST_SWEEP):
        chunk = chunk_of(dense, no_gold, weight)
        sums = statistic.of(chunk, EVIDENCE, SOURCES)
        assert_allclose(sums.counts, counts)
        assert_allclose(sums.total, total)
        assert_allclose(sums.informed, informed)


@pytest.mark.parametrize("grouped", [False, True])
def test_votes_that_are_trusted_less_equal_votes_that_count_less(parts, grouped):
    dense, gold, weight = parts
    trust = np.array([1, 0.3, 1, 0.05, 0.8])
    alike = None
    if grouped:
        alike = np.eye(N_LFS)
        alike[0, 1] = alike[1, 0] = 1
        alike = sparse.csr_matrix(alike)
    sources = Sources(RULE, 0.7, alike, trust)
    counts, n_worker = np.zeros((N_LFS * K, K)), np.zeros(N_SAMPLES)
    for i in range(N_SAMPLES):
        cast = [j for j in range(N_LFS) if dense[i, j] >= 0]
        share = dict(zip(cast, trust[cast], strict=True))
        if grouped and {0, 1} <= set(cast):
            share[0] /= 2
            share[1] /= 2
        n_worker[i] = sum((1 - RULE[j]) * share[j] for j in cast)
        scores = PRIOR + n_worker[i] * EVIDENCE.silence
        for j in cast:
            scores = scores + share[j] * TABLE[j * K + dense[i, j]]
        posterior = np.exp(scores) / np.exp(scores).sum()
        if gold[i] >= 0:
            posterior = np.eye(K)[gold[i]]
        for j in cast:
            counts[j * K + dense[i, j]] += weight[i] * share[j] * posterior
    chunk = chunk_of(*parts)
    for _ in range(2):
        assert_allclose(SWEEP.of(chunk, EVIDENCE, sources).counts, counts)
    rows = WORKERS_OF_ROWS.of(chunk, sources)
    assert_allclose(rows.of_atom, counts.sum(axis=1))
    assert rows.n_votes == pytest.approx(weight @ n_worker)


def test_chunks_keep_no_number_per_vote_where_some_workers_are_trusted_less(parts):
    dense, _, weight = parts
    chunk = chunk_of(dense, np.full(N_SAMPLES, -1), weight)
    sources = Sources(np.zeros(N_LFS), 0.7, None, np.array([1, 0.3, 1, 0.05, 0.8]))
    SWEEP.of(chunk, EVIDENCE, sources)
    view = chunk.__dict__["_rows"][1]
    assert view.votes.matrix is chunk.indicator
    assert view.n_votes is chunk.n_votes
    assert view.votes.trust is None
    assert view.n_worker is None


@pytest.mark.parametrize("n_silent", [0, 200])
@pytest.mark.parametrize("weighted", [False, True])
def test_agreement_equals_loops_over_rows(parts, n_silent, weighted):
    dense, gold, weight = parts
    if not weighted:
        weight = np.ones(N_SAMPLES)
    both, same = np.zeros((N_LFS, N_LFS)), np.zeros((N_LFS, N_LFS))
    for votes, w in zip(dense, weight, strict=True):
        for a in np.flatnonzero(votes >= 0):
            for b in np.flatnonzero(votes >= 0):
                both[a, b] += w
                same[a, b] += w * (votes[a] == votes[b])
    # Among many LFs, the products are sparse.
    silent = np.full((N_SAMPLES, n_silent), -1)
    found = AGREEMENT.of(chunk_of(np.hstack([dense, silent]), gold, weight))
    assert found.both.shape == found.same.shape == (N_LFS + n_silent,) * 2
    assert_allclose(found.both[:N_LFS, :N_LFS].toarray(), both, rtol=1e-12)
    assert_allclose(found.same[:N_LFS, :N_LFS].toarray(), same, rtol=1e-12)
    assert found.both.nnz <= N_LFS**2


def test_what_workers_say_of_rows_equals_loops_over_votes(parts):
    dense, _, weight = parts
    chunk = chunk_of(dense, np.full(N_SAMPLES, -1), weight)
    found = WORKERS_OF_ROWS.of(chunk, SOURCES)
    known, held, alone = 0.0, 0.0, np.zeros(N_LFS * K)
    share, held_share = np.zeros(K), np.zeros(K)
    for i in range(N_SAMPLES):
        cast = [j for j in range(N_LFS) if dense[i, j] >= 0]
        votes = np.zeros(K)
        for j in cast:
            votes[dense[i, j]] += 1 - RULE[j]
        n_worker = votes.sum()
        for j in cast:
            alone[j * K + dense[i, j]] += weight[i] / (1 + n_worker) ** 2
        if n_worker == 0:
            continue
        judged = min(n_worker, 1)
        others = max(n_worker - 1, 0)
        rest = judged * (1 - others / (others + 0.7))
        known += weight[i] * judged
        held += weight[i] * rest
        share += weight[i] * judged * votes / n_worker
        held_share += weight[i] * rest * votes / n_worker
    assert found.known == pytest.approx(known)
    assert found.held == pytest.approx(held)
    assert_allclose(found.share, share)
    assert_allclose(found.held_share, held_share)
    assert_allclose(found.alone, alone)


def test_the_change_of_sums_is_the_mean_move_of_a_vote(parts):
    chunk = chunk_of(*parts)
    a, b = ATOM_START.of(chunk, np.full(K, 1 / K)), ATOM_SWEEP.of(chunk, TABLE, PRIOR)
    moved = np.abs(a.counts - b.counts).sum() / 2
    assert b.change(a) == pytest.approx(moved / a.counts.sum())
    assert a.change(a) == 0


def test_rows_follow_the_kinds_asked_for(parts):
    chunk = chunk_of(*parts)
    some = SWEEP.of(chunk, EVIDENCE, SOURCES)
    other = SWEEP.of(chunk, EVIDENCE, Sources(np.zeros(N_LFS), 0.7))
    assert np.abs(other.counts - some.counts).max() > 0.1
    again = SWEEP.of(chunk, EVIDENCE, SOURCES)
    assert_array_equal(again.counts, some.counts)
    assert_array_equal(again.informed, some.informed)


def test_sums_go_part_of_the_way(parts):
    chunk = chunk_of(*parts)
    a = START.of(chunk, np.full(K, 1 / K), SOURCES)
    b = SWEEP.of(chunk, EVIDENCE, SOURCES)
    assert_allclose(a.towards(b, 0.25).counts, 0.75 * a.counts + 0.25 * b.counts)
    assert_allclose(a.towards(b, 0.25).informed, 0.75 * a.informed + 0.25 * b.informed)


def test_sums_of_two_chunks_keep_their_names(parts):
    profile = ATOM_PROFILE.of(chunk_of(*parts))
    assert add_sums(profile, profile).n_all == 2 * profile.n_all


class InSevenChunks:
    """Splits the votes of a fit before the model sees them."""

    def _fit_votes(self, votes, gold, sample_weight):
        cuts = np.linspace(0, votes.n_samples, 8).astype(int)
        chunks = []
        for a, b in pairwise(cuts):
            indptr = votes.indptr[a : b + 1]
            cast = slice(indptr[0], indptr[-1])
            part = CastVotes(
                indptr - indptr[0], votes.lf[cast], votes.value[cast], votes.n_lfs
            )
            chunks.append(self._chunk(part, gold[a:b], sample_weight[a:b]))
        self._fit_source(VoteSource(chunks))


def crowd():
    data = make_crowd_labels(700, 40, 3, random_state=0)
    frame = data.crowd_labels
    return votes_from_long(
        frame, sample=frame.columns[0], lf=frame.columns[1], vote=frame.columns[2]
    ).to_numpy()


def rules():
    return make_lf_votes(700, 12, 3, unipolar_share=1.0, random_state=0).votes


def mixed():
    votes = np.full((700, 14), -1)
    votes[:, :12] = make_lf_votes(700, 12, 2, unipolar_share=0.0, random_state=0).votes
    votes[:, 12] = np.where(votes[:, 0] >= 0, 0, -1)
    votes[::3, 13] = 1
    return votes


@pytest.mark.parametrize(("votes", "n_rules"), [(crowd, 0), (rules, 12), (mixed, 2)])
@pytest.mark.parametrize("options", [{}, {"class_prior": "given"}])
def test_label_model_fits_the_same_in_seven_chunks(votes, n_rules, options):
    votes = votes()
    in_chunks = type("LabelModelInChunks", (InSevenChunks, LabelModel), {})
    whole = LabelModel().fit(votes)
    if options:
        prior = np.arange(2, len(whole.classes_) + 2)
        options = {"class_prior": prior / prior.sum()}
        whole = LabelModel(**options).fit(votes)
    assert (whole.lf_kind_ == "rule").sum() == n_rules
    parts = in_chunks(**options).fit(votes)
    assert parts.n_iter_ == whole.n_iter_
    assert_allclose(
        parts.predict_proba(votes), whole.predict_proba(votes), rtol=0, atol=1e-9
    )
    assert_allclose(parts.confusion_, whole.confusion_, atol=1e-9)
    assert parts.lower_bound_ == pytest.approx(whole.lower_bound_)


@pytest.mark.parametrize("Model", [DawidSkene, OneCoinDawidSkene])
def test_dawid_skene_fits_the_same_in_seven_chunks(Model):
    votes = crowd()
    gold = np.full(votes.shape[0], -1)
    gold[:50] = np.arange(50) % 3
    whole = Model().fit(votes, gold)
    parts = type("InChunks", (InSevenChunks, Model), {})().fit(votes, gold)
    assert_allclose(
        parts.predict_proba(votes), whole.predict_proba(votes), rtol=0, atol=1e-9
    )
    assert parts.lower_bound_ == pytest.approx(whole.lower_bound_)


def test_statistics_that_are_remembered_apart_have_names_of_their_own():
    statistics = [
        *(ATOM_PROFILE, ATOM_START, ATOM_SWEEP, ATOM_LIKELIHOOD, START, FIRST_SWEEP),
        *(SWEEP, LIKELIHOOD, LEFT_OUT, CO_FIRING, CLASS_MASS, WORKERS_OF_ROWS),
    ]
    assert len({statistic.name for statistic in statistics}) == len(statistics)


@pytest.mark.parametrize(
    "statistic",
    [
        *(ATOM_PROFILE, ATOM_START, ATOM_SWEEP, START, SWEEP, LEFT_OUT, CO_FIRING),
        *(WORKERS_OF_ROWS, COIN_SWEEP),
    ],
)
def test_rows_of_a_statistic_stand_for_atoms_or_lfs(parts, statistic):
    args = {
        "start": (np.full(K, 1 / K),),
        "sweep": (TABLE, PRIOR),
        "label_model_start": (np.full(K, 1 / K), SOURCES),
        "later_sweep": (EVIDENCE, SOURCES),
        "left_out": (EVIDENCE, SOURCES),
        "workers": (SOURCES,),
        "co_firing": (RULE,),
    }.get(statistic.name, ())
    if statistic is COIN_SWEEP:
        args = (COIN, PRIOR)
    sums = statistic.of(chunk_of(*parts), *args)
    n_rows = N_LFS if statistic.per == "lf" else N_LFS * K
    with_rows = {
        name
        for name, value in sums._asdict().items()
        if np.shape(value)[:1] == (n_rows,)
    }
    assert with_rows == set(statistic.rows_of)
