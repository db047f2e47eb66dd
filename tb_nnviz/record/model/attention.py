"""The modules that compute attention in their own code, between modules that are observed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import CodeType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from torch import nn

from tb_nnviz.record.model.modules import Layer, Models, Select, is_layer, named_modules

#: Names in the code of a module that computes attention.
_NAMES = frozenset({"scaled_dot_product_attention", "softmax", "multi_head_attention_forward"})
_known: WeakKeyDictionary[type, bool] = WeakKeyDictionary()


@dataclass
class AttentionLayers:
    """The modules that may compute attention and are not observed otherwise. Each iteration lists the current ones.

    Args:
        models: by their prefix.
        keep: returns whether the filters select a name and its module.
    """

    models: Models
    keep: Select
    #: Modules that were seen to compute attention, although their code does not show it.
    seen: WeakSet[nn.Module] = field(default_factory=WeakSet)

    def __iter__(self) -> Iterator[Layer]:
        roots = set(self.models.values())
        for name, module in named_modules(self.models):
            computes = module in self.seen or computes_attention(type(module))
            if computes and not is_layer(module, module in roots) and self.keep(name, module):
                yield Layer(name, module)


def computes_attention(kind: type[nn.Module]) -> bool:
    """Return True if the name of a class, or a name in its code, is one of attention.

    >>> computes_attention(nn.Sequential), computes_attention(type("SelfAttention", (nn.Module,), {}))
    (False, True)
    """
    if kind not in _known:
        own = [base for base in kind.__mro__ if issubclass(base, nn.Module) and base is not nn.Module]
        named = any("attention" in base.__name__.lower() or "attn" in base.__name__.lower() for base in own)
        _known[kind] = named or any(_names(value) for base in own for value in vars(base).values())
    return _known[kind]


def _names(value: Any) -> bool:
    """Return True if a function's code names a function of attention."""
    waiting = [getattr(value, "__code__", None)]
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType):
            if not _NAMES.isdisjoint(code.co_names):
                return True
            waiting += list(code.co_consts)
    return False
