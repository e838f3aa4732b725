"""One labeling function per crowd worker."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.lf._crowd_labels import CrowdLabels, read_crowd_labels
from sklabel.lf._crowd_votes import lf_names
from sklabel.lf._judgements import repeat_number
from sklabel.utils._frames import as_pandas, refuse_lazy
from sklabel.utils._validation import Interval, check_columns, first_few, plain, warn
from sklabel.votes._cast import CastVotes
from sklabel.votes._cells import (
    has_gaps,
    minus_one_is_class,
    warn_of_minus_one_cells,
)
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._labels import check_classes, in_natural_order
from sklabel.votes._named import NamedVotes
from sklabel.votes._read import has_categories, read_votes
from sklabel.votes._shape import check_shape


class WorkerLFTransformer(BaseLFTransformer):
    """One labeling function per crowd worker.

    Looks up the judgements of each sample by its id, so every cross-validation fold
    has the same columns, and a sample that nobody judged gets abstentions. Use
    it for crowd files in long form, or without `crowd_labels` for tables that have
    one column per worker already.

    Parameters
    ----------
    crowd_labels : CrowdLabels or DataFrame, default=None
        The judgements. A long DataFrame with the columns sample, worker and label is
        turned into a :class:`CrowdLabels` in every `fit`; pass the store itself where
        many fits follow, as in a grid search. If None, X has one column per worker.
    id_column : str or int, default=None
        Column of X that holds the sample ids. If None: the column that has the name
        of the sample column of `crowd_labels`, else the only column of X.
    classes : array-like of shape (n_classes,), default=None
        Labels that count as votes, where `crowd_labels` is None; other labels then
        raise. -1 is a label if it is one of them, and NaN, None or pd.NA then mean no
        label. If None, all labels that X has in `fit`.
    min_labels : int, default=1
        Leave out workers with fewer judgements. All judgements of a worker count: those
        of samples that are not in X and those with an unknown label, too.
    unipolar : bool, default=False
        One labeling function per (worker, class) that votes for this class only,
        instead of one per worker.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array. Memory is then proportional to
        the judgements. :class:`LFUnion` puts them beside other votes.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    workers_ : Index of length n_workers
        Ids of the workers that have a labeling function.
    judgements_per_worker_ : ndarray of shape (n_workers,)
        Number of judgements of each of them.
    lf_workers_ : ndarray of shape (n_lfs,)
        Position in `workers_` of the worker behind each LF.
    n_matched_ : int
        Rows of X in `fit` whose id has a judgement; only with `crowd_labels`.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X; only if X had string column names.

    See Also
    --------
    CrowdLabels : The store of judgements.
    LabelModel : Turns the votes into class probabilities.

    Notes
    -----
    Columns are called ``worker_<id>``, with `unipolar` ``worker_<id>_<class>``, and
    stand in the order of the ids, then of the classes. Where judgements of a worker and
    a sample repeat (``CrowdLabels.from_frame(..., duplicates='keep')``), the second
    ones stand in a column of their own, ``worker_<id>_repeat2``, and so on;
    ``DawidSkene(table_groups=transformer.lf_workers_)`` then learns one table per
    worker.

    Votes know their classes: integers of 0 or more are their own votes, and other
    classes are kept as names (:class:`~sklabel.votes.NamedVotes`).

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import CrowdLabels, WorkerLFTransformer
    >>> judgements = pd.DataFrame(
    ...     {
    ...         "item": [7, 7, 8],
    ...         "worker": ["ann", "bob", "ann"],
    ...         "label": ["good", "bad", "good"],
    ...     }
    ... )
    >>> crowd = CrowdLabels.from_frame(judgements, sample="item")
    >>> items = pd.DataFrame({"item": [7, 8, 9]})
    >>> transformer = WorkerLFTransformer(crowd).set_output(transform="pandas")
    >>> transformer.fit_transform(items)
      worker_ann worker_bob
    0       good        bad
    1       good        NaN
    2        NaN        NaN
    """

    _parameter_constraints = {
        "crowd_labels": [CrowdLabels, "array-like", None],
        "id_column": [str, Integral, None],
        "classes": ["array-like", None],
        "min_labels": [Interval(Integral, 1, None, closed="left")],
        "unipolar": ["boolean"],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        crowd_labels: CrowdLabels | pd.DataFrame | None = None,
        *,
        id_column: str | int | None = None,
        classes: ArrayLike | None = None,
        min_labels: int = 1,
        unipolar: bool = False,
        sparse_output: bool = False,
    ) -> None:
        self.crowd_labels = crowd_labels
        self.id_column = id_column
        self.classes = classes
        self.min_labels = min_labels
        self.unipolar = unipolar
        self.sparse_output = sparse_output

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> WorkerLFTransformer:
        """Choose the workers that get a labeling function.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples with their ids; without `crowd_labels`, one column per worker
            with -1, NaN, None or pd.NA for no label.
        y : None
            Ignored.

        Returns
        -------
        self : WorkerLFTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If the id column is missing or unclear, an id is missing, or no worker has
            `min_labels` judgements.
        TypeError
            If ids in X and in the crowd labels are of different kinds.
        """
        refuse_lazy(self.crowd_labels, where="crowd_labels of WorkerLFTransformer")
        self._validate_params()
        if self.crowd_labels is None:
            self._store: Any = None
            X = self._check_samples(X, reset=True)
            self._columns = getattr(X, "columns", None)
            votes = self._read_wide(X, self.classes)
            check_shape(votes, self._wide_names(votes.n_lfs), self.classes)
            if len(votes.value) == 0:
                raise ValueError(
                    f"X holds no label: all {votes.n_samples} rows of all "
                    f"{votes.n_lfs} workers are empty."
                )
            known = self.classes
            if known is None:
                known = votes.classes
            if known is None and isinstance(X, pd.DataFrame) and not has_gaps(X):
                warn_of_minus_one_cells(X.to_numpy(), "no label")
            if known is None:
                known = in_natural_order(votes.distinct_labels())
            self.classes_ = check_classes(known)
            self._code_wide(votes)
            workers = pd.Index(self._wide_names(votes.n_lfs))
            counts = np.bincount(votes.lf, minlength=votes.n_lfs)
        else:
            if self.classes is not None:
                raise ValueError(
                    "classes of WorkerLFTransformer is for X with one column per "
                    "worker. Pass classes to CrowdLabels.from_frame instead."
                )
            store = read_crowd_labels(self.crowd_labels, where="WorkerLFTransformer")
            self._store = store
            ids = self._read_ids(X, reset=True)
            found = store.judgements_of(ids).found
            if not found.any():
                warn(
                    f"None of the {len(found)} sample ids in X has a judgement (X has "
                    f"{first_few(ids, 3)}; the crowd labels have "
                    f"{first_few(store.sample_ids[:3])}). Check id_column.",
                )
            self.n_matched_ = int(found.sum())
            self.classes_ = store.classes
            workers, counts = store.worker_ids, store.judgements_per_worker
        kept = np.flatnonzero(counts >= self.min_labels)
        if len(kept) == 0:
            raise ValueError(
                f"No worker has min_labels={self.min_labels} judgements; the busiest "
                f"of {len(counts)} has {counts.max()}. Lower min_labels."
            )
        self._column_of_worker = np.full(len(counts), -1)
        self._column_of_worker[kept] = np.arange(len(kept))
        self.workers_ = workers[kept]
        self.judgements_per_worker_ = counts[kept]
        # Columns of each worker: one, or as many as judgements of one sample.
        repeats = np.ones(len(kept), dtype=np.int64)
        if self._store is not None:
            repeats = self._store.repeats_per_worker[kept]
        self.lf_workers_ = np.repeat(np.arange(len(kept)), repeats)
        self._first_column = np.cumsum(repeats) - repeats
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes of each worker.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features)
            Samples with their ids, or one column per worker, as in `fit`.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            int8 where it is large enough; -1, or not stored, for abstain. For classes
            that are names or numbers below 0, NamedVotes, or a VoteMatrix with names;
            categories with ``set_output``. An id that is not in the crowd labels gets
            abstentions.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If columns differ from those in `fit`, an id is missing, or a label in X
            is not one of the classes.
        TypeError
            If ids in X and in the crowd labels are of different kinds.
        """
        check_is_fitted(self)
        if self._store is None:
            X = self._check_samples(X, reset=False)
            votes = self._read_wide(X, self.classes_)
            cast = replace(votes, value=self._code_wide(votes), classes=self.classes_)
        else:
            cast = self._store.judgements_of(self._read_ids(X, reset=False)).cast
        worker = self._column_of_worker[cast.lf]
        kept = worker >= 0
        if not kept.all():
            cast, worker = cast.take_votes(kept), worker[kept]
        column, n_lfs = worker, len(self.lf_workers_)
        if n_lfs > len(self.workers_):
            column = self._first_column[worker] + repeat_number(cast.indptr, worker)
        if self.unipolar:
            n_lfs *= len(self.classes_)
            column = column * len(self.classes_) + cast.value
        return self._as_votes(replace(cast, lf=column, n_lfs=n_lfs), X)

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the labeling functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the columns of `fit` if given; the names do not depend on it.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            ``worker_<id>``, with `unipolar` ``worker_<id>_<class>``.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        self._check_input_features(input_features)
        number = np.arange(len(self.lf_workers_)) - self._first_column[self.lf_workers_]
        names = lf_names(self.workers_.take(self.lf_workers_), number)
        if self.unipolar:
            names = [f"{name}_{plain(c)}" for name in names for c in self.classes_]
        return np.asarray(names, dtype=object)

    def _read_ids(self, X: Any, *, reset: bool) -> pd.Index:
        """Return the sample ids of X; other columns of a DataFrame do not matter."""
        named = self._store.sample_name if self.id_column is None else self.id_column
        X = as_pandas(X, where="X of WorkerLFTransformer", only=named)
        if isinstance(X, pd.DataFrame):
            column = self.id_column
            if column is None:
                column = self._store.sample_name
            if self.id_column is None and column not in X.columns:
                if X.shape[1] != 1:
                    raise ValueError(
                        f"X lacks the column {column!r} of the crowd labels and has "
                        f"several others ({first_few(X.columns, 20)}); say which "
                        "holds the sample ids with id_column=."
                    )
                column = X.columns[0]
            if isinstance(column, str) or column in X.columns:
                check_columns(X, [column], where="WorkerLFTransformer")
                X = X[[column]]
            else:
                self._check_position(X)
                X = X.iloc[:, [int(column)]]
            return pd.Index(self._check_samples(X, reset=reset).iloc[:, 0])
        X = self._check_samples(X, reset=reset)
        if isinstance(self.id_column, str):
            raise ValueError(
                f"id_column={self.id_column!r} is a name, and X is an array without "
                "column names. Pass a DataFrame or a position."
            )
        if self.id_column is None and X.shape[1] != 1:
            raise ValueError(
                f"X has several columns ({X.shape[1]}); say which holds the sample ids "
                "with id_column=."
            )
        self._check_position(X)
        return pd.Index(X[:, self.id_column or 0])

    def _check_position(self, X: Any) -> None:
        """Raise if `id_column` is a position that X does not have."""
        if self.id_column is not None and not 0 <= int(self.id_column) < X.shape[1]:
            raise ValueError(
                f"id_column={self.id_column} is not a position in X, which has "
                f"{X.shape[1]} column(s)."
            )

    def _read_wide(self, X: Any, classes: ArrayLike | None) -> CastVotes:
        """Read a table with one column per worker, the same columns as in fit."""
        known = self._columns
        # scikit-learn compares names that are strings; worker ids may be numbers.
        if (
            known is not None
            and isinstance(X, pd.DataFrame)
            and not X.columns.equals(known)
        ):
            raise ValueError(
                f"X has the columns {first_few(X.columns)}; fit had "
                f"{first_few(known)}. Pass the same workers in the same order."
            )
        if minus_one_is_class(classes) and not has_categories(X):
            # Judgements that are integers leave no doubt: -1 is a label.
            X = np.asarray(X, dtype=object)
        return read_votes(X, self._wide_names(X.shape[1]), classes)

    def _wide_names(self, n_columns: int) -> Sequence[Any]:
        """Return the worker ids: the columns of the frame in fit, else positions."""
        return range(n_columns) if self._columns is None else list(self._columns)

    def _code_wide(self, votes: CastVotes) -> np.ndarray:
        """Return the class index of each label, which must be one of the classes."""
        order = np.argsort(self.classes_, kind="stable")
        code, known = votes.encode(self.classes_[order])
        label = np.where(known, order[code.value], -1)
        if (label < 0).any():
            first = int(np.argmax(label < 0))
            name = plain(self._wide_names(votes.n_lfs)[votes.lf[first]])
            raise ValueError(
                f"X has labels that are not in classes {self.classes_.tolist()}: "
                f"{first_few(dict.fromkeys(votes.labels(label < 0).tolist()))} (first "
                f"at row {int(votes.rows[first])}, worker {name!r}). Pass classes= "
                "with all labels."
            )
        return label

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        return tags
