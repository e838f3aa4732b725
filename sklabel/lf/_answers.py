"""The answers of language models as labeling functions."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._answer_columns import ReadColumn, short
from sklabel.lf._answer_names import ClassNames, read_names
from sklabel.lf._answer_parsing import JSON_KEYS, REFUSALS, AnswerParser
from sklabel.lf._answer_reading import NOT_KNOWN, REASONS, TWO_CLASSES
from sklabel.lf._base import BaseLFTransformer
from sklabel.utils._frames import as_pandas
from sklabel.utils._validation import (
    StrOptions,
    check_columns,
    first_few,
    is_integer,
    warn,
)
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._labels import tidy_text
from sklabel.votes._named import NamedVotes, code_dtype

# A column with so many answers, none of which is a vote, was read with other names.
_MANY_ANSWERS = 20


class AnswerLF(BaseLFTransformer):
    """Answers of language models as votes, one labeling function per column.

    A vote is what an answer says it is: the class alone, or first with an explanation
    after it ("bug: it crashes", "bug (high confidence)", "bug" and further lines), the
    class under a key of JSON, after "Label:" or "The label is", or behind the letter of
    an option. A class that a sentence merely mentions is no vote, two classes are none,
    and a refusal is none. A wrong vote costs a label model more than an abstention.
    `report` counts why answers abstain, and `unread` lists what they said, for aliases
    to be added.

    Parameters
    ----------
    classes : array-like of shape (n_classes,) or dict, default=None
        The classes, or a dict of the class to a list of what models call it as well:
        ``{"billing": ["invoice", "A"], "bug": ["B"]}``. Case, and the sign that joins
        words ("account access", "account_access"), do not matter where no two classes
        differ by it. A number or letter counts only if it is a class or an alias.
        Required by `fit`.
    columns : list of str or int, default=None
        Columns that hold answers, by name or position. None takes all, but for those
        in `finish_reasons`.
    json_keys : sequence of str, default=("label", "category", "class", "answer")
        Keys of JSON objects, also nested ones, and names of XML tags that hold the
        class. The first one that is there counts; no other may say another class.
    markers : sequence of str, default=None
        What stands before the class: the rest of the line after the last one must be
        a class, or begin with it. None: "label:", "category:", "class:", "answer:",
        "final answer:", "classification:", each also with "is:", and sentences such as
        "The category is bug", "Sentiment = positive" or "Topic - sport".
    refusals : sequence of str, default=None
        Regular expressions, searched in answers without case. None: about ten for
        English, such as "I cannot classify" and "as an AI". Empty for none.
    mentions : {'never', 'only', 'last'}, default='never'
        Whether a sentence that names a class is a vote for it: 'only', if it is the
        only class named; 'last', the last one named. Names in a negation ("not a
        bug") or a question do not count. This is a guess, which counts some
        answers that say something else.
    on_unparsed : {'abstain', 'raise'}, default='abstain'
        What to do with answers that name two classes or no known one: abstain, or
        raise an error that lists them. The empty, the refused and those cut off
        always abstain.
    finish_reasons : dict, default=None
        Column of answers to the column that says how each ended: 'stop', 'length',
        'content_filter'. Where an answer was cut off, it abstains, whatever it says; a
        reason that is not known counts as an error.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, in the order of `classes`.
    columns_ : list
        The columns that hold answers.
    n_features_in_ : int
        Number of columns of X that are read.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X that are read; only if X had string column names.

    See Also
    --------
    sklabel.io.read_openai_batch : Reads the files that hold such answers.
    LFTransformer : Any Python functions as labeling functions.

    Notes
    -----
    What is taken off before a text is compared: reasoning up to ``</think>``, signs of
    a turn ("``<|im_end|>``", "assistant:"), code fences, quotes, brackets, emphasis,
    bullets, HTML entities, a final full stop or exclamation mark. A question mark,
    three dots and strikethrough stay, so "bug?" is no vote. Names are compared whole:
    "non-toxic" is never "toxic". A class said again ("bug, bug") is one vote; two
    labels ("Label: bug", and "Label: billing" on the next line) are none, unless the
    last is called final or a line such as "No, wait" stands between.

    An explanation may name another class only to rule it out ("bug, not billing").
    Where it names one otherwise, doubts the class ("maybe", a question), or takes it
    back ("no,", "actually", "does not apply"), the answer abstains.

    *Other languages.* A class alone, under a key of JSON, after one of your `markers`,
    or first with an explanation after it is read in every script. That an explanation
    names another class, also inflected ("feindliche" for "feindlich"), or begins with a
    common word for no, not, or, but is seen in many languages; doubts, refusals and
    sentences such as "the label is" are known in English only.

    A cell may be a number or a bool (its text is compared: 1.0 is "1"), or an object
    of parsed JSON (dict, list). An exception, as collected from failed calls, counts as
    an error. Equal texts are parsed once.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel import AnswerLF
    >>> X = pd.DataFrame(
    ...     {"gpt": ["Bug.", '{"label": "billing"}', "not a bug"],
    ...      "claude": ["Label: **bug**", "invoice", None]}
    ... )
    >>> lf = AnswerLF({"billing": ["invoice"], "bug": []}).fit(X)
    >>> lf.transform(X).tolist()
    [['bug', 'bug'], ['billing', 'billing'], [None, None]]
    >>> print(lf.report(X).to_string(index=False))
        lf          reason  count         examples
       gpt            vote      2
       gpt class not known      1  'not a bug' (1)
    claude            vote      2
    claude           empty      1
    """

    _parameter_constraints = {
        "classes": ["array-like", dict, None],
        "columns": ["array-like", None],
        "json_keys": ["array-like"],
        "markers": ["array-like", None],
        "refusals": ["array-like", None],
        "mentions": [StrOptions({"never", "only", "last"})],
        "on_unparsed": [StrOptions({"abstain", "raise"})],
        "finish_reasons": [dict, None],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        classes: ArrayLike | Mapping[Any, Any] | None = None,
        *,
        columns: Sequence[str | int] | None = None,
        json_keys: Sequence[str] = JSON_KEYS,
        markers: Sequence[str] | None = None,
        refusals: Sequence[str] | None = None,
        mentions: str = "never",
        on_unparsed: str = "abstain",
        finish_reasons: Mapping[Any, Any] | None = None,
        sparse_output: bool = False,
    ) -> None:
        self.classes = classes
        self.columns = columns
        self.json_keys = json_keys
        self.markers = markers
        self.refusals = refusals
        self.mentions = mentions
        self.on_unparsed = on_unparsed
        self.finish_reasons = finish_reasons
        self.sparse_output = sparse_output

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> AnswerLF:
        """Check the names of the classes and the columns; nothing is learned.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns), or Series
            Answers.
        y : None
            Ignored.

        Returns
        -------
        self : AnswerLF
            The fitted transformer.

        Raises
        ------
        ValueError
            If there are no classes, a name stands for two of them, a pattern is not a
            regular expression, or a column is missing.
        TypeError
            If a name or an alias is neither text nor a number.
        """
        self._validate_params()
        self._check_texts()
        self.__dict__.pop("columns_", None)  # of an earlier fit
        table = self._table(X, reset=True)
        if self.classes is None:
            raise ValueError(
                "AnswerLF needs classes=[...], or a dict of each class to what else "
                f"models call it. Answers begin with {_seen(table)}."
            )
        classes, names = read_names(self.classes)
        self._names = names
        self.classes_ = classes
        self.columns_ = self._answer_columns(table)
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes that the answers are.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns), or Series
            Answers.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            -1, or not stored, for abstain; NamedVotes for classes that are strings or
            negative. Classes that are bools are 0 and 1.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If X lacks a column of `fit`, or with ``on_unparsed='raise'`` if an answer
            names two classes or none that is known.
        TypeError
            If a cell is neither text, a number nor an object of JSON.

        Warns
        -----
        UserWarning
            If a column has 20 answers or more, and less than half of those that do not
            refuse are votes.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        columns = list(self._read_columns(table))
        if self.on_unparsed == "raise":
            self._raise_unparsed(columns)
        codes = np.full(
            (len(table), len(columns)), -1, dtype=code_dtype(len(self.classes_))
        )
        for j, column in enumerate(columns):
            codes[:, j] = column.codes()
            self._warn_of_unread(column)
        return self._dense_as_votes(codes, self.classes_, table)

    def reasons(self, X: Any) -> pd.DataFrame:
        """Return, for each answer, whether it is a vote, or why it is not.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns), or Series
            Answers.

        Returns
        -------
        reasons : DataFrame of shape (n_samples, n_lfs)
            Categorical columns, named as the LFs: 'vote', 'empty', 'refusal', 'two
            classes', 'class not known', 'truncated' or 'error'.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        index = table.index if isinstance(table, pd.DataFrame) else None
        categories = pd.Index(REASONS)
        read = {
            j: pd.Categorical.from_codes(column.reasons(), categories)
            for j, column in enumerate(self._read_columns(table))
        }
        return pd.DataFrame(read, index=index).set_axis(
            self.get_feature_names_out(), axis=1
        )

    def report(self, X: Any, *, n_examples: int = 3) -> pd.DataFrame:
        """Count the answers of each column by what became of them.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns), or Series
            Answers.
        n_examples : int, default=3
            How many of the most frequent answers to show where they are not votes. Of
            'class not known', what stood in the place of a class.

        Returns
        -------
        report : DataFrame
            Columns lf, reason, count, examples; one row for each reason that occurs.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.

        See Also
        --------
        unread : All these answers, one per row.
        """
        check_is_fitted(self)
        rows = []
        for column in self._read_columns(self._table(X, reset=False)):
            counts, parts = column.tally()
            for reason in REASONS:
                if counts[reason]:
                    shown = ", ".join(
                        f"{short(part)!r} ({n})"
                        for part, n in parts[reason].most_common(n_examples)
                    )
                    rows.append((column.name, reason, counts[reason], shown))
        return pd.DataFrame(rows, columns=["lf", "reason", "count", "examples"])

    def unread(self, X: Any) -> pd.DataFrame:
        """List the answers that are not votes, the most frequent first.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_columns), or Series
            Answers.

        Returns
        -------
        unread : DataFrame
            Columns lf, reason, answer, count. Of an answer with a marker or JSON, what
            stood in the place of a class. Empty answers are not listed.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        check_is_fitted(self)
        rows = []
        for column in self._read_columns(self._table(X, reset=False)):
            parts = column.tally()[1]
            rows += [
                (column.name, reason, part, n)
                for reason in REASONS
                for part, n in parts[reason].items()
            ]
        unread = pd.DataFrame(rows, columns=["lf", "reason", "answer", "count"])
        return unread.sort_values(
            "count", ascending=False, kind="stable", ignore_index=True
        )

    def get_feature_names_out(
        self, input_features: Sequence[str] | None = None
    ) -> np.ndarray:
        """Return the names of the labeling functions.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Must be the columns of `fit` if given; the names do not depend on it.

        Returns
        -------
        names : ndarray of shape (n_lfs,), object
            The columns that hold answers; ``x0``, ``x1``, ... where they have no names.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        self._check_input_features(input_features)
        return np.asarray(list(map(self._lf_name, self.columns_)), dtype=object)

    def _lf_name(self, column: Any) -> str:
        return column if isinstance(column, str) else f"x{column}"

    def _check_texts(self) -> None:
        """Check the parameters that are lists of texts."""
        for name in ("json_keys", "markers", "refusals"):
            texts = getattr(self, name)
            if texts is None:
                continue
            for text in texts:
                if not isinstance(text, str) or not tidy_text(text):
                    raise ValueError(
                        f"{name} of AnswerLF must be a list of texts; it holds {text!r}"
                        f" ({type(text).__name__})."
                    )
        for pattern in self.refusals or ():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(
                    f"refusals of AnswerLF are regular expressions; {pattern!r} is "
                    f"none: {error}. Write re.escape(...) around plain text."
                ) from None

    def _table(self, X: Any, *, reset: bool) -> Any:
        """Return the columns of X that are read, answers and finish reasons."""
        X = as_pandas(X, where="X of AnswerLF")
        if isinstance(X, pd.Series):
            X = X.to_frame("answer" if X.name is None else X.name)
        elif _is_column_of_text(X):
            cells = np.empty(len(X), dtype=object)
            cells[:] = list(X)
            X = cells.reshape(-1, 1)
        if isinstance(X, list):
            # numpy would write the number of ["bug", 1] out as text.
            X = np.array(X, dtype=object)
        wanted = self._wanted_columns()
        if isinstance(X, pd.DataFrame) and wanted is not None:
            if all(isinstance(column, str) for column in wanted):
                check_columns(X, wanted, where="AnswerLF")
                X = X[wanted]
        elif wanted is not None and any(isinstance(c, str) for c in wanted):
            raise ValueError(
                f"columns={first_few(wanted)} are names, and the columns of the X "
                "passed to AnswerLF have none. Pass a DataFrame, or positions."
            )
        return self._check_samples(X, reset=reset)

    def _wanted_columns(self) -> list[Any] | None:
        """Return the columns to read; None for all."""
        if self.columns is None:
            return None
        columns: list[Any] = list(self.columns)
        if isinstance(self.columns, str) or not columns:
            raise ValueError(
                "columns of AnswerLF must be a list of names or positions; got "
                f"{self.columns!r}."
            )
        finish = self.finish_reasons or {}
        return [*columns, *(finish[c] for c in columns if c in finish)]

    def _answer_columns(self, table: Any) -> list[Any]:
        """Return names, or positions, of the columns that hold answers."""
        n_columns = table.shape[1]
        has_names = hasattr(self, "feature_names_in_")
        names = list(table.columns) if has_names else list(range(n_columns))
        finish = dict(self.finish_reasons or {})
        if self.columns is None:
            columns = [name for name in names if name not in set(finish.values())]
        else:
            columns = [
                names[int(c)] if is_integer(c) and -n_columns <= c < n_columns else c
                for c in self.columns
            ]
        if has_names:
            check_columns(table, names, where="AnswerLF")
        if len(set(columns)) < len(columns):
            raise ValueError(
                f"columns of AnswerLF must differ; got {first_few(columns)}."
            )
        missing = [c for c in [*columns, *finish, *finish.values()] if c not in names]
        if missing:
            raise ValueError(
                f"AnswerLF needs the column(s) {first_few(missing)}; X has "
                f"{first_few(names, 20)}."
            )
        strangers = [c for c in finish if c not in columns]
        if strangers or not columns:
            raise ValueError(
                "finish_reasons of AnswerLF names, for a column of answers, the column "
                f"that says how they ended; {first_few(strangers or finish)} is not "
                f"one of the columns of answers {first_few(columns)}."
            )
        return columns

    def _read_columns(self, table: Any) -> Iterator[ReadColumn]:
        """Read the columns of answers, one by one."""
        parser = AnswerParser(
            ClassNames(self._names),
            json_keys=list(self.json_keys),
            markers=None if self.markers is None else list(self.markers),
            refusals=list(REFUSALS if self.refusals is None else self.refusals),
            mentions=self.mentions,
        )
        for column in self.columns_:
            finish = (self.finish_reasons or {}).get(column)
            yield ReadColumn(
                self._lf_name(column),
                _cells(table, column),
                None if finish is None else _cells(table, finish),
                parser,
            )

    def _warn_of_unread(self, column: ReadColumn) -> None:
        """Warn if less than half of the answers of a column are votes."""
        n_votes, n_asked = column.n_read()
        if not n_votes:
            n_asked = column.n_answers()
        if n_asked < _MANY_ANSWERS or n_votes >= n_asked / 2:
            return
        if n_votes:
            what = f"Only {n_votes} of the {n_asked} answers of {column.name!r} "
            what += f"({n_votes / n_asked:.0%}; refusals apart) are votes"
        else:
            what = f"None of the {n_asked} answers of {column.name!r} is a vote"
        mention = "" if self.mentions != "never" else ", or mentions='only'"
        warn(
            f"{what} for {first_few(self.classes_)}; {column.summary()}. Give what "
            "models call the classes as aliases (classes={class: [...]}), the key of "
            f"JSON in json_keys, what stands before the class in markers{mention}. Or "
            "name the columns that hold answers. AnswerLF.unread(X) lists the rest."
        )

    def _raise_unparsed(self, columns: Sequence[ReadColumn]) -> None:
        """Raise if an answer names two classes, or none that is known."""
        for column in columns:
            counts, parts = column.tally()
            n_unread = counts[TWO_CLASSES] + counts[NOT_KNOWN]
            if n_unread:
                shown = [*parts[NOT_KNOWN].most_common(), *parts[TWO_CLASSES].items()]
                raise ValueError(
                    f"{n_unread} answer(s) of {column.name!r} are no vote for one of "
                    f"{first_few(self.classes_)}: "
                    f"{first_few([short(part) for part, _ in shown])}; first at row "
                    f"{column.first_unread()}. Add aliases (classes={{class: "
                    "[...]}), or abstain with on_unparsed='abstain'."
                )


def _is_column_of_text(X: Any) -> bool:
    """Tell whether X is a list or an array of one dimension that holds text."""
    if isinstance(X, np.ndarray):
        if X.ndim != 1:
            return False
    elif not isinstance(X, list | tuple):
        return False
    return any(isinstance(cell, str) for cell in X)


def _cells(table: Any, column: Any) -> np.ndarray | pd.Series:
    """Return a column by name or position."""
    if isinstance(table, pd.DataFrame):
        return table[column] if isinstance(column, str) else table.iloc[:, column]
    return table[:, column]


def _seen(table: Any) -> str:
    """Return the most frequent answers, short, for a message."""
    column = pd.DataFrame(table).iloc[:, 0].dropna()
    counts = Counter(short(str(cell)) for cell in column)
    return first_few([text for text, _ in counts.most_common(10)], 10)
