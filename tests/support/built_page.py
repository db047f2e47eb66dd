"""The build that the page's entry imports from."""

from __future__ import annotations

import re

from tests.support.tensorboards import TensorBoard


def build_of(board: TensorBoard) -> str:
    """Return the build that the entry imports from."""
    found = re.search(r"""["']\./static/([0-9a-f]{16})/main\.js["']""", board.get("index.js").text)
    assert found
    return found[1]
