"""The budget of activation maps: it holds, and the maps within it have true values."""

import logging

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.event_reader import Run
from tests.support.map_oracle import assert_map, outputs, read, train

SHAPES = {
    "small": [(2, 3, 5, 5)],
    "one large": [(8, 64, 100, 120)],
    "many samples": [(300, 4, 20, 20)],
    "many channels": [(4, 3000, 7, 7)],
    "a line": [(4, 2, 1, 5000)],
    "a column": [(4, 2, 5000, 1)],
    "one place": [(64, 2048, 1, 1)],
    "words": [(4, 900, 700)],
    "attention": [(2, 12, 300, 300)],
    "units": [(64, 50000)],
    "large and small": [(8, 64, 100, 100), (8, 10), (8, 3, 9, 9), (8, 64, 50, 50)],
    "sixty layers": [(4, 32, 28, 28)] * 60,
    "odd": [(3, 7, 11, 13), (3, 1), (3, 17, 1), (3, 5, 7, 2, 3)],
}


class Shaped(nn.Module):
    """Layers whose outputs have given shapes."""

    def __init__(self, shapes):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.parts = nn.ModuleList(
            nn.Softmax(-1) if len(shape) == 4 and shape[2:] == (300, 300) else nn.Identity() for shape in shapes
        )
        generator = torch.Generator().manual_seed(0)
        self.values = [torch.randn(shape, generator=generator) for shape in shapes]

    def forward(self, x):
        return sum(part(value).mean() for part, value in zip(self.parts, self.values, strict=True)) * self.scale


@pytest.mark.parametrize("budget", [2**20, 100_000, 5_000])
@pytest.mark.parametrize("case", SHAPES)
def test_maps_any_budget_holds_and_values_are_true(case, budget, tmp_path):
    model = Shaped(SHAPES[case])
    x = torch.ones(SHAPES[case][0][0], 1)
    train(model, tmp_path, x, steps=2, map_bytes=budget)
    run, maps = Run(tmp_path), read(tmp_path)
    sizes = {
        step: sum(run.tensors[tag][step].size for tag in run.tensors if tag.startswith("nnviz/map/")) for step in (0, 1)
    }
    assert sizes[0] == sizes[1] and 0 < sizes[0] <= budget
    for event in run.events:
        if any(value.tag.startswith("nnviz/map/") for value in event.summary.value):
            assert event.ByteSize() <= budget
    assert all(
        payload.size <= 256 * 1024
        for tag in run.tensors
        if tag.startswith("nnviz/map/")
        for payload in run.tensors[tag].values()
    )
    samples = {header["shape"][0] for found in maps.values() for header, _ in found.values()}
    assert len(samples) == 1 and samples.pop() <= 8, "the same samples everywhere"
    whole = outputs(model, x)
    for name, found in maps.items():
        (header, codes), (again, same) = found[0], found[1]
        assert header == again and np.array_equal(codes, same), "stable over steps"
        layer = name.removeprefix("map/").removesuffix("@attention")
        axes = header["axes"]
        if len(whole[layer][0].shape) == 5:
            axes = ["sample", "channel", "depth", "height", "width"]
        assert_map(header, codes, whole[layer][0].numpy(), axes)


def test_maps_larger_than_budget_use_most_of_it(tmp_path):
    train(Shaped(SHAPES["large and small"]), tmp_path, torch.ones(8, 1), steps=1, map_bytes=200_000)
    maps = read(tmp_path)
    assert sum(codes.size for found in maps.values() for _, codes in found.values()) > 120_000
    assert maps["map/parts.1"][0][0]["downsampled"] is None, "small maps are whole"


def test_maps_budget_too_small_for_all_layers_warns(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "tb_nnviz"):
        train(Shaped([(2, 3)] * 20), tmp_path, torch.ones(2, 1), steps=2, map_bytes=5_000)
    assert [record.message for record in caplog.records] == [
        "maps of 6 of 20 outputs: map_bytes=5000 has no room for more"
    ]
    assert set(read(tmp_path)) == {f"map/parts.{i}" for i in (0, 3, 6, 10, 13, 16)}, "from the first to the last"
