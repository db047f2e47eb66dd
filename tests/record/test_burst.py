"""More logged steps after a finding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


def logged_steps(logdir, steps, bad, **options):
    """Return the logged steps of a training whose loss is NaN at some steps."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    options = {"every": 10, "on_finding": None, **options}
    with tb_nnviz.watch(model, optimizer, logdir, rules={"gradient/*": None, "update/*": None}, **options) as monitor:
        for step in range(steps):
            optimizer.zero_grad()
            model(torch.randn(4, 3)).square().mean().backward()
            optimizer.step()
            monitor.log(loss=float("nan") if step in bad else 1.0)
            monitor.writer.flush()  # so that the finding is there when the next step opens
    return set(Run(logdir).tensors["nnviz/gradient/norm"]), [*model.parameters()]


@pytest.mark.parametrize("burst", [0, 1, 20])
def test_burst_logs_the_next_steps_one_by_one(burst, tmp_path):
    found, _ = logged_steps(tmp_path, 60, {14}, burst=burst)
    # the step that opens after the finding is the one after that which the loop has just closed
    assert found == {*range(0, 60, 10), *range(16, 16 + burst)}


def test_burst_without_finding_logs_the_schedule_only(tmp_path):
    assert logged_steps(tmp_path, 40, set())[0] == set(range(0, 40, 10))


def test_burst_leaves_training_bit_identical(tmp_path):
    _, with_burst = logged_steps(tmp_path / "a", 40, {14})
    _, without = logged_steps(tmp_path / "b", 40, {14}, burst=0)
    assert all(map(torch.equal, with_burst, without))


@pytest.mark.parametrize("burst", [-1, 1.5, True, None])
def test_burst_invalid_raises(burst, tmp_path):
    with pytest.raises(ValueError, match="invalid burst"):
        tb_nnviz.watch(nn.Linear(1, 1), logdir=tmp_path, burst=burst)
