"""Chains of cause and effect among the findings of one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from tb_nnviz.rules.finding import Finding
from tb_nnviz.schema import SEVERITIES

#: The rules that a rule's problem causes, as names or ``family/*``. A cause begins no later than its effects.
EFFECTS: Mapping[str, tuple[str, ...]] = {
    "input/scale": (
        "activation/scale", "activation/saturated", "activation/dead", "gradient/exploding", "gradient/vanishing",
        "update/too_large", "loss/spike", "loss/diverges", "loss/stuck", "output/constant", "nonfinite/*",
        "attention/*", "clipping/always",
    ),
    "input/constant": ("activation/collapse", "activation/dead", "output/constant", "loss/stuck", "loss/plateau"),
    "activation/scale": (
        "activation/saturated", "activation/dead", "activation/collapse", "activation/outlier", "attention/*",
        "gradient/exploding", "gradient/vanishing", "gradient/zero", "gradient/spike", "update/too_large",
        "update/too_small", "clipping/always", "loss/spike", "loss/diverges", "loss/stuck", "loss/plateau",
        "output/constant", "nonfinite/*",
    ),
    "activation/dead": (
        "activation/collapse", "gradient/zero", "gradient/vanishing", "update/none", "update/too_small",
        "parameter/no_gradient", "output/constant", "loss/stuck", "loss/plateau", "loss/diverges",
    ),
    "activation/saturated": (
        "activation/collapse", "gradient/zero", "gradient/vanishing", "gradient/exploding", "clipping/always",
        "update/too_small", "output/constant", "loss/stuck", "loss/plateau",
    ),
    "activation/collapse": (
        "activation/dead", "gradient/zero", "update/too_small", "output/constant", "loss/stuck", "loss/plateau",
    ),
    "attention/logits": ("attention/collapse", "gradient/*", "loss/spike", "loss/diverges", "nonfinite/*"),
    "normalization/evaluation": ("activation/scale", "gradient/exploding", "gradient/vanishing", "loss/overfit"),
    "normalization/one_sample": ("activation/collapse", "gradient/vanishing", "output/constant", "loss/stuck"),
    "output/saturated": (
        "gradient/vanishing", "gradient/zero", "activation/collapse", "update/too_small", "output/constant",
        "loss/stuck", "loss/plateau",
    ),
    "output/constant": ("loss/stuck", "loss/plateau"),
    "gradient/exploding": (
        "nonfinite/*", "loss/*", "gradient/spike", "gradient/zero", "update/too_large", "parameter/growing",
        "clipping/always", "precision/loss_scale", "activation/saturated",
    ),
    "gradient/accumulates": (
        "gradient/exploding", "gradient/spike", "update/too_large", "parameter/growing", "loss/*", "nonfinite/*",
        "learning_rate/too_high", "attention/*",
    ),
    "gradient/spike": (
        "update/too_large", "parameter/growing", "loss/*", "nonfinite/*", "gradient/zero", "activation/*",
    ),
    "gradient/vanishing": (
        "update/none",
        "update/too_small", "update/epsilon", "update/lost", "loss/stuck", "loss/plateau", "learning_rate/too_low",
        "gradient/zero", "output/constant", "activation/collapse",
    ),
    "gradient/zero": (
        "parameter/no_gradient", "loss/stuck", "loss/plateau", "update/too_small", "output/constant",
        "learning_rate/too_low",
    ),
    "nonfinite/forward": ("nonfinite/backward", "nonfinite/loss", "nonfinite/optimizer", "loss/nonfinite"),
    "nonfinite/backward": ("nonfinite/optimizer", "loss/nonfinite"),
    "nonfinite/loss": ("nonfinite/backward", "nonfinite/optimizer", "loss/nonfinite"),
    "nonfinite/optimizer": ("loss/nonfinite",),
    "update/too_large": ("parameter/growing", "loss/spike"),
    "update/lost": ("learning_rate/too_low", "update/none", "update/too_small", "loss/stuck", "loss/plateau"),
    "update/none": ("learning_rate/too_low", "loss/stuck", "loss/plateau"),
    "update/epsilon": ("learning_rate/too_low", "update/too_small", "loss/stuck", "loss/plateau"),
    "parameter/no_gradient": ("loss/stuck", "loss/plateau"),
    "parameter/not_optimized": ("parameter/foreign", "parameter/no_gradient", "loss/stuck", "loss/plateau"),
    "parameter/foreign": ("update/none", "loss/stuck", "loss/plateau"),
    "parameter/shrinking": (
        "gradient/vanishing", "gradient/zero", "loss/*", "activation/*", "output/*", "update/too_large",
        "learning_rate/too_high",
    ),
    "parameter/growing": ("activation/*", "gradient/exploding", "loss/spike", "loss/diverges", "loss/nonfinite"),
    "parameter/untied": ("parameter/not_optimized", "parameter/no_gradient"),
    "learning_rate/too_high": (
        "update/too_large", "gradient/*", "parameter/growing", "nonfinite/*", "loss/*", "activation/*", "output/*",
        "attention/*", "update/none", "precision/loss_scale", "learning_rate/too_low",
    ),
    "learning_rate/too_low": ("loss/stuck", "loss/plateau"),
    "clipping/always": (
        "learning_rate/too_low", "update/epsilon", "update/too_small", "update/lost", "update/none", "loss/stuck",
        "loss/plateau",
    ),
    "precision/loss_scale": (
        "gradient/exploding", "nonfinite/*", "update/none", "loss/stuck", "loss/plateau", "gradient/zero",
    ),
    "precision/underflow": (
        "update/lost", "update/none", "gradient/zero", "gradient/vanishing", "update/too_small", "loss/stuck",
        "loss/plateau",
    ),
    "loss/nonfinite": ("gradient/zero",),
    "loss/diverges": ("loss/spike", "nonfinite/*", "loss/nonfinite"),
}  # fmt: skip
#: The same for effects that begin later only: at the same step, the rule is an effect itself.
LATER_EFFECTS: Mapping[str, tuple[str, ...]] = {
    "loss/nonfinite": ("nonfinite/*",),
    "gradient/exploding": ("learning_rate/too_high",),
}
#: Order of findings that begin at the same step: forward, then backward, then optimizer.
_KINDS = ("input", "activation", "output", "activation_gradient", "gradient", "optimizer", "update", "parameter")
#: Thresholds are crossed at different times, so a cause may be noticed later than its effect: by this share of the
#: effect's first step, or by this number of steps if that is more.
LATE_SHARE, LATE_STEPS = 0.35, 10
#: A finding does not explain a more severe one that begins later by more than this share of its own first step, or by
#: more than this number of steps: the run went on well with it.
HARMLESS_SHARE, HARMLESS_STEPS = 0.5, 25


def explain(findings: Iterable[Finding], depths: Mapping[str, float] | None = None) -> list[Finding]:
    """Order the findings of a run by chains, and set what each finding explains, and which one explains it.

    A chain begins with its cause. Chains are ordered by their most severe finding, then by the step at which they
    begin. If several findings may have caused another, it is the one that began last before it.

    >>> finding = Finding("loss/stuck", "severe", "", "", "", "", "", 5, 9, None, None, None, "", ())
    >>> found = explain([finding, replace(finding, rule="gradient/vanishing", since=0)])
    >>> [(one.rule, one.explains, one.cause) for one in found]
    [('gradient/vanishing', ('loss/stuck',), None), ('loss/stuck', (), 0)]

    Args:
        findings: the findings of one run.
        depths: the position of each layer in the order of execution, by name.
    """
    ordered = sorted(findings, key=lambda one: _order(one, depths or {}))
    causes: dict[int, int] = {}  # by effect
    for is_late in (False, True):
        for effect, finding in enumerate(ordered):
            if effect in causes:
                continue
            possible = [
                place
                for place, one in enumerate(ordered)
                # of two that begin together, the first in the order of a step's computation causes the other
                if (place > effect) == is_late and _causes(one, finding)
            ]
            nearest = sorted(possible, key=lambda place: abs(ordered[place].since - finding.since))
            cause = next((place for place in nearest if effect not in _above(place, causes)), None)
            if cause is not None:
                causes[effect] = cause
    chains: dict[int, list[int]] = {}
    for place in range(len(ordered)):
        chains.setdefault(_above(place, causes)[-1], []).append(place)
    explained: list[Finding] = []
    for root, members in sorted(chains.items(), key=lambda chain: _rank(chain, ordered)):
        effects = [ordered[place] for place in members if place != root]
        names = tuple(dict.fromkeys(one.rule for one in effects))
        first = replace(ordered[root], explains=names, cause=None)
        explained += [first, *(replace(one, explains=(), cause=len(explained)) for one in effects)]
    return explained


def _causes(cause: Finding, effect: Finding) -> bool:
    """Return True if a finding may have caused another."""
    late = cause.since - effect.since
    is_worse = SEVERITIES.index(effect.severity) < SEVERITIES.index(cause.severity)
    if is_worse and -late > max(HARMLESS_STEPS, HARMLESS_SHARE * cause.since):
        return False
    patterns = EFFECTS.get(cause.rule, ()) + (LATER_EFFECTS.get(cause.rule, ()) if late < 0 else ())
    in_time = late <= max(LATE_STEPS, LATE_SHARE * effect.since)
    return in_time and any(fnmatchcase(effect.rule, pattern) for pattern in patterns)


def _above(place: int, causes: Mapping[int, int]) -> list[int]:
    """Return a finding, its cause, the cause of that, and so on."""
    path = [place]
    while path[-1] in causes:
        path.append(causes[path[-1]])
    return path


def _order(finding: Finding, depths: Mapping[str, float]) -> tuple[float, ...]:
    kind = _KINDS.index(finding.kind) if finding.kind in _KINDS else len(_KINDS)
    return finding.since, kind, depths.get(finding.layer, float("inf")), SEVERITIES.index(finding.severity)


def _rank(chain: tuple[int, list[int]], ordered: Sequence[Finding]) -> tuple[int, int, int]:
    root, members = chain
    return min(SEVERITIES.index(ordered[place].severity) for place in members), ordered[root].since, root
