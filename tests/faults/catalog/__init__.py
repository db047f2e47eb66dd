"""The catalogue: all faults and all healthy runs, by what they are about."""

from __future__ import annotations

from tests.faults.case import Case, Cases, Fault
from tests.faults.catalog import (
    attention,
    collapse,
    healthy_models,
    healthy_optimizers,
    healthy_practice,
    initialization,
    losses,
    nonfinite,
    optimizers,
    precision,
    rates,
    variants,
    wiring,
)

_FILES: tuple[Cases, ...] = tuple(
    file.CASES
    for file in (
        wiring, rates, optimizers, initialization, collapse, losses, nonfinite, precision, attention,
        variants, healthy_models, healthy_optimizers, healthy_practice,
    )
)  # fmt: skip
#: All faults.
FAULTS: tuple[Fault, ...] = tuple(fault for file in _FILES for fault in file.faults)
#: The healthy runs that were chosen because they look odd or differ from each other.
HEALTHY: tuple[Case, ...] = tuple(case for file in _FILES for case in file.healthy)
#: The healthy twins of the faults, each once. Some of them are in ``HEALTHY`` too.
TWINS: tuple[Case, ...] = tuple({fault.twin.name: fault.twin for fault in FAULTS}.values())
