"""The command ``tb-nnviz compare``: what it prints, and its exit status."""

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
from tests.support.event_logs import AB, Log

STEPS = 40


@pytest.fixture
def logdir(tmp_path: Path) -> Path:
    """Return a directory with a group of four runs, one in which a row halves at step 20, and a copy of a member."""
    for name, seed in (("seed0", 0), ("seed1", 1), ("seed2", 2), ("seed3", 3), ("copy", 0), ("half", 9)):
        random = np.random.default_rng(seed)
        rms = np.exp(random.normal(size=(STEPS, 2)) * 0.02).astype(np.float32)
        if name == "half":
            rms[20:, 1] /= 2
        with Log(tmp_path / name) as log:
            log.table(AB, {"rms": rms, "count": np.ones((STEPS, 2), np.float32)})
            log.entries(0, [schema.settings_entry({"data": name if name == "half" else "digits"})])
    with Log(tmp_path / "other") as log:
        log.entries(0, [schema.scalar("accuracy", 0.5)])
    return tmp_path


def compared(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    assert main(["compare", *map(str, arguments), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == 1
    found: list[dict[str, Any]] = document["comparisons"]
    return found


def test_compare_json_names_row_step_and_numbers(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = compared(capsys, logdir, "half", "--group", "seed")
    assert (one["run"], one["reference"]) == ("half", ["seed0", "seed1", "seed2", "seed3"])
    assert (one["steps"], one["places"], one["align"]) == ([0, STEPS - 1], STEPS, "step")
    (difference,) = one["differences"]
    assert (difference["row"], difference["kind"], difference["statistic"]) == ("b.weight", "gradient", "rms")
    assert difference["since"] == 20 and difference["ratio"] == pytest.approx(0.5, rel=0.05)
    assert difference["value"] == pytest.approx(0.5, rel=0.05) and difference["times"] > difference["limit"] > 1
    assert difference["reference"] == pytest.approx(1, rel=0.05) and difference["count"] == len(difference["others"])
    assert [(of["name"], of["value"], of["reference"]) for of in one["settings"]] == [("data", "half", "digits")]


def test_compare_copy_is_equal_bit_for_bit(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = compared(capsys, logdir, "copy", "seed0")
    assert one["differences"] == [] and one["settings"] == [] and "variation from step to step" in one["noise"]
    assert one["parted"]["equal"] and one["parted"]["exact"] and one["parted"]["values"] == STEPS * 2 * 2
    assert main(["compare", str(logdir), "copy", "seed0"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "equal to seed0 at all common steps, bit for bit" in text and "nothing differs" in text


def test_compare_several_references_are_a_group(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = compared(capsys, logdir, "half", "seed1", "seed2", "seed3")
    assert one["reference"] == ["seed1", "seed2", "seed3"] and one["differences"][0]["since"] == 20


def test_compare_members_are_compared_with_the_others(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = compared(capsys, logdir, "seed0", "seed1", "--group", "seed")
    assert (first["run"], first["reference"]) == ("seed0", ["seed1", "seed2", "seed3"])
    assert second["reference"] == ["seed0", "seed2", "seed3"] and first["differences"] == second["differences"] == []


def test_compare_table_has_settings_steps_and_noise(logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(logdir), "half", "--group", "seed"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "half against seed0, seed1, seed2 and 1 more" in text and "spread of the 4 runs" in text
    assert "data half digits" in text and "20 gradient rms of b.weight" in text and "times the noise" in text


@pytest.mark.parametrize("size", [256, 600, 1000, 2000])
def test_compare_max_bytes_holds(size: int, logdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(logdir), "half", "seed1", "--json", "--max-bytes", str(size)]) == 0
    text = capsys.readouterr().out
    assert len(text.encode()) <= size
    document = json.loads(text)
    assert document["comparisons"] or document["left_out"]["comparisons"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothere", "a", "b"], "missing directory: nothere"),
        (["{}", "half"], "missing run: 1 given (two at least, or one and --group)"),
        (["{}", "haf", "seed0"], "unknown run: 'haf' (near: half)"),
        (["{}", "half", "--group", "x"], "unknown --group: 'x' (no run of"),
        (["{}", "half", "--group", "("], "invalid --group: '('"),
        (["{}", "seed0", "--group", "seed0"], "missing run: only 'seed0' matches"),
        (["{}", "half", "other"], "missing statistics: run 'other' has none"),
        (["{}", "half", "seed0", "--align", "samples"], "missing samples: run 'half' does not log how many"),
        (["{}", "half", "seed0", "--json", "--max-bytes", "9"], "invalid --max-bytes: 9 (at least 256)"),
        (["{}", "half", "seed0", "--max-bytes", "999"], "invalid --max-bytes: the table has no size"),
    ],
)
def test_compare_invalid_argument_exits_with_2(arguments, message, logdir, capsys) -> None:
    assert main(["compare", *(one.format(logdir) for one in arguments)]) == 2
    assert message in capsys.readouterr().err


def test_compare_needs_neither_torch_nor_a_server(logdir: Path) -> None:
    program = (
        "import sys\nfrom tb_nnviz.cli import main\n"
        f"main(['compare', {str(logdir)!r}, 'half', 'seed0'])\n"
        "assert not {'torch', 'werkzeug'} & {name.split('.')[0] for name in sys.modules}"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
