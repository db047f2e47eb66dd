"""Writer: it neither raises in training nor delays it, and every event arrives."""

from __future__ import annotations

import logging
import pathlib
import threading
import time
import weakref

import numpy as np
import pytest
from tensorboard.compat.proto import event_pb2

from tb_nnviz import schema
from tb_nnviz.record.write import events, writer
from tb_nnviz.record.write.event_file import EventFile
from tests.support.writer import event_files

LOSS = [schema.scalar("nnviz/log/loss", 0.5)]


class Memory:
    """A sink that keeps events in memory, and can block or fail."""

    logdir = "memory"

    def __init__(self) -> None:
        self.events: list[event_pb2.Event] = []
        self.calls: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.entered = threading.Event()
        self.takes = True
        self.error: BaseException | None = None

    def write(self, event: event_pb2.Event) -> None:
        self.entered.set()
        self.go_on.wait()
        if self.error:
            raise self.error
        self.events.append(event)

    def flush(self) -> bool:
        self.calls.append("flush")
        return self.takes

    def close(self) -> None:
        self.calls.append("close")


def steps(sink: Memory) -> list[int]:
    return [event.step for event in sink.events]


def test_flush_returns_when_everything_is_in_the_file(tmp_path: pathlib.Path) -> None:
    made = writer.file_writer(tmp_path)
    for step in range(1000):
        made.submit(step, 1.0, [schema.vector("gradient", "norm", np.arange(3))])
        if step % 100 == 0:
            made.flush()
            assert event_files.steps(tmp_path) == list(range(step + 1))
    made.close()
    assert event_files.steps(tmp_path) == list(range(1000))
    assert made.logdir == str(tmp_path)
    assert made.cpu_seconds > 0


def test_writer_without_flush_reaches_disk(tmp_path: pathlib.Path) -> None:
    made = writer.Writer(EventFile(tmp_path), flush_seconds=0.05)
    made.submit(5, 1.0, LOSS)
    event_files.wait_until(lambda: bool(event_files.files(tmp_path)) and event_files.steps(tmp_path) == [5])
    made.close()


def test_writer_idle_uses_no_cpu_and_flushes_nothing() -> None:
    sink = Memory()
    made = writer.Writer(sink, flush_seconds=0.001)
    made.flush()
    flushes, used = len(sink.calls), made.cpu_seconds
    time.sleep(0.2)  # gives a faulty writer time to be busy
    assert (len(sink.calls), made.cpu_seconds) == (flushes, used)
    made.close()


def test_writer_sink_with_pending_events_is_flushed_again() -> None:
    sink = Memory()
    sink.takes = False
    made = writer.Writer(sink, flush_seconds=0.001)
    event_files.wait_until(lambda: len(sink.calls) > 3)
    sink.takes = True
    made.close()
    assert sink.calls[-2:] == ["flush", "close"]


def test_submit_function_runs_on_thread_may_return_nothing() -> None:
    sink = Memory()
    made = writer.Writer(sink)
    names: list[str] = []

    def entries() -> list[schema.Entry]:
        names.append(threading.current_thread().name)
        return LOSS if len(names) == 2 else []

    for step in range(3):
        made.submit(step, 1.0, entries)
    made.submit(9, 1.0, [])
    made.close()
    assert names == ["tb_nnviz writer"] * 3
    assert steps(sink) == [1]


def test_writer_frees_written_arrays() -> None:
    made = writer.Writer(Memory())
    values = np.zeros(3, "<f4")
    gone = weakref.ref(values)
    made.submit(0, 1.0, [schema.Entry("x", values, schema.PLUGIN)])
    del values
    made.flush()
    assert gone() is None
    made.close()


