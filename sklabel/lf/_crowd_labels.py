"""An immutable store of crowd judgements that is cheap to clone."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import IO, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.base import pickled_state, unpickled_state
from sklabel.lf._judgements import (
    DUPLICATES,
    UNKNOWN,
    Duplicates,
    HandleUnknown,
    choose_repeated,
    code_labels,
    count_unknown,
    in_order_of_time,
    match_ids,
    name_of_file,
    read_csv_with_ids,
    read_ids,
    read_labels,
    refuse_unknown,
    repeat_number,
    sort_alphabet,
    sort_judgements,
    starts_of_pairs,
    warn_of_alike,
    warn_of_ids,
    warn_of_minus_one,
)
from sklabel.lf._soft_labels import soft_labels_of_crowd
from sklabel.utils._frames import as_column, as_pandas
from sklabel.utils._validation import (
    check_columns,
    check_option,
    first_few,
    is_text,
    plain,
    plural,
)
from sklabel.votes._cast import CastVotes
from sklabel.votes._cells import (
    frame_to_array,
    minus_one_is_class,
    warn_of_minus_one_cells,
)
from sklabel.votes._labels import check_classes
from sklabel.votes._named import ABSTAIN, categories_of, vote_for_themselves
from sklabel.votes._shape import check_columns_of_labels, refuse_counts

# Unknown labels that a summary lists.
_SHOWN_UNKNOWN = 5


class JudgementsOfSamples(NamedTuple):
    """The judgements of some samples.

    `cast`: one row per id that was asked for, one column per worker of the crowd; the
    values are positions in `classes`. `found`: False where the id is not known.
    """

    cast: CastVotes
    found: np.ndarray


class CrowdLabels:
    """Judgements of crowd workers: who gave which sample which label.

    Build it with :meth:`from_frame`, :meth:`from_csv` or :meth:`from_wide`, not with
    the class itself. It never changes, so ``clone`` and ``deepcopy`` return the object
    itself and a grid search carries it around for free.

    Texts are read as they look: without blanks around them and without characters that
    do not show; a warning says how many there were.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels that count as votes: those given, else all labels. Numbers ascend,
        texts are in natural order ('2' before '10'), ordered categories keep theirs.
    classes_given : bool
        Whether `classes` were given, and not found in the labels. A gold label that is
        not one of them is then an error.
    sample_ids : Index of length n_samples
        Ids of the samples with at least one judgement, in order of first appearance.
    worker_ids : Index of length n_workers
        Ids of the workers with at least one judgement, sorted.
    judgements_per_worker : ndarray of shape (n_workers,)
        Number of judgements of each worker, those with an unknown label included.
    n_judgements : int
        Number of judgements whose label is one of the classes: the votes.
    n_unknown : int
        Number of judgements whose label is not one of the classes
        (``handle_unknown='count'``). They are kept and are not votes.
    unknown_labels : dict of label to int
        How often each of these labels was given, the most frequent first.
    left_out : dict of str to int
        How much of the input was left out: ``missing_label`` rows without a label, and
        ``repeated`` judgements of a (sample, worker) pair.
    n_tidied : int
        Number of labels that were read without blanks or invisible characters.
    sample_name, worker_name, label_name : hashable
        Names of the columns.

    See Also
    --------
    WorkerLFTransformer : Makes one labeling function per worker of it.
    sklabel.inspection.worker_report : How good each worker is.

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
    {'missing_label': 0, 'repeated': 1}
    """

    __slots__ = (
        "__weakref__",
        "_indptr",
        "_label",
        "_left_out",
        "_unknown_labels",
        "_worker",
        "classes",
        "classes_given",
        "judgements_per_worker",
        "label_name",
        "n_tidied",
        "n_unknown",
        "sample_ids",
        "sample_name",
        "worker_ids",
        "worker_name",
    )

    classes: np.ndarray
    classes_given: bool
    sample_ids: pd.Index
    worker_ids: pd.Index
    judgements_per_worker: np.ndarray
    n_tidied: int
    n_unknown: int
    sample_name: Any
    worker_name: Any
    label_name: Any
    _left_out: dict[str, int]
    _unknown_labels: dict[Any, int]
    # Judgements of sample i stand at _indptr[i]:_indptr[i + 1]; _label indexes classes.
    _indptr: np.ndarray
    _worker: np.ndarray
    _label: np.ndarray

    def __init__(self, *args: Any, **options: Any) -> None:
        raise TypeError(
            "CrowdLabels is built by CrowdLabels.from_frame(frame, sample=..., "
            "worker=..., label=...), from_csv or from_wide."
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
        time: Any = None,
        handle_unknown: HandleUnknown = "raise",
    ) -> CrowdLabels:
        """Build from a long table: one judgement per row.

        Parameters
        ----------
        frame : DataFrame
            The judgements.
        sample, worker, label : hashable, default='sample', 'worker', 'label'
            Names of the columns. Ids and labels are integers or strings; floats
            without a fraction, as a merge makes them, are integers. A label that is
            NaN, None, pd.NA or -1 is missing, unless `classes` holds -1.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes, in the order of probabilities. If None, all
            labels: numbers ascend, texts are in natural order, and an ordered
            categorical keeps its order.
        duplicates : {'last', 'first', 'majority', 'keep', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts; in
            'majority' the last of the most frequent ones, in 'keep' all of them:
            WorkerLFTransformer then has several LFs for the worker.
        time : hashable, default=None
            Column of datetimes, numbers, or texts such as '2024-01-31 12:00'. 'last'
            is then the latest judgement and 'first' the earliest; else they go by the
            order of the rows.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes` ("can't tell"): raise
            an error, or keep it as a judgement that is not a vote and counts in
            `judgements_per_worker`.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements.

        Raises
        ------
        ValueError
            If a column is missing, an id is missing, the frame holds no judgement, a
            label is not one of `classes`, an id or label is a fraction, or a pair
            repeats and `duplicates` is 'raise'.
        TypeError
            If ids or labels mix strings and numbers or are neither.

        Warns
        -----
        UserWarning
            If labels are -1 and `classes` does not say whether that is a class, or a
            label that is not one of `classes` equals one but for case.
        """
        if hasattr(frame, "__dask_graph__"):
            raise TypeError(
                "CrowdLabels.from_frame reads tables in memory; got a Dask collection. "
                "Use sklabel.dask.PartitionedCrowdLabels.from_dask."
            )
        frame = as_pandas(frame, where="The frame of CrowdLabels.from_frame")
        return cls._from_frame(
            frame,
            names=(sample, worker, label, time),
            classes=classes,
            duplicates=duplicates,
            handle_unknown=handle_unknown,
        )

    @classmethod
    def _from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        names: tuple[Any, Any, Any, Any] = ("sample", "worker", "label", None),
        classes: ArrayLike | None,
        duplicates: Duplicates,
        handle_unknown: HandleUnknown,
        who: str = "CrowdLabels",
        where: str | None = None,
    ) -> CrowdLabels:
        """Build from a long frame; messages say who asks and where the labels stand."""
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                "CrowdLabels.from_frame needs a DataFrame with one judgement "
                f"per row; got {type(frame).__name__}."
            )
        check_option(duplicates, "duplicates", DUPLICATES)
        check_option(handle_unknown, "handle_unknown", ("raise", "count"))
        sample, worker, label, time = names
        check_columns(
            frame,
            names[: 3 if time is None else 4],
            where=who,
            parameters=("sample", "worker", "label", "time"),
        )
        where = where or f"column {label!r}"
        if len(frame) == 0:
            raise ValueError("CrowdLabels: the frame is empty; it holds no judgement.")

        # Everything below works on codes; only distinct values are looked at.
        if time is not None:
            frame = in_order_of_time(frame, time)
        label_code, labels, n_minus_one, n_tidied = read_labels(
            frame[label], classes, where
        )
        if n_minus_one and classes is None:
            warn_of_minus_one(where, labels)
        class_code, class_array = code_labels(labels, classes)
        missing = label_code < 0
        label_code = label_code[~missing]
        if handle_unknown == "raise":
            refuse_unknown(
                where, class_code[label_code], labels[label_code], class_array
            )
        sample_code, sample_ids = read_ids(frame[sample], ~missing)
        worker_code, worker_ids = read_ids(frame[worker], ~missing)
        worker_code, worker_ids = sort_alphabet(worker_code, worker_ids)
        indptr, worker_code, label_code = sort_judgements(
            sample_code, worker_code, label_code, len(sample_ids), len(worker_ids)
        )
        first = starts_of_pairs(indptr, worker_code)
        n_repeated = len(worker_code) - int(first.sum())
        if duplicates == "keep":
            n_repeated = 0
        if time is None:
            warn_of_ids(len(worker_code), len(sample_ids), n_repeated, duplicates)
        if n_repeated:
            if duplicates == "raise":
                at = int(np.argmin(first))
                row = int(np.searchsorted(indptr, at, side="right") - 1)
                raise ValueError(
                    f"{n_repeated} judgement(s) repeat a (sample, worker) pair, first "
                    f"sample {plain(sample_ids[row])!r}, worker "
                    f"{plain(worker_ids[worker_code[at]])!r}. Pass duplicates='last', "
                    "'first', 'majority' or 'keep'."
                )
            label_code = label_code[choose_repeated(first, label_code, duplicates)]
            kept_before = np.concatenate([[0], np.cumsum(first)])
            indptr, worker_code = kept_before[indptr], worker_code[first]
        unknown = count_unknown(label_code, labels, class_code)
        if unknown:
            warn_of_alike(where, len(label_code), unknown, class_array)
        label_code = class_code[label_code]
        return cls._build(
            classes=class_array,
            classes_given=classes is not None,
            sample_ids=pd.Index(sample_ids, name=sample),
            worker_ids=pd.Index(worker_ids, name=worker),
            judgements_per_worker=np.bincount(worker_code, minlength=len(worker_ids)),
            n_tidied=n_tidied,
            n_unknown=int((label_code == UNKNOWN).sum()),
            sample_name=sample,
            worker_name=worker,
            label_name=label,
            _left_out={
                "missing_label": int(missing.sum()),
                "repeated": n_repeated,
            },
            _unknown_labels=unknown,
            _indptr=indptr,
            _worker=worker_code,
            _label=label_code,
        )

    @classmethod
    def from_csv(
        cls,
        path: str | PathLike[str] | IO[Any],
        *,
        sample: Any = "sample",
        worker: Any = "worker",
        label: Any = "label",
        classes: ArrayLike | None = None,
        duplicates: Duplicates = "last",
        time: Any = None,
        handle_unknown: HandleUnknown = "raise",
        **read_csv_options: Any,
    ) -> CrowdLabels:
        """Build from a CSV file with one judgement per row.

        Parameters
        ----------
        path : str, path-like or file
            The file, or its path; compressed ones are read too.
        sample, worker, label : str, default='sample', 'worker', 'label'
            Names of the columns. Ids are numbers if all of a column are, and texts if
            a number would not keep what is written: '00041', '+41', or more digits
            than integers of 64 bits have.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels.
        duplicates : {'last', 'first', 'majority', 'keep', 'raise'}, default='last'
            Which of several judgements of one (sample, worker) pair counts.
        time : str, default=None
            Column of times, by which 'last' and 'first' go.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes`.
        **read_csv_options : dict
            Passed to :func:`pandas.read_csv`, for instance ``sep=";"``,
            ``keep_default_na=False`` if "NA" is an id or a label, or
            ``dtype={"worker": str}`` if ids are texts elsewhere, although they look
            like numbers.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements.

        Raises
        ------
        ValueError
            As `from_frame`; also if cells are separated by another character than the
            comma, or by `sep`.
        OSError
            If the file cannot be read.
        """
        frame = read_csv_with_ids(path, [sample, worker], read_csv_options)
        return cls._from_frame(
            frame,
            names=(sample, worker, label, time),
            classes=classes,
            duplicates=duplicates,
            handle_unknown=handle_unknown,
            who=f"CrowdLabels.from_csv of {name_of_file(path)}",
        )

    @classmethod
    def from_wide(
        cls,
        frame: pd.DataFrame,
        *,
        sample: Any = None,
        workers: Sequence[Any] | None = None,
        classes: ArrayLike | None = None,
        handle_unknown: HandleUnknown = "raise",
    ) -> CrowdLabels:
        """Build from a wide table: one row per sample, one column per worker.

        Parameters
        ----------
        frame : DataFrame of shape (n_samples, n_workers)
            Labels; NaN, None, pd.NA and -1 (unless `classes` holds it) mean that the
            worker did not judge the sample.
        sample : hashable, default=None
            Column of sample ids. If None, the index holds them.
        workers : sequence of hashable, default=None
            Columns of the workers. If None, all but `sample`.
        classes : array-like of shape (n_classes,), default=None
            Labels that count as votes. If None, all labels.
        handle_unknown : {'raise', 'count'}, default='raise'
            What to do with a label that is not one of `classes`.

        Returns
        -------
        crowd_labels : CrowdLabels
            The judgements. Cells without a label do not count as left out.

        Raises
        ------
        ValueError
            As `from_frame`; also if two rows have the same sample id, two columns the
            same worker id, or a column holds texts, ids or times instead of labels.
        TypeError
            As `from_frame`.
        """
        frame = as_pandas(frame, where="The frame of CrowdLabels.from_wide")
        if not isinstance(frame, pd.DataFrame):
            raise TypeError(
                "CrowdLabels.from_wide needs a DataFrame with one sample per "
                f"row and one worker per column; got {type(frame).__name__}."
            )
        if sample is not None:
            check_columns(frame, [sample], where="CrowdLabels.from_wide")
            frame = frame.set_index(sample)
        if workers is not None:
            check_columns(frame, list(workers), where="CrowdLabels.from_wide")
            frame = frame[list(workers)]
        for axis, ids in (
            ("row per sample", frame.index),
            ("column per worker", frame.columns),
        ):
            if ids.has_duplicates:
                raise ValueError(
                    f"CrowdLabels.from_wide needs one {axis}; these ids repeat: "
                    f"{first_few(ids[ids.duplicated()].unique())}."
                )
        cells = frame_to_array(frame)
        given = ~pd.isna(cells)
        if cells.dtype == object:  # pd.NA equals nothing, and raises instead
            cells = cells.copy()
            cells[~given] = None
        if classes is None:
            warn_of_minus_one_cells(cells, "no judgement")
        if not minus_one_is_class(classes):
            given &= cells != ABSTAIN
        row, column = np.nonzero(given)
        sample = "sample" if frame.index.name is None else frame.index.name
        worker = "worker" if frame.columns.name is None else frame.columns.name
        long = pd.DataFrame(
            {
                sample: frame.index.take(row),
                worker: frame.columns.take(column),
                "label": cells[given],
            }
        )
        code, labels = pd.factorize(long["label"])
        counts = np.concatenate([[0], np.cumsum(given.sum(axis=1))])
        in_cells = CastVotes(counts, column, code, len(frame.columns))
        if classes is not None:
            is_class = pd.Index(labels).isin(check_classes(classes))
            in_cells = in_cells.take_votes(~is_class[code])
        if classes is None or handle_unknown == "count":
            names = list(frame.columns)
            check_columns_of_labels(in_cells, names, np.asarray(labels))
        if given.all() and cells.dtype.kind in "iub":
            refuse_counts(cells.astype(np.int64))
        ordered = _common_order(frame)
        if ordered is not None:
            long["label"] = pd.Categorical(long["label"], ordered, ordered=True)
        return cls._from_frame(
            long,
            names=(sample, worker, "label", None),
            classes=classes,
            duplicates="raise",
            handle_unknown=handle_unknown,
            where="the table",
        )

    @classmethod
    def _build(cls, **values: Any) -> CrowdLabels:
        self = object.__new__(cls)
        self._set(values)
        return self

    @property
    def left_out(self) -> dict[str, int]:
        """How much of the input was left out, by reason."""
        return dict(self._left_out)

    @property
    def unknown_labels(self) -> dict[Any, int]:
        """How often each label outside of the classes was given."""
        return dict(self._unknown_labels)

    @property
    def n_samples(self) -> int:
        """Number of samples with at least one judgement."""
        return len(self.sample_ids)

    @property
    def n_workers(self) -> int:
        """Number of workers with at least one judgement."""
        return len(self.worker_ids)

    @property
    def n_judgements(self) -> int:
        """Number of judgements whose label is one of the classes."""
        return len(self._label) - self.n_unknown

    @property
    def repeats_per_worker(self) -> np.ndarray:
        """Largest number of judgements of each worker for one sample.

        All 1 unless ``duplicates='keep'``.
        """
        largest = np.ones(self.n_workers, dtype=np.int64)
        if starts_of_pairs(self._indptr, self._worker).all():
            return largest
        number = repeat_number(self._indptr, self._worker)
        np.maximum.at(largest, self._worker[number > 0], number[number > 0] + 1)
        return largest

    def summary(self) -> pd.Series:
        """Count what came in and what became of it.

        Returns
        -------
        summary : Series of int
            Samples, workers, judgements, those with an unknown label and the five most
            frequent of these labels, and what was left out.
        """
        unknown = list(self._unknown_labels.items())[:_SHOWN_UNKNOWN]
        return pd.Series(
            {
                "samples": self.n_samples,
                "workers": self.n_workers,
                "judgements": self.n_judgements,
                "judgements with an unknown label": self.n_unknown,
                **{f"unknown label {label!r}": n for label, n in unknown},
                "repeated, left out": self._left_out["repeated"],
                "without label, left out": self._left_out["missing_label"],
                "labels read without blanks": self.n_tidied,
            },
            name="count",
        )

    def to_frame(self) -> pd.DataFrame:
        """Return the judgements as a long table.

        Returns
        -------
        frame : DataFrame
            Columns sample, worker, label, named as in the input; one judgement per
            row, without unknown labels.
        """
        rows = np.repeat(np.arange(self.n_samples), np.diff(self._indptr))
        cast = self._label != UNKNOWN
        return pd.DataFrame(
            {
                self.sample_name: self.sample_ids.take(rows[cast]),
                self.worker_name: self.worker_ids.take(self._worker[cast]),
                self.label_name: self.classes[self._label[cast]],
            }
        )

    def to_wide(self) -> pd.DataFrame:
        """Return the judgements as a wide table.

        Returns
        -------
        frame : DataFrame of shape (n_samples, n_workers)
            A column per worker. Labels that are integers of 0 or more, or strings, are
            objects, None where there is none; others are categories, so that -1 is a
            label. Memory grows with samples times workers: for small crowds.

        Raises
        ------
        ValueError
            If a worker judged a sample more than once (``duplicates='keep'``).
        """
        if not starts_of_pairs(self._indptr, self._worker).all():
            raise ValueError(
                "A wide table has one cell per sample and worker, and these judgements "
                "repeat pairs (duplicates='keep'). Use to_frame()."
            )
        rows = np.repeat(np.arange(self.n_samples), np.diff(self._indptr))
        cast = self._label != UNKNOWN
        wide = np.full((self.n_samples, self.n_workers), None, dtype=object)
        wide[rows[cast], self._worker[cast]] = self.classes[self._label[cast]].tolist()
        frame = pd.DataFrame(wide, index=self.sample_ids, columns=self.worker_ids)
        if is_text(self.classes) or vote_for_themselves(self.classes):
            return frame
        return frame.astype(pd.CategoricalDtype(categories_of(self.classes)))

    def soft_labels(self, label_model: Any = None, *, gold: Any = None) -> pd.DataFrame:
        r"""Return a table of soft labels: what the judgements say, and how surely.

        Parameters
        ----------
        label_model : label model, default=None
            None means ``LabelModel(lf_kind="worker")``, for votes of people. A model
            that is not fitted is cloned, and the clone is fitted to all judgements;
            its LFs are the workers in the order of `worker_ids`. A fitted one is used
            as it is; its LFs are matched with workers by name (``worker_<id>`` or the
            id), without names by position.
        gold : dict, Series or array-like of shape (n_samples,), default=None
            Gold labels of some samples, from which the model is fitted, too. A dict or
            Series goes by sample id, an array by position in `sample_ids`; -1, NaN,
            None or pd.NA mean unlabelled. In the table, these samples have what the
            model predicts for them, which need not be their gold label.

        Returns
        -------
        table : DataFrame
            A row per sample, indexed by sample id, in the order of `sample_ids`.
            Columns

            label : object
                The most probable class, as `predict` has it.
            proba_<class> : float
                Probability of each class; rows sum to 1.
            n_votes : int
                Judgements that the model used. 0 where all labels of a sample are
                unknown; its probabilities are the class prior.
            confidence : float
                Probability of `label`.

        Raises
        ------
        TypeError
            If `label_model` is not a label model.
        ValueError
            If no id of `gold` is a sample, an id repeats in it, a label in it is none
            of the classes that were given, or it comes with a fitted model; if LFs of
            a fitted model cannot be matched with workers.

        Warns
        -----
        UserWarning
            If some samples have no vote, gold labels are of unknown samples, or a
            fitted model does not know some workers or labels.

        See Also
        --------
        sklabel.inspection.soft_label_table : The same for votes of any LFs.
        sklabel.model_selection.compare_label_models : Which label model to take.
        sklabel.SoftLabelClassifier : Learns from the probabilities.

        Notes
        -----
        The result is that of ``WorkerLFTransformer(crowd)`` and the label model in a
        Pipeline. Memory grows with the number of judgements and with samples times
        classes, not with samples times workers.

        Examples
        --------
        >>> from io import StringIO
        >>> from sklabel import CrowdLabels
        >>> file = StringIO(
        ...     "sample,worker,label\n"
        ...     "t1,ann,pos\nt1,bob,pos\nt1,cid,neg\n"
        ...     "t2,ann,neg\nt2,bob,neg\n"
        ...     "t3,ann,pos\nt3,bob,pos\nt3,cid,pos\n"
        ...     "t4,bob,neg\nt4,cid,pos\n"
        ... )
        >>> crowd = CrowdLabels.from_csv(file)
        >>> crowd.soft_labels().round(2)
               label  proba_neg  proba_pos  n_votes  confidence
        sample
        t1       pos       0.28       0.72        3        0.72
        t2       neg       0.86       0.14        2        0.86
        t3       pos       0.12       0.88        3        0.88
        t4       neg       0.53       0.47        2        0.53
        """
        return soft_labels_of_crowd(self, label_model, gold)

    def judgements_of(self, ids: ArrayLike) -> JudgementsOfSamples:
        """Look up the judgements of samples.

        Parameters
        ----------
        ids : array-like of shape (n,)
            Sample ids; an id may repeat, and one that is not in `sample_ids` has no
            judgements.

        Returns
        -------
        judgements : JudgementsOfSamples
            A named tuple of `cast` and `found`. ``cast.lf`` holds positions in
            `worker_ids`, ascending for each id, and ``cast.value`` positions in
            ``cast.classes``, which are `classes`; the judgements of ``ids[i]`` stand at
            ``cast.indptr[i]:cast.indptr[i + 1]``. Unknown labels are not among them.
            ``found[i]`` is False where `sample_ids` lacks ``ids[i]``.

        Raises
        ------
        ValueError
            If an id is missing or a fraction.
        TypeError
            If the ids are strings and those of the store are numbers, or the reverse.
        """
        ids = as_column(ids, where="ids of CrowdLabels.judgements_of")
        at = match_ids(self.sample_ids, ids)
        found = at >= 0
        start = self._indptr[np.where(found, at, 0)]
        length = np.where(found, np.diff(self._indptr)[at], 0)
        ends = np.cumsum(length)
        indptr = np.concatenate([[0], ends])
        picked = np.arange(indptr[-1]) + np.repeat(start - indptr[:-1], length)
        label = self._label[picked]
        worker = self._worker[picked]
        cast = CastVotes(indptr, worker, label, self.n_workers, self.classes)
        known = label != UNKNOWN
        return JudgementsOfSamples(
            cast if known.all() else cast.take_votes(known), found
        )

    def __sizeof__(self) -> int:
        """Return the bytes that the judgements take, for schedulers."""
        arrays = (self._indptr, self._worker, self._label, self.judgements_per_worker)
        held = sum(array.nbytes for array in arrays)
        held += self.sample_ids.memory_usage() + self.worker_ids.memory_usage()
        return int(held)

    def __repr__(self) -> str:
        unknown = f" and {self.n_unknown} with an unknown label" * bool(self.n_unknown)
        return (
            f"CrowdLabels({_counted(self.n_samples, 'sample')}, "
            f"{_counted(self.n_workers, 'worker')}, "
            f"{_counted(self.n_judgements, 'judgement')}{unknown}, "
            f"classes=[{first_few(self.classes)}])"
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

    def __getstate__(self) -> dict[str, Any]:
        return pickled_state({slot: getattr(self, slot) for slot in self.__slots__[1:]})

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._set(unpickled_state(state, "CrowdLabels"))

    def _set(self, values: dict[str, Any]) -> None:
        """Set all attributes, for good."""
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                value = _read_only(value)
            object.__setattr__(self, name, value)


def _counted(n: int, what: str) -> str:
    """Return "1 sample", "2 samples"."""
    return f"{n} {plural(n, what)}"


def _common_order(frame: pd.DataFrame) -> pd.Index | None:
    """Return the categories of columns that all have the same ordered ones."""
    dtypes = list(frame.dtypes)
    if not dtypes or not isinstance(dtypes[0], pd.CategoricalDtype):
        return None
    if not dtypes[0].ordered or any(dtype != dtypes[0] for dtype in dtypes):
        return None
    return dtypes[0].categories


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return an array that cannot change; a file that is mapped as such stays so."""
    base = array.base
    while isinstance(base, np.ndarray) and not base.flags.writeable:
        base = base.base
    if isinstance(base, np.ndarray) or (base is not None and array.flags.writeable):
        array = array.copy()
    array.setflags(write=False)
    return array


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
    crowd_labels = as_pandas(crowd_labels, where=f"crowd_labels of {where}")
    if isinstance(crowd_labels, pd.DataFrame):
        return CrowdLabels.from_frame(crowd_labels)
    raise TypeError(
        f"crowd_labels of {where} must be a CrowdLabels or a long DataFrame with the "
        f"columns sample, worker and label; got {type(crowd_labels).__name__}."
    )
