"""Whether a panel of LFs holds fewer independent voices than columns."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from sklabel.evidence._pairs import (
    PanelPairs,
    clearly_alike,
    count_pairs,
    effective_votes,
    suggest_groups,
    take_lfs,
)
from sklabel.inspection._crowd import check_gold
from sklabel.inspection._error_correlation import ErrorCorrelationDisplay
from sklabel.inspection._overlap import leaf_order, read_votes_and_names
from sklabel.label_model import LabelModel
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import check_integer, check_share, plain
from sklabel.votes._alphabets import Contents, resolve_classes
from sklabel.votes._gold import read_gold, warn_of_minus_one_as_class
from sklabel.votes._groups import group_of_each, name_groups
from sklabel.votes._proba import read_columns, read_proba

# LFs and pairs that the text names.
_SHOWN = 5


@dataclass(frozen=True, eq=False, repr=False)
class PanelReport:
    """What `panel_report` found; its repr says it in words.

    All parameters are attributes.

    Parameters
    ----------
    pairs : DataFrame
        A row per pair of LFs, those that agree most beyond their accuracies first.
    lfs : DataFrame
        A row per LF.
    groups : dict
        Suggested groups, from the name of an LF to that of its group, as `groups` of
        :class:`~sklabel.LabelModel` and :class:`~sklabel.LFGroupTransformer` take
        them. Empty if there are none.
    n_effective : float
        How many independent votes the votes on a row count for, on average over the
        rows with a vote.
    n_votes : float
        Number of votes on a row, on average over the same rows.
    n_sources : int
        Number of LFs if each of the groups is one.
    error_correlation : float
        Mean correlation of the errors of two LFs.
    correlation : ndarray of shape (n_lfs, n_lfs)
        That of each pair, NaN where it is not known.
    n_samples, n_judged : int
        Number of rows, and of those whose class is known.
    n_all : int
        Number of LFs that those compared were chosen from.
    judged_by : str
        What tells errors: 'y', 'proba' or 'LabelModel'.
    threshold : float
        The share of missing disagreements from which on LFs are one source.
    min_common : int
        Fewest common votes of a pair.

    See Also
    --------
    panel_report : Makes it, and says what the columns of the tables are.

    Examples
    --------
    >>> import numpy as np
    >>> from sklabel.inspection import panel_report
    >>> y = np.tile([0, 1], 30)
    >>> one = np.where(np.arange(60) % 5 < 2, 1 - y, y)
    >>> other = np.where(np.arange(60) % 7 < 2, 1 - y, y)
    >>> panel_report(np.column_stack([one, one, other]), y)
    Panel of 3 LFs on 60 rows; errors by gold labels of 60 rows.
    A row with votes has 3.0 of them. Errors of two LFs correlate by 0.37 on
    average, so that these votes count for 1.7 independent ones.
    2 LFs look like 1 source, which leaves 2 sources in 3 columns:
      group_1: 0, 1
    Most alike: 0 and 1, equal in 100% of 60 common votes; their accuracies explain
    52%.
    groups = {0: 'group_1', 1: 'group_1'}
    """

    pairs: pd.DataFrame
    lfs: pd.DataFrame
    groups: dict[Any, str]
    n_effective: float
    n_votes: float
    n_sources: int
    error_correlation: float
    correlation: np.ndarray
    n_samples: int
    n_judged: int
    n_all: int
    judged_by: str
    threshold: float
    min_common: int

    def __repr__(self) -> str:
        lines = [
            fill(line, 80, subsequent_indent="    " if line[0] == " " else "")
            for line in (self._title(), *self._findings())
        ]
        if self.groups:
            lines.append(f"groups = {self.groups!r}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        lines = [f"<p><b>{escape(self._title())}</b></p><ul>"]
        lines += [f"<li>{escape(line)}</li>" for line in self._findings()]
        lines.append("</ul>")
        if self.groups:
            lines.append(f"<pre>groups = {escape(repr(self.groups))}</pre>")
        shown = self.pairs.head(10)
        if len(shown):
            lines.append(shown.to_html(index=False, float_format="{:.2f}".format))
        return "\n".join(lines)

    def plot(self, *, ax: Any = None, max_lfs: int = 40, **kwargs: Any) -> Any:
        """Draw the correlations of errors as a heat map, group by group.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        max_lfs : int, default=40
            At most so many LFs, those with most votes.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : ErrorCorrelationDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        busy = np.argsort(-self.lfs["n_votes"].to_numpy(), kind="stable")
        busy = np.sort(busy[: max(1, max_lfs)])
        busy = busy[_order(self.correlation[np.ix_(busy, busy)], self._group()[busy])]
        display = ErrorCorrelationDisplay(
            self.correlation[np.ix_(busy, busy)],
            lf_names=[self.lfs.index[j] for j in busy],
            groups=self._group()[busy],
            n_all=self.n_all,
        )
        return display.plot(ax=ax, **kwargs)

    def _group(self) -> np.ndarray:
        """Return the number of the group of each LF."""
        return pd.factorize(self.lfs["group"])[0]

    def _title(self) -> str:
        judge = {
            "y": f"gold labels of {_count(self.n_judged, 'row')}",
            "proba": "the given probabilities",
            "LabelModel": "LabelModel, since no gold labels were given",
        }[self.judged_by]
        of_all = "" if self.n_all == len(self.lfs) else f" of {self.n_all:,}"
        return (
            f"Panel of {_count(len(self.lfs), 'LF')}{of_all} on "
            f"{_count(self.n_samples, 'row')}; errors by {judge}."
        )

    def _findings(self) -> list[str]:
        lines = [
            f"A row with votes has {self.n_votes:.1f} of them. Errors of two LFs "
            f"correlate by {self.error_correlation:.2f} on average, so that these "
            f"votes count for {self.n_effective:.1f} independent ones."
        ]
        if len(self.pairs) == 0:
            lines.append(
                f"No two LFs have {self.min_common} common votes: whether some are "
                "one source cannot be told."
            )
            return lines
        sets = self.lfs[self.lfs["group"].notna()].groupby("group", sort=False)
        if not self.groups:
            lines.append(
                f"None of the {len(self.pairs):,} pairs with {self.min_common} common "
                "votes agrees so far beyond its accuracies that it looks like one "
                "source."
            )
        else:
            lines.append(
                f"{_count(len(self.groups), 'LF')} look like "
                f"{_count(sets.ngroups, 'source')}, which leaves {self.n_sources} "
                f"sources in {len(self.lfs)} columns:"
            )
            for name, members in list(sets)[:_SHOWN]:
                more = f", ... ({len(members)})" if len(members) > _SHOWN else ""
                names = ", ".join(str(lf) for lf in members.index[:_SHOWN])
                lines.append(f"  {name}: {names}{more}")
            if sets.ngroups > _SHOWN:
                lines.append(f"  and {sets.ngroups - _SHOWN} more")
        best = self.pairs.iloc[0]
        if np.isfinite(best["excess"]):
            lines.append(
                f"Most alike: {best['lf_a']} and {best['lf_b']}, equal in "
                f"{best['agreement']:.0%} of {best['n_common']:,} common votes; their "
                f"accuracies explain {best['expected']:.0%}."
            )
        if self.judged_by == "LabelModel":
            lines.append(
                "Without gold labels, copies that outnumber the other LFs look like "
                "good LFs; pass y to be sure."
            )
        return lines


