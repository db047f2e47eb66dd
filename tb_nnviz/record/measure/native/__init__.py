"""Measurement of a CPU tensor in a single pass, in C.

The extension is optional. Without it ``library`` is None, and torch's operators do the same. The C code
(``module.c``) gets addresses that it cannot check, so this module passes only dense blocks of CPU memory to it.
For any other tensor each function returns None.
"""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Sequence
from types import ModuleType

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.measure.fields import FIELDS, UNIT_FIELDS, TensorStats, describe
from tb_nnviz.record.measure.histogram import count_dtype
from tb_nnviz.record.measure.native.team import find_team

#: Version of the C functions' arguments, the same as ``INTERFACE`` in module.c.
INTERFACE = 6
_DTYPES = {torch.float64: 0, torch.float32: 1, torch.bfloat16: 2, torch.float16: 3}
#: Types whose elements are the values in memory. Another subclass may compute its elements.
_PLAIN = {Tensor, torch.nn.Parameter}
_CODES = 2049
#: Least number of elements that threads share. Fewer are not worth waiting for the slowest thread.
_SHARED = 1 << 19
#: Number of results that are allocated at a time. One allocation costs as much as measuring a small tensor.
_POOL = 64

_ITEM = len(FIELDS) * 8
_pool: list[tuple[Tensor, int]] = []


def load() -> ModuleType | None:
    """Return the built extension, or None if it is missing, built from other sources, or NNVIZ_NATIVE is 0."""
    if os.environ.get("NNVIZ_NATIVE") == "0":
        return None
    try:
        found = importlib.import_module(f"{__name__}._kernels")
    except ImportError:
        return None
    tables = [describe(FIELDS), describe(UNIT_FIELDS)]
    if found.INTERFACE != INTERFACE or [found.FIELDS.strip(), found.UNIT_FIELDS] != tables:
        return None
    if (team := find_team()) is not None:
        found.use_team(*team)
    return found


library = load()


def measure(
    x: Tensor,
    unit_axis: int | None,
    bounds: tuple[float, ...],
    minus: Tensor | None,
    copy_to: Tensor | None,
    bin_counts: bool,
    gradient: Tensor | None = None,
) -> TensorStats | None:
    """Return the result of ``stats.measure``, or None, with nothing done, if the extension cannot take x.

    The result has no ``lost`` if the extension cannot take the gradient together with x.
    """
    if library is None or not (address := _address(x)) or len(bounds) > 2:
        return None
    numel, dtype = x.numel(), _DTYPES[x.dtype]
    if bin_counts and count_dtype(numel) != torch.int32:
        return None
    contiguous = x.is_contiguous()
    if not contiguous and not _is_dense(x):
        x, contiguous = x.detach().contiguous(), True
        address = x.data_ptr()
    values, result = _take_result()
    if not result:
        return None
    if unit_axis is None and minus is None and copy_to is None and not bin_counts and not bounds:
        library.measure(address, numel, dtype, result, _threads(numel))
        return TensorStats(numel, values)

    if minus is not None and not _has_order_of(minus, x, contiguous):
        minus = torch.empty_like(x).copy_(minus.detach())
    minus_address = 0 if minus is None else _address(minus)
    counts, counts_address = _memory((_CODES,), torch.int32) if bin_counts else (None, 0)
    units, units_address, unit_count, inner = None, 0, 0, 0
    if unit_axis is not None:
        unit_count, inner = _layout(x, unit_axis)
        units, units_address = _memory((len(UNIT_FIELDS), unit_count), torch.float64)
    if (
        (minus is not None and not minus_address)
        or (bin_counts and not counts_address)
        or (unit_axis is not None and not units_address)
    ):
        return None
    copy_address = 0
    if copy_to is not None:
        if _has_order_of(copy_to, x, contiguous):
            copy_address = _address(copy_to)
        if not copy_address:
            copy_to.detach().copy_(x.detach())
    lost, lost_address, gradient_address = None, 0, 0
    if gradient is not None and _has_order_of(gradient, x, contiguous) and (gradient_address := _address(gradient)):
        lost, lost_address = _memory((2,), torch.float64)
        gradient_address = gradient_address if lost_address else 0
    bound, other_bound = (*bounds, math.nan, math.nan)[:2]
    library.measure(
        address,
        numel,
        dtype,
        result,
        _threads(numel * (1 + (unit_axis is not None) + 2 * bin_counts)),
        minus_address,
        copy_address,
        counts_address,
        units_address,
        unit_count,
        inner,
        bound,
        other_bound,
        gradient_address,
        lost_address,
    )
    return TensorStats(numel, values, units, counts, lost if gradient_address else None)


def norms(tensors: Sequence[Tensor]) -> Tensor | None:
    """Return the sums of ``norms.norms``, [tensors, 3], or None if the extension cannot take one of the tensors."""
    if library is None or not tensors:
        return None
    arguments: list[int] = []
    try:
        # _address, without a call for each of hundreds of tensors. Negated views pass, since a sign changes no norm
        for x in tensors:
            if type(x) not in _PLAIN or not x.is_cpu or x.is_nested or (dtype := _DTYPES.get(x.dtype)) is None:
                return None
            address = x.data_ptr()
            if not address or not (x.is_contiguous() or _is_dense(x)):
                return None
            arguments += (address, x.numel(), dtype)
    except RuntimeError as error:
        if is_interrupt(error):
            raise
        return None
    found, result = _memory((len(tensors), 3), torch.float64)
    if not result:
        return None
    library.norms(arguments, result, torch.get_num_threads(), True)
    return found


