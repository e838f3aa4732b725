"""A table that compares label models on the same votes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import time
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import clone

from sklabel.label_model import (
    GLAD,
    MACE,
    DawidSkene,
    LabelModel,
    MajorityVote,
    OneCoinDawidSkene,
    SnorkelLabelModel,
    WeightedMajorityVote,
)
from sklabel.label_model._base import BaseLabelModel, ties
from sklabel.lf._crowd_votes import crowd_votes, gold_by_sample, unknown_gold
from sklabel.lf._soft_labels import check_any_label_model
from sklabel.model_selection._predict_gold import gold_folds
from sklabel.utils._frames import as_column, as_pandas
from sklabel.utils._validation import check_same_rows, check_sample_weight, warn
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._cast import CastVotes
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import check_classes
from sklabel.votes._read import is_crowd_labels, read_any_votes

_WHERE = "compare_label_models"


def compare_label_models(
    X: Any,
    y: Any = None,
    *,
    models: Mapping[str, Any] | Iterable[Any] | None = None,
    classes: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    cv: Any = None,
) -> pd.DataFrame:
    """Compare label models on the same votes, by gold labels where there are some.

    Each model is fitted to all votes. Gold labels only score it, unless `cv` is given.

    Parameters
    ----------
    X : CrowdLabels, or votes of shape (n_samples, n_lfs)
        Judgements, or votes in any form that a label model reads: array, DataFrame,
        CSR, NamedVotes.
    y : array-like of shape (n_samples,), default=None
        Gold labels of some rows, drawn at random; -1, NaN, None or pd.NA mean
        unlabelled. For a CrowdLabels, a dict or Series goes by sample id, an array by
        position in `sample_ids`.
    models : list of label models or dict of str to label model, default=None
        What to compare; clones are fitted. None means every label model of
        :mod:`sklabel.label_model` with its defaults, and ``lf_kind="worker"`` for
        :class:`~sklabel.LabelModel` if X is a CrowdLabels. In a list, a model is
        called by its class, or as it prints if the class stands there twice.
    classes : array-like of shape (n_classes,), default=None
        The classes. If None, those that the votes know or hold, and those of `y`. All
        models get the same ones, except those that have classes of their own.
    sample_weight : array-like of shape (n_samples,), default=None
        Weight of each row, in the fits and in the scores.
    cv : int or splitter, default=None
        With it, gold labels also train: each gold row is scored by a model that was
        fitted to all votes and to the gold labels of the other folds. A number of
        folds of a :class:`GoldKFold`, or a splitter. None: no model sees a gold label.

    Returns
    -------
    table : DataFrame
        A row per model. With `y` the best by log-loss is first; else they stand in the
        given order. Columns

        n_scored : int
            Rows that the figures are of. With `y`, gold rows that have a vote; else
            all rows that have one.
        log_loss : float
            Mean of minus the log of the probability of the gold label, in nats.
            Punishes confident errors. Only with `y`.
        gap, gap_se : float
            By how much it is above that of the first row, and the standard error of
            this difference over the same rows. Only with `y`.
        accuracy, accuracy_se : float
            Share of rows whose predicted class is the gold label, and its standard
            error. Only with `y`.
        balanced_accuracy : float
            Mean over the gold classes of the share that is right. Only with `y`.
        confidence : float
            Mean probability of the predicted class. Above the accuracy: too sure;
            below: too modest.
        ties : float
            Share of rows with several most probable classes.
        agreement : float
            Mean over the other models of the share of rows with the same class.
        fit_seconds : float
            Time of a fit; the mean over folds.
        note : str
            Warnings of the fit, or why there is none; empty if all is well.

    Raises
    ------
    ValueError
        If there is nothing to score, `models` is empty, `y` does not fit X or the
        classes, or `cv` does not test each gold row once.
    TypeError
        If a model is not a label model, or X is not votes.

    Warns
    -----
    UserWarning
        If gold labels are of samples that are not in a CrowdLabels.

    See Also
    --------
    sklabel.CrowdLabels.soft_labels : Soft labels by one of the models.
    cross_val_predict_gold : Predictions for gold rows, for other metrics.
    sklabel.inspection.agreement_report : How far those who vote agree.

    Notes
    -----
    *What the table can tell.* With n gold rows, the standard error of an accuracy is
    about :math:`\\sqrt{.15 / n}`: .05 for 50 rows, .02 for 400. Models err on the same
    rows, so their differences are known better than that: two models are told apart
    where `gap` is more than twice `gap_se`. Log-loss tells more than accuracy, since
    each row says how sure a model was. The best of eight models looks better than it
    is; where it matters, score the chosen one on other gold rows.

    *What it cannot tell.* Agreement is not accuracy: models that make the same error
    agree, and the one that differs may be right. Without `y` there is no best model,
    and the table is not sorted. Gold rows that were chosen by their votes, such as those
    that everybody agrees on, flatter all models. Parameters were not searched; a model
    that knows more (`class_prior`, `groups`, `lf_kind`) may do much better than its
    defaults.

    *Rows without votes* get the class prior of a model, which says nothing of how it
    reads votes. They take part in fits, are not scored, and do not count in
    `n_scored`.

    *Failures.* A model that raises has NaN in its row, and the message in `note`.
    Warnings of fits stand there, too, and are not shown. All columns but `fit_seconds`
    are the same in each run, as far as the models have seeds.

    The standard error of an accuracy counts one further right row and one wrong one, so
    that it is not 0 where all rows are right. With weights w it is that of
    :math:`(\\sum w)^2 / \\sum w^2` rows.

    Examples
    --------
    >>> from sklabel.datasets import make_crowd_labels
    >>> from sklabel.model_selection import compare_label_models
    >>> data = make_crowd_labels(200, 20, random_state=0)
    """
    crowd = X if is_crowd_labels(X) else None
    named = _read_models(models, crowd is not None)
    task, shown = _read_task(X, y, classes, sample_weight, cv)
    results = {name: _run(model, task, shown) for name, model in named.items()}
    return _table(task, results)


@dataclass
class _Task:
    """What all models are fitted to and scored on."""

    X: Any  # what is fitted to: a frame, whose columns have names, or cast votes
    cast: CastVotes
    classes: np.ndarray
    weight: np.ndarray | None
    gold: np.ndarray | None  # position in `classes`, -1 where there is none
    scored: np.ndarray  # positions of the rows that count
    folds: list[tuple[np.ndarray, np.ndarray]] | None

    @property
    def weight_scored(self) -> np.ndarray:
        """Weights of the rows that count."""
        if self.weight is None:
            return np.ones(len(self.scored))
        return self.weight[self.scored]


@dataclass
class _Result:
    """What a model says of the scored rows; the arrays are None if it failed."""

    code: np.ndarray | None = None  # position in the classes, -1 if of its own
    confidence: np.ndarray | None = None
    tied: np.ndarray | None = None
    p_gold: np.ndarray | None = None
    seconds: float = np.nan
    notes: list[str] = field(default_factory=list)


def _default_models(people: bool) -> list[BaseLabelModel]:
    """Return the family, simple models first."""
    return [
        MajorityVote(),
        WeightedMajorityVote(),
        OneCoinDawidSkene(),
        DawidSkene(),
        GLAD(),
        MACE(),
        SnorkelLabelModel(),
        LabelModel(lf_kind="worker") if people else LabelModel(),
    ]


def _read_models(models: Any, people: bool) -> dict[str, BaseLabelModel]:
    """Return label models by name."""
    if models is None:
        models = _default_models(people)
    if isinstance(models, Mapping):
        named = dict(models)
    elif isinstance(models, Iterable) and not isinstance(models, str):
        models = list(models)
        times = Counter(type(model).__name__ for model in models)
        named = {}
        for model in models:
            name = type(model).__name__
            if times[name] > 1:
                name = " ".join(repr(model).split())
            if name in named:
                raise ValueError(
                    f"models of {_WHERE} holds {name} twice. Pass a dict of names to "
                    "models to compare equal ones."
                )
            named[name] = model
    else:
        raise TypeError(
            f"models of {_WHERE} must be a list of label models or a dict of names to "
            f"label models; got {type(models).__name__}."
        )
    if not named:
        raise ValueError(f"models of {_WHERE} is empty; there is nothing to compare.")
    for name, model in named.items():
        check_any_label_model(model, where=f"{_WHERE} ({name!r} in models)")
    return named


def _read_task(
    X: Any, y: Any, classes: Any, sample_weight: Any, cv: Any
) -> tuple[_Task, set[str]]:
    """Read votes, gold labels and weights once; return the warnings, too."""
    if is_crowd_labels(X):
        crowd, X = X, crowd_votes(X).cast
        if y is not None:
            y, unknown = gold_by_sample(crowd, y)
            if unknown:
                warn(unknown_gold(unknown, "y"))
        if isinstance(sample_weight, pd.Series):
            sample_weight = sample_weight.reindex(crowd.sample_ids)
    elif isinstance(y, Mapping):
        raise TypeError(
            f"y of {_WHERE} is a dict, which goes by the sample ids of a CrowdLabels, "
            "and X is votes. Pass one gold label per row, None where there is none."
        )
    X = as_pandas(X, where=f"X of {_WHERE}")
    check_same_rows(X, y, "X", "y")
    check_same_rows(X, sample_weight, "X", "sample_weight")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        cast = read_any_votes(X, classes=classes)
    for warning in caught:
        warn(str(warning.message), warning.category)
    n_samples = cast.n_samples
    if n_samples == 0 or cast.n_lfs == 0:
        raise ValueError(
            f"X has {n_samples} rows and {cast.n_lfs} LFs; there is nothing to compare."
        )
    weight = None
    if sample_weight is not None:
        sample_weight = as_column(sample_weight, where="sample_weight")
        weight = check_sample_weight(sample_weight, n_samples)
    labels = read_gold(y, n_samples, cast.classes if classes is None else classes)
    if classes is None:
        kept = np.ones(n_samples, bool) if weight is None else weight > 0
        seen = cast.take_rows(kept), labels.take(kept)
        contents = Contents.of(*seen, range(cast.n_lfs))
        # No model sees all gold labels, so they do not name the classes by themselves.
        contents = replace(contents, n_missing=contents.n_missing + 1)
        known = resolve_classes(contents, None, class_votes=False).classes
    else:
        known = check_classes(classes)
    gold = None if y is None else labels.index(known)
    task = _Task(
        X if isinstance(X, pd.DataFrame) else cast,
        cast,
        known,
        weight,
        gold,
        _rows_to_score(cast, gold, weight),
        _read_folds(cv, gold),
    )
    return task, {str(warning.message) for warning in caught}


def _rows_to_score(
    cast: CastVotes, gold: np.ndarray | None, weight: np.ndarray | None
) -> np.ndarray:
    """Return the positions of the rows that have votes, a weight, and gold."""
    counts = cast.counts > 0
    if weight is not None:
        counts &= weight > 0
    if gold is None:
        if not counts.any():
            raise ValueError(
                f"None of the {len(counts)} rows has a vote; there is nothing to "
                "compare. Check ids and columns."
            )
        return np.flatnonzero(counts)
    n_gold = int((gold >= 0).sum())
    if n_gold == 0:
        raise ValueError(
            f"None of the {len(gold)} rows has a gold label in y. Pass y=None to "
            "compare the models without gold labels."
        )
    counts &= gold >= 0
    if not counts.any():
        raise ValueError(
            f"None of the {n_gold} gold rows has a vote and a weight; there is nothing "
            "to score. Check that the rows of X and y are the same."
        )
    return np.flatnonzero(counts)


def _read_folds(
    cv: Any, gold: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Return folds of the gold rows, if gold labels are to train."""
    if cv is None:
        return None
    if gold is None:
        raise ValueError(f"cv of {_WHERE} needs gold labels in y; y is None.")
    # As class indices, among which -1 is never a class.
    return gold_folds(cv, np.zeros((len(gold), 1)), gold, np.flatnonzero(gold >= 0))


