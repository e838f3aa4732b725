"""How frequent each class is: soft labels of all rows, corrected by gold of some."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.stats import beta, norm, t

from sklabel.utils._frames import as_pandas
from sklabel.utils._rows import check_same_rows
from sklabel.utils._validation import (
    check_confidence,
    first_few,
    n_rows,
    warn,
)
from sklabel.votes._gold import read_gold
from sklabel.votes._proba import read_proba

# Before the first gold row is seen, so many rows say that gold follows soft labels, for
# lambda, and so many that it does not, for the interval.
_TRUST = 1
_DOUBT = 2


def class_shares(
    proba: Any,
    gold: Any = None,
    *,
    classes: ArrayLike | None = None,
    group: Any = None,
    sampling_proba: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    r"""Estimate how frequent each class is, with an interval.

    The mean of soft labels is as wrong as they are, and a few gold rows alone leave a
    wide interval. Prediction-powered inference takes the mean of the soft labels of all
    rows and corrects it by their error on the gold rows: the interval holds however bad
    the soft labels are, and the better they are, the narrower it is. Gold rows must be
    drawn at random, or with known probabilities; gold of the rows that somebody found
    interesting says nothing about the others.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_samples, n_classes)
        Soft labels, as ``predict_proba`` of a label model gives them. The columns of a
        DataFrame are classes by their names.
    gold : array-like of shape (n_samples,), default=None
        Gold labels of some rows; -1, NaN, None and pd.NA mean none. The model behind
        `proba` should not have seen them: it would look better than it is, and the
        interval be too narrow. If they did train it, take the soft labels of the gold
        rows from :func:`~sklabel.model_selection.cross_val_predict_gold`.
    classes : array-like of shape (n_classes,), default=None
        The classes in the order of the columns of an array; -1 is a label in `gold` if
        it is one of them. If None, the column names of a DataFrame, or 0, 1, 2, ...
    group : array-like of shape (n_samples,), default=None
        Group of each row, for shares within each of them. If None, there is one.
    sampling_proba : array-like of shape (n_samples,), default=None
        With what probability each row was drawn for gold, in (0, 1], up to a common
        factor; NaN where there is no gold is fine. If None, all rows had the same.
    confidence : float, default=0.95
        Probability of the intervals, in (0, 1), each on its own.

    Returns
    -------
    shares : DataFrame
        A row per class, and per group if there are groups, with the columns

        share : float
            Estimated share. Within [0, 1], and they sum to 1 in each group.
        low, high : float
            Ends of its interval, within [0, 1]; NaN without gold rows.
        n_gold, n : int
            Gold rows, and all rows, of the group.
        lambda : float
            How far the soft labels are trusted, from 0, not at all, to 1; NaN without
            gold rows.
        method : str
            "PPI++"; "gold only" if lambda is 0, as where all rows have gold; or "mean
            of soft labels", which has no interval, if no row has gold.

    Warns
    -----
    UserWarning
        If there are no gold rows at all, or none in a group.

    Raises
    ------
    ValueError
        If lengths differ, rows do not hold probabilities, `gold` has other classes, a
        group is missing, or a gold row has no sampling probability in (0, 1].
    TypeError
        If `gold`, `group` or `sampling_proba` is a dict or a single value.

    See Also
    --------
    sklabel.LabelModel : Its ``predict_proba`` makes soft labels. Its ``class_prior_``
        is what rows without votes get, and not the share of each class.
    agreement_report : How far voters agree, without gold.

    Notes
    -----
    For one class, with the soft labels f of all n rows and gold y, 0 or 1, of
    :math:`n_g` rows, the estimate is :math:`\hat\theta = \lambda \bar f_{all} +
    \overline{(y - \lambda f)}_{gold}` [1]_ [2]_. Its variance is :math:`(1 / n_g - 1 /
    n) V(y - \lambda f) + V(y) / n`. The :math:`\lambda` that makes it smallest is the
    slope of y on f over gold rows, clipped to [0, 1]; a row of slope 1 is added, so
    that soft labels count where gold has nothing to say, as when none of it is of a
    rare class. (It is that of [2]_ times n / (n - n_g), as the mean of f is taken over
    gold rows, too.) Rows are a sample of the population that is asked about; if they
    are all of it, intervals are a little too wide. With `sampling_proba` p, means over
    gold rows have weights 1 / p that sum to 1, variances and the slope their squares.

    Gold rows that all agree have variance 0, which says nothing about the others, so
    the interval is not :math:`\hat\theta` plus or minus some standard errors. The
    variance is turned into the number of gold rows :math:`n_e` that would do without
    soft labels, and the interval is Wilson's [3]_ for a share of :math:`\hat\theta` in
    :math:`n_e` rows. Where few rows are of a class, Wilson's end next to 0 is too far
    from it; it is not above the exact limit on that side alone, as [4]_ proposes. The
    same holds of 1. The variance of a share is known from the share, but a gain
    :math:`n_e / n_g` above 1 is estimated: it is shrunk to 1 as if 2 more rows had
    shown none, beside the :math:`4 n_g \bar y (1 - \bar y)` rows that can tell, and by
    the square of what the t quantile for :math:`n_g - 1` degrees of freedom is above
    the normal one. (With weights, :math:`n_g` is here the number of equal rows that are
    worth as much.) So soft labels of little use hardly widen an interval, one never has
    width 0, and that of one gold row spans nearly all. `benchmarks/class_shares.py`
    measures coverage.

    Each class has a :math:`\lambda` of its own, so that soft labels that are good for
    one class help there and those of another one do no harm. Their estimates are
    clipped to [0, 1] and divided by their sum, which is 1 already for two classes; an
    interval is extended where its class is moved out of it.

    References
    ----------
    .. [1] A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan and T. Zrnic,
       "Prediction-powered inference", Science 382, 2023, 669-674.
       doi:10.1126/science.adi6000
    .. [2] A. N. Angelopoulos, J. C. Duchi and T. Zrnic, "PPI++: Efficient
       prediction-powered inference", 2023, arXiv:2311.01453.
    .. [3] E. B. Wilson, "Probable inference, the law of succession, and statistical
       inference", Journal of the American Statistical Association 22, 1927, 209-212.
       doi:10.1080/01621459.1927.10502953
    .. [4] L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial
       proportion", Statistical Science 16(2), 2001, 101-133.
       doi:10.1214/ss/1009213286

    Examples
    --------
    Soft labels see far too much spam, and some gold rows put that right:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from sklabel.inspection import class_shares
    >>> rng = np.random.default_rng(0)
    >>> is_spam = rng.random(1000) < 0.3
    >>> spam = np.where(is_spam, 0.95, 0.35)
    >>> proba = pd.DataFrame({"ham": 1 - spam, "spam": spam})
    >>> gold = pd.Series(np.where(is_spam, "spam", "ham"), dtype=object)
    >>> gold[rng.random(1000) > 0.1] = None
    >>> print(proba["spam"].mean().round(2))
    0.52
    >>> class_shares(proba, gold).round(2)
           share   low  high  n_gold     n  lambda method
    class
    ham     0.73  0.69  0.77     121  1000     1.0  PPI++
    spam    0.27  0.23  0.31     121  1000     1.0  PPI++
    """
    check_confidence(confidence)
    columns = {"gold": gold, "group": group, "sampling_proba": sampling_proba}
    for name, column in columns.items():
        _check_column(column, name)
    check_same_rows(proba=proba, **columns)
    array, order = read_proba(proba, classes)
    n_samples = len(array)
    if n_samples == 0:
        raise ValueError("proba has no rows; there is no share to estimate.")
    label = _read_gold(gold, n_samples, order)
    weight = _read_weights(sampling_proba, label)
    codes, groups = _read_group(group, n_samples)
    ends = np.cumsum(np.bincount(codes))[:-1]
    blocks = [
        _shares(array[rows], label[rows], weight[rows], confidence)
        for rows in np.split(np.argsort(codes, kind="stable"), ends)
    ]
    without = np.array([(block["n_gold"] == 0).all() for block in blocks])
    _warn_of_no_gold(without, groups)
    table = pd.concat(blocks, ignore_index=True)
    names = pd.Index(order, name="class")
    if groups is None:
        return table.set_index(names)
    index = pd.MultiIndex.from_product([groups, names])
    return table.set_index(index)


def _check_column(column: Any, name: str) -> None:
    """Raise if what should have an entry per row is a dict or a single value."""
    if isinstance(column, Mapping):
        raise TypeError(
            f"{name} must hold an entry for each row of proba, in the same order; got "
            f"a {type(column).__name__}. If it goes by the index of proba, pass "
            f"pd.Series({name}).reindex(proba.index)."
        )
    if column is not None and np.ndim(column) == 0 and not hasattr(column, "__len__"):
        raise TypeError(
            f"{name} must hold an entry for each row of proba; got {column!r}."
        )


def _read_gold(gold: Any, n_samples: int, classes: np.ndarray) -> np.ndarray:
    """Return the class index of each row, -1 where there is no gold."""
    gold = as_pandas(gold, where="gold")
    if gold is None:
        return np.full(n_samples, -1)
    if n_rows(gold) != n_samples:
        raise ValueError(
            f"gold must hold an entry for each of the {n_samples} rows of proba, None "
            f"or NaN where there is none; got {n_rows(gold)}. A Series of some rows "
            "gets the others by gold.reindex(proba.index)."
        )
    cells = pd.isna(gold if isinstance(gold, pd.DataFrame) else np.asarray(gold))
    if np.asarray(cells).all():
        return np.full(n_samples, -1)
    labels = read_gold(gold, n_samples, classes)
    index = labels.index(classes, outside=-2)
    odd = index == -2
    if odd.any():
        raise ValueError(
            f"gold has labels that are not among the classes {first_few(classes, 10)}: "
            f"{first_few(pd.unique(labels.label[odd]))} ({int(odd.sum())} rows, first "
            f"row {int(np.argmax(odd))}). Pass classes=[...] in the order of the "
            "columns of proba, or name the columns of a DataFrame."
        )
    return index


def _read_weights(sampling_proba: Any, label: np.ndarray) -> np.ndarray:
    """Return 1 / probability of each gold row; anything elsewhere."""
    n_samples = len(label)
    if sampling_proba is None:
        return np.ones(n_samples)
    given = as_pandas(sampling_proba, where="sampling_proba")
    try:
        chance = pd.to_numeric(pd.Series(np.asarray(given).ravel())).to_numpy(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"sampling_proba must hold numbers: {error}.") from None
    if len(chance) != n_samples:
        raise ValueError(
            f"sampling_proba must hold a number for each of the {n_samples} rows of "
            f"proba; got {len(chance)}."
        )
    bad = (label >= 0) & ~((chance > 0) & (chance <= 1))
    bad |= (chance <= 0) | (chance > 1)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            "sampling_proba must be in (0, 1], or NaN where there is no gold; row "
            f"{row} has {chance[row]} and {'no ' if label[row] < 0 else ''}gold "
            f"({int(bad.sum())} such rows). Rows that could never get gold are no part "
            "of what gold speaks for: leave them out."
        )
    return np.where(label >= 0, 1 / np.where(label >= 0, chance, 1), 1)


def _read_group(group: Any, n_samples: int) -> tuple[np.ndarray, pd.Index | None]:
    """Return the position of each row's group, and the groups in their order."""
    if group is None:
        return np.zeros(n_samples, dtype=int), None
    given = as_pandas(group, where="group")
    if isinstance(given, pd.DataFrame):
        if given.shape[1] != 1:
            raise ValueError(
                f"group must be one column; got {given.shape[1]} of them. For groups "
                "by several columns pass frame.groupby(columns).ngroup(), or their "
                "texts put together."
            )
        given = given.iloc[:, 0]
    column = pd.Series(given)
    if len(column) != n_samples:
        raise ValueError(
            f"group must name a group for each of the {n_samples} rows of proba; got "
            f"{len(column)}."
        )
    missing = column.isna().to_numpy()
    if missing.any():
        raise ValueError(
            f"group is missing in {int(missing.sum())} rows, first row "
            f"{int(np.argmax(missing))}. Give them a name of their own, as by "
            "group.fillna('unknown')."
        )
    codes, groups = pd.factorize(column, sort=True)
    name = "group" if column.name is None else column.name
    return codes, pd.Index(groups, name=name)


