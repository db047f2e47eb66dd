"""UserWriter: events go through the user's own SummaryWriter, of torch and of tensorboardX."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import tensorboardX
from torch.utils import tensorboard as torch_tensorboard

from tb_nnviz import schema
from tb_nnviz.record.write import events, writer
from tb_nnviz.record.write.user_writer import UserWriter
from tests.support.writer import event_files

BOTH = pytest.mark.parametrize("library", [torch_tensorboard, tensorboardX], ids=["torch", "tensorboardX"])
NORM = [schema.vector("gradient", "norm", np.array([1.0, np.nan]))]


@BOTH
def test_events_and_the_users_own_share_one_file(library: Any, tmp_path: pathlib.Path) -> None:
    theirs = library.SummaryWriter(str(tmp_path))
    ours = writer.user_writer(theirs)
    assert ours.logdir == str(tmp_path)
    for step in range(100):
        ours.submit(step, 1000.0 + step, NORM)
        theirs.add_scalar("loss", step, step)
    ours.close()
    theirs.add_scalar("after", 1.0, 100)  # ours is closed, theirs is not
    theirs.close()
    (path,) = event_files.files(tmp_path)
    found = [event for event in event_files.load(path) if event.summary.value]
    own = [event for event in found if event.summary.value[0].tag == "nnviz/gradient/norm"]
    assert [(event.step, event.wall_time) for event in own] == [(step, 1000.0 + step) for step in range(100)]
    assert own[0].summary.value[0].metadata.plugin_data.plugin_name == schema.PLUGIN
    assert str(event_files.values(own[0])) == "{'nnviz/gradient/norm': [1.0, nan]}"
    assert len(found) == 201


@BOTH
def test_a_closed_writer_costs_one_warning_and_no_second_file(
    library: Any, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = library.SummaryWriter(str(tmp_path))
    ours = writer.user_writer(theirs)
    ours.submit(0, 1.0, NORM)
    ours.flush()
    theirs.close()
    for step in range(1, 4):
        ours.submit(step, 1.0, NORM)
    ours.flush()
    ours.close()
    assert event_files.steps(tmp_path) == [0]
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"the SummaryWriter of {tmp_path} no longer takes our events")


@BOTH
def test_a_file_writer_that_was_closed_alone_counts_as_closed(
    library: Any, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    theirs = library.SummaryWriter(str(tmp_path))
    sink = UserWriter(theirs)
    theirs.file_writer.close()
    sink.write(events.event(0, 1.0, NORM))
    sink.write(events.event(1, 1.0, NORM))
    assert sink.flush()
    sink.close()
    assert len(caplog.records) == 1


@BOTH
def test_a_writer_that_is_closed_already_is_refused(library: Any, tmp_path: pathlib.Path) -> None:
    theirs = library.SummaryWriter(str(tmp_path))
    theirs.close()
    with pytest.raises(ValueError, match="invalid writer: the SummaryWriter is closed"):
        writer.user_writer(theirs)
    assert len(event_files.files(tmp_path)) == 1


def test_anything_else_is_refused() -> None:
    with pytest.raises(ValueError, match=r"invalid writer: expected a SummaryWriter .* got builtins\.str"):
        writer.user_writer("runs/baseline")


def test_a_writer_that_writes_nothing_to_disk(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    theirs = tensorboardX.SummaryWriter(str(tmp_path / "run"), write_to_disk=False)
    ours = writer.user_writer(theirs)
    theirs.add_scalar("loss", 1.0, 0)
    ours.submit(0, 1.0, NORM)
    ours.close()
    assert not caplog.records


@pytest.mark.parametrize("library", ["torch.utils.tensorboard", "tensorboardX"])
def test_a_program_that_closes_nothing(tmp_path: pathlib.Path, library: str) -> None:
    status, _ = event_files.run("user_writer", tmp_path, library)
    assert status == 0
    assert event_files.steps(tmp_path) == list(range(100))
