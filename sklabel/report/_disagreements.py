"""Samples of which features say otherwise than votes."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import numpy as np
import pandas as pd

from sklabel.report._data import ReportData


def disagreements(data: ReportData) -> tuple[pd.DataFrame, np.ndarray]:
    """List samples with votes by how far features contradict their label.

    Parameters
    ----------
    data : ReportData
        With `joint`.

    Returns
    -------
    table : DataFrame
        Those where the label changes, or features give it less than one half; the
        label that both together think least of first.
    rows : ndarray of shape (n_shown,)
        Where they are.
    """
    assert data.joint is not None
    label = data.proba.argmax(axis=1)
    at = np.arange(data.n_samples), label
    by_both = data.joint[at]
    suggested = data.joint.argmax(axis=1)
    doubtful = suggested != label
    if data.feature is not None:
        doubtful |= data.feature[at] < 0.5
    rows = np.flatnonzero(doubtful & (data.counts > 0) & (data.gold < 0))
    rows = rows[np.lexsort((rows, by_both[rows]))]
    columns = {
        "label": data.class_names[label[rows]],
        "p_votes": data.proba[at][rows],
        "p_joint": by_both[rows],
        "suggested": data.class_names[suggested[rows]],
    }
    if data.feature is not None:
        columns["p_features"] = data.feature[at][rows]
    return pd.DataFrame(columns), rows


def changes(data: ReportData) -> tuple[int, int, float, float]:
    """Return labels that change, samples with votes, and expected errors of both."""
    assert data.joint is not None
    voted = data.counts > 0
    changed = data.proba.argmax(axis=1) != data.joint.argmax(axis=1)
    before, after = (1 - p.max(axis=1)[voted] for p in (data.proba, data.joint))
    n_changed, n_voted = int((changed & voted).sum()), int(voted.sum())
    if n_voted == 0:
        return 0, 0, 0.0, 0.0
    return n_changed, n_voted, float(before.mean()), float(after.mean())
