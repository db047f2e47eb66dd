"""Optimizers of many runs: the parameter groups and their options, as they changed from step to step."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tb_nnviz import schema
from tb_nnviz.logs.layouts import document_bytes
from tb_nnviz.logs.points import NO_POINTS
from tb_nnviz.logs.reader import Missing, Reader
from tb_nnviz.logs.resumed.guides import GUIDES, ReadTags
from tb_nnviz.logs.resumed.timeline import current, sessions_of


@dataclass(frozen=True)
class OptimizerHistory:
    """The documents of the optimizers of a run, in order of steps. Abandoned ones are left out.

    >>> history = OptimizerHistory((0, 30), ({"optimizers": ["a"]}, {"optimizers": ["b"]}))
    >>> history.at(29), history.at(-1)
    ({'optimizers': ['a']}, None)

    Attributes:
        steps: the step from which each document applies, ascending.
        documents: as ``schema.decode_optimizers`` returns them.
    """

    steps: tuple[int, ...]
    documents: tuple[dict[str, Any], ...]

    def at(self, step: int) -> dict[str, Any] | None:
        """Return the document that applies at a step, or None if none was written yet."""
        place = bisect_right(self.steps, step)
        return self.documents[place - 1] if place else None


def read_optimizers(
    reader: Reader, runs: Sequence[str], read: ReadTags | None = None
) -> tuple[dict[str, OptimizerHistory], list[Missing]]:
    """Read the optimizers of some runs with one read.

    Args:
        reader: the source.
        runs: the names of the runs.
        read: reads tags of ``schema.PLUGIN``, from a cache for example. None: the reader.

    Returns:
        The histories of the runs that have a document, and the items that are missing.
    """
    tags = (schema.TAG_OPTIMIZERS, *GUIDES)
    result = read(runs, tags) if read is not None else reader.read_tensors(schema.PLUGIN, runs, tags)
    missing = [
        Missing(run, f"{tag}: {reason}", step=step)
        for run, tag, reason, step in result.problems
        if tag in (None, schema.TAG_OPTIMIZERS)
    ]
    histories = {}
    for run in runs:
        series = result.data.get(run, {})
        points = series.get(schema.TAG_OPTIMIZERS, NO_POINTS)
        sessions = sessions_of([series[tag] for tag in GUIDES if tag in series])
        found: dict[int, dict[str, Any]] = {}
        for i in current(points, sessions):
            step = int(points.steps[i])
            try:
                found[step] = schema.decode_optimizers(document_bytes(points.values[i]))
            except ValueError as error:
                missing.append(Missing(run, f"{schema.TAG_OPTIMIZERS}: {error}, at step {step}", step=step))
        if found:
            histories[run] = OptimizerHistory(tuple(found), tuple(found.values()))
    return histories, missing
