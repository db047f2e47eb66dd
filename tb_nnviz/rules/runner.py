"""The runner of a set of rules over the steps of a run."""

from __future__ import annotations

import logging
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.step_values import StepValues

#: Plans that are kept. A run has few, unless the names of its scalars change at each step.
MOST_PLANS = 32

_logger = logging.getLogger("tb_nnviz")


class Unchecked(NamedTuple):
    """A rule that could not be checked, and the reason."""

    rule: str
    reason: str


class _Plan(NamedTuple):
    """The part of the rules in the steps whose values have the same names.

    Attributes:
        rules: the rules to call, in order.
        complete: those that have all that they need.
        missing: what a rule lacks, by rule.
    """

    rules: tuple[Rule, ...]
    complete: frozenset[Rule]
    missing: dict[Rule, str]


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
        self._plans: dict[Hashable, _Plan] = {}  # by the names of a step's values

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
        plan = self._plan(values)
        self._called |= plan.complete
        self._missing.update(plan.missing)
        findings: list[Finding] = []
        # Values may be 0, NaN or Inf, and a program may turn warnings into errors.
        with np.errstate(all="ignore"):
            for rule in plan.rules:
                findings += self._attempt(rule, values)
        return findings

    def _plan(self, values: StepValues) -> _Plan:
        """Return what to do at a step, which depends only on the names of its values."""
        names = (
            tuple((kind, tuple(known)) for kind, known in values.statistics.items()),
            tuple(values.scalars),
            bool(values.logged),
            values.optimizers is None,
            values.skipped,
        )
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            plan = self._plans[names] = _plan(self._rules, values)
        return plan

    def finish(self) -> list[Finding]:
        """Return the findings that only the end of the run shows."""
        with np.errstate(all="ignore"):
            return [finding for rule in list(self._rules) if rule in self._called for finding in self._attempt(rule)]

    def _attempt(self, rule: Rule, values: StepValues | None = None) -> list[Finding]:
        try:
            return rule.finish() if values is None else rule.update(values)
        except Exception as error:
            self._rules.remove(rule)
            self._plans.clear()
            self._failed[rule] = f"the rule failed: {type(error).__name__}: {str(error)[:200]}"
            _logger.warning("rule %s: turned off after an error of tb_nnviz", rule.name, exc_info=True)
            return []

    def _reason(self, rule: Rule) -> str:
        if rule in self._missing:
            return self._missing[rule]
        return "no scalar of the user, such as monitor.log(loss=loss)" if rule.takes_logged else "no logged step"


def _plan(rules: Iterable[Rule], values: StepValues) -> _Plan:
    called, complete, lacking = [], set(), {}
    for rule in rules:
        if values.skipped and not rule.takes_skipped:
            continue
        missing = _missing(rule, values)
        is_logged = rule.takes_logged and bool(values.logged)
        if missing is None or (is_logged and not (rule.reads or rule.scalars)):
            complete.add(rule)
        if missing is None or is_logged or (rule.takes_rates and values.scalars):
            called.append(rule)
        elif values.statistics:
            lacking[rule] = missing
    return _Plan(tuple(called), frozenset(complete), lacking)


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
