"""TensorBoard as a user starts it: the command in a process of its own."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 90


class Server(contextlib.ExitStack):
    """A TensorBoard server on a logdir.

    Args:
        logdir: folder of the runs.
        last_steps: by run, the step up to which the run is loaded when the server counts as started.
        flags: further arguments of the command.
    """

    def __init__(self, logdir: Path, last_steps: dict[str, int], *flags: str) -> None:
        super().__init__()
        self.logdir = logdir
        self.last_steps = last_steps
        self._flags = flags
        self._process: subprocess.Popen[bytes] | None = None
        self._log = self.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (closed by the stack)
        self.callback(self.stop)
        self.url = ""
        self.start(0)

    def start(self, port: int) -> None:
        """Start the server on a port, or on a free one if it is 0."""
        command = shutil.which("tensorboard", path=str(Path(sys.executable).parent))
        assert command, "no tensorboard beside this Python"
        options = ["--logdir", str(self.logdir), "--host=127.0.0.1", f"--port={port}", "--reload_interval=1"]
        self._log.seek(0)
        self._log.truncate()
        self._process = subprocess.Popen(
            [command, *options, *self._flags], stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT
        )
        self.url = self._until(self._address, "does not start")
        self.wait_for(self.last_steps)

    def wait_for(self, steps: dict[str, int]) -> None:
        """Wait until these runs are loaded up to these steps."""

        def loaded() -> bool:
            runs = {run["run"]: run["steps"] for run in self.runs()}
            return all(runs.get(run, -1) >= step for run, step in steps.items())

        self._until(loaded, f"does not load {steps}")

    def runs(self) -> list[dict[str, Any]]:
        """Return the answer of the route `runs`."""
        with urllib.request.urlopen(f"{self.url}data/plugin/nnviz/runs", timeout=30) as answer:
            runs: list[dict[str, Any]] = json.load(answer)["runs"]
            return runs

    def stop(self) -> int:
        """Stop the server and return its port."""
        if self._process:
            self._process.terminate()
            self._process.wait(30)
            self._process = None
        return int(self.url.split(":")[2].split("/")[0]) if self.url else 0

    def _address(self) -> str | None:
        found = re.search(r" at (http://\S+)", self._output())
        return found[1] if found else None

    def _output(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _until(self, condition: Any, problem: str) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if value := condition():
                return value
            assert self._process and self._process.poll() is None, f"TensorBoard ended:\n{self._output()}"
            assert time.monotonic() < deadline, f"TensorBoard {problem}:\n{self._output()}"
            time.sleep(0.1)
