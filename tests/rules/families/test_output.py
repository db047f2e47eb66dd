"""Rules of a model's result: gradients of squashed outputs are computed by PyTorch, the other values are by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tb_nnviz.rules.families.output import Constant, Saturated
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row
from tests.support.step_values import call, findings_of, joined, step_values

NAN = np.nan
OUTPUT = Row("output", "", 0, "Net", (5,), 5, "float32", "other", True)
LOSSES = {
    "cross entropy": F.cross_entropy,
    "sum": lambda p, y: F.cross_entropy(p, y, reduction="sum"),
    "smooth": lambda p, y: F.cross_entropy(p, y, label_smoothing=0.1),
    "nll": lambda p, y: F.nll_loss(p.log(), y),
    "squared": lambda p, y: F.mse_loss(p, F.one_hot(y, p.shape[-1]).float()),
    "brier": lambda p, y: ((p - F.one_hot(y, p.shape[-1]).float()) ** 2).sum(-1).mean(),
    "kl": lambda p, y: F.kl_div(p.log(), F.one_hot(y, p.shape[-1]).float() * 0.9 + 0.02, reduction="batchmean"),
    "bce with logits": lambda p, y: F.binary_cross_entropy_with_logits(p, F.one_hot(y, p.shape[-1]).float()),
    "bce": lambda p, y: F.binary_cross_entropy(p, F.one_hot(y, p.shape[-1]).float()),
    "absolute": lambda p, y: F.l1_loss(p, F.one_hot(y, p.shape[-1]).float()),
}


def trained(squash: str, loss: str, units: int = 5, functional: bool = False, log: bool = True) -> list[StepValues]:
    """Return the steps of logits that are trained directly, with a squashing module or function at the end."""
    torch.manual_seed(0)
    labels = torch.randint(units, (64,))
    logits = torch.randn(64, units, requires_grad=True)
    optimizer = torch.optim.Adam([logits], 0.1)
    steps = []
    for step in range(24):
        squashed = {"softmax": lambda x: x.softmax(-1), "sigmoid": torch.sigmoid, "none": lambda x: x * 1}[squash](
            logits
        )
        squashed.retain_grad()
        value = LOSSES[loss](squashed, labels)
        optimizer.zero_grad()
        value.backward()
        assert logits.grad is not None and squashed.grad is not None
        last = call("fc", 1, "Linear", units) if functional else call("last", 1, squash.title(), units)
        steps.append(
            _values(step, last, *((logits, logits.grad) if functional else (squashed, squashed.grad)), squashed)
        )
        if log:
            steps.append(StepValues(step, logged={"loss": float(value.detach())}))
        optimizer.step()
    return steps


def _values(step: int, row: Row, x: torch.Tensor, gradient: torch.Tensor, output: torch.Tensor) -> StepValues:
    def of(tensor: torch.Tensor) -> dict[str, np.ndarray]:
        found = {"min": tensor.min(), "max": tensor.max(), "norm": tensor.norm(), "absmax": tensor.abs().max()}
        found["zero_fraction"], found["count"] = (tensor == 0).double().mean(), torch.tensor(float(tensor.numel()))
        return {name: np.array([float(value)]) for name, value in found.items()}

    deviation = np.array([float((output.detach().sum(-1) - 1).abs().mean())])
    return joined(
        step_values(step, [row], "activation", **of(x.detach())),
        step_values(step, [row], "activation_gradient", **of(gradient)),
        step_values(step, [OUTPUT], "output", sum_deviation=deviation, **of(output.detach())),
    )


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("units", [2, 3, 5, 10, 100])
def test_saturated_softmax_before_cross_entropy_is_severe(units: int, functional: bool) -> None:
    found = findings_of(Saturated(), trained("softmax", "cross entropy", units, functional))
    assert [(one.severity, one.layer, one.since) for one in found] == [("severe", "fc" if functional else "last", 0)]
    assert f"cannot fall below {np.log(np.e + units - 1) - 1:.3g}" in found[0].evidence


@pytest.mark.parametrize("loss", ["sum", "smooth"])
def test_saturated_softmax_before_variants_is_found(loss: str) -> None:
    assert len(findings_of(Saturated(), trained("softmax", loss, log=loss != "sum"))) == 1


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("units", [2, 5])
def test_saturated_sigmoid_before_logits_loss_is_found(units: int, functional: bool) -> None:
    assert len(findings_of(Saturated(), trained("sigmoid", "bce with logits", units, functional))) == 1


@pytest.mark.parametrize("functional", [False, True])
@pytest.mark.parametrize("units", [2, 3, 5, 50])
@pytest.mark.parametrize(
    ("squash", "loss"),
    [
        ("softmax", "nll"),
        ("softmax", "squared"),
        ("softmax", "brier"),
        ("softmax", "kl"),
        ("sigmoid", "bce"),
        ("sigmoid", "squared"),
        ("sigmoid", "absolute"),
        ("none", "cross entropy"),
        ("none", "bce with logits"),
    ],
)
def test_saturated_right_loss_finds_nothing(squash: str, loss: str, units: int, functional: bool) -> None:
    assert findings_of(Saturated(), trained(squash, loss, units, functional)) == []


def outputs(count: int, rms: float, spread: float, share: float = NAN) -> list[StepValues]:
    arrays = {"rms": np.array([rms]), "batch_std~": np.array([spread]), "largest_share": np.array([share])}
    return [step_values(10 * i, [OUTPUT], "output", **arrays) for i in range(count)]


def test_constant_output_is_severe() -> None:
    found = findings_of(Constant(), outputs(5, 2.0, 1e-7, 1.0))
    assert [(one.severity, one.since, one.step) for one in found] == [("severe", 0, 20)]


def test_constant_single_class_is_a_warning_if_it_lasts() -> None:
    found = findings_of(Constant(), outputs(22, 2.0, 0.04, 1.0))
    assert [(one.severity, one.since, one.step) for one in found] == [("warning", 0, 190)]
    assert findings_of(Constant(), outputs(18, 2.0, 0.04, 1.0)) == []


@pytest.mark.parametrize(
    ("rms", "spread", "share"),
    [(2.0, 1.0, 1.0), (2.0, 0.2, 1.0), (100.0, 0.3, NAN), (2.0, 0.05, 0.6), (0.0, NAN, NAN), (NAN, NAN, NAN)],
    ids=["unbalanced classes", "frequencies", "large mean", "several classes", "unknown", "not finite"],
)
def test_constant_healthy_output_finds_nothing(rms: float, spread: float, share: float) -> None:
    assert findings_of(Constant(), outputs(30, rms, spread, share)) == []


def test_constant_zero_head_at_the_start_finds_nothing() -> None:
    assert findings_of(Constant(), outputs(1, 0.0, 0.0, 1.0) + outputs(9, 1.0, 0.5, 0.3)) == []


@pytest.mark.parametrize(("spread", "factor"), [(1.0, 0.97), (0.04, 0.99)], ids=["rare class", "frequencies"])
def test_constant_class_of_a_loss_that_falls_is_a_notice(spread: float, factor: float) -> None:
    steps = [StepValues(10 * i, logged={"loss": 0.3 + 2.0 * factor ** (4 * i)}) for i in range(30)]
    both = [one for pair in zip(outputs(30, 2.0, spread, 1.0), steps, strict=True) for one in pair]
    assert [one.severity for one in findings_of(Constant(), both)] == ["notice"]


def test_constant_labels_of_one_class_are_a_warning() -> None:
    steps = [StepValues(10 * i, logged={"loss": 2.3 * 0.5**i}) for i in range(30)]
    both = [one for pair in zip(outputs(30, 2.0, 1.0, 1.0), steps, strict=True) for one in pair]
    assert [(one.severity, one.since) for one in findings_of(Constant(), both)] == [("warning", 0)]
