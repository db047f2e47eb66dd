"""What is in the wheel, what is not, and that none is built without the page."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path

import pytest

import tb_nnviz

ROOT = Path(__file__).resolve().parent.parent
STATIC = "tb_nnviz/plugin/static"


def copy(folder: Path) -> Path:
    """The files that a build reads, without the checkout's own build folder."""
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    # Tests beside the package, which the wheel is to leave out.
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").touch()
    shutil.copytree(ROOT / "demo", folder / "demo")
    shutil.copytree(ROOT / "tb_nnviz", folder / "tb_nnviz", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    """``pip wheel`` without the network."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        ".",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        "out",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = copy(tmp_path_factory.mktemp("wheel"))
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (folder / "out").glob("*.whl")
    return zipfile.ZipFile(path)


def read(wheel: zipfile.ZipFile, name: str) -> str:
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def test_no_wheel_without_the_page(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / STATIC / "index.js").unlink()
    done = build(folder)
    assert done.returncode != 0
    assert f"missing page: {STATIC}/index.js is not built; run ./dev frontend first" in done.stdout + done.stderr
    assert not list(folder.glob("out/*.whl"))


def test_wheel_has_all_that_runs(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    page = {f"{STATIC}/{path.name}" for path in (ROOT / STATIC).iterdir()}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tb_nnviz").rglob("*.py")}
    assert page | modules | {"tb_nnviz/plugin/http_api.md", "tb_nnviz/py.typed"} <= names


def test_wheel_has_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert tops == {"tb_nnviz", f"tb_nnviz-{tb_nnviz.__version__}.dist-info"}
    assert "LICENSE" in {Path(name).name for name in wheel.namelist()}


def test_entry_points(wheel: zipfile.ZipFile) -> None:
    points = ConfigParser()
    points.read_string(read(wheel, "entry_points.txt"))
    assert dict(points["tensorboard_plugins"]) == {"nnviz": "tb_nnviz.plugin.loader:NNVizLoader"}
    assert dict(points["console_scripts"]) == {"tb-nnviz": "tb_nnviz.cli:main"}


def test_metadata(wheel: zipfile.ZipFile) -> None:
    metadata = message_from_string(read(wheel, "METADATA"))
    assert metadata["Name"] == "tb_nnviz"
    assert metadata["Version"] == tb_nnviz.__version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert "Apache-2.0" in (metadata["License"], metadata["License-Expression"])
    required = metadata.get_all("Requires-Dist")
    always = {re.split(r"[>=<;]", line)[0].strip() for line in required if "extra ==" not in line}
    # Who only views logs needs no torch.
    assert always == {"tensorboard", "numpy", "google-crc32c"}
    assert {"torch", "demo", "test"} <= set(metadata.get_all("Provides-Extra"))
    assert any(re.fullmatch(r"""torch>=2.1; extra == ['"]torch['"]""", line) for line in required)


def test_command_says_its_version() -> None:
    command = [sys.executable, "-m", "tb_nnviz.cli", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"tb_nnviz {tb_nnviz.__version__}\n"


def test_locks_name_no_registry() -> None:
    # With addresses in it, a lock file works only where that registry is reached.
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text("utf-8")
    assert "://" not in (ROOT / "constraints.txt").read_text("utf-8")
