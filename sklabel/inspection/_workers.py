"""The table of crowd workers: who is good, who guesses, and who does harm."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import xlogy
from scipy.stats import binom

from sklabel.inspection._crowd import (
    ModelVotes,
    check_crowd_labels,
    check_gold,
    check_label_model,
    columns_of_workers,
    crowd_to_cast,
    fit_on_crowd,
    gold_of_crowd,
    posterior_of,
    read_crowd_votes,
)
from sklabel.inspection._flags import (
    Flag,
    below_crowd_flags,
    join_flags,
    percent,
    quality_flags,
    repeat_flag,
)
from sklabel.inspection._repeats import find_repeats
from sklabel.inspection._vote_quality import VoteQuality, describe_votes, guessing
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf import CrowdLabels
from sklabel.lf._crowd_votes import value_of_label
from sklabel.utils._validation import plain
from sklabel.votes._cast import CastVotes

# Pseudo-judgements per class, spread like the table of the whole crowd.
_PSEUDO_JUDGEMENTS = 2.0
# Fewer judgements than this tell nothing about a worker.
_FEW = 5
# A worker always gives the same label if there are this many judgements, this share of
# them is equal, and a worker who gave the true labels would reach that share with less
# than this probability.
_SAME_JUDGEMENTS, _SAME_SHARE, _SAME_TAIL = 10, 0.95, 0.01


def worker_report(
    crowd_labels: CrowdLabels,
    y: pd.Series | ArrayLike | None = None,
    *,
    label_model: BaseLabelModel | None = None,
) -> pd.DataFrame:
    r"""Report every worker of a crowd, those to act upon first.

    It needs no gold labels: a label model estimates from the agreement with the others
    how good each worker is. Accuracies on gold labels, if given, are counted beside it.

    Parameters
    ----------
    crowd_labels : CrowdLabels
        The judgements.
    y : Series or array-like of shape (n_samples,), default=None
        Gold labels for some samples: a Series indexed by sample id, or an array in
        the order of ``crowd_labels.sample_ids``. -1, NaN, None or pd.NA mean
        unlabelled. Judgements are compared with them; nothing is learned from them.
    label_model : label model, default=None
        Fitted on the votes of these workers: LFs called ``worker_<id>``, as
        :class:`~sklabel.WorkerLFTransformer` names them, and other LFs if there are
        some; without names, an LF per worker in the order of
        ``crowd_labels.worker_ids``. If None, ``LabelModel(lf_kind="worker")`` is fitted
        on the judgements.

    Returns
    -------
    report : DataFrame with a row per worker
        Indexed by worker id, with the columns

        n_judgements : int
            Judgements of the worker for one of the classes; "can't tell" and other
            labels outside of the classes do not count here or below.
        share : float
            Share of the judgements of the crowd.
        agreement : float
            Mean agreement with the plurality of the other judgements of the sample,
            where k tied classes count 1 / k; NaN if no other worker judged the samples.
        accuracy, accuracy_low, accuracy_high : float
            Share of right judgements that the model learned (`lf_accuracy_`), and an
            interval that should hold it in 95 % of cases; on 17 public crowds it did
            for 96 % of the workers. See Notes of :func:`lf_summary`.
        n_gold : int
            Judgements of samples with a gold label. Only with `y`.
        gold_accuracy : float
            Share of them that is right; NaN if there are none. Only with `y`.
        favourite_class : object
            Label that the worker gives most often, the first of several; None without
            judgements.
        favourite_share : float
            Its share of the worker's judgements.
        spammer_score : float
            In [0, 1]. 1: judgements do not depend on the class; 0: they tell the class
            for sure, even if they name another one. NaN with one class or no
            judgements.
        information : float
            What a judgement tells about the class of a sample, in bits; NaN with one
            class or no judgements.
        flag : str
            Empty, or why the worker needs a look; several flags are joined by "; ".

    Raises
    ------
    TypeError
        If `crowd_labels` is not a CrowdLabels, `label_model` is not a label model, or
        `y` is a model.
    NotFittedError
        If `label_model` is not fitted.
    ValueError
        If no LF of `label_model` can be matched with a worker, it does not know the
        labels, or `y` has the wrong length, ids or labels, such as one that is none
        of the classes that `crowd_labels` was given.

    See Also
    --------
    lf_summary : The same for any LFs; its Notes explain accuracy and flags.
    agreement_report : How well the crowd agrees as a whole.

    Notes
    -----
    Class probabilities come from the judgements alone, even if the model has other
    LFs; the accuracy is that of the whole model. With the table :math:`\theta_{cv}` =
    P(label v | class c) and class prior :math:`\pi`, both of the model,

    * the spammer score is 1 minus that of Raykar and Yu [1]_, the squared distance of
      the table from one with equal rows, divided by the largest one:
      :math:`1 - \sum_{c < d} \sum_v (\theta_{cv} - \theta_{dv})^2 / (K (K - 1))`;
    * the information is the mutual information of class and label,
      :math:`\sum_c \pi_c \sum_v \theta_{cv} \log_2 (\theta_{cv} / \sum_d \pi_d
      \theta_{dv})`.

    The table is estimated where the model has none (MajorityVote), and for workers who
    have no LF in it or several: expected judgements of samples of each class, plus 2
    pseudo-judgements per class, spread as those of the whole crowd.

    *Flags* are those of :func:`lf_summary`, and

    * below the crowd: the accuracy, by the model or on gold labels, lies below the
      outer limit of :class:`WorkerFunnelDisplay`, so that bad luck does not explain why
      the worker is worse than the mean of the crowd. The limit is at 0.1 % for each
      worker: of 12,378 generated workers who are all equally good, 0.01 % lay below it
      by the model and 0.05 % on gold labels. Where workers differ, a good one who is
      clearly below the mean is flagged, too;
    * always gives the same label: 95 % of 10 judgements or more are equal, and a
      worker who named the class of each sample by its probability would reach that
      with a probability below 1 %;
    * nobody else judged these samples: there is nothing to compare with. A model that
      is fitted here then knows nothing about the worker, and the estimates are NaN; a
      model that is passed may have learned from gold labels;
    * few judgements: less than 5;
    * no judgement is for one of the classes.

    Workers to act upon come first: those with another flag than the last three. Within
    both groups, the expected number of wrong judgements decides, most first.

    Costs O(number of judgements * n_classes), and the pairs of workers who share
    samples.

    References
    ----------
    .. [1] V. C. Raykar and S. Yu, "Eliminating spammers and ranking annotators for
       crowdsourced labeling tasks", JMLR 13, 2012, 491-518.

    Examples
    --------
    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import make_crowd_labels
    >>> from sklabel.inspection import worker_report
    >>> data = make_crowd_labels(300, 12, random_state=1)
    >>> report = worker_report(CrowdLabels.from_frame(data.crowd_labels))
    >>> report["flag"].str.split(":").str[0].head(5).to_dict()
    {3: 'adversarial', 6: 'guesses', 7: 'guesses', 5: 'guesses', 2: ''}
    """
    return describe_workers(crowd_labels, y, label_model=label_model)[0]


def describe_workers(
    crowd_labels: CrowdLabels,
    y: pd.Series | ArrayLike | None = None,
    *,
    label_model: BaseLabelModel | None = None,
    posterior: np.ndarray | None = None,
    class_names: np.ndarray | None = None,
) -> tuple[pd.DataFrame, list[list[Flag]]]:
    """Return the table of `worker_report`, and the flags of each worker as data.

    Parameters
    ----------
    crowd_labels, y, label_model
        As in `worker_report`.
    posterior : ndarray of shape (n_samples, n_classes), default=None
        Class probabilities of the samples by `label_model` from the judgements alone,
        if they are known already.
    class_names : ndarray of shape (n_classes,), default=None
        What to call the classes of the crowd. If None, the classes themselves.

    Returns
    -------
    report : DataFrame with a row per worker
        The table.
    flags : list of length n_workers of lists of Flag
        In the order of the rows.
    """
    crowd = check_crowd_labels(crowd_labels, where="worker_report")
    check_gold(y, where="worker_report")
    fitted_here = label_model is None
    model = fit_on_crowd(crowd) if label_model is None else label_model
    model = check_label_model(model, where="worker_report")
    gold = None if y is None else gold_of_crowd(crowd, y, classes=[model.classes])
    cast = crowd_to_cast(crowd)
    if posterior is None:
        posterior = posterior_of(model, read_crowd_votes(crowd, cast, model).votes)
    model_votes = _votes_by_worker(crowd, cast, model)
    quality = describe_votes(model_votes, posterior)

    n_workers, n_classes = crowd.n_workers, len(crowd.classes)
    counts = np.bincount(
        cast.lf.astype(np.int64) * n_classes + cast.value,
        minlength=n_workers * n_classes,
    ).reshape(n_workers, n_classes)
    n_judgements = counts.sum(axis=1)
    n_or_nan = np.where(n_judgements > 0, n_judgements, np.nan)
    report = pd.DataFrame(
        {
            "n_judgements": n_judgements,
            "share": n_judgements / max(n_judgements.sum(), 1),
            "agreement": quality.agreement,
            "accuracy": quality.accuracy,
            "accuracy_low": quality.low,
            "accuracy_high": quality.high,
        },
        index=crowd.worker_ids,
    )
    if gold is not None:
        judged = gold[cast.rows] != -1
        right = gold[cast.rows] == cast.value
        n_gold = np.bincount(cast.lf[judged], minlength=n_workers)
        n_right = np.bincount(cast.lf[right], minlength=n_workers)
        report["n_gold"] = n_gold
        report["gold_accuracy"] = n_right / np.where(n_gold > 0, n_gold, np.nan)
    favourite = counts.argmax(axis=1)
    named = crowd.classes if class_names is None else class_names
    names = pd.Series(named[favourite], index=crowd.worker_ids)
    if (n_judgements == 0).any():
        names = names.astype(object).where(n_judgements > 0, None)
    report["favourite_class"] = names
    report["favourite_share"] = counts.max(axis=1) / n_or_nan

    tables = _tables_of_workers(crowd, model, quality)
    report["spammer_score"] = np.where(n_judgements > 0, spammer_score(tables), np.nan)
    bits = mutual_information(tables, model.class_prior_)
    report["information"] = np.where(n_judgements > 0, bits, np.nan)

    alone = (n_judgements > 0) & np.isnan(quality.agreement)
    if fitted_here:
        # Without another worker to compare with, the model only repeats its prior.
        guessed = ["accuracy", "accuracy_low", "accuracy_high"]
        report.loc[alone, [*guessed, "spammer_score", "information"]] = np.nan
    expected = _expected_share(crowd, cast, model_votes, posterior, favourite)
    flags = _flags(report, model_votes, posterior, quality, expected)
    report["flag"] = [join_flags(of_worker) for of_worker in flags]
    order = _order_to_act(report, flags)
    return report.iloc[order], [flags[w] for w in order]


def _votes_by_worker(
    crowd: CrowdLabels, cast: CastVotes, model: BaseLabelModel
) -> ModelVotes:
    """Return judgements with a column per worker, and the values of the model."""
    value = value_of_label(crowd.classes, model)[cast.value]
    known = value >= 0
    votes = CastVotes(cast.indptr, cast.lf, value, crowd.n_workers)
    if not known.all():
        votes = votes.take_votes(known)
    column = columns_of_workers(crowd, model)[cast.lf, cast.value][known]
    return ModelVotes(model, votes, known, model._class_of_value, column)


def _tables_of_workers(
    crowd: CrowdLabels, model: BaseLabelModel, quality: VoteQuality
) -> np.ndarray:
    """Return P(label | class), shape (n_workers, n_classes, n_values)."""
    counts = np.swapaxes(quality.table, 1, 2)
    of_crowd = counts.sum(axis=0) + 1 / counts.shape[2]
    of_crowd = of_crowd / of_crowd.sum(axis=1, keepdims=True)
    tables = counts + _PSEUDO_JUDGEMENTS * of_crowd
    tables = tables / tables.sum(axis=2, keepdims=True)
    if hasattr(model, "confusion_"):
        column = columns_of_workers(crowd, model)
        has_one = (column[:, 0] >= 0) & (column == column[:, :1]).all(axis=1)
        tables[has_one] = model.confusion_[column[has_one, 0]]
    return tables


def spammer_score(tables: np.ndarray) -> np.ndarray:
    """Return 1 for tables with equal rows, 0 for those that tell the class for sure.

    Parameters
    ----------
    tables : ndarray of shape (n_workers, n_classes, n_values)
        P(label | class).

    Returns
    -------
    score : ndarray of shape (n_workers,)
        1 minus the score of Raykar and Yu; NaN with one class.
    """
    n_classes = tables.shape[1]
    if n_classes < 2:
        return np.full(len(tables), np.nan)
    # The sum over pairs of rows of their squared distance.
    distance = n_classes * (tables**2).sum(axis=(1, 2))
    distance -= (tables.sum(axis=1) ** 2).sum(axis=1)
    return np.clip(1 - distance / (n_classes * (n_classes - 1)), 0, 1)


def mutual_information(tables: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the mutual information of class and label, in bits.

    Parameters
    ----------
    tables : ndarray of shape (n_workers, n_classes, n_values)
        P(label | class).
    prior : ndarray of shape (n_classes,)
        Class prior.

    Returns
    -------
    information : ndarray of shape (n_workers,)
        NaN with one class.
    """
    if tables.shape[1] < 2:
        return np.full(len(tables), np.nan)
    joint = prior[:, None] * tables
    marginal = joint.sum(axis=1)
    nats = (prior[:, None] * xlogy(tables, tables)).sum(axis=(1, 2))
    return np.maximum(nats - xlogy(marginal, marginal).sum(axis=1), 0) / np.log(2)


