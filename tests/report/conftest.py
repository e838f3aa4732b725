"""What the tests of the report share."""

# SPDX-License-Identifier: BSD-3-Clause

import pytest


@pytest.fixture
def without_plots(monkeypatch):
    """Leave the plots out, which take most of the time."""
    from sklabel.report import _class_shares, _features, _gold, _one_class, _sections

    for module in (_class_shares, _features, _gold, _one_class, _sections):
        monkeypatch.setattr(module, "draw_svg", lambda *_, **__: "<svg></svg>")
