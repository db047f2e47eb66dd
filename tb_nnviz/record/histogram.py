"""Counts on the schema's fixed signed-log bins.

The bins are four an octave, so the top bits of a float (sign, exponent, two bits of mantissa) are its
bin: the device counts these codes, and the host sorts them into the 520 bins by a table.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.schema import BINS

_MANTISSA_BITS = 2


def count_codes(x: Tensor) -> Tensor | None:
    """How often each code occurs: int32 [2049] (float64: [16385]); the last is exact zero.

    None if the tensor is empty or not of numbers with a fraction. Nothing waits for the device.
    """
    if x.layout != torch.strided:
        x = x.to_dense()
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj())
    if x.numel() == 0 or not x.is_floating_point():
        return None
    with torch.no_grad():
        x = x.detach().reshape(-1)
        if x.dtype == torch.float64:
            integers, shift, codes = x.view(torch.int64), 52 - _MANTISSA_BITS, 1 << 14
        else:
            x = x.float()
            integers, shift, codes = x.view(torch.int32), 23 - _MANTISSA_BITS, 1 << 11
        code = (integers >> shift) & (codes - 1)
        # the code of zero is also that of the smallest denormal numbers: zeros are told apart by value
        code = torch.where(x == 0, codes, code).to(torch.int64)
        ones = torch.ones(1, dtype=torch.int32, device=x.device).expand(code.shape)
        return torch.zeros(codes + 1, dtype=torch.int32, device=x.device).scatter_add_(0, code, ones)


def to_bins(counts: np.ndarray) -> np.ndarray:
    """Counts of codes, [codes + 1], sorted into the schema's bins: int64 [520].

    >>> to_bins(count_codes(torch.tensor([0.0, 1.0, 1.2, -1.0])).numpy()).nonzero()[0].tolist()
    [98, 260, 422]
    """
    return np.bincount(_bin_of_code(len(counts) - 1), counts, BINS).astype(np.int64)


@lru_cache(maxsize=2)
def _bin_of_code(codes: int) -> np.ndarray:
    code = np.arange(codes + 1)
    exponents = codes >> (1 + _MANTISSA_BITS)
    negative = (code & (codes >> 1)) > 0
    quarter = code & ((1 << _MANTISSA_BITS) - 1)
    exponent = (code >> _MANTISSA_BITS) & (exponents - 1)
    octave = exponent - (exponents // 2 - 1)
    magnitude = np.where(octave < -40, 1, np.where(octave >= 24, 258, 2 + (octave + 40) * 4 + quarter))
    special = exponent == exponents - 1
    magnitude = np.where(special, 259, magnitude)
    bins = np.where(negative, BINS // 2 - magnitude, BINS // 2 + magnitude)
    # quiet NaNs, all that arithmetic makes, have their topmost bit of mantissa set
    bins = np.where(special & (quarter > 0), 0, bins)
    bins[codes] = BINS // 2
    return bins
