"""Rules of updates: what the optimizer does with a gradient."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.optimizers import first_step_factor, learning_rates, names, options_by_row
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.sizes import UPDATE_READS, relative_updates
from tb_nnviz.rules.step_values import Rows, StepValues

#: ``limit``: update over weight for ``patience`` logged steps that span ``steps``. TheDeepChecker and torchmortem warn
#: above 0.1, which single layers of healthy runs with momentum reach; 1e-3 is usual. ``sudden``: the ratio that is
#: reported at once. Adam's first step is the learning rate in each element: up to 0.3 of a weight in healthy runs.
TOO_LARGE = {"limit": 0.2, "sudden": 0.4, "patience": 3, "steps": 10}
#: ``limit``: update over weight, below which float32 begins to round it away; ``others``: the ratio over the median of
#: all layers. Layers that are fine-tuned with a hundredth of the learning rate are no problem.
TOO_SMALL = {"limit": 1e-6, "others": 1e-3, "patience": 5}
#: Share of elements with a gradient that do not change. In bfloat16, a ratio of 1e-3 loses 78 % of the updates and
#: keeps 82 % of their sum; a ratio of 1e-4 loses 98 % and keeps 28 % (measured). "Revisiting BFloat16 training" shows
#: that this cancels small updates and costs accuracy.
LOST = {"limit": 0.9, "share": 0.5, "patience": 3}
#: Logged steps at which a parameter has a gradient and does not change.
NONE = {"patience": 3}
#: Root of the second moment over epsilon, below which epsilon decides about the step. "Small-scale proxies for
#: large-scale Transformer training instabilities" finds that gradients approach the default of 1e-8 in large models.
#: ``falls``: the size over the first one. Where it has fallen further, the run has converged.
EPSILON = {"limit": 1.0, "falls": 0.1, "patience": 3}


class TooLarge(Rule):
    """Report layers whose weights change by a large part of their size."""

    name = "update/too_large"
    title = "Updates are large compared to the weights"
    reads = UPDATE_READS
    limits = TOO_LARGE
    advice = (
        "Lower the learning rate, at least that of the named layers.",
        "Warm the learning rate up over the first steps.",
        "Check the layer's initialization: weights that are too small change too much.",
    )
    source = "https://arxiv.org/abs/2204.00694"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]), int(self.limit["steps"]))
        self._seen = 0
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        if names(values) & {"LBFGS"}:  # it chooses the size of a step itself
            return []
        rows, ratio = values.rows["update"], relative_updates(values)
        factor = 1.0 if self._seen else first_step_factor(values)
        self._seen += 1
        with np.errstate(invalid="ignore"):
            high, sudden = ratio > self.limit["limit"], ratio > self.limit["sudden"] * factor
        lasting = self._lasting.update(values.step, high) | sudden
        if self._reported or not lasting.any():
            return []
        self._reported = True
        judged = np.isfinite(ratio)
        place = int(np.argmax(np.where(lasting & judged, ratio, -1)))
        layers = [rows[one].module for one in np.flatnonzero(lasting).tolist()]
        usual = float(np.median(ratio[judged & ~high])) if (judged & ~high).any() else None
        limit = self.limit["sudden"] * factor if sudden[place] else self.limit["limit"]
        others = "" if usual is None else f"; {usual:.2g} in the median of the others"
        evidence = (
            f"the update is {ratio[place]:.2g} times the weight in {rows[place].name} at step {values.step}{others}; "
            f"so in {int(lasting.sum())} of {int(judged.sum())} weights: {name_layers(dict.fromkeys(layers))}"
        )
        return [
            self.finding(
                values.step, "warning", evidence, since=int(min(self._lasting.since[place], values.step)),
                layer=rows[place].module, row=rows[place].name, kind="update", statistic="ratio",
                value=float(ratio[place]), limit=limit, usual=usual, quantity="update over weight",
                details={"layers": list(dict.fromkeys(layers))},
            )
        ]  # fmt: skip


class TooSmall(Rule):
    """Report layers that hardly change while the others learn."""

    name = "update/too_small"
    title = "Some layers hardly change"
    reads = UPDATE_READS | {("gradient", "count"), ("gradient", "norm")}
    limits = TOO_SMALL
    advice = (
        "Look at the learning rate of the parameter group that holds these layers.",
        "If their gradient is small as well, look for vanishing gradients.",
        "If they are meant to be frozen, call requires_grad_(False) on them.",
    )
    source = "https://github.com/sebseager/torchmortem"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, ratio = values.rows["update"], relative_updates(values)
        with np.errstate(invalid="ignore"):
            small = ratio < self.limit["limit"]
        if self._reported or not small.any():
            self._lasting.update(values.step, small)
            return []
        judged = np.isfinite(ratio) & (rows.align(values.rows["gradient"], values.get("gradient", "norm")) > 0)
        usual = float(np.median(ratio[judged])) if judged.any() else 0.0
        largest = float(ratio[judged].max()) if judged.any() else 0.0
        limit = min(self.limit["limit"], self.limit["others"] * max(usual, largest / 10))
        low = judged & small & (ratio > 0) & (ratio < limit)
        lasting = self._lasting.update(values.step, low)
        if not lasting.any():
            return []
        self._reported = True
        place = int(np.argmin(np.where(lasting, ratio, np.inf)))
        layers = list(dict.fromkeys(rows[one].module for one in np.flatnonzero(lasting).tolist()))
        evidence = (
            f"the update is {ratio[place]:.2g} times the weight in {rows[place].name} at step {values.step}, and up to "
            f"{largest:.2g} in others; so in {int(lasting.sum())} of {int(judged.sum())} weights: {name_layers(layers)}"
        )
        return [
            self.finding(
                values.step, "warning", evidence, since=int(self._lasting.since[place]), layer=rows[place].module,
                row=rows[place].name, kind="update", statistic="ratio", value=float(ratio[place]),
                limit=limit, usual=largest, quantity="update over weight", usual_is="the largest of another layer",
                details={"layers": layers},
            )
        ]  # fmt: skip


class Lost(Rule):
    """Report updates that rounding to the parameter's dtype removes."""

    name = "update/lost"
    title = "Updates are rounded away"
    reads = frozenset({("update", "count"), ("update", "lost_fraction")})
    limits = LOST
    advice = (
        "Keep the parameters in float32 and use autocast: torch.autocast(device, dtype=torch.bfloat16).",
        "Use an optimizer with stochastic rounding or Kahan summation, or with float32 copies of the parameters.",
        "Raise the learning rate, if the run allows it.",
    )
    source = "https://arxiv.org/abs/2010.06192"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = 0
        self._since = 0
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, lost = values.rows["update"], values.get("update", "lost_fraction")
        judged = values.present("update") & np.isfinite(lost) & rows.trainable
        high = judged & (lost > self.limit["limit"]) & (lost < 1.0) | judged & (lost == 1.0) & rows.is_half
        share = float(rows.numel[high].sum() / max(rows.numel[judged].sum(), 1.0))
        if share < self.limit["share"]:
            self._steps = 0
            return []
        self._since = self._since if self._steps else values.step
        self._steps += 1
        if self._reported or self._steps < self.limit["patience"]:
            return []
        self._reported = True
        weights = high & rows.has_role("weight", "embedding")
        place = int(np.flatnonzero(weights if weights.any() else high)[0])
        layers = list(dict.fromkeys(rows[one].module for one in np.flatnonzero(high).tolist()))
        mean = float((lost[high] * rows.numel[high]).sum() / rows.numel[high].sum())
        evidence = (
            f"{mean:.0%} of the elements with a gradient do not change at step {values.step}, because "
            f"{rows[place].dtype} rounds the update away; so in {int(high.sum())} of {int(judged.sum())} parameters, "
            f"{share:.0%} of all elements: {name_layers(layers)}"
        )
        return [
            self.finding(
                values.step, "warning", evidence, since=self._since, layer=rows[place].module, row=rows[place].name,
                kind="update", statistic="lost_fraction", value=mean, limit=self.limit["limit"],
                quantity="share of elements that do not change", details={"layers": layers},
            )
        ]  # fmt: skip


