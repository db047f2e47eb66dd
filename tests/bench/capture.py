"""What watching costs a training step, beside what people use instead: ``./dev bench capture``.

All contestants train the same workloads in one process, a round each in turn, so that a noisy machine
disturbs them alike. The figures to read are ratios to ``none``; ``none again`` shows the noise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_CONSOLE="off")

import torch
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import tb_nnviz
from tests.bench.models import workload

WORKLOADS = ("mlp8", "resnet20", "gpt12")


def leaves(model: nn.Module) -> list[nn.Module]:
    """Modules without children."""
    return [module for name, module in model.named_modules() if name and not list(module.children())]


class Nothing:
    """The uninstrumented loop."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        self.model, self.overhead = model, None

    def after_backward(self, step: int) -> None:
        """Between the backward pass and the optimizer's step."""

    def after_step(self, step: int) -> None:
        """After the optimizer's step."""

    def close(self) -> None:
        """The run is over."""


class Floor(Nothing):
    """One read of every weight, gradient and leaf output (an L2 norm of each), one copy to the host."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        super().__init__(model, optimizer, logdir)
        self.norms: list[torch.Tensor] = []
        for module in leaves(model):
            module.register_forward_hook(
                lambda m, args, output: self.norms.append(torch.linalg.vector_norm(output.detach()))
            )

    def after_backward(self, step: int) -> None:
        parameters = list(self.model.parameters())
        gradients = torch._foreach_norm([p.grad for p in parameters])
        weights = torch._foreach_norm([p.detach() for p in parameters])
        torch.stack([*gradients, *weights, *self.norms]).cpu().numpy()
        self.norms = []


class Watch(Nothing):
    """tb_nnviz, everything at every step, histograms every 100th."""

    options: ClassVar[dict[str, int]] = {"every": 1, "histograms_every": 100}

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        super().__init__(model, optimizer, logdir)
        self.monitor = tb_nnviz.watch(model, optimizer, logdir=logdir, on_finding=None, **self.options)

    def close(self) -> None:
        self.monitor.writer.flush()
        self.overhead = self.monitor.overhead
        self.monitor.close()


class WatchHistograms(Watch):
    """tb_nnviz, everything and histograms too at every step."""

    options: ClassVar[dict[str, int]] = {"every": 1, "histograms_every": 1}


class WatchDefault(Watch):
    """tb_nnviz as it comes: every tenth step."""

    options: ClassVar[dict[str, int]] = {}


class Wandb(Nothing):
    """wandb.watch(log="all", log_freq=1), offline."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        super().__init__(model, optimizer, logdir)
        import wandb

        self.run = wandb.init(dir=logdir, project="bench", reinit="finish_previous")
        self.run.watch(model, log="all", log_freq=1)

    def after_step(self, step: int) -> None:
        self.run.log({"step": step})

    def close(self) -> None:
        self.run.unwatch(self.model)
        self.run.finish()


class Histograms(Nothing):
    """The loop of the guides: add_histogram of every weight and gradient."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        super().__init__(model, optimizer, logdir)
        self.writer = SummaryWriter(logdir)

    def after_backward(self, step: int) -> None:
        for name, parameter in self.model.named_parameters():
            self.writer.add_histogram(f"weights/{name}", parameter, step)
            if parameter.grad is not None:
                self.writer.add_histogram(f"gradients/{name}", parameter.grad, step)

    def close(self) -> None:
        self.writer.close()


CONTESTANTS: dict[str, Callable[..., Nothing]] = {
    "none": Nothing,
    "none again": Nothing,
    "floor": Floor,
    "watch every step": Watch,
    "watch + histograms": WatchHistograms,
    "watch default": WatchDefault,
    "wandb.watch all": Wandb,
    "add_histogram loop": Histograms,
}
#: Slow ones run fewer steps a round.
SLOW = {"wandb.watch all", "add_histogram loop"}
#: A sampled schedule is judged by the mean over whole periods, since its median step is an unlogged one.
SAMPLED = {"watch default": 10}


def run(name: str, kind: str, steps: int) -> tuple[list[float], float, object]:
    """Seconds of each step, bytes a step, and the monitor's own figure of its overhead."""
    model, optimizer, loss = workload(name)
    logdir = tempfile.mkdtemp()
    try:
        contestant = CONTESTANTS[kind](model, optimizer, logdir)
        times = []
        for step in range(steps):
            start = time.perf_counter()
            optimizer.zero_grad()
            loss().backward()
            contestant.after_backward(step)
            optimizer.step()
            contestant.after_step(step)
            times.append(time.perf_counter() - start)
        contestant.close()
        size = sum(path.stat().st_size for path in Path(logdir).rglob("*") if path.is_file())
        return times, size / steps, contestant.overhead
    finally:
        shutil.rmtree(logdir, ignore_errors=True)


