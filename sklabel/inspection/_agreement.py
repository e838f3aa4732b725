"""How well labeling functions or workers agree with each other."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from sklabel.inspection._crowd import crowd_to_cast
from sklabel.lf import CrowdLabels
from sklabel.utils._validation import (
    check_integer,
    check_option,
    first_few,
    is_real,
    plain,
    warn,
)
from sklabel.votes._cast import is_numeric
from sklabel.votes._cells import (
    has_gaps,
    minus_one_is_class,
    warn_of_minus_one_cells,
)
from sklabel.votes._labels import check_classes
from sklabel.votes._read import has_categories, read_any_votes

# Most numbers in a block of bootstrap statistics.
_BLOCK = 2_000_000


def agreement_report(
    votes: Any,
    *,
    scale: str = "nominal",
    classes: ArrayLike | None = None,
    counts: bool = False,
    n_bootstraps: int = 1000,
    confidence: float = 0.95,
    random_state: Any = None,
) -> pd.DataFrame:
    r"""Report how well voters agree, with intervals.

    Says how far single judgements can be trusted, before any label model and without
    gold labels. Not every worker has to judge every sample, and samples may have
    different numbers of judgements. Agreement is not accuracy: workers who share an
    error agree.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements, or votes in any form that a label model reads. Judgements outside
        of the classes of a CrowdLabels do not count.
    scale : {'nominal', 'ordinal'}, default='nominal'
        'ordinal': for Krippendorff's alpha, classes far apart disagree more. Their
        order is that of numbers, or of `classes` of the CrowdLabels.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.
    n_bootstraps : int, default=1000
        Number of bootstrap samples; 0 leaves out the intervals. Each costs O(number
        of different rows of counts), not of samples.
    confidence : float, default=0.95
        Probability of the intervals, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap. The same int gives the same bits.

    Returns
    -------
    report : DataFrame
        The rows "percent agreement", "Fleiss kappa" and "Krippendorff alpha", with
        the columns

        value : float
            See Notes; NaN where it is not defined.
        low, high : float
            Percentile interval of a bootstrap over samples; NaN where there is none.
        n_samples : int
            Samples with two judgements or more; others cannot be paired.
        n_judgements : int
            Judgements of these samples for one of the classes. If `votes` are not a
            CrowdLabels, each vote counts as a judgement.
        reason : str
            Empty, or why the value or the interval is NaN.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, `scale` or a number is out of range,
        or `scale` is 'ordinal' and votes are strings without an order.

    See Also
    --------
    krippendorff_alpha, fleiss_kappa, percent_agreement : One number.
    worker_report : Which workers disagree.

    Notes
    -----
    With :math:`n_i` judgements of sample i, :math:`c_{ik}` of them for class k, and N
    samples with :math:`n_i \ge 2`,

    * percent agreement is the mean share of pairs that agree,
      :math:`P = \frac{1}{N} \sum_i \sum_k c_{ik} (c_{ik} - 1) / (n_i (n_i - 1))`;
    * Fleiss' kappa [1]_, for different numbers of judgements as Gwet [2]_ has it, is
      :math:`(P - P_e) / (1 - P_e)`, where :math:`P_e = \sum_k \pi_k^2` and
      :math:`\pi_k` is the mean of :math:`c_{ik} / n_i` over all judged samples;
    * Krippendorff's alpha [3]_ is :math:`1 - D_o / D_e`, from all pairs of judgements
      within and between the samples with :math:`n_i \ge 2`. A sample counts by its
      number of judgements there and once in the other two.

    1 is perfect agreement. For the last two, judgements that are given blindly reach 0,
    and the value is not defined if all judgements are for one class.

    A bootstrap draws judged samples with replacement. Samples with equal counts are
    drawn together, so that the order of samples and workers does not matter. Draws
    for which the value is not defined are left out. If all draws are equal, because
    all samples are alike, there is no interval.

    References
    ----------
    .. [1] J. L. Fleiss, "Measuring nominal scale agreement among many raters",
       Psychological Bulletin 76(5), 1971, 378-382. doi:10.1037/h0031619
    .. [2] K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed., Advanced
       Analytics, 2014, chapter 2.
    .. [3] K. Krippendorff, "Computing Krippendorff's alpha-reliability", 2011,
       https://repository.upenn.edu/asc_papers/43

    Examples
    --------
    >>> from sklabel.inspection import agreement_report
    >>> votes = [[0, 0, 0], [1, 1, None], [0, 1, 1], [1, None, None], [0, 0, 1]]
    >>> report = agreement_report(votes, random_state=0)
    >>> report[["value", "n_samples", "n_judgements"]].round(2)
                        value  n_samples  n_judgements
    percent agreement    0.67          4            11
    Fleiss kappa         0.31          4            11
    Krippendorff alpha   0.33          4            11
    """
    _check_options(scale, n_bootstraps, confidence)
    judged = _read_counts(votes, scale, classes, counts)
    patterns, multiplicity = np.unique(judged.table, axis=0, return_counts=True)
    statistics = _statistics(patterns, scale)
    values = _coefficients(multiplicity[None] @ statistics, judged.n_classes, scale)
    (value,) = values
    undefined = np.isnan(value)
    low, high = np.full((2, len(value)), np.nan)
    reason = np.where(undefined, _why_undefined(judged), "").astype(object)
    if n_bootstraps > 0 and not undefined.all():
        drawn = _bootstrap(
            statistics,
            multiplicity,
            n_bootstraps,
            judged.n_classes,
            scale,
            random_state,
        )
        tail = (1 - confidence) / 2
        for i in np.flatnonzero(~undefined):
            known = drawn[~np.isnan(drawn[:, i]), i]
            if len(known) == 0 or np.ptp(known) < 1e-12:
                reason[i] = "no interval: bootstrap samples are all alike"
            else:
                low[i], high[i] = np.quantile(known, [tail, 1 - tail])
    paired = judged.table.sum(axis=1) >= 2
    return pd.DataFrame(
        {
            "value": value,
            "low": low,
            "high": high,
            "n_samples": int(paired.sum()),
            "n_judgements": int(judged.table[paired].sum()),
            "reason": reason.tolist(),
        },
        index=_COEFFICIENTS,
    )


def percent_agreement(
    votes: Any, *, classes: ArrayLike | None = None, counts: bool = False
) -> float:
    """Return the mean share of pairs of judgements that agree.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements or votes.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.

    Returns
    -------
    agreement : float
        In [0, 1]; NaN if no sample has two judgements.

    Raises
    ------
    ValueError
        If votes are not readable or there are none.

    See Also
    --------
    agreement_report : The same with an interval, and the formula.

    Examples
    --------
    >>> from sklabel.inspection import percent_agreement
    >>> round(percent_agreement([[0, 0], [1, 1], [0, 1], [1, None]]), 2)
    0.67
    """
    return _one_coefficient(_read_counts(votes, "nominal", classes, counts), 0)


def fleiss_kappa(
    votes: Any, *, classes: ArrayLike | None = None, counts: bool = False
) -> float:
    """Return Fleiss' kappa, for any number of judgements per sample.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements or votes.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.

    Returns
    -------
    kappa : float
        At most 1; NaN if no sample has two judgements or all are for one class.

    Raises
    ------
    ValueError
        If votes are not readable or there are none.

    See Also
    --------
    agreement_report : The same with an interval, and the formula.

    Examples
    --------
    >>> from sklabel.inspection import fleiss_kappa
    >>> round(fleiss_kappa([[0, 0], [1, 1], [0, 1], [1, 1]]), 2)
    0.47
    """
    return _one_coefficient(_read_counts(votes, "nominal", classes, counts), 1)


def krippendorff_alpha(
    votes: Any,
    *,
    scale: str = "nominal",
    classes: ArrayLike | None = None,
    counts: bool = False,
) -> float:
    """Return Krippendorff's alpha.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements or votes.
    scale : {'nominal', 'ordinal'}, default='nominal'
        'ordinal': classes far apart disagree more. Their order is that of numbers, or
        of `classes`.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.

    Returns
    -------
    alpha : float
        At most 1; NaN if no sample has two judgements or all are for one class.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, or `scale` is 'ordinal' and votes
        are strings without an order.

    See Also
    --------
    agreement_report : The same with an interval, and the formula.

    Examples
    --------
    >>> from sklabel.inspection import krippendorff_alpha
    >>> votes = [[1, 1], [2, 2], [3, 2], [4, 4], [1, None]]
    >>> round(krippendorff_alpha(votes), 2)
    0.7
    >>> round(krippendorff_alpha(votes, scale="ordinal"), 2)
    0.91
    """
    _check_options(scale, 0, 0.5)
    return _one_coefficient(_read_counts(votes, scale, classes, counts), 2, scale)


_COEFFICIENTS = ["percent agreement", "Fleiss kappa", "Krippendorff alpha"]


@dataclass(frozen=True)
class _Counts:
    """Judgements for each class, shape (n_judged_samples, n_classes), and the names."""

    table: np.ndarray
    classes: np.ndarray

    @property
    def n_classes(self) -> int:
        return self.table.shape[1]


def _check_options(scale: str, n_bootstraps: int, confidence: float) -> None:
    check_option(scale, "scale", ("nominal", "ordinal"))
    check_integer(n_bootstraps, "n_bootstraps", low=0)
    if not is_real(confidence) or not 0 < confidence < 1:
        raise ValueError(
            f"confidence must be between 0 and 1, as 0.95; got {confidence!r}."
        )


def _read_counts(
    votes: Any, scale: str, classes: ArrayLike | None, counts: bool
) -> _Counts:
    """Count the judgements of each judged sample for each class."""
    if counts:
        return _check_table_of_counts(votes, classes)
    if isinstance(votes, CrowdLabels):
        cast, classes = crowd_to_cast(votes), np.asarray(votes.classes)
        ordered = is_numeric(classes) or len(classes) < 3
        if scale == "ordinal" and not ordered and list(classes) == sorted(classes):
            warn(
                "scale='ordinal' takes classes in their order, which is alphabetical: "
                f"{first_few(classes)}. If that is not from low to high, build the "
                "CrowdLabels with classes=[...] in order.",
            )
    else:
        if minus_one_is_class(classes) and isinstance(votes, pd.DataFrame | np.ndarray):
            # Judgements that are integers leave no doubt: -1 is a label.
            is_numbers = not has_categories(votes)
            votes = np.asarray(votes, dtype=object) if is_numbers else votes
        cast = read_any_votes(votes, classes=classes)
        unknown = classes is None and cast.classes is None
        if unknown and isinstance(votes, pd.DataFrame) and not has_gaps(votes):
            warn_of_minus_one_cells(votes.to_numpy(), "no judgement")
        given = cast.classes if classes is None else check_classes(classes)
        found = cast.distinct_labels()
        if given is None:
            given = found
        elif not np.isin(found, given).all():
            raise ValueError(
                f"votes holds labels that are not in classes={given.tolist()}: "
                f"{first_few(found[~np.isin(found, given)])}. Add them to classes."
            )
        named = classes is not None or cast.classes is not None
        classes = np.asarray(given)
        if scale == "ordinal" and len(classes) and not (named or is_numeric(classes)):
            raise ValueError(
                f"scale='ordinal' needs an order, and votes are {first_few(classes)}. "
                "Pass numbers, classes=[...] from low to high, or a CrowdLabels."
            )
        order = np.argsort(classes, kind="stable")
        cast, _ = cast.encode(classes[order])
        cast = replace(cast, value=order[cast.value])
    if len(cast.value) == 0:
        raise ValueError(
            f"votes holds no vote in {cast.n_samples} rows; agreement is not defined. "
            "Check ids and columns."
        )
    n_classes = len(classes)
    cell = cast.rows * n_classes + cast.value
    table = np.bincount(cell, minlength=cast.n_samples * n_classes)
    table = table.reshape(-1, n_classes)
    used = table.sum(axis=0) > 0
    return _Counts(table[cast.counts > 0][:, used], classes[used])


def _check_table_of_counts(votes: Any, classes: ArrayLike | None) -> _Counts:
    """Return a table of counts as it was given."""
    names = votes.columns if isinstance(votes, pd.DataFrame) else classes
    table = np.asarray(votes)
    whole = table.dtype.kind in "iuf" and table.ndim == 2 and bool(np.all(table >= 0))
    if not whole or (table != np.rint(table)).any():
        raise ValueError(
            "counts=True needs a table of samples by classes that holds numbers of "
            "judgements, integers of 0 or more; got an array of "
            f"{table.dtype} and shape {table.shape}."
        )
    names = np.arange(table.shape[1]) if names is None else np.asarray(names)
    table = table.astype(np.int64)
    if not table.any():
        raise ValueError("The table of counts holds no judgement.")
    used = table.sum(axis=0) > 0
    return _Counts(table[table.sum(axis=1) > 0][:, used], names[used])


def _statistics(counts: np.ndarray, scale: str) -> np.ndarray:
    """Return what each sample adds to the sums behind the coefficients.

    Columns: 1 if judged; 1 if paired; share of agreeing pairs; share of each class;
    judgements of each class if paired; then pairs within the sample, each judgement
    with weight 1 in all: for each two classes if ordinal, else those that agree.
    """
    n = counts.sum(axis=1)
    paired = n >= 2
    pairs = np.where(paired, n * (n - 1), 1)[:, None]
    agree = (counts * (counts - 1)).sum(axis=1, keepdims=True) * paired[:, None]
    others = np.where(paired, n - 1, 1)[:, None]
    if scale == "nominal":
        within = agree / others
    else:
        within = counts[:, :, None] * counts[:, None, :].astype(float)
        diagonal = np.arange(counts.shape[1])
        within[:, diagonal, diagonal] -= counts
        within = within.reshape(len(counts), -1) * paired[:, None] / others
    return np.hstack(
        [
            np.ones((len(counts), 1)),
            paired[:, None],
            agree / pairs,
            counts / n[:, None],
            counts * paired[:, None],
            within,
        ]
    )


def _coefficients(sums: np.ndarray, n_classes: int, scale: str) -> np.ndarray:
    """Return the three coefficients for each row of sums; NaN if not defined."""
    at = [1, 2, 3, 3 + n_classes, 3 + 2 * n_classes]
    judged, paired, agree, share, margin, within = np.split(sums, at, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (agree / paired)[:, 0]
        by_chance = ((share / judged) ** 2).sum(axis=1)
        kappa = (observed - by_chance) / np.where(
            by_chance < 1 - 1e-12, 1 - by_chance, np.nan
        )
        n = margin.sum(axis=1)
        if scale == "nominal":
            disagree = n - within[:, 0]
            blindly = n**2 - (margin**2).sum(axis=1)
        else:
            middle = np.cumsum(margin, axis=1) - margin / 2
            distance = (middle[:, :, None] - middle[:, None, :]) ** 2
            within = within.reshape(distance.shape)
            disagree = (within * distance).sum(axis=(1, 2))
            blindly = (margin[:, :, None] * margin[:, None, :] * distance).sum((1, 2))
        alpha = 1 - (n - 1) * disagree / np.where(blindly > 1e-9, blindly, np.nan)
    return np.column_stack([observed, kappa, alpha])


def _bootstrap(
    statistics: np.ndarray,
    multiplicity: np.ndarray,
    n_bootstraps: int,
    n_classes: int,
    scale: str,
    random_state: Any,
) -> np.ndarray:
    """Return the coefficients of bootstrap samples, shape (n_bootstraps, 3)."""
    rng = check_random_state(random_state)
    n_samples = int(multiplicity.sum())
    step = max(1, _BLOCK // max(len(multiplicity), statistics.shape[1]))
    drawn = []
    for start in range(0, n_bootstraps, step):
        size = min(step, n_bootstraps - start)
        times = rng.multinomial(n_samples, multiplicity / n_samples, size=size)
        drawn.append(_coefficients(times @ statistics, n_classes, scale))
    return np.concatenate(drawn)


def _why_undefined(counts: _Counts) -> str:
    """Say why a coefficient is NaN."""
    paired = counts.table[counts.table.sum(axis=1) >= 2]
    if len(paired) == 0:
        return "no sample has two judgements"
    only = plain(counts.classes[np.argmax(paired.sum(axis=0))])
    return f"all judgements that can be paired are {only!r}"


def _one_coefficient(counts: _Counts, which: int, scale: str = "nominal") -> float:
    sums = _statistics(counts.table, scale).sum(axis=0, keepdims=True)
    return float(_coefficients(sums, counts.n_classes, scale)[0, which])
