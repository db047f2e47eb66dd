"""Large logs for benchmarks of the page: ``./dev bench logs DIRECTORY``.

By default 10 runs of 1000 layers and 2000 logged steps, with three statistics of two kinds and their counts: 0.64 GB.
Spikes, NaN and zeros are at known places (``Anomaly``).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.write.event_file import EventFile
from tb_nnviz.record.write.events import event

KINDS = {"gradient": ("norm", "mean", "absmax"), "update": ("norm", "ratio", "absmax")}
#: Names of the layers of one block.
LAYERS = (
    *("attn.q", "attn.k", "attn.v", "attn.out", "mlp.up"),
    *("mlp.gate", "mlp.down", "adapter.down", "adapter.up", "mix"),
)
EVERY = 10
WALL_TIME = 1_760_000_000.0


@dataclass(frozen=True)
class Anomaly:
    """An anomaly of a run. Its place is given as shares of all steps and rows."""

    run: int
    kind: str
    step: float
    row: float

    def place(self, steps: int, rows: int) -> tuple[int, int]:
        """Return the index of the step and of the row."""
        return int(self.step * steps), int(self.row * rows)


#: Spikes last one logged step. NaN and zeros last to the end, in ten rows.
ANOMALIES = (
    Anomaly(0, "spike", 0.3885, 0.25),
    Anomaly(1, "spike", 0.9990, 0.80),
    Anomaly(2, "nan", 0.7505, 0.60),
    Anomaly(3, "zero", 0.2, 0.30),
    Anomaly(2, "one nan", 0.1005, 0.05),
)


def run_name(number: int) -> str:
    """Return the name of a run."""
    return f"sweep/run-{number:03d}"


def rows(layers: int) -> tuple[schema.Row, ...]:
    """Return the rows of the weights of some layers, ten per block."""
    modules = [f"blocks.{i // len(LAYERS)}.{LAYERS[i % len(LAYERS)]}" for i in range(layers)]
    shape, numel = (512, 512), 512 * 512
    return tuple(
        schema.Row(f"{module}.weight", module, 0, "Linear", shape, numel, "float32", "weight", True, depth=i)
        for i, module in enumerate(modules)
    )


def norms(number: int, steps: int, layers: int) -> np.ndarray:
    """Return the gradient norms of a run, float32 [steps, layers], which decay with depth and steps."""
    random = np.random.default_rng(number)
    depth = np.linspace(1, 0, layers, dtype=np.float32)
    step = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    # The decay with depth differs between runs.
    logs = -(1.5 + 0.5 * (number % 5)) * depth - (0.5 + 0.1 * number) * step + 0.15 * np.sin(40 * depth)
    values = np.exp(2.3 * logs + 0.35 * random.standard_normal((steps, layers), np.float32))
    for anomaly in ANOMALIES:
        if anomaly.run != number:
            continue
        at, row = anomaly.place(steps, layers)
        if anomaly.kind == "spike":
            values[at, row] *= 1e4
        elif anomaly.kind == "one nan":
            values[at, row] = np.nan
        else:
            values[at:, row : row + 10] = np.nan if anomaly.kind == "nan" else 0
    return values.astype(np.float32)


def tables(number: int, steps: int, layers: int) -> dict[str, dict[str, np.ndarray]]:
    """Return all statistics of a run by kind, float32 [steps, layers] each."""
    norm = norms(number, steps, layers)
    random = np.random.default_rng(1000 + number)
    sign = random.standard_normal(norm.shape, np.float32)
    count = np.full(norm.shape, 512 * 512, np.float32)
    ratio = norm * np.float32(0.01)
    largest = norm * (0.1 + np.abs(sign) / 50)
    return {
        "gradient": {"count": count, "norm": norm, "mean": norm * sign / 512, "absmax": largest},
        "update": {"count": count, "norm": ratio * 20, "ratio": ratio, "absmax": largest * np.float32(0.01)},
    }


def events(number: int, steps: int, layers: int) -> Iterator[list[schema.Entry]]:
    """Yield the entries of each logged step of a run."""
    table = rows(layers)
    layouts = [schema.Layout(kind, table) for kind in KINDS]
    values = tables(number, steps, layers)
    for i in range(steps):
        entries = [schema.vector(kind, name, column[i]) for kind in KINDS for name, column in values[kind].items()]
        entries += [schema.layout_id_entry(layout) for layout in layouts]
        if i == 0:
            entries += [schema.layout_entry(layout) for layout in layouts]
        loss = 4 * np.exp(-3 * i / steps) + 0.1 * number
        yield [*entries, schema.scalar("nnviz/log/loss", loss)]


def write(logdir: Path, runs: int, layers: int, steps: int) -> int:
    """Write the runs, and return their size in bytes."""
    size = 0
    for number in range(runs):
        file = EventFile(logdir / run_name(number))
        start = WALL_TIME + 3600 * number
        for i, entries in enumerate(events(number, steps, layers)):
            file.write(event(EVERY * i, start + i, entries))
        file.close()
        assert file.path is not None
        size += Path(file.path).stat().st_size
    return size


def main() -> None:
    """Write logs as the command line asks."""
    parser = argparse.ArgumentParser(prog="./dev bench logs", description=__doc__)
    parser.add_argument("logdir", type=Path)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--layers", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    started = time.perf_counter()
    size = write(options.logdir, options.runs, options.layers, options.steps)
    print(f"{size / 1e9:.2f} GB in {options.logdir}, written in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
