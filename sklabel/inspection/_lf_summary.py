"""Tables that say what labeling functions do."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.inspection._crowd import (
    ModelVotes,
    check_gold,
    check_label_model,
    posterior_of,
    read_model_votes,
)
from sklabel.inspection._flags import Flag, join_flags, quality_flags, repeat_flag
from sklabel.inspection._repeats import find_repeats
from sklabel.inspection._vote_quality import describe_votes, guessing
from sklabel.label_model._base import BaseLabelModel
from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import first_few, plain
from sklabel.votes._cast import (
    CastVotes,
    distinct,
    index_of,
    is_numeric,
)
from sklabel.votes._gold import Gold, read_gold, warn_of_minus_one_as_class
from sklabel.votes._labels import check_classes
from sklabel.votes._read import read_any_votes


def lf_summary(
    votes: Any,
    y: Any = None,
    *,
    label_model: BaseLabelModel | None = None,
    classes: ArrayLike | None = None,
    lf_names: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Summarise every labeling function: coverage, overlaps, conflicts, accuracy.

    Parameters
    ----------
    votes : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.
    y : array-like of shape (n_samples,), default=None
        Gold labels in the alphabet of the votes; -1, NaN, None or pd.NA mean
        unlabelled, and such rows do not count as correct or incorrect.
    label_model : label model, default=None
        Fitted on votes of the same LFs, for instance :class:`~sklabel.LabelModel`.
        Adds what it learned, and flags LFs that need a look.
    classes : array-like of shape (n_classes,), default=None
        Class names behind votes that are indices, where `y` holds names; for instance
        `classes` of the CrowdLabels. If None, the class names of `label_model`.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, the columns of a DataFrame, else positions.

    Returns
    -------
    summary : DataFrame with a row per LF
        Indexed by LF name, with the columns

        j : int
            Position of the LF.
        Polarity : list
            The distinct values that it votes, sorted.
        Coverage : float
            Share of rows that it votes on.
        Overlaps : float
            Share of rows that it and at least one other LF vote on.
        Conflicts : float
            Share of rows where another LF votes something else.
        Correct, Incorrect : int
            Votes on gold rows that are right and wrong. Only with `y`.
        Emp. Acc. : float
            Correct / (Correct + Incorrect); NaN for an LF without votes on gold rows.
            Only with `y`.
        n_votes : int
            Number of its votes, also of those that name no class. This column and all
            below only with `label_model`.
        agreement : float
            Mean agreement of its votes with the plurality of the other votes on the
            row, where k tied classes count 1 / k; NaN if no other LF votes on its rows.
        accuracy : float
            Share of right votes that the model learned; NaN for an LF without votes
            for a class.
        accuracy_low, accuracy_high : float
            Interval that should hold it in 95 % of cases. On public data and without
            gold labels, it did so for 96 % of crowd workers, 95 % of rules and 79 % of
            other LFs; see Notes.
        flag : str
            Empty, or why the LF needs a look; several flags are joined by "; ".

    Raises
    ------
    ValueError
        If `votes` is not readable as votes, or `y` or `lf_names` has another length,
        or `y` is of another kind (numbers, strings) than the votes, or `label_model`
        was fitted on other LFs or other vote values.
    TypeError
        If `label_model` is not a label model, or `y` is a model.
    NotFittedError
        If `label_model` is not fitted.

    See Also
    --------
    label_coverage : Share of rows with a vote.
    worker_report : The same question for crowd workers.
    sklabel.LabelModel : Estimates accuracies without gold labels.

    Notes
    -----
    The columns from `j` to `Emp. Acc.` are those of Snorkel's
    ``LFAnalysis.lf_summary``, except that an accuracy without evidence is NaN and not
    0. They cost O(number of votes).

    *accuracy* is `lf_accuracy_` of the model, the one figure that all tables and plots
    state. It is what the fit learned, from gold labels too where it had some; `votes`
    of other rows, such as a test split, and `y` do not change it. Of a model without
    that attribute (:class:`~sklabel.label_model.MajorityVote`), it is the mean of
    `predict_proba` at the classes that the LF voted for. Votes that name no class
    count neither here nor in the agreement.

    *The interval* is that of a beta distribution. Call its mean m: the accuracy, over
    n votes and after half a right and half a wrong pseudo-vote. With the probability p
    of each vote, let u be the mean of :math:`p (1 - p)`, and x in [0, 1] how little
    the other votes check the LF. The variance is :math:`m (1 - m) / (n + 2) + u / n +
    0.05 (1 - x) u + 0.25 x m (1 - m)`: few votes, doubt about each of them, errors
    that votes share, and what agreement cannot tell. x is `rule_share_` for a rule,
    whose single value nobody can check. It rises to 1 for all LFs as the agreement of
    the votes, in excess of chance, falls from 15 % to 0, and for an LF of whose votes
    less than 20 meet another. The votes of an LF on the gold rows of the fit are added
    to the distribution as right and wrong ones, and each end allows for x / 2 votes
    more against it.

    How often it holds was measured on the gold rows that a fit had not seen, give or
    take half a vote, on 25 public sets, from which the constants come too. Without
    gold labels it held for 96 % of 2,022 crowd workers, 95 % of 128 rules and 79 % of
    155 other LFs: all 13 language models of one set, and 77 % of 142 LFs of another
    one, which has 399 rows. With 20, 60 or 200 gold rows it held for 97 to 98 % of
    the workers, 93 to 98 % of the rules and 92 to 94 % of the others. On generated
    votes it held for 98 to 100 % without gold labels, and for 94 to 99 % with them.
    ``benchmarks/interval_coverage.py`` prints the tables. Without gold labels, an
    interval of rules is about 0.7 wide: it says that little is known. Where most of the
    votes err in the same way, no vote can tell, and the interval is too narrow: in the
    worst of the crowds, it held for 55 % of the workers.

    *Flags*. Chance is the accuracy of the same votes on rows chosen blindly.

    * never votes, or no vote names a class.
    * adversarial: the accuracy is at least 15 % below chance. Besides, chance lies
      above the interval of the accuracy, or above that of the agreement, which counts
      from 20 votes on.
    * guesses: there are 20 votes or more, chance lies in the interval of the accuracy,
      and a vote tells less than 0.01 bits about the class, beyond what chance adds.
    * repeats another LF: the two are equal on 95 % of 20 common votes or more. That is
      5 % and 4 standard errors more than independent errors explain, given how well
      each of the two agrees with all others. Or both vote for one class only, and fire
      on the same rows more often than the classes explain. Of the three candidates
      with most common votes, the first that qualifies is named. Good workers who meet
      on the few samples that the others get wrong may look alike, too.

    Pairs of LFs that share no row cost nothing; memory does not grow with the square
    of the number of samples or LFs.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.inspection import lf_summary
    >>> votes = pd.DataFrame({"a": [1, 0, -1, -1], "b": [1, 1, 0, -1]})
    >>> lf_summary(votes, y=[1, 0, 0, 1])
       j Polarity  Coverage  Overlaps  Conflicts  Correct  Incorrect  Emp. Acc.
    a  0   [0, 1]      0.50       0.5       0.25        2          0   1.000000
    b  1   [0, 1]      0.75       0.5       0.25        2          1   0.666667

    Nine LFs that are mostly right and one that votes the opposite, without gold:

    >>> from sklabel import LabelModel
    >>> from sklabel.datasets import make_lf_votes
    >>> accuracy = [0.8] * 9 + [0.1]
    >>> votes = make_lf_votes(
    ...     300, 10, coverage=0.5, accuracy=accuracy, random_state=0
    ... ).votes
    >>> summary = lf_summary(votes, label_model=LabelModel().fit(votes))
    >>> columns = ["agreement", "accuracy", "accuracy_low", "accuracy_high"]
    >>> summary[columns].tail(2).round(2)
       agreement  accuracy  accuracy_low  accuracy_high
    8       0.70      0.71          0.50           0.87
    9       0.19      0.24          0.08           0.46
    >>> summary["flag"].str.split(":").str[0].tail(2).tolist()
    ['', 'adversarial']
    """
    return summarise_lfs(
        votes, y, label_model=label_model, classes=classes, lf_names=lf_names
    )[0]