def _expected_share(
    crowd: CrowdLabels,
    cast: CastVotes,
    model_votes: ModelVotes,
    posterior: np.ndarray,
    favourite: np.ndarray,
) -> np.ndarray:
    """Return the mean probability of each worker's favourite class.

    Over the samples that the worker judged.
    """
    value = value_of_label(crowd.classes, model_votes.model)
    column = model_votes.class_of_value[value][favourite][cast.lf]
    p = np.where(column >= 0, posterior[cast.rows, column], np.nan)
    n = np.bincount(cast.lf, minlength=crowd.n_workers)
    total = np.bincount(cast.lf, p, minlength=crowd.n_workers)
    return np.clip(total / np.where(n > 0, n, np.nan), 0, 1)


def _flags(
    report: pd.DataFrame,
    model_votes: ModelVotes,
    posterior: np.ndarray,
    quality: VoteQuality,
    expected: np.ndarray,
) -> list[list[Flag]]:
    """Return the flags of each worker, in the order of `report`."""
    n_judgements = report["n_judgements"].to_numpy()
    n_same = np.rint(report["favourite_share"].to_numpy() * n_judgements)
    always = (
        (n_judgements >= _SAME_JUDGEMENTS)
        & (n_same >= _SAME_SHARE * n_judgements)
        & (binom.sf(n_same - 1, n_judgements, expected) < _SAME_TAIL)
    )
    guesses = guessing(quality, posterior, model_votes)
    repeats = find_repeats(model_votes, posterior)
    below = below_crowd_flags(report)
    favourites = report["favourite_class"].tolist()
    flags = []
    for w, n in enumerate(n_judgements):
        if n == 0:
            text = "no judgement is for one of the classes"
            flags.append([Flag("no_class", "note", text)])
            continue
        of_worker = quality_flags(quality, w, bool(guesses[w]))
        if w in below:
            of_worker.append(below[w])
        if always[w]:
            text = (
                f"always gives {plain(favourites[w])!r}: in {percent(n_same[w] / n)} "
                f"of {n} judgements, where {percent(expected[w])} is expected"
            )
            of_worker.append(Flag("same_label", "warning", text))
        if w in repeats:
            of_worker.append(repeat_flag(repeats[w], report.index, "samples"))
        if np.isnan(quality.agreement[w]):
            text = "nobody else judged these samples"
            of_worker.append(Flag("nobody_else", "note", text))
        if n < _FEW:
            of_worker.append(Flag("few_judgements", "note", f"few judgements: {n}"))
        flags.append(of_worker)
    return flags


def _order_to_act(report: pd.DataFrame, flags: list[list[Flag]]) -> np.ndarray:
    """Return the positions of workers, those to act upon first."""
    act = [any(flag.level != "note" for flag in of_worker) for of_worker in flags]
    wrong = report["n_judgements"] * (1 - report["accuracy"].fillna(1))
    return np.lexsort((-wrong.to_numpy(), ~np.array(act, dtype=bool)))
