"""Answers of TensorBoard under load: ``./dev bench load``.

Some runs are trained and copied, and three of them grow. Clients request every route as the page does, without pause,
each time for ten runs at random, or for one run as the diagnosis is requested. The table has the number of requests per
route, the median, the 95th percentile and the largest of their times in seconds, and the number of errors: answers
other than 200, and connections without an answer. Memory is the peak resident set of TensorBoard's process and of its
data server, added. The goals hold for two idle cores.

With --python, TensorBoard and its plugin are those of another environment, to compare versions on the same logs.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import http.client
import itertools
import json
import random
import re
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.record_writer import RecordWriter
from torch import nn

import tb_nnviz

#: Seconds that the 95th percentile of each route may take, and MiB that the processes may take together.
GOAL_SECONDS = 1.0
GOAL_MEMORY = {"data server": 600, "Python loader": 1536}
LOADERS = {"fast": "data server", "python": "Python loader"}
GROWING = 3
#: Training steps of a run. The growing runs begin with half of them.
STEPS = 100
#: Runs in one request, steps that a growing run writes per second, and seconds to wait for a server.
RUNS_PER_REQUEST, STEPS_PER_SECOND, PATIENCE_SECONDS = 10, 2, 300
BLOCKS = 3
ROUTE = "/data/plugin/nnviz/"
ROWS = [f"blocks.{i}.{part}" for i in range(BLOCKS) for part in ("0", "1", "2")]

Body = dict[str, Any]


class Net(nn.Module):
    """A small image classifier of several blocks."""

    def __init__(self) -> None:
        super().__init__()
        parts = itertools.pairwise([3, *[16] * BLOCKS])
        self.blocks = nn.Sequential(
            *(nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()) for a, b in parts)
        )
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        result: torch.Tensor = self.head(self.blocks(x).mean((2, 3)))
        return result


def train(folder: Path, seed: int) -> None:
    """Train a run that has every document of nnviz, and stock histograms of the user's."""
    torch.set_num_threads(1)  # several threads are slower for tensors of this size
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    x, y = torch.randn(16, 3, 12, 12), torch.randint(10, (16,))
    every = {"every": 1, "histograms_every": 5, "maps_every": 20, "weights_every": 40}
    with tb_nnviz.watch(model, optimizer, logdir=folder, probe=x[:4], window=True, **every) as monitor:
        for step in range(STEPS):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss, val_loss=loss * 1.1, accuracy=step / STEPS)
            if step % 10 == 0:
                monitor.writer.add_scalar("users/own", step, step)


