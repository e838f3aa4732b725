"""Text as features: vectors from language models, and polarity scores."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.text._bert import (
    BertEmbedder,
    clear_embedding_cache,
    set_embedding_cache_size,
)
from sklabel.text._polarity import (
    clear_polarity_cache,
    polarity_scores,
    set_polarity_cache_size,
)

__all__ = [
    "BertEmbedder",
    "clear_embedding_cache",
    "clear_polarity_cache",
    "polarity_scores",
    "set_embedding_cache_size",
    "set_polarity_cache_size",
]
