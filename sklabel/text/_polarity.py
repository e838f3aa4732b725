"""Text to polarity score, with TextBlob and a cache for the whole process."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import numpy as np

from sklabel.text._cache import BoundedCache
from sklabel.utils._optional import import_optional

_CACHE: BoundedCache[str, float] = BoundedCache(100_000)
_CACHE.survive_forks()
_LEXICON_LOCK = threading.Lock()


def polarity_scores(texts: Sequence[str | None]) -> np.ndarray:
    """Polarity of each text: the value of ``textblob.TextBlob(text).polarity``.

    A text is scored once per process and then read from a cache that all threads
    share (see `set_polarity_cache_size`), so a grid search over thresholds costs
    no more than one fit.

    Parameters
    ----------
    texts : sequence of str or None, length n_samples
        The texts. None stands for a missing text.

    Returns
    -------
    scores : ndarray of shape (n_samples,), dtype float64
        Polarity from -1 (negative) to 1 (positive). 0 for a text without words that
        the lexicon knows, also for an empty one. NaN where the text is missing.

    Raises
    ------
    ImportError
        If textblob is not installed.
    """
    unique = dict.fromkeys(text for text in texts if text is not None)
    known = _CACHE.get_many(unique)
    new = [text for text in unique if text not in known]
    if new:
        polarity = _polarity_function()
        scored = {text: float(polarity(text)) for text in new}
        _CACHE.put_many(scored)
        known |= scored
    missing = float("nan")
    return np.array(
        [missing if text is None else known[text] for text in texts], dtype=np.float64
    )


def clear_polarity_cache() -> None:
    """Forget all polarity scores of this process."""
    _CACHE.clear()


def set_polarity_cache_size(n_texts: int) -> int:
    """Change how many texts the cache of polarity scores holds.

    Parameters
    ----------
    n_texts : int
        Number of distinct texts, 100,000 at the start. 0 switches the cache off.

    Returns
    -------
    previous : int
        The size before the call, for setting it back.

    Raises
    ------
    ValueError
        If `n_texts` is negative.
    """
    if n_texts < 0:
        raise ValueError(f"n_texts must be 0 or more. Got {n_texts!r} instead.")
    return _CACHE.resize(n_texts)


def _polarity_function() -> Callable[[str], float]:
    """Return TextBlob's scorer with its lexicon loaded.

    ``TextBlob(text).polarity`` calls the same scorer, and also builds a blob and a
    namedtuple class for each text. The scorer loads its lexicon at the first text and
    without a lock: a second thread would read a half-filled one.
    """
    english = import_optional(
        "textblob.en", needed_by="PolarityLFTransformer", extra="text"
    )
    sentiment = getattr(english, "sentiment", None)
    if sentiment is None or not hasattr(english, "polarity"):
        return _polarity_of_blob
    with _LEXICON_LOCK:
        len(sentiment)
    return english.polarity


def _polarity_of_blob(text: str) -> float:
    textblob = import_optional(
        "textblob", needed_by="PolarityLFTransformer", extra="text"
    )
    return textblob.TextBlob(text).polarity
