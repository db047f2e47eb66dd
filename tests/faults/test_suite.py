"""A small part of the suite as a test: faults are found, and healthy runs are not blamed.

``./dev bench findings`` runs all of it. No case that is held out belongs here.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.bench.findings import OWN, Judged, failures, fault_line, healthy_line, is_right, judge, summaries
from tests.faults.case import Fault
from tests.faults.catalog import FAULTS, HEALTHY, TWINS

#: Quick faults of many kinds, whose findings do not depend on a single number.
QUICK_FAULTS = (
    "mlp/no-zero-grad", "mlp/layer-not-optimized", "mlp/detached-layer", "mlp/epsilon", "mlp/dead-relu",
    "mlp/rate-x100", "cnn/evaluation-after-validation", "autoencoder/zero-by-zero", "encoder/attention-logits",
    "diabetes/input-unscaled", "diabetes/last-relu",
)  # fmt: skip
QUICK_HEALTHY = (
    "diabetes/default", "diabetes/tiny-loss", "autoencoder/mostly-black", "cancer/sigmoid-hidden", "mlp/momentum",
    "encoder/default",
)  # fmt: skip
CASES = {case.name: case for case in (*TWINS, *HEALTHY, *FAULTS)}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[Judged]:
    """Train and judge the quick cases, on one thread as the bench does."""
    folder: Path = tmp_path_factory.mktemp("findings")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [judge(CASES[name], folder, others=False) for name in (*QUICK_FAULTS, *QUICK_HEALTHY)]
    finally:
        torch.set_num_threads(threads)


def test_quick_cases_are_not_held_out() -> None:
    assert not [name for name in (*QUICK_FAULTS, *QUICK_HEALTHY) if CASES[name].is_held_out]


@pytest.mark.slow
def test_quick_faults_are_found_where_and_when_they_begin(judged: list[Judged]) -> None:
    missed = [fault_line(one) for one in judged if isinstance(one.case, Fault) and not is_right(one.score(OWN))]
    assert len(missed) <= 1, "".join(missed)


@pytest.mark.slow
def test_quick_healthy_runs_are_not_blamed(judged: list[Judged]) -> None:
    summary = summaries(judged, OWN)
    report = "".join(healthy_line(one) for one in judged if not isinstance(one.case, Fault))
    assert summary.healthy == len(QUICK_HEALTHY)
    assert summary.severe_runs == 0, report
    assert summary.warnings_per_run <= 0.3, report


@pytest.mark.slow
def test_quick_runs_are_checked_by_rules_that_do_not_raise(judged: list[Judged]) -> None:
    assert failures(judged) == []
