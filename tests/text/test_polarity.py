"""Polarity scores."""

# SPDX-License-Identifier: BSD-3-Clause

import sys
import threading

import numpy as np
import pytest

from sklabel.text import (
    _polarity,
    clear_polarity_cache,
    polarity_scores,
    set_polarity_cache_size,
)

textblob = pytest.importorskip("textblob")

PIECES = (  # noqa: SIM905
    "good;bad;not;very;really;never;no;great!;awful;terrible;horribly;(!);:-D;:(;"
    "n't;isn't;weather;RAIN;sunny;the;hot;cold;love;hate;!;?;a;best;worst;#win;"
    "@you;10;extremely;nice;slightly;😀;día;<b>;\n;.;...;,"
).split(";")


def random_texts(n_texts, seed):
    rng = np.random.default_rng(seed)
    return [
        " ".join(rng.choice(PIECES, size=rng.integers(0, 20))) for _ in range(n_texts)
    ]


@pytest.fixture(autouse=True)
def empty_cache():
    clear_polarity_cache()
    yield
    clear_polarity_cache()


def test_equal_to_textblob():
    texts = ["", " ", "not bad", "a-00193480", *random_texts(500, 0)]
    expected = np.array([textblob.TextBlob(text).polarity for text in texts])
    scores = polarity_scores(texts)
    assert scores.dtype == np.float64
    np.testing.assert_array_equal(scores, expected)
    assert len(np.unique(scores)) > 100


def test_missing_is_nan():
    np.testing.assert_array_equal(
        polarity_scores([None, "good", None]), [np.nan, 0.7, np.nan]
    )
    assert polarity_scores([]).shape == (0,)


def test_each_text_is_scored_once(monkeypatch):
    calls = []
    monkeypatch.setattr(
        _polarity, "_polarity_function", lambda: lambda t: calls.append(t) or 0.5
    )
    polarity_scores(["a", "b", "a"])
    polarity_scores(["b", "c"])
    assert calls == ["a", "b", "c"]
    clear_polarity_cache()
    polarity_scores(["c"])
    assert calls == ["a", "b", "c", "c"]


def test_cache_can_be_switched_off(monkeypatch):
    calls = []
    monkeypatch.setattr(
        _polarity, "_polarity_function", lambda: lambda t: calls.append(t) or 0.5
    )
    previous = set_polarity_cache_size(0)
    try:
        polarity_scores(["a", "a"])
        polarity_scores(["a"])
    finally:
        set_polarity_cache_size(previous)
    assert calls == ["a", "a"]
    with pytest.raises(ValueError, match="0 or more"):
        set_polarity_cache_size(-1)


def test_threads_agree():
    texts = random_texts(200, 1)
    expected = polarity_scores(texts)
    clear_polarity_cache()
    results = {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: polarity_scores(texts)}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for scores in results.values():
        np.testing.assert_array_equal(scores, expected)


def test_falls_back_to_blobs(monkeypatch):
    import textblob.en

    monkeypatch.delattr(textblob.en, "polarity")
    assert polarity_scores(["good"]) == [0.7]


def test_missing_library_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "textblob.en", None)
    monkeypatch.setitem(sys.modules, "textblob", None)
    with pytest.raises(ImportError, match=r'PolarityLF.*pip install "sklabel\[text\]"'):
        polarity_scores(["good"])
