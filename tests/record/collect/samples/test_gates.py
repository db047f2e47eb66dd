"""The share of saturated gates against a cell that is written out in float64 numpy."""

import numpy as np
import pytest
import torch
from torch import nn

import tb_nnviz
from tests.support.event_reader import Run

SIZE, HIDDEN = 4, 5


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell(kind, weights, x, h, c):
    """Return the gates of one step of one sample, and the next state."""
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if kind is nn.LSTM:
        i, f, g, o = np.split(w_ih @ x + b_ih + w_hh @ h + b_hh, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        return np.concatenate([sigmoid(i), sigmoid(f), sigmoid(o)]), h if w_hr is None else w_hr @ h, c
    a, b = w_ih @ x + b_ih, w_hh @ h + b_hh
    r, z = sigmoid(a[:HIDDEN] + b[:HIDDEN]), sigmoid(a[HIDDEN : 2 * HIDDEN] + b[HIDDEN : 2 * HIDDEN])
    n = np.tanh(a[2 * HIDDEN :] + r * b[2 * HIDDEN :])
    return np.concatenate([r, z]), (1 - z) * n + z * h, c


def numbers(module, layer, reverse):
    """Return the weights of a layer in float64, zeros for missing biases."""
    found = []
    for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"):
        value = getattr(module, f"{name}_l{layer}{'_reverse' if reverse else ''}", None)
        found.append(None if value is None else value.detach().double().numpy().copy())
    rows = found[0].shape[0]
    return [*found[:2], *(np.zeros(rows) if b is None else b for b in found[2:4]), found[4]]


def saturated_share(module, x, state=None):
    """Return the share of gates of the last layer beyond 0.99 or below 0.01.

    Args:
        module: an ``nn.LSTM`` or ``nn.GRU``.
        x: [samples, steps, size].
        state: the initial hidden state [layers * directions, samples, size], and the cell's, or None.
    """
    kind, directions = type(module), 1 + module.bidirectional
    size = module.proj_size or HIDDEN
    h0, c0 = (None, None) if state is None else state
    gates = []
    for sample in range(x.shape[0]):
        inputs = x[sample].double().numpy()
        for layer in range(module.num_layers):
            outputs, gates_of_layer = [], []
            for direction in range(directions):
                weights, at = numbers(module, layer, direction), layer * directions + direction
                h = np.zeros(size) if h0 is None else h0[at, sample].double().numpy()
                c = np.zeros(HIDDEN) if c0 is None else c0[at, sample].double().numpy()
                own = []
                for one in inputs[::-1] if direction else inputs:
                    found, h, c = cell(kind, weights, one, h, c)
                    gates_of_layer.append(found)
                    own.append(h)
                outputs.append(np.array(own[::-1] if direction else own))
            inputs = np.concatenate(outputs, 1)
        gates += gates_of_layer
    gates = np.concatenate(gates)
    return np.mean((gates > 0.99) | (gates < 0.01))


def share(tmp_path, module, *args, **kwargs):
    """Train one step and return the logged value, NaN if there is none."""

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.rnn, self.out = module, nn.LazyLinear(1)

        def forward(self):
            output = self.rnn(*args, **kwargs)[0]
            return self.out(getattr(output, "data", output))

    model = Model()
    model()
    with tb_nnviz.watch(model, logdir=tmp_path, on_finding=None) as monitor:
        model().sum().backward()
        monitor.step()
    return Run(tmp_path).statistics("activation", 0)["rnn"].get("gate_saturated_fraction", np.nan)


def recurrent(kind, **settings):
    torch.manual_seed(0)
    module = kind(SIZE, HIDDEN, batch_first=True, **settings)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(8)
    return module


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
@pytest.mark.parametrize(
    "settings",
    [{}, {"bias": False}, {"bidirectional": True}, {"num_layers": 3}, {"num_layers": 2, "bidirectional": True}],
    ids=lambda settings: " ".join(settings) or "plain",
)
def test_saturated_gates_equal_float64(kind, settings, tmp_path):
    module, x = recurrent(kind, **settings), torch.randn(4, 6, SIZE) * 2
    truth = saturated_share(module, x)
    assert 0.1 < truth < 0.9
    assert share(tmp_path, module, x) == pytest.approx(truth, abs=1e-6)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_saturated_gates_with_projection_equal_float64(tmp_path):
    module, x = recurrent(nn.LSTM, proj_size=3), torch.randn(4, 6, SIZE)
    assert share(tmp_path, module, x) == pytest.approx(saturated_share(module, x), abs=1e-6)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_saturated_gates_begin_with_given_state(named, layers, tmp_path):
    module, x = recurrent(nn.GRU, num_layers=layers), torch.randn(4, 1, SIZE)
    state = torch.randn(layers, 4, HIDDEN) * 5
    truth = saturated_share(module, x, (state, None))
    assert truth != saturated_share(module, x)
    given = {"hx": state} if named else {}
    assert share(tmp_path, module, x, *(() if named else (state,)), **given) == pytest.approx(truth, abs=1e-6)


def test_saturated_gates_begin_with_given_cell(tmp_path):
    module, x = recurrent(nn.LSTM), torch.randn(3, 2, SIZE)
    state = torch.randn(1, 3, HIDDEN) * 5, torch.randn(1, 3, HIDDEN)
    assert share(tmp_path, module, x, state) == pytest.approx(saturated_share(module, x, state), abs=1e-6)


@pytest.mark.parametrize("layout", ["sequence first", "unbatched"])
def test_saturated_gates_of_other_layouts_equal_float64(layout, tmp_path):
    module, x = recurrent(nn.LSTM), torch.randn(3, 4, SIZE)
    if layout == "unbatched":
        truth, x = saturated_share(module, x[:1]), x[0]
    else:
        truth, x, module.batch_first = saturated_share(module, x), x.transpose(0, 1), False
    assert share(tmp_path, module, x) == pytest.approx(truth, abs=1e-6)


def test_saturated_gates_of_a_long_sequence_are_near_the_whole(tmp_path):
    module, x = recurrent(nn.LSTM), torch.randn(20, 50, SIZE)
    assert share(tmp_path, module, x) == pytest.approx(saturated_share(module, x), abs=0.05)


def test_saturated_gates_of_other_modules_are_undefined(tmp_path):
    packed = nn.utils.rnn.pack_sequence([torch.randn(3, SIZE), torch.randn(2, SIZE)])
    assert np.isnan(share(tmp_path / "packed", recurrent(nn.LSTM), packed))
    assert np.isnan(share(tmp_path / "rnn", recurrent(nn.RNN), torch.randn(2, 3, SIZE)))


@pytest.mark.parametrize("bias", [30.0, 0.0])
def test_gates_that_never_change_are_all_saturated(bias, tmp_path):
    module = recurrent(nn.GRU)
    with torch.no_grad():
        module.weight_ih_l0.zero_()
        module.weight_hh_l0.zero_()
        module.bias_hh_l0.zero_()
        module.bias_ih_l0.fill_(bias)
    assert share(tmp_path, module, torch.randn(2, 3, SIZE)) == (1 if bias else 0)
