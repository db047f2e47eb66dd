"""Mutated event files and requests against TensorBoard as a process: ``./dev bench hostile --seed 1 --minutes 10``.

Each round writes runs with mutated events beside two sound ones, starts TensorBoard on one of its loaders, asks all
questions about all runs, and then sends mutated requests. The table has the number of answers that were wrong, the
slowest answer and the peak memory of the server. ``--tree`` names another checkout, whose plugin is used.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import random
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.fuzz import logs
from tests.support.fuzz.boards import write_runs
from tests.support.fuzz.questions import Outcome, check, culprits, describe, sound_answers
from tests.support.fuzz.requests import request
from tests.support.fuzz.strict import InvalidAnswer, decode, parse_json
from tests.support.paths import ROOT

LOADERS = {"data server": "--load_fast=true", "Python loader": "--load_fast=false"}
SOUND = ["good/0", "good/1"]
#: Runs with mutated events in a round, and mutated requests.
BAD_RUNS, REQUESTS = 60, 400
TIMEOUT_SECONDS = 120
#: Largest address space of the server, so that a claim of terabytes does not fill the machine.
MOST_BYTES = 6 << 30
EXAMPLES = 3


@dataclass
class Total:
    """Counts of the tries on one loader and of their problems."""

    rounds: int = 0
    runs: int = 0
    requests: int = 0
    ended: int = 0
    peak: int = 0
    slowest: float = 0.0
    outcome: Outcome = field(default_factory=Outcome)
    examples: list[str] = field(default_factory=list)

    def row(self, loader: str) -> str:
        """Return a line of the table."""
        wrong = self.outcome
        cells = [loader, self.runs, self.requests, wrong.asked, len(wrong.errors), len(wrong.invalid), len(wrong.lost)]
        return "| " + " | ".join(map(str, [*cells, self.ended, f"{self.slowest:.1f} s", f"{self.peak} MiB"])) + " |"


HEADER = (
    "| loader | mutated runs | mutated requests | questions | 5xx | invalid bodies | sound answers lost "
    "| server ended | slowest | peak memory |\n|---|---|---|---|---|---|---|---|---|---|"
)


class Server:
    """TensorBoard as a process, with the plugin of a checkout."""

    def __init__(self, logdir: Path, flag: str, tree: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "tensorboard.main", "--logdir", str(logdir), "--host", "127.0.0.1", flag]
        env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "--port", str(self.port), "--reload_interval", "1"],
                env=env,
                cwd=logdir,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                preexec_fn=_limit,
            )
        self.slowest = 0.0

    def ask(self, route: str, body: bytes | None, method: str | None = None) -> tuple[int, bytes]:
        """Return the status and the body of an answer. The status is 599 if there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        began = time.monotonic()
        try:
            method = method or ("GET" if body is None else "POST")
            connection.request(method, f"/data/plugin/nnviz/{route}", body)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            return 599, repr(error).encode()
        finally:
            connection.close()
            self.slowest = max(self.slowest, time.monotonic() - began)

    def wait(self, runs: set[str]) -> None:
        """Wait until these runs are listed, and two seconds more."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            status, data = self.ask("runs", None)
            if status == 200 and all(f'"{run}"'.encode() in data for run in runs):
                break
            time.sleep(0.3)
        time.sleep(2)
        self.slowest = 0.0

    def peak(self) -> int:
        """Return the peak memory of the server and its data server in MiB."""
        return sum(_peak(pid) for pid in [self.process.pid, *_children(self.process.pid)])

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def serving(logdir: Path, flag: str, tree: Path, folder: Path) -> Iterator[Server]:
    """Run a server while the block runs."""
    server = Server(logdir, flag, tree, folder / "tensorboard.log")
    try:
        server.wait(set(SOUND))
        yield server
    finally:
        server.stop()


def one_round(genuine: Path, folder: Path, rng: random.Random, loader: str, tree: Path, total: Total) -> None:
    """Write mutated runs, ask all questions about them, and send mutated requests."""
    write_runs(folder / "alone", genuine)
    write_runs(folder / "both", genuine)
    mutations = logs.write_bad_runs(folder / "both", logs.records(genuine / "0"), BAD_RUNS, rng)
    with serving(folder / "alone", LOADERS[loader], tree, folder) as server:
        expected = sound_answers(server.ask, SOUND)
    with serving(folder / "both", LOADERS[loader], tree, folder) as server:
        outcome = Outcome()
        # A few bad runs at a time: else one of them hides the others.
        names = list(mutations)
        for i in range(0, len(names), 6):
            check(server.ask, names[i : i + 6], expected, outcome)
        if outcome.wrong and len(total.examples) < EXAMPLES:
            total.examples.append(describe(culprits(server.ask, names, expected, 1), mutations))
        _send(server, rng, outcome, total)
        total.slowest = max(total.slowest, server.slowest)
        total.peak = max(total.peak, server.peak())
        total.ended += server.process.poll() is not None
    for part in ("errors", "invalid", "lost"):
        getattr(total.outcome, part).extend(getattr(outcome, part))
    total.outcome.asked += outcome.asked
    total.rounds += 1
    total.runs += BAD_RUNS


def _send(server: Server, rng: random.Random, outcome: Outcome, total: Total) -> None:
    """Send mutated requests."""
    for _ in range(REQUESTS):
        method, route, body = request(rng, SOUND)
        status, data = server.ask(route, body, method)
        total.requests += 1
        if status >= 500:
            outcome.errors.append(f"{status} for {method} {route[:40]} {body[:200]!r}")
        elif status == 200 and method == "POST":
            try:
                decode(data)
            except InvalidAnswer as error:
                outcome.invalid.append(f"{route} {body[:200]!r}: {error}")
        elif status == 200 and method == "GET" and route == "runs":
            with contextlib.suppress(InvalidAnswer):
                parse_json(data)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def _peak(pid: int) -> int:
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) // 1024 if found else 0
    return 0


def main() -> None:
    """Run rounds on both loaders in turn until the time is over, and print the table."""
    parser = argparse.ArgumentParser(prog="./dev bench hostile", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--tree", type=Path, default=ROOT, help="checkout whose plugin is used (this one)")
    options = parser.parse_args()
    totals = {loader: Total() for loader in LOADERS}
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hostile-") as scratch:
        genuine = Path(scratch) / "genuine"
        for seed in range(len(SOUND)):
            logs.train(genuine / str(seed), seed)
        number = 0
        while number < len(LOADERS) or time.monotonic() - began < 60 * options.minutes:
            loader = list(LOADERS)[number % len(LOADERS)]
            # The mutations of a round depend on the seed and its number alone.
            rng = random.Random(f"{options.seed} {number}")
            one_round(genuine, Path(scratch) / str(number), rng, loader, options.tree.resolve(), totals[loader])
            number += 1
    print(HEADER)
    for loader, total in totals.items():
        print(total.row(loader))
    for loader, total in totals.items():
        for example in total.examples:
            print(f"\n{loader}: {example[:2000]}")
    if any(total.outcome.wrong or total.ended for total in totals.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
