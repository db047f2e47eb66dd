"""Fixtures that several test files share."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import google_crc32c
import pytest
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

if TYPE_CHECKING:
    from tests.support.event_logs import Zoo
    from tests.support.tensorboards import TensorBoard


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort files with slow tests first, then by number of tests, so that parallel processes end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -size[item.path], item.path))


@pytest.fixture(autouse=True)
def _nothing_compiled() -> None:
    """Forget what other tests of this process have compiled, because nnviz then measures no attention."""
    if (utils := sys.modules.get("torch._dynamo.utils")) is not None:
        utils.counters.clear()


@pytest.fixture(scope="session", autouse=True)
def tensorboards_checksum() -> Iterator[Callable[[bytes], int]]:
    """Replace TensorBoard's slow checksum in Python by one in C, and yield the original."""
    own = pywrap_tensorflow.crc32c
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pywrap_tensorflow, "crc32c", google_crc32c.value)
        yield own


@pytest.fixture(scope="session", params=["python", "data_server"])
def loader(request: pytest.FixtureRequest) -> str:
    """Name one of TensorBoard's two loaders, so that every backend test runs on both."""
    name: str = request.param
    return name


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Write a logdir with one run per special case."""
    from tests.support.event_logs import Zoo

    return Zoo(tmp_path_factory.mktemp("zoo"))


@pytest.fixture(scope="session")
def board(loader: str, zoo: Zoo) -> Iterator[TensorBoard]:
    """Start TensorBoard with default flags on the zoo and wait until it has loaded everything."""
    from tests.support.tensorboards import TensorBoard

    with TensorBoard(loader, zoo.logdir) as tensorboard:
        tensorboard.until_written(zoo.last_wall_times)
        yield tensorboard


@pytest.fixture
def empty_board(loader: str, tmp_path: Path) -> Iterator[TensorBoard]:
    """Start TensorBoard on an empty logdir."""
    from tests.support.tensorboards import TensorBoard

    with TensorBoard(loader, tmp_path) as tensorboard:
        yield tensorboard
