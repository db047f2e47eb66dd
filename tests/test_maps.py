"""Activation maps: what they hold, against the outputs of a copy of the model, and that training does not notice."""

import copy
import logging
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tb_nnviz
from tests.map_oracle import assert_map, outputs, read
from tests.reading import Run


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, padding=1)
        self.norm = nn.BatchNorm2d(5)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(5 * 3 * 2, 4)

    def forward(self, x):
        return self.fc(self.drop(self.pool(self.relu(self.norm(self.conv(x))))).flatten(1))


class Words(nn.Module):
    """Tokens, their places, attention that gives its weights, a softmax of its own, and flattened tokens."""

    def __init__(self, average=True):
        super().__init__()
        self.average = average
        self.tokens, self.places = nn.Embedding(20, 8), nn.Embedding(6, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.softmax = nn.Softmax(-1)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(8, 20)

    def forward(self, x):
        x = self.tokens(x) + self.places(torch.arange(x.shape[1]))
        mixed, _ = self.attention(x, x, x, need_weights=True, average_attn_weights=self.average)
        x = self.norm(x + mixed)
        split = x.unflatten(-1, (2, 4)).transpose(1, 2)
        weights = self.drop(self.softmax(split @ split.transpose(-2, -1)))
        x = x + (weights @ split).transpose(1, 2).flatten(2)
        return self.head(x.flatten(0, 1))


class Signals(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.GELU()
        self.lstm = nn.LSTM(4, 3, batch_first=True)
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        x, _ = self.lstm(self.act(self.norm(self.conv(x))).transpose(1, 2))
        return self.head(x[:, -1]).squeeze(-1)


class Volumes(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.act = nn.Conv3d(1, 3, 3, padding=1), nn.Tanh()

    def forward(self, x):
        return self.act(self.conv(x)).mean((2, 3, 4))


class Windows(nn.Module):
    """Channels last, as in Swin."""

    def __init__(self):
        super().__init__()
        self.embed, self.norm, self.mlp, self.act = nn.Conv2d(1, 6, 2, 2), nn.LayerNorm(6), nn.Linear(6, 7), nn.GELU()

    def forward(self, x):
        return self.act(self.mlp(self.norm(self.embed(x).permute(0, 2, 3, 1))))


class SequenceFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=False)
        self.rnn = nn.GRU(8, 4)
        self.head = nn.Linear(4, 9)

    def forward(self, x):
        return self.head(self.rnn(self.layer(self.embed(x)))[0])


CHANNELS, FEATURES = ("sample", "channel", "height", "width"), ("sample", "token", "feature")
HEADS, UNITS, LENGTH = ("sample", "head", "query", "key"), ("sample", "unit"), ("sample", "channel", "length")


def stay(x):
    return x


def swap(x):
    return x.swapaxes(0, 1)


#: {map: (axes, how the module's output is turned to them, which part of the output)}
CASES = {
    "convolutions": (
        Convolutions,
        (torch.Size([4, 3, 6, 4]),),
        {
            **dict.fromkeys(("conv", "norm", "relu", "pool", "drop"), (CHANNELS, stay, 0)),
            "fc": (UNITS, stay, 0),
        },
    ),
    "words": (
        Words,
        (torch.Size([3, 6]), 20),
        {
            **dict.fromkeys(("tokens", "attention", "norm"), (FEATURES, stay, 0)),
            "places": (FEATURES, lambda x: x[None], 0),
            "attention@attention": (HEADS, lambda x: x[:, None], 1),
            "softmax@attention": (HEADS, stay, 0),
            "drop@attention": (HEADS, stay, 0),
            "head": (FEATURES, lambda x: x.reshape(3, 6, 20), 0),
        },
    ),
    "words, attention by heads": (
        lambda: Words(average=False),
        (torch.Size([3, 6]), 20),
        {"attention@attention": (HEADS, stay, 1)},
    ),
    "signals": (
        Signals,
        (torch.Size([3, 2, 9]),),
        {
            **dict.fromkeys(("conv", "norm", "act"), (LENGTH, stay, 0)),
            "lstm": (FEATURES, stay, 0),
            "head": (UNITS, stay, 0),
        },
    ),
    "volumes": (
        Volumes,
        (torch.Size([2, 1, 5, 4, 3]),),
        dict.fromkeys(("conv", "act"), (("sample", "channel", "depth", "height", "width"), stay, 0)),
    ),
    "windows": (
        Windows,
        (torch.Size([2, 1, 8, 6]),),
        {
            "embed": (CHANNELS, stay, 0),
            **{name: (CHANNELS, lambda x: x.transpose(0, 3, 1, 2), 0) for name in ("norm", "mlp", "act")},
        },
    ),
    "sequence first": (
        SequenceFirst,
        (torch.Size([5, 3]), 9),
        dict.fromkeys(("embed", "rnn", "head", "layer.linear1", "layer.norm2"), (FEATURES, swap, 0)),
    ),
}


def inputs(size, tokens=None):
    generator = torch.Generator().manual_seed(3)
    if tokens is None:
        return torch.randn(size, generator=generator)
    return torch.randint(0, tokens, size, generator=generator)


def train(model, logdir, x, steps=2, optimizer=None, every=1, copies=None, **more):
    """Some steps on one batch; ``copies`` takes the model as each step's update finds it."""
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 0.02)
    options = {"probe": x, "maps_every": 1, "kinds": ["gradient"], "histograms_every": None, "on_finding": None, **more}
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=every, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            if copies is not None:
                copies.append(copy.deepcopy(model))
            optimizer.step()


@pytest.mark.parametrize("case", CASES)
def test_maps_are_the_outputs_of_the_model_in_evaluation(case, tmp_path):
    make, size, expected = CASES[case]
    torch.manual_seed(0)
    model, x, copies = make(), inputs(*size), []
    train(model, tmp_path, x, copies=copies)
    maps = read(tmp_path)
    if case != "words, attention by heads" and case != "sequence first":
        assert set(maps) == {f"map/{name}" for name in expected}
    for step, twin in enumerate(copies):
        whole = outputs(twin, x)
        for name, (axes, turn, part) in expected.items():
            header, codes = maps[f"map/{name}"][step]
            assert_map(header, codes, turn(whole[name.removesuffix("@attention")][part].numpy()), axes)
    first, second = (maps[f"map/{next(iter(expected))}"][step] for step in (0, 1))
    assert not np.array_equal(first[1], second[1]) or first[0]["scale"] != second[0]["scale"], "weights have changed"


def test_softmax_over_classes_is_no_attention(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(-1))
    train(model, tmp_path, torch.randn(5, 4))
    assert read(tmp_path)["map/1"][0][0]["axes"] == list(UNITS)


def test_a_tensor_beside_the_output_whose_rows_are_no_shares_is_no_attention(tmp_path):
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(2))

        def forward(self, x):
            return x * self.weight, x[:, :, None] * 3

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.two = Two()

        def forward(self, x):
            return self.two(x)[0]

    train(Net(), tmp_path, torch.rand(3, 2))
    assert set(read(tmp_path)) == {"map/two"}