def summarise_lfs(
    votes: Any,
    y: Any = None,
    *,
    label_model: BaseLabelModel | None = None,
    classes: ArrayLike | None = None,
    lf_names: Sequence[Any] | None = None,
    posterior: np.ndarray | None = None,
) -> tuple[pd.DataFrame, list[list[Flag]]]:
    """Return the table of `lf_summary`, and the flags of each LF as data.

    Parameters
    ----------
    votes, y, label_model, classes, lf_names
        As in `lf_summary`.
    posterior : ndarray of shape (n_samples, n_classes), default=None
        Class probabilities of the rows by `label_model`, if they are known already.

    Returns
    -------
    summary : DataFrame with a row per LF
        The table.
    flags : list of length n_lfs of lists of Flag
        In the order of the rows; all empty without a model.
    """
    check_gold(y, where="lf_summary")
    check_same_rows(votes=votes, y=y)
    model = label_model
    if model is not None:
        model = check_label_model(model, where="lf_summary")
    names_given = classes if model is None else model.classes_
    votes = as_pandas(votes, where="A table of votes")
    cast = read_any_votes(votes, classes=names_given)
    names = names_of_lfs(votes, cast, lf_names)
    values = cast.distinct_labels()
    encoded, _ = cast.encode(values)
    value_names = names_of_values(values, names_given if classes is None else classes)
    gold = None
    if y is not None:
        known_classes = cast.classes if names_given is None else names_given
        labels = read_gold(y, cast.n_samples, known_classes)
        warn_of_minus_one_as_class(labels, cast, known_classes)
        gold = _gold_values(labels, values, value_names, classes, known_classes)
        if (
            model is not None
            and classes is None
            and is_numeric(labels.label) == is_numeric(model.classes_)
        ):
            # Raises where a gold label is not a class of the model.
            labels.index(model.classes_)
    counts = _count_votes(encoded, len(values), gold)
    n_votes = counts.sum(axis=1)
    summary = pd.DataFrame(
        {
            "j": np.arange(cast.n_lfs),
            "Polarity": _polarities(encoded, value_names),
            "Coverage": n_votes / cast.n_samples,
            "Overlaps": counts[:, _OVERLAP].sum(axis=1) / cast.n_samples,
            "Conflicts": counts[:, _CONFLICT].sum(axis=1) / cast.n_samples,
        },
        index=names,
    )
    if gold is not None:
        right = counts[:, _RIGHT].sum(axis=1)
        n_judged = counts[:, _JUDGED].sum(axis=1)
        summary["Correct"] = right
        summary["Incorrect"] = n_judged - right
        summary["Emp. Acc."] = right / np.where(n_judged > 0, n_judged, np.nan)
    flags: list[list[Flag]] = [[] for _ in names]
    if model is not None:
        given_names = names if isinstance(votes, pd.DataFrame) else None
        model_votes = read_model_votes(model, cast, lf_names=given_names)
        if posterior is None:
            posterior = posterior_of(model, model_votes.votes)
        flags = _add_learned(summary, model_votes, posterior, n_votes)
    return summary, flags


