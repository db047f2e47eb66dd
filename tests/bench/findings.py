"""Findings of faults and of healthy runs, compared with other tools' thresholds: ``./dev bench findings``.

All cases of ``tests/faults`` are trained under ``watch``. Their logs are kept in ``build/findings`` by a checksum of
the code that writes them, so that rules can be judged again within a minute. The rules judge the logs as ``tb-nnviz
check`` does. A third of the cases is held out: nobody tunes a rule to them, and they are reported apart.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import torch

from tb_nnviz.diagnosis.diagnose import Diagnosis, diagnose
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.rules.registry import RULES
from tests.bench.published import deepchecker, sagemaker, torchmortem
from tests.bench.published.history import History, read
from tests.faults.case import Case, Fault
from tests.faults.catalog import FAULTS, HEALTHY, TWINS
from tests.faults.logs import FOLDER, Log, log_of
from tests.faults.scoring import READ, Alarm, Score, Summary, first_of_each, reasons, score, summarize

OWN = "nnviz"
#: The beginning of the reason why a rule was not checked if it raised.
FAILED = "the rule failed"
#: Other tools by name: their rules, each a function from a run to alarms.
PUBLISHED: Mapping[str, Sequence[Callable[[History], list[Alarm]]]] = {
    "SageMaker Debugger": sagemaker.RULES,
    "TheDeepChecker": deepchecker.RULES,
    "torchmortem": torchmortem.RULES,
}


@dataclasses.dataclass
class Judged:
    """A case with what each tool says about its log.

    Args:
        case: the case.
        log: its log.
        diagnosis: nnviz's.
        alarms: by tool, in the order in which the tool reports them.
    """

    case: Case
    log: Log
    diagnosis: Diagnosis
    alarms: Mapping[str, Sequence[Alarm]]

    def score(self, tool: str) -> Score:
        """Return the score of a tool on a fault."""
        assert isinstance(self.case, Fault)
        return score(self.case, self.alarms[tool], self.log.every)


def judge(case: Case, folder: Path, is_stale_allowed: bool = False, burst: int = 0, others: bool = True) -> Judged:
    """Train a case if there is no log of it, and judge the log by all tools."""
    log = log_of(case, folder, is_stale_allowed, burst)
    diagnosis = diagnose(EventFileReader(log.folder), ".")
    alarms = {OWN: [Alarm(one.rule, one.layer, one.since, one.severity) for one in diagnosis.findings]}
    if others:
        history = read(log.folder)
        for tool, rules in PUBLISHED.items():
            alarms[tool] = first_of_each(alarm for rule in rules for alarm in attempt(rule, history))
    return Judged(case, log, diagnosis, alarms)


def attempt(rule: Callable[[History], list[Alarm]], history: History) -> list[Alarm]:
    """Return the alarms of a rule, none if the run lacks what it reads."""
    try:
        return rule(history)
    except KeyError:
        return []


def summaries(judged: Sequence[Judged], tool: str, held_out: bool | None = None) -> Summary:
    """Summarize a tool over the faults and the healthy runs, of which twins are part.

    Args:
        judged: all cases.
        tool: the tool.
        held_out: only those that are held out, or only the others. None: all.
    """
    chosen = [one for one in judged if held_out is None or one.case.is_held_out == held_out]
    faults = [one for one in chosen if isinstance(one.case, Fault)]
    healthy = [one for one in chosen if not isinstance(one.case, Fault)]
    return summarize((one.score(tool) for one in faults), (one.alarms[tool] for one in healthy))


def table(judged: Sequence[Judged]) -> str:
    """Return the table of all tools."""
    lines = [
        "| | faults | right rule | right layer | right step | healthy runs | with a severe one | severe per run "
        "| warnings per run |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    parts = [(OWN, None), (f"{OWN}, held out", True), (f"{OWN}, the rest", False)]
    rows = [(name, summaries(judged, OWN, held_out)) for name, held_out in parts]
    rows += [(tool, summaries(judged, tool)) for tool in PUBLISHED if all(tool in one.alarms for one in judged)]
    for name, one in rows:
        shares = " | ".join(percent(value) for value in (one.rule, one.layer, one.step))
        severe = number(one.severe / one.healthy if one.healthy else math.nan)
        lines.append(
            f"| {name} | {one.faults} | {shares} | {one.healthy} | {one.severe_runs} | {severe} "
            f"| {number(one.warnings_per_run)} |"
        )
    return "\n".join(lines)


def percent(value: float) -> str:
    """Return a share as a percentage."""
    return "" if math.isnan(value) else f"{100 * value:.0f} %"


def number(value: float) -> str:
    """Return a number with two digits."""
    return "" if math.isnan(value) else f"{value:.2f}"


def fault_line(one: Judged) -> str:
    """Return the line of a fault: what is right, and the first findings."""
    fault, result = one.case, one.score(OWN)
    assert isinstance(fault, Fault)
    marks = "".join(
        "-" if right is None else letter if right else "."
        for letter, right in zip("RLS", (result.rule, result.layer, result.step), strict=True)
    )
    begins = f"{fault.begins[0]}" if fault.begins[0] == fault.begins[1] else f"{fault.begins[0]} to {fault.begins[1]}"
    where = "" if fault.layers is None else " in " + " ".join(layer or "<model>" for layer in fault.layers)
    line = f"{marks} {'*' if fault.is_held_out else ' '}{fault.name}: {' '.join(fault.rules)}{where} since {begins}\n"
    for place, alarm in enumerate(one.alarms[OWN][: max(READ, (result.place or 0) + 1)]):
        line += f"        {place + 1}. {describe(alarm)}\n"
    if result.place is None:
        unchecked = dict(one.diagnosis.unchecked)
        line += f"        missed: {reasons(fault, (rule.name for rule in RULES), unchecked)}\n"
    return line


def healthy_line(one: Judged) -> str:
    """Return the line of a healthy run, with the evidence of each finding."""
    line = f"    {'*' if one.case.is_held_out else ' '}{one.case.name}: {len(one.alarms[OWN]) or 'no'} findings\n"
    for finding in one.diagnosis.findings:
        line += f"        {finding.severity} {finding}\n"
    return line


def describe(alarm: Alarm) -> str:
    """Return an alarm as text."""
    return f"{alarm.rule} ({alarm.severity}) in {alarm.layer or '<model>'} since {alarm.since}"


def document(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return all results as a JSON object."""
    tools = [OWN, *(tool for tool in PUBLISHED if all(tool in one.alarms for one in judged))]
    return {
        "version": 1,
        "summaries": {
            tool: {name: dataclasses.asdict(summaries(judged, tool, held_out)) for name, held_out in
                   (("all", None), ("held out", True), ("rest", False))}
            for tool in tools
        },
        "cases": [
            {
                "name": one.case.name,
                "mechanism": one.case.mechanism,
                "is_fault": isinstance(one.case, Fault),
                "is_held_out": one.case.is_held_out,
                "seconds": one.log.seconds,
                **({"rules": one.case.rules, "layers": one.case.layers, "begins": one.case.begins,
                    "scores": {tool: one.score(tool)._asdict() for tool in tools}}
                   if isinstance(one.case, Fault) else {}),
                "alarms": {tool: [alarm._asdict() for alarm in one.alarms[tool]] for tool in tools},
                "findings": [finding.document() for finding in one.diagnosis.findings],
                "unchecked": [reason._asdict() for reason in one.diagnosis.unchecked],
            }
            for one in judged
        ],
    }  # fmt: skip


