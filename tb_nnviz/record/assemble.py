"""The entries of a step's event from its measurements. Pure: no clock, no writer, no log, no device."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.collect.global_norm import norm_of_rows
from tb_nnviz.record.measure.histogram import to_bins, unscale_codes
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.measure.norms import RowNorms
from tb_nnviz.record.measure.stats import FIELDS, finish, unit_fractions, unscale
from tb_nnviz.record.pending_step import GradientNorm, PendingStep

#: TensorBoard's own histograms are written for this many rows at most, because it slows down with many tags.
MOST_STOCK_ROWS = 100

#: By kind and name, float64 [rows] each.
Statistics = dict[str, dict[str, np.ndarray]]


class AssembledStep(NamedTuple):
    """The entries of a step, and the values that rules and the window read.

    Args:
        entries: of the event.
        statistics: of the kinds that the event contains.
        scalars: by the last part of their tag.
        gradients: the norm of all gradients together, if it is known.
        skipped: whether a GradScaler skipped the step.
        optimizers: the document of the optimizers, if they have changed.
        rows: the norm of each gradient, of a step of the window.
    """

    entries: list[schema.Entry]
    statistics: Statistics
    scalars: dict[str, float]
    gradients: GradientNorm | None
    skipped: bool
    optimizers: dict[str, Any] | None = None
    rows: RowNorms | None = None


def assemble(pending: PendingStep, arrays: HostArrays, stock: bool = False) -> AssembledStep:
    """Turn the measurements of a step into the entries of its event.

    Args:
        pending: the step.
        arrays: its values on the host.
        stock: also make TensorBoard's own histograms, at a step that has histograms.
    """
    plan = pending.plan
    entries: list[schema.Entry] = []
    statistics: Statistics = {}
    gradients = None
    if plan.statistics:
        statistics, gradients = _statistics(pending, arrays)
        for kind, values in statistics.items():
            entries.append(schema.layout_id_entry(pending.layouts[kind]))
            entries += [schema.vector(kind, name, values[name]) for name in values]
    if pending.tracked is not None:
        entries += pending.tracked(arrays)
    if plan.histograms:
        entries += _histograms(pending, arrays, stock)
    scalars = {name: x if isinstance(x, float) else float(arrays(x)[0]) for name, x in pending.scalars.items()}
    if pending.learning_rates is not None:
        scalars |= {f"learning_rate/{name}": rate for name, rate in pending.learning_rates(arrays).items()}
    skipped = any(x if isinstance(x, bool) else bool(arrays(x)[0]) for x in pending.skipped)
    if pending.skipped:
        scalars["skipped"] = float(skipped)
    if plan.missed_gradients or not pending.has_all_gradients:
        gradients = None
    rows = None
    if pending.norms is not None:
        gradients, skipped_too, rows = pending.norms(arrays)
        skipped |= skipped_too
    if gradients is not None and plan.statistics:
        scalars["gradient_norm"] = gradients.norm
    if pending.stale is not None:
        scalars["stale_gradient"] = pending.stale(arrays)
    if pending.clipping is not None:
        scalars |= pending.clipping(arrays)
    entries += [schema.scalar(schema.TAG_GLOBAL + name, value) for name, value in scalars.items()]
    optimizers = None if pending.optimizers is None else pending.optimizers(arrays)
    if optimizers is not None:
        entries.append(schema.optimizers_entry(optimizers))
    return AssembledStep(entries, statistics, scalars, gradients, skipped, optimizers, rows)


def _statistics(pending: PendingStep, arrays: HostArrays) -> tuple[Statistics, GradientNorm | None]:
    """Return the statistics of the kinds that the event contains, and the norm of all gradients if they have rows."""
    result: Statistics = {}
    gradients = None
    for kind in sorted({*pending.layouts, *pending.parts} - {"optimizer"}, key=schema.KINDS.index):
        layout = pending.layouts.get(kind)
        names = [row.name for row in layout.rows] if layout else []
        complete = _finish(pending, arrays, kind, names)
        if kind == "gradient" and kind in pending.parts:
            gradients = norm_of_rows(complete)
        if not names:
            continue
        found = {name: values[: len(names)] for name, values in complete.items()}
        result[kind] = {name: found[name] for name in schema.STATISTICS}
        if kind == "activation":
            result[kind] |= _units(pending, arrays, names)
        result[kind] |= {name: found[name] for name in schema.KIND_STATISTICS.get(kind, ()) if name in found}
        result[kind] |= _sparse(pending, arrays, kind, names)
        if not (result[kind]["nonfinite"] > 0).any():
            del result[kind]["finite_norm"], result[kind]["finite_absmax"]
    if "optimizer" in pending.layouts:
        result["optimizer"] = _optimizer(pending, arrays)
    if "update" in result and "parameter" in result:
        result["update"]["ratio"] = _ratio(pending, result)
    if "update" in result:
        result["update"]["lost_fraction"] = _lost_fraction(pending, arrays)
    return {kind: _with_values(values) for kind, values in result.items() if kind in pending.kinds}, gradients


def _with_values(statistics: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the statistics of a kind without those that no row has in this step."""
    return {
        name: values
        for name, values in statistics.items()
        if name not in schema.SPARSE_STATISTICS or not np.isnan(values).all()
    }


