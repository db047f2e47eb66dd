"""The axis of units in rows and maps, against numpy on the true axis."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz.record.collect.unit_axis.autograd import units_of
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tests.support.cases.unit_models import UNIT_MODELS
from tests.support.event_reader import Run
from tests.support.map_oracle import outputs, read


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def train(model, x, logdir=None, **options):
    """Train for two steps. Return the outputs of the last by module, losses, parameters, and a copy as of the maps."""
    torch.manual_seed(1)
    model.train()
    seen = {}

    def keep(name, module, output):
        if module.training:  # the probe runs in evaluation mode
            seen[name] = (output[0] if isinstance(output, tuple) else output).detach().clone()

    handles = [
        module.register_forward_hook(lambda module, args, output, name=name: keep(name, module, output))
        for name, module in model.named_modules()
    ]
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-3)
    monitor = logdir and tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=1, on_finding=None, include=[nn.Module], **options
    )
    losses, copied = [], None
    for step in range(2):
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        if step == 0 and "forward" not in vars(model):  # a copy of a replaced method would call the original
            copied = copy.deepcopy(model)
        optimizer.step()
        losses.append(loss.item())
    if monitor:
        monitor.close()
    for handle in handles:
        handle.remove()
    return seen, losses, [p.detach().clone() for p in model.parameters()], copied


def made(name):
    torch.manual_seed(0)
    make, x, axes = UNIT_MODELS[name]
    return make(), x(), axes


@pytest.mark.parametrize("name", UNIT_MODELS)
@pytest.mark.parametrize("probed", [False, True])
def test_rows_and_maps_have_units_on_the_true_axis(name, probed, tmp_path):
    model, x, axes = made(name)
    plain = train(copy.deepcopy(model), x) if name != "frozen" else None
    seen, losses, parameters, copied = train(model, x, tmp_path, **({"probe": x, "maps_every": 1} if probed else {}))
    if plain is not None:
        assert losses == plain[1] and all(map(torch.equal, parameters, plain[2]))
    run = Run(tmp_path)
    rows = {row["name"]: row for row in run.rows("activation", 1)}
    values = run.statistics("activation", 1)
    for row, axis in axes.items():
        output = seen[row].double().numpy()
        assert rows[row]["unit_axis"] in ({-1, output.ndim - 1} if axis == output.ndim - 1 else {axis}), row
        assert rows[row]["shape"] == list(output.shape[1 if axis else 0 :]), row
        units = np.moveaxis(output, axis, 0).reshape(output.shape[axis], -1)
        assert values[row]["dead_fraction"] == pytest.approx((units == 0).all(1).mean()), row
        assert values[row]["nonpositive_unit_fraction"] == pytest.approx((units <= 0).all(1).mean()), row
    if "relu" in axes:
        assert values["relu"]["dead_fraction"] == 0.5
    if probed:
        assert_maps(read(tmp_path), seen if copied is None else outputs(copied, x), axes, values=copied is not None)


def assert_maps(maps, whole, axes, values):
    """Compare the largest value per unit with numpy, and the place of units in the map."""
    for row, axis in axes.items():
        header, _ = maps[f"map/{row}"][0]
        output = (whole[row][0] if isinstance(whole[row], list) else whole[row]).double().numpy()
        unit = next(name for name in header["axes"] if name in ("channel", "feature", "unit", "head"))
        cut = (header["downsampled"] or {}).get(unit)
        assert (cut[0] if cut else header["shape"][header["axes"].index(unit)]) == output.shape[axis], row
        assert header["axes"][0] == "sample"
        if axis == 0:
            assert header["shape"][0] == 1, "a single sample"
        if values:
            units = np.moveaxis(output, axis, 0).reshape(output.shape[axis], -1)
            largest = units.max(1)[header["unit_order"] or slice(None)]
            np.testing.assert_allclose(header["units"]["max"], largest, rtol=1e-5, atol=1e-7, err_msg=row)


# Without rows there are no gradients either, so a function that turns an image of equal sizes leaves no trace.
@pytest.mark.parametrize("name", [name for name in UNIT_MODELS if name != "functions"])
def test_maps_without_rows_have_units_on_the_true_axis(name, tmp_path):
    model, x, axes = made(name)
    seen, _, _, copied = train(model, x, tmp_path, probe=x, maps_every=1, kinds=["gradient"])
    assert_maps(read(tmp_path), seen if copied is None else outputs(copied, x), axes, values=copied is not None)


def test_units_of_new_rows_are_inferred_in_later_steps(tmp_path):
    class Grows(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.late, self.use = nn.Conv2d(3, 8, 3), nn.ReLU(), False

        def forward(self, x):
            return self.late(self.conv(x)) if self.use else self.conv(x)

    model, x = Grows(), torch.randn(2, 3, 6, 6)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1):
        for step in range(2):
            model.use = step == 1
            model(x).mean().backward()
            optimizer.step()
    assert {row["name"]: row["unit_axis"] for row in Run(tmp_path).rows("activation", 1)} == {"conv": 1, "late": 1}


def test_units_of_batch_and_single_image_differ_by_the_batch():
    units, conv = UnitAxes(), nn.Conv2d(3, 8, 3)
    assert units.of("conv", conv, (), conv(torch.ones(2, 3, 6, 6))) == 1
    assert units.of("conv", conv, (), conv(torch.ones(3, 6, 6))) == 0


def test_units_of_deep_chain_of_functions_end_in_bounded_time():
    x = nn.Conv2d(1, 4, 1)(torch.ones(1, 1, 2, 2))
    for _ in range(5000):
        x = x.exp().clamp(max=1)
    assert units_of(x) is None
