"""What the loaders share: data home, verified downloads, and their Bunch."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import hashlib
import os
import shutil
from http.client import HTTPException
from importlib import resources
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen
from uuid import uuid4

import pandas as pd
from sklearn.utils import Bunch

LABEL_MAPPING = {"Negative": 0, "Positive": 1}
TEXT_COLUMNS = ["tweet_id", "tweet_text", "sentiment"]


class RemoteFile(NamedTuple):
    """A file on the web and the digest that its bytes must have.

    Parameters
    ----------
    filename : str
        Name under which it is kept.
    url : str
        Address.
    sha256 : str
        SHA-256 digest in hexadecimal.
    """

    filename: str
    url: str
    sha256: str


def get_data_home(data_home: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder in which the `fetch_` functions keep what they download.

    Parameters
    ----------
    data_home : str or path-like, default=None
        The folder; ``~`` is expanded. If None, the environment variable
        ``SKLABEL_DATA``, and without it ``~/sklabel_data``.

    Returns
    -------
    data_home : pathlib.Path
        The folder. It is not created before something is downloaded into it.

    Examples
    --------
    >>> from sklabel.datasets import get_data_home
    >>> get_data_home("corpora").name
    'corpora'
    """
    if data_home is None:
        data_home = os.environ.get("SKLABEL_DATA") or Path("~") / "sklabel_data"
    return Path(data_home).expanduser()


def fetch_file(
    remote: RemoteFile,
    folder: Path,
    *,
    download_if_missing: bool = True,
    timeout: float = 30.0,
) -> Path:
    """Return the path of a file with a checked digest; download it if it is missing.

    A download goes to a temporary name in the same folder and is renamed after its
    digest was checked, so a file under its final name is never a partial one.

    Parameters
    ----------
    remote : RemoteFile
        Name, address and digest.
    folder : pathlib.Path
        Where the file is, or where it will be.
    download_if_missing : bool, default=True
        Whether to download the file if it is not in the folder.
    timeout : float, default=30.0
        Seconds to wait for the server before giving up.

    Returns
    -------
    path : pathlib.Path
        The file.

    Raises
    ------
    OSError
        If the file is missing and is not to be or cannot be downloaded, or if its
        digest is not the expected one.
    """
    path = folder / remote.filename
    if path.exists():
        digest = _sha256(path)
        if digest != remote.sha256:
            raise OSError(
                f"{path} is not the expected file: its SHA-256 digest must be "
                f"{remote.sha256}. Got {digest} instead. Delete the file and fetch "
                "it again."
            )
        return path
    if not download_if_missing:
        raise OSError(
            f"No file {path}, and download_if_missing=False. Pass a data_home that "
            f"holds {folder.name}/{remote.filename}, or download_if_missing=True."
        )
    _download(remote, path, timeout)
    return path


def _download(remote: RemoteFile, path: Path, timeout: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex}.part")
    try:
        with partial.open("xb") as target:
            try:
                with urlopen(remote.url, timeout=timeout) as source:
                    shutil.copyfileobj(source, target)
            except (OSError, HTTPException) as error:
                raise OSError(
                    f"Could not download {remote.url}: {error}. Fetch it by other "
                    f"means and place it at {path}."
                ) from error
        digest = _sha256(partial)
        if digest != remote.sha256:
            raise OSError(
                f"{remote.url} did not deliver the expected file: its SHA-256 digest "
                f"must be {remote.sha256}. Got {digest} instead, and the download "
                "was discarded. Fetch it again; if this repeats, the file at that "
                "address has changed."
            )
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_text(folder: str, filename: str) -> str:
    """Return the text of a file that is bundled with this package.

    Parameters
    ----------
    folder : {"data", "descr"}
        The subfolder.
    filename : str
        The file in it.

    Returns
    -------
    text : str
        Its content.
    """
    root = resources.files("sklabel.datasets")
    return root.joinpath(folder, filename).read_text(encoding="utf-8")


def make_bunch(
    answers: pd.DataFrame,
    train: pd.DataFrame,
    dev: pd.DataFrame,
    test: pd.DataFrame,
    descr: str,
) -> Bunch:
    """Return the Bunch of the weather loaders.

    Parameters
    ----------
    answers : DataFrame
        Columns `tweet_id`, `worker_id` and `answer` (str), one row per judgement.
    train, dev, test : DataFrame
        Columns `tweet_id`, `tweet_text` and `sentiment` (int).
    descr : str
        Name of the description in the folder `descr`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        The frames with a fresh index, and `crowd_labels` made from `answers`.
    """
    answers = answers[["tweet_id", "worker_id", "answer"]].reset_index(drop=True)
    labels = answers[answers["answer"].isin(list(LABEL_MAPPING))]
    labels = labels.reset_index(drop=True)
    label = labels["answer"].map(LABEL_MAPPING).astype("int64")
    return Bunch(
        crowd_labels=labels[["tweet_id", "worker_id"]].assign(label=label),
        crowd_answers=answers,
        train=train[TEXT_COLUMNS].reset_index(drop=True),
        dev=dev[TEXT_COLUMNS].reset_index(drop=True),
        test=test[TEXT_COLUMNS].reset_index(drop=True),
        label_mapping=dict(LABEL_MAPPING),
        DESCR=read_text("descr", descr),
    )
