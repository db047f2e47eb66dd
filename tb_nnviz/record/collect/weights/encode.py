"""Encoding of a weight's map on the host, one byte per value."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.collect.weights.plan import Plan, evenly
from tb_nnviz.record.collect.weights.pool import Pooled
from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot

#: Code of exactly 0, and of no other value.
ZERO = 127


class Sent(NamedTuple):
    """A weight whose values are being copied to the host."""

    plan: Plan
    shape: tuple[int, ...]
    dtype: str
    values: Slot
    norms: tuple[Slot, ...]
    nonfinite: Slot


def send(pooled: Pooled, copy: HostCopy) -> Sent:
    """Add the data of a weight's map to the copy."""
    norms = tuple(copy.add(norm) for norm in pooled.norms)
    return Sent(pooled.plan, pooled.shape, pooled.dtype, copy.add(pooled.values), norms, copy.add(pooled.nonfinite))


def quantize(values: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the codes of values, uint8 of the same shape, and the size of a step.

    A value is ``(code - ZERO) * step``, with an error of less than a step. Exactly 0 has a code of its own, and so
    have nonfinite values. The step is the smallest that covers the largest magnitude and is an edge of the
    histograms' bins. An unchanged weight therefore keeps its code until the largest weight crosses such an edge.

    >>> codes, step = quantize(np.array([1.0, -0.25, 0.0, 1e-9, np.inf]))
    >>> codes.tolist(), step
    ([229, 101, 127, 128, 255], 0.009765625)
    """
    finite = np.isfinite(values)
    largest = float(np.max(np.abs(values), where=finite, initial=0.0))
    step = _round_up(largest / ZERO)
    with np.errstate(invalid="ignore"):
        steps = np.rint(np.where(finite, values, 0.0) / step)
    steps = np.where((steps == 0) & (values != 0), np.sign(np.where(finite, values, 1.0)), steps)
    codes = np.where(finite, steps + ZERO, schema.NONFINITE_CODE)
    return codes.astype(np.uint8), step


def _round_up(least: float) -> float:
    """Return the smallest of (1, 1.25, 1.5, 1.75) x 2^e that is not below ``least``, or 1 for 0."""
    if least == 0:
        return 1.0
    mantissa, exponent = math.frexp(least)  # 0.5 <= mantissa < 1
    return math.ldexp(math.ceil(mantissa * 8) / 8, exponent)


def payload(sent: Sent, arrays: HostArrays) -> np.ndarray:
    """Return the map of a weight as the payload of its tag."""
    plan, values = sent.plan, arrays(sent.values).astype(np.float64)
    shape: tuple[int, ...] = plan.kept + plan.view.shape[2:]
    axes, size = plan.view.axes, plan.view.shape
    if plan.tiled:
        shape, axes = (3, *shape), ("reduction", *axes)
        values = values.reshape(shape)
        heights, widths = (_tile_sizes(size[i], plan.tile[i]) for i in (0, 1))
        values[0] /= heights[:, None] * widths
        # Rounding of a long sum could move a mean out of the range of its tile.
        with np.errstate(invalid="ignore"):
            inside = np.clip(values[0], values[1], values[2])
        values[0] = np.where(np.isfinite(values[0]), inside, values[0])
    codes, step = quantize(values.reshape(shape))
    nonfinite = int(arrays(sent.nonfinite)[0])
    shortened = {axis: i for i, axis in enumerate(plan.view.axes[:2]) if plan.kept[i] < size[i]}
    order = {} if plan.tiled else {axis: evenly(size[i], plan.kept[i]) for axis, i in shortened.items()}
    how = "mean" if plan.tiled else "every"
    header: dict[str, Any] = {
        "shape": list(shape),
        "axes": list(axes),
        "scale": step,
        "offset": -ZERO * step,
        "zero": ZERO,
        "downsampled": {axis: [size[i], plan.kept[i], how] for axis, i in shortened.items()} or None,
        "unit_order": order or None,
        "nonfinite": max(nonfinite, int((codes == schema.NONFINITE_CODE).any())),
        "norms": _norms(plan, [arrays(slot) for slot in sent.norms]),
        "tensor": {"shape": list(sent.shape), "dtype": sent.dtype},
    }
    return schema.encode_map(header, codes)


def _tile_sizes(size: int, tile: int) -> np.ndarray:
    return np.minimum(tile, size - np.arange(0, size, tile)).astype(np.float64)


def _norms(plan: Plan, norms: list[np.ndarray]) -> dict[str, dict[str, list[float | None]]]:
    """Return by axis the norm of each row or column, or the smallest and largest norm of each tile."""
    found = {}
    rest = iter(norms)
    for axis, tile in zip(plan.view.axes, plan.tile, strict=False):
        low = _digits(next(rest))
        found[axis] = {"min": low, "max": _digits(next(rest))} if tile > 1 else {"max": low}
    return found


def _digits(values: np.ndarray) -> list[float | None]:
    """Return values with four significant digits, and None for a nonfinite value, which JSON lacks."""
    return [float(f"{value:.4g}") if math.isfinite(value) else None for value in values.tolist()]
