"""Fixtures for all tests, and what must be set before anything is imported."""

# SPDX-License-Identifier: BSD-3-Clause

import os

# Without the first, scikit-learn skips one of its checks.
os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

import socket
from importlib.util import find_spec
from pathlib import Path

import pytest

# Modules whose tests start processes, run models of text, or take many seconds.
SLOW = (
    "dask",
    "test_examples.py",
    "test_readme.py",
    "test_any_frame.py",
    "text/test_bert.py",
    "label_model/test_family_stress.py",
    "report/test_labeling_report.py",
    "report/test_page_layout.py",
)
# Tests of other modules that do.
SLOW_TESTS = (
    "keeps_the_promises",
    "fresh_process",
)
# Examples in docstrings that need an extra.
NEEDS = {
    "sklabel/dask/": "dask",
    "sklabel/lf/_polarity.py": "textblob",
    "sklabel/report/": "matplotlib",
}


def pytest_collection_modifyitems(items):
    """Mark what is slow; a peer's own warnings are not errors of ours."""
    root = Path(__file__).parent
    for item in items:
        path = item.path
        for place, extra in NEEDS.items():
            if place in path.as_posix() and find_spec(extra) is None:
                item.add_marker(pytest.mark.skip(reason=f"needs {extra}"))
        if root in path.parents:
            name = path.relative_to(root).as_posix()
            if name.startswith(SLOW) or any(part in item.name for part in SLOW_TESTS):
                item.add_marker(pytest.mark.slow)
        if item.get_closest_marker("peers"):
            for category in ("FutureWarning", "DeprecationWarning"):
                item.add_marker(pytest.mark.filterwarnings(f"ignore::{category}"))


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Let no test leave the machine."""
    connect = socket.socket.connect

    def connect_locally(self, address):
        if self.family == getattr(socket, "AF_UNIX", None):
            return connect(self, address)
        # A Dask cluster on this machine talks over the loopback device.
        if address[0] in {"127.0.0.1", "::1", "localhost"}:
            return connect(self, address)
        raise OSError(f"tests do not use the network, and one asked for {address!r}")

    monkeypatch.setattr(socket.socket, "connect", connect_locally)


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory):
    """Folder of a BERT of two layers with random weights."""
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from tests._tiny_bert import make_tiny_bert

    return make_tiny_bert(tmp_path_factory.mktemp("tiny_bert"))
