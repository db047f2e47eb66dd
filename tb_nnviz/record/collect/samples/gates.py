"""The share of saturated gates of an LSTM or GRU, computed again for a few of its steps.

A recurrent module does not return its gates. Those of step t follow from its input and its hidden state of step t - 1,
which is in the output, for the last of stacked layers. If there are several, the layers below are run again, without
dropout, on the first steps of a few samples.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence

from tb_nnviz.record.measure.refusal import real_numbers
from tb_nnviz.record.measure.spread import every

#: Gates above the first value or below the second count as saturated.
OPEN, CLOSED = 0.99, 0.01
#: Multiplications of a call, and the steps of all samples that are read at least and at most.
MOST_PRODUCTS, LEAST_STEPS, MOST_STEPS = 1 << 24, 16, 256
#: Samples and steps that the lower of several layers are run on.
RERUN_SAMPLES, RERUN_STEPS = 4, 32


def measure_gates(module: nn.Module, given: tuple[Any, ...], output: Tensor) -> Tensor | None:
    """Return the number of saturated gates and the number of gates, float32 [2].

    They are those of the last layer, in both directions if it has two: input, forget and output gate of an LSTM, reset
    and update gate of a GRU. None for other modules, packed sequences, and tensors without numbers.

    Args:
        module: the module that was called.
        given: its arguments: the input, and the initial state if there is one.
        output: its output sequence.
    """
    if type(module) not in (nn.LSTM, nn.GRU) or not isinstance(module, nn.RNNBase):
        return None
    x = given[0] if given else None
    if not isinstance(x, Tensor) or isinstance(x, PackedSequence):
        return None
    x, hidden = real_numbers(x), real_numbers(output)
    if x is None or hidden is None or x.dim() not in (2, 3) or 0 in hidden.shape or 0 in x.shape:
        return None
    state = given[1] if len(given) > 1 else None
    first = state[0] if isinstance(state, tuple | list) else state
    first = None if not isinstance(first, Tensor) else real_numbers(first)
    with torch.autocast(x.device.type, enabled=False), torch.no_grad():
        return _measure(module, *_by_sample(module, x, hidden, first))


def _by_sample(module: nn.RNNBase, x: Tensor, hidden: Tensor, first: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
    """Return input and output as [samples, steps, size], and the first state as [states, samples, size]."""
    if x.dim() == 2:
        x, hidden = x[None], hidden[None]
        first = None if first is None else first[:, None]
    elif not module.batch_first:
        x, hidden = x.transpose(0, 1), hidden.transpose(0, 1)
    directions = 2 if module.bidirectional else 1
    if first is None:
        size = hidden.shape[2] // directions
        first = hidden.new_zeros(module.num_layers * directions, x.shape[0], size)
    return x, hidden, first


def _measure(module: nn.RNNBase, x: Tensor, hidden: Tensor, first: Tensor) -> Tensor | None:
    kind = 4 if isinstance(module, nn.LSTM) else 3
    directions, layers = (2 if module.bidirectional else 1), module.num_layers
    if layers > 1:
        samples = min(x.shape[0], RERUN_SAMPLES)
        x, hidden, first = every(x, 0, samples), every(hidden, 0, samples), every(first, 1, samples)
        # a backward direction begins at the end of the sequence
        if directions == 1:
            x, hidden = x[:, :RERUN_STEPS], hidden[:, :RERUN_STEPS]
        elif x.shape[1] > RERUN_STEPS:
            return None
        x = _below(module, x.float(), first)
    weights = [[None if w is None else w.detach().float() for w in _weights(module, d)] for d in range(directions)]
    if any(w is None for one in weights for w in one[:2]):
        return None
    cost = sum(w.numel() for one in weights for w in one[:2] if w is not None)
    size = hidden.shape[2] // directions
    total = hidden.new_zeros(2, dtype=torch.float32)
    for direction, (w_input, w_hidden, *biases) in enumerate(weights):
        own = hidden[..., direction * size : (direction + 1) * size]
        start = first[(layers - 1) * directions + direction].unsqueeze(1)
        before = torch.cat([start, own[:, :-1]] if direction == 0 else [own[:, 1:], start], 1)
        kept = min(x.shape[0] * x.shape[1], max(min(MOST_PRODUCTS // cost, MOST_STEPS), LEAST_STEPS))
        at_input, at_hidden = (every(part.reshape(-1, part.shape[2]), 0, kept).float() for part in (x, before))
        b_input, b_hidden = biases if biases else (None, None)
        assert w_input is not None and w_hidden is not None
        summed = F.linear(at_input, w_input, b_input) + F.linear(at_hidden, w_hidden, b_hidden)
        parts = summed.chunk(kind, 1)
        gates = torch.cat([parts[0], parts[1], *parts[3:]], 1).sigmoid()
        saturated = torch.where(gates.isnan().any(), torch.nan, ((gates > OPEN) | (gates < CLOSED)).sum())
        total[0] += saturated
        total[1] += gates.numel()
    return total


def _weights(module: nn.RNNBase, direction: int) -> list[Tensor | None]:
    """Return the weights and biases of the last layer in one direction."""
    suffix = f"_l{module.num_layers - 1}{'_reverse' if direction else ''}"
    names = ["weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if module.bias else ())]
    return [real_numbers(getattr(module, name + suffix)) for name in names]


def _below(module: nn.RNNBase, x: Tensor, first: Tensor) -> Tensor:
    """Return the output of all layers but the last, without dropout."""
    directions = 2 if module.bidirectional else 1
    layers = (module.num_layers - 1) * directions
    per = len(module._flat_weights) // (module.num_layers * directions)
    weights = [w.detach().float() for w in module._flat_weights[: layers * per] if w is not None]
    state = first[:layers].float().contiguous()
    settings = (module.bias, module.num_layers - 1, 0.0, False, module.bidirectional, True)
    if isinstance(module, nn.LSTM):
        cell = state.new_zeros(layers, x.shape[0], module.hidden_size)
        return torch._VF.lstm(x, (state, cell), weights, *settings)[0]
    return torch._VF.gru(x, state, weights, *settings)[0]