def measure(name: str, rounds: int, steps: int, kinds: list[str]) -> list[dict[str, object]]:
    """One row a contestant: milliseconds a step, ratio to none, bytes a step, own figure of the overhead."""
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    sizes: dict[str, float] = {}
    shares: dict[str, list[float]] = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind in kinds[turn % 2 :] + kinds[: turn % 2]:
            period = SAMPLED.get(kind, 1)
            count = period * max(2, steps // period) if period > 1 else max(3, steps // 4) if kind in SLOW else steps
            warm = period if period > 1 else 1 if kind in SLOW else 2
            found, sizes[kind], overhead = run(name, kind, count + warm)
            found = found[warm:]
            if period > 1:
                found = [statistics.mean(found[i : i + period]) for i in range(0, len(found), period)]
            times[kind] += found
            if overhead is not None:
                shares[kind].append(overhead.share)
    base = statistics.median(times["none"])
    return [
        {
            "workload": name,
            "contestant": kind,
            "milliseconds": statistics.median(times[kind]) * 1e3,
            "ratio": statistics.median(times[kind]) / base,
            "bytes_per_step": sizes[kind],
            "overhead_share": statistics.median(shares[kind]) if shares[kind] else None,
        }
        for kind in kinds
    ]


def main() -> None:
    """Print a table a workload, and write all of it as JSON where asked."""
    parser = argparse.ArgumentParser(prog="./dev bench capture", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="steps of a round")
    parser.add_argument("--only", help="contestants, by comma; none is always there")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    kinds = ["none", *(options.only.split(",") if options.only else list(CONTESTANTS)[1:])]
    for kind in kinds:
        if kind not in CONTESTANTS:
            parser.error(f"unknown contestant: {kind!r} (one of {', '.join(CONTESTANTS)})")
    if "wandb.watch all" in kinds:
        with contextlib.suppress(ImportError):
            import wandb  # noqa: F401
        if "wandb" not in sys.modules:
            kinds.remove("wandb.watch all")
            print("wandb is not installed (pip install wandb): its row is left out\n")
    logging.disable(logging.WARNING)
    torch.set_num_threads(2)
    rows = []
    print(
        f"torch {torch.__version__}, {platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads\n"
    )
    for name in options.workloads:
        model = workload(name)[0]
        numel = sum(parameter.numel() for parameter in model.parameters())
        count = len(list(model.parameters()))
        print(f"{name}: {numel / 1e6:.2f} M parameters in {count} tensors, {len(leaves(model))} layers")
        print(f"  {'':20s} {'ratio':>7s} {'ms/step':>9s} {'+ ms':>8s} {'KiB/step':>9s} {'overhead':>9s}")
        found = measure(name, options.rounds, options.steps, kinds)
        for row in found:
            more = row["milliseconds"] - found[0]["milliseconds"]
            share = "" if row["overhead_share"] is None else f"{row['overhead_share']:.1%}"
            print(
                f"  {row['contestant']:20s} {row['ratio']:7.2f} {row['milliseconds']:9.1f} {more:8.1f} "
                f"{row['bytes_per_step'] / 1024:9.1f} {share:>9s}",
                flush=True,
            )
        print(flush=True)
        rows += found
    if options.json:
        options.json.write_text(json.dumps({"torch": torch.__version__, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
