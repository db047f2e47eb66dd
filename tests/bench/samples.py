"""Cost of inputs, outputs, samples, attention and gates per logged step: ``./dev bench samples``.

Each step is timed with all of its parts, so that noise of the machine affects them alike. The time is that of the
training thread's processor, on one thread.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import wraps
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import tb_nnviz
from tb_nnviz.record.collect.passes.collector import PassCollector
from tb_nnviz.record.collect.samples import collector
from tb_nnviz.record.hooks.modules import ModuleHooks
from tests.bench.models import workload


class Sequences(nn.Module):
    """Layers that have attention weights and gates."""

    def __init__(self, size: int = 256) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(size, 8, 4 * size, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.lstm, self.gru = nn.LSTM(size, size, batch_first=True), nn.GRU(size, size, 2, batch_first=True)
        self.out = nn.Linear(size, 10)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.out(self.gru(self.lstm(self.encoder(x))[0])[0][:, -1])
        return found


def _model(name: str) -> tuple[nn.Module, torch.optim.Optimizer, Callable[[], Tensor]]:
    if name != "sequences":
        return workload(name)
    model, x, y = Sequences(), torch.randn(32, 64, 256), torch.randint(0, 10, (32,))
    return model, torch.optim.AdamW(model.parameters(), 1e-3), lambda: F.cross_entropy(model(x), y)


#: The functions of each part.
PARTS = {
    "input and output": [(PassCollector, "inputs"), (PassCollector, "output")],
    "batch_std~": [(collector.SampleCollector, "_spread")],
    "attention": [(ModuleHooks, "_attended"), (collector, "measure_weights")],
    "gates": [(collector, "measure_gates")],
}


class Timer:
    """A sum of the times of some functions, within a block."""

    def __init__(self, places: list[tuple[Any, str]]) -> None:
        self.seconds, self._stack = 0.0, ExitStack()
        for owner, name in places:
            self._stack.enter_context(mock.patch.object(owner, name, self._timed(getattr(owner, name))))

    def _timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds += time.thread_time() - start

        return timed

    def take(self) -> float:
        """Return the seconds since the last call."""
        found, self.seconds = self.seconds, 0.0
        return found

    def remove(self) -> None:
        """Put the functions back."""
        self._stack.close()


def measure(name: str, steps: int) -> dict[str, float]:
    """Return the median seconds of a logged step, and of each part in it."""
    model, optimizer, loss = _model(name)
    timers = {part: Timer(places) for part, places in PARTS.items()}
    times: dict[str, list[float]] = {part: [] for part in ("step", *PARTS)}
    with (
        tempfile.TemporaryDirectory() as folder,
        tb_nnviz.watch(
            model, optimizer, logdir=folder, every=1, histograms_every=None, weights_every=None, on_finding=None
        ) as monitor,
    ):
        for step in range(steps + 2):
            start = time.thread_time()
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
            found = {"step": time.thread_time() - start, **{part: timer.take() for part, timer in timers.items()}}
            for part, seconds in found.items() if step >= 2 else ():
                times[part].append(seconds)
            monitor.writer.flush()
    for timer in timers.values():
        timer.remove()
    return {part: statistics.median(found) for part, found in times.items()}


def main() -> None:
    """Print a table of the workloads."""
    parser = argparse.ArgumentParser(prog="./dev bench samples", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=["mlp8", "resnet20", "gpt12", "sequences"])
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread; shares of a logged step\n")
    for name in options.workloads:
        found = measure(name, options.steps)
        whole = found.pop("step")
        print(f"{name}: {whole * 1e3:.1f} ms")
        for part, seconds in (*found.items(), ("all", sum(found.values()))):
            print(f"  {part:18s} {seconds / whole:7.2%} {seconds * 1e3:8.2f} ms", flush=True)


if __name__ == "__main__":
    main()
