"""Probe of one environment: can it write a log, and does its TensorBoard show the log? Prints one line of JSON.

It runs where only tb_nnviz and its requirements are installed, so it imports nothing from the tests.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

STEPS = 3
PATIENCE_SECONDS = 120
LOADERS = {"data server": "--load_fast=true", "Python loader": "--load_fast=false"}


def write(logdir: str) -> None:
    """Write a log of three steps."""
    import numpy as np

    from tb_nnviz import schema
    from tb_nnviz.record.write.writer import file_writer

    row = schema.Row("a.weight", "a", 0, "Linear", (2,), 2, "float32", "weight", True, None, 0, None)
    layout = schema.Layout("gradient", (row,))
    writer = file_writer(logdir)
    for step in range(STEPS):
        entries = [schema.layout_id_entry(layout), schema.vector("gradient", "norm", np.array([step + 0.5]))]
        writer.submit(step, 1e9 + step, [schema.layout_entry(layout), *entries])
    writer.close()


def read(logdir: str, flag: str) -> None:
    """Start TensorBoard and check that the plugin answers with what was written.

    Raises:
        RuntimeError: it does not start, does not answer, or answers with another value.
    """
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--port=0", "--host=127.0.0.1", flag]
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while True:
                log.seek(0)
                output = log.read()
                if process.poll() is not None:
                    raise RuntimeError(output.strip().splitlines()[-1])
                found = re.search(r" at (http://\S+)", output)
                if found and loaded(found[1]):
                    break
                if time.monotonic() > deadline:
                    raise RuntimeError(f"not loaded after {PATIENCE_SECONDS} s: {output[-300:]}")
                time.sleep(0.2)
            body = {"runs": ["."], "kind": "gradient", "statistics": ["norm"]}
            answer = ask(f"{found[1]}data/plugin/nnviz/series", body)
            length = int.from_bytes(answer[:4], "little")
            header = json.loads(answer[4 : 4 + length])
            if len(header["series"]) != 1 or header["missing"]:
                raise RuntimeError(f"wrong answer: {header}")
        finally:
            process.kill()
            process.wait()


def loaded(url: str) -> bool:
    """Return True if the last step is listed."""
    runs = json.loads(ask(f"{url}data/plugin/nnviz/runs"))["runs"]
    return any(run["steps"] == STEPS - 1 for run in runs)


def ask(url: str, body: object = None) -> bytes:
    """Return the answer to a request."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as answer:
        content: bytes = answer.read()
        return content


def result(function: object, *arguments: object) -> str:
    """Return "works", or the last line of the error."""
    try:
        function(*arguments)  # type: ignore[operator]
    except BaseException as error:
        lines = f"{type(error).__name__}: {error}".strip().splitlines()
        return lines[0][:160].replace("|", "/")
    return "works"


def doctor(logdir: str) -> str:
    """Return the first problem that ``tb-nnviz doctor`` names, or "no problem"."""
    done = subprocess.run(
        [sys.executable, "-m", "tb_nnviz.cli", "doctor", logdir], capture_output=True, text=True, timeout=120
    )
    problems = [line for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    if done.returncode not in (0, 1) or bool(problems) != bool(done.returncode):
        return f"exit status {done.returncode}: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return problems[0] if problems else "no problem"


def main() -> None:
    """Run all checks. A log that this environment cannot write is not read either."""
    logdir = sys.argv[1]
    Path(logdir).mkdir()
    results = {"writer": result(write, logdir)}
    for loader, flag in LOADERS.items():
        results[loader] = result(read, logdir, flag) if results["writer"] == "works" else "not tried"
    results["doctor"] = doctor(logdir)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
