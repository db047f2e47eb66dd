"""Findings: what a rule reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

#: Most layers of one finding that a sentence lists.
MOST_NAMED = 3


@dataclass(frozen=True)
class Finding:
    """A problem of a run: one cause, with the layer in which it shows first.

    Args:
        rule: family and name, such as ``gradient/vanishing``.
        severity: one of ``schema.SEVERITIES``.
        title: a short sentence that names the problem.
        layer: the module in which it shows first, "" if it concerns the whole model.
        row, kind, statistic: the series that shows the problem best, "" if none does.
        since: the first step at which it held.
        step: the step at which the rule reported it.
        value: the value at ``step``.
        limit: the threshold that the value has crossed.
        usual: the value that healthy layers or earlier steps have, None if it is unknown.
        evidence: one sentence with numbers.
        advice: remedies to try, the most promising first.
        explains: the rules of the run's findings that this one has caused.
        source: the address of the paper or document behind the rule.
        details: further values by name, for programs.
        cause: the place of the finding that explains it, among the findings of its diagnosis. None if none does, and
            outside of a diagnosis.

    >>> finding = Finding(
    ...     "gradient/exploding", "warning", "Gradient explodes", layer="fc", row="fc.weight", kind="gradient",
    ...     statistic="norm", since=4, step=8, value=250.0, limit=20.0, usual=2.0,
    ...     evidence="norm 250 at step 8, 125 times the median of the steps before", advice=("Clip the gradients.",),
    ... )
    >>> str(finding)
    'gradient/exploding in fc since step 4: norm 250 at step 8, 125 times the median of the steps before'
    >>> finding.document()["advice"]
    ['Clip the gradients.']
    """

    rule: str
    severity: str
    title: str
    layer: str
    row: str
    kind: str
    statistic: str
    since: int
    step: int
    value: float | None
    limit: float | None
    usual: float | None
    evidence: str
    advice: tuple[str, ...]
    explains: tuple[str, ...] = ()
    source: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    cause: int | None = None

    @property
    def family(self) -> str:
        """The part of the rule's name before the slash."""
        return self.rule.partition("/")[0]

    def document(self) -> dict[str, Any]:
        """Return the JSON object that is logged, in the order of the fields.

        It lacks ``cause``, which only all findings of a run show.
        """
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self) if one.name != "cause"}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Finding:
        """Return the finding of a decoded document, which may have more keys."""
        known = {one.name: document[one.name] for one in fields(cls) if one.name != "cause"}
        return cls(**{**known, "advice": tuple(known["advice"]), "explains": tuple(known["explains"])})

    def __str__(self) -> str:
        where = f" in {self.layer}" if self.layer else ""
        since = "" if self.since == self.step else f" since step {self.since}"
        return f"{self.rule}{where}{since}: {self.evidence}"


class FindingError(RuntimeError):
    """A finding whose action is ``raise``.

    Attributes:
        finding: the finding.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding

    def __reduce__(self) -> tuple[Any, ...]:
        return FindingError, (self.finding,)


class FindingWarning(UserWarning):
    """A finding whose action is ``warn``."""


def name_layers(layers: Iterable[str]) -> str:
    """Name a few layers, and how many more there are.

    >>> name_layers(["a"]), name_layers("abcde")
    ('a', 'a, b, c and 2 more')
    """
    names = [name or "the model" for name in layers]
    more = len(names) - MOST_NAMED
    if more <= 0:
        return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else "".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {more} more"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: without tuples, numpy's types, NaN and infinities."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
