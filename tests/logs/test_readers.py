"""The reader of event files gives the same answers as TensorBoard's loaders, if sampling keeps every event."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.context import RequestContext
from torch.utils.tensorboard import SummaryWriter

from tb_nnviz import schema
from tb_nnviz.logs.documents.findings import read_findings
from tb_nnviz.logs.documents.graph import read_structures
from tb_nnviz.logs.documents.optimizers import read_optimizers
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.logs.histograms.reading import HistogramReading
from tb_nnviz.logs.maps import list_maps, read_maps
from tb_nnviz.logs.provider import ProviderReader
from tb_nnviz.logs.reader import Reader
from tb_nnviz.logs.runs import list_runs
from tb_nnviz.logs.scalars import read_scalars
from tb_nnviz.logs.series import Selection, read_tables
from tests.support.event_logs import AB, ABC, WALL_TIME, Log, Zoo, numbers
from tests.support.logs import findings, histograms, maps, optimizers
from tests.support.tensorboards import TensorBoard

KEEP_ALL = "--samples_per_plugin=" + ",".join(f"{name}=0" for name in (*schema.PLUGINS, "scalars", "histograms"))


class Logdir:
    """A logdir with all synthetic runs, and the wall time of each run's last event."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last: dict[str, float] = {}
        for name, write in {"findings": findings.write, "maps": maps.write, "optimizers": optimizers.write}.items():
            self._add(name, write(folder / name))
        self._add("histograms", histograms.Logs(folder / "histograms").last)
        self._add("zoo", Zoo(folder / "zoo").last_wall_times)
        self._three_files()
        self._legacy()

    def _add(self, name: str, last: dict[str, float]) -> None:
        self.last |= {name if run == "." else f"{name}/{run}": wall_time for run, wall_time in last.items()}

    def _three_files(self) -> None:
        """Write a run that was resumed twice, the second time with more rows and a clock that was set back."""
        parts = [(AB, range(20), 0.0), (AB, range(10, 14), 5_000.0), (ABC, range(12, 18), 300.0)]
        for number, (rows, steps, offset) in enumerate(parts):
            with Log(self.folder / "three", number, WALL_TIME + offset) as log:
                log.table(rows, numbers(len(steps), len(rows.rows), seed=number), steps)

    def _legacy(self) -> None:
        """Write a run with torch's own writer, whose scalars and histograms are not tensors."""
        random = np.random.default_rng(0)
        with SummaryWriter(str(self.folder / "torch")) as writer:
            for step in range(5):
                writer.add_scalar("loss", 1 / (step + 1), step)
                writer.add_scalar("nnviz/log/loss", 2 / (step + 1), step)
                writer.add_histogram("parameters/fc.weight", random.standard_normal(100), step)
                writer.add_text("note", "text", step)


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Logdir:
    return Logdir(tmp_path_factory.mktemp("readers"))


@pytest.fixture(scope="module")
def provider_reader(loader: str, logdir: Logdir) -> Iterator[ProviderReader]:
    with TensorBoard(loader, logdir.folder, KEEP_ALL) as board:

        def latest() -> dict[str, float]:
            found: dict[str, float] = {}
            for plugin in schema.PLUGINS:
                listed = board.provider.list_tensors(RequestContext(), experiment_id="", plugin_name=plugin)
                for run, tags in listed.items():
                    found[run] = max([found.get(run, 0), *(series.max_wall_time for series in tags.values())])
            return found

        def loaded() -> bool:
            scalars = board.provider.list_scalars(RequestContext(), experiment_id="", plugin_name="scalars")
            now = latest()
            three = now.get("three", 0) >= WALL_TIME + 5_000 and board.until_idle(latest)
            return three and all(now.get(run, 0) >= end for run, end in logdir.last.items()) and "torch" in scalars

        board.until(loaded)
        yield ProviderReader(board.provider, RequestContext(), "")


@pytest.fixture(scope="module")
def file_reader(logdir: Logdir) -> EventFileReader:
    return EventFileReader(logdir.folder)


def plain(value: Any) -> Any:
    """Return an answer as lists and dicts, with the type, shape and bytes of each array."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.dtype.name, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def runs(reader: Reader) -> Any:
    # Of a resumed run, the Python loader lists the largest step ever, and the data server the step written last.
    return [dataclasses.replace(run, last_step=0) for run in list_runs(reader)]


def tables(reader: Reader) -> Any:
    names = sorted(reader.start_times())
    answers = []
    for kind in (*schema.KINDS, schema.TRACKED):
        for statistics in (["norm"], ["norm", "mean", "finite_norm"], ["count", "min"], ["value"], ["unknown"]):
            answers.append(
                read_tables(
                    lambda runs, tags: reader.read_tensors(schema.PLUGIN, runs, tags),
                    [*names, "no such run"],
                    Selection(kind, statistics, first=1),
                )
            )
    return answers


def scalars(reader: Reader) -> Any:
    names = [*sorted(reader.start_times()), "no such run"]
    tags = ["nnviz/log/loss", "nnviz/none"]
    whole = [read_scalars(reader, names, prefix=prefix) for prefix in ("", "nnviz/log/")]
    return [*whole, read_scalars(reader, names, tags), read_scalars(reader, names, tags, last=True)]


def all_maps(reader: Reader) -> Any:
    names = [*sorted(reader.start_times()), "no such run"]
    listed = [list_maps(reader, names, prefix) for prefix in (schema.TAG_MAP, schema.TAG_WEIGHT, schema.TAG_MAP_INPUT)]
    tags = sorted({one.tag for found, _ in listed for one in found})
    assert len(tags) == 4
    return [*listed, *(read_maps(reader, names, tag, steps) for tag in tags for steps in (None, [7]))]


def all_histograms(reader: Reader) -> Any:
    # The data server keeps outer buckets of torch's histograms that the Python loader drops.
    names = [name for name in sorted(reader.start_times()) if name != "torch"]
    answers = []
    for kind in (*schema.KINDS, "stock"):
        reading = HistogramReading(reader, [*names, "no such run"], kind)
        listed = reading.listing()
        answers += [listed, reading.read(step=15), reading.read(["a.weight", "mine"]), reading.missing]
    return answers


def structures(reader: Reader) -> Any:
    return read_structures(reader, [*sorted(reader.start_times()), "no such run"])


def all_findings(reader: Reader) -> Any:
    names = sorted(reader.start_times())
    return read_findings(reader, names), read_findings(reader, names[:3])


def all_optimizers(reader: Reader) -> Any:
    return read_optimizers(reader, [*sorted(reader.start_times()), "no such run"])


@pytest.mark.parametrize(
    "query", [runs, tables, scalars, all_maps, all_histograms, structures, all_findings, all_optimizers]
)
def test_readers_give_the_same_answers(
    provider_reader: ProviderReader, file_reader: EventFileReader, query: Callable[[Reader], Any]
) -> None:
    assert provider_reader.start_times() == file_reader.start_times()
    assert plain(query(file_reader)) == plain(query(provider_reader))


def test_read_tensors_torch_histogram_equals_python_loader(
    loader: str, provider_reader: ProviderReader, file_reader: EventFileReader
) -> None:
    of_files, of_provider = (
        reader.read_tensors("histograms", ["torch"], ["parameters/fc.weight"]).data["torch"]["parameters/fc.weight"]
        for reader in (file_reader, provider_reader)
    )
    assert of_files.steps.tolist() == of_provider.steps.tolist()
    for one, other in zip(of_files.values, of_provider.values, strict=True):
        assert one[:, 2].sum() == other[:, 2].sum() == 100
        if loader == "python":
            np.testing.assert_array_equal(one, other)
