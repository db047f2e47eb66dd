"""Cost of inputs, outputs, samples, attention and gates per logged step: ``./dev bench samples``.

One model trains with one monitor that logs every step. The parts take turns step by step, so that noise of the machine
affects all of them alike. The time is that of the training thread's processor, on one thread.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import tb_nnviz
from tb_nnviz.record.collect.passes.collector import PassCollector
from tb_nnviz.record.collect.samples import collector
from tb_nnviz.record.hooks.attention import AttentionPatch
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


def _nothing(*args: object) -> None:
    return None


#: What turns each part off.
PARTS = {
    "input and output": [(PassCollector, "_measure")],
    "batch_std~": [(collector.SampleCollector, "_spread")],
    "attention": [(AttentionPatch, "begin"), (collector, "measure_weights")],
    "gates": [(collector, "measure_gates")],
}


@contextmanager
def _only(parts: set[str]) -> Iterator[None]:
    """Turn off all parts but some."""
    with ExitStack() as off:
        for part, places in PARTS.items():
            for owner, name in places if part not in parts else ():
                off.enter_context(mock.patch.object(owner, name, _nothing))
        yield


def measure(name: str, rounds: int) -> dict[str, float]:
    """Return the median seconds of a logged step by the part that is on."""
    model, optimizer, loss = _model(name)
    variants: dict[str, set[str]] = {"none": set(), **{part: {part} for part in PARTS}, "all": set(PARTS)}
    times: dict[str, list[float]] = {variant: [] for variant in variants}
    shuffled = random.Random(0)
    settings = {"histograms_every": None, "weights_every": None, "tracked_weights": None, "on_finding": None}
    with (
        tempfile.TemporaryDirectory() as folder,
        tb_nnviz.watch(model, optimizer, logdir=folder, every=1, **settings) as monitor,  # type: ignore[arg-type]
    ):
        for round in range(rounds + 2):
            for variant in shuffled.sample(list(variants), len(variants)):
                with _only(variants[variant]):
                    start = time.thread_time()
                    optimizer.zero_grad()
                    loss().backward()
                    optimizer.step()
                    if round >= 2:
                        times[variant].append(time.thread_time() - start)
                monitor.writer.flush()
    return {variant: statistics.median(found) for variant, found in times.items()}


def size(name: str, steps: int = 3) -> tuple[float, float]:
    """Return the bytes per logged step without and with the parts."""
    found = []
    for parts in (set(), set(PARTS)):
        model, optimizer, loss = _model(name)
        sizes = []
        for count in (1, 1 + steps):  # the first step has layouts too
            settings = {"histograms_every": None, "weights_every": None, "tracked_weights": None, "on_finding": None}
            with tempfile.TemporaryDirectory() as folder:
                with (
                    _only(parts),
                    tb_nnviz.watch(model, optimizer, logdir=folder, every=1, **settings),  # type: ignore[arg-type]
                ):
                    for _ in range(count):
                        loss().backward()
                        optimizer.step()
                sizes.append(sum(path.stat().st_size for path in Path(folder).rglob("*tfevents*")))
        found.append((sizes[1] - sizes[0]) / steps)
    return found[0], found[1]


def main() -> None:
    """Print a table of the workloads."""
    parser = argparse.ArgumentParser(prog="./dev bench samples", description=__doc__)
    parser.add_argument("workloads", nargs="*", default=["mlp8", "resnet20", "gpt12", "sequences"])
    parser.add_argument("--rounds", type=int, default=10, help="steps per part")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, one thread; relative to a logged step without any of the parts\n")
    for name in options.workloads:
        found = measure(name, options.rounds)
        base = found["none"]
        before, after = size(name)
        print(f"{name}: {base * 1e3:.1f} ms, {before / 1024:.1f} KiB, with all parts {after / 1024:.1f} KiB")
        for variant in (*PARTS, "all"):
            print(f"  {variant:18s} {found[variant] / base:6.3f} {(found[variant] - base) * 1e3:+8.2f} ms", flush=True)


if __name__ == "__main__":
    main()
