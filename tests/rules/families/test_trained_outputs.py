"""Rules of outputs, inputs, normalization and losses on small real trainings: faults, and their healthy twins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import tb_nnviz
from demo.data import batches, digits
from tb_nnviz.diagnosis.diagnose import Diagnosis, diagnose
from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.rules.parted import READS, Parted, parted

STEPS = 81
OWN = ("activation", "loss", "output", "input", "attention", "normalization")


def mlp(*last: nn.Module, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    torch.manual_seed(0)
    body = [nn.Linear(64, 32), activation(), nn.Linear(32, 32), activation(), nn.Linear(32, 10)]
    return nn.Sequential(nn.Flatten(), *body, *last)


def normed() -> nn.Sequential:
    torch.manual_seed(0)
    convolutions = [nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8), nn.ReLU()]
    return nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(128, 10))


def changed(model: nn.Sequential, change: Callable[[nn.Sequential], Any]) -> nn.Sequential:
    with torch.no_grad():
        change(model)
    return model


def squared(p: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(p, functional.one_hot(y, 10).float())


def shuffled(p: Tensor, y: Tensor) -> Tensor:
    return functional.cross_entropy(p, y.roll(1))


class Mean(nn.Module):
    """A module that gives every sample the mean of the batch."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(0, keepdim=True).expand_as(x)


