"""Entries: the values of an event before they are encoded as protos."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tb_nnviz.schema.tags import PLUGIN, statistic_tag


@dataclass(frozen=True)
class Entry:
    """One value of an event. A writer turns it into a ``Summary.Value``.

    A stock scalar has a float as its ``value`` and None as its ``plugin``. The value of any other entry is an
    array of float32, int64 or uint8, or of float64 for a stock histogram.
    """

    tag: str
    value: np.ndarray | float
    plugin: str | None = None


def scalar(tag: str, value: float) -> Entry:
    """Return a stock scalar, which TensorBoard's own tabs show too."""
    return Entry(tag, float(value))


def vector(kind: str, statistic: str, values: np.ndarray) -> Entry:
    """Return a vector of one statistic, one value per row of a kind, as an entry: float32 [rows].

    Values beyond the range of float32 become infinite.
    """
    with np.errstate(over="ignore"):
        return Entry(statistic_tag(kind, statistic), np.asarray(values, "<f4"), PLUGIN)
