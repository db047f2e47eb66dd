"""Measuring by torch's operators: on every device, and on the CPU where the extension is not built.

No operator here waits for the device: ``.item()``, ``.cpu()`` and what else needs an answer on the host
are ruled out. Elements are widened to float64 before they are summed, block by block, so that a block
stays in the cache. Large float32 tensors of ordinary values take a quicker way, as true.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from tb_nnviz.record.measure.fields import FIELDS, SATURATION, TensorStats
from tb_nnviz.record.measure.histogram import count_codes

#: The fields that are reduced block by block.
_REDUCED = FIELDS[2:]
#: Elements that are widened at a time: on the CPU what its caches hold, elsewhere what memory bears.
_CPU_BLOCK, _BLOCK = 1 << 16, 1 << 24
#: Elements that are summed at a time where they need not be widened.
_QUICK_BLOCK = 1 << 18
#: A reduction over the rows of a narrow matrix is slow: rows are joined to about this width.
_ROW = 1024

_thread = threading.local()
_constants: dict[tuple[str, torch.dtype, torch.device], Tensor] = {}


def measure(
    x: Tensor, unit_axis: int | None, bounds: tuple[float, ...], minus: Tensor | None, bin_counts: bool
) -> TensorStats:
    """Reduce a detached, strided, real, floating tensor that is not empty; ``statistics.measure`` says what is what.

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
    finite = _known_finite(low, high)
    quick = _reduce_quickly(flat, low, high) if many and finite and not bounds else None
    if quick is not None:
        sums = quick
    elif not many:
        sums = _reduce(flat, finite, bounds)
    else:
        sums = _merge(_REDUCED, [_reduce(block, finite, bounds, many=True) for block in _widened(flat)])
    return TensorStats(x.numel(), torch.stack([low, high, *sums]), units, count_codes(x) if bin_counts else None)


def _measure_difference(
    x: Tensor, minus: Tensor, unit_axis: int | None, bounds: tuple[float, ...], bin_counts: bool
) -> TensorStats:
    """The same of x - minus, in float64."""
    if unit_axis is not None or bin_counts:  # nobody asks for them often
        return measure(x.to(wide(x)) - minus.to(wide(x)), unit_axis, bounds, None, bin_counts)
    blocks = []
    for ours, theirs in zip(*(torch.split(flat, _block(x)) for flat in (_flat(x), _flat_as(minus, x))), strict=True):
        block = ours.to(wide(x)) - theirs
        low, high = torch.aminmax(block)
        blocks.append([low, high, *_reduce(block, _known_finite(low, high), bounds)])
    return TensorStats(x.numel(), torch.stack(_merge(FIELDS, blocks) if len(blocks) > 1 else blocks[0]))


def _merge(names: Sequence[str], blocks: list[list[Tensor]]) -> list[Tensor]:
    """The fields of all blocks together."""
    columns = [torch.stack(column) for column in zip(*blocks, strict=True)]
    how = {"low": Tensor.amin, "high": Tensor.amax, "finite_absmax": Tensor.amax}
    return [how.get(name, Tensor.sum)(column) for name, column in zip(names, columns, strict=True)]


def norms(tensors: Sequence[Tensor]) -> Tensor:
    """What ``statistics.norms`` says: [3] on the first one's device."""
    found: list[Tensor] = []
    for x in tensors:
        for block in _widened(_flat(x)):
            y = torch.nan_to_num(block, 0.0, 0.0, 0.0)
            counts = torch.count_nonzero(block - block), torch.count_nonzero(block != block)
            found.append(torch.stack([y.dot(y), *(count.to(y.dtype) for count in counts)]))
    return torch.stack([each.to(found[0].device) for each in found]).sum(0)


def moments(
    first: Tensor,
    second: Tensor,
    step_scale: float | Tensor,
    correction: float | Tensor,
    epsilon: float,
    denominator: Tensor | None,
) -> Tensor:
    """What ``statistics.moments`` says."""
    root = second if denominator is None else denominator
    blocks = []
    flats = [_flat_as(x, first) for x in (first, second, root)]
    for m, v, r in zip(*(torch.split(flat, _block(first)) for flat in flats), strict=True):
        m, v, r = m.to(wide(m)), v.to(wide(v)), r.to(wide(r))
        step = (m / (r.sqrt() * correction + epsilon)) * step_scale
        blocks.append(torch.stack([m.dot(m), v.dot(v), step.dot(step)]))
    return blocks[0] if len(blocks) == 1 else torch.stack(blocks).sum(0)


def _widened(flat: Tensor) -> Iterator[Tensor]:
    """The elements in float64, a block at a time; on the CPU the next block overwrites the last."""
    if flat.device.type != "cpu" or type(flat) is not Tensor:
        for block in torch.split(flat, _BLOCK):
            yield block.to(wide(flat))
        return
    scratch = _scratch("values", torch.float64, _CPU_BLOCK)
    for block in torch.split(flat, _CPU_BLOCK):
        yield block if flat.dtype == torch.float64 else scratch[: block.numel()].copy_(block)


def _reduce(x: Tensor, finite: bool, bounds: tuple[float, ...], many: bool = False) -> list[Tensor]:
    """The _REDUCED fields of a block; ``many`` says that it is one of many."""
    zero = _constant(0.0, x)
    saturated = _near(x, bounds) if bounds else _constant(math.nan, x)
    if finite:
        first = x.sum()
        return [first, first, x.dot(x), _nonzero(x, many), zero, zero, saturated]
    y = torch.nan_to_num(x, 0.0, 0.0, 0.0)
    # x - x is 0 where x is finite and NaN elsewhere
    nonfinite = torch.count_nonzero(x - x).to(x.dtype)
    return [x.sum(), y.sum(), y.dot(y), _nonzero(y, many), nonfinite, y.abs().amax(), saturated]


