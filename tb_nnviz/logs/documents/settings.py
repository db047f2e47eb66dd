"""Settings of many runs: what their users gave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tb_nnviz import schema
from tb_nnviz.logs.layouts import document_bytes
from tb_nnviz.logs.points import NO_POINTS
from tb_nnviz.logs.reader import Missing
from tb_nnviz.logs.resumed.guides import ReadTags


def read_settings(read: ReadTags, runs: Sequence[str]) -> tuple[dict[str, dict[str, Any]], list[Missing]]:
    """Read the settings of some runs. Of one name, the value that was written last counts.

    Every event repeats the earlier settings of its writer, and a resumed run has several writers.

    Returns:
        The settings by run, of the runs that have any, and the items that are missing.
    """
    result = read(runs, [schema.TAG_SETTINGS])
    missing = [Missing(run, f"{tag}: {reason}") for run, tag, reason, _ in result.problems]
    found: dict[str, dict[str, Any]] = {}
    for run, tags in result.data.items():
        points = tags.get(schema.TAG_SETTINGS, NO_POINTS)
        for step, value in zip(points.steps.tolist(), points.values, strict=True):
            try:
                found.setdefault(run, {}).update(schema.decode_settings(document_bytes(value)))
            except ValueError as error:
                missing.append(Missing(run, f"{schema.TAG_SETTINGS}: {error}, at step {step}"))
    return found, missing
