"""The observed layers and parameters of a model, under the names that users know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tb_nnviz.record.model.metadata import metadata, requires_grad
from tb_nnviz.record.model.sharding import wrappers

Filter = str | type | Sequence[str | type] | None
#: Models by their prefix.
Models = Mapping[str, nn.Module]
#: Returns whether the filters select a row, by its name and module.
Select = Callable[[str, nn.Module], bool]

#: Wrappers that hold the model as an attribute of this name, by the wrapper's class name.
_WRAPPERS = {
    "DataParallel": "module",
    "DistributedDataParallel": "module",
    "OptimizedModule": "_orig_mod",
    "FullyShardedDataParallel": "_fsdp_wrapped_module",
    "CheckpointWrapper": "_checkpoint_wrapped_module",
    "_FabricModule": "_forward_module",  # Lightning Fabric
    "DeepSpeedEngine": "module",
}
_WRAPPER_PARTS = (
    "_orig_mod",
    "_fsdp_wrapped_module",
    "_checkpoint_wrapped_module",
    "_forward_module",
    "_original_module",
)

_BOUNDS: dict[type, tuple[float, ...]] = {
    nn.Sigmoid: (0.0, 1.0),
    nn.Hardsigmoid: (0.0, 1.0),
    nn.Tanh: (-1.0, 1.0),
    nn.Softsign: (-1.0, 1.0),
    nn.Softmax: (0.0, 1.0),
    nn.Softmin: (0.0, 1.0),
    nn.Softmax2d: (0.0, 1.0),
}


def type_name(module: nn.Module) -> str:
    """Return the name of a module's class, as the user wrote it: FSDP2 makes a class ``FSDPLinear`` of ``Linear``."""
    kind = type(module)
    if kind.__name__.startswith("FSDP") and len(kind.__bases__) == 2 and kind.__bases__[0].__name__ == "FSDPModule":
        return kind.__bases__[1].__name__
    return kind.__name__


@dataclass(frozen=True, eq=False)
class Layer:
    """An observed module."""

    name: str
    module: nn.Module

    @property
    def type(self) -> str:
        return type_name(self.module)

    @property
    def bounds(self) -> tuple[float, ...]:
        """Values that the module's outputs cannot exceed. Empty if there are none."""
        if isinstance(self.module, nn.Hardtanh) and not isinstance(self.module, nn.ReLU6):
            return (float(self.module.min_val), float(self.module.max_val))
        return _BOUNDS.get(type(self.module), ())

    @property
    def trainable(self) -> bool:
        # read at every call, and parameters(recurse=False) takes three times as long
        return any(p is not None and requires_grad(p) for p in self.module._parameters.values())


@dataclass(frozen=True, eq=False)
class NamedParameter:
    """A parameter with the module that owns it, and its other names."""

    name: str
    tensor: nn.Parameter
    owner_name: str
    owner: nn.Module
    tied_to: tuple[str, ...]

    @property
    def role(self) -> str:
        with metadata():
            return role(self.owner, self.name.rpartition(".")[2], self.tensor.dim())


def role(owner: nn.Module, name: str, dims: int) -> str:
    """Return the purpose of a parameter: weight, bias, norm, embedding or other.

    >>> role(nn.LayerNorm(3), "bias", 1), role(nn.Linear(2, 3), "bias", 1)
    ('norm', 'bias')
    """
    if "Norm" in type(owner).__name__:
        return "norm"
    if isinstance(owner, nn.Embedding | nn.EmbeddingBag) or "emb" in name.lower():
        return "embedding"
    if "bias" in name:
        return "bias"
    return "weight" if "weight" in name or dims >= 2 else "other"