def _shares(
    proba: np.ndarray, label: np.ndarray, weight: np.ndarray, confidence: float
) -> pd.DataFrame:
    """Return the table of the rows of one group."""
    known = np.flatnonzero(label >= 0)
    n, n_gold, n_classes = len(label), len(known), proba.shape[1]
    mean = proba.mean(axis=0)
    low, high, trust = np.full((3, n_classes), np.nan)
    share, method = mean, np.full(n_classes, "mean of soft labels", dtype=object)
    if n_gold > 0:
        y = (label[known, None] == np.arange(n_classes)).astype(float)
        share, n_rows_worth, trust = _powered(
            y,
            proba[known],
            weight[known] / weight[known].sum(),
            mean,
            proba.var(axis=0),
            n,
            confidence,
        )
        share = np.clip(share, 0, 1)
        low, high = _interval(share, n_rows_worth, confidence)
        # All estimates are 0 only if each is below it, which their sum of 1 forbids,
        # unless each has a trust of its own.
        total = share.sum()
        share = share / total if total > 0 else mean
        low, high = np.minimum(low, share), np.maximum(high, share)
        method = np.where(trust > 0, "PPI++", "gold only").astype(object)
    return pd.DataFrame(
        {
            "share": share,
            "low": low,
            "high": high,
            "n_gold": n_gold,
            "n": n,
            "lambda": trust,
            "method": method,
        }
    )