class Nothing(Rule):
    """Report parameters that have a gradient and never move."""

    name = "update/none"
    title = "Parameters with a gradient do not change"
    reads = frozenset({("update", "count"), ("update", "norm"), ("gradient", "count"), ("gradient", "norm")})
    uses = frozenset({("update", "lost_fraction")})
    limits = NONE
    advice = (
        "Look at the learning rate of these parameters' group: is it 0, or is the scheduler stepped too often?",
        "Make the optimizer after the model was moved, wrapped or changed, so that it holds these parameters.",
        "Check that nothing writes the old values back: load_state_dict, weight averaging, or a closure.",
    )
    source = "https://github.com/huggingface/accelerate/issues/2665"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._moved = np.zeros(0, bool)
        self._largest_rate = 0.0
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, update = values.rows["update"], values.get("update", "norm")
        gradient = rows.align(values.rows["gradient"], values.get("gradient", "norm"))
        self._moved = np.append(self._moved, np.zeros(len(rows) - self._moved.size, bool)) | (update > 0)
        rates = learning_rates(values)
        self._largest_rate = max([self._largest_rate, *rates.values()])
        still = values.present("update") & (update == 0) & (gradient > 0) & rows.trainable & ~self._moved
        if values.has("update", "lost_fraction"):  # what rounding has removed is a rule of its own
            still &= ~(rows.is_half & (values.get("update", "lost_fraction") == 1))
        lasting = self._lasting.update(values.step, still)
        if self._reported or not lasting.any():
            return []
        options = options_by_row(values, rows) if values.optimizers else {}
        held = np.array([row.name in options for row in rows], bool) if options else np.ones(len(rows), bool)
        lasting = lasting & held  # a parameter that no optimizer holds is a rule of its own
        if not lasting.any():
            return []
        self._reported = True
        return [self._found(values, rows, lasting, [options.get(row.name, {}).get("lr") for row in rows])]

    def _found(self, values: StepValues, rows: Rows, lasting: np.ndarray, rates: list[object]) -> Finding:
        places = np.flatnonzero(lasting).tolist()
        layers = list(dict.fromkeys(rows[place].module for place in places))
        judged = rows.trainable & values.present("update")
        is_all = not (judged & self._moved).any()
        is_zero = all(rates[place] == 0 for place in places) or (rates[places[0]] is None and self._largest_rate == 0)
        rate = "; their learning rate is 0" if is_zero and learning_rates(values) else ""
        evidence = (
            f"the update is exactly 0 since step {int(self._lasting.since[places[0]])} in {len(places)} of "
            f"{int(judged.sum())} parameters that have a gradient: {name_layers(layers)}{rate}"
        )
        # A group whose learning rate is 0 from the start, beside others, is a way to freeze it.
        severity = "severe" if is_all else "notice" if rate else "warning"
        row = rows[places[0]]
        return self.finding(
            values.step, severity, evidence, since=int(self._lasting.since[places[0]]),
            layer="" if is_all else row.module, row=row.name, kind="update", statistic="norm", value=0.0,
            details={"layers": layers},
        )  # fmt: skip


