"""``POST scalars``: scalar series of many runs."""

from __future__ import annotations

from typing import NamedTuple

from tensorboard import errors

from tb_nnviz import schema
from tb_nnviz.logs.scalars import PREFIX, read_scalars
from tb_nnviz.plugin import query
from tb_nnviz.plugin.query import short
from tb_nnviz.plugin.route import POST, Answer, Call, Route, binary_answer, missing_items

MAX_TAGS = 5000


class ScalarsQuery(NamedTuple):
    """Scalars of many runs.

    Attributes:
        runs: the names of the runs.
        tags: the tags. None: all that start with ``prefix``.
        prefix: the prefix of the tags.
        last: return only the newest point of each tag.
    """

    runs: tuple[str, ...]
    tags: tuple[str, ...] | None
    prefix: str
    last: bool


def parse(data: bytes) -> ScalarsQuery:
    """Parse the body of ``POST scalars``."""
    body = query.parse_body(data, ("runs", "tags", "prefix", "last"))
    runs = query.parse_runs(body)
    tags = None if body.get("tags") is None else query.parse_names(body, "tags", MAX_TAGS)
    prefix = body.get("prefix", schema.TAG_LOG)
    last = body.get("last", False)
    if not isinstance(prefix, str):
        raise errors.InvalidArgumentError(f"invalid prefix: {short(prefix)} (expected a string)")
    if not isinstance(last, bool):
        raise errors.InvalidArgumentError(f"invalid last: {short(last)} (expected true or false)")
    for thing, name in [("prefix", prefix)] if tags is None else [("tag", tag) for tag in tags]:
        if not name.startswith(PREFIX) and not (thing == "prefix" and name == ""):
            raise errors.InvalidArgumentError(f"unknown {thing}: {short(name)} (expected {PREFIX}...)")
    return ScalarsQuery(runs, tags, prefix, last)


def handle(call: Call) -> Answer:
    """Return the scalar series of many runs."""
    series, missing = read_scalars(call.reader, *parse(call.body), read=call.read_tags)
    items = [
        {
            "run": one.run,
            "tag": one.tag,
            "steps": one.steps.astype(float),
            "wall_times": one.wall_times,
            "values": one.values,
        }
        for one in series
    ]
    return binary_answer({"series": items, "missing": missing_items(missing, "tag")})


ROUTE = Route("/scalars", POST, handle)
