"""Files of the built page, with their types and the time for which a browser may keep them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
ENTRY = "index.js"
#: Placeholder in index.js for the path of the files that it imports.
PLACEHOLDER = b"./static/BUILD/"
#: Seconds.
YEAR = 365 * 24 * 3600

#: Content types by suffix. Python's ``mimetypes`` depends on the platform, and with `nosniff` a wrong type is an error.
TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".json": "application/json",
    ".map": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
}

#: Served as index.js if the page was not built, because TensorBoard hides the error of a missing module.
NOT_BUILT = """\
export function render() {
  const text = document.createElement("pre");
  text.style.cssText = "margin:2em;font:14px/1.5 monospace;color:#888";
  text.textContent = [
    "NNViz: the page is not built in this installation (tb_nnviz/plugin/static/index.js is missing).",
    "",
    "In a clone of the repository:",
    "    ./dev frontend        # builds it, then reload this tab",
    "or install a release:",
    "    pip install --force-reinstall tb_nnviz",
  ].join("\\n");
  document.body.append(text);
}
"""


@dataclass(frozen=True)
class Asset:
    """A file of the page. A browser may keep it for ``expires`` seconds."""

    content: bytes
    content_type: str
    expires: int


def entry() -> Asset:
    """Return index.js with the hash of this build in the paths that it imports."""
    files = _read()
    if ENTRY not in files:
        return Asset(NOT_BUILT.encode(), TYPES[".js"], 0)
    return Asset(files[ENTRY].replace(PLACEHOLDER, f"./static/{_build(files)}/".encode()), TYPES[".js"], 0)


def asset(path: str) -> Asset | None:
    """Return the file at ``<build>/<name>`` below ``static/``, or None if there is none.

    Browsers keep the file for a year, so files are found only below the hash of the present build. A page that was
    opened before an update gets a 404 for a file that it loads later, never a file of another build.

    The name is looked up in the list of existing files. It never becomes part of a path.
    """
    if path == ENTRY:
        return entry() if ENTRY in _files() else None
    files = _read()
    build, _, name = path.partition("/")
    if name == ENTRY or name not in files or build != _build(files):
        return None
    return Asset(files[name], TYPES[Path(name).suffix], YEAR)


def _build(files: Mapping[str, bytes]) -> str:
    """Return the hash of the names and contents of all files."""
    hashed = hashlib.sha256()
    for name, content in sorted(files.items()):
        hashed.update(f"{name}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()[:16]


def _read() -> dict[str, bytes]:
    """Return the contents by name. They are read for each request, so that a rebuilt page is seen."""
    files = {}
    for name, path in _files().items():
        # The file may have just been replaced by a build, or be a folder with the name of a file.
        with suppress(OSError):
            files[name] = path.read_bytes()
    return files


def _files() -> dict[str, Path]:
    """Return the path of every file of the page by its name, which is relative to static/."""
    if not FOLDER.is_dir():
        return {}
    return {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in TYPES}
