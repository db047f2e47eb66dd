"""The two backends of measurement on the CPU: the C extension and torch's operators."""

import numpy as np
import pytest

from tb_nnviz.record.measure import native
from tb_nnviz.record.measure.stats import finish

BACKENDS = ["native", "torch_ops"]


def use_backend(name, monkeypatch):
    """Measure with one backend until the test ends. Skip the test if the extension is needed and not built."""
    if name == "torch_ops":
        monkeypatch.setattr(native, "library", None)
    elif native.library is None:
        pytest.skip("the extension is not built here")


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Run a test once per backend."""
    use_backend(request.param, monkeypatch)
    return request.param


def finished(stats):
    """Return the statistics of one measured tensor by name, in float32 as in an event."""
    found = finish(1, [0], [stats.numel], stats.values[None].numpy())
    return {name: np.float32(value[0]) for name, value in found.items()}
