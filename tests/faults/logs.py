"""The logs of the suite's trainings, kept by a checksum of what determines them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch

from tests.faults.case import Case
from tests.faults.training import run
from tests.support.paths import ROOT

FOLDER = ROOT / "build" / "findings"
#: The code that all trainings share.
SHARED = ("data.py", "networks.py", "training.py", "families.py")


class Log(NamedTuple):
    """The log of a training.

    Args:
        folder: the directory of the run.
        every: the number of steps between two logged ones.
        steps: the number of steps.
        seconds: the duration of the training.
    """

    folder: Path
    every: int
    steps: int
    seconds: float


def log_of(case: Case, folder: Path = FOLDER, is_stale_allowed: bool = False, burst: int = 0) -> Log:
    """Return the log of a case. It is trained if there is no log of the same code.

    Args:
        case: the case.
        folder: the directory of all logs.
        is_stale_allowed: take a log that another version of nnviz has written, of the same training.
        burst: as for ``run``. Such logs have a directory of their own, and are not trained again if rules change.
    """
    place = folder / (f"burst-{burst}" if burst else "") / case.name.replace("/", "--")
    stamp = place / "stamp.json"
    wanted = {"training": training_checksum(case.source), "package": package_checksum()}
    known = json.loads(stamp.read_text()) if stamp.is_file() else {}
    needed = {"training"} if is_stale_allowed else wanted.keys()
    if any(known.get(name) != wanted[name] for name in needed):
        known = {**wanted, **_train(case, place, burst)}
        stamp.write_text(json.dumps(known))
    return Log(place / "run", known["every"], known["steps"], known["seconds"])


def _train(case: Case, place: Path, burst: int) -> dict[str, float]:
    started = time.perf_counter()
    place.parent.mkdir(parents=True, exist_ok=True)
    # The log appears as a whole, so that an interrupted training leaves none.
    with tempfile.TemporaryDirectory(dir=place.parent) as made, torch.random.fork_rng():
        training = case.build()
        run(training, Path(made) / "run", burst)
        shutil.rmtree(place, ignore_errors=True)
        os.mkdir(place)
        os.rename(Path(made) / "run", place / "run")
    return {"every": training.every, "steps": training.steps, "seconds": round(time.perf_counter() - started, 2)}


@cache
def training_checksum(source: Path) -> str:
    """Return the checksum of a catalogue's file, of what all trainings share, and of PyTorch's version."""
    return _checksum([source, *(Path(__file__).parent / name for name in SHARED)], torch.__version__)


@cache
def package_checksum() -> str:
    """Return the checksum of the code that writes logs. The rules do not belong to it: they read the log."""
    paths = [path for part in ("record", "schema") for path in (ROOT / "tb_nnviz" / part).rglob("*")]
    return _checksum(sorted(path for path in paths if path.suffix in {".py", ".c", ".h", ".inc"}))


def _checksum(paths: Iterable[Path], more: str = "") -> str:
    hashed = hashlib.sha256(more.encode())
    for path in paths:
        hashed.update(path.read_bytes())
    return hashed.hexdigest()
