"""Resumed runs on both loaders, compared with a reader that was written from docs/schema.md.

Clocks go back, jump and stand still, and later sessions are shorter or begin earlier than those before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from tensorboard.context import RequestContext

from tb_nnviz import schema
from tb_nnviz.logs.documents.findings import read_findings
from tb_nnviz.logs.event_files import EventFileReader
from tb_nnviz.logs.histograms.reading import HistogramReading
from tb_nnviz.logs.maps import list_maps, read_maps
from tb_nnviz.logs.provider import ProviderReader
from tb_nnviz.logs.scalars import read_scalars
from tb_nnviz.logs.series import Selection, read_tables
from tb_nnviz.record.write.events import event
from tests.support.bins import counts_of
from tests.support.event_logs import AB, WALL_TIME, Log
from tests.support.logs import map_payloads as maps
from tests.support.logs.findings import finding
from tests.support.logs.histograms import entries
from tests.support.schema_document import reader as document
from tests.support.tensorboards import TensorBoard


class Session(NamedTuple):
    """A part of a run: its steps, its first wall time after ``WALL_TIME``, and its seconds per step."""

    steps: range
    wall_time: float
    seconds: float = 1.0


#: The sessions of each run.
RUNS = {
    "behind": [Session(range(20), 3600), Session(range(10, 30), 0)],
    "behind and shorter": [Session(range(40), 3600), Session(range(10, 17), 0)],
    "behind a little": [Session(range(40), 30), Session(range(10, 17), 0)],
    "shorter": [Session(range(40), 0), Session(range(10, 17), 3600)],
    "forward then back": [Session(range(20), 0), Session(range(15, 30), 86400), Session(range(22, 26), 60)],
    "two resumes": [Session(range(40), 9000), Session(range(20, 34), 100), Session(range(5, 12), 5000)],
    "later and later": [Session(range(20), 500), Session(range(20, 30), 0), Session(range(27, 29), 9000)],
    "from the start": [Session(range(30), 3600), Session(range(8), 0)],
    "before the start": [Session(range(50, 80), 3600), Session(range(20, 60), 0)],
    "after a gap": [Session(range(10), 3600), Session(range(40, 50), 0)],
    "slower": [Session(range(30), 1000, 0.01), Session(range(10, 25), 0, 60)],
    "in one step": [Session(range(12), 3600), Session(range(9, 10), 0)],
    "never": [Session(range(30), 0)],
    "set back while it runs": [Session(range(15), 3600), Session(range(15, 30), 0)],
}
#: Sessions whose events have equal wall times. The data server drops what would show their order.
EQUAL = {"equal times": [Session(range(20), 0, 0.0), Session(range(10, 15), 0, 0.0)]}
LATE = "the last event"
TAGS = ("nnviz/log/loss", "nnviz/log/val_loss", "nnviz/global/gradient_norm", "nnviz/global/rare")


def write(folder: Path, sessions: list[Session]) -> None:
    """Write a run with every document. Those of a session have its number in their values."""
    for number, session in enumerate(sessions):
        with Log(folder, number, WALL_TIME) as log:
            log.event(event(session.steps[0], WALL_TIME + session.wall_time, [schema.layout_entry(AB)]))
            for i, step in enumerate(session.steps):
                wall_time = WALL_TIME + session.wall_time + i * session.seconds
                value = step + number / 8
                # Maps are taken before a step's first update, and losses are logged after it. Both have own events.
                little = session.seconds / 10
                if step % 4 == 0:
                    image = np.array([[value, -value]], np.float32)
                    more = [maps.entry("nnviz/weight/a.weight", image, ["row", "column"])]
                    more += [maps.entry("nnviz/map/a", image, ["sample", "unit"])] * (step % 8 == 0)
                    log.event(event(step, wall_time - little, more))
                more = [schema.vector("gradient", name, np.array([value, 2], np.float32)) for name in ("norm", "count")]
                more += [schema.layout_id_entry(AB), schema.scalar("nnviz/global/gradient_norm", value)]
                if step % 3 == 0:
                    more += entries("gradient", AB, counts_of(np.full(3, 1.0 + number), np.full(2, value)))[:2]
                if step % 5 == 0:
                    document = {"version": 1, "findings": [finding(step, value=value)]}
                    payload = np.frombuffer(json.dumps(document).encode(), np.uint8)
                    more += [schema.Entry(schema.TAG_FINDINGS, payload, schema.PLUGIN_FINDINGS)]
                    more += [schema.scalar("nnviz/global/rare", value)]
                log.event(event(step, wall_time, more))
                log.event(event(step, wall_time + little, [schema.scalar("nnviz/log/loss", value)]))
                if step % 7 == 0:
                    log.event(event(step, wall_time + 2 * little, [schema.scalar("nnviz/log/val_loss", value)]))
    with Log(folder, len(sessions), WALL_TIME) as log:
        log.event(event(10**6, WALL_TIME + 1e6, [schema.scalar(LATE, 1)]))


def expected(folder: Path) -> dict[str, Any]:
    """Return {name: {step: value}} of what the run shows, by the document's reader."""
    log = document.Log(folder)

    def scalar(tag: str) -> dict[int, float]:
        return {step: float(value) for step, value in log.values.get(tag, {}).items()}

    found: dict[str, Any] = {tag: scalar(tag) for tag in TAGS}
    found["norm"] = {step: float(value[0]) for step, value in log.values["nnviz/gradient/norm"].items()}
    found["histograms"] = {
        step: log.histograms("gradient", step)["a.weight"].argmax() for step in log.values["nnviz/gradient/histogram"]
    }
    found["weights"] = {step: one.values.max() for step, one in log.maps("nnviz/weight/")["a.weight"].items()}
    found["maps"] = {step: one.values.max() for step, one in log.maps("nnviz/map/").get("a", {}).items()}
    found["findings"] = {
        step: document.document(value)["findings"][0]["value"] for step, value in log.values["nnviz/findings"].items()
    }
    found["newest weight"] = max(found["weights"])
    return found


