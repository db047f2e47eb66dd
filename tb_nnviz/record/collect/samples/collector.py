"""Statistics of layers' samples, attention and gates, each from a bounded part of the data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn.modules import activation

from tb_nnviz.record.collect.collector import Collector
from tb_nnviz.record.collect.samples.attention import entropy, measure_attention, measure_weights
from tb_nnviz.record.collect.samples.gates import measure_gates
from tb_nnviz.record.collect.unit_axis.unit_axes import UnitAxes
from tb_nnviz.record.hooks.attention import Attention
from tb_nnviz.record.measure.host_copy import HostArrays, Slot
from tb_nnviz.record.measure.refusal import real_numbers
from tb_nnviz.record.measure.spread import spread
from tb_nnviz.record.model.modules import Layer
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.schema import row_name

#: Calls of a row within a step whose attention is kept.
MOST_CALLS = 64
_ATTENTION = ("attention_entropy", "attention_entropy_min", "attention_logit")


class SampleCollector(Collector):
    """The collector of what a few samples of a layer's call show.

    Args:
        wanted: whether the kind ``activation`` is written.
        units: the axis of units of each row.
    """

    part = "samples, attention and gates"
    needs = ("activations",)  # whose hooks report the calls

    def __init__(self, wanted: bool, units: UnitAxes) -> None:
        self._wanted, self._units = wanted, units
        self._spreads: dict[str, Tensor | None] = {}
        self._attention: dict[str, list[Tensor]] = {}
        self._gates: dict[str, Tensor] = {}
        #: Steps and samples of sequences in which the samples are second.
        self._turned: set[tuple[int, int]] = set()

    def begin(self, plan: StepPlan) -> None:
        self.active = self._wanted and plan.complete and plan.statistics
        for kept in (self._spreads, self._attention, self._gates):
            kept.clear()

    def activation(self, layer: Layer, call: int, output: Tensor, inputs: tuple[Any, ...]) -> None:
        """Measure a layer's output.

        Args:
            layer: the layer.
            call: number of the call in its pass.
            output: the tensor that the row describes.
            inputs: the arguments of the call. Those of an LSTM or GRU include the state if there is one.
        """
        name = row_name(layer.name, call)
        if name not in self._spreads:
            self._spreads[name] = self._spread(name, layer.module, output)
        gates = measure_gates(layer.module, inputs, output)
        if gates is not None:
            earlier = self._gates.get(name)
            self._gates[name] = gates if earlier is None else earlier + gates.to(earlier.device)

    def attention(self, layer: Layer, call: int, found: Sequence[Tensor], weights: Tensor | None) -> None:
        """Add the attention of a layer's call.

        Args:
            layer: the layer.
            call: number of the call in its pass.
            found: results of ``measure_attention`` during the call.
            weights: the attention weights that the call returned. They are read if nothing was found.
        """
        measured = list(found)
        if not measured and weights is not None and (own := measure_weights(weights)) is not None:
            measured.append(own)
        kept = self._attention.setdefault(row_name(layer.name, call), [])
        kept += measured[: MOST_CALLS - len(kept)]

    def attended(self, attention: Attention) -> Tensor | None:
        """Measure attention that a layer computes, as ``measure_attention``."""
        return measure_attention(attention)

    def close(self, pending: PendingStep) -> None:
        put, add = pending.copy.add, partial(pending.add_value, "activation")
        for name, found in self._spreads.items():
            if found is not None:
                add("batch_std~", name, partial(_first, put(found)))
        for name, parts in self._attention.items():
            slots = [put(part) for part in parts]
            for place, statistic in enumerate(_ATTENTION):
                add(statistic, name, partial(_attention_of, slots, place))
        for name, gates in self._gates.items():
            add("gate_saturated_fraction", name, partial(_quotient, put(gates)))

    def drop(self) -> None:
        super().drop()
        self._wanted = False
        for kept in (self._spreads, self._attention, self._gates):
            kept.clear()

    def _spread(self, name: str, module: nn.Module, output: Tensor) -> Tensor | None:
        axis = self._batch_axis(name, module, output)
        x = real_numbers(output) if axis is not None else None
        return None if x is None or axis is None else spread(x, axis)

    def _batch_axis(self, name: str, module: nn.Module, output: Tensor) -> int | None:
        """Return the axis of samples of a row's output, or None if it has none."""
        dims = 0 if output.is_nested else output.dim()
        if dims == 0 or (dims and self._units.known(name, dims) == 0):
            return None
        if isinstance(module, nn.RNNBase | activation.MultiheadAttention):
            if dims == 3 and not module.batch_first:
                self._turned.add((output.shape[0], output.shape[1]))
                return 1
            return 0 if dims == 3 else None  # a single sequence
        return 1 if dims == 3 and tuple(output.shape[:2]) in self._turned else 0


def _first(slot: Slot, arrays: HostArrays) -> float:
    return float(arrays(slot)[0])


def _quotient(slot: Slot, arrays: HostArrays) -> float:
    saturated, total = arrays(slot)
    return float(saturated / total) if total else float(np.nan)


def _attention_of(slots: Sequence[Slot], place: int, arrays: HostArrays) -> float:
    return entropy([arrays(slot) for slot in slots])[place] if slots else float(np.nan)
