"""The route ``findings`` on both loaders: what was written comes back, of a resumed run only what counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboard.context import RequestContext

from tb_nnviz import schema
from tb_nnviz.plugin.findings import current
from tb_nnviz.plugin.query import MAX_OTHER_TAGS
from tb_nnviz.plugin.series import Points
from tests.support.event_logs import AB, WALL_TIME, Log, numbers
from tests.support.tensorboards import TensorBoard


def finding(step: int, row: str = "a.weight", **more: Any) -> dict[str, Any]:
    """One as a rule would write it."""
    return {
        "rule": "gradient_norm/vanishing",
        "severity": "warning",
        "title": "Gradient vanishes",
        "kind": "gradient",
        "statistic": "norm",
        "row": row,
        "since": step - 2,
        "step": step,
        "value": 1e-9,
        "evidence": f"norm 1e-09 at step {step}",
        "advice": "Try ReLU.",
        **more,
    }


A = [finding(4), finding(4, "b.weight", value=None, severity="severe", layer="b", depth=1)]
LATER = [finding(9, "ünï 🙂")]


def write(logdir: Path) -> dict[str, float]:
    """Runs with findings, and the wall time of each run's last event."""
    last = {}
    values = numbers(12, 2)
    with Log(logdir / "a") as log:
        for step in range(12):
            more = {4: [schema.findings_entry(A)], 9: [schema.findings_entry(LATER)]}.get(step, [])
            last["a"] = log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "healthy") as log:
        last["healthy"] = log.table(AB, values)[-1]
    with Log(logdir / "resumed") as log:
        for step in range(12):
            more = [schema.findings_entry([finding(step)])] if step in (2, 6, 10) else []
            log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "resumed", 1, WALL_TIME + 1000) as log:
        for step in range(5, 9):
            more = [schema.findings_entry([finding(step, "b.weight")])] if step == 7 else []
            last["resumed"] = log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
    with Log(logdir / "odd") as log:
        bad = [b"no JSON", b'{"version": 7}', b'{"version": 1, "findings": [{"rule": 3}]}', b"[]"]
        bad.append(schema.encode_findings([finding(5)]).tobytes().replace(b"1e-09,", b"NaN,"))
        for step, payload in enumerate(bad):
            more = [schema.Entry(schema.TAG_FINDINGS, np.frombuffer(payload, np.uint8), schema.PLUGIN_FINDINGS)]
            log.vectors(step, AB, {name: table[step] for name, table in values.items()}, more)
        more = [schema.findings_entry([finding(6)])]
        last["odd"] = log.vectors(6, AB, {name: table[6] for name, table in values.items()}, more)
    with Log(logdir / "mine") as log:
        scalars = [schema.scalar(f"mine/{i:03}", i) for i in range(MAX_OTHER_TAGS + 2)]
        scalars.append(schema.scalar("nnviz/log/loss", 0.5))
        last["mine"] = log.vectors(0, AB, {name: table[0] for name, table in values.items()}, scalars)
    return last


@pytest.fixture(scope="module")
def findings_board(loader: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TensorBoard]:
    logdir = tmp_path_factory.mktemp("findings")
    last = write(logdir)
    with TensorBoard(loader, logdir) as board:
        board.until_written(last)
        expected = {"a": 2, "resumed": 2, "odd": 6}

        def loaded() -> bool:
            listed = board.provider.list_tensors(RequestContext(), experiment_id="", plugin_name=schema.PLUGIN_FINDINGS)
            return listed.keys() >= expected.keys()

        board.until(loaded)
        yield board


def ask(board: TensorBoard, *runs: str) -> Any:
    return board._binary("findings", {"runs": runs})


def test_findings_come_back_as_they_were_written(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "a", "healthy", "no such run")
    expected = [{"run": "a", "wall_time": WALL_TIME + 5, **one} for one in A]
    expected += [{"run": "a", "wall_time": WALL_TIME + 10, **one} for one in LATER]
    assert answer == {"version": 1, "findings": expected, "others": ["odd", "resumed"], "missing": []}


def test_of_runs_not_asked_for_only_the_list_is_looked_at(
    findings_board: TensorBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[str, ...]] = []
    provider = type(findings_board.provider)
    original = provider.read_tensors

    def noting(self: Any, *positional: Any, **keywords: Any) -> Any:
        read.append(tuple(keywords["run_tag_filter"].runs))
        return original(self, *positional, **keywords)

    monkeypatch.setattr(provider, "read_tensors", noting)
    answer = ask(findings_board, "healthy", "mine")
    assert (answer["findings"], answer["others"], read) == ([], ["a", "odd", "resumed"], [])
    assert ask(findings_board, "resumed", "healthy")["others"] == ["a", "odd"]
    assert read and all(runs == ("resumed",) for runs in read)


def test_what_a_resumed_run_left_behind_does_not_count(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "resumed")
    assert [(one["step"], one["row"]) for one in answer["findings"]] == [(2, "a.weight"), (7, "b.weight")]
    assert answer["missing"] == []


def test_what_is_no_finding_is_missing_and_the_others_are_answered(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "odd")
    assert [one["step"] for one in answer["findings"]] == [6]
    assert [(one["run"], one["step"]) for one in answer["missing"]] == [("odd", step) for step in range(5)]
    reasons = [one["reason"] for one in answer["missing"]]
    assert reasons[0] == "invalid findings: b'no JSON' is not JSON"
    assert reasons[1].startswith("unknown findings version: 7")
    assert reasons[2] == "invalid finding: rule '3' is not a string"
    assert reasons[3].startswith("unknown findings version: None")
    assert reasons[4].endswith("is not JSON")


