"""Forward passes of the models on their probes, with every layer call reported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Protocol

from torch import nn

from tb_nnviz.record.collect.activation_maps.probe import Probe, device_of
from tb_nnviz.record.hooks.notices import NotRecorded
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.evaluation import Autocast, evaluation
from tb_nnviz.record.model.modules import Layer, takes_hooks
from tb_nnviz.schema import MAX_CALLS, row_name

#: Called as each layer call returns, with the row's name, the layer, the model's prefix, the positional arguments and
#: the output.
OnOutput = Callable[[str, Layer, str, tuple[Any, ...], object], None]


class Pausable(Protocol):
    """Hooks that ignore all calls while ``paused``, because a pass on a probe is not training."""

    paused: bool


class ProbeFailed(NotRecorded):
    """An error of the user's model on the probe."""


class ProbePasses:
    """Passes of the models on their probes, in evaluation mode and under the autocast of training.

    Args:
        models: by their prefix.
        observed: the layers to report.
        probes: by prefix, of the models that have one.
        paused: the hooks that must not see the probe.
    """

    def __init__(
        self,
        models: Mapping[str, nn.Module],
        observed: Iterable[Layer],
        probes: Mapping[str, Probe],
        paused: Sequence[Pausable],
    ) -> None:
        self._models, self._observed, self._probes, self._paused = models, observed, probes, paused
        self._autocast: Autocast | None = None

    def use_current_autocast(self) -> None:
        """Run the next passes under the current state of autocast."""
        device = device_of(next(iter(self._models.values())))
        self._autocast = Autocast.now(device.type)

    def run(self, on_output: OnOutput) -> None:
        """Run each model once.

        Raises:
            ProbeFailed: a model raised.
        """
        with ExitStack() as stack:
            for hooks in self._paused:
                hooks.paused = True
                stack.callback(setattr, hooks, "paused", False)
            # a module that several models share has one row, and maps of the first model
            reported: set[nn.Module] = set()
            for prefix, probe in self._probes.items():
                self._run_model(prefix, probe, on_output, excluding=reported)
                reported.update(self._models[prefix].modules())

    def _run_model(self, prefix: str, probe: Probe, on_output: OnOutput, excluding: Collection[nn.Module]) -> None:
        model = self._models[prefix]
        calls: dict[Layer, int] = {}
        errors: list[Exception] = []

        def called(layer: Layer, inputs: tuple[Any, ...], output: object) -> None:
            number = calls[layer] = calls.get(layer, -1) + 1
            if number < MAX_CALLS and not errors:
                try:
                    on_output(row_name(layer.name, number), layer, prefix, inputs, output)
                except Exception as error:  # raised after the pass, so that it is not taken for the model's error
                    if is_interrupt(error):
                        raise
                    errors.append(error)

        owned = set(model.modules()).difference(excluding)
        with evaluation(model, self._autocast), ExitStack() as handles:
            for layer in self._observed:
                if layer.module in owned and takes_hooks(layer.module):
                    handles.callback(layer.module.register_forward_hook(_Hook(layer, called)).remove)
            try:
                probe.call(model)
            except Exception as error:
                if is_interrupt(error):
                    raise
                raise ProbeFailed(
                    f"the model{prefix and ' ' + prefix} raised {error!r:.200} on the probe "
                    "(in evaluation mode): this run gets no more activation maps"
                ) from error
        if errors:
            raise errors[0]


class _Hook:
    """A forward hook of one layer. It ignores copies of the layer, which a model may make in its pass."""

    def __init__(self, layer: Layer, called: Callable[[Layer, tuple[Any, ...], object], None]) -> None:
        self._layer, self._called = layer, called

    def __call__(self, module: nn.Module, args: Any, output: Any) -> None:
        if module is self._layer.module:
            self._called(self._layer, args, output)
