"""The settings of rules: which are off, and which limits differ from the defaults."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any

from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.rule import Rule

#: None switches a rule off. A mapping sets some of its limits.
Settings = Mapping[str, Mapping[str, float] | None]


def make_rules(settings: Settings | None = None) -> list[Rule]:
    """Return a new instance of every rule that is not switched off.

    Args:
        settings: by the rule's name, by family as ``family/*``, or for all as ``*``, limits by name, or None to switch
            the rule off. Later entries come before earlier ones.

    Raises:
        ValueError: a name of a rule or limit is unknown, or a limit is not a finite number. The message lists near
            names.

    >>> names = [rule.name for rule in make_rules({"loss/nonfinite": None})]
    >>> "loss/nonfinite" in names, len(names) == len(RULES) - 1
    (False, True)
    """
    chosen = checked(settings)
    return [rule(**(chosen.get(rule.name) or {})) for rule in RULES if chosen.get(rule.name, {}) is not None]


def checked(settings: Any) -> dict[str, dict[str, float] | None]:
    """Return the settings of single rules. The arguments and errors are those of ``make_rules``."""
    if settings is None:
        return {}
    if not isinstance(settings, Mapping):
        raise TypeError(f"invalid rules: {settings!r:.80} (a dict by rule, such as {{'loss/plateau': None}})")
    result: dict[str, dict[str, float] | None] = {}
    for pattern, limits in settings.items():
        for rule in named(pattern):
            result[rule.name] = None if limits is None else _limits(rule, limits)
    return result


def named(pattern: Any) -> list[type[Rule]]:
    """Return the rules with a name, those of a family for ``family/*``, or all for ``*``."""
    if pattern == "*":
        return list(RULES)
    family = pattern[:-1] if isinstance(pattern, str) and pattern.endswith("/*") else None
    found = [rule for rule in RULES if rule.name == pattern or (family and rule.name.startswith(family))]
    if not found:
        names = [rule.name for rule in RULES]
        raise ValueError(f"unknown rule: {pattern!r:.80} ({near(str(pattern), names)})")
    return found


def near(name: str, names: Iterable[str]) -> str:
    """Return the known names that are most like an unknown one, for an error message.

    >>> near("loss/nan", ["loss/nonfinite", "loss/spike", "gradient/zero"])
    'near: loss/nonfinite, loss/spike'
    """
    known = list(names)
    found = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"near: {', '.join(found)}" if found else f"one of {', '.join(known)}"


def _limits(rule: type[Rule], limits: Any) -> dict[str, float]:
    if not isinstance(limits, Mapping):
        raise TypeError(f"invalid limits of {rule.name}: {limits!r:.80} (a dict of limits by name, or None)")
    for name, value in limits.items():
        if name not in rule.limits:
            known = near(str(name), rule.limits) if rule.limits else "it has no limits"
            raise ValueError(f"unknown limit of {rule.name}: {name!r:.80} ({known})")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"invalid limit of {rule.name}: {name}={value!r:.80} (a finite number)")
    return dict(limits)