class Function(nn.Module):
    """A network whose activations are functions."""

    def __init__(self, shift: float = 0.0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.b, self.c = nn.Linear(64, 32), nn.Linear(32, 32), nn.Linear(32, 10)
        nn.init.constant_(self.b.bias, shift)

    def forward(self, x: Tensor) -> Tensor:
        return self.c(self.b(self.a(x.flatten(1)).relu()).relu())


@dataclass
class Run:
    """A training, with what a fault changes."""

    model: nn.Module = field(default_factory=mlp)
    loss: Callable[[Tensor, Tensor], Tensor] = functional.cross_entropy
    batch: int = 32
    data: Callable[[int, Tensor], Tensor] = lambda step, x: x
    before: Callable[[int, nn.Module, torch.optim.Optimizer], Any] = lambda step, model, optimizer: None


def train(run: Run, folder: Path, seed: int = 0) -> EventFileReader:
    """Train on digits under watch, and return the log."""
    optimizer = torch.optim.Adam(run.model.parameters(), 1e-3)
    options: dict[str, Any] = {"histograms_every": None, "weights_every": None, "on_finding": None}
    with tb_nnviz.watch(run.model, optimizer, logdir=folder, every=5, **options) as monitor:
        for step, (x, y) in enumerate(batches(digits()[0], run.batch, STEPS, seed)):
            run.before(step, run.model, optimizer)
            loss = run.loss(run.model(run.data(step, x)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss)
    return EventFileReader(folder)


def diagnosis(run: Run, folder: Path) -> Diagnosis:
    return diagnose(train(run, folder), ".")


def rate(high: float) -> Callable[[int, nn.Module, torch.optim.Optimizer], None]:
    def change(step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        optimizer.param_groups[0]["lr"] = high if step >= 40 else 1e-3

    return change


def evaluate(step: int, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    model.train(step < 40)


def large(std: float) -> Callable[[nn.Sequential], None]:
    def change(model: nn.Sequential) -> None:
        for module in model:
            if isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, std)

    return change


FAULTS: dict[str, tuple[Callable[[], Run], str, str, int]] = {
    "dead": (lambda: Run(changed(mlp(), lambda m: m[3].bias.fill_(-30))), "activation/dead", "4", 0),
    "dead function": (lambda: Run(Function(-30)), "activation/dead", "b", 0),
    "saturated": (lambda: Run(changed(mlp(activation=nn.Tanh), large(2))), "activation/saturated", "2", 0),
    "scale": (lambda: Run(changed(mlp(), large(2))), "activation/scale", "1", 0),
    "outlier": (lambda: Run(changed(mlp(), lambda m: m[3].weight[5].mul_(3e4))), "activation/outlier", "3", 0),
    "collapse": (
        lambda: Run(nn.Sequential(nn.Flatten(), nn.Linear(64, 32), Mean(), nn.ReLU(), nn.Linear(32, 10))),
        "activation/collapse", "2", 0,
    ),
    "diverges": (lambda: Run(before=rate(1.0)), "loss/diverges", "", 40),
    "stuck": (lambda: Run(loss=shuffled), "loss/stuck", "", 0),
    "spike": (lambda: Run(data=lambda step, x: x * 300 if step in (60, 61) else x), "loss/spike", "", 60),
    "double softmax": (lambda: Run(mlp(nn.Softmax(1))), "output/saturated", "6", 0),
    "constant input": (lambda: Run(data=lambda step, x: x[:1].expand_as(x)), "input/constant", "", 0),
    "bytes": (lambda: Run(data=lambda step, x: (x * 6 + 4.9) * 16), "input/scale", "", 0),
    "evaluation": (lambda: Run(normed(), before=evaluate), "normalization/evaluation", "1", 40),
    "one sample": (lambda: Run(normed(), batch=1), "normalization/one_sample", "1", 0),
}  # fmt: skip
HEALTHY: dict[str, Callable[[], Run]] = {
    "mlp": Run,
    "function": lambda: Run(Function()),
    "tanh": lambda: Run(mlp(activation=nn.Tanh)),
    "gelu": lambda: Run(mlp(activation=nn.GELU)),
    "norms": lambda: Run(normed()),
    "dropout": lambda: Run(mlp(nn.Dropout(0.3))),
    "small batches": lambda: Run(batch=4),
    "log softmax": lambda: Run(mlp(nn.LogSoftmax(1)), functional.nll_loss),
    "softmax and squared error": lambda: Run(mlp(nn.Softmax(1)), squared),
    "sigmoid and squared error": lambda: Run(mlp(nn.Sigmoid()), squared),
    "small loss": lambda: Run(loss=lambda p, y: functional.cross_entropy(p, y) * 1e-4),
    "summed loss": lambda: Run(loss=lambda p, y: functional.cross_entropy(p, y, reduction="sum")),
    "zero head": lambda: Run(changed(mlp(), lambda m: (m[5].weight.zero_(), m[5].bias.zero_()))),
}


@pytest.mark.parametrize("name", FAULTS)
def test_diagnose_fault_names_rule_layer_and_step(name: str, tmp_path: Path) -> None:
    make, rule, layer, since = FAULTS[name]
    found = [one for one in diagnosis(make(), tmp_path).findings if one.rule == rule]
    assert [one.layer for one in found[:1]] == [layer], [str(one) for one in found]
    assert since <= found[0].since <= since + 10


@pytest.mark.parametrize("name", HEALTHY)
def test_diagnose_healthy_training_finds_nothing(name: str, tmp_path: Path) -> None:
    found = diagnosis(HEALTHY[name](), tmp_path).findings
    assert [str(one) for one in found if one.rule.startswith(OWN) and one.severity != "notice"] == []


def compare(tmp_path: Path, one: Run, other: Run, seeds: tuple[int, int] = (0, 0)) -> Parted | None:
    logs = [train(run, tmp_path / str(i), seeds[i]) for i, run in enumerate((one, other))]
    return parted(*(read_steps(log, ".", READS)[0] for log in logs))


def test_parted_same_training_does_not_part(tmp_path: Path) -> None:
    assert compare(tmp_path, Run(), Run()) is None


def test_parted_other_data_part_at_the_input(tmp_path: Path) -> None:
    found = compare(tmp_path, Run(), Run(), (0, 1))
    assert found is not None and (found.step, found.kind, found.equal_until) == (0, "input", None)


def test_parted_other_rate_parts_at_its_step(tmp_path: Path) -> None:
    found = compare(tmp_path, Run(), Run(before=rate(2e-3)))
    assert found is not None and (found.step, found.statistic) == (40, "learning_rate/0")
    assert found.equal_until == 35 and found.rounding_since is None
