"""What `structure` answers: what the models of runs are made of, and how data flowed through them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tb_nnviz import schema
from tb_nnviz.plugin.query import StructureQuery
from tb_nnviz.plugin.reader import Reader

VERSION = 1

#: The kinds that may have the rows that are asked for, the best first.
_LAYERS = ("activation", "activation_gradient")
_PARAMETERS = ("parameter", "gradient", "update", "optimizer")


def structure_answer(reader: Reader, query: StructureQuery) -> dict[str, Any]:
    """The newest graph and the newest rows of many runs, from one call of the provider."""
    tags = [schema.TAG_GRAPH, *(schema.layout_tag(kind) for kind in (*_LAYERS, *_PARAMETERS))]
    found = reader.tensors(schema.PLUGIN, query.runs, tags)
    runs: list[dict[str, Any]] = []
    missing = [{"run": run, "reason": f"{tag}: {reason}"} for run, tag, reason in found.problems]
    for run in query.runs:
        data = found.data.get(run, {})

        def rows(kinds: tuple[str, ...], run: str = run, data: Mapping[str, Any] = data) -> Any:
            for kind in kinds:
                document = _newest(data.get(schema.layout_tag(kind), ()), _layout, run, missing)
                if document is not None:
                    return document["rows"]
            return None

        graph = _newest(data.get(schema.TAG_GRAPH, ()), _graph, run, missing)
        parts = {"graph": graph, "layers": rows(_LAYERS), "parameters": rows(_PARAMETERS)}
        if any(value is not None for value in parts.values()):
            runs.append({"run": run, **parts})
        elif run not in {one["run"] for one in missing}:
            missing.append({"run": run, "reason": f"no structure in run {run!r}"})
    return {"version": VERSION, "runs": runs, "missing": missing}


def _newest(
    events: Any, decode: Callable[[bytes], dict[str, Any]], run: str, missing: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The document that was written last; what is none is told."""
    newest = max(events, key=lambda event: event.wall_time, default=None)
    if newest is None:
        return None
    try:
        return decode(np.asarray(newest.numpy).tobytes())
    except ValueError as error:
        missing.append({"run": run, "reason": str(error)})
        return None


@functools.lru_cache(maxsize=64)
def _graph(data: bytes) -> dict[str, Any]:
    return schema.decode_graph(data)


@functools.lru_cache(maxsize=64)
def _layout(data: bytes) -> dict[str, Any]:
    document = schema.decode_layout(data)
    if not isinstance(document.get("rows"), list):
        raise ValueError(f"invalid layout: it has no rows: {str(document)[:80]}")
    return document
