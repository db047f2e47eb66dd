"""Events of maps -> what ``POST maps`` answers: which maps there are, or those nearest to some steps."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.query import MapsQuery
from tb_nnviz.plugin.reader import Found, Reader
from tb_nnviz.plugin.series import Points, locate, timeline

VERSION = 1

#: Bytes of values in one answer; what is beyond is left out and listed as missing.
MAX_BYTES = 64 << 20

#: What the layers or parameters of a prefix are listed in.
LAYOUTS = {schema.TAG_MAP: "activation", schema.TAG_WEIGHT: "parameter"}

#: Figures of each unit, which the header carries as lists and the answer as arrays.
UNIT_FIGURES = ("min", "max", "mean")
#: Axes that are made of units.
UNIT_AXES = ("channel", "feature", "head", "unit")

Miss = Callable[..., None]


def maps_answer(reader: Reader, query: MapsQuery) -> dict[str, Any]:
    """Which maps there are, of each tag the newest (three calls of the provider), or maps of one tag (one call)."""
    missing: list[dict[str, Any]] = []

    def miss(run: str, tag: str | None, reason: str, step: int | None = None) -> None:
        missing.append({"run": run, "tag": tag, "step": step, "reason": reason})

    answer = _listing(reader, query, miss) if query.tag is None else _maps(reader, query, query.tag, miss)
    return {"version": VERSION, "prefix": query.prefix, **answer, "missing": missing}


def _listing(reader: Reader, query: MapsQuery, miss: Miss) -> dict[str, Any]:
    """The header of each tag's newest map, in the order in which their layers run."""
    listed = _problems(reader.list_tensors_of(schema.PLUGIN_MAPS, query.runs), miss)
    tags = sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(query.prefix)})
    found = _problems(reader.tensors(schema.PLUGIN_MAPS, query.runs, tags, last=True), miss)
    rows = _rows(reader, query, miss)
    maps = []
    for run in query.runs:
        of_run = found.data.get(run, {})
        order = {name: i for i, name in enumerate(rows.get(run, {}))}
        for tag in sorted(of_run, key=lambda tag: (order.get(_row_name(tag, query.prefix), len(order)), tag)):
            datum = of_run[tag][-1]
            try:
                header, _, _ = decode(datum.numpy)
            except ValueError as error:
                miss(run, tag, str(error), datum.step)
                continue
            row = rows.get(run, {}).get(_row_name(tag, query.prefix))
            maps.append({"run": run, "tag": tag, "step": datum.step, "header": header, "row": row})
    return {"tag": None, "maps": maps}


def _rows(reader: Reader, query: MapsQuery, miss: Miss) -> dict[str, dict[str, dict[str, Any]]]:
    """{run: {name: row}} of what the maps are of, in the order in which it runs."""
    if query.prefix not in LAYOUTS:
        return {}
    tag = schema.layout_tag(LAYOUTS[query.prefix])
    found = _problems(reader.tensors(schema.PLUGIN, query.runs, [tag], last=True), miss)
    rows = {}
    for run, tags in found.data.items():
        try:
            rows[run] = {row["name"]: row for row in schema.decode_layout(tags[tag][-1].numpy.tobytes())["rows"]}
        except (ValueError, TypeError, KeyError, IndexError) as error:
            miss(run, tag, f"invalid layout: {error}")
    return rows


def _row_name(tag: str, prefix: str) -> str:
    """The layer or parameter of a map: ``encoder.attention`` of ``nnviz/map/encoder.attention@attention``."""
    return tag[len(prefix) :].partition("@")[0]


