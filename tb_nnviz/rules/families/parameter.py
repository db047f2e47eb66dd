"""Rules of parameters: their wiring to the loss and the optimizer, and their size over the run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from tb_nnviz.rules.families.parameter_size import Growing, Shrinking, layers_of
from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.optimizers import held_names, is_held
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import Rows, StepValues

#: Logged steps without a gradient, and the steps that they span. A part that takes turns has one in some of them.
NO_GRADIENT = {"patience": 6, "steps": 20}
#: Logged steps at which a parameter is in no optimizer and does not change.
NOT_OPTIMIZED = {"patience": 2}


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
        layers = layers_of(rows, lacking)
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
        layers = layers_of(rows, found)
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
        layers = layers_of(rows, rows.trainable & ~is_held(rows, held))
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


def _deepest(rows: Rows, mask: np.ndarray) -> int:
    """Return the last of some rows in the order of execution."""
    return int(np.flatnonzero(mask)[np.argmax(np.where(np.isnan(rows.depth[mask]), -1, rows.depth[mask]))])


def _names(optimizers: Iterable[object]) -> str:
    return ", ".join(dict.fromkeys(str(one["name"]) for one in optimizers if isinstance(one, dict)))


RULES = (NoGradient, NotOptimized, Foreign, Growing, Shrinking, Untied)
