"""What a monitor is told to do: checked by ``watch``, read by ``Monitor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tb_nnviz.record.modules import Filter
from tb_nnviz.record.schedule import Schedule
from tb_nnviz.rules.gradient_norm import GradientNormRule


@dataclass(frozen=True)
class Settings:
    """The arguments of ``watch`` that say what is measured when."""

    kinds: tuple[str, ...]
    logged: Schedule
    histograms: Schedule
    start_step: int = 0
    include: Filter = None
    exclude: Filter = None
    scaler: Any = None
    window: bool = False
    snapshot_bytes: int | None = None
    rule: GradientNormRule | None = None
