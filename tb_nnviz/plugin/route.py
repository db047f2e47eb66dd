"""Routes: the calls that they get and the answers that they give."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tb_nnviz import schema
from tb_nnviz.logs.histograms.cache import HistogramCache
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.plugin import wire
from tb_nnviz.plugin.cache import SeriesCache

#: Version of the answers.
VERSION = 1

GET = ("GET", "HEAD")
POST = ("POST",)


@dataclass(frozen=True)
class Caches:
    """The caches that the routes share."""

    series: SeriesCache = field(default_factory=lambda: SeriesCache(schema.PLUGIN))
    histograms: HistogramCache = field(default_factory=HistogramCache)


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        reader: the source of the runs.
        caches: the caches of the plugin.
        read_body: returns the body.
        name: the part of the URL that ``*`` in the route's path stands for.
    """

    reader: Reader
    caches: Caches
    read_body: Callable[[], bytes]
    name: str


class Answer(NamedTuple):
    """A response. A browser may keep it for ``expires`` seconds."""

    content: bytes | str
    content_type: str
    expires: int = 0


@dataclass(frozen=True)
class Route:
    """A path below data/plugin/nnviz, the HTTP methods that it takes, and its handler."""

    path: str
    methods: tuple[str, ...]
    handler: Callable[[Call], Answer]


def json_answer(document: dict[str, Any]) -> Answer:
    """Return a document as JSON."""
    return Answer(json.dumps({"version": VERSION, **document}), "application/json")


def binary_answer(header: dict[str, Any]) -> Answer:
    """Return a header that refers to arrays in the binary envelope."""
    return Answer(wire.encode({"version": VERSION, **header}), "application/octet-stream")


def missing_items(missing: Iterable[Missing], *keys: str) -> list[dict[str, Any]]:
    """Return the items of an answer's ``missing``: the run, these attributes, and the reason.

    >>> missing_items([Missing("a", "unreadable", tag="x")], "tag")
    [{'run': 'a', 'tag': 'x', 'reason': 'unreadable'}]
    """
    return [{"run": one.run, **{key: getattr(one, key) for key in keys}, "reason": one.reason} for one in missing]