def cases(only: Sequence[str]) -> list[Case]:
    """Return all cases, each once, or those with a name that one of some patterns matches, and the twins of faults.

    Raises:
        ValueError: a pattern matches no case.
    """
    every = {case.name: case for case in (*FAULTS, *TWINS, *HEALTHY)}
    if not only:
        return list(every.values())
    for pattern in only:
        if not any(fnmatchcase(name, pattern) for name in every):
            raise ValueError(f"unknown case: {pattern!r} (one of {', '.join(sorted(every))}, or a pattern of these)")
    chosen = [case for name, case in every.items() if any(fnmatchcase(name, pattern) for pattern in only)]
    return list(
        {case.name: case for one in chosen for case in (one, *([one.twin] if isinstance(one, Fault) else []))}.values()
    )


def report(judged: Sequence[Judged], misses_only: bool) -> Iterable[str]:
    """Yield the parts of the report."""
    faults = [one for one in judged if isinstance(one.case, Fault)]
    healthy = [one for one in judged if not isinstance(one.case, Fault)]
    yield "Faults (R: right rule among the first two, L: right layer, S: right step, *: held out)\n"
    yield "".join(fault_line(one) for one in faults if not (misses_only and is_right(one.score(OWN))))
    yield "Healthy runs (*: held out)\n"
    yield "".join(healthy_line(one) for one in healthy if not misses_only or is_blamed(one))
    failed = failures(judged)
    if failed:
        yield "Rules that raised\n"
        yield "".join(f"    {line}\n" for line in failed)
    yield table(judged)


def failures(judged: Iterable[Judged]) -> list[str]:
    """Return a line per rule and case that the runner turned off because the rule raised."""
    return [
        f"{rule} on {one.case.name}: {reason}"
        for one in judged
        for rule, reason in one.diagnosis.unchecked
        if reason.startswith(FAILED)
    ]


def is_right(result: Score) -> bool:
    """Return True if rule, layer and step are right."""
    return result.rule and result.layer is not False and result.step


def is_blamed(one: Judged) -> bool:
    """Return True if nnviz warns of a case."""
    return any(alarm.severity != "notice" for alarm in one.alarms[OWN])


def main() -> None:
    """Train, judge and report as the command line asks."""
    parser = argparse.ArgumentParser(prog="./dev bench findings", description=__doc__)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="names or patterns of cases")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to a file, too")
    parser.add_argument("--misses", action="store_true", help="show only what is wrong")
    parser.add_argument("--stale", action="store_true", help="judge logs of other versions of nnviz, too")
    parser.add_argument("--burst", type=int, default=0, help="steps logged one by one after a finding (0)")
    parser.add_argument("--logs", type=Path, default=FOLDER, help="directory of the logs (build/findings)")
    options = parser.parse_args()
    try:
        chosen = cases(options.only)
    except ValueError as error:
        parser.error(str(error))
    # Trainings are small, and threads would disturb each other.
    torch.set_num_threads(1)
    started, judged = time.perf_counter(), []
    for i, case in enumerate(chosen, 1):
        judged.append(judge(case, options.logs, options.stale, options.burst))
        if sys.stderr.isatty():
            print(f"\r{i} of {len(chosen)}: {case.name:40}", end="", file=sys.stderr, flush=True)
    trained = sum(one.log.seconds for one in judged)
    seconds = time.perf_counter() - started
    for part in report(judged, options.misses):
        print(part)
    longest = max(one.log.seconds for one in judged)
    print(f"\n{len(judged)} runs in {seconds:.0f} s. Training them took {trained:.0f} s, the longest {longest:.1f} s.")
    if options.json:
        options.json.write_text(json.dumps(document(judged), indent=1) + "\n")


if __name__ == "__main__":
    main()
