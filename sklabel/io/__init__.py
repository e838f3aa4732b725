"""Files of other tools: the answers of language models."""

# SPDX-License-Identifier: BSD-3-Clause

from sklabel.io._batches import BatchAnswers, read_anthropic_batch, read_openai_batch

__all__ = ["BatchAnswers", "read_anthropic_batch", "read_openai_batch"]
