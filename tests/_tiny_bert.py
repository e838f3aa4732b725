"""A BERT of two layers with random weights, made in a moment and without a hub."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
from pathlib import Path

WORDS = """
the a an it is was not no and or but so very too rain rainy sun sunny storm snow wind
windy hail cloud cloudy fog warm hot cold cool mild wet dry today tomorrow again love
hate great good bad awful nice lovely terrible weather day night morning week outside
inside 0 1 2 3 4 5 6 7 8 9 ! ? . , - ' # @ :
""".split()  # noqa: SIM905
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def make_tiny_bert(
    folder: str | os.PathLike[str], *, seed: int = 0, max_length: int = 64
) -> str:
    """Save a tiny BERT and its tokenizer to a folder.

    Parameters
    ----------
    folder : str or path-like
        Is made if it is not there.
    seed : int, default=0
        Other seeds give other weights.
    max_length : int, default=64
        Tokens that the model can read.

    Returns
    -------
    folder : str
        The same folder, for `BertEmbedder(folder)`.
    """
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer
    from tokenizers.pre_tokenizers import BertPreTokenizer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    Path(folder).mkdir(parents=True, exist_ok=True)
    pieces = [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789"]
    letters = [piece[2:] for piece in pieces if not piece[2:].isdigit()]
    vocabulary = list(dict.fromkeys([*SPECIAL, *WORDS, *letters, *pieces]))
    ids = {word: i for i, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=max_length,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertModel(
            BertConfig(
                vocab_size=len(vocabulary),
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                max_position_embeddings=max_length,
            )
        )
    model.save_pretrained(folder)
    return os.fspath(folder)
