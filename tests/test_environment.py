"""Pairs of packages that are known not to work, and the words that name the way out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tb_nnviz.environment import conflicts

SOUND = {"tensorboard": "2.21.0", "protobuf": "6.33.1", "numpy": "2.2.6", "setuptools": "82.0.0"}


@pytest.mark.parametrize(
    ("versions", "named"),
    [
        ({}, None),
        ({"tensorboard": "2.20.0"}, "setuptools 82.0.0"),
        ({"tensorboard": "2.20.0", "setuptools": "81.9"}, None),
        ({"tensorboard": "2.19.0rc1", "setuptools": None}, "an environment without setuptools"),
        ({"setuptools": None}, None),
        ({"tensorboard": "2.16.2", "setuptools": "70"}, "numpy 2.2.6"),
        ({"tensorboard": "2.16.2", "setuptools": "70", "numpy": "1.26.4"}, None),
        ({"protobuf": "6.31.0"}, "protobuf 6.31.0"),
        ({"protobuf": "6.31.1"}, None),
        ({"protobuf": "5.29.5", "tensorboard": "2.22"}, "protobuf 5.29.5"),
        ({"tensorboard": None}, None),
    ],
)
def test_conflicts_names_broken_pair(versions: dict[str, str | None], named: str | None) -> None:
    found = conflicts({**SOUND, **versions})
    assert [one.second for one in found] == ([] if named is None else [named])
    assert all("pip install" in one.way_out for one in found)


def test_import_of_watch_with_broken_protobuf_names_versions(tmp_path: Path) -> None:
    # A protobuf whose runtime refuses TensorBoard's generated code, as version 5 does below TensorBoard 2.21.
    for name, version in (("protobuf", "5.29.5"), ("tensorboard", "2.21.0")):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    package = tmp_path / "tensorboard"
    package.mkdir()
    (package / "__init__.py").write_text("raise TypeError('Descriptors cannot be created directly')\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tb_nnviz; tb_nnviz.watch"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(
        "ImportError: tb_nnviz.watch cannot be imported: tensorboard 2.21.0 does not work with protobuf 5.29.5"
    )
    assert "pip install 'protobuf>=6.31.1,<8'" in last and "Descriptors cannot be created directly" in last


def test_import_of_watch_other_error_is_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    import tb_nnviz

    monkeypatch.setitem(sys.modules, "tb_nnviz.record.watch", None)
    with pytest.raises(ImportError, match=r"import of tb_nnviz\.record\.watch halted"):
        _ = tb_nnviz.watch
