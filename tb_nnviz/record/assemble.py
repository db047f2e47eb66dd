"""A measured step, arrived on the host -> the entries of its event. Runs on the writer's thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.collect.global_norm import Gradients, Norms
from tb_nnviz.record.measure.histogram import to_bins
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.measure.stats import FIELDS, finish, unit_fractions, unscale
from tb_nnviz.record.pending_step import PendingStep

#: Stock histograms are written for so many rows at most: TensorBoard slows down with many tags.
MOST_STOCK_ROWS = 100

#: By kind and name, float64 [rows] each.
Statistics = dict[str, dict[str, np.ndarray]]


class Finished(NamedTuple):
    """A step's event, and what rules and the window read of it."""

    entries: list[schema.Entry]
    statistics: Statistics
    gradients: Gradients | None
    skipped: bool


def finish_step(
    measured: PendingStep,
    clipped: Callable[[HostArrays], list[schema.Entry]] | None,
    norms: Callable[[HostArrays], Norms] | None,
    stock: bool,
) -> Finished:
    """Turn what was measured into all entries of the step's event.

    Args:
        measured: the step.
        clipped: what makes entries of the norms before clipping.
        norms: what knows the norm of all gradients, where the step measures none of them by themselves.
        stock: write TensorBoard's own histograms too, where histograms were taken.
    """
    assert measured.arrive is not None
    arrived = measured.arrive()
    entries: list[schema.Entry] = []
    statistics: Statistics = {}
    gradients = None
    if measured.statistics:
        statistics, gradients = _statistics(measured, arrived)
        for kind, values in statistics.items():
            entries.append(schema.layout_id_entry(measured.layouts[kind]))
            entries += [schema.vector(kind, name, values[name]) for name in values]
    if measured.tracked is not None:
        entries += measured.tracked(arrived)
    if measured.histograms:
        entries += _histograms(measured, arrived, stock)
    scalars = _scalars(measured, arrived)
    skipped = bool(scalars.get("skipped"))
    if not measured.all_gradients:
        gradients = None
    if norms is not None:
        gradients, skips = norms(arrived)
        skipped |= skips
    if gradients is not None and measured.statistics:
        scalars["gradient_norm"] = gradients.norm
    entries += [schema.scalar(schema.TAG_GLOBAL + name, value) for name, value in scalars.items()]
    entries += clipped(arrived) if clipped is not None else []
    return Finished(entries, statistics, gradients, skipped)


def _statistics(measured: PendingStep, arrived: HostArrays) -> tuple[Statistics, Gradients | None]:
    result: Statistics = {}
    gradients = None
    for kind in sorted({*measured.layouts, *measured.parts} - {"optimizer"}, key=schema.KINDS.index):
        table, by_row = measured.layouts.get(kind), measured.parts.get(kind, {})
        parts = [(name, count, ticket) for name, found in by_row.items() for count, ticket in found]
        names = [row.name for row in table.rows] if table else []
        rows = len(names)
        index: dict[object, int] = {name: i for i, name in enumerate(names)}
        values = np.concatenate([arrived(ticket) for _, _, ticket in parts]) if parts else np.empty(0)
        # one row more, for the parameters that have none
        at = [index.get(name, rows) for name, _, _ in parts]
        values = values.reshape(len(parts), len(FIELDS))
        if kind == "gradient":
            for part, (name, _, _) in enumerate(parts):
                if name in measured.scales:
                    values[part] = unscale(values[part], float(arrived(measured.scales[name])[0]))
        complete = finish(rows + 1, at, [count for _, count, _ in parts], values)
        if kind == "gradient" and parts:
            seen = {name: complete[name][complete["count"] > 0] for name in ("norm", "finite_norm", "nonfinite")}
            norm, finite_norm = (float(np.sqrt(np.sum(seen[name] ** 2))) for name in ("norm", "finite_norm"))
            gradients = Gradients(norm, finite_norm, float(np.sum(seen["nonfinite"])))
        if not rows:
            continue
        found = {name: values[:rows] for name, values in complete.items()}
        result[kind] = {name: found[name] for name in schema.STATISTICS}
        if kind == "activation":
            result[kind] |= _units(measured, arrived, index)
            result[kind]["saturated_fraction"] = found["saturated_fraction"]
        if not (result[kind]["nonfinite"] > 0).any():
            del result[kind]["finite_norm"], result[kind]["finite_absmax"]
    if "optimizer" in measured.layouts:
        result["optimizer"] = _optimizer(measured, arrived)
    if "update" in result and "parameter" in result:
        result["update"]["ratio"] = _ratio(measured, result)
    return {kind: values for kind, values in result.items() if kind in measured.kinds}, gradients