def panel_report(
    X: Any,
    y: Any = None,
    *,
    groups: ArrayLike | Mapping[Any, Any] | None = None,
    proba: ArrayLike | None = None,
    classes: ArrayLike | None = None,
    lf_names: Sequence[Any] | None = None,
    threshold: float = 0.5,
    min_common: int = 20,
    max_lfs: int = 1000,
) -> PanelReport:
    r"""Tell how many independent voices a panel of labeling functions holds.

    Five samples of one language model are five columns and one opinion. This compares
    all pairs of LFs, says what their votes count for together, and suggests `groups`
    for :class:`~sklabel.LabelModel` or :class:`~sklabel.LFGroupTransformer`. Gold
    labels for a hundred rows make it far surer.

    Parameters
    ----------
    X : CrowdLabels or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Votes in any form that a label model reads.
    y : array-like of shape (n_samples,), default=None
        Gold labels; -1, NaN, None or pd.NA mean unlabelled. If given, they alone tell
        what an error is, on the rows that have one.
    groups : array-like of shape (n_lfs,) or dict, default=None
        Groups that are known, as :class:`~sklabel.LabelModel` takes them. They are part
        of the suggestion, and found ones may join them.
    proba : array-like or DataFrame of shape (n_samples, n_classes), default=None
        Class probabilities that tell what an error is, where `y` is None. If both are
        None, those of a LabelModel that is fitted on X with `groups`.
    classes : array-like of shape (n_classes,), default=None
        The classes. If None, those that the votes know or hold, and those of `y`.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, the columns of a DataFrame, else positions.
    threshold : float, default=0.5
        LFs are one source if, of the disagreements that their accuracies lead to
        expect, clearly more than this share is missing.
    min_common : int, default=20
        Pairs with fewer common votes are left out, and never suggested.
    max_lfs : int, default=1000
        At most so many LFs, those with most votes, are compared. Time and memory grow
        with the square of it.

    Returns
    -------
    report : PanelReport
        Its repr says what was found. `report.pairs` has a row per pair, with the
        columns

        lf_a, lf_b : object
            Names of the LFs.
        n_common : int
            Rows on which both vote.
        agreement : float
            Share of them with equal votes.
        expected : float
            The share that two LFs of these accuracies, class by class, would reach if
            they erred independently.
        excess : float
            ``(agreement - expected) / (1 - expected)``: 0 if they err independently,
            1 for copies; NaN where independent LFs would agree on all.
        kappa : float
            Cohen's kappa of the two [1]_: agreement beyond what blind guesses would
            reach. Two good LFs have a high kappa, too.
        n_judged : int
            Common rows whose class is known.
        error_correlation : float
            Correlation of "is wrong" on these rows; NaN where one of the two is never
            or always wrong.

        and `report.lfs` one per LF: ``n_votes``, ``judged_accuracy``, the mean
        ``error_correlation`` with others, the LF ``nearest`` to it by excess,
        ``nearest_excess``, and the suggested ``group``, None if it stands alone.
        ``judged_accuracy`` is the share of votes that are right by what tells errors
        here: gold labels alone, `proba`, or the LabelModel, of which it is the
        `lf_accuracy_` if all votes name a class.

    Raises
    ------
    ValueError
        If X is not readable as votes or holds none, `y` or `proba` have another length
        or other classes, no row of `y` has a label, or `groups` names LFs that X lacks.
    TypeError
        If `y` is a model.

    See Also
    --------
    OverlapDisplay : A heat map of overlap, agreement or conflict.
    lf_summary : Flags LFs that repeat another one, rules among them.
    sklabel.LFGroupTransformer : Makes one column of each group.

    Notes
    -----
    *Effective votes.* The variance of the mean of n votes with errors that correlate by
    :math:`\rho` is that of :math:`n / (1 + (n - 1) \rho)` independent ones: Kish's
    design effect [2]_, which is the factor by which averaging classifiers helps in
    [3]_. Here :math:`\rho` is the mean over all pairs of votes on one row (0 if it is
    negative), n the number of votes on a row, and the result the mean over the rows: a
    sample of a large crowd meets few of its workers. Hard rows make errors of honest
    LFs correlate, too, by .1 to .2 in most panels, and more in a panel of similar
    models. It says what a count of the votes is worth; a label model that
    weighs sources may make more of them.

    *Groups.* Only agreement beyond `expected` counts, by a table of each LF of what it
    votes in each class. It must be clear by 3 standard errors, and both must make the
    same error on this share of the rows on which one of them errs, 10 or more: two
    good LFs agree on easy rows, but not in their few errors. LFs join by average
    linkage. LFs that give one value only are never suggested: their votes agree by
    themselves.

    *Without gold labels* the errors are those that a :class:`~sklabel.LabelModel`
    without mixing expects. It finds near-copies where enough other LFs show them. Where
    copies are the majority of a panel, no model of the votes can tell. Its `tempering`
    takes for granted that errors correlate: the mean correlation came out within .1 of
    that by gold labels on 14 of 25 public sets, but independent LFs with 5 votes a row
    would show .2.

    The cost is that of products of vote matrices, one for each value and class.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and
       Psychological Measurement 20(1), 1960, 37-46. doi:10.1177/001316446002000104
    .. [2] L. Kish, "Survey Sampling", Wiley, 1965, section 5.4.
    .. [3] K. Tumer and J. Ghosh, "Error correlation and error reduction in ensemble
       classifiers", Connection Science 8(3-4), 1996, 385-404.
       doi:10.1080/095400996116839

    Examples
    --------
    Eight models that are right in 7 of 10 votes, and three copies of the last:

    >>> import pandas as pd
    >>> from sklabel import LabelModel
    >>> from sklabel.datasets import make_lf_votes
    >>> from sklabel.inspection import panel_report
    >>> made = make_lf_votes(600, 8, coverage=1.0, accuracy=0.7, random_state=0)
    >>> votes = pd.DataFrame(made.votes, columns=[f"model_{c}" for c in "abcdefgh"])
    >>> for i in range(3):
    ...     votes[f"model_h_{i}"] = votes["model_h"]
    >>> report = panel_report(votes, made.y)
    >>> report.groups["model_h_2"], report.n_sources
    ('model_h', 8)
    >>> round(report.n_votes, 1), round(report.n_effective, 1)
    (11.0, 5.0)
    >>> model = LabelModel(groups=report.groups)
    """
    check_gold(y, where="panel_report")
    check_same_rows(X=X, y=y, proba=proba)
    threshold = check_share(threshold, "threshold")
    min_common = check_integer(min_common, "min_common")
    max_lfs = check_integer(max_lfs, "max_lfs")
    named = classes
    if classes is None and proba is not None:
        has_names = read_columns(proba, name="proba")[1] is not None
        named = read_proba(proba)[1] if has_names else None
    votes, names = read_votes_and_names(X, lf_names, named)
    if len(votes.lf) == 0:
        raise ValueError(
            f"X holds no vote ({votes.n_samples} rows, {votes.n_lfs} LFs); there is "
            "nothing to compare."
        )
    named_groups = group_of_each(groups, names, "groups")
    gold = read_gold(y, votes.n_samples, votes.classes if named is None else named)
    warn_of_minus_one_as_class(gold, votes, named)
    contents = Contents.of(votes, gold, names)
    alphabets = resolve_classes(contents, named, class_votes=False)
    known_classes = alphabets.classes
    if y is not None:
        truth, judged_by = _one_hot_gold(gold.index(known_classes), known_classes), "y"
    elif proba is not None:
        truth, judged_by = read_proba(proba, known_classes)[0], "proba"
        if len(truth) != votes.n_samples:
            raise ValueError(
                f"proba must have a row for each of the {votes.n_samples} rows of X; "
                f"got {len(truth)}."
            )
    else:
        numbers = pd.factorize(pd.Series(named_groups, dtype=object))[0]
        model = LabelModel(classes=known_classes, groups=numbers, mixing=0).fit(votes)
        truth, judged_by = model.predict_proba(votes), "LabelModel"
    encoded, _ = votes.encode(alphabets.values)
    n_votes = np.bincount(votes.lf, minlength=votes.n_lfs)
    busy = np.sort(np.argsort(-n_votes, kind="stable")[:max_lfs])
    kept = take_lfs(encoded, busy)
    pairs = count_pairs(kept, alphabets.class_of_value, truth)
    clear = clearly_alike(pairs, min_common)
    known = pd.Series([named_groups[j] for j in busy], dtype=object)
    group = suggest_groups(clear, pd.factorize(known)[0], threshold)
    names = [plain(names[j]) for j in busy]
    suggested = _name_suggested(group, [named_groups[j] for j in busy], names)
    n_cast = kept.counts[kept.counts > 0]
    return PanelReport(
        pairs=_table_of_pairs(pairs, names, min_common),
        lfs=_table_of_lfs(pairs, clear, names, n_votes[busy], suggested),
        groups=suggested,
        n_effective=float(effective_votes(n_cast, pairs.mean).mean()),
        n_votes=float(n_cast.mean()),
        n_sources=len(np.unique(group)),
        error_correlation=pairs.mean,
        correlation=pairs.correlation,
        n_samples=votes.n_samples,
        n_judged=int(truth.any(axis=1).sum()),
        n_all=votes.n_lfs,
        judged_by=judged_by,
        threshold=threshold,
        min_common=min_common,
    )


