"""What a monitor is told to do: checked by ``watch``, read by ``Monitor``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tb_nnviz.record.collect.activation_maps.probe import Labels, Probe
from tb_nnviz.record.collect.weights.tracked import Choice
from tb_nnviz.record.model.modules import Filter
from tb_nnviz.record.schedule import Schedule
from tb_nnviz.rules.base import Rule


@dataclass(frozen=True)
class Settings:
    """The arguments of ``watch`` that say what is measured when."""

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
    say_findings: bool = True
    probes: Mapping[str, Probe] = field(default_factory=dict)
    probe_inputs: bool = False
    probe_labels: Mapping[str, Labels] = field(default_factory=dict)
    map_bytes: int = 0
