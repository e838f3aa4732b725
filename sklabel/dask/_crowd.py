"""Crowd judgements that stay in the partitions of a Dask DataFrame."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.dask._blocks import Blocks, in_partition, is_dask_frame, require_dask
from sklabel.lf import CrowdLabels
from sklabel.lf._judgements import (
    Duplicates,
    HandleUnknown,
    code_labels,
    match_ids,
    read_ids,
    read_labels,
    warn_of_minus_one,
)
from sklabel.utils._validation import check_columns, check_option, first_few, plain
from sklabel.votes import VoteMatrix
from sklabel.votes._cast import is_numeric
from sklabel.votes._forms import matrix_of
from sklabel.votes._labels import in_natural_order

# Column that keeps the order of the rows over a shuffle.
_ORDER = "_sklabel_order"
_LARGEST_PARTITION = 2**40


class PartitionedCrowdLabels:
    """Crowd judgements in partitions: who gave which sample which label.

    What :class:`~sklabel.CrowdLabels` is in memory, for files that exceed it. Build it
    with :meth:`from_parquet` or :meth:`from_dask`; :func:`sklabel.dask.fit` and
    :func:`sklabel.dask.predict_proba` take it in place of votes. Only the ids of the
    workers and the labels are in memory; the judgements are read when they are needed.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels that count as votes: those given, else all labels, sorted.
    worker_ids : Index of length n_workers
        Ids of all workers, sorted: the columns of the votes.
    n_judgements : int
        Number of rows with a label. CrowdLabels leaves out repeats and unknown labels;
        here they count, as partitions are not searched for them.
    n_partitions : int
        Number of partitions.
    sample_name, worker_name, label_name : hashable
        Names of the columns.

    See Also
    --------
    sklabel.CrowdLabels : The same in memory.

    Notes
    -----
    All judgements of a sample must meet in one partition. Building reads the files
    once, for the ids of workers, the labels, and the first and last sample id of each
    partition; where these overlap, the partitions are shuffled by sample. That happens
    whenever the judgements are read: files that are sorted by sample save it.

    Examples
    --------
    >>> import pandas as pd, dask.dataframe as dd
    >>> from sklabel.dask import PartitionedCrowdLabels
    >>> frame = pd.DataFrame(
    ...     {
    ...         "sample": [7, 7, 8, 8],
    ...         "worker": ["ann", "bob", "ann", "cat"],
    ...         "label": ["good", "bad", "good", "bad"],
    ...     }
    ... )
    >>> crowd = PartitionedCrowdLabels.from_dask(dd.from_pandas(frame, npartitions=2))
    >>> crowd.worker_ids.tolist(), crowd.classes.tolist(), crowd.n_judgements
    (['ann', 'bob', 'cat'], ['bad', 'good'], 4)
    """

    classes: np.ndarray
    worker_ids: pd.Index
    n_judgements: int
    n_partitions: int
    sample_name: Any
    worker_name: Any
    label_name: Any
    # Delayed CrowdLabels of each partition, None where it has no judgement; first and
    # last sample id of each.
    _crowds: list[Any]
    _sample_ids: list[np.ndarray]

    def __init__(self, *args: Any, **options: Any) -> None:
        raise TypeError(
            "PartitionedCrowdLabels is built by PartitionedCrowdLabels.from_parquet("
            "path, sample=..., worker=..., label=...) or from_dask."
        )

    @classmethod
    def from_parquet(
        cls,
        path: Any,
        *,
        sample: Any = "sample",
        worker: Any = "worker",
        label: Any = "label",
        classes: ArrayLike | None = None,
        duplicates: Duplicates = "last",
        handle_unknown: HandleUnknown = "raise",
        shuffle: bool | None = None,
        **read_parquet_options: Any,
    ) -> PartitionedCrowdLabels:
        """Build from Parquet files: one judgement per row.

        Parameters
        ----------
        path : str or list of str
            Files, a folder or a pattern, as for :func:`dask.dataframe.read_parquet`.
        sample, worker, label : str, default='sample', 'worker', 'label'
            Names of the columns; others are not read.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels, sorted.
        duplicates : {'last', 'first', 'majority', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts, in the
            order of the files.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes`: raise an error, or
            keep it as a judgement that is not a vote.
        shuffle : bool, default=None
            Whether to bring the judgements of a sample together. If None, where ranges
            of sample ids overlap. False trusts that they are together.
        **read_parquet_options : dict
            Passed to :func:`dask.dataframe.read_parquet`, for instance `blocksize`.

        Returns
        -------
        crowd_labels : PartitionedCrowdLabels
            The judgements.

        Raises
        ------
        ImportError
            If Dask is not installed.
        ValueError
            As `from_dask`.
        OSError
            If there is no such file.
        """
        require_dask()
        import dask.dataframe as dd

        frame = dd.read_parquet(path, **read_parquet_options)
        if len(frame._meta.columns) == 0:
            raise FileNotFoundError(f"There is no Parquet file at {path!r}.")
        check_columns(
            frame._meta, [sample, worker, label], where="PartitionedCrowdLabels"
        )
        return cls.from_dask(
            frame[[sample, worker, label]],
            sample=sample,
            worker=worker,
            label=label,
            classes=classes,
            duplicates=duplicates,
            handle_unknown=handle_unknown,
            shuffle=shuffle,
        )

    @classmethod
    def from_dask(
        cls,
        frame: Any,
        *,
        sample: Any = "sample",
        worker: Any = "worker",
        label: Any = "label",
        classes: ArrayLike | None = None,
        duplicates: Duplicates = "last",
        handle_unknown: HandleUnknown = "raise",
        shuffle: bool | None = None,
    ) -> PartitionedCrowdLabels:
        """Build from a Dask DataFrame: one judgement per row.

        Parameters
        ----------
        frame : Dask DataFrame
            The judgements; partitions may be empty.
        sample, worker, label : hashable, default='sample', 'worker', 'label'
            Names of the columns.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels, sorted.
        duplicates : {'last', 'first', 'majority', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes`: raise an error, or
            keep it as a judgement that is not a vote.
        shuffle : bool, default=None
            Whether to bring the judgements of a sample together. If None, where ranges
            of sample ids overlap. False trusts that they are together.

        Returns
        -------
        crowd_labels : PartitionedCrowdLabels
            The judgements.

        Raises
        ------
        TypeError
            If `frame` is not a Dask DataFrame, or ids or labels of some partitions are
            strings and those of others are numbers.
        ValueError
            If a column or id is missing, there is no judgement, or a label is not one
            of `classes`; names the partition.

        Warns
        -----
        UserWarning
            If labels are -1 and `classes` does not say whether that is a class.
        """
        dask = require_dask()
        check_option(duplicates, "duplicates", ("last", "first", "majority", "raise"))
        check_option(handle_unknown, "handle_unknown", ("raise", "count"))
        if not is_dask_frame(frame) or frame.ndim != 2:
            raise TypeError(
                "PartitionedCrowdLabels.from_dask needs a Dask DataFrame with one "
                f"judgement per row; got {type(frame).__name__}. For a table in "
                "memory use CrowdLabels.from_frame."
            )
        names = [sample, worker, label]
        check_columns(frame._meta, names, where="PartitionedCrowdLabels")
        frame = frame[names]
        given = None if classes is None else np.asarray(classes)
        survey, union = dask.delayed(_survey), dask.delayed(_union_of_workers)
        parts = [survey(i, p, names, given) for i, p in enumerate(frame.to_delayed())]
        rest = [dask.delayed(_without_workers)(part) for part in parts]
        workers = [dask.delayed(_workers_of)(part) for part in parts]
        while len(workers) > 1:
            workers = [union(workers[i : i + 8]) for i in range(0, len(workers), 8)]
        try:
            found, (worker_ids,) = dask.compute(rest, workers)
        except KeyError as error:
            # Files are read without the columns that nobody needs, before the check.
            raise ValueError(
                f"A file of judgements lacks a column: {error}. All of them need the "
                f"columns {first_few(names)}."
            ) from error
        if not any(part.n_judgements for part in found):
            raise ValueError(
                f"PartitionedCrowdLabels: none of the {len(found)} partitions holds a "
                "judgement."
            )
        _check_kinds([part.workers for part in found], f"Worker ids ({worker!r})")
        _check_kinds([part.labels for part in found], f"Labels ({label!r})")
        ranges = [part.sample_range for part in found]
        _check_kinds(ranges, f"Sample ids ({sample!r})")
        if shuffle or (shuffle is None and _overlap(ranges)):
            frame = _shuffle_by_sample(frame, sample)

        labels = in_natural_order(_sorted_union([part.labels for part in found]))
        if classes is None and any(part.has_minus_one for part in found):
            warn_of_minus_one(f"column {label!r}", labels)
        _, class_array = code_labels(labels, given)
        self = object.__new__(cls)
        self.classes = class_array
        self.worker_ids = pd.Index(worker_ids, name=worker)
        self.n_judgements = sum(part.n_judgements for part in found)
        self.n_partitions = frame.npartitions
        self.sample_name, self.worker_name, self.label_name = names
        options = {
            "sample": sample,
            "worker": worker,
            "label": label,
            "classes": class_array,
            "duplicates": duplicates,
            "handle_unknown": handle_unknown,
        }
        self._sample_ids = ranges
        read = dask.delayed(_crowd_of_partition)
        shared = dask.delayed(options)
        # The same tasks serve votes, ids and gold labels, so each file is read once.
        self._crowds = [read(i, p, shared) for i, p in enumerate(frame.to_delayed())]
        return self

    @property
    def n_workers(self) -> int:
        """Number of workers."""
        return len(self.worker_ids)

    def _vote_blocks(self) -> Blocks:
        """Return the votes of each partition, lazily.

        Returns
        -------
        blocks : Blocks
            `parts` are delayed VoteMatrix of shape (n_samples, n_workers), a row for
            each sample of the partition in order of first appearance.
        """
        dask = require_dask()
        template = np.zeros((1, self.n_workers), dtype=np.int8)
        votes = dask.delayed(_votes_of)
        worker_ids = dask.delayed(self.worker_ids)
        return Blocks(
            [votes(crowd, worker_ids) for crowd in self._crowds],
            template,
            self.classes,
        )

    def _sample_blocks(self) -> list[Any]:
        """Return the sample ids of each partition, lazily.

        Returns
        -------
        parts : list of Delayed
            Index of the rows of each block of `_vote_blocks`.
        """
        samples = require_dask().delayed(_samples_of)
        return [samples(crowd, self._empty_samples()) for crowd in self._crowds]

    def _gold_blocks(self, y: pd.Series) -> list[Any]:
        """Return the gold labels of each partition, lazily.

        Parameters
        ----------
        y : Series
            Gold labels, indexed by sample id.

        Returns
        -------
        parts : list of Delayed
            Arrays with a row for each sample of a block of `_vote_blocks`.
        """
        dask = require_dask()
        find, shared = dask.delayed(_gold_of), dask.delayed(y)
        return [find(ids, shared) for ids in self._sample_blocks()]

    def _empty_samples(self) -> pd.Index:
        """Return an empty Index of the type of the sample ids."""
        filled = next(part for part in self._sample_ids if len(part))
        return pd.Index(filled[:0], name=self.sample_name)

    def __repr__(self) -> str:
        return (
            f"PartitionedCrowdLabels({self.n_partitions} partitions, {self.n_workers} "
            f"workers, {self.n_judgements} judgements, "
            f"classes=[{first_few(self.classes)}])"
        )


class _Survey(NamedTuple):
    """What the constructor needs to know about a partition."""

    workers: np.ndarray
    labels: np.ndarray
    sample_range: np.ndarray
    n_judgements: int
    has_minus_one: bool


def _survey(
    number: int, frame: pd.DataFrame, names: list[Any], classes: np.ndarray | None
) -> _Survey:
    """Find worker ids, labels, and the range of sample ids of a partition."""
    sample, worker, label = names
    nothing = np.zeros(0, dtype=np.int64)
    with in_partition(number, "the judgements"):
        check_columns(frame, names, where="PartitionedCrowdLabels")
        if frame[label].isna().all():
            return _Survey(nothing, nothing, nothing, 0, False)
        code, labels, n_minus_one, _ = read_labels(frame[label], classes)
        kept = code >= 0
        workers = np.asarray(read_ids(frame[worker], kept)[1])
        samples = np.asarray(read_ids(frame[sample], kept)[1])
        ends = np.array([samples.min(), samples.max()], dtype=samples.dtype)
    n_judgements = int(kept.sum())
    labels = np.asarray(labels)
    return _Survey(workers, labels, ends, n_judgements, n_minus_one > 0)


def _without_workers(survey: _Survey) -> _Survey:
    """Keep one worker, which tells the kind of the ids."""
    return survey._replace(workers=survey.workers[:1])


def _workers_of(survey: _Survey) -> np.ndarray:
    return survey.workers


def _union_of_workers(parts: list[np.ndarray]) -> np.ndarray:
    """Return the sorted distinct ids of some partitions; of two kinds, unsorted."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return parts[0]
    if len({is_numeric(part) for part in filled}) > 1:
        return filled[0]
    return _sorted_union(filled)


def _check_kinds(parts: list[np.ndarray], what: str) -> None:
    """Raise if ids or labels are strings in some partitions and numbers in others."""
    for i, part in enumerate(parts):
        first = next((j for j in range(i) if len(parts[j])), None)
        if first is None or not len(part):
            continue
        if is_numeric(part) != is_numeric(parts[first]):
            raise TypeError(
                f"{what} must be all strings or all numbers; partition {first} holds "
                f"{plain(parts[first][0])!r} and partition {i} holds "
                f"{plain(part[0])!r}. Convert them when the files are written or read."
            )


def _sorted_union(parts: list[np.ndarray]) -> np.ndarray:
    """Return the sorted distinct values of all partitions."""
    return np.sort(pd.unique(np.concatenate([part for part in parts if len(part)])))


def _overlap(ranges: list[np.ndarray]) -> bool:
    """Tell whether a sample may have judgements in two partitions."""
    ends = sorted((part[0], part[1]) for part in ranges if len(part))
    return any(b[0] <= a[1] for a, b in pairwise(ends))


def _shuffle_by_sample(frame: Any, sample: Any) -> Any:
    """Bring the judgements of each sample together, in the order of the files."""
    ordered = frame.map_partitions(
        _with_order, meta=frame._meta.assign(**{_ORDER: np.int64(0)})
    )
    return ordered.shuffle(on=sample, ignore_index=True)


def _with_order(frame: pd.DataFrame, partition_info: Any = None) -> pd.DataFrame:
    """Add a column that sorts the rows of all partitions."""
    start = 0 if partition_info is None else partition_info["number"]
    order = start * _LARGEST_PARTITION + np.arange(len(frame), dtype=np.int64)
    return frame.assign(**{_ORDER: order})


def _crowd_of_partition(
    number: int, frame: pd.DataFrame, options: dict[str, Any]
) -> CrowdLabels | None:
    """Return the CrowdLabels of a partition, None if it holds no judgement."""
    if _ORDER in frame.columns:
        frame = frame.sort_values(_ORDER).drop(columns=_ORDER)
    with in_partition(number, "the judgements"):
        if frame[options["label"]].isna().all():
            return None
        return CrowdLabels.from_frame(frame, **options)


def _votes_of(crowd: CrowdLabels | None, worker_ids: pd.Index) -> VoteMatrix:
    """Return the votes of a partition with a column for each of all workers."""
    if crowd is None:
        return VoteMatrix((0, len(worker_ids)), dtype=np.int8)
    cast = crowd.judgements_of(crowd.sample_ids).cast
    at = worker_ids.get_indexer(crowd.worker_ids).astype(np.int32)
    if (at < 0).any():
        raise ValueError(
            "The judgements hold workers that were not there when the files were first "
            f"read: {first_few(crowd.worker_ids[at < 0])}. Build the "
            "PartitionedCrowdLabels again after files have changed."
        )
    return matrix_of(replace(cast, lf=at[cast.lf], n_lfs=len(worker_ids)))


def _samples_of(crowd: CrowdLabels | None, empty: pd.Index) -> pd.Index:
    """Return the sample ids of a partition."""
    return empty if crowd is None else crowd.sample_ids


def _gold_of(sample_ids: pd.Index, y: pd.Series) -> np.ndarray:
    """Return the gold labels of samples, None where there is none."""
    at = match_ids(y.index, sample_ids)
    gold = np.full(len(at), None, dtype=object)
    gold[at >= 0] = y.to_numpy(dtype=object)[at[at >= 0]]
    return gold
