"""Coefficients of agreement: one number for all voters."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from sklabel.inspection._agreement_sums import SCALES, WEIGHTS, coefficients, rows_of
from sklabel.inspection._judgements import Counts, read_counts, warn_of_small_weights
from sklabel.utils._validation import check_option


def percent_agreement(
    votes: Any,
    *,
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
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

    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. If None, once.

    Returns
    -------
    agreement : float
        In [0, 1]; NaN if no sample has two judgements.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, or weights are not usable.

    See Also
    --------
    agreement_report : The same with an interval, and the formula.

    Examples
    --------
    >>> from sklabel.inspection import percent_agreement
    >>> round(percent_agreement([[0, 0], [1, 1], [0, 1], [1, None]]), 2)
    0.67
    """
    judged = read_counts(
        votes, classes=classes, counts=counts, sample_weight=sample_weight
    )
    return _one_coefficient(judged, 0)


def fleiss_kappa(
    votes: Any,
    *,
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
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

    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. If None, once.

    Returns
    -------
    kappa : float
        At most 1; NaN if no sample has two judgements or all are for one class.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, or weights are not usable.

    See Also
    --------
    agreement_report : The same with an interval, and the formula.

    Examples
    --------
    >>> from sklabel.inspection import fleiss_kappa
    >>> round(fleiss_kappa([[0, 0], [1, 1], [0, 1], [1, 1]]), 2)
    0.47
    """
    judged = read_counts(
        votes, classes=classes, counts=counts, sample_weight=sample_weight
    )
    return _one_coefficient(judged, 1)


def krippendorff_alpha(
    votes: Any,
    *,
    scale: str = "nominal",
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
) -> float:
    """Return Krippendorff's alpha.

    Memory grows with the number of judgements, and never with pairs of classes: ratings
    may have any number of distinct values.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements or votes.
    scale : {'nominal', 'ordinal', 'interval', 'ratio'}, default='nominal'
        How far two judgements are apart. 'nominal': classes are equal or not.
        'ordinal': by the share of judgements between them; the order of classes is
        that of numbers, or of `classes`. 'interval': by the square of their
        difference, for numbers. 'ratio': by that of their difference over their sum,
        for numbers of 0 or more.
    classes : array-like of shape (n_classes,), default=None
        The classes; -1 is a label if it is one of them. If None, -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.

    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. If None, once.

    Returns
    -------
    alpha : float
        At most 1; NaN if no sample has two judgements or all are for one class.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, `scale` is 'ordinal' and votes are
        strings without an order, it is 'interval' or 'ratio' and they are not numbers
        (ratio: of 0 or more), or weights are not usable.

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
    >>> round(krippendorff_alpha(votes, scale="interval"), 2)
    0.91
    """
    check_option(scale, "scale", SCALES)
    judged = read_counts(
        votes,
        kind=scale,
        classes=classes,
        counts=counts,
        sample_weight=sample_weight,
    )
    warn_of_small_weights(judged.weight)
    return _one_coefficient(judged, 2, scale=scale)


def gwet_ac1(
    votes: Any,
    *,
    weights: str | None = None,
    classes: ArrayLike | None = None,
    counts: bool = False,
    sample_weight: Any = None,
) -> float:
    r"""Return Gwet's AC1, or AC2 where classes agree in part.

    For any number of judgements per sample. It stays near the percent agreement where
    one class is frequent and kappa falls to 0 or below; see Notes for both sides.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements or votes.
    weights : {'linear', 'quadratic', 'ordinal'}, default=None
        None: AC1, classes agree or not. Else AC2: two classes that are d of the q - 1
        steps apart agree by 1 - d / (q - 1), by 1 - (d / (q - 1))², or for 'ordinal' by
        1 - d (d + 1) / ((q - 1) q). The steps are those of places in the order of
        numbers, or of `classes`.
    classes : array-like of shape (n_classes,), default=None
        The classes that could be named, from low to high; -1 is a label if it is one of
        them. The value depends on how many they are. If None, those that the votes
        know or, if they know none, those that are named; -1 is no judgement.
    counts : bool, default=False
        Whether `votes` is a table of counts instead, of shape (n_samples, n_classes):
        how many judged a sample to be of a class.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. If None, once.

    Returns
    -------
    coefficient : float
        At most 1; NaN if no sample has two judgements or there is one class only.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, `weights` are given and votes are
        strings without an order, or row weights are not usable.

    See Also
    --------
    agreement_report : The same with an interval, beside the other coefficients.
    fleiss_kappa : The coefficient whose chance agreement follows the class shares.

    Notes
    -----
    With the agreement P of pairs, in which classes k and l count :math:`w_{kl}`, and
    the mean share :math:`\pi_k` of class k over all judged samples, as
    `agreement_report` defines both, the coefficient is
    :math:`(P - P_e) / (1 - P_e)` [1]_ [2]_, where for q classes

    .. math:: P_e = \frac{\sum_{kl} w_{kl}}{q (q - 1)} \sum_k \pi_k (1 - \pi_k).

    For AC1 the factor is :math:`1 / (q - 1)`.

    *When kappa misleads.* Kappa takes the class shares for the odds of a guess. If one
    class has 97 % of the judgements, it expects an agreement of .94 by chance, and
    voters who agree on .94 of the samples get 0, however good they are. AC1 holds that
    judgements are guessed on hard samples only, which are rare where one class
    prevails: its :math:`P_e` is at most 1 / q, and falls to 0 as one class prevails.

    *Against AC1.* That is an assumption, and data cannot show it. Two voters who call
    97 % of the samples negative without a look at them agree on .94 of them, and AC1 is
    .94: it says that they agree, not that they can tell the classes apart, which is
    what kappa asks. It grows with the number of classes, those that nobody names
    included, so that it does not compare between alphabets. See [3]_. Report it beside
    kappa and the class shares rather than in place of them.

    References
    ----------
    .. [1] K. L. Gwet, "Computing inter-rater reliability and its variance in the
       presence of high agreement", British Journal of Mathematical and Statistical
       Psychology 61(1), 2008, 29-48. doi:10.1348/000711006X126600
    .. [2] K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed., Advanced
       Analytics, 2014, chapters 4 and 5.
    .. [3] W. Vach and O. Gerke, "Gwet's AC1 is not a substitute for Cohen's kappa - A
       comparison of basic properties", MethodsX 10, 2023, 102212.
       doi:10.1016/j.mex.2023.102212

    Examples
    --------
    Two voters agree on 118 of 125 samples, nearly all of one class:

    >>> from sklabel.inspection import fleiss_kappa, gwet_ac1
    >>> votes = [["+", "+"]] * 118 + [["+", "-"]] * 5 + [["-", "+"]] * 2
    >>> round(gwet_ac1(votes), 2)
    0.94
    >>> round(fleiss_kappa(votes), 2)
    -0.03
    """
    if weights is not None:
        check_option(weights, "weights", WEIGHTS)
    judged = read_counts(
        votes,
        option="weights",
        kind=weights,
        classes=classes,
        counts=counts,
        sample_weight=sample_weight,
    )
    return _one_coefficient(judged, 3, weights=weights)


def _one_coefficient(
    judged: Counts, which: int, scale: str = "nominal", weights: str | None = None
) -> float:
    rows = rows_of(judged, scale, weights)
    return float(coefficients(rows, rows.repeats[None].astype(float))[0, which])
