"""Fitting call by call."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.label_model._base import BaseSumsLabelModel
from sklabel.label_model._memory import Growth, Memory, RememberedVotes
from sklabel.sums._sums import VoteSource
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    check_option,
    first_few,
    plain,
    warn,
)
from sklabel.votes._alphabets import Contents
from sklabel.votes._cast import CastVotes, distinct, is_numeric
from sklabel.votes._gold import Gold
from sklabel.votes._labels import check_classes
from sklabel.votes._shape import check_shape


class PartialFitMixin(BaseSumsLabelModel):
    """`partial_fit` of models whose statistics are sums over samples."""

    n_samples_seen_: int | float
    _memory_: Memory

    def partial_fit(
        self,
        X: Any,
        y: Any = None,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        columns: str = "same",
        revisit: bool = False,
    ) -> Any:
        r"""Learn from some more samples, and forget their votes.

        All votes of a sample belong in one call: a sample that comes again is
        another sample, unless `revisit` says that it is not. The first call is equal
        to `fit`. `fit` itself keeps no sums to go on from: after it, partial_fit
        starts anew, and warns.

        Parameters
        ----------
        X : {array-like, DataFrame, sparse matrix} of shape (n_samples, n_lfs)
            Votes, as in `fit`. Without names the number of LFs cannot change: leave
            columns without votes for LFs that are to come.
        y : array-like of shape (n_samples,) or (n_samples, n_classes), default=None
            Gold labels or soft gold, as in `fit`; from call to call either.
        classes : array-like of shape (n_classes,), default=None
            All classes, in the first call; later ones may repeat them in any order.
            If None, those of the constructor, or else what `fit` would make of the
            first call, and a label that comes later is an error.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each sample.
        columns : {'same', 'by_name'}, default='same'
            Which LFs X has. 'same': those of the earlier calls, in the same order.
            'by_name': any, in any order; X has string column names. LFs that X lacks
            abstain, and new ones are appended to `feature_names_in_`.
        revisit : bool, default=False
            Whether the samples of X were passed in earlier calls. They
            are not counted again, and what was learned from them is replaced.

        Returns
        -------
        self : estimator
            The fitted model, with all attributes that `fit` sets.

        Raises
        ------
        ValueError
            If X has other LFs than before, `classes` are not those of the first call,
            votes or gold labels are not among the classes, or `revisit` is True and
            nothing was seen before. The model is left as it was.
        TypeError
            If a cell of X or y is neither a string nor a number.

        Notes
        -----
        *One pass.* The first call equals `fit`. Each later one runs EM on its samples,
        to convergence, while the statistics of the earlier ones stay (incremental EM
        [1]_). Numbers of votes, and all that depends on them only, such as
        `rule_share_`, are those of all calls. Early posteriors know least, so they
        fade (stepwise EM [2]_, [3]_): of the N votes of an LF for a value the i-th
        weighs as :math:`\sqrt{i}`, all N of them still N. An LF fades with its own
        votes, so that it may be absent for long; class shares fade with the samples.
        Half of the N votes thus have 0.35 of the weight, the later half the rest. The
        result depends on the order of samples, and a little on the size of calls; one
        sample per call will do, at the cost of a call.

        *More passes.* Pass the same samples again, divided as you like, with
        ``revisit=True``. Their posteriors are collected, and replace the statistics of
        an LF and value when all its votes have been visited: a pass is a sweep of EM
        over all samples. `converged_` is True after a pass that moved less than `tol`.
        The limit is a fit in memory, or another optimum of the same function; where
        rules cast most votes, two passes give the fit itself. Passes without `revisit`
        count all votes again, as if there were twice as many samples, and end a pass
        with `revisit` that has begun.

        *How near.* On 25 data sets in 10 or 50 calls at random, probabilities are off
        those of one fit by .003 to .015 on average over samples and sets, and by less
        than .08 on average over the samples of any set; after five more passes by less
        than .006 and .035. Accuracy is lower by .004 to .008 on average with LabelModel
        and DawidSkene, and by .001 to .003 after the passes; with OneCoinDawidSkene it
        is no lower.
        ``benchmarks/partial_fit.py`` prints the tables.

        *What is kept.* Sums of the size of `confusion_`; how often each two rules fire
        together, and where LFs may be copies how often each two agree; the votes of
        samples with gold labels, and with a given `class_prior` those of up to 2,000
        recent samples, which tell how far to shift the scores. No other votes.

        *What may be new.* LFs, with ``columns='by_name'``. Vote values that are not
        among the classes, if the user named the classes: they are evidence, or
        ignored, as in `fit`. If the first call found the classes in its votes, a new
        value raises: it may be a class. So does a gold label that is not one of the
        classes.

        References
        ----------
        .. [1] R. M. Neal and G. E. Hinton, "A view of the EM algorithm that justifies
           incremental, sparse, and other variants", Learning in Graphical Models, 1998.
        .. [2] O. Cappé and E. Moulines, "On-line expectation-maximization algorithm for
           latent data models", JRSS-B 71(3), 2009, 593-613.
           doi:10.1111/j.1467-9868.2009.00698.x
        .. [3] Percy Liang and Dan Klein, "Online EM for unsupervised models", NAACL
           2009.

        Examples
        --------
        >>> import pandas as pd
        >>> from sklabel import LabelModel
        >>> truth = [0, 1] * 20
        >>> today = pd.DataFrame({"ann": truth, "bob": truth})
        >>> tomorrow = pd.DataFrame({"bob": truth, "eve": truth[::-1]})
        >>> model = LabelModel(classes=[0, 1])
        >>> model = model.partial_fit(today, columns="by_name")
        >>> model = model.partial_fit(tomorrow, columns="by_name")
        >>> list(model.feature_names_in_), model.n_samples_seen_
        (['ann', 'bob', 'eve'], 80)
        >>> model.lf_accuracy_.round(1)
        array([0.8, 0.8, 0.3])
        """
        self._validate_params()
        before = self.__dict__.copy()
        try:
            self._partial_fit(X, y, classes, sample_weight, columns, revisit)
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def _partial_fit(
        self,
        X: Any,
        y: Any,
        classes: ArrayLike | None,
        sample_weight: ArrayLike | None,
        columns: str,
        revisit: bool,
    ) -> None:
        memory: Memory | None = getattr(self, "_memory_", None)
        if memory is None and revisit:
            raise ValueError(
                "revisit=True is for samples of earlier calls, and there was none. "
                "Call partial_fit with revisit=False first."
            )
        if memory is None and hasattr(self, "class_prior_"):
            warn(
                f"This {type(self).__name__} was fitted by fit, which keeps no sums "
                "to go on from: partial_fit starts anew. Begin with partial_fit, "
                "whose first call is equal to fit."
            )
            self._forget()
        old_n_lfs = 0 if memory is None else self.n_features_in_
        known_classes = self._agreed_classes(classes, memory)
        check_same_rows(X=X, y=y, sample_weight=sample_weight)
        votes = self._votes_of_call(X, columns, memory is None, known_classes)
        votes, gold, weight = self._read_rows(votes, y, sample_weight)
        if memory is None:
            check_shape(votes, self._lf_names(), known_classes)
        if memory is None:
            contents = Contents.of(votes, gold, self._lf_names())
            self._resolve_classes(contents, known_classes)
            memory = Memory(classes_given=known_classes is not None)
        else:
            memory = self._make_room(memory, votes, old_n_lfs)
        gold_of_rows = gold.encode(self.classes_)
        encoded, _ = votes.encode(self.vote_values_)
        votes_of_call = VoteSource([self._chunk(encoded, gold_of_rows, weight)])
        data = RememberedVotes(votes_of_call, memory, revisit, self._lf_names())
        self._fit_source(data)
        if revisit:
            self.converged_ = data.end_pass(self.tol)
        self._memory_ = data.remembered(with_rows=self._given_prior() is not None)
        seen = self._memory_.profile.n_all
        self.n_samples_seen_ = int(seen) if seen == int(seen) else seen
        if not self._memory_.profile.n_votes.any():
            warn(
                f"{type(self).__name__}: none of the {self.n_samples_seen_} rows so "
                "far has a vote; predict_proba returns the class prior. Check ids and "
                "columns.",
            )

    def _votes_of_call(
        self, X: Any, columns: str, first: bool, classes: np.ndarray | None
    ) -> CastVotes:
        """Read votes, and find their LFs among those seen so far."""
        check_option(columns, "columns", ("same", "by_name"))
        # By name, LFs that a parameter names may still come.
        if columns == "same":
            votes = self._read_votes(X, reset=first, classes=classes)
            self._check_lfs()
            return votes
        known = None if first else getattr(self, "feature_names_in_", None)
        votes = self._read_votes(X, reset=True, classes=classes)
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            raise ValueError(
                "columns='by_name' needs a DataFrame whose column names are all "
                f"strings; got X of type {type(X).__name__}. Name the columns after "
                "the LFs, X.columns = X.columns.astype(str) where the names are "
                "numbers, or keep their number and order with columns='same'."
            )
        if not first and known is None:
            raise ValueError(
                "columns='by_name' needs the names of all LFs, and X had none in "
                "earlier calls. Pass DataFrames with string column names from the "
                "first call on."
            )
        repeated = names[pd.Index(names).duplicated()]
        if len(repeated):
            raise ValueError(
                "columns='by_name' needs names that do not repeat; X has more than one "
                f"column {first_few(pd.unique(repeated))}. Rename or drop them."
            )
        if known is None:
            return votes
        at = pd.Index(known).get_indexer(pd.Index(names))
        new = at < 0
        at[new] = len(known) + np.arange(new.sum())
        self.feature_names_in_ = np.concatenate([known, names[new]]).astype(object)
        self.n_features_in_ = len(self.feature_names_in_)
        lf = at[votes.lf]
        order = np.lexsort((lf, votes.rows))
        value, n_lfs = votes.value[order], self.n_features_in_
        return replace(votes, lf=lf[order], value=value, n_lfs=n_lfs)

    def _agreed_classes(
        self, classes: ArrayLike | None, memory: Memory | None
    ) -> np.ndarray | None:
        """Return the classes that the user named; None if there are none so far."""
        known = None
        if memory is not None:
            known = self.classes_
            if self.classes is not None:
                # set_params(classes=) may have been called since the first call.
                classes = self.classes if classes is None else classes
        elif self.classes is not None:
            known = check_classes(self.classes)
        if classes is None:
            return known
        given = check_classes(classes)
        if known is not None and set(given.tolist()) != set(known.tolist()):
            where = "earlier calls" if memory is not None else "the constructor"
            raise ValueError(
                f"classes={given.tolist()} is not the same as in {where}: "
                f"{known.tolist()}. Leave it out, or start with a new model."
            )
        return given if known is None else known

    def _make_room(self, memory: Memory, votes: CastVotes, old_n_lfs: int) -> Memory:
        """Add zeros for LFs and vote values that are new; set `vote_values_`."""
        old_values = self.vote_values_
        if not memory.profile.n_votes.any() and len(votes.value):
            # These are the first votes, and say what votes are.
            values = votes.distinct_labels()
            same_kind = is_numeric(values) == is_numeric(self.classes_)
            late = values[~np.isin(values, self.classes_)] if same_kind else values[:0]
            if len(late) and not memory.classes_given:
                raise ValueError(
                    f"X has votes {first_few(late)}, and the gold labels of earlier "
                    f"calls, which had no votes, were {first_few(self.classes_)}, "
                    "which may not be all. Name all classes in the first call: "
                    "partial_fit(X, classes=[...])."
                )
            no_gold = Gold.none(votes.n_samples)
            contents = Contents.of(votes, no_gold, self._lf_names())
            self._resolve_classes(contents, self.classes_)
            value_at = np.zeros(len(old_values), dtype=int)
        else:
            unseen = self._unseen_values(memory, votes)
            self.vote_values_ = np.sort(np.concatenate([old_values, unseen]))
            value_at = pd.Index(self.vote_values_).get_indexer(pd.Index(old_values))
            class_of_value = np.full(len(self.vote_values_), -1)
            class_of_value[value_at] = self._class_of_value
            self._class_of_value = class_of_value
        n_values = len(self.vote_values_)
        if self.n_features_in_ == old_n_lfs and n_values == len(old_values):
            return memory
        growth = Growth(self.n_features_in_, old_n_lfs, value_at, self._class_of_value)
        return growth.memory(memory)

    def _unseen_values(self, memory: Memory, votes: CastVotes) -> np.ndarray:
        """Return the vote values of X that are new; raise if they cannot be read."""
        _, known = votes.encode(self.vote_values_)
        if known.all():
            return self.vote_values_[:0]
        unseen = distinct(votes.labels(~known))
        first = int(np.argmin(known))
        lf = plain(self._lf_names()[votes.lf[first]])
        where = (
            f"{first_few(unseen)} ({int((~known).sum())} votes; first at row "
            f"{plain(votes.rows[first])}, LF {lf!r})"
        )
        are_indices = is_numeric(self.vote_values_) != is_numeric(self.classes_)
        if is_numeric(unseen) != is_numeric(self.vote_values_) or are_indices:
            raise ValueError(
                f"X has votes {where}, and in earlier calls votes were "
                f"{first_few(self.vote_values_)}. Give all votes in one form: as "
                "classes, or as indices into classes=[...]."
            )
        if not memory.classes_given and (self._class_of_value >= 0).all():
            raise ValueError(
                f"X has votes {where} that no earlier call had, so the classes "
                f"{first_few(self.classes_)} may not be all. Name all of them in the "
                "first call: partial_fit(X, classes=[...])."
            )
        return unseen
