"""Columns of votes that are one source, made one column."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import Interval, StrOptions, first_few, is_text, plain
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._groups import group_of_each
from sklabel.votes._input import read_vote_input
from sklabel.votes._labels import check_classes, in_natural_order
from sklabel.votes._named import NamedVotes


class LFGroupTransformer(BaseLFTransformer):
    """One labeling function for each source: the votes of its columns, counted.

    Takes votes and returns votes. Columns that are one source become one column:
    samples, prompts and checkpoints of one language model, or the repeated answers of
    one person. Put it between LFs and any label model that counts every column:
    to :class:`~sklabel.label_model.DawidSkene`, five samples of one weak model look
    like five witnesses who confirm each other. :class:`LabelModel` takes the same
    `groups` itself, and keeps a table for each column; do not use both. The transformer
    is better for samples of a good model that often differ: their majority is right
    more often than each.

    Parameters
    ----------
    groups : array-like of shape (n_lfs,) or dict, default=None
        Name of the source of every LF, or of LFs by name; an LF that a dict leaves out
        keeps its column, and a Series goes by its index if that holds LF names. The
        form that `groups` of :class:`LabelModel` has. If None, every LF is a source of
        its own, and votes pass as they are.
    vote : {'plurality', 'majority', 'unanimous'}, default='plurality'
        What a group votes for in a row: the value with most votes in it; a value with
        more than half of them; or a value that all of them have. Without one, the
        group abstains: ties are not broken. LFs that abstain do not count.
    min_votes : int, default=1
        A group abstains in a row where fewer of its LFs vote. A group of fewer LFs
        needs the votes of all of them.

    classes : array-like of shape (n_classes,), default=None
        The classes, in their order. Other values pass, too. Needed only where X does
        not know its classes, and -1 or a text such as "NA" is one of them.

    Attributes
    ----------
    groups_ : dict of str to list
        Names of the columns that come out, and of the LFs behind each.
    lf_groups_ : ndarray of shape (`n_features_in_`,)
        Column that each LF ends up in.
    classes_ : ndarray of shape (n_classes,)
        The given classes, else those that the votes of `fit` know or hold.
    n_features_in_ : int
        Number of LFs.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        LF names; only if X had string column names.

    See Also
    --------
    LabelModel : Takes the same groups itself.
    sklabel.inspection.panel_report : Finds groups, in the form that this takes.

    Notes
    -----
    A group stands where its first LF stood, and is called by the name of the group. A
    column without name that passes is called x0, x1, ... as scikit-learn calls it.

    Sparse votes stay sparse. Integers of 0 or more stay integers; other votes become
    :class:`~sklabel.votes.NamedVotes`, or categories with ``set_output``. A value
    that `fit` did not see passes like any other. The cost is that of sorting the votes.

    The shares of votes within a group are lost, and so is the better of two LFs of
    different quality: leave those in columns of their own and use ``groups`` of
    :class:`LabelModel`.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import LFGroupTransformer
    >>> votes = pd.DataFrame(
    ...     {
    ...         "gpt_1": ["ham", "ham", "spam"],
    ...         "rule": [None, "ham", None],
    ...         "gpt_2": ["ham", "spam", "spam"],
    ...         "gpt_3": ["spam", None, "spam"],
    ...     }
    ... )
    >>> groups = {"gpt_1": "gpt", "gpt_2": "gpt", "gpt_3": "gpt"}
    >>> transformer = LFGroupTransformer(groups).set_output(transform="pandas")
    >>> transformer.fit_transform(votes)
        gpt rule
    0   ham  NaN
    1   NaN  ham
    2  spam  NaN
    """

    _parameter_constraints = {
        "groups": ["array-like", dict, None],
        "vote": [StrOptions({"plurality", "majority", "unanimous"})],
        "min_votes": [Interval(Integral, 1, None, closed="left")],
        "classes": ["array-like", None],
    }

    def __init__(
        self,
        groups: ArrayLike | Mapping[Any, Any] | None = None,
        *,
        vote: str = "plurality",
        min_votes: int = 1,
        classes: ArrayLike | None = None,
    ) -> None:
        self.groups = groups
        self.vote = vote
        self.min_votes = min_votes
        self.classes = classes

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> LFGroupTransformer:
        """Find the columns of each group.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes in any form that a label model reads.
        y : None
            Ignored.

        Returns
        -------
        self : LFGroupTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If `groups` names an LF that X lacks, names no group for an LF, or calls a
            group by the name of another column, or X is not readable as votes.
        TypeError
            If a cell of X is neither a string nor a number.
        """
        self._validate_params()
        X = self._in_memory(X)
        votes = read_vote_input(self, X, reset=True, classes=self.classes)
        self._columns = list(X.columns) if isinstance(X, pd.DataFrame) else None
        names = self._lf_names()
        named = group_of_each(self.groups, names, "groups")
        self.lf_groups_, sources = pd.factorize(pd.Series(named, dtype=object))
        self._sources = list(sources)
        titles = self._titles(names if self._columns is not None else None)
        repeated = [title for title in dict.fromkeys(titles) if titles.count(title) > 1]
        if repeated:
            raise ValueError(
                f"Several columns would be called {first_few(repeated)}: a group needs "
                "a name that no other group has, and no LF outside of it."
            )
        self.groups_ = {
            title: [names[j] for j in np.flatnonzero(self.lf_groups_ == g)]
            for g, title in enumerate(titles)
        }
        held = _alphabet(votes)
        given = held if self.classes is None else check_classes(self.classes)
        # Integers beside names are positions: they stay what they are.
        same_kind = len(held) == 0 or is_text(held) == is_text(given)
        self.classes_ = _with_late(given, held) if same_kind else held
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes of the groups.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes of the same LFs in the same order as in `fit`.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_groups)
            -1, or not stored, for abstain; a VoteMatrix if X is sparse; NamedVotes for
            classes that are names or numbers below 0.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If X has other LFs than in `fit`, or votes of another kind (numbers,
            strings).
        TypeError
            If a cell of X is neither a string nor a number.
        """
        check_is_fitted(self)
        X = self._in_memory(X)
        self._check_columns(X)
        classes = self.classes
        if classes is None and is_text(self.classes_):
            classes = self.classes_
        votes = read_vote_input(self, X, reset=False, classes=classes)
        grouped = votes = _with_classes(votes, self.classes_)
        size = np.bincount(self.lf_groups_)
        if len(size) < votes.n_lfs:
            needed = np.minimum(size, self.min_votes)
            grouped = _votes_of_groups(votes, self.lf_groups_, needed, self.vote)
        return self._as_votes(grouped, X, sparse_output=sparse.issparse(X))

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the groups, and of the LFs that stand alone.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the LFs, if X had none in `fit`; else they must be those.

        Returns
        -------
        names : ndarray of shape (n_groups,), object
            In the order of the columns that come out.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If `input_features` are not the columns of `fit`.
        """
        self._check_input_features(input_features)
        names = None if self._columns is None else self._lf_names()
        if names is None and input_features is not None:
            names = list(input_features)
            if len(names) != self.n_features_in_:
                raise ValueError(
                    "input_features should have length equal to number of features "
                    f"({self.n_features_in_}), got {len(names)}"
                )
        return np.asarray(self._titles(names), dtype=object)

    def _in_memory(self, X: Any) -> Any:
        """Return a frame of another library as one of pandas; refuse Dask."""
        if hasattr(X, "__dask_graph__"):
            raise TypeError(
                f"{type(self).__name__} would have to load X, a Dask collection, into "
                "memory. Use sklabel.dask.transform(transformer, X), or X.compute()."
            )
        return as_pandas(X, where=f"X of {type(self).__name__}")

    def _check_columns(self, X: Any) -> None:
        """Raise if names that scikit-learn does not compare, numbers, are others."""
        if not isinstance(X, pd.DataFrame) or hasattr(self, "feature_names_in_"):
            return
        if self._columns is not None and list(X.columns) != list(self._columns):
            raise ValueError(
                f"X has the columns {first_few(X.columns)}; fit had "
                f"{first_few(self._columns)}. Pass the same LFs in the same order."
            )

    def _lf_names(self) -> list[Any]:
        """Return the names of the LFs in `fit`, else their positions."""
        if self._columns is None:
            return list(range(self.n_features_in_))
        return [plain(name) for name in self._columns]

    def _titles(self, lf_names: Sequence[Any] | None) -> list[str]:
        """Return what the columns that come out are called."""
        first = np.unique(self.lf_groups_, return_index=True)[1]
        return [
            str(name)
            if is_group
            else f"x{first[g]}"
            if lf_names is None
            else str(lf_names[first[g]])
            for g, (is_group, name) in enumerate(self._sources)
        ]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        return tags


def _alphabet(votes: CastVotes) -> np.ndarray:
    """Return the classes that votes know, else the values that they hold."""
    if votes.classes is not None:
        return votes.classes
    values = in_natural_order(votes.distinct_labels())
    if values.dtype.kind == "b":
        return values.astype(np.int64)
    return values.astype(str) if is_text(values) else values


def _with_late(classes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return classes, and after them the values that they lack."""
    if len(classes) == 0:
        return values
    late = values[~np.isin(values, classes)]
    return np.concatenate([classes, late]) if len(late) else classes