def test_a_dead_channel_is_told_from_a_dim_one(tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 3, 1), nn.ReLU())
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([100.0, -1.0, 1e-3]).reshape(3, 1, 1, 1))
        model[0].bias.zero_()
    train(model, tmp_path, torch.rand(2, 1, 4, 4), steps=1)
    header, codes = read(tmp_path)["map/1"][0]
    assert not codes[:, 1].any() and not codes[:, 2].any(), "in one byte both are dark"
    assert [header["units"][name][1] for name in ("min", "max", "mean")] == [0, 0, 0]
    assert header["units"]["max"][2] > 0


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_counted_and_has_a_code_of_its_own(bad, tmp_path):
    model = nn.Sequential(nn.Conv2d(1, 3, 1))
    with torch.no_grad():
        model[0].weight[1] = bad
    x = torch.rand(2, 1, 3, 3) + 0.1
    copies = []
    train(model, tmp_path, x, steps=1, copies=copies)
    header, codes = read(tmp_path)["map/0"][0]
    assert header["nonfinite"] == 18 and (codes[:, 1] == 255).all() and codes[:, [0, 2]].max() == 254
    assert header["units"]["mean"][1] is None and header["units"]["mean"][0] is not None
    assert_map(header, codes, outputs(copies[0], x)["0"][0].numpy(), CHANNELS)


def test_nothing_finite_and_all_the_same(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.zero_()
        model[0].bias.fill_(0.25)
        model[1].bias.fill_(float("nan"))
    train(model, tmp_path, torch.ones(3, 2), steps=1)
    maps = read(tmp_path)
    header, codes = maps["map/0"][0]
    assert (header["offset"] + header["scale"] * codes == 0.25).all()
    header, codes = maps["map/1"][0]
    assert header["nonfinite"] == 6 and (codes == 255).all() and np.isfinite([header["scale"], header["offset"]]).all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float16])
def test_other_dtypes(dtype, tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh()).to(dtype)
    x, copies = torch.randn(5, 4).to(dtype), []
    train(model, tmp_path, x, steps=1, copies=copies, optimizer=torch.optim.SGD(model.parameters(), 0.1))
    assert_map(*read(tmp_path)["map/0"][0], outputs(copies[0], x)["0"][0].double().numpy(), UNITS)


