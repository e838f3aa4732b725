"""LFs that repeat each other."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklabel.evidence._pair_sums import pair_sums
from sklabel.inspection._crowd import ModelVotes
from sklabel.sums._sums import one_hot

# An LF repeats another if they have this many common votes, this share of them is
# equal, and that is more than independent errors explain, by this share and by this
# number of standard errors.
_COMMON_VOTES = 20
_EQUAL_SHARE = 0.95
_EXCESS_SHARE = 0.05
_EXCESS_ERRORS = 4.0
# How many partners of an LF are examined closely, those with most common votes; and the
# sweeps that find the skills.
_PARTNERS, _SWEEPS = 3, 30
# LFs per block of the table of pairs.
_LF_BLOCK = 256


def find_repeats(
    model_votes: ModelVotes, posterior: np.ndarray
) -> dict[int, tuple[int, float, int, str]]:
    """Find LFs that repeat another one, see Notes of `lf_summary`.

    Parameters
    ----------
    model_votes : ModelVotes
        Votes.
    posterior : ndarray of shape (n_samples, n_classes)
        Class probabilities of the rows.

    Returns
    -------
    repeats : dict
        From the column of an LF to that of the other, the share of equal votes (or of
        common firing), the number of common votes, and "equal" or "both fire".
    """
    votes, n_values = model_votes.votes, len(model_votes.class_of_value)
    n_votes = np.bincount(votes.lf, minlength=votes.n_lfs)
    busy = np.flatnonzero(n_votes >= _COMMON_VOTES)
    if len(busy) < 2:
        return {}
    n_votes = n_votes[busy]
    atoms = one_hot(votes, n_values).tocsc()
    by_value = [atoms[:, busy * n_values + v] for v in range(n_values)]
    by_value = [B for B in by_value if B.nnz]
    voted = sum(by_value[1:], by_value[0]).tocsc()
    of_value = np.stack([np.diff(B.indptr) for B in by_value], axis=1)
    is_rule = (of_value > 0).sum(axis=1) == 1
    fires = voted.T @ posterior
    of_class = np.maximum(posterior[votes.counts > 0].sum(axis=0), 1e-12)

    candidates = []
    common_of, equal_of = pair_sums([voted]), pair_sums(by_value)
    for start in range(0, len(busy), _LF_BLOCK):
        block = np.arange(start, min(start + _LF_BLOCK, len(busy)))
        common, equal = common_of(block), equal_of(block)
        common[block[:, None] >= np.arange(len(busy))] = 0
        rules = np.logical_and.outer(is_rule[block], is_rule)
        tried = np.where(rules, np.maximum.outer(n_votes[block], n_votes), common)
        near = (common >= _COMMON_VOTES) & (equal >= _EQUAL_SHARE * tried)
        # A worker and a rule are not compared: the rule fires for one class only, so a
        # good worker agrees with a good rule.
        near &= rules | ~np.logical_or.outer(is_rule[block], is_rule)
        for a, b in np.argwhere(near):
            candidates.append((int(common[a, b]), int(block[a]), int(b), equal[a, b]))
    repeats: dict[int, tuple[int, float, int, str]] = {}
    if not candidates:
        return repeats
    skills = _Skills(by_value, voted, max(posterior.shape[1], 2))
    n_checked = np.zeros(len(busy), dtype=int)
    for n_common, a, b, n_equal in sorted(candidates, key=lambda pair: -pair[0]):
        if min(n_checked[a], n_checked[b]) >= _PARTNERS:
            continue
        n_checked[[a, b]] += 1
        if is_rule[a]:
            what, n_tried = "both fire", int(max(n_votes[a], n_votes[b]))
            expected = float((fires[a] * fires[b] / of_class).sum())
        else:
            what, n_tried = "equal", n_common
            rows = _common_rows(voted, a, b)
            first, second = (_share_of_values(by_value, rows, x) for x in (a, b))
            by_skill = skills.expected_equal(a, b, n_equal, n_common)
            expected = n_common * max(by_skill, float(first @ second))
        if _far_above(n_equal, expected, n_tried):
            for one, other in ((a, b), (b, a)):
                found = (int(busy[other]), float(n_equal / n_tried), n_tried, what)
                repeats.setdefault(int(busy[one]), found)
    return repeats


class _Skills:
    """How well LFs agree with each other, explained by one skill per LF.

    A skill of 0 is a guess, and 1 is always right. Suppose that an LF that is wrong
    names each other class equally often, and that LFs err independently. Then two LFs
    agree in a share of ``1 / K + (1 - 1 / K) * skill * skill`` of their common votes.
    Finding the skills that explain all pairs needs no model, and costs O(number of
    votes) per sweep.
    """

    def __init__(
        self,
        by_value: list[sparse.csc_matrix],
        voted: sparse.csc_matrix,
        n_classes: int,
    ) -> None:
        self._chance = 1 / n_classes
        products = [(B.tocsr(), B.T.tocsr()) for B in [voted, *by_value]]
        n_votes = np.diff(voted.indptr)

        def with_others(which: list[tuple[Any, Any]], x: np.ndarray) -> np.ndarray:
            return sum(T @ (B @ x) for B, T in which) - n_votes * x

        self.skill = np.full(len(n_votes), 0.5)
        for _ in range(_SWEEPS):
            equal = with_others(products[1:], self.skill)
            common = with_others(products[:1], self.skill)
            self._gain = self._centred(equal, common)
            self._size = with_others(products[:1], self.skill**2)
            fitted = self._gain / np.maximum(self._size, 1e-9)
            # Half a step: with whole steps the skills would swing from too large to too
            # small and back.
            self.skill = np.clip((self.skill + fitted) / 2, -1, 1)

    def _centred(self, equal: Any, common: Any) -> Any:
        return (equal - common * self._chance) / (1 - self._chance)

    def expected_equal(self, a: int, b: int, equal: float, common: float) -> float:
        """Return the share of equal votes that the skills of two LFs explain.

        The skill of each is estimated without the other, and raised by two standard
        errors.
        """
        expected = 1.0
        for one, other in ((a, b), (b, a)):
            skill = self.skill[other]
            size = max(self._size[one] - common * skill**2, 1e-9)
            told = (self._gain[one] - self._centred(equal, common) * skill) / size
            expected *= np.clip(told + 2 / np.sqrt(size), 0, 1)
        return self._chance + (1 - self._chance) * expected


def _share_of_values(
    by_value: list[sparse.csc_matrix], rows: np.ndarray, a: int
) -> np.ndarray:
    """Return the share of each value in the votes of an LF on some rows."""
    hits = [
        np.isin(B.indices[B.indptr[a] : B.indptr[a + 1]], rows).sum() for B in by_value
    ]
    return np.asarray(hits) / max(len(rows), 1)


def _far_above(found: Any, expected: Any, tried: Any) -> Any:
    """Tell whether nearly all were equal, and far more than independence explains."""
    spread = np.sqrt(
        np.maximum(expected * (1 - expected / np.maximum(tried, 1)), 0) + 1
    )
    return (
        (found >= _EQUAL_SHARE * tried)
        & (found - expected > _EXCESS_SHARE * tried)
        & (found - expected > _EXCESS_ERRORS * spread)
    )


def _common_rows(voted: sparse.csc_matrix, a: int, b: int) -> np.ndarray:
    """Return the rows on which two LFs vote."""
    of_a = voted.indices[voted.indptr[a] : voted.indptr[a + 1]]
    of_b = voted.indices[voted.indptr[b] : voted.indptr[b + 1]]
    return np.intersect1d(of_a, of_b, assume_unique=True)
