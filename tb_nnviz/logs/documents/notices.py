"""Notices of many runs: what each does not log, and why."""

from __future__ import annotations

from collections.abc import Sequence

from tb_nnviz import schema
from tb_nnviz.logs.layouts import document_bytes
from tb_nnviz.logs.points import NO_POINTS
from tb_nnviz.logs.reader import Missing
from tb_nnviz.logs.resumed.guides import ReadTags


def read_notices(read: ReadTags, runs: Sequence[str]) -> tuple[dict[str, list[schema.Notice]], list[Missing]]:
    """Read the notices of some runs, each once, in the order in which they were written.

    Every event repeats the earlier notices of its writer, and a resumed run has several writers.

    Returns:
        The notices by run, and the items that are missing.
    """
    result = read(runs, [schema.TAG_NOTICES])
    missing = [Missing(run, f"{tag}: {reason}") for run, tag, reason, _ in result.problems]
    found: dict[str, list[schema.Notice]] = {}
    for run, tags in result.data.items():
        points = tags.get(schema.TAG_NOTICES, NO_POINTS)
        notices: dict[tuple[str, tuple[str, ...]], schema.Notice] = {}
        for step, value in zip(points.steps.tolist(), points.values, strict=True):
            try:
                for notice in schema.decode_notices(document_bytes(value)):
                    notices.setdefault((notice.reason, notice.kinds), notice)
            except ValueError as error:
                missing.append(Missing(run, f"{schema.TAG_NOTICES}: {error}, at step {step}"))
        found[run] = list(notices.values())
    return found, missing
