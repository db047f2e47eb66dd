"""What is measured of a tensor: a mergeable state on its device, and a finish step on the host.

``measure`` reduces a tensor to eleven float64 numbers with operators that never wait for the device;
``finish`` turns the numbers of many tensors, several a row where micro-batches are merged, into the
statistics of the schema, in float64.

Every sum is taken over ``y = x * power - shift``. ``power`` is a power of two that brings the largest
magnitude near 1, so that squares of 1e-30 do not vanish nor those of 1e30 overflow in float32, and
``shift`` is near the mean, so that a standard deviation far below the mean keeps its digits.
Sums run over chunks of 1,024 elements and then in float64: faster than one long float32 sum, and a
thousand times more accurate.
"""

from __future__ import annotations

import math
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
    "shift",
    "power",
    "first",  # sum of y and of y squared, nonfinite elements of x counted as 0
    "second",
    "nonzero",  # finite elements that are not exactly 0
    "nonfinite",
    "finite_absmax",  # only where nonfinite > 0
    "saturated",  # NaN where the module has no bound
)
_CHUNK = 1024
#: Up to here a tensor is widened to float64: the operators' fixed cost outweighs the elements'.
_WIDEN = 1 << 15
#: How near to its module's bound an element counts as saturated.
SATURATION = 1e-2


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
    narrow = flat.device.type == "mps" or (flat.dtype != torch.float64 and flat.numel() > _WIDEN)
    flat = flat.float() if narrow else flat.double()
    if unit_low is None or unit_high is None:
        low, high = torch.aminmax(flat)
    else:
        low, high = unit_low.amin().to(flat.dtype), unit_high.amax().to(flat.dtype)
    fields: tuple[Tensor, ...]
    zero, saturated = _constant(0.0, flat), _near(flat, bounds) if bounds else _constant(math.nan, flat)
    if _known_finite(low, high):
        shift, power, first, second = _sums(flat, low, high)
        # without nonfinite elements the mean comes from the scaled sum, and the largest magnitude from low and high
        fields = (low, high, first, shift, power, first, second, _nonzero(flat), zero, zero, saturated)
    else:
        finite = torch.nan_to_num(flat, 0.0, 0.0, 0.0)
        finite_low, finite_high = torch.aminmax(finite)
        shift, power, first, second = _sums(finite, finite_low, finite_high)
        # x - x is 0 where x is finite and NaN elsewhere
        nonfinite = torch.count_nonzero(flat - flat)
        absmax = torch.maximum(finite_high, -finite_low)
        total = _sum(flat)
        fields = (low, high, total, shift, power, first, second, _nonzero(finite), nonfinite, absmax, saturated)
    if narrow or fields[8] is not zero or bounds:  # stack takes one dtype
        fields = tuple(field.to(_wide(flat)) for field in fields)
    return Part(x.numel(), torch.stack(fields), unit_low, unit_high)


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
        fold = math.gcd(rows.shape[0], max(1, _CHUNK // width))
        if fold == 1:
            return rows.amin(0), rows.amax(0)
        folded = rows.reshape(-1, fold * width)
        return folded.amin(0).view(fold, width).amin(0), folded.amax(0).view(fold, width).amax(0)
    others = [i for i in range(x.dim()) if i != axis]
    return (x.amin(others), x.amax(others)) if others else (x, x)


def _sums(x: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """shift, power, and the sums of y and its square for ``y = x * power - shift``; x is finite."""
    if x.dtype == torch.float64:
        return _constant(0.0, x), _constant(1.0, x), x.sum(), x.dot(x)
    absmax = torch.maximum(high, -low)
    # 2 ** 126 is the largest power whose inverse is a normal float32
    power = torch.ldexp(torch.ones_like(absmax), -torch.frexp(absmax).exponent.clamp(-126, 126))
    shift = x[:_CHUNK].mul(power).mean()
    y = torch.addcmul(-shift, x, power)
    whole = y.numel() // _CHUNK * _CHUNK
    rows, tail = y[:whole].view(-1, _CHUNK), y[whole:].to(_wide(y))
    squares = torch.linalg.vector_norm(rows, dim=1).to(_wide(y)).square().sum()
    return shift, power, _sum(y), squares + tail.dot(tail)


def _sum(x: Tensor) -> Tensor:
    if x.dtype == torch.float64:
        return x.sum()
    whole = x.numel() // _CHUNK * _CHUNK
    return x[:whole].view(-1, _CHUNK).sum(1).to(_wide(x)).sum() + x[whole:].to(_wide(x)).sum()


def _nonzero(x: Tensor) -> Tensor:
    """How many elements are not exactly 0: of their signs' squares, several times faster than count_nonzero."""
    signs = torch.sign(x)
    return signs.dot(signs) if x.dtype == torch.float64 else _sum(signs.mul_(signs))


@lru_cache(maxsize=64)
def _shared_constant(value: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(value, dtype=dtype, device=device)


def _constant(value: float, like: Tensor) -> Tensor:
    return _shared_constant(value, like.dtype, like.device)


def _wide(x: Tensor) -> torch.dtype:
    return torch.float32 if x.device.type == "mps" else torch.float64


def _near(x: Tensor, bounds: tuple[float, ...]) -> Tensor:
    """How many elements lie within ``SATURATION`` of one of the bounds."""
    near = torch.zeros_like(x, dtype=torch.bool)
    for bound in bounds:
        near |= (x - bound).abs() <= SATURATION
    return torch.count_nonzero(near)


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
        mean = (field["shift"] + field["first"] / n) / field["power"]
        squares = (field["second"] + 2 * field["shift"] * field["first"] + n * field["shift"] ** 2) / field[
            "power"
        ] ** 2
        spread = np.maximum(field["second"] - field["first"] ** 2 / n, 0) / field["power"] ** 2

        total, nonfinite = add(n), add(field["nonfinite"])
        clean = nonfinite == 0
        has_nan = add(np.isnan(field["low"]).astype(float)) > 0
        finite_norm = np.sqrt(np.maximum(add(squares), 0))
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
