"""A heat map of pairs of labeling functions: overlap, conflict or agreement."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from sklabel.inspection._crowd import crowd_to_cast
from sklabel.inspection._plotting import (
    axes_to_plot_on,
    check_matplotlib,
    draw_pairs,
)
from sklabel.lf import CrowdLabels
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import first_few
from sklabel.votes._cast import CastVotes
from sklabel.votes._read import read_any_votes

Kind = Literal["overlap", "conflict", "agreement"]
_LABELS = {
    "overlap": "share of the row {0}'s votes\nthat the column {0} votes on too",
    "conflict": "share of common samples with different votes",
    "agreement": "share of common samples with equal votes",
}
_COLOURS = {"overlap": "Blues", "conflict": "Oranges", "agreement": "Blues"}


class OverlapDisplay:
    """Pairs of labeling functions: how often they overlap, agree or conflict.

    A clustering puts similar LFs side by side, so that groups show as blocks: LFs that
    repeat each other in the map of agreement, camps in the map of conflict.

    Parameters
    ----------
    share : array-like of shape (n_lfs, n_lfs)
        Share of each pair in [0, 1]; NaN cells stay blank.
    kind : {'overlap', 'conflict', 'agreement'}, default='overlap'
        What the shares are.
    lf_names : sequence of length n_lfs, default=None
        Names of the LFs. If None, positions.
    n_all : int, default=None
        Number of LFs that these were chosen from, for the title.
    noun : str, default='LF'
        What the plot calls one of them, for instance 'worker'.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot, after `plot`.
    figure_ : matplotlib Figure
        Its figure.
    im_ : matplotlib AxesImage
        The cells.

    See Also
    --------
    sklabel.inspection.lf_summary : Overlaps and conflicts of each LF.

    Examples
    --------
    >>> from sklabel.inspection import OverlapDisplay
    >>> share = [[float("nan"), 0.25], [0.25, float("nan")]]
    >>> display = OverlapDisplay(share, kind="conflict", lf_names=["ann", "rule"])
    >>> display.share
    array([[ nan, 0.25],
           [0.25,  nan]])

    ``OverlapDisplay.from_votes(votes, kind="conflict")`` counts the shares, and draws.
    """

    def __init__(
        self,
        share: ArrayLike,
        *,
        kind: Kind = "overlap",
        lf_names: Sequence[Any] | None = None,
        n_all: int | None = None,
        noun: str = "LF",
    ) -> None:
        _check_kind(kind)
        self.share = np.asarray(share, dtype=np.float64)
        n_lfs = len(self.share)
        if n_lfs == 0 or self.share.shape != (n_lfs, n_lfs):
            raise ValueError(
                "share holds one number per pair of LFs, a square of at least one; "
                f"got shape {self.share.shape}."
            )
        self.kind = kind
        self.lf_names = list(range(n_lfs) if lf_names is None else lf_names)
        if len(self.lf_names) != n_lfs:
            raise ValueError(
                f"lf_names must name each of the {n_lfs} LFs; got {len(self.lf_names)}."
            )
        self.n_all = n_lfs if n_all is None else n_all
        self.noun = noun

    @classmethod
    def from_votes(
        cls,
        votes: Any,
        *,
        kind: Kind = "overlap",
        lf_names: Sequence[Any] | None = None,
        max_lfs: int = 40,
        min_common: int = 3,
        noun: str | None = None,
        ax: Any = None,
        colorbar: bool = True,
        **kwargs: Any,
    ) -> OverlapDisplay:
        """Count the pairs of LFs in votes, and plot.

        Parameters
        ----------
        votes : CrowdLabels or {DataFrame, array-like, sparse matrix} of shape \
                (n_samples, n_lfs)
            Votes in any form that a label model reads.
        kind : {'overlap', 'conflict', 'agreement'}, default='overlap'
            'overlap': of the samples that the LF of the row votes on, the share
            that the LF of the column votes on too. 'conflict', 'agreement': of
            the samples that both vote on, the share with different or equal votes.
        lf_names : sequence of length n_lfs, default=None
            Names of the LFs. If None, columns of a DataFrame or ids of workers, else
            positions.
        max_lfs : int, default=40
            At most so many LFs, those with most votes, are compared; the title says
            so. LFs without votes are left out.
        min_common : int, default=3
            Pairs with fewer common samples stay blank in 'conflict' and 'agreement'.
        noun : str, default=None
            What the plot calls one of them. If None, 'worker' for a CrowdLabels, else
            'LF'.
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        colorbar : bool, default=True
            Whether to draw the scale.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : OverlapDisplay
            Drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If there is no vote, or `votes` is not readable as votes.
        """
        _check_kind(kind)
        check_matplotlib("OverlapDisplay.from_votes")
        cast, names = read_votes_and_names(votes, lf_names)
        n_votes = np.bincount(cast.lf, minlength=cast.n_lfs)
        busy = np.argsort(-n_votes, kind="stable")
        busy = np.sort(busy[: max(1, max_lfs)])
        busy = busy[n_votes[busy] > 0]
        if len(busy) == 0:
            raise ValueError(
                f"votes holds no vote ({cast.n_samples} rows, {cast.n_lfs} LFs); there "
                "is no pair to show."
            )
        both, equal = _count_pairs(cast, busy)
        n_own = np.diag(both).copy()
        with np.errstate(invalid="ignore", divide="ignore"):
            agreement = np.where(both >= max(min_common, 1), equal / both, np.nan)
            overlap = both / n_own[:, None]
            likeness = both / (n_own[:, None] + n_own[None, :] - both)
        share = {
            "overlap": overlap,
            "agreement": agreement,
            "conflict": 1 - agreement,
        }[kind]
        order = leaf_order(likeness if kind == "overlap" else agreement)
        share = share[np.ix_(order, order)]
        np.fill_diagonal(share, np.nan)
        display = cls(
            share,
            kind=kind,
            lf_names=[names[j] for j in busy[order]],
            n_all=cast.n_lfs,
            noun=noun or ("worker" if isinstance(votes, CrowdLabels) else "LF"),
        )
        return display.plot(ax=ax, colorbar=colorbar, **kwargs)

    def plot(
        self, *, ax: Any = None, colorbar: bool = True, **kwargs: Any
    ) -> OverlapDisplay:
        """Draw the heat map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw. If None, on a figure of its own.
        colorbar : bool, default=True
            Whether to draw the scale.
        **kwargs : dict
            Passed to ``Axes.imshow``.

        Returns
        -------
        display : OverlapDisplay
            Itself.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_lfs = len(self.share)
        side = max(4.2, 0.15 * n_lfs + 1.5)
        self.ax_, self.figure_ = axes_to_plot_on(
            ax, needed_by="OverlapDisplay.plot", figsize=(side + 1.2, side)
        )
        style = {"cmap": _COLOURS[self.kind], "vmin": 0.0, "vmax": 1.0}
        self.im_ = draw_pairs(self.ax_, self.share, self.lf_names, {**style, **kwargs})
        title = self.kind.capitalize()
        if self.n_all > n_lfs:
            title += f": the {n_lfs} most active of {self.n_all:,} {self.noun}s"
        self.ax_.set_title(title, fontsize=10)
        off_diagonal = ~np.eye(n_lfs, dtype=bool)
        if np.isnan(self.share[off_diagonal]).any():
            self.ax_.set_xlabel("grey: too few common samples", fontsize=8)
        if colorbar:
            bar = self.figure_.colorbar(self.im_, ax=self.ax_, shrink=0.8)
            bar.set_label(_LABELS[self.kind].format(self.noun), fontsize=8)
            bar.ax.tick_params(labelsize=8)
        return self


