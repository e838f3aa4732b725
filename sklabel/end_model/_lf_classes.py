"""What the labeling functions of a workflow must agree on."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.frozen import FrozenEstimator

from sklabel.evidence._kinds import find_kinds
from sklabel.lf import LFUnion
from sklabel.utils._validation import check_class_prior, first_few, warn
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._named import vote_for_themselves
from sklabel.votes._read import FIRST_NAMED


def parts_of(transformer: Any) -> list[Any] | None:
    """Return the parts of a union, a pipeline or a frozen transformer.

    Parameters
    ----------
    transformer : transformer
        Fitted or not.

    Returns
    -------
    parts : list of transformers or None
        Without steps that do nothing, and columns that are left out; None if it has no
        parts.
    """
    if isinstance(transformer, FrozenEstimator):
        return [transformer.estimator]
    for name in ("transformers_", "transformer_list", "transformers", "steps"):
        parts = getattr(transformer, name, None)
        if parts is not None:
            nothing = {"drop", "passthrough"} if name == "steps" else {"drop"}
            return [
                part[1]
                for part in parts
                if not (isinstance(part[1], str) and part[1] in nothing)
            ]
    return None


def leaves(transformer: Any) -> Iterator[Any]:
    """Walk through unions, pipelines and frozen transformers to the LFs.

    Parameters
    ----------
    transformer : transformer
        The labeling functions.

    Yields
    ------
    leaf : transformer
        One that contains no other.
    """
    parts = parts_of(transformer)
    if parts is None:
        yield transformer
    for part in parts or []:
        yield from leaves(part)


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
    layouts = list(_layouts(lfs))
    if len({sparse for _, sparse in layouts}) > 1:
        said = ", ".join(f"{name}(sparse_output={sparse})" for name, sparse in layouts)
        raise ValueError(
            f"Some labeling functions return sparse votes and some dense ones: {said}. "
            "Stacked, the dense votes for class 0 would be lost. Put them into "
            "sklabel.lf.LFUnion, or give all of them the same sparse_output."
        )


def _layouts(transformer: Any) -> Iterator[tuple[str, bool]]:
    """Tell of each block that scikit-learn stacks whether it is sparse."""
    if isinstance(transformer, LFUnion):
        # It joins its parts itself; the result is sparse if one of them is.
        parts = [layout for leaf in leaves(transformer) for layout in _layouts(leaf)]
        if parts:
            yield "LFUnion", any(is_sparse for _, is_sparse in parts)
        return
    inner = parts_of(transformer) or []
    for part in inner:
        yield from _layouts(part)
    if not inner and hasattr(transformer, "sparse_output"):
        yield type(transformer).__name__, transformer.sparse_output


def with_names(votes: Any, lfs: Any) -> Any:
    """Give sparse votes the names that scipy dropped when it stacked them.

    Parameters
    ----------
    votes : object
        What the labeling functions returned.
    lfs : transformer
        The fitted labeling functions, which know the names.

    Returns
    -------
    votes : object
        The same votes; a VoteMatrix if names were dropped and all labeling functions
        have the same ones.
    """
    if not sparse.issparse(votes) or getattr(votes, "classes", None) is not None:
        return votes
    known = [np.asarray(leaf.classes_) for leaf in leaves(lfs) if has_classes(leaf)]
    named = [classes for classes in known if not vote_for_themselves(classes)]
    if not named or any(not np.array_equal(named[0], c) for c in known):
        return votes
    if votes.nnz and votes.data.max() > FIRST_NAMED:
        return votes  # some of them have no names: the label model says what to do
    return VoteMatrix.named(votes, named[0])


def warn_of_other_classes(lfs: Any) -> None:
    """Warn if labeling functions know classes of which neither holds the other.

    Labels that go by other codes in two places would be other classes: a crowd that
    says 1 and 2 beside rules that say 0 and 1.

    Parameters
    ----------
    lfs : transformer
        The fitted labeling functions.
    """
    known = [
        (type(leaf).__name__, set(np.asarray(leaf.classes_).tolist()))
        for leaf in leaves(lfs)
        if has_classes(leaf)
    ]
    for i, (name, classes) in enumerate(known):
        for other_name, others in known[:i]:
            if not (classes <= others or others <= classes):
                theirs, ours = (sorted(c, key=str) for c in (others, classes))
                warn(
                    f"{other_name} votes for the classes {first_few(theirs)} and "
                    f"{name} for {first_few(ours)}. Check that they call a class the "
                    "same; give both all classes if they do."
                )
                return


def has_classes(leaf: Any) -> bool:
    """Tell whether a labeling function knows its classes."""
    return getattr(leaf, "classes_", None) is not None


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


def share_by_rules(model: Any, votes: CastVotes, kinds: list[str] | None) -> float:
    """Return the share of the votes that rules cast.

    Parameters
    ----------
    model : classifier
        Fitted label model; a LabelModel knows how much of a rule each LF is.
    votes : CastVotes
        Votes.
    kinds : list of str or None
        What is known of the LFs.
    """
    if len(votes.lf) == 0:
        return 0.0
    rule = getattr(model, "rule_share_", None)
    if rule is None:
        values = votes.distinct_labels()
        encoded, _ = votes.encode(values)
        n_votes = np.zeros((votes.n_lfs, len(values)))
        np.add.at(n_votes, (encoded.lf, encoded.value), 1)
        given = np.full(votes.n_lfs, np.nan)
        if kinds is not None:
            given[np.array(kinds) == "worker"] = 0
        rule = find_kinds(n_votes, votes.n_samples, given).rule
    return float(np.mean(np.asarray(rule)[votes.lf]))


def given_shares(model: Any) -> np.ndarray | None:
    """Return the class prior that the user gave a label model; None if none."""
    given = getattr(model, "class_prior", None)
    if given is None or isinstance(given, str):
        return None
    return check_class_prior(given, len(model.classes_), model.classes_)


def check_label_model(model: Any) -> None:
    """Raise if a fitted label model does not tell its classes.

    Parameters
    ----------
    model : classifier
        Fitted.

    Raises
    ------
    ValueError
        If it has no `classes_`.
    """
    if getattr(model, "classes_", None) is None:
        raise ValueError(
            f"{type(model).__name__} has no classes_ after fit; a label model sets it "
            "to the classes, in the order of the columns of predict_proba. A subclass "
            "of sklabel.label_model.BaseLabelModel has it."
        )


def votes_proba(model: Any, votes: Any, voted: np.ndarray) -> np.ndarray:
    """Return what a label model says of votes, after a check.

    Parameters
    ----------
    model : classifier
        Fitted.
    votes : object
        What it reads.
    voted : ndarray of shape (n_samples,), bool
        Rows with votes.

    Returns
    -------
    proba : ndarray of shape (n_samples, n_classes)
        Without NaN: even in rows without votes that have it.

    Raises
    ------
    ValueError
        If it has another shape, or NaN in a row with votes.
    """
    proba = np.asarray(model.predict_proba(votes))
    name, shape = type(model).__name__, (len(voted), len(model.classes_))
    if proba.shape != shape:
        raise ValueError(
            f"predict_proba of {name} must have the shape {shape}, a row for each "
            f"sample and a column for each of classes_; it has {proba.shape}."
        )
    wrong = voted & np.isnan(proba).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"predict_proba of {name} is NaN for {int(wrong.sum())} rows with votes, "
            f"first at row {int(np.argmax(wrong))}. Let it return probabilities."
        )
    return np.where(np.isnan(proba), 1 / shape[1], proba)
