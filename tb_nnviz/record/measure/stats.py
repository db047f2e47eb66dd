"""Statistics of tensors: a mergeable state on the device, and a finish step on the host.

``measure`` reduces a tensor to a few float64 numbers without ever waiting for the device. ``finish`` turns
the numbers of many tensors into the statistics of the schema. A row has several tensors if its step has
several micro-batches.

Elements are summed in float64: squares of 1e-40 do not vanish, those of 1e30 do not overflow, and a
standard deviation far below the mean keeps its digits. A float32 sum of 8 million squares is off by 2e-4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tb_nnviz.record.measure import native, torch_ops
from tb_nnviz.record.measure.fields import FIELDS, INDEX, SATURATION, UNIT_FIELDS, Field, TensorStats
from tb_nnviz.record.measure.histogram import count_dtype
from tb_nnviz.record.measure.refusal import attempt

__all__ = [
    "FIELDS",
    "SATURATION",
    "TensorStats",
    "finish",
    "measure",
    "measure_any",
    "merge",
    "merge_units",
    "merge_values",
    "unit_fractions",
    "unscale",
]

#: Units of one row that are kept, if their number differs between the passes of a step.
MOST_UNITS = 1 << 18


def measure(
    x: Tensor,
    unit_axis: int | None = None,
    bounds: tuple[float, ...] = (),
    *,
    minus: Tensor | None = None,
    copy_to: Tensor | None = None,
    bin_counts: bool = False,
    gradient: Tensor | None = None,
) -> TensorStats | None:
    """Reduce a tensor to a ``TensorStats``.

    Return None if the tensor is empty, if it is neither floating nor complex, or if its elements are not in memory
    (a meta, nested or transformed tensor).

    Args:
        x: any shape. Complex tensors count as their real view, sparse ones as dense.
        unit_axis: the axis whose indices are units. Each unit's fields are measured too.
        bounds: values that the module's output cannot exceed. Elements near them are counted too.
        minus: of x's shape and dtype. x - minus is measured instead of x, without a copy. Each difference is
            rounded to float32 at most once.
        copy_to: of x's shape and dtype. It receives x's elements, even if the result is None.
        bin_counts: count the codes too, from which histograms are made.
        gradient: of x's shape, with ``minus``. The elements that have a gradient but no difference are counted too.

    >>> stats = measure(torch.tensor([3.0, 0.0, -4.0]))
    >>> stats.numel, finish(1, [0], [stats.numel], stats.values[None].numpy())["norm"].tolist()
    (3, [5.0])
    """
    stats = native.measure(x, unit_axis, bounds, minus, copy_to, bin_counts, gradient)
    if stats is None:
        stats = _measure_otherwise(x, unit_axis, bounds, minus, copy_to, bin_counts)
    if stats is None or gradient is None or minus is None or stats.lost is not None:
        return stats
    return stats._replace(lost=_count_lost(x, minus, gradient))


def measure_any(x: Tensor, *args: Any, **options: Any) -> TensorStats | None:
    """Return ``measure(x, ...)``, or None if the tensor is of a kind that refuses an operator.

    >>> measure_any(torch.ones(2)).numel, measure_any(torch.ones(2, device="meta"))
    (2, None)
    """
    stats = attempt(x, partial(measure, x, *args, **options))
    if stats is None or type(x) in (Tensor, torch.nn.Parameter) or type(stats.values) is Tensor:
        return stats
    return _plain_stats(stats)


def _plain_stats(stats: TensorStats) -> TensorStats | None:
    """Return the measurement of a subclass as plain tensors, or None if they have no memory of their own."""
    values, *others = (None if x is None else attempt(x, partial(_as_plain, x)) for x in stats[1:])
    return None if values is None else TensorStats(stats.numel, values, *others)


def _as_plain(x: Tensor) -> Tensor | None:
    plain = x.as_subclass(Tensor)
    return plain if plain.untyped_storage().data_ptr() else None


def _measure_otherwise(
    x: Tensor,
    unit_axis: int | None,
    bounds: tuple[float, ...],
    minus: Tensor | None,
    copy_to: Tensor | None,
    bin_counts: bool,
) -> TensorStats | None:
    """Measure a tensor that the extension does not take as it is."""
    if copy_to is not None:
        copy_to.detach().copy_(x.detach())
    if is_scattered(x) and unit_axis is None and minus is None and not bounds:
        return _measure_sparse(x, bin_counts)
    real, rest = real_of(x), None if minus is None else real_of(minus)
    if real is None or real.numel() == 0 or not real.is_floating_point():
        return None
    if unit_axis is not None and unit_axis < 0 and x.is_complex():
        unit_axis -= 1
    stats = native.measure(real, unit_axis, bounds, rest, None, bin_counts)
    return torch_ops.measure(real, unit_axis, bounds, rest, bin_counts) if stats is None else stats


def real_of(x: Tensor) -> Tensor | None:
    """Return a tensor detached, strided and real, or None if its elements are not in memory."""
    if x.is_meta or x.is_nested or torch._C._functorch.is_functorch_wrapped_tensor(x):  # inside torch.func
        return None
    # detached tensors need no no_grad, and autocast changes none of the operators that are used
    x = x.detach() if x.layout == torch.strided else x.detach().to_dense()
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x.resolve_neg()


def _count_lost(x: Tensor, minus: Tensor, gradient: Tensor) -> Tensor | None:
    """Return ``TensorStats.lost`` of x - minus, or None if the gradient's elements are not in memory."""
    if is_scattered(gradient):  # elements that are not stored are 0
        stored = gradient.detach().coalesce()
        at = tuple(stored.indices())
        x, minus, gradient = x.detach()[at], minus.detach()[at], stored.values()
    real = [real_of(each) for each in (x, minus, gradient)]
    if any(each is None for each in real) or real[0].shape != real[2].shape:  # type: ignore[union-attr]
        return None
    return torch_ops.count_lost(*real)  # type: ignore[arg-type]


