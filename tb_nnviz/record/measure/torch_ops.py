"""Measurement by torch's operators: on every device, and on the CPU if the extension is not built.

No operator here waits for the device: ``.item()``, ``.cpu()`` and everything else that needs a result on the
host are ruled out. Elements are widened to float64 before they are summed, block by block, so that a block
stays in the cache. Large float32 tensors of ordinary values take a faster path of the same precision.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.measure.fields import FIELDS, INDEX, SATURATION, UNIT_FIELDS, TensorStats
from tb_nnviz.record.measure.histogram import count_codes


class _Sum(NamedTuple):
    """One way to sum over finite elements.

    Args:
        of: float64 elements -> their sum.
        of_rows: float32 [rows, columns] -> float32 [rows], one number per row.
        from_rows: the same numbers in float64 [rows] -> the sum over all rows.
    """

    of: Callable[[Tensor], Tensor]
    of_rows: Callable[[Tensor], Tensor]
    from_rows: Callable[[Tensor], Tensor]


#: The fields that sum a power of every finite element. The C extension lists them in ``native/state.h``.
_SUMS = {
    "sum": _Sum(lambda x: x.sum(), lambda rows: rows.sum(1), lambda sums: sums.sum()),
    "sum_sq": _Sum(
        lambda x: x.dot(x), lambda rows: torch.linalg.vector_norm(rows, dim=1), lambda norms: norms.square_().sum()
    ),
}
_MERGES: dict[str, Callable[[Tensor], Tensor]] = {"min": Tensor.amin, "max": Tensor.amax, "sum": Tensor.sum}
#: Elements that are widened at a time: on the CPU as many as its caches hold, elsewhere as many as memory allows.
_CPU_BLOCK, _BLOCK = 1 << 16, 1 << 24
#: Elements that are summed at a time if they need not be widened.
_QUICK_BLOCK = 1 << 18
#: Range of the largest magnitude in which a row's sum of the highest power neither under- nor overflows float32.
_QUICK_RANGE = tuple(limit ** (2 / max(field.scale_power for field in FIELDS)) for limit in (1e-12, 1e15))
#: A reduction over the rows of a narrow matrix is slow: rows are joined to about this width.
_ROW = 1024

_thread = threading.local()
_constants: dict[tuple[torch.dtype, torch.device], tuple[Tensor, Tensor]] = {}


def measure(
    x: Tensor, unit_axis: int | None, bounds: tuple[float, ...], minus: Tensor | None, bin_counts: bool
) -> TensorStats:
    """Reduce a tensor to its ``TensorStats``.

    Args:
        x: detached, strided, real, floating and not empty.
        unit_axis, bounds, minus, bin_counts: as in ``stats.measure``.

    >>> measure(torch.tensor([3.0, 0.0, -4.0]), None, (), None, False).values[:3].tolist()
    [-4.0, 3.0, -1.0]
    """
    if minus is not None:
        return _measure_difference(x, minus, unit_axis, bounds, bin_counts)
    units = None if unit_axis is None else _units(x, unit_axis)
    flat = _flat(x)
    many = flat.numel() > _block(flat)
    flat = flat if many else flat.to(wide(flat))
    low, high = torch.aminmax(flat) if units is None else (units[0].amin(), units[1].amax())
    if many or units is not None:
        low, high = low.to(wide(flat)), high.to(wide(flat))
    absmax = _known_absmax(low, high)
    quick = _reduce_quickly(flat, absmax) if many and absmax is not None and not bounds else None
    if quick is not None:
        fields = quick
    elif not many:
        fields = _reduce(flat, absmax, bounds)
    else:
        fields = _merge([_reduce(block, absmax, bounds, many=True) for block in _widened(flat)])
    values = _pack({"min": low, "max": high, **fields})
    return TensorStats(x.numel(), values, units, count_codes(x) if bin_counts else None)


def _measure_difference(
    x: Tensor, minus: Tensor, unit_axis: int | None, bounds: tuple[float, ...], bin_counts: bool
) -> TensorStats:
    """Reduce x - minus, computed in float64, to its ``TensorStats``."""
    if unit_axis is not None or bin_counts:  # rare, so a copy of the whole difference is good enough
        return measure(x.to(wide(x)) - minus.to(wide(x)), unit_axis, bounds, None, bin_counts)
    blocks = []
    for left, right in zip(*(torch.split(flat, _block(x)) for flat in (_flat(x), _flat_as(minus, x))), strict=True):
        block = left.to(wide(x)) - right
        low, high = torch.aminmax(block)
        blocks.append({"min": low, "max": high, **_reduce(block, _known_absmax(low, high), bounds)})
    return TensorStats(x.numel(), _pack(_merge(blocks) if len(blocks) > 1 else blocks[0]))


def _merge(blocks: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the fields of all blocks together, merged as in the table of fields."""
    return {
        name: _MERGES[FIELDS[INDEX[name]].merge](torch.stack([block[name] for block in blocks])) for name in blocks[0]
    }


