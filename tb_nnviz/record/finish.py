"""A measured step, arrived on the host -> the entries of its event. Runs on the writer's thread."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tb_nnviz import schema
from tb_nnviz.record.histogram import to_bins
from tb_nnviz.record.recorder import Measured
from tb_nnviz.record.statistics import FIELDS, dead_fractions, finish
from tb_nnviz.record.transfer import Arrival

#: Stock histograms are written for so many rows at most: TensorBoard slows down with many tags.
MOST_STOCK_ROWS = 100

Statistics = dict[str, dict[str, np.ndarray]]


def finish_step(measured: Measured, stock: bool) -> tuple[list[schema.Entry], Statistics]:
    """All entries of the step's event, and the statistics themselves by kind: float64 [rows] each.

    ``stock`` also writes TensorBoard's own histograms, where histograms were taken.
    """
    assert measured.arrive is not None
    arrived = measured.arrive()
    entries: list[schema.Entry] = []
    statistics: Statistics = {}
    if measured.statistics:
        statistics, gradient_norm = _statistics(measured, arrived)
        for kind, values in statistics.items():
            entries.append(schema.layout_id_entry(measured.layouts[kind]))
            entries += [schema.vector(kind, name, values[name]) for name in values]
        if gradient_norm is not None:
            entries.append(schema.scalar(schema.TAG_GLOBAL + "gradient_norm", gradient_norm))
        entries += _learning_rates(measured, arrived)
    if measured.histograms:
        entries += _histograms(measured, arrived, stock)
    return entries, statistics


def _statistics(measured: Measured, arrived: Arrival) -> tuple[Statistics, float | None]:
    result: Statistics = {}
    gradient_norm = None
    for kind in sorted({*measured.layouts, *measured.parts}, key=schema.KINDS.index):
        table, by_row = measured.layouts.get(kind), measured.parts.get(kind, {})
        parts = [(name, count, ticket) for name, found in by_row.items() for count, ticket in found]
        names = [row.name for row in table.rows] if table else []
        rows = len(names)
        index: dict[object, int] = {name: i for i, name in enumerate(names)}
        values = np.concatenate([arrived(ticket) for _, _, ticket in parts]) if parts else np.empty(0)
        # one row more, for the parameters that have none
        at = [index.get(name, rows) for name, _, _ in parts]
        values = values.reshape(len(parts), len(FIELDS))
        complete = finish(rows + 1, at, [count for _, count, _ in parts], values)
        if kind == "gradient":
            seen = complete["norm"][complete["count"] > 0]
            gradient_norm = float(np.sqrt(np.sum(seen**2))) if len(seen) else None
        if not rows:
            continue
        found = {name: values[:rows] for name, values in complete.items()}
        result[kind] = {name: found[name] for name in schema.STATISTICS}
        if kind == "activation":
            result[kind]["dead_fraction"], result[kind]["nonpositive_unit_fraction"] = _dead(measured, arrived, index)
            result[kind]["saturated_fraction"] = found["saturated_fraction"]
        if not np.nansum(result[kind]["nonfinite"]):
            del result[kind]["finite_norm"], result[kind]["finite_absmax"]
    if "update" in result and "parameter" in result:
        result["update"]["ratio"] = _ratio(measured, result)
    return {kind: values for kind, values in result.items() if kind in measured.kinds}, gradient_norm


def _learning_rates(measured: Measured, arrived: Arrival) -> list[schema.Entry]:
    """By the group's name if it has one of its own, else by its number."""
    names = Counter(name for name, _ in measured.rates.values())
    entries = []
    for number, (name, rate) in measured.rates.items():
        tag = schema.TAG_LEARNING_RATE + (name if names[name] == 1 else f"{name}#{number}")
        entries.append(schema.scalar(tag, rate if isinstance(rate, float) else float(arrived(rate)[0])))
    return entries


def _dead(measured: Measured, arrived: Arrival, index: dict[object, int]) -> tuple[np.ndarray, np.ndarray]:
    dead, nonpositive = np.full(len(index), np.nan), np.full(len(index), np.nan)
    for name, low, high in measured.units:
        dead[index[name]], nonpositive[index[name]] = dead_fractions(arrived(low), arrived(high))
    return dead, nonpositive


def _ratio(measured: Measured, statistics: Statistics) -> np.ndarray:
    """Norm of the update over norm of the parameter before it, row by row of the update's layout."""
    before = {
        row.name: norm
        for row, norm in zip(measured.layouts["parameter"].rows, statistics["parameter"]["norm"], strict=True)
    }
    norms = np.array([before.get(row.name, np.nan) for row in measured.layouts["update"].rows])
    with np.errstate(all="ignore"):
        return np.asarray(statistics["update"]["norm"] / norms)


def _histograms(measured: Measured, arrived: Arrival, stock: bool) -> list[schema.Entry]:
    entries = []
    for kind, codes in measured.codes.items():
        layout = measured.layouts[kind]
        index = {row.name: i for i, row in enumerate(layout.rows)}
        counts = np.zeros((len(index), schema.BINS), np.int64)
        for name, ticket in codes.items():
            counts[index[name]] += to_bins(arrived(ticket))
        id_entry = schema.Entry(
            schema.histogram_layout_id_tag(kind), np.array([layout.id], "<i8"), schema.PLUGIN_HISTOGRAMS
        )
        packed = schema.encode_histograms(np.minimum(counts, np.iinfo("<i4").max))
        entries += [id_entry, schema.Entry(schema.histogram_tag(kind), packed, schema.PLUGIN_HISTOGRAMS)]
        if stock:
            entries += [
                schema.Entry(
                    schema.STOCK_HISTOGRAMS[kind] + name, schema.stock_histogram(counts[index[name]]), "histograms"
                )
                for name in list(codes)[:MOST_STOCK_ROWS]
            ]
    return entries
