"""An immutable store of crowd judgements that is cheap to clone."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.utils._validation import check_columns, first_few, is_text, plain
from sklabel.utils._votes import distinct, index_of, is_numeric

Duplicates = Literal["last", "first", "majority", "raise"]
Outside = Literal["raise", "count"]

# Code of an answer that is not one of the classes.
_OUTSIDE = -1


class CrowdLabels:
    """Judgements of crowd workers: who gave which sample which label.

    Build it with :meth:`from_frame`, :meth:`from_csv` or :meth:`from_wide`, not with
    the class itself. It never changes, so ``clone`` and ``deepcopy`` return the object
    itself and a grid search carries it around for free.

    A label becomes a *vote*. Labels that are non-negative integers are their own
    votes; other labels (strings) become their index in `classes`.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels that count as votes: those given, else all labels, sorted.
    votes : ndarray of shape (n_classes,)
        The vote of each class.
    sample_ids : Index of length n_samples
        Ids of the samples with at least one answer, in order of first appearance.
    worker_ids : Index of length n_workers
        Ids of the workers with at least one answer, sorted.
    n_answers : ndarray of shape (n_workers,)
        Number of answers of each worker, also of those outside of `classes`.
    left_out : dict of str to int
        What the input held and this does not: ``missing_label`` lines without label,
        ``repeated`` judgements of one (sample, worker) pair; and what it holds as
        answers that are no votes: ``outside_classes``.
    sample_name : hashable
        Name of the column of sample ids.

    See Also
    --------
    WorkerLFTransformer : Makes one labeling function per worker of it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import CrowdLabels
    >>> frame = pd.DataFrame(
    ...     {
    ...         "sample": [7, 7, 8, 8],
    ...         "worker": ["ann", "bob", "ann", "ann"],
    ...         "label": ["good", "bad", "good", "bad"],
    ...     }
    ... )
    >>> crowd = CrowdLabels.from_frame(frame)
    >>> crowd
    CrowdLabels(2 samples, 2 workers, 3 judgements, classes=['bad', 'good'])
    >>> crowd.left_out
    {'missing_label': 0, 'repeated': 1, 'outside_classes': 0}
    """

    __slots__ = (
        "__weakref__",
        "_indptr",
        "_label",
        "_worker",
        "classes",
        "left_out",
        "n_answers",
        "sample_ids",
        "sample_name",
        "votes",
        "worker_ids",
    )

    classes: np.ndarray
    votes: np.ndarray
    sample_ids: pd.Index
    worker_ids: pd.Index
    n_answers: np.ndarray
    left_out: dict[str, int]
    sample_name: Any
    # Answers of sample i stand at _indptr[i]:_indptr[i + 1]; _label indexes classes.
    _indptr: np.ndarray
    _worker: np.ndarray
    _label: np.ndarray

    def __init__(self) -> None:
        raise TypeError(
            "CrowdLabels is built by CrowdLabels.from_frame, from_csv or from_wide."
        )

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        sample: Any = "sample",
        worker: Any = "worker",
        label: Any = "label",
        classes: ArrayLike | None = None,
        duplicates: Duplicates = "last",
        outside: Outside = "raise",
    ) -> CrowdLabels:
        """Build from a long table: one judgement per line.

        Parameters
        ----------
        frame : DataFrame
            The judgements.
        sample, worker, label : hashable, default='sample', 'worker', 'label'
            Names of the columns. Ids and labels are integers or strings.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes; strings become votes in this order. If None,
            all labels, sorted.
        duplicates : {'last', 'first', 'majority', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts; in
            'majority' the last of the most frequent ones.
        outside : {'raise', 'count'}, default='raise'
            Labels outside of `classes` ("can't tell"): an error, or an answer that is
            no vote but counts in `n_answers`.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements.

        Raises
        ------
        ValueError
            If a column is missing, an id is missing, the frame holds no judgement, a
            label is outside of `classes` or is a fraction, or a pair repeats and
            `duplicates` is 'raise'.
        TypeError
            If ids or labels mix strings and numbers or are neither.
        """
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                "CrowdLabels.from_frame needs a pandas DataFrame with one judgement "
                f"per line; got {type(frame).__name__}."
            )
        _check_option("duplicates", duplicates, ("last", "first", "majority", "raise"))
        _check_option("outside", outside, ("raise", "count"))
        check_columns(frame, [sample, worker, label], where="CrowdLabels")
        if len(frame) == 0:
            raise ValueError("CrowdLabels: the frame is empty; it holds no judgement.")

        answers, missing = _read_labels(frame[label])
        label_code, class_array, votes = code_labels(answers, classes)
        n_outside = int((label_code == _OUTSIDE).sum())
        if n_outside and outside == "raise":
            others = distinct(answers[label_code == _OUTSIDE])
            raise ValueError(
                f"{n_outside} of {len(answers)} labels in column {label!r} are not in "
                f"classes={class_array.tolist()}: {first_few(others)}. Add them to "
                "classes, or pass outside='count' to keep them as answers that are no "
                "votes."
            )
        kept = frame[~missing] if missing.any() else frame
        sample_code, sample_ids = _factorize(kept[sample], sort=False)
        worker_code, worker_ids = _factorize(kept[worker], sort=True)
        indptr, worker_code, label_code = _sort_judgements(
            sample_code, worker_code, label_code, len(sample_ids), len(worker_ids)
        )
        first = _starts_of_pairs(indptr, worker_code)
        n_repeated = len(worker_code) - int(first.sum())
        if n_repeated:
            if duplicates == "raise":
                at = int(np.argmin(first))
                row = int(np.searchsorted(indptr, at, side="right") - 1)
                raise ValueError(
                    f"{n_repeated} judgement(s) repeat a (sample, worker) pair, first "
                    f"sample {plain(sample_ids[row])!r}, worker "
                    f"{plain(worker_ids[worker_code[at]])!r}. Pass duplicates='last', "
                    "'first' or 'majority'."
                )
            chosen = _choose_repeated(first, label_code, duplicates)
            kept_before = np.concatenate([[0], np.cumsum(first)])
            indptr, worker_code = kept_before[indptr], worker_code[first]
            label_code = label_code[chosen]
        return cls._build(
            classes=class_array,
            votes=votes,
            sample_ids=sample_ids.rename(sample),
            worker_ids=worker_ids.rename(worker),
            n_answers=np.bincount(worker_code, minlength=len(worker_ids)),
            left_out={
                "missing_label": int(missing.sum()),
                "repeated": n_repeated,
                "outside_classes": int((label_code == _OUTSIDE).sum()),
            },
            sample_name=sample,
            _indptr=indptr,
            _worker=worker_code,
            _label=label_code,
        )

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str],
        *,
        sample: Any = "sample",
        worker: Any = "worker",
        label: Any = "label",
        classes: ArrayLike | None = None,
        duplicates: Duplicates = "last",
        outside: Outside = "raise",
        **read_csv_options: Any,
    ) -> CrowdLabels:
        """Build from a CSV file with one judgement per line.

        Parameters
        ----------
        path : str or path-like
            The file; compressed ones are read too.
        sample, worker, label : str, default='sample', 'worker', 'label'
            Names of the columns.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels, sorted.
        duplicates : {'last', 'first', 'majority', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts.
        outside : {'raise', 'count'}, default='raise'
            What to do with labels outside of `classes`.
        **read_csv_options : dict
            Passed to :func:`pandas.read_csv`, for instance ``dtype=str`` for ids with
            leading zeros, or ``keep_default_na=False`` if "NA" is a label.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements.

        Raises
        ------
        ValueError
            As `from_frame`.
        OSError
            If the file cannot be read.
        """
        frame = pd.read_csv(path, **read_csv_options)
        return cls.from_frame(
            frame,
            sample=sample,
            worker=worker,
            label=label,
            classes=classes,
            duplicates=duplicates,
            outside=outside,
        )

    @classmethod
    def from_wide(
        cls,
        frame: pd.DataFrame,
        *,
        sample: Any = None,
        classes: ArrayLike | None = None,
        outside: Outside = "raise",
    ) -> CrowdLabels:
        """Build from a wide table: one line per sample, one column per worker.

        Parameters
        ----------
        frame : DataFrame of shape (n_samples, n_workers)
            Labels; -1, NaN, None and pd.NA mean that the worker gave none.
        sample : hashable, default=None
            Column of sample ids. If None, the index holds them.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels, sorted.
        outside : {'raise', 'count'}, default='raise'
            What to do with labels outside of `classes`.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements. Cells without label are not counted as left out.

        Raises
        ------
        ValueError
            As `from_frame`; also if a sample id stands in two lines.
        """
        if sample is not None:
            check_columns(frame, [sample], where="CrowdLabels.from_wide")
            frame = frame.set_index(sample)
        name = frame.index.name if frame.index.name is not None else "sample"
        if frame.index.has_duplicates:
            repeated = frame.index[frame.index.duplicated()].unique()
            raise ValueError(
                "CrowdLabels.from_wide needs one line per sample; these ids repeat: "
                f"{first_few(repeated)}."
            )
        cells = frame.astype(object).to_numpy()
        given = ~pd.isna(cells)
        row, column = np.nonzero(given)
        long = pd.DataFrame(
            {
                "sample": frame.index.take(row),
                "worker": frame.columns.take(column),
                "label": pd.Series(cells[given]).infer_objects(),
            }
        )
        minus = long["label"].eq(-1).to_numpy(dtype=bool)
        crowd = cls.from_frame(
            long[~minus], classes=classes, duplicates="raise", outside=outside
        )
        values = {slot: getattr(crowd, slot) for slot in cls.__slots__[1:]}
        values["sample_name"] = name
        values["sample_ids"] = crowd.sample_ids.rename(name)
        return cls._build(**values)

    @classmethod
    def _build(cls, **values: Any) -> CrowdLabels:
        self = object.__new__(cls)
        self.__setstate__(values)
        return self

    @property
    def n_samples(self) -> int:
        """Number of samples with at least one answer."""
        return len(self.sample_ids)

    @property
    def n_workers(self) -> int:
        """Number of workers with at least one answer."""
        return len(self.worker_ids)

    @property
    def n_judgements(self) -> int:
        """Number of judgements that are votes."""
        return int((self._label != _OUTSIDE).sum())

    def summary(self) -> pd.Series:
        """Count what came in and what became of it.

        Returns
        -------
        summary : Series of int
            Samples, workers, judgements, and everything that was left out.
        """
        return pd.Series(
            {
                "samples": self.n_samples,
                "workers": self.n_workers,
                "judgements": self.n_judgements,
                "answers outside of classes": self.left_out["outside_classes"],
                "repeated, left out": self.left_out["repeated"],
                "without label, left out": self.left_out["missing_label"],
            },
            name="count",
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the judgements as a long table.

        Returns
        -------
        frame : DataFrame
            Columns sample, worker, label, named as in the input; one judgement per
            line, without repeats and without answers outside of `classes`.
        """
        rows = np.repeat(np.arange(self.n_samples), np.diff(self._indptr))
        cast = self._label != _OUTSIDE
        worker = self.worker_ids.name
        return pd.DataFrame(
            {
                self.sample_name: self.sample_ids.take(rows[cast]),
                "worker" if worker is None else worker: self.worker_ids.take(
                    self._worker[cast]
                ),
                "label": self.classes[self._label[cast]],
            }
        )

    def to_wide(self) -> pd.DataFrame:
        """Return the judgements as a wide table.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_workers)
            Labels as an object column per worker, None where there is none. Memory is
            samples times workers: for small crowds.
        """
        rows = np.repeat(np.arange(self.n_samples), np.diff(self._indptr))
        cast = self._label != _OUTSIDE
        wide = np.full((self.n_samples, self.n_workers), None, dtype=object)
        wide[rows[cast], self._worker[cast]] = self.classes[self._label[cast]]
        return pd.DataFrame(wide, index=self.sample_ids, columns=self.worker_ids)

    def votes_of(
        self, ids: ArrayLike
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Look up the judgements of samples.

        Parameters
        ----------
        ids : array-like of shape (n,)
            Sample ids; an id may repeat, and an unknown one has no judgements.

        Returns
        -------
        indptr : ndarray of shape (n + 1,)
            Judgements of ``ids[i]`` stand at ``indptr[i]:indptr[i + 1]``.
        worker : ndarray of shape (n_votes,)
            Positions in `worker_ids`, ascending for each id.
        label : ndarray of shape (n_votes,)
            Positions in `classes`.
        found : ndarray of shape (n,), bool
            False where the id is unknown.

        Raises
        ------
        ValueError
            If an id is missing.
        TypeError
            If the ids are strings and those of the store are numbers, or the reverse.
        """
        at = match_ids(self.sample_ids, ids)
        found = at >= 0
        start = self._indptr[np.where(found, at, 0)]
        length = np.where(found, np.diff(self._indptr)[at], 0)
        ends = np.cumsum(length)
        indptr = np.concatenate([[0], ends])
        picked = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], length)
        label = self._label[picked]
        cast = label != _OUTSIDE
        if not cast.all():
            indptr = np.concatenate([[0], np.cumsum(cast)])[indptr]
            picked, label = picked[cast], label[cast]
        return indptr, self._worker[picked], label, found

    def __repr__(self) -> str:
        return (
            f"CrowdLabels({self.n_samples} samples, {self.n_workers} workers, "
            f"{self.n_judgements} judgements, classes=[{first_few(self.classes)}])"
        )

    def __len__(self) -> int:
        return self.n_judgements

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"CrowdLabels is immutable; cannot set {name!r}.")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"CrowdLabels is immutable; cannot delete {name!r}.")

    def __copy__(self) -> CrowdLabels:
        return self

    def __deepcopy__(self, memo: Any) -> CrowdLabels:
        return self

    def __sklearn_clone__(self) -> CrowdLabels:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        state = {slot: getattr(self, slot) for slot in self.__slots__[1:]}
        return object.__new__, (type(self),), state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            if isinstance(value, np.ndarray):
                value = value.copy() if value.base is not None else value
                value.setflags(write=False)
            object.__setattr__(self, name, value)


def _check_option(name: str, value: Any, options: tuple[str, ...]) -> None:
    if value not in options:
        raise ValueError(f"{name} must be one of {options}; got {value!r}.")


def _read_labels(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels that are there and the mask of those that are missing."""
    missing = column.isna().to_numpy(dtype=bool)
    present = column[~missing] if missing.any() else column
    if isinstance(present.dtype, pd.CategoricalDtype):
        present = present.astype(present.cat.categories.dtype)
    if present.dtype.kind in "iufb":
        labels = present.to_numpy(dtype=np.dtype(present.dtype.kind + "8"))
        if labels.dtype.kind == "b":
            labels = labels.astype(np.int64)
    else:
        labels = present.to_numpy(dtype=object)
        kind = pd.api.types.infer_dtype(labels, skipna=False)
        if kind in {"integer", "floating", "mixed-integer-float"}:
            labels = np.asarray(labels.tolist())
        elif kind not in {"string", "empty"}:
            kinds = dict.fromkeys(type(value).__name__ for value in labels)
            raise TypeError(
                f"Labels in column {column.name!r} must be all strings or all "
                f"integers; got {first_few(kinds)}. Convert the column first."
            )
    if labels.dtype.kind == "f":
        odd = ~(np.isfinite(labels) & (labels == np.rint(labels)))
        if odd.any():
            raise ValueError(
                f"Labels in column {column.name!r} must be integers or strings; "
                f"{int(odd.sum())} are not whole numbers, for instance "
                f"{plain(labels[odd][0])!r}. Round them or map them to names."
            )
        labels = labels.astype(np.int64)
    if labels.dtype.kind in "iu":
        minus_one = labels == -1
        if minus_one.any():
            # The abstain value: a judgement that was not made.
            missing = missing.copy()
            missing[np.flatnonzero(~missing)[minus_one]] = True
            labels = labels[~minus_one]
    if len(labels) == 0:
        raise ValueError(
            f"CrowdLabels: all {len(column)} labels in column {column.name!r} are "
            "missing; there is no judgement."
        )
    return labels, missing


def code_labels(
    labels: np.ndarray, classes: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return class index of each label, the classes, and the vote of each class.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Numbers or strings, none missing.
    classes : array-like of shape (n_classes,) or None
        The classes; None means all labels, sorted.

    Returns
    -------
    code : ndarray of shape (n,), int32
        Index in `classes`, -1 where the label is none of them.
    classes : ndarray of shape (n_classes,)
        The classes.
    votes : ndarray of shape (n_classes,)
        The classes themselves if they are non-negative integers, else 0, 1, 2, ...

    Raises
    ------
    ValueError
        If `classes` repeats a label, is empty, or is of another kind than the labels.
    """
    if classes is None and not is_numeric(labels):
        # One pass instead of two: labels that are strings are slow to hash.
        code, found = pd.factorize(labels, sort=True)
        class_array = np.asarray(found, dtype=str)
        return code.astype(np.int32), class_array, np.arange(len(class_array))
    if classes is None:
        class_array = distinct(labels)
    else:
        class_array = np.asarray(classes)
        if class_array.dtype.kind == "O" and is_text(class_array):
            class_array = class_array.astype(str)
        if class_array.ndim != 1 or len(class_array) == 0:
            raise ValueError(f"classes must be a non-empty list; got {classes!r}.")
        if len(distinct(class_array)) != len(class_array):
            raise ValueError(f"classes must not repeat; got {class_array.tolist()}.")
        if is_numeric(class_array) != is_numeric(labels):
            raise ValueError(
                f"classes={class_array.tolist()} and the labels "
                f"{first_few(distinct(labels))} are of different kinds. Give the "
                "labels as they stand in the data."
            )
    order = np.argsort(class_array, kind="stable")
    at = index_of(class_array[order], labels)
    code = np.where(at >= 0, order[at], _OUTSIDE).astype(np.int32)
    own = class_array.dtype.kind in "iu" and int(class_array.min()) >= 0
    votes = class_array.astype(np.int64) if own else np.arange(len(class_array))
    return code, class_array, votes


def _id_kind(ids: pd.Index) -> str:
    """Tell numbers from strings from other ids."""
    if pd.api.types.is_numeric_dtype(ids.dtype):
        return "numbers"
    if isinstance(ids, pd.CategoricalIndex):
        return _id_kind(ids.categories)
    kind = pd.api.types.infer_dtype(ids, skipna=False)
    if kind == "string":
        return "strings"
    return "numbers" if kind == "integer" else kind


def _factorize(column: pd.Series, *, sort: bool) -> tuple[np.ndarray, pd.Index]:
    """Return codes and ids of an id column, none of them missing."""
    missing = column.isna().to_numpy(dtype=bool)
    if missing.any():
        raise ValueError(
            f"{int(missing.sum())} id(s) in column {column.name!r} are missing, first "
            f"at row {int(np.argmax(missing))}. Drop those lines."
        )
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    values = pd.Index(column)
    if values.dtype.kind == "f" and np.array_equal(values, np.rint(values)):
        # A merge turns integer ids into floats; 7.0 and 7 are the same sample.
        values = values.astype(np.int64)
    kind = _id_kind(values)
    if kind.startswith("mixed"):
        raise TypeError(
            f"Ids in column {column.name!r} mix strings and numbers. Convert them with "
            f"frame[{column.name!r}].astype(str)."
        )
    code, ids = pd.factorize(values, sort=sort)
    return code, pd.Index(ids)


def match_ids(known: pd.Index, ids: ArrayLike) -> np.ndarray:
    """Return the position of each id among the known ones, -1 where unknown."""
    wanted = pd.Index(np.asarray(ids)) if not isinstance(ids, pd.Index) else ids
    missing = np.asarray(wanted.isna())
    if missing.any():
        raise ValueError(
            f"{int(missing.sum())} sample id(s) in X are missing, first at row "
            f"{int(np.argmax(missing))}. Drop or fill those rows."
        )
    if wanted.dtype == object:
        wanted = wanted.infer_objects()
    if wanted.dtype.kind == "f" and np.array_equal(wanted, np.rint(wanted)):
        wanted = wanted.astype(np.int64)
    kinds = _id_kind(known), _id_kind(wanted)
    if kinds[0] != kinds[1]:
        raise TypeError(
            f"Sample ids in X are {kinds[1]} (like {plain(wanted[0])!r}) and those of "
            f"the crowd labels are {kinds[0]} (like {plain(known[0])!r}), so none can "
            "match. Convert one of them, for instance with .astype(str)."
        )
    return known.get_indexer(wanted)


def _sort_judgements(
    sample: np.ndarray,
    worker: np.ndarray,
    label: np.ndarray,
    n_samples: int,
    n_workers: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort by sample, then worker, then input order; two passes of counting sort."""
    order = np.argsort(worker, kind="stable")
    starts = np.concatenate([[0], np.cumsum(np.bincount(worker, minlength=n_workers))])
    # The conversion from CSC to CSR is a stable counting sort by row that sums
    # nothing, so repeated pairs stay apart and in order.
    by_sample = sparse.csc_array(
        (label[order] + 1, sample[order].astype(np.int64), starts),
        shape=(n_samples, n_workers),
    ).tocsr()
    return (
        by_sample.indptr.astype(np.int64),
        by_sample.indices.astype(np.int32),
        (by_sample.data - 1).astype(np.int32),
    )


def _starts_of_pairs(indptr: np.ndarray, worker: np.ndarray) -> np.ndarray:
    """Mark the first of several judgements of one (sample, worker) pair."""
    first = np.ones(len(worker), dtype=bool)
    first[1:] = worker[1:] != worker[:-1]
    first[indptr[:-1]] = True
    return first


def _choose_repeated(
    first: np.ndarray, label: np.ndarray, duplicates: Duplicates
) -> np.ndarray:
    """Return the position of the judgement that counts for every pair."""
    starts = np.flatnonzero(first)
    if duplicates == "first":
        return starts
    ends = np.append(starts[1:], len(first))
    chosen = ends - 1
    if duplicates == "majority":
        for pair in np.flatnonzero(ends - starts > 1):
            labels = label[starts[pair] : ends[pair]]
            frequency = (labels[:, None] == labels).sum(axis=1)
            best = np.flatnonzero(frequency == frequency.max())[-1]
            chosen[pair] = starts[pair] + best
    return chosen


def read_crowd_labels(crowd_labels: Any, *, where: str) -> CrowdLabels:
    """Return crowd labels as they are, or built from a long frame.

    Parameters
    ----------
    crowd_labels : CrowdLabels or DataFrame
        A frame needs the columns sample, worker and label.
    where : str
        Who asks, for the message.

    Returns
    -------
    crowd_labels : CrowdLabels
        The judgements.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(crowd_labels, CrowdLabels):
        return crowd_labels
    if isinstance(crowd_labels, pd.DataFrame):
        return CrowdLabels.from_frame(crowd_labels)
    raise TypeError(
        f"crowd_labels of {where} must be a CrowdLabels or a long DataFrame with the "
        f"columns sample, worker and label; got {type(crowd_labels).__name__}."
    )


def lf_names(worker_ids: Iterable[Any]) -> list[str]:
    """Return the LF name of every worker."""
    return [f"worker_{plain(worker)}" for worker in worker_ids]
