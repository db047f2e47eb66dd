"""Rules of a loss that makes too little progress. All limits are relative to the run's own progress and noise."""

from __future__ import annotations

import math

import numpy as np

from tb_nnviz.rules.families.loss_rule import LossRule
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.losses import ENDED, Series, levels, noise, trend
from tb_nnviz.rules.step_values import StepValues

#: The share of its start by which a loss falls in a run that learns (TheDeepChecker: 0.05).
STUCK = {"limit": 0.05, "noise": 4.0, "steps": 500.0, "values": 5.0, "fewest_steps": 50.0}
#: The share of its progress by which a loss still falls in the last third.
PLATEAU = {"limit": 0.01, "low": 0.2, "values": 30.0}
#: Evaluations behind the minimum of the validation, and its rise relative to its progress.
OVERFIT = {"limit": 0.1, "evaluations": 5.0, "trend": 2.2}


#: The share of the limit of Stuck by which a loss falls that finds its lowest constant value, and no more.
#: And the share of the fall that is left in the second half.
STILL, REST = 0.6, 0.1


class Stuck(LossRule):
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


class Plateau(LossRule):
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


class Overfit(LossRule):
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
        return self._course.unchecked or (None if self._course.validation else "no validation loss in nnviz/log")

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
