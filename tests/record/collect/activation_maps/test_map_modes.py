"""Activation maps in other training modes: several models, shared and compiled modules, closures, autocast."""

import copy

import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run
from tests.support.map_oracle import UNITS, assert_map, read, train


def test_maps_module_called_twice_has_two_maps(tmp_path):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.act = nn.Linear(4, 4), nn.Tanh()

        def forward(self, x):
            return self.act(self.fc(self.act(self.fc(x))))

    torch.manual_seed(0)
    model, copies = Twice(), []
    x = torch.randn(3, 4)
    train(model, tmp_path, x, steps=1, copies=copies, kinds=["activation"])
    maps, twin = read(tmp_path), copies[0]
    assert set(maps) == {"map/fc", "map/act", "map/fc#1", "map/act#1"}
    assert {row["name"] for row in Run(tmp_path).rows("activation", 0)} == {"fc", "act", "fc#1", "act#1"}
    once = torch.tanh(twin.fc(x))
    assert_map(*maps["map/act"][0], once.detach().numpy(), UNITS)
    assert_map(*maps["map/act#1"][0], torch.tanh(twin.fc(once)).detach().numpy(), UNITS)


def test_maps_models_by_name_have_probes_by_name(tmp_path):
    g, d, e = nn.Sequential(nn.Linear(3, 4)), nn.Sequential(nn.Linear(4, 1)), nn.Sequential(nn.Linear(4, 1))
    optimizers = [torch.optim.SGD(model.parameters(), 0.1) for model in (g, d)]
    noise, real = torch.randn(5, 3), torch.randn(2, 4)
    with tb_nnviz.watch(
        {"G": g, "D": d, "E": e}, optimizers, logdir=tmp_path, maps_every=1, every=1,
        probe={"G": noise, "D": (real,)}, probe_inputs=True, probe_labels={"D": ["a", "b"]},
    ):  # fmt: skip
        before = copy.deepcopy((g, d))
        for optimizer in optimizers:
            d(g(noise)).sum().backward()
            optimizer.step()
    maps = read(tmp_path)
    assert set(maps) == {"map/G.0", "map/D.0", "map_input/G", "map_input/D"}
    assert_map(*maps["map/G.0"][0], before[0](noise).detach().numpy(), UNITS)
    assert_map(*maps["map/D.0"][0], before[1](real).detach().numpy(), UNITS)
    assert_map(*maps["map_input/D"][0], real.numpy(), UNITS)
    assert maps["map_input/D"][0][0]["labels"] == ["a", "b"] and "labels" not in maps["map_input/G"][0][0]


def test_maps_module_of_two_models_is_in_the_first(tmp_path):
    body = nn.Linear(3, 4)
    models = {"A": nn.Sequential(body, nn.ReLU()), "B": nn.Sequential(body, nn.Tanh())}
    probes = {"A": torch.randn(5, 3), "B": torch.randn(2, 3)}
    with tb_nnviz.watch(models, logdir=tmp_path, maps_every=1, every=1, probe=probes) as monitor:
        for _ in range(2):
            models["A"](probes["A"]).sum().backward()
            monitor.step()
    maps = read(tmp_path)
    assert set(maps) == {"map/A.0", "map/A.1", "map/B.1"}
    assert_map(*maps["map/A.0"][1], body(probes["A"]).detach().numpy(), UNITS)
    assert_map(*maps["map/B.1"][1], body(probes["B"]).tanh().detach().numpy(), UNITS)


def test_maps_without_optimizer_take_arguments_by_name(tmp_path):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(3, 2), nn.Linear(3, 2)

        def forward(self, x, *, y, scale=1.0):
            return self.a(x) * scale + self.b(y[0])

    model = Two()
    probe = {"x": torch.randn(2, 3), "y": [torch.randn(2, 3)], "scale": 2.0}
    expected = model.b(probe["y"][0]).detach().numpy()
    with tb_nnviz.watch(model, logdir=tmp_path, probe=probe, maps_every=2, start_step=4, exclude="a") as monitor:
        probe["y"][0].zero_()  # the probe is a copy
        for _ in range(3):
            model(torch.ones(1, 3), y=[torch.ones(1, 3)]).sum().backward()
            monitor.step()
    maps = read(tmp_path)
    assert set(maps) == {"map/b"} and list(maps["map/b"]) == [4, 6]
    assert_map(*maps["map/b"][4], expected, UNITS)


def test_maps_several_optimizers_show_values_before_step(tmp_path):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    x, before = torch.randn(4, 3), []

    def closure():
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss

    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=x, maps_every=1):
        for _ in range(2):
            before.append(model(x).detach().numpy())
            optimizer.step(closure)
    for step in (0, 1):
        assert_map(*read(tmp_path)["map/1"][step], before[step], UNITS)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch's compiler asks for it