def unwrap(model: nn.Module | Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Return the models by their prefix ("" for a single one), without wrappers that rename their modules.

    Args:
        model: a module, or a dict of modules by their prefix.

    Raises:
        TypeError: it is not a module, or one of its values is not.
        ValueError: the dict is empty, or a prefix is not a string or contains a dot.
    """
    models: dict[str, Any] = dict(model) if isinstance(model, Mapping) else {"": model}
    if not models:
        raise ValueError("missing model: the dict is empty")
    for prefix, module in models.items():
        if not isinstance(module, nn.Module):
            what = f"model {prefix!r}" if prefix else "model"
            raise TypeError(f"invalid {what}: {module!r} (a torch.nn.Module, or a dict of them)")
        if not isinstance(prefix, str) or "." in prefix or (isinstance(model, Mapping) and not prefix):
            raise ValueError(f"invalid model name: {prefix!r} (a string without dots)")
        outer = []
        while (wrapped := _wrapped(module)) and isinstance(inner := getattr(module, wrapped, None), nn.Module):
            outer.append(module)
            module = inner
        if outer:
            wrappers[module] = outer
        models[prefix] = module
    return models


def _wrapped(module: nn.Module) -> str:
    """Return the attribute in which a wrapper holds the model, or an empty string if the module is no wrapper."""
    return next((_WRAPPERS[base.__name__] for base in type(module).__mro__ if base.__name__ in _WRAPPERS), "")


@lru_cache(maxsize=1 << 14)
def _clean(prefix: str, name: str) -> str:
    parts = [part for part in name.split(".") if part and part not in _WRAPPER_PARTS]
    # a lone surrogate, which UTF-8 cannot encode, is spelled out
    return ".".join(([prefix] if prefix else []) + parts).encode("utf-8", "backslashreplace").decode()


def named_modules(models: Mapping[str, nn.Module]) -> Iterator[tuple[str, nn.Module]]:
    """Yield every module once, with its name."""
    seen: set[nn.Module] = set()
    for prefix, model in models.items():
        for name, module in model.named_modules():
            if module not in seen:
                seen.add(module)
                yield _clean(prefix, name), module


def named_parameters(models: Mapping[str, nn.Module]) -> list[NamedParameter]:
    """Return every parameter once, in order of registration, without lazy ones that have no shape yet."""
    names: dict[nn.Parameter, list[tuple[str, str, nn.Module]]] = {}
    for prefix, model in models.items():
        for module_name, module in model.named_modules(remove_duplicate=False):
            for name, parameter in module.named_parameters(recurse=False, remove_duplicate=False):
                if is_lazy(parameter):
                    continue
                full = _clean(prefix, f"{module_name}.{name}")
                found = names.setdefault(parameter, [])
                if full not in (other for other, _, _ in found):
                    found.append((full, _clean(prefix, module_name), module))
    return [
        NamedParameter(found[0][0], parameter, found[0][1], found[0][2], tuple(name for name, _, _ in found[1:]))
        for parameter, found in names.items()
    ]


def layers(models: Mapping[str, nn.Module], include: Filter, exclude: Filter) -> Iterable[Layer]:
    """Return the modules to observe.

    These are the modules without children, and the modules within a model that have parameters of their own.
    A type in ``include`` observes every module of that type. Each iteration over the result lists the
    current modules.
    """
    return _Layers(models, selector(include, exclude), _types(include))


@dataclass(frozen=True)
class _Layers:
    models: Mapping[str, nn.Module]
    keep: Callable[[str, nn.Module], bool]
    types: tuple[type, ...]

    def __iter__(self) -> Iterator[Layer]:
        roots = set(self.models.values())
        for name, module in named_modules(self.models):
            if (isinstance(module, self.types) or is_layer(module, module in roots)) and self.keep(name, module):
                yield Layer(name, module)


def is_layer(module: nn.Module, root: bool) -> bool:
    """Return True for modules without children, and for modules with parameters of their own that are no root."""
    # a layer with torch.nn.utils.parametrize has a child, and is still a layer
    if all(name == "parametrizations" for name, _ in module.named_children()):
        return True
    # the output of a whole model is usually that of its last layer
    return not root and next(module.parameters(recurse=False), None) is not None


def selector(include: Filter, exclude: Filter) -> Callable[[str, nn.Module], bool]:
    """Return a function of a row's name and module that is True if the filters select it.

    Args:
        include: regular expressions, which may match anywhere in the name, or module types. None selects all rows.
        exclude: likewise. None excludes no row.

    Raises:
        TypeError, ValueError: a filter that is neither an expression nor a type, or an invalid expression.
    """
    included, excluded = _matcher("include", include), _matcher("exclude", exclude)
    return lambda name, module: (include is None or included(name, module)) and not excluded(name, module)


def _types(filters: Filter) -> tuple[type, ...]:
    return tuple(item for item in _items(filters) if isinstance(item, type))


def _items(filters: Filter) -> Iterable[str | type]:
    if filters is None:
        return ()
    return (filters,) if isinstance(filters, str | type) else tuple(filters)


def _matcher(argument: str, filters: Filter) -> Callable[[str, nn.Module], bool]:
    expressions = []
    for item in _items(filters):
        if isinstance(item, str):
            try:
                expressions.append(re.compile(item))
            except re.error as error:
                raise ValueError(f"invalid {argument}: {item!r} is not a regular expression ({error})") from error
        elif not isinstance(item, type):
            raise TypeError(f"invalid {argument}: {item!r} (a regular expression or a module type)")
    types = _types(filters)
    return lambda name, module: isinstance(module, types) or any(e.search(name) for e in expressions)


def first_tensor(output: object, depth: int = 8) -> Tensor | None:
    """Return the first floating, complex or quantized tensor in a module's output, or None if there is none.

    It may be within tuples, lists, dicts and dataclasses. A call of a module has one row, so other tensors of
    the output have none.

    Args:
        output: the output.
        depth: levels of nesting that are searched.

    >>> import torch
    >>> first_tensor({"ids": torch.tensor([1]), "hidden": (torch.ones(2),)})
    tensor([1., 1.])
    """
    if isinstance(output, Tensor):
        return output if output.is_floating_point() or output.is_complex() or output.is_quantized else None
    parts: Iterable[object] = ()
    if isinstance(output, Mapping):
        parts = output.values()
    elif isinstance(output, tuple | list):
        parts = output
    elif is_dataclass(output):
        parts = (getattr(output, part.name, None) for part in fields(output))
    if depth == 0:  # a list may contain itself
        return None
    return next((found for part in parts if (found := first_tensor(part, depth - 1)) is not None), None)


def call_shape(output: Tensor, batched: bool = True) -> tuple[int, ...]:
    """Return the shape of an output without its batch axis, if it has one. It is empty if the output is nested."""
    return () if output.is_nested else tuple(output.shape[batched:])


def takes_hooks(module: nn.Module) -> bool:
    """Return True if torch accepts hooks on the module. Scripted modules refuse them."""
    return not isinstance(module, torch.jit.ScriptModule)
