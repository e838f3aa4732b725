"""What the labeling functions of a workflow must agree on."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from sklabel.utils._validation import is_text


def leaves(transformer: Any) -> Iterator[Any]:
    """Walk through FeatureUnion, ColumnTransformer and Pipeline to the LFs."""
    for name in ("transformers_", "transformer_list", "transformers", "steps"):
        parts = getattr(transformer, name, None)
        if parts is not None:
            for part in parts:
                yield from leaves(part[1])
            return
    yield transformer


def check_one_layout(lfs: Any) -> None:
    """Raise if some transformers return dense votes and some sparse ones.

    Parameters
    ----------
    lfs : transformer
        The labeling functions.

    Raises
    ------
    ValueError
        If they do. Stacking them drops the dense votes for class 0 without a trace.
    """
    layouts = [
        (type(leaf).__name__, leaf.sparse_output)
        for leaf in leaves(lfs)
        if hasattr(leaf, "sparse_output")
    ]
    if len({sparse for _, sparse in layouts}) > 1:
        said = ", ".join(f"{name}(sparse_output={sparse})" for name, sparse in layouts)
        raise ValueError(
            f"Some labeling functions return sparse votes and some dense ones: {said}. "
            "Stacked, the dense votes for class 0 would be lost. Give all of them the "
            "same sparse_output."
        )


def names_of_votes(lfs: Any) -> np.ndarray | None:
    """Return the class names behind the votes 0, 1, 2, ..., if they have names.

    Parameters
    ----------
    lfs : transformer
        Fitted labeling functions.

    Returns
    -------
    names : ndarray of shape (n_classes,) or None
        None if no transformer knows names.

    Raises
    ------
    ValueError
        If two transformers give a vote different names.
    """
    known: np.ndarray | None = None
    for leaf in leaves(lfs):
        names = getattr(leaf, "classes_", None)
        if names is None or not is_text(np.asarray(names)):
            continue
        names = np.asarray(names).astype(str)
        if known is not None and not np.array_equal(known, names):
            raise ValueError(
                f"Labeling functions name the votes differently: {known.tolist()} and "
                f"{names.tolist()}. Give them the same classes in the same order."
            )
        known = names
    return known


def kinds_of_lfs(lfs: Any, n_lfs: int) -> list[str] | None:
    """Return the kind of each LF: people are workers, the rest is for the votes to say.

    Parameters
    ----------
    lfs : transformer
        Fitted labeling functions.
    n_lfs : int
        Number of columns of their votes.

    Returns
    -------
    kinds : list of str or None
        'worker' or 'auto'; None if there are no people, or it cannot be told which
        columns are theirs.
    """
    kinds: list[str] = []
    for leaf in leaves(lfs):
        if not hasattr(leaf, "get_feature_names_out"):
            return None
        # With one column for each class of a person, a column cannot show a choice.
        is_person = hasattr(leaf, "judgements_per_worker_") and not leaf.unipolar
        kind = "worker" if is_person else "auto"
        kinds += [kind] * len(leaf.get_feature_names_out())
    if "worker" not in kinds or len(kinds) != n_lfs:
        return None
    return kinds
