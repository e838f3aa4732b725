"""Vectors of texts from a transformer model such as BERT."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from sklabel.base import VersionedPickle, all_or_nothing
from sklabel.text._cache import BoundedCache
from sklabel.text._columns import read_texts
from sklabel.text._embedding import Recipe, embed
from sklabel.text._hub import (
    config_folder,
    files_state,
    model_folder,
    read_config,
    read_model_files,
)
from sklabel.text._model_store import (
    MODELS,
    LiveModel,
    ModelSource,
    resolve_device,
)
from sklabel.utils._optional import import_optional
from sklabel.utils._validation import Interval, StrOptions, warn

# What the configs of different models call the length of a vector, and their depth.
_SIZES = ("hidden_size", "dim", "d_model", "n_embd")
_DEPTHS = ("num_hidden_layers", "n_layers", "n_layer")

# (model and recipe, text) -> (vector, tokens before cutting)
_Key = tuple[str, str]
_Entry = tuple[np.ndarray, int]
_ENTRY_OVERHEAD = 300


def _n_bytes(key: _Key, entry: _Entry) -> int:
    return entry[0].nbytes + sys.getsizeof(key[1]) + _ENTRY_OVERHEAD


_CACHE: BoundedCache[_Key, _Entry] = BoundedCache(256 * 2**20, _n_bytes)
_CACHE.survive_forks()


def clear_embedding_cache() -> None:
    """Drop all cached vectors and all loaded models of this process."""
    _CACHE.clear()
    MODELS.reset()


def set_embedding_cache_size(n_bytes: int) -> int:
    """Change how much memory the cache of vectors may take.

    Parameters
    ----------
    n_bytes : int
        Bytes, 256 MiB at the start: about 130,000 texts with 384 features. 0 switches
        the cache off for all estimators; `cache=False` does so for one.

    Returns
    -------
    previous : int
        The size before the call, for setting it back.

    Raises
    ------
    ValueError
        If `n_bytes` is negative.
    """
    if n_bytes < 0:
        raise ValueError(f"n_bytes must be 0 or more. Got {n_bytes!r} instead.")
    return _CACHE.resize(n_bytes)


class BertEmbedder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, VersionedPickle):
    """Vectors of texts from a pretrained transformer model such as BERT.

    Nothing is learned: `fit` reads the model's config, and `transform` runs the model,
    which is not trained further. Each distinct text goes through the model once per
    process, in batches without padding. Prefer it over word counts when labeled samples
    are few; with many, or with long documents, TF-IDF is often as good and a
    thousand times faster.

    Parameters
    ----------
    model_name : str or path-like, default="bert-base-uncased"
        Name of an encoder on the Hugging Face hub, or folder to which one was saved
        with its tokenizer. A copy of that name in the hub's local cache is used as it
        is; if there is none, `fit` downloads the config and the first `transform` the
        weights.
    column : str or int, default=None
        Name or position of the column that holds the text. With a name, other columns
        of a DataFrame do not matter, in `transform` either. None takes the only
        column. A DataFrame of several columns needs it. Without it the cells of a row
        of a plain array are joined by a space.
    pooling : {"mean", "cls", "max"}, default="mean"
        How the vectors of the tokens become one: their mean, the first of them, or
        their largest value per feature.
    layer : int, default=-1
        Which hidden states to pool: 0 is the embedding layer, 1 the first encoder
        layer, -1 the last one.
    add_special_tokens : bool, default=True
        Whether the model sees the tokens that it puts around a text ([CLS] and [SEP]
        of BERT). They are pooled with the others.
    normalize : bool, default=False
        Whether to scale each vector to Euclidean length 1. Zero rows stay zero.
    max_length : int, default=None
        Number of tokens, special ones included, after which a text is cut. Time grows
        with it. None cuts at the limit of the model, 512 for BERT.
    batch_size : int, default=32
        Upper bound on the texts of one pass through the model. Larger ones take more
        memory; they help on a GPU and hardly on a CPU.
    device : str, default="auto"
        Where the model runs: "cpu", "cuda", "cuda:1", "mps". "auto" takes a GPU if
        there is one, on the machine where `transform` runs.
    dtype : {"float32", "float16", "bfloat16"}, default="float32"
        Type in which the model computes. The half types save memory and are faster on
        a GPU. The vectors come out as float32 always.
    exact : bool, default=True
        Whether a row on a CPU equals, bit for bit, what transformers gives for that
        text alone. False: the linear layers of a float32 model run on oneDNN with
        weights that are packed once, which can be twice as fast on processors with
        AVX-512 and differs from transformers in the sixth decimal.
    local_files_only : bool, default=False
        Whether to forbid downloads. The environment variable HF_HUB_OFFLINE=1 does the
        same.
    revision : str, default=None
        Branch, tag or commit of the model on the hub. None is its main branch; a commit
        makes results reproducible. Ignored for a folder.
    store_model : bool, default=False
        Whether `fit` keeps the files of the model in the estimator, so that a pickle
        works on a machine without them. It then has the size of the model, also
        each time when joblib sends it to another process.
    cache : bool, default=True
        Whether to keep the vectors for the next call, in memory that all estimators
        of this process share (see `set_embedding_cache_size`). A grid search then
        embeds each text once.
    verbose : int, default=0
        Whether to show a progress bar.

    Attributes
    ----------
    config_ : dict
        The config of the model.
    n_features_in_ : int
        Number of columns of X seen in `fit`; 1 if `column` names one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns of X seen in `fit`, if they all are strings; the one that
        `column` names.

    See Also
    --------
    sklearn.feature_extraction.text.TfidfVectorizer : Weighted word counts.
    sklabel.SoftLabelClassifier : A classifier on these features that learns from class
        probabilities.

    Notes
    -----
    *Same bits.* On a CPU a row does not depend on the other rows: it equals, bit for
    bit, the row of that text alone. Texts of equal token length share a batch; very
    short ones, for which some kernels round otherwise in a batch, are compared and, if
    needed, run one by one. The last bits depend on the number of threads of torch, as
    those of transformers do; with ``exact=False`` they do not. On a GPU rows agree up
    to rounding.

    *Missing and empty.* A missing text (None, NaN, pd.NA), and an empty one with
    `add_special_tokens=False`, gives a row of zeros.

    *Memory.* The pickle holds the name of the model and its config, not the weights.
    At most two models are live in a process; clones share them. When files in the
    folder change, the model is loaded again.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklabel.text import BertEmbedder
    >>> X = pd.DataFrame({"id": [7, 8], "text": ["mild and sunny", "hail again"]})
    >>> embedder = BertEmbedder("bert-base-uncased", column="text")
    >>> embedder.fit_transform(X).shape  # doctest: +SKIP
    (2, 768)
    """

    _parameter_constraints: dict = {
        "model_name": [str, os.PathLike],
        "column": [str, Integral, None],
        "pooling": [StrOptions({"mean", "cls", "max"})],
        "layer": [Integral],
        "add_special_tokens": ["boolean"],
        "normalize": ["boolean"],
        "max_length": [Interval(Integral, 1, None, closed="left"), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "dtype": [StrOptions({"float32", "float16", "bfloat16"})],
        "exact": ["boolean"],
        "local_files_only": ["boolean"],
        "revision": [str, None],
        "store_model": ["boolean"],
        "cache": ["boolean"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        model_name: str | os.PathLike[str] = "bert-base-uncased",
        *,
        column: str | int | None = None,
        pooling: str = "mean",
        layer: int = -1,
        add_special_tokens: bool = True,
        normalize: bool = False,
        max_length: int | None = None,
        batch_size: int = 32,
        device: str = "auto",
        dtype: str = "float32",
        exact: bool = True,
        local_files_only: bool = False,
        revision: str | None = None,
        store_model: bool = False,
        cache: bool = True,
        verbose: int = 0,
    ) -> None:
        self.model_name = model_name
        self.column = column
        self.pooling = pooling
        self.layer = layer
        self.add_special_tokens = add_special_tokens
        self.normalize = normalize
        self.max_length = max_length
        self.batch_size = batch_size
        self.device = device
        self.dtype = dtype
        self.exact = exact
        self.local_files_only = local_files_only
        self.revision = revision
        self.store_model = store_model
        self.cache = cache
        self.verbose = verbose

    @all_or_nothing
    def fit(self, X: Any, y: ArrayLike | None = None) -> BertEmbedder:
        """Check X and read the config of the model; load no weights.

        Parameters
        ----------
        X : DataFrame, array-like of shape (n_samples, n_columns) or (n_samples,)
            The texts.
        y : None
            Ignored.

        Returns
        -------
        self : BertEmbedder
            The fitted embedder.

        Raises
        ------
        ImportError
            If torch or transformers is not installed.
        OSError
            If there is no such model, or a file that `fit` reads is broken.
        ValueError
            If X has no rows, lacks `column`, or has several columns to choose from, or
            if a parameter does not fit the model.
        TypeError
            If X is sparse, or a cell is neither text nor missing nor a number.
        """
        self._validate_params()
        read_texts(self, X, self.column, reset=True)
        import_optional("transformers", needed_by="BertEmbedder", extra="bert")
        resolve_device(self.device)
        find = model_folder if self.store_model else config_folder
        folder = find(
            os.fspath(self.model_name),
            revision=self.revision,
            local_only=self.local_files_only,
        )
        self._was_folder = os.path.isdir(os.path.expanduser(self.model_name))
        self.config_ = read_config(folder)
        self._n_features_out = self._check_config()
        self._stored: tuple[dict[str, bytes], str] | None = None
        if self.store_model:
            files = read_model_files(folder)
            self._stored = (files, files_state(files))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Embed texts.

        Parameters
        ----------
        X : DataFrame, array-like of shape (n_samples, n_columns) or (n_samples,)
            The texts, in the columns that X had in `fit`.

        Returns
        -------
        vectors : ndarray of shape (n_samples, n_features_out), dtype float32
            One row per text; zeros for a missing one.

        Raises
        ------
        OSError
            If the model is no longer there, or one of its files is broken.
        ValueError
            If X has other columns than in `fit`, or the model has changed its size.

        Warns
        -----
        UserWarning
            If texts are longer than `max_length` or than the model can read.
        """
        check_is_fitted(self)
        self._validate_params()
        texts = read_texts(self, X, self.column, reset=False)
        position = {
            text: i
            for i, text in enumerate(dict.fromkeys(t for t in texts if t is not None))
        }
        vectors = np.zeros((len(texts), self._n_features_out), dtype=np.float32)
        if not position:
            return vectors
        live = MODELS.get(
            self._source(), device=self.device, dtype=self.dtype, exact=self.exact
        )
        recipe = self._recipe(live)
        unique, n_tokens = self._embed_unique(live, recipe, list(position))
        rows = [i for i, text in enumerate(texts) if text is not None]
        source = [position[text] for text in texts if text is not None]
        vectors[rows] = unique[source]
        if recipe.max_length is not None:
            self._warn_if_cut(n_tokens[source], recipe.max_length)
        if self.normalize:
            length = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
            np.divide(vectors, length, out=vectors, where=length > 0)
        return vectors

    def _check_config(self) -> int:
        """Check parameters against the config, and return the length of the vectors."""
        config = self.config_
        n_features = next((config[name] for name in _SIZES if name in config), None)
        if config.get("is_encoder_decoder") or not isinstance(n_features, int):
            kind = config.get("model_type", "model of unknown type")
            raise ValueError(
                f"BertEmbedder takes encoders such as BERT, and {self.model_name!r} is "
                f"a {kind!r}. Give the folder of an encoder."
            )
        n_layers = next((config[name] for name in _DEPTHS if name in config), None)
        if n_layers is not None and not -n_layers - 1 <= self.layer <= n_layers:
            raise ValueError(
                "The 'layer' parameter of BertEmbedder must be from "
                f"{-n_layers - 1} to {n_layers} for a model of {n_layers} layers. Got "
                f"{self.layer!r} instead."
            )
        return n_features

    def _source(self) -> ModelSource:
        if self._stored is not None:
            return ModelSource.from_files(*self._stored)
        name = os.fspath(self.model_name)
        if self._was_folder and not os.path.isdir(os.path.expanduser(name)):
            # Not a name on the hub, where another model may have it.
            place = "" if os.path.isabs(name) else f" in {os.getcwd()!r}"
            raise OSError(
                f"BertEmbedder was fitted with the model in the folder {name!r}, and "
                f"there is no such folder{place}. Say where it is on this machine with "
                "set_params(model_name=...), or fit with store_model=True to take the "
                "model along."
            )
        folder = model_folder(
            os.fspath(self.model_name),
            revision=self.revision,
            local_only=self.local_files_only,
        )
        config = read_config(folder)
        changed = [
            name
            for name in ("model_type", "vocab_size", *_SIZES, *_DEPTHS)
            if config.get(name) != self.config_.get(name)
        ]
        if changed:
            name = changed[0]
            raise ValueError(
                f"The model at {self.model_name!r} is not the one of fit: {name} was "
                f"{self.config_.get(name)!r} and is {config.get(name)!r}. Fit again."
            )
        return ModelSource.from_folder(folder)

    def _recipe(self, live: LiveModel) -> Recipe:
        """Combine the parameters with the limits of the model."""
        limit = live.max_length
        if self.max_length is not None:
            if limit is not None and self.max_length > limit:
                raise ValueError(
                    "The 'max_length' parameter of BertEmbedder must be at most "
                    f"{limit} for this model. Got {self.max_length!r} instead."
                )
            limit = self.max_length
        if self.add_special_tokens and limit is not None:
            n_special = live.tokenizer.num_special_tokens_to_add()
            if limit <= n_special:
                raise ValueError(
                    "The 'max_length' parameter of BertEmbedder must leave space for "
                    f"text beside {n_special} special tokens. Got {limit!r} instead."
                )
        return Recipe(self.pooling, self.layer, self.add_special_tokens, limit)

    def _embed_unique(
        self, live: LiveModel, recipe: Recipe, texts: Sequence[str]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Embed distinct texts; those in the cache are looked up."""
        vectors = np.empty((len(texts), self._n_features_out), dtype=np.float32)
        n_tokens = np.empty(len(texts), dtype=np.int64)
        what = f"{live.state}|{recipe}"
        keys = [(what, text) for text in texts]
        known = _CACHE.get_many(keys) if self.cache else {}
        new = []
        for i, key in enumerate(keys):
            if key in known:
                vectors[i], n_tokens[i] = known[key]
            else:
                new.append(i)
        if new:
            tqdm = import_optional("tqdm", needed_by="BertEmbedder", extra="bert")
            with tqdm.tqdm(
                total=len(new),
                desc="BertEmbedder",
                unit="text",
                disable=not self.verbose,
            ) as bar:
                vectors[new], n_tokens[new] = embed(
                    live,
                    [texts[i] for i in new],
                    recipe,
                    n_features=self._n_features_out,
                    batch_size=int(self.batch_size),
                    on_progress=bar.update,
                )
            if self.cache:
                _CACHE.put_many(
                    {keys[i]: (vectors[i].copy(), int(n_tokens[i])) for i in new}
                )
        return vectors, n_tokens

    def _warn_if_cut(self, n_tokens: np.ndarray, limit: int) -> None:
        n_cut = int((n_tokens > limit).sum())
        if n_cut:
            warn(
                f"{n_cut} of {len(n_tokens)} texts are longer than {limit} tokens and "
                f"were cut there; the longest has {int(n_tokens.max())}. Split long "
                "texts if their ends matter.",
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        assert tags.transformer_tags is not None
        tags.transformer_tags.preserves_dtype = []
        return tags
