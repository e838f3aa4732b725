"""When to stop: a rule that says which samples need no further judgement."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import ArrayLike

from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_proba, is_integer, is_real


@dataclass(frozen=True)
class StoppingRule:
    """Rule that says which samples need no further judgement.

    A sample is done when its most probable class is probable enough. Where posteriors
    are calibrated, at most a share of ``1 - threshold`` of the labels that are done is
    wrong on average. Call the rule with posteriors and numbers of judgements, or pass
    it to :func:`simulate_cost_curve` as a policy.

    Parameters
    ----------
    threshold : float, default=0.99
        Top posterior from which a sample is done, in (0, 1].
    min_judgements : int, default=1
        A sample with fewer judgements is not done.
    max_judgements : int, default=None
        A sample with this many judgements is done, however uncertain; it bounds what
        hard samples cost. If None, there is no bound.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    See Also
    --------
    simulate_cost_curve : Shows what a rule saves, and what it costs in accuracy.
    relabel_plan : Spends a budget; `max_per_sample` keeps out samples that are done.

    Notes
    -----
    ``LabelModel()`` tempers and mixes its probabilities, and a top posterior of 0.99
    needs many votes there. Use ``LabelModel(tempering=0, mixing=0)`` or DawidSkene
    with this rule, or a threshold of 0.8 to 0.9.

    Examples
    --------
    >>> from sklabel.relabeling import StoppingRule
    >>> rule = StoppingRule(0.95, max_judgements=10)
    >>> rule
    StoppingRule(threshold=0.95, min_judgements=1, max_judgements=10)
    >>> rule([[0.97, 0.03], [0.6, 0.4], [0.6, 0.4]], [2, 3, 10])
    array([ True, False,  True])
    """

    threshold: float = 0.99
    _: KW_ONLY
    min_judgements: int = 1
    max_judgements: int | None = None

    def __post_init__(self) -> None:
        low, high = self.min_judgements, self.max_judgements
        if not is_real(self.threshold) or not 0 < self.threshold <= 1:
            raise ValueError(f"threshold must be in (0, 1]; got {self.threshold!r}.")
        if not is_integer(low) or low < 0:
            raise ValueError(
                f"min_judgements must be an integer of 0 or more; got {low!r}."
            )
        if high is not None and (not is_integer(high) or high < max(low, 1)):
            raise ValueError(
                "max_judgements must be None or an integer of 1 or more and not less "
                f"than min_judgements={low}; got {high!r}."
            )

    def __call__(
        self, proba: ArrayLike, n_judgements: ArrayLike | None = None
    ) -> np.ndarray:
        """Mark the samples that are done.

        Parameters
        ----------
        proba : array-like or DataFrame of shape (n_samples, n_classes)
            Class probabilities.
        n_judgements : array-like of shape (n_samples,), default=None
            Judgements that each sample has. If None, only `threshold` counts.

        Returns
        -------
        done : ndarray of shape (n_samples,), bool
            True where no further judgement is needed.

        Raises
        ------
        ValueError
            If rows of `proba` are not probabilities, the lengths differ, or the rule
            has a `max_judgements` and `n_judgements` is None.
        """
        check_same_rows(proba=proba, n_judgements=n_judgements)
        done = check_proba(proba).max(axis=1) >= self.threshold
        if n_judgements is None:
            if self.max_judgements is not None:
                raise ValueError(
                    f"The rule stops at max_judgements={self.max_judgements} and needs "
                    "n_judgements, the number of judgements of each sample."
                )
            return done
        counts = np.asarray(n_judgements)
        if counts.shape != done.shape:
            raise ValueError(
                f"n_judgements must hold a number for each of the {len(done)} samples; "
                f"got shape {counts.shape}."
            )
        done &= counts >= self.min_judgements
        if self.max_judgements is not None:
            done |= counts >= self.max_judgements
        return done
