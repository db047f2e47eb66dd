"""Round trip of maps: torch -> event file -> both of TensorBoard's loaders -> the values of the outputs."""

import copy

import numpy as np
import pytest
import torch
from tensorboard.context import RequestContext
from tensorboard.data.provider import RunTagFilter

import tb_nnviz
from tb_nnviz import schema
from tests.record.collect.activation_maps.test_maps import Convolutions
from tests.support.map_oracle import CHANNELS, UNITS, assert_map, decode, outputs
from tests.support.tensorboards import TensorBoard

STEPS = 40


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train with maps at more steps than TensorBoard keeps by default, and return the run and a model per step."""
    logdir = tmp_path_factory.mktemp("maps")
    torch.manual_seed(0)
    model, x, copies = Convolutions(), torch.randn(3, 3, 6, 4), []
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(
        model, optimizer, logdir / "run", every=5, probe=x, maps_every=1, probe_inputs=True, on_finding=None
    ):
        for _ in range(STEPS):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            copies.append(copy.deepcopy(model))
            optimizer.step()
    return logdir, copies, x


def test_maps_of_every_step_arrive_in_tensorboard(loader, trained):
    logdir, copies, x = trained
    with TensorBoard(loader, logdir) as board:

        def loaded():
            found = board.provider.list_tensors(RequestContext(), experiment_id="", plugin_name=schema.PLUGIN_MAPS)
            tags = {tag: series for tag, series in found.get("run", {}).items() if tag.startswith(schema.TAG_MAP)}
            return len(tags) == 6 and tags["nnviz/map/fc"].max_step == STEPS - 1

        board.until(loaded)
        read = board.provider.read_tensors(
            RequestContext(),
            experiment_id="",
            plugin_name=schema.PLUGIN_MAPS,
            downsample=10**6,
            run_tag_filter=RunTagFilter(runs=["run"]),
        )["run"]
    maps = {
        tag: {datum.step: decode(np.asarray(datum.numpy).tobytes()) for datum in data} for tag, data in read.items()
    }
    assert list(maps["nnviz/map_input"]) == [0]
    assert_map(*maps["nnviz/map_input"][0], x.numpy(), CHANNELS)
    for step, twin in enumerate(copies):
        whole = outputs(twin, x)
        for name in ("conv", "norm", "relu", "pool", "drop", "fc"):
            axes = UNITS if name == "fc" else CHANNELS
            assert_map(*maps[f"nnviz/map/{name}"][step], whole[name][0].numpy(), axes)
