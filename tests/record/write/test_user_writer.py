"""UserWriter: events go through the user's SummaryWriter of torch or tensorboardX."""

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
def test_user_writer_shares_file_with_users_events(library: Any, tmp_path: pathlib.Path) -> None:
    users_writer = library.SummaryWriter(str(tmp_path))
    nnviz_writer = writer.user_writer(users_writer)
    assert nnviz_writer.logdir == str(tmp_path)
    for step in range(100):
        nnviz_writer.submit(step, 1000.0 + step, NORM)
        users_writer.add_scalar("loss", step, step)
    nnviz_writer.close()
    users_writer.add_scalar("after", 1.0, 100)  # only nnviz_writer is closed
    users_writer.close()
    (path,) = event_files.files(tmp_path)
    found = [event for event in event_files.load(path) if event.summary.value]
    own = [event for event in found if event.summary.value[0].tag == "nnviz/gradient/norm"]
    assert [(event.step, event.wall_time) for event in own] == [(step, 1000.0 + step) for step in range(100)]
    assert own[0].summary.value[0].metadata.plugin_data.plugin_name == schema.PLUGIN
    assert str(event_files.values(own[0])) == "{'nnviz/gradient/norm': [1.0, nan]}"
    assert len(found) == 201


@BOTH
def test_user_writer_closed_later_warns_once_without_new_file(
    library: Any, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    users_writer = library.SummaryWriter(str(tmp_path))
    nnviz_writer = writer.user_writer(users_writer)
    nnviz_writer.submit(0, 1.0, NORM)
    nnviz_writer.flush()
    users_writer.close()
    for step in range(1, 4):
        nnviz_writer.submit(step, 1.0, NORM)
    nnviz_writer.flush()
    nnviz_writer.close()
    assert event_files.steps(tmp_path) == [0]
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith(f"the SummaryWriter of {tmp_path} no longer takes nnviz's events")


@BOTH
def test_user_writer_with_closed_file_writer_counts_as_closed(
    library: Any, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    users_writer = library.SummaryWriter(str(tmp_path))
    sink = UserWriter(users_writer)
    users_writer.file_writer.close()
    sink.write(events.event(0, 1.0, NORM))
    sink.write(events.event(1, 1.0, NORM))
    assert sink.flush()
    sink.close()
    assert len(caplog.records) == 1


@BOTH
def test_user_writer_closed_before_raises(library: Any, tmp_path: pathlib.Path) -> None:
    users_writer = library.SummaryWriter(str(tmp_path))
    users_writer.close()
    with pytest.raises(ValueError, match="invalid writer: the SummaryWriter is closed"):
        writer.user_writer(users_writer)
    assert len(event_files.files(tmp_path)) == 1


def test_user_writer_of_other_type_raises() -> None:
    with pytest.raises(ValueError, match=r"invalid writer: expected a SummaryWriter .* got builtins\.str"):
        writer.user_writer("runs/baseline")


def test_user_writer_without_disk_works(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    users_writer = tensorboardX.SummaryWriter(str(tmp_path / "run"), write_to_disk=False)
    nnviz_writer = writer.user_writer(users_writer)
    users_writer.add_scalar("loss", 1.0, 0)
    nnviz_writer.submit(0, 1.0, NORM)
    nnviz_writer.close()
    assert not caplog.records


@pytest.mark.parametrize("library", ["torch.utils.tensorboard", "tensorboardX"])
def test_user_writer_never_closed_writes_everything(tmp_path: pathlib.Path, library: str) -> None:
    status, _ = event_files.run("user_writer", tmp_path, library)
    assert status == 0
    assert event_files.steps(tmp_path) == list(range(100))
