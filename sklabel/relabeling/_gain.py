"""How uncertain posteriors are, and what one more vote is expected to gain."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import entr

from sklabel.inspection._crowd import check_label_model
from sklabel.label_model._base import BaseLabelModel
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_option, check_proba, first_few, is_integer
from sklabel.votes._cast import CastVotes
from sklabel.votes._proba import read_proba

CRITERIA = ("error", "entropy")
# A smaller gain is a rounding error.
NO_GAIN = 1e-12


def posterior_entropy(proba: ArrayLike) -> np.ndarray:
    """Return how uncertain each posterior is, in bits.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        Class probabilities, as `predict_proba` returns them.

    Returns
    -------
    entropy : ndarray of shape (n_samples,), float64
        Between 0 (certain) and log2(n_classes) bits.

    Raises
    ------
    ValueError
        If rows are not probabilities that sum to 1.

    See Also
    --------
    expected_error : Probability that the most probable class is wrong.

    Examples
    --------
    >>> from sklabel.relabeling import posterior_entropy
    >>> posterior_entropy([[0.5, 0.5], [1.0, 0.0]])
    array([1., 0.])
    """
    return bits(check_proba(proba))


def expected_error(proba: ArrayLike) -> np.ndarray:
    """Return the probability that the most probable class is wrong.

    Its sum is the number of wrong labels to expect, as far as the posteriors are
    calibrated.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        Class probabilities, as `predict_proba` returns them.

    Returns
    -------
    error : ndarray of shape (n_samples,), float64
        One minus the largest probability of each row.

    Raises
    ------
    ValueError
        If rows are not probabilities that sum to 1.

    See Also
    --------
    posterior_entropy : Uncertainty in bits.

    Examples
    --------
    >>> from sklabel.relabeling import expected_error
    >>> expected_error([[0.75, 0.25], [0.0, 1.0]])
    array([0.25, 0.  ])
    """
    return 1 - check_proba(proba).max(axis=1)


def expected_gain(
    votes: Any,
    *,
    label_model: Any,
    lf: Any = None,
    criterion: str = "error",
    proba: Any = None,
) -> np.ndarray:
    r"""Return what one more vote is expected to gain on each sample.

    Parameters
    ----------
    votes : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
        Votes so far, with the LFs of `fit`.
    label_model : label model
        Fitted. Models without `confusion_` (MajorityVote) get tables from `votes`,
        see Notes.
    lf : str or int, default=None
        Name or position of the LF that votes. If None, the average worker: the mean
        table of the LFs that are not rules, weighted by their number of votes.
    criterion : {'error', 'entropy'}, default='error'
        What the vote should reduce: the probability that the most probable class is
        wrong, or the entropy of the posterior in bits.
    proba : array-like or DataFrame of shape (n_samples, n_classes), default=None
        Class probabilities of the samples, if more is known than votes say, such as
        `label_proba_` of :class:`~sklabel.WeakSupervisionClassifier`. An array is in
        the order of the model's `classes_`. None: what the model says of the votes.

    Returns
    -------
    gain : ndarray of shape (n_samples,), float64
        Expected reduction, never negative; NaN where the named `lf` has voted
        already. An 'error' gain is exactly 0 where no single vote could change the
        most probable class, however uncertain it is.

    Raises
    ------
    NotFittedError
        If the model is not fitted.
    TypeError
        If `label_model` is not a label model.
    ValueError
        If the votes have other LFs than in `fit`, `lf` is unknown or a rule, or all
        LFs are rules.

    See Also
    --------
    relabel_plan : Spends a budget; looks several votes ahead.

    Notes
    -----
    With posterior p and table :math:`\theta_{cv}`, vote v comes with probability
    :math:`p(v) = \sum_c p_c \theta_{cv}`, and the posterior after it is
    :math:`p_c \theta_{cv} / p(v)` by Bayes. So the expected error drops by
    :math:`\sum_v \max_c p_c \theta_{cv} - \max_c p_c`, and the expected entropy by
    the mutual information of class and vote. Reducing the expected error is the
    criterion of [1]_ for active learning.

    The vote is taken as independent of those before, given the class. On samples that
    are hard for everybody it is not, and the gain is overstated.

    Without `confusion_`, :math:`\theta_{cv}` is the sum of posteriors of class c over
    the votes v, with 4 pseudo-votes for the own class and :math:`\sqrt{2/K}` for each
    other value. Each vote counts towards its own posterior there, so that LFs look
    somewhat better than they are; ranks of samples hardly change.

    Costs O(n_samples * n_classes * n_values) time, O(n_samples * n_classes) memory.

    References
    ----------
    .. [1] N. Roy and A. McCallum, "Toward optimal active learning through sampling
       estimation of error reduction", ICML 2001, 441-448.

    Examples
    --------
    A tie gains most, and one more vote cannot change what three workers agree on:

    >>> from sklabel import LabelModel
    >>> from sklabel.relabeling import expected_gain
    >>> votes = [[0, 1, -1], [0, 0, 0], [1, 1, 1]] * 10
    >>> model = LabelModel().fit(votes)
    >>> expected_gain(votes, label_model=model)[:3].round(1)
    array([0.3, 0. , 0. ])
    """
    check_option(criterion, "criterion", CRITERIA)
    model = check_label_model(label_model, where="expected_gain")
    check_same_rows(votes=votes, proba=proba)
    cast, proba = votes_and_posteriors(model, votes, proba)
    if lf is None:
        table = average_table(model, cast, proba)
        return gain_of_outcome(proba, table, criterion)
    j = _position_of(model, lf)
    gain = gain_of_outcome(proba, _table_of(model, cast, proba, j), criterion)
    gain[cast.rows[cast.lf == j]] = np.nan
    return gain


def bits(p: np.ndarray) -> np.ndarray:
    """Return the entropy of each row, in bits."""
    return entr(p).sum(axis=1) / np.log(2)


def gain_of_outcome(
    proba: np.ndarray, outcomes: np.ndarray, criterion: str
) -> np.ndarray:
    """Return how far knowing an outcome reduces a criterion, on average.

    Parameters
    ----------
    proba : ndarray of shape (n_samples, n_classes)
        Posteriors.
    outcomes : ndarray of shape (n_classes, n_outcomes)
        P(outcome | class); rows sum to 1.
    criterion : {'error', 'entropy'}
        What is to be reduced.

    Returns
    -------
    gain : ndarray of shape (n_samples,)
        Not negative; exactly 0 where it is a rounding error.
    """
    if criterion == "entropy":
        # Mutual information without an array of samples x classes x outcomes.
        gain = bits(proba @ outcomes) - proba @ bits(outcomes)
    else:
        gain = -proba.max(axis=1)
        for likelihood in outcomes.T:
            gain += (proba * likelihood).max(axis=1)
    gain[gain < NO_GAIN] = 0
    return gain


def votes_and_posteriors(
    model: BaseLabelModel, votes: Any, proba: Any = None
) -> tuple[CastVotes, np.ndarray]:
    """Return votes as indices into `vote_values_`, and the posteriors.

    Votes with a value that is not in `vote_values_` are left out. Posteriors are
    `proba` if it is given.
    """
    by_votes = model.predict_proba(votes)  # first: it warns of unknown votes
    proba = by_votes if proba is None else _given(model, len(by_votes), proba)
    cast, known = model._read_votes(votes, reset=False).encode(model.vote_values_)
    return cast if known.all() else cast.take_votes(known), proba


def posteriors(model: BaseLabelModel, votes: CastVotes, proba: Any) -> np.ndarray:
    """Return `proba`, or if it is None what a model says of votes in its values."""
    if proba is None:
        return model._proba_of(votes)
    return _given(model, votes.n_samples, proba)


def _given(model: BaseLabelModel, n_samples: int, proba: Any) -> np.ndarray:
    """Return class probabilities of the user in the order of the classes."""
    proba, _ = read_proba(proba, model.classes_, name="proba")
    if len(proba) != n_samples:
        raise ValueError(
            f"proba must have a row for each of the {n_samples} samples of votes; got "
            f"{len(proba)}."
        )
    return proba


def average_table(
    model: BaseLabelModel, votes: CastVotes, proba: np.ndarray
) -> np.ndarray:
    """Return P(vote value | class) of the average worker.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted.
    votes : CastVotes
        As indices into `model.vote_values_`.
    proba : ndarray of shape (n_samples, n_classes)
        Posteriors of the same samples.

    Returns
    -------
    table : ndarray of shape (n_classes, n_values)
        Rows sum to 1.
    """
    is_worker = np.ones(votes.n_lfs, dtype=bool)
    if hasattr(model, "lf_kind_"):
        is_worker = model.lf_kind_ == "worker"
    if not is_worker.any():
        raise ValueError(
            f"All {votes.n_lfs} LFs are rules, which fire or do not: there is no "
            "worker to ask for a further vote. Pass lf_kind='worker' to the model if "
            "some of them are people."
        )
    if not hasattr(model, "confusion_"):
        return _counted_table(model, votes, proba, np.ones(len(votes.lf), dtype=bool))
    confusion = model.confusion_
    # With alpha=0 an LF that never voted has no table.
    usable = is_worker & np.isfinite(confusion).all(axis=(1, 2))
    if not usable.any():
        raise ValueError(
            "No LF has a finite table in confusion_; fit on votes that hold some."
        )
    weight = np.bincount(votes.lf, minlength=votes.n_lfs)[usable]
    if not weight.any():
        weight = np.ones(len(weight))
    return as_table(np.tensordot(weight, confusion[usable], axes=1))


def _table_of(
    model: BaseLabelModel, votes: CastVotes, proba: np.ndarray, j: int
) -> np.ndarray:
    """Return P(vote value | class) of one LF."""
    if not hasattr(model, "confusion_"):
        return _counted_table(model, votes, proba, votes.lf == j)
    table = model.confusion_[j]
    if not np.isfinite(table).all():
        raise ValueError(
            f"LF {model._lf_names()[j]!r} has no table in confusion_: it never voted "
            "in fit. Leave lf out to ask for the average worker."
        )
    return as_table(table)


def _counted_table(
    model: BaseLabelModel, votes: CastVotes, proba: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Return a table from posteriors of the samples voted on, with pseudo-votes."""
    n_classes, n_values = len(model.classes_), len(model.vote_values_)
    rows, value = votes.rows[chosen], votes.value[chosen]
    named = model._class_of_value
    counts = np.full((n_classes, n_values), np.sqrt(2 / n_classes))
    counts[named[named >= 0], np.flatnonzero(named >= 0)] = 4.0
    for c in range(n_classes):
        counts[c] += np.bincount(value, proba[rows, c], minlength=n_values)
    return as_table(counts)


def as_table(table: np.ndarray) -> np.ndarray:
    """Scale each row to sum to 1."""
    return table / table.sum(axis=1, keepdims=True)


def _position_of(model: BaseLabelModel, lf: Any) -> int:
    """Return the column of an LF that is named, or given by position."""
    names = list(model._lf_names())
    if lf in names and not isinstance(lf, bool):
        j = names.index(lf)
    elif is_integer(lf) and 0 <= lf < len(names):
        j = int(lf)
    else:
        raise ValueError(
            f"lf={lf!r} is not one of the {len(names)} LFs of the model: "
            f"{first_few(names)}. Pass a name, or a position from 0."
        )
    if hasattr(model, "lf_kind_") and model.lf_kind_[j] == "rule":
        raise ValueError(
            f"LF {names[j]!r} is a rule, which fires or does not: it cannot be asked "
            "for a further vote. Name a worker."
        )
    return j
