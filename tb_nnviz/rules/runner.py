"""The runner of a set of rules over the steps of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

_logger = logging.getLogger("tb_nnviz")


class Unchecked(NamedTuple):
    """A rule that could not be checked, and the reason."""

    rule: str
    reason: str


class RuleRunner:
    """A set of rules that are run step by step.

    A rule is called at the steps that have all that it reads. Steps that a GradScaler skipped are left out unless the
    rule takes them. A rule that raises is turned off with one warning.

    >>> from tb_nnviz.rules.settings import make_rules
    >>> runner = RuleRunner(make_rules())
    >>> runner.update(StepValues(0, logged={"loss": float("nan")}))[0].rule
    'loss/nonfinite'
    >>> "loss/nonfinite" in runner.checked, "gradient/zero" in runner.checked
    (True, False)

    Args:
        rules: the rules, in the order in which their findings are returned.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)
        self._all = list(self._rules)
        self._called: set[Rule] = set()
        self._failed: dict[Rule, str] = {}
        self._missing: dict[Rule, str] = {}

    @property
    def reads(self) -> frozenset[tuple[str, str]]:
        """Kind and statistic of every series that a rule reads."""
        return frozenset().union(*(rule.reads | rule.uses for rule in self._rules))

    @property
    def checked(self) -> list[str]:
        """The names of the rules that had all that they need."""
        lacking = {one.rule for one in self.unchecked}
        return [rule.name for rule in self._all if rule.name not in lacking]

    @property
    def unchecked(self) -> list[Unchecked]:
        """The rules that could not be checked so far, with the reasons."""
        found = []
        for rule in self._all:
            reason = self._failed.get(rule) or (rule.unchecked() if rule in self._called else self._reason(rule))
            if reason is not None:
                found.append(Unchecked(rule.name, reason))
        return found

    def update(self, values: StepValues) -> list[Finding]:
        """Return the new findings of all rules at a step."""
        findings: list[Finding] = []
        for rule in list(self._rules):
            if values.skipped and not rule.takes_skipped:
                continue
            missing = _missing(rule, values)
            is_logged = rule.takes_logged and bool(values.logged)
            if missing is None or (is_logged and not (rule.reads or rule.scalars)):
                self._called.add(rule)
            if missing is None or is_logged or (rule.takes_rates and values.scalars):
                findings += self._attempt(rule, values)
            elif values.statistics:
                self._missing[rule] = missing
        return findings

    def finish(self) -> list[Finding]:
        """Return the findings that only the end of the run shows."""
        return [finding for rule in list(self._rules) if rule in self._called for finding in self._attempt(rule)]

    def _attempt(self, rule: Rule, values: StepValues | None = None) -> list[Finding]:
        try:
            with np.errstate(all="ignore"):  # values may be 0, NaN or Inf, and a program may turn warnings into errors
                return rule.finish() if values is None else rule.update(values)
        except Exception as error:
            self._rules.remove(rule)
            self._failed[rule] = f"the rule failed: {type(error).__name__}: {str(error)[:200]}"
            _logger.warning("rule %s: turned off after an error of tb_nnviz", rule.name, exc_info=True)
            return []

    def _reason(self, rule: Rule) -> str:
        if rule in self._missing:
            return self._missing[rule]
        return "no scalar of the user, such as monitor.log(loss=loss)" if rule.takes_logged else "no logged step"


def _missing(rule: Rule, values: StepValues) -> str | None:
    """Return what a rule reads and a step lacks, None if it has all. A rule of the user's scalars alone lacks those."""
    for kind, statistic in sorted(rule.reads):
        if not values.has(kind, statistic):
            return f"no statistic {kind}/{statistic} in the log"
    for name in sorted(rule.scalars):
        if not any(one == name or (name.endswith("/") and one.startswith(name)) for one in values.scalars):
            return f"no scalar nnviz/global/{name} in the log"
    if rule.takes_optimizers and values.optimizers is None:
        return "no options of the optimizers in the log"
    if rule.takes_logged and not (rule.reads or rule.scalars):
        return "no scalar of the user, such as monitor.log(loss=loss)"
    return None
