"""One training, as a fault can change it, and the loop that runs it under ``tb_nnviz.watch``."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

import tb_nnviz
from tests.faults.data import Batch

#: The options of ``watch`` that leave out what no rule reads.
QUIET = {"histograms_every": None, "weights_every": None, "tracked_weights": None}
#: Something that happens at each step, given its number.
Action = Callable[[int], None]


@dataclass
class Training:
    """A training that is ready to start.

    Args:
        model: the model, or several by name.
        optimizer: one, or several in the order of the models.
        batch: the batch of a step.
        loss: the loss of a batch.
        step: one whole step. It logs the loss.
        steps, every: the number of steps, and that between two logged ones.
        schedule: the factor of all learning rates by step.
        clip: the largest norm of the gradients.
        clips_by_monitor: True clips by the monitor, which then logs the factor, False by PyTorch's function.
        scaler: a GradScaler.
        micro_batches: the number of equal parts of a batch whose gradients are accumulated.
        zero_grad: False leaves gradients from step to step.
        validation, validate_every: a batch that is validated on, and how often.
        trains_after_validation: False leaves the model in evaluation mode.
        before, after_backward: actions before a step, and between backward pass and optimizer.
    """

    model: Any
    optimizer: Any
    batch: Callable[[int], Batch]
    loss: Callable[[nn.Module, Batch], Tensor]
    step: Callable[[Training, int, tb_nnviz.Monitor], None] = field(default_factory=lambda: supervised)
    steps: int = 200
    every: int = 5
    schedule: Callable[[int], float] | None = None
    clip: float | None = None
    clips_by_monitor: bool = True
    scaler: torch.amp.GradScaler | None = None
    micro_batches: int = 1
    zero_grad: bool = True
    validation: Batch | None = None
    validate_every: int = 20
    trains_after_validation: bool = True
    before: list[Action] = field(default_factory=list)
    after_backward: list[Action] = field(default_factory=list)
    watch: dict[str, Any] = field(default_factory=dict)

    def at(self, step: int, action: Callable[[], object]) -> None:
        """Do something once, before a step."""
        self.before.append(lambda now: None if now != step else void(action()))

    def since(self, step: int, action: Callable[[], object]) -> None:
        """Do something before a step and before all later ones."""
        self.before.append(lambda now: None if now < step else void(action()))

    def corrupt(self, step: int, change: Callable[[Batch], Batch]) -> None:
        """Change the batch of one step."""
        batch = self.batch
        self.batch = lambda now: change(batch(now)) if now == step else batch(now)

    def change_data(self, change: Callable[[Batch], Batch]) -> None:
        """Change the batches of all steps and the validation data."""
        batch = self.batch
        self.batch = lambda now: change(batch(now))
        self.validation = None if self.validation is None else change(self.validation)


def void(_: object) -> None:
    """Return None, so that an expression is a statement."""


def supervised(training: Training, step: int, monitor: tb_nnviz.Monitor) -> None:
    """Train one step of one model by one optimizer."""
    model, optimizer, scaler = training.model, training.optimizer, training.scaler
    if training.zero_grad:
        optimizer.zero_grad()
    total = 0.0
    for part in zip(*(tensor.chunk(training.micro_batches) for tensor in training.batch(step)), strict=True):
        loss = training.loss(model, part) / training.micro_batches
        (loss if scaler is None else scaler.scale(loss)).backward()
        total += loss.item()
    for action in training.after_backward:
        action(step)
    if training.clip is not None:
        if scaler is not None:
            scaler.unscale_(optimizer)
        if training.clips_by_monitor:
            monitor.clip_grad_norm_(training.clip)
        else:
            clip_grad_norm_(model.parameters(), training.clip)
    if scaler is None:
        optimizer.step()
    else:
        scaler.step(optimizer)
        scaler.update()
    monitor.log(loss=total)
    if training.validation is not None and step % training.validate_every == 0:
        model.eval()
        with torch.no_grad():
            monitor.log(val_loss=training.loss(model, training.validation).item())
        model.train(training.trains_after_validation)


def with_closure(training: Training, step: int, monitor: tb_nnviz.Monitor) -> None:
    """Train one step of an optimizer that evaluates the loss itself, such as LBFGS."""

    def closure() -> Tensor:
        training.optimizer.zero_grad()
        loss = training.loss(training.model, training.batch(step))
        loss.backward()
        return loss

    monitor.log(loss=training.optimizer.step(closure).item())


def run(training: Training, logdir: Path, burst: int = 0) -> None:
    """Train to the end, and log it to a new directory.

    Args:
        training: the training.
        logdir: the directory.
        burst: the number of steps that are logged one by one after a finding. Then the log depends on the rules.
    """
    optimizers = training.optimizer if isinstance(training.optimizer, list) else [training.optimizer]
    rates = [[group["lr"] for group in one.param_groups] for one in optimizers]
    options = {"every": training.every, "scaler": training.scaler, "on_finding": None, "burst": burst}
    options |= QUIET | training.watch
    with warnings.catch_warnings():
        # PyTorch and nnviz warn of some of the faults.
        warnings.simplefilter("ignore")
        with tb_nnviz.watch(
            training.model, training.optimizer, logdir=logdir, **(options | QUIET | training.watch)
        ) as monitor:
            for step in range(training.steps):
                for action in training.before:
                    action(step)
                if training.schedule is not None:
                    for one, own in zip(optimizers, rates, strict=True):
                        for group, rate in zip(one.param_groups, own, strict=False):
                            group["lr"] = rate * training.schedule(step)
                training.step(training, step, monitor)
