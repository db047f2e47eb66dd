"""Maps of many runs: the listing, and the maps nearest to some steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.layouts import decode_layout, document_bytes
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.reader import Missing, Reader, ReadResult
from tb_nnviz.logs.resumed.guides import ReadTags, read_sessions
from tb_nnviz.logs.resumed.sessions import Sessions
from tb_nnviz.logs.resumed.timeline import current, nearest, without_abandoned

#: Largest number of bytes of values in one answer. Maps that exceed it are left out and reported as missing.
MAX_BYTES = 64 << 20

#: The kind whose layout has the rows of the maps, by prefix of the maps' tags.
LAYOUTS = {schema.TAG_MAP: "activation", schema.TAG_WEIGHT: "parameter"}

#: Statistics of each unit. They are lists in the header and arrays in the answer.
UNIT_STATISTICS = ("min", "max", "mean")
#: Axes that consist of units.
UNIT_AXES = ("channel", "feature", "head", "unit")


@dataclass(frozen=True)
class ListedMap:
    """The newest map of a tag. ``row`` is the layout's row of its layer or parameter, None if there is none."""

    run: str
    tag: str
    step: int
    header: dict[str, Any]
    row: dict[str, Any] | None


@dataclass(frozen=True)
class Map:
    """A map, or a part of it.

    Attributes:
        header: the header as it was written, without ``units``. A part has its own ``axes`` and ``shape``.
        values: the codes, uint8 of the header's ``shape``.
        units: float64 [units] per one of ``UNIT_STATISTICS``. NaN if a unit has no finite value of it.
    """

    header: dict[str, Any]
    values: np.ndarray
    units: dict[str, np.ndarray]


@dataclass(frozen=True)
class MapEvent:
    """A map of a run at a step."""

    run: str
    step: int
    wall_time: float
    map: Map


def list_maps(
    reader: Reader, runs: Sequence[str], prefix: str, read: ReadTags | None = None
) -> tuple[list[ListedMap], list[Missing]]:
    """List the newest map of each tag, in the order of execution of the layers, with four reads.

    If a resumed run has abandoned the newest map of a tag and not written another, one more read finds the one before.

    Args:
        reader: the source.
        runs: the names of the runs.
        prefix: the prefix of the tags: ``schema.TAG_MAP``, ``TAG_WEIGHT`` or ``TAG_MAP_INPUT``.
        read: as for ``read_sessions``.
    """
    missing: list[Missing] = []
    listed = reader.list_tensors(schema.PLUGIN_MAPS, runs)
    missing += _missing(listed)
    tags = sorted({tag for of_run in listed.data.values() for tag in of_run if tag.startswith(prefix)})
    result = reader.read_tensors(schema.PLUGIN_MAPS, runs, tags, last=True)
    missing += _missing(result)
    newest = _valid(reader, result.data, read_sessions(reader, list(result.data), read))
    rows = _rows(reader, runs, prefix, missing)
    maps = []
    for run in runs:
        of_run = newest.get(run, {})
        order = {name: i for i, name in enumerate(rows.get(run, {}))}
        for tag in sorted(of_run, key=lambda tag: (order.get(_row_name(tag, prefix), len(order)), tag)):
            step = int(of_run[tag].steps[-1])
            try:
                header = decode(of_run[tag].values[-1]).header
            except ValueError as error:
                missing.append(Missing(run, str(error), tag=tag, step=step))
                continue
            maps.append(ListedMap(run, tag, step, header, rows.get(run, {}).get(_row_name(tag, prefix))))
    return maps, missing


def read_maps(
    reader: Reader,
    runs: Sequence[str],
    tag: str,
    steps: Sequence[int] | None = None,
    at: Mapping[str, int] | None = None,
    read: ReadTags | None = None,
) -> tuple[list[MapEvent], dict[str, np.ndarray], list[Missing]]:
    """Read maps of one tag with two reads. Maps that a resumed run has abandoned are left out.

    Args:
        reader: the source.
        runs: the names of the runs.
        tag: the tag.
        steps: read the maps nearest to these steps. None: all maps.
        at: an index per axis. Read only the part of each map at these indices.
        read: as for ``read_sessions``.

    Returns:
        The maps, the steps at which each run has a map, and the items that are missing.
    """
    result = reader.read_tensors(schema.PLUGIN_MAPS, runs, [tag])
    missing = _missing(result)
    unreadable = {problem.run for problem in result.problems}
    sessions = read_sessions(reader, list(result.data), read)
    all_steps: dict[str, np.ndarray] = {}
    maps: list[MapEvent] = []
    size = 0
    for run in runs:
        points = result.data.get(run, {}).get(tag)
        if points is None or not points.steps.size:
            if run not in unreadable:
                missing.append(Missing(run, f"unknown tag: {tag!r} in run {run!r}", tag=tag))
            continue
        places = current(points, sessions.get(run, ()), shared=False)
        at_steps, wall_times = points.steps[places], points.wall_times[places]
        all_steps[run] = at_steps
        wanted = range(at_steps.size) if steps is None else sorted(_nearest(at_steps, steps))
        left_out = 0
        for i in wanted:
            step = int(at_steps[i])
            try:
                found = cut(decode(points.values[places[i]]), at or {})
            except ValueError as error:
                missing.append(Missing(run, str(error), tag=tag, step=step))
                continue
            if size + found.values.size > MAX_BYTES:
                left_out += 1
                continue
            size += found.values.size
            maps.append(MapEvent(run, step, float(wall_times[i]), found))
        if left_out:
            reason = f"{left_out} of {len(wanted)} maps exceed the limit of {MAX_BYTES >> 20} MiB per answer"
            missing.append(Missing(run, reason, tag=tag))
    return maps, all_steps, missing


