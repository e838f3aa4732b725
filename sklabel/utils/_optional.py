"""Lazy imports of optional libraries, with a message that says what to install."""

# SPDX-License-Identifier: BSD-3-Clause

from __future__ import annotations

import importlib
from types import ModuleType


def import_optional(module: str, *, needed_by: str, extra: str) -> ModuleType:
    """Import an optional dependency or say how to install it.

    Parameters
    ----------
    module : str
        Dotted name of the module, for instance ``"textblob.en"``.
    needed_by : str
        Name of the class or function that needs it, for the message.
    extra : str
        Extra of sklabel that installs it, for the message.

    Returns
    -------
    module : module
        The imported module.

    Raises
    ------
    ImportError
        If the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != library:
            # The library is there and one of its own dependencies is not: its
            # own message says more than ours would.
            raise
        raise ImportError(
            f"{needed_by} needs {library}, which is not installed. "
            f'Run: pip install "sklabel[{extra}]", or pip install -e ".[{extra}]" in a '
            "clone of the repository."
        ) from error