class Epsilon(Rule):
    """Report layers in which Adam's epsilon is larger than the root of the second moment."""

    name = "update/epsilon"
    title = "Adam's epsilon is larger than the gradients"
    reads = frozenset({("optimizer", "count"), ("optimizer", "second_moment_norm")})
    takes_optimizers = True
    limits = EPSILON
    advice = (
        "Lower eps, for example to 1e-8, or 1e-15 if the gradients are that small.",
        "Scale the loss up: gradients of this size vanish in the denominator.",
        "If clipping makes the gradients this small, raise max_norm.",
    )
    source = "https://arxiv.org/abs/2309.14322"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._first_step = -1
        self._first: np.ndarray = np.zeros(0)
        self._rows: Rows | None = None
        self._optimizers: object = None
        self._options: tuple[np.ndarray, np.ndarray] = (np.zeros(0), np.zeros(0))
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows = values.rows["optimizer"]
        if rows is not self._rows or values.optimizers is not self._optimizers:
            self._rows, self._optimizers = rows, values.optimizers
            options = options_by_row(values, rows)
            found = [options.get(row.name, {}) for row in rows]
            self._options = (
                np.array([_number(one.get("eps")) for one in found]),
                np.array([_number(one["betas"][1]) if len(one.get("betas") or ()) > 1 else np.nan for one in found]),
            )
        self._first_step = values.step if self._first_step < 0 else self._first_step
        epsilon, beta = self._options
        with np.errstate(all="ignore"):
            # RMSprop and Adagrad have no beta2, and do not correct the beginning.
            correction = np.where(np.isnan(beta), 1.0, 1 - beta ** (values.step - self._first_step + 1))
            square = (
                values.get("optimizer", "second_moment_norm") / np.sqrt(values.get("optimizer", "count")) / correction
            )
            size = np.sqrt(square)
        self._first = np.append(self._first, np.full(len(rows) - self._first.size, np.nan))
        self._first = np.where(np.isnan(self._first) & (size > 0), size, self._first)
        judged = values.present("optimizer") & np.isfinite(size) & (size > 0) & np.isfinite(epsilon)
        judged &= rows.has_role("weight", "embedding")
        with np.errstate(invalid="ignore"):
            below = judged & (size < self.limit["limit"] * epsilon) & (size >= self.limit["falls"] * self._first)
        lasting = self._lasting.update(values.step, below)
        if self._reported or not lasting.any():
            return []
        self._reported = True
        with np.errstate(all="ignore"):
            place = int(np.argmin(np.where(lasting, size / epsilon, np.inf)))
        layers = list(dict.fromkeys(rows[one].module for one in np.flatnonzero(lasting).tolist()))
        share = float(rows.numel[lasting].sum() / max(rows.numel[judged].sum(), 1.0))
        evidence = (
            f"the root of the second moment is {size[place]:.2g} in {rows[place].name} at step {values.step}, and eps "
            f"is {epsilon[place]:g}; so in {int(lasting.sum())} of {int(judged.sum())} weights: {name_layers(layers)}"
        )
        return [
            self.finding(
                values.step, "warning" if share > 0.5 else "notice", evidence, since=int(self._lasting.since[place]),
                layer=rows[place].module, row=rows[place].name, kind="optimizer", statistic="second_moment_norm",
                value=float(size[place]), limit=self.limit["limit"] * float(epsilon[place]),
                quantity="root of the mean second moment", details={"layers": layers},
            )
        ]  # fmt: skip


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


RULES = (TooLarge, TooSmall, Lost, Nothing, Epsilon)