def _powered(
    y: np.ndarray,
    f: np.ndarray,
    weight: np.ndarray,
    mean: np.ndarray,
    variance_of_all: np.ndarray,
    n: int,
    confidence: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return estimates, the gold rows they are worth, and lambda, for each class.

    Parameters
    ----------
    y, f : ndarray of shape (n_gold, n_classes)
        Gold, as 0 and 1, and soft labels of the gold rows.
    weight : ndarray of shape (n_gold,)
        Weights of the gold rows that sum to 1.
    mean, variance_of_all : ndarray of shape (n_classes,)
        Of the soft labels of all rows.
    n : int
        Number of all rows.
    confidence : float
        Probability of the interval.

    Returns
    -------
    share, worth, trust : ndarray of shape (n_classes,)
        See the Notes of `class_shares`.
    """
    n_gold, n_classes = y.shape
    square = weight[:, None] ** 2
    n_kish = 1 / square.sum()
    centred = y - weight @ y
    trust = np.zeros(n_classes)
    if n_gold < n:
        apart = f - weight @ f
        before = _TRUST * variance_of_all / n_kish / n_gold
        spread = (square * apart**2).sum(axis=0) + before
        slope = (square * centred * apart).sum(axis=0) + before
        # Soft labels that do not vary have nothing to say.
        some = variance_of_all > 1e-12
        trust = np.clip(np.where(some, slope / np.where(some, spread, 1), 0), 0, 1)
    residual = y - trust * f
    correction = weight @ residual
    share = trust * mean + correction
    if n_gold == 1:
        return share, np.full(n_classes, 1.0), trust

    def variance(values: np.ndarray) -> np.ndarray:
        return (square * values**2).sum(axis=0) * n_gold / (n_gold - 1)

    of_class = weight @ y
    gold_only = of_class * (1 - of_class) * n_gold / (n_gold - 1) / n_kish
    by_gold, left = variance(centred), variance(residual - correction)
    # Of the variance of y, what the soft labels explain is that of all rows.
    total = left + np.maximum(by_gold - left, 0) * n_kish / n
    # Gold that all agrees has no variance: what soft labels add comes on top of that
    # of a share of one in so many rows. Sums of weights are 1 up to rounding only.
    agrees = (y == y[0]).all(axis=0)
    rare = (n_gold + 1) / (n_gold + 2) ** 2 / n_kish
    ratio = np.where(agrees, 1 + left / rare, total / np.where(agrees, 1, gold_only))
    telling = np.where(agrees, 0, 4 * n_kish * of_class * (1 - of_class))
    ratio = (telling * ratio + _DOUBT) / (telling + _DOUBT)
    freedom = max(n_kish - 1, 0.1)
    inflation = (_quantile(confidence, freedom) / _quantile(confidence)) ** 2
    ratio = np.where(ratio < 1, np.minimum(ratio * inflation, 1), ratio)
    return share, n_kish / ratio, trust


def _quantile(confidence: float, freedom: float | None = None) -> float:
    """Return the two-sided quantile of the normal, or of a t distribution."""
    at = (1 + confidence) / 2
    return float(norm.ppf(at) if freedom is None else t.ppf(at, freedom))


def _interval(
    share: np.ndarray, n: np.ndarray, confidence: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's interval of shares that stand on so many rows, modified.

    Parameters
    ----------
    share : ndarray of shape (n_classes,)
        In [0, 1].
    n : ndarray of shape (n_classes,)
        Number of rows, not always a whole one.
    confidence : float
        Probability of the interval.

    Returns
    -------
    low, high : ndarray of shape (n_classes,)
        In [0, 1].
    """
    q = _quantile(confidence) ** 2 / n
    middle = (share + q / 2) / (1 + q)
    half = np.sqrt(q * share * (1 - share) + q**2 / 4) / (1 + q)
    low = np.minimum(middle - half, _exact_low(share, n, confidence))
    high = np.maximum(middle + half, 1 - _exact_low(1 - share, n, confidence))
    return np.clip(low, 0, 1), np.clip(high, 0, 1)


def _exact_low(share: np.ndarray, n: np.ndarray, confidence: float) -> np.ndarray:
    """Return the one-sided limit of Clopper and Pearson."""
    hits = np.maximum(share * n, 0)
    some = hits > 0
    limit = beta.ppf(1 - confidence, np.where(some, hits, 1), (1 - share) * n + 1)
    return np.where(some, limit, 0)


def _warn_of_no_gold(without: np.ndarray, groups: pd.Index | None) -> None:
    if not without.any():
        return
    where = "There is no gold"
    if groups is not None and not without.all():
        where += f" in {int(without.sum())} group(s): {first_few(groups[without])}"
    warn(
        f"{where}: shares are means of soft labels there, as wrong as these may be, "
        "and have no interval. Label some rows drawn at random, and pass them as gold."
    )
