"""From evidence to soft labels that can be believed: tempered, mixed, corrected."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

from sklabel.evidence._alike import SharedVotes, shared_votes
from sklabel.evidence._evidence import Evidence
from sklabel.evidence._gold import Correction
from sklabel.sums._kernels import smoothed_shares
from sklabel.sums._sums import (
    Statistic,
    VoteChunk,
    class_counts,
    class_counts_of_atoms,
    softmax,
    two_columns,
)

# Design effect of each further vote on a sample.
TEMPERING = {"worker": 0.4, "rule": 0.15}
# Pseudo-votes of a smoothed vote share.
_SMOOTHING = 2.0


class SoftLabels(NamedTuple):
    """How the votes of a sample become class probabilities.

    Attributes
    ----------
    evidence : Evidence
        What votes say.
    rule, discount : ndarray of shape (n_lfs,)
        How much of a rule each LF is, and what a rule counts beside those that fire
        with it.
    alike : csr_matrix of shape (n_lfs, n_lfs) or None
        How far LFs are one source.
    trust : ndarray of shape (n_lfs,) or None
        What a vote of each LF counts.
    of_worker, of_rule : float
        Design effect of each further vote on a sample.
    mixing : float
        Share of the smoothed vote share.
    base : ndarray of shape (n_classes,)
        What vote shares are smoothed towards.
    class_of_value : ndarray of shape (n_values,)
        Class that each value names, -1 if it names none.
    correction : Correction or None
        What gold labels taught.
    """

    evidence: Evidence
    rule: np.ndarray
    alike: sparse.csr_matrix | None
    trust: np.ndarray | None
    discount: np.ndarray
    of_worker: float
    of_rule: float
    mixing: float
    base: np.ndarray
    class_of_value: np.ndarray
    correction: Correction | None = None

    def of(self, indicator: sparse.csr_matrix) -> np.ndarray:
        """Return the class probabilities of samples.

        Parameters
        ----------
        indicator : csr_matrix of shape (n_samples, n_atoms)
            One-hot votes.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Rows sum to 1. Of no use for rows without votes.
        """
        n_classes = len(self.base)
        votes, n_worker, effect = self._weighed(indicator)
        by_worker, effect = np.minimum(n_worker, 1)[:, None], effect[:, None]
        weights, silence, log_prior = self.evidence
        table = weights.reshape(-1, n_classes)
        if n_classes == 2:
            # One product with a vector.
            scores = (votes @ (table[:, 1] - table[:, 0]))[:, None]
            log_prior, silence = np.diff(log_prior), np.diff(silence)
        else:
            scores = votes @ table
        # The prior is as sure as the workers who told it. Rules do not tell it.
        prior = log_prior + np.outer(n_worker, silence)
        scores = scores / effect + prior * (by_worker / effect + 1 - by_worker)
        proba = two_columns(scores[:, 0]) if n_classes == 2 else softmax(scores)[0]
        if self.mixing > 0:
            counts = class_counts(votes, self.class_of_value, n_classes)
            shares = smoothed_shares(counts, self.base, _SMOOTHING)
            proba = (1 - self.mixing) * proba + self.mixing * shares
        if self.correction is not None:
            proba = self.correction.apply(indicator, proba)
        return proba

    def log_evidence(self, indicator: sparse.csr_matrix) -> np.ndarray:
        """Return what votes say of each class, without the class prior.

        Parameters
        ----------
        indicator : csr_matrix of shape (n_samples, n_atoms)
            One-hot votes.

        Returns
        -------
        log_evidence : ndarray of shape (n_samples, n_classes)
            Tempered log scores, 0 on average over the classes.
        """
        votes, n_worker, effect = self._weighed(indicator)
        weights, silence, _ = self.evidence
        scores = (votes @ weights.reshape(-1, len(self.base))) / effect[:, None]
        if silence.any():
            by_worker = np.minimum(n_worker, 1)
            heard = n_worker * (by_worker / effect + 1 - by_worker)
            scores = scores + np.outer(heard, silence)
        if self.correction is not None:
            scores = self.correction.scale * scores
            scores = scores + indicator @ self.correction.weights
        return scores - scores.mean(axis=1, keepdims=True)

    def design_effect(self, indicator: sparse.csr_matrix) -> np.ndarray:
        """Return what the log scores of each sample are divided by, shape (n_samples,).

        Parameters
        ----------
        indicator : csr_matrix of shape (n_samples, n_atoms)
            One-hot votes.
        """
        return self._weighed(indicator)[2]

    def _weighed(
        self, indicator: sparse.csr_matrix
    ) -> tuple[SharedVotes, np.ndarray, np.ndarray]:
        """Return what votes count, how many are of workers, and the design effect."""
        n_values = len(self.class_of_value)
        votes = shared_votes(indicator, self.alike, self.trust, n_values)
        n_votes = votes @ np.ones(votes.shape[1])
        n_rule = np.zeros(len(n_votes))
        if self.rule.any():
            n_rule = votes @ np.repeat(self.rule, n_values)
        n_worker = n_votes - n_rule
        return votes, n_worker, self._design_effect(votes, n_worker, n_rule)

    def _design_effect(
        self, votes: SharedVotes, n_worker: np.ndarray, n_rule: np.ndarray
    ) -> np.ndarray:
        """Return by how much the votes of each sample overstate what they know."""
        if self.of_worker == self.of_rule == 0:
            return np.ones(len(n_worker))
        by_worker = np.minimum(n_worker, 1)
        first = by_worker * self.of_worker + (1 - by_worker) * self.of_rule
        more = self.of_worker * n_worker + self.of_rule * n_rule - first
        effect = 1 + np.maximum(more, 0)
        if (self.discount < 1).any():
            n_votes = n_worker + n_rule
            distinct = votes @ np.repeat(self.discount, len(self.class_of_value))
            effect *= np.where(n_votes > 0, n_votes / np.maximum(distinct, 1e-12), 1)
        return effect


class SoftCounts(NamedTuple):
    """Votes of every LF and value on samples of each class, by their soft labels."""

    counts: np.ndarray


def _soft_counts(chunk: VoteChunk, soft_labels: SoftLabels) -> SoftCounts:
    proba = soft_labels.of(chunk.indicator).astype(chunk.dtype, copy=False)
    proba = chunk.clamp(proba)
    args = chunk.transposed, proba, chunk.scale, chunk.n_votes
    return SoftCounts(class_counts_of_atoms(*args).astype(np.float64, copy=False))


SOFT_COUNTS = Statistic("soft_counts", _soft_counts, "expectation", "atom", ("counts",))