def test_runs_in_the_order_asked_for(findings_board: TensorBoard) -> None:
    assert [one["run"] for one in ask(findings_board, "odd", "a")["findings"]] == ["odd", "a", "a", "a"]
    nothing = {"version": 1, "findings": [], "others": ["a", "odd", "resumed"], "missing": []}
    assert ask(findings_board) == nothing


def test_questions_that_make_no_sense(findings_board: TensorBoard) -> None:
    for body, message in (({}, "missing runs"), ({"runs": "a"}, "invalid runs"), ({"runs": [], "x": 1}, "unknown key")):
        response = findings_board.post("findings", body)
        assert (response.status_code, message in response.text) == (400, True)


def test_an_empty_prefix_gives_the_users_own_scalars_too(findings_board: TensorBoard) -> None:
    answer = findings_board.scalars("mine", prefix="")
    assert [one["tag"] for one in answer["series"]] == [
        *(f"mine/{i:03}" for i in range(MAX_OTHER_TAGS)),
        "nnviz/log/loss",
    ]
    assert [(one["run"], one["tag"]) for one in answer["missing"]] == [(None, "mine/100"), (None, "mine/101")]
    assert findings_board.post("scalars", {"runs": ["mine"], "tags": None, "prefix": "mine"}).status_code == 400


def test_what_cannot_be_written_is_refused() -> None:
    for wrong, message in (
        ({"severity": "bad"}, "unknown severity: 'bad'"),
        ({"since": 1.5}, "invalid finding: since"),
        ({"advice": None}, "invalid finding: advice"),
        ({"value": "many"}, "invalid finding: value"),
    ):
        with pytest.raises(ValueError, match=message):
            schema.encode_findings([finding(4, **wrong)])
    with pytest.raises(ValueError, match="not JSON compliant"):
        schema.encode_findings([finding(4, value=float("nan"))])
    assert schema.decode_findings(schema.encode_findings(A)) == A


def events(*points: tuple[int, float]) -> Points:
    return Points.of((step, wall_time, None) for step, wall_time in points)


def written(*parts: tuple[range, float, float]) -> list[tuple[int, float]]:
    """(step, wall time) of each event in the order of writing: steps, wall time of the first, seconds a step."""
    return [(step, first + i * seconds) for steps, first, seconds in parts for i, step in enumerate(steps)]


def counts(log: list[tuple[int, float]], found: set[int]) -> list[tuple[int, float]]:
    """What counts, told the slow way: event by event, a step takes back what there is of it and of later ones."""
    kept: list[tuple[int, float, bool]] = []
    for i, (step, wall_time) in enumerate(log):
        kept = [one for one in kept if one[0] < step] + [(step, wall_time, i in found)]
    return [(step, wall_time) for step, wall_time, is_found in kept if is_found]


@pytest.mark.parametrize(
    "log",
    [
        written((range(12), 100.0, 1.0)),
        written((range(6), 100.0, 1.0), (range(6, 12), 50.0, 1.0)),  # the clock is set back by a minute
        written((range(12), 100.0, -1.0)),  # it runs backwards
        written((range(12), 100.0, 0.0)),  # it stands
        written((range(12), 100.0, 1.0), (range(5, 9), 500.0, 1.0)),  # resumed
        written((range(12), 100.0, 1.0), (range(5, 9), 50.0, 1.0)),  # resumed where the clock is behind
        written((range(12), 100.0, 1.0), (range(5, 9), 106.5, 1.0)),  # wall times overlap
        written((range(12), 100.0, 1.0), (range(5, 9), 50.0, 1.0), (range(3, 7), 300.0, -1.0)),  # twice
        written((range(0, 40, 10), 100.0, 1.0), (range(15, 45, 10), 90.0, 1.0)),  # in between logged steps
        written((range(3), 100.0, 1.0), (range(3), 50.0, 1.0)),  # from the start
    ],
)  # fmt: skip
@pytest.mark.parametrize("often", [1, 3])
def test_what_counts_goes_by_steps_in_order_of_arrival(log: list[tuple[int, float]], often: int) -> None:
    found = set(range(0, len(log), often))
    points = events(*(log[i] for i in sorted(found)))
    kept = [(int(points.steps[i]), float(points.wall_times[i])) for i in current(points, [events(*log)])]
    assert kept == counts(log, found)


def test_where_the_statistics_of_what_was_left_behind_are_gone_wall_times_tell() -> None:
    # as on the data server: it drops of each tag what is at or after the step that the run went back to
    findings = events((2, 102.0), (6, 106.0), (10, 110.0))
    guide = events(*written((range(5), 100.0, 1.0), (range(5, 9), 500.0, 1.0)))
    assert current(findings, [guide]) == [0]
    assert current(findings, []) == [0, 1, 2], "no statistics yet: the loader has not come to them"
    assert current(events((4, 5.0), (8, 9.0), (6, 2.0)), []) == [0, 2], "their own order"


def test_nothing_counts_of_nothing() -> None:
    assert current(events(), [events()]) == [] == current(events(), [])