def test_submit_function_may_submit_and_flush() -> None:
    sink = Memory()
    made = writer.Writer(sink)

    def entries() -> list[schema.Entry]:
        for step in range(writer.MAX_WAITING + 10):
            made.submit(step, 1.0, LOSS)
        made.flush()
        made.close()
        return []

    made.submit(0, 1.0, entries)
    made.flush()
    made.close()
    assert len(sink.events) == writer.MAX_WAITING + 10


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1), MemoryError()])
def test_submit_failing_function_warns_once_loses_its_event(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    sink = Memory()
    made = writer.Writer(sink)

    def fail() -> list[schema.Entry]:
        raise error

    for step in range(6):
        made.submit(step, 1.0, fail if step % 2 else LOSS)
    made.close()
    assert steps(sink) == [0, 2, 4]
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and record.exc_info and record.exc_info[1] is error


def test_submit_invalid_entries_warns_once(caplog: pytest.LogCaptureFixture) -> None:
    sink = Memory()
    made = writer.Writer(sink)
    for step in range(3):
        made.submit(step, 1.0, [schema.Entry("x", np.zeros(3, complex), schema.PLUGIN)])
    made.submit(3, 1.0, LOSS)
    made.close()
    assert steps(sink) == [3]
    (record,) = caplog.records
    assert "unknown dtype: complex128 of x" in caplog.text and record.name == "tb_nnviz"


def test_writer_failing_sink_warns_and_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    sink = Memory()
    sink.error = RuntimeError("gone")
    made = writer.Writer(sink)
    for step in range(3):
        made.submit(step, 1.0, LOSS)
    made.flush()
    sink.error = None
    made.submit(3, 1.0, LOSS)
    made.close()
    assert steps(sink) == [3]
    assert len(caplog.records) == 1


def test_submit_to_full_queue_waits_and_loses_nothing() -> None:
    sink = Memory()
    sink.go_on.clear()
    made = writer.Writer(sink)
    made.submit(0, 1.0, LOSS)
    sink.entered.wait()
    count = writer.MAX_WAITING + 50

    def train() -> None:
        for step in range(1, count):
            made.submit(step, 1.0, LOSS)

    training = threading.Thread(target=train)
    training.start()
    event_files.wait_until(lambda: made._queue.qsize() == writer.MAX_WAITING)
    sink.go_on.set()
    training.join()
    made.close()
    assert steps(sink) == list(range(count))


def test_writer_hanging_sink_ends_waiting(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(writer, "PATIENCE", 0.05)
    sink = Memory()
    sink.go_on.clear()
    made = writer.Writer(sink)
    for step in range(writer.MAX_WAITING + 100):
        made.submit(step, 1.0, LOSS)
    made.close()
    assert ["hangs" in record.getMessage() for record in caplog.records[:2]] == [True, True]
    sink.go_on.set()
    made._thread.join()
    assert len(sink.events) <= writer.MAX_WAITING + 1


def test_close_twice_is_idempotent_later_events_warn_once(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = writer.file_writer(tmp_path)
    made.submit(0, 1.0, LOSS)
    made.close()
    made.close()
    for step in range(3):
        made.submit(step, 1.0, LOSS)
    made.flush()
    assert event_files.steps(tmp_path) == [0]
    assert not made._thread.is_alive()
    assert [record.getMessage() for record in caplog.records] == [
        f"the writer of {tmp_path} is closed, step 0 and later are not recorded"
    ]


def test_add_scalar_writes_stock_scalar(caplog: pytest.LogCaptureFixture) -> None:
    sink = Memory()
    made = writer.Writer(sink)
    for value in (1.5, np.float32(2.5), np.array(3.5), 4):
        made.add_scalar("accuracy", value, 7)
    made.add_scalar("accuracy", "high", 7)  # type: ignore[arg-type]
    made.close()
    found = [(value.tag, value.simple_value) for event in sink.events for value in event.summary.value]
    assert found == [("accuracy", value) for value in (1.5, 2.5, 3.5, 4.0)]
    assert steps(sink) == [7] * 4
    assert "a value of accuracy is lost" in caplog.text


def test_writer_bad_path_warns_at_start_and_heals(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "run").write_text("a file where the directory should be")
    made = writer.file_writer(tmp_path / "run")
    event_files.wait_until(lambda: bool(caplog.records))
    made.submit(0, 1.0, LOSS)
    made.flush()
    (tmp_path / "run").unlink()
    made.submit(1, 1.0, LOSS)
    made.close()
    assert event_files.steps(tmp_path / "run") == [0, 1]
    assert len(caplog.records) == 1


@pytest.mark.filterwarnings(
    "ignore:html5lib's sanitizer", "ignore:Implicitly cleaning up", "ignore:subprocess .* is still running"
)  # all three are TensorBoard's
@pytest.mark.parametrize("fast", ["true", "false"])
def test_writer_while_tensorboard_reads_loses_nothing(tmp_path: pathlib.Path, fast: str) -> None:
    """Read with the data server and with the Python loader."""
    from tensorboard import context, program  # here: its import warns
    from tensorboard.data import provider
    from tensorboard.plugins.core import core_plugin

    made = writer.file_writer(tmp_path / "run")
    made.submit(3, 1.0, [schema.vector("gradient", "norm", np.array([1.0, np.nan, np.inf]))])
    made.flush()
    board = program.TensorBoard(plugins=[core_plugin.CorePluginLoader])
    interval = 1 if fast == "true" else 0  # the Python loader reloads on request only
    board.configure(logdir=str(tmp_path), load_fast=fast, reload_interval=interval, reload_task="blocking")
    ingester = board._make_data_ingester()

    def read() -> list[object]:
        if fast == "false":
            ingester.deprecated_multiplexer.Reload()
        found = ingester.data_provider.read_tensors(
            context.RequestContext(),
            experiment_id="",
            plugin_name=schema.PLUGIN,
            run_tag_filter=provider.RunTagFilter(runs=["run"], tags=["nnviz/gradient/norm"]),
            downsample=1000,
        )
        return [
            (datum.step, *datum.numpy.tolist())
            for series in found.values()
            for data in series.values()
            for datum in data
        ]

    try:
        event_files.wait_until(lambda: bool(read()))
        assert str(read()) == "[(3, 1.0, nan, inf)]"
        made.submit(4, 1.0, [schema.vector("gradient", "norm", np.zeros(3))])
        made.flush()
        event_files.wait_until(lambda: len(read()) == 2)
    finally:
        made.close()
        if fast == "true":
            ingester._stdin_handle.close()


def test_event_carries_metadata_and_exact_bytes() -> None:
    values = np.array([1.0, np.nan, -np.inf, 1e-45], "<f4")
    event = events.event(2**40, 1.5, [schema.vector("gradient", "norm", values), *LOSS])
    vector, loss = event.summary.value
    assert (event.step, event.wall_time) == (2**40, 1.5)
    assert vector.tensor.tensor_content == values.tobytes()
    assert vector.metadata.plugin_data.plugin_name == schema.PLUGIN
    assert (loss.tag, loss.simple_value) == ("nnviz/log/loss", 0.5)
