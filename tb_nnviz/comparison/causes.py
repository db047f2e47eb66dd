"""Causes: the differences that came together, each named by the first in the order of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tb_nnviz.comparison.difference import Difference

#: Share of the compared places within which onsets count as together. Few runs do not date an onset better.
_TOGETHER = 0.05
#: The least number of places of the same.
_LEAST = 2
#: Share of the largest excess above 1 that a difference must have to date the cause. The onset of a weak one is not
#: known.
_STRONG = 0.25
#: Share of the largest excess at the onset that a difference must have to name the cause.
_NAMING = 0.4
#: The least jump of a later cause, in units of what noise may make: against a group, and against a single run, whose
#: noise is smaller than that of seeds.
LATER, LATER_SINGLE = 2.0, 20.0
#: Differences that a document lists per cause.
MOST_LISTED = 20


@dataclass(frozen=True)
class Cause:
    """Differences that came together.

    Attributes:
        first: the one that names the cause.
        largest: the one that is largest in units of noise.
        others: all others, the largest first.
    """

    first: Difference
    others: tuple[Difference, ...]

    @property
    def largest(self) -> Difference:
        """The difference that is largest in units of what noise may make."""
        return max((self.first, *self.others), key=lambda one: one.excess)

    @property
    def layers(self) -> list[str]:
        """The layers of all differences, in the order of a step."""
        ordered = sorted((self.first, *self.others), key=lambda one: one.order)
        return list(dict.fromkeys(one.name.layer for one in ordered if one.name.row))

    def document(self) -> dict[str, Any]:
        """Return the JSON object: that of ``first``, with ``largest``, ``layers``, ``others`` and their ``count``."""
        return {
            **self.first.document(),
            "largest": self.largest.document(),
            "layers": self.layers,
            "count": len(self.others),
            "others": [one.document() for one in self.others[:MOST_LISTED]],
        }


def join(
    differences: Sequence[Difference], places: int, later: float = LATER, parting: Difference | None = None
) -> list[Cause]:
    """Join differences to causes, in order of time.

    Differences that begin together have one cause. So have those that come afterwards, because what changed a layer
    changes all others. A later difference has a cause of its own if it comes at once, by a jump that is far more than
    noise.

    Args:
        differences: the differences.
        places: the number of places that were compared.
        later: the least jump of a later cause, in units of what noise may make.
        parting: the difference with which the run parts from one that it equals before. It names the first cause.
    """
    together = max(_LEAST, round(_TOGETHER * places))
    rest = sorted(differences, key=lambda one: (one.place, one.order))
    if parting is not None:
        rest = [parting, *(one for one in rest if one.name != parting.name)]
    causes: list[Cause] = []
    while rest:
        first = rest[0] if rest[0] is parting else _first(rest, together)
        jumps = [one for one in rest if one.is_abrupt and one.jump > later and one.place > first.place + together]
        until = min((one.place for one in jumps), default=places)
        members = [one for one in rest if one.place < until or one is first]
        others = sorted((one for one in members if one is not first), key=lambda one: -one.excess)
        causes.append(Cause(first, tuple(others)))
        rest = [one for one in rest if one.place >= until and one is not first]
    return causes


def _first(differences: Sequence[Difference], together: int) -> Difference:
    """Return the difference that names the first cause."""
    largest = max(one.excess for one in differences)
    # of an excess of 1, nothing is certain
    strong = [one for one in differences if one.excess >= 1 + _STRONG * (largest - 1)]
    begin = strong[0].place
    near = [one for one in strong if one.place <= begin + together]
    abrupt = [one for one in near if one.is_abrupt] or near
    strongest = max(abrupt, key=lambda one: one.excess)
    naming = [
        one for one in abrupt if one.excess >= _NAMING * strongest.excess and abs(one.place - strongest.place) <= 1
    ]
    return min(naming, key=lambda one: one.order)
