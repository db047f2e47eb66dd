"""Options of optimizers as values of JSON."""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tb_nnviz.record.collect.scalars import short
from tb_nnviz.record.model.metadata import metadata, shape_of

#: Most values of a list that are written.
MOST_VALUES = 16
#: Most characters of a text.
MOST_TEXT = 80
#: Integers beyond it are written as texts.
_INT_LIMIT = 1 << 63
#: Types whose text needs no value of a tensor.
_SHOWN = (complex, bytes, enum.Enum, torch.dtype, torch.device)


def plain(value: Any, send: Callable[[Tensor], Any], nested: bool = False) -> Any:
    """Return an option as a value of JSON: a number, a boolean, a string, None, or a list of these.

    No tensor is read, because that would wait for its device.

    Args:
        value: the option.
        send: called with a tensor of one element, to return what stands for its number.
        nested: whether the value is within a list.

    >>> plain((0.9, torch.tensor(0.5)), float), plain(math.inf, float), plain(torch.ones(2, 3), float)
    ([0.9, 0.5], 'inf', 'Tensor [2, 3]')
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= MOST_TEXT else value[: MOST_TEXT - 3] + "..."
    if isinstance(value, Tensor):
        if _is_number(value):
            return send(value)
        return f"{type(value).__name__} {list(shape_of(value))}"[:MOST_TEXT]
    if isinstance(value, np.generic | np.ndarray) and value.size == 1 and value.dtype.kind in "biuf":
        value = value.item()
    if isinstance(value, int | float):
        if isinstance(value, int) and abs(value) < _INT_LIMIT:
            return value + 0  # of a subclass, such as an enumeration, the number
        number = math.nan if isinstance(value, int) else float(value)
        return number if math.isfinite(number) else short(value)
    if isinstance(value, list | tuple) and len(value) <= MOST_VALUES and not nested:
        return [plain(one, send, nested=True) for one in value]
    if isinstance(value, type) or callable(value):
        return str(getattr(value, "__qualname__", f"<{type(value).__name__}>"))[:MOST_TEXT]
    if isinstance(value, _SHOWN):
        return short(value)
    size = f" of {len(value)}" if isinstance(value, list | tuple | set | frozenset | dict) else ""
    return f"<{type(value).__name__}{size}>"[:MOST_TEXT]


def _is_number(x: Tensor) -> bool:
    """Return True if a tensor is one real number in the memory of a device."""
    if type(x) not in (Tensor, nn.Parameter) or torch._C._functorch.is_functorch_wrapped_tensor(x):
        return False
    with metadata():
        odd = x.is_meta or x.is_nested or x.is_complex() or x.is_quantized or x.layout != torch.strided
        return not odd and x.numel() == 1
