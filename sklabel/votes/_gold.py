"""Gold labels: the trusted labels of some rows, hard or soft."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import first_few, is_text, one_column, warn
from sklabel.votes._cast import CastVotes, distinct, index_of
from sklabel.votes._cells import is_minus_one, minus_one_is_class
from sklabel.votes._labels import (
    check_classes,
    check_gap_texts,
    one_kind,
    tidy_cells,
)
from sklabel.votes._named import ABSTAIN
from sklabel.votes._proba import (
    has_columns,
    in_class_order,
    read_columns,
    refuse_one_column_of_probabilities,
)

# By so much of the LFs, more of them vote in labelled rows than in unlabelled ones.
_FEWER_VOTES = 0.4


@dataclass(frozen=True)
class Gold:
    """Gold labels as the user gave them.

    Attributes
    ----------
    label : ndarray of shape (n_samples,)
        Labels; anything where `known` is False.
    known : ndarray of shape (n_samples,), bool
        True where there is a label.
    minus_one : ndarray of shape (n_samples,), bool
        True where the label is the number -1. It means unlabelled, except where -1 is
        one of the classes.
    proba : ndarray of shape (n_samples, n_classes) or None
        Soft gold: class probabilities instead of `label`, NaN where `known` is False.
    columns : ndarray of shape (n_classes,) or None
        The classes that the columns of `proba` are named by; None if they have no
        names, and are in the order of the classes.
    """

    label: np.ndarray
    known: np.ndarray
    minus_one: np.ndarray
    proba: np.ndarray | None = None
    columns: np.ndarray | None = None

    @classmethod
    def none(cls, n_samples: int) -> Gold:
        """Return the gold labels of rows that have none."""
        no = np.zeros(n_samples, dtype=bool)
        return cls(np.zeros(n_samples, dtype=np.int64), no, no)

    def take(self, keep: np.ndarray) -> Gold:
        """Keep the rows of a boolean mask of shape (n_samples,)."""
        proba = None if self.proba is None else self.proba[keep]
        return Gold(
            self.label[keep],
            self.known[keep],
            self.minus_one[keep],
            proba,
            self.columns,
        )

    def named_classes(self) -> np.ndarray | None:
        """Return the labels if they name all classes: by columns, or in every row."""
        if self.proba is not None:
            return self.columns
        if len(self.label) and self.labelled().all():
            return self.label
        return None

    def labelled(self, classes: ArrayLike | None = None) -> np.ndarray:
        """Tell which rows have a gold label, given the classes.

        Parameters
        ----------
        classes : array-like of shape (n_classes,) or None
            The classes. None: they are not known, and -1 means unlabelled.

        Returns
        -------
        labelled : ndarray of shape (n_samples,), bool
            True where there is a gold label.
        """
        if classes is not None and minus_one_is_class(classes):
            return self.known
        return self.known & ~self.minus_one

    def index(self, classes: np.ndarray, *, outside: int | None = None) -> np.ndarray:
        """Return the class index of each gold label, -1 where there is none.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            The classes; -1 means unlabelled unless it is one of them.
        outside : int, default=None
            What a label gets that is not one of the classes. If None, it is an error.

        Returns
        -------
        index : ndarray of shape (n_samples,), int64
            Indices into `classes`.

        Raises
        ------
        ValueError
            If a label is not one of the classes and `outside` is None.
        """
        classes = np.asarray(classes)
        index = np.full(len(self.label), -1, dtype=np.int64)
        if not self.known.any():
            return index
        known = self.labelled(classes)
        if not known.any():
            return index
        order = np.argsort(classes, kind="stable")
        at = index_of(classes[order], self.label[known])
        absent = at < 0
        if absent.any() and outside is None:
            others = distinct(self.label[known][absent])
            raise ValueError(
                f"y has labels that are not in classes={classes.tolist()}: "
                f"{first_few(others)} ({int(absent.sum())} rows). Add them to "
                "classes, or set them to -1 if those rows have no gold label."
            )
        index[known] = np.where(absent, -1 if outside is None else outside, order[at])
        return index

    def encode(self, classes: np.ndarray) -> np.ndarray:
        """Return the gold labels as label models read them.

        Parameters
        ----------
        classes : ndarray of shape (n_classes,)
            The classes.

        Returns
        -------
        gold : ndarray of shape (n_samples,) or (n_samples, n_classes)
            As `sklabel.sums._gold` says. Soft gold that is certain in every row is
            hard gold.

        Raises
        ------
        ValueError
            If a label, or a column of soft gold, is not one of the classes.
        """
        if self.proba is None:
            return self.index(classes)
        proba = in_class_order(self.proba, self.columns, classes, "y")
        certain = (proba == 1).any(axis=1)
        if (certain | ~self.known).all():
            return np.where(self.known, (proba == 1).argmax(axis=1), -1)
        return proba


def read_gold(
    y: Any, n_samples: int, classes: ArrayLike | None = None, *, soft: bool = False
) -> Gold:
    """Read gold labels; -1, NaN, None and pd.NA mean unlabelled.

    Parameters
    ----------
    y : array-like of shape (n_samples,), (n_samples, n_classes) or None
        The labels; with `soft` also class probabilities, NaN throughout where a row
        is unlabelled.
    n_samples : int
        Number of rows of X.
    classes : array-like of shape (n_classes,), default=None
        The classes, as far as they are known. A text of theirs is a label, even if it
        reads like a missing value.
    soft : bool, default=False
        Whether y may hold class probabilities.

    Returns
    -------
    gold : Gold
        Without any label if y is None.

    Raises
    ------
    ValueError
        If y has the wrong shape, holds nothing but NaN, or holds infinity, a fraction
        or the string "-1"; or if a row of it does not hold probabilities.
    TypeError
        If y mixes strings and numbers, or is a dict.
    """
    if y is None:
        return Gold.none(n_samples)
    refuse_mapping(y)
    y = as_pandas(y, where="y, the gold labels,")
    if has_columns(y):
        return _read_soft_gold(y, n_samples, soft)
    label = one_column(_plain_column(y))
    _check_length(y, len(label), n_samples)
    known = ~pd.isna(label)
    if label.dtype.kind == "f":
        if np.isinf(label).any():
            raise ValueError(
                "Input y contains infinity; a gold label is a class, -1 or NaN. First "
                f"at row {int(np.argmax(np.isinf(label)))}."
            )
        _check_some(known)
    if label.dtype.kind == "O" and known.any():
        known &= ~_minus_one_among_strings(label)
        tidy = one_kind(label[known], "Unknown label type: gold labels")
        full = np.zeros(len(label), dtype=tidy.dtype)
        full[known] = tidy
        label = full
    if is_text(label[known]):
        label = _tidy_gold(label, known, classes)
    if label.dtype.kind == "f":
        refuse_one_column_of_probabilities(label[known & (label != ABSTAIN)])
        check_classification_targets(label[known])
        if not known.all():
            whole = np.where(known, label, ABSTAIN)
            if np.array_equal(whole, np.rint(whole)):
                label = whole.astype(np.int64)
    minus_one = (
        (label == ABSTAIN) & known
        if label.dtype.kind in "if"
        else np.zeros(len(label), dtype=bool)
    )
    return Gold(label, known, minus_one)


def _read_soft_gold(y: Any, n_samples: int, soft: bool) -> Gold:
    """Read class probabilities."""
    if not soft:
        raise ValueError(
            f"y has shape {tuple(np.shape(y))}, and gold labels here are one class for "
            "each row. Class probabilities are for fit and score of label models: pass "
            "the most probable class of each row, proba.idxmax(axis=1) of a DataFrame."
        )
    proba, names = read_columns(y, name="y", unlabelled=True)
    _check_length(y, len(proba), n_samples)
    known = ~np.isnan(proba[:, 0])
    _check_some(known)
    columns = None
    if names is not None:
        try:
            columns = check_classes(pd.Index(names).to_numpy())
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"The columns of y must be named by classes; got {first_few(names)}: "
                f"{error}"
            ) from error
    no = Gold.none(n_samples)
    return replace(no, known=known, proba=proba, columns=columns)


def refuse_mapping(y: Any) -> None:
    """Raise if gold labels are a dict.

    Parameters
    ----------
    y : object
        What the user passed.

    Raises
    ------
    TypeError
        If it is a dict.
    """
    if isinstance(y, Mapping):
        raise TypeError(
            f"y must hold a label for each row of X, in their order; got a "
            f"{type(y).__name__} with {len(y)} keys. If they are the row labels of a "
            "DataFrame X, pass pd.Series(y).reindex(X.index), which is NaN where there "
            "is no gold label."
        )


def _check_length(y: Any, n_labels: int, n_samples: int) -> None:
    if n_labels == n_samples:
        return
    remedy = ""
    if isinstance(y, pd.Series | pd.DataFrame) and n_labels < n_samples:
        remedy = (
            " If y holds the gold labels of some rows by its index, pass "
            "y.reindex(X.index), which is NaN in the others."
        )
    raise ValueError(
        f"Found input variables with inconsistent numbers of samples: X has "
        f"{n_samples} rows and y has {n_labels}.{remedy}"
    )


def _check_some(known: np.ndarray) -> None:
    if not known.any():
        raise ValueError(
            f"Input y contains NaN only ({len(known)} rows). Pass y=None to fit "
            "without gold labels."
        )


def warn_of_minus_one_as_class(
    gold: Gold, votes: CastVotes, classes: ArrayLike | None
) -> None:
    """Warn if -1 seems to be a class in gold labels and votes alike.

    Unlabelled rows have no reason to hold far fewer votes than others. If -1 is a
    class, votes for it are taken for abstentions, and they stand in these rows.

    Parameters
    ----------
    gold : Gold
        Gold labels, in which -1 means unlabelled.
    votes : CastVotes
        Votes of the same rows, in which -1 means abstain.
    classes : array-like of shape (n_classes,) or None
        The classes, if they are known: then there is no doubt.
    """
    labelled = gold.labelled()
    if classes is not None or votes.classes is not None or votes.n_lfs == 0:
        return
    if not (gold.minus_one.any() and labelled.any()):
        return
    share = votes.counts / votes.n_lfs
    without, others = share[gold.minus_one].mean(), share[labelled].mean()
    if others > 0.5 and others - without > _FEWER_VOTES:
        warn(
            f"y holds {int(gold.minus_one.sum())} labels of -1, which are read as no "
            f"label, and LFs abstain (-1) in {1 - without:.0%} of the cells of these "
            f"rows, elsewhere in {1 - others:.0%}: -1 may be a class. Pass "
            "classes=[...], with -1 if it is one and without it if it is not."
        )


def _tidy_gold(
    label: np.ndarray, known: np.ndarray, classes: ArrayLike | None
) -> np.ndarray:
    """Return texts as they look; refuse those that stand for a gap."""
    texts = tidy_cells(label[known], "gold label(s)")
    values, counts = np.unique(texts.astype(str), return_counts=True)
    if classes is not None:
        odd = ~np.isin(values, np.asarray(classes).astype(str))
        values, counts = values[odd], counts[odd]
    minus_one = values == str(ABSTAIN)
    if minus_one.any():
        raise ValueError(
            f"A gold label is a class, -1 or None; got the string {str(ABSTAIN)!r} in "
            f"{int(counts[minus_one].sum())} rows of y. Use None for no gold label; "
            "Dask turns columns of mixed objects into strings, unless "
            "dask.config.set({'dataframe.convert-string': False}) comes first."
        )
    check_gap_texts(values, counts.tolist(), "gold label(s) in y", "pass classes=[...]")
    if texts is label[known] or np.array_equal(texts, label[known]):
        return label
    full = np.full(len(label), "", dtype=object)
    full[known] = texts
    return full


def _plain_column(y: Any) -> Any:
    """Turn a nullable, arrow or categorical column into one of plain objects."""
    if isinstance(y, pd.api.extensions.ExtensionArray | pd.Index):
        y = pd.Series(y)
    if isinstance(y, pd.Series | pd.DataFrame):
        dtypes = [y.dtype] if isinstance(y, pd.Series) else list(y.dtypes)
        if not all(isinstance(dtype, np.dtype) for dtype in dtypes):
            return y.astype(object)
    return y


def _minus_one_among_strings(label: np.ndarray) -> np.ndarray:
    """Mark the number -1 in an object array whose other labels are strings."""
    if pd.api.types.infer_dtype(label, skipna=True).startswith("mixed"):
        minus_one = is_minus_one(label)
        others = label[~minus_one & ~pd.isna(label)]
        if all(isinstance(cell, str) for cell in others):
            return minus_one
    return np.zeros(len(label), dtype=bool)
