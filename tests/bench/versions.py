"""Table of the versions of TensorBoard, protobuf, numpy and setuptools that work together.

Each row installs its versions in an environment of its own, writes a log there, opens it with the command
``tensorboard`` on both loaders, and runs ``tb-nnviz doctor``. It prints a Markdown table for docs/versions.md.

    ./dev bench versions                           all rows, about half an hour
    ./dev bench versions --only tensorboard=2.21   the rows that contain these words
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import ROOT

PROBE = ROOT / "tests" / "support" / "versions_probe.py"


class Row(NamedTuple):
    """Versions that are installed together."""

    tensorboard: str
    protobuf: str
    numpy: str
    setuptools: str

    def __str__(self) -> str:
        return " ".join(f"{name}={version}" for name, version in self._asdict().items())


#: The newest release of each minor version of TensorBoard from the oldest that is supported on, with a protobuf and
#: a numpy of its time.
TENSORBOARDS = {
    "2.16.2": ("4.25.3", "1.26.4"),
    "2.17.1": ("4.25.3", "1.26.4"),
    "2.18.0": ("5.29.5", "2.2.6"),
    "2.19.0": ("5.29.5", "2.2.6"),
    "2.20.0": ("6.33.1", "2.2.6"),
    "2.21.0": ("6.33.1", "2.2.6"),
}
PROTOBUFS = ("4.25.3", "5.29.5", "6.33.1", "7.34.0")
NUMPYS = ("1.23.5", "1.26.4", "2.2.6")
SETUPTOOLS = ("65.5.0", "81.0.0", "82.0.0")


def rows() -> list[Row]:
    """Return every TensorBoard with every protobuf, every numpy and every setuptools."""
    found = []
    for tensorboard, (protobuf, numpy) in TENSORBOARDS.items():
        usual = Row(tensorboard, protobuf, numpy, SETUPTOOLS[1])
        found += [usual._replace(protobuf=version) for version in PROTOBUFS]
        found += [usual._replace(numpy=version) for version in NUMPYS]
        found += [usual._replace(setuptools=version) for version in SETUPTOOLS]
    return list(dict.fromkeys(found))


class Environment:
    """A virtual environment with one TensorBoard, in which the other packages are replaced per row."""

    def __init__(self, folder: Path, wheel: Path, tensorboard: str) -> None:
        self._python = folder / "bin" / "python"
        self._installed: dict[str, str] = {}
        run([sys.executable, "-m", "venv", str(folder)])
        self._pip(f"tensorboard=={tensorboard}", "google-crc32c")
        self._pip("--no-deps", str(wheel))

    def check(self, row: Row, logdir: Path) -> dict[str, str]:
        """Install a row's versions and return the results of the probe."""
        for name in ("protobuf", "numpy", "setuptools"):
            version = getattr(row, name)
            if self._installed.get(name) != version:
                self._pip("--no-deps", f"{name}=={version}")
                self._installed[name] = version
        done = run([str(self._python), str(PROBE), str(logdir)], cwd=logdir.parent)
        results: dict[str, str] = json.loads(done.splitlines()[-1])
        return results

    def _pip(self, *arguments: str) -> None:
        run([str(self._python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])


def run(command: list[str], cwd: Path = ROOT) -> str:
    """Run a command and return its output. Raises if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def cell(result: str) -> str:
    """Return a result of the probe for the table."""
    if result in ("works", "not tried"):
        return "yes" if result == "works" else "no"
    return f"no: {re.sub(r' [(]/[^)]*[)]', '', result.rpartition('Error: ')[2])[:50]}"


def diagnosis(line: str, row: Row) -> str:
    """Return the doctor's first line for the table: whether it names the pair that does not work."""
    pairs = (f"tensorboard {row.tensorboard} does not work with {name} {getattr(row, name)}" for name in row._fields)
    return "names the pair" if any(pair in line for pair in pairs) else line


def main() -> None:
    """Print one line per row."""
    parser = argparse.ArgumentParser(prog="./dev bench versions", description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="words that a row must contain, such as protobuf=7")
    options = parser.parse_args()
    chosen = [row for row in rows() if all(word in str(row) for word in options.only)]
    print("| TensorBoard | protobuf | numpy | setuptools | writer | data server | Python loader | `tb-nnviz doctor` |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)])
        (wheel,) = Path(folder).glob("tb_nnviz-*.whl")
        environments: dict[str, Environment] = {}
        for number, row in enumerate(chosen):
            if row.tensorboard not in environments:
                environments[row.tensorboard] = Environment(Path(folder, row.tensorboard), wheel, row.tensorboard)
            results = environments[row.tensorboard].check(row, Path(folder, f"logs{number}"))
            cells = [cell(results[key]) for key in ("writer", "data server", "Python loader")]
            print(f"| {' | '.join([*row, *cells, diagnosis(results['doctor'], row)])} |", flush=True)


if __name__ == "__main__":
    main()