def _optimizer(measured: PendingStep, arrived: HostArrays) -> dict[str, np.ndarray]:
    rows = measured.layouts["optimizer"].rows
    count, sums = np.zeros(len(rows)), np.full((3, len(rows)), np.nan)
    for i, row in enumerate(rows):
        if row.name in measured.moments:
            count[i], ticket = measured.moments[row.name]
            sums[:, i] = arrived(ticket)
    count[count == 0], absent = np.nan, count == 0
    first, second, step = np.sqrt(sums)
    named = {"first_moment_norm": first, "second_moment_norm": second, "effective_step_size": step / np.sqrt(count)}
    return {"count": np.where(absent, 0, count), **named}


def _scalars(measured: PendingStep, arrived: HostArrays) -> dict[str, float]:
    found = _learning_rates(measured, arrived)
    if measured.loss_scale is not None:
        found["loss_scale"] = float(arrived(measured.loss_scale)[0])
    if measured.skipped:
        skipped = [x if isinstance(x, bool) else bool(arrived(x)[0]) for x in measured.skipped]
        found["skipped"] = float(any(skipped))
    return found


def _learning_rates(measured: PendingStep, arrived: HostArrays) -> dict[str, float]:
    """By the group's name if it has one of its own, else by its number."""
    names = Counter(name for name, _ in measured.rates.values())
    found = {}
    for number, (name, rate) in measured.rates.items():
        unique = name if names[name] == 1 else f"{name}#{number}"
        found["learning_rate/" + unique] = rate if isinstance(rate, float) else float(arrived(rate)[0])
    return found


def _units(measured: PendingStep, arrived: HostArrays, index: dict[object, int]) -> dict[str, np.ndarray]:
    names = ("dead_fraction", "nonpositive_unit_fraction", "outlier_ratio")
    found = np.full((len(names), len(index)), np.nan)
    widths: dict[int, tuple[list[int], list[np.ndarray]]] = {}
    for name, ticket in measured.units.items():
        units = arrived(ticket).reshape(4, -1)
        rows, together = widths.setdefault(units.shape[1], ([], []))
        rows.append(index[name])
        together.append(units)
    for rows, together in widths.values():  # at once: this thread holds up training while it runs Python
        found[:, rows] = unit_fractions(np.stack(together))
    return dict(zip(names, found, strict=True))


def _ratio(measured: PendingStep, statistics: Statistics) -> np.ndarray:
    """Norm of the update over norm of the parameter before it, row by row of the update's layout."""
    before = {
        row.name: norm
        for row, norm in zip(measured.layouts["parameter"].rows, statistics["parameter"]["norm"], strict=True)
    }
    norms = np.array([before.get(row.name, np.nan) for row in measured.layouts["update"].rows])
    with np.errstate(all="ignore"):
        return np.asarray(statistics["update"]["norm"] / norms)


def _histograms(measured: PendingStep, arrived: HostArrays, stock: bool) -> list[schema.Entry]:
    entries = []
    for kind, bin_counts in measured.bin_counts.items():
        layout = measured.layouts[kind]
        index = {row.name: i for i, row in enumerate(layout.rows)}
        counts = np.zeros((len(index), schema.BINS), np.int64)
        counts[[index[name] for name in bin_counts]] = to_bins(
            np.stack([arrived(ticket) for ticket in bin_counts.values()])
        )
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
