"""Rules of gradients with respect to parameters."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting, Reported
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: Consecutive logged steps at which no gradient must arrive.
ZERO = {"patience": 3}


class Zero(Rule):
    """Report layers whose gradient is exactly zero in all their parameters."""

    name = "gradient/zero"
    title = "No gradient arrives"
    reads = frozenset({("gradient", "count"), ("gradient", "norm")})
    limits = ZERO
    advice = (
        "Look at the first layer behind them that still has a gradient: nothing passes through its input.",
        "Look for dead units, a detached tensor, or a saturated output.",
    )
    source = "https://arxiv.org/abs/1903.06733"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._reported = Reported()

    def update(self, values: StepValues) -> list[Finding]:
        rows, norm, present = values.rows["gradient"], values.get("gradient", "norm"), values.present("gradient")
        largest, present_layers = np.zeros(len(rows.layers)), np.zeros(len(rows.layers), bool)
        np.maximum.at(largest, rows.layer[present], norm[present])
        present_layers[rows.layer[present]] = True
        lasting = self._lasting.update(values.step, present_layers & (largest == 0))
        layers = [rows.layers[i] for i in np.flatnonzero(lasting)]
        new = self._reported.new(layers)
        if not new:
            return []
        place = rows.layers.index(new[-1])  # the deepest: what lies behind it is the cause
        since = int(self._lasting.since[place])
        evidence = (
            f"gradient of {name_layers(new)} exactly 0 since step {since}, in {len(layers)} of {len(rows.layers)}"
        )
        row = next(row for row in rows if row.module == new[-1])
        return [
            self.finding(
                values.step, "severe", f"{evidence} layers", since=since, layer=new[-1], row=row.name, kind="gradient",
                statistic="norm", value=0.0, details={"layers": new},
            )
        ]  # fmt: skip


RULES = (Zero,)
