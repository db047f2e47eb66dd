"""Rules of gradients, updates, parameters and rates on small real trainings: faults, and their healthy twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import tb_nnviz
from demo.data import batches, digits
from tb_nnviz.diagnosis.diagnose import Diagnosis, diagnose
from tb_nnviz.logs.event_files import EventFileReader

STEPS = 101


def mlp(depth: int = 4, width: int = 32, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    sizes = [64, *[width] * (depth - 1), 10]
    layers: list[nn.Module] = []
    for one, other in pairwise(sizes):
        layers += [nn.Linear(one, other), activation()]
    return nn.Sequential(*layers[:-1])


class Detached(nn.Module):
    """A network whose second half gets no gradient to pass on."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32)), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x).detach().relu())


@dataclass
class Run:
    """A training, with what a fault changes."""

    model: nn.Module = field(default_factory=mlp)
    optimizer: Callable[[nn.Module], torch.optim.Optimizer] = lambda model: torch.optim.Adam(model.parameters(), 1e-3)
    scale: float = 1.0
    clip: float | None = None
    zeroes: bool = True
    after_backward: Callable[[torch.optim.Optimizer], None] = lambda optimizer: None
    data: Callable[[int, Tensor], Tensor] = lambda step, x: x


def sgd(rate: float, **options: Any) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: torch.optim.SGD(model.parameters(), rate, **options)


def adam(rate: float, **options: Any) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: torch.optim.AdamW(model.parameters(), rate, **options)


def diagnosis(run: Run, folder: Path, every: int = 5) -> Diagnosis:
    """Train on digits under watch, and judge the log."""
    model, optimizer = run.model, run.optimizer(run.model)
    options: dict[str, Any] = {"histograms_every": None, "weights_every": None, "on_finding": None}
    with tb_nnviz.watch(model, optimizer, logdir=folder, every=every, **options) as monitor:
        for step, (x, y) in enumerate(batches(digits()[0], 64, STEPS)):
            loss = functional.cross_entropy(model(run.data(step, x.flatten(1))), y) * run.scale
            if run.zeroes:
                optimizer.zero_grad()
            loss.backward()
            run.after_backward(optimizer)
            if run.clip is not None:
                monitor.clip_grad_norm_(run.clip)
            optimizer.step()
            monitor.log(loss=loss)
    return diagnose(EventFileReader(folder.parent), folder.name)


def replaced_head() -> Run:
    run = Run()
    optimizer = torch.optim.Adam(run.model.parameters(), 1e-3)
    assert isinstance(run.model, nn.Sequential)
    run.model[-1] = nn.Linear(32, 10)
    run.optimizer = lambda model: optimizer
    return run


def small_weights() -> nn.Module:
    model = mlp(10)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)
    return model


def large_weights() -> nn.Module:
    model = mlp(10, 64)
    for module in model.modules():
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.7)
    return model


def frozen(model: nn.Sequential) -> nn.Module:
    model[0].requires_grad_(False)
    return model


def zero_head(model: nn.Sequential) -> nn.Module:
    nn.init.zeros_(model[-1].weight)  # type: ignore[arg-type]
    return model


FAULTS: dict[str, tuple[Callable[[], Run], str, str | None]] = {
    "sigmoids": (lambda: Run(mlp(9, activation=nn.Sigmoid), sgd(0.1)), "gradient/vanishing", None),
    "small weights": (lambda: Run(small_weights()), "gradient/vanishing", None),
    "large weights": (lambda: Run(large_weights(), sgd(1e-3)), "gradient/exploding", None),
    "rate of SGD": (lambda: Run(optimizer=sgd(10.0)), "learning_rate/too_high", ""),
    "rate of momentum": (lambda: Run(mlp(6), sgd(3.0, momentum=0.9)), "learning_rate/too_high", ""),
    "rate of Adam": (lambda: Run(optimizer=adam(0.3)), "learning_rate/too_high", ""),
    "low rate": (lambda: Run(optimizer=adam(1e-8)), "learning_rate/too_low", ""),
    "not zeroed": (lambda: Run(optimizer=sgd(0.02), zeroes=False), "gradient/accumulates", None),
    "clipped": (lambda: Run(optimizer=sgd(0.1), clip=1e-6), "clipping/always", ""),
    "epsilon": (lambda: Run(optimizer=adam(1e-3, eps=1.0)), "update/epsilon", None),
    "rate 0": (lambda: Run(optimizer=adam(0.0)), "update/none", ""),
    "decay": (lambda: Run(optimizer=sgd(0.1, weight_decay=0.9)), "parameter/shrinking", None),
    "detached": (lambda: Run(Detached()), "parameter/no_gradient", "body.2"),
    "replaced head": (replaced_head, "parameter/not_optimized", "6"),
    "zeroed too late": (lambda: Run(after_backward=lambda one: one.zero_grad(False)), "gradient/zero", None),
    "gone too early": (lambda: Run(after_backward=lambda one: one.zero_grad()), "gradient/zero", ""),
    "one bad batch": (
        lambda: Run(optimizer=sgd(0.05), data=lambda step, x: x * 300 if step == 60 else x),
        "gradient/spike",
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_among_the_first_two_findings(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    make, rule, layer = FAULTS[name]
    found = diagnosis(make(), tmp_path / "run").findings
    match = [one for one in found[:2] if one.rule == rule]
    assert match, [str(one) for one in found]
    if layer is not None:
        assert match[0].layer == layer


HEALTHY: dict[str, Callable[[], Run]] = {
    "adam": Run,
    "large steps of adam": lambda: Run(optimizer=adam(1e-2)),
    "momentum": lambda: Run(optimizer=sgd(0.1, momentum=0.9)),
    "rmsprop": lambda: Run(optimizer=lambda model: torch.optim.RMSprop(model.parameters(), 1e-3)),
    "two layers": lambda: Run(mlp(2)),
    "three sigmoids": lambda: Run(mlp(3, activation=nn.Sigmoid), sgd(0.5)),
    "tiny loss": lambda: Run(scale=1e-4),
    "sum over the batch": lambda: Run(scale=64.0),
    "clipped at each step": lambda: Run(optimizer=sgd(0.2), clip=0.2),
    "frozen first layer": lambda: Run(frozen(mlp())),
    "zero head": lambda: Run(zero_head(mlp())),
    "set to zero late": lambda: Run(after_backward=lambda one: None),
}
#: Families of these rules.
FAMILIES = ("gradient", "nonfinite", "update", "parameter", "learning_rate", "clipping", "precision")


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_run_has_no_finding(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    found = diagnosis(HEALTHY[name](), tmp_path / "run")
    assert [str(one) for one in found.findings if one.rule.split("/")[0] in FAMILIES] == []
    assert {"gradient/vanishing", "update/none", "parameter/not_optimized"} <= set(found.checked)