def records(path: Path) -> Iterator[bytes]:
    """Yield the data of each record of an event file."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        yield data[at + 12 : at + 12 + length]
        at += 16 + length


class Growing(contextlib.ExitStack):
    """A run to which a thread appends the events of another, again and again at later steps."""

    def __init__(self, source: Path, folder: Path) -> None:
        super().__init__()
        folder.mkdir(parents=True)
        events = [event_pb2.Event.FromString(record) for record in records(source)]
        self._written = [event for event in events if event.step < STEPS // 2]
        self._again = [event for event in events if event.step >= STEPS // 2]
        self._writer = RecordWriter(self.enter_context((folder / source.name).open("ab")))
        for event in self._written:
            self._write(event)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._grow)

    def start(self) -> None:
        """Start to append. The run stops to grow when it is closed."""
        self._thread.start()
        self.callback(self._thread.join)
        self.callback(self._stop.set)

    def _write(self, event: event_pb2.Event) -> None:
        self._writer.write(event.SerializeToString())
        self._writer.flush()

    def _grow(self) -> None:
        offset = 0
        while True:
            step = self._again[0].step
            for event in self._again:
                if event.step != step and self._stop.wait(1 / STEPS_PER_SECOND):
                    return
                step = event.step
                moved = event_pb2.Event()
                moved.CopyFrom(event)
                moved.step, moved.wall_time = event.step + offset, time.time()
                self._write(moved)
            offset += STEPS // 2


class Board(contextlib.ExitStack):
    """TensorBoard in a process of its own."""

    def __init__(self, python: Path, logdir: Path, loader: str) -> None:
        super().__init__()
        log = self.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed by the stack)
        flags = ["--host=127.0.0.1", "--port=0", f"--load_fast={'true' if loader == 'fast' else 'false'}"]
        command = [str(python), "-m", "tensorboard.main", "--logdir", str(logdir), *flags]
        # Not in this checkout, or its tb_nnviz would be found in place of the other environment's.
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=logdir)
        self.callback(self._process.wait)
        self.callback(self._process.terminate)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            log.seek(0)
            text = log.read().decode(errors="replace")
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", text):
                self.port = int(found[1])
                return
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"TensorBoard does not start:\n{text}")
            time.sleep(0.1)

    def until_loaded(self, runs: int) -> list[str]:
        """Wait until all runs are listed with all their steps but those that grow, and return their names."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            listed = json.loads(ask(self.connection(), "runs", None)[1])["runs"]
            if len(listed) == runs and all(run["steps"] >= STEPS // 2 - 1 for run in listed):
                done = sum(run["steps"] >= STEPS - 1 for run in listed)
                if done >= runs - GROWING:
                    return [run["run"] for run in listed]
            time.sleep(1)
        raise RuntimeError(f"TensorBoard does not load {runs} runs")

    def connection(self) -> http.client.HTTPConnection:
        """Return a new connection."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def memory(self) -> dict[str, int]:
        """Return the peak resident set of each process in MiB."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        found = {}
        for pid in (str(self._process.pid), *children):
            status = Path(f"/proc/{pid}/status").read_text()
            names = re.search(r"Name:\s+(\S+)", status), re.search(r"VmHWM:\s+(\d+)", status)
            if all(names):
                found[f"{names[0][1]} ({pid})"] = int(names[1][1]) // 1024  # type: ignore[index]
        return found


def ask(connection: http.client.HTTPConnection, route: str, body: Body | None) -> tuple[int, bytes]:
    """Request a route as a browser does, and return the status and the content."""
    data = None if body is None else json.dumps(body).encode()
    connection.request("GET" if data is None else "POST", ROUTE + route, data, {"Accept-Encoding": "identity"})
    answer = connection.getresponse()
    return answer.status, answer.read()


def requests(rng: random.Random, runs: list[str]) -> tuple[str, str, Body | None]:
    """Return the name of a sort of request, its route and its body, as often as the page makes it."""
    some = rng.sample(runs, min(RUNS_PER_REQUEST, len(runs)))
    kind = rng.choice(("gradient", "parameter", "update", "activation"))
    row = rng.choice(ROWS) + ("" if kind == "activation" else ".weight" if rng.random() < 0.5 else ".bias")
    if row.endswith((".2.weight", ".2.bias")):
        row = row.replace(".2.", ".0.")
    statistic = rng.choice(("norm", "mean", "absmax", "std", "rms"))
    tag = f"nnviz/map/blocks.{rng.randrange(BLOCKS)}.0"
    of_map = {"prefix": "nnviz/map/", "tag": tag, "steps": [rng.randrange(STEPS)]}
    of_kind = {"runs": some, "kind": kind}
    sorts: list[tuple[int, str, str, Body | None]] = [
        (10, "runs", "runs", None),
        (20, "series, all rows", "series", {**of_kind, "statistics": [statistic], "width": 512}),
        (10, "series, some rows", "series", {**of_kind, "statistics": [statistic, "nonfinite"], "rows": [row]}),
        (10, "scalars", "scalars", {"runs": some, "tags": None}),
        (5, "scalars, last", "scalars", {"runs": some, "tags": None, "prefix": "nnviz/global/", "last": True}),
        (5, "histograms, list", "histograms", of_kind),
        (15, "histograms, row", "histograms", {**of_kind, "rows": [row]}),
        (8, "histograms, step", "histograms", {**of_kind, "step": rng.randrange(STEPS)}),
        (3, "maps, list", "maps", {"runs": some, "prefix": rng.choice(("nnviz/map/", "nnviz/weight/"))}),
        (4, "maps, tag", "maps", {"runs": some, **of_map}),
        (3, "structure", "structure", {"runs": some}),
        (5, "findings", "findings", {"runs": some}),
        (5, "health", "health", {"runs": some[:1]}),
    ]  # fmt: skip
    ((_, name, route, body),) = rng.choices(sorts, [sort[0] for sort in sorts])
    return name, route, body


@dataclasses.dataclass
class Sort:
    """Measurements of one sort of request."""

    seconds: list[float] = dataclasses.field(default_factory=list)
    errors: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


def load(board: Board, runs: list[str], clients: int, seconds: float) -> dict[str, Sort]:
    """Request without pause from several clients, and return what was measured by sort of request."""
    measured: dict[str, Sort] = collections.defaultdict(Sort)
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def client(number: int) -> None:
        rng, connection = random.Random(number), board.connection()
        while time.monotonic() < end:
            name, route, body = requests(rng, runs)
            started = time.perf_counter()
            try:
                status, content = ask(connection, route, body)
                problem = "" if status == 200 and content else f"{status}: {content[:80]!r}"
            except (OSError, http.client.HTTPException) as error:
                problem = type(error).__name__
                connection.close()
            took = time.perf_counter() - started
            with lock:
                measured[name].seconds.append(took)
                if problem:
                    measured[name].errors[problem] += 1
        connection.close()

    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(measured.items()))


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that at least a share of all values does not exceed."""
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]


def report(loader: str, measured: dict[str, Sort], memory: dict[str, int], seconds: float) -> dict[str, Any]:
    """Print the table of one loader and return its numbers."""
    total = sum(len(sort.seconds) for sort in measured.values())
    print(f"\n{loader}: {total} requests in {seconds:.0f} s")
    print(f"  {'requests':>8}  {'p50':>7}  {'p95':>7}  {'max':>7}  {'errors':>6}  sort of request")
    result: dict[str, Any] = {"requests": {}, "memory": memory}
    for name, sort in measured.items():
        values = statistics.median(sort.seconds), percentile(sort.seconds, 0.95), max(sort.seconds)
        met = "met" if values[1] < GOAL_SECONDS and not sort.errors else "MISSED"
        texts = "  ".join(f"{value:7.3f}" for value in values)
        print(f"  {len(sort.seconds):8d}  {texts}  {sort.errors.total():6d}  {name}: {met}")
        for problem, count in sort.errors.items():
            print(f"            {count} x {problem}")
        result["requests"][name] = [len(sort.seconds), *values, sort.errors.total()]
    whole = sum(memory.values())
    met = "met" if whole <= GOAL_MEMORY[loader] else "MISSED"
    parts = " + ".join(f"{name} {mib}" for name, mib in memory.items())
    print(f"  peak memory {whole} MiB ({parts}), goal {GOAL_MEMORY[loader]}: {met}")
    return result


def write(logdir: Path, runs: int, progress: Callable[[str], None]) -> list[Growing]:
    """Write the runs and return those that grow, which have not started to."""
    templates = [logdir.parent / f"template-{i}" for i in range(3)]
    for i, template in enumerate(templates):
        if not template.exists():
            progress(f"training run {i + 1} of {len(templates)}")
            train(template, i)
    if logdir.exists():
        shutil.rmtree(logdir)
    for i in range(runs - GROWING):
        shutil.copytree(templates[i % len(templates)], logdir / f"group-{i % 5}" / f"run-{i:03d}")
    sources = [next(template.glob("*tfevents*")) for template in templates]
    size = sum(path.stat().st_size for path in logdir.rglob("*tfevents*"))
    progress(f"{runs} runs, {size / 1e6:.0f} MB")
    return [Growing(sources[i], logdir / "growing" / f"run-{i}") for i in range(GROWING)]


def main() -> None:
    """Measure as the command line asks, and print a table per loader."""
    parser = argparse.ArgumentParser(prog="./dev bench load", description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--loaders", choices=["both", *LOADERS], default="both")
    parser.add_argument("--logs", type=Path, default=Path(tempfile.gettempdir()) / "nnviz-bench-load")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="Python of another environment")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {}
    for loader in LOADERS if options.loaders == "both" else (options.loaders,):
        with contextlib.ExitStack() as stack:
            growing = [stack.enter_context(run) for run in write(options.logs / "runs", options.runs, print)]
            board = stack.enter_context(Board(options.python.absolute(), options.logs / "runs", loader))
            names = board.until_loaded(options.runs)
            for run in growing:
                run.start()
            measured = load(board, names, options.clients, options.seconds)
            result[LOADERS[loader]] = report(LOADERS[loader], measured, board.memory(), options.seconds)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
