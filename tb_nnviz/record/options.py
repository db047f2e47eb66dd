"""The options of a monitor: checked by ``watch``, read by ``Session``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tb_nnviz.record.actions.choice import Choice as ActionChoice
from tb_nnviz.record.collect.activation_maps.labels import Labels
from tb_nnviz.record.collect.activation_maps.probe import Probe
from tb_nnviz.record.collect.weights.choice import Choice
from tb_nnviz.record.model.modules import Filter
from tb_nnviz.record.schedule import Schedule
from tb_nnviz.record.step_plan import StepPlan
from tb_nnviz.rules.rule import Rule

#: Memory for what repeats the open step's passes, if ``snapshot_bytes`` is not given.
REPLAY_BYTES = 64_000_000


@dataclass(frozen=True)
class Options:
    """The checked arguments of ``watch`` that determine what is measured and when."""

    kinds: tuple[str, ...]
    logged: Schedule
    histograms: Schedule
    maps: Schedule
    weights: Schedule
    weight_bytes: int
    tracked: Choice
    start_step: int = 0
    include: Filter = None
    exclude: Filter = None
    scaler: Any = None
    window: bool = False
    snapshot_bytes: int | None = None
    rules: Sequence[Rule] = ()
    burst: int = 0
    on_finding: ActionChoice = field(default_factory=lambda: ActionChoice("log"))
    probes: Mapping[str, Probe] = field(default_factory=dict)
    probe_inputs: bool = False
    probe_labels: Mapping[str, Labels] = field(default_factory=dict)
    map_bytes: int = 0
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def replay_bytes(self) -> int:
        """Memory for the inputs and gradients of the open step's passes, so that they can be repeated."""
        return REPLAY_BYTES if self.snapshot_bytes is None else self.snapshot_bytes

    def plan(self, step: int) -> StepPlan:
        """Return the measurements that are due in a step."""
        return StepPlan(
            step,
            statistics=self.logged(step),
            histograms=self.histograms(step),
            activation_maps=self.maps(step),
            weight_maps=self.weights(step),
        )