def heads_are_finite(heads: Sequence[tuple[Tensor, int]]) -> bool | None:
    """Return True if the first elements of some tensors are finite, None if the extension cannot take one of them.

    Args:
        heads: contiguous tensors, each with the number of elements that are read in the order of memory.
    """
    if library is None:
        return None
    arguments: list[int] = []
    try:
        for x, count in heads:  # as in norms
            if type(x) not in _PLAIN or not x.is_cpu or (dtype := _DTYPES.get(x.dtype)) is None:
                return None
            address = x.data_ptr()
            if not address or not x.is_contiguous():
                return None
            arguments += (address, count, dtype)
    except RuntimeError as error:
        if is_interrupt(error):
            raise
        return None
    found, result = _memory((3,), torch.float64)
    if not result:
        return None
    library.norms(arguments, result, 1, False)
    return not found[1].item()


def moments(
    first: Tensor,
    second: Tensor,
    step_scale: float | Tensor,
    correction: float | Tensor,
    epsilon: float,
    denominator: Tensor | None,
) -> Tensor | None:
    """Return the result of ``moments.moments``, or None if the extension cannot take the tensors."""
    if library is None or not (address := _address(first)):
        return None
    contiguous = first.is_contiguous()
    if not contiguous and not _is_dense(first):
        return None
    others = (second, second if denominator is None else denominator)
    addresses = [_address(x) if _has_order_of(x, first, contiguous) else 0 for x in others]
    scale, root_scale = _number(step_scale), _number(correction)
    found, result = _memory((3,), torch.float64)
    if not all(addresses) or not result or scale is None or root_scale is None:
        return None
    numel = first.numel()
    library.moments(
        address,
        *addresses,
        numel,
        _DTYPES[first.dtype],
        scale,
        root_scale,
        float(epsilon),
        result,
        _threads(numel),
    )
    return found


def gradient_ratio(gradient: Tensor, second: Tensor, correction: float | Tensor, epsilon: float) -> Tensor | None:
    """Return the result of ``moments.gradient_ratio``, or None if the extension cannot take the tensors."""
    if library is None or not (address := _address(gradient)):
        return None
    contiguous = gradient.is_contiguous()
    if not contiguous and not _is_dense(gradient):
        return None
    other = _address(second) if _has_order_of(second, gradient, contiguous) else 0
    factor = _number(correction)
    found, result = _memory((1,), torch.float64)
    if not other or not result or factor is None:
        return None
    numel = gradient.numel()
    library.gradient_ratio(
        address, other, numel, _DTYPES[gradient.dtype], factor, float(epsilon), result, _threads(numel)
    )
    return found


def _threads(work: int) -> int:
    """Return the number of threads for some work, counted in elements read: at most that of torch's operators."""
    return torch.get_num_threads() if work >= _SHARED else 1


def _address(x: Tensor) -> int:
    """Return a tensor's address, or 0 if it is not a plain floating tensor in CPU memory."""
    if type(x) not in _PLAIN or not x.is_cpu or x.dtype not in _DTYPES or x.is_nested or x.is_neg():
        return 0
    try:
        # this is 0 if it is empty or freed, and raises if it has no memory of its own (torch.func, sparse)
        return x.data_ptr()
    except RuntimeError as error:
        if is_interrupt(error):
            raise
        return 0


def _has_order_of(other: Tensor, x: Tensor, contiguous: bool) -> bool:
    """Return True if two tensors have the same order of elements in memory. x is dense, and ``contiguous`` or not."""
    if other.dtype != x.dtype or other.shape != x.shape:
        return False
    return other.is_contiguous() if contiguous else other.stride() == x.stride()


def _memory(shape: tuple[int, ...], dtype: torch.dtype) -> tuple[Tensor, int]:
    """Return a new tensor and its address, which is 0 under a mode such as FakeTensorMode."""
    made = torch.empty(*shape, dtype=dtype, device="cpu")  # faster than with a tuple
    try:
        return made, made.data_ptr() if type(made) is Tensor else 0
    except RuntimeError as error:
        if is_interrupt(error):
            raise
        return made, 0


def _number(x: float | Tensor) -> float | None:
    """Return a number, read from a tensor without an operator, or None if it is on another device."""
    if not isinstance(x, Tensor):
        return float(x)
    return float(x.detach().numpy()) if x.is_cpu else None


def _take_result() -> tuple[Tensor, int]:
    """Return memory for the fields of a tensor, and its address, which is 0 as in ``_memory``."""
    try:
        return _pool.pop()
    except IndexError as error:
        if is_interrupt(error):
            raise
        pass
    with torch.inference_mode(False), torch.no_grad():
        rows = torch.empty((_POOL, len(FIELDS)), dtype=torch.float64, device="cpu").unbind()
    first = _address(rows[0])
    if first:
        _pool.extend((row, first + i * _ITEM) for i, row in enumerate(rows[1:], 1))
    return rows[0], first


def _is_dense(x: Tensor) -> bool:
    """Return True if the elements fill a block of memory, each once, whatever the order of the axes."""
    expected = 1
    for stride, size in sorted(zip(x.stride(), x.shape, strict=True)):
        if size != 1:
            if stride != expected:
                return False
            expected *= size
    return True


def _layout(x: Tensor, axis: int) -> tuple[int, int]:
    """Return the number of units of a dense tensor, and the number of adjacent elements of a unit."""
    if not x.dim():
        return 1, 1
    axis %= x.dim()
    units = x.size(axis)
    return units, x.numel() if units == 1 else x.stride(axis)
