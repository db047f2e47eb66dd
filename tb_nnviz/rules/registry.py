"""The registry of all rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tb_nnviz.rules.base import Rule
from tb_nnviz.rules.gradient_norm import GradientNormRule

#: Every rule, one line each.
RULES: tuple[type[Rule], ...] = (
    GradientNormRule,
)  # fmt: skip


def default_rules(settings: Mapping[str, Mapping[str, Any] | None] | None = None) -> list[Rule]:
    """Return a new instance of every rule.

    Args:
        settings: arguments of rules, by the rule's name. None instead of arguments leaves the rule out.

    Raises:
        ValueError: a name in ``settings`` is not that of a rule.

    >>> "gradient_norm" in [rule.name for rule in default_rules()]
    True
    >>> "gradient_norm" in [rule.name for rule in default_rules({"gradient_norm": None})]
    False
    """
    settings = settings or {}
    names = [rule.name for rule in RULES]
    for name in settings:
        if name not in names:
            raise ValueError(f"unknown rule: {name!r} (one of {', '.join(names)})")
    chosen = [(rule, settings.get(rule.name, {})) for rule in RULES]
    return [rule(**arguments) for rule, arguments in chosen if arguments is not None]
