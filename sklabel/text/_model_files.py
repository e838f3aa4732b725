"""Whether the files of a model are whole, said in words before a library fails."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model", "*.vocab")
CONFIG_FILES = ["config.json"]
TOKENIZER_FILES = ["*token*.json", "vocab.*", "merges.txt", "*.model", "*.vocab"]
_WITH_WEIGHTS = CONFIG_FILES + TOKENIZER_FILES
_AGAIN = "Save or download the model again."
_LFS = b"version https://git-lfs"
# A zip archive, or a pickle of an older torch.
_TORCH = (b"PK\x03\x04", b"\x80")


def missing_files(folder: Path, *, complete: bool) -> str:
    """Say what a folder lacks to be that of a model.

    Parameters
    ----------
    folder : Path
        The folder.
    complete : bool
        False: the config is enough.

    Returns
    -------
    lacks : str
        Empty if nothing is missing.
    """
    if not (folder / "config.json").is_file():
        return "config.json"
    if not complete:
        return ""
    if _weights_file(folder) is None:
        return "weights (model.safetensors or pytorch_model.bin)"
    if not any(path.is_file() for path in _matching(folder, _TOKENIZERS)):
        return "a tokenizer (tokenizer.json or vocab.txt)"
    return ""


def model_files(folder: Path, where: str) -> list[Path]:
    """Return all files that are needed to load a model, and check that each is whole.

    Parameters
    ----------
    folder : Path
        Folder of a model.
    where : str
        What the user calls it, for messages.

    Returns
    -------
    files : list of Path
        Config, tokenizer and weights; of two formats of the weights, the one that
        transformers would load.

    Raises
    ------
    OSError
        If a file is missing, cannot be read, is empty or cut off, or holds something
        else. The message names the file.
    """
    lacks = missing_files(folder, complete=True)
    if lacks:
        raise OSError(f"{where} does not hold a model: it lacks {lacks}. {_AGAIN}")
    weights = _weights_file(folder)
    assert weights is not None
    files = {path for path in _matching(folder, _WITH_WEIGHTS) if path.is_file()}
    for path in sorted(files):
        if path.suffix == ".json":
            read_json(path, f"{path.name} of {where}")
        else:
            _check_content(path, f"{path.name} of {where}")
    parts = [weights]
    if weights.suffix == ".json":
        parts = _shards(weights, where)
        files.add(weights)
    for path in parts:
        _check_weights(path, f"{path.name} of {where}")
    return sorted(files.union(parts))


def read_json(path: Path, what: str) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What the user calls it, for messages.

    Returns
    -------
    content : dict
        What the file holds.

    Raises
    ------
    OSError
        If the file cannot be read, or does not hold a JSON object.
    """
    _check_content(path, what)
    try:
        content = json.loads(path.read_bytes().decode("utf-8"))
    except ValueError as error:
        raise OSError(f"{what} is not valid JSON ({error}). {_AGAIN}") from error
    if not isinstance(content, dict):
        raise OSError(
            f"{what} holds a JSON {type(content).__name__} where an object is "
            f"expected. {_AGAIN}"
        )
    return content


def _weights_file(folder: Path) -> Path | None:
    paths = [folder / name for name in WEIGHTS]
    return next((path for path in paths if path.is_file()), None)


def _matching(folder: Path, patterns: Iterable[str]) -> list[Path]:
    return [path for pattern in patterns for path in folder.glob(pattern)]


def _shards(index: Path, where: str) -> list[Path]:
    """Return the files that an index of weights names."""
    what = f"{index.name} of {where}"
    names = read_json(index, what).get("weight_map")
    if not isinstance(names, dict) or not names:
        raise OSError(
            f"{what} lacks the weight_map that says which file holds which tensor. "
            f"{_AGAIN}"
        )
    shards = [index.parent / str(name) for name in sorted(set(names.values()))]
    absent = [shard.name for shard in shards if not shard.is_file()]
    if absent:
        raise OSError(
            f"{where} lacks {len(absent)} of {len(shards)} files of weights that "
            f"{index.name} names, first {absent[0]}. {_AGAIN}"
        )
    return shards


def _check_content(path: Path, what: str) -> bytes:
    """Raise if a file cannot be read, is empty, or only points elsewhere."""
    try:
        with path.open("rb") as file:
            start = file.read(128)
    except OSError as error:
        raise OSError(
            f"{what} cannot be read ({error.strerror or type(error).__name__}). Give "
            "this user the right to read it."
        ) from error
    if not start:
        raise OSError(f"{what} is empty. {_AGAIN}")
    if start.startswith(_LFS):
        raise OSError(
            f"{what} is a pointer of git-lfs and not the file itself. Run `git lfs "
            "pull` in the repository that it comes from, and copy it again."
        )
    return start


def _check_weights(path: Path, what: str) -> None:
    """Raise if a file of weights is not of its format, or cut off."""
    start = _check_content(path, what)
    size = path.stat().st_size
    if path.suffix != ".safetensors":
        if not start.startswith(_TORCH):
            raise OSError(
                f"{what} does not hold weights of torch; it begins with {start[:12]!r}."
                f" {_AGAIN}"
            )
        return
    length = int.from_bytes(start[:8], "little")
    if size < 8 or size < 8 + length or length > 100_000_000:
        text = start.lstrip()[:1] in (b"<", b"{") or size > 100
        reason = f"it begins with {start[:12]!r}" if text else f"{size} bytes"
        raise OSError(
            f"{what} does not hold weights in the safetensors format, or is cut off: "
            f"{reason}. {_AGAIN}"
        )
    with path.open("rb") as file:
        file.seek(8)
        header = file.read(length)
    try:
        tensors = json.loads(header)
        tensors.pop("__metadata__", None)
        stored = 8 + length + max(t["data_offsets"][1] for t in tensors.values())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise OSError(
            f"{what} does not hold weights in the safetensors format: its header "
            f"cannot be read. {_AGAIN}"
        ) from error
    if size < stored:
        raise OSError(
            f"{what} is cut off: it has {size:,} of {stored:,} bytes. {_AGAIN}"
        )
