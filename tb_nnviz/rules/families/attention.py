"""Rules of attention weights and logits."""

from __future__ import annotations

import numpy as np

from tb_nnviz.rules.finding import Finding, name_layers
from tb_nnviz.rules.lasting import Lasting
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: Entropy over that of equal weights, as the mean over all heads of a layer. Single sharp heads are healthy. The bound
#: falls exponentially with the spectral norm of the logits (arXiv 2303.06296 has no fixed limit). ``drop`` is relative
#: to the layer's first value.
COLLAPSE = {"limit": 0.05, "drop": 0.1, "patience": 3.0}
#: Largest absolute logit. QK-Clip rescales queries and keys above 100 (arXiv 2507.20534). ``growth`` is over the first
#: value. Wortsman et al. (arXiv 2309.14322) see logits above 1e4 in runs that diverge.
LOGITS = {"limit": 100.0, "growth": 10.0, "floor": 30.0, "severe": 1e4, "patience": 2.0}


class _Attention(Rule):
    """Report the first layer, in time and then in execution order, in which a limit is crossed lastingly."""

    statistic = ""

    def __init__(self, **limits: float) -> None:
        super().__init__(**limits)
        self._lasting = Lasting(int(self.limit["patience"]))
        self._first = np.zeros(0)
        self._reported = False

    def update(self, values: StepValues) -> list[Finding]:
        rows, found = values.rows["activation"], values.get("activation", self.statistic)
        more = np.full(len(found) - len(self._first), np.nan)
        self._first = np.append(self._first, more)
        self._first = np.where(np.isnan(self._first), found, self._first)
        with np.errstate(invalid="ignore"):
            wrong = self._is_wrong(found)
        lasting = np.flatnonzero(self._lasting.update(values.step, wrong))
        if self._reported or not lasting.size:
            return []
        self._reported = True
        since = self._lasting.since[lasting]
        place = int(lasting[np.argmin(since)])
        layers = list(dict.fromkeys(rows[i].module for i in lasting))
        others = found[np.isfinite(found) & ~wrong]
        value, first = float(found[place]), float(self._first[place])
        limit = self._limit(value, first)
        usual: float | None = float(np.median(others)) if others.size else first
        if not others.size and (first > limit) == (value > limit):  # it was so from the start
            usual = None
        evidence = (
            f"{self._text(value)} at step {values.step}, since step {int(since.min())}, {first:.3g} at first, in "
            f"{name_layers(layers)}"
        )
        return [
            self.finding(
                values.step, self._severity(value), evidence, since=int(since.min()), layer=rows[place].module,
                row=rows[place].name, kind="activation", statistic=self.statistic, value=value, limit=limit,
                usual=usual, usual_is="median of the other layers" if others.size else "at the first logged step",
                details={"layers": layers},
            )
        ]  # fmt: skip

    def _is_wrong(self, found: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _limit(self, value: float, first: float) -> float:
        """Return the limit that a value has crossed, which may be relative to the layer's first value."""
        return self.limit["limit"]

    def _text(self, value: float) -> str:
        raise NotImplementedError

    def _severity(self, value: float) -> str:
        return "warning"


class Collapse(_Attention):
    """Report layers all of whose heads attend to a single key."""

    name = "attention/collapse"
    title = "Attention collapses to single keys"
    statistic = "attention_entropy"
    reads = frozenset({("activation", "count"), ("activation", "attention_entropy")})
    limits = COLLAPSE
    advice = (
        "Divide the logits by the square root of the size of a head.",
        "Normalize queries and keys (QK norm), or bound the logits.",
        "Lower the learning rate, or warm it up for longer.",
    )
    source = "https://arxiv.org/abs/2303.06296"

    def _is_wrong(self, found: np.ndarray) -> np.ndarray:
        fell = found < self.limit["drop"] * self._first
        return np.asarray((found < self.limit["limit"]) & (fell | (self._first < self.limit["limit"])))

    def _text(self, value: float) -> str:
        return f"entropy of {value:.2g} of that of equal weights"


class Logits(_Attention):
    """Report layers whose attention logits are or become large."""

    name = "attention/logits"
    title = "Attention logits are large"
    statistic = "attention_logit"
    reads = frozenset({("activation", "count"), ("activation", "attention_logit")})
    limits = LOGITS
    advice = (
        "Divide the logits by the square root of the size of a head.",
        "Normalize queries and keys (QK norm), or bound the logits.",
        "Lower the learning rate, or use weight decay on the projections of queries and keys.",
    )
    source = "https://arxiv.org/abs/2309.14322"

    def _is_wrong(self, found: np.ndarray) -> np.ndarray:
        grown = (found > self.limit["growth"] * self._first) & (found > self.limit["floor"])
        return np.asarray((found > self.limit["limit"]) | grown)

    def _limit(self, value: float, first: float) -> float:
        if value > self.limit["limit"]:
            return self.limit["limit"]
        return max(self.limit["growth"] * first, self.limit["floor"])

    def _text(self, value: float) -> str:
        return f"largest logit of {value:.3g}"

    def _severity(self, value: float) -> str:
        return "severe" if value > self.limit["severe"] else "warning"


RULES = (Collapse, Logits)