# The budget

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
    """Layers that put out tensors of given shapes."""

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
def test_the_budget_holds_and_what_is_kept_is_true(case, budget, tmp_path):
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


def test_little_is_left_unused_where_there_is_more_to_keep(tmp_path):
    train(Shaped(SHAPES["large and small"]), tmp_path, torch.ones(8, 1), steps=1, map_bytes=200_000)
    maps = read(tmp_path)
    assert sum(codes.size for found in maps.values() for _, codes in found.values()) > 120_000
    assert maps["map/parts.1"][0][0]["downsampled"] is None, "small maps are whole"


def test_no_room_for_all_layers_is_said(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "tb_nnviz"):
        train(Shaped([(2, 3)] * 20), tmp_path, torch.ones(2, 1), steps=2, map_bytes=5_000)
    assert [record.message for record in caplog.records] == [
        "maps of 6 of 20 outputs: map_bytes=5000 has no room for more"
    ]
    assert set(read(tmp_path)) == {f"map/parts.{i}" for i in (0, 3, 6, 10, 13, 16)}, "from the first to the last"


# Harmless


class Touchy(nn.Module):
    """Everything that a forward pass in evaluation could leave behind."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3))
        self.frozen = nn.BatchNorm1d(6)
        self.head = nn.utils.parametrizations.spectral_norm(nn.Linear(6, 2))
        self.register_buffer("calls", torch.zeros((), dtype=torch.long))
        self.register_buffer("replaced", torch.zeros(2))
        self.count, self.kept = 0, None

    def train(self, mode=True):
        super().train(mode)
        self.frozen.eval()  # as in fine-tuning
        return self

    def forward(self, x):
        self.calls += 1
        self.calls.data.add_(1)
        self.replaced = self.replaced + x.detach().mean()
        self.count += 1
        x = x + 0.01 * self.count
        self.cache = x
        x.add_(random.random() + np.random.rand())
        x = F.dropout(self.frozen(self.body(x)), 0.2, training=True)
        return self.head(x) + self.replaced.mean() + self.calls


def whole_state(model, optimizer):
    return {
        "state": copy.deepcopy(model.state_dict()),
        "gradients": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "modes": [module.training for module in model.modules()],
        "random": (torch.get_rng_state().tolist(), random.getstate(), np.random.get_state()[1].tolist()),
        "python": (model.count, model.calls.item()),
        "moments": [state["exp_avg"] for state in optimizer.state.values()],
    }


def same(a, b):
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def train_touchy(logdir):
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    model = Touchy()
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    x = torch.randn(5, 4)
    monitor = logdir and tb_nnviz.watch(
        model, optimizer, logdir=logdir, every=2, probe=x, maps_every=3, probe_inputs=True
    )
    losses, held = [], []
    for _ in range(8):
        optimizer.zero_grad()
        loss = model(torch.randn(5, 4)).square().mean()
        loss.backward(retain_graph=True)
        held.append(loss)
        optimizer.step()
        losses.append(loss.item())
    if monitor:
        monitor.close()
    return losses, whole_state(model, optimizer), model


def test_training_is_bit_identical_with_maps(tmp_path):
    losses, state, _ = train_touchy(None)
    with_maps, state_with, model = train_touchy(tmp_path)
    assert losses == with_maps
    assert same(state, state_with)
    assert len(read(tmp_path)["map/head"]) == 3, "maps at steps 0, 3 and 6"
    assert not any(
        module._forward_hooks or module._forward_pre_hooks
        for module in model.modules()
        if "Param" not in type(module).__name__
    )


def test_a_graph_that_outlives_the_step_is_not_disturbed(tmp_path):
    """Its saved buffers have the versions that they had: torch would refuse the backward pass otherwise."""
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).eval()
    model[0].train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    optimizer.param_groups[0]["lr"] = 0.0
    with tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 3), maps_every=1):
        loss = model(torch.randn(4, 3)).sum()
        versions = [buffer._version for buffer in model.buffers()]
        optimizer.step()
        assert [buffer._version for buffer in model.buffers()] == versions
        loss.backward()


def test_statistics_do_not_see_the_probe(tmp_path):
    def run(logdir, **more):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 2))
        optimizer = torch.optim.Adam(model.parameters(), 0.01)
        with tb_nnviz.watch(model, optimizer, logdir=logdir, every=1, histograms_every=2, **more):
            for _ in range(4):
                optimizer.zero_grad()
                model[3](model[2](model[1](model[0](torch.randn(5, 4))))).sum().backward()  # its parts, not the model
                model(torch.randn(3, 4)).sum().backward()
                optimizer.step()

    from tests.same_runs import assert_same

    run(tmp_path / "without")
    run(tmp_path / "with", probe=torch.randn(7, 4), maps_every=1)
    assert_same(tmp_path / "with", tmp_path / "without")
    assert len(read(tmp_path / "with")["map/3"]) == 4


def test_a_probe_that_the_model_raises_on_is_one_warning_and_training_goes_on(tmp_path, caplog):
    model = nn.Sequential(nn.Linear(4, 2), nn.Dropout(0.5)).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with (
        caplog.at_level(logging.WARNING, "tb_nnviz"),
        tb_nnviz.watch(model, optimizer, logdir=tmp_path, every=1, probe=torch.ones(2, 5), maps_every=1),
    ):
        for _ in range(3):
            model(torch.ones(2, 4)).sum().backward()
            optimizer.step()
    (record,) = caplog.records
    assert record.message.startswith("maps of ") and "turned off" in record.message
    assert "the model raised RuntimeError(" in str(record.exc_info[1])
    assert model.training and model[1].training and not model[0]._forward_hooks
    assert len(Run(tmp_path).tensors["nnviz/gradient/norm"]) == 3 and not read(tmp_path)


# The ways that people train


def test_a_module_that_is_called_twice_has_two_maps(tmp_path):
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


def test_models_by_name_have_probes_by_name(tmp_path):
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


def test_what_two_models_share_has_the_maps_of_the_first(tmp_path):
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


def test_arguments_by_name_filters_and_loops_without_an_optimizer(tmp_path):
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
        probe["y"][0].zero_()  # ours is a copy
        for _ in range(3):
            model(torch.ones(1, 3), y=[torch.ones(1, 3)]).sum().backward()
            monitor.step()
    maps = read(tmp_path)
    assert set(maps) == {"map/b"} and list(maps["map/b"]) == [4, 6]
    assert_map(*maps["map/b"][4], expected, UNITS)


def test_closures_and_several_optimizers_show_what_the_step_began_with(tmp_path):
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
@pytest.mark.parametrize("how", ["whole", "in place", "a part"])
def test_compiled_models_are_seen_and_no_graph_is_compiled_for_the_probe(how, tmp_path):
    def run(logdir, **more):
        torch._dynamo.reset()
        compiled = []

        def backend(graph, inputs):
            compiled.append(graph)
            return graph.forward

        model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.Linear(4, 2)))
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


def test_the_probe_runs_under_the_autocast_of_training(tmp_path):
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


def test_shapes_that_change_are_planned_again(tmp_path):
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


# The inputs


def test_inputs_are_logged_once_and_only_when_asked(tmp_path):
    x = torch.randn(12, 3, 6, 4)
    train(Convolutions(), tmp_path / "not", x, steps=3)
    assert not [name for name in read(tmp_path / "not") if "input" in name]
    train(Convolutions(), tmp_path / "asked", x, steps=3, probe_inputs=True, probe_labels=[str(i) for i in range(12)])
    found = read(tmp_path / "asked")["map_input"]
    assert list(found) == [0]
    header, codes = found[0]
    assert_map(header, codes, x.numpy(), CHANNELS)
    assert header["downsampled"] == {"sample": [12, 8, "slice"]} and header["labels"] == [str(i) for i in range(8)]


@pytest.mark.parametrize(("vocabulary", "exact"), [(200, True), (50_000, False)])
def test_tokens_are_logged_as_they_are(vocabulary, exact, tmp_path):
    model = nn.Sequential(nn.Embedding(vocabulary, 2))
    x = torch.randint(0, vocabulary, (3, 7))
    x[0, 0] = vocabulary - 1
    labels = [[str(int(token)) for token in row] for row in x]
    train(model, tmp_path, x, steps=1, probe_inputs=True, probe_labels=labels)
    header, codes = read(tmp_path)["map_input"][0]
    assert header["axes"] == ["sample", "token"] and header["labels"] == labels
    if exact:
        assert (header["scale"], header["offset"]) == (1.0, 0.0) and codes.tolist() == x.tolist()
        assert "values" not in header
    else:
        assert header["values"] == x.tolist()
        assert np.abs(header["offset"] + header["scale"] * codes - x.numpy()).max() <= header["scale"] / 2 + 1e-6


def test_images_of_integers_are_logged_too(tmp_path):
    class Pixels(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return self.conv(x / 255)

    x = torch.randint(0, 256, (2, 3, 5, 4), dtype=torch.uint8)
    train(Pixels(), tmp_path, x, steps=1, probe_inputs=True)
    assert_map(*read(tmp_path)["map_input"][0], x.numpy(), CHANNELS)
