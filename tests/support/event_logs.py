"""Synthetic runs: event files like those of a monitor, with known values."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

from tb_nnviz import schema
from tb_nnviz.record.write.events import event

WALL_TIME = 1_700_000_000.0


def layout(names: Sequence[str], kind: str = "gradient") -> schema.Layout:
    """Return a layout of rows with these names, each a weight [4, 3] of a Linear."""
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
    """Return random float32 [steps, rows] per statistic, with counts of 12."""
    random = np.random.default_rng(seed)
    values = {name: random.standard_normal((steps, rows)).astype(np.float32) for name in statistics}
    return {"count": np.full((steps, rows), 12, np.float32), **values}


def window(
    steps: int, nonfinite: float = 0, nonfinite_steps: int = 0, skipped_steps: int = 0, **maxima: float
) -> list[schema.Entry]:
    """Return the scalars of the window before a logged step.

    Args:
        steps: the number of steps in the window.
        nonfinite: the number of NaN and Inf in it.
        nonfinite_steps: the number of steps with any.
        skipped_steps: the number of steps that a GradScaler skipped.
        maxima: gradient_norm_max, gradient_norm_max_step and so on.
    """
    counts = {
        "steps": steps,
        "nonfinite": nonfinite,
        "nonfinite_steps": nonfinite_steps,
        "skipped_steps": skipped_steps,
    }
    return [schema.scalar(schema.TAG_WINDOW + name, value) for name, value in (counts | maxima).items()]


class Log(contextlib.ExitStack):
    """One event file of a run. The names of a folder's files sort by ``number``, as those of a writer do by time."""

    def __init__(self, folder: Path | str, number: int = 0, wall_time: float = WALL_TIME) -> None:
        super().__init__()
        Path(folder).mkdir(parents=True, exist_ok=True)
        path = Path(folder) / f"events.out.tfevents.{number:010d}.test"
        file = self.enter_context(path.open("ab"))
        self._records = RecordWriter(file)
        self._wall_time = wall_time
        self._layouts: dict[str, int] = {}
        self.event(event_pb2.Event(wall_time=wall_time, file_version="brain.Event:2"))

    def event(self, proto: event_pb2.Event) -> None:
        """Write any event as it is."""
        self._records.write(proto.SerializeToString())
        self._records.flush()

    def entries(self, step: int, entries: Iterable[schema.Entry]) -> float:
        """Write one event, a second after the previous one, and return its wall time."""
        self._wall_time += 1
        self.event(event(step, self._wall_time, entries))
        return self._wall_time

    def vectors(
        self, step: int, layout: schema.Layout, values: Mapping[str, np.ndarray], more: Iterable[schema.Entry] = ()
    ) -> float:
        """Write the statistics of a kind at one step, with their layout if it is new."""
        entries = [schema.vector(layout.kind, name, value) for name, value in values.items()]
        entries += [schema.layout_id_entry(layout), *more]
        if self._layouts.get(layout.kind) != layout.id:
            self._layouts[layout.kind] = layout.id
            entries.append(schema.layout_entry(layout))
        return self.entries(step, entries)

    def table(
        self, layout: schema.Layout, values: Mapping[str, np.ndarray], steps: Iterable[int] | None = None
    ) -> list[float]:
        """Write statistics [steps, rows] of a kind, one event per step, and return their wall times."""
        (length,) = {len(value) for value in values.values()}
        return [
            self.vectors(step, layout, {name: value[i] for name, value in values.items()})
            for i, step in enumerate(range(length) if steps is None else steps)
        ]


STEPS = 400
HALF = 200
UNICODE_RUN = "ünï/läuf 试 🙂"

AB = layout(["a.weight", "b.weight"])
ABC = layout(["a.weight", "b.weight", "c.weight"])
GAN = layout(["G.fc.weight", "D.fc.weight", "D.fc.bias"])
UNICODE = layout(["schicht.größe", "层.重量"])