def _reduce_quickly(x: Tensor, low: Tensor, high: Tensor) -> list[Tensor] | None:
    """The _REDUCED fields of many float32 elements on the CPU, without widening them; all are finite.

    Sums run over rows of 1,024 in float32 and over the rows in float64, which costs a fraction and is off
    by some 1e-8. None where that is not good enough: squares would leave float32's range, or the standard
    deviation is so far below the mean that it would be made of rounding.
    """
    if x.dtype != torch.float32 or not 1e-12 <= max(-low.numpy(), high.numpy()) <= 1e15:
        return None
    whole = x.numel() // _ROW * _ROW
    scratch = _scratch("quick", torch.float32, _QUICK_BLOCK)
    sums, norms, signs = [], [], []
    for block in torch.split(x[:whole], _QUICK_BLOCK):
        sign = torch.sign(block, out=scratch[: block.numel()])
        sums.append(block.view(-1, _ROW).sum(1))
        norms.append(torch.linalg.vector_norm(block.view(-1, _ROW), dim=1))
        signs.append(torch.linalg.vector_norm(sign.view(-1, _ROW), dim=1))
    found = dict(zip(_REDUCED, _reduce(x[whole:].double(), True, ()), strict=True))  # of what fills no row
    first = torch.cat(sums).double().sum() + found["first"]
    second = torch.cat(norms).double().square_().sum() + found["second"]
    if second.numpy() - first.numpy() ** 2 / x.numel() < 1e-2 * second.numpy():
        return None
    nonzero = torch.cat(signs).double().square_().round_().sum() + found["nonzero"]
    found |= {"total": first, "first": first, "second": second, "nonzero": nonzero}
    return [found[name] for name in _REDUCED]


def _nonzero(x: Tensor, many: bool) -> Tensor:
    """How many elements are not exactly 0: the sum of their signs' squares, faster than count_nonzero."""
    reuse = many and x.device.type == "cpu"
    signs = torch.sign(x, out=_scratch("signs", x.dtype, _CPU_BLOCK)[: x.numel()]) if reuse else torch.sign(x)
    return signs.dot(signs)


def _scratch(name: str, dtype: torch.dtype, numel: int) -> Tensor:
    """Memory of this thread's own: fresh memory for each of many blocks would cost more than the sums."""
    buffer: Tensor | None = getattr(_thread, name, None)
    if buffer is None:
        buffer = torch.empty(numel, dtype=dtype, device="cpu")
        if type(buffer) is Tensor:  # not of a mode that makes others
            setattr(_thread, name, buffer)
    return buffer


def _known_finite(low: Tensor, high: Tensor) -> bool:
    """Whether all elements are known to be finite, without waiting for a device.

    On the CPU the extremes are at hand (``numpy`` reads memory, no operator runs). Elsewhere the
    answer would cost a synchronization, so the passes for nonfinite elements run always.
    """
    if low.device.type != "cpu" or type(low) is not Tensor:
        return False
    try:
        return math.isfinite(low.numpy()) and math.isfinite(high.numpy())
    except RuntimeError:  # of torch.func: there are no numbers yet
        return False


def _flat(x: Tensor) -> Tensor:
    """All elements as one axis, without a copy where they lie dense, whatever their order."""
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(-1)


def _flat_as(x: Tensor, like: Tensor) -> Tensor:
    """The elements of x in the order in which ``_flat(like)`` has those of another."""
    if like.dim() == 4 and like.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(-1)


def _units(x: Tensor, axis: int) -> Tensor:
    """What ``TensorStats.units`` is."""
    if x.dim() == 0:
        x, axis = x.reshape(1), 0
    axis %= x.dim()
    units = x.shape[axis]
    others = [i for i in range(x.dim()) if i != axis]
    if not others:
        low, high = x, x
    elif axis == x.dim() - 1:
        rows = x.reshape(-1, units)
        # a reduction over rows runs along the memory, and is slow for narrow ones: fold some together
        fold = math.gcd(rows.shape[0], max(1, _ROW // units))
        folded = rows.reshape(-1, fold * units)
        low, high = folded.amin(0).view(fold, units).amin(0), folded.amax(0).view(fold, units).amax(0)
    else:
        low, high = x.amin(others), x.amax(others)
    low, high = low.to(wide(x)), high.to(wide(x))
    y = x.to(wide(x))
    if not _known_finite(low.amin(), high.amax()):
        y = torch.nan_to_num(y, 0.0, 0.0, 0.0)
    second = torch.linalg.vector_norm(y, dim=others).square() if others else y.square()
    return torch.stack([low, high, second, torch.full_like(low, x.numel() // units)])


def _constant(value: float, like: Tensor) -> Tensor:
    key = (repr(value), like.dtype, like.device)
    constant = _constants.get(key)
    if constant is None or type(like) is not Tensor:
        constant = torch.tensor(value, dtype=like.dtype, device=like.device)
        if type(constant) is Tensor:  # not of a mode that makes others
            _constants[key] = constant
    return constant


def _block(x: Tensor) -> int:
    return _CPU_BLOCK if x.device.type == "cpu" else _BLOCK


def wide(x: Tensor) -> torch.dtype:
    """What elements are widened to: float64, but on Apple's GPUs, which have none."""
    return torch.float32 if x.device.type == "mps" else torch.float64


def _near(x: Tensor, bounds: tuple[float, ...]) -> Tensor:
    """How many elements lie within ``SATURATION`` of one of the bounds."""
    near = torch.zeros_like(x, dtype=torch.bool)
    for bound in bounds:
        near |= (x - bound).abs() <= SATURATION
    return torch.count_nonzero(near).to(x.dtype)