def _run(model: BaseLabelModel, task: _Task, shown: set[str]) -> _Result:
    """Fit a model and predict the scored rows; a failure becomes a note."""
    result, seconds = _Result(), []
    n_scored = len(task.scored)
    code = np.empty(n_scored, dtype=np.int64)
    confidence, p_gold = np.empty(n_scored), np.empty(n_scored)
    tied = np.empty(n_scored, dtype=bool)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            for gold, test in _parts(task):
                fitted = clone(model)
                if fitted.classes is None:
                    fitted.set_params(classes=task.classes)
                started = time.perf_counter()
                fitted.fit(task.X, gold, task.weight)
                seconds.append(time.perf_counter() - started)
                at = np.flatnonzero(np.isin(task.scored, test))
                proba, code[at] = _predict(fitted, task, task.scored[at])
                confidence[at] = proba.max(axis=1)
                tied[at] = ties(proba).sum(axis=1) > 1
                if task.gold is not None:
                    p_gold[at] = _proba_of_gold(fitted, proba, task, task.scored[at])
        except Exception as error:  # whatever it is, the others shall be compared
            result.notes.append(f"failed: {type(error).__name__}: {error}")
        else:
            result.code, result.confidence, result.tied = code, confidence, tied
            result.p_gold = None if task.gold is None else p_gold
            result.seconds = float(np.mean(seconds))
    for warning in caught:
        text = str(warning.message)
        note = f"{warning.category.__name__}: {text}"
        if text not in shown and note not in result.notes:
            result.notes.append(note)
    return result


