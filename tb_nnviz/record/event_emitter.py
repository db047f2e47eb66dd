"""What becomes of a step that has closed: its event, made on the writer's thread."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
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
from tb_nnviz.rules.gradient_norm import Finding, GradientNormRule

_logger = logging.getLogger("tb_nnviz")

#: Every how many histogram steps TensorBoard's own histograms are written too.
STOCK_EVERY = 5
#: Layers with one kind of trouble that are named at a step; the others are counted: networks die as a whole.
MOST_NAMED = 3


class EventEmitter:
    """Hands closed steps over to the writer.

    Args:
        writer: where the events go.
        window: whether steps that are not logged are remembered until the next event.
        rule: what judges the gradients of logged steps; its findings are logged at the steps where they are found.
        say: whether findings go to the terminal too.
    """

    def __init__(self, writer: Writer, window: bool, rule: GradientNormRule | None, say: bool = True) -> None:
        self._writer, self._rule, self._say = writer, rule, say
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
        """Say what the rule finds, and give it as an entry; on the writer's thread."""
        if self._rule is None or "gradient" not in finished.statistics or finished.skipped:
            return []  # a GradScaler that looks for its scale is no trouble
        gradient = finished.statistics["gradient"]
        present = gradient["count"] > 0
        rows = [row for row, there in zip(measured.layouts["gradient"].rows, present, strict=True) if there]
        findings = self._rule.update(measured.step, rows, gradient["norm"][present])
        for line in format_findings(findings) if self._say else []:
            _logger.warning("%s", line)
        return [schema.findings_entry([finding.document() for finding in findings])] if findings else []


def format_findings(findings: Iterable[Finding]) -> list[str]:
    """What is said of one step's findings: of each kind of trouble a few layers, and how many more there are.

    >>> format_findings([Finding("vanishing", f"layer{i}", 0, 2, 1e-9) for i in range(4)])[2:]
    ['vanishing gradient in layer2 since step 0: norm 1e-09 at step 2', 'and 1 more layer: vanishing gradient']
    """
    troubles: dict[str, list[Finding]] = {}
    for finding in findings:
        troubles.setdefault(finding.trouble, []).append(finding)
    lines = []
    for trouble, found in troubles.items():
        lines += [str(finding) for finding in found[:MOST_NAMED]]
        if more := len(found[MOST_NAMED:]):
            lines.append(f"and {more} more layer{'s' if more > 1 else ''}: {trouble} gradient")
    return lines
