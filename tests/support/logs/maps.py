"""Logs with maps: whole, broken and resumed runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tests.support.event_logs import WALL_TIME, Log, layout
from tests.support.logs import map_payloads as maps

STEM, HEAD, INPUT = "nnviz/map/stem", "nnviz/map/a.head", "nnviz/map_input"


WEIGHT = "nnviz/weight/stem.weight"


STEPS = (0, 10, 20, 30)


LAYERS = layout(["stem", "a.head"], "activation")


IMAGE = ["sample", "channel", "height", "width"]


def stem(seed: int, samples: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((samples, 3, 4, 5)).astype(np.float32)


def head(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((2, 7)).astype(np.float32)


def write(logdir: Path) -> dict[str, float]:
    """Write runs, and return the wall time of each run's last event.

    Run `b` has other steps than `a`, fewer samples and no head. Run `broken` has invalid maps. `resumed` was resumed.
    """
    last = {}
    with Log(logdir / "a") as log:
        more = [maps.entry(INPUT, stem(99)[:, :1], IMAGE, labels=["4", "7"])]
        for step in STEPS:
            values = stem(step)
            if step == 20:
                values[1, 2, 0, 0] = np.nan
            more += [maps.entry(HEAD, head(step), ["sample", "unit"]), maps.entry(STEM, values, IMAGE)]
            more += [maps.entry(WEIGHT, head(step), ["row", "column"])]
            statistics = {"count": np.ones(2), "norm": np.ones(2)}
            last["a"] = log.vectors(step, LAYERS, statistics, more)
            more = []
    with Log(logdir / "b") as log:
        for step in (4, 16):
            last["b"] = log.vectors(step, LAYERS, {"norm": np.ones(2)}, [maps.entry(STEM, stem(step, 1), IMAGE)])
    with Log(logdir / "broken") as log:
        for step, payload in enumerate(broken()):
            last["broken"] = log.entries(step, [schema.Entry(STEM, payload, schema.PLUGIN_MAPS)])
    for number, (first, seed) in enumerate([(0, 100), (20, 200)]):
        with Log(logdir / "resumed", number, WALL_TIME + 1000 * number) as log:
            for step in range(first, 40, 10):
                last["resumed"] = log.entries(step, [maps.entry(STEM, stem(seed + step), IMAGE)])
    return last


def broken() -> list[np.ndarray]:
    """Return payloads, one per kind of defect, between valid ones at both ends."""
    good = maps.encode(stem(1), IMAGE)
    bad_axes = maps.encode(stem(1), IMAGE).tobytes().replace(b'"channel"', b"123456789")
    bad_scale = maps.encode(stem(1), IMAGE, scale="wide")
    newer = maps.encode(stem(1), IMAGE, version=9)
    not_json = maps.encode(stem(1), IMAGE, labels=[float("nan")])
    garbage = np.frombuffer(b"no map at all", np.uint8)
    return [good, good[:-1], np.frombuffer(bad_axes, np.uint8), bad_scale, newer, not_json, garbage, good[:2], good]
