"""Bodies of the POST routes: JSON to checked dataclasses, or an error that says what is wrong."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, field
from typing import Any

from tensorboard import errors

from tb_nnviz import schema

MAX_RUNS = 500
MAX_STATISTICS = 50
MAX_TAGS = 5000
MAX_KNOWN = 5000
MAX_STEPS = 1000
MAX_ROWS = 20_000
MAX_PERCENTILES = 9
MAX_WIDTH = 10_000
MAX_BYTES = 1 << 20

#: Scalars that we did not write, of which so many tags are answered.
MAX_OTHER_TAGS = 100
#: Of all else only what we write ourselves is answered.
PREFIX = "nnviz/"
#: "stock": what users log by add_histogram, as TensorBoard's own plugin holds it.
HISTOGRAM_KINDS = (*schema.KINDS, "stock")
MAP_PREFIXES = (schema.TAG_MAP, schema.TAG_WEIGHT, schema.TAG_MAP_INPUT)


@dataclass(frozen=True)
class SeriesQuery:
    """Statistics of one kind for many runs."""

    runs: tuple[str, ...]
    kind: str
    statistics: tuple[str, ...]
    known: frozenset[int] = frozenset()
    #: Only these lines: a row by its name, a block by the names of its rows. None: all rows.
    rows: tuple[str | tuple[str, ...], ...] | None = None
    #: At most so many columns; None: every step.
    width: int | None = None
    first: float = -math.inf
    last: float = math.inf
    #: Percentiles over steps that are answered besides, as shares of 1.
    percentiles: tuple[float, ...] = ()


@dataclass(frozen=True)
class ScalarsQuery:
    """Scalar tags of many runs; ``tags`` None means all that start with ``prefix``."""

    runs: tuple[str, ...]
    tags: tuple[str, ...] | None
    prefix: str
    last: bool


@dataclass(frozen=True)
class StructureQuery:
    """What models are made of, of many runs."""

    runs: tuple[str, ...]


@dataclass(frozen=True)
class MapsQuery:
    """Maps of many runs; ``tag`` None asks which there are, ``steps`` None for all, ``at`` for a part of each."""

    runs: tuple[str, ...]
    prefix: str
    tag: str | None
    steps: tuple[int, ...] | None
    at: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HistogramsQuery:
    """Histograms of one kind for many runs; ``rows`` None: all at ``step``, or without one only which there are."""

    runs: tuple[str, ...]
    kind: str
    rows: tuple[str, ...] | None
    step: int | None


@dataclass(frozen=True)
class FindingsQuery:
    """Findings of many runs."""

    runs: tuple[str, ...]


def parse_series(data: bytes) -> SeriesQuery:
    """The body of ``POST series``."""
    body = _document(data, ("runs", "kind", "statistics", "known", "rows", "width", "from", "to", "percentiles"))
    kind = body.get("kind")
    if kind not in (*schema.KINDS, schema.TRACKED):
        problem = f"unknown kind: {_short(kind)}" if "kind" in body else "missing kind"
        raise errors.InvalidArgumentError(f"{problem} (expected one of {', '.join(schema.KINDS)}, {schema.TRACKED})")
    return SeriesQuery(
        _names(body, "runs", MAX_RUNS),
        kind,
        _names(body, "statistics", MAX_STATISTICS),
        _known(body),
        _rows(body),
        _width(body),
        _step(body, "from", -math.inf),
        _step(body, "to", math.inf),
        _shares(body),
    )


def parse_scalars(data: bytes) -> ScalarsQuery:
    """The body of ``POST scalars``."""
    body = _document(data, ("runs", "tags", "prefix", "last"))
    runs = _names(body, "runs", MAX_RUNS)
    tags = None if body.get("tags") is None else _names(body, "tags", MAX_TAGS)
    prefix = body.get("prefix", schema.TAG_LOG)
    last = body.get("last", False)
    if not isinstance(prefix, str):
        raise errors.InvalidArgumentError(f"invalid prefix: {_short(prefix)} (expected a string)")
    if not isinstance(last, bool):
        raise errors.InvalidArgumentError(f"invalid last: {_short(last)} (expected true or false)")
    for thing, name in [("prefix", prefix)] if tags is None else [("tag", tag) for tag in tags]:
        if not name.startswith(PREFIX) and not (thing == "prefix" and name == ""):
            raise errors.InvalidArgumentError(f"unknown {thing}: {_short(name)} (only {PREFIX}... is answered)")
    return ScalarsQuery(runs, tags, prefix, last)


def parse_structure(data: bytes) -> StructureQuery:
    """The body of ``POST structure``."""
    return StructureQuery(_names(_document(data, ("runs",)), "runs", MAX_RUNS))


def parse_findings(data: bytes) -> FindingsQuery:
    """The body of ``POST findings``."""
    return FindingsQuery(_names(_document(data, ("runs",)), "runs", MAX_RUNS))


def parse_maps(data: bytes) -> MapsQuery:
    """The body of ``POST maps``."""
    body = _document(data, ("runs", "prefix", "tag", "steps", "at"))
    prefix, tag, steps, at = body.get("prefix"), body.get("tag"), body.get("steps"), body.get("at")
    if prefix not in MAP_PREFIXES:
        problem = f"unknown prefix: {_short(prefix)}" if "prefix" in body else "missing prefix"
        raise errors.InvalidArgumentError(f"{problem} (expected one of {', '.join(MAP_PREFIXES)})")
    if tag is not None and not isinstance(tag, str):
        raise errors.InvalidArgumentError(f"invalid tag: {_short(tag)} (expected a string or null)")
    if tag is not None and not tag.startswith(prefix):
        raise errors.InvalidArgumentError(f"unknown tag: {_short(tag)} (expected {prefix}...)")
    if steps is not None and not (isinstance(steps, list) and all(_is_index(step, 1 << 53) for step in steps)):
        raise errors.InvalidArgumentError(f"invalid steps: {_short(steps)} (expected a list of steps or null)")
    if steps is not None and len(steps) > MAX_STEPS:
        raise errors.InvalidArgumentError(f"too many steps: {len(steps)} (at most {MAX_STEPS} in a request)")
    if at is not None and not (isinstance(at, dict) and all(_is_index(index, 1 << 31) for index in at.values())):
        raise errors.InvalidArgumentError(f"invalid at: {_short(at)} (expected an object of axes and indices)")
    runs = _names(body, "runs", MAX_RUNS)
    return MapsQuery(runs, prefix, tag, None if steps is None else tuple(steps), at or {})


def parse_histograms(data: bytes) -> HistogramsQuery:
    """The body of ``POST histograms``."""
    body = _document(data, ("runs", "kind", "rows", "step"))
    kind, step = body.get("kind"), body.get("step")
    if kind not in HISTOGRAM_KINDS:
        problem = f"unknown kind: {_short(kind)}" if "kind" in body else "missing kind"
        raise errors.InvalidArgumentError(f"{problem} (expected one of {', '.join(HISTOGRAM_KINDS)})")
    if step is not None and not _is_index(step, 1 << 53):
        raise errors.InvalidArgumentError(f"invalid step: {_short(step)} (expected a step or null)")
    rows = None if body.get("rows") is None else _names(body, "rows", MAX_ROWS)
    return HistogramsQuery(_names(body, "runs", MAX_RUNS), kind, rows, step)


def _document(data: bytes, keys: tuple[str, ...]) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise errors.InvalidArgumentError(f"invalid body: not JSON: {str(error)[:200]}") from None
    if b"\\u" in data:  # half a pair of them is JSON, but no text: nothing that asks further could send it
        try:
            json.dumps(body, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise errors.InvalidArgumentError(f"invalid body: not Unicode: {error}"[:200]) from None
    if not isinstance(body, dict):
        raise errors.InvalidArgumentError(f"invalid body: {_short(body)} (expected a JSON object)")
    # A misspelt key would otherwise be an answer to another question.
    if unknown := sorted(body.keys() - set(keys)):
        raise errors.InvalidArgumentError(f"unknown key: {_short(unknown[0])} (expected {', '.join(keys)})")
    return body


def _names(body: dict[str, Any], key: str, limit: int) -> tuple[str, ...]:
    """A list of strings, each once, in the order in which they were asked for."""
    if key not in body:
        raise errors.InvalidArgumentError(f"missing {key}: expected a list of names")
    names = body[key]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise errors.InvalidArgumentError(f"invalid {key}: {_short(names)} (expected a list of names)")
    if len(names) > limit:
        raise errors.InvalidArgumentError(f"too many {key}: {len(names)} (at most {limit} in a request)")
    return tuple(dict.fromkeys(names))


def _known(body: dict[str, Any]) -> frozenset[int]:
    """Layout ids, as numbers or as the keys that they are in an answer's `layouts`."""
    known = body.get("known")
    if known is None:
        return frozenset()
    if not isinstance(known, list) or not all(type(item) is int or _is_id(item) for item in known):
        raise errors.InvalidArgumentError(f"invalid known: {_short(known)} (expected a list of layout ids)")
    if len(known) > MAX_KNOWN:
        raise errors.InvalidArgumentError(f"too many known: {len(known)} (at most {MAX_KNOWN})")
    return frozenset(int(item) for item in known)


