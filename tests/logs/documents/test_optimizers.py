"""Reading of the optimizers of runs."""

from __future__ import annotations

import pytest

from tb_nnviz import schema
from tb_nnviz.logs.documents.optimizers import OptimizerHistory, read_optimizers
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.logs.reader import Missing
from tests.support.logs import optimizers

RUNS = ["resumed", "unwritten", "invalid", "none", "no such run"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> EventFileReader:
    folder = tmp_path_factory.mktemp("optimizers")
    optimizers.write(folder)
    return EventFileReader(folder)


@pytest.fixture
def found(reader: EventFileReader) -> tuple[dict[str, OptimizerHistory], list[Missing]]:
    return read_optimizers(reader, RUNS)


def test_read_optimizers_resumed_run_drops_abandoned(
    found: tuple[dict[str, OptimizerHistory], list[Missing]],
) -> None:
    history = found[0]["resumed"]
    assert dict(zip(history.steps, history.documents, strict=True)) == optimizers.RESUMED
    at = optimizers.RESUMED
    assert [history.at(step) for step in (-1, 0, 2, 3, 4, 5, 100)] == [None, at[0], at[0], at[3], at[3], at[5], at[5]]


def test_read_optimizers_not_written_again_are_abandoned(
    found: tuple[dict[str, OptimizerHistory], list[Missing]],
) -> None:
    assert found[0]["unwritten"].steps == (0,)


def test_read_optimizers_invalid_document_is_missing(
    found: tuple[dict[str, OptimizerHistory], list[Missing]],
) -> None:
    histories, missing = found
    assert histories["invalid"].steps == (0,)
    (one,) = missing
    assert (one.run, one.step) == ("invalid", 3)
    assert "unknown optimizers version: 2" in one.reason
    assert set(histories) == {"resumed", "unwritten", "invalid"}


def test_read_optimizers_cached_read_asks_tags_of_plugin(reader: EventFileReader) -> None:
    asked = []

    def read(runs, tags):
        asked.append(schema.TAG_OPTIMIZERS in tags)
        return reader.read_tensors(schema.PLUGIN, runs, tags)

    assert read_optimizers(reader, RUNS, read)[0] == read_optimizers(reader, RUNS)[0]
    assert asked == [True]