def is_scattered(x: Tensor) -> bool:
    """Return True if a tensor's stored elements are measured without making it dense."""
    return x.layout == torch.sparse_coo and x.is_cpu and x.is_floating_point() and x._nnz() > 0


def _measure_sparse(x: Tensor, bin_counts: bool) -> TensorStats | None:
    """Reduce a sparse tensor, such as an embedding's gradient, without making it dense."""
    elements = x.detach().coalesce().values()
    stats = measure(elements, bin_counts=bin_counts)
    zeros = x.numel() - elements.numel()
    if stats is None or not zeros:
        return stats
    stats.values[INDEX["min"]].clamp_(max=0)
    stats.values[INDEX["max"]].clamp_(min=0)
    counts = stats.bin_counts
    if counts is not None:
        counts = counts.to(count_dtype(x.numel()))
        counts[-1] += zeros
    return stats._replace(numel=x.numel(), bin_counts=counts)


def merge_values(parts: Sequence[tuple[int, Tensor]]) -> tuple[int, Tensor]:
    """Return the number of elements and ``TensorStats.values`` of several parts of a row together, on their device.

    >>> numel, values = merge_values([(2, torch.full((9,), 1.0)), (3, torch.full((9,), 2.0))])
    >>> numel, values[:3].tolist()
    (5, [1.0, 2.0, 3.0])
    """
    device = parts[0][1].device
    columns = torch.stack([values.to(device) for _, values in parts], 1)
    merges: dict[str, Callable[..., Tensor]] = {"min": torch.amin, "max": torch.amax, "sum": torch.sum}
    merged = [merges[field.merge](column) for field, column in zip(FIELDS, columns, strict=True)]
    return sum(numel for numel, _ in parts), torch.stack(merged)


def merge_units(a: Tensor, b: Tensor) -> Tensor:
    """Return the merged units of two parts of a row. If their number changed, the units of both are kept apart.

    Beyond ``MOST_UNITS``, units of another number are left out.

    Args:
        a: float64 [len(UNIT_FIELDS), units], as ``TensorStats.units``.
        b: likewise.

    >>> one, other = torch.tensor([[0.0], [1.0], [5.0], [2.0]]), torch.tensor([[-1.0], [0.0], [1.0], [1.0]])
    >>> merge_units(one, other).T.tolist()
    [[-1.0, 1.0, 6.0, 3.0]]
    """
    if a.shape != b.shape:
        return a if a.shape[1] >= MOST_UNITS else torch.cat([a, b], 1)
    merges: dict[str, Callable[..., Tensor]] = {"min": torch.minimum, "max": torch.maximum, "sum": torch.add}
    return torch.stack([merges[field.merge](*pair) for field, *pair in zip(UNIT_FIELDS, a, b, strict=True)])


def unscale(values: np.ndarray, scale: float | np.ndarray, fields: Sequence[Field] = FIELDS) -> np.ndarray:
    """Return the fields that tensors would have had without the loss scale that multiplied them.

    Args:
        values: float64 [..., len(fields)], the fields of the scaled tensors.
        scale: the loss scale, or [...] one per tensor.
        fields: the table.

    >>> unscale(np.array([-8.0, 16.0, 320.0, 3.0]), 8.0, UNIT_FIELDS).tolist()
    [-1.0, 2.0, 5.0, 3.0]
    """
    with np.errstate(all="ignore"):  # a scale may have shrunk to 0
        powers = np.asarray(scale, np.float64)[..., None] ** np.array([field.scale_power for field in fields])
        return np.asarray(values / powers)


