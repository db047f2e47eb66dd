"""Reduction over the passes of one step, such as micro-batches."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor

from tb_nnviz.record.measure.stats import TensorStats, merge_units, merge_values

#: Passes of one step that are held one by one.
MOST_PARTS = 64


class Part(NamedTuple):
    """The measurement of a row in one pass.

    Args:
        numel: number of elements.
        values: ``TensorStats.values``.
        scale: the loss scale that the values still contain, float64 [1], or None.
    """

    numel: int
    values: Tensor
    scale: Tensor | None = None


class StepBuffer:
    """The measurements of one kind in the open step, by row. They stay on their devices.

    A number in place of a name stands for a parameter without a row.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Drop everything."""
        self.parts: dict[str | int, list[Part]] = {}
        self.bin_counts: dict[str, Tensor] = {}
        self.units: dict[str, Tensor] = {}

    def put(self, name: str | int, stats: TensorStats, statistics: bool, scale: Tensor | None = None) -> None:
        """Set the measurement of a row, in place of an earlier one.

        Args:
            name: the row.
            stats: its measurement.
            statistics: whether its statistics are due, and not only its histogram.
            scale: the loss scale that its values still contain, float64 [1].
        """
        if statistics:
            self.parts[name] = [Part(stats.numel, stats.values, scale)]
        if stats.bin_counts is not None and isinstance(name, str):
            self.bin_counts[name] = stats.bin_counts

    def merge(self, name: str, stats: TensorStats, statistics: bool, scale: Tensor | None = None) -> None:
        """Merge the measurement of one more pass into a row. The arguments are those of ``put``."""
        if statistics:
            parts = self.parts.setdefault(name, [])
            parts.append(Part(stats.numel, stats.values, scale))
            if len(parts) > MOST_PARTS:  # a step that stays open must not take more and more memory
                self.parts[name] = _merged(parts)
            if stats.units is not None:
                earlier = self.units.get(name)
                # Replicas of DataParallel lie on several devices.
                merged = stats.units if earlier is None else merge_units(earlier, stats.units.to(earlier.device))
                self.units[name] = merged
        if stats.bin_counts is not None:
            counts = self.bin_counts.get(name)
            self.bin_counts[name] = (
                stats.bin_counts if counts is None else _add_counts(counts, stats.bin_counts.to(counts.device))
            )

    def set_scale(self, scale: Tensor) -> None:
        """Set the loss scale of the measurements that were made before it was known."""
        for parts in self.parts.values():
            parts[:] = [part if part.scale is not None else part._replace(scale=scale) for part in parts]

    def forget(self, name: str | int) -> None:
        """Drop the measurement of a row."""
        self.parts.pop(name, None)
        if isinstance(name, str):
            self.bin_counts.pop(name, None)


def _merged(parts: list[Part]) -> list[Part]:
    """Return the measurements of several passes as one per loss scale."""
    by_scale: dict[int, list[Part]] = {}
    for part in parts:
        by_scale.setdefault(id(part.scale), []).append(part)
    merged = []
    for same in by_scale.values():
        numel, values = merge_values([(part.numel, part.values) for part in same])
        merged.append(Part(numel, values, same[0].scale))
    return merged


def _add_counts(a: Tensor, b: Tensor) -> Tensor:
    """Return the counts of two passes together, or the later ones if the dtype changed within the step."""
    return a.long() + b if a.shape == b.shape else b
