"""Scalars of the user, copied to the host without waiting."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.measure.host_copy import HostCopy, Slot
from tb_nnviz.record.model.sharding import is_distributed

#: Levels of dicts within dicts.
_DEPTH = 8

_shortener = reprlib.Repr()
_shortener.maxother = _shortener.maxstring = 80


def checked(values: Mapping[Any, Any], invalid: Callable[[str, object], None]) -> dict[str, float | Tensor]:
    """Return the scalars among the values of the user: numbers, and float32 tensors [1] that wait for their device.

    Args:
        values: numbers, tensors or arrays of one element, or dicts of them, whose names are joined by slashes.
        invalid: called with the name and the value of anything else.

    >>> checked({"loss": torch.tensor(0.5), "epoch": 3, "val": {"acc": True}, "name": "a"}, print)
    name a
    {'loss': tensor([0.5000]), 'epoch': 3.0, 'val/acc': 1.0}
    """
    found: dict[str, float | Tensor] = {}
    for name, value in _flat("", values, _DEPTH):
        try:
            if isinstance(value, Tensor):
                if is_distributed(value):  # its operators would communicate
                    raise TypeError
                x = value.detach()
                if x.is_quantized or x.layout != torch.strided:
                    x = x.dequantize() if x.is_quantized else x.to_dense()
                x = x if type(x) is Tensor else x.as_subclass(Tensor)
                # a wrapped tensor is one inside of torch.func, which has no values
                if x.is_meta or x.is_complex() or torch._C._functorch.is_functorch_wrapped_tensor(x):
                    raise TypeError
                found[name] = x.reshape(1).to(torch.float32, copy=True)
            elif isinstance(value, str | bytes | bytearray):
                raise TypeError
            else:
                is_array = getattr(value, "size", None) == 1 and hasattr(value, "item")
                found[name] = float(value.item() if is_array else value)
        except Exception as error:  # of any class, because a value of the user may be of any
            if is_interrupt(error):
                raise
            invalid(name, value)
    return found


def _flat(prefix: str, values: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = prefix + (key if isinstance(key, str) else short(key))
        if isinstance(value, Mapping) and depth > 0:
            yield from _flat(f"{name}/", value, depth - 1)
        else:
            yield name, value


def short(value: object) -> str:
    """Return a value as a text of one short line, also if its class cannot show it.

    >>> short([1] * 100)
    '[1, 1, 1, 1, 1, 1, ...]'
    """
    try:
        return " ".join(_shortener.repr(value).split())[:80]
    except Exception as error:  # the class's own __repr__ raises
        if is_interrupt(error):
            raise
        return f"<{type(value).__name__}>"


def send(scalars: Mapping[str, float | Tensor]) -> Callable[[], dict[str, float]]:
    """Begin to copy scalars to the host, and return a function that waits for them, on any thread.

    Args:
        scalars: as ``checked`` returns them.

    >>> send({"loss": torch.tensor([0.5]), "epoch": 3.0})()
    {'loss': 0.5, 'epoch': 3.0}
    """
    copy = HostCopy()
    found: dict[str, float | Slot] = {
        name: copy.add(value) if isinstance(value, Tensor) else value for name, value in scalars.items()
    }
    arrive = copy.start()

    def values() -> dict[str, float]:
        arrays = arrive()
        return {name: x if isinstance(x, float) else float(arrays(x)[0]) for name, x in found.items()}

    return values
