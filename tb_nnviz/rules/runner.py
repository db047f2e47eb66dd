"""The runner of a set of rules over the steps of a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import numpy as np

from tb_nnviz.rules.base import Finding, Rule, StepValues

_logger = logging.getLogger("tb_nnviz")


class RuleRunner:
    """A set of rules that are run step by step, each on the statistics that it reads.

    A rule is skipped at a step that lacks one of its statistics. Steps that a GradScaler skipped are not
    checked, because their gradients overflow by design while the scaler searches for its scale. A rule that raises
    is turned off with one warning.

    >>> from tb_nnviz.rules.gradient_norm import GradientNormRule
    >>> runner = RuleRunner([GradientNormRule()])
    >>> sorted(runner.reads)
    [('gradient', 'count'), ('gradient', 'norm')]
    >>> runner.update(StepValues(0, {}, {}, {}))
    []

    Args:
        rules: the rules, in the order in which their findings are returned.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = list(rules)

    @property
    def reads(self) -> frozenset[tuple[str, str]]:
        """Kind and statistic of every series that a rule reads."""
        return frozenset().union(*(rule.reads for rule in self._rules))

    def update(self, values: StepValues) -> list[Finding]:
        """Return the new findings of all rules at a step."""
        if values.scalars.get("skipped"):
            return []
        findings: list[Finding] = []
        for rule in list(self._rules):
            selected = _select(values, rule)
            if selected is None:
                continue
            try:
                findings += rule.update(selected)
            except Exception:
                self._rules.remove(rule)
                _logger.warning("rule %s: turned off after an error of tb_nnviz", rule.name, exc_info=True)
        return findings


def _select(values: StepValues, rule: Rule) -> StepValues | None:
    """Return the part of a step that a rule reads, or None if a statistic is missing."""
    statistics: dict[str, dict[str, np.ndarray]] = {}
    for kind, statistic in rule.reads:
        found = values.statistics.get(kind, {}).get(statistic)
        if found is None:
            return None
        statistics.setdefault(kind, {})[statistic] = found
    rows = {kind: values.rows[kind] for kind in statistics}
    return StepValues(values.step, rows, statistics, values.scalars)
