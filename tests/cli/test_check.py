"""The command ``tb-nnviz check``: what it prints, in which order, and its exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tb_nnviz import schema
from tb_nnviz.cli import main
from tb_nnviz.rules.registry import RULES
from tests.support.event_logs import AB, Log


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Return a directory with a sound run, a run whose loss breaks, and one of another program."""
    with Log(tmp_path / "sound") as log:
        log.table(AB, {"norm": np.ones((3, 2), np.float32), "count": np.ones((3, 2), np.float32)})
        for step in range(3):
            log.entries(step, [schema.scalar(schema.TAG_LOG + "loss", 1.0 / (step + 1))])
    with Log(tmp_path / "broken") as log:
        log.table(AB, {"norm": np.ones((3, 2), np.float32), "count": np.ones((3, 2), np.float32)})
        for step, loss in enumerate([1.0, float("nan"), float("nan")]):
            log.entries(step, [schema.scalar(schema.TAG_LOG + "loss", loss)])
    with Log(tmp_path / "other") as log:
        log.entries(0, [schema.scalar("accuracy", 0.5)])
    return tmp_path


def check(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    main(["check", *map(str, arguments), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_check_json_lists_the_worst_run_first(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = check(capsys, logdir)
    assert document["version"] == 1
    assert [run["run"] for run in document["runs"]] == ["broken", "sound", "other"]
    assert [run["verdict"] for run in document["runs"]] == ["severe", "nothing found", "not checkable"]
    finding = document["runs"][0]["findings"][0]
    assert (finding["rule"], finding["severity"], finding["since"], finding["step"]) == (
        "loss/nonfinite",
        "severe",
        1,
        1,
    )
    assert finding["advice"] and all(isinstance(one, str) for one in finding["advice"])
    assert set(finding) >= {
        "title",
        "cause",
        "layer",
        "row",
        "kind",
        "statistic",
        "value",
        "limit",
        "usual",
        "evidence",
        "source",
    }


def test_check_every_rule_is_checked_or_has_a_reason(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for run in check(capsys, logdir)["runs"]:
        unchecked = {one["rule"]: one["reason"] for one in run["unchecked"]}
        assert sorted([*run["checked"], *unchecked]) == sorted(rule.name for rule in RULES)
        assert all(unchecked.values())


def test_check_named_runs_and_rules_only(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = check(capsys, logdir, "sound", "broken", "--rules", "gradient/*")
    assert [run["run"] for run in document["runs"]] == ["sound", "broken"]
    assert all(one.startswith("gradient/") for run in document["runs"] for one in run["checked"])


@pytest.mark.parametrize(("fail_on", "status"), [(None, 0), ("severe", 1), ("warning", 1)])
def test_check_fail_on_decides_the_status(logdir: Path, fail_on: str | None, status: int) -> None:
    assert main(["check", str(logdir), *(["--fail-on", fail_on] if fail_on else [])]) == status
    assert main(["check", str(logdir), "sound", *(["--fail-on", fail_on] if fail_on else [])]) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothere"], "missing directory: nothere"),
        (["{}", "brokn"], "unknown run: 'brokn' (near: broken)"),
        (["{}", "--reference", "x"], "unknown run: 'x' (one of broken, other, sound)"),
        (["{}", "--rules", "loss/nan"], "unknown rule: 'loss/nan' (near: loss/nonfinite"),
        (["{}", "--set", "gradient/zero=3"], "invalid --set: 'gradient/zero=3' (RULE.LIMIT=VALUE"),
        (["{}", "--set", "gradient/zero.patience=x"], "'x' is not a number"),
        (["{}", "--set", "gradient/zero.limits=3"], "unknown limit of gradient/zero: 'limits'"),
        (["{}", "--json", "--max-bytes", "10"], "invalid --max-bytes: 10 (at least 256)"),
        (["{}", "--max-bytes", "1000"], "invalid --max-bytes: the table has no size"),
    ],
)
def test_check_invalid_argument_exits_with_2(arguments, message, logdir, capsys) -> None:
    assert main(["check", *(one.format(logdir) for one in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_check_directory_without_runs_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path)]) == 2
    assert f"no event file in {tmp_path} or below it" in capsys.readouterr().err


@pytest.mark.parametrize("size", [256, 400, 700, 1200, 2500, 6000])
def test_check_max_bytes_holds_and_counts_what_is_left_out(size, logdir, capsys) -> None:
    whole = check(capsys, logdir)
    assert main(["check", str(logdir), "--json", "--max-bytes", str(size)]) == 0
    text = capsys.readouterr().out
    assert len(text.encode()) <= size
    part = json.loads(text)
    if part == whole:
        return
    left_out = part["left_out"]
    assert len(part["runs"]) + left_out.get("runs", 0) == len(whole["runs"])
    for key in ("findings", "checked", "unchecked"):
        kept = sum(len(run[key]) for run in part["runs"])
        gone = [run for run in whole["runs"] if run["run"] not in [one["run"] for one in part["runs"]]]
        lost = sum(len(run[key]) for run in whole["runs"]) - kept
        assert left_out.get(key, sum(len(run[key]) for run in gone)) == lost


def test_check_reference_adds_its_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, norm in (("dead", 0.0), ("healthy", 2.0)):
        with Log(tmp_path / name) as log:
            values = np.full((9, 2), norm, np.float32)
            log.table(AB, {"norm": values, "count": np.ones((9, 2), np.float32)})
    runs = {
        run["run"]: run for run in check(capsys, tmp_path, "--reference", "healthy", "--rules", "gradient/zero")["runs"]
    }
    (finding,) = runs["dead"]["findings"]
    assert finding["rule"] == "gradient/zero" and finding["reference"] == 2.0
    assert main(["check", str(tmp_path), "--reference", "healthy", "--rules", "gradient/zero"]) == 0
    assert "(reference run: 2)" in " ".join(capsys.readouterr().out.split())


def test_check_table_names_run_finding_evidence_and_advice(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(logdir)]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "broken severe 1 loss/nonfinite loss is nan at step 1, 1 before" in text
    assert "Loss is NaN or Inf (loss/nonfinite) 1. " in text
    assert "sound nothing found" in text and "other not checkable" in text
    checked = next(line for line in text.split("checked: ") if line.startswith("0 to "))
    assert "loss (nonfinite, spike," in checked and "gradient (vanishing," in checked
    assert "not checked (in 1 of " in text


def test_check_needs_no_torch(logdir: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        f"from tb_nnviz.cli import main; sys.exit(main(['check', {str(logdir)!r}, '--json']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["runs"][0]["run"] == "broken"
