"""Listing of runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tb_nnviz.logs import runs
from tb_nnviz.logs.provider import ProviderReader


def test_list_runs_unlistable_run_keeps_the_others() -> None:
    """The Python loader never lists a run that has metadata without a value."""
    good = SimpleNamespace(max_step=3, max_wall_time=9.0)
    tags = {"good": ["nnviz/gradient/norm"], "bad": ["nnviz/gradient/norm", "nnviz/gradient/mean"]}

    def list_tensors(ctx: Any, run_tag_filter: Any = None, **arguments: Any) -> dict[str, Any]:
        names = tags if run_tag_filter is None else run_tag_filter.runs
        requested = None if run_tag_filter is None else run_tag_filter.tags
        listed = {run: {tag: good for tag in tags[run] if requested is None or tag in requested} for run in names}
        if "nnviz/gradient/mean" in listed.get("bad", {}):
            raise KeyError("nnviz/gradient/mean")
        return {run: of_run for run, of_run in listed.items() if of_run}

    def list_runs(ctx: Any, **arguments: Any) -> list[Any]:
        return [SimpleNamespace(run_name="good", start_time=1.0), SimpleNamespace(run_name="bad", start_time=None)]

    provider = SimpleNamespace(list_tensors=list_tensors, list_runs=list_runs)
    assert runs.list_runs(ProviderReader(provider, "context", "")) == [
        runs.Run("bad", {"gradient": ["norm"]}, 9.0, 3),
        runs.Run("good", {"gradient": ["norm"]}, 1.0, 3),
    ]
