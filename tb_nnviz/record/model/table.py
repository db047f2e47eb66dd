"""Table of a model's modules, with the parameters and buffers that each holds itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tb_nnviz.record.model.metadata import metadata
from tb_nnviz.record.model.modules import named_modules, type_name
from tb_nnviz.record.model.sharding import whole_shapes


def module_table(models: Mapping[str, nn.Module], calls: Mapping[nn.Module, int]) -> list[dict[str, Any]]:
    """Return a row per module, with the numbers of elements and bytes that it holds itself.

    Modules in ``calls`` come first, in that order. A parameter of several modules counts in the first of them,
    and as ``shared`` in the others.

    Args:
        models: the models, by prefix.
        calls: the number of calls of each module.

    >>> model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    >>> [(row["name"], row["parameters"], row["buffers"]) for row in module_table({"": model}, {})]
    [('', 0, 0), ('0', 9, 0), ('1', 6, 7)]
    """
    seen: set[Tensor] = set()
    whole = whole_shapes(models.values())
    rows = {}

    def numel(parameter: Tensor) -> int:
        return math.prod(whole[parameter]) if parameter in whole else parameter.numel()

    for name, module in named_modules(models):
        own = _new(module.parameters(recurse=False), seen)
        buffers = _new(module.buffers(recurse=False), seen)
        with metadata():
            rows[module] = {
                "name": name,
                "type": type_name(module),
                "calls": calls.get(module, 0),
                "parameters": sum(map(numel, own)),
                "trainable": sum(numel(p) for p in own if p.requires_grad),
                "shared": sum(numel(p) for p in module.parameters(recurse=False) if not is_lazy(p))
                - sum(map(numel, own)),
                "buffers": sum(b.numel() for b in buffers),
                "parameter_bytes": sum(numel(p) * p.element_size() for p in own),
                "buffer_bytes": sum(b.numel() * b.element_size() for b in buffers),
            }
    order = {module: place for place, module in enumerate(calls)}
    return [rows[module] for module in sorted(rows, key=lambda module: order.get(module, len(order)))]


def _new(tensors: Iterable[Tensor], seen: set[Tensor]) -> list[Tensor]:
    """Return the tensors that have a shape and were not seen before, and add them to ``seen``."""
    found = [tensor for tensor in tensors if not is_lazy(tensor) and tensor not in seen]
    seen.update(found)
    return found