def decode(payload: Any) -> Map:
    """Decode a map.

    Raises:
        ValueError: ``payload`` is not a map.
    """
    if not isinstance(payload, np.ndarray) or payload.dtype != np.uint8 or payload.ndim != 1:
        raise ValueError("invalid map: not a tensor of bytes")
    header, values = schema.decode_map(payload)
    lists = header.pop("units", None) or {}
    # null becomes NaN
    units = {name: np.array(lists[name], np.float64) for name in UNIT_STATISTICS if name in lists}
    size = next((size for axis, size in zip(header["axes"], header["shape"], strict=True) if axis in UNIT_AXES), None)
    for name, array in units.items():
        if array.size != size:
            raise ValueError(f"invalid map: {array.size} units in {name!r} (expected {size})")
    return Map(header, values, units)


def cut(whole: Map, at: Mapping[str, int]) -> Map:
    """Return the part of a map at one index of each axis in ``at``. The part no longer has these axes.

    >>> whole = Map({"axes": ["sample", "unit"], "shape": [2, 3]}, np.arange(6, dtype=np.uint8).reshape(2, 3), {})
    >>> cut(whole, {"sample": 1}).values
    array([3, 4, 5], dtype=uint8)

    Raises:
        ValueError: the map has no such axis, or the axis has no such index.
    """
    values, units = whole.values, whole.units
    axes = list(whole.header["axes"])
    unit_axis = next((axis for axis in UNIT_AXES if axis in axes), None)
    for axis, index in at.items():
        if axis not in axes:
            raise ValueError(f"unknown axis: {axis!r} (expected one of {', '.join(whole.header['axes'])})")
        place = axes.index(axis)
        if index >= values.shape[place]:
            raise ValueError(f"unknown {axis}: {index} (the map has {values.shape[place]})")
        values = np.asarray(values.take(index, place))  # numpy returns a scalar if no axis is left
        axes.pop(place)
        if axis == unit_axis:
            units = {name: array[index : index + 1] for name, array in units.items()}
    return Map({**whole.header, "axes": axes, "shape": list(values.shape)}, values, units)


def _valid(
    reader: Reader, newest: Mapping[str, Mapping[str, Points]], sessions: Mapping[str, Sessions]
) -> dict[str, dict[str, Points]]:
    """Return the newest event of each tag that was not abandoned. Tags without one are left out.

    Args:
        reader: the source.
        newest: the newest event of each tag by run.
        sessions: the sessions of the runs.
    """
    found = {run: dict(tags) for run, tags in newest.items()}
    wrong = [
        (run, tag)
        for run, tags in newest.items()
        for tag, points in tags.items()
        if run in sessions and not current(points, sessions[run], shared=False)
    ]
    if wrong:
        runs, tags = (list(dict.fromkeys(names)) for names in zip(*wrong, strict=True))
        whole = reader.read_tensors(schema.PLUGIN_MAPS, runs, tags).data
        for run, tag in wrong:
            points = without_abandoned(whole.get(run, {}).get(tag, NO_POINTS), sessions[run], shared=False)
            if points.steps.size:
                found[run][tag] = points
            else:
                del found[run][tag]
    return found


def _nearest(steps: np.ndarray, wanted: Sequence[int]) -> set[int]:
    return {nearest(steps, step) for step in wanted} if steps.size else set()


def _rows(
    reader: Reader, runs: Sequence[str], prefix: str, missing: list[Missing]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the rows of the newest layout of the mapped layers or parameters: {run: {name: row}}."""
    if prefix not in LAYOUTS:
        return {}
    tag = schema.layout_tag(LAYOUTS[prefix])
    result = reader.read_tensors(schema.PLUGIN, runs, [tag], last=True)
    missing += _missing(result)
    rows = {}
    for run, tags in result.data.items():
        try:
            _, found = decode_layout(document_bytes(tags[tag].values[-1]))
        except ValueError as error:
            missing.append(Missing(run, str(error), tag=tag, step=int(tags[tag].steps[-1])))
        else:
            rows[run] = {row["name"]: row for row in found}
    return rows


def _row_name(tag: str, prefix: str) -> str:
    """Return the row name in a tag: ``encoder.attention`` for ``nnviz/map/encoder.attention@attention``."""
    return tag[len(prefix) :].partition("@")[0]


def _missing(result: ReadResult[Any]) -> list[Missing]:
    return [Missing(run, reason, tag=tag, step=step) for run, tag, reason, step in result.problems]
