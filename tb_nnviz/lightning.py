"""The public import path of the callback for PyTorch Lightning."""

from tb_nnviz.integrations.lightning import NNVizCallback

__all__ = ["NNVizCallback"]
