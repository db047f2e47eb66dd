"""Counts on the schema's fixed signed-log bins.

There are four bins per octave, so a float's code (its sign, its exponent and two bits of mantissa) determines
its bin. The device counts codes, and the host adds them up to the 520 bins by a table.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.schema import BINS

_MANTISSA_BITS = 2
#: Number of codes of a float32. One more code stands for exact zero.
_CODES = 1 << 11
#: The largest count that an int32 holds.
MOST = 2**31 - 1


def count_dtype(numel: int) -> torch.dtype:
    """Return the smallest integer dtype that can count this many elements."""
    return torch.int32 if numel <= MOST else torch.int64


def count_codes(x: Tensor) -> Tensor | None:
    """Return the number of elements of each code, [2049] of ``count_dtype(x.numel())``. The last is exact zero.

    Return None if the tensor is empty, or if it is neither floating nor complex. Nothing waits for the device.
    ``stats.measure`` returns the same counts without a pass of its own.
    """
    if x.layout != torch.strided:
        x = x.to_dense()
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj())
    if x.numel() == 0 or not x.is_floating_point():
        return None
    with torch.no_grad():
        x = x.detach().resolve_neg().reshape(-1)
        code = _narrow_codes(x) if x.dtype == torch.float64 else x.float().view(torch.int32) >> (23 - _MANTISSA_BITS)
        # zero shares its code with the smallest denormal numbers, so zeros are recognized by value
        code = torch.where(x == 0, _CODES, code & (_CODES - 1)).to(torch.int64)
        dtype = count_dtype(x.numel())
        ones = torch.ones(1, dtype=dtype, device=x.device).expand(code.shape)
        return torch.zeros(_CODES + 1, dtype=dtype, device=x.device).scatter_add_(0, code, ones)


def _narrow_codes(x: Tensor) -> Tensor:
    """Return the codes of float64 numbers.

    Numbers beyond float32's range get the codes of its smallest and its largest numbers, which lie beyond the
    bins too.
    """
    top = x.view(torch.int64) >> (52 - _MANTISSA_BITS)
    magnitude = top & (1 << 13) - 1
    moved = (magnitude - ((1023 - 127) << _MANTISSA_BITS)).clamp(0, (0xFF << _MANTISSA_BITS) - 1)
    special = magnitude >= 0x7FF << _MANTISSA_BITS
    return torch.where(special, magnitude & (_CODES // 2 - 1), moved) | (top >> 13 & 1) << 10


def to_bins(counts: np.ndarray) -> np.ndarray:
    """Return the counts of the schema's bins, int64 [..., 520], from the counts of codes, [..., 2049].

    >>> to_bins(count_codes(torch.tensor([0.0, 1.0, 1.2, -1.0])).numpy()).nonzero()[0].tolist()
    [98, 260, 422]
    """
    order, starts = _codes_by_bin()
    return np.add.reduceat(counts.take(order, -1), starts, -1, dtype=np.int64)


def unscale_codes(counts: np.ndarray, scale: float) -> np.ndarray | None:
    """Return the counts of codes that elements would have had without the loss scale that multiplied them.

    Return None if the scale is no power of two, because the bins are then not whole codes.

    Args:
        counts: [..., 2049], as ``count_codes`` returns them.
        scale: the loss scale.

    >>> counts = count_codes(torch.tensor([0.0, 8.0, 9.6, -8.0])).numpy()
    >>> to_bins(unscale_codes(counts, 8.0)).nonzero()[0].tolist()
    [98, 260, 422]
    """
    mantissa, exponent = math.frexp(scale)
    if mantissa != 0.5:
        return None
    half = _CODES // 2
    magnitude = np.arange(half)
    special = half - (1 << _MANTISSA_BITS)  # codes of NaN and Inf, which no scale changes
    moved = np.clip(magnitude - ((exponent - 1) << _MANTISSA_BITS), 0, special - 1)
    moved = np.where(magnitude >= special, magnitude, moved)
    unscaled = np.zeros_like(counts)
    by_code = np.moveaxis(unscaled, -1, 0)
    np.add.at(by_code, np.concatenate([moved, half + moved, [_CODES]]), np.moveaxis(counts, -1, 0))
    return unscaled


@lru_cache(maxsize=1)
def _codes_by_bin() -> tuple[np.ndarray, np.ndarray]:
    """Return all codes in the order of their bins, and the index of each bin's first code.

    Every bin has at least one code.
    """
    bins = _bin_of_code()
    order = np.argsort(bins, kind="stable")
    return order, np.searchsorted(bins[order], np.arange(BINS))


def _bin_of_code() -> np.ndarray:
    code = np.arange(_CODES + 1)
    exponents = _CODES >> (1 + _MANTISSA_BITS)
    negative = (code & (_CODES >> 1)) > 0
    quarter = code & ((1 << _MANTISSA_BITS) - 1)
    exponent = (code >> _MANTISSA_BITS) & (exponents - 1)
    octave = exponent - (exponents // 2 - 1)
    magnitude = np.where(octave < -40, 1, np.where(octave >= 24, 258, 2 + (octave + 40) * 4 + quarter))
    special = exponent == exponents - 1
    magnitude = np.where(special, 259, magnitude)
    bins = np.where(negative, BINS // 2 - magnitude, BINS // 2 + magnitude)
    # arithmetic makes quiet NaNs only, whose top bit of mantissa is set
    bins = np.where(special & (quarter > 0), 0, bins)
    bins[_CODES] = BINS // 2
    return bins
