"""Buffers and attributes of modules that a pass changes, as they were at its beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.locate.arguments import size_of
from tb_nnviz.record.model.metadata import metadata

#: Attributes that torch gives every module.
_TORCH_ATTRIBUTES = frozenset(vars(nn.Module()))
#: Values of attributes that are kept. Others are objects of the user, which are not copied.
_KEPT = (Tensor, bool, int, float, str, tuple, list, dict, set, type(None))
#: Types of attributes that are kept at every pass.
_SIMPLE = (bool, int, float, str)
#: Puts an entry into the state that it had.
Restore = Callable[[], object]
_Entry = tuple[dict[str, Any], str]


class ModuleState:
    """The entries of a model's modules that its passes change, such as the vectors of spectral normalization.

    Which entries change is learned in the first passes. From then on, only those are copied, and the numbers and
    strings that are attributes of the model itself, such as the epoch. The running statistics of a batch norm change
    too, but in training mode nothing depends on them.

    Args:
        model: the model.
        most_bytes: memory for the copies of one pass.
    """

    #: Passes after which the changed entries are known.
    LEARNED = 2

    def __init__(self, model: nn.Module, most_bytes: int) -> None:
        self._model, self._most_bytes = model, most_bytes
        self._passes = 0
        self._changed: dict[tuple[int, str], _Entry] = {}
        self._before: list[tuple[_Entry, Any, int]] = []
        self._versions: list[tuple[Tensor, int]] = []
        #: True if passes change parameters in place, so that they cannot be repeated.
        self.writes_parameters = False

    def begin(self) -> list[Restore]:
        """Return functions that put the entries back to their present values."""
        if self._passes >= self.LEARNED:
            own = vars(self._model)
            names = own.keys() - _TORCH_ATTRIBUTES
            found: list[Restore] = [partial(own.__setitem__, n, own[n]) for n in names if type(own[n]) in _SIMPLE]
            return found + self._kept(self._changed.values()) if self._changed else found
        self._versions = [(one, _version(one)) for one in self._model.parameters()]
        entries = list(_entries(self._model))
        self._before = [(entry, entry[0].get(entry[1]), _version(entry[0].get(entry[1]))) for entry in entries]
        return self._kept(entries)

    def end(self) -> None:
        """Learn which entries the pass has changed."""
        for entry, value, version in self._before:
            now = entry[0].get(entry[1])
            if now is not value or _version(now) != version or isinstance(value, list | dict | set):
                self._changed[id(entry[0]), entry[1]] = entry
        if self._passes < self.LEARNED:
            self._passes += 1
            written = {id(one) for one, version in self._versions if _version(one) != version}
            own = {id(module.weight) for module in renormalizing(self._model)}
            self.writes_parameters = self.writes_parameters or not written <= own
        self._before, self._versions = [], []

    def _kept(self, entries: Any) -> list[Restore]:
        found: list[Restore] = []
        room = self._most_bytes
        for owner, name in entries:
            value = owner.get(name)
            if isinstance(value, Tensor):
                room -= size_of(value)
                if room < 0 or value.requires_grad:
                    continue
                with torch.no_grad():
                    value = value.clone()
            found.append(_restore(owner, name, value))
        return found


def renormalizing(model: nn.Module) -> list[Any]:
    """Return the embeddings that limit the norm of the rows that they read, in place."""
    kinds = (nn.Embedding, nn.EmbeddingBag)
    return [module for module in model.modules() if isinstance(module, kinds) and module.max_norm is not None]


def _restore(owner: dict[str, Any], name: str, value: Any) -> Restore:
    if type(value) in (list, dict, set):
        value = value.copy()

    def restore() -> None:
        owner[name] = value.copy() if type(value) in (list, dict, set) else _again(value)

    return restore


def _again(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _entries(model: nn.Module) -> Iterator[_Entry]:
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            continue
        attributes = vars(module)
        for name in attributes.keys() - _TORCH_ATTRIBUTES:
            if isinstance(attributes[name], _KEPT):
                yield attributes, name
        if isinstance(module, nn.modules.batchnorm._NormBase) and module.training:
            continue
        for name, buffer in module._buffers.items():
            if buffer is not None and not is_lazy(buffer):
                yield module._buffers, name


def _version(value: Any) -> int:
    if not isinstance(value, Tensor):
        return 0
    try:
        with metadata():  # the class may refuse functions
            return value._version
    except RuntimeError as error:  # an inference tensor
        if is_interrupt(error):
            raise
        return 0
