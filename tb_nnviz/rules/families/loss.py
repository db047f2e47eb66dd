"""Rules of the loss that the user logs. All limits are relative to the run's own progress and noise."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.losses import ENDED, Course, Series, is_loss, levels, local_level, noise, trend
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
#: The share of its start by which a loss falls in a run that learns (TheDeepChecker: 0.05).
STUCK = {"limit": 0.05, "noise": 4.0, "steps": 500.0, "values": 5.0, "fewest_steps": 50.0}
#: The share of its progress by which a loss still falls in the last third.
PLATEAU = {"limit": 0.01, "low": 0.2, "values": 30.0}
#: Evaluations behind the minimum of the validation, and its rise relative to its progress.
OVERFIT = {"limit": 0.1, "evaluations": 5.0, "trend": 2.2}


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


class _Loss(Rule):
    """Follow the loss that a run minimizes."""

    takes_logged = True
    takes_rates = True

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._course = Course()
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        self._course.rate(values.step, values.scalars)
        is_new = self._course.add(values.step, values.logged)
        series = self._course.main
        if series is None or self._reported or not (is_new or values.scalars):
            return []
        return self._reporting(self._judge(values.step, series, is_new))

    def finish(self) -> list[Finding]:
        series = self._course.main
        if series is None or self._reported or not series.count:
            return []
        return self._reporting(self._conclude(int(series.recent_steps[-1]) if series.recent.size else 0, series))

    def unchecked(self) -> str | None:
        return self._course.unchecked

    def _judge(self, step: int, series: Series, is_new: bool) -> Finding | None:
        """Return the finding of a step, None if there is none.

        Args:
            step: the step.
            series: the loss.
            is_new: True if the step has a value of it, False if only learning rates are new.
        """
        return None

    def _conclude(self, step: int, series: Series) -> Finding | None:
        """Return the finding that only the end of the run shows."""
        return None

    def _reporting(self, finding: Finding | None) -> list[Finding]:
        self._reported |= finding is not None
        return [] if finding is None else [finding]

    def _loss_finding(
        self, step: int, severity: str, evidence: str, since: int, value: float, limit: float, usual: float,
        usual_is: str, scalar: str = "", details: Mapping[str, float] | None = None,
        advice: tuple[str, ...] | None = None,
    ) -> Finding:  # fmt: skip
        scalar = scalar or self._course.name
        return self.finding(
            step, severity, f"{self._course.name} {evidence}", since=since, value=value, limit=limit, usual=usual,
            quantity=scalar, usual_is=usual_is, details={"scalar": scalar, **(details or {})}, advice=advice,
        )  # fmt: skip


class Spike(_Loss):
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


class Diverges(_Loss):
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


#: The share of the limit of Stuck by which a loss falls that finds its lowest constant value, and no more.
#: And the share of the fall that is left in the second half.
STILL, REST = 0.6, 0.1


class Stuck(_Loss):
    """Report a loss that never leaves its start."""

    name = "loss/stuck"
    title = "Loss does not fall"
    limits = STUCK
    advice = (
        "Look at the first layer without a gradient, or with outputs that are the same for every sample.",
        "Raise the learning rate by factors of 10, and look at the ratio of updates to parameters.",
        "Check that inputs and labels belong together, and that the model can fit a single batch.",
        "Look at the output: a softmax within the model and one in the loss limit what the loss can reach.",
    )
    source = "https://karpathy.github.io/2019/04/25/recipe/"

    def _judge(self, step: int, series: Series, is_new: bool) -> Finding | None:
        if not is_new or series.count < 20 or (series.count & (series.count - 1) and series.count % 50):
            return None  # look now and then
        return self._look(step, series) if step - series.steps[0] >= self.limit["steps"] else None

    def _conclude(self, step: int, series: Series) -> Finding | None:
        if series.count < self.limit["values"] or step - series.steps[0] < self.limit["fewest_steps"]:
            return None
        return self._look(step, series)

    def _look(self, step: int, series: Series) -> Finding | None:
        values, start = series.values, series.start
        late = values[-max(2, len(values) // 4) :]
        level, spread = float(np.median(late)), noise(values)
        fall = start - min(level, float(levels(values, min(10, len(values) // 2)).min()))
        few = min(5, len(values))
        error = spread * math.sqrt(1 / few + 1 / len(late))
        significant = fall > self.limit["noise"] * error
        half = values[len(values) // 2 :]
        # a loss that has found its lowest constant value falls a little, and then stays
        rest = float(np.median(half[: len(half) // 2]) - np.median(half[len(half) // 2 :]))
        is_flat = trend(half[:: max(1, len(half) // 100)]) > -3 or rest < REST * fall
        still = start > 0 and fall < STILL * self.limit["limit"] * start and is_flat
        if fall >= self.limit["limit"] * abs(start) or (significant and not still):
            return None
        if spread > abs(start):  # noise hides whether it falls
            return None
        evidence = (
            f"is {level:.4g} at step {step} and was {start:.4g} at the start: it falls by "
            f"{max(fall, 0) / abs(start):.1%} in {len(values)} values"
            if start
            else f"is {level:.4g} at step {step}, as at the start"
        )
        limit = start - self.limit["limit"] * abs(start)
        return self._loss_finding(step, "severe", evidence, int(series.steps[0]), level, limit, start, "at the start")


#: Parts of a run in which a plateau begins, and the share of the progress that is left there.
PARTS, REACHED = 40, 0.02
#: The share of the limit of Stuck by which a loss must have fallen to have left its start.
STARTED = 0.4


class Plateau(_Loss):
    """Report a loss that no longer falls, although it is not low."""

    name = "loss/plateau"
    title = "Loss no longer falls"
    limits = PLATEAU
    advice = (
        "Lower the learning rate if the loss is noisy, or raise it if updates are small.",
        "Use a larger model, or less regularization, if the loss of the training is still high.",
    )
    #: Remedies if the learning rate has ended before the run.
    ended_advice = (
        "Look at the schedule: it was made for fewer steps, or is stepped per batch where it expects epochs.",
        "Raise the learning rate again, or end the run where its schedule ends.",
    )
    source = "https://arxiv.org/abs/1708.07120"

    def _conclude(self, step: int, series: Series) -> Finding | None:
        values, start = series.values, series.start
        if len(values) < self.limit["values"] or self._course.restarted is not None:
            return None
        early, late = np.array_split(values[-len(values) // 2 :], 2)
        level, before = float(np.mean(late)), float(np.mean(early))
        gained, spread = start - level, noise(values)
        # less is a loss that never left its start
        if gained < STARTED * STUCK["limit"] * abs(start) or level < start - (1 - self.limit["low"]) * abs(start):
            return None
        falls = before - level > max(self.limit["limit"] * gained, 2 * spread / math.sqrt(len(late)))
        if falls or trend(values[-len(values) // 2 :][:: max(1, len(values) // 200)]) < -2:
            return None
        # Most schedules end with the run.
        ended = self._course.ended
        ended = ended if ended is not None and ended <= series.steps[-len(values) // 2] else None
        since = self._since(series, level, gained, spread) if ended is None else ended
        evidence = f"stays at {level:.3g} since step {since}, {level / start:.0%} of its start of {start:.3g}"
        if ended is not None:
            evidence += f"; the learning rate is below {ENDED:.0%} of its highest value since then"
        return self._loss_finding(
            step, "notice" if ended is None else "warning", evidence, since, level,
            before - self.limit["limit"] * gained, before, "in the steps before",
            advice=self.advice if ended is None else self.ended_advice,
        )  # fmt: skip

    def _since(self, series: Series, level: float, gained: float, spread: float) -> int:
        """Return the step from which on the loss does not fall: where the medians of its parts reach its last level."""
        parts = np.array_split(np.arange(len(series.values)), min(PARTS, len(series.values) // 3))
        middle = np.array([float(np.median(series.values[part])) for part in parts])
        size = len(series.values) / len(parts)
        above = np.flatnonzero(middle > level + max(REACHED * gained, 2 * spread / math.sqrt(size)))
        first = int(parts[above[-1] + 1][0]) if above.size and above[-1] + 1 < len(parts) else 0
        return int(series.steps[first])


class Overfit(_Loss):
    """Report a validation loss that rises from its minimum while the training loss goes on falling."""

    name = "loss/overfit"
    title = "The model overfits"
    limits = OVERFIT
    advice = (
        "Stop at the minimum of the validation loss, or keep the parameters of that step.",
        "Use more data or augmentation, weight decay or dropout.",
        "Use a smaller model.",
        "If the training loss is too good to be true, check that the model does not see its targets: a missing causal "
        "mask, or inputs that contain the labels.",
    )
    source = "https://link.springer.com/chapter/10.1007/978-3-642-35289-8_5"

    def update(self, values: StepValues) -> list[Finding]:
        self._course.add(values.step, values.logged)
        validation, training = self._course.validation, self._course.main
        is_new = self._course.validation_name in values.logged
        if not is_new or self._reported or validation is None or training is None:
            return []
        return self._reporting(self._compare(values.step, validation, training))

    def unchecked(self) -> str | None:
        return self._course.unchecked or (None if self._course.validation else "no loss of a validation in nnviz/log")

    def _compare(self, step: int, validation: Series, training: Series) -> Finding | None:
        steps, values = validation.steps, validation.values
        if not validation.count:
            return None
        lowest = int(np.argmin(values))
        after = values[lowest + 1 :]
        needed = int(self.limit["evaluations"])
        if len(after) < needed - 1:
            return None
        level, best = float(np.median(after[-3:])), float(values[lowest])
        rise, progress = level - best, max(float(values[0]) - best, 0.0)
        limit = max(self.limit["limit"] * max(progress, abs(best)), 3 * noise(after) if len(after) > 2 * needed else 0)
        steep = len(after) >= needed or rise > 3 * limit  # fewer suffice for a steep rise
        rises = trend(after) >= min(self.limit["trend"], 0.98 * trend(np.arange(len(after))))
        if rise < limit or not steep or not (rises or rise > 5 * noise(after)):
            return None
        then, now = self._around(training, steps, lowest), self._around(training, steps, len(steps) - 1)
        if then is None or now is None or not now < then - 0.02 * abs(then):
            return None
        since = int(steps[lowest + 1])
        evidence = (
            f"falls from {then:.3g} to {now:.3g} while {self._course.validation_name} rises from {best:.3g} at step "
            f"{int(steps[lowest])} to {level:.3g}"
        )
        return self._loss_finding(
            step, "warning", evidence, since, level, best + limit, best, "its minimum",
            self._course.validation_name or "",
        )  # fmt: skip

    @staticmethod
    def _around(training: Series, steps: np.ndarray, place: int) -> float | None:
        """Return the median of the training loss between an evaluation and the one before it."""
        after = steps[place - 1] if place else -1
        found = training.values[(training.steps > after) & (training.steps <= steps[place])]
        return float(np.median(found)) if found.size else None


RULES = (Nonfinite, Spike, Diverges, Stuck, Plateau, Overfit)