def _one_hot_gold(gold: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return certain probabilities, and rows of 0 where there is no gold label."""
    rows = np.flatnonzero(gold >= 0)
    if len(rows) == 0:
        raise ValueError(
            f"None of the {len(gold)} rows has a gold label in y. Leave out y to judge "
            "errors by a LabelModel."
        )
    truth = np.zeros((len(gold), len(classes)))
    truth[rows, gold[rows]] = 1
    return truth


def _name_suggested(
    group: np.ndarray, known: list[tuple[bool, Any]], names: list[Any]
) -> dict[Any, str]:
    """Return groups of two or more LFs by name; a known group keeps its name."""
    size = np.bincount(group)
    several = np.flatnonzero(size > 1)
    sets = [np.flatnonzero(group == g) for g in several]
    new = name_groups(sets, names)
    for columns in sets:
        given = [known[j][1] for j in columns if known[j][0]]
        if given:
            new.update({names[j]: given[0] for j in columns})
    return new


def _table_of_pairs(
    pairs: PanelPairs, names: list[Any], min_common: int
) -> pd.DataFrame:
    a, b = np.nonzero(np.triu(pairs.common >= min_common, k=1))
    with np.errstate(invalid="ignore", divide="ignore"):
        agreement = pairs.equal[a, b] / pairs.common[a, b]
        expected = pairs.expected[a, b]
        spread = np.where(expected < 1 - 1e-6, 1 - expected, np.nan)
    named = pd.Series(names, dtype=object)
    table = pd.DataFrame(
        {
            "lf_a": named.to_numpy()[a],
            "lf_b": named.to_numpy()[b],
            "n_common": np.rint(pairs.common[a, b]).astype(np.int64),
            "agreement": agreement,
            "expected": expected,
            "excess": (agreement - expected) / spread,
            "kappa": pairs.kappa[a, b],
            "n_judged": np.rint(pairs.judged[a, b]).astype(np.int64),
            "error_correlation": pairs.correlation[a, b],
        }
    )
    return table.sort_values("excess", ascending=False, kind="stable").reset_index(
        drop=True
    )


def _table_of_lfs(
    pairs: PanelPairs,
    clear: np.ndarray,
    names: list[Any],
    n_votes: np.ndarray,
    groups: dict[Any, str],
) -> pd.DataFrame:
    apart = np.where(np.eye(len(names), dtype=bool), -np.inf, clear)
    nearest = apart.argmax(axis=1)
    weight = np.where(np.isnan(pairs.correlation), 0, pairs.judged)
    np.fill_diagonal(weight, 0)
    total = weight.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (weight * np.nan_to_num(pairs.correlation)).sum(axis=1) / total
    excess = apart[np.arange(len(names)), nearest]
    found = excess > 0
    return pd.DataFrame(
        {
            "n_votes": n_votes,
            "judged_accuracy": pairs.accuracy,
            "error_correlation": mean,
            "nearest": pd.Series(
                [
                    names[k] if ok else None
                    for k, ok in zip(nearest, found, strict=True)
                ],
                dtype=object,
            ).to_numpy(),
            "nearest_excess": np.where(found, excess, np.nan),
            "group": pd.Series([groups.get(n) for n in names], dtype=object).to_numpy(),
        },
        index=pd.Index(
            names, dtype=object if names and isinstance(names[0], str) else None
        ),
    )


def _order(correlation: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return an order of LFs that keeps groups together, and similar ones near."""
    leaf = np.empty(len(group))
    leaf[leaf_order(correlation)] = np.arange(len(group))
    first = [
        leaf[(group == g) & (g >= 0)].min() if g >= 0 else leaf[j]
        for j, g in enumerate(group)
    ]
    return np.lexsort((leaf, first))


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