def _pack(fields: dict[str, Tensor]) -> Tensor:
    """Return the fields in the order of their table: [len(FIELDS)]."""
    return torch.stack([fields[name] for name in INDEX])


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """Return the sums of ``norms.norms``, float64 [tensors, 3]. All tensors are on one device."""
    found: list[Tensor] = []
    for x in tensors:
        blocks = [_norm(block) for block in _widened(_flat(x))]
        found.append(blocks[0] if len(blocks) == 1 else torch.stack(blocks).sum(0))
    return torch.stack(found)


def _norm(x: Tensor) -> Tensor:
    y = torch.nan_to_num(x, 0.0, 0.0, 0.0)
    counts = torch.count_nonzero(x - x), torch.count_nonzero(x != x)
    return torch.stack([y.dot(y), *(count.to(y.dtype) for count in counts)])


def moments(
    first: Tensor,
    second: Tensor,
    step_scale: float | Tensor,
    correction: float | Tensor,
    epsilon: float,
    denominator: Tensor | None,
) -> Tensor:
    """Return the sums of ``moments.moments``, float64 [3]."""
    root = second if denominator is None else denominator
    blocks = []
    flats = [_flat_as(x, first) for x in (first, second, root)]
    for m, v, r in zip(*(torch.split(flat, _block(first)) for flat in flats), strict=True):
        m, v, r = m.to(wide(m)), v.to(wide(v)), r.to(wide(r))
        step = (m / (r.sqrt() * correction + epsilon)) * step_scale
        blocks.append(torch.stack([m.dot(m), v.dot(v), step.dot(step)]))
    return blocks[0] if len(blocks) == 1 else torch.stack(blocks).sum(0)


def count_lost(x: Tensor, minus: Tensor, gradient: Tensor) -> Tensor:
    """Return ``TensorStats.lost`` of x - minus, float64 [2]."""
    found = []
    flats = (_flat_as(each, x) for each in (x, minus, gradient))
    for left, right, g in zip(*(torch.split(flat, _block(x)) for flat in flats), strict=True):
        present = g != 0
        found.append(torch.stack([torch.count_nonzero(present), torch.count_nonzero(present & (left == right))]))
    return (found[0] if len(found) == 1 else torch.stack(found).sum(0)).to(wide(x))


def gradient_ratio(gradient: Tensor, second: Tensor, correction: float | Tensor, epsilon: float) -> Tensor:
    """Return the sum of ``moments.gradient_ratio``, float64 [1]."""
    found = []
    flats = (_flat_as(each, gradient) for each in (gradient, second))
    for g, v in zip(*(torch.split(flat, _block(gradient)) for flat in flats), strict=True):
        g = g.to(wide(g))
        usual = (v.to(g.dtype) * correction).clamp_min(epsilon**2)
        found.append(torch.where(g == 0, _zero_and_nan(g)[0], g / usual).dot(g).reshape(1))
    return found[0] if len(found) == 1 else torch.stack(found).sum(0)


