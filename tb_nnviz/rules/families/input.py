"""Rules of what a model is called with."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.calls import Calls, CallsOf
from tb_nnviz.rules.families.activation import SPREAD, inputs_differ, relative_spread
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: RMS of the inputs (UMLAUT expects them within [-1, 1]), and of the first layer's output, which shows that nothing in
#: between normalizes. Inputs all of which are below ``small`` are lost beside the first layer's bias.
SCALE = {"limit": 10.0, "first_layer": 5.0, "small": 0.02, "patience": 2.0}
#: Standard deviation over samples, relative to the RMS. Float32 rounds at 1e-7.
CONSTANT = {"limit": 1e-6, "patience": 3.0}


class Scale(Rule):
    """Report inputs that are far larger or smaller than 1 and reach the first layer so."""

    name = "input/scale"
    title = "Inputs are not normalized"
    reads = frozenset(
        {("input", "count"), ("input", "rms"), ("input", "absmax"), ("activation", "count"), ("activation", "rms")}
    )
    limits = SCALE
    advice = (
        "Normalize the inputs: subtract their mean and divide by their standard deviation.",
        "Divide images of 0 to 255 by 255, once.",
        "Begin the model with a normalization, such as BatchNorm.",
    )
    source = "https://cs231n.github.io/neural-networks-2/#datapre"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._since: int | None = None
        self._steps = 0
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        found = None if self._reported else self._look(values)
        self._since = None if found is None else values.step if self._since is None else self._since
        self._steps = 0 if found is None else self._steps + 1
        if found is None or self._since is None or self._steps < self.limit["patience"]:
            return []
        self._reported = True
        severity, place, statistic, value, limit, evidence = found
        row = values.rows["input"][place]
        return [
            self.finding(
                values.step, severity, evidence, since=self._since, layer=row.module, row=row.name, kind="input",
                statistic=statistic, value=value, limit=limit, usual=1.0, usual_is="of normalized inputs",
            )
        ]  # fmt: skip

    def _look(self, values: StepValues) -> tuple[str, int, str, float, float, str] | None:
        """Return severity, row, statistic, value, limit and evidence of the first inputs that are wrong."""
        inputs, rms, largest = values.rows["input"], values.get("input", "rms"), values.get("input", "absmax")
        calls, outputs = self._calls(values.rows["activation"]), values.get("activation", "rms")
        with np.errstate(invalid="ignore"):
            wrong = np.flatnonzero((rms > self.limit["limit"]) | ((largest < self.limit["small"]) & (rms > 0)))
        if not wrong.size:
            return None
        model = calls.model(inputs.layers)
        for place in wrong:
            if inputs[place].call:  # a further argument, such as a time or a mask
                continue
            first = _first_weighted(calls, model == inputs.layer[place])
            if first is None:
                continue
            large, name = rms[place] > self.limit["limit"], calls.rows[first].module
            if large and not (outputs[first] > self.limit["first_layer"] or calls.recurs[first]):
                continue  # something between them normalizes
            text = f"inputs have an RMS of {rms[place]:.3g} and a largest absolute value of {largest[place]:.3g}"
            crossed = ("rms", rms, self.limit["limit"]) if large else ("absmax", largest, self.limit["small"])
            after = first + 1 < len(calls.rows) and calls.normalizes[first + 1] and model[first + 1] == model[first]
            severity = "notice" if after else "warning"
            evidence = f"{text}, the output of {name} {outputs[first]:.3g}"
            return severity, int(place), crossed[0], float(crossed[1][place]), crossed[2], evidence
        return None


class Constant(Rule):
    """Report inputs that are the same for every sample of a batch."""

    name = "input/constant"
    title = "Inputs are the same for every sample"
    reads = frozenset({("activation", "count"), ("activation", "batch_std~"), ("activation", "rms")})
    uses = frozenset(
        {("input", "count"), ("input", "std"), ("input", "rms"), ("input", "batch_std~"), ("output", "count")}
    )
    limits = CONSTANT
    advice = (
        "Look at the data set and the collate function: every sample of a batch is the same.",
        "Look for an operation in front of the first layer that averages over the batch.",
    )
    source = "https://karpathy.github.io/2019/04/25/recipe/"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._since: dict[int, tuple[int, int]] = {}  # by model: since which step, and at how many
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        spread, calls = relative_spread(values, "activation"), self._calls(values.rows["activation"])
        names = values.rows["output"].layers if "output" in values.rows else [""]
        model = calls.model(names)
        for one in calls.models(names):
            own = (model == one) & np.isfinite(spread)
            if (tokens := spread[own & calls.embeds]).size and (tokens <= self.limit["limit"]).any():
                own &= ~calls.embeds  # others are those of positions, which differ in any case
            known = spread[own]
            name = names[one] if one >= 0 else ""
            if not known.size or not (known <= self.limit["limit"]).all() or inputs_differ(values, name):
                self._since.pop(int(one), None)
                continue
            since, steps = self._since.get(int(one), (values.step, 0))
            self._since[int(one)] = since, steps + 1
            if steps + 1 >= self.limit["patience"] and not self._reported:
                self._reported = True
                first = int(np.flatnonzero((model == one) & np.isfinite(spread))[0])
                return [self._found(values, since, first, float(spread[first]), name)]
        return []

    def _found(self, values: StepValues, since: int, first: int, spread: float, model: str) -> Finding:
        evidence = f"the first layer's outputs differ between samples by {spread:.2g} of their size since step {since}"
        if values.has("input", "std"):
            std, rms = values.get("input", "std"), values.get("input", "rms")
            evidence += f", inputs have a standard deviation of {std[0]:.3g} and an RMS of {rms[0]:.3g}"
        # The inputs themselves show it if the log has their difference between samples, else the first layer does.
        kind, row = "activation", values.rows["activation"][first].name
        if values.has("input", "batch_std~"):
            kind, row = "input", next((one.name for one in values.rows["input"] if one.module == model), "")
        return self.finding(
            values.step, "severe", evidence, since=since, layer=model, row=row, kind=kind, statistic="batch_std~",
            value=spread, limit=self.limit["limit"], quantity=f"{SPREAD}, of the first layer",
        )  # fmt: skip


def _first_weighted(calls: Calls, mask: np.ndarray) -> int | None:
    """Return the first row of a model if it multiplies by weights, None if it normalizes or embeds."""
    places = np.flatnonzero(mask & (calls.weighs | calls.normalizes | calls.embeds))
    return int(places[0]) if places.size and calls.weighs[places[0]] else None


RULES = (Scale, Constant)
