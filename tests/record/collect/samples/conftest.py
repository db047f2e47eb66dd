"""Attention is measured only in processes in which torch.compile has compiled nothing."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _nothing_compiled() -> None:
    """Forget what other tests of this process have compiled."""
    if (utils := sys.modules.get("torch._dynamo.utils")) is not None:
        utils.counters.clear()
