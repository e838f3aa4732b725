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
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf._crowd_votes import crowd_votes, gold_by_sample, unknown_gold
from sklabel.lf._soft_labels import check_any_label_model
from sklabel.model_selection._comparison import (
    Predicted,
    figures,
    gold_figures,
    nearly_tied,
)
from sklabel.model_selection._predict_gold import gold_folds
from sklabel.utils._frames import as_column, as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_sample_weight, warn
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._cast import CastVotes
from sklabel.votes._gold import read_gold, warn_of_minus_one_as_class
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
    r"""Compare label models on the same votes, by gold labels where there are some.

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
        `sklabel.label_model` with its defaults, and ``lf_kind="worker"`` for
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
            Share of rows whose two most probable classes are nearly a tie: less than
            .05 apart. What a model predicts there is little more than its prior.
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
    about :math:`\sqrt{.15 / n}`: .05 for 50 rows, .02 for 400. Models err on the same
    rows, so their differences are known better than that: two models are told apart
    where `gap` is more than twice `gap_se`. Log-loss tells more than accuracy, since
    each row says how sure a model was. The best of eight models looks better than it
    is; where it matters, score the chosen one on other gold rows.

    *What it cannot tell.* Agreement is not accuracy: models that make the same error
    agree, and the one that differs may be right. Without `y` there is no best model,
    and the table is not sorted. Gold rows that were chosen by their votes, such as
    those that everybody agrees on, flatter all models; gold labels that were made from
    the same judgements favour vote counts. Parameters were not searched; a model that
    knows more (`class_prior`, `groups`, `lf_kind`) may do much better than its
    defaults.

    *Rows without votes* get the class prior of a model, which says nothing of how it
    reads votes. They take part in fits, are not scored, and do not count in
    `n_scored`.

    *Failures.* A model that raises has NaN in its row, and the message in `note`.
    Warnings of fits stand there, too, and are not shown. All columns but `fit_seconds`
    are the same in each run, as far as the models have seeds.

    The standard error of an accuracy counts one further right row and one wrong one, so
    that it is not 0 where all rows are right. With weights w it is that of
    :math:`(\sum w)^2 / \sum w^2` rows.

    Examples
    --------
    300 samples with some 5 judgements each, and gold labels for 50 of them:

    >>> from sklabel import CrowdLabels
    >>> from sklabel.datasets import make_crowd_labels
    >>> from sklabel.model_selection import compare_label_models
    >>> data = make_crowd_labels(300, 30, difficulty=0.5, random_state=0)
    >>> crowd = CrowdLabels.from_frame(data.crowd_labels)
    >>> gold = dict(enumerate(data.y[:50].tolist()))
    >>> table = compare_label_models(crowd, gold)
    >>> table[["n_scored", "log_loss", "gap", "gap_se", "accuracy"]].round(2)
                          n_scored  log_loss   gap  gap_se  accuracy
    model
    LabelModel                  50      0.53  0.00    0.00      0.74
    WeightedMajorityVote        50      0.55  0.02    0.02      0.72
    SnorkelLabelModel           50      0.55  0.03    0.05      0.70
    MajorityVote                50      0.57  0.04    0.03      0.70
    OneCoinDawidSkene           50      0.57  0.04    0.09      0.76
    DawidSkene                  50      0.59  0.07    0.09      0.74
    MACE                        50      0.70  0.18    0.16      0.76
    GLAD                        50      0.87  0.34    0.30      0.80

    50 gold rows hardly tell these models apart: every gap is within two of its
    standard errors.
    """
    named = _read_models(models, is_crowd_labels(X))
    of_models = [model.classes for model in named.values()]
    task, shown = _read_task(X, y, classes, sample_weight, cv, of_models)
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