def _maps(reader: Reader, query: MapsQuery, tag: str, miss: Miss) -> dict[str, Any]:
    """Maps of one tag, those nearest to the steps asked for; and all steps at which there is one."""
    found = _problems(reader.tensors(schema.PLUGIN_MAPS, query.runs, [tag]), miss)
    troubled = {run for run, _, _ in found.problems}
    steps: list[dict[str, Any]] = []
    maps: list[dict[str, Any]] = []
    size = 0
    for run in query.runs:
        events = found.data.get(run, {}).get(tag)
        if not events:
            if run not in troubled:
                miss(run, tag, f"unknown tag: {tag!r} in run {run!r}")
            continue
        points = Points.of((datum.step, datum.wall_time, datum.numpy) for datum in events)
        at_steps, wall_times = timeline([points])
        places = locate(points, at_steps, wall_times)
        steps.append({"run": run, "steps": at_steps.astype(np.float64)})
        wanted = _nearest(at_steps, query.steps)
        left_out = 0
        for i in wanted:
            step = int(at_steps[i])
            try:
                header, values, units = cut(*decode(points.values[places[i]]), query.at)
            except ValueError as error:
                miss(run, tag, str(error), step)
                continue
            if size + values.size > MAX_BYTES:
                left_out += 1
                continue
            size += values.size
            one = {"run": run, "step": step, "wall_time": float(wall_times[i]), "header": header}
            maps.append({**one, "values": values, "units": units})
        if left_out:
            miss(run, tag, f"{left_out} of {len(wanted)} maps are beyond the {MAX_BYTES >> 20} MiB of one answer")
    return {"tag": tag, "steps": steps, "maps": maps}


def _nearest(at_steps: np.ndarray, wanted: tuple[int, ...] | None) -> list[int]:
    """Index of the nearest step to each one wanted, the earlier of two, each once; None wants all.

    >>> _nearest(np.array([0, 10, 20]), (4, 6, 15, 99))
    [0, 1, 2]
    """
    if wanted is None:
        return list(range(at_steps.size))
    return sorted({int(np.argmin(np.abs(at_steps - step))) for step in wanted})


def decode(payload: Any) -> tuple[dict[str, Any], np.ndarray, dict[str, np.ndarray]]:
    """Header without its figures of units, values, and these figures as arrays (NaN where there is none).

    Raises:
        ValueError: it is no map, or one that cannot be told on.
    """
    if not isinstance(payload, np.ndarray) or payload.dtype != np.uint8 or payload.ndim != 1:
        raise ValueError("invalid map: not a tensor of bytes")
    header, values = schema.decode_map(payload)
    axes, shape = header.get("axes"), header["shape"]
    if not isinstance(axes, list) or len(axes) != len(shape) or not all(isinstance(axis, str) for axis in axes):
        raise ValueError(f"invalid map: axes {axes} of shape {shape}")
    for name in ("scale", "offset"):
        if not _is_number(header.get(name)):
            raise ValueError(f"invalid map: {name} {header.get(name)!r}")
    figures = header.pop("units", None) or {}
    try:
        units = {name: np.array(figures[name], np.float64) for name in UNIT_FIGURES if name in figures}
        json.dumps(header, allow_nan=False)  # a browser reads no NaN
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"invalid map: {error}") from None
    if any(figure.ndim != 1 for figure in units.values()):
        raise ValueError("invalid map: figures of units that are no list")
    return header, values, units


def cut(
    header: dict[str, Any], values: np.ndarray, units: dict[str, np.ndarray], at: Mapping[str, int]
) -> tuple[dict[str, Any], np.ndarray, dict[str, np.ndarray]]:
    """The part of a map at an index of some of its axes, which are then no axes of it any more."""
    axes = list(header["axes"])
    # What the figures of units are of; where its axis is cut so are they.
    unit_axis = next((axis for axis in UNIT_AXES if axis in axes), None)
    for axis, index in at.items():
        if axis not in axes:
            raise ValueError(f"unknown axis: {axis!r} (expected one of {', '.join(axes)})")
        place = axes.index(axis)
        if index >= values.shape[place]:
            raise ValueError(f"unknown {axis}: {index} of {values.shape[place]}")
        values = values.take(index, place)
        axes.pop(place)
        if axis == unit_axis:
            units = {name: figure[index : index + 1] for name, figure in units.items()}
    return {**header, "axes": axes, "shape": list(values.shape)}, values, units


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _problems(found: Found, miss: Miss) -> Found:
    """What could not be read, said; and what could."""
    for run, tag, reason in found.problems:
        miss(run, tag, reason)
    return found
