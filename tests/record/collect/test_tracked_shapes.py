"""Tracked weights of parameters whose shape or memory format changes in training."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run


@pytest.mark.parametrize("shape", [(1, 3), (2, 16)])
@pytest.mark.parametrize("tracked", [5, {"weight": [(0, 2), (3, 1)]}])
def test_tracked_replaced_weight_has_indices_of_its_shape(tmp_path, shape, tracked):
    model = nn.Linear(3, 4, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1, tracked_weights=tracked):
        for step in range(4):
            if step == 2:
                model.weight = nn.Parameter(torch.arange(float(np.prod(shape))).reshape(shape) + 100)
                optimizer.param_groups[0]["params"] = [model.weight]
            model.weight.square().sum().backward()
            if step == 2:
                weight = model.weight.detach().numpy().copy()
            optimizer.step()
            optimizer.zero_grad()
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/parameter/norm"]) == [0, 1, 2, 3]
    found = {row["name"]: value for row, value in zip(
        run.rows("tracked", 2), run.tensors["nnviz/tracked/value"][2], strict=True) if not np.isnan(value)}  # fmt: skip
    first = [tuple(int(i) for i in np.unravel_index(at, shape)) for at in range(min(5, weight.size))]
    wanted = first if tracked == 5 else [at for at in [(0, 2), (3, 1)] if at[0] < shape[0]]
    assert found == {f"weight{list(at)}": weight[at] for at in wanted}


@pytest.mark.parametrize("shape", [(4, 3, 3, 3), (16, 2, 2, 1), (2, 8, 1, 1), (1, 1, 2, 2)])
@pytest.mark.parametrize("count", [1, 7, 10, 1000])
def test_tracked_channels_last_weight_has_first_elements(tmp_path, shape, count):
    model = nn.Conv2d(shape[1], shape[0], shape[2:], bias=False)
    model.weight = nn.Parameter(model.weight.detach().permute(2, 3, 0, 1).contiguous().permute(2, 3, 0, 1))
    weight = model.weight.detach().numpy().copy()
    with tb_nnviz.watch(model, logdir=tmp_path, every=1, tracked_weights=count) as monitor:
        model(torch.randn(1, shape[1], 4, 4)).sum().backward()
        monitor.step()
    run = Run(tmp_path)
    rows, values = run.rows("tracked", 0), run.tensors["nnviz/tracked/value"][0]
    assert len(rows) == min(count, weight.size)
    assert [weight[tuple(row["index"])] for row in rows] == values.tolist()