def label_coverage(votes: Any) -> float:
    """Return the share of samples with at least one vote.

    Parameters
    ----------
    votes : {DataFrame, array-like, sparse matrix} of shape (n_samples, n_lfs)
        Votes in any form that a label model reads.

    Returns
    -------
    coverage : float
        In [0, 1].

    Raises
    ------
    ValueError
        If `votes` is not readable as votes or has no rows.

    See Also
    --------
    lf_summary : The coverage of each LF.

    Examples
    --------
    >>> from sklabel.inspection import label_coverage
    >>> label_coverage([[0, -1], [-1, -1], [1, 1], [-1, 0]])
    0.75
    """
    cast = read_any_votes(votes)
    if cast.n_samples == 0:
        raise ValueError("votes has no rows; coverage is not defined.")
    return float((cast.counts > 0).mean())


# Index of a row without gold; -1 is the index of a gold label that no LF votes.
_UNLABELLED = -2


def names_of_lfs(
    votes: Any, cast: CastVotes, lf_names: Sequence[Any] | None
) -> pd.Index:
    """Return the names of the LFs."""
    if cast.n_samples == 0 or cast.n_lfs == 0:
        raise ValueError(
            f"votes has {cast.n_samples} rows and {cast.n_lfs} LFs; there is nothing "
            "to summarise."
        )
    if lf_names is None:
        if isinstance(votes, pd.DataFrame):
            return votes.columns
        return pd.RangeIndex(cast.n_lfs)
    if len(lf_names) != cast.n_lfs:
        raise ValueError(
            f"lf_names must name each of the {cast.n_lfs} LFs; got {len(lf_names)}."
        )
    return pd.Index(lf_names)


# Each vote has a code of 4 bits. These are the codes in which one of the bits is set.
_CODES = np.arange(16)
_OVERLAP, _CONFLICT, _JUDGED, _RIGHT = (
    np.flatnonzero(_CODES & bit) for bit in (1, 2, 4, 8)
)