def _widened(flat: Tensor) -> Iterator[Tensor]:
    """Yield the elements in float64, block by block. On the CPU each block overwrites the last."""
    if flat.device.type != "cpu" or type(flat) is not Tensor:
        for block in torch.split(flat, _BLOCK):
            yield block.to(wide(flat))
        return
    scratch = _scratch("values", torch.float64, _CPU_BLOCK)
    for block in torch.split(flat, _CPU_BLOCK):
        yield block if flat.dtype == torch.float64 else scratch[: block.numel()].copy_(block)


def _reduce(x: Tensor, absmax: Tensor | None, bounds: tuple[float, ...], many: bool = False) -> dict[str, Tensor]:
    """Return all fields of a block of float64 elements but its minimum and maximum.

    Args:
        x: the elements, of one axis.
        absmax: their largest magnitude, or None if they are not known to be finite.
        bounds: elements near these values are counted.
        many: the block is one of many, so it is worth keeping memory for the next.
    """
    zero, nan = _zero_and_nan(x)
    saturated = _near(x, bounds) if bounds else nan
    if absmax is not None:
        sums = {name: each.of(x) for name, each in _SUMS.items()}
        return {
            **sums,
            "ieee_sum": sums["sum"],
            "nonzero": _nonzero(x, many),
            "nonfinite": zero,
            "finite_absmax": absmax,
            "saturated": saturated,
        }
    y = torch.nan_to_num(x, 0.0, 0.0, 0.0)
    return {
        **{name: each.of(y) for name, each in _SUMS.items()},
        "ieee_sum": x.sum(),
        "nonzero": _nonzero(y, many),
        # x - x is 0 where x is finite and NaN elsewhere
        "nonfinite": torch.count_nonzero(x - x).to(x.dtype),
        "finite_absmax": y.abs().amax(),
        "saturated": saturated,
    }


def _reduce_quickly(x: Tensor, absmax: Tensor) -> dict[str, Tensor] | None:
    """Return the result of ``_reduce`` for many finite float32 elements on the CPU, without widening them.

    Sums run over rows of 1,024 in float32 and over the rows in float64. That is several times faster, with a
    relative error of about 1e-8. Return None if that is not good enough: if powers would leave float32's range,
    or if the standard deviation is so far below the mean that it would consist of rounding errors.
    """
    if x.dtype != torch.float32 or not _QUICK_RANGE[0] <= absmax.numpy() <= _QUICK_RANGE[1]:
        return None
    whole = x.numel() // _ROW * _ROW
    scratch = _scratch("quick", torch.float32, _QUICK_BLOCK)
    rows: dict[str, list[Tensor]] = {name: [] for name in _SUMS}
    signs = []
    for block in torch.split(x[:whole], _QUICK_BLOCK):
        for name, each in _SUMS.items():
            rows[name].append(each.of_rows(block.view(-1, _ROW)))
        sign = torch.sign(block, out=scratch[: block.numel()])
        signs.append(torch.linalg.vector_norm(sign.view(-1, _ROW), dim=1))
    rest = _reduce(x[whole:].double(), absmax, ())  # the elements that fill no row
    sums = {name: each.from_rows(torch.cat(rows[name]).double()) + rest[name] for name, each in _SUMS.items()}
    total, squares = sums["sum"].numpy(), sums["sum_sq"].numpy()
    if squares - total**2 / x.numel() < 1e-2 * squares:
        return None
    nonzero = torch.cat(signs).double().square_().round_().sum() + rest["nonzero"]
    return {**rest, **sums, "ieee_sum": sums["sum"], "nonzero": nonzero}


def _nonzero(x: Tensor, many: bool) -> Tensor:
    """Count the elements that are not exactly 0, as the sum of their squared signs, which beats count_nonzero."""
    reuse = many and x.device.type == "cpu"
    signs = torch.sign(x, out=_scratch("signs", x.dtype, _CPU_BLOCK)[: x.numel()]) if reuse else torch.sign(x)
    return signs.dot(signs)


