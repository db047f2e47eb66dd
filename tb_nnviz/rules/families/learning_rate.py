"""Rules of the learning rate, judged by what the updates do to the weights and the loss."""

from __future__ import annotations

import math

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.history import History
from tb_nnviz.rules.losses import main_loss
from tb_nnviz.rules.middle import middle
from tb_nnviz.rules.optimizers import first_step_factor, learning_rates, maximizes, names
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import UPDATE_READS, clip_factor, depth_growth, profile, relative_updates
from tb_nnviz.rules.step_values import StepValues

#: ``limit``: median over the layers of update over weight, at ``patience`` logged steps in a row; TheDeepChecker and
#: torchmortem warn above 0.1. ``sudden``: the median that is reported at once, ``replaced``: that at which the updates
#: replace the weights. ``patience`` logged steps must span ``steps``, because the first steps are the largest.
#: ``plain``: factor on ``sudden`` for SGD, whose first steps are not larger than later ones. ``before_nan``: median at
#: the last logged step before NaN or Inf, or before the loss has grown to ``loss`` times its first value: a tenth of it
#: is usual, so that the largest layer must be at ``largest`` as well. ``rising``: loss over its first value before the
#: updates are large, as with a flipped sign, which is not the rate's fault. ``depth``: growth of the gradients over
#: depth at the first step, as of gradient/exploding, with which updates are large at any learning rate.
TOO_HIGH = {
    "limit": 0.1, "sudden": 0.4, "replaced": 1.0, "patience": 3, "steps": 10, "before_nan": 0.02, "largest": 0.1,
    "loss": 10.0, "rising": 3.0, "plain": 0.35, "depth": 1e3,
}  # fmt: skip
#: ``limit``: largest update over weight of any layer, median of the run; torchmortem warns below 1e-5, UMLAUT below a
#: learning rate of 1e-7. ``stuck``: the same if the loss has not fallen by ``fall``. ``steps`` and ``patience``: steps
#: and logged steps from the beginning.
TOO_LOW = {"limit": 1e-5, "stuck": 1e-4, "fall": 0.02, "steps": 50, "patience": 8}


#: The factor by which a learning rate must grow to be the reason for what changes.
GROWN = 1.5
#: The factor by which it must grow between two logged steps to be the reason for NaN. A warm-up that is logged rarely
#: grows by about 2 from the second logged step on.
JUMP = 5.0
#: Logged steps at whose end the learning rate may still be that of a warm-up.
WARM_UP = 3
#: Optimizers that choose the size of a step themselves.
LINE_SEARCH = {"LBFGS"}


