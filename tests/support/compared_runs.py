"""Small trainings on real data that differ from each other in one known way."""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import tb_nnviz
from tests.faults.data import Batch, Batches, digits

STEPS = 80
#: The layer that variants change.
LAYER = "fc2"
#: Statistics only, at every step.
QUIET = {"histograms_every": None, "weights_every": None, "tracked_weights": None, "burst": 0, "on_finding": None}


@dataclass
class Variant:
    """The one way in which a training differs from the others.

    Args:
        initialize: a change of the model before training.
        more: layers before the head.
        optimizer: makes the optimizer of the parameter groups "rest" and "own", of which the latter is of ``LAYER``.
        batch_size: the number of samples per step.
        dropout: the share that the dropout layer drops.
        change_batch: a change of the batch of a step.
        before: an action before a step, given the step and the optimizer.
        clip: the largest norm of the gradients.
        autocast: True computes in bfloat16.
        watch: options of ``watch``.
    """

    initialize: Callable[[nn.Sequential], object] | None = None
    more: Callable[[], dict[str, nn.Module]] = dict
    optimizer: Callable[[list[dict[str, Any]]], torch.optim.Optimizer] = field(
        default_factory=lambda: lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9)
    )
    batch_size: int = 64
    dropout: float = 0.0
    change_batch: Callable[[int, Batch], Batch] | None = None
    before: Callable[[int, torch.optim.Optimizer], object] | None = None
    clip: float | None = None
    autocast: bool = False
    watch: dict[str, Any] = field(default_factory=dict)


def train(logdir: Path, seed: int, variant: Variant | None = None, steps: int = STEPS) -> Path:
    """Train a network on digits and log every step.

    Args:
        logdir: the directory of the run.
        seed: the seed of the initialization, the batches and the dropout.
        variant: the way in which it differs.
        steps: the number of steps.
    """
    of = Variant() if variant is None else variant
    torch.manual_seed(seed)
    parts: dict[str, nn.Module] = OrderedDict(
        flat=nn.Flatten(), fc1=nn.Linear(64, 48), act1=nn.ReLU(), drop=nn.Dropout(of.dropout), fc2=nn.Linear(48, 48),
        act2=nn.ReLU(), fc3=nn.Linear(48, 32), act3=nn.ReLU(),
    )  # fmt: skip
    head = nn.Linear(32, 10)
    parts.update(of.more())  # made last, so that the other layers begin alike
    parts["head"] = head
    model = nn.Sequential(OrderedDict(parts))
    if of.initialize is not None:
        of.initialize(model)
    own = list(model.get_submodule(LAYER).parameters())
    rest = [parameter for parameter in model.parameters() if all(parameter is not one for one in own)]
    optimizer = of.optimizer([{"params": rest, "name": "rest"}, {"params": own, "name": "own"}])
    batches = Batches(digits(), of.batch_size, seed)
    torch.manual_seed(1000 + seed)
    with tb_nnviz.watch(model, optimizer, logdir, every=1, **(QUIET | of.watch)) as monitor:
        for step in range(steps):
            batch = batches(step)
            if of.change_batch is not None:
                batch = of.change_batch(step, batch)
            if of.before is not None:
                of.before(step, optimizer)
            optimizer.zero_grad()
            loss = _loss(model, batch, of.autocast)
            loss.backward()
            if of.clip is not None:
                monitor.clip_grad_norm_(of.clip)
            optimizer.step()
            monitor.log(loss=loss)
    return logdir


def _loss(model: nn.Module, batch: Batch, autocast: bool) -> Tensor:
    x, y = batch
    with torch.autocast("cpu", torch.bfloat16) if autocast else contextlib.nullcontext():
        output = model(x)
    return F.cross_entropy(output.float(), y)


def another_initialization(model: nn.Sequential) -> None:
    """Initialize one layer by another seed and another rule."""
    generator = torch.Generator().manual_seed(99)
    nn.init.kaiming_normal_(model.get_submodule(LAYER).weight, generator=generator)  # type: ignore[arg-type]


def halve(step: int) -> Callable[[int, torch.optim.Optimizer], None]:
    """Return an action that halves the learning rate of one layer at a step."""

    def before(now: int, optimizer: torch.optim.Optimizer) -> None:
        if now == step:
            optimizer.param_groups[1]["lr"] *= 0.5

    return before


def other_batch(at: int) -> Callable[[int, Batch], Batch]:
    """Return a change that takes another batch at one step."""
    batches = Batches(digits(), 64, seed=77)
    return lambda step, batch: batches(step) if step == at else batch


#: All variants by name.
VARIANTS = {
    "same": Variant(),
    "half": Variant(before=halve(60)),
    "initialization": Variant(initialize=another_initialization),
    "dropout": Variant(dropout=0.4),
    "batch": Variant(change_batch=other_batch(40)),
    "decay": Variant(optimizer=lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, weight_decay=0.05)),
    "adam": Variant(optimizer=lambda groups: torch.optim.Adam(groups, lr=0.001)),
    "size": Variant(batch_size=32),
    "momentum": Variant(optimizer=lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.5)),
    "layer": Variant(more=lambda: {"fc4": nn.Linear(32, 32), "act4": nn.ReLU()}),
    "normalization": Variant(change_batch=lambda step, batch: (batch[0] * 0.5 + 0.2, batch[1])),
    "clipping": Variant(clip=0.5),
    "bfloat16": Variant(autocast=True),
    "frozen": Variant(initialize=lambda model: model.get_submodule(LAYER).requires_grad_(False)),
    "settings": Variant(watch={"settings": {"data": "digits", "seed": 0}}),
}
