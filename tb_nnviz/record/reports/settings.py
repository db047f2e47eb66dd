"""The settings that the user gives about a run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from tb_nnviz import schema
from tb_nnviz.record.hooks.guard import Guard
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.write.writer import Writer
from tb_nnviz.schema.settings import MAX_SETTINGS

#: Names of invalid settings that are reported.
MOST_BAD_NAMES = 20


class RunSettings:
    """All settings of a run so far. Each change writes all of them again, so that a reader needs the last event.

    Args:
        guard: reports values that are no settings.
        writer: where the events go.
    """

    def __init__(self, guard: Guard, writer: Writer) -> None:
        self._guard, self._writer = guard, writer
        self._settings: dict[str, Any] = {}
        self._bad_names = 0

    def log(self, step: int, settings: Mapping[Any, Any]) -> None:
        """Add settings, and write all if one is new or has another value. Invalid ones are reported and left out.

        Args:
            step: the step of the event.
            settings: texts, numbers, booleans or None by name.
        """
        found = dict(self._settings)
        for name, value in settings.items():
            try:
                name, value = schema.check_setting(name, value)
                if name not in found and len(found) >= MAX_SETTINGS:
                    raise ValueError(f"too many settings: {name} is left out (at most {MAX_SETTINGS})")
                found[name] = value
            except (TypeError, ValueError) as error:
                if is_interrupt(error):
                    raise
                self._report(name, str(error))
        # 1 and True are equal
        if [(name, type(one), one) for name, one in found.items()] != [
            (name, type(one), one) for name, one in self._settings.items()
        ]:
            self._settings = found
            self._writer.submit(step, time.time(), [schema.settings_entry(found)])

    def _report(self, name: object, reason: str) -> None:
        self._bad_names += 1
        if self._bad_names <= MOST_BAD_NAMES:
            self._guard.notice(f"setting {name!r:.100}", reason)
