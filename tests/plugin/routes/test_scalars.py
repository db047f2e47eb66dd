"""The route ``scalars`` on both loaders."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

from tb_nnviz import schema
from tests.support.event_logs import (
    WALL_TIME,
    Zoo,
)
from tests.support.tensorboards import TensorBoard, only


def test_scalars_by_prefix_leave_out_users_own(board: TensorBoard) -> None:
    answer = board.scalars("scalars", "plain")
    assert [(series["run"], series["tag"]) for series in answer["series"]] == [
        ("scalars", "nnviz/log/loss"),
        ("scalars", "nnviz/log/val_loss"),
    ]
    loss, val_loss = answer["series"]
    assert loss["steps"].dtype == loss["wall_times"].dtype == np.float64
    assert_array_equal(loss["steps"], np.arange(5))
    assert_array_equal(loss["wall_times"], WALL_TIME + 1 + np.arange(5))
    assert_array_equal(loss["values"], np.arange(5, dtype=np.float32) / 8)
    assert np.isnan(val_loss["values"]).all()
    assert answer["missing"] == [
        {"run": "plain", "tag": None, "reason": "no scalars under 'nnviz/log/' in run 'plain'"}
    ]
    # TensorBoard's own tab has the user's curve and nnviz's.
    tags = board.client.get("/data/plugin/scalars/tags").get_json()["scalars"]
    assert tags.keys() == {"loss", "nnviz/log/loss", "nnviz/log/val_loss", "nnviz/global/gradient_norm"}
    points = board.client.get("/data/plugin/scalars/scalars?run=scalars&tag=loss").get_json()
    assert [value for _, _, value in points] == [100, 101, 102, 103, 104]


def test_scalars_by_tag_last_only(board: TensorBoard) -> None:
    tags = ["nnviz/global/gradient_norm", "nnviz/log/loss", "nnviz/log/none"]
    answer = board.scalars("scalars", tags=tags, last=True)
    assert [(series["steps"].tolist(), series["values"].tolist()) for series in answer["series"]] == [
        ([4.0], [np.inf]),
        ([4.0], [0.5]),
    ]
    assert answer["missing"] == [
        {"run": "scalars", "tag": "nnviz/log/none", "reason": "no scalar 'nnviz/log/none' in run 'scalars'"}
    ]
    assert [series["tag"] for series in board.scalars("scalars", prefix="nnviz/global/")["series"]] == tags[:1]


def test_series_and_scalars_of_windows_and_optimizer(board: TensorBoard, zoo: Zoo) -> None:
    statistics = schema.KIND_STATISTICS["optimizer"]
    assert board.runs()["windows"]["kinds"] == {"optimizer": sorted((*statistics, "count"))}
    series = only(board.series("windows", kind="optimizer", statistics=statistics))
    for name in statistics:
        assert_array_equal(series["values"][name], zoo.values["windows"][name])
    tags = ["nnviz/window/gradient_norm_max", "nnviz/window/gradient_norm_max_step", "nnviz/global/skipped"]
    highest, places, skipped = board.scalars("windows", tags=tags)["series"]
    assert highest["steps"].tolist() == places["steps"].tolist() == [0, 10, 20, 30, 40]
    assert highest["values"].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert places["values"].tolist() == [-3, 7, 17, 27, 37]
    assert (skipped["steps"].tolist(), skipped["values"].tolist()) == ([0, 10, 20, 24, 30, 40], [0, 0, 0, 1, 0, 0])
