"""RegexLFTransformer on many patterns against pandas, one pattern at a time.

Prints the seconds of `transform` on generated short texts, and in the same run the
seconds that ``Series.str.contains`` takes for some of the patterns, scaled to all.

    python benchmarks/regex_lfs.py
    python benchmarks/regex_lfs.py --texts 1000000
"""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from sklabel import RegexLFTransformer

# So many patterns are searched with pandas; all of them would take minutes to hours.
N_PANDAS = 20


def make_texts(n_texts: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Return texts of 5 to 20 words, drawn as often as Zipf says, and the words."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    drawn = {"".join(rng.choice(letters, size=n)) for n in rng.integers(3, 10, 30_000)}
    words = np.array(sorted(drawn))
    rng.shuffle(words)
    share = 1 / np.arange(1, len(words) + 1)
    n_words = rng.integers(5, 21, size=n_texts)
    chosen = words[rng.choice(len(words), size=n_words.sum(), p=share / share.sum())]
    ends = np.cumsum(n_words)
    texts = [
        " ".join(chosen[end - n : end].tolist()).capitalize() + "."
        for n, end in zip(n_words, ends, strict=True)
    ]
    return texts, words


def make_keywords(words: np.ndarray, n: int, seed: int) -> list[str]:
    """Return single words and, one in four, pairs of words; no very common ones."""
    rng = np.random.default_rng(seed)
    single = rng.choice(words[50:], size=n - n // 4, replace=False).tolist()
    pairs = rng.choice(words[:2_000], size=(n // 4, 2), replace=False)
    return [*single, *(" ".join(pair) for pair in pairs.tolist())]


def seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=100_000)
    parser.add_argument("--patterns", type=int, default=3_000)
    args = parser.parse_args()

    texts, words = make_texts(args.texts, seed=0)
    keywords = make_keywords(words, args.patterns, seed=1)
    column = pd.Series(texts)
    half = len(keywords) // 2
    borders = [rf"\b{re.escape(keyword)}\b" for keyword in keywords]
    print(f"{args.texts:,} texts x {args.patterns:,} patterns, seconds")
    for name, patterns, params in (
        ("keywords, whole words", keywords, {}),
        ("keywords, anywhere", keywords, {"whole_words": False}),
        ("regular expressions", borders, {"kind": "regex"}),
    ):
        lfs = RegexLFTransformer(
            {"a": patterns[:half], "b": patterns[half:]}, sparse_output=True, **params
        ).fit(texts)
        ours = seconds(lambda lfs=lfs: lfs.transform(texts))
        votes = lfs.transform(texts[:1_000])
        some = np.linspace(0, len(patterns) - 1, N_PANDAS).astype(int)
        searched = patterns if name == "regular expressions" else borders
        if params.get("whole_words") is False:
            searched = [re.escape(keyword) for keyword in keywords]
        found = {}

        def search(some=some, searched=searched, found=found) -> None:
            for k in some:
                found[k] = column.str.contains(searched[k], case=False, regex=True)

        theirs = seconds(search) * len(patterns) / N_PANDAS
        for k in some:
            expected = found[k].to_numpy()[:1_000]
            assert np.array_equal(~votes[:, [k]].toarray().isna().ravel(), expected)
        print(f"{name:24} {ours:8.1f}   pandas {theirs:10.0f}   {theirs / ours:6.0f} x")


if __name__ == "__main__":
    main()
