"""The backward pass that is running: whether it fills ``.grad``."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.sharding import is_distributed


class BackwardPass:
    """The backward pass that is running on this thread.

    Args:
        models: the watched models.
    """

    def __init__(self, models: Iterable[nn.Module]) -> None:
        self._models = tuple(models)
        self._latest = -1, False  # the last backward pass that was asked about; True if it accumulates

    def accumulates(self) -> bool:
        """Return True if it fills ``.grad`` of a parameter, unlike ``torch.autograd.grad``."""
        task = torch._C._current_graph_task_id()
        if self._latest[0] != task:
            with metadata():
                parameters = [p for model in self._models for p in model.parameters() if _is_leaf(p)]
            self._latest = task, any(map(_accumulates_in, parameters))
        return self._latest[1]


def _is_leaf(parameter: nn.Parameter) -> bool:
    return parameter.requires_grad and parameter.is_leaf and not is_distributed(parameter)


def _accumulates_in(parameter: nn.Parameter) -> bool:
    try:
        view = parameter.view_as(parameter).grad_fn
        node = None if view is None else view.next_functions[0][0]
        return node is not None and bool(torch._C._will_engine_execute_node(node))
    except (RuntimeError, TypeError) as error:  # it is an input of torch.autograd.grad, or of a class without views
        if is_interrupt(error):
            raise
        return False
