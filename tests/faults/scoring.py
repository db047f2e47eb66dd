"""Scores of findings against the faults of the suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tests.faults.case import Fault

#: The number of findings of a run that a reader is assumed to look at.
READ = 2


class Alarm(NamedTuple):
    """A finding of any tool, in nnviz's words.

    Args:
        rule: family and name.
        layer: the layer, "" for the whole model.
        since: the step at which it began.
        severity: severe, warning or notice. Tools without severities have warnings only.
    """

    rule: str
    layer: str
    since: int
    severity: str = "warning"


class Score(NamedTuple):
    """The score of one fault.

    Args:
        place: the place of the first finding with a right rule among all, from 0. None if there is none.
        rule: True if a finding with a right rule is among the first two.
        layer: True if one of these names a right layer. None if the fault has no layer.
        step: True if one of these has the right step.
    """

    place: int | None
    rule: bool
    layer: bool | None
    step: bool


def score(fault: Fault, alarms: Sequence[Alarm], every: int) -> Score:
    """Score the findings of a fault's run, in the order in which a tool reports them.

    >>> from tests.faults.case import Case
    >>> twin = Case("mlp/a", None)
    >>> fault = Fault("mlp/dead", None, ("activation/dead",), ("act2",), (50, 50), twin)
    >>> score(fault, [Alarm("loss/spike", "", 50), Alarm("activation/dead", "act2", 55)], every=5)
    Score(place=1, rule=True, layer=True, step=True)
    >>> score(fault, [Alarm("activation/dead", "act3", 60)], every=5)
    Score(place=0, rule=True, layer=False, step=False)
    """
    right = [place for place, alarm in enumerate(alarms) if fault.is_right_rule(alarm.rule)]
    read = [alarms[place] for place in right if place < READ]
    layer = any(fault.is_right_layer(alarm.layer) for alarm in read)
    step = any(fault.is_right_step(alarm.since, every) for alarm in read)
    return Score(right[0] if right else None, bool(read), None if fault.layers is None else layer, step)


@dataclass(frozen=True)
class Summary:
    """The scores of a tool over many runs. Shares are of all faults, also of those that were missed.

    Args:
        faults: the number of faults.
        rule, layer, step: the shares with the right rule, layer and step. Faults without a layer do not count for
            ``layer``. NaN if there is no fault.
        healthy: the number of healthy runs.
        severe_runs: the number of healthy runs with a severe finding.
        severe, warnings: the number of severe findings and of warnings in all healthy runs.
    """

    faults: int
    rule: float
    layer: float
    step: float
    healthy: int
    severe_runs: int
    severe: int
    warnings: int

    @property
    def warnings_per_run(self) -> float:
        """The number of warnings per healthy run, NaN if there is none."""
        return _share(self.warnings, self.healthy)


def summarize(scores: Iterable[Score], healthy: Iterable[Sequence[Alarm]]) -> Summary:
    """Summarize the scores of faults and the findings in healthy runs.

    >>> scores = [Score(0, True, True, False), Score(None, False, None, False)]
    >>> summarize(scores, [[Alarm("loss/spike", "", 3)], []])
    Summary(faults=2, rule=0.5, layer=1.0, step=0.0, healthy=2, severe_runs=0, severe=0, warnings=1)
    """
    scores, healthy = list(scores), list(healthy)
    layers = [one.layer for one in scores if one.layer is not None]
    severe = [sum(alarm.severity == "severe" for alarm in run) for run in healthy]
    return Summary(
        faults=len(scores),
        rule=_share(sum(one.rule for one in scores), len(scores)),
        layer=_share(sum(layers), len(layers)),
        step=_share(sum(one.step for one in scores), len(scores)),
        healthy=len(healthy),
        severe_runs=sum(count > 0 for count in severe),
        severe=sum(severe),
        warnings=sum(alarm.severity == "warning" for run in healthy for alarm in run),
    )


def first_of_each(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Return the earliest alarm of each rule, in the order of their steps.

    A tool that reports per layer is read as one that reports per cause.

    >>> [alarm[:3] for alarm in first_of_each([Alarm("a/b", "fc2", 9), Alarm("a/b", "fc1", 4), Alarm("c/d", "", 0)])]
    [('c/d', '', 0), ('a/b', 'fc1', 4)]
    """
    first: dict[str, Alarm] = {}
    for alarm in sorted(alarms, key=lambda one: one.since):
        first.setdefault(alarm.rule, alarm)
    return list(first.values())


def reasons(fault: Fault, known: Iterable[str], unchecked: Mapping[str, str]) -> str:
    """Return the reason why no right rule reported a fault: unknown, unchecked, or checked without result.

    >>> from tests.faults.case import Case
    >>> fault = Fault("mlp/a", None, ("a/b", "a/c", "a/d"), None, (0, 0), Case("mlp/x", None))
    >>> reasons(fault, ["a/b", "a/c"], {"a/b": "no count"})
    'a/b unchecked: no count; a/c found nothing; a/d is no rule yet'
    """
    known = set(known)
    parts = []
    for rule in fault.rules:
        if rule in unchecked:
            parts.append(f"{rule} unchecked: {unchecked[rule]}")
        elif rule in known or rule.endswith("*"):
            parts.append(f"{rule} found nothing")
        else:
            parts.append(f"{rule} is no rule yet")
    return "; ".join(parts)


def _share(count: int, of: int) -> float:
    return count / of if of else float("nan")