class Zoo:
    """A logdir with one run per special case.

    Attributes:
        values: the expected answer by run and statistic, float32 [steps, rows].
        wall_times: the expected wall times by run.
        last_wall_times: the wall time of the last event by run.
    """

    def __init__(self, logdir: Path) -> None:
        self.logdir = logdir
        self.values: dict[str, dict[str, np.ndarray]] = {}
        self.wall_times: dict[str, np.ndarray] = {}
        self.last_wall_times: dict[str, float] = {}

        self._simple("plain", AB, seed=1)
        self._simple("nested/deep/run", AB, seed=2, steps=5)
        self._simple(UNICODE_RUN, UNICODE, seed=3, steps=5)
        self._simple(".", AB, seed=4, steps=5)
        self._simple("gan", GAN, seed=5)
        self._resumed("resumed", AB, AB, STEPS)
        self._resumed("grown", AB, ABC, STEPS)
        self._resumed("unfinished", AB, AB, 300)
        self._odd()
        self._finite()
        self._corrupt()
        self._without_layout()
        self._wrong_length()
        self._without_count()
        self._windows()
        self._of_others()

    def _log(self, run: str, number: int = 0, wall_time: float = WALL_TIME) -> Log:
        return Log(self.logdir / run, number, wall_time)

    def _keep(self, run: str, values: dict[str, np.ndarray], wall_times: list[float]) -> None:
        self.values[run] = values
        self.wall_times[run] = np.array(wall_times)
        self.last_wall_times[run] = max(wall_times)

    def _simple(self, run: str, rows: schema.Layout, seed: int, steps: int = STEPS) -> None:
        values = numbers(steps, len(rows.rows), seed=seed)
        with self._log(run) as log:
            self._keep(run, values, log.table(rows, values))

    def _resumed(self, run: str, first: schema.Layout, second: schema.Layout, end: int) -> None:
        """Write a run, and resume it halfway with a second writer."""
        before = numbers(STEPS, len(first.rows), seed=6)
        after = numbers(end - HALF, len(second.rows), seed=7)
        with self._log(run) as log:
            wall_times = log.table(first, before)
        with self._log(run, 1, WALL_TIME + 10_000) as log:
            wall_times = wall_times[:HALF] + log.table(second, after, range(HALF, end))
        values = {}
        for name in before:
            table = np.full((end, len(second.rows)), np.nan, np.float32)
            table[:HALF, : len(first.rows)] = before[name][:HALF]
            table[HALF:] = after[name]
            values[name] = table
        self._keep(run, values, wall_times)

    def _odd(self) -> None:
        """Write NaN and infinities, a row that is always absent, and one that is absent at every other step."""
        values = numbers(10, 4, ["norm", "min", "nonfinite"], seed=8)
        values["norm"][3, 0] = np.nan
        values["norm"][4, 0] = np.inf
        values["min"][4, 0] = -np.inf
        values["norm"][5, 0] = -0.0
        values["norm"][6, 0] = np.float32(1e-45)  # denormal
        values["norm"][7, 0] = np.finfo(np.float32).max
        for table in values.values():
            table[:, 2] = np.nan
            table[::2, 3] = np.nan
        values["count"][:, 2] = 0
        values["count"][::2, 3] = 0
        with self._log("odd") as log:
            self._keep("odd", values, log.table(layout(["a", "b", "empty", "sometimes"]), values))

    def _finite(self) -> None:
        """Write `finite_norm` only at the step that has NaN."""
        values = numbers(6, 2, ["norm", "finite_norm"], seed=9)
        values["norm"][2] = np.nan
        wall_times = []
        with self._log("finite") as log:
            for i in range(6):
                names = values if i == 2 else ["count", "norm"]
                wall_times.append(log.vectors(i, AB, {name: values[name][i] for name in names}))
        for i in (0, 1, 3, 4, 5):
            values["finite_norm"][i] = values["norm"][i]
        self._keep("finite", values, wall_times)

    def _corrupt(self) -> None:
        """Write a `norm` with fewer bytes than its shape needs."""
        values = numbers(5, 2, seed=10)
        wall_times = []
        with self._log("corrupt") as log:
            for i in range(5):
                entries = [schema.vector("gradient", name, table[i]) for name, table in values.items()]
                entries += [schema.layout_id_entry(AB), schema.layout_entry(AB)]
                proto = event(i, WALL_TIME + i + 1, entries)
                if i == 3:
                    (broken,) = [value for value in proto.summary.value if value.tag == "nnviz/gradient/norm"]
                    broken.tensor.tensor_content = b"\0\0\0\0"
                log.event(proto)
                wall_times.append(proto.wall_time)
        self._keep("corrupt", values, wall_times)

    def _without_layout(self) -> None:
        values = numbers(5, 2, seed=11)
        with self._log("no_layout") as log:
            for i in range(5):
                entries = [schema.vector("gradient", name, table[i]) for name, table in values.items()]
                self.last_wall_times["no_layout"] = log.entries(i, [*entries, schema.layout_id_entry(AB)])

    def _wrong_length(self) -> None:
        """Write three values of `norm` for two rows from step 3 on."""
        values = numbers(5, 2, seed=12)
        wall_times = []
        with self._log("wrong_length") as log:
            for i in range(5):
                step = {name: table[i] for name, table in values.items()}
                if i >= 3:
                    step["norm"] = np.zeros(3, np.float32)
                wall_times.append(log.vectors(i, AB, step))
        values["norm"][3:] = np.nan
        self._keep("wrong_length", values, wall_times)

    def _without_count(self) -> None:
        values = numbers(5, 2, seed=13)
        del values["count"]
        values["norm"][2, 1] = np.nan
        with self._log("no_count") as log:
            self._keep("no_count", values, log.table(AB, values))

    def _windows(self) -> None:
        """Write statistics of the optimizer and scalars of windows. One window has a skipped step."""
        rows, steps = layout(["a.weight", "b.weight"], "optimizer"), range(0, 50, 10)
        values = numbers(len(steps), 2, schema.KIND_STATISTICS["optimizer"], seed=14)
        with self._log("windows") as log:
            for i, step in enumerate(steps):
                more = window(10, gradient_norm_max=i + 0.5, gradient_norm_max_step=step - 3)
                more.append(schema.scalar("nnviz/global/skipped", 0))
                wall_time = log.vectors(step, rows, {name: table[i] for name, table in values.items()}, more)
                if step == 20:
                    log.entries(24, [schema.scalar("nnviz/global/skipped", 1)])
        self.values["windows"] = values
        self.last_wall_times["windows"] = wall_time

    def _of_others(self) -> None:
        """Write nnviz's scalars beside the user's own, and a run without data of nnviz."""
        with self._log("scalars") as log:
            for i in range(5):
                more = [schema.scalar("nnviz/log/loss", i / 8), schema.scalar("nnviz/log/val_loss", np.nan)]
                more += [schema.scalar("nnviz/global/gradient_norm", np.inf), schema.scalar("loss", 100 + i)]
                wall_time = log.vectors(i, AB, {name: table[0] for name, table in numbers(1, 2).items()}, more)
            self.last_wall_times["scalars"] = wall_time
        with self._log("users") as log:
            log.entries(0, [schema.scalar("accuracy", 0.5)])
            log.event(event_pb2.Event(step=1, wall_time=WALL_TIME + 9))
