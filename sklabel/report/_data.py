"""What the report is about: votes, model, gold labels and texts in one order."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.exceptions import ConvergenceWarning

from sklabel.inspection._crowd import (
    check_crowd_labels,
    check_gold,
    check_label_model,
    crowd_to_cast,
    posterior_of,
    read_crowd_votes,
    read_model_votes,
)
from sklabel.label_model import LabelModel
from sklabel.label_model._base import BaseLabelModel
from sklabel.lf import CrowdLabels
from sklabel.lf._crowd_votes import lf_names as names_of_workers
from sklabel.utils._frames import as_column, as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import first_few, plain
from sklabel.votes._cast import CastVotes, is_numeric
from sklabel.votes._gold import read_gold
from sklabel.votes._labels import joined_classes
from sklabel.votes._proba import read_proba
from sklabel.votes._read import read_any_votes


@dataclass(frozen=True)
class ReportData:
    """Everything that the report is made of.

    Attributes
    ----------
    model : BaseLabelModel
        Fitted, by the user or here.
    fitted_here : bool
        Whether it was fitted here, without gold labels.
    fit_warnings : list of str
        What the fit warned of, except that it did not converge: `converged_` of the
        model says so.
    votes : CastVotes
        As indices into `model.vote_values_`, in the columns of the model.
    X : object
        The same votes in the form that `model.predict_proba` reads.
    cast : CastVotes
        The votes that were given, as labels.
    lf_names : Index
        Names of the LFs of the votes that were given.
    proba : ndarray of shape (n_samples, n_classes)
        Class probabilities.
    gold : ndarray of shape (n_samples,)
        Index of the gold class, -1 where there is none.
    ids : Index of length n_samples
        Names of the samples.
    texts : ndarray of shape (n_samples,) or None
        Texts of the samples.
    crowd : CrowdLabels or None
        The crowd.
    only_crowd : bool
        Whether the votes are those of the crowd and nothing else.
    ids_are_samples : bool
        Whether `ids` are known to be ids of samples of the crowd.
    names_of_classes : ndarray of shape (n_classes,) or None
        Names that the user gave the classes.
    joint, feature : ndarray of shape (n_samples, n_classes) or None
        Class probabilities by votes and features, and by features.
    """

    model: BaseLabelModel
    fitted_here: bool
    votes: CastVotes
    X: Any
    cast: CastVotes
    lf_names: pd.Index
    proba: np.ndarray
    gold: np.ndarray
    ids: pd.Index
    texts: np.ndarray | None
    crowd: CrowdLabels | None
    only_crowd: bool
    ids_are_samples: bool
    fit_warnings: list[str] = field(default_factory=list)
    names_of_classes: np.ndarray | None = None
    joint: np.ndarray | None = None
    feature: np.ndarray | None = None

    @property
    def n_samples(self) -> int:
        """Number of samples."""
        return self.votes.n_samples

    @property
    def counts(self) -> np.ndarray:
        """Number of votes of each sample."""
        return self.votes.counts

    @property
    def classes(self) -> np.ndarray:
        """The classes."""
        return np.asarray(self.model.classes_)

    @property
    def class_names(self) -> np.ndarray:
        """What the page and its tables call the classes."""
        named = self.names_of_classes
        return self.classes if named is None else named

    @property
    def workers_of_model(self) -> np.ndarray:
        """Which LFs are workers, shape (n_lfs,)."""
        if self.only_crowd:
            return np.ones(self.votes.n_lfs, dtype=bool)
        return is_of_worker(self.lf_names, self.crowd)

    @property
    def voter(self) -> str:
        """What to call one of those that vote."""
        return "worker" if self.workers_of_model.all() else "labeling function"


def gather(
    votes: Any,
    y: Any,
    *,
    label_model: Any,
    crowd_labels: Any,
    texts: Any,
    sample_ids: Any,
    classes: ArrayLike | None,
    class_names: Any = None,
    joint_proba: Any = None,
    feature_proba: Any = None,
) -> ReportData:
    """Read everything that the user passed to the report; see `labeling_report`."""
    where = "labeling_report"
    check_gold(y, where=where)
    named = sample_ids is not None or isinstance(votes, pd.DataFrame | CrowdLabels)
    votes = as_pandas(votes, where=f"The votes of {where}")
    y = as_column(y, where=f"y of {where}")
    texts = as_column(texts, where=f"texts of {where}")
    sample_ids = as_column(sample_ids, where=f"sample_ids of {where}")
    model = label_model
    if model is not None:
        check_label_model(model, where=where)
    only_crowd = isinstance(votes, CrowdLabels)
    if only_crowd:
        if crowd_labels is not None or sample_ids is not None:
            raise ValueError(
                "The first argument of labeling_report is a CrowdLabels already, which "
                "knows its workers and sample ids. Leave out crowd_labels and "
                "sample_ids, or pass votes first."
            )
        crowd = votes
        ids = crowd.sample_ids
        cast = crowd_to_cast(crowd)
        names: pd.Index = pd.Index(names_of_workers(crowd.worker_ids))
        y, texts = _by_id(y, ids), _by_id(texts, ids)
    else:
        crowd = crowd_labels
        if crowd is not None:
            check_crowd_labels(crowd, where=f"crowd_labels of {where}")
        known = classes if model is None else model.classes_
        cast = read_any_votes(votes, classes=known)
        ids = _ids_of(votes, cast.n_samples, sample_ids)
        framed = isinstance(votes, pd.DataFrame)
        names = votes.columns if framed else pd.RangeIndex(cast.n_lfs)
    known_proba = {"joint_proba": joint_proba, "feature_proba": feature_proba}
    if named:  # else rows have no names that an index could go by
        of_rows = {"y": y, "texts": texts, **known_proba}
        of_rows = {name: _in_order(value, ids) for name, value in of_rows.items()}
        check_same_rows(**{"the samples": pd.DataFrame(index=ids)}, **of_rows)
        y, texts, *_ = of_rows.values()
        known_proba = of_rows
    if model is not None and classes is not None:
        raise ValueError(
            "labeling_report takes classes= for the model that it fits itself; the "
            "model that was passed has its own. Leave out classes or label_model."
        )
    if cast.n_samples == 0 or cast.n_lfs == 0:
        raise ValueError(
            f"votes has {cast.n_samples} rows and {cast.n_lfs} LFs; there is nothing "
            "to report."
        )

    fitted_here, caught = model is None, []
    if classes is None and crowd is not None:
        known = classes = crowd.classes
        if not only_crowd:
            # Heuristics may vote for a class that no worker named.
            values = cast.distinct_labels()
            if len(values) and is_numeric(known) == is_numeric(values):
                classes = joined_classes([known, values])
    if fitted_here:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            # Say who is a person: those who always give the same answer are no rules.
            people = is_of_worker(names, crowd)
            kind = "worker" if only_crowd else np.where(people, "worker", "auto")
            model = LabelModel(classes=classes, lf_kind=kind)
            model.fit(cast if only_crowd else votes)
    if only_crowd:
        assert crowd is not None
        read = read_crowd_votes(crowd, cast, model)
        X: Any = cast_of_model(read.votes, model)
    else:
        with_names = names if isinstance(votes, pd.DataFrame) else None
        read = read_model_votes(model, cast, lf_names=with_names)
        X = votes
    return ReportData(
        model=model,
        fitted_here=fitted_here,
        fit_warnings=[
            str(w.message)
            for w in caught
            if not issubclass(w.category, ConvergenceWarning)
        ],
        votes=read.votes,
        X=X,
        cast=cast,
        lf_names=names,
        proba=posterior_of(model, read.votes),
        gold=read_gold(y, cast.n_samples, model.classes_).index(model.classes_),
        ids=ids,
        texts=_read_texts(texts, cast.n_samples),
        crowd=crowd,
        only_crowd=only_crowd,
        ids_are_samples=only_crowd
        or sample_ids is not None
        or (crowd is not None and ids.name == crowd.sample_name),
        names_of_classes=_read_class_names(class_names, model.classes_),
        joint=_read_known(known_proba, "joint_proba", model, len(ids)),
        feature=_read_known(known_proba, "feature_proba", model, len(ids)),
    )


def _read_known(
    known: dict[str, Any], name: str, model: BaseLabelModel, n_samples: int
) -> np.ndarray | None:
    """Return class probabilities in the order of the classes."""
    if known[name] is None:
        return None
    given, _ = read_proba(known[name], model.classes_, name=name)
    if len(given) != n_samples:
        raise ValueError(
            f"{name} must have a row for each of the {n_samples} samples, in their "
            f"order; got {len(given)}."
        )
    return given


def _read_class_names(names: Any, classes: ArrayLike) -> np.ndarray | None:
    """Return one name per class; a dict may leave out classes, which keep theirs."""
    if names is None:
        return None
    classes = np.asarray(classes)
    if isinstance(names, Mapping):
        known = {plain(c) for c in classes}
        unknown = [c for c in names if plain(c) not in known]
        if unknown:
            raise ValueError(
                f"class_names names {first_few(unknown)}, and the classes are "
                f"{first_few(classes)}. Pass a dict of class to name."
            )
        given = [names.get(plain(c), plain(c)) for c in classes]
    else:
        given = list(names)
        if isinstance(names, str) or len(given) != len(classes):
            raise ValueError(
                f"class_names must name each of the {len(classes)} classes "
                f"{first_few(classes)} in this order; got {first_few(given)}."
            )
    out = np.array([str(name) for name in given], dtype=object)
    if len(set(out)) < len(out):
        raise ValueError(
            f"class_names must differ from each other; got {first_few(given)}."
        )
    return out


def _in_order(values: Any, ids: pd.Index) -> Any:
    """Reorder what has the ids of the rows as its index in another order."""
    if not isinstance(values, pd.Series | pd.DataFrame) or values.index.equals(ids):
        return values
    same = len(values) == len(ids) and not ids.has_duplicates
    if same and not values.index.has_duplicates and values.index.isin(ids).all():
        return values.reindex(ids)
    return values


def _by_id(values: Any, ids: pd.Index) -> Any:
    """Look up a Series by sample id; an array is in the order of the ids already."""
    if not isinstance(values, pd.Series):
        return values
    if values.index.has_duplicates:
        repeated = values.index[values.index.duplicated()].unique()
        raise ValueError(
            "A Series of gold labels or texts has one value per sample id; these ids "
            f"repeat in its index: {first_few(repeated)}."
        )
    if not values.index.isin(ids).any():
        raise ValueError(
            f"None of the ids in the index of a Series ({first_few(values.index, 3)}) "
            f"is a sample of the crowd ({first_few(ids[:3])}). Pass a Series with the "
            "sample ids as its index, or an array in the order of crowd.sample_ids."
        )
    return values.astype(object).reindex(ids)


def _ids_of(votes: Any, n_samples: int, sample_ids: Any) -> pd.Index:
    """Return the names of the rows."""
    if sample_ids is None:
        framed = isinstance(votes, pd.DataFrame)
        return votes.index if framed else pd.RangeIndex(n_samples)
    ids = pd.Index(np.asarray(sample_ids)).infer_objects()
    if len(ids) != n_samples:
        raise ValueError(
            f"sample_ids must name each of the {n_samples} rows of votes; got "
            f"{len(ids)}."
        )
    return ids


def _read_texts(texts: Any, n_samples: int) -> np.ndarray | None:
    """Return one string per sample, "" for a missing text."""
    if texts is None:
        return None
    series = pd.Series(texts).astype(object)
    if len(series) != n_samples:
        raise ValueError(
            f"texts must hold one text for each of the {n_samples} samples; got "
            f"{len(series)}."
        )
    missing = series.isna().to_numpy()
    out = np.array([str(text) for text in series], dtype=object)
    out[missing] = ""
    return out


def cast_of_model(votes: CastVotes, model: BaseLabelModel) -> CastVotes:
    """Return votes in the values of a model as labels, which any model reads."""
    return replace(votes, value=np.asarray(model.vote_values_)[votes.value])


def gold_by_id(data: ReportData) -> pd.Series | None:
    """Return gold labels indexed by sample id, as `worker_report` takes them.

    None if the rows are not known to be samples of the crowd.
    """
    crowd = data.crowd
    if crowd is None or not data.ids_are_samples or (data.gold < 0).all():
        # Row numbers could equal the ids of other samples.
        return None
    known = np.flatnonzero(data.gold >= 0)
    labels: Sequence[Any] = data.classes[data.gold[known]]
    series = pd.Series(labels, index=data.ids.take(known))
    series = series[~series.index.duplicated()]
    return series if series.index.isin(crowd.sample_ids).any() else None


def expected_votes(data: ReportData, lfs: np.ndarray) -> np.ndarray:
    """Return how often some LFs cast each vote on samples of each class.

    As the soft labels see the classes; shape (n_chosen, n_values, n_classes).
    """
    votes, n_values = data.votes, len(data.model.vote_values_)
    position = np.full(votes.n_lfs, -1)
    position[lfs] = np.arange(len(lfs))
    kept = position[votes.lf] >= 0
    rows, lf, value = votes.rows[kept], position[votes.lf[kept]], votes.value[kept]
    out = np.zeros((len(lfs) * n_values, data.proba.shape[1]))
    np.add.at(out, lf * n_values + value, data.proba[rows])
    return out.reshape(len(lfs), n_values, -1)


def is_of_worker(lf_names: pd.Index, crowd: CrowdLabels | None) -> np.ndarray:
    """Mark the LFs that are workers of the crowd, by name."""
    if crowd is None:
        return np.zeros(len(lf_names), dtype=bool)
    expected = names_of_workers(crowd.worker_ids)
    names = {*expected} | {
        f"{name}_{plain(c)}" for name in expected for c in crowd.classes
    }
    return np.array([str(name) in names for name in lf_names], dtype=bool)
