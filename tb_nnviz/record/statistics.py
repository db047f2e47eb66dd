"""What is measured of a tensor: a mergeable state on its device, and a finish step on the host.

``measure`` reduces a tensor to a few float64 numbers with operators that never wait for the device;
``finish`` turns the numbers of many tensors, several a row where micro-batches are merged, into the
statistics of the schema.

Elements are widened to float64 before they are summed, block by block, so that a block stays in the
cache: squares of 1e-40 do not vanish, those of 1e30 do not overflow, and a standard deviation far below
the mean keeps its digits. A float32 sum of 8 million squares is off by 2e-4. Large float32 tensors of
ordinary values take a quicker way, as true.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

#: The numbers that stand for a tensor, in their order.
FIELDS = (
    "low",  # minimum and maximum, NaN if any element is
    "high",
    "total",  # plain sum, as IEEE has it: the mean where something is not finite
    "first",  # sum, and sum of squares, nonfinite elements counted as 0
    "second",
    "nonzero",  # finite elements that are not exactly 0
    "nonfinite",
    "finite_absmax",  # only where nonfinite > 0
    "saturated",  # NaN where the module has no bound
)
#: Those of them that are reduced block by block.
_REDUCED = FIELDS[2:]
#: Elements that are widened at a time: on the CPU what its caches hold, elsewhere what memory bears.
_CPU_BLOCK, _BLOCK = 1 << 16, 1 << 24
#: Elements that are summed at a time where they need not be widened.
_QUICK_BLOCK = 1 << 18
#: A reduction over the rows of a narrow matrix is slow: rows are joined to about this width.
_ROW = 1024
#: How near to its module's bound an element counts as saturated.
SATURATION = 1e-2

_thread = threading.local()


class Part(NamedTuple):
    """The measured state of one tensor, still on its device.

    ``values`` is float64 [len(FIELDS)]; ``unit_low`` and ``unit_high`` are the minimum and maximum of
    each unit, [units], where a unit axis was given.
    """

    numel: int
    values: Tensor
    unit_low: Tensor | None = None
    unit_high: Tensor | None = None


def measure(x: Tensor, unit_axis: int | None = None, bounds: tuple[float, ...] = ()) -> Part | None:
    """Reduce a tensor to a ``Part``; None if it is empty, or not of numbers with a fraction that lie as one block.

    Args:
        x: any shape and any floating or complex dtype; complex counts as its real view, sparse as dense.
        unit_axis: the axis whose indices are units; takes each unit's minimum and maximum.
        bounds: values that the module's output cannot pass; takes the count of elements near them.

    >>> part = measure(torch.tensor([3.0, 0.0, -4.0]))
    >>> part.numel, finish(1, [0], [part.numel], part.values[None].numpy())["norm"].tolist()
    (3, [5.0])
    """
    if x.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(x):  # of torch.func's transforms
        return None
    # Detached, nothing below needs no_grad; float64 operators and those used in float32 are not autocast's.
    x = x.detach() if x.layout == torch.strided else x.detach().to_dense()
    if x.is_complex():
        x = torch.view_as_real(x.resolve_conj())
        unit_axis = None if unit_axis is None else unit_axis - (unit_axis < 0)
    if x.numel() == 0 or not x.is_floating_point():
        return None
    if unit_axis is None:
        unit_low = unit_high = None
    else:
        unit_low, unit_high = _units(x, unit_axis)
        if x.dtype != torch.float64:
            unit_low, unit_high = unit_low.float(), unit_high.float()  # numpy knows no bfloat16
    flat = _flat(x)
    many = flat.numel() > (_CPU_BLOCK if flat.device.type == "cpu" else _BLOCK)
    flat = flat if many else flat.to(_wide(flat))
    low, high = torch.aminmax(flat) if unit_low is None or unit_high is None else (unit_low.amin(), unit_high.amax())
    if many or unit_low is not None:
        low, high = low.to(_wide(flat)), high.to(_wide(flat))
    finite = _known_finite(low, high)
    quick = _reduce_quickly(flat, low, high) if many and finite and not bounds else None
    if quick is not None:
        sums = quick
    elif not many:
        sums = _reduce(flat, finite, bounds)
    else:
        blocks = [_reduce(block, finite, bounds, many=True) for block in _widened(flat)]
        columns = [torch.stack(column) for column in zip(*blocks, strict=True)]
        sums = [
            column.amax() if name == "finite_absmax" else column.sum()
            for name, column in zip(_REDUCED, columns, strict=True)
        ]
    return Part(x.numel(), torch.stack([low, high, *sums]), unit_low, unit_high)


def _widened(flat: Tensor) -> Iterator[Tensor]:
    """The elements in float64, a block at a time; on the CPU the next block overwrites the last."""
    if flat.device.type != "cpu":
        for block in torch.split(flat, _BLOCK):
            yield block.to(_wide(flat))
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
        setattr(_thread, name, buffer)
    return buffer


def _known_finite(low: Tensor, high: Tensor) -> bool:
    """Whether all elements are known to be finite, without waiting for a device.

    On the CPU the extremes are at hand (``numpy`` reads memory, no operator runs). Elsewhere the
    answer would cost a synchronization, so the passes for nonfinite elements run always.
    """
    if low.device.type != "cpu":
        return False
    return math.isfinite(low.numpy()) and math.isfinite(high.numpy())


def _flat(x: Tensor) -> Tensor:
    """All elements as one axis, without a copy where they lie dense, whatever their order."""
    if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
        x = x.permute(0, 2, 3, 1)
    return x.reshape(-1)


def _units(x: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Minimum and maximum of each unit: [units] each."""
    if x.dim() == 0:
        return x.reshape(1), x.reshape(1)
    axis %= x.dim()
    if axis == x.dim() - 1:
        width = x.shape[-1]
        rows = x.reshape(-1, width)
        # a reduction over rows runs along the memory, and is slow for narrow ones: fold some together
        fold = math.gcd(rows.shape[0], max(1, _ROW // width))
        if fold == 1:
            return rows.amin(0), rows.amax(0)
        folded = rows.reshape(-1, fold * width)
        return folded.amin(0).view(fold, width).amin(0), folded.amax(0).view(fold, width).amax(0)
    others = [i for i in range(x.dim()) if i != axis]
    return (x.amin(others), x.amax(others)) if others else (x, x)


@lru_cache(maxsize=64)
def _shared_constant(value: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(value, dtype=dtype, device=device)


def _constant(value: float, like: Tensor) -> Tensor:
    return _shared_constant(value, like.dtype, like.device)


def _wide(x: Tensor) -> torch.dtype:
    # Apple's GPUs have no float64
    return torch.float32 if x.device.type == "mps" else torch.float64


def _near(x: Tensor, bounds: tuple[float, ...]) -> Tensor:
    """How many elements lie within ``SATURATION`` of one of the bounds."""
    near = torch.zeros_like(x, dtype=torch.bool)
    for bound in bounds:
        near |= (x - bound).abs() <= SATURATION
    return torch.count_nonzero(near).to(x.dtype)


def finish(rows: int, row: list[int], count: list[int], values: np.ndarray) -> dict[str, np.ndarray]:
    """Statistics of each row, float64 [rows], from the parts that were measured of it.

    Args:
        rows: number of rows; one without a part has count 0 and NaN elsewhere.
        row: [parts], the row of each part.
        count: [parts], its number of elements.
        values: float64 [parts, len(FIELDS)].

    Moments merge by Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
    sample variances", 1979: the sum of squares about the common mean is that about each part's own
    plus what the parts' means differ by.
    """
    at = np.asarray(row, np.intp)
    n = np.asarray(count, np.float64)
    field = dict(zip(FIELDS, np.asarray(values, np.float64).reshape(len(at), len(FIELDS)).T, strict=True))

    def add(x: np.ndarray) -> np.ndarray:
        return np.bincount(at, x, rows)

    with np.errstate(all="ignore"):
        mean = field["first"] / n
        spread = np.maximum(field["second"] - field["first"] ** 2 / n, 0)

        total, nonfinite = add(n), add(field["nonfinite"])
        clean = nonfinite == 0
        has_nan = add(np.isnan(field["low"]).astype(float)) > 0
        finite_norm = np.sqrt(add(field["second"]))
        norm = np.where(clean, finite_norm, np.where(has_nan, np.nan, np.inf))
        centre = add(n * mean) / total
        variance = (add(spread) + add(n * (mean - centre[at]) ** 2)) / total
        plain = np.where(field["nonfinite"] > 0, field["total"], n * mean)
        low, high = np.full(rows, np.inf), np.full(rows, -np.inf)
        np.minimum.at(low, at, field["low"])
        np.maximum.at(high, at, field["high"])
        absmax = np.maximum(np.abs(low), np.abs(high))
        finite_absmax = np.zeros(rows)
        part_absmax = np.maximum(np.abs(field["low"]), np.abs(field["high"]))
        np.maximum.at(finite_absmax, at, np.where(field["nonfinite"] > 0, field["finite_absmax"], part_absmax))
        result = {
            "norm": norm,
            "rms": norm / np.sqrt(total),
            "mean": np.where(clean, centre, add(plain) / total),
            "std": np.where(clean, np.sqrt(variance), np.nan),
            "min": low,
            "max": high,
            "absmax": absmax,
            "zero_fraction": (total - nonfinite - add(field["nonzero"])) / total,
            "nonfinite": nonfinite,
            "finite_norm": finite_norm,
            "finite_absmax": finite_absmax,
            "saturated_fraction": add(field["saturated"]) / total,
        }
    absent = total == 0
    return {"count": total, **{name: np.where(absent, np.nan, value) for name, value in result.items()}}


def dead_fractions(unit_low: np.ndarray, unit_high: np.ndarray) -> tuple[float, float]:
    """Share of units that are exactly 0 throughout, and share that are never above 0.

    >>> dead_fractions(np.array([0.0, -1.0, -2.0]), np.array([0.0, 0.0, 3.0]))
    (0.3333333333333333, 0.6666666666666666)
    """
    return float(np.mean((unit_low == 0) & (unit_high == 0))), float(np.mean(unit_high <= 0))