def _check_kind(kind: str) -> None:
    if kind not in _LABELS:
        raise ValueError(f"kind must be one of {first_few(_LABELS)}; got {kind!r}.")


def read_votes_and_names(
    votes: Any, lf_names: Sequence[Any] | None, classes: ArrayLike | None = None
) -> tuple[CastVotes, Sequence[Any]]:
    """Return votes of any form, or judgements, and the names of the LFs.

    Parameters
    ----------
    votes : CrowdLabels or votes
        What the user passed.
    lf_names : sequence of length n_lfs or None
        Names that the user gave.
    classes : array-like of shape (n_classes,), default=None
        The classes, if they are known.

    Returns
    -------
    votes : CastVotes
        The cast votes.
    names : sequence of length n_lfs
        The given names, else ids of workers, columns of a frame, or positions.

    Raises
    ------
    ValueError
        If there is not one name for each LF, or `votes` is not readable as votes.
    """
    names: Any
    if isinstance(votes, CrowdLabels):
        cast = crowd_to_cast(votes)
        names = list(votes.worker_ids)
    else:
        votes = as_pandas(votes, where="A table of votes")
        cast = read_any_votes(votes, classes=classes)
        names = range(cast.n_lfs)
        if isinstance(votes, pd.DataFrame):
            names = list(votes.columns)
    if lf_names is not None:
        names = lf_names
    if len(names) != cast.n_lfs:
        raise ValueError(
            f"lf_names must name each of the {cast.n_lfs} LFs; got {len(names)}."
        )
    return cast, names


def _count_pairs(votes: CastVotes, lfs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return on how many samples each pair of LFs votes, and votes the same."""
    position = np.full(votes.n_lfs, -1)
    position[lfs] = np.arange(len(lfs))
    kept = votes.take_votes(position[votes.lf] >= 0)
    values = kept.distinct_labels()
    encoded, _ = kept.encode(values)
    column, rows = position[kept.lf], kept.rows
    shape = (votes.n_samples, len(lfs))

    def indicator(mask: np.ndarray | slice) -> sparse.csr_array:
        ones = np.ones(len(rows[mask]), dtype=np.float64)
        return sparse.csr_array((ones, (rows[mask], column[mask])), shape=shape)

    any_vote = indicator(slice(None))
    both = (any_vote.T @ any_vote).toarray()
    equal = np.zeros_like(both)
    for v in range(len(values)):
        one_value = indicator(encoded.value == v)
        equal += (one_value.T @ one_value).toarray()
    return both, equal


def leaf_order(likeness: np.ndarray) -> np.ndarray:
    """Return an order of LFs that puts similar ones side by side."""
    n_lfs = len(likeness)
    if n_lfs < 3:
        return np.arange(n_lfs)
    known = ~np.isnan(likeness) & ~np.eye(n_lfs, dtype=bool)
    # A pair without common samples counts as an average pair.
    middle = likeness[known].mean() if known.any() else 0.5
    distance = 1 - np.where(known, likeness, middle)
    distance = np.clip((distance + distance.T) / 2, 0, 1)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    return leaves_list(tree)
