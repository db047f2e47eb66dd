"""Cost of ``watch`` per training step, compared with other tools: ``./dev bench capture``.

All contestants train the same workloads in one process and take turns, so that noise of the machine affects all of
them. Compare the ratios to ``none``. The ratio of ``none again`` shows the noise.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
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
from tb_nnviz.record.measure import native
from tb_nnviz.record.monitor import Overhead
from tests.bench.models import workload

WORKLOADS = ("mlp8", "resnet20", "gpt12")


def leaves(model: nn.Module) -> list[nn.Module]:
    """Return the modules without children."""
    return [module for name, module in model.named_modules() if name and not list(module.children())]


class Uninstrumented:
    """A training loop without instrumentation, and the base class of the others."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        self.model, self.overhead = model, None

    def after_backward(self, step: int) -> None:
        """Measure between the backward pass and the optimizer's step."""

    def after_step(self, step: int) -> None:
        """Measure after the optimizer's step."""

    def close(self) -> None:
        """End the run."""


class Floor(Uninstrumented):
    """The lowest possible cost: one L2 norm of every weight, gradient and leaf output, one copy to the host."""

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


class Watch(Uninstrumented):
    """tb_nnviz with every statistic of every kind at every step, without histograms."""

    options: ClassVar[dict[str, object]] = {"every": 1, "histograms_every": None}

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        super().__init__(model, optimizer, logdir)
        self.monitor = tb_nnviz.watch(model, optimizer, logdir=logdir, on_finding=None, **self.options)  # type: ignore

    def close(self) -> None:
        self.monitor.writer.flush()
        self.overhead = self.monitor.overhead
        self.monitor.close()


class WatchHistograms(Watch):
    """tb_nnviz with every statistic and every histogram at every step."""

    options: ClassVar[dict[str, object]] = {"every": 1, "histograms_every": 1}


