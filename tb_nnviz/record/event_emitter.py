"""The events of a closed step, which the writer's thread makes."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from torch import Tensor

from tb_nnviz import schema
from tb_nnviz.record.actions.delivery import Delivery
from tb_nnviz.record.assemble import AssembledStep, assemble
from tb_nnviz.record.collect import scalars
from tb_nnviz.record.measure.host_copy import HostArrays
from tb_nnviz.record.pending_step import MakeEntries, PendingStep
from tb_nnviz.record.window import Window
from tb_nnviz.record.window_norms import WindowNorms
from tb_nnviz.record.write.writer import Entries, Writer
from tb_nnviz.rules.finding import Finding
from tb_nnviz.rules.rule import Rule
from tb_nnviz.rules.runner import RuleRunner
from tb_nnviz.rules.step_values import Rows, StepValues

#: TensorBoard's own histograms are written at every fifth step that has histograms.
STOCK_EVERY = 5


class EventEmitter:
    """The sender of events to the writer. All measurements of a closed step pass through ``submit``.

    Args:
        writer: where the events go.
        window: whether the steps between two events are summarized in the later event, and their gradient norms are
            kept for findings.
        rules: check the logged steps. Their findings are logged at the steps at which they are found.
        delivery: takes the findings, for the terminal and the program. It may hold the user's objects, so that the
            writer's thread, which holds the emitter, must not keep it alive.
    """

    def __init__(self, writer: Writer, window: bool, rules: Sequence[Rule], delivery: Delivery) -> None:
        self._writer, self._rules, self._delivery = writer, RuleRunner(rules), weakref.ref(delivery)
        self._names = {rule.name for rule in rules}
        self._window = Window() if window else None
        self._norms = WindowNorms(writer.write_now) if window else None
        self._rows: dict[str, Rows] = {}
        self._optimizers: list[dict[str, Any]] | None = None  # of the latest document
        self._histogram_steps = 0
        self._is_located = False  # True once the first nonfinite value has a finding that no rule made
        self._last = -1  # the newest step of an event
        self._found: tuple[int, list[Finding]] = -1, []  # the newest step that has findings
        writer.at_end = self._end

    def log(self, step: int, values: dict[str, float | Tensor]) -> None:
        """Submit scalars of the user.

        Args:
            step: the step that they belong to.
            values: as ``scalars.checked`` returns them.
        """
        if not values:
            return
        arrive, window = scalars.send(values), self._window

        def entries() -> list[schema.Entry]:
            found = arrive()
            self._last = max(self._last, step)
            if window is not None and "loss" in found:
                window.loss(step, found["loss"])
            findings = self._report_findings(step, self._rules.update(StepValues(step, logged=found)))
            return [*(schema.scalar(schema.TAG_LOG + name, value) for name, value in found.items()), *findings]

        self._writer.submit(step, time.time(), entries)
        self._expect()

    def submit(self, pending: PendingStep, seconds: float) -> None:
        """Submit a closed step.

        Args:
            pending: the step. Its copy to the host begins here.
            seconds: what the step has cost the training so far.
        """
        plan, arrays, now = pending.plan, cache(pending.copy.start()), time.time()
        events: list[Entries] = [_made_from(arrays, make) for make in pending.events]
        if pending.new_layouts:
            new = pending.new_layouts
            events.append([schema.layout_entry(new[kind]) for kind in (schema.TRACKED, *schema.KINDS) if kind in new])
        if plan.logged or pending.norms is not None:
            stock = plan.histograms and self._histogram_steps % STOCK_EVERY == 0
            self._histogram_steps += plan.histograms
            events.append(lambda: self._finish(pending, assemble(pending, arrays(), stock), seconds, now))
        if events:
            self._writer.submit(plan.step, now, *events)
            self._expect()

    def found(self, step: int, finding: Finding) -> None:
        """Submit a finding of a rule that was not made by it, and wait until it is in the file.

        Nothing is written if the user has switched the rule off.
        """
        if finding.rule not in self._names:
            return

        def entries() -> list[schema.Entry]:
            self._is_located = self._is_located or (finding.severity == "severe" and _is_nonfinite(finding))
            return self._report_findings(step, [finding])

        self._writer.submit(step, time.time(), entries)
        self._writer.flush()

    def notices(self, step: int, notices: list[schema.Notice]) -> None:
        """Submit all notices of the run so far, in an event of their own."""
        self._writer.submit(step, time.time(), [schema.notices_entry(notices)])

    def restart(self) -> None:
        """Forget the steps since the last event, because the run goes on at another step."""

        def entries() -> list[schema.Entry]:
            self._last, self._found = -1, (-1, [])
            if self._window is not None and self._norms is not None:
                self._window.take()
                self._norms.restart()
            return []

        self._writer.submit(0, time.time(), entries)

    def _finish(
        self, pending: PendingStep, step: AssembledStep, seconds: float, wall_time: float
    ) -> list[schema.Entry]:
        """Return the entries of a step together with those that depend on earlier steps. Steps come in order."""
        plan, window, norms, entries = pending.plan, self._window, self._norms, step.entries
        self._last = max(self._last, plan.step)
        if norms is not None:
            norms.wrote(layout for kind, layout in pending.new_layouts.items() if kind == "gradient")
        if plan.logged:
            entries += self._check(pending, step)
        if window is not None and norms is not None:
            if step.gradients is not None:
                window.add(plan.step, step.gradients.finite_norm, step.gradients.nonfinite, step.skipped)
            if plan.statistics and plan.complete:
                entries += window.take()
            if plan.logged:
                norms.restart()
            elif step.rows is not None and step.gradients is not None:
                norms.add(plan.step, wall_time, pending.layouts["gradient"], step.gradients, step.rows, step.skipped)
        if plan.logged:
            entries.append(schema.scalar(schema.TAG_GLOBAL + "overhead_seconds", seconds))
        return entries

    def _check(self, pending: PendingStep, step: AssembledStep) -> list[schema.Entry]:
        """Run the rules on a step, and return their findings as an entry."""
        for kind in step.statistics:
            known = pending.layouts[kind].rows
            if self._rows.get(kind) != known:  # equal rows are the same objects, so this is one pass of `is`
                self._rows[kind] = Rows(known)
        rows = {kind: self._rows[kind] for kind in step.statistics}
        scalars = {**step.scalars, "skipped": float(step.skipped)}
        if step.optimizers is not None:
            self._optimizers = step.optimizers["optimizers"]
        values = StepValues(pending.plan.step, rows, step.statistics, scalars, optimizers=self._optimizers)
        return self._report_findings(values.step, self._unlocated(self._rules.update(values)))

    def _end(self) -> None:
        """Write the findings that only the end of the run shows. The writer's thread calls it last."""
        entries = self._report_findings(self._last, self._unlocated(self._rules.finish()), at_end=True)
        if entries:
            self._writer.write_now(self._last, time.time(), entries)
        if self._norms is not None:
            self._norms.restart()

    def _unlocated(self, findings: list[Finding]) -> list[Finding]:
        """Return findings without those that are the same as the first nonfinite value, or its consequence."""
        return [finding for finding in findings if not (self._is_located and _is_nonfinite(finding))]

    def _report_findings(self, step: int, findings: list[Finding], at_end: bool = False) -> list[schema.Entry]:
        """Report findings, and return them as an entry.

        The entry repeats the earlier findings of the step, because readers take the last event of a step.
        """
        if not findings:
            return []
        if (delivery := self._delivery()) is not None:
            delivery.report(findings, at_end)
        if self._norms is not None and any(one.severity != "notice" for one in findings):
            self._norms.release(step)
        self._last = max(self._last, step)
        self._found = step, [*(self._found[1] if self._found[0] == step else ()), *findings]
        return [schema.findings_entry([finding.document() for finding in self._found[1]])]

    def _expect(self) -> None:
        if (delivery := self._delivery()) is not None:
            delivery.expect()


def _is_nonfinite(finding: Finding) -> bool:
    return finding.rule.startswith("nonfinite/")


def _made_from(arrays: Callable[[], HostArrays], make: MakeEntries) -> Callable[[], list[schema.Entry]]:
    return lambda: make(arrays())
