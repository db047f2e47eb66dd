"""``POST maps``: activation maps, weight maps and the probe's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from tensorboard import errors

from tb_nnviz import schema
from tb_nnviz.logs.maps import list_maps, read_maps
from tb_nnviz.logs.reader import Missing
from tb_nnviz.plugin import query
from tb_nnviz.plugin.query import is_index, short
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items

MAX_STEPS = 1000
PREFIXES = (schema.TAG_MAP, schema.TAG_WEIGHT, schema.TAG_MAP_INPUT)


@dataclass(frozen=True)
class MapsQuery:
    """Maps of many runs.

    Attributes:
        runs: the names of the runs.
        prefix: the prefix of the tags.
        tag: the tag. None: list the tags.
        steps: return the maps nearest to these steps. None: all maps.
        at: an index per axis. Return only the part of each map at these indices.
    """

    runs: tuple[str, ...]
    prefix: str
    tag: str | None
    steps: tuple[int, ...] | None
    at: dict[str, int]


def parse(data: bytes) -> MapsQuery:
    """Parse the body of ``POST maps``."""
    body = query.parse_body(data, ("runs", "prefix", "tag", "steps", "at"))
    prefix = query.parse_choice(body, "prefix", PREFIXES)
    tag, steps, at = body.get("tag"), body.get("steps"), body.get("at")
    if tag is not None and not isinstance(tag, str):
        raise errors.InvalidArgumentError(f"invalid tag: {short(tag)} (expected a string or null)")
    if tag is not None and not tag.startswith(prefix):
        raise errors.InvalidArgumentError(f"unknown tag: {short(tag)} (expected {prefix}...)")
    if steps is not None and not (isinstance(steps, list) and all(is_index(step, 1 << 53) for step in steps)):
        raise errors.InvalidArgumentError(f"invalid steps: {short(steps)} (expected a list of steps or null)")
    if steps is not None and len(steps) > MAX_STEPS:
        raise errors.InvalidArgumentError(f"too many steps: {len(steps)} (at most {MAX_STEPS} in a request)")
    if at is not None and not (isinstance(at, dict) and all(is_index(index, 1 << 31) for index in at.values())):
        raise errors.InvalidArgumentError(f"invalid at: {short(at)} (expected an object of axes and indices)")
    return MapsQuery(query.parse_runs(body), prefix, tag, None if steps is None else tuple(steps), at or {})


def handle(call: Call) -> Answer:
    """Return the newest map of each tag, or maps of one tag."""
    requested = parse(call.body)
    answer, missing = _listing(call, requested) if requested.tag is None else _maps(call, requested, requested.tag)
    return binary_answer({"prefix": requested.prefix, **answer, "missing": missing_items(missing, "tag", "step")})


def _listing(call: Call, requested: MapsQuery) -> tuple[dict[str, Any], list[Missing]]:
    listed, missing = list_maps(call.reader, requested.runs, requested.prefix, call.read_tags)
    maps = [{"run": one.run, "tag": one.tag, "step": one.step, "header": one.header, "row": one.row} for one in listed]
    return {"tag": None, "maps": maps}, missing


def _maps(call: Call, requested: MapsQuery, tag: str) -> tuple[dict[str, Any], list[Missing]]:
    events, steps, missing = read_maps(call.reader, requested.runs, tag, requested.steps, requested.at, call.read_tags)
    maps = [
        {
            "run": one.run,
            "step": one.step,
            "wall_time": one.wall_time,
            "header": one.map.header,
            "values": one.map.values,
            "units": one.map.units,
        }
        for one in events
    ]
    of_runs = [{"run": run, "steps": at_steps.astype(np.float64)} for run, at_steps in steps.items()]
    return {"tag": tag, "steps": of_runs, "maps": maps}, missing


ROUTE = Route("/maps", POST, handle)
