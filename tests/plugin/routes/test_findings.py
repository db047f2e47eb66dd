"""The route ``findings`` on both loaders."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tensorboard.context import RequestContext

from tb_nnviz import schema
from tb_nnviz.logs.scalars import MAX_OTHER_TAGS
from tests.support.event_logs import WALL_TIME
from tests.support.logs.findings import LATER, A, completed, write
from tests.support.tensorboards import TensorBoard


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


def test_findings_of_old_runs_are_answered_with_all_keys(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "a", "healthy", "no such run")
    expected = [{"run": "a", "wall_time": WALL_TIME + 5, **completed(one)} for one in A]
    expected += [{"run": "a", "wall_time": WALL_TIME + 10, **completed(one)} for one in LATER]
    assert answer == {"version": 1, "findings": expected, "others": ["odd", "resumed"], "missing": []}


def test_findings_of_other_runs_are_listed_but_not_read(
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


def test_findings_abandoned_by_resumed_run_are_left_out(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "resumed")
    assert [(one["step"], one["row"]) for one in answer["findings"]] == [(2, "a.weight"), (7, "b.weight")]
    assert answer["missing"] == []


def test_findings_invalid_payloads_are_missing(findings_board: TensorBoard) -> None:
    answer = ask(findings_board, "odd")
    assert [one["step"] for one in answer["findings"]] == [6]
    assert [(one["run"], one["step"]) for one in answer["missing"]] == [("odd", step) for step in range(5)]
    reasons = [one["reason"] for one in answer["missing"]]
    assert reasons[0] == "invalid findings: b'no JSON' is not JSON"
    assert reasons[1].startswith("unknown findings version: 7")
    assert reasons[2] == "invalid finding: rule 3 is not a string"
    assert reasons[3].startswith("unknown findings version: None")
    assert reasons[4].endswith("is not JSON")


def test_findings_are_in_order_of_requested_runs(findings_board: TensorBoard) -> None:
    assert [one["run"] for one in ask(findings_board, "odd", "a")["findings"]] == ["odd", "a", "a", "a"]
    nothing = {"version": 1, "findings": [], "others": ["a", "odd", "resumed"], "missing": []}
    assert ask(findings_board) == nothing


def test_findings_invalid_query_answers_400(findings_board: TensorBoard) -> None:
    for body, message in (({}, "missing runs"), ({"runs": "a"}, "invalid runs"), ({"runs": [], "x": 1}, "unknown key")):
        response = findings_board.post("findings", body)
        assert (response.status_code, message in response.text) == (400, True)


def test_scalars_empty_prefix_includes_users_own(findings_board: TensorBoard) -> None:
    answer = findings_board.scalars("mine", prefix="")
    assert [one["tag"] for one in answer["series"]] == [
        *(f"mine/{i:03}" for i in range(MAX_OTHER_TAGS)),
        "nnviz/log/loss",
    ]
    assert [(one["run"], one["tag"]) for one in answer["missing"]] == [(None, "mine/100"), (None, "mine/101")]
    assert findings_board.post("scalars", {"runs": ["mine"], "tags": None, "prefix": "mine"}).status_code == 400
