"""The settings that a user gives, from ``watch`` and ``log_settings`` to the log."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tests.support.event_reader import Run


def settings(logdir: Path) -> list[tuple[int, dict]]:
    written = Run(logdir).tensors.get(schema.TAG_SETTINGS, {})
    return [(step, schema.decode_settings(data)) for step, data in sorted(written.items())]


def train(monitor: tb_nnviz.Monitor, model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> None:
    for _ in range(steps):
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()


def test_settings_of_watch_and_later_ones_are_merged(tmp_path: Path) -> None:
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, tmp_path, settings={"seed": 0}) as monitor:
        train(monitor, model, optimizer, 2)
        monitor.log_settings({"data": "digits"}, epochs=3)
        monitor.log_settings(epochs=3)  # known
    assert settings(tmp_path) == [(0, {"seed": 0}), (2, {"seed": 0, "data": "digits", "epochs": 3})]


def test_settings_with_equal_value_of_other_type_are_new(tmp_path: Path) -> None:
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path, settings={"flag": 1}) as monitor:
        monitor.step()
        monitor.log_settings(flag=True)
    assert [type(one["flag"]) for _, one in settings(tmp_path)] == [int, bool]


def test_settings_without_any_write_nothing(tmp_path: Path) -> None:
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path, settings={}) as monitor:
        monitor.log_settings()
        monitor.step()
    assert settings(tmp_path) == []


def test_log_settings_invalid_value_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path) as monitor:
        monitor.log_settings(betas=(0.9, 0.99), seed=1)
        monitor.log_settings(["seed"], name="a")
        monitor.step()
    assert settings(tmp_path)[-1][1] == {"seed": 1, "name": "a"}
    assert "invalid setting betas: (0.9, 0.99)" in caplog.text and "invalid settings: ['seed']" in caplog.text


@pytest.mark.parametrize(
    ("given", "message"),
    [(["a"], r"invalid settings: \['a'\]"), ({"a": [1]}, r"invalid setting a: \[1\]"), ({3: 1}, "name of a setting: 3"),
     ({f"a{i}": 0 for i in range(1001)}, "invalid settings: 1001 given")],
)  # fmt: skip
def test_watch_invalid_settings_are_an_error(given, message, tmp_path: Path) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        tb_nnviz.watch(nn.Linear(3, 1), logdir=tmp_path / "run", settings=given)
    assert not (tmp_path / "run").exists()
