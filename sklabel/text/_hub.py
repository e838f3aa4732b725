"""Finding the files of a model: in a folder, the hub's local cache, or on the hub."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklabel.text._model_files import (
    CONFIG_FILES,
    TOKENIZER_FILES,
    missing_files,
    model_files,
    read_json,
)
from sklabel.utils._optional import import_optional

_SECONDS = 5.0


def config_folder(model: str, *, revision: str | None, local_only: bool) -> Path:
    """Return a folder that holds the config of a model; download no weights.

    Parameters
    ----------
    model : str
        A folder, or the name of a model on the hub.
    revision : str or None
        Branch, tag or commit on the hub.
    local_only : bool
        True forbids downloads.

    Returns
    -------
    folder : Path
        Holds config.json.

    Raises
    ------
    OSError
        If no such model is found.
    """
    return _locate(model, revision=revision, local_only=local_only, complete=False)


def model_folder(model: str, *, revision: str | None, local_only: bool) -> Path:
    """Return a folder that holds config, weights and tokenizer of a model.

    Parameters
    ----------
    model : str
        A folder, or the name of a model on the hub.
    revision : str or None
        Branch, tag or commit on the hub.
    local_only : bool
        True forbids downloads.

    Returns
    -------
    folder : Path
        Holds everything needed to load the model.

    Raises
    ------
    OSError
        If no such model is found.
    """
    return _locate(model, revision=revision, local_only=local_only, complete=True)


def read_config(folder: Path) -> dict[str, Any]:
    """Read config.json.

    Parameters
    ----------
    folder : Path
        Folder of a model.

    Returns
    -------
    config : dict
        Content of the file.

    Raises
    ------
    OSError
        If the file cannot be read or is not JSON.
    """
    return read_json(folder / "config.json", f"config.json of {str(folder)!r}")


def folder_state(folder: Path) -> str:
    """Describe the files of a folder, so that a change of one changes the result.

    Parameters
    ----------
    folder : Path
        Folder of a model.

    Returns
    -------
    state : str
        The folder, and name, size and time of its files.
    """
    files = [
        (path.name, path.stat()) for path in sorted(folder.iterdir()) if path.is_file()
    ]
    listing = [(name, stat.st_size, stat.st_mtime_ns) for name, stat in files]
    digest = hashlib.sha256(repr(listing).encode()).hexdigest()
    return f"{folder.resolve()}|{digest}"


def read_model_files(folder: Path) -> dict[str, bytes]:
    """Read into memory everything needed to load a model.

    Parameters
    ----------
    folder : Path
        Folder of a model.

    Returns
    -------
    files : dict of str to bytes
        Config, tokenizer and weights; of two formats of the weights, the one that
        transformers would load.

    Raises
    ------
    OSError
        If a file is missing, cannot be read or is broken.
    """
    paths = model_files(folder, repr(str(folder)))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def files_state(files: Mapping[str, bytes]) -> str:
    """Describe files in memory by a digest of their content.

    Parameters
    ----------
    files : mapping of str to bytes
        What `read_model_files` returned.

    Returns
    -------
    state : str
        The same for the same content.
    """
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}:{len(content)}:".encode())
        digest.update(content)
    return f"stored|{digest.hexdigest()}"


def _locate(
    model: str, *, revision: str | None, local_only: bool, complete: bool
) -> Path:
    folder = Path(model).expanduser()
    if folder.is_dir():
        lacks = missing_files(folder, complete=complete)
        if lacks:
            raise OSError(
                f"The folder {model!r} does not hold a model: it lacks {lacks}. Give a "
                "folder to which a transformers model and its tokenizer were saved."
            )
        return folder
    if _looks_like_a_path(model):
        raise OSError(
            f"No model at {model!r}: there is no such folder. Give a folder that holds "
            "config.json and the weights."
        )

    hub = import_optional("huggingface_hub", needed_by="BertEmbedder", extra="bert")
    cached = _cached_folder(hub, model, revision)
    if cached is not None and not missing_files(cached, complete=complete):
        return cached
    what = f"No model at {model!r}" + (f" (revision {revision!r})" if revision else "")
    advice = "Give a folder that holds config.json and the weights."
    if local_only or _is_offline(hub):
        why = "local_files_only=True" if local_only else "HF_HUB_OFFLINE"
        raise OSError(
            f"{what} and the hub is not asked ({why}); its local cache lacks the "
            f"model. {advice}"
        )
    if not _is_reachable(hub):
        raise OSError(f"{what} and the hub is unreachable. {advice}")
    try:
        return _download(hub, model, revision, complete=complete)
    except Exception as error:
        first_line = str(error).strip().partition("\n")[0]
        raise OSError(
            f"{what}: the hub answered {type(error).__name__}: {first_line} {advice}"
        ) from error


def _looks_like_a_path(model: str) -> bool:
    # A name on the hub is "model" or "owner/model".
    return (
        os.path.isabs(model)
        or model.startswith((".", "~"))
        or model.endswith("/")
        or "\\" in model
        or model.count("/") > 1
    )


def _cached_folder(hub: Any, model: str, revision: str | None) -> Path | None:
    try:
        return Path(
            hub.snapshot_download(model, revision=revision, local_files_only=True)
        )
    except Exception:
        return None


def _is_offline(hub: Any) -> bool:
    # The hub's library reads its variables once, when it is imported.
    said = [
        os.environ.get(name, "") for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
    ]
    return bool(hub.constants.HF_HUB_OFFLINE) or any(
        value.upper() in {"1", "ON", "YES", "TRUE"} for value in said
    )


def _is_reachable(hub: Any) -> bool:
    """Ask once, within seconds: the hub's library retries for half a minute."""
    try:
        hub.utils.get_session().head(hub.constants.ENDPOINT, timeout=_SECONDS)
    except Exception:
        return False
    return True


def _download(hub: Any, model: str, revision: str | None, *, complete: bool) -> Path:
    patterns = [*CONFIG_FILES]
    if complete:
        patterns += [*TOKENIZER_FILES, "model*.safetensors*"]
    folder = Path(
        hub.snapshot_download(model, revision=revision, allow_patterns=patterns)
    )
    if complete and missing_files(folder, complete=True).startswith("weights"):
        patterns += ["pytorch_model*.bin*"]
        folder = Path(
            hub.snapshot_download(model, revision=revision, allow_patterns=patterns)
        )
    lacks = missing_files(folder, complete=complete)
    if lacks:
        raise OSError(f"the repository lacks {lacks}.")
    return folder
