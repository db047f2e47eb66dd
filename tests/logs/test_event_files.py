"""Reading of event files that are being written, cut off or corrupt, and of runs with several files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from tensorboard.compat.proto import event_pb2, summary_pb2

from tb_nnviz import schema
from tb_nnviz.logs.event_files import EventFileReader, find_runs
from tests.support.event_logs import AB, WALL_TIME, Log, numbers

NORM = "nnviz/gradient/norm"


def write(folder: Path, steps: int = 5, number: int = 0) -> dict[str, np.ndarray]:
    values = numbers(steps, 2, seed=number)
    with Log(folder, number) as log:
        log.table(AB, values)
    return values


def steps_of(folder: Path, run: str = "run") -> list[int]:
    data = EventFileReader(folder).read_tensors(schema.PLUGIN, [run], [NORM]).data
    return data[run][NORM].steps.tolist() if run in data else []


def test_find_runs_names_folders_relative_to_logdir(tmp_path: Path) -> None:
    for name in ("b/c", "a", "."):
        write(tmp_path / name)
    write(tmp_path / "a", number=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("text")
    found = find_runs(tmp_path)
    assert {run: [path.name for path in paths] for run, paths in found.items()} == {
        ".": ["events.out.tfevents.0000000000.test"],
        "a": ["events.out.tfevents.0000000000.test", "events.out.tfevents.0000000001.test"],
        "b/c": ["events.out.tfevents.0000000000.test"],
    }


def test_read_tensors_several_files_are_read_in_order(tmp_path: Path) -> None:
    later, first = write(tmp_path / "run", 3, number=1), write(tmp_path / "run", 5)
    points = EventFileReader(tmp_path).read_tensors(schema.PLUGIN, ["run"], [NORM]).data["run"][NORM]
    assert points.steps.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert_array_equal(np.stack(list(points.values)), np.concatenate([first["norm"], later["norm"]]))


@pytest.mark.parametrize("cut", [1, 3, 4, 5, 20, 60])
def test_read_tensors_truncated_tail_keeps_whole_events(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "run")
    (path,) = (tmp_path / "run").iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    reader = EventFileReader(tmp_path)
    assert steps_of(tmp_path) == [0, 1, 2, 3]
    assert reader.start_times() == {"run": WALL_TIME} and reader.problems == []


@pytest.mark.parametrize("at", [-1, -20])
def test_read_tensors_corrupt_record_ends_its_file_only(tmp_path: Path, at: int) -> None:
    write(tmp_path / "run")
    write(tmp_path / "run", 2, number=1)
    path = min((tmp_path / "run").iterdir())
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    reader = EventFileReader(tmp_path)
    points = reader.read_tensors(schema.PLUGIN, ["run"], [NORM]).data["run"][NORM]
    assert points.steps.tolist() == [0, 1, 2, 3, 0, 1]
    (problem,) = reader.problems
    assert problem.startswith(f"{path}: not read to its end: ValueError: invalid record at byte ")


def test_read_tensors_record_not_an_event_ends_its_file(tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        log.table(AB, numbers(2, 2))
        log._records.write(b"\xff not a proto")
        log.table(AB, numbers(2, 2), range(2, 4))
    reader = EventFileReader(tmp_path)
    assert steps_of(tmp_path) == [0, 1]
    assert reader.start_times() == {"run": WALL_TIME}
    assert "DecodeError" in reader.problems[0]


@pytest.mark.parametrize("content", [b"", b"no event file at all"])
def test_read_tensors_file_without_events_is_an_empty_run(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "events.out.tfevents.1").write_bytes(content)
    reader = EventFileReader(tmp_path)
    assert reader.start_times() == {"run": None}
    assert reader.list_all_tensors(schema.PLUGIN).data == {}
    assert len(reader.problems) == bool(content)


def test_read_tensors_undecodable_value_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path / "run")
    with Log(tmp_path / "run", 1) as log:
        event = event_pb2.Event(step=9, wall_time=WALL_TIME)
        value = event.summary.value.add(tag=NORM)
        value.tensor.dtype, value.tensor.tensor_content = 1, b"\0\0\0\0"
        value.tensor.tensor_shape.dim.add(size=2)
        log.event(event)
    result = EventFileReader(tmp_path).read_tensors(schema.PLUGIN, ["run", "none"], [NORM, "nnviz/gradient/mean"])
    assert result.data["run"].keys() == {NORM, "nnviz/gradient/mean"}
    assert 9 not in result.data["run"][NORM].steps
    assert result.problems == [
        ("run", NORM, "cannot be read: invalid tensor: 4 bytes of shape [2] (expected 8 of float32), at step 9", 9)
    ]


def test_read_tensors_last_is_the_event_written_last(tmp_path: Path) -> None:
    write(tmp_path / "run", 5)
    write(tmp_path / "run", 2, number=1)
    points = EventFileReader(tmp_path).read_tensors(schema.PLUGIN, ["run"], [NORM], last=True).data["run"][NORM]
    assert points.steps.tolist() == [1]


def test_list_tensors_other_plugins_and_bare_metadata_are_left_out(tmp_path: Path) -> None:
    with Log(tmp_path / "run") as log:
        log.table(AB, numbers(2, 2))
        metadata = summary_pb2.SummaryMetadata(data_class=summary_pb2.DATA_CLASS_TENSOR)
        metadata.plugin_data.plugin_name = schema.PLUGIN
        event = event_pb2.Event(step=1, wall_time=WALL_TIME)
        event.summary.value.add(tag="nnviz/bare", metadata=metadata)
        log.event(event)
        log.entries(3, [schema.scalar("loss", 1.0), schema.Entry("map", np.zeros(3, np.uint8), schema.PLUGIN_MAPS)])
    reader = EventFileReader(tmp_path)
    tags = reader.list_tensors(schema.PLUGIN, ["run"]).data["run"]
    assert sorted(tags) == ["nnviz/gradient/count", "nnviz/gradient/mean", NORM, *tag_pair()]
    assert (tags[NORM].max_step, tags[NORM].max_wall_time) == (1, WALL_TIME + 2)
    assert list(reader.list_scalars(["run"]).data["run"]) == ["loss"]
    assert list(reader.list_tensors(schema.PLUGIN_MAPS, ["run"]).data["run"]) == ["map"]
    assert list(reader.list_tensors(schema.PLUGIN, ["run"], [NORM, "none"]).data["run"]) == [NORM]


def tag_pair() -> tuple[str, str]:
    return schema.layout_tag("gradient"), schema.layout_id_tag("gradient")


def test_reader_later_events_are_not_read(tmp_path: Path) -> None:
    write(tmp_path / "run", 2)
    reader = EventFileReader(tmp_path)
    assert reader.read_tensors(schema.PLUGIN, ["run"], [NORM]).data["run"][NORM].steps.size == 2
    write(tmp_path / "run", 3, number=1)
    assert reader.read_tensors(schema.PLUGIN, ["run"], [NORM]).data["run"][NORM].steps.size == 2
    assert len(steps_of(tmp_path)) == 5
