"""The argument ``on_finding`` of ``watch``: which action belongs to which finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.settings import near
from tb_nnviz.schema import SEVERITIES

#: Actions by name.
ACTIONS = ("log", "warn", "raise", "break")
#: A name, a function that gets the finding, or None for silence in the program.
Action = str | Callable[[Finding], Any] | None


class Choice:
    """The actions by rule, family or severity.

    An entry for the rule comes before one for its family, and that before one for the severity. Without any, the action
    is ``log``.

    >>> choice = Choice({"loss/*": "raise", "loss/plateau": None, "severe": "warn"})
    >>> finding = Finding("loss/spike", "warning", "", "", "", "", "", 0, 0, None, None, None, "", ())
    >>> choice.of(finding)
    'raise'

    Args:
        given: one action for all findings, or a dict of actions by rule, ``family/*`` or severity.

    Raises:
        ValueError: an action, or a name in the dict, is unknown.
    """

    def __init__(self, given: Any) -> None:
        if isinstance(given, Mapping):
            self._default: Action = "log"
            self._actions = {_name(name): _action(f"on_finding[{name!r}]", one) for name, one in given.items()}
        else:
            self._default, self._actions = _action("on_finding", given), {}

    def of(self, finding: Finding) -> Action:
        """Return the action of a finding."""
        for name in (finding.rule, f"{finding.family}/*", finding.severity):
            if name in self._actions:
                return self._actions[name]
        return self._default

    @property
    def interrupts(self) -> bool:
        """True if a finding may stop the program. Then the rules' results are waited for."""
        return any(one in ("raise", "break") for one in (self._default, *self._actions.values()))


def _action(name: str, given: Any) -> Action:
    if not (given is None or callable(given) or (isinstance(given, str) and given in ACTIONS)):
        allowed = ", ".join(f'"{one}"' for one in ACTIONS)
        raise ValueError(f"invalid {name}: {given!r:.80} ({allowed}, a function, None, or a dict of them by rule)")
    action: Action = given
    return action


def _name(name: Any) -> str:
    rules = [rule.name for rule in RULES]
    known = [
        *SEVERITIES,
        *(f"{family}/*" for family in dict.fromkeys(rule.partition("/")[0] for rule in rules)),
        *rules,
    ]
    if name not in known:
        raise ValueError(f"unknown rule or severity in on_finding: {name!r:.80} ({near(str(name), known)})")
    return str(name)
