"""A table of soft labels: the predicted class, and how sure it is."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from sklabel.label_model import LabelModel
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf._crowd_votes import (
    columns_of_voters,
    crowd_votes,
    gold_by_sample,
    in_columns_of,
    lf_names,
    unknown_gold,
)
from sklabel.utils._validation import plain, plural, warn
from sklabel.votes._cast import CastVotes


def is_fitted(model: Any) -> bool:
    """Tell whether an estimator is fitted."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    return True


def check_any_label_model(model: Any, *, where: str) -> None:
    """Raise if the argument is not a label model, fitted or not."""
    if isinstance(model, BaseLabelModel):
        return
    got, hint = type(model).__name__, hint_for(model)
    if isinstance(model, type):
        got, hint = f"the class {model.__name__}", f" Pass {model.__name__}()."
    raise TypeError(
        f"label_model of {where} must be a label model such as LabelModel(); got {got}."
        f"{hint}"
    )


def hint_for(model: Any) -> str:
    """Return what to do about something that is not a label model, after a space."""
    if hasattr(model, "steps"):
        return " Pass the last step of the pipeline."
    if hasattr(model, "predict_proba"):
        return (
            " A label model of your own is a subclass of "
            "sklabel.label_model.BaseLabelModel."
        )
    return ""


def soft_label_frame(
    model: BaseLabelModel, votes: CastVotes, index: pd.Index
) -> pd.DataFrame:
    """Return the table of soft labels of some rows.

    Parameters
    ----------
    model : BaseLabelModel
        Fitted.
    votes : CastVotes
        Votes as indices into `model.vote_values_`.
    index : Index of length n_samples
        The row labels.

    Returns
    -------
    table : DataFrame
        Columns `label`, ``proba_<class>``, `n_votes` and `confidence`.
    """
    proba = model._proba_of(votes)
    n_votes = votes.counts.astype(np.int64)
    names = [f"proba_{plain(c)}" for c in model.classes_]
    table = pd.DataFrame(proba, index=index, columns=names)
    table.insert(0, "label", model._most_probable(proba))
    table["n_votes"] = n_votes
    table["confidence"] = proba.max(axis=1)
    n_empty = int((n_votes == 0).sum())
    if n_empty:
        warn(
            f"{n_empty} of {len(n_votes)} rows {plural(n_empty, 'has', 'have')} no "
            "vote; the soft label there is the class prior. Leave out such rows with "
            "table[table.n_votes > 0], or get votes for them."
        )
    return table


def votes_for_model(crowd: Any, model: BaseLabelModel) -> CastVotes:
    """Return the judgements of a crowd in the columns and values of a fitted model.

    Parameters
    ----------
    crowd : CrowdLabels
        The judgements.
    model : BaseLabelModel
        Fitted; its LFs are matched with workers.

    Returns
    -------
    votes : CastVotes
        Votes as indices into `model.vote_values_`, a row per sample. A warning counts
        the judgements that the model does not know.
    """
    cast, worker, number = crowd_votes(crowd)
    ids = crowd.worker_ids.take(worker)
    names = lf_names(ids, number)
    column = columns_of_voters(model, names, ids, crowd.classes)
    votes, kept = in_columns_of(model, cast, column, crowd.classes)
    if not kept.all():
        n = int((~kept).sum())
        warn(
            f"{n} of {len(kept)} judgements {plural(n, 'is', 'are')} of workers or "
            "labels that label_model was not fitted on, and not counted. Fit it on "
            "these judgements too, or pass an unfitted model."
        )
    return votes


def soft_labels_of_crowd(crowd: Any, label_model: Any, gold: Any) -> pd.DataFrame:
    """Do what CrowdLabels.soft_labels says."""
    where = "CrowdLabels.soft_labels"
    if label_model is None:
        label_model = LabelModel(lf_kind="worker")
    check_any_label_model(label_model, where=where)
    if is_fitted(label_model):
        if gold is not None:
            raise ValueError(
                f"gold of {where} is for fitting, and label_model is fitted already. "
                "Pass sklearn.base.clone(label_model) to fit it to these judgements, "
                "or leave gold out."
            )
        votes = votes_for_model(crowd, label_model)
        return soft_label_frame(label_model, votes, crowd.sample_ids)
    cast = crowd_votes(crowd).cast
    if gold is not None:
        gold, unknown = gold_by_sample(
            crowd, gold, name="gold", classes=[label_model.classes]
        )
        if unknown:
            warn(unknown_gold(unknown, "gold"))
    model = clone(label_model).fit(cast, gold)
    return soft_label_frame(model, model._encoded(cast), crowd.sample_ids)
