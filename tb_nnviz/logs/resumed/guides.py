"""Guides: the tags that show where the runs were resumed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from tb_nnviz import schema
from tb_nnviz.logs.points import Points
from tb_nnviz.logs.reader import Reader, ReadResult
from tb_nnviz.logs.resumed.sessions import Sessions
from tb_nnviz.logs.resumed.timeline import sessions_of

#: A function from runs and tags of the plugin ``schema.PLUGIN`` to points by run and tag.
ReadTags = Callable[[Sequence[str], Sequence[str]], ReadResult[Points]]

#: Tags that are written at every logged step.
GUIDES = tuple(schema.layout_id_tag(kind) for kind in schema.KINDS)


def read_sessions(reader: Reader, runs: Sequence[str], read: ReadTags | None = None) -> dict[str, Sessions]:
    """Read the sessions of some runs with one read. Runs without statistics are left out.

    Args:
        reader: the source.
        runs: the names of the runs.
        read: reads tags of ``schema.PLUGIN``, from a cache for example. None: the reader.
    """
    read = functools.partial(reader.read_tensors, schema.PLUGIN) if read is None else read
    found = read(runs, GUIDES).data if runs else {}
    return {run: sessions_of(list(tags.values())) for run, tags in found.items() if tags}
