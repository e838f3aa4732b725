"""Labeling functions from keywords and regular expressions."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklabel.base import all_or_nothing
from sklabel.lf._base import BaseLFTransformer
from sklabel.text._columns import read_texts
from sklabel.text._matching import matcher_of, plain_text
from sklabel.utils._validation import StrOptions, first_few, plain, warn
from sklabel.votes._cast import CastVotes
from sklabel.votes._forms import VoteMatrix
from sklabel.votes._labels import check_classes, in_natural_order
from sklabel.votes._named import NamedVotes


class _Pattern(NamedTuple):
    """One pattern: the name of its LF, the class that it votes for, and its text."""

    name: str
    label: Any
    text: str
    where: str


class RegexLFTransformer(BaseLFTransformer):
    r"""Labeling functions that vote where a text holds a keyword or matches a pattern.

    For lists of words that speak for a class. Thousands of keywords cost little more
    than a few: a text is cut into words once. Keywords know nothing of negation or
    irony; use them beside other labeling functions.

    Parameters
    ----------
    patterns : dict or list of (name, class, pattern) tuples
        A dict maps each class to a list of its patterns, or to a single one. The LFs
        of a list have names of their own. `fit` raises if it is None or empty, or if
        two classes have the same pattern; of a pattern that repeats in a class, the
        first is used, with a warning.
    column : str or int, default=None
        Column of X that holds the text. If None, X must have one column; the cells of
        a row of an array without column names are joined by a space.
    kind : {'keyword', 'regex'}, default='keyword'
        'keyword': a pattern is looked for as it is, see Notes. 'regex': it is a
        regular expression of :mod:`re`, searched anywhere in the text.
    whole_words : bool, default=True
        Whether 'art' hits the word 'art' only, and not 'party'. Of no effect on
        keywords of scripts without blanks between words (Chinese, Japanese, Thai and
        others), which hit anywhere, nor on regular expressions, which have ``\b``.
    case_sensitive : bool, default=False
        Whether case matters. A regular expression may begin with ``(?i)``.
    output : {'pattern', 'class'}, default='pattern'
        'pattern': one LF for each pattern, for the label model to find out which are
        good. 'class': one LF for each class that has patterns, which votes where any
        of them hits; for patterns so rare that nothing can be learned of each.
    classes : array-like of shape (n_classes,), default=None
        All classes, with those of the patterns among them. If None, the classes of the
        patterns in natural order.
    sparse_output : bool, default=False
        Return a :class:`~sklabel.votes.VoteMatrix` (CSR; an entry that is not stored
        is an abstention) instead of a dense array. Set it with many patterns: no dense
        matrix is made then.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    patterns_ : DataFrame with the columns name, class, pattern
        The patterns that are used, in order.
    n_features_in_ : int
        Number of columns of X; 1 if `column` names one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Columns of X that are read; only if X had string column names.

    See Also
    --------
    LFTransformer : Any functions as labeling functions.
    PolarityLFTransformer : The polarity of texts in English.
    sklabel.inspection.lf_summary : Coverage, overlaps and conflicts of each LF.

    Notes
    -----
    A missing text (None, NaN, pd.NA) gets abstentions. Patterns do not hide each other:
    a text with 'New York' is hit by 'new york' and by 'york'.

    *Keywords.* Text and keyword are compared with case folded as Unicode says
    ('STRASSE' hits 'Straße'), accents in composed form, one space for any run of
    blanks, plain apostrophes and hyphens for typographic ones, and without soft hyphens
    and other characters of no width, as those that choose the look of an emoji. Accents
    count: 'cafe' does not hit 'café'; give both. A word is a run of letters, digits,
    underscores and accents. Anything else is a border, hyphens and apostrophes too:
    'free' hits 'sugar-free', and 'can' hits "can't". Where a keyword itself begins or
    ends with such a sign, no border is asked for there: ':)' hits 'fine:)', and 'c++'
    hits 'c++11' but not 'abc++'. Blanks around a keyword do not count.

    *Regular expressions.* They see the text as it is, except that case is ignored
    unless `case_sensitive`. Where there are many, the letters that a match must hold,
    as 'now' in ``(buy|sell) now``, are looked for first; an expression without three
    such letters in a row is searched in every text. One that can match nothing, as
    ``x*``, hits every text. Nested repeats such as ``(a+)+$`` can
    take exponential time in the length of a text, and nothing stops them: make the
    inner part unambiguous, or possessive, ``(?:a++)+$``.

    *Memory.* A dense result takes n_samples * n_lfs bytes.

    Examples
    --------
    >>> from sklabel import RegexLFTransformer
    >>> lfs = RegexLFTransformer({"spam": ["free", "buy now"], "ham": ["thanks"]})
    >>> lfs.fit_transform(["Buy  now, it's FREE!", "Freedom", "Thanks, Ann"]).tolist()
    [['spam', 'spam', None], [None, None, None], [None, None, 'ham']]
    >>> lfs.get_feature_names_out()
    array(['free', 'buy now', 'thanks'], dtype=object)
    """

    _parameter_constraints = {
        "patterns": [Mapping, list, tuple, None],
        "column": [str, Integral, None],
        "kind": [StrOptions({"keyword", "regex"})],
        "whole_words": ["boolean"],
        "case_sensitive": ["boolean"],
        "output": [StrOptions({"pattern", "class"})],
        "classes": ["array-like", None],
        "sparse_output": ["boolean"],
    }

    def __init__(
        self,
        patterns: Mapping[Any, Any] | Sequence[tuple[str, Any, str]] | None = None,
        column: str | int | None = None,
        *,
        kind: str = "keyword",
        whole_words: bool = True,
        case_sensitive: bool = False,
        output: str = "pattern",
        classes: ArrayLike | None = None,
        sparse_output: bool = False,
    ) -> None:
        self.patterns = patterns
        self.column = column
        self.kind = kind
        self.whole_words = whole_words
        self.case_sensitive = case_sensitive
        self.output = output
        self.classes = classes
        self.sparse_output = sparse_output

    @all_or_nothing
    def fit(self, X: Any, y: Any = None) -> RegexLFTransformer:
        """Check the patterns and the text column; there is nothing to learn.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features) or (n_samples,)
            Texts.
        y : None
            Ignored.

        Returns
        -------
        self : RegexLFTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            If there is no pattern, one is empty or not a valid regular expression, two
            classes have the same one, a class is not among `classes`, or the column is
            missing or unclear.
        TypeError
            If a pattern or a cell is not text.

        Warns
        -----
        UserWarning
            If a pattern repeats in a class.
        """
        self._validate_params()
        patterns = self._without_repeats(list(_listed(self.patterns)))
        read_texts(self, X, self.column, reset=True)
        self.classes_, at = _read_classes(patterns, self.classes)
        self.patterns_ = pd.DataFrame(
            {
                "name": [p.name for p in patterns],
                "class": self.classes_[at].astype(object),
                "pattern": [p.text for p in patterns],
            }
        )
        return self

    def transform(self, X: Any) -> np.ndarray | NamedVotes | VoteMatrix:
        """Return the votes: the class of each pattern that hits.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features) or (n_samples,)
            Texts.

        Returns
        -------
        votes : ndarray, NamedVotes or VoteMatrix of shape (n_samples, n_lfs)
            -1, or not stored, for abstain; NamedVotes for classes that are strings or
            negative.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the column of `fit` is missing.
        TypeError
            If a cell is not text.
        """
        check_is_fitted(self)
        indptr, pattern = self._hits(X)
        at = self._class_positions()
        voters = np.unique(at)
        if self.output == "pattern":
            cast = CastVotes(indptr, pattern, at[pattern], len(at), self.classes_)
            return self._as_votes(cast, X)
        row = np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))
        # Each class once in a row, whatever number of its patterns hit.
        row, value = np.divmod(
            np.unique(row * len(self.classes_) + at[pattern]), len(self.classes_)
        )
        counts = np.bincount(row, minlength=len(indptr) - 1)
        indptr = np.concatenate([[0], np.cumsum(counts)])
        lf = np.searchsorted(voters, value).astype(np.int32)
        return self._as_votes(
            CastVotes(indptr, lf, value, len(voters), self.classes_), X
        )

    def count_hits(self, X: Any) -> pd.DataFrame:
        """Count the texts that each pattern hits, also with ``output='class'``.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_samples, n_features) or (n_samples,)
            Texts.

        Returns
        -------
        hits : DataFrame with the columns name, class, pattern, n_hits
            One row for each pattern, in order. Sort by `n_hits` to find those that hit
            nothing, or too much.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        ValueError
            If the column of `fit` is missing.
        TypeError
            If a cell is not text.
        """
        check_is_fitted(self)
        _, pattern = self._hits(X)
        counts = np.bincount(pattern, minlength=len(self.patterns_))
        return self.patterns_.assign(n_hits=counts)

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
            The names of the patterns, for those of a dict the patterns themselves; for
            ``output='class'`` the classes that have patterns, in the order of
            `classes_`.

        Raises
        ------
        NotFittedError
            If the transformer is not fitted.
        """
        self._check_input_features(input_features)
        if self.output == "pattern":
            return self.patterns_["name"].to_numpy(dtype=object, copy=True)
        voters = self.classes_[np.unique(self._class_positions())]
        return np.array([str(label) for label in voters.tolist()], dtype=object)

    def _class_positions(self) -> np.ndarray:
        """Return the position in `classes_` of the class of each pattern."""
        order = {label: k for k, label in enumerate(self.classes_.tolist())}
        return np.array([order[label] for label in self.patterns_["class"]])

    def _hits(self, X: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return what hits each text, as row pointers and ascending columns."""
        matcher = matcher_of(
            tuple(self.patterns_["pattern"]),
            kind=self.kind,
            whole_words=self.whole_words,
            case_sensitive=self.case_sensitive,
        )
        texts = read_texts(self, X, self.column, reset=False)
        found = array("i")
        indptr = np.zeros(len(texts) + 1, dtype=np.int64)
        for i, text in enumerate(texts, 1):
            if text is not None:
                found.extend(sorted(matcher.hits(text)))
            indptr[i] = len(found)
        return indptr, np.frombuffer(found, dtype=np.int32) if found else _NO_HIT

    def _without_repeats(self, patterns: list[_Pattern]) -> list[_Pattern]:
        """Check the patterns and their names; return each of them once."""
        if not patterns:
            raise ValueError(
                "RegexLFTransformer has no labeling function: patterns is "
                f"{'None' if self.patterns is None else 'empty'}. Pass a dict such as "
                "{'spam': ['free', 'buy now']}, or a list of (name, class, pattern)."
            )
        first: dict[str, _Pattern] = {}
        repeated = []
        for pattern in patterns:
            other = first.setdefault(self._checked(pattern), pattern)
            if other is pattern:
                continue
            if other.label != pattern.label:
                raise ValueError(
                    f"The pattern {pattern.text!r} stands for two classes, "
                    f"{plain(other.label)!r} ({other.where}) and "
                    f"{plain(pattern.label)!r} ({pattern.where}), and would vote for "
                    "both wherever it hits. Leave it to one of them."
                )
            repeated.append(pattern.text)
        if repeated:
            warn(
                f"{len(repeated)} pattern(s) repeat in their class and are used once: "
                f"{first_few(repeated)}."
            )
        names = pd.Index([pattern.name for pattern in first.values()])
        if names.has_duplicates:
            raise ValueError(
                "Labeling functions need distinct names; these repeat: "
                f"{first_few(names[names.duplicated()].unique())}."
            )
        return list(first.values())

    def _checked(self, pattern: _Pattern) -> str:
        """Check one pattern; return what it has in common with its repeats."""
        if self.kind == "regex":
            if not pattern.text:
                raise ValueError(f"{pattern.where} is empty, and would hit every text.")
            try:
                re.compile(pattern.text)
            except re.error as error:
                raise ValueError(
                    f"{pattern.where}, {pattern.text!r}, is not a valid regular "
                    f"expression: {error}. Mend it, or pass kind='keyword' to look "
                    "for the characters themselves."
                ) from error
            return pattern.text
        keyword = plain_text(pattern.text, case_sensitive=self.case_sensitive)
        if not keyword:
            raise ValueError(
                f"{pattern.where} is {pattern.text!r}, which has no character to look "
                "for. Leave it out."
            )
        if not self.whole_words and pattern.text.strip() != pattern.text:
            raise ValueError(
                f"{pattern.where}, {pattern.text!r}, has blanks around it, which do "
                "not count. Strip them; to ask for borders of words, pass "
                "whole_words=True."
            )
        return keyword


_NO_HIT = np.zeros(0, dtype=np.int32)


def _listed(patterns: Any) -> Iterator[_Pattern]:
    """Yield the patterns of a dict or list, or say what is not one."""
    if isinstance(patterns, Mapping):
        for label, given in patterns.items():
            texts = [given] if isinstance(given, str) else given
            if isinstance(texts, set | frozenset):
                texts = sorted(texts, key=str)  # the order of a set changes
            if not isinstance(texts, Iterable) or isinstance(texts, bytes | Mapping):
                raise TypeError(
                    f"patterns must map each class to a list of patterns; got "
                    f"{given!r:.80} for the class {plain(label)!r}."
                )
            for position, text in enumerate(texts):
                where = f"Pattern {position} of class {plain(label)!r}"
                yield _Pattern(_text(text, where), label, _text(text, where), where)
        return
    for position, entry in enumerate(patterns or ()):
        if not (isinstance(entry, tuple | list) and len(entry) == 3):
            raise TypeError(
                "patterns must be a dict of lists, or a list of (name, class, pattern) "
                f"tuples; got {entry!r:.80} at position {position}."
            )
        name, label, text = entry
        if not isinstance(name, str) or not name:
            raise TypeError(
                f"The name of the pattern at position {position} must be a string; got "
                f"{name!r:.80}. A tuple is (name, class, pattern)."
            )
        where = f"Pattern {name!r}"
        yield _Pattern(str(name), label, _text(text, where), where)


def _text(value: Any, where: str) -> str:
    """Return a pattern as a plain string."""
    if not isinstance(value, str):
        hint = ""
        if isinstance(value, re.Pattern):
            hint = " Pass its text, with flags in it, as '(?s)', and kind='regex'."
        raise TypeError(
            f"{where} must be a string; got {type(value).__name__}: {value!r:.80}."
            f"{hint}"
        )
    return str(value)


def _read_classes(
    patterns: list[_Pattern], classes: ArrayLike | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return all classes, and the position of the class of each pattern."""
    distinct = list(dict.fromkeys(pattern.label for pattern in patterns))
    own = check_classes(distinct)
    known = in_natural_order(own) if classes is None else check_classes(classes)
    if known.dtype.kind == "f":
        raise ValueError(
            "Classes of RegexLFTransformer must be strings or integers; got "
            f"{known.tolist()!r}."
        )
    order = {label: k for k, label in enumerate(known.tolist())}
    absent = [label for label in own.tolist() if label not in order]
    if absent:
        raise ValueError(
            f"patterns has classes that are not in classes={known.tolist()}: "
            f"{first_few(absent)}. Add them, or leave their patterns out."
        )
    at = {d: order[o] for d, o in zip(distinct, own.tolist(), strict=True)}
    return known, np.array([at[pattern.label] for pattern in patterns])
