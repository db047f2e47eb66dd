"""The command ``tb-nnviz``: ``main`` and one module per command."""

from tb_nnviz.cli.main import main

__all__ = ["main"]
