"""Rules of the loss that the user logs. All limits are relative to the run's own progress and noise."""

from __future__ import annotations

import math

import numpy as np

from tb_nnviz.rules.families.loss_progress import Overfit, Plateau, Stuck
from tb_nnviz.rules.families.loss_rule import LossRule
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.losses import Series, is_loss, local_level, noise, trend
from tb_nnviz.rules.middle import middle
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: A value above the median of the last ones by ``limit`` times their noise, ``largest`` times their largest excess and
#: the share ``progress`` of what the run has gained. It lasts for ``patience`` values, or is the only one of 10 steps.
#: A single value is ``single`` times as high, or ``untrained`` times and above the start of the run: the model knows
#: less of this batch than before it was trained.
SPIKE = {
    "limit": 8.0, "largest": 2.0, "progress": 0.3, "history": 12.0, "patience": 2.0, "single": 4.0, "untrained": 2.0,
}  # fmt: skip
#: The level lies above the start by ``limit`` of it and ``noise`` times the noise, or has lost ``progress`` of what the
#: run has gained (TheDeepChecker: twice the minimum).
DIVERGES = {"limit": 0.1, "progress": 0.5, "noise": 5.0, "patience": 3.0, "slow": 10.0}
#: Values whose median is the level before a spike, and those from which on their noise is well known.
RECENT, KNOWN = 12, 25


class Nonfinite(Rule):
    """Report the first NaN or Inf among the losses that the user logs."""

    name = "loss/nonfinite"
    title = "Loss is NaN or Inf"
    takes_logged = True
    advice = (
        "Look at the first layer with a nonfinite output or gradient: it is where the values break.",
        "Lower the learning rate, or clip the gradients.",
        "Look for log(0), 0/0, or an overflow of float16 in the loss function.",
    )
    source = "https://arxiv.org/abs/1710.03740"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._reported = False
        self._last: dict[str, float] = {}

    def update(self, values: StepValues) -> list[Finding]:
        losses = {name: value for name, value in values.logged.items() if is_loss(name)}
        bad = next((name for name, value in losses.items() if not math.isfinite(value)), None)
        if bad is None or self._reported:
            self._last.update(losses)
            return []
        self._reported = True
        last = self._last.get(bad)
        before = "" if last is None else f", {last:.3g} before"
        evidence = f"{bad} is {losses[bad]} at step {values.step}{before}"
        return [
            self.finding(
                values.step, "severe", evidence, usual=last, quantity=bad, usual_is="at the step before",
                details={"scalar": bad},
            )
        ]  # fmt: skip


class Spike(LossRule):
    """Report a loss that jumps far above its recent values, unless the learning rate was restarted."""

    name = "loss/spike"
    title = "Loss jumps"
    limits = SPIKE
    advice = (
        "Look at the batch of this step: wrong labels, or samples that are not normalized.",
        "Clip the gradients, or lower the learning rate.",
        "With Adam, lower beta2: the second moment lags behind gradients that grow.",
    )
    source = "https://arxiv.org/abs/2304.13013"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._pending: Finding | None = None
        self._high: list[tuple[int, float]] = []  # values of the jump so far
        self._before = np.zeros(0)

    def _judge(self, step: int, series: Series, is_new: bool) -> Finding | None:
        if self._pending is not None and self._course.rated is not None and self._course.rated >= self._pending.since:
            return self._confirmed()
        if is_new and self._pending is None:
            self._pending = self._look(step, series)
        if self._pending is not None and self._course.rated is None:
            return self._pending
        return None

    def _conclude(self, step: int, series: Series) -> Finding | None:
        return None if self._pending is None else self._confirmed()

    def _confirmed(self) -> Finding | None:
        """Return the pending finding, None if the learning rate was restarted near it."""
        found, self._pending = self._pending, None
        restarted = self._course.restarted
        return found if found is None or restarted is None or restarted < found.since - 1 else None

    def _look(self, step: int, series: Series) -> Finding | None:
        recent, steps = series.recent, series.recent_steps
        if not recent.size:
            return None
        before = recent[: -1 - len(self._high)][-50:] if self._high else recent[:-1][-50:]
        if len(before) < self.limit["history"] or not (self._high or recent[-1] > before.max()):
            return None
        level, value = float(np.median(before[-RECENT:])), float(recent[-1])
        apart = before - local_level(before)
        spread = max(noise(before), 1.4826 * float(np.median(np.abs(apart))))
        gained = series.start - level
        excess = value - level
        needed = max(
            self.limit["limit"] * spread,
            self.limit["largest"] * float(apart.max()),
            self.limit["progress"] * (gained if gained > 0 else abs(level)),
        )
        if excess < (needed / 2 if self._high else needed):
            self._high.clear()
            return None
        self._high.append((step, value))
        rarely = len(steps) > 1 and steps[-1] - steps[-2] >= 10
        is_untrained = gained > 0 and value > series.start and len(before) >= KNOWN
        single = self.limit["untrained" if is_untrained else "single"]
        if len(self._high) < (1 if rarely else self.limit["patience"]) and excess < single * needed:
            return None
        since, (top, highest) = self._high[0][0], max(self._high, key=lambda one: one[1])
        usual = f"{level:.3g} with a noise of {spread:.2g} before"
        evidence = f"jumps to {highest:.3g} at step {top}, from {usual}"
        return self._loss_finding(
            step, "warning", evidence, since, highest, level + needed, level, "median of the values before"
        )


