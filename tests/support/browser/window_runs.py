"""Logs with windows between logged steps, skipped steps and optimizer state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_logs import WALL_TIME, Log, layout, window

EVERY = 10
STEPS = range(0, 401, EVERY)
ROWS = ["stem.weight", *(f"enc.{i}.weight" for i in range(4)), "head.weight"]

#: By last step of the window: (step of the highest norm, that norm).
PEAKS = {120: (114, 812.5), 260: (260, 44.0)}
#: Limits of the highest norm of every other window.
ORDINARY = (1.6, 2.4)
#: Last step of the window, number of its steps with nonfinite gradients, number of their elements.
NONFINITE = (200, 3, 17)
SKIPPED, LOSS_SCALE = 333, 32768.0
#: Last step of the window with a loss of NaN, and the step of that loss.
LOST = (300, 297)


def _spikes(folder: Path) -> None:
    """Write windows with chosen values."""
    norms = 10.0 ** np.linspace(-2, 0, len(ROWS))
    wave = np.random.default_rng(0)
    with Log(folder) as log:
        for step in STEPS:
            values = (norms * np.exp(0.2 * wave.standard_normal(len(ROWS)))).astype(np.float32)
            if step == SKIPPED // EVERY * EVERY + EVERY:
                gradients = np.where(np.arange(len(ROWS)) == 2, np.nan, values).astype(np.float32)
                skip = [schema.scalar("nnviz/global/skipped", 1), schema.scalar("nnviz/global/loss_scale", LOSS_SCALE)]
                log.vectors(SKIPPED, layout(ROWS), _counted({"norm": gradients}), skip)
            place, highest = PEAKS.get(step, (max(0, step - 4), wave.uniform(*ORDINARY)))
            maxima = {"gradient_norm_max": highest, "gradient_norm_max_step": place}
            if step:
                lost = step == LOST[0]
                maxima |= {"loss_max": np.nan if lost else 0.5, "loss_max_step": LOST[1] if lost else step - 2}
            bad = {"nonfinite_steps": NONFINITE[1], "nonfinite": NONFINITE[2]} if step == NONFINITE[0] else {}
            if step - EVERY < SKIPPED <= step:
                bad = {"nonfinite_steps": 1, "nonfinite": 12, "skipped_steps": 1}
            more = window(EVERY if step else 1, **bad, **maxima)
            more += [schema.scalar("nnviz/global/gradient_norm", 1.5), schema.scalar("nnviz/global/skipped", 0)]
            log.vectors(step, layout(ROWS), _counted({"norm": values}), more)
            log.vectors(step, layout(ROWS, "optimizer"), _counted(_moments(step)))


def _moments(step: int) -> dict[str, np.ndarray]:
    """Write optimizer state with simple values."""
    depth = np.arange(1, len(ROWS) + 1)
    first = 0.3 * depth / (1 + step / 100)
    return {
        "first_moment_norm": first.astype(np.float32),
        "second_moment_norm": (first**2 / 4).astype(np.float32),
        "effective_step_size": (1e-3 / depth).astype(np.float32),
    }


def _counted(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"count": np.full(len(ROWS), 12, np.float32), **values}


def _crowded(folder: Path) -> None:
    """Write hundreds of marks of each kind."""
    random = np.random.default_rng(1)
    values = {"norm": np.geomspace(0.1, 1, len(ROWS)).astype(np.float32)}
    with Log(folder, wall_time=WALL_TIME + 1000) as log:
        for step in range(0, 9000, EVERY):
            spike = 60.0 if random.random() < 0.2 else 1.0
            bad = int(random.random() < 0.3 or 3000 < step < 5000)
            more = window(
                EVERY,
                nonfinite=bad * 7,
                nonfinite_steps=bad,
                gradient_norm_max=spike * random.uniform(1, 1.5),
                gradient_norm_max_step=max(0, step - random.integers(EVERY)),
            )
            more.append(schema.scalar("nnviz/global/skipped", float(random.random() < 0.2)))
            log.vectors(step, layout(ROWS), _counted(values), more)


def watch(folder: Path, optimizer_class: type[torch.optim.Optimizer], steps: int = 300) -> None:
    """Train a tiny model under a GradScaler, with a loss that rises by a factor of 300 and gradients that overflow."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    optimizer = optimizer_class(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_interval=10_000)
    options = {"every": EVERY, "window": True, "scaler": scaler, "histograms_every": None, "on_finding": None}
    with tb_nnviz.watch(model, optimizer, logdir=folder, **options) as monitor:
        for step in range(steps):
            x = torch.randn(32, 8)
            loss = (model(x) - x.sum(1, keepdim=True)).square().mean() * (300 if step in (85, 174, 176) else 1)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            if step in (3, 133, 134, 250):
                model[2].weight.grad[1, 2] = torch.inf
            scaler.step(optimizer)
            scaler.update()
            monitor.log(loss=loss.detach())


def write(logdir: Path) -> None:
    """Write all runs to a logdir."""
    _spikes(logdir / "spikes")
    _crowded(logdir / "crowded")
    watch(logdir / "adam", torch.optim.Adam)
    watch(logdir / "sgd", torch.optim.SGD)


LAST = {"spikes": STEPS[-1], "crowded": 8990, "adam": 290, "sgd": 290}
