"""The diagnosis of a log, against what training itself has found."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import NOT_CHECKABLE, NOTHING_FOUND, Diagnosis, diagnose
from tb_nnviz.diagnosis.directory import diagnose_directory
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.rules.registry import RULES
from tests.support.event_logs import Log
from tests.support.event_reader import Run


def train(logdir: Path, steps: int = 24, scale: float = 1.0, disturbed: int | None = None, **options: object) -> None:
    """Train a small net on fixed data, with the layers' weights scaled, and one disturbed batch."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 1))
    with torch.no_grad():
        model[2].bias.fill_(-1.0 if scale == 0 else 0.0)
        model[2].weight.mul_(scale)
    optimizer = torch.optim.SGD(model.parameters(), 0.02)
    generator = torch.Generator().manual_seed(1)
    with tb_nnviz.watch(model, optimizer, logdir, every=2, burst=0, **options) as monitor:  # type: ignore[arg-type]
        for step in range(steps):
            x = torch.randn(32, 6, generator=generator)
            y = x[:, :1] - x[:, 1:2]
            if step == disturbed:
                x = x * 1.01
            optimizer.zero_grad()
            loss = (model(x) - y).square().mean()
            loss.backward()
            optimizer.step()
            monitor.log(loss=loss)


def judged(logdir: Path) -> Diagnosis:
    return diagnose(EventFileReader(logdir), ".")


@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_diagnose_finds_what_training_found(scale: float, tmp_path: Path) -> None:
    train(tmp_path, scale=scale, on_finding=None)
    logged = [
        one for data in Run(tmp_path).tensors.get("nnviz/findings", {}).values() for one in schema.decode_findings(data)
    ]
    found = judged(tmp_path)
    names = sorted((one.rule, one.layer, one.since) for one in found.findings)
    at_end = {one.rule for one in found.findings} - {one["rule"] for one in logged}  # found where the log ends
    assert sorted((one["rule"], one["layer"], one["since"]) for one in logged) == [
        one for one in names if one[0] not in at_end
    ]
    assert (found.verdict == NOTHING_FOUND) == (scale == 1.0)
    assert sorted([*found.checked, *(one.rule for one in found.unchecked)]) == sorted(rule.name for rule in RULES)
    assert (found.first, found.last) == (0, 23)


def test_diagnose_dead_layer_is_one_chain(tmp_path: Path) -> None:
    train(tmp_path, scale=0.0, on_finding=None)
    first = judged(tmp_path).findings[0]
    # the linear layer gives the same for every sample, and the ReLU behind it is dead
    assert (first.rule, first.layer) in (("activation/collapse", "2"), ("activation/dead", "3")) and first.since == 0
    assert "gradient/zero" in first.explains


def test_diagnose_empty_directory_is_not_checkable(tmp_path: Path) -> None:
    assert judged(tmp_path).verdict == NOT_CHECKABLE


def test_diagnose_settings_apply_to_logged_findings_too(tmp_path: Path) -> None:
    train(tmp_path, steps=4, on_finding=None)
    finding = {
        "rule": "nonfinite/forward", "severity": "severe", "title": "", "layer": "0", "row": "", "kind": "", "since": 3,
        "statistic": "", "step": 3, "value": None, "limit": None, "usual": None, "evidence": "", "advice": [],
        "explains": [], "source": "", "details": {"direction": "forward"},
    }  # fmt: skip
    with Log(tmp_path, 9_999_999_999, 4e9) as log:
        log.entries(3, [schema.findings_entry([finding])])
    reader = EventFileReader(tmp_path)
    assert "nonfinite/forward" in [one.rule for one in diagnose(reader, ".").findings]
    assert "nonfinite/forward" not in [one.rule for one in diagnose(reader, ".", {"nonfinite/*": None}).findings]


def test_reference_names_step_and_layer_where_runs_part(tmp_path: Path) -> None:
    train(tmp_path / "one", on_finding=None)
    train(tmp_path / "same", on_finding=None)
    train(tmp_path / "other", disturbed=10, on_finding=None)
    found = {one.run: one for one in diagnose_directory(tmp_path, reference="one")}
    assert [one.rule for one in found["same"].findings] == [] and "runs/parted" in found["same"].checked
    (parted,) = (one for one in found["other"].findings if one.rule == "runs/parted")
    assert parted.since == 10 and parted.severity == "notice" and "equal until step 8" in parted.evidence
    assert found["other"].verdict == NOTHING_FOUND, "to differ is no problem"
    assert "runs/parted" not in found["one"].checked


def test_reference_without_common_rows_parts_at_once(tmp_path: Path) -> None:
    train(tmp_path / "one", on_finding=None, kinds=["gradient"])
    model = nn.Linear(2, 1)
    with tb_nnviz.watch(
        model, torch.optim.SGD(model.parameters(), 0.1), tmp_path / "other", every=1, kinds=["gradient"]
    ) as monitor:
        for _ in range(3):
            model(torch.randn(4, 2)).square().mean().backward()
            monitor._session.optimizers[0].given.step()
    found = {one.run: one for one in diagnose_directory(tmp_path, reference="one")}
    (parted,) = (one for one in found["other"].findings if one.rule == "runs/parted")
    assert (parted.since, parted.row) == (0, ""), "a scalar of the whole step, because no row is in both"
