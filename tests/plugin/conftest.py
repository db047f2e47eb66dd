"""Fixtures of the plugin's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tb_nnviz.plugin import page


@pytest.fixture
def built(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a page as a build writes it, with files inside and beside it that must not be served."""
    folder = tmp_path_factory.mktemp("built") / "static"
    (folder / "fonts").mkdir(parents=True)
    (folder / "index.js").write_text('export const render = () => import("./static/BUILD/main.js"); // the built one')
    (folder / "chunk.js").write_text("export const chunk = 1;")
    (folder / "style.css").write_text("body {}")
    (folder / "fonts" / "mono.woff2").write_bytes(b"wOF2")
    (folder / "notes.py").write_text("secret = 1")
    (folder / "folder.js").mkdir()
    (folder.parent / "secret.js").write_text("secret")
    monkeypatch.setattr(page, "FOLDER", folder)
    return folder
