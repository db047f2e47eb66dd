"""Rules of layer outputs: units that no longer respond, and outputs that no longer depend on the input."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.calls import Calls, CallsOf
from tb_nnviz.rules.families.activation_scale import Scale
from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.middle import middle
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: Share of units that are 0 in a whole step, above which a layer is dying (torchmortem and torchdiag warn at 0.5) or
#: dead. ``limit`` applies to layers that are ``above`` the lower quartile of the others, ``alone`` to all. ``few``
#: elements per unit and step do not show that a unit is dead: with one sample, half of them are 0. So it is if samples
#: differ by less than ``spread`` of their size.
DEAD = {"limit": 0.5, "above": 0.25, "alone": 0.8, "dead": 0.9, "few": 32.0, "spread": 0.2, "patience": 3.0}
#: Share of outputs within 0.01 of a bound (SageMaker Debugger, TheDeepChecker: 0.5 of a layer). Gates of recurrent
#: layers that were not saturated at first have the limit ``severe``.
SATURATED = {"limit": 0.5, "severe": 0.9, "patience": 3.0}
#: Largest RMS of a unit over the median of the units. Massive activations are 1000 times the median (arXiv 2402.17762).
OUTLIER = {"limit": 100.0, "warning": 1000.0, "others": 10.0, "patience": 3.0}
#: Standard deviation over samples, relative to the RMS. Float32 rounds at 1e-7.
COLLAPSE = {"limit": 1e-3, "exact": 1e-5, "patience": 5.0}
#: The quantity of ``relative_spread`` in words.
SPREAD = "difference between samples over size"


class _Units(Rule):
    """Report the first layer, in time and then in execution order, whose share of units lasts above a limit."""

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._lasting = Lasting(int(self.limit["patience"]))
        self._first: int | None = None
        self._worst = "none"

    def _judge(
        self,
        values: StepValues,
        share: np.ndarray,
        limit: np.ndarray,
        severe: float,
        statistics: tuple[str, str],
        is_second: np.ndarray,
        word: str,
    ) -> list[Finding]:
        """Return the finding of a step.

        Args:
            values: of the step.
            share: of each row, NaN if it does not matter.
            limit: of each row.
            severe: the share from which the layer is severely ill.
            statistics: the names of the two shares that rows may have.
            is_second: a mask of the rows that have the second share.
            word: what the share is of.
        """
        step, rows = values.step, values.rows["activation"]
        self._first = step if self._first is None else self._first
        with np.errstate(invalid="ignore"):
            high = share > limit
        lasting = np.flatnonzero(self._lasting.update(step, high))
        if not lasting.size or self._worst == "severe":
            return []
        since = self._lasting.since[lasting]
        first = int(lasting[np.argmin(since)])  # of rows that began together, the first in execution order
        severity = "severe" if share[lasting].max() >= severe else "warning"
        if self._worst == severity:
            return []
        self._worst = severity
        layers = list(dict.fromkeys(rows[i].module for i in lasting))
        others = share[np.isfinite(share) & ~high]
        usual = float(np.median(others)) if others.size else None
        begin = int(since.min())
        initial = begin == self._first
        more = f", in {len(layers)} layers: {name_layers(layers)}" if len(layers) > 1 else ""
        healthy = "" if usual is None else f", {usual:.0%} in the median of the others"
        when = "from the first logged step on" if initial else f"since step {begin}"
        evidence = f"{share[first]:.0%} of {word} at step {step}, {when}{healthy}{more}"
        return [
            self.finding(
                step, severity, evidence, since=begin, layer=rows[first].module, row=rows[first].name,
                kind="activation", statistic=statistics[int(is_second[first])], value=float(share[first]),
                limit=float(limit[first]), usual=usual, usual_is="median of the other layers",
                advice=self.initial_advice if initial else self.advice, details={"layers": layers},
            )
        ]  # fmt: skip

    #: Remedies for a problem that a run begins with.
    initial_advice: tuple[str, ...] = ()


class Dead(_Units):
    """Report layers most of whose rectified units are 0 for every sample."""

    name = "activation/dead"
    title = "Units are dead"
    reads = frozenset({("activation", "count"), ("activation", "dead_fraction")})
    uses = frozenset(
        {
            ("activation", "nonpositive_unit_fraction"),
            ("activation", "batch_std~"),
            ("activation", "rms"),
            ("activation_gradient", "count"),
            ("activation_gradient", "zero_fraction"),
        }
    )
    limits = DEAD
    advice = (
        "Lower the learning rate, or warm it up: a large step has moved the weights or biases so far that no input "
        "activates the units.",
        "Clip the gradients.",
        "Use LeakyReLU, ELU or GELU, whose gradient does not vanish for negative inputs.",
    )
    initial_advice = (
        "Look at the initialization of the layer in front: a bias far below 0, or weights that are not centered at 0.",
        "Look at the scale and the sign of what this layer receives.",
        "Use He initialization and a bias of 0.",
    )
    source = "https://arxiv.org/abs/1903.06733"

    def update(self, values: StepValues) -> list[Finding]:
        calls = self._calls(values.rows["activation"])
        share = np.where(calls.rectifies, values.get("activation", "dead_fraction"), np.nan)
        statistics = ("dead_fraction", "nonpositive_unit_fraction")
        if values.has("activation", "nonpositive_unit_fraction") and values.has("activation_gradient", "zero_fraction"):
            share = np.where(calls.rectifies, share, self._functional(values, calls))
        limit = np.full(len(share), self._limit(share))
        few = values.get("activation", "count") / calls.units < self.limit["few"]
        # Units that get the same from every sample are always on or always off.
        few |= self._is_fed_constants(values)
        limit[few] = np.maximum(limit[few], self.limit["dead"])
        words = "units are 0 in every sample"
        return self._judge(values, share, limit, self.limit["dead"], statistics, ~calls.rectifies, words)

    def _is_fed_constants(self, values: StepValues) -> np.ndarray:
        """Return a mask of the rows behind outputs that hardly differ between samples."""
        fed = np.zeros(len(values.rows["activation"]), bool)
        if values.has("activation", "batch_std~") and values.has("activation", "rms"):
            with np.errstate(invalid="ignore"):
                fed[1:] = (relative_spread(values, "activation") < self.limit["spread"])[:-1]
        return fed

    def _limit(self, share: np.ndarray) -> float:
        known = share[np.isfinite(share)]
        usual = float(np.sort(known)[(known.size - 1) // 4]) if known.size > 1 else 0.0
        return max(self.limit["limit"], min(self.limit["alone"], usual + self.limit["above"]))

    @staticmethod
    def _functional(values: StepValues, calls: Calls) -> np.ndarray:
        """Return the share of dead units behind layers whose output a function such as ``relu`` rectifies.

        The gradient shows the function: it is exactly 0 wherever the output is not positive.
        """
        nonpositive = values.get("activation", "nonpositive_unit_fraction")
        zero = calls.rows.align(values.rows["activation_gradient"], values.get("activation_gradient", "zero_fraction"))
        known = zero[np.isfinite(zero)]
        if known.size and known[-1] == 1:  # nothing comes from the loss, so that zeros tell nothing of the layers
            return np.full(len(calls.rows), np.nan)
        # By an activation that is a module. A pooling behind it makes most of the gradient 0 as well.
        followed = np.zeros(len(calls.rows), bool)
        for places in (1, 2, 3):
            followed[:-places] |= calls.activates[places:]
        with np.errstate(invalid="ignore"):
            is_rectified = (calls.weighs | calls.normalizes) & ~followed & (zero >= nonpositive - 1e-3)
        return np.where(is_rectified, nonpositive, np.nan)


class Saturated(_Units):
    """Report hidden layers most of whose outputs are at a bound, where the gradient vanishes."""

    name = "activation/saturated"
    title = "Outputs are saturated"
    reads = frozenset({("activation", "count"), ("activation", "saturated_fraction")})
    uses = frozenset({("activation", "gate_saturated_fraction"), ("output", "count")})
    limits = SATURATED
    advice = (
        "Lower the learning rate: the weights in front have grown.",
        "Normalize in front of the activation, for example by LayerNorm.",
        "Use an activation without bounds, such as ReLU or GELU.",
    )
    initial_advice = (
        "Look at the scale of the weights in front: Xavier initialization keeps the inputs of tanh and sigmoid small.",
        "Look at the scale of the model's inputs.",
        "Normalize in front of the activation, for example by LayerNorm.",
    )
    source = "https://proceedings.mlr.press/v9/glorot10a.html"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._gates = np.zeros(0)  # the first share of each row

    def update(self, values: StepValues) -> list[Finding]:
        calls = self._calls(values.rows["activation"])
        share = values.get("activation", "saturated_fraction").copy()
        # Softmax is near 0 nearly everywhere, and the output of a model is at a bound where it is right.
        share[calls.softmax | calls.last(_models(values))] = np.nan
        is_gate = np.isnan(share)
        if values.has("activation", "gate_saturated_fraction"):
            gates = values.get("activation", "gate_saturated_fraction")
            share = np.where(is_gate, gates, share)
        limit = np.full(len(share), self.limit["limit"])
        if values.has("activation", "gate_saturated_fraction"):
            self._gates = np.append(self._gates, np.full(len(gates) - len(self._gates), np.nan))
            self._gates = np.where(np.isnan(self._gates), gates, self._gates)
            with np.errstate(invalid="ignore"):  # gates that were open at first have learnt what to keep
                limit[self._gates <= self.limit["limit"]] = self.limit["severe"]
        statistics = ("saturated_fraction", "gate_saturated_fraction")
        words = "outputs are within 0.01 of a bound"
        return self._judge(values, share, limit, self.limit["severe"], statistics, is_gate, words)


class Outlier(Rule):
    """Report layers of which one unit is far larger than the others."""

    name = "activation/outlier"
    title = "One unit is far larger than the others"
    reads = frozenset({("activation", "count"), ("activation", "outlier_ratio")})
    limits = OUTLIER
    advice = (
        "Look at the weights of this unit in the layer's weight map.",
        "Lower the learning rate, or use weight decay.",
        "Mind it before you quantize or train in float16: it sets the scale of the whole tensor.",
    )
    source = "https://arxiv.org/abs/2402.17762"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._lasting = Lasting(int(self.limit["patience"]))
        self._worst = "none"

    def update(self, values: StepValues) -> list[Finding]:
        rows = values.rows["activation"]
        calls = self._calls(rows)
        ratio = values.get("activation", "outlier_ratio").copy()
        # The units of other modules are sparse, and their median is nearly 0.
        ratio[~(calls.weighs | calls.normalizes)] = np.nan
        known = ratio[np.isfinite(ratio)]
        if not known.size:
            return []
        usual = middle(known)
        limit = max(self.limit["limit"], self.limit["others"] * usual)
        with np.errstate(invalid="ignore"):
            lasting = np.flatnonzero(self._lasting.update(values.step, ratio > limit))
        if not lasting.size or self._worst == "warning":
            return []
        severity = "warning" if ratio[lasting].max() >= self.limit["warning"] else "notice"
        if severity == self._worst:
            return []
        self._worst = severity
        since = self._lasting.since[lasting]
        first = int(lasting[np.argmin(since)])
        layers = list(dict.fromkeys(rows[i].module for i in lasting))
        evidence = (
            f"the largest unit is {ratio[first]:.3g} times the median unit since step {int(since.min())}, "
            f"{usual:.2g} times in the median of all layers"
        )
        return [
            self.finding(
                values.step, severity, evidence, since=int(since.min()), layer=rows[first].module,
                row=rows[first].name, kind="activation", statistic="outlier_ratio", value=float(ratio[first]),
                limit=limit, usual=usual, usual_is="median of all layers", details={"layers": layers},
            )
        ]  # fmt: skip


class Collapse(Rule):
    """Report the layer from which on every sample gets the same output."""

    name = "activation/collapse"
    title = "A layer gives the same for every sample"
    reads = frozenset({("activation", "count"), ("activation", "batch_std~"), ("activation", "rms")})
    uses = frozenset({("output", "count"), ("input", "count"), ("input", "batch_std~")})
    limits = COLLAPSE
    advice = (
        "Look at the layer in front: dead or saturated units no longer pass the input on.",
        "Look for an operation that averages over the batch, or for a constant in place of the layer's input.",
        "Use normalization or skip connections in deep networks.",
    )
    source = "https://arxiv.org/abs/1611.01232"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._collapsed: dict[int, tuple[int, int]] = {}  # by model: since which step, and at how many
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows = values.rows["activation"]
        spread = relative_spread(values, "activation")
        model = self._calls(rows).model(_models(values))
        for one in self._calls(rows).models(_models(values)):
            places = np.flatnonzero((model == one) & np.isfinite(spread))
            start = _from_here_on(spread[places] <= self.limit["limit"])
            first_is_cause = start == 0 and inputs_differ(values, _models(values)[one] if one >= 0 else "")
            if start is None or (start == 0 and not first_is_cause):
                self._collapsed.pop(int(one), None)
                continue
            first = int(places[start])
            since, steps = self._collapsed.get(int(one), (values.step, 0))
            self._collapsed[int(one)] = since, steps + 1
            if steps + 1 < self.limit["patience"] or self._reported:
                continue
            self._reported = True
            exact = "exactly " if spread[first] == 0 else ""
            usual = float(np.median(spread[places[:start]])) if start else None
            others = "the inputs do" if usual is None else f"by {usual:.2g} in the layers before"
            layers = list(dict.fromkeys(rows[i].module for i in places[start:]))
            evidence = (
                f"outputs differ between samples by {exact}{spread[first]:.2g} of their size since step {since}, "
                f"in {name_layers(layers)}, and {others}"
            )
            severity = "severe" if spread[places[-1]] <= self.limit["exact"] else "warning"
            return [
                self.finding(
                    values.step, severity, evidence, since=since, layer=rows[first].module, row=rows[first].name,
                    kind="activation", statistic="batch_std~", value=float(spread[first]), limit=self.limit["limit"],
                    usual=usual, quantity=SPREAD, usual_is="median of the layers before", details={"layers": layers},
                )
            ]  # fmt: skip
        return []


def relative_spread(values: StepValues, kind: str) -> np.ndarray:
    """Return the standard deviation over samples relative to the RMS: float64 [rows], NaN if it is unknown."""
    return values.share(("relative_spread", kind), lambda values: _relative_spread(values, kind))


def _relative_spread(values: StepValues, kind: str) -> np.ndarray:
    spread, rms = values.get(kind, "batch_std~"), values.get(kind, "rms")
    with np.errstate(all="ignore"):
        return np.where(rms > 0, spread / rms, np.where(rms == 0, spread, np.nan))


def inputs_differ(values: StepValues, model: str) -> bool:
    """Return True if the log shows that an input of a model differs between samples."""
    if not values.has("input", "batch_std~"):
        return False
    rows = values.rows["input"]
    own = np.array([row.module == model for row in rows], bool)
    return bool((own & (values.get("input", "batch_std~") > 0)).any())


def _from_here_on(mask: np.ndarray) -> int | None:
    """Return the first place from which on all are true, None if the last is not."""
    if not mask.size or not mask[-1]:
        return None
    wrong = np.flatnonzero(~mask)
    return int(wrong[-1]) + 1 if wrong.size else 0


def _models(values: StepValues) -> list[str]:
    """Return the names of the watched models, as far as the log tells them."""
    rows = values.rows.get("output")
    return [""] if rows is None else rows.layers


RULES = (Dead, Saturated, Scale, Outlier, Collapse)
