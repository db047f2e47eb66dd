"""Diagnoses of logged runs, with which the page is compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tb_nnviz.diagnosis.diagnose import Diagnosis
from tb_nnviz.diagnosis.directory import diagnose_directory
from tb_nnviz.rules.finding import Finding
from tb_nnviz.schema import SEVERITIES


@dataclass
class Chain:
    """A cause and what follows from it."""

    run: str
    cause: Finding
    effects: list[Finding]

    @property
    def severity(self) -> str:
        """Return the worst severity of the chain."""
        return min((one.severity for one in [self.cause, *self.effects]), key=SEVERITIES.index)


def diagnoses(logdir: Path, settings: dict[str, dict[str, float] | None] | None = None) -> dict[str, Diagnosis]:
    """Return the diagnosis of each run of a log directory."""
    return {one.run: one for one in diagnose_directory(logdir, settings=settings)}


def chains(diagnosis: Diagnosis) -> list[Chain]:
    """Return the chains of a diagnosis: a cause explains the findings behind it."""
    found: list[Chain] = []
    for finding in diagnosis.findings:
        if finding.cause is None:
            found.append(Chain(diagnosis.run, finding, []))
        else:
            found[-1].effects.append(finding)
    return found


def worst_first(found: dict[str, Diagnosis], runs: list[str]) -> list[Chain]:
    """Return the chains of some runs, by severity and first step. The order within a run stays."""
    every = [chain for run in runs for chain in chains(found[run])]
    ordered: list[Chain] = []
    for severity in SEVERITIES:
        ordered += sorted((one for one in every if one.severity == severity), key=lambda one: one.cause.since)
    return ordered