def _with_classes(votes: CastVotes, known: np.ndarray) -> CastVotes:
    """Let votes know the classes of `fit`, and after these those that it lacked."""
    held = _alphabet(votes)
    if len(known) and len(held) and is_text(known) != is_text(held):
        raise ValueError(
            f"X holds votes for {first_few(held)}, and fit had votes for "
            f"{first_few(known)}. Pass votes of the same kind."
        )
    classes = _with_late(known, held)
    order = np.argsort(classes, kind="stable")
    coded, _ = votes.encode(classes[order])
    return replace(coded, value=order[coded.value], classes=classes)


def _votes_of_groups(
    votes: CastVotes, group: np.ndarray, needed: np.ndarray, vote: str
) -> CastVotes:
    """Return the vote of each group in each row.

    Parameters
    ----------
    votes : CastVotes
        Positions in `classes`.
    group : ndarray of shape (n_lfs,)
        Group of each LF.
    needed : ndarray of shape (n_groups,)
        Fewest votes of which a group makes one.
    vote : {'plurality', 'majority', 'unanimous'}
        How.

    Returns
    -------
    grouped : CastVotes
        At most one vote for each group and row.
    """
    n_groups, n_classes = len(needed), max(len(np.asarray(votes.classes)), 1)
    cell = votes.rows * n_groups + group[votes.lf]
    # One entry for each row, group and value that was voted for, in this order.
    entry, n_equal = np.unique(cell * n_classes + votes.value, return_counts=True)
    cell_of_entry, value = np.divmod(entry, n_classes)
    starts = np.flatnonzero(np.diff(cell_of_entry, prepend=-1))
    if len(starts) == 0:
        return replace(votes, n_lfs=n_groups)
    n_votes = np.add.reduceat(n_equal, starts)
    most = np.maximum.reduceat(n_equal, starts)
    sizes = np.diff(np.append(starts, len(entry)))
    is_top = n_equal == np.repeat(most, sizes)
    n_tops = np.add.reduceat(is_top, starts, dtype=np.int64)
    row, column = np.divmod(cell_of_entry[starts], n_groups)
    speaks = (n_tops == 1) & (n_votes >= needed[column])
    if vote == "majority":
        speaks &= 2 * most > n_votes
    elif vote == "unanimous":
        speaks &= most == n_votes
    kept = is_top & np.repeat(speaks, sizes)
    counts = np.bincount(row[speaks], minlength=votes.n_samples)
    indptr = np.concatenate([[0], np.cumsum(counts)])
    return replace(
        votes,
        indptr=indptr,
        lf=column[speaks].astype(np.int32),
        value=value[kept],
        n_lfs=n_groups,
    )
