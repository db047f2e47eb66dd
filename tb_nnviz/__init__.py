"""See inside a neural network while it trains: one line in the loop, one tab in TensorBoard.

TensorBoard imports this package to find its plugin, and a machine that only views logs may have no torch. So this
module imports nothing until a name is used.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["Finding", "FindingError", "FindingWarning", "Monitor", "Summary", "__version__", "summary", "watch"]

if TYPE_CHECKING:
    from tb_nnviz.record.monitor import Monitor
    from tb_nnviz.record.summary import Summary, summary
    from tb_nnviz.record.watch import watch
    from tb_nnviz.rules.finding import Finding, FindingError, FindingWarning

#: The module that defines each public name.
_MODULES = {
    "watch": "tb_nnviz.record.watch",
    "Monitor": "tb_nnviz.record.monitor",
    "summary": "tb_nnviz.record.summary",
    "Summary": "tb_nnviz.record.summary",
    "Finding": "tb_nnviz.rules.finding",
    "FindingError": "tb_nnviz.rules.finding",
    "FindingWarning": "tb_nnviz.rules.finding",
}
#: The finding on which the program last acted, for a debugger.
last_finding: "Finding | None" = None
#: Modules of ``tb_nnviz.integrations`` with a callback for a trainer.
_INTEGRATIONS = ("huggingface", "lightning")


def __getattr__(name: str) -> Any:
    if name not in _MODULES and name not in _INTEGRATIONS:
        raise AttributeError(f"module 'tb_nnviz' has no attribute {name!r}")
    from importlib import import_module
    from importlib.util import find_spec

    if name in _INTEGRATIONS:
        return import_module(f"tb_nnviz.integrations.{name}")
    if not _MODULES[name].startswith("tb_nnviz.rules") and find_spec("torch") is None:
        raise ImportError(
            f"tb_nnviz.{name} needs PyTorch, which is not installed here: "
            "pip install torch, or pip install 'tb_nnviz[torch]'"
        )
    try:
        return getattr(import_module(_MODULES[name]), name)
    except Exception as error:  # a broken pair of packages raises anything from ImportError to TypeError
        from tb_nnviz.environment import explain

        if (reason := explain(error)) is None:
            raise
        raise ImportError(f"tb_nnviz.{name} cannot be imported: {reason}") from error


def __dir__() -> list[str]:
    return sorted(__all__)
