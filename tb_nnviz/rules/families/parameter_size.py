"""Rules of the size of parameters over a run."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.optimizers import decay_part, decay_share, learning_rates, options_by_row
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import Rows, StepValues
from tb_nnviz.schema import Row

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
        layers, value = layers_of(rows, found), float(ratio[place])
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
            values.step, "severe" if is_severe else "warning", evidence, kind="parameter", statistic="norm",
            value=value, limit=limit, title="Weight decay outweighs the gradients", quantity=quantity,
        )  # fmt: skip


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


def layers_of(rows: Rows, mask: np.ndarray) -> list[str]:
    """Return the modules of some rows, each once."""
    return list(dict.fromkeys(rows[place].module for place in np.flatnonzero(mask).tolist()))
