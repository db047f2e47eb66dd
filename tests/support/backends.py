"""The two ways of measuring on the CPU: the extension's single read, and torch's operators."""

import pytest

from tb_nnviz.record.measure import native

WAYS = ["native", "operators"]


def take(way, monkeypatch):
    """Measure this way from here to the end of the test; skips where the extension is not built."""
    if way == "operators":
        monkeypatch.setattr(native, "library", None)
    elif native.library is None:
        pytest.skip("the extension is not built here")


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    """Every test that asks for it runs both ways."""
    take(request.param, monkeypatch)
    return request.param
