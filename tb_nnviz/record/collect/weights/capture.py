"""When weights are read for their maps and as single numbers, and what becomes of them at the end of a step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import nn

from tb_nnviz.record.collect.parameters import ParameterCollector
from tb_nnviz.record.collect.weights.maps import WeightMaps
from tb_nnviz.record.collect.weights.tracked import TrackedWeights
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.measure.host_copy import HostCopy
from tb_nnviz.record.pending_step import Recorder
from tb_nnviz.record.write.writer import Writer

if TYPE_CHECKING:
    from tb_nnviz.record.settings import Settings

_MAPS, _TRACKED = "weight maps", "tracked weights"


class WeightCapture:
    """Reads weights just before each optimizer steps, and those that none steps at the end of the step.

    Maps and single weights fail each by itself, and neither takes the statistics along.
    """

    def __init__(
        self,
        settings: Settings,
        parameters: ParameterCollector,
        guard: Guard,
        depth: Callable[[nn.Module], int | None],
    ) -> None:
        self._settings, self._parameters, self._guard = settings, parameters, guard
        self._maps = WeightMaps(settings.weight_bytes)
        self._tracked = TrackedWeights(settings.tracked, depth)

    def begin(self, step: int, logged: bool) -> None:
        """A new step begins."""
        self._maps.begin(self._settings.weights(step) and not self._guard.is_off(_MAPS))
        self._tracked.begin(logged and not self._guard.is_off(_TRACKED))

    def before(self, optimizer: torch.optim.Optimizer) -> None:
        """An optimizer is about to step."""
        if self._maps.wanted:
            self._guard.attempt(_MAPS, self._read_maps, optimizer)
        if self._tracked.wanted:
            self._guard.attempt(_TRACKED, self._read_tracked, optimizer)

    def close(self, step: int, recorder: Recorder, writer: Writer) -> None:
        """The step ends: maps make an event of their own, single weights go with the statistics."""
        if self._maps.wanted:
            self._guard.attempt(_MAPS, self._close_maps, step, writer)
        if self._tracked.wanted:
            self._guard.attempt(_TRACKED, self._close_tracked, recorder)

    def _read_maps(self, optimizer: torch.optim.Optimizer | None) -> None:
        known = self._parameters.named()
        found = self._maps.unread(known) if optimizer is None else self._parameters.named_of(optimizer)
        self._maps.read(found, known)

    def _read_tracked(self, optimizer: torch.optim.Optimizer | None) -> None:
        if optimizer is None:
            self._tracked.read(self._tracked.unread(self._parameters.named()))
        else:
            self._tracked.read(self._parameters.named_of(optimizer))

    def _close_maps(self, step: int, writer: Writer) -> None:
        self._read_maps(None)
        transfer = HostCopy()
        maps = self._maps.send(transfer)
        arrive = transfer.start()
        writer.submit(step, time.time(), lambda: maps(arrive()))

    def _close_tracked(self, recorder: Recorder) -> None:
        self._read_tracked(None)
        recorder.tracked(*self._tracked.send(self._parameters.named(), recorder.transfer))
