"""Routes, their requests and their answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tb_nnviz import schema
from tb_nnviz.comparison.cache import ComparisonCache
from tb_nnviz.diagnosis.cache import DiagnosisCache
from tb_nnviz.logs.histograms.cache import HistogramCache
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.reader import Missing, Reader, ReadResult
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
    diagnoses: DiagnosisCache = field(default_factory=DiagnosisCache)
    comparisons: ComparisonCache = field(default_factory=ComparisonCache)


@dataclass(frozen=True)
class Call:
    """One request to a route, with all that its handler may use.

    Attributes:
        reader: the source of the runs.
        caches: the caches of the plugin.
        body: the body of the request, empty without one.
        name: the part of the URL at the place of ``*`` in the route's path, else the empty string.
    """

    reader: Reader
    caches: Caches
    body: bytes
    name: str

    def read_tags(self, runs: Sequence[str], tags: Sequence[str]) -> ReadResult[Points]:
        """Read tags of ``schema.PLUGIN``, from the cache as far as possible."""
        return self.caches.series.read(self.reader, runs, tags)


class Answer(NamedTuple):
    """The content of a response. A browser may keep it for ``expires`` seconds."""

    content: bytes | str
    content_type: str
    expires: int = 0


@dataclass(frozen=True)
class Route:
    """A path below data/plugin/nnviz, the HTTP methods that it takes, and its handler.

    A route that reads runs takes turns with the others, see ``turns.py``.
    """

    path: str
    methods: tuple[str, ...]
    handler: Callable[[Call], Answer]
    takes_turn: bool = True


def json_answer(document: dict[str, Any]) -> Answer:
    """Return a document as JSON."""
    return Answer(wire.dump_json({"version": VERSION, **document}), "application/json")


def binary_answer(header: dict[str, Any]) -> Answer:
    """Return a header and the arrays in it as a binary envelope."""
    return Answer(wire.encode({"version": VERSION, **header}), "application/octet-stream")


def missing_items(missing: Iterable[Missing], *keys: str) -> list[dict[str, Any]]:
    """Return the items of an answer's ``missing``. Each has the run, these attributes and the reason.

    >>> missing_items([Missing("a", "unreadable", tag="x")], "tag")
    [{'run': 'a', 'tag': 'x', 'reason': 'unreadable'}]
    """
    return [{"run": one.run, **{key: getattr(one, key) for key in keys}, "reason": one.reason} for one in missing]
