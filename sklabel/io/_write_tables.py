"""Tables that the writers get: soft labels, and the columns of samples."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from sklabel.utils._validation import first_few, plain
from sklabel.votes._proba import read_proba


def read_soft_labels(
    soft_labels: Any, where: str
) -> tuple[list[Any], np.ndarray, list[Any]]:
    """Return ids, probabilities and classes of a table of soft labels."""
    # Frames of other libraries have no index, and so no ids.
    if not isinstance(soft_labels, pd.DataFrame):
        raise TypeError(
            f"{where} must be a pandas DataFrame that is indexed by sample; got "
            f"{type(soft_labels).__name__}. CrowdLabels.soft_labels() makes one."
        )
    table = soft_labels
    if isinstance(table.index, pd.RangeIndex) and table.index.name is None:
        raise ValueError(
            f"{where} is indexed by the numbers of its rows, which are not ids of "
            "samples. Set the index: table.set_index('sample'), or table.index = ids."
        )
    ids = [plain(one) for one in table.index]
    names = pd.Index([str(one) for one in ids], dtype=object)
    lacking = [n for n, one in enumerate(ids) if _is_missing(one) or not names[n]]
    if lacking:
        raise ValueError(
            f"{where} has rows whose sample has no id, first row {lacking[0]}. Drop "
            "them, or fill in the index."
        )
    # Tools keep ids as texts, to which 1 and '1' are one.
    twice = names[names.duplicated()]
    if len(twice):
        raise ValueError(
            f"{where} has several rows of the sample {plain(twice[0])!r}. Keep one."
        )
    if any(isinstance(plain(column), bool) for column in table.columns):
        raise ValueError(
            f"The columns of {where} are {first_few(table.columns)}, and options of "
            "the tool are texts. Rename them to the options, for instance "
            "table.rename(columns={True: 'yes', False: 'no'})."
        )
    proba, classes = read_proba(table, name=where)
    return ids, proba, classes.tolist()


def refuse_repeated(names: list[str], ids: list[Any], where: str) -> None:
    """Raise if a sample of the soft labels is named more than once."""
    counts = Counter(names)
    twice = [one for one in ids if counts[str(one)] > 1]
    if twice:
        raise ValueError(
            f"{where} has several rows of {first_few(twice, 3)}. Keep one of each."
        )


def rows_of(samples: Any, ids: list[Any], where: str) -> list[dict[str, Any]] | None:
    """Return the columns of every sample as objects for JSON."""
    if samples is None:
        return None
    frame = samples
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(
            f"{where} must be a pandas DataFrame that is indexed by sample; got "
            f"{type(samples).__name__}."
        )
    names = [str(column) for column in frame.columns]
    if len(set(names)) < len(names):
        repeated = [name for name, n in Counter(names).items() if n > 1]
        raise ValueError(
            f"{where} has several columns of one name: {first_few(repeated)}. Rename "
            "them."
        )
    index = [str(plain(sample)) for sample in frame.index]
    refuse_repeated(index, ids, where)
    at = {sample: n for n, sample in enumerate(index)}
    missing = [one for one in ids if str(one) not in at]
    if missing:
        raise ValueError(
            f"{where} lacks {len(missing)} of the samples of soft_labels, first "
            f"{first_few(missing, 3)}. Its index holds the ids."
        )
    rows = frame.iloc[[at[str(one)] for one in ids]].to_dict("records")
    return [
        {str(k): _for_json(v) for k, v in row.items() if not _is_missing(v)}
        for row in rows
    ]


def _is_missing(value: Any) -> bool:
    """Whether a cell is None, NaN or NA."""
    return value is None or (pd.api.types.is_scalar(value) and pd.isna(value))


def _for_json(value: Any) -> Any:
    """Return a cell as JSON holds it; what it does not know as text."""
    value = value.tolist() if isinstance(value, np.ndarray) else plain(value)
    if isinstance(value, Mapping):
        return {str(k): _for_json(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_for_json(v) for v in value]
    if _is_missing(value):
        return None
    if isinstance(value, float) and np.isinf(value):
        return str(value)
    return value if isinstance(value, str | int | float) else str(value)
