"""Values -> one byte each, with the scale and the offset that bring them back."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tb_nnviz.schema import NONFINITE_CODE


def exact_dtype(device: torch.device) -> torch.dtype:
    """What figures are computed in: float64, where the device has it."""
    return torch.float32 if device.type == "mps" else torch.float64


def quantize(x: Tensor) -> tuple[Tensor, Tensor]:
    """Codes of a tensor's values, uint8 of its shape, and [offset, scale, nonfinite] of ``exact_dtype``.

    A value is ``offset + scale * code``, to half a scale. Code 255 is what is not finite, where anything is
    not; the others use 0 to 254 then. All values equal: scale 0. Nothing waits for the device.

    >>> codes, figures = quantize(torch.tensor([-1.0, 0.0, 4.1]))
    >>> codes.tolist(), [round(figure, 6) for figure in figures.tolist()]
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
    scale = high / levels - low / levels  # one by one: their difference may be beyond the largest number
    step = scale.where(scale > 0, torch.ones_like(scale))
    codes = (x / step - low / step).round().clamp(min=0).minimum(levels)
    codes = codes.where(finite, torch.full_like(infinity, NONFINITE_CODE))
    return codes.to(torch.uint8), torch.stack([low, scale, nonfinite.to(x.dtype)])


def _quantize_finite(x: Tensor) -> tuple[Tensor, Tensor] | None:
    """The same in a quarter of the time, where all is finite: to ask for that costs nothing on the CPU."""
    low, high = (bound.item() for bound in torch.aminmax(x))
    if not math.isfinite(high - low):
        return None
    scale = high / 255.0 - low / 255.0
    codes = x.sub(low).div_(scale if scale > 0 else 1.0).round_().clamp_(max=255.0)
    return codes.to(torch.uint8), torch.tensor([low, scale, 0.0], dtype=x.dtype)
