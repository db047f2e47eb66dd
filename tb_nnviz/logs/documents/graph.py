"""Structures of models: the graphs and rows of many runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tb_nnviz import schema
from tb_nnviz.logs.layouts import Documents, T, decode_layout, document_bytes
from tb_nnviz.logs.points import NO_POINTS, Points
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.resumed.timeline import newest

#: Kinds whose rows are layer calls. The first that has a layout is used. The same holds for kinds of parameters.
_LAYER_KINDS = ("activation", "activation_gradient")


@dataclass(frozen=True)
class Structure:
    """The newest graph of a run and the newest rows of its layers and parameters. None if there is none."""

    run: str
    graph: dict[str, Any] | None
    layers: list[dict[str, Any]] | None
    parameters: list[dict[str, Any]] | None


def read_structures(reader: Reader, runs: Sequence[str]) -> tuple[list[Structure], list[Missing]]:
    """Read the structures of many runs with one read."""
    tags = [schema.TAG_GRAPH, *(schema.layout_tag(kind) for kind in (*_LAYER_KINDS, *schema.PARAMETER_KINDS))]
    result = reader.read_tensors(schema.PLUGIN, runs, tags)
    missing = [Missing(run, f"{tag}: {reason}") for run, tag, reason, _ in result.problems]
    structures = []
    for run in runs:
        documents = _Documents(run, result.data.get(run, {}), missing)
        graph = documents.newest(schema.TAG_GRAPH, _decode_graph)
        found = Structure(run, graph, documents.rows(_LAYER_KINDS), documents.rows(schema.PARAMETER_KINDS))
        if any(part is not None for part in (found.graph, found.layers, found.parameters)):
            structures.append(found)
        elif run not in {one.run for one in missing}:
            missing.append(Missing(run, f"no structure in run {run!r}"))
    return structures, missing


@dataclass(frozen=True)
class _Documents:
    """The JSON documents of one run. Invalid ones are added to ``missing``."""

    run: str
    tags: dict[str, Points]
    missing: list[Missing]

    def newest(self, tag: str, decode: Callable[[bytes], T]) -> T | None:
        """Return the last document that was written under a tag, None if there is none or it is invalid."""
        points = self.tags.get(tag, NO_POINTS)
        at = newest(points)
        if at is None:
            return None
        try:
            return decode(document_bytes(points.values[at]))
        except ValueError as error:
            self.missing.append(Missing(self.run, f"{tag}: {error}, at step {points.steps[at]}"))
            return None

    def rows(self, kinds: Sequence[str]) -> list[dict[str, Any]] | None:
        """Return the rows of the first of these kinds that has a valid layout, None if no kind has one."""
        for kind in kinds:
            found = self.newest(schema.layout_tag(kind), decode_layout)
            if found is not None:
                return found[1]
        return None


_decode_graph = Documents(schema.decode_graph)
