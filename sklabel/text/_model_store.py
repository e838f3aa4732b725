"""Live language models: loaded once per process and shared by all estimators."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sklabel.text._hub import folder_state
from sklabel.text._model_files import model_files
from sklabel.text._packed_linear import pack_linears
from sklabel.utils._optional import import_optional

# Two, so that a pipeline which compares models does not reload them in turn.
_MAX_MODELS = 2
# The positions of these start behind the id of the padding token.
_OFFSET_POSITIONS = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer")


@dataclass
class ModelSource:
    """The files of a model, in a folder or in memory.

    Parameters
    ----------
    folder : Path or None
        The folder, or None if the files are in memory.
    files : mapping of str to bytes or None
        The files in memory, or None if there is a folder.
    state : str
        Differs for other files: the key under which the live model is known.
    """

    folder: Path | None
    files: Mapping[str, bytes] | None
    state: str

    @classmethod
    def from_folder(cls, folder: Path) -> ModelSource:
        """Take the files of a folder."""
        return cls(folder, None, folder_state(folder))

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], state: str) -> ModelSource:
        """Take files in memory, of which `files_state` gave the state."""
        return cls(None, files, state)

    @property
    def where(self) -> str:
        """What the user calls it."""
        if self.folder is None:
            return "the model that store_model=True kept"
        return repr(str(self.folder))

    @contextlib.contextmanager
    def as_folder(self) -> Iterator[str]:
        """Give a folder with the files, for as long as it takes to load them."""
        if self.folder is not None:
            yield str(self.folder)
            return
        assert self.files is not None
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            for name, content in self.files.items():
                (Path(folder) / name).write_bytes(content)
            yield folder


@dataclass
class LiveModel:
    """A model with its tokenizer, on a device.

    Parameters
    ----------
    module : torch.nn.Module
        The model in eval mode.
    tokenizer : transformers tokenizer
        Not safe for threads: use it under `tokenizer_lock`.
    device : torch.device
        Where the model is.
    state : str
        Files, device, dtype and kernels: what the vectors depend on.
    max_length : int or None
        Upper bound on tokens, special ones included. None: no bound.
    """

    module: Any
    tokenizer: Any
    device: Any
    state: str
    max_length: int | None
    tokenizer_lock: threading.Lock = field(default_factory=threading.Lock)
    # (threads, tokens) -> whether a batch gives the bits of single texts.
    batch_is_exact: dict[tuple[int, int], bool] = field(default_factory=dict)


class ModelStore:
    """The loaded models of this process: the few that were used last.

    Parameters
    ----------
    max_models : int
        Upper bound on live models.
    """

    def __init__(self, max_models: int) -> None:
        self._max_models = max_models
        self._in_forked_child = False
        self.reset()

    def __len__(self) -> int:
        return len(self._models)

    def reset(self) -> None:
        """Forget all models."""
        self._lock = threading.Lock()
        self._models: OrderedDict[str, LiveModel] = OrderedDict()

    def reset_in_forked_child(self) -> None:
        """Forget models and lock of the parent: its threads and devices are gone."""
        self._in_forked_child = True
        self.reset()

    def get(
        self, source: ModelSource, *, device: str, dtype: str, exact: bool
    ) -> LiveModel:
        """Return a live model; load it if it is not there.

        Parameters
        ----------
        source : ModelSource
            The files.
        device : str
            "auto" or a device of torch.
        dtype : str
            Name of a floating point type of torch.
        exact : bool
            True keeps the kernels of torch on a CPU; False takes faster ones.

        Returns
        -------
        live : LiveModel
            The model, shared with all who ask for the same.
        """
        place = resolve_device(device)
        if self._in_forked_child:
            # OpenMP waits forever for the threads that the parent had.
            torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
            torch.set_num_threads(1)
        packs = place.type == "cpu" and dtype == "float32" and not exact
        key = f"{source.state}|{place}|{dtype}|{'packed' if packs else 'plain'}"
        with self._lock:
            if key not in self._models:
                self._models[key] = _load(source, place, dtype, packs, key)
            self._models.move_to_end(key)
            while len(self._models) > self._max_models:
                self._models.popitem(last=False)
            return self._models[key]


def resolve_device(device: str) -> Any:
    """Return a torch device.

    Parameters
    ----------
    device : str
        "auto" takes a GPU if there is one; else a name that torch knows.

    Returns
    -------
    device : torch.device
        The device.

    Raises
    ------
    ValueError
        If torch does not know the name or does not see the device.
    """
    torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
    has_mps = torch.backends.mps.is_available()
    if device == "auto":
        found = "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
        return torch.device(found)
    try:
        place = torch.device(device)
    except RuntimeError:
        raise ValueError(
            "The 'device' parameter of BertEmbedder must be 'auto' or a device of "
            f"torch such as 'cpu' or 'cuda:0'. Got {device!r} instead."
        ) from None
    n_cuda = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if (place.type == "cuda" and (place.index or 0) >= n_cuda) or (
        place.type == "mps" and not has_mps
    ):
        raise ValueError(
            f"device={device!r} is not there: torch sees {n_cuda} CUDA device(s). Use "
            "device='auto', or install a torch that is built for the device."
        )
    return place


def _load(
    source: ModelSource, device: Any, dtype: str, packs: bool, state: str
) -> LiveModel:
    torch = import_optional("torch", needed_by="BertEmbedder", extra="bert")
    transformers = import_optional(
        "transformers", needed_by="BertEmbedder", extra="bert"
    )
    version = tuple(int(part) for part in transformers.__version__.split(".")[:2])
    dtype_name = "dtype" if version >= (4, 56) else "torch_dtype"
    # Weights that a file lacks are drawn at random: leave the user's generator alone.
    with (
        source.as_folder() as folder,
        _quiet(transformers),
        torch.random.fork_rng(devices=[]),
    ):
        names = [path.name for path in model_files(Path(folder), source.where)]
        with _in_our_words(f"tokenizer of {source.where}", names):
            tokenizer = transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True
            )
        with _in_our_words(f"config and weights of {source.where}", names):
            module, report = transformers.AutoModel.from_pretrained(
                folder,
                local_files_only=True,
                output_loading_info=True,
                # Reported, and refused below.
                ignore_mismatched_sizes=True,
                **{dtype_name: getattr(torch, dtype)},
            )
    _check_report(report, type(module).__name__, source.where)
    module = module.to(device).eval()
    if packs:
        pack_linears(module)
    return LiveModel(
        module=module,
        tokenizer=tokenizer,
        device=device,
        state=state,
        max_length=_length_limit(module.config, tokenizer),
    )


def _check_report(report: dict[str, Any], model: str, where: str) -> None:
    """Raise if weights do not belong to the config."""
    missing = sorted(key for key in report["missing_keys"] if "pooler" not in key)
    # The name, or the name with the shape that is stored and the one that is wanted.
    others = sorted(map(str, report["mismatched_keys"]))
    if missing or others:
        if missing:
            what = f"lack {len(missing)} tensors of {model}, first {missing[0]!r}"
        else:
            what = f"have other shapes than {model} in {len(others)} tensors, first "
            what += others[0]
        raise OSError(
            f"The weights of {where} {what}. Give a folder whose weights belong to its "
            "config.json."
        )


@contextlib.contextmanager
def _in_our_words(what: str, names: list[str]) -> Iterator[None]:
    """Say which files could not be loaded; the error of the library is the cause."""
    try:
        yield
    except (ImportError, MemoryError):
        raise
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        raise OSError(
            f"transformers cannot load {what}, from {', '.join(names)}: "
            f"{type(error).__name__} ({first_line:.200}). If the files are whole, they "
            "may need a newer transformers, or not belong together: save or download "
            "the model again."
        ) from error


def _length_limit(config: Any, tokenizer: Any) -> int | None:
    limits = []
    positions = getattr(config, "max_position_embeddings", None)
    if isinstance(positions, int) and positions > 0:
        offset = 0
        if config.model_type in _OFFSET_POSITIONS:
            offset = (config.pad_token_id or 0) + 1
        limits.append(positions - offset)
    # A tokenizer without a limit gives 1e30.
    if tokenizer.model_max_length < 1_000_000:
        limits.append(int(tokenizer.model_max_length))
    return min(limits, default=None)


@contextlib.contextmanager
def _quiet(transformers: Any) -> Iterator[None]:
    """Hide progress bars and reports of loading, and set the user's choice back."""
    logging = transformers.utils.logging
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


MODELS = ModelStore(_MAX_MODELS)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=MODELS.reset_in_forked_child)
