"""Replay of a crowd: what accuracy costs under a policy of buying judgements."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.utils import check_random_state
from sklearn.utils.parallel import Parallel, delayed

from sklabel.inspection._crowd import (
    check_crowd_labels,
    crowd_to_cast,
    gold_of_crowd,
)
from sklabel.label_model import LabelModel
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf import CrowdLabels
from sklabel.lf._soft_labels import check_any_label_model
from sklabel.relabeling._cost_curve import CostCurve, average_runs, runs_of_policy
from sklabel.relabeling._gain import (
    average_table,
    gain_of_outcome,
    votes_and_posteriors,
)
from sklabel.utils._validation import check_integer, first_few, is_real
from sklabel.votes._cast import CastVotes

# Marks the samples that need no further judgement, from posteriors and numbers of
# judgements; a StoppingRule is one.
Rule = Callable[[np.ndarray, np.ndarray], ArrayLike]
_NAMED = ("adaptive", "uniform")


def simulate_cost_curve(
    crowd_labels: CrowdLabels,
    y: pd.Series | ArrayLike | None = None,
    *,
    label_model: BaseLabelModel | None = None,
    policy: str | Rule | Sequence[str] | Mapping[str, str | Rule] = _NAMED,
    start: int = 2,
    step: float = 0.02,
    n_repeats: int = 20,
    confidence: float = 0.95,
    random_state: Any = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> CostCurve:
    """Replay a crowd that judged everything, and see what fewer judgements give.

    Each repeat shuffles the judgements of every sample, takes the first `start`, fits
    the label model, and then buys more in rounds as a policy says, with a new fit
    after each. Use it on a pilot with many judgements per sample to choose the policy
    and the redundancy of the rest.

    Parameters
    ----------
    crowd_labels : CrowdLabels
        A crowd with more judgements than are needed.
    y : Series or array-like of shape (n_samples,), default=None
        Gold labels: a Series by sample id, or an array in the order of
        ``crowd_labels.sample_ids``; -1, NaN, None or pd.NA mean unlabelled, and such
        samples are bought but not scored. If None, the labels of `label_model` fitted
        on all judgements stand in, so that a curve ends at 1 by definition.
    label_model : label model, default=None
        A clone of it is fitted on what was bought, in each round. If None,
        ``LabelModel(lf_kind="worker", tempering=0, mixing=0)``: tempered probabilities
        do not reach a high threshold with few votes, and on measured crowds they rank
        samples no better. Its `classes`, if None, are those of the crowd.
    policy : {'adaptive', 'uniform'}, callable, list or dict of them, \
            default=('adaptive', 'uniform')
        Who gets the next judgements.

        'adaptive': the samples with the largest :func:`expected_gain` of one vote of
        the average worker; the most uncertain first where no vote could change the
        label.
        'uniform': those with fewest judgements.
        A callable ``rule(proba, n_judgements)``, such as a :class:`StoppingRule`,
        marks the samples that are done; all others get one judgement per round, until
        none is left.

        A dict gives names to policies; the name of a single callable is 'stopping'.
    start : int, default=2
        Judgements of each sample to begin with; all of those that have fewer.
    step : float, default=0.02
        Judgements per round of 'adaptive' and 'uniform', as a share of those bought so
        far. A smaller step costs more fits and saves a little more judgements.
    n_repeats : int, default=20
        Number of repeats. All policies see the same orders.
    confidence : float, default=0.95
        Confidence of the intervals.
    random_state : int, RandomState instance or None, default=None
        Seed of the orders.
    n_jobs : int, default=None
        Processes that share the repeats; None is 1, -1 is all cores. The result does
        not depend on it.
    verbose : int, default=0
        Whether to write a line to stderr after each repeat.

    Returns
    -------
    curve : CostCurve
        Its `frame` holds the mean curve of each policy with intervals.

    Raises
    ------
    TypeError
        If `crowd_labels` is not a CrowdLabels, `label_model` is not a label model, or
        a policy is neither a name nor callable.
    ValueError
        If a parameter is out of range, the crowd has one class only, no sample has
        more than `start` judgements, or none has a gold label.

    See Also
    --------
    relabel_plan : The adaptive policy for judgements yet to be bought.
    StoppingRule : A policy that leaves samples alone when they are certain.

    Notes
    -----
    The order is random: who judges a sample next does not depend on the sample,
    although in the crowd it may have. Gold labels that are not classes of the crowd
    count as wrong. Intervals are over repeats, which differ in the order of the same
    judgements; another crowd or other samples would vary more. All policies end at the
    same accuracy when everything is bought, so compare what they need to get there
    (:meth:`CostCurve.share_needed`). That asking again for some samples beats the same
    redundancy for all is the finding of [1]_.

    Costs one fit per round and repeat: with the default step about 120 rounds from 2
    to 20 judgements per sample.

    References
    ----------
    .. [1] V. S. Sheng, F. Provost and P. G. Ipeirotis, "Get another label? Improving
       data quality and data mining using multiple, noisy labelers", KDD 2008,
       614-622. doi:10.1145/1401890.1401965

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import make_crowd_labels
    >>> from sklabel.relabeling import simulate_cost_curve
    >>> data = make_crowd_labels(200, 20, judgements_per_sample=9, random_state=0)
    >>> crowd = CrowdLabels.from_frame(data.crowd_labels)
    >>> curve = simulate_cost_curve(
    ...     crowd, pd.Series(data.y), n_repeats=5, step=0.1, random_state=0
    ... )
    >>> bool(curve.share_needed(tolerance=0.01)["share"] < 0.8)
    True
    """
    crowd = check_crowd_labels(crowd_labels, where="simulate_cost_curve")
    check_integer(start, "start")
    check_integer(n_repeats, "n_repeats")
    _check_positive(step=step, confidence=confidence)
    if confidence >= 1:
        raise ValueError(f"confidence must be below 1; got {confidence!r}.")
    policies = _read_policies(policy)
    model = _check_model(label_model, crowd)
    replay, gold = _read_crowd(crowd, y, model, start)
    if y is None:
        reference = f"the labels of {type(model).__name__} fitted on all judgements"
    else:
        reference = "gold labels"

    seeds = check_random_state(random_state).randint(2**31 - 1, size=n_repeats)
    replays = Parallel(n_jobs=n_jobs, return_as="generator")(
        delayed(_replay_policies)(replay, gold, policies, start, step, seed)
        for seed in seeds
    )
    results = []
    for result in replays:
        results.append(result)
        if verbose:
            sys.stderr.write(
                f"[simulate_cost_curve] repeat {len(results)}/{n_repeats}\n"
            )
    runs = pd.concat(
        [runs_of_policy(name, [r[name] for r in results]) for name in policies],
        ignore_index=True,
    )
    return CostCurve(
        frame=average_runs(runs, confidence),
        runs=runs,
        reference=reference,
        n_samples=replay.votes.n_samples,
        n_scored=int((gold != -1).sum()),
        full_redundancy=len(replay.votes.lf) / replay.votes.n_samples,
        confidence=float(confidence),
    )


@dataclass(frozen=True)
class _Replay:
    """The judgements of samples that have some, and the model to fit on them."""

    votes: CastVotes
    classes: np.ndarray
    model: BaseLabelModel

    def fit(self, bought: np.ndarray) -> tuple[BaseLabelModel, CastVotes]:
        """Fit a clone of the model on the judgements of a mask."""
        votes = self.votes.take_votes(bought)
        return clone(self.model).fit(votes), votes

    def labels(self, fitted: BaseLabelModel, X: CastVotes) -> np.ndarray:
        """Return predicted classes as positions in `classes`."""
        return pd.Index(self.classes).get_indexer(pd.Index(fitted.predict(X)))


def _read_policies(policy: Any) -> dict[str, Any]:
    """Return policies by name."""
    if isinstance(policy, str):
        policies = {policy: policy}
    elif callable(policy):
        policies = {"stopping": policy}
    elif isinstance(policy, Mapping):
        policies = dict(policy)
    elif isinstance(policy, Sequence):
        odd = [p for p in policy if not isinstance(p, str)]
        if odd:
            raise TypeError(
                "A list of policies holds names; give callables names in a dict, as in "
                f"{{'stop at 0.99': StoppingRule(0.99)}}. Got {first_few(odd)}."
            )
        policies = {name: name for name in policy}
    else:
        raise TypeError(
            f"policy must be one of {_NAMED}, a callable such as StoppingRule(), or a "
            f"dict of them; got {policy!r}."
        )
    if not policies:
        raise ValueError("policy is empty; name one policy at least.")
    for name, value in policies.items():
        if not isinstance(value, str) and not callable(value):
            raise TypeError(
                f"Policy {name!r} must be one of {_NAMED} or a callable; got {value!r}."
            )
        if isinstance(value, str) and value not in _NAMED:
            raise ValueError(
                f"There is no policy {value!r}; choose from {_NAMED}, or pass a "
                "callable such as StoppingRule()."
            )
    return policies


def _check_model(
    label_model: BaseLabelModel | None, crowd: CrowdLabels
) -> BaseLabelModel:
    """Return an unfitted label model that knows the classes."""
    if label_model is None:
        # A worker whose first ten judgements agree is still a worker, not a rule.
        label_model = LabelModel(lf_kind="worker", tempering=0, mixing=0)
    check_any_label_model(label_model, where="simulate_cost_curve")
    model = clone(label_model)
    if model.classes is None:
        model.set_params(classes=crowd.classes)
    if set(np.asarray(model.classes).tolist()) != set(crowd.classes.tolist()):
        raise ValueError(
            f"label_model has the classes {list(model.classes)} and the crowd has "
            f"{crowd.classes.tolist()}. Leave out classes= of the label model, or "
            "build the CrowdLabels with these classes=[...]."
        )
    return model


def _check_positive(**values: Any) -> None:
    for name, value in values.items():
        if not is_real(value) or not 0 < value < np.inf:
            raise ValueError(f"{name} must be a number above 0; got {value!r}.")


def _read_crowd(
    crowd: CrowdLabels, y: Any, model: BaseLabelModel, start: int
) -> tuple[_Replay, np.ndarray]:
    """Return the judgements, and the labels that count as right (-1 where none)."""
    if len(crowd.classes) == 1:
        raise ValueError(
            f"The crowd has one class only, {crowd.classes.tolist()}: every label is "
            "right after no judgement at all. Pass classes=[...] to CrowdLabels if "
            "there are others."
        )
    votes = crowd_to_cast(crowd)
    judged = votes.counts > 0
    if votes.counts.max(initial=0) <= start:
        raise ValueError(
            f"No sample has more than start={start} judgements (the largest number is "
            f"{votes.counts.max(initial=0)}), so there is none left to buy. Lower "
            "start, or replay a crowd with more judgements per sample."
        )
    replay = _Replay(votes.take_rows(judged), crowd.classes, model)
    if y is None:
        fitted, X = replay.fit(np.ones(len(votes.lf), dtype=bool))
        return replay, replay.labels(fitted, X)
    gold = gold_of_crowd(crowd, y)[judged]
    if (gold == -1).all():
        raise ValueError(
            f"None of the {len(gold)} samples with judgements has a gold label in y. "
            "Pass y=None to score against the labels of all judgements."
        )
    return replay, gold


def _replay_policies(
    replay: _Replay,
    gold: np.ndarray,
    policies: Mapping[str, str | Rule],
    start: int,
    step: float,
    seed: int,
) -> dict[str, np.ndarray]:
    """Return costs and accuracies, shape (n_rounds, 2), of one repeat by policy."""
    votes = replay.votes
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(votes.lf)), votes.rows))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - np.repeat(votes.indptr[:-1], votes.counts)
    # One seed for all policies: how ties break does not depend on other policies.
    return {
        name: _replay_policy(
            replay, gold, rank, policy, start, step, np.random.default_rng(seed)
        )
        for name, policy in policies.items()
    }


def _replay_policy(
    replay: _Replay,
    gold: np.ndarray,
    rank: np.ndarray,
    policy: str | Rule,
    start: int,
    step: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Buy until nothing is left or all samples are done."""
    votes = replay.votes
    scored = gold != -1
    n_bought = np.minimum(votes.counts, start)
    rounds = []
    while True:
        fitted, X = replay.fit(rank < n_bought[votes.rows])
        right = replay.labels(fitted, X)[scored] == gold[scored]
        rounds.append((n_bought.sum() / votes.n_samples, right.mean()))
        chosen = _choose(policy, fitted, X, n_bought, votes.counts, step, rng)
        if len(chosen) == 0:
            return np.array(rounds)
        n_bought[chosen] += 1


def _choose(
    policy: str | Rule,
    fitted: BaseLabelModel,
    X: CastVotes,
    n_bought: np.ndarray,
    n_available: np.ndarray,
    step: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the samples that get one judgement more."""
    is_open = n_bought < n_available
    if not isinstance(policy, str):
        done = np.asarray(policy(fitted.predict_proba(X), n_bought.copy()))
        if done.shape != is_open.shape or done.dtype.kind != "b":
            raise ValueError(
                "A policy must return True or False for each of the "
                f"{len(is_open)} samples; got shape {done.shape} of {done.dtype}."
            )
        return np.flatnonzero(is_open & ~done)
    n_more = max(1, round(step * n_bought.sum()))
    at_random = rng.random(len(n_bought))
    candidates = np.flatnonzero(is_open)
    if policy == "uniform":
        keys: tuple[np.ndarray, ...] = (at_random, n_bought)
    else:
        votes, proba = votes_and_posteriors(fitted, X)
        gain = gain_of_outcome(proba, average_table(fitted, votes, proba), "error")
        keys = at_random, proba.max(axis=1), -gain
    first = np.lexsort([key[candidates] for key in keys])
    return candidates[first[:n_more]]
