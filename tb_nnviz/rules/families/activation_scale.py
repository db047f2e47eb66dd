"""The rule of the scale of layer outputs at the beginning of a run."""

from __future__ import annotations

import math

import numpy as np

from tb_nnviz.rules.calls import Calls, CallsOf
from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.losses import trend
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: A layer's gain is the standard deviation of its output over that of the layer before. With He initialization, it is
#: 1 for ReLU. With PyTorch's default (weights of variance 1 / (3 fan-in)), it is 0.41, which bounds ``shrink``.
#: ``limit`` is the product along a path without normalization (SageMaker Debugger: a ratio of variances of 10 between
#: two layers). ``total`` is the product for gains near 1. ``jump`` is one gain over the median of the others.
#: ``first_layer`` is what the first layer exceeds if it is the one.
SCALE = {"limit": 30.0, "grow": 3.0, "shrink": 0.25, "total": 1e4, "jump": 30.0, "first_layer": 10.0, "severe": 1e4}
#: The number of layers, and the score of their trend, from which on outputs grow although single layers shrink them.
LAYERS, TREND = 8, 3.5
#: The fewest layers of a part of a path that is judged by itself.
FEWEST = 3
#: The factor within which two sizes are alike.
SAME = 3.0


class Scale(Rule):
    """Report outputs that grow or shrink with depth at the first logged step, between normalizations."""

    name = "activation/scale"
    title = "Outputs grow or shrink with depth"
    reads = frozenset({("activation", "count"), ("activation", "std")})
    uses = frozenset({("input", "count"), ("input", "rms"), ("output", "count")})
    limits = SCALE
    advice = (
        "Use an initialization that keeps the scale: He for ReLU, Xavier for tanh (torch.nn.init).",
        "Normalize between the layers (BatchNorm, LayerNorm).",
        "Look at the scale of the inputs.",
    )
    source = "https://arxiv.org/abs/1502.01852"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._is_checked = False

    def update(self, values: StepValues) -> list[Finding]:
        std = values.get("activation", "std")
        if self._is_checked or not np.isfinite(std).any():
            return []
        self._is_checked = True
        calls = self._calls(values.rows["activation"])
        for place, gains, places in _paths(values, calls, std):
            found = self._judge(values, calls, std, place, gains, places)
            if found is not None:
                return [found]
        return []

    def _judge(
        self, values: StepValues, calls: Calls, std: np.ndarray, origin: float, gains: np.ndarray, places: np.ndarray
    ) -> Finding | None:
        """Return the finding of a path.

        Args:
            values: of the step.
            calls: the rows.
            std: of all rows.
            origin: the size of what the path begins with.
            gains: of each weighted layer of the path, in execution order.
            places: their rows.
        """
        limit, most, is_jump = self.limit, int(np.ceil(2 / 3 * len(gains))), False
        total, last, crossed = float(np.prod(gains)), int(places[-1]), limit["limit"]
        # A small head begins with a small output by design, and a recurrent layer with a state of 0.
        falls = np.where(calls.recurs[places] | calls.last(_models(values))[places], 1.0, gains)
        grow, shrink = (
            _run(factors, sizes, limit["limit"])
            for factors, sizes in ((gains / limit["grow"], gains), (limit["shrink"] / falls, 1 / falls))
        )
        grows = bool(grow.any())
        if grows or shrink.any():
            guilty = grow if grows else shrink
        elif total >= limit["total"] and (gains > 1.1).sum() >= most:
            grows, guilty, crossed = True, gains > 1.1, limit["total"]
        elif total <= 1 / limit["total"] and (gains < 0.9).sum() >= most:
            guilty, crossed = gains < 0.9, limit["total"]
        elif self._climbs(origin, std[places]):
            grows, guilty = True, gains > 1.1
            end = places[-max(1, len(places) // 3) :]
            last = int(end[np.argmax(std[end])])
        elif len(gains) > 2:
            others = np.array([np.median(np.delete(gains, i)) for i in range(len(gains))])
            up, down = gains >= limit["jump"] * others, gains <= others / limit["jump"]
            # a model may scale its inputs itself, but not to a large output
            up[0] &= std[places[0]] > limit["first_layer"] > origin
            down[0] = False
            down[-1] = False  # a small head begins with a small output by design
            # a small branch is followed by the path that it is added to
            branches = np.flatnonzero(down[:-1] & (np.abs(np.log(gains[:-1] * gains[1:])) < math.log(SAME)))
            down[branches], up[branches + 1] = False, False
            guilty, is_jump = up | down, True
        else:
            return None
        if not guilty.any():
            return None
        at = int(np.flatnonzero(guilty)[0])
        first, gain, usual = int(places[at]), float(gains[at]), origin
        if is_jump:
            grows = bool(gains[at] > others[at])
            last, origin, crossed = first, float(std[first]) / gain, limit["jump"]
            usual = origin * float(others[at])
        layers = list(dict.fromkeys(calls.rows[i].module for i in places[guilty]))
        evidence = (
            f"the standard deviation {'grows' if grows else 'shrinks'} from {origin:.2g} to {std[last]:.2g} in "
            f"{calls.rows[last].module} at step {values.step}, by {gain:.2g} in {name_layers(layers[:1])}, "
            f"in {len(layers)} of {len(gains)} layers without normalization between them"
        )
        extreme = max(total, 1 / total)
        severity = "severe" if extreme >= limit["severe"] else "warning"
        return self.finding(
            values.step, severity, evidence, layer=calls.rows[first].module, row=calls.rows[first].name,
            kind="activation", statistic="std", value=float(std[last]),
            limit=usual * crossed if std[last] > usual else usual / crossed, usual=usual,
            title=f"Outputs {'grow' if grows else 'shrink'} with depth",
            quantity=f"standard deviation of the output of {calls.rows[last].module or 'the model'}",
            usual_is="at the gain of the other layers" if is_jump else "at the beginning of the path",
            details={"layers": layers, "gain": gain},
        )  # fmt: skip

    def _climbs(self, origin: float, std: np.ndarray) -> bool:
        """Return True if outputs grow over many layers, though not in each: in branches of a residual network."""
        end = float(np.median(std[-max(1, len(std) // 3) :]))
        return len(std) >= LAYERS and end >= self.limit["limit"] * origin and trend(np.log(std)) >= TREND


def _models(values: StepValues) -> list[str]:
    """Return the names of the watched models."""
    inputs = values.rows.get("input")
    return values.rows["output"].layers if "output" in values.rows else inputs.layers if inputs else [""]


def _run(factors: np.ndarray, gains: np.ndarray, limit: float) -> np.ndarray:
    """Return the guilty layers of the longest run of layers by whose gains a limit is crossed: bool [layers].

    Args:
        factors: the gain of each layer over that from which on it is guilty, at least 1 if it is.
        gains: of each layer, above 1 in the direction that is judged.
        limit: the least product of their gains.
    """
    guilty = factors >= 1
    for size in range(len(gains), 1, -1):
        for first in range(len(gains) - size + 1):
            part = slice(first, first + size)
            enough = guilty[part].sum() >= max(2, math.ceil(2 / 3 * size))
            # Branches that begin small alternate with what they are added to.
            is_steady = size == len(gains) or (size >= FEWEST and bool((gains[part] >= 1).all()))
            if enough and is_steady and np.prod(gains[part]) >= limit:
                found = np.zeros(len(gains), bool)
                found[part] = guilty[part]
                return found
    return np.zeros(len(gains), bool)


def _paths(values: StepValues, calls: Calls, std: np.ndarray) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Return the paths between normalizations: what each begins with, and the gains and rows of its weighted layers."""
    inputs, models = values.rows.get("input"), _models(values)
    known = np.isfinite(std) & (std > 0)
    model, paths = calls.model(models), []
    for one in calls.models(models):
        origin = np.nan
        if inputs is not None and one >= 0 and models[one] in inputs.layers:
            own = inputs.layer == inputs.layers.index(models[one])
            origin = float(values.get("input", "rms")[np.flatnonzero(own)[0]])
        path: list[int] = []
        for place in map(
            int, np.flatnonzero((model == one) & known & (calls.weighs | calls.normalizes | calls.embeds))
        ):
            if calls.weighs[place]:
                path.append(place)
                continue
            paths.append((origin, path))
            origin, path = float(std[place]), []
        paths.append((origin, path))
    found = []
    for origin, path in paths:
        if not (np.isfinite(origin) and origin > 0) and path:
            origin, path = float(std[path[0]]), path[1:]
        if path:
            scales = np.append(origin, std[path])
            found.append((origin, scales[1:] / scales[:-1], np.array(path)))
    return found


RULES = (Scale,)
