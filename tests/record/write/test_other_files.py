"""Tests of other event files in a run's directory, and of descriptors that other code closes."""

import os
import subprocess
import sys
import textwrap

import pytest
import tensorboardX
import torch
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from torch import nn
from torch.utils.tensorboard import SummaryWriter

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.write import events
from tb_nnviz.record.write.event_file import EventFile
from tests.support.event_reader import Run

WRITERS = {
    "torch": lambda folder: SummaryWriter(str(folder)),
    "tensorboardX": lambda folder: tensorboardX.SummaryWriter(str(folder)),
    "TensorBoard": lambda folder: EventFileWriter(str(folder)),
}


def train(monitor_of, steps=3):
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with monitor_of(model, optimizer) as monitor:
        monitor.writer.flush()
        for _ in range(steps):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
    return model


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("name", WRITERS)
def test_file_of_another_writer_is_reported_once(name, late, tmp_path, caplog):
    made = [] if late else [WRITERS[name](tmp_path)]

    def monitor_of(model, optimizer):
        monitor = tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, rules={"*": None})
        monitor.writer.flush()
        if late:
            made.append(WRITERS[name](tmp_path))
        return monitor

    train(monitor_of)
    (foreign,) = [path for path in tmp_path.iterdir() if not path.name.endswith(".nnviz")]
    (said,) = [record.getMessage() for record in caplog.records]
    assert str(foreign) in said and "writer=" in said
    if not late:
        notices = list(Run(tmp_path).tensors["nnviz/notices"].values())[-1].tobytes()
        assert foreign.name.encode() in notices
    made[0].close()


def test_own_file_of_an_earlier_run_is_not_reported(tmp_path, caplog):
    (tmp_path / "events.out.tfevents.1700000000.host.profile-empty").touch()
    program = """
        import sys, torch, tb_nnviz
        model = torch.nn.Linear(2, 1)
        with tb_nnviz.watch(model, logdir=sys.argv[1]) as monitor:
            monitor.step()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], check=True)
    for _ in range(2):
        train(lambda *args: tb_nnviz.watch(*args, logdir=tmp_path, every=1, rules={"*": None}))
    assert len(list(tmp_path.glob("*.nnviz"))) == 3 and not caplog.records


def other_process(folder):
    """Write a run from another process until its input closes."""
    program = """
        import sys, tb_nnviz, torch
        model = torch.nn.Linear(2, 1)
        monitor = tb_nnviz.watch(model, logdir=sys.argv[1], every=1)
        for line in sys.stdin:
            monitor.step()
            monitor.writer.flush()
            print("ok", flush=True)
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def step_of(process):
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ok\n"


def test_second_process_in_the_run_is_reported(tmp_path, caplog):
    process = other_process(tmp_path)
    try:
        model = nn.Linear(2, 1)
        with tb_nnviz.watch(model, logdir=tmp_path, every=1) as monitor:
            monitor.step()
            monitor.writer.flush()
            step_of(process)
    finally:
        process.communicate()
    (said,) = [record.getMessage() for record in caplog.records]
    assert f".{process.pid}." in said and "another process" in said and "writer=" in said


def make(step):
    return events.event(step, 1.0, [schema.scalar("nnviz/log/loss", float(step))])


@pytest.mark.parametrize("reused", [False, True])
def test_descriptor_closed_by_others_is_left_alone(reused, tmp_path, caplog):
    sink = EventFile(tmp_path / "run")
    sink.write(make(0))
    sink.flush()
    number = sink._fd
    os.close(number)
    other = open(tmp_path / "checkpoint", "wb") if reused else None  # noqa: SIM115
    assert other is None or other.fileno() == number
    sink.write(make(1))
    assert sink.flush()
    sink.write(make(2))
    sink.close()
    assert Run(tmp_path / "run").scalars["nnviz/log/loss"] == {0: 0.0, 1: 1.0, 2: 2.0}
    assert len(list((tmp_path / "run").iterdir())) == 1
    if other:
        other.write(b"intact")
        other.close()
        assert (tmp_path / "checkpoint").read_bytes() == b"intact"
    assert ["descriptor" in record.getMessage() for record in caplog.records] == [True]


def test_descriptor_of_a_deleted_file_goes_on_in_a_new_one(tmp_path):
    sink = EventFile(tmp_path)
    sink.write(events.event(0, 1.0, [schema.layout_entry(schema.Layout("gradient", ()))]))
    sink.flush()
    os.close(sink._fd)
    os.remove(sink.path)
    sink.write(make(1))
    assert sink.flush()
    sink.close()
    run = Run(tmp_path)
    assert run.scalars["nnviz/log/loss"] == {1: 1.0} and run.layouts("gradient"), "with the layouts"


def test_descriptor_closed_before_close_is_not_closed_again(tmp_path):
    sink = EventFile(tmp_path / "run")
    sink.write(make(0))
    sink.flush()
    number = sink._fd
    os.close(number)
    with open(tmp_path / "checkpoint", "wb") as other:
        assert other.fileno() == number
        sink.close()
        other.write(b"intact")
    assert (tmp_path / "checkpoint").read_bytes() == b"intact"
    assert Run(tmp_path / "run").scalars["nnviz/log/loss"] == {0: 0.0}


def test_descriptors_closed_as_daemons_do_lose_nothing(tmp_path):
    program = """
        import os, sys, torch, tb_nnviz
        model = torch.nn.Linear(2, 1)
        monitor = tb_nnviz.watch(model, logdir=sys.argv[1] + "/run", every=1)
        monitor.step()
        monitor.writer.flush()
        os.closerange(3, 256)
        others = [open(f"{sys.argv[1]}/{i}", "wb") for i in range(8)]
        monitor.step()
        monitor.writer.flush()
        monitor.step()
        monitor.close()
        for other in others:
            other.write(b"intact")
            other.close()
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], check=True)
    assert sorted(Run(tmp_path / "run").tensors["nnviz/parameter/norm"]) == [0, 1, 2]
    assert all((tmp_path / str(i)).read_bytes() == b"intact" for i in range(8))
