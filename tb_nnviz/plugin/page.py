"""Files of the built page: which there are, their types, how long a browser may keep them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
ENTRY = "index.js"
YEAR = 365 * 24 * 3600

#: Written out, since answers carry `nosniff` and the platform's own table of types may lack or mistake them.
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

#: Served as index.js where the page was not built: TensorBoard swallows errors of a module that is not there.
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
    """A file as it is answered; ``expires`` in seconds, 0: ask again every time."""

    content: bytes
    content_type: str
    expires: int


def entry() -> Asset:
    """The page's only unhashed file."""
    return asset(ENTRY) or Asset(NOT_BUILT.encode(), TYPES[".js"], 0)


def asset(name: str) -> Asset | None:
    """The file with this name below static/, or None.

    The name is looked up among the files that are there and never becomes part of a path.
    """
    path = _files().get(name)
    if path is None:
        return None
    try:
        content = path.read_bytes()
    except OSError:  # a build has just replaced it, or it is a folder with such a name
        return None
    return Asset(content, TYPES[path.suffix], 0 if name == ENTRY else YEAR)


def _files() -> dict[str, Path]:
    """Every file of the page by its name relative to static/; read anew, so that a rebuilt page is seen."""
    if not FOLDER.is_dir():
        return {}
    return {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in TYPES}
