"""Points and their table of values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.testing import assert_array_equal

from tb_nnviz.logs.points import Points


def stacked(data: list[Any]) -> Points:
    return Points.of((datum.step, datum.wall_time, datum.numpy) for datum in data).stacked()


def test_stacked_equal_vectors_take_the_bytes_of_one() -> None:
    data = [SimpleNamespace(step=i, wall_time=i, numpy=np.array([1, np.nan], np.float32)) for i in range(1000)]
    points = stacked(data)
    assert points.nbytes < 20_000
    assert_array_equal(points.values, np.tile(np.array([1, np.nan], np.float32), (1000, 1)))
    data[500].numpy = np.array([1, 2], np.float32)
    assert stacked(data).values[500].tolist() == [1, 2]
