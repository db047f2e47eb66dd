"""Logs with histograms: nnviz's own, stock ones, resumed and broken runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tests.support.bins import counts_of
from tests.support.event_logs import AB, ABC, WALL_TIME, Log, numbers


def entries(kind: str, table: schema.Layout, counts: np.ndarray) -> list[schema.Entry]:
    ids = schema.Entry(schema.histogram_layout_id_tag(kind), np.array([table.id], "<i8"), schema.PLUGIN_HISTOGRAMS)
    payload = schema.encode_histograms(counts)
    return [
        ids,
        schema.Entry(schema.histogram_tag(kind), payload, schema.PLUGIN_HISTOGRAMS),
        schema.layout_entry(table),
    ]


RANDOM = np.random.default_rng(0)


#: Two rows per step: normal values of several scales, and all special values.
SAMPLES = [
    [
        RANDOM.standard_normal(500) * 10.0 ** (i - 3),
        np.concatenate(
            [np.zeros(40), [np.nan] * (3 * i), [np.inf] * i, [-np.inf], [2.0**24, -1e30, 2.0**-41, -1e-20], [1.0] * 30]
        ),
    ]
    for i in range(4)
]


class Logs:
    """Runs with nnviz's histograms or stock ones, some of them resumed or broken."""

    def __init__(self, logdir: Path) -> None:
        self.logdir = logdir
        self.last: dict[str, float] = {}
        self._simple("own", range(0, 40, 10))
        with Log(logdir / "resumed") as log:
            for i, step in enumerate((0, 10, 20)):
                log.entries(step, [*entries("gradient", AB, counts_of(*SAMPLES[i])), *self._vector()])
        with Log(logdir / "resumed", 1, WALL_TIME + 1000) as log:
            for step in (10, 15):
                c = RANDOM.standard_normal(20)
                last = log.entries(step, [*entries("gradient", ABC, counts_of(*SAMPLES[3], c)), *self._vector()])
        self.last["resumed"] = last
        with Log(logdir / "broken") as log:
            for step in range(3):
                more = entries("gradient", AB, counts_of(*SAMPLES[0]))
                if step == 1:
                    more[1] = schema.Entry(more[1].tag, np.arange(9, dtype=np.uint8), more[1].plugin)
                self.last["broken"] = log.entries(step, [*more, *self._vector()])
        with Log(logdir / "stock") as log:
            for step in (0, 50):
                stock = schema.stock_histogram(counts_of(SAMPLES[2][0])[0])
                more = [schema.Entry("parameters/a.weight", stock, "histograms")]
                more.append(schema.Entry("mine", np.array([[-1.0, 1.0, 4.0], [1.0, 3.0, 6.0]]), "histograms"))
                self.last["stock"] = log.entries(step, [*more, *self._vector()])

    def _vector(self) -> list[schema.Entry]:
        """Return statistics. With them the run is listed, so that tests can wait for it."""
        rows = [schema.vector("gradient", name, table[0]) for name, table in numbers(1, 2).items()]
        return [*rows, schema.layout_id_entry(AB)]

    def _simple(self, run: str, steps: range) -> None:
        with Log(self.logdir / run) as log:
            for samples, step in zip(SAMPLES, steps, strict=True):
                self.last[run] = log.entries(step, [*entries("gradient", AB, counts_of(*samples)), *self._vector()])
