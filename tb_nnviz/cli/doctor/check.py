"""One line of the doctor's report."""

from __future__ import annotations

from typing import NamedTuple

OK, NOTE, PROBLEM = "ok", "note", "PROBLEM"


class Check(NamedTuple):
    """A result of the doctor: OK, NOTE or PROBLEM, and a sentence."""

    status: str
    text: str

    def __str__(self) -> str:
        return f"{self.status:<8} {self.text}"
