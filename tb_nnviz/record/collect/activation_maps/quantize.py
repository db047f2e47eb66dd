"""Quantization of values to one byte each, with the scale and the offset that restore them."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tb_nnviz.schema import NONFINITE_CODE


def exact_dtype(device: torch.device) -> torch.dtype:
    """Return the dtype of exact numbers, which is float64 if the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


def quantize(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the codes of a tensor's values, uint8 of its shape, and [offset, scale, nonfinite] of ``exact_dtype``.

    A value is ``offset + scale * code``, with an error of at most ``scale / 2``. If any value is nonfinite, code 255
    stands for nonfinite values, and the others use 0 to 254. If all values are equal, the scale is 0. Nothing waits
    for the device.

    >>> codes, numbers = quantize(torch.tensor([-1.0, 0.0, 4.1]))
    >>> codes.tolist(), [round(number, 6) for number in numbers.tolist()]
    ([0, 50, 255], [-1.0, 0.02, 0.0])
    """
    x = x.to(exact_dtype(x.device))
    if x.device.type == "cpu" and (quick := _quantize_finite(x)) is not None:
        return quick
    finite = x.isfinite()
    nonfinite = (~finite).sum()
    infinity = torch.full((), torch.inf, dtype=x.dtype, device=x.device)
    low, high = x.where(finite, infinity).amin(), x.where(finite, -infinity).amax()
    any_finite = low <= high
    low, high = low.where(any_finite, torch.zeros_like(low)), high.where(any_finite, torch.zeros_like(high))
    levels = 255.0 - (nonfinite > 0).to(x.dtype)
    scale = high / levels - low / levels  # divided first, because their difference may overflow
    step = scale.where(scale > 0, torch.ones_like(scale))
    codes = (x / step - low / step).round().clamp(min=0).minimum(levels)
    codes = codes.where(finite, torch.full_like(infinity, NONFINITE_CODE))
    return codes.to(torch.uint8), torch.stack([low, scale, nonfinite.to(x.dtype)])


def _quantize_finite(x: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return the same, four times faster, or None if a value is nonfinite. On a GPU that test would wait."""
    low, high = (bound.item() for bound in torch.aminmax(x))
    if not math.isfinite(high - low):
        return None
    scale = high / 255.0 - low / 255.0
    codes = x.sub(low).div_(scale if scale > 0 else 1.0).round_().clamp_(max=255.0)
    return codes.to(torch.uint8), torch.tensor([low, scale, 0.0], dtype=x.dtype)
