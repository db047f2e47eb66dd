"""Activation maps against the outputs of a copy of the model."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.map_oracle import CHANNELS, FEATURES, HEADS, LENGTH, UNITS, assert_map, outputs, read, train


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
    """A model with tokens, position embeddings, attention that returns its weights, a softmax, and flattened tokens."""

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


@pytest.mark.parametrize("case", CASES)
def test_maps_equal_outputs_in_evaluation_mode(case, tmp_path):
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


def test_maps_softmax_over_classes_is_no_attention(tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Softmax(-1))
    train(model, tmp_path, torch.randn(5, 4))
    assert read(tmp_path)["map/1"][0][0]["axes"] == list(UNITS)


def test_maps_second_output_not_summing_to_1_is_no_attention(tmp_path):
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


def test_maps_dead_channel_differs_from_weak_one(tmp_path):
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
def test_maps_nonfinite_values_are_counted_and_coded(bad, tmp_path):
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


def test_maps_no_finite_or_all_equal_values_are_encoded(tmp_path):
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
def test_maps_other_dtypes_equal_outputs(dtype, tmp_path):
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh()).to(dtype)
    x, copies = torch.randn(5, 4).to(dtype), []
    train(model, tmp_path, x, steps=1, copies=copies, optimizer=torch.optim.SGD(model.parameters(), 0.1))
    assert_map(*read(tmp_path)["map/0"][0], outputs(copies[0], x)["0"][0].double().numpy(), UNITS)


# The inputs


def test_probe_inputs_are_logged_once_on_request(tmp_path):
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
def test_probe_inputs_tokens_keep_their_ids(vocabulary, exact, tmp_path):
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


def test_probe_inputs_integer_images_are_logged(tmp_path):
    class Pixels(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 1)

        def forward(self, x):
            return self.conv(x / 255)

    x = torch.randint(0, 256, (2, 3, 5, 4), dtype=torch.uint8)
    train(Pixels(), tmp_path, x, steps=1, probe_inputs=True)
    assert_map(*read(tmp_path)["map_input"][0], x.numpy(), CHANNELS)