def shown(source: Any, run: str) -> dict[str, Any]:
    """Return the same by nnviz's readers."""
    scalars, _ = read_scalars(source, [run], TAGS)
    found: dict[str, Any] = {tag: {} for tag in TAGS}
    for one in scalars:
        found[one.tag] = dict(zip(one.steps.tolist(), one.values.tolist(), strict=True))
    for one in read_scalars(source, [run], TAGS, last=True)[0]:
        assert one.steps.tolist() == list(found[one.tag])[-1:], "the newest point is the last one of all"
    tables, missing = read_tables(
        lambda runs, tags: source.read_tensors(schema.PLUGIN, runs, tags), [run], Selection("gradient", ["norm"])
    )
    assert missing == []
    found["norm"] = dict(zip(tables[run].steps.tolist(), tables[run].values["norm"][:, 0].tolist(), strict=True))
    reading = HistogramReading(source, [run], "gradient")
    (series,) = reading.read(["a.weight"])
    dense = series.histograms
    places = (dense.first_bin + dense.counts[:, 0].argmax(axis=1)).tolist()
    found["histograms"] = dict(zip(series.steps.tolist(), places, strict=True))
    (listed,) = HistogramReading(source, [run], "gradient").listing()
    assert listed.steps.tolist() == series.steps.tolist()
    for name, tag in (("weights", "nnviz/weight/a.weight"), ("maps", "nnviz/map/a")):
        events, steps, _ = read_maps(source, [run], tag)
        assert steps.get(run, np.empty(0)).tolist() == [one.step for one in events]
        values = [one.map.header["offset"] + one.map.header["scale"] * one.map.values.max() for one in events]
        found[name] = dict(zip([one.step for one in events], values, strict=True))
    findings, _, _ = read_findings(source, [run])
    found["findings"] = {one.finding["step"]: one.finding["value"] for one in findings}
    found["newest weight"] = next(one.step for one in list_maps(source, [run], "nnviz/weight/")[0])
    return found


@pytest.fixture(scope="module")
def logdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumed")
    for run, sessions in (RUNS | EQUAL).items():
        write(folder / run, sessions)
    return folder


@pytest.fixture(scope="module")
def resumed_board(loader: str, logdir: Path) -> Iterator[TensorBoard]:
    with TensorBoard(loader, logdir) as board:

        def is_read() -> bool:
            listed = board.provider.list_scalars(RequestContext(), experiment_id="", plugin_name="scalars")
            return sum(LATE in tags for tags in listed.values()) == len(RUNS | EQUAL)

        board.until(is_read)
        yield board


def compare(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        if isinstance(values, dict):
            assert list(found[name]) == sorted(values), name
            assert [found[name][step] for step in values] == pytest.approx(list(values.values())), name
        else:
            assert found[name] == values, name


@pytest.mark.parametrize("run", [*RUNS, *EQUAL])
def test_resumed_run_shows_what_the_document_says(
    resumed_board: TensorBoard, loader: str, logdir: Path, run: str
) -> None:
    found, wanted = shown(ProviderReader(resumed_board.provider, RequestContext(), ""), run), expected(logdir / run)
    if loader == "data_server" and run in EQUAL:
        # Nothing shows that step 16 was abandoned in the tags that the second session did not write again.
        assert (found["maps"].keys() - wanted["maps"].keys(), found.pop("maps")) == (
            {16},
            wanted.pop("maps") | {16: 16},
        )
    compare(found, wanted)


@pytest.mark.parametrize("run", [*RUNS, *EQUAL])
def test_resumed_run_from_event_files_shows_the_same(logdir: Path, run: str) -> None:
    compare(shown(EventFileReader(logdir), run), expected(logdir / run))


def test_resumed_run_by_routes_shows_the_same(resumed_board: TensorBoard, logdir: Path) -> None:
    run = "behind and shorter"
    wanted = expected(logdir / run)
    (series,) = resumed_board.series(run)["series"]
    assert series["steps"].tolist() == list(wanted["norm"])
    (scalar,) = resumed_board.scalars(run, tags=["nnviz/log/val_loss"])["series"]
    assert scalar["steps"].tolist() == list(wanted["nnviz/log/val_loss"])
    answer = resumed_board.maps(run, tag="nnviz/weight/a.weight")
    assert answer["steps"][0]["steps"].tolist() == list(wanted["weights"])
    (listed,) = resumed_board.maps(run)["maps"]
    assert listed["step"] == wanted["newest weight"]
    (histograms,) = resumed_board._binary("histograms", {"runs": [run], "kind": "gradient", "rows": ["a.weight"]})[
        "series"
    ]
    assert histograms["steps"].tolist() == list(wanted["histograms"])
    findings = resumed_board._binary("findings", {"runs": [run]})["findings"]
    assert [one["step"] for one in findings] == list(wanted["findings"])