class Own(nn.Sequential):
    """A class of the user. Dynamo compiles a class of torch only if it is part of another."""

    def forward(self, x):
        for module in self:
            x = module(x)
        return x


# Dynamo reads .grad of the inputs of a part.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor:UserWarning")
@pytest.mark.parametrize("how", ["whole", "in place", "a part"])
def test_maps_compiled_model_is_not_recompiled(how, tmp_path):
    def run(logdir, **more):
        torch._dynamo.reset()
        compiled = []

        def backend(graph, inputs):
            compiled.append(graph)
            return graph.forward

        layers = (nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)))
        model = Own(*layers) if how == "in place" else nn.Sequential(*layers)
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        called = model
        if how == "whole":
            called = torch.compile(model, backend=backend)
        elif how == "in place":
            model.compile(backend=backend)
        else:
            model[1] = torch.compile(model[1], backend=backend)
        with tb_nnviz.watch(called, optimizer, logdir=logdir, every=2, **more):
            for _ in range(4):
                optimizer.zero_grad()
                called(torch.randn(5, 3)).sum().backward()
                optimizer.step()
        return len(compiled)

    graphs = run(tmp_path / "without")
    assert graphs > 0
    assert run(tmp_path / "with", probe=torch.ones(2, 3), maps_every=1) == graphs
    maps = read(tmp_path / "with")
    assert set(maps) == {"map/0", "map/1.0", "map/1.1"} and len(maps["map/1.1"]) == 4


def test_maps_probe_runs_under_autocast_of_training(tmp_path):
    model = nn.Sequential(nn.Linear(64, 64))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    x = torch.randn(4, 64)
    before = copy.deepcopy(model)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=x, maps_every=1):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = model(x).float().sum()
        loss.backward()
        optimizer.step()
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        lowered = before(x)
    assert_map(*read(tmp_path)["map/0"][0], lowered.double().numpy(), UNITS)
    units = read(tmp_path)["map/0"][0][0]["units"]["max"]
    assert units == pytest.approx(lowered.double().amax(0).tolist(), rel=1e-8), "rounded as in training"


def test_maps_changed_shapes_are_planned_again(tmp_path):
    class Growing(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.act, self.steps = nn.Linear(2, 3), nn.Tanh(), 0

        def forward(self, x):
            x = self.fc(x)
            return self.act(x if self.steps < 2 else x.unsqueeze(1).expand(-1, 2, -1))

    model = Growing()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 2), maps_every=1):
        for step in range(4):
            model.steps = step
            model(torch.ones(2, 2)).sum().backward()
            optimizer.step()
    assert [header["shape"] for header, _ in read(tmp_path)["map/act"].values()] == [
        [2, 3],
        [2, 3],
        [2, 2, 3],
        [2, 2, 3],
    ]


class Typed(nn.Module):
    """A model of tokens, positions in float64 and vectors in the model's dtype, which refuses other dtypes."""

    def __init__(self):
        super().__init__()
        self.table, self.fc = nn.Embedding(5, 4), nn.Linear(4, 6)

    def forward(self, tokens, places, vectors):
        assert tokens.dtype == torch.int64 and places.dtype == torch.float64
        return self.fc(self.table(tokens) + places.to(self.fc.weight.dtype) + vectors)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_maps_probe_follows_dtype_of_model(tmp_path, caplog, dtype):
    torch.manual_seed(0)
    model = Typed()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    probe = torch.tensor([0, 3, 4]), torch.randn(3, 4, dtype=torch.float64), torch.randn(3, 4)
    twins = []
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=probe, maps_every=1, on_finding=None):
        for used in (torch.float32, dtype, torch.float32):
            model.to(used)
            optimizer.zero_grad()
            model(*probe[:2], probe[2].to(used)).float().sum().backward()
            twins.append(copy.deepcopy(model))
            optimizer.step()
    assert not caplog.records
    maps = read(tmp_path)["map/fc"]
    assert list(maps) == [0, 1, 2]
    for (header, codes), twin, used in zip(maps.values(), twins, (torch.float32, dtype, torch.float32), strict=True):
        with torch.no_grad():
            assert_map(header, codes, twin(*probe[:2], probe[2].to(used)).double().numpy(), UNITS)


def test_maps_probe_of_other_dtype_keeps_it_and_warns(tmp_path, caplog):
    """The user's choice of dtype is kept. If the model raises on it, there is one warning with its error."""
    model = nn.Sequential(nn.Linear(4, 2)).double()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with tb_nnviz.watch(
        model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 4), maps_every=1, rules={"*": None}
    ):
        for _ in range(3):
            model(torch.ones(2, 4, dtype=torch.float64)).sum().backward()
            optimizer.step()
    (record,) = caplog.records
    assert "the model raised RuntimeError(" in str(record.exc_info[1]) and "dtype" in str(record.exc_info[1])
    assert len(Run(tmp_path).tensors["nnviz/gradient/norm"]) == 3 and not read(tmp_path)
