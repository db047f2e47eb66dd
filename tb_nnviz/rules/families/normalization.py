"""Rules of normalization layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tb_nnviz.rules.calls import Calls, CallsOf
from tb_nnviz.rules.families.activation import SPREAD, relative_spread
from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: ``limit`` is the smallest share of batch normalizations in evaluation mode. The mean of the output of one in training
#: mode is the mean of its bias, up to ``rounding`` of the RMS. ``misfit`` is the factor between the RMS of its output
#: and the RMS that its parameters give, which shows that its running statistics are not those of its inputs.
EVALUATION = {"limit": 0.5, "rounding": 1e-3, "misfit": 1.5, "patience": 2.0}
#: Outputs that are the same for every sample up to rounding.
ONE_SAMPLE = {"limit": 1e-6, "patience": 3.0}


class Evaluation(Rule):
    """Report batch normalizations that are in evaluation mode while they train."""

    name = "normalization/evaluation"
    title = "Batch normalization trains in evaluation mode"
    reads = frozenset({("parameter", "count"), ("parameter", "mean"), ("parameter", "rms")})
    uses = frozenset({("activation", "count"), ("activation", "mean"), ("activation", "rms")})
    scalars = frozenset({"batch_norm_evaluation"})
    limits = EVALUATION
    advice = (
        "Call model.train() before each pass of the training, also after a validation.",
        "If it is meant, freeze the weight and bias of the normalization as well (requires_grad_(False)).",
    )
    source = "https://arxiv.org/abs/1502.03167"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._since: int | None = None
        self._steps = 0
        self._has_trained = False
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        share = values.scalars["batch_norm_evaluation"]
        if share < self.limit["limit"]:
            self._since, self._steps, self._has_trained = None, 0, True
            return []
        self._since = values.step if self._since is None else self._since
        self._steps += 1
        if self._reported or self._steps < self.limit["patience"]:
            return []
        self._reported = True
        whole = "activation" not in values.statistics or not values.present("activation").any()
        layers = [] if whole else self._evaluated(values)
        if not layers:
            rows = values.rows["parameter"]
            layers = list(dict.fromkeys(row.module for row in rows if "BatchNorm" in row.type)) or [""]
        severity = "warning" if whole or self._has_trained or self._misfits(values, layers) else "notice"
        who = "the whole model is" if whole else f"{share:.0%} of the batch normalizations are"
        before = ", and were in training mode before" if self._has_trained else ""
        evidence = f"{who} in evaluation mode since step {self._since}{before}: {name_layers(layers)}"
        return [
            self.finding(
                values.step, severity, evidence, since=self._since, layer=layers[0], row=layers[0],
                kind="" if whole else "activation", statistic="" if whole else "mean", value=share,
                limit=self.limit["limit"], usual=0.0,
                quantity="share of batch normalizations in evaluation mode", usual_is="in training mode",
                details={"layers": layers, "global": "batch_norm_evaluation"},
            )
        ]  # fmt: skip

    def _evaluated(self, values: StepValues) -> list[str]:
        """Return the layers whose outputs do not have the mean that training mode gives them."""
        calls, rows = self._calls(values.rows["activation"]), values.rows["activation"]
        mean, rms = values.get("activation", "mean"), values.get("activation", "rms")
        bias, _ = _affine(values, calls)
        with np.errstate(invalid="ignore"):
            differs = np.abs(mean - bias) > self.limit["rounding"] * rms
        return list(dict.fromkeys(rows[i].module for i in np.flatnonzero(calls.batch_norms & differs)))

    def _misfits(self, values: StepValues, layers: list[str]) -> bool:
        """Return True if outputs are far from normalized, because running statistics are those of other inputs."""
        calls, rows = self._calls(values.rows["activation"]), values.rows["activation"]
        mean, rms = values.get("activation", "mean"), values.get("activation", "rms")
        bias, expected = _affine(values, calls)
        with np.errstate(all="ignore"):
            factor = np.exp(np.abs(np.log(rms / expected)))
            shifted = np.abs(mean - bias) > 0.5 * expected
        chosen = np.array([row.module in layers for row in rows], bool) & calls.batch_norms
        return bool((chosen & (shifted | (factor > self.limit["misfit"]))).any())


class OneSample(Rule):
    """Report normalizations over a single sample or value."""

    name = "normalization/one_sample"
    title = "Normalization over a single sample"
    reads = frozenset({("activation", "count"), ("activation", "rms")})
    uses = frozenset({("activation", "batch_std~"), ("output", "count"), ("parameter", "count"), ("parameter", "rms")})
    limits = ONE_SAMPLE
    advice = (
        "Use larger batches, or accumulate gradients with GroupNorm or LayerNorm in place of BatchNorm.",
        "Drop the last batch of an epoch if it is smaller (drop_last=True).",
        "Normalize over more than one value: with one per group, the output is the bias.",
    )
    source = "https://arxiv.org/abs/1803.08494"

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._calls = CallsOf()
        self._lasting = Lasting(int(self.limit["patience"]))
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, rms = values.rows["activation"], values.get("activation", "rms")
        calls, single, spread = self._calls(rows), self._single(values), np.full(len(rows), np.nan)
        if values.has("activation", "batch_std~"):
            spread = relative_spread(values, "activation")
        before, embedded = np.full(len(rows), np.nan), spread[calls.embeds & np.isfinite(spread)]
        # positions differ in any case, so that the embedding that differs least counts
        before[1:] = np.where(calls.embeds, embedded.min() if embedded.size else np.nan, spread)[:-1]
        with np.errstate(invalid="ignore"):
            flat = calls.normalizes & (spread <= self.limit["limit"]) & (before > 1e-3)
        if flat.any():
            flat &= self._has_weight(values)
        single &= calls.batch_norms & np.isfinite(rms)
        lasting = self._lasting.update(values.step, single | flat)
        if values.scalars.get("batch_norm_evaluation") == 1:
            lasting &= ~single
        found = np.flatnonzero(lasting)
        if self._reported or not found.size:
            return []
        self._reported = True
        place, since = int(found[0]), int(self._lasting.since[found].min())
        layers = list(dict.fromkeys(rows[i].module for i in found))
        measured: dict[str, Any] = {"statistic": "rms"}
        if single[place]:
            evidence = f"each pass has one sample, over which {name_layers(layers)} normalize since step {since}"
        else:
            measured = {
                "statistic": "batch_std~", "value": float(spread[place]), "limit": self.limit["limit"],
                "quantity": SPREAD, "usual": float(before[place]), "usual_is": "in front of the layer",
            }  # fmt: skip
            evidence = f"the output of {name_layers(layers)} is its bias for every sample since step {since}"
        return [
            self.finding(
                values.step, "warning" if single[place] else "severe", evidence, since=since, layer=rows[place].module,
                row=rows[place].name, kind="activation", details={"layers": layers}, **measured,
            )
        ]  # fmt: skip

    @staticmethod
    def _has_weight(values: StepValues) -> np.ndarray:
        """Return a mask of the rows whose weight is not 0, which would make any output constant."""
        rows, found = values.rows["activation"], np.full(len(values.rows["activation"]), True)
        if values.has("parameter", "rms"):
            parameters, rms = values.rows["parameter"], values.get("parameter", "rms")
            zero = {row.module for row, size in zip(parameters, rms, strict=True) if row.role == "norm" and size == 0
                    and row.name.endswith("weight")}  # fmt: skip
            found = np.array([row.module not in zero for row in rows], bool)
        return found

    @staticmethod
    def _single(values: StepValues) -> np.ndarray:
        """Return a mask of the rows whose passes have one sample."""
        rows, count = values.rows["activation"], values.get("activation", "count")
        if values.has("activation", "batch_std~"):  # it has no value below two samples
            return np.asarray(np.isnan(values.get("activation", "batch_std~")))
        # A log without it either has one sample per pass, or was written before the kind output.
        is_new = "output" in values.statistics
        return np.asarray(np.full(len(rows), True) if is_new else count == rows.numel)


def _affine(values: StepValues, calls: Calls) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean and the RMS that a batch normalization in training mode gives its output: [rows] each."""
    rows, parameters = calls.rows, values.rows["parameter"]
    mean, rms = values.get("parameter", "mean"), values.get("parameter", "rms")
    bias, size = np.zeros(len(rows)), np.ones(len(rows))
    for i in np.flatnonzero(calls.batch_norms):
        weight, shift = (parameters.place.get(f"{rows[i].module}.{name}") for name in ("weight", "bias"))
        bias[i] = 0.0 if shift is None else mean[shift]
        size[i] = np.hypot(1.0 if weight is None else rms[weight], 0.0 if shift is None else rms[shift])
    return bias, size


RULES = (Evaluation, OneSample)