def _rows(body: dict[str, Any]) -> tuple[str | tuple[str, ...], ...] | None:
    """Names of rows, and lists of names: blocks."""
    rows = body.get("rows")
    if rows is None:
        return None
    if not isinstance(rows, list) or not all(isinstance(row, str) or _is_block(row) for row in rows):
        raise errors.InvalidArgumentError(f"invalid rows: {_short(rows)} (expected names of rows, or lists of names)")
    total = sum(1 if isinstance(row, str) else len(row) for row in rows)
    if total > MAX_ROWS:
        raise errors.InvalidArgumentError(f"too many rows: {total} (at most {MAX_ROWS} in a request)")
    return tuple(row if isinstance(row, str) else tuple(dict.fromkeys(row)) for row in rows)


def _is_block(row: Any) -> bool:
    return isinstance(row, list) and len(row) > 0 and all(isinstance(name, str) for name in row)


def _width(body: dict[str, Any]) -> int | None:
    width = body.get("width")
    if width is None:
        return None
    if type(width) is not int or not 1 <= width <= MAX_WIDTH:
        raise errors.InvalidArgumentError(f"invalid width: {_short(width)} (expected 1 to {MAX_WIDTH} columns)")
    return width


def _step(body: dict[str, Any], key: str, default: float) -> float:
    step = body.get(key)
    if step is None:
        return default
    # compared, not asked whether it is finite: an integer may be beyond any float
    if type(step) not in (int, float) or not abs(step) <= sys.float_info.max:
        raise errors.InvalidArgumentError(f"invalid {key}: {_short(step)} (expected a step)")
    return float(step)


def _shares(body: dict[str, Any]) -> tuple[float, ...]:
    shares = body.get("percentiles")
    if shares is None:
        return ()
    if not isinstance(shares, list) or not all(type(share) in (int, float) and 0 <= share <= 1 for share in shares):
        raise errors.InvalidArgumentError(f"invalid percentiles: {_short(shares)} (expected shares from 0 to 1)")
    if len(shares) > MAX_PERCENTILES:
        raise errors.InvalidArgumentError(f"too many percentiles: {len(shares)} (at most {MAX_PERCENTILES})")
    return tuple(float(share) for share in shares)


def _is_id(item: Any) -> bool:
    return isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= 20


def _is_index(item: Any, most: int) -> bool:
    return type(item) is int and 0 <= item <= most


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
