"""Rules of parameters: their wiring to the loss and the optimizer, and their size over the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.optimizers import decay_part, decay_share, held_names, is_held, learning_rates, options_by_row
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import Rows, StepValues
from tb_nnviz.schema import Row

#: Logged steps without a gradient, and the steps that they span. A part that takes turns has one in some of them.
NO_GRADIENT = {"patience": 6, "steps": 20}
#: Logged steps at which a parameter is in no optimizer and does not change.
NOT_OPTIMIZED = {"patience": 2}
#: Norm of a weight over its first norm. torchmortem warns above 10. The issue is worse if the growth goes on, so that
#: the norm must also be the largest so far. ``rms`` is the smallest first size, in units of 1/sqrt(fan-in), because a
#: weight that begins at 0 grows without bounds in these terms.
GROWING = {"limit": 10.0, "rms": 0.1}
#: The reciprocal of ``GROWING``. Strong decay shrinks all weights, while a pruned layer is one of many, so that half
#: of the weights must have shrunk.
SHRINKING = {"limit": 0.1, "share": 0.5, "rms": 0.1}
#: The share of each weight that the decay takes per step, and from which on it is severe. A usual learning rate of 1e-3
#: and decay of 0.1 take 1e-4. Where the decay is part of the gradient, the size of that part over that of the loss, at
#: the first logged step.
DECAY = {"decay": 0.02, "severe": 0.1, "part": 5.0}
#: Power of both limits at which weights have begun to grow or shrink. What does it works before the limit is crossed.
BEGUN = 0.4


class NoGradient(Rule):
    """Report trainable parameters that never get a gradient while others do.

    The gradient that counts is that of the optimizer. A parameter that no optimizer holds is a problem of its own.
    """

    name = "parameter/no_gradient"
    title = "Trainable parameters never get a gradient"
    reads = frozenset({("gradient", "count")})
    limits = NO_GRADIENT
    advice = (
        "Look behind the named layer for detach(), .data, .item(), argmax or torch.no_grad(): they cut the graph.",
        "Use the layer in the forward pass, or remove it.",
        "If it is meant to be frozen, call requires_grad_(False) on it.",
    )
    source = "https://github.com/huggingface/peft/issues/2015"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = 0
        self._first = 0
        self._ever = np.zeros(0, bool)
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, present = values.rows["gradient"], values.present("gradient")
        self._first = self._first if self._steps else values.step
        self._steps += 1
        if more := len(rows) - self._ever.size:
            self._ever = np.append(self._ever, np.zeros(more, bool))
            self._steps, self._first = 1, values.step  # new rows have had no chance yet
        self._ever |= present
        lacking = rows.trainable & ~self._ever & rows.measured
        is_early = self._steps < self.limit["patience"] or values.step - self._first < self.limit["steps"]
        if self._reported or is_early or not lacking.any():
            return []
        if values.optimizers is not None:
            lacking &= is_held(rows, held_names(values))
            if not lacking.any():
                return []
        self._reported = True
        called = lacking & ~np.isnan(rows.depth)
        place = _deepest(rows, called if called.any() else lacking)
        layers = _layers(rows, lacking)
        share = float(rows.numel[lacking].sum() / max(rows.numel[rows.trainable].sum(), 1.0))
        how = "although it is called" if called.any() else "and is never called"
        evidence = (
            f"no gradient at {self._steps} logged steps in {int(lacking.sum())} trainable parameters of "
            f"{name_layers(layers)}, {share:.0%} of all trainable elements; {rows[place].module or 'the model'} is the "
            f"last of them, {how}"
        )
        severity = "severe" if not self._ever.any() else "warning" if called.any() else "notice"
        return [
            self.finding(
                values.step, severity, evidence, since=self._first, layer=rows[place].module, row=rows[place].name,
                kind="gradient", statistic="count", value=0.0, details={"layers": layers},
            )
        ]  # fmt: skip


class NotOptimized(Rule):
    """Report trainable parameters that no optimizer holds and that do not change."""

    name = "parameter/not_optimized"
    title = "Trainable parameters are in no optimizer"
    reads = frozenset({("parameter", "count"), ("parameter", "norm")})
    uses = frozenset({("update", "count"), ("update", "norm"), ("parameter", "mean")})
    takes_optimizers = True
    limits = NOT_OPTIMIZED
    advice = (
        "Make the optimizer after the model is complete: after layers were replaced, wrapped or moved.",
        "Pass these parameters to the optimizer, or call optimizer.add_param_group.",
        "If they are meant to be frozen, call requires_grad_(False) on them.",
    )
    source = "https://github.com/huggingface/accelerate/issues/2665"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._steps = np.zeros(0, np.int64)
        self._norms = np.zeros(0)
        self._means = np.zeros(0)
        self._first = -1
        self._rows: Rows | None = None
        self._optimizers: Any = None
        self._outside = np.zeros(0, bool)
        self._reported: set[str] = set()

    def update(self, values: StepValues) -> list[Finding]:
        rows, norms = values.rows["parameter"], values.get("parameter", "norm")
        means = values.get("parameter", "mean") if values.has("parameter", "mean") else norms
        if rows is not self._rows or values.optimizers is not self._optimizers:
            self._rows, self._optimizers = rows, values.optimizers
            self._outside = ~is_held(rows, held_names(values)) & rows.trainable & rows.measured
        outside = self._outside & values.present("parameter")
        if values.has("update", "norm"):
            outside &= ~(rows.align(values.rows["update"], values.get("update", "norm")) > 0)
        more = len(rows) - self._steps.size
        if more:
            self._steps = np.append(self._steps, np.zeros(more, np.int64))
            self._norms, self._means = (np.append(one, np.full(more, np.nan)) for one in (self._norms, self._means))
        moved = (self._steps > 0) & ((self._norms != norms) | (self._means != means))
        self._steps = np.where(outside & ~moved, self._steps + 1, 0)
        self._norms, self._means = norms, means
        self._first = values.step if self._first < 0 else self._first
        found = self._steps >= self.limit["patience"]
        new = [place for place in np.flatnonzero(found).tolist() if rows[place].name not in self._reported]
        if not new:
            return []
        self._reported.update(rows[place].name for place in new)
        return [self._found(values.step, rows, found, is_held(rows, held_names(values)))]

    def _found(self, step: int, rows: Rows, found: np.ndarray, optimized: np.ndarray) -> Finding:
        layers = _layers(rows, found)
        share = float(rows.numel[found].sum() / max(rows.numel[rows.trainable].sum(), 1.0))
        # Leaving out the first layers is a way to freeze them. A layer behind optimized ones is forgotten.
        before = np.flatnonzero(optimized)
        forgotten = found & (np.arange(len(rows)) > (before[0] if before.size else len(rows)))
        severity = "severe" if not optimized.any() else "warning" if forgotten.any() else "notice"
        place = int(np.flatnonzero(forgotten)[0] if forgotten.any() else np.flatnonzero(found)[0])
        evidence = (
            f"{int(found.sum())} trainable parameters of {name_layers(layers)}, {share:.0%} of all trainable elements, "
            f"are in no watched optimizer and have not changed"
        )
        return self.finding(
            step, severity, evidence, since=self._first, layer=rows[place].module, row=rows[place].name,
            kind="parameter", statistic="norm", value=float(self._norms[place]), details={"layers": layers},
        )  # fmt: skip


class Foreign(Rule):
    """Report optimizers whose parameters are not those of a watched model."""

    name = "parameter/foreign"
    title = "The optimizer holds parameters of no watched model"
    reads = frozenset({("parameter", "count")})
    takes_optimizers = True
    advice = (
        "Make the optimizer from the parameters of the model that is trained, after the last change of the model.",
        "If the loss or another module owns them, nothing is wrong: pass that module to watch as well.",
    )
    source = "https://github.com/huggingface/accelerate/issues/2665"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        optimizers = values.optimizers or ()
        foreign = sum(int(one["foreign"]) for one in optimizers)
        if self._reported or not foreign:
            return []
        self._reported = True
        held, rows = held_names(values), values.rows["parameter"]
        layers = _layers(rows, rows.trainable & ~is_held(rows, held))
        known = f"{len(held)} of the watched models" if held else "none of a watched model"
        evidence = f"{foreign} parameters of no watched model in {_names(optimizers)}, and {known}"
        if layers:
            evidence += f"; trainable and in no optimizer: {name_layers(layers)}"
        severity = "severe" if not held else "warning" if layers else "notice"
        layer = layers[0] if layers and held else ""
        return [
            self.finding(
                values.step, severity, evidence, layer=layer, value=float(foreign), limit=0.0,
                quantity="parameters of no watched model",
            )
        ]  # fmt: skip


class Growing(Rule):
    """Report weights whose norm grows to a multiple of their first norm."""

    name = "parameter/growing"
    title = "Weights grow without bound"
    reads = frozenset({("parameter", "count"), ("parameter", "norm")})
    limits = GROWING
    advice = (
        "Lower the learning rate.",
        "Check the sign of weight_decay, and that the optimizer does not maximize the loss.",
        "Add weight decay, or a normalization behind the layer.",
    )
    source = "https://github.com/sebseager/torchmortem"
    #: The direction of the change that is a problem.
    grows: ClassVar[bool] = True

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._first = np.zeros(0)
        self._since = np.zeros(0, np.int64)  # the step at which each weight was seen to change, -1 if it was not
        self._crossed = np.zeros(0, np.int64)  # and at which it crossed the limit
        self._extreme = np.zeros(0)
        self._start = 0
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, norms = values.rows["parameter"], values.get("parameter", "norm")
        if not self._first.size:
            self._start = values.step
        if more := len(rows) - self._first.size:
            self._first, self._extreme = (np.append(one, np.full(more, np.nan)) for one in (self._first, self._extreme))
            self._since, self._crossed = (np.append(one, np.full(more, -1)) for one in (self._since, self._crossed))
        fresh = np.isnan(self._first) & np.isfinite(norms)
        self._first, self._extreme = np.where(fresh, norms, self._first), np.where(fresh, norms, self._extreme)
        with np.errstate(all="ignore"):
            ratio = norms / self._first
            sizes = self._first / np.sqrt(rows.numel) * np.sqrt(rows.fan_in)
        judged = rows.has_role("weight") & rows.trainable & (sizes >= self.limit["rms"])
        is_wrong = _has_wrong_sign(values)
        limit = self.limit["limit"] ** (0.5 if is_wrong else 1.0)
        crossed = judged & (ratio > limit if self.grows else ratio < limit)
        further = norms >= self._extreme if self.grows else norms <= self._extreme
        self._extreme = np.fmax(self._extreme, norms) if self.grows else np.fmin(self._extreme, norms)
        begun = judged & (ratio > limit**BEGUN if self.grows else ratio < limit**BEGUN)
        self._since, self._crossed = (
            np.where(mask, np.where(since < 0, values.step, since), -1)
            for mask, since in ((begun, self._since), (crossed, self._crossed))
        )
        found = crossed & further
        if self._reported or not found.any() or found.sum() < self.limit.get("share", 0.0) * judged.sum():
            return []
        self._reported = True
        place = int(np.flatnonzero(found)[np.argmax(np.abs(np.log(ratio[found])))])
        layers, value = _layers(rows, found), float(ratio[place])
        evidence = (
            f"norm {norms[place]:.3g} at step {values.step}, {value:.3g} times the {self._first[place]:.3g} of step "
            f"{self._start}; so in {int(found.sum())} of {int(judged.sum())} weights: {name_layers(layers)}"
            f"{_options_text(values, rows[place])}"
        )
        # Without weights, a network gives the same for every input.
        severity = "warning" if self.grows or found.sum() < 0.9 * judged.sum() else "severe"
        return [
            self.finding(
                values.step, severity, evidence, since=self._start if is_wrong else self._began(place),
                layer=rows[place].module, row=rows[place].name, kind="parameter", statistic="norm",
                value=float(norms[place]), limit=float(limit * self._first[place]), usual=float(self._first[place]),
                usual_is="at the first logged step", details={"layers": layers},
            )
        ]  # fmt: skip

    def _began(self, place: int) -> int:
        """Return the step at which a weight began to change: where a constant rate of change leads back to 1.

        It is the first step if that is not well before it, because a change is seldom constant.
        """
        begun = int(self._since[place])
        span = int(self._crossed[place]) - begun
        first = begun - span * BEGUN / (1 - BEGUN)
        return self._start if first < self._start + 0.5 * span else round(first)


class Shrinking(Growing):
    """Report weights whose norm falls to a fraction of their first norm."""

    name = "parameter/shrinking"
    title = "Weights shrink towards zero"
    uses = frozenset({("gradient", "count"), ("gradient", "norm")})
    limits = {**SHRINKING, **DECAY}
    advice = (
        "Lower the weight decay: each step multiplies the weights by 1 - learning rate * weight decay.",
        "With L2 in the loss or in Adam, use AdamW with a small weight decay.",
        "Leave biases and norms out of the weight decay.",
    )
    grows = False

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._is_first = True
        self._last: tuple[Any, dict[str, float]] = None, {}  # the options and rates that were judged

    def update(self, values: StepValues) -> list[Finding]:
        is_first, self._is_first = self._is_first, False
        if not self._reported and values.optimizers and (found := self._decay(values, is_first)) is not None:
            self._reported = True
            return [found]
        return super().update(values)

    def _decay(self, values: StepValues, is_first: bool) -> Finding | None:
        """Return the finding of a weight decay that outweighs what the loss does to most of the weights."""
        state = values.optimizers, learning_rates(values)
        if not is_first and self._last[0] is state[0] and self._last[1] == state[1]:
            return None
        self._last = state
        share, part = decay_share(values), decay_part(values) if is_first else 0.0
        if share >= self.limit["decay"]:
            value, limit, is_severe = share, self.limit["decay"], share >= self.limit["severe"]
            quantity = "share of each weight that weight decay takes per step"
            evidence = f"each step takes {share:.2g} of every weight by weight decay at step {values.step}"
        elif part >= self.limit["part"]:
            value, limit, is_severe = part, self.limit["part"], False
            quantity = "weight decay over the gradient of the loss, median of the weights"
            evidence = (
                f"weight decay adds {part:.3g} times the gradient of the loss to it at step {values.step}, in the "
                "median of the weights"
            )
        else:
            return None
        return self.finding(
            values.step, "severe" if is_severe else "warning", evidence, value=value, limit=limit,
            title="Weight decay outweighs the gradients", quantity=quantity,
        )  # fmt: skip


class Untied(Rule):
    """Report parameters that were shared when the run began and are no longer."""

    name = "parameter/untied"
    title = "Shared parameters are no longer shared"
    reads = frozenset({("parameter", "count")})
    advice = (
        "Tie them again: assign the same Parameter object to both modules, before the optimizer is made.",
        "Change a tied parameter in place, with copy_, in place of assigning a new Parameter.",
    )
    source = "https://arxiv.org/abs/1608.05859"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._tied: dict[str, str] = {}
        self._rows: Rows | None = None
        self._reported: set[str] = set()

    def update(self, values: StepValues) -> list[Finding]:
        rows = values.rows["parameter"]
        if rows is not self._rows:
            self._rows = rows
            for row in rows:
                self._tied.update(dict.fromkeys(row.tied_to or (), row.name))
        if not self._tied:
            return []
        present = values.present("parameter")
        apart = [
            row
            for row, here in zip(rows, present, strict=True)
            if here and self._tied.get(row.name, row.name) != row.name
        ]
        findings = []
        for row in apart:
            other = self._tied[row.name]
            if other in rows.place and not {row.name, other} <= self._reported:
                self._reported |= {row.name, other}
                layers = [row.module, rows[rows.place[other]].module]
                evidence = f"{row.name} shared its memory with {other} at first, and is a parameter of its own at step"
                findings.append(
                    self.finding(
                        values.step, "warning", f"{evidence} {values.step}", layer=row.module, row=row.name,
                        kind="parameter", statistic="norm", details={"layers": layers},
                    )
                )  # fmt: skip
        return findings


def _options_text(values: StepValues, row: Row) -> str:
    """Return the options of a parameter's group that can make it grow or shrink, for a sentence."""
    options = options_by_row(values, Rows([row])).get(row.name, {})
    known = [f"{key} {options[key]}" for key in ("weight_decay", "maximize") if options.get(key)]
    return f" ({', '.join(known)})" if known else ""


def _has_wrong_sign(values: StepValues) -> bool:
    """Return True if a weight decay makes the weights grow."""
    groups = [group["options"] for optimizer in values.optimizers or () for group in optimizer["groups"]]
    return any(_is_negative(one.get("weight_decay")) for one in groups)


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float) and value < 0


def _layers(rows: Rows, mask: np.ndarray) -> list[str]:
    return list(dict.fromkeys(rows[place].module for place in np.flatnonzero(mask).tolist()))


def _deepest(rows: Rows, mask: np.ndarray) -> int:
    """Return the last of some rows in the order of execution."""
    return int(np.flatnonzero(mask)[np.argmax(np.where(np.isnan(rows.depth[mask]), -1, rows.depth[mask]))])


def _names(optimizers: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(str(one["name"]) for one in optimizers if isinstance(one, dict)))


RULES = (NoGradient, NotOptimized, Foreign, Growing, Shrinking, Untied)
