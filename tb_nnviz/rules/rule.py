"""The interface of a rule."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.step_values import StepValues


class Rule(ABC):
    """A check that follows a run step by step and keeps its state between steps.

    A rule reads numbers and returns findings. It imports numpy and the schema only. It is called at each step that has
    all statistics and scalars that it reads, and does not ask whether they are there.

    Args:
        limits: limits in place of the defaults in ``limits``, by name.

    >>> class Slow(Rule):
    ...     name, title, limits = "example/slow", "The step is slow", {"limit": 1.0}
    ...     scalars = frozenset({"overhead_seconds"})
    ...     advice = ("Log fewer steps.",)
    ...
    ...     def update(self, values):
    ...         seconds, limit = values.scalars["overhead_seconds"], self.limit["limit"]
    ...         if seconds <= limit:
    ...             return []
    ...         evidence = f"{seconds:.3g} s at step {values.step}, above {limit:g}"
    ...         return [self.finding(values.step, "notice", evidence, value=seconds, limit=limit)]
    >>> [str(found) for found in Slow().update(StepValues(3, scalars={"overhead_seconds": 2.5}))]
    ['example/slow: 2.5 s at step 3, above 1']
    """

    #: Family and name.
    name: ClassVar[str]
    #: A short sentence that names the problem.
    title: ClassVar[str]
    #: Kind and statistic of each series that the rule needs.
    reads: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    #: Kind and statistic of each series that the rule reads if the log has it.
    uses: ClassVar[frozenset[tuple[str, str]]] = frozenset()
    #: Scalars that the rule needs, by the rest of their tag. One that ends with a slash is a prefix.
    scalars: ClassVar[frozenset[str]] = frozenset()
    #: True if the rule is also called with what the user logs, in ``StepValues.logged``. Then that may be all there is.
    takes_logged: ClassVar[bool] = False
    #: True if a rule that takes what the user logs is also called with the scalars of steps, such as learning rates.
    takes_rates: ClassVar[bool] = False
    #: True if the rule is also called at steps that a GradScaler skipped. Their gradients overflow by design.
    takes_skipped: ClassVar[bool] = False
    #: True if the rule needs the document of the optimizers.
    takes_optimizers: ClassVar[bool] = False
    #: Default limits by name. The main one is called ``limit``.
    limits: ClassVar[Mapping[str, float]] = {}
    #: Remedies, the most promising first.
    advice: ClassVar[tuple[str, ...]] = ()
    #: The address of the paper or document behind the rule.
    source: ClassVar[str] = ""

    def __init__(self, **limits: float) -> None:
        self.limit = {**self.limits, **limits}

    @abstractmethod
    def update(self, values: StepValues) -> list[Finding]:
        """Return the new findings at a step."""

    def finish(self) -> list[Finding]:
        """Return the findings that only the end of the run shows."""
        return []

    def unchecked(self) -> str | None:
        """Return the reason why the values so far do not suffice to judge, None if they do."""
        return None

    def finding(
        self,
        step: int,
        severity: str,
        evidence: str,
        *,
        since: int | None = None,
        layer: str = "",
        row: str = "",
        kind: str = "",
        statistic: str = "",
        value: float | None = None,
        limit: float | None = None,
        usual: float | None = None,
        title: str | None = None,
        advice: tuple[str, ...] | None = None,
        quantity: str = "",
        usual_is: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Finding:
        """Return a finding of this rule. The other arguments are those of ``Finding``.

        Args:
            quantity: what ``value``, ``limit`` and ``usual`` measure, if it is not ``statistic`` of ``row``.
            usual_is: what ``usual`` is, if it is not the value of healthy layers or earlier steps.
        """
        words = {name: text for name, text in (("quantity", quantity), ("usual_is", usual_is)) if text}
        return Finding(
            rule=self.name,
            severity=severity,
            title=self.title if title is None else title,
            layer=layer,
            row=row,
            kind=kind,
            statistic=statistic,
            since=step if since is None else since,
            step=step,
            value=value,
            limit=limit,
            usual=usual,
            evidence=evidence,
            advice=self.advice if advice is None else advice,
            source=self.source,
            details={**words, **(details or {})},
        )