def merge(rows: int, row: Sequence[int], values: np.ndarray, fields: Sequence[Field] = FIELDS) -> dict[str, np.ndarray]:
    """Return the fields of each row by name, float64 [rows], merged from its measured parts.

    Args:
        rows: number of rows. A row without a part has the fields of an empty tensor.
        row: [parts], the row of each part.
        values: float64 [parts, len(fields)].
        fields: the table.

    >>> merged = merge(2, [0, 0], np.array([[0.0, 2.0, 4.0, 2.0], [1.0, 3.0, 10.0, 2.0]]), UNIT_FIELDS)
    >>> merged["min"].tolist(), merged["sum_sq"].tolist()
    ([0.0, inf], [14.0, 0.0])
    """
    at, merged = np.asarray(row, np.intp), {}
    for field, column in zip(fields, np.reshape(values, (len(at), len(fields))).T, strict=True):
        if field.merge == "sum":
            merged[field.name] = np.bincount(at, column, rows)
        else:
            merged[field.name] = np.full(rows, field.empty)
            with np.errstate(invalid="ignore"):  # NaN, which is to be propagated
                (np.minimum if field.merge == "min" else np.maximum).at(merged[field.name], at, column)
    return merged


def finish(rows: int, row: list[int], count: list[int], values: np.ndarray) -> dict[str, np.ndarray]:
    """Return the statistics of each row by name, float64 [rows], from its measured parts.

    Args:
        rows: number of rows. A row without a part has count 0 and NaN elsewhere.
        row: [parts], the row of each part.
        count: [parts], its number of elements.
        values: float64 [parts, len(FIELDS)].

    Moments merge by Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
    sample variances", 1979: the sum of squares about the common mean is the sum of squares of each part about
    its own mean, plus its count times the squared difference of both means.
    """
    at = np.asarray(row, np.intp)
    n = np.asarray(count, np.float64)

    def add(x: np.ndarray) -> np.ndarray:
        return np.bincount(at, x, rows)

    with np.errstate(all="ignore"):
        merged = merge(rows, row, values)
        part = dict(zip(INDEX, np.reshape(values, (len(row), len(FIELDS))).T, strict=True))
        total, low, high, nonfinite = add(n), merged["min"], merged["max"], merged["nonfinite"]
        mean = part["sum"] / n
        spread = np.maximum(part["sum_sq"] - part["sum"] ** 2 / n, 0)
        centre = add(n * mean) / total
        variance = (add(spread) + add(n * (mean - centre[at]) ** 2)) / total
        clean = nonfinite == 0
        finite_norm = np.sqrt(merged["sum_sq"])
        norm = np.where(clean, finite_norm, np.where(np.isnan(low), np.nan, np.inf))
        result = {
            "norm": norm,
            "rms": norm / np.sqrt(total),
            "mean": np.where(clean, centre, merged["ieee_sum"] / total),
            "std": np.where(clean, np.sqrt(variance), np.nan),
            "min": low,
            "max": high,
            "absmax": np.maximum(np.abs(low), np.abs(high)),
            "zero_fraction": (total - nonfinite - merged["nonzero"]) / total,
            "nonfinite": nonfinite,
            "finite_norm": finite_norm,
            "finite_absmax": merged["finite_absmax"],
            "saturated_fraction": np.where(np.isnan(low), np.nan, merged["saturated"] / total),
        }
    absent = total == 0
    return {"count": total, **{name: np.where(absent, np.nan, value) for name, value in result.items()}}


def unit_fractions(units: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the share of units that are exactly 0, the share that are never above 0, and the outlier ratio.

    Both shares are NaN if an element is NaN, because nobody knows whether its unit would be 0. The outlier ratio is
    the largest unit's rms over the median unit's. It is NaN if the median is 0. Elements that are not finite count as
    0 in it.

    Args:
        units: float64 [..., len(UNIT_FIELDS), units], as ``TensorStats.units``, of several layers at once.

    >>> unit_fractions(np.array([[0.0, -1.0, -2.0, -6.0], [0.0, 0.0, 3.0, 0.0], [0, 4, 16, 36], [1, 1, 1, 1]]))
    (array(0.25), array(0.75), array(2.))
    """
    low, high, sum_sq, count = np.moveaxis(units, -2, 0)
    with np.errstate(all="ignore"):
        rms = np.sqrt(sum_sq / count)
        median = np.median(rms, -1)
        outlier_ratio = np.where(median > 0, rms.max(-1) / median, np.nan)
    unknown = np.isnan(low).any(-1)
    dead, nonpositive = ((low == 0) & (high == 0)).mean(-1), (high <= 0).mean(-1)
    return np.where(unknown, np.nan, dead), np.where(unknown, np.nan, nonpositive), outlier_ratio