class _MainLoss:
    """The name of the loss that a run minimizes, among the scalars that it has logged so far."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._name: str | None = None

    def __call__(self, values: StepValues) -> str | None:
        if not self._names.keys() >= values.logged.keys():
            self._names.update(dict.fromkeys(values.logged))
            self._name = main_loss(self._names)
        return self._name


class TooHigh(Rule):
    """Report a learning rate at which the updates of most layers are a large part of the weights."""

    name = "learning_rate/too_high"
    title = "The learning rate is too high"
    reads = UPDATE_READS
    uses = frozenset((kind, name) for kind in ("gradient", "activation_gradient") for name in ("count", "norm"))
    scalars = frozenset({"learning_rate/"})
    takes_logged = True
    limits = TOO_HIGH
    advice = (
        "Lower the learning rate by a factor of 3 to 10, until the updates are about 1e-3 of the weights.",
        "Check the schedule: is this the learning rate that the step should have? If it starts here, warm it up.",
        "Clip the gradients: monitor.clip_grad_norm_(1.0).",
    )
    source = "https://arxiv.org/abs/2204.00694"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = 0  # logged steps in a row with a median above the limit
        self._begin = 0  # the first of them
        self._since = 0
        self._high = False  # True if a layer was above the limit at the last logged step
        self._seen = 0
        self._last: tuple[int, float, float, str] | None = None  # step, median, largest, text of the rates
        self._rate = self._highest = 0.0
        self._loss: dict[str, float] = {}  # the first value of each
        self._latest: dict[str, float] = {}
        self._worst: dict[str, float] = {}  # the largest finite value of each
        self._main_loss = _MainLoss()
        self._lowest: dict[str, tuple[float, float]] = {}  # the least value of each, and the learning rate then
        self._rose = False  # True if a loss had risen before the updates became large
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        if self._reported or maximizes(values) or names(values) & LINE_SEARCH:
            return []
        if values.logged:
            return self._of_losses(values)
        if not (values.has("update", "norm") and values.has("parameter", "norm")):
            return []
        ratio = relative_updates(values)
        known = ratio[np.isfinite(ratio)]
        if not known.size or not np.isfinite(values.get("parameter", "norm")[values.present("parameter")]).all():
            return self._after_rise(values) or self._before_nan(values.step, "the parameters are NaN or Inf")
        self._seen += 1
        if self._seen == 1 and self._is_initial(values):
            return []
        median, largest = middle(known), float(known.max())
        rates = learning_rates(values)
        text = ", ".join(f"{rate:g}" for rate in dict.fromkeys(rates.values()))
        before, self._rate, risen = self._last, max(rates.values()), max(rates.values()) > GROWN * self._rate
        if not self._high:
            # A rate that has risen may have done so right after the last logged step.
            self._since = before[0] + 1 if before is not None and risen else values.step
            self._rose = self._has_risen() and not risen
        self._high = largest > self.limit["limit"]
        if median > self.limit["limit"]:
            self._begin = self._begin if self._steps else values.step
            self._steps += 1
        else:
            self._steps = 0
        easing = self._easing(values)
        # A jump from usual updates at an unchanged rate is a spike of the gradient, unless it lasts.
        is_usual = before is not None and before[1] < self.limit["before_nan"] and not risen
        has_jumped = self._seen > WARM_UP and self._rate > JUMP * self._highest
        self._highest = max(self._highest, self._rate)
        # One step above the limit suffices if the rate has just left all earlier ones behind.
        is_sudden = median > (self.limit["limit"] if has_jumped else self.limit["sudden"] * easing)
        if not (is_sudden and is_usual):
            self._last = values.step, median, largest, text
        if self._rose or ((not is_sudden or is_usual) and not self._lasts(values.step)):
            return []
        severity = "severe" if median > self.limit["replaced"] * max(easing, 1.0) else "warning"
        count = int((known > self.limit["limit"]).sum())
        evidence = (
            f"at a learning rate of {text} the update is {median:.2g} times the weight in the median of the layers at "
            f"step {values.step}, and above {self.limit['limit']:g} in {count} of {known.size}"
        )
        at_once = is_sudden and not has_jumped and not self._lasts(values.step)
        limit = self.limit["sudden"] * easing if at_once else self.limit["limit"]
        return [self._found(values.step, severity, evidence, self._since, median, limit)]

    def _lasts(self, step: int) -> bool:
        return self._steps >= self.limit["patience"] and step - self._begin >= self.limit["steps"]

    def _easing(self, values: StepValues) -> float:
        """Return the factor on the limits that the optimizer asks for."""
        known = names(values)
        if self._seen == 1 and first_step_factor(values) > 1:
            return first_step_factor(values)
        return self.limit["plain"] if known == {"SGD"} else 1.0

    def _has_risen(self) -> bool:
        """Return True if a loss has left its beginning behind, and not because the learning rate has grown since."""
        for name, first in self._loss.items():
            has_grown = self._rate > GROWN * self._lowest[name][1] > 0
            if first > 0 and self._latest[name] > self.limit["rising"] * first and not has_grown:
                return True
        return False

    def _is_initial(self, values: StepValues) -> bool:
        """Return True if gradients explode over depth at the first step: then the initialization is at fault."""
        found = profile(values) if values.has("gradient", "norm") else None
        if found is None or found.places.size < 3 or not np.isfinite(found.sizes).all():
            return False
        return depth_growth(found)[0] >= math.log10(self.limit["depth"])

    def _of_losses(self, values: StepValues) -> list[Finding]:
        """Return the finding of a loss that has left its beginning far behind after large updates."""
        name = self._main_loss(values)
        if name is None or name not in values.logged:
            return []
        value = values.logged[name]
        first, self._latest[name] = self._loss.setdefault(name, value), value
        self._worst[name] = max(self._worst.get(name, value), value if math.isfinite(value) else -math.inf)
        if name not in self._lowest or value < self._lowest[name][0]:
            self._lowest[name] = value, self._rate
        if math.isfinite(value) and not (first > 0 and value > self.limit["loss"] * first):
            return []
        return self._before_nan(values.step, f"{name} is {value:.3g}, and was {first:.3g} at first")

    def _after_rise(self, values: StepValues) -> list[Finding]:
        """Return the finding of a rate that has jumped since the last logged step, after which the loss grew to NaN."""
        rate = max(learning_rates(values).values())
        has_grown = any(0 < first < self._worst[name] / self.limit["rising"] for name, first in self._loss.items())
        if self._last is None or self._rose or not (rate > JUMP * self._rate > 0 and has_grown):
            return []
        expected = self._last[1] * rate / self._rate
        if expected < self.limit["before_nan"]:
            return []
        evidence = (
            f"the learning rate has risen from {self._rate:g} to {rate:g} since step {self._last[0]}, by which updates "
            f"become {expected:.2g} times the weight; at step {values.step} the parameters are NaN or Inf, and the "
            f"loss had grown to {max(self._worst.values()):.3g}"
        )
        return [self._found(values.step, "severe", evidence, self._last[0] + 1, expected, self.limit["before_nan"])]

    def _before_nan(self, step: int, harm: str) -> list[Finding]:
        if self._last is None:
            return []
        since, median, largest, rates = self._last
        if since >= step:  # the loss of a step is that before its update
            return []
        if self._rose or median < self.limit["before_nan"] or largest < self.limit["largest"]:
            return []
        evidence = (
            f"at a learning rate of {rates} the update was {median:.2g} times the weight in the median of the layers, "
            f"and {largest:.2g} in one, at step {since}; at step {step} {harm}"
        )
        return [self._found(step, "severe", evidence, since, median, self.limit["before_nan"])]

    def _found(self, step: int, severity: str, evidence: str, since: int, median: float, limit: float) -> Finding:
        self._reported = True
        return self.finding(
            step, severity, evidence, since=since, kind="update", statistic="ratio", value=median, limit=limit,
            usual=1e-3, quantity="update over weight, median of the layers", usual_is="of healthy runs",
        )  # fmt: skip


class TooLow(Rule):
    """Report a learning rate at which no layer changes noticeably from the beginning of the run."""

    name = "learning_rate/too_low"
    title = "The learning rate is too low"
    reads = UPDATE_READS | {("gradient", "count"), ("gradient", "norm")}
    scalars = frozenset({"learning_rate/"})
    takes_logged = True
    limits = TOO_LOW
    advice = (
        "Raise the learning rate by a factor of 10 to 100, until the updates are about 1e-3 of the weights.",
        "Check the scheduler: is it stepped per batch where it expects epochs?",
        "If the gradients are small as well, look at the loss: is it divided twice?",
    )
    source = "https://arxiv.org/abs/2204.00694"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._ratios = History(1000)
        self._norms = History(1000)
        self._first = -1
        self._rate = 0.0
        self._losses: list[float] = []
        self._main_loss = _MainLoss()
        self._is_over = False

    def update(self, values: StepValues) -> list[Finding]:
        if self._is_over:
            return []
        if values.logged:
            loss = values.logged.get(self._main_loss(values) or "", math.nan)
            if math.isfinite(loss):
                self._losses.append(loss)
            return []
        rates = learning_rates(values)
        if not rates or not (values.has("update", "norm") and values.has("gradient", "norm")):
            return []
        rate = max(rates.values())
        if rate > self._rate * 1.01:  # the warm-up is not over
            self._ratios, self._norms, self._first, self._rate = History(1000), History(1000), values.step, rate
        ratio = relative_updates(values)
        known = ratio[np.isfinite(ratio)]
        norm = values.get("gradient", "norm")[values.present("gradient")]
        largest = float(known.max()) if known.size else 0.0
        if not largest > 0:
            return []
        # A rate that has decayed, or a layer that moves, ends the check: the rate is high enough, or was.
        if largest >= self.limit["stuck"] or rate < 0.5 * self._rate:
            self._is_over = True
            return []
        self._ratios.add(np.array([largest]))
        self._norms.add(np.array([np.sqrt(np.sum(np.square(norm))) / clip_factor(values)]))
        if len(self._ratios) < self.limit["patience"] or values.step - self._first < self.limit["steps"]:
            return []
        return self._judge(values.step, float(self._ratios.median()[0]), rate)

    def _judge(self, step: int, ratio: float, rate: float) -> list[Finding]:
        norms = self._norms.values[:, 0]
        half = norms.size // 2
        if np.median(norms[half:]) < 0.5 * np.median(
            norms[:half]
        ):  # the gradient falls, so that the run makes progress
            return []
        fall = self._fall()
        if ratio > self.limit["limit"] and (fall is None or fall > self.limit["fall"]):
            return []
        self._is_over = True
        loss = "" if fall is None else f"; the loss has fallen by {max(fall, 0.0):.2%}"
        evidence = (
            f"at a learning rate of {rate:g} the largest update of a layer is {ratio:.2g} times its weight since step "
            f"{self._first}: {ratio * 1000:.2g} in 1000 steps{loss}"
        )
        return [
            self.finding(
                step, "warning", evidence, since=self._first, kind="update", statistic="ratio", value=ratio,
                limit=self.limit["limit" if ratio <= self.limit["limit"] else "stuck"], usual=1e-3,
                quantity="largest update over weight of a layer, median of the steps", usual_is="of healthy runs",
            )
        ]  # fmt: skip

    def _fall(self) -> float | None:
        """Return the relative fall of the loss since the beginning, None if there are too few values."""
        size = len(self._losses) // 5
        if size < 2:
            return None
        first, last = float(np.mean(self._losses[:size])), float(np.mean(self._losses[-size:]))
        return (first - last) / max(abs(first), 1e-30)


RULES = (TooHigh, TooLow)
