"""The public import path of the callback for the Trainer of transformers."""

from tb_nnviz.integrations.huggingface import NNVizCallback

__all__ = ["NNVizCallback"]
