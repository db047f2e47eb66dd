"""Findings that only the end of a run shows."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import warnings
import weakref

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import diagnose
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.record.write.user_writer import UserWriter
from tb_nnviz.rules.families.loss import Stuck
from tests.support.event_reader import Run
from tests.support.paths import ROOT

LAST = 30
STUCK, SPIKE = {"*": None, "loss/stuck": {}}, {"*": None, "gradient/spike": {"warm_up": 2}}


def stuck(monitor: tb_nnviz.Monitor, steps: int = 400) -> None:
    """Log a loss that never leaves its start."""
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        monitor.step()
        monitor.log(loss=2.3 + 0.01 * torch.rand(1, generator=generator).item())


def spiking(monitor: tb_nnviz.Monitor, model: nn.Module) -> None:
    """Apply a gradient at the last logged step that is far above all earlier ones."""
    for step in range(LAST + 1):
        model.zero_grad()
        (model(torch.ones(2, 3)) * (100.0 if step == LAST else 1.0)).sum().backward()
        monitor.step()


def logged(logdir: object) -> dict[str, int]:
    """Return the step of the event of each finding's rule, of the last event of each step."""
    found = Run(logdir).tensors.get("nnviz/findings", {})
    return {one["rule"]: step for step, payload in found.items() for one in schema.decode_findings(payload)}


def checked(logdir: object) -> set[str]:
    return {one.rule for one in diagnose(EventFileReader(str(logdir)), ".").findings}


def test_close_logs_a_loss_that_was_stuck(tmp_path, caplog):
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path) as monitor:
        stuck(monitor)
        monitor.writer.flush()
        assert "loss/stuck" not in logged(tmp_path)
    assert logged(tmp_path)["loss/stuck"] == 399
    assert logged(tmp_path).keys() == checked(tmp_path)
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("loss/stuck")]
    (document,) = [
        one
        for payload in Run(tmp_path).tensors["nnviz/findings"].values()
        for one in schema.decode_findings(payload)
        if one["rule"] == "loss/stuck"
    ]
    assert len(lines) == (document["severity"] == "severe")


@pytest.mark.parametrize("every", [1, 10])
def test_close_logs_a_spike_of_the_last_step(every, tmp_path):
    model = nn.Linear(3, 1)
    with tb_nnviz.watch(model, logdir=tmp_path, every=every, burst=0, rules=SPIKE) as monitor:
        spiking(monitor, model)
    found = logged(tmp_path)
    assert found == {"gradient/spike": LAST}


def test_close_keeps_earlier_findings_of_its_step(tmp_path):
    model = nn.Linear(3, 1)
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, rules={**SPIKE, "loss/nonfinite": {}}) as monitor:
        spiking(monitor, model)
        monitor.log(loss=float("nan"))
    assert logged(tmp_path) == {"gradient/spike": LAST, "loss/nonfinite": LAST}


def test_close_abandons_no_finding_of_the_open_step(tmp_path):
    """The event at the end must not go back behind the step of an earlier one."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), 1e-6)
    monitor = tb_nnviz.watch(model, optimizer, tmp_path, every=50, on_finding=None)
    generator = torch.Generator().manual_seed(0)
    for step in range(400):
        optimizer.zero_grad()
        (model(torch.ones(2, 3)) * (float("nan") if step == 399 else 1.0)).sum().backward()
        if step < 399:
            optimizer.step()
            monitor.log(loss=2.3 + 0.01 * torch.rand(1, generator=generator).item())
    optimizer.register_step_pre_hook(lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        optimizer.step()  # the gradients are checked, and the step stays open
    monitor.close()
    found = logged(tmp_path)
    assert found["nonfinite/loss"] == 399 and found["loss/stuck"] == 399


@pytest.mark.parametrize("action", ["raise", "break"])
def test_close_stops_nothing_for_the_end_of_a_run(action, tmp_path, caplog):
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path, on_finding={"loss/stuck": action}) as monitor:
        stuck(monitor)
    assert [record.getMessage() for record in caplog.records if record.getMessage().startswith("loss/stuck")]
    assert "loss/stuck" in logged(tmp_path)


def test_close_warns_and_calls_the_function(tmp_path):
    seen = []
    for action in ("warn", seen.append, None):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            with tb_nnviz.watch(
                nn.Linear(3, 1), logdir=tmp_path / str(action)[:5], rules=STUCK, on_finding=action
            ) as monitor:
                stuck(monitor)
        found = [one for one in caught if one.category is tb_nnviz.FindingWarning and "loss/stuck" in str(one.message)]
        assert len(found) == (action == "warn")
    assert [one.rule for one in seen] == ["loss/stuck"]


def test_close_after_an_error_logs_and_acts_on_nothing(tmp_path):
    seen = []

    def fail():
        with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path, rules=STUCK, on_finding=seen.append) as monitor:
            stuck(monitor)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert "loss/stuck" in logged(tmp_path) and not seen


def test_close_of_a_switched_off_rule_logs_nothing(tmp_path):
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path, rules={"*": None}) as monitor:
        stuck(monitor)
    assert logged(tmp_path) == {}


def test_close_without_values_logs_nothing(tmp_path):
    tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path).close()
    assert Run(tmp_path).tensors == {}


@pytest.mark.parametrize("package", ["torch.utils.tensorboard", "tensorboardX"])
def test_close_through_a_users_writer_logs(package, tmp_path):
    module = pytest.importorskip(package)
    with module.SummaryWriter(str(tmp_path)) as writer:
        with tb_nnviz.watch(nn.Linear(3, 1), writer=writer) as monitor:
            stuck(monitor)
        assert isinstance(monitor.writer._sink, UserWriter)
    assert logged(tmp_path)["loss/stuck"] == 399


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "1 / 0", "del monitor, model; gc.collect()"])
def test_exit_without_close_logs(end, tmp_path):
    code = f"""
        import gc, torch, tb_nnviz
        from torch import nn
        from tests.record.actions.test_end_of_run import STUCK, stuck
        model = nn.Linear(3, 1)
        monitor = tb_nnviz.watch(model, logdir={str(tmp_path)!r}, rules=STUCK, burst=0)
        stuck(monitor)
        {end}
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, capture_output=True, check=False)
    assert logged(tmp_path)["loss/stuck"] == 399


def test_dropped_monitor_with_its_own_function_is_collected(tmp_path):
    class Trainer:
        def __init__(self):
            self.model = nn.Linear(3, 1)
            self.monitor = tb_nnviz.watch(self.model, logdir=tmp_path, rules=STUCK, on_finding=self.handle)

        def handle(self, finding):
            raise AssertionError

    trainer = Trainer()
    stuck(trainer.monitor)
    thread, gone = trainer.monitor.writer._thread, weakref.ref(trainer)
    del trainer
    gc.collect()
    thread.join(10)
    assert gone() is None and not thread.is_alive()
    assert logged(tmp_path)["loss/stuck"] == 399


def test_rule_that_fails_at_the_end_loses_nothing_else(tmp_path, monkeypatch, caplog):
    def fail(self):
        raise ZeroDivisionError

    monkeypatch.setattr(Stuck, "finish", fail)
    model = nn.Linear(3, 1)
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, rules={**STUCK, **SPIKE}) as monitor:
        monitor.log(loss=1.0)
        spiking(monitor, model)
    assert "rule loss/stuck: turned off" in caplog.text
    assert logged(tmp_path) == {"gradient/spike": LAST}
