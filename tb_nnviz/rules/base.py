"""The interface of a rule: the values that it reads and the findings that it returns."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np

from tb_nnviz.schema import Row

#: Most findings per label and step that the terminal lists. The rest are counted, since often all layers fail.
MOST_LISTED = 3


@dataclass(frozen=True)
class StepValues:
    """The values of one logged step.

    Args:
        step: the optimizer step.
        rows: the rows of each kind, one per entry of its statistics.
        statistics: float64 [rows] by kind and statistic. An absent row has count 0.
        scalars: values of the whole step by the last part of their tag, such as ``learning_rate/0``.

    >>> row = Row("fc.weight", "fc", 0, "Linear", (2,), 2, "float32", "weight", True)
    >>> absent = Row("fc.bias", "fc", 0, "Linear", (1,), 1, "float32", "bias", True)
    >>> statistics = {"count": np.array([2.0, 0.0]), "norm": np.array([0.5, np.nan])}
    >>> values = StepValues(0, {"gradient": [row, absent]}, {"gradient": statistics}, {})
    >>> [(row.name, norm) for row, norm in values.present("gradient", "norm")]
    [('fc.weight', 0.5)]
    """

    step: int
    rows: Mapping[str, Sequence[Row]]
    statistics: Mapping[str, Mapping[str, np.ndarray]]
    scalars: Mapping[str, float]

    def present(self, kind: str, statistic: str) -> list[tuple[Row, float]]:
        """Return each row that is present at this step, with its value.

        A rule that calls this must also list the statistic ``count`` of the kind in ``reads``.
        """
        found = self.statistics[kind]
        present = found["count"] > 0
        rows = (row for row, is_present in zip(self.rows[kind], present.tolist(), strict=True) if is_present)
        return list(zip(rows, found[statistic][present].tolist(), strict=True))


@dataclass(frozen=True)
class Finding:
    """A problem in one layer, as it is logged.

    Args:
        rule: family and name, such as ``gradient_norm/vanishing``.
        severity: one of ``schema.SEVERITIES``.
        title: a short sentence that names the problem.
        kind, statistic, row: the series that shows the problem best.
        layer: the module that owns the row.
        depth: position of the layer in order of execution, None if it was never called.
        since: the step since which the problem has held without a break.
        step: the step at which the rule reported it.
        value: the layer's value at ``step``.
        evidence: one sentence with numbers.
        advice: remedies to try.
        label: a noun phrase for the terminal, such as "vanishing gradient". It is not logged.

    >>> finding = Finding(
    ...     "gradient_norm/exploding", "warning", "Gradient explodes", "gradient", "norm", "fc.weight", "fc", 3, 4, 8,
    ...     250.0, "norm 250 at step 8", "Clip the gradients.", "exploding gradient",
    ... )
    >>> str(finding)
    'exploding gradient in fc since step 4: norm 250 at step 8'
    >>> finding.document()["rule"]
    'gradient_norm/exploding'
    """

    rule: str
    severity: str
    title: str
    kind: str
    statistic: str
    row: str
    layer: str
    depth: int | None
    since: int
    step: int
    value: float
    evidence: str
    advice: str
    label: str

    def document(self) -> dict[str, Any]:
        """Return the JSON object that is logged, in the order of the fields."""
        document = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "label"}
        if not math.isfinite(self.value):
            document["value"] = None  # JSON has no NaN
        return document

    def __str__(self) -> str:
        since = "" if self.since == self.step else f" since step {self.since}"
        return f"{self.label} in {self.layer}{since}: {self.statistic} {self.value:.3g} at step {self.step}"


class Rule(ABC):
    """A check that follows a run step by step and keeps its state between steps.

    A rule reads numbers and returns findings. It imports numpy and the schema only.
    """

    #: The name under which ``watch`` and the registry know the rule.
    name: ClassVar[str]
    #: Kind and statistic of each series that the rule reads.
    reads: ClassVar[frozenset[tuple[str, str]]]

    @abstractmethod
    def update(self, values: StepValues) -> list[Finding]:
        """Return the new findings at a step.

        Args:
            values: the statistics that the rule reads, with their rows, and all scalars of the step.
        """


def layer_name(row: Row) -> str:
    """Return the layer that owns a row, or "the model" for a parameter of the model itself."""
    return row.module or "the model"


def format_findings(findings: Iterable[Finding]) -> list[str]:
    """Return the lines that the terminal shows for one step: a few layers per label, and how many more there are."""
    by_label: dict[str, list[Finding]] = {}
    for finding in findings:
        by_label.setdefault(finding.label, []).append(finding)
    lines = []
    for label, found in by_label.items():
        lines += [str(finding) for finding in found[:MOST_LISTED]]
        if more := len(found[MOST_LISTED:]):
            lines.append(f"and {more} more layer{'s' if more > 1 else ''}: {label}")
    return lines
