"""The runs that the tests of the comparison share, trained once per session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tb_nnviz.comparison.reading import read_series
from tb_nnviz.comparison.series import RunSeries
from tb_nnviz.logs.event_files import EventFileReader
from tests.support.compared_runs import VARIANTS, train

#: The seed of the variants, which the reference run has too, and those of the group.
SEED, GROUP = 0, (1, 2, 3, 4, 5)
#: Variants that are trained with a seed of their own too, to be compared with the group.
OTHER_SEED = ("same", "half", "initialization", "normalization", "frozen", "momentum")


@pytest.fixture(scope="session")
def compared_logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with the runs ``reference``, ``seed1`` ..., each variant, and ``<variant>-other``."""
    logdir = tmp_path_factory.mktemp("compared")
    train(logdir / "reference", SEED)
    for seed in GROUP:
        train(logdir / f"seed{seed}", seed)
    for name, variant in VARIANTS.items():
        train(logdir / name, SEED, variant)
    for name in OTHER_SEED:
        train(logdir / f"{name}-other", 11, VARIANTS[name])
    return logdir


class Runs(dict[str, RunSeries]):
    """The series of the runs of a directory, by name, read when they are needed."""

    def __init__(self, logdir: Path) -> None:
        super().__init__()
        self._logdir = logdir

    def __missing__(self, name: str) -> RunSeries:
        found, missing = read_series(EventFileReader(self._logdir / name), ["."])
        assert not missing
        self[name] = replace(found["."], run=name)
        return self[name]


@pytest.fixture(scope="session")
def compared_runs(compared_logdir: Path) -> Runs:
    """Return the series of the runs in ``compared_logdir``."""
    return Runs(compared_logdir)
