"""Whether the model's own estimate of its labels is borne out by gold labels."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from sklabel.inspection._flags import Level
from sklabel.label_model import LabelModel
from sklabel.report._data import ReportData

# A difference is reported if chance explains it with less than this probability, and if
# it is large enough to matter.
_SIGNIFICANT = 0.01
_MATTERS = 0.02
# From here on it is more than a note. Too much trust does more harm than too little.
_TOO_SURE, _NOT_SURE_ENOUGH = 0.05, 0.10
# The distribution of more samples is taken as normal.
_MOST_EXACT = 2000


def compare_with_gold(data: ReportData) -> tuple[int, float, int, float]:
    """Compare the expected number of right labels with gold.

    Parameters
    ----------
    data : ReportData
        What the report is about.

    Returns
    -------
    n : int
        Gold samples with votes.
    expected : float
        Sum of the probabilities of their labels.
    right : int
        Number of their labels that are right.
    p_value : float
        Probability of a difference as large, either way, if each label is right with
        its probability, independent of the others.
    """
    rows = np.flatnonzero((data.gold >= 0) & (data.counts > 0))
    proba = data.proba[rows]
    of_label = proba.max(axis=1) if len(rows) else np.zeros(0)
    right = int((proba.argmax(axis=1) == data.gold[rows]).sum()) if len(rows) else 0
    return len(rows), float(of_label.sum()), right, two_sided(of_label, right)


def two_sided(proba: np.ndarray, right: int) -> float:
    """Return how probable a count as far from the expected one is, or farther.

    Parameters
    ----------
    proba : ndarray of shape (n,)
        Probabilities of independent events.
    right : int
        Number of events that happened.

    Returns
    -------
    p_value : float
        Twice the smaller tail of the Poisson binomial distribution, at most 1.
    """
    if len(proba) > _MOST_EXACT:
        scale = np.sqrt((proba * (1 - proba)).sum())
        # Continuity correction of half a sample.
        distance = max(abs(right - proba.sum()) - 0.5, 0.0)
        return float(2 * norm.sf(distance / scale)) if scale else float(distance == 0)
    mass = np.ones(1)
    for p in proba:
        mass = np.convolve(mass, [1 - p, p])
    tails = mass[: right + 1].sum(), mass[right:].sum()
    return float(np.clip(2 * min(tails), 0, 1))


def calibration_gap(data: ReportData) -> tuple[Level, str, str] | None:
    """Return level, title and detail of what gold says of the probabilities.

    Parameters
    ----------
    data : ReportData
        What the report is about.

    Returns
    -------
    finding : (level, title, detail) or None
        None where chance explains the difference, or it is small.
    """
    n, expected, right, p_value = compare_with_gold(data)
    gap = (right - expected) / n if n else 0.0
    if p_value >= _SIGNIFICANT or abs(gap) < _MATTERS:
        return None
    large = gap <= -_TOO_SURE or gap >= _NOT_SURE_ENOUGH
    level: Level = "warning" if large else "note"
    shown = "less than 0.0001" if p_value < 1e-4 else f"{p_value:.4f}"
    facts = (
        f"The model expects {expected / n:.1%} right labels on the {n:,} gold samples "
        f"with votes; gold says {right / n:.1%} (chance explains such a difference "
        f"with probability {shown})."
    )
    if gap < 0:
        title = "The model is too sure of its labels"
        meaning = (
            "Fewer samples are settled than it seems. Mostly, voters that err together "
            "count as if they were independent."
        )
    else:
        title = "The model is less sure of its labels than it could be"
        meaning = (
            "Labels are better than their probabilities say, so that samples look open "
            "that are not, and further judgements are planned where none is needed."
        )
    return level, title, f"{facts} {meaning} {_advice(data)}"


def _advice(data: ReportData) -> str:
    """Say what mends probabilities that gold does not bear out."""
    model = data.model
    used = getattr(model, "_gold_votes", None)
    if used is not None and np.any(used):
        return (
            "Gold labels took part in the fit already: check that these gold samples "
            "are a random choice of all samples, and add more of them."
        )
    if isinstance(model, LabelModel):
        return (
            "Pass the gold labels as y to fit, LabelModel().fit(votes, y): it corrects "
            "the soft labels by them."
        )
    return (
        "Fit LabelModel().fit(votes, y) with the gold labels instead: it allows for "
        "voters that err together and corrects the soft labels by gold."
    )
