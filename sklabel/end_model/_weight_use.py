"""Whether an estimator learns rightly from weighted copies of rows, and why not."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import sklearn
from sklearn import config_context
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Perceptron,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import NuSVC
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

# They look at rows only through the classifiers inside, and hand weights on to them.
OPAQUE = (
    CalibratedClassifierCV,
    FixedThresholdClassifier,
    OneVsRestClassifier,
    StackingClassifier,
    VotingClassifier,
)
# They hand on weights too, but draw or reweight columns and rows of X themselves.
RESAMPLING = (AdaBoostClassifier, BaggingClassifier)
_SKLEARN = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
# HistGradientBoostingClassifier(early_stopping='auto') stops early above this.
_AUTO_EARLY_STOPPING = 10_000


def samplers_in(estimator: Any) -> list[str]:
    """Return the names of samplers of imbalanced-learn anywhere in an estimator."""
    parts = [estimator, *estimator.get_params(deep=True).values()]
    names = [type(part).__name__ for part in parts if hasattr(part, "fit_resample")]
    return list(dict.fromkeys(name for name in names if name != "Pipeline"))


def check_no_sampler(estimator: Any) -> None:
    """Raise if a sampler of imbalanced-learn would draw among copies of rows."""
    names = samplers_in(estimator)
    if names:
        raise ValueError(
            f"The estimator holds the sampler(s) {', '.join(names)}, which resample "
            "rows by counting hard labels: soft labels and weights of rows would get "
            "lost. Take the sampler out and set class_weight='balanced' in the "
            "classifier, which is computed from the soft labels here; or pass the most "
            "probable class of each row as y."
        )


def last_step(estimator: Any) -> Any:
    """Return the classifier at the end of Pipelines."""
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return estimator


def check_one_label(estimator: Any) -> None:
    """Raise if an estimator does not learn one class of each row."""
    last = last_step(estimator)
    name = type(last).__name__
    if isinstance(last, ClassifierChain | MultiOutputClassifier):
        raise ValueError(
            f"{name} learns several labels of each row; soft labels are the "
            "probabilities of one. Use the classifier inside of it, once per label."
        )
    # Some classifiers have no `predict` before they are fitted.
    if is_regressor(last) or not (is_classifier(last) or hasattr(last, "predict")):
        kind = "is a regressor" if is_regressor(last) else "has no predict"
        raise ValueError(
            f"estimator must be a classifier; {name} {kind}. Use a classifier such as "
            "LogisticRegression."
        )


def learns_from_soft_labels(estimator: Any) -> bool:
    """Tell whether an estimator takes soft labels as y, perhaps in a search."""
    if hasattr(estimator, "error_score"):
        estimator = getattr(estimator, "estimator", None)
    return getattr(estimator, "_learns_from_soft_labels", False)


def why_hard_labels(estimator: Any, n_samples: int, *, copied: bool) -> str | None:
    """Return why an estimator cannot learn from weighted copies of rows.

    Parameters
    ----------
    estimator : classifier
        Not fitted.
    n_samples : int
        Number of rows.
    copied : bool
        Whether a row has several copies; otherwise rows have weights only, and may be
        split and counted.

    Returns
    -------
    reason : str or None
        A sentence about the estimator, None if it can learn from them.
    """
    estimator = last_step(estimator)
    name = type(estimator).__name__
    if learns_from_soft_labels(estimator):
        return None
    if isinstance(estimator, FrozenEstimator):
        return None  # it is meant to stay as it is
    if type(estimator) in OPAQUE:
        return _why_not_inside(estimator, n_samples, copied)
    if type(estimator) in RESAMPLING:
        return _why_not_resampled(estimator, copied)
    inside = _estimators_in(estimator)
    if inside and hasattr(estimator, "error_score"):
        return (
            f"{name} compares its candidates on hard labels without weights; search "
            f"over SoftLabelClassifier instead, {name}(SoftLabelClassifier(...), "
            "cv=KFold(5))"
        )
    if inside:
        return (
            f"{name} is not known to hand sample_weight on to the "
            f"{type(inside[0]).__name__} inside"
        )
    if not has_fit_parameter(estimator, "sample_weight"):
        return f"{name} takes no sample_weight"
    if type(estimator).__module__.partition(".")[0] == "imblearn":
        return f"{name} resamples rows by counting them"
    if get_tags(estimator).input_tags.pairwise:
        return f"{name} takes distances or kernels between rows"
    if copied and (reason := _why_not_copied(estimator, n_samples)):
        return reason
    if not type(estimator).__module__.startswith("sklearn.") and not uses_weights(
        estimator
    ):
        return f"{name} accepts sample_weight and does not use it"
    return None


def _why_not_inside(estimator: Any, n_samples: int, copied: bool) -> str | None:
    """Return why an estimator that looks at rows through others cannot learn."""
    name = type(estimator).__name__
    if getattr(estimator, "passthrough", False):
        return f"{name}(passthrough=True) mixes predictions with columns of X"
    if getattr(estimator, "cv", None) == "prefit":
        return f"{name}(cv='prefit') does not train what is inside"
    for inner in children(estimator):
        reason = why_hard_labels(inner, n_samples, copied=copied)
        if reason is not None:
            return f"{reason} (inside of {name})" if "inside" not in reason else reason
    if isinstance(estimator, StackingClassifier):
        return _why_not_final(final_estimator(estimator), n_samples, copied)
    return None


def _why_not_final(final: Any, n_samples: int, copied: bool) -> str | None:
    """Return why the last classifier of a stack cannot learn from copies."""
    if isinstance(final, Pipeline) or _estimators_in(final) or hasattr(final, "cv"):
        return (
            f"the final_estimator {type(final).__name__} of StackingClassifier sees "
            "predictions whose rows are not known to it"
        )
    reason = why_hard_labels(final, n_samples, copied=copied)
    return None if reason is None else f"{reason} (final_estimator)"


def _why_not_resampled(estimator: Any, copied: bool) -> str | None:
    """Return why an ensemble on drawn or reweighted rows cannot learn from weights."""
    name = type(estimator).__name__
    inner = estimator.estimator
    if copied and isinstance(estimator, BaggingClassifier):
        return f"{name} draws rows, and would draw the copies of one row separately"
    if inner is None:
        return None
    inner_name = type(inner).__name__
    if copied:
        return (
            f"{name} raises the weight of rows that the {inner_name} inside gets "
            "wrong, and one of two copies always is"
        )
    if isinstance(inner, Pipeline) or _estimators_in(inner):
        return f"{name} cannot hand sample_weight on to the {inner_name} inside"
    if not has_fit_parameter(inner, "sample_weight"):
        return f"{inner_name} inside of {name} takes no sample_weight"
    return None


def _why_not_copied(estimator: Any, n_samples: int) -> str | None:
    """Return why copies of a row would be counted, or part in a split of rows."""
    name = type(estimator).__name__
    parameters = estimator.get_params(deep=False)
    if stops_early(parameters, n_samples):
        return (
            f"{name} stops early by its score on some of the rows, and would find "
            "copies of one row on both sides; set early_stopping=False, or "
            "n_iter_no_change=None"
        )
    if parameters.get("oob_score"):
        return f"{name}(oob_score=True) counts copies of rows"
    if parameters.get("probability") is True:
        return (
            f"{name}(probability=True) splits and counts rows; wrap it in "
            "CalibratedClassifierCV instead"
        )
    if parameters.get("bootstrap") and _SKLEARN < (1, 9):
        return (
            f"{name}(bootstrap=True) draws rows without regard to sample_weight before "
            "scikit-learn 1.9, and would draw copies of one row apart from each other"
        )
    if isinstance(estimator, NuSVC):
        return f"{name} counts rows on the wrong side, and one of two copies always is"
    if isinstance(estimator, Perceptron | SGDClassifier) and not (
        parameters.get("average") or parameters.get("learning_rate") == "adaptive"
    ):
        remedy = "set average=True" if "average" in parameters else "use another one"
        return (
            f"{name} keeps what its last steps led to, and copies of one row pull "
            f"these in several directions; {remedy}"
        )
    if "cv" in parameters and type(estimator) is not LogisticRegressionCV:
        return f"{name} splits rows, and copies of one row would be on both sides"
    return None


def stops_early(parameters: dict[str, Any], n_samples: int) -> bool:
    """Tell whether an estimator with these parameters holds rows out to stop early."""
    early = parameters.get("early_stopping", "n/a")
    if early == "auto":
        return n_samples > _AUTO_EARLY_STOPPING
    if early == "n/a":
        return parameters.get("n_iter_no_change") is not None
    return bool(early)


def children(estimator: Any) -> list[Any]:
    """Return the classifiers that an estimator of `OPAQUE` trains on rows of X."""
    if hasattr(estimator, "estimators"):
        pairs = estimator.estimators
        return [inner for _, inner in pairs if not isinstance(inner, str)]
    return [] if estimator.estimator is None else [estimator.estimator]


def final_estimator(estimator: StackingClassifier) -> Any:
    """Return what learns from the predictions in a stack."""
    final = estimator.final_estimator
    return LogisticRegression() if final is None else final


def _estimators_in(estimator: Any) -> list[Any]:
    """Return the estimators among the parameters of an estimator."""
    found = []
    for value in estimator.get_params(deep=False).values():
        several = value if isinstance(value, list | tuple) else [value]
        for item in several:
            last = item[-1] if isinstance(item, tuple) and item else item
            if hasattr(last, "fit") and not isinstance(last, type):
                found.append(last)
    return found


def uses_weights(estimator: Any) -> bool:
    """Tell by a trial whether an estimator learns from sample_weight.

    Only for estimators that scikit-learn does not bring: a signature with
    `sample_weight` does not say whether it is used, and nothing else does. Each of 20
    samples stands there once with either label; the weights favour one label, then the
    other, and a classifier that uses them follows, even if it learns nothing but the
    shares of the labels. There is no cache, as the answer may hang on parameters.

    Parameters
    ----------
    estimator : classifier
        Not fitted; clones are trained on 40 rows of 2 numbers.

    Returns
    -------
    uses_weights : bool
        True also if it cannot be trained on numbers: then its signature counts.
    """
    X = np.repeat(np.linspace([-1.0, 0.0], [1.0, 0.5], 20), 2, axis=0)
    y = np.tile([0, 1], 20)
    followed = []
    # The user's seed of numpy's global generator must not depend on the trial.
    state = np.random.get_state()  # noqa: NPY002
    try:
        with warnings.catch_warnings(), config_context(enable_metadata_routing=False):
            warnings.simplefilter("ignore")
            for favoured in (0, 1):
                weight = np.where(y == favoured, 0.95, 0.05)
                fitted = clone(estimator).fit(X, y, sample_weight=weight)
                followed.append(np.mean(np.asarray(fitted.predict(X)) == favoured))
    except Exception:
        return True
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return float(np.mean(followed)) > 0.75
