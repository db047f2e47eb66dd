"""TensorBoard's own histograms."""

from __future__ import annotations

import numpy as np
import pytest

from tb_nnviz.logs.histograms import stock
from tb_nnviz.logs.histograms.stock import kinds_of, rebin, stock_history
from tb_nnviz.logs.points import Points
from tests.support.bins import bin_of


def test_kinds_of_tags_leaves_out_own_kinds() -> None:
    tags = ["gradients/x", "mine", "parameters/x"]
    assert kinds_of(tags, ["gradient", "parameter"]) == {"stock": {"mine": "mine"}}
    assert kinds_of(tags, []).keys() == {"gradient", "stock", "parameter"}


def test_rebin_odd_buckets_keeps_every_element() -> None:
    # The data server gives buckets that are empty, have swapped ends, or have no width.
    counts = rebin(np.array([[0.3, 0.1, 0], [1.0, 1.0, 5], [-1e-12, 1e-12, 3], [-2.0, -2.0, 2], [1e7, 1e30, 4]]))
    assert counts[bin_of(1.0)] == 5 and counts[260] == 3 and counts[bin_of(-2.0)] == 2
    np.testing.assert_allclose(counts[518], 4, rtol=1e-6)
    np.testing.assert_allclose(counts.sum(), 14)
    assert rebin(np.zeros((0, 3))).sum() == 0


def test_stock_history_at_a_step_rebins_only_that_step(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = np.array([[1.0, 2.0, 3.0]])
    tags = {name: Points.of((step, float(step), bucket) for step in range(0, 50, 10)) for name in "ab"}
    seen: list[np.ndarray] = []

    def counted(buckets: np.ndarray) -> np.ndarray:
        seen.append(buckets)
        return rebin(buckets)

    monkeypatch.setattr(stock, "rebin", counted)
    whole, one = stock_history(tags), stock_history(tags, 14)
    assert len(seen) == 10 + 2
    assert one.steps.tolist() == [10.0] and one.wall_times.tolist() == [10.0]
    assert one.cells[0].dense(0, 520).tolist() == whole.cells[1].dense(0, 520).tolist()