def _scratch(name: str, dtype: torch.dtype, numel: int) -> Tensor:
    """Return a buffer of this thread. New memory for each of many blocks would cost more than the sums."""
    buffer: Tensor | None = getattr(_thread, name, None)
    if buffer is None:
        buffer = torch.empty(numel, dtype=dtype, device="cpu")
        if type(buffer) is Tensor:  # a mode such as FakeTensorMode may create tensors of its own
            setattr(_thread, name, buffer)
    return buffer


def _known_absmax(low: Tensor, high: Tensor) -> Tensor | None:
    """Return the largest magnitude, or None if elements may not be finite.

    On the CPU the extremes are in memory, and ``numpy`` reads them without an operator. Elsewhere reading them
    would cost a synchronization, so the passes for nonfinite elements always run.
    """
    if low.device.type != "cpu" or type(low) is not Tensor:
        return None
    try:
        least, most = float(low.numpy()), float(high.numpy())
    except RuntimeError as error:  # a tensor of torch.func has no values yet
        if is_interrupt(error):
            raise
        return None
    if not (math.isfinite(least) and math.isfinite(most)):
        return None
    return high if most >= -least else low.neg()


def _flat(x: Tensor) -> Tensor:
    """Return all elements on one axis, in the order of memory, so that a dense tensor is not copied."""
    return _flat_as(x, x)


def _flat_as(x: Tensor, like: Tensor) -> Tensor:
    """Return the elements of x in the order of ``_flat(like)``."""
    if like.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(-1)


def _units(x: Tensor, axis: int) -> Tensor:
    """Return the fields of each unit, [len(UNIT_FIELDS), units]."""
    if x.dim() == 0:
        x, axis = x.reshape(1), 0
    axis %= x.dim()
    units = x.shape[axis]
    others = [i for i in range(x.dim()) if i != axis]
    if not others:
        low, high = x, x
    elif axis == x.dim() - 1:
        rows = x.reshape(-1, units)
        # a reduction over narrow rows is slow, so some are joined
        fold = math.gcd(rows.shape[0], max(1, _ROW // units))
        folded = rows.reshape(-1, fold * units)
        low, high = folded.amin(0).view(fold, units).amin(0), folded.amax(0).view(fold, units).amax(0)
    else:
        low, high = x.amin(others), x.amax(others)
    low, high = low.to(wide(x)), high.to(wide(x))
    y = x.to(wide(x))
    if _known_absmax(low.amin(), high.amax()) is None:
        y = torch.nan_to_num(y, 0.0, 0.0, 0.0)
    sum_sq = torch.linalg.vector_norm(y, dim=others).square() if others else y.square()
    fields = {"min": low, "max": high, "sum_sq": sum_sq, "count": torch.full_like(low, x.numel() // units)}
    return torch.stack([fields[field.name] for field in UNIT_FIELDS])


def _zero_and_nan(like: Tensor) -> tuple[Tensor, Tensor]:
    """Return 0 and NaN as 0-d tensors. They are shared, so they must not be modified."""
    key = like.dtype, like.device
    found = _constants.get(key)
    if found is None or type(like) is not Tensor:
        zero, nan = (torch.tensor(value, dtype=like.dtype, device=like.device) for value in (0.0, math.nan))
        found = zero, nan
        if type(zero) is Tensor:  # a mode such as FakeTensorMode may create tensors of its own
            _constants[key] = found
    return found


def _block(x: Tensor) -> int:
    return _CPU_BLOCK if x.device.type == "cpu" else _BLOCK


def wide(x: Tensor) -> torch.dtype:
    """Return the dtype of sums: float64, or float32 on Apple's GPUs, which have no float64."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def _near(x: Tensor, bounds: tuple[float, ...]) -> Tensor:
    """Count the elements within ``SATURATION`` of one of the bounds."""
    near = torch.zeros_like(x, dtype=torch.bool)
    for bound in bounds:
        near |= (x - bound).abs() <= SATURATION
    return torch.count_nonzero(near).to(x.dtype)
