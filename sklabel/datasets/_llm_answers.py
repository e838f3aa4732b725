"""Simulated answers of language models that are asked for a class."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.utils import Bunch, check_random_state

from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import check_integer, check_share, first_few
from sklabel.votes._labels import check_classes, in_natural_order

_ACCURACY = {
    "model_a": 0.85,
    "model_b": 0.82,
    "model_c": 0.80,
    "model_d": 0.78,
    "model_e": 0.75,
    "model_f": 0.72,
    "model_g": 0.70,
    "model_h": 0.68,
    "weak": 0.62,
}
_N_ANSWERS = {"weak": 5}

# A model keeps to a form of its own in most of its answers.
_OWN_FORM = 0.8
_FORMS = (
    "{label}",
    "{label}.",
    "**Answer:** {label}",
    '```json\n{{"label": "{label}"}}\n```',
    '{{"reason": "the wording is clear", "label": "{label}"}}',
    "It may look like {other} at first sight, but the wording as a whole says "
    "something else.\n\nLabel: {label}",
    "<think>\nIs it {other}? The last words speak against it.\n</think>\n{label}",
)
# What names no class, or two.
_NO_VOTES = (
    "I'm sorry, but I can't classify this text.",
    "As an AI language model, I cannot determine what the author meant.",
    "I'm not sure. There is too little context.",
    "It could be {label} or {other}.",
    "Mixed",
    '```json\n{{"label": "',
    "Let me go through the text step by step. First, the author",
    "",
    None,
)


def make_llm_answers(
    y: ArrayLike,
    *,
    classes: ArrayLike | None = None,
    accuracy: Mapping[str, float] | None = None,
    n_answers: Mapping[str, int] | None = None,
    copy_probability: float = 0.9,
    no_vote_rate: float = 0.08,
    random_state: int | RandomState | None = None,
) -> Bunch:
    r"""Simulate answers of language models to the question for a class.

    No language model wrote these answers: they are drawn from a few templates, for
    examples and tests that run without one. Models err independently of each other,
    given the class; real ones share many errors. What a method gains here is no
    evidence on real models.

    Parameters
    ----------
    y : array-like of shape (n_samples,)
        True class of each sample. The index of a Series is that of the answers.
    classes : array-like of shape (n_classes,), default=None
        The classes that a wrong answer can name, two or more. If None, those in `y`.
    accuracy : dict of str to float, default=None
        Name of each model, and the probability that its opinion is right; a wrong one
        is each of the other classes with equal probability. None: 'model_a' to
        'model_h', .85 down to .68, and 'weak', .62.
    n_answers : dict of str to int, default=None
        Models that are asked several times, and how often: 'weak' gives the columns
        'weak_1', 'weak_2', ... None: five times 'weak', with the default of
        `accuracy`; else each model once.
    copy_probability : float, default=0.9
        Probability that an answer of a model that is asked several times repeats the
        one opinion that this model has on a sample; else it is drawn anew.
    no_vote_rate : float, default=0.08
        Probability that an answer says no class: it refuses, is unsure, is cut off or
        empty.
    random_state : int, RandomState instance or None, default=None
        Seed of all draws.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with

        answers : DataFrame of shape (n_samples, n_columns)
            Free text: the class alone, after "Answer:", in JSON, after a reason that
            names another class, or none; None for no answer at all.
        labels : DataFrame of shape (n_samples, n_columns)
            The class that each answer says, None if it says none. It is what a reader
            of answers should find.
        groups : dict of str to str
            Column to model, for the columns of models that are asked several times:
            ``groups`` of :class:`~sklabel.LabelModel`.
        accuracy : dict of str to float
            The probabilities that were used.

    Raises
    ------
    ValueError
        If `y` has missing entries or a class that is not in `classes`, there are less
        than two classes or no model, `n_answers` names a model that is not there, or a
        number is out of range.

    See Also
    --------
    sklabel.AnswerLF : Reads such answers as votes.
    make_lf_votes : Votes without text.

    Examples
    --------
    >>> from sklabel.datasets import make_llm_answers
    >>> data = make_llm_answers(
    ...     ["ham", "spam", "ham"], accuracy={"good": 1.0, "weak": 0.5},
    ...     n_answers={"weak": 2}, random_state=0
    ... )
    >>> data.labels
       good weak_1 weak_2
    0   ham   spam   spam
    1  spam   spam   spam
    2   ham   spam   spam
    >>> data.answers["good"][0]
    '```json\n{"label": "ham"}\n```'
    >>> data.groups
    {'weak_1': 'weak', 'weak_2': 'weak'}
    """
    if accuracy is None:
        accuracy = _ACCURACY
        n_answers = _N_ANSWERS if n_answers is None else n_answers
    accuracy = _check_accuracy(accuracy)
    columns = _columns_of(accuracy, n_answers or {})
    copy_probability = check_share(copy_probability, "copy_probability")
    no_vote_rate = check_share(no_vote_rate, "no_vote_rate")
    truth = _read_truth(y)
    names, code = _encode(truth, classes)
    rng = check_random_state(random_state)

    n_samples, n_classes = len(code), len(names)
    labels, answers, groups = {}, {}, {}
    for model, own in columns.items():
        opinion = _draw_opinion(code, accuracy[model], n_classes, rng)
        form = rng.randint(len(_FORMS))
        for column in own:
            said = opinion
            if len(own) > 1:
                groups[column] = model
                anew = rng.uniform(size=n_samples) >= copy_probability
                again = _draw_opinion(code, accuracy[model], n_classes, rng)
                said = np.where(anew, again, opinion)
            votes = rng.uniform(size=n_samples) >= no_vote_rate
            answers[column] = _write(said, votes, form, names, rng)
            labels[column] = np.where(votes, names[said], None)
    return Bunch(
        answers=pd.DataFrame(answers, index=truth.index, dtype=object),
        labels=pd.DataFrame(labels, index=truth.index, dtype=object),
        groups=groups,
        accuracy=accuracy,
    )


def _check_accuracy(accuracy: Any) -> dict[str, float]:
    if not isinstance(accuracy, Mapping) or len(accuracy) == 0:
        raise ValueError(
            "accuracy must be a dict of the name of each model to its accuracy, with "
            f"one model at least. Got {accuracy!r} instead."
        )
    return {
        str(model): check_share(value, f"accuracy[{model!r}]")
        for model, value in accuracy.items()
    }


def _columns_of(
    accuracy: Mapping[str, float], n_answers: Mapping[str, int]
) -> dict[str, list[str]]:
    """Return the columns of each model."""
    unknown = [model for model in n_answers if model not in accuracy]
    if unknown:
        raise ValueError(
            f"n_answers names models that are not in accuracy: {first_few(unknown)}. "
            f"The models are {first_few(list(accuracy))}."
        )
    columns = {}
    for model in accuracy:
        n = check_integer(n_answers.get(model, 1), f"n_answers[{model!r}]", low=1)
        columns[model] = [f"{model}_{k + 1}" for k in range(n)] if n > 1 else [model]
    every = [column for own in columns.values() for column in own]
    repeated = [name for name in dict.fromkeys(every) if every.count(name) > 1]
    if repeated:
        raise ValueError(
            f"Two columns would be called {first_few(repeated)}. Rename a model."
        )
    return columns


def _read_truth(y: Any) -> pd.Series:
    """Return the true classes as a Series without gaps."""
    given = as_pandas(y, where="y")
    if not isinstance(given, pd.Series):
        # Of a list, NaN beside texts would become the text "nan".
        is_array = hasattr(given, "dtype")
        values = np.asarray(given, dtype=None if is_array else object)
        if values.ndim != 1:
            raise ValueError(
                "y must have one dimension, a class for each sample. Got an array of "
                f"shape {values.shape} instead."
            )
        given = pd.Series(values)
    missing = given.isna().to_numpy()
    if missing.any():
        raise ValueError(
            f"y has no class in {int(missing.sum())} rows, first row "
            f"{int(np.argmax(missing))}. Leave these rows out."
        )
    return given


def _encode(truth: pd.Series, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes as objects, and the position of each row's class."""
    values = in_natural_order(truth.unique()) if classes is None else classes
    names = np.array(check_classes(values).tolist(), dtype=object)
    if pd.api.types.infer_dtype(values) == "boolean":
        # A model answers "True", not "1".
        names = names.astype(bool).astype(object)
    if len(names) < 2:
        raise ValueError(
            "There must be two classes at least, for a wrong answer to name another "
            f"one. Got {first_few(names)}; pass classes=[...]."
        )
    code = pd.Index(names).get_indexer(truth.to_numpy(dtype=object))
    if (code < 0).any():
        others = truth.to_numpy(dtype=object)[code < 0]
        raise ValueError(
            f"y has classes that are not among {first_few(names)}: "
            f"{first_few(pd.unique(others))}."
        )
    return names, code


def _draw_opinion(
    code: np.ndarray, accuracy: float, n_classes: int, rng: RandomState
) -> np.ndarray:
    is_right = rng.uniform(size=len(code)) < accuracy
    wrong = (code + rng.randint(1, n_classes, size=len(code))) % n_classes
    return np.where(is_right, code, wrong)


def _write(
    said: np.ndarray, votes: np.ndarray, form: int, names: np.ndarray, rng: RandomState
) -> list[str | None]:
    """Return the answer of each row: a form for its class, or one for none."""
    n_samples, n_classes = len(said), len(names)
    keeps_form = rng.uniform(size=n_samples) < _OWN_FORM
    forms = np.where(keeps_form, form, rng.randint(len(_FORMS), size=n_samples))
    no_votes = rng.randint(len(_NO_VOTES), size=n_samples)
    others = (said + rng.randint(1, n_classes, size=n_samples)) % n_classes
    answers = []
    for row in range(n_samples):
        template = _FORMS[forms[row]] if votes[row] else _NO_VOTES[no_votes[row]]
        if template is not None:
            label, other = str(names[said[row]]), str(names[others[row]])
            template = template.format(label=label, other=other)
        answers.append(template)
    return answers
