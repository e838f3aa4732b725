"""Cohen's kappa of each pair of voters."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse

from sklabel.inspection._agreement_sums import times
from sklabel.inspection._judgements import read_judgements
from sklabel.utils._validation import check_option
from sklabel.votes._cast import CastVotes

Matrix: TypeAlias = np.ndarray | sparse.csr_array

# Most cells in a block of rows that is multiplied as a dense one.
_BLOCK = 2_000_000
# From this share of cells on, dense products are faster than sparse ones.
_DENSE = 0.05


@overload
def cohen_kappa(
    votes: Any,
    *,
    weights: str | None = None,
    classes: ArrayLike | None = None,
    sample_weight: Any = None,
    return_n_shared: Literal[False] = False,
) -> pd.DataFrame: ...


@overload
def cohen_kappa(
    votes: Any,
    *,
    weights: str | None = None,
    classes: ArrayLike | None = None,
    sample_weight: Any = None,
    return_n_shared: Literal[True],
) -> tuple[pd.DataFrame, pd.DataFrame]: ...


def cohen_kappa(
    votes: Any,
    *,
    weights: str | None = None,
    classes: ArrayLike | None = None,
    sample_weight: Any = None,
    return_n_shared: bool = False,
) -> pd.DataFrame | tuple[pd.DataFrame, pd.DataFrame]:
    r"""Return Cohen's kappa of each pair of voters, over the rows that both judged.

    Says who agrees with whom beyond chance: pairs that repeat each other, camps, a
    voter whom nobody agrees with. For one number of all voters take `fleiss_kappa` or
    `krippendorff_alpha`. Kappa falls where one class is frequent, see `gwet_ac1`.

    Parameters
    ----------
    votes : CrowdLabels, or {DataFrame, array-like, sparse matrix} of shape \
            (n_samples, n_lfs)
        Judgements, or votes in any form that a label model reads.
    weights : {'linear', 'quadratic'}, default=None
        None: two classes are equal or not. Else they disagree by the number of places
        between them, or by its square. Places are those in the order of numbers (1, 2
        and 10 are one place apart each), or of `classes`.
    classes : array-like of shape (n_classes,), default=None
        The classes, from low to high; -1 is a label if it is one of them. If None,
        those that the votes know or hold, and -1 is no judgement.
    sample_weight : array-like of shape (n_samples,), default=None
        How often each row counts: 2 is the row twice, 0 leaves it out. For a
        CrowdLabels, a Series is looked up by sample id. If None, once.
    return_n_shared : bool, default=False
        Whether to return how many rows both voters judged, too.

    Returns
    -------
    kappa : DataFrame of shape (n_lfs, n_lfs)
        Symmetric, at most 1. Rows and columns are named by the columns of a
        DataFrame, the ids of workers, or positions. NaN where it is not defined: no
        row is judged by both, or both name the same class alone. The diagonal is 1, or
        NaN for a voter of no or one class.
    n_shared : DataFrame of shape (n_lfs, n_lfs)
        Rows that both judged, whatever their weight above 0; on the diagonal, rows that
        a voter judged. Only if `return_n_shared`.

    Raises
    ------
    ValueError
        If votes are not readable, there are none, `weights` are given and votes are
        strings without an order, or row weights are not usable.

    See Also
    --------
    sklearn.metrics.cohen_kappa_score : The same for one pair without gaps.
    OverlapDisplay : A heat map of how often pairs overlap, agree or conflict.
    agreement_report : All voters at once.

    Notes
    -----
    With the share :math:`p_{kl}` of the shared rows in which the first voter names
    class k and the second one l, kappa [1]_ is :math:`1 - \sum_{kl} d_{kl} p_{kl} /
    \sum_{kl} d_{kl} p_{k \cdot} p_{\cdot l}`, where :math:`d_{kl}` is 1 for different
    classes, or by `weights` [2]_ :math:`|k - l|` or :math:`(k - l)^2`.

    Time is that of one product of the votes with themselves per class, memory that of a
    few tables of `n_lfs` by `n_lfs`. On a handful of shared rows kappa is chance;
    ``kappa.where(n_shared >= 10)`` blanks such pairs.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and
       Psychological Measurement 20(1), 1960, 37-46. doi:10.1177/001316446002000104
    .. [2] J. Cohen, "Weighted kappa", Psychological Bulletin 70(4), 1968, 213-220.
       doi:10.1037/h0026256

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.inspection import cohen_kappa
    >>> votes = pd.DataFrame(
    ...     {
    ...         "ann": ["+", "+", "-", "-", "+", "-"],
    ...         "bob": ["+", "+", "-", "-", "-", None],
    ...         "cy": ["-", "-", "+", None, None, None],
    ...     }
    ... )
    >>> kappa, n_shared = cohen_kappa(votes, return_n_shared=True)
    >>> kappa.round(2)
          ann   bob   cy
    ann  1.00  0.62 -0.8
    bob  0.62  1.00 -0.8
    cy  -0.80 -0.80  1.0
    >>> n_shared
         ann  bob  cy
    ann    6    5   3
    bob    5    5   3
    cy     3    3   3
    """
    if weights is not None:
        check_option(weights, "weights", ("linear", "quadratic"))
    judged = read_judgements(
        votes,
        option="weights",
        kind=weights,
        classes=classes,
        sample_weight=sample_weight,
    )
    steps = _steps(len(judged.classes), weights)
    disagree, blindly, n_shared = _compare(judged.cast, judged.weight, steps)
    # The least chance of a disagreement that is more than rounding.
    least = 1e-12 * (steps.sum(axis=0).max(initial=1.0) ** 2) * judged.weight.sum()
    with np.errstate(invalid="ignore", divide="ignore"):
        kappa = np.where(blindly > least, 1 - disagree / blindly, np.nan)
    names = judged.names
    table = pd.DataFrame(kappa, index=names, columns=names)
    if not return_n_shared:
        return table
    return table, pd.DataFrame(n_shared, index=names, columns=names)


def _steps(n_classes: int, weights: str | None) -> np.ndarray:
    """Return numbers of each class whose squared distances are those of the classes.

    A row per number, shape (n_numbers, n_classes). Different classes: one indicator per
    class, and all distances are 2. Linear: how many steps from below a class has
    passed, one by one. Quadratic: its place.
    """
    place = np.arange(n_classes)
    if weights is None:
        return np.eye(n_classes)
    if weights == "linear":
        return (place[None, :] > place[:-1, None]).astype(float)
    return place[None, :].astype(float)


def _compare(
    cast: CastVotes, weight: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    r"""Return how far pairs of voters disagree, would do so blindly, and common rows.

    For a number x of the classes, :math:`\sum_i (x_{ij} - x_{ij'})^2` over common rows
    is a sum of three products of matrices, and so is what independent voters have.
    """
    n_lfs = cast.n_lfs
    n_shared = np.zeros((n_lfs, n_lfs))
    total = np.zeros((n_lfs, n_lfs))
    for block in _blocks(cast, weight):
        any_vote = block.matrix(np.ones(len(block.value)))
        n_shared += _product(any_vote, any_vote)
        total += _product(any_vote, block.weighted(any_vote))
    disagree = np.zeros((n_lfs, n_lfs))
    blindly = np.zeros((n_lfs, n_lfs))
    for x in steps:
        first, second, cross = np.zeros((3, n_lfs, n_lfs))
        for block in _blocks(cast, weight):
            any_vote = block.weighted(block.matrix(np.ones(len(block.value))))
            number = block.matrix(x[block.value])
            first += _product(number, any_vote)
            second += _product(block.matrix(x[block.value] ** 2), any_vote)
            cross += _product(number, block.weighted(number))
        squares = second + second.T
        disagree += squares - 2 * cross
        with np.errstate(invalid="ignore", divide="ignore"):
            blindly += squares - 2 * first * first.T / total
    return disagree, blindly, np.rint(n_shared).astype(np.int64)


@dataclass(frozen=True)
class _Block:
    """Votes of some rows, and the weights of the rows."""

    indptr: np.ndarray
    lf: np.ndarray
    value: np.ndarray
    n_lfs: int
    weight: np.ndarray

    def matrix(self, data: np.ndarray) -> Matrix:
        """Put a number per vote in a table of rows by voters."""
        shape = len(self.weight), self.n_lfs
        is_dense = len(self.value) > _DENSE * shape[0] * shape[1]
        # `eliminate_zeros` writes into the positions, which other tables share.
        cells = data, self.lf, self.indptr
        table = sparse.csr_array(cells, shape=shape, copy=not is_dense)
        if is_dense:
            return table.toarray()
        table.eliminate_zeros()
        return table

    def weighted(self, table: Matrix) -> Matrix:
        """Multiply rows by their weights."""
        if (self.weight == 1).all():
            return table
        if isinstance(table, np.ndarray):
            return table * self.weight[:, None]
        return times(table, self.weight)


def _blocks(cast: CastVotes, weight: np.ndarray) -> Iterator[_Block]:
    """Yield the votes of blocks of rows."""
    step = max(1, _BLOCK // max(cast.n_lfs, 1))
    for start in range(0, cast.n_samples, step):
        stop = min(start + step, cast.n_samples)
        votes = slice(cast.indptr[start], cast.indptr[stop])
        indptr = cast.indptr[start : stop + 1] - cast.indptr[start]
        lf, value = cast.lf[votes], cast.value[votes]
        yield _Block(indptr, lf, value, cast.n_lfs, weight[start:stop])


def _product(a: Matrix, b: Matrix) -> np.ndarray:
    product = a.T @ b
    return product if isinstance(product, np.ndarray) else product.toarray()
