"""Checks of the installed packages: do TensorBoard and the plugin start, and is the C extension in use?"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import tb_nnviz
from tb_nnviz.cli.doctor.check import NOTE, OK, PROBLEM, Check
from tb_nnviz.environment import PACKAGES, conflicts, installed

_GROUP, _NAME = "tensorboard_plugins", "nnviz"
_PAGE = Path(tb_nnviz.__file__).parent / "plugin" / "static" / "index.js"


def versions() -> str:
    """Return the versions that a bug report needs, on one line."""
    names = (*PACKAGES, "torch", "google-crc32c")
    found = [f"{name} {installed(name) or '(not installed)'}" for name in names]
    return f"tb_nnviz {tb_nnviz.__version__}, Python {platform.python_version()}, {', '.join(found)}"


def check_environment() -> Iterator[Check]:
    """Yield the checks of the environment."""
    found = conflicts({package: installed(package) for package in PACKAGES})
    for conflict in found:
        yield Check(PROBLEM, str(conflict))
    failed = list(_plugins())
    yield from failed
    if not (found or failed):
        yield from _tensorboard()
    if _PAGE.is_file():
        yield Check(OK, "the page is built")
    else:
        yield Check(PROBLEM, f"the page is not built: {_PAGE} is missing. Way out: ./dev frontend, or install a wheel")
    yield _extension()


def _plugins() -> Iterator[Check]:
    """Yield problems of TensorBoard's plugins. TensorBoard does not start if the entry point of any plugin fails."""
    points = metadata.entry_points(group=_GROUP)
    own = {(point.name, point.value) for point in points if point.name == _NAME}
    if not own:
        yield Check(
            PROBLEM,
            f"TensorBoard does not find the plugin {_NAME}. Way out: pip install tb_nnviz",
        )
    for point in points:
        try:
            point.load()
        except Exception as error:  # any error of any package
            owner = point.dist.name if point.dist else "unknown package"
            reason = f"{type(error).__name__}: {str(error)[:200]}"
            yield Check(PROBLEM, f"TensorBoard does not start: the plugin {point.name} of {owner} fails with {reason}")


def _tensorboard() -> Iterator[Check]:
    """Yield whether TensorBoard can be imported and finds the plugin."""
    try:
        plugins = import_module("tensorboard.default").get_plugins()
        import_module("tensorboard.program")
    except Exception as error:  # any error of any package
        yield Check(PROBLEM, f"TensorBoard does not start: {type(error).__name__}: {str(error)[:200]}")
        return
    if any(getattr(plugin, "__module__", "").startswith("tb_nnviz.") for plugin in plugins):
        yield Check(OK, f"TensorBoard starts and finds the plugin {_NAME}")
    else:
        yield Check(PROBLEM, f"TensorBoard does not find the plugin {_NAME}")


def _extension() -> Check:
    """Return whether the C extension is in use, which only the training side needs."""
    if find_spec("torch") is None:
        return Check(NOTE, "PyTorch is not installed: logs can be viewed here, but not written")
    try:
        native = import_module("tb_nnviz.record.measure.native")
    except Exception as error:  # any error of the installed PyTorch
        return Check(PROBLEM, f"PyTorch cannot be imported: {type(error).__name__}: {str(error)[:200]}")
    if native.library is not None:
        return Check(OK, "the C extension is in use")
    cost = "the C extension is not in use, so statistics on the CPU cost more"
    if os.environ.get("NNVIZ_NATIVE") == "0":
        return Check(NOTE, f"{cost}: NNVIZ_NATIVE is 0")
    if find_spec(f"{native.__name__}._kernels") is None:
        return Check(NOTE, f"{cost}: it is not built. Way out: install a C compiler, then tb_nnviz again")
    return Check(PROBLEM, f"{cost}: it was built from other sources. Way out: install tb_nnviz again")
