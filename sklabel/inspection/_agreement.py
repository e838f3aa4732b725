"""How well labeling functions or workers agree with each other."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from sklabel.inspection._agreement_sums import SCALES, Rows, coefficients, rows_of
from sklabel.inspection._judgements import Counts, read_counts, warn_of_small_weights
from sklabel.utils._validation import (
    check_confidence,
    check_integer,
    check_option,
    plain,
)

# Most numbers in a block of bootstrap statistics.
_BLOCK = 2_000_000

_NUMBERS = ["percent agreement", "Fleiss kappa", "Krippendorff alpha"]
_NAMES = {
    "nominal": [*_NUMBERS, "Gwet AC1"],
    "ordinal": [*_NUMBERS, "Gwet AC2"],
    "interval": _NUMBERS,
    "ratio": _NUMBERS,
}


def agreement_report(
    votes: Any,
    *,
    scale: str = "nominal",
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
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
    scale : {'nominal', 'ordinal', 'interval', 'ratio'}, default='nominal'
        'ordinal': for Krippendorff's alpha and Gwet's AC2, classes far apart disagree
        more. Their order is that of numbers, or of `classes` of the CrowdLabels.
        'interval', 'ratio': for alpha, classes are numbers, and count by their
        difference or by that over their sum.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. The bootstrap draws rows, not
        weights: see Notes. If None, once.
    n_bootstraps : int, default=1000
        Number of bootstrap samples; 0 leaves out the intervals. Each costs O(number
        of different rows of counts and weights), not of samples; for 'ratio' also
        O(square of the number of distinct values).
    confidence : float, default=0.95
        Probability of the intervals, in (0, 1).
    random_state : int, RandomState instance or None, default=None
        Seed of the bootstrap. The same int gives the same bits.

    Returns
    -------
    report : DataFrame
        The rows "percent agreement", "Fleiss kappa", "Krippendorff alpha", and "Gwet
        AC1" for a nominal or "Gwet AC2" for an ordinal scale, with the columns

        value : float
            See Notes; NaN where it is not defined.
        low, high : float
            Percentile interval of a bootstrap over samples; NaN where there is none.
        n_samples : int
            Samples with two judgements or more, whatever their weight above 0; others
            cannot be paired.
        n_judgements : int
            Judgements of these samples for one of the classes. If `votes` are not a
            CrowdLabels, each vote counts as a judgement.
        reason : str
            Empty, or why the value or the interval is NaN.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, `scale` or a number is out of range,
        weights are not usable, or classes have no order, or are not numbers, where
        `scale` needs that.

    See Also
    --------
    krippendorff_alpha, fleiss_kappa, gwet_ac1, percent_agreement : One number.
    cohen_kappa : Each pair of voters.
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
      number of judgements there and once in the others;
    * Gwet's AC1 [2]_ is as kappa, with :math:`P_e = \sum_k \pi_k (1 - \pi_k) / (q - 1)`
      for q classes. On an ordinal scale it is AC2 with ordinal weights; on a scale of
      numbers there is none.

    1 is perfect agreement. For kappa and alpha, judgements that are given blindly reach
    0, and the value is not defined if all judgements are for one class.

    Where one class is frequent, kappa and alpha are low though nearly all judgements
    agree, because they take agreement on that class for chance; AC1 does not, and is
    high though nobody may be able to tell the classes apart. `gwet_ac1` says what
    speaks for and against it. If they differ much, look at the class shares first.

    A bootstrap draws judged samples with replacement, each with the same probability,
    and a drawn sample brings its weight: a row of weight 2 is one observation that
    counts twice, and not two, so intervals do not shrink as weights grow. Samples with
    equal counts are drawn together, so that the order of samples and workers does not
    matter. Draws for which the value is not defined are left out. If all draws are
    equal, because all samples are alike, there is no interval.

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
    Gwet AC1             0.36          4            11
    """
    check_option(scale, "scale", SCALES)
    check_integer(n_bootstraps, "n_bootstraps", low=0)
    check_confidence(confidence)
    judged = read_counts(
        votes,
        kind=scale,
        classes=classes,
        counts=counts,
        sample_weight=sample_weight,
    )
    warn_of_small_weights(judged.weight)
    names = _NAMES[scale]
    rows = rows_of(judged, scale, "ordinal" if scale == "ordinal" else None)
    value = coefficients(rows, rows.repeats[None].astype(float))[0, : len(names)]
    undefined = np.isnan(value)
    low, high = np.full((2, len(value)), np.nan)
    reason = np.where(undefined, _why_undefined(judged), "").astype(object)
    if n_bootstraps > 0 and not undefined.all():
        drawn = _bootstrap(rows, n_bootstraps, random_state)
        tail = (1 - confidence) / 2
        for i in np.flatnonzero(~undefined):
            known = drawn[~np.isnan(drawn[:, i]), i]
            if len(known) == 0 or np.ptp(known) < 1e-12:
                reason[i] = "no interval: bootstrap samples are all alike"
            else:
                low[i], high[i] = np.quantile(known, [tail, 1 - tail])
    n_judged = judged.table.sum(axis=1)
    return pd.DataFrame(
        {
            "value": value,
            "low": low,
            "high": high,
            "n_samples": int((n_judged >= 2).sum()),
            "n_judgements": int(n_judged[n_judged >= 2].sum()),
            "reason": reason.tolist(),
        },
        index=names,
    )


def _bootstrap(rows: Rows, n_bootstraps: int, random_state: Any) -> np.ndarray:
    """Return the coefficients of bootstrap samples, a row each."""
    rng = check_random_state(random_state)
    n_samples = int(rows.repeats.sum())
    step = max(1, _BLOCK // max(rows.sums.shape))
    drawn = []
    for start in range(0, n_bootstraps, step):
        size = min(step, n_bootstraps - start)
        times = rng.multinomial(n_samples, rows.repeats / n_samples, size=size)
        drawn.append(coefficients(rows, times.astype(float)))
    return np.concatenate(drawn)


def _why_undefined(judged: Counts) -> str:
    """Say why a coefficient is NaN."""
    paired = judged.table[judged.table.sum(axis=1) >= 2]
    if paired.shape[0] == 0:
        return "no sample has two judgements"
    only = plain(judged.classes[np.argmax(paired.sum(axis=0))])
    return f"all judgements that can be paired are {only!r}"
