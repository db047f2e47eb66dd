"""The modules that compute attention between the modules that are observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from weakref import WeakSet

from torch import nn

from tb_nnviz.record.model.attention_code import computes_attention
from tb_nnviz.record.model.modules import Layer, Models, Select, is_layer, named_modules


@dataclass
class AttentionLayers:
    """The modules that compute attention and are not observed otherwise. Each iteration lists the current ones.

    Any module with children may be one. The first logged step shows which are.

    Args:
        models: by their prefix.
        keep: returns whether the filters select a name and its module.
    """

    models: Models
    keep: Select
    #: Modules that were seen to compute attention.
    seen: WeakSet[nn.Module] = field(default_factory=WeakSet)
    #: True once the others are known not to.
    settled: bool = False

    def __iter__(self) -> Iterator[Layer]:
        roots = set(self.models.values())
        for name, module in named_modules(self.models):
            likely = not self.settled or module in self.seen
            if likely and not is_layer(module, module in roots) and self.keep(name, module):
                yield Layer(name, module)

    def computing(self) -> list[str]:
        """Return the names of the modules that were seen to compute attention, or whose code does."""
        return [
            name
            for name, module in named_modules(self.models)
            if self.keep(name, module) and (module in self.seen or computes_attention(module))
        ]
