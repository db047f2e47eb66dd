"""Tests of stale gradients: forgetting to set gradients to zero is seen, and ways to do it are told from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run

STEPS = 4


def net(dtype: torch.dtype = torch.float32) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)).to(dtype)


def stale(logdir: Path) -> list[float]:
    """Return the scalar of each step."""
    found = Run(logdir).scalars.get("nnviz/global/stale_gradient", {})
    assert list(found) in ([], list(range(STEPS)))
    return [float(value) for value in found.values()]


NEVER = [0.0] + [1.0] * (STEPS - 1)


def first(model: nn.Module, optimizer: Any, step: int) -> None:
    optimizer.zero_grad()
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def last(model: nn.Module, optimizer: Any, step: int) -> None:
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def between(model: nn.Module, optimizer: Any, step: int) -> None:
    loss = model(torch.ones(2, 3)).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def in_place(model: nn.Module, optimizer: Any, step: int) -> None:
    optimizer.zero_grad(set_to_none=False)
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def in_place_between(model: nn.Module, optimizer: Any, step: int) -> None:
    loss = model(torch.ones(2, 3)).square().sum()
    optimizer.zero_grad(set_to_none=False)
    loss.backward()
    optimizer.step()


def of_the_model(model: nn.Module, optimizer: Any, step: int) -> None:
    model.zero_grad()
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def by_hand(model: nn.Module, optimizer: Any, step: int) -> None:
    for parameter in model.parameters():
        parameter.grad = None
    model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def accumulated(model: nn.Module, optimizer: Any, step: int) -> None:
    optimizer.zero_grad()
    for _ in range(12):
        model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def accumulated_between(model: nn.Module, optimizer: Any, step: int) -> None:
    losses = [model(torch.ones(2, 3)).square().sum() for _ in range(2)]
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()
    optimizer.step()


def in_closure(model: nn.Module, optimizer: Any, step: int) -> None:
    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = model(torch.ones(2, 3)).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)


ZEROING = [first, last, between, in_place, in_place_between, of_the_model, by_hand, accumulated, accumulated_between]


@pytest.mark.parametrize("loop", [*ZEROING, in_closure], ids=lambda loop: loop.__name__)
def test_stale_gradient_of_a_loop_that_zeroes_is_zero(loop: Callable[..., None], tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(STEPS):
            loop(model, optimizer, step)
    assert stale(tmp_path) == [0.0] * STEPS


def forgotten(model: nn.Module, optimizer: Any, step: int) -> None:
    model(torch.ones(2, 3).to(next(model.parameters()).dtype)).square().sum().backward()
    optimizer.step()


def forgotten_with_accumulation(model: nn.Module, optimizer: Any, step: int) -> None:
    for _ in range(12):
        model(torch.ones(2, 3)).square().sum().backward()
    optimizer.step()


def forgotten_with_clipping(model: nn.Module, optimizer: Any, step: int) -> None:
    model(torch.ones(2, 3)).square().sum().backward()
    nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    optimizer.step()


def forgotten_in_closure(model: nn.Module, optimizer: Any, step: int) -> None:
    def closure() -> torch.Tensor:
        loss = model(torch.ones(2, 3)).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)


def of_another(model: nn.Module, optimizer: Any, step: int) -> None:
    torch.optim.SGD(net().parameters(), 0.1).zero_grad()
    forgotten(model, optimizer, step)


@pytest.mark.parametrize(
    "loop",
    [forgotten, forgotten_with_accumulation, forgotten_with_clipping, forgotten_in_closure, of_another],
    ids=lambda loop: loop.__name__,
)
@pytest.mark.parametrize("kinds", [None, ("parameter",)], ids=["all kinds", "no activations"])
def test_stale_gradient_of_forgotten_zero_grad_is_one(loop: Callable[..., None], kinds: Any, tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    options = {} if kinds is None else {"kinds": kinds}
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, **options):
        for step in range(STEPS):
            loop(model, optimizer, step)
    assert stale(tmp_path) == NEVER


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.complex64], ids=str)
def test_stale_gradient_of_any_dtype_is_found(dtype: torch.dtype, tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = nn.Parameter(torch.full((3,), 1e-3, dtype=dtype))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.w * x.to(dtype)).abs() * (1e-200 if dtype == torch.float64 else 1.0)

    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)  # so that signs stay
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for _ in range(STEPS):
            model(torch.ones(3)).sum().backward()
            optimizer.step()
    assert stale(tmp_path) == NEVER


def test_stale_gradient_nonfinite_is_not_zero(tmp_path: Path) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.0)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, on_finding=None):
        for _ in range(STEPS):
            (model(torch.ones(2, 3)).square().sum() * float("nan")).backward()
            optimizer.step()
    assert stale(tmp_path) == NEVER


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("forget", [False, True])
def test_stale_gradient_of_embedding_is_found(sparse: bool, forget: bool, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Embedding(20_000, 4, sparse=sparse), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for _ in range(STEPS):
            loss = model(torch.tensor([17, 3])).square().sum()
            if not forget:
                optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert stale(tmp_path) == (NEVER if forget else [0.0] * STEPS)


def test_stale_gradient_of_frozen_and_unused_layers_is_ignored(tmp_path: Path) -> None:
    model = nn.ModuleDict({"frozen": nn.Linear(3, 3), "used": nn.Linear(3, 2), "unused": nn.Linear(3, 50)})
    model["frozen"].requires_grad_(False)
    model.forward = lambda x: model["used"](model["frozen"](x))  # type: ignore[method-assign]
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(STEPS):
            if step == 2:
                optimizer.zero_grad()
            model(torch.ones(2, 3)).square().sum().backward()
            optimizer.step()
    assert stale(tmp_path) == [0.0, 1.0, 0.0, 1.0]


def test_stale_gradient_of_parameter_used_last_is_no_sign(tmp_path: Path) -> None:
    """A parameter behind the last layer gets its gradient before any layer does."""

    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.fc = nn.Parameter(torch.ones(1)), nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(x) * self.scale

    model = Scaled()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(STEPS):
            between(model, optimizer, step)
    assert stale(tmp_path) == [0.0] * STEPS


@pytest.mark.parametrize("first_of_both", ["G", "D"])
@pytest.mark.parametrize("forget", [None, "G", "D"])
@pytest.mark.parametrize("set_to_none", [True, False])
def test_stale_gradient_of_gan_is_that_of_its_optimizers(
    first_of_both: str, forget: str | None, set_to_none: bool, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    models = {"G": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)), "D": nn.Linear(3, 1)}
    optimizers = {name: torch.optim.Adam(model.parameters(), 1e-3) for name, model in models.items()}

    def zero(name: str) -> None:
        if name != forget:
            optimizers[name].zero_grad(set_to_none=set_to_none)

    def train(name: str) -> None:
        if name == "D":
            zero("D")
            for _ in range(10):  # many passes before those of the generator
                models["D"](torch.ones(2, 3)).sum().backward()
            fake = models["G"](torch.randn(2, 3))
            models["D"](fake.detach()).sum().neg().backward()
        else:
            fake = models["G"](torch.randn(2, 3))
            zero("G")
            models["D"](fake).sum().backward()
        optimizers[name].step()

    names = [first_of_both, "G" if first_of_both == "D" else "D"]
    with tb_nnviz.watch(models, list(optimizers.values()), logdir=tmp_path, every=1):
        for _ in range(STEPS):
            for name in names:
                train(name)
    found = stale(tmp_path)
    assert found[1:] == [float(forget is not None)] * (STEPS - 1)


def test_stale_gradient_without_optimizer_is_of_all_models(tmp_path: Path) -> None:
    model = net()
    with tb_nnviz.watch(model, logdir=tmp_path, every=1) as monitor:
        for step in range(STEPS):
            if step == 2:
                model.zero_grad()
            model(torch.ones(2, 3)).square().sum().backward()
            monitor.step()
    assert stale(tmp_path) == [0.0, 1.0, 0.0, 1.0]


def test_stale_gradient_of_many_parameters_reads_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = nn.Sequential(*(nn.Linear(3, 3) for _ in range(200)))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    counts, norm = [], torch._foreach_norm
    monkeypatch.setattr(torch, "_foreach_norm", lambda found, order: counts.append(len(found)) or norm(found, order))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(STEPS):
            first(model, optimizer, step)
    assert counts == [] and stale(tmp_path) == [0.0] * STEPS
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path / "forgotten", every=1):
        for step in range(STEPS):
            forgotten(model, optimizer, step)
    assert 0 < max(counts) <= 16


def test_stale_gradient_of_unlogged_steps_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    counts, norm = [], torch._foreach_norm
    monkeypatch.setattr(torch, "_foreach_norm", lambda found, order: counts.append(1) or norm(found, order))
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=2):
        for step in range(7):
            forgotten(model, optimizer, step)
    assert len(counts) == 2 * 3  # the pass and its gradient, at steps 2, 4 and 6
    found = Run(tmp_path).scalars["nnviz/global/stale_gradient"]
    assert {step: float(value) for step, value in found.items()} == {0: 0.0, 2: 1.0, 4: 1.0, 6: 1.0}
