"""Synthetic runs: event files as a monitor leaves them behind, with numbers that the tests know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from tb_nnviz import schema
from tb_nnviz.record.events import event

WALL_TIME = 1_700_000_000.0


def layout(names: Sequence[str], kind: str = "gradient") -> schema.Layout:
    """A table of rows with these names, each a weight [4, 3] of a Linear."""
    return schema.Layout(
        kind,
        tuple(
            schema.Row(
                name=name,
                module=name.rpartition(".")[0],
                call=0,
                type="Linear",
                shape=(4, 3),
                numel=12,
                dtype="float32",
                role="weight",
                trainable=True,
                depth=depth,
            )
            for depth, name in enumerate(names)
        ),
    )


def numbers(
    steps: int, rows: int, statistics: Iterable[str] = ("norm", "mean"), seed: int = 0
) -> dict[str, np.ndarray]:
    """Random float32 [steps, rows] of each statistic, with counts of 12."""
    random = np.random.default_rng(seed)
    values = {name: random.standard_normal((steps, rows)).astype(np.float32) for name in statistics}
    return {"count": np.full((steps, rows), 12, np.float32), **values}


class Log:
    """One event file of a run; ``number`` orders the files of a directory as their start times would."""

    def __init__(self, folder: Path | str, number: int = 0, wall_time: float = WALL_TIME) -> None:
        Path(folder).mkdir(parents=True, exist_ok=True)
        self._file = open(Path(folder) / f"events.out.tfevents.{number:010d}.test", "ab")
        self._records = RecordWriter(self._file)
        self._wall_time = wall_time
        self._layouts: dict[str, int] = {}
        self.event(event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2"))

    def event(self, proto: event_pb2.Event) -> None:
        """Any event as it is."""
        self._records.write(proto.SerializeToString())
        self._records.flush()

    def entries(self, step: int, entries: Iterable[schema.Entry]) -> float:
        """One event, a second after the one before; its wall time."""
        self._wall_time += 1
        self.event(event(step, self._wall_time, entries))
        return self._wall_time

    def vectors(
        self, step: int, layout: schema.Layout, values: Mapping[str, np.ndarray], more: Iterable[schema.Entry] = ()
    ) -> float:
        """One step's statistics of a kind, with their layout where it is new."""
        entries = [schema.vector(layout.kind, name, value) for name, value in values.items()]
        entries += [schema.layout_id_entry(layout), *more]
        if self._layouts.get(layout.kind) != layout.id:
            self._layouts[layout.kind] = layout.id
            entries.append(schema.layout_entry(layout))
        return self.entries(step, entries)

    def table(
        self, layout: schema.Layout, values: Mapping[str, np.ndarray], steps: Iterable[int] | None = None
    ) -> list[float]:
        """Statistics [steps, rows] of a kind, a step an event; their wall times."""
        (length,) = {len(value) for value in values.values()}
        return [
            self.vectors(step, layout, {name: value[i] for name, value in values.items()})
            for i, step in enumerate(range(length) if steps is None else steps)
        ]

    def close(self) -> None:
        self._records.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
