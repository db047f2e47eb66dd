"""The delivery of findings to the program."""

from __future__ import annotations

import logging
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable

from tb_nnviz.record.actions.choice import Choice
from tb_nnviz.record.actions.debugger import break_in, training_frame
from tb_nnviz.record.interrupts import let_through
from tb_nnviz.rules.finding import Finding, FindingError, FindingWarning

_logger = logging.getLogger("tb_nnviz")


class Delivery:
    """Findings on their way from the writer's thread to the training loop.

    Lines in the terminal come at once. Everything else waits until the loop calls ``deliver``, so that warnings, errors
    and functions of the user run on the training's thread.

    Args:
        choice: the actions.
        flush: waits until all events are in the file.
        found: called with each finding, on the thread that reports it.
    """

    def __init__(self, choice: Choice, flush: Callable[[], None], found: Callable[[Finding], None]) -> None:
        self._choice, self._flush, self._found = choice, flush, found
        self._waiting: deque[Finding] = deque()
        self._warned: set[str] = set()
        self._expected = False  # True if values are on their way to the rules

    def report(self, findings: Iterable[Finding], at_end: bool = False) -> None:
        """Take findings, on any thread.

        Args:
            findings: the findings.
            at_end: whether the run has ended. Then nothing can be stopped, and ``raise`` and ``break`` give a line.
        """
        for finding in findings:
            self._found(finding)
            action = self._choice.of(finding)
            if action == "log" or (at_end and action in ("raise", "break")):
                if finding.severity == "severe" or action != "log":
                    _logger.warning("%s", finding)
            elif action is not None:
                self._waiting.append(finding)

    def expect(self) -> None:
        """Report that values were sent to the rules."""
        self._expected = True

    def before_update(self) -> None:
        """Act on the findings before parameters change. If one may stop the program, wait for all of them first."""
        if self._expected and self._choice.interrupts:
            self._flush()
        self._expected = False
        self.deliver()

    def deliver(self) -> None:
        """Act on the findings that wait, in their order.

        Raises:
            FindingError: the action of one is ``raise``. Later ones wait for the next call.
            BaseException: whatever a function of the user raises.
        """
        while self._waiting:
            finding = self._waiting.popleft()
            try:
                self._act(finding)
            except BaseException as error:
                let_through(error)
                raise

    def _act(self, finding: Finding) -> None:
        action = self._choice.of(finding)
        sys.modules["tb_nnviz"].last_finding = finding  # type: ignore[attr-defined]
        if action == "warn":
            if finding.rule not in self._warned:
                self._warned.add(finding.rule)
                warnings.warn(FindingWarning(str(finding)), stacklevel=_depth())
            return
        self._flush()  # the event is in the file, whatever the program does now
        if action == "raise":
            raise FindingError(finding)
        if action == "break":
            print(f"tb_nnviz: {finding}\n(it is tb_nnviz.last_finding)", file=sys.stderr)
            break_in(training_frame())
        elif callable(action):
            action(finding)


def _depth() -> int:
    """Return the number of frames from the caller of ``warnings.warn`` to the training loop."""
    target, frame, depth = training_frame(), sys._getframe(1), 1
    while frame is not target and frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth
