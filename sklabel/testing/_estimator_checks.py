"""Checks of label models and LF transformers, beside those of scikit-learn.

``sklearn.utils.estimator_checks.check_estimator`` knows nothing of votes. These
batteries check what a label model or an LF transformer promises on top; run both on
your own estimators.
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import n_rows, take_rows
from sklabel.votes._forms import (
    votes_from_long,
    votes_to_dense,
    votes_to_long,
    votes_to_sparse,
)
from sklabel.votes._named import ABSTAIN, NamedVotes

__all__ = ["check_label_model", "check_lf_transformer"]

# Sums in another order differ by rounding; EM carries that through its sweeps.
_ATOL = 1e-8

_REMEDY = (
    "subclass sklabel.lf.BaseLFTransformer and return self._dense_as_votes(positions, "
    "classes, X) from transform."
)

# Loads both files of the folder and writes what a method makes of X.
_FRESH_PROCESS = """
import pickle, sys
from pathlib import Path
import joblib
folder = Path(sys.argv[1])
method, X = pickle.loads((folder / "call.pkl").read_bytes())
results = []
for load in (
    lambda: pickle.loads((folder / "estimator.pkl").read_bytes()),
    lambda: joblib.load(folder / "estimator.joblib"),
):
    results.append(getattr(load(), method)(X))
(folder / "results.pkl").write_bytes(pickle.dumps(results))
"""


def check_label_model(estimator: Any) -> None:
    """Check what a label model promises on top of scikit-learn's checks.

    Permuting rows, LFs or classes permutes the result; an LF that always abstains
    changes nothing; dense, sparse, long and DataFrame votes give the same; repeated
    and reloaded models give the same bits; weights count like repeated rows.

    Parameters
    ----------
    estimator : label model
        Not fitted. It reads votes 0, 1, ... and -1 for abstain, has `class_prior_`
        and `predict_proba`, and its parameters fix neither classes nor LFs.

    Raises
    ------
    AssertionError
        If a promise is broken; a note of the error names the check.

    See Also
    --------
    sklabel.label_model.BaseLabelModel : What a label model of your own inherits from.
    check_lf_transformer : The same for transformers that return votes.
    sklearn.utils.estimator_checks.check_estimator : Checks of any estimator.

    Examples
    --------
    >>> from sklabel import MajorityVote
    >>> from sklabel.testing import check_label_model
    >>> check_label_model(MajorityVote())
    """
    for check in _LABEL_MODEL_CHECKS:
        for name, votes in _example_votes():
            _run(check, f"{name} votes", estimator, votes)
    # A process of its own takes seconds: once is enough.
    _run(_check_fresh_process_model, "few votes", estimator, next(_example_votes())[1])


def check_lf_transformer(transformer: Any, X: Any) -> None:
    """Check what an LF transformer promises on top of scikit-learn's checks.

    Dense and sparse votes are the same; names match columns; a row's votes do not
    depend on the other rows; X stays as it is; reloaded transformers give the same.

    Parameters
    ----------
    transformer : LF transformer
        Not fitted. It has `get_feature_names_out`; where it has the parameter
        `sparse_output`, both settings are checked.
    X : DataFrame or array-like of shape (n_samples, n_features)
        Samples that it can be fitted on, four or more.

    Raises
    ------
    AssertionError
        If a promise is broken; a note of the error names the check.
    ValueError
        If X has less than four rows.

    See Also
    --------
    sklabel.lf.BaseLFTransformer : What an LF of your own may inherit from.
    check_label_model : The same for label models.

    Examples
    --------
    >>> from sklabel import WorkerLFTransformer
    >>> from sklabel.testing import check_lf_transformer
    >>> check_lf_transformer(WorkerLFTransformer(), [[0, 1], [1, -1], [1, 1], [0, 0]])
    """
    X = as_pandas(X, where="X of check_lf_transformer")
    if not isinstance(X, pd.DataFrame):
        X = np.asarray(X)
    if n_rows(X) < 4:
        raise ValueError(f"check_lf_transformer needs 4 rows or more; got {n_rows(X)}.")
    for check in _LF_TRANSFORMER_CHECKS:
        _run(check, f"{n_rows(X)} rows", transformer, X)


def _run(check: Callable[[Any, Any], None], data: str, estimator: Any, X: Any) -> None:
    """Run one check; a note of the error names it."""
    try:
        check(clone(estimator), copy.deepcopy(X))
    except Exception as error:
        error.add_note(
            f"sklabel: {check.__name__.removeprefix('_')} failed for {estimator!r} "
            f"on {data}."
        )
        raise


def _example_votes() -> Iterator[tuple[str, np.ndarray]]:
    """Yield named vote matrices: each class is voted for, each row has a vote."""
    rng = np.random.default_rng(0)
    for name, n_classes, n_lfs, n_rules in (
        ("two-class", 2, 5, 0),
        ("three-class", 3, 6, 0),
        ("mixed", 2, 6, 2),
        ("rule", 3, 6, 6),
    ):
        truth = np.arange(90) % n_classes
        right = rng.random((90, n_lfs)) < np.linspace(0.9, 0.6, n_lfs)
        other = rng.integers(n_classes, size=(90, n_lfs))
        votes = np.where(right, truth[:, None], other).astype(np.int8)
        votes[rng.random(votes.shape) < 0.3] = ABSTAIN
        for j in range(n_lfs - n_rules, n_lfs):
            votes[votes[:, j] != j % n_classes, j] = ABSTAIN
        yield name, votes[(votes != ABSTAIN).any(axis=1)]


def _fit_proba(estimator: Any, votes: Any, **fit_params: Any) -> np.ndarray:
    """Return the class probabilities of the rows that a clone is fitted on."""
    return clone(estimator).fit(votes, **fit_params).predict_proba(votes)


def _check_probabilities(estimator: Any, votes: np.ndarray) -> None:
    model = estimator.fit(votes)
    proba = model.predict_proba(votes)
    n_classes = votes.max() + 1
    assert_array_equal(model.classes_, np.arange(n_classes))
    assert proba.shape == (len(votes), n_classes), "one column per class"
    assert proba.min() >= 0, "probabilities are not negative"
    assert_allclose(proba.sum(axis=1), 1, atol=1e-12, err_msg="rows sum to 1")
    assert_allclose(model.class_prior_.sum(), 1, atol=1e-12)


def _check_predict_is_argmax(estimator: Any, votes: np.ndarray) -> None:
    model = estimator.fit(votes)
    proba = model.predict_proba(votes)
    chosen = np.searchsorted(model.classes_, model.predict(votes))
    assert_allclose(
        proba[np.arange(len(votes)), chosen],
        proba.max(axis=1),
        atol=1e-10,
        err_msg="predict returns a most probable class",
    )


def _check_row_without_votes(estimator: Any, votes: np.ndarray) -> None:
    model = estimator.fit(votes)
    empty = np.full((2, votes.shape[1]), ABSTAIN)
    assert_allclose(
        model.predict_proba(empty),
        np.tile(model.class_prior_, (2, 1)),
        err_msg="a row without votes gets class_prior_",
    )


def _check_permuted_rows(estimator: Any, votes: np.ndarray) -> None:
    order = np.random.default_rng(1).permutation(len(votes))
    assert_allclose(
        _fit_proba(estimator, votes[order]),
        _fit_proba(estimator, votes)[order],
        atol=_ATOL,
        err_msg="permuting rows permutes the result",
    )


def _check_permuted_lfs(estimator: Any, votes: np.ndarray) -> None:
    assert_allclose(
        _fit_proba(estimator, votes[:, ::-1]),
        _fit_proba(estimator, votes),
        atol=_ATOL,
        err_msg="permuting LFs changes nothing",
    )


def _check_permuted_classes(estimator: Any, votes: np.ndarray) -> None:
    n_classes = votes.max() + 1
    renamed = np.where(votes == ABSTAIN, ABSTAIN, (votes + 1) % n_classes)
    assert_allclose(
        _fit_proba(estimator, renamed)[:, (np.arange(n_classes) + 1) % n_classes],
        _fit_proba(estimator, votes),
        atol=_ATOL,
        err_msg="permuting classes permutes the columns",
    )


def _check_abstaining_lf(estimator: Any, votes: np.ndarray) -> None:
    silent = np.full((len(votes), 1), ABSTAIN)
    assert_allclose(
        _fit_proba(estimator, np.hstack([silent, votes])),
        _fit_proba(estimator, votes),
        atol=_ATOL,
        err_msg="an LF that always abstains changes nothing",
    )


def _check_unseen_worker(estimator: Any, votes: np.ndarray) -> None:
    silent = np.full((len(votes), 1), ABSTAIN)
    model = estimator.fit(np.hstack([votes, silent]))
    late = np.hstack([votes, np.full((len(votes), 1), votes.max())])
    proba = model.predict_proba(late)
    assert np.isfinite(proba).all(), "a first vote after fit is allowed"
    assert_allclose(proba.sum(axis=1), 1, atol=1e-12)


def _check_forms_of_votes(estimator: Any, votes: np.ndarray) -> None:
    expected = _fit_proba(estimator, votes)
    frame = pd.DataFrame(votes).add_prefix("lf_")
    objects = votes.astype(object)
    objects[votes == ABSTAIN] = None
    forms = {
        "CSR": votes_to_sparse(votes),
        "CSC": sparse.csc_matrix(votes_to_sparse(votes)),
        "float with NaN": np.where(votes == ABSTAIN, np.nan, votes),
        "objects with None": objects,
        "DataFrame": frame,
        "nullable DataFrame": frame.astype("Int64").mask(votes == ABSTAIN),
        "long form": votes_from_long(votes_to_long(votes)).to_numpy(),
    }
    for name, form in forms.items():
        assert_array_equal(
            _fit_proba(estimator, form), expected, err_msg=f"{name} equals dense votes"
        )


def _check_repeated_fit(estimator: Any, votes: np.ndarray) -> None:
    expected = _fit_proba(estimator, votes)
    assert_array_equal(
        _fit_proba(estimator, votes), expected, err_msg="a second fit gives equal bits"
    )
    estimator.fit(votes[: len(votes) // 2]).fit(votes)
    assert_array_equal(
        estimator.predict_proba(votes), expected, err_msg="fit forgets the earlier fit"
    )


def _check_weights_repeat_rows(estimator: Any, votes: np.ndarray) -> None:
    if not has_fit_parameter(estimator, "sample_weight"):
        return
    weight = np.random.default_rng(2).integers(0, 4, size=len(votes))
    weighted = clone(estimator).fit(votes, sample_weight=weight)
    repeated = clone(estimator).fit(np.repeat(votes, weight, axis=0))
    assert_allclose(
        weighted.predict_proba(votes),
        repeated.predict_proba(votes),
        atol=_ATOL,
        err_msg="a weight of 2 counts like two equal rows, 0 like none",
    )


def _check_other_lfs(estimator: Any, votes: np.ndarray) -> None:
    frame = pd.DataFrame(votes).add_prefix("lf_")
    model = estimator.fit(frame)
    fewer, turned = frame.iloc[:, 1:], frame.iloc[:, ::-1]
    _assert_value_error(lambda: model.predict(fewer), "another number of LFs")
    _assert_value_error(lambda: model.predict(turned), "another order of LFs")


def _check_fresh_process_model(estimator: Any, votes: np.ndarray) -> None:
    model = estimator.fit(votes)
    expected = model.predict_proba(votes)
    for reloaded in _in_fresh_process(model, "predict_proba", votes):
        assert_array_equal(reloaded, expected, err_msg="a reloaded model is the same")


def _votes_of(transformer: Any, X: Any) -> np.ndarray:
    """Return the dense votes of a fitted transformer."""
    return _dense(transformer.transform(X))


def _dense(votes: Any) -> np.ndarray:
    """Return dense integers, or labels and None of votes that know their classes."""
    dense = votes_to_dense(votes)
    return dense.labels() if isinstance(dense, NamedVotes) else dense


def _check_input_stays(transformer: Any, X: Any) -> None:
    before = copy.deepcopy(X)
    transformer.fit_transform(X)
    assert pd.DataFrame(X).equals(pd.DataFrame(before)), "X is not modified"


def _check_votes(transformer: Any, X: Any) -> None:
    votes = transformer.fit(X).transform(X)
    names = transformer.get_feature_names_out()
    stored = votes.codes if isinstance(votes, NamedVotes) else votes
    stored = votes.data if sparse.issparse(votes) else np.asarray(stored)
    assert stored.dtype.kind == "i", (
        "votes are signed integers; got an array of "
        f"{stored.dtype}. For classes that are names, {_REMEDY}"
    )
    dense = _dense(votes)
    assert dense.shape == (n_rows(X), len(names)), "one row per sample, one name per LF"
    assert len(set(names)) == len(names), "names of LFs are distinct"
    if dense.dtype != object:
        assert dense.min(initial=ABSTAIN) >= ABSTAIN, "votes are classes or -1"
    assert_array_equal(
        _dense(clone(transformer).fit_transform(X)),
        dense,
        err_msg="fit_transform equals fit and transform",
    )


def _check_sparse_votes(transformer: Any, X: Any) -> None:
    if "sparse_output" not in transformer.get_params(deep=False):
        return
    dense = clone(transformer).set_params(sparse_output=False).fit_transform(X)
    stored = clone(transformer).set_params(sparse_output=True).fit_transform(X)
    is_dense = isinstance(dense, np.ndarray | NamedVotes)
    assert is_dense, "sparse_output=False returns an array or NamedVotes"
    assert sparse.issparse(stored), "sparse_output=True returns a sparse matrix"
    assert stored.format == "csr", "sparse votes are CSR"
    expected = _dense(dense)
    assert_array_equal(_dense(stored), expected, err_msg="sparse equals dense")
    assert_array_equal(_dense(stored.toarray()), expected, err_msg="toarray fills -1")
    classes = getattr(stored, "classes", None)
    if isinstance(dense, NamedVotes):
        assert classes is not None, "sparse votes know their classes"
        assert_array_equal(classes, dense.classes, err_msg="the same classes")
    else:
        assert classes is None, "integers of 0 or more are their own votes"


def _check_pandas_output(transformer: Any, X: Any) -> None:
    if "sparse_output" in transformer.get_params(deep=False):
        transformer.set_params(sparse_output=False)
    votes = clone(transformer).fit_transform(X)
    frame = transformer.set_output(transform="pandas").fit_transform(X)
    assert isinstance(frame, pd.DataFrame), "set_output returns a DataFrame"
    assert list(frame.columns) == list(transformer.get_feature_names_out())
    if isinstance(votes, NamedVotes):
        has_categories = [isinstance(d, pd.CategoricalDtype) for d in frame.dtypes]
        assert all(has_categories), (
            "with set_output(transform='pandas'), votes that know their classes are "
            "categories, which keep the order of the classes and those without votes: "
            f"{_REMEDY}"
        )
        assert_array_equal(_dense(frame), votes.labels())
    else:
        assert_array_equal(frame.to_numpy(), _dense(votes))
    if isinstance(X, pd.DataFrame):
        assert frame.index.equals(X.index), "the index is that of X"


def _check_rows_stand_alone(transformer: Any, X: Any) -> None:
    expected = _votes_of(transformer.fit(X), X)
    n_samples = n_rows(X)
    for rows in (
        np.random.default_rng(3).permutation(n_samples),
        np.arange(0, n_samples, 2),
        np.array([n_samples - 1]),
        np.repeat(np.arange(2), 2),
    ):
        assert_array_equal(
            _votes_of(transformer, take_rows(X, rows)),
            expected[rows],
            err_msg="the votes on a row do not depend on the other rows",
        )


def _check_renamed_columns(transformer: Any, X: Any) -> None:
    if not isinstance(X, pd.DataFrame) or not all(isinstance(c, str) for c in X):
        return
    transformer.fit(X)
    renamed = X.add_prefix("other_")
    _assert_value_error(lambda: transformer.transform(renamed), "other column names")


def _check_fresh_process_votes(transformer: Any, X: Any) -> None:
    expected = _votes_of(transformer.fit(X), X)
    for reloaded in _in_fresh_process(transformer, "transform", X):
        assert_array_equal(
            _dense(reloaded),
            expected,
            err_msg="a reloaded transformer is the same",
        )


def _assert_value_error(call: Callable[[], Any], what: str) -> None:
    try:
        call()
    except ValueError:
        return
    raise AssertionError(f"{what} must raise a ValueError")


def _in_fresh_process(estimator: Any, method: str, X: Any) -> list[Any]:
    """Reload by pickle and by joblib in a new Python and call a method there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "estimator.pkl").write_bytes(pickle.dumps(estimator))
        joblib.dump(estimator, folder / "estimator.joblib")
        (folder / "call.pkl").write_bytes(pickle.dumps((method, X)))
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        done = subprocess.run(
            [sys.executable, "-c", _FRESH_PROCESS, name],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"reloading failed:\n{done.stderr}"
        return pickle.loads((folder / "results.pkl").read_bytes())


_LABEL_MODEL_CHECKS = (
    _check_probabilities,
    _check_predict_is_argmax,
    _check_row_without_votes,
    _check_permuted_rows,
    _check_permuted_lfs,
    _check_permuted_classes,
    _check_abstaining_lf,
    _check_unseen_worker,
    _check_forms_of_votes,
    _check_repeated_fit,
    _check_weights_repeat_rows,
    _check_other_lfs,
)

_LF_TRANSFORMER_CHECKS = (
    # First: the others would suffer from it.
    _check_input_stays,
    _check_votes,
    _check_sparse_votes,
    _check_pandas_output,
    _check_rows_stand_alone,
    _check_renamed_columns,
    _check_fresh_process_votes,
)
