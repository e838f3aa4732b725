"""What accuracy costs: curves over judgements, and what is read off them."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats
from sklearn.utils import check_random_state

from sklabel.utils._validation import check_integer, first_few, is_real


@dataclass(frozen=True, eq=False, kw_only=True)
class CostCurve:
    """What accuracy costs; the result of :func:`simulate_cost_curve`.

    All parameters are keyword-only, and each is an attribute of the same name.

    Parameters
    ----------
    frame : DataFrame
        One row per policy and round, averaged over repeats, with the columns

        policy : str
            Name of the policy.
        round : int
            0 for what `start` bought.
        judgements_per_sample : float
            Judgements bought so far, per sample.
        accuracy : float
            Mean accuracy of the labels.
        low, high : float
            Confidence interval of that mean over repeats (Student's t).
        std : float
            Standard deviation over repeats; NaN with one repeat, as are low and high.
        n : int
            Number of repeats.
    runs : DataFrame
        The repeats themselves: policy, repeat, round, judgements_per_sample, accuracy.
        A repeat whose policy is done keeps its last value.
    reference : str
        Which labels count as right, in words: "gold labels".
    n_samples, n_scored : int
        Samples with judgements, and those of them with a reference label.
    full_redundancy : float
        Judgements per sample when all of them are bought.
    confidence : float
        Confidence of the intervals, in (0, 1).

    Attributes
    ----------
    policies : list of str
        Names of the policies, in the order given.

    See Also
    --------
    simulate_cost_curve : Makes one.
    CostCurveDisplay : Draws it.

    Examples
    --------
    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import make_crowd_labels
    >>> from sklabel.relabeling import simulate_cost_curve
    >>> data = make_crowd_labels(60, 12, judgements_per_sample=8, random_state=0)
    >>> crowd = CrowdLabels.from_frame(data.crowd_labels)
    >>> curve = simulate_cost_curve(crowd, n_repeats=2, step=0.5, random_state=0)
    >>> curve.final()["judgements_per_sample"].to_dict()
    {'adaptive': 8.0, 'uniform': 8.0}
    """

    frame: pd.DataFrame
    runs: pd.DataFrame
    reference: str
    n_samples: int
    n_scored: int
    full_redundancy: float
    confidence: float

    @property
    def policies(self) -> list[str]:
        """Names of the policies, in the order given."""
        return self.frame["policy"].drop_duplicates().tolist()

    def final(self) -> pd.DataFrame:
        """Return where each policy ends: all judgements bought, or all samples done.

        Returns
        -------
        final : DataFrame
            The last row of each policy in `frame`, indexed by policy.
        """
        return self.frame.groupby("policy", sort=False).tail(1).set_index("policy")

    def judgements_to_reach(
        self,
        accuracy: float,
        policy: str = "adaptive",
        *,
        n_bootstraps: int = 1000,
        random_state: Any = None,
    ) -> pd.Series:
        """Return what an accuracy costs.

        Parameters
        ----------
        accuracy : float
            In [0, 1].
        policy : str, default='adaptive'
            Name of the policy.
        n_bootstraps : int, default=1000
            Resamples of the repeats for the interval.
        random_state : int, RandomState instance or None, default=None
            Seed of the resamples; with None the interval varies from call to call.

        Returns
        -------
        cost : Series
            `judgements_per_sample` of the first round whose mean accuracy is at least
            `accuracy`, NaN if the policy never gets there; `low` and `high`, its
            percentile bootstrap interval over repeats, NaN where resamples never do.

        Raises
        ------
        ValueError
            If there is no such policy, or `accuracy` is not in [0, 1].
        """
        if not is_real(accuracy) or not 0 <= accuracy <= 1:
            raise ValueError(f"accuracy must be in [0, 1]; got {accuracy!r}.")
        cost, scores = self._runs_of(policy)
        picks = _resamples(len(cost), n_bootstraps, random_state)
        value = _first_reach(cost, scores, accuracy, _everyone(len(cost)))[0]
        drawn = _first_reach(cost, scores, accuracy, picks)
        low, high = self._interval(drawn)
        return pd.Series({"judgements_per_sample": value, "low": low, "high": high})

    def share_needed(
        self,
        policy: str = "adaptive",
        baseline: str = "uniform",
        *,
        tolerance: float = 0.0,
        n_bootstraps: int = 1000,
        random_state: Any = None,
    ) -> pd.Series:
        """Return which share of the baseline's judgements a policy needs.

        Both reach the accuracy that the baseline has at its end. For the 'uniform'
        baseline that is the accuracy of the whole crowd file.

        Parameters
        ----------
        policy, baseline : str, default='adaptive', 'uniform'
            Names of the policies.
        tolerance : float, default=0.0
            By how much the accuracy may stay below that of the baseline. At 0, a
            single sample may decide when a flat curve is called equal.
        n_bootstraps : int, default=1000
            Resamples of the repeats for the interval.
        random_state : int, RandomState instance or None, default=None
            Seed of the resamples; with None the interval varies from call to call.

        Returns
        -------
        needed : Series
            `share`, with its percentile bootstrap interval `low`, `high` over repeats;
            `judgements_per_sample` of the policy and `baseline_judgements_per_sample`;
            `accuracy`, that of the baseline. The share is that of the mean curves; NaN
            if the policy never gets there.

        Raises
        ------
        ValueError
            If there is no such policy, or `tolerance` is negative.
        """
        if not is_real(tolerance) or tolerance < 0:
            raise ValueError(f"tolerance must be 0 or more; got {tolerance!r}.")
        cost, scores = self._runs_of(policy)
        full_cost, full_scores = (runs[:, -1] for runs in self._runs_of(baseline))

        def share(picks: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            target = full_scores[picks].mean(axis=1)
            needed = _first_reach(cost, scores, target - tolerance, picks)
            return needed, full_cost[picks].mean(axis=1), target

        (needed,), (full,), (target,) = share(_everyone(len(cost)))
        drawn = share(_resamples(len(cost), n_bootstraps, random_state))
        low, high = self._interval(drawn[0] / drawn[1])
        return pd.Series(
            {
                "share": needed / full,
                "low": low,
                "high": high,
                "judgements_per_sample": needed,
                "baseline_judgements_per_sample": full,
                "accuracy": target,
            }
        )

    def _runs_of(self, policy: str) -> tuple[np.ndarray, np.ndarray]:
        """Return costs and accuracies of shape (n_repeats, n_rounds)."""
        if policy not in self.policies:
            raise ValueError(
                f"There is no policy {policy!r}; the curve has "
                f"{first_few(self.policies)}."
            )
        part = self.runs[self.runs["policy"] == policy]
        shape = part["repeat"].nunique(), part["round"].nunique()
        columns = ("judgements_per_sample", "accuracy")
        cost, scores = (part[column].to_numpy().reshape(shape) for column in columns)
        return cost, scores

    def _interval(self, drawn: np.ndarray) -> tuple[float, float]:
        """Return percentiles; NaN where they fall among resamples without value."""
        tail = (1 - self.confidence) / 2
        drawn = np.sort(np.where(np.isnan(drawn), np.inf, drawn))
        low, high = np.quantile(drawn, [tail, 1 - tail], method="closest_observation")
        return (
            float(low) if np.isfinite(low) else np.nan,
            float(high) if np.isfinite(high) else np.nan,
        )

    def __repr__(self) -> str:
        ends = ", ".join(
            f"{name} {row['accuracy']:.3f} at {row['judgements_per_sample']:.2f}"
            for name, row in self.final().iterrows()
        )
        return (
            f"CostCurve({ends} judgements per sample; {self.n_scored} of "
            f"{self.n_samples} samples scored on {self.reference})"
        )


def runs_of_policy(name: str, results: list[np.ndarray]) -> pd.DataFrame:
    """Stack repeats; those that ended early keep their last value."""
    n_rounds = max(map(len, results))
    values = np.vstack(
        [r[np.minimum(np.arange(n_rounds), len(r) - 1)] for r in results]
    )
    return pd.DataFrame(
        {
            "policy": name,
            "repeat": np.repeat(np.arange(len(results)), n_rounds),
            "round": np.tile(np.arange(n_rounds), len(results)),
            "judgements_per_sample": values[:, 0],
            "accuracy": values[:, 1],
        }
    )


def average_runs(runs: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Average over repeats."""
    groups = runs.groupby(["policy", "round"], sort=False)
    mean = groups[["judgements_per_sample", "accuracy"]].mean()
    n = groups.size()
    std = groups["accuracy"].std(ddof=1)
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * std / np.sqrt(n)
    frame = mean.assign(
        low=np.maximum(mean["accuracy"] - half, 0),
        high=np.minimum(mean["accuracy"] + half, 1),
        std=std,
        n=n,
    )
    return frame.reset_index()


def _first_reach(
    cost: np.ndarray, scores: np.ndarray, target: ArrayLike, picks: np.ndarray
) -> np.ndarray:
    """Return the cost at which mean curves first reach their targets, NaN if never.

    `cost` and `scores` have the shape (n_repeats, n_rounds); each row of `picks`
    names the repeats that are averaged.
    """
    n_repeats = cost.shape[0]
    weight = np.apply_along_axis(np.bincount, 1, picks, minlength=n_repeats)
    weight = weight / picks.shape[1]
    # A mean of equal numbers must not fall below them by rounding.
    reached = weight @ scores >= np.asarray(target)[..., None] - 1e-9
    first = np.argmax(reached, axis=1)
    value = (weight @ cost)[np.arange(len(picks)), first]
    return np.where(reached.any(axis=1), value, np.nan)


def _everyone(n: int) -> np.ndarray:
    return np.arange(n)[None, :]


def _resamples(n: int, n_bootstraps: int, random_state: Any) -> np.ndarray:
    check_integer(n_bootstraps, "n_bootstraps")
    return check_random_state(random_state).randint(n, size=(n_bootstraps, n))
