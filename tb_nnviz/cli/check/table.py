"""The table of ``tb-nnviz check``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tb_nnviz.diagnosis.diagnose import NOT_CHECKABLE, NOTHING_FOUND, Diagnosis
from tb_nnviz.rules.finding import Finding

_STYLES = {"severe": "bold red", "warning": "yellow", "notice": "cyan", NOTHING_FOUND: "green", NOT_CHECKABLE: "dim"}
#: Before a finding that one above it explains.
_EFFECT = "\u2514 "


def print_diagnoses(diagnoses: Sequence[Diagnosis], console: Console | None = None) -> None:
    """Print the findings of all runs, the worst run first, then remedies, and what was checked.

    Args:
        diagnoses: the diagnoses, the worst first.
        console: where to print, by default the standard output.
    """
    console = Console(highlight=False) if console is None else console
    console.print(_findings(diagnoses))
    for title, advice in _remedies(diagnoses):
        console.print(f"\n[bold]{escape(title)}[/bold]")
        for place, remedy in enumerate(advice, 1):
            console.print(f"  {place}. {escape(remedy)}")
    console.print()
    for line in _checks(diagnoses):
        console.print(line, markup=False, soft_wrap=True)


def _findings(diagnoses: Sequence[Diagnosis]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("run", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    table.add_column("since", no_wrap=True, justify="right")
    table.add_column("finding", overflow="fold", ratio=1)
    for diagnosis in diagnoses:
        verdict = f"[{_STYLES[diagnosis.verdict]}]{diagnosis.verdict}[/]"
        if not diagnosis.findings:
            table.add_row(escape(diagnosis.run), verdict, "", f"[dim]{_count(diagnosis)} checked[/]")
        for place, finding in enumerate(diagnosis.findings):
            text = _describe(finding, diagnosis.reference_values[place])
            name = escape(diagnosis.run) if place == 0 else ""
            table.add_row(name, "" if place else verdict, str(finding.since), text)
    return table


def _describe(finding: Finding, reference: float | None) -> str:
    """Return rule and layer on one line, and the evidence below them."""
    where = f" in {escape(finding.layer)}" if finding.layer else ""
    evidence = escape(finding.evidence) + ("" if reference is None else f" (reference run: {reference:.3g})")
    style = _STYLES[finding.severity]
    return f"{'' if finding.cause is None else _EFFECT}[{style}]{escape(finding.rule)}[/]{where}\n[dim]{evidence}[/]"


def _remedies(diagnoses: Iterable[Diagnosis]) -> Iterable[tuple[str, Sequence[str]]]:
    """Return the title and the advice of each cause, once."""
    causes: dict[str, Finding] = {}
    for diagnosis in diagnoses:
        for finding in diagnosis.findings:
            if finding.cause is None and finding.severity != "notice":
                causes.setdefault(finding.rule, finding)
    return [(f"{one.title} ({rule})", one.advice) for rule, one in causes.items()]


def _checks(diagnoses: Sequence[Diagnosis]) -> Iterable[str]:
    """Return lines about what was checked, and what could not be, with the reasons."""
    counts = sorted({len(one.checked) for one in diagnoses})
    spread = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    families = _by_family(rule for one in diagnoses for rule in one.checked)
    names = f": {families}" if families else ""
    yield f"checked: {spread} rules in {len(diagnoses)} run{'s' if len(diagnoses) > 1 else ''}{names}"
    reasons: dict[str, dict[str, set[str]]] = {}
    for diagnosis in diagnoses:
        for rule, reason in diagnosis.unchecked:
            reasons.setdefault(reason, {}).setdefault(rule, set()).add(diagnosis.run)
    for reason, rules in reasons.items():
        runs = len(set().union(*rules.values()))
        where = "" if runs == len(diagnoses) else f" (in {runs} of {len(diagnoses)} runs)"
        yield f"not checked{where}: {', '.join(rules)}: {reason}"
    for diagnosis in diagnoses:
        for item in diagnosis.missing:
            yield f"not read: {diagnosis.run}: {item.reason}"


def _count(diagnosis: Diagnosis) -> str:
    count = len(diagnosis.checked)
    return f"{count} rule{'' if count == 1 else 's'}"


def _by_family(rules: Iterable[str]) -> str:
    """Return the names of rules by family.

    >>> _by_family(["loss/spike", "input/scale", "loss/stuck", "loss/spike"])
    'loss (spike, stuck), input (scale)'
    """
    families: dict[str, dict[str, None]] = {}
    for rule in rules:
        family, _, name = rule.partition("/")
        families.setdefault(family, {})[name] = None
    return ", ".join(f"{family} ({', '.join(names)})" for family, names in families.items())
