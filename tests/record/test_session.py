"""Submission of steps to the writer: one call per step."""

from collections import Counter

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.event_emitter import EventEmitter
from tb_nnviz.record.measure.host_copy import HostCopy
from tb_nnviz.record.write.writer import Writer


@pytest.fixture
def submitted(monkeypatch):
    """Count the calls of the writer by step."""
    calls = Counter()
    submit = Writer.submit

    def counted(writer, step, wall_time, *events):
        calls[step] += 1
        submit(writer, step, wall_time, *events)

    monkeypatch.setattr(Writer, "submit", counted)
    return calls


def train(logdir, steps, **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 1))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    with tb_nnviz.watch(model, optimizer, logdir=logdir, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()


def test_submit_unlogged_step_is_not_called(submitted, tmp_path):
    train(tmp_path, 7, every=3)
    assert submitted == {0: 1, 3: 1, 6: 1}


def test_submit_step_with_maps_and_graph_is_called_once(submitted, tmp_path):
    train(
        tmp_path,
        5,
        every=2,
        histograms_every=2,
        weights_every=2,
        probe=torch.ones(2, 4),
        maps_every=1,
        probe_inputs=True,
    )
    assert submitted == dict.fromkeys(range(5), 1)


def test_submit_with_window_is_called_once_per_step(submitted, tmp_path):
    train(tmp_path, 5, every=2, window=True)
    assert submitted == dict.fromkeys(range(5), 1)


def test_submit_skipped_step_is_called_once(submitted, tmp_path):
    model = nn.Linear(3, 1)
    optimizer, scaler = torch.optim.SGD(model.parameters(), 0.1), torch.amp.GradScaler("cpu")
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=100, scaler=scaler, rules={"*": None}):
        for scale in (1.0, 1.0, torch.inf, 1.0):
            optimizer.zero_grad()
            scaler.scale(model(torch.ones(2, 3)).sum() * scale).backward()
            scaler.step(optimizer)
            scaler.update()
    assert submitted == {0: 1, 2: 1}


def test_submit_copies_a_step_to_the_host_once(tmp_path, monkeypatch):
    starts = []
    monkeypatch.setattr(HostCopy, "start", counted(starts, HostCopy.start))
    train(tmp_path, 3, every=1, histograms_every=1, weights_every=1, probe=torch.ones(2, 4), maps_every=1)
    assert len(starts) == 3


def counted(calls, function):
    def counting(*args):
        calls.append(args)
        return function(*args)

    return counting


def test_submit_failure_drops_the_step_and_training_goes_on(tmp_path, monkeypatch, caplog):
    def planted(*args):
        raise RuntimeError("planted")

    monkeypatch.setattr(EventEmitter, "submit", planted)
    train(tmp_path, 3, every=1)
    assert [record.message for record in caplog.records] == [
        f"steps of {tmp_path}: turned off after an error of tb_nnviz"
    ]
