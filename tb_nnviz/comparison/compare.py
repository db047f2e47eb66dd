"""The comparison of a run with its reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tb_nnviz.comparison.blocks import blocks
from tb_nnviz.comparison.causes import LATER, LATER_SINGLE, Cause, join
from tb_nnviz.comparison.difference import find_differences, from_parting
from tb_nnviz.comparison.matching import match
from tb_nnviz.comparison.parting import Parting, part
from tb_nnviz.comparison.series import RunSeries
from tb_nnviz.comparison.settings import Setting, find_settings


@dataclass(frozen=True)
class Comparison:
    """The differences of a run from its reference.

    Attributes:
        run: the name of the run.
        reference: the names of the reference run, or of the runs of the group.
        align: how steps were matched: one of ``WAYS``.
        steps: the first and the last step of the run that was compared, None if there is none.
        places: the number of steps that were compared.
        series: the number of series that were compared.
        settings: the settings that differ.
        parting: the place at which the run parts from the run of the reference that stays equal to it longest.
        causes: what differs by more than noise, in order of time.
        notes: sentences about the noise, and about what could not be compared.
    """

    run: str
    reference: tuple[str, ...]
    align: str
    steps: tuple[int, int] | None
    places: int
    series: int
    settings: tuple[Setting, ...]
    parting: Parting | None
    causes: tuple[Cause, ...]
    notes: tuple[str, ...]

    @property
    def noise(self) -> str:
        """A sentence about the noise."""
        count = len(self.reference)
        if count == 1:
            return (
                "noise: each run's own variation from step to step. The difference between seeds is unknown: compare "
                "with a group of at least three seeds"
            )
        if count == 2:
            return "noise: the spread of two runs, which is badly known: a group of at least three gives its limits"
        return f"noise: the spread of the {count} runs of the group at the same step"

    def document(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {
            "run": self.run,
            "reference": list(self.reference),
            "align": self.align,
            "steps": None if self.steps is None else list(self.steps),
            "places": self.places,
            "series": self.series,
            "noise": self.noise,
            "settings": [one.document() for one in self.settings],
            "parted": None if self.parting is None else self.parting.document(),
            "differences": [one.document() for one in self.causes],
            "notes": list(self.notes),
        }


def compare(run: RunSeries, references: Sequence[RunSeries], align: str = "step") -> Comparison:
    """Compare a run with a reference run, or with a group of runs.

    Args:
        run: the run.
        references: the reference run, or the runs of the group.
        align: how steps are matched: one of ``WAYS``.

    Raises:
        ValueError: as ``match``.
    """
    runs = [run, *references]
    matching = match(runs, align)
    found = list(blocks(runs, matching))
    partings = [one for one in (part(run, other) for other in references) if one is not None]
    parting = max(partings, key=_until, default=None)
    is_equal = parting is not None and parting.is_exact and parting.place is None
    # a run that equals one of the group has the group's noise only
    differences = [] if is_equal else find_differences(found, matching)
    place = parting.place if parting is not None and parting.is_plain else None
    parted = None if place is None else from_parting(place, matching)
    if parted is not None and len(references) == 1:
        # nothing differs before the runs part, so an onset that is dated earlier is dated wrongly
        differences = [one.not_before(parted) for one in differences]
    later = LATER_SINGLE if len(references) == 1 else LATER
    causes = join(differences, matching.places.size, later, parted)
    steps = (int(matching.steps[0]), int(matching.steps[-1])) if matching.steps.size else None
    notes: list[str] = []
    if not found:
        notes.append("the runs have no series in common")
    return Comparison(
        run.run,
        tuple(one.run for one in references),
        align,
        steps,
        int(matching.places.size),
        sum(len(one.names) for one in found),
        tuple(find_settings(run, references)),
        parting,
        tuple(causes),
        tuple(notes),
    )


def _until(parting: Parting) -> tuple[bool, bool, float]:
    """Return the key by which the run is found that stays equal longest."""
    place = parting.place
    until = -np.inf if place is None or place.equal_until is None else float(place.equal_until)
    return place is None, parting.began_alike, until
