"""Runs in which everything has a name that could break a page."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

import tb_nnviz

STEPS = 8
#: Sets a mark that a test looks for, if the page ever runs it.
SCRIPT = "top['hacked']=1"
#: Parts of names. None has a dot, which a module's name must not have.
PARTS = (
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "__defineGetter__",
    f"<script>{SCRIPT}</script>",
    f"<img src=x onerror={SCRIPT}>",
    f'\'" onmouseover={SCRIPT} x="',
    f"javascript:{SCRIPT}",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp",
    "zero\N{ZERO WIDTH SPACE}width",
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{FIRE}",
    "=1+1",
    "@SUM(1)",
    "line\r\nbreak",
    "tab\there",
    "%2e%2e%2f%00%",
    "&amp;&lt;#nnviz&p_nnviz_panel=x",
    " spaces  around ",
    "[*+?^${}()|\\]",
    "`${1}`",
    "group x",
    "#0",
    "~2",
    "e\N{COMBINING ACUTE ACCENT}" * 20,
)
LONG = "long" * 2500


def names(count: int, seed: int) -> list[str]:
    """Return different names: single parts first, then parts joined at random."""
    draw = random.Random(seed)
    found = dict.fromkeys(draw.sample(PARTS, min(count, len(PARTS))))
    while len(found) < count:
        found["".join(draw.sample(PARTS, 2))] = None
    return list(found)


class Net(nn.Module):
    """A chain of layers with the given names."""

    def __init__(self, layers: list[str]) -> None:
        super().__init__()
        self.body = nn.ModuleDict()
        for i, name in enumerate(layers):
            self.body.add_module(name, nn.ReLU() if i % 3 == 2 else nn.Linear(6, 6))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.body.children():
            x = layer(x)
        return x


def write(logdir: Path, seed: int = 5) -> list[str]:
    """Write the runs and return their names."""
    torch.manual_seed(seed)
    model = Net([*names(24, seed), LONG])
    groups: list[dict[str, Any]] = [
        {"params": [parameter], "name": name}
        for parameter, name in zip(model.parameters(), names(100, seed + 1), strict=False)
    ]
    optimizer = torch.optim.Adam(groups, 1e-3)
    scalars = [name for name in names(30, seed + 2) if name not in ("line\r\nbreak",)]
    options: dict[str, Any] = {"every": 1, "histograms_every": 2, "weights_every": 2, "maps_every": 2, "window": True}
    probe = torch.randn(3, 6)
    labels = ["<b>x</b>", "__proto__", "=1+1"]
    first = logdir / "source"
    with tb_nnviz.watch(
        model, optimizer, logdir=first, probe=probe, probe_inputs=True, probe_labels=labels, **options
    ) as monitor:
        for step in range(STEPS):
            optimizer.zero_grad()
            loss = model(torch.randn(4, 6)).square().mean() * (1e4 if step == 5 else 1)
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss, **{name: float(step) for name in scalars})
    runs = [name.replace("/", "_").strip(". ") for name in names(8, seed + 3)]
    for run in runs:
        shutil.copytree(first, logdir / run)
    shutil.rmtree(first)
    return runs
