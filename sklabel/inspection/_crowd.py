"""Judgements of a crowd, and votes of any LFs, in the terms of a fitted model."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklabel.label_model import LabelModel
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf import CrowdLabels
from sklabel.lf._crowd_votes import (
    columns_of_voters,
    gold_by_sample,
    in_columns_of,
    lf_names,
)
from sklabel.lf._soft_labels import hint_for
from sklabel.utils._frames import refuse_lazy
from sklabel.utils._validation import first_few
from sklabel.votes._cast import (
    CastVotes,
    distinct,
    is_numeric,
)
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import alike, warn_of_case
from sklabel.votes._read import refuse_whole


@dataclass(frozen=True)
class ModelVotes:
    """A fitted label model, and votes in the values and columns of that model.

    Attributes
    ----------
    model : BaseLabelModel
        Fitted.
    votes : CastVotes
        Votes as indices into `model.vote_values_`, in the columns of the model.
        Values that the model does not know, and columns that it lacks, are left out.
    kept : ndarray of shape (n_given_votes,), bool
        Which of the given votes these are.
    class_of_value : ndarray of shape (n_values,)
        Index into `model.classes_` of the class that a value names, -1 if none.
    column : ndarray of shape (n_votes,)
        LF of the model that cast each vote, -1 where the model has none.
    """

    model: BaseLabelModel
    votes: CastVotes
    kept: np.ndarray
    class_of_value: np.ndarray
    column: np.ndarray

    @property
    def named(self) -> np.ndarray:
        """Class that each vote names, -1 if none; shape (n_votes,)."""
        return self.class_of_value[self.votes.value]


def check_label_model(model: Any, *, where: str) -> BaseLabelModel:
    """Check that the argument is a fitted label model.

    Parameters
    ----------
    model : object
        What the user passed.
    where : str
        Name of the function, for the message.

    Returns
    -------
    model : BaseLabelModel
        The same.

    Raises
    ------
    TypeError
        If it is not a label model.
    NotFittedError
        If it is not fitted.
    """
    if not isinstance(model, BaseLabelModel):
        raise TypeError(
            f"label_model of {where} must be a fitted label model such as LabelModel; "
            f"got {type(model).__name__}.{hint_for(model)}"
        )
    check_is_fitted(model)
    return model


def check_gold(y: Any, *, where: str) -> None:
    """Raise if a model was passed in place of gold labels.

    Parameters
    ----------
    y : object
        What the user passed.
    where : str
        Name of the function, for the message.

    Raises
    ------
    TypeError
        If it is an estimator.
    """
    if hasattr(y, "fit"):
        raise TypeError(
            f"y of {where} must be gold labels; got {type(y).__name__}. Pass a fitted "
            "label model as label_model=..."
        )


def check_crowd_labels(crowd_labels: Any, *, where: str) -> CrowdLabels:
    """Check that the argument is a CrowdLabels.

    Parameters
    ----------
    crowd_labels : object
        What the user passed.
    where : str
        Name of the function, for the message.

    Returns
    -------
    crowd_labels : CrowdLabels
        The same.

    Raises
    ------
    TypeError
        If it is not.
    """
    refuse_lazy(crowd_labels, where=f"What {where} reads")
    refuse_whole(crowd_labels, f"What {where} reads")
    if not isinstance(crowd_labels, CrowdLabels):
        raise TypeError(
            f"{where} needs a CrowdLabels; got {type(crowd_labels).__name__}. Build it "
            "with CrowdLabels.from_frame(frame, sample=..., worker=..., label=...)."
        )
    return crowd_labels


def crowd_to_cast(crowd: CrowdLabels) -> CastVotes:
    """Return judgements as votes: rows of `sample_ids`, columns of `worker_ids`.

    The values are positions in `crowd.classes`, which the votes know.
    """
    return crowd.judgements_of(crowd.sample_ids).cast


def fit_on_crowd(crowd: CrowdLabels) -> LabelModel:
    """Fit the model that is used where the user names none, as `soft_labels` does."""
    return LabelModel(lf_kind="worker").fit(crowd_to_cast(crowd))


def columns_of_workers(crowd: CrowdLabels, model: BaseLabelModel) -> np.ndarray:
    """Return which LF of a model holds the judgements of each worker for each class.

    Parameters
    ----------
    crowd : CrowdLabels
        The judgements.
    model : BaseLabelModel
        Fitted. LFs are matched by name (``worker_<id>``, the id itself, or with
        `unipolar` ``worker_<id>_<class>``); without names, by position.

    Returns
    -------
    column : ndarray of shape (n_workers, n_classes)
        Column of the model, -1 where it has none.

    Raises
    ------
    ValueError
        If the LFs have no names and are not as many as the workers, or if none of
        their names is that of a worker.
    """
    names = lf_names(crowd.worker_ids)
    return columns_of_voters(model, names, crowd.worker_ids, crowd.classes)


def read_model_votes(
    model: BaseLabelModel, cast: CastVotes, *, lf_names: pd.Index | None = None
) -> ModelVotes:
    """Return votes in the values of a model.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted.
    cast : CastVotes
        Votes with their own values, a column per LF of the model.
    lf_names : Index of length n_lfs, default=None
        Names of the columns. If the model has names too, they must be equal.

    Returns
    -------
    model_votes : ModelVotes
        The votes whose values the model knows.

    Raises
    ------
    ValueError
        If the number or the names of LFs differ, or the model knows none of the
        values.
    """
    if cast.n_lfs != model.n_features_in_:
        raise ValueError(
            f"votes has {cast.n_lfs} LFs and the model was fitted on "
            f"{model.n_features_in_}. Pass the votes of the same LFs in the same order."
        )
    known_names = getattr(model, "feature_names_in_", None)
    if known_names is not None and lf_names is not None:
        differ = [(a, b) for a, b in zip(lf_names, known_names, strict=True) if a != b]
        if differ:
            raise ValueError(
                f"votes and the model name {len(differ)} LF(s) differently; votes has "
                f"{first_few([a for a, _ in differ])} where the model has "
                f"{first_few([b for _, b in differ])}. Pass the votes of the same LFs "
                "in the same order."
            )
    values = cast.distinct_labels()
    encoded, kept = cast.encode(model.vote_values_)
    if len(values) and not kept.any():
        raise ValueError(
            f"votes holds {first_few(values)} and the model was fitted on votes "
            f"{first_few(model.vote_values_)}. Pass votes in the same alphabet."
        )
    if not kept.all():
        encoded = encoded.take_votes(kept)
    return ModelVotes(model, encoded, kept, model._class_of_value, encoded.lf)


def read_crowd_votes(
    crowd: CrowdLabels, cast: CastVotes, model: BaseLabelModel
) -> ModelVotes:
    """Return the judgements of a crowd in the values and columns of a model.

    Parameters
    ----------
    crowd : CrowdLabels
        The judgements.
    cast : CastVotes
        What `crowd_to_cast` returns.
    model : BaseLabelModel
        Fitted.

    Returns
    -------
    model_votes : ModelVotes
        The judgements that the model has a column for.

    Raises
    ------
    ValueError
        If LFs cannot be matched with workers, or the model knows none of the labels.
    """
    column = columns_of_workers(crowd, model)
    votes, kept = in_columns_of(model, cast, column, crowd.classes)
    return ModelVotes(model, votes, kept, model._class_of_value, votes.lf)


def posterior_of(model: BaseLabelModel, votes: CastVotes) -> np.ndarray:
    """Return what `predict_proba` returns, for votes that have been read already.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted.
    votes : CastVotes
        Votes as indices into `model.vote_values_`.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Rows without votes get the class prior.
    """
    return model._proba_of(votes)


def gold_of_crowd(
    crowd: CrowdLabels, y: pd.Series | ArrayLike, *, classes: Iterable[Any] = ()
) -> np.ndarray:
    """Return gold labels as positions in `crowd.classes`, a row per sample.

    Parameters
    ----------
    crowd : CrowdLabels
        The judgements.
    y : Series or array-like
        A Series is looked up by sample id and may hold other samples too; an array
        is in the order of `crowd.sample_ids`. -1, NaN, None or pd.NA mean unlabelled.
    classes : iterable of array-like or None, default=()
        What else the user has called classes, for instance those of a label model.

    Returns
    -------
    gold : ndarray of shape (n_samples,)
        -1 where there is no gold label, -2 where it is not a class of the crowd.

    Raises
    ------
    ValueError
        If an id is in the index more than once, none of them is a sample of the crowd,
        the length differs, labels and classes are of different kinds, or a label is
        none of the classes that the user gave.
    """
    y, _ = gold_by_sample(crowd, y, classes=classes)
    gold = read_gold(y, crowd.n_samples, crowd.classes)
    labels = gold.label[gold.labelled(crowd.classes)]
    if len(labels) and is_numeric(labels) != is_numeric(crowd.classes):
        raise ValueError(
            f"y holds {first_few(distinct(labels))} and the classes of the crowd are "
            f"{first_few(crowd.classes)}. Pass gold labels with these names."
        )
    for label, known in alike(distinct(labels).tolist(), crowd.classes).items():
        warn_of_case([known, label], "Judgements and gold labels")
    return gold.index(crowd.classes, outside=-2)
