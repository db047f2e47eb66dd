"""Short training runs that write logs, each with a record that the training loop keeps itself."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

import tb_nnviz

Arrays = dict[str, list[np.ndarray]]
STEPS = 11


class Vision(nn.Module):
    """Convolutions with a residual connection, and an activation module that is called twice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(1, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU()
        self.deep, self.pool = nn.Conv2d(6, 6, 3, padding=1), nn.MaxPool2d(2)
        self.wide, self.bound, self.head = nn.Linear(6 * 6 * 6, 50), nn.Tanh(), nn.Linear(50, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.act(self.norm(self.conv(x)))
        h = self.pool(self.act(self.deep(h)) + h)
        return self.head(self.bound(self.wide(h.flatten(1))))


class Text(nn.Module):
    """An embedding of token ids, and attention with a softmax module."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.mix, self.out = nn.Embedding(700, 8), nn.Softmax(-1), nn.Linear(8, 5)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        h = self.embed(ids)
        return self.out(self.mix(h @ h.transpose(1, 2)) @ h)


def array(x: torch.Tensor) -> np.ndarray:
    return x.detach().double().numpy().copy()


class TrainingRecord:
    """A record of a training loop, per step: elements by kind and row, optimizer state, scalars."""

    def __init__(self, model: nn.Module) -> None:
        self.model, self.steps, self.copies = model, [], []  # type: ignore[var-annotated]
        self.calls: dict[str, int] = {}
        for path, module in model.named_modules():
            if path:
                module.register_forward_hook(lambda module, args, output, path=path: self._called(path, output))
        self.open()

    def open(self) -> None:
        self.now: dict[str, Arrays] = {kind: {} for kind in ("activation", "activation_gradient")}
        self.extra: dict[str, float] = {}

    def _called(self, path: str, output: torch.Tensor) -> None:
        if not (self.model.training and torch.is_grad_enabled()):
            return
        call = self.calls[path] = self.calls.get(path, -1) + 1
        row, now = (f"{path}#{call}" if call else path), self.now
        now["activation"].setdefault(row, []).append(array(output))
        output.register_hook(lambda g: now["activation_gradient"].setdefault(row, []).append(array(g)))

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()
        self.calls.clear()

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        named = dict(self.model.named_parameters())
        self.copies.append(copy.deepcopy(self.model))
        for copied in self.copies[-1].modules():
            copied._forward_hooks.clear()
        before = {name: array(p) for name, p in named.items()}
        self.now["parameter"] = {name: [x] for name, x in before.items()}
        self.now["gradient"] = {name: [array(p.grad)] for name, p in named.items() if p.grad is not None}
        optimizer.step()
        self.now["update"] = {name: [array(p) - before[name]] for name, p in named.items() if p.grad is not None}
        self.extra["norm"] = math.sqrt(sum(float(np.sum(g[0] ** 2)) for g in self.now["gradient"].values()))
        state = {name: copy.deepcopy(optimizer.state[p]) for name, p in named.items() if p in optimizer.state}
        self.steps.append((self.now, state, self.extra))
        self.open()


def train_vision(logdir: Path) -> TrainingRecord:
    torch.manual_seed(0)
    model, x, y = Vision(), torch.randn(12, 1, 12, 12), torch.randint(3, (12,))
    with torch.no_grad():
        model.deep.weight[0], model.deep.bias[0] = 0, -1.0  # a dead unit
    record = TrainingRecord(model)
    optimizer = torch.optim.Adam(model.parameters(), 0.01, betas=(0.8, 0.95), eps=1e-4)
    options: dict[str, Any] = {"every": 2, "burst": 0, "histograms_every": 2, "weights_every": 4, "weight_bytes": 9000}
    options |= {"probe": x[:10], "maps_every": 5, "map_bytes": 14_000, "probe_inputs": True}
    options |= {"probe_labels": [f"digit {i}" for i in range(10)], "window": True, "on_finding": None}
    options |= {"rules": {"gradient/exploding": {"norm": 2.3}}}
    with tb_nnviz.watch(model, optimizer, logdir, **options) as monitor:
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = torch.zeros(())
            for part in (slice(0, 7), slice(7, 12)):
                record.backward(own := nn.functional.cross_entropy(model(x[part]), y[part]) / 2)
                loss += own.detach()
            record.extra["before"] = float(monitor.clip_grad_norm_(0.5))
            record.extra["loss"] = float(loss)
            record.step(optimizer)
            monitor.log(loss=loss, val_loss=step)
    return record


def train_text(logdir: Path, steps: int = 4, start_step: int = 0, rate: float = 0.5) -> TrainingRecord:
    torch.manual_seed(start_step)
    model, ids = Text(), torch.randint(700, (3, 4))
    record = TrainingRecord(model)
    groups = [{"params": model.embed.parameters(), "name": "slow", "lr": rate / 5}, {"params": model.out.parameters()}]
    optimizer = torch.optim.SGD(groups, rate)
    options: dict[str, Any] = {"every": 2, "burst": 0, "probe": {"t": ids}, "maps_every": 2, "probe_inputs": True}
    options |= {"probe_labels": {"t": [["a", "b", "c", "d"]] * 3}, "tracked_weights": {"t.out.weight": [(4, 7)]}}
    with tb_nnviz.watch({"t": model}, optimizer, logdir, start_step=start_step, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            record.backward(model(ids).square().mean())
            record.step(optimizer)
    return record


def train_scaled(logdir: Path) -> None:
    """Train under a GradScaler. The gradient overflows at step 1, which is not logged. One logged value is a notice."""
    model, scaler = nn.Linear(2, 1), torch.amp.GradScaler("cpu", init_scale=8.0)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(
        model, optimizer, logdir, every=2, burst=0, scaler=scaler, window=True, settings={"seed": 0}
    ) as monitor:
        for step in range(3):
            optimizer.zero_grad()
            loss = model(torch.ones(1, 2)).square().sum() * (math.inf if step == 1 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            monitor.log(loss=loss, note="no number")