class WatchOperators(Watch):
    """tb_nnviz at every step without the C extension."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, logdir: str) -> None:
        self.library, native.library = native.library, None
        super().__init__(model, optimizer, logdir)

    def close(self) -> None:
        super().close()
        native.library = self.library


class WatchWindow(Watch):
    """tb_nnviz with a window, at steps that are not logged: one read of the gradients per step."""

    options: ClassVar[dict[str, object]] = {"every": 10**9, "histograms_every": None, "window": True, "start_step": 1}


class WatchUnlogged(Watch):
    """tb_nnviz at steps that are not logged: passes are kept, and small gradients are checked."""

    options: ClassVar[dict[str, object]] = {"every": 10**9, "histograms_every": None, "start_step": 1}


class WatchDefault(Watch):
    """tb_nnviz by default: statistics every tenth step, histograms every hundredth."""

    options: ClassVar[dict[str, object]] = {}


class Wandb(Uninstrumented):
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


class Histograms(Uninstrumented):
    """The loop of common guides: add_histogram of every weight and gradient."""

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


CONTESTANTS: dict[str, Callable[..., Uninstrumented]] = {
    "none": Uninstrumented,
    "none again": Uninstrumented,
    "floor": Floor,
    "watch every step": Watch,
    "watch + histograms": WatchHistograms,
    "watch, operators": WatchOperators,
    "watch window only": WatchWindow,
    "watch unlogged": WatchUnlogged,
    "watch default": WatchDefault,
    "wandb.watch all": Wandb,
    "add_histogram loop": Histograms,
}
#: Contestants with fewer steps per round, because they are slow.
SLOW = {"wandb.watch all", "add_histogram loop"}
#: Steps per period of contestants that do not log every step, so that their median step is an unlogged one. Their mean
#: over whole periods is compared with that of an uninstrumented loop, which they take turns with step by step.
PERIODS = {"watch unlogged": 100, "watch default": 100}


class Training:
    """A workload that is trained with a contestant, step by step."""

    def __init__(self, name: str, kind: str) -> None:
        self.model, self.optimizer, self.loss = workload(name)
        self.logdir = tempfile.mkdtemp()
        self.contestant = CONTESTANTS[kind](self.model, self.optimizer, self.logdir)
        self.steps = 0

    def step(self) -> float:
        """Train one step, and return its seconds."""
        start = time.perf_counter()
        self.optimizer.zero_grad()
        self.loss().backward()
        self.contestant.after_backward(self.steps)
        self.optimizer.step()
        self.contestant.after_step(self.steps)
        self.steps += 1
        return time.perf_counter() - start

    def close(self) -> float:
        """End the training, and return the bytes written per step."""
        try:
            self.contestant.close()
            return sum(path.stat().st_size for path in Path(self.logdir).rglob("*") if path.is_file()) / self.steps
        finally:
            shutil.rmtree(self.logdir, ignore_errors=True)


def alone(name: str, kind: str, steps: int, warm: int) -> tuple[list[float], float, Overhead | None]:
    """Return the seconds of each step, the bytes per step, and the overhead that the monitor reports."""
    training = Training(name, kind)
    times = [training.step() for _ in range(warm + steps)][warm:]
    size = training.close()
    return times, size, training.contestant.overhead


def in_turn(name: str, kind: str, steps: int) -> tuple[float, float, float, Overhead | None]:
    """Return the mean seconds per step with and without the contestant, the bytes per step, and the overhead."""
    pair = [Training(name, "none"), Training(name, kind)]
    seconds = [0.0, 0.0]
    for step in range(steps):
        for which in (0, 1) if step % 2 else (1, 0):
            seconds[which] += pair[which].step()
    pair[0].close()
    size = pair[1].close()
    return seconds[1] / steps, seconds[0] / steps, size, pair[1].contestant.overhead


def measure(name: str, rounds: int, steps: int, kinds: list[str]) -> list[dict[str, object]]:
    """Return a row per contestant: milliseconds per step, ratio to none, bytes per step, reported overhead."""
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    ratios: dict[str, list[float]] = {kind: [] for kind in kinds}
    sizes: dict[str, float] = {}
    overheads: dict[str, list[Overhead]] = {kind: [] for kind in kinds}
    for turn in range(rounds):
        for kind in kinds[turn % 2 :] + kinds[: turn % 2]:
            if kind in PERIODS:
                with_contestant, without, sizes[kind], overhead = in_turn(name, kind, PERIODS[kind])
                times[kind].append(with_contestant)
                ratios[kind].append(with_contestant / without)
            else:
                count, warm = (max(3, steps // 4), 1) if kind in SLOW else (steps, 3)
                found, sizes[kind], overhead = alone(name, kind, count, warm)
                times[kind] += found
            if overhead is not None:
                overheads[kind].append(overhead)
    base = statistics.median(times["none"])
    rows = []
    for kind in kinds:
        median = statistics.median(times[kind])
        ratio = statistics.median(ratios[kind]) if ratios[kind] else median / base
        rows.append(
            {
                "workload": name,
                "contestant": kind,
                "milliseconds": median * 1e3,
                "ratio": ratio,
                "added_milliseconds": (median - median / ratio) * 1e3,
                "bytes_per_step": sizes[kind],
                "overhead_share": statistics.median(o.share for o in overheads[kind]) if overheads[kind] else None,
            }
        )
    return rows


def main() -> None:
    """Print a table per workload, and write a JSON file if asked."""
    parser = argparse.ArgumentParser(prog="./dev bench capture", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=WORKLOADS, help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="steps per round")
    parser.add_argument("--only", help="contestants, separated by commas; none is always included")
    parser.add_argument("--json", type=Path, help="file for the results")
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
    processor = f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"
    print(
        f"{datetime.date.today()}, torch {torch.__version__}, {processor}, {os.cpu_count()} cores, "
        f"{torch.get_num_threads()} threads, extension: {'yes' if native.library else 'no'}\n"
    )
    for name in options.workloads:
        model = workload(name)[0]
        numel = sum(parameter.numel() for parameter in model.parameters())
        count = len(list(model.parameters()))
        print(f"{name}: {numel / 1e6:.2f} M parameters in {count} tensors, {len(leaves(model))} layers")
        print(f"  {'':20s} {'ratio':>7s} {'ms/step':>9s} {'+ ms':>8s} {'KiB/step':>9s} {'overhead':>9s}")
        found = measure(name, options.rounds, options.steps, kinds)
        for row in found:
            share = "" if row["overhead_share"] is None else f"{row['overhead_share']:.1%}"
            print(
                f"  {row['contestant']:20s} {row['ratio']:7.2f} {row['milliseconds']:9.1f} "
                f"{row['added_milliseconds']:8.1f} "
                f"{row['bytes_per_step'] / 1024:9.1f} {share:>9s}",
                flush=True,
            )
        print(flush=True)
        rows += found
    if options.json:
        machine = {"processor": processor, "cores": os.cpu_count(), "threads": torch.get_num_threads()}
        about = {"date": f"{datetime.date.today()}", "torch": torch.__version__, "machine": machine}
        options.json.write_text(json.dumps({**about, "native": native.library is not None, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
