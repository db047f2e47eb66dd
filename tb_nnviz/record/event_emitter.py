"""What becomes of a step that has closed: its event, made on the writer's thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

from tb_nnviz import schema
from tb_nnviz.record.assemble import Finished, finish_step
from tb_nnviz.record.collect import scalars
from tb_nnviz.record.collect.clipping import Clipping
from tb_nnviz.record.collect.dataflow.capture import graph_entry
from tb_nnviz.record.collect.global_norm import GlobalNorm
from tb_nnviz.record.measure.host_copy import HostCopy
from tb_nnviz.record.pending_step import PendingStep, Recorder
from tb_nnviz.record.window import Window
from tb_nnviz.record.write.writer import Writer
from tb_nnviz.rules.base import Rule, StepValues, format_findings
from tb_nnviz.rules.runner import RuleRunner

_logger = logging.getLogger("tb_nnviz")

#: Every how many histogram steps TensorBoard's own histograms are written too.
STOCK_EVERY = 5


class EventEmitter:
    """Hands closed steps over to the writer.

    Args:
        writer: where the events go.
        window: whether steps that are not logged are remembered until the next event.
        rules: check the logged steps. Their findings are logged at the steps at which they are found.
        say: whether findings go to the terminal too.
    """

    def __init__(self, writer: Writer, window: bool, rules: Sequence[Rule], say: bool = True) -> None:
        self._writer, self._rules, self._say = writer, RuleRunner(rules), say
        self._window = Window() if window else None
        self._histogram_steps = 0

    def log(self, step: int, figures: dict[str, float | Tensor], invalid: Callable[[str, object], None]) -> None:
        """Figures of the user's own; ``invalid`` is told of what is none."""
        values, window = scalars.send(figures, invalid), self._window

        def entries() -> list[schema.Entry]:
            found = values()
            if window is not None and "loss" in found:
                window.loss(step, found["loss"])
            return [schema.scalar(schema.TAG_LOG + name, value) for name, value in found.items()]

        self._writer.submit(step, time.time(), entries)

    def graph(self, step: int, document: dict[str, Any]) -> None:
        """The dataflow, once."""
        self._writer.submit(step, time.time(), lambda: [graph_entry(document)])

    def remember(self, step: int, read: GlobalNorm, transfer: HostCopy) -> None:
        """A step that is not logged: nothing is written of it, the window remembers its norm."""
        window = self._window
        if window is None:
            return
        norms = read.send(transfer)
        arrive = transfer.start()

        def entries() -> list[schema.Entry]:
            found = norms(arrive())
            window.add(step, found.gradients.finite_norm, found.gradients.nonfinite, found.skipped)
            return []

        self._writer.submit(step, time.time(), entries)

    def record(self, step: int, recorder: Recorder, read: GlobalNorm, clipping: Clipping, seconds: float) -> None:
        """A logged step; closes the recorder's. ``seconds`` is what the step has cost until now."""
        now, whole, window = time.time(), recorder.is_whole, self._window
        norms = read.send(recorder.transfer) if read else None
        clipped = clipping.send(step, recorder.transfer) if whole and recorder.statistics else None
        measured = recorder.close()
        if measured.unwritten:
            self._writer.submit(step, now, [schema.layout_entry(layout) for layout in measured.unwritten])
        stock = measured.histograms and self._histogram_steps % STOCK_EVERY == 0
        self._histogram_steps += measured.histograms

        def entries() -> list[schema.Entry]:
            finished = finish_step(measured, clipped, norms, stock)
            found = finished.entries + self._judge(measured, finished)
            if window is not None:
                if finished.gradients is not None:
                    window.add(step, finished.gradients.finite_norm, finished.gradients.nonfinite, finished.skipped)
                found += window.take() if measured.statistics and whole else []
            return [*found, schema.scalar(schema.TAG_GLOBAL + "overhead_seconds", seconds)]

        self._writer.submit(step, now, entries)

    def _judge(self, measured: PendingStep, finished: Finished) -> list[schema.Entry]:
        """Run the rules on the writer's thread, report their findings and return them as an entry."""
        rows = {kind: measured.layouts[kind].rows for kind in finished.statistics}
        scalars = {"skipped": float(finished.skipped)}
        findings = self._rules.update(StepValues(measured.step, rows, finished.statistics, scalars))
        for line in format_findings(findings) if self._say else []:
            _logger.warning("%s", line)
        return [schema.findings_entry([finding.document() for finding in findings])] if findings else []