def _finish(pending: PendingStep, arrays: HostArrays, kind: str, names: list[str]) -> dict[str, np.ndarray]:
    """Return the statistics of a kind, [rows + 1]: the last is of all parameters without a row together."""
    index: dict[str | int, int] = {name: i for i, name in enumerate(names)}
    parts = [(name, *part) for name, found in pending.parts.get(kind, {}).items() for part in found]
    values = np.concatenate([arrays(slot) for _, _, slot, _ in parts]) if parts else np.empty(0)
    values = values.reshape(len(parts), len(FIELDS))
    if any(scale is not None for *_, scale in parts):
        values = unscale(values, np.array([1.0 if scale is None else arrays(scale)[0] for *_, scale in parts]))
    rows = [index.get(name, len(names)) for name, *_ in parts]
    return finish(len(names) + 1, rows, [numel for _, numel, _, _ in parts], values)


def _optimizer(pending: PendingStep, arrays: HostArrays) -> dict[str, np.ndarray]:
    rows = pending.layouts["optimizer"].rows
    count, sums = np.zeros(len(rows)), np.full((3, len(rows)), np.nan)
    for i, row in enumerate(rows):
        if row.name in pending.moments:
            count[i], slot = pending.moments[row.name]
            sums[:, i] = arrays(slot)
    count[count == 0], absent = np.nan, count == 0
    first, second, step = np.sqrt(sums)
    named = {"first_moment_norm": first, "second_moment_norm": second, "effective_step_size": step / np.sqrt(count)}
    return {"count": np.where(absent, 0, count), **named, "gradient_ratio": _gradient_ratio(pending, arrays)}


def _gradient_ratio(pending: PendingStep, arrays: HostArrays) -> np.ndarray:
    found = np.full(len(pending.layouts["optimizer"].rows), np.nan)
    for i, row in enumerate(pending.layouts["optimizer"].rows):
        if row.name in pending.gradient_ratios and row.name in pending.moments:
            numel, sum_sq, scale = pending.gradient_ratios[row.name]
            with np.errstate(all="ignore"):
                rms = np.sqrt(arrays(sum_sq)[0] / np.float64(numel))
                found[i] = rms if scale is None else rms / arrays(scale)[0]
    return found


def _lost_fraction(pending: PendingStep, arrays: HostArrays) -> np.ndarray:
    """Return the share of elements with a gradient whose update is 0, [rows of update]. NaN if none has a gradient."""
    found = np.full(len(pending.layouts["update"].rows), np.nan)
    for i, row in enumerate(pending.layouts["update"].rows):
        if row.name in pending.lost:
            with_gradient, lost = arrays(pending.lost[row.name])
            with np.errstate(all="ignore"):
                found[i] = lost / with_gradient
    return found


def _units(pending: PendingStep, arrays: HostArrays, names: list[str]) -> dict[str, np.ndarray]:
    statistics = ("dead_fraction", "nonpositive_unit_fraction", "outlier_ratio")
    index = {name: i for i, name in enumerate(names)}
    found = np.full((len(statistics), len(names)), np.nan)
    widths: dict[int, tuple[list[int], list[np.ndarray]]] = {}
    for name, slot in pending.units.items():
        units = arrays(slot).reshape(4, -1)
        rows, together = widths.setdefault(units.shape[1], ([], []))
        rows.append(index[name])
        together.append(units)
    for rows, together in widths.values():  # one call per width, since training waits while this thread runs Python
        found[:, rows] = unit_fractions(np.stack(together))
    return dict(zip(statistics, found, strict=True))


def _sparse(pending: PendingStep, arrays: HostArrays, kind: str, names: list[str]) -> dict[str, np.ndarray]:
    """Return the statistics that some rows of a kind have, without those that are NaN in all rows."""
    found = {}
    for statistic, values in pending.sparse.get(kind, {}).items():
        column = np.array([values[name](arrays) if name in values else np.nan for name in names])
        if not np.isnan(column).all():
            found[statistic] = column
    return found


def _ratio(pending: PendingStep, statistics: Statistics) -> np.ndarray:
    """Return the norm of the update over the norm of the parameter before it, [rows of update]."""
    before = {
        row.name: norm
        for row, norm in zip(pending.layouts["parameter"].rows, statistics["parameter"]["norm"], strict=True)
    }
    norms = np.array([before.get(row.name, np.nan) for row in pending.layouts["update"].rows])
    with np.errstate(all="ignore"):
        return np.asarray(statistics["update"]["norm"] / norms)


def _histograms(pending: PendingStep, arrays: HostArrays, stock: bool) -> list[schema.Entry]:
    entries = []
    for kind, bin_counts in pending.bin_counts.items():
        layout = pending.layouts[kind]
        index = {row.name: i for i, row in enumerate(layout.rows)}
        counts = np.zeros((len(index), schema.BINS), np.int64)
        codes = np.stack([arrays(slot) for slot in bin_counts.values()])
        if kind in pending.bin_scales:
            unscaled = unscale_codes(codes, float(arrays(pending.bin_scales[kind])[0]))
            if unscaled is None:
                continue
            codes = unscaled
        counts[[index[name] for name in bin_counts]] = to_bins(codes)
        id_entry = schema.Entry(
            schema.histogram_layout_id_tag(kind), np.array([layout.id], "<i8"), schema.PLUGIN_HISTOGRAMS
        )
        packed = schema.encode_histograms(np.minimum(counts, np.iinfo("<i4").max))
        entries += [id_entry, schema.Entry(schema.histogram_tag(kind), packed, schema.PLUGIN_HISTOGRAMS)]
        if stock and kind in schema.STOCK_HISTOGRAMS:
            entries += [
                schema.Entry(
                    schema.STOCK_HISTOGRAMS[kind] + name, schema.stock_histogram(counts[index[name]]), "histograms"
                )
                for name in list(bin_counts)[:MOST_STOCK_ROWS]
            ]
    return entries
