"""Tests of the logs that are kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.faults import families, logs
from tests.faults.case import Case
from tests.faults.training import Training


@pytest.fixture
def case() -> Case:
    def build() -> Training:
        built.append(1)
        return families.diabetes(steps=6, every=2)

    built: list[int] = []
    case = Case("diabetes/six", build)
    object.__setattr__(case, "built", built)
    return case


def builds(case: Case) -> int:
    return len(case.built)  # type: ignore[attr-defined]


def test_log_of_same_code_is_trained_once(case: Case, tmp_path: Path) -> None:
    first, second = (logs.log_of(case, tmp_path) for _ in range(2))
    assert first == second
    assert builds(case) == 1
    assert (first.every, first.steps) == (2, 6)
    assert list(first.folder.glob("events*"))


def test_log_of_other_code_is_trained_again(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logs.log_of(case, tmp_path)
    monkeypatch.setattr(logs, "package_checksum", lambda: "other")
    logs.log_of(case, tmp_path, is_stale_allowed=True)
    assert builds(case) == 1
    logs.log_of(case, tmp_path)
    assert builds(case) == 2
    monkeypatch.setattr(logs, "training_checksum", lambda source: "other")
    logs.log_of(case, tmp_path, is_stale_allowed=True)
    assert builds(case) == 3


def test_log_of_a_training_that_raises_is_none(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def raising(training: Training, folder: Path, burst: int) -> None:
        raise RuntimeError("stopped")

    with monkeypatch.context() as patch:
        patch.setattr(logs, "run", raising)
        with pytest.raises(RuntimeError, match="stopped"):
            logs.log_of(case, tmp_path)
    assert list(tmp_path.iterdir()) == []
    logs.log_of(case, tmp_path)
    assert json.loads((tmp_path / "diabetes--six" / "stamp.json").read_text())["steps"] == 6


def test_log_of_leaves_the_random_state(case: Case, tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    logs.log_of(case, tmp_path)
    assert torch.equal(torch.rand(4), expected)


def test_checksum_depends_on_the_file_of_the_catalog(tmp_path: Path) -> None:
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text("a = 1\n")
    other.write_text("a = 2\n")
    assert logs.training_checksum(one) != logs.training_checksum(other)
