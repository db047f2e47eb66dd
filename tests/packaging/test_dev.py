"""The command ``dev``: stamps, steps, and messages of failures."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.support.paths import ROOT


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    """Import the file ``dev`` as a module."""
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = writes
    return module


def test_dev_imports_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "dev").read_text("utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names


def test_dev_source_parses_in_python_3_7() -> None:
    ast.parse((ROOT / "dev").read_text("utf-8"), feature_version=(3, 7))


def test_ci_runs_dev_test_only() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec python3 dev test"]


def test_help_names_every_command() -> None:
    done = subprocess.run([sys.executable, "dev", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(f"./dev {name}" in done.stdout for name in ("demo", "test", "check", "frontend", "bench"))


def test_main_unknown_command_exits_with_2() -> None:
    done = subprocess.run([sys.executable, "dev", "tset"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "tset" in done.stderr


def test_is_stamped_changed_content_or_build_is_false(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    file, stamp = tmp_path / "setup.py", tmp_path / "stamps" / "test"
    file.write_text("a")
    before = dev.digest([file], "cpu")
    assert not dev.is_stamped(stamp, before)
    dev.put_stamp(stamp, before)
    assert dev.is_stamped(stamp, dev.digest([file], "cpu"))
    assert not dev.is_stamped(stamp, dev.digest([file], "default"))
    file.write_text("b")
    assert not dev.is_stamped(stamp, dev.digest([file], "cpu"))


@pytest.mark.parametrize(("asked", "installs"), [("demo", False), ("test", False), ("bench,test", True)])
def test_set_up_python_larger_set_installed_is_skipped(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: str, installs: bool
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(dev, "STAMPS", tmp_path)
    monkeypatch.setattr(dev, "set_up_venv", lambda: None)
    monkeypatch.setattr(dev, "set_up_torch", lambda build: None)
    monkeypatch.setattr(dev, "quietly", lambda what, *_: installed.append(what))
    dev.set_up_python("test", "any")
    assert installed.pop() == "installing tb_nnviz[test]"
    installed.clear()
    dev.set_up_python(asked, "any")
    assert bool(installed) == installs
    installed.clear()
    # Any build was good enough before. Now the CPU build is required.
    dev.set_up_python("test", "cpu")
    assert installed


def test_set_up_python_changed_c_source_installs_again(
    dev: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed: list[str] = []
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "NATIVE", tmp_path / "native")
    monkeypatch.setattr(dev, "STAMPS", tmp_path / "stamps")
    monkeypatch.setattr(dev, "set_up_venv", lambda: None)
    monkeypatch.setattr(dev, "set_up_torch", lambda build: None)
    monkeypatch.setattr(dev, "quietly", lambda what, *_: installed.append(what))
    for name in ("setup.py", "constraints.txt", "native/module.c", "native/state.h", "native/pass.inc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("old")
    for source in ("module.c", "state.h", "pass.inc"):
        dev.set_up_python("test", "any")
        installed.clear()
        dev.set_up_python("test", "any")
        assert not installed
        (tmp_path / "native" / source).write_text("new")
        dev.set_up_python("test", "any")
        assert "installing tb_nnviz[test]" in installed


def test_quietly_failure_shows_output_and_remedy(dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    program = "import sys; print('the very reason'); sys.exit(3)"
    with pytest.raises(dev.Failure, match=r"baking failed: .* status 3; its output is above. Buy flour."):
        dev.quietly("baking", [sys.executable, "-c", program], "Buy flour.")
    assert "the very reason" in capfd.readouterr().out


def test_run_output_goes_through_a_pipe(dev: ModuleType, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    program = "import os, stat; print('pipe' if stat.S_ISFIFO(os.fstat(1).st_mode) else 'file')"
    dev.run([sys.executable, "-c", program])
    assert capfdbinary.readouterr().out.endswith(b"pipe\n")
    with pytest.raises(dev.Failure, match="ended with status 4"):
        dev.run([sys.executable, "-c", "raise SystemExit(4)"])


def test_steps_one_fails_all_run_and_summary_is_last(dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    steps, ran = dev.Steps(), []

    def fails() -> None:
        raise dev.Failure("the oven is cold; light it")

    assert not steps("bake", fails)
    assert steps("wash", lambda: ran.append("wash"))
    steps.left_out("eat", "there is no cake")
    with pytest.raises(dev.Failure, match="2 of 3 steps failed"):
        steps.finish("./dev test")
    assert ran == ["wash"]
    summary = capfd.readouterr().out.split("--- summary\n")[1].splitlines()
    assert [line.split()[1] for line in summary] == ["FAILED", "ok", "FAILED"]
    assert summary[0].endswith("bake: the oven is cold; light it")


def test_steps_on_another_thread_keep_output_together(dev: ModuleType, capfd: pytest.CaptureFixture[str]) -> None:
    steps, started, washed = dev.Steps(), threading.Event(), threading.Event()

    def bakes() -> None:
        dev.run([sys.executable, "-c", "print('warm')"])
        started.set()
        assert washed.wait(60)
        dev.quietly("icing", [sys.executable, "-c", "print('no sugar'); raise SystemExit(1)"], "Buy some.")

    with ThreadPoolExecutor(1) as beside:
        baking = beside.submit(steps, "bake", bakes)
        assert started.wait(60)
        steps("wash", lambda: dev.run([sys.executable, "-c", "print('wet')"]))
        washed.set()
        assert not baking.result()
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "[dev] --- wash" and lines[2:5] == ["wet", "[dev] --- bake", lines[4]]
    assert lines[5:8] == ["warm", "[dev] icing ...", "no sugar"]
    assert lines[-1].startswith("[dev] FAILED bake: icing failed: ") and lines[-1].endswith("Buy some.")
    with pytest.raises(dev.Failure, match="1 of 2 steps failed"):
        steps.finish("./dev test")


def test_steps_overlapping_total_is_wall_time(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 1.0, 5.0, 2.0, 7.0, 8.0])
    monkeypatch.setattr(dev, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    lines: list[str] = []
    monkeypatch.setattr(dev, "say", lines.append)
    steps = dev.Steps()
    assert steps("bake", lambda: None) and steps("wash", lambda: None)
    steps.finish("./dev test")
    assert lines[-3:] == ["ok        4.0 s  bake", "ok        5.0 s  wash", "./dev test: all 2 steps passed in 8 s"]


@pytest.mark.parametrize("python_works", [True, False])
@pytest.mark.parametrize("has_node", [True, False])
def test_test_page_waits_for_python_only_without_node(
    dev: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    has_node: bool,
    python_works: bool,
) -> None:
    page, done = threading.Event(), []

    def set_up_python(*_: str) -> None:
        assert not has_node or page.wait(60)
        done.append("python")
        if not python_works:
            raise dev.Failure("no network")

    def page_steps(steps: object) -> None:
        page.set()
        dev.Steps.__call__(steps, "page", lambda: done.append("page"))

    def nothing(*_: object, **__: object) -> str:
        return ""

    monkeypatch.setattr(dev, "npm_here", lambda: "/npm" if has_node else None)
    monkeypatch.setattr(dev, "set_up_python", set_up_python)
    monkeypatch.setattr(dev, "page_steps", page_steps)
    for name in ("check_extension", "demo_logs", "run", "set_up_browser"):
        monkeypatch.setattr(dev, name, nothing)
    if python_works:
        dev.test(argparse.Namespace(torch="any"))
    else:
        with pytest.raises(dev.Failure, match=f"1 of {1 + has_node} steps failed"):
            dev.test(argparse.Namespace(torch="any"))
    assert set(done) == {"python", *(["page"] if has_node or python_works else [])}
    assert has_node or done[0] == "python"
    output = capfd.readouterr().out
    assert ("--- tests in a browser (pytest)" in output) == python_works


def test_environment_bytecode_is_kept(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pip compiles nothing, so without bytecode each program would compile PyTorch again.
    assert "--no-compile" in dev.install("torch")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert dev.output_of([sys.executable, "-c", "import sys; print(sys.dont_write_bytecode)"]) == "False"


@pytest.mark.parametrize(
    ("version", "npm"), [("v20.19.0", "/npm"), ("v22.1.0", "/npm"), ("v20.18.9", None), (None, None)]
)
def test_npm_here_old_node_is_none(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, version: str | None, npm: str | None
) -> None:
    monkeypatch.setattr(dev, "output_of", lambda command: version)
    monkeypatch.setattr(dev, "shutil", SimpleNamespace(which=lambda name: "/npm"))
    assert dev.npm_here() == npm


def test_steps_unexpected_error_is_raised(dev: ModuleType) -> None:
    with pytest.raises(ZeroDivisionError):
        dev.Steps()("divide", lambda: 1 // 0)


def test_differences_compares_content(dev: ModuleType, tmp_path: Path) -> None:
    for name, texts in {"a": {"index.js": "1", "old.js": ""}, "b": {"index.js": "2", "new.js": ""}}.items():
        (tmp_path / name).mkdir()
        for file, text in texts.items():
            (tmp_path / name / file).write_text(text)
    assert dev.differences(tmp_path / "a", tmp_path / "b") == {"index.js", "old.js", "new.js"}
    assert dev.differences(tmp_path / "a", tmp_path / "a") == set()


def test_find_browser_missing_named_browser_raises(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNVIZ_CHROMIUM", "/nowhere/chromium")
    with pytest.raises(dev.Failure, match="invalid NNVIZ_CHROMIUM: no file /nowhere/chromium"):
        dev.find_browser()


def test_pinned_missing_package_raises(dev: ModuleType) -> None:
    assert dev.pinned("torch").startswith("torch==2.")
    with pytest.raises(dev.Failure, match="no line nosuch=="):
        dev.pinned("nosuch")


def test_bench_unknown_program_raises(dev: ModuleType) -> None:
    with pytest.raises(dev.Failure, match="unknown benchmark: nosuch"):
        dev.bench(argparse.Namespace(program="nosuch"))
