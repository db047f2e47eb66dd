"""The table of ``tb-nnviz compare``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tb_nnviz.comparison.causes import Cause
from tb_nnviz.comparison.compare import Comparison
from tb_nnviz.comparison.difference import Difference
from tb_nnviz.rules.finding import name_layers

#: Most settings and causes that the table lists.
MOST = 20


def print_comparisons(comparisons: Sequence[Comparison], console: Console | None = None) -> None:
    """Print the settings that differ, where runs part, and what differs by more than noise.

    Args:
        comparisons: the comparisons.
        console: where to print, by default the standard output.
    """
    console = Console(highlight=False) if console is None else console
    for place, one in enumerate(comparisons):
        if place:
            console.print()
        console.print(f"[bold]{escape(one.run)}[/] against {escape(name_layers(one.reference))}")
        for line in _lines(one):
            console.print(line, markup=False, soft_wrap=True)
        if one.settings:
            console.print(_settings(one))
        if one.causes:
            console.print(_causes(one.causes[:MOST]))
        if len(one.causes) > MOST:
            console.print(f"... and {len(one.causes) - MOST} more (all with --json)")
        for note in one.notes:
            console.print(note, style="dim", markup=False, soft_wrap=True)


def _lines(one: Comparison) -> Iterable[str]:
    """Yield the lines above the tables."""
    if one.steps is not None:
        first, last = one.steps
        yield f"{one.places} steps from {first} to {last}, matched by {one.align}; {one.series} series; {one.noise}"
    if one.parting is not None:
        yield one.parting.sentence
    if not one.causes:
        yield "nothing differs by more than noise"


def _settings(one: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("setting", overflow="fold")
    table.add_column("value", overflow="fold")
    table.add_column("reference", overflow="fold")
    table.add_column("since", no_wrap=True, justify="right")
    for setting in one.settings[:MOST]:
        since = "" if setting.since is None else str(setting.since)
        table.add_row(escape(setting.name), escape(str(setting.value)), escape(str(setting.reference)), since)
    if len(one.settings) > MOST:
        table.add_row(f"... and {len(one.settings) - MOST} more", "", "", "")
    return table


def _causes(causes: Sequence[Cause]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("since", no_wrap=True, justify="right")
    table.add_column("difference", overflow="fold", ratio=1)
    for cause in causes:
        text = f"[yellow]{escape(_name(cause.first))}[/]\n[dim]{escape(cause.first.evidence)}[/]"
        if cause.others:
            largest = next((one for one in cause.others if one is cause.largest), cause.others[0])
            layers = name_layers(cause.layers) if cause.layers else "the whole run"
            text += f"\n[dim]\u2514 and {len(cause.others)} more series of {escape(layers)}, the largest: "
            text += f"{escape(_name(largest))} since {largest.since}: {escape(largest.evidence)}[/]"
        table.add_row(str(cause.first.since), text)
    return table


def _name(one: Difference) -> str:
    """Return the name of a series in words."""
    if not one.name.row:
        return one.name.statistic
    return f"{one.name.kind} {one.name.statistic} of {one.name.row}"
