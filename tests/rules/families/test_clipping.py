"""The rule of clipping: hand-written courses that trigger it, and those that must not."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.rules.families.clipping import Always
from tb_nnviz.rules.step_values import StepValues
from tests.rules.families.test_update import ROWS, moved
from tests.support.step_values import call, findings_of, joined, row, step_values


def clipped(step: int, factor: float, rate: float = 1.0, adaptive: bool = False) -> StepValues:
    scalars = {"clip_factor": factor, "clip_rate": rate, "gradient_norm_before_clipping": 1.0 / factor}
    parts = [step_values(step, ROWS, norm=np.full(4, 0.5)), StepValues(step, scalars=scalars)]
    return joined(*parts, *([step_values(step, ROWS, "optimizer")] if adaptive else []))


def test_always_tiny_factor_at_each_step_is_found() -> None:
    (found,) = findings_of(Always(), [clipped(10 * step, 1e-6) for step in range(8)])
    assert (found.severity, found.since, found.step) == ("warning", 0, 40)
    assert found.details["norm_before_clipping"] == pytest.approx(1e6) and found.details["max_norm"] == pytest.approx(1)


@pytest.mark.parametrize(("factor", "adaptive"), [(0.25, False), (0.05, False), (1.0, False), (1e-3, True)])
def test_always_usual_factor_finds_nothing(factor: float, adaptive: bool) -> None:
    assert findings_of(Always(), [clipped(step, factor, adaptive=adaptive) for step in range(20)]) == []


def test_always_rare_or_early_clipping_finds_nothing() -> None:
    assert findings_of(Always(), [clipped(step, 1e-4, rate=0.5) for step in range(20)]) == []
    assert findings_of(Always(), [clipped(step, 1e-4 if step < 4 else 0.9) for step in range(20)]) == []


def hidden(step: int, norm: float, update: float, outputs: float | None = None) -> StepValues:
    """Return a step whose clipping is not reported, with the norm of the gradient of each output."""
    rows = [*ROWS, *(row(f"fc{i}", "bias", depth=i, shape=(4,)) for i in range(4))]
    sizes = np.full(8, norm / np.sqrt(8))
    parts = [moved(step, update, 2.0, sizes, rows)]
    if outputs is not None:
        calls = [call(f"fc{i}", i, "Linear") for i in range(4)]
        parts.append(step_values(step, calls, "activation_gradient", norm=np.full(4, outputs), mean=np.zeros(4)))
        parts.append(step_values(step, rows, norm=sizes, mean=np.zeros(8)))
    return joined(*parts)


def test_always_unreported_clipping_is_found_by_equal_norms() -> None:
    (found,) = findings_of(Always(), [hidden(step, 1e-6, 1e-7) for step in range(8)])
    assert found.details["max_norm"] == pytest.approx(1e-6)


def test_always_unreported_clipping_is_found_by_the_biases() -> None:
    (found,) = findings_of(Always(), [hidden(step, 1e-3, 1e-3, outputs=0.1) for step in range(8)])
    assert "biases" in found.evidence


def test_always_unreported_usual_clipping_finds_nothing() -> None:
    assert findings_of(Always(), [hidden(step, 1.0, 1e-3, outputs=0.9) for step in range(20)]) == []
    assert findings_of(Always(), [hidden(step, 1.0, 1e-3) for step in range(20)]) == []


def test_always_small_norms_that_vary_find_nothing() -> None:
    assert findings_of(Always(), [hidden(step, 1e-6 * (1 + 0.01 * step), 1e-7) for step in range(20)]) == []