def _parts(task: _Task) -> Iterable[tuple[np.ndarray | None, np.ndarray]]:
    """Yield the gold labels of each fit, and the rows that it is to predict."""
    if task.folds is None:
        yield None, task.scored
        return
    assert task.gold is not None
    for _, test in task.folds:
        known = task.gold >= 0
        known[test] = False
        labels = np.full(len(task.gold), None, dtype=object)
        labels[known] = task.classes[task.gold[known]].tolist()
        yield labels, test


def _predict(
    fitted: BaseLabelModel, task: _Task, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return class probabilities of some rows, and the predicted ones as positions."""
    keep = np.zeros(task.cast.n_samples, dtype=bool)
    keep[rows] = True
    proba = fitted._proba_of(fitted._encoded(task.cast.take_rows(keep)))
    label = pd.Index(fitted._most_probable(proba))
    return proba, pd.Index(task.classes).get_indexer(label)


def _proba_of_gold(
    fitted: BaseLabelModel, proba: np.ndarray, task: _Task, rows: np.ndarray
) -> np.ndarray:
    """Return the probability of the gold label of each row, 0 if it is not a class."""
    assert task.gold is not None
    own = pd.Index(fitted.classes_).get_indexer(pd.Index(task.classes))
    column = own[task.gold[rows]]
    return np.where(column >= 0, proba[np.arange(len(rows)), column], 0.0)


def _table(task: _Task, results: dict[str, _Result]) -> pd.DataFrame:
    """Return the figures of all models."""
    weight = task.weight_scored
    columns: dict[str, list[Any]] = {"n_scored": [len(task.scored)] * len(results)}
    if task.gold is not None:
        columns |= _gold_columns(task, list(results.values()))
    fitted = [r.code for r in results.values() if r.code is not None]
    of_all = {"confidence": [], "ties": [], "agreement": []}
    for result in results.values():
        if result.code is None:
            for values in of_all.values():
                values.append(np.nan)
            continue
        of_all["confidence"].append(np.average(result.confidence, weights=weight))
        of_all["ties"].append(np.average(result.tied, weights=weight))
        others = [
            np.average((result.code == code) & (code >= 0), weights=weight)
            for code in fitted
            if code is not result.code
        ]
        of_all["agreement"].append(np.mean(others) if others else np.nan)
    columns |= of_all
    columns["fit_seconds"] = [r.seconds for r in results.values()]
    columns["note"] = ["; ".join(r.notes) for r in results.values()]
    table = pd.DataFrame(columns, index=pd.Index(list(results), name="model"))
    if task.gold is None:
        return table
    return table.sort_values("log_loss", kind="stable", na_position="last")


def _gold_columns(task: _Task, results: list[_Result]) -> dict[str, list[float]]:
    """Return the figures that need gold labels."""
    assert task.gold is not None
    gold, weight = task.gold[task.scored], task.weight_scored
    least = np.finfo(np.float64).eps
    losses = [
        None if r.p_gold is None else -np.log(np.clip(r.p_gold, least, 1))
        for r in results
    ]
    means = [np.nan if x is None else np.average(x, weights=weight) for x in losses]
    best = None if np.isnan(means).all() else losses[int(np.nanargmin(means))]
    columns: dict[str, list[float]] = {"log_loss": means}
    gaps = [None if x is None or best is None else x - best for x in losses]
    columns["gap"] = [
        np.nan if x is None else np.average(x, weights=weight) for x in gaps
    ]
    columns["gap_se"] = [np.nan if x is None else _mean_se(x, weight) for x in gaps]
    right = [None if r.code is None else r.code == gold for r in results]
    accuracy = [np.nan if x is None else np.average(x, weights=weight) for x in right]
    columns["accuracy"] = accuracy
    columns["accuracy_se"] = [_share_se(x, weight) for x in accuracy]
    columns["balanced_accuracy"] = [
        np.nan if x is None else _mean_over_classes(x, gold, weight) for x in right
    ]
    return columns


def _rows_of_weights(weight: np.ndarray) -> float:
    """Return how many equal rows tell as much as weighted ones (Kish)."""
    return float(weight.sum() ** 2 / (weight**2).sum())


def _mean_se(values: np.ndarray, weight: np.ndarray) -> float:
    """Return the standard error of a weighted mean; NaN of one row."""
    n = _rows_of_weights(weight)
    if n <= 1:
        return np.nan
    centred = values - np.average(values, weights=weight)
    return float(np.sqrt(np.average(centred**2, weights=weight) / (n - 1)))


def _share_se(share: float, weight: np.ndarray) -> float:
    """Return the standard error of a share, with a right and a wrong row more."""
    n = _rows_of_weights(weight)
    smoothed = (share * n + 1) / (n + 2)
    return float(np.sqrt(smoothed * (1 - smoothed) / n))


def _mean_over_classes(
    right: np.ndarray, gold: np.ndarray, weight: np.ndarray
) -> float:
    """Return the mean of the weighted share that is right in each gold class."""
    total = np.bincount(gold, weight)
    hits = np.bincount(gold, weight * right, minlength=len(total))
    return float(np.mean(hits[total > 0] / total[total > 0]))
