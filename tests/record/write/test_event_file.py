"""EventFile: TensorBoard loads the file, even if its disk has failed in between."""

from __future__ import annotations

import logging
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2
from tensorboard.compat.tensorflow_stub import pywrap_tensorflow

from tb_nnviz import schema
from tb_nnviz.record.write import events, records
from tb_nnviz.record.write.event_file import EventFile
from tests.support.writer import event_files

Limit = Callable[[int | None], None]


def make(step: int, size: int = 1000) -> event_pb2.Event:
    return events.event(step, 1.0, [schema.vector("gradient", "norm", np.full(size, step))])


def layout(step: int) -> event_pb2.Event:
    return events.event(step, 1.0, [schema.layout_entry(schema.Layout("gradient", ()))])


@pytest.fixture
def file_size_limit() -> Iterator[Limit]:
    """Return a function that limits the size of every file, so that writing fails in the middle of a record."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limit(size: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft if size is None else size, hard))

    yield limit
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, previous)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "tb_nnviz"]


def test_event_file_written_events_load_in_tensorboard(tmp_path: pathlib.Path) -> None:
    sink = EventFile(tmp_path / "new" / "run")
    sink.write(make(7, 3))
    assert sink.flush()
    (path,) = event_files.files(tmp_path / "new" / "run")
    version, event = event_files.load(path)
    assert version.file_version == "brain.Event:2"
    assert (event.step, event.wall_time) == (7, 1.0)
    assert event_files.values(event) == {"nnviz/gradient/norm": [7.0, 7.0, 7.0]}
    sink.close()
    assert event_files.whole(path)


def test_frame_equals_tensorboards_record_writer(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, tensorboards_checksum: Callable[[bytes], int]
) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    monkeypatch.setattr(pywrap_tensorflow, "crc32c", tensorboards_checksum)
    for data in (b"", b"a", bytes(range(256)) * 100):
        with open(tmp_path / "record", "wb") as file:
            RecordWriter(file).write(data)
        assert records.frame(data) == (tmp_path / "record").read_bytes()
        assert records.frame(data, pywrap_tensorflow.masked_crc32c) == (tmp_path / "record").read_bytes()


@pytest.mark.parametrize(
    "hide",
    [
        "sys.modules['google_crc32c'] = None",
        "import types; sys.modules['google_crc32c'] = types.SimpleNamespace(implementation='python', value=None)",
    ],
)
def test_frame_without_c_checksum_gives_same_bytes(hide: str) -> None:
    program = f"import sys; {hide}; from tb_nnviz.record.write import records; print(records.frame(b'x' * 999).hex())"
    result = subprocess.run([sys.executable, "-c", program], cwd=event_files.ROOT, capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == (records.frame(b"x" * 999).hex(), "")


def test_event_file_full_disk_with_room_later_loses_nothing(
    tmp_path: pathlib.Path, file_size_limit: Limit, caplog: pytest.LogCaptureFixture
) -> None:
    sink = EventFile(tmp_path)
    sink.write(make(0))
    assert sink.flush()
    file_size_limit(10_000)
    for step in range(1, 10):
        sink.write(make(step))
        assert sink.flush() == (step < 2)
    # What fits is there and ends with a whole record, so that a reader can go on from it.
    assert event_files.steps(tmp_path) == [0, 1]
    file_size_limit(None)
    assert sink.flush()
    sink.write(make(10))
    sink.close()
    assert event_files.steps(tmp_path) == list(range(11))
    (message,) = messages(caplog)
    assert "File too large" in message and str(tmp_path) in message


def test_event_file_disk_stays_full_reports_loss(
    tmp_path: pathlib.Path, file_size_limit: Limit, caplog: pytest.LogCaptureFixture
) -> None:
    sink = EventFile(tmp_path)
    sink.flush()
    file_size_limit(6_000)
    for step in range(10):
        sink.write(make(step))
    sink.close()
    sink.close()
    assert event_files.steps(tmp_path) == [0]
    assert len(messages(caplog)) == 2
    assert messages(caplog)[1].startswith("9 events are lost")


def test_event_file_over_memory_limit_keeps_layouts(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "run").write_text("a file where the directory should be")
    sink = EventFile(tmp_path / "run", limit=50_000)
    sink.flush()
    sink.write(layout(0))
    for step in range(1, 101):
        sink.write(make(step))
        assert sink._pending_bytes <= 50_000
    (tmp_path / "run").unlink()
    sink.close()
    kept = event_files.steps(tmp_path / "run")
    assert kept == [0, *range(102 - len(kept), 101)] and len(kept) > 10
    assert messages(caplog)[1].startswith(f"{101 - len(kept)} events are lost")


def test_event_file_torn_record_is_completed_first(tmp_path: pathlib.Path, file_size_limit: Limit) -> None:
    """The rest of the record has to follow, because the data server keeps the part that it has read."""
    sink = EventFile(tmp_path, limit=50_000)
    sink.flush()
    file_size_limit(1_000)
    sink.write(make(0))
    assert not sink.flush()
    for step in range(1, 101):
        sink.write(make(step))
    file_size_limit(None)
    sink.close()
    kept = event_files.steps(tmp_path)
    assert kept == [0, *range(102 - len(kept), 101)] and 10 < len(kept) < 20


def test_event_file_bad_path_that_heals_gets_all(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "run").write_text("a file where the directory should be")
    sink = EventFile(tmp_path / "run")
    for step in range(3):
        sink.write(make(step))
        assert not sink.flush()
    (tmp_path / "run").unlink()
    assert sink.flush()
    sink.close()
    assert event_files.steps(tmp_path / "run") == [0, 1, 2]
    (message,) = messages(caplog)
    assert str(tmp_path / "run") in message


def test_event_file_deleted_directory_starts_with_layouts(tmp_path: pathlib.Path) -> None:
    run = tmp_path / "run"
    sink = EventFile(run)
    sink.write(layout(0))
    sink.write(make(1))
    sink.flush()
    shutil.rmtree(run)
    sink.write(make(2))
    assert sink.flush()
    assert event_files.steps(run) == [0, 2]
    sink.close()


def test_event_file_renamed_directory_keeps_its_file(tmp_path: pathlib.Path) -> None:
    sink = EventFile(tmp_path / "run")
    sink.write(make(0))
    sink.flush()
    (tmp_path / "run").rename(tmp_path / "renamed")
    sink.write(make(1))
    sink.close()
    assert event_files.steps(tmp_path / "renamed") == [0, 1]
    assert not (tmp_path / "run").exists()


def test_event_file_torn_record_is_cut_before_next_append(
    tmp_path: pathlib.Path, file_size_limit: Limit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = EventFile(tmp_path)
    sink.flush()
    file_size_limit(1_000)
    sink.write(make(0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", lambda *_: (_ for _ in ()).throw(OSError("busy")))
        assert not sink.flush()
        assert not event_files.whole(event_files.files(tmp_path)[0])
        file_size_limit(None)
        sink.write(make(1))
        assert not sink.flush()
    sink.close()
    assert event_files.steps(tmp_path) == [0, 1]


@pytest.mark.parametrize(
    "older", ["events.out.tfevents.0000000001.a.9.9", "events.out.tfevents.4000000000.zzz.9.9.nnviz"]
)
def test_event_file_name_sorts_after_older_files(tmp_path: pathlib.Path, older: str) -> None:
    (tmp_path / older).write_text("theirs")
    (tmp_path / "events.out.tfevents.9999999999.no.later.time.exists").touch()
    sinks = [EventFile(tmp_path) for _ in range(12)]
    for sink in sinks:
        assert sink.flush()
        sink.close()
    names = [older, *(os.path.basename(sink.path or "") for sink in sinks)]
    assert names == sorted(set(names))
    assert (tmp_path / older).read_text() == "theirs"


def test_event_file_after_chdir_keeps_its_directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    sink = EventFile("run")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    sink.close()
    assert event_files.steps(tmp_path / "run") == []


def test_event_file_remote_storage_raises() -> None:
    with pytest.raises(ValueError, match="invalid logdir: 's3://bucket/run'"):
        EventFile("s3://bucket/run")


def test_event_file_large_backlog_is_written_in_batches(tmp_path: pathlib.Path) -> None:
    sink = EventFile(tmp_path)
    for step in range(40):
        sink.write(make(step, 50_000))
        assert sink._pending_bytes < 2 << 20
    sink.close()
    assert event_files.steps(tmp_path) == list(range(40))


def test_event_file_warnings_go_to_nnviz_logger(caplog: pytest.LogCaptureFixture, tmp_path: pathlib.Path) -> None:
    (tmp_path / "run").write_text("")
    EventFile(tmp_path / "run").flush()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("tb_nnviz", logging.WARNING)
