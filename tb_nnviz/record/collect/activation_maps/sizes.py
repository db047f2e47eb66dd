"""Sizes of the maps, so that all of them fit into a budget of bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tb_nnviz.record.collect.activation_maps.axes import UNIT_AXES

#: Most samples of a map.
MOST_SAMPLES = 8
#: Most bytes of one map.
MOST_BYTES = 256 * 1024
#: Most bytes of a header, and of each unit in it: three values and the original index.
HEADER_BYTES, UNIT_BYTES = 768, 56
#: Bytes per sample that a map gets before the maps keep one more sample.
SAMPLE_BYTES = 2048

#: An axis is cut below its target only when all others have reached theirs.
_TARGETS = {"channel": 16, "feature": 32, "unit": 32, "head": 4, "token": 48, "length": 64}
_POSITION_TARGET, _ATTENTION_TARGET = 12, 32

Sizes = Mapping[str, int]


def cost(kept: Sizes) -> int:
    """Return the most bytes that a map of these sizes takes."""
    values = 1
    for size in kept.values():
        values *= size
    units = next((size for name, size in kept.items() if name in UNIT_AXES), 0)
    return values + HEADER_BYTES + UNIT_BYTES * units


def choose(sizes: Sequence[Sizes], budget: int) -> list[dict[str, int] | None]:
    """Return the kept sizes of maps of these sizes, or None for a map that does not fit.

    All maps keep the same samples. Small maps are whole, and the large ones share the rest of the budget.

    >>> choose([{"sample": 4, "unit": 10}, {"sample": 4, "channel": 64, "height": 56, "width": 56}], 50_000)
    [{'sample': 4, 'unit': 10}, {'sample': 4, 'channel': 31, 'height': 19, 'width': 19}]
    """
    if not sizes:
        return []
    least = cost(dict.fromkeys(("sample", "unit"), 1))
    room = max(0, budget // least)
    if room < len(sizes):  # evenly spaced from the first layer to the last
        kept = {i * len(sizes) // room for i in range(room)}
        chosen = iter(choose([each for i, each in enumerate(sizes) if i in kept], budget))
        return [next(chosen) if i in kept else None for i in range(len(sizes))]
    samples = MOST_SAMPLES
    while True:
        cut = [{**each, "sample": min(each["sample"], samples)} for each in sizes]
        costs = [min(cost(each), MOST_BYTES) for each in cut]
        share = level(costs, budget)
        enough = HEADER_BYTES + 16 * UNIT_BYTES + samples * SAMPLE_BYTES
        if samples == 1 or share >= min(max(costs), enough):
            return [fit(each, min(share, MOST_BYTES)) for each in cut]
        samples -= 1


def level(needs: Sequence[int], budget: int) -> int:
    """Return the largest share per map such that all maps fit into the budget, each with at most what it needs.

    >>> level([10, 100, 100], 110)
    50
    """
    left = budget
    for i, need in enumerate(sorted(needs)):
        share = left // (len(needs) - i)
        if need > share:
            return share
        left -= need
    return max(needs, default=0)


def fit(sizes: Sizes, most: int) -> dict[str, int] | None:
    """Return a map's sizes cut to ``most`` bytes, beginning with the axis that exceeds its target most."""
    kept = dict(sizes)
    groups: list[tuple[str, ...]] = [group for group in (("height", "width"), ("query", "key")) if group[0] in kept]
    grouped = {name for group in groups for name in group}
    groups += [(name,) for name in kept if name not in grouped and name != "sample"]
    while cost(kept) > most:
        above = {group: max(kept[name] for name in group) / _target(group[0]) for group in groups}
        group = max(above, key=above.__getitem__)
        if all(kept[name] == 1 for name in group):
            group = max(groups, key=lambda group: max(kept[name] for name in group))
        if all(kept[name] == 1 for name in group):
            if kept["sample"] == 1:
                return None
            kept["sample"] -= 1
        elif group[0] in ("height", "length"):
            kept |= _pooled_further({name: sizes[name] for name in group}, kept)
        else:
            most_now = max(kept[name] for name in group)
            kept |= {name: min(kept[name], max(1, most_now * 7 // 8)) for name in group}
    return kept


def _pooled_further(sizes: Sizes, kept: Sizes) -> dict[str, int]:
    """Return the next smaller sizes to which positions of these sizes can be pooled."""
    side = 1
    while all(-(-size // side) >= kept[name] for name, size in sizes.items()):
        side += 1
    return {name: -(-size // side) for name, size in sizes.items()}


def factor(sizes: Sequence[int], kept: Sequence[int]) -> int:
    """Return the side of the tiles that are averaged: the smallest that gives the kept sizes.

    >>> factor([56, 56], [14, 14]), factor([1, 100], [1, 34])
    (4, 3)
    """
    side = 1
    while any(-(-size // side) > few for size, few in zip(sizes, kept, strict=True)):
        side += 1
    return side


def _target(name: str) -> int:
    if name in ("height", "width"):
        return _POSITION_TARGET
    return _ATTENTION_TARGET if name in ("query", "key") else _TARGETS.get(name, 16)
