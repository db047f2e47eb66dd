"""Weight maps and tracked weights against float64 numpy on copies of the weights."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.collect.weights.plan import FIXED_BYTES, LEAST_VALUES, plans, view
from tests.support.backends import backend  # noqa: F401
from tests.support.event_reader import Run


def decoded(run, name, step):
    """Return a map's header, and its values in float64 with NaN for nonfinite ones."""
    header, codes = schema.decode_map(run.tensors[f"nnviz/weight/{name}"][step])
    values = header["offset"] + header["scale"] * codes.astype(np.float64)
    if header["nonfinite"]:
        values[codes == schema.NONFINITE_CODE] = np.nan
    return header, values


def train(model, optimizer, logdir, steps, x, before=None, **settings):
    """Train, and return the weights before each update."""
    kept = []
    with tb_nnviz.watch(model, optimizer, logdir=logdir, rules={"*": None}, **settings):
        for step in range(steps):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            if before:
                before(step, model)
            kept.append({name: p.detach().double().numpy().copy() for name, p in model.named_parameters()})
            optimizer.step()
    return kept


def sgd(model, lr=0.1):
    return torch.optim.SGD(model.parameters(), lr)


def tile_of(header):
    """Return rows and columns of a tile, inferred from the sizes before and after."""
    kept = {axis: -(-size // less) for axis, (size, less, _) in header["downsampled"].items()}
    return kept.get("row", 1), kept.get("column", 1)


def by_tiles(x, tile):
    """Return mean, minimum and maximum of each tile, and the ranges of the norms of its rows and columns."""
    rows = [x[i : i + tile[0]] for i in range(0, x.shape[0], tile[0])]
    tiles = [[part[:, j : j + tile[1]] for j in range(0, x.shape[1], tile[1])] for part in rows]
    return np.array([[[reduce(t) for t in line] for line in tiles] for reduce in (np.mean, np.min, np.max)])


@pytest.mark.usefixtures("backend")
def test_weight_maps_small_weights_are_whole_before_update(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 5))
    kept = train(model, sgd(model), tmp_path, 7, torch.randn(3, 2, 4, 4), weights_every=3)
    run = Run(tmp_path)
    assert sorted(tag for tag in run.tensors if tag.startswith("nnviz/weight/")) == [
        "nnviz/weight/0.weight",
        "nnviz/weight/3.weight",
    ], "biases have none"
    for name, axes in (("0.weight", ["out", "in", "height", "width"]), ("3.weight", ["row", "column"])):
        assert list(run.tensors[f"nnviz/weight/{name}"]) == [0, 3, 6]
        for step in (0, 3, 6):
            header, values = decoded(run, name, step)
            true = kept[step][name]
            assert header["axes"] == axes and header["downsampled"] is header["unit_order"] is None
            assert values.shape == true.shape
            assert np.abs(values - true).max() < header["scale"]
            assert np.abs(values - true)[np.abs(true) > header["scale"]].max() <= 0.5001 * header["scale"]
            assert header["scale"] <= 1.25 * np.abs(true).max() / 127, "127 steps, on a ladder of quarters of an octave"
            assert header["nonfinite"] == 0
    header, _ = decoded(run, "3.weight", 3)
    assert header["norms"]["row"]["max"] == pytest.approx(np.linalg.norm(kept[3]["3.weight"], axis=1), rel=1e-3)
    assert header["norms"]["column"]["max"] == pytest.approx(np.linalg.norm(kept[3]["3.weight"], axis=0), rel=1e-3)
    header, _ = decoded(run, "0.weight", 3)
    assert header["norms"]["out"]["max"] == pytest.approx(np.sqrt((kept[3]["0.weight"] ** 2).sum((1, 2, 3))), rel=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.usefixtures("backend")
def test_weight_maps_tiles_equal_float64(tmp_path, dtype):
    torch.manual_seed(0)
    model = nn.Linear(301, 107).to(dtype)
    with torch.no_grad():
        model.weight[17, 33], model.weight[90, 300] = 7.0, -5.0  # alone in their tiles
        model.weight[60:80] = 0
    kept = train(model, sgd(model, 0.0), tmp_path, 1, torch.randn(3, 301, dtype=dtype), weight_bytes=9000)
    header, values = decoded(Run(tmp_path), "weight", 0)
    true = kept[0]["weight"]
    assert header["axes"] == ["reduction", "row", "column"]
    tile = tile_of(header)
    assert header["tensor"]["shape"] == list(true.shape)
    expected = by_tiles(true, tile)
    assert values.shape == expected.shape
    assert np.abs(values - expected).max() < header["scale"]
    assert np.abs(values[1:] - expected[1:]).max() < header["scale"] <= 1.25 * 7 / 127
    assert values[2, 17 // tile[0], 33 // tile[1]] == pytest.approx(7, abs=header["scale"] / 2)
    assert values[1, 90 // tile[0], 300 // tile[1]] == pytest.approx(-5, abs=header["scale"] / 2)
    norms = np.linalg.norm(true, axis=1)
    groups = [norms[i : i + tile[0]] for i in range(0, 107, tile[0])]
    assert header["norms"]["row"]["min"] == pytest.approx([group.min() for group in groups], rel=1e-3)
    assert header["norms"]["row"]["max"] == pytest.approx([group.max() for group in groups], rel=1e-3)
    assert header["norms"]["row"]["min"].count(0) >= 20 // tile[0] - 1, "rows that are zero show in the margin"


@pytest.mark.usefixtures("backend")
def test_weight_maps_only_exact_zero_has_its_code(tmp_path):
    model = nn.Linear(4, 3, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.0, -0.0, 1e-6, -1e-6], [1.0, -1.0, 0.5, 0.0], [0, 0, 0, 0]]))
    train(model, sgd(model, 0.0), tmp_path, 1, torch.ones(1, 4))
    header, values = decoded(Run(tmp_path), "weight", 0)
    assert (values == 0).tolist() == [[True, True, False, False], [False, False, False, True], [True] * 4]
    assert values[0, 2] > 0 > values[0, 3]
    assert header["norms"]["row"]["max"][2] == 0


@pytest.mark.usefixtures("backend")
def test_weight_maps_nonfinite_values_are_counted(tmp_path):
    def spoil(step, model):
        with torch.no_grad():
            if step == 1:
                model.weight[1, 2], model.weight[5, 60] = float("nan"), float("inf")

    model = nn.Linear(64, 8)
    train(model, sgd(model, 0.0), tmp_path, 2, torch.randn(2, 64), spoil, weights_every=1, weight_bytes=1200)
    run = Run(tmp_path)
    header, values = decoded(run, "weight", 0)
    assert header["nonfinite"] == 0 and np.isfinite(values).all()
    header, values = decoded(run, "weight", 1)
    high, wide = tile_of(header)
    assert wide > 1
    assert header["nonfinite"] == 2
    mean, low, top = (~np.isfinite(values[i]) for i in range(3))
    assert mean[1 // high, 2 // wide] and low[1 // high, 2 // wide] and top[1 // high, 2 // wide]
    assert mean[5 // high, 60 // wide] and top[5 // high, 60 // wide] and not low[5 // high, 60 // wide]
    assert mean.sum() == 2 and low.sum() == 1
    assert header["norms"]["row"]["max"][1 // high] is None


@pytest.mark.usefixtures("backend")
def test_weight_maps_fewer_kernels_are_evenly_spaced(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(20, 50, 3, padding=1), nn.ConvTranspose2d(50, 4, 2), nn.Conv1d(5, 3, 7))
    model.forward = lambda x: model[1](model[0](x)).mean() + model[2](torch.ones(1, 5, 9)).mean()
    kept = train(model, sgd(model, 0.0), tmp_path, 1, torch.randn(2, 20, 4, 4), weight_bytes=6000)
    run = Run(tmp_path)
    header, values = decoded(run, "0.weight", 0)
    out, into = header["unit_order"]["out"], header["unit_order"]["in"]
    assert header["downsampled"] == {"out": [50, len(out), "every"], "in": [20, len(into), "every"]}
    assert len(set(np.diff(out))) <= 2 and out[0] == 0 and out[-1] >= 50 - 2 * 50 // len(out)
    assert np.abs(values - kept[0]["0.weight"][out][:, into]).max() < header["scale"]
    norms = np.sqrt((kept[0]["0.weight"] ** 2).sum((1, 2, 3)))[out]
    assert header["norms"]["out"]["max"] == pytest.approx(norms, rel=1e-3), "of all inputs, not of those kept"
    header, values = decoded(run, "1.weight", 0)
    assert header["axes"] == ["out", "in", "height", "width"]
    order = header["unit_order"] or {}
    true = kept[0]["1.weight"].transpose(1, 0, 2, 3)
    for axis, name in enumerate(("out", "in")):
        true = true.take(order.get(name, range(true.shape[axis])), axis)
    assert np.abs(values - true).max() < header["scale"]
    header, values = decoded(run, "2.weight", 0)
    assert values.shape == (3, 5, 1, 7) and np.abs(values[:, :, 0] - kept[0]["2.weight"]).max() < header["scale"]


@pytest.mark.parametrize(
    ("shape", "convolution", "expected"),
    [
        ((10, 20), False, (10, 20)),
        ((1, 197, 64), False, (197, 64)),
        ((1, 1, 64), False, (1, 64)),
        ((4, 5, 6), False, (20, 6)),
        ((4, 5, 6), True, (4, 5, 1, 6)),
        ((8, 4, 1, 1), True, (8, 4)),
        ((8, 4, 2, 3, 5), True, (8, 4, 6, 5)),
        ((1, 4, 100, 100), False, (400, 100)),
    ],
)
def test_view_of_shape_is_matrix_or_kernels(shape, convolution, expected):
    assert view(shape, convolution).shape == expected


SHAPES = {
    "gpt": [(50257, 768), (1024, 768), *[(2304, 768), (768, 768), (3072, 768), (768, 3072)] * 12],
    "resnet": [(64, 3, 7, 7), *[(64, 64, 3, 3)] * 6, *[(512, 512, 3, 3)] * 6, (1000, 512)],
    "one": [(4096, 4096)],
    "thin": [(1, 100_000), (100_000, 2), (3, 3)],
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("budget", [60_000, 131_072, 10**6])
def test_plans_any_model_keep_and_use_the_budget(name, budget):
    views = [view(shape, len(shape) == 4) for shape in SHAPES[name]]
    found = plans(views, budget)
    assert sum(plan.bytes for plan in found) <= budget
    assert min(plan.values for plan in found) >= 9, "none is starved"
    reduced = [plan for plan in found if plan.tiled or plan.kept != plan.view.shape[:2]]
    if reduced:
        least = min(plan.bytes for plan in reduced)
        assert sum(plan.bytes for plan in found) > 0.5 * budget
        assert max(plan.bytes for plan in found if plan not in reduced) <= 3 * least if len(reduced) < len(found) else 1
    assert plans(views, budget) == found


def test_plans_a_thousand_layers_have_small_maps():
    found = plans([view((512, 512))] * 1000, 131_072)
    assert {plan.values for plan in found} == {LEAST_VALUES}
    assert sum(plan.bytes for plan in found) < 1000 * (FIXED_BYTES + LEAST_VALUES + 400)


def test_weight_maps_event_size_equals_plan(tmp_path):
    model = nn.Sequential(nn.Linear(512, 512), nn.Linear(512, 256), nn.Linear(256, 10))
    train(model, sgd(model), tmp_path, 1, torch.randn(2, 512), weight_bytes=20_000)
    sizes = [
        value.ByteSize()
        for event in Run(tmp_path).events
        for value in event.summary.value
        if value.tag.startswith("nnviz/weight/")
    ]
    assert len(sizes) == 3 and 10_000 < sum(sizes) <= 20_000


def test_weight_maps_unchanged_weights_keep_their_codes(tmp_path):
    torch.manual_seed(0)
    model = nn.Linear(6, 6)
    frozen = model.weight[0].detach().clone()

    def hold(step, model):
        model.weight.grad[0] = 0

    train(model, sgd(model, 0.01), tmp_path, 3, torch.randn(4, 6), hold, weights_every=1)
    run = Run(tmp_path)
    (a, first), (b, last) = (schema.decode_map(run.tensors["nnviz/weight/weight"][step]) for step in (0, 2))
    assert torch.equal(model.weight[0], frozen) and a["scale"] == b["scale"]
    assert (first[0] == last[0]).all() and not (first[1:] == last[1:]).all()


def test_weight_maps_unmappable_parameters_have_none(tmp_path):
    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.complex = nn.Parameter(torch.ones(2, 2, dtype=torch.complex64))
            self.empty = nn.Parameter(torch.empty(0, 3))
            self.integers = nn.Parameter(torch.ones(2, 2, dtype=torch.int64), requires_grad=False)
            self.vector = nn.Parameter(torch.ones(5))
            self.frozen = nn.Parameter(torch.ones(2, 2), requires_grad=False)

        def forward(self, x):
            return self.complex.abs() * self.vector.sum() * self.frozen

    model = Odd()
    train_odd = torch.optim.SGD([model.complex, model.vector], 0.1)
    with tb_nnviz.watch(model, train_odd, logdir=tmp_path, on_finding=None):
        model(None).square().mean().backward()
        train_odd.step()
    assert [t for t in Run(tmp_path).tensors if t.startswith("nnviz/weight/")] == ["nnviz/weight/frozen"]


def test_weight_maps_follow_their_own_interval(tmp_path):
    model = nn.Linear(3, 2)
    train(model, sgd(model), tmp_path, 7, torch.randn(2, 3), every=4, weights_every=3, histograms_every=None)
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/weight/weight"]) == [0, 3, 6]
    assert list(run.tensors["nnviz/parameter/norm"]) == [0, 4]


def test_weight_maps_interval_none_writes_none(tmp_path):
    model = nn.Linear(3, 2)
    train(model, sgd(model), tmp_path, 2, torch.randn(2, 3), every=1, weights_every=None, tracked_weights=None)
    assert not [tag for tag in Run(tmp_path).tensors if "nnviz/weight/" in tag or "tracked" in tag]


@pytest.mark.usefixtures("backend")
def test_tracked_number_takes_first_of_each_layer(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5))
    model = model.to(memory_format=torch.channels_last)
    kept = train(model, sgd(model), tmp_path, 5, torch.randn(3, 2, 4, 4), every=2)
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/tracked/value"]) == [0, 2, 4]
    rows = run.rows("tracked", 4)
    assert len(rows) == 20, "ten of each weight, none of norms and biases"
    assert rows[3]["name"] == "0.weight[0, 0, 1, 0]" and rows[3]["index"] == [0, 0, 1, 0]
    assert {row["parameter"] for row in rows} == {"0.weight", "3.weight"} and rows[-1]["module"] == "3"
    for step in (0, 2, 4):
        found = run.tensors["nnviz/tracked/value"][step]
        assert found.tolist() == [np.float32(kept[step][row["parameter"]][tuple(row["index"])]) for row in rows]


def test_tracked_indices_by_parameter_are_logged(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    wanted = {"0.weight": [(2, 3), [0, 1]], "1.bias": [1]}
    kept = train(model, sgd(model), tmp_path, 2, torch.randn(3, 4), every=1, tracked_weights=wanted)
    found = Run(tmp_path).statistics("tracked", 1)
    true = kept[1]
    assert {name: row["value"] for name, row in found.items()} == pytest.approx(
        {
            "0.weight[2, 3]": true["0.weight"][2, 3],
            "0.weight[0, 1]": true["0.weight"][0, 1],
            "1.bias[1]": true["1.bias"][1],
        }
    )


def test_weight_maps_without_optimizer_are_read_at_close(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    optimizer = torch.optim.SGD(model[0].parameters(), 0.1)
    train(model, optimizer, tmp_path, 1, torch.randn(3, 4))
    run = Run(tmp_path)
    assert {"nnviz/weight/0.weight", "nnviz/weight/1.weight"} <= set(run.tensors)
    assert [row["parameter"] for row in run.rows("tracked", 0)] == ["0.weight"] * 10 + ["1.weight"] * 6


def test_weight_maps_failure_keeps_statistics(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("tb_nnviz.record.collect.weights.maps.pool", lambda x, plan: 1 / 0)
    model = nn.Linear(3, 2)
    train(model, sgd(model), tmp_path, 2, torch.randn(2, 3), every=1, weights_every=1)
    assert [record.message for record in caplog.records] == [
        f"weight maps of {tmp_path}: turned off after an error of tb_nnviz"
    ]
    run = Run(tmp_path)
    assert list(run.tensors["nnviz/parameter/norm"]) == list(run.tensors["nnviz/tracked/value"]) == [0, 1]
