"""Rules of low precision: the loss scale, and gradients that are too small for float16."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: ``patience``: skipped steps in a row. A scaler begins at 2^16 and halves, so that 16 skips lead from there to 1.
#: ``rate``: share of skipped steps, once there were ``steps`` of them after the first patience. A scaler that works
#: doubles every 2000 steps, and skips one of them. ``scale``: the scale of a scaler that gains nothing.
LOSS_SCALE = {"patience": 20, "rate": 0.1, "steps": 100, "scale": 1.0}
#: Size of the elements that are not 0, in units of the smallest number of float16, 2^-24. Below about 16 of them most
#: of what a layer sends back is rounded to 0. ``share``: the share of zeros that is then expected at least.
UNDERFLOW = {"limit": 16.0, "share": 0.5, "patience": 3}
#: The smallest positive number of float16.
SMALLEST = 2.0**-24


class LossScale(Rule):
    """Report a GradScaler that skips steps again and again, or whose scale has fallen below 1."""

    name = "precision/loss_scale"
    title = "The gradient scaler skips steps"
    scalars = frozenset({"loss_scale", "skipped"})
    takes_skipped = True
    limits = LOSS_SCALE
    advice = (
        "Look at the first layer with a nonfinite gradient: a value that is NaN or Inf at any scale skips every step.",
        "Run the loss, norms and softmax in float32, or use bfloat16, which needs no scaler.",
        "Check that scaler.scale, unscale_, step and update are each called once per step.",
    )
    source = "https://arxiv.org/abs/1710.03740"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._first = -1
        self._streak = 0  # skipped events in a row
        self._begin = 0
        self._skips: list[int] = []
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        scale, step = values.scalars["loss_scale"], values.step
        self._first = step if self._first < 0 else self._first
        if values.skipped:
            self._begin = self._begin if self._streak else step
            self._streak += 1
            self._skips.append(step)
        else:
            self._streak = 0
        if self._reported:
            return []
        span = step - self._begin + 1
        if self._streak >= 3 and span >= self.limit["patience"]:
            since, never = self._begin, self._begin == self._first
            done = "no step was taken at all" if never else f"the last {span} steps"
            evidence = f"all logged steps since step {since} are skipped: {done}; the loss scale is {scale:.3g}"
            return self._found(
                step,
                "severe",
                evidence,
                since,
                float(span),
                self.limit["patience"],
                "steps skipped in a row",
                "skipped",
            )
        late = [one for one in self._skips if one >= self._first + self.limit["patience"]]
        elapsed = step - self._first - self.limit["patience"] + 1
        if elapsed >= self.limit["steps"] and len(late) > self.limit["rate"] * elapsed:
            evidence = f"at least {len(late)} of the last {elapsed:g} steps are skipped; the loss scale is {scale:.3g}"
            share = len(late) / elapsed
            return self._found(
                step, "warning", evidence, late[0], share, self.limit["rate"], "share of skipped steps", "skipped"
            )
        if scale < self.limit["scale"] and self._skips and self._streak < 3:
            evidence = (
                f"the loss scale has fallen to {scale:.3g} at step {step}, after {len(self._skips)} skipped steps"
            )
            return self._found(step, "warning", evidence, self._skips[0], scale, self.limit["scale"], "loss scale")
        return []

    def _found(
        self, step: int, severity: str, evidence: str, since: int, value: float, limit: float, quantity: str,
        scalar: str = "loss_scale",
    ) -> list[Finding]:  # fmt: skip
        self._reported = True
        return [
            self.finding(
                step, severity, evidence, since=since, kind="gradient", value=value, limit=limit, quantity=quantity,
                details={"global": scalar},
            )
        ]  # fmt: skip


class Underflow(Rule):
    """Report layers whose gradients in float16 are at the lower end of its range."""

    name = "precision/underflow"
    title = "Gradients are too small for float16"
    reads = frozenset(
        {("activation_gradient", "count"), ("activation_gradient", "rms"), ("activation_gradient", "zero_fraction")}
    )
    limits = UNDERFLOW
    advice = (
        "Use a GradScaler: scaler.scale(loss).backward(), scaler.step(optimizer), scaler.update().",
        "Use bfloat16, which has the range of float32.",
        "Take the mean of the loss rather than a mean that is divided again, so that gradients are not so small.",
    )
    source = "https://arxiv.org/abs/1710.03740"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = 0
        self._since = 0
        self._reported = False
        self._rows: object = None
        self._half = np.zeros(0, bool)
        self._is_empty = True  # True while all gradients in float16 have been 0 at each step

    def update(self, values: StepValues) -> list[Finding]:
        kind = "activation_gradient"
        rows = values.rows[kind]
        if rows is not self._rows:
            self._rows, self._half = rows, np.array([row.dtype == "float16" for row in rows], bool)
        if not self._half.any():
            return []
        scale = values.scalars.get("loss_scale", 1.0)
        zeros, present = values.get(kind, "zero_fraction"), values.present(kind)
        with np.errstate(all="ignore"):
            # the size of the elements that are left, as float16 had them
            size = values.get(kind, "rms") / np.sqrt(1 - zeros) * scale / SMALLEST
        small = (size < self.limit["limit"]) & (zeros >= self.limit["share"])
        flushed = (zeros == 1) & np.isfinite(np.nanmin(np.where(self._half, size, np.nan), initial=np.inf))
        # Nothing at all arrives from the first step on, as if the loss was far below what float16 can hold.
        self._is_empty = self._is_empty and bool((zeros[self._half & present] == 1).all())
        low = self._half & present & (small | (flushed & bool((small & self._half).any())) | self._is_empty)
        self._since = self._since if self._steps else values.step
        self._steps = self._steps + 1 if low.any() else 0
        if self._reported or self._steps < self.limit["patience"]:
            return []
        self._reported = True
        found = np.flatnonzero(low)
        order = np.where(np.isnan(rows.depth[found]), -1, rows.depth[found])
        place = int(found[np.argmax(order)])  # the first on the way back from the loss
        layers = list(dict.fromkeys(rows[one].module for one in found.tolist()))
        half = int((self._half & present).sum())
        severity = "severe" if (low & (zeros > 0.99)).any() else "warning"
        rest = f"the rest is about {size[place]:.2g} times the smallest number of float16"
        rest = rest if zeros[place] < 1 else "nothing is left of it"
        evidence = (
            f"{zeros[place]:.0%} of the gradient at {rows[place].name} is 0, and {rest}, at a loss scale of {scale:g}; "
            f"so in {found.size} of {half} outputs"
        )
        return [
            self.finding(
                values.step, severity, evidence, since=self._since, layer=rows[place].module, row=rows[place].name,
                kind=kind, statistic="zero_fraction", value=float(zeros[place]), limit=self.limit["share"],
                details={"layers": layers},
            )
        ]  # fmt: skip


RULES = (LossScale, Underflow)
