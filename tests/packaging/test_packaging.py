"""Contents of the wheel and of the source distribution."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from email import message_from_string
from pathlib import Path

import pytest

import tb_nnviz
from tb_nnviz.record.measure import native
from tests.support.paths import ROOT

STATIC = "tb_nnviz/plugin/static"


def copy(folder: Path) -> Path:
    """Copy the files that a build reads, without the checkout's own build folder."""
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, folder / name)
    # tests beside the package, which the wheel must not contain
    (folder / "tests").mkdir()
    (folder / "tests" / "__init__.py").touch()
    shutil.copytree(ROOT / "demo", folder / "demo")
    shutil.copytree(ROOT / "tb_nnviz", folder / "tb_nnviz", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    return folder


def build(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``pip wheel`` without the network."""
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
    environment = {**os.environ, **environment}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)


def built(folder: Path, **environment: str) -> Path:
    """Build a wheel in a copy and return its path."""
    done = build(folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (folder / "out").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(copy(tmp_path_factory.mktemp("wheel")))


@pytest.fixture(scope="module")
def wheel(wheel_path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(wheel_path)


def read(wheel: zipfile.ZipFile, name: str) -> str:
    (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
    return wheel.read(path).decode()


def test_wheel_without_built_page_is_refused(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / STATIC / "index.js").unlink()
    done = build(folder)
    assert done.returncode != 0
    assert f"missing page: {STATIC}/index.js is not built; run ./dev frontend first" in done.stdout + done.stderr
    assert not list(folder.glob("out/*.whl"))


def test_wheel_contains_modules_and_page(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    page = {f"{STATIC}/{path.name}" for path in (ROOT / STATIC).iterdir()}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tb_nnviz").rglob("*.py")}
    assert page | modules | {"tb_nnviz/py.typed"} <= names


def kernels(wheel: zipfile.ZipFile) -> list[str]:
    """Return the names of the built extensions in a wheel."""
    return [name for name in wheel.namelist() if name.endswith((".so", ".pyd"))]


def test_wheel_uses_the_stable_abi(wheel_path: Path, wheel: zipfile.ZipFile) -> None:
    assert "-cp310-abi3-" in wheel_path.name and not wheel_path.name.endswith("-any.whl")
    # A wheel that was built with a compiler can be installed without one.
    assert len(kernels(wheel)) == (native.library is not None)
    assert all(name.startswith("tb_nnviz/record/measure/native/_kernels.") for name in kernels(wheel))


@pytest.mark.skipif(os.name == "nt", reason="Windows does not read CC")
def test_wheel_without_compiler_measures_by_operators(tmp_path: Path) -> None:
    path = built(copy(tmp_path), CC="false")
    assert kernels(zipfile.ZipFile(path)) == []
    program = """if True:
        import torch
        from tb_nnviz.record.measure import native
        from tb_nnviz.record.measure import stats
        assert native.library is None
        print(native.__file__, stats.measure(torch.tensor([3.0, 4.0])).values[4].item())
    """
    with zipfile.ZipFile(path) as wheel:
        wheel.extractall(tmp_path / "installed")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path / "installed", capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(tmp_path / "installed")) and done.stdout.endswith(" 25.0\n")


def test_sdist_contains_all_sources(tmp_path: Path) -> None:
    program = "from setuptools import build_meta; print(build_meta.build_sdist('out'))"
    subprocess.run([sys.executable, "-c", program], cwd=copy(tmp_path), capture_output=True, text=True, check=True)
    (path,) = (tmp_path / "out").glob("*.tar.gz")
    with tarfile.open(path) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    sources = [path for path in (ROOT / "tb_nnviz").rglob("*") if path.suffix in (".c", ".h", ".inc")]
    assert sources and {path.relative_to(ROOT).as_posix() for path in sources} <= names


def test_wheel_contains_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert not [name for name in wheel.namelist() if name.endswith((".c", ".h", ".inc"))]
    assert tops == {"tb_nnviz", f"tb_nnviz-{tb_nnviz.__version__}.dist-info"}
    assert "LICENSE" in {Path(name).name for name in wheel.namelist()}


def test_wheel_declares_entry_points(wheel: zipfile.ZipFile) -> None:
    points = ConfigParser()
    points.read_string(read(wheel, "entry_points.txt"))
    assert dict(points["tensorboard_plugins"]) == {"nnviz": "tb_nnviz.plugin.loader:NNVizLoader"}
    assert dict(points["console_scripts"]) == {"tb-nnviz": "tb_nnviz.cli:main"}


def test_wheel_declares_metadata(wheel: zipfile.ZipFile) -> None:
    metadata = message_from_string(read(wheel, "METADATA"))
    assert metadata["Name"] == "tb_nnviz"
    assert metadata["Version"] == tb_nnviz.__version__
    assert metadata["Requires-Python"] == ">=3.10"
    assert "Apache-2.0" in (metadata["License"], metadata["License-Expression"])
    required = metadata.get_all("Requires-Dist")
    always = {re.split(r"[>=<;]", line)[0].strip() for line in required if "extra ==" not in line}
    # a machine that only views logs needs no torch
    assert always == {"tensorboard", "numpy", "google-crc32c", "rich"}
    assert {"torch", "demo", "test"} <= set(metadata.get_all("Provides-Extra"))
    assert any(re.fullmatch(r"""torch>=2.1; extra == ['"]torch['"]""", line) for line in required)


def test_command_prints_its_version() -> None:
    command = [sys.executable, "-m", "tb_nnviz.cli", "--version"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"tb_nnviz {tb_nnviz.__version__}\n"


def test_lock_files_name_no_registry() -> None:
    # a lock file with addresses works only where that registry can be reached
    assert '"resolved"' not in (ROOT / "frontend" / "package-lock.json").read_text("utf-8")
    assert "://" not in (ROOT / "constraints.txt").read_text("utf-8")


def test_built_page_is_at_most_200_kb_gzipped() -> None:
    """The limit is for all chunks together, because the page is opened a hundred times per day.

    The decoders of answers take 5 kB, pictures that explain themselves as much, and the panel Health 10 kB.
    """
    files = [path for path in (ROOT / "tb_nnviz" / "plugin" / "static").iterdir() if path.is_file()]
    assert len(files) > 7  # the entry, the shared chunk, and one chunk per panel
    assert sum(len(gzip.compress(path.read_bytes(), 9)) for path in files) <= 200_000
