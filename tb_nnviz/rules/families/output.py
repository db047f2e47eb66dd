"""Rules of a model's result."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tb_nnviz.rules.calls import CallsOf
from tb_nnviz.rules.families.activation import SPREAD, relative_spread
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.losses import Course
from tb_nnviz.rules.middle import middle
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues
from tb_nnviz.schema import Row

#: ``limit`` is the largest deviation of a sum of probabilities from 1. ``slack`` is for rounding and smoothed labels.
#: The gradient must look like that of a squashed squash from the first logged step on, for ``patience`` logged steps.
SATURATED = {"limit": 1e-3, "slack": 0.05, "patience": 5.0}
#: The largest gradient of a binary cross-entropy with respect to a probability that it takes for a logit.
_SLOPE = math.e / (1 + math.e)
#: Share of outputs at a bound of the last layer, while the loss is above ``loss`` of its start. Outputs that are right
#: are at their bounds, too, with a low loss.
BOUND = {"bound": 0.5, "loss": 0.7, "lasting": 3.0}
#: ``share`` of the samples have the same largest unit while outputs differ by ``spread`` of their size. ``limit`` is
#: the relative difference of outputs that are the same up to rounding. ``all`` is the patience if the unit is the same
#: for all samples, however they differ, although the loss is below ``low`` of its start, and a warning below ``lowest``
#: of it. A loss that has fallen below ``falls`` of its start in the first case is that of a model which has learnt the
#: frequencies of the classes or tokens, which comes first.
CONSTANT = {
    "limit": 1e-4,
    "share": 0.99,
    "spread": 0.03,
    "patience": 3.0,
    "slow": 20.0,
    "all": 20.0,
    "low": 0.5,
    "lowest": 0.05,
    "falls": 0.85,
}


class Saturated(Rule):
    """Report a model that ends in a softmax or sigmoid although the loss applies one too.

    The gradient tells the loss, since it is that of a mean over samples. For K probabilities p and a one-hot label y, a
    cross-entropy that takes p for logits has the gradient softmax(p) - y with respect to p, a loss of -log p has
    -y / p, and a squared error's falls to 0. With respect to the logits in front of the softmax, a cross-entropy of the
    logits has p - y, and one of p at most half of softmax(p) - y.
    """

    name = "output/saturated"
    title = "The output is squashed twice"
    reads = frozenset(
        {
            ("activation", "count"),
            ("activation", "min"),
            ("activation", "max"),
            ("activation_gradient", "count"),
            ("activation_gradient", "norm"),
            ("activation_gradient", "absmax"),
            ("activation_gradient", "zero_fraction"),
        }
    )
    uses = frozenset(
        {
            ("output", "count"),
            ("output", "min"),
            ("output", "max"),
            ("output", "sum_deviation"),
            ("activation", "saturated_fraction"),
        }
    )
    takes_logged = True
    limits = {**SATURATED, **BOUND}
    advice = (
        "Remove the last softmax or sigmoid: cross_entropy and binary_cross_entropy_with_logits apply their own.",
        "Or keep it, and use a loss of probabilities: NLLLoss of the logarithm, or BCELoss.",
    )
    source = "https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._course = Course()
        self._squashed: dict[str, int] = {}  # by model: the logged steps at which it looked so, -1 after any other
        self._first: int | None = None
        self._reported = False
        self._bound = Lasting(int(self.limit["lasting"]))

    def update(self, values: StepValues) -> list[Finding]:
        self._course.add(values.step, values.logged)
        if self._reported or not (values.has("activation", "min") and values.has("activation_gradient", "norm")):
            return []
        self._first = values.step if self._first is None else self._first
        rows, calls = values.rows["activation"], self._calls(values.rows["activation"])
        outputs = values.rows.get("output")
        names = outputs.layers if outputs else [""]
        model = calls.model(names)
        bound = self._at_bound(values, calls.last(names) & ~calls.softmax)
        for i, name in enumerate(names):
            places = np.flatnonzero((model == i) & values.present("activation"))
            if not places.size:
                continue
            place = int(places[-1])
            units = _squash(values, place, None if outputs is None else int(np.flatnonzero(outputs.layer == i)[0]))
            steps = self._squashed.get(name, 0)
            if units is None or steps < 0 or not self._in_reach(units):
                self._squashed[name] = -1
                continue
            self._squashed[name] = steps + 1
            # what a function squashes, and what has few units, is told from other losses by their course
            times = 2 if units < 4 or not calls.softmax[place] else 1
            # outputs at their bounds say the same
            if steps + 1 >= (1 if bound else times) * self.limit["patience"]:
                self._reported = True
                return [self._found(values, rows[place], units)]
        return [] if bound is None else [bound]

    def _at_bound(self, values: StepValues, last: np.ndarray) -> Finding | None:
        """Return the finding of outputs at a bound of a last layer while the loss stays where it was."""
        if not values.has("activation", "saturated_fraction"):
            return None
        share, loss = values.get("activation", "saturated_fraction"), self._course.main
        with np.errstate(invalid="ignore"):
            high = last & (share > self.limit["bound"])
        lasting = self._bound.update(values.step, high)
        found = np.flatnonzero(lasting)
        if not found.size:
            return None
        is_high = loss is not None and loss.count > 10 and loss.start > 0 and loss.recent.size > 0
        level = middle(loss.recent[-10:]) if loss is not None and is_high else 0.0
        if loss is None or level < self.limit["loss"] * loss.start:
            return None
        self._reported = True
        place, since = int(found[0]), int(self._bound.since[found[0]])
        row = values.rows["activation"][place]
        evidence = (
            f"{share[place]:.0%} of outputs are within 0.01 of a bound of {row.type} at step {values.step}, since step "
            f"{since}, while {self._course.name} is {level:.3g} and was {loss.start:.3g} at the start"
        )
        return self.finding(
            values.step, "severe", evidence, since=since, layer=row.module, row=row.name, kind="activation",
            statistic="saturated_fraction", value=float(share[place]), limit=self.limit["bound"],
            title="The output is at its bounds",
            advice=(
                "Scale the targets to the range of the output, or remove the last activation.",
                "Lower the learning rate if the output was within its range before.",
            ),
        )  # fmt: skip

    def _in_reach(self, units: int) -> bool:
        """Return True if the loss lies in what a cross-entropy of probabilities can reach, or is unknown."""
        loss = self._course.main
        if loss is None or not loss.recent.size:
            return True
        lowest, highest = _reach(units)
        return lowest - self.limit["slack"] <= middle(loss.recent[-5:]) <= highest + self.limit["slack"]

    def _found(self, values: StepValues, row: Row, units: int) -> Finding:
        kind, loss = "softmax" if units > 1 else "sigmoid", self._course.main
        now = f": it is {loss.recent[-1]:.3g} at step {values.step}" if loss is not None and loss.recent.size else ""
        evidence = (
            f"the model ends in a {kind}, and the gradient in {row.module or 'the model'} is that of a loss which "
            f"applies a {kind} again, since step {self._first}. The loss cannot fall below {_reach(units)[0]:.3g}{now}"
        )
        return self.finding(
            values.step, "severe", evidence, since=self._first, layer=row.module, row=row.name,
            kind="activation_gradient", statistic="norm", value=None, limit=None,
        )  # fmt: skip


def _squash(values: StepValues, place: int, output: int | None) -> int | None:
    """Return the number of units of a model's softmax, 1 for a sigmoid, if the gradient is that of a second one.

    Args:
        values: of the step.
        place: the row of the model's last layer.
        output: the row of its result, None if the log has none.
    """
    rows, gradients = values.rows["activation"], values.rows["activation_gradient"]
    row, slack = rows[place], 1 + SATURATED["slack"]
    at = gradients.place.get(row.name)
    if at is None:
        return None
    count = float(values.get("activation", "count")[place])
    low, high = float(values.get("activation", "min")[place]), float(values.get("activation", "max")[place])
    norm, most, zero = (
        float(values.get("activation_gradient", name)[at]) for name in ("norm", "absmax", "zero_fraction")
    )
    axis = row.unit_axis if row.unit_axis and row.unit_axis > 0 else 0
    units = int((row.shape[axis - 1] if axis else row.shape[-1]) or 0) if row.shape else 0
    is_softmax, is_sigmoid = row.type.startswith("Softm"), row.type in ("Sigmoid", "Hardsigmoid")
    if zero > 0.5 or not units or not norm > 0:
        return None
    if is_softmax and units > 1 and low >= 0:
        right, wrong = 1 / (math.e + units - 1), math.e / (math.e + units - 1)
        least = math.sqrt(units * (units - 1)) * right
        largest = math.sqrt((1 - right) ** 2 + wrong**2 + (units - 2) * right**2)
        mean = norm * math.sqrt(count / units)  # over samples, of a mean loss; of a sum, it is larger by their number
        scales = (mean, mean * units / count)
        return units if any(least / slack <= one <= largest * slack for one in scales) else None
    if is_sigmoid:
        lowest, highest = 1 - _SLOPE, _SLOPE
        scales = (1.0, 1 / count)
        fits = any(
            lowest / slack <= norm * math.sqrt(count) * one and most * count * one <= highest * slack for one in scales
        )
        return 1 if fits else None
    if output is None or not (low < 0 or high > 1) or not values.has("output", "max"):
        return None
    if not (values.get("output", "min")[output] >= 0 and values.get("output", "max")[output] <= 1):
        return None
    sums = values.get("output", "sum_deviation")[output] if values.has("output", "sum_deviation") else np.nan
    if units > 1 and sums <= SATURATED["limit"]:
        mean = norm * math.sqrt(count / units)
        return units if mean <= 0.6 * math.sqrt(1 - 1 / units) else None
    if not sums <= SATURATED["limit"]:
        return 1 if norm * math.sqrt(count) <= 0.25 * _SLOPE * slack else None
    return None


def _reach(units: int) -> tuple[float, float]:
    """Return the lowest and the highest cross-entropy that probabilities in place of logits can have."""
    if units > 1:
        return math.log(math.e + units - 1) - 1, math.log(math.e + units - 1)
    return math.log(1 + 1 / math.e), math.log(1 + math.e)


class Constant(Rule):
    """Report a model that gives the same result for every sample."""

    name = "output/constant"
    title = "The output is the same for every sample"
    reads = frozenset({("output", "count"), ("output", "batch_std~"), ("output", "rms")})
    uses = frozenset({("output", "largest_share")})
    takes_logged = True
    limits = CONSTANT
    advice = (
        "Look at the first layer whose output is the same for every sample, or whose units are dead.",
        "Lower the learning rate, and start again.",
        "Check that inputs and labels belong together, and that the classes are balanced.",
    )
    source = "https://karpathy.github.io/2019/04/25/recipe/"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._exact = Lasting(int(self.limit["patience"]))
        self._slow = Lasting(int(self.limit["slow"]))
        self._all = Lasting(int(self.limit["all"]))
        self._course = Course()
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        self._course.add(values.step, values.logged)
        if not values.has("output", "batch_std~"):
            return []
        loss = self._course.main
        known = loss is not None and loss.recent.size > 0 and loss.start > 0
        level = middle(loss.recent[-10:]) / loss.start if loss is not None and known else np.inf
        is_low, is_lowest = level < self.limit["low"], level < self.limit["lowest"]
        rows, spread = values.rows["output"], relative_spread(values, "output")
        has_share = values.has("output", "largest_share")
        share = values.get("output", "largest_share") if has_share else np.full(len(rows), np.nan)
        with np.errstate(invalid="ignore"):
            exact = self._exact.update(values.step, spread <= self.limit["limit"])
            one_class = (share >= self.limit["share"]) & (spread <= self.limit["spread"])
            slow = self._slow.update(values.step, one_class)
            every = self._all.update(values.step, share == 1) & is_low
        found = np.flatnonzero(exact | slow | every)
        if self._reported or not found.size:
            return []
        self._reported = True
        place = int(found[0])
        since = int((self._exact if exact[place] else self._slow if slow[place] else self._all).since[place])
        most = f", and {share[place]:.0%} of the samples have the same largest unit" if share[place] > 0 else ""
        evidence = f"outputs differ between samples by {spread[place]:.2g} of their size since step {since}{most}"
        # Most samples may belong to one class, and a language model knows the frequencies of its tokens first: their
        # loss falls, and not to 0.
        is_minor = not is_lowest and (level < self.limit["falls"] if slow[place] else True)
        severity = "severe" if exact[place] else "notice" if is_minor else "warning"
        measured: dict[str, Any] = {
            "statistic": "batch_std~", "value": float(spread[place]), "quantity": SPREAD,
            "limit": self.limit["limit"] if exact[place] else self.limit["spread"],
        }  # fmt: skip
        if every[place] and not (exact[place] or slow[place]):
            measured = {
                "statistic": "largest_share", "value": float(share[place]), "limit": self.limit["share"],
            }  # fmt: skip
        return [
            self.finding(
                values.step, severity, evidence, since=since, layer=rows[place].module,
                row=rows[place].name, kind="output", **measured,
            )
        ]  # fmt: skip


RULES = (Saturated, Constant)
