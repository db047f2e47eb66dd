"""Tests of the share of elements that have a gradient and no update, against the loop's own parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.backends import backend  # noqa: F401
from tests.support.event_reader import Run

pytestmark = pytest.mark.usefixtures("backend")


def net(dtype: torch.dtype) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(30, 40), nn.ReLU(), nn.Linear(40, 2)).to(dtype)


def train(
    model: nn.Module, optimizer: Any, logdir: Path, steps: int = 3, before: Callable[[], object] = lambda: None
) -> list[dict[str, float]]:
    """Train, and return the share that is lost by parameter, for each step."""
    found = []
    dtype = next(model.parameters()).dtype
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1):
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.randn(8, 30).to(dtype)).float().square().sum().backward()
            before()
            old = {name: (p.detach().clone(), p.grad.clone()) for name, p in model.named_parameters()}  # type: ignore[union-attr]
            optimizer.step()
            now = {}
            for name, p in model.named_parameters():
                value, gradient = old[name]
                some = (gradient != 0).numpy()
                now[name] = float(np.mean((p.detach() == value).numpy()[some])) if some.any() else math.nan
            found.append(now)
    return found


def lost(logdir: Path, step: int) -> dict[str, float]:
    return {name: row.get("lost_fraction", math.nan) for name, row in Run(logdir).statistics("update", step).items()}


MAKERS = {
    "SGD": lambda p: torch.optim.SGD(p, 1e-5),
    "AdamW": lambda p: torch.optim.AdamW(p, 1e-4, weight_decay=0.1),
    "Adam, foreach, maximize": lambda p: torch.optim.Adam(p, 1e-4, weight_decay=0.1, maximize=True, foreach=True),
    "Adam, fused": lambda p: torch.optim.Adam(p, 1e-4, fused=True),
    "momentum": lambda p: torch.optim.SGD(p, 1e-5, momentum=0.9, nesterov=True, weight_decay=0.1),
    "too low for float32": lambda p: torch.optim.SGD(p, 1e-10),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("name", MAKERS)
def test_lost_fraction_equals_that_of_the_loop(name: str, dtype: torch.dtype, tmp_path: Path) -> None:
    model = net(dtype)
    expected = train(model, MAKERS[name](model.parameters()), tmp_path)
    for step, now in enumerate(expected):
        assert lost(tmp_path, step) == pytest.approx(now, nan_ok=True)
    if name == "AdamW" and dtype == torch.bfloat16:
        assert 0.1 < expected[0]["0.weight"] < 1
    if name == "too low for float32":
        assert (expected[0]["0.weight"] > 0.9) == (dtype != torch.float64)


def test_lost_fraction_without_learning_rate_is_one(tmp_path: Path) -> None:
    model = net(torch.float32)
    train(model, torch.optim.SGD(model.parameters(), 0.0), tmp_path)
    assert set(lost(tmp_path, 0).values()) == {1.0}


def test_lost_fraction_without_gradient_is_nan(tmp_path: Path) -> None:
    model = net(torch.float32)

    def clear() -> None:
        assert model[0].weight.grad is not None
        model[0].weight.grad.zero_()

    train(model, torch.optim.SGD(model.parameters(), 0.1), tmp_path, before=clear)
    found = lost(tmp_path, 1)
    assert math.isnan(found["0.weight"])
    assert found["2.weight"] == 0.0


class Changing(torch.optim.SGD):
    """An optimizer that changes the gradients, or replaces them, within its step."""

    change: Callable[[nn.Parameter], None]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        for parameter in self.param_groups[0]["params"]:
            parameter.sub_(parameter.grad, alpha=0.1)
            Changing.change(parameter)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.grad.add_(1.0),
        lambda p: setattr(p, "grad", torch.ones_like(p)),
        lambda p: setattr(p, "grad", None),
    ],
    ids=["in place", "another", "removed"],
)
def test_lost_fraction_of_changed_gradient_is_nan(change: Callable[[Any], None], tmp_path: Path) -> None:
    model = net(torch.float32)
    Changing.change = staticmethod(change)  # type: ignore[assignment]
    train(model, Changing(model.parameters(), 0.1), tmp_path)
    assert Run(tmp_path).statistics("update", 1)["0.weight"]["norm"] > 0
    assert all(math.isnan(one) for one in lost(tmp_path, 1).values())


@pytest.mark.parametrize("fused", [False, True])
def test_lost_fraction_of_skipped_step_is_nan(fused: bool, tmp_path: Path) -> None:
    model = net(torch.float32)
    optimizer, scaler = torch.optim.SGD(model.parameters(), 0.1, fused=fused), torch.amp.GradScaler("cpu", 8.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, scaler=scaler):
        for step in range(3):
            optimizer.zero_grad()
            loss = model(torch.randn(8, 30)).square().sum() * (math.inf if step == 1 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    for step in range(3):
        found = lost(tmp_path, step)
        assert {math.isnan(one) for one in found.values()} == {step == 1}, step
        assert step == 1 or found["0.weight"] < 0.01


def test_lost_fraction_with_closure_uses_its_gradient(tmp_path: Path) -> None:
    model = net(torch.bfloat16)
    optimizer = torch.optim.SGD(model.parameters(), 1e-5)
    x = torch.randn(8, 30).to(torch.bfloat16)
    before = model[0].weight.detach().clone()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(x).square().sum()
        loss.backward()
        return loss

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        optimizer.step(closure)
    assert model[0].weight.grad is not None
    some = model[0].weight.grad != 0
    expected = (model[0].weight.detach() == before)[some].double().mean().item()
    assert lost(tmp_path, 0)["0.weight"] == pytest.approx(expected)


def test_lost_fraction_is_bit_identical_training(tmp_path: Path) -> None:
    states = []
    for watched in (False, True):
        model = net(torch.bfloat16)
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
        monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1) if watched else None
        torch.manual_seed(1)
        for _ in range(4):
            optimizer.zero_grad()
            model(torch.randn(8, 30).to(torch.bfloat16)).square().sum().backward()
            optimizer.step()
        if monitor is not None:
            monitor.close()
        states.append([p.detach().clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*states, strict=True))
