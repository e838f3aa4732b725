"""Tables of labels against gold: which classes are mixed up, recall and precision."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from sklabel.report._data import ReportData


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that was counted, after Wilson."""
    if n == 0:
        return np.nan, np.nan
    interval = binomtest(int(right), int(n)).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def gold_tables(data: ReportData) -> dict[str, pd.DataFrame]:
    """Compare the labels of the gold samples with gold.

    Parameters
    ----------
    data : ReportData
        What the report is about.

    Returns
    -------
    tables : dict of str to DataFrame
        'confusion': number of samples of each gold class (rows) with each label
        (columns). 'classes': a row per class with the numbers of its gold samples, of
        samples labelled so and of those that are right, recall and precision, and
        their 95 % intervals after Wilson. Empty without gold labels.
    """
    known = data.gold >= 0
    if not known.any():
        return {}
    at = np.arange(len(data.classes))
    counts = confusion_matrix(
        data.gold[known], data.proba[known].argmax(axis=1), labels=at
    )
    names = pd.Index(data.class_names)
    columns: dict[str, Any] = {
        "n_gold": counts.sum(axis=1),
        "n_labelled": counts.sum(axis=0),
        "n_right": np.diag(counts),
    }
    for share, of in (("recall", "n_gold"), ("precision", "n_labelled")):
        n = columns[of]
        columns[share] = columns["n_right"] / np.where(n > 0, n, np.nan)
        low, high = zip(*map(wilson_interval, columns["n_right"], n), strict=True)
        columns[f"{share}_low"], columns[f"{share}_high"] = low, high
    return {
        "confusion": pd.DataFrame(
            counts, index=names.rename("gold"), columns=names.rename("label")
        ),
        "classes": pd.DataFrame(columns, index=names.rename("class")),
    }