#: Fewest values at the start that show that a loss was flat before it rose, and the trend above which it is not.
FLAT, RISING = 8, 3.0
#: Values from which the noise of a loss is known, and the latest ones, which are not among them.
EARLY, LATEST = 50, 8


class Diverges(LossRule):
    """Report a loss that lastingly lies above its start, or loses most of what the run has gained."""

    name = "loss/diverges"
    title = "Loss diverges"
    limits = DIVERGES
    advice = (
        "Lower the learning rate, or warm it up.",
        "Clip the gradients.",
        "Look at the sign of the loss and of the update if it has never fallen.",
    )
    source = "https://arxiv.org/abs/2309.14322"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._best = math.inf
        self._early: float | None = None  # the noise of the first values
        self._restarted: int | None = None
        self._high = {"start": 0, "progress": 0}

    def _judge(self, step: int, series: Series, is_new: bool) -> Finding | None:
        if self._restarted != self._course.restarted:
            self._restarted, self._best = self._course.restarted, math.inf
            self._high["progress"] = 0
        if not is_new or series.count < 4 or not (recent := series.recent).size:
            return None
        if series.count > 100 and series.count % 5:  # medians cost more than most steps have to say
            return None
        level, spread = middle(recent[-5:] if series.count > 20 else recent[-3:]), noise(recent[-50:])
        slow = middle(recent[-max(5, min(25, series.count // 8)) :])
        start = series.start
        self._best = min(self._best, slow)
        if self._early is None or series.count <= EARLY:
            self._early = noise(series.values[:EARLY])
        gained, margin = start - self._best, self.limit["noise"] * min(spread, self._early or spread)
        limit = start + max(self.limit["limit"] * max(abs(start), gained), margin)
        self._high["start"] = self._high["start"] + 1 if level > limit else 0
        lost = self._best + max(self.limit["progress"] * gained, margin)
        self._high["progress"] = self._high["progress"] + 1 if gained > margin and slow > lost else 0
        if self._high["start"] >= self.limit["patience"]:
            return self._found(step, "severe", series, level, limit, f"above its start of {start:.3g}", start)
        if self._high["progress"] >= self.limit["slow"]:
            text = f"and has lost {(slow - self._best) / gained:.0%} of what it had gained"
            return self._found(step, "warning", series, slow, lost, text, self._best)
        return None

    def _found(
        self, step: int, severity: str, series: Series, level: float, limit: float, text: str, usual: float
    ) -> Finding:
        # the latest values may be among those that rise
        early = noise(series.values[: min(EARLY, max(4, series.count - LATEST))])
        low = min(self._best, usual) + max(0.1 * (limit - min(self._best, usual)), early)
        below = np.flatnonzero(series.recent <= low)
        since = int(series.recent_steps[min(below[-1] + 1, len(series.recent) - 1) if below.size else 0])
        if series.start - self._best <= early:  # it has never fallen
            still = np.flatnonzero(series.recent <= series.start + early)
            flat = series.recent[: still[-1] + 1] if still.size else series.recent[:0]
            is_flat = flat.size >= FLAT and flat.size < series.recent.size and trend(flat) < RISING
            since = int(series.recent_steps[flat.size]) if is_flat else int(series.steps[0])
        evidence = f"rises since step {since}, from {min(self._best, usual):.3g} to {level:.3g}, {text}"
        usual_is = "at the start" if usual == series.start else "the lowest level before"
        return self._loss_finding(step, severity, evidence, since, level, limit, usual, usual_is)


RULES = (Nonfinite, Spike, Diverges, Stuck, Plateau, Overfit)
