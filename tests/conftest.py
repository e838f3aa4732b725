"""Fixtures for all tests, and what must be set before anything is imported."""

# SPDX-License-Identifier: BSD-3-Clause

import os

# Without the first, scikit-learn skips one of its checks.
os.environ["SCIPY_ARRAY_API"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["MPLBACKEND"] = "Agg"

import socket

import pytest


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
