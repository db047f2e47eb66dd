"""A small part of the suite as a test: what is found, and that healthy runs are not blamed.

``./dev bench findings`` runs all of it. No case that is held out belongs here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.bench.findings import Judged, judge
from tests.faults.catalog import FAULTS, HEALTHY, TWINS

#: Quick faults of as many families of models and rules as a test has time for.
QUICK_FAULTS = (
    "autoencoder/weighted-sample",
)  # fmt: skip
QUICK_HEALTHY = (
    "autoencoder/default", "cancer/default", "diabetes/default",
)  # fmt: skip


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """Train and judge the quick cases, on one thread as the bench does."""
    folder: Path = tmp_path_factory.mktemp("findings")
    cases = {case.name: case for case in (*FAULTS, *HEALTHY, *TWINS)}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [judge(cases[name], folder, False, others=False) for name in (*QUICK_FAULTS, *QUICK_HEALTHY)]
    finally:
        torch.set_num_threads(threads)
