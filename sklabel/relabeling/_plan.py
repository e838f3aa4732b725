"""Which samples get the next judgements: a plan for a budget."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from itertools import combinations_with_replacement
from math import comb
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import gammaln

from sklabel.inspection._crowd import check_label_model
from sklabel.label_model import LabelModel
from sklabel.lf import CrowdLabels
from sklabel.lf._crowd_votes import crowd_votes
from sklabel.lf._soft_labels import votes_for_model
from sklabel.relabeling._gain import (
    CRITERIA,
    NO_GAIN,
    as_table,
    average_table,
    bits,
    gain_of_outcome,
    posteriors,
    votes_and_posteriors,
)
from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_integer, check_option
from sklabel.votes._read import refuse_whole

# Outcomes of several votes are listed up to this number, and drawn beyond it.
_MAX_OUTCOMES = 2000


def relabel_plan(
    votes: Any,
    *,
    label_model: Any = None,
    budget: int,
    criterion: str = "error",
    max_per_sample: int | ArrayLike = 3,
    proba: Any = None,
) -> pd.DataFrame:
    """Plan which samples get the next judgements, and how many each.

    Spends the whole budget where the average worker is expected to gain most. Prefer
    several small budgets, with a new fit after each, to a large one: each plan then
    knows what the judgements before it said.

    Parameters
    ----------
    votes : CrowdLabels, or {array-like, DataFrame, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements of a crowd, or votes with the LFs of `fit`.
    label_model : label model, default=None
        Fitted; its LFs are matched with the workers of a CrowdLabels, as
        `CrowdLabels.soft_labels` does. None, for a CrowdLabels only:
        ``LabelModel(lf_kind="worker")``, fitted to its judgements.
    budget : int
        Number of judgements to buy, at least 1.
    criterion : {'error', 'entropy'}, default='error'
        What the plan should reduce: the expected number of wrong labels, or the sum of
        entropies in bits.
    max_per_sample : int or array-like of int of shape (n_samples,), default=3
        Largest number of further judgements of a sample; with an array, 0 keeps a
        sample out, for instance one that a :class:`StoppingRule` calls done.
    proba : array-like or DataFrame of shape (n_samples, n_classes), default=None
        Class probabilities of the samples, if more is known than votes say, such as
        `label_proba_` of :class:`~sklabel.WeakSupervisionClassifier`. An array is in
        the order of the model's `classes_`. None: what the model says of the votes.

    Returns
    -------
    plan : DataFrame
        One row per sample that gets judgements, largest gain first; indexed by sample
        id for a CrowdLabels, as `votes` if that is a DataFrame, else by row number.
        Columns

        n_judgements : int
            Judgements to buy; they sum to `budget`.
        n_votes : int
            Votes that the sample has.
        top_class : object
            The most probable class.
        top_posterior : float
            Its probability.
        gain : float
            Expected reduction of the criterion by these judgements together. With
            'error', the sum is the number of labels that the plan is expected to put
            right.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If `label_model` is not a label model.
    ValueError
        If the votes have other LFs than in `fit`, no LF is a worker of the crowd, all
        LFs are rules, there is one class only, `budget` is not a positive integer, or
        it is more than `max_per_sample` allows.

    See Also
    --------
    expected_gain : Gain of one vote, for every sample.
    simulate_cost_curve : Replays a crowd to see what such plans save.

    Notes
    -----
    The gain of m votes together is computed for m up to `max_per_sample` by listing
    their outcomes (drawing 2000 of them where there are more), and the budget goes to
    the votes with the largest marginal gain. One vote often cannot change the most
    probable class where two or three could. Therefore the 'error' gains of a sample
    are read off their upper concave envelope: a vote is worth the best average gain of
    the votes that it leads to. Information never needs this, as its marginal gain
    falls with every vote. Where no number of votes has an 'error' gain, information
    decides. Asking again where it helps is the idea of [1]_.

    References
    ----------
    .. [1] V. S. Sheng, F. Provost and P. G. Ipeirotis, "Get another label? Improving
       data quality and data mining using multiple, noisy labelers", KDD 2008,
       614-622. doi:10.1145/1401890.1401965

    Examples
    --------
    >>> from sklabel import LabelModel
    >>> from sklabel.relabeling import relabel_plan
    >>> votes = [[0, 1, -1], [0, 0, 0], [1, 1, 1]] * 10
    >>> plan = relabel_plan(votes, label_model=LabelModel().fit(votes), budget=10)
    >>> plan[["n_judgements", "n_votes"]].head(3)
       n_judgements  n_votes
    0             1        2
    3             1        2
    6             1        2

    The judgements of a crowd need no model:

    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import make_crowd_labels
    >>> data = make_crowd_labels(100, 12, random_state=0)
    >>> crowd = CrowdLabels.from_frame(data.crowd_labels)
    >>> len(relabel_plan(crowd, budget=10))
    10
    """
    check_option(criterion, "criterion", CRITERIA)
    refuse_whole(votes, "votes of relabel_plan")
    of_crowd = isinstance(votes, CrowdLabels)
    if of_crowd and label_model is None:
        judgements = crowd_votes(votes).cast
        label_model = LabelModel(lf_kind="worker").fit(judgements)
    model = check_label_model(label_model, where="relabel_plan")
    if len(model.classes_) == 1:
        raise ValueError(
            f"relabel_plan needs two classes or more; the model knows only "
            f"{model.classes_.tolist()}, and no judgement could change a label. Fit "
            "with classes=[...] if there are others."
        )
    is_given = proba is not None
    if of_crowd:
        index = votes.sample_ids
        ids = {"crowd.sample_ids": pd.DataFrame(index=index)}
        check_same_rows(**ids, proba=proba, max_per_sample=max_per_sample)
        cast = votes_for_model(votes, model)
        proba = posteriors(model, cast, proba)
        labels = model._most_probable(proba)
    else:
        check_same_rows(votes=votes, proba=proba, max_per_sample=max_per_sample)
        votes = as_pandas(votes, where="A table of votes")
        is_frame = isinstance(votes, pd.DataFrame)
        cast, proba = votes_and_posteriors(model, votes, proba)
        index = votes.index if is_frame else pd.RangeIndex(cast.n_samples)
        labels = model.predict(votes)
    cap = _check_cap(max_per_sample, cast.n_samples)
    budget = _check_budget(budget, cap)
    table = average_table(model, cast, proba)
    # No sample can get more than the budget.
    outcomes = [
        outcomes_of_votes(table, m) for m in range(1, min(cap.max(), budget) + 1)
    ]
    information = _cumulative(proba, outcomes, "entropy")
    gains = information
    if criterion == "error":
        gains = _cumulative(proba, outcomes, "error")
    entropy = bits(proba)
    rates = envelope_rates(gains, cap)
    n_judgements = _spend(rates, np.diff(information), entropy, cap, budget)

    if is_given:  # else a model breaks ties by its prior
        labels = model.classes_[proba.argmax(axis=1)]
    rows = np.flatnonzero(n_judgements)
    gain = gains[rows, n_judgements[rows]]
    order = np.lexsort((-entropy[rows], -gain))
    rows = rows[order]
    return pd.DataFrame(
        {
            "n_judgements": n_judgements[rows],
            "n_votes": cast.counts[rows],
            "top_class": labels[rows],
            "top_posterior": proba.max(axis=1)[rows],
            "gain": gain[order],
        },
        index=index.take(rows),
    )


def outcomes_of_votes(table: np.ndarray, n_votes: int) -> np.ndarray:
    """Return P(outcome | class) of several votes by one table.

    An outcome says how often each value is voted. Where there are more than 2000 of
    them, as many are drawn, evenly from all classes and always the same.

    Parameters
    ----------
    table : ndarray of shape (n_classes, n_values)
        P(vote value | class).
    n_votes : int
        Number of independent votes.

    Returns
    -------
    outcomes : ndarray of shape (n_classes, n_outcomes)
        Rows sum to 1.
    """
    n_classes, n_values = table.shape
    if n_votes == 1:
        return table
    listed = comb(n_votes + n_values - 1, n_votes) <= _MAX_OUTCOMES
    if listed:
        votes = combinations_with_replacement(range(n_values), n_votes)
        counts = np.array([np.bincount(v, minlength=n_values) for v in votes])
    else:
        rng = np.random.default_rng(0)
        size = -(-_MAX_OUTCOMES // n_classes)
        counts = np.vstack([rng.multinomial(n_votes, row, size=size) for row in table])
    with np.errstate(divide="ignore"):
        log_table = np.maximum(np.log(table), -1e5)  # 0 * -inf would be NaN
    coefficient = gammaln(n_votes + 1) - gammaln(counts + 1).sum(axis=1)
    outcomes = np.exp(log_table @ counts.T + coefficient)
    if not listed:
        # Importance weights: what was drawn often is counted often.
        outcomes /= outcomes.mean(axis=0)
    return as_table(outcomes)


def envelope_rates(gains: np.ndarray, cap: np.ndarray) -> np.ndarray:
    """Return marginal gains on the upper concave envelope of cumulative ones.

    Parameters
    ----------
    gains : ndarray of shape (n_samples, n_votes + 1)
        Gain of 0, 1, 2, ... further votes together.
    cap : ndarray of shape (n_samples,)
        Votes that a sample may get; others have a rate of -inf.

    Returns
    -------
    rates : ndarray of shape (n_samples, n_votes)
        Never increasing along a row.
    """
    n_samples, width = gains.shape
    rates = np.full((n_samples, width - 1), -np.inf)
    start = np.zeros(n_samples, dtype=np.int64)
    for m in range(width - 1):
        rows = np.flatnonzero((start == m) & (cap > m))
        if len(rows) == 0:
            continue
        ahead = np.arange(m + 1, width)
        slope = (gains[rows, m + 1 :] - gains[rows, m, None]) / (ahead - m)
        slope[ahead > cap[rows, None]] = -np.inf
        # The last of equal slopes, so that rounding makes no short segments.
        best = slope.max(axis=1, keepdims=True)
        reach = slope.shape[1] - 1 - np.argmax(slope[:, ::-1] >= best - NO_GAIN, axis=1)
        start[rows] = m + 1 + reach
        on_segment = ahead <= start[rows, None]
        rates[rows, m:] = np.where(on_segment, np.maximum(best, 0), -np.inf)
    return rates


def _check_cap(max_per_sample: int | ArrayLike, n_samples: int) -> np.ndarray:
    """Return the largest number of further judgements of each sample."""
    cap = np.asarray(max_per_sample)
    if cap.dtype.kind not in "iu" or cap.min(initial=0) < 0 or cap.max(initial=0) < 1:
        raise ValueError(
            "max_per_sample must hold integers of 0 or more, and one above 0; got "
            f"{max_per_sample!r}."
        )
    if cap.shape not in {(), (n_samples,)}:
        raise ValueError(
            "max_per_sample must be an integer or hold one for each of the "
            f"{n_samples} samples; got shape {cap.shape}."
        )
    return np.broadcast_to(cap, n_samples).astype(np.int64)


def _check_budget(budget: Any, cap: np.ndarray) -> int:
    """Return the budget as an int that the samples can take."""
    check_integer(budget, "budget")
    if budget > cap.sum():
        raise ValueError(
            f"budget={budget} is more than the {len(cap)} samples can take: "
            f"{cap.sum()} judgements within max_per_sample. Lower the budget or raise "
            "max_per_sample."
        )
    return int(budget)


def _cumulative(
    proba: np.ndarray, outcomes: list[np.ndarray], criterion: str
) -> np.ndarray:
    """Return the gain of 0, 1, 2, ... further votes together."""
    columns = [gain_of_outcome(proba, outcome, criterion) for outcome in outcomes]
    gains = np.column_stack([np.zeros(len(proba)), *columns])
    # A further vote never hurts, although drawn outcomes may make it seem so.
    return np.maximum.accumulate(gains, axis=1)


def _spend(
    rates: np.ndarray,
    information: np.ndarray,
    entropy: np.ndarray,
    cap: np.ndarray,
    budget: int,
) -> np.ndarray:
    """Return the number of judgements of each sample: those of the largest rates.

    Ties keep the votes of a sample together, the most uncertain sample first; votes
    without gain go where they inform most.
    """
    row, vote = np.nonzero(np.arange(rates.shape[1]) < cap[:, None])
    rate = rates[row, vote]
    second = np.where(rate > NO_GAIN, entropy[row], information[row, vote])
    # Stable: what is equal stays in the order of rows and votes.
    order = np.lexsort((-second, -np.where(rate > NO_GAIN, rate, 0)))
    return np.bincount(row[order[:budget]], minlength=len(rates))
