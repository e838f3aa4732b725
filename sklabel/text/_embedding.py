"""From texts to vectors: tokens, batches of equal length, pooling."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from sklabel.text._model_store import LiveModel
from sklabel.utils._optional import import_optional

# One call on 100,000 texts needs 565 MB.
_TOKENIZER_CHUNK = 4_096
# Fewer rows than this in one matrix product may take another kernel of the BLAS, with
# other rounding: there the first batch of a length is compared with single texts.
_SHORT = 16


@dataclass(frozen=True)
class Recipe:
    """How tokens become one vector.

    Parameters
    ----------
    pooling : {"mean", "cls", "max"}
        How the vectors of the tokens become one.
    layer : int
        Index into the hidden states of the model.
    add_special_tokens : bool
        Whether the model sees them.
    max_length : int or None
        Tokens after which a text is cut. None: never.
    """

    pooling: str
    layer: int
    add_special_tokens: bool
    max_length: int | None


def embed(
    live: LiveModel,
    texts: Sequence[str],
    recipe: Recipe,
    *,
    n_features: int,
    batch_size: int,
    on_progress: Callable[[int], object],
) -> tuple[np.ndarray, np.ndarray]:
    """Embed texts.

    A batch holds texts of exactly the same number of tokens, so there is no padding
    and no mask, and on a CPU each text gets the bits that it gets alone.

    Parameters
    ----------
    live : LiveModel
        The model.
    texts : sequence of str, length n_texts
        Distinct texts.
    recipe : Recipe
        How tokens become one vector.
    n_features : int
        Length of the vectors.
    batch_size : int
        Upper bound on the texts of one pass through the model.
    on_progress : callable
        Called with the number of texts after each pass.

    Returns
    -------
    rows : ndarray of shape (n_texts, n_features), dtype float32
        The vectors; zeros for a text without tokens.
    n_tokens : ndarray of shape (n_texts,)
        Tokens of each text before it was cut.
    """
    torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
    ids, lengths, n_tokens = _tokenize(live, texts, recipe)
    starts = np.cumsum(lengths) - lengths
    rows = torch.zeros((len(texts), n_features), device=live.device)
    with torch.inference_mode():
        # The longest first, so that a batch too large for memory fails at once.
        for length in np.unique(lengths)[::-1]:
            members = np.flatnonzero(lengths == length)
            if length == 0:
                on_progress(len(members))
                continue
            tokens = torch.from_numpy(ids[starts[members, None] + np.arange(length)])
            members = torch.from_numpy(members)
            start = 0
            for pooled in _passes(live, tokens, recipe, batch_size):
                stop = start + len(pooled)
                rows[members[start:stop]] = pooled
                on_progress(len(pooled))
                start = stop
    return rows.cpu().numpy(), n_tokens


def _tokenize(
    live: LiveModel, texts: Sequence[str], recipe: Recipe
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all token ids in one array, tokens per text, and tokens before cutting."""
    chunks = []
    lengths = np.zeros(len(texts), dtype=np.int64)
    n_tokens = np.zeros(len(texts), dtype=np.int64)
    options = {
        "add_special_tokens": recipe.add_special_tokens,
        "padding": False,
        "return_attention_mask": False,
        "return_token_type_ids": False,
        "verbose": False,
    }
    limit = recipe.max_length
    for start in range(0, len(texts), _TOKENIZER_CHUNK):
        chunk = [_encodable(t) for t in texts[start : start + _TOKENIZER_CHUNK]]
        with live.tokenizer_lock:
            ids = live.tokenizer(chunk, truncation=False, **options)["input_ids"]
            own = slice(start, start + len(chunk))
            n_tokens[own] = [len(tokens) for tokens in ids]
            too_long = [i for i, x in enumerate(ids) if limit and len(x) > limit]
            if too_long:
                cut = live.tokenizer(
                    [chunk[i] for i in too_long],
                    truncation=True,
                    max_length=limit,
                    **options,
                )["input_ids"]
                for i, tokens in zip(too_long, cut, strict=True):
                    ids[i] = tokens
        lengths[own] = [len(tokens) for tokens in ids]
        chunks.append(np.fromiter(chain.from_iterable(ids), dtype=np.int64))
    return np.concatenate(chunks), lengths, n_tokens


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which broken emoji leave behind."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _passes(
    live: LiveModel, tokens: Any, recipe: Recipe, batch_size: int
) -> Iterator[Any]:
    """Yield the vectors of texts of equal length, one batch after another."""
    torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
    n_texts, length = tokens.shape
    exact = live.batch_is_exact
    key = (torch.get_num_threads(), length)
    must_compare = live.device.type == "cpu" and length < _SHORT
    start = 0
    while start < n_texts:
        step = batch_size if exact.get(key, True) else 1
        batch = tokens[start : start + step]
        if must_compare and len(batch) > 1 and key not in exact:
            exact[key] = _gives_the_same_bits(live, batch[:2], torch)
            continue
        yield _forward(live, batch, recipe)
        start += len(batch)


def _gives_the_same_bits(live: LiveModel, pair: Any, torch: Any) -> bool:
    together = live.module(input_ids=pair).last_hidden_state
    alone = [live.module(input_ids=text[None]).last_hidden_state for text in pair]
    return bool(torch.equal(together, torch.cat(alone)))


def _forward(live: LiveModel, tokens: Any, recipe: Recipe) -> Any:
    """One pass through the model: token ids (n, length) to vectors (n, n_features)."""
    tokens = tokens.to(live.device)
    if recipe.layer == -1:
        hidden = live.module(input_ids=tokens).last_hidden_state
    else:
        output = live.module(input_ids=tokens, output_hidden_states=True)
        hidden = output.hidden_states[recipe.layer]
    hidden = hidden.float()
    if recipe.pooling == "mean":
        return hidden.mean(dim=1)
    if recipe.pooling == "max":
        return hidden.amax(dim=1)
    return hidden[:, 0]