@dataclass
class _Result:
    """What came of a model; `predicted` is None if it failed."""

    predicted: Predicted | None = None
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
        kinds = [model if isinstance(model, type) else type(model) for model in models]
        times = Counter(kind.__name__ for kind in kinds)
        named = {}
        for model, kind in zip(models, kinds, strict=True):
            name = kind.__name__
            if times[name] > 1:
                name = " ".join(repr(model).split())
            if name in named:
                raise ValueError(
                    f"models of {_WHERE} holds {name} twice. Pass a dict of names to "
                    "models to compare equal ones."
                )
            named[name] = model
    else:
        got = type(models).__name__
        hint = f" Put it into a list: models=[{got}(...)]."
        raise TypeError(
            f"models of {_WHERE} must be a list of label models or a dict of names to "
            f"label models; got {got}.{hint if hasattr(models, 'fit') else ''}"
        )
    if not named:
        raise ValueError(f"models of {_WHERE} is empty; there is nothing to compare.")
    for name, model in named.items():
        check_any_label_model(model, where=f"{_WHERE} ({name!r} in models)")
    return named


def _read_task(
    X: Any, y: Any, classes: Any, sample_weight: Any, cv: Any, of_models: list[Any]
) -> tuple[_Task, set[str]]:
    """Read votes, gold labels and weights once; return the warnings, too."""
    if is_crowd_labels(X):
        crowd, X = X, crowd_votes(X).cast
        if y is not None:
            y, unknown = gold_by_sample(crowd, y, classes=[classes, *of_models])
            if unknown:
                warn(unknown_gold(unknown, "y"))
        if isinstance(sample_weight, pd.Series):
            sample_weight = sample_weight.reindex(crowd.sample_ids)
    elif isinstance(y, Mapping):
        raise TypeError(
            f"y of {_WHERE} is a dict, which goes by the sample ids of a CrowdLabels, "
            "and X is votes. Pass one gold label per row, None where there is none."
        )
    check_same_rows(X=X, y=y, sample_weight=sample_weight)
    X = as_pandas(X, where=f"X of {_WHERE}")
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
    warn_of_minus_one_as_class(labels, cast, classes)
    if classes is None:
        kept = np.ones(n_samples, bool) if weight is None else weight > 0
        seen = cast.take_rows(kept), labels.take(kept)
        contents = Contents.of(*seen, range(cast.n_lfs))
        # Gold labels are of some rows: they do not name the classes by themselves, and
        # -1 among them is not one.
        contents = replace(contents, n_missing=contents.n_missing + 1, n_minus_one=0)
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
    predicted = Predicted.empty(len(task.scored))
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
                _predict(fitted, task, np.isin(task.scored, test), predicted)
        except Exception as error:  # whatever it is, the others shall be compared
            result.notes.append(f"failed: {type(error).__name__}: {error}")
        else:
            result.predicted = predicted
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
    fitted: BaseLabelModel, task: _Task, part: np.ndarray, predicted: Predicted
) -> None:
    """Fill in what a model says of a part of the scored rows, a mask of them."""
    rows = task.scored[part]
    taken = np.zeros(task.cast.n_samples, dtype=bool)
    taken[rows] = True
    proba = fitted._proba_of(fitted._encoded(task.cast.take_rows(taken)))
    label = pd.Index(fitted._most_probable(proba))
    predicted.code[part] = pd.Index(task.classes).get_indexer(label)
    predicted.confidence[part] = proba.max(axis=1)
    predicted.tied[part] = nearly_tied(proba)
    if task.gold is not None:
        # A model with classes of its own may lack that of a gold label.
        own = pd.Index(fitted.classes_).get_indexer(pd.Index(task.classes))
        column = own[task.gold[rows]]
        of_gold = proba[np.arange(len(rows)), column]
        predicted.p_gold[part] = np.where(column >= 0, of_gold, 0)


def _table(task: _Task, results: dict[str, _Result]) -> pd.DataFrame:
    """Return the figures of all models."""
    predicted = [result.predicted for result in results.values()]
    weight = np.ones(len(task.scored))
    if task.weight is not None:
        weight = task.weight[task.scored]
    columns: dict[str, Any] = {"n_scored": len(task.scored)}
    if task.gold is not None:
        columns |= gold_figures(predicted, task.gold[task.scored], weight)
    columns |= figures(predicted, weight)
    columns["fit_seconds"] = [result.seconds for result in results.values()]
    columns["note"] = ["; ".join(result.notes) for result in results.values()]
    table = pd.DataFrame(columns, index=pd.Index(list(results), name="model"))
    if task.gold is None:
        return table
    return table.sort_values("log_loss", kind="stable", na_position="last")
