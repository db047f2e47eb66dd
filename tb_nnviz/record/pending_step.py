"""One closed step between its measurement and its events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tb_nnviz.record.measure.host_copy import HostArrays, HostCopy, Slot
from tb_nnviz.record.measure.norms import RowNorms
from tb_nnviz.record.reduce.local import StepBuffer
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.schema import Entry, Layout

#: Makes entries from the values that have arrived on the host.
MakeEntries = Callable[[HostArrays], list[Entry]]
#: Makes one value from those that have arrived on the host.
MakeValue = Callable[[HostArrays], float]
#: Makes a JSON document from the values that have arrived on the host.
MakeDocument = Callable[[HostArrays], dict[str, Any]]


class GradientNorm(NamedTuple):
    """The norm of all gradients of a step together, including those of parameters without a row.

    If an element is not finite, ``norm`` is NaN if any element is NaN, and Inf otherwise.
    """

    norm: float
    finite_norm: float
    nonfinite: float


class GlobalNormRead(NamedTuple):
    """The result of one read of all gradients.

    Args:
        gradients: the norm of all together.
        skipped: whether a GradScaler skipped the step.
        rows: the norm of each, for a step of the window. None if it is not kept.
    """

    gradients: GradientNorm
    skipped: bool
    rows: RowNorms | None = None


@dataclass
class PendingStep:
    """The measurements of a closed step, on their devices, and where each will lie on the host.

    Collectors fill it when the step closes. ``copy`` then brings everything to the host at once, and ``assemble``
    makes the entries. Nothing in it outlives the step.

    Args:
        plan: what was due in the step.
        copy: every small tensor of the step.
        kinds: the kinds that the event contains. The others in ``layouts`` are measured because a written statistic
            needs them.
        layouts: the rows of each kind.
        new_layouts: the layouts that no event contains yet.
        parts: by kind and row, of each pass the number of elements, ``TensorStats.values`` and the loss scale that
            they still contain, or None. A number in place of a name stands for a parameter that has no row but counts
            in the global gradient norm.
        bin_counts: by kind and row, ``TensorStats.bin_counts``.
        units: by row of ``activation``, ``TensorStats.units``.
        sparse: by kind and statistic, the values of the rows that have it.
        bin_scales: by kind, the loss scale that the counts in ``bin_counts`` still contain.
        moments: by row of ``optimizer``, number of elements and the sums of ``moments.moments``.
        gradient_ratios: by row of ``optimizer``, the result of ``moments.gradient_ratio`` and the loss scale that it
            still contains, or None.
        lost: by row of ``update``, ``TensorStats.lost``.
        scalars: values of the whole step, by the last part of their tag.
        skipped: per optimizer step, whether a GradScaler skipped it.
        has_all_gradients: whether the gradients that have rows, with those that have a number, are all.
        norms: the global gradient norm, if it was read by itself.
        clipping: makes the scalars of gradient clipping.
        learning_rates: makes the learning rates by the name of their group.
        stale: makes the scalar ``stale_gradient``, 0 or 1.
        optimizers: makes the document of the optimizers, if they have changed.
        tracked: makes the entries of the tracked weights, which belong to the event of the statistics.
        events: one function per event that precedes the statistics.
    """

    plan: StepPlan
    copy: HostCopy = field(default_factory=HostCopy)
    kinds: set[str] = field(default_factory=set)
    layouts: dict[str, Layout] = field(default_factory=dict)
    new_layouts: dict[str, Layout] = field(default_factory=dict)
    parts: dict[str, dict[str | int, list[tuple[int, Slot, Slot | None]]]] = field(default_factory=dict)
    bin_counts: dict[str, dict[str, Slot]] = field(default_factory=dict)
    units: dict[str, Slot] = field(default_factory=dict)
    sparse: dict[str, dict[str, dict[str, MakeValue]]] = field(default_factory=dict)
    bin_scales: dict[str, Slot] = field(default_factory=dict)
    moments: dict[str, tuple[int, Slot]] = field(default_factory=dict)
    gradient_ratios: dict[str, tuple[int, Slot, Slot | None]] = field(default_factory=dict)
    lost: dict[str, Slot] = field(default_factory=dict)
    scalars: dict[str, float | Slot] = field(default_factory=dict)
    skipped: list[bool | Slot] = field(default_factory=list)
    has_all_gradients: bool = True
    norms: Callable[[HostArrays], GlobalNormRead] | None = None
    clipping: Callable[[HostArrays], dict[str, float]] | None = None
    learning_rates: Callable[[HostArrays], dict[str, float]] | None = None
    stale: Callable[[HostArrays], float] | None = None
    optimizers: MakeDocument | None = None
    tracked: MakeEntries | None = None
    events: list[MakeEntries] = field(default_factory=list)

    def add_layout(self, table: RowTable, written: bool = True) -> None:
        """Add the rows of a kind. The event contains the kind if ``written``."""
        if not len(table):
            return
        new = table.take_unwritten() if written else None  # first, because it decides which layout applies
        self.layouts[table.kind] = table.layout
        if written:
            self.kinds.add(table.kind)
        if new is not None:
            self.new_layouts[table.kind] = new

    def add(self, table: RowTable, buffer: StepBuffer, written: bool = True) -> None:
        """Add the rows of a kind and their measurements."""
        self.add_layout(table, written)
        put = self.copy.add
        if buffer.parts:
            shared = {id(part.scale): part.scale for parts in buffer.parts.values() for part in parts}
            scales = {key: None if scale is None else put(scale) for key, scale in shared.items()}
            self.parts[table.kind] = {
                name: [(part.numel, put(part.values), scales[id(part.scale)]) for part in parts]
                for name, parts in buffer.parts.items()
            }
        if buffer.bin_counts:
            self.bin_counts[table.kind] = {name: put(counts) for name, counts in buffer.bin_counts.items()}
        self.units |= {name: put(units.reshape(-1)) for name, units in buffer.units.items()}

    def add_value(self, kind: str, statistic: str, row: str, value: MakeValue) -> None:
        """Add the value of a statistic that only some rows have."""
        self.sparse.setdefault(kind, {}).setdefault(statistic, {})[row] = value

    def discard(self, kinds: Iterable[str]) -> None:
        """Remove kinds whose collector failed: half of a step would be wrong."""
        for kind in kinds:
            self.kinds.discard(kind)
            for by_kind in (self.layouts, self.new_layouts, self.parts, self.bin_counts, self.bin_scales, self.sparse):
                by_kind.pop(kind, None)