def _count_votes(
    encoded: CastVotes, n_values: int, gold: np.ndarray | None
) -> np.ndarray:
    """Count the votes of each LF by code, shape (n_lfs, 16).

    Three bits say what is true of the row (other LFs vote too, votes differ, there is
    a gold label), and one that the vote is right. One pass over the votes counts all.
    """
    row_code = (encoded.counts >= 2).astype(np.int8) | _rows_that_differ(encoded) << 1
    if gold is not None:
        row_code |= (gold != _UNLABELLED).astype(np.int8) << 2
    key = np.repeat(row_code, encoded.counts)
    if gold is not None:
        right = np.repeat(gold, encoded.counts) == encoded.value
        key |= right.astype(np.int8) << 3
    cell = encoded.lf.astype(np.intp) * 16
    cell += key
    return np.bincount(cell, minlength=encoded.n_lfs * 16).reshape(-1, 16)


def _polarities(encoded: CastVotes, values: np.ndarray) -> list[list[Any]]:
    """Return the distinct values that each LF votes."""
    n_values = max(len(values), 1)
    cell = encoded.lf.astype(np.intp) * n_values
    cell += encoded.value
    pairs = np.bincount(cell, minlength=encoded.n_lfs * n_values)
    pairs = pairs.reshape(encoded.n_lfs, n_values)
    return [[plain(values[v]) for v in np.flatnonzero(row)] for row in pairs]


def _rows_that_differ(encoded: CastVotes) -> np.ndarray:
    """Mark with 1 the rows where not all votes are equal: each has one that differs."""
    differs = np.zeros(encoded.n_samples, dtype=np.int8)
    voted = np.flatnonzero(encoded.counts)
    if len(voted):
        starts = encoded.indptr[voted]
        largest = np.maximum.reduceat(encoded.value, starts)
        differs[voted] = largest != np.minimum.reduceat(encoded.value, starts)
    return differs


def names_of_values(values: np.ndarray, names: ArrayLike | None) -> np.ndarray:
    """Return the names of vote values, which may be positions among them."""
    if names is None or len(values) == 0 or not is_numeric(values):
        return values
    array = np.asarray(names)
    if is_numeric(array) or values.dtype.kind not in "iu":
        return values
    fits = values.min() >= 0 and values.max() < len(array)
    return array[values] if fits else values


def _gold_values(
    gold: Gold,
    values: np.ndarray,
    named: np.ndarray,
    classes: ArrayLike | None,
    known_classes: ArrayLike | None,
) -> np.ndarray:
    """Return gold labels as positions among the vote values."""
    known = gold.labelled(known_classes)
    labels = gold.label[known]
    if classes is not None:
        given = check_classes(classes)
        odd = index_of(np.sort(given), labels) < 0
        if odd.any():
            raise ValueError(
                f"y has labels that are not in classes={given.tolist()}: "
                f"{first_few(distinct(labels[odd]))}. Add them to classes."
            )
    elif is_numeric(labels):
        named = values  # positions on both sides, as far as votes are positions
    if len(labels) and len(named) and is_numeric(labels) != is_numeric(named):
        raise ValueError(
            f"Votes are {first_few(values)} and gold labels are "
            f"{first_few(distinct(labels))}: pass classes=[...], the names of the "
            "votes 0, 1, 2, ... in this order."
        )
    index = np.full(len(gold.label), _UNLABELLED)
    order = np.argsort(named, kind="stable")
    at = index_of(named[order], labels)
    index[known] = np.where(at >= 0, order[at], -1) if len(order) else -1
    return index


def _add_learned(
    summary: pd.DataFrame,
    model_votes: ModelVotes,
    posterior: np.ndarray,
    n_votes: np.ndarray,
) -> list[list[Flag]]:
    """Add the columns that need a model, and return the flags of each LF."""
    quality = describe_votes(model_votes, posterior)
    summary["n_votes"] = n_votes
    summary["agreement"] = quality.agreement
    summary["accuracy"] = quality.accuracy
    summary["accuracy_low"] = quality.low
    summary["accuracy_high"] = quality.high

    guesses = guessing(quality, posterior, model_votes)
    repeats = find_repeats(model_votes, posterior)
    flags = []
    for j in range(len(summary)):
        if n_votes[j] == 0:
            flags.append([Flag("never_votes", "note", "never votes")])
            continue
        if quality.n_votes[j] == 0:
            text = f"no vote of {n_votes[j]} names a class"
            flags.append([Flag("no_class", "note", text)])
            continue
        of_lf = quality_flags(quality, j, bool(guesses[j]))
        if j in repeats:
            of_lf.append(repeat_flag(repeats[j], summary.index, "votes"))
        flags.append(of_lf)
    summary["flag"] = [join_flags(of_lf) for of_lf in flags]
    return flags
