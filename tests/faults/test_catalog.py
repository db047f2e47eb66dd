"""Tests of the catalogue: what it covers, and that its split and its names are fixed."""

from __future__ import annotations

import re

import pytest

from tests.faults.case import Case, Fault
from tests.faults.catalog import FAULTS, HEALTHY, TWINS

CASES = {case.name: case for case in (*FAULTS, *HEALTHY, *TWINS)}
#: The names that others rely on, and that one run alone can have.
RULES = {
    "gradient": "vanishing exploding zero accumulates spike",
    "nonfinite": "forward backward loss optimizer",
    "activation": "dead saturated scale outlier collapse",
    "update": "too_large too_small lost none epsilon",
    "parameter": "no_gradient not_optimized foreign shrinking growing untied",
    "learning_rate": "too_high too_low",
    "loss": "nonfinite spike diverges stuck plateau overfit",
    "output": "saturated constant",
    "input": "scale constant",
    "clipping": "always",
    "precision": "loss_scale underflow",
    "attention": "collapse logits",
    "normalization": "evaluation one_sample",
}
NAMES = {f"{family}/{name}" for family, names in RULES.items() for name in names.split()}


def test_catalog_has_enough_cases() -> None:
    assert len(FAULTS) >= 40
    assert len(HEALTHY) >= 25
    assert len({fault.family for fault in FAULTS}) >= 6
    assert len({case.name for case in (*FAULTS, *HEALTHY)}) == len(FAULTS) + len(HEALTHY)


def test_catalog_covers_every_rule() -> None:
    # a nonfinite loss is named by what made it
    assert {rule for fault in FAULTS for rule in fault.rules} == NAMES - {"loss/nonfinite"}


@pytest.mark.parametrize("group", [FAULTS, HEALTHY], ids=["faults", "healthy"])
def test_catalog_holds_out_about_a_third(group: tuple[Case, ...]) -> None:
    share = sum(case.is_held_out for case in group) / len(group)
    assert 0.25 < share < 0.45


@pytest.mark.parametrize(("name", "held_out"), [("gpt/untied", True), ("mlp/maximize", False), ("gpt/tied", False)])
def test_held_out_third_is_fixed_by_names(name: str, held_out: bool) -> None:
    assert CASES[name].is_held_out == held_out


def test_cases_say_what_is_special() -> None:
    without = [case.name for case in (*FAULTS, *HEALTHY) if not re.fullmatch(r"[A-Z0-9].*\.", case.mechanism)]
    assert without == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_fault_is_well_formed(fault: Fault) -> None:
    assert not isinstance(fault.twin, Fault)
    assert fault.begins[0] <= fault.begins[1]
    assert fault.rules
    assert re.fullmatch(r"[a-z]+/[a-z0-9.-]+", fault.name)
