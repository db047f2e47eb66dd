"""The limits of all rules in words, with their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tb_nnviz.rules.rule import Rule


class LimitWords(NamedTuple):
    """The words for a limit.

    Attributes:
        text: what the limit bounds, to stand in front of its value.
        unit: what the value counts or is relative to, to stand behind it. Shares are fractions of 1.
    """

    text: str
    unit: str


_TIMES, _SHARE, _STEPS, _LOGGED, _VALUES = "times", "of all", "steps", "logged steps", "values"
_LASTS = ("lasts for", _LOGGED)
_UPDATE = "of the weight"

#: By rule and limit. Rules of one family use the same words for the same sort of limit.
_WORDS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "gradient/vanishing": {
        "limit": ("gradient of the first layers over that of the last, below", _TIMES),
        "steep": ("and the fall per layer below", _TIMES),
        "ratio": ("or the updates of the first layers below", _UPDATE),
        "severe": ("or the whole fall below, which is severe", _TIMES),
        "patience": _LASTS,
        "steps": ("which span", _STEPS),
        "depth": ("in a profile of at least", "layers"),
        "norm": ("absolute limit of the smallest gradient (0: none)", ""),
    },
    "gradient/exploding": {
        "limit": ("norm over the median so far, above", _TIMES),
        "largest": ("and over the largest so far, above", _TIMES),
        "early": ("or over the largest of the first logged steps, above", _TIMES),
        "sudden": ("reported at once above", "times the median"),
        "before_nan": ("last norm before NaN or Inf, above", "times the median"),
        "depth": ("gradient of the first layers over that of the last, above", _TIMES),
        "layers": ("in at least", "layers"),
        "history": ("median of the last", _LOGGED),
        "norm": ("absolute limit of the norm (0: none)", ""),
    },
    "gradient/zero": {"patience": _LASTS},
    "gradient/accumulates": {
        "limit": ("sum of a bias's gradient differs from that of its layer's output by", "of the largest"),
        "bound": ("or its norm is above", "times the largest"),
        "patience": _LASTS,
        "growth": ("without outputs: norm over the first, above", _TIMES),
        "rises": ("and rises for", _LOGGED),
        "share": ("such steps are at least", "of those logged"),
        "tokens": ("or no row of an embedding loses its gradient in", "logged steps from the first on"),
        "gains": ("while rows gain one in at least", _LOGGED),
    },
    "gradient/spike": {
        "limit": ("norm over the median, above", _TIMES),
        "warning": ("a warning above", "times the median"),
        "largest": ("and over the largest of the run, above", _TIMES),
        "falls": ("next norm over that of the spike, below", _TIMES),
        "explodes": ("an explosion above", "times the median"),
        "history": ("median of the last", _LOGGED),
        "warm_up": ("and of at least", _LOGGED),
    },
    "update/too_large": {
        "limit": ("update above", _UPDATE),
        "sudden": ("reported at once above", _UPDATE),
        "patience": _LASTS,
        "steps": ("which span", _STEPS),
    },
    "update/too_small": {
        "limit": ("update below", _UPDATE),
        "others": ("and below", "times the median of the layers"),
        "patience": _LASTS,
    },
    "update/lost": {
        "limit": ("elements of a parameter that do not change, above", _SHARE),
        "share": ("in parameters with at least", "of all elements"),
        "patience": _LASTS,
    },
    "update/none": {"patience": _LASTS},
    "update/epsilon": {
        "limit": ("root of the mean second moment below", "times eps"),
        "falls": ("and not below", "times its first value"),
        "patience": _LASTS,
    },
    "parameter/no_gradient": {"patience": _LASTS, "steps": ("which span", _STEPS)},
    "parameter/not_optimized": {"patience": _LASTS},
    "parameter/growing": {
        "limit": ("norm over the first norm, above", _TIMES),
        "rms": ("first RMS at least", "times 1/sqrt(fan-in)"),
    },
    "parameter/shrinking": {
        "limit": ("norm over the first norm, below", _TIMES),
        "share": ("in at least", "of the weights"),
        "rms": ("first RMS at least", "times 1/sqrt(fan-in)"),
        "decay": ("or weight decay takes per step at least", "of each weight"),
        "severe": ("severe if it takes at least", "of each weight"),
        "part": ("or weight decay in the gradient is at least", "times the gradient of the loss"),
    },
    "learning_rate/too_high": {
        "limit": ("median update above", _UPDATE),
        "sudden": ("reported at once above", _UPDATE),
        "replaced": ("severe above", _UPDATE),
        "patience": _LASTS,
        "steps": ("which span", _STEPS),
        "before_nan": ("median before NaN, Inf or a risen loss, above", _UPDATE),
        "largest": ("and then the largest above", _UPDATE),
        "loss": ("a risen loss is above", "times its first value"),
        "rising": ("no finding if the loss was before at", "times its first value"),
        "plain": ("for SGD, reported at once above", "times that limit"),
        "depth": ("no finding if gradients grow over depth by", _TIMES),
    },
    "learning_rate/too_low": {
        "limit": ("largest update of a layer below", _UPDATE),
        "stuck": ("or, if the loss stays, below", _UPDATE),
        "fall": ("the loss stays if it falls by less than", "of its start"),
        "steps": ("after", _STEPS),
        "patience": ("and", _LOGGED),
    },
    "loss/spike": {
        "limit": ("loss above the median by", "times the noise"),
        "largest": ("and by", "times the largest excess before"),
        "progress": ("and by", "of what the run has gained"),
        "history": ("after at least", _VALUES),
        "patience": ("lasts for", _VALUES),
        "single": ("one value is enough above", "times these limits"),
        "untrained": ("also if above the start of the run, beyond", "times these limits"),
    },
    "loss/diverges": {
        "limit": ("loss above its start by", "of it"),
        "progress": ("or has lost", "of what the run has gained"),
        "noise": ("and by", "times the noise"),
        "patience": ("above its start for", _VALUES),
        "slow": ("below its progress for", _VALUES),
    },
    "loss/stuck": {
        "limit": ("loss falls by less than", "of its start"),
        "noise": ("or by less than", "times the noise"),
        "steps": ("judged after", _STEPS),
        "values": ("at the end of a run, after", _VALUES),
        "fewest_steps": ("and", _STEPS),
    },
    "loss/plateau": {
        "limit": ("loss falls in the last third by less than", "of its progress"),
        "low": ("and is above", "of its start"),
        "values": ("after at least", _VALUES),
    },
    "loss/overfit": {
        "limit": ("validation loss above its minimum by", "of its progress"),
        "evaluations": ("judged after", "evaluations behind the minimum"),
        "trend": ("with a trend of at least", "standard deviations"),
    },
    "activation/dead": {
        "limit": ("units that are 0, above", _SHARE),
        "above": ("and above the lower quartile of the layers by", _SHARE),
        "alone": ("or, whatever the other layers have, above", _SHARE),
        "dead": ("severe from", _SHARE),
        "few": ("the limit is that one below", "elements per unit"),
        "spread": ("or if samples differ by less than", "of their size"),
        "patience": _LASTS,
    },
    "activation/saturated": {
        "limit": ("outputs at a bound, above", _SHARE),
        "severe": ("severe from", _SHARE),
        "patience": _LASTS,
    },
    "activation/scale": {
        "limit": ("standard deviation grows or shrinks along a path by", _TIMES),
        "grow": ("and in most layers by at least", _TIMES),
        "shrink": ("or in most layers to at most", _TIMES),
        "total": ("or along the path, however it does in layers, by", _TIMES),
        "jump": ("or in one layer over the others by", _TIMES),
        "first_layer": ("where the first layer's is above", ""),
        "severe": ("severe from", _TIMES),
    },
    "activation/outlier": {
        "limit": ("largest unit over the median unit, above", _TIMES),
        "warning": ("a warning from", _TIMES),
        "others": ("and above the median of all layers by", _TIMES),
        "patience": _LASTS,
    },
    "activation/collapse": {
        "limit": ("samples differ by less than", "of their size"),
        "exact": ("severe below", "of their size"),
        "patience": _LASTS,
    },
    "input/scale": {
        "limit": ("RMS of the inputs above", ""),
        "first_layer": ("and RMS of the first layer's output above", ""),
        "small": ("or largest magnitude of the inputs below", ""),
        "patience": _LASTS,
    },
    "input/constant": {"limit": ("samples differ by less than", "of their size"), "patience": _LASTS},
    "output/saturated": {
        "limit": ("sum of probabilities differs from 1 by less than", ""),
        "slack": ("tolerance of gradient and loss", ""),
        "patience": _LASTS,
        "bound": ("outputs at a bound, above", _SHARE),
        "loss": ("while the loss is above", "of its start"),
        "lasting": ("and both last for", _LOGGED),
    },
    "output/constant": {
        "limit": ("samples differ by less than", "of their size"),
        "patience": _LASTS,
        "share": ("or samples with the same largest unit, above", _SHARE),
        "spread": ("while samples differ by less than", "of their size"),
        "slow": ("and lasts for", _LOGGED),
        "all": ("or all have the same largest unit for", _LOGGED),
        "low": ("while the loss is below", "of its start"),
        "falls": ("only a notice if the loss is below", "of its start, and"),
        "lowest": ("not below", "of its start"),
    },
    "attention/collapse": {
        "limit": ("entropy over that of equal weights, below", _TIMES),
        "drop": ("and below", "times its first value"),
        "patience": _LASTS,
    },
    "attention/logits": {
        "limit": ("largest logit above", ""),
        "growth": ("or above", "times its first value"),
        "floor": ("and above", ""),
        "severe": ("severe above", ""),
        "patience": _LASTS,
    },
    "normalization/evaluation": {
        "limit": ("batch normalizations in evaluation mode, at least", _SHARE),
        "rounding": ("mean of the output differs from the bias by", "of the RMS"),
        "misfit": ("a warning if the RMS is off by more than", _TIMES),
        "patience": _LASTS,
    },
    "normalization/one_sample": {"limit": ("samples differ by less than", "of their size"), "patience": _LASTS},
    "clipping/always": {
        "limit": ("factor of clipping below", _TIMES),
        "adaptive": ("the same for adaptive optimizers, below", _TIMES),
        "rate": ("at no less than", "of the steps"),
        "patience": _LASTS,
        "equal": ("not reported: norms differ by less than", "of the first"),
        "hidden": ("and bias gradients are below", "of those of the outputs"),
        "small": ("and the largest update is below", _UPDATE),
        "ratio": ("or, without biases, below", _UPDATE),
    },
    "precision/loss_scale": {
        "patience": ("skipped in a row", _STEPS),
        "rate": ("or skipped more often than", "of the steps"),
        "steps": ("which is judged after", _STEPS),
        "scale": ("or the loss scale is below", ""),
    },
    "precision/underflow": {
        "limit": ("size of the elements below", "times the smallest number of float16"),
        "share": ("while zeros are at least", _SHARE),
        "patience": _LASTS,
    },
}  # fmt: skip


def limit_words(rule: type[Rule]) -> dict[str, LimitWords]:
    """Return the words for each limit of a rule, in the order of the limits.

    >>> from tb_nnviz.rules.registry import RULES
    >>> limit_words(next(rule for rule in RULES if rule.name == "update/too_large"))["limit"]
    LimitWords(text='update above', unit='of the weight')
    """
    words = _WORDS.get(rule.name, {})
    return {name: LimitWords(*words.get(name, (name.replace("_", " "), ""))) for name in rule.limits}
